//! A look-up by text that is the same in every run: hashed with a fixed function, never walked.

use std::rc::Rc;

use hashbrown::HashTable;

use super::rng::mix;

/// A hash of texts that is the same in every run and on every machine.
pub fn fixed_hash(parts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for chunk in part.as_bytes().chunks(8) {
            let mut word = [0u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            hash = mix(hash ^ u64::from_le_bytes(word));
        }
        hash = mix(hash ^ part.len() as u64);
    }
    hash
}

/// Numbers by name.
#[derive(Clone, Debug, Default)]
pub struct NameIndex {
    table: HashTable<(Rc<str>, u32)>,
}

impl NameIndex {
    /// The number of a name, found in O(1).
    pub fn get(&self, name: &str) -> Option<u32> {
        self.table.find(fixed_hash(&[name]), |(have, _)| **have == *name).map(|(_, number)| *number)
    }

    /// Sets the number of a name; the earlier one comes back.
    pub fn insert(&mut self, name: Rc<str>, number: u32) -> Option<u32> {
        let hash = fixed_hash(&[&name]);
        if let Some((_, have)) = self.table.find_mut(hash, |(have, _)| *have == name) {
            return Some(std::mem::replace(have, number));
        }
        self.table.insert_unique(hash, (name, number), |(name, _)| fixed_hash(&[name]));
        None
    }

    /// Takes a name out; its number, if it was in.
    pub fn remove(&mut self, name: &str) -> Option<u32> {
        let found = self.table.find_entry(fixed_hash(&[name]), |(have, _)| **have == *name).ok()?;
        Some(found.remove().0.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_until_they_are_removed() {
        let mut index = NameIndex::default();
        for n in 0..1000 {
            assert_eq!(index.insert(format!("node-{n}").into(), n), None);
        }
        assert_eq!(index.insert("node-7".into(), 70), Some(7));
        assert_eq!(
            (index.get("node-7"), index.get("node-999"), index.get("node-1000")),
            (Some(70), Some(999), None)
        );
        assert_eq!((index.remove("node-7"), index.get("node-7")), (Some(70), None));
    }
}

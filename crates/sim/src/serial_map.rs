//! A table by numbers that are given out in order and never used twice.

/// How many slots lie together.
const PIECE: usize = 64;

#[derive(Clone, Debug)]
struct Piece<T> {
    slots: [Option<T>; PIECE],
    used: u32,
}

/// Values by serial. A look-up is two steps; a stretch of which nothing is left costs one word.
#[derive(Clone, Debug)]
pub struct SerialMap<T> {
    pieces: Vec<Option<Box<Piece<T>>>>,
    len: usize,
}

impl<T> Default for SerialMap<T> {
    fn default() -> Self {
        SerialMap { pieces: Vec::new(), len: 0 }
    }
}

impl<T> SerialMap<T> {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The value of a serial, found in O(1).
    pub fn get(&self, serial: u32) -> Option<&T> {
        let at = serial as usize;
        self.pieces.get(at / PIECE)?.as_ref()?.slots[at % PIECE].as_ref()
    }

    /// O(1), but for a serial far above all others.
    pub fn insert(&mut self, serial: u32, value: T) -> Option<T> {
        let at = serial as usize;
        if self.pieces.len() <= at / PIECE {
            self.pieces.resize_with(at / PIECE + 1, || None);
        }
        let empty = || Box::new(Piece { slots: std::array::from_fn(|_| None), used: 0 });
        let piece = self.pieces[at / PIECE].get_or_insert_with(empty);
        let old = piece.slots[at % PIECE].replace(value);
        if old.is_none() {
            piece.used += 1;
            self.len += 1;
        }
        old
    }

    /// Takes a value out, if it is there. O(1).
    pub fn remove(&mut self, serial: u32) -> Option<T> {
        let at = serial as usize;
        let slot = self.pieces.get_mut(at / PIECE)?;
        let piece = slot.as_mut()?;
        let old = piece.slots[at % PIECE].take()?;
        piece.used -= 1;
        self.len -= 1;
        if piece.used == 0 {
            *slot = None;
        }
        Some(old)
    }

    /// Drops the last stretch of values, as the whole map is given up; false when there is none.
    pub fn drop_last_piece(&mut self) -> bool {
        let Some(piece) = self.pieces.pop() else { return false };
        self.len -= piece.map_or(0, |piece| piece.used as usize);
        true
    }

    /// All values with their serials, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let pieces = self.pieces.iter().enumerate().filter_map(|(at, piece)| Some((at, piece.as_ref()?)));
        pieces.flat_map(|(at, piece)| {
            let slots = piece.slots.iter().enumerate();
            slots.filter_map(move |(within, slot)| Some(((at * PIECE + within) as u32, slot.as_ref()?)))
        })
    }

    /// All values, in order of their serials.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.iter().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn prop_it_is_a_map(steps in proptest::collection::vec((0u32..300, any::<Option<u8>>()), 0..400)) {
            let (mut map, mut model) = (SerialMap::default(), BTreeMap::new());
            for (serial, value) in steps {
                match value {
                    Some(value) => prop_assert_eq!(map.insert(serial, value), model.insert(serial, value)),
                    None => prop_assert_eq!(map.remove(serial), model.remove(&serial)),
                }
                prop_assert_eq!(map.len(), model.len());
                prop_assert_eq!(map.get(serial), model.get(&serial));
            }
            let all: Vec<(u32, u8)> = map.iter().map(|(serial, value)| (serial, *value)).collect();
            prop_assert_eq!(all, model.into_iter().collect::<Vec<_>>());
        }
    }
}

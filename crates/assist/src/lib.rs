//! What an editor of manifests offers beside the text: completion, hover texts and quick fixes.
//!
//! Plain functions over a text, the API's table of fields and what a cluster has ([`Known`]). A text that is
//! being written is seldom whole, so `cursor` reads lines and indentation; it needs no tree. Offsets are bytes.

mod complete;
mod cursor;
mod fix;
mod hover;
mod resolve;
mod values;

pub use complete::{Completion, Completions, complete};
pub use fix::{Edit, Fix, Repair, fixes};
pub use hover::{Hover, hover};

use sim::{SortedMap, SortedSet};

/// What exists in the cluster that a manifest is for. Asked for only where a field calls for it.
pub trait Known {
    /// The names of objects of a kind; of all namespaces for `None`.
    fn names(&self, api_version: &str, kind: &str, namespace: Option<&str>) -> Vec<String>;
    /// The labels of nodes, each with its values.
    fn node_labels(&self) -> SortedMap<String, SortedSet<String>>;
    /// The keys of taints, each with its values.
    fn taints(&self) -> SortedMap<String, SortedSet<String>>;
    /// The images that nodes have or workloads name.
    fn images(&self) -> SortedSet<String>;
}

/// The byte at which the UTF-16 unit `at` of a text begins; the text's end beyond it.
pub fn byte_at(text: &str, at: usize) -> usize {
    let mut units = 0;
    for (byte, letter) in text.char_indices() {
        if units >= at {
            return byte;
        }
        units += letter.len_utf16();
    }
    text.len()
}

/// How many UTF-16 units stand before a byte of a text.
pub fn utf16_at(text: &str, byte: usize) -> usize {
    let before = text.char_indices().take_while(|(at, _)| *at < byte);
    before.map(|(_, letter)| letter.len_utf16()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_count_both_ways() {
        let text = "a데😀b";
        for (units, byte) in [(0, 0), (1, 1), (2, 4), (4, 8), (5, 9)] {
            assert_eq!((byte_at(text, units), utf16_at(text, byte)), (byte, units));
        }
        assert_eq!(byte_at(text, 99), text.len());
    }
}

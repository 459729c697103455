//! Ordered maps and sets in one sorted vector each, for what is small or grows at its end.
//!
//! They have the names of `std::collections::BTreeMap` and `BTreeSet`. A lookup is a binary search; putting something in
//! the middle moves what stands behind it. Each B-tree of another type is some 8 KB of the page's module, one of these
//! some hundred bytes, and few entries need less memory and time in a vector. What is large and changes in its middle
//! (queues by time, indexes of all objects) stays with the standard library.

mod entry;
mod map;
#[cfg(feature = "serde")]
mod serde;
mod set;

pub use entry::Entry;
pub use map::SortedMap;
pub use set::SortedSet;

#[cfg(test)]
mod tests;

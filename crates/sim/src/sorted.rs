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

pub use entry::{Entry, OccupiedEntry, VacantEntry};
pub use map::SortedMap;
pub use set::SortedSet;

/// The part of a sorted slice that lies between two bounds.
fn range_of<T, K: Ord + ?Sized>(
    items: &[T],
    key: impl Fn(&T) -> &K,
    bounds: (std::ops::Bound<&K>, std::ops::Bound<&K>),
) -> std::ops::Range<usize> {
    use std::ops::Bound::{Excluded, Included, Unbounded};
    let start = match bounds.0 {
        Unbounded => 0,
        Included(low) => items.partition_point(|item| key(item) < low),
        Excluded(low) => items.partition_point(|item| key(item) <= low),
    };
    let end = match bounds.1 {
        Unbounded => items.len(),
        Included(high) => items.partition_point(|item| key(item) <= high),
        Excluded(high) => items.partition_point(|item| key(item) < high),
    };
    start..end.max(start)
}

#[cfg(test)]
mod tests;

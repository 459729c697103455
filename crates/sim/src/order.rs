//! Sorting that costs little code.
//!
//! The standard library's sort is fast and large: some 5 KB of a page's module for each type and order that is
//! sorted by. Here all types share one merge sort of positions; what is
//! left for each of them is the comparison and the moving. For what is short, or sorted now and then; what is long
//! and sorted in a storm stays with the standard library.

use std::cmp::Ordering;

/// Sorts a slice; what compares equal stays in its order.
pub trait SortShared<T> {
    /// By the items' own order.
    fn sort_shared(&mut self)
    where
        T: Ord;

    /// By an order of one's own.
    fn sort_shared_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);

    /// By a key, which is made anew for each comparison.
    fn sort_shared_by_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K);
}

impl<T> SortShared<T> for [T] {
    fn sort_shared(&mut self)
    where
        T: Ord,
    {
        self.sort_shared_by(T::cmp);
    }

    fn sort_shared_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        let mut order = sorted_positions(self.len(), &mut |a, b| compare(&self[a], &self[b]).is_gt());
        // Each cycle of the permutation is walked once, and marked as it is.
        for start in 0..order.len() {
            let mut at = start;
            while order[at] != start {
                let from = order[at];
                self.swap(at, from);
                order[at] = at;
                at = from;
            }
            order[at] = at;
        }
    }

    fn sort_shared_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.sort_shared_by(|a, b| key(a).cmp(&key(b)));
    }
}

/// The positions of `len` items in the order in which they should stand.
fn sorted_positions(len: usize, is_after: &mut dyn FnMut(usize, usize) -> bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    let mut merged = Vec::with_capacity(len);
    let mut width = 1;
    while width < len {
        merged.clear();
        for run in order.chunks(2 * width) {
            let (mut left, mut right) = run.split_at(width.min(run.len()));
            while let ([first, rest @ ..], [second, others @ ..]) = (left, right) {
                // Of two that are equal the left one comes first.
                if is_after(*first, *second) {
                    merged.push(*second);
                    right = others;
                } else {
                    merged.push(*first);
                    left = rest;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        std::mem::swap(&mut order, &mut merged);
        width *= 2;
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn prop_it_sorts_as_the_standard_library_does(items in proptest::collection::vec((0u8..20, any::<u16>()), 0..200)) {
            let (mut ours, mut theirs) = (items.clone(), items);
            ours.sort_shared_by_key(|(key, _)| *key);
            theirs.sort_by_key(|(key, _)| *key);
            prop_assert_eq!(&ours, &theirs);
            ours.sort_shared();
            theirs.sort();
            prop_assert_eq!(ours, theirs);
        }
    }
}

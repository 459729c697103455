//! A list of what belongs to pods, found by their uids without a look at each element.
//!
//! A node has a few dozen pods, too few for a hash table; but thousands of nodes together are more than a
//! processor's caches hold, so that it counts how many lines a search touches.

use api::meta::Uid;

/// What belongs to a pod.
pub(crate) trait OfPod {
    fn pod_uid(&self) -> Uid;
}

/// Elements in the order in which they were added, one for each pod.
#[derive(Clone, Debug)]
pub(crate) struct UidList<T> {
    items: Vec<T>,
    /// A part of each element's uid.
    tags: Vec<u32>,
}

impl<T> Default for UidList<T> {
    fn default() -> Self {
        UidList { items: Vec::new(), tags: Vec::new() }
    }
}

/// Thousands of nodes hold a few dozen pods each: their lists grow by a little, not by doubling.
const GROWTH: usize = 8;

fn tag(uid: Uid) -> u32 {
    uid.low as u32
}

impl<T: OfPod> UidList<T> {
    pub(crate) fn push(&mut self, item: T) {
        if self.items.len() == self.items.capacity() {
            self.items.reserve_exact(GROWTH);
            self.tags.reserve_exact(GROWTH);
        }
        self.tags.push(tag(item.pod_uid()));
        self.items.push(item);
    }

    /// O(n), but of four bytes each.
    pub(crate) fn position(&self, uid: Uid) -> Option<usize> {
        let (wanted, mut from) = (tag(uid), 0);
        loop {
            let at = from + self.tags.get(from..)?.iter().position(|tag| *tag == wanted)?;
            if self.items[at].pod_uid() == uid {
                return Some(at);
            }
            from = at + 1;
        }
    }

    pub(crate) fn find(&self, uid: Uid) -> Option<&T> {
        self.position(uid).map(|at| &self.items[at])
    }

    pub(crate) fn find_mut(&mut self, uid: Uid) -> Option<&mut T> {
        self.position(uid).map(|at| &mut self.items[at])
    }

    /// Puts an element before the one at a position. Panics beyond the end.
    pub(crate) fn insert(&mut self, at: usize, item: T) {
        self.tags.insert(at, tag(item.pod_uid()));
        self.items.insert(at, item);
    }

    /// Takes the element at a position out. Panics where there is none.
    pub(crate) fn remove(&mut self, at: usize) -> T {
        self.tags.remove(at);
        self.items.remove(at)
    }
}

impl<T> std::ops::Deref for UidList<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

/// The elements may change, but not the pods that they belong to.
impl<T> std::ops::DerefMut for UidList<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Item(u64, u64);

    impl OfPod for Item {
        fn pod_uid(&self) -> Uid {
            Uid { high: self.0, low: self.1 }
        }
    }

    #[test]
    fn elements_are_found_by_the_whole_uid() {
        let mut list = UidList::default();
        for high in 0..20 {
            // The same tag for each two.
            list.push(Item(high, high / 2));
        }
        let at = |list: &UidList<Item>, high: u64| list.position(Uid { high, low: high / 2 });
        assert!((0..20).all(|high| at(&list, high) == Some(high as usize)));
        assert_eq!(at(&list, 20), None);
        assert_eq!(list.remove(3).0, 3);
        assert_eq!((at(&list, 2), at(&list, 3), at(&list, 4)), (Some(2), None, Some(3)));
    }
}

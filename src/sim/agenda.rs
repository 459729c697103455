//! What is due, ordered by (time, order of asking).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Time;

#[derive(Clone, Debug)]
struct Entry<W> {
    at: Time,
    seq: u64,
    wake: W,
}

impl<W> PartialEq for Entry<W> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.seq) == (other.at, other.seq)
    }
}
impl<W> Eq for Entry<W> {}
impl<W> PartialOrd for Entry<W> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<W> Ord for Entry<W> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.seq).cmp(&(other.at, other.seq))
    }
}

/// The queue of wakes. Two that are due at the same time come out in the order they were asked for.
#[derive(Clone, Debug)]
pub struct Agenda<W> {
    heap: BinaryHeap<Reverse<Entry<W>>>,
    next_seq: u64,
    taken: u64,
}

impl<W> Default for Agenda<W> {
    fn default() -> Self {
        Agenda { heap: BinaryHeap::new(), next_seq: 0, taken: 0 }
    }
}

impl<W> Agenda<W> {
    /// Asks for `wake` at `at`. O(log n).
    pub fn push(&mut self, at: Time, wake: W) {
        self.heap.push(Reverse(Entry { at, seq: self.next_seq, wake }));
        self.next_seq += 1;
    }

    /// When the next wake is due; `None` when nothing is.
    pub fn next_time(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }

    /// Takes the next wake that is due at or before `until`. O(log n).
    pub fn pop_until(&mut self, until: Time) -> Option<(Time, W)> {
        if self.next_time()? > until {
            return None;
        }
        self.taken += 1;
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.wake))
    }

    pub fn len(&self) -> usize {
        self.heap.len()
    }

    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// How many wakes have been taken since the beginning: the count that benches and guards compare.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Everything that waits, in no particular order: for pictures, which sort what they show.
    pub fn iter(&self) -> impl Iterator<Item = (Time, &W)> {
        self.heap.iter().map(|Reverse(entry)| (entry.at, &entry.wake))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_times_leave_in_the_order_of_asking() {
        let mut agenda = Agenda::default();
        for (at, name) in [(2, "c"), (1, "a"), (2, "d"), (1, "b"), (3, "e")] {
            agenda.push(Time(at), name);
        }
        let mut seen = Vec::new();
        while let Some((at, name)) = agenda.pop_until(Time(2)) {
            seen.push((at.0, name));
        }
        assert_eq!(seen, [(1, "a"), (1, "b"), (2, "c"), (2, "d")]);
        assert_eq!(agenda.next_time(), Some(Time(3)));
        assert_eq!((agenda.len(), agenda.taken()), (1, 4));
    }
}

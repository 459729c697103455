//! What is due, ordered by (time, order of asking).

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::Time;

#[derive(Clone, Debug)]
struct Scheduled<W> {
    at: Time,
    seq: u64,
    wake: W,
}

impl<W> PartialEq for Scheduled<W> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.seq) == (other.at, other.seq)
    }
}
impl<W> Eq for Scheduled<W> {}
impl<W> PartialOrd for Scheduled<W> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<W> Ord for Scheduled<W> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.seq).cmp(&(other.at, other.seq))
    }
}

/// How many queues stand beside the heap.
const LANES: usize = 8;

/// An empty lane keeps at most this much room.
const SPARE: usize = 1024;

/// Later than everything: what an empty lane shows.
const NEVER: (Time, u64) = (Time(u64::MAX), u64::MAX);

/// The queue of wakes. Two that are due at the same time come out in the order they were asked for.
///
/// Most delays are one of few (a link's, a pull's …), so what is asked for with one of them is due in the order
/// of asking: it goes into a lane, a plain queue, of which there are a few. What fits behind no lane goes into a
/// heap.
#[derive(Clone, Debug)]
pub struct Agenda<W> {
    heap: BinaryHeap<Reverse<Scheduled<W>>>,
    lanes: [VecDeque<Scheduled<W>>; LANES],
    /// The first of each lane.
    fronts: [(Time, u64); LANES],
    next_seq: u64,
    taken: u64,
}

impl<W> Default for Agenda<W> {
    fn default() -> Self {
        Agenda {
            heap: BinaryHeap::new(),
            lanes: std::array::from_fn(|_| VecDeque::new()),
            fronts: [NEVER; LANES],
            next_seq: 0,
            taken: 0,
        }
    }
}

impl<W> Agenda<W> {
    /// Asks for `wake` at `at`. O(1) as a rule, O(log n) at worst.
    pub fn push(&mut self, at: Time, wake: W) {
        let seq = self.next_seq;
        self.next_seq += 1;
        let entry = Scheduled { at, seq, wake };
        let Some(lane) = self.lane_for(at) else { return self.heap.push(Reverse(entry)) };
        if self.lanes[lane].is_empty() {
            self.fronts[lane] = (at, seq);
        }
        self.lanes[lane].push_back(entry);
    }

    /// The lane whose last entry is the latest that is not after `at`; else an empty one.
    fn lane_for(&self, at: Time) -> Option<usize> {
        let mut best: Option<(usize, Time)> = None;
        let mut empty = None;
        for (number, lane) in self.lanes.iter().enumerate() {
            match lane.back() {
                None => empty = empty.or(Some(number)),
                Some(last) if last.at == at => return Some(number),
                Some(last) if last.at < at && best.is_none_or(|(_, have)| have < last.at) => {
                    best = Some((number, last.at));
                }
                Some(_) => {}
            }
        }
        best.map(|(number, _)| number).or(empty)
    }

    /// Where the next wake is: in a lane, or (`LANES`) in the heap.
    fn next(&self) -> (usize, (Time, u64)) {
        let heap = self.heap.peek().map_or(NEVER, |Reverse(entry)| (entry.at, entry.seq));
        self.fronts.iter().enumerate().fold((LANES, heap), |best, (number, front)| {
            if *front < best.1 { (number, *front) } else { best }
        })
    }

    /// When the next wake is due; `None` when nothing is.
    pub fn next_time(&self) -> Option<Time> {
        let (_, next) = self.next();
        (next != NEVER).then_some(next.0)
    }

    /// Takes the next wake that is due at or before `until`. O(1) as a rule, O(log n) at worst.
    pub fn pop_until(&mut self, until: Time) -> Option<(Time, W)> {
        let (number, next) = self.next();
        if next == NEVER || next.0 > until {
            return None;
        }
        self.taken += 1;
        let Some(lane) = self.lanes.get_mut(number) else {
            return self.heap.pop().map(|Reverse(entry)| (entry.at, entry.wake));
        };
        let entry = lane.pop_front()?;
        self.fronts[number] = lane.front().map_or(NEVER, |entry| (entry.at, entry.seq));
        if lane.is_empty() && lane.capacity() > SPARE {
            *lane = VecDeque::new();
        }
        Some((entry.at, entry.wake))
    }

    pub(crate) fn len(&self) -> usize {
        self.heap.len() + self.lanes.iter().map(VecDeque::len).sum::<usize>()
    }

    /// Whether nothing is due any more.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many wakes have been taken since the beginning: the count that benches and guards compare.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Everything that waits, in no particular order: for pictures, which sort what they show.
    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Time, &W)> {
        let heap = self.heap.iter().map(|Reverse(entry)| entry);
        heap.chain(self.lanes.iter().flatten()).map(|entry| (entry.at, &entry.wake))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn prop_wakes_leave_in_the_order_of_time_and_asking(
            steps in proptest::collection::vec((0u64..40, 0usize..3), 0..300)
        ) {
            let (mut agenda, mut model, mut now) = (Agenda::default(), Vec::new(), 0);
            for (number, (delay, takes)) in steps.into_iter().enumerate() {
                agenda.push(Time(now + delay), number);
                model.push((now + delay, number));
                for _ in 0..takes {
                    let next = model.iter().copied().min();
                    model.retain(|entry| Some(*entry) != next);
                    prop_assert_eq!(agenda.next_time().map(|at| at.0), next.map(|(at, _)| at));
                    let got = agenda.pop_until(Time(u64::MAX)).map(|(at, wake)| (at.0, wake));
                    prop_assert_eq!(got, next);
                    now = next.map_or(now, |(at, _)| at);
                }
                prop_assert_eq!(agenda.len(), model.len());
                prop_assert_eq!(agenda.iter().count(), model.len());
            }
        }
    }

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

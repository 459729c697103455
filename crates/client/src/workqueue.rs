//! Work queues: each key at most once, never in two hands, some later than others.
//!
//! Kubernetes: staging/src/k8s.io/client-go/util/workqueue (queue.go, delaying_queue.go,
//! default_rate_limiters.go).

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::hash::Hash;

use sim::{Duration, Time};

use crate::hash::LookupMap;

const BASE_DELAY: Duration = Duration::from_millis(5);
const MAX_DELAY: Duration = Duration::from_secs(1000);
/// 10 a second with a burst of 100.
const BUCKET_PERIOD: Duration = Duration::from_millis(100);
const BUCKET_BURST: u64 = 100;

/// A queue of keys for one controller, with the default controller rate limiter (DS-034).
#[derive(Clone, Debug)]
pub struct WorkQueue<K> {
    queue: VecDeque<K>,
    /// Of the keys of which there is something to know.
    known: LookupMap<K, Known>,
    /// The delays in the order of their ends. One that another end has taken the place of counts no more, but never
    /// stands first.
    delayed: BinaryHeap<Reverse<(Time, K)>>,
    /// When the bucket would be full again, had nobody taken anything since.
    bucket_full: Time,
}

/// What is known of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Known {
    /// It waits for a worker, or is in a worker's hands and came again.
    is_dirty: bool,
    /// It is in a worker's hands.
    is_processing: bool,
    /// How often in a row its work failed.
    failures: u32,
    /// When its delay ends.
    due: Option<Time>,
}

impl<K> Default for WorkQueue<K> {
    fn default() -> Self {
        WorkQueue {
            queue: VecDeque::new(),
            known: LookupMap::default(),
            delayed: BinaryHeap::new(),
            bucket_full: Time::default(),
        }
    }
}

impl<K: Ord + Hash + Clone> WorkQueue<K> {
    /// Queues a key, unless it waits already. One in a worker's hands is queued again when it is done.
    pub fn add(&mut self, key: K) {
        let known = self.known.entry(key.clone()).or_default();
        let is_queued = !known.is_dirty && !known.is_processing;
        known.is_dirty = true;
        if is_queued {
            self.queue.push_back(key);
        }
    }

    /// Queues a key after a while; of several whiles the earliest end counts.
    pub fn add_after(&mut self, key: K, after: Duration, now: Time) {
        if after == Duration::ZERO {
            return self.add(key);
        }
        let (at, known) = (now + after, self.known.entry(key.clone()).or_default());
        if known.due.is_none_or(|due| at < due) {
            known.due = Some(at);
            self.delayed.push(Reverse((at, key)));
        }
    }

    /// Queues a key whose work failed, after its back-off.
    pub fn add_rate_limited(&mut self, key: K, now: Time) {
        let known = self.known.entry(key.clone()).or_default();
        let delay = Duration(BASE_DELAY.0.saturating_mul(1u64 << known.failures.min(40)).min(MAX_DELAY.0));
        known.failures += 1;
        let bucket = self.take_from_bucket(now);
        self.add_after(key, delay.max(bucket), now);
    }

    /// How long the next permit of the token bucket is away.
    fn take_from_bucket(&mut self, now: Time) -> Duration {
        self.bucket_full = self.bucket_full.max(now) + BUCKET_PERIOD;
        let debt = self.bucket_full.since(now).0 / BUCKET_PERIOD.0;
        Duration(debt.saturating_sub(BUCKET_BURST).saturating_mul(BUCKET_PERIOD.0))
    }

    /// The key's work succeeded: its next failure starts afresh.
    pub fn forget(&mut self, key: &K) {
        self.change(key, |known| known.failures = 0);
    }

    /// Changes what is known of a key; one of which nothing is known any more is dropped.
    fn change(&mut self, key: &K, change: impl FnOnce(&mut Known)) {
        if let Some(known) = self.known.get_mut(key) {
            change(known);
            if *known == Known::default() {
                self.known.remove(key);
            }
        }
    }

    /// Moves what is due into the queue.
    pub fn poll(&mut self, now: Time) {
        while self.next_due().is_some_and(|at| at <= now) {
            let Some(Reverse((_, key))) = self.delayed.pop() else { return };
            if let Some(known) = self.known.get_mut(&key) {
                known.due = None;
            }
            self.add(key);
            self.drop_replaced();
        }
    }

    /// Drops the first delays that count no more.
    fn drop_replaced(&mut self) {
        let counts = |(at, key): &(Time, K)| self.known.get(key).is_some_and(|known| known.due == Some(*at));
        while self.delayed.peek().is_some_and(|Reverse(first)| !counts(first)) {
            self.delayed.pop();
        }
    }

    /// When the next delayed key is due.
    pub fn next_due(&self) -> Option<Time> {
        self.delayed.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes the next key into a worker's hands.
    pub fn get(&mut self) -> Option<K> {
        let key = self.queue.pop_front()?;
        let known = self.known.entry(key.clone()).or_default();
        (known.is_dirty, known.is_processing) = (false, true);
        Some(key)
    }

    /// The worker is done with the key.
    pub fn done(&mut self, key: &K) {
        let mut came_again = false;
        self.change(key, |known| {
            known.is_processing = false;
            came_again = known.is_dirty;
        });
        if came_again {
            self.queue.push_back(key.clone());
        }
    }

    /// The keys that wait for a worker now, in order.
    pub fn waiting(&self) -> impl Iterator<Item = &K> {
        self.queue.iter()
    }

    /// Whether nothing waits to be taken. What is under way or delayed does not count.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Forgets everything that waits now; delayed keys stay.
    pub fn clear(&mut self) {
        for key in std::mem::take(&mut self.queue) {
            self.change(&key, |known| known.is_dirty = false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_waits_once_and_is_in_one_hand_only() {
        let mut queue = WorkQueue::default();
        queue.add("a");
        queue.add("a");
        queue.add("b");
        assert_eq!(queue.get(), Some("a"));
        queue.add("a");
        assert_eq!(queue.get(), Some("b"));
        assert_eq!(queue.get(), None);
        queue.done(&"a");
        assert_eq!(queue.get(), Some("a"));
        queue.done(&"b");
        assert_eq!(queue.get(), None);
    }

    #[test]
    fn of_two_delays_the_earlier_end_counts() {
        let mut queue = WorkQueue::default();
        let now = Time::from_secs(10);
        queue.add_after("a", Duration::from_secs(5), now);
        queue.add_after("a", Duration::from_secs(9), now);
        assert_eq!(queue.next_due(), Some(Time::from_secs(15)));
        queue.add_after("a", Duration::from_secs(2), now);
        assert_eq!(queue.next_due(), Some(Time::from_secs(12)));
        queue.poll(Time::from_secs(11));
        assert!(queue.is_empty());
        queue.poll(Time::from_secs(12));
        assert_eq!((queue.get(), queue.next_due()), (Some("a"), None));
    }

    #[test]
    fn a_delay_that_a_shorter_one_replaced_is_never_due() {
        let mut queue = WorkQueue::default();
        let now = Time::from_secs(10);
        queue.add_after("a", Duration::from_secs(5), now);
        queue.add_after("a", Duration::from_secs(2), now);
        queue.add_after("b", Duration::from_secs(4), now);
        queue.poll(Time::from_secs(12));
        assert_eq!((queue.get(), queue.next_due()), (Some("a"), Some(Time::from_secs(14))));
        queue.poll(Time::from_secs(14));
        assert_eq!((queue.get(), queue.next_due()), (Some("b"), None));
    }

    #[test]
    fn ds_034_failures_back_off_from_5_ms_to_1000_s() {
        let mut queue = WorkQueue::default();
        let mut now = Time::from_secs(1);
        let mut delays = Vec::new();
        for _ in 0..20 {
            queue.add_rate_limited("a", now);
            let due = queue.next_due().unwrap();
            delays.push(due.since(now).as_millis());
            now = due;
            queue.poll(now);
            queue.get();
            queue.done(&"a");
        }
        assert_eq!(delays[..4], [5, 10, 20, 40]);
        assert_eq!(delays[18..], [1_000_000, 1_000_000]);
        queue.forget(&"a");
        queue.add_rate_limited("a", now);
        assert_eq!(queue.next_due().unwrap().since(now).as_millis(), 5);
    }

    #[test]
    fn ds_034_all_failures_together_come_at_10_a_second_after_a_burst_of_100() {
        let mut queue = WorkQueue::default();
        let now = Time::from_secs(1);
        for key in 0..120 {
            queue.add_rate_limited(key, now);
        }
        let late = |key: u32| queue.known[&key].due.unwrap().since(now).as_millis();
        assert_eq!((late(0), late(99), late(100), late(119)), (5, 5, 100, 2000));
    }
}

//! Work queues: each key at most once, never in two hands, some later than others.
//!
//! Kubernetes: staging/src/k8s.io/client-go/util/workqueue (queue.go, delaying_queue.go,
//! default_rate_limiters.go).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use sim::{Duration, Time};

const BASE_DELAY: Duration = Duration::from_millis(5);
const MAX_DELAY: Duration = Duration::from_secs(1000);
/// 10 a second with a burst of 100.
const BUCKET_PERIOD: Duration = Duration::from_millis(100);
const BUCKET_BURST: u64 = 100;

/// A queue of keys for one controller, with the default controller rate limiter (DS-034).
#[derive(Clone, Debug)]
pub struct WorkQueue<K> {
    queue: VecDeque<K>,
    /// Everything that waits for a worker, also what is in a worker's hands and came again.
    dirty: BTreeSet<K>,
    processing: BTreeSet<K>,
    delayed: BTreeSet<(Time, K)>,
    delayed_until: BTreeMap<K, Time>,
    failures: BTreeMap<K, u32>,
    /// When the bucket would be full again, had nobody taken anything since.
    bucket_full: Time,
}

impl<K> Default for WorkQueue<K> {
    fn default() -> Self {
        WorkQueue {
            queue: VecDeque::new(),
            dirty: BTreeSet::new(),
            processing: BTreeSet::new(),
            delayed: BTreeSet::new(),
            delayed_until: BTreeMap::new(),
            failures: BTreeMap::new(),
            bucket_full: Time::default(),
        }
    }
}

impl<K: Ord + Clone> WorkQueue<K> {
    /// Queues a key, unless it waits already. One in a worker's hands is queued again when it is done.
    pub fn add(&mut self, key: K) {
        if !self.dirty.contains(&key) {
            self.dirty.insert(key.clone());
            if !self.processing.contains(&key) {
                self.queue.push_back(key);
            }
        }
    }

    /// Queues a key after a while; of several whiles the earliest end counts.
    pub fn add_after(&mut self, key: K, after: Duration, now: Time) {
        if after == Duration::ZERO {
            return self.add(key);
        }
        let at = now + after;
        match self.delayed_until.get(&key) {
            Some(sooner) if *sooner <= at => return,
            Some(later) => {
                self.delayed.remove(&(*later, key.clone()));
            }
            None => {}
        }
        self.delayed_until.insert(key.clone(), at);
        self.delayed.insert((at, key));
    }

    /// Queues a key whose work failed, after its back-off.
    pub fn add_rate_limited(&mut self, key: K, now: Time) {
        let failures = self.failures.entry(key.clone()).or_default();
        let delay = Duration(BASE_DELAY.0.saturating_mul(1u64 << (*failures).min(40)).min(MAX_DELAY.0));
        *failures += 1;
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
        self.failures.remove(key);
    }

    /// Moves what is due into the queue.
    pub fn poll(&mut self, now: Time) {
        while let Some((at, key)) = self.delayed.first().filter(|(at, _)| *at <= now).cloned() {
            self.delayed.remove(&(at, key.clone()));
            self.delayed_until.remove(&key);
            self.add(key);
        }
    }

    /// When the next delayed key is due.
    pub fn next_due(&self) -> Option<Time> {
        self.delayed.first().map(|(at, _)| *at)
    }

    /// Takes the next key into a worker's hands.
    pub fn get(&mut self) -> Option<K> {
        let key = self.queue.pop_front()?;
        self.dirty.remove(&key);
        self.processing.insert(key.clone());
        Some(key)
    }

    /// The worker is done with the key.
    pub fn done(&mut self, key: &K) {
        self.processing.remove(key);
        if self.dirty.contains(key) {
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
        for key in self.queue.drain(..) {
            self.dirty.remove(&key);
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
        let late = |key: u32| queue.delayed_until[&key].since(now).as_millis();
        assert_eq!((late(0), late(99), late(100), late(119)), (5, 5, 100, 2000));
    }
}

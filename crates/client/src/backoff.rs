//! Exponential back-off for things that have a name.
//!
//! Kubernetes: staging/src/k8s.io/client-go/util/flowcontrol/backoff.go.

use std::collections::BTreeMap;

use sim::{Duration, Time};

#[derive(Clone, Copy, Debug)]
struct Entry {
    backoff: Duration,
    last_update: Time,
}

/// Delays that double each time, and are forgotten after twice the longest delay without use.
#[derive(Clone, Debug)]
pub struct Backoff<K> {
    initial: Duration,
    max: Duration,
    entries: BTreeMap<K, Entry>,
}

impl<K: Ord> Backoff<K> {
    pub fn new(initial: Duration, max: Duration) -> Self {
        Backoff { initial, max, entries: BTreeMap::new() }
    }

    /// The present delay; zero if there is none.
    pub fn get(&self, key: &K) -> Duration {
        self.entries.get(key).map_or(Duration::ZERO, |entry| entry.backoff)
    }

    fn has_expired(&self, entry: &Entry, now: Time) -> bool {
        now.since(entry.last_update) > Duration(self.max.0.saturating_mul(2))
    }

    /// Moves to the next delay.
    pub fn next(&mut self, key: K, now: Time) {
        let fresh = Entry { backoff: self.initial, last_update: now };
        let entry = match self.entries.get(&key) {
            Some(entry) if !self.has_expired(entry, now) => {
                Entry { backoff: entry.backoff.doubled(self.max), last_update: now }
            }
            _ => fresh,
        };
        self.entries.insert(key, entry);
    }

    /// Whether less time than the delay has passed since it was last moved on.
    pub fn is_in_backoff_since_update(&self, key: &K, now: Time) -> bool {
        self.entries.get(key).is_some_and(|entry| {
            !self.has_expired(entry, now) && now.since(entry.last_update) < entry.backoff
        })
    }

    /// Forgets what has not been used for long. Nothing depends on when it runs.
    pub fn gc(&mut self, now: Time) {
        let max = Duration(self.max.0.saturating_mul(2));
        self.entries.retain(|_, entry| now.since(entry.last_update) <= max);
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ds_021_the_delay_doubles_up_to_fifteen_minutes_and_is_forgotten_after_thirty() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(900));
        let mut now = Time::from_secs(1000);
        assert!(!backoff.is_in_backoff_since_update(&"n", now));
        let mut delays = Vec::new();
        for _ in 0..12 {
            backoff.next("n", now);
            delays.push(backoff.get(&"n").as_secs());
            now += backoff.get(&"n");
            assert!(!backoff.is_in_backoff_since_update(&"n", now));
            assert!(backoff.is_in_backoff_since_update(&"n", now - Duration(1)));
        }
        assert_eq!(delays, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        let forgotten = now - Duration::from_secs(900) + Duration::from_secs(1801);
        backoff.next("n", forgotten);
        assert_eq!(backoff.get(&"n").as_secs(), 1);
        backoff.gc(forgotten + Duration::from_secs(1801));
        assert!(backoff.is_empty());
    }
}

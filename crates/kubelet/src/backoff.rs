//! Exponential back-off by key, as client-go keeps it for crashing containers and failing image pulls.
//!
//! Kubernetes: staging/src/k8s.io/client-go/util/flowcontrol/backoff.go.

use std::collections::BTreeMap;

use sim::{Duration, Time};

/// What is remembered of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    backoff: Duration,
    last_update: Time,
}

/// A table of back-offs: the first is `initial`, each next one twice as long, none over `max`.
///
/// An entry is forgotten once an event lies more than twice `max` after its last update.
#[derive(Clone, Debug)]
pub struct Backoff<K> {
    initial: Duration,
    max: Duration,
    entries: BTreeMap<K, Entry>,
}

impl<K: Ord + Clone> Backoff<K> {
    pub fn new(initial: Duration, max: Duration) -> Backoff<K> {
        Backoff { initial, max, entries: BTreeMap::new() }
    }

    /// The present back-off of `key`; zero if there is none.
    pub fn get(&self, key: &K) -> Duration {
        self.entries.get(key).map_or(Duration::ZERO, |entry| entry.backoff)
    }

    /// Moves `key` to its next back-off now, because of something that happened at `event`.
    pub fn next(&mut self, key: &K, event: Time, now: Time) {
        let (initial, max) = (self.initial, self.max);
        match self.entries.get_mut(key) {
            Some(entry) if !expired(event, entry.last_update, max) => {
                *entry = Entry { backoff: entry.backoff.doubled(max), last_update: now };
            }
            _ => {
                let entry = Entry { backoff: initial.min(max), last_update: now };
                self.entries.insert(key.clone(), entry);
            }
        }
    }

    /// Whether less than the back-off of `key` lies between `event` and `now`.
    pub fn is_in_back_off_since(&self, key: &K, event: Time, now: Time) -> bool {
        self.entries.get(key).is_some_and(|entry| {
            !expired(event, entry.last_update, self.max) && now.since(event) < entry.backoff
        })
    }

    /// Whether less than the back-off of `key` lies between its last update and `now`.
    pub fn is_in_back_off_since_update(&self, key: &K, now: Time) -> bool {
        self.entries.get(key).is_some_and(|entry| {
            !expired(now, entry.last_update, self.max) && now.since(entry.last_update) < entry.backoff
        })
    }

    /// Forgets every key that `keep` refuses.
    pub fn retain(&mut self, keep: impl Fn(&K) -> bool) {
        self.entries.retain(|key, _| keep(key));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

fn expired(event: Time, last_update: Time, max: Duration) -> bool {
    event.since(last_update).0 > max.0.saturating_mul(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Time {
        Time::from_secs(secs)
    }

    #[test]
    fn kl_069_a_crash_back_off_doubles_from_10_s_to_300_s() {
        let mut table = Backoff::new(Duration::from_secs(10), Duration::from_secs(300));
        let mut seen = Vec::new();
        for n in 0..7 {
            table.next(&"app", at(1000 + n), at(1000 + n));
            seen.push(table.get(&"app").as_secs());
        }
        assert_eq!(seen, [10, 20, 40, 80, 160, 300, 300]);
    }

    #[test]
    fn kl_071_more_than_twice_the_maximum_forgets() {
        let mut table = Backoff::new(Duration::from_secs(10), Duration::from_secs(300));
        table.next(&"app", at(0), at(0));
        table.next(&"app", at(600), at(600));
        assert_eq!(table.get(&"app").as_secs(), 20);
        table.next(&"app", at(1201), at(1201));
        assert_eq!(table.get(&"app").as_secs(), 10);
        assert!(!table.is_in_back_off_since(&"app", at(1802), at(1803)));
    }
}

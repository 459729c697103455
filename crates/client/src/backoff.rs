//! Exponential back-off for things that have a name.
//!
//! Kubernetes: staging/src/k8s.io/client-go/util/flowcontrol/backoff.go.

use sim::{Duration, Rng, SortedMap, Time};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct BackoffEntry {
    backoff: Duration,
    last_update: Time,
}

/// What is added to each delay by chance.
#[derive(Clone, Debug)]
struct Jitter {
    /// At most this many thousandths of the delay before.
    thousandths: u64,
    rng: Rng,
}

/// A table of delays: the first is `initial`, each next one twice as long, none over `max`.
///
/// An entry is forgotten once an event lies more than twice `max` after its last update.
#[derive(Clone, Debug)]
pub struct Backoff<K> {
    initial: Duration,
    max: Duration,
    expires_after: Duration,
    jitter: Option<Jitter>,
    entries: SortedMap<K, BackoffEntry>,
}

impl<K: Ord + Clone> Backoff<K> {
    /// Kubernetes: NewBackOff.
    pub fn new(initial: Duration, max: Duration) -> Self {
        let expires_after = Duration(max.0.saturating_mul(2));
        Backoff { initial, max, expires_after, jitter: None, entries: SortedMap::new() }
    }

    /// Forgets an entry when an event lies more than `span` after its last update.
    ///
    /// Kubernetes: Backoff.HasExpiredFunc.
    pub fn expiring_after(self, span: Duration) -> Self {
        Backoff { expires_after: span, ..self }
    }

    /// Adds to each delay up to so many thousandths of the one before it.
    ///
    /// Kubernetes: NewBackOffWithJitter.
    pub fn with_jitter(self, thousandths: u64, rng: Rng) -> Self {
        Backoff { jitter: Some(Jitter { thousandths, rng }), ..self }
    }

    /// The present delay of `key`; zero if there is none.
    pub fn get(&self, key: &K) -> Duration {
        self.entries.get(key).map_or(Duration::ZERO, |entry| entry.backoff)
    }

    /// Moves `key` to its next delay now, because of something that happened at `event`.
    pub fn next(&mut self, key: &K, event: Time, now: Time) {
        let current = self.entries.get(key).filter(|entry| !self.has_expired(entry, event)).copied();
        let backoff = match current {
            Some(entry) => {
                let jitter = self.jitter(entry.backoff);
                Duration(entry.backoff.0.saturating_mul(2).saturating_add(jitter.0)).min(self.max)
            }
            None => self.initial + self.jitter(self.initial),
        };
        self.entries.insert(key.clone(), BackoffEntry { backoff, last_update: now });
    }

    fn jitter(&mut self, delay: Duration) -> Duration {
        let Some(jitter) = &mut self.jitter else { return Duration::ZERO };
        let most = delay.0.saturating_mul(jitter.thousandths) / 1000;
        Duration(jitter.rng.below(most.max(1)))
    }

    fn has_expired(&self, entry: &BackoffEntry, event: Time) -> bool {
        event.since(entry.last_update) > self.expires_after
    }

    /// Whether less than the delay of `key` lies between `event` and `now`.
    pub fn is_in_back_off_since(&self, key: &K, event: Time, now: Time) -> bool {
        self.entries
            .get(key)
            .is_some_and(|entry| !self.has_expired(entry, event) && now.since(event) < entry.backoff)
    }

    /// Whether `event` lies less than the delay of `key` after its last update.
    pub fn is_in_back_off_since_update(&self, key: &K, event: Time) -> bool {
        self.entries.get(key).is_some_and(|entry| {
            !self.has_expired(entry, event) && event.since(entry.last_update) < entry.backoff
        })
    }

    /// Forgets every key that `keep` refuses.
    pub fn retain(&mut self, keep: impl Fn(&K) -> bool) {
        self.entries.retain(|key, _| keep(key));
    }

    /// Forgets what has not been used for long. Nothing but memory depends on when it runs.
    pub fn gc(&mut self, now: Time) {
        let expires_after = self.expires_after;
        self.entries.retain(|_, entry| now.since(entry.last_update) <= expires_after);
    }

    /// Whether nothing is backing off.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Time {
        Time::from_secs(secs)
    }

    #[test]
    fn ds_021_the_delay_doubles_up_to_fifteen_minutes_and_is_forgotten_after_thirty() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(900));
        let mut now = at(1000);
        assert!(!backoff.is_in_back_off_since_update(&"n", now));
        let mut delays = Vec::new();
        for _ in 0..12 {
            backoff.next(&"n", now, now);
            delays.push(backoff.get(&"n").as_secs());
            now += backoff.get(&"n");
            assert!(!backoff.is_in_back_off_since_update(&"n", now));
            assert!(backoff.is_in_back_off_since_update(&"n", now - Duration(1)));
        }
        assert_eq!(delays, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        let forgotten = now - Duration::from_secs(900) + Duration::from_secs(1801);
        backoff.next(&"n", forgotten, forgotten);
        assert_eq!(backoff.get(&"n").as_secs(), 1);
        backoff.gc(forgotten + Duration::from_secs(1800));
        assert!(!backoff.is_empty());
        backoff.gc(forgotten + Duration::from_secs(1801));
        assert!(backoff.is_empty());
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
    fn kl_071_an_event_more_than_ten_minutes_after_the_last_update_forgets() {
        let table = Backoff::new(Duration::from_secs(10), Duration::from_secs(100));
        let mut table = table.expiring_after(Duration::from_secs(600));
        table.next(&"app", at(0), at(0));
        table.next(&"app", at(600), at(600));
        assert_eq!(table.get(&"app").as_secs(), 20);
        table.next(&"app", at(1201), at(1201));
        assert_eq!(table.get(&"app").as_secs(), 10);
        assert!(!table.is_in_back_off_since(&"app", at(1802), at(1803)));
    }

    #[test]
    fn jitter_adds_at_most_its_share_and_never_passes_the_maximum() {
        let (initial, max) = (Duration::from_millis(100), Duration::from_secs(60));
        let mut table = Backoff::new(initial, max).with_jitter(100, Rng::stream(1, "jitter"));
        table.next(&"k", at(1), at(1));
        let mut before = table.get(&"k");
        assert!(before >= initial && before <= Duration::from_millis(110), "{before:?}");
        for _ in 0..12 {
            table.next(&"k", at(1), at(1));
            let now = table.get(&"k");
            let (least, most) = (before.0 * 2, before.0 * 21 / 10);
            assert!(now == max || (least..=most).contains(&now.0), "{before:?}, then {now:?}");
            before = now;
        }
        assert_eq!(before, max);
    }
}

//! What a controller has asked for and not yet seen on its watch.
//!
//! Kubernetes: pkg/controller/controller_utils.go, ControllerExpectations.

use sim::{Duration, SortedMap, Time};

/// After this long an expectation no longer holds anything up.
pub(crate) const EXPECTATIONS_TIMEOUT: Duration = Duration::from_secs(5 * 60);

#[derive(Clone, Copy, Debug)]
struct Expected {
    add: i64,
    del: i64,
    since: Time,
}

/// The creations and deletions that each key still waits to see (DS-027).
#[derive(Clone, Debug)]
pub struct Expectations<K> {
    expected: SortedMap<K, Expected>,
}

impl<K> Default for Expectations<K> {
    fn default() -> Self {
        Expectations { expected: SortedMap::new() }
    }
}

impl<K: Ord> Expectations<K> {
    /// Kubernetes: SetExpectations.
    pub fn set_expectations(&mut self, key: K, add: u32, del: u32, now: Time) {
        self.expected.insert(key, Expected { add: i64::from(add), del: i64::from(del), since: now });
    }

    /// Whether everything expected was seen, or so long ago that it no longer counts. A key without
    /// expectations is satisfied.
    ///
    /// Kubernetes: SatisfiedExpectations.
    pub fn satisfied(&self, key: &K, now: Time) -> bool {
        self.expected
            .get(key)
            .is_none_or(|e| (e.add <= 0 && e.del <= 0) || now.since(e.since) > EXPECTATIONS_TIMEOUT)
    }

    /// Kubernetes: LowerExpectations.
    pub fn lower(&mut self, key: &K, add: u32, del: u32) {
        if let Some(expected) = self.expected.get_mut(key) {
            expected.add -= i64::from(add);
            expected.del -= i64::from(del);
        }
    }

    /// One of the expected creations was seen, or has failed. Kubernetes: CreationObserved.
    pub fn creation_observed(&mut self, key: &K) {
        self.lower(key, 1, 0);
    }

    /// One of the expected deletions was seen, or has failed. Kubernetes: DeletionObserved.
    pub fn deletion_observed(&mut self, key: &K) {
        self.lower(key, 0, 1);
    }

    /// Nothing is expected of this key any more. Kubernetes: DeleteExpectations.
    pub fn delete_expectations(&mut self, key: &K) {
        self.expected.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ds_027_expectations_hold_until_seen_or_for_five_minutes() {
        let mut expectations = Expectations::default();
        let start = Time::from_secs(100);
        assert!(expectations.satisfied(&1, start));
        expectations.set_expectations(1, 2, 1, start);
        expectations.creation_observed(&1);
        expectations.creation_observed(&1);
        assert!(!expectations.satisfied(&1, start));
        expectations.deletion_observed(&1);
        assert!(expectations.satisfied(&1, start));

        expectations.set_expectations(1, 2, 0, start);
        expectations.lower(&1, 1, 0);
        assert!(!expectations.satisfied(&1, start + Duration::from_secs(300)));
        assert!(expectations.satisfied(&1, start + Duration::from_secs(301)));
    }
}

//! What has just happened, for watches that begin at a revision which is no longer the newest one.
//!
//! A client lists, and opens its watch when the answer has come: what happened in between must not be lost
//! (API-018). Only as much is kept as an answer can be old; components list and watch in one go.
//!
//! Kubernetes: staging/src/k8s.io/apiserver/pkg/storage/cacher/watch_cache.go.

use std::collections::VecDeque;

use crate::sim::{Duration, Time};
use crate::wire::WatchEvent;

#[derive(Clone, Debug)]
struct Kept {
    at: Time,
    revision: u64,
    event: WatchEvent,
}

/// The latest events of all kinds, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct WatchCache {
    events: VecDeque<Kept>,
    /// The revision of the last event that was let go of.
    forgotten: u64,
}

impl WatchCache {
    pub fn push(&mut self, at: Time, revision: u64, event: WatchEvent, keep: Duration) {
        while let Some(old) = self.events.pop_front_if(|old| old.at + keep < at) {
            self.forgotten = old.revision;
        }
        self.events.push_back(Kept { at, revision, event });
    }

    /// Everything after a revision; `None` if that is too long ago.
    pub fn since(&self, revision: u64) -> Option<impl Iterator<Item = &WatchEvent>> {
        let later = self.events.iter().filter(move |kept| kept.revision > revision);
        (revision >= self.forgotten).then(|| later.map(|kept| &kept.event))
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::api::meta::ObjectMeta;
    use crate::api::object::{Kind, Object, Other};

    fn event(name: &str) -> WatchEvent {
        let kind = Kind::of("v1", "ConfigMap").unwrap();
        let meta = ObjectMeta::new("default", name);
        WatchEvent::Added(Object::Other(Rc::new(Other { kind, meta, raw: Rc::default() })))
    }

    #[test]
    fn api_018_a_watch_hears_of_everything_after_its_revision() {
        let mut cache = WatchCache::default();
        let keep = Duration::from_secs(1);
        for (second, name) in [(0, "a"), (1, "b"), (2, "c"), (3, "d")] {
            cache.push(Time::from_secs(second), second + 10, event(name), keep);
        }
        let names = |revision| {
            let events = cache.since(revision)?;
            Some(events.map(|event| event.object().key().name.to_string()).collect::<String>())
        };
        assert_eq!(names(13).as_deref(), Some(""));
        assert_eq!(names(12).as_deref(), Some("d"));
        assert_eq!(names(11).as_deref(), Some("cd"));
        assert_eq!(names(10), None, "b is not known any more");
    }
}

//! What has just happened, for watches that begin at a revision which is no longer the newest one.
//!
//! A client lists, and opens its watch when the answer has come: what happened in between must not be lost
//! (API-018). Only as much is kept as an answer can be old; components list and watch in one go.
//!
//! Kubernetes: staging/src/k8s.io/apiserver/pkg/storage/cacher/watch_cache.go.

use std::collections::VecDeque;

use sim::Time;
use wire::WatchEvent;

/// The latest events of all kinds, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct WatchCache {
    events: VecDeque<(u64, WatchEvent)>,
    /// Until when somebody who has listed may open a watch; what happens after that is not kept.
    until: Time,
    /// Nothing before this revision is known.
    begin: u64,
}

impl WatchCache {
    /// A client lists at this revision, and will have opened its watch by then.
    pub(crate) fn listen(&mut self, revision: u64, until: Time) {
        if self.events.is_empty() {
            self.begin = revision;
        }
        self.until = self.until.max(until);
    }

    pub(crate) fn is_listening(&self, now: Time) -> bool {
        now <= self.until
    }

    pub(crate) fn push(&mut self, now: Time, revision: u64, event: WatchEvent) {
        if self.is_listening(now) {
            self.events.push_back((revision, event));
        } else {
            self.events = VecDeque::new();
        }
    }

    /// Everything after a revision; `None` if that is too long ago.
    pub(crate) fn since(&self, now: Time, revision: u64) -> Option<impl Iterator<Item = &WatchEvent>> {
        let later = self.events.iter().filter(move |(at, _)| *at > revision);
        (self.is_listening(now) && revision >= self.begin).then(|| later.map(|(_, event)| event))
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use api::meta::ObjectMeta;
    use api::object::{Kind, Object, Other};

    fn event(name: &str) -> WatchEvent {
        let kind = Kind::of("v1", "ConfigMap").unwrap();
        let meta = ObjectMeta::new("default", name);
        WatchEvent::Added(Object::Other(Rc::new(Other { kind, meta, raw: Rc::default() })))
    }

    #[test]
    fn api_018_a_watch_hears_of_everything_after_its_revision() {
        let mut cache = WatchCache::default();
        let names = |cache: &WatchCache, second, revision| {
            let events = cache.since(Time::from_secs(second), revision)?;
            Some(events.map(|event| event.object().key().name.to_string()).collect::<String>())
        };
        assert_eq!(names(&cache, 5, 9), None, "nobody has listed");
        cache.listen(10, Time::from_secs(8));
        for (second, name) in [(6, "a"), (7, "b"), (8, "c")] {
            cache.push(Time::from_secs(second), second + 5, event(name));
        }
        assert_eq!(names(&cache, 8, 13).as_deref(), Some(""));
        assert_eq!(names(&cache, 8, 12).as_deref(), Some("c"));
        assert_eq!(names(&cache, 8, 10).as_deref(), Some("abc"));
        assert_eq!(names(&cache, 8, 9), None, "that is before the list");
        assert_eq!(names(&cache, 9, 13), None, "what happened since was not kept");
        cache.push(Time::from_secs(9), 14, event("d"));
        cache.listen(14, Time::from_secs(20));
        assert_eq!(names(&cache, 9, 13), None);
        assert_eq!(names(&cache, 9, 14).as_deref(), Some(""));
    }
}

//! What has just happened, for watches that begin at a revision which is no longer the newest one.
//!
//! A client lists, and opens its watch when the answer has come: what happened in between must not be lost
//! (API-018). Only as much is kept as an answer can be old; components list and watch in one go.
//!
//! Kubernetes: staging/src/k8s.io/apiserver/pkg/storage/cacher/watch_cache.go.

use std::collections::VecDeque;

use api::object::Kind;
use sim::{SortedMap, Time};
use wire::{UserProcess, WatchEvent};

/// A command: its shell, and its number there.
pub(super) type WatchClient = (UserProcess, u32);

/// The latest events of all kinds, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct WatchCache {
    events: VecDeque<(u64, WatchEvent)>,
    /// At which revision each client has listed a kind last.
    listed: SortedMap<(WatchClient, Kind), u64>,
    /// Until when somebody who has listed may open a watch; what happens after that is not kept.
    until: Time,
    /// Nothing before this revision is known.
    begin: u64,
}

impl WatchCache {
    /// A client lists a kind at this revision, and will have opened its watch by `until`.
    pub(crate) fn listen(&mut self, client: WatchClient, kind: Kind, revision: u64, now: Time, until: Time) {
        if !self.is_listening(now) {
            self.forget();
        }
        if self.events.is_empty() {
            self.begin = revision;
        }
        self.listed.insert((client, kind), revision);
        self.until = self.until.max(until);
    }

    pub(crate) fn is_listening(&self, now: Time) -> bool {
        now <= self.until
    }

    pub(crate) fn push(&mut self, now: Time, revision: u64, event: WatchEvent) {
        if self.is_listening(now) {
            self.events.push_back((revision, event));
        } else {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.events = VecDeque::new();
        self.listed = SortedMap::new();
    }

    /// Everything after what a client has seen of a kind; `None` if that is too long ago. A client knows the
    /// revision of the newest object that it got (`seen`); its list may be of a later one.
    pub(crate) fn since(
        &self,
        now: Time,
        client: WatchClient,
        kind: Kind,
        seen: u64,
    ) -> Option<impl Iterator<Item = &WatchEvent>> {
        let listed = self.listed.get(&(client, kind)).copied().unwrap_or_default();
        let revision = seen.max(listed);
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
        let (kind, client) = (Kind::of("v1", "ConfigMap").unwrap(), (UserProcess::Terminal(1), 0));
        let listen = |cache: &mut WatchCache, revision, now, until| {
            cache.listen(
                (UserProcess::Terminal(2), 0),
                kind,
                revision,
                Time::from_secs(now),
                Time::from_secs(until),
            );
        };
        let names = |cache: &WatchCache, second, revision| {
            let events = cache.since(Time::from_secs(second), client, kind, revision)?;
            Some(events.map(|event| event.object().key().name.to_string()).collect::<String>())
        };
        assert_eq!(names(&cache, 5, 9), None, "nobody has listed");
        listen(&mut cache, 10, 5, 8);
        for (second, name) in [(6, "a"), (7, "b"), (8, "c")] {
            cache.push(Time::from_secs(second), second + 5, event(name));
        }
        assert_eq!(names(&cache, 8, 13).as_deref(), Some(""));
        assert_eq!(names(&cache, 8, 12).as_deref(), Some("c"));
        assert_eq!(names(&cache, 8, 10).as_deref(), Some("abc"));
        assert_eq!(names(&cache, 8, 9), None, "that is before the list");
        assert_eq!(names(&cache, 9, 13), None, "what happened since was not kept");
        cache.push(Time::from_secs(9), 14, event("d"));
        listen(&mut cache, 14, 9, 20);
        assert_eq!(names(&cache, 9, 13), None);
        assert_eq!(names(&cache, 9, 14).as_deref(), Some(""));
    }

    #[test]
    fn api_018_a_watch_goes_on_from_the_list_though_all_objects_in_it_are_older() {
        let mut cache = WatchCache::default();
        let kinds = ["ConfigMap", "Secret"].map(|kind| Kind::of("v1", kind).unwrap());
        let client = (UserProcess::Terminal(1), 0);
        cache.listen(client, kinds[0], 10, Time::from_secs(5), Time::from_secs(8));
        cache.push(Time::from_secs(6), 11, event("gone"));
        let count = |client, kind| cache.since(Time::from_secs(6), client, kind, 3).map(Iterator::count);
        assert_eq!(count(client, kinds[0]), Some(1));
        assert_eq!(count(client, kinds[1]), None, "that kind was not listed");
        assert_eq!(count((UserProcess::Terminal(2), 0), kinds[0]), None, "nor by that client");
    }
}

//! The watches that commands have open (`kubectl get -w`, `kubectl wait`, `kubectl rollout status`).

use api::object::Object;
use cli_runtime::job::WatchSpec;
use console::Mail;
use wire::{CallError, UserProcess, WatchEvent};

use crate::Cluster;
use crate::watch_cache::WatchClient;

impl Cluster {
    /// Opens a command's watch: what happened since its revision comes at once, then whatever happens.
    pub(super) fn open_watch(&mut self, owner: UserProcess, ticket: u32, watch: WatchSpec) {
        let now = self.now;
        if !self.api_up() {
            self.desk.late.push((owner, ticket, now, Mail::Closed(CallError::Refused)));
            return;
        }
        let missed = self.missed_events((owner, ticket), &watch);
        self.desk.watches.insert((owner, ticket), watch);
        self.desk.late.extend(missed.into_iter().map(|event| (owner, ticket, now, Mail::Event(event))));
    }

    /// What has happened since a watch's revision. One that is too old to know it exactly hears of what is
    /// there and has changed since; upstream such a client gets an error and lists again (API-020).
    fn missed_events(&self, client: WatchClient, watch: &WatchSpec) -> Vec<WatchEvent> {
        if let Some(events) = self.watch_cache.since(self.now, client, watch.kind, watch.since) {
            return events.filter(|event| watch.concerns(event.object())).cloned().collect();
        }
        let there = self.api.store.list(watch.kind, watch.namespace.as_deref());
        let newer = |object: &Object| object.meta().is_some_and(|meta| meta.resource_version > watch.since);
        there.into_iter().filter(newer).map(WatchEvent::Modified).collect()
    }

    /// Brings a change to the commands that watch its kind.
    pub(crate) fn tell_watching_jobs(&mut self, event: &WatchEvent) {
        let concerned = self.desk.watches.iter().filter(|(_, watch)| watch.concerns(event.object()));
        let all: Vec<(UserProcess, u32)> = concerned.map(|(key, _)| *key).collect();
        let now = self.now;
        for (owner, ticket) in all {
            self.desk.deliver(owner, ticket, now, Mail::Event(event.clone()));
            self.drive(owner);
        }
    }

    /// The API server has gone: open watches end.
    pub(crate) fn close_watching_jobs(&mut self) {
        let all: Vec<(UserProcess, u32)> = std::mem::take(&mut self.desk.watches).into_keys().collect();
        let now = self.now;
        for (owner, ticket) in all {
            self.desk.deliver(owner, ticket, now, Mail::Closed(CallError::Refused));
            self.drive(owner);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::boot::Addons;
    use api::meta::ObjectMeta;
    use api::object::{Kind, Other};
    use wire::Settings;

    #[test]
    fn api_020_a_watch_that_begins_too_long_ago_is_told_what_a_new_list_would_show_as_newer() {
        let mut cluster = Cluster::new(1, Settings::default(), Vec::new(), Addons::default());
        let kind = Kind::of("v1", "ConfigMap").unwrap();
        let object = |name: &str, data: u64| {
            let (meta, raw) = (ObjectMeta::new("default", name), Rc::new(serde_json::json!({"data": data})));
            Object::Other(Rc::new(Other { kind, meta, raw }))
        };
        let store = &mut cluster.api.store;
        for name in ["changed", "gone", "same"] {
            store.insert(object(name, 1));
        }
        let since = store.revision();
        store.insert(object("new", 1));
        let Some(Object::Other(old)) = store.get(kind, &api::Key::new("default", "changed")) else {
            panic!()
        };
        let changed = Other { raw: Rc::new(serde_json::json!({"data": 2})), ..(*old).clone() };
        store.update(Object::Other(Rc::new(changed)));
        store.remove(kind, &api::Key::new("default", "gone"));
        let watch = WatchSpec { number: 1, kind, namespace: Some("default".into()), since };
        let client = (UserProcess::Terminal(1), 0);
        let kept = cluster.watch_cache.since(cluster.now, client, kind, since);
        assert!(kept.is_none(), "nothing was kept");
        let missed = cluster.missed_events(client, &watch);
        let names: Vec<String> = missed.iter().map(|event| event.object().key().name.to_string()).collect();
        assert_eq!(names, ["changed", "new"]);
    }
}

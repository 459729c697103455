//! Watches: what the API server tells its clients of each change, and when they hear of it.

use std::collections::VecDeque;

use super::post::{Leg, LoggedMessage};
use super::{Cluster, Inbox, Told, Wake};
use api::meta::Name;
use api::object::{Kind, Object};
use apiserver::store::Change;
use controllers::ControllerManager;
use wire::{MachineId, Part, Token, WatchEvent};

impl Cluster {
    /// The kinds a part's informers watch, in the order in which they are listed.
    pub(super) fn watched_kinds(&self, part: Part) -> Vec<Kind> {
        match part {
            Part::ControllerManager => {
                let mut kinds: Vec<Kind> = self.api.store.others.keys().copied().collect();
                kinds.extend([Kind::Node, Kind::Lease, Kind::ControllerRevision, Kind::DaemonSet, Kind::Pod]);
                kinds
            }
            Part::Scheduler => vec![Kind::Node, Kind::Pod],
            Part::Kubelet(_) => vec![Kind::Node, Kind::Pod],
            Part::User | Part::ApiServer | Part::Etcd => Vec::new(),
        }
    }

    pub(super) fn connect(&mut self, part: Part, epoch: u32) {
        if !self.is_running(part) || epoch != self.process_epoch(part) {
            return;
        }
        self.tell(part, Told::Connected);
        // The controllers' informers are started by the leader.
        let idle = |kcm: &ControllerManager| !kcm.is_leading();
        if part != Part::ControllerManager || !self.controllers.component.as_ref().is_some_and(idle) {
            self.post_leg(part, Token::None, Leg::List);
        }
    }

    pub(super) fn answer_list(&mut self, part: Part) {
        if !self.api_up() || !self.linked(part) {
            // The reflector tries again when there is somebody to answer: see `api_server_came_up`.
            return;
        }
        let name: Option<Name> = match part {
            Part::Kubelet(id) => Some(self.machines[id.0 as usize].name.clone()),
            _ => None,
        };
        let mut lists = Vec::new();
        for kind in self.watched_kinds(part) {
            let store = &self.api.store;
            let objects = match (&name, kind) {
                (Some(name), Kind::Node) => {
                    store.nodes.get("", name).cloned().map(Object::Node).into_iter().collect()
                }
                (Some(name), Kind::Pod) => store.pods_on(name).cloned().map(Object::Pod).collect(),
                _ => store.list(kind, None),
            };
            lists.push((kind, objects));
        }
        if let Some(inbox) = self.inbox(part) {
            *inbox = Inbox { events: VecDeque::new(), open: true };
        }
        self.post_leg(part, Token::None, Leg::Listed(lists));
    }

    pub(super) fn inbox(&mut self, part: Part) -> Option<&mut Inbox> {
        match part {
            Part::ControllerManager => Some(&mut self.controllers.watch),
            Part::Scheduler => Some(&mut self.scheduler.watch),
            Part::Kubelet(id) => Some(&mut self.machines.get_mut(id.0 as usize)?.watch),
            Part::User | Part::ApiServer | Part::Etcd => None,
        }
    }

    /// Whether some command watches the API, or has just listed and may.
    pub(super) fn has_command_watchers(&self) -> bool {
        self.desk.is_watching() || self.watch_cache.is_listening(self.now)
    }

    pub(super) fn tell_commands(&mut self, revision: u64, event: WatchEvent) {
        self.tell_watching_jobs(&event);
        self.watch_cache.push(self.now, revision, event);
    }

    /// `machine` is what [`super::changes::Changes::note`] gave for it.
    pub(super) fn fan_out(&mut self, change: &Change, machine: Option<MachineId>) {
        let Some(object) = change.new.as_ref().or(change.old.as_ref()) else { return };
        if self.has_command_watchers()
            && let Some(event) = watch_event(change)
        {
            self.tell_commands(change.revision, event);
        }
        match object {
            Object::Pod(_) => {
                self.enqueue(Part::Scheduler, watch_event(change));
                self.fan_out_to_kubelet(change, machine);
            }
            Object::Node(_) => {
                self.enqueue(Part::Scheduler, watch_event(change));
                if let Some(id) = machine {
                    self.enqueue(Part::Kubelet(id), watch_event(change));
                }
            }
            _ => {}
        }
        self.enqueue(Part::ControllerManager, watch_event(change));
    }

    /// A kubelet watches `spec.nodeName=<its node>`: a pod enters its view when it is bound (API-019).
    fn fan_out_to_kubelet(&mut self, change: &Change, machine: Option<MachineId>) {
        let is_bound =
            |object: &Option<Object>| matches!(object, Some(Object::Pod(pod)) if pod.node_name.is_some());
        let event = match (is_bound(&change.old), is_bound(&change.new)) {
            (false, true) => change.new.clone().map(WatchEvent::Added),
            (true, _) => watch_event(change),
            (false, false) => None,
        };
        if let Some(id) = machine {
            self.enqueue(Part::Kubelet(id), event);
        }
    }

    pub(super) fn enqueue(&mut self, part: Part, event: Option<WatchEvent>) {
        let (now, delay) = (self.now, self.settings.link_delay);
        let linked = self.linked(part);
        let Some(event) = event else { return };
        let Some(inbox) = self.inbox(part) else { return };
        if !inbox.open || !linked {
            return;
        }
        // One wake for all events that are sent at the same instant.
        let wake = inbox.events.back().is_none_or(|(sent, _)| *sent != now);
        inbox.events.push_back((now, event));
        if wake {
            self.agenda.push(now + delay, Wake::Watch(part));
        }
    }

    pub(super) fn deliver_watch(&mut self, part: Part) {
        let due = self.now - self.settings.link_delay;
        loop {
            let Some(inbox) = self.inbox(part) else { return };
            let Some((sent, event)) = inbox.events.pop_front_if(|(sent, _)| *sent <= due) else { return };
            self.log.push(LoggedMessage {
                sent,
                arrives: self.now,
                from: Part::ApiServer,
                to: part,
                verb: watch_verb(&event),
                kind: event.object().kind(),
                key: event.object().key(),
            });
            self.tell(part, Told::Watch(event));
        }
    }
}

fn watch_event(change: &Change) -> Option<WatchEvent> {
    match (&change.old, &change.new) {
        (None, Some(new)) => Some(WatchEvent::Added(new.clone())),
        (Some(_), Some(new)) => Some(WatchEvent::Modified(new.clone())),
        (Some(old), None) => Some(WatchEvent::Deleted(old.clone())),
        (None, None) => None,
    }
}

/// The word for a watch event in pictures and logs.
pub fn watch_verb(event: &WatchEvent) -> &'static str {
    match event {
        WatchEvent::Added(_) => "added",
        WatchEvent::Modified(_) => "modified",
        WatchEvent::Deleted(_) => "deleted",
    }
}

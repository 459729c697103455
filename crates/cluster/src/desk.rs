//! The user's desk: commands under way, and what they are waiting for.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Cluster, Wake};
use api::object::Object;
use cli_runtime::job::{Deed, Job, Outcome, Progress, WatchSpec};
use sim::Time;
use wire::{Answer, CallError, Part, Token, WatchEvent};

/// The number of a command; later ones have larger numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobId(pub u32);

/// How many ended commands are kept for the console's history.
const HISTORY: usize = 500;

/// A deed that was done by a click, as the console shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    pub line: Rc<str>,
    pub at: Time,
    /// Why it did not happen, if it did not.
    pub error: Option<String>,
}

/// All commands, running and ended, and the deeds between them.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    jobs: BTreeMap<JobId, Job>,
    notes: BTreeMap<JobId, Note>,
    last: u32,
    /// What deeds on nodes have come to; told when they return.
    outcomes: BTreeMap<JobId, Outcome>,
    watches: BTreeMap<JobId, WatchSpec>,
}

impl Desk {
    /// Whether any command watches the API.
    pub(super) fn is_watching(&self) -> bool {
        !self.watches.is_empty()
    }

    pub fn job(&self, id: JobId) -> Option<&Job> {
        self.jobs.get(&id)
    }

    pub fn note(&self, id: JobId) -> Option<&Note> {
        self.notes.get(&id)
    }

    pub fn notes(&self) -> impl DoubleEndedIterator<Item = (JobId, &Note)> {
        self.notes.iter().map(|(id, note)| (*id, note))
    }

    /// All that are still known, oldest first.
    pub fn jobs(&self) -> impl DoubleEndedIterator<Item = (JobId, &Job)> {
        self.jobs.iter().map(|(id, job)| (*id, job))
    }

    fn forget_old(&mut self) {
        while self.notes.len() > HISTORY {
            self.notes.pop_first();
        }
        while self.jobs.len() > HISTORY {
            let ended = self.jobs.iter().find(|(_, job)| job.exit_code().is_some()).map(|(id, _)| *id);
            let Some(id) = ended else { return };
            self.jobs.remove(&id);
        }
    }
}

impl Cluster {
    /// Writes down a deed that was done by a click.
    pub fn note_deed(&mut self, line: &str, done: Result<(), String>) -> JobId {
        self.desk.last += 1;
        let id = JobId(self.desk.last);
        self.desk.notes.insert(id, Note { line: line.into(), at: self.now, error: done.err() });
        self.desk.forget_old();
        id
    }

    /// Begins a command; it runs as virtual time passes.
    pub fn start_job(&mut self, job: Job) -> JobId {
        self.desk.last += 1;
        let id = JobId(self.desk.last);
        self.desk.jobs.insert(id, job);
        self.desk.forget_old();
        self.drive(id);
        id
    }

    /// Ctrl-C.
    pub fn interrupt_job(&mut self, id: JobId) {
        if let Some(job) = self.desk.jobs.get_mut(&id) {
            job.interrupt();
        }
        self.desk.watches.remove(&id);
    }

    /// Runs a command as far as it gets.
    fn drive(&mut self, id: JobId) {
        let Some(job) = self.desk.jobs.get_mut(&id) else { return };
        match job.advance() {
            Progress::Needs(call) => self.send(Part::User, call, Token { tag: 1, value: u64::from(id.0) }),
            Progress::Acts(deed) => self.begin_deed(id, &deed),
            Progress::Sleeps { until } => self.agenda.push(until.max(self.now), Wake::Job(id)),
            Progress::Watches { watch, until } => {
                if let Some(until) = until {
                    self.agenda.push(until.max(self.now), Wake::Job(id));
                }
                self.open_watch(id, watch);
            }
            Progress::Done { .. } => {
                self.desk.watches.remove(&id);
            }
        }
    }

    fn begin_deed(&mut self, id: JobId, deed: &Deed) {
        let outcome = self.act(deed);
        let returns = self.now + outcome.takes;
        self.desk.outcomes.insert(id, outcome);
        self.agenda.push(returns, Wake::Job(id));
    }

    /// Something that a command waited for has come by time.
    pub(super) fn wake_job(&mut self, id: JobId) {
        let now = self.now;
        let Some(job) = self.desk.jobs.get_mut(&id) else { return };
        match self.desk.outcomes.remove(&id) {
            Some(outcome) => job.done(now, outcome),
            None => job.woke(now),
        }
        self.drive(id);
    }

    pub(super) fn answer_job(&mut self, token: Token, answer: Answer) {
        let id = JobId(token.value as u32);
        let now = self.now;
        if let Some(job) = self.desk.jobs.get_mut(&id) {
            job.answer(now, answer);
            self.drive(id);
        }
    }

    /// Opens a command's watch: what happened since its revision comes at once, then whatever happens.
    fn open_watch(&mut self, id: JobId, watch: WatchSpec) {
        if self.desk.watches.get(&id).is_some_and(|open| open.number == watch.number) {
            return;
        }
        if !self.api_up() {
            let now = self.now;
            if let Some(job) = self.desk.jobs.get_mut(&id) {
                job.closed(now, CallError::Refused);
                self.drive(id);
            }
            return;
        }
        let missed = self.missed_events(&watch);
        self.desk.watches.insert(id, watch);
        let now = self.now;
        let Some(job) = self.desk.jobs.get_mut(&id) else { return };
        if missed.is_empty() {
            return;
        }
        for event in missed {
            job.event(now, event);
        }
        self.drive(id);
    }

    /// What has happened since a watch's revision. One that is too old to know it exactly hears of what is
    /// there and has changed since; upstream such a client gets an error and lists again (API-020).
    fn missed_events(&self, watch: &WatchSpec) -> Vec<WatchEvent> {
        if let Some(events) = self.watch_cache.since(self.now, watch.since) {
            return events.filter(|event| watch.concerns(event.object())).cloned().collect();
        }
        let there = self.api.store.list(watch.kind, watch.namespace.as_deref());
        let newer = |object: &Object| object.meta().is_some_and(|meta| meta.resource_version > watch.since);
        there.into_iter().filter(newer).map(WatchEvent::Modified).collect()
    }

    /// Brings a change to the commands that watch its kind.
    pub(super) fn tell_watching_jobs(&mut self, event: &WatchEvent) {
        let concerned = self.desk.watches.iter().filter(|(_, watch)| watch.concerns(event.object()));
        let ids: Vec<JobId> = concerned.map(|(id, _)| *id).collect();
        let now = self.now;
        for id in ids {
            if let Some(job) = self.desk.jobs.get_mut(&id) {
                job.event(now, event.clone());
            }
            self.drive(id);
        }
    }

    /// The API server has gone: open watches end.
    pub(super) fn close_watching_jobs(&mut self) {
        let ids: Vec<JobId> = std::mem::take(&mut self.desk.watches).into_keys().collect();
        let now = self.now;
        for id in ids {
            if let Some(job) = self.desk.jobs.get_mut(&id) {
                job.closed(now, CallError::Refused);
            }
            self.drive(id);
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
        assert!(cluster.watch_cache.since(cluster.now, since).is_none(), "nothing was kept");
        let missed = cluster.missed_events(&watch);
        let names: Vec<String> = missed.iter().map(|event| event.object().key().name.to_string()).collect();
        assert_eq!(names, ["changed", "new"]);
    }
}

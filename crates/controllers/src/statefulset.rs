//! The StatefulSet controller: pods with names that stay, made and replaced one after the other.
//!
//! StatefulSets stay in API form; each pod has a spec of its own, as it has its own host name.
//!
//! Kubernetes: pkg/controller/statefulset/stateful_set.go.
// Not simulated: persistentVolumeClaimRetentionPolicy; the claims of a StatefulSet are always kept.

mod control;
mod identity;
mod revisions;
mod status;

use std::rc::Rc;

use crate::procedure::Syncs;
use api::daemonset::ControllerRevision;
use api::json;
use api::label::{Selector, selector_or_nothing};
use api::meta::Uid;
use api::object::{Key, Kind, Other, in_namespace};
use api::pod::Pod;
use client::hash::LookupMap;
use client::informer::{CacheChange, Caches, Change, PodChange};
use client::recorder::Recorder;
use sim::{Duration, SortedMap};
use wire::{Answer, Controller, Ctx, Timer};

/// How many StatefulSets are synced at once (`--concurrent-statefulset-syncs`).
const WORKERS: usize = 5;

/// What a sync begins with.
#[derive(Clone, Debug)]
struct Start {
    set: Rc<Other>,
    selector: Selector,
    /// Pods that the StatefulSet controls, and those that nobody controls and that could be its.
    candidates: Vec<Rc<Pod>>,
    /// Its revisions, and those that nobody controls and that it selects; lowest first.
    revisions: Vec<Rc<ControllerRevision>>,
}

impl Start {
    fn spec(&self) -> &serde_json::Value {
        json::get(&self.set.raw, "spec")
    }

    fn replicas(&self) -> i64 {
        json::int(self.spec(), "replicas").unwrap_or(1).max(0)
    }

    fn min_ready(&self) -> Duration {
        let seconds = json::int(self.spec(), "minReadySeconds").unwrap_or(0);
        Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
    }

    /// The number of the first pod.
    fn start_ordinal(&self) -> i64 {
        json::int(json::get(self.spec(), "ordinals"), "start").unwrap_or(0)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct StatefulSetController {
    kind: Option<Kind>,
    /// By key; the selectors say who may adopt a pod.
    selectors: SortedMap<Key, Selector>,
    by_uid: LookupMap<Uid, Key>,
    syncs: Syncs<Key, Start>,
    recorder: Recorder,
}

impl Default for StatefulSetController {
    fn default() -> Self {
        StatefulSetController {
            kind: Kind::of("apps/v1", "StatefulSet"),
            selectors: SortedMap::new(),
            by_uid: LookupMap::default(),
            syncs: Syncs::new(Controller::StatefulSet, WORKERS),
            recorder: Recorder::new("statefulset-controller"),
        }
    }
}

impl StatefulSetController {
    pub(crate) fn run(&mut self, ctx: &mut Ctx) {
        self.syncs.run(ctx);
    }

    // ---- handlers ----

    pub(crate) fn on_change(&mut self, change: &CacheChange, ctx: &mut Ctx) {
        match change {
            CacheChange::Pod(change) if !self.selectors.is_empty() => self.on_pod(change, ctx),
            CacheChange::Other(kind, change) if Some(*kind) == self.kind => self.on_set(change, ctx),
            _ => {}
        }
    }

    fn on_set(&mut self, change: &Change<Other>, ctx: &mut Ctx) {
        if let Some(old) = &change.old {
            self.by_uid.remove(&old.meta.uid);
            self.selectors.remove(&Key::of(&old.meta));
        }
        let Some(new) = &change.new else { return };
        let key = Key::of(&new.meta);
        let selector = json::at(&new.raw, &["spec", "selector"]);
        self.by_uid.insert(new.meta.uid, key.clone());
        self.selectors.insert(key.clone(), selector_or_nothing(selector));
        self.syncs.add(key, ctx);
    }

    /// Kubernetes: addPod, updatePod, deletePod.
    fn on_pod(&mut self, change: &PodChange, ctx: &mut Ctx) {
        let (old, new) = (change.old.as_ref(), change.new.as_ref());
        let owner_of = |pod: &Rc<Pod>| {
            let owner = pod.meta.controller()?;
            self.by_uid.get(&owner.uid).cloned()
        };
        let keys = [old.and_then(owner_of), new.and_then(owner_of)];
        let [before, after] = &keys;
        if before != after
            && let Some(key) = before
        {
            self.syncs.add(key.clone(), ctx);
        }
        if let Some(key) = after {
            return self.syncs.add(key.clone(), ctx);
        }
        let Some(pod) = new.filter(|pod| pod.meta.controller().is_none() && !pod.meta.is_terminating())
        else {
            return;
        };
        if old.is_some_and(|old| old.meta.common == pod.meta.common) {
            return;
        }
        let here = in_namespace(&self.selectors, pod.meta.namespace());
        let adopters = here.filter(|(_, selector)| selector.matches_map(pod.meta.labels()));
        let keys: Vec<Key> = adopters.map(|(key, _)| key.clone()).collect();
        keys.into_iter().for_each(|key| self.syncs.add(key, ctx));
    }

    // ---- syncs ----

    pub(crate) fn on_timer(&mut self, timer: Timer, caches: &Caches, ctx: &mut Ctx) {
        let StatefulSetController { kind, selectors, syncs, recorder, .. } = self;
        let begin = |key: &Key, _: &mut Ctx| {
            let set = caches.others.get(&(*kind)?)?.get(key)?.clone();
            begin(set, selectors.get(key)?.clone(), caches)
        };
        syncs.on_timer(timer, ctx, begin, |start, io| control::sync(start, recorder, io));
    }

    pub(crate) fn on_answer(&mut self, sync: u64, nth: u16, answer: Answer, ctx: &mut Ctx) {
        let recorder = &mut self.recorder;
        self.syncs.on_answer(sync, nth, answer, ctx, |start, io| control::sync(start, recorder, io));
    }
}

fn begin(set: Rc<Other>, selector: Selector, caches: &Caches) -> Option<Start> {
    let meta = &set.meta;
    let adoptable = |pod: &&Rc<Pod>| {
        !pod.meta.is_terminating()
            && selector.matches_map(pod.meta.labels())
            && identity::parent_and_ordinal(&pod.meta.name).is_some_and(|(parent, _)| parent == &*meta.name)
    };
    let orphans = caches.pods.orphans(meta.namespace()).filter(adoptable);
    let candidates = caches.pods.controlled(meta.uid).chain(orphans).cloned().collect();
    let here = in_namespace(&caches.revisions, meta.namespace());
    let mine = |revision: &&Rc<ControllerRevision>| {
        selector.matches_map(revision.meta.labels())
            && revision.meta.controller().is_none_or(|owner| owner.uid == meta.uid)
    };
    let mut revisions: Vec<Rc<ControllerRevision>> =
        here.map(|(_, revision)| revision).filter(mine).cloned().collect();
    revisions::sort(&mut revisions);
    Some(Start { set, selector, candidates, revisions })
}

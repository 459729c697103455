//! The ReplicaSet controller: as many pods of a template as a ReplicaSet asks for.
//!
//! ReplicaSets are stored in API form; this controller keeps the small typed form that it acts on
//! ([`ReplicaSet`]), so that their pods share what they have in common.
//!
//! Kubernetes: pkg/controller/replicaset/replica_set.go.

pub(crate) mod ranking;
pub(crate) mod sync;

#[cfg(test)]
mod tests;

use sim::order::SortShared;
use std::rc::Rc;

use serde_json::Value;

use crate::pod_source::PodSource;
use crate::procedure::Syncs;
use api::json;
use api::label::{Selector, selector_or_nothing};
use api::meta::{Name, OwnerReference, Uid};
use api::object::{Key, Kind, Other, in_namespace};
use api::pod::Pod;
use client::expectations::Expectations;
use client::hash::LookupMap;
use client::informer::{CacheChange, Caches, Change, PodChange};
use client::recorder::Recorder;
use sim::{Duration, SortedMap, SortedSet};
use wire::{Answer, Controller, Ctx, Timer};

/// How many ReplicaSets are synced at once (`--concurrent-replicaset-syncs`).
const WORKERS: usize = 5;

/// A ReplicaSet as the controller acts on it.
#[derive(Clone, Debug)]
pub(crate) struct ReplicaSet {
    /// As the cache has it.
    pub(crate) object: Rc<Other>,
    pub(crate) replicas: usize,
    pub(crate) selector: Selector,
    pub(crate) min_ready: Duration,
    /// What its pods are made from.
    pods: PodSource,
}

/// The reference by which an object of a kind controls what it made.
pub(crate) fn controller_ref(object: &Other) -> OwnerReference {
    OwnerReference {
        api_version: object.kind.api_version().into(),
        kind: object.kind.name().into(),
        name: object.meta.name.clone(),
        uid: object.meta.uid,
        controller: true,
        block_owner_deletion: true,
    }
}

impl ReplicaSet {
    /// `old` lends its template where that is the same.
    fn new(object: &Rc<Other>, old: Option<&ReplicaSet>) -> ReplicaSet {
        let spec = json::get(&object.raw, "spec");
        let old = old.map(|old| (&*old.object, &old.pods));
        let pods = PodSource::new(object, json::get(spec, "template"), None, old);
        let number = |key: &str, default: u64| spec[key].as_u64().unwrap_or(default);
        ReplicaSet {
            object: object.clone(),
            replicas: usize::try_from(number("replicas", 0)).unwrap_or(usize::MAX),
            selector: selector_or_nothing(json::get(spec, "selector")),
            min_ready: Duration::from_secs(number("minReadySeconds", 0)),
            pods,
        }
    }

    fn status(&self) -> &Value {
        json::get(&self.object.raw, "status")
    }
}

/// What a sync begins with.
#[derive(Clone, Debug)]
struct Start {
    key: Key,
    set: Rc<ReplicaSet>,
    /// Pods that are active and either controlled by the ReplicaSet or by nobody.
    candidates: Vec<Rc<Pod>>,
    /// Its pods that are being deleted.
    terminating: usize,
    /// How many active pods of related ReplicaSets each node has; filled in where pods may be deleted.
    related: SortedMap<Name, usize>,
    /// Whether everything that was asked for earlier has been seen.
    needs_sync: bool,
}

/// What syncs change beside the queue.
#[derive(Clone, Debug)]
struct Parts {
    expectations: Expectations<Key>,
    /// The serials of the pods whose deletion each ReplicaSet waits to see.
    deleting: SortedMap<Key, SortedSet<u32>>,
    recorder: Recorder,
}

impl Parts {
    /// Kubernetes: controller_utils.go, UIDTrackingControllerExpectations.DeletionObserved.
    fn deletion_observed(&mut self, key: &Key, serial: u32) {
        let Some(serials) = self.deleting.get_mut(key) else { return };
        if serials.remove(&serial) {
            self.expectations.deletion_observed(key);
        }
    }

    fn delete_expectations(&mut self, key: &Key) {
        self.deleting.remove(key);
        self.expectations.delete_expectations(key);
    }
}

#[derive(Clone, Debug)]
pub(crate) struct ReplicaSetController {
    kind: Option<Kind>,
    sets: SortedMap<Key, Rc<ReplicaSet>>,
    by_uid: LookupMap<Uid, Key>,
    syncs: Syncs<Key, Start>,
    parts: Parts,
}

impl Default for ReplicaSetController {
    fn default() -> Self {
        ReplicaSetController {
            kind: Kind::of("apps/v1", "ReplicaSet"),
            sets: SortedMap::new(),
            by_uid: LookupMap::default(),
            syncs: Syncs::new(Controller::ReplicaSet, WORKERS),
            parts: Parts {
                expectations: Expectations::default(),
                deleting: SortedMap::new(),
                recorder: Recorder::new("replicaset-controller"),
            },
        }
    }
}

impl ReplicaSetController {
    pub(crate) fn run(&mut self, ctx: &mut Ctx) {
        self.syncs.run(ctx);
    }

    // ---- handlers ----

    pub(crate) fn on_change(&mut self, change: &CacheChange, ctx: &mut Ctx) {
        match change {
            CacheChange::Pod(change) if !self.sets.is_empty() => self.on_pod(change, ctx),
            CacheChange::Other(kind, change) if Some(*kind) == self.kind => self.on_set(change, ctx),
            _ => {}
        }
    }

    /// Kubernetes: addRS, updateRS, deleteRS.
    fn on_set(&mut self, change: &Change<Other>, ctx: &mut Ctx) {
        let (old, new) = (&change.old, &change.new);
        if let Some(old) = old
            && new.as_ref().is_none_or(|new| new.meta.uid != old.meta.uid)
        {
            let key = Key::of(&old.meta);
            self.by_uid.remove(&old.meta.uid);
            self.sets.remove(&key);
            self.parts.delete_expectations(&key);
        }
        let Some(new) = new else { return };
        let key = Key::of(&new.meta);
        let set = ReplicaSet::new(new, self.sets.get(&key).map(|set| &**set));
        self.by_uid.insert(new.meta.uid, key.clone());
        self.sets.insert(key.clone(), Rc::new(set));
        self.syncs.add(key, ctx);
    }

    /// Kubernetes: addPod, updatePod, deletePod.
    fn on_pod(&mut self, change: &PodChange, ctx: &mut Ctx) {
        let (old, new) = (change.old.as_ref(), change.new.as_ref());
        let Some(pod) = new.or(old) else { return };
        let owner_of = |pod: &Rc<Pod>| pod.meta.controller().map(|owner| owner.uid);
        let shared =
            matches!((old, new), (Some(old), Some(new)) if Rc::ptr_eq(&old.meta.common, &new.meta.common));
        let owner = owner_of(pod);
        let old_owner = match old {
            Some(_) if shared => owner,
            Some(old) => owner_of(old),
            None => None,
        };
        let key = owner.and_then(|uid| self.by_uid.get(&uid)).cloned();
        let labels_changed = !shared && old.is_some_and(|old| old.meta.labels() != pod.meta.labels());
        if let Some(key) = &key {
            if old.is_none() {
                self.parts.expectations.creation_observed(key);
            }
            if new.is_none() || pod.meta.is_terminating() || labels_changed {
                self.parts.deletion_observed(key, pod.meta.serial);
            }
            self.syncs.add(key.clone(), ctx);
        }
        if old_owner != owner
            && let Some(old_key) = old_owner.and_then(|uid| self.by_uid.get(&uid)).cloned()
        {
            self.syncs.add(old_key, ctx);
        }
        let fresh = old.is_none() || old_owner.is_some() || labels_changed;
        if owner.is_none() && fresh && new.is_some() && !pod.meta.is_terminating() {
            self.queue_adopters(pod, ctx);
        }
    }

    /// A pod without a controller may be adopted.
    ///
    /// Kubernetes: getPodReplicaSets.
    fn queue_adopters(&mut self, pod: &Pod, ctx: &mut Ctx) {
        let here = in_namespace(&self.sets, pod.meta.namespace());
        let adopters = here.filter(|(_, set)| set.selector.matches_map(pod.meta.labels()));
        let keys: Vec<Key> = adopters.map(|(key, _)| key.clone()).collect();
        keys.into_iter().for_each(|key| self.syncs.add(key, ctx));
    }

    // ---- syncs ----

    pub(crate) fn on_timer(&mut self, timer: Timer, caches: &Caches, ctx: &mut Ctx) {
        let ReplicaSetController { sets, parts, syncs, .. } = self;
        let parts = std::cell::RefCell::new(parts);
        let begin = |key: &Key, ctx: &mut Ctx| begin(key, sets, &mut parts.borrow_mut(), caches, ctx);
        syncs.on_timer(timer, ctx, begin, |start, io| sync::sync(start, &mut parts.borrow_mut(), io));
    }

    pub(crate) fn on_answer(&mut self, sync: u64, nth: u16, answer: Answer, ctx: &mut Ctx) {
        let parts = &mut self.parts;
        self.syncs.on_answer(sync, nth, answer, ctx, |start, io| sync::sync(start, parts, io));
    }
}

/// Kubernetes: FilterActivePods.
pub(crate) fn is_pod_active(pod: &Pod) -> bool {
    !pod.is_terminal() && !pod.meta.is_terminating()
}

fn begin(
    key: &Key,
    sets: &SortedMap<Key, Rc<ReplicaSet>>,
    parts: &mut Parts,
    caches: &Caches,
    ctx: &Ctx,
) -> Option<Start> {
    let set = sets.get(key)?.clone();
    let meta = &set.object.meta;
    let mut candidates = Vec::new();
    let mut terminating = 0;
    for pod in caches.pods.controlled(meta.uid) {
        if is_pod_active(pod) {
            candidates.push(pod.clone());
        } else if !pod.is_terminal() {
            terminating += usize::from(set.selector.matches_map(pod.meta.labels()));
        }
    }
    let orphans = caches.pods.orphans(meta.namespace());
    let adoptable = |pod: &&Rc<Pod>| is_pod_active(pod) && set.selector.matches_map(pod.meta.labels());
    candidates.extend(orphans.filter(adoptable).cloned());
    candidates.sort_shared_by_key(|pod| pod.meta.serial);
    let mut related = SortedMap::new();
    if candidates.len() > set.replicas {
        let owner = meta.controller().map(|owner| owner.uid);
        let is_related = |other: &&Rc<ReplicaSet>| {
            let theirs = other.object.meta.controller().map(|owner| owner.uid);
            other.object.meta.uid == meta.uid || (owner.is_some() && theirs == owner)
        };
        let pods =
            sets.values().filter(is_related).flat_map(|other| caches.pods.controlled(other.object.meta.uid));
        for pod in pods.filter(|pod| is_pod_active(pod)) {
            *related.entry(pod.node_name.clone().unwrap_or_default()).or_default() += 1;
        }
    }
    let needs_sync = parts.expectations.satisfied(key, ctx.now);
    Some(Start { key: key.clone(), set, candidates, terminating, related, needs_sync })
}

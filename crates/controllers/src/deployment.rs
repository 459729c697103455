//! The Deployment controller: leads the pods of a Deployment from one template to the next by way of one
//! ReplicaSet for each.
//!
//! Both kinds stay in API form here: there are few of them, and what decides is a handful of numbers.
//!
//! Kubernetes: pkg/controller/deployment/deployment_controller.go.

mod progress;
mod replica_sets;
mod rolling;
mod scale;
mod sync;
mod util;

use std::rc::Rc;

use crate::procedure::Syncs;
use api::json;
use api::label::{Selector, selector_or_nothing};
use api::meta::Uid;
use api::object::{Key, Kind, Other, in_namespace};
use client::hash::LookupMap;
use client::informer::{CacheChange, Caches, Change, PodChange};
use client::recorder::Recorder;
use sim::SortedMap;
use wire::{Answer, Controller, Ctx, Timer};

/// How many Deployments are synced at once (`--concurrent-deployment-syncs`).
const WORKERS: usize = 5;

/// What a sync begins with.
#[derive(Clone, Debug)]
struct Start {
    deployment: Rc<Other>,
    /// The ReplicaSets of its namespace that it controls or that nobody does.
    candidates: Vec<Rc<Other>>,
    /// The ReplicaSets of which there is a pod that has not ended; filled in for the strategy Recreate.
    with_pods: Vec<Uid>,
}

#[derive(Clone, Debug)]
pub(crate) struct DeploymentController {
    kind: Option<Kind>,
    replica_set: Option<Kind>,
    /// By key; the selectors say who may adopt a ReplicaSet.
    selectors: SortedMap<Key, Selector>,
    by_uid: LookupMap<Uid, Key>,
    /// The Deployment that controls each ReplicaSet.
    owners: LookupMap<Uid, Uid>,
    syncs: Syncs<Key, Start>,
    recorder: Recorder,
}

impl Default for DeploymentController {
    fn default() -> Self {
        DeploymentController {
            kind: Kind::of("apps/v1", "Deployment"),
            replica_set: Kind::of("apps/v1", "ReplicaSet"),
            selectors: SortedMap::new(),
            by_uid: LookupMap::default(),
            owners: LookupMap::default(),
            syncs: Syncs::new(Controller::Deployment, WORKERS),
            recorder: Recorder::new("deployment-controller"),
        }
    }
}

impl DeploymentController {
    pub(crate) fn run(&mut self, ctx: &mut Ctx) {
        self.syncs.run(ctx);
    }

    // ---- handlers ----

    pub(crate) fn on_change(&mut self, change: &CacheChange, caches: &Caches, ctx: &mut Ctx) {
        match change {
            CacheChange::Pod(change) if !self.selectors.is_empty() => self.on_pod(change, caches, ctx),
            CacheChange::Other(kind, change) if Some(*kind) == self.kind => self.on_deployment(change, ctx),
            CacheChange::Other(kind, change) if Some(*kind) == self.replica_set => {
                self.on_replica_set(change, ctx);
            }
            _ => {}
        }
    }

    fn on_deployment(&mut self, change: &Change<Other>, ctx: &mut Ctx) {
        if let Some(old) = &change.old {
            self.by_uid.remove(&old.meta.uid);
            self.selectors.remove(&Key::of(&old.meta));
        }
        let Some(new) = &change.new else { return };
        let key = Key::of(&new.meta);
        self.by_uid.insert(new.meta.uid, key.clone());
        self.selectors.insert(key.clone(), selector_of(new));
        self.syncs.add(key, ctx);
    }

    /// Kubernetes: addReplicaSet, updateReplicaSet, deleteReplicaSet.
    fn on_replica_set(&mut self, change: &Change<Other>, ctx: &mut Ctx) {
        let owner_of = |rs: &Rc<Other>| rs.meta.controller().map(|owner| owner.uid);
        let (old, new) = (change.old.as_ref(), change.new.as_ref());
        let (old_owner, owner) = (old.and_then(owner_of), new.and_then(owner_of));
        if let Some(old) = old {
            self.owners.remove(&old.meta.uid);
        }
        if let (Some(new), Some(owner)) = (new, owner) {
            self.owners.insert(new.meta.uid, owner);
        }
        for uid in [old_owner.filter(|_| old_owner != owner), owner].into_iter().flatten() {
            if let Some(key) = self.by_uid.get(&uid).cloned() {
                self.syncs.add(key, ctx);
            }
        }
        let Some(new) = new.filter(|new| owner.is_none() && !new.meta.is_terminating()) else { return };
        let fresh = old.is_none_or(|old| old_owner.is_some() || old.meta.labels() != new.meta.labels());
        if fresh {
            let adopts = |(key, selector): (&Key, &Selector)| {
                let here = key.namespace == *new.meta.namespace();
                (here && selector.matches_map(new.meta.labels())).then(|| key.clone())
            };
            let keys: Vec<Key> = self.selectors.iter().filter_map(adopts).collect();
            keys.into_iter().for_each(|key| self.syncs.add(key, ctx));
        }
    }

    /// A Deployment that recreates its pods goes on when the last of the old ones has gone.
    ///
    /// Kubernetes: deletePod.
    fn on_pod(&mut self, change: &PodChange, caches: &Caches, ctx: &mut Ctx) {
        let (Some(pod), None) = (&change.old, &change.new) else { return };
        let Some(owner) = pod.meta.controller().and_then(|owner| self.owners.get(&owner.uid)) else { return };
        let Some(key) = self.by_uid.get(owner).cloned() else { return };
        let deployment = self.kind.and_then(|kind| caches.others.get(&kind)?.get(&key));
        if deployment.is_some_and(|deployment| is_recreate(deployment)) {
            let sets = replica_sets_of(self.kind, self.replica_set, &key, caches);
            if sets.iter().all(|rs| caches.pods.controlled(rs.meta.uid).next().is_none()) {
                self.syncs.add(key, ctx);
            }
        }
    }

    // ---- syncs ----

    pub(crate) fn on_timer(&mut self, timer: Timer, caches: &Caches, ctx: &mut Ctx) {
        let DeploymentController { kind, replica_set, syncs, recorder, .. } = self;
        let begin = |key: &Key, _: &mut Ctx| {
            let deployment = caches.others.get(&(*kind)?)?.get(key)?.clone();
            let candidates = replica_sets_of(*kind, *replica_set, key, caches);
            let has_pods =
                |rs: &&Rc<Other>| caches.pods.controlled(rs.meta.uid).any(|pod| !pod.is_terminal());
            let with_pods = match is_recreate(&deployment) {
                true => candidates.iter().filter(has_pods).map(|rs| rs.meta.uid).collect(),
                false => Vec::new(),
            };
            Some(Start { deployment, candidates, with_pods })
        };
        syncs.on_timer(timer, ctx, begin, |start, io| sync::sync(start, recorder, io));
    }

    pub(crate) fn on_answer(&mut self, sync: u64, nth: u16, answer: Answer, ctx: &mut Ctx) {
        let recorder = &mut self.recorder;
        self.syncs.on_answer(sync, nth, answer, ctx, |start, io| sync::sync(start, recorder, io));
    }
}

fn selector_of(object: &Other) -> Selector {
    let selector = json::at(&object.raw, &["spec", "selector"]);
    selector_or_nothing(selector)
}

fn is_recreate(deployment: &Other) -> bool {
    json::at(&deployment.raw, &["spec", "strategy", "type"]) == "Recreate"
}

/// The ReplicaSets in a Deployment's namespace that it controls or that nobody does.
fn replica_sets_of(kind: Option<Kind>, sets: Option<Kind>, key: &Key, caches: &Caches) -> Vec<Rc<Other>> {
    let deployment = kind.and_then(|kind| caches.others.get(&kind)?.get(key));
    let index = sets.and_then(|kind| caches.others.get(&kind));
    let (Some(deployment), Some(index)) = (deployment, index) else { return Vec::new() };
    let here = in_namespace(index, &key.namespace);
    let may_be_ours =
        |rs: &&Rc<Other>| rs.meta.controller().is_none_or(|owner| owner.uid == deployment.meta.uid);
    here.map(|(_, rs)| rs).filter(may_be_ours).cloned().collect()
}

//! The garbage collector: what becomes of objects whose owner goes.
//!
//! Upstream keeps a graph of all objects. Here pods are found by their controller in the shared caches, and
//! only the other references, of which there are few, are kept by owner.
//!
//! Kubernetes: pkg/controller/garbagecollector. Rules: API-016, DS-066…068, KL-046.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::json;

use super::worker::{Outcome, Worker, outcome};
use api::meta::{ObjectMeta, OwnerReference, Uid};
use api::object::{Key, Kind};
use client::hash::LookupMap;
use client::informer::{CacheChange, Caches};
use wire::{Answer, Call, Controller, Ctx, DeleteOptions, FieldValidation, Patch, Propagation};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";
/// How many owners that are known not to exist are remembered.
const ABSENT_OWNERS: usize = 500;

/// An object, by everything that may be needed to find it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Item {
    kind: Kind,
    key: Key,
    uid: Uid,
    serial: u32,
}

/// What the collector has to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Work {
    /// Delete the object if all its owners are gone or waiting for it.
    AttemptToDelete(Item),
    /// Ask whether this owner of a dependent exists.
    Look(Item, Uid, Kind, Key),
    /// An owner begins to wait for its dependents (foreground), or one of them has gone.
    Foreground(Item),
    MoreForeground(Item),
    /// An owner orphans its dependents.
    Orphan(Item),
    /// Remove the reference of an owner that orphans its dependents.
    Release(Item, Uid),
    /// Nothing holds the owner any more.
    RemoveFinalizer(Item, &'static str),
}

#[derive(Clone, Debug)]
pub(crate) struct GarbageCollector {
    worker: Worker<Work>,
    /// The objects that may be owners: all but pods.
    present: LookupMap<Uid, ()>,
    absent: BTreeSet<Uid>,
    /// Objects by owner, few of each and sorted; pods only by owners that are not their controllers.
    dependents: BTreeMap<Uid, Vec<Item>>,
    /// Owners that wait for their dependents.
    waiting: BTreeMap<Uid, Item>,
    /// Owners that orphan their dependents, with the number of dependents that are left.
    letting_go: BTreeMap<Uid, (Item, u32)>,
}

/// The metadata of what changed, before and after.
fn metas(change: &CacheChange) -> (Kind, Option<&ObjectMeta>, Option<&ObjectMeta>) {
    macro_rules! of {
        ($kind:expr, $change:expr) => {{
            let (old, new) = (&$change.old, &$change.new);
            ($kind, old.as_ref().map(|object| &object.meta), new.as_ref().map(|object| &object.meta))
        }};
    }
    match change {
        CacheChange::Node(_, change) => of!(Kind::Node, change),
        CacheChange::Pod(change) => of!(Kind::Pod, change),
        CacheChange::DaemonSet(change) => of!(Kind::DaemonSet, change),
        CacheChange::ControllerRevision(change) => of!(Kind::ControllerRevision, change),
        CacheChange::Lease(change) => of!(Kind::Lease, change),
        CacheChange::Other(kind, change) => of!(*kind, change),
    }
}

fn item(kind: Kind, meta: &ObjectMeta) -> Item {
    Item { kind, key: Key::of(meta), uid: meta.uid, serial: meta.serial }
}

/// The object's metadata as it is cached, if it is still the same object.
fn find<'a>(item: &Item, caches: &'a Caches) -> Option<&'a ObjectMeta> {
    let meta = match item.kind {
        Kind::Pod => &caches.pods.get(item.serial)?.meta,
        Kind::Node => &caches.nodes.by_name(&item.key.name)?.meta,
        Kind::DaemonSet => &caches.daemonsets.get(&item.key)?.meta,
        Kind::ControllerRevision => &caches.revisions.get(&item.key)?.meta,
        Kind::Lease => &caches.leases.get(&item.key)?.meta,
        Kind::Event => return None,
        Kind::Other(_) => &caches.others.get(&item.kind)?.get(&item.key)?.meta,
    };
    Some(meta).filter(|meta| meta.uid == item.uid)
}

fn has_finalizer(meta: &ObjectMeta, name: &str) -> bool {
    meta.common.finalizers.iter().any(|finalizer| **finalizer == *name)
}

/// The references that are not found through the pod cache.
fn indexed(kind: Kind, meta: &ObjectMeta) -> impl Iterator<Item = &OwnerReference> {
    let controller = meta.controller().filter(|_| kind == Kind::Pod).map(|owner| owner.uid);
    meta.common.owners.iter().filter(move |owner| Some(owner.uid) != controller)
}

impl Default for GarbageCollector {
    fn default() -> Self {
        GarbageCollector {
            worker: Worker::new(Controller::GarbageCollector),
            present: LookupMap::default(),
            absent: BTreeSet::new(),
            dependents: BTreeMap::new(),
            waiting: BTreeMap::new(),
            letting_go: BTreeMap::new(),
        }
    }
}

impl GarbageCollector {
    pub(crate) fn run(&mut self, ctx: &mut Ctx) {
        self.worker.run(ctx);
    }

    // ---- the graph ----

    pub(crate) fn on_change(&mut self, change: &CacheChange, caches: &Caches, ctx: &mut Ctx) {
        let (kind, old, new) = metas(change);
        if let (Some(old), Some(new)) = (old, new)
            && Rc::ptr_eq(&old.common, &new.common)
            && old.is_terminating() == new.is_terminating()
        {
            return;
        }
        self.index(kind, old, new);
        match (old, new) {
            (Some(old), None) => self.object_is_gone(old, caches, ctx),
            (_, Some(new)) => {
                if old.is_none_or(|old| old.common.owners != new.common.owners) {
                    self.check_owners(kind, new, ctx);
                }
                if new.is_terminating() && !new.common.finalizers.is_empty() {
                    self.process_finalizers(kind, new, ctx);
                }
            }
            (None, None) => {}
        }
    }

    fn index(&mut self, kind: Kind, old: Option<&ObjectMeta>, new: Option<&ObjectMeta>) {
        if kind != Kind::Pod && kind != Kind::Lease {
            if let Some(old) = old {
                self.present.remove(&old.uid);
            }
            if let Some(new) = new {
                self.present.insert(new.uid, ());
            }
        }
        for (meta, add) in old.map(|meta| (meta, false)).into_iter().chain(new.map(|meta| (meta, true))) {
            for owner in indexed(kind, meta) {
                let items = self.dependents.entry(owner.uid).or_default();
                let item = item(kind, meta);
                match (items.binary_search(&item), add) {
                    (Err(at), true) => items.insert(at, item),
                    (Ok(at), false) => drop(items.remove(at)),
                    _ => {}
                }
                if items.is_empty() {
                    self.dependents.remove(&owner.uid);
                }
            }
        }
    }

    /// Everything that names `owner` among its owners, and whether it holds up the owner's deletion.
    fn dependents<'a>(&'a self, owner: Uid, caches: &'a Caches) -> impl Iterator<Item = (Item, bool)> + 'a {
        let pods = caches.pods.controlled(owner).map(|pod| (Kind::Pod, &pod.meta));
        let others = self.dependents.get(&owner).into_iter().flatten();
        let others = others.filter_map(|item| Some((item.kind, find(item, caches)?)));
        pods.chain(others).map(move |(kind, meta)| {
            let mut references = meta.common.owners.iter().filter(|reference| reference.uid == owner);
            (item(kind, meta), references.any(|reference| reference.block_owner_deletion))
        })
    }

    /// Background deletion: the owner has vanished, now its dependents go, each in its own way (DS-066).
    fn object_is_gone(&mut self, gone: &ObjectMeta, caches: &Caches, ctx: &mut Ctx) {
        if self.absent.len() >= ABSENT_OWNERS {
            self.absent.clear();
        }
        let dependents: Vec<Item> = self.dependents(gone.uid, caches).map(|(item, _)| item).collect();
        if !dependents.is_empty() {
            self.absent.insert(gone.uid);
        }
        for dependent in dependents {
            self.worker.add(Work::AttemptToDelete(dependent), ctx);
        }
        self.waiting.remove(&gone.uid);
        // It may have been the last of those that held up an owner (DS-067).
        for owner in &gone.common.owners {
            if let Some(item) = self.waiting.get(&owner.uid) {
                self.worker.add(Work::MoreForeground(item.clone()), ctx);
            }
        }
    }

    /// A new object, or one with other owners: they may not exist, or wait for it.
    fn check_owners(&mut self, kind: Kind, meta: &ObjectMeta, ctx: &mut Ctx) {
        let doubtful = |owner: &OwnerReference| {
            !self.present.contains_key(&owner.uid) || self.waiting.contains_key(&owner.uid)
        };
        if meta.common.owners.iter().any(doubtful) {
            self.worker.add(Work::AttemptToDelete(item(kind, meta)), ctx);
        }
    }

    fn process_finalizers(&mut self, kind: Kind, owner: &ObjectMeta, ctx: &mut Ctx) {
        let item = item(kind, owner);
        if has_finalizer(owner, ORPHAN) {
            if !self.letting_go.contains_key(&owner.uid) {
                self.worker.add(Work::Orphan(item), ctx);
            }
        } else if has_finalizer(owner, FOREGROUND) && !self.waiting.contains_key(&owner.uid) {
            self.waiting.insert(owner.uid, item.clone());
            self.worker.add(Work::Foreground(item), ctx);
        }
    }

    // ---- the work ----

    pub(crate) fn on_timer(&mut self, caches: &Caches, ctx: &mut Ctx) {
        for work in self.worker.take(ctx) {
            self.process(work, caches, ctx);
        }
        self.worker.settle(ctx);
    }

    fn process(&mut self, work: Work, caches: &Caches, ctx: &mut Ctx) {
        let call = match &work {
            Work::AttemptToDelete(item) => self.attempt_to_delete(item, caches, ctx),
            Work::Look(_, _, kind, key) => Some(Call::Get { kind: *kind, key: key.clone() }),
            Work::Foreground(item) | Work::MoreForeground(item) => {
                let first = matches!(work, Work::Foreground(_));
                self.process_deleting_dependents(item, first, caches, ctx);
                None
            }
            Work::Orphan(item) => {
                self.orphan_dependents(item, caches, ctx);
                None
            }
            Work::Release(item, owner) => Some(patch(item, Patch::Owner { add: None, remove: Some(*owner) })),
            Work::RemoveFinalizer(item, finalizer) => find(item, caches).map(|meta| {
                let names = meta.common.finalizers.iter().map(|name| &**name);
                let kept: Vec<&str> = names.filter(|name| name != finalizer).collect();
                patch(item, Patch::Merge(Rc::new(json!({"metadata": {"finalizers": kept}}))))
            }),
        };
        match call {
            Some(call) => self.worker.ask(work, call, ctx),
            None => self.worker.done(&work, ctx),
        }
    }

    /// Kubernetes: attemptToDeleteItem.
    fn attempt_to_delete(&mut self, item: &Item, caches: &Caches, ctx: &mut Ctx) -> Option<Call> {
        let meta = find(item, caches)?;
        if meta.is_terminating() || meta.common.owners.is_empty() {
            return None;
        }
        let (mut solid, mut dangling) = (false, Vec::new());
        for owner in &meta.common.owners {
            if self.absent.contains(&owner.uid) || self.waiting.contains_key(&owner.uid) {
                dangling.push(owner.uid);
            } else if self.present.contains_key(&owner.uid) {
                solid = true;
            } else {
                // Not in the caches; the API server knows.
                let kind = Kind::of(&owner.api_version, &owner.kind)?;
                let namespace = if kind.is_namespaced() { &**meta.namespace() } else { "" };
                let key = Key::new(namespace, &owner.name);
                self.worker.add(Work::Look(item.clone(), owner.uid, kind, key), ctx);
                return None;
            }
        }
        if !solid {
            let propagation = match () {
                () if has_finalizer(meta, ORPHAN) => Propagation::Orphan,
                () if has_finalizer(meta, FOREGROUND) => Propagation::Foreground,
                () => Propagation::Background,
            };
            let options = DeleteOptions { uid: Some(item.uid), propagation, ..DeleteOptions::default() };
            return Some(Call::Delete { kind: item.kind, key: item.key.clone(), options });
        }
        // It has another owner, and only loses the reference.
        let gone = dangling.first()?;
        Some(patch(item, Patch::Owner { add: None, remove: Some(*gone) }))
    }

    /// Kubernetes: processDeletingDependentsItem. Rule: DS-067.
    fn process_deleting_dependents(&mut self, owner: &Item, first: bool, caches: &Caches, ctx: &mut Ctx) {
        let blocking = self.dependents(owner.uid, caches).filter(|(_, blocks)| *blocks);
        let deletable: Vec<Item> = match first {
            true => blocking.map(|(item, _)| item).collect(),
            // Those that are left were asked to go at first.
            false => blocking.map(|(item, _)| item).take(1).collect(),
        };
        if deletable.is_empty() {
            self.worker.add(Work::RemoveFinalizer(owner.clone(), FOREGROUND), ctx);
        }
        for item in deletable {
            self.worker.add(Work::AttemptToDelete(item), ctx);
        }
    }

    /// Kubernetes: orphanDependents. Rule: DS-068.
    fn orphan_dependents(&mut self, owner: &Item, caches: &Caches, ctx: &mut Ctx) {
        let dependents: Vec<Item> = self.dependents(owner.uid, caches).map(|(item, _)| item).collect();
        if dependents.is_empty() {
            self.worker.add(Work::RemoveFinalizer(owner.clone(), ORPHAN), ctx);
            return;
        }
        self.letting_go.insert(owner.uid, (owner.clone(), dependents.len() as u32));
        for dependent in dependents {
            self.worker.add(Work::Release(dependent, owner.uid), ctx);
        }
    }

    pub(crate) fn on_answer(&mut self, request: u64, answer: &Answer, ctx: &mut Ctx) {
        let Some(work) = self.worker.answered(request) else { return };
        if let Work::Look(item, owner, ..) = &work {
            let found = match &answer.result {
                Ok(reply) => reply.object().and_then(|object| object.meta()).map(|meta| meta.uid),
                Err(_) => None,
            };
            if outcome(answer) != Outcome::Failed && found != Some(*owner) {
                self.absent.insert(*owner);
                self.worker.add(Work::AttemptToDelete(item.clone()), ctx);
            }
        }
        let released = match &work {
            Work::Release(_, owner) => Some(*owner),
            _ => None,
        };
        let ended = self.worker.finish(work, answer, ctx) != Outcome::Failed;
        if let Some(owner) = released.filter(|_| ended) {
            self.let_go_of_one(owner, ctx);
        }
    }

    fn let_go_of_one(&mut self, owner: Uid, ctx: &mut Ctx) {
        if let Some((item, left)) = self.letting_go.get_mut(&owner) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                let item = item.clone();
                self.letting_go.remove(&owner);
                self.worker.add(Work::RemoveFinalizer(item, ORPHAN), ctx);
            }
        }
    }
}

fn patch(item: &Item, patch: Patch) -> Call {
    let (kind, key, uid) = (item.kind, item.key.clone(), Some(item.uid));
    Call::Patch { kind, key, uid, patch, validation: FieldValidation::Ignore }
}

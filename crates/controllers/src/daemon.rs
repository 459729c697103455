//! The DaemonSet controller: one pod of each DaemonSet on every node that should have one.
//!
//! What the caches learn arrives in the handlers below, which queue DaemonSets; two workers take them from the
//! queue and sync them (`daemon/sync.rs`). A sync waits for answers, so each of its parts keeps how far it has come.
//!
//! Kubernetes: pkg/controller/daemon/daemon_controller.go.

mod claims;
mod construct_history;
mod events;
pub mod explain;
pub mod history;
mod manage;
pub mod nodes;
mod part;
pub(crate) mod placement;
pub mod pods;
pub mod status;
mod sync;
mod sync_nodes;
pub mod update;

#[cfg(test)]
mod tests;

use std::rc::Rc;

use self::construct_history::KnownHistory;
use self::nodes::{Basis, DaemonTemplate, Verdict, allows_surge, node_should_run_daemon_pod};
use self::placement::{Placement, with_pods_on};
use self::pods::{PodTemplateInstance, template_generation};
use self::sync::Sync;
use api::daemonset::{ControllerRevision, DaemonSet};
use api::event::ObjectRef;
use api::meta::{CommonMeta, Name, ObjectMeta, Uid};
use api::node::Node;
use api::object::{Key, Kind};
use api::pod::Pod;
use api::status_error::StatusError;
use client::backoff::Backoff;
use client::expectations::Expectations;
use client::hash::LookupMap;
use client::informer::{CacheChange, Caches, Change, NodeId, PodChange};
use client::recorder::Recorder;
use client::workqueue::WorkQueue;
use sim::{Duration, SortedMap, SortedSet, Time};
use wire::{Call, Controller, ControllerTimer, Ctx, DeleteOptions, Timer, Token};

/// At most this many pods are created, and as many deleted, in one sync (DS-025).
pub(crate) const BURST_REPLICAS: usize = 250;
/// How many DaemonSets are synced at once (DS-034).
const WORKERS: usize = 2;
const FAILED_PODS_BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15 * 60));

/// A DaemonSet's number in the storage.
pub(crate) type SetId = u32;

/// The token of a request: `n` is its number among those that the sync sent together.
fn token(sync: u64, n: usize) -> Token {
    Token::Controller { controller: Controller::DaemonSet, sync, nth: n as u16 }
}

fn delete(kind: Kind, key: Key) -> Call {
    Call::Delete { kind, key, options: DeleteOptions::default() }
}

/// A DaemonSet's revisions: the hash of the present one, and the old ones.
#[derive(Clone, Debug)]
struct Revisions {
    hash: Name,
    old: Vec<Rc<ControllerRevision>>,
}

impl Revisions {
    fn new(hash: Name, old: &[Rc<ControllerRevision>]) -> Rc<Revisions> {
        Rc::new(Revisions { hash, old: old.to_vec() })
    }
}

/// What the controller keeps of one DaemonSet.
#[derive(Clone, Debug)]
pub struct SetState {
    /// As the cache has it.
    pub ds: Rc<DaemonSet>,
    deleted: bool,
    regarding: Rc<ObjectRef>,
    template: DaemonTemplate,
    instance: Option<PodTemplateInstance>,
    placement: Placement,
    owned: Owned,
    history: KnownHistory,
    /// How the API server answered when a pod was to be made last, if it refused.
    refusal: Option<Rc<StatusError>>,
}

/// Pods whose owner references do not say what their labels say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owned {
    /// Controlled by the DaemonSet, but not selected by it (DS-039).
    unmatched: SortedSet<u32>,
    /// Of those, the ones whose release was accepted.
    released: SortedSet<u32>,
    /// Selected by the DaemonSet, without a controller (DS-040).
    adoptable: SortedSet<u32>,
    /// Of those, the ones whose adoption was accepted: they count, though the cache does not show it yet.
    adopted: SortedMap<u32, NodeId>,
    /// Metadata that was found to match last; siblings share it.
    matching: Option<Rc<CommonMeta>>,
}

impl Owned {
    fn matches(&mut self, ds: &DaemonSet, meta: &ObjectMeta) -> bool {
        if self.matching.as_ref().is_some_and(|common| Rc::ptr_eq(common, &meta.common)) {
            return true;
        }
        let matches = ds.selector.matches_map(meta.labels());
        if matches {
            self.matching = Some(meta.common.clone());
        }
        matches
    }

    /// Whether a controlled pod is one of the DaemonSet's own by its labels too.
    fn keeps(&self, serial: u32) -> bool {
        self.unmatched.is_empty() || !self.unmatched.contains(&serial)
    }

    /// Pods on a node whose adoption the cache does not show yet.
    fn adopted_on(&self, node: NodeId) -> impl Iterator<Item = u32> + '_ {
        self.adopted.iter().filter(move |(_, target)| **target == node).map(|(serial, _)| *serial)
    }

    fn forget(&mut self, serial: u32) {
        for set in [&mut self.unmatched, &mut self.released, &mut self.adoptable] {
            if !set.is_empty() {
                set.remove(&serial);
            }
        }
        if !self.adopted.is_empty() {
            self.adopted.remove(&serial);
        }
    }
}

impl SetState {
    fn new(ds: &Rc<DaemonSet>) -> SetState {
        SetState {
            ds: ds.clone(),
            deleted: false,
            regarding: ObjectRef::of(Kind::DaemonSet, &ds.meta),
            template: DaemonTemplate::new(&ds.template),
            instance: None,
            placement: Placement::default(),
            owned: Owned::default(),
            history: KnownHistory::default(),
            refusal: None,
        }
    }

    fn template_of(&mut self, ds: &DaemonSet) -> DaemonTemplate {
        if !self.template.is_of(&ds.template) {
            self.template = DaemonTemplate::new(&ds.template);
        }
        self.template.clone()
    }

    /// What decides about the pods of this version of the DaemonSet, with the hash of its revision.
    fn basis(&mut self, ds: &DaemonSet, hash: &Name) -> Basis {
        Basis {
            template: self.template_of(ds),
            hash: hash.clone(),
            generation: template_generation(ds),
            min_ready: ds.min_ready,
            allows_surge: allows_surge(ds),
        }
    }

    /// Brings the placement up to date.
    fn refresh(&mut self, ds: &DaemonSet, hash: &Name, caches: &Caches, now: Time) {
        let basis = self.basis(ds, hash);
        self.placement.refresh(ds.meta.uid, basis, caches, &self.owned, now);
    }

    /// What the pods of a revision are made from.
    fn pod_template_instance(&mut self, ds: &DaemonSet, hash: &Name) -> &PodTemplateInstance {
        let basis = self.basis(ds, hash);
        let instance = match self.instance.take() {
            Some(instance) if instance.fits(ds, &basis) => instance,
            _ => {
                let instance = PodTemplateInstance::new(ds, &basis);
                let matches = ds.selector.matches_map(&instance.common().labels);
                self.owned.matching = matches.then(|| instance.common().clone());
                instance
            }
        };
        self.instance.insert(instance)
    }

    /// Where the DaemonSet stands on every node, as the last sync saw it.
    pub fn placement(&self) -> &Placement {
        &self.placement
    }

    /// Calls `f` with the DaemonSet's pods that count on a node.
    ///
    /// Kubernetes: getNodesToDaemonPods.
    pub fn with_pods_on<T>(&self, node: NodeId, caches: &Caches, f: impl FnOnce(&[&Pod]) -> T) -> T {
        with_pods_on(self.ds.meta.uid, node, caches, &self.owned, f)
    }
}

/// The controller.
#[derive(Clone, Debug)]
pub struct DaemonSetsController {
    sets: SortedMap<SetId, SetState>,
    by_uid: LookupMap<Uid, SetId>,
    queue: WorkQueue<SetId>,
    node_update_queue: WorkQueue<NodeId>,
    expectations: Expectations<SetId>,
    failed_pods_backoff: Backoff<(Uid, u32, NodeId)>,
    recorder: Recorder,
    workers: Vec<Option<Sync>>,
    next_sync: u64,
    running: bool,
    work_due: bool,
    delayed_due: Option<Time>,
    /// How the last sync that ended went wrong, if it did.
    pub last_error: Option<String>,
}

impl Default for DaemonSetsController {
    fn default() -> Self {
        DaemonSetsController {
            sets: SortedMap::new(),
            by_uid: LookupMap::default(),
            queue: WorkQueue::default(),
            node_update_queue: WorkQueue::default(),
            expectations: Expectations::default(),
            failed_pods_backoff: Backoff::new(FAILED_PODS_BACKOFF.0, FAILED_PODS_BACKOFF.1),
            recorder: Recorder::new("daemonset-controller"),
            workers: vec![None; WORKERS],
            next_sync: 1,
            running: false,
            work_due: false,
            delayed_due: None,
            last_error: None,
        }
    }
}

fn controller_uid(pod: Option<&Rc<Pod>>) -> Option<Uid> {
    pod?.meta.controller().map(|owner| owner.uid)
}

impl DaemonSetsController {
    /// How many times a node was looked at for a DaemonSet: what guards compare.
    pub fn looks(&self) -> u64 {
        self.sets.values().map(|state| state.placement.looks).sum()
    }

    /// Starts the workers. The caches are full.
    pub(crate) fn run(&mut self, ctx: &mut Ctx) {
        self.running = true;
        self.kick(ctx);
    }

    /// Sets a timer for queued work, so that it is done after the present batch of changes.
    fn kick(&mut self, ctx: &mut Ctx) {
        let work = !self.node_update_queue.is_empty()
            || (!self.queue.is_empty() && self.workers.iter().any(Option::is_none));
        if work && self.running && !self.work_due {
            self.work_due = true;
            ctx.wake_at(ctx.now, Timer::Controller(Controller::DaemonSet, ControllerTimer::Work));
        }
        if let Some(due) = self.queue.next_due()
            && self.delayed_due.is_none_or(|at| at > due || at < ctx.now)
        {
            self.delayed_due = Some(due);
            ctx.wake_at(due, Timer::Controller(Controller::DaemonSet, ControllerTimer::Delayed));
        }
    }

    pub(crate) fn on_timer(&mut self, timer: Timer, caches: &Caches, ctx: &mut Ctx) {
        match timer {
            Timer::Controller(_, ControllerTimer::Work) => {
                self.work_due = false;
                self.work(caches, ctx);
            }
            _ => {
                self.delayed_due = None;
                self.queue.poll(ctx.now);
            }
        }
        self.kick(ctx);
    }

    fn work(&mut self, caches: &Caches, ctx: &mut Ctx) {
        self.work_on_nodes(caches);
        self.failed_pods_backoff.gc(ctx.now);
        while let Some(worker) = self.workers.iter().position(Option::is_none) {
            let Some(set) = self.queue.get() else { return };
            self.start_sync(worker, set, caches, ctx);
        }
    }

    // ---- handlers ----

    pub(crate) fn on_change(&mut self, change: &CacheChange, caches: &Caches, ctx: &mut Ctx) {
        match change {
            CacheChange::Pod(change) => self.on_pod(change, ctx),
            CacheChange::Node(id, change) => self.on_node(*id, change),
            CacheChange::DaemonSet(change) => self.on_daemon_set(change, caches),
            CacheChange::ControllerRevision(change) => self.on_history(change),
            CacheChange::Lease(_) | CacheChange::Other(..) => return,
        }
        self.kick(ctx);
    }

    fn on_daemon_set(&mut self, change: &Change<DaemonSet>, caches: &Caches) {
        let (old, new) = (&change.old, &change.new);
        if let Some(old) = old
            && new.as_ref().is_none_or(|new| new.meta.uid != old.meta.uid)
        {
            self.delete_daemon_set(old);
        }
        let Some(ds) = new else { return };
        let set = ds.meta.serial;
        match self.sets.get_mut(&set) {
            Some(state) => {
                state.ds = ds.clone();
                state.template_of(ds);
            }
            None => self.add_daemon_set(ds, caches),
        }
        self.queue.add(set);
    }

    fn add_daemon_set(&mut self, ds: &Rc<DaemonSet>, caches: &Caches) {
        let mut state = SetState::new(ds);
        for pod in caches.pods.controlled(ds.meta.uid) {
            if !state.owned.matches(ds, &pod.meta) {
                state.owned.unmatched.insert(pod.meta.serial);
            }
        }
        for pod in caches.pods.orphans(ds.meta.namespace()) {
            if ds.selector.matches_map(pod.meta.labels()) {
                state.owned.adoptable.insert(pod.meta.serial);
            }
        }
        self.by_uid.insert(ds.meta.uid, ds.meta.serial);
        self.sets.insert(ds.meta.serial, state);
    }

    fn delete_daemon_set(&mut self, ds: &DaemonSet) {
        let set = ds.meta.serial;
        self.by_uid.remove(&ds.meta.uid);
        self.expectations.delete_expectations(&set);
        if let Some(state) = self.sets.get_mut(&set) {
            state.deleted = true;
            self.queue.add(set);
        }
    }

    /// Kubernetes: addNode, updateNode. Rule: DS-012.
    fn on_node(&mut self, id: NodeId, change: &Change<Node>) {
        if let (Some(old), Some(new)) = (&change.old, &change.new)
            && old.meta.labels() == new.meta.labels()
            && old.taints == new.taints
        {
            return;
        }
        for state in self.sets.values_mut() {
            state.placement.touch_node(id);
        }
        if change.new.is_some() {
            self.node_update_queue.add(id);
        }
    }

    /// Queues the DaemonSets for which the node's change means something.
    ///
    /// Kubernetes: syncNodeUpdate. Rules: DS-013, DS-014.
    fn sync_node_update(&mut self, id: NodeId, caches: &Caches) {
        let Some(node) = caches.nodes.get(id) else { return };
        for (set, state) in self.sets.iter().filter(|(_, state)| !state.deleted) {
            let Verdict { should_run, should_continue_running } =
                node_should_run_daemon_pod(node, &state.template);
            let mut pods = caches.pods.controlled_on(state.ds.meta.uid, id);
            let scheduled = pods.any(|pod| pod.node_name.is_some());
            let counts_change = scheduled && state.ds.status.number_misscheduled > 0;
            if should_run && !scheduled || !should_continue_running && scheduled || counts_change {
                self.queue.add(*set);
            }
        }
    }

    fn on_pod(&mut self, change: &PodChange, ctx: &mut Ctx) {
        let (old, new) = (change.old.as_ref(), change.new.as_ref());
        let shared = match (old, new) {
            (Some(old), Some(new)) => Rc::ptr_eq(&old.meta.common, &new.meta.common),
            _ => false,
        };
        let new_owner = controller_uid(new);
        let old_owner = if shared { new_owner } else { controller_uid(old) };
        let find = |uid: Option<Uid>| uid.and_then(|uid| self.by_uid.get(&uid).copied());
        let (old_set, new_set) = (find(old_owner), find(new_owner));
        self.place_pod(change, old_set, new_set, shared);
        if (old_owner.is_none() && old.is_some()) || (new_owner.is_none() && new.is_some()) {
            self.place_orphan(change);
        }
        match (old, new) {
            (None, Some(pod)) => self.add_pod(pod, new_set),
            (Some(old), Some(pod)) => self.update_pod(old, pod, old_set, new_set, ctx.now),
            (Some(pod), None) => self.delete_pod(pod, old_set),
            (None, None) => {}
        }
    }

    /// Notes where the pod's DaemonSets have to look again.
    fn place_pod(&mut self, change: &PodChange, old: Option<SetId>, new: Option<SetId>, shared: bool) {
        let Some(pod) = change.new.as_ref().or(change.old.as_ref()) else { return };
        if let Some(state) = old.and_then(|set| self.sets.get_mut(&set)) {
            state.placement.touch(change.old_target);
            if !shared {
                state.owned.forget(pod.meta.serial);
            }
        }
        if let Some(state) = new.and_then(|set| self.sets.get_mut(&set)) {
            state.placement.touch(change.target);
            if !shared {
                state.owned.forget(pod.meta.serial);
                if !state.owned.matches(&state.ds, &pod.meta) {
                    state.owned.unmatched.insert(pod.meta.serial);
                }
            }
        }
    }

    /// Notes which DaemonSets may adopt a pod without a controller.
    fn place_orphan(&mut self, change: &PodChange) {
        let Some(pod) = change.new.as_ref().or(change.old.as_ref()) else { return };
        let orphan = change.new.as_ref().filter(|pod| pod.meta.controller().is_none());
        for state in self.sets.values_mut() {
            if state.owned.adopted.remove(&pod.meta.serial).is_some() {
                state.placement.touch(change.old_target);
            }
            state.owned.adoptable.remove(&pod.meta.serial);
            if let Some(pod) = orphan
                && state.ds.meta.namespace() == pod.meta.namespace()
                && state.ds.selector.matches_map(pod.meta.labels())
            {
                state.owned.adoptable.insert(pod.meta.serial);
            }
        }
    }

    /// Kubernetes: addPod.
    fn add_pod(&mut self, pod: &Rc<Pod>, set: Option<SetId>) {
        if pod.meta.is_terminating() {
            return self.delete_pod(pod, set);
        }
        if let Some(set) = set {
            self.expectations.creation_observed(&set);
            self.queue.add(set);
        } else if pod.meta.controller().is_none() {
            self.enqueue_sets_for_orphan(pod);
        }
    }

    /// Kubernetes: updatePod. Rules: DS-028, DS-050.
    fn update_pod(
        &mut self,
        old: &Pod,
        pod: &Rc<Pod>,
        old_set: Option<SetId>,
        set: Option<SetId>,
        now: Time,
    ) {
        if pod.meta.is_terminating() {
            return self.delete_pod(pod, set);
        }
        if old_set != set
            && let Some(old_set) = old_set
        {
            self.queue.add(old_set);
        }
        if pod.meta.controller().is_some() {
            let Some(set) = set else { return };
            self.queue.add(set);
            let min_ready = self.sets.get(&set).map_or(Duration::ZERO, |state| state.ds.min_ready);
            if min_ready > Duration::ZERO && !old.is_ready() && pod.is_ready() {
                self.queue.add_after(set, min_ready + Duration::from_secs(1), now);
            }
        } else if old.meta.labels() != pod.meta.labels() || old.meta.controller().is_some() {
            self.enqueue_sets_for_orphan(pod);
        }
    }

    /// Kubernetes: deletePod.
    fn delete_pod(&mut self, _pod: &Pod, set: Option<SetId>) {
        if let Some(set) = set {
            self.expectations.deletion_observed(&set);
            self.queue.add(set);
        }
    }

    /// Kubernetes: getDaemonSetsForPod.
    fn enqueue_sets_for_orphan(&mut self, pod: &Pod) {
        for (set, state) in &self.sets {
            if !pod.meta.labels().is_empty()
                && !state.deleted
                && !state.ds.selector.is_everything()
                && state.owned.adoptable.contains(&pod.meta.serial)
            {
                self.queue.add(*set);
            }
        }
    }

    /// Kubernetes: addHistory, updateHistory, deleteHistory.
    fn on_history(&mut self, change: &Change<ControllerRevision>) {
        let owner = |revision: &Option<Rc<ControllerRevision>>| {
            let uid = revision.as_ref()?.meta.controller()?.uid;
            self.by_uid.get(&uid).copied()
        };
        let (old_set, new_set) = (owner(&change.old), owner(&change.new));
        for set in [old_set, new_set].into_iter().flatten() {
            if let Some(state) = self.sets.get_mut(&set) {
                state.history.forget();
            }
        }
        let going = |revision: &ControllerRevision| revision.meta.is_terminating();
        match (&change.old, &change.new) {
            (_, None) => self.queue_all([old_set]),
            (None, Some(new)) if going(new) => self.queue_all([new_set]),
            (None, Some(new)) => self.enqueue_sets_for_orphan_history(None, new),
            (Some(old), Some(new)) => {
                if old_set != new_set {
                    self.queue_all([old_set]);
                }
                self.queue_all([new_set]);
                self.enqueue_sets_for_orphan_history(Some(old), new);
            }
        }
    }

    fn queue_all(&mut self, sets: impl IntoIterator<Item = Option<SetId>>) {
        for set in sets.into_iter().flatten() {
            self.queue.add(set);
        }
    }

    /// Kubernetes: getDaemonSetsForHistory.
    fn enqueue_sets_for_orphan_history(
        &mut self,
        old: Option<&ControllerRevision>,
        new: &ControllerRevision,
    ) {
        if new.meta.controller().is_some() || new.meta.labels().is_empty() {
            return;
        }
        let news =
            old.is_none_or(|old| old.meta.labels() != new.meta.labels() || old.meta.controller().is_some());
        for (set, state) in self.sets.iter_mut().filter(|(_, state)| !state.deleted) {
            let ds = &state.ds;
            if ds.meta.namespace() == new.meta.namespace()
                && !ds.selector.is_everything()
                && ds.selector.matches_map(new.meta.labels())
            {
                state.history.forget();
                if news {
                    self.queue.add(*set);
                }
            }
        }
    }

    // ---- for tests and pictures ----

    /// The DaemonSets that wait for a worker, in order.
    pub fn queued(&self) -> Vec<Key> {
        let waiting = self.queue.waiting().filter_map(|set| self.sets.get(set));
        waiting.map(|state| Key::of(&state.ds.meta)).collect()
    }

    /// Empties the queue.
    pub fn clear_queue(&mut self) {
        self.queue.clear();
    }

    /// Why the API server did not take the last pod that was made for a DaemonSet; `None` if it did.
    pub fn refusal(&self, uid: Uid) -> Option<&StatusError> {
        self.sets.get(self.by_uid.get(&uid)?)?.refusal.as_deref()
    }

    /// What is kept of the DaemonSet with this key.
    pub fn set(&self, key: &Key) -> Option<&SetState> {
        self.sets.values().find(|state| !state.deleted && Key::of(&state.ds.meta) == *key)
    }

    /// Looks at the nodes that have changed.
    pub fn work_on_nodes(&mut self, caches: &Caches) {
        while let Some(node) = self.node_update_queue.get() {
            self.sync_node_update(node, caches);
            self.node_update_queue.done(&node);
        }
    }

    /// Other delays between deletions of failed pods than those of kube-controller-manager (DS-021).
    pub fn set_failed_pods_backoff(&mut self, initial: Duration, max: Duration) {
        self.failed_pods_backoff = Backoff::new(initial, max);
    }

    /// Makes the next sync believe that something asked for was not seen yet.
    pub fn expect_something(&mut self, key: &Key, now: Time) {
        if let Some(set) = self.set(key).map(|state| state.ds.meta.serial) {
            self.expectations.set_expectations(set, 1, 0, now);
        }
    }

    /// Whether a sync is under way.
    pub fn is_busy(&self) -> bool {
        self.workers.iter().any(Option::is_some)
    }
}

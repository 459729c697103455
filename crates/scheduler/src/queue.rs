//! The pods that wait for a node: those to try next, those that wait out a delay, and those for which
//! trying again would be in vain for now.
//!
//! Kubernetes: pkg/scheduler/backend/queue (scheduling_queue.go, active_queue.go, backoff_queue.go).
//! Rules: SCH-002, SCH-003, SCH-004.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use hashbrown::HashTable;

use super::cache::NodeId;
use super::framework::{Plugin, PluginSet};
use api::meta::Uid;
use api::pod::Pod;
use sim::rng::mix;
use sim::{Duration, Time};

/// podInitialBackoffSeconds and podMaxBackoffSeconds (SCH-003).
pub(crate) const INITIAL_BACKOFF: Duration = Duration::from_secs(1);
pub(crate) const MAX_BACKOFF: Duration = Duration::from_secs(10);
/// Back-offs end together in windows of this length, counted from the epoch; the queue is flushed as often.
///
/// Kubernetes: backoff_queue.go, backoffQOrderingWindowDuration.
pub(crate) const BACKOFF_WINDOW: Duration = Duration::from_secs(1);
/// DefaultPodMaxInUnschedulablePodsDuration (SCH-004).
pub(crate) const MAX_IN_UNSCHEDULABLE: Duration = Duration::from_secs(300);
/// How often the unschedulable pods are looked through for ones that have waited too long.
pub(crate) const UNSCHEDULABLE_FLUSH_PERIOD: Duration = Duration::from_secs(30);

/// With more unschedulable pods than this, one that can only go to one node is not tried again for what happens
/// on others: each event of 5,000 nodes would be an attempt for each of their pods.
const MOST_TRIED_IN_VAIN: usize = 100;

/// A waiting pod's number. It is used again after the pod has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PodIx(pub u32);

/// Where a pod waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Ready to be tried.
    Active,
    Backoff,
    /// In the backoff queue for errors, from which nothing is taken early.
    ErrorBackoff,
    Unschedulable,
    /// Has scheduling gates.
    Gated,
    /// Being scheduled or bound.
    InFlight,
}

/// A pod with its history in the queue.
///
/// Kubernetes: pkg/scheduler/framework/types.go, QueuedPodInfo.
#[derive(Clone, Debug)]
pub(crate) struct QueuedPod {
    pub(crate) pod: Rc<Pod>,
    /// The only node it can go to, if there is only one.
    pub(crate) pinned: Option<NodeId>,
    pub(crate) place: Place,
    /// When it was put into the queue: at first, and after each failure.
    pub(crate) timestamp: Time,
    pub(crate) attempts: u32,
    pub(crate) unschedulable_count: u32,
    pub(crate) consecutive_errors: u32,
    /// The window in which its back-off ends; `None` if it has not been worked out since the last failure.
    backoff_expiration: Option<Time>,
    /// The plugins that rejected it last (SCH-004).
    pub(crate) rejected_by: PluginSet,
    /// The node it has made room on by preemption.
    pub(crate) nominated: Option<NodeId>,
    /// In which order pods of the same priority and time came.
    seq: u64,
}

type ActiveKey = (Reverse<i32>, Time, u64);

impl QueuedPod {
    /// Higher priority first, then the earlier (SCH-002).
    ///
    /// Kubernetes: pkg/scheduler/framework/plugins/queuesort/priority_sort.go.
    fn active_key(&self) -> ActiveKey {
        (Reverse(self.pod.spec.priority), self.timestamp, self.seq)
    }

    /// 1 s doubled with each failure, 10 s at most (SCH-003).
    ///
    /// Kubernetes: backoff_queue.go, calculateBackoffDuration.
    pub(crate) fn backoff_duration(&self) -> Duration {
        let failures = match self.consecutive_errors {
            0 => self.unschedulable_count,
            errors => errors,
        };
        if failures == 0 {
            return Duration::ZERO;
        }
        let doubled = INITIAL_BACKOFF.0.checked_shl(failures - 1).filter(|_| failures < 32);
        Duration(doubled.unwrap_or(MAX_BACKOFF.0).min(MAX_BACKOFF.0))
    }

    fn backoff_expiration(&mut self) -> Time {
        match self.backoff_expiration {
            Some(time) => time,
            None => {
                let time = align_to_window(self.timestamp + self.backoff_duration());
                self.backoff_expiration = Some(time);
                time
            }
        }
    }

    /// Whether its delay still runs. A window counts until its end.
    fn is_backing_off(&mut self, now: Time) -> bool {
        self.backoff_duration() > Duration::ZERO && self.backoff_expiration() >= align_to_window(now)
    }

    /// Rejected only for what its one node is like.
    fn waits_for_its_node_only(&self) -> bool {
        self.rejected_by.and(NOT_LOCAL).is_empty()
    }
}

/// The plugins whose verdict on one node depends on other nodes or objects too.
const NOT_LOCAL: PluginSet = PluginSet::of(Plugin::PodTopologySpread)
    .with(Plugin::InterPodAffinity)
    .with(Plugin::VolumeBinding)
    .with(Plugin::VolumeRestrictions)
    .with(Plugin::DynamicResources);

fn align_to_window(time: Time) -> Time {
    Time(time.0 / BACKOFF_WINDOW.0 * BACKOFF_WINDOW.0)
}

fn hash_of(uid: Uid) -> u64 {
    mix(uid.low ^ uid.high.rotate_left(32))
}

/// All waiting pods.
#[derive(Clone, Debug, Default)]
pub(crate) struct SchedulingQueue {
    slots: Vec<Option<QueuedPod>>,
    free: Vec<u32>,
    by_uid: HashTable<(Uid, u32)>,
    next_seq: u64,
    active: BTreeMap<ActiveKey, PodIx>,
    backoff: BTreeMap<(Time, ActiveKey), PodIx>,
    error_backoff: BTreeMap<(Time, ActiveKey), PodIx>,
    /// The unschedulable pods, longest waiting first.
    unschedulable: BTreeSet<(Time, PodIx)>,
    /// Those of them that wait for one node, by node: what happens elsewhere does not concern them.
    by_node: BTreeSet<(NodeId, PodIx)>,
    /// The others.
    roaming: BTreeSet<PodIx>,
    nominated: BTreeSet<(NodeId, PodIx)>,
    /// How many of the others each plugin rejected.
    roaming_by_plugin: [u32; Plugin::ALL.len()],
}

impl SchedulingQueue {
    pub(crate) fn get(&self, ix: PodIx) -> Option<&QueuedPod> {
        self.slots.get(ix.0 as usize)?.as_ref()
    }

    fn get_mut(&mut self, ix: PodIx) -> Option<&mut QueuedPod> {
        self.slots.get_mut(ix.0 as usize)?.as_mut()
    }

    pub(crate) fn find(&self, uid: Uid) -> Option<PodIx> {
        self.by_uid.find(hash_of(uid), |(have, _)| *have == uid).map(|(_, ix)| PodIx(*ix))
    }

    /// All pods, in no order that means anything.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (PodIx, &QueuedPod)> {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(at, slot)| Some((PodIx(at as u32), slot.as_ref()?)))
    }

    /// How many pods wait in (active, backoff, unschedulable).
    #[cfg(test)]
    pub(crate) fn lengths(&self) -> (usize, usize, usize) {
        (self.active.len(), self.backoff.len() + self.error_backoff.len(), self.unschedulable.len())
    }

    /// Takes in a pod that nobody knew; it is ready at once unless it is gated.
    pub(crate) fn add(&mut self, pod: Rc<Pod>, pinned: Option<NodeId>, now: Time) -> PodIx {
        let uid = pod.meta.uid;
        let seq = self.next_seq();
        let gated = pod.spec.scheduling.gated;
        let queued = QueuedPod {
            pod,
            pinned,
            place: Place::InFlight,
            timestamp: now,
            attempts: 0,
            unschedulable_count: 0,
            consecutive_errors: 0,
            backoff_expiration: None,
            rejected_by: PluginSet::NONE,
            nominated: None,
            seq,
        };
        let ix = match self.free.pop() {
            Some(at) => {
                self.slots[at as usize] = Some(queued);
                PodIx(at)
            }
            None => {
                self.slots.push(Some(queued));
                PodIx((self.slots.len() - 1) as u32)
            }
        };
        self.by_uid.insert_unique(hash_of(uid), (uid, ix.0), |(uid, _)| hash_of(*uid));
        self.put(ix, if gated { Place::Gated } else { Place::Active });
        ix
    }

    fn next_seq(&mut self) -> u64 {
        self.next_seq += 1;
        self.next_seq
    }

    /// Reserves room on a node for a pod that has preempted others there, or gives it up.
    ///
    /// Kubernetes: pkg/scheduler/backend/queue/nominator.go.
    pub(crate) fn nominate(&mut self, ix: PodIx, node: Option<NodeId>) {
        let Some(queued) = self.get_mut(ix) else { return };
        if let Some(old) = std::mem::replace(&mut queued.nominated, node) {
            self.nominated.remove(&(old, ix));
        }
        if let Some(node) = node {
            self.nominated.insert((node, ix));
        }
    }

    /// The pods that are nominated to a node.
    pub(crate) fn nominated_to(&self, node: NodeId) -> impl Iterator<Item = PodIx> {
        // Nearly always there are none at all.
        let any = !self.nominated.is_empty();
        let range = any.then(|| self.nominated.range((node, PodIx(0))..=(node, PodIx(u32::MAX))));
        range.into_iter().flatten().map(|(_, ix)| *ix)
    }

    /// Takes a pod out for good.
    pub(crate) fn remove(&mut self, ix: PodIx) -> Option<QueuedPod> {
        self.nominate(ix, None);
        self.take_out(ix);
        let queued = self.slots.get_mut(ix.0 as usize)?.take()?;
        self.free.push(ix.0);
        let uid = queued.pod.meta.uid;
        if let Ok(entry) = self.by_uid.find_entry(hash_of(uid), |(have, _)| *have == uid) {
            entry.remove();
        }
        Some(queued)
    }

    /// Puts a pod, which stands nowhere, where it belongs.
    fn put(&mut self, ix: PodIx, place: Place) {
        let Some(queued) = self.get_mut(ix) else { return };
        queued.place = place;
        let key = queued.active_key();
        match place {
            Place::Active => {
                self.active.insert(key, ix);
            }
            Place::Backoff => {
                let until = queued.backoff_expiration();
                self.backoff.insert((until, key), ix);
            }
            Place::ErrorBackoff => {
                let until = queued.backoff_expiration();
                self.error_backoff.insert((until, key), ix);
            }
            Place::Unschedulable => self.index_unschedulable(ix, true),
            Place::Gated | Place::InFlight => {}
        }
    }

    /// Takes a pod from where it stands; it is in flight then.
    fn take_out(&mut self, ix: PodIx) {
        let Some(queued) = self.get_mut(ix) else { return };
        let place = queued.place;
        let key = queued.active_key();
        match place {
            Place::Active => {
                self.active.remove(&key);
            }
            Place::Backoff => {
                let until = queued.backoff_expiration();
                self.backoff.remove(&(until, key));
            }
            Place::ErrorBackoff => {
                let until = queued.backoff_expiration();
                self.error_backoff.remove(&(until, key));
            }
            Place::Unschedulable => self.index_unschedulable(ix, false),
            Place::Gated | Place::InFlight => {}
        }
        if let Some(queued) = self.get_mut(ix) {
            queued.place = Place::InFlight;
        }
    }

    fn index_unschedulable(&mut self, ix: PodIx, put: bool) {
        let Some(queued) = self.get(ix) else { return };
        let (timestamp, rejected_by) = (queued.timestamp, queued.rejected_by);
        let node = queued.pinned.filter(|_| queued.waits_for_its_node_only());
        if put {
            self.unschedulable.insert((timestamp, ix));
        } else {
            self.unschedulable.remove(&(timestamp, ix));
        }
        match node {
            Some(node) if put => {
                self.by_node.insert((node, ix));
            }
            Some(node) => {
                self.by_node.remove(&(node, ix));
            }
            None => {
                if put {
                    self.roaming.insert(ix);
                } else {
                    self.roaming.remove(&ix);
                }
                for plugin in rejected_by.iter() {
                    let count = &mut self.roaming_by_plugin[plugin as usize];
                    *count = if put { *count + 1 } else { count.saturating_sub(1) };
                }
            }
        }
    }

    /// A newer version of a waiting pod. It stands where it stood; see [`SchedulingQueue::requeue`].
    pub(crate) fn replace(&mut self, ix: PodIx, pod: Rc<Pod>) -> Option<Rc<Pod>> {
        let queued = self.get_mut(ix)?;
        if queued.pod.spec.priority == pod.spec.priority {
            return Some(std::mem::replace(&mut queued.pod, pod));
        }
        let place = queued.place;
        self.take_out(ix);
        let old = self.get_mut(ix).map(|queued| std::mem::replace(&mut queued.pod, pod));
        self.put(ix, place);
        old
    }

    /// The next pod to try; it is in flight then, and this is one more attempt.
    ///
    /// When no pod is ready, one is taken from the backoff queue early, unless it failed by an error
    /// (SCH-003, feature SchedulerPopFromBackoffQ).
    pub(crate) fn pop(&mut self) -> Option<PodIx> {
        let first = self.active.pop_first().map(|(_, ix)| ix);
        let ix = first.or_else(|| self.backoff.pop_first().map(|(_, ix)| ix))?;
        let queued = self.get_mut(ix)?;
        queued.place = Place::InFlight;
        queued.attempts = queued.attempts.saturating_add(1);
        queued.rejected_by = PluginSet::NONE;
        Some(ix)
    }

    /// Whether there is a pod to try now.
    pub(crate) fn has_work(&self) -> bool {
        !self.active.is_empty() || !self.backoff.is_empty()
    }

    /// Takes a pod back whose attempt failed: rejected by these plugins, or by none if it was an error.
    ///
    /// Kubernetes: scheduling_queue.go, AddUnschedulableIfNotPresent. No event can come between a pop and
    /// this: a cycle is one instant here.
    pub(crate) fn add_unschedulable(&mut self, ix: PodIx, rejected_by: PluginSet, now: Time) {
        let Some(queued) = self.get_mut(ix) else { return };
        queued.rejected_by = rejected_by;
        if rejected_by.is_empty() {
            queued.consecutive_errors = queued.consecutive_errors.saturating_add(1);
        } else {
            queued.unschedulable_count = queued.unschedulable_count.saturating_add(1);
            queued.consecutive_errors = 0;
        }
        queued.timestamp = now;
        queued.backoff_expiration = None;
        let place = if rejected_by.is_empty() { Place::ErrorBackoff } else { Place::Unschedulable };
        self.put(ix, place);
    }

    /// Moves an unschedulable pod for which something has changed: at once, or after its delay.
    ///
    /// Kubernetes: scheduling_queue.go, requeuePodWithQueueingStrategy.
    pub(crate) fn requeue(&mut self, ix: PodIx, now: Time) {
        let Some(queued) = self.get(ix) else { return };
        if !matches!(queued.place, Place::Unschedulable | Place::Gated) {
            return;
        }
        let gated = queued.pod.spec.scheduling.gated;
        self.take_out(ix);
        let Some(queued) = self.get_mut(ix) else { return };
        let place = match (gated, queued.is_backing_off(now)) {
            (true, _) => Place::Gated,
            (false, true) => Place::Backoff,
            (false, false) => Place::Active,
        };
        self.put(ix, place);
    }

    /// The unschedulable pods that one of the plugins rejected.
    ///
    /// Differs: where very many wait, those that only wait for another node than `node` are left out. Upstream
    /// tries them, in vain.
    pub(crate) fn candidates(&self, node: Option<NodeId>, plugins: PluginSet) -> Vec<PodIx> {
        let mut found = Vec::new();
        if self.unschedulable.len() <= MOST_TRIED_IN_VAIN {
            found.extend(self.unschedulable.iter().map(|(_, ix)| *ix));
        } else {
            if let Some(node) = node {
                let range = (node, PodIx(0))..=(node, PodIx(u32::MAX));
                found.extend(self.by_node.range(range).map(|(_, ix)| *ix));
            }
            if plugins.iter().any(|plugin| self.roaming_by_plugin[plugin as usize] > 0) {
                found.extend(self.roaming.iter());
            }
        }
        found.retain(|ix| self.get(*ix).is_some_and(|queued| !queued.rejected_by.and(plugins).is_empty()));
        found
    }

    /// Whether no pod is unschedulable, so that no event can matter. O(1).
    pub(crate) fn nothing_unschedulable(&self) -> bool {
        self.unschedulable.is_empty()
    }

    /// When the backoff queues are to be flushed next; nothing if nobody waits there.
    pub(crate) fn next_backoff_flush(&self) -> Option<Time> {
        let first = |queue: &BTreeMap<(Time, ActiveKey), PodIx>| queue.keys().next().map(|(until, _)| *until);
        let until = [first(&self.backoff), first(&self.error_backoff)].into_iter().flatten().min()?;
        Some(until + BACKOFF_WINDOW)
    }

    /// Makes the pods whose delay is over ready.
    ///
    /// Kubernetes: flushBackoffQCompleted, which runs at every full second.
    pub(crate) fn flush_backoff(&mut self, now: Time) {
        let ended = (align_to_window(now), (Reverse(i32::MAX), Time(0), 0));
        for errors in [false, true] {
            let queue = if errors { &mut self.error_backoff } else { &mut self.backoff };
            let waiting = queue.split_off(&ended);
            let done = std::mem::replace(queue, waiting);
            for ix in done.into_values() {
                self.put(ix, Place::Active);
            }
        }
    }

    /// When the first unschedulable pod will have waited too long, on the grid of the flushes.
    pub(crate) fn next_unschedulable_flush(&self, started: Time) -> Option<Time> {
        let (oldest, _) = self.unschedulable.first()?;
        // Longer than, not as long as.
        Some((*oldest + MAX_IN_UNSCHEDULABLE + Duration(1)).next_tick(started, UNSCHEDULABLE_FLUSH_PERIOD))
    }

    /// Moves the pods that have been unschedulable for more than 5 minutes (SCH-004).
    ///
    /// Kubernetes: flushUnschedulablePodsLeftover.
    pub(crate) fn flush_unschedulable(&mut self, now: Time) {
        let due = |timestamp: Time| now.since(timestamp) > MAX_IN_UNSCHEDULABLE;
        let pods: Vec<PodIx> = self
            .unschedulable
            .iter()
            .take_while(|(timestamp, _)| due(*timestamp))
            .map(|(_, ix)| *ix)
            .collect();
        for ix in pods {
            self.requeue(ix, now);
        }
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;

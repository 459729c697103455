//! What the watches say, brought into the cache and the queue.
//!
//! Kubernetes: pkg/scheduler/eventhandlers.go. Rules: SCH-001, SCH-027, SCH-028, SCH-030.

use std::rc::Rc;

use super::cache::{Change, NodeId};
use super::cluster_event::ClusterEvent;
use super::plugins::node_affinity::{self, Narrowed};
use super::queue::{Place, PodIx};
use super::queueing_hints::{is_worth_requeuing, own_change_may_help};
use super::{DEFAULT_SCHEDULER_NAME, Scheduler};
use api::meta::{Name, Uid};
use api::node::Node;
use api::object::{Key, Kind, Object, Other};
use api::pod::Pod;
use sim::{SortedSet, Time};

/// Whether a pod asks for this scheduler.
fn is_responsible_for(pod: &Pod) -> bool {
    matches!(&*pod.spec.scheduler_name, DEFAULT_SCHEDULER_NAME | "")
}

impl Scheduler {
    /// Moves the unschedulable pods that an event may help.
    ///
    /// Kubernetes: scheduling_queue.go, MoveAllToActiveOrBackoffQueue.
    pub(super) fn move_all(&mut self, event: &ClusterEvent, node: Option<NodeId>, now: Time) {
        if self.queue.nothing_unschedulable() {
            return;
        }
        self.move_some(event, node, now, |_| true);
    }

    /// As [`Scheduler::move_all`], of the pods that pass the check.
    pub(super) fn move_some(
        &mut self,
        event: &ClusterEvent,
        node: Option<NodeId>,
        now: Time,
        pre_check: impl Fn(&Pod) -> bool,
    ) {
        let interested = event.interested();
        for ix in self.queue.candidates(node, interested) {
            let Some(queued) = self.queue.get(ix).filter(|queued| pre_check(&queued.pod)) else { continue };
            let plugins = queued.rejected_by.and(interested);
            let pod = queued.pod.clone();
            let helps = |plugin| is_worth_requeuing(plugin, &pod, event, &self.config, &self.namespaces);
            if plugins.iter().any(helps) {
                self.queue.requeue(ix, now);
            }
        }
    }

    // ---- nodes ----

    pub(super) fn replace_nodes(&mut self, objects: Vec<Object>, now: Time) {
        let nodes: Vec<Rc<Node>> = objects
            .into_iter()
            .filter_map(|object| match object {
                Object::Node(node) => Some(node),
                _ => None,
            })
            .collect();
        let listed: SortedSet<Name> = nodes.iter().map(|node| node.meta.name.clone()).collect();
        let known = self.cache.infos().filter(|(_, info)| info.node.is_some());
        let gone: Vec<Name> =
            known.map(|(_, info)| info.name.clone()).filter(|name| !listed.contains(name)).collect();
        gone.iter().for_each(|name| self.node_is_gone(name, now));
        nodes.iter().for_each(|node| self.node_is(node, now));
    }

    pub(super) fn node_is(&mut self, node: &Rc<Node>, now: Time) {
        let (id, old) = self.cache.set_node(node.clone());
        match old {
            None => self.move_all(&ClusterEvent::NodeAdded(node), Some(id), now),
            Some(old) => {
                let event = ClusterEvent::node_updated(&old, node);
                if let Some(event) = event {
                    self.move_all(&event, Some(id), now);
                }
            }
        }
    }

    pub(super) fn node_is_gone(&mut self, name: &str, now: Time) {
        if let Some((id, old)) = self.cache.remove_node(name) {
            self.move_all(&ClusterEvent::NodeDeleted(&old), Some(id), now);
        }
    }

    // ---- pods ----

    pub(super) fn replace_pods(&mut self, objects: Vec<Object>, now: Time) {
        let pods: Vec<Rc<Pod>> = objects
            .into_iter()
            .filter_map(|object| match object {
                Object::Pod(pod) => Some(pod),
                _ => None,
            })
            .collect();
        let listed: SortedSet<Uid> = pods.iter().map(|pod| pod.meta.uid).collect();
        let bound = self.cache.infos().flat_map(|(_, info)| info.pods.iter().map(|slot| &slot.pod));
        let waiting = self.queue.iter().map(|(_, queued)| &queued.pod);
        let gone: Vec<Rc<Pod>> =
            bound.chain(waiting).filter(|pod| !listed.contains(&pod.meta.uid)).cloned().collect();
        gone.iter().for_each(|pod| self.pod_is_gone(pod, now));
        pods.iter().for_each(|pod| self.pod_is(pod, now));
    }

    /// A pod as it is now. Finished pods are none of the scheduler's business: its watch leaves them out,
    /// so that they seem deleted.
    pub(super) fn pod_is(&mut self, pod: &Rc<Pod>, now: Time) {
        if pod.is_terminal() {
            return self.pod_is_gone(pod, now);
        }
        match &pod.node_name {
            Some(name) => self.pod_is_bound(pod, name, now),
            None => self.pod_waits(pod, now),
        }
    }

    fn pod_is_bound(&mut self, pod: &Rc<Pod>, node: &Name, now: Time) {
        let id = self.cache.intern(node);
        match self.cache.set_pod(id, pod.clone()) {
            Change::Updated(old) => self.bound_pod_changed(&old, pod, id, now),
            Change::Confirmed => self.move_all(&ClusterEvent::AssignedPodAdded(pod), Some(id), now),
            Change::Added => {
                self.take_from_queue(pod.meta.uid, Some(id));
                self.move_all(&ClusterEvent::AssignedPodAdded(pod), Some(id), now);
            }
        }
    }

    fn bound_pod_changed(&mut self, old: &Rc<Pod>, new: &Rc<Pod>, node: NodeId, now: Time) {
        // Nearly every change is one of status, which no plugin looks at.
        let same = Rc::ptr_eq(&old.spec, &new.spec) && Rc::ptr_eq(&old.meta.common, &new.meta.common);
        if !same && let Some(event) = ClusterEvent::assigned_pod_updated(old, new) {
            self.move_all(&event, Some(node), now);
        }
    }

    /// Another component bound a pod: it no longer waits, and counts on no other node.
    fn take_from_queue(&mut self, uid: Uid, bound_to: Option<NodeId>) {
        let Some(ix) = self.queue.find(uid) else { return };
        let in_flight = self.queue.get(ix).is_some_and(|queued| queued.place == Place::InFlight);
        if !in_flight {
            self.queue.remove(ix);
            return;
        }
        // The answer to the binding ends its stay; until then it is only assumed away from where it is not.
        let assumed = self.bindings.values().find(|binding| binding.pod == ix).map(|binding| binding.node);
        if let Some(node) = assumed.filter(|node| Some(*node) != bound_to) {
            self.cache.forget_pod(node, uid);
        }
    }

    fn pod_waits(&mut self, pod: &Rc<Pod>, now: Time) {
        if !is_responsible_for(pod) {
            return;
        }
        match self.queue.find(pod.meta.uid) {
            None if pod.meta.is_terminating() => {}
            None => {
                let pinned = self.pinned_node(pod);
                let ix = self.queue.add(pod.clone(), pinned, now);
                self.update_nomination(ix, None, pod);
            }
            Some(ix) => {
                if pod.meta.is_terminating() {
                    return self.pod_is_gone(pod, now);
                }
                let Some(old) = self.queue.replace(ix, pod.clone()) else { return };
                self.update_nomination(ix, old.status.nominated_node.as_ref(), pod);
                let same = Rc::ptr_eq(&old.spec, &pod.spec) && Rc::ptr_eq(&old.meta.common, &pod.meta.common);
                let rejected_by = self.queue.get(ix).map(|queued| queued.rejected_by).unwrap_or_default();
                if !same && own_change_may_help(&old, pod, rejected_by) {
                    self.queue.requeue(ix, now);
                }
                if old.status.nominated_node != pod.status.nominated_node {
                    self.nomination_ends(&old, now);
                }
            }
        }
    }

    /// Follows status.nominatedNodeName, where somebody has changed it.
    fn update_nomination(&mut self, ix: PodIx, old: Option<&Name>, pod: &Pod) {
        let new = pod.status.nominated_node.as_ref();
        if old != new {
            let node = new.map(|name| self.cache.intern(name));
            self.queue.nominate(ix, node);
        }
    }

    /// A nominated pod counted as if it ran on its node, for pods of at most its priority: they may fit now.
    ///
    /// Kubernetes: eventhandlers.go, updatePodInSchedulingQueue and deletePodFromSchedulingQueue.
    fn nomination_ends(&mut self, old: &Rc<Pod>, now: Time) {
        let Some(name) = &old.status.nominated_node else { return };
        let (node, priority) = (self.cache.find(name), old.spec.priority);
        self.move_some(&ClusterEvent::AssignedPodDeleted(old), node, now, |pod| {
            pod.spec.priority <= priority
        });
    }

    /// The only node a pod can go to, if its affinity names one.
    fn pinned_node(&mut self, pod: &Pod) -> Option<NodeId> {
        match node_affinity::pre_filter(pod) {
            Ok(Narrowed::One(name)) => Some(self.cache.intern(&name)),
            Ok(Narrowed::Names(names)) => match names.first() {
                Some(name) if names.len() == 1 => Some(self.cache.intern(name)),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn pod_is_gone(&mut self, pod: &Rc<Pod>, now: Time) {
        if let Some(name) = &pod.node_name {
            let Some(id) = self.cache.find(name) else { return };
            if self.cache.remove_pod(id, pod.meta.uid).is_some() {
                self.move_all(&ClusterEvent::AssignedPodDeleted(pod), Some(id), now);
            }
            self.take_from_queue(pod.meta.uid, None);
            return;
        }
        let waits = self.queue.find(pod.meta.uid).and_then(|ix| self.queue.get(ix));
        let nominated =
            waits.filter(|queued| queued.place != Place::InFlight).map(|queued| queued.pod.clone());
        self.take_from_queue(pod.meta.uid, None);
        if let Some(pod) = nominated {
            self.nomination_ends(&pod, now);
        }
    }

    // ---- what else plugins look at ----

    pub(super) fn replace_others(&mut self, kind: Kind, objects: Vec<Object>, now: Time) {
        match kind_name(kind) {
            "Namespace" => self.namespaces.clear(),
            "PodDisruptionBudget" => self.budgets.clear(),
            "PersistentVolume" => self.volumes.volumes.clear(),
            "StorageClass" => self.volumes.classes.clear(),
            "PersistentVolumeClaim" => {
                self.volumes.known = true;
                self.volumes.claims.clear();
            }
            _ => return,
        }
        for object in &objects {
            if let Object::Other(other) = object {
                self.other_is(other, true, now);
            }
        }
    }

    pub(super) fn other_is(&mut self, other: &Rc<Other>, there: bool, now: Time) {
        let (key, name) = (Key::of(&other.meta), other.meta.name.clone());
        let object = there.then(|| other.clone());
        match kind_name(other.kind) {
            "Namespace" => {
                put(&mut self.namespaces, name, there.then(|| other.meta.labels().clone()));
                return self.move_all(&ClusterEvent::NamespaceChanged, None, now);
            }
            "PodDisruptionBudget" => put(&mut self.budgets, key, object),
            "PersistentVolumeClaim" => put(&mut self.volumes.claims, key, object),
            "PersistentVolume" => put(&mut self.volumes.volumes, name, object),
            "StorageClass" => put(&mut self.volumes.classes, name, object),
            _ => return,
        }
        self.move_all(&ClusterEvent::StorageChanged, None, now);
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Other(_) => kind.name(),
        _ => "",
    }
}

fn put<K: Ord, V>(map: &mut sim::SortedMap<K, V>, key: K, value: Option<V>) {
    match value {
        Some(value) => map.insert(key, value),
        None => map.remove(&key),
    };
}

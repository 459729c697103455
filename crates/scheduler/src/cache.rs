//! The scheduler's picture of the nodes and of what runs on them.
//!
//! Nodes have dense numbers that stay theirs, so that one pod for one known node costs the same in a
//! cluster of five and of five thousand. A pod that was given a node counts there at once (it is *assumed*),
//! though the API server has not said so yet.
//!
//! Kubernetes: pkg/scheduler/backend/cache/cache.go, pkg/scheduler/framework/types.go (NodeInfo).
//! Rules: SCH-027, SCH-028.

use std::rc::Rc;

use api::meta::{Name, Uid};
use api::node::Node;
use api::pod::scheduling::NonZero;
use api::pod::{HostPort, Pod};
use api::resources::Resources;
use sim::{NameIndex, SortedSet};

/// A node's number. It belongs to the name for good, whether or not there is such a node now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// A pod on a node. It is assumed as long as the pod itself does not name its node.
#[derive(Clone, Debug)]
pub(crate) struct PodSlot {
    /// A part of the pod's uid, to pass over others without looking at them.
    tag: u32,
    pub(crate) pod: Rc<Pod>,
}

impl PodSlot {
    fn new(pod: Rc<Pod>) -> PodSlot {
        PodSlot { tag: pod.meta.uid.low as u32, pod }
    }

    pub(crate) fn is(&self, uid: Uid) -> bool {
        self.tag == uid.low as u32 && self.pod.meta.uid == uid
    }
}

/// A node and what its pods add up to.
#[derive(Clone, Debug, Default)]
pub struct NodeInfo {
    pub(crate) name: Name,
    /// `None`: pods name it, but there is no such node (any more).
    pub(crate) node: Option<Rc<Node>>,
    pub(crate) pods: Vec<PodSlot>,
    pub(crate) requested: Resources,
    pub(crate) non_zero_requested: NonZero,
    pub(crate) used_ports: Vec<HostPort>,
    /// How many of the pods have any inter-pod affinity.
    pub(crate) pods_with_affinity: u32,
}

impl NodeInfo {
    /// A node with these pods on it.
    pub fn new(node: Rc<Node>, pods: impl IntoIterator<Item = Rc<Pod>>) -> NodeInfo {
        let mut info = NodeInfo { name: node.meta.name.clone(), node: Some(node), ..NodeInfo::default() };
        pods.into_iter().for_each(|pod| info.add_pod(pod));
        info
    }

    pub(crate) fn position(&self, uid: Uid) -> Option<usize> {
        self.pods.iter().position(|slot| slot.is(uid))
    }

    pub(crate) fn add_pod(&mut self, pod: Rc<Pod>) {
        self.requested.add(&pod.spec.requests);
        self.non_zero_requested = self.non_zero_requested.plus(pod.spec.scheduling.non_zero_requests);
        self.used_ports.extend(pod.spec.host_ports.iter().cloned());
        self.pods_with_affinity += u32::from(pod.spec.scheduling.pod_affinity.is_some());
        self.pods.push(PodSlot::new(pod));
    }

    pub(crate) fn remove_pod(&mut self, uid: Uid) -> Option<Rc<Pod>> {
        let pod = self.pods.swap_remove(self.position(uid)?).pod;
        self.requested.sub(&pod.spec.requests);
        self.non_zero_requested = self.non_zero_requested.minus(pod.spec.scheduling.non_zero_requests);
        self.pods_with_affinity -= u32::from(pod.spec.scheduling.pod_affinity.is_some());
        for port in &pod.spec.host_ports {
            if let Some(at) = self.used_ports.iter().position(|used| used == port) {
                self.used_ports.swap_remove(at);
            }
        }
        Some(pod)
    }

    /// Puts a newer version of a pod in the place of the one that is there; that one comes back.
    fn replace_pod(&mut self, at: usize, pod: Rc<Pod>) -> Rc<Pod> {
        let old = std::mem::replace(&mut self.pods[at].pod, pod.clone());
        if !Rc::ptr_eq(&old.spec, &pod.spec) && old.spec != pod.spec {
            // Resized in place, for one: count it again.
            self.pods[at].pod = old.clone();
            self.remove_pod(old.meta.uid);
            self.add_pod(pod);
        }
        old
    }
}

/// What a pod's arrival on a node meant to the cache.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// The pod was not known there.
    Added,
    /// The pod had been assumed there.
    Confirmed,
    /// It was there; this is what it was like.
    Updated(Rc<Pod>),
}

/// All nodes.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    infos: Vec<NodeInfo>,
    by_name: NameIndex,
    count: usize,
    /// The nodes with pods that have inter-pod affinity, and those where an anti-affinity is required.
    with_affinity: SortedSet<NodeId>,
    with_required_anti_affinity: SortedSet<NodeId>,
    /// The nodes in the order in which they are tried: zone by zone in turn.
    order: Vec<NodeId>,
    order_is_stale: bool,
}

impl Cache {
    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn find(&self, name: &str) -> Option<NodeId> {
        self.by_name.get(name).map(NodeId)
    }

    /// The number of a name, new if need be.
    pub(crate) fn intern(&mut self, name: &Name) -> NodeId {
        if let Some(id) = self.find(name) {
            return id;
        }
        let id = NodeId(self.infos.len() as u32);
        self.infos.push(NodeInfo { name: name.clone(), ..NodeInfo::default() });
        self.by_name.insert(name.clone(), id.0);
        id
    }

    pub(crate) fn info(&self, id: NodeId) -> &NodeInfo {
        &self.infos[id.0 as usize]
    }

    fn info_mut(&mut self, id: NodeId) -> &mut NodeInfo {
        &mut self.infos[id.0 as usize]
    }

    /// The nodes with pods that have any inter-pod affinity.
    pub(crate) fn nodes_with_affinity(&self) -> impl Iterator<Item = NodeId> {
        self.with_affinity.iter().copied()
    }

    pub(crate) fn nodes_with_required_anti_affinity(&self) -> impl Iterator<Item = NodeId> {
        self.with_required_anti_affinity.iter().copied()
    }

    /// After a pod with affinity came to or left a node.
    fn index_affinity(&mut self, id: NodeId, pod: &Pod) {
        if pod.spec.scheduling.pod_affinity.is_none() {
            return;
        }
        let info = &self.infos[id.0 as usize];
        let any = info.pods_with_affinity > 0;
        let anti = any && info.pods.iter().any(|slot| requires_anti_affinity(&slot.pod));
        for (set, has) in [(&mut self.with_affinity, any), (&mut self.with_required_anti_affinity, anti)] {
            if has {
                set.insert(id);
            } else {
                set.remove(&id);
            }
        }
    }

    /// The node, if there is one of that number now.
    pub(crate) fn node(&self, id: NodeId) -> Option<&Rc<Node>> {
        self.infos.get(id.0 as usize)?.node.as_ref()
    }

    /// All infos with their numbers, by number.
    pub(crate) fn infos(&self) -> impl Iterator<Item = (NodeId, &NodeInfo)> {
        self.infos.iter().enumerate().map(|(at, info)| (NodeId(at as u32), info))
    }

    /// Takes a node in; what was there before comes back.
    pub(crate) fn set_node(&mut self, node: Rc<Node>) -> (NodeId, Option<Rc<Node>>) {
        let id = self.intern(&node.meta.name);
        let zone_moved = self.node(id).is_some_and(|old| zone(old) != zone(&node));
        let old = self.info_mut(id).node.replace(node);
        self.count += usize::from(old.is_none());
        self.order_is_stale |= zone_moved || old.is_none();
        (id, old)
    }

    pub(crate) fn remove_node(&mut self, name: &str) -> Option<(NodeId, Rc<Node>)> {
        let id = self.find(name)?;
        let old = self.info_mut(id).node.take()?;
        self.count -= 1;
        self.order_is_stale = true;
        Some((id, old))
    }

    /// Takes in a pod that names its node, or a newer version of it.
    pub(crate) fn set_pod(&mut self, id: NodeId, pod: Rc<Pod>) -> Change {
        let info = self.info_mut(id);
        match info.position(pod.meta.uid) {
            None => {
                info.add_pod(pod.clone());
                self.index_affinity(id, &pod);
                Change::Added
            }
            Some(at) => {
                let old = info.replace_pod(at, pod);
                if old.node_name.is_none() { Change::Confirmed } else { Change::Updated(old) }
            }
        }
    }

    /// Counts a pod on the node it is going to be bound to.
    pub(crate) fn assume_pod(&mut self, id: NodeId, pod: Rc<Pod>) {
        self.info_mut(id).add_pod(pod.clone());
        self.index_affinity(id, &pod);
    }

    pub(crate) fn remove_pod(&mut self, id: NodeId, uid: Uid) -> Option<Rc<Pod>> {
        let pod = self.info_mut(id).remove_pod(uid)?;
        self.index_affinity(id, &pod);
        Some(pod)
    }

    /// Takes back an assumption; a pod that was confirmed meanwhile stays.
    pub(crate) fn forget_pod(&mut self, id: NodeId, uid: Uid) -> Option<Rc<Pod>> {
        let info = self.info(id);
        let at = info.position(uid)?;
        if info.pods[at].pod.node_name.is_some() {
            return None;
        }
        self.remove_pod(id, uid)
    }

    /// The nodes in the order in which the scheduler tries them: one of each zone in turn.
    ///
    /// Kubernetes: pkg/scheduler/backend/cache/node_tree.go.
    pub(crate) fn node_list(&self) -> &[NodeId] {
        &self.order
    }

    /// Brings [`Cache::node_list`] up to date; costs something only after nodes came or went.
    pub(crate) fn refresh_order(&mut self) {
        if self.order_is_stale {
            self.order = self.zones_in_turn();
            self.order_is_stale = false;
        }
    }

    fn zones_in_turn(&self) -> Vec<NodeId> {
        let mut zones: Vec<((&str, &str), Vec<NodeId>)> = Vec::new();
        for (id, info) in self.infos() {
            let Some(node) = &info.node else { continue };
            let zone = zone(node);
            match zones.iter_mut().find(|(have, _)| *have == zone) {
                Some((_, nodes)) => nodes.push(id),
                None => zones.push((zone, vec![id])),
            }
        }
        let mut order = Vec::with_capacity(self.count);
        let longest = zones.iter().map(|(_, nodes)| nodes.len()).max().unwrap_or(0);
        for turn in 0..longest {
            order.extend(zones.iter().filter_map(|(_, nodes)| nodes.get(turn)));
        }
        order
    }
}

fn requires_anti_affinity(pod: &Pod) -> bool {
    pod.spec.scheduling.pod_affinity.as_ref().is_some_and(|affinity| !affinity.anti_required.is_empty())
}

/// A node's region and zone.
///
/// Kubernetes: staging/src/k8s.io/component-helpers/node/topology/helpers.go, GetZoneKey.
fn zone(node: &Node) -> (&str, &str) {
    let label = |new: &str, old: &str| node.meta.label(new).or_else(|| node.meta.label(old)).unwrap_or("");
    (
        label("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"),
        label("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"),
    )
}

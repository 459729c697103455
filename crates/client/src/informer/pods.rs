//! The cache of pods, with the look-ups that controllers need: by serial, by controller and target node, and
//! those without a controller.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::nodes::{NodeId, NodeIndex};
use crate::hash::LookupMap;
use api::meta::{Name, Uid};
use api::pod::Pod;
use sim::SerialMap;

/// A pod before and after, and the node it was and is meant for ([`NodeId::NONE`]: none).
#[derive(Clone, Debug)]
pub struct PodChange {
    /// The pod before; `None`: it is new.
    pub old: Option<Rc<Pod>>,
    /// The pod now; `None`: it is gone.
    pub new: Option<Rc<Pod>>,
    /// The node it was meant for.
    pub old_target: NodeId,
    /// The node it is meant for.
    pub target: NodeId,
}

#[derive(Clone, Debug)]
struct CachedPod {
    pod: Rc<Pod>,
    target: NodeId,
}

/// Serials of pods on one node: nearly always one.
#[derive(Clone, Debug, Default)]
enum Serials {
    #[default]
    None,
    One(u32),
    #[allow(clippy::box_collection, reason = "one word instead of three in every entry of a large table")]
    Many(Box<Vec<u32>>),
}

impl Serials {
    fn as_slice(&self) -> &[u32] {
        match self {
            Serials::None => &[],
            Serials::One(serial) => std::slice::from_ref(serial),
            Serials::Many(serials) => serials,
        }
    }

    fn add(&mut self, serial: u32) {
        match self {
            Serials::None => *self = Serials::One(serial),
            Serials::One(first) => *self = Serials::Many(Box::new(vec![*first, serial])),
            Serials::Many(serials) => serials.push(serial),
        }
    }

    fn remove(&mut self, serial: u32) {
        match self {
            Serials::None => {}
            Serials::One(only) => {
                if *only == serial {
                    *self = Serials::None;
                }
            }
            Serials::Many(serials) => {
                serials.retain(|other| *other != serial);
                match serials.as_slice() {
                    [] => *self = Serials::None,
                    [only] => *self = Serials::One(*only),
                    _ => {}
                }
            }
        }
    }
}

/// From this many pods on, a controller's pods are held in one place for each node.
const FEW: usize = 24;

/// The pods of one controller, by target node.
#[derive(Clone, Debug, Default)]
struct Owned {
    /// Sorted; used as long as there are few.
    few: Vec<(NodeId, u32)>,
    by_node: Vec<Serials>,
    /// Those without a target.
    homeless: Vec<u32>,
    count: u32,
}

impl Owned {
    fn add(&mut self, target: NodeId, serial: u32) {
        self.count += 1;
        if target == NodeId::NONE {
            self.homeless.push(serial);
            return;
        }
        if self.by_node.is_empty() {
            let at = self.few.partition_point(|entry| *entry < (target, serial));
            self.few.insert(at, (target, serial));
            if self.few.len() > FEW {
                for (target, serial) in std::mem::take(&mut self.few) {
                    self.slot(target).add(serial);
                }
            }
            return;
        }
        self.slot(target).add(serial);
    }

    fn slot(&mut self, target: NodeId) -> &mut Serials {
        if self.by_node.len() <= target.index() {
            self.by_node.resize_with(target.index() + 1, Serials::default);
        }
        &mut self.by_node[target.index()]
    }

    fn remove(&mut self, target: NodeId, serial: u32) {
        self.count -= 1;
        if target == NodeId::NONE {
            self.homeless.retain(|other| *other != serial);
        } else if self.by_node.is_empty() {
            self.few.retain(|entry| *entry != (target, serial));
        } else {
            self.slot(target).remove(serial);
        }
    }

    fn on(&self, target: NodeId) -> impl Iterator<Item = u32> + '_ {
        let from = self.few.partition_point(|(id, _)| *id < target);
        let few = self.few[from..].iter().take_while(move |(id, _)| *id == target).map(|(_, serial)| *serial);
        let slot = self.by_node.get(target.index()).map_or(&[][..], Serials::as_slice);
        few.chain(slot.iter().copied())
    }

    fn all(&self) -> impl Iterator<Item = u32> + '_ {
        let few = self.few.iter().map(|(_, serial)| *serial);
        let dense = self.by_node.iter().flat_map(|serials| serials.as_slice().iter().copied());
        few.chain(dense).chain(self.homeless.iter().copied())
    }
}

/// Pods by serial, by controller and target node; those without a controller by namespace.
#[derive(Clone, Debug, Default)]
pub struct PodIndex {
    by_serial: SerialMap<CachedPod>,
    by_controller: LookupMap<Uid, Owned>,
    orphans: BTreeMap<Name, BTreeSet<u32>>,
}

/// The node a pod belongs to: spec.nodeName, else the one it is pinned to (DS-009).
///
/// Kubernetes: pkg/controller/daemon/util/daemonset_util.go, GetTargetNodeName.
pub fn get_target_node_name(pod: &Pod) -> Option<Name> {
    let known = pod.node_name.as_ref().or(pod.pinned_to.as_ref());
    // A pod that a person wrote may name its node in its affinity.
    known.cloned().or_else(|| pod.spec.required_node_affinity.named_node().map(Name::from))
}

impl PodIndex {
    /// The pod with this serial, if it exists.
    pub fn get(&self, serial: u32) -> Option<&Rc<Pod>> {
        self.by_serial.get(serial).map(|entry| &entry.pod)
    }

    /// How many pods there are.
    pub fn len(&self) -> usize {
        self.by_serial.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_serial.is_empty()
    }

    /// All serials in order.
    pub fn serials(&self) -> Vec<u32> {
        self.by_serial.iter().map(|(serial, _)| serial).collect()
    }

    /// The pods that the controller with this uid has on a node, or meant for it.
    pub fn controlled_on(&self, controller: Uid, target: NodeId) -> impl Iterator<Item = &Rc<Pod>> {
        let owned = self.by_controller.get(&controller).into_iter();
        owned.flat_map(move |owned| owned.on(target)).filter_map(|serial| self.get(serial))
    }

    /// All pods that the controller with this uid has, in order of their target nodes' numbers.
    pub fn controlled(&self, controller: Uid) -> impl Iterator<Item = &Rc<Pod>> {
        let owned = self.by_controller.get(&controller).into_iter();
        owned.flat_map(Owned::all).filter_map(|serial| self.get(serial))
    }

    /// The pods of a namespace that no controller has, in order of creation.
    pub fn orphans(&self, namespace: &str) -> impl Iterator<Item = &Rc<Pod>> {
        let serials = self.orphans.get(namespace).into_iter().flatten();
        serials.filter_map(|serial| self.get(*serial))
    }

    /// The node that a pod runs on or is meant for; [`NodeId::NONE`] without one, or without such a pod.
    pub fn target(&self, serial: u32) -> NodeId {
        self.by_serial.get(serial).map_or(NodeId::NONE, |entry| entry.target)
    }

    pub(super) fn apply(&mut self, pod: &Rc<Pod>, present: bool, nodes: &mut NodeIndex) -> Option<PodChange> {
        let serial = pod.meta.serial;
        let old = self.by_serial.get(serial).cloned();
        if !present {
            let entry = self.by_serial.remove(serial)?;
            self.unlink(&entry.pod, entry.target, nodes);
            let (old, old_target) = (Some(entry.pod), entry.target);
            return Some(PodChange { old, new: None, old_target, target: NodeId::NONE });
        }
        let target = self.target_of(pod, old.as_ref(), nodes);
        self.by_serial.insert(serial, CachedPod { pod: pod.clone(), target });
        match &old {
            Some(old) if old.target == target && same_controller(&old.pod, pod) => {}
            Some(old) => {
                self.unlink(&old.pod, old.target, nodes);
                self.link(pod, target, nodes);
            }
            None => self.link(pod, target, nodes),
        }
        let old_target = old.as_ref().map_or(NodeId::NONE, |entry| entry.target);
        Some(PodChange { old: old.map(|entry| entry.pod), new: Some(pod.clone()), old_target, target })
    }

    /// The number of the pod's target; found without a look-up where it is what it was.
    fn target_of(&self, pod: &Pod, old: Option<&CachedPod>, nodes: &mut NodeIndex) -> NodeId {
        let node = pod.node_name.as_ref().or(pod.pinned_to.as_ref());
        if let (Some(old), Some(name)) = (old, node)
            && old.pod.node_name.as_ref().or(old.pod.pinned_to.as_ref()) == Some(name)
        {
            return old.target;
        }
        get_target_node_name(pod).map_or(NodeId::NONE, |name| nodes.intern(&name))
    }

    fn link(&mut self, pod: &Pod, target: NodeId, nodes: &mut NodeIndex) {
        let serial = pod.meta.serial;
        nodes.add_pod(target, serial);
        match pod.meta.controller() {
            Some(owner) => self.by_controller.entry(owner.uid).or_default().add(target, serial),
            None => {
                self.orphans.entry(pod.meta.namespace().clone()).or_default().insert(serial);
            }
        }
    }

    fn unlink(&mut self, pod: &Pod, target: NodeId, nodes: &mut NodeIndex) {
        let serial = pod.meta.serial;
        nodes.remove_pod(target, serial);
        match pod.meta.controller() {
            Some(owner) => {
                if let Some(owned) = self.by_controller.get_mut(&owner.uid) {
                    owned.remove(target, serial);
                    if owned.count == 0 {
                        self.by_controller.remove(&owner.uid);
                    }
                }
            }
            None => {
                if let Some(serials) = self.orphans.get_mut(pod.meta.namespace()) {
                    serials.remove(&serial);
                    if serials.is_empty() {
                        self.orphans.remove(pod.meta.namespace());
                    }
                }
            }
        }
    }
}

/// Whether both have the same controller; what siblings share is compared by address first.
fn same_controller(a: &Pod, b: &Pod) -> bool {
    Rc::ptr_eq(&a.meta.common, &b.meta.common)
        || a.meta.controller().map(|owner| owner.uid) == b.meta.controller().map(|owner| owner.uid)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(serial: u32, node: Option<&str>, pinned: Option<&str>, controller: Option<&str>) -> Rc<Pod> {
        let owners = controller.map(|uid| json!([{"kind": "DaemonSet", "uid": uid, "controller": true}]));
        let mut pod = Pod::from_value(&json!({
            "metadata": {"name": format!("p{serial}"), "namespace": "ns", "ownerReferences": owners},
            "spec": {"nodeName": node},
        }));
        pod.meta.serial = serial;
        pod.pinned_to = pinned.map(Name::from);
        Rc::new(pod)
    }

    fn names<'a>(pods: impl Iterator<Item = &'a Rc<Pod>>) -> Vec<String> {
        pods.map(|pod| pod.meta.name.to_string()).collect()
    }

    #[test]
    fn ds_009_the_target_is_the_bound_node_else_the_pinned_one() {
        let (mut pods, mut nodes) = (PodIndex::default(), NodeIndex::default());
        let uid = Uid::from_text("u");
        pods.apply(&pod(1, None, Some("a"), Some("u")), true, &mut nodes);
        pods.apply(&pod(2, Some("b"), Some("a"), Some("u")), true, &mut nodes);
        pods.apply(&pod(3, None, None, Some("u")), true, &mut nodes);
        let (a, b) = (nodes.find("a").unwrap(), nodes.find("b").unwrap());
        assert_eq!(names(pods.controlled_on(uid, a)), ["p1"]);
        assert_eq!(names(pods.controlled_on(uid, b)), ["p2"]);
        assert_eq!(pods.target(3), NodeId::NONE);
        assert_eq!(pods.controlled(uid).count(), 3);
        let change = pods.apply(&pod(1, Some("a"), Some("a"), None), true, &mut nodes).unwrap();
        assert_eq!((change.old_target, change.target), (a, a));
        assert_eq!(names(pods.controlled_on(uid, a)), [""; 0]);
        assert_eq!(names(pods.orphans("ns")), ["p1"]);
    }

    #[test]
    fn few_and_many_pods_of_a_controller_are_found_alike() {
        let (mut pods, mut nodes) = (PodIndex::default(), NodeIndex::default());
        let uid = Uid::from_text("u");
        for serial in 1..=60 {
            let node = format!("n{}", serial % 40);
            pods.apply(&pod(serial, Some(&node), None, Some("u")), true, &mut nodes);
            assert_eq!(pods.controlled(uid).count(), serial as usize);
        }
        let id = nodes.find("n7").unwrap();
        assert_eq!(names(pods.controlled_on(uid, id)), ["p7", "p47"]);
        assert_eq!(nodes.pods(id), [7, 47]);
        for serial in 1..=60 {
            pods.apply(&pod(serial, None, None, None), false, &mut nodes);
        }
        assert!(pods.is_empty() && pods.by_controller.is_empty());
        assert!(nodes.pods(id).is_empty());
    }
}

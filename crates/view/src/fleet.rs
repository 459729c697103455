//! The far picture: of each pod one byte, of each node a few. What 5,000 nodes are drawn from.

use std::rc::Rc;

use super::board::{Origin, PodState};
use super::build::{is_shown_alone, sandbox_of};
use super::pods;
use api::meta::{CommonMeta, Name, Uid};
use api::node::Node;
use api::pod::Pod;
use cluster::machine::Machine;
use sim::{SortedMap, SortedSet};

/// The states in the order of [`PodState`], for tables of counts.
pub const STATES: [PodState; 9] = [
    PodState::Pending,
    PodState::ContainerCreating,
    PodState::Running,
    PodState::NotReady,
    PodState::CrashLoopBackOff,
    PodState::Error,
    PodState::Terminating,
    PodState::Completed,
    PodState::Unknown,
];

/// Which states a person should look at.
pub const TROUBLE: [PodState; 4] =
    [PodState::NotReady, PodState::CrashLoopBackOff, PodState::Error, PodState::Unknown];

/// The origins in the order of their numbers in a [`PodMark`].
pub const ORIGINS: [Origin; 3] = [Origin::DaemonSet, Origin::Static, Origin::Api];

/// State (four bits), origin (two), whether the two truths differ, whether it is of kube-system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodMark(u8);

impl PodMark {
    /// A pod as one byte.
    pub fn new(state: PodState, origin: Origin, differs: bool, system: bool) -> PodMark {
        PodMark(state as u8 | (origin as u8) << 4 | u8::from(differs) << 6 | u8::from(system) << 7)
    }

    /// The mark that [`PodMark::byte`] tells.
    pub fn from_byte(byte: u8) -> PodMark {
        PodMark(byte)
    }

    /// The byte.
    pub fn byte(self) -> u8 {
        self.0
    }

    /// Where its state stands in [`STATES`].
    pub fn state_index(self) -> usize {
        usize::from(self.0 & 15)
    }

    /// Its state.
    pub fn state(self) -> PodState {
        STATES.get(self.state_index()).copied().unwrap_or(PodState::Unknown)
    }

    /// Where it came from.
    pub fn origin(self) -> Origin {
        ORIGINS.get(usize::from(self.0 >> 4 & 3)).copied().unwrap_or(Origin::Api)
    }

    /// Whether the two truths disagree.
    pub fn differs(self) -> bool {
        self.0 & 1 << 6 != 0
    }

    /// Whether it is of the namespace kube-system.
    pub fn is_system(self) -> bool {
        self.0 & 1 << 7 != 0
    }
}

/// How a node is, in the few classes that its colour knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeLight {
    /// Its condition Ready is True.
    Ready,
    /// It is another one, or its kubelet does not report.
    NotReady,
    /// The API server knows no such node.
    Unregistered,
    /// Its computer is switched off.
    Off,
}

/// The lights in the order of their numbers.
pub const LIGHTS: [NodeLight; 4] =
    [NodeLight::Ready, NodeLight::NotReady, NodeLight::Unregistered, NodeLight::Off];

impl NodeLight {
    /// The value of `data-state`.
    pub fn text(self) -> &'static str {
        match self {
            NodeLight::Ready => "running",
            NodeLight::NotReady => "not-ready",
            NodeLight::Unregistered => "pending",
            NodeLight::Off => "down",
        }
    }
}

/// One node from afar.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeMark {
    /// Its name.
    pub name: Name,
    /// How it is.
    pub light: NodeLight,
    /// Whether it is cordoned.
    pub cordoned: bool,
    /// Whether the kubelet's process runs.
    pub kubelet_running: bool,
    pub(crate) linked: bool,
    /// In an order in which a pod's successor takes its place.
    pub pods: Box<[PodMark]>,
    common: Option<Rc<CommonMeta>>,
}

impl NodeMark {
    /// The value of one of its labels.
    pub fn label(&self, key: &str) -> Option<&Name> {
        self.common.as_ref()?.labels.get(key)
    }

    fn labels(&self) -> impl Iterator<Item = (&Name, &Name)> {
        self.common.iter().flat_map(|common| common.labels.iter())
    }

    /// STATUS as kubectl prints it.
    pub fn status(&self) -> &'static str {
        match (self.light, self.cordoned) {
            (NodeLight::Off, _) => "powered off",
            (NodeLight::Unregistered, _) => "not registered",
            (NodeLight::Ready, false) => "Ready",
            (NodeLight::Ready, true) => "Ready,SchedulingDisabled",
            (NodeLight::NotReady, false) => "NotReady",
            (NodeLight::NotReady, true) => "NotReady,SchedulingDisabled",
        }
    }

    /// The same as it is painted where something else is asked for: grey.
    pub fn dimmed(&self) -> NodeMark {
        // The state whose colour is grey, and which is no trouble.
        let grey = PodMark::new(PodState::Terminating, Origin::DaemonSet, false, true);
        let pods = self.pods.iter().map(|_| grey).collect();
        NodeMark { light: NodeLight::Ready, kubelet_running: true, cordoned: false, pods, ..self.clone() }
    }

    /// Its share of [`Fleet::counts`].
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        counts.add(self);
        counts
    }

    /// Whether something of it should be looked at.
    pub fn is_troubled(&self) -> bool {
        self.light == NodeLight::NotReady
            || self.pods.iter().any(|pod| pod.differs() || TROUBLE.contains(&pod.state()))
    }
}

/// Nodes and pods by their states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// In the order of [`LIGHTS`].
    pub nodes: [u32; 4],
    /// In the order of [`STATES`].
    pub(crate) pods: [u32; 9],
    /// In the order of [`Origin`].
    pub(crate) origins: [u32; 3],
    /// Pods of which the two truths disagree.
    pub differing: u32,
}

impl Counts {
    fn add(&mut self, node: &NodeMark) {
        self.change(node, u32::wrapping_add);
    }

    fn remove(&mut self, node: &NodeMark) {
        self.change(node, u32::wrapping_sub);
    }

    fn change(&mut self, node: &NodeMark, by: fn(u32, u32) -> u32) {
        let light = &mut self.nodes[node.light as usize];
        *light = by(*light, 1);
        for pod in &node.pods {
            let state = &mut self.pods[pod.state_index().min(8)];
            *state = by(*state, 1);
            let origin = &mut self.origins[pod.origin() as usize];
            *origin = by(*origin, 1);
            self.differing = by(self.differing, u32::from(pod.differs()));
        }
    }

    /// Pods in this state.
    pub fn of(&self, state: PodState) -> u32 {
        self.pods[state as usize]
    }

    /// Pods in all states.
    pub fn all_pods(&self) -> u32 {
        self.pods.iter().sum()
    }

    /// Pods in a state that a person should look at.
    pub fn troubled(&self) -> u32 {
        TROUBLE.iter().map(|state| self.of(*state)).sum()
    }
}

/// All nodes from afar; a node that did not change keeps its `Rc`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fleet {
    /// The nodes, in the order of the board.
    pub nodes: Vec<Rc<NodeMark>>,
    /// Sums over all nodes.
    pub counts: Counts,
    /// Rises with every change.
    pub version: u64,
    /// Rises when a node comes, goes, or has other labels: the picture's places depend on these.
    pub layout_version: u64,
}

/// A label is worth grouping by if it has no more values than this.
const GROUPS_MOST: usize = 64;

impl Fleet {
    /// Puts a node at its place; whether it looks different now.
    pub(super) fn set(&mut self, at: usize, mark: NodeMark) -> bool {
        match self.nodes.get(at) {
            Some(old) if **old == mark => return false,
            Some(old) => {
                self.counts.remove(old);
                if old.name != mark.name || !old.labels().eq(mark.labels()) {
                    self.layout_version += 1;
                }
            }
            None => self.layout_version += 1,
        }
        self.counts.add(&mark);
        self.version += 1;
        match self.nodes.get_mut(at) {
            Some(slot) => *slot = Rc::new(mark),
            None => self.nodes.push(Rc::new(mark)),
        }
        true
    }

    pub(super) fn truncate(&mut self, len: usize) {
        for gone in self.nodes.drain(len.min(self.nodes.len())..) {
            self.counts.remove(&gone);
            self.version += 1;
            self.layout_version += 1;
        }
    }

    /// A node by its name, with its place in [`Fleet::nodes`]. Costs a walk over the names.
    pub fn find(&self, name: &str) -> Option<(usize, &Rc<NodeMark>)> {
        self.nodes.iter().enumerate().find(|(_, node)| &*node.name == name)
    }

    /// The labels that divide the nodes into a few groups. Costs a walk over all nodes.
    pub fn group_labels(&self) -> Vec<Name> {
        let mut values: SortedMap<&Name, SortedSet<&Name>> = SortedMap::new();
        for (key, value) in self.nodes.iter().flat_map(|node| node.labels()) {
            let known = values.entry(key).or_default();
            if known.len() <= GROUPS_MOST {
                known.insert(value);
            }
        }
        let fits = |count: usize| (2..=GROUPS_MOST).contains(&count);
        values.into_iter().filter(|(_, known)| fits(known.len())).map(|(key, _)| key.clone()).collect()
    }
}

/// Where a pod stands among its node's: a DaemonSet's pod where its predecessor stood.
type Place = (u8, Option<Uid>, u64);

/// Makes a node's mark. `listed` are the pods that the API server has for this node.
pub(super) fn node_mark(
    name: &Name,
    machine: Option<&Machine>,
    node: Option<&Node>,
    listed: &[Rc<Pod>],
) -> NodeMark {
    let mut marks: Vec<(Place, PodMark)> = Vec::with_capacity(listed.len());
    let mut shown: Vec<Uid> = Vec::with_capacity(listed.len());
    for pod in listed {
        let sandbox = machine.and_then(|machine| sandbox_of(machine, pod));
        shown.extend(sandbox.map(|sandbox| sandbox.uid));
        let truth = machine.zip(sandbox);
        let (state, differs) = pods::state_in_brief(pod, truth);
        marks.push(place_mark(&pod.meta.common, u64::from(pod.meta.serial), state, differs));
    }
    let all = machine.into_iter().flat_map(|m| m.kubelet.runtime.sandboxes().iter().map(move |s| (m, s)));
    for (machine, sandbox) in all {
        if shown.contains(&sandbox.uid) || !is_shown_alone(machine, sandbox) {
            continue;
        }
        let after = 1 << 32 | u64::from(sandbox.id);
        marks.push(place_mark(&sandbox.common, after, pods::state_on_node(machine, sandbox), true));
    }
    marks.sort_unstable_by_key(|(place, _)| *place);
    let light = match (machine.is_none_or(|machine| machine.powered), node) {
        (false, _) => NodeLight::Off,
        (true, None) => NodeLight::Unregistered,
        (true, Some(node)) if node.is_ready() => NodeLight::Ready,
        (true, Some(_)) => NodeLight::NotReady,
    };
    NodeMark {
        name: name.clone(),
        light,
        cordoned: node.is_some_and(|node| node.unschedulable),
        kubelet_running: machine.is_some_and(|machine| machine.kubelet.is_running()),
        linked: machine.is_none_or(|machine| machine.linked),
        pods: marks.into_iter().map(|(_, mark)| mark).collect(),
        common: node.map(|node| node.meta.common.clone()),
    }
}

fn place_mark(common: &CommonMeta, serial: u64, state: PodState, differs: bool) -> (Place, PodMark) {
    let origin = pods::origin(common);
    let rank = match origin {
        Origin::Static => 0,
        Origin::DaemonSet => 1,
        Origin::Api => 2,
    };
    let owner = common.owners.first().map(|owner| owner.uid).filter(|_| origin == Origin::DaemonSet);
    let system = &*common.namespace == "kube-system";
    ((rank, owner, serial), PodMark::new(state, origin, differs, system))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dimmed_node_has_as_many_pods_and_no_trouble() {
        let pods = [PodState::Running, PodState::Error]
            .map(|state| PodMark::new(state, Origin::Static, true, false));
        let node = NodeMark {
            name: "worker-1".into(),
            light: NodeLight::NotReady,
            cordoned: true,
            kubelet_running: false,
            linked: true,
            pods: pods.into(),
            common: None,
        };
        let dimmed = node.dimmed();
        assert_eq!((dimmed.pods.len(), dimmed.is_troubled(), &dimmed.name), (2, false, &node.name));
    }

    #[test]
    fn a_mark_says_what_it_was_made_of() {
        for (at, state) in STATES.into_iter().enumerate() {
            for origin in ORIGINS {
                for (differs, system) in [(false, false), (true, false), (false, true), (true, true)] {
                    let mark = PodMark::new(state, origin, differs, system);
                    assert_eq!(mark.state_index(), at);
                    assert_eq!((mark.state(), mark.origin()), (state, origin));
                    assert_eq!((mark.differs(), mark.is_system()), (differs, system));
                }
            }
        }
    }
}

//! Where one DaemonSet stands on every node, kept up to date node by node.
//!
//! Upstream looks at all nodes and all pods in every sync. Here each node's share of the result is remembered
//! in two bytes, and only nodes that something happened to are looked at again, with the same functions
//! ([`super::nodes`]). The test `placement_agrees_with_looking_at_everything` compares both.

use super::Owned;
use super::nodes::{
    Basis, PodsOnNode, UpdatedPods, Verdict, available_at, by_creation_timestamp_and_phase, counts,
    find_updated_pods_on_node, node_should_run_daemon_pod, pods_should_be_on_node,
};
use api::daemonset::DaemonSetStatus;
use api::meta::Uid;
use api::pod::Pod;
use client::informer::{Caches, NodeId};
use sim::{SortedSet, Time};

/// What the pods of a node mean for a rolling update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum UpdateClass {
    /// The node has no pods and should have none.
    Absent,
    /// It should have a pod and has none that stays.
    Empty,
    Excess,
    NewAvailable,
    NewUnavailable,
    OldAvailable,
    OldUnavailable,
    BothNewAvailable,
    BothNewUnavailable,
}

impl UpdateClass {
    const ALL: [UpdateClass; 9] = [
        UpdateClass::Absent,
        UpdateClass::Empty,
        UpdateClass::Excess,
        UpdateClass::NewAvailable,
        UpdateClass::NewUnavailable,
        UpdateClass::OldAvailable,
        UpdateClass::OldUnavailable,
        UpdateClass::BothNewAvailable,
        UpdateClass::BothNewUnavailable,
    ];

    /// Whether the node counts as unavailable in an update without surge (DS-044).
    fn is_unavailable(self) -> bool {
        !matches!(self, UpdateClass::Absent | UpdateClass::NewAvailable | UpdateClass::OldAvailable)
    }

    /// Whether the node takes part of the surge already (DS-048).
    fn is_surging(self) -> bool {
        matches!(self, UpdateClass::Excess | UpdateClass::BothNewUnavailable)
    }
}

/// One node's share, in bits: see [`Share`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bits(u16);

const SHOULD_RUN: u16 = 1;
const SHOULD_CONTINUE: u16 = 1 << 1;
const SCHEDULED: u16 = 1 << 2;
const READY: u16 = 1 << 3;
const AVAILABLE: u16 = 1 << 4;
const UPDATED: u16 = 1 << 5;
const CLASS_SHIFT: u16 = 6;
const CLASS_MASK: u16 = 0b1111 << CLASS_SHIFT;
const COUNTS_AVAILABLE: u16 = 1 << 10;
const CREATE: u16 = 1 << 11;
const ATTEND: u16 = 1 << 12;
/// The node exists.
const EXISTS: u16 = 1 << 13;
/// The verdict has to be asked for again.
const UNJUDGED: u16 = 1 << 14;
const DIRTY: u16 = 1 << 15;
/// What a look at the node decides; the rest is bookkeeping.
const SHARE: u16 = !(UNJUDGED | DIRTY);

impl Bits {
    fn has(self, bit: u16) -> bool {
        self.0 & bit != 0
    }

    fn with(self, bit: u16, on: bool) -> Bits {
        if on { Bits(self.0 | bit) } else { self }
    }

    fn class(self) -> UpdateClass {
        let number = usize::from((self.0 & CLASS_MASK) >> CLASS_SHIFT);
        UpdateClass::ALL.get(number).copied().unwrap_or(UpdateClass::Absent)
    }

    fn verdict(self) -> Verdict {
        Verdict { should_run: self.has(SHOULD_RUN), should_continue_running: self.has(SHOULD_CONTINUE) }
    }
}

/// Sums over all nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Nodes that should run a pod.
    pub desired: u32,
    pub(crate) current: u32,
    pub(crate) misscheduled: u32,
    pub(crate) ready: u32,
    pub(crate) available: u32,
    pub(crate) updated: u32,
    /// Nodes that count as unavailable in an update without surge.
    pub(crate) unavailable: u32,
    /// Nodes that take part of the surge already.
    pub(crate) surging: u32,
    /// Nodes whose old pod, or else new pod, is available.
    pub(crate) counts_available: u32,
}

/// Where one DaemonSet stands.
#[derive(Clone, Debug, Default)]
pub struct Placement {
    basis: Option<Basis>,
    /// By the nodes' numbers.
    bits: Vec<Bits>,
    dirty: Vec<NodeId>,
    /// Counts over all nodes, for the status and the rolling update.
    pub sums: Sums,
    /// Nodes that need a pod, and nothing else.
    pub(crate) create: SortedSet<NodeId>,
    /// Nodes where some pod has to go, or has failed.
    pub(crate) attend: SortedSet<NodeId>,
    /// Nodes that have an old pod only, by whether it is available.
    pub(crate) old_available: SortedSet<NodeId>,
    pub(crate) old_unavailable: SortedSet<NodeId>,
    /// Nodes whose new pod has become available beside an old one.
    pub(crate) surged: SortedSet<NodeId>,
    /// Pods that become available by time alone.
    waiting: SortedSet<(Time, NodeId)>,
    /// How many nodes were looked at: what guards compare.
    pub looks: u64,
}

impl Placement {
    pub(crate) fn basis(&self) -> Option<&Basis> {
        self.basis.as_ref()
    }

    /// The node's pods have changed.
    pub(crate) fn touch(&mut self, node: NodeId) {
        self.mark(node, DIRTY);
    }

    /// The node itself has changed.
    pub(crate) fn touch_node(&mut self, node: NodeId) {
        self.mark(node, DIRTY | UNJUDGED);
    }

    fn mark(&mut self, node: NodeId, what: u16) {
        if node == NodeId::NONE {
            return;
        }
        if self.bits.len() <= node.index() {
            // A node that was never looked at has not been judged either.
            self.bits.resize(node.index() + 1, Bits(UNJUDGED));
        }
        let bits = &mut self.bits[node.index()];
        if !bits.has(DIRTY) {
            self.dirty.push(node);
        }
        bits.0 |= what;
    }

    /// Brings everything up to date. O(nodes that something happened to), unless the basis has changed.
    pub(crate) fn refresh(&mut self, ds: Uid, basis: Basis, caches: &Caches, owned: &Owned, now: Time) {
        let agrees = self.basis.as_ref().is_some_and(|old| old.agrees_with(&basis));
        if !agrees {
            for at in 0..caches.nodes.numbers() {
                self.touch_node(NodeId(at as u32));
            }
        }
        while let Some((at, node)) = self.waiting.first().copied().filter(|(at, _)| *at <= now) {
            self.waiting.remove(&(at, node));
            self.touch(node);
        }
        for node in std::mem::take(&mut self.dirty) {
            self.look(ds, node, &basis, caches, owned, now);
        }
        self.basis = Some(basis);
    }

    fn look(&mut self, ds: Uid, node: NodeId, basis: &Basis, caches: &Caches, owned: &Owned, now: Time) {
        self.looks += 1;
        let old = self.bits[node.index()];
        let exists = caches.nodes.get(node);
        let verdict = match exists {
            Some(node) if old.has(UNJUDGED) => node_should_run_daemon_pod(node, &basis.template),
            Some(_) => old.verdict(),
            None => Verdict::NEITHER,
        };
        let share =
            with_pods_on(ds, node, caches, owned, |pods| share(exists.is_some(), verdict, pods, basis, now));
        if let Some(at) = share.available_at {
            self.waiting.insert((at, node));
        }
        let new = share.bits;
        self.bits[node.index()] = new;
        if Bits(old.0 & SHARE) != new {
            self.add(old, false);
            self.add(new, true);
            self.sort_in(node, new);
        }
    }

    fn add(&mut self, bits: Bits, plus: bool) {
        let sums = &mut self.sums;
        let class = bits.class();
        let run = bits.has(SHOULD_RUN);
        for (sum, counts) in [
            (&mut sums.desired, run),
            (&mut sums.current, run && bits.has(SCHEDULED)),
            (&mut sums.misscheduled, bits.has(EXISTS) && !run && bits.has(SCHEDULED)),
            (&mut sums.ready, bits.has(READY)),
            (&mut sums.available, bits.has(AVAILABLE)),
            (&mut sums.updated, bits.has(UPDATED)),
            (&mut sums.unavailable, class.is_unavailable()),
            (&mut sums.surging, class.is_surging()),
            (&mut sums.counts_available, bits.has(COUNTS_AVAILABLE)),
        ] {
            match (counts, plus) {
                (true, true) => *sum += 1,
                (true, false) => *sum = sum.saturating_sub(1),
                (false, _) => {}
            }
        }
    }

    fn sort_in(&mut self, node: NodeId, bits: Bits) {
        let class = bits.class();
        for (set, member) in [
            (&mut self.create, bits.has(CREATE) && !bits.has(ATTEND)),
            (&mut self.attend, bits.has(ATTEND)),
            (&mut self.old_available, class == UpdateClass::OldAvailable),
            (&mut self.old_unavailable, class == UpdateClass::OldUnavailable),
            (&mut self.surged, class == UpdateClass::BothNewAvailable),
        ] {
            if member {
                set.insert(node);
            } else if !set.is_empty() {
                set.remove(&node);
            }
        }
    }

    pub(crate) fn verdict(&self, node: NodeId) -> Verdict {
        self.bits.get(node.index()).copied().unwrap_or_default().verdict()
    }

    pub(crate) fn exists(&self, node: NodeId) -> bool {
        self.bits.get(node.index()).is_some_and(|bits| bits.has(EXISTS))
    }

    /// The seven numbers of the status (DS-060…062); the other fields stay as they were.
    pub(crate) fn status(&self, old: &DaemonSetStatus) -> DaemonSetStatus {
        let sums = &self.sums;
        DaemonSetStatus {
            desired_number_scheduled: sums.desired,
            current_number_scheduled: sums.current,
            number_misscheduled: sums.misscheduled,
            number_ready: sums.ready,
            updated_number_scheduled: sums.updated,
            number_available: sums.available,
            number_unavailable: sums.desired.saturating_sub(sums.available),
            ..*old
        }
    }
}

/// Calls `f` with the DaemonSet's pods that count on a node.
pub(crate) fn with_pods_on<T>(
    ds: Uid,
    node: NodeId,
    caches: &Caches,
    owned: &Owned,
    f: impl FnOnce(&[&Pod]) -> T,
) -> T {
    let controlled = caches.pods.controlled_on(ds, node).filter(|pod| owned.keeps(pod.meta.serial));
    let adopted = owned.adopted_on(node).filter_map(|serial| caches.pods.get(serial));
    let mut pods = controlled.chain(adopted).filter(|pod| counts(pod)).map(|pod| &**pod);
    match (pods.next(), pods.next()) {
        (None, _) => f(&[]),
        (Some(only), None) => f(&[only]),
        (Some(first), Some(second)) => {
            let all: Vec<&Pod> = [first, second].into_iter().chain(pods).collect();
            f(&all)
        }
    }
}

/// What one look at a node yields.
struct Share {
    bits: Bits,
    available_at: Option<Time>,
}

fn share(exists: bool, verdict: Verdict, pods: &[&Pod], basis: &Basis, now: Time) -> Share {
    let mut bits = Bits(0)
        .with(EXISTS, exists)
        .with(SHOULD_RUN, verdict.should_run)
        .with(SHOULD_CONTINUE, verdict.should_continue_running)
        .with(SCHEDULED, !pods.is_empty());
    let first = pods.iter().copied().min_by(|a, b| by_creation_timestamp_and_phase(a, b));
    if let Some(pod) = first.filter(|_| verdict.should_run) {
        // Only the first pod is looked at (DS-061).
        bits = bits
            .with(READY, pod.is_ready())
            .with(AVAILABLE, basis.is_available(pod, now))
            .with(UPDATED, basis.is_updated(pod));
    }
    let PodsOnNode { create, delete } = match exists {
        true => pods_should_be_on_node(verdict, pods, basis, now),
        false => PodsOnNode::default(),
    };
    let lost = !exists && pods.iter().any(|pod| pod.node_name.is_none());
    let (class, available) = update_class(verdict, pods, basis, now);
    bits = bits
        .with(CREATE, create)
        .with(ATTEND, lost || !delete.is_empty())
        .with(COUNTS_AVAILABLE, available)
        .with((class as u16) << CLASS_SHIFT, true);
    let available_at = pods.iter().filter_map(|pod| available_at(pod, basis.min_ready, now)).min();
    Share { bits, available_at }
}

/// What a node's pods mean for a rolling update, and whether they count as an available one.
fn update_class(verdict: Verdict, pods: &[&Pod], basis: &Basis, now: Time) -> (UpdateClass, bool) {
    if pods.is_empty() {
        let class = if verdict.should_run { UpdateClass::Empty } else { UpdateClass::Absent };
        return (class, false);
    }
    let (new, old) = match find_updated_pods_on_node(pods, basis) {
        UpdatedPods::Excess => return (UpdateClass::Excess, false),
        UpdatedPods::Pods { new, old } => (new, old),
    };
    let available = |pod: &Pod| basis.is_available(pod, now);
    match (new.map(available), old.map(available)) {
        (None, None) => (UpdateClass::Empty, false),
        (Some(true), None) => (UpdateClass::NewAvailable, true),
        (Some(false), None) => (UpdateClass::NewUnavailable, false),
        (None, Some(true)) => (UpdateClass::OldAvailable, true),
        (None, Some(false)) => (UpdateClass::OldUnavailable, false),
        (Some(true), Some(old)) => (UpdateClass::BothNewAvailable, old),
        (Some(false), Some(old)) => (UpdateClass::BothNewUnavailable, old),
    }
}

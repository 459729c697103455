//! The part of a sync that goes on with a rolling update: which old pods go, and which nodes get a second pod.
//!
//! Kubernetes: pkg/controller/daemon/update.go.

use super::Revisions;
use super::manage::ManageParts;
use super::nodes::{UpdatedPods, find_updated_pods_on_node};
use super::part::Io;
use super::placement::Placement;
use super::sync::Start;
use crate::procedure::{Stop, SyncResult};
use api::daemonset::{DaemonSet, UpdateStrategy};
use api::meta::Name;
use client::informer::NodeId;

/// Kubernetes: rollingUpdate.
pub(super) fn rolling_update(
    start: &Start,
    revisions: &Revisions,
    parts: &mut ManageParts,
    io: &mut Io,
) -> SyncResult<()> {
    parts.sync_nodes(start, revisions, io, |io| nodes_and_pods(start, io))
}

/// Which nodes get a new pod, and which old pods go.
fn nodes_and_pods(start: &Start, io: &Io) -> SyncResult<(Vec<NodeId>, Vec<Name>)> {
    let Some(state) = io.dsc.sets.get(&start.set) else { return Ok(Default::default()) };
    let placement = &state.placement;
    let Some(basis) = placement.basis() else { return Ok(Default::default()) };
    let counts = updated_desired_node_counts(&start.ds, placement.sums.desired);
    let step = update_step(placement, counts).map_err(|node| {
        let name = io.caches.nodes.name(node);
        Stop::Failed(format!("couldn't get node for nodeName \"{name}\""))
    })?;
    let old_pod = |node: &NodeId| {
        state.with_pods_on(*node, io.caches, |pods| match find_updated_pods_on_node(pods, basis) {
            UpdatedPods::Pods { old, .. } => old.map(|pod| pod.meta.name.clone()),
            UpdatedPods::Excess => None,
        })
    };
    let delete = step.delete_old.iter().filter_map(old_pod).collect();
    Ok((step.create, delete))
}

/// The limits of an update, in nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeCounts {
    /// How many nodes may have a second pod at a time.
    pub max_surge: u32,
    /// How many nodes may be without an available pod at a time.
    pub max_unavailable: u32,
    /// How many nodes should run a pod.
    pub desired_number_scheduled: u32,
}

/// Percentages of the nodes that should run a pod, rounded up; never both 0 while nodes are desired.
///
/// Kubernetes: updatedDesiredNodeCounts. Rule: DS-043.
pub fn updated_desired_node_counts(ds: &DaemonSet, desired_number_scheduled: u32) -> NodeCounts {
    let desired = desired_number_scheduled;
    let (mut max_unavailable, max_surge) = match &ds.update_strategy {
        UpdateStrategy::RollingUpdate { max_unavailable, max_surge } => {
            (max_unavailable.scaled_round_up(desired), max_surge.scaled_round_up(desired))
        }
        UpdateStrategy::OnDelete => (0, 0),
    };
    if desired > 0 && max_unavailable == 0 && max_surge == 0 {
        max_unavailable = 1;
    }
    NodeCounts { max_surge, max_unavailable, desired_number_scheduled }
}

/// What the next step of an update does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UpdateStep {
    /// Nodes whose old pod goes.
    pub(crate) delete_old: Vec<NodeId>,
    /// Nodes that get a new pod beside the old one.
    pub(crate) create: Vec<NodeId>,
}

/// The next step of an update, from an up-to-date placement; an error names a node that no longer exists but
/// has an old pod, which upstream cannot pass while surging.
///
/// Upstream walks the nodes in random order; here they come in order of their numbers (DS-046).
///
/// Kubernetes: rollingUpdate. Rules: DS-044…048.
pub(crate) fn update_step(placement: &Placement, counts: NodeCounts) -> Result<UpdateStep, NodeId> {
    if counts.max_surge == 0 {
        let spare = counts.max_unavailable.saturating_sub(placement.sums.unavailable);
        let mut delete_old: Vec<NodeId> = placement.old_unavailable.iter().copied().collect();
        delete_old.extend(placement.old_available.iter().take(spare as usize));
        return Ok(UpdateStep { delete_old, create: Vec::new() });
    }
    surge(placement, counts)
}

/// New pods come first: wherever the old one is not available, and on a few other nodes.
///
/// Rule: DS-048.
fn surge(placement: &Placement, counts: NodeCounts) -> Result<UpdateStep, NodeId> {
    let old = placement.old_available.iter().chain(&placement.old_unavailable);
    if let Some(gone) = old.copied().find(|node| !placement.exists(*node)) {
        return Err(gone);
    }
    let should_run = |node: &NodeId| placement.verdict(*node).should_run;
    let mut step = UpdateStep { delete_old: placement.surged.iter().copied().collect(), create: Vec::new() };
    for node in &placement.old_unavailable {
        let list = if should_run(node) { &mut step.create } else { &mut step.delete_old };
        list.push(*node);
    }
    let spare = counts.max_surge.saturating_sub(placement.sums.surging);
    let candidates = placement.old_available.iter().copied().filter(|node| should_run(node));
    step.create.extend(candidates.take(spare as usize));
    // Pods on nodes that should not run one any more go only as far as enough others are available.
    let deletable = placement.sums.counts_available.saturating_sub(counts.desired_number_scheduled);
    let sunset = placement.old_available.iter().copied().filter(|node| !should_run(node));
    step.delete_old.extend(sunset.take(deletable as usize));
    Ok(step)
}

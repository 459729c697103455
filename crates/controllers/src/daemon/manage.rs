//! The part of a sync that creates missing pods and deletes surplus ones.
//!
//! Kubernetes: pkg/controller/daemon/daemon_controller.go.

use super::claims::{ClaimPods, get_nodes_to_daemon_pods};
use super::nodes::{DeleteReason, pods_should_be_on_node};
use super::part::{Io, Part};
use super::sync::Start;
use super::sync_nodes::SyncNodes;
use super::{BURST_REPLICAS, Revisions};
use crate::procedure::SyncResult;
use api::meta::Name;
use client::informer::NodeId;

/// What [`manage`] and the rolling update keep from answer to answer.
#[derive(Clone, Debug, Default)]
pub(super) struct ManageParts {
    pub(super) claims: ClaimPods,
    pub(super) nodes: Part<SyncNodes, ()>,
}

/// Kubernetes: manage. Rules: DS-008, DS-011, DS-020…024, DS-052.
pub(super) fn manage(
    start: &Start,
    revisions: &Revisions,
    parts: &mut ManageParts,
    io: &mut Io,
) -> SyncResult<()> {
    parts.sync_nodes(start, revisions, io, |io| Ok(nodes_and_pods(start, io)))
}

/// Nodes that get a pod, and pods that go.
type NodesAndPods = (Vec<NodeId>, Vec<Name>);

impl ManageParts {
    /// Looks at the pods of each node, chooses, and has the pods made and deleted.
    pub(super) fn sync_nodes(
        &mut self,
        start: &Start,
        revisions: &Revisions,
        io: &mut Io,
        choose: impl Fn(&mut Io) -> SyncResult<NodesAndPods>,
    ) -> SyncResult<()> {
        get_nodes_to_daemon_pods(start, revisions, &mut self.claims, io)?;
        let begin = |io: &mut Io| {
            let (create, delete) = choose(io)?;
            Ok(SyncNodes::new(start, create, delete, io))
        };
        self.nodes.run(io, begin, |nodes, io| nodes.go_on(start, revisions, io))
    }
}

/// Which nodes need a pod, and which pods have to go.
fn nodes_and_pods(start: &Start, io: &mut Io) -> NodesAndPods {
    let (mut create, mut delete, mut ended) = (Vec::new(), Vec::new(), Vec::new());
    let Some(state) = io.dsc.sets.get(&start.set) else { return Default::default() };
    let Some(basis) = state.placement.basis() else { return Default::default() };
    for node in &state.placement.attend {
        let exists = state.placement.exists(*node);
        state.with_pods_on(*node, io.caches, |pods| {
            if !exists {
                // Nobody else deletes pods that wait for a node that is gone.
                let unbound = pods.iter().filter(|pod| pod.node_name.is_none());
                delete.extend(unbound.map(|pod| pod.meta.name.clone()));
                return;
            }
            let verdict = state.placement.verdict(*node);
            let result = pods_should_be_on_node(verdict, pods, basis, io.ctx.now);
            if result.create {
                create.push(*node);
            }
            for (reason, pod) in result.delete {
                match reason {
                    DeleteReason::Failed | DeleteReason::Succeeded => {
                        ended.push((*node, reason, pod.meta.name.clone()));
                    }
                    DeleteReason::Excess | DeleteReason::Misplaced => delete.push(pod.meta.name.clone()),
                }
            }
        });
    }
    let room = BURST_REPLICAS.saturating_sub(create.len());
    create.extend(state.placement.create.iter().take(room));
    for (node, reason, name) in ended {
        if deletes_ended_now(start, node, reason, &name, io) {
            delete.push(name);
        }
    }
    (create, delete)
}

/// Whether a pod that has ended is deleted now; says so in an event. A failed one waits for its back-off.
///
/// Kubernetes: podsShouldBeOnNode. Rules: DS-020, DS-021, DS-052.
fn deletes_ended_now(start: &Start, node: NodeId, reason: DeleteReason, pod: &Name, io: &mut Io) -> bool {
    if reason == DeleteReason::Failed {
        let key = (start.ds.meta.uid, start.ds.status.observed_generation, node);
        let backoff = &mut io.dsc.failed_pods_backoff;
        if backoff.is_in_back_off_since_update(&key, io.ctx.now) {
            let delay = backoff.get(&key);
            io.dsc.queue.add_after(start.set, delay, io.ctx.now);
            return false;
        }
        backoff.next(&key, io.ctx.now, io.ctx.now);
    }
    let node = io.caches.nodes.name(node);
    io.say_ended(start, reason, pod, &node);
    true
}

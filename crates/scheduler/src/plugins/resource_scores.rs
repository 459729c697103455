//! The scores for what a node has left: NodeResourcesFit's LeastAllocated, and
//! NodeResourcesBalancedAllocation.
//!
//! Kubernetes: pkg/scheduler/framework/plugins/noderesources (least_allocated.go, balanced_allocation.go,
//! resource_allocation.go). Rules: SCH-007, SCH-008.

use super::MAX_NODE_SCORE;
use crate::cache::NodeInfo;
use api::pod::Pod;

/// (allocatable − requested) / allocatable, averaged over cpu and memory, with the default requests.
pub(crate) fn least_allocated(pod: &Pod, info: &NodeInfo) -> i64 {
    let Some(node) = &info.node else { return 0 };
    let total = info.non_zero_requested.plus(pod.spec.scheduling.non_zero_requests);
    let pairs = [(total.cpu_milli, node.allocatable.cpu_milli), (total.memory, node.allocatable.memory)];
    let (mut score, mut weights) = (0, 0);
    for (requested, allocatable) in pairs {
        if allocatable == 0 {
            continue;
        }
        let free = if requested > allocatable { 0 } else { allocatable - requested };
        score += (i128::from(free) * i128::from(MAX_NODE_SCORE) / i128::from(allocatable)) as i64;
        weights += 1;
    }
    if weights == 0 { 0 } else { score / weights }
}

/// How alike the used shares of cpu and memory would be; `None` for a pod that asks for neither, which the
/// plugin leaves alone.
pub(crate) fn balanced_allocation(pod: &Pod, info: &NodeInfo) -> Option<i64> {
    let request = &pod.spec.requests;
    if request.cpu_milli == 0 && request.memory == 0 {
        return None;
    }
    let node = info.node.as_ref()?;
    let pairs = [
        (info.requested.cpu_milli.saturating_add(request.cpu_milli), node.allocatable.cpu_milli),
        (info.requested.memory.saturating_add(request.memory), node.allocatable.memory),
    ];
    // As upstream, in fractions; IEEE arithmetic is the same everywhere.
    let share = |(used, has): (i64, i64)| (has != 0).then(|| (used as f64 / has as f64).min(1.0));
    let deviation = match pairs.map(share) {
        [Some(cpu), Some(memory)] => ((cpu - memory) / 2.0).abs(),
        _ => 0.0,
    };
    Some(((1.0 - deviation) * MAX_NODE_SCORE as f64) as i64)
}

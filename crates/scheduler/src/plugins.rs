//! The scheduler's plugins, each in a file of its name.

pub(crate) mod image_locality;
pub(crate) mod inter_pod_affinity;
pub mod node_affinity;
pub mod node_name;
pub mod node_ports;
pub mod node_resources_fit;
pub mod node_unschedulable;
pub(crate) mod pod_topology_spread;
pub(crate) mod resource_scores;
pub mod taint_toleration;
pub(crate) mod volume_binding;

/// The best score that a plugin gives a node.
pub(crate) const MAX_NODE_SCORE: i64 = 100;

/// Brings scores to 0…100 in proportion to the highest; `reverse`: the highest becomes the lowest.
///
/// Kubernetes: pkg/scheduler/framework/plugins/helper/normalize_score.go, DefaultNormalizeScore.
pub(crate) fn default_normalize_score(scores: &mut [i64], reverse: bool) {
    let max = scores.iter().copied().max().unwrap_or(0);
    for score in scores {
        let part = if max == 0 { 0 } else { score.saturating_mul(MAX_NODE_SCORE) / max };
        *score = if reverse { MAX_NODE_SCORE - part } else { part };
    }
}

//! NodeUnschedulable: cordoned nodes take only pods that tolerate it (SCH-015).
//!
//! Kubernetes: pkg/scheduler/framework/plugins/nodeunschedulable/node_unschedulable.go.

use crate::framework::{Plugin, Status, Verdict};
use api::node::Node;
use api::pod::Pod;
use api::toleration::{Taint, TaintEffect, Toleration};

pub(crate) const REASON_UNSCHEDULABLE: &str = "node(s) were unschedulable";
const TAINT: &str = "node.kubernetes.io/unschedulable";

/// Whether the node is not cordoned, or the pod tolerates that.
pub fn filter(pod: &Pod, node: &Node) -> Verdict {
    if !node.unschedulable || tolerates_cordon(&pod.spec.tolerations) {
        return Ok(());
    }
    Err(Status::unresolvable(Plugin::NodeUnschedulable, REASON_UNSCHEDULABLE))
}

/// Whether the taint of cordoned nodes is tolerated.
pub fn tolerates_cordon(tolerations: &[Toleration]) -> bool {
    // The taint is only made when something could tolerate it.
    !tolerations.is_empty() && {
        let taint = Taint::new(TAINT, "", TaintEffect::NoSchedule);
        tolerations.iter().any(|toleration| toleration.tolerates_taint(&taint, false))
    }
}

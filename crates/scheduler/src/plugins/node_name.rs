//! NodeName: a pod that names its node goes nowhere else.
//!
//! Kubernetes: pkg/scheduler/framework/plugins/nodename/node_name.go.

use crate::framework::{Plugin, Status, Verdict};
use api::node::Node;
use api::pod::Pod;

pub(crate) const REASON: &str = "node(s) didn't match the requested node name";

/// Whether the pod names no node, or this one.
pub fn filter(pod: &Pod, node: &Node) -> Verdict {
    match &pod.node_name {
        Some(name) if *name != node.meta.name => Err(Status::unresolvable(Plugin::NodeName, REASON)),
        _ => Ok(()),
    }
}

//! NodePorts: two pods cannot have one port of a node.
//!
//! Kubernetes: pkg/scheduler/framework/plugins/nodeports/node_ports.go; framework/types.go, HostPortInfo.

use crate::cache::NodeInfo;
use crate::framework::{Plugin, Status, Verdict};
use api::pod::{HostPort, Pod};

pub(crate) const REASON: &str = "node(s) didn't have free ports for the requested pod ports";

/// Whether the host ports that the pod asks for are free on the node.
pub fn filter(pod: &Pod, node: &NodeInfo) -> Verdict {
    if fits(&pod.spec.host_ports, &node.used_ports) {
        return Ok(());
    }
    Err(Status::unschedulable(Plugin::NodePorts, REASON))
}

pub(crate) fn fits(wanted: &[HostPort], used: &[HostPort]) -> bool {
    !wanted.iter().any(|wanted| used.iter().any(|used| conflict(wanted, used)))
}

fn conflict(a: &HostPort, b: &HostPort) -> bool {
    a.port == b.port
        && a.protocol == b.protocol
        && (a.host_ip == b.host_ip || is_any_address(a) || is_any_address(b))
}

fn is_any_address(port: &HostPort) -> bool {
    matches!(&*port.host_ip, "" | "0.0.0.0")
}

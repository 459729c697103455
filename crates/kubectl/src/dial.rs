//! How the API server reaches the kubelet of a pod's node, which `logs` and `exec` are for.
//!
//! Kubernetes: pkg/registry/core/pod/rest (log.go, subresources.go).

use api::pod::Pod;
use api::status_error::{StatusError, StatusReason};
use cli_runtime::job::{Failure, HostCommand, Io, Stop};

/// Where the kubelet of a pod's node listens.
pub(super) fn kubelet_address(pod: &Pod) -> String {
    let host = pod.status.host_ip.map(|ip| ip.to_string()).unwrap_or_default();
    format!("{host}:10250")
}

/// Why the kubelet of a pod's node is not reached, in Go's words; `None` if it is.
pub(super) fn problem(io: &mut Io, pod: &Pod) -> Result<Option<String>, Stop> {
    let node = pod.node_name.as_deref().unwrap_or_default().to_owned();
    let words = ["systemctl", "is-active", "kubelet"].map(str::to_owned).to_vec();
    let why = match io.act(HostCommand { node, words, stdin: None })?.exit_code {
        0 => return Ok(None),
        255 => "no route to host",
        _ => "connection refused",
    };
    Ok(Some(format!("dial tcp {}: connect: {why}", kubelet_address(pod))))
}

/// What the API server says when it has not reached it.
pub(super) fn error(text: String) -> Stop {
    let error = Box::new(StatusError::new(StatusReason::Unknown, text));
    Failure::Status { prefix: String::new(), error }.into()
}

//! What an answer to a probe is worth, and what an event says of it.
//!
//! Kubernetes: pkg/probe/{http,exec,tcp,grpc}.

use super::runtime::answers::{Answer, Answered};
use api::meta::Name;
use api::pod::{Probe, ProbeHandler};

/// Kubernetes: pkg/probe/probe.go, Result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProbeResult {
    Success,
    /// It counts as a success, and is told of.
    Warning(String),
    Failure(String),
    /// The probe could not run; it counts as nothing.
    Unknown(String),
}

/// What an answer comes to, for a pod at this address.
pub(super) fn result(probe: &Probe, pod_ip: &str, answered: &Answered) -> ProbeResult {
    let answer = answered.answer;
    let address = |port: &Name| valid_port(port).map(|port| format!("{pod_ip}:{port}"));
    let result = match &probe.handler {
        ProbeHandler::HttpGet { scheme, host, port, path } => valid_port(port).map(|port| {
            let host = if host.is_empty() { pod_ip } else { host };
            let slash = if path.starts_with('/') { "" } else { "/" };
            let url = format!("{}://{host}:{port}{slash}{path}", scheme.to_lowercase());
            http(answer, &url, &format!("{host}:{port}"))
        }),
        ProbeHandler::Exec { command } => Ok(exec(answered, command, probe)),
        ProbeHandler::TcpSocket { port } => address(port).map(|address| tcp(answer, &address)),
        ProbeHandler::Grpc { port } => address(port).map(|address| grpc(answer, &address, probe)),
    };
    result.unwrap_or_else(ProbeResult::Unknown)
}

/// A name that no port of the container has is tried as a number, in vain.
fn valid_port(port: &str) -> Result<u16, String> {
    match port.parse::<i64>() {
        Ok(number @ 1..=65535) => Ok(number as u16),
        Ok(number) => Err(format!("invalid port number: {number}")),
        Err(_) => Err(format!("strconv.Atoi: parsing {}: invalid syntax", api::field::go_quote(port))),
    }
}

/// Any status from 200 to 399 is a success (KL-104). The client follows redirects within the host itself: one that
/// is left over leads elsewhere, which is told of.
///
/// Kubernetes: pkg/probe/http/http.go, DoHTTPProbe.
fn http(answer: Answer, url: &str, address: &str) -> ProbeResult {
    match answer {
        Answer::Code(200..=299) => ProbeResult::Success,
        Answer::Code(300..=399) => {
            ProbeResult::Warning("Probe terminated redirects, Response body: ".to_owned())
        }
        Answer::Code(code) => ProbeResult::Failure(format!("HTTP probe failed with statuscode: {code}")),
        Answer::Refused => {
            ProbeResult::Failure(format!("Get \"{url}\": dial tcp {address}: connect: connection refused"))
        }
        Answer::Silent => ProbeResult::Failure(format!(
            "Get \"{url}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        )),
    }
}

/// Kubernetes: pkg/probe/exec/exec.go, Probe; staging/src/k8s.io/cri-client/pkg/remote_runtime.go, execSyncV1.
fn exec(answered: &Answered, command: &[Name], probe: &Probe) -> ProbeResult {
    match answered.answer {
        Answer::Code(0) => ProbeResult::Success,
        Answer::Code(_) | Answer::Refused => ProbeResult::Failure(answered.output.clone()),
        Answer::Silent => {
            let (words, seconds) = (command.join(" "), probe.timeout.as_secs());
            ProbeResult::Failure(format!("command timed out: \"{words}\" timed out after {seconds}s"))
        }
    }
}

fn is_well(code: u16) -> bool {
    code == 0 || (200..400).contains(&code)
}

/// Kubernetes: pkg/probe/tcp/tcp.go, DoTCPProbe.
fn tcp(answer: Answer, address: &str) -> ProbeResult {
    match answer {
        Answer::Code(code) if is_well(code) => ProbeResult::Success,
        Answer::Code(_) | Answer::Refused => {
            ProbeResult::Failure(format!("dial tcp {address}: connect: connection refused"))
        }
        Answer::Silent => ProbeResult::Failure(format!("dial tcp {address}: i/o timeout")),
    }
}

/// Kubernetes: pkg/probe/grpc/grpc.go, Probe.
fn grpc(answer: Answer, address: &str, probe: &Probe) -> ProbeResult {
    let seconds = probe.timeout.as_secs();
    match answer {
        Answer::Code(code) if is_well(code) => ProbeResult::Success,
        Answer::Code(_) => {
            ProbeResult::Failure("service unhealthy (responded with \"NOT_SERVING\")".to_owned())
        }
        Answer::Refused => ProbeResult::Failure(format!(
            "timeout: failed to connect service \"{address}\" within {seconds}s: context deadline exceeded"
        )),
        Answer::Silent => {
            ProbeResult::Failure(format!("timeout: health rpc did not complete within {seconds}s"))
        }
    }
}

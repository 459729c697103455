//! The http source: staticPodURL. There is no network outside the cluster here, so nobody ever answers.
//!
//! What that means is upstream's own: a source that has not been heard of is never "ready", and until all
//! are, nothing is taken for gone (KL-030). A URL that no one answers thus keeps the kubelet from removing
//! pods.
//!
//! Kubernetes: pkg/kubelet/config/http.go. Rule: KL-116.

use super::Kubelet;
use sim::Duration;
use wire::{Ctx, KubeletTimer};

/// httpCheckFrequency.
const HTTP_CHECK_FREQUENCY: Duration = Duration::from_secs(20);

/// After so many failures they are no longer logged.
const FAILURE_LOGS: u32 = 3;

impl Kubelet {
    pub(super) fn has_url(&self) -> bool {
        !self.config.static_pod_url.is_empty()
    }

    /// Kubernetes: http.go, run. `failures` have been logged before.
    pub(super) fn check_url(&mut self, failures: u32, ctx: &mut Ctx) {
        if !self.has_url() {
            return;
        }
        let (place, quieter) = match failures < FAILURE_LOGS {
            true => ("http.go:65", ""),
            false => ("http.go:67", ". Dropping verbosity of this message to V(4)"),
        };
        let why = api::field::go_quote(&unreachable(&self.config.static_pod_url));
        ctx.info(place, format!("\"Failed to read pods from URL{quieter}\" err={why}"));
        if failures < FAILURE_LOGS {
            ctx.wake_after(HTTP_CHECK_FREQUENCY, self.timer(KubeletTimer::UrlCheck(failures + 1)));
        }
    }
}

/// What Go's HTTP client says of a host that nobody knows.
fn unreachable(url: &str) -> String {
    let Some((scheme, rest)) =
        url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))
    else {
        return format!("Get \"{url}\": unsupported protocol scheme \"\"");
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => (host, port),
        _ => (host, if scheme == "https" { "443" } else { "80" }),
    };
    match host.parse::<std::net::Ipv4Addr>() {
        Ok(ip) => format!("Get \"{url}\": dial tcp {ip}:{port}: connect: no route to host"),
        Err(_) => format!("Get \"{url}\": dial tcp: lookup {host}: no such host"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_url_that_leads_nowhere_is_told_of_as_go_does() {
        let said = |url| unreachable(url).split_once("\": ").map(|(_, why)| why.to_owned());
        let said = |url| said(url).unwrap();
        assert_eq!(
            said("http://pods.example.com/web.yaml"),
            "dial tcp: lookup pods.example.com: no such host"
        );
        assert_eq!(said("https://10.0.0.9/web"), "dial tcp 10.0.0.9:443: connect: no route to host");
        assert_eq!(said("http://10.0.0.9:8080"), "dial tcp 10.0.0.9:8080: connect: no route to host");
        assert_eq!(said("web.yaml"), "unsupported protocol scheme \"\"");
    }
}

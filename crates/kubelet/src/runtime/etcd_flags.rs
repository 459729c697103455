//! etcd's flags by release, and what etcd says of those that it cannot take: it reads them with Go's own
//! package `flag`.
//!
//! etcd: server/embed/config.go (AddFlags), server/etcdmain/{config,etcd,help}.go, pkg/flags,
//! client/pkg/types/urls.go. Rule: CP-024.

use super::component::{Complaint, arguments, tag};
use api::field::go_quote;
use api::human_duration::parse_go_duration;
use api::pod::Container;
use golang::strconv::parse_bool;

/// What a flag's value has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    /// A flag of the past: it may stand alone, and its value is not looked at.
    Ignored,
    Int,
    Uint,
    Span,
    /// URLs with a comma between them.
    Urls,
    Text,
}

type Flags = [(Kind, &'static str)];

const OF_BOTH: &Flags = &[
    (
        Kind::Bool,
        "auto-tls client-cert-auth enable-grpc-gateway enable-log-rotation enable-pprof \
         experimental-compact-hash-check-enabled experimental-enable-distributed-tracing \
         experimental-enable-lease-checkpoint experimental-enable-lease-checkpoint-persist \
         experimental-initial-corrupt-check experimental-memory-mlock \
         experimental-peer-skip-client-san-verification experimental-stop-grpc-service-on-defrag \
         experimental-txn-mode-write-with-shared-buffer force-new-cluster initial-election-tick-advance \
         peer-auto-tls peer-client-cert-auth pre-vote socket-reuse-address socket-reuse-port \
         strict-reconfig-check unsafe-no-fsync version help h",
    ),
    (
        Kind::Ignored,
        "cluster-active-size cluster-remove-delay cluster-sync-interval config force max-result-buffer \
         max-retry-attempts peer-election-timeout peer-heartbeat-interval retry-interval snapshot \
         test.coverprofile test.outputdir v vv",
    ),
    (
        Kind::Int,
        "backend-batch-limit experimental-compaction-batch-limit \
         experimental-distributed-tracing-sampling-rate quota-backend-bytes",
    ),
    (
        Kind::Uint,
        "auth-token-ttl bcrypt-cost election-timeout experimental-bootstrap-defrag-threshold-megabytes \
         experimental-snapshot-catchup-entries heartbeat-interval max-concurrent-streams \
         max-request-bytes max-snapshots max-txn-ops max-wals self-signed-cert-validity snapshot-count",
    ),
    (
        Kind::Span,
        "backend-batch-interval experimental-compact-hash-check-time experimental-compaction-sleep-interval \
         experimental-corrupt-check-time experimental-downgrade-check-time \
         experimental-warning-apply-duration experimental-watch-progress-notify-interval \
         grpc-keepalive-interval grpc-keepalive-min-time grpc-keepalive-timeout raft-read-timeout \
         raft-write-timeout",
    ),
    (
        Kind::Urls,
        "advertise-client-urls initial-advertise-peer-urls listen-client-http-urls listen-client-urls \
         listen-metrics-urls listen-peer-urls",
    ),
    (
        Kind::Text,
        "auth-token auto-compaction-mode auto-compaction-retention backend-bbolt-freelist-type cert-file \
         cipher-suites client-cert-allowed-hostname client-cert-file client-crl-file client-key-file \
         config-file cors data-dir discovery discovery-fallback discovery-proxy discovery-srv \
         discovery-srv-name experimental-distributed-tracing-address \
         experimental-distributed-tracing-instance-id experimental-distributed-tracing-service-name \
         host-whitelist initial-cluster initial-cluster-state initial-cluster-token key-file log-level \
         log-outputs log-rotation-config-json logger metrics name peer-cert-allowed-cn \
         peer-cert-allowed-hostname peer-cert-file peer-client-cert-file peer-client-key-file \
         peer-crl-file peer-key-file peer-trusted-ca-file tls-max-version tls-min-version \
         trusted-ca-file v2-deprecation wal-dir",
    ),
];

const OF_3_6: &Flags = &[
    (
        Kind::Bool,
        "discovery-insecure-skip-tls-verify discovery-insecure-transport enable-distributed-tracing \
         memory-mlock peer-skip-client-san-verification",
    ),
    (Kind::Int, "compaction-batch-limit distributed-tracing-sampling-rate max-learners"),
    (Kind::Uint, "bootstrap-defrag-threshold-megabytes snapshot-catchup-entries"),
    (
        Kind::Span,
        "compact-hash-check-time compaction-sleep-interval corrupt-check-time discovery-dial-timeout \
         discovery-keepalive-time discovery-keepalive-timeout discovery-request-timeout \
         downgrade-check-time experimental-warning-unary-request-duration warning-apply-duration \
         warning-unary-request-duration watch-progress-notify-interval",
    ),
    (
        Kind::Text,
        "discovery-cacert discovery-cert discovery-endpoints discovery-key discovery-password \
         discovery-token discovery-user distributed-tracing-address distributed-tracing-instance-id \
         distributed-tracing-service-name feature-gates log-format",
    ),
];

const OF_3_5: &Flags = &[
    (Kind::Bool, "enable-v2"),
    (
        Kind::Uint,
        "proxy-dial-timeout proxy-failure-wait proxy-read-timeout proxy-refresh-interval proxy-write-timeout",
    ),
    (Kind::Text, "experimental-enable-v2v3 proxy"),
];

const USAGE: &str = "Usage:

  etcd [flags]
    Start an etcd server.

  etcd --version
    Show the version of etcd.

  etcd -h | --help
    Show the help information about etcd.

  etcd --config-file
    Path to the server configuration file. Note that if a configuration file is provided, other command line flags and environment variables will be ignored.

  etcd gateway
    Run the stateless pass-through etcd TCP connection forwarding proxy.

  etcd grpc-proxy
    Run the stateless etcd v3 gRPC L7 reverse proxy.

";

/// The flags that only the image's release knows; `None` for releases whose flags are not listed here.
fn own_flags(image: &str) -> Option<&'static Flags> {
    let tag = tag(image)?;
    let release = tag.strip_prefix('v').unwrap_or(tag);
    match release {
        _ if release.starts_with("3.6.") => Some(OF_3_6),
        _ if release.starts_with("3.5.") => Some(OF_3_5),
        _ => None,
    }
}

fn kind_of(flag: &str, own: &'static Flags) -> Option<Kind> {
    let mut flags = OF_BOTH.iter().chain(own);
    flags.find(|(_, names)| names.split_whitespace().any(|name| name == flag)).map(|(kind, _)| *kind)
}

/// What etcd has against its command line, if anything; releases other than 3.5 and 3.6 take what they are given.
pub(super) fn complaint(container: &Container) -> Option<Complaint> {
    let own = own_flags(&container.image)?;
    let ends = |text: String| Some(Complaint { exit_code: 2, text: format!("{text}\n{USAGE}") });
    let mut words = arguments(container);
    while let Some(word) = words.next() {
        let Some(given) = word.strip_prefix('-').filter(|given| !given.is_empty()) else {
            return not_a_flag(word);
        };
        let given = given.strip_prefix('-').unwrap_or(given);
        if given.is_empty() {
            // What follows `--` are arguments.
            return words.next().and_then(not_a_flag);
        }
        if given.starts_with(['-', '=']) {
            return ends(format!("bad flag syntax: {word}"));
        }
        let (name, value) = match given.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (given, None),
        };
        let Some(kind) = kind_of(name, own) else {
            return ends(format!("flag provided but not defined: -{name}"));
        };
        if matches!(kind, Kind::Bool | Kind::Ignored) {
            if kind == Kind::Bool && value.is_some_and(|value| parse_bool(value).is_none()) {
                let value = go_quote(value.unwrap_or_default());
                return ends(format!("invalid boolean value {value} for -{name}: parse error"));
            }
            continue;
        }
        let Some(value) = value.or_else(|| words.next()) else {
            return ends(format!("flag needs an argument: -{name}"));
        };
        if let Some(why) = bad_value(kind, value) {
            return ends(format!("invalid value {} for flag -{name}: {why}", go_quote(value)));
        }
    }
    None
}

/// What stands among the flags and is none; etcd logs it in its own form.
fn not_a_flag(word: &str) -> Option<Complaint> {
    let error = go_quote(&format!("{} is not a valid flag", go_quote(word)));
    let text = format!("{{\"level\":\"warn\",\"msg\":\"failed to verify flags\",\"error\":{error}}}\n");
    Some(Complaint { exit_code: 1, text })
}

fn bad_value(kind: Kind, value: &str) -> Option<String> {
    let readable = match kind {
        Kind::Int => value.parse::<i64>().is_ok(),
        Kind::Uint => value.parse::<u64>().is_ok(),
        Kind::Span => parse_go_duration(value).is_some(),
        Kind::Urls => {
            return value.split(',').find_map(|url| bad_url(url.trim())).filter(|_| !value.is_empty());
        }
        Kind::Bool | Kind::Ignored | Kind::Text => true,
    };
    (!readable).then(|| "parse error".to_owned())
}

/// etcd: client/pkg/types/urls.go, NewURLs.
fn bad_url(url: &str) -> Option<String> {
    let starts_as_scheme = url.starts_with(|c: char| c.is_ascii_alphabetic());
    let (scheme, rest) = match url.split_once(':') {
        Some((scheme, rest)) if starts_as_scheme => (scheme, rest),
        Some((first, _)) if !first.contains('/') => {
            return Some(format!("parse {}: first path segment in URL cannot contain colon", go_quote(url)));
        }
        _ => ("", url),
    };
    match scheme {
        "http" | "https" => {}
        "unix" | "unixs" => return None,
        _ => return Some(format!("URL scheme must be http, https, unix, or unixs: {url}")),
    }
    let address = rest.strip_prefix("//").unwrap_or_default();
    let (host, path) = address.split_at(address.find('/').unwrap_or(address.len()));
    if host.rsplit_once(':').is_none() {
        return Some(format!("URL address does not have the form \"host:port\": {url}"));
    }
    (!path.is_empty()).then(|| format!("URL must not contain a path: {url}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::pod::Pod;
    use serde_json::json;

    fn said(image: &str, flags: &[&str]) -> Option<(i32, String)> {
        let command: Vec<&str> = std::iter::once("etcd").chain(flags.iter().copied()).collect();
        let pod = json!({"metadata": {"name": "x"}, "spec": {"containers": [
            {"name": "c", "image": format!("registry.k8s.io/etcd:{image}"), "command": command}]}});
        let pod = Pod::from_value(&pod);
        let complaint = complaint(&pod.spec.containers[0])?;
        Some((complaint.exit_code, complaint.text.lines().next().unwrap_or_default().to_owned()))
    }

    #[test]
    fn cp_024_each_release_of_etcd_knows_its_own_flags() {
        let table = [
            ("3.6.8-0", "--watch-progress-notify-interval=5s", None),
            ("3.5.16-0", "--watch-progress-notify-interval=5s", Some("watch-progress-notify-interval")),
            ("3.6.8-0", "--proxy-refresh-interval=30000", Some("proxy-refresh-interval")),
            ("v3.5.16", "--proxy-refresh-interval=30000", None),
            ("3.5.16-0", "--enable-v2", None),
            ("3.6.8-0", "--enable-v2=true", Some("enable-v2")),
            ("3.6.8-0", "--snapshot", None),
            ("3.4.13-0", "--anything=1", None),
            ("latest", "--anything=1", None),
        ];
        for (image, flag, unknown) in table {
            let expected = unknown.map(|name| (2, format!("flag provided but not defined: -{name}")));
            assert_eq!(said(image, &[flag]), expected, "{image} {flag}");
        }
    }

    #[test]
    fn cp_024_a_value_that_etcd_cannot_read_is_told_of_as_go_does() {
        let of = |flag: &str| said("3.6.8-0", &[flag]).map(|(code, text)| format!("{code} {text}")).unwrap();
        let table = [
            ("--name", "2 flag needs an argument: -name"),
            ("---name=x", "2 bad flag syntax: ---name=x"),
            ("-snapshot-count=many", "2 invalid value \"many\" for flag -snapshot-count: parse error"),
            ("--pre-vote=maybe", "2 invalid boolean value \"maybe\" for -pre-vote: parse error"),
            ("--corrupt-check-time=5", "2 invalid value \"5\" for flag -corrupt-check-time: parse error"),
            (
                "--listen-client-urls=https://127.0.0.1",
                "2 invalid value \"https://127.0.0.1\" for flag -listen-client-urls: URL address does not have \
                 the form \"host:port\": https://127.0.0.1",
            ),
            (
                "--listen-peer-urls=localhost:2380",
                "2 invalid value \"localhost:2380\" for flag -listen-peer-urls: URL scheme must be http, https, \
                 unix, or unixs: localhost:2380",
            ),
            (
                "data-dir=/x",
                "1 {\"level\":\"warn\",\"msg\":\"failed to verify flags\",\"error\":\"\\\"data-dir=/x\\\" is not \
                 a valid flag\"}",
            ),
        ];
        for (flag, expected) in table {
            assert_eq!(of(flag), expected, "{flag}");
        }
    }
}

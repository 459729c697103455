//! What the API server says of its health with `?verbose`.
//!
//! Kubernetes: staging/src/k8s.io/apiserver/pkg/server/healthz/healthz.go, handleRootHealth.

/// The checks that every path has, in their order.
const HOOKS: [&str; 31] = [
    "poststarthook/start-apiserver-admission-initializer",
    "poststarthook/generic-apiserver-start-informers",
    "poststarthook/priority-and-fairness-config-consumer",
    "poststarthook/priority-and-fairness-filter",
    "poststarthook/storage-object-count-tracker-hook",
    "poststarthook/start-apiextensions-informers",
    "poststarthook/start-apiextensions-controllers",
    "poststarthook/crd-informer-synced",
    "poststarthook/start-system-namespaces-controller",
    "poststarthook/peer-endpoint-reconciler-controller",
    "poststarthook/start-cluster-authentication-info-controller",
    "poststarthook/start-kube-apiserver-identity-lease-controller",
    "poststarthook/start-kube-apiserver-identity-lease-garbage-collector",
    "poststarthook/storage-readiness",
    "poststarthook/start-legacy-token-tracking-controller",
    "poststarthook/start-service-ip-repair-controllers",
    "poststarthook/rbac/bootstrap-roles",
    "poststarthook/scheduling/bootstrap-system-priority-classes",
    "poststarthook/priority-and-fairness-config-producer",
    "poststarthook/bootstrap-controller",
    "poststarthook/start-kubernetes-service-cidr-controller",
    "poststarthook/start-kube-aggregator-informers",
    "poststarthook/apiservice-status-local-available-controller",
    "poststarthook/apiservice-status-remote-available-controller",
    "poststarthook/apiservice-registration-controller",
    "poststarthook/apiservice-wait-for-first-sync",
    "poststarthook/apiservice-discovery-controller",
    "poststarthook/kube-apiserver-autoregistration",
    "autoregister-completion",
    "poststarthook/apiservice-openapi-controller",
    "poststarthook/apiservice-openapiv3-controller",
];

/// The list of a server that is well, for `/readyz`, `/livez` or `/healthz`.
pub(super) fn verbose(path: &str) -> String {
    let is_ready = path == "/readyz";
    let first: &[&str] = match is_ready {
        true => &["ping", "log", "etcd", "etcd-readiness", "informer-sync"],
        false => &["ping", "log", "loopback-serving-certificate", "etcd"],
    };
    let last: &[&str] = if is_ready { &["shutdown"] } else { &[] };
    let checks = first.iter().chain(&HOOKS).chain(last);
    let lines: String = checks.map(|check| format!("[+]{check} ok\n")).collect();
    format!("{lines}{} check passed\n", path.trim_start_matches('/'))
}

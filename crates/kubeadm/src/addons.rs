//! The add-ons that `kubeadm init` installs last: CoreDNS and kube-proxy.
//!
//! Kubernetes: cmd/kubeadm/app/phases/addons/{dns,proxy}.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::objects::{KUBE_PROXY_CONFIGURATION, kube_proxy_kubeconfig};
use crate::VERSION;

/// The release of CoreDNS that this kubeadm installs.
///
/// Kubernetes: cmd/kubeadm/app/constants, CoreDNSVersion.
pub(crate) const COREDNS_VERSION: &str = "v1.14.2";

/// How CoreDNS is told what to answer.
const COREFILE: &str = include_str!("Corefile");

/// Group and version, kind, and the object without the two.
pub type Addon = (&'static str, &'static str, Value);

/// What kubeadm posts for CoreDNS, in its order (CP-009); its role and binding are in `rbac.txt`.
///
/// Kubernetes: dns.go, createCoreDNSAddon.
pub fn coredns() -> [Addon; 4] {
    let (name, namespace) = ("coredns", "kube-system");
    let meta = json!({"name": name, "namespace": namespace});
    [
        ("v1", "ConfigMap", json!({"metadata": meta, "data": {"Corefile": COREFILE}})),
        ("v1", "ServiceAccount", json!({"metadata": meta})),
        ("apps/v1", "Deployment", coredns_deployment()),
        ("v1", "Service", dns_service()),
    ]
}

fn coredns_deployment() -> Value {
    let labels = json!({"k8s-app": "kube-dns"});
    json!({
        "metadata": {"name": "coredns", "namespace": "kube-system", "labels": labels},
        "spec": {
            "replicas": 2,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": coredns_pod()},
        },
    })
}

fn coredns_pod() -> Value {
    let selected = json!({"key": "k8s-app", "operator": "In", "values": ["kube-dns"]});
    json!({
        "priorityClassName": "system-cluster-critical",
        "serviceAccountName": "coredns",
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{
            "weight": 100,
            "podAffinityTerm": {
                "labelSelector": {"matchExpressions": [selected]},
                "topologyKey": "kubernetes.io/hostname",
            },
        }]}},
        "tolerations": [
            {"key": "CriticalAddonsOnly", "operator": "Exists"},
            {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"},
        ],
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "containers": [coredns_container()],
        "dnsPolicy": "Default",
        "volumes": [{"name": "config-volume", "configMap": {
            "name": "coredns", "items": [{"key": "Corefile", "path": "Corefile"}],
        }}],
    })
}

fn coredns_container() -> Value {
    let port = |number: u16, name: &str, protocol: &str| json!({"containerPort": number, "name": name, "protocol": protocol});
    let probe = |path: &str, port: &str| json!({"httpGet": {"path": path, "port": port, "scheme": "HTTP"}});
    let mut liveness = probe("/health", "liveness-probe");
    for (field, number) in
        [("initialDelaySeconds", 60), ("timeoutSeconds", 5), ("successThreshold", 1), ("failureThreshold", 5)]
    {
        liveness[field] = json!(number);
    }
    json!({
        "name": "coredns",
        "image": format!("registry.k8s.io/coredns/coredns:{COREDNS_VERSION}"),
        "imagePullPolicy": "IfNotPresent",
        "resources": {"limits": {"memory": "170Mi"}, "requests": {"cpu": "100m", "memory": "70Mi"}},
        "args": ["-conf", "/etc/coredns/Corefile"],
        "volumeMounts": [{"name": "config-volume", "mountPath": "/etc/coredns", "readOnly": true}],
        "ports": [
            port(53, "dns", "UDP"),
            port(53, "dns-tcp", "TCP"),
            port(9153, "metrics", "TCP"),
            port(8080, "liveness-probe", "TCP"),
            port(8181, "readiness-probe", "TCP"),
        ],
        "livenessProbe": liveness,
        "readinessProbe": probe("/ready", "readiness-probe"),
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]},
            "readOnlyRootFilesystem": true,
        },
    })
}

fn dns_service() -> Value {
    let port = |number: u16, name: &str, protocol: &str| json!({"name": name, "port": number, "protocol": protocol, "targetPort": number});
    json!({
        "metadata": {
            "name": "kube-dns", "namespace": "kube-system",
            "labels": {"k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true",
                "kubernetes.io/name": "CoreDNS"},
            "annotations": {"prometheus.io/port": "9153", "prometheus.io/scrape": "true"},
        },
        "spec": {
            "clusterIP": "10.96.0.10",
            "ports": [port(53, "dns", "UDP"), port(53, "dns-tcp", "TCP"), port(9153, "metrics", "TCP")],
            "selector": {"k8s-app": "kube-dns"},
        },
    })
}

/// What kubeadm posts for kube-proxy; `server` is the API server's address.
pub fn kube_proxy(server: Ipv4Addr) -> [Addon; 3] {
    let account = json!({"metadata": {"name": "kube-proxy", "namespace": "kube-system"}});
    let config = json!({
        "metadata": {"name": "kube-proxy", "namespace": "kube-system", "labels": {"app": "kube-proxy"}},
        "data": {"config.conf": KUBE_PROXY_CONFIGURATION, "kubeconfig.conf": kube_proxy_kubeconfig(server)},
    });
    [
        ("v1", "ServiceAccount", account),
        ("v1", "ConfigMap", config),
        ("apps/v1", "DaemonSet", kube_proxy_daemon_set()),
    ]
}

/// kube-proxy's DaemonSet as kubeadm applies it (CP-008).
fn kube_proxy_daemon_set() -> Value {
    json!({
        "metadata": {"name": "kube-proxy", "namespace": "kube-system", "labels": {"k8s-app": "kube-proxy"}},
        "spec": {
            "selector": {"matchLabels": {"k8s-app": "kube-proxy"}},
            "updateStrategy": {"type": "RollingUpdate"},
            "template": {
                "metadata": {"labels": {"k8s-app": "kube-proxy"}},
                "spec": {
                    "priorityClassName": "system-node-critical",
                    "containers": [{
                        "name": "kube-proxy",
                        "image": format!("registry.k8s.io/kube-proxy:{VERSION}"),
                        "imagePullPolicy": "IfNotPresent",
                        "command": ["/usr/local/bin/kube-proxy", "--config=/var/lib/kube-proxy/config.conf",
                            "--hostname-override=$(NODE_NAME)"],
                        "env": [{"name": "NODE_NAME",
                            "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
                        "securityContext": {"privileged": true},
                        "volumeMounts": [
                            {"mountPath": "/var/lib/kube-proxy", "name": "kube-proxy"},
                            {"mountPath": "/run/xtables.lock", "name": "xtables-lock"},
                            {"mountPath": "/lib/modules", "name": "lib-modules", "readOnly": true},
                        ],
                    }],
                    "hostNetwork": true,
                    "serviceAccountName": "kube-proxy",
                    "volumes": [
                        {"name": "kube-proxy", "configMap": {"name": "kube-proxy"}},
                        {"name": "xtables-lock",
                            "hostPath": {"path": "/run/xtables.lock", "type": "FileOrCreate"}},
                        {"name": "lib-modules", "hostPath": {"path": "/lib/modules"}},
                    ],
                    "tolerations": [{"operator": "Exists"}],
                    "nodeSelector": {"kubernetes.io/os": "linux"},
                },
            },
        },
    })
}

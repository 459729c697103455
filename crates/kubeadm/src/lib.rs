//! What kubeadm writes: the files of `kubeadm init` and `kubeadm join`, and the objects of a new cluster.
//!
//! Kubernetes: cmd/kubeadm/app/phases/{kubeconfig,certs}; pkg/kubelet/certificate/bootstrap/bootstrap.go.

pub mod addons;
mod command;
mod manifests;
pub mod objects;

use std::net::Ipv4Addr;

pub use command::run;
use kubelet::config::CONFIG_FILE;
use kubelet::runtime::cni::{BRIDGE_CONFLIST, CNI_CONF_DIR};
pub use manifests::control_plane_manifest;
use sim::Time;
use sim::files::Files;

/// The Kubernetes version that is simulated.
pub const VERSION: &str = "v1.36.2";

/// Where a node's kubelet looks for manifests by default (kubeadm's staticPodPath).
pub const MANIFESTS: &str = "/etc/kubernetes/manifests";

/// The parts of the control plane, in the order in which they come up.
pub const CONTROL_PLANE_PARTS: [&str; 4] =
    ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];

/// What stands in every certificate and key.
const CERTIFICATE: &str =
    "kubestage signs and encrypts nothing: this file stands for a certificate or a key.\n";

/// The same in base64, for kubeconfig files.
const CERTIFICATE_DATA: &str = "a3ViZXN0YWdlIHNpZ25zIGFuZCBlbmNyeXB0cyBub3RoaW5nOiB0aGlzIGZpbGUgc3RhbmRzIGZvciBh\
                                IGNlcnRpZmljYXRlIG9yIGEga2V5Lgo=";

/// Files below /etc/kubernetes/pki of a control-plane node.
const PKI: [&str; 22] = [
    "apiserver-etcd-client.crt",
    "apiserver-etcd-client.key",
    "apiserver-kubelet-client.crt",
    "apiserver-kubelet-client.key",
    "apiserver.crt",
    "apiserver.key",
    "ca.crt",
    "ca.key",
    "etcd/ca.crt",
    "etcd/ca.key",
    "etcd/healthcheck-client.crt",
    "etcd/healthcheck-client.key",
    "etcd/peer.crt",
    "etcd/peer.key",
    "etcd/server.crt",
    "etcd/server.key",
    "front-proxy-ca.crt",
    "front-proxy-ca.key",
    "front-proxy-client.crt",
    "front-proxy-client.key",
    "sa.key",
    "sa.pub",
];

/// The kubelet's configuration as kubeadm marshals it; what is zero counts as not given.
const KUBELET_CONFIGURATION: &str = r#"apiVersion: kubelet.config.k8s.io/v1beta1
authentication:
  anonymous:
    enabled: false
  webhook:
    cacheTTL: 0s
    enabled: true
  x509:
    clientCAFile: /etc/kubernetes/pki/ca.crt
authorization:
  mode: Webhook
  webhook:
    cacheAuthorizedTTL: 0s
    cacheUnauthorizedTTL: 0s
cgroupDriver: systemd
clusterDNS:
- 10.96.0.10
clusterDomain: cluster.local
containerRuntimeEndpoint: unix:///var/run/containerd/containerd.sock
cpuManagerReconcilePeriod: 0s
crashLoopBackOff: {}
evictionPressureTransitionPeriod: 0s
fileCheckFrequency: 0s
healthzBindAddress: 127.0.0.1
healthzPort: 10248
httpCheckFrequency: 0s
imageMaximumGCAge: 0s
imageMinimumGCAge: 0s
kind: KubeletConfiguration
logging:
  flushFrequency: 0
  options:
    json:
      infoBufferSize: "0"
    text:
      infoBufferSize: "0"
  verbosity: 0
memorySwap: {}
nodeStatusReportFrequency: 0s
nodeStatusUpdateFrequency: 0s
rotateCertificates: true
runtimeRequestTimeout: 0s
shutdownGracePeriod: 0s
shutdownGracePeriodCriticalPods: 0s
staticPodPath: /etc/kubernetes/manifests
streamingConnectionIdleTimeout: 0s
syncFrequency: 0s
volumeStatsAggPeriod: 0s
"#;

/// A kubeconfig file with a client certificate.
fn kubeconfig(server: Ipv4Addr, user: &str) -> String {
    format!(
        "apiVersion: v1\n\
         clusters:\n\
         - cluster:\n    certificate-authority-data: {CERTIFICATE_DATA}\n    server: https://{server}:6443\n  name: kubernetes\n\
         contexts:\n\
         - context:\n    cluster: kubernetes\n    user: {user}\n  name: {user}@kubernetes\n\
         current-context: {user}@kubernetes\n\
         kind: Config\n\
         users:\n\
         - name: {user}\n  user:\n    client-certificate-data: {CERTIFICATE_DATA}\n    client-key-data: {CERTIFICATE_DATA}\n"
    )
}

/// The kubeconfig file that a kubelet writes which joined with a bootstrap token.
fn joined_kubelet_conf(server: Ipv4Addr) -> String {
    let pem = "/var/lib/kubelet/pki/kubelet-client-current.pem";
    format!(
        "apiVersion: v1\n\
         clusters:\n\
         - cluster:\n    certificate-authority-data: {CERTIFICATE_DATA}\n    server: https://{server}:6443\n  name: default-cluster\n\
         contexts:\n\
         - context:\n    cluster: default-cluster\n    namespace: default\n    user: default-auth\n  name: default-context\n\
         current-context: default-context\n\
         kind: Config\n\
         users:\n\
         - name: default-auth\n  user:\n    client-certificate: {pem}\n    client-key: {pem}\n"
    )
}

/// What is on every computer's disk when it has joined; `server` is the API server's address.
pub fn new_disk(server: Ipv4Addr) -> Files {
    let mut files = Files::default();
    // Paths of our own cannot clash.
    let kubernetes = [MANIFESTS, "/etc/kubernetes/pki", "/var/lib/kubelet", CNI_CONF_DIR];
    for directory in kubernetes.into_iter().chain(["/tmp", "/root", "/var/log/pods"]) {
        let _ = files.make_directory(directory);
    }
    let mut write = |path: &str, text: &str| {
        let _ = files.write(path, text.as_bytes(), Time::START);
    };
    write(CONFIG_FILE, KUBELET_CONFIGURATION);
    write(&format!("{CNI_CONF_DIR}/10-bridge.conflist"), BRIDGE_CONFLIST);
    write("/etc/kubernetes/pki/ca.crt", CERTIFICATE);
    write("/etc/kubernetes/kubelet.conf", &joined_kubelet_conf(server));
    files
}

/// The same with what `kubeadm init` writes.
pub fn control_plane_disk(disk: &Files, node: &str, ip: Ipv4Addr) -> Files {
    let mut files = disk.clone();
    for directory in ["/etc/kubernetes/pki/etcd", "/var/lib/etcd"] {
        let _ = files.make_directory(directory);
    }
    let mut write = |path: String, text: &str| {
        let _ = files.write(&path, text.as_bytes(), Time::START);
        // Only certificates may be read by everybody.
        if !path.ends_with(".crt") && !path.ends_with(".pub") {
            let _ = files.set_mode(&path, 0o600);
        }
    };
    for part in CONTROL_PLANE_PARTS {
        write(format!("{MANIFESTS}/{part}.yaml"), &control_plane_manifest(part, node, ip));
    }
    for file in PKI {
        write(format!("/etc/kubernetes/pki/{file}"), CERTIFICATE);
    }
    let users = [
        ("admin", "kubernetes-admin"),
        ("super-admin", "kubernetes-super-admin"),
        ("controller-manager", "system:kube-controller-manager"),
        ("scheduler", "system:kube-scheduler"),
    ];
    for (file, user) in users {
        write(format!("/etc/kubernetes/{file}.conf"), &kubeconfig(ip, user));
    }
    write("/etc/kubernetes/kubelet.conf".to_owned(), &kubeconfig(ip, &format!("system:node:{node}")));
    files
}

/// Certificates and kubeconfig files that kubeadm writes: no program reads them here.
pub fn is_credential(path: &str) -> bool {
    let inside = path.strip_prefix("/etc/kubernetes/");
    inside.is_some_and(|name| name.starts_with("pki/") || (!name.contains('/') && name.ends_with(".conf")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const IP: Ipv4Addr = Ipv4Addr::new(192, 168, 56, 10);

    #[test]
    fn a_control_plane_node_has_more_files_than_a_worker() {
        let worker = new_disk(IP);
        let names = |files: &Files, at: &str| -> Vec<String> {
            files.list(at).map(|(path, _)| sim::files::file_name(path).to_owned()).collect()
        };
        assert_eq!(names(&worker, "/etc/kubernetes"), ["kubelet.conf", "manifests", "pki"]);
        let control_plane = control_plane_disk(&worker, "control-plane", IP);
        assert_eq!(
            names(&control_plane, "/etc/kubernetes"),
            [
                "admin.conf",
                "controller-manager.conf",
                "kubelet.conf",
                "manifests",
                "pki",
                "scheduler.conf",
                "super-admin.conf"
            ]
        );
        assert_eq!(names(&control_plane, "/etc/kubernetes/pki/etcd").len(), 8);
    }
}

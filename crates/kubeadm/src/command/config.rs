//! `kubeadm config`.
//!
//! Kubernetes: cmd/kubeadm/app/cmd/config.go, images/images.go; apis/kubeadm/v1beta4/defaults.go.

use super::{Command, OUTPUT};
use crate::VERSION;
use crate::addons::COREDNS_VERSION;
use crate::manifests::ETCD_VERSION;
use cli_runtime::flags::{Parsed, Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use cli_runtime::time::klog_head;

pub(super) const IMAGES_LIST: Command = Command {
    path: "config images list",
    short: "Print the images that kubeadm uses",
    flags: &[OUTPUT, flag("kubernetes-version", '\0', Takes::Text)],
    most: 0,
    run: images_list,
};

pub(super) const INIT_DEFAULTS: Command = Command {
    path: "config print init-defaults",
    short: "Print the configuration of kubeadm init where nothing is configured",
    flags: &[],
    most: 0,
    run: init_defaults,
};

pub(super) const JOIN_DEFAULTS: Command = Command {
    path: "config print join-defaults",
    short: "Print the configuration of kubeadm join where nothing is configured",
    flags: &[],
    most: 0,
    run: join_defaults,
};

/// kubeadm's PauseVersion.
const PAUSE_VERSION: &str = "3.10.2";

fn images_list(io: &mut Io, parsed: &Parsed) -> Result<(), Stop> {
    match parsed.text("kubernetes-version") {
        None => no_internet(io),
        Some(version) if version.trim_start_matches('v') == VERSION.trim_start_matches('v') => {}
        Some(version) => {
            io.err(format!("(Kubernetes {version} is not simulated: this cluster runs {VERSION})\n"));
            return Err(Failure::Exit(127).into());
        }
    }
    let parts = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"];
    let own = parts.iter().map(|part| format!("{part}:{VERSION}"));
    let others = [
        format!("coredns/coredns:{COREDNS_VERSION}"),
        format!("pause:{PAUSE_VERSION}"),
        format!("etcd:{ETCD_VERSION}"),
    ];
    let images: Vec<String> = own.chain(others).map(|image| format!("registry.k8s.io/{image}")).collect();
    let lines = |before: &str, after: &str, between: &str| {
        let lines: Vec<String> = images.iter().map(|image| format!("{before}{image}{after}")).collect();
        lines.join(between)
    };
    match parsed.text("output").unwrap_or("text") {
        "text" => io.out(lines("", "\n", "")),
        "yaml" => io.out(format!(
            "apiVersion: output.kubeadm.k8s.io/v1alpha3\nimages:\n{}\nkind: Images\n",
            lines("- ", "", "\n")
        )),
        "json" => io.out(format!(
            "{{\n    \"kind\": \"Images\",\n    \"apiVersion\": \"output.kubeadm.k8s.io/v1alpha3\",\n    \
             \"images\": [\n{}\n    ]\n}}\n",
            lines("        \"", "\"", ",\n")
        )),
        other => return Err(format!("-o {other} is not simulated: use text, json or yaml").into()),
    }
    Ok(())
}

/// kubeadm looks for the newest release first, and a node of this cluster reaches nothing outside.
///
/// Kubernetes: cmd/kubeadm/app/util/version.go.
fn no_internet(io: &mut Io) {
    let now = io.now();
    let url = "https://dl.k8s.io/release/stable-1.txt";
    io.err(format!(
        "{} could not fetch a Kubernetes version from the internet: unable to get URL \"{url}\": Get \"{url}\": \
         dial tcp: lookup dl.k8s.io: Temporary failure in name resolution\n",
        klog_head(now, 'W', 1, "version.go:108")
    ));
    io.err(format!(
        "{} falling back to the local client version: {VERSION}\n",
        klog_head(now, 'W', 1, "version.go:109")
    ));
}

/// How long kubeadm waits for what.
const TIMEOUTS: &str = "timeouts:
  controlPlaneComponentHealthCheck: 4m0s
  discovery: 5m0s
  etcdAPICall: 2m0s
  kubeletHealthCheck: 4m0s
  kubernetesAPICall: 1m0s
  tlsBootstrap: 5m0s
  upgradeManifests: 5m0s
";

/// How a node registers.
fn registration(node: &str) -> String {
    format!(
        "nodeRegistration:\n  criSocket: unix:///var/run/containerd/containerd.sock\n  \
         imagePullPolicy: IfNotPresent\n  imagePullSerial: true\n  name: {node}\n  taints: null\n"
    )
}

fn init_defaults(io: &mut Io, _: &Parsed) -> Result<(), Stop> {
    let head = "apiVersion: kubeadm.k8s.io/v1beta4
bootstrapTokens:
- groups:
  - system:bootstrappers:kubeadm:default-node-token
  token: abcdef.0123456789abcdef
  ttl: 24h0m0s
  usages:
  - signing
  - authentication
kind: InitConfiguration
localAPIEndpoint:
  advertiseAddress: 1.2.3.4
  bindPort: 6443
";
    // The cluster's own configuration differs in its version and the pods' network only.
    let cluster = include_str!("../cluster-configuration.yaml");
    let minor = VERSION.trim_start_matches('v').rsplit_once('.').map_or(VERSION, |(minor, _)| minor);
    let cluster: String = cluster
        .lines()
        .filter(|line| !line.contains("podSubnet:"))
        .map(|line| match line.starts_with("kubernetesVersion:") {
            true => format!("kubernetesVersion: {minor}.0\n"),
            false => format!("{line}\n"),
        })
        .collect();
    io.out(format!("{head}{}{TIMEOUTS}---\n{cluster}", registration("node")));
    Ok(())
}

fn join_defaults(io: &mut Io, _: &Parsed) -> Result<(), Stop> {
    let head = "apiVersion: kubeadm.k8s.io/v1beta4
caCertPath: /etc/kubernetes/pki/ca.crt
discovery:
  bootstrapToken:
    apiServerEndpoint: kube-apiserver:6443
    token: abcdef.0123456789abcdef
    unsafeSkipCAVerification: true
  tlsBootstrapToken: abcdef.0123456789abcdef
kind: JoinConfiguration
";
    // The real one takes the host's own name here.
    io.out(format!("{head}{}{TIMEOUTS}", registration("node")));
    Ok(())
}

//! How the cluster comes to be: computers with kubeadm's files, and what kubeadm does once the API answers.

use std::rc::Rc;

use serde_json::{Value, json};

use super::machine::MachineSpec;
use super::{Cluster, Wake};
use api::object::{Key, Kind};
use kubelet::node_status::allocatable;
use sim::Duration;
use wire::{Call, FieldValidation, Part, Patch, Token};

/// What kubeadm installs besides the control plane itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addons {
    /// The DaemonSet kube-proxy (CP-008).
    pub kube_proxy: bool,
}

impl Default for Addons {
    fn default() -> Self {
        Addons { kube_proxy: true }
    }
}

/// The Kubernetes version that is simulated.
pub(crate) const VERSION: &str = "v1.36.2";

pub const MANIFESTS: &str = "/etc/kubernetes/manifests";
pub(crate) const KUBELET_CONFIG: &str = "/var/lib/kubelet/config.yaml";

/// The kubelet's configuration as kubeadm writes it, in short.
pub(crate) fn kubelet_config() -> String {
    format!(
        "apiVersion: kubelet.config.k8s.io/v1beta1\n\
         kind: KubeletConfiguration\n\
         clusterDNS:\n- 10.96.0.10\n\
         clusterDomain: cluster.local\n\
         fileCheckFrequency: 20s\n\
         maxPods: 110\n\
         rotateCertificates: true\n\
         staticPodPath: {MANIFESTS}\n"
    )
}

/// The manifest of one part of the control plane, as kubeadm writes it (CP-001…006).
pub fn control_plane_manifest(part: &str, ip: &str) -> String {
    match part {
        "etcd" => etcd(ip),
        "kube-apiserver" => apiserver(ip),
        "kube-controller-manager" => controller_manager(),
        _ => scheduler(),
    }
}

struct Component<'a> {
    name: &'a str,
    annotation: Option<(&'a str, String)>,
    image: String,
    command: Vec<String>,
    port: u16,
    scheme: &'a str,
    host: &'a str,
    liveness: &'a str,
    readiness: Option<&'a str>,
    startup: &'a str,
    cpu: &'a str,
    memory: Option<&'a str>,
    /// (volume name, host path, type)
    volumes: Vec<(&'a str, &'a str, &'a str)>,
}

fn probe(out: &mut String, kind: &str, component: &Component<'_>, path: &str, numbers: [u32; 4]) {
    let [failures, delay, period, timeout] = numbers;
    let Component { scheme, host, .. } = component;
    out.push_str(&format!("    {kind}:\n      failureThreshold: {failures}\n      httpGet:\n"));
    if !host.is_empty() {
        out.push_str(&format!("        host: {host}\n"));
    }
    out.push_str(&format!("        path: {path}\n        port: probe-port\n        scheme: {scheme}\n"));
    if delay > 0 {
        out.push_str(&format!("      initialDelaySeconds: {delay}\n"));
    }
    out.push_str(&format!("      periodSeconds: {period}\n      timeoutSeconds: {timeout}\n"));
}

fn manifest(component: &Component<'_>) -> String {
    let name = component.name;
    let mut out = String::from("apiVersion: v1\nkind: Pod\nmetadata:\n");
    if let Some((key, value)) = &component.annotation {
        out.push_str(&format!("  annotations:\n    {key}: {value}\n"));
    }
    out.push_str(&format!(
        "  labels:\n    component: {name}\n    tier: control-plane\n  name: {name}\n  namespace: kube-system\n\
         spec:\n  containers:\n  - command:\n"
    ));
    for word in &component.command {
        out.push_str(&format!("    - {word}\n"));
    }
    out.push_str(&format!("    image: {}\n    imagePullPolicy: IfNotPresent\n", component.image));
    probe(&mut out, "livenessProbe", component, component.liveness, [8, 10, 10, 15]);
    out.push_str(&format!(
        "    name: {name}\n    ports:\n    - containerPort: {}\n      name: probe-port\n      protocol: TCP\n",
        component.port
    ));
    if let Some(path) = component.readiness {
        probe(&mut out, "readinessProbe", component, path, [3, 0, 1, 15]);
    }
    out.push_str(&format!("    resources:\n      requests:\n        cpu: {}\n", component.cpu));
    if let Some(memory) = component.memory {
        out.push_str(&format!("        memory: {memory}\n"));
    }
    probe(&mut out, "startupProbe", component, component.startup, [24, 10, 10, 15]);
    out.push_str("    volumeMounts:\n");
    for (volume, path, kind) in &component.volumes {
        out.push_str(&format!("    - mountPath: {path}\n      name: {volume}\n"));
        if *kind == "File" || volume.contains("certs") {
            out.push_str("      readOnly: true\n");
        }
    }
    out.push_str(
        "  hostNetwork: true\n  priority: 2000001000\n  priorityClassName: system-node-critical\n\
         \x20 securityContext:\n    seccompProfile:\n      type: RuntimeDefault\n  volumes:\n",
    );
    for (volume, path, kind) in &component.volumes {
        let kind = if *kind == "File" { "FileOrCreate" } else { "DirectoryOrCreate" };
        out.push_str(&format!("  - hostPath:\n      path: {path}\n      type: {kind}\n    name: {volume}\n"));
    }
    out
}

fn command(program: &str, flags: &[String]) -> Vec<String> {
    std::iter::once(program.to_owned()).chain(flags.iter().cloned()).collect()
}

fn etcd(ip: &str) -> String {
    let flags = [
        format!("--advertise-client-urls=https://{ip}:2379"),
        "--data-dir=/var/lib/etcd".to_owned(),
        format!("--listen-client-urls=https://127.0.0.1:2379,https://{ip}:2379"),
        "--listen-metrics-urls=http://127.0.0.1:2381".to_owned(),
        "--name=control-plane".to_owned(),
    ];
    manifest(&Component {
        name: "etcd",
        annotation: Some(("kubeadm.kubernetes.io/etcd.advertise-client-urls", format!("https://{ip}:2379"))),
        image: "registry.k8s.io/etcd:3.6.6-0".to_owned(),
        command: command("etcd", &flags),
        port: 2381,
        scheme: "HTTP",
        host: "127.0.0.1",
        liveness: "/livez",
        readiness: Some("/readyz"),
        startup: "/readyz",
        cpu: "100m",
        memory: Some("100Mi"),
        volumes: vec![("etcd-certs", "/etc/kubernetes/pki/etcd", ""), ("etcd-data", "/var/lib/etcd", "")],
    })
}

fn apiserver(ip: &str) -> String {
    let flags = [
        format!("--advertise-address={ip}"),
        "--allow-privileged=true".to_owned(),
        "--authorization-mode=Node,RBAC".to_owned(),
        "--enable-admission-plugins=NodeRestriction".to_owned(),
        "--etcd-servers=https://127.0.0.1:2379".to_owned(),
        "--secure-port=6443".to_owned(),
        "--service-cluster-ip-range=10.96.0.0/12".to_owned(),
    ];
    manifest(&Component {
        name: "kube-apiserver",
        annotation: Some((
            "kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint",
            format!("{ip}:6443"),
        )),
        image: format!("registry.k8s.io/kube-apiserver:{VERSION}"),
        command: command("kube-apiserver", &flags),
        port: 6443,
        scheme: "HTTPS",
        host: ip,
        liveness: "/livez",
        readiness: Some("/readyz"),
        startup: "/livez",
        cpu: "250m",
        memory: None,
        volumes: vec![("ca-certs", "/etc/ssl/certs", ""), ("k8s-certs", "/etc/kubernetes/pki", "")],
    })
}

fn controller_manager() -> String {
    let flags = [
        "--bind-address=127.0.0.1".to_owned(),
        "--controllers=*,bootstrapsigner,tokencleaner".to_owned(),
        "--kubeconfig=/etc/kubernetes/controller-manager.conf".to_owned(),
        "--leader-elect=true".to_owned(),
        "--use-service-account-credentials=true".to_owned(),
    ];
    manifest(&Component {
        name: "kube-controller-manager",
        annotation: None,
        image: format!("registry.k8s.io/kube-controller-manager:{VERSION}"),
        command: command("kube-controller-manager", &flags),
        port: 10257,
        scheme: "HTTPS",
        host: "127.0.0.1",
        liveness: "/healthz",
        readiness: None,
        startup: "/healthz",
        cpu: "200m",
        memory: None,
        volumes: vec![
            ("ca-certs", "/etc/ssl/certs", ""),
            ("k8s-certs", "/etc/kubernetes/pki", ""),
            ("kubeconfig", "/etc/kubernetes/controller-manager.conf", "File"),
        ],
    })
}

fn scheduler() -> String {
    let flags = [
        "--bind-address=127.0.0.1".to_owned(),
        "--kubeconfig=/etc/kubernetes/scheduler.conf".to_owned(),
        "--leader-elect=true".to_owned(),
    ];
    manifest(&Component {
        name: "kube-scheduler",
        annotation: None,
        image: format!("registry.k8s.io/kube-scheduler:{VERSION}"),
        command: command("kube-scheduler", &flags),
        port: 10259,
        scheme: "HTTPS",
        host: "127.0.0.1",
        liveness: "/livez",
        readiness: Some("/readyz"),
        startup: "/livez",
        cpu: "100m",
        memory: None,
        volumes: vec![("kubeconfig", "/etc/kubernetes/scheduler.conf", "File")],
    })
}

/// The standard cluster: a control-plane node and `workers` workers, 4 CPU, 16 GiB and 110 pods each.
pub fn standard_machines(workers: u32) -> Vec<MachineSpec> {
    let mut machines = vec![MachineSpec::control_plane("control-plane")];
    machines.extend((1..=workers).map(|n| MachineSpec::worker(&format!("worker-{n}"))));
    machines
}

/// The nodes of the standard cluster as they look once it is up.
pub fn standard_nodes() -> Vec<api::Node> {
    let names = ["control-plane", "worker-1", "worker-2", "worker-3"];
    let node = |name: &str| {
        let mut labels = json!({
            "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name,
            "beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": "amd64",
        });
        let mut spec = json!({});
        if name == "control-plane" {
            labels["node-role.kubernetes.io/control-plane"] = json!("");
            labels["node.kubernetes.io/exclude-from-external-load-balancers"] = json!("");
            spec =
                json!({"taints": [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]});
        }
        let capacity = MachineSpec::standard_capacity();
        let allocatable = allocatable(&capacity).to_value();
        api::Node::from_value(&json!({
            "metadata": {"name": name, "labels": labels}, "spec": spec,
            "status": {"capacity": capacity.to_value(), "allocatable": allocatable},
        }))
    };
    names.into_iter().map(node).collect()
}

/// kube-proxy's DaemonSet as kubeadm applies it (CP-008).
fn kube_proxy() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet",
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

impl Cluster {
    /// Puts the start of every computer on the agenda: the control plane first, the workers when it is up.
    pub fn boot(&mut self) {
        let now = self.now;
        for at in 0..self.machines.len() {
            let machine = &self.machines[at];
            let after = if machine.spec.control_plane { Duration::ZERO } else { Duration::from_secs(6) };
            self.agenda.push(now + after, Wake::Boot(machine.id));
        }
    }

    /// What the API server makes by itself when it first comes up: system namespaces and priority classes
    /// (CP-025, SCH-022).
    pub(super) fn bootstrap_objects(&mut self) {
        let namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];
        for name in namespaces {
            self.post_as_system("v1", "Namespace", "", json!({"metadata": {"name": name}}));
        }
        for (name, value) in
            [("system-node-critical", 2_000_001_000), ("system-cluster-critical", 2_000_000_000)]
        {
            let description = "Used for system critical pods that must not be moved from their current node.";
            let body = json!({"metadata": {"name": name}, "value": value, "description": description});
            self.post_as_system("scheduling.k8s.io/v1", "PriorityClass", "", body);
        }
        // Not simulated: of the objects that kubeadm makes beside its DaemonSet, only kube-proxy's ServiceAccount is made.
        self.agenda.push(self.now + self.settings.link_delay, Wake::Kubeadm(0));
    }

    fn post_as_system(&mut self, api_version: &str, kind: &str, namespace: &str, mut body: Value) {
        let Some(of) = Kind::of(api_version, kind) else { return };
        body["apiVersion"] = json!(api_version);
        body["kind"] = json!(kind);
        let call = Call::Post {
            kind: of,
            namespace: namespace.into(),
            body: Rc::new(body),
            validation: FieldValidation::Ignore,
        };
        // Its own objects exist from the moment it answers; an earlier life may have made them already.
        let _ = self.api.handle(call, self.now);
    }

    /// kubeadm's steps after `wait-control-plane`: mark the control plane, install the add-ons.
    pub(super) fn kubeadm(&mut self, step: u32) {
        let registered = self.machines.iter().filter(|machine| machine.spec.control_plane);
        let waiting = registered.clone().any(|machine| self.api.store.nodes.get("", &machine.name).is_none());
        if !self.api_up() || waiting {
            self.agenda.push(self.now + Duration::from_millis(500), Wake::Kubeadm(step));
            return;
        }
        let names: Vec<_> = registered.map(|machine| machine.name.clone()).collect();
        for name in names {
            let patch = json!({"metadata": {"labels": {
                "node-role.kubernetes.io/control-plane": "",
                "node.kubernetes.io/exclude-from-external-load-balancers": "",
            }}});
            let key = Key::new("", &name);
            let patch = Patch::Merge(Rc::new(patch));
            let validation = FieldValidation::Ignore;
            self.send(
                Part::User,
                Call::Patch { kind: Kind::Node, key, uid: None, patch, validation },
                Token::NONE,
            );
        }
        if self.addons.kube_proxy {
            let account = json!({"metadata": {"name": "kube-proxy", "namespace": "kube-system"}});
            let config = json!({"metadata": {"name": "kube-proxy", "namespace": "kube-system",
                "labels": {"app": "kube-proxy"}}, "data": {"config.conf": "mode: \"\"\n"}});
            self.send_post("v1", "ServiceAccount", account);
            self.send_post("v1", "ConfigMap", config);
            self.send_post("apps/v1", "DaemonSet", kube_proxy());
        }
    }

    fn send_post(&mut self, api_version: &str, kind: &str, mut body: Value) {
        let Some(of) = Kind::of(api_version, kind) else { return };
        body["apiVersion"] = json!(api_version);
        body["kind"] = json!(kind);
        let namespace = body["metadata"]["namespace"].as_str().unwrap_or("default").into();
        let validation = FieldValidation::Strict;
        self.send(
            Part::User,
            Call::Post { kind: of, namespace, body: Rc::new(body), validation },
            Token::NONE,
        );
    }
}

//! How the cluster comes to be: the computers, and what kubeadm does once the API answers.

use std::net::Ipv4Addr;
use std::rc::Rc;

use serde_json::{Value, json};

use super::machine::MachineSpec;
use super::{Cluster, Wake};
use api::object::{Key, Kind};
use kubeadm::addons::{Addon, coredns, kube_proxy};
use kubelet::node_status::allocatable;
use sim::Duration;
use wire::{Call, FieldValidation, Part, Patch, Token};

/// What kubeadm installs besides the control plane itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addons {
    /// The Deployment coredns and what belongs to it (CP-009).
    pub coredns: bool,
    /// The DaemonSet kube-proxy (CP-008).
    pub kube_proxy: bool,
}

impl Default for Addons {
    fn default() -> Self {
        Addons { coredns: true, kube_proxy: true }
    }
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
        let server = self.control_plane.first().map(|id| self.machines[id.0 as usize].ip);
        if let Some(server) = server {
            self.post_own_service(server);
            self.api.install(&kubeadm::objects::of_this_cluster(server), self.now);
        }
        self.api.install(&kubeadm::objects::of_every_cluster(), self.now);
        self.agenda.push(self.now + self.settings.link_delay, Wake::Kubeadm(0));
    }

    /// The Service by which pods reach the API server, and where it leads.
    ///
    /// Kubernetes: pkg/controlplane/controller/{kubernetesservice,defaultservicecidr}, pkg/controlplane/reconcilers.
    fn post_own_service(&mut self, server: Ipv4Addr) {
        const NAME: &str = "kubernetes";
        let service = json!({
            "metadata": {"name": NAME, "labels": {"component": "apiserver", "provider": NAME}},
            "spec": {"clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"], "type": "ClusterIP",
                "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
                "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]},
        });
        self.post_as_system("v1", "Service", "default", service);
        let address = server.to_string();
        let port = json!([{"name": "https", "port": 6443, "protocol": "TCP"}]);
        let endpoints = json!({
            "metadata": {"name": NAME, "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
            "subsets": [{"addresses": [{"ip": address}], "ports": port}],
        });
        self.post_as_system("v1", "Endpoints", "default", endpoints);
        let slice = json!({
            "metadata": {"name": NAME, "labels": {"kubernetes.io/service-name": NAME}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [address], "conditions": {"ready": true}}],
            "ports": port,
        });
        self.post_as_system("discovery.k8s.io/v1", "EndpointSlice", "default", slice);
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
                Token::None,
            );
        }
        for (api_version, kind, body) in self.chosen_addons() {
            self.send_post(api_version, kind, body);
        }
    }

    fn chosen_addons(&self) -> Vec<Addon> {
        let server = self.control_plane.first().map(|id| self.machines[id.0 as usize].ip);
        let server = server.unwrap_or(Ipv4Addr::UNSPECIFIED);
        let mut addons = Vec::new();
        if self.addons.coredns {
            addons.extend(coredns());
        }
        if self.addons.kube_proxy {
            addons.extend(kube_proxy(server));
        }
        addons
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
            Token::None,
        );
    }
}

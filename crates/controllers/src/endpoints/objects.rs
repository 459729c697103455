//! EndpointSlices and Endpoints in API form.
//!
//! Kubernetes: staging/src/k8s.io/endpointslice/utils.go; pkg/controller/endpoint/endpoints_controller.go.

use serde_json::{Value, json};

use crate::replicaset::controller_ref;
use api::json;
use api::object::Other;
use api::pod::Pod;

pub(super) const SERVICE_NAME: &str = "kubernetes.io/service-name";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const MANAGER: &str = "endpointslice-controller.k8s.io";
const HEADLESS: &str = "service.kubernetes.io/headless";
const MANAGED_ENDPOINTS: &str = "endpoints.kubernetes.io/managed-by";

/// Whether a slice was made for the Service by this controller.
pub(super) fn is_of(slice: &Other, service: &str) -> bool {
    slice.meta.label(SERVICE_NAME) == Some(service) && slice.meta.label(MANAGED_BY) == Some(MANAGER)
}

fn labels(service: &Other) -> Value {
    let mut labels = json!({});
    for (key, value) in service.meta.labels() {
        labels[&**key] = json!(&**value);
    }
    if json::at(&service.raw, &["spec", "clusterIP"]) == "None" {
        labels[HEADLESS] = json!("");
    }
    labels
}

pub(super) fn slice_labels(service: &Other) -> Value {
    let mut labels = labels(service);
    labels[MANAGED_BY] = json!(MANAGER);
    labels[SERVICE_NAME] = json!(&*service.meta.name);
    labels
}

pub(super) fn endpoints_labels(service: &Other) -> Value {
    let mut labels = labels(service);
    labels[MANAGED_ENDPOINTS] = json!("endpoint-controller");
    labels
}

/// The ports of the Service as one of its pods has them; one that is named and that the pod has not is left out.
///
/// Kubernetes: getEndpointPorts, FindPort.
pub(super) fn ports(service: &Other, pod: &Pod) -> Vec<Value> {
    let find = |target: &Value, protocol: &str| match target.as_str() {
        None => target.as_i64(),
        Some(name) => {
            let containers = json::list(&pod.spec.raw, "containers").iter();
            let mut all = containers.flat_map(|container| json::list(container, "ports"));
            let found = all.find(|port| port["name"] == name && port["protocol"] == protocol);
            found.and_then(|port| json::int(port, "containerPort"))
        }
    };
    let ports = json::list(json::get(&service.raw, "spec"), "ports").iter();
    let resolved = ports.filter_map(|port| {
        let protocol = json::text(port, "protocol");
        let number = find(json::get(port, "targetPort"), protocol)?;
        let mut made = json!({"name": json::text(port, "name"), "port": number, "protocol": protocol});
        if json::has(port, "appProtocol") {
            made["appProtocol"] = port["appProtocol"].clone();
        }
        Some(made)
    });
    resolved.collect()
}

fn publishes_not_ready(service: &Other) -> bool {
    json::flag(json::get(&service.raw, "spec"), "publishNotReadyAddresses")
}

fn target(pod: &Pod) -> Value {
    json!({"kind": "Pod", "name": &*pod.meta.name, "namespace": &**pod.meta.namespace(),
        "uid": pod.meta.uid.to_string()})
}

/// Kubernetes: podToEndpoint. `None` for a pod that has ended or has no address.
pub(super) fn endpoint(service: &Other, pod: &Pod) -> Option<Value> {
    let ip = pod.status.pod_ip.filter(|_| !pod.is_terminal())?;
    let (serving, terminating) = (pod.is_ready(), pod.meta.is_terminating());
    let ready = publishes_not_ready(service) || (serving && !terminating);
    let mut made = json!({
        "addresses": [ip.to_string()],
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
        "targetRef": target(pod),
    });
    if let Some(node) = &pod.node_name {
        made["nodeName"] = json!(&**node);
    }
    let (hostname, subdomain) =
        (json::text(&pod.spec.raw, "hostname"), json::text(&pod.spec.raw, "subdomain"));
    if !hostname.is_empty() && subdomain == &*service.meta.name {
        made["hostname"] = json!(hostname);
    }
    Some(made)
}

/// The pod's address in an Endpoints object, and whether it is ready.
///
/// Kubernetes: endpoints_controller.go, addEndpointSubset.
pub(super) fn address(service: &Other, pod: &Pod) -> Option<(Value, bool)> {
    let made = endpoint(service, pod)?;
    let tolerant = publishes_not_ready(service);
    if pod.meta.is_terminating() && !tolerant {
        return None;
    }
    let mut address = json!({"ip": made["addresses"][0], "targetRef": made["targetRef"]});
    for key in ["nodeName", "hostname"] {
        if json::has(&made, key) {
            address[key] = made[key].clone();
        }
    }
    Some((address, tolerant || pod.is_ready()))
}

/// A slice that is to be made.
pub(super) fn new_slice(service: &Other, ports: &[Value], endpoints: &[Value]) -> Value {
    let owner = controller_ref(service);
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {
            "generateName": format!("{}-", service.meta.name), "namespace": &**service.meta.namespace(),
            "labels": slice_labels(service),
            "ownerReferences": [{
                "apiVersion": &*owner.api_version, "kind": &*owner.kind, "name": &*owner.name,
                "uid": owner.uid.to_string(), "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "endpoints": endpoints, "ports": ports,
    })
}

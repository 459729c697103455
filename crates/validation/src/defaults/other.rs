//! Defaults of nodes, namespaces, services, bindings of roles and network policies.
//!
//! Kubernetes: pkg/apis/core/v1/defaults.go, pkg/apis/rbac/v1/defaults.go,
//! pkg/apis/networking/v1/defaults.go.

use serde_json::{Value, json};

use super::set_defaults_resource_lists;
use api::json;

const RBAC_GROUP: &str = "rbac.authorization.k8s.io";

/// Kubernetes: defaults.go, SetDefaults_NodeStatus; conversion.go, Convert_v1_NodeSpec_To_core_NodeSpec.
pub(super) fn set_object_defaults_node(node: &mut Value) {
    let spec = json::child(node, "spec");
    let range = json::text(spec, "podCIDR").to_owned();
    if !range.is_empty() && json::strings(spec, "podCIDRs").first() != Some(&&*range) {
        spec["podCIDRs"] = json!([range]);
    }
    let status = json::child(node, "status");
    let capacity = json::get(status, "capacity").clone();
    if !capacity.is_null() && !json::has(status, "allocatable") {
        json::object(status).insert("allocatable".to_owned(), capacity);
    }
    set_defaults_resource_lists(status, &["capacity", "allocatable"]);
}

/// Texts of a secret become its data.
///
/// Kubernetes: defaults.go, SetDefaults_Secret; conversion.go, Convert_v1_Secret_To_core_Secret.
pub(super) fn set_object_defaults_secret(secret: &mut Value) {
    json::set_default(secret, "type", "Opaque");
    let Some(Value::Object(texts)) = json::object(secret).remove("stringData") else { return };
    if texts.is_empty() {
        return;
    }
    let data = json::object(json::child(secret, "data"));
    for (key, text) in texts {
        let text = text.as_str().unwrap_or_default();
        data.insert(key, golang::base64::encode(text.as_bytes()).into());
    }
}

/// API-025. Kubernetes: defaults.go, SetDefaults_Namespace, SetDefaults_NamespaceStatus.
pub(super) fn set_object_defaults_namespace(namespace: &mut Value) {
    let metadata = json::child(namespace, "metadata");
    let name = json::text(metadata, "name").to_owned();
    if !name.is_empty() {
        let labels = json::object(json::child(metadata, "labels"));
        labels.insert("kubernetes.io/metadata.name".to_owned(), name.into());
    }
    json::set_default(json::child(namespace, "status"), "phase", "Active");
}

/// Kubernetes: defaults.go, SetDefaults_Service.
pub(super) fn set_defaults_service(service: &mut Value) {
    let spec = json::child(service, "spec");
    json::set_default(spec, "sessionAffinity", "None");
    match json::text(spec, "sessionAffinity") {
        "None" => {
            json::object(spec).remove("sessionAffinityConfig");
        }
        "ClientIP" => {
            let client = json::child(json::child(spec, "sessionAffinityConfig"), "clientIP");
            json::set_default(client, "timeoutSeconds", 10_800);
        }
        _ => {}
    }
    json::set_default(spec, "type", "ClusterIP");
    json::each(spec, "ports").for_each(set_defaults_service_port);
    let kind = json::text(spec, "type").to_owned();
    let external = json::strings(spec, "externalIPs");
    if matches!(&*kind, "NodePort" | "LoadBalancer") || (kind == "ClusterIP" && !external.is_empty()) {
        json::set_default(spec, "externalTrafficPolicy", "Cluster");
    }
    if matches!(&*kind, "NodePort" | "LoadBalancer" | "ClusterIP") {
        json::set_default(spec, "internalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        json::set_default(spec, "allocateLoadBalancerNodePorts", true);
    }
}

fn set_defaults_service_port(port: &mut Value) {
    json::set_default(port, "protocol", "TCP");
    let target = json::get(port, "targetPort");
    if target.is_null() || *target == json!(0) || *target == json!("") {
        let own = json::get(port, "port").clone();
        json::object(port).insert("targetPort".to_owned(), own);
    }
}

/// Kubernetes: pkg/apis/rbac/v1/defaults.go.
pub(super) fn set_defaults_role_binding(binding: &mut Value) {
    json::set_default(json::child(binding, "roleRef"), "apiGroup", RBAC_GROUP);
    for subject in json::each(binding, "subjects") {
        if matches!(json::text(subject, "kind"), "User" | "Group") {
            json::set_default(subject, "apiGroup", RBAC_GROUP);
        }
    }
}

/// Kubernetes: pkg/apis/networking/v1/defaults.go.
pub(super) fn set_defaults_network_policy(policy: &mut Value) {
    let spec = json::child(policy, "spec");
    for (list, _) in [("ingress", "from"), ("egress", "to")] {
        for rule in json::each(spec, list) {
            for port in json::each(rule, "ports") {
                json::set_default(port, "protocol", "TCP");
            }
        }
    }
    if json::empty(spec, "policyTypes") {
        let both = !json::empty(spec, "egress");
        let types = if both { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) };
        json::object(spec).insert("policyTypes".to_owned(), types);
    }
}

/// Limits of containers: what is not said follows from the greatest and the least amounts.
pub(super) fn set_object_defaults_limit_range(range: &mut Value) {
    const LISTS: [&str; 5] = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"];
    let spec = json::child_if(range, "spec");
    for item in spec.into_iter().flat_map(|spec| json::each(spec, "limits")) {
        set_defaults_resource_lists(item, &LISTS);
        if json::text(item, "type") == "Container" {
            for (from, to) in [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")] {
                fill_in(item, from, to);
            }
        }
    }
}

/// Adds to a list what another one has besides.
fn fill_in(item: &mut Value, from: &str, to: &str) {
    let Some(given) = json::get(item, from).as_object().cloned() else { return };
    let list = json::object(json::child(item, to));
    for (name, amount) in given {
        list.entry(name).or_insert(amount);
    }
}

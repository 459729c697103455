//! Services.
//!
//! Kubernetes: pkg/apis/core/validation/validation.go, validateService.
// Not simulated: addresses of two families, load balancer classes, source ranges, health check ports.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::ip::is_valid_ip;
use super::meta::{validate_labels, validate_object_meta, validate_object_meta_update};
use super::names::{
    is_valid_port_num, name_is_dns1035_label, validate_dns1123_label, validate_dns1123_subdomain,
    validate_qualified_name,
};
use super::probe::validate_port_num_or_name;
use super::push_unless_one_of;
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;

pub(super) fn validate_service_create(service: &Value) -> ErrorList {
    let path = FieldPath::new("metadata");
    let meta = json::get(service, "metadata");
    let mut errors = validate_object_meta(meta, true, name_is_dns1035_label, &path);
    validate_service(service, &mut errors);
    errors
}

pub(super) fn validate_service_update(new: &Value, old: &Value) -> ErrorList {
    let path = FieldPath::new("metadata");
    let mut errors =
        validate_object_meta_update(json::get(new, "metadata"), json::get(old, "metadata"), &path);
    let cluster_ip = |service| json::text(json::get(service, "spec"), "clusterIP");
    let (before, after) = (cluster_ip(old), cluster_ip(new));
    let external = |service| json::text(json::get(service, "spec"), "type") == "ExternalName";
    if !before.is_empty() && before != after && !external(new) && !external(old) {
        let path = FieldPath::new("spec").child("clusterIPs").index(0);
        let shown = json!([after]);
        errors.push(FieldError::invalid(&path, shown, "may not change once set"));
    }
    validate_service(new, &mut errors);
    errors
}

fn validate_service(service: &Value, errors: &mut ErrorList) {
    let (spec, path) = (json::get(service, "spec"), FieldPath::new("spec"));
    let kind = json::text(spec, "type");
    let headless = json::text(spec, "clusterIP") == "None";
    let ports = json::list(spec, "ports");
    if ports.is_empty() && !headless && kind != "ExternalName" {
        errors.push(FieldError::required(&path.child("ports"), ""));
    }
    if headless && matches!(kind, "LoadBalancer" | "NodePort") {
        let path = path.child("clusterIPs").index(0);
        let why = format!("may not be set to 'None' for {kind} services");
        errors.push(FieldError::invalid(&path, "None", why));
    }
    if kind == "ExternalName" {
        validate_external_name(spec, &path, errors);
    }
    let mut names = BTreeSet::new();
    for (at, port) in ports.iter().enumerate() {
        let path = path.child("ports").index(at);
        validate_service_port(port, ports.len() > 1, &mut names, &path, errors);
    }
    validate_labels(json::get(spec, "selector"), &path.child("selector"), errors);
    let affinity = json::text(spec, "sessionAffinity");
    push_unless_one_of(&path.child("sessionAffinity"), affinity, &["ClientIP", "None"], errors);
    let address = json::text(spec, "clusterIP");
    if !address.is_empty() && !headless && kind != "ExternalName" {
        is_valid_ip(address, &path.child("clusterIPs").index(0), errors);
    }
    for (at, address) in json::strings(spec, "externalIPs").into_iter().enumerate() {
        is_valid_ip(address, &path.child("externalIPs").index(at), errors);
    }
    let kinds = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    push_unless_one_of(&path.child("type"), kind, &kinds, errors);
    validate_port_clashes(spec, kind, &path.child("ports"), errors);
    validate_traffic_policies(spec, kind, &path, errors);
}

fn validate_external_name(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    if !json::empty(spec, "clusterIP") || !json::empty(spec, "clusterIPs") {
        let why = "may not be set for ExternalName services";
        errors.push(FieldError::forbidden(&path.child("clusterIPs"), why));
    }
    let name = json::text(spec, "externalName");
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_empty() {
        errors.push(FieldError::required(&path.child("externalName"), ""));
    } else {
        validate_dns1123_subdomain(name, &path.child("externalName"), errors);
    }
}

fn validate_service_port<'a>(
    port: &'a Value,
    require_name: bool,
    names: &mut BTreeSet<&'a str>,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let name = json::text(port, "name");
    if !name.is_empty() {
        validate_dns1123_label(name, &path.child("name"), errors);
        if !names.insert(name) {
            errors.push(FieldError::duplicate(&path.child("name"), name));
        }
    } else if require_name {
        errors.push(FieldError::required(&path.child("name"), ""));
    }
    let number = json::int(port, "port").unwrap_or(0);
    let why = is_valid_port_num(number);
    errors.extend(why.map(|why| FieldError::invalid(&path.child("port"), number, why)));
    let protocol = json::text(port, "protocol");
    push_unless_one_of(&path.child("protocol"), protocol, &["SCTP", "TCP", "UDP"], errors);
    validate_port_num_or_name(json::get(port, "targetPort"), &path.child("targetPort"), errors);
    if let Some(protocol) = json::get(port, "appProtocol").as_str() {
        validate_qualified_name(protocol, &path.child("appProtocol"), errors);
    }
}

fn validate_port_clashes(spec: &Value, kind: &str, path: &FieldPath, errors: &mut ErrorList) {
    let ports = json::list(spec, "ports");
    let pair = |port, key| (json::text(port, "protocol"), json::int(port, key).unwrap_or(0));
    let (mut nodes, mut own) = (BTreeSet::new(), BTreeSet::new());
    for (at, port) in ports.iter().enumerate() {
        if kind == "ClusterIP" && pair(port, "nodePort").1 != 0 {
            let path = path.index(at).child("nodePort");
            errors.push(FieldError::forbidden(&path, "may not be used when `type` is 'ClusterIP'"));
        }
    }
    for (at, port) in ports.iter().enumerate() {
        let node = pair(port, "nodePort");
        if node.1 != 0 && !nodes.insert(node) {
            errors.push(FieldError::duplicate(&path.index(at).child("nodePort"), node.1));
        }
    }
    for (at, port) in ports.iter().enumerate() {
        let (protocol, number) = pair(port, "port");
        if !own.insert((protocol, number)) {
            let shown = json!({"protocol": protocol, "port": number});
            errors.push(FieldError::duplicate(&path.index(at), shown));
        }
    }
}

fn validate_traffic_policies(spec: &Value, kind: &str, path: &FieldPath, errors: &mut ErrorList) {
    let (policy, policy_path) =
        (json::text(spec, "externalTrafficPolicy"), path.child("externalTrafficPolicy"));
    let external_ips = !json::empty(spec, "externalIPs");
    let external = matches!(kind, "LoadBalancer" | "NodePort") || (kind == "ClusterIP" && external_ips);
    if external {
        push_unless_one_of(&policy_path, policy, &["Cluster", "Local"], errors);
    } else if !policy.is_empty() {
        let why = "may only be set for externally-accessible services";
        errors.push(FieldError::invalid(&policy_path, policy, why));
    }
    let internal = json::get(spec, "internalTrafficPolicy").as_str();
    if let Some(policy) = internal.filter(|policy| !["Cluster", "Local"].contains(policy)) {
        let path = path.child("internalTrafficPolicy");
        errors.push(FieldError::not_supported(&path, policy, &["Cluster", "Local"]));
    }
}

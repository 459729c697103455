//! PodDisruptionBudgets and NetworkPolicies.
//!
//! Kubernetes: pkg/apis/policy/validation/validation.go, pkg/apis/networking/validation/validation.go.

use serde_json::Value;

use super::daemonset::{is_not_more_than_100_percent, validate_positive_int_or_percent};
use super::ip::{is_strict_subset, is_valid_cidr};
use super::meta::{validate_label_selector, validate_object_meta, validate_object_meta_update};
use super::names::{is_valid_port_num, name_is_dns_subdomain, validate_path_segment_name};
use super::{go_form, push_invalid};
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;
use api::label::is_valid_port_name;

/// Any name that can stand in a path will do, and it is looked at last.
pub(super) fn validate_pod_disruption_budget(budget: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    validate_budget_spec(json::get(budget, "spec"), &FieldPath::new("spec"), &mut errors);
    if errors.is_empty() {
        let (meta, path) = (json::get(budget, "metadata"), FieldPath::new("metadata"));
        errors = validate_object_meta(meta, true, validate_path_segment_name, &path);
    }
    errors
}

pub(super) fn validate_pod_disruption_budget_update(new: &Value, old: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    validate_budget_spec(json::get(new, "spec"), &FieldPath::new("spec"), &mut errors);
    if errors.is_empty() {
        let meta = |of| json::get(of, "metadata");
        errors = validate_object_meta_update(meta(new), meta(old), &FieldPath::new("metadata"));
    }
    errors
}

fn validate_budget_spec(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    const AMOUNTS: [&str; 2] = ["minAvailable", "maxUnavailable"];
    if AMOUNTS.iter().all(|key| json::has(spec, key)) {
        let shown = go_form::compact("PodDisruptionBudgetSpec", spec);
        let why = "minAvailable and maxUnavailable cannot be both set";
        errors.push(FieldError::invalid(path, spec.clone(), why).shown_as(shown));
    }
    for key in AMOUNTS.into_iter().filter(|key| json::has(spec, key)) {
        let (amount, path) = (json::get(spec, key), path.child(key));
        validate_positive_int_or_percent(amount, &path, errors);
        is_not_more_than_100_percent(amount, &path, errors);
    }
    validate_label_selector(json::get(spec, "selector"), &path.child("selector"), errors);
    let (key, known) = ("unhealthyPodEvictionPolicy", ["AlwaysAllow", "IfHealthyBudget"]);
    if let Some(policy) = json::get(spec, key).as_str().filter(|policy| !known.contains(policy)) {
        errors.push(FieldError::not_supported(&path.child(key), policy, &known));
    }
}

pub(super) fn validate_network_policy(policy: &Value) -> ErrorList {
    let path = FieldPath::new("metadata");
    let mut errors = validate_object_meta(json::get(policy, "metadata"), true, name_is_dns_subdomain, &path);
    validate_network_policy_spec(json::get(policy, "spec"), &FieldPath::new("spec"), &mut errors);
    errors
}

pub(super) fn validate_network_policy_update(new: &Value, old: &Value) -> ErrorList {
    let meta = |of| json::get(of, "metadata");
    let mut errors = validate_object_meta_update(meta(new), meta(old), &FieldPath::new("metadata"));
    validate_network_policy_spec(json::get(new, "spec"), &FieldPath::new("spec"), &mut errors);
    errors
}

fn validate_network_policy_spec(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    validate_label_selector(json::get(spec, "podSelector"), &path.child("podSelector"), errors);
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for (at, rule) in json::list(spec, direction).iter().enumerate() {
            let path = path.child(direction).index(at);
            for (at, port) in json::list(rule, "ports").iter().enumerate() {
                validate_network_policy_port(port, &path.child("ports").index(at), errors);
            }
            for (at, peer) in json::list(rule, peers).iter().enumerate() {
                validate_network_policy_peer(peer, &path.child(peers).index(at), errors);
            }
        }
    }
    let (types, path) = (json::get(spec, "policyTypes"), path.child("policyTypes"));
    let known = ["Ingress", "Egress"];
    let given = json::strings(spec, "policyTypes");
    if given.len() > known.len() {
        let why = "may not specify more than two policyTypes";
        errors.push(FieldError::invalid(&path, types.clone(), why));
        return;
    }
    for (at, sort) in given.into_iter().enumerate().filter(|(_, sort)| !known.contains(sort)) {
        errors.push(FieldError::not_supported(&path.index(at), sort, &known));
    }
}

fn validate_network_policy_port(port: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let known = ["TCP", "UDP", "SCTP"];
    if let Some(protocol) = json::get(port, "protocol").as_str().filter(|given| !known.contains(given)) {
        errors.push(FieldError::not_supported(&path.child("protocol"), protocol, &known));
    }
    let (number, end) = (json::get(port, "port"), json::int(port, "endPort"));
    let (path, end_path) = (path.child("port"), path.child("endPort"));
    match number {
        Value::Number(_) => {
            let first = number.as_i64().unwrap_or(0);
            let mut push_port = |path: &FieldPath, number: i64| {
                errors.extend(is_valid_port_num(number).map(|why| FieldError::invalid(path, number, why)));
            };
            push_port(&path, first);
            let Some(end) = end else { return };
            if end < first {
                let why = "must be greater than or equal to `port`";
                errors.push(FieldError::invalid(&end_path, first, why));
            }
            errors.extend(is_valid_port_num(end).map(|why| FieldError::invalid(&end_path, end, why)));
        }
        Value::String(name) => {
            if let Some(end) = end {
                let why = "may not be specified when `port` is non-numeric";
                errors.push(FieldError::invalid(&end_path, end, why));
            }
            push_invalid(&path, name, is_valid_port_name(name), errors);
        }
        _ => {
            if let Some(end) = end {
                let why = "may not be specified when `port` is not specified";
                errors.push(FieldError::invalid(&end_path, end, why));
            }
        }
    }
}

fn validate_network_policy_peer(peer: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let selectors = ["podSelector", "namespaceSelector"].into_iter().filter(|key| json::has(peer, key));
    let mut peers = 0;
    for key in selectors {
        peers += 1;
        validate_label_selector(json::get(peer, key), &path.child(key), errors);
    }
    let block = json::get(peer, "ipBlock");
    if !block.is_null() {
        validate_ip_block(block, &path.child("ipBlock"), errors);
    }
    match (peers, block.is_null()) {
        (0, true) => errors.push(FieldError::required(path, "must specify a peer")),
        (0, false) | (_, true) => {}
        _ => errors.push(FieldError::forbidden(path, "may not specify both ipBlock and another peer")),
    }
}

fn validate_ip_block(block: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let (cidr, cidr_path) = (json::text(block, "cidr"), path.child("cidr"));
    if cidr.is_empty() {
        errors.push(FieldError::required(&cidr_path, ""));
        return;
    }
    is_valid_cidr(cidr, &cidr_path, errors);
    for (at, except) in json::strings(block, "except").into_iter().enumerate() {
        let path = path.child("except").index(at);
        // Of a block that cannot be read nothing is said about what it leaves out.
        let Some(is_subset) = is_strict_subset(except, cidr) else {
            if is_strict_subset(cidr, cidr).is_some() {
                is_valid_cidr(except, &path, errors);
            }
            continue;
        };
        is_valid_cidr(except, &path, errors);
        if !is_subset {
            errors.push(FieldError::invalid(&path, except, "must be a strict subset of `cidr`"));
        }
    }
}

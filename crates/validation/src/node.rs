//! Nodes and their taints.
//!
//! Kubernetes: pkg/apis/core/validation/validation.go, ValidateNode, ValidateNodeUpdate.

use serde_json::Value;
use sim::SortedSet;

use super::go_form;
use super::ip::is_valid_cidr;
use super::meta::{validate_label_name, validate_object_meta, validate_object_meta_update};
use super::names::name_is_dns_subdomain;
use super::resources::validate_resource_quantity_value;
use super::scheduling::validate_taint_effect;
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;
use api::label::is_valid_label_value;

/// All that is wrong with a new Node.
pub(crate) fn validate_node(node: &Value) -> ErrorList {
    let path = FieldPath::new("metadata");
    let mut errors = validate_object_meta(json::get(node, "metadata"), false, name_is_dns_subdomain, &path);
    let spec = json::get(node, "spec");
    // Upstream really looks for the taints below the metadata.
    validate_node_taints(json::list(spec, "taints"), &path.child("taints"), &mut errors);
    validate_node_resources(node, &mut errors);
    let cidrs = json::strings(spec, "podCIDRs");
    let cidrs_path = FieldPath::new("spec").child("podCIDRs");
    for (at, cidr) in cidrs.iter().enumerate() {
        is_valid_cidr(cidr, &cidrs_path.index(at), &mut errors);
    }
    let families: SortedSet<bool> = cidrs.iter().map(|cidr| cidr.contains(':')).collect();
    if cidrs.len() > 1 && families.len() != cidrs.len() {
        let why = "may specify no more than one CIDR for each IP family";
        errors.push(FieldError::invalid(&cidrs_path, json::get(spec, "podCIDRs").clone(), why));
    }
    errors
}

/// All that is wrong with a change of a Node.
pub(crate) fn validate_node_update(new: &Value, old: &Value) -> ErrorList {
    let path = FieldPath::new("metadata");
    let mut errors =
        validate_object_meta_update(json::get(new, "metadata"), json::get(old, "metadata"), &path);
    validate_node_resources(new, &mut errors);
    let addresses_path = FieldPath::new("status").child("addresses");
    let addresses = json::list(json::get(new, "status"), "addresses");
    for (at, address) in addresses.iter().enumerate().filter(|(at, a)| addresses[..*at].contains(a)) {
        let shown = go_form::compact("NodeAddress", address);
        errors.push(FieldError::duplicate(&addresses_path.index(at), address.clone()).shown_as(shown));
    }
    let (new, old, spec_path) = (json::get(new, "spec"), json::get(old, "spec"), FieldPath::new("spec"));
    let cidrs = |spec| json::strings(spec, "podCIDRs");
    if !cidrs(old).is_empty() && cidrs(old) != cidrs(new) {
        let why = "node updates may not change podCIDR except from \"\" to valid";
        errors.push(FieldError::forbidden(&spec_path.child("podCIDRs"), why));
    }
    let provider = |spec| json::text(spec, "providerID");
    if !provider(old).is_empty() && provider(old) != provider(new) {
        let why = "node updates may not change providerID except from \"\" to valid";
        errors.push(FieldError::forbidden(&spec_path.child("providerID"), why));
    }
    validate_node_taints(json::list(new, "taints"), &path.child("taints"), &mut errors);
    if json::text(new, "externalID") != json::text(old, "externalID") {
        errors.push(FieldError::forbidden(&spec_path.child("externalID"), "may not be updated"));
    }
    errors
}

/// Taints of a node: each pair of key and effect only once.
pub(crate) fn validate_node_taints(taints: &[Value], path: &FieldPath, errors: &mut ErrorList) {
    let mut seen = SortedSet::new();
    for (at, taint) in taints.iter().enumerate() {
        let path = path.index(at);
        let text = |key| json::text(taint, key);
        let (key, value, effect) = (text("key"), text("value"), text("effect"));
        validate_label_name(key, &path.child("key"), errors);
        let messages = is_valid_label_value(value);
        if !messages.is_empty() {
            errors.push(FieldError::invalid(&path.child("value"), value, messages.join(";")));
        }
        validate_taint_effect(effect, &path.child("effect"), errors);
        if !seen.insert((effect, key)) {
            let shown = go_form::compact("Taint", taint);
            let mut error = FieldError::duplicate(&path, taint.clone()).shown_as(shown);
            error.detail = "taints must be unique by key and effect pair".to_owned();
            errors.push(error);
        }
    }
}

fn validate_node_resources(node: &Value, errors: &mut ErrorList) {
    let status = json::get(node, "status");
    for list in ["capacity", "allocatable"] {
        let path = FieldPath::new("status").child(list);
        for (name, amount) in json::entries(status, list) {
            validate_resource_quantity_value(name, amount, &path.child(name.to_owned()), errors);
        }
    }
}

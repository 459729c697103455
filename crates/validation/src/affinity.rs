//! Affinity to nodes and to pods.
//!
//! Kubernetes: pkg/apis/core/validation/validation.go, validateAffinity and below.

use serde_json::Value;

use super::meta::{validate_label_name, validate_label_selector, validate_values_of_operator};
use super::names::{name_is_dns_label, name_is_dns_subdomain};
use super::push_invalid;
use super::scheduling::validate_match_label_keys;
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;
use api::label::is_valid_label_value;
use api::node_affinity::OBJECT_NAME_FIELD;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

pub(super) fn validate_affinity(affinity: &Value, path: &FieldPath, errors: &mut ErrorList) {
    validate_node_affinity(json::get(affinity, "nodeAffinity"), &path.child("nodeAffinity"), errors);
    for key in ["podAffinity", "podAntiAffinity"] {
        validate_pod_affinity(json::get(affinity, key), &path.child(key), errors);
    }
}

fn validate_node_affinity(affinity: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let required = json::get(affinity, REQUIRED);
    if !required.is_null() {
        validate_node_selector(required, &path.child(REQUIRED), errors);
    }
    for (at, term) in json::list(affinity, PREFERRED).iter().enumerate() {
        let path = path.child(PREFERRED).index(at);
        validate_weight(term, &path, errors);
        // Values are not checked here: a wrong one only never matches.
        validate_node_selector_term(json::get(term, "preference"), false, &path.child("preference"), errors);
    }
}

fn validate_weight(term: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let weight = json::int(term, "weight").unwrap_or(0);
    if !(1..=100).contains(&weight) {
        errors.push(FieldError::invalid(&path.child("weight"), weight, "must be in the range 1-100"));
    }
}

fn validate_node_selector(selector: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let path = path.child("nodeSelectorTerms");
    let terms = json::list(selector, "nodeSelectorTerms");
    if terms.is_empty() {
        errors.push(FieldError::required(&path, "must have at least one node selector term"));
    }
    for (at, term) in terms.iter().enumerate() {
        validate_node_selector_term(term, true, &path.index(at), errors);
    }
}

fn validate_node_selector_term(term: &Value, check_values: bool, path: &FieldPath, errors: &mut ErrorList) {
    for (at, requirement) in json::list(term, "matchExpressions").iter().enumerate() {
        let path = path.child("matchExpressions").index(at);
        validate_node_selector_requirement(requirement, check_values, &path, errors);
    }
    for (at, requirement) in json::list(term, "matchFields").iter().enumerate() {
        let path = path.child("matchFields").index(at);
        validate_node_field_selector_requirement(requirement, &path, errors);
    }
}

fn validate_node_selector_requirement(
    requirement: &Value,
    check_values: bool,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let values = json::strings(requirement, "values");
    let values_path = path.child("values");
    match json::text(requirement, "operator") {
        operator if validate_values_of_operator(operator, &values, &values_path, errors) => {}
        "Gt" | "Lt" if values.len() != 1 => {
            let why = "must be specified single value when `operator` is 'Lt' or 'Gt'";
            errors.push(FieldError::required(&values_path, why));
        }
        "Gt" | "Lt" => {}
        other => not_an_operator(other, path, errors),
    }
    validate_label_name(json::text(requirement, "key"), &path.child("key"), errors);
    for (at, value) in values.into_iter().enumerate().filter(|_| check_values) {
        push_invalid(&values_path.index(at), value, is_valid_label_value(value), errors);
    }
}

fn not_an_operator(operator: &str, path: &FieldPath, errors: &mut ErrorList) {
    let path = path.child("operator");
    errors.push(FieldError::invalid(&path, operator, "not a valid selector operator"));
}

fn validate_node_field_selector_requirement(requirement: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let values = json::strings(requirement, "values");
    match json::text(requirement, "operator") {
        "In" | "NotIn" if values.len() != 1 => {
            let why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
            errors.push(FieldError::required(&path.child("values"), why));
        }
        "In" | "NotIn" => {}
        other => not_an_operator(other, path, errors),
    }
    let key = json::text(requirement, "key");
    if key != OBJECT_NAME_FIELD {
        errors.push(FieldError::invalid(&path.child("key"), key, "not a valid field selector key"));
        return;
    }
    for (at, value) in values.into_iter().enumerate() {
        let path = path.child("values").index(at);
        push_invalid(&path, value, name_is_dns_subdomain(value, false), errors);
    }
}

fn validate_pod_affinity(affinity: &Value, path: &FieldPath, errors: &mut ErrorList) {
    for (at, term) in json::list(affinity, REQUIRED).iter().enumerate() {
        validate_pod_affinity_term(term, &path.child(REQUIRED).index(at), errors);
    }
    for (at, term) in json::list(affinity, PREFERRED).iter().enumerate() {
        let path = path.child(PREFERRED).index(at);
        validate_weight(term, &path, errors);
        validate_pod_affinity_term(
            json::get(term, "podAffinityTerm"),
            &path.child("podAffinityTerm"),
            errors,
        );
    }
}

fn validate_pod_affinity_term(term: &Value, path: &FieldPath, errors: &mut ErrorList) {
    for key in ["labelSelector", "namespaceSelector"] {
        validate_label_selector(json::get(term, key), &path.child(key), errors);
    }
    for name in json::strings(term, "namespaces") {
        push_invalid(&path.child("namespace"), name, name_is_dns_label(name, false), errors);
    }
    validate_match_label_keys(term, path, errors);
    let (key, path) = (json::text(term, "topologyKey"), path.child("topologyKey"));
    if key.is_empty() {
        errors.push(FieldError::required(&path, "can not be empty"));
    }
    validate_label_name(key, &path, errors);
}

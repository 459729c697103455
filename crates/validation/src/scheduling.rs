//! Tolerations, scheduling gates, topology spread.
//!
//! Kubernetes: pkg/apis/core/validation/validation.go, ValidateTolerations, validateSchedulingGates,
//! validateTopologySpreadConstraints.

use serde_json::Value;
use sim::{SortedMap, SortedSet};

use super::meta::{validate_label_name, validate_label_selector};
use super::names::validate_qualified_name;
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;
use api::label::is_valid_label_value;

const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// An effect that must be one of the three; empty is missing unless it is allowed.
pub(super) fn validate_taint_effect(effect: &str, path: &FieldPath, errors: &mut ErrorList) {
    super::push_unless_one_of(path, effect, &EFFECTS, errors);
}

/// API-058.
pub(crate) fn validate_tolerations(tolerations: &[Value], path: &FieldPath, errors: &mut ErrorList) {
    for (at, toleration) in tolerations.iter().enumerate() {
        let path = path.index(at);
        let text = |key| json::text(toleration, key);
        let (key, operator, value, effect) = (text("key"), text("operator"), text("value"), text("effect"));
        let operator_path = path.child("operator");
        if !key.is_empty() {
            validate_label_name(key, &path.child("key"), errors);
        }
        if key.is_empty() && operator != "Exists" {
            let why =
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            errors.push(FieldError::invalid(&operator_path, operator, why));
        }
        if json::has(toleration, "tolerationSeconds") && effect != "NoExecute" {
            let why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            errors.push(FieldError::invalid(&path.child("effect"), effect, why));
        }
        match operator {
            "" | "Equal" => {
                let messages = is_valid_label_value(value);
                if !messages.is_empty() {
                    errors.push(FieldError::invalid(&operator_path, value, messages.join(";")));
                }
            }
            "Exists" if !value.is_empty() => {
                let why = "value must be empty when `operator` is 'Exists'";
                errors.push(FieldError::invalid(&operator_path, value, why));
            }
            "Exists" => {}
            // The feature gate TaintTolerationComparisonOperators is off.
            "Lt" | "Gt" => {
                let operators = ["Equal", "Exists", "Lt", "Gt"];
                errors.push(FieldError::not_supported(&operator_path, operator, &operators));
            }
            _ => errors.push(FieldError::not_supported(&operator_path, operator, &["Equal", "Exists"])),
        }
        if !effect.is_empty() {
            validate_taint_effect(effect, &path.child("effect"), errors);
        }
    }
}

pub(super) fn validate_scheduling_gates(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let mut seen = SortedSet::new();
    for (at, gate) in json::list(spec, "schedulingGates").iter().enumerate() {
        let name = json::text(gate, "name");
        validate_qualified_name(name, &path.index(at), errors);
        if !seen.insert(name) {
            errors.push(FieldError::duplicate(&path.index(at), name));
        }
    }
}

pub(super) fn validate_topology_spread_constraints(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let constraints = json::list(spec, "topologySpreadConstraints");
    for (at, constraint) in constraints.iter().enumerate() {
        let path = path.index(at);
        let pair =
            |constraint| (json::text(constraint, "topologyKey"), json::text(constraint, "whenUnsatisfiable"));
        let (key, action) = pair(constraint);
        validate_positive_field(
            json::int(constraint, "maxSkew").unwrap_or(0),
            &path.child("maxSkew"),
            errors,
        );
        if key.is_empty() {
            errors.push(FieldError::required(&path.child("topologyKey"), "can not be empty"));
        }
        let actions = ["DoNotSchedule", "ScheduleAnyway"];
        if !actions.contains(&action) {
            errors.push(FieldError::not_supported(&path.child("whenUnsatisfiable"), action, &actions));
        }
        if constraints[at + 1..].iter().any(|other| pair(other) == (key, action)) {
            let path = path.child("{topologyKey, whenUnsatisfiable}");
            errors.push(FieldError::duplicate(&path, format!("{{{key}, {action}}}")));
        }
        if let Some(domains) = json::int(constraint, "minDomains") {
            let path = path.child("minDomains");
            validate_positive_field(domains, &path, errors);
            if action != "DoNotSchedule" {
                let why = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
                errors.push(FieldError::invalid(&path, domains, why));
            }
        }
        for key in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            let policies = ["Honor", "Ignore"];
            let policy = json::get(constraint, key).as_str();
            if let Some(policy) = policy.filter(|policy| !policies.contains(policy)) {
                errors.push(FieldError::not_supported(&path.child(key), policy, &policies));
            }
        }
        validate_match_label_keys(constraint, &path, errors);
        validate_label_selector(json::get(constraint, "labelSelector"), &path.child("labelSelector"), errors);
    }
}

fn validate_positive_field(value: i64, path: &FieldPath, errors: &mut ErrorList) {
    if value <= 0 {
        errors.push(FieldError::invalid(path, value, "must be greater than zero"));
    }
}

/// Kubernetes: validation.go, ValidateMatchLabelKeysAndMismatchLabelKeys.
pub(super) fn validate_match_label_keys(term: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let selector = json::get(term, "labelSelector");
    for list in ["matchLabelKeys", "mismatchLabelKeys"] {
        let (keys, path) = (json::strings(term, list), path.child(list));
        if !keys.is_empty() && selector.is_null() {
            let why = "must not be specified when labelSelector is not set";
            errors.push(FieldError::forbidden(&path, why));
            continue;
        }
        for (at, key) in keys.into_iter().enumerate() {
            validate_label_name(key, &path.index(at), errors);
        }
    }
    let matched = json::strings(term, "matchLabelKeys");
    let places: SortedMap<&str, usize> = matched.iter().enumerate().map(|(at, key)| (*key, at)).collect();
    let mut selected: SortedSet<&str> = json::entries(selector, "matchLabels").map(|(key, _)| key).collect();
    for expression in json::list(selector, "matchExpressions") {
        let key = json::text(expression, "key");
        if let Some(at) = places.get(key).filter(|_| selected.contains(key)) {
            let why = "exists in both matchLabelKeys and labelSelector";
            // Upstream leaves the list's name out.
            errors.push(FieldError::invalid(&path.index(*at), key, why));
        }
        selected.insert(key);
    }
    let mismatched = json::strings(term, "mismatchLabelKeys");
    for (at, key) in matched.iter().enumerate().filter(|(_, key)| mismatched.contains(key)) {
        let path = path.child("matchLabelKeys").index(at);
        errors.push(FieldError::invalid(&path, *key, "exists in both matchLabelKeys and mismatchLabelKeys"));
    }
}

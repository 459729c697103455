//! DaemonSets.
//!
//! Kubernetes: pkg/apis/apps/validation/validation.go, pkg/registry/apps/daemonset/strategy.go.

use serde_json::{Value, json};

use super::meta::{validate_label_selector, validate_object_meta, validate_object_meta_update};
use super::names::{is_valid_percent, name_is_dns_subdomain};
use super::pod::validate_pod_template_spec;
use super::{push_invalid, validate_immutable_field, validate_nonnegative_field};
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;
use api::label::label_selector_as_selector;

/// All that is wrong with a new DaemonSet (API-039…048).
pub(crate) fn validate_daemon_set(set: &Value) -> ErrorList {
    let path = FieldPath::new("metadata");
    let mut errors = validate_object_meta(json::get(set, "metadata"), true, name_is_dns_subdomain, &path);
    validate_daemon_set_spec(json::get(set, "spec"), &FieldPath::new("spec"), &mut errors);
    errors
}

/// All that is wrong with a change of a DaemonSet. The selector never changes (API-044).
pub(crate) fn validate_daemon_set_update(new: &Value, old: &Value) -> ErrorList {
    let (meta_path, path) = (FieldPath::new("metadata"), FieldPath::new("spec"));
    let mut errors =
        validate_object_meta_update(json::get(new, "metadata"), json::get(old, "metadata"), &meta_path);
    let (new, old) = (json::get(new, "spec"), json::get(old, "spec"));
    validate_daemon_set_spec(new, &path, &mut errors);
    // Upstream checks this in the strategy, so last.
    let (new, old) = (json::get(new, "selector"), json::get(old, "selector"));
    validate_immutable_field(new, old, &path.child("selector"), &mut errors);
    errors
}

fn validate_daemon_set_spec(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let (selector, template) = (json::get(spec, "selector"), json::get(spec, "template"));
    let template_path = path.child("template");
    validate_label_selector(selector, &path.child("selector"), errors);
    let labels = json::at(template, &["metadata", "labels"]);
    if label_selector_as_selector(selector).is_ok_and(|selector| !selector.matches_json(labels)) {
        let path = template_path.child("metadata").child("labels");
        let why = "`selector` does not match template `labels`";
        errors.push(FieldError::invalid(&path, labels.clone(), why));
    }
    let empty = json::empty(selector, "matchLabels") && json::empty(selector, "matchExpressions");
    if !selector.is_null() && empty {
        let why = "empty selector is invalid for daemonset";
        errors.push(FieldError::invalid(&path.child("selector"), json!({}), why));
    }
    validate_pod_template_spec(template, &template_path, errors);
    let (pod, pod_path) = (json::get(template, "spec"), template_path.child("spec"));
    let restart_policy = json::text(pod, "restartPolicy");
    if restart_policy != "Always" {
        let path = pod_path.child("restartPolicy");
        errors.push(FieldError::not_supported(&path, restart_policy, &["Always"]));
    }
    if json::has(pod, "activeDeadlineSeconds") {
        let why = "activeDeadlineSeconds in DaemonSet is not Supported";
        errors.push(FieldError::forbidden(&pod_path.child("activeDeadlineSeconds"), why));
    }
    let number = |key| json::int(spec, key).unwrap_or(0);
    validate_nonnegative_field(number("minReadySeconds"), &path.child("minReadySeconds"), errors);
    let strategy_path = path.child("updateStrategy");
    validate_daemon_set_update_strategy(json::get(spec, "updateStrategy"), &strategy_path, errors);
    let history_path = path.child("revisionHistoryLimit");
    validate_nonnegative_field(number("revisionHistoryLimit"), &history_path, errors);
}

/// API-047: the value is shown as upstream's own type has it, with its names of fields.
fn validate_daemon_set_update_strategy(strategy: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let rolling = json::get(strategy, "rollingUpdate");
    match json::text(strategy, "type") {
        "OnDelete" => {}
        "RollingUpdate" if rolling.is_null() => {
            errors.push(FieldError::required(&path.child("rollingUpdate"), ""));
        }
        "RollingUpdate" => validate_rolling_update(rolling, &path.child("rollingUpdate"), errors),
        other => {
            let amount = |key| int_or_percent(rolling, key).clone();
            let shown = match rolling {
                Value::Null => Value::Null,
                _ => json!({"MaxUnavailable": amount("maxUnavailable"), "MaxSurge": amount("maxSurge")}),
            };
            let strategy = json!({"Type": other, "RollingUpdate": shown});
            errors.push(FieldError::not_supported(path, strategy, &["RollingUpdate", "OnDelete"]));
        }
    }
}

/// API-045, API-046. Kubernetes: validation.go, ValidateRollingUpdateDaemonSet.
fn validate_rolling_update(rolling: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let keys = ["maxUnavailable", "maxSurge"];
    for key in keys {
        validate_positive_int_or_percent(int_or_percent(rolling, key), &path.child(key), errors);
    }
    for key in keys {
        let amount = int_or_percent(rolling, key);
        if percent_value(amount).is_some_and(|percent| percent > 100) {
            let why = "must not be greater than 100%";
            errors.push(FieldError::invalid(&path.child(key), amount.clone(), why));
        }
    }
    let (unavailable, surge) = (amount(rolling, "maxUnavailable"), amount(rolling, "maxSurge"));
    if unavailable != 0 && surge != 0 {
        let why = "may not be set when maxUnavailable is non-zero";
        let given = int_or_percent(rolling, "maxSurge").clone();
        errors.push(FieldError::invalid(&path.child("maxSurge"), given, why));
    }
    if unavailable == 0 && surge == 0 {
        let why = "cannot be 0 when maxSurge is 0";
        errors.push(FieldError::required(&path.child("maxUnavailable"), why));
    }
}

/// The member, 0 if it is absent, as Go's zero value of an IntOrString is.
fn int_or_percent<'a>(rolling: &'a Value, key: &str) -> &'a Value {
    json::get(rolling, key)
}

/// Kubernetes: validation.go, ValidatePositiveIntOrPercent.
pub(super) fn validate_positive_int_or_percent(value: &Value, path: &FieldPath, errors: &mut ErrorList) {
    match value {
        Value::String(text) => push_invalid(path, text, is_valid_percent(text), errors),
        other => validate_nonnegative_field(other.as_i64().unwrap_or(0), path, errors),
    }
}

/// The number of a percentage that is well formed; one too large for any use counts as the largest.
fn percent_value(value: &Value) -> Option<i64> {
    let text = value.as_str().filter(|text| is_valid_percent(text).is_empty())?;
    Some(text.trim_end_matches('%').parse().unwrap_or(i64::MAX))
}

fn amount(rolling: &Value, key: &str) -> i64 {
    let value = int_or_percent(rolling, key);
    percent_value(value).or_else(|| value.as_i64()).unwrap_or(0)
}

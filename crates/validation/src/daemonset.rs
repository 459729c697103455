//! DaemonSets.
//!
//! Kubernetes: pkg/apis/apps/validation/validation.go, pkg/registry/apps/daemonset/strategy.go.

use serde_json::{Value, json};

use super::meta::{validate_label_selector, validate_object_meta, validate_object_meta_update};
use super::names::{is_valid_percent, name_is_dns_subdomain};
use super::pod::validate_pod_template_spec;
use super::{FIELD_IMMUTABLE, go_form, push_invalid, validate_nonnegative_field};
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
    validate_immutable_selector(new, old, &path, &mut errors);
    validate_daemon_set_spec(new, &path, &mut errors);
    errors
}

/// A selector that may not change.
pub(super) fn validate_immutable_selector(
    new: &Value,
    old: &Value,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let (new, old) = (json::get(new, "selector"), json::get(old, "selector"));
    if !is_same_selector(new, old) {
        let shown = selector_text(new);
        let error = FieldError::invalid(&path.child("selector"), new.clone(), FIELD_IMMUTABLE);
        errors.push(error.shown_as(shown));
    }
}

fn is_same_selector(new: &Value, old: &Value) -> bool {
    let text = |selector| go_form::compact("LabelSelector", selector);
    new.is_null() == old.is_null() && text(new) == text(old)
}

/// A selector as messages show it.
pub(super) fn selector_text(selector: &Value) -> String {
    if selector.is_null() { "null".to_owned() } else { go_form::compact("LabelSelector", selector) }
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
        _ => errors.push(strategy_not_supported(strategy, &["RollingUpdate", "OnDelete"], path)),
    }
}

/// A strategy of a type that is not there, with its own name and its bounds.
pub(super) fn strategy_not_supported(strategy: &Value, known: &[&str], path: &FieldPath) -> FieldError {
    let shown = go_form::compact("UpdateStrategy", strategy);
    FieldError::not_supported(path, strategy.clone(), known).shown_as(shown)
}

/// API-045, API-046. Kubernetes: validation.go, ValidateRollingUpdateDaemonSet.
fn validate_rolling_update(rolling: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let keys = ["maxUnavailable", "maxSurge"];
    for key in keys {
        validate_positive_int_or_percent(json::get(rolling, key), &path.child(key), errors);
    }
    for key in keys {
        is_not_more_than_100_percent(json::get(rolling, key), &path.child(key), errors);
    }
    let (unavailable, surge) = (json::get(rolling, "maxUnavailable"), json::get(rolling, "maxSurge"));
    match (int_or_percent_value(unavailable), int_or_percent_value(surge)) {
        (0, 0) => {
            errors
                .push(FieldError::required(&path.child("maxUnavailable"), "cannot be 0 when maxSurge is 0"));
        }
        (0, _) | (_, 0) => {}
        _ => {
            let why = "may not be set when maxUnavailable is non-zero";
            errors.push(FieldError::invalid(&path.child("maxSurge"), surge.clone(), why));
        }
    }
}

/// Kubernetes: validation.go, ValidatePositiveIntOrPercent.
pub(super) fn validate_positive_int_or_percent(value: &Value, path: &FieldPath, errors: &mut ErrorList) {
    match value {
        Value::String(text) => push_invalid(path, text, is_valid_percent(text), errors),
        other => validate_nonnegative_field(other.as_i64().unwrap_or(0), path, errors),
    }
}

/// Kubernetes: validation.go, IsNotMoreThan100Percent.
pub(super) fn is_not_more_than_100_percent(value: &Value, path: &FieldPath, errors: &mut ErrorList) {
    if percent_value(value).is_some_and(|percent| percent > 100) {
        errors.push(FieldError::invalid(path, value.clone(), "must not be greater than 100%"));
    }
}

/// The number of a percentage that is well formed; one too large for any use counts as the largest.
fn percent_value(value: &Value) -> Option<i64> {
    let text = value.as_str().filter(|text| is_valid_percent(text).is_empty())?;
    Some(text.trim_end_matches('%').parse().unwrap_or(i64::MAX))
}

/// The number of either; a text that is none counts as 0.
///
/// Kubernetes: validation.go, getIntOrPercentValue; apimachinery/pkg/util/intstr, IntValue.
pub(super) fn int_or_percent_value(value: &Value) -> i64 {
    let number = || match value {
        Value::String(text) => atoi(text),
        other => other.as_i64().unwrap_or(0),
    };
    percent_value(value).unwrap_or_else(number)
}

/// Go's strconv.Atoi, without its error: what is no number is 0, and one that is too large the largest.
fn atoi(text: &str) -> i64 {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX })
}

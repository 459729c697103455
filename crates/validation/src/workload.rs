//! Deployments, ReplicaSets and StatefulSets, which real manifests bring along with DaemonSets.
//!
//! Kubernetes: pkg/apis/apps/validation/validation.go.
// Not simulated: claims and retention policies of StatefulSets.

use serde_json::{Value, json};

use super::daemonset::validate_positive_int_or_percent;
use super::meta::{validate_label_selector, validate_object_meta, validate_object_meta_update};
use super::names::name_is_dns_subdomain;
use super::pod::validate_pod_template_spec;
use super::{validate_immutable_field, validate_nonnegative_field};
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;
use api::label::label_selector_as_selector;

pub(super) fn validate_deployment(deployment: &Value) -> ErrorList {
    let (mut errors, path) = (meta(deployment), FieldPath::new("spec"));
    let spec = json::get(deployment, "spec");
    nonnegative(spec, "replicas", &path, &mut errors);
    validate_selector_and_template(spec, "deployment", "ReplicaSet", &path, &mut errors);
    validate_deployment_strategy(json::get(spec, "strategy"), &path.child("strategy"), &mut errors);
    for key in ["minReadySeconds", "revisionHistoryLimit"] {
        nonnegative(spec, key, &path, &mut errors);
    }
    if let Some(deadline) = json::int(spec, "progressDeadlineSeconds") {
        let path = path.child("progressDeadlineSeconds");
        validate_nonnegative_field(deadline, &path, &mut errors);
        if deadline <= json::int(spec, "minReadySeconds").unwrap_or(0) {
            errors.push(FieldError::invalid(&path, deadline, "must be greater than minReadySeconds"));
        }
    }
    errors
}

pub(super) fn validate_replica_set(set: &Value) -> ErrorList {
    let (mut errors, path) = (meta(set), FieldPath::new("spec"));
    let spec = json::get(set, "spec");
    for key in ["replicas", "minReadySeconds"] {
        nonnegative(spec, key, &path, &mut errors);
    }
    validate_selector_and_template(spec, "deployment", "ReplicaSet", &path, &mut errors);
    errors
}

pub(super) fn validate_stateful_set(set: &Value) -> ErrorList {
    let (mut errors, path) = (meta(set), FieldPath::new("spec"));
    let spec = json::get(set, "spec");
    let policy = json::text(spec, "podManagementPolicy");
    if !["OrderedReady", "Parallel"].contains(&policy) {
        let why = "must be 'OrderedReady' or 'Parallel'";
        errors.push(FieldError::invalid(&path.child("podManagementPolicy"), policy, why));
    }
    for key in ["replicas", "minReadySeconds"] {
        nonnegative(spec, key, &path, &mut errors);
    }
    validate_selector_and_template(spec, "statefulset", "StatefulSet", &path, &mut errors);
    errors
}

/// Changes of any of the three: the selector stays.
pub(super) fn validate_update(new: &Value, old: &Value) -> ErrorList {
    let path = FieldPath::new("metadata");
    let mut errors =
        validate_object_meta_update(json::get(new, "metadata"), json::get(old, "metadata"), &path);
    let whole = match json::text(new, "kind") {
        "Deployment" => validate_deployment(new),
        "ReplicaSet" => validate_replica_set(new),
        _ => validate_stateful_set(new),
    };
    errors.extend(whole.into_iter().filter(|error| error.field.starts_with("spec")));
    let selector = |object| json::at(object, &["spec", "selector"]);
    let path = FieldPath::new("spec").child("selector");
    validate_immutable_field(selector(new), selector(old), &path, &mut errors);
    errors
}

fn meta(object: &Value) -> ErrorList {
    let path = FieldPath::new("metadata");
    validate_object_meta(json::get(object, "metadata"), true, name_is_dns_subdomain, &path)
}

fn nonnegative(spec: &Value, key: &'static str, path: &FieldPath, errors: &mut ErrorList) {
    validate_nonnegative_field(json::int(spec, key).unwrap_or(0), &path.child(key), errors);
}

fn validate_selector_and_template(
    spec: &Value,
    empty_for: &str,
    kind: &str,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let (selector, selector_path) = (json::get(spec, "selector"), path.child("selector"));
    if selector.is_null() {
        errors.push(FieldError::required(&selector_path, ""));
    } else {
        validate_label_selector(selector, &selector_path, errors);
        if json::empty(selector, "matchLabels") && json::empty(selector, "matchExpressions") {
            let why = format!("empty selector is invalid for {empty_for}");
            errors.push(FieldError::invalid(&selector_path, json!({}), why));
        }
    }
    let (template, path) = (json::get(spec, "template"), path.child("template"));
    match label_selector_as_selector(selector) {
        Err(_) => {
            errors.push(FieldError::invalid(&selector_path, selector.clone(), "invalid label selector"));
            return;
        }
        Ok(selector) if !selector.is_everything() => {
            let labels = json::at(template, &["metadata", "labels"]);
            if !selector.matches_json(labels) {
                let path = path.child("metadata").child("labels");
                let why = "`selector` does not match template `labels`";
                errors.push(FieldError::invalid(&path, labels.clone(), why));
            }
        }
        Ok(_) => {}
    }
    validate_pod_template_spec(template, &path, errors);
    let (pod, path) = (json::get(template, "spec"), path.child("spec"));
    let restart_policy = json::text(pod, "restartPolicy");
    if restart_policy != "Always" {
        let path = path.child("restartPolicy");
        errors.push(FieldError::not_supported(&path, restart_policy, &["Always"]));
    }
    if json::has(pod, "activeDeadlineSeconds") {
        let why = format!("activeDeadlineSeconds in {kind} is not Supported");
        errors.push(FieldError::forbidden(&path.child("activeDeadlineSeconds"), why));
    }
}

fn validate_deployment_strategy(strategy: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let rolling = json::get(strategy, "rollingUpdate");
    match json::text(strategy, "type") {
        "Recreate" if !rolling.is_null() => {
            let why = "may not be specified when strategy `type` is 'Recreate'";
            errors.push(FieldError::forbidden(&path.child("rollingUpdate"), why));
        }
        "Recreate" => {}
        "RollingUpdate" => {
            for key in ["maxUnavailable", "maxSurge"] {
                let path = path.child("rollingUpdate").child(key);
                validate_positive_int_or_percent(json::get(rolling, key), &path, errors);
            }
        }
        other => {
            let shown = json!({"Type": other, "RollingUpdate": rolling});
            errors.push(FieldError::not_supported(path, shown, &["Recreate", "RollingUpdate"]));
        }
    }
}

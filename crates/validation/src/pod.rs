//! Pods and pod templates as wholes: metadata, annotations, and what holds for pods only.
//!
//! Kubernetes: pkg/apis/core/validation/validation.go.

use serde_json::Value;

use super::MIRROR_POD;
use super::meta::{validate_annotations, validate_labels, validate_object_meta};
use super::names::name_is_dns_subdomain;
use super::pod_spec::{PodContext, validate_pod_spec};
use super::scheduling::validate_tolerations;
use super::security::{validate_app_armor_annotations_match, validate_app_armor_pod_annotations};
use super::security::{validate_seccomp_annotations_and_fields, validate_seccomp_pod_annotations};
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;

/// All that is wrong with a new Pod (API-049…060).
///
/// Kubernetes: validation.go, ValidatePodCreate.
pub(crate) fn validate_pod_create(pod: &Value) -> ErrorList {
    let mut errors = validate_pod_metadata_and_spec(pod);
    let (meta, spec, path) = (json::get(pod, "metadata"), json::get(pod, "spec"), FieldPath::new("spec"));
    if !json::empty(spec, "ephemeralContainers") {
        errors.push(FieldError::forbidden(&path.child("ephemeralContainers"), "cannot be set on create"));
    }
    if !json::text(spec, "nodeName").is_empty() && !json::empty(spec, "schedulingGates") {
        let why = "cannot be set until all schedulingGates have been cleared";
        errors.push(FieldError::forbidden(&path.child("nodeName"), why));
    }
    let annotations = json::get(meta, "annotations");
    validate_seccomp_annotations_and_fields(annotations, spec, &path, &mut errors);
    validate_app_armor_annotations_match(annotations, spec, &path, &mut errors);
    errors
}

/// What holds for new and for changed Pods.
///
/// Kubernetes: validation.go, validatePodMetadataAndSpec.
pub(super) fn validate_pod_metadata_and_spec(pod: &Value) -> ErrorList {
    let (meta, spec) = (json::get(pod, "metadata"), json::get(pod, "spec"));
    let (meta_path, path) = (FieldPath::new("metadata"), FieldPath::new("spec"));
    let mut errors = validate_object_meta(meta, true, name_is_dns_subdomain, &meta_path);
    let annotations_path = meta_path.child("annotations");
    validate_pod_specific_annotations(json::get(meta, "annotations"), spec, &annotations_path, &mut errors);
    validate_pod_spec(spec, PodContext::Pod(meta), &path, &mut errors);
    if json::text(spec, "serviceAccountName").is_empty() {
        forbid_tokens(spec, &path, &mut errors);
    }
    for list in ["containers", "initContainers"] {
        for (at, container) in json::list(spec, list).iter().enumerate() {
            validate_container_only_for_pod(container, &path.child(list).index(at), &mut errors);
        }
    }
    errors
}

/// A pod without a service account has no token to project.
fn forbid_tokens(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    for (at, volume) in json::list(spec, "volumes").iter().enumerate() {
        let projected = json::get(volume, "projected");
        for (source_at, source) in json::list(projected, "sources").iter().enumerate() {
            if json::has(source, "serviceAccountToken") {
                let path = path.child("volumes").index(at).child("projected").child("sources");
                let path = path.index(source_at).child("serviceAccountToken");
                let why = "must not be specified when serviceAccountName is not set";
                errors.push(FieldError::forbidden(&path, why));
            }
        }
    }
}

pub(super) fn validate_container_only_for_pod(container: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let image = json::text(container, "image");
    if image.trim().len() != image.len() {
        let why = "must not have leading or trailing whitespace";
        errors.push(FieldError::invalid(&path.child("image"), image, why));
    }
}

/// Annotations that mean something for a pod.
///
/// Kubernetes: validation.go, ValidatePodSpecificAnnotations.
pub(super) fn validate_pod_specific_annotations(
    annotations: &Value,
    spec: &Value,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    if let Some(mirror) = json::get(annotations, MIRROR_POD).as_str()
        && json::text(spec, "nodeName").is_empty()
    {
        let why = "must set spec.nodeName if mirror pod annotation is set";
        errors.push(FieldError::invalid(&path.key(MIRROR_POD), mirror, why));
    }
    validate_tolerations_in_pod_annotations(annotations, path, errors);
    let cost_key = "controller.kubernetes.io/pod-deletion-cost";
    if let Some(cost) = json::get(annotations, cost_key).as_str() {
        let signed = cost.starts_with('+') || (cost.starts_with('0') && cost != "0");
        if signed || cost.parse::<i32>().is_err() {
            errors.push(FieldError::invalid(&path.key(cost_key), cost, "must be a 32bit integer"));
        }
    }
    validate_seccomp_pod_annotations(annotations, path, errors);
    validate_app_armor_pod_annotations(annotations, spec, path, errors);
}

fn validate_tolerations_in_pod_annotations(annotations: &Value, path: &FieldPath, errors: &mut ErrorList) {
    const KEY: &str = "scheduler.alpha.kubernetes.io/tolerations";
    let text = json::text(annotations, KEY);
    if text.is_empty() {
        return;
    }
    match tolerations_in(text) {
        Ok(tolerations) => validate_tolerations(&tolerations, &path.child(KEY), errors),
        Err(why) => errors.push(FieldError::invalid(path, KEY, why)),
    }
}

/// The tolerations of an annotation, or what Go's decoder says.
// Not simulated: fields of a toleration that have the wrong type.
fn tolerations_in(text: &str) -> Result<Vec<Value>, String> {
    let Value::Array(items) = unmarshal(text, "[]v1.Toleration", Value::is_array)? else {
        return Ok(Vec::new());
    };
    match items.iter().find(|item| !item.is_object() && !item.is_null()) {
        Some(item) => Err(mismatch(item, "v1.Toleration")),
        None => Ok(items),
    }
}

/// A JSON text that some field holds, or what Go's decoder says of it; null fits everything.
pub(super) fn unmarshal(text: &str, of: &str, fits: fn(&Value) -> bool) -> Result<Value, String> {
    if let Some(problem) = yaml::json_problem(text) {
        return Err(problem);
    }
    match serde_json::from_str(text).unwrap_or_default() {
        Value::Null => Ok(Value::Null),
        value if fits(&value) => Ok(value),
        value => Err(mismatch(&value, of)),
    }
}

fn mismatch(value: &Value, of: &str) -> String {
    let what = match value {
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) | Value::Null => "object",
    };
    format!("json: cannot unmarshal {what} into Go value of type {of}")
}

/// A pod template. Its metadata's fields are named without `metadata`, as upstream has it.
///
/// Kubernetes: validation.go, ValidatePodTemplateSpec.
pub(crate) fn validate_pod_template_spec(template: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let (meta, spec) = (json::get(template, "metadata"), json::get(template, "spec"));
    let (annotations, annotations_path) = (json::get(meta, "annotations"), path.child("annotations"));
    let spec_path = path.child("spec");
    validate_labels(json::get(meta, "labels"), &path.child("labels"), errors);
    validate_annotations(annotations, &annotations_path, errors);
    validate_pod_specific_annotations(annotations, spec, &annotations_path, errors);
    validate_pod_spec(spec, PodContext::Template, &spec_path, errors);
    validate_seccomp_annotations_and_fields(annotations, spec, &spec_path, errors);
    validate_app_armor_annotations_match(annotations, spec, &spec_path, errors);
    if !json::empty(spec, "ephemeralContainers") {
        let why = "ephemeral containers not allowed in pod template";
        errors.push(FieldError::forbidden(&spec_path.child("ephemeralContainers"), why));
    }
}

/// Every container with its path: init containers, containers, ephemeral ones.
///
/// Kubernetes: pkg/apis/core/pods/helpers.go, VisitContainersWithPath.
pub(super) fn containers_with_path<'a>(
    spec: &'a Value,
    path: &'a FieldPath,
) -> impl Iterator<Item = (&'a Value, FieldPath)> + 'a {
    ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(move |list| {
        let path = path.child(list);
        json::list(spec, list).iter().enumerate().map(move |(at, container)| (container, path.index(at)))
    })
}

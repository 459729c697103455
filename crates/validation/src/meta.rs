//! Metadata, labels, annotations and label selectors.
//!
//! Kubernetes: staging/src/k8s.io/apimachinery/pkg/api/validation/objectmeta.go,
//! pkg/apis/meta/v1/validation/validation.go.

use serde_json::Value;

use super::go_form;
use super::names::{NameFn, name_is_dns_label};
use super::{push_invalid, validate_immutable_field, validate_nonnegative_field};
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;
use api::label::{is_qualified_name, is_valid_label_value};
use sim::order::SortShared;

const TOTAL_ANNOTATION_SIZE_LIMIT: usize = 256 * 1024;

/// Labels, or what must look like them.
pub(crate) fn validate_labels(labels: &Value, path: &FieldPath, errors: &mut ErrorList) {
    for (key, value) in labels.as_object().into_iter().flatten() {
        validate_label_name(key, path, errors);
        let value = value.as_str().unwrap_or("");
        push_invalid(path, value, is_valid_label_value(value), errors);
    }
}

pub(super) fn validate_label_name(name: &str, path: &FieldPath, errors: &mut ErrorList) {
    push_invalid(path, name, is_qualified_name(name), errors);
}

/// Annotations: keys like those of labels, in any case; values are free up to a common limit.
pub(crate) fn validate_annotations(annotations: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let mut size = 0;
    for (key, value) in annotations.as_object().into_iter().flatten() {
        push_invalid(path, key, is_qualified_name(&key.to_lowercase()), errors);
        size += key.len() + value.as_str().map_or(0, str::len);
    }
    if size > TOTAL_ANNOTATION_SIZE_LIMIT {
        errors.push(FieldError::too_long(path, TOTAL_ANNOTATION_SIZE_LIMIT));
    }
}

/// A LabelSelector; null is fine.
pub(crate) fn validate_label_selector(selector: &Value, path: &FieldPath, errors: &mut ErrorList) {
    validate_labels(json::get(selector, "matchLabels"), &path.child("matchLabels"), errors);
    for (at, expression) in json::list(selector, "matchExpressions").iter().enumerate() {
        let path = path.child("matchExpressions").index(at);
        validate_label_selector_requirement(expression, &path, errors);
    }
}

/// Whether an operator is one that label selectors and node selectors share; its values are validated then.
pub(crate) fn validate_values_of_operator(
    operator: &str,
    values: &[&str],
    path: &FieldPath,
    errors: &mut ErrorList,
) -> bool {
    match operator {
        "In" | "NotIn" => {
            if values.is_empty() {
                let why = "must be specified when `operator` is 'In' or 'NotIn'";
                errors.push(FieldError::required(path, why));
            }
            true
        }
        "Exists" | "DoesNotExist" => {
            if !values.is_empty() {
                let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                errors.push(FieldError::forbidden(path, why));
            }
            true
        }
        _ => false,
    }
}

fn validate_label_selector_requirement(expression: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let values = json::strings(expression, "values");
    let values_path = path.child("values");
    let operator = json::text(expression, "operator");
    if !validate_values_of_operator(operator, &values, &values_path, errors) {
        let path = path.child("operator");
        errors.push(FieldError::invalid(&path, operator, "not a valid selector operator"));
    }
    validate_label_name(json::text(expression, "key"), &path.child("key"), errors);
    for (at, value) in values.into_iter().enumerate() {
        push_invalid(&values_path.index(at), value, is_valid_label_value(value), errors);
    }
}

/// The metadata of a new object (API-008, API-017, API-049).
///
/// Kubernetes: objectmeta.go, ValidateObjectMetaAccessor, with the checks that the core group adds.
pub(crate) fn validate_object_meta(
    meta: &Value,
    namespaced: bool,
    name_fn: NameFn,
    path: &FieldPath,
) -> ErrorList {
    let mut errors = ErrorList::new();
    let generate_name = json::text(meta, "generateName");
    if !generate_name.is_empty() {
        push_invalid(&path.child("generateName"), generate_name, name_fn(generate_name, true), &mut errors);
    }
    let name = json::text(meta, "name");
    if name.is_empty() {
        errors.push(FieldError::required(&path.child("name"), "name or generateName is required"));
    } else {
        push_invalid(&path.child("name"), name, name_fn(name, false), &mut errors);
    }
    let (namespace, namespace_path) = (json::text(meta, "namespace"), path.child("namespace"));
    match (namespaced, namespace.is_empty()) {
        (true, true) => errors.push(FieldError::required(&namespace_path, "")),
        (true, false) => {
            push_invalid(&namespace_path, namespace, name_is_dns_label(namespace, false), &mut errors);
        }
        (false, false) => errors.push(FieldError::forbidden(&namespace_path, "not allowed on this type")),
        (false, true) => {}
    }
    let generation = json::int(meta, "generation").unwrap_or(0);
    validate_nonnegative_field(generation, &path.child("generation"), &mut errors);
    validate_common(meta, path, &mut errors);
    validate_finalizers(meta, &path.child("finalizers"), &mut errors);
    validate_kube_finalizer_names(meta, path, &mut errors);
    errors
}

fn validate_common(meta: &Value, path: &FieldPath, errors: &mut ErrorList) {
    validate_labels(json::get(meta, "labels"), &path.child("labels"), errors);
    validate_annotations(json::get(meta, "annotations"), &path.child("annotations"), errors);
    validate_owner_references(json::get(meta, "ownerReferences"), &path.child("ownerReferences"), errors);
}

/// Owners, of which at most one may be the controller.
fn validate_owner_references(references: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let mut controller: Option<String> = None;
    for reference in references.as_array().into_iter().flatten() {
        validate_owner_reference(reference, path, errors);
        if !json::flag(reference, "controller") {
            continue;
        }
        let own = format!("{}/{}", json::text(reference, "kind"), json::text(reference, "name"));
        match &controller {
            Some(first) => {
                let why = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for \
                     {first} and {own}"
                );
                let all = references.as_array().map_or(&[][..], Vec::as_slice);
                let shown = go_form::compact_list("OwnerReference", all);
                errors.push(FieldError::invalid(path, references.clone(), why).shown_as(shown));
            }
            None => controller = Some(own),
        }
    }
}

fn validate_owner_reference(reference: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let api_version = json::text(reference, "apiVersion");
    // What is no group and version has no version.
    let version = match api_version.split('/').collect::<Vec<_>>().as_slice() {
        [version] | [_, version] => version,
        _ => "",
    };
    if version.is_empty() {
        let path = path.child("apiVersion");
        errors.push(FieldError::invalid(&path, api_version, "version must not be empty"));
    }
    for key in ["kind", "name", "uid"] {
        if json::text(reference, key).is_empty() {
            errors.push(FieldError::invalid(&path.child(key), "", "must not be empty"));
        }
    }
    if api_version == "v1" && json::text(reference, "kind") == "Event" {
        let why = "/v1, Kind=Event is disallowed from being an owner";
        let shown = go_form::compact("OwnerReference", reference);
        errors.push(FieldError::invalid(path, reference.clone(), why).shown_as(shown));
    }
}

fn validate_finalizers(meta: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let finalizers = json::strings(meta, "finalizers");
    for finalizer in &finalizers {
        push_invalid(path, finalizer, is_qualified_name(finalizer), errors);
    }
    if finalizers.contains(&"orphan") && finalizers.contains(&"foregroundDeletion") {
        let why = "finalizer orphan and foregroundDeletion cannot be both set";
        errors.push(FieldError::invalid(path, json::get(meta, "finalizers").clone(), why));
    }
}

/// A finalizer without a domain must be one of the built-in ones.
///
/// Kubernetes: pkg/apis/core/validation/validation.go, validateKubeFinalizerName.
fn validate_kube_finalizer_names(meta: &Value, path: &FieldPath, errors: &mut ErrorList) {
    for (at, finalizer) in json::strings(meta, "finalizers").into_iter().enumerate() {
        validate_kube_finalizer_name(finalizer, &path.child("finalizers").index(at), errors);
    }
}

pub(super) fn validate_kube_finalizer_name(finalizer: &str, path: &FieldPath, errors: &mut ErrorList) {
    let standard = matches!(finalizer, "kubernetes" | "orphan" | "foregroundDeletion");
    if !standard && !finalizer.contains('/') {
        let why = "name is neither a standard finalizer name nor is it fully qualified";
        errors.push(FieldError::invalid(path, finalizer, why));
    }
}

/// The metadata of a changed object.
///
/// Kubernetes: objectmeta.go, ValidateObjectMetaAccessorUpdate, with the checks that the core group adds.
pub(crate) fn validate_object_meta_update(new: &Value, old: &Value, path: &FieldPath) -> ErrorList {
    let mut errors = ErrorList::new();
    if json::has(old, "deletionTimestamp") {
        validate_no_new_finalizers(new, old, &path.child("finalizers"), &mut errors);
    }
    if json::text(new, "resourceVersion").is_empty() {
        let path = path.child("resourceVersion");
        errors.push(FieldError::invalid(&path, "", "must be specified for an update"));
    }
    let generation = |meta| json::int(meta, "generation").unwrap_or(0);
    if generation(new) < generation(old) {
        let path = path.child("generation");
        errors.push(FieldError::invalid(&path, generation(new), "must not be decremented"));
    }
    for key in ["name", "namespace", "uid"] {
        let (new, old) = (json::text(new, key), json::text(old, key));
        validate_immutable_field(&new.into(), &old.into(), &path.child(key), &mut errors);
    }
    for key in ["creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        let (new, old) = (json::get(new, key), json::get(old, key));
        validate_immutable_field(new, old, &path.child(key), &mut errors);
    }
    validate_common(new, path, &mut errors);
    validate_finalizers(new, &path.child("finalizers"), &mut errors);
    validate_kube_finalizer_names(new, path, &mut errors);
    errors
}

/// API-015.
fn validate_no_new_finalizers(new: &Value, old: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let known = json::strings(old, "finalizers");
    let mut extra = json::strings(new, "finalizers");
    extra.retain(|finalizer| !known.contains(finalizer));
    extra.sort_shared();
    extra.dedup();
    if extra.is_empty() {
        return;
    }
    let quoted: Vec<String> = extra.into_iter().map(api::field::go_quote).collect();
    let why = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        quoted.join(", ")
    );
    errors.push(FieldError::forbidden(path, why));
}

//! Claims of storage: of their own, in StatefulSets, and of a single pod.
//!
//! Kubernetes: pkg/apis/core/validation/validation.go, ValidatePersistentVolumeClaim and below.

use serde_json::{Value, json};

use super::go_form;
use super::meta::{
    validate_annotations, validate_label_selector, validate_labels, validate_object_meta,
    validate_object_meta_update,
};
use super::names::{name_is_dns_label, name_is_dns_subdomain, validate_dns1123_subdomain};
use super::unified_diff::unified_diff;
use super::{push_invalid, validate_immutable_field};
use api::field::{ErrorList, FieldError, FieldPath};
use api::{json, quantity};

pub(super) fn validate_persistent_volume_claim(claim: &Value) -> ErrorList {
    let path = FieldPath::new("metadata");
    let mut errors = validate_object_meta(json::get(claim, "metadata"), true, name_is_dns_subdomain, &path);
    validate_persistent_volume_claim_spec(json::get(claim, "spec"), &FieldPath::new("spec"), &mut errors);
    errors
}

// Not simulated: a storage class that comes later, by annotation or once the claim is there.
pub(super) fn validate_persistent_volume_claim_update(new: &Value, old: &Value) -> ErrorList {
    let (meta_path, path) = (FieldPath::new("metadata"), FieldPath::new("spec"));
    let mut errors =
        validate_object_meta_update(json::get(new, "metadata"), json::get(old, "metadata"), &meta_path);
    let (spec, before) = (json::get(new, "spec"), json::get(old, "spec"));
    validate_persistent_volume_claim_spec(spec, &path, &mut errors);
    let (mut munged, mut old_spec) = (spec.clone(), before.clone());
    let keep = |into: &mut Value, from: &Value, key: &str| {
        json::object(into).insert(key.to_owned(), json::get(from, key).clone());
    };
    if json::text(before, "volumeName").is_empty() {
        keep(&mut old_spec, spec, "volumeName");
    }
    if json::text(json::get(new, "status"), "phase") == "Bound" {
        keep(&mut munged, before, "volumeAttributesClassName");
        let size = json::at(before, &["resources", "requests", "storage"]).clone();
        if let Some(requests) = munged.pointer_mut("/resources/requests") {
            json::object(requests).insert("storage".to_owned(), size);
        }
    }
    let text = |spec: &Value, unset| go_form::indented("PersistentVolumeClaimSpec", spec, unset);
    if text(&munged, true) != text(&old_spec, true) {
        let diff = unified_diff(&text(&old_spec, false), &text(&munged, false));
        let why = format!(
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n{diff}"
        );
        errors.push(FieldError::forbidden(&path, why));
    }
    let size =
        |of: &Value, way: &[&str]| quantity::from_json(json::at(of, way)).unwrap_or(quantity::Quantity::ZERO);
    let (new_size, old_size) = (
        size(spec, &["resources", "requests", "storage"]),
        size(before, &["resources", "requests", "storage"]),
    );
    if new_size < old_size && new_size <= size(old, &["status", "capacity", "storage"]) {
        let path = path.child("resources").child("requests").child("storage");
        errors.push(FieldError::forbidden(&path, "field can not be less than status.capacity"));
    }
    let mode = |spec| json::get(spec, "volumeMode");
    validate_immutable_field(mode(spec), mode(before), &FieldPath::new("volumeMode"), &mut errors);
    errors
}

/// The claim that is made for one pod.
pub(super) fn validate_persistent_volume_claim_template(
    template: &Value,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let (meta, meta_path) = (json::get(template, "metadata"), path.child("metadata"));
    validate_annotations(json::get(meta, "annotations"), &meta_path.child("annotations"), errors);
    validate_labels(json::get(meta, "labels"), &meta_path.child("labels"), errors);
    const FORBIDDEN: [&str; 13] = [
        "name",
        "generateName",
        "namespace",
        "selfLink",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "ownerReferences",
        "finalizers",
        "managedFields",
    ];
    for key in FORBIDDEN.into_iter().filter(|key| !json::empty(meta, key)) {
        errors.push(FieldError::forbidden(&meta_path.child(key), "cannot be set"));
    }
    validate_persistent_volume_claim_spec(json::get(template, "spec"), &path.child("spec"), errors);
}

pub(super) fn validate_persistent_volume_claim_spec(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let modes_path = path.child("accessModes");
    if json::empty(spec, "accessModes") {
        errors.push(FieldError::required(&modes_path, "at least 1 access mode is required"));
    }
    validate_label_selector(json::get(spec, "selector"), &path.child("selector"), errors);
    let modes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
    let given = json::strings(spec, "accessModes");
    for mode in given.iter().filter(|mode| !modes.contains(mode)) {
        errors.push(FieldError::not_supported(&modes_path, *mode, &modes));
    }
    let single = |mode: &&&str| **mode == "ReadWriteOncePod";
    if given.iter().any(|mode| single(&mode))
        && given.iter().any(|mode| !single(&mode) && modes.contains(mode))
    {
        let why = "may not use ReadWriteOncePod with other access modes";
        errors.push(FieldError::forbidden(&modes_path, why));
    }
    let size_path = path.child("resources").key("storage");
    match json::at(spec, &["resources", "requests"]).get("storage") {
        None => errors.push(FieldError::required(&size_path, "")),
        Some(size) => {
            if let Some(size) = quantity::from_json(size).filter(|size| size.sign() <= 0) {
                errors.push(FieldError::invalid(&size_path, size.to_string(), "must be greater than zero"));
            }
        }
    }
    validate_class(spec, "storageClassName", path, errors);
    if let Some(mode) = json::get(spec, "volumeMode").as_str() {
        let modes = ["Block", "Filesystem"];
        if !modes.contains(&mode) {
            errors.push(FieldError::not_supported(&path.child("volumeMode"), mode, &modes));
        }
    }
    validate_data_sources(spec, path, errors);
    validate_class(spec, "volumeAttributesClassName", path, errors);
}

fn validate_class(spec: &Value, key: &'static str, path: &FieldPath, errors: &mut ErrorList) {
    let class = json::text(spec, key);
    if !class.is_empty() {
        push_invalid(&path.child(key), class, name_is_dns_subdomain(class, false), errors);
    }
}

fn validate_data_sources(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let (source, reference) = (json::get(spec, "dataSource"), json::get(spec, "dataSourceRef"));
    for (of, key) in [(source, "dataSource"), (reference, "dataSourceRef")] {
        if !of.is_null() {
            validate_data_source(of, &path.child(key), errors);
        }
    }
    let namespace = json::text(reference, "namespace");
    if !namespace.is_empty() {
        let path = path.child("dataSourceRef").child("namespace");
        push_invalid(&path, namespace, name_is_dns_label(namespace, false), errors);
    }
    if source.is_null() || reference.is_null() {
        return;
    }
    let same =
        ["apiGroup", "kind", "name"].iter().all(|key| json::get(source, key) == json::get(reference, key));
    let why = match (namespace.is_empty(), same) {
        (false, _) => "may not be specified when dataSourceRef.namespace is specified",
        (true, false) => "must match dataSourceRef",
        (true, true) => return,
    };
    // The value is a path, of which nothing is shown.
    errors.push(FieldError::invalid(path, json!({}), why));
}

fn validate_data_source(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    for key in ["name", "kind"] {
        if json::text(source, key).is_empty() {
            errors.push(FieldError::required(&path.child(key), ""));
        }
    }
    let (group, kind) = (json::text(source, "apiGroup"), json::text(source, "kind"));
    if group.is_empty() && kind != "PersistentVolumeClaim" {
        let why = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
        errors.push(FieldError::invalid(path, kind, why));
    }
    if !group.is_empty() {
        validate_dns1123_subdomain(group, &path.child("apiGroup"), errors);
    }
}

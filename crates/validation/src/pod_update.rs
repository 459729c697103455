//! Changes of a Pod: almost nothing may change.
//!
//! Kubernetes: pkg/apis/core/validation/validation.go, ValidatePodUpdate.

use serde_json::Value;

use super::MIRROR_POD;
use super::go_form::{self, internal_pod_spec};
use super::meta::validate_object_meta_update;
use super::names::{inclusive_range_error, is_in_range};
use super::pod::{validate_pod_metadata_and_spec, validate_pod_specific_annotations};
use super::scheduling::validate_tolerations;
use super::unified_diff::unified_diff;
use api::field::{ErrorList, FieldError, FieldPath, go_quote};
use api::json;

const UPDATABLE: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,\
     `spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it \
     to be set to 1 if it was previously negative)";

/// All that is wrong with a change of a Pod (API-059). Some errors come twice, as they do upstream.
pub(crate) fn validate_pod_update(new: &Value, old: &Value) -> ErrorList {
    let path = FieldPath::new("metadata");
    let (new_meta, old_meta) = (json::get(new, "metadata"), json::get(old, "metadata"));
    let mut errors = validate_object_meta_update(new_meta, old_meta, &path);
    errors.extend(validate_pod_metadata_and_spec(new));
    validate_pod_specific_annotation_updates(new, old, &path.child("annotations"), &mut errors);
    let (new, old, path) = (json::get(new, "spec"), json::get(old, "spec"), FieldPath::new("spec"));
    for list in ["containers", "initContainers"] {
        if !validate_container_updates(
            json::list(new, list),
            json::list(old, list),
            &path.child(list),
            &mut errors,
        ) {
            return errors;
        }
    }
    if !validate_active_deadline(new, old, &path.child("activeDeadlineSeconds"), &mut errors) {
        return errors;
    }
    validate_only_added_tolerations(new, old, &path.child("tolerations"), &mut errors);
    validate_only_deleted_scheduling_gates(new, old, &path.child("schedulingGates"), &mut errors);
    validate_rest(new, old, &path, &mut errors);
    errors
}

/// All that is wrong with a pod's new ephemeral containers: those that are there must stay as they are.
///
/// Kubernetes: validation.go, ValidatePodEphemeralContainersUpdate.
pub(crate) fn validate_pod_ephemeral_containers_update(new: &Value, old: &Value) -> ErrorList {
    let path = FieldPath::new("metadata");
    let (new_meta, old_meta) = (json::get(new, "metadata"), json::get(old, "metadata"));
    let mut errors = validate_object_meta_update(new_meta, old_meta, &path);
    errors.extend(validate_pod_metadata_and_spec(new));
    validate_pod_specific_annotation_updates(new, old, &path.child("annotations"), &mut errors);
    if json::at(old_meta, &["annotations", MIRROR_POD]).is_string() {
        let why = "static pods do not support ephemeral containers";
        return vec![FieldError::forbidden(&FieldPath::new(""), why)];
    }
    let list = "ephemeralContainers";
    let containers = |pod| json::list(json::get(pod, "spec"), list);
    let path = FieldPath::new("spec").child(list);
    let text = |container: &Value, whole| go_form::indented("EphemeralContainer", container, whole);
    for old in containers(old) {
        let name = json::text(old, "name");
        let Some(new) = containers(new).iter().rfind(|new| json::text(new, "name") == name) else {
            let why = format!("existing ephemeral containers {} may not be removed\n", go_quote(name));
            errors.push(FieldError::forbidden(&path, why));
            continue;
        };
        if text(old, true) != text(new, true) {
            let diff = unified_diff(&text(old, false), &text(new, false));
            let why = format!("existing ephemeral containers {} may not be changed\n{diff}", go_quote(name));
            errors.push(FieldError::forbidden(&path, why));
        }
    }
    errors
}

/// KL-041. Kubernetes: validation.go, ValidatePodSpecificAnnotationUpdates.
fn validate_pod_specific_annotation_updates(
    new: &Value,
    old: &Value,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
    let annotations = |pod| json::at(pod, &["metadata", "annotations"]);
    let (after, before) = (annotations(new), annotations(old));
    for (key, value) in before.as_object().into_iter().flatten() {
        if json::get(after, key) == value {
            continue;
        }
        if key.starts_with(APP_ARMOR) {
            let why = "may not remove or update AppArmor annotations";
            errors.push(FieldError::forbidden(&path.key(key), why));
        }
        if key == MIRROR_POD {
            let why = "may not remove or update mirror pod annotation";
            errors.push(FieldError::forbidden(&path.key(key), why));
        }
    }
    for (key, _) in after.as_object().into_iter().flatten().filter(|(key, _)| before.get(*key).is_none()) {
        if key.starts_with(APP_ARMOR) {
            errors.push(FieldError::forbidden(&path.key(key), "may not add AppArmor annotations"));
        }
        if key == MIRROR_POD {
            errors.push(FieldError::forbidden(&path.key(key), "may not add mirror pod annotation"));
        }
    }
    validate_pod_specific_annotations(after, json::get(new, "spec"), path, errors);
}

/// False if nothing further can be said.
fn validate_container_updates(
    new: &[Value],
    old: &[Value],
    path: &FieldPath,
    errors: &mut ErrorList,
) -> bool {
    if new.len() != old.len() {
        errors.push(FieldError::forbidden(path, "pod updates may not add or remove containers"));
        return false;
    }
    for (at, container) in new.iter().enumerate() {
        let (image, path) = (json::text(container, "image"), path.index(at).child("image"));
        if image.is_empty() {
            errors.push(FieldError::required(&path, ""));
        }
        if image.trim().len() != image.len() {
            let why = "must not have leading or trailing whitespace";
            errors.push(FieldError::invalid(&path, image, why));
        }
    }
    true
}

/// It may be set, or lowered. False if nothing further can be said.
fn validate_active_deadline(new: &Value, old: &Value, path: &FieldPath, errors: &mut ErrorList) -> bool {
    let seconds = |spec| json::int(spec, "activeDeadlineSeconds");
    match (seconds(new), seconds(old)) {
        (Some(new), _) if is_in_range(new, 0, i64::from(i32::MAX)).is_some() => {
            let why = inclusive_range_error(0, i64::from(i32::MAX));
            errors.push(FieldError::invalid(path, new, why));
            false
        }
        (Some(new), Some(old)) if old < new => {
            errors.push(FieldError::invalid(path, new, "must be less than or equal to previous value"));
            false
        }
        (None, Some(_)) => {
            let why = "must not update from a positive integer to nil value";
            errors.push(FieldError::invalid(path, Value::Null, why));
            true
        }
        _ => true,
    }
}

fn validate_only_added_tolerations(new: &Value, old: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let without_seconds = |toleration: &Value| {
        let mut toleration = toleration.clone();
        json::object(&mut toleration).remove("tolerationSeconds");
        toleration
    };
    let tolerations = json::list(new, "tolerations");
    let kept: Vec<Value> = tolerations.iter().map(without_seconds).collect();
    if !json::list(old, "tolerations").iter().all(|toleration| kept.contains(&without_seconds(toleration))) {
        let why = "existing toleration can not be modified except its tolerationSeconds";
        errors.push(FieldError::forbidden(path, why));
        return;
    }
    validate_tolerations(tolerations, path, errors);
}

fn validate_only_deleted_scheduling_gates(
    new: &Value,
    old: &Value,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let known: Vec<&str> = json::list(old, "schedulingGates").iter().map(|g| json::text(g, "name")).collect();
    for (at, gate) in json::list(new, "schedulingGates").iter().enumerate() {
        let name = json::text(gate, "name");
        if !known.contains(&name) {
            let why = format!("only deletion is allowed, but found new scheduling gate '{name}'");
            errors.push(FieldError::forbidden(&path.index(at).child("name"), why));
        }
    }
}

/// Everything else must be as it was.
fn validate_rest(new: &Value, old: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let mut munged = new.clone();
    for list in ["containers", "initContainers"] {
        for (container, old) in json::each(&mut munged, list).zip(json::list(old, list)) {
            put(container, "image", json::get(old, "image"));
        }
    }
    for key in ["activeDeadlineSeconds", "schedulingGates", "tolerations"] {
        put(&mut munged, key, json::get(old, key));
    }
    let grace = "terminationGracePeriodSeconds";
    if json::int(old, grace).is_some_and(|seconds| seconds < 0) && json::int(&munged, grace) == Some(1) {
        put(&mut munged, grace, json::get(old, grace));
    }
    if !json::empty(old, "schedulingGates") {
        allow_for_gated_pods(&mut munged, old, path, errors);
    }
    let (munged, old) = (internal_pod_spec(&munged), internal_pod_spec(old));
    if go_form::indented("PodSpec", &munged, true) != go_form::indented("PodSpec", &old, true) {
        let [old, munged] = [&old, &munged].map(|spec| go_form::indented("PodSpec", spec, false));
        let diff = unified_diff(&old, &munged);
        let why = format!("pod updates may not change fields other than {UPDATABLE}\n{diff}");
        errors.push(FieldError::forbidden(path, why));
    }
}

fn put(holder: &mut Value, key: &str, value: &Value) {
    json::object(holder).insert(key.to_owned(), value.clone());
}

/// A pod that waits for its gates may still be narrowed to fewer nodes.
fn allow_for_gated_pods(munged: &mut Value, old: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let (before, after) = (json::get(old, "nodeSelector"), json::get(munged, "nodeSelector"));
    if before.as_object().into_iter().flatten().any(|(key, value)| after.get(key) != Some(value)) {
        let path = path.child("nodeSelector");
        let why = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
        errors.push(FieldError::invalid(&path, after.clone(), why));
    }
    put(munged, "nodeSelector", before);
    let of = |spec| json::at(spec, &["affinity", "nodeAffinity"]).clone();
    let (before, after) = (of(old), of(munged));
    let text = |affinity| go_form::indented("NodeAffinity", affinity, true);
    if before.is_null() == after.is_null() && text(&before) == text(&after) {
        return;
    }
    let affinity_path = path.child("affinity").child("nodeAffinity");
    validate_node_affinity_mutation(&after, &before, &affinity_path, errors);
    if json::has(munged, "affinity") && !json::has(old, "affinity") {
        let others = ["podAffinity", "podAntiAffinity"];
        if others.iter().all(|sort| !json::has(json::get(munged, "affinity"), sort)) {
            put(munged, "affinity", &Value::Null);
            return;
        }
    }
    if !before.is_null() || json::has(munged, "affinity") {
        put(json::child(munged, "affinity"), "nodeAffinity", &before);
    }
}

/// Kubernetes: validation.go, validateNodeAffinityMutation.
fn validate_node_affinity_mutation(new: &Value, old: &Value, path: &FieldPath, errors: &mut ErrorList) {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    let terms = |affinity| json::list(json::get(affinity, REQUIRED), "nodeSelectorTerms");
    let (new_terms, old_terms) = (terms(new), terms(old));
    let path = path.child(REQUIRED).child("nodeSelectorTerms");
    if !old_terms.is_empty() && old_terms.len() != new_terms.len() {
        let why = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
        let shown = match new_terms {
            [] => "null".to_owned(),
            terms => go_form::compact_list("NodeSelectorTerm", terms),
        };
        errors.push(FieldError::invalid(&path, new_terms, why).shown_as(shown));
        return;
    }
    for (at, (new, old)) in new_terms.iter().zip(old_terms).enumerate() {
        if !has_only_additions(new, old) {
            let why = "only additions are allowed (no mutations or deletions)";
            let shown = go_form::compact("NodeSelectorTerm", new);
            errors.push(FieldError::invalid(&path.index(at), new.clone(), why).shown_as(shown));
        }
    }
}

/// Kubernetes: validation.go, validateNodeSelectorTermHasOnlyAdditions.
fn has_only_additions(new: &Value, old: &Value) -> bool {
    let lists = ["matchExpressions", "matchFields"];
    if lists.iter().all(|list| json::empty(old, list)) && lists.iter().any(|list| !json::empty(new, list)) {
        return false;
    }
    lists.iter().all(|list| json::list(new, list).starts_with(json::list(old, list)))
}

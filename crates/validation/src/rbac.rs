//! Roles and their bindings.
//!
//! Kubernetes: pkg/apis/rbac/validation/validation.go.

use serde_json::Value;

use super::go_form;
use super::meta::{validate_object_meta, validate_object_meta_update};
use super::names::{name_is_dns_subdomain, validate_path_segment_name};
use super::push_invalid;
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;

pub(super) const GROUP: &str = "rbac.authorization.k8s.io";

/// Whether an object of RBAC belongs to a namespace.
fn is_namespaced(object: &Value) -> bool {
    !json::text(object, "kind").starts_with("Cluster")
}

fn meta(object: &Value) -> ErrorList {
    let path = FieldPath::new("metadata");
    let meta = json::get(object, "metadata");
    validate_object_meta(meta, is_namespaced(object), validate_path_segment_name, &path)
}

/// A Role or ClusterRole.
pub(super) fn validate_role(role: &Value) -> ErrorList {
    let mut errors = meta(role);
    for (at, rule) in json::list(role, "rules").iter().enumerate() {
        let path = FieldPath::new("rules").index(at);
        validate_policy_rule(rule, is_namespaced(role), &path, &mut errors);
    }
    errors
}

fn validate_policy_rule(rule: &Value, namespaced: bool, path: &FieldPath, errors: &mut ErrorList) {
    if json::empty(rule, "verbs") {
        errors.push(FieldError::required(&path.child("verbs"), "verbs must contain at least one value"));
    }
    let urls = json::get(rule, "nonResourceURLs");
    if !json::empty(rule, "nonResourceURLs") {
        let path = path.child("nonResourceURLs");
        if namespaced {
            let why = "namespaced rules cannot apply to non-resource URLs";
            errors.push(FieldError::invalid(&path, urls.clone(), why));
        }
        if ["apiGroups", "resources", "resourceNames"].iter().any(|key| !json::empty(rule, key)) {
            let why = "rules cannot apply to both regular resources and non-resource URLs";
            errors.push(FieldError::invalid(&path, urls.clone(), why));
        }
        return;
    }
    for (key, why) in [
        ("apiGroups", "resource rules must supply at least one api group"),
        ("resources", "resource rules must supply at least one resource"),
    ] {
        if json::empty(rule, key) {
            errors.push(FieldError::required(&path.child(key), why));
        }
    }
}

/// A RoleBinding or ClusterRoleBinding.
pub(super) fn validate_role_binding(binding: &Value) -> ErrorList {
    let mut errors = meta(binding);
    let (role, path) = (json::get(binding, "roleRef"), FieldPath::new("roleRef"));
    let group = json::text(role, "apiGroup");
    if group != GROUP {
        errors.push(FieldError::not_supported(&path.child("apiGroup"), group, &[GROUP]));
    }
    let kinds: &[&str] = if is_namespaced(binding) { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    let kind = json::text(role, "kind");
    if !kinds.contains(&kind) {
        errors.push(FieldError::not_supported(&path.child("kind"), kind, kinds));
    }
    let name = json::text(role, "name");
    if name.is_empty() {
        errors.push(FieldError::required(&path.child("name"), ""));
    } else {
        push_invalid(&path.child("name"), name, validate_path_segment_name(name, false), &mut errors);
    }
    for (at, subject) in json::list(binding, "subjects").iter().enumerate() {
        let path = FieldPath::new("subjects").index(at);
        validate_role_binding_subject(subject, is_namespaced(binding), &path, &mut errors);
    }
    errors
}

fn validate_role_binding_subject(
    subject: &Value,
    namespaced: bool,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let (name, group) = (json::text(subject, "name"), json::text(subject, "apiGroup"));
    if name.is_empty() {
        errors.push(FieldError::required(&path.child("name"), ""));
    }
    match json::text(subject, "kind") {
        "ServiceAccount" => {
            if !name.is_empty() {
                push_invalid(&path.child("name"), name, name_is_dns_subdomain(name, false), errors);
            }
            if !group.is_empty() {
                errors.push(FieldError::not_supported(&path.child("apiGroup"), group, &[""]));
            }
            if !namespaced && json::text(subject, "namespace").is_empty() {
                errors.push(FieldError::required(&path.child("namespace"), ""));
            }
        }
        "User" | "Group" => {
            if group != GROUP {
                errors.push(FieldError::not_supported(&path.child("apiGroup"), group, &[GROUP]));
            }
        }
        other => {
            let kinds = ["ServiceAccount", "User", "Group"];
            errors.push(FieldError::not_supported(&path.child("kind"), other, &kinds));
        }
    }
}

/// A binding never changes its role.
pub(super) fn validate_role_binding_update(new: &Value, old: &Value) -> ErrorList {
    let mut errors = validate_role_binding(new);
    let path = FieldPath::new("metadata");
    let metas = (json::get(new, "metadata"), json::get(old, "metadata"));
    errors.extend(validate_object_meta_update(metas.0, metas.1, &path));
    let (new, old) = (json::get(new, "roleRef"), json::get(old, "roleRef"));
    if new != old {
        let shown = go_form::compact("RoleRef", new);
        let error = FieldError::invalid(&FieldPath::new("roleRef"), new.clone(), "cannot change roleRef");
        errors.push(error.shown_as(shown));
    }
    errors
}

//! What the API server refuses, and in which words.
//!
//! Works on the API form of an object that has been decoded strictly and defaulted. Each function is named
//! after upstream's, takes the path of what it looks at, and appends what is wrong in upstream's order;
//! where Go walks a map, and so has no order, ours is the order of keys.
//!
//! Kubernetes: pkg/apis/core/validation/validation.go, pkg/apis/apps/validation/validation.go and their
//! likes of other groups; staging/src/k8s.io/apimachinery/pkg/api/validation.

mod affinity;
mod batch;
mod claim;
mod config;
mod container;
pub mod create;
mod daemonset;
pub mod defaults;
mod go_form;
mod ip;
mod meta;
mod mounts;
mod names;
mod node;
mod pod;
pub mod pod_security;
mod pod_spec;
mod pod_update;
mod policy;
pub mod prepare;
mod probe;
mod projected;
mod quota;
mod rbac;
mod resources;
mod scheduling;
mod security;
mod service;
mod service_alloc;
mod time_zone;
mod unified_diff;
mod volume;
mod volume_sources;
pub mod warnings;
mod windows;
mod workload;

use serde_json::Value;

pub(crate) use daemonset::{validate_daemon_set, validate_daemon_set_update};
pub(crate) use meta::{validate_object_meta, validate_object_meta_update};
pub use names::{NameFn, name_is_dns_label, name_is_dns_subdomain, validate_path_segment_name};
pub(crate) use node::{validate_node, validate_node_update};
pub(crate) use pod::validate_pod_create;
pub(crate) use pod_update::validate_pod_update;

use api::field::{ErrorList, FieldError, FieldPath};
use api::json;
use api::schema;

const IS_NEGATIVE: &str = "must be greater than or equal to 0";
const FIELD_IMMUTABLE: &str = "field is immutable";
const MIRROR_POD: &str = "kubernetes.io/config.mirror";

/// All that is wrong with a new object of any kind.
pub fn validate(object: &Value) -> ErrorList {
    let (group, kind) = group_and_kind(object);
    match (group, kind) {
        ("", "Pod") => validate_pod_create(object),
        ("apps", "DaemonSet") => validate_daemon_set(object),
        ("apps", "Deployment" | "ReplicaSet" | "StatefulSet") | ("", "PodTemplate") => {
            workload::validate_create(object)
        }
        ("", "PersistentVolumeClaim") => claim::validate_persistent_volume_claim(object),
        ("", "Node") => validate_node(object),
        ("", "Namespace") => config::validate_namespace(object),
        ("", "ConfigMap") => config::validate_config_map(object),
        ("", "Secret") => config::validate_secret(object),
        ("", "ServiceAccount") => config::validate_service_account(object),
        ("", "Service") => service::validate_service_create(object),
        ("", "ResourceQuota") => quota::validate_resource_quota(object),
        ("", "LimitRange") => quota::validate_limit_range(object),
        ("batch", "Job") => batch::validate_job(object),
        ("batch", "CronJob") => batch::validate_cron_job(object),
        ("policy", "PodDisruptionBudget") => policy::validate_pod_disruption_budget(object),
        ("networking.k8s.io", "NetworkPolicy") => policy::validate_network_policy(object),
        ("scheduling.k8s.io", "PriorityClass") => config::validate_priority_class(object),
        (rbac::GROUP, "Role" | "ClusterRole") => rbac::validate_role(object),
        (rbac::GROUP, "RoleBinding" | "ClusterRoleBinding") => rbac::validate_role_binding(object),
        _ => validate_other(object),
    }
}

/// All that is wrong with a change of an object of any kind. Both must have been defaulted, and the new one
/// must carry over what the API server sets (uid, creationTimestamp, resourceVersion).
pub fn validate_update(new: &Value, old: &Value) -> ErrorList {
    let (group, kind) = group_and_kind(new);
    match (group, kind) {
        ("", "Pod") => validate_pod_update(new, old),
        ("apps", "DaemonSet") => validate_daemon_set_update(new, old),
        // Upstream looks at the whole new Node too; what is said twice is shown once.
        ("", "Node") => {
            let mut errors = validate_node(new);
            errors.extend(
                validate_node_update(new, old)
                    .into_iter()
                    .filter(|error| !errors.contains(error))
                    .collect::<Vec<_>>(),
            );
            errors
        }
        ("apps", "Deployment" | "ReplicaSet" | "StatefulSet") | ("", "PodTemplate") => {
            workload::validate_update(new, old)
        }
        ("", "PersistentVolumeClaim") => claim::validate_persistent_volume_claim_update(new, old),
        ("", "ConfigMap" | "Secret") => config::validate_immutable_data_update(new, old),
        ("", "Service") => service::validate_service_update(new, old),
        ("", "ResourceQuota") => quota::validate_resource_quota_update(new, old),
        // Upstream looks at a changed one as at a new one.
        ("", "LimitRange") => quota::validate_limit_range(new),
        ("batch", "Job") => batch::validate_job_update(new, old),
        ("batch", "CronJob") => batch::validate_cron_job_update(new, old),
        ("policy", "PodDisruptionBudget") => policy::validate_pod_disruption_budget_update(new, old),
        ("networking.k8s.io", "NetworkPolicy") => policy::validate_network_policy_update(new, old),
        ("scheduling.k8s.io", "PriorityClass") => config::validate_priority_class_update(new, old),
        (rbac::GROUP, "RoleBinding" | "ClusterRoleBinding") => rbac::validate_role_binding_update(new, old),
        (rbac::GROUP, "Role" | "ClusterRole") => meta_update_and(new, old, rbac::validate_role(new)),
        ("", "ServiceAccount") => meta_update_and(new, old, config::validate_service_account(new)),
        ("", "Namespace") => config::validate_namespace_update(new, old),
        _ => {
            let path = FieldPath::new("metadata");
            validate_object_meta_update(json::get(new, "metadata"), json::get(old, "metadata"), &path)
        }
    }
}

/// All that is wrong with a pod's new ephemeral containers.
pub fn validate_ephemeral_containers_update(new: &Value, old: &Value) -> ErrorList {
    pod_update::validate_pod_ephemeral_containers_update(new, old)
}

fn meta_update_and(new: &Value, old: &Value, more: ErrorList) -> ErrorList {
    let path = FieldPath::new("metadata");
    let mut errors =
        validate_object_meta_update(json::get(new, "metadata"), json::get(old, "metadata"), &path);
    errors.extend(more);
    errors
}

fn group_and_kind(object: &Value) -> (&str, &str) {
    let group = json::text(object, "apiVersion").split_once('/').map_or("", |(group, _)| group);
    (group, json::text(object, "kind"))
}

/// Objects on which nothing acts: their metadata must do.
// Not simulated: what upstream checks further in kinds that no component here reads.
fn validate_other(object: &Value) -> ErrorList {
    let known = schema::kind(json::text(object, "apiVersion"), json::text(object, "kind"));
    let metadata = json::get(object, "metadata");
    let namespaced = known.map_or(json::has(metadata, "namespace"), |info| info.namespaced);
    let name: NameFn = if known.is_some() { name_is_dns_subdomain } else { validate_path_segment_name };
    validate_object_meta(metadata, namespaced, name, &FieldPath::new("metadata"))
}

/// A number that may be left out must not be negative.
fn validate_nonnegative_field(value: i64, path: &FieldPath, errors: &mut ErrorList) {
    if value < 0 {
        errors.push(FieldError::invalid(path, value, IS_NEGATIVE));
    }
}

/// A value that may not change; null and absent are the same.
fn validate_immutable_field(new: &Value, old: &Value, path: &FieldPath, errors: &mut ErrorList) {
    if new != old {
        errors.push(FieldError::invalid(path, new.clone(), FIELD_IMMUTABLE));
    }
}

/// One error for each sentence about the value.
fn push_invalid(path: &FieldPath, value: &str, messages: Vec<String>, errors: &mut ErrorList) {
    errors.extend(messages.into_iter().map(|message| FieldError::invalid(path, value, message)));
}

/// A text that must be one of a few; empty counts as missing.
fn push_unless_one_of(path: &FieldPath, value: &str, allowed: &[&str], errors: &mut ErrorList) {
    if value.is_empty() {
        errors.push(FieldError::required(path, ""));
    } else if !allowed.contains(&value) {
        errors.push(FieldError::not_supported(path, value, allowed));
    }
}

#[cfg(test)]
mod tests;

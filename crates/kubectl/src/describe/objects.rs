//! DaemonSets, and the kinds on which nothing acts.

use std::rc::Rc;

use serde_json::Value;

use super::containers::describe_pod_template;
use super::writer::{Writer, date};
use super::{quota, rbac, workloads};
use api::daemonset::DaemonSet;
use api::event::Event;
use api::json;
use api::label::Selector;
use api::meta::{Uid, string_map};
use api::object::{Kind, Object};
use api::pod::Phase;
use printers::format_labels;

/// Rule: CLI-020.
///
/// Kubernetes: describe.go, describeDaemonSet.
pub(super) fn describe_daemon_set(ds: &DaemonSet, pods: &[Object], w: &mut Writer) {
    let status = &ds.status;
    w.field(0, "Name", &ds.meta.name);
    w.field(0, "Namespace", ds.meta.namespace());
    w.field(0, "Selector", &ds.selector);
    w.field(0, "Node-Selector", format_labels(&ds.template.spec.node_selector));
    w.labels("Labels", ds.meta.labels());
    w.annotations("Annotations", ds.meta.annotations());
    for (title, count) in [
        ("Desired Number of Nodes Scheduled", status.desired_number_scheduled),
        ("Current Number of Nodes Scheduled", status.current_number_scheduled),
        ("Number of Nodes Scheduled with Up-to-date Pods", status.updated_number_scheduled),
        ("Number of Nodes Scheduled with Available Pods", status.number_available),
        ("Number of Nodes Misscheduled", status.number_misscheduled),
    ] {
        w.write(0, format!("{title}: {count}\n"));
    }
    w.field(0, "Pods Status", pods_status(pods, ds.meta.uid, &ds.selector));
    describe_pod_template(&ds.template.raw, w);
}

/// How many of a controller's pods are in which phase.
///
/// Kubernetes: describe.go, getPodStatusForController.
pub(super) fn pods_status(pods: &[Object], controller: Uid, selector: &Selector) -> String {
    let mine = pods.iter().filter_map(|object| match object {
        Object::Pod(pod) if pod.meta.controller().is_some_and(|owner| owner.uid == controller) => Some(pod),
        _ => None,
    });
    let mut counts = [0_u32; 4];
    for pod in mine.filter(|pod| selector.matches_map(pod.meta.labels())) {
        let at = match pod.status.phase {
            Phase::Running => 0,
            Phase::Pending => 1,
            Phase::Succeeded => 2,
            Phase::Failed => 3,
            Phase::Unknown => continue,
        };
        counts[at] += 1;
    }
    let [running, waiting, succeeded, failed] = counts;
    format!("{running} Running / {waiting} Waiting / {succeeded} Succeeded / {failed} Failed")
}

const RBAC: &str = "rbac.authorization.k8s.io";

pub(super) fn describe_other(kind: Kind, value: &Value, events: Option<&[Rc<Event>]>, w: &mut Writer) {
    match (kind.info().group, kind.name()) {
        ("", "ResourceQuota") => quota::describe_quota(value, w),
        ("", "LimitRange") => quota::describe_limit_range(value, w),
        ("", "ConfigMap") => {
            describe_config_map(value, w);
            w.describe_events(events);
        }
        ("", "Secret") => describe_secret(value, w),
        (RBAC, "Role" | "ClusterRole") => rbac::describe_role(value, w),
        (RBAC, "RoleBinding" | "ClusterRoleBinding") => rbac::describe_role_binding(value, w),
        (group, name) => {
            let describe = match (group, name) {
                ("", "ServiceAccount") => workloads::describe_service_account,
                ("batch", "CronJob") => workloads::describe_cron_job,
                ("batch", "Job") => workloads::describe_job,
                ("policy", "PodDisruptionBudget") => workloads::describe_pod_disruption_budget,
                ("scheduling.k8s.io", "PriorityClass") => workloads::describe_priority_class,
                _ => describe_generic,
            };
            describe(value, w);
            w.describe_events(events);
        }
    }
}

pub(super) fn head(value: &Value, namespace: bool, w: &mut Writer) {
    let meta = &value["metadata"];
    w.field(0, "Name", json::text(meta, "name"));
    if namespace {
        w.field(0, "Namespace", json::text(meta, "namespace"));
    }
    w.labels("Labels", &string_map(&meta["labels"]));
    w.annotations("Annotations", &string_map(&meta["annotations"]));
}

pub(super) fn describe_namespace(value: &Value, quotas: &[Value], ranges: &[Value], w: &mut Writer) {
    head(value, false, w);
    w.field(0, "Status", json::text(&value["status"], "phase"));
    let conditions = json::list(&value["status"], "conditions");
    if !conditions.is_empty() {
        w.write(0, "Conditions:\n  Type\tStatus\tLastTransitionTime\tReason\tMessage\n");
        w.write(1, "----\t------\t------------------\t------\t-------\n");
    }
    for condition in conditions {
        let text = |key: &str| json::text(condition, key).to_owned();
        let at = date(&condition["lastTransitionTime"]);
        let line = [text("type"), text("status"), at, text("reason"), text("message")].join("\t");
        w.write(1, line + "\n");
    }
    quota::of_namespace(quotas, ranges, w);
}

fn describe_config_map(value: &Value, w: &mut Writer) {
    head(value, true, w);
    w.write(0, "\nData\n====\n");
    for (key, text) in json::entries(value, "data") {
        w.write(0, format!("{key}:\n----\n{}\n\n", text.as_str().unwrap_or_default()));
    }
    w.write(0, "\nBinaryData\n====\n");
    for (key, data) in json::entries(value, "binaryData") {
        w.write(0, format!("{key}: {} bytes\n", decoded_length(data)));
    }
    w.write(0, "\n");
}

fn describe_secret(value: &Value, w: &mut Writer) {
    head(value, true, w);
    w.write(0, format!("\nType:\t{}\n\nData\n====\n", json::text(value, "type")));
    for (key, data) in json::entries(value, "data") {
        w.field(0, key, format!("{} bytes", decoded_length(data)));
    }
}

/// How many bytes a base64 text stands for.
fn decoded_length(data: &Value) -> usize {
    let text = data.as_str().unwrap_or_default().trim_end_matches('=');
    text.chars().filter(|c| !c.is_whitespace()).count() * 3 / 4
}

/// Kubernetes: describe.go, genericDescriber.
fn describe_generic(value: &Value, w: &mut Writer) {
    head(value, true, w);
    let skip = [
        ".metadata.managedFields",
        ".metadata.name",
        ".metadata.namespace",
        ".metadata.labels",
        ".metadata.annotations",
    ];
    unstructured(value, 0, "", &skip, w);
}

fn unstructured(value: &Value, level: usize, prefix: &str, skip: &[&str], w: &mut Writer) {
    for (field, value) in value.as_object().into_iter().flatten() {
        let path = format!("{prefix}.{field}");
        if skip.contains(&path.as_str()) {
            continue;
        }
        let label = smart_label_for(field);
        match value {
            Value::Object(_) => {
                w.write(level, format!("{label}:\n"));
                unstructured(value, level + 1, &path, skip, w);
            }
            Value::Array(items) => {
                w.write(level, format!("{label}:\n"));
                for item in items {
                    match item {
                        Value::Object(_) => unstructured(item, level + 1, &path, skip, w),
                        plain => w.write(level + 1, format!("{}\n", go_value(plain))),
                    }
                }
            }
            plain => w.field(level, &label, go_value(plain)),
        }
    }
}

fn go_value(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// `creationTimestamp` as `Creation Timestamp`, `apiVersion` as `API Version`.
///
/// Kubernetes: describe.go, smartLabelFor.
fn smart_label_for(field: &str) -> String {
    if field.chars().any(|c| !c.is_alphabetic() && c != '-') {
        return field.to_owned();
    }
    let parts = camel_case(field).into_iter().map(|part| {
        let upper = part.to_uppercase();
        if ["API", "URL", "UID", "GUID"].contains(&upper.as_str()) {
            upper
        } else if part.chars().all(|c| !c.is_uppercase()) {
            let mut letters = part.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
        } else {
            part
        }
    });
    parts.collect::<Vec<String>>().join(" ")
}

fn camel_case(field: &str) -> Vec<String> {
    let chars: Vec<char> = field.chars().collect();
    let mut parts: Vec<String> = Vec::new();
    for (at, c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let after = chars.get(at + 1);
        let begins = match before {
            None => true,
            Some(before) if c.is_uppercase() => {
                // A run of capitals is one part, but for the capital that begins the next word.
                before.is_lowercase()
                    || !before.is_alphabetic()
                    || after.is_some_and(|next| next.is_lowercase())
            }
            Some(before) => before.is_alphabetic() != c.is_alphabetic(),
        };
        match parts.last_mut() {
            Some(part) if !begins => part.push(*c),
            _ => parts.push(c.to_string()),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_names_become_words() {
        for (field, expected) in [
            ("creationTimestamp", "Creation Timestamp"),
            ("apiVersion", "API Version"),
            ("kind", "Kind"),
            ("uid", "UID"),
            ("podCIDR", "Pod CIDR"),
            ("example.com/x", "example.com/x"),
        ] {
            assert_eq!(smart_label_for(field), expected);
        }
    }
}

//! Defaults of the objects that make pods.
//!
//! Kubernetes: pkg/apis/apps/v1/defaults.go, pkg/apis/batch/v1/defaults.go.

use serde_json::{Value, json};

use super::pod::set_object_defaults_pod_template;
use super::volume::set_object_defaults_persistent_volume_claim;
use api::json;

/// All defaults of a DaemonSet (API-026, API-027).
///
/// Kubernetes: pkg/apis/apps/v1/defaults.go, SetDefaults_DaemonSet.
pub(super) fn set_object_defaults_daemon_set(set: &mut Value) {
    let spec = json::child(set, "spec");
    let strategy = json::child(spec, "updateStrategy");
    json::set_default(strategy, "type", "RollingUpdate");
    if json::text(strategy, "type") == "RollingUpdate" {
        let rolling = json::child(strategy, "rollingUpdate");
        set_absent(rolling, "maxUnavailable", 1);
        set_absent(rolling, "maxSurge", 0);
    }
    set_absent(spec, "revisionHistoryLimit", 10);
    set_object_defaults_pod_template(json::child(spec, "template"));
}

pub(super) fn set_object_defaults_deployment(deployment: &mut Value) {
    let spec = json::child(deployment, "spec");
    set_absent(spec, "replicas", 1);
    let strategy = json::child(spec, "strategy");
    json::set_default(strategy, "type", "RollingUpdate");
    if json::text(strategy, "type") == "RollingUpdate" {
        let rolling = json::child(strategy, "rollingUpdate");
        set_absent(rolling, "maxUnavailable", "25%");
        set_absent(rolling, "maxSurge", "25%");
    }
    set_absent(spec, "revisionHistoryLimit", 10);
    set_absent(spec, "progressDeadlineSeconds", 600);
    set_object_defaults_pod_template(json::child(spec, "template"));
}

pub(super) fn set_object_defaults_stateful_set(set: &mut Value) {
    let spec = json::child(set, "spec");
    json::set_default(spec, "podManagementPolicy", "OrderedReady");
    let strategy = json::child(spec, "updateStrategy");
    if json::text(strategy, "type").is_empty() {
        json::set_default(strategy, "type", "RollingUpdate");
        json::child(strategy, "rollingUpdate");
    }
    if json::text(strategy, "type") == "RollingUpdate"
        && let Some(rolling) = json::child_if(strategy, "rollingUpdate")
    {
        set_absent(rolling, "partition", 0);
    }
    let retention = json::child(spec, "persistentVolumeClaimRetentionPolicy");
    json::set_default(retention, "whenDeleted", "Retain");
    json::set_default(retention, "whenScaled", "Retain");
    set_absent(spec, "replicas", 1);
    set_absent(spec, "revisionHistoryLimit", 10);
    json::each(spec, "volumeClaimTemplates").for_each(set_object_defaults_persistent_volume_claim);
    set_object_defaults_pod_template(json::child(spec, "template"));
}

pub(super) fn set_object_defaults_replica_set(set: &mut Value) {
    let spec = json::child(set, "spec");
    set_absent(spec, "replicas", 1);
    set_object_defaults_pod_template(json::child(spec, "template"));
}

/// The oldest kind takes selector and labels from its template.
pub(super) fn set_object_defaults_replication_controller(controller: &mut Value) {
    let labels = json::at(controller, &["spec", "template", "metadata", "labels"]).clone();
    let spec = json::child(controller, "spec");
    set_absent(spec, "replicas", 1);
    let has_template = json::has(spec, "template");
    if !labels.is_null() && json::empty(spec, "selector") {
        json::object(spec).insert("selector".to_owned(), labels.clone());
    }
    if has_template {
        set_object_defaults_pod_template(json::child(spec, "template"));
    }
    let metadata = json::child(controller, "metadata");
    if !labels.is_null() && json::empty(metadata, "labels") {
        json::object(metadata).insert("labels".to_owned(), labels);
    }
}

pub(super) fn set_object_defaults_job(job: &mut Value) {
    let labels = json::at(job, &["spec", "template", "metadata", "labels"]).clone();
    let metadata = json::child(job, "metadata");
    if !labels.is_null() && json::empty(metadata, "labels") {
        json::object(metadata).insert("labels".to_owned(), labels);
    }
    set_object_defaults_job_spec(json::child(job, "spec"));
}

fn set_object_defaults_job_spec(spec: &mut Value) {
    if !json::has(spec, "completions") && !json::has(spec, "parallelism") {
        set_absent(spec, "completions", 1);
    }
    set_absent(spec, "parallelism", 1);
    set_absent(spec, "backoffLimit", 6);
    set_absent(spec, "completionMode", "NonIndexed");
    set_absent(spec, "suspend", false);
    set_absent(spec, "manualSelector", false);
    let policy = if json::has(spec, "podFailurePolicy") { "Failed" } else { "TerminatingOrFailed" };
    set_absent(spec, "podReplacementPolicy", policy);
    set_object_defaults_pod_template(json::child(spec, "template"));
}

pub(super) fn set_object_defaults_cron_job(job: &mut Value) {
    let spec = json::child(job, "spec");
    json::set_default(spec, "concurrencyPolicy", "Allow");
    set_absent(spec, "suspend", false);
    set_absent(spec, "successfulJobsHistoryLimit", 3);
    set_absent(spec, "failedJobsHistoryLimit", 1);
    let template = json::child(json::child(json::child(spec, "jobTemplate"), "spec"), "template");
    set_object_defaults_pod_template(template);
}

/// Sets a member that is absent or null; an empty text counts as given.
fn set_absent(value: &mut Value, key: &str, default: impl Into<Value>) {
    if !json::has(value, key) {
        json::object(value).insert(key.to_owned(), json!(default.into()));
    }
}

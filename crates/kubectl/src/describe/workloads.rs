//! Deployments, ReplicaSets, and kinds on which nothing acts here, as their own describers show them.

use std::rc::Rc;

use serde_json::Value;

use super::containers::describe_pod_template;
use super::objects::{head, pods_status};
use super::writer::{Writer, date};
use super::{format_selector, text};
use crate::rollout::deployment::find_new;
use api::human_duration::human_duration;
use api::json;
use api::label::selector_or_nothing;
use api::meta::string_map;
use api::object::{Object, Other};
use printers::{format_label_selector, format_labels};
use sim::Timestamp;

/// Kubernetes: describe.go, describeServiceAccount.
pub(super) fn describe_service_account(value: &Value, w: &mut Writer) {
    head(value, true, w);
    let names: Vec<&str> =
        json::list(value, "imagePullSecrets").iter().map(|secret| json::text(secret, "name")).collect();
    if names.is_empty() {
        w.write(0, "Image pull secrets:\t<none>\n");
    }
    for (at, name) in names.iter().enumerate() {
        let prefix = if at == 0 { "Image pull secrets:" } else { "                   " };
        w.write(0, format!("{prefix}\t{name}\n"));
    }
}

/// Kubernetes: describe.go, describePriorityClass.
pub(super) fn describe_priority_class(value: &Value, w: &mut Writer) {
    w.field(0, "Name", json::text(&value["metadata"], "name"));
    w.field(0, "Value", json::int(value, "value").unwrap_or(0));
    w.field(0, "GlobalDefault", json::flag(value, "globalDefault"));
    w.field(0, "PreemptionPolicy", json::text(value, "preemptionPolicy"));
    w.field(0, "Description", json::text(value, "description"));
    w.field(0, "Annotations", format_labels(&string_map(&value["metadata"]["annotations"])));
}

/// Kubernetes: describe.go, describePodDisruptionBudgetV1.
pub(super) fn describe_pod_disruption_budget(value: &Value, w: &mut Writer) {
    let (meta, spec, status) = (&value["metadata"], &value["spec"], &value["status"]);
    w.field(0, "Name", json::text(meta, "name"));
    w.field(0, "Namespace", json::text(meta, "namespace"));
    if json::has(spec, "minAvailable") {
        w.field(0, "Min available", text(&spec["minAvailable"]));
    } else if json::has(spec, "maxUnavailable") {
        w.field(0, "Max unavailable", text(&spec["maxUnavailable"]));
    }
    match &spec["selector"] {
        Value::Null => w.field(0, "Selector", "<unset>"),
        selector => w.field(0, "Selector", format_label_selector(selector)),
    }
    w.write(0, "Status:\n");
    for (title, key) in [
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ] {
        w.field(2, title, json::int(status, key).unwrap_or(0));
    }
}

/// Kubernetes: describe.go, describeDeployment.
pub(super) fn describe_deployment(d: &Other, value: &Value, sets: &[Rc<Other>], w: &mut Writer) {
    let (meta, spec, status) = (&value["metadata"], &value["spec"], &value["status"]);
    let count = |key: &str| json::int(status, key).unwrap_or(0);
    w.field(0, "Name", json::text(meta, "name"));
    w.field(0, "Namespace", json::text(meta, "namespace"));
    w.field(0, "CreationTimestamp", date(&meta["creationTimestamp"]));
    w.labels("Labels", &string_map(&meta["labels"]));
    w.annotations("Annotations", &string_map(&meta["annotations"]));
    w.field(0, "Selector", format_selector(&spec["selector"]));
    w.field(
        0,
        "Replicas",
        format!(
            "{} desired | {} updated | {} total | {} available | {} unavailable",
            json::int(spec, "replicas").unwrap_or(1),
            count("updatedReplicas"),
            count("replicas"),
            count("availableReplicas"),
            count("unavailableReplicas")
        ),
    );
    w.field(0, "StrategyType", json::text(&spec["strategy"], "type"));
    w.field(0, "MinReadySeconds", json::int(spec, "minReadySeconds").unwrap_or(0));
    let rolling = &spec["strategy"]["rollingUpdate"];
    if !rolling.is_null() {
        let (unavailable, surge) = (text(&rolling["maxUnavailable"]), text(&rolling["maxSurge"]));
        w.field(0, "RollingUpdateStrategy", format!("{unavailable} max unavailable, {surge} max surge"));
    }
    describe_pod_template(&spec["template"], w);
    describe_conditions(status, w);
    if sets.is_empty() {
        return;
    }
    let new = find_new(d, sets);
    let (mut old_sets, mut new_sets) = (Vec::new(), Vec::new());
    for (at, rs) in sets.iter().enumerate() {
        let list = if Some(at) == new { &mut new_sets } else { &mut old_sets };
        let created = json::int(json::get(&rs.raw, "status"), "replicas").unwrap_or(0);
        let wanted = json::int(json::get(&rs.raw, "spec"), "replicas").unwrap_or(1);
        list.push(format!("{} ({created}/{wanted} replicas created)", rs.meta.name));
    }
    for (title, list) in [("OldReplicaSets", old_sets), ("NewReplicaSet", new_sets)] {
        w.field(0, title, if list.is_empty() { "<none>".to_owned() } else { list.join(", ") });
    }
}

fn describe_conditions(status: &Value, w: &mut Writer) {
    let conditions = json::list(status, "conditions");
    if conditions.is_empty() {
        return;
    }
    w.write(0, "Conditions:\n  Type\tStatus\tReason\n");
    w.write(1, "----\t------\t------\n");
    for condition in conditions {
        let text = |key: &str| json::text(condition, key);
        w.write(1, format!("{} \t{}\t{}\n", text("type"), text("status"), text("reason")));
    }
}

/// Kubernetes: describe.go, describeReplicaSet.
pub(super) fn describe_replica_set(rs: &Other, value: &Value, pods: &[Object], w: &mut Writer) {
    let (meta, spec, status) = (&value["metadata"], &value["spec"], &value["status"]);
    w.field(0, "Name", &rs.meta.name);
    w.field(0, "Namespace", rs.meta.namespace());
    w.field(0, "Selector", format_label_selector(&spec["selector"]));
    w.labels("Labels", &string_map(&meta["labels"]));
    w.annotations("Annotations", &string_map(&meta["annotations"]));
    if let Some(owner) = rs.meta.controller() {
        w.field(0, "Controlled By", format!("{}/{}", owner.kind, owner.name));
    }
    let (current, desired) =
        (json::int(status, "replicas").unwrap_or(0), json::int(spec, "replicas").unwrap_or(1));
    w.field(0, "Replicas", format!("{current} current / {desired} desired"));
    let selector = selector_or_nothing(&spec["selector"]);
    w.field(0, "Pods Status", pods_status(pods, rs.meta.uid, &selector));
    describe_pod_template(&spec["template"], w);
    describe_conditions(status, w);
}

/// Kubernetes: describe.go, describeService.
pub(super) fn describe_service(value: &Value, slices: &[Object], w: &mut Writer) {
    let spec = &value["spec"];
    head(value, true, w);
    w.field(0, "Selector", format_labels(&string_map(&spec["selector"])));
    w.field(0, "Type", json::text(spec, "type"));
    let or_none = |list: Vec<String>| if list.is_empty() { "<none>".to_owned() } else { list.join(",") };
    if json::has(spec, "ipFamilyPolicy") {
        w.field(0, "IP Family Policy", json::text(spec, "ipFamilyPolicy"));
    }
    w.field(0, "IP Families", or_none(owned(spec, "ipFamilies")));
    w.field(0, "IP", json::text(spec, "clusterIP"));
    w.field(0, "IPs", or_none(owned(spec, "clusterIPs")));
    if !json::empty(spec, "externalIPs") {
        w.field(0, "External IPs", owned(spec, "externalIPs").join(","));
    }
    for (title, key) in [("Desired LoadBalancer IP", "loadBalancerIP"), ("External Name", "externalName")] {
        if !json::text(spec, key).is_empty() {
            w.field(0, title, json::text(spec, key));
        }
    }
    json::list(spec, "ports").iter().for_each(|port| describe_service_port(port, slices, w));
    w.field(0, "Session Affinity", json::text(spec, "sessionAffinity"));
    for (title, key) in [
        ("External Traffic Policy", "externalTrafficPolicy"),
        ("Internal Traffic Policy", "internalTrafficPolicy"),
        ("Traffic Distribution", "trafficDistribution"),
    ] {
        if !json::text(spec, key).is_empty() {
            w.field(0, title, json::text(spec, key));
        }
    }
}

fn describe_service_port(port: &Value, slices: &[Object], w: &mut Writer) {
    let (number, protocol) = (json::int(port, "port").unwrap_or(0), json::text(port, "protocol"));
    let name = Some(json::text(port, "name")).filter(|name| !name.is_empty()).unwrap_or("<unset>");
    w.field(0, "Port", format!("{name}\t{number}/{protocol}"));
    w.field(0, "TargetPort", format!("{}/{protocol}", text(&port["targetPort"])));
    if json::has(port, "appProtocol") {
        w.field(0, "AppProtocol", json::text(port, "appProtocol"));
    }
    if let Some(node_port) = json::int(port, "nodePort").filter(|port| *port != 0) {
        w.field(0, "NodePort", format!("{name}\t{node_port}/{protocol}"));
    }
    w.field(0, "Endpoints", format_endpoint_slices(slices, json::text(port, "name")));
}

/// The ready addresses of a port of this name: three of them, and how many more there are.
///
/// Kubernetes: describe.go, formatEndpointSlices.
fn format_endpoint_slices(slices: &[Object], port_name: &str) -> String {
    const SHOWN: usize = 3;
    if slices.is_empty() {
        return "<none>".to_owned();
    }
    let mut list = Vec::new();
    for slice in slices {
        let Object::Other(slice) = slice else { continue };
        let ports =
            json::list(&slice.raw, "ports").iter().filter(|port| json::text(port, "name") == port_name);
        for number in ports.filter_map(|port| json::int(port, "port")) {
            let endpoints = json::list(&slice.raw, "endpoints").iter();
            let ready = endpoints.filter(|endpoint| json::at(endpoint, &["conditions", "ready"]) != false);
            let addresses = ready.flat_map(|endpoint| json::strings(endpoint, "addresses"));
            list.extend(addresses.map(|address| format!("{address}:{number}")));
        }
    }
    let shown = list.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(",");
    match list.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        Some(more) => format!("{shown} + {more} more..."),
        None => shown,
    }
}

fn owned(value: &Value, key: &str) -> Vec<String> {
    json::strings(value, key).into_iter().map(str::to_owned).collect()
}

/// Kubernetes: describe.go, describeJob.
pub(super) fn describe_job(value: &Value, w: &mut Writer) {
    let (meta, spec, status) = (&value["metadata"], &value["spec"], &value["status"]);
    w.field(0, "Name", json::text(meta, "name"));
    w.field(0, "Namespace", json::text(meta, "namespace"));
    w.field(0, "Selector", format_selector(&spec["selector"]));
    w.labels("Labels", &string_map(&meta["labels"]));
    w.annotations("Annotations", &string_map(&meta["annotations"]));
    let owners = json::list(meta, "ownerReferences").iter();
    if let Some(owner) = owners.into_iter().find(|owner| owner["controller"] == true) {
        w.field(0, "Controlled By", format!("{}/{}", json::text(owner, "kind"), json::text(owner, "name")));
    }
    let given = |title: &str, key: &str, w: &mut Writer| {
        if json::has(spec, key) {
            w.field(0, title, text(&spec[key]));
        }
    };
    given("Parallelism", "parallelism", w);
    w.field(0, "Completions", or_unset(&spec["completions"]));
    given("Completion Mode", "completionMode", w);
    given("Suspend", "suspend", w);
    given("Backoff Limit", "backoffLimit", w);
    given("TTL Seconds After Finished", "ttlSecondsAfterFinished", w);
    for (title, key) in [("Start Time", "startTime"), ("Completed At", "completionTime")] {
        if json::has(status, key) {
            w.field(0, title, date(&status[key]));
        }
    }
    let stamp = |key: &str| status[key].as_str().and_then(Timestamp::parse);
    if let (Some(start), Some(end)) = (stamp("startTime"), stamp("completionTime")) {
        w.field(0, "Duration", human_duration((i64::from(end.0) - i64::from(start.0)) * 1_000_000));
    }
    if let Some(seconds) = json::int(spec, "activeDeadlineSeconds") {
        w.field(0, "Active Deadline Seconds", format!("{seconds}s"));
    }
    let count = |key: &str| json::int(status, key).unwrap_or(0);
    let ready = match json::int(status, "ready") {
        Some(ready) => format!(" ({ready} Ready)"),
        None => String::new(),
    };
    let (active, succeeded, failed) = (count("active"), count("succeeded"), count("failed"));
    w.field(0, "Pods Statuses", format!("{active} Active{ready} / {succeeded} Succeeded / {failed} Failed"));
    if spec["completionMode"] == "Indexed" {
        w.field(0, "Completed Indexes", cap_indexes(json::text(status, "completedIndexes")));
    }
    describe_pod_template(&spec["template"], w);
}

fn or_unset(value: &Value) -> String {
    if value.is_null() { "<unset>".to_owned() } else { text(value) }
}

/// Kubernetes: describe.go, capIndexesListOrNone.
fn cap_indexes(indexes: &str) -> String {
    const SOFT_LIMIT: usize = 50;
    let end = indexes.get(SOFT_LIMIT..).and_then(|rest| rest.find(','));
    match end.and_then(|end| indexes.get(..SOFT_LIMIT + end)) {
        _ if indexes.is_empty() => "<none>".to_owned(),
        Some(begin) => format!("{begin},..."),
        None => indexes.to_owned(),
    }
}

/// Kubernetes: describe.go, describeCronJob, describeJobTemplate.
pub(super) fn describe_cron_job(value: &Value, w: &mut Writer) {
    let (spec, status) = (&value["spec"], &value["status"]);
    head(value, true, w);
    w.field(0, "Schedule", json::text(spec, "schedule"));
    w.field(0, "Concurrency Policy", json::text(spec, "concurrencyPolicy"));
    let suspend = match spec["suspend"].as_bool() {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    w.field(0, "Suspend", suspend);
    w.field(0, "Time Zone", or_unset(&spec["timeZone"]));
    w.field(0, "Successful Job History Limit", or_unset(&spec["successfulJobsHistoryLimit"]));
    w.field(0, "Failed Job History Limit", or_unset(&spec["failedJobsHistoryLimit"]));
    let seconds = |value: &Value| value.as_i64().map_or_else(|| "<unset>".to_owned(), |s| format!("{s}s"));
    w.field(0, "Starting Deadline Seconds", seconds(&spec["startingDeadlineSeconds"]));
    let template = &spec["jobTemplate"]["spec"];
    let selector = match &template["selector"] {
        Value::Null => "<unset>".to_owned(),
        selector => format_selector(selector),
    };
    w.field(0, "Selector", selector);
    w.field(0, "Parallelism", or_unset(&template["parallelism"]));
    w.field(0, "Completions", or_unset(&template["completions"]));
    if json::has(template, "activeDeadlineSeconds") {
        w.field(0, "Active Deadline Seconds", seconds(&template["activeDeadlineSeconds"]));
    }
    describe_pod_template(&template["template"], w);
    let last = match &status["lastScheduleTime"] {
        Value::Null => "<unset>".to_owned(),
        at => date(at),
    };
    w.field(0, "Last Schedule Time", last);
    let active: Vec<&str> = json::list(status, "active").iter().map(|job| json::text(job, "name")).collect();
    w.field(0, "Active Jobs", if active.is_empty() { "<none>".to_owned() } else { active.join(", ") });
}

/// Kubernetes: describe.go, describeStatefulSet, describeVolumeClaimTemplates.
pub(super) fn describe_stateful_set(set: &Other, value: &Value, pods: &[Object], w: &mut Writer) {
    let (meta, spec, status) = (&value["metadata"], &value["spec"], &value["status"]);
    w.field(0, "Name", json::text(meta, "name"));
    w.field(0, "Namespace", json::text(meta, "namespace"));
    w.field(0, "CreationTimestamp", date(&meta["creationTimestamp"]));
    w.field(0, "Selector", format_selector(&spec["selector"]));
    w.labels("Labels", &string_map(&meta["labels"]));
    w.annotations("Annotations", &string_map(&meta["annotations"]));
    let (desired, total) =
        (json::int(spec, "replicas").unwrap_or(1), json::int(status, "replicas").unwrap_or(0));
    w.field(0, "Replicas", format!("{desired} desired | {total} total"));
    w.field(0, "Update Strategy", json::text(&spec["updateStrategy"], "type"));
    let rolling = &spec["updateStrategy"]["rollingUpdate"];
    if json::has(rolling, "partition") {
        w.field(1, "Partition", text(&rolling["partition"]));
        if json::has(rolling, "maxUnavailable") {
            w.field(1, "MaxUnavailable", text(&rolling["maxUnavailable"]));
        }
    }
    let selector = selector_or_nothing(&spec["selector"]);
    w.field(0, "Pods Status", pods_status(pods, set.meta.uid, &selector));
    describe_pod_template(&spec["template"], w);
    let claims = json::list(spec, "volumeClaimTemplates");
    if claims.is_empty() {
        w.field(0, "Volume Claims", "<none>");
        return;
    }
    w.write(0, "Volume Claims:\n");
    for claim in claims {
        let modes = owned(&claim["spec"], "accessModes");
        w.field(1, "Name", json::text(&claim["metadata"], "name"));
        w.field(1, "StorageClass", json::text(&claim["spec"], "storageClassName"));
        w.labels("  Labels", &string_map(&claim["metadata"]["labels"]));
        w.annotations("  Annotations", &string_map(&claim["metadata"]["annotations"]));
        let capacity = &claim["spec"]["resources"]["requests"]["storage"];
        w.field(1, "Capacity", if capacity.is_null() { "<default>".to_owned() } else { text(capacity) });
        w.field(1, "Access Modes", format!("[{}]", modes.join(" ")));
    }
}

//! DaemonSets, their revisions, and the other kinds that run pods.

use serde_json::Value;

use super::{
    Columns, Row, RowOf, View, age, age_of_text, format_label_selector, format_labels, int_or_string,
    layout_container_cells, text_of,
};
use api::daemonset::{ControllerRevision, DaemonSet};
use api::human_duration::human_duration;
use api::json;
use sim::{Time, Timestamp};

pub(super) const DAEMON_SET: Columns = &[
    "Name",
    "Desired",
    "Current",
    "Ready",
    "Up-to-date",
    "Available",
    "Node Selector",
    "Age",
    "*Containers",
    "*Images",
    "*Selector",
];
pub(super) const CONTROLLER_REVISION: Columns = &["Name", "Controller", "Revision", "Age"];

/// Rule: CLI-002.
pub(super) fn daemon_set(ds: &DaemonSet, now: Time) -> Row {
    let status = &ds.status;
    let [names, images] = layout_container_cells(&ds.template.raw["spec"]["containers"]);
    vec![
        text_of(&ds.meta.name),
        status.desired_number_scheduled.to_string(),
        status.current_number_scheduled.to_string(),
        status.number_ready.to_string(),
        status.updated_number_scheduled.to_string(),
        status.number_available.to_string(),
        format_labels(&ds.template.spec.node_selector),
        age(&ds.meta.created, now),
        names,
        images,
        format_label_selector(&ds.raw_spec["selector"]),
    ]
}

/// Rule: CLI-005.
pub(super) fn controller_revision(revision: &ControllerRevision, now: Time) -> Row {
    let controller = revision.meta.controller().map(|owner| {
        let kind = owner.kind.to_lowercase();
        match owner.api_version.split_once('/') {
            Some((group, _)) => format!("{kind}.{group}/{}", owner.name),
            None => format!("{kind}/{}", owner.name),
        }
    });
    vec![
        text_of(&revision.meta.name),
        controller.unwrap_or_else(|| "<none>".to_owned()),
        revision.revision.to_string(),
        age(&revision.meta.created, now),
    ]
}

pub(super) fn printer(group: &str, kind: &str) -> Option<(Columns, RowOf)> {
    let found: (Columns, RowOf) = match (group, kind) {
        ("apps", "Deployment") => (
            &["Name", "Ready", "Up-to-date", "Available", "Age", "*Containers", "*Images", "*Selector"],
            deployment,
        ),
        ("apps", "ReplicaSet") => (
            &["Name", "Desired", "Current", "Ready", "Age", "*Containers", "*Images", "*Selector"],
            replica_set,
        ),
        ("apps", "StatefulSet") => (&["Name", "Ready", "Age", "*Containers", "*Images"], stateful_set),
        ("batch", "Job") => (
            &["Name", "Status", "Completions", "Duration", "Age", "*Containers", "*Images", "*Selector"],
            job,
        ),
        ("batch", "CronJob") => (
            &[
                "Name",
                "Schedule",
                "Timezone",
                "Suspend",
                "Active",
                "Last Schedule",
                "Age",
                "*Containers",
                "*Images",
                "*Selector",
            ],
            cron_job,
        ),
        ("autoscaling", "HorizontalPodAutoscaler") => {
            (&["Name", "Reference", "Targets", "MinPods", "MaxPods", "Replicas", "Age"], autoscaler)
        }
        ("policy", "PodDisruptionBudget") => {
            (&["Name", "Min Available", "Max Unavailable", "Allowed Disruptions", "Age"], |v| {
                let amount = |key| int_or_string(v.at(&["spec", key])).unwrap_or_else(|| "N/A".to_owned());
                let allowed = v.number(&["status", "disruptionsAllowed"]);
                vec![v.name(), amount("minAvailable"), amount("maxUnavailable"), allowed, v.age()]
            })
        }
        _ => return None,
    };
    Some(found)
}

fn containers(v: &View) -> [String; 2] {
    layout_container_cells(v.at(&["spec", "template", "spec", "containers"]))
}

/// `ready/desired`.
fn ready(v: &View) -> String {
    format!("{}/{}", v.number(&["status", "readyReplicas"]), v.number(&["spec", "replicas"]))
}

fn deployment(v: &View) -> Row {
    let [names, images] = containers(v);
    vec![
        v.name(),
        ready(v),
        v.number(&["status", "updatedReplicas"]),
        v.number(&["status", "availableReplicas"]),
        v.age(),
        names,
        images,
        format_label_selector(v.at(&["spec", "selector"])),
    ]
}

fn replica_set(v: &View) -> Row {
    let [names, images] = containers(v);
    vec![
        v.name(),
        v.number(&["spec", "replicas"]),
        v.number(&["status", "replicas"]),
        v.number(&["status", "readyReplicas"]),
        v.age(),
        names,
        images,
        format_label_selector(v.at(&["spec", "selector"])),
    ]
}

fn stateful_set(v: &View) -> Row {
    let [names, images] = containers(v);
    vec![v.name(), ready(v), v.age(), names, images]
}

/// Kubernetes: printers.go, printJob.
fn job(v: &View) -> Row {
    let succeeded = v.number(&["status", "succeeded"]);
    let parallelism = v.at(&["spec", "parallelism"]).as_i64().unwrap_or(0);
    let completions = match v.at(&["spec", "completions"]).as_i64() {
        Some(wanted) => format!("{succeeded}/{wanted}"),
        None if parallelism > 1 => format!("{succeeded}/1 of {parallelism}"),
        None => format!("{succeeded}/1"),
    };
    let stamp = |path: &[&str]| v.at(path).as_str().and_then(Timestamp::parse);
    let duration = match (stamp(&["status", "startTime"]), stamp(&["status", "completionTime"])) {
        (None, _) => String::new(),
        (Some(start), None) => age(&start, v.now),
        (Some(start), Some(end)) => human_duration((i64::from(end.0) - i64::from(start.0)) * 1_000_000),
    };
    let has = |kind: &str| {
        let mut conditions = v.list(&["status", "conditions"]).iter();
        conditions.any(|condition| condition["type"] == kind && condition["status"] == "True")
    };
    let status = match () {
        () if has("Complete") => "Complete",
        () if has("Failed") => "Failed",
        () if v.is_deleted() => "Terminating",
        () if has("Suspended") => "Suspended",
        () if has("FailureTarget") => "FailureTarget",
        () => "Running",
    };
    let [names, images] = containers(v);
    let selector = format_label_selector(v.at(&["spec", "selector"]));
    vec![v.name(), status.to_owned(), completions, duration, v.age(), names, images, selector]
}

fn cron_job(v: &View) -> Row {
    let template = v.at(&["spec", "jobTemplate", "spec"]);
    let [names, images] = layout_container_cells(json::at(template, &["template", "spec", "containers"]));
    let last = match v.at(&["status", "lastScheduleTime"]) {
        Value::Null => "<none>".to_owned(),
        stamp => age_of_text(stamp, v.now),
    };
    let suspend = match v.at(&["spec", "suspend"]).as_bool() {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    vec![
        v.name(),
        v.text(&["spec", "schedule"]),
        v.text_or(&["spec", "timeZone"], "<none>"),
        suspend.to_owned(),
        v.count(&["status", "active"]).to_string(),
        last,
        v.age(),
        names,
        images,
        format_label_selector(json::get(template, "selector")),
    ]
}

/// Nothing measures anything here, so every current value is unknown.
fn autoscaler(v: &View) -> Row {
    let target = v.at(&["spec", "scaleTargetRef"]);
    let metrics: Vec<String> = v.list(&["spec", "metrics"]).iter().map(metric).collect();
    let targets = match metrics.get(..2) {
        _ if metrics.is_empty() => "<none>".to_owned(),
        Some(first) if metrics.len() > 2 => format!("{} + {} more...", first.join(", "), metrics.len() - 2),
        _ => metrics.join(", "),
    };
    vec![
        v.name(),
        format!("{}/{}", json::text(target, "kind"), json::text(target, "name")),
        targets,
        int_or_string(v.at(&["spec", "minReplicas"])).unwrap_or_else(|| "<unset>".to_owned()),
        v.number(&["spec", "maxReplicas"]),
        v.number(&["status", "currentReplicas"]),
        v.age(),
    ]
}

fn metric(metric: &Value) -> String {
    let (source, named) = match json::text(metric, "type") {
        "Resource" => ("resource", true),
        "ContainerResource" => ("containerResource", true),
        "External" => ("external", false),
        "Pods" => ("pods", false),
        "Object" => ("object", false),
        _ => return "<unknown type>".to_owned(),
    };
    let source = json::get(metric, source);
    let target = json::get(source, "target");
    let wanted = match (json::int(target, "averageUtilization"), int_or_string(&target["averageValue"])) {
        (Some(percent), _) => format!("{percent}%"),
        (None, Some(value)) => value,
        (None, None) => int_or_string(&target["value"]).unwrap_or_else(|| "<auto>".to_owned()),
    };
    match named {
        true => format!("{}: <unknown>/{wanted}", json::text(source, "name")),
        false => format!("<unknown>/{wanted}"),
    }
}

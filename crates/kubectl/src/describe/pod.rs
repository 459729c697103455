//! Pods.

use serde_json::Value;

use super::containers::{FieldResolver, describe_containers, describe_resources};
use super::text;
use super::volumes::describe_volumes;
use super::writer::Writer;
use api::json;
use api::meta::string_map;
use api::pod::Pod;
use api::toleration::tolerations_of;
use cli_runtime::time::rfc1123z;
use printers::{age, format_label_selector};
use sim::order::SortShared;

/// Rules: CLI-013, CLI-014.
///
/// Kubernetes: describe.go, describePod.
pub(super) fn describe_pod(pod: &Pod, w: &mut Writer) {
    let value = pod.to_value();
    let (spec, status) = (&value["spec"], &value["status"]);
    w.field(0, "Name", &pod.meta.name);
    w.field(0, "Namespace", pod.meta.namespace());
    if json::has(spec, "priority") {
        w.field(0, "Priority", &spec["priority"]);
    }
    for (title, key) in [
        ("Priority Class Name", "priorityClassName"),
        ("Runtime Class Name", "runtimeClassName"),
        ("Service Account", "serviceAccountName"),
    ] {
        if !json::text(spec, key).is_empty() {
            w.field(0, title, json::text(spec, key));
        }
    }
    match &pod.node_name {
        None => w.field(0, "Node", "<none>"),
        Some(node) => w.field(0, "Node", format!("{node}/{}", json::text(status, "hostIP"))),
    }
    if let Some(start) = pod.status.start_time {
        w.field(0, "Start Time", rfc1123z(start));
    }
    w.labels("Labels", pod.meta.labels());
    w.annotations("Annotations", pod.meta.annotations());
    match &pod.meta.deletion {
        Some(deletion) if !pod.is_terminal() => {
            w.field(0, "Status", format!("Terminating (lasts {})", age(&deletion.at, w.now)));
            w.field(0, "Termination Grace Period", format!("{}s", deletion.grace_seconds));
        }
        _ => w.field(0, "Status", pod.status.phase.text()),
    }
    for (title, key) in [("Reason", "reason"), ("Message", "message")] {
        if !json::text(status, key).is_empty() {
            w.field(0, title, json::text(status, key));
        }
    }
    seccomp(json::at(spec, &["securityContext", "seccompProfile"]), 0, w);
    w.field(0, "IP", json::text(status, "podIP"));
    pod_ips(status, w);
    if let Some(owner) = pod.meta.controller() {
        w.field(0, "Controlled By", format!("{}/{}", owner.kind, owner.name));
    }
    if let Some(node) = &pod.status.nominated_node {
        w.field(0, "NominatedNodeName", node);
    }
    if json::has(spec, "resources") {
        w.write(0, "Resources:\n");
        describe_resources(&spec["resources"], 1, w);
    }
    describe_pod_containers(&value, w);
    conditions(spec, status, w);
    describe_volumes(json::list(spec, "volumes"), "", w);
    w.field(0, "QoS Class", pod.status.qos_class.text());
    w.labels("Node-Selectors", &string_map(&spec["nodeSelector"]));
    w.tolerations("Tolerations", &tolerations_of(spec));
    describe_topology_spread(spec, "", w);
}

pub(super) fn seccomp(profile: &Value, level: usize, w: &mut Writer) {
    if profile.is_null() {
        return;
    }
    w.field(level, "SeccompProfile", json::text(profile, "type"));
    if json::text(profile, "type") == "Localhost" {
        w.field(level + usize::from(level > 0), "LocalhostProfile", json::text(profile, "localhostProfile"));
    }
}

fn pod_ips(status: &Value, w: &mut Writer) {
    let ips = json::list(status, "podIPs");
    if ips.is_empty() {
        w.field(0, "IPs", "<none>");
        return;
    }
    w.write(0, "IPs:\n");
    for ip in ips {
        w.field(1, "IP", json::text(ip, "ip"));
    }
}

fn describe_pod_containers(pod: &Value, w: &mut Writer) {
    let (spec, status) = (&pod["spec"], &pod["status"]);
    let resolver = FieldResolver { pod };
    for (title, list, statuses) in [
        ("Init Containers", "initContainers", "initContainerStatuses"),
        ("Containers", "containers", "containerStatuses"),
        ("Ephemeral Containers", "ephemeralContainers", "ephemeralContainerStatuses"),
    ] {
        let containers = json::list(spec, list);
        if !containers.is_empty() || list == "containers" {
            describe_containers(title, containers, json::list(status, statuses), Some(&resolver), "", w);
        }
    }
}

fn conditions(spec: &Value, status: &Value, w: &mut Writer) {
    let conditions = json::list(status, "conditions");
    let gates = json::list(spec, "readinessGates");
    if !gates.is_empty() {
        w.write(0, "Readiness Gates:\n  Type\tStatus\n");
        for gate in gates {
            let wanted = &gate["conditionType"];
            let found = conditions.iter().find(|condition| condition["type"] == *wanted);
            let status = found.map_or("<none>".to_owned(), |condition| text(&condition["status"]));
            w.write(1, format!("{} \t{status} \n", text(wanted)));
        }
    }
    if !conditions.is_empty() {
        w.write(0, "Conditions:\n  Type\tStatus\n");
        for condition in conditions {
            w.write(1, format!("{} \t{} \n", text(&condition["type"]), text(&condition["status"])));
        }
    }
}

pub(super) fn describe_topology_spread(spec: &Value, space: &str, w: &mut Writer) {
    let mut constraints: Vec<&Value> = json::list(spec, "topologySpreadConstraints").iter().collect();
    if constraints.is_empty() {
        return;
    }
    constraints.sort_shared_by_key(|constraint| json::text(constraint, "topologyKey"));
    w.write(0, format!("{space}Topology Spread Constraints:\t"));
    for (at, constraint) in constraints.iter().enumerate() {
        let indent = if at == 0 { String::new() } else { format!("{space}\t") };
        let selector = match &constraint["labelSelector"] {
            Value::Null => String::new(),
            selector => format!(" for selector {}", format_label_selector(selector)),
        };
        let (key, what) =
            (json::text(constraint, "topologyKey"), json::text(constraint, "whenUnsatisfiable"));
        let skew = &constraint["maxSkew"];
        w.write(0, format!("{indent}{key}:{what} when max skew {skew} is exceeded{selector}\n"));
    }
}

//! Nodes, events, and the core group's other kinds.

use serde_json::Value;

use super::{
    Columns, Row, RowOf, View, age, age_of_text, format_label_values, int_or_string, layout_container_cells,
    list_with_more, text_of,
};
use api::event::Event;
use api::json;
use api::meta::StringMap;
use api::node::Node;
use api::pod::ConditionStatus;
use sim::Time;

pub(super) const NODE: Columns = &[
    "Name",
    "Status",
    "Roles",
    "Age",
    "Version",
    "*Internal-IP",
    "*External-IP",
    "*OS-Image",
    "*Kernel-Version",
    "*Container-Runtime",
];
pub(super) const EVENT: Columns = &[
    "Last Seen",
    "Type",
    "Reason",
    "Object",
    "*Subobject",
    "*Source",
    "Message",
    "*First Seen",
    "*Count",
    "*Name",
];

const ROLE_PREFIX: &str = "node-role.kubernetes.io/";

/// Sorted and without repetition.
///
/// Kubernetes: printers.go, findNodeRoles.
pub fn find_node_roles(labels: &StringMap) -> Vec<String> {
    let mut roles = sim::SortedSet::new();
    for (key, value) in labels {
        match key.strip_prefix(ROLE_PREFIX) {
            Some("") => {}
            Some(role) => {
                roles.insert(role.to_owned());
            }
            None if &**key == "kubernetes.io/role" && !value.is_empty() => {
                roles.insert(text_of(value));
            }
            None => {}
        }
    }
    roles.into_iter().collect()
}

/// Rule: CLI-003.
pub(super) fn node(node: &Node, now: Time) -> Row {
    let mut status = match node.ready_status() {
        Some(ConditionStatus::True) => "Ready".to_owned(),
        Some(_) => "NotReady".to_owned(),
        None => "Unknown".to_owned(),
    };
    if node.unschedulable {
        status.push_str(",SchedulingDisabled");
    }
    let roles = find_node_roles(node.meta.labels()).join(",");
    let raw = node.raw.value();
    let status_value = &raw["status"];
    let info = |key: &str| {
        let text = json::text(&status_value["nodeInfo"], key);
        if text.is_empty() { "<unknown>".to_owned() } else { text.to_owned() }
    };
    let address = |kind: &str| {
        let all = json::list(status_value, "addresses").iter();
        let mut found = all.filter(|address| address["type"] == kind);
        found.next().map_or("<none>", |address| json::text(address, "address")).to_owned()
    };
    let mut kernel = info("kernelVersion");
    let arch = json::text(&status_value["nodeInfo"], "architecture");
    if kernel != "<unknown>" && !arch.is_empty() {
        kernel = format!("{kernel} ({arch})");
    }
    vec![
        text_of(&node.meta.name),
        status,
        if roles.is_empty() { "<none>".to_owned() } else { roles },
        age(&node.meta.created, now),
        json::text(&status_value["nodeInfo"], "kubeletVersion").to_owned(),
        address("InternalIP"),
        address("ExternalIP"),
        info("osImage"),
        kernel,
        info("containerRuntimeVersion"),
    ]
}

/// `kubelet, worker-1`.
fn format_event_source(component: &str, host: &str) -> String {
    if host.is_empty() { component.to_owned() } else { format!("{component}, {host}") }
}

/// Rule: CLI-004.
pub(super) fn event(event: &Event, now: Time) -> Row {
    let draft = &event.draft;
    let about = &*draft.regarding;
    vec![
        age(&draft.last.stamp(), now),
        if draft.is_warning() { "Warning" } else { "Normal" }.to_owned(),
        draft.reason.to_owned(),
        format!("{}/{}", about.kind.info().singular, about.name),
        draft.field_path.as_deref().unwrap_or_default().to_owned(),
        format_event_source(draft.source.component, draft.source.host.as_deref().unwrap_or_default()),
        draft.message().trim().to_owned(),
        age(&draft.first.stamp(), now),
        draft.count.to_string(),
        event.name(),
    ]
}

/// An event that a person wrote.
pub(super) fn written_event(view: &View) -> Row {
    let about = view.at(&["involvedObject"]);
    let kind = json::text(about, "kind").to_lowercase();
    let object = match json::text(about, "name") {
        "" => kind,
        name => format!("{kind}/{name}"),
    };
    let first = age_of_text(view.at(&["firstTimestamp"]), view.now);
    let last = match view.at(&["lastTimestamp"]) {
        Value::Null => first.clone(),
        stamp => age_of_text(stamp, view.now),
    };
    vec![
        last,
        view.text(&["type"]),
        view.text(&["reason"]),
        object,
        json::text(about, "fieldPath").to_owned(),
        format_event_source(&view.text(&["source", "component"]), &view.text(&["source", "host"])),
        view.text(&["message"]).trim().to_owned(),
        first,
        view.at(&["count"]).as_i64().unwrap_or(1).max(1).to_string(),
        view.name(),
    ]
}

/// Kubernetes: printComponentStatus.
fn component_status(v: &View) -> Row {
    let healthy = v.list(&["conditions"]).iter().find(|condition| condition["type"] == "Healthy");
    let Some(condition) = healthy else {
        return vec![v.name(), "Unknown".to_owned(), String::new(), String::new()];
    };
    let status = if condition["status"] == "True" { "Healthy" } else { "Unhealthy" };
    let text = |field: &str| json::text(condition, field).to_owned();
    vec![v.name(), status.to_owned(), text("message"), text("error")]
}

pub(super) fn printer(group: &str, kind: &str) -> Option<(Columns, RowOf)> {
    if !group.is_empty() {
        return None;
    }
    let found: (Columns, RowOf) = match kind {
        "Namespace" => {
            (&["Name", "Status", "Age"], |v| vec![v.name(), v.text(&["status", "phase"]), v.age()])
        }
        "ConfigMap" => (&["Name", "Data", "Age"], |v| {
            let count = v.count(&["data"]) + v.count(&["binaryData"]);
            vec![v.name(), count.to_string(), v.age()]
        }),
        "Secret" => (&["Name", "Type", "Data", "Age"], |v| {
            vec![v.name(), v.text(&["type"]), v.count(&["data"]).to_string(), v.age()]
        }),
        "ServiceAccount" => (&["Name", "Age"], |v| vec![v.name(), v.age()]),
        "Service" => (&["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "*Selector"], service),
        "Endpoints" => (&["Name", "Endpoints", "Age"], |v| vec![v.name(), endpoints(v), v.age()]),
        "ReplicationController" => (
            &["Name", "Desired", "Current", "Ready", "Age", "*Containers", "*Images", "*Selector"],
            replication_controller,
        ),
        "ComponentStatus" => (&["Name", "Status", "Message", "Error"], component_status),
        "PodTemplate" => (&["Name", "Containers", "Images", "Pod Labels"], |v| {
            let [names, images] = layout_container_cells(v.at(&["template", "spec", "containers"]));
            let labels = format_label_values(v.at(&["template", "metadata", "labels"]));
            vec![v.name(), names, images, labels]
        }),
        "PersistentVolume" => (
            &[
                "Name",
                "Capacity",
                "Access Modes",
                "Reclaim Policy",
                "Status",
                "Claim",
                "StorageClass",
                "VolumeAttributesClass",
                "Reason",
                "Age",
                "*VolumeMode",
            ],
            persistent_volume,
        ),
        "PersistentVolumeClaim" => (
            &[
                "Name",
                "Status",
                "Volume",
                "Capacity",
                "Access Modes",
                "StorageClass",
                "VolumeAttributesClass",
                "Age",
                "*VolumeMode",
            ],
            persistent_volume_claim,
        ),
        "ResourceQuota" => (&["Name", "Request", "Limit", "Age"], resource_quota),
        _ => return None,
    };
    Some(found)
}

fn service(v: &View) -> Row {
    let cluster_ips = v.list(&["spec", "clusterIPs"]);
    let internal = cluster_ips.first().and_then(Value::as_str).map(str::to_owned);
    let ports: Vec<String> = v.list(&["spec", "ports"]).iter().map(service_port).collect();
    let ports = if ports.is_empty() { "<none>".to_owned() } else { ports.join(",") };
    vec![
        v.name(),
        v.text(&["spec", "type"]),
        internal.unwrap_or_else(|| v.text_or(&["spec", "clusterIP"], "<none>")),
        external_ip(v),
        ports,
        v.age(),
        format_label_values(v.at(&["spec", "selector"])),
    ]
}

fn service_port(port: &Value) -> String {
    let (number, protocol) = (json::int(port, "port").unwrap_or(0), json::text(port, "protocol"));
    match json::int(port, "nodePort").unwrap_or(0) {
        0 => format!("{number}/{protocol}"),
        node_port => format!("{number}:{node_port}/{protocol}"),
    }
}

/// Kubernetes: printers.go, getServiceExternalIP.
fn external_ip(v: &View) -> String {
    let external = json::strings(v.at(&["spec"]), "externalIPs").join(",");
    let ingress = v.list(&["status", "loadBalancer", "ingress"]).iter();
    let balanced: Vec<&str> = ingress
        .map(|point| match json::text(point, "ip") {
            "" => json::text(point, "hostname"),
            ip => ip,
        })
        .collect();
    let kind = v.text(&["spec", "type"]);
    let parts: Vec<&str> = match kind.as_str() {
        "ExternalName" => return v.text(&["spec", "externalName"]),
        "LoadBalancer" => balanced.into_iter().chain([external.as_str()]).filter(|s| !s.is_empty()).collect(),
        _ => [external.as_str()].into_iter().filter(|s| !s.is_empty()).collect(),
    };
    match (parts.is_empty(), kind.as_str()) {
        (false, _) => parts.join(","),
        (true, "LoadBalancer") => "<pending>".to_owned(),
        (true, "ClusterIP" | "NodePort") => "<none>".to_owned(),
        (true, _) => "<unknown>".to_owned(),
    }
}

/// Kubernetes: printers.go, formatEndpoints.
fn endpoints(v: &View) -> String {
    let mut list = Vec::new();
    for subset in v.list(&["subsets"]) {
        let addresses = json::list(subset, "addresses");
        let ports = json::list(subset, "ports");
        if ports.is_empty() {
            list.extend(addresses.iter().map(|address| json::text(address, "ip").to_owned()));
        }
        for port in ports {
            let port = json::int(port, "port").unwrap_or(0);
            list.extend(addresses.iter().map(|address| format!("{}:{port}", json::text(address, "ip"))));
        }
    }
    let none = if v.list(&["subsets"]).is_empty() { "<none>" } else { "" };
    list_with_more(&list, 3, none)
}

fn replication_controller(v: &View) -> Row {
    let [names, images] = layout_container_cells(v.at(&["spec", "template", "spec", "containers"]));
    vec![
        v.name(),
        v.number(&["spec", "replicas"]),
        v.number(&["status", "replicas"]),
        v.number(&["status", "readyReplicas"]),
        v.age(),
        names,
        images,
        format_label_values(v.at(&["spec", "selector"])),
    ]
}

/// Kubernetes: pkg/apis/core/v1/helper, GetAccessModesAsString.
fn access_modes(modes: &Value, key: &str) -> String {
    let given = json::strings(modes, key);
    let known = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    known
        .iter()
        .filter(|(mode, _)| given.contains(mode))
        .map(|(_, short)| *short)
        .collect::<Vec<_>>()
        .join(",")
}

fn storage(value: &Value) -> String {
    int_or_string(&value["storage"]).unwrap_or_else(|| "0".to_owned())
}

fn persistent_volume(v: &View) -> Row {
    let claim = v.at(&["spec", "claimRef"]);
    let claim = match claim {
        Value::Null => String::new(),
        claim => format!("{}/{}", json::text(claim, "namespace"), json::text(claim, "name")),
    };
    let phase = if v.is_deleted() { "Terminating".to_owned() } else { v.text(&["status", "phase"]) };
    vec![
        v.name(),
        storage(v.at(&["spec", "capacity"])),
        access_modes(v.at(&["spec"]), "accessModes"),
        v.text(&["spec", "persistentVolumeReclaimPolicy"]),
        phase,
        claim,
        v.text(&["spec", "storageClassName"]),
        v.text_or(&["spec", "volumeAttributesClassName"], "<unset>"),
        v.text(&["status", "reason"]),
        v.age(),
        v.text_or(&["spec", "volumeMode"], "<unset>"),
    ]
}

fn persistent_volume_claim(v: &View) -> Row {
    let phase = if v.is_deleted() { "Terminating".to_owned() } else { v.text(&["status", "phase"]) };
    let volume = v.text(&["spec", "volumeName"]);
    let (capacity, modes) = match volume.is_empty() {
        true => (String::new(), String::new()),
        false => (storage(v.at(&["status", "capacity"])), access_modes(v.at(&["status"]), "accessModes")),
    };
    vec![
        v.name(),
        phase,
        volume,
        capacity,
        modes,
        v.text(&["spec", "storageClassName"]),
        v.text_or(&["spec", "volumeAttributesClassName"], "<unset>"),
        v.age(),
        v.text_or(&["spec", "volumeMode"], "<unset>"),
    ]
}

/// Kubernetes: printers.go, printResourceQuota.
fn resource_quota(v: &View) -> Row {
    let used = v.at(&["status", "used"]);
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    for (name, hard) in json::entries(v.at(&["status"]), "hard") {
        let hard = int_or_string(hard).unwrap_or_default();
        let used = int_or_string(json::get(used, name)).unwrap_or_else(|| "0".to_owned());
        let list = if name.starts_with("limits.") { &mut limits } else { &mut requests };
        list.push(format!("{name}: {used}/{hard}"));
    }
    vec![v.name(), requests.join(", "), limits.join(", "), v.age()]
}

//! A pod's status in the form of the API.
//!
//! Kubernetes: pkg/kubelet/kubelet_pods.go, convertToAPIContainerStatuses.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::spec::{Container, ContainerKind, PodSpec};
use super::status::{
    ConditionStatus, ConditionType, ContainerState, ContainerStatus, Phase, PodCondition, PodStatus,
    QosClass, Reason, Running, Terminated, container_id, image_digest,
};
use crate::image_name::parse_image_name;
use crate::meta::Name;
use crate::resources::Resources;
use sim::Timestamp;
use sim::order::SortShared;

impl PodStatus {
    /// Reads status in API form, for objects that come from a dump of a real cluster or a test table.
    pub fn from_value(value: &Value) -> PodStatus {
        let stamp = |value: &Value| value.as_str().and_then(Timestamp::parse);
        let ip = |key: &str| value[key].as_str().and_then(|text| text.parse().ok());
        let mut status = PodStatus {
            phase: Phase::parse(value["phase"].as_str().unwrap_or_default()),
            qos_class: QosClass::parse(value["qosClass"].as_str().unwrap_or_default()),
            start_time: stamp(&value["startTime"]),
            host_ip: ip("hostIP"),
            pod_ip: ip("podIP"),
            reason: reason_from_value(value),
            nominated_node: value["nominatedNodeName"].as_str().map(Name::from),
            observed_generation: value["observedGeneration"].as_u64().unwrap_or(0) as u32,
            ..PodStatus::default()
        };
        for condition in value["conditions"].as_array().into_iter().flatten() {
            let kind = ConditionType::ALL.into_iter().find(|kind| condition["type"] == kind.text());
            let Some(kind) = kind else { continue };
            status.conditions.to_mut().push(PodCondition {
                kind,
                status: ConditionStatus::parse(condition["status"].as_str().unwrap_or_default()),
                last_transition: stamp(&condition["lastTransitionTime"]).unwrap_or_default(),
                reason: reason_from_value(condition),
            });
        }
        for (_, list) in ContainerKind::LISTS {
            status.containers.extend(value[list].as_array().into_iter().flatten().map(container_from_value));
        }
        status
    }

    /// The status in API form; the containers' names and images are the spec's.
    pub fn to_value(&self, spec: &PodSpec) -> Value {
        let mut map = Map::new();
        let mut put = |key: &str, value: Value| {
            map.insert(key.to_owned(), value);
        };
        put("phase", json!(self.phase.text()));
        put("qosClass", json!(self.qos_class.text()));
        if let Some(time) = self.start_time {
            put("startTime", json!(time.to_string()));
        }
        for (one, many, ip) in [("hostIP", "hostIPs", self.host_ip), ("podIP", "podIPs", self.pod_ip)] {
            if let Some(ip) = ip {
                put(one, json!(ip.to_string()));
                put(many, json!([{"ip": ip.to_string()}]));
            }
        }
        if let Some(reason) = &self.reason {
            put("reason", json!(&*reason.reason));
            if !reason.message.is_empty() {
                put("message", json!(&*reason.message));
            }
        }
        if let Some(node) = &self.nominated_node {
            put("nominatedNodeName", json!(&**node));
        }
        if self.observed_generation > 0 {
            put("observedGeneration", json!(self.observed_generation));
        }
        if !self.conditions.is_empty() {
            let conditions = self.conditions.iter().map(|c| self.condition_to_value(c)).collect();
            put("conditions", Value::Array(conditions));
        }
        if !self.containers.is_empty() {
            self.put_containers(spec, &mut put);
            self.put_resources(spec, &mut put);
        }
        Value::Object(map)
    }

    /// Init containers stand in the order of the spec, the others in that of their names.
    fn put_containers(&self, spec: &PodSpec, put: &mut impl FnMut(&str, Value)) {
        let raw = ContainerKind::LISTS.map(|(key, _)| spec.raw[key].as_array());
        let raw = raw.into_iter().flatten().flatten();
        let mut all: Vec<_> = spec.containers.iter().zip(&self.containers).zip(raw).collect();
        all.sort_shared_by(|((a, _), _), ((b, _), _)| match (a.kind, b.kind) {
            (ContainerKind::Main, ContainerKind::Main)
            | (ContainerKind::Ephemeral, ContainerKind::Ephemeral) => a.name.cmp(&b.name),
            _ => std::cmp::Ordering::Equal,
        });
        for (list, key) in ContainerKind::LISTS {
            let statuses: Vec<Value> = (all.iter())
                .filter(|((container, _), _)| container.kind.list() == list)
                .map(|((container, status), raw)| container_to_value(container, status, spec, raw))
                .collect();
            if !statuses.is_empty() {
                put(key, Value::Array(statuses));
            }
        }
    }

    /// What the pod as a whole has been given.
    ///
    /// Kubernetes: pkg/kubelet/kubelet_pods.go, convertToAPIPodLevelResourcesStatus.
    fn put_resources(&self, spec: &PodSpec, put: &mut impl FnMut(&str, Value)) {
        let requests = Resources { pods: 0, ..spec.requests.clone() }.to_value();
        let has_some = requests.as_object().is_some_and(|requests| !requests.is_empty());
        let mut resources = json!({});
        if has_some {
            put("allocatedResources", requests.clone());
            resources["requests"] = requests;
        }
        if let Some(limits) = pod_limits(spec) {
            resources["limits"] = limits;
        }
        put("resources", resources);
    }

    fn condition_to_value(&self, condition: &PodCondition) -> Value {
        let mut value = json!({
            "type": condition.kind.text(), "status": condition.status.text(), "lastProbeTime": null,
            "lastTransitionTime": condition.last_transition.to_string(),
        });
        if self.observed_generation > 0 {
            value["observedGeneration"] = json!(self.observed_generation);
        }
        if let Some(reason) = &condition.reason {
            value["reason"] = json!(&*reason.reason);
            if !reason.message.is_empty() {
                value["message"] = json!(&*reason.message);
            }
        }
        value
    }
}

fn reason_from_value(value: &Value) -> Option<Rc<Reason>> {
    let reason = value["reason"].as_str()?;
    Some(Reason::new(reason, value["message"].as_str().unwrap_or_default()))
}

fn terminated_from_value(value: &Value) -> Option<Rc<Terminated>> {
    let stamp = |key: &str| value[key].as_str().and_then(Timestamp::parse).unwrap_or_default();
    value.is_object().then(|| {
        Rc::new(Terminated {
            exit_code: value["exitCode"].as_i64().unwrap_or(0) as i32,
            signal: value["signal"].as_i64().unwrap_or(0) as i32,
            reason: value["reason"].as_str().unwrap_or_default().into(),
            message: value["message"].as_str().unwrap_or_default().into(),
            started: stamp("startedAt"),
            finished: stamp("finishedAt"),
            id: 0,
        })
    })
}

fn container_from_value(value: &Value) -> ContainerStatus {
    let state = &value["state"];
    let started = state["running"]["startedAt"].as_str().and_then(Timestamp::parse).unwrap_or_default();
    let waiting = &state["waiting"];
    ContainerStatus {
        state: if let Some(terminated) = terminated_from_value(&state["terminated"]) {
            ContainerState::Terminated(terminated)
        } else if state["running"].is_object() {
            ContainerState::Running(Running { started })
        } else {
            let text = |key: &str| waiting[key].as_str().unwrap_or_default();
            ContainerState::waiting(text("reason"), text("message"))
        },
        last_state: terminated_from_value(&value["lastState"]["terminated"]),
        restart_count: value["restartCount"].as_u64().unwrap_or(0) as u32,
        ready: value["ready"] == true,
        started: value["started"] == true,
        id: 0,
        image: None,
    }
}

fn terminated_to_value(terminated: &Terminated) -> Value {
    // Of a container that could not be found nothing is known.
    let stamp = |stamp: Timestamp| (stamp != Timestamp::default()).then(|| stamp.to_string());
    let mut value = json!({
        "exitCode": terminated.exit_code, "reason": &*terminated.reason,
        "startedAt": stamp(terminated.started), "finishedAt": stamp(terminated.finished),
    });
    if terminated.id != 0 {
        value["containerID"] = json!(container_id(terminated.id));
    }
    if terminated.signal != 0 {
        value["signal"] = json!(terminated.signal);
    }
    if !terminated.message.is_empty() {
        value["message"] = json!(&*terminated.message);
    }
    value
}

/// An image as the runtime names it, and its reference by digest, which is imageID.
///
/// Kubernetes: pkg/kubelet/kubelet_pods.go, convertToAPIContainerStatuses; containerd's CRI, toCRIContainerStatus.
fn resolved(image: &str) -> (String, String) {
    let Ok(name) = parse_image_name(image) else { return (image.to_owned(), image_digest(image)) };
    match name.digest.is_empty() {
        true => {
            let full = format!("{}:{}", name.repository, name.tag);
            (full, format!("{}@{}", name.repository, image_digest(image)))
        }
        false => (image.to_owned(), format!("{}@{}", name.repository, name.digest)),
    }
}

/// What all containers together are limited to: nothing, if one of them has no limit.
fn pod_limits(spec: &PodSpec) -> Option<Value> {
    let mut total = Resources::default();
    let mut limited: Vec<&Container> = Vec::new();
    for container in spec.main_containers() {
        total.add(&container.limits);
        limited.push(container);
    }
    let all = |has: fn(&Resources) -> bool| limited.iter().all(|container| has(&container.limits));
    if !all(|limits| limits.cpu_milli > 0) {
        total.cpu_milli = 0;
    }
    if !all(|limits| limits.memory > 0) {
        total.memory = 0;
    }
    let limits = Resources { pods: 0, ..total }.to_value();
    limits.as_object().is_some_and(|limits| !limits.is_empty()).then_some(limits)
}

/// The user that a container's program runs as: root, unless the spec says otherwise.
///
/// Kubernetes: kubelet_pods.go, convertContainerStatusUser; containerd: pkg/oci, ensureAdditionalGids.
fn linux_user(spec: &PodSpec, raw: &Value) -> Value {
    let pod = &spec.raw["securityContext"];
    let number = |key: &str| {
        let own = raw["securityContext"][key].as_i64();
        own.or_else(|| pod[key].as_i64())
    };
    let gid = number("runAsGroup").unwrap_or(0);
    let given = pod["supplementalGroups"].as_array().into_iter().flatten().filter_map(Value::as_i64);
    let mut groups: Vec<i64> = vec![gid];
    for group in pod["fsGroup"].as_i64().into_iter().chain(given) {
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    json!({"linux": {"uid": number("runAsUser").unwrap_or(0), "gid": gid, "supplementalGroups": groups}})
}

/// How a container's volumes are mounted.
fn volume_mounts(raw: &Value) -> Option<Value> {
    let mounts = raw["volumeMounts"].as_array().filter(|mounts| !mounts.is_empty())?;
    let one = |mount: &Value| {
        let mut status = json!({"name": mount["name"], "mountPath": mount["mountPath"]});
        if mount["readOnly"] == true {
            status["readOnly"] = json!(true);
            status["recursiveReadOnly"] = json!("Disabled");
        }
        status
    };
    Some(mounts.iter().map(one).collect())
}

/// Says of each container in a status how the volumes of the pod's own spec are mounted.
pub(super) fn put_volume_mounts(status: &mut Value, spec: &Value) {
    for (list, statuses) in ContainerKind::LISTS {
        for status in crate::json::each(status, statuses) {
            let mut containers = crate::json::list(spec, list).iter();
            let container = containers.find(|container| container["name"] == status["name"]);
            if let Some(mounts) = container.and_then(volume_mounts) {
                status["volumeMounts"] = mounts;
            }
        }
    }
}

fn container_to_value(container: &Container, status: &ContainerStatus, spec: &PodSpec, raw: &Value) -> Value {
    let state = match &status.state {
        ContainerState::Waiting(waiting) => {
            let mut inner = json!({});
            for (key, text) in [("reason", &waiting.reason), ("message", &waiting.message)] {
                if !text.is_empty() {
                    inner[key] = json!(&**text);
                }
            }
            json!({"waiting": inner})
        }
        ContainerState::Running(running) => json!({"running": {"startedAt": running.started.to_string()}}),
        ContainerState::Terminated(terminated) => json!({"terminated": terminated_to_value(terminated)}),
    };
    let last =
        status.last_state.as_ref().map_or(json!({}), |t| json!({"terminated": terminated_to_value(t)}));
    let (id, (image, image_id)) = match status.id {
        0 => (String::new(), (container.image.to_string(), String::new())),
        id => (container_id(id), resolved(status.image.as_deref().unwrap_or(&container.image))),
    };
    let mut value = json!({
        "name": &*container.name, "image": image, "imageID": image_id,
        "ready": status.ready, "started": status.started, "restartCount": status.restart_count,
        "state": state, "lastState": last,
    });
    if container.kind == ContainerKind::Ephemeral {
        // Nothing asks whether it has started.
        crate::json::object(&mut value).remove("started");
    }
    if !id.is_empty() {
        value["containerID"] = json!(id);
        value["user"] = linux_user(spec, raw);
        let resources = if raw["resources"].is_object() { raw["resources"].clone() } else { json!({}) };
        if let Some(requests) = resources["requests"].as_object().filter(|requests| !requests.is_empty()) {
            value["allocatedResources"] = json!(requests);
        }
        value["resources"] = resources;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cli_015_a_running_containers_image_is_named_in_full_and_its_id_by_digest() {
        let short = |image| {
            let (image, id) = resolved(image);
            let (name, digest) = id.split_once("sha256:").unwrap();
            (image, format!("{name}sha256:{}", digest.len()))
        };
        let of = |image: &str, id: &str| (image.to_owned(), id.to_owned());
        assert_eq!(short("nginx"), of("docker.io/library/nginx:latest", "docker.io/library/nginx@sha256:64"));
        assert_eq!(
            short("registry.k8s.io/etcd:3.6.6-0"),
            of("registry.k8s.io/etcd:3.6.6-0", "registry.k8s.io/etcd@sha256:64")
        );
        let pinned = format!("a/b@sha256:{}", "0".repeat(64));
        assert_eq!(resolved(&pinned), (pinned.clone(), format!("docker.io/{pinned}")));
        assert_eq!(short("UPPER"), of("UPPER", "sha256:64"));
    }
}

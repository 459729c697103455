//! A pod's status: small, because there are as many of them as pods.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::ops::Deref;
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::spec::{Container, ContainerKind, PodSpec};
use crate::image_name::parse_image_name;
use crate::meta::Name;
use sim::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Phase {
    #[default]
    Pending,
    Running,
    Succeeded,
    Failed,
    Unknown,
}

impl Phase {
    pub fn text(self) -> &'static str {
        match self {
            Phase::Pending => "Pending",
            Phase::Running => "Running",
            Phase::Succeeded => "Succeeded",
            Phase::Failed => "Failed",
            Phase::Unknown => "Unknown",
        }
    }

    fn parse(text: &str) -> Phase {
        let all = [Phase::Running, Phase::Succeeded, Phase::Failed, Phase::Unknown];
        all.into_iter().find(|phase| phase.text() == text).unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum QosClass {
    Guaranteed,
    Burstable,
    #[default]
    BestEffort,
}

impl QosClass {
    pub fn text(self) -> &'static str {
        match self {
            QosClass::Guaranteed => "Guaranteed",
            QosClass::Burstable => "Burstable",
            QosClass::BestEffort => "BestEffort",
        }
    }

    fn parse(text: &str) -> QosClass {
        match text {
            "Guaranteed" => QosClass::Guaranteed,
            "Burstable" => QosClass::Burstable,
            _ => QosClass::BestEffort,
        }
    }
}

/// The conditions a pod can have, in the order in which the kubelet writes its own (KL-066).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConditionType {
    DisruptionTarget,
    PodReadyToStartContainers,
    Initialized,
    Ready,
    ContainersReady,
    PodScheduled,
}

impl ConditionType {
    pub(crate) const ALL: [ConditionType; 6] = [
        ConditionType::DisruptionTarget,
        ConditionType::PodReadyToStartContainers,
        ConditionType::Initialized,
        ConditionType::Ready,
        ConditionType::ContainersReady,
        ConditionType::PodScheduled,
    ];

    pub fn text(self) -> &'static str {
        match self {
            ConditionType::DisruptionTarget => "DisruptionTarget",
            ConditionType::PodReadyToStartContainers => "PodReadyToStartContainers",
            ConditionType::Initialized => "Initialized",
            ConditionType::Ready => "Ready",
            ConditionType::ContainersReady => "ContainersReady",
            ConditionType::PodScheduled => "PodScheduled",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ConditionStatus {
    True,
    False,
    #[default]
    Unknown,
}

impl ConditionStatus {
    pub fn text(self) -> &'static str {
        match self {
            ConditionStatus::True => "True",
            ConditionStatus::False => "False",
            ConditionStatus::Unknown => "Unknown",
        }
    }

    pub(crate) fn parse(text: &str) -> ConditionStatus {
        match text {
            "True" => ConditionStatus::True,
            "False" => ConditionStatus::False,
            _ => ConditionStatus::Unknown,
        }
    }

    pub fn from_bool(value: bool) -> ConditionStatus {
        if value { ConditionStatus::True } else { ConditionStatus::False }
    }
}

/// A reason with its message, where there is one. Shared, as most have few values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    pub reason: Name,
    pub message: Name,
}

impl Reason {
    pub fn new(reason: &str, message: &str) -> Rc<Reason> {
        Rc::new(Reason { reason: reason.into(), message: message.into() })
    }

    /// `containers with unready status: [a b]` (KL-066).
    pub fn containers_not_ready<'a>(names: impl Iterator<Item = &'a Name>) -> Rc<Reason> {
        let names: Vec<&str> = names.map(|name| &**name).collect();
        Reason::new("ContainersNotReady", &format!("containers with unready status: [{}]", names.join(" ")))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodCondition {
    pub kind: ConditionType,
    pub status: ConditionStatus,
    pub last_transition: Timestamp,
    pub reason: Option<Rc<Reason>>,
}

/// A pod's conditions, in their order. Thousands of pods have the very same ones: times are whole seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions(Option<Rc<Vec<PodCondition>>>);

impl Conditions {
    /// To be changed; copied first if they are in fact shared.
    pub fn to_mut(&mut self) -> &mut Vec<PodCondition> {
        Rc::make_mut(self.0.get_or_insert_default())
    }

    /// Where they are shared from.
    pub fn shared(&mut self) -> Option<&mut Rc<Vec<PodCondition>>> {
        self.0.as_mut()
    }
}

impl Deref for Conditions {
    type Target = [PodCondition];

    fn deref(&self) -> &[PodCondition] {
        self.0.as_ref().map_or(&[], |list| list)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub reason: Name,
    pub message: Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    pub started: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminated {
    pub exit_code: i32,
    /// 0 when it was no signal that ended it.
    pub signal: i32,
    /// Completed, Error, OOMKilled … (KL-062).
    pub reason: Name,
    pub message: Name,
    pub started: Timestamp,
    pub finished: Timestamp,
    /// The number that names the container; see [`ContainerStatus::id`].
    pub id: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainerState {
    Waiting(Rc<Waiting>),
    Running(Running),
    Terminated(Rc<Terminated>),
}

impl ContainerState {
    pub(crate) fn waiting(reason: &str, message: &str) -> ContainerState {
        ContainerState::Waiting(Rc::new(Waiting { reason: reason.into(), message: message.into() }))
    }

    pub fn is_running(&self) -> bool {
        matches!(self, ContainerState::Running(_))
    }
}

/// The status of one container, in the order of [`PodSpec::containers`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerStatus {
    pub state: ContainerState,
    pub last_state: Option<Rc<Terminated>>,
    pub restart_count: u32,
    pub ready: bool,
    pub started: bool,
    /// The number that names the present container; 0 when there is none yet.
    pub id: u64,
}

/// A pod's status, in the shape of the API but compact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodStatus {
    pub phase: Phase,
    pub qos_class: QosClass,
    pub start_time: Option<Timestamp>,
    pub host_ip: Option<Ipv4Addr>,
    pub pod_ip: Option<Ipv4Addr>,
    /// status.reason and status.message.
    pub reason: Option<Rc<Reason>>,
    pub conditions: Conditions,
    /// Empty until a kubelet has reported; then one for each container of the spec, in its order.
    pub containers: Vec<ContainerStatus>,
    pub nominated_node: Option<Name>,
    pub observed_generation: u32,
}

impl PodStatus {
    pub fn condition(&self, kind: ConditionType) -> Option<&PodCondition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }

    /// Sets a condition; its transition time moves only when its status does.
    ///
    /// Returns whether anything changed.
    pub fn set_condition(
        &mut self,
        kind: ConditionType,
        status: ConditionStatus,
        reason: Option<Rc<Reason>>,
        now: Timestamp,
    ) -> bool {
        let old = self.conditions.iter().position(|condition| condition.kind == kind);
        match old.map(|at| (at, &self.conditions[at])) {
            Some((_, condition)) if condition.status == status && condition.reason == reason => return false,
            Some((at, _)) => {
                let condition = &mut self.conditions.to_mut()[at];
                if condition.status != status {
                    condition.last_transition = now;
                }
                condition.status = status;
                condition.reason = reason;
            }
            None => {
                let condition = PodCondition { kind, status, last_transition: now, reason };
                self.conditions.to_mut().push(condition);
            }
        }
        true
    }

    /// Reads status in API form, for objects that come from a dump of a real cluster or a test table.
    pub(crate) fn from_value(value: &Value) -> PodStatus {
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
        for list in ["initContainerStatuses", "containerStatuses"] {
            status.containers.extend(value[list].as_array().into_iter().flatten().map(container_from_value));
        }
        status
    }

    pub(crate) fn to_value(&self, spec: &PodSpec) -> Value {
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
        for (key, main) in [("initContainerStatuses", false), ("containerStatuses", true)] {
            let pairs = spec.containers.iter().zip(&self.containers);
            let statuses: Vec<Value> = pairs
                .filter(|(container, _)| (container.kind == ContainerKind::Main) == main)
                .map(|(container, status)| container_to_value(container, status))
                .collect();
            if !statuses.is_empty() {
                put(key, Value::Array(statuses));
            }
        }
        Value::Object(map)
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

/// `containerd://` and 64 hex digits, as the runtime names a container.
pub(crate) fn container_id(id: u64) -> String {
    format!("containerd://{}", long_id(id))
}

/// The 64 hex digits by which the runtime knows a container, a sandbox or an image.
pub fn long_id(id: u64) -> String {
    let mut text = String::with_capacity(64);
    for part in 0..4u64 {
        let word = sim::rng::mix(id.wrapping_add(part.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        // Writing to a String cannot fail.
        let _ = write!(text, "{word:016x}");
    }
    text
}

/// The digest that an image of this name would have; made from the name, as no image is ever pulled.
pub fn image_digest(image: &str) -> String {
    format!("sha256:{}", long_id(crate::meta::fnv1a_128(image.as_bytes()) as u64))
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
    }
}

fn terminated_to_value(terminated: &Terminated) -> Value {
    let mut value = json!({
        "exitCode": terminated.exit_code, "reason": &*terminated.reason,
        "startedAt": terminated.started.to_string(), "finishedAt": terminated.finished.to_string(),
        "containerID": container_id(terminated.id),
    });
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

fn container_to_value(container: &Container, status: &ContainerStatus) -> Value {
    let state = match &status.state {
        ContainerState::Waiting(waiting) => {
            let mut inner = json!({"reason": &*waiting.reason});
            if !waiting.message.is_empty() {
                inner["message"] = json!(&*waiting.message);
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
        id => (container_id(id), resolved(&container.image)),
    };
    let mut value = json!({
        "name": &*container.name, "image": image, "imageID": image_id,
        "ready": status.ready, "started": status.started, "restartCount": status.restart_count,
        "state": state, "lastState": last,
    });
    if !id.is_empty() {
        value["containerID"] = json!(id);
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

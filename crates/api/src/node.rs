//! Nodes and the leases by which they show that they live.

use std::net::Ipv4Addr;
use std::rc::Rc;

use serde_json::{Value, json};

use super::compact::Compact;
use super::meta::{Name, ObjectMeta};
use super::pod::ConditionStatus;
use super::resources::Resources;
use super::toleration::Taint;
use sim::{Duration, Time, Timestamp};

/// The conditions of a node, in the order in which the kubelet writes them (ND-005).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeConditionType {
    /// The network is not set up.
    NetworkUnavailable,
    /// Memory is short.
    MemoryPressure,
    /// The disk is nearly full.
    DiskPressure,
    /// There are too many processes.
    PidPressure,
    /// The kubelet is well and takes pods.
    Ready,
}

impl NodeConditionType {
    pub(crate) const ALL: [NodeConditionType; 5] = [
        NodeConditionType::NetworkUnavailable,
        NodeConditionType::MemoryPressure,
        NodeConditionType::DiskPressure,
        NodeConditionType::PidPressure,
        NodeConditionType::Ready,
    ];

    /// The condition's name: `Ready`.
    pub fn text(self) -> &'static str {
        match self {
            NodeConditionType::NetworkUnavailable => "NetworkUnavailable",
            NodeConditionType::MemoryPressure => "MemoryPressure",
            NodeConditionType::DiskPressure => "DiskPressure",
            NodeConditionType::PidPressure => "PIDPressure",
            NodeConditionType::Ready => "Ready",
        }
    }
}

/// One of a Node's conditions.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeCondition {
    /// Which one.
    pub kind: NodeConditionType,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// One word in camel case.
    pub reason: Name,
    /// What a person reads.
    pub message: Name,
    /// When the kubelet last reported it.
    pub last_heartbeat: Timestamp,
    /// When it last changed.
    pub last_transition: Timestamp,
}

/// A node as the API server holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its metadata.
    pub meta: ObjectMeta,
    /// spec.unschedulable: cordoned.
    pub unschedulable: bool,
    /// spec.taints.
    pub taints: Vec<Taint>,
    /// The address of type InternalIP.
    pub internal_ip: Option<Ipv4Addr>,
    /// status.capacity.
    pub capacity: Resources,
    /// status.allocatable: what pods may ask for altogether.
    pub allocatable: Resources,
    /// status.conditions.
    pub conditions: Vec<NodeCondition>,
    /// The images that it reports to have.
    pub images: Rc<[NodeImage]>,
    /// The object in API form as it was registered or given, less what the fields above hold: nodeInfo,
    /// podCIDR, addresses are printed from here.
    pub raw: Compact,
}

/// An entry of status.images.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeImage {
    /// The names of the image, one for each way to ask for it.
    pub names: Vec<Name>,
    /// Its size.
    pub size_bytes: i64,
}

/// What is left of a node in API form when the fields of [`Node`] are taken out.
fn rest(value: &Value) -> Compact {
    let mut value = value.clone();
    let parts = [
        ("", &["apiVersion", "kind", "metadata"][..]),
        ("spec", &["taints", "unschedulable"]),
        ("status", &["capacity", "allocatable", "conditions"]),
    ];
    for (parent, fields) in parts {
        let parent = if parent.is_empty() { Some(&mut value) } else { value.get_mut(parent) };
        let Some(object) = parent.and_then(Value::as_object_mut) else { continue };
        fields.iter().for_each(|field| drop(object.remove(*field)));
    }
    Compact::new(&value)
}

fn images(status: &Value) -> Rc<[NodeImage]> {
    let entries = status["images"].as_array().into_iter().flatten();
    let image = |entry: &Value| NodeImage {
        names: super::meta::names(&entry["names"]),
        size_bytes: entry["sizeBytes"].as_i64().unwrap_or(0),
    };
    entries.map(image).collect()
}

/// What a node offers, in API form. A kubelet names the sizes of huge pages even if it has none of them (ND-004).
fn offered(resources: &Resources) -> Value {
    let mut value = resources.to_value();
    if resources.pods > 0 {
        for name in ["hugepages-1Gi", "hugepages-2Mi"] {
            if value.get(name).is_none() {
                value[name] = "0".into();
            }
        }
    }
    value
}

impl Node {
    /// The condition of this type, if it is reported.
    pub fn condition(&self, kind: NodeConditionType) -> Option<&NodeCondition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }

    /// The status of the condition Ready, if it is reported.
    pub fn ready_status(&self) -> Option<ConditionStatus> {
        self.condition(NodeConditionType::Ready).map(|condition| condition.status)
    }

    /// Whether the condition Ready is True.
    pub fn is_ready(&self) -> bool {
        self.ready_status() == Some(ConditionStatus::True)
    }

    /// Reads a Node in API form.
    pub fn from_value(value: &Value) -> Node {
        let (spec, status) = (&value["spec"], &value["status"]);
        let capacity = Resources::from_value(&status["capacity"]);
        let allocatable = match &status["allocatable"] {
            Value::Null => capacity.clone(),
            given => Resources::from_value(given),
        };
        let addresses = status["addresses"].as_array().into_iter().flatten();
        let internal = addresses.filter(|address| address["type"] == "InternalIP");
        Node {
            meta: ObjectMeta::from_value(&value["metadata"]),
            unschedulable: spec["unschedulable"] == true,
            taints: spec["taints"].as_array().into_iter().flatten().filter_map(Taint::from_value).collect(),
            internal_ip: internal.filter_map(|a| a["address"].as_str()?.parse().ok()).next(),
            capacity,
            allocatable,
            conditions: status["conditions"].as_array().into_iter().flatten().filter_map(condition).collect(),
            images: images(status),
            raw: rest(value),
        }
    }

    /// The object in API form.
    pub fn to_value(&self) -> Value {
        let mut value = self.raw.value();
        value["apiVersion"] = json!("v1");
        value["kind"] = json!("Node");
        value["metadata"] = self.meta.to_value();
        if !value["spec"].is_object() {
            value["spec"] = json!({});
        }
        if let Some(spec) = value["spec"].as_object_mut() {
            spec.remove("unschedulable");
            spec.remove("taints");
            if self.unschedulable {
                spec.insert("unschedulable".to_owned(), json!(true));
            }
            if !self.taints.is_empty() {
                let taints = self.taints.iter().map(Taint::to_value).collect();
                spec.insert("taints".to_owned(), Value::Array(taints));
            }
        }
        if !value["status"].is_object() {
            value["status"] = json!({});
        }
        let status = &mut value["status"];
        status["capacity"] = offered(&self.capacity);
        status["allocatable"] = offered(&self.allocatable);
        status["conditions"] = Value::Array(self.conditions.iter().map(condition_to_value).collect());
        value
    }
}

fn condition(value: &Value) -> Option<NodeCondition> {
    let text = |key: &str| value[key].as_str().unwrap_or_default();
    let stamp = |key: &str| Timestamp::parse(text(key)).unwrap_or_default();
    Some(NodeCondition {
        kind: NodeConditionType::ALL.into_iter().find(|kind| kind.text() == text("type"))?,
        status: ConditionStatus::parse(text("status")),
        reason: text("reason").into(),
        message: text("message").into(),
        last_heartbeat: stamp("lastHeartbeatTime"),
        last_transition: stamp("lastTransitionTime"),
    })
}

fn condition_to_value(condition: &NodeCondition) -> Value {
    json!({
        "type": condition.kind.text(), "status": condition.status.text(),
        "reason": &*condition.reason, "message": &*condition.message,
        "lastHeartbeatTime": condition.last_heartbeat.to_string(),
        "lastTransitionTime": condition.last_transition.to_string(),
    })
}

/// When a lease was last renewed.
///
/// A holder that does nothing but renew is arithmetic, not a stream of writes: five thousand kubelets
/// renewing every ten seconds cost nothing until one of them stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// Renewed last then; nobody renews it now.
    At(Time),
    /// Renewed at `since` and every `period` after it.
    Every {
        /// When that began.
        since: Time,
        /// How often.
        period: Duration,
    },
}

impl Renewal {
    /// The last renewal at or before `now`.
    pub fn last(self, now: Time) -> Time {
        match self {
            Renewal::At(time) => time,
            Renewal::Every { since, period } if period.0 > 0 => {
                Time(since.0 + now.since(since).0 / period.0 * period.0)
            }
            Renewal::Every { since, .. } => since,
        }
    }
}

/// A lease (coordination.k8s.io/v1): a node's heartbeat or a leader's claim (ND-006, CP-011).
#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    /// Its metadata.
    pub meta: ObjectMeta,
    /// Who holds it; empty: nobody.
    pub holder: Name,
    /// How long it is good without being renewed.
    pub duration: Duration,
    /// When its holder took it.
    pub acquired: Time,
    /// When it was renewed last.
    pub renewal: Renewal,
    /// How often it passed from one holder to another.
    pub transitions: u32,
}

/// The label of the leases by which API servers say that they are there; its value is the server's kind.
///
/// Kubernetes: pkg/controlplane/apiserver/server.go, IdentityLeaseComponentLabelKey.
pub const IDENTITY_LABEL: &str = "apiserver.kubernetes.io/identity";

impl Lease {
    pub(crate) fn to_value(&self, now: Time) -> Value {
        let micro = |time: Time| {
            let text = time.stamp().to_string();
            format!("{}.{:06}Z", text.trim_end_matches('Z'), time.0 % 1_000_000)
        };
        let mut spec = json!({
            "leaseDurationSeconds": self.duration.as_secs(), "renewTime": micro(self.renewal.last(now)),
        });
        if !self.holder.is_empty() {
            spec["holderIdentity"] = json!(&*self.holder);
        }
        if &**self.meta.namespace() != "kube-node-lease" && self.meta.label(IDENTITY_LABEL).is_none() {
            // Only elections set these.
            spec["acquireTime"] = json!(micro(self.acquired));
            spec["leaseTransitions"] = json!(self.transitions);
        }
        json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": self.meta.to_value(), "spec": spec,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nd_006_a_quiet_lease_is_renewed_by_arithmetic() {
        let every = Renewal::Every { since: Time::from_secs(3), period: Duration::from_secs(10) };
        assert_eq!(every.last(Time::from_secs(3)), Time::from_secs(3));
        assert_eq!(every.last(Time::from_secs(32)), Time::from_secs(23));
        assert_eq!(Renewal::At(Time::from_secs(5)).last(Time::from_secs(99)), Time::from_secs(5));
    }
}

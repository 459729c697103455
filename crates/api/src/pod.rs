//! Pods: one small object each, sharing its spec with all pods made from the same template.

pub(crate) mod qos;
pub mod references;
pub mod restart;
pub mod scheduling;
pub mod spec;
pub mod status;
mod status_form;
pub mod token;

use std::rc::Rc;

use serde_json::{Value, json};

use super::meta::{Name, ObjectMeta, Uid};
pub use restart::{RestartAction, RestartRule};
use sim::order::SortShared;
pub use spec::{
    Container, ContainerKind, HostPort, ImagePullPolicy, PodSpec, Probe, ProbeHandler, RestartPolicy,
};
pub use status::{
    ConditionStatus, ConditionType, Conditions, ContainerState, ContainerStatus, Phase, PodCondition,
    PodStatus, QosClass, Reason, Running, Terminated, Waiting,
};

/// Marks a pod by where the kubelet got it from: the name of a [`PodSource`] (KL-019).
pub const CONFIG_SOURCE: &str = "kubernetes.io/config.source";
/// A static pod's uid as the kubelet computed it (KL-019).
pub const CONFIG_HASH: &str = "kubernetes.io/config.hash";
/// When the kubelet first saw a static pod (KL-019).
pub const CONFIG_SEEN: &str = "kubernetes.io/config.seen";
/// Marks a mirror pod; its value is the static pod's config hash (KL-033).
pub const CONFIG_MIRROR: &str = "kubernetes.io/config.mirror";
/// The label that carries the hash of a DaemonSet pod's template (DS-030).
pub const REVISION_HASH_LABEL: &str = "controller-revision-hash";
/// The label that carries the DaemonSet's template generation (DS-031).
pub(crate) const TEMPLATE_GENERATION_LABEL: &str = "pod-template-generation";
/// From here on a priority is system critical.
pub const SYSTEM_CRITICAL_PRIORITY: i32 = 2_000_000_000;

/// Where a kubelet gets pods from (KL-001).
///
/// Kubernetes: pkg/kubelet/types/pod_update.go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodSource {
    /// staticPodPath.
    File,
    /// staticPodURL.
    Http,
    /// The API server.
    Api,
}

impl PodSource {
    /// All sources.
    pub const ALL: [PodSource; 3] = [PodSource::File, PodSource::Http, PodSource::Api];

    /// The source as the annotation kubernetes.io/config.source names it.
    pub fn name(self) -> &'static str {
        match self {
            PodSource::File => "file",
            PodSource::Http => "http",
            PodSource::Api => "api",
        }
    }
}

/// A pod, as the API server or a kubelet's file source holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// Its metadata.
    pub meta: ObjectMeta,
    /// Everything of the spec that siblings share.
    pub spec: Rc<PodSpec>,
    /// The one node a daemon pod is meant for: its required node affinity is a single term
    /// `matchFields metadata.name In [pinned_to]`, whatever `spec` says (DS-019).
    pub pinned_to: Option<Name>,
    /// spec.nodeName.
    pub node_name: Option<Name>,
    /// Its status.
    pub status: PodStatus,
}

impl Pod {
    /// The same pod with an empty status, for one who has another status for it.
    pub fn without_status(&self) -> Pod {
        Pod {
            meta: self.meta.clone(),
            spec: self.spec.clone(),
            pinned_to: self.pinned_to.clone(),
            node_name: self.node_name.clone(),
            status: PodStatus::default(),
        }
    }

    /// Whether it is the mirror of a static pod.
    pub fn is_mirror(&self) -> bool {
        self.meta.annotations().contains_key(CONFIG_MIRROR)
    }

    /// The name of the source that the kubelet got it from, if it says so.
    ///
    /// Kubernetes: pkg/kubelet/types/pod_update.go, GetPodSource.
    pub fn source(&self) -> Option<&str> {
        self.meta.annotation(CONFIG_SOURCE)
    }

    /// Whether the kubelet got it from elsewhere than the API server (KL-001).
    pub fn is_static(&self) -> bool {
        self.source().is_some_and(|source| source != PodSource::Api.name())
    }

    /// Static, mirror, or of a system critical priority (KL-085).
    pub fn is_critical(&self) -> bool {
        self.is_static() || self.is_mirror() || self.spec.priority >= SYSTEM_CRITICAL_PRIORITY
    }

    /// The containers that are no init containers with their statuses, in order of names, as the API lists them.
    pub fn main_statuses(&self) -> Vec<(&Container, &ContainerStatus)> {
        let pairs = self.spec.containers.iter().zip(&self.status.containers);
        let mut pairs: Vec<_> =
            pairs.filter(|(container, _)| container.kind == ContainerKind::Main).collect();
        pairs.sort_shared_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        pairs
    }

    /// Phase Succeeded or Failed.
    pub fn is_terminal(&self) -> bool {
        matches!(self.status.phase, Phase::Succeeded | Phase::Failed)
    }

    /// Whether the condition Ready is True.
    pub fn is_ready(&self) -> bool {
        self.status.condition(ConditionType::Ready).is_some_and(|c| c.status == ConditionStatus::True)
    }

    /// `name_namespace`, the kubelet's full name of a pod.
    pub fn full_name(&self) -> String {
        format!("{}_{}", self.meta.name, self.meta.namespace())
    }

    /// Reads a Pod in API form. The value should have been decoded and defaulted before.
    pub fn from_value(value: &Value) -> Pod {
        let meta = ObjectMeta::from_value(&value["metadata"]);
        let mut raw = value["spec"].clone();
        let mounts_token = token::remove(&mut raw, meta.uid);
        let node_name = raw["nodeName"].as_str().filter(|name| !name.is_empty()).map(Name::from);
        Pod {
            meta,
            node_name,
            pinned_to: None,
            spec: Rc::new(PodSpec { mounts_token, ..PodSpec::from_value(raw) }),
            status: PodStatus::from_value(&value["status"]),
        }
    }

    /// The spec in API form, with what is this pod's own put in.
    pub fn spec_to_value(&self) -> Value {
        let mut spec = (*self.spec.raw).clone();
        if let Some(node) = &self.pinned_to {
            spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] = json!({
                "nodeSelectorTerms": [{"matchFields": [
                    {"key": "metadata.name", "operator": "In", "values": [&**node]}]}]
            });
        }
        if let Some(node) = &self.node_name {
            spec["nodeName"] = json!(&**node);
        }
        // A pod that is not stored yet has no uid.
        if self.spec.mounts_token && self.meta.uid != Uid::default() {
            token::insert(&mut spec, self.meta.uid);
        }
        spec
    }

    /// The object in API form.
    pub fn to_value(&self) -> Value {
        let (spec, mut status) = (self.spec_to_value(), self.status.to_value(&self.spec));
        status_form::put_volume_mounts(&mut status, &spec);
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": self.meta.to_value(),
            "spec": spec, "status": status,
        })
    }
}

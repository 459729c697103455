//! What becomes of the pods of a node that is not ready: their Ready condition turns False (ND-019, ND-020).
//!
//! Kubernetes: pkg/controller/util/node/controller_utils.go, MarkPodsNotReady.

use std::rc::Rc;

use api::object::Object;
use api::pod::{ConditionStatus, ConditionType, Pod};
use client::informer::{Caches, NodeId};
use sim::Time;
use wire::Call;

/// The call that marks a pod not ready; `None` if it says so, or says nothing.
pub(super) fn mark_pod_not_ready(pod: &Rc<Pod>, now: Time) -> Option<Call> {
    let ready = pod.status.condition(ConditionType::Ready)?;
    if ready.status == ConditionStatus::False {
        return None;
    }
    let reason = ready.reason.clone();
    let mut pod = (**pod).clone();
    pod.status.set_condition(ConditionType::Ready, ConditionStatus::False, reason, now.stamp());
    Some(Call::UpdateStatus(Object::Pod(Rc::new(pod))))
}

/// The pods that are bound to a node.
pub(super) fn pods_assigned_to_node(id: NodeId, caches: &Caches) -> Vec<Rc<Pod>> {
    let name = caches.nodes.name(id);
    let pods = caches.nodes.pods(id).into_iter().filter_map(|serial| caches.pods.get(serial));
    pods.filter(|pod| pod.node_name.as_ref() == Some(&name)).cloned().collect()
}

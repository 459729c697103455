//! What a node's conditions mean for scheduling: the taints that follow from them.
//!
//! Kubernetes: pkg/controller/nodelifecycle/node_lifecycle_controller.go, doNoScheduleTaintingPass.

use std::rc::Rc;

use api::node::{Node, NodeConditionType};
use api::object::{Key, Kind};
use api::pod::ConditionStatus;
use api::toleration::{Taint, TaintEffect};
use sim::Time;
use wire::{Call, FieldValidation, Patch};

/// Which taint a condition in which status brings (ND-015, ND-016).
const CONDITION_TAINTS: [(NodeConditionType, ConditionStatus, &str); 6] = [
    (NodeConditionType::Ready, ConditionStatus::False, "node.kubernetes.io/not-ready"),
    (NodeConditionType::Ready, ConditionStatus::Unknown, "node.kubernetes.io/unreachable"),
    (NodeConditionType::MemoryPressure, ConditionStatus::True, "node.kubernetes.io/memory-pressure"),
    (NodeConditionType::DiskPressure, ConditionStatus::True, "node.kubernetes.io/disk-pressure"),
    (NodeConditionType::NetworkUnavailable, ConditionStatus::True, "node.kubernetes.io/network-unavailable"),
    (NodeConditionType::PidPressure, ConditionStatus::True, "node.kubernetes.io/pid-pressure"),
];

const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// The NoSchedule taints that a node should have.
fn wanted(node: &Node) -> Vec<Taint> {
    let by_condition = CONDITION_TAINTS.iter().filter(|(kind, status, _)| {
        node.condition(*kind).is_some_and(|condition| condition.status == *status)
    });
    let cordoned = node.unschedulable.then_some(UNSCHEDULABLE);
    let keys = by_condition.map(|(_, _, key)| *key).chain(cordoned);
    keys.map(|key| Taint::new(key, "", TaintEffect::NoSchedule)).collect()
}

/// Whether this controller minds a taint.
fn is_ours(taint: &Taint) -> bool {
    taint.effect == TaintEffect::NoSchedule
        && (*taint.key == *UNSCHEDULABLE || CONDITION_TAINTS.iter().any(|(_, _, key)| *taint.key == **key))
}

/// The call that makes a node's NoSchedule taints those of its conditions; `None` if they are.
///
/// Kubernetes: doNoScheduleTaintingPass.
pub(super) fn no_schedule_tainting(node: &Node, now: Time) -> Option<Call> {
    let wanted = wanted(node);
    let has = |list: &[Taint], taint: &Taint| list.iter().any(|have| have.match_taint(taint));
    let remove: Vec<Taint> =
        node.taints.iter().filter(|taint| is_ours(taint) && !has(&wanted, taint)).cloned().collect();
    let add: Vec<Taint> = wanted.into_iter().filter(|taint| !has(&node.taints, taint)).collect();
    if add.is_empty() && remove.is_empty() {
        return None;
    }
    Some(swap_taints(node, add, remove, now))
}

/// Adds taints, with their time, and removes others.
///
/// Kubernetes: pkg/controller/util/node/controller_utils.go, SwapNodeControllerTaint.
pub(super) fn swap_taints(node: &Node, add: Vec<Taint>, remove: Vec<Taint>, now: Time) -> Call {
    let stamp: Rc<str> = now.stamp().to_string().into();
    let timed = |taint: Taint| Taint { time_added: Some(stamp.clone()), ..taint };
    Call::Patch {
        kind: Kind::Node,
        key: Key::of(&node.meta),
        uid: None,
        patch: Patch::Taints { add: add.into_iter().map(timed).collect(), remove },
        validation: FieldValidation::Ignore,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn node(spec: Value, conditions: Value) -> Node {
        let value = json!({"metadata": {"name": "n1"}, "spec": spec, "status": {"conditions": conditions}});
        Node::from_value(&value)
    }

    /// What is added and removed when the controller sees the node.
    fn seen(node: Node) -> Option<(Vec<String>, Vec<String>)> {
        let texts = |taints: Vec<Taint>| taints.iter().map(ToString::to_string).collect::<Vec<_>>();
        match no_schedule_tainting(&node, Time::START)? {
            Call::Patch { patch: Patch::Taints { add, remove }, .. } => Some((texts(add), texts(remove))),
            other => panic!("{other:?}"),
        }
    }

    fn taint(key: &str) -> Value {
        json!({"key": key, "effect": "NoSchedule"})
    }

    #[test]
    fn nd_007_a_ready_node_loses_the_taint_it_was_created_with() {
        let taints = json!({"taints": [taint("node.kubernetes.io/not-ready"), taint("mine")]});
        let ready = json!([{"type": "Ready", "status": "True"}]);
        let removed = vec!["node.kubernetes.io/not-ready:NoSchedule".to_owned()];
        assert_eq!(seen(node(taints.clone(), ready.clone())), Some((vec![], removed)));
        let not_ready = json!([{"type": "Ready", "status": "False"}]);
        assert_eq!(seen(node(taints, not_ready)), None);
        assert_eq!(seen(node(json!({}), ready)), None);
    }

    #[test]
    fn nd_015_an_unknown_node_is_unreachable_instead_of_not_ready() {
        let taints = json!({"taints": [taint("node.kubernetes.io/not-ready")]});
        let unknown = json!([{"type": "Ready", "status": "Unknown"}]);
        let (added, removed) = seen(node(taints, unknown)).unwrap();
        assert_eq!(added, ["node.kubernetes.io/unreachable:NoSchedule"]);
        assert_eq!(removed, ["node.kubernetes.io/not-ready:NoSchedule"]);
    }

    #[test]
    fn nd_016_each_pressure_a_missing_network_and_cordoning_have_their_own_taint() {
        let ready = json!({"type": "Ready", "status": "True"});
        for (condition, key) in [
            ("MemoryPressure", "memory-pressure"),
            ("DiskPressure", "disk-pressure"),
            ("PIDPressure", "pid-pressure"),
            ("NetworkUnavailable", "network-unavailable"),
        ] {
            let key = format!("node.kubernetes.io/{key}");
            let conditions = |status: &str| json!([ready, {"type": condition, "status": status}]);
            let (added, removed) = seen(node(json!({}), conditions("True"))).unwrap();
            // NoSchedule alone: nothing is evicted for it.
            assert_eq!((added, removed), (vec![format!("{key}:NoSchedule")], vec![]), "{condition}");
            let tainted = json!({"taints": [taint(&key)]});
            for status in ["False", "Unknown"] {
                assert_eq!(seen(node(json!({}), conditions(status))), None, "{condition} {status}");
                let (added, removed) = seen(node(tainted.clone(), conditions(status))).unwrap();
                assert_eq!(
                    (added, removed),
                    (vec![], vec![format!("{key}:NoSchedule")]),
                    "{condition} {status}"
                );
            }
            assert_eq!(seen(node(tainted, conditions("True"))), None, "{condition}");
        }
        let key = "node.kubernetes.io/unschedulable";
        let (added, _) = seen(node(json!({"unschedulable": true}), json!([ready]))).unwrap();
        assert_eq!(added, [format!("{key}:NoSchedule")]);
        let (_, removed) = seen(node(json!({"taints": [taint(key)]}), json!([ready]))).unwrap();
        assert_eq!(removed, [format!("{key}:NoSchedule")]);
    }
}

//! What a node's conditions mean for scheduling: the taints that follow from them.
//!
//! Kubernetes: pkg/controller/nodelifecycle/node_lifecycle_controller.go, doNoScheduleTaintingPass.
// Not simulated yet: the monitor that finds silent nodes, NoExecute taints, and the taint manager.

use crate::api::node::{Node, NodeConditionType};
use crate::api::object::{Key, Kind};
use crate::api::pod::ConditionStatus;
use crate::api::toleration::{Taint, TaintEffect};
use crate::client::informer::CacheChange;
use crate::wire::{Call, Ctx, FieldValidation, Patch, Token};

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

#[derive(Clone, Debug, Default)]
pub struct NodeLifecycleController;

impl NodeLifecycleController {
    pub fn on_change(&mut self, change: &CacheChange, ctx: &mut Ctx) {
        if let CacheChange::Node(_, change) = change
            && let Some(node) = &change.new
        {
            taint_by_condition(node, ctx);
        }
    }
}

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

fn taint_by_condition(node: &Node, ctx: &mut Ctx) {
    let wanted = wanted(node);
    let has = |list: &[Taint], taint: &Taint| list.iter().any(|have| have.match_taint(taint));
    let remove: Vec<Taint> =
        node.taints.iter().filter(|taint| is_ours(taint) && !has(&wanted, taint)).cloned().collect();
    let added = wanted.into_iter().filter(|taint| !has(&node.taints, taint));
    let now = ctx.now.stamp().to_string();
    let add: Vec<Taint> =
        added.map(|taint| Taint { time_added: Some(now.as_str().into()), ..taint }).collect();
    if add.is_empty() && remove.is_empty() {
        return;
    }
    let call = Call::Patch {
        kind: Kind::Node,
        key: Key::of(&node.meta),
        uid: None,
        patch: Patch::Taints { add, remove },
        validation: FieldValidation::Ignore,
    };
    ctx.request(call, Token::NONE);
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use serde_json::{Value, json};

    use super::*;
    use crate::client::informer::{Change, NodeId};
    use crate::sim::{Rng, Time};
    use crate::wire::{Effect, Settings};

    fn node(spec: Value, conditions: Value) -> Rc<Node> {
        let value = json!({"metadata": {"name": "n1"}, "spec": spec, "status": {"conditions": conditions}});
        Rc::new(Node::from_value(&value))
    }

    /// What is added and removed when the controller sees the node.
    fn seen(node: Rc<Node>) -> Option<(Vec<String>, Vec<String>)> {
        let (mut effects, mut rng) = (Vec::new(), Rng::stream(1, "test"));
        let mut ctx =
            Ctx { now: Time::START, settings: &Settings::default(), rng: &mut rng, effects: &mut effects };
        let change = CacheChange::Node(NodeId(0), Change { old: None, new: Some(node) });
        NodeLifecycleController.on_change(&change, &mut ctx);
        let texts = |taints: &[Taint]| taints.iter().map(ToString::to_string).collect::<Vec<_>>();
        effects.iter().find_map(|effect| match effect {
            Effect::Request { call: Call::Patch { patch: Patch::Taints { add, remove }, .. }, .. } => {
                Some((texts(add), texts(remove)))
            }
            _ => None,
        })
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
    fn nd_016_pressure_and_cordon_taint_too() {
        let pressed = json!([{"type": "Ready", "status": "True"}, {"type": "PIDPressure", "status": "True"}]);
        let (added, _) = seen(node(json!({"unschedulable": true}), pressed)).unwrap();
        assert_eq!(
            added,
            ["node.kubernetes.io/pid-pressure:NoSchedule", "node.kubernetes.io/unschedulable:NoSchedule"]
        );
    }
}

//! The node controllers alone, on a real API server: what they do when something does not succeed.

use std::cell::Cell;
use std::rc::Rc;

use kubestage::api::node::NodeConditionType;
use kubestage::api::object::{Kind, Object};
use kubestage::api::pod::{ConditionStatus, Pod};
use kubestage::sim::{Duration, Time};
use kubestage::wire::{Call, CallError, Patch};
use serde_json::json;

use crate::stand::{Stand, parse_key};

/// Three nodes with a pod on the first, after two passes of the monitor.
fn stand() -> Stand {
    let mut stand = Stand::new(Duration::from_millis(10));
    for node in ["n1", "n2", "n3"] {
        stand.node(node, json!({}));
    }
    add_pod(&mut stand, "web", "n1");
    stand.run_secs(7);
    stand
}

fn add_pod(stand: &mut Stand, name: &str, node: &str) {
    let value = json!({"metadata": {"name": name, "namespace": "default"},
        "spec": {"nodeName": node, "containers": [{"name": "c", "image": "nginx:1"}],
            "tolerations": [{"operator": "Exists"}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}});
    stand.insert(Object::Pod(Rc::new(Pod::from_value(&value))));
}

fn fall_silent(stand: &mut Stand, node: &str) {
    let now = stand.now;
    stand.api.stop_lease(&parse_key(&format!("kube-node-lease/{node}")), now);
    stand.fan_out();
}

fn ready(stand: &Stand, node: &str) -> Option<ConditionStatus> {
    stand.api.store.nodes.get("", node).and_then(|node| node.ready_status())
}

fn taints(stand: &Stand, node: &str) -> Vec<String> {
    let node = stand.api.store.nodes.get("", node).unwrap();
    let mut taints: Vec<String> = node.taints.iter().map(ToString::to_string).collect();
    taints.sort();
    taints.iter().map(|taint| taint.replace("node.kubernetes.io/", "")).collect()
}

/// The seconds, since the session began, at which such calls arrived, and whether they succeeded.
fn calls(stand: &Stand, which: impl Fn(&Call) -> bool) -> Vec<(u64, bool)> {
    let second = |at: &Time| at.since(Time::START).as_secs();
    let all = stand.calls.iter().filter(|(_, call, _)| which(call));
    all.map(|(at, _, ok)| (second(at), *ok)).collect()
}

fn is_node_status(call: &Call) -> bool {
    matches!(call, Call::UpdateStatus(Object::Node(_)))
}

/// Until `tries` such calls have been refused, all of them are.
fn refuse(stand: &mut Stand, tries: u32, which: impl Fn(&Call) -> bool + 'static) {
    let left = Cell::new(tries);
    stand.refuse = Some(Box::new(move |call| {
        let refused = which(call) && left.get() > 0;
        left.set(left.get() - u32::from(refused));
        refused.then_some(CallError::Refused)
    }));
}

#[test]
fn nd_010_a_silence_that_could_not_be_noted_is_noted_in_the_next_pass() {
    let mut stand = stand();
    fall_silent(&mut stand, "n1");
    refuse(&mut stand, 2, is_node_status);
    stand.run_secs(80);
    let tries = calls(&stand, is_node_status);
    assert_eq!(tries.iter().map(|(_, ok)| *ok).collect::<Vec<_>>(), [false, false, true]);
    let seconds: Vec<u64> = tries.iter().map(|(second, _)| *second).collect();
    assert_eq!((seconds[1] - seconds[0], seconds[2] - seconds[1]), (5, 5));
    assert_eq!(ready(&stand, "n1"), Some(ConditionStatus::Unknown));
    assert_eq!(
        (ready(&stand, "n2"), ready(&stand, "n3")),
        (Some(ConditionStatus::True), Some(ConditionStatus::True))
    );
}

#[test]
fn nd_017_a_taint_that_could_not_be_put_on_waits_for_the_next_token() {
    let mut stand = stand();
    let adds = |call: &Call| {
        let Call::Patch { patch: Patch::Taints { add, .. }, .. } = call else { return false };
        add.iter().any(|taint| taint.effect.as_str() == "NoExecute")
    };
    fall_silent(&mut stand, "n1");
    refuse(&mut stand, 1, adds);
    stand.run_secs(90);
    let tries = calls(&stand, adds);
    assert_eq!(tries.iter().map(|(_, ok)| *ok).collect::<Vec<_>>(), [false, true]);
    assert_eq!(tries[1].0 - tries[0].0, 10);
    assert_eq!(taints(&stand, "n1"), ["unreachable:NoExecute", "unreachable:NoSchedule"]);
}

#[test]
fn nd_015_a_node_that_says_itself_that_it_is_not_ready_changes_its_taint_at_once() {
    let mut stand = stand();
    fall_silent(&mut stand, "n1");
    stand.run_secs(70);
    assert_eq!(taints(&stand, "n1"), ["unreachable:NoExecute", "unreachable:NoSchedule"]);
    let mut node = (**stand.api.store.nodes.get("", "n1").unwrap()).clone();
    let now = stand.now.stamp();
    for condition in &mut node.conditions {
        (condition.status, condition.last_heartbeat) = (ConditionStatus::False, now);
    }
    stand.api.store.update(Object::Node(Rc::new(node)));
    stand.fan_out();
    stand.run_secs(6);
    assert_eq!(taints(&stand, "n1"), ["not-ready:NoExecute", "not-ready:NoSchedule"]);
}

#[test]
fn nd_018_all_taints_go_when_a_node_is_ready_again() {
    let mut stand = stand();
    fall_silent(&mut stand, "n1");
    stand.run_secs(70);
    let mut node = (**stand.api.store.nodes.get("", "n1").unwrap()).clone();
    let now = stand.now.stamp();
    for condition in &mut node.conditions {
        let good = ConditionStatus::from_bool(condition.kind == NodeConditionType::Ready);
        (condition.status, condition.last_heartbeat) = (good, now);
    }
    stand.api.store.update(Object::Node(Rc::new(node)));
    stand.fan_out();
    let removes = |call: &Call| {
        matches!(call, Call::Patch { patch: Patch::Taints { remove, .. }, .. }
        if remove.iter().any(|taint| taint.effect.as_str() == "NoExecute"))
    };
    // Refused once, it is tried again in the next pass.
    refuse(&mut stand, 1, removes);
    stand.run_secs(11);
    assert!(taints(&stand, "n1").is_empty(), "{:?}", taints(&stand, "n1"));
}

#[test]
fn nd_019_pods_that_could_not_be_marked_are_marked_later() {
    let mut stand = stand();
    fall_silent(&mut stand, "n1");
    refuse(&mut stand, 1, |call| matches!(call, Call::UpdateStatus(Object::Pod(_))));
    stand.run_secs(49);
    assert!(ready(&stand, "n1") == Some(ConditionStatus::Unknown) && stand.pod("web").is_ready());
    stand.run_secs(10);
    assert!(!stand.pod("web").is_ready());
    // A pod that is bound to the node meanwhile is marked too.
    add_pod(&mut stand, "late", "n1");
    stand.run_secs(1);
    assert!(!stand.pod("late").is_ready());
}

#[test]
fn nd_031_a_node_of_which_only_the_watch_does_not_know_keeps_its_pods() {
    let mut stand = stand();
    // The API server answers for a node whose deletion was heard of.
    stand.delete(Kind::Node, "/n1", Default::default());
    stand.run_secs(1);
    let asks = |call: &Call| matches!(call, Call::Get { kind: Kind::Node, .. });
    // The first look fails: nothing is deleted before one has succeeded.
    refuse(&mut stand, 1, asks);
    stand.run_secs(70);
    assert_eq!(calls(&stand, asks).iter().map(|(_, ok)| *ok).collect::<Vec<_>>(), [false]);
    assert!(!stand.pod("web").is_terminal());
    stand.run_secs(70);
    assert_eq!(calls(&stand, asks).len(), 2);
    assert!(stand.api.store.pods.get("default", "web").is_none());
}

//! The node controllers alone, on a real API server: what they do when something does not succeed.

use std::cell::Cell;
use std::rc::Rc;

use api::node::NodeConditionType;
use api::object::{Kind, Object};
use api::pod::{ConditionStatus, Pod};
use proptest::prelude::*;
use serde_json::{Value, json};
use sim::{Duration, Time};
use wire::{Call, CallError, Patch};

use super::sessions::cases;
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

// ---- the monitor against upstream's plain one ----

const NODES: [&str; 5] = ["n1", "n2", "n3", "n4", "n5"];

/// What happens to a node, or to all of them.
#[derive(Clone, Debug)]
enum Act {
    /// Its lease is renewed no more.
    Silence(usize),
    Renew(usize),
    /// Its kubelet posts a status.
    Post(usize, ConditionStatus),
    /// Somebody takes its taints away.
    Untaint(usize),
    Delete(usize),
    Create(usize),
    /// The API server answers nothing, or answers again.
    Refuse(bool),
    Wait(u64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    use ConditionStatus::{False, True};
    let node = || 0..NODES.len();
    let act = prop_oneof![
        4 => node().prop_map(Act::Silence),
        2 => node().prop_map(Act::Renew),
        2 => (node(), prop::sample::select(vec![True, False])).prop_map(|(node, status)| Act::Post(node, status)),
        1 => node().prop_map(Act::Untaint),
        1 => node().prop_map(Act::Delete),
        1 => node().prop_map(Act::Create),
        1 => any::<bool>().prop_map(Act::Refuse),
        6 => prop_oneof![100..8_000u64, 8_000..90_000u64].prop_map(Act::Wait),
    ];
    prop::collection::vec(act, 1..25)
}

/// A zone of its own for each node, or one for all.
fn labels(node: usize, own_zones: bool) -> Value {
    match own_zones {
        true => json!({"metadata": {"labels": {"topology.kubernetes.io/zone": NODES[node]}}}),
        false => json!({}),
    }
}

/// Runs for a while; with `plain` every pass of the monitor looks at every node.
fn run(stand: &mut Stand, millis: u64, plain: bool) {
    for _ in 0..millis / 100 {
        if plain {
            stand.tell(|manager, ctx| manager.node_lifecycle.look_at_all_nodes(&manager.caches, ctx));
        }
        stand.run_for(Duration::from_millis(100));
    }
}

fn post(stand: &mut Stand, name: &str, status: ConditionStatus) {
    let Some(mut node) = stand.api.store.nodes.get("", name).map(|node| (**node).clone()) else { return };
    let now = stand.now.stamp();
    for condition in node.conditions.iter_mut().filter(|c| c.kind == NodeConditionType::Ready) {
        (condition.status, condition.last_heartbeat) = (status, now);
    }
    stand.api.store.update(Object::Node(Rc::new(node)));
    stand.fan_out();
}

fn act(stand: &mut Stand, act: &Act, own_zones: bool, refusing: &Rc<Cell<bool>>, plain: bool) {
    let there = |stand: &Stand, at: usize| stand.api.store.nodes.get("", NODES[at]).is_some();
    match act {
        Act::Silence(at) => fall_silent(stand, NODES[*at]),
        Act::Renew(at) => {
            let key = parse_key(&format!("kube-node-lease/{}", NODES[*at]));
            let (duration, period) = (Duration::from_secs(40), Duration::from_secs(10));
            stand.call(Call::HoldLease { key, holder: NODES[*at].into(), duration, period, owner: None });
        }
        Act::Post(at, status) => post(stand, NODES[*at], *status),
        Act::Untaint(at) if there(stand, *at) => {
            stand.patch(Kind::Node, &format!("/{}", NODES[*at]), json!({"spec": {"taints": null}}));
        }
        Act::Delete(at) if there(stand, *at) => {
            stand.delete(Kind::Node, &format!("/{}", NODES[*at]), Default::default());
        }
        Act::Create(at) if !there(stand, *at) => {
            let lease = parse_key(&format!("kube-node-lease/{}", NODES[*at]));
            stand.api.store.remove(Kind::Lease, &lease);
            stand.node(NODES[*at], labels(*at, own_zones));
        }
        Act::Refuse(refuse) => refusing.set(*refuse),
        Act::Wait(millis) => run(stand, *millis, plain),
        Act::Untaint(_) | Act::Delete(_) | Act::Create(_) => {}
    }
}

/// The calls that arrived, with their times, and what has become of the nodes.
fn play(acts: &[Act], own_zones: bool, plain: bool) -> (Vec<String>, Vec<String>) {
    let mut stand = Stand::new(Duration::from_millis(10));
    for (at, name) in NODES.iter().enumerate() {
        stand.node(name, labels(at, own_zones));
    }
    add_pod(&mut stand, "web", "n1");
    let refusing = Rc::new(Cell::new(false));
    let refuse = refusing.clone();
    stand.refuse = Some(Box::new(move |_| refuse.get().then_some(CallError::Refused)));
    run(&mut stand, 7_000, plain);
    for one in acts {
        act(&mut stand, one, own_zones, &refusing, plain);
    }
    refusing.set(false);
    run(&mut stand, 200_000, plain);
    let mut calls: Vec<(Time, String)> =
        stand.calls.iter().map(|(at, call, ok)| (*at, format!("{at:?} {ok} {call:?}"))).collect();
    // The monitor and the tainter may act at one instant; upstream they are goroutines of their own.
    calls.sort();
    let calls = calls.into_iter().map(|(_, text)| text).collect();
    let nodes = stand.api.store.nodes.iter().map(|node| {
        let mut taints: Vec<String> = node.taints.iter().map(ToString::to_string).collect();
        taints.sort();
        format!("{} {:?} {taints:?}", node.meta.name, node.ready_status())
    });
    (calls, nodes.collect())
}

/// Where two lists part.
fn apart<'a>(plain: &'a [String], lazy: &'a [String]) -> Option<(&'a [String], &'a [String])> {
    let same = plain.iter().zip(lazy).take_while(|(a, b)| a == b).count();
    let next = |list: &'a [String]| &list[same..list.len().min(same + 3)];
    (plain != lazy).then(|| (next(plain), next(lazy)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(40), failure_persistence: None, ..Default::default() })]

    /// What is left out of a pass would have come to nothing.
    #[test]
    fn prop_nd_009_looking_at_all_nodes_in_every_pass_comes_to_the_same(acts in acts()) {
        for own_zones in [true, false] {
            let (plain, lazy) = (play(&acts, own_zones, true), play(&acts, own_zones, false));
            prop_assert_eq!(apart(&plain.0, &lazy.0), None);
            prop_assert_eq!(plain.1, lazy.1);
        }
    }
}

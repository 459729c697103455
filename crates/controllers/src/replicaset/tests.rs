//! Which pods go first, and what pods of others cost.

use std::rc::Rc;

use serde_json::{Value, json};

use super::ReplicaSetController;
use super::ranking::get_pods_to_delete;
use api::meta::{Name, Uid};
use api::object::Object;
use api::pod::Pod;
use client::informer::Caches;
use sim::{Rng, SortedMap, Time};
use wire::{Ctx, Settings, WatchEvent};

fn pod(name: &str, node: &str, ready_at: &str, more: Value) -> Rc<Pod> {
    let mut value = json!({
        "metadata": {"name": name, "namespace": "default", "uid": name, "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"containers": []}, "status": {"phase": "Running"},
    });
    if !node.is_empty() {
        value["spec"]["nodeName"] = json!(node);
    }
    if !ready_at.is_empty() {
        value["status"]["conditions"] =
            json!([{"type": "Ready", "status": "True", "lastTransitionTime": ready_at}]);
    }
    for (key, part) in more.as_object().into_iter().flatten() {
        for (field, content) in part.as_object().into_iter().flatten() {
            value[key][field] = content.clone();
        }
    }
    let mut pod = Pod::from_value(&value);
    pod.meta.uid = Uid::from_text(name);
    pod.meta.serial = name.bytes().next().map_or(0, u32::from);
    Rc::new(pod)
}

/// Each case: of these two pods the first one goes, in whichever order they come.
#[test]
fn the_pod_that_is_missed_least_goes_first() {
    const EARLY: &str = "2026-01-01T00:00:10Z";
    const LATE: &str = "2026-01-01T01:00:00Z";
    let cost = |cost: &str| json!({"metadata": {"annotations": {"controller.kubernetes.io/pod-deletion-cost": cost}}});
    let none = || json!({});
    let cases = [
        ("no node", pod("a", "", EARLY, none()), pod("b", "n1", EARLY, none())),
        ("pending", pod("a", "n1", "", json!({"status": {"phase": "Pending"}})), pod("b", "n1", "", none())),
        ("not ready", pod("a", "n1", "", none()), pod("b", "n1", EARLY, none())),
        ("costs less", pod("a", "n1", EARLY, cost("-1")), pod("b", "n1", EARLY, none())),
        ("has company", pod("a", "n2", EARLY, none()), pod("b", "n1", EARLY, none())),
        ("ready later", pod("a", "n1", LATE, none()), pod("b", "n1", EARLY, none())),
    ];
    let related: SortedMap<Name, usize> = [("n1".into(), 1), ("n2".into(), 2)].into();
    let now = Time::START + sim::Duration::from_secs(2 * 3600);
    for (why, first, second) in cases {
        for pods in [vec![first.clone(), second.clone()], vec![second.clone(), first.clone()]] {
            let gone = get_pods_to_delete(pods, &related, 1, now);
            assert_eq!(gone.iter().map(|pod| &*pod.meta.name).collect::<Vec<_>>(), ["a"], "{why}");
        }
    }
}

/// Without a ReplicaSet no pod makes the controller do anything.
#[test]
fn pods_cost_nothing_where_there_is_no_replica_set() {
    let (mut controller, mut caches) = (ReplicaSetController::default(), Caches::default());
    let (settings, mut rng, mut effects) = (Settings::default(), Rng::stream(1, "test"), Vec::new());
    let mut ctx = Ctx { now: Time::START, settings: &settings, rng: &mut rng, effects: &mut effects };
    controller.run(&mut ctx);
    for name in ["a", "b", "c"] {
        let event = WatchEvent::Added(Object::Pod(pod(name, "n1", "", json!({}))));
        let change = caches.apply(&event).unwrap();
        controller.on_change(&change, &mut ctx);
    }
    assert!(effects.is_empty(), "{effects:?}");
}

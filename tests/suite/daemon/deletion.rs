//! What becomes of the pods when a DaemonSet, or one of its pods, is deleted. Rules: DS-066 … DS-070.

use std::collections::BTreeSet;

use api::object::Kind;
use serde_json::json;
use wire::{DeleteOptions, Propagation};

use super::{cluster, names, numbers};

#[test]
fn ds_066_deleted_in_the_background_it_vanishes_at_once_and_its_pods_follow() {
    let mut stand = cluster(2, json!({}));
    stand.all_ready();
    stand.run_secs(1);
    stand.delete(Kind::DaemonSet, "agent", DeleteOptions::default());
    assert!(stand.api.store.daemonsets.is_empty());
    stand.run_secs(1);
    assert!(stand.pods().iter().all(|pod| pod.meta.is_terminating()));
    assert_eq!((stand.pods().len(), stand.api.store.revisions.iter().count()), (2, 0));
}

#[test]
fn ds_067_deleted_in_the_foreground_it_waits_for_its_pods() {
    let mut stand = cluster(1, json!({}));
    stand.all_ready();
    stand.run_secs(1);
    let options = DeleteOptions { propagation: Propagation::Foreground, ..DeleteOptions::default() };
    stand.delete(Kind::DaemonSet, "agent", options);
    stand.run_secs(10);
    let ds = stand.ds("agent");
    assert!(ds.meta.is_terminating());
    assert_eq!(ds.meta.common.finalizers, ["foregroundDeletion".into()]);
    assert_eq!(stand.pods().len(), 1);
    let name = stand.pods()[0].meta.name.clone();
    stand.remove_pod(&name);
    stand.run_secs(1);
    assert!(stand.api.store.daemonsets.is_empty());
}

#[test]
fn ds_068_orphaned_pods_stay_and_are_adopted_by_the_next_of_the_kind() {
    let mut stand = cluster(2, json!({}));
    stand.all_ready();
    stand.run_secs(1);
    let before = names(&stand);
    let options = DeleteOptions { propagation: Propagation::Orphan, ..DeleteOptions::default() };
    stand.delete(Kind::DaemonSet, "agent", options);
    stand.run_secs(1);
    assert!(stand.api.store.daemonsets.is_empty());
    assert!(stand.pods().iter().all(|pod| pod.meta.controller().is_none() && !pod.meta.is_terminating()));
    assert_eq!(stand.api.store.revisions.iter().count(), 1);
    stand.daemon_set("agent", json!({}));
    stand.run_secs(1);
    assert_eq!(names(&stand), before);
    assert_eq!(numbers(&stand), [2, 2, 2, 2, 2, 0]);
}

#[test]
fn ds_069_a_pod_deleted_by_hand_is_replaced_when_its_object_is_gone() {
    let mut stand = cluster(1, json!({}));
    stand.all_ready();
    stand.run_secs(1);
    let name = stand.pods()[0].meta.name.clone();
    stand.delete(Kind::Pod, &name, DeleteOptions::default());
    stand.run_secs(29);
    assert_eq!(names(&stand), BTreeSet::from([name.to_string()]));
    stand.remove_pod(&name);
    stand.run_secs(1);
    assert_eq!(stand.pods().len(), 1);
    assert!(!names(&stand).contains(&*name));
}

#[test]
fn ds_070_a_pod_deleted_on_a_cordoned_node_comes_back_there() {
    let mut stand = cluster(1, json!({}));
    stand.instant_deletion = true;
    let taint = json!([{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]);
    stand.patch(Kind::Node, "/n1", json!({"spec": {"unschedulable": true, "taints": taint}}));
    let name = stand.pods()[0].meta.name.clone();
    stand.delete(Kind::Pod, &name, DeleteOptions::default());
    stand.run_secs(1);
    assert_eq!(stand.pod_nodes(), ["n1"]);
    assert!(!names(&stand).contains(&*name));
}

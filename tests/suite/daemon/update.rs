//! Rolling updates and the history of revisions. Rules: DS-042 … DS-050, DS-056 … DS-059.

use std::rc::Rc;

use api::ControllerRevision;
use api::object::{Kind, Object};
use api::pod::Pod;
use controllers::daemon::nodes::is_pod_available;
use serde_json::json;
use sim::{Duration, Time};
use wire::DeleteOptions;

use super::{cluster, images, names, numbers, on, rolling, set_image};
use crate::stand::{Stand, parse_key};

#[test]
fn ds_042_on_delete_waits_for_somebody_to_delete() {
    let mut stand = cluster(2, json!({"spec": {"updateStrategy": {"type": "OnDelete"}}}));
    stand.instant_deletion = true;
    stand.all_ready();
    set_image(&mut stand, "nginx:2");
    stand.run_secs(60);
    assert_eq!(images(&stand), ["nginx:1", "nginx:1"]);
    assert_eq!(stand.ds("agent").status.updated_number_scheduled, 0);
    assert_eq!(stand.api.store.revisions.iter().count(), 2);
    let name = on(&stand, "n1")[0].meta.name.clone();
    stand.delete(Kind::Pod, &name, DeleteOptions::default());
    stand.run_secs(1);
    assert_eq!(images(&stand), ["nginx:1", "nginx:2"]);
    assert_eq!(stand.ds("agent").status.updated_number_scheduled, 1);
}

#[test]
fn ds_043_percentages_are_of_the_desired_number_and_rounded_up() {
    let mut stand = cluster(5, rolling(json!({"maxUnavailable": "30%", "maxSurge": 0})));
    stand.all_ready();
    stand.run_secs(1);
    set_image(&mut stand, "nginx:2");
    stand.run_secs(1);
    assert_eq!(stand.pods().iter().filter(|pod| pod.meta.is_terminating()).count(), 2);
}

#[test]
fn ds_044_ds_046_ds_047_one_node_after_the_other() {
    let mut stand = cluster(3, json!({}));
    stand.all_ready();
    stand.run_secs(1);
    set_image(&mut stand, "nginx:2");
    for done in 0..3 {
        stand.run_secs(1);
        let going: Vec<Rc<Pod>> = stand.pods().into_iter().filter(|pod| pod.meta.is_terminating()).collect();
        assert_eq!((going.len(), stand.pods().len()), (1, 3));
        // The new pod comes only when the old one's object is gone.
        stand.run_secs(20);
        assert_eq!(stand.pods().len(), 3);
        stand.remove_pod(&going[0].meta.name);
        stand.run_secs(1);
        assert_eq!(stand.pods().len(), 3);
        assert_eq!(images(&stand).iter().filter(|image| *image == "nginx:2").count(), done + 1);
        // And the next goes only when it is ready.
        assert_eq!(stand.pods().iter().filter(|pod| pod.meta.is_terminating()).count(), 0);
        stand.all_ready();
    }
    stand.run_secs(1);
    assert_eq!(images(&stand), ["nginx:2", "nginx:2", "nginx:2"]);
}

#[test]
fn ds_045_broken_old_pods_are_all_replaced_at_once() {
    let mut stand = cluster(4, json!({}));
    stand.all_ready();
    stand.run_secs(1);
    for node in ["n1", "n2", "n3"] {
        stand.set_ready(&on(&stand, node)[0].meta.name.clone(), false);
    }
    stand.run_secs(1);
    set_image(&mut stand, "nginx:2");
    stand.run_secs(1);
    let going: Vec<bool> =
        ["n1", "n2", "n3", "n4"].iter().map(|node| on(&stand, node)[0].meta.is_terminating()).collect();
    assert_eq!(going, [true, true, true, false]);
}

#[test]
fn ds_048_a_surge_makes_new_pods_first() {
    let mut stand = cluster(3, rolling(json!({"maxUnavailable": 0, "maxSurge": 1})));
    stand.instant_deletion = true;
    stand.all_ready();
    stand.run_secs(1);
    set_image(&mut stand, "nginx:2");
    for done in 0..3 {
        stand.run_secs(1);
        assert_eq!(stand.pods().len(), 4);
        assert_eq!(stand.pods().iter().filter(|pod| pod.is_ready()).count(), 3, "after {done}");
        stand.all_ready();
    }
    stand.run_secs(1);
    assert_eq!(images(&stand), ["nginx:2", "nginx:2", "nginx:2"]);
}

#[test]
fn ds_049_available_is_ready_for_long_enough() {
    let pod = |status: &str| {
        Pod::from_value(&json!({"status": {"conditions": [
            {"type": "Ready", "status": status, "lastTransitionTime": "2026-01-01T00:00:10Z"}]}}))
    };
    let at = |second: u64| Time::START + Duration::from_secs(second);
    let available = |status, min_ready, second| {
        is_pod_available(&pod(status), Duration::from_secs(min_ready), at(second))
    };
    assert!(available("True", 0, 10));
    assert!(!available("False", 0, 10));
    assert!(!available("True", 5, 14));
    assert!(available("True", 5, 15));
}

#[test]
fn ds_050_a_ready_pod_becomes_available_by_time_alone() {
    let mut stand = cluster(2, json!({"spec": {"minReadySeconds": 10}}));
    stand.all_ready();
    stand.run_secs(5);
    assert_eq!(numbers(&stand), [2, 2, 2, 2, 0, 0]);
    stand.run_secs(7);
    assert_eq!(numbers(&stand), [2, 2, 2, 2, 2, 0]);
    let quiet = stand.calls.len();
    stand.run_secs(3600);
    assert_eq!(stand.calls.len(), quiet);
}

/// The numbers of the revisions by image.
fn history(stand: &Stand) -> Vec<(String, i64)> {
    let image = |revision: &ControllerRevision| {
        revision.data["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap().to_owned()
    };
    let mut all: Vec<(String, i64)> =
        stand.api.store.revisions.iter().map(|revision| (image(revision), revision.revision)).collect();
    all.sort();
    all
}

#[test]
fn ds_056_an_undo_takes_the_old_revision_again_with_a_new_number() {
    let mut stand = cluster(1, json!({}));
    stand.instant_deletion = true;
    let first = stand.api.store.revisions.iter().next().unwrap().meta.name.clone();
    set_image(&mut stand, "nginx:2");
    stand.run_secs(1);
    assert_eq!(history(&stand), [("nginx:1".to_owned(), 1), ("nginx:2".to_owned(), 2)]);
    set_image(&mut stand, "nginx:1");
    stand.run_secs(1);
    assert_eq!(history(&stand), [("nginx:1".to_owned(), 3), ("nginx:2".to_owned(), 2)]);
    let names: Vec<_> = stand.api.store.revisions.iter().map(|revision| revision.meta.name.clone()).collect();
    assert!(names.contains(&first) && names.len() == 2);
}

#[test]
fn ds_057_the_history_is_cut_to_its_limit() {
    let mut stand = cluster(1, json!({"spec": {"revisionHistoryLimit": 2}}));
    stand.instant_deletion = true;
    for number in 2..=5 {
        set_image(&mut stand, &format!("nginx:{number}"));
        stand.run_secs(1);
        stand.all_ready();
        stand.run_secs(1);
    }
    let kept: Vec<i64> = history(&stand).iter().map(|(_, number)| *number).collect();
    assert_eq!(kept, [3, 4, 5]);
}

#[test]
fn ds_058_a_name_taken_by_another_template_is_avoided() {
    let mut stand = Stand::new(Duration::ZERO);
    stand.timers = false;
    stand.node("n1", json!({}));
    stand.daemon_set("agent", json!({}));
    let hash = controllers::template_hash::compute_hash(&stand.ds("agent").template.raw, 0);
    let squatter = json!({"metadata": {"name": format!("agent-{hash}"), "namespace": "default"},
        "revision": 1, "data": {"other": true}});
    let squatter = ControllerRevision::from_value(&squatter);
    stand.insert(Object::ControllerRevision(Rc::new(squatter)));
    stand.sync_once(&parse_key("agent"));
    assert_eq!(stand.ds("agent").status.collision_count, 1);
    let text = format!(
        "failed to construct revisions of DaemonSet: controllerrevisions.apps \"agent-{hash}\" already exists"
    );
    assert_eq!(stand.manager.daemon.last_error, Some(text));
    stand.sync_once(&parse_key("agent"));
    let other = stand.pods()[0].meta.label("controller-revision-hash").unwrap().to_owned();
    assert_ne!(other, hash);
}

#[test]
fn ds_059_what_is_not_in_the_template_restarts_nothing() {
    let mut stand = cluster(1, json!({}));
    let before = names(&stand);
    stand.patch(Kind::DaemonSet, "agent", json!({"metadata": {"labels": {"a": "b"}}}));
    stand.run_secs(1);
    assert_eq!(stand.ds("agent").meta.generation, 1);
    let spec = json!({"minReadySeconds": 3, "revisionHistoryLimit": 3, "updateStrategy": {"type": "OnDelete",
        "rollingUpdate": null}});
    stand.patch(Kind::DaemonSet, "agent", json!({"spec": spec}));
    stand.run_secs(1);
    assert_eq!(stand.ds("agent").meta.generation, 2);
    assert_eq!(names(&stand), before);
    assert_eq!(stand.api.store.revisions.iter().count(), 1);
}

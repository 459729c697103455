//! The numbers of the status, when it is written, and events. Rules: DS-051, DS-053, DS-060 … DS-065, SCH-023.

use std::rc::Rc;

use api::DaemonSet;
use api::object::{Kind, Object};
use serde_json::json;
use sim::Duration;
use wire::{Call, CallError, DeleteOptions};

use super::{cluster, numbers, on, rolling, set_image};
use crate::stand::{Stand, parse_key};

#[test]
fn ds_051_events_of_creation_and_deletion() {
    let mut stand = cluster(1, json!({}));
    let name = stand.pods()[0].meta.name.to_string();
    assert_eq!(stand.events("agent"), [format!("SuccessfulCreate Created pod: {name}")]);
    stand.patch(
        Kind::DaemonSet,
        "agent",
        json!({"spec": {"template": {"spec": {"nodeSelector": {"a": "b"}}}}}),
    );
    stand.run_secs(1);
    assert_eq!(stand.events("agent")[1], format!("SuccessfulDelete Deleted pod: {name}"));
    let event = stand.api.store.events.iter().find(|event| *event.draft.regarding.name == *"agent").unwrap();
    assert_eq!(event.draft.source.component, "daemonset-controller");

    let mut stand = Stand::new(Duration::ZERO);
    stand.node("n1", json!({}));
    stand.daemon_set("agent", json!({"spec": {"template": {"spec": {"priorityClassName": "none"}}}}));
    stand.run_secs(1);
    assert_eq!(
        stand.events("agent"),
        [
            "FailedCreate Error creating: pods \"agent-\" is forbidden: no PriorityClass with name none was found"
        ]
    );
}

#[test]
fn ds_051_a_deletion_that_fails_is_told() {
    let mut stand = cluster(1, json!({}));
    let text = "no";
    stand.refuse = Some(Box::new(move |call| {
        let error = || api::status_error::StatusError::internal(text);
        matches!(call, Call::Delete { kind: Kind::Pod, .. }).then(|| CallError::Status(Box::new(error())))
    }));
    stand.patch(
        Kind::DaemonSet,
        "agent",
        json!({"spec": {"template": {"spec": {"nodeSelector": {"a": "b"}}}}}),
    );
    stand.run_for(Duration::from_millis(3));
    assert_eq!(stand.events("agent")[1], "FailedDelete Error deleting: Internal error occurred: no");
}

#[test]
fn sch_023_an_unknown_priority_class_shows_in_events_of_the_set_that_was_taken() {
    let mut stand = Stand::daemon_only(Duration::ZERO);
    stand.node("n1", json!({}));
    // The API server takes the set: only its pods are refused.
    let spec = json!({"spec": {"template": {"spec": {"priorityClassName": "nosuch"}}}});
    stand.daemon_set("agent", spec);
    stand.run_secs(1);
    assert!(stand.pods().is_empty());
    let events = stand.events("agent");
    let (head, tail) =
        ("FailedCreate Error creating: pods \"agent-", "no PriorityClass with name nosuch was found");
    assert!(!events.is_empty());
    for event in events {
        assert!(event.starts_with(head) && event.ends_with(&format!("\" is forbidden: {tail}")), "{event}");
    }
    stand.post("scheduling.k8s.io/v1", "PriorityClass", json!({"metadata": {"name": "nosuch"}, "value": 7}));
    stand.run_secs(60);
    assert_eq!(stand.pod_nodes(), ["n1"], "once the class is there the next try succeeds");
}

#[test]
fn ds_053_a_set_that_would_select_all_pods_gets_an_event_and_no_pods() {
    let mut stand = Stand::daemon_only(Duration::ZERO);
    stand.node("n1", json!({}));
    let ds = json!({"metadata": {"name": "agent", "namespace": "default"},
        "spec": {"selector": {}, "template": {"spec": {"containers": []}}}});
    stand.insert(Object::DaemonSet(Rc::new(DaemonSet::from_value(&ds))));
    stand.run_secs(1);
    assert_eq!(
        stand.events("agent"),
        ["SelectingAll This daemon set is selecting all pods. A non-empty selector is required."]
    );
    assert_eq!(stand.calls.len(), 1);
}

#[test]
fn ds_060_ds_062_ds_065_the_numbers_of_the_status() {
    let mut stand = cluster(4, json!({}));
    stand.all_ready();
    stand.run_secs(1);
    let taint = json!({"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]}});
    stand.patch(Kind::Node, "/n1", taint.clone());
    stand.set_ready(&on(&stand, "n2")[0].meta.name.clone(), false);
    let going = on(&stand, "n3")[0].meta.name.clone();
    stand.delete(Kind::Pod, &going, DeleteOptions::default());
    stand.node("n5", taint);
    stand.run_secs(1);
    // n1 keeps a ready pod that is not counted; n3's pod is going but still counts.
    assert_eq!(numbers(&stand), [3, 3, 2, 3, 2, 1]);
    assert_eq!(stand.ds("agent").status.number_unavailable, 1);
}

#[test]
fn ds_061_only_the_first_pod_of_a_node_is_looked_at() {
    let mut stand = cluster(1, rolling(json!({"maxUnavailable": 0, "maxSurge": 1})));
    stand.all_ready();
    stand.run_secs(2);
    set_image(&mut stand, "nginx:2");
    stand.run_secs(1);
    assert_eq!(stand.pods().len(), 2);
    // The old pod is the first: ready, available, not up to date.
    assert_eq!(numbers(&stand), [1, 1, 1, 0, 1, 0]);
}

#[test]
fn ds_063_ds_064_the_status_is_written_only_when_it_says_something_new() {
    let mut stand = cluster(1, json!({}));
    stand.calls.clear();
    let writes = |stand: &Stand| {
        stand.calls.iter().filter(|(_, call, _)| matches!(call, Call::UpdateStatus(_))).count()
    };
    stand.patch(Kind::DaemonSet, "agent", json!({"metadata": {"labels": {"a": "b"}}}));
    stand.run_secs(1);
    assert_eq!(writes(&stand), 0);
    stand.patch(Kind::DaemonSet, "agent", json!({"spec": {"minReadySeconds": 1}}));
    stand.run_secs(1);
    assert_eq!((writes(&stand), stand.ds("agent").status.observed_generation), (1, 2));
}

#[test]
fn ds_064_a_conflict_is_tried_again_once() {
    let mut stand = cluster(1, json!({}));
    stand.timers = false;
    stand.calls.clear();
    stand.all_ready();
    let mut refusals = 1;
    stand.refuse = Some(Box::new(move |call| {
        let status = matches!(call, Call::UpdateStatus(_)) && refusals > 0;
        refusals -= i32::from(status);
        status.then(|| {
            let kind = api::status_error::GroupResource::new("apps", "daemonsets");
            let error = api::status_error::StatusError::modified(kind, "agent");
            CallError::Status(Box::new(error))
        })
    }));
    stand.sync_once(&parse_key("agent"));
    let verbs: Vec<&str> = stand
        .calls
        .iter()
        .filter(|(_, call, _)| call.kind() == Kind::DaemonSet)
        .map(|(_, call, _)| call.verb())
        .collect();
    assert_eq!(verbs, ["update status", "get", "update status"]);
    assert_eq!(numbers(&stand), [1, 1, 1, 1, 1, 0]);
}

#[test]
fn ds_064_after_a_second_conflict_the_sync_is_queued_again() {
    let mut stand = cluster(1, json!({}));
    stand.calls.clear();
    let mut refusals = 2;
    stand.refuse = Some(Box::new(move |call| {
        let status = matches!(call, Call::UpdateStatus(_)) && refusals > 0;
        refusals -= i32::from(status);
        status.then(|| {
            let kind = api::status_error::GroupResource::new("apps", "daemonsets");
            CallError::Status(Box::new(api::status_error::StatusError::modified(kind, "agent")))
        })
    }));
    stand.all_ready();
    stand.run_secs(1);
    let about_sets = stand.calls.iter().filter(|(_, call, _)| call.kind() == Kind::DaemonSet);
    let verbs: Vec<&str> = about_sets.map(|(_, call, _)| call.verb()).collect();
    // Write, read and write again; then another sync writes it.
    assert_eq!(verbs, ["update status", "get", "update status", "update status"]);
    assert_eq!(numbers(&stand), [1, 1, 1, 1, 1, 0]);
}

/// Each of the seven numbers, and a generation that was not observed yet, is worth a write.
#[test]
fn ds_064_every_number_of_the_status_counts() {
    use api::daemonset::DaemonSetStatus;
    use controllers::daemon::status::StatusWrite;
    let ds = |generation: u32| {
        let mut ds = DaemonSet::from_value(&json!({"metadata": {"name": "agent", "generation": generation}}));
        ds.status.observed_generation = 1;
        Rc::new(ds)
    };
    let written = |ds: &Rc<DaemonSet>, numbers| StatusWrite::new(ds, numbers, true).is_some();
    assert!(!written(&ds(1), DaemonSetStatus::default()));
    assert!(written(&ds(2), DaemonSetStatus::default()));
    let none = DaemonSetStatus::default();
    for numbers in [
        DaemonSetStatus { desired_number_scheduled: 1, ..none },
        DaemonSetStatus { current_number_scheduled: 1, ..none },
        DaemonSetStatus { number_misscheduled: 1, ..none },
        DaemonSetStatus { number_ready: 1, ..none },
        DaemonSetStatus { updated_number_scheduled: 1, ..none },
        DaemonSetStatus { number_available: 1, ..none },
        DaemonSetStatus { number_unavailable: 1, ..none },
    ] {
        assert!(written(&ds(1), numbers), "{numbers:?}");
    }
}

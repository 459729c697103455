//! Pods that are made, deleted and replaced, and in what order. Rules: DS-008 … DS-036.

use std::collections::BTreeSet;

use api::DaemonSet;
use api::object::{Kind, Object};
use api::pod::Phase;
use serde_json::{Value, json};
use sim::{Duration, Time};
use wire::{Call, CallError, DeleteOptions};

use super::{add_pod, cluster, image, images, names, on, rolling, set_image};
use crate::stand::{Stand, parse_key};

#[test]
fn ds_008_missing_pods_are_made_and_misplaced_ones_deleted() {
    let mut stand = cluster(2, json!({"spec": {"template": {"spec": {"nodeSelector": {"disk": "ssd"}}}}}));
    assert_eq!(stand.pod_nodes(), [""; 0]);
    stand.patch(Kind::Node, "/n2", json!({"metadata": {"labels": {"disk": "ssd"}}}));
    stand.run_secs(1);
    assert_eq!(stand.pod_nodes(), ["n2"]);
    stand.all_ready();
    stand.instant_deletion = true;
    stand.patch(Kind::Node, "/n2", json!({"metadata": {"labels": {"disk": null}}}));
    stand.run_secs(1);
    assert_eq!(stand.pod_nodes(), [""; 0]);
}

#[test]
fn ds_010_a_terminating_pod_blocks_its_replacement_unless_it_has_ended() {
    let mut stand = cluster(1, json!({}));
    stand.all_ready();
    let name = stand.pods()[0].meta.name.to_string();
    stand.delete(Kind::Pod, &name, DeleteOptions::default());
    stand.run_secs(5);
    assert_eq!(stand.pods().len(), 1);
    stand.change_pod(&name, |pod| pod.status.phase = Phase::Failed);
    stand.run_secs(1);
    assert_eq!(stand.pods().len(), 2);
}

#[test]
fn ds_019_a_pod_is_pinned_by_affinity_and_keeps_the_rest() {
    let affinity = json!({"nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "disk", "operator": "DoesNotExist"}]}]},
        "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference":
            {"matchExpressions": [{"key": "a", "operator": "Exists"}]}}]}});
    let spec = json!({"affinity": affinity, "nodeSelector": {"kubernetes.io/os": "linux"}});
    let mut stand = Stand::new(Duration::ZERO);
    stand.node("n1", json!({"metadata": {"labels": {"kubernetes.io/os": "linux"}}}));
    stand.daemon_set("agent", json!({"spec": {"template": {"spec": spec}}}));
    stand.run_secs(1);
    let pod = stand.pods()[0].to_value();
    assert_eq!(pod["spec"]["nodeName"], Value::Null);
    assert_eq!(pod["spec"]["nodeSelector"], json!({"kubernetes.io/os": "linux"}));
    let got = &pod["spec"]["affinity"]["nodeAffinity"];
    assert_eq!(
        got["requiredDuringSchedulingIgnoredDuringExecution"],
        json!({"nodeSelectorTerms": [{"matchFields": [
            {"key": "metadata.name", "operator": "In", "values": ["n1"]}]}]})
    );
    assert_eq!(got["preferredDuringSchedulingIgnoredDuringExecution"][0]["weight"], 1);
}

#[test]
fn ds_020_ds_022_ds_052_failed_and_succeeded_pods_are_deleted_and_replaced_later() {
    let mut stand = cluster(2, json!({}));
    stand.all_ready();
    stand.run_secs(1);
    stand.instant_deletion = true;
    let (one, two) = (on(&stand, "n1")[0].meta.name.clone(), on(&stand, "n2")[0].meta.name.clone());
    stand.change_pod(&one, |pod| pod.status.phase = Phase::Failed);
    stand.change_pod(&two, |pod| pod.status.phase = Phase::Succeeded);
    stand.calls.clear();
    stand.timers = false;
    stand.sync_once(&parse_key("agent"));
    // This sync only deletes.
    assert_eq!(stand.pod_nodes(), [""; 0]);
    stand.sync_once(&parse_key("agent"));
    assert_eq!(stand.pod_nodes(), ["n1", "n2"]);
    let events = stand.events("agent");
    for expected in [
        format!("FailedDaemonPod Found failed daemon pod default/{one} on node n1, will try to kill it"),
        format!(
            "SucceededDaemonPod Found succeeded daemon pod default/{two} on node n2, will try to delete it"
        ),
    ] {
        assert!(events.contains(&expected), "{events:#?}");
    }
}

#[test]
fn ds_021_a_failing_pod_is_replaced_after_ever_longer_delays() {
    let mut stand = cluster(1, json!({}));
    stand.instant_deletion = true;
    let mut made = Vec::new();
    let start = stand.now;
    let mut seen = names(&stand);
    for _ in 0..400 {
        for pod in stand.pods() {
            if pod.status.phase != Phase::Failed {
                stand.change_pod(&pod.meta.name, |pod| {
                    pod.node_name = Some("n1".into());
                    pod.status.phase = Phase::Failed;
                });
            }
        }
        stand.run_for(Duration::from_millis(100));
        let new = names(&stand);
        if !new.is_subset(&seen) {
            made.push(stand.now.since(start).as_secs());
            seen.extend(new);
        }
    }
    // Deleted at once, then 1, 2, 4, 8 and 16 s after the deletion before.
    assert_eq!(made, [0, 1, 3, 7, 15, 31]);
}

#[test]
fn ds_023_of_several_pods_the_bound_then_the_oldest_then_the_first_by_name_stays() {
    let mut stand = Stand::new(Duration::ZERO);
    stand.instant_deletion = true;
    stand.node("n1", json!({}));
    let labels = json!({"app": "agent"});
    for (name, created, node) in [
        ("unbound", "2025-01-01T00:00:00Z", None),
        ("young", "2026-01-02T00:00:00Z", Some("n1")),
        ("b-old", "2026-01-01T00:00:00Z", Some("n1")),
        ("a-old", "2026-01-01T00:00:00Z", Some("n1")),
    ] {
        let affinity = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
            {"nodeSelectorTerms": [{"matchFields":
                [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]}]}}});
        let pod = json!({"metadata": {"name": name, "labels": labels, "creationTimestamp": created},
            "spec": {"nodeName": node, "affinity": affinity}});
        add_pod(&mut stand, pod);
    }
    stand.daemon_set("agent", json!({"spec": {"updateStrategy": {"type": "OnDelete"}}}));
    stand.run_secs(1);
    assert_eq!(names(&stand), BTreeSet::from(["a-old".to_owned()]));
}

#[test]
fn ds_024_while_surging_a_node_keeps_one_old_and_one_new_pod() {
    let mut stand = cluster(1, rolling(json!({"maxUnavailable": 0, "maxSurge": 1})));
    stand.instant_deletion = true;
    stand.all_ready();
    stand.run_secs(1);
    set_image(&mut stand, "nginx:2");
    stand.run_secs(1);
    assert_eq!(images(&stand), ["nginx:1", "nginx:2"]);
    stand.run_secs(60);
    assert_eq!(images(&stand), ["nginx:1", "nginx:2"]);
    // An old pod that is no longer ready is of no use.
    let old = stand.pods().into_iter().find(|pod| image(pod) == "nginx:1").unwrap();
    stand.set_ready(&old.meta.name, false);
    stand.run_secs(1);
    assert_eq!(images(&stand), ["nginx:2"]);
    // While surging, a node whose only pod is going gets a new one at once.
    stand.all_ready();
    stand.instant_deletion = false;
    let name = stand.pods()[0].meta.name.clone();
    stand.delete(Kind::Pod, &name, DeleteOptions::default());
    stand.run_secs(1);
    assert_eq!(stand.pods().len(), 2);
}

/// When each creation arrived, in seconds after the DaemonSet's.
fn creation_times(stand: &Stand, start: Time) -> Vec<u64> {
    let creations = stand.calls.iter().filter(|(_, call, _)| matches!(call, Call::Create(Object::Pod(_))));
    creations.map(|(at, _, _)| at.since(start).as_secs()).collect()
}

#[test]
fn ds_025_a_sync_creates_and_deletes_at_most_250() {
    let mut stand = Stand::new(Duration::ZERO);
    for number in 0..300 {
        stand.node(&format!("n{number}"), json!({}));
    }
    stand.timers = false;
    stand.daemon_set("agent", json!({"spec": {"updateStrategy": {"type": "OnDelete"}}}));
    stand.sync_once(&parse_key("agent"));
    assert_eq!(stand.pods().len(), 250);
    stand.sync_once(&parse_key("agent"));
    assert_eq!(stand.pods().len(), 300);
    stand.patch(
        Kind::DaemonSet,
        "agent",
        json!({"spec": {"template": {"spec": {"nodeSelector": {"a": "b"}}}}}),
    );
    stand.sync_once(&parse_key("agent"));
    assert_eq!(stand.pods().len(), 50);
}

#[test]
fn ds_026_creations_come_in_batches_that_double_and_stop_at_a_failing_one() {
    let mut stand = Stand::new(Duration::from_millis(500));
    for number in 0..20 {
        stand.node(&format!("n{number}"), json!({}));
    }
    let start = stand.now;
    stand.daemon_set("agent", json!({}));
    stand.run_secs(30);
    let times = creation_times(&stand, start);
    let batches: Vec<usize> = times.chunk_by(|a, b| a == b).map(<[u64]>::len).collect();
    assert_eq!(batches, [1, 2, 4, 8, 5]);

    let mut stand = Stand::new(Duration::ZERO);
    stand.timers = false;
    for number in 0..20 {
        stand.node(&format!("n{number}"), json!({}));
    }
    stand.daemon_set("agent", json!({}));
    let mut allowed = 4;
    stand.refuse = Some(Box::new(move |call| {
        allowed -= i32::from(matches!(call, Call::Create(Object::Pod(_))));
        (allowed < 0).then_some(CallError::TimedOut)
    }));
    stand.sync_once(&parse_key("agent"));
    // 1, 2 and 4: of the last batch one is made, and no further batch is tried.
    assert_eq!(creation_times(&stand, stand.now).len(), 7);
    assert_eq!(stand.pods().len(), 4);
}

#[test]
fn ds_026_deletions_come_together_after_all_creations() {
    let mut stand = Stand::new(Duration::from_millis(500));
    for name in ["n1", "n2"] {
        stand.node(name, json!({"metadata": {"labels": {"pool": "a"}}}));
    }
    stand.daemon_set("agent", json!({"spec": {"template": {"spec": {"nodeSelector": {"pool": "a"}}}}}));
    stand.run_secs(10);
    stand.all_ready();
    stand.run_secs(10);
    stand.node("n3", json!({"metadata": {"labels": {"pool": "b"}}}));
    stand.calls.clear();
    stand.patch(
        Kind::DaemonSet,
        "agent",
        json!({"spec": {"template": {"spec": {"nodeSelector": {"pool": "b"}}}}}),
    );
    stand.run_secs(10);
    let order: Vec<&str> = stand
        .calls
        .iter()
        .filter(|(_, call, _)| call.kind() == Kind::Pod)
        .map(|(_, call, _)| call.verb())
        .collect();
    assert_eq!(order, ["create", "delete", "delete"]);
}

#[test]
fn ds_027_until_creations_are_seen_only_the_status_is_refreshed() {
    let mut stand = cluster(2, json!({}));
    stand.timers = false;
    stand.tell(|manager, ctx| manager.daemon.expect_something(&parse_key("agent"), ctx.now));
    stand.node("n3", json!({}));
    stand.patch(Kind::DaemonSet, "agent", json!({"spec": {"minReadySeconds": 1}}));
    stand.sync_once(&parse_key("agent"));
    let status = stand.ds("agent").status;
    assert_eq!((status.desired_number_scheduled, status.observed_generation), (3, 1));
    assert_eq!(stand.pods().len(), 2);
    stand.run_secs(301);
    stand.sync_once(&parse_key("agent"));
    assert_eq!((stand.pods().len(), stand.ds("agent").status.observed_generation), (3, 2));
}

#[test]
fn ds_028_a_pod_beginning_to_terminate_counts_as_its_deletion_seen() {
    let mut stand = cluster(2, json!({}));
    stand.all_ready();
    stand.run_secs(1);
    set_image(&mut stand, "nginx:2");
    stand.run_secs(1);
    // One is terminating. The status could only be of generation 2 if that was enough.
    assert_eq!(stand.pods().iter().filter(|pod| pod.meta.is_terminating()).count(), 1);
    let generation = stand.ds("agent").meta.generation;
    stand.patch(Kind::DaemonSet, "agent", json!({"spec": {"minReadySeconds": 1}}));
    stand.run_secs(1);
    assert_eq!(stand.ds("agent").status.observed_generation, generation + 1);
}

#[test]
fn ds_030_ds_031_what_a_daemon_pod_carries() {
    let template = json!({"metadata": {"annotations": {"k": "v"}, "finalizers": ["x/y"]}});
    let stand = cluster(1, json!({"spec": {"template": template}}));
    let ds = stand.ds("agent");
    let pod = stand.pods()[0].clone();
    let hash = pod.meta.label("controller-revision-hash").unwrap().to_owned();
    let revision = stand.api.store.revisions.iter().next().unwrap().clone();
    assert_eq!(*revision.meta.name, format!("agent-{hash}"));
    let value = pod.to_value();
    // What only pods are defaulted (API-028).
    assert_eq!(value["spec"]["enableServiceLinks"], true);
    assert_eq!(
        value["metadata"]["labels"],
        json!({"app": "agent", "controller-revision-hash": hash, "pod-template-generation": "1"})
    );
    assert_eq!(value["metadata"]["annotations"], json!({"k": "v"}));
    assert_eq!(value["metadata"]["finalizers"], json!(["x/y"]));
    assert_eq!(
        value["metadata"]["ownerReferences"],
        json!([{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "agent",
            "uid": ds.meta.uid.to_string(), "controller": true, "blockOwnerDeletion": true}])
    );
    assert!(pod.meta.name.starts_with("agent-") && pod.meta.name.len() == 11, "{}", pod.meta.name);
}

#[test]
fn ds_031_the_template_generation_follows_its_annotation() {
    let mut stand = cluster(1, json!({}));
    stand.instant_deletion = true;
    let generation = |stand: &Stand| stand.pods()[0].meta.label("pod-template-generation").map(str::to_owned);
    assert_eq!(generation(&stand).as_deref(), Some("1"));
    set_image(&mut stand, "nginx:2");
    stand.run_secs(1);
    assert_eq!(generation(&stand).as_deref(), Some("2"));
    let ds = |value: Option<&str>| {
        let annotations = value.map(|text| json!({"deprecated.daemonset.template.generation": text}));
        DaemonSet::from_value(&json!({"metadata": {"name": "x", "annotations": annotations}}))
    };
    let of = |value| controllers::daemon::pods::template_generation(&ds(value));
    assert_eq!((of(Some("7")), of(Some("many")), of(None)), (Some(7), None, None));
}

#[test]
fn ds_032_hash_or_generation_makes_a_pod_up_to_date() {
    let mut stand = cluster(3, json!({"spec": {"updateStrategy": {"type": "OnDelete"}}}));
    let pods = stand.pods();
    stand.change_pod(&pods[0].meta.name, |pod| {
        pod.meta.common_mut().labels.insert("controller-revision-hash".into(), "other".into());
    });
    stand.change_pod(&pods[1].meta.name, |pod| {
        let labels = &mut pod.meta.common_mut().labels;
        labels.insert("controller-revision-hash".into(), "other".into());
        labels.insert("pod-template-generation".into(), "7".into());
    });
    stand.change_pod(&pods[2].meta.name, |pod| {
        pod.meta.common_mut().labels.insert("pod-template-generation".into(), "7".into());
    });
    stand.run_secs(1);
    assert_eq!(stand.ds("agent").status.updated_number_scheduled, 2);
}

#[test]
fn ds_033_a_terminating_namespace_is_no_reason_to_complain() {
    let mut stand = Stand::new(Duration::ZERO);
    stand.node("n1", json!({}));
    let status = api::status_error::StatusError::namespace_terminating(
        api::status_error::GroupResource::core("pods"),
        "agent-",
        "default",
    );
    stand.refuse = Some(Box::new(move |call| {
        matches!(call, Call::Create(Object::Pod(_))).then(|| CallError::Status(Box::new(status.clone())))
    }));
    stand.daemon_set("agent", json!({}));
    stand.run_secs(60);
    assert_eq!(stand.events("agent"), [""; 0]);
    assert_eq!(stand.manager.daemon.last_error, None);
    assert_eq!(creation_times(&stand, stand.now).len(), 1);
}

#[test]
fn ds_034_two_workers_and_retries_with_back_off() {
    let mut stand = Stand::new(Duration::from_secs(1));
    stand.node("n1", json!({}));
    for name in ["a", "b", "c"] {
        stand.daemon_set(name, json!({}));
    }
    stand.run_secs(3);
    // Two revisions asked for, the third DaemonSet waits for a worker.
    let asked = stand.calls.iter().filter(|(_, call, _)| call.kind() == Kind::ControllerRevision);
    assert_eq!(asked.count(), 2);

    let mut stand = Stand::new(Duration::ZERO);
    stand.refuse = Some(Box::new(|call| {
        matches!(call, Call::Create(Object::ControllerRevision(_))).then_some(CallError::Refused)
    }));
    stand.daemon_set("agent", json!({}));
    let start = stand.now;
    stand.run_secs(2);
    let tries: Vec<u64> = stand.calls.iter().map(|(at, _, _)| at.since(start).as_millis()).collect();
    assert_eq!(tries, [0, 5, 15, 35, 75, 155, 315, 635, 1275]);
}

#[test]
fn ds_035_a_daemon_set_being_deleted_is_left_alone() {
    let mut stand = cluster(1, json!({"metadata": {"finalizers": ["x/y"]}}));
    stand.delete(Kind::DaemonSet, "agent", DeleteOptions::default());
    stand.run_secs(1);
    stand.node("n2", json!({}));
    stand.run_secs(1);
    assert_eq!(stand.pod_nodes(), ["n1"]);
    assert_eq!(stand.ds("agent").status.desired_number_scheduled, 1);
}

#[test]
fn ds_036_revisions_come_first_then_pods_then_the_status() {
    let stand = cluster(1, json!({}));
    let order: Vec<String> = stand
        .calls
        .iter()
        .filter(|(_, call, _)| !matches!(call.kind(), Kind::Event | Kind::Node))
        .map(|(_, call, _)| format!("{} {}", call.verb(), call.kind().name()))
        .take(3)
        .collect();
    assert_eq!(order, ["create ControllerRevision", "create Pod", "update status DaemonSet"]);
}

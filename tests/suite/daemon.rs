//! The DaemonSet controller, rule by rule, on a real API server.

use std::collections::BTreeSet;
use std::rc::Rc;

use api::object::{Kind, Object};
use api::pod::{Phase, Pod};
use api::{ControllerRevision, DaemonSet, Node};
use controllers::daemon::nodes::{DaemonTemplate, Verdict, is_pod_available, node_should_run_daemon_pod};
use serde_json::{Value, json};
use sim::{Duration, Time};
use wire::{Call, CallError, DeleteOptions, Propagation};

use crate::stand::{Stand, merge, parse_key};

/// Whether a node may get and may keep a pod of a template with this spec.
fn verdict(spec: Value, node: Value) -> (bool, bool) {
    let ds = DaemonSet::from_value(&json!({"metadata": {"name": "x"}, "spec": {"template": {"spec": spec}}}));
    let mut value = json!({"metadata": {"name": "n1", "labels": {"disk": "ssd"}}});
    merge(&mut value, &node);
    let Verdict { should_run, should_continue_running } =
        node_should_run_daemon_pod(&Node::from_value(&value), &DaemonTemplate::new(&ds.template));
    (should_run, should_continue_running)
}

fn tainted(taints: &[&str]) -> Value {
    let taint = |text: &&str| {
        let (key, effect) = text.split_once(':').unwrap();
        json!({"key": key, "effect": effect})
    };
    json!({"spec": {"taints": taints.iter().map(taint).collect::<Vec<_>>()}})
}

/// Nodes n1… and one DaemonSet `agent`, after a second.
fn cluster(nodes: usize, more: Value) -> Stand {
    let mut stand = Stand::new(Duration::ZERO);
    for number in 1..=nodes {
        stand.node(&format!("n{number}"), json!({}));
    }
    stand.daemon_set("agent", more);
    stand.run_secs(1);
    stand
}

fn rolling(more: Value) -> Value {
    json!({"spec": {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": more}}})
}

fn set_image(stand: &mut Stand, image: &str) {
    let template = json!({"spec": {"containers": [{"name": "c", "image": image}]}});
    stand.patch(Kind::DaemonSet, "agent", json!({"spec": {"template": template}}));
}

fn image(pod: &Pod) -> String {
    pod.spec.containers[0].image.to_string()
}

fn images(stand: &Stand) -> Vec<String> {
    let mut images: Vec<String> = stand.pods().iter().map(|pod| image(pod)).collect();
    images.sort();
    images
}

fn names(stand: &Stand) -> BTreeSet<String> {
    stand.pods().iter().map(|pod| pod.meta.name.to_string()).collect()
}

fn on(stand: &Stand, node: &str) -> Vec<Rc<Pod>> {
    let target = |pod: &Pod| pod.node_name.clone().or(pod.pinned_to.clone()).unwrap_or_default();
    stand.pods().into_iter().filter(|pod| *target(pod) == *node).collect()
}

/// desired, current, ready, updated, available, misscheduled.
fn numbers(stand: &Stand) -> [u32; 6] {
    let status = stand.ds("agent").status;
    [
        status.desired_number_scheduled,
        status.current_number_scheduled,
        status.number_ready,
        status.updated_number_scheduled,
        status.number_available,
        status.number_misscheduled,
    ]
}

fn add_pod(stand: &mut Stand, value: Value) {
    let mut whole = json!({"metadata": {"namespace": "default", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"containers": [{"name": "c", "image": "nginx:1"}]}, "status": {"phase": "Running"}});
    merge(&mut whole, &value);
    stand.insert(Object::Pod(Rc::new(Pod::from_value(&whole))));
}

// ---- which nodes ----

#[test]
fn ds_001_nodes_are_judged_by_a_pod_with_the_automatic_tolerations() {
    assert_eq!(verdict(json!({}), json!({})), (true, true));
    let pressed = tainted(&["node.kubernetes.io/disk-pressure:NoSchedule"]);
    assert_eq!(verdict(json!({}), pressed), (true, true));
}

#[test]
fn ds_002_a_template_with_a_node_name_wants_no_other_node() {
    assert_eq!(verdict(json!({"nodeName": "n1"}), json!({})), (true, true));
    assert_eq!(verdict(json!({"nodeName": "n2"}), json!({})), (false, false));
}

#[test]
fn ds_003_selector_and_required_affinity_must_match() {
    let required = |expression: Value| {
        json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
            {"nodeSelectorTerms": [expression]}}}})
    };
    let labels = |values: Value| {
        required(json!({"matchExpressions": [{"key": "disk", "operator": "In", "values": values}]}))
    };
    let field = |name: &str| {
        required(json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": [name]}]}))
    };
    assert_eq!(verdict(json!({"nodeSelector": {"disk": "ssd"}}), json!({})), (true, true));
    assert_eq!(verdict(json!({"nodeSelector": {"disk": "hdd"}}), json!({})), (false, false));
    assert_eq!(verdict(labels(json!(["ssd"])), json!({})), (true, true));
    assert_eq!(verdict(labels(json!(["hdd"])), json!({})), (false, false));
    assert_eq!(verdict(field("n1"), json!({})), (true, true));
    assert_eq!(verdict(field("n2"), json!({})), (false, false));
    // A term that cannot be parsed matches nothing, and nobody is told.
    let wrong = required(json!({"matchExpressions": [{"key": "disk", "operator": "Like"}]}));
    assert_eq!(verdict(wrong, json!({})), (false, false));
}

#[test]
fn ds_004_only_no_schedule_and_no_execute_taints_count() {
    assert_eq!(verdict(json!({}), tainted(&["a:PreferNoSchedule"])), (true, true));
    assert!(!verdict(json!({}), tainted(&["a:NoSchedule"])).0);
    assert!(!verdict(json!({}), tainted(&["a:NoExecute"])).0);
}

#[test]
fn ds_005_only_a_no_execute_taint_ends_running_pods() {
    assert_eq!(verdict(json!({}), tainted(&["a:NoSchedule"])), (false, true));
    assert_eq!(verdict(json!({}), tainted(&["a:NoSchedule", "b:NoExecute"])), (false, false));
    let tolerant = json!({"tolerations": [{"key": "b", "operator": "Exists", "effect": "NoExecute"}]});
    assert_eq!(verdict(tolerant, tainted(&["a:NoSchedule", "b:NoExecute"])), (false, true));
}

#[test]
fn ds_006_cordon_readiness_and_resources_do_not_matter() {
    let node = json!({"spec": {"unschedulable": true}, "status": {
        "allocatable": {"cpu": "0", "pods": "0"}, "conditions": [{"type": "Ready", "status": "False"}]}});
    let spec = json!({"containers": [{"name": "c", "image": "i", "ports": [{"hostPort": 80}],
        "resources": {"requests": {"cpu": "64"}}}]});
    assert_eq!(verdict(spec, node), (true, true));
}

#[test]
fn ds_007_a_node_being_deleted_is_like_any_other() {
    let node = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["x/y"]}});
    assert_eq!(verdict(json!({}), node), (true, true));
}

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
fn ds_011_pods_waiting_for_a_node_that_is_gone_are_deleted_bound_ones_are_not() {
    let mut stand = cluster(2, json!({}));
    let bound = on(&stand, "n1")[0].meta.name.to_string();
    stand.change_pod(&bound, |pod| pod.node_name = Some("n1".into()));
    stand.run_secs(1);
    for node in ["/n1", "/n2"] {
        stand.delete(Kind::Node, node, DeleteOptions::default());
    }
    // Nobody is told of a node's end; something else has to wake the controller (DS-012).
    stand.run_secs(1);
    assert_eq!(stand.pod_nodes(), ["n1", "n2"]);
    stand.patch(Kind::DaemonSet, "agent", json!({"metadata": {"annotations": {"a": "b"}}}));
    stand.run_secs(1);
    assert_eq!(stand.pod_nodes(), ["n1"]);
}

#[test]
fn ds_012_only_labels_and_taints_of_a_node_wake_the_controller() {
    let mut stand = cluster(1, json!({}));
    stand.calls.clear();
    let looks = |stand: &Stand| stand.manager.daemon.set(&parse_key("agent")).unwrap().placement().looks;
    let before = looks(&stand);
    stand.patch(Kind::Node, "/n1", json!({"metadata": {"annotations": {"a": "b"}}}));
    stand.run_secs(1);
    assert_eq!((looks(&stand), stand.calls.len()), (before, 0));
    stand.patch(Kind::Node, "/n1", json!({"metadata": {"labels": {"a": "b"}}}));
    stand.run_secs(1);
    assert!(stand.calls.is_empty());
}

#[test]
fn ds_013_a_node_change_queues_only_the_daemon_sets_it_means_something_to() {
    let mut stand = cluster(1, json!({}));
    stand.daemon_set("ssd", json!({"spec": {"template": {"spec": {"nodeSelector": {"disk": "ssd"}}}}}));
    stand.run_secs(1);
    stand.all_ready();
    stand.run_secs(1);
    stand.timers = false;
    let queued = |stand: &mut Stand| {
        stand.run_secs(1);
        stand.manager.daemon.work_on_nodes(&stand.manager.caches.clone());
        let queued: Vec<String> = stand.manager.daemon.queued().iter().map(ToString::to_string).collect();
        stand.manager.daemon.clear_queue();
        queued
    };
    stand.patch(Kind::Node, "/n1", json!({"metadata": {"labels": {"other": "x"}}}));
    assert_eq!(queued(&mut stand), [""; 0]);
    stand.patch(Kind::Node, "/n1", json!({"metadata": {"labels": {"disk": "ssd"}}}));
    assert_eq!(queued(&mut stand), ["default/ssd"]);
    stand.patch(Kind::Node, "/n1", json!({"spec": {"taints": [{"key": "a", "effect": "NoExecute"}]}}));
    assert_eq!(queued(&mut stand), ["default/agent"]);
}

#[test]
fn ds_014_a_no_schedule_taint_alone_does_not_refresh_the_status() {
    let mut stand = cluster(2, json!({}));
    stand.all_ready();
    stand.run_secs(1);
    let taint = json!({"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]}});
    stand.patch(Kind::Node, "/n1", taint);
    stand.run_secs(60);
    assert_eq!(numbers(&stand), [2, 2, 2, 2, 2, 0]);
    // Anything else that wakes it brings the truth.
    stand.set_ready(&on(&stand, "n2")[0].meta.name.clone(), false);
    stand.run_secs(1);
    assert_eq!(numbers(&stand), [1, 1, 0, 1, 0, 1]);
    // From now on, as numberMisscheduled is not 0, the node's taints do wake it.
    stand.patch(Kind::Node, "/n1", json!({"spec": {"taints": []}}));
    stand.run_secs(1);
    assert_eq!(numbers(&stand), [2, 2, 1, 2, 1, 0]);
}

#[test]
fn ds_017_a_not_ready_node_keeps_its_pod_and_is_not_counted() {
    let mut stand = cluster(2, json!({}));
    stand.all_ready();
    stand.run_secs(1);
    let taints = json!([{"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"},
        {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}]);
    stand.node_unknown("n1");
    stand.patch(Kind::Node, "/n1", json!({"spec": {"taints": taints}}));
    stand.set_ready(&on(&stand, "n1")[0].meta.name.clone(), false);
    stand.run_secs(1);
    assert_eq!(stand.pod_nodes(), ["n1", "n2"]);
    assert_eq!(numbers(&stand), [1, 1, 1, 1, 1, 1]);
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

// ---- tidying ----

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

// ---- creating and deleting ----

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

// ---- adoption ----

fn labelled(name: &str, node: &str) -> Value {
    json!({"metadata": {"name": name, "labels": {"app": "agent"}}, "spec": {"nodeName": node}})
}

#[test]
fn ds_037_ds_040_a_matching_pod_without_controller_is_adopted_and_counts() {
    let mut stand = Stand::new(Duration::from_millis(100));
    stand.node("n1", json!({}));
    add_pod(&mut stand, labelled("mine", "n1"));
    stand.daemon_set("agent", json!({"spec": {"updateStrategy": {"type": "OnDelete"}}}));
    stand.run_secs(10);
    assert_eq!(names(&stand), BTreeSet::from(["mine".to_owned()]));
    assert_eq!(stand.pod("mine").meta.controller().unwrap().uid, stand.ds("agent").meta.uid);
    assert_eq!(numbers(&stand), [1, 1, 0, 0, 0, 0]);
    // The DaemonSet is looked at past the cache before it adopts.
    assert!(stand.calls.iter().any(|(_, call, _)| matches!(call, Call::Get { kind: Kind::DaemonSet, .. })));
}

#[test]
fn ds_040_an_adopted_pod_of_another_template_is_replaced_by_a_rolling_update() {
    let mut stand = Stand::new(Duration::ZERO);
    stand.instant_deletion = true;
    stand.node("n1", json!({}));
    add_pod(&mut stand, labelled("mine", "n1"));
    stand.set_ready("mine", true);
    stand.daemon_set("agent", json!({}));
    stand.run_secs(1);
    assert!(!names(&stand).contains("mine"));
    assert_eq!(stand.pods().len(), 1);
}

#[test]
fn ds_040_a_terminating_pod_or_one_elsewhere_is_not_adopted() {
    let mut stand = Stand::new(Duration::ZERO);
    stand.node("n1", json!({}));
    let mut elsewhere = labelled("elsewhere", "n1");
    elsewhere["metadata"]["namespace"] = json!("kube-system");
    add_pod(&mut stand, elsewhere);
    let mut going = labelled("going", "n1");
    going["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:30Z");
    add_pod(&mut stand, going);
    stand.daemon_set("agent", json!({}));
    stand.run_secs(1);
    assert!(stand.pod("going").meta.controller().is_none());
    assert!(stand.pod("kube-system/elsewhere").meta.controller().is_none());
    assert_eq!(stand.pods().len(), 3);
}

#[test]
fn ds_038_a_pod_of_another_controller_is_never_touched() {
    let mut stand = Stand::new(Duration::ZERO);
    stand.node("n1", json!({}));
    let selector = json!({"matchLabels": {"app": "agent"}});
    let spec =
        json!({"replicas": 1, "selector": selector, "template": {"metadata": {"labels": {"app": "agent"}}}});
    stand.insert_other("apps/v1", "ReplicaSet", "default", "rs", json!({"spec": spec}));
    let uid = stand.api.store.others[&crate::stand::kind("apps/v1", "ReplicaSet")]
        .get("default", "rs")
        .unwrap()
        .meta
        .uid;
    let mut theirs = labelled("theirs", "n1");
    theirs["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "rs",
        "uid": uid.to_string(), "controller": true}]);
    add_pod(&mut stand, theirs);
    let before = stand.pod("theirs");
    stand.daemon_set("agent", json!({}));
    stand.run_secs(1);
    assert_eq!(stand.pod("theirs"), before);
    assert_eq!(stand.pods().len(), 2);
}

#[test]
fn ds_039_a_pod_that_no_longer_matches_is_released_and_replaced() {
    let mut stand = cluster(1, json!({}));
    stand.all_ready();
    let name = stand.pods()[0].meta.name.clone();
    stand.patch(Kind::Pod, &name, json!({"metadata": {"labels": {"app": "debug"}}}));
    stand.run_secs(1);
    let released = stand.pod(&name);
    assert!(released.meta.controller().is_none() && !released.meta.is_terminating());
    assert_eq!(stand.pod_nodes(), ["n1", "n1"]);
    assert_eq!(numbers(&stand), [1, 1, 0, 1, 0, 0]);
}

#[test]
fn ds_041_overlapping_daemon_sets_keep_their_own_pods() {
    let mut stand = cluster(1, json!({}));
    let same = json!({"spec": {"selector": {"matchLabels": {"app": "agent"}},
        "template": {"metadata": {"labels": {"app": "agent"}}}}});
    stand.daemon_set("twin", same.clone());
    stand.run_secs(1);
    let owner = |pod: &Rc<Pod>| pod.meta.controller().unwrap().name.to_string();
    let mut owners: Vec<String> = stand.pods().iter().map(owner).collect();
    owners.sort();
    assert_eq!(owners, ["agent", "twin"]);
}

// ---- updates ----

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

// ---- events ----

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

// ---- revisions ----

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

// ---- status ----

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

// ---- deletion ----

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

//! Which nodes a DaemonSet wants, and what wakes its controller. Rules: DS-001 … DS-017.

use api::object::Kind;
use api::{DaemonSet, Node};
use controllers::daemon::nodes::{DaemonTemplate, Verdict, node_should_run_daemon_pod};
use serde_json::{Value, json};
use wire::DeleteOptions;

use super::{cluster, numbers, on};
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

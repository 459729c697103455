//! Nodes that fail, come back, come and go, through the whole cluster. Rules: ND-*, TL-5, CP-015, CP-019.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use kubestage::api::Node;
use kubestage::api::object::Kind;
use kubestage::api::pod::{ConditionStatus, ConditionType, Pod};
use kubestage::api::toleration::TaintEffect;
use kubestage::cluster::boot::MANIFESTS;
use kubestage::sim::Duration;
use kubestage::stage::{Command, Options, Stage, Start};

use super::sessions::{pods, run_for, standard};

const SECOND: Duration = Duration::from_secs(1);

fn exec(stage: &mut Stage, line: &str) -> String {
    exec_with(stage, line, &[])
}

/// Runs a command and a few seconds more.
fn exec_with(stage: &mut Stage, line: &str, files: &[(&str, &str)]) -> String {
    let files: BTreeMap<_, _> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).into())).collect();
    let id = stage.perform(Command::Exec { line: line.to_owned(), files });
    run_for(stage, Duration::from_secs(3));
    stage.job(id).map(|job| job.text.to_string()).unwrap_or_default()
}

/// What a deed answers; empty if it was done.
fn deed(stage: &mut Stage, command: Command) -> String {
    let id = stage.perform(command);
    stage.job(id).map(|job| job.text.to_string()).unwrap_or_default()
}

fn power_off(stage: &mut Stage, node: &str) {
    assert_eq!(deed(stage, Command::PowerOff { node: node.to_owned() }), "");
}

fn power_on(stage: &mut Stage, node: &str) {
    assert_eq!(deed(stage, Command::PowerOn { node: node.to_owned() }), "");
}

fn seconds(stage: &mut Stage, seconds: u64) {
    run_for(stage, Duration::from_secs(seconds));
}

fn node(stage: &Stage, name: &str) -> Node {
    stage.cluster().api.store.nodes.get("", name).map(|node| (**node).clone()).expect("the node exists")
}

fn is_ready(stage: &Stage, name: &str) -> bool {
    node(stage, name).is_ready()
}

/// `key:effect` without `node.kubernetes.io/`.
fn taints(stage: &Stage, name: &str) -> Vec<String> {
    let short = |text: String| text.replace("node.kubernetes.io/", "");
    let mut taints: Vec<String> = node(stage, name).taints.iter().map(|t| short(t.to_string())).collect();
    taints.sort();
    taints
}

fn has_no_execute(stage: &Stage, name: &str) -> bool {
    node(stage, name).taints.iter().any(|taint| taint.effect == TaintEffect::NoExecute)
}

/// Runs until it holds; after how many seconds, at most `limit`.
fn until(stage: &mut Stage, limit: u64, holds: impl Fn(&Stage) -> bool) -> u64 {
    for passed in 0..=limit {
        if holds(stage) {
            return passed;
        }
        run_for(stage, SECOND);
    }
    panic!("it did not come about within {limit} s");
}

fn pod_manifest(name: &str, node: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\nspec:\n  nodeName: {node}\n  containers:\n  \
         - name: main\n    image: nginx\n"
    )
}

fn apply_pod(stage: &mut Stage, name: &str, node: &str) {
    let text = pod_manifest(name, node);
    exec_with(stage, "kubectl apply -f pod.yaml", &[("pod.yaml", &text)]);
    seconds(stage, 10);
    assert!(pod(stage, name).is_some_and(|pod| pod.is_ready()), "{name} runs");
}

const AGENT: &str = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: agent\nspec:\n  selector:\n    \
    matchLabels:\n      app: agent\n  template:\n    metadata:\n      labels:\n        app: agent\n    spec:\n      \
    containers:\n      - name: main\n        image: nginx\n";

fn apply_agent(stage: &mut Stage) {
    exec_with(stage, "kubectl apply -f agent.yaml", &[("agent.yaml", AGENT)]);
    seconds(stage, 10);
}

fn write_static(stage: &mut Stage, node: &str, name: &str) {
    let text = format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\nspec:\n  containers:\n  - name: main\n    image: nginx\n"
    );
    let path = format!("{MANIFESTS}/{name}.yaml");
    assert_eq!(deed(stage, Command::WriteFile { node: node.to_owned(), path, text: text.into() }), "");
    seconds(stage, 20);
}

fn pod(stage: &Stage, name: &str) -> Option<std::rc::Rc<Pod>> {
    pods(stage).into_iter().find(|pod| *pod.meta.name == *name)
}

/// The one pod of DaemonSet `agent` on a node.
fn agent_on(stage: &Stage, node: &str) -> Option<std::rc::Rc<Pod>> {
    let mine = |pod: &&std::rc::Rc<Pod>| {
        pod.meta.name.starts_with("agent-") && pod.node_name.as_deref() == Some(node)
    };
    pods(stage).iter().find(mine).cloned()
}

/// `source reason message` of the events on an object, oldest first.
fn events(stage: &Stage, kind: Kind, name: &str) -> Vec<String> {
    let events = stage.cluster().api.store.events.iter();
    let mine =
        events.filter(|event| event.draft.regarding.kind == kind && *event.draft.regarding.name == *name);
    let line = |event: &std::rc::Rc<kubestage::api::event::Event>| {
        let draft = &event.draft;
        format!("{} {} {}", draft.source.component, draft.reason, draft.message())
    };
    mine.map(line).collect()
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(text);
}

/// How often each container of a node has been started.
fn starts(stage: &Stage, node: &str) -> Vec<(String, u32)> {
    let machine = stage.cluster().machine(node).expect("the machine exists");
    let containers = machine.kubelet.runtime.running_containers();
    containers.map(|(sandbox, container)| (sandbox.name.to_string(), container.attempt)).collect()
}

// ---- silence ----

#[test]
fn nd_012_a_node_shows_not_ready_40_to_55_seconds_after_its_kubelet_stopped() {
    for wait in [0, 1, 4, 8] {
        let mut stage = standard();
        seconds(&mut stage, wait);
        assert_eq!(deed(&mut stage, Command::StopKubelet { node: "worker-1".to_owned() }), "");
        let passed = until(&mut stage, 70, |stage| !is_ready(stage, "worker-1"));
        assert!((40..=56).contains(&passed), "{passed} s after waiting {wait} s");
    }
}

#[test]
fn nd_010_all_conditions_become_unknown() {
    let mut stage = standard();
    power_off(&mut stage, "worker-1");
    seconds(&mut stage, 60);
    let text: String = (node(&stage, "worker-1").conditions.iter())
        .map(|c| format!("{} {} {} {}\n", c.kind.text(), c.status.text(), c.reason, c.message))
        .collect();
    check(
        &text,
        expect![[r#"
            MemoryPressure Unknown NodeStatusUnknown Kubelet stopped posting node status.
            DiskPressure Unknown NodeStatusUnknown Kubelet stopped posting node status.
            PIDPressure Unknown NodeStatusUnknown Kubelet stopped posting node status.
            Ready Unknown NodeStatusUnknown Kubelet stopped posting node status.
        "#]],
    );
}

#[test]
fn nd_009_a_quiet_hour_takes_no_pass_of_the_monitor() {
    let mut stage = standard();
    seconds(&mut stage, 60);
    let before = stage.steps();
    seconds(&mut stage, 3_600);
    assert!(stage.steps() - before < 100, "{} steps", stage.steps() - before);
    // And nodes that stay away take none either, once all is done that follows from it.
    power_off(&mut stage, "worker-1");
    seconds(&mut stage, 600);
    let before = stage.steps();
    seconds(&mut stage, 3_600);
    assert!(stage.steps() - before < 100, "{} steps", stage.steps() - before);
}

#[test]
fn nd_015_nd_017_an_unreachable_node_gets_two_taints() {
    let mut stage = standard();
    power_off(&mut stage, "worker-1");
    until(&mut stage, 60, |stage| !is_ready(stage, "worker-1"));
    seconds(&mut stage, 1);
    assert_eq!(taints(&stage, "worker-1"), ["unreachable:NoSchedule"]);
    // The pass after it, with the first token of its zone.
    let passed = until(&mut stage, 10, |stage| has_no_execute(stage, "worker-1"));
    assert!(passed <= 6, "{passed} s");
    assert_eq!(taints(&stage, "worker-1"), ["unreachable:NoExecute", "unreachable:NoSchedule"]);
    let node = node(&stage, "worker-1");
    assert!(node.taints.iter().all(|taint| taint.time_added.is_some()));
}

#[test]
fn nd_017_the_second_node_of_a_zone_is_tainted_ten_seconds_later() {
    let mut stage = standard();
    power_off(&mut stage, "worker-1");
    power_off(&mut stage, "worker-2");
    let tainted =
        |stage: &Stage| ["worker-1", "worker-2"].iter().filter(|name| has_no_execute(stage, name)).count();
    until(&mut stage, 70, |stage| tainted(stage) == 1);
    let passed = until(&mut stage, 20, |stage| tainted(stage) == 2);
    assert!((9..=11).contains(&passed), "{passed} s");
}

#[test]
fn nd_018_nd_021_a_node_that_comes_back_is_as_before_and_nothing_is_restarted() {
    let mut stage = standard();
    apply_agent(&mut stage);
    write_static(&mut stage, "worker-1", "web");
    let before = starts(&stage, "worker-1");
    deed(&mut stage, Command::CutNetwork { node: "worker-1".to_owned() });
    seconds(&mut stage, 120);
    assert_eq!(taints(&stage, "worker-1"), ["unreachable:NoExecute", "unreachable:NoSchedule"]);
    for name in [agent_on(&stage, "worker-1").unwrap().meta.name.to_string(), "web-worker-1".to_owned()] {
        assert!(!pod(&stage, &name).unwrap().is_ready(), "{name}");
    }
    deed(&mut stage, Command::RestoreNetwork { node: "worker-1".to_owned() });
    let passed = until(&mut stage, 30, |stage| is_ready(stage, "worker-1"));
    assert!(passed <= 12, "{passed} s");
    until(&mut stage, 6, |stage| taints(stage, "worker-1").is_empty());
    until(&mut stage, 11, |stage| {
        let all = [agent_on(stage, "worker-1"), pod(stage, "web-worker-1")];
        all.iter().all(|pod| pod.as_ref().is_some_and(|pod| pod.is_ready()))
    });
    seconds(&mut stage, 60);
    assert_eq!(starts(&stage, "worker-1"), before);
}

#[test]
fn nd_019_nd_020_pods_of_a_silent_node_turn_not_ready_in_their_condition_only() {
    let mut stage = standard();
    apply_pod(&mut stage, "web", "worker-1");
    power_off(&mut stage, "worker-1");
    seconds(&mut stage, 65);
    let web = pod(&stage, "web").unwrap();
    let ready = web.status.condition(ConditionType::Ready).unwrap();
    assert_eq!((ready.status, web.status.containers[0].ready), (ConditionStatus::False, true));
    assert_eq!(
        events(&stage, Kind::Pod, "web").last().map(String::as_str),
        Some("node-controller NodeNotReady Node is not ready")
    );
    let node_events = events(&stage, Kind::Node, "worker-1");
    assert_eq!(
        node_events.last().map(String::as_str),
        Some("node-controller NodeNotReady Node worker-1 status is now: NodeNotReady")
    );
    check(
        &exec(&mut stage, "kubectl get pod web"),
        expect![[r#"
            NAME   READY   STATUS    RESTARTS   AGE
            web    1/1     Running   0          78s
        "#]],
    );
}

#[test]
fn nd_008_the_controller_says_what_it_sees_of_nodes() {
    let mut stage = standard();
    let said = |stage: &Stage| {
        let mut said = events(stage, Kind::Node, "worker-3");
        said.retain(|line| line.starts_with("node-controller"));
        said.join("\n") + "\n"
    };
    exec(&mut stage, "kubectl delete node worker-3");
    seconds(&mut stage, 10);
    check(
        &said(&stage),
        expect![[r#"
            node-controller RegisteredNode Node worker-3 event: Registered Node worker-3 in Controller
            node-controller RemovingNode Node worker-3 event: Removing Node worker-3 from Controller
        "#]],
    );
}

#[test]
fn nd_011_a_node_that_never_posted_status_gets_a_minute() {
    let mut stage = standard();
    let text = "apiVersion: v1\nkind: Node\nmetadata:\n  name: ghost\n";
    exec_with(&mut stage, "kubectl apply -f node.yaml", &[("node.yaml", text)]);
    let ready = |stage: &Stage| node(stage, "ghost").ready_status();
    assert_eq!(ready(&stage), None);
    let passed = until(&mut stage, 90, |stage| ready(stage) == Some(ConditionStatus::Unknown));
    assert!((56..=63).contains(&passed), "{passed} s after three more");
    let node = node(&stage, "ghost");
    assert!(node.conditions.iter().all(|c| *c.reason == *"NodeStatusNeverUpdated"), "{:?}", node.conditions);
}

#[test]
fn nd_014_a_controller_manager_that_starts_gives_all_nodes_a_fresh_grace_period() {
    let mut stage = standard();
    power_off(&mut stage, "worker-1");
    seconds(&mut stage, 35);
    let manager = "kube-controller-manager".to_owned();
    let crash = Command::CrashContainer {
        node: "control-plane".to_owned(),
        namespace: "kube-system".to_owned(),
        pod: format!("{manager}-control-plane"),
        container: manager,
        exit_code: 137,
    };
    assert_eq!(deed(&mut stage, crash), "");
    let passed = until(&mut stage, 120, |stage| !is_ready(stage, "worker-1"));
    assert!((50..=62).contains(&passed), "{passed} s after the restart");
}

// ---- many at once ----

#[test]
fn nd_022_with_three_of_four_nodes_down_nothing_is_evicted() {
    let mut stage = standard();
    apply_pod(&mut stage, "web", "worker-1");
    for node in ["worker-1", "worker-2", "worker-3"] {
        power_off(&mut stage, node);
    }
    seconds(&mut stage, 900);
    for node in ["worker-1", "worker-2", "worker-3"] {
        assert_eq!(taints(&stage, node), ["unreachable:NoSchedule"], "{node}");
    }
    assert!(!pod(&stage, "web").unwrap().meta.is_terminating());
    // With a second node alive it is two of four, and evictions go on.
    power_on(&mut stage, "worker-3");
    seconds(&mut stage, 60);
    assert!(has_no_execute(&stage, "worker-1") && has_no_execute(&stage, "worker-2"));
    seconds(&mut stage, 310);
    assert!(pod(&stage, "web").unwrap().meta.is_terminating());
}

#[test]
fn nd_022_a_node_tainted_before_the_third_failed_keeps_its_taint() {
    let mut stage = standard();
    power_off(&mut stage, "worker-1");
    seconds(&mut stage, 70);
    assert!(has_no_execute(&stage, "worker-1"));
    power_off(&mut stage, "worker-2");
    power_off(&mut stage, "worker-3");
    seconds(&mut stage, 300);
    assert!(has_no_execute(&stage, "worker-1"));
    assert_eq!(taints(&stage, "worker-2"), ["unreachable:NoSchedule"]);
}

#[test]
fn nd_023_cp_015_when_no_node_is_ready_evictions_stop() {
    let mut stage = standard();
    apply_pod(&mut stage, "web", "worker-1");
    power_off(&mut stage, "worker-1");
    seconds(&mut stage, 70);
    assert!(has_no_execute(&stage, "worker-1"));
    // No kubelet renews its lease any more; the control plane's containers go on.
    for node in ["worker-2", "worker-3", "control-plane"] {
        deed(&mut stage, Command::StopKubelet { node: node.to_owned() });
    }
    seconds(&mut stage, 70);
    let nodes = ["control-plane", "worker-1", "worker-2", "worker-3"];
    for node in nodes {
        assert!(
            !is_ready(&stage, node) && !has_no_execute(&stage, node),
            "{node}: {:?}",
            taints(&stage, node)
        );
    }
    seconds(&mut stage, 600);
    assert!(nodes.iter().all(|node| !has_no_execute(&stage, node)));
    assert!(!pod(&stage, "web").unwrap().meta.is_terminating());
    let cancelled = "taint-eviction-controller TaintManagerEviction Cancelling deletion of Pod default/web";
    assert!(events(&stage, Kind::Pod, "web").contains(&cancelled.to_owned()));
    // Three nodes are ready again: the one that is not gets its taint back.
    for node in ["worker-2", "worker-3", "control-plane"] {
        deed(&mut stage, Command::StartKubelet { node: node.to_owned() });
    }
    seconds(&mut stage, 60);
    assert_eq!(nodes.map(|node| has_no_execute(&stage, node)), [false, true, false, false]);
}

#[test]
fn nd_024_excluded_nodes_and_other_zones_do_not_count() {
    let mut stage = standard();
    exec(&mut stage, "kubectl label node worker-1 node.kubernetes.io/exclude-disruption=");
    for node in ["worker-1", "worker-2", "worker-3"] {
        power_off(&mut stage, node);
    }
    seconds(&mut stage, 120);
    // Two of three that count: not a disruption.
    assert!(["worker-1", "worker-2", "worker-3"].iter().all(|node| has_no_execute(&stage, node)));

    let mut stage = standard();
    exec(&mut stage, "kubectl label node worker-1 topology.kubernetes.io/zone=a");
    for node in ["worker-1", "worker-2", "worker-3"] {
        power_off(&mut stage, node);
    }
    seconds(&mut stage, 120);
    assert!(["worker-1", "worker-2", "worker-3"].iter().all(|node| has_no_execute(&stage, node)));
}

#[test]
fn cp_015_after_a_long_outage_of_the_api_server_all_nodes_recover() {
    let mut stage = standard();
    apply_pod(&mut stage, "web", "worker-1");
    let before = starts(&stage, "worker-1");
    deed(&mut stage, Command::SetApiServer { up: false });
    seconds(&mut stage, 300);
    deed(&mut stage, Command::SetApiServer { up: true });
    seconds(&mut stage, 600);
    for node in ["control-plane", "worker-1", "worker-2", "worker-3"] {
        assert!(is_ready(&stage, node), "{node}");
        assert!(
            !taints(&stage, node).iter().any(|taint| taint.contains("reach")),
            "{:?}",
            taints(&stage, node)
        );
    }
    assert!(pod(&stage, "web").is_some_and(|web| web.is_ready() && !web.meta.is_terminating()));
    assert_eq!(starts(&stage, "worker-1"), before);
}

// ---- evictions ----

#[test]
fn nd_025_nd_027_nd_028_nd_029_a_pod_of_a_dead_node_is_deleted_after_five_minutes_and_hangs() {
    let mut stage = standard();
    apply_agent(&mut stage);
    write_static(&mut stage, "worker-1", "static");
    apply_pod(&mut stage, "web", "worker-1");
    power_off(&mut stage, "worker-1");
    let passed = until(&mut stage, 420, |stage| pod(stage, "web").unwrap().meta.is_terminating());
    assert!((340..=365).contains(&passed), "{passed} s");
    let web = pod(&stage, "web").unwrap();
    let target = web.status.condition(ConditionType::DisruptionTarget).unwrap();
    assert_eq!(target.status, ConditionStatus::True);
    let reason = target.reason.as_ref().unwrap();
    assert_eq!(
        (&*reason.reason, &*reason.message),
        ("DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint")
    );
    let said = "taint-eviction-controller TaintManagerEviction Marking for deletion Pod default/web";
    assert!(events(&stage, Kind::Pod, "web").contains(&said.to_owned()));
    // ND-029: nobody confirms; ND-028, ND-030: daemon pods and mirror pods stay.
    seconds(&mut stage, 600);
    assert!(pod(&stage, "web").unwrap().meta.is_terminating());
    assert!(!agent_on(&stage, "worker-1").unwrap().meta.is_terminating());
    assert!(!pod(&stage, "static-worker-1").unwrap().meta.is_terminating());
    // The node comes back, and its kubelet ends what hangs.
    power_on(&mut stage, "worker-1");
    until(&mut stage, 40, |stage| pod(stage, "web").is_none());
    seconds(&mut stage, 30);
    assert!(agent_on(&stage, "worker-1").is_some_and(|pod| pod.is_ready()));
    assert!(pod(&stage, "static-worker-1").is_some_and(|pod| pod.is_ready()));
}

#[test]
fn nd_026_the_smallest_toleration_counts_and_an_untolerated_taint_evicts_at_once() {
    let mut stage = standard();
    let pod_with = |name: &str, tolerations: &str| {
        format!("{}  tolerations:\n{tolerations}", pod_manifest(name, "worker-1"))
    };
    let toleration = |seconds: &str| {
        format!("  - key: maintenance\n    operator: Exists\n    effect: NoExecute\n{seconds}")
    };
    let soon = toleration("    tolerationSeconds: 20\n");
    let two = toleration("    tolerationSeconds: 60\n")
        + "  - key: fire\n    operator: Exists\n    tolerationSeconds: 30\n    effect: NoExecute\n";
    for (name, tolerations) in [("soon", soon), ("two", two.clone()), ("stays", toleration(""))] {
        let text = pod_with(name, &tolerations);
        let printed = exec_with(&mut stage, "kubectl apply -f pod.yaml", &[("pod.yaml", &text)]);
        assert_eq!(printed, format!("pod/{name} created\n"));
    }
    apply_pod(&mut stage, "plain", "worker-1");
    exec(&mut stage, "kubectl taint node worker-1 maintenance:NoExecute");
    let going = |stage: &Stage| {
        let gone = |name: &&str| pod(stage, name).is_none_or(|pod| pod.meta.is_terminating());
        ["plain", "soon", "stays", "two"].into_iter().filter(|name| gone(name)).collect::<Vec<_>>()
    };
    assert_eq!(going(&stage), ["plain"]);
    seconds(&mut stage, 16);
    assert_eq!(going(&stage), ["plain"]);
    seconds(&mut stage, 4);
    assert_eq!(going(&stage), ["plain", "soon"]);
    // A taint that comes later with a shorter toleration does not bring a deletion forward that is due.
    exec(&mut stage, "kubectl taint node worker-1 fire:NoExecute");
    assert_eq!(going(&stage), ["plain", "soon", "stays"]);
    seconds(&mut stage, 31);
    assert_eq!(going(&stage), ["plain", "soon", "stays"]);
    seconds(&mut stage, 6);
    assert_eq!(going(&stage), ["plain", "soon", "stays", "two"]);
    // Of two that are seen together the shorter one counts.
    let again = pod_with("again", &two);
    exec_with(&mut stage, "kubectl apply -f pod.yaml", &[("pod.yaml", &again)]);
    seconds(&mut stage, 25);
    assert!(!pod(&stage, "again").unwrap().meta.is_terminating());
    seconds(&mut stage, 5);
    assert!(pod(&stage, "again").is_none_or(|pod| pod.meta.is_terminating()));
}

#[test]
fn nd_026_a_taint_that_goes_in_time_cancels_the_deletion() {
    let mut stage = standard();
    apply_pod(&mut stage, "web", "worker-1");
    deed(&mut stage, Command::CutNetwork { node: "worker-1".to_owned() });
    seconds(&mut stage, 200);
    deed(&mut stage, Command::RestoreNetwork { node: "worker-1".to_owned() });
    seconds(&mut stage, 600);
    let web = pod(&stage, "web").unwrap();
    assert!(web.is_ready() && !web.meta.is_terminating());
    let said: Vec<String> = (events(&stage, Kind::Pod, "web").into_iter())
        .filter(|line| line.contains("TaintManagerEviction"))
        .collect();
    assert_eq!(
        said,
        ["taint-eviction-controller TaintManagerEviction Cancelling deletion of Pod default/web"]
    );
}

#[test]
fn nd_030_mirror_pods_tolerate_every_no_execute_taint() {
    let mut stage = standard();
    write_static(&mut stage, "worker-1", "web");
    let before = pod(&stage, "web-worker-1").unwrap().meta.uid;
    exec(&mut stage, "kubectl taint node worker-1 maintenance:NoExecute");
    seconds(&mut stage, 600);
    let mirror = pod(&stage, "web-worker-1").unwrap();
    assert!(mirror.meta.uid == before && !mirror.meta.is_terminating());
}

#[test]
fn nd_029_nd_034_the_out_of_service_taint_ends_what_hangs() {
    let mut stage = standard();
    apply_pod(&mut stage, "web", "worker-1");
    power_off(&mut stage, "worker-1");
    seconds(&mut stage, 400);
    assert!(pod(&stage, "web").unwrap().meta.is_terminating());
    exec(&mut stage, "kubectl taint node worker-1 node.kubernetes.io/out-of-service=nodeshutdown:NoExecute");
    let passed = until(&mut stage, 30, |stage| pod(stage, "web").is_none());
    assert!(passed <= 21, "{passed} s");
}

#[test]
fn nd_034_a_pod_that_was_never_bound_does_not_hang() {
    let mut stage = standard();
    let text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: held\n  finalizers: [example.com/hold]\nspec:\n  \
        nodeSelector:\n    nowhere: \"true\"\n  containers:\n  - name: main\n    image: nginx\n";
    exec_with(&mut stage, "kubectl apply -f pod.yaml", &[("pod.yaml", text)]);
    exec(&mut stage, "kubectl delete pod held --wait=false");
    // The collector has tried: the pod is marked as failed, and only its finalizer holds it.
    let failed = |stage: &Stage| pod(stage, "held").is_some_and(|pod| pod.is_terminal());
    let passed = until(&mut stage, 30, failed);
    assert!(passed <= 21, "{passed} s");
    let before = stage.steps();
    seconds(&mut stage, 600);
    assert!(stage.steps() - before < 50, "it is left alone: {} steps", stage.steps() - before);
}

// ---- nodes that are deleted ----

#[test]
fn nd_031_nd_032_nd_044_cmp_028_a_deleted_nodes_pods_vanish_after_40_to_60_seconds() {
    let mut stage = standard();
    apply_agent(&mut stage);
    write_static(&mut stage, "worker-1", "web");
    let agent = agent_on(&stage, "worker-1").unwrap().meta.name.to_string();
    let running = |stage: &Stage| {
        let mut names: Vec<String> = starts(stage, "worker-1").into_iter().map(|(name, _)| name).collect();
        names.sort();
        names
    };
    assert_eq!(running(&stage), [agent.as_str(), "web-worker-1"]);
    check(
        &exec(&mut stage, "kubectl delete node worker-1"),
        expect![[r#"
            node "worker-1" deleted
        "#]],
    );
    // The garbage collector takes the mirror pod and the lease, which the Node owned.
    until(&mut stage, 5, |stage| pod(stage, "web-worker-1").is_none());
    assert!(stage.cluster().api.store.leases.get("kube-node-lease", "worker-1").is_none());
    let passed = 3 + until(&mut stage, 70, |stage| pod(stage, &agent).is_none());
    assert!((40..=63).contains(&passed), "{passed} s");
    seconds(&mut stage, 40);
    assert_eq!(running(&stage), ["web-worker-1"], "only the static pod runs on");
    assert!(pod(&stage, "web-worker-1").is_none());
    assert!(stage.cluster().api.store.nodes.get("", "worker-1").is_none());
    let journal = stage.journal("worker-1");
    assert!(journal.iter().any(|(_, line)| line.contains("node \\\"worker-1\\\" not found")), "{journal:?}");
}

#[test]
fn nd_031_orphans_are_marked_failed_before_they_go() {
    let mut stage = standard();
    let text =
        pod_manifest("web", "worker-1").replace("  name: web\n", "  name: web\n  finalizers: [a.b/hold]\n");
    exec_with(&mut stage, "kubectl apply -f pod.yaml", &[("pod.yaml", &text)]);
    seconds(&mut stage, 10);
    power_off(&mut stage, "worker-1");
    exec(&mut stage, "kubectl delete node worker-1");
    seconds(&mut stage, 70);
    let web = pod(&stage, "web").unwrap();
    assert_eq!(web.status.phase.text(), "Failed");
    let target = web.status.condition(ConditionType::DisruptionTarget).unwrap().reason.clone().unwrap();
    assert_eq!((&*target.reason, &*target.message), ("DeletionByPodGC", "PodGC: node no longer exists"));
}

#[test]
fn nd_031_a_node_that_is_back_within_the_quarantine_keeps_its_pods() {
    let mut stage = standard();
    apply_pod(&mut stage, "web", "worker-1");
    let before = starts(&stage, "worker-1");
    exec(&mut stage, "kubectl delete node worker-1");
    seconds(&mut stage, 20);
    deed(&mut stage, Command::RestartKubelet { node: "worker-1".to_owned() });
    seconds(&mut stage, 120);
    assert!(pod(&stage, "web").is_some_and(|web| web.is_ready()));
    assert_eq!(starts(&stage, "worker-1"), before);
}

#[test]
fn nd_045_a_deleted_node_is_back_when_its_kubelet_restarts() {
    let mut stage = standard();
    apply_agent(&mut stage);
    write_static(&mut stage, "worker-1", "web");
    exec(&mut stage, "kubectl label node worker-1 pool=blue");
    exec(&mut stage, "kubectl cordon worker-1");
    let before = node(&stage, "worker-1");
    exec(&mut stage, "kubectl delete node worker-1");
    seconds(&mut stage, 200);
    assert!(stage.cluster().api.store.nodes.get("", "worker-1").is_none());
    assert_eq!(deed(&mut stage, Command::RestartKubelet { node: "worker-1".to_owned() }), "");
    seconds(&mut stage, 20);
    assert!(agent_on(&stage, "worker-1").is_some_and(|pod| pod.is_ready()));
    // The static pod was synced before the node was there; its next sync makes the mirror (KL-036).
    seconds(&mut stage, 100);
    let after = node(&stage, "worker-1");
    assert_ne!(after.meta.uid, before.meta.uid);
    assert!(after.is_ready() && !after.unschedulable && after.taints.is_empty(), "{:?}", after.taints);
    assert!(!after.meta.labels().contains_key("pool"));
    assert!(pod(&stage, "web-worker-1").is_some_and(|pod| pod.is_ready()));
    assert!(stage.cluster().api.store.leases.get("kube-node-lease", "worker-1").is_some());
}

// ---- cordon ----

#[test]
fn nd_036_cordon_affects_only_scheduling() {
    let mut stage = standard();
    apply_pod(&mut stage, "early", "worker-1");
    exec(&mut stage, "kubectl cordon worker-1");
    apply_agent(&mut stage);
    write_static(&mut stage, "worker-1", "static");
    apply_pod(&mut stage, "late", "worker-1");
    for name in ["early", "late", "static-worker-1"] {
        assert!(pod(&stage, name).is_some_and(|pod| pod.is_ready()), "{name}");
    }
    assert!(agent_on(&stage, "worker-1").is_some_and(|pod| pod.is_ready()));
    let free = pod_manifest("free", "worker-1").replace("  nodeName: worker-1\n", "");
    let picky = free.replace("spec:\n", "spec:\n  nodeSelector:\n    kubernetes.io/hostname: worker-1\n");
    exec_with(&mut stage, "kubectl apply -f pod.yaml", &[("pod.yaml", &picky)]);
    seconds(&mut stage, 10);
    assert_eq!(pod(&stage, "free").unwrap().node_name, None);
}

// ---- machines ----

#[test]
fn nd_046_a_new_node_gets_its_daemon_pods_once_it_is_ready() {
    let mut stage = Stage::new(Options { start: Start::Ready, ..Options::default() });
    apply_agent(&mut stage);
    let desired = |stage: &Stage, namespace: &str, name: &str| {
        let set = stage.cluster().api.store.daemonsets.get(namespace, name).unwrap();
        set.status.desired_number_scheduled
    };
    assert_eq!([desired(&stage, "default", "agent"), desired(&stage, "kube-system", "kube-proxy")], [3, 4]);
    let labels = BTreeMap::from([("pool".to_owned(), "blue".to_owned())]);
    assert_eq!(deed(&mut stage, Command::AddMachine { node: "worker-9".to_owned(), labels }), "");
    // What tolerates everything is wanted there at once, the other set once the taint is gone.
    let mut wanted = Vec::new();
    for _ in 0..300 {
        run_for(&mut stage, Duration::from_millis(100));
        wanted.push([desired(&stage, "default", "agent"), desired(&stage, "kube-system", "kube-proxy")]);
    }
    wanted.dedup();
    assert_eq!(wanted, [[3, 4], [3, 5], [4, 5]]);
    assert!(agent_on(&stage, "worker-9").is_some_and(|pod| pod.is_ready()));
    assert_eq!(node(&stage, "worker-9").meta.labels().get("pool").map(|v| &**v), Some("blue"));
}

#[test]
fn machines_that_cannot_be_are_refused_in_a_sentence() {
    let mut stage = standard();
    let mut told = String::new();
    let no_labels = BTreeMap::new;
    let wrong = BTreeMap::from([("a b".to_owned(), "c".to_owned())]);
    let node = |name: &str| name.to_owned();
    for command in [
        Command::PowerOff { node: node("nowhere") },
        Command::PowerOn { node: node("worker-1") },
        Command::RestoreNetwork { node: node("worker-1") },
        Command::AddMachine { node: node("worker-1"), labels: no_labels() },
        Command::AddMachine { node: node("Über"), labels: no_labels() },
        Command::AddMachine { node: node(""), labels: no_labels() },
        Command::AddMachine { node: node("worker-4"), labels: wrong },
        Command::RemoveMachine { node: node("control-plane") },
        Command::RemoveMachine { node: node("") },
    ] {
        told += &deed(&mut stage, command);
    }
    power_off(&mut stage, "worker-1");
    for command in [
        Command::PowerOff { node: node("worker-1") },
        Command::StartKubelet { node: node("worker-1") },
        Command::WriteFile { node: node("worker-1"), path: node("/tmp/x"), text: "".into() },
    ] {
        told += &deed(&mut stage, command);
    }
    told += &exec(&mut stage, "ssh worker-1 ls");
    check(
        &told,
        expect![[r#"
            ssh: Could not resolve hostname nowhere: Name or service not known
            worker-1 is switched on already
            worker-1 is connected already
            there is a machine worker-1 already
            "Über" is no name for a node: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
            "" is no name for a node: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
            a b=c is no label: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')
            control-plane carries the control plane: without it there is no cluster
            ssh: Could not resolve hostname : Name or service not known
            worker-1 is switched off already
            ssh: connect to host worker-1 port 22: No route to host
            ssh: connect to host worker-1 port 22: No route to host
            ssh: connect to host worker-1 port 22: No route to host
        "#]],
    );
}

#[test]
fn a_machine_that_is_taken_away_leaves_its_node() {
    let mut stage = standard();
    apply_agent(&mut stage);
    assert_eq!(deed(&mut stage, Command::RemoveMachine { node: "worker-3".to_owned() }), "");
    seconds(&mut stage, 120);
    assert!(!is_ready(&stage, "worker-3"));
    assert!(agent_on(&stage, "worker-3").is_some());
    let gone = deed(&mut stage, Command::PowerOn { node: "worker-3".to_owned() });
    assert_eq!(gone, "ssh: Could not resolve hostname worker-3: Name or service not known\n");
    exec(&mut stage, "kubectl delete node worker-3");
    seconds(&mut stage, 70);
    assert!(agent_on(&stage, "worker-3").is_none());
    // The name is free again.
    let labels = BTreeMap::new();
    assert_eq!(deed(&mut stage, Command::AddMachine { node: "worker-3".to_owned(), labels }), "");
    seconds(&mut stage, 60);
    assert!(is_ready(&stage, "worker-3"));
    assert!(agent_on(&stage, "worker-3").is_some_and(|pod| pod.is_ready()));
}

#[test]
fn a_machine_that_was_off_starts_its_pods_anew() {
    let mut stage = standard();
    apply_pod(&mut stage, "web", "worker-1");
    write_static(&mut stage, "worker-1", "static");
    power_off(&mut stage, "worker-1");
    assert_eq!(starts(&stage, "worker-1"), []);
    seconds(&mut stage, 20);
    power_on(&mut stage, "worker-1");
    seconds(&mut stage, 60);
    let mut names = starts(&stage, "worker-1");
    names.sort();
    assert_eq!(names, [("static-worker-1".to_owned(), 1), ("web".to_owned(), 1)]);
    let restarts = |name: &str| pod(&stage, name).unwrap().status.containers[0].restart_count;
    assert_eq!([restarts("web"), restarts("static-worker-1")], [1, 1]);
}

#[test]
fn cp_019_without_its_kubelet_a_node_neither_starts_nor_stops_anything() {
    let mut stage = standard();
    apply_pod(&mut stage, "web", "worker-1");
    deed(&mut stage, Command::StopKubelet { node: "worker-1".to_owned() });
    exec(&mut stage, "kubectl delete pod web --wait=false");
    let text = pod_manifest("late", "worker-1");
    exec_with(&mut stage, "kubectl apply -f pod.yaml", &[("pod.yaml", &text)]);
    seconds(&mut stage, 60);
    assert!(!is_ready(&stage, "worker-1"));
    assert_eq!(starts(&stage, "worker-1"), [("web".to_owned(), 0)]);
    assert!(pod(&stage, "web").unwrap().meta.is_terminating());
    assert_eq!(pod(&stage, "late").unwrap().status.phase.text(), "Pending");
    deed(&mut stage, Command::StartKubelet { node: "worker-1".to_owned() });
    seconds(&mut stage, 60);
    assert!(pod(&stage, "web").is_none() && pod(&stage, "late").is_some_and(|pod| pod.is_ready()));
}

#[test]
fn cmp_029_on_an_unreachable_node_daemon_and_mirror_pods_stay() {
    let mut stage = standard();
    apply_agent(&mut stage);
    write_static(&mut stage, "worker-1", "web");
    deed(&mut stage, Command::CutNetwork { node: "worker-1".to_owned() });
    seconds(&mut stage, 1_000);
    for pod in [agent_on(&stage, "worker-1"), pod(&stage, "web-worker-1")] {
        let pod = pod.unwrap();
        assert!(!pod.is_ready() && !pod.meta.is_terminating(), "{}", pod.meta.name);
    }
    let set = stage.cluster().api.store.daemonsets.get("default", "agent").unwrap().status;
    assert_eq!((set.desired_number_scheduled, set.number_ready), (2, 2));
}

#[test]
fn cp_014_without_the_control_plane_nobody_answers_and_all_comes_back_with_it() {
    let mut stage = standard();
    apply_agent(&mut stage);
    power_off(&mut stage, "control-plane");
    let told = exec(&mut stage, "kubectl get nodes");
    check(
        &told,
        expect![[r#"
        Unable to connect to the server: dial tcp 192.168.56.10:6443: i/o timeout
    "#]],
    );
    seconds(&mut stage, 100);
    let before = starts(&stage, "worker-1");
    power_on(&mut stage, "control-plane");
    seconds(&mut stage, 300);
    for node in ["control-plane", "worker-1", "worker-2", "worker-3"] {
        assert!(is_ready(&stage, node), "{node}");
    }
    assert_eq!(starts(&stage, "worker-1"), before);
    // With its cable out it goes on by itself.
    deed(&mut stage, Command::CutNetwork { node: "control-plane".to_owned() });
    assert_eq!(exec(&mut stage, "kubectl get nodes"), told);
    seconds(&mut stage, 70);
    assert!(is_ready(&stage, "control-plane") && !is_ready(&stage, "worker-1"));
    deed(&mut stage, Command::RestoreNetwork { node: "control-plane".to_owned() });
    seconds(&mut stage, 60);
    assert!(is_ready(&stage, "worker-1"));
}

/// The node's life as a table: one line for each change.
fn timeline(stage: &mut Stage, node_name: &str, span: u64, columns: impl Fn(&Stage) -> String) -> String {
    let begin = stage.now();
    let (mut text, mut last) = (String::new(), String::new());
    for _ in 0..span {
        let now = format!("{:<44} {}", taints(stage, node_name).join(" "), columns(stage));
        if now != last {
            text += &format!("{:>4} s  {now}\n", stage.now().since(begin).as_secs());
            last = now;
        }
        run_for(stage, SECOND);
    }
    text
}

/// TL-5 and its end: a node of four dies, and comes back after ten minutes.
#[test]
fn nd_012_nd_018_nd_028_tl_5_the_life_of_a_node_that_dies_and_comes_back() {
    let mut stage = standard();
    apply_agent(&mut stage);
    apply_pod(&mut stage, "web", "worker-1");
    let columns = |stage: &Stage| {
        let state = |pod: Option<std::rc::Rc<Pod>>| match pod {
            None => "gone",
            Some(pod) if pod.meta.is_terminating() => "terminating",
            Some(pod) if pod.is_ready() => "ready",
            Some(_) => "not ready",
        };
        let set = stage.cluster().api.store.daemonsets.get("default", "agent").unwrap().status;
        let (desired, ready) = (set.desired_number_scheduled, set.number_ready);
        let (web, agent) = (state(pod(stage, "web")), state(agent_on(stage, "worker-1")));
        format!("agents {desired}/{ready}, agent {agent}, web {web}")
    };
    power_off(&mut stage, "worker-1");
    check(
        &timeline(&mut stage, "worker-1", 600, columns),
        expect![[r#"
               0 s                                               agents 3/3, agent ready, web ready
              46 s  unreachable:NoSchedule                       agents 2/2, agent not ready, web not ready
              50 s  unreachable:NoExecute unreachable:NoSchedule agents 2/2, agent not ready, web not ready
             352 s  unreachable:NoExecute unreachable:NoSchedule agents 2/2, agent not ready, web terminating
        "#]],
    );
    power_on(&mut stage, "worker-1");
    check(
        &timeline(&mut stage, "worker-1", 120, columns),
        expect![[r#"
               0 s  unreachable:NoExecute unreachable:NoSchedule agents 2/2, agent not ready, web terminating
              11 s  unreachable:NoExecute unreachable:NoSchedule agents 2/2, agent not ready, web gone
              12 s  unreachable:NoExecute                        agents 3/2, agent not ready, web gone
              13 s  unreachable:NoExecute                        agents 3/3, agent ready, web gone
              15 s                                               agents 3/3, agent ready, web gone
        "#]],
    );
}

// ---- budgets ----

#[test]
fn nd_041_a_disruption_budget_refuses_evictions_until_it_allows_one() {
    let mut stage = standard();
    for name in ["a", "b"] {
        let text = pod_manifest(name, "worker-1").replace("spec:", "  labels:\n    app: web\nspec:");
        exec_with(&mut stage, "kubectl apply -f pod.yaml", &[("pod.yaml", &text)]);
    }
    let budget = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: web\nspec:\n  \
        minAvailable: 2\n  selector:\n    matchLabels:\n      app: web\n";
    exec_with(&mut stage, "kubectl apply -f pdb.yaml", &[("pdb.yaml", budget)]);
    seconds(&mut stage, 5);
    check(
        &exec(&mut stage, "kubectl get pdb"),
        expect![[r#"
        NAME   MIN AVAILABLE   MAX UNAVAILABLE   ALLOWED DISRUPTIONS   AGE
        web    2               N/A               0                     8s
    "#]],
    );
    let line = "kubectl drain worker-1 --force --ignore-daemonsets".to_owned();
    let drain = stage.perform(Command::Exec { line, files: BTreeMap::new() });
    seconds(&mut stage, 8);
    assert!(stage.job(drain).is_some_and(|job| job.exit_code.is_none()));
    // A third pod elsewhere: one may go, and is retried within five seconds.
    let third = pod_manifest("c", "worker-2").replace("spec:", "  labels:\n    app: web\nspec:");
    exec_with(&mut stage, "kubectl apply -f pod.yaml", &[("pod.yaml", &third)]);
    seconds(&mut stage, 12);
    let left = |stage: &Stage| ["a", "b", "c"].iter().filter(|name| pod(stage, name).is_some()).count();
    assert_eq!(left(&stage), 2);
    // Without a budget nothing is refused.
    exec(&mut stage, "kubectl delete pdb web");
    seconds(&mut stage, 10);
    assert_eq!(left(&stage), 1);
    check(
        &stage.job(drain).unwrap().text,
        expect![[r#"
        node/worker-1 cordoned
        Warning: deleting Pods that declare no controller: default/a, default/b
        evicting pod default/a
        evicting pod default/b
        error when evicting pods/"a" -n "default" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.
        evicting pod default/a
        error when evicting pods/"a" -n "default" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.
        evicting pod default/a
        error when evicting pods/"b" -n "default" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.
        evicting pod default/b
        error when evicting pods/"b" -n "default" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.
        evicting pod default/b
        pod/a evicted
        pod/b evicted
        node/worker-1 drained
    "#]],
    );
}

//! Nodes that fail, come back, come and go, through the whole cluster. Rules: ND-*, CP-015, CP-019.

use api::Node;
use api::object::Kind;
use api::pod::{ConditionStatus, ConditionType, Pod};
use api::toleration::TaintEffect;
use expect_test::{Expect, expect};
use kubeadm::MANIFESTS;
use sim::{Duration, SortedMap};
use stage::{Command, Options, Stage, Start};

use super::sessions::{pods, run_for, standard};

mod deletion;
mod eviction;
mod machines;
mod network;
mod tokens;

const SECOND: Duration = Duration::from_secs(1);

fn exec(stage: &mut Stage, line: &str) -> String {
    exec_with(stage, line, &[])
}

/// Runs a command and a few seconds more.
fn exec_with(stage: &mut Stage, line: &str, files: &[(&str, &str)]) -> String {
    let files: SortedMap<_, _> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).into())).collect();
    let id = stage.perform(Command::Exec { line: line.to_owned(), files });
    run_for(stage, Duration::from_secs(3));
    stage.job(id).map(|job| job.text.to_string()).unwrap_or_default()
}

/// What an action answers; empty if it was done.
fn act(stage: &mut Stage, command: Command) -> String {
    let id = stage.perform(command);
    stage.job(id).map(|job| job.text.to_string()).unwrap_or_default()
}

fn power_off(stage: &mut Stage, node: &str) {
    assert_eq!(act(stage, Command::PowerOff { node: node.to_owned() }), "");
}

fn power_on(stage: &mut Stage, node: &str) {
    assert_eq!(act(stage, Command::PowerOn { node: node.to_owned() }), "");
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
    assert_eq!(act(stage, Command::WriteFile { node: node.to_owned(), path, text: text.into() }), "");
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
    let line = |event: std::rc::Rc<api::event::Event>| {
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
        assert_eq!(act(&mut stage, Command::StopKubelet { node: "worker-1".to_owned() }), "");
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
    for workers in [3, 60] {
        let options = Options { start: Start::Ready, kube_proxy: false, workers, ..Options::default() };
        let mut stage = Stage::new(options);
        seconds(&mut stage, 60);
        let before = stage.steps();
        seconds(&mut stage, 3_600);
        assert!(stage.steps() - before < 100, "{workers} workers: {} steps", stage.steps() - before);
    }
    let mut stage = standard();
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
    act(&mut stage, Command::CutNetwork { node: "worker-1".to_owned() });
    seconds(&mut stage, 120);
    assert_eq!(taints(&stage, "worker-1"), ["unreachable:NoExecute", "unreachable:NoSchedule"]);
    for name in [agent_on(&stage, "worker-1").unwrap().meta.name.to_string(), "web-worker-1".to_owned()] {
        assert!(!pod(&stage, &name).unwrap().is_ready(), "{name}");
    }
    act(&mut stage, Command::RestoreNetwork { node: "worker-1".to_owned() });
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
    assert_eq!(act(&mut stage, crash), "");
    let passed = until(&mut stage, 120, |stage| !is_ready(stage, "worker-1"));
    // It is the leader again after 15 to 20 s (CP-011).
    assert!((65..=82).contains(&passed), "{passed} s after the restart");
}

/// The node's life as a table: one line for each change.
fn timeline(stage: &mut Stage, node_name: &str, span: u64, columns: impl Fn(&Stage) -> String) -> String {
    let begin = stage.now();
    let (mut text, mut last) = (String::new(), String::new());
    for _ in 0..span {
        let now = format!("{:<44} {}", taints(stage, node_name).join(" "), columns(stage));
        if now != last {
            text += &format!("T+{:<4} {now}\n", stage.now().since(begin).as_secs());
            last = now;
        }
        run_for(stage, SECOND);
    }
    text
}

/// The whole story: a node of four dies, and comes back after ten minutes.
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
            T+0                                                 agents 3/3, agent ready, web ready
            T+41   unreachable:NoSchedule                       agents 3/3, agent not ready, web not ready
            T+42   unreachable:NoSchedule                       agents 2/2, agent not ready, web not ready
            T+46   unreachable:NoExecute unreachable:NoSchedule agents 2/2, agent not ready, web not ready
            T+347  unreachable:NoExecute unreachable:NoSchedule agents 2/2, agent not ready, web terminating
        "#]],
    );
    power_on(&mut stage, "worker-1");
    check(
        &timeline(&mut stage, "worker-1", 120, columns),
        expect![[r#"
            T+0    unreachable:NoExecute unreachable:NoSchedule agents 2/2, agent not ready, web terminating
            T+11   unreachable:NoExecute unreachable:NoSchedule agents 2/2, agent not ready, web gone
            T+12   unreachable:NoExecute                        agents 2/2, agent ready, web gone
            T+13   unreachable:NoExecute                        agents 3/3, agent ready, web gone
            T+16                                                agents 3/3, agent ready, web gone
        "#]],
    );
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
        act(&mut stage, Command::StopKubelet { node: node.to_owned() });
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
        act(&mut stage, Command::StartKubelet { node: node.to_owned() });
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
    act(&mut stage, Command::SetApiServer { up: false });
    seconds(&mut stage, 300);
    act(&mut stage, Command::SetApiServer { up: true });
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

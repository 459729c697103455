//! Filters, messages, scores and waiting, as they show from outside.

use api::{Node, Pod};
use serde_json::json;

use super::tests::{Stand, cpu_pod, daemon_pod, node, pod};
use super::*;

/// What the first FailedScheduling event says.
fn failure(stand: &mut Stand) -> String {
    let said = stand.settle();
    let event = said.iter().find_map(|line| line.strip_prefix("Warning FailedScheduling "));
    event.and_then(|text| text.split_once(": ")).map(|(_, message)| message.to_owned()).unwrap_or_default()
}

fn taint(key: &str, effect: &str) -> serde_json::Value {
    json!({"spec": {"taints": [{"key": key, "effect": effect}]}})
}

#[test]
fn sch_005_sch_006_the_first_filter_that_rejects_gives_the_reason() {
    // Cordoned, tainted, and too small: only the first counts.
    let full = json!({"spec": {"unschedulable": true, "taints": [{"key": "k", "effect": "NoSchedule"}]},
        "status": {"allocatable": {"cpu": "1m"}}});
    let mut stand = Stand::with_nodes(&[node("a", full)]);
    stand.pod(&cpu_pod("p", "1", json!({})));
    assert!(failure(&mut stand).starts_with("0/1 nodes are available: 1 node(s) were unschedulable. "));
}

#[test]
fn sch_006_one_node_may_lack_several_resources() {
    let small = json!({"status": {"allocatable": {"cpu": "1", "memory": "1Gi"}}});
    let mut stand = Stand::with_nodes(&[node("a", small.clone()), node("b", small)]);
    let asked = json!({"requests": {"cpu": "2", "memory": "2Gi", "example.com/gpu": "1"}});
    let containers = json!({"spec": {"containers": [{"name": "c", "image": "i", "resources": asked}]}});
    stand.pod(&pod("p", containers));
    assert_eq!(
        failure(&mut stand),
        "0/2 nodes are available: 2 Insufficient cpu, 2 Insufficient example.com/gpu, 2 Insufficient memory. no new \
         claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
    );
}

#[test]
fn sch_013_sch_014_every_filter_has_its_words() {
    let nodes = [
        node("a", json!({"spec": {"unschedulable": true}})),
        node("b", taint("node-role.kubernetes.io/control-plane", "NoSchedule")),
        node("c", json!({"metadata": {"labels": {"disk": "hdd"}}})),
        node("d", json!({"metadata": {"labels": {"disk": "ssd"}}})),
        node("e", json!({"metadata": {"labels": {"disk": "ssd"}}, "status": {"allocatable": {"pods": "0"}}})),
    ];
    let mut stand = Stand::with_nodes(&nodes);
    let ports = json!([{"containerPort": 80, "hostPort": 80}]);
    let container = json!([{"name": "c", "image": "i", "ports": ports}]);
    stand.running(&pod("other", json!({"spec": {"containers": container}})), "d");
    stand.pod(&pod("p", json!({"spec": {"containers": container, "nodeSelector": {"disk": "ssd"}}})));
    assert_eq!(
        failure(&mut stand),
        "0/5 nodes are available: 1 Too many pods, 1 node(s) didn't have free ports for the requested pod ports, \
         1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint(s), \
         1 node(s) were unschedulable. no new claims to deallocate, preemption: 0/5 nodes are available: \
         2 No preemption victims found for incoming pod, 3 Preemption is not helpful for scheduling."
    );
}

#[test]
fn sch_013_inter_pod_affinity_has_three_sentences() {
    let spec = |kind: &str, app: &str| {
        let term =
            json!({"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": app}}});
        let required = json!({"requiredDuringSchedulingIgnoredDuringExecution": [term]});
        json!({"metadata": {"labels": {"app": "own"}}, "spec": {"affinity": {kind: required}}})
    };
    let say = |waiting: serde_json::Value, running: serde_json::Value| {
        let mut stand = Stand::with_nodes(&[node("a", json!({}))]);
        stand.running(&pod("there", running), "a");
        stand.pod(&pod("p", waiting));
        let message = failure(&mut stand);
        message.split(". ").next().unwrap_or_default().to_owned()
    };
    let web = json!({"metadata": {"labels": {"app": "web"}}});
    assert_eq!(
        say(spec("podAffinity", "db"), web.clone()),
        "0/1 nodes are available: 1 node(s) didn't match pod affinity rules"
    );
    assert_eq!(
        say(spec("podAntiAffinity", "web"), web.clone()),
        "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules"
    );
    assert_eq!(
        say(web, spec("podAntiAffinity", "web")),
        "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules"
    );
}

#[test]
fn sch_013_the_first_of_a_group_may_want_to_be_near_itself() {
    let term =
        json!({"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "own"}}});
    let affinity = json!({"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}});
    let own = json!({"metadata": {"labels": {"app": "own"}}, "spec": {"affinity": affinity}});
    let mut stand = Stand::with_nodes(&[node("a", json!({})), node("b", json!({}))]);
    stand.pod(&pod("first", own.clone()));
    let bound = stand.settle()[0].clone();
    stand.pod(&pod("second", own));
    let node = bound.rsplit(' ').next().unwrap_or_default();
    assert_eq!(stand.settle()[0], format!("bind second {node}"));
}

#[test]
fn sch_013_topology_spread_has_two_sentences() {
    let zone = |name: &str| json!({"metadata": {"labels": {"zone": name}}});
    let nodes = [node("a", zone("x")), node("b", json!({}))];
    let mut stand = Stand::with_nodes(&nodes);
    let constraint = json!({"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule",
        "minDomains": 2, "labelSelector": {"matchLabels": {"app": "own"}}});
    let own =
        json!({"metadata": {"labels": {"app": "own"}}, "spec": {"topologySpreadConstraints": [constraint]}});
    stand.running(&pod("there", own.clone()), "a");
    stand.pod(&pod("p", own));
    assert!(failure(&mut stand).starts_with(
        "0/2 nodes are available: 1 node(s) didn't match pod topology spread constraints, 1 node(s) didn't match \
         pod topology spread constraints (missing required label). "
    ));
}

#[test]
fn sch_013_claims_without_volume_keep_a_pod_waiting() {
    let mut stand = Stand::with_nodes(&[node("a", json!({}))]);
    let kind = Kind::of("v1", "PersistentVolumeClaim").unwrap();
    stand.list(kind, Vec::new());
    let volumes = json!([{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]);
    let waiting = pod("p", json!({"spec": {"volumes": volumes}}));
    stand.pod(&waiting);
    let none = "no new claims to deallocate, preemption: 0/1 nodes are available: \
                1 Preemption is not helpful for scheduling.";
    assert_eq!(
        failure(&mut stand),
        format!("0/1 nodes are available: persistentvolumeclaim \"data\" not found. {none}")
    );
    let claim = json!({"metadata": {"name": "data", "namespace": "default"}, "spec": {}});
    stand.watch(WatchEvent::Added(Object::from_value(kind, &claim)));
    assert_eq!(
        failure(&mut stand),
        format!("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. {none}")
    );
    let bound = json!({"metadata": {"name": "data", "namespace": "default"}, "spec": {"volumeName": "pv"}});
    stand.watch(WatchEvent::Modified(Object::from_value(kind, &bound)));
    assert_eq!(stand.settle()[0], "bind p a");
}

#[test]
fn sch_015_a_cordoned_node_takes_pods_that_tolerate_it() {
    let taints = json!([{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]);
    let cordoned = node("a", json!({"spec": {"unschedulable": true, "taints": taints}}));
    let mut stand = Stand::with_nodes(std::slice::from_ref(&cordoned));
    stand.pod(&pod("p", json!({})));
    assert!(failure(&mut stand).contains("1 node(s) were unschedulable. "));
    let toleration = json!([{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}]);
    stand.pod(&pod("q", json!({"spec": {"tolerations": toleration}})));
    assert_eq!(stand.settle()[0], "bind q a");
}

#[test]
fn sch_016_long_events_are_cut_and_conditions_are_not() {
    let selector: String = "x".repeat(1100);
    let message = format!("0/1 nodes are available: {selector}.");
    let cut = fit_error::truncate_message(&message).unwrap();
    assert_eq!((cut.len(), cut.ends_with("xxx ...")), (1024, true));
    assert_eq!(fit_error::truncate_message("short"), None);
    // A letter of several bytes is not cut in two.
    assert!(fit_error::truncate_message(&"ö".repeat(600)).unwrap().ends_with("ö ..."));
}

#[test]
fn sch_017_sch_018_a_daemon_pod_without_room_names_its_node_and_the_rest() {
    let nodes: Vec<_> = ["a", "b", "c", "d"].iter().map(|name| node(name, json!({}))).collect();
    let mut stand = Stand::with_nodes(&nodes);
    stand.running(&cpu_pod("big", "4", json!({})), "b");
    let mut waiting = cpu_pod("ds-1", "500m", json!({}));
    std::rc::Rc::make_mut(&mut waiting).pinned_to = Some("b".into());
    stand.pod(&waiting);
    let message = "0/4 nodes are available: 1 Insufficient cpu, 3 node(s) didn't satisfy plugin(s) [NodeAffinity]. \
                   no new claims to deallocate, preemption: 0/4 nodes are available: 1 No preemption victims found \
                   for incoming pod, 3 Preemption is not helpful for scheduling.";
    assert_eq!(
        stand.settle(),
        [
            format!("Warning FailedScheduling ds-1: {message}"),
            format!("status ds-1: PodScheduled=False Unschedulable {message}"),
        ]
    );
}

#[test]
fn sch_017_a_pod_whose_policy_is_never_does_not_preempt() {
    let mut stand = Stand::with_nodes(&[node("a", json!({}))]);
    stand.running(&cpu_pod("low", "4", json!({})), "a");
    let important = json!({"spec": {"priority": 100, "preemptionPolicy": "Never"}});
    stand.pod(&cpu_pod("p", "1", important));
    assert_eq!(
        failure(&mut stand),
        "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to \
         preemptionPolicy=Never."
    );
}

#[test]
fn sch_018_a_daemon_pod_of_a_missing_node_is_told_about_all_nodes() {
    let mut stand = Stand::with_nodes(&[node("a", json!({}))]);
    stand.pod(&daemon_pod("ds-1", "gone", json!({})));
    assert!(
        failure(&mut stand)
            .starts_with("0/1 nodes are available: 1 node(s) didn't satisfy plugin(s) [NodeAffinity]. ")
    );
    stand.node(&node("gone", json!({})));
    assert_eq!(stand.settle()[0], "bind ds-1 gone");
}

#[test]
fn sch_021_the_same_failure_again_is_one_event_with_a_count() {
    let mut stand = Stand::with_nodes(&[node("a", json!({"spec": {"unschedulable": true}}))]);
    stand.pod(&pod("p", json!({})));
    stand.settle();
    // The first attempt wrote the condition, so the second event is of another resource version.
    stand.run(Duration::from_secs(662));
    let again = stand.calls.iter().filter_map(|(_, call, _)| match call {
        wire::Call::PostEvent(draft) => Some((draft.count, draft.reason)),
        _ => None,
    });
    assert_eq!(again.collect::<Vec<_>>(), [(1, "FailedScheduling"), (2, "FailedScheduling")]);
}

#[test]
fn sch_004_only_what_may_help_wakes_a_pod() {
    let mut stand = Stand::with_nodes(&[node("a", json!({})), node("b", json!({}))]);
    let big = stand.running(&cpu_pod("big", "4", json!({})), "a");
    let elsewhere = stand.running(&cpu_pod("elsewhere", "4", json!({})), "b");
    let mut waiting = cpu_pod("ds-1", "500m", json!({}));
    std::rc::Rc::make_mut(&mut waiting).pinned_to = Some("a".into());
    stand.pod(&waiting);
    assert_eq!(stand.settle().len(), 2);
    // Neither a heartbeat, nor a label, nor a status.
    stand.node(&node("a", json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}})));
    stand.node(&node("a", json!({"metadata": {"labels": {"x": "y"}}})));
    let mut ready = big.clone();
    std::rc::Rc::make_mut(&mut ready).status.phase = api::pod::Phase::Running;
    stand.pod(&ready);
    assert_eq!(stand.settle(), Vec::<String>::new());
    // A pod that leaves any node may help against a lack of resources, as far as the hint knows.
    stand.delete_pod(&elsewhere);
    let again = stand.settle();
    assert_eq!(again.len(), 1);
    assert!(again[0].contains("0/2 nodes are available: 1 Insufficient cpu,"), "{again:?}");
    stand.delete_pod(&big);
    assert_eq!(stand.settle()[0], "bind ds-1 a");
}

#[test]
fn sch_004_a_pod_that_may_go_anywhere_is_woken_by_any_node() {
    let mut stand = Stand::with_nodes(&[node("a", taint("k", "NoSchedule"))]);
    stand.pod(&pod("p", json!({})));
    assert_eq!(stand.settle().len(), 2);
    stand.node(&node("b", taint("k", "NoSchedule")));
    assert_eq!(stand.settle(), Vec::<String>::new());
    stand.node(&node("a", json!({})));
    assert_eq!(stand.settle()[0], "bind p a");
}

#[test]
fn sch_004_a_pods_own_change_wakes_it() {
    let mut stand = Stand::with_nodes(&[node("a", taint("k", "NoSchedule"))]);
    stand.pod(&pod("p", json!({})));
    assert_eq!(stand.settle().len(), 2);
    stand.pod(&pod("p", json!({"metadata": {"annotations": {"a": "b"}}})));
    assert_eq!(stand.settle(), Vec::<String>::new());
    stand.pod(&pod("p", json!({"spec": {"tolerations": [{"operator": "Exists"}]}})));
    assert_eq!(stand.settle()[0], "bind p a");
}

#[test]
fn sch_007_sch_008_the_emptier_node_wins() {
    let mut stand = Stand::with_nodes(&[node("a", json!({})), node("b", json!({}))]);
    // Without any request it still counts as 100m and 200Mi.
    stand.running(&pod("other", json!({})), "a");
    stand.pod(&cpu_pod("p", "500m", json!({})));
    assert_eq!(stand.settle()[0], "bind p b");
}

#[test]
fn sch_007_scores_are_weighted_sums() {
    let preferred = json!([{"weight": 10, "preference":
        {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}}]);
    let affinity = json!({"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}});
    let nodes = [
        node("a", taint("soft", "PreferNoSchedule")),
        node("b", json!({"metadata": {"labels": {"disk": "ssd"}}})),
        node("c", json!({})),
    ];
    let stand = Stand::with_nodes(&nodes);
    let waiting = cpu_pod("p", "1", json!({"spec": {"affinity": affinity}}));
    let ids: Vec<_> = ["a", "b", "c"].iter().filter_map(|name| stand.scheduler.cache.find(name)).collect();
    // LeastAllocated: cpu (4000 - 1000) * 100 / 4000 = 75, memory (16 Gi - 200 Mi) * 100 / 16 Gi = 98, so 86.
    // Balanced: 0.25 of cpu and none of the memory deviate by 0.125, so 87. TaintToleration 3 * 100 or 0.
    assert_eq!(stand.scheduler.world().scores(&waiting, &ids), [86 + 87, 300 + 200 + 86 + 87, 300 + 86 + 87]);
}

#[test]
fn sch_007_preferred_spread_and_pod_affinity_score_too() {
    let zone = |name: &str| json!({"metadata": {"labels": {"zone": name}}});
    let nodes = [node("a", zone("x")), node("b", zone("y"))];
    let selector = json!({"matchLabels": {"app": "own"}});
    let spread = json!([{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": selector}]);
    let term = json!({"topologyKey": "zone", "labelSelector": selector});
    let near = json!({"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution":
        [{"weight": 5, "podAffinityTerm": term}]}});
    let own =
        |spec: serde_json::Value| pod("p", json!({"metadata": {"labels": {"app": "own"}}, "spec": spec}));
    let mut stand = Stand::with_nodes(&nodes);
    stand.running(&pod("there", json!({"metadata": {"labels": {"app": "own"}}})), "a");
    let ids: Vec<_> = ["a", "b"].iter().filter_map(|name| stand.scheduler.cache.find(name)).collect();
    let world = stand.scheduler.world();
    let plain = world.scores(&own(json!({})), &ids);
    let with_spread = world.scores(&own(json!({"topologySpreadConstraints": spread})), &ids);
    // One pod weighs ln 4 = 1.39, rounded 1: the empty zone gets 100 * (1 + 0 - 0) / 1, the other 0.
    assert_eq!(with_spread, [plain[0], plain[1] + 200]);
    let with_affinity = world.scores(&own(json!({"affinity": near})), &ids);
    assert_eq!(with_affinity, [plain[0] + 200, plain[1]]);
}

#[test]
fn sch_007_nodes_that_have_the_image_score_higher() {
    let images = json!([{"names": ["i:latest"], "sizeBytes": 1_046_478_848}]);
    let nodes = [node("a", json!({"status": {"images": images}})), node("b", json!({}))];
    let stand = Stand::with_nodes(&nodes);
    let ids: Vec<_> = ["a", "b"].iter().filter_map(|name| stand.scheduler.cache.find(name)).collect();
    let scores = stand.scheduler.world().scores(&pod("p", json!({})), &ids);
    // 998 MiB on half of the nodes count as 499: 100 * (499 - 23) / (1000 - 23) = 48.
    assert_eq!(scores[0] - scores[1], 48);
}

#[test]
fn sch_009_equal_nodes_are_chosen_by_chance() {
    let nodes: Vec<_> = (0..8).map(|n| node(&format!("n{n}"), json!({}))).collect();
    let mut stand = Stand::with_nodes(&nodes);
    let mut chosen = sim::SortedSet::new();
    for n in 0..40 {
        let waiting = pod(&format!("p{n}"), json!({}));
        stand.pod(&waiting);
        chosen.insert(stand.settle()[0].rsplit(' ').next().unwrap_or_default().to_owned());
        let mut bound = waiting.clone();
        std::rc::Rc::make_mut(&mut bound).node_name = Some("n0".into());
        for node in 0..8 {
            std::rc::Rc::make_mut(&mut bound).node_name = Some(format!("n{node}").into());
            stand.delete_pod(&bound);
        }
    }
    assert!(chosen.len() > 4, "{chosen:?}");
}

#[test]
fn sch_010_large_clusters_are_not_searched_to_the_end() {
    let enough: Vec<usize> = [1, 99, 100, 200, 500, 1000, 5000, 10_000]
        .into_iter()
        .map(cycle::num_feasible_nodes_to_find)
        .collect();
    assert_eq!(enough, [1, 99, 100, 100, 230, 420, 500, 500]);
}

#[test]
fn sch_011_one_feasible_node_is_taken_without_scoring() {
    // A choice by score ends with a draw among the best, even of one.
    let place = |nodes: &[Rc<Node>], pod: Rc<Pod>| {
        let mut stand = Stand::with_nodes(nodes);
        let before = stand.next_draw();
        stand.pod(&pod);
        (stand.settle()[0].clone(), stand.next_draw() != before)
    };
    let cordoned = node("a", json!({"spec": {"unschedulable": true}}));
    let soft = node("b", taint("soft", "PreferNoSchedule"));
    let plain = node("c", json!({}));
    let pinned = daemon_pod("p", "b", json!({}));
    let (bound, drawn) = (|name: &str| format!("bind p {name}"), true);
    assert_eq!(place(&[cordoned.clone(), soft.clone()], pod("p", json!({}))), (bound("b"), !drawn));
    assert_eq!(place(&[soft.clone(), plain.clone()], pinned), (bound("b"), !drawn));
    assert_eq!(place(&[cordoned, soft, plain], pod("p", json!({}))), (bound("c"), drawn));
}

#[test]
fn sch_027_sch_028_mirror_and_terminating_pods_count_and_finished_ones_do_not() {
    let mut stand = Stand::with_nodes(&[node("a", json!({}))]);
    let mirror = json!({"metadata": {"annotations": {"kubernetes.io/config.mirror": "x"}}});
    stand.running(&cpu_pod("mirror", "1", mirror), "a");
    let going = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:30Z"}});
    let going = stand.running(&cpu_pod("going", "2", going), "a");
    let finished = cpu_pod("finished", "1", json!({"status": {"phase": "Succeeded"}}));
    stand.running(&finished, "a");
    stand.pod(&cpu_pod("p", "2", json!({})));
    assert!(failure(&mut stand).contains("1 Insufficient cpu"));
    stand.delete_pod(&going);
    assert_eq!(stand.settle()[0], "bind p a");
}

#[test]
fn sch_029_a_pods_request_is_the_larger_of_running_and_starting() {
    let init = json!([{"name": "i", "image": "i", "resources": {"requests": {"cpu": "3"}}}]);
    let mut stand = Stand::with_nodes(&[node("a", json!({})), node("b", json!({}))]);
    stand.running(&cpu_pod("other", "2", json!({})), "a");
    stand.running(&cpu_pod("another", "1", json!({})), "b");
    let spec = json!({"spec": {"initContainers": init}});
    stand.pod(&cpu_pod("p", "1", spec));
    assert_eq!(stand.settle()[0], "bind p b");
}

#[test]
fn sch_002_one_pod_is_tried_at_a_time_and_bindings_do_not_hold_up_the_next() {
    let mut stand = Stand::with_nodes(&[node("a", json!({}))]);
    for name in ["p", "q", "r"] {
        stand.pod(&pod(name, json!({})));
    }
    let start = stand.now;
    stand.run(Duration::from_secs(1));
    let times: Vec<u64> = stand.calls.iter().map(|(at, ..)| at.since(start).as_micros()).collect();
    assert_eq!(times, [0, CYCLE.0, 2 * CYCLE.0]);
}

#[test]
fn sch_020_a_binding_that_fails_gives_the_room_back_and_is_tried_again() {
    let mut stand = Stand::with_nodes(&[node("a", json!({"status": {"allocatable": {"cpu": "1"}}}))]);
    let waiting = cpu_pod("p", "1", json!({}));
    stand.pod(&waiting);
    stand.run(Duration::from_millis(10));
    let (_, _, token) = stand.calls.remove(0);
    let refused = Answer { result: Err(wire::CallError::Refused), warnings: Vec::new() };
    stand.answer(token, refused);
    let said = stand.take_calls();
    assert_eq!(
        said[0],
        "Warning FailedScheduling p: binding rejected: running Bind plugin \"DefaultBinder\": connect: connection \
         refused"
    );
    let id = stand.scheduler.cache.find("a").unwrap();
    assert!(stand.scheduler.cache.info(id).pods.is_empty());
    // It failed by error: even an idle scheduler lets the delay pass, which ends with the window after next.
    stand.run(Duration::from_millis(1900));
    assert_eq!(stand.take_calls(), Vec::<String>::new());
    stand.run(Duration::from_millis(200));
    assert_eq!(stand.take_calls(), ["bind p a"]);
}

#[test]
fn a_pod_that_somebody_else_bound_is_left_alone() {
    let mut stand = Stand::with_nodes(&[node("a", json!({})), node("b", json!({}))]);
    let waiting = pod("p", json!({}));
    stand.pod(&waiting);
    stand.run(Duration::from_millis(10));
    let (_, call, token) = stand.calls.remove(0);
    let other = if tests::words(&call) == "bind p a" { "b" } else { "a" };
    stand.running(&waiting, other);
    let conflict = Answer { result: Err(wire::CallError::Refused), warnings: Vec::new() };
    stand.answer(token, conflict);
    stand.run(Duration::from_secs(20));
    assert_eq!(stand.take_calls(), Vec::<String>::new());
    let on = |name: &str| stand.scheduler.cache.info(stand.scheduler.cache.find(name).unwrap()).pods.len();
    assert_eq!((on("a") + on("b"), on(other)), (1, 1));
}

#[test]
fn a_pod_deleted_while_it_is_bound_leaves_nothing() {
    let mut stand = Stand::with_nodes(&[node("a", json!({}))]);
    let waiting = pod("p", json!({}));
    stand.pod(&waiting);
    stand.run(Duration::from_millis(10));
    let (_, _, token) = stand.calls.remove(0);
    stand.delete_pod(&waiting);
    stand.answer(token, Answer { result: Err(wire::CallError::TimedOut), warnings: Vec::new() });
    stand.run(Duration::from_secs(20));
    assert_eq!(stand.take_calls(), Vec::<String>::new());
    let id = stand.scheduler.cache.find("a").unwrap();
    assert!(stand.scheduler.cache.info(id).pods.is_empty());
    assert_eq!(stand.scheduler.queue.iter().count(), 0);
}

#[test]
fn a_quiet_scheduler_asks_for_no_wakes() {
    let mut stand = Stand::with_nodes(&[node("a", json!({}))]);
    stand.pod(&pod("p", json!({})));
    stand.settle();
    stand.run(Duration::from_secs(3600));
    assert_eq!(stand.wakes_left(), 0);
}

#[test]
fn sch_004_affinity_waits_for_a_matching_pod() {
    let term =
        json!({"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "db"}}});
    let required = json!({"requiredDuringSchedulingIgnoredDuringExecution": [term]});
    let mut stand = Stand::with_nodes(&[node("a", json!({})), node("b", json!({}))]);
    stand.pod(&pod("p", json!({"spec": {"affinity": {"podAffinity": required}}})));
    assert_eq!(stand.settle().len(), 2);
    stand.running(&pod("web", json!({"metadata": {"labels": {"app": "web"}}})), "a");
    assert_eq!(stand.settle(), Vec::<String>::new());
    stand.running(&pod("db", json!({"metadata": {"labels": {"app": "db"}}})), "b");
    assert_eq!(stand.settle()[0], "bind p b");
}

#[test]
fn sch_004_anti_affinity_waits_for_the_unwanted_pod_to_go() {
    let term =
        json!({"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "db"}}});
    let required = json!({"requiredDuringSchedulingIgnoredDuringExecution": [term]});
    let mut stand = Stand::with_nodes(&[node("a", json!({}))]);
    let database = stand.running(&pod("db", json!({"metadata": {"labels": {"app": "db"}}})), "a");
    let other = stand.running(&pod("web", json!({"metadata": {"labels": {"app": "web"}}})), "a");
    stand.pod(&pod("p", json!({"spec": {"affinity": {"podAntiAffinity": required}}})));
    assert_eq!(stand.settle().len(), 2);
    stand.delete_pod(&other);
    assert_eq!(stand.settle(), Vec::<String>::new());
    stand.delete_pod(&database);
    assert_eq!(stand.settle()[0], "bind p a");
}

#[test]
fn sch_004_spread_waits_for_its_own_pods_and_zones() {
    let zone = |name: &str| json!({"metadata": {"labels": {"zone": name}}});
    let mut stand = Stand::with_nodes(&[node("a", zone("x")), node("b", json!({}))]);
    let constraint = json!({"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule",
        "minDomains": 2, "labelSelector": {"matchLabels": {"app": "own"}}});
    let own =
        json!({"metadata": {"labels": {"app": "own"}}, "spec": {"topologySpreadConstraints": [constraint]}});
    stand.running(&pod("there", own.clone()), "a");
    let other = stand.running(&pod("other", json!({})), "a");
    stand.pod(&pod("p", own));
    assert_eq!(stand.settle().len(), 2);
    stand.delete_pod(&other);
    stand.node(&node("b", json!({"metadata": {"labels": {"x": "y"}}})));
    assert_eq!(stand.settle(), Vec::<String>::new());
    stand.node(&node("b", zone("y")));
    assert_eq!(stand.settle()[0], "bind p b");
}

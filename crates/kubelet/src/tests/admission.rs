//! What the kubelet refuses, and whom a critical pod pushes away.

use serde_json::{Value, json};

use super::World;
use super::files::manifest;
use api::pod::{ConditionType, Phase};
use api::toleration::{Taint, TaintEffect};

fn pod(cpu: &str) -> Value {
    json!({"containers": [{"name": "c", "image": "a:1", "resources": {"requests": {"cpu": cpu}}}]})
}

fn rejection(world: &World, name: &str) -> String {
    let status = &world.pod(name).status;
    assert_eq!(status.phase, Phase::Failed, "{name}");
    let reason = status.reason.as_ref().unwrap();
    format!("{}: {}", reason.reason, reason.message)
}

#[test]
fn kl_080_kl_081_a_pod_that_does_not_fit_fails_and_is_never_started() {
    let mut world = World::new();
    world.create_pod("big", pod("3500m"));
    world.create_pod("more", pod("600m"));
    world.run(10_000);
    assert_eq!(
        rejection(&world, "more"),
        "OutOfcpu: Pod was rejected: Node didn't have enough resource: cpu, requested: 600, used: 3500, \
         capacity: 4000"
    );
    assert_eq!(
        world.events_of("more"),
        ["0.200 OutOfcpu: Node didn't have enough resource: cpu, requested: 600, used: 3500, capacity: 4000"]
    );
    assert_eq!(world.running(), ["big"]);
    // It is not tried again, even when there is room.
    world.delete_pod("big", Some(0));
    world.run(90_000);
    assert!(world.running().is_empty());
    assert!(world.pod("more").to_value()["status"]["conditions"].is_null());
    world.delete_pod("more", Some(0));
    world.run(1_000);
    assert!(world.kubelet.workers.iter().next().is_none());
}

#[test]
fn kl_081_memory_and_the_number_of_pods_count_too() {
    let mut world = World::new();
    let request = |memory: &str| json!({"containers": [{"name": "c", "image": "a:1", "resources": {"requests": {"memory": memory}}}]});
    world.create_pod("a", request("17Gi"));
    world.run(5_000);
    assert!(rejection(&world, "a").starts_with("OutOfmemory: Pod was rejected: Node didn't have enough resource: memory, requested: 18253611008, used: 0, capacity: 17075011584"));
    for n in 0..110 {
        world.create_pod(
            &format!("p{n}"),
            json!({"hostNetwork": true, "containers": [{"name": "c", "image": "a:1"}]}),
        );
    }
    world.create_pod("last", json!({"containers": [{"name": "c", "image": "a:1"}]}));
    world.run(5_000);
    assert_eq!(
        rejection(&world, "last"),
        "OutOfpods: Pod was rejected: Node didn't have enough resource: pods, requested: 1, used: 110, capacity: 110"
    );
}

#[test]
fn kl_079_kl_082_node_affinity_node_ports_and_taints() {
    let mut world = World::new();
    world.run(1_500);
    let mut spec = pod("1m");
    spec["nodeSelector"] = json!({"disk": "ssd"});
    world.create_pod("selector", spec);
    let port = json!([{"containerPort": 80, "hostPort": 8080}]);
    for name in ["first", "second"] {
        let mut spec = pod("1m");
        spec["containers"][0]["ports"] = port.clone();
        world.create_pod(name, spec);
    }
    world.run(3_000);
    assert_eq!(
        rejection(&world, "selector"),
        "NodeAffinity: Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node \
         affinity/selector"
    );
    assert_eq!(
        rejection(&world, "second"),
        "NodePorts: Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the \
         requested pod ports"
    );
    let mut node = (**world.node.as_ref().unwrap()).clone();
    node.unschedulable = true;
    node.taints.push(Taint::new("a", "b", TaintEffect::NoSchedule));
    let cordoned = node.clone();
    let tell = |world: &mut World, node| {
        let node = api::Object::Node(std::rc::Rc::new(node));
        world.tell(|kubelet, ctx| kubelet.on_watch(&wire::WatchEvent::Modified(node), ctx));
    };
    tell(&mut world, cordoned);
    world.create_pod("bound", pod("1m"));
    world.run(5_000);
    assert!(world.running().contains(&"bound".to_owned()), "neither cordon nor NoSchedule is looked at");
    node.taints.push(Taint::new("c", "d", TaintEffect::NoExecute));
    tell(&mut world, node);
    world.create_pod("late", pod("1m"));
    world.write("static.yaml", &manifest("static", "a:1"));
    world.run(5_000);
    assert_eq!(
        rejection(&world, "late"),
        "TaintToleration: Pod was rejected: Predicate TaintToleration failed: node(s) had taints that the pod \
         didn't tolerate"
    );
    assert!(world.running().contains(&"static-n1".to_owned()));
}

#[test]
fn kl_045_a_rejected_static_pod_has_no_mirror() {
    let mut world = World::new();
    world.run(1_000);
    world.write("web.yaml", &(manifest("web", "a:1") + "  nodeSelector:\n    disk: ssd\n"));
    world.run(100_000);
    assert!(world.running().is_empty() && world.objects.is_empty());
    assert!(world.events_of("web-n1")[0].ends_with(
        "NodeAffinity: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
    ));
    assert!(world.logged("\"Pod admission denied\" "), "{:?}", world.log);
}

#[test]
fn kl_084_kl_085_a_static_pod_pushes_others_off_a_full_node() {
    let mut world = World::new();
    world.run(1_000);
    world.create_pod("small", pod("500m"));
    world.create_pod("large", pod("3"));
    world.run(10_000);
    let text = manifest("web", "a:1") + "    resources:\n      requests:\n        cpu: 1500m\n";
    world.write("web.yaml", &text);
    world.run(500);
    assert!(!world.running().contains(&"web-n1".to_owned()), "it waits for its victims");
    world.run(9_500);
    // The one that is enough goes, not the one that is not.
    assert_eq!(world.running(), ["small", "web-n1"]);
    let victim = world.pod("large");
    assert_eq!((victim.status.phase, &victim.status.reason), (Phase::Succeeded, &None), "it ended well");
    let target = victim.status.condition(ConditionType::DisruptionTarget).unwrap();
    assert_eq!(&*target.reason.as_ref().unwrap().reason, "TerminationByKubelet");
    let events = world.events_of("large");
    assert!(
        events.iter().any(|e| e.ends_with("Preempting: Preempted in order to admit critical pod")),
        "{events:?}"
    );
}

#[test]
fn kl_085_a_victim_that_has_to_be_killed_has_failed() {
    let mut world = World::new();
    world.run(1_000);
    let container = json!({"name": "c", "image": "a:1", "command": ["sleep", "infinity"],
        "resources": {"requests": {"cpu": "3"}}});
    world.create_pod("large", json!({"containers": [container], "terminationGracePeriodSeconds": 3}));
    world.run(10_000);
    let text = manifest("web", "a:1") + "    resources:\n      requests:\n        cpu: 1500m\n";
    world.write("web.yaml", &text);
    world.run(10_000);
    assert_eq!(world.running(), ["web-n1"]);
    let victim = world.pod("large");
    let reason = victim.status.reason.as_ref().map(|reason| (&*reason.reason, &*reason.message));
    assert_eq!(victim.status.phase, Phase::Failed);
    assert_eq!(reason, Some(("Preempting", "Preempted in order to admit critical pod")));
}

#[test]
fn kl_083_kl_084_without_enough_to_push_away_even_a_critical_pod_is_refused() {
    let mut world = World::new();
    world.run(1_000);
    let text = manifest("web", "a:1") + "    resources:\n      requests:\n        cpu: \"8\"\n";
    world.write("web.yaml", &text);
    world.run(2_000);
    assert_eq!(
        world.events_of("web-n1"),
        [
            "1.000 UnexpectedAdmissionError: Unexpected error while attempting to recover from admission failure: \
          preemption: error finding a set of pods to preempt: no set of running pods found to reclaim resources: \
          [(res: cpu, q: 4000), ]"
        ]
    );
}

#[test]
fn kl_079_after_a_restart_all_pods_are_checked_again() {
    let mut world = World::new();
    world.run(1_000);
    let mut spec = pod("1m");
    spec["nodeSelector"] = json!({"disk": "ssd"});
    let mut node = (**world.node.as_ref().unwrap()).clone();
    node.meta.common_mut().labels.insert("disk".into(), "ssd".into());
    world.node = Some(std::rc::Rc::new(node));
    world.connect();
    world.create_pod("web", spec);
    world.run(10_000);
    assert_eq!(world.running(), ["web"]);
    let mut node = (**world.node.as_ref().unwrap()).clone();
    node.meta.common_mut().labels.remove("disk");
    world.node = Some(std::rc::Rc::new(node));
    world.connect();
    world.run(10_000);
    assert_eq!(world.running(), ["web"], "a running pod is not looked at again");
    world.kubelet.stop();
    world.start_kubelet();
    world.connect();
    world.run(10_000);
    assert!(rejection(&world, "web").starts_with("NodeAffinity"));
    assert!(world.running().is_empty(), "what runs of a refused pod is stopped");
}

//! Probes: when they are asked, and what their answers lead to.

use serde_json::{Value, json};

use super::World;
use crate::prober::ProbeKind;
use api::meta::Uid;

fn http(fields: Value) -> Value {
    let mut probe = json!({"httpGet": {"path": "/", "port": 8080}});
    for (key, value) in fields.as_object().unwrap() {
        probe[key] = value.clone();
    }
    let mut object = json!({"spec": {"containers": [{"name": "c", "image": "a:1", "livenessProbe": probe}]}});
    validation::defaults::pod::set_object_defaults_pod(&mut object);
    object["spec"]["containers"][0]["livenessProbe"].clone()
}

fn pod(world: &mut World, probes: Value) -> Uid {
    let mut container = json!({"name": "c", "image": "a:1"});
    for (key, value) in probes.as_object().unwrap() {
        container[key] = value.clone();
    }
    world.create_pod("web", json!({"containers": [container]}))
}

fn fail(world: &mut World, uid: Uid, kind: ProbeKind, failing: bool) {
    assert!(world.tell(|kubelet, ctx| kubelet.set_probe_failing(uid, "c", kind, failing, ctx)));
}

/// When a line of the pod's timeline first contains `text`, in milliseconds.
fn first(world: &World, text: &str) -> u64 {
    let line = world.statuses_of("web").into_iter().find(|line| line.contains(text)).unwrap_or("0.0 none");
    let (secs, millis) = line.split(' ').next().unwrap().split_once('.').unwrap();
    secs.parse::<u64>().unwrap() * 1000 + millis.parse::<u64>().unwrap()
}

#[test]
fn kl_099_kl_106_readiness_is_asked_at_once_when_the_pod_is_seen_running() {
    let mut world = World::new();
    world.run(60_500);
    pod(&mut world, json!({"readinessProbe": http(json!({}))}));
    world.run(10_000);
    let lines: Vec<&str> = world.statuses_of("web").iter().map(|l| l.split_once(' ').unwrap().1).collect();
    assert_eq!(
        lines,
        ["web: Pending c=ContainerCreating", "web: Running c=Running", "web: Running c=Running!"]
    );
    assert_eq!(first(&world, "c=Running!"), first(&world, "c=Running"));
    world.run(60_000);
    assert!(world.is_quiet(), "a probe that succeeds costs nothing");
}

#[test]
fn kl_100_kl_102_not_before_the_initial_delay_and_only_after_enough_in_a_row() {
    let mut world = World::new();
    world.run(60_500);
    let probe = http(json!({"initialDelaySeconds": 7, "periodSeconds": 2, "successThreshold": 3}));
    pod(&mut world, json!({"readinessProbe": probe}));
    world.run(60_000);
    let running = first(&world, "c=Running");
    let ready = first(&world, "c=Running!");
    // The ticks begin when it is seen running: the fourth is the first after 7 s, the sixth makes it ready.
    assert_eq!(ready - running, 10_000, "{:?}", world.statuses_of("web"));
    assert!(world.is_quiet());
}

#[test]
fn kl_101_kl_105_nothing_else_runs_before_the_startup_probe_has_succeeded() {
    let mut world = World::new();
    world.run(60_500);
    let startup = http(json!({"initialDelaySeconds": 10, "failureThreshold": 24}));
    let uid = pod(
        &mut world,
        json!({"startupProbe": startup, "livenessProbe": http(json!({})), "readinessProbe": http(json!({}))}),
    );
    world.run(15_000);
    assert!(!world.pod("web").status.containers[0].started);
    // A liveness probe that would fail is not even asked.
    fail(&mut world, uid, ProbeKind::Liveness, true);
    world.run(2_000);
    fail(&mut world, uid, ProbeKind::Liveness, false);
    world.run(8_000);
    let status = &world.pod("web").status.containers[0];
    assert!(status.started && status.ready);
    assert!(!world.events_of("web").iter().any(|event| event.contains("Unhealthy")));
    world.run(60_000);
    assert!(world.is_quiet());
}

#[test]
fn kl_076_kl_103_a_failed_liveness_probe_restarts_the_container() {
    let mut world = World::new();
    world.run(60_500);
    let uid = pod(&mut world, json!({"livenessProbe": http(json!({"periodSeconds": 5}))}));
    world.run(20_000);
    fail(&mut world, uid, ProbeKind::Liveness, true);
    world.run(12_000);
    let events = world.events_of("web");
    let unhealthy = "Unhealthy: Liveness probe failed: HTTP probe failed with statuscode: 500";
    assert_eq!(events.iter().filter(|event| event.ends_with(unhealthy)).count(), 3, "{events:?}");
    assert!(
        events.last().unwrap().ends_with("Killing: Container c failed liveness probe, will be restarted")
            || events
                .iter()
                .any(|e| e.ends_with("Killing: Container c failed liveness probe, will be restarted"))
    );
    fail(&mut world, uid, ProbeKind::Liveness, false);
    world.run(10_000);
    assert!(world.last_status("web").ends_with("web: Running c=Running!x1"), "{}", world.last_status("web"));
    // Stopping took a second, and it started again in the same pass.
    let restarted = world.pod("web").status.containers[0].clone();
    assert_eq!(restarted.last_state.unwrap().exit_code, 0);
}

#[test]
fn kl_076_a_startup_probe_that_never_succeeds_restarts_it_too() {
    let mut world = World::new();
    world.run(60_500);
    let startup = http(json!({"periodSeconds": 1, "failureThreshold": 3}));
    let uid = pod(&mut world, json!({"startupProbe": startup}));
    fail_before(&mut world, uid);
    world.run(20_000);
    let events = world.events_of("web");
    assert!(
        events.iter().any(|e| e.ends_with("Killing: Container c failed startup probe, will be restarted")),
        "{events:?}"
    );
    assert!(events.iter().any(|e| e.contains("Unhealthy: Startup probe failed: ")));
}

/// The pod is not known to the kubelet yet, but its program is already bound to fail.
fn fail_before(world: &mut World, uid: Uid) {
    world.tell(|kubelet, ctx| kubelet.set_probe_failing(uid, "c", ProbeKind::Startup, true, ctx));
}

#[test]
fn kl_105_a_readiness_failure_never_restarts() {
    let mut world = World::new();
    world.run(60_500);
    let uid = pod(&mut world, json!({"readinessProbe": http(json!({"periodSeconds": 2}))}));
    world.run(20_000);
    assert!(world.pod("web").is_ready());
    fail(&mut world, uid, ProbeKind::Readiness, true);
    world.run(4_000);
    assert!(world.pod("web").is_ready(), "two failures are not three");
    world.run(2_000);
    assert!(!world.pod("web").is_ready());
    assert!(world.last_status("web").ends_with("web: Running c=Running"));
    world.run(60_000);
    assert_eq!(world.pod("web").status.containers[0].restart_count, 0);
    fail(&mut world, uid, ProbeKind::Readiness, false);
    world.run(5_000);
    assert!(world.pod("web").is_ready());
    world.run(60_000);
    assert!(world.is_quiet());
}

#[test]
fn kl_104_other_handlers_fail_in_their_own_words() {
    let mut world = World::new();
    world.run(60_500);
    let mut probe = http(json!({"periodSeconds": 1}));
    probe.as_object_mut().unwrap().remove("httpGet");
    probe["tcpSocket"] = json!({"port": 8080});
    let uid = pod(&mut world, json!({"readinessProbe": probe}));
    world.run(20_000);
    fail(&mut world, uid, ProbeKind::Readiness, true);
    world.run(2_000);
    let text = "Unhealthy: Readiness probe failed: dial tcp 10.244.1.2:8080: connect: connection refused";
    assert!(world.events_of("web").last().unwrap().ends_with(text), "{:?}", world.events_of("web"));
}

#[test]
fn kl_107_a_container_that_was_ready_stays_so_when_the_kubelet_restarts() {
    let mut world = World::new();
    world.run(60_500);
    pod(&mut world, json!({"readinessProbe": http(json!({})), "startupProbe": http(json!({}))}));
    world.run(30_000);
    assert!(world.pod("web").is_ready());
    let before = world.statuses.len();
    world.kubelet.stop();
    world.run(5_000);
    world.start_kubelet();
    world.connect();
    world.run(60_000);
    assert!(world.pod("web").is_ready());
    assert_eq!(world.statuses.len(), before, "nothing has changed: {:?}", &world.statuses[before..]);
}

#[test]
fn kl_095_while_it_stops_a_pod_is_not_killed_for_its_liveness() {
    let mut world = World::new();
    world.run(60_500);
    let container = json!({"name": "c", "image": "a:1", "command": ["sleep", "3600"],
        "livenessProbe": http(json!({"periodSeconds": 1}))});
    let uid = world.create_pod("web", json!({"containers": [container]}));
    world.run(20_000);
    world.delete_pod("web", Some(20));
    world.run(1_000);
    fail(&mut world, uid, ProbeKind::Liveness, true);
    world.run(15_000);
    assert!(!world.events_of("web").iter().any(|event| event.contains("Unhealthy")));
    assert!(world.has_pod("web"));
}

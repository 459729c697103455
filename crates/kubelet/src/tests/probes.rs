//! Probes: when they are asked, and what their answers lead to.

use serde_json::{Value, json};

use super::World;
use crate::prober::ProbeKind;
use crate::runtime::answers::Answer;
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

fn answers(world: &mut World, uid: Uid, kind: ProbeKind, answer: Option<Answer>) {
    assert!(world.tell(|kubelet, ctx| kubelet.set_probe_answer(uid, "c", kind, answer, ctx)));
}

fn fail(world: &mut World, uid: Uid, kind: ProbeKind, failing: bool) {
    answers(world, uid, kind, failing.then_some(Answer::Code(500)));
}

/// What the events with this reason say, without their times.
fn said<'a>(world: &'a World, reason: &'a str) -> Vec<String> {
    let texts = world.events_of("web").into_iter().filter_map(move |event| {
        let (_, rest) = event.split_once(' ')?;
        rest.strip_prefix(reason)?.strip_prefix(": ").map(str::to_owned)
    });
    texts.collect()
}

/// When a line of the pod's timeline first contains `text`, in milliseconds.
fn first(world: &World, text: &str) -> u64 {
    let line = world.statuses_of("web").into_iter().find(|line| line.contains(text)).unwrap_or("0.0 none");
    let (secs, millis) = line.split(' ').next().unwrap().split_once('.').unwrap();
    secs.parse::<u64>().unwrap() * 1000 + millis.parse::<u64>().unwrap()
}

#[test]
fn kl_106_readiness_is_asked_at_once_when_the_pod_is_seen_running() {
    let mut world = World::new();
    world.run(60_500);
    pod(&mut world, json!({"readinessProbe": {"exec": {"command": ["true"]}}}));
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
fn kl_099_without_numbers_a_probe_has_delay_0_period_10_timeout_1_success_1_and_failure_3() {
    let mut world = World::new();
    world.run(60_500);
    let uid = pod(&mut world, json!({"readinessProbe": http(json!({}))}));
    world.run(30_000);
    // Delay 0, and one success is enough: it is asked again by the sync at the next relisting, as nothing listened yet.
    assert_eq!(first(&world, "c=Running!"), first(&world, "c=Running") + 200);
    fail(&mut world, uid, ProbeKind::Readiness, true);
    world.run(40_000);
    let events = world.events_of("web");
    let times: Vec<f64> = events
        .iter()
        .filter(|event| event.contains("Unhealthy"))
        .map(|event| event.split(' ').next().unwrap().parse().unwrap())
        .collect();
    let [_, one, two, three, ..] = times[..] else { panic!("{times:?}") };
    assert_eq!((two - one, three - two), (10.0, 10.0));
    // The third failure in a row is the one that counts.
    let unready = world.last_status("web").split(' ').next().unwrap().parse::<f64>().unwrap();
    assert!((three..three + 0.5).contains(&unready), "{unready} {times:?}");
    fail(&mut world, uid, ProbeKind::Readiness, false);
    world.run(10_000);
    assert!(world.pod("web").is_ready(), "one success is enough again");

    let exec = |seconds: &str| json!({"exec": {"command": ["sleep", seconds]}});
    for (seconds, ready) in [("1", true), ("1.1", false)] {
        let mut world = World::new();
        world.run(60_500);
        pod(&mut world, json!({"readinessProbe": exec(seconds)}));
        world.run(30_000);
        assert_eq!(world.pod("web").is_ready(), ready, "a command that takes {seconds} s");
    }
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
    // Each sync that sees it running begins the ticks anew, the last one with the relisting 0.2 s later: the fourth
    // is the first after 7 s, the sixth makes it ready.
    assert_eq!(ready - running, 10_200, "{:?}", world.statuses_of("web"));
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
    // Liveness and readiness probes that would fail are not even asked.
    for kind in [ProbeKind::Liveness, ProbeKind::Readiness] {
        world.tell(|kubelet, ctx| kubelet.set_probe_answer(uid, "c", kind, Some(Answer::Code(500)), ctx));
    }
    fail_before(&mut world, uid);
    world.run(45_000);
    assert!(!world.pod("web").status.containers[0].started);
    let texts = said(&world, "Unhealthy");
    assert!(!texts.is_empty() && texts.iter().all(|text| text.starts_with("Startup ")), "{texts:?}");
    for kind in [ProbeKind::Startup, ProbeKind::Liveness, ProbeKind::Readiness] {
        fail(&mut world, uid, kind, false);
    }
    world.run(20_000);
    let status = &world.pod("web").status.containers[0];
    assert!(status.started && status.ready);
    world.run(60_000);
    assert!(world.is_quiet());
}

#[test]
fn kl_101_a_startup_probe_that_has_succeeded_is_not_asked_again_before_the_container_restarts() {
    let mut world = World::new();
    world.run(60_500);
    let startup = http(json!({"periodSeconds": 1, "failureThreshold": 60}));
    let uid = pod(&mut world, json!({"startupProbe": startup}));
    world.run(20_000);
    assert!(world.pod("web").status.containers[0].started);
    fail(&mut world, uid, ProbeKind::Startup, true);
    world.run(30_000);
    assert_eq!(said(&world, "Unhealthy"), [""; 0]);
    assert!(world.pod("web").status.containers[0].started);
    world.tell(|kubelet, ctx| kubelet.crash_container(uid, "c", 1, ctx));
    world.run(10_000);
    let status = &world.pod("web").status.containers[0];
    assert_eq!((status.restart_count, status.started), (1, false));
    assert_eq!(said(&world, "Unhealthy")[0], "Startup probe failed: HTTP probe failed with statuscode: 500");
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
    let answer = Some(Answer::Code(500));
    world.tell(|kubelet, ctx| kubelet.set_probe_answer(uid, "c", ProbeKind::Startup, answer, ctx));
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
fn kl_104_any_status_from_200_to_399_is_a_success() {
    let redirect = "Readiness probe warning: Probe terminated redirects, Response body: ";
    for (status, ready) in [
        (100, false),
        (199, false),
        (200, true),
        (204, true),
        (299, true),
        (300, true),
        (302, true),
        (399, true),
        (400, false),
        (404, false),
        (503, false),
    ] {
        let mut world = World::new();
        world.run(60_500);
        let uid = pod(&mut world, json!({"readinessProbe": http(json!({"periodSeconds": 1}))}));
        let answer = Some(Answer::Code(status));
        world.tell(|kubelet, ctx| kubelet.set_probe_answer(uid, "c", ProbeKind::Readiness, answer, ctx));
        world.run(10_000);
        assert_eq!(world.pod("web").is_ready(), ready, "{status}");
        let failed = format!("Readiness probe failed: HTTP probe failed with statuscode: {status}");
        assert_eq!(said(&world, "Unhealthy").first(), (!ready).then_some(&failed), "{status}");
        // A redirect that is left over leads to another host: each time that is told of.
        let warned = said(&world, "ProbeWarning").first().is_some_and(|text| text == redirect);
        assert_eq!(warned, ready && status >= 300, "{status}");
    }
}

/// What a readiness probe's event says of each answer.
#[test]
fn kl_103_every_handler_fails_in_its_own_words() {
    let http = || json!({"httpGet": {"port": "web", "path": "live"}});
    let exec = || json!({"exec": {"command": ["sleep", "5"]}});
    let tcp = || json!({"tcpSocket": {"port": 8080}});
    let grpc = || json!({"grpc": {"port": 8080}});
    let url = "Get \"http://10.244.1.2:80/live\": ";
    for (probe, answer, expected) in [
        (http(), Answer::Refused, format!("failed: {url}dial tcp 10.244.1.2:80: connect: connection refused")),
        (
            http(),
            Answer::Silent,
            format!(
                "failed: {url}context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
            ),
        ),
        (exec(), Answer::Code(1), "failed: ".to_owned()),
        (exec(), Answer::Silent, "failed: command timed out: \"sleep 5\" timed out after 1s".to_owned()),
        (tcp(), Answer::Refused, "failed: dial tcp 10.244.1.2:8080: connect: connection refused".to_owned()),
        (tcp(), Answer::Silent, "failed: dial tcp 10.244.1.2:8080: i/o timeout".to_owned()),
        (
            grpc(),
            Answer::Code(1),
            "failed: service unhealthy (responded with \"NOT_SERVING\")".to_owned(),
        ),
        (
            grpc(),
            Answer::Refused,
            "failed: timeout: failed to connect service \"10.244.1.2:8080\" within 1s: context deadline exceeded"
                .to_owned(),
        ),
        (grpc(), Answer::Silent, "failed: timeout: health rpc did not complete within 1s".to_owned()),
        (
            json!({"httpGet": {"port": "metrics"}}),
            Answer::Code(200),
            "errored and resulted in unknown state: strconv.Atoi: parsing \"metrics\": invalid syntax".to_owned(),
        ),
    ] {
        let mut world = World::new();
        world.run(60_500);
        let mut probe = probe;
        probe["periodSeconds"] = json!(1);
        let ports = json!([{"name": "web", "containerPort": 80}]);
        let uid = pod(&mut world, json!({"ports": ports, "readinessProbe": probe}));
        let answer = Some(answer);
        world.tell(|kubelet, ctx| kubelet.set_probe_answer(uid, "c", ProbeKind::Readiness, answer, ctx));
        world.run(10_000);
        assert_eq!(said(&world, "Unhealthy").first(), Some(&format!("Readiness probe {expected}")));
        assert!(!world.pod("web").is_ready());
    }
}

#[test]
fn an_annotation_of_the_pod_decides_what_its_programs_answer() {
    let mut world = World::new();
    world.run(60_500);
    pod(&mut world, json!({"readinessProbe": http(json!({})), "livenessProbe": http(json!({}))}));
    world.run(20_000);
    assert!(world.pod("web").is_ready());
    let annotate = |world: &mut World, value: &str| {
        let mut pod = world.pod("web").clone();
        pod.meta.common_mut().annotations.insert("probes.kubestage/c".into(), value.into());
        world.store(pod);
    };
    annotate(&mut world, "readiness=503");
    world.run(40_000);
    assert!(!world.pod("web").is_ready());
    assert_eq!(
        said(&world, "Unhealthy")[1],
        "Readiness probe failed: HTTP probe failed with statuscode: 503"
    );
    assert_eq!(world.pod("web").status.containers[0].restart_count, 0, "its liveness probe is answered");
    annotate(&mut world, "readiness=fine");
    world.run(20_000);
    assert!(said(&world, "Unhealthy").last().unwrap().starts_with(
        "Readiness probe errored and resulted in unknown state: annotation probes.kubestage/c: \"readiness=fine\""
    ));
    annotate(&mut world, "");
    world.run(20_000);
    assert!(world.pod("web").is_ready());
    world.run(60_000);
    assert!(world.is_quiet());
}

#[test]
fn kl_076_the_documentations_example_is_restarted_when_its_file_is_gone() {
    let mut world = World::new();
    world.run(60_500);
    let script = "touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600";
    let probe =
        json!({"exec": {"command": ["cat", "/tmp/healthy"]}, "initialDelaySeconds": 5, "periodSeconds": 5});
    let container = json!({"name": "c", "image": "registry.k8s.io/busybox:1.27.2",
        "args": ["/bin/sh", "-c", script], "livenessProbe": probe});
    world.create_pod("web", json!({"containers": [container]}));
    world.run(25_000);
    assert_eq!(said(&world, "Unhealthy"), [""; 0]);
    world.run(60_000);
    let failed = "Liveness probe failed: cat: can't open '/tmp/healthy': No such file or directory\n";
    assert_eq!(said(&world, "Unhealthy"), [failed; 3]);
    assert_eq!(said(&world, "Killing"), ["Container c failed liveness probe, will be restarted"]);
    assert_eq!(world.pod("web").status.containers[0].restart_count, 1);
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
    let container = json!({"name": "c", "image": "a:1", "command": ["sh", "-c", "server; sleep 3600"],
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

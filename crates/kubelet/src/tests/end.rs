//! A pod goes down: grace periods, hooks, crashes and their back-off.

use expect_test::expect;
use serde_json::json;

use super::World;
use api::event::EventDraft;

#[test]
fn kl_087_a_deleted_pod_stops_gets_its_last_status_and_goes() {
    let mut world = World::new();
    world.create_pod("web", json!({"containers": [{"name": "c", "image": "a:1"}]}));
    world.run(10_000);
    world.delete_pod("web", None);
    world.run(1_300);
    assert_eq!(world.events_of("web").last().unwrap(), "10.200 Killing: Stopping container c");
    assert!(world.has_pod("web"));
    world.run(200);
    assert_eq!(world.last_status("web"), "11.400 web: Succeeded c=Completed(0)");
    assert!(!world.has_pod("web"));
    world.run(60_000);
    assert!(world.is_quiet());
    assert!(world.kubelet.workers.iter().next().is_none() && world.kubelet.runtime.sandboxes().is_empty());
}

#[test]
fn kl_088_a_program_that_ignores_sigterm_is_killed_when_the_grace_period_ends() {
    let mut world = World::new();
    let container = json!({"name": "c", "image": "busybox:1", "command": ["sleep", "3600"]});
    world.create_pod("web", json!({"containers": [container], "terminationGracePeriodSeconds": 5}));
    world.run(10_000);
    world.delete_pod("web", None);
    world.run(6_000);
    assert_eq!(world.last_status("web"), "15.400 web: Failed c=Error(137)");
}

#[test]
fn kl_088_pre_stop_counts_against_the_grace_period_and_2_s_always_remain() {
    let mut world = World::new();
    let hook = json!({"preStop": {"exec": {"command": ["sleep", "3"]}}});
    let container =
        json!({"name": "c", "image": "busybox:1", "command": ["sleep", "3600"], "lifecycle": hook});
    world.create_pod("web", json!({"containers": [container], "terminationGracePeriodSeconds": 4}));
    world.run(10_000);
    world.delete_pod("web", None);
    world.run(6_000);
    // 0.2 s to hear of it, 3 s for the hook, and not 1 but 2 s from SIGTERM to SIGKILL.
    assert_eq!(world.last_status("web"), "15.400 web: Failed c=Error(137)");
}

#[test]
fn kl_090_a_shorter_grace_period_ends_it_sooner() {
    let mut world = World::new();
    let container = json!({"name": "c", "image": "busybox:1", "command": ["sleep", "3600"]});
    world.create_pod("web", json!({"containers": [container], "terminationGracePeriodSeconds": 300}));
    world.run(10_000);
    world.delete_pod("web", None);
    world.run(5_000);
    world.delete_pod("web", Some(3));
    world.run(7_000);
    assert!(!world.has_pod("web"));
    assert_eq!(world.last_status("web"), "19.200 web: Failed c=Error(137)");
}

#[test]
fn kl_091_a_failing_pre_stop_hook_is_told_and_changes_nothing() {
    let mut world = World::new();
    let hook = json!({"preStop": {"exec": {"command": ["sh", "-c", "exit 1"]}}});
    world.create_pod("web", json!({"containers": [{"name": "c", "image": "a:1", "lifecycle": hook}]}));
    world.run(10_000);
    world.delete_pod("web", None);
    world.run(3_000);
    let events = world.events_of("web");
    assert_eq!(events.last().unwrap(), "10.300 FailedPreStopHook: PreStopHook failed");
    assert!(!world.has_pod("web"));
}

#[test]
fn kl_093_a_forced_deletion_stops_the_containers_in_the_background() {
    let mut world = World::new();
    world.create_pod("web", json!({"containers": [{"name": "c", "image": "a:1"}]}));
    world.run(10_000);
    world.delete_pod("web", Some(0));
    assert!(!world.has_pod("web"));
    world.run(500);
    assert_eq!(world.kubelet.runtime.running_containers().count(), 1);
    world.run(2_000);
    assert_eq!(world.kubelet.runtime.running_containers().count(), 0);
    assert!(world.kubelet.workers.iter().next().is_none());
}

#[test]
fn kl_070_kl_072_kl_073_kl_075_a_crashing_container_backs_off() {
    let mut world = World::new();
    let container = json!({"name": "c", "image": "a:1", "command": ["sh", "-c", "exit 1"]});
    let uid = world.create_pod("web", json!({"containers": [container]}));
    world.run(120_000);
    let starts: Vec<f64> = (world.events_of("web").iter())
        .filter(|event| event.contains(" Started: "))
        .map(|event| event.split(' ').next().unwrap().parse().unwrap())
        .collect();
    // The first restart follows at once; then 10, 20, 40 s and up to half of it more.
    let gaps: Vec<f64> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps[0] <= 1.2, "{gaps:?}");
    assert!((10.0..=16.3).contains(&gaps[1]) && (20.0..=31.3).contains(&gaps[2]), "{gaps:?}");
    assert!((40.0..=61.3).contains(&gaps[3]), "{gaps:?}");
    let message = format!("Back-off restarting failed container c in pod web_default({uid})");
    assert!(world.events_of("web").iter().any(|event| event.ends_with(&format!("BackOff: {message}"))));
    let statuses = world.statuses_of("web").join("\n");
    let error = statuses.find("c=Error(1)").unwrap();
    let back_off = statuses.find("c=CrashLoopBackOffx1").unwrap();
    assert!(error < back_off, "{statuses}");
    assert!(world.pod("web").status.containers[0].last_state.is_some());
}

/// What an event says the first time it says as one of a series: the API server counts them in one object.
#[test]
fn kl_052_a_second_start_raises_the_counts_of_the_first_ones_events() {
    let counts = |policy: &str, present: bool| {
        let mut world = World::new();
        if present {
            world.create_pod("first", json!({"containers": [{"name": "c", "image": "a:1"}]}));
            world.run(5_000);
        }
        let container = json!({"name": "c", "image": "a:1", "imagePullPolicy": policy});
        let uid = world.create_pod("web", json!({"containers": [container]}));
        world.run(5_000);
        let first = world.events.clone();
        world.tell(|kubelet, ctx| kubelet.crash_container(uid, "c", 1, ctx));
        world.run(5_000);
        let about = |draft: &EventDraft| &*draft.regarding.name == "web";
        let second = world.events[first.len()..].iter().filter(|(_, draft)| about(draft));
        let before = |again: &EventDraft| {
            let same = |draft: &EventDraft| draft.reason == again.reason && draft.message == again.message;
            first.iter().any(|(at, draft)| {
                about(draft) && same(draft) && *at <= again.last && draft.first == again.first
            })
        };
        let text =
            |(_, draft): &(_, EventDraft)| format!("{} x{} {}", draft.reason, draft.count, before(draft));
        second.map(text).collect::<Vec<_>>().join("\n")
    };
    expect![[r#"
        Pulling x2 true
        Pulled x1 false
        Created x2 true
        Started x2 true"#]]
    .assert_eq(&counts("Always", false));
    expect![[r#"
        Pulled x2 true
        Created x2 true
        Started x2 true"#]]
    .assert_eq(&counts("IfNotPresent", true));
    expect![[r#"
        Pulled x1 false
        Created x2 true
        Started x2 true"#]]
    .assert_eq(&counts("IfNotPresent", false));
}

#[test]
fn kl_074_exit_code_0_backs_off_just_the_same() {
    let mut world = World::new();
    let container = json!({"name": "c", "image": "a:1", "command": ["true"]});
    world.create_pod("web", json!({"containers": [container]}));
    world.run(40_000);
    let statuses = world.statuses_of("web").join("\n");
    assert!(statuses.contains("web: Running c=Completed(0)"), "{statuses}");
    assert!(statuses.contains("web: Running c=CrashLoopBackOffx1"), "{statuses}");
}

#[test]
fn kl_064_kl_068_without_restart_a_pod_ends_as_its_containers_do() {
    let mut world = World::new();
    let job = |command: &str| json!({"restartPolicy": "Never", "containers": [{"name": "c", "image": "a:1", "command": [command]}]});
    world.create_pod("good", job("true"));
    world.create_pod("bad", job("false"));
    world.run(10_000);
    assert!(world.statuses_of("good").last().unwrap().ends_with("good: Succeeded c=Completed(0)"));
    assert!(world.statuses_of("bad").last().unwrap().ends_with("bad: Failed c=Error(1)"));
    world.run(60_000);
    assert!(world.is_quiet());
    world.delete_pod("good", Some(0));
    world.run(1_000);
    assert_eq!(world.kubelet.workers.iter().count(), 1);
}

#[test]
fn kl_031_containers_outlive_their_kubelet_and_are_found_again() {
    let mut world = World::new();
    let uid = world.create_pod("web", json!({"containers": [{"name": "c", "image": "a:1"}]}));
    world.run(10_000);
    let events = world.events.len();
    world.kubelet.stop();
    world.run(10_000);
    world.tell(|kubelet, ctx| kubelet.crash_container(uid, "c", 3, ctx));
    world.run(10_000);
    assert_eq!(world.kubelet.runtime.running_containers().count(), 0);
    assert_eq!(world.events.len(), events);
    world.start_kubelet();
    let pod = world.objects.values().next().unwrap().clone();
    world.tell(|kubelet, ctx| kubelet.on_list(api::object::Kind::Pod, vec![api::Object::Pod(pod)], ctx));
    world.run(10_000);
    assert!(world.statuses_of("web").last().unwrap().ends_with("web: Running c=Running!x1"));
    assert_eq!(world.pod("web").status.containers[0].last_state.as_ref().unwrap().exit_code, 3);
}

#[test]
fn kl_031_a_kubelet_that_ends_amid_a_start_leaves_no_second_container_behind() {
    let mut world = World::new();
    world.create_pod("web", json!({"containers": [{"name": "c", "image": "a:1"}]}));
    // The image is there after 2.2 s, the container runs at 2.4 s.
    world.run(2_300);
    assert_eq!(world.kubelet.runtime.sandboxes()[0].containers.len(), 1);
    world.kubelet.stop();
    world.start_kubelet();
    let pod = world.objects.values().next().unwrap().clone();
    world.tell(|kubelet, ctx| kubelet.on_list(api::object::Kind::Pod, vec![api::Object::Pod(pod)], ctx));
    world.run(10_000);
    assert_eq!(world.kubelet.runtime.running_containers().count(), 1);
}

#[test]
fn kl_072_events_that_are_said_again_are_counted() {
    let mut world = World::new();
    let container = json!({"name": "c", "image": "a:1", "command": ["sh", "-c", "exit 1"]});
    world.create_pod("web", json!({"containers": [container]}));
    world.run(120_000);
    let said = |reason: &str| -> Vec<(u32, u64)> {
        let events = world.events.iter().filter(|(_, draft)| draft.reason == reason);
        events.map(|(_, draft)| (draft.count, draft.first.since(world.start).as_millis())).collect()
    };
    // The first start is where all later ones count from.
    assert_eq!(said("Started")[..3], [(1, 2300), (2, 2300), (3, 2300)]);
    let back_offs = said("BackOff");
    assert_eq!(back_offs[0].0, 1);
    assert_eq!(back_offs[1], (2, back_offs[0].1));
}

#[test]
fn kl_051_kl_050_a_terminating_pod_never_goes_back() {
    let mut world = World::new();
    let container = json!({"name": "c", "image": "a:1", "command": ["sleep", "3600"]});
    world.create_pod("web", json!({"containers": [container]}));
    world.run(10_000);
    world.delete_pod("web", Some(20));
    world.run(2_000);
    // Whatever the API server says of it now, its grace period cannot grow and it is not synced again.
    let mut pod = world.pod("web").clone();
    pod.meta.deletion.as_mut().unwrap().grace_seconds = 300;
    world.store(pod.clone());
    pod.meta.deletion = None;
    world.store(pod);
    world.run(20_000);
    assert!(world.running().is_empty());
    let killing = world.events_of("web").into_iter().filter(|event| event.contains("Killing")).count();
    assert_eq!(killing, 1);
}

#[test]
fn kl_050_a_pod_first_seen_at_its_end_goes_straight_to_termination() {
    let mut world = World::new();
    world.create_pod("late", json!({"containers": [{"name": "c", "image": "a:1"}]}));
    world.delete_pod("late", None);
    let uid = world.create_pod("done", json!({"containers": [{"name": "c", "image": "a:1"}]}));
    let mut done = world.pod("done").clone();
    done.status.phase = api::pod::Phase::Succeeded;
    // The kubelet has not heard of it before.
    world.kubelet.stop();
    world.objects.insert(api::Key::new("default", "done"), std::rc::Rc::new(done));
    world.start_kubelet();
    world.connect();
    world.run(5_000);
    assert!(!world.has_pod("late"));
    assert!(world.has_pod("done"));
    assert!(world.kubelet.runtime.sandbox(uid).is_none());
    assert!(world.events_of("done").is_empty() && world.events_of("late").is_empty());
}

#[test]
fn kl_065_a_deleted_pod_that_never_ran_fails_and_static_pods_are_exempt() {
    let mut world = World::new();
    world.create_pod("web", json!({"containers": [{"name": "c", "image": "nosuch/image:1"}]}));
    world.run(5_000);
    world.delete_pod("web", None);
    world.run(3_000);
    assert!(world.last_status("web").contains("web: Failed"), "{}", world.last_status("web"));
    assert!(!world.has_pod("web"));
}

#[test]
fn kl_062_the_reason_of_an_end_comes_from_its_exit_code() {
    let mut world = World::new();
    let spec = |script: &str| {
        let container = json!({"name": "c", "image": "a:1", "command": ["sh", "-c", script]});
        json!({"restartPolicy": "Never", "containers": [container]})
    };
    world.create_pod("good", spec("exit 0"));
    world.create_pod("bad", spec("exit 7"));
    world.run(10_000);
    assert!(world.last_status("good").ends_with("c=Completed(0)"));
    assert!(world.last_status("bad").ends_with("c=Error(7)"));
}

#[test]
fn kl_094_without_the_api_server_a_deletion_waits() {
    let mut world = World::new();
    world.create_pod("web", json!({"containers": [{"name": "c", "image": "a:1"}]}));
    world.run(10_000);
    world.cut_api();
    world.delete_pod("web", None);
    world.run(60_000);
    assert_eq!(world.running(), ["web"]);
    assert!(world.pod("web").meta.is_terminating());
    world.restore_api();
    world.run(5_000);
    assert!(!world.has_pod("web"));
}

#[test]
fn a_pod_past_its_active_deadline_has_failed() {
    let mut world = World::new();
    let container = json!({"name": "c", "image": "a:1"});
    world.create_pod("short", json!({"activeDeadlineSeconds": 10, "containers": [container]}));
    world.run(30_000);
    expect![[r#"
        0.400 short: Pending c=ContainerCreating
        2.500 short: Running c=Running!
        10.200 short: Failed c=Running!
        12.200 short: Failed c=Completed(0)"#]]
    .assert_eq(&world.statuses_of("short").join("\n"));
    let reason = world.pod("short").status.reason.as_ref().map(|reason| (&*reason.reason, &*reason.message));
    let message = "Pod was active on the node longer than the specified deadline";
    assert_eq!(reason, Some(("DeadlineExceeded", message)));
    let said = world.events_of("short").into_iter().filter(|event| event.contains("DeadlineExceeded"));
    assert!(said.count() >= 1);
    assert!(world.running().is_empty());
}

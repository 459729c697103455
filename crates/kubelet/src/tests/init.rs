//! Init containers, sidecars, and containers whose spec changes.

use expect_test::expect;
use serde_json::{Value, json};

use super::World;

fn container(name: &str, script: &str) -> Value {
    match script {
        "" => json!({"name": name, "image": "a:1"}),
        script => json!({"name": name, "image": "a:1", "command": ["sh", "-c", script]}),
    }
}

fn sidecar(name: &str) -> Value {
    json!({"name": name, "image": "a:1", "restartPolicy": "Always"})
}

fn starts(world: &World, pod: &str) -> Vec<String> {
    let events = world.events.iter().filter(|(_, e)| &*e.regarding.name == pod && e.reason == "Started");
    events
        .map(|(_, e)| {
            let path = e.field_path.as_deref().unwrap();
            let name = path.split(['{', '}']).nth(1).unwrap();
            format!("{} {name}", super::seconds(e.first.since(world.start)))
        })
        .collect()
}

#[test]
fn kl_096_init_containers_run_one_after_another() {
    let mut world = World::new();
    let init = [container("first", "sleep 2; exit 0"), container("second", "sleep 1")];
    world.create_pod("web", json!({"initContainers": init, "containers": [container("c", "")]}));
    world.run(20_000);
    expect![[r#"
        2.300 first
        5.200 second
        7.200 c"#]]
    .assert_eq(&starts(&world, "web").join("\n"));
    expect![[r#"
        0.400 web: Pending first=PodInitializing second=PodInitializing c=PodInitializing
        2.500 web: Pending first=Running second=PodInitializing c=PodInitializing
        5.200 web: Pending first=Completed(0)! second=PodInitializing c=PodInitializing
        5.400 web: Pending first=Completed(0)! second=Running c=PodInitializing
        7.200 web: Pending first=Completed(0)! second=Completed(0)! c=PodInitializing
        7.400 web: Running first=Completed(0)! second=Completed(0)! c=Running!"#]]
    .assert_eq(&world.statuses_of("web").join("\n"));
}

#[test]
fn kl_096_a_failing_init_container_backs_off_and_with_never_fails_the_pod() {
    let mut world = World::new();
    let spec = |policy: &str| {
        json!({"restartPolicy": policy, "initContainers": [container("i", "exit 1")],
            "containers": [container("c", "")]})
    };
    world.create_pod("always", spec("Always"));
    world.create_pod("never", spec("Never"));
    world.run(30_000);
    let always = world.statuses_of("always").join("\n");
    assert!(always.contains("always: Pending i=Error(1) c=PodInitializing"), "{always}");
    assert!(always.contains("always: Pending i=CrashLoopBackOffx1 c=PodInitializing"), "{always}");
    assert!(world.last_status("never").ends_with("never: Failed i=Error(1) c=PodInitializing"));
    assert!(!starts(&world, "never").iter().any(|start| start.ends_with(" c")));
    let initialized = world.pod("always").to_value()["status"]["conditions"][1].clone();
    assert_eq!(initialized["reason"], "ContainersNotInitialized");
    assert_eq!(initialized["message"], "containers with incomplete status: [i]");
}

#[test]
fn kl_097_a_sidecar_is_started_before_the_next_and_is_restarted_whenever_it_exits() {
    let mut world = World::new();
    let init = [sidecar("log"), container("setup", "exit 0")];
    let uid = world.create_pod("web", json!({"initContainers": init, "containers": [container("c", "")]}));
    world.run(20_000);
    let names: Vec<String> =
        starts(&world, "web").iter().map(|s| s.split(' ').nth(1).unwrap().into()).collect();
    assert_eq!(names, ["log", "setup", "c"]);
    assert!(world.last_status("web").ends_with("web: Running log=Running! setup=Completed(0)! c=Running!"));
    world.tell(|kubelet, ctx| kubelet.crash_container(uid, "log", 0, ctx));
    world.run(5_000);
    assert!(world.last_status("web").ends_with("web: Running log=Running!x1 setup=Completed(0)! c=Running!"));
    world.run(100_000);
    assert!(world.is_quiet());
}

#[test]
fn kl_097_a_sidecar_does_not_keep_its_pod_alive() {
    let mut world = World::new();
    let spec = json!({"restartPolicy": "Never", "initContainers": [sidecar("log")],
        "containers": [container("c", "sleep 5; exit 0")]});
    world.create_pod("job", spec);
    world.run(30_000);
    assert!(
        world.last_status("job").ends_with("job: Succeeded log=Completed(0) c=Completed(0)"),
        "{}",
        world.last_status("job")
    );
    assert!(world.running().is_empty());
}

#[test]
fn kl_089_sidecars_stop_after_the_others_and_in_reverse_order() {
    let mut world = World::new();
    let init = [sidecar("one"), sidecar("two")];
    let uid = world.create_pod("web", json!({"initContainers": init, "containers": [container("c", "")]}));
    world.run(20_000);
    world.delete_pod("web", None);
    let mut ends: Vec<String> = Vec::new();
    for _ in 0..50 {
        world.run(100);
        let Some(sandbox) = world.kubelet.runtime.sandbox(uid) else { break };
        for name in ["c", "two", "one"] {
            let ended = sandbox.newest(name).is_some_and(|container| container.exit().is_some());
            if ended && !ends.iter().any(|end| end == name) {
                ends.push(name.to_owned());
            }
        }
    }
    assert_eq!(ends[..2], ["c", "two"], "{ends:?}");
    let killing = world.events_of("web").into_iter().filter(|event| event.contains("Killing")).count();
    assert_eq!(killing, 3);
    assert!(!world.has_pod("web"));
}

#[test]
fn kl_098_kl_059_a_new_sandbox_runs_the_init_containers_again() {
    let mut world = World::new();
    let init = [container("setup", "exit 0")];
    let uid = world.create_pod("web", json!({"initContainers": init, "containers": [container("c", "")]}));
    world.run(20_000);
    world.kubelet.stop();
    let now = world.now;
    world.kubelet.runtime.power_off(now);
    world.run(30_000);
    world.start_kubelet();
    world.connect();
    world.run(20_000);
    let count = |name: &str| starts(&world, "web").iter().filter(|start| start.ends_with(name)).count();
    assert_eq!((count(" setup"), count(" c")), (2, 2));
    let changed = "SandboxChanged: Pod sandbox changed, it will be killed and re-created.";
    assert!(world.events_of("web").iter().any(|event| event.ends_with(changed)));
    let sandbox = world.kubelet.runtime.sandbox(uid).unwrap();
    assert_eq!((sandbox.attempt, sandbox.newest("c").unwrap().attempt), (1, 1));
    assert!(world.pod("web").is_ready());
}

#[test]
fn kl_077_kl_078_a_changed_image_restarts_the_container_without_back_off() {
    let mut world = World::new();
    let uid = world.create_pod("web", json!({"containers": [container("c", "")]}));
    world.run(20_000);
    for _ in 0..2 {
        world.tell(|kubelet, ctx| kubelet.crash_container(uid, "c", 1, ctx));
        world.run(30_000);
    }
    let mut pod = world.pod("web").clone();
    let mut spec = (*pod.spec.raw).clone();
    spec["containers"][0]["image"] = json!("b:2");
    pod.spec = std::rc::Rc::new(api::pod::PodSpec::from_value(spec));
    world.store(pod);
    world.run(6_000);
    assert!(
        world
            .events_of("web")
            .iter()
            .any(|event| { event.ends_with("Killing: Container c definition changed, will be restarted") })
    );
    assert!(world.last_status("web").ends_with("web: Running c=Running!x3"), "{}", world.last_status("web"));
    let image = world.kubelet.runtime.running_containers().next().unwrap().1.spec().image.clone();
    assert_eq!(&*image, "b:2");
}

#[test]
fn kl_091_a_failing_post_start_hook_restarts_the_container() {
    let mut world = World::new();
    let hook = json!({"postStart": {"exec": {"command": ["sh", "-c", "exit 1"]}}});
    world.create_pod("web", json!({"containers": [{"name": "c", "image": "a:1", "lifecycle": hook}]}));
    world.run(10_000);
    let events = world.events_of("web");
    assert!(events.iter().any(|event| event.ends_with("FailedPostStartHook: PostStartHook failed")));
    assert!(events.iter().any(|event| event.ends_with("Killing: FailedPostStartHook")));
    assert!(world.statuses_of("web").iter().any(|line| line.contains("c=PostStartHookError")));
}

//! Containers with a restart policy of their own, and with rules (KL-068).

use expect_test::expect;
use serde_json::{Value, json};

use super::World;

fn container(name: &str, script: &str, policy: &str) -> Value {
    json!({"name": name, "image": "a:1", "command": ["sh", "-c", script], "restartPolicy": policy})
}

/// With one rule for exit code 42.
fn with_rule(name: &str, script: &str, action: &str) -> Value {
    let mut container = container(name, script, "Never");
    container["restartPolicyRules"] =
        json!([{"action": action, "exitCodes": {"operator": "In", "values": [42]}}]);
    container
}

#[test]
fn a_containers_own_policy_decides_whether_it_starts_again() {
    let mut world = World::new();
    let containers =
        [container("never", "exit 1", "Never"), container("failing", "sleep 2; exit 3", "OnFailure")];
    world.create_pod("web", json!({"restartPolicy": "Always", "containers": containers}));
    world.run(18_000);
    expect![[r#"
        0.400 web: Pending never=ContainerCreating failing=ContainerCreating
        2.700 web: Running never=Error(1) failing=Running!
        5.200 web: Running never=Error(1) failing=Error(3)
        5.400 web: Running never=Error(1) failing=Running!x1
        8.200 web: Running never=Error(1) failing=Error(3)x1"#]]
    .assert_eq(&world.statuses_of("web").join("\n"));
}

#[test]
fn a_rule_starts_a_container_again_that_its_policy_would_leave() {
    let mut world = World::new();
    let containers =
        [with_rule("c", "sleep 2; exit 42", "Restart"), container("main", "sleep 4000", "Never")];
    world.create_pod("web", json!({"restartPolicy": "Never", "containers": containers}));
    world.run(18_000);
    expect![[r#"
        0.400 web: Pending c=ContainerCreating main=ContainerCreating
        2.700 web: Running c=Running! main=Running!
        5.200 web: Running c=Error(42) main=Running!
        5.400 web: Running c=Running!x1 main=Running!
        8.200 web: Running c=Error(42)x1 main=Running!"#]]
    .assert_eq(&world.statuses_of("web").join("\n"));
}

#[test]
fn a_failing_init_container_goes_by_its_own_policy() {
    let mut world = World::new();
    let init = [container("i", "sleep 1; exit 1", "OnFailure")];
    let main = [json!({"name": "c", "image": "a:1"})];
    world.create_pod("again", json!({"restartPolicy": "Never", "initContainers": init, "containers": main}));
    let init = [container("i", "sleep 1; exit 1", "Never")];
    world.create_pod("over", json!({"restartPolicy": "Always", "initContainers": init, "containers": main}));
    world.run(8_000);
    expect!["6.200 again: Pending i=Error(1)x1 c=PodInitializing"].assert_eq(world.last_status("again"));
    expect!["5.200 over: Failed i=Error(1) c=PodInitializing"].assert_eq(world.last_status("over"));
}

#[test]
fn a_rule_for_all_removes_every_container_and_starts_them_anew() {
    let mut world = World::new();
    let init = [json!({"name": "i", "image": "a:1", "command": ["sh", "-c", "sleep 1"]})];
    let containers =
        [with_rule("c", "sleep 5; exit 42", "RestartAllContainers"), json!({"name": "main", "image": "a:1"})];
    world.create_pod(
        "web",
        json!({"restartPolicy": "Never", "initContainers": init, "containers": containers}),
    );
    world.run(18_000);
    expect![[r#"
        0.400 web: Pending i=PodInitializing c=PodInitializing main=PodInitializing
        2.500 web: Pending i=Running c=PodInitializing main=PodInitializing
        4.200 web: Pending i=Completed(0)! c=PodInitializing main=PodInitializing
        4.600 web: Running i=Completed(0)! c=Running! main=Running!
        10.200 web: Running i=Completed(0)! c=Error(42) main=Running!
        11.200 web: Running i=RestartingAllContainersx1 c=RestartingAllContainersx1 main=RestartingAllContainersx1
        11.400 web: Pending i=Runningx1 c=PodInitializingx1 main=PodInitializingx1
        13.200 web: Running i=Completed(0)!x1 c=PodInitializingx1 main=PodInitializingx1
        13.600 web: Running i=Completed(0)!x1 c=Running!x1 main=Running!x1"#]].assert_eq(&world.statuses_of("web").join("\n"));
    expect![[r#"
        0.600 Pulling: Pulling image "a:1"
        2.100 Pulled: Successfully pulled image "a:1" in 1.5s (1.5s including waiting). Image size: 81612585 bytes.
        2.100 Created: Container created
        2.300 Started: Container started
        4.000 Pulled: Container image "a:1" already present on machine and can be accessed by the pod
        4.000 Created: Container created
        4.200 Started: Container started
        4.200 Pulled: Container image "a:1" already present on machine and can be accessed by the pod
        4.200 Created: Container created
        4.400 Started: Container started
        10.000 Killing: killing
        11.000 Pulled: Container image "a:1" already present on machine and can be accessed by the pod
        11.000 Created: Container created
        11.200 Started: Container started
        13.000 Pulled: Container image "a:1" already present on machine and can be accessed by the pod
        13.000 Created: Container created
        13.200 Started: Container started
        13.200 Pulled: Container image "a:1" already present on machine and can be accessed by the pod
        13.200 Created: Container created
        13.400 Started: Container started"#]].assert_eq(&world.events_of("web").join("\n"));
}

/// What becomes of a pod whose program fails at once.
fn fails_at_once(world: &mut World) -> String {
    let container = json!({"name": "c", "image": "a:1", "command": ["sh", "-c", "exit 1"]});
    world.create_pod("web", json!({"containers": [container]}));
    world.run(5_000);
    let back_offs = world.events_of("web").into_iter().filter(|event| event.contains("BackOff:"));
    world.statuses_of("web").into_iter().map(str::to_owned).chain(back_offs).collect::<Vec<_>>().join("\n")
}

#[test]
fn kl_117_what_a_sync_has_done_is_looked_at_at_once_and_an_update_meanwhile_is_one_more_sync() {
    // With its image there it is up between two relistings: each look is one update.
    let mut quick = World::new();
    quick.create_pod("other", json!({"containers": [{"name": "c", "image": "a:1"}]}));
    quick.run(10_850);
    expect![[r#"
        11.250 web: Pending c=ContainerCreating
        11.850 web: Running c=Error(1)
        12.050 web: Running c=Error(1)x1
        11.850 BackOff: Back-off restarting failed container c in pod web_default(00000000-0000-4003-8000-000000000003)"#]].assert_eq(&fails_at_once(&mut quick));
    // While the image is pulled a relisting finds the sandbox: that update waits, and the next one after it.
    expect![[r#"
        0.400 web: Pending c=ContainerCreating
        2.500 web: Running c=Error(1)
        2.700 web: Running c=Error(1)x1
        3.200 web: Running c=CrashLoopBackOffx1
        2.500 BackOff: Back-off restarting failed container c in pod web_default(00000000-0000-4001-8000-000000000001)
        3.000 BackOff: Back-off restarting failed container c in pod web_default(00000000-0000-4001-8000-000000000001)"#]].assert_eq(&fails_at_once(&mut World::new()));
}

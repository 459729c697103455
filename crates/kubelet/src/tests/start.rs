//! A pod comes up: sandbox, image, containers, events, statuses.

use expect_test::expect;
use serde_json::json;

use super::World;

#[test]
fn kl_052_kl_049_a_pod_comes_up_with_its_events_and_statuses() {
    let mut world = World::new();
    world.run(100);
    world.create_pod("web", json!({"containers": [{"name": "c", "image": "nginx:1.27"}]}));
    world.run(10_000);
    expect![[r#"
        0.700 Pulling: Pulling image "nginx:1.27"
        2.200 Pulled: Successfully pulled image "nginx:1.27" in 1.5s (1.5s including waiting). Image size: 65699847 bytes.
        2.200 Created: Container created
        2.400 Started: Container started"#]]
    .assert_eq(&world.events_of("web").join("\n"));
    expect![[r#"
        0.500 web: Pending c=ContainerCreating
        2.600 web: Running c=Running!"#]]
    .assert_eq(&world.statuses_of("web").join("\n"));
}

#[test]
fn kl_053_an_image_that_is_there_is_not_pulled_again() {
    let mut world = World::new();
    world.create_pod("a", json!({"containers": [{"name": "c", "image": "nginx:1.27"}]}));
    world.run(10_000);
    world.create_pod("b", json!({"containers": [{"name": "c", "image": "nginx:1.27"}]}));
    world.run(10_000);
    expect![[r#"
        10.600 Pulled: Container image "nginx:1.27" already present on machine and can be accessed by the pod
        10.600 Created: Container created
        10.800 Started: Container started"#]]
    .assert_eq(&world.events_of("b").join("\n"));
}

#[test]
fn kl_054_pull_policy_never_and_no_image() {
    let mut world = World::new();
    let container = json!({"name": "c", "image": "nginx:1.27", "imagePullPolicy": "Never"});
    world.create_pod("web", json!({"containers": [container]}));
    world.run(5_000);
    let events = world.events_of("web").join("\n");
    let text = "ErrImageNeverPull: Container image \"nginx:1.27\" is not present with pull policy of Never";
    assert!(events.starts_with(&format!("0.600 {text}\n0.600 Failed: Error: ErrImageNeverPull")), "{events}");
    assert_eq!(world.statuses_of("web").last(), Some(&"1.200 web: Pending c=ErrImageNeverPull"));
}

#[test]
fn kl_055_an_image_that_nobody_has() {
    let mut world = World::new();
    world.create_pod("web", json!({"containers": [{"name": "c", "image": "nosuch/image:1"}]}));
    world.run(16_000);
    let error = "rpc error: code = Unknown desc = failed to pull and unpack image \
        \"docker.io/nosuch/image:1\": failed to resolve reference \
        \"docker.io/nosuch/image:1\": pull access denied, repository does not exist or may require \
        authorization: server message: insufficient_scope: authorization failed";
    let events = world.events_of("web");
    assert_eq!(events[0], "0.600 Pulling: Pulling image \"nosuch/image:1\"");
    assert_eq!(events[1], format!("2.100 Failed: Failed to pull image \"nosuch/image:1\": {error}"));
    assert_eq!(events[2], "2.100 Failed: Error: ErrImagePull");
    assert_eq!(events[3], "3.000 BackOff: Back-off pulling image \"nosuch/image:1\"");
    assert_eq!(events[4], "3.000 Failed: Error: ImagePullBackOff");
    let waiting = world.pod("web").to_value()["status"]["containerStatuses"][0]["state"]["waiting"].clone();
    let message = format!("Back-off pulling image \"nosuch/image:1\": ErrImagePull: {error}");
    assert_eq!(waiting, json!({"reason": "ImagePullBackOff", "message": message}));
    assert_eq!(world.statuses_of("web")[1], "3.200 web: Pending c=ErrImagePull");
}

#[test]
fn kl_056_pulls_of_a_node_come_one_after_another() {
    let mut world = World::new();
    world.create_pod("a", json!({"containers": [{"name": "c", "image": "one:1"}]}));
    world.create_pod("b", json!({"containers": [{"name": "c", "image": "two:1"}]}));
    world.run(10_000);
    let pulled = |name| world.events_of(name).into_iter().find(|e| e.contains("Pulled")).unwrap();
    assert!(pulled("a").starts_with("2.100 "), "{}", pulled("a"));
    assert!(pulled("b").contains("3.600 Pulled: Successfully pulled image \"two:1\" in 1.5s (3s including"));
}

#[test]
fn kl_056_failed_pulls_back_off_from_10_to_300_seconds_for_each_pod_and_image() {
    let mut world = World::new();
    for name in ["a", "b"] {
        world.create_pod(name, json!({"containers": [{"name": "c", "image": "nosuch/image:1"}]}));
    }
    world.run(1_800_000);
    for name in ["a", "b"] {
        // Events become rare after a while; the status tells of each pull that failed.
        let failed = world.statuses_of(name).into_iter().filter(|line| line.ends_with("c=ErrImagePull"));
        let times: Vec<f64> = failed.map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect();
        let pauses: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        // Each pull comes with the first sync after its back-off, which a sync may miss by 90 seconds.
        for (pause, least) in pauses.iter().zip([10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0]) {
            assert!((least..least * 1.5 + 95.0).contains(pause), "{name}: {pauses:?}");
        }
        assert!(pauses.len() >= 6, "{name}: {pauses:?}");
    }
}

#[test]
fn kl_057_an_image_name_that_is_none() {
    let mut world = World::new();
    world.create_pod("web", json!({"containers": [{"name": "c", "image": "Nginx:1"}]}));
    world.run(3_000);
    let why = "Failed to apply default image tag \"Nginx:1\": couldn't parse image name \"Nginx:1\": invalid \
        reference format: repository name (library/Nginx) must be lowercase";
    let events = world.events_of("web");
    assert_eq!(events[0], format!("0.600 InspectFailed: {why}"));
    assert_eq!(events[1], "0.600 Failed: Error: InvalidImageName");
    assert_eq!(world.statuses_of("web").last(), Some(&"1.200 web: Pending c=InvalidImageName"));
}

#[test]
fn kl_060_without_a_network_only_host_network_pods_start() {
    let mut world = World::stopped();
    world.files.remove(super::NETWORK).unwrap();
    world.start_kubelet();
    world.create_pod("web", json!({"containers": [{"name": "c", "image": "a:1"}]}));
    world.create_pod("proxy", json!({"hostNetwork": true, "containers": [{"name": "c", "image": "a:1"}]}));
    world.run(5_000);
    let events = world.events_of("web");
    assert_eq!(
        events[0],
        "0.200 NetworkNotReady: network is not ready: container runtime network not ready: \
         NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin \
         not initialized"
    );
    assert!(events.len() >= 3, "it is tried again: {events:?}");
    assert!(world.statuses_of("proxy").last().unwrap().contains("proxy: Running c=Running!"));
}

#[test]
fn kl_063_pods_have_an_address_of_their_own_or_the_nodes() {
    let mut world = World::new();
    world.create_pod("a", json!({"containers": [{"name": "c", "image": "a:1"}]}));
    world.create_pod("b", json!({"hostNetwork": true, "containers": [{"name": "c", "image": "a:1"}]}));
    world.run(500);
    assert_eq!(world.pod("a").status.pod_ip, None);
    assert_eq!(world.pod("b").status.pod_ip.unwrap().to_string(), "192.168.0.11");
    world.run(9_500);
    assert_eq!(world.pod("a").status.pod_ip.unwrap().to_string(), "10.244.1.2");
    assert_eq!(world.pod("b").status.pod_ip.unwrap().to_string(), "192.168.0.11");
}

#[test]
fn kl_066_conditions_come_in_the_kubelets_order() {
    let mut world = World::new();
    world.create_pod(
        "web",
        json!({"containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}]}),
    );
    world.run(500);
    let conditions = |world: &World| {
        let status = world.pod("web").to_value()["status"]["conditions"].clone();
        let one = |c: &serde_json::Value| {
            let text = |key: &str| c[key].as_str().unwrap_or_default().to_owned();
            let line = format!("{}={} {} {}", text("type"), text("status"), text("reason"), text("message"));
            line.trim_end().to_owned()
        };
        status.as_array().unwrap().iter().map(one).collect::<Vec<_>>().join("\n")
    };
    expect![[r#"
        PodReadyToStartContainers=False
        Initialized=True
        Ready=False ContainersNotReady containers with unready status: [a b]
        ContainersReady=False ContainersNotReady containers with unready status: [a b]
        PodScheduled=True"#]]
    .assert_eq(&conditions(&world));
    world.run(9_500);
    expect![[r#"
        PodReadyToStartContainers=True
        Initialized=True
        Ready=True
        ContainersReady=True
        PodScheduled=True"#]]
    .assert_eq(&conditions(&world));
    let observed = &world.pod("web").to_value()["status"]["conditions"][2]["observedGeneration"];
    assert_eq!(observed, 1);
}

#[test]
fn a_pod_that_runs_quietly_costs_no_timer_and_little_memory() {
    let mut world = World::new();
    for n in 0..30 {
        world.create_pod(&format!("p{n}"), json!({"containers": [{"name": "c", "image": "a:1"}]}));
    }
    world.run(60_000);
    assert!(world.is_quiet());
    let workers = &world.kubelet.workers;
    assert_eq!(workers.iter().count(), 30);
    for worker in workers.iter() {
        assert!(worker.status.is_none() && worker.work.is_none() && worker.extra.is_none());
    }
}

#[test]
fn kl_058_a_missing_config_map_of_a_volume_holds_up_the_pod() {
    let mut world = World::new();
    let volumes = json!([{"name": "v", "configMap": {"name": "settings"}}]);
    world.create_pod("web", json!({"containers": [{"name": "c", "image": "a:1"}], "volumes": volumes}));
    world.run(10_000);
    let text = "FailedMount: MountVolume.SetUp failed for volume \"v\" : configmap \"settings\" not found";
    let events = world.events_of("web");
    assert!(events.len() >= 4 && events.iter().all(|event| event.ends_with(text)), "{events:?}");
    assert_eq!(world.last_status("web"), "0.400 web: Pending c=ContainerCreating");
    world.run(130_000);
    let timeout = "FailedMount: Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[], \
        failed to process volumes=[]: context deadline exceeded";
    assert!(
        world.events_of("web").iter().any(|event| event.ends_with(timeout)),
        "{:?}",
        world.events_of("web")
    );
    world.configs.push("settings".to_owned());
    world.run(120_000);
    assert!(world.last_status("web").ends_with("web: Running c=Running!"));
}

#[test]
fn kl_058_a_missing_secret_of_the_environment_holds_up_its_container() {
    let mut world = World::new();
    let from =
        json!([{"secretRef": {"name": "password"}}, {"configMapRef": {"name": "x", "optional": true}}]);
    let containers = json!([{"name": "a", "image": "a:1", "envFrom": from}, {"name": "b", "image": "a:1"}]);
    world.create_pod("web", json!({"containers": containers}));
    world.run(10_000);
    assert!(world.last_status("web").ends_with("web: Pending a=CreateContainerConfigError b=Running!"));
    assert!(
        world.events_of("web").iter().any(|e| e.ends_with("Failed: Error: secret \"password\" not found"))
    );
    world.configs.push("password".to_owned());
    world.run(20_000);
    assert!(world.last_status("web").ends_with("web: Running a=Running! b=Running!"));
}

#[test]
fn kl_058_a_key_that_a_configmap_lacks_is_named() {
    let mut world = World::new();
    let from =
        json!([{"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "mode"}}}]);
    world.create_pod("web", json!({"containers": [{"name": "a", "image": "a:1", "env": from}]}));
    world.configs.push("settings".to_owned());
    world.run(10_000);
    assert!(world.last_status("web").ends_with("web: Pending a=CreateContainerConfigError"));
    let text = "Failed: Error: couldn't find key mode in ConfigMap default/settings";
    assert!(world.events_of("web").iter().any(|e| e.ends_with(text)), "{:?}", world.events_of("web"));
}

#[test]
fn kl_048_a_pod_that_waits_is_looked_at_again_after_10_to_15_s() {
    let mut world = World::new();
    let container = json!({"name": "c", "image": "nginx:1.27", "imagePullPolicy": "Never"});
    world.create_pod("web", json!({"containers": [container]}));
    world.run(100_000);
    let times: Vec<f64> = (world.events_of("web").iter())
        .filter(|event| event.contains(" ErrImageNeverPull: "))
        .map(|event| event.split(' ').next().unwrap().parse().unwrap())
        .collect();
    // The second look is the relist that has seen the sandbox; the others come from the failure before.
    assert!(times[1] - times[0] <= 1.0, "{times:?}");
    assert!(times[1..].windows(2).all(|pair| (10.0..=16.0).contains(&(pair[1] - pair[0]))), "{times:?}");
}

#[test]
fn kl_061_before_a_container_exists_it_waits() {
    let mut world = World::new();
    let init = json!([{"name": "i", "image": "a:1"}]);
    world.create_pod("plain", json!({"containers": [{"name": "c", "image": "a:1"}]}));
    world.create_pod(
        "prepared",
        json!({"initContainers": init, "containers": [{"name": "c", "image": "a:1"}]}),
    );
    world.run(500);
    assert!(world.last_status("plain").ends_with("Pending c=ContainerCreating"));
    assert!(world.last_status("prepared").ends_with("Pending i=PodInitializing c=PodInitializing"));
}

#[test]
fn kl_067_without_a_readiness_probe_running_is_ready() {
    let mut world = World::new();
    world.create_pod("web", json!({"containers": [{"name": "c", "image": "a:1"}]}));
    world.run(10_000);
    assert_eq!(world.statuses_of("web").len(), 2, "running and ready come in one");
    assert!(world.pod("web").is_ready());
}

#[test]
fn an_ephemeral_container_is_started_once_and_counts_for_nothing() {
    let mut world = World::new();
    world.create_pod("web", json!({"containers": [{"name": "c", "image": "a:1"}]}));
    world.run(10_000);
    let mut pod = world.pod("web").clone();
    let mut raw = (*pod.spec.raw).clone();
    raw["ephemeralContainers"] =
        json!([{"name": "dbg", "image": "a:1", "command": ["sh", "-c", "sleep 3; exit 4"]}]);
    pod.spec = std::rc::Rc::new(api::pod::PodSpec::from_value(raw));
    world.store(pod);
    world.run(20_000);
    expect![[r#"
        0.400 web: Pending c=ContainerCreating
        2.500 web: Running c=Running!
        10.400 web: Running c=Running! dbg=ContainerCreating
        10.600 web: Running c=Running! dbg=Running
        14.200 web: Running c=Running! dbg=Error(4)"#]]
    .assert_eq(&world.statuses_of("web").join("\n"));
    let fields: Vec<_> = world.events.iter().map(|(_, draft)| draft.field_path.clone()).collect();
    let path = Some("spec.ephemeralContainers{dbg}".into());
    assert_eq!(fields.iter().filter(|field| **field == path).count(), 3, "pulled, created, started");
    assert!(world.pod("web").is_ready());
    let status = world.pod("web").status.to_value(&world.pod("web").spec);
    assert_eq!(status["containerStatuses"].as_array().map(Vec::len), Some(1));
    assert_eq!(status["ephemeralContainerStatuses"][0]["state"]["terminated"]["exitCode"], 4);
    assert!(world.is_quiet());
}

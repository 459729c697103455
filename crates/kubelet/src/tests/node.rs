//! The node registers, says how it is, and holds its lease.

use serde_json::json;

use super::World;
use crate::runtime::cni::BRIDGE_CONFLIST;
use api::pod::ConditionStatus;

#[test]
fn nd_001_nd_006_nd_007_a_node_registers_once_and_becomes_ready() {
    let mut world = World::new();
    world.run(300);
    let node = world.node.clone().unwrap();
    assert_eq!(node.ready_status(), Some(ConditionStatus::False));
    world.run(1_000);
    assert_eq!(world.node.as_ref().unwrap().ready_status(), Some(ConditionStatus::True));
    assert_eq!(world.leases, 1);
    // Deleted, it is not made again before the kubelet restarts.
    world.node = None;
    world.tell(|kubelet, ctx| {
        kubelet.on_watch(&wire::WatchEvent::Deleted(api::Object::Node(node)), ctx);
    });
    world.run(120_000);
    assert!(world.node.is_none());
    world.kubelet.stop();
    world.start_kubelet();
    world.run(5_000);
    assert!(world.node.is_some());
}

#[test]
fn nd_001_a_node_that_is_there_is_taken_over() {
    let mut world = World::new();
    world.run(5_000);
    let mut node = (**world.node.as_ref().unwrap()).clone();
    node.meta.common_mut().labels.remove("kubernetes.io/os");
    node.meta.common_mut().labels.insert("disk".into(), "ssd".into());
    let uid = node.meta.uid;
    world.node = Some(std::rc::Rc::new(node));
    world.kubelet.stop();
    world.start_kubelet();
    world.connect();
    world.run(5_000);
    let node = world.node.as_ref().unwrap();
    assert_eq!(node.meta.uid, uid);
    assert_eq!((node.meta.label("kubernetes.io/os"), node.meta.label("disk")), (Some("linux"), Some("ssd")));
    assert_eq!(node.ready_status(), Some(ConditionStatus::True));
}

#[test]
fn nd_002_nd_003_nd_004_nd_005_what_a_node_says_of_itself() {
    let mut world = World::new();
    world.run(2_000);
    let node = world.node.as_ref().unwrap().to_value();
    assert_eq!(
        node["metadata"]["labels"],
        json!({
            "beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": "n1", "kubernetes.io/os": "linux",
        })
    );
    let annotations = json!({"volumes.kubernetes.io/controller-managed-attach-detach": "true"});
    assert_eq!(node["metadata"]["annotations"], annotations);
    let capacity = json!({"cpu": "4", "memory": "16Gi", "ephemeral-storage": "100Gi",
        "hugepages-1Gi": "0", "hugepages-2Mi": "0", "pods": "110"});
    assert_eq!(node["status"]["capacity"], capacity);
    let allocatable = json!({"cpu": "4", "memory": "16284Mi", "ephemeral-storage": "90Gi",
        "hugepages-1Gi": "0", "hugepages-2Mi": "0", "pods": "110"});
    assert_eq!(node["status"]["allocatable"], allocatable);
    let conditions = node["status"]["conditions"].as_array().unwrap().iter();
    let lines: Vec<String> = conditions
        .map(|c| {
            ["type", "status", "reason", "message"].map(|key| c[key].as_str().unwrap().to_owned()).join(" ")
        })
        .collect();
    assert_eq!(
        lines,
        [
            "MemoryPressure False KubeletHasSufficientMemory kubelet has sufficient memory available",
            "DiskPressure False KubeletHasNoDiskPressure kubelet has no disk pressure",
            "PIDPressure False KubeletHasSufficientPID kubelet has sufficient PID available",
            "Ready True KubeletReady kubelet is posting ready status",
        ]
    );
}

#[test]
fn nd_008_events_of_a_starting_node() {
    let mut world = World::new();
    world.run(2_000);
    let events = world.events_of("n1");
    let texts: Vec<&str> = events.iter().map(|event| event.split_once(' ').unwrap().1).collect();
    assert_eq!(
        texts,
        [
            "Starting: Starting kubelet.",
            "NodeHasSufficientMemory: Node n1 status is now: NodeHasSufficientMemory",
            "NodeHasNoDiskPressure: Node n1 status is now: NodeHasNoDiskPressure",
            "NodeHasSufficientPID: Node n1 status is now: NodeHasSufficientPID",
            "NodeAllocatableEnforced: Updated Node Allocatable limit across pods",
            "NodeReady: Node n1 status is now: NodeReady",
        ]
    );
}

#[test]
fn nd_013_cp_010_a_kubelet_without_network_says_so_within_ten_seconds() {
    let mut world = World::new();
    world.run(15_000);
    world.files.remove(super::NETWORK).unwrap();
    world.tell_of_file(super::NETWORK);
    world.run(10_500);
    let node = world.node.as_ref().unwrap();
    let ready = node.conditions.last().unwrap();
    assert_eq!((ready.status, &*ready.reason), (ConditionStatus::False, "KubeletNotReady"));
    assert_eq!(
        &*ready.message,
        "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady \
         message:Network plugin returns error: cni plugin not initialized"
    );
    world.files.write(super::NETWORK, BRIDGE_CONFLIST.as_bytes(), world.now).unwrap();
    world.tell_of_file(super::NETWORK);
    world.run(20_000);
    assert_eq!(world.node.as_ref().unwrap().ready_status(), Some(ConditionStatus::True));
    world.run(30_000);
    assert!(world.is_quiet(), "a node that is well costs nothing");
}

#[test]
fn nd_021_conditions_written_over_are_brought_back() {
    let mut world = World::new();
    world.create_pod("web", json!({"containers": [{"name": "c", "image": "a:1"}]}));
    world.run(20_500);
    let mut pod = world.pod("web").clone();
    for condition in pod.status.conditions.to_mut() {
        condition.status = ConditionStatus::False;
    }
    world.store(pod);
    world.run(9_000);
    assert!(!world.pod("web").is_ready());
    world.run(1_000);
    assert!(world.pod("web").is_ready());
    world.run(30_000);
    assert!(world.is_quiet());
}

#[test]
fn nd_001_registration_is_tried_again_with_growing_pauses() {
    let mut world = World::stopped();
    world.api_up = false;
    world.start_kubelet();
    world.run(60_000);
    let tries = world.log.iter().filter(|line| line.contains("Attempting to register node")).count();
    assert!((10..=18).contains(&tries), "{tries}");
    world.restore_api();
    world.run(8_000);
    assert!(world.node.is_some());
}

//! Mirror pods, and static pods without an API server.

use super::World;
use super::files::manifest;
use api::object::Key;

/// A world with one static pod that has been up for a while.
fn settled() -> World {
    let mut world = World::new();
    world.run(500);
    world.write("web.yaml", &manifest("web", "a:1"));
    world.run(40_000);
    assert!(world.last_status("web-n1").ends_with("Running c=Running!"));
    world
}

#[test]
fn kl_033_the_mirror_belongs_to_the_node() {
    let world = settled();
    let node = world.node.as_ref().unwrap();
    let owners = world.pod("web-n1").to_value()["metadata"]["ownerReferences"].clone();
    let uid = node.meta.uid.to_string();
    let expected = serde_json::json!([
        {"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": uid, "controller": true}]);
    assert_eq!(owners, expected);
    assert_ne!(world.pod("web-n1").meta.uid, world.kubelet.runtime.sandboxes()[0].uid);
}

#[test]
fn kl_035_kl_043_tl_2_deleting_a_mirror_replaces_only_the_object() {
    let mut world = settled();
    let uid = world.pod("web-n1").meta.uid;
    let started = world.pod("web-n1").status.containers[0].clone();
    world.delete_pod("web-n1", None);
    world.run(1_000);
    assert_ne!(world.pod("web-n1").meta.uid, uid);
    assert!(world.pod("web-n1").status.containers.is_empty(), "at first its status is empty");
    world.run(10_000);
    assert_eq!(world.pod("web-n1").status.containers[0], started);
    assert!(!world.events_of("web-n1").iter().any(|event| event.contains("Killing")));
    // Without a grace period the mirror is simply gone, and the next regular sync makes it again.
    world.delete_pod("web-n1", Some(0));
    world.run(55_000);
    assert!(!world.has_pod("web-n1"));
    world.run(50_000);
    assert_eq!(world.pod("web-n1").status.containers[0], started);
}

#[test]
fn kl_034_a_mirror_of_another_hash_is_replaced() {
    let mut world = settled();
    let mut mirror = world.pod("web-n1").clone();
    let uid = mirror.meta.uid;
    mirror.meta.common_mut().annotations.insert(api::pod::CONFIG_MIRROR.into(), "other".into());
    world.store(mirror);
    world.run(2_000);
    assert_ne!(world.pod("web-n1").meta.uid, uid);
}

#[test]
fn kl_037_without_a_node_there_is_no_mirror() {
    let mut world = World::stopped();
    world.api_up = false;
    world.start_kubelet();
    world.write("web.yaml", &manifest("web", "a:1"));
    world.run(30_000);
    assert_eq!(world.running(), ["web-n1"]);
    assert!(world.logged("No need to create a mirror pod, since failed to get node info from the cluster"));
    world.restore_api();
    world.run(100_000);
    assert!(world.has_pod("web-n1"));
}

#[test]
fn kl_036_kl_038_a_mirror_that_cannot_be_made_is_tried_again_at_every_sync() {
    let mut world = World::new();
    world.run(500);
    world.write(
        "web.yaml",
        &manifest("web", "a:1").replace("  name: web\n", "  name: web\n  namespace: shop\n"),
    );
    world.run(20_000);
    assert_eq!(world.running(), ["web-n1"]);
    assert!(world.logged(
        "\"Failed creating a mirror pod\" err=\"namespaces \\\"shop\\\" not found\" pod=\"shop/web-n1\""
    ));
    world.namespaces.push("shop".to_owned());
    world.run(95_000);
    assert!(world.objects.contains_key(&Key::new("shop", "web-n1")));
    world.run(60_000);
    assert!(world.is_quiet(), "nothing is left to try");
}

#[test]
fn kl_042_editing_a_mirror_changes_nothing_on_the_node() {
    let mut world = settled();
    let mut mirror = world.pod("web-n1").clone();
    mirror.meta.common_mut().labels.insert("a".into(), "b".into());
    world.store(mirror);
    world.run(90_000);
    assert_eq!(world.pod("web-n1").meta.label("a"), Some("b"));
    assert_eq!(world.kubelet.runtime.sandboxes()[0].newest("c").unwrap().attempt, 0);
}

#[test]
fn kl_044_a_mirror_without_a_static_pod_is_deleted() {
    let mut world = settled();
    let mirror = world.pod("web-n1").clone();
    world.cut_api();
    world.remove("web.yaml");
    world.run(10_000);
    assert!(world.running().is_empty());
    assert_eq!(world.pod("web-n1").meta.uid, mirror.meta.uid);
    world.restore_api();
    world.run(2_500);
    assert!(!world.has_pod("web-n1"));
}

#[test]
fn kl_047_without_an_api_server_static_pods_start_and_are_restarted() {
    let mut world = settled();
    world.cut_api();
    world.write("new.yaml", &manifest("new", "a:1"));
    world.run(5_000);
    assert_eq!(world.running(), ["new-n1", "web-n1"]);
    let uid = world.kubelet.runtime.sandboxes()[0].uid;
    assert!(world.tell(|kubelet, ctx| kubelet.crash_container(uid, "c", 1, ctx)));
    world.run(5_000);
    assert_eq!(world.running(), ["new-n1", "web-n1"]);
    assert!(!world.has_pod("new-n1"));
    world.restore_api();
    world.run(120_000);
    assert!(world.last_status("web-n1").ends_with("web-n1: Running c=Running!x1"));
    assert!(world.last_status("new-n1").ends_with("new-n1: Running c=Running!"));
}

#[test]
fn kl_030_nothing_is_taken_for_gone_before_all_sources_have_reported() {
    let mut world = settled();
    world.cut_api();
    world.kubelet.stop();
    world.start_kubelet();
    world.run(3_000);
    world.write("web.yaml", &manifest("web", "b:1"));
    world.write("new.yaml", &manifest("new", "a:1"));
    world.run(60_000);
    let images = |world: &World| {
        let running = world.kubelet.runtime.running_containers();
        running.map(|(_, container)| container.spec().image.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(world.running(), ["new-n1", "web-n1"]);
    assert_eq!(images(&world), ["a:1", "a:1"], "the edited version waits");
    world.restore_api();
    world.run(30_000);
    assert_eq!(world.running(), ["new-n1", "web-n1"]);
    let mut images = images(&world);
    images.sort();
    assert_eq!(images, ["a:1", "b:1"]);
}

#[test]
fn kl_032_pods_unknown_after_a_restart_are_stopped_with_one_second() {
    let mut world = World::new();
    world.run(500);
    let text = manifest("web", "a:1") + "    command: [sleep, infinity]\n";
    world.write("web.yaml", &text);
    world.run(20_000);
    world.kubelet.stop();
    world.remove("web.yaml");
    world.run(10_000);
    assert_eq!(world.running(), ["web-n1"]);
    world.start_kubelet();
    world.run(500);
    assert_eq!(world.running(), ["web-n1"]);
    world.connect();
    world.run(5_000);
    assert!(world.running().is_empty());
    world.run(3_000);
    assert!(!world.has_pod("web-n1"));
    assert_eq!(world.kubelet.runtime.sandboxes().len(), 1, "what is dead stays until garbage collection");
    world.run(60_000);
    assert!(world.kubelet.runtime.sandboxes().is_empty());
}

#[test]
fn kl_031_a_restarted_kubelet_finds_its_static_pods_running() {
    let mut world = settled();
    let sandbox = world.kubelet.runtime.sandboxes()[0].clone();
    let mirror = world.pod("web-n1").meta.uid;
    world.kubelet.stop();
    world.run(7_000);
    world.start_kubelet();
    world.connect();
    world.run(30_000);
    assert_eq!(world.kubelet.runtime.sandboxes()[0].id, sandbox.id);
    assert_eq!(world.kubelet.runtime.sandboxes()[0].newest("c").unwrap().attempt, 0);
    assert_eq!(world.pod("web-n1").meta.uid, mirror);
}

/// Whatever is under way: a sandbox, a pull, a start.
#[test]
fn kl_031_a_restart_in_the_middle_of_a_start_starts_nothing_twice() {
    for millis in (100..4_000).step_by(50) {
        let mut world = World::new();
        world.run(500);
        world.write("web.yaml", &manifest("web", "a:1"));
        world.run(millis);
        world.kubelet.stop();
        world.start_kubelet();
        world.run(500);
        world.connect();
        world.run(60_000);
        assert_eq!(world.kubelet.runtime.running_containers().count(), 1, "restarted after {millis} ms");
    }
}

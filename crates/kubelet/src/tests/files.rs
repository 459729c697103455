//! Static pods: reading staticPodPath, editing and removing files.

use expect_test::expect;

use super::{MANIFESTS, World};
use api::pod::{CONFIG_HASH, CONFIG_MIRROR, CONFIG_SEEN, CONFIG_SOURCE};

pub(crate) fn manifest(name: &str, image: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\nspec:\n  containers:\n  - name: c\n    image: {image}\n"
    )
}

#[test]
fn kl_002_a_file_becomes_a_pod_at_once_and_its_mirror_follows() {
    let mut world = World::new();
    world.run(3_500);
    world.write("web.yaml", &manifest("web", "nginx:1"));
    world.run(16_500);
    expect![[r#"
        3.700 web-n1: created
        5.800 web-n1: Running c=Running!"#]]
    .assert_eq(&world.statuses_of("web-n1").join("\n"));
    expect![[r#"
        3.900 Pulling: Pulling image "nginx:1"
        5.400 Pulled: Successfully pulled image "nginx:1" in 1.5s (1.5s including waiting). Image size: 39829754 bytes.
        5.400 Created: Container created
        5.600 Started: Container started"#]]
    .assert_eq(&world.events_of("web-n1").join("\n"));
}

#[test]
fn kl_018_kl_019_kl_020_kl_021_what_the_kubelet_adds() {
    let mut world = World::new();
    world.run(1_000);
    world.write("web.yaml", &manifest("web", "nginx:1"));
    world.run(1_000);
    let pod = world.pod("web-n1").to_value();
    let annotations = &pod["metadata"]["annotations"];
    let hash = annotations[CONFIG_HASH].as_str().unwrap();
    assert_eq!((hash.len(), hash.contains('-')), (32, false));
    assert_eq!(annotations[CONFIG_MIRROR], hash);
    assert_eq!(annotations[CONFIG_SOURCE], "file");
    assert_eq!(annotations[CONFIG_SEEN], "2026-01-01T00:00:01Z");
    assert_eq!(pod["metadata"]["namespace"], "default");
    assert_eq!(pod["spec"]["nodeName"], "n1");
    assert_eq!(pod["spec"]["restartPolicy"], "Always");
    assert_eq!(pod["spec"]["terminationGracePeriodSeconds"], 30);
    assert_eq!(
        pod["spec"]["tolerations"],
        serde_json::json!([{"operator": "Exists", "effect": "NoExecute"}])
    );
}

#[test]
fn kl_003_one_file_may_be_the_path_and_a_new_path_needs_a_restart() {
    let mut world = World::stopped();
    let config = |path: &str| {
        format!(
            "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nstaticPodPath: {path}\n"
        )
    };
    let config_file = crate::config::CONFIG_FILE;
    world.write("one.yaml", &manifest("one", "a:1"));
    world.write("two.yaml", &manifest("two", "a:1"));
    let path = format!("{MANIFESTS}/one.yaml");
    world.files.write(config_file, config(&path).as_bytes(), world.now).unwrap();
    world.start_kubelet();
    world.connect();
    world.run(10_000);
    assert_eq!(world.running(), ["one-n1"]);
    world.files.make_directory("/etc/other").unwrap();
    world.files.write("/etc/other/three.yaml", manifest("three", "a:1").as_bytes(), world.now).unwrap();
    world.files.write(config_file, config("/etc/other").as_bytes(), world.now).unwrap();
    world.tell_of_file(config_file);
    world.run(60_000);
    assert_eq!(world.running(), ["one-n1"]);
    world.kubelet.stop();
    world.start_kubelet();
    world.connect();
    world.run(30_000);
    assert_eq!(world.running(), ["three-n1"]);
}

#[test]
fn kl_004_a_missing_path_is_waited_for() {
    let mut world = World::stopped();
    world.files.remove(MANIFESTS).unwrap();
    world.start_kubelet();
    world.connect();
    assert!(world.logged("\"Unable to read config path\" err=\"path does not exist, ignoring\""));
    world.run(5_000);
    world.files.make_directory(MANIFESTS).unwrap();
    world.tell_of_file(MANIFESTS);
    // The watch is not there yet, so this is seen by the scan at 20 s.
    world.write("web.yaml", &manifest("web", "a:1"));
    world.run(14_900);
    assert!(world.running().is_empty());
    world.run(5_100);
    assert_eq!(world.running(), ["web-n1"]);
    world.write("late.yaml", &manifest("late", "a:1"));
    world.run(3_000);
    assert_eq!(world.running(), ["late-n1", "web-n1"]);
}

#[test]
fn kl_005_kl_006_kl_007_whatever_its_extension_but_no_dot_files_and_no_directories() {
    let mut world = World::stopped();
    world.write("web.yaml.bak", &manifest("bak", "a:1"));
    world.write("notes.txt", &manifest("notes", "a:1"));
    world.write("web.yaml~", &manifest("tilde", "a:1"));
    world.write(".hidden.yaml", &manifest("hidden", "a:1"));
    world.files.make_directory(&format!("{MANIFESTS}/sub")).unwrap();
    world.write("sub/inner.yaml", &manifest("inner", "a:1"));
    world.start_kubelet();
    world.connect();
    world.run(15_000);
    assert_eq!(world.running(), ["bak-n1", "notes-n1", "tilde-n1"]);
    assert!(world.logged("Provided manifest path is a directory, not recursing into manifest path"));
    world.rename("notes.txt", ".notes.txt");
    world.run(5_000);
    assert_eq!(world.running(), ["bak-n1", "tilde-n1"]);
}

#[test]
fn kl_008_a_file_of_more_than_10_mib_is_not_read() {
    let mut world = World::new();
    let text = format!("{}#{}", manifest("big", "a:1"), " ".repeat(10 << 20));
    world.write("big.yaml", &text);
    world.run(5_000);
    assert!(world.running().is_empty());
    assert!(world.logged(
        "can't process config file \\\"/etc/kubernetes/manifests/big.yaml\\\": the read limit is reached"
    ));
}

#[test]
fn kl_012_a_pod_without_a_name_or_with_faults_shows_in_the_log_and_nowhere_else() {
    let spec = "spec:\n  containers:\n  - name: c\n    image: a:1\n";
    for (metadata, spec, why) in [
        ("metadata: {}\n", spec.to_owned(), "invalid pod: name is needed for the pod"),
        (
            "metadata:\n  name: web\n",
            "spec:\n  containers: []\n".to_owned(),
            "invalid pod: [spec.containers: Required value",
        ),
        (
            "metadata:\n  name: web\n",
            spec.replace("name: c", "name: C"),
            "invalid pod: [spec.containers[0].name: Invalid value",
        ),
    ] {
        let mut world = World::new();
        world.run(2_000);
        world.write("web.yaml", &format!("apiVersion: v1\nkind: Pod\n{metadata}{spec}"));
        world.run(25_000);
        assert!(world.logged(why), "{why}: {:?}", world.log);
        assert_eq!(world.running(), [""; 0], "{why}");
        assert!(world.objects.is_empty(), "there is no mirror: {why}");
        assert!(world.events.iter().all(|(_, draft)| *draft.regarding.name == *"n1"), "{why}");
    }
}

#[test]
fn kl_010_kl_013_other_kinds_are_refused_by_the_watch_and_by_the_scan() {
    let mut world = World::new();
    world.write("ds.yaml", "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: web\n");
    let file = "/etc/kubernetes/manifests/ds.yaml";
    let why = format!(
        "{file}: couldn't parse as pod(no kind \\\"DaemonSet\\\" is registered for version \\\"apps/v1"
    );
    assert!(world.logged(&format!(
        "\"Unable to process watch event\" err=\"can't process config file \\\"{file}\\\": {why}"
    )));
    world.run(20_000);
    assert!(world.logged(&format!("\"Could not process manifest file\" err=\"{why}")));
    let report = world.kubelet.file_source().report(file).unwrap();
    assert!(report.error.as_ref().unwrap().ends_with(", please check config file"));
    assert_eq!(report.diagnostics[0].span.start.line, 2);
}

#[test]
fn kl_016_kl_017_the_uid_is_of_the_content_and_the_file_name() {
    let mut world = World::new();
    world.write("web.yaml", &manifest("web", "a:1"));
    world.run(10_000);
    let uid = world.kubelet.runtime.sandboxes()[0].uid;
    world.write("web.yaml", &format!("# nothing new\n{}", manifest("web", "a:1").replace("a:1", "'a:1'")));
    world.run(30_000);
    assert_eq!(world.kubelet.runtime.sandboxes()[0].uid, uid);
    world.rename("web.yaml", "other.yaml");
    world.run(40_000);
    assert_eq!(world.running(), ["web-n1"]);
    assert_ne!(world.kubelet.runtime.sandboxes()[0].uid, uid);
}

#[test]
fn kl_022_two_files_with_one_name() {
    let mut world = World::new();
    world.write("a.yaml", &manifest("web", "one:1"));
    world.write("b.yaml", &manifest("web", "two:1"));
    world.run(40_000);
    let image = |world: &World| {
        world
            .kubelet
            .runtime
            .running_containers()
            .map(|(_, c)| c.spec().image.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(image(&world), ["two:1"]);
    // The file just touched wins until the next scan.
    world.run(1_000);
    world.write("a.yaml", &manifest("web", "three:1"));
    world.run(17_000);
    assert_eq!(image(&world), ["three:1"]);
    world.run(30_000);
    assert_eq!(image(&world), ["two:1"]);
    // Without the winner the other is picked up at the next scan only.
    world.run(1_000);
    world.remove("b.yaml");
    world.run(5_000);
    assert!(image(&world).is_empty());
    world.run(20_000);
    assert_eq!(image(&world), ["three:1"]);
}

#[test]
fn kl_024_kl_025_tl_1_an_edited_static_pod_is_down_for_10_to_15_s() {
    let mut world = World::new();
    world.write("web.yaml", &manifest("web", "one:1"));
    world.run(30_500);
    let ip = world.kubelet.runtime.pod_ip(&world.kubelet.runtime.sandboxes()[0]);
    world.write("web.yaml", &manifest("web", "two:1"));
    world.run(1_300);
    assert!(world.running().is_empty());
    // The mirror is the new pod's by now: how the old one ended is not told.
    assert!(
        world.last_status("web-n1").ends_with("web-n1: Running c=Running!"),
        "{}",
        world.last_status("web-n1")
    );
    world.run(8_700);
    assert!(world.running().is_empty(), "not before 10 s have gone by");
    world.run(9_000);
    assert_eq!(world.running(), ["web-n1"]);
    assert!(
        world.last_status("web-n1").ends_with("web-n1: Running c=Running!"),
        "{}",
        world.last_status("web-n1")
    );
    assert_ne!(world.kubelet.runtime.pod_ip(&world.kubelet.runtime.sandboxes()[0]), ip);
    assert_eq!(world.objects.len(), 1);
}

#[test]
fn kl_026_tl_3_a_broken_edit_runs_on_until_the_next_scan() {
    let mut world = World::new();
    world.write("web.yaml", &manifest("web", "one:1"));
    world.run(30_500);
    world.write("web.yaml", "apiVersion: v1\nkind: Pod\nmetadata: [\n");
    world.run(9_000);
    assert_eq!(world.running(), ["web-n1"]);
    assert!(world.logged("\"Unable to process watch event\""));
    world.run(2_500);
    assert!(world.running().is_empty());
    assert!(world.logged("\"Could not process manifest file\" err=\"/etc/kubernetes/manifests/web.yaml: couldn't parse as pod(yaml: "));
    world.run(3_000);
    assert!(world.objects.is_empty());
    world.write("web.yaml", &manifest("web", "one:1"));
    world.run(2_000);
    assert_eq!(world.running(), ["web-n1"]);
}

#[test]
fn kl_027_stale_pods_come_back_with_a_new_file_until_the_next_scan() {
    let mut world = World::new();
    world.write("web.yaml", &manifest("web", "one:1"));
    world.run(30_500);
    world.write("web.yaml", "a: [");
    world.run(15_000);
    assert!(world.running().is_empty());
    world.write("new.yaml", &manifest("new", "one:1"));
    world.run(4_000);
    assert_eq!(world.running(), ["new-n1", "web-n1"]);
    world.run(20_000);
    assert_eq!(world.running(), ["new-n1"]);
}

#[test]
fn kl_028_kl_029_a_removed_file_ends_the_pod_and_then_the_mirror() {
    let mut world = World::new();
    world.write("web.yaml", &manifest("web", "one:1"));
    world.run(30_500);
    world.remove("web.yaml");
    assert_eq!(world.kubelet.runtime.running_containers().count(), 1);
    world.run(900);
    assert!(world.pod("web-n1").meta.deletion.is_none(), "a mirror is never Terminating");
    world.run(700);
    assert!(world.running().is_empty());
    world.run(2_000);
    assert!(world.objects.is_empty());
    expect![[r#"
        0.600 web-n1: created
        2.300 web-n1: Running c=Running!
        31.700 web-n1: Running c=Completed(0)
        32.200 web-n1: deleted"#]]
    .assert_eq(&world.statuses_of("web-n1").join("\n"));
}

#[test]
fn kl_115_a_file_put_back_before_its_pod_has_ended() {
    let mut world = World::new();
    let text =
        manifest("web", "one:1") + "    command: [sleep, infinity]\n  terminationGracePeriodSeconds: 5\n";
    world.write("web.yaml", &text);
    world.run(30_000);
    world.remove("web.yaml");
    world.run(1_000);
    world.write("web.yaml", &text);
    world.run(3_500);
    assert_eq!(world.running(), ["web-n1"], "it is still stopping");
    world.run(6_000);
    assert_eq!(world.running(), ["web-n1"]);
    assert_eq!(
        world.kubelet.runtime.sandboxes()[0].newest("c").unwrap().attempt,
        1,
        "its first container is known"
    );
    let created = world.kubelet.runtime.sandboxes()[0].created.since(world.start).as_millis();
    assert!((35_000..=38_000).contains(&created), "{created}");
}

#[test]
fn a_kubelet_without_configuration_does_not_start() {
    let mut world = World::stopped();
    world.files.remove(crate::config::CONFIG_FILE).unwrap();
    world.start_kubelet();
    assert!(!world.kubelet.is_running());
    assert!(world.logged("no such file or directory"));
}

#[test]
fn kl_001_kl_015_static_is_what_does_not_come_from_the_api_server() {
    let mut world = World::new();
    world.run(1_000);
    world.create_pod("api", serde_json::json!({"containers": [{"name": "c", "image": "a:1"}]}));
    let volumes = "  volumes:\n  - name: h\n    hostPath: {path: /tmp}\n  - name: e\n    emptyDir: {}\n  - name: d\n    \
        downwardAPI:\n      items:\n      - path: l\n        fieldRef: {fieldPath: metadata.labels}\n  - name: share\n    \
        nfs: {server: s, path: /x}\n";
    world.write("web.yaml", &(manifest("web", "a:1") + volumes));
    world.run(5_000);
    assert_eq!(world.running(), ["api", "web-n1"], "{:?}", world.log);
    let sources: Vec<bool> = world.kubelet.workers.iter().map(|worker| worker.is_static()).collect();
    assert_eq!(sources.iter().filter(|is_static| **is_static).count(), 1);
}

#[test]
fn kl_014_static_pods_may_not_reference_api_objects() {
    let mut world = World::new();
    world.write("web.yaml", &(manifest("web", "a:1") + "  serviceAccountName: robot\n"));
    world.run(5_000);
    assert!(world.running().is_empty());
    assert!(world.logged("static pods may not reference serviceaccounts"));
    let report = world.kubelet.file_source().report("/etc/kubernetes/manifests/web.yaml").unwrap();
    assert_eq!(report.diagnostics[0].span.start.line, 9);
}

/// The file source has one entry for a name (KL-022), so the update is made by hand.
#[test]
fn kl_023_of_two_pods_of_one_name_in_one_update_the_second_is_ignored() {
    let mut world = World::new();
    world.run(500);
    world.write("web.yaml", &manifest("web", "a:1"));
    world.run(10_000);
    let first = std::rc::Rc::new(world.kubelet.runtime.sandboxes()[0].as_pod());
    let mut second = (*first).clone();
    second.meta.uid = api::Uid::from_text("second");
    world.tell(|kubelet, ctx| kubelet.set_static_pods(vec![first, std::rc::Rc::new(second)], ctx));
    world.run(30_000);
    assert_eq!(world.running(), ["web-n1"]);
    let said =
        world.events_of("web-n1").into_iter().find(|event| event.contains("FailedValidation")).unwrap();
    let uid = api::Uid::from_text("second").hex();
    assert!(
        said.ends_with(&format!(
            "FailedValidation: Error validating pod web-n1_default({uid}) from file due to duplicate pod name \
             \"web-n1\", ignoring"
        )),
        "{said}"
    );
}

#[test]
fn kl_116_an_url_that_nobody_answers_keeps_pods_from_being_removed() {
    let mut world = World::stopped();
    let config_file = crate::config::CONFIG_FILE;
    let mut config = String::from_utf8(world.files.file(config_file).unwrap().bytes.to_vec()).unwrap();
    config.push_str("staticPodURL: http://pods.example.com/web.yaml\n");
    world.files.write(config_file, config.as_bytes(), world.now).unwrap();
    world.start_kubelet();
    world.connect();
    world.write("web.yaml", &manifest("web", "a:1"));
    world.run(10_000);
    assert_eq!(world.running(), ["web-n1"], "files are read as ever");
    world.remove("web.yaml");
    world.run(120_000);
    assert_eq!(world.running(), ["web-n1"]);
    let failures: Vec<&String> =
        world.log.iter().filter(|line| line.contains("read pods from URL")).collect();
    let why = "err=\"Get \\\"http://pods.example.com/web.yaml\\\": dial tcp: lookup pods.example.com: no such host\"";
    let line = |at: &str, end: &str| format!("{at} \"Failed to read pods from URL{end}\" {why}");
    let quieter = ". Dropping verbosity of this message to V(4)";
    let expected = [line("0.000", ""), line("20.000", ""), line("40.000", ""), line("60.000", quieter)];
    assert_eq!(failures, expected.iter().collect::<Vec<_>>());
}

//! Nodes whose object is deleted, and cordoned ones. Rules: ND-031, ND-032, ND-036, ND-044, ND-045, CMP-028.

use super::*;

#[test]
fn nd_031_nd_032_nd_044_cmp_028_a_deleted_nodes_pods_vanish_after_40_to_60_seconds() {
    let mut stage = standard();
    apply_agent(&mut stage);
    write_static(&mut stage, "worker-1", "web");
    let agent = agent_on(&stage, "worker-1").unwrap().meta.name.to_string();
    let running = |stage: &Stage| {
        let mut names: Vec<String> = starts(stage, "worker-1").into_iter().map(|(name, _)| name).collect();
        names.sort();
        names
    };
    assert_eq!(running(&stage), [agent.as_str(), "web-worker-1"]);
    check(
        &exec(&mut stage, "kubectl delete node worker-1"),
        expect![[r#"
            node "worker-1" deleted
        "#]],
    );
    // The garbage collector takes the mirror pod and the lease, which the Node owned.
    until(&mut stage, 5, |stage| pod(stage, "web-worker-1").is_none());
    assert!(stage.cluster().api.store.leases.get("kube-node-lease", "worker-1").is_none());
    let passed = 3 + until(&mut stage, 70, |stage| pod(stage, &agent).is_none());
    assert!((40..=63).contains(&passed), "{passed} s");
    seconds(&mut stage, 40);
    assert_eq!(running(&stage), ["web-worker-1"], "only the static pod runs on");
    assert!(pod(&stage, "web-worker-1").is_none());
    assert!(stage.cluster().api.store.nodes.get("", "worker-1").is_none());
    let journal = stage.journal("worker-1");
    assert!(journal.iter().any(|(_, line)| line.contains("node \\\"worker-1\\\" not found")), "{journal:?}");
}

#[test]
fn api_060_a_pod_for_a_node_that_does_not_exist_is_taken_and_stays_pending_until_it_is_collected() {
    let mut stage = standard();
    let text = pod_manifest("web", "nowhere");
    let answer = exec_with(&mut stage, "kubectl apply -f pod.yaml", &[("pod.yaml", &text)]);
    assert_eq!(answer, "pod/web created\n");
    seconds(&mut stage, 30);
    let web = pod(&stage, "web").unwrap();
    assert_eq!((web.status.phase.text(), web.node_name.as_deref()), ("Pending", Some("nowhere")));
    // The scheduler has nothing to do with it.
    assert_eq!(events(&stage, Kind::Pod, "web"), [""; 0]);
    let passed = 33 + until(&mut stage, 60, |stage| pod(stage, "web").is_none());
    assert!((40..=63).contains(&passed), "{passed} s");
}

#[test]
fn nd_031_orphans_are_marked_failed_before_they_go() {
    let mut stage = standard();
    let text =
        pod_manifest("web", "worker-1").replace("  name: web\n", "  name: web\n  finalizers: [a.b/hold]\n");
    exec_with(&mut stage, "kubectl apply -f pod.yaml", &[("pod.yaml", &text)]);
    seconds(&mut stage, 10);
    power_off(&mut stage, "worker-1");
    exec(&mut stage, "kubectl delete node worker-1");
    seconds(&mut stage, 70);
    let web = pod(&stage, "web").unwrap();
    assert_eq!(web.status.phase.text(), "Failed");
    let target = web.status.condition(ConditionType::DisruptionTarget).unwrap().reason.clone().unwrap();
    assert_eq!((&*target.reason, &*target.message), ("DeletionByPodGC", "PodGC: node no longer exists"));
}

#[test]
fn nd_031_a_node_that_is_back_within_the_quarantine_keeps_its_pods() {
    let mut stage = standard();
    apply_pod(&mut stage, "web", "worker-1");
    let before = starts(&stage, "worker-1");
    exec(&mut stage, "kubectl delete node worker-1");
    seconds(&mut stage, 20);
    act(&mut stage, Command::RestartKubelet { node: "worker-1".to_owned() });
    seconds(&mut stage, 120);
    assert!(pod(&stage, "web").is_some_and(|web| web.is_ready()));
    assert_eq!(starts(&stage, "worker-1"), before);
}

#[test]
fn nd_045_a_deleted_node_is_back_when_its_kubelet_restarts() {
    let mut stage = standard();
    apply_agent(&mut stage);
    write_static(&mut stage, "worker-1", "web");
    exec(&mut stage, "kubectl label node worker-1 pool=blue");
    exec(&mut stage, "kubectl cordon worker-1");
    let before = node(&stage, "worker-1");
    exec(&mut stage, "kubectl delete node worker-1");
    seconds(&mut stage, 200);
    assert!(stage.cluster().api.store.nodes.get("", "worker-1").is_none());
    assert_eq!(act(&mut stage, Command::RestartKubelet { node: "worker-1".to_owned() }), "");
    seconds(&mut stage, 20);
    assert!(agent_on(&stage, "worker-1").is_some_and(|pod| pod.is_ready()));
    // The static pod was synced before the node was there; its next sync makes the mirror (KL-036).
    seconds(&mut stage, 100);
    let after = node(&stage, "worker-1");
    assert_ne!(after.meta.uid, before.meta.uid);
    assert!(after.is_ready() && !after.unschedulable && after.taints.is_empty(), "{:?}", after.taints);
    assert!(!after.meta.labels().contains_key("pool"));
    assert!(pod(&stage, "web-worker-1").is_some_and(|pod| pod.is_ready()));
    assert!(stage.cluster().api.store.leases.get("kube-node-lease", "worker-1").is_some());
}

// ---- cordon ----

#[test]
fn nd_036_cordon_affects_only_scheduling() {
    let mut stage = standard();
    apply_pod(&mut stage, "early", "worker-1");
    exec(&mut stage, "kubectl cordon worker-1");
    apply_agent(&mut stage);
    write_static(&mut stage, "worker-1", "static");
    apply_pod(&mut stage, "late", "worker-1");
    for name in ["early", "late", "static-worker-1"] {
        assert!(pod(&stage, name).is_some_and(|pod| pod.is_ready()), "{name}");
    }
    assert!(agent_on(&stage, "worker-1").is_some_and(|pod| pod.is_ready()));
    let free = pod_manifest("free", "worker-1").replace("  nodeName: worker-1\n", "");
    let picky = free.replace("spec:\n", "spec:\n  nodeSelector:\n    kubernetes.io/hostname: worker-1\n");
    exec_with(&mut stage, "kubectl apply -f pod.yaml", &[("pod.yaml", &picky)]);
    seconds(&mut stage, 10);
    assert_eq!(pod(&stage, "free").unwrap().node_name, None);
}

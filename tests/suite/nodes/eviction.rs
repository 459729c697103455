//! Pods that leave a node because of its taints, or are asked to. Rules: ND-025…030, ND-034, ND-041.

use super::*;

#[test]
fn nd_025_nd_027_nd_028_nd_029_a_pod_of_a_dead_node_is_deleted_after_five_minutes_and_hangs() {
    let mut stage = standard();
    apply_agent(&mut stage);
    write_static(&mut stage, "worker-1", "static");
    apply_pod(&mut stage, "web", "worker-1");
    power_off(&mut stage, "worker-1");
    let passed = until(&mut stage, 420, |stage| pod(stage, "web").unwrap().meta.is_terminating());
    assert!((340..=365).contains(&passed), "{passed} s");
    let web = pod(&stage, "web").unwrap();
    let target = web.status.condition(ConditionType::DisruptionTarget).unwrap();
    assert_eq!(target.status, ConditionStatus::True);
    let reason = target.reason.as_ref().unwrap();
    assert_eq!(
        (&*reason.reason, &*reason.message),
        ("DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint")
    );
    let said = "taint-eviction-controller TaintManagerEviction Marking for deletion Pod default/web";
    assert!(events(&stage, Kind::Pod, "web").contains(&said.to_owned()));
    // ND-029: nobody confirms; ND-028, ND-030: daemon pods and mirror pods stay.
    seconds(&mut stage, 600);
    assert!(pod(&stage, "web").unwrap().meta.is_terminating());
    assert!(!agent_on(&stage, "worker-1").unwrap().meta.is_terminating());
    assert!(!pod(&stage, "static-worker-1").unwrap().meta.is_terminating());
    // The node comes back, and its kubelet ends what hangs.
    power_on(&mut stage, "worker-1");
    until(&mut stage, 40, |stage| pod(stage, "web").is_none());
    seconds(&mut stage, 30);
    assert!(agent_on(&stage, "worker-1").is_some_and(|pod| pod.is_ready()));
    assert!(pod(&stage, "static-worker-1").is_some_and(|pod| pod.is_ready()));
}

#[test]
fn nd_026_the_smallest_toleration_counts_and_an_untolerated_taint_evicts_at_once() {
    let mut stage = standard();
    let pod_with = |name: &str, tolerations: &str| {
        format!("{}  tolerations:\n{tolerations}", pod_manifest(name, "worker-1"))
    };
    let toleration = |seconds: &str| {
        format!("  - key: maintenance\n    operator: Exists\n    effect: NoExecute\n{seconds}")
    };
    let soon = toleration("    tolerationSeconds: 20\n");
    let two = toleration("    tolerationSeconds: 60\n")
        + "  - key: fire\n    operator: Exists\n    tolerationSeconds: 30\n    effect: NoExecute\n";
    for (name, tolerations) in [("soon", soon), ("two", two.clone()), ("stays", toleration(""))] {
        let text = pod_with(name, &tolerations);
        let printed = exec_with(&mut stage, "kubectl apply -f pod.yaml", &[("pod.yaml", &text)]);
        assert_eq!(printed, format!("pod/{name} created\n"));
    }
    apply_pod(&mut stage, "plain", "worker-1");
    exec(&mut stage, "kubectl taint node worker-1 maintenance:NoExecute");
    let going = |stage: &Stage| {
        let gone = |name: &&str| pod(stage, name).is_none_or(|pod| pod.meta.is_terminating());
        ["plain", "soon", "stays", "two"].into_iter().filter(|name| gone(name)).collect::<Vec<_>>()
    };
    assert_eq!(going(&stage), ["plain"]);
    seconds(&mut stage, 16);
    assert_eq!(going(&stage), ["plain"]);
    seconds(&mut stage, 4);
    assert_eq!(going(&stage), ["plain", "soon"]);
    // A taint that comes later with a shorter toleration does not bring a deletion forward that is due.
    exec(&mut stage, "kubectl taint node worker-1 fire:NoExecute");
    assert_eq!(going(&stage), ["plain", "soon", "stays"]);
    seconds(&mut stage, 31);
    assert_eq!(going(&stage), ["plain", "soon", "stays"]);
    seconds(&mut stage, 6);
    assert_eq!(going(&stage), ["plain", "soon", "stays", "two"]);
    // Of two that are seen together the shorter one counts.
    let again = pod_with("again", &two);
    exec_with(&mut stage, "kubectl apply -f pod.yaml", &[("pod.yaml", &again)]);
    seconds(&mut stage, 25);
    assert!(!pod(&stage, "again").unwrap().meta.is_terminating());
    seconds(&mut stage, 5);
    assert!(pod(&stage, "again").is_none_or(|pod| pod.meta.is_terminating()));
}

#[test]
fn nd_026_a_taint_that_goes_in_time_cancels_the_deletion() {
    let mut stage = standard();
    apply_pod(&mut stage, "web", "worker-1");
    act(&mut stage, Command::CutNetwork { node: "worker-1".to_owned() });
    seconds(&mut stage, 200);
    act(&mut stage, Command::RestoreNetwork { node: "worker-1".to_owned() });
    seconds(&mut stage, 600);
    let web = pod(&stage, "web").unwrap();
    assert!(web.is_ready() && !web.meta.is_terminating());
    let said: Vec<String> = (events(&stage, Kind::Pod, "web").into_iter())
        .filter(|line| line.contains("TaintManagerEviction"))
        .collect();
    assert_eq!(
        said,
        ["taint-eviction-controller TaintManagerEviction Cancelling deletion of Pod default/web"]
    );
}

#[test]
fn nd_030_mirror_pods_tolerate_every_no_execute_taint() {
    let mut stage = standard();
    write_static(&mut stage, "worker-1", "web");
    let before = pod(&stage, "web-worker-1").unwrap().meta.uid;
    exec(&mut stage, "kubectl taint node worker-1 maintenance:NoExecute");
    seconds(&mut stage, 600);
    let mirror = pod(&stage, "web-worker-1").unwrap();
    assert!(mirror.meta.uid == before && !mirror.meta.is_terminating());
}

#[test]
fn nd_029_nd_034_the_out_of_service_taint_ends_what_hangs() {
    let mut stage = standard();
    apply_pod(&mut stage, "web", "worker-1");
    power_off(&mut stage, "worker-1");
    seconds(&mut stage, 400);
    assert!(pod(&stage, "web").unwrap().meta.is_terminating());
    exec(&mut stage, "kubectl taint node worker-1 node.kubernetes.io/out-of-service=nodeshutdown:NoExecute");
    let passed = until(&mut stage, 30, |stage| pod(stage, "web").is_none());
    assert!(passed <= 21, "{passed} s");
}

#[test]
fn nd_034_a_pod_that_was_never_bound_does_not_hang() {
    let mut stage = standard();
    let text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: held\n  finalizers: [example.com/hold]\nspec:\n  \
        nodeSelector:\n    nowhere: \"true\"\n  containers:\n  - name: main\n    image: nginx\n";
    exec_with(&mut stage, "kubectl apply -f pod.yaml", &[("pod.yaml", text)]);
    exec(&mut stage, "kubectl delete pod held --wait=false");
    // The collector has tried: the pod is marked as failed, and only its finalizer holds it.
    let failed = |stage: &Stage| pod(stage, "held").is_some_and(|pod| pod.is_terminal());
    let passed = until(&mut stage, 30, failed);
    assert!(passed <= 21, "{passed} s");
    let before = stage.steps();
    seconds(&mut stage, 600);
    assert!(stage.steps() - before < 50, "it is left alone: {} steps", stage.steps() - before);
}

// ---- budgets ----

#[test]
fn nd_041_a_disruption_budget_refuses_evictions_until_it_allows_one() {
    let mut stage = standard();
    for name in ["a", "b"] {
        let text = pod_manifest(name, "worker-1").replace("spec:", "  labels:\n    app: web\nspec:");
        exec_with(&mut stage, "kubectl apply -f pod.yaml", &[("pod.yaml", &text)]);
    }
    // One that no budget holds goes at once, though its turn comes after theirs.
    exec_with(&mut stage, "kubectl apply -f pod.yaml", &[("pod.yaml", &pod_manifest("z", "worker-1"))]);
    let budget = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: web\nspec:\n  \
        minAvailable: 2\n  selector:\n    matchLabels:\n      app: web\n";
    exec_with(&mut stage, "kubectl apply -f pdb.yaml", &[("pdb.yaml", budget)]);
    seconds(&mut stage, 5);
    check(
        &exec(&mut stage, "kubectl get pdb"),
        expect![[r#"
        NAME   MIN AVAILABLE   MAX UNAVAILABLE   ALLOWED DISRUPTIONS   AGE
        web    2               N/A               0                     8s
    "#]],
    );
    let line = "kubectl drain worker-1 --force --ignore-daemonsets".to_owned();
    let drain = stage.perform(Command::Exec { line, files: SortedMap::new() });
    seconds(&mut stage, 8);
    assert!(stage.job(drain).is_some_and(|job| job.exit_code.is_none()));
    // A third pod elsewhere: one may go, and is retried within five seconds.
    let third = pod_manifest("c", "worker-2").replace("spec:", "  labels:\n    app: web\nspec:");
    exec_with(&mut stage, "kubectl apply -f pod.yaml", &[("pod.yaml", &third)]);
    seconds(&mut stage, 12);
    let left = |stage: &Stage| ["a", "b", "c"].iter().filter(|name| pod(stage, name).is_some()).count();
    assert_eq!(left(&stage), 2);
    // Without a budget nothing is refused.
    exec(&mut stage, "kubectl delete pdb web");
    seconds(&mut stage, 10);
    assert_eq!(left(&stage), 1);
    check(
        &stage.job(drain).unwrap().text,
        expect![[r#"
            node/worker-1 cordoned
            Warning: deleting Pods that declare no controller: default/a, default/b, default/z
            evicting pod default/a
            evicting pod default/b
            evicting pod default/z
            error when evicting pods/"a" -n "default" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.
            error when evicting pods/"b" -n "default" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.
            pod/z evicted
            evicting pod default/a
            error when evicting pods/"a" -n "default" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.
            evicting pod default/b
            error when evicting pods/"b" -n "default" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.
            evicting pod default/a
            evicting pod default/b
            error when evicting pods/"b" -n "default" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.
            pod/a evicted
            evicting pod default/b
            error when evicting pods/"b" -n "default" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.
            evicting pod default/b
            pod/b evicted
            node/worker-1 drained
        "#]],
    );
}

//! What kubectl shows and changes of each. Rules: CMP-019 … CMP-021, CMP-030.

use super::super::person::Person;
use super::{WEB, both, containers, daemon, is_running, json, rows, still};

#[test]
fn cmp_019_what_kubectl_sees() {
    let mut person = both();
    // In a namespace that does not exist there can be no mirror.
    person.write("worker-1", "web.yaml", &WEB.replace("  name: web\n", "  name: web\n  namespace: shop\n"));
    person.wait(40);
    assert_eq!(rows(&mut person, "web-").len(), 0);
    assert_eq!(person.rows("kubectl get pods -A --no-headers", "web-").len(), 0);
    assert_eq!(containers(&mut person, "worker-1", "web-worker-1").len(), 1, "it runs all the same");
    let name = daemon(&mut person).name;
    assert_eq!(containers(&mut person, "worker-1", &name).len(), 1);
    person.run("kubectl create namespace shop");
    person.wait(100);
    assert_eq!(person.rows("kubectl get pods -n shop --no-headers", "web-worker-1")[0][2], "Running");
}

#[test]
fn cmp_020_an_edit_with_kubectl() {
    let mut person = both();
    let old = daemon(&mut person).name;
    let ran = containers(&mut person, "worker-1", "web-worker-1");
    assert_eq!(person.run("kubectl set image ds/agent main=nginx:2"), "daemonset.apps/agent image updated\n");
    assert_eq!(
        person.run("kubectl set image pod/web-worker-1 main=nginx:2"),
        "pod/web-worker-1 image updated\n"
    );
    person.wait(90);
    let new = daemon(&mut person).name;
    assert_ne!(new, old);
    assert_eq!(json(&mut person, &format!("pod {new}"))["spec"]["containers"][0]["image"], "nginx:2");
    assert_eq!(containers(&mut person, "worker-1", "web-worker-1"), ran, "the object changed, not the pod");
    assert!(person.run("ssh worker-1 sudo crictl images").contains("nginx"));
    person.write("worker-1", "web.yaml", &WEB.replace("nginx:1", "nginx:2"));
    person.wait(40);
    assert_ne!(containers(&mut person, "worker-1", "web-worker-1"), ran, "the file counts");
    assert!(is_running(&still(&mut person)));
}

#[test]
fn cmp_021_update_rollback_history() {
    let mut person = both();
    person.write("worker-2", "web.yaml", WEB);
    person.wait(20);
    person.run("kubectl set image ds/agent main=nginx:2");
    let status = person.run("kubectl rollout status ds/agent");
    assert!(
        status.contains("1 out of 3") && status.ends_with("daemon set \"agent\" successfully rolled out\n"),
        "{status}"
    );
    let history = person.run("kubectl rollout history ds/agent");
    assert_eq!(
        history,
        "daemonset.apps/agent \nREVISION  CHANGE-CAUSE\n1         <none>\n2         <none>\n\n"
    );
    assert!(person.run("kubectl rollout undo ds/agent").ends_with("daemonset.apps/agent rolled back\n"));
    person.run("kubectl rollout status ds/agent");
    let image = person.run("kubectl get ds agent -o jsonpath='{.spec.template.spec.containers[0].image}'");
    assert_eq!(image, "nginx:1");
    assert_eq!(person.run("kubectl rollout restart ds/agent"), "daemonset.apps/agent restarted\n");
    // A static pod has none of it: each file by hand, and its pod is killed at once.
    assert!(person.run("kubectl rollout history pod/web-worker-1").contains("error: "));
    person.write("worker-1", "web.yaml", &WEB.replace("nginx:1", "nginx:2"));
    person.wait(3);
    assert_eq!(containers(&mut person, "worker-1", "web-worker-1").len(), 0, "down at once");
    person.wait(30);
    let image = |person: &mut Person, node: &str| {
        json(person, &format!("pod web-{node}"))["spec"]["containers"][0]["image"].clone()
    };
    assert_eq!(
        (image(&mut person, "worker-1"), image(&mut person, "worker-2")),
        ("nginx:2".into(), "nginx:1".into())
    );
}

/// What each is used for, in the cluster as kubeadm makes it.
#[test]
fn cmp_030_typical_uses() {
    let mut person = both();
    let owners = person.run(
        "kubectl get pods -n kube-system -o jsonpath='{range .items[*]}{.metadata.ownerReferences[0].kind} {.metadata.name}{\"\\n\"}{end}'",
    );
    let of = |kind: &str| {
        let mut names: Vec<&str> =
            owners.lines().filter_map(|line| line.strip_prefix(kind)).map(|name| name.trim()).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(
        of("Node "),
        [
            "etcd-control-plane",
            "kube-apiserver-control-plane",
            "kube-controller-manager-control-plane",
            "kube-scheduler-control-plane"
        ]
    );
    assert!(
        of("DaemonSet ").len() == 4 && of("DaemonSet ").iter().all(|name| name.starts_with("kube-proxy-"))
    );
    // Without an API server only static pods can start: that is why it is one.
    person.switch("kube-apiserver", false);
    person.wait(60);
    person.switch("kube-apiserver", true);
    person.wait(10);
    assert!(person.run("kubectl get nodes").contains("Ready"));
}

use super::*;
use expect_test::expect;
use serde_json::json;

/// A node with a daemon pod, a mirror pod and whatever else is given.
fn with_pods(more: &[String]) -> Terminal {
    let mut t = Terminal::new();
    t.make(NODE);
    t.make(AGENT);
    let uid = t.get(Kind::DaemonSet, "default", "agent")["metadata"]["uid"].clone();
    let node_uid = t.get(Kind::Node, "", "worker-1")["metadata"]["uid"].clone();
    let mut made = |name: &str, meta: Value| {
        let mut value = json!({"apiVersion": "v1", "kind": "Pod", "metadata": meta,
            "spec": {"nodeName": "worker-1", "containers": [{"name": "main", "image": "x:1"}]}});
        value["metadata"]["name"] = json!(name);
        value["metadata"]["namespace"] = json!("default");
        let answer = t.api.handle(Call::Create(Object::from_value(Kind::Pod, &value)), t.now);
        assert!(answer.result.is_ok(), "{answer:?}");
    };
    made(
        "agent-x7k2p",
        json!({"ownerReferences": [{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "agent",
        "uid": uid, "controller": true}]}),
    );
    made(
        "web-worker-1",
        json!({"annotations": {"kubernetes.io/config.mirror": "abc"},
        "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": "worker-1", "uid": node_uid,
            "controller": true}]}),
    );
    for pod in more {
        t.make(&pod.replace("spec:", "spec:\n  nodeName: worker-1"));
    }
    t
}

#[test]
fn nd_037_nd_040_drain_leaves_daemon_and_mirror_pods() {
    let mut t = with_pods(&[]);
    assert_eq!(
        t.run("drain worker-1 --ignore-daemonsets"),
        "node/worker-1 cordoned\nWarning: ignoring DaemonSet-managed Pods: default/agent-x7k2p\nnode/worker-1 drained\n"
    );
    assert!(!t.get(Kind::Pod, "default", "agent-x7k2p").is_null());
    assert!(!t.get(Kind::Pod, "default", "web-worker-1").is_null());
}

#[test]
fn nd_038_daemon_pods_stand_in_the_way() {
    let mut t = with_pods(&[]);
    let text =
        "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): default/agent-x7k2p";
    assert_eq!(
        t.run("drain worker-1"),
        format!(
            "node/worker-1 cordoned\nerror: unable to drain node \"worker-1\" due to error: {text}, continuing command...\nThere are pending nodes to be drained:\n worker-1\n{text}\n[1]\n"
        )
    );
    assert_eq!(t.get(Kind::Node, "", "worker-1")["spec"]["unschedulable"], true);
}

#[test]
fn nd_039_local_storage_and_bare_pods_stand_in_the_way() {
    let bare = pod("bare", "{}");
    let local = pod("local", "{}").replace("spec:", "spec:\n  volumes: [{name: v, emptyDir: {}}]");
    let mut t = with_pods(&[bare, local]);
    let storage =
        "cannot delete Pods with local storage (use --delete-emptydir-data to override): default/local";
    let unmanaged = "cannot delete Pods that declare no controller (use --force to override): default/bare";
    assert_eq!(
        t.run("drain worker-1 --ignore-daemonsets"),
        format!(
            "node/worker-1 cordoned\nerror: unable to drain node \"worker-1\" due to error: [{unmanaged}, {storage}], continuing command...\nThere are pending nodes to be drained:\n worker-1\n{unmanaged}\n{storage}\n[1]\n"
        )
    );
}

#[test]
fn nd_040_nd_043_pods_are_evicted_and_waited_for() {
    let mut t = with_pods(&[pod("bare", "{}")]);
    let mut job = t.start("drain worker-1 --ignore-daemonsets --force");
    let begin = "node/worker-1 cordoned\nWarning: ignoring DaemonSet-managed Pods: default/agent-x7k2p; deleting Pods that declare no controller: default/bare\nevicting pod default/bare\n";
    let mut slept = 0;
    loop {
        match job.advance() {
            Progress::Needs(call) => {
                let answer = t.api.handle(call, t.now);
                job.answer(t.now, answer);
            }
            Progress::Sleeps { until } => {
                assert_eq!(until, t.now + Duration::from_secs(1), "it looks every second");
                assert_eq!(job.text(), begin);
                t.now = until;
                slept += 1;
                if slept == 3 {
                    let options = wire::DeleteOptions { grace_seconds: Some(0), ..Default::default() };
                    let key = Key::new("default", "bare");
                    t.api.handle(Call::Delete { kind: Kind::Pod, key, options }, t.now);
                }
                job.woke(until);
            }
            Progress::Done { exit_code } => {
                assert_eq!(exit_code, 0);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(job.text(), format!("{begin}pod/bare evicted\nnode/worker-1 drained\n"));
    assert_eq!(slept, 3);
}

#[test]
fn nd_042_a_daemon_pod_without_its_daemon_set_is_an_error() {
    let mut t = with_pods(&[]);
    t.run("delete ds agent --cascade=orphan --wait=false");
    t.api.store.remove(Kind::DaemonSet, &Key::new("default", "agent"));
    let text = t.run("drain worker-1 --ignore-daemonsets");
    assert!(
        text.contains("due to error: cannot delete daemonsets.apps \"agent\" not found: default/agent-x7k2p"),
        "{text}"
    );
    assert_eq!(
        t.run("drain worker-1 --force"),
        "node/worker-1 already cordoned\nevicting pod default/agent-x7k2p\n…\n"
    );
}

#[test]
fn nd_044_deleting_a_node_says_so() {
    let mut t = with_pods(&[]);
    assert_eq!(t.run("delete node worker-1"), "node \"worker-1\" deleted\n");
}

/// Runs a line for so long; pods that are deleted stay where they are, as there is no kubelet.
fn drained(t: &mut Terminal, line: &str, seconds: u64) -> String {
    let until = t.now + Duration::from_secs(seconds);
    let mut job = t.start(line);
    loop {
        match job.advance() {
            Progress::Needs(call) => {
                let answer = t.api.handle(call, t.now);
                job.answer(t.now, answer);
            }
            Progress::Sleeps { until: wakes } if wakes <= until => {
                t.now = wakes;
                job.woke(wakes);
            }
            Progress::Sleeps { .. } => return job.text() + "…\n",
            Progress::Done { exit_code } => return format!("{}[{exit_code}]\n", job.text()),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn nd_043_drain_gives_up_when_its_time_is_over() {
    let mut t = with_pods(&[pod("a", "{}"), pod("b", "{}")]);
    expect![[r#"
        node/worker-1 cordoned
        Warning: deleting Pods that declare no controller: default/a, default/b; ignoring DaemonSet-managed Pods: default/agent-x7k2p
        evicting pod default/a
        evicting pod default/b
        There are pending pods in node "worker-1" when an error occurred: [error when waiting for pod "b" in namespace "default" to terminate: global timeout reached: 7s, error when waiting for pod "a" in namespace "default" to terminate: global timeout reached: 7s]
        pod/a
        pod/b
        error: unable to drain node "worker-1" due to error: [error when waiting for pod "b" in namespace "default" to terminate: global timeout reached: 7s, error when waiting for pod "a" in namespace "default" to terminate: global timeout reached: 7s], continuing command...
        There are pending nodes to be drained:
         worker-1
        error when waiting for pod "b" in namespace "default" to terminate: global timeout reached: 7s
        error when waiting for pod "a" in namespace "default" to terminate: global timeout reached: 7s
        [1]
    "#]].assert_eq(&drained(&mut t, "drain worker-1 --ignore-daemonsets --force --timeout=7s", 60));
    let mut t = with_pods(&[pod("a", "{}"), pod("b", "{}")]);
    expect![[r#"
        node/worker-1 cordoned
        Warning: deleting Pods that declare no controller: default/a, default/b; ignoring DaemonSet-managed Pods: default/agent-x7k2p
        There are pending pods in node "worker-1" when an error occurred: timed out waiting for the condition
        pod/a
        pod/b
        error: unable to drain node "worker-1" due to error: timed out waiting for the condition, continuing command...
        There are pending nodes to be drained:
         worker-1
        error: timed out waiting for the condition
        [1]
    "#]].assert_eq(&drained(
        &mut t,
        "drain worker-1 --ignore-daemonsets --force --disable-eviction --timeout=3s",
        60,
    ));
}

#[test]
fn nd_043_a_pod_that_has_been_going_for_long_may_be_left() {
    let mut t = with_pods(&[pod("slow", "{}")]);
    t.run("delete pod slow --wait=false");
    t.later(60);
    let line = "drain worker-1 --ignore-daemonsets --force --skip-wait-for-delete-timeout=";
    expect![[r#"
        node/worker-1 cordoned
        Warning: ignoring DaemonSet-managed Pods: default/agent-x7k2p
        node/worker-1 drained
        [0]
    "#]]
    .assert_eq(&drained(&mut t, &format!("{line}20"), 5));
    expect![[r#"
        node/worker-1 already cordoned
        Warning: ignoring DaemonSet-managed Pods: default/agent-x7k2p; deleting Pods that declare no controller: default/slow
        evicting pod default/slow
        …
    "#]].assert_eq(&drained(&mut t, &format!("{line}40"), 5));
}

#[test]
fn nd_037_nodes_are_named_or_selected() {
    let mut t = with_pods(&[]);
    expect![[r#"
        error: USAGE: drain NODE [flags]
        See 'kubectl drain -h' for help and examples
        [1]
        error: cannot specify both a node name and a --selector option
        See 'kubectl drain -h' for help and examples
        [1]
    "#]]
    .assert_eq(&(t.run("drain") + &t.run("drain worker-1 -l a=b")));
}

//! Taints, cordons, drains, selectors; nodes that are deleted or out of reach. Rules: CMP-014 … CMP-018, CMP-028, CMP-029.

use super::{AGENT, WEB, both, containers, daemon, is_running, rows, still};

#[test]
fn cmp_014_a_no_schedule_taint() {
    let mut person = both();
    person.run("kubectl taint nodes worker-1 dedicated=db:NoSchedule");
    person.wait(30);
    assert!(is_running(&daemon(&mut person)) && is_running(&still(&mut person)), "both stay");
    let name = daemon(&mut person).name;
    person.run(&format!("kubectl delete pod {name}"));
    person.remove("worker-1", "web.yaml");
    person.wait(10);
    person.write("worker-1", "web.yaml", WEB);
    person.wait(30);
    let nodes: Vec<String> = rows(&mut person, "agent-").into_iter().map(|row| row.node).collect();
    assert!(nodes.len() == 2 && !nodes.contains(&"worker-1".to_owned()), "{nodes:?}");
    assert!(is_running(&still(&mut person)), "the taint means nothing to it");
}

#[test]
fn cmp_015_a_no_execute_taint() {
    let mut person = both();
    let ran = containers(&mut person, "worker-1", "web-worker-1");
    person.run("kubectl taint nodes worker-1 dedicated=db:NoExecute");
    person.wait(60);
    let nodes: Vec<String> = rows(&mut person, "agent-").into_iter().map(|row| row.node).collect();
    assert!(nodes.len() == 2 && !nodes.contains(&"worker-1".to_owned()), "{nodes:?}");
    assert!(is_running(&still(&mut person)));
    assert_eq!(containers(&mut person, "worker-1", "web-worker-1"), ran);
    // A daemon pod that tolerates it comes back.
    person.run("kubectl patch ds agent -p '{\"spec\":{\"template\":{\"spec\":{\"tolerations\":[{\"key\":\"dedicated\",\"operator\":\"Exists\"}]}}}}'");
    person.wait(60);
    assert!(is_running(&daemon(&mut person)));
}

#[test]
fn cmp_016_a_cordon() {
    let mut person = both();
    person.run("kubectl cordon worker-1");
    let name = daemon(&mut person).name;
    person.run(&format!("kubectl delete pod {name}"));
    person.write("worker-1", "other.yaml", &WEB.replace("name: web", "name: other"));
    person.wait(30);
    let new = daemon(&mut person);
    assert!(new.name != name && is_running(&new), "{new:?}");
    assert!(is_running(&still(&mut person)) && is_running(&rows(&mut person, "other-worker-1")[0]));
    person.run("kubectl run plain --image=nginx --labels=app=plain");
    person.wait(20);
    assert_ne!(rows(&mut person, "plain")[0].node, "worker-1", "the taint holds for an ordinary pod");
}

#[test]
fn cmp_017_a_drain() {
    let mut person = both();
    let before = (daemon(&mut person), still(&mut person));
    let refused = person.run("kubectl drain worker-1");
    assert!(
        refused.contains("cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): ")
            && refused.ends_with("[1]\n")
            && !refused.contains("web-worker-1"),
        "{refused}"
    );
    let drained = person.run("kubectl drain worker-1 --ignore-daemonsets");
    assert!(
        drained.contains("Warning: ignoring DaemonSet-managed Pods: ") && !drained.contains("web"),
        "{drained}"
    );
    assert!(drained.ends_with("node/worker-1 drained\n"), "{drained}");
    person.wait(30);
    assert_eq!((daemon(&mut person), still(&mut person)), before);
}

#[test]
fn cmp_018_a_node_selector() {
    let mut person = both();
    let selector = "  nodeSelector:\n    disk: ssd\n";
    person.run("kubectl label node worker-2 disk=ssd");
    person.apply(&AGENT.replace("    spec:\n", "    spec:\n      nodeSelector:\n        disk: ssd\n"));
    let picky = WEB.replace("spec:\n", &format!("spec:\n{selector}"));
    person.write("worker-1", "web.yaml", &picky);
    person.write("worker-1", "other.yaml", &picky.replace("name: web", "name: other"));
    person.wait(60);
    let nodes: Vec<String> = rows(&mut person, "agent-").into_iter().map(|row| row.node).collect();
    assert_eq!(nodes, ["worker-2"], "it decides the nodes");
    for pod in ["web-worker-1", "other-worker-1"] {
        assert_eq!(containers(&mut person, "worker-1", pod).len(), 0, "{pod}");
        let denied = format!("pod=\"default/{pod}\" reason=\"NodeAffinity\"");
        assert!(person.journal("worker-1").contains(&denied), "{pod}");
    }
    assert_eq!(rows(&mut person, "other-"), [], "a pod that the kubelet rejects gets no mirror");
    assert_eq!(still(&mut person).status, "NodeAffinity", "the mirror of the one before it tells");
}

#[test]
fn cmp_028_a_deleted_node() {
    let mut person = both();
    let ran = containers(&mut person, "worker-1", "web-worker-1");
    let old = daemon(&mut person).name;
    person.run("kubectl delete node worker-1");
    person.wait(30);
    assert_eq!(rows(&mut person, &old).len(), 1, "the pod collector waits 40 s");
    person.wait(60);
    assert_eq!(rows(&mut person, "agent-").len(), 2);
    assert_eq!(containers(&mut person, "worker-1", &old).len(), 0, "its containers are stopped");
    assert_eq!(rows(&mut person, "web-"), [], "its owner is gone");
    assert_eq!(containers(&mut person, "worker-1", "web-worker-1"), ran, "it runs on");
    person.run("ssh worker-1 sudo systemctl restart kubelet");
    person.wait(100);
    assert!(is_running(&still(&mut person)), "seen again");
    assert_eq!(containers(&mut person, "worker-1", "web-worker-1"), ran);
    let new = daemon(&mut person);
    assert!(is_running(&new) && new.name != old, "the node is eligible again");
}

#[test]
fn cmp_029_an_unreachable_node() {
    let mut person = both();
    let before = (daemon(&mut person), still(&mut person));
    person.run("ssh worker-1 sudo systemctl stop kubelet");
    person.wait(900);
    assert_eq!((daemon(&mut person), still(&mut person)), before, "neither is evicted");
    for pod in [before.0.name.as_str(), "web-worker-1"] {
        let ready = person.field(&format!("pod {pod}"), ".status.conditions[?(@.type==\"Ready\")].status");
        assert_eq!(ready, "False", "{pod}");
    }
    assert_eq!(rows(&mut person, "agent-").len(), 3, "nor replaced");
    person.run("ssh worker-1 sudo systemctl start kubelet");
    person.wait(60);
    assert_eq!((daemon(&mut person), still(&mut person)), before);
}

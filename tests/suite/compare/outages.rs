//! Without a part of the control plane, or the kubelet. Rules: CMP-010 … CMP-013.

use super::super::person::Person;
use super::{Row, WEB, both, containers, crash, daemon, is_running, json, rows, still};

#[test]
fn cmp_010_without_the_api_server() {
    let mut person = both();
    let name = daemon(&mut person).name;
    person.switch("kube-apiserver", false);
    person.wait(5);
    let ran =
        (containers(&mut person, "worker-1", &name), containers(&mut person, "worker-1", "web-worker-1"));
    for pod in [name.as_str(), "web-worker-1"] {
        crash(&mut person, pod);
    }
    person.write("worker-2", "web.yaml", WEB);
    person.wait(20);
    let runs =
        (containers(&mut person, "worker-1", &name), containers(&mut person, "worker-1", "web-worker-1"));
    assert!(runs.0.len() == 1 && runs.0 != ran.0, "the daemon pod was restarted");
    assert!(runs.1.len() == 1 && runs.1 != ran.1, "so was the static pod");
    assert_eq!(containers(&mut person, "worker-2", "web-worker-2").len(), 1, "and a new one started");
    person.remove("worker-1", "web.yaml");
    person.wait(20);
    assert_eq!(containers(&mut person, "worker-1", "web-worker-1").len(), 0, "and one was removed");
    // What kubectl shows is as it was, until the kubelets can tell.
    let stored = person.stage.cluster().api.store.pods.get("default", "web-worker-1").cloned().unwrap();
    assert_eq!(stored.status.containers[0].restart_count, 0);
    person.switch("kube-apiserver", true);
    person.wait(100);
    assert_eq!(rows(&mut person, "web-").iter().map(|row| &row.name).collect::<Vec<_>>(), ["web-worker-2"]);
    assert_eq!((daemon(&mut person).name, daemon(&mut person).restarts), (name, "1".to_owned()));
}

#[test]
fn cmp_011_without_the_scheduler() {
    let mut person = both();
    person.switch("kube-scheduler", false);
    person.wait(5);
    let name = daemon(&mut person).name;
    person.run(&format!("kubectl delete pod {name}"));
    person.remove("worker-1", "web.yaml");
    person.write("worker-1", "other.yaml", &WEB.replace("name: web", "name: other"));
    person.wait(60);
    let pending: Vec<Row> =
        rows(&mut person, "agent-").into_iter().filter(|row| row.status == "Pending").collect();
    assert_eq!((pending.len(), pending[0].node.as_str()), (1, "<none>"), "{pending:?}");
    assert!(is_running(&rows(&mut person, "other-worker-1")[0]));
}

#[test]
fn cmp_012_without_the_controller_manager() {
    let mut person = both();
    person.switch("kube-controller-manager", false);
    person.wait(5);
    let name = daemon(&mut person).name;
    person.run(&format!("kubectl delete pod {name}"));
    person.run("kubectl set image ds/agent main=nginx:2");
    person.write("worker-1", "web.yaml", &WEB.replace("nginx:1", "nginx:2"));
    person.write("worker-2", "web.yaml", WEB);
    person.wait(60);
    assert_eq!(rows(&mut person, "agent-").len(), 2, "no replacement");
    let images =
        person.run("kubectl get pods -l app=agent -o jsonpath='{.items[*].spec.containers[*].image}'");
    assert_eq!(images, "nginx:1 nginx:1", "no rollout");
    assert_eq!(json(&mut person, "pod web-worker-1")["spec"]["containers"][0]["image"], "nginx:2");
    assert!(rows(&mut person, "web-").iter().all(is_running) && rows(&mut person, "web-").len() == 2);
}

#[test]
fn cmp_013_without_the_kubelet() {
    let mut person = both();
    let name = daemon(&mut person).name;
    let of = |person: &mut Person| {
        (containers(person, "worker-1", &name), containers(person, "worker-1", "web-worker-1"))
    };
    let before = of(&mut person);
    person.run("ssh worker-1 sudo systemctl stop kubelet");
    person.write("worker-1", "web.yaml", &WEB.replace("nginx:1", "nginx:2"));
    person.wait(60);
    assert_eq!(of(&mut person), before, "they run on, and the file waits");
    for pod in [name.as_str(), "web-worker-1"] {
        crash(&mut person, pod);
    }
    person.wait(60);
    assert_eq!(of(&mut person), (vec![], vec![]), "nobody restarts them");
    person.run("ssh worker-1 sudo systemctl start kubelet");
    person.wait(40);
    assert_eq!(daemon(&mut person).restarts, "1");
    let web = json(&mut person, "pod web-worker-1");
    assert_eq!(
        (&web["spec"]["containers"][0]["image"], still(&mut person).restarts.as_str()),
        (&"nginx:2".into(), "0")
    );
}

//! What goes on and what stops while a part is away. Rules: CP-012, CP-015 … CP-019.

use stage::Command;
use wire::Part;

use super::super::person::Person;
use super::{AGENT, REFUSED, json, pods, stop};

/// Nobody talks to anybody but the API server, and it alone stands for etcd.
#[test]
fn cp_012_everything_goes_through_the_api_server() {
    let mut person = Person::new();
    person.apply(AGENT);
    person.wait(60);
    let records: Vec<_> = person.stage.cluster().log.records().cloned().collect();
    let ends = |part: Part| records.iter().filter(|r| r.from == part || r.to == part).count();
    assert!(records.len() > 300, "{}", records.len());
    assert_eq!(ends(Part::ApiServer), records.len());
    assert_eq!(ends(Part::Etcd), 0);
    for part in [Part::User, Part::ControllerManager, Part::Scheduler] {
        assert!(ends(part) > 0, "{part:?}");
    }
}

#[test]
fn cp_015_nodes_are_alive_again_when_the_api_server_returns() {
    let mut person = Person::new();
    person.switch("kube-apiserver", false);
    person.wait(300);
    person.switch("kube-apiserver", true);
    person.wait(20);
    let ready = |person: &mut Person| {
        let rows = person.rows("kubectl get nodes --no-headers", "");
        rows.iter().map(|row| row[1].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ready(&mut person), ["Ready"; 4]);
    person.wait(120);
    assert_eq!(ready(&mut person), ["Ready"; 4], "the node controller gave them a fresh grace period");
    for node in ["control-plane", "worker-1", "worker-2", "worker-3"] {
        let lease = json(&mut person, &format!("lease {node} -n kube-node-lease"));
        let renewed = sim::Timestamp::parse(lease["spec"]["renewTime"].as_str().unwrap()).unwrap();
        assert!(person.stage.now().stamp().0 - renewed.0 <= 11, "{node}");
    }
    person.apply(AGENT);
    person.wait(40);
    assert_eq!(pods(&mut person, "agent-"), ["1/1 Running 0"; 3]);
}

#[test]
fn cp_016_without_etcd_requests_fail_and_the_api_server_is_restarted_in_vain() {
    let mut person = Person::new();
    person.switch("etcd", false);
    person.wait(10);
    let asked = person.stage.now();
    assert_eq!(
        person.run("kubectl get nodes"),
        "Error from server (Timeout): the server was unable to return a response in the time allotted, but may \
         still be processing requests (get nodes)\n[1]\n"
    );
    assert_eq!(person.stage.now().since(asked).as_secs(), 60, "a request may take a minute");
    // Its readiness fails, then its liveness: eight times ten seconds.
    let attempt = |person: &mut Person| {
        let rows = person.rows("ssh control-plane sudo crictl ps -a", "kube-apiserver");
        rows.iter().map(|row| row.iter().rev().nth(3).unwrap().clone()).collect::<Vec<_>>()
    };
    assert_eq!(attempt(&mut person), ["0"]);
    person.wait(45);
    assert_eq!(person.run("kubectl get nodes"), REFUSED, "killed");
    person.wait(300);
    assert!(attempt(&mut person)[0].parse::<u32>().unwrap() >= 3, "each gives up after 20 s");
    assert_eq!(person.run("kubectl get nodes"), REFUSED);
    // What runs goes on running, and everything is as it was when etcd is back.
    let running = person.rows("ssh worker-1 sudo crictl ps", "kube-proxy");
    assert_eq!(running.len(), 1);
    person.switch("etcd", true);
    person.wait(360);
    assert_eq!(pods(&mut person, "kube-proxy"), ["1/1 Running 0"; 4]);
    assert_eq!(pods(&mut person, "etcd"), ["1/1 Running 0"]);
}

#[test]
fn cp_016_a_person_need_not_wait_for_an_api_server_without_etcd() {
    let mut person = Person::new();
    person.switch("etcd", false);
    person.wait(10);
    let asked = person.stage.now();
    assert_eq!(
        person.run("kubectl get nodes --request-timeout=10s"),
        "Unable to connect to the server: net/http: request canceled (Client.Timeout exceeded while awaiting \
         headers)\n[1]\n"
    );
    assert_eq!(person.stage.now().since(asked).as_secs(), 10);
}

#[test]
fn cp_016_an_etcd_that_comes_back_soon_is_all_that_is_needed() {
    let mut person = Person::new();
    stop(&mut person, "etcd");
    person.wait(40);
    assert_eq!(pods(&mut person, "kube-apiserver"), ["1/1 Running 0"]);
    assert_eq!(pods(&mut person, "etcd"), ["1/1 Running 1"]);
}

#[test]
fn cp_017_without_a_scheduler_pods_wait_and_nobody_says_why() {
    let mut person = Person::new();
    person.switch("kube-scheduler", false);
    person.wait(20);
    person.apply(AGENT);
    person.run("kubectl run web --image=nginx");
    person.write("worker-1", "still.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: still\nspec:\n  containers:\n  - name: c\n    image: nginx:1\n");
    person.wait(120);
    assert_eq!(pods(&mut person, "agent-"), ["0/1 Pending 0"; 3]);
    assert_eq!(pods(&mut person, "web"), ["0/1 Pending 0"]);
    assert_eq!(pods(&mut person, "still"), ["1/1 Running 0"]);
    assert!(!person.run("kubectl get events").contains("FailedScheduling"));
    person.switch("kube-scheduler", true);
    person.wait(60);
    assert_eq!(pods(&mut person, "agent-"), ["1/1 Running 0"; 3]);
    assert_eq!(pods(&mut person, "web"), ["1/1 Running 0"]);
}

#[test]
fn cp_018_without_a_controller_manager_nothing_follows() {
    let mut person = Person::new();
    person.apply(&AGENT.replace("agent", "old"));
    person.wait(30);
    person.switch("kube-controller-manager", false);
    person.wait(20);
    // A new set is stored and makes no pods.
    assert_eq!(person.apply(AGENT), "daemonset.apps/agent created\n");
    person.wait(60);
    let row = person.rows("kubectl get ds agent --no-headers", "agent").remove(0);
    assert_eq!(row[1..6], ["0", "0", "0", "0", "0"]);
    let rollout = person.begin("kubectl rollout status ds/agent", &[]);
    person.wait(10);
    assert_eq!(person.text(rollout), "Waiting for daemon set spec update to be observed...\n");
    person.stage.perform(Command::Interrupt { job: rollout.0 });
    // A deleted daemon pod is not replaced. It is that of the node whose kubelet is stopped below.
    let old = person.rows("kubectl get pods -o wide --no-headers", "worker-3").remove(0).remove(0);
    person.run(&format!("kubectl delete pod {old}"));
    person.wait(60);
    assert_eq!(pods(&mut person, "old-"), ["1/1 Running 0"; 2]);
    // The scheduler goes on.
    person.run("kubectl run web --image=nginx");
    person.wait(20);
    assert_eq!(pods(&mut person, "web"), ["1/1 Running 0"]);
    // Cordoning sets the field, not the taint.
    person.run("kubectl cordon worker-1");
    let node = json(&mut person, "node worker-1");
    assert!(node["spec"]["unschedulable"] == true && node["spec"]["taints"].is_null(), "{}", node["spec"]);
    // A deleted set leaves its pods.
    person.run("kubectl delete ds old");
    person.wait(60);
    assert_eq!(pods(&mut person, "old-"), ["1/1 Running 0"; 2]);
    // Namespaces come without their ServiceAccount, and do not go.
    person.run("kubectl create namespace shop");
    assert_eq!(
        person.run("kubectl run x --image=nginx -n shop"),
        "Error from server (Forbidden): pods \"x\" is forbidden: error looking up service account shop/default: serviceaccount \"default\" not found\n[1]\n"
    );
    person.run("kubectl delete namespace shop --wait=false");
    person.wait(60);
    assert_eq!(person.rows("kubectl get ns --no-headers", "shop")[0][1], "Terminating");
    // A dead node looks alive.
    person.run("ssh worker-3 sudo systemctl stop kubelet");
    person.wait(300);
    assert_eq!(person.rows("kubectl get nodes --no-headers", "worker-3")[0][1], "Ready");
    person.switch("kube-controller-manager", true);
    person.wait(45);
    assert_eq!(pods(&mut person, "old-"), [""; 0], "the garbage collector is back");
    assert_eq!(person.rows("kubectl get ns --no-headers", "shop").len(), 0);
    assert_eq!(pods(&mut person, "agent-").len(), 3);
}

/// Differs from a real cluster only in what another part of the rules (ND) adds: the node's condition.
#[test]
fn cp_019_without_its_kubelet_a_node_starts_and_stops_nothing() {
    let mut person = Person::new();
    person.apply(AGENT);
    person.wait(30);
    person.run("ssh worker-1 sudo systemctl stop kubelet");
    person.apply("apiVersion: v1\nkind: Pod\nmetadata:\n  name: pinned\nspec:\n  nodeName: worker-1\n  containers:\n  - name: c\n    image: nginx:1\n");
    let pod = person.rows("kubectl get pods -o wide --no-headers", "worker-1");
    let pod = pod.iter().find(|row| row[0].starts_with("agent-")).unwrap()[0].clone();
    person.run(&format!("kubectl delete pod {pod} --wait=false"));
    person.wait(30);
    assert_eq!(pods(&mut person, "pinned"), ["0/1 Pending 0"]);
    assert_eq!(pods(&mut person, &pod), ["1/1 Terminating 0"]);
    assert_eq!(person.rows("ssh worker-1 sudo crictl ps", &pod).len(), 1, "it runs on");
    person.run("ssh worker-1 sudo systemctl start kubelet");
    person.wait(40);
    assert_eq!(pods(&mut person, "pinned"), ["1/1 Running 0"]);
    assert_eq!(person.rows("ssh worker-1 sudo crictl ps", &pod).len(), 0);
}

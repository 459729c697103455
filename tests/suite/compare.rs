//! A daemon pod and a static pod side by side: every row of the comparison (CMP-001…030), on one cluster that
//! has both.

use serde_json::Value;

use super::person::Person;

const AGENT: &str = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: agent\nspec:\n  selector:\n    \
    matchLabels:\n      app: agent\n  template:\n    metadata:\n      labels:\n        app: agent\n    spec:\n      \
    containers:\n      - name: main\n        image: nginx:1\n";

const WEB: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: main\n    \
    image: nginx:1\n";

/// A DaemonSet on the three workers, and a static pod on worker-1.
fn both() -> Person {
    thread_local! {
        static BOTH: Person = {
            let mut person = Person::new();
            person.apply(AGENT);
            person.write("worker-1", "web.yaml", WEB);
            person.wait(30);
            person
        };
    }
    BOTH.with(Clone::clone)
}

/// A pod as `kubectl get pods -o wide` shows it.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    name: String,
    ready: String,
    status: String,
    restarts: String,
    ip: String,
    node: String,
}

fn rows(person: &mut Person, what: &str) -> Vec<Row> {
    let rows = person.rows("kubectl get pods -o wide --no-headers", what);
    let row = |words: Vec<String>| {
        // RESTARTS may be three words: `1 (5s ago)`.
        let more = if words[4].starts_with('(') { 2 } else { 0 };
        Row {
            name: words[0].clone(),
            ready: words[1].clone(),
            status: words[2].clone(),
            restarts: words[3].clone(),
            ip: words[5 + more].clone(),
            node: words[6 + more].clone(),
        }
    };
    rows.into_iter().map(row).collect()
}

/// The daemon pod of worker-1; there has to be just one.
fn daemon(person: &mut Person) -> Row {
    let mut found: Vec<Row> =
        rows(person, "agent-").into_iter().filter(|row| row.node == "worker-1").collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// The static pod of worker-1, by its mirror.
fn still(person: &mut Person) -> Row {
    let mut found = rows(person, "web-worker-1");
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn is_running(row: &Row) -> bool {
    row.ready == "1/1" && row.status == "Running"
}

/// The containers of a pod that run on a node, by their ids.
fn containers(person: &mut Person, node: &str, pod: &str) -> Vec<String> {
    let rows = person.rows(&format!("ssh {node} sudo crictl ps"), pod);
    rows.into_iter().map(|row| row[0].clone()).collect()
}

fn json(person: &mut Person, object: &str) -> Value {
    let text = person.run(&format!("kubectl get {object} -o json"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{object}: {error}: {text}"))
}

fn crash(person: &mut Person, pod: &str) {
    let find = format!("sudo crictl ps -q --label io.kubernetes.pod.name={pod}");
    let kill = format!(
        "ssh worker-1 'sudo kill -9 $(sudo crictl inspect -o go-template --template {{{{.info.pid}}}} $({find}))'"
    );
    assert_eq!(person.run(&kill), "");
}

#[test]
fn cmp_001_where_each_is_defined() {
    let mut person = both();
    assert_eq!(json(&mut person, "ds agent")["spec"]["template"]["metadata"]["labels"]["app"], "agent");
    assert_eq!(person.run("ssh worker-1 sudo cat /etc/kubernetes/manifests/web.yaml"), WEB);
    assert_eq!(person.run("ssh worker-2 sudo ls /etc/kubernetes/manifests"), "");
    assert!(person.run("kubectl get ds web").contains("\"web\" not found"));
}

#[test]
fn cmp_002_who_makes_each() {
    let mut person = both();
    let events = person.run("kubectl get events");
    assert!(events.contains("SuccessfulCreate") && events.contains("Created pod: agent-"), "{events}");
    assert!(!events.contains("Created pod: web"), "{events}");
    let annotations = json(&mut person, "pod web-worker-1")["metadata"]["annotations"].clone();
    assert_eq!(annotations["kubernetes.io/config.source"], "file");
    assert_eq!(annotations["kubernetes.io/config.mirror"], annotations["kubernetes.io/config.hash"]);
    let name = daemon(&mut person).name;
    let daemon = json(&mut person, &format!("pod {name}"));
    assert_eq!(daemon["metadata"]["generateName"], "agent-");
    assert!(daemon["metadata"]["annotations"].is_null());
}

#[test]
fn cmp_003_who_places_each() {
    let mut person = both();
    let name = daemon(&mut person).name;
    let scheduled = |person: &mut Person, pod: &str| {
        let events = person.run("kubectl get events");
        events
            .lines()
            .filter(|line| line.contains(&format!("pod/{pod}")) && line.contains("Scheduled"))
            .count()
    };
    assert_eq!((scheduled(&mut person, &name), scheduled(&mut person, "web-worker-1")), (1, 0));
    let pod = json(&mut person, &format!("pod {name}"));
    let terms = &pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"];
    assert_eq!(
        *terms,
        serde_json::json!([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["worker-1"]}]}])
    );
    assert!(json(&mut person, "pod web-worker-1")["spec"]["affinity"].is_null());
}

#[test]
fn cmp_004_their_names() {
    let mut person = both();
    let name = daemon(&mut person).name;
    let suffix = name.strip_prefix("agent-").unwrap();
    assert!(suffix.len() == 5 && suffix.chars().all(|c| "bcdfghjklmnpqrstvwxz2456789".contains(c)), "{name}");
    assert_eq!(still(&mut person).name, "web-worker-1");
}

#[test]
fn cmp_005_how_many_there_are() {
    let mut person = both();
    let nodes = |person: &mut Person, what: &str| {
        let mut nodes: Vec<String> = rows(person, what).into_iter().map(|row| row.node).collect();
        nodes.sort();
        nodes
    };
    assert_eq!(nodes(&mut person, "agent-"), ["worker-1", "worker-2", "worker-3"]);
    assert_eq!(nodes(&mut person, "web-"), ["worker-1"]);
    // Another node counts for the set as soon as it is eligible; a static pod needs a copy of its file.
    person.run("kubectl taint nodes control-plane node-role.kubernetes.io/control-plane-");
    person.write("worker-2", "web.yaml", WEB);
    person.wait(30);
    assert_eq!(nodes(&mut person, "agent-"), ["control-plane", "worker-1", "worker-2", "worker-3"]);
    assert_eq!(nodes(&mut person, "web-"), ["worker-1", "worker-2"]);
}

#[test]
fn cmp_006_the_owner_that_is_shown() {
    let mut person = both();
    let name = daemon(&mut person).name;
    let owner = |person: &mut Person, pod: &str| {
        let text = person.run(&format!("kubectl describe pod {pod}"));
        text.lines().find(|line| line.starts_with("Controlled By:")).unwrap().replace("  ", "")
    };
    assert_eq!(owner(&mut person, &name), "Controlled By:DaemonSet/agent");
    assert_eq!(owner(&mut person, "web-worker-1"), "Controlled By:Node/worker-1");
}

#[test]
fn cmp_007_what_kubectl_delete_pod_does() {
    let mut person = both();
    for name in [daemon(&mut person).name, "web-worker-1".to_owned()] {
        crash(&mut person, &name);
    }
    person.wait(100);
    let (old, web) = (daemon(&mut person), still(&mut person));
    assert_eq!((old.restarts.as_str(), web.restarts.as_str()), ("1", "1"));
    let (uid, ran) = (
        json(&mut person, "pod web-worker-1")["metadata"]["uid"].clone(),
        containers(&mut person, "worker-1", "web-worker-1"),
    );
    person.run(&format!("kubectl delete pod {} web-worker-1", old.name));
    person.wait(30);
    let new = daemon(&mut person);
    assert!(
        new.name != old.name && new.ip != old.ip && new.restarts == "0" && is_running(&new),
        "{old:?} {new:?}"
    );
    assert_eq!(still(&mut person), web, "name, IP and restarts are as before");
    assert_ne!(json(&mut person, "pod web-worker-1")["metadata"]["uid"], uid, "only the object is another");
    assert_eq!(containers(&mut person, "worker-1", "web-worker-1"), ran);
}

#[test]
fn cmp_008_how_to_really_remove_each() {
    let mut person = both();
    person.run("kubectl delete ds agent");
    person.remove("worker-1", "web.yaml");
    person.wait(20);
    assert_eq!(rows(&mut person, ""), []);
    assert_eq!(containers(&mut person, "worker-1", "web").len(), 0);
    // Or the node becomes one that is not meant.
    let mut person = both();
    person.run("kubectl patch ds agent -p '{\"spec\":{\"template\":{\"spec\":{\"nodeSelector\":{\"disk\":\"ssd\"}}}}}'");
    person.wait(20);
    assert_eq!(rows(&mut person, "agent-"), []);
}

#[test]
fn cmp_009_a_crash_is_the_same_for_both() {
    let mut person = both();
    let before = (daemon(&mut person), still(&mut person));
    for _ in 0..2 {
        for name in [before.0.name.clone(), "web-worker-1".to_owned()] {
            crash(&mut person, &name);
        }
        person.wait(4);
    }
    // The first restart was immediate, the second waits for its back-off.
    for pod in [&before.0.name, "web-worker-1"] {
        assert_eq!(containers(&mut person, "worker-1", pod).len(), 0, "{pod}");
        let events = person.run(&format!("kubectl describe pod {pod}"));
        assert!(events.contains("Back-off restarting failed container main in pod"), "{events}");
    }
    person.wait(60);
    let after = (daemon(&mut person), still(&mut person));
    for (before, after) in [(&before.0, &after.0), (&before.1, &after.1)] {
        assert_eq!((&after.name, &after.ip, after.restarts.as_str()), (&before.name, &before.ip, "2"));
        assert!(is_running(after), "{after:?}");
    }
}

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

#[test]
fn cmp_022_config_maps_secrets_and_service_accounts() {
    let mut person = both();
    person.apply("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  a: b\n");
    let with = "envFrom:\n@- configMapRef:\n@    name: settings\n";
    let config = |indent: &str| format!("{indent}{}", with.replace('@', indent));
    assert_eq!(person.apply(&format!("{AGENT}{}", config("        "))), "daemonset.apps/agent configured\n");
    person.wait(60);
    assert!(rows(&mut person, "agent-").iter().all(is_running), "{:?}", rows(&mut person, "agent-"));
    let name = daemon(&mut person).name;
    assert_eq!(json(&mut person, &format!("pod {name}"))["spec"]["serviceAccountName"], "default");
    person.write("worker-1", "web.yaml", &format!("{WEB}{}", config("    ")));
    person.write(
        "worker-1",
        "other.yaml",
        &WEB.replace("name: web", "name: other").replace("spec:\n", "spec:\n  serviceAccountName: default\n"),
    );
    person.wait(40);
    assert_eq!(rows(&mut person, "-worker-1"), [], "neither is run");
    let journal = person.journal("worker-1");
    assert!(journal.contains("static pods may not reference configmaps"), "{journal}");
    assert!(journal.contains("static pods may not reference serviceaccounts"), "{journal}");
}

#[test]
fn cmp_023_cmp_024_priority_and_a_full_node() {
    let mut person = both();
    let name = daemon(&mut person).name;
    assert_eq!(json(&mut person, &format!("pod {name}"))["spec"]["priority"], 0);
    assert_eq!(
        json(&mut person, "pod web-worker-1")["spec"]["priority"],
        0,
        "as far as the API server knows"
    );
    // worker-1 is filled by ordinary pods.
    let request = |text: &str, indent: &str, cpu: &str| {
        format!("{text}{indent}resources:\n{indent}  requests:\n{indent}    cpu: {cpu}\n")
    };
    let bound = |name: &str| {
        WEB.replace("name: web", &format!("name: {name}")).replace("spec:\n", "spec:\n  nodeName: worker-1\n")
    };
    person.apply(&request(&bound("full"), "    ", "3800m"));
    person.wait(10);
    person.apply(&request(&AGENT.replace("agent", "more"), "        ", "500m"));
    person.write("worker-1", "big.yaml", &request(&WEB.replace("name: web", "name: big"), "    ", "500m"));
    person.wait(60);
    let pending: Vec<Row> = rows(&mut person, "more-").into_iter().filter(|row| !is_running(row)).collect();
    // The static pod is critical to its kubelet, which makes room for it.
    assert!(is_running(&rows(&mut person, "big-worker-1")[0]));
    let full = json(&mut person, "pod full");
    assert_eq!(full["status"]["phase"], "Succeeded", "its container has ended well when it was asked to");
    assert_eq!(full["status"]["reason"], Value::Null);
    assert_eq!(full["status"]["conditions"][0]["type"], "DisruptionTarget");
    // The daemon pod waited for the scheduler until there was room.
    assert_eq!(pending, []);
    let events = person.run("kubectl get events");
    assert!(events.contains("Insufficient cpu"), "{events}");
    assert!(!events.contains("Preempted by pod"), "the daemon pod pushed nobody off: {events}");
}

#[test]
fn cmp_024_a_daemon_pod_preempts_by_its_priority() {
    let mut person = both();
    let request = |text: &str, indent: &str, cpu: &str| {
        format!("{text}{indent}resources:\n{indent}  requests:\n{indent}    cpu: {cpu}\n")
    };
    let full = WEB.replace("name: web", "name: full").replace("spec:\n", "spec:\n  nodeName: worker-1\n");
    person.apply(&request(&full, "    ", "3800m"));
    person.wait(10);
    let more = request(&AGENT.replace("agent", "more"), "        ", "500m");
    person.apply(&more);
    person.wait(30);
    let waiting: Vec<Row> =
        rows(&mut person, "more-").into_iter().filter(|row| row.status == "Pending").collect();
    assert_eq!(waiting.len(), 1);
    person.apply(
        "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata:\n  name: high\nvalue: 1000\n",
    );
    person.apply(&more.replace("    spec:\n", "    spec:\n      priorityClassName: high\n"));
    person.wait(90);
    assert!(rows(&mut person, "more-").iter().all(is_running), "{:?}", rows(&mut person, "more-"));
    assert_eq!(rows(&mut person, "full"), []);
}

#[test]
fn cmp_025_a_bad_definition() {
    let mut person = both();
    let said = person.apply(&AGENT.replace("image: nginx:1", "image: \"\""));
    assert!(
        said.contains("spec.template.spec.containers[0].image: Required value") && said.ends_with("[1]\n"),
        "{said}"
    );
    assert!(is_running(&daemon(&mut person)), "nothing has changed");
    person.write("worker-1", "web.yaml", &WEB.replace("image: nginx:1", "image: \"\""));
    person.wait(40);
    assert_eq!(rows(&mut person, "web-"), [], "silently missing");
    assert!(!person.run("kubectl get events").contains("Required value"));
    let journal = person.journal("worker-1");
    assert!(
        journal.contains("Could not process manifest file")
            && journal.contains("spec.containers[0].image: Required value"),
        "{journal}"
    );
}

#[test]
fn cmp_026_an_unknown_field() {
    let mut person = both();
    let said = person.apply(&AGENT.replace("        image:", "        imagee: x\n        image:"));
    assert!(
        said.contains("strict decoding error: unknown field \"spec.template.spec.containers[0].imagee\""),
        "{said}"
    );
    person.write(
        "worker-1",
        "other.yaml",
        &WEB.replace("name: web", "name: other").replace("    image:", "    imagee: x\n    image:"),
    );
    person.wait(30);
    assert!(is_running(&rows(&mut person, "other-worker-1")[0]), "dropped without a word");
    assert!(!person.journal("worker-1").contains("imagee"));
}

#[test]
fn cmp_027_init_containers_probes_and_restart_policy() {
    let mut person = both();
    let more = |text: &str, indent: &str| {
        text.replace(
            &format!("{indent}containers:\n"),
            &format!("{indent}initContainers:\n{indent}- name: prepare\n{indent}  image: busybox:1\n{indent}  command: [sleep, '5']\n{indent}containers:\n"),
        ) + &format!("{indent}  readinessProbe:\n{indent}    tcpSocket:\n{indent}      port: 80\n{indent}    initialDelaySeconds: 15\n")
    };
    person.apply(&more(&AGENT.replace("agent", "other"), "      "));
    person.write("worker-2", "web.yaml", &more(WEB, "  "));
    person.wait(5);
    let status = |person: &mut Person| {
        let daemon = rows(person, "other-").into_iter().find(|row| row.node == "worker-2").unwrap();
        let web = rows(person, "web-worker-2").remove(0);
        [daemon, web].map(|row| format!("{} {}", row.ready, row.status))
    };
    assert_eq!(status(&mut person), ["0/1 Init:0/1"; 2]);
    person.wait(10);
    assert_eq!(status(&mut person), ["0/1 Running"; 2], "not ready yet");
    person.wait(30);
    assert_eq!(status(&mut person), ["1/1 Running"; 2]);
    let never = |text: &str, indent: &str| {
        text.replace(
            &format!("{indent}containers:\n"),
            &format!("{indent}restartPolicy: Never\n{indent}containers:\n"),
        )
    };
    let said = person.apply(&never(&AGENT.replace("agent", "never"), "      "));
    assert!(
        said.contains(
            "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\""
        ),
        "{said}"
    );
    let once = never(&WEB.replace("name: web", "name: once"), "  ") + "    command: [sleep, '5']\n";
    person.write("worker-1", "once.yaml", &once);
    person.wait(40);
    let row = rows(&mut person, "once-worker-1").remove(0);
    assert_eq!((row.status.as_str(), row.restarts.as_str()), ("Completed", "0"));
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

/// A static pod that kubectl cannot see takes room of which the scheduler does not know (SCH-027): the kubelet
/// rejects the daemon pod, and the controller tries again with ever longer delays.
#[test]
fn kl_086_a_rejected_daemon_pod_is_deleted_and_tried_again() {
    let mut person = both();
    let request = |text: &str, indent: &str, cpu: &str| {
        format!("{text}{indent}resources:\n{indent}  requests:\n{indent}    cpu: {cpu}\n")
    };
    let unseen = WEB.replace("  name: web\n", "  name: big\n  namespace: nowhere\n");
    person.write("worker-1", "big.yaml", &request(&unseen, "    ", "3500m"));
    person.wait(20);
    person.apply(&request(&AGENT.replace("agent", "more"), "        ", "1"));
    person.wait(120);
    let others = rows(&mut person, "more-");
    assert_eq!(others.iter().filter(|row| is_running(row)).count(), 2, "{others:?}");
    let events = person.run("kubectl get events");
    let failed = "Warning   FailedDaemonPod";
    assert!(events.contains(failed) && events.contains("OutOfcpu"), "{events}");
    let attempts = events.lines().filter(|line| line.contains("OutOfcpu")).count();
    // At once, then after 1, 2, 4, 8, 16, 32 s …
    assert!((5..=9).contains(&attempts), "{attempts}: {events}");
    person.remove("worker-1", "big.yaml");
    person.wait(120);
    assert!(rows(&mut person, "more-").iter().all(is_running));
    assert_eq!(rows(&mut person, "more-").len(), 3);
}

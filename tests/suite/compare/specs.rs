//! What their specs may say, and what happens where it cannot be done. Rules: CMP-022 … CMP-027, KL-086.

use serde_json::Value;

use super::super::person::Person;
use super::{AGENT, Row, WEB, both, daemon, is_running, json, rows};

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

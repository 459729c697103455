//! Who defines, makes, places and names each, and how each goes. Rules: CMP-001 … CMP-009.

use super::super::person::Person;
use super::{WEB, both, containers, crash, daemon, is_running, json, rows, still};

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

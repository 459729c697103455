//! Events: when they come, what they count, and which are refused.

use super::person::Person;

const WEB: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: main\n    \
    image: nginx:1\n";

/// `reason count first last`, of the events about one object, in the order of their first times.
fn events(person: &mut Person, object: &str) -> Vec<String> {
    let path = "{range .items[*]}{.firstTimestamp} {.reason} {.count} {.lastTimestamp}{\"\\n\"}{end}";
    let line =
        format!("kubectl get events --field-selector involvedObject.name={object} -o jsonpath='{path}'");
    let mut lines: Vec<String> = person.run(&line).lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

fn reasons(events: &[String]) -> Vec<String> {
    events.iter().filter_map(|line| line.split(' ').nth(1)).map(str::to_owned).collect()
}

#[test]
fn events_of_an_outage_are_delivered_when_the_api_server_is_back() {
    let mut person = Person::new();
    person.switch("kube-apiserver", false);
    person.wait(5);
    let written = person.stage.now().stamp();
    person.write("worker-1", "web.yaml", WEB);
    person.wait(20);
    person.switch("kube-apiserver", true);
    person.wait(60);
    let events = events(&mut person, "web-worker-1");
    assert_eq!(reasons(&events), ["Pulling", "Created", "Pulled", "Started"], "{events:?}");
    for event in &events {
        let first = sim::Timestamp::parse(event.split(' ').next().unwrap()).unwrap();
        assert!((0..=5).contains(&(first.0 - written.0)), "it tells when it happened: {event}");
    }
}

#[test]
fn a_repeated_event_is_one_that_counts() {
    let mut person = Person::new();
    person.write("worker-1", "web.yaml", &(WEB.to_owned() + "    command: [\"false\"]\n"));
    person.wait(100);
    let events = events(&mut person, "web-worker-1");
    let count = |reason: &str| -> u32 {
        let of = events.iter().find(|line| line.split(' ').nth(1) == Some(reason));
        of.and_then(|line| line.split(' ').nth(2)?.parse().ok()).unwrap_or_default()
    };
    assert_eq!(count("Pulling"), 1, "{events:?}");
    assert_eq!(count("Started"), count("Created"), "{events:?}");
    assert!(count("Started") >= 4, "it was started again and again: {events:?}");
    assert!(count("BackOff") >= 4, "{events:?}");
}

#[test]
fn an_event_in_a_namespace_that_is_not_there_is_rejected_and_told_of() {
    let mut person = Person::new();
    person.write("worker-1", "web.yaml", &WEB.replace("  name: web\n", "  name: web\n  namespace: shop\n"));
    person.wait(10);
    let journal = person.journal("worker-1");
    let told = journal.lines().filter(|line| line.contains("Server rejected event (will not retry!)"));
    assert!(told.clone().count() >= 4, "{journal}");
    for line in told {
        assert!(line.contains("err=\"namespaces \\\"shop\\\" not found\""), "{line}");
    }
}

#[test]
fn a_cordon_is_an_event_of_the_nodes_kubelet() {
    let mut person = Person::new();
    person.run("kubectl cordon worker-1");
    person.wait(15);
    person.run("kubectl uncordon worker-1");
    person.wait(15);
    let reasons = reasons(&events(&mut person, "worker-1"));
    let of_it: Vec<&String> = reasons.iter().filter(|reason| reason.contains("Schedulable")).collect();
    assert_eq!(of_it, ["NodeNotSchedulable", "NodeSchedulable"], "{reasons:?}");
}

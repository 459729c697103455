//! What watches deliver, and when.

use sim::Duration;
use wire::Part;

use super::person::Person;

fn config_map(person: &mut Person, name: &str, labels: &str) {
    let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n");
    let created = person.apply(&text);
    assert_eq!(created, format!("configmap/{name} created\n"));
    if !labels.is_empty() {
        person.run(&format!("kubectl label configmap {name} {labels}"));
    }
}

/// However the deletion falls between the list and the opening of the watch, it is heard of.
#[test]
fn api_018_nothing_is_lost_between_a_list_and_its_watch() {
    let mut person = Person::new();
    config_map(&mut person, "one", "");
    let mut seen = Vec::new();
    for lead in (0..1_500).step_by(50) {
        let mut person = person.clone();
        let watch = person.begin("kubectl get configmap -w --no-headers", &[]);
        person.wait_millis(lead);
        person.begin("kubectl delete configmap one", &[]);
        person.wait(5);
        let text = person.text(watch);
        seen.push(text.lines().filter(|line| line.starts_with("one ")).count());
    }
    // The list had it and the watch told of its end, or the list had it no more.
    assert!(seen.iter().all(|count| *count == 2 || *count == 0), "{seen:?}");
    assert!(seen.contains(&2), "{seen:?}");
}

/// The same of a command that gets one object and watches for its end, though others have been written since.
#[test]
fn api_018_a_deletion_between_a_get_and_its_watch_is_heard_of() {
    let mut person = Person::new();
    config_map(&mut person, "one", "");
    config_map(&mut person, "two", "");
    let mut seen = Vec::new();
    for lead in (0..1_500).step_by(50) {
        let mut person = person.clone();
        let wait = person.begin("kubectl wait --for=delete configmap/one --timeout=20s", &[]);
        person.wait_millis(lead);
        person.begin("kubectl delete configmap one --wait=false", &[]);
        person.wait(25);
        seen.push(person.text(wait));
    }
    assert!(seen.iter().all(|text| !text.contains("timed out")), "{seen:?}");
}

#[test]
fn api_019_with_a_selector_objects_come_and_go_as_they_match() {
    let mut person = Person::new();
    config_map(&mut person, "one", "");
    config_map(&mut person, "two", "app=web");
    let watch = person.begin("kubectl get configmap -l app=web -w -o name", &[]);
    person.wait(2);
    assert_eq!(person.text(watch), "configmap/two\n");
    person.run("kubectl label configmap one app=web");
    person.wait(2);
    assert_eq!(person.text(watch), "configmap/two\nconfigmap/one\n", "it begins to match");
    person.run("kubectl label configmap one color=blue");
    person.run("kubectl label configmap one app-");
    person.wait(2);
    assert_eq!(
        person.text(watch),
        "configmap/two\nconfigmap/one\nconfigmap/one\nconfigmap/one\n",
        "and ceases to"
    );
    person.run("kubectl label configmap one color-");
    person.run("kubectl delete configmap one");
    person.wait(2);
    assert_eq!(person.text(watch).lines().count(), 4, "what does not match is not heard of");
}

/// A kubelet watches the pods of its node: the pod comes when it is bound.
#[test]
fn api_019_a_kubelet_first_hears_of_a_pod_when_it_is_bound() {
    let mut person = Person::new();
    person.run("kubectl run web --image=nginx");
    person.wait(30);
    let node = person.field("pod web", ".spec.nodeName");
    let machine = person.stage.cluster().machine_id(&node).unwrap();
    let heard = |part: Part| {
        let records = person.stage.cluster().log.records();
        let mine = records.filter(|record| record.to == part && *record.key.name == *"web");
        mine.map(|record| record.verb).collect::<Vec<_>>()
    };
    assert_eq!(heard(Part::Kubelet(machine))[0], "added");
    assert_eq!(heard(Part::Scheduler)[..2], ["added", "modified"], "it was there before it was bound");
    let others = (0..4).map(wire::MachineId).filter(|id| *id != machine);
    assert!(others.map(Part::Kubelet).all(|part| heard(part).is_empty()));
}

/// Nobody knows of a write before the way from the API server is over.
#[test]
fn api_021_components_see_a_change_a_little_after_the_write() {
    let mut person = Person::new();
    person.run("kubectl run web --image=nginx");
    person.wait(30);
    let records: Vec<_> = person.stage.cluster().log.records().cloned().collect();
    let written =
        records.iter().find(|record| record.verb == "create" && *record.key.name == *"web").unwrap();
    let told: Vec<_> =
        records.iter().filter(|record| record.key == written.key && record.verb == "added").collect();
    assert_eq!(told.len(), 3, "controller-manager, scheduler, and later the kubelet");
    for record in &told[..2] {
        assert_eq!(record.sent, written.arrives, "{record:?}");
        assert_eq!(record.arrives.since(record.sent), Duration::from_millis(200), "{record:?}");
    }
    let bound = records.iter().find(|record| record.verb == "bind" && *record.key.name == *"web").unwrap();
    assert!(bound.sent >= told[0].arrives, "the scheduler acts on what it has seen");
}

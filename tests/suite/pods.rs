//! Rules about pods that show only in the whole cluster.

use super::person::Person;

const AGENT: &str = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: agent\nspec:\n  selector:\n    \
    matchLabels: {app: agent}\n  template:\n    metadata:\n      labels: {app: agent}\n    spec:\n      \
    containers:\n      - name: main\n        image: nginx:1.27\n";

#[test]
fn cli_047_an_image_set_in_a_daemon_pod_restarts_it_in_place_and_is_not_taken_back() {
    let mut person = Person::new();
    person.apply(AGENT);
    person.wait(10);
    let name = person.field("pods", ".items[0].metadata.name");
    let pod = format!("pod {name}");
    let before = ["spec.nodeName", "status.podIP", "metadata.uid", "metadata.labels"]
        .map(|field| (field, person.field(&pod, &format!(".{field}"))));
    let answer = person.run(&format!("kubectl set image pod/{name} main=nginx:1.28"));
    assert_eq!(answer, format!("pod/{name} image updated\n"));
    person.wait(120);
    for (field, value) in before {
        assert_eq!(person.field(&pod, &format!(".{field}")), value, "{field}");
    }
    let status = |field: &str| format!(".status.containerStatuses[0].{field}");
    assert_eq!(person.field(&pod, ".spec.containers[0].image"), "nginx:1.28");
    assert_eq!(person.field(&pod, &status("restartCount")), "1");
    assert_eq!(person.field(&pod, &status("ready")), "true");
    assert_eq!(person.field("ds agent", ".status.updatedNumberScheduled"), "3", "its hash still counts");
    let events = person.run(&format!("kubectl describe pod {name}"));
    assert!(events.contains("Container main definition changed, will be restarted"), "{events}");
}

//! StatefulSets, in a whole cluster.

use super::person::Person;

fn set(replicas: u32, image: &str, more: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: db\nspec:\n  replicas: {replicas}\n  serviceName: db\n{more}  \
         selector:\n    matchLabels:\n      app: db\n  template:\n    metadata:\n      labels:\n        app: db\n    spec:\n      \
         terminationGracePeriodSeconds: 2\n      containers:\n      - name: db\n        image: nginx:{image}\n"
    )
}

/// Name and image of each pod.
fn pods(person: &mut Person) -> Vec<String> {
    let columns = "N:.metadata.name,I:.spec.containers[0].image";
    let text = person.run(&format!("kubectl get pods -l app=db --no-headers -o custom-columns={columns}"));
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn pods_are_made_one_after_the_other_and_have_names_that_stay() {
    let mut person = Person::new();
    person.apply(&set(3, "1.27", ""));
    person.wait(2);
    assert_eq!(pods(&mut person), ["db-0 nginx:1.27"], "the second waits for the first");
    person.wait(25);
    assert_eq!(pods(&mut person), ["db-0 nginx:1.27", "db-1 nginx:1.27", "db-2 nginx:1.27"]);
    let line = "kubectl get pod db-1 -o jsonpath='{.spec.hostname} {.spec.subdomain} {.metadata.labels.apps\\.kubernetes\\.io/pod-index}'";
    assert_eq!(person.run(line), "db-1 db 1");
    let uid = person.run("kubectl get pod db-1 -o jsonpath='{.metadata.uid}'");
    person.run("kubectl delete pod db-1");
    person.wait(10);
    assert_ne!(person.run("kubectl get pod db-1 -o jsonpath='{.metadata.uid}'"), uid);
    let row = person.run("kubectl get sts db --no-headers");
    assert_eq!(row.split_whitespace().take(2).collect::<Vec<_>>(), ["db", "3/3"]);
}

#[test]
fn an_update_goes_from_the_last_pod_to_the_first_and_stops_at_the_partition() {
    let mut person = Person::new();
    person.apply(&set(3, "1.27", "  updateStrategy:\n    rollingUpdate:\n      partition: 1\n"));
    person.wait(30);
    person.run("kubectl set image sts/db db=nginx:1.28");
    person.wait(60);
    assert_eq!(pods(&mut person), ["db-0 nginx:1.27", "db-1 nginx:1.28", "db-2 nginx:1.28"]);
    let text = person.run("kubectl rollout status sts/db");
    assert_eq!(text, "partitioned roll out complete: 2 new pods have been updated...\n");
    person.run(
        "kubectl patch sts db -p '{\"spec\":{\"updateStrategy\":{\"rollingUpdate\":{\"partition\":0}}}}'",
    );
    person.wait(30);
    assert_eq!(pods(&mut person)[0], "db-0 nginx:1.28");
    let revisions = "kubectl get sts db -o jsonpath='{.status.currentRevision} {.status.updateRevision}'";
    let text = person.run(revisions);
    let (current, update) = text.split_once(' ').unwrap();
    assert_eq!(current, update);
    let text = person.run("kubectl rollout undo sts/db");
    assert!(text.ends_with("\nstatefulset.apps/db rolled back\n"), "{text}");
    person.wait(60);
    assert_eq!(pods(&mut person), ["db-0 nginx:1.27", "db-1 nginx:1.27", "db-2 nginx:1.27"]);
}

#[test]
fn the_last_pods_go_first_when_there_are_too_many() {
    let mut person = Person::new();
    person.apply(&set(3, "1.27", ""));
    person.wait(30);
    assert_eq!(person.run("kubectl scale sts/db --replicas=1"), "statefulset.apps/db scaled\n");
    person.wait(2);
    assert!(pods(&mut person).iter().any(|pod| pod.starts_with("db-1")), "db-2 is awaited");
    person.wait(20);
    assert_eq!(pods(&mut person), ["db-0 nginx:1.27"]);
}

#[test]
fn with_the_policy_parallel_nobody_waits() {
    let mut person = Person::new();
    person.apply(&set(3, "1.27", "  podManagementPolicy: Parallel\n"));
    person.wait(3);
    assert_eq!(pods(&mut person).len(), 3);
}

#[test]
fn a_claim_is_made_for_each_pod_and_stays() {
    let claims = "  volumeClaimTemplates:\n  - metadata:\n      name: data\n    spec:\n      accessModes: [ReadWriteOnce]\n      resources:\n        requests:\n          storage: 1Gi\n";
    let mut person = Person::new();
    person.apply(&set(2, "1.27", claims));
    person.wait(20);
    let both = "persistentvolumeclaim/data-db-0\npersistentvolumeclaim/data-db-1\n";
    assert_eq!(person.run("kubectl get pvc -o name"), both);
    let line = "kubectl get pod db-0 -o jsonpath='{.spec.volumes[0].persistentVolumeClaim.claimName}'";
    assert_eq!(person.run(line), "data-db-0");
    person.run("kubectl delete sts db");
    person.wait(10);
    assert_eq!(person.run("kubectl get pvc -o name"), both);
}

//! A daemon pod and a static pod side by side: every row of the comparison (CMP-001…030), on one cluster that
//! has both.

mod kubectl;
mod making;
mod nodes;
mod outages;
mod specs;

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

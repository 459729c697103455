//! kubeadm's control plane, as a person at the console sees it.

mod changes;
mod leaders;
mod manifests;
mod new_cluster;
mod outages;

use serde_json::{Value, json};

use super::person::Person;

const PARTS: [&str; 4] = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];

const AGENT: &str = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: agent\nspec:\n  selector:\n    \
    matchLabels:\n      app: agent\n  template:\n    metadata:\n      labels:\n        app: agent\n    spec:\n      \
    containers:\n      - name: main\n        image: nginx:1\n";

fn json(person: &mut Person, object: &str) -> Value {
    let text = person.run(&format!("kubectl get {object} -o json"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{object}: {error}: {text}"))
}

fn mirror(person: &mut Person, part: &str) -> Value {
    json(person, &format!("pod {part}-control-plane -n kube-system"))
}

/// READY, STATUS and RESTARTS of pods whose names contain `what`.
fn pods(person: &mut Person, what: &str) -> Vec<String> {
    let rows = person.rows("kubectl get pods -A --no-headers", what);
    rows.iter().map(|row| row[2..5].join(" ")).collect()
}

/// Ends a part's container, as `crictl stop` does; the kubelet starts it again.
fn stop(person: &mut Person, part: &str) {
    let line = format!("ssh control-plane 'sudo crictl stop $(sudo crictl ps -q --name {part})'");
    let said = person.run(&line);
    assert!(said.len() > 10 && !said.contains("FATA"), "{said}");
}

const REFUSED: &str = "The connection to the server 192.168.56.10:6443 was refused - did you specify the right host or port?\n[1]\n";

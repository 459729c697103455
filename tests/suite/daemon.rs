//! The DaemonSet controller, rule by rule, on a real API server.

mod adoption;
mod deletion;
mod manage;
mod nodes;
mod status;
mod update;

use std::collections::BTreeSet;
use std::rc::Rc;

use api::object::{Kind, Object};
use api::pod::Pod;
use serde_json::{Value, json};
use sim::Duration;

use crate::stand::{Stand, merge};

/// Nodes n1… and one DaemonSet `agent`, after a second.
fn cluster(nodes: usize, more: Value) -> Stand {
    let mut stand = Stand::new(Duration::ZERO);
    for number in 1..=nodes {
        stand.node(&format!("n{number}"), json!({}));
    }
    stand.daemon_set("agent", more);
    stand.run_secs(1);
    stand
}

fn rolling(more: Value) -> Value {
    json!({"spec": {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": more}}})
}

fn set_image(stand: &mut Stand, image: &str) {
    let template = json!({"spec": {"containers": [{"name": "c", "image": image}]}});
    stand.patch(Kind::DaemonSet, "agent", json!({"spec": {"template": template}}));
}

fn image(pod: &Pod) -> String {
    pod.spec.containers[0].image.to_string()
}

fn images(stand: &Stand) -> Vec<String> {
    let mut images: Vec<String> = stand.pods().iter().map(|pod| image(pod)).collect();
    images.sort();
    images
}

fn names(stand: &Stand) -> BTreeSet<String> {
    stand.pods().iter().map(|pod| pod.meta.name.to_string()).collect()
}

fn on(stand: &Stand, node: &str) -> Vec<Rc<Pod>> {
    let target = |pod: &Pod| pod.node_name.clone().or(pod.pinned_to.clone()).unwrap_or_default();
    stand.pods().into_iter().filter(|pod| *target(pod) == *node).collect()
}

/// desired, current, ready, updated, available, misscheduled.
fn numbers(stand: &Stand) -> [u32; 6] {
    let status = stand.ds("agent").status;
    [
        status.desired_number_scheduled,
        status.current_number_scheduled,
        status.number_ready,
        status.updated_number_scheduled,
        status.number_available,
        status.number_misscheduled,
    ]
}

fn add_pod(stand: &mut Stand, value: Value) {
    let mut whole = json!({"metadata": {"namespace": "default", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"containers": [{"name": "c", "image": "nginx:1"}]}, "status": {"phase": "Running"}});
    merge(&mut whole, &value);
    stand.insert(Object::Pod(Rc::new(Pod::from_value(&whole))));
}

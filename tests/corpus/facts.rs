//! The facts of a file, compared with the object that came of it.

use std::collections::BTreeMap;

use api::quantity::Quantity;
use serde_json::{Value, json};

use super::expect::{Complaints, is_part_of, sorted, strings};

/// Compares what the index says of a pod or template with its spec.
pub fn check_spec(expected: &Value, spec: &Value, complaints: &mut Complaints) {
    let same = |key: &str, got: &Value, complaints: &mut Complaints| {
        if let Some(expected) = expected.get(key)
            && !is_part_of(expected, got)
        {
            complaints.say(format!("{key}: expected {expected}, got {got}"));
        }
    };
    same("nodeSelector", &spec["nodeSelector"], complaints);
    same("serviceAccountName", &spec["serviceAccountName"], complaints);
    same("priorityClassName", &spec["priorityClassName"], complaints);
    same("restartPolicy", &spec["restartPolicy"], complaints);
    same("hostNetwork", &json!(spec["hostNetwork"] == true), complaints);
    same("hostPID", &json!(spec["hostPID"] == true), complaints);
    same("containers", &names(&spec["containers"]), complaints);
    same("initContainers", &names(&spec["initContainers"]), complaints);
    let affinity = &spec["affinity"];
    let required = &affinity["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    same("nodeAffinityRequired", required, complaints);
    let preferred = &affinity["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"];
    same("nodeAffinityPreferred", &json!(!preferred.is_null()), complaints);
    same("podAffinity", &json!(!affinity["podAffinity"].is_null()), complaints);
    same("podAntiAffinity", &json!(!affinity["podAntiAffinity"].is_null()), complaints);
    same("volumeTypes", &volume_types(spec), complaints);
    check_tolerations(expected, spec, complaints);
    check_ports(expected, spec, complaints);
    check_requests(expected, spec, complaints);
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn names(list: &Value) -> Value {
    items(list).map(|container| container["name"].clone()).collect()
}

fn volume_types(spec: &Value) -> Value {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for volume in items(&spec["volumes"]) {
        for key in volume.as_object().into_iter().flatten().map(|(key, _)| key).filter(|key| *key != "name") {
            *counts.entry(key.clone()).or_default() += 1;
        }
    }
    json!(counts)
}

/// Every toleration of the file is there; the kubelet and the DaemonSet controller add their own.
fn check_tolerations(expected: &Value, spec: &Value, complaints: &mut Complaints) {
    for toleration in items(&expected["tolerations"]) {
        let there = items(&spec["tolerations"]).any(|got| is_part_of(toleration, got));
        complaints.holds(&format!("tolerations: expected {toleration}, got {}", spec["tolerations"]), there);
    }
}

/// On the host's network every port is a host port; the API server writes so into pods, not into templates.
fn check_ports(expected: &Value, spec: &Value, complaints: &mut Complaints) {
    if expected.get("hostPorts").is_none() {
        return;
    }
    let on_host = spec["hostNetwork"] == true;
    let number = |port: &Value| match port["hostPort"].as_u64().filter(|number| *number > 0) {
        None if on_host => port["containerPort"].as_u64(),
        given => given,
    };
    let containers = items(&spec["initContainers"]).chain(items(&spec["containers"]));
    let ports = containers.flat_map(|container| items(&container["ports"]));
    let texts = ports.filter_map(|port| {
        let protocol = port["protocol"].as_str().unwrap_or("TCP");
        number(port).map(|number| format!("{number}/{protocol}"))
    });
    let mut got = sorted(texts.collect());
    got.dedup();
    complaints.same("hostPorts", &sorted(strings(&expected["hostPorts"])), &got);
}

/// What the scheduler reckons with: the containers together, or the largest of those that run before them.
/// A limit without a request is the request too; the API server writes so into pods, not into templates.
fn check_requests(expected: &Value, spec: &Value, complaints: &mut Complaints) {
    for (resource, amount) in expected["requests"].as_object().into_iter().flatten() {
        let of = |container: &Value| -> i64 {
            let (requests, limits) = (&container["resources"]["requests"], &container["resources"]["limits"]);
            let given = if requests[resource].is_null() { limits } else { requests };
            let text = match &given[resource] {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return 0,
            };
            let quantity: Option<Quantity> = text.parse().ok();
            quantity.map_or(-1, |q| if resource == "cpu" { q.milli_value() } else { q.value() })
        };
        let is_sidecar = |container: &&Value| container["restartPolicy"] == "Always";
        let init = || items(&spec["initContainers"]);
        let sidecars: i64 = init().filter(is_sidecar).map(of).sum();
        let together: i64 = items(&spec["containers"]).map(of).sum::<i64>() + sidecars;
        let before = init().filter(|container| !is_sidecar(container)).map(of).max().unwrap_or(0);
        let amount = amount.as_i64().unwrap_or(-1);
        complaints.same(&format!("requests.{resource}"), &amount, &together.max(before));
    }
}

//! Topic daemonset-pod-template: helpers that shape or inspect daemon pods.

use api::daemonset_util::{create_pod_template, is_pod_updated};
use api::node_affinity::{get_target_node_name, replace_daemon_set_pod_node_name_node_affinity};
use serde_json::{Map, Value, json};

use crate::expect::{equal, known_keys};

pub fn run(case: &Value) -> Result<(), String> {
    let (input, expect) = (&case["input"], &case["expect"]);
    let generation = input["templateGeneration"].as_i64();
    let hash = input["hash"].as_str().unwrap_or_default();
    match case["check"].as_str().unwrap_or_default() {
        "pinToNode" => {
            known_keys(expect, &["affinity"])?;
            let affinity = Some(&input["affinity"]).filter(|affinity| !affinity.is_null());
            let node = input["nodeName"].as_str().unwrap_or_default();
            let got = replace_daemon_set_pod_node_name_node_affinity(affinity, node);
            equal("affinity", &expect["affinity"], &got)
        }
        "targetNode" => {
            known_keys(expect, &["node"])?;
            equal("node", &expect["node"], &json!(get_target_node_name(&input["pod"]).ok()))
        }
        "isPodUpdated" => {
            known_keys(expect, &["updated"])?;
            let label = |key: &str| input["pod"]["metadata"]["labels"][key].as_str();
            equal("updated", &expect["updated"], &is_pod_updated(label, hash, generation).into())
        }
        "podLabels" => {
            known_keys(expect, &["labels", "absent"])?;
            let template = create_pod_template(&template(input), generation, hash);
            labels(expect, &template["metadata"]["labels"])
        }
        other => Err(format!("unknown check {other}")),
    }
}

/// The template given, or one with the labels given.
fn template(input: &Value) -> Value {
    match input.get("template") {
        Some(template) if template.is_object() => template.clone(),
        _ => {
            json!({"metadata": {"labels": input.get("labels").cloned().unwrap_or(Value::Object(Map::new()))}})
        }
    }
}

fn labels(expect: &Value, got: &Value) -> Result<(), String> {
    equal("labels", &expect["labels"], got)?;
    for absent in expect["absent"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        equal(absent, &Value::Null, &got[absent])?;
    }
    Ok(())
}

//! Topic daemonset-pod-template: helpers that shape or inspect daemon pods.

use api::Pod;
use api::daemonset_util::{create_pod_template, is_pod_updated};
use client::informer::get_target_node_name;
use serde_json::{Map, Value, json};

use crate::expect::{equal, known_keys, list, needs, text};

pub fn run(case: &Value) -> Result<(), String> {
    needs(case, &[])?;
    let (input, expect) = (&case["input"], &case["expect"]);
    let generation = input["templateGeneration"].as_i64();
    match text(case, "check") {
        "pinToNode" => {
            known_keys("input", input, &["affinity", "nodeName"])?;
            known_keys("expect", expect, &["affinity"])?;
            let mut pod = Pod::from_value(&json!({"spec": {"affinity": input["affinity"]}}));
            pod.pinned_to = Some(text(input, "nodeName").into());
            equal("affinity", &expect["affinity"], &pod.spec_to_value()["affinity"])
        }
        "targetNode" => {
            known_keys("input", input, &["pod"])?;
            known_keys("expect", expect, &["node"])?;
            let node = get_target_node_name(&Pod::from_value(&input["pod"]));
            equal("node", &expect["node"], &json!(node.as_deref()))
        }
        "isPodUpdated" => {
            known_keys("input", input, &["pod", "templateGeneration", "hash"])?;
            known_keys("expect", expect, &["updated"])?;
            let label = |key: &str| input["pod"]["metadata"]["labels"][key].as_str();
            let got = is_pod_updated(label, text(input, "hash"), generation);
            equal("updated", &expect["updated"], &got.into())
        }
        "podLabels" => {
            known_keys("input", input, &["template", "labels", "templateGeneration", "hash"])?;
            known_keys("expect", expect, &["labels", "absent"])?;
            let template = create_pod_template(&template(input), generation, text(input, "hash"));
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
    for absent in list(expect, "absent").iter().filter_map(Value::as_str) {
        equal(absent, &Value::Null, &got[absent])?;
    }
    Ok(())
}

use serde_json::json;

use super::tests::{cpu_pod, node, pod};
use super::*;

fn lines(found: &[explain::Explanation]) -> Vec<String> {
    let line = |found: &explain::Explanation| {
        let all = found.obstacles.iter().map(|one| match one.matter.to_string().as_str() {
            "" => one.reason.clone(),
            detail => format!("{} ({detail})", one.reason),
        });
        format!("{}: {}", found.node, all.collect::<Vec<_>>().join("; "))
    };
    found.iter().map(line).collect()
}

#[test]
fn every_reason_is_named_not_only_the_first() {
    let taints = json!([{"key": "k", "value": "v", "effect": "NoSchedule"}, {"key": "soft",
        "effect": "PreferNoSchedule"}, {"key": "x", "effect": "NoExecute"}]);
    let nodes = [
        node("a", json!({"spec": {"unschedulable": true, "taints": taints}})),
        node("b", json!({"metadata": {"labels": {"disk": "ssd"}}})),
    ];
    let mut other = cpu_pod("other", "3500m", json!({}));
    Rc::make_mut(&mut other).node_name = Some("b".into());
    let waiting = cpu_pod("p", "1", json!({"spec": {"nodeSelector": {"disk": "ssd"}}}));
    assert_eq!(
        lines(&explain::explain(&waiting, &nodes, &[other])),
        [
            "a: node(s) were unschedulable; node(s) had untolerated taint(s) (k=v:NoSchedule, x:NoExecute); \
             node(s) didn't match Pod's node affinity/selector",
            "b: Insufficient cpu (requested 1000m, used 3500m of 4000m)",
        ]
    );
}

#[test]
fn a_pod_meant_for_one_node_is_explained_on_all() {
    let nodes = [node("a", json!({})), node("b", json!({}))];
    let mut waiting = pod("p", json!({}));
    Rc::make_mut(&mut waiting).pinned_to = Some("a".into());
    assert_eq!(
        lines(&explain::explain(&waiting, &nodes, &[])),
        ["a: ", "b: node(s) didn't match Pod's node affinity/selector"]
    );
}

//! Why a DaemonSet has no pod on a node: every reason, not only the first.
//!
//! The verdict is [`node_should_run_daemon_pod`]'s; this only says in words what it found.

use super::nodes::{DaemonTemplate, node_should_run_daemon_pod};
use api::node::Node;
use api::toleration::{TaintEffect, tolerations_tolerate_taint};

/// The reasons against a daemon pod on this node; empty when the controller would create one.
pub fn why_not_on_node(template: &DaemonTemplate, node: &Node) -> Vec<String> {
    if node_should_run_daemon_pod(node, template).should_run {
        return Vec::new();
    }
    let mut reasons = Vec::new();
    if let Some(wanted) = template.source.node_name.as_ref().filter(|wanted| **wanted != node.meta.name) {
        reasons.push(format!("spec.template.spec.nodeName is {wanted}"));
    }
    let selector = &template.spec.node_selector;
    for (key, value) in selector {
        match node.meta.label(key) {
            Some(have) if have == &**value => {}
            Some(have) => reasons.push(format!("nodeSelector {key}={value}: the node has {key}={have}")),
            None => reasons.push(format!("nodeSelector {key}={value}: the node has no label {key}")),
        }
    }
    let affinity = &template.spec.required_node_affinity;
    if !affinity.terms_match(&node.meta.name, |key| node.meta.label(key)) {
        reasons.push("no term of the required nodeAffinity matches the node".to_owned());
    }
    for taint in node.taints.iter().filter(|taint| taint.effect != TaintEffect::PreferNoSchedule) {
        if !tolerations_tolerate_taint(&template.spec.tolerations, taint, false) {
            reasons.push(format!("untolerated taint {taint}"));
        }
    }
    reasons
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use serde_json::json;

    use super::*;
    use api::daemonset::PodTemplate;

    fn why(template: serde_json::Value, node: serde_json::Value) -> Vec<String> {
        let template = DaemonTemplate::new(&Rc::new(PodTemplate::from_value(json!({"spec": template}))));
        why_not_on_node(&template, &Node::from_value(&node))
    }

    #[test]
    fn every_reason_is_named() {
        let node = json!({"metadata": {"name": "cp", "labels": {"disk": "hdd"}}, "spec": {"taints": [
            {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"},
            {"key": "soft", "effect": "PreferNoSchedule"}]}});
        assert_eq!(
            why(json!({"nodeSelector": {"disk": "ssd", "zone": "a"}}), node.clone()),
            [
                "nodeSelector disk=ssd: the node has disk=hdd",
                "nodeSelector zone=a: the node has no label zone",
                "untolerated taint node-role.kubernetes.io/control-plane:NoSchedule",
            ]
        );
        assert_eq!(why(json!({"tolerations": [{"operator": "Exists"}]}), node.clone()), Vec::<String>::new());
        let term = json!({"matchExpressions": [{"key": "zone", "operator": "Exists"}]});
        let required =
            json!({"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}});
        assert_eq!(
            why(
                json!({"nodeSelector": {"disk": "ssd"}, "affinity": {"nodeAffinity": required},
                    "tolerations": [{"operator": "Exists"}]}),
                node
            ),
            [
                "nodeSelector disk=ssd: the node has disk=hdd",
                "no term of the required nodeAffinity matches the node"
            ]
        );
    }
}

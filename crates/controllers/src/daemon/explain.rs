//! Why a DaemonSet has a pod on a node, or has none: every reason, not only the first.
//!
//! The verdict is [`node_should_run_daemon_pod`]'s; this only says what it found.

use std::fmt;

use super::nodes::{DaemonTemplate, node_should_run_daemon_pod};
use api::meta::Name;
use api::node::Node;
use api::toleration::{Taint, TaintEffect, tolerations_tolerate_taint};

/// One thing that keeps a daemon pod from a node. Prints as a sentence without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The template names another node.
    NodeName {
        /// The node that it names.
        wanted: Name,
    },
    /// The template's nodeSelector asks for a label that the node has not, or has with another value.
    Label {
        /// The label's key.
        key: Name,
        /// The value that it asks for.
        wanted: Name,
        /// The value that the node has; `None` without such a label.
        has: Option<Name>,
    },
    /// No term of the required nodeAffinity matches.
    Affinity,
    /// The template does not tolerate a taint.
    Taint(Taint),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Obstacle::NodeName { wanted } => write!(f, "spec.template.spec.nodeName is {wanted}"),
            Obstacle::Label { key, wanted, has: Some(has) } => {
                write!(f, "nodeSelector {key}={wanted}: the node has {key}={has}")
            }
            Obstacle::Label { key, wanted, has: None } => {
                write!(f, "nodeSelector {key}={wanted}: the node has no label {key}")
            }
            Obstacle::Affinity => f.write_str("no term of the required nodeAffinity matches the node"),
            Obstacle::Taint(taint) => write!(f, "untolerated taint {taint}"),
        }
    }
}

/// What a daemon pod's place on a node rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grounds {
    /// The template's nodeSelector, which the node's labels match.
    pub labels: Vec<(Name, Name)>,
    /// A required nodeAffinity matches, too.
    pub affinity: bool,
    /// The node's taints that keep pods away, all of them tolerated.
    pub tolerated: Vec<Taint>,
    /// Taints that keep new pods away and let one stay that is there.
    pub may_stay_despite: Vec<Taint>,
}

fn keeps_away(taint: &&Taint) -> bool {
    taint.effect != TaintEffect::PreferNoSchedule
}

/// The reasons against a daemon pod on this node; empty when the controller would create one.
pub fn why_not_on_node(template: &DaemonTemplate, node: &Node) -> Vec<Obstacle> {
    if node_should_run_daemon_pod(node, template).should_run {
        return Vec::new();
    }
    let mut reasons = Vec::new();
    if let Some(wanted) = template.source.node_name.as_ref().filter(|wanted| **wanted != node.meta.name) {
        reasons.push(Obstacle::NodeName { wanted: wanted.clone() });
    }
    for (key, wanted) in &template.spec.node_selector {
        let has = node.meta.label(key);
        if has != Some(&**wanted) {
            let has = has.map(Name::from);
            reasons.push(Obstacle::Label { key: key.clone(), wanted: wanted.clone(), has });
        }
    }
    let affinity = &template.spec.required_node_affinity;
    if !affinity.terms_match(&node.meta.name, |key| node.meta.label(key)) {
        reasons.push(Obstacle::Affinity);
    }
    reasons.extend(untolerated(template, node).cloned().map(Obstacle::Taint));
    reasons
}

fn untolerated<'a>(template: &'a DaemonTemplate, node: &'a Node) -> impl Iterator<Item = &'a Taint> {
    let tolerations = &template.spec.tolerations;
    let keeping = node.taints.iter().filter(keeps_away);
    keeping.filter(|taint| !tolerations_tolerate_taint(tolerations, taint, false))
}

/// Why this node has a pod or may keep it; `None` if it must have none.
pub fn why_on_node(template: &DaemonTemplate, node: &Node) -> Option<Grounds> {
    if !node_should_run_daemon_pod(node, template).should_continue_running {
        return None;
    }
    let selector = template.spec.node_selector.iter();
    let despite: Vec<Taint> = untolerated(template, node).cloned().collect();
    let tolerated = node.taints.iter().filter(keeps_away).filter(|taint| !despite.contains(taint));
    Some(Grounds {
        labels: selector.map(|(key, value)| (key.clone(), value.clone())).collect(),
        affinity: template.spec.required_node_affinity.has_terms(),
        tolerated: tolerated.cloned().collect(),
        may_stay_despite: despite,
    })
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use serde_json::json;

    use super::*;
    use api::daemonset::PodTemplate;

    fn template(spec: serde_json::Value) -> DaemonTemplate {
        DaemonTemplate::new(&Rc::new(PodTemplate::from_value(json!({"spec": spec}))))
    }

    fn why(spec: serde_json::Value, node: serde_json::Value) -> Vec<String> {
        let found = why_not_on_node(&template(spec), &Node::from_value(&node));
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_a_pods_place_rests_on_is_named() {
        let taint = |key: &str, effect| Taint::new(key, "", effect);
        let node = Node::from_value(&json!({"metadata": {"name": "a", "labels": {"disk": "ssd", "x": "y"}},
            "spec": {"taints": [{"key": "mine", "effect": "NoSchedule"}, {"key": "late", "effect": "NoSchedule"},
                {"key": "soft", "effect": "PreferNoSchedule"},
                {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]}}));
        let tolerating = json!([{"key": "mine", "operator": "Exists"}]);
        let grounds = why_on_node(
            &template(json!({"nodeSelector": {"disk": "ssd"}, "tolerations": tolerating})),
            &node,
        );
        assert_eq!(
            grounds,
            Some(Grounds {
                labels: vec![("disk".into(), "ssd".into())],
                affinity: false,
                tolerated: vec![
                    taint("mine", TaintEffect::NoSchedule),
                    taint("node.kubernetes.io/unschedulable", TaintEffect::NoSchedule),
                ],
                may_stay_despite: vec![taint("late", TaintEffect::NoSchedule)],
            })
        );
        assert_eq!(why_on_node(&template(json!({"nodeSelector": {"disk": "hdd"}})), &node), None);
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

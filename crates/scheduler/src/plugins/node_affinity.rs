//! NodeAffinity: nodeSelector and required node affinity; narrows the search by metadata.name.
//!
//! Kubernetes: pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go. Rules: SCH-012, SCH-018.

use serde_json::Value;
use sim::SortedSet;

use crate::framework::{Plugin, Status, Verdict};
use api::json;
use api::meta::Name;
use api::node::Node;
use api::node_affinity::OBJECT_NAME_FIELD;
use api::pod::Pod;

pub(crate) const REASON_POD: &str = "node(s) didn't match Pod's node affinity/selector";
/// Each term asks for two names at once.
pub(crate) const REASON_CONFLICT: &str = "pod affinity terms conflict";

/// Which nodes the rest of the cycle looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Narrowed {
    /// All of them.
    AllNodes,
    /// The one node a daemon pod is meant for.
    One(Name),
    /// Those with one of these names.
    Names(SortedSet<Name>),
}

/// The names that required terms on metadata.name leave over (SCH-012).
pub fn pre_filter(pod: &Pod) -> Result<Narrowed, Status> {
    if let Some(name) = &pod.pinned_to {
        return Ok(Narrowed::One(name.clone()));
    }
    if pod.spec.required_node_affinity.matches_every_node() {
        return Ok(Narrowed::AllNodes);
    }
    let required = json::at(
        &pod.spec.raw,
        &["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"],
    );
    let terms = json::list(required, "nodeSelectorTerms");
    if terms.is_empty() {
        return Ok(Narrowed::AllNodes);
    }
    let mut union = SortedSet::new();
    for term in terms {
        match names_of(term) {
            // A term without a name allows any node, as terms are alternatives.
            None => return Ok(Narrowed::AllNodes),
            Some(names) => union.extend(names),
        }
    }
    if union.is_empty() {
        return Err(Status::unresolvable(Plugin::NodeAffinity, REASON_CONFLICT));
    }
    Ok(Narrowed::Names(union))
}

/// The names that satisfy every metadata.name condition of a term; `None` if it has none.
fn names_of(term: &Value) -> Option<SortedSet<Name>> {
    let fields = json::list(term, "matchFields").iter();
    let named =
        fields.filter(|f| json::text(f, "key") == OBJECT_NAME_FIELD && json::text(f, "operator") == "In");
    let sets = named.map(|f| json::strings(f, "values").into_iter().map(Name::from).collect());
    sets.reduce(|left: SortedSet<Name>, right| left.intersection(&right).cloned().collect())
}

/// Whether the pod's nodeSelector and required node affinity allow the node.
pub fn filter(pod: &Pod, node: &Node) -> Verdict {
    if matches(pod, node) {
        return Ok(());
    }
    Err(Status::unresolvable(Plugin::NodeAffinity, REASON_POD))
}

/// Whether a pod's nodeSelector and required node affinity allow a node.
pub fn matches(pod: &Pod, node: &Node) -> bool {
    match &pod.pinned_to {
        // The pinning replaces the required terms; nodeSelector still counts.
        Some(name) => {
            *name == node.meta.name
                && pod.spec.node_selector.iter().all(|(key, value)| node.meta.label(key) == Some(value))
        }
        None => pod.spec.required_node_affinity.matches(&node.meta.name, |key| node.meta.label(key)),
    }
}

/// The weights of the preferred terms that a node matches.
pub(crate) fn score(pod: &Pod, node: &Node) -> i64 {
    pod.spec.preferred_node_affinity.score(&node.meta.name, |key| node.meta.label(key))
}

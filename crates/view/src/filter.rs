//! What a person types to see some of the pods only: `node=worker-1 status=CrashLoopBackOff`, labels as a
//! selector, or any part of a name.

use std::rc::Rc;

use super::board::{NodeView, Origin, PodView};
use super::fleet::Fleet;
use api::label::Selector;
use api::pod::Pod;
use cluster::Cluster;

/// One thing that a pod must be.
#[derive(Clone, Debug)]
enum Term {
    Node(Value),
    Status(Value),
    Namespace(Value),
    Name(Value),
    /// `daemonset`, `static` or `api`.
    Kind(Value),
    Labels(Selector),
    /// Part of its name, its node's, its status or its owner's, or the whole key of a label.
    Text(String),
}

#[derive(Clone, Debug)]
struct Value {
    wanted: String,
    /// Written with `!=`.
    not: bool,
}

impl Value {
    /// One of several is written `a|b`.
    fn is(&self, has: &str) -> bool {
        self.wanted.split('|').any(|wanted| has.eq_ignore_ascii_case(wanted)) != self.not
    }
}

/// All of its terms must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    terms: Vec<Term>,
}

impl Filter {
    /// Terms stand between spaces or commas. A bare word is a part of a name, or a label's key.
    pub fn parse(text: &str) -> Filter {
        Filter { terms: pieces(text).iter().filter_map(|piece| term(piece)).collect() }
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether every term holds of the pod.
    pub fn matches(&self, pod: &PodView) -> bool {
        self.terms.iter().all(|term| holds(term, pod))
    }

    /// What it lets through of nodes that are seen from afar, by what the API server has. Costs a walk over all pods.
    pub fn far(&self, cluster: &Cluster, fleet: &Fleet) -> Filtered {
        let mut filtered = Filtered::default();
        for node in &fleet.nodes {
            let mut is_let_through = self.terms.iter().all(|term| names(term, &node.name));
            for pod in cluster.api.store.pods_on(&node.name) {
                let matches = self.terms.iter().all(|term| holds(term, &Listed { pod, node: &node.name }));
                filtered.all += 1;
                filtered.pods += u32::from(matches);
                is_let_through |= matches;
            }
            filtered.dim.push(!is_let_through);
        }
        filtered
    }

    /// Whether a node is asked for by its name alone, or has a pod that matches.
    pub fn matches_node(&self, node: &NodeView) -> bool {
        node.pods.iter().any(|pod| self.matches(pod)) || self.terms.iter().all(|term| names(term, &node.name))
    }
}

fn names(term: &Term, node: &str) -> bool {
    match term {
        Term::Node(value) => value.is(node),
        Term::Text(text) => node.to_lowercase().contains(text),
        _ => false,
    }
}

/// Whether a term holds of what is known of a pod, near or far.
fn holds(term: &Term, pod: &impl Subject) -> bool {
    match term {
        Term::Node(value) => value.is(pod.node()),
        Term::Namespace(value) => value.is(pod.namespace()),
        Term::Name(value) => value.is(pod.name()),
        Term::Kind(value) => value.is(pod.origin().text()),
        Term::Status(value) => {
            let all = pod.statuses();
            let mut all = all.iter().flatten();
            if value.not { all.all(|has| value.is(has)) } else { all.any(|has| value.is(has)) }
        }
        Term::Labels(selector) => pod.is_selected(selector),
        Term::Text(text) => pod.has(text),
    }
}

/// What a filter asks of a pod.
trait Subject {
    fn node(&self) -> &str;
    fn namespace(&self) -> &str;
    fn name(&self) -> &str;
    fn origin(&self) -> Origin;
    /// STATUS by the API server, and by its node.
    fn statuses(&self) -> [Option<Rc<str>>; 2];
    /// `DaemonSet/agent`, or its parts.
    fn is_owned_by(&self, text: &str) -> bool;
    fn is_selected(&self, selector: &Selector) -> bool;
    fn has_label(&self, key: &str) -> bool;

    /// Whether a word in lower case is part of what it is called, or one of its labels' keys.
    fn has(&self, text: &str) -> bool {
        let part = |of: &str| of.to_lowercase().contains(text);
        let id = || part(&format!("{}/{}", self.namespace(), self.name()));
        let status = || self.statuses()[0].as_ref().is_some_and(|has| part(has));
        self.has_label(text) || part(self.node()) || id() || self.is_owned_by(text) || status()
    }
}

impl Subject for PodView {
    fn node(&self) -> &str {
        self.node.as_deref().unwrap_or_default()
    }

    fn namespace(&self) -> &str {
        &self.namespace
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn origin(&self) -> Origin {
        self.origin
    }

    fn statuses(&self) -> [Option<Rc<str>>; 2] {
        [Some(self.status.clone()), self.node_status.map(|on_node| on_node.text().into())]
    }

    fn is_owned_by(&self, text: &str) -> bool {
        self.controlled_by.as_ref().is_some_and(|by| by.to_string().to_lowercase().contains(text))
    }

    fn is_selected(&self, selector: &Selector) -> bool {
        selector.matches_map(&self.labels)
    }

    fn has_label(&self, key: &str) -> bool {
        self.labels.keys().any(|has| has.eq_ignore_ascii_case(key))
    }
}

/// A pod of a far node, as the API server has it.
struct Listed<'a> {
    pod: &'a Pod,
    node: &'a str,
}

impl Subject for Listed<'_> {
    fn node(&self) -> &str {
        self.node
    }

    fn namespace(&self) -> &str {
        self.pod.meta.namespace()
    }

    fn name(&self) -> &str {
        &self.pod.meta.name
    }

    fn origin(&self) -> Origin {
        crate::pods::origin(&self.pod.meta.common)
    }

    fn statuses(&self) -> [Option<Rc<str>>; 2] {
        [Some(printers::pod_status(self.pod).reason.to_string().into()), None]
    }

    fn is_owned_by(&self, text: &str) -> bool {
        let owner = self.pod.meta.controller();
        owner.is_some_and(|owner| format!("{}/{}", owner.kind, owner.name).to_lowercase().contains(text))
    }

    fn is_selected(&self, selector: &Selector) -> bool {
        selector.matches(|key| self.pod.meta.labels().get(key).map(|value| &**value))
    }

    fn has_label(&self, key: &str) -> bool {
        self.pod.meta.labels().iter().any(|(has, _)| has.eq_ignore_ascii_case(key))
    }
}

/// What a filter lets through of many nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filtered {
    /// Whether a node has nothing that matches, in the order of [`Fleet::nodes`].
    pub dim: Vec<bool>,
    /// How many pods match, of how many.
    pub pods: u32,
    /// See `pods`.
    pub all: u32,
}

impl Filtered {
    /// Whether the node at this place has nothing that matches.
    pub fn is_dim(&self, at: usize) -> bool {
        self.dim.get(at) == Some(&true)
    }
}

/// At commas and spaces that are not within brackets; `key in (a, b)` stays together.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut depth = 0u32;
    for letter in text.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let ends = depth == 0 && (letter == ',' || letter.is_whitespace());
        match pieces.last_mut() {
            Some(last) if !ends => last.push(letter),
            _ => pieces.push(String::new()),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    let mut joined: Vec<String> = Vec::new();
    let mut all = pieces.into_iter();
    while let Some(piece) = all.next() {
        match joined.last_mut() {
            Some(key) if matches!(&*piece, "in" | "notin") => {
                *key = format!("{key} {piece} {}", all.next().unwrap_or_default());
            }
            _ => joined.push(piece),
        }
    }
    joined
}

fn term(piece: &str) -> Option<Term> {
    let value = |wanted: &str, not| Value { wanted: wanted.to_owned(), not };
    let split = piece.split_once("!=").map(|(key, wanted)| (key, value(wanted, true)));
    let split = split.or_else(|| {
        let (key, wanted) = piece.split_once('=')?;
        Some((key, value(wanted.trim_start_matches('='), false)))
    });
    if let Some((key, value)) = split {
        match key {
            "node" => return Some(Term::Node(value)),
            "status" => return Some(Term::Status(value)),
            "namespace" | "ns" => return Some(Term::Namespace(value)),
            "name" => return Some(Term::Name(value)),
            "kind" => return Some(Term::Kind(value)),
            _ => {}
        }
    }
    let is_selector = piece.contains(['=', '(']) || piece.starts_with('!');
    match Selector::parse(piece) {
        Ok(selector) if is_selector => Some(Term::Labels(selector)),
        // Still being typed.
        _ if is_selector => None,
        _ => Some(Term::Text(piece.to_lowercase())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str, node: &str, status: &str) -> PodView {
        let pod = api::pod::Pod::from_value(&serde_json::json!({
            "metadata": {"name": name, "namespace": "default", "labels": {"app": "agent", "tier": "edge"}},
            "spec": {"nodeName": node, "containers": []}, "status": {"phase": "Running"}}));
        let view = crate::pods::from_api(&pod, Some(&node.into()), None);
        PodView { status: status.into(), ..view }
    }

    #[test]
    fn terms_are_fields_labels_and_parts_of_names() {
        let pod = pod("agent-x7k2p", "worker-1", "CrashLoopBackOff");
        for text in [
            "",
            "  ",
            "node=worker-1",
            "node==WORKER-1",
            "status=crashloopbackoff",
            "node=worker-1 status=CrashLoopBackOff",
            "app=agent,tier=edge",
            "app in (web, agent)",
            "app notin (web)",
            "!team",
            "x7k",
            "worker",
            "kind=api",
            "ns=default",
            "name=web|agent-x7k2p",
            "node!=worker-2",
            "app",
            "node=worker-1, x7k",
            "status!=Running",
        ] {
            assert!(Filter::parse(text).matches(&pod), "{text:?}");
        }
        for text in [
            "node=worker-2",
            "status=Running",
            "app=web",
            "app in (web)",
            "!app",
            "zzz",
            "kind=static",
            "node!=worker-1",
            "node=worker-1 zzz",
        ] {
            assert!(!Filter::parse(text).matches(&pod), "{text:?}");
        }
        // What is still being typed keeps nothing out.
        for text in ["app in (", "a=b=c=", "=", ",,,", "in", "notin", "!="] {
            let _ = Filter::parse(text).matches(&pod);
        }
        assert!(Filter::parse("app in (").is_empty() || !Filter::parse("app in (").matches(&pod));
    }
}

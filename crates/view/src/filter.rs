//! What a person types to see some of the pods only: `node=worker-1 status=CrashLoopBackOff`, labels as a
//! selector, or any part of a name.

use super::board::{NodeView, OnNode, PodView};
use api::label::Selector;

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

fn holds(term: &Term, pod: &PodView) -> bool {
    let node = pod.node.as_deref().unwrap_or_default();
    match term {
        Term::Node(value) => value.is(node),
        Term::Namespace(value) => value.is(&pod.namespace),
        Term::Name(value) => value.is(&pod.name),
        Term::Kind(value) => value.is(pod.origin.text()),
        Term::Status(value) => {
            let all = [Some(&*pod.status), pod.node_status.map(OnNode::text)];
            let mut all = all.into_iter().flatten();
            if value.not { all.all(|has| value.is(has)) } else { all.any(|has| value.is(has)) }
        }
        Term::Labels(selector) => selector.matches_map(&pod.labels),
        Term::Text(text) => {
            let controller = pod.controlled_by.as_ref().map(ToString::to_string).unwrap_or_default();
            let all: [&str; 4] = [&pod.id, &pod.status, &controller, pod.node.as_ref().unwrap_or(&pod.id)];
            let has_label = pod.labels.keys().any(|key| key.eq_ignore_ascii_case(text));
            has_label || all.iter().any(|has| has.to_lowercase().contains(text))
        }
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

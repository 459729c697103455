//! The tree of one document: JSON values with a span on every key and value.

use std::rc::Rc;

use serde_json::{Map, Number, Value};

use super::diagnostic::Span;

/// A value and where it stands. No tree is deeper than [`MAX_TREE_DEPTH`], so walking one may recurse.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Node {
    /// Where it stands in the text.
    pub span: Span,
    /// What it is.
    pub value: NodeValue,
}

/// Deeper documents are refused ("exceeded max depth"). Kubernetes stops at 10,000 levels.
// Differs: a browser's stack could not carry Kubernetes' 10,000 levels of nesting; we stop at 500.
pub const MAX_TREE_DEPTH: usize = 500;

/// What a node of the tree is: JSON's types, and what YAML adds to them.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum NodeValue {
    /// `null`, `~`, or nothing at all.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as JSON has it.
    Number(Number),
    /// A text.
    String(String),
    /// In the order of the text.
    List(Vec<Node>),
    /// In the order of the text; a key may occur twice, and the last one counts.
    Map(Vec<MapItem>),
    /// A value that has an anchor, at its place and where `*name` stands for it. The inner span is the
    /// anchored text's.
    Shared(Rc<Node>),
}

/// A key of a map with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct MapItem {
    /// What JSON has for a key: `true` for `y:`.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// YAML took it for a string; go-yaml's messages show other keys bare.
    pub(crate) key_is_string: bool,
    /// The value of the key.
    pub value: Node,
    /// `<<`: not a key, but a map or a list of maps to take keys from.
    pub(crate) merge: bool,
}

impl Node {
    pub(crate) fn new(value: NodeValue, span: Span) -> Node {
        Node { span, value }
    }

    /// The node itself, or the anchored one it stands for.
    pub(crate) fn resolved(&self) -> &Node {
        let mut node = self;
        while let NodeValue::Shared(target) = &node.value {
            node = target;
        }
        node
    }

    pub(crate) fn is_null(&self) -> bool {
        self.resolved().value == NodeValue::Null
    }

    /// The text of a string; `None` for all else.
    pub fn as_str(&self) -> Option<&str> {
        match &self.resolved().value {
            NodeValue::String(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of a list; none for all else.
    pub fn items(&self) -> &[Node] {
        match &self.resolved().value {
            NodeValue::List(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn entries(&self) -> &[MapItem] {
        match &self.resolved().value {
            NodeValue::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key, the last one if it is written twice.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The key and its value, wherever a merge may have taken them from.
    pub(crate) fn entry(&self, key: &str) -> Option<&MapItem> {
        self.entries().iter().rev().find_map(|entry| match entry.merge {
            false => (entry.key == key).then_some(entry),
            true => merged_maps(&entry.value).find_map(|map| map.entry(key)),
        })
    }

    /// The plain value: aliases and merges unfolded, keys sorted, the last of two equal keys.
    ///
    /// The reader has refused documents whose aliases unfold to too much.
    pub fn to_value(&self) -> Value {
        match &self.value {
            NodeValue::Null => Value::Null,
            NodeValue::Bool(b) => Value::Bool(*b),
            NodeValue::Number(n) => Value::Number(n.clone()),
            NodeValue::String(s) => Value::String(s.clone()),
            NodeValue::List(items) => Value::Array(items.iter().map(Node::to_value).collect()),
            NodeValue::Map(entries) => {
                let mut map = Map::new();
                fill(&mut map, entries);
                Value::Object(map)
            }
            NodeValue::Shared(target) => target.to_value(),
        }
    }
}

/// Sets keys in the order go-yaml does: a merge overrides what stands before it.
fn fill(map: &mut Map<String, Value>, entries: &[MapItem]) {
    for entry in entries {
        if entry.merge {
            // Of several merged maps the first wins, so it comes last.
            for source in merged_maps(&entry.value).rev() {
                fill(map, source.entries());
            }
        } else {
            map.insert(entry.key.clone(), entry.value.to_value());
        }
    }
}

/// The maps that a `<<` names, the first one first.
fn merged_maps(value: &Node) -> impl DoubleEndedIterator<Item = &Node> {
    let value = value.resolved();
    let single = matches!(value.value, NodeValue::Map(_)).then_some(value);
    single.into_iter().chain(value.items().iter().map(Node::resolved))
}

//! Field paths, and where in the text a path leads.

use std::fmt;

use super::diagnostic::Span;
use super::node::{Node, NodeValue};

/// `spec.template.spec.containers[0].env`, `metadata.annotations[kubernetes.io/x]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path(String);

impl Path {
    /// Adds a field or a key; a key that no field could be called stands in brackets.
    pub fn push_name(&mut self, name: &str) {
        let simple =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-$".contains(&b));
        if !simple {
            self.0.push('[');
            self.0.push_str(name);
            self.0.push(']');
            return;
        }
        if !self.0.is_empty() {
            self.0.push('.');
        }
        self.0.push_str(name);
    }

    /// Adds the key of a map, in brackets.
    pub fn push_key(&mut self, key: &str) {
        self.0.push_str(&format!("[{key}]"));
    }

    /// Adds a place in a list, from 0.
    pub fn push_index(&mut self, index: usize) {
        self.0.push_str(&format!("[{index}]"));
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the caller wants to underline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The key of a field that should not be there.
    Key,
    /// A value that is wrong.
    Value,
}

/// The place of a path in the tree: its value or its key; where the path goes on beyond the tree, the key
/// of the deepest field that is there, since a field is missing in it. A collection is marked by its key.
pub fn locate(tree: &Node, path: &str, part: Part) -> Span {
    let mut here = tree;
    let mut key_span: Option<Span> = None;
    let mut rest = path;
    while !rest.is_empty() {
        let Some(step) = step(here, rest) else { return key_span.unwrap_or(first_line(tree)) };
        here = step.node;
        key_span = Some(step.key_span);
        rest = step.rest;
    }
    match (part, key_span) {
        (Part::Key, Some(span)) => span,
        (Part::Value, Some(key)) if is_collection(here) => key,
        (Part::Value, Some(key)) if here.span.start == here.span.end => key,
        (Part::Value, Some(_)) => here.span,
        (_, None) => first_line(tree),
    }
}

/// The place of a bad value that validation found at a path. Of a map it names only the bad key or value
/// (`metadata.labels: Invalid value: "데몬"`), so this is looked up in it.
pub fn locate_bad_value(tree: &Node, path: &str, bad: &str) -> Span {
    let mut here = tree;
    let mut rest = path;
    while !rest.is_empty() {
        match step(here, rest) {
            Some(step) => (here, rest) = (step.node, step.rest),
            None => return locate(tree, path, Part::Value),
        }
    }
    let in_map = here.entries().iter().rev().find_map(|entry| match entry.key == bad {
        true => Some(entry.key_span),
        false => (entry.value.as_str() == Some(bad)).then_some(entry.value.span),
    });
    let in_list = || here.items().iter().find(|item| item.as_str() == Some(bad)).map(|item| item.span);
    in_map.or_else(in_list).unwrap_or_else(|| locate(tree, path, Part::Value))
}

fn is_collection(node: &Node) -> bool {
    matches!(node.resolved().value, NodeValue::List(_) | NodeValue::Map(_))
}

/// A map as a whole is marked by its first key.
fn first_line(tree: &Node) -> Span {
    match tree.entries().first() {
        Some(entry) => entry.key_span,
        None => tree.span,
    }
}

struct Found<'n, 'p> {
    node: &'n Node,
    key_span: Span,
    rest: &'p str,
}

/// Follows the first part of the path. Keys may hold dots and brackets, so the tree decides how much of
/// the path is one key: the longest that is there.
fn step<'n, 'p>(here: &'n Node, path: &'p str) -> Option<Found<'n, 'p>> {
    if let NodeValue::List(items) = &here.resolved().value {
        let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
        let node = items.get(index.parse::<usize>().ok()?)?;
        return Some(Found { node, key_span: first_line(node), rest: without_dot(rest) });
    }
    let entries = here.entries();
    let mut best: Option<(&str, &'p str)> = None;
    let named = |key: &str| -> Option<&'p str> {
        let bare = path.strip_prefix(key).filter(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        let bracketed = || path.strip_prefix('[')?.strip_prefix(key)?.strip_prefix(']');
        bare.or_else(bracketed)
    };
    let merged = here.resolved();
    for entry in entries.iter().filter(|e| !e.merge) {
        if let Some(rest) = named(&entry.key)
            && best.is_none_or(|(key, _)| key.len() < entry.key.len())
        {
            best = Some((&entry.key, rest));
        }
    }
    let first_name = path.split(['.', '[']).next().unwrap_or_default();
    let (key, rest) = match best {
        Some(found) => found,
        None => (first_name, path.strip_prefix(first_name)?),
    };
    let entry = merged.entry(key)?;
    Some(Found { node: &entry.value, key_span: entry.key_span, rest: without_dot(rest) })
}

fn without_dot(rest: &str) -> &str {
    rest.strip_prefix('.').unwrap_or(rest)
}

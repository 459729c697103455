//! JSONPath templates: `{.items[*].metadata.name}`, `{range .items[*]}{.metadata.name}{"\n"}{end}`.
//!
//! Kubernetes: client-go/util/jsonpath.

use std::cmp::Ordering;

use serde_json::Value;

use api::field::go_quote;
use parse::Parser;

mod parse;

/// A template, ready to be filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Text(String),
    Path(Vec<Step>),
    Range(Vec<Step>, Vec<Node>),
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Field(String),
    /// `[*]` or `.*`.
    All,
    Index(i64),
    /// `[from:to:step]`.
    Slice(Option<i64>, Option<i64>, i64),
    /// `..name`.
    Recursive(String),
    Filter(Vec<Step>, Option<(Op, Operand)>),
    /// `['a','b']`.
    Union(Vec<String>),
    /// A word that is none of the language, as in `{metadata.name}`: said when it is carried out.
    Identifier(String),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Op {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Literal(Value),
    Path(Vec<Step>),
}

impl JsonPath {
    pub(crate) fn parse(template: &str) -> Result<JsonPath, String> {
        let nodes = Parser::new(template).nodes(false)?;
        Ok(JsonPath { nodes })
    }

    /// One path as `--sort-by` and custom columns take it: with or without braces and leading dot.
    ///
    /// Kubernetes: kubectl/pkg/cmd/get/customcolumn.go, RelaxedJSONPathExpression.
    pub fn relaxed(path: &str) -> Result<JsonPath, String> {
        let inner = path.trim();
        let inner = inner.strip_prefix('{').and_then(|p| p.strip_suffix('}')).unwrap_or(inner);
        let inner = inner.strip_prefix('.').unwrap_or(inner);
        if inner.is_empty() || inner.contains(['{', '}']) {
            return Err(
                "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"
                    .to_owned(),
            );
        }
        JsonPath::parse(&format!("{{.{inner}}}"))
    }

    /// Everything that the paths of the template find.
    pub fn find<'v>(&self, value: &'v Value) -> Result<Vec<&'v Value>, String> {
        let mut found = Vec::new();
        for node in &self.nodes {
            if let Node::Path(steps) = node {
                found.extend(walk(steps, value, value)?);
            }
        }
        Ok(found)
    }

    /// The template filled in; a key that is not there prints nothing, an index beyond a list is an error.
    pub fn print(&self, value: &Value) -> Result<String, String> {
        let mut out = String::new();
        print_nodes(&self.nodes, value, value, &mut out)?;
        Ok(out)
    }
}

fn print_nodes(nodes: &[Node], root: &Value, current: &Value, out: &mut String) -> Result<(), String> {
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Path(steps) => {
                let texts: Vec<String> = walk(steps, root, current)?.into_iter().map(text_of).collect();
                out.push_str(&texts.join(" "));
            }
            Node::Range(steps, inner) => {
                for item in walk(steps, root, current)? {
                    print_nodes(inner, root, item, out)?;
                }
            }
        }
    }
    Ok(())
}

/// A value as the template prints it: strings bare, lists and maps as JSON.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn walk<'v>(steps: &[Step], root: &'v Value, current: &'v Value) -> Result<Vec<&'v Value>, String> {
    let mut found = vec![current];
    for step in steps {
        let mut next = Vec::new();
        for value in found {
            next.extend(step_into(step, root, value)?);
        }
        found = next;
    }
    Ok(found)
}

fn step_into<'v>(step: &Step, root: &'v Value, value: &'v Value) -> Result<Vec<&'v Value>, String> {
    Ok(match step {
        Step::Field(name) if name == "$" => vec![root],
        Step::Field(name) => value.get(name).into_iter().collect(),
        Step::Union(names) => names.iter().filter_map(|name| value.get(name)).collect(),
        Step::All => children(value),
        // Go's parser reads an index as the slice up to the next one.
        Step::Index(at) => return slice(value, Some(*at), Some(*at + 1), 1, *at == -1),
        Step::Slice(from, to, by) => return slice(value, *from, *to, *by, false),
        Step::Recursive(name) => {
            let mut found = Vec::new();
            let mut open = vec![value];
            while let Some(value) = open.pop() {
                found.extend(value.get(name.as_str()));
                open.extend(children(value).into_iter().rev());
            }
            found
        }
        Step::Filter(path, condition) => {
            let Value::Array(list) = value else {
                return Err(format!("{} is not array or slice and cannot be filtered", text_of(value)));
            };
            let mut found = Vec::new();
            for item in list {
                if passes(path, condition.as_ref(), root, item)? {
                    found.push(item);
                }
            }
            found
        }
        Step::Identifier(word) => return Err(format!("unrecognized identifier {word}")),
    })
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().collect(),
        Value::Object(map) => map.values().collect(),
        _ => Vec::new(),
    }
}

/// `last`: up to the end, for the index -1.
///
/// Kubernetes: jsonpath.go, evalArray.
fn slice(
    value: &Value,
    from: Option<i64>,
    to: Option<i64>,
    by: i64,
    last: bool,
) -> Result<Vec<&Value>, String> {
    let list = match value {
        Value::Array(list) => list,
        Value::Null => return Ok(Vec::new()),
        other => return Err(format!("{} is not array or slice", go_type(other))),
    };
    let length = list.len() as i64;
    let bound = |at: i64| if at < 0 { length.saturating_add(at) } else { at };
    let (from, to) = (bound(from.unwrap_or(0)), if last { length } else { bound(to.unwrap_or(length)) });
    let beyond = |at: i64| Err(format!("array index out of bounds: index {at}, length {length}"));
    if from == to {
        return Ok(Vec::new());
    }
    if from >= length || from < 0 {
        return beyond(from);
    }
    if to > length || to < 0 {
        return beyond(to - 1);
    }
    if to < from {
        return Err(format!("ending index {to} is before starting index {from}"));
    }
    let part = list.get(from as usize..to as usize).unwrap_or_default();
    Ok(part.iter().step_by(usize::try_from(by).unwrap_or(1).max(1)).collect())
}

/// The type that Go's decoder gives a value.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "interface {}",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// A value as Go's `%#v` prints it.
pub(crate) fn go_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::String(text) => go_quote(text),
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(go_syntax).collect();
            format!("{}{{{}}}", go_type(value), items.join(", "))
        }
        Value::Object(map) => {
            let items: Vec<String> =
                map.iter().map(|(key, item)| format!("{}:{}", go_quote(key), go_syntax(item))).collect();
            format!("{}{{{}}}", go_type(value), items.join(", "))
        }
        plain => plain.to_string(),
    }
}

/// Kubernetes: jsonpath.go, evalFilter.
fn passes(
    path: &[Step],
    condition: Option<&(Op, Operand)>,
    root: &Value,
    item: &Value,
) -> Result<bool, String> {
    let left = walk(path, root, item)?;
    let Some((op, operand)) = condition else { return Ok(!left.is_empty()) };
    let right = match operand {
        Operand::Literal(value) => vec![value],
        Operand::Path(path) => walk(path, root, item)?,
    };
    let (left, right) = match (left.as_slice(), right.as_slice()) {
        ([left], [right]) => (*left, *right),
        ([], _) | (_, []) => return Ok(false),
        _ => return Err("can only compare one element at a time".to_owned()),
    };
    let order = match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => {
            left.as_f64().zip(right.as_f64()).and_then(|(left, right)| left.partial_cmp(&right))
        }
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        _ => None,
    };
    Ok(match (op, order) {
        (Op::Equal, order) => order == Some(Ordering::Equal),
        (Op::NotEqual, order) => order != Some(Ordering::Equal),
        (_, None) => false,
        (Op::Less, Some(order)) => order.is_lt(),
        (Op::LessOrEqual, Some(order)) => order.is_le(),
        (Op::Greater, Some(order)) => order.is_gt(),
        (Op::GreaterOrEqual, Some(order)) => order.is_ge(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn list() -> Value {
        json!({"items": [
            {"metadata": {"name": "a", "labels": {"example.com/app": "x"}}, "spec": {"n": 1},
                "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Other"}]}},
            {"metadata": {"name": "b"}, "spec": {"n": 2}},
        ]})
    }

    #[test]
    fn templates_find_what_they_name() {
        for (template, expected) in [
            ("{.items[*].metadata.name}", "a b"),
            ("{.items[0].metadata.labels.example\\.com/app}", "x"),
            ("{.items[-1].metadata.name}", "b"),
            ("{.items[0:1].metadata.name}", "a"),
            ("{range .items[*]}{.metadata.name}{\"\\t\"}{.spec.n}{\"\\n\"}{end}", "a\t1\nb\t2\n"),
            ("{.items[?(@.spec.n>1)].metadata.name}", "b"),
            ("{.items[?(@.metadata.name==\"a\")].spec.n}", "1"),
            ("{.items[0].status.conditions[?(@.type=='Ready')].status}", "True"),
            ("{..name}", "a b"),
            ("{$.items[1]['metadata'].name}", "b"),
            ("name: {.items[0].metadata.name}!", "name: a!"),
            ("{.items[0].spec}", "{\"n\":1}"),
            ("{.nothing.here}", ""),
            ("{.items[*].spec.*}", "1 2"),
        ] {
            assert_eq!(
                JsonPath::parse(template).unwrap().print(&list()).as_deref(),
                Ok(expected),
                "{template}"
            );
        }
    }

    #[test]
    fn broken_templates_are_refused() {
        for template in ["{.a", "{range .a}", "{end}", "{.a[}", "{\"a}", "{.a[x]}", "{=}", "{.a[?(@.b==c)]}"]
        {
            assert!(JsonPath::parse(template).is_err(), "{template}");
        }
        let deep = "{range .a}".repeat(100_000);
        assert!(JsonPath::parse(&deep).is_err());
    }

    #[test]
    fn what_cannot_be_carried_out_is_told_in_jsonpaths_words() {
        for (template, expected) in [
            ("{.items[2].metadata}", "array index out of bounds: index 2, length 2"),
            ("{.items[-3]}", "array index out of bounds: index -1, length 2"),
            ("{.items[0:3]}", "array index out of bounds: index 2, length 2"),
            ("{.items[0].metadata[0]}", "map[string]interface {} is not array or slice"),
            ("{.items[0].metadata.name[0]}", "string is not array or slice"),
            ("{metadata.name}", "unrecognized identifier metadata"),
            ("{.items[?(@..name==\"a\")]}", "a"),
        ] {
            let printed = JsonPath::parse(template).unwrap().print(&list());
            let said = printed.map_or_else(|error| error, |_| "a".to_owned());
            assert_eq!(said, expected, "{template}");
        }
        for (template, expected) in [
            ("{.items[0", "unterminated array"),
            ("{.items", "unclosed action"),
            ("{\"a}", "unterminated quoted string"),
            ("{=}", "unrecognized character in action: U+003D '='"),
        ] {
            assert_eq!(JsonPath::parse(template).err().as_deref(), Some(expected), "{template}");
        }
        assert_eq!(
            go_syntax(&json!({"items": [], "n": null, "a": ["x", 1, true]})),
            "map[string]interface {}{\"a\":[]interface {}{\"x\", 1, true}, \"items\":[]interface {}{}, \
             \"n\":interface {}(nil)}"
        );
    }

    #[test]
    fn sort_keys_may_leave_out_braces_and_dot() {
        for path in [".spec.n", "spec.n", "{.spec.n}", "{spec.n}"] {
            let path = JsonPath::relaxed(path).unwrap();
            assert_eq!(path.find(&list()["items"][1]).unwrap(), [&json!(2)]);
        }
        assert!(JsonPath::relaxed("{.a}{.b}").is_err());
    }
}

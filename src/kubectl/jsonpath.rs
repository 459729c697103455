//! JSONPath templates: `{.items[*].metadata.name}`, `{range .items[*]}{.metadata.name}{"\n"}{end}`.
//!
//! Kubernetes: client-go/util/jsonpath.

use std::cmp::Ordering;

use serde_json::Value;

use crate::api::field::go_quote;

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

/// Nesting beyond this is no template that a person wrote.
const MAX_DEPTH: usize = 32;

impl JsonPath {
    pub fn parse(template: &str) -> Result<JsonPath, String> {
        let mut parser = Parser { rest: template, depth: 0 };
        let nodes = parser.nodes(false)?;
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
    pub fn find<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        let mut found = Vec::new();
        for node in &self.nodes {
            if let Node::Path(steps) = node {
                found.extend(walk(steps, value, value));
            }
        }
        found
    }

    /// The template filled in; what is not there prints nothing.
    pub fn print(&self, value: &Value) -> String {
        let mut out = String::new();
        print_nodes(&self.nodes, value, value, &mut out);
        out
    }
}

fn print_nodes(nodes: &[Node], root: &Value, current: &Value, out: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Path(steps) => {
                let texts: Vec<String> = walk(steps, root, current).into_iter().map(text_of).collect();
                out.push_str(&texts.join(" "));
            }
            Node::Range(steps, inner) => {
                for item in walk(steps, root, current) {
                    print_nodes(inner, root, item, out);
                }
            }
        }
    }
}

/// A value as the template prints it: strings bare, lists and maps as JSON.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn walk<'v>(steps: &[Step], root: &'v Value, current: &'v Value) -> Vec<&'v Value> {
    let mut found = vec![current];
    for step in steps {
        found = found.into_iter().flat_map(|value| step_into(step, root, value)).collect();
    }
    found
}

fn step_into<'v>(step: &Step, root: &'v Value, value: &'v Value) -> Vec<&'v Value> {
    match step {
        Step::Field(name) if name == "$" => vec![root],
        Step::Field(name) => value.get(name).into_iter().collect(),
        Step::Union(names) => names.iter().filter_map(|name| value.get(name)).collect(),
        Step::All => children(value),
        Step::Index(at) => {
            let list = value.as_array().map_or(&[][..], Vec::as_slice);
            let at = if *at < 0 { list.len() as i64 + at } else { *at };
            usize::try_from(at).ok().and_then(|at| list.get(at)).into_iter().collect()
        }
        Step::Slice(from, to, by) => slice(value, *from, *to, *by),
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
            let list = value.as_array().map_or(&[][..], Vec::as_slice);
            list.iter().filter(|item| passes(path, condition.as_ref(), root, item)).collect()
        }
    }
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().collect(),
        Value::Object(map) => map.values().collect(),
        _ => Vec::new(),
    }
}

fn slice(value: &Value, from: Option<i64>, to: Option<i64>, by: i64) -> Vec<&Value> {
    let list = value.as_array().map_or(&[][..], Vec::as_slice);
    let length = list.len() as i64;
    let bound = |at: i64| if at < 0 { (length + at).max(0) } else { at.min(length) };
    let (from, to) = (bound(from.unwrap_or(0)), bound(to.unwrap_or(length)));
    let part = list.get(from.max(0) as usize..to.max(from) as usize).unwrap_or_default();
    part.iter().step_by(usize::try_from(by).unwrap_or(1).max(1)).collect()
}

fn passes(path: &[Step], condition: Option<&(Op, Operand)>, root: &Value, item: &Value) -> bool {
    let left = walk(path, root, item).into_iter().next();
    let Some((op, operand)) = condition else { return left.is_some() };
    let right = match operand {
        Operand::Literal(value) => Some(value),
        Operand::Path(path) => walk(path, root, item).into_iter().next(),
    };
    let (Some(left), Some(right)) = (left, right) else { return false };
    let order = match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => {
            left.as_f64().zip(right.as_f64()).and_then(|(left, right)| left.partial_cmp(&right))
        }
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        _ => None,
    };
    match (op, order) {
        (Op::Equal, order) => order == Some(Ordering::Equal),
        (Op::NotEqual, order) => order != Some(Ordering::Equal),
        (_, None) => false,
        (Op::Less, Some(order)) => order.is_lt(),
        (Op::LessOrEqual, Some(order)) => order.is_le(),
        (Op::Greater, Some(order)) => order.is_gt(),
        (Op::GreaterOrEqual, Some(order)) => order.is_ge(),
    }
}

struct Parser<'t> {
    rest: &'t str,
    depth: usize,
}

impl Parser<'_> {
    /// Up to the end, or to the `{end}` of a range.
    fn nodes(&mut self, in_range: bool) -> Result<Vec<Node>, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("template is nested too deeply".to_owned());
        }
        let mut nodes = Vec::new();
        while !self.rest.is_empty() {
            let Some(open) = self.rest.find('{') else {
                nodes.push(Node::Text(std::mem::take(&mut self.rest).to_owned()));
                break;
            };
            if open > 0 {
                nodes.push(Node::Text(self.rest[..open].to_owned()));
            }
            let action = self.action(open + 1)?;
            match action.trim() {
                "" => {}
                "end" if in_range => {
                    self.depth -= 1;
                    return Ok(nodes);
                }
                "end" => return Err("not in range, nothing to end".to_owned()),
                text => nodes.push(self.node(text)?),
            }
        }
        self.depth -= 1;
        if in_range { Err("unclosed action: range without end".to_owned()) } else { Ok(nodes) }
    }

    /// The text up to the brace that closes, which may stand in quotes before.
    fn action(&mut self, from: usize) -> Result<String, String> {
        let body = &self.rest[from..];
        let (mut quote, mut escaped) = (None, false);
        for (at, c) in body.char_indices() {
            match (quote, c) {
                _ if escaped => escaped = false,
                (Some(_), '\\') => escaped = true,
                (Some(open), c) if open == c => quote = None,
                (None, '"' | '\'') => quote = Some(c),
                (None, '}') => {
                    self.rest = &body[at + 1..];
                    return Ok(body[..at].to_owned());
                }
                _ => {}
            }
        }
        Err("unclosed action".to_owned())
    }

    fn node(&mut self, action: &str) -> Result<Node, String> {
        if let Some(path) = action.strip_prefix("range ") {
            let steps = path_steps(path.trim())?;
            return Ok(Node::Range(steps, self.nodes(true)?));
        }
        if action.starts_with(['"', '\'']) {
            return Ok(Node::Text(unquote(action)?));
        }
        Ok(Node::Path(path_steps(action)?))
    }
}

fn unquote(text: &str) -> Result<String, String> {
    let quote = text.chars().next().unwrap_or('"');
    let inner = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    let Some(inner) = inner.filter(|_| text.len() > 1) else {
        return Err(format!("unterminated quoted string {}", go_quote(text)));
    };
    let mut out = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            (c, false) => out.push(c),
        }
    }
    Ok(out)
}

fn path_steps(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut rest = text;
    if let Some(after) = rest.strip_prefix('$') {
        steps.push(Step::Field("$".to_owned()));
        rest = after;
    } else if let Some(after) = rest.strip_prefix('@') {
        rest = after;
    } else if !rest.starts_with(['.', '[']) {
        return Err(format!("unrecognized identifier {text}"));
    }
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("..") {
            let (name, next) = field_name(after);
            steps.push(Step::Recursive(name));
            rest = next;
        } else if let Some(after) = rest.strip_prefix('.') {
            let (name, next) = field_name(after);
            match name.as_str() {
                "" => {}
                "*" => steps.push(Step::All),
                _ => steps.push(Step::Field(name)),
            }
            rest = next;
        } else if rest.starts_with('[') {
            let end = closing_bracket(rest).ok_or("unterminated array")?;
            steps.push(bracket(&rest[1..end])?);
            rest = &rest[end + 1..];
        } else {
            return Err(format!("unrecognized character in action: {}", go_quote(rest)));
        }
    }
    Ok(steps)
}

/// A name up to the next `.` or `[`; a backslash keeps a dot in it.
fn field_name(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            c if escaped => {
                name.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '.' | '[' | ' ' => return (name, text[at..].trim_start()),
            c => name.push(c),
        }
    }
    (name, "")
}

/// Where the bracket that opens the text closes.
fn closing_bracket(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0_usize, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

fn bracket(inner: &str) -> Result<Step, String> {
    let inner = inner.trim();
    if inner == "*" {
        return Ok(Step::All);
    }
    if let Some(condition) = inner.strip_prefix("?(").and_then(|rest| rest.strip_suffix(')')) {
        return filter(condition);
    }
    if inner.starts_with(['\'', '"']) {
        let names: Result<Vec<String>, String> = inner.split(',').map(|name| unquote(name.trim())).collect();
        return Ok(Step::Union(names?));
    }
    let number = |text: &str| -> Result<Option<i64>, String> {
        match text.trim() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| format!("invalid array index {text}")),
        }
    };
    let parts: Vec<&str> = inner.split(':').collect();
    match parts.as_slice() {
        [index] => number(index)?.map(Step::Index).ok_or_else(|| "invalid array index ".to_owned()),
        [from, to] => Ok(Step::Slice(number(from)?, number(to)?, 1)),
        [from, to, by] => Ok(Step::Slice(number(from)?, number(to)?, number(by)?.unwrap_or(1))),
        _ => Err(format!("invalid array index {inner}")),
    }
}

fn filter(condition: &str) -> Result<Step, String> {
    const OPS: [(&str, Op); 6] = [
        ("==", Op::Equal),
        ("!=", Op::NotEqual),
        ("<=", Op::LessOrEqual),
        (">=", Op::GreaterOrEqual),
        ("<", Op::Less),
        (">", Op::Greater),
    ];
    let found = OPS.iter().filter_map(|(text, op)| Some((condition.find(text)?, text.len(), *op)));
    let Some((at, length, op)) = found.min_by_key(|(at, length, _)| (*at, std::cmp::Reverse(*length))) else {
        return Ok(Step::Filter(path_steps(condition.trim())?, None));
    };
    let left = path_steps(condition[..at].trim())?;
    let right = condition[at + length..].trim();
    let operand = if right.starts_with(['"', '\'']) {
        Operand::Literal(Value::String(unquote(right)?))
    } else if right.starts_with(['@', '$', '.']) {
        Operand::Path(path_steps(right)?)
    } else {
        Operand::Literal(serde_json::from_str(right).map_err(|_| format!("unrecognized identifier {right}"))?)
    };
    Ok(Step::Filter(left, Some((op, operand))))
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
            assert_eq!(JsonPath::parse(template).unwrap().print(&list()), expected, "{template}");
        }
    }

    #[test]
    fn broken_templates_are_refused() {
        for template in ["{.a", "{range .a}", "{end}", "{.a[}", "{\"a}", "{.a[x]}", "{a}", "{.a[?(@.b==c)]}"]
        {
            assert!(JsonPath::parse(template).is_err(), "{template}");
        }
        let deep = "{range .a}".repeat(100_000);
        assert!(JsonPath::parse(&deep).is_err());
    }

    #[test]
    fn sort_keys_may_leave_out_braces_and_dot() {
        for path in [".spec.n", "spec.n", "{.spec.n}", "{spec.n}"] {
            let path = JsonPath::relaxed(path).unwrap();
            assert_eq!(path.find(&list()["items"][1]), [&json!(2)]);
        }
        assert!(JsonPath::relaxed("{.a}{.b}").is_err());
    }
}

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
pub fn go_syntax(value: &Value) -> String {
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
        let (mut quote, mut escaped, mut open_bracket) = (None, false, false);
        for (at, c) in body.char_indices() {
            match (quote, c) {
                _ if escaped => escaped = false,
                (Some(_), '\\') => escaped = true,
                (Some(open), c) if open == c => quote = None,
                (None, '"' | '\'') => quote = Some(c),
                (None, '[') => open_bracket = true,
                (None, ']') => open_bracket = false,
                (None, '}') => {
                    self.rest = &body[at + 1..];
                    return Ok(body[..at].to_owned());
                }
                _ => {}
            }
        }
        Err(match (open_bracket, quote) {
            (true, _) => "unterminated array",
            (false, Some(_)) => "unterminated quoted string",
            (false, None) => "unclosed action",
        }
        .to_owned())
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
        let (word, after) = field_name(rest);
        if !word.chars().all(|c| c.is_alphanumeric() || c == '_') {
            return Err(format!("unrecognized character in action: {}", quoted_start(rest)));
        }
        steps.push(Step::Identifier(word));
        rest = after;
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
            return Err(format!("unrecognized character in action: {}", quoted_start(rest)));
        }
    }
    Ok(steps)
}

/// The first character as Go's `%#U` prints it: `U+0022 '"'`.
fn quoted_start(text: &str) -> String {
    text.chars().next().map(|c| format!("U+{:04X} '{c}'", u32::from(c))).unwrap_or_default()
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

//! Reading a template.
//!
//! Kubernetes: client-go/util/jsonpath/parser.go.

use serde_json::Value;

use super::{Node, Op, Operand, Step};
use api::field::go_quote;

/// Nesting beyond this is no template that a person wrote.
const MAX_DEPTH: usize = 32;

pub(super) struct Parser<'t> {
    rest: &'t str,
    depth: usize,
}

impl<'t> Parser<'t> {
    pub(super) fn new(template: &'t str) -> Parser<'t> {
        Parser { rest: template, depth: 0 }
    }

    /// Up to the end, or to the `{end}` of a range.
    pub(super) fn nodes(&mut self, in_range: bool) -> Result<Vec<Node>, String> {
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

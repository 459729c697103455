//! Reading a template.
//!
//! Kubernetes: client-go/util/jsonpath/parser.go. The functions have its names; what calls itself there for
//! each action is a loop here.

use super::{Node, Param};
use golang::strconv::{unicode, unquote};

/// The nodes of a template: texts, and a list for each action.
pub(super) fn parse(template: &str) -> Result<Vec<Node>, String> {
    let mut parser = Parser { input: template, pos: 0, start: 0, width: 0 };
    let mut root = Vec::new();
    while parser.parse_text(&mut root) {
        let mut action = Vec::new();
        parser.parse_inside_action(&mut action)?;
        root.push(Node::List(action));
    }
    Ok(root)
}

/// The nodes of one expression, as it stands between braces.
fn parse_action(text: &str) -> Result<Vec<Node>, String> {
    let mut nodes = parse(&format!("{{{text}}}"))?.into_iter();
    match nodes.next() {
        Some(Node::List(list)) => Ok(list),
        _ => Ok(Vec::new()),
    }
}

struct Parser<'t> {
    input: &'t str,
    pos: usize,
    start: usize,
    width: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        self.input.get(self.pos..).unwrap_or_default()
    }

    fn consume_text(&mut self) -> &'t str {
        let text = self.input.get(self.start..self.pos).unwrap_or_default();
        self.start = self.pos;
        text
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest().chars().next();
        self.width = next.map_or(0, char::len_utf8);
        self.pos += self.width;
        next
    }

    fn backup(&mut self) {
        self.pos -= self.width;
    }

    /// The byte before the one that was read last.
    fn escaped(&self) -> bool {
        self.pos.checked_sub(2).and_then(|at| self.input.as_bytes().get(at)) == Some(&b'\\')
    }

    /// The text before the next action; whether there is one.
    fn parse_text(&mut self, root: &mut Vec<Node>) -> bool {
        let found = self.rest().find('{');
        self.pos = found.map_or(self.input.len(), |at| self.pos + at);
        if self.pos > self.start {
            root.push(Node::Text(self.consume_text().to_owned()));
        }
        if found.is_some() {
            self.pos += 1;
            self.consume_text();
        }
        found.is_some()
    }

    fn parse_inside_action(&mut self, cur: &mut Vec<Node>) -> Result<(), String> {
        loop {
            if self.rest().starts_with('}') {
                self.pos += 1;
                self.consume_text();
                return Ok(());
            }
            if self.rest().starts_with("[?(") {
                self.parse_filter(cur)?;
                continue;
            }
            if self.rest().starts_with("..") {
                self.parse_recursive(cur)?;
                continue;
            }
            match self.next() {
                None | Some('\r' | '\n') => return Err("unclosed action".to_owned()),
                Some(' ' | '@' | '$') => {
                    self.consume_text();
                }
                Some('[') => self.parse_array(cur)?,
                Some(quote @ ('"' | '\'')) => self.parse_quote(cur, quote)?,
                Some('.') => self.parse_field(cur),
                Some(c) if matches!(c, '+' | '-') || is_digit(c) => {
                    self.backup();
                    self.parse_number(cur)?;
                }
                Some(c) if is_alpha_numeric(c) => {
                    self.backup();
                    self.parse_identifier(cur);
                }
                Some(c) => return Err(format!("unrecognized character in action: {}", unicode(c))),
            }
        }
    }

    fn parse_identifier(&mut self, cur: &mut Vec<Node>) {
        while !is_terminator(self.next()) {}
        self.backup();
        cur.push(match self.consume_text() {
            "true" => Node::Bool(true),
            "false" => Node::Bool(false),
            word => Node::Identifier(word.to_owned()),
        });
    }

    fn parse_recursive(&mut self, cur: &mut Vec<Node>) -> Result<(), String> {
        if matches!(cur.last(), Some(Node::Recursive)) {
            return Err("invalid multiple recursive descent".to_owned());
        }
        self.pos += "..".len();
        self.consume_text();
        cur.push(Node::Recursive);
        if self.rest().chars().next().is_some_and(is_alpha_numeric) {
            self.parse_field(cur);
        }
        Ok(())
    }

    fn parse_number(&mut self, cur: &mut Vec<Node>) -> Result<(), String> {
        if self.rest().starts_with(['+', '-']) {
            self.next();
        }
        while self.next().is_some_and(|c| c == '.' || is_digit(c)) {}
        self.backup();
        let text = self.consume_text();
        if let Ok(number) = text.parse() {
            cur.push(Node::Int(number));
            return Ok(());
        }
        match text.parse() {
            Ok(number) => cur.push(Node::Float(number)),
            Err(_) => return Err(format!("cannot parse number {text}")),
        }
        Ok(())
    }

    fn parse_array(&mut self, cur: &mut Vec<Node>) -> Result<(), String> {
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated array".to_owned()),
                Some(']') => break,
                Some(_) => {}
            }
        }
        let text = self.consume_text();
        let text = text.strip_prefix('[').unwrap_or(text);
        let text = text.strip_suffix(']').unwrap_or(text);
        let text = if text == "*" { ":" } else { text };
        if text.contains(',') {
            let parts = text.split(',').map(|part| parse_action(&format!("[{}]", part.trim_matches(' '))));
            cur.push(Node::Union(parts.collect::<Result<_, _>>()?));
            return Ok(());
        }
        let key = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        if let Some(key) = key.filter(|key| !key.contains('\'')) {
            cur.extend(parse_action(&format!(".{key}"))?);
            return Ok(());
        }
        cur.push(Node::Array(slice_params(text)?));
        Ok(())
    }

    fn parse_filter(&mut self, cur: &mut Vec<Node>) -> Result<(), String> {
        self.pos += "[?(".len();
        self.consume_text();
        let (mut begin, mut end, mut pair) = (false, false, '"');
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated filter".to_owned()),
                Some(quote @ ('"' | '\'')) if !begin => (begin, pair) = (true, quote),
                Some(quote @ ('"' | '\'')) => end |= quote == pair && !self.escaped(),
                Some(')') if begin == end => break,
                Some(_) => {}
            }
        }
        if self.next() != Some(']') {
            return Err("unclosed array expect ]".to_owned());
        }
        let text = self.consume_text();
        let text = text.strip_suffix(")]").unwrap_or(text);
        let (left, operator, right) = comparison(text).unwrap_or((text, "exists", ""));
        let left = parse_action(left)?;
        let right = if operator == "exists" { Vec::new() } else { parse_action(right)? };
        cur.push(Node::Filter { left, operator: operator.to_owned(), right });
        Ok(())
    }

    fn parse_quote(&mut self, cur: &mut Vec<Node>, quote: char) -> Result<(), String> {
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated quoted string".to_owned()),
                Some(c) if c == quote && !self.escaped() => break,
                Some(_) => {}
            }
        }
        let literal = self.consume_text();
        match unquote(literal) {
            Some(text) => cur.push(Node::Text(text)),
            None => return Err(format!("unquote string {literal} error invalid syntax")),
        }
        Ok(())
    }

    fn parse_field(&mut self, cur: &mut Vec<Node>) {
        self.consume_text();
        loop {
            let next = self.next();
            if next == Some('\\') {
                self.next();
            } else if is_terminator(next) {
                self.backup();
                break;
            }
        }
        cur.push(match self.consume_text() {
            "*" => Node::Wildcard,
            name => Node::Field(name.replace('\\', "")),
        });
    }
}

/// `left operator right`; `None` where a filter only asks whether something is there.
fn comparison(text: &str) -> Option<(&str, &str, &str)> {
    let operators = ['!', '<', '=', '>'];
    let (left, rest) = text.split_at(text.find(operators)?);
    let length = rest.find(|c| !operators.contains(&c)).unwrap_or(rest.len());
    // Something has to be left for the right side, if need be a character of the operator.
    let length = if length == rest.len() { length.checked_sub(1)? } else { length };
    if left.is_empty() || length == 0 {
        return None;
    }
    let (operator, right) = rest.split_at(length);
    Some((left, operator, right))
}

/// `[from:to:step]`, each a whole number or nothing.
fn slice_params(text: &str) -> Result<[Param; 3], String> {
    let invalid = || format!("invalid array index {text}");
    let mut parts = text.split(':');
    let parts = [parts.next(), parts.next(), parts.next(), parts.next()];
    if parts[3].is_some() {
        return Err(invalid());
    }
    for part in parts.iter().flatten() {
        let digits = part.strip_prefix('-').unwrap_or(part);
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid());
        }
    }
    let number = |part: &str| -> Result<i64, String> {
        part.parse().map_err(|_| format!("array index {part} is not a number"))
    };
    let known = |part: Option<&str>| -> Result<Param, String> {
        match part.filter(|part| !part.is_empty()) {
            Some(part) => Ok(Param { value: number(part)?, known: true, derived: false }),
            None => Ok(Param::default()),
        }
    };
    let from = known(parts[0])?;
    let to = match parts[1] {
        None => Param { value: from.value.saturating_add(1), known: true, derived: true },
        part => known(part)?,
    };
    Ok([from, to, known(parts[2])?])
}

fn is_terminator(c: Option<char>) -> bool {
    match c {
        None => true,
        Some(c) => {
            matches!(c, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
        }
    }
}

fn is_alpha_numeric(c: char) -> bool {
    c == '_' || c.is_alphabetic() || is_digit(c)
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || (!c.is_ascii() && c.is_numeric())
}

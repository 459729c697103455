//! JSON → the tree, with the words of Go's JSON decoder. Nothing here recurses.
//!
//! Upstream: Go's encoding/json, scanner.go.

use serde_json::Number;

use super::diagnostic::{Pos, Span};
use super::lines::Lines;
use super::node::{MAX_TREE_DEPTH, MapItem, Node, NodeValue};

/// Why a text is no JSON: Go's sentence, and the bytes up to and with the bad one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JsonError {
    pub(crate) what: String,
    pub(crate) offset: usize,
    /// The text ended too early; Go's stream decoder and its whole-text decoder have other words for it.
    pub(crate) at_end: bool,
}

/// Reads one value that begins at or behind `from`. Gives it with the offset behind it; `None` at the end.
pub(super) fn read(
    text: &str,
    from: usize,
    lines: &mut Lines<'_>,
    base: u32,
) -> Result<Option<(Node, usize)>, JsonError> {
    let mut reader = Reader { text, at: from, lines, base, open: Vec::new() };
    reader.skip_space();
    if reader.byte().is_none() {
        return Ok(None);
    }
    reader.read().map(|node| Some((node, reader.at)))
}

/// An error if the value is followed by anything.
pub(super) fn end(text: &str, from: usize) -> Result<(), JsonError> {
    let rest = text.get(from..).unwrap_or_default();
    match rest.find(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')) {
        None => Ok(()),
        Some(at) => Err(invalid(text, from + at, "after top-level value")),
    }
}

/// What Go's decoder says of a text that is no JSON value; `None` for one that is.
pub fn json_problem(text: &str) -> Option<String> {
    const AT_END: &str = "unexpected end of JSON input";
    let mut lines = Lines::new(text);
    let error = match read(text, 0, &mut lines, 0) {
        Ok(None) => return Some(AT_END.to_owned()),
        Ok(Some((_, behind))) => end(text, behind).err()?,
        Err(error) => error,
    };
    Some(if error.at_end { AT_END.to_owned() } else { error.what })
}

struct Reader<'r, 'l> {
    text: &'r str,
    at: usize,
    lines: &'r mut Lines<'l>,
    base: u32,
    open: Vec<Open>,
}

/// A collection whose end has not come yet.
struct Open {
    start: Pos,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map(Vec<MapItem>, Option<(String, Span)>),
}

/// What may come next.
enum Expect {
    Value,
    /// A value, or the end of the list.
    ValueOrEnd,
    /// A key; the flag tells whether the map may end instead.
    Key(bool),
    /// A comma or the end of the collection.
    Separator,
}

impl Reader<'_, '_> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn invalid<T>(&self, context: &str) -> Result<T, JsonError> {
        Err(invalid(self.text, self.at, context))
    }

    /// The place of the cursor. Asked only forwards: going back in a long line takes long.
    fn pos(&mut self) -> Pos {
        self.lines.pos(self.base + self.at as u32)
    }

    fn span_from(&mut self, start: Pos) -> Span {
        Span { start, end: self.pos() }
    }

    fn read(&mut self) -> Result<Node, JsonError> {
        let mut expect = Expect::Value;
        loop {
            self.skip_space();
            let byte = self.byte();
            expect = match (expect, byte) {
                (Expect::ValueOrEnd, Some(b']')) | (Expect::Key(true), Some(b'}')) => match self.close() {
                    Some(node) => return Ok(node),
                    None => Expect::Separator,
                },
                (Expect::Value | Expect::ValueOrEnd, Some(bracket @ (b'[' | b'{'))) => self.open(bracket)?,
                (Expect::Value | Expect::ValueOrEnd, _) => {
                    let start = self.pos();
                    let value = self.scalar()?;
                    let span = self.span_from(start);
                    match self.attach(Node::new(value, span)) {
                        Some(node) => return Ok(node),
                        None => Expect::Separator,
                    }
                }
                (Expect::Key(_), Some(b'"')) => self.key()?,
                (Expect::Key(_), _) => return self.invalid("looking for beginning of object key string"),
                (Expect::Separator, _) => match self.separator()? {
                    Ok(next) => next,
                    Err(node) => return Ok(node),
                },
            };
        }
    }

    fn open(&mut self, bracket: u8) -> Result<Expect, JsonError> {
        if self.open.len() >= MAX_TREE_DEPTH {
            return self.invalid("exceeded max depth");
        }
        let map = bracket == b'{';
        let content = if map { Content::Map(Vec::new(), None) } else { Content::List(Vec::new()) };
        let start = self.pos();
        self.open.push(Open { start, content });
        self.at += 1;
        Ok(if map { Expect::Key(true) } else { Expect::ValueOrEnd })
    }

    /// Ends the innermost collection; gives it if it is the whole value.
    fn close(&mut self) -> Option<Node> {
        self.at += 1;
        let Open { start, content } = self.open.pop()?;
        let span = self.span_from(start);
        let value = match content {
            Content::List(items) => NodeValue::List(items),
            Content::Map(entries, _) => NodeValue::Map(entries),
        };
        self.attach(Node::new(value, span))
    }

    fn attach(&mut self, node: Node) -> Option<Node> {
        match self.open.last_mut().map(|open| &mut open.content) {
            None => return Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map(entries, key)) => {
                let (key, key_span) = key.take().unwrap_or_default();
                entries.push(MapItem { key, key_span, key_is_string: true, value: node, merge: false });
            }
        }
        None
    }

    fn key(&mut self) -> Result<Expect, JsonError> {
        let start = self.pos();
        let text = self.string()?;
        let span = self.span_from(start);
        self.skip_space();
        if self.byte() != Some(b':') {
            return self.invalid("after object key");
        }
        self.at += 1;
        if let Some(Open { content: Content::Map(_, key), .. }) = self.open.last_mut() {
            *key = Some((text, span));
        }
        Ok(Expect::Value)
    }

    /// A comma leads on, a bracket ends the collection and perhaps the whole value (the inner error).
    fn separator(&mut self) -> Result<Result<Expect, Node>, JsonError> {
        let map = matches!(self.open.last(), Some(Open { content: Content::Map(..), .. }));
        match self.byte() {
            Some(b',') => {
                self.at += 1;
                Ok(Ok(if map { Expect::Key(false) } else { Expect::Value }))
            }
            Some(b'}') if map => Ok(self.close().map_or(Ok(Expect::Separator), Err)),
            Some(b']') if !map => Ok(self.close().map_or(Ok(Expect::Separator), Err)),
            _ if map => self.invalid("after object key:value pair"),
            _ => self.invalid("after array element"),
        }
    }

    fn scalar(&mut self) -> Result<NodeValue, JsonError> {
        match self.byte() {
            Some(b'"') => self.string().map(NodeValue::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", NodeValue::Bool(true)),
            Some(b'f') => self.word("false", NodeValue::Bool(false)),
            Some(b'n') => self.word("null", NodeValue::Null),
            _ => self.invalid("looking for beginning of value"),
        }
    }

    fn word(&mut self, word: &str, value: NodeValue) -> Result<NodeValue, JsonError> {
        for expected in word.bytes() {
            if self.byte() != Some(expected) {
                let expected = char::from(expected);
                return self.invalid(&format!("in literal {word} (expecting '{expected}')"));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn digits(&mut self, context: &str) -> Result<(), JsonError> {
        if !matches!(self.byte(), Some(b'0'..=b'9')) {
            return self.invalid(context);
        }
        while matches!(self.byte(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<NodeValue, JsonError> {
        let start = self.at;
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        let number = text.parse::<i64>().map(Number::from).ok();
        let float = || text.parse::<f64>().ok().and_then(super::resolve::json_number);
        // What no float can hold has no exact counterpart; kubectl refuses it in other words.
        Ok(number.or_else(float).map_or(NodeValue::Null, NodeValue::Number))
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut out = String::new();
        let mut from = self.at;
        loop {
            match self.byte() {
                Some(b'"') => {
                    out.push_str(self.text.get(from..self.at).unwrap_or_default());
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    out.push_str(self.text.get(from..self.at).unwrap_or_default());
                    self.at += 1;
                    let c = self.escape()?;
                    out.push(c);
                    from = self.at;
                }
                None | Some(0..=0x1f) => return self.invalid("in string literal"),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let c = match self.byte() {
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(c @ (b'\\' | b'/' | b'"')) => char::from(c),
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return self.invalid("in string escape code"),
        };
        self.at += 1;
        Ok(c)
    }

    /// The four digits behind `\u`, and the second half of a pair; half a pair becomes U+FFFD.
    fn unicode(&mut self) -> Result<char, JsonError> {
        let first = self.hex()?;
        if let Some(c) = char::from_u32(first) {
            return Ok(c);
        }
        let behind = self.at;
        if first < 0xdc00 && self.text.get(self.at..).is_some_and(|t| t.starts_with("\\u")) {
            self.at += 2;
            let second = self.hex()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
            self.at = behind;
        }
        Ok('\u{fffd}')
    }

    fn hex(&mut self) -> Result<u32, JsonError> {
        let mut code = 0;
        for _ in 0..4 {
            match self.byte().and_then(|b| char::from(b).to_digit(16)) {
                Some(digit) => code = code << 4 | digit,
                None => return self.invalid("in \\u hexadecimal character escape"),
            }
            self.at += 1;
        }
        Ok(code)
    }
}

fn invalid(text: &str, at: usize, context: &str) -> JsonError {
    match text.as_bytes().get(at) {
        None => {
            JsonError { what: "unexpected end of JSON input".to_owned(), offset: text.len(), at_end: true }
        }
        Some(byte) => {
            let c = char::from(*byte);
            let shown = match c {
                '\'' => "'\\''".to_owned(),
                '"' => "'\"'".to_owned(),
                c => {
                    let quoted = golang::strconv::quote(c.encode_utf8(&mut [0; 4]));
                    format!("'{}'", &quoted[1..quoted.len() - 1])
                }
            };
            JsonError { what: format!("invalid character {shown} {context}"), offset: at + 1, at_end: false }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<serde_json::Value, String> {
        let mut lines = Lines::new(text);
        let (node, behind) = read(text, 0, &mut lines, 0).map_err(|e| e.what)?.ok_or("nothing")?;
        end(text, behind).map_err(|e| e.what)?;
        Ok(node.to_value())
    }

    #[test]
    fn values_are_those_of_serde_json() {
        for text in [
            r#"{"a":[1,-2.5,2.5e-3,true,false,null,"x\n\u00e9\ud83d\ude00\/"],"b":{},"c":[],"d":"데몬"}"#,
            " [ ] ",
            r#""s""#,
            "-0",
            r#"{"a":1,"a":2}"#,
        ] {
            let mut expected: serde_json::Value = serde_json::from_str(text).expect("good JSON");
            if text == "-0" {
                expected = 0.into();
            }
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn mistakes_have_go_s_words() {
        for (text, what) in [
            ("{", "unexpected end of JSON input"),
            ("{,}", "invalid character ',' looking for beginning of object key string"),
            (r#"{"a":1,}"#, "invalid character '}' looking for beginning of object key string"),
            (r#"{"a" 1}"#, "invalid character '1' after object key"),
            (r#"{"a":1 "b"}"#, "invalid character '\"' after object key:value pair"),
            ("[1 2]", "invalid character '2' after array element"),
            ("[1,]", "invalid character ']' looking for beginning of value"),
            ("[\"a\nb\"]", "invalid character '\\n' in string literal"),
            (r#"["\x"]"#, "invalid character 'x' in string escape code"),
            (r#"["\u00g0"]"#, "invalid character 'g' in \\u hexadecimal character escape"),
            ("[tru]", "invalid character ']' in literal true (expecting 'e')"),
            ("[-]", "invalid character ']' in numeric literal"),
            ("[1.]", "invalid character ']' after decimal point in numeric literal"),
            ("[1e]", "invalid character ']' in exponent of numeric literal"),
            ("{} x", "invalid character 'x' after top-level value"),
            ("{}{}", "invalid character '{' after top-level value"),
        ] {
            assert_eq!(parse(text), Err(what.to_owned()), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = "[".repeat(100_000);
        assert_eq!(parse(&deep), Err("invalid character '[' exceeded max depth".to_owned()));
    }
}

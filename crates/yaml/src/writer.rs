//! Values → YAML, as `kubectl get -o yaml` prints it.
//!
//! Keys in go-yaml's natural order, list items not indented under their key, long texts folded behind column
//! 80, texts with line breaks as `|` blocks, strings quoted only where they would read as something else.
//!
//! Upstream: goyaml.v2/encode.go, emitterc.go and sorter.go.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::key_order::sorted;
use super::{gosyntax, resolve};

/// A plain or quoted text is folded at a blank behind this column.
const WIDTH: usize = 80;
const INDENT: i32 = 2;
/// A longer key, in bytes, is written behind `? `.
const LONGEST_SIMPLE_KEY: usize = 128;

/// The YAML text of a value, with a line break at its end.
pub fn to_yaml(value: &Value) -> String {
    let mut writer = Writer { out: String::new(), column: 0, whitespace: true, indention: true };
    writer.node(value, -1, Context::Other);
    writer.indent(0);
    writer.out
}

struct Writer {
    out: String,
    column: usize,
    /// The last character was a blank, or the line is new.
    whitespace: bool,
    /// Only blanks and `-`, `?`, `:` stand on the line so far.
    indention: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    MappingValue,
    SimpleKey,
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

impl Writer {
    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn put_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    /// Writes a line break of the text itself.
    fn put_break_char(&mut self, c: char) {
        self.out.push(c);
        self.column = 0;
    }

    /// Goes to the column `indent`, on a new line if something stands there already.
    fn indent(&mut self, indent: i32) {
        let indent = usize::try_from(indent).unwrap_or(0);
        if !self.indention || self.column > indent || self.column == indent && !self.whitespace {
            self.put_break();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn indicator(&mut self, text: &str, after_blank: bool, is_indention: bool) {
        if after_blank && !self.whitespace {
            self.put(' ');
        }
        text.chars().for_each(|c| self.put(c));
        self.whitespace = false;
        self.indention = self.indention && is_indention;
    }

    fn node(&mut self, value: &Value, indent: i32, context: Context) {
        match value {
            Value::Null => self.plain("null", indent, true),
            Value::Bool(b) => self.plain(if *b { "true" } else { "false" }, indent, true),
            Value::Number(n) => {
                let text = match n.as_f64() {
                    Some(f) if n.is_f64() => resolve::json_number(f)
                        .filter(|n| !n.is_f64())
                        .map(|n| n.to_string())
                        .unwrap_or_else(|| gosyntax::float64(f)),
                    _ => n.to_string(),
                };
                self.plain(&text, indent, true);
            }
            Value::String(text) => self.string(&as_read(text), indent, context),
            Value::Array(items) if items.is_empty() => self.indicator("[]", true, false),
            Value::Object(map) if map.is_empty() => self.indicator("{}", true, false),
            Value::Array(items) => self.sequence(items, indent, context),
            Value::Object(map) => self.mapping(map, indent),
        }
    }

    fn sequence(&mut self, items: &[Value], indent: i32, context: Context) {
        let indentless = context == Context::MappingValue && !self.indention;
        let indent = if indentless { indent } else { deeper(indent, 0) };
        for item in items {
            self.indent(indent);
            self.indicator("-", true, true);
            self.node(item, indent, Context::Other);
        }
    }

    fn mapping(&mut self, map: &Map<String, Value>, indent: i32) {
        let indent = deeper(indent, 0);
        for (key, value) in sorted(map) {
            let key = as_read(key);
            self.indent(indent);
            if key.len() <= LONGEST_SIMPLE_KEY && !key.chars().any(is_break) {
                self.string(&key, indent, Context::SimpleKey);
                self.indicator(":", false, false);
            } else {
                self.indicator("?", true, true);
                self.string(&key, indent, Context::Other);
                self.indent(indent);
                self.indicator(":", true, true);
            }
            self.node(value, indent, Context::MappingValue);
        }
    }

    // --- strings ---

    fn string(&mut self, text: &str, indent: i32, context: Context) {
        let simple_key = context == Context::SimpleKey;
        let fold = !simple_key;
        match style(text, simple_key) {
            Style::Plain => self.plain(text, indent, fold),
            Style::Single => self.single_quoted(text, deeper(indent, INDENT), fold),
            Style::Double => self.double_quoted(text, deeper(indent, INDENT), fold),
            Style::Literal => self.literal(text, deeper(indent, INDENT)),
        }
    }

    fn plain(&mut self, text: &str, indent: i32, fold: bool) {
        if !self.whitespace {
            self.put(' ');
        }
        self.folded(text, deeper(indent, INDENT), fold, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn single_quoted(&mut self, text: &str, indent: i32, fold: bool) {
        self.indicator("'", true, false);
        self.folded(text, indent, fold, true);
        self.indicator("'", false, false);
    }

    /// The text of a plain or single quoted scalar.
    fn folded(&mut self, text: &str, indent: i32, fold: bool, quoted: bool) {
        let (mut spaces, mut breaks) = (false, false);
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, c)| *c);
            if c == ' ' {
                let inside = !quoted || at > 0 && next.is_some();
                if fold && !spaces && self.column > WIDTH && inside && next != Some(' ') {
                    self.indent(indent);
                } else {
                    self.put(c);
                }
                spaces = true;
            } else if is_break(c) {
                if !breaks && c == '\n' {
                    self.put_break();
                }
                self.put_break_char(c);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.indent(indent);
                }
                if quoted && c == '\'' {
                    self.put(c);
                }
                self.put(c);
                self.indention = false;
                (spaces, breaks) = (false, false);
            }
        }
    }

    fn double_quoted(&mut self, text: &str, indent: i32, fold: bool) {
        self.indicator("\"", true, false);
        // Upstream looks for the mark at the text's beginning, wherever it is, and takes every letter for it.
        let marked = text.starts_with('\u{feff}');
        let mut spaces = false;
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, c)| *c);
            if marked {
                escape(c).chars().for_each(|c| self.put(c));
                continue;
            }
            if c == ' ' {
                if fold && !spaces && self.column > WIDTH && at > 0 && next.is_some() {
                    self.indent(indent);
                    if next == Some(' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(c);
                }
                spaces = true;
                continue;
            }
            spaces = false;
            if !is_printable(c) || is_break(c) || matches!(c, '"' | '\\') {
                escape(c).chars().for_each(|c| self.put(c));
            } else {
                self.put(c);
            }
        }
        self.indicator("\"", false, false);
    }

    fn literal(&mut self, text: &str, indent: i32) {
        self.indicator("|", true, false);
        if text.starts_with([' ', '\n']) {
            self.indicator("2", false, false);
        }
        match text.strip_suffix('\n') {
            None => self.indicator("-", false, false),
            Some(head) if head.is_empty() || head.ends_with(is_break) => self.indicator("+", false, false),
            Some(_) => {}
        }
        self.put_break();
        self.indention = true;
        self.whitespace = true;
        let mut breaks = true;
        for c in text.chars() {
            if is_break(c) {
                self.put_break_char(c);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.indent(indent);
                }
                self.put(c);
                self.indention = false;
                breaks = false;
            }
        }
    }
}

/// A text of an object as the writer comes to have it: kubectl makes JSON of the object and reads that as YAML, in
/// which U+0085, alone of what JSON leaves as it is, is a line break. Breaks between quotes are folded.
///
/// Upstream: sigs.k8s.io/yaml, JSONToYAML; goyaml.v2/scannerc.go, yaml_parser_scan_flow_scalar.
fn as_read(text: &str) -> Cow<'_, str> {
    const NEXT_LINE: char = '\u{85}';
    if !text.contains(NEXT_LINE) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(NEXT_LINE) {
        let (before, behind) = rest.split_at(at);
        let next = behind.trim_start_matches([' ', NEXT_LINE]);
        let breaks = behind[..behind.len() - next.len()].matches(NEXT_LINE).count();
        out.push_str(before.trim_end_matches(' '));
        out.push_str(&if breaks == 1 { " ".to_owned() } else { "\n".repeat(breaks - 1) });
        rest = next;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// One level in; the first level is at `first`.
fn deeper(indent: i32, first: i32) -> i32 {
    if indent < 0 { first } else { indent + INDENT }
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// go-yaml prints nothing beyond the basic plane as it is, and no tab.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

fn escape(c: char) -> String {
    let letter = match c {
        '\0' => '0',
        '\x07' => 'a',
        '\x08' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\x0b' => 'v',
        '\x0c' => 'f',
        '\r' => 'r',
        '\x1b' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => {
            return match c as u32 {
                code @ ..=0xff => format!("\\x{code:02X}"),
                code @ ..=0xffff => format!("\\u{code:04X}"),
                code => format!("\\U{code:08X}"),
            };
        }
    };
    format!("\\{letter}")
}

/// What a text holds that decides how it may be written.
#[derive(Default)]
struct Traits {
    indicators: bool,
    line_breaks: bool,
    special: bool,
    /// A blank or break at either end.
    edge_blank: bool,
    trailing_space: bool,
    break_space: bool,
    space_break: bool,
}

impl Traits {
    fn of(text: &str) -> Traits {
        let mut traits = Traits {
            indicators: text.starts_with("---") || text.starts_with("..."),
            trailing_space: text.ends_with(' '),
            edge_blank: text.starts_with(|c| c == ' ' || is_break(c))
                || text.ends_with(|c| c == ' ' || is_break(c)),
            ..Traits::default()
        };
        let mut before: Option<char> = None;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let blank_follows = chars.peek().is_none_or(|next| matches!(next, ' ' | '\t'));
            traits.indicators |= match (c, before) {
                (
                    '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
                    | '`',
                    None,
                ) => true,
                ('?' | '-', None) | (':', _) => blank_follows,
                ('#', Some(before)) => matches!(before, ' ' | '\t') || is_break(before),
                _ => false,
            };
            traits.special |= !is_printable(c);
            traits.line_breaks |= is_break(c);
            traits.break_space |= c == ' ' && before.is_some_and(is_break);
            traits.space_break |= is_break(c) && before == Some(' ');
            before = Some(c);
        }
        traits
    }
}

fn style(text: &str, simple_key: bool) -> Style {
    let traits = Traits::of(text);
    let unquotable = traits.space_break || traits.special;
    if text.contains('\n') {
        let literal = !traits.trailing_space && !unquotable && !simple_key;
        return if literal { Style::Literal } else { Style::Double };
    }
    if !resolve::is_plain_string(text) || is_base_60(text) {
        return Style::Double;
    }
    let plain = !traits.edge_blank && !traits.break_space && !traits.line_breaks && !traits.indicators;
    match (unquotable || traits.break_space, plain) {
        (true, _) => Style::Double,
        (false, true) => Style::Plain,
        (false, false) if simple_key && traits.line_breaks => Style::Double,
        (false, false) => Style::Single,
    }
}

/// `1:30`, which other YAML readers take for a number: `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = match unsigned.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|b| b.is_ascii_digit() || b == b'_') => whole,
        Some(_) => return false,
        None => unsigned,
    };
    let Some((first, rest)) = whole.split_once(':') else { return false };
    let starts = first.starts_with(|c: char| c.is_ascii_digit());
    let sixty = |part: &str| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    starts && first.bytes().all(|b| b.is_ascii_digit() || b == b'_') && rest.split(':').all(sixty)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{Reader, read_documents};

    #[test]
    fn an_object_prints_as_kubectl_does() {
        let object = json!({
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {"name": "agent", "labels": {}, "creationTimestamp": "2026-01-02T03:04:05Z"},
            "spec": {
                "selector": {"matchLabels": {"app": "agent"}},
                "template": {"spec": {
                    "containers": [
                        {"name": "main", "args": ["--mode", "0644", "-x", ""], "ports": []},
                        {"name": "side", "command": [["a", "b"], {"c": null}]},
                    ],
                    "hostNetwork": true,
                    "priority": 2_000_001_000,
                }},
            },
        });
        expect![[r#"
            apiVersion: apps/v1
            kind: DaemonSet
            metadata:
              creationTimestamp: "2026-01-02T03:04:05Z"
              labels: {}
              name: agent
            spec:
              selector:
                matchLabels:
                  app: agent
              template:
                spec:
                  containers:
                  - args:
                    - --mode
                    - "0644"
                    - -x
                    - ""
                    name: main
                    ports: []
                  - command:
                    - - a
                      - b
                    - c: null
                    name: side
                  hostNetwork: true
                  priority: 2000001000
        "#]]
        .assert_eq(&to_yaml(&object));
    }

    #[test]
    fn strings_are_quoted_where_they_would_read_as_something_else() {
        for (text, yaml) in [
            ("plain", "plain"),
            ("yes", "\"yes\""),
            ("N", "\"N\""),
            ("null", "\"null\""),
            ("~", "\"~\""),
            ("", "\"\""),
            ("0644", "\"0644\""),
            ("1.0", "\"1.0\""),
            ("1e3", "\"1e3\""),
            ("2026-01-02", "\"2026-01-02\""),
            ("12:30:45", "\"12:30:45\""),
            ("12:75", "12:75"),
            ("10.0.0.1", "10.0.0.1"),
            ("1.2.3", "1.2.3"),
            ("- a", "'- a'"),
            ("-a", "-a"),
            ("a: b", "'a: b'"),
            ("a:b", "a:b"),
            ("a:", "'a:'"),
            ("a #b", "'a #b'"),
            ("a#b", "a#b"),
            ("*x", "'*x'"),
            ("{a}", "'{a}'"),
            ("@x", "'@x'"),
            ("it's", "it's"),
            ("'q'", "'''q'''"),
            (" a", "' a'"),
            ("a ", "'a '"),
            ("---", "'---'"),
            ("데몬", "데몬"),
            ("a\tb", "\"a\\tb\""),
            ("🎉", "\"\\U0001F389\""),
            ("\u{feff}", "\"\\uFEFF\""),
            ("\u{7f}", "\"\\x7F\""),
            ("a\r\n", "\"a\\r\\n\""),
            ("a \nb", "\"a \\nb\""),
        ] {
            assert_eq!(to_yaml(&json!({"k": text})), format!("k: {yaml}\n"), "{text:?}");
        }
    }

    #[test]
    fn texts_with_line_breaks_are_blocks() {
        let value =
            json!({"a": "x\ny\n", "b": "x\n\n  y", "c": "x\n\n", "d": "\nx\n", "e": ["x\ny"], "f": "\n"});
        expect![[r#"
            a: |
              x
              y
            b: |-
              x

                y
            c: |+
              x

            d: |2

              x
            e:
            - |-
              x
              y
            f: |2+

        "#]]
        .assert_eq(&to_yaml(&value));
    }

    #[test]
    fn long_texts_are_folded_behind_column_80() {
        let words = "word ".repeat(30).trim_end().to_owned();
        let value = json!({"plain": words, "quoted": format!("'{words}"), "double": format!("{words}\t")});
        expect![[r#"
            double: "word word word word word word word word word word word word word word word
              word word word word word word word word word word word word word word word\t"
            plain: word word word word word word word word word word word word word word word
              word word word word word word word word word word word word word word word
            quoted: '''word word word word word word word word word word word word word word word
              word word word word word word word word word word word word word word word'
        "#]]
        .assert_eq(&to_yaml(&value));
    }

    #[test]
    fn long_keys_stand_behind_a_question_mark() {
        let key = "k".repeat(129);
        assert_eq!(to_yaml(&json!({ key.clone(): 1 })), format!("? {key}\n: 1\n"));
        assert_eq!(to_yaml(&json!({"yes": 1, "a b": 2})), "a b: 2\n\"yes\": 1\n");
    }

    #[test]
    fn numbers_are_go_s() {
        let value = json!([1.5, 3.0, 1e21, 1e-7, -5, u64::MAX]);
        assert_eq!(to_yaml(&value), "- 1.5\n- 3\n- 1e+21\n- 1e-07\n- -5\n- 18446744073709551615\n");
    }

    #[test]
    fn next_lines_are_folded_as_kubectl_does() {
        let value = json!(["\u{85}", "a \u{85} b", "a\u{85}\u{85}b", {"k\u{85}": 1}]);
        assert_eq!(to_yaml(&value), "- ' '\n- a b\n- |-\n  a\n  b\n- 'k ': 1\n");
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            "\\PC{0,20}",
            "[ \\n\\t:#'\"a-c\\-]{0,30}",
            "[0-9yYnNoeE.:_+-]{0,8}",
            "([a-z]{1,9} {1,2}){0,40}",
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1000i32..1000).prop_map(|n| json!(f64::from(n) + 0.5)),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(text.clone(), inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(value in any_value()) {
            let text = to_yaml(&json!({"value": value}));
            // go-yaml writes this key bare, and reads it as a merge.
            prop_assume!(!text.contains("<<:"));
            let read = read_documents(text.as_bytes(), Reader::Kubelet);
            prop_assert_eq!(&read.error, &None, "{}", text);
            prop_assert_eq!(&read.documents[0].tree.to_value()["value"], &value, "{}", text);
        }
    }
}

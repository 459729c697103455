//! Objects as KYAML: YAML in braces, with every string in quotes.
//!
//! Kubernetes: cli-runtime/pkg/printers/kyaml.go; sigs.k8s.io/yaml/kyaml (kyaml.go).

use serde_json::Value;

use golang::json::marshal_float;
use golang::strconv::is_print;

/// A whole document, with the line that begins it.
pub(crate) fn kyaml(value: &Value) -> String {
    let mut out = "---\n".to_owned();
    render(value, 0, &mut out);
    out.push('\n');
    out
}

fn render(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::String(text) => render_string(text, indent + 1, true, out),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Array(items) => render_sequence(items, indent, out),
        Value::Object(map) if map.is_empty() => out.push_str("{}"),
        Value::Object(map) => {
            out.push_str("{\n");
            for (key, value) in map {
                write_indent(indent + 1, out);
                match needs_quotes(key) {
                    true => render_string(key, indent + 1, false, out),
                    false => out.push_str(key),
                }
                out.push_str(": ");
                render(value, indent + 1, out);
                out.push_str(",\n");
            }
            write_indent(indent, out);
            out.push('}');
        }
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => out.push_str(&marshal_float(float)),
            _ => out.push_str(&number.to_string()),
        },
        Value::Bool(_) | Value::Null => out.push_str(&value.to_string()),
    }
}

/// Lists and maps begin on the line of the bracket where nothing else is in the list.
fn render_sequence(items: &[Value], indent: usize, out: &mut String) {
    if items.iter().all(|item| item.is_array() || item.is_object()) {
        out.push('[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                out.push_str(", ");
            }
            render(item, indent, out);
        }
        out.push(']');
        return;
    }
    out.push_str("[\n");
    for item in items {
        write_indent(indent + 1, out);
        render(item, indent + 1, out);
        out.push_str(",\n");
    }
    write_indent(indent, out);
    out.push(']');
}

fn write_indent(level: usize, out: &mut String) {
    (0..level).for_each(|_| out.push_str("  "));
}

/// A text in quotes. With `fold`, one of several lines is laid out as such, each line ending with a backslash.
fn render_string(text: &str, indent: usize, fold: bool, out: &mut String) {
    const FOLD: &str = "\\\n";
    let fold_lines = fold && text.contains('\n');
    out.push('"');
    if fold_lines {
        out.push_str(FOLD);
    }
    for c in text.chars() {
        if fold_lines && out.ends_with('\n') {
            write_indent(indent, out);
            // White space at the beginning of a line would be dropped by whoever reads it.
            out.push(if c.is_whitespace() && c != '\n' { '\\' } else { ' ' });
        }
        match c {
            '\n' if fold => {
                out.push_str("\\n");
                out.push_str(FOLD);
            }
            '\t' if fold => out.push('\t'),
            other => escape(other, out),
        }
    }
    if fold_lines {
        if !out.ends_with('\n') {
            out.push_str(FOLD);
        }
        write_indent(indent, out);
    }
    out.push('"');
}

fn escape(c: char, out: &mut String) {
    let short = match c {
        '"' | '\\' => {
            out.push('\\');
            return out.push(c);
        }
        c if is_print(c) => return out.push(c),
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\u{c}' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\u{b}' => "\\v",
        '\0' => "\\0",
        '\u{1b}' => "\\e",
        '\u{85}' => "\\N",
        '\u{a0}' => "\\_",
        '\u{2028}' => "\\L",
        '\u{2029}' => "\\P",
        _ => "",
    };
    let code = u32::from(c);
    match code {
        _ if !short.is_empty() => out.push_str(short),
        0..0x20 | 0x7f => out.push_str(&format!("\\x{code:02x}")),
        ..0x10000 => out.push_str(&format!("\\u{code:04x}")),
        _ => out.push_str(&format!("\\U{code:08x}")),
    }
}

/// Whether a key has to stand in quotes.
fn needs_quotes(key: &str) -> bool {
    let last = key.chars().count().saturating_sub(1);
    let bare = |(at, c): (usize, char)| {
        c.is_alphanumeric() || c == '_' || (at > 0 && at < last && matches!(c, '-' | '.' | '/'))
    };
    key.is_empty() || is_type_ambiguous(key) || !key.chars().enumerate().all(bare)
}

/// Whether a reader of YAML could take the word for something else than a string.
fn is_type_ambiguous(word: &str) -> bool {
    let small = word.to_lowercase();
    let named =
        ["null", "~", "true", "t", "y", "yes", "on", "false", "f", "n", "no", "off", "inf", "infinity"];
    if named.contains(&small.as_str()) || matches!(small.as_str(), "nan" | ".inf" | ".nan" | "0" | "1") {
        return true;
    }
    let digits = small.replace('_', "");
    let number = digits.strip_prefix(['+', '-']).unwrap_or(&digits);
    let of_base = |prefix: &str, radix: u32| {
        number.strip_prefix(prefix).is_some_and(|rest| i64::from_str_radix(rest, radix).is_ok())
    };
    let float = number.starts_with(|c: char| c.is_ascii_digit() || c == '.') && number.parse::<f64>().is_ok();
    float || of_base("0x", 16) || of_base("0o", 8) || of_base("0b", 2) || is_date(word)
}

/// `2026-01-31`, also with short months and days.
fn is_date(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    let short = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()) && short(month) && short(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_is_laid_out_as_kubectl_lays_it_out() {
        let value = json!({
            "a": {"b": [], "c": {}, "d-e/f": ["x", 1, true, null], "no": "yes", "1": 1.5},
            "items": [{"k": "one"}, {"k": "a\n  b\tc\n"}],
            "text": "say \"hi\" \\ \u{0}",
        });
        let expected = r#"---
{
  a: {
    "1": 1.5,
    b: [],
    c: {},
    d-e/f: [
      "x",
      1,
      true,
      null,
    ],
    "no": "yes",
  },
  items: [{
    k: "one",
  }, {
    k: "\
       a\n\
      \  b	c\n\
      ",
  }],
  text: "say \"hi\" \\ \0",
}
"#;
        assert_eq!(kyaml(&value), expected);
    }
}

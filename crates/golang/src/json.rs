//! Go's encoding/json: keys in order, `<`, `>` and `&` escaped, floats in its own form.

use serde_json::{Map, Number, Value};

use super::value::GoValue;

/// Compact, as `json.Marshal` writes it.
pub fn marshal(value: &Value) -> String {
    let mut out = String::new();
    write(value, None, 0, &mut out);
    out
}

/// As `json.MarshalIndent` writes it; `indent` is put before each level: four spaces, or two.
pub fn marshal_indent(value: &Value, indent: &str) -> String {
    let mut out = String::new();
    write(value, Some(indent), 0, &mut out);
    out
}

/// As [`marshal`], of a value of any kind.
pub fn marshal_value(value: &GoValue<'_>) -> String {
    let mut out = String::new();
    write_value(value, None, 0, &mut out);
    out
}

/// As [`marshal_indent`] with four spaces, of a list of values.
pub fn marshal_indent_values(values: &[GoValue<'_>]) -> String {
    let mut out = String::new();
    write_list(values.iter().cloned(), Some("    "), 0, &mut out);
    out
}

fn new_line(indent: Option<&str>, level: usize, out: &mut String) {
    if let Some(indent) = indent {
        out.push('\n');
        out.extend(std::iter::repeat_n(indent, level));
    }
}

fn write(value: &Value, indent: Option<&str>, level: usize, out: &mut String) {
    match value {
        Value::Array(list) => write_list(list.iter().map(GoValue::from), indent, level, out),
        Value::Object(map) => write_map(map, indent, level, out),
        Value::String(text) => string(text, out),
        Value::Number(number) => self::number(number, out),
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
    }
}

fn write_value(value: &GoValue<'_>, indent: Option<&str>, level: usize, out: &mut String) {
    match value {
        GoValue::List(list) => write_list(list.iter().map(GoValue::from), indent, level, out),
        GoValue::Map(map) => write_map(map, indent, level, out),
        GoValue::String(text) => string(text, out),
        GoValue::Float(number) => float(*number, out),
        GoValue::Invalid | GoValue::Nil => out.push_str("null"),
        plain => out.push_str(&plain.sprint()),
    }
}

fn write_list<'v>(
    values: impl Iterator<Item = GoValue<'v>>,
    indent: Option<&str>,
    level: usize,
    out: &mut String,
) {
    out.push('[');
    let mut any = false;
    for value in values {
        if any {
            out.push(',');
        }
        any = true;
        new_line(indent, level + 1, out);
        write_value(&value, indent, level + 1, out);
    }
    if any {
        new_line(indent, level, out);
    }
    out.push(']');
}

fn write_map(map: &Map<String, Value>, indent: Option<&str>, level: usize, out: &mut String) {
    out.push('{');
    for (at, (key, value)) in map.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        new_line(indent, level + 1, out);
        string(key, out);
        out.push_str(if indent.is_some() { ": " } else { ":" });
        write(value, indent, level + 1, out);
    }
    if !map.is_empty() {
        new_line(indent, level, out);
    }
    out.push('}');
}

fn string(text: &str, out: &mut String) {
    for c in Value::from(text).to_string().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
}

fn number(number: &Number, out: &mut String) {
    match number.as_i64() {
        Some(whole) => out.push_str(&whole.to_string()),
        None => float(number.as_f64().unwrap_or_default(), out),
    }
}

/// A float as it stands in JSON: an exponent only below 1e-6 and from 1e21 on.
pub fn marshal_float(number: f64) -> String {
    let mut out = String::new();
    float(number, &mut out);
    out
}

/// Go: encoding/json/encode.go, floatEncoder.encode.
fn float(number: f64, out: &mut String) {
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = super::strconv::format_float(number, 'e', None);
        // e-09 becomes e-9.
        match text.split_once("e-0") {
            Some((mantissa, exponent)) => out.push_str(&format!("{mantissa}e-{exponent}")),
            None => out.push_str(&text),
        }
    } else {
        out.push_str(&super::strconv::format_float(number, 'f', None));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_is_written_as_go_writes_it() {
        let value = json!({"b": [1, {"c": []}, 1.0, 1e21, 1e-7, 1e20], "a": "<x>&\"y\"", "d": {}});
        assert_eq!(
            marshal(&value),
            "{\"a\":\"\\u003cx\\u003e\\u0026\\\"y\\\"\",\
             \"b\":[1,{\"c\":[]},1,1e+21,1e-7,100000000000000000000],\"d\":{}}"
        );
        assert_eq!(
            marshal_indent(&json!({"b": [1, {"c": []}]}), "    "),
            "{\n    \"b\": [\n        1,\n        {\n            \"c\": []\n        }\n    ]\n}"
        );
        assert_eq!(marshal_indent_values(&[]), "[]");
    }
}

//! Values as Go's `fmt` writes them in messages (`%#v`), and floats as go-yaml does.

use std::fmt::Write as _;

use golang::strconv::quote;
use serde_json::Number;

use super::node::{MapItem, Node, NodeValue};

/// Messages are for reading: a value is cut here.
const LONGEST_VALUE: usize = 16 * 1024;

/// A value as Go's `%#v` has it: `map[interface {}]interface {}{"a":interface {}(nil)}`.
pub(super) fn value(node: &Node) -> String {
    if node.is_null() {
        return "<nil>".to_owned();
    }
    let mut text = String::new();
    write_value(&mut text, node);
    if text.len() >= LONGEST_VALUE {
        let mut end = LONGEST_VALUE;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push('…');
    }
    text
}

fn write_value(out: &mut String, node: &Node) {
    if out.len() >= LONGEST_VALUE {
        return;
    }
    match &node.resolved().value {
        NodeValue::Null => out.push_str("interface {}(nil)"),
        NodeValue::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        NodeValue::Number(n) if n.is_f64() => out.push_str(&float64(n.as_f64().unwrap_or_default())),
        NodeValue::Number(n) if n.is_i64() => _ = write!(out, "{n}"),
        NodeValue::Number(n) => _ = write!(out, "{:#x}", n.as_u64().unwrap_or_default()),
        NodeValue::String(s) => out.push_str(&quote(s)),
        NodeValue::List(items) => {
            out.push_str("[]interface {}{");
            write_separated(out, items, write_value);
            out.push('}');
        }
        NodeValue::Map(entries) => {
            out.push_str("map[interface {}]interface {}{");
            // fmt sorts keys; of those of different types Go's order depends on where the types lie.
            let mut entries: Vec<&MapItem> = entries.iter().collect();
            if entries.iter().all(|entry| entry.key_is_string) {
                entries.sort_by(|a, b| a.key.cmp(&b.key));
            }
            write_separated(out, &entries, |out, entry| {
                match (entry.key_is_string, entry.key.as_str()) {
                    (true, key) => out.push_str(&quote(key)),
                    (false, "null") => out.push_str("interface {}(nil)"),
                    (false, key) => out.push_str(key),
                }
                out.push(':');
                write_value(out, &entry.value);
            });
            out.push('}');
        }
        NodeValue::Shared(_) => {}
    }
}

fn write_separated<T>(out: &mut String, parts: &[T], mut write: impl FnMut(&mut String, &T)) {
    for (i, part) in parts.iter().enumerate() {
        if out.len() >= LONGEST_VALUE {
            return;
        }
        if i > 0 {
            out.push_str(", ");
        }
        write(out, part);
    }
}

/// `strconv.FormatFloat(f, 'g', -1, 64)`, with go-yaml's names for what is no number.
pub(super) fn float64(f: f64) -> String {
    // Of two shortest forms Go and serde_json take the even one, Rust's own formatting the larger.
    match Number::from_f64(f) {
        Some(number) => general(f, &scientific(&number.to_string())),
        None => general(f, ""),
    }
}

/// The same in the precision of 32 bits, as sigs.k8s.io/yaml writes keys.
pub(super) fn float32(f: f64) -> String {
    general(f, &format!("{:e}", f as f32))
}

/// `582285714285714.2` → `5.822857142857142e14`.
fn scientific(text: &str) -> String {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0');
    let zeros = all.len() - digits.len();
    let exponent = exponent.parse::<i64>().unwrap_or_default() + whole.len() as i64 - 1 - zeros as i64;
    match digits.trim_end_matches('0').split_at_checked(1) {
        None => "0e0".to_owned(),
        Some((first, "")) => format!("{sign}{first}e{exponent}"),
        Some((first, rest)) => format!("{sign}{first}.{rest}e{exponent}"),
    }
}

fn general(f: f64, scientific: &str) -> String {
    if f.is_nan() {
        return ".nan".to_owned();
    }
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return if f > 0.0 { ".inf".to_owned() } else { "-.inf".to_owned() };
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat((-exponent - 1) as usize));
    }
    let whole = exponent as usize + 1;
    match digits.get(..whole) {
        Some(head) if digits.len() > whole => format!("{sign}{head}.{}", &digits[whole..]),
        _ => format!("{sign}{digits}{}", "0".repeat(whole - digits.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_short_and_turn_to_exponents_at_a_million() {
        for (f, text) in [
            (1.5, "1.5"),
            (-0.25, "-0.25"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (100000.0, "100000"),
            (1000000.0, "1e+06"),
            (1234567.5, "1.2345675e+06"),
            (12.375, "12.375"),
            (1e300, "1e+300"),
            (4658285714285714.0 / 8.0, "5.822857142857142e+14"),
            (1200000.5, "1.2000005e+06"),
            (0.05, "0.05"),
            (-1e-9, "-1e-09"),
            (0.0, "0"),
            (f64::INFINITY, ".inf"),
            (f64::NEG_INFINITY, "-.inf"),
            (f64::NAN, ".nan"),
        ] {
            assert_eq!(float64(f), text);
        }
        assert_eq!(float32(0.1), "0.1");
    }
}

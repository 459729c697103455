//! awk's values: texts, numbers, and texts from outside that look like numbers.

use std::rc::Rc;

use crate::shell::float_text;

#[derive(Clone, Debug)]
pub(super) enum Value {
    Unset,
    Number(f64),
    Text(Rc<str>),
    /// A text of the input that is a number, too.
    Both(Rc<str>, f64),
}

impl Value {
    /// What comes from outside: a field, a variable of the command line.
    pub(super) fn input(text: &str) -> Value {
        let trimmed = text.trim();
        match whole_number(trimmed) {
            Some(number) => Value::Both(text.into(), number),
            None => Value::Text(text.into()),
        }
    }

    pub(super) fn text(&self) -> Rc<str> {
        match self {
            Value::Unset => "".into(),
            Value::Number(number) => number_text(*number).into(),
            Value::Text(text) | Value::Both(text, _) => text.clone(),
        }
    }

    pub(super) fn number(&self) -> f64 {
        match self {
            Value::Unset => 0.0,
            Value::Number(number) | Value::Both(_, number) => *number,
            Value::Text(text) => leading_number(text),
        }
    }

    pub(super) fn holds(&self) -> bool {
        match self {
            Value::Unset => false,
            Value::Number(number) | Value::Both(_, number) => *number != 0.0,
            Value::Text(text) => !text.is_empty(),
        }
    }

    /// Numbers are compared as numbers; as soon as one side is a text, both are.
    pub(super) fn compare(&self, other: &Value) -> std::cmp::Ordering {
        match (self, other) {
            (Value::Text(_), _) | (_, Value::Text(_)) => self.text().cmp(&other.text()),
            _ => self.number().partial_cmp(&other.number()).unwrap_or(std::cmp::Ordering::Equal),
        }
    }
}

/// `%d` for whole numbers, `%.6g` for others.
pub(super) fn number_text(number: f64) -> String {
    if number == number.trunc() && number.abs() < 1e16 {
        return format!("{}", number as i64);
    }
    match number {
        number if number.is_nan() => "nan".to_owned(),
        number if number.is_infinite() => if number > 0.0 { "inf" } else { "-inf" }.to_owned(),
        number => float_text(number, 'g', None),
    }
}

fn whole_number(text: &str) -> Option<f64> {
    let plain = text.strip_prefix(['+', '-']).unwrap_or(text);
    // Rust reads words as numbers, awk does not.
    let starts = plain.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if !starts { None } else { text.parse().ok() }
}

/// The number that a text begins with; 0 if there is none.
fn leading_number(text: &str) -> f64 {
    let text = text.trim_start();
    let bytes = text.as_bytes();
    let mut end = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let mut dot = false;
    while let Some(byte) = bytes.get(end) {
        match byte {
            b'0'..=b'9' => {}
            b'.' if !dot => dot = true,
            _ => break,
        }
        end += 1;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let signed = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let digits = bytes
            .get(end + 1 + signed..)
            .unwrap_or_default()
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count();
        if digits > 0 {
            end += 1 + signed + digits;
        }
    }
    text.get(..end).and_then(|text| text.parse().ok()).unwrap_or(0.0)
}

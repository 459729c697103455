//! Comparing, and collecting what does not hold.

use std::fmt::Debug;

use serde_json::Value;

/// What does not hold.
#[derive(Debug, Default)]
pub struct Complaints(Vec<String>);

impl Complaints {
    pub fn say(&mut self, what: String) {
        self.0.push(what);
    }

    pub fn same<T: PartialEq + Debug>(&mut self, what: &str, expected: &T, got: &T) {
        if expected != got {
            self.say(format!("{what}: expected {expected:?}, got {got:?}"));
        }
    }

    pub fn holds(&mut self, what: &str, holds: bool) {
        if !holds {
            self.say(what.to_owned());
        }
    }

    /// Every piece is in the text.
    pub fn contains(&mut self, what: &str, pieces: &Value, text: &str) {
        for piece in strings(pieces).iter().filter(|piece| !text.contains(piece.as_str())) {
            self.say(format!("{what}: expected a piece {piece:?}, got {text:?}"));
        }
    }

    pub fn into_list(self) -> Vec<String> {
        self.0
    }
}

/// The strings of a list; of a string, itself.
pub fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

pub fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list
}

/// Whether all that `expected` names is in `got` just so; maps may have more keys.
pub fn is_part_of(expected: &Value, got: &Value) -> bool {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => {
            expected.iter().all(|(key, value)| is_part_of(value, got.get(key).unwrap_or(&Value::Null)))
        }
        (Value::Array(expected), Value::Array(got)) => {
            expected.len() == got.len() && expected.iter().zip(got).all(|(a, b)| is_part_of(a, b))
        }
        (expected, got) => expected == got,
    }
}

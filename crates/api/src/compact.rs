//! JSON that is kept and seldom looked at: as text, a fraction of what its tree would take.

use std::rc::Rc;

use serde_json::Value;

/// A JSON value as text, in the order in which a tree writes itself: equal values are equal texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compact(Rc<str>);

impl Compact {
    /// Packs a value.
    pub fn new(value: &Value) -> Compact {
        Compact(value.to_string().into())
    }

    /// The tree again. O(its size).
    pub fn value(&self) -> Value {
        // The text was written by `new`, so it reads.
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_survives() {
        let value = json!({"b": [1, "ü\0", null], "a": {"x": 1.5, "y": -3}});
        assert_eq!(Compact::new(&value).value(), value);
        assert_eq!(Compact::new(&json!({"a": 1, "b": 2})), Compact::new(&json!({"b": 2, "a": 1})));
    }
}

//! A value as Go's reflection sees it in a decoded object.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// A decoded JSON value, a part of one, or what an expression made of it.
#[derive(Clone, Debug, PartialEq)]
pub enum GoValue<'v> {
    /// The zero `reflect.Value`: there is nothing.
    Invalid,
    /// A nil interface: JSON's null.
    Nil,
    /// A bool.
    Bool(bool),
    /// An `int`: a length, an index, a number in a template.
    Int(i64),
    /// A whole number of an object.
    Int64(i64),
    /// A `byte`: one of a string's.
    Uint8(u8),
    /// A float64.
    Float(f64),
    /// A string.
    String(Cow<'v, str>),
    /// A slice of an object's values.
    List(&'v [Value]),
    /// A map of an object's values.
    Map(&'v Map<String, Value>),
}

impl<'v> From<&'v Value> for GoValue<'v> {
    fn from(value: &'v Value) -> Self {
        match value {
            Value::Null => Self::Nil,
            Value::Bool(flag) => Self::Bool(*flag),
            // What an int64 does not hold is a float64 to Kubernetes' decoder.
            Value::Number(number) => {
                number.as_i64().map_or_else(|| Self::Float(number.as_f64().unwrap_or_default()), Self::Int64)
            }
            Value::String(text) => Self::String(Cow::Borrowed(text)),
            Value::Array(list) => Self::List(list),
            Value::Object(map) => Self::Map(map),
        }
    }
}

impl<'v> GoValue<'v> {
    /// A string.
    pub fn text(text: impl Into<Cow<'v, str>>) -> Self {
        Self::String(text.into())
    }

    /// The dynamic type's name (`%T`).
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Invalid | Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Int64(_) => "int64",
            Self::Uint8(_) => "uint8",
            Self::Float(_) => "float64",
            Self::String(_) => "string",
            Self::List(_) => "[]interface {}",
            Self::Map(_) => "map[string]interface {}",
        }
    }

    /// A whole number of either kind.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) | Self::Int64(number) => Some(*number),
            Self::Uint8(byte) => Some(i64::from(*byte)),
            _ => None,
        }
    }

    /// The members of a list or map, or the bytes of a string.
    pub fn elements(&self) -> Vec<GoValue<'v>> {
        match self {
            Self::List(list) => list.iter().map(GoValue::from).collect(),
            Self::Map(map) => map.values().map(GoValue::from).collect(),
            Self::String(text) => text.bytes().map(GoValue::Uint8).collect(),
            _ => Vec::new(),
        }
    }

    /// As `fmt.Sprint` prints it (`%v`).
    pub fn sprint(&self) -> String {
        let mut out = String::new();
        self.write_plain(&mut out);
        out
    }

    fn write_plain(&self, out: &mut String) {
        match self {
            Self::Invalid => out.push_str("<invalid reflect.Value>"),
            Self::Nil => out.push_str("<nil>"),
            Self::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Self::Int(number) | Self::Int64(number) => out.push_str(&number.to_string()),
            Self::Uint8(byte) => out.push_str(&byte.to_string()),
            Self::Float(number) => out.push_str(&super::strconv::format_float(*number, 'g', None)),
            Self::String(text) => out.push_str(text),
            Self::List(list) => {
                out.push('[');
                for (at, item) in list.iter().enumerate() {
                    if at > 0 {
                        out.push(' ');
                    }
                    GoValue::from(item).write_plain(out);
                }
                out.push(']');
            }
            Self::Map(map) => {
                out.push_str("map[");
                for (at, (key, item)) in map.iter().enumerate() {
                    if at > 0 {
                        out.push(' ');
                    }
                    out.push_str(key);
                    out.push(':');
                    GoValue::from(item).write_plain(out);
                }
                out.push(']');
            }
        }
    }

    /// As `%#v` prints it.
    pub fn go_syntax(&self) -> String {
        match self {
            Self::Invalid => "<invalid reflect.Value>".to_owned(),
            Self::Nil => "<nil>".to_owned(),
            Self::Uint8(byte) => format!("{byte:#x}"),
            Self::String(text) => super::strconv::quote(text),
            Self::List(list) => {
                let items: Vec<String> = list.iter().map(member_syntax).collect();
                format!("{}{{{}}}", self.type_name(), items.join(", "))
            }
            Self::Map(map) => {
                let items: Vec<String> = map
                    .iter()
                    .map(|(key, item)| format!("{}:{}", super::strconv::quote(key), member_syntax(item)))
                    .collect();
                format!("{}{{{}}}", self.type_name(), items.join(", "))
            }
            plain => plain.sprint(),
        }
    }
}

/// A null inside a list or map shows its static type.
fn member_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        value => GoValue::from(value).go_syntax(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_print_as_fmt_prints_them() {
        let value = json!({"b": [1, 2.5, null, "x"], "a": {}, "c": 1e6, "d": true, "e": []});
        assert_eq!(GoValue::from(&value).sprint(), "map[a:map[] b:[1 2.5 <nil> x] c:1e+06 d:true e:[]]");
        assert_eq!(
            GoValue::from(&json!({"items": [], "n": null, "a": ["x", 1, true]})).go_syntax(),
            "map[string]interface {}{\"a\":[]interface {}{\"x\", 1, true}, \"items\":[]interface {}{}, \
             \"n\":interface {}(nil)}"
        );
        assert_eq!(GoValue::from(&json!(u64::MAX)).sprint(), "1.8446744073709552e+19");
    }
}

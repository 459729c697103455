//! What is said of a value of the wrong type.

use api::schema::Type;
use golang::json::marshal_float;
use serde_json::{Number, Value};
use yaml::Path;

use super::super::go_types;
use super::{DecodeError, Decoder, Form, PathElement};

/// The converter's words for a value of the wrong sort.
pub(super) fn unstructured_mismatch(value: &Value, ty: &Type, named: Option<&'static str>) -> String {
    let given = match value {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Number(n) if n.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
    };
    match (ty, given) {
        (Type::Struct(_), _) => format!("cannot restore struct from: {given}"),
        (Type::Map(_), _) => format!("cannot restore map from {given}"),
        (Type::List(_) | Type::Bytes, _) => format!("cannot restore slice from {given}"),
        // Go would make a character of a number, which the converter refuses.
        (Type::String, "int64") => format!("cannot convert int64 to {}", go_types::name(ty, named)),
        (Type::String, _) => "unrecognized type: string".to_owned(),
        _ => format!("unrecognized type: {}", go_types::name(ty, None)),
    }
}

/// A value's kind as Go's JSON decoder names it.
pub fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A number as Go's JSON encoder wrote it on the way here.
pub(in super::super) fn json_number(n: &Number) -> String {
    match n.as_f64() {
        Some(f) if n.is_f64() => marshal_float(f),
        _ => n.to_string(),
    }
}

pub(super) fn help_for(value: &Value, ty: &Type) -> Option<String> {
    let help = match (ty, value) {
        (Type::String, Value::Number(_) | Value::Bool(_)) => {
            let shown = match value {
                Value::Bool(_) => "true, no or y".to_owned(),
                other => other.to_string(),
            };
            format!("Without quotes, {shown} is no string in YAML: put the value in quotes.")
        }
        (Type::Bool, Value::String(text)) if matches!(text.as_str(), "true" | "false") => {
            "Leave the quotes out.".to_owned()
        }
        (Type::Int32 | Type::Int64, Value::String(text)) if text.parse::<i64>().is_ok() => {
            "Leave the quotes out.".to_owned()
        }
        (Type::List(_), Value::Object(_)) => "A list is wanted: begin each item with a dash.".to_owned(),
        (Type::Struct(_) | Type::Map(_), Value::Array(_)) => {
            "Fields are wanted here, not a list: leave the dash out.".to_owned()
        }
        _ => return None,
    };
    Some(help)
}

impl Decoder {
    // --- mistakes ---

    /// Go's words: the innermost struct, then all fields on the way, without indexes and keys.
    pub(super) fn mismatch_message(&self, what: &str, ty: &str) -> String {
        match self.within.filter(|_| self.form != Form::Unstructured) {
            None => format!("json: cannot unmarshal {what} into Go value of type {ty}"),
            Some(name) => {
                let field = |step: &PathElement| match step {
                    PathElement::Field(name) | PathElement::Embedded(name) => Some(*name),
                    PathElement::Key(_) | PathElement::Index(_) => None,
                };
                let fields: Vec<&str> = self.steps.iter().filter_map(field).collect();
                let fields = fields.join(".");
                format!("json: cannot unmarshal {what} into Go struct field {name}.{fields} of type {ty}")
            }
        }
    }

    pub(super) fn mismatch(&mut self, what: &str, ty: &str, help: Option<String>) {
        self.save(self.mismatch_message(what, ty), help);
    }

    pub(super) fn save(&mut self, message: String, help: Option<String>) {
        if self.saved.is_none() {
            self.saved = Some(self.mistake(message, help));
        }
    }

    pub(super) fn mistake(&self, message: String, help: Option<String>) -> DecodeError {
        let mut path = Path::default();
        for step in &self.steps {
            match step {
                PathElement::Field(name) => path.push_name(name),
                PathElement::Embedded(_) => {}
                PathElement::Key(key) => path.push_key(key),
                PathElement::Index(index) => path.push_index(*index),
            }
        }
        DecodeError { message, path: path.to_string(), help }
    }

    /// The path as the decoder's own messages have it: keys follow a dot, as fields do.
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.steps {
            match step {
                PathElement::Embedded(_) => {}
                // The converter passes over the keys of maps.
                PathElement::Key(_) if self.form == Form::Unstructured => {}
                PathElement::Index(index) => path.push_str(&format!("[{index}]")),
                PathElement::Field(_) | PathElement::Key(_) if path.is_empty() => path.push_str(step.name()),
                PathElement::Field(_) | PathElement::Key(_) => {
                    path.push('.');
                    path.push_str(step.name());
                }
            }
        }
        path
    }
}

//! Values that hold no others: numbers, bytes, quantities, times.

use api::quantity::{self, ParseQuantityError};
use api::schema::Type;
use golang::base64;
use serde_json::{Number, Value};

use super::super::{go_time, go_types};
use super::mismatch::{help_for, json_kind, json_number, unstructured_mismatch};
use super::{Decoder, Form, Result};

/// The first whole number that no int64 holds: 2⁶³.
const INT64_END: f64 = 9_223_372_036_854_775_808.0;

/// What a whole number of a patch becomes: Go's conversions wrap around, and on amd64 a float that is out of
/// range becomes the least number.
fn converted_integer(n: &Number, ty: &Type) -> Option<i64> {
    let in_range = -(2f64.powi(63))..2f64.powi(63);
    let of_float = |f: f64| if in_range.contains(&f) { f as i64 } else { i64::MIN };
    let wide = n.as_i64().or_else(|| n.as_f64().filter(|f| f.fract() == 0.0).map(of_float))?;
    Some(if *ty == Type::Int32 { i64::from(wide as i32) } else { wide })
}

/// Whole numbers beyond int64 become floats, as in every object that kubectl reads.
///
/// Kubernetes: apimachinery/pkg/util/json/json.go.
pub fn widen_integers(value: &mut Value) {
    match value {
        Value::Number(n) if n.is_u64() && !n.is_i64() => {
            if let Some(float) = n.as_f64().and_then(Number::from_f64) {
                *n = float;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(widen_integers),
        Value::Object(map) => map.values_mut().for_each(widen_integers),
        _ => {}
    }
}

impl Decoder {
    /// A value that holds no others, or one of the wrong type. Apart from [`Decoder::value`], whose frames lie on
    /// the stack once for each level.
    pub(super) fn leaf(
        &mut self,
        value: &Value,
        ty: &Type,
        named: Option<&'static str>,
    ) -> Result<Option<Value>> {
        match (ty, value) {
            (Type::Any, _) | (Type::String, Value::String(_)) | (Type::Bool, Value::Bool(_)) => {
                Ok(Some(value.clone()))
            }
            (Type::Int32 | Type::Int64, Value::Number(n)) if self.form == Form::Unstructured => {
                match converted_integer(n, ty) {
                    Some(n) => Ok(Some(n.into())),
                    None => {
                        let ty = go_types::name(ty, None);
                        Err(self.mistake(format!("cannot convert float64 to {ty}"), None))
                    }
                }
            }
            (Type::Int32, Value::Number(n)) => {
                Ok(self.integer(n, ty, i64::from(i32::MIN), i64::from(i32::MAX)))
            }
            (Type::Int64, Value::Number(n)) => Ok(self.integer(n, ty, i64::MIN, i64::MAX)),
            (Type::Float64, Value::Number(_)) => Ok(Some(value.clone())),
            (Type::Bytes, Value::String(text)) => Ok(self.bytes(text)),
            (Type::Quantity, _) => self.quantity(value).map(Some),
            (Type::IntOrString, Value::String(_)) => Ok(Some(value.clone())),
            (Type::IntOrString, _) => self.int_or_string(value).map(Some),
            (Type::Time | Type::MicroTime, _) => self.time(value, *ty == Type::MicroTime).map(Some),
            _ if self.form == Form::Unstructured => {
                Err(self.mistake(unstructured_mismatch(value, ty, named), help_for(value, ty)))
            }
            _ => {
                self.mismatch(json_kind(value), &go_types::name(ty, named), help_for(value, ty));
                Ok(None)
            }
        }
    }

    fn integer(&mut self, n: &Number, ty: &Type, least: i64, most: i64) -> Option<Value> {
        match n.as_i64().filter(|n| (least..=most).contains(n)) {
            Some(n) => Some(n.into()),
            None => {
                let name = go_types::name(ty, None);
                // YAML has whole numbers up to 2⁶⁴; only the step behind this one makes floats of those beyond int64.
                let text = match n.as_f64() {
                    Some(f) if self.form == Form::Document && (INT64_END..INT64_END * 2.0).contains(&f) => {
                        format!("{f:.0}")
                    }
                    _ => json_number(n),
                };
                self.mismatch(&format!("number {text}"), &name, None);
                None
            }
        }
    }

    fn bytes(&mut self, text: &str) -> Option<Value> {
        match base64::decode(text) {
            Ok(_) => Some(text.replace(['\r', '\n'], "").into()),
            Err(error) => {
                let help =
                    Some("Values under data are base64; plain text belongs under stringData.".to_owned());
                let start = match self.form {
                    Form::Json | Form::Document => "",
                    Form::Unstructured => "error decoding from json: ",
                };
                self.save(format!("{start}{error}"), help);
                None
            }
        }
    }

    pub(super) fn quantity(&mut self, value: &Value) -> Result<Value> {
        // Upstream reads the literal, in which an escape is no white space.
        let escaped = |c: char| c < ' ' || matches!(c, '"' | '\\' | '\u{2028}' | '\u{2029}');
        let canonical = match value {
            Value::String(text) if text.contains(escaped) => Err(ParseQuantityError::Format),
            Value::String(text) => quantity::canonicalize(text.trim()),
            Value::Number(number) => quantity::canonicalize(&json_number(number)),
            other => quantity::canonicalize(&other.to_string()),
        };
        match canonical {
            Ok(text) => Ok(text.into()),
            Err(error) => {
                let help = "Write an amount like 500m, 2 or 1.5Gi.".to_owned();
                Err(self.mistake(error.to_string(), Some(help)))
            }
        }
    }

    fn int_or_string(&mut self, value: &Value) -> Result<Value> {
        let what = match value {
            Value::Number(n) => match n.as_i64().filter(|n| i32::try_from(*n).is_ok()) {
                Some(n) => return Ok(n.into()),
                None => format!("number {}", json_number(n)),
            },
            other => json_kind(other).to_owned(),
        };
        Err(self.mistake(self.mismatch_message(&what, "int32"), None))
    }

    pub(super) fn time(&mut self, value: &Value, micro: bool) -> Result<Value> {
        let Value::String(text) = value else {
            return Err(self.mistake(self.mismatch_message(json_kind(value), "string"), None));
        };
        match go_time::check(text, micro) {
            Ok(()) => Ok(value.clone()),
            Err(message) => Err(self.mistake(message, None)),
        }
    }
}

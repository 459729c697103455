//! Topic defaults: what is filled in before validation.

use api::field::{FieldPath, Step};
use serde_json::Value;
use validation::defaults::set_defaults;

use crate::expect::known_keys;

pub fn run(case: &Value) -> Result<(), String> {
    let expect = &case["expect"];
    known_keys(expect, &["fields", "absent"])?;
    if let Some(check) = case["check"].as_str() {
        return Err(format!("unknown check {check}"));
    }
    let mut object = case["input"]["object"].clone();
    set_defaults(&mut object);
    if let Some(fields) = expect.get("fields") {
        contained(&FieldPath::root(), fields, &object)?;
    }
    for path in expect["absent"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let got = FieldPath::parse(path).steps().iter().fold(&object, |value, step| match step {
            Step::Child(name) => &value[&**name],
            Step::Key(key) => &value[key],
            Step::Index(index) => &value[index],
        });
        if !got.is_null() {
            return Err(format!("{path}: expected nothing, got {got}"));
        }
    }
    Ok(())
}

/// Whether all that is expected is there; lists must have the same length.
fn contained(path: &FieldPath, expected: &Value, got: &Value) -> Result<(), String> {
    match (expected, got) {
        (Value::Object(members), Value::Object(_)) => members
            .iter()
            .try_for_each(|(key, member)| contained(&path.child(key.clone()), member, &got[key])),
        (Value::Array(items), Value::Array(have)) if items.len() == have.len() => {
            let pairs = items.iter().zip(have).enumerate();
            pairs.into_iter().try_for_each(|(at, (item, have))| contained(&path.index(at), item, have))
        }
        _ if expected == got => Ok(()),
        _ => Err(format!("{path}: expected {expected}, got {got}")),
    }
}

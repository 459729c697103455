//! Comparing what came out with what a case expects, and refusing what a runner does not know.

use api::field::{FieldError, FieldPath};
use serde_json::Value;

/// Fails with both sides if they differ.
pub fn equal(what: &str, expected: &Value, got: &Value) -> Result<(), String> {
    if expected == got { Ok(()) } else { Err(format!("{what}: expected {expected}, got {got}")) }
}

/// Fails if an object has a member that its runner does not look at; `what` names the object.
pub fn known_keys(what: &str, object: &Value, known: &[&str]) -> Result<(), String> {
    match object.as_object().into_iter().flatten().find(|(key, _)| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some((key, _)) => Err(format!("unknown key {key} in {what}")),
    }
}

/// Whether a case needs a feature gate; fails if it is none of those that its topic knows.
pub fn needs(case: &Value, known: &[&str]) -> Result<bool, String> {
    let Some(needs) = case["needs"].as_str() else { return Ok(false) };
    // A remark may follow the name.
    match needs.split(' ').next().filter(|gate| known.contains(gate)) {
        Some(_) => Ok(true),
        None => Err(format!("unknown feature {needs}")),
    }
}

/// For topics and checks without variants: fails if the case names a check or a feature gate.
pub fn plain(case: &Value) -> Result<(), String> {
    if !case["check"].is_null() {
        return Err(format!("unknown check {}", case["check"]));
    }
    needs(case, &[]).map(drop)
}

/// The expected member, if the case has it.
pub fn member<'a>(expect: &'a Value, key: &str) -> Option<&'a Value> {
    expect.get(key)
}

/// The members of a list; none if there is no list.
pub fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Whether all that is expected is there; lists must have the same length.
pub fn contained(path: &FieldPath, expected: &Value, got: &Value) -> Result<(), String> {
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

/// Compares a list of field errors with `[{field, type, detail | detailContains}]`, in order.
pub fn errors(expected: &Value, got: &[FieldError]) -> Result<(), String> {
    let expected = expected.as_array().map_or(&[][..], Vec::as_slice);
    for error in expected {
        known_keys("an expected error", error, &["field", "type", "detail", "detailContains", "value"])?;
    }
    let holds = expected.len() == got.len() && expected.iter().zip(got).all(|(e, g)| error_holds(e, g));
    if holds {
        return Ok(());
    }
    let printed: Vec<String> = got.iter().map(|error| format!("\n    {error}")).collect();
    let wanted: Vec<String> = expected.iter().map(|error| format!("\n    {error}")).collect();
    Err(format!("\n  expected{}\n  got{}", wanted.concat(), printed.concat()))
}

fn error_holds(expected: &Value, got: &FieldError) -> bool {
    let kind = format!("{:?}", got.kind);
    expected["field"] == *got.field
        && expected["type"] == *kind
        && member(expected, "detail").is_none_or(|detail| *detail == *got.detail)
        && member(expected, "value").is_none_or(|value| Some(value) == got.bad_value.as_ref())
        && expected["detailContains"].as_str().is_none_or(|part| got.detail.contains(part))
}

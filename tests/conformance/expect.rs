//! Comparing what came out with what a case expects.

use serde_json::Value;

/// Fails with both sides if they differ.
pub fn equal(what: &str, expected: &Value, got: &Value) -> Result<(), String> {
    if expected == got { Ok(()) } else { Err(format!("{what}: expected {expected}, got {got}")) }
}

/// Fails if the case expects something that its runner does not look at.
pub fn known_keys(expect: &Value, known: &[&str]) -> Result<(), String> {
    match expect.as_object().into_iter().flatten().find(|(key, _)| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some((key, _)) => Err(format!("unknown expectation {key}")),
    }
}

/// The expected member, if the case has it.
pub fn member<'a>(expect: &'a Value, key: &str) -> Option<&'a Value> {
    expect.get(key)
}

/// Compares a list of field errors with `[{field, type, detail | detailContains}]`, in order.
pub fn errors(expected: &Value, got: &[api::field::FieldError]) -> Result<(), String> {
    let expected = expected.as_array().map_or(&[][..], Vec::as_slice);
    let holds = expected.len() == got.len() && expected.iter().zip(got).all(|(e, g)| error_holds(e, g));
    if holds {
        return Ok(());
    }
    let printed: Vec<String> = got.iter().map(|error| format!("\n    {error}")).collect();
    let wanted: Vec<String> = expected.iter().map(|error| format!("\n    {error}")).collect();
    Err(format!("\n  expected{}\n  got{}", wanted.concat(), printed.concat()))
}

fn error_holds(expected: &Value, got: &api::field::FieldError) -> bool {
    let kind = format!("{:?}", got.kind);
    let known = ["field", "type", "detail", "detailContains", "value"];
    known_keys(expected, &known).is_ok()
        && expected["field"] == *got.field
        && expected["type"] == *kind
        && member(expected, "detail").is_none_or(|detail| *detail == *got.detail)
        && member(expected, "value").is_none_or(|value| Some(value) == got.bad_value.as_ref())
        && expected["detailContains"].as_str().is_none_or(|part| got.detail.contains(part))
}

//! Topic label-selector: selectors as text, as objects, and as single requirements.

use api::field::{FieldPath, to_aggregate};
use api::label::{Operator, Requirement, Selector, label_selector_as_map, label_selector_as_selector};
use serde_json::{Value, json};

use crate::expect::{equal, known_keys, member};

pub fn run(case: &Value) -> Result<(), String> {
    let (input, expect) = (&case["input"], &case["expect"]);
    known_keys(expect, &["valid", "canonical", "matches", "selects", "map", "errorContains"])?;
    match case["check"].as_str() {
        Some("asMap") => as_map(&input["labelSelector"], expect),
        Some(check) => Err(format!("unknown check {check}")),
        None if input.get("requirement").is_some() => {
            result(requirement(&input["requirement"]), input, expect)
        }
        None => match (input.get("selector"), input.get("labelSelector")) {
            (Some(text), _) => result(Selector::parse(text.as_str().unwrap_or_default()), input, expect),
            (None, Some(object)) => result(label_selector_as_selector(object), input, expect),
            (None, None) => Err("nothing to check".to_owned()),
        },
    }
}

fn result(got: Result<Selector, String>, input: &Value, expect: &Value) -> Result<(), String> {
    equal("valid", &expect["valid"], &got.is_ok().into()).map_err(|why| format!("{why} ({got:?})"))?;
    let Ok(selector) = got else { return Ok(()) };
    if let Some(canonical) = member(expect, "canonical") {
        equal("canonical", canonical, &selector.to_string().into())?;
    }
    if let Some(matches) = member(expect, "matches") {
        equal("matches", matches, &selector.matches_json(&input["labels"]).into())?;
    }
    if let Some(selects) = member(expect, "selects") {
        let everything = selector.is_everything().then_some("everything");
        let nothing = (selector == Selector::Nothing).then_some("nothing");
        equal("selects", selects, &everything.or(nothing).into())?;
    }
    Ok(())
}

fn requirement(value: &Value) -> Result<Selector, String> {
    let operator = match value["operator"].as_str().unwrap_or_default() {
        "In" | "in" => Operator::In,
        "NotIn" | "notin" => Operator::NotIn,
        "Equals" | "=" => Operator::Equals,
        "DoubleEquals" | "==" => Operator::DoubleEquals,
        "NotEquals" | "!=" => Operator::NotEquals,
        "Exists" | "exists" => Operator::Exists,
        "DoesNotExist" | "!" => Operator::DoesNotExist,
        "GreaterThan" | "Gt" | "gt" | ">" => Operator::GreaterThan,
        "LessThan" | "Lt" | "lt" | "<" => Operator::LessThan,
        other => return Err(format!("unknown operator {other}")),
    };
    let values: Vec<&str> =
        value["values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let key = value["key"].as_str().unwrap_or_default();
    let requirement = Requirement::new(key, operator, &values, &FieldPath::root())
        .map_err(|errors| to_aggregate(&errors))?;
    let mut selector = Selector::everything();
    selector.add(requirement);
    Ok(selector)
}

fn as_map(selector: &Value, expect: &Value) -> Result<(), String> {
    let (map, error) = label_selector_as_map(selector);
    equal("map", &expect["map"], &json!(map))?;
    match (expect["errorContains"].as_str(), error) {
        (None, None) => Ok(()),
        (Some(part), Some(error)) if error.contains(part) => Ok(()),
        (expected, got) => Err(format!("error: expected {expected:?}, got {got:?}")),
    }
}

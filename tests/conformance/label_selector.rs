//! Topic label-selector: selectors as text, as objects, and as single requirements.

use api::field::{FieldPath, to_aggregate};
use api::label::{Operator, Requirement, Selector, label_selector_as_selector};
use serde_json::{Value, json};

use crate::expect::{equal, known_keys, list, member, needs, text};

const AS_MAP: [&str; 2] = ["map", "errorContains"];
const SELECTION: [&str; 4] = ["valid", "canonical", "matches", "selects"];

pub fn run(case: &Value) -> Result<(), String> {
    let (input, expect) = (&case["input"], &case["expect"]);
    needs(case, &[])?;
    let checks_map = case["check"] == "asMap";
    known_keys("expect", expect, if checks_map { &AS_MAP } else { &SELECTION })?;
    known_keys("input", input, &["selector", "labelSelector", "requirement", "labels"])?;
    known_keys("requirement", &input["requirement"], &["key", "operator", "values"])?;
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

fn result<E: std::fmt::Debug>(got: Result<Selector, E>, input: &Value, expect: &Value) -> Result<(), String> {
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

/// The flat map that a LabelSelector amounts to: the labels that are selected, while none is selected that lacks
/// one of them or has another value. An expression that is more than that fits no map.
///
/// Nothing in the cluster needs such a map: it is worked out here from what the cluster's selector selects, and the
/// sentence about an expression that fits none is nobody's.
fn as_map(object: &Value, expect: &Value) -> Result<(), String> {
    if object.is_null() {
        return equal("map", &expect["map"], &Value::Null);
    }
    let (mut taken, mut fits) = (Vec::new(), true);
    for expression in list(object, "matchExpressions") {
        taken.push(expression.clone());
        if !is_flat(object, &taken)? {
            // Upstream hands out what it has by then.
            (fits, _) = (false, taken.pop());
            break;
        }
    }
    equal("map", &expect["map"], &map_of(object, &taken))?;
    equal("an error", &json!(!expect["errorContains"].is_null()), &json!(!fits))
}

/// The labels that matchLabels and these expressions name, with their first values.
fn map_of(object: &Value, expressions: &[Value]) -> Value {
    let mut map = object["matchLabels"].as_object().cloned().unwrap_or_default();
    for expression in expressions {
        if let (Some(key), Some(value)) = (expression["key"].as_str(), list(expression, "values").first()) {
            map.insert(key.to_owned(), value.clone());
        }
    }
    Value::Object(map)
}

/// Whether the selector of these parts selects exactly what has their labels.
fn is_flat(object: &Value, expressions: &[Value]) -> Result<bool, String> {
    let selector = label_selector_as_selector(
        &json!({"matchLabels": object["matchLabels"], "matchExpressions": expressions}),
    )
    .map_err(|why| why.to_string())?;
    let map = map_of(object, expressions);
    let with = |key: &str, value: Option<&Value>| {
        let mut labels = map.clone();
        match (value, labels.as_object_mut()) {
            (Some(value), Some(labels)) => drop(labels.insert(key.to_owned(), value.clone())),
            (None, Some(labels)) => drop(labels.remove(key)),
            (_, None) => {}
        }
        selector.matches_json(&labels)
    };
    let other = json!("another");
    let only_this_value = |expression: &Value| {
        let key = text(expression, "key");
        let values = list(expression, "values").iter().chain([&other]);
        let mut wrong = values.filter(|value| **value != map[key]).map(Some).chain([None]);
        !wrong.any(|value| with(key, value))
    };
    Ok(selector.matches_json(&map) && expressions.iter().all(only_this_value))
}

//! Topic label-selector: selectors as text, as objects, and as single requirements.

use api::field::{FieldPath, to_aggregate};
use api::label::{Operator, Requirement, Selector, label_selector_as_selector};
use serde_json::{Map, Value, json};

use crate::expect::{equal, known_keys, list, member, needs};

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

/// The flat map that a LabelSelector amounts to, from the requirements that the cluster reads in it: each must
/// ask for one value.
///
/// Nothing in the cluster needs such a map, so the sentence about a requirement that fits none is made here.
fn as_map(object: &Value, expect: &Value) -> Result<(), String> {
    let flatten = || -> Result<Value, String> {
        let selector = label_selector_as_selector(object)?;
        let Some(requirements) = selector.requirements() else { return Ok(Value::Null) };
        let entry = |requirement: &Requirement| match (requirement.operator(), requirement.values()) {
            (Operator::In | Operator::Equals, [value]) => Ok((requirement.key().to_owned(), json!(&**value))),
            (Operator::In, _) => Err(format!("{requirement}: without a single value cannot be converted")),
            _ => Err(format!("{requirement}: cannot be converted")),
        };
        requirements.iter().map(entry).collect::<Result<Map<_, _>, _>>().map(Value::Object)
    };
    let flat = flatten();
    match (expect["errorContains"].as_str(), &flat) {
        (None, Ok(map)) => equal("map", &expect["map"], map),
        (Some(part), Err(error)) if error.contains(part) => {
            // Upstream hands out what it has by then.
            let labels = json!({"matchLabels": object["matchLabels"], "matchExpressions": before(object)});
            as_map(&labels, &json!({"map": expect["map"]}))
        }
        (expected, got) => Err(format!("error: expected {expected:?}, got {got:?}")),
    }
}

/// The expressions before the first that fits no map.
fn before(object: &Value) -> Vec<Value> {
    let fits = |expression: &&Value| expression["operator"] == "In" && list(expression, "values").len() == 1;
    list(object, "matchExpressions").iter().take_while(fits).cloned().collect()
}

//! Topic toleration-match: one toleration and one taint, or lists of both.

use api::toleration::{
    Taint, Toleration, TolerationOperator, compare_numeric_values, find_matching_untolerated_taint,
    tolerations_of,
};
use serde_json::{Value, json};

use crate::expect::{equal, known_keys, list, member, needs};

pub fn run(case: &Value) -> Result<(), String> {
    let (input, expect) = (&case["input"], &case["expect"]);
    known_keys("expect", expect, &["tolerated", "untoleratedTaint", "error"])?;
    if !case["check"].is_null() {
        return Err(format!("unknown check {}", case["check"]));
    }
    let comparison = needs(case, &["comparison-operators"])?;
    if let Some(toleration) = input.get("toleration") {
        known_keys("input", input, &["toleration", "taint"])?;
        let toleration = Toleration::from_value(toleration);
        let taint = Taint::from_value(&input["taint"]).ok_or("no taint")?;
        equal("tolerated", &expect["tolerated"], &toleration.tolerates_taint(&taint, comparison).into())?;
        return error(expect, std::slice::from_ref(&toleration), std::slice::from_ref(&taint));
    }
    known_keys("input", input, &["tolerations", "taints", "effects"])?;
    let tolerations = tolerations_of(input);
    let taints: Vec<Taint> = list(input, "taints").iter().filter_map(Taint::from_value).collect();
    let counts = |taint: &Taint| match &input["effects"] {
        Value::Null => true,
        effects => effects.as_array().into_iter().flatten().any(|effect| *effect == taint.effect.as_str()),
    };
    let found = find_matching_untolerated_taint(&taints, &tolerations, counts, comparison);
    equal("tolerated", &expect["tolerated"], &found.is_none().into())?;
    if let Some(expected) = member(expect, "untoleratedTaint") {
        // Upstream's cases spell some taints with an empty value.
        let expected = Taint::from_value(expected).as_ref().map(Taint::to_value);
        equal("untoleratedTaint", &json!(expected), &json!(found.map(Taint::to_value)))?;
    }
    error(expect, &tolerations, &taints)
}

/// Whether a comparison of numbers failed, where the case says so.
fn error(expect: &Value, tolerations: &[Toleration], taints: &[Taint]) -> Result<(), String> {
    let Some(expected) = member(expect, "error") else { return Ok(()) };
    let failed = |toleration: &Toleration, taint: &Taint| match toleration.operator {
        Some(operator @ (TolerationOperator::Gt | TolerationOperator::Lt)) => {
            compare_numeric_values(&toleration.value, &taint.value, operator).is_err()
        }
        _ => false,
    };
    let any = tolerations.iter().any(|toleration| taints.iter().any(|taint| failed(toleration, taint)));
    equal("error", expected, &any.into())
}

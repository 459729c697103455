//! Topic node-affinity-match: node selectors, required and preferred node affinity.

use api::field::FieldPath;
use api::label::Selector;
use api::node_affinity::{
    NodeSelector, PreferredSchedulingTerms, RequiredNodeAffinity, node_selector_requirements_as_selector,
};
use serde_json::Value;

use crate::expect::{equal, errors, known_keys, member};

pub fn run(case: &Value) -> Result<(), String> {
    let (input, expect) = (&case["input"], &case["expect"]);
    known_keys(expect, &["matches", "errors", "score", "selector"])?;
    let node = &input["node"];
    let name = node["metadata"]["name"].as_str().unwrap_or_default();
    let label = |key: &str| node["metadata"]["labels"][key].as_str();
    if let Some(requirements) = input.get("requirements") {
        let list = requirements.as_array().map_or(&[][..], Vec::as_slice);
        return match node_selector_requirements_as_selector(list, &FieldPath::root()) {
            Ok(selector) => {
                let text = (selector != Selector::Nothing).then(|| selector.to_string());
                errors(&expect["errors"], &[])?;
                equal("selector", &expect["selector"], &text.into())
            }
            Err(got) => errors(&expect["errors"], &got),
        };
    }
    if let Some(preferred) = input.get("preferred") {
        let list = preferred.as_array().map_or(&[][..], Vec::as_slice);
        return match PreferredSchedulingTerms::new(list) {
            Ok(terms) => {
                errors(&expect["errors"], &[])?;
                equal("score", &expect["score"], &terms.score(name, label).into())
            }
            Err(got) => errors(&expect["errors"], &got),
        };
    }
    if let Some(selector) = input.get("nodeSelector") {
        let selector = NodeSelector::new(selector);
        equal("matches", &expect["matches"], &selector.matches(name, label).into())?;
        return member(expect, "errors").map_or(Ok(()), |expected| errors(expected, &selector.errors()));
    }
    let affinity = RequiredNodeAffinity::from_pod_spec(&input["pod"]["spec"]);
    equal("matches", &expect["matches"], &affinity.matches_node(node).into())
}

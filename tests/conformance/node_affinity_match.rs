//! Topic node-affinity-match: node selectors, required and preferred node affinity.

use api::field::FieldPath;
use api::label::Selector;
use api::node_affinity::{NodeSelector, PreferredSchedulingTerms, node_selector_requirements_as_selector};
use api::{Node, Pod};
use scheduler::plugins::node_affinity;
use serde_json::Value;

use crate::expect::{equal, errors, known_keys, list, member, plain};

pub fn run(case: &Value) -> Result<(), String> {
    let (input, expect) = (&case["input"], &case["expect"]);
    plain(case)?;
    known_keys("input", input, &["node", "pod", "nodeSelector", "preferred", "requirements"])?;
    let node = &input["node"];
    let name = node["metadata"]["name"].as_str().unwrap_or_default();
    let label = |key: &str| node["metadata"]["labels"][key].as_str();
    if input.get("requirements").is_some() {
        known_keys("expect", expect, &["selector", "errors"])?;
        let requirements = list(input, "requirements");
        return match node_selector_requirements_as_selector(requirements, &FieldPath::root()) {
            Ok(selector) => {
                let text = (selector != Selector::Nothing).then(|| selector.to_string());
                errors(&expect["errors"], &[])?;
                equal("selector", &expect["selector"], &text.into())
            }
            Err(got) => errors(&expect["errors"], &got),
        };
    }
    if input.get("preferred").is_some() {
        known_keys("expect", expect, &["score", "errors"])?;
        return match PreferredSchedulingTerms::new(list(input, "preferred")) {
            Ok(terms) => {
                errors(&expect["errors"], &[])?;
                equal("score", &expect["score"], &terms.score(name, label).into())
            }
            Err(got) => errors(&expect["errors"], &got),
        };
    }
    known_keys("expect", expect, &["matches", "errors"])?;
    if let Some(selector) = input.get("nodeSelector") {
        let selector = NodeSelector::new(selector);
        equal("matches", &expect["matches"], &selector.matches(name, label).into())?;
        return member(expect, "errors").map_or(Ok(()), |expected| errors(expected, &selector.errors()));
    }
    let got = node_affinity::filter(&Pod::from_value(&input["pod"]), &Node::from_value(node)).is_ok();
    equal("matches", &expect["matches"], &got.into())?;
    // The scheduler treats what it cannot read as no match, and says nothing of it.
    member(expect, "errors").map_or(Ok(()), |_| Err("unknown key errors in expect".to_owned()))
}

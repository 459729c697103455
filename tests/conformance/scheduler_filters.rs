//! Topic scheduler-filters: one filter, one pod, one node.

use std::rc::Rc;

use api::meta::Name;
use api::{Node, Pod};
use scheduler::cache::NodeInfo;
use scheduler::framework::{Code, Status, Verdict};
use scheduler::plugins::node_affinity::{self, Narrowed};
use scheduler::plugins::node_resources_fit::{self, FitArgs};
use scheduler::plugins::{node_name, node_ports, node_unschedulable, taint_toleration};
use serde_json::{Value, json};

use crate::expect::{equal, known_keys, list, member, needs};

/// `reasonsOlder` is what releases before 1.35 said.
const EXPECT: [&str; 8] =
    ["fits", "reasons", "code", "codeNewer", "reasonsOlder", "insufficient", "nodeNames", "error"];
const INPUT: [&str; 7] =
    ["filter", "pod", "node", "podsOnNode", "gate", "ignoredResources", "ignoredResourceGroups"];

pub fn run(case: &Value) -> Result<(), String> {
    let (input, expect) = (&case["input"], &case["expect"]);
    known_keys("input", input, &INPUT)?;
    known_keys("expect", expect, &EXPECT)?;
    if !case["check"].is_null() {
        return Err(format!("unknown check {}", case["check"]));
    }
    let pod = Pod::from_value(&input["pod"]);
    let node = Rc::new(Node::from_value(&input["node"]));
    let others = list(input, "podsOnNode").iter();
    let info = NodeInfo::new(node.clone(), others.map(|pod| Rc::new(Pod::from_value(pod))));
    let comparison = needs(case, &["comparison-operators"])? && input["gate"] != false;
    let verdict = match input["filter"].as_str().unwrap_or_default() {
        "NodeUnschedulable" => node_unschedulable::filter(&pod, &node),
        "NodeName" => node_name::filter(&pod, &node),
        "TaintToleration" => taint_toleration::filter(&pod, &node, comparison),
        "NodePorts" => node_ports::filter(&pod, &info),
        "NodeAffinity" => {
            node_names(expect, &pod)?;
            node_affinity::filter(&pod, &node)
        }
        "NodeResourcesFit" => {
            let args = fit_args(input);
            insufficient(expect, &pod, &info, &args)?;
            node_resources_fit::filter(&pod, &info, &args)
        }
        other => return Err(format!("unknown filter {other}")),
    };
    check(expect, verdict)
}

fn check(expect: &Value, verdict: Verdict) -> Result<(), String> {
    equal("fits", &expect["fits"], &verdict.is_ok().into())?;
    let status = verdict.err();
    let reasons: Vec<String> = status.iter().flat_map(Status::reasons).map(ToString::to_string).collect();
    equal("reasons", &expect["reasons"], &json!(reasons))?;
    let error = status.as_ref().and_then(|status| status.error.as_deref());
    if let Some(expected) = member(expect, "error") {
        equal("error", expected, &json!(error))?;
    }
    let code = match status.map(|status| status.code) {
        None => Value::Null,
        Some(Code::Error) => "Error".into(),
        Some(Code::Unschedulable) => "Unschedulable".into(),
        Some(Code::UnschedulableAndUnresolvable) => "UnschedulableAndUnresolvable".into(),
    };
    let expected = member(expect, "codeNewer").or(member(expect, "code"));
    equal("code", expected.unwrap_or(&Value::Null), &code)
}

fn names(value: &Value) -> Vec<Name> {
    value.as_array().into_iter().flatten().filter_map(|name| name.as_str().map(Name::from)).collect()
}

fn fit_args(input: &Value) -> FitArgs {
    FitArgs {
        ignored_resources: names(&input["ignoredResources"]),
        ignored_resource_groups: names(&input["ignoredResourceGroups"]),
    }
}

/// The nodes that PreFilter leaves over, where the case says which.
fn node_names(expect: &Value, pod: &Pod) -> Result<(), String> {
    let Some(expected) = member(expect, "nodeNames") else { return Ok(()) };
    let got = match node_affinity::pre_filter(pod) {
        Ok(Narrowed::AllNodes) => Value::Null,
        Ok(Narrowed::One(name)) => json!([&*name]),
        Ok(Narrowed::Names(names)) => names.iter().map(|name| &**name).collect(),
        Err(_) => json!([]),
    };
    equal("nodeNames", expected, &got)
}

fn insufficient(expect: &Value, pod: &Pod, info: &NodeInfo, args: &FitArgs) -> Result<(), String> {
    let Some(expected) = member(expect, "insufficient") else { return Ok(()) };
    let found = node_resources_fit::fits_request(pod, info, args);
    let got = found.iter().map(|one| {
        json!({"resource": &*one.resource, "requested": one.requested, "used": one.used, "capacity": one.capacity})
    });
    equal("insufficient", expected, &got.collect())
}

//! Topic daemonset-node-should-run: what one node means to a DaemonSet.

use std::rc::Rc;

use api::daemonset::PodTemplate;
use api::{DaemonSet, Node};
use controllers::daemon::nodes::{DaemonTemplate, Verdict, node_should_run_daemon_pod};
use serde_json::{Value, json};

use crate::daemonset::{reconcile, with_each_strategy};
use crate::expect::{equal, known_keys, plain};

pub fn run(case: &Value) -> Result<(), String> {
    plain(case)?;
    let (input, expect) = (&case["input"], &case["expect"]);
    with_each_strategy(input, |input| match input["node"].is_object() {
        true => verdict(input, expect),
        false => reconcile(input, expect),
    })
}

fn verdict(input: &Value, expect: &Value) -> Result<(), String> {
    // Pods on the node must not count: the function is not even shown them.
    known_keys("input", input, &["daemonSet", "node", "podsOnNode", "pods", "updateStrategies"])?;
    known_keys("expect", expect, &["shouldRun", "shouldContinueRunning"])?;
    let ds = DaemonSet::from_value(&input["daemonSet"]);
    let template: &Rc<PodTemplate> = &ds.template;
    let node = Node::from_value(&input["node"]);
    let Verdict { should_run, should_continue_running } =
        node_should_run_daemon_pod(&node, &DaemonTemplate::new(template));
    equal("shouldRun", &expect["shouldRun"], &json!(should_run))?;
    equal("shouldContinueRunning", &expect["shouldContinueRunning"], &json!(should_continue_running))
}

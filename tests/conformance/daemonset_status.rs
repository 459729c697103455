//! Topic daemonset-status: the numbers in a DaemonSet's status.

use serde_json::Value;
use sim::Duration;

use crate::daemonset::{stand, status, status_of, with_each_strategy};
use crate::expect::{known_keys, plain};

const INPUT: [&str; 7] =
    ["daemonSet", "nodes", "pods", "nowUnixSeconds", "updateStrategies", "statusOnly", "pendingExpectations"];

pub fn run(case: &Value) -> Result<(), String> {
    plain(case)?;
    known_keys("input", &case["input"], &INPUT)?;
    known_keys("expect", &case["expect"], &["status"])?;
    with_each_strategy(&case["input"], |input| numbers(input, &case["expect"]))
}

fn numbers(input: &Value, expect: &Value) -> Result<(), String> {
    let (mut stand, key) = stand(input)?;
    stand.run_for(Duration::ZERO);
    if input["statusOnly"] == true || input["pendingExpectations"] == true {
        // Something asked for earlier has not been seen yet.
        stand.tell(|manager, ctx| manager.daemon.expect_something(&key, ctx.now));
    }
    stand.sync_once(&key);
    status(&expect["status"], &status_of(&stand, &key))
}

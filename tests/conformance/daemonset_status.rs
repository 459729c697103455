//! Topic daemonset-status: the numbers in a DaemonSet's status.

use serde_json::Value;
use sim::Duration;

use crate::daemonset_manage::{stand, status};
use crate::expect::known_keys;

pub fn run(case: &Value) -> Result<(), String> {
    let (input, expect) = (&case["input"], &case["expect"]);
    known_keys(expect, &["status"])?;
    let (mut stand, key) = stand(input);
    stand.run_for(Duration::ZERO);
    if input["statusOnly"] == true {
        // As when something asked for earlier has not been seen yet.
        stand.tell(|manager, ctx| manager.daemon.expect_something(&key, ctx.now));
    }
    stand.sync_once(&key);
    status(&stand, &key, &expect["status"])
}

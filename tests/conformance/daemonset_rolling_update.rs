//! Topic daemonset-rolling-update: scripts of reconciles, and the limits of an update.

use std::rc::Rc;

use api::ControllerRevision;
use api::object::Object;
use controllers::daemon::update::{NodeCounts, updated_desired_node_counts};
use serde_json::{Value, json};
use sim::Duration;

use crate::daemonset::{script, stand, with_each_strategy};
use crate::expect::{equal, known_keys, list, needs, text};

pub fn run(case: &Value) -> Result<(), String> {
    needs(case, &[])?;
    let (input, expect) = (&case["input"], &case["expect"]);
    match text(case, "check") {
        "" => with_each_strategy(input, |input| script(input, expect)),
        "desiredCounts" => counts(input, expect),
        "controlledHistories" => histories(input, expect),
        other => Err(format!("unknown check {other}")),
    }
}

fn counts(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("input", input, &["daemonSet", "nodes", "pods", "nowUnixSeconds"])?;
    known_keys("expect", expect, &["maxSurge", "maxUnavailable", "desiredNumberScheduled"])?;
    let (mut stand, key) = stand(input)?;
    stand.run_for(Duration::ZERO);
    stand.tell(|manager, ctx| manager.daemon.expect_something(&key, ctx.now));
    stand.sync_once(&key);
    let state = stand.manager.daemon.set(&key).ok_or("no such DaemonSet")?;
    let NodeCounts { max_surge, max_unavailable, desired_number_scheduled } =
        updated_desired_node_counts(&state.ds, state.placement().sums.desired);
    equal("maxSurge", &expect["maxSurge"], &json!(max_surge))?;
    equal("maxUnavailable", &expect["maxUnavailable"], &json!(max_unavailable))?;
    equal("desiredNumberScheduled", &expect["desiredNumberScheduled"], &json!(desired_number_scheduled))
}

/// The revisions that are the DaemonSet's after a reconcile, its new one left out.
fn histories(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("input", input, &["daemonSet", "nodes", "pods", "controllerRevisions"])?;
    known_keys("expect", expect, &["revisions"])?;
    let (mut stand, key) = stand(input)?;
    let mut given = Vec::new();
    for revision in list(input, "controllerRevisions") {
        let revision = ControllerRevision::from_value(revision);
        given.push(revision.meta.name.clone());
        stand.insert(Object::ControllerRevision(Rc::new(revision)));
    }
    stand.sync_once(&key);
    let uid = stand.manager.daemon.set(&key).ok_or("no such DaemonSet")?.ds.meta.uid;
    let ours = |revision: &&Rc<ControllerRevision>| {
        revision.is_controlled_by(uid) && given.contains(&revision.meta.name)
    };
    let revisions = stand.api.store.revisions.iter().filter(ours);
    let mut names: Vec<String> = revisions.map(|revision| revision.meta.name.to_string()).collect();
    names.sort();
    equal("revisions", &expect["revisions"], &json!(names))
}

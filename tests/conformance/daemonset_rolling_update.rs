//! Topic daemonset-rolling-update: scripts of reconciles, and the limits of an update.

use std::rc::Rc;

use api::object::{Key, Object};
use api::pod::{ConditionStatus, ConditionType, Pod};
use api::{ControllerRevision, DaemonSet, Node};
use controllers::daemon::history::compute_hash;
use controllers::daemon::update::{NodeCounts, updated_desired_node_counts};
use serde_json::{Value, json};
use sim::{Duration, Timestamp};

use crate::daemonset_manage::{list, stand};
use crate::expect::{equal, known_keys};
use crate::stand::{Stand, merge};

pub fn run(case: &Value) -> Result<(), String> {
    match case["check"].as_str().unwrap_or_default() {
        "" => script(&case["input"], &case["expect"]),
        "desiredCounts" => counts(&case["input"], &case["expect"]),
        "controlledHistories" => histories(&case["input"], &case["expect"]),
        other => Err(format!("unknown check {other}")),
    }
}

fn counts(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys(expect, &["maxSurge", "maxUnavailable", "desiredNumberScheduled"])?;
    let (mut stand, key) = stand(input);
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
    known_keys(expect, &["revisions"])?;
    let (mut stand, key) = stand(input);
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

/// Runs the steps of a case.
pub fn script(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys(expect, &["syncs", "readyPodsAtEnd"])?;
    let (mut stand, key) = stand(input);
    let mut value = input["daemonSet"].clone();
    let mut syncs = Vec::new();
    for step in list(input, "steps") {
        match step["op"].as_str().unwrap_or_default() {
            "sync" => {
                stand.sync_once(&key);
                let (created, deleted) = stand.take_pod_calls();
                syncs.push(json!({"creates": created.len(), "deletes": deleted.len()}));
            }
            "markReady" => mark_ready(&mut stand, &key, step),
            "clock" => {
                let at = step.as_object().into_iter().flatten().find_map(|(_, value)| value.as_u64());
                stand.set_clock(Timestamp(at.ok_or("no time")? as u32));
            }
            "patch" => {
                merge(&mut value, &step["patch"]);
                replace(&mut stand, &key, &value);
            }
            "addNode" => drop(stand.insert(Object::Node(Rc::new(Node::from_value(&step["node"]))))),
            other => return Err(format!("unknown step {other}")),
        }
    }
    equal("syncs", &expect["syncs"], &json!(syncs))?;
    match &expect["readyPodsAtEnd"] {
        Value::Null => Ok(()),
        expected => {
            let ready = stand.pods().iter().filter(|pod| pod.is_ready()).count();
            equal("readyPodsAtEnd", expected, &json!(ready))
        }
    }
}

/// Writes a new spec, as the API server would hand it to the controller.
fn replace(stand: &mut Stand, key: &Key, value: &Value) {
    let Some(old) = stand.api.store.daemonsets.get(&key.namespace, &key.name).cloned() else { return };
    let mut new = DaemonSet::from_value(value);
    let generation = old.meta.generation + 1;
    new.meta = api::ObjectMeta { generation, ..old.meta.clone() };
    new.status = old.status;
    stand.api.store.update(Object::DaemonSet(Rc::new(new)));
    stand.fan_out();
}

fn mark_ready(stand: &mut Stand, key: &Key, step: &Value) {
    let Some(ds) = stand.api.store.daemonsets.get(&key.namespace, &key.name).cloned() else { return };
    let hash = compute_hash(&ds.template.raw, ds.status.collision_count);
    let is_current = |pod: &Pod| pod.meta.label("controller-revision-hash") == Some(&*hash);
    let node = |pod: &Pod| pod.node_name.clone().or(pod.pinned_to.clone());
    let ready = step["ready"] != false;
    let left = step["count"].as_u64().unwrap_or(u64::MAX);
    let pods = stand.pods();
    let fits = |pod: &&Rc<Pod>| {
        let condition = &step["where"];
        let revision = match condition["revision"].as_str() {
            Some("current") => is_current(pod),
            Some("old") => !is_current(pod),
            _ => true,
        };
        let has_current = pods.iter().any(|other| is_current(other) && node(other) == node(pod));
        let beside = condition["nodeHasCurrentPod"].as_bool().is_none_or(|wanted| wanted == has_current);
        !pod.meta.is_terminating() && pod.is_ready() != ready && revision && beside
    };
    let chosen: Vec<Rc<Pod>> = pods.iter().filter(fits).take(left as usize).cloned().collect();
    let now = stand.now.stamp();
    for pod in chosen {
        stand.change_pod(&Key::of(&pod.meta).to_string(), |pod| {
            let status = ConditionStatus::from_bool(ready);
            pod.status.set_condition(ConditionType::Ready, status, None, now);
        });
    }
}

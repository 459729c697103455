//! Topic daemonset-manage: one reconcile of a cluster, and the functions around it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use api::object::{Key, Kind, Object};
use api::status_error::{StatusError, StatusReason};
use api::{DaemonSet, Pod};
use controllers::daemon::status::{Next, StatusWrite};
use controllers::template_hash::compute_hash;
use serde_json::{Value, json};
use sim::Duration;
use wire::{Answer, Call, Component, Reply};

use crate::daemonset::{reconcile, stand, with_each_strategy};
use crate::expect::{equal, known_keys, list, needs, text};
use crate::stand::Stand;

pub fn run(case: &Value) -> Result<(), String> {
    needs(case, &[])?;
    let (input, expect) = (&case["input"], &case["expect"]);
    match text(case, "check") {
        "" => with_each_strategy(input, |input| reconcile(input, expect)),
        "storeDaemonSetStatus" => store_status(input, expect),
        "getNodesToDaemonPods" => pods_by_node(input, expect),
        "requeue" => requeue(input, expect),
        other => Err(format!("unknown check {other}")),
    }
}

/// The write of a status, with answers as the case gives them.
fn store_status(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("input", input, &["failingUpdateCalls", "failingGetCalls"])?;
    known_keys("expect", expect, &["updateCalls", "getCalls", "error"])?;
    let mut failing_updates = input["failingUpdateCalls"].as_u64().unwrap_or(0);
    let mut failing_gets = input["failingGetCalls"].as_u64().unwrap_or(0);
    let ds = Rc::new(DaemonSet::from_value(&json!({"metadata": {"name": "foo", "generation": 1}})));
    let numbers = api::daemonset::DaemonSetStatus { desired_number_scheduled: 2, ..Default::default() };
    let mut write = StatusWrite::new(&ds, numbers, true).ok_or("nothing to write")?;
    let (mut updates, mut gets) = (0, 0);
    let mut call = write.first_call();
    let result = loop {
        let (count, failing, text) = match &call {
            Call::UpdateStatus(_) => (&mut updates, &mut failing_updates, "update error"),
            _ => (&mut gets, &mut failing_gets, "get error"),
        };
        *count += 1;
        let answer = if *failing > 0 {
            *failing -= 1;
            Answer::err(StatusError::new(StatusReason::InternalError, text))
        } else {
            Answer::ok(Reply::Object(Object::DaemonSet(ds.clone())))
        };
        match write.on_answer(&answer) {
            Next::Send(next) => call = next,
            Next::Done(result) => break result,
        }
    };
    equal("updateCalls", &expect["updateCalls"], &json!(updates))?;
    equal("getCalls", &expect["getCalls"], &json!(gets))?;
    equal("error", &expect["error"], &json!(result.err()))
}

/// The pods that count on each node, after a reconcile has adopted and released what it should. Deleted pods that
/// have ended count only for what keeps revisions alive.
fn pods_by_node(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("input", input, &["daemonSet", "otherDaemonSets", "nodes", "pods", "includeDeletedTerminal"])?;
    known_keys("expect", expect, &["podsByNode"])?;
    let cluster = json!({"daemonSet": input["daemonSet"], "nodes": input["nodes"], "pods": input["pods"]});
    let (mut stand, key) = stand(&cluster)?;
    for other in list(input, "otherDaemonSets") {
        stand.insert(Object::DaemonSet(Rc::new(DaemonSet::from_value(other))));
    }
    stand.run_for(Duration::ZERO);
    // Nothing is created or deleted while something else is waited for.
    stand.tell(|manager, ctx| manager.daemon.expect_something(&key, ctx.now));
    stand.sync_once(&key);
    let caches = &stand.manager.caches;
    let state = stand.manager.daemon.set(&key).ok_or("no such DaemonSet")?;
    let mut by_node: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let nodes = list(input, "nodes").iter().filter_map(|node| node["metadata"]["name"].as_str());
    let targets = list(input, "pods").iter().filter_map(|pod| pod["spec"]["nodeName"].as_str());
    for name in nodes.chain(targets).collect::<BTreeSet<&str>>() {
        let node = caches.nodes.find(name).ok_or("no such node")?;
        let name_of = |pod: &Pod| pod.meta.name.to_string();
        let mut pods: Vec<String> = match input["includeDeletedTerminal"] == true {
            true => caches.pods.controlled_on(state.ds.meta.uid, node).map(|pod| name_of(pod)).collect(),
            false => state.with_pods_on(node, caches, |pods| pods.iter().map(|pod| name_of(pod)).collect()),
        };
        pods.sort();
        if !pods.is_empty() {
            by_node.insert(name.to_owned(), pods);
        }
    }
    equal("podsByNode", &expect["podsByNode"], &json!(by_node))
}

/// Which DaemonSets an event queues.
fn requeue(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("input", input, &["daemonSets", "event"])?;
    known_keys("event", &input["event"], &["kind", "old", "new", "resourceVersionChanged"])?;
    known_keys("expect", expect, &["enqueued"])?;
    let mut stand = Stand::daemon_only(Duration::ZERO);
    stand.timers = false;
    let mut hash = String::new();
    for ds in list(input, "daemonSets") {
        let ds = DaemonSet::from_value(ds);
        hash = compute_hash(&ds.template.raw, 0);
        stand.insert(Object::DaemonSet(Rc::new(ds)));
    }
    let event = &input["event"];
    let read = |value: &Value| -> Option<Object> {
        let text = value.to_string().replace("$CURRENT", &hash);
        let value: Value = serde_json::from_str(&text).ok()?;
        let kind = if value["kind"] == "Node" { Kind::Node } else { Kind::Pod };
        value.is_object().then(|| Object::from_value(kind, &value))
    };
    let (old, new) = (read(&event["old"]), read(&event["new"]));
    let what = event["kind"].as_str().unwrap_or_default();
    let before = old.map(|old| stand.insert(old));
    stand.run_for(Duration::ZERO);
    stand.manager.daemon.work_on_nodes(&stand.manager.caches.clone());
    stand.manager.daemon.clear_queue();
    match (what, before, new) {
        ("nodeAdded" | "podAdded", _, Some(new)) => drop(stand.insert(new)),
        ("nodeUpdated", Some(before), Some(new)) => update(&mut stand, &before, new, true),
        ("podUpdated", Some(before), Some(new)) => {
            update(&mut stand, &before, new, event["resourceVersionChanged"] == true);
        }
        ("nodeDeleted" | "podDeleted", Some(before), _) => {
            stand.api.store.remove(before.kind(), &before.key());
            stand.fan_out();
        }
        _ => return Err(format!("unknown event {what}")),
    }
    stand.run_for(Duration::ZERO);
    stand.manager.daemon.work_on_nodes(&stand.manager.caches.clone());
    let queued: Vec<String> = stand.manager.daemon.queued().iter().map(Key::to_string).collect();
    let mut queued = queued;
    queued.sort();
    equal("enqueued", &expect["enqueued"], &json!(queued))
}

/// Hands on a new version. One that says the same may still have a new resourceVersion.
fn update(stand: &mut Stand, before: &Object, mut new: Object, version_changes: bool) {
    let Some(meta) = before.meta() else { return };
    let version = if version_changes { stand.api.store.revision() + 1 } else { meta.resource_version };
    let keep = |have: &mut api::ObjectMeta| {
        have.uid = meta.uid;
        have.serial = meta.serial;
        have.resource_version = version;
    };
    match &mut new {
        Object::Node(node) => keep(&mut Rc::make_mut(node).meta),
        Object::Pod(pod) => keep(&mut Rc::make_mut(pod).meta),
        _ => {}
    }
    let event = wire::WatchEvent::Modified(new);
    stand.tell(|manager, ctx| manager.on_watch(&event, ctx));
}

//! Topic daemonset-manage: one reconcile of a cluster, and the functions around it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use api::object::{Key, Kind, Object};
use api::status_error::{StatusError, StatusReason};
use api::{DaemonSet, Node, Pod};
use controllers::daemon::history::compute_hash;
use controllers::daemon::status::{Next, StatusWrite};
use serde_json::{Value, json};
use sim::{Duration, Timestamp};
use wire::{Answer, Call, CallError, Reply};

use crate::expect::{equal, known_keys};
use crate::stand::Stand;

pub fn run(case: &Value) -> Result<(), String> {
    match case["check"].as_str().unwrap_or_default() {
        "" => with_each_strategy(&case["input"], |input| reconcile(input, &case["expect"])),
        "storeDaemonSetStatus" => store_status(&case["input"], &case["expect"]),
        "getNodesToDaemonPods" => pods_by_node(&case["input"], &case["expect"]),
        "requeue" => requeue(&case["input"], &case["expect"]),
        other => Err(format!("unknown check {other}")),
    }
}

/// Runs a case with the update strategy it has, or with each of those it lists.
pub fn with_each_strategy(input: &Value, run: impl Fn(&Value) -> Result<(), String>) -> Result<(), String> {
    let Some(strategies) = input["updateStrategies"].as_array() else { return run(input) };
    for strategy in strategies {
        let mut input = input.clone();
        input["daemonSet"]["spec"]["updateStrategy"] = strategy.clone();
        run(&input).map_err(|why| format!("with {strategy}: {why}"))?;
    }
    Ok(())
}

pub fn list<'a>(input: &'a Value, key: &str) -> &'a [Value] {
    input[key].as_array().map_or(&[], Vec::as_slice)
}

/// A stand where nothing takes time, with the cluster of a case in it; and the DaemonSet's key.
pub fn stand(input: &Value) -> (Stand, Key) {
    let mut stand = Stand::daemon_only(Duration::ZERO);
    stand.timers = false;
    stand.instant_deletion = true;
    stand.plain_creation = true;
    if let Some(seconds) = input["nowUnixSeconds"].as_u64() {
        stand.set_clock(Timestamp(seconds as u32));
    }
    for node in list(input, "nodes") {
        stand.insert(Object::Node(Rc::new(Node::from_value(node))));
    }
    let ds = DaemonSet::from_value(&input["daemonSet"]);
    let hash = compute_hash(&ds.template.raw, ds.status.collision_count);
    let key = Key::of(&ds.meta);
    stand.insert(Object::DaemonSet(Rc::new(ds)));
    for pod in list(input, "pods") {
        insert_pod(&mut stand, pod, &hash);
    }
    (stand, key)
}

pub fn insert_pod(stand: &mut Stand, pod: &Value, hash: &str) -> Object {
    let text = pod.to_string().replace("$CURRENT", hash);
    let pod: Value = serde_json::from_str(&text).unwrap_or_default();
    stand.insert(Object::Pod(Rc::new(Pod::from_value(&pod))))
}

/// The reasons of the controller's own events; those of its pod control do not count.
fn own_events(stand: &Stand) -> Vec<(String, String)> {
    let of_pod_control = ["SuccessfulCreate", "SuccessfulDelete", "FailedCreate", "FailedDelete"];
    let drafts = stand.api.store.events.iter().map(|event| event.draft.clone());
    let own = drafts.filter(|draft| !of_pod_control.contains(&draft.reason));
    own.map(|draft| (draft.reason.to_owned(), draft.message())).collect()
}

/// Sends one reconcile over the cluster and compares what it did.
pub fn reconcile(input: &Value, expect: &Value) -> Result<(), String> {
    let known = [
        "creates",
        "deletes",
        "events",
        "createdOnNodes",
        "deletedPods",
        "eventReasons",
        "eventMessages",
        "adoptedPods",
        "maxCreateCalls",
        "createCalls",
        "status",
        "error",
    ];
    if !list(input, "steps").is_empty() {
        return crate::daemonset_rolling_update::script(input, expect);
    }
    known_keys(expect, &known)?;
    let (mut stand, key) = stand(input);
    refuse_as_told(&mut stand, input);
    stand.sync_once(&key);
    compare(&mut stand, &key, expect)
}

fn refuse_as_told(stand: &mut Stand, input: &Value) {
    let quota = input["createQuota"].as_u64();
    let create_error = input["podCreateError"].as_str().map(str::to_owned);
    let status_error = input["statusUpdateError"].as_str().map(str::to_owned);
    let made = RefCell::new(0);
    let error = |text: &str| {
        CallError::Status(Box::new(StatusError::new(StatusReason::InternalError, text.to_owned())))
    };
    stand.refuse = Some(Box::new(move |call| match call {
        Call::Create(Object::Pod(_)) => {
            *made.borrow_mut() += 1;
            if let Some(text) = &create_error {
                return Some(error(text));
            }
            quota.is_some_and(|quota| *made.borrow() > quota).then(|| error("exceeded quota"))
        }
        Call::UpdateStatus(Object::DaemonSet(_)) => status_error.as_deref().map(error),
        _ => None,
    }));
}

fn compare(stand: &mut Stand, key: &Key, expect: &Value) -> Result<(), String> {
    let create_calls = stand.calls.iter().filter(|(_, call, _)| matches!(call, Call::Create(Object::Pod(_))));
    let create_calls = create_calls.count() as u64;
    let adopted: Vec<String> = stand.calls.iter().filter_map(|(_, call, ok)| adopted(call, *ok)).collect();
    let (created, deleted) = stand.take_pod_calls();
    let events = own_events(stand);
    let reasons: Vec<&String> = events.iter().map(|(reason, _)| reason).collect();
    let messages: Vec<&String> = events.iter().map(|(_, message)| message).collect();
    let got = json!({
        "creates": created.len(), "deletes": deleted.len(), "events": events.len(),
        "createdOnNodes": created, "deletedPods": deleted, "eventReasons": reasons,
        "eventMessages": messages, "adoptedPods": adopted, "createCalls": create_calls,
        "error": stand.manager.daemon.last_error,
    });
    for (what, expected) in expect.as_object().into_iter().flatten() {
        match what.as_str() {
            "maxCreateCalls" if create_calls > expected.as_u64().unwrap_or(0) => {
                return Err(format!("{create_calls} creation calls, at most {expected} expected"));
            }
            "maxCreateCalls" => {}
            "status" => status(stand, key, expected)?,
            what => equal(what, expected, &got[what])?,
        }
    }
    Ok(())
}

fn adopted(call: &Call, ok: bool) -> Option<String> {
    match call {
        Call::Patch { kind: Kind::Pod, key, patch: wire::Patch::Owner { add: Some(_), .. }, .. } if ok => {
            Some(key.name.to_string())
        }
        _ => None,
    }
}

/// Compares the status as it is stored, field by field.
pub fn status(stand: &Stand, key: &Key, expected: &Value) -> Result<(), String> {
    let ds = stand.api.store.daemonsets.get(&key.namespace, &key.name);
    let got = ds.map_or(Value::Null, |ds| ds.status.to_value());
    for (field, number) in expected.as_object().into_iter().flatten() {
        let have = if got[field.as_str()].is_null() { json!(0) } else { got[field.as_str()].clone() };
        equal(field, number, &have)?;
    }
    Ok(())
}

/// The write of a status, with answers as the case gives them.
fn store_status(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys(expect, &["updateCalls", "getCalls", "error"])?;
    let mut failing_updates = input["failingUpdateCalls"].as_u64().unwrap_or(0);
    let mut failing_gets = input["failingGetCalls"].as_u64().unwrap_or(0);
    let ds = Rc::new(DaemonSet::from_value(&json!({"metadata": {"name": "foo", "generation": 1}})));
    let numbers = api::daemonset::DaemonSetStatus { desired_number_scheduled: 2, ..Default::default() };
    let mut write = StatusWrite::new(&ds, numbers, true).ok_or("nothing to write")?;
    let (mut updates, mut gets) = (0, 0);
    let mut call = write.first_call();
    let result = loop {
        let (count, failing, text) = match &call {
            Call::UpdateStatus(_) => (&mut updates, &mut failing_updates, "status error"),
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

fn pods_by_node(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys(expect, &["podsByNode"])?;
    let (mut stand, key) = stand(input);
    for other in list(input, "otherDaemonSets") {
        stand.insert(Object::DaemonSet(Rc::new(DaemonSet::from_value(other))));
    }
    stand.run_for(Duration::ZERO);
    let include = input["includeDeletedTerminal"] == true;
    let daemon = &stand.manager.daemon;
    let by_node = daemon.get_nodes_to_daemon_pods(&key, include, &stand.manager.caches);
    let mut got: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (node, pods) in by_node {
        let mut names: Vec<String> = pods.iter().map(|pod| pod.meta.name.to_string()).collect();
        names.sort();
        got.insert(node.to_string(), names);
    }
    equal("podsByNode", &expect["podsByNode"], &json!(got))
}

/// Which DaemonSets an event queues.
fn requeue(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys(expect, &["enqueued"])?;
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
        ("nodeUpdated" | "podUpdated", Some(before), Some(new)) => update(&mut stand, &before, new),
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

/// Writes a new version; one that says the same still gets a new resourceVersion, as the case wants it.
fn update(stand: &mut Stand, before: &Object, mut new: Object) {
    let Some(meta) = before.meta() else { return };
    let version = stand.api.store.revision() + 1;
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

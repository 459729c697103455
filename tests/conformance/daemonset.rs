//! A DaemonSet controller on a stand, as the cases of three topics drive it: what a case has in its cluster,
//! and what one reconcile or a script of them did.

use std::cell::RefCell;
use std::rc::Rc;

use api::object::{Key, Kind, Object};
use api::pod::{ConditionStatus, ConditionType, Pod};
use api::status_error::{StatusError, StatusReason};
use api::{DaemonSet, Node, ObjectMeta};
use controllers::template_hash::compute_hash;
use serde_json::{Value, json};
use sim::{Duration, Time, Timestamp};
use wire::{Call, CallError, Patch};

use crate::expect::{equal, known_keys, list, text};
use crate::stand::{Stand, merge};

/// What the cluster of a case may have.
pub const CLUSTER: [&str; 13] = [
    "daemonSet",
    "nodes",
    "pods",
    "podsOnNode",
    "updateStrategies",
    "nowUnixSeconds",
    "createQuota",
    "podCreateError",
    "statusUpdateError",
    "apiServerDaemonSet",
    "backoff",
    "failedPodComesBack",
    "steps",
];

/// What may be expected of one reconcile.
const OUTCOME: [&str; 12] = [
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

/// Events of the controller's pod control: the cases count the controller's own.
const OF_POD_CONTROL: [&str; 4] = ["SuccessfulCreate", "SuccessfulDelete", "FailedCreate", "FailedDelete"];

/// Runs a case with the update strategy it has, or with each of those it lists.
pub fn with_each_strategy(input: &Value, run: impl Fn(&Value) -> Result<(), String>) -> Result<(), String> {
    let Some(strategies) = input["updateStrategies"].as_array() else { return run(input) };
    for strategy in strategies {
        let mut input = input.clone();
        for ds in ["daemonSet", "apiServerDaemonSet"] {
            if input[ds].is_object() {
                input[ds]["spec"]["updateStrategy"] = strategy.clone();
            }
        }
        run(&input).map_err(|why| format!("with {strategy}: {why}"))?;
    }
    Ok(())
}

/// A stand where nothing takes time, with the cluster of a case in it; and the DaemonSet's key.
pub fn stand(input: &Value) -> Result<(Stand, Key), String> {
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
    for pod in list(input, "pods").iter().chain(list(input, "podsOnNode")) {
        insert_pod(&mut stand, pod, &hash);
    }
    if let Some(backoff) = input.get("backoff") {
        known_keys("backoff", backoff, &["initial", "max"])?;
        let span = |key: &str| go_nanos(text(backoff, key)).map(|n| Duration::from_micros((n / 1000) as u64));
        stand.manager.daemon.set_failed_pods_backoff(span("initial")?, span("max")?);
    }
    if input["apiServerDaemonSet"].is_object() {
        show_to_live_reads(&mut stand, &key, DaemonSet::from_value(&input["apiServerDaemonSet"]));
    }
    refuse_as_told(&mut stand, input);
    Ok((stand, key))
}

/// The API server has another version of the DaemonSet, of which no watch has told yet.
fn show_to_live_reads(stand: &mut Stand, key: &Key, shown: DaemonSet) {
    let Some(stored) = stand.api.store.daemonsets.get(&key.namespace, &key.name) else { return };
    let (uid, serial) = (stored.meta.uid, stored.meta.serial);
    let meta = ObjectMeta { uid, serial, ..shown.meta.clone() };
    stand.api.store.update(Object::DaemonSet(Rc::new(DaemonSet { meta, ..shown })));
    drop(stand.api.store.take_changes());
}

pub fn insert_pod(stand: &mut Stand, pod: &Value, hash: &str) -> Object {
    let text = pod.to_string().replace("$CURRENT", hash);
    let pod: Value = serde_json::from_str(&text).unwrap_or_default();
    stand.insert(Object::Pod(Rc::new(Pod::from_value(&pod))))
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

/// Sends one reconcile over the cluster, or the steps of a script, and compares what they did.
pub fn reconcile(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("input", input, &CLUSTER)?;
    if !list(input, "steps").is_empty() {
        return script(input, expect);
    }
    known_keys("expect", expect, &OUTCOME)?;
    let (mut stand, key) = stand(input)?;
    let outcome = sync(&mut stand, &key);
    compare("", &outcome, expect)
}

/// One reconcile, and what it did.
fn sync(stand: &mut Stand, key: &Key) -> Value {
    stand.calls.clear();
    stand.manager.daemon.last_error = None;
    stand.sync_once(key);
    let calls = std::mem::take(&mut stand.calls);
    let (mut events, mut adopted, mut create_calls) = (Vec::new(), Vec::new(), 0);
    for (_, call, ok) in &calls {
        match call {
            Call::PostEvent(draft) if !OF_POD_CONTROL.contains(&draft.reason) => {
                events.push((draft.reason, draft.message()));
            }
            Call::Create(Object::Pod(_)) => create_calls += 1,
            Call::Patch { kind: Kind::Pod, key, patch: Patch::Owner { add: Some(_), .. }, .. } if *ok => {
                adopted.push(key.name.to_string());
            }
            _ => {}
        }
    }
    stand.calls = calls;
    let (created, deleted) = stand.take_pod_calls();
    let reasons: Vec<&str> = events.iter().map(|(reason, _)| *reason).collect();
    let messages: Vec<String> = events.iter().map(|(_, message)| message.to_string()).collect();
    json!({
        "creates": created.len(), "deletes": deleted.len(), "events": events.len(),
        "createdOnNodes": created, "deletedPods": deleted, "eventReasons": reasons,
        "eventMessages": messages, "adoptedPods": adopted, "createCalls": create_calls,
        "maxCreateCalls": create_calls, "status": status_of(stand, key),
        "error": stand.manager.daemon.last_error,
    })
}

/// Compares what a reconcile did with what is expected of it; `at` says which one it was.
fn compare(at: &str, outcome: &Value, expect: &Value) -> Result<(), String> {
    known_keys("what is expected of a reconcile", expect, &OUTCOME)?;
    for (what, expected) in expect.as_object().into_iter().flatten() {
        let got = &outcome[what.as_str()];
        let name = format!("{at}{what}");
        match (what.as_str(), expected) {
            ("maxCreateCalls", most) if got.as_u64() <= most.as_u64() => {}
            ("status", expected) => status(expected, got).map_err(|why| format!("{at}{why}"))?,
            // Whether there is one, where the case does not say which.
            ("error", Value::Bool(expected)) => equal(&name, &json!(expected), &json!(!got.is_null()))?,
            _ => equal(&name, expected, got)?,
        }
    }
    Ok(())
}

/// The status as it is stored.
pub fn status_of(stand: &Stand, key: &Key) -> Value {
    let ds = stand.api.store.daemonsets.get(&key.namespace, &key.name);
    ds.map_or(Value::Null, |ds| ds.status.to_value())
}

/// Compares a stored status field by field; a number that is not there is zero.
pub fn status(expected: &Value, got: &Value) -> Result<(), String> {
    for (field, number) in expected.as_object().into_iter().flatten() {
        let have = if got[field.as_str()].is_null() { json!(0) } else { got[field.as_str()].clone() };
        equal(field, number, &have)?;
    }
    Ok(())
}

/// Runs the steps of a case.
pub fn script(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("input", input, &CLUSTER)?;
    known_keys("expect", expect, &["syncs", "readyPodsAtEnd", "status"])?;
    let (mut stand, key) = stand(input)?;
    let mut value = input["daemonSet"].clone();
    // Where the clock stands, and how many nanoseconds it was moved on since.
    let (mut clock, mut advanced) = (stand.now, 0);
    let mut syncs = Vec::new();
    for step in list(input, "steps") {
        match text(step, "op") {
            "sync" => {
                known_keys("a step sync", step, &["op"])?;
                let outcome = sync(&mut stand, &key);
                if input["failedPodComesBack"] == true {
                    bring_back(&mut stand, &key, input, &outcome["deletedPods"]);
                }
                syncs.push(outcome);
            }
            "markReady" => mark_ready(&mut stand, &key, step)?,
            "clock" => {
                known_keys("a step clock", step, &["op", "unixSeconds"])?;
                let at = step["unixSeconds"].as_u64().ok_or("no unixSeconds")?;
                stand.set_clock(Timestamp(at as u32));
                (clock, advanced) = (stand.now, 0);
            }
            "advance" => {
                known_keys("a step advance", step, &["op", "by"])?;
                advanced += go_nanos(text(step, "by"))?;
                stand.set_time(Time(clock.0 + (advanced / 1000) as u64));
            }
            "patch" => {
                known_keys("a step patch", step, &["op", "patch"])?;
                merge(&mut value, &step["patch"]);
                replace(&mut stand, &key, &value);
            }
            "addNode" => {
                known_keys("a step addNode", step, &["op", "node"])?;
                stand.insert(Object::Node(Rc::new(Node::from_value(&step["node"]))));
            }
            other => return Err(format!("unknown step {other}")),
        }
    }
    let expected = list(expect, "syncs");
    equal("syncs", &json!(expected.len()), &json!(syncs.len()))?;
    for (at, (expected, outcome)) in expected.iter().zip(&syncs).enumerate() {
        compare(&format!("syncs[{at}]."), outcome, expected)?;
    }
    if let Some(expected) = expect.get("status") {
        status(expected, &status_of(&stand, &key))?;
    }
    match &expect["readyPodsAtEnd"] {
        Value::Null => Ok(()),
        expected => {
            let ready = stand.pods().iter().filter(|pod| pod.is_ready()).count();
            equal("readyPodsAtEnd", expected, &json!(ready))
        }
    }
}

/// Puts back the failed pods of the case that a reconcile has deleted.
fn bring_back(stand: &mut Stand, key: &Key, input: &Value, deleted: &Value) {
    let Some(ds) = stand.api.store.daemonsets.get(&key.namespace, &key.name).cloned() else { return };
    let hash = compute_hash(&ds.template.raw, ds.status.collision_count);
    let deleted = deleted.as_array().map_or(&[][..], Vec::as_slice);
    for pod in list(input, "pods") {
        if pod["status"]["phase"] == "Failed" && deleted.contains(&pod["metadata"]["name"]) {
            insert_pod(stand, pod, &hash);
        }
    }
}

/// Writes a new spec, as the API server would hand it to the controller.
fn replace(stand: &mut Stand, key: &Key, value: &Value) {
    let Some(old) = stand.api.store.daemonsets.get(&key.namespace, &key.name).cloned() else { return };
    let mut new = DaemonSet::from_value(value);
    let generation = old.meta.generation + 1;
    new.meta = ObjectMeta { generation, ..old.meta.clone() };
    new.status = old.status;
    stand.api.store.update(Object::DaemonSet(Rc::new(new)));
    stand.fan_out();
}

fn mark_ready(stand: &mut Stand, key: &Key, step: &Value) -> Result<(), String> {
    known_keys("a step markReady", step, &["op", "ready", "count", "where"])?;
    let condition = &step["where"];
    known_keys("where", condition, &["revision", "nodeHasCurrentPod"])?;
    let ready = step["ready"].as_bool().unwrap_or(true);
    let count = match &step["count"] {
        Value::Null => usize::MAX,
        Value::String(all) if all == "all" => usize::MAX,
        number => number.as_u64().ok_or(format!("{number} is no count"))? as usize,
    };
    let Some(ds) = stand.api.store.daemonsets.get(&key.namespace, &key.name).cloned() else { return Ok(()) };
    let hash = compute_hash(&ds.template.raw, ds.status.collision_count);
    let is_current = |pod: &Pod| pod.meta.label("controller-revision-hash") == Some(&*hash);
    let wanted_revision = match condition["revision"].as_str() {
        Some("current") => Some(true),
        Some("old") => Some(false),
        Some("any") | None => None,
        Some(other) => return Err(format!("unknown revision {other}")),
    };
    let node = |pod: &Pod| pod.node_name.clone().or(pod.pinned_to.clone());
    let pods = stand.pods();
    let fits = |pod: &&Rc<Pod>| {
        let revision = wanted_revision.is_none_or(|wanted| wanted == is_current(pod));
        let has_current = pods.iter().any(|other| is_current(other) && node(other) == node(pod));
        let beside = condition["nodeHasCurrentPod"].as_bool().is_none_or(|wanted| wanted == has_current);
        !pod.meta.is_terminating() && pod.is_ready() != ready && revision && beside
    };
    let chosen: Vec<Rc<Pod>> = pods.iter().filter(fits).take(count).cloned().collect();
    let now = stand.now.stamp();
    for pod in chosen {
        stand.change_pod(&Key::of(&pod.meta).to_string(), |pod| {
            let status = ConditionStatus::from_bool(ready);
            pod.status.set_condition(ConditionType::Ready, status, None, now);
        });
    }
    Ok(())
}

/// A span as Go writes it (`1m30s`, `49.999999ms`, `1ns`), in nanoseconds.
fn go_nanos(text: &str) -> Result<u128, String> {
    let wrong = || format!("{text} is no duration");
    let (mut rest, mut total) = (text, 0);
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        let unit_at = rest.find(|c| !is_number(c)).ok_or_else(wrong)?;
        let (number, tail) = rest.split_at(unit_at);
        let (unit, tail) = tail.split_at(tail.find(is_number).unwrap_or(tail.len()));
        let unit: u128 = match unit {
            "ns" => 1,
            "us" | "µs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return Err(wrong()),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |digits: &str| match digits {
            "" => Ok(0),
            digits => digits.parse::<u128>().map_err(|_| wrong()),
        };
        let scale = 10u128.checked_pow(fraction.len() as u32).ok_or_else(wrong)?;
        total += digits(whole)? * unit + digits(fraction)? * unit / scale;
        rest = tail;
    }
    Ok(total)
}

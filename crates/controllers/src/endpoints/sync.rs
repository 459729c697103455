//! One sync of a Service's endpoints.
//!
//! Kubernetes: staging/src/k8s.io/endpointslice/reconciler.go; pkg/controller/endpoint/endpoints_controller.go,
//! syncService; pkg/api/v1/endpoints/util.go, RepackSubsets.

use std::rc::Rc;

use serde_json::{Map, Value, json};
use sim::{SortedMap, SortedSet};

use super::Start;
use super::objects::{address, endpoint, endpoints_labels, new_slice, ports, slice_labels};
use crate::procedure::{Io, SyncResult, fail};
use crate::replicaset::sync::{is_gone, is_namespace_terminating};
use api::json;
use api::meta::string_map;
use api::object::{Key, Kind, Object, Other};
use sim::order::SortShared;
use wire::{Call, CallError, DeleteOptions, FieldValidation};

/// So many endpoints a slice holds (`--max-endpoints-per-slice`).
const MAX_ENDPOINTS_PER_SLICE: usize = 100;
/// So many addresses an Endpoints object holds.
const MAX_CAPACITY: usize = 1000;

pub(super) fn sync(start: &Start, io: &mut Io) -> SyncResult<()> {
    let Some(service) = start.service.clone() else { return clean_up(start, io) };
    if service.meta.is_terminating() {
        return Ok(());
    }
    let calls: Vec<Call> = slices(start, &service).into_iter().chain(endpoints(start, &service)).collect();
    for got in io.ask_all(calls)? {
        match got {
            Err(error) if is_gone(&error) || is_namespace_terminating(&error) => {}
            Err(CallError::Status(status)) if status.is_already_exists() => {}
            Err(error) => return Err(fail(&error)),
            Ok(_) => {}
        }
    }
    Ok(())
}

/// The Service is gone, or selects nothing any more. Its slices go with it; Endpoints have no owner.
fn clean_up(start: &Start, io: &mut Io) -> SyncResult<()> {
    let managed = |other: &&Rc<Other>| other.meta.labels().keys().any(|key| key.ends_with("/managed-by"));
    let calls = start.endpoints.iter().filter(managed).map(|endpoints| delete(endpoints)).collect();
    for got in io.ask_all(calls)? {
        match got {
            Err(error) if !is_gone(&error) => return Err(fail(&error)),
            _ => {}
        }
    }
    Ok(())
}

fn delete(object: &Other) -> Call {
    let options = DeleteOptions { uid: Some(object.meta.uid), ..DeleteOptions::default() };
    Call::Delete { kind: object.kind, key: Key::of(&object.meta), options }
}

fn post(start: &Start, body: Value) -> Option<Call> {
    let kind = Kind::of(json::text(&body, "apiVersion"), json::text(&body, "kind"))?;
    let (namespace, validation) = (start.key.namespace.clone(), FieldValidation::Ignore);
    Some(Call::Post { kind, namespace, body: Rc::new(body), validation })
}

/// The same object with other fields and labels.
fn changed(object: &Other, labels: &Value, fields: &[(&str, Value)]) -> Call {
    let mut raw = (*object.raw).clone();
    for (key, value) in fields {
        json::object(&mut raw).insert((*key).to_owned(), value.clone());
    }
    let mut meta = object.meta.clone();
    meta.common_mut().labels = string_map(labels);
    Call::Update(Object::Other(Rc::new(Other { kind: object.kind, meta, raw: Rc::new(raw) })))
}

// ---- EndpointSlices ----

/// Keeps what is right where it is, fills what has room, and makes and deletes slices only where that is not
/// enough.
///
/// Kubernetes: reconcileByPortMapping.
fn slices(start: &Start, service: &Other) -> Vec<Call> {
    let mut wanted: SortedMap<String, (Vec<Value>, Vec<Value>)> = SortedMap::new();
    for pod in &start.pods {
        let Some(endpoint) = endpoint(service, pod) else { continue };
        let ports = ports(service, pod);
        let group = wanted.entry(json!(ports).to_string()).or_insert_with(|| (ports, Vec::new()));
        group.1.push(endpoint);
    }
    let mut calls = Vec::new();
    let mut kept: SortedSet<&Key> = SortedSet::new();
    let keys: Vec<Key> = start.slices.iter().map(|slice| Key::of(&slice.meta)).collect();
    for (ports, mut missing) in wanted.into_values() {
        let of_group = start.slices.iter().zip(&keys).filter(|(slice, _)| slice.raw["ports"] == json!(ports));
        let mut groups: Vec<(&Rc<Other>, &Key, Vec<Value>)> = Vec::new();
        for (slice, key) in of_group {
            let uid = |endpoint: &Value| endpoint["targetRef"]["uid"].clone();
            let mut here = Vec::new();
            for old in json::list(&slice.raw, "endpoints") {
                if let Some(at) = missing.iter().position(|new| uid(new) == uid(old)) {
                    here.push(missing.remove(at));
                }
            }
            groups.push((slice, key, here));
        }
        for (_, _, here) in &mut groups {
            let room = MAX_ENDPOINTS_PER_SLICE.saturating_sub(here.len()).min(missing.len());
            if !here.is_empty() || start.slices.len() == 1 {
                here.extend(missing.drain(..room));
            }
        }
        for (slice, key, here) in groups {
            if here.is_empty() {
                continue;
            }
            kept.insert(key);
            let labels = slice_labels(service);
            let same = slice.raw["endpoints"] == json!(here) && *slice.meta.labels() == string_map(&labels);
            if !same {
                calls.push(changed(slice, &labels, &[("endpoints", json!(here))]));
            }
        }
        let new = missing.chunks(MAX_ENDPOINTS_PER_SLICE).map(|some| new_slice(service, &ports, some));
        calls.extend(new.filter_map(|slice| post(start, slice)));
    }
    let unused: Vec<(&Rc<Other>, &Key)> =
        start.slices.iter().zip(&keys).filter(|(_, key)| !kept.contains(key)).collect();
    let makes_some = calls.iter().any(|call| matches!(call, Call::Post { .. }));
    // One stays, or is made, to show that there is nothing.
    let spare = usize::from(kept.is_empty() && !makes_some);
    if spare == 1 {
        match unused.first() {
            None => calls.extend(post(start, new_slice(service, &[], &[]))),
            Some((slice, _)) if !json::empty(&slice.raw, "endpoints") => {
                let fields = [("endpoints", json!([])), ("ports", json!([]))];
                calls.push(changed(slice, &slice_labels(service), &fields));
            }
            Some(_) => {}
        }
    }
    calls.extend(unused.into_iter().skip(spare).map(|(slice, _)| delete(slice)));
    calls
}

// ---- Endpoints ----

/// The ports of some pods, and their addresses with whether each is ready.
type Group = (Vec<Value>, Vec<(Value, bool)>);

fn endpoints(start: &Start, service: &Other) -> Option<Call> {
    let mut groups: SortedMap<String, Group> = SortedMap::new();
    for pod in start.pods.iter().take(MAX_CAPACITY) {
        let Some(address) = address(service, pod) else { continue };
        let ports = ports(service, pod);
        groups.entry(json!(ports).to_string()).or_insert_with(|| (ports, Vec::new())).1.push(address);
    }
    let subsets: Vec<Value> =
        groups.into_values().map(|(ports, addresses)| subset(ports, addresses)).collect();
    let labels = endpoints_labels(service);
    match &start.endpoints {
        Some(have) => {
            let same =
                json::list(&have.raw, "subsets") == subsets && *have.meta.labels() == string_map(&labels);
            (!same).then(|| changed(have, &labels, &[("subsets", json!(subsets))]))
        }
        None => {
            let mut body = json!({
                "apiVersion": "v1", "kind": "Endpoints",
                "metadata": {"name": &*start.key.name, "namespace": &*start.key.namespace, "labels": labels},
            });
            if !subsets.is_empty() {
                body["subsets"] = json!(subsets);
            }
            post(start, body)
        }
    }
}

/// Ready addresses and the others, each in the order of their numbers.
fn subset(ports: Vec<Value>, mut addresses: Vec<(Value, bool)>) -> Value {
    let number = |address: &Value| json::text(address, "ip").parse::<std::net::Ipv4Addr>().ok();
    addresses.sort_shared_by_key(|(address, _)| number(address));
    let mut subset = Map::new();
    for (key, wanted) in [("addresses", true), ("notReadyAddresses", false)] {
        let some: Vec<Value> = addresses
            .iter()
            .filter(|(_, ready)| *ready == wanted)
            .map(|(address, _)| address.clone())
            .collect();
        if !some.is_empty() {
            subset.insert(key.to_owned(), json!(some));
        }
    }
    // A Service without a name for its one port has none in Endpoints either.
    let ports: Vec<Value> = ports
        .into_iter()
        .map(|mut port| {
            if json::text(&port, "name").is_empty() {
                json::object(&mut port).remove("name");
            }
            port
        })
        .collect();
    if !ports.is_empty() {
        subset.insert("ports".to_owned(), json!(ports));
    }
    Value::Object(subset)
}

//! What a Service is given: an address of its own, and ports on every node.
//!
//! Kubernetes: pkg/registry/core/service/storage/{alloc,storage}.go; pkg/registry/core/service/{ipallocator,
//! portallocator}.

use std::net::Ipv4Addr;

use serde_json::{Value, json};
use sim::SortedSet;

use super::ApiServer;
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;
use api::object::{Key, Kind};
use api::status_error::{GroupResource, StatusError};

/// Addresses that are given out by chance: kube-apiserver's `--service-cluster-ip-range` without the first 256,
/// which are kept for wishes.
const FIRST: u32 = u32::from_be_bytes([10, 96, 1, 0]);
const LAST: u32 = u32::from_be_bytes([10, 111, 255, 254]);
/// The same of `--service-node-port-range`.
const FIRST_PORT: i64 = 30_086;
const LAST_PORT: i64 = 32_767;

/// What other Services have.
#[derive(Default)]
struct Taken {
    addresses: SortedSet<String>,
    ports: SortedSet<i64>,
}

fn taken(api: &ApiServer, kind: Kind, but: &Key) -> Taken {
    let mut taken = Taken::default();
    let services = api.store.others.get(&kind).into_iter().flat_map(|table| table.iter());
    for service in services.filter(|service| Key::of(&service.meta) != *but) {
        let spec = json::get(&service.raw, "spec");
        taken.addresses.extend(json::strings(spec, "clusterIPs").into_iter().map(str::to_owned));
        taken.ports.extend(json::list(spec, "ports").iter().filter_map(|port| json::int(port, "nodePort")));
    }
    taken
}

/// Gives a valid Service what it lacks; `old` is the Service as it was, or null.
pub(super) fn allocate(
    api: &mut ApiServer,
    kind: Kind,
    value: &mut Value,
    old: &Value,
) -> Result<(), StatusError> {
    let meta = json::get(value, "metadata");
    let key = Key::new(json::text(meta, "namespace"), json::text(meta, "name"));
    let spec = json::child(value, "spec");
    if json::text(spec, "type") == "ExternalName" {
        return Ok(());
    }
    let others = taken(api, kind, &key);
    let refuse = |error: FieldError| {
        let errors: ErrorList = [error].into_iter().collect();
        StatusError::invalid(GroupResource::new("", "Service"), &key.name, &errors)
    };
    allocate_address(api, spec, &others, old).map_err(refuse)?;
    allocate_node_ports(api, spec, others, old).map_err(refuse)
}

/// An update that does not speak of them leaves the address and the ports as they are.
///
/// Kubernetes: storage.go, patchAllocatedValues.
pub(super) fn keep_given(spec: &mut Value, old: &Value) {
    normalize_cluster_ips(spec, old);
    let (kind, had) = (json::text(spec, "type").to_owned(), json::text(old, "type"));
    let has_address = |kind: &str| matches!(kind, "ClusterIP" | "NodePort" | "LoadBalancer");
    if has_address(&kind) && has_address(had) {
        for key in ["clusterIP", "clusterIPs"] {
            if json::empty(spec, key) && !json::empty(old, key) {
                spec[key] = old[key].clone();
            }
        }
    }
    let has_ports = |kind: &str| matches!(kind, "NodePort" | "LoadBalancer");
    if !has_ports(&kind) || !has_ports(had) {
        return;
    }
    for port in json::each(spec, "ports") {
        let same = |other: &&Value| other["port"] == port["port"] && other["protocol"] == port["protocol"];
        let given = json::list(old, "ports").iter().find(same).and_then(|port| json::int(port, "nodePort"));
        if json::int(port, "nodePort").unwrap_or(0) == 0
            && let Some(given) = given
        {
            port["nodePort"] = json!(given);
        }
    }
}

/// What a Service of another type has no use for goes with the change of its type, unless it was changed as well.
///
/// Kubernetes: pkg/registry/core/service/strategy.go, dropTypeDependentFields.
pub(super) fn drop_type_dependent(spec: &mut Value, old: &Value) {
    let (now, had) = (json::text(spec, "type").to_owned(), json::text(old, "type"));
    let mut drop = |keys: &[&str]| {
        if keys.iter().all(|key| json::get(spec, key) == json::get(old, key)) {
            keys.iter().for_each(|key| drop_key(spec, key));
        }
    };
    if had != "ExternalName" && now == "ExternalName" {
        drop(&["clusterIP", "clusterIPs"]);
        drop(&["ipFamilies"]);
        drop(&["ipFamilyPolicy"]);
    }
    if had == "LoadBalancer" && now != "LoadBalancer" {
        drop(&["allocateLoadBalancerNodePorts"]);
        drop(&["loadBalancerClass"]);
        drop(&["healthCheckNodePort"]);
    }
    let has_ports = |kind: &str| matches!(kind, "NodePort" | "LoadBalancer");
    if !has_ports(had) || has_ports(&now) {
        return;
    }
    drop(&["externalTrafficPolicy"]);
    let node_ports = |spec: &Value| -> Vec<Option<i64>> {
        json::list(spec, "ports").iter().map(|port| json::int(port, "nodePort")).collect()
    };
    if node_ports(spec) == node_ports(old) {
        json::each(spec, "ports").for_each(|port| drop_key(port, "nodePort"));
    }
}

fn drop_key(value: &mut Value, key: &str) {
    json::object(value).remove(key);
}

/// A client that knows of one address only changes the list with it.
///
/// Kubernetes: pkg/registry/core/service/storage/storage.go, normalizeClusterIPs.
fn normalize_cluster_ips(spec: &mut Value, old: &Value) {
    let (now, had) = (json::text(spec, "clusterIP").to_owned(), json::text(old, "clusterIP"));
    let same = json::strings(spec, "clusterIPs") == json::strings(old, "clusterIPs");
    if now == had || !same {
        return;
    }
    if now.is_empty() {
        json::object(spec).remove("clusterIPs");
    } else {
        spec["clusterIPs"] = json!([now]);
    }
}

fn allocate_address(
    api: &mut ApiServer,
    spec: &mut Value,
    taken: &Taken,
    old: &Value,
) -> Result<(), FieldError> {
    let wanted = json::text(spec, "clusterIP").to_owned();
    let had = json::text(json::get(old, "spec"), "clusterIP");
    if wanted.is_empty() {
        let mut address = String::new();
        // So many are never all taken.
        for _ in 0..1000 {
            let drawn = FIRST + api.services.below(u64::from(LAST - FIRST + 1)) as u32;
            address = Ipv4Addr::from(drawn).to_string();
            if !taken.addresses.contains(&address) {
                break;
            }
        }
        spec["clusterIP"] = json!(address);
        spec["clusterIPs"] = json!([address]);
    } else if wanted != "None" && wanted != had && taken.addresses.contains(&wanted) {
        let path = FieldPath::new("spec").child("clusterIPs");
        let why = format!("failed to allocate IP {wanted}: provided IP is already allocated");
        return Err(FieldError::invalid(&path, json!([wanted]), why));
    } else if json::empty(spec, "clusterIPs") {
        spec["clusterIPs"] = json!([wanted]);
    }
    let selectorless = wanted == "None" && json::empty(spec, "selector");
    json::set_default(spec, "ipFamilyPolicy", if selectorless { "RequireDualStack" } else { "SingleStack" });
    if json::empty(spec, "ipFamilies") {
        spec["ipFamilies"] = if selectorless { json!(["IPv4", "IPv6"]) } else { json!(["IPv4"]) };
    }
    Ok(())
}

fn allocate_node_ports(
    api: &mut ApiServer,
    spec: &mut Value,
    mut taken: Taken,
    old: &Value,
) -> Result<(), FieldError> {
    let wants = match json::text(spec, "type") {
        "NodePort" => true,
        "LoadBalancer" => json::get(spec, "allocateLoadBalancerNodePorts") != false,
        _ => {
            for port in json::each(spec, "ports") {
                json::object(port).remove("nodePort");
            }
            false
        }
    };
    let kept: SortedSet<i64> = json::list(json::get(old, "spec"), "ports")
        .iter()
        .filter_map(|port| json::int(port, "nodePort"))
        .collect();
    // Ports of one number and several protocols share one.
    let mut by_number: Vec<(i64, i64)> = Vec::new();
    for (at, port) in json::each(spec, "ports").enumerate() {
        let (number, own) = (json::int(port, "port").unwrap_or(0), json::int(port, "nodePort").unwrap_or(0));
        if own != 0 {
            if taken.ports.contains(&own) && !kept.contains(&own) {
                let path = FieldPath::new("spec").child("ports").index(at).child("nodePort");
                return Err(FieldError::invalid(&path, own, "provided port is already allocated"));
            }
            by_number.push((number, own));
        }
    }
    if !wants {
        return Ok(());
    }
    taken.ports.extend(by_number.iter().map(|(_, port)| *port));
    for port in json::each(spec, "ports") {
        if json::int(port, "nodePort").unwrap_or(0) != 0 {
            continue;
        }
        let number = json::int(port, "port").unwrap_or(0);
        let shared = by_number.iter().find(|(other, _)| *other == number).map(|(_, port)| *port);
        let given = shared.unwrap_or_else(|| {
            let mut drawn = FIRST_PORT;
            for _ in 0..10_000 {
                drawn = FIRST_PORT + api.services.below((LAST_PORT - FIRST_PORT + 1) as u64) as i64;
                if !taken.ports.contains(&drawn) {
                    break;
                }
            }
            drawn
        });
        taken.ports.insert(given);
        by_number.push((number, given));
        port["nodePort"] = json!(given);
    }
    Ok(())
}

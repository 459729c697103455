//! Nodes.

use std::rc::Rc;

use serde_json::Value;

use super::events_of;
use super::text;
use super::writer::{Writer, date};
use crate::resources;
use api::json;
use api::node::Node;
use api::object::{Key, Kind, Object};
use api::pod::Pod;
use api::quantity::Quantity;
use api::resource_list::{Amounts, add, amounts, pod_total};
use cli_runtime::job::{Io, Stop};
use cli_runtime::time::rfc1123z;
use printers::{age, find_node_roles};
use wire::{Call, Reply};

/// Rule: CLI-021.
///
/// Kubernetes: describe.go, describeNode.
pub(super) fn describe_node(
    io: &mut Io,
    node: &Rc<Node>,
    show_events: bool,
    w: &mut Writer,
) -> Result<(), Stop> {
    let name = &node.meta.name;
    let pods = resources::list(io, Kind::Pod, None)?;
    let pods = pods.into_iter().filter_map(|object| match object {
        Object::Pod(pod) if pod.node_name.as_ref() == Some(name) && !pod.is_terminal() => Some(pod),
        _ => None,
    });
    let pods: Vec<Rc<Pod>> = pods.collect();
    let object = Object::Node(node.clone());
    let events = if show_events { Some(events_of(io, &object)?) } else { None };
    let lease = io.ask(Call::Get { kind: Kind::Lease, key: Key::new("kube-node-lease", name) })?;
    w.now = io.now();
    let value = node.to_value();
    let (spec, status) = (&value["spec"], &value["status"]);
    let roles = find_node_roles(node.meta.labels()).join(",");
    w.field(0, "Name", name);
    w.field(0, "Roles", if roles.is_empty() { "<none>" } else { &roles });
    w.labels("Labels", node.meta.labels());
    w.annotations("Annotations", node.meta.annotations());
    w.field(0, "CreationTimestamp", rfc1123z(node.meta.created));
    w.taints("Taints", &node.taints);
    w.field(0, "Unschedulable", node.unschedulable);
    match &lease {
        Ok(Reply::Object(lease)) => describe_lease(&lease.to_value(w.now), w),
        Ok(_) => {}
        Err(error) => {
            let failure = cli_runtime::job::Failure::of(error, "");
            let why = crate::errors::message(&failure, &io.client());
            w.field(0, "Lease", format!("Failed to get lease: {why}"));
        }
    }
    describe_conditions(status, w);
    w.write(0, "Addresses:\n");
    for address in json::list(status, "addresses") {
        w.field(1, json::text(address, "type"), json::text(address, "address"));
    }
    for (title, key) in [("Capacity", "capacity"), ("Allocatable", "allocatable")] {
        if !json::empty(status, key) {
            w.write(0, format!("{title}:\n"));
            for (name, amount) in json::entries(status, key) {
                w.field(1, name, text(amount));
            }
        }
    }
    describe_system(&status["nodeInfo"], spec, w);
    describe_node_resource(&pods, status, w);
    w.describe_events(events.as_deref());
    Ok(())
}

fn describe_lease(lease: &Value, w: &mut Writer) {
    let spec = &lease["spec"];
    let holder = json::text(spec, "holderIdentity");
    let time = |key: &str| if json::has(spec, key) { date(&spec[key]) } else { "<unset>".to_owned() };
    w.write(0, "Lease:\n");
    w.field(1, "HolderIdentity", if holder.is_empty() { "<unset>" } else { holder });
    w.field(1, "AcquireTime", time("acquireTime"));
    w.field(1, "RenewTime", time("renewTime"));
}

fn describe_conditions(status: &Value, w: &mut Writer) {
    let conditions = json::list(status, "conditions");
    if conditions.is_empty() {
        return;
    }
    w.write(0, "Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n");
    w.write(1, "----\t------\t-----------------\t------------------\t------\t-------\n");
    for condition in conditions {
        let line = format!(
            "{} \t{} \t{} \t{} \t{} \t{}\n",
            json::text(condition, "type"),
            json::text(condition, "status"),
            date(&condition["lastHeartbeatTime"]),
            date(&condition["lastTransitionTime"]),
            json::text(condition, "reason"),
            json::text(condition, "message")
        );
        w.write(1, line);
    }
}

fn describe_system(info: &Value, spec: &Value, w: &mut Writer) {
    w.write(0, "System Info:\n");
    for (title, key) in [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
    ] {
        w.field(1, title, json::text(info, key));
    }
    if !json::text(spec, "podCIDR").is_empty() {
        w.field(0, "PodCIDR", json::text(spec, "podCIDR"));
    }
    if !json::empty(spec, "podCIDRs") {
        w.field(0, "PodCIDRs", json::strings(spec, "podCIDRs").join(","));
    }
    if !json::text(spec, "providerID").is_empty() {
        w.field(0, "ProviderID", json::text(spec, "providerID"));
    }
}

/// What a pod asks for or is limited to, its overhead included.
///
/// Kubernetes: component-helpers/resource/helpers.go, PodRequests and PodLimits.
fn pod_amounts(spec: &Value, list: &str) -> Amounts {
    let (mut sum, overhead) = (pod_total(spec, list), amounts(spec, "overhead"));
    match list {
        "limits" => {
            for (name, amount) in overhead {
                if let Some(have) = sum.get(&name).copied().filter(|have| !have.is_zero()) {
                    sum.insert(name, have.plus(amount));
                }
            }
        }
        _ => add(&mut sum, &overhead),
    }
    sum
}

/// Whole percents of what the node offers, cut.
fn percent(amount: i64, of: i64) -> i64 {
    match of {
        0 => 0,
        of => i64::try_from(i128::from(amount) * 100 / i128::from(of)).unwrap_or(i64::MAX),
    }
}

/// `100m (2%)`.
fn share(amounts: &Amounts, name: &str, allocatable: &Amounts) -> String {
    let get = |amounts: &Amounts| amounts.get(name).copied().unwrap_or(Quantity::ZERO);
    let (amount, whole) = (get(amounts), get(allocatable));
    let part = match name {
        "cpu" => percent(amount.milli_value(), whole.milli_value()),
        _ => percent(amount.value(), whole.value()),
    };
    format!("{amount} ({part}%)")
}

fn describe_node_resource(pods: &[Rc<Pod>], status: &Value, w: &mut Writer) {
    let allocatable = match amounts(status, "allocatable") {
        empty if empty.is_empty() => amounts(status, "capacity"),
        given => given,
    };
    w.field(0, "Non-terminated Pods", format!("({} in total)", pods.len()));
    w.write(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge\n");
    w.write(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---\n");
    let (mut all_requests, mut all_limits) = (Amounts::new(), Amounts::new());
    for pod in pods {
        let spec = &pod.spec.raw;
        let (requests, limits) = (pod_amounts(spec, "requests"), pod_amounts(spec, "limits"));
        let line = format!(
            "{}\t{}\t\t{}\t{}\t{}\t{}\t{}\n",
            pod.meta.namespace(),
            pod.meta.name,
            share(&requests, "cpu", &allocatable),
            share(&limits, "cpu", &allocatable),
            share(&requests, "memory", &allocatable),
            share(&limits, "memory", &allocatable),
            age(&pod.meta.created, w.now)
        );
        w.write(1, line);
        add(&mut all_requests, &requests);
        add(&mut all_limits, &limits);
    }
    w.write(0, "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n");
    w.write(1, "Resource\tRequests\tLimits\n");
    w.write(1, "--------\t--------\t------\n");
    let huge = allocatable.keys().filter(|name| name.starts_with("hugepages-")).cloned();
    let names: Vec<String> =
        ["cpu", "memory", "ephemeral-storage"].map(str::to_owned).into_iter().chain(huge).collect();
    for name in &names {
        let (requests, limits) =
            (share(&all_requests, name, &allocatable), share(&all_limits, name, &allocatable));
        w.write(1, format!("{name}\t{requests}\t{limits}\n"));
    }
    for name in allocatable.keys().filter(|name| !names.contains(name) && *name != "pods") {
        let get = |amounts: &Amounts| amounts.get(name).copied().unwrap_or(Quantity::ZERO);
        w.write(1, format!("{name}\t{}\t{}\n", get(&all_requests), get(&all_limits)));
    }
}

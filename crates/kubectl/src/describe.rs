//! `kubectl describe`.
//!
//! Kubernetes: kubectl/pkg/cmd/describe/describe.go; kubectl/pkg/describe/describe.go.

mod containers;
mod node;
mod objects;
mod pod;
mod quota;
mod rbac;
mod volumes;
mod workloads;
mod writer;

use serde_json::Value;

use super::mapper;
use super::resources::{self, Info, Target};
use super::rollout;
use super::{ALL_NAMESPACES, Cmd, Command, FILENAME, RECURSIVE, SELECTOR};
use api::event::Event;
use api::meta::Uid;
use api::object::{Kind, Object, Other};
use api::pod::CONFIG_MIRROR;
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
pub(super) use containers::describe_pod_template;
use sim::order::SortShared;
use std::rc::Rc;
pub(super) use writer::Writer;

pub(super) const COMMAND: Command = Command {
    name: "describe",
    aliases: &[],
    short: "Show details of a specific resource or group of resources",
    usage: "(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)",
    flags: &[
        SELECTOR,
        ALL_NAMESPACES,
        FILENAME,
        RECURSIVE,
        flag("show-events", '\0', Takes::Bool),
        flag("chunk-size", '\0', Takes::Int),
    ],
    run,
    subs: &[],
};

fn run(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    if cmd.args().is_empty() && !cmd.parsed.given("filename") {
        return Err("You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of supported resources.\n".into());
    }
    let targets = cmd.targets(io, cmd.args(), true).map_err(mapper::gathered)?;
    let scope = cmd.scope();
    let (infos, failures) = resources::visit(io, &targets, &scope)?;
    let events = cmd.parsed.flag_or("show-events", infos.len() == 1 && failures.is_empty());
    // A name that is not there may be the beginning of one.
    if let ([Target { kind, name: Some(prefix), .. }], [failure]) = (targets.as_slice(), failures.as_slice())
        && failure.is_not_found()
        && cmd.args().len() == 2
    {
        let objects = resources::list(io, *kind, Some(&scope.namespace))?;
        let similar = objects.into_iter().filter(|object| object.key().name.starts_with(prefix.as_str()));
        let similar: Vec<Info> = similar.map(|object| Info { kind: *kind, object }).collect();
        for info in &similar {
            let text = describe(io, info, events)?;
            io.out(text + "\n");
        }
        if !similar.is_empty() {
            return Ok(0);
        }
    }
    for (at, info) in infos.iter().enumerate() {
        let text = describe(io, info, events)?;
        io.out(if at == 0 { text } else { format!("\n\n{text}") });
    }
    if infos.is_empty() && failures.is_empty() {
        let cluster_wide = scope.all_namespaces || targets.iter().any(|target| !target.kind.is_namespaced());
        io.err(match cluster_wide {
            true => "No resources found\n".to_owned(),
            false => format!("No resources found in {} namespace.\n", scope.namespace),
        });
    }
    match Failure::aggregate(failures) {
        Some(failure) => Err(failure.into()),
        None => Ok(0),
    }
}

fn is_of_apps(other: &Other, kind: &str) -> bool {
    other.kind.info().group == "apps" && other.kind.name() == kind
}

fn describe(io: &mut Io, info: &Info, show_events: bool) -> Result<String, Stop> {
    let mut w = Writer::new(io.now());
    let object = &info.object;
    match object {
        Object::Pod(pod) => {
            let events = if show_events { Some(events_of(io, object)?) } else { None };
            w.now = io.now();
            pod::describe_pod(pod, &mut w);
            w.describe_events(events.as_deref());
        }
        Object::Node(node) => node::describe_node(io, node, show_events, &mut w)?,
        Object::DaemonSet(ds) => {
            let pods = resources::list(io, Kind::Pod, Some(ds.meta.namespace()))?;
            let events = if show_events { Some(events_of(io, object)?) } else { None };
            w.now = io.now();
            objects::describe_daemon_set(ds, &pods, &mut w);
            w.describe_events(events.as_deref());
        }
        Object::Other(other) if is_of_apps(other, "Deployment") => {
            let events = if show_events { Some(events_of(io, object)?) } else { None };
            let sets = rollout::deployment::replica_sets(io, other)?;
            w.now = io.now();
            workloads::describe_deployment(other, &object.to_value(io.now()), &sets, &mut w);
            w.describe_events(events.as_deref());
        }
        Object::Other(other) if is_of_apps(other, "ReplicaSet") => {
            let pods = resources::list(io, Kind::Pod, Some(other.meta.namespace()))?;
            let events = if show_events { Some(events_of(io, object)?) } else { None };
            w.now = io.now();
            workloads::describe_replica_set(other, &object.to_value(io.now()), &pods, &mut w);
            w.describe_events(events.as_deref());
        }
        Object::Other(other) if is_of_apps(other, "StatefulSet") => {
            let pods = resources::list(io, Kind::Pod, Some(other.meta.namespace()))?;
            let events = if show_events { Some(events_of(io, object)?) } else { None };
            w.now = io.now();
            workloads::describe_stateful_set(other, &object.to_value(io.now()), &pods, &mut w);
            w.describe_events(events.as_deref());
        }
        Object::Other(service) if service.kind.api_version() == "v1" && service.kind.name() == "Service" => {
            let slices = endpoint_slices(io, service)?;
            let events = if show_events { Some(events_of(io, object)?) } else { None };
            w.now = io.now();
            workloads::describe_service(&object.to_value(io.now()), &slices, &mut w);
            w.describe_events(events.as_deref());
        }
        Object::Other(namespace) if Some(namespace.kind) == Kind::of("v1", "Namespace") => {
            let quotas = values_in(io, "ResourceQuota", &namespace.meta.name)?;
            let ranges = values_in(io, "LimitRange", &namespace.meta.name)?;
            w.now = io.now();
            objects::describe_namespace(&object.to_value(io.now()), &quotas, &ranges, &mut w);
        }
        other => {
            let events = if show_events { Some(events_of(io, object)?) } else { None };
            w.now = io.now();
            let value = other.to_value(io.now());
            objects::describe_other(info.kind, &value, events.as_deref(), &mut w);
        }
    }
    Ok(w.finish())
}

/// The objects of a core kind in a namespace, as the API shows them.
fn values_in(io: &mut Io, kind: &str, namespace: &str) -> Result<Vec<Value>, Stop> {
    let Some(kind) = Kind::of("v1", kind) else { return Ok(Vec::new()) };
    let objects = resources::list(io, kind, Some(namespace))?;
    Ok(objects.iter().map(|object| object.to_value(io.now())).collect())
}

/// The EndpointSlices of a Service.
fn endpoint_slices(io: &mut Io, service: &Other) -> Result<Vec<Object>, Stop> {
    let Some(kind) = Kind::of("discovery.k8s.io/v1", "EndpointSlice") else { return Ok(Vec::new()) };
    let mut slices = resources::list(io, kind, Some(service.meta.namespace()))?;
    slices.retain(|slice| {
        let meta = slice.meta();
        meta.is_some_and(|meta| meta.label("kubernetes.io/service-name") == Some(&*service.meta.name))
    });
    Ok(slices)
}

/// The events about an object, oldest first.
///
/// A mirror pod's are found by the hash of its static pod, on which the kubelet records them (CLI-018).
///
/// Kubernetes: describe.go, searchEvents; util/event/sorted_event_list.go.
fn events_of(io: &mut Io, object: &Object) -> Result<Vec<Rc<Event>>, Stop> {
    let key = object.key();
    let namespace = Some(&*key.namespace).filter(|namespace| !namespace.is_empty());
    let Some(meta) = object.meta() else { return Ok(Vec::new()) };
    let uid = match object {
        Object::Pod(_) => meta.annotation(CONFIG_MIRROR).map_or(meta.uid, Uid::from_text),
        _ => meta.uid,
    };
    let kind = object.kind();
    let about = |event: &Event| {
        let regarding = &event.draft.regarding;
        let same_uid = regarding.uid == uid || (kind == Kind::Node && regarding.kind == Kind::Node);
        same_uid && regarding.name == key.name
    };
    let listed = resources::list(io, Kind::Event, namespace)?;
    let events = listed.into_iter().filter_map(|object| match object {
        Object::Event(event) => Some(event),
        _ => None,
    });
    let mut found: Vec<Rc<Event>> = events.filter(|event| about(event)).collect();
    found.sort_shared_by_key(|event| (event.draft.last.stamp(), event.draft.last, event.serial));
    Ok(found)
}

/// A selector as its `String` method prints it.
fn format_selector(selector: &Value) -> String {
    api::label::label_selector_as_selector(selector).map_or_else(|error| error.to_string(), |s| s.to_string())
}

/// A member of an object as `%v` prints it.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

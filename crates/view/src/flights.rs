//! Messages under way, for the picture.

use std::rc::Rc;

use super::transit::{Flight, Flow, Place};
use cluster::post::{Leg, key_of};
use cluster::{Cluster, watch_verb};
use kubelet::runtime::sandbox::{ContainerState, SandboxState};
use wire::{Call, CallError, Part};

fn text(value: &str) -> Rc<str> {
    Rc::from(value)
}

pub(super) fn place(cluster: &Cluster, part: Part) -> Place {
    match part {
        Part::User => Place::User,
        Part::ApiServer => Place::ApiServer,
        Part::Etcd => Place::Etcd,
        Part::ControllerManager => Place::ControllerManager,
        Part::Scheduler => Place::Scheduler,
        Part::Kubelet(id) => {
            let machine = cluster.machines.get(id.0 as usize);
            Place::Kubelet(machine.map_or_else(|| text(""), |machine| machine.name.clone()))
        }
    }
}

/// All messages between the parts that are under way now. Answers to requests are left out, except those
/// that a person waits for.
pub fn flights(cluster: &Cluster) -> Vec<Flight> {
    let mut flights = Vec::new();
    for message in cluster.messages() {
        let part = place(cluster, message.part);
        let (from, to, verb, kind, object) = match &message.leg {
            Leg::Call(Call::PostEvent(draft)) => {
                (part, Place::ApiServer, "create".to_owned(), "Event".to_owned(), draft.reason.to_owned())
            }
            Leg::Call(call) => {
                let object = key_of(call).to_string();
                (part, Place::ApiServer, call.verb().to_owned(), call.kind().name().to_owned(), object)
            }
            Leg::Answer(answer) if message.part == Part::User => {
                let verb = match &answer.result {
                    Ok(_) => "answer",
                    // What kubectl apply asks first, of an object that is new.
                    Err(CallError::Status(status)) if status.is_not_found() => "not found",
                    Err(_) => "refused",
                };
                (Place::ApiServer, part, verb.to_owned(), String::new(), String::new())
            }
            Leg::List => (part, Place::ApiServer, "list".to_owned(), String::new(), String::new()),
            Leg::Listed(_) => (Place::ApiServer, part, "listed".to_owned(), String::new(), String::new()),
            Leg::Answer(_) | Leg::EventRejected(_) => continue,
        };
        flights.push(Flight {
            id: message.id,
            from,
            to,
            verb: verb.into(),
            kind: kind.into(),
            object: object.into(),
            sent: message.sent,
            arrives: message.arrives,
            count: 1,
        });
    }
    let delay = cluster.settings.link_delay;
    for (part, sent, event) in cluster.watch_events() {
        let object = event.object();
        // One event may be under way to several parts, and a part may get several of one revision.
        let revision = object.meta().map_or(0, |meta| meta.resource_version);
        let to = match part {
            Part::Kubelet(id) => u64::from(id.0) + 16,
            Part::Scheduler => 1,
            _ => 0,
        };
        flights.push(Flight {
            id: 1 << 63 | revision << 16 | to,
            from: Place::ApiServer,
            to: place(cluster, part),
            verb: text(watch_verb(event)),
            kind: text(object.kind().name()),
            object: text(&object.key().to_string()),
            sent,
            arrives: sent + delay,
            count: 1,
        });
    }
    flights.extend(on_nodes(cluster));
    flights
}

/// Everything under way as flows: of which there are never more than the ways between parts.
pub fn flows(cluster: &Cluster) -> Vec<Flow> {
    let (to_manager, to_scheduler, to_kubelets) = cluster.watch_event_counts();
    let counts = cluster.under_way();
    let ways = [
        (Place::User, counts.user, 0),
        (Place::ControllerManager, counts.controller_manager, to_manager),
        (Place::Scheduler, counts.scheduler, to_scheduler),
        (Place::Kubelets, counts.kubelets, to_kubelets),
    ];
    let mut flows = Vec::new();
    for (place, both, events) in ways {
        let events = u32::try_from(events).unwrap_or(u32::MAX);
        let flow = |from, to, count| Flow { from, to, count };
        flows.push(flow(place.clone(), Place::ApiServer, both.to));
        flows.push(flow(Place::ApiServer, place, both.back.saturating_add(events)));
    }
    flows.retain(|flow| flow.count > 0);
    flows
}

/// More nodes than this are not looked through for what goes on inside them.
const NODES_SHOWN: usize = 100;

/// What goes on inside the nodes: files being read, sandboxes and containers being started.
fn on_nodes(cluster: &Cluster) -> Vec<Flight> {
    let mut flights = Vec::new();
    let settings = &cluster.settings;
    for machine in cluster.present_machines().take(NODES_SHOWN) {
        let node = &machine.name;
        let flight =
            |id: u64, from: Place, to: Place, verb: &str, kind: &str, object: Rc<str>, sent, arrives| {
                Flight {
                    id: 1 << 62 | u64::from(machine.id.0) << 40 | id,
                    from,
                    to,
                    verb: verb.into(),
                    kind: kind.into(),
                    object,
                    sent,
                    arrives,
                    count: 1,
                }
            };
        for (at, event) in machine.file_events().enumerate() {
            let (from, to) = (Place::Disk(node.clone()), Place::Kubelet(node.clone()));
            flights.push(flight(
                at as u64,
                from,
                to,
                "read",
                "File",
                event.path.clone(),
                event.sent,
                event.arrives,
            ));
        }
        for sandbox in machine.kubelet.runtime.sandboxes() {
            let pod = text(&format!("{}/{}", sandbox.namespace(), sandbox.name));
            let (from, to) = (Place::Kubelet(node.clone()), Place::Pod(node.clone(), pod.clone()));
            if sandbox.state == SandboxState::Creating {
                let (id, sent) = (u64::from(sandbox.id) << 4 | 1, sandbox.created);
                let arrives = sent + settings.sandbox_delay;
                flights.push(flight(
                    id,
                    from.clone(),
                    to.clone(),
                    "run",
                    "Sandbox",
                    pod.clone(),
                    sent,
                    arrives,
                ));
            }
            for container in sandbox.containers.iter().filter(|c| c.state == ContainerState::Created) {
                let (id, sent) = (u64::from(container.id) << 4 | 2, container.created);
                let arrives = sent + settings.container_start_delay;
                let name = container.name().clone();
                flights.push(flight(id, from.clone(), to.clone(), "start", "Container", name, sent, arrives));
            }
        }
    }
    flights
}

//! What is being said and done at this moment, hop by hop: what captions are made of, and what time goes slowly for.

use std::rc::Rc;

use api::object::{Kind, Object};
use api::pod::Pod;
use cluster::Cluster;
use cluster::machine::Machine;
use cluster::post::{Leg, Message, key_of};
use kubelet::runtime::sandbox::{ContainerState, SandboxState};
use sim::{Duration, SortedMap, Time};
use wire::{Call, CallError, MachineId, Part, WatchEvent};

use crate::board::Origin;
use crate::pods::origin;

/// What a hop is. Of those that begin at one instant the later in this list says more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// kubectl asks for something.
    Asked,
    /// The API server answers kubectl.
    Answered,
    /// kubectl finds no API server.
    Refused,
    /// A kubelet reports a pod's state, which is in [`Hop::word`].
    Reported,
    /// kubectl sends an object to be stored.
    Sent,
    /// kubectl asks for something to be deleted.
    DeletionAsked,
    /// The controller manager hears of an object of its own.
    Noticed,
    /// It hears that one is gone.
    Missed,
    /// It asks for pods: [`Hop::names`] has whose.
    Created,
    /// It asks for pods to be deleted.
    Removed,
    /// It changes a node.
    Marked,
    /// The scheduler hears of pods without a node.
    Queued,
    /// It binds pods to nodes.
    Bound,
    /// A kubelet hears of a pod of its own.
    Handed,
    /// It hears that a pod of its own is to end.
    EndAsked,
    /// It has ended a pod and says so.
    Ended,
    /// It sets up a pod from the API.
    SetUp,
    /// It sets up a pod from a file.
    SetUpFromFile,
    /// It starts containers.
    Started,
    /// It tells the API server of a static pod.
    Mirrored,
    /// A file on its disk has changed.
    Read,
}

/// Everything of one sort that began at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    /// When.
    pub at: Time,
    /// What happens then.
    pub what: What,
    /// Pods, or `DaemonSet agent`, or a file's path; each once.
    pub names: Vec<Rc<str>>,
    /// The nodes concerned; each once.
    pub nodes: Vec<Rc<str>>,
    /// How many messages it is.
    pub count: u32,
    /// `Running` …
    pub word: Rc<str>,
    /// Of pods that are created: how many nodes have one, and how many should, where that is known.
    pub covered: Option<(u32, u32)>,
}

/// More computers than this are not looked through one by one.
pub const NODES_MOST: usize = 100;
/// A message that takes longer than this is waited for: there is nothing to be seen of it.
const LONGEST: Duration = Duration::from_secs(2);

/// What is under way now, oldest first. Costs a walk over the messages, and over the sandboxes of each computer.
pub fn hops(cluster: &Cluster) -> Vec<Hop> {
    let mut found = Found { cluster, hops: SortedMap::new() };
    for message in cluster.messages().filter(|message| is_short(message)) {
        found.message(message);
    }
    for (part, sent, event) in cluster.watch_events() {
        found.watch_event(part, sent, event);
    }
    for machine in cluster.present_machines().take(NODES_MOST) {
        found.machine(machine);
    }
    found.hops.into_values().collect()
}

/// What a kubelet does next by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tick {
    /// It reports a pod's state that the API server does not have.
    Report,
    /// It looks through its directory of static pods.
    FileCheck,
}

/// What a kubelet is to do next, when, and on which node; `None` where nothing waits for that.
pub fn next_tick(cluster: &Cluster) -> Option<(Time, Tick, Rc<str>)> {
    let now = cluster.now();
    let ticks = |machine: &Machine| {
        let report = machine.kubelet.next_report(now).map(|at| (at, Tick::Report));
        let check = machine.kubelet.next_file_check(now).map(|at| (at, Tick::FileCheck));
        report.into_iter().chain(check).min().map(|(at, tick)| (at, tick, machine.name.clone()))
    };
    let running = cluster.present_machines().take(NODES_MOST).filter(|machine| machine.kubelet.is_running());
    running.filter_map(ticks).min()
}

/// Whether anything is under way that a person can see and that is more than a heartbeat.
pub fn is_anything_seen(cluster: &Cluster) -> bool {
    let works = |machine: &Machine| {
        machine.file_events().next().is_some() || machine.kubelet.runtime.sandboxes().iter().any(is_set_up)
    };
    cluster.messages().any(|message| is_short(message) && is_message_seen(message))
        || cluster.watch_events().any(|(_, _, event)| is_event_seen(event))
        || cluster.present_machines().take(NODES_MOST).any(works)
}

fn is_set_up(sandbox: &kubelet::runtime::sandbox::Sandbox) -> bool {
    sandbox.state == SandboxState::Creating
        || sandbox.containers.iter().any(|container| container.state == ContainerState::Created)
}

fn is_short(message: &Message) -> bool {
    message.arrives.since(message.sent) <= LONGEST
}

fn is_message_seen(message: &Message) -> bool {
    match &message.leg {
        Leg::Call(call) => {
            let kind = call.kind();
            let heartbeat = kind == Kind::Node && matches!(message.part, Part::Kubelet(_));
            kind != Kind::Event && kind != Kind::Lease && !heartbeat
        }
        Leg::Answer(_) => message.part == Part::User,
        Leg::List | Leg::Listed(_) | Leg::EventRejected(_) => false,
    }
}

fn is_event_seen(event: &WatchEvent) -> bool {
    match event.object() {
        Object::Event(_) | Object::Lease(_) => false,
        Object::Node(_) => !matches!(event, WatchEvent::Modified(_)),
        _ => true,
    }
}

struct Found<'a> {
    cluster: &'a Cluster,
    hops: SortedMap<(Time, What), Hop>,
}

impl Found<'_> {
    fn add(&mut self, at: Time, what: What, name: &str, node: &str) -> &mut Hop {
        let hop = self.hops.entry((at, what)).or_insert_with(|| Hop {
            at,
            what,
            names: Vec::new(),
            nodes: Vec::new(),
            count: 0,
            word: "".into(),
            covered: None,
        });
        hop.count += 1;
        for (list, text) in [(&mut hop.names, name), (&mut hop.nodes, node)] {
            if !text.is_empty() && !list.iter().any(|has| **has == *text) {
                list.push(text.into());
            }
        }
        hop
    }

    fn node_of(&self, id: MachineId) -> Rc<str> {
        self.cluster.machines.get(id.0 as usize).map_or_else(|| "".into(), |machine| machine.name.clone())
    }

    fn message(&mut self, message: &Message) {
        let at = message.sent;
        match (message.part, &message.leg) {
            (Part::User, Leg::Call(call)) => self.user_call(at, call),
            (Part::User, Leg::Answer(answer)) => {
                let refused = matches!(answer.result, Err(CallError::Refused));
                self.add(at, if refused { What::Refused } else { What::Answered }, "", "");
            }
            (Part::ControllerManager, Leg::Call(call)) => self.manager_call(at, call),
            (Part::Scheduler, Leg::Call(Call::Bind { pod, node })) => {
                self.add(at, What::Bound, &pod.key.name, node);
            }
            (Part::Kubelet(id), Leg::Call(call)) => {
                let node = self.node_of(id);
                self.kubelet_call(at, &node, call);
            }
            _ => {}
        }
    }

    fn user_call(&mut self, at: Time, call: &Call) {
        let what = match call {
            Call::Get { .. } | Call::List { .. } => What::Asked,
            Call::Delete { .. } | Call::Evict { .. } => What::DeletionAsked,
            _ => What::Sent,
        };
        let name = format!("{} {}", call.kind().name(), key_of(call).name);
        self.add(at, what, name.trim_end(), "");
    }

    fn manager_call(&mut self, at: Time, call: &Call) {
        let name = key_of(call).name;
        match call {
            Call::Create(Object::Pod(pod)) => {
                let covered = self.covered(pod);
                let owner = pod.meta.common.owners.iter().find(|owner| owner.controller);
                let name = owner.map_or_else(|| name.clone(), |owner| owner.name.clone());
                self.add(at, What::Created, &name, "").covered = covered;
            }
            Call::Delete { kind: Kind::Pod, .. } => {
                self.add(at, What::Removed, &name, "");
            }
            Call::Patch { kind: Kind::Node, .. } => {
                self.add(at, What::Marked, "", &name);
            }
            _ => {}
        }
    }

    /// How many nodes have a pod of this one's DaemonSet, and how many should.
    fn covered(&self, pod: &Pod) -> Option<(u32, u32)> {
        let owner = pod.meta.common.owners.iter().find(|owner| owner.controller)?;
        let store = &self.cluster.api.store;
        let ds = store.daemonsets.get(pod.meta.namespace(), &owner.name)?;
        let wanted = Some(ds.status.desired_number_scheduled).filter(|wanted| *wanted > 0)?;
        let of_it = |pod: &&Rc<Pod>| {
            pod.meta.common.owners.iter().any(|has| has.uid == owner.uid) && !pod.meta.is_terminating()
        };
        let few = self.cluster.machines.len() <= NODES_MOST;
        few.then(|| (store.pods.iter().filter(of_it).count() as u32, wanted))
    }

    fn kubelet_call(&mut self, at: Time, node: &str, call: &Call) {
        match call {
            Call::Create(Object::Pod(pod)) => {
                self.add(at, What::Mirrored, &pod.meta.name, node);
            }
            Call::PatchPodStatus { pod, status } => {
                self.add(at, What::Reported, &pod.key.name, node).word = status.phase.text().into();
            }
            Call::Delete { kind: Kind::Pod, key, .. } => {
                self.add(at, What::Ended, &key.name, node);
            }
            _ => {}
        }
    }

    fn watch_event(&mut self, part: Part, at: Time, event: &WatchEvent) {
        let object = event.object();
        let key = object.key();
        match (part, event, object) {
            (Part::ControllerManager, WatchEvent::Added(_), Object::DaemonSet(_)) => {
                self.add(at, What::Noticed, &format!("DaemonSet {}", key.name), "");
            }
            (Part::ControllerManager, WatchEvent::Deleted(_), Object::DaemonSet(_)) => {
                self.add(at, What::Missed, &format!("DaemonSet {}", key.name), "");
            }
            (Part::ControllerManager, WatchEvent::Deleted(_), Object::Pod(_)) => {
                self.add(at, What::Missed, &key.name, "");
            }
            (Part::Scheduler, WatchEvent::Added(_), Object::Pod(pod)) if pod.node_name.is_none() => {
                self.add(at, What::Queued, &key.name, "");
            }
            (Part::Kubelet(id), WatchEvent::Added(_), Object::Pod(pod))
                if origin(&pod.meta.common) != Origin::Static =>
            {
                let node = self.node_of(id);
                self.add(at, What::Handed, &key.name, &node);
            }
            (Part::Kubelet(id), WatchEvent::Modified(_), Object::Pod(pod)) if pod.meta.is_terminating() => {
                let node = self.node_of(id);
                self.add(at, What::EndAsked, &key.name, &node);
            }
            _ => {}
        }
    }

    fn machine(&mut self, machine: &Machine) {
        let node = &machine.name;
        for event in machine.file_events() {
            self.add(event.sent, What::Read, &event.path, node);
        }
        for sandbox in machine.kubelet.runtime.sandboxes() {
            if sandbox.state == SandboxState::Creating {
                let is_static = origin(&sandbox.common) == Origin::Static;
                let what = if is_static { What::SetUpFromFile } else { What::SetUp };
                self.add(sandbox.created, what, &sandbox.name, node);
            }
            for container in sandbox.containers.iter().filter(|one| one.state == ContainerState::Created) {
                self.add(container.created, What::Started, &sandbox.name, node);
            }
        }
    }
}

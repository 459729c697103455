//! The trail: what the last command has brought about, hop by hop, in the order in which it began.

use std::rc::Rc;

use super::flights::place;
use super::transit::Place;
use api::object::Kind;
use cluster::Cluster;
use cluster::post::LoggedMessage;
use kubelet::runtime::sandbox::{ContainerState, Sandbox};
use sim::Time;
use sim::order::SortShared;
use wire::Part;

/// Which of the two ways of deploying a hop belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Through the API server.
    Api,
    /// From a file on a node to its kubelet, and what that does about it.
    File,
}

impl Way {
    /// The value of `data-way`.
    pub fn text(self) -> &'static str {
        match self {
            Way::Api => "api",
            Way::File => "file",
        }
    }
}

/// One hop, or several of a kind that began together.
#[derive(Clone, Debug, PartialEq)]
pub struct TrailHop {
    /// How it goes: by the API, or by a file.
    pub way: Way,
    /// From where to where: the first is that of the first message. Of many only some.
    pub ends: Vec<(Place, Place)>,
    /// What is asked or told.
    pub verb: Rc<str>,
    /// Pod, DaemonSet …; `File`, `Sandbox`, `Container` on a node.
    pub kind: Rc<str>,
    /// `namespace/name`, or a file's path: that of the first message.
    pub object: Rc<str>,
    /// How many messages it stands for.
    pub count: u32,
    /// When the first was sent.
    pub sent: Time,
}

/// A trail is no longer than this.
const HOPS: usize = 14;
/// Ends that a hop names.
const ENDS: usize = 30;
/// Nodes that are looked through for what was started on them.
const NODES: usize = 100;

/// What was under way since then. `file` is the file that was written or removed, with its node. Costs a walk
/// over the log back to that time, and over the sandboxes of some nodes.
pub fn hops(cluster: &Cluster, since: Time, file: Option<(&str, &str)>) -> Vec<TrailHop> {
    let mut found: Vec<TrailHop> = Vec::new();
    if let Some((node, path)) = file {
        let (node, kind) = (Rc::<str>::from(node), "File".into());
        let ends = vec![(Place::Disk(node.clone()), Place::Kubelet(node))];
        found.push(TrailHop {
            way: Way::File,
            ends,
            verb: "read".into(),
            kind,
            object: path.into(),
            count: 1,
            sent: since,
        });
    }
    let recent = cluster.log.records().rev().take_while(|record| record.arrives >= since);
    let recent: Vec<&LoggedMessage> = recent.filter(|record| record.sent >= since && tells(record)).collect();
    for record in recent.into_iter().rev() {
        let (from, to) = (place(cluster, record.from), place(cluster, record.to));
        add(
            &mut found,
            way(cluster, record),
            (from, to),
            record.verb,
            record.kind.name(),
            &record.key.to_string(),
            record.sent,
        );
    }
    for machine in cluster.present_machines().take(NODES) {
        for sandbox in machine.kubelet.runtime.sandboxes() {
            on_node(&mut found, &machine.name, sandbox, since);
        }
    }
    found.sort_shared_by_key(|hop| hop.sent);
    found.truncate(HOPS);
    found
}

/// Leases and events say nothing of the cause, nodes report themselves all the time, and that everybody hears of
/// each change of a status is noise.
fn tells(record: &LoggedMessage) -> bool {
    let reads = matches!(record.verb, "get" | "list" | "watch");
    let by_user = record.from == Part::User;
    let is_node = record.kind == Kind::Node;
    let noise = matches!(record.kind.name(), "Lease" | "Event") || record.verb == "modified";
    !noise && !reads && (by_user || !is_node)
}

/// A mirror pod is the file's shadow.
fn way(cluster: &Cluster, record: &LoggedMessage) -> Way {
    let from_kubelet = matches!(record.from, Part::Kubelet(_));
    let found = || cluster.api.store.pods.get(&record.key.namespace, &record.key.name);
    let is_mirror = record.kind == Kind::Pod
        && ((from_kubelet && record.verb == "create") || found().is_some_and(|pod| pod.is_mirror()));
    if is_mirror { Way::File } else { Way::Api }
}

fn on_node(found: &mut Vec<TrailHop>, node: &Rc<str>, sandbox: &Sandbox, since: Time) {
    let pod: Rc<str> = format!("{}/{}", sandbox.namespace(), sandbox.name).into();
    let ends = || (Place::Kubelet(node.clone()), Place::Pod(node.clone(), pod.clone()));
    let is_static = super::pods::origin(&sandbox.common) == super::board::Origin::Static;
    let way = if is_static { Way::File } else { Way::Api };
    if sandbox.created >= since {
        add(found, way, ends(), "run", "Sandbox", &pod, sandbox.created);
    }
    let started = sandbox.containers.iter().filter_map(|container| match &container.state {
        ContainerState::Running { started } => Some(*started),
        ContainerState::Exited(exit) => Some(exit.started),
        ContainerState::Created => None,
    });
    if let Some(first) = started.filter(|started| *started >= since).min() {
        add(found, way, ends(), "start", "Container", &pod, first);
    }
}

/// What parts of one kind do is one hop: the kubelets of three nodes that start a pod each.
fn same_sort(a: &Place, b: &Place) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

fn add(
    found: &mut Vec<TrailHop>,
    way: Way,
    ends: (Place, Place),
    verb: &str,
    kind: &str,
    object: &str,
    sent: Time,
) {
    let is_it = |hop: &&mut TrailHop| {
        let known = hop.ends.first();
        hop.way == way
            && *hop.verb == *verb
            && *hop.kind == *kind
            && known.is_some_and(|known| same_sort(&known.0, &ends.0) && same_sort(&known.1, &ends.1))
    };
    match found.iter_mut().find(is_it) {
        Some(hop) => {
            hop.count += 1;
            if hop.ends.len() < ENDS && !hop.ends.contains(&ends) {
                hop.ends.push(ends);
            }
            hop.sent = hop.sent.min(sent);
        }
        None => found.push(TrailHop {
            way,
            ends: vec![ends],
            verb: verb.into(),
            kind: kind.into(),
            object: object.into(),
            count: 1,
            sent,
        }),
    }
}

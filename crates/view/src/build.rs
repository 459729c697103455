//! The board, made from the cluster.

use std::rc::Rc;

use super::board::{
    ApiServerState, Board, DaemonSetView, NodeView, Origin, PartState, PartView, PodView, Without,
};
use super::fleet::{Fleet, node_mark};
use super::pods::{self, NodeTruth};
use super::texts;
use super::why::{self, Cause, Site, Trouble};
use api::daemonset::{DaemonSet, UpdateStrategy};
use api::meta::{Name, Uid};
use api::node::Node;
use api::pod::{CONFIG_HASH, CONFIG_MIRROR, Pod};
use api::quantity::{Format, Quantity};
use api::resources::Resources;
use cluster::Cluster;
use cluster::machine::Machine;
use controllers::daemon::explain::why_not_on_node;
use controllers::daemon::nodes::DaemonTemplate;
use kubelet::runtime::sandbox::{Container, ContainerState, Sandbox, SandboxState};
use sim::order::SortShared;
use sim::{Duration, SortedMap, SortedSet, Time};

fn text(value: &str) -> Rc<str> {
    Rc::from(value)
}

/// Makes the whole board. Costs a walk over all nodes and pods.
pub fn board(cluster: &Cluster) -> Board {
    let pods = PodsByNode::sort(cluster);
    let daemonsets = rules(cluster);
    let mut seen: SortedSet<Name> = SortedSet::new();
    let mut nodes = Vec::new();
    for machine in cluster.present_machines() {
        seen.insert(machine.name.clone());
        let node = cluster.api.store.nodes.get("", &machine.name);
        let listed = pods.on(&machine.name);
        nodes.push(Rc::new(node_view(&machine.name, Some(machine), node, listed, &daemonsets)));
    }
    let mut unhosted: Vec<_> =
        cluster.api.store.nodes.iter().filter(|node| !seen.contains(&node.meta.name)).collect();
    unhosted.sort_shared_by(|a, b| a.meta.name.cmp(&b.meta.name));
    for node in unhosted {
        let name = &node.meta.name;
        nodes.push(Rc::new(node_view(name, None, Some(node), pods.on(name), &daemonsets)));
    }
    Board {
        now: cluster.now(),
        api_server: api_server_state(cluster),
        api_silent_since: cluster.api_silent_since(),
        parts: parts(cluster),
        nodes,
        pending: pods.unplaced.iter().take(PENDING_SHOWN).map(pending_view).collect(),
        pending_count: pods.unplaced.len() as u32,
        daemonsets: daemonsets.iter().map(|(ds, _)| Rc::new(daemonset_view(cluster, ds))).collect(),
        quiet: is_quiet(cluster),
    }
}

/// The marks of all nodes, made from nothing.
pub fn fleet(cluster: &Cluster) -> Fleet {
    let pods = PodsByNode::sort(cluster);
    let mut fleet = Fleet::default();
    for machine in cluster.present_machines() {
        let node = cluster.api.store.nodes.get("", &machine.name).map(|node| &**node);
        let mark = node_mark(&machine.name, Some(machine), node, pods.on(&machine.name));
        fleet.set(fleet.nodes.len(), mark);
    }
    let has_machine = |name: &Name| cluster.machine(name).is_some();
    let unhosted = cluster.api.store.nodes.iter().filter(|node| !has_machine(&node.meta.name));
    let unhosted: SortedMap<&Name, &Rc<Node>> = unhosted.map(|node| (&node.meta.name, node)).collect();
    for (name, node) in unhosted {
        fleet.set(fleet.nodes.len(), node_mark(name, None, Some(node), pods.on(name)));
    }
    fleet
}

/// More pods without a node are counted only.
pub(super) const PENDING_SHOWN: usize = 100;

/// The DaemonSets with what decides where their pods go.
pub(super) type Rules = Vec<(Rc<DaemonSet>, DaemonTemplate)>;

pub(super) fn rules(cluster: &Cluster) -> Rules {
    let sets = cluster.api.store.daemonsets.iter();
    sets.map(|ds| (ds.clone(), DaemonTemplate::new(&ds.template))).collect()
}

/// The same after some were written: a template that is still the same is not read again.
pub(super) fn rules_after(cluster: &Cluster, old: &Rules) -> Rules {
    let known = |ds: &DaemonSet| {
        let same = |(had, _): &&(Rc<DaemonSet>, DaemonTemplate)| {
            had.meta.uid == ds.meta.uid && Rc::ptr_eq(&had.template, &ds.template)
        };
        old.iter().find(same).map(|(_, template)| template.clone())
    };
    let sets = cluster.api.store.daemonsets.iter();
    sets.map(|ds| (ds.clone(), known(ds).unwrap_or_else(|| DaemonTemplate::new(&ds.template)))).collect()
}

pub(super) fn pending_view(pod: &Rc<Pod>) -> Rc<PodView> {
    Rc::new(pods::from_api(pod, None, None))
}

pub(super) fn is_quiet(cluster: &Cluster) -> bool {
    cluster.is_quiet(Duration::from_secs(2))
}

/// The API server's pods by the node they are on or meant for.
struct PodsByNode {
    by_node: SortedMap<Name, Vec<Rc<Pod>>>,
    unplaced: Vec<Rc<Pod>>,
}

impl PodsByNode {
    fn sort(cluster: &Cluster) -> PodsByNode {
        let mut sorted = PodsByNode { by_node: SortedMap::new(), unplaced: Vec::new() };
        for pod in cluster.api.store.pods.iter() {
            match pod.node_name.as_ref().or(pod.pinned_to.as_ref()) {
                Some(node) => sorted.by_node.entry(node.clone()).or_default().push(pod.clone()),
                None => sorted.unplaced.push(pod.clone()),
            }
        }
        sorted
    }

    fn on(&self, node: &Name) -> &[Rc<Pod>] {
        self.by_node.get(node).map_or(&[], Vec::as_slice)
    }
}

/// The sandbox that a pod of the API server is on its node: its own, or for a mirror pod its static pod's.
pub(super) fn sandbox_of<'a>(machine: &'a Machine, pod: &Pod) -> Option<&'a Sandbox> {
    match pod.meta.annotation(CONFIG_MIRROR) {
        // While the API server is away the mirror stays that of an older text of the file.
        Some(hash) => {
            let same = |sandbox: &&Sandbox| {
                let own = sandbox.common.annotations.get(CONFIG_HASH);
                own.is_some_and(|own| **own == *hash) && sandbox.name == pod.meta.name
            };
            let all = machine.kubelet.runtime.sandboxes();
            let of_name = || static_sandbox(machine, pod.meta.namespace(), &pod.meta.name);
            all.iter().find(same).filter(|sandbox| is_alive(sandbox)).or_else(of_name)
        }
        None => machine.kubelet.runtime.sandbox(pod.meta.uid),
    }
}

/// The newest sandbox of a static pod.
fn static_sandbox<'a>(machine: &'a Machine, namespace: &str, name: &str) -> Option<&'a Sandbox> {
    let is_it = |sandbox: &&Sandbox| {
        *sandbox.name == *name && **sandbox.namespace() == *namespace && is_static(sandbox)
    };
    machine.kubelet.runtime.sandboxes().iter().rev().find(is_it)
}

fn is_static(sandbox: &Sandbox) -> bool {
    pods::origin(&sandbox.common) == Origin::Static
}

/// Whether a sandbox that belongs to no pod of the API server is shown: while something of it runs, and a
/// static pod as long as the kubelet has its file, even if its containers only fail. What is left of a pod that
/// has ended, a sandbox without a container, is not.
pub(super) fn is_shown_alone(machine: &Machine, sandbox: &Sandbox) -> bool {
    if is_alive(sandbox) {
        return true;
    }
    if sandbox.containers.is_empty() {
        return false;
    }
    let newest = || static_sandbox(machine, sandbox.namespace(), &sandbox.name);
    is_static(sandbox)
        && machine.file_of(sandbox.namespace(), &sandbox.name).is_some()
        && newest().is_some_and(|newest| newest.uid == sandbox.uid)
}

pub(super) fn node_view(
    name: &Name,
    machine: Option<&Machine>,
    node: Option<&Rc<Node>>,
    listed: &[Rc<Pod>],
    daemonsets: &[(Rc<DaemonSet>, DaemonTemplate)],
) -> NodeView {
    let views = pod_views(name, machine, listed);
    let node_value = node.map(|node| &**node);
    let labels = node_value
        .map(|node| node.meta.labels().iter().map(|(key, value)| (key.clone(), value.clone())).collect());
    let requested = requested(listed);
    let amounts = |of: fn(&Resources) -> Quantity| -> Rc<str> {
        node_value
            .map_or_else(|| text(""), |node| text(&format!("{} / {}", of(&requested), of(&node.allocatable))))
    };
    NodeView {
        name: name.clone(),
        status: text(&node_value.map_or("not registered".to_owned(), node_status)),
        ready: node_value.is_some_and(Node::is_ready),
        registered: node_value.is_some(),
        powered: machine.is_some_and(|machine| machine.powered),
        kubelet_running: machine.is_some_and(|machine| machine.kubelet.is_running()),
        linked: machine.is_some_and(|machine| machine.linked),
        cordoned: node_value.is_some_and(|node| node.unschedulable),
        hosts_plane: machine.is_some_and(|machine| machine.spec.control_plane),
        roles: node_value.map(roles).unwrap_or_default(),
        labels: labels.unwrap_or_default(),
        taints: node_value.map(|node| node.taints.clone()).unwrap_or_default(),
        internal_ip: text(&node_value.and_then(|n| n.internal_ip).map_or(String::new(), |ip| ip.to_string())),
        static_pod_path: machine.map_or_else(|| text(""), |machine| text(&machine.manifest_directory())),
        restart_needed: machine.is_some_and(Machine::restart_needed),
        files: machine.map_or_else(Vec::new, texts::file_entries),
        why: why::on_node(&Site { machine, node: node_value, listed, views: &views }, daemonsets),
        pods: views,
        cpu: amounts(|r| Quantity::from_milli(r.cpu_milli, Format::DecimalSi)),
        memory: amounts(|r| Quantity::from_value(r.memory, Format::BinarySi)),
    }
}

/// Whether anything of a pod runs on its node, or is about to.
pub(super) fn is_alive(sandbox: &Sandbox) -> bool {
    let lives = |container: &Container| container.is_running() || container.state == ContainerState::Created;
    let begins = sandbox.containers.is_empty() && sandbox.state != SandboxState::NotReady;
    begins || sandbox.containers.iter().any(lives)
}

fn pod_views(name: &Name, machine: Option<&Machine>, listed: &[Rc<Pod>]) -> Vec<Rc<PodView>> {
    let mut shown: SortedSet<Uid> = SortedSet::new();
    let mut views = Vec::new();
    for pod in listed {
        let sandbox = machine.and_then(|machine| sandbox_of(machine, pod));
        let back_off =
            |container: &str| -> Option<Time> { machine?.kubelet.back_off_end(sandbox?.uid, container) };
        let truth = sandbox.map(|sandbox| NodeTruth {
            sandbox,
            file: machine.and_then(|machine| machine.file_of(sandbox.namespace(), &sandbox.name)),
            back_off: &back_off,
        });
        shown.extend(sandbox.map(|sandbox| sandbox.uid));
        // A mirror pod has another uid than its static pod.
        let uid = sandbox.map_or(pod.meta.uid, |sandbox| sandbox.uid);
        let step = machine.and_then(|machine| machine.kubelet.start_step(uid));
        views.push(Rc::new(PodView { step, ..pods::from_api(pod, Some(name), truth) }));
    }
    let alone = machine.into_iter().flat_map(|m| m.kubelet.runtime.sandboxes().iter().map(move |s| (m, s)));
    for (machine, sandbox) in alone {
        if shown.contains(&sandbox.uid) || !is_shown_alone(machine, sandbox) {
            continue;
        }
        let back_off =
            |container: &str| -> Option<Time> { machine.kubelet.back_off_end(sandbox.uid, container) };
        let file = machine.file_of(sandbox.namespace(), &sandbox.name);
        let step = machine.kubelet.start_step(sandbox.uid);
        let view = pods::from_node(name, NodeTruth { sandbox, file, back_off: &back_off });
        views.push(Rc::new(PodView { step, ..view }));
    }
    views.sort_shared_by(|a, b| (a.origin, &a.namespace, &a.name).cmp(&(b.origin, &b.namespace, &b.name)));
    views
}

/// ROLES of `kubectl get nodes` (CLI-003).
fn roles(node: &Node) -> Vec<Rc<str>> {
    printers::core::find_node_roles(node.meta.labels()).into_iter().map(Rc::from).collect()
}

/// STATUS of `kubectl get nodes` (CLI-003).
fn node_status(node: &Node) -> String {
    let ready = match node.ready_status() {
        Some(api::pod::ConditionStatus::True) => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    let cordoned = if node.unschedulable { ",SchedulingDisabled" } else { "" };
    format!("{ready}{cordoned}")
}

fn requested(pods: &[Rc<Pod>]) -> Resources {
    let mut sum = Resources::default();
    for pod in pods.iter().filter(|pod| pod.node_name.is_some() && !pod.is_terminal()) {
        sum.add(&pod.spec.requests);
    }
    sum
}

/// How many nodes are named for each set of reasons.
const EXAMPLES: usize = 3;

/// Why nodes are to have no pod of a DaemonSet, the most frequent reasons first.
pub fn nodes_without(cluster: &Cluster, namespace: &str, daemonset: &str) -> Vec<Without> {
    let Some(ds) = cluster.api.store.daemonsets.get(namespace, daemonset) else { return Vec::new() };
    let template = DaemonTemplate::new(&ds.template);
    let mut found: SortedMap<Vec<Cause>, (u32, Vec<Name>)> = SortedMap::new();
    for node in cluster.api.store.nodes.iter() {
        let obstacles = why_not_on_node(&template, node);
        if obstacles.is_empty() {
            continue;
        }
        let causes = obstacles.into_iter().map(Cause::from).collect();
        let (count, examples) = found.entry(causes).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            examples.push(node.meta.name.clone());
        }
    }
    let mut groups: Vec<Without> =
        found.into_iter().map(|(causes, (count, examples))| Without { causes, count, examples }).collect();
    groups.sort_shared_by_key(|group| std::cmp::Reverse(group.count));
    groups
}

/// Events that are looked through for what is wrong with a DaemonSet.
const LATELY: usize = 512;

/// Why the controller cannot make pods, while there are fewer than wanted: what the API server answered it, else
/// the newest warning about the DaemonSet.
fn trouble(cluster: &Cluster, ds: &DaemonSet) -> Option<Trouble> {
    if ds.status.current_number_scheduled >= ds.status.desired_number_scheduled {
        return None;
    }
    let manager = cluster.controllers.component.as_ref();
    if let Some(refusal) = manager.and_then(|manager| manager.daemon.refusal(ds.meta.uid)) {
        return Some(Trouble::of_refusal(refusal));
    }
    let about = |event: &Rc<api::event::Event>| {
        let regarding = &event.draft.regarding;
        event.draft.is_warning()
            && regarding.kind.name() == "DaemonSet"
            && regarding.namespace == *ds.meta.namespace()
            && regarding.name == ds.meta.name
    };
    let newest = cluster.api.store.events.iter().rev().take(LATELY).find(about)?;
    let text = text(&format!("{}: {}", newest.draft.reason, newest.draft.message()));
    Some(Trouble { text, missing: None })
}

pub(super) fn daemonset_view(cluster: &Cluster, ds: &DaemonSet) -> DaemonSetView {
    let status = &ds.status;
    let selector: Vec<String> =
        ds.template.spec.node_selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
    DaemonSetView {
        id: text(&format!("{}/{}", ds.meta.namespace(), ds.meta.name)),
        namespace: ds.meta.namespace().clone(),
        name: ds.meta.name.clone(),
        desired: status.desired_number_scheduled,
        current: status.current_number_scheduled,
        ready: status.number_ready,
        up_to_date: status.updated_number_scheduled,
        available: status.number_available,
        misscheduled: status.number_misscheduled,
        node_selector: if selector.is_empty() { text("<none>") } else { text(&selector.join(",")) },
        trouble: trouble(cluster, ds),
        max_unavailable: match &ds.update_strategy {
            UpdateStrategy::RollingUpdate { max_unavailable, .. } => {
                Some(max_unavailable.scaled_round_up(status.desired_number_scheduled))
            }
            UpdateStrategy::OnDelete => None,
        },
        tolerates: !ds.template.raw["spec"]["tolerations"].as_array().is_none_or(Vec::is_empty),
        created: ds.meta.created,
    }
}

const PARTS: [&str; 4] = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];

/// The control-plane computer that carries a part, and the part's sandbox there.
fn part_sandbox<'a>(cluster: &'a Cluster, part: &str) -> Option<(&'a Machine, Option<&'a Sandbox>)> {
    let machine = cluster.control_plane().next()?;
    let name = format!("{part}-{}", machine.name);
    let mut found = machine
        .kubelet
        .runtime
        .sandboxes()
        .iter()
        .filter(|sandbox| *sandbox.name == *name && **sandbox.namespace() == *"kube-system");
    Some((machine, found.next_back()))
}

pub(super) fn parts(cluster: &Cluster) -> Vec<Rc<PartView>> {
    PARTS.iter().map(|part| Rc::new(part_view(cluster, part))).collect()
}

fn part_view(cluster: &Cluster, part: &str) -> PartView {
    let (machine, sandbox) = match part_sandbox(cluster, part) {
        Some((machine, sandbox)) => (Some(machine), sandbox),
        None => (None, None),
    };
    let container = sandbox.and_then(|sandbox| sandbox.newest(part));
    let running = container.is_some_and(|container| container.is_running());
    let or_standby = |leads: bool| if leads { PartState::Running } else { PartState::Standby };
    let at_work = match part {
        "kube-apiserver" => cluster.api_up().then_some(PartState::Running),
        "kube-controller-manager" => {
            cluster.controllers.component.as_ref().map(|kcm| or_standby(kcm.is_leading()))
        }
        "kube-scheduler" => cluster.scheduler.component.as_ref().map(|it| or_standby(it.is_leading())),
        _ => Some(PartState::Running),
    };
    let state = match (running, at_work, sandbox) {
        (true, Some(state), _) => state,
        (true, None, _) => PartState::Starting,
        (false, _, Some(sandbox))
            if sandbox.containers.is_empty() && sandbox.state != SandboxState::NotReady =>
        {
            PartState::Starting
        }
        _ => PartState::Down,
    };
    let pod = machine.map_or(String::new(), |machine| format!("kube-system/{part}-{}", machine.name));
    PartView {
        name: text(part),
        state,
        pod: text(&pod),
        restarts: container.map_or(0, |container| container.attempt),
        note: text(&note(cluster, part)),
    }
}

/// What a part is at.
fn note(cluster: &Cluster, part: &str) -> String {
    match part {
        "etcd" => format!("revision {}", cluster.api.store.revision()),
        _ => String::new(),
    }
}

pub(super) fn api_server_state(cluster: &Cluster) -> ApiServerState {
    if cluster.api_up() {
        let stopping = cluster.control_plane().any(|machine| {
            let name = format!("kube-apiserver-{}", machine.name);
            machine.kubelet.is_terminating("kube-system", &name)
        });
        return if stopping { ApiServerState::Stopping } else { ApiServerState::Up };
    }
    let starting = part_sandbox(cluster, "kube-apiserver").and_then(|(_, sandbox)| sandbox);
    // A sandbox that was stopped stays until the kubelet collects it; nothing starts in it any more.
    let starting = starting.is_some_and(|sandbox| {
        sandbox.state != SandboxState::NotReady
            && sandbox.newest("kube-apiserver").is_none_or(|container| container.exit().is_none())
    });
    if starting { ApiServerState::Starting } else { ApiServerState::Down }
}

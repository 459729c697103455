//! One pod for the picture: what the API server believes, and what the node's runtime really has.

use std::rc::Rc;

use super::board::{ContainerView, Controller, Difference, OnNode, Origin, PodState, PodView};
use api::meta::{CommonMeta, ObjectMeta, OwnerReference};
use api::pod::{
    CONFIG_MIRROR, ConditionStatus, ConditionType, ContainerKind, ContainerState as ApiState, Phase, Pod,
    PodSource,
};
use cluster::machine::Machine;
use kubelet::runtime::sandbox::{Container, ContainerState, Sandbox};
use printers::{EndReason, PodReason};
use sim::{Duration, SortedMap, Time};

/// Where a pod came from, by its metadata.
pub(crate) fn origin(common: &CommonMeta) -> Origin {
    let source = common.annotations.get(api::pod::CONFIG_SOURCE);
    if source.is_some_and(|source| **source != *PodSource::Api.name())
        || common.annotations.contains_key(CONFIG_MIRROR)
    {
        return Origin::Static;
    }
    match common.owners.iter().find(|owner| owner.controller) {
        Some(owner) if *owner.kind == *"DaemonSet" => Origin::DaemonSet,
        _ => Origin::Api,
    }
}

/// A pod's state and whether the node's runtime says otherwise: what [`from_api`] says in full.
///
/// That all is well is found without a look at each container's state.
pub(crate) fn state_in_brief(pod: &Pod, node: Option<(&Machine, &Sandbox)>) -> (PodState, bool) {
    let ready = pod.is_ready();
    let on_node = node.map(|(machine, sandbox)| on_machine(machine, sandbox));
    let reason = match ready && is_plainly_running(pod) {
        true => PodReason::Phase(Phase::Running),
        false => printers::pod_status(pod).reason,
    };
    let difference = difference(pod, &reason, on_node);
    (shown_state(state_of(&reason, ready), difference, on_node), difference.is_some())
}

/// The node's truth comes first: the API server's may be old.
fn shown_state(in_api: PodState, difference: Option<Difference>, on_node: Option<OnNode>) -> PodState {
    match (difference, on_node) {
        (Some(Difference::StatusDiffers), Some(on_node)) => on_node.state(),
        (Some(Difference::OnlyInApi), _) => PodState::Unknown,
        _ => in_api,
    }
}

fn on_machine(machine: &Machine, sandbox: &Sandbox) -> OnNode {
    OnNode::of(sandbox, &|container| machine.kubelet.back_off_end(sandbox.uid, container))
}

/// STATUS is `Running`, as every container runs and is ready, and nothing else is to be said.
fn is_plainly_running(pod: &Pod) -> bool {
    let status = &pod.status;
    let all = || {
        status.containers.len() == pod.spec.containers.len()
            && pod.spec.containers.iter().all(|container| container.kind == ContainerKind::Main)
            && status.containers.iter().all(|container| container.ready && container.state.is_running())
    };
    status.phase == Phase::Running && status.reason.is_none() && !pod.meta.is_terminating() && all()
}

/// The same of a pod that only the node knows.
pub(crate) fn state_on_node(machine: &Machine, sandbox: &Sandbox) -> PodState {
    on_machine(machine, sandbox).state()
}

/// The class of a pod's state, by what STATUS is taken from.
fn state_of(reason: &PodReason, ready: bool) -> PodState {
    match reason {
        PodReason::Phase(Phase::Running) if ready => PodState::Running,
        PodReason::Phase(Phase::Running) | PodReason::NotReady => PodState::NotReady,
        PodReason::Phase(Phase::Pending) | PodReason::SchedulingGated => PodState::Pending,
        PodReason::Phase(Phase::Succeeded) => PodState::Completed,
        PodReason::Phase(Phase::Failed) | PodReason::Status(_) => PodState::Error,
        PodReason::Phase(Phase::Unknown) => PodState::Unknown,
        PodReason::Terminating => PodState::Terminating,
        PodReason::Init { .. } => PodState::ContainerCreating,
        PodReason::InitWaiting(why) | PodReason::Waiting(why) => waiting_state(why),
        PodReason::Terminated(EndReason::Named(why)) if **why == *"Completed" => PodState::Completed,
        PodReason::InitTerminated(_) | PodReason::Terminated(_) => PodState::Error,
    }
}

/// The class of a waiting container, by the reason in its status.
fn waiting_state(reason: &str) -> PodState {
    match reason {
        "ContainerCreating" | "PodInitializing" => PodState::ContainerCreating,
        "CrashLoopBackOff" | "ImagePullBackOff" => PodState::CrashLoopBackOff,
        _ => PodState::Error,
    }
}

fn text(value: &str) -> Rc<str> {
    Rc::from(value)
}

impl OnNode {
    /// `back_off` says when a container's back-off ends.
    fn of(sandbox: &Sandbox, back_off: &dyn Fn(&str) -> Option<Time>) -> OnNode {
        let spec = &sandbox.spec;
        let mains = || spec.main_containers().filter_map(|container| sandbox.newest(&container.name));
        let all = spec.main_containers().count();
        let running = mains().filter(|container| container.is_running()).count();
        let exits = mains().filter_map(Container::exit);
        if running == all && all > 0 {
            OnNode::Running
        } else if let Some(exit) = exits.max_by_key(|exit| exit.code) {
            match exit.code {
                _ if spec.main_containers().any(|container| back_off(&container.name).is_some()) => {
                    OnNode::BackOff
                }
                0 => OnNode::Completed,
                _ => OnNode::Failed,
            }
        } else if spec.init_containers().any(|container| sandbox.newest(&container.name).is_some()) {
            OnNode::Initializing
        } else {
            OnNode::Creating
        }
    }

    fn state(self) -> PodState {
        match self {
            OnNode::Running => PodState::Running,
            OnNode::BackOff => PodState::CrashLoopBackOff,
            OnNode::Failed => PodState::Error,
            OnNode::Completed => PodState::Completed,
            OnNode::Initializing | OnNode::Creating => PodState::ContainerCreating,
        }
    }
}

fn api_containers(pod: &Pod) -> Vec<ContainerView> {
    let pairs = pod.spec.containers.iter().zip(&pod.status.containers);
    pairs
        .map(|(container, status)| {
            let state = match &status.state {
                ApiState::Waiting(waiting) => waiting.reason.clone(),
                ApiState::Running(_) => text("Running"),
                ApiState::Terminated(terminated) => terminated.reason.clone(),
            };
            ContainerView {
                name: container.name.clone(),
                image: container.image.clone(),
                state,
                ready: status.ready,
                running: status.state.is_running(),
                restarts: status.restart_count,
                restarts_at: None,
                since: None,
                is_init: container.kind.is_init(),
            }
        })
        .collect()
}

/// The containers as the runtime has them; readiness and waiting reasons come from the API server's view.
fn node_containers(
    sandbox: &Sandbox,
    api: &[ContainerView],
    back_off: &dyn Fn(&str) -> Option<Time>,
) -> Vec<ContainerView> {
    let known = |name: &str| api.iter().find(|container| &*container.name == name);
    sandbox
        .spec
        .containers
        .iter()
        .map(|container| {
            let newest = sandbox.newest(&container.name);
            let running = newest.is_some_and(Container::is_running);
            let restarts_at = back_off(&container.name).filter(|_| !running);
            let state = match newest.map(|newest| &newest.state) {
                Some(ContainerState::Running { .. }) => text("Running"),
                _ if restarts_at.is_some() => text("CrashLoopBackOff"),
                Some(ContainerState::Exited(exit)) => text(exit.reason.text()),
                Some(ContainerState::Created) => text("ContainerCreating"),
                None => known(&container.name).map_or_else(|| text("ContainerCreating"), |c| c.state.clone()),
            };
            ContainerView {
                name: container.name.clone(),
                image: container.image.clone(),
                state,
                ready: running && known(&container.name).is_none_or(|container| container.ready),
                running,
                restarts: newest.map_or(0, |newest| newest.attempt),
                restarts_at,
                since: newest.and_then(|newest| match &newest.state {
                    ContainerState::Created => None,
                    ContainerState::Running { started } => Some(*started),
                    ContainerState::Exited(exit) => Some(exit.finished),
                }),
                is_init: container.kind.is_init(),
            }
        })
        .collect()
}

/// Whether the two truths agree as far as a person cares.
fn difference(api: &Pod, reason: &PodReason, node: Option<OnNode>) -> Option<Difference> {
    let claims_running = matches!(reason, PodReason::Phase(Phase::Running) | PodReason::NotReady);
    let Some(node) = node else {
        return (api.node_name.is_some() && claims_running).then_some(Difference::OnlyInApi);
    };
    let same = match (reason, node) {
        (PodReason::Terminating, _) => true,
        (_, OnNode::Running) => {
            claims_running
                || api.status.phase == Phase::Running && !matches!(reason, PodReason::Terminated(_))
        }
        (PodReason::Phase(Phase::Running), _) => false,
        // The kubelet's status of a crash says more than the runtime's.
        _ => true,
    };
    (!same).then_some(Difference::StatusDiffers)
}

fn reason(pod: &Pod) -> Option<Rc<str>> {
    let scheduled = pod.status.condition(ConditionType::PodScheduled);
    let unscheduled = scheduled.filter(|condition| condition.status == ConditionStatus::False);
    let from_condition = unscheduled.and_then(|condition| condition.reason.as_ref());
    let from_status = pod.status.reason.as_ref();
    let waiting = pod.status.containers.iter().find_map(|container| match &container.state {
        ApiState::Waiting(waiting) if !waiting.message.is_empty() => Some(waiting.message.clone()),
        _ => None,
    });
    from_status.or(from_condition).map(|reason| reason.message.clone()).or(waiting)
}

fn labels(meta: &ObjectMeta) -> SortedMap<Rc<str>, Rc<str>> {
    meta.labels().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn controller(owner: &OwnerReference) -> Controller {
    Controller { kind: text(&owner.kind), name: text(&owner.name) }
}

/// What the node adds to the API server's view of a pod.
#[derive(Clone, Copy)]
pub(crate) struct NodeTruth<'a> {
    pub(crate) sandbox: &'a Sandbox,
    /// The file a static pod comes from.
    pub(crate) file: Option<&'a str>,
    /// When a container's back-off ends.
    pub(crate) back_off: &'a dyn Fn(&str) -> Option<Time>,
}

/// A pod that the API server knows.
pub(crate) fn from_api(pod: &Pod, target: Option<&Rc<str>>, node: Option<NodeTruth<'_>>) -> PodView {
    let summary = printers::pod_status(pod);
    let on_node = node.map(|node| OnNode::of(node.sandbox, node.back_off));
    let difference = difference(pod, &summary.reason, on_node);
    let status = text(&summary.reason.to_string());
    let in_api = api_containers(pod);
    let containers = match node {
        Some(node) => node_containers(node.sandbox, &in_api, node.back_off),
        None => in_api,
    };
    let owner = pod.meta.controller().or(pod.meta.common.owners.first());
    PodView {
        id: text(&format!("{}/{}", pod.meta.namespace(), pod.meta.name)),
        namespace: pod.meta.namespace().clone(),
        name: pod.meta.name.clone(),
        uid: text(&pod.meta.uid.to_string()),
        node: target.cloned(),
        origin: origin(&pod.meta.common),
        labels: labels(&pod.meta),
        controlled_by: owner.map(controller),
        file: node.and_then(|node| node.file).map(text),
        is_mirror: pod.is_mirror(),
        ghost: pod.node_name.is_none(),
        state: shown_state(state_of(&summary.reason, pod.is_ready()), difference, on_node),
        ready: text(&format!("{}/{}", summary.ready, summary.total)),
        restarts: summary.restarts,
        created: pod.meta.created,
        ip: pod.status.pod_ip.map(|ip| text(&ip.to_string())),
        difference,
        api_status: Some(status.clone()),
        node_status: on_node,
        status,
        reason: reason(pod),
        step: None,
        grace: pod.meta.deletion.as_ref().filter(|deletion| deletion.grace_seconds > 0).map(|deletion| {
            let (end, grace) = (deletion.at.time(), Duration::from_secs(deletion.grace_seconds.into()));
            (Time(end.0.saturating_sub(grace.as_micros())), end)
        }),
        containers,
    }
}

/// A pod that only the node knows: its mirror is missing, or its object is gone while its containers end.
pub(crate) fn from_node(node_name: &Rc<str>, node: NodeTruth<'_>) -> PodView {
    let sandbox = node.sandbox;
    let on_node = OnNode::of(sandbox, node.back_off);
    let containers = node_containers(sandbox, &[], node.back_off);
    let total = containers.iter().filter(|container| !container.is_init).count();
    let ready = containers.iter().filter(|container| !container.is_init && container.running).count();
    let meta =
        ObjectMeta { name: sandbox.name.clone(), common: sandbox.common.clone(), ..ObjectMeta::default() };
    PodView {
        id: text(&format!("{}/{}", meta.namespace(), meta.name)),
        namespace: meta.namespace().clone(),
        name: meta.name.clone(),
        uid: text(&sandbox.uid.to_string()),
        node: Some(node_name.clone()),
        origin: origin(&meta.common),
        labels: labels(&meta),
        controlled_by: meta.controller().map(controller),
        file: node.file.map(text),
        is_mirror: false,
        ghost: false,
        state: on_node.state(),
        ready: text(&format!("{ready}/{total}")),
        restarts: containers.iter().map(|container| container.restarts).max().unwrap_or(0),
        created: sandbox.created.stamp(),
        ip: None,
        difference: Some(Difference::OnlyOnNode),
        api_status: None,
        node_status: Some(on_node),
        status: text(on_node.text()),
        reason: None,
        step: None,
        grace: None,
        containers,
    }
}

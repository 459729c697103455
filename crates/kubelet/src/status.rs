//! A pod's status, made from what the runtime shows: phase and conditions.
//!
//! Kubernetes: pkg/kubelet/kubelet_pods.go, pkg/kubelet/status/generate.go.

use std::rc::Rc;

use super::Kubelet;
use super::runtime::{self, Sandbox, SandboxState};
use super::workers::WorkerId;
use api::pod::{
    ConditionStatus, ConditionType, Conditions, Container, ContainerKind, ContainerState, ContainerStatus,
    Phase, Pod, PodCondition, PodSpec, PodStatus, Reason, RestartPolicy,
};
use sim::Timestamp;
use wire::Ctx;

/// The reason of a container that is gone because all of its pod's containers start again.
pub(super) const RESTARTING_ALL_CONTAINERS: &str = "RestartingAllContainers";

/// Whether a container that ended with `exit_code` is started again (KL-068).
///
/// Kubernetes: pkg/kubelet/container/helpers.go, ShouldContainerBeRestarted.
pub fn should_restart(policy: RestartPolicy, exit_code: i32) -> bool {
    policy.restarts(exit_code)
}

/// Whether a container of a pod is to be started, as it is now.
pub(super) fn should_container_be_restarted(
    pod: &Pod,
    container: &Container,
    instance: Option<&runtime::Container>,
) -> bool {
    if pod.meta.is_terminating() {
        return false;
    }
    match instance.map(|instance| &instance.state) {
        None | Some(runtime::ContainerState::Created) => true,
        Some(runtime::ContainerState::Running { .. }) => false,
        Some(runtime::ContainerState::Exited(exit)) => {
            pod.spec.container_should_restart(container, exit.code)
        }
    }
}

/// Whether some container has ended so that all of the pod's containers start again.
///
/// Kubernetes: pkg/kubelet/container/helpers.go, ShouldAllContainersRestart.
fn should_all_containers_restart(spec: &PodSpec, sandbox: Option<&Sandbox>, old: &PodStatus) -> bool {
    if !spec.all_containers_could_restart() {
        return false;
    }
    let restarting = old.condition(ConditionType::AllContainersRestarting);
    if restarting.is_some_and(|condition| condition.status == ConditionStatus::True) {
        return true;
    }
    spec.containers.iter().enumerate().any(|(index, container)| {
        let instance = sandbox.and_then(|sandbox| sandbox.newest(&container.name));
        let ended = instance.is_none_or(|instance| instance.exit().is_some());
        let exit = instance.and_then(|instance| instance.exit());
        let reported = old.containers.get(index).and_then(|status| match &status.state {
            ContainerState::Terminated(end) => Some(end.exit_code),
            _ => None,
        });
        exit.is_some_and(|exit| container.restarts_all(exit.code))
            || ended && reported.is_some_and(|code| container.restarts_all(code))
    })
}

impl Kubelet {
    /// Kubernetes: pkg/kubelet/kubelet_pods.go, generateAPIPodStatus.
    pub(super) fn generate_api_pod_status(
        &mut self,
        at: WorkerId,
        terminal: bool,
        ctx: &mut Ctx,
    ) -> PodStatus {
        let now = ctx.now;
        let pod = self.workers[at].pod.clone();
        let old = self.cached_status(at).clone();
        let sandbox = self.runtime.sandbox(pod.meta.uid);
        let restarting = should_all_containers_restart(&pod.spec, sandbox, &old);
        let containers = self.container_statuses(at, &old, restarting);
        let has_started = sandbox.is_some_and(has_any_active_regular_container_started);
        let address = sandbox.and_then(|sandbox| self.runtime.last_pod_ip(sandbox));
        let mut status = PodStatus {
            phase: get_phase(&pod.spec, &containers, terminal && !pod.is_static(), has_started),
            qos_class: pod.status.qos_class,
            start_time: Some(now.stamp()),
            host_ip: Some(self.host.internal_ip),
            pod_ip: if pod.spec.host_network { Some(self.host.internal_ip) } else { address },
            reason: None,
            conditions: Conditions::default(),
            containers,
            nominated_node: pod.status.nominated_node.clone(),
            observed_generation: pod.meta.generation,
        };
        if !is_terminal_phase(status.phase) {
            for before in [old.phase, pod.status.phase] {
                if is_terminal_phase(before) && !is_terminal_phase(status.phase) {
                    status.phase = before;
                }
            }
        }
        // A reason belongs to its phase.
        let failed = self.workers[at].extra.as_ref().and_then(|extra| extra.failed.clone());
        let decided = failed.filter(|_| status.phase == Phase::Failed);
        if decided.is_some() {
            status.reason = decided;
        } else if status.phase == old.phase {
            status.reason = old.reason.clone().or_else(|| pod.status.reason.clone());
        }
        if let Some(reason) = self.should_evict(at, ctx) {
            (status.phase, status.reason) = (Phase::Failed, Some(reason));
        }
        // A pod never leaves a terminal phase that the API server knows of.
        if is_terminal_phase(pod.status.phase) {
            status.phase = pod.status.phase;
        }
        let networked = self.runtime.sandbox(pod.meta.uid).is_some_and(|s| s.state == SandboxState::Ready);
        self.add_conditions(at, &mut status, &old, networked, restarting, now.stamp());
        status
    }

    /// Foreign conditions as they are, then the kubelet's own (KL-066).
    fn add_conditions(
        &mut self,
        at: WorkerId,
        status: &mut PodStatus,
        old: &PodStatus,
        networked: bool,
        restarting: bool,
        now: Timestamp,
    ) {
        let pod = self.workers[at].pod.clone();
        let ready = self.containers_ready(&pod.spec, status);
        let initialized = initialized(&pod.spec, status, old);
        let disrupted = self.workers[at].extra.as_ref().is_some_and(|extra| extra.failed.is_some());
        let target = |condition: &&PodCondition| condition.kind == ConditionType::DisruptionTarget;
        let foreign = pod.status.conditions.iter().find(target);
        let conditions = status.conditions.to_mut();
        conditions.reserve_exact(5);
        if disrupted && foreign.is_none() {
            conditions.push(super::admit::disruption_target(now));
        }
        conditions.extend(foreign.cloned());
        let own = [
            (ConditionType::PodReadyToStartContainers, if networked { Ok(None) } else { Err(None) }),
            (ConditionType::Initialized, initialized),
            (ConditionType::Ready, ready.clone()),
            (ConditionType::ContainersReady, ready),
            (ConditionType::PodScheduled, Ok(None)),
        ];
        let could_restart = pod.spec.all_containers_could_restart();
        let restarting = could_restart
            .then(|| (ConditionType::AllContainersRestarting, self.restarting(at, status, restarting)));
        let conditions = status.conditions.to_mut();
        for (kind, state) in own.into_iter().chain(restarting) {
            let (value, reason) = match state {
                Ok(reason) => (ConditionStatus::True, reason),
                Err(reason) => (ConditionStatus::False, reason),
            };
            conditions.push(PodCondition { kind, status: value, last_transition: now, reason });
        }
    }

    /// Kubernetes: pkg/kubelet/status/generate.go, GenerateAllContainersRestartingCondition.
    fn restarting(&self, at: WorkerId, status: &PodStatus, restarting: bool) -> Condition {
        let sandbox = self.runtime.sandbox(self.workers[at].uid());
        let cleaned_up = sandbox.is_none_or(|sandbox| sandbox.containers.is_empty());
        match status.phase {
            Phase::Succeeded => Err(Some(Reason::new("PodCompleted", ""))),
            Phase::Failed => Err(Some(Reason::new("PodFailed", ""))),
            _ if restarting && !cleaned_up => {
                let why = "container exited with restart policy rule";
                Ok(Some(Reason::new("RestartAllContainersStarted", why)))
            }
            _ => Err(None),
        }
    }

    /// Kubernetes: pkg/kubelet/status/generate.go, GenerateContainersReadyCondition.
    pub(super) fn containers_ready(&mut self, spec: &Rc<PodSpec>, status: &PodStatus) -> Condition {
        match status.phase {
            Phase::Succeeded => return Err(Some(Reason::new("PodCompleted", ""))),
            Phase::Failed => return Err(Some(Reason::new("PodFailed", ""))),
            _ => {}
        }
        let pairs =
            || spec.containers.iter().zip(&status.containers).filter(|(c, _)| counts_for_readiness(c.kind));
        if pairs().all(|(_, status)| status.ready) {
            return Ok(None);
        }
        if pairs().all(|(_, status)| !status.ready) {
            return Err(Some(spec.none_ready.clone()));
        }
        let unready = pairs().filter(|(_, status)| !status.ready).map(|(container, _)| &container.name);
        Err(Some(Reason::containers_not_ready(unready)))
    }
}

/// True or false, with a reason where there is one.
pub(super) type Condition = Result<Option<Rc<Reason>>, Option<Rc<Reason>>>;

/// Kubernetes: pkg/kubelet/status/generate.go, GeneratePodInitializedCondition.
fn initialized(spec: &PodSpec, status: &PodStatus, old: &PodStatus) -> Condition {
    if status.phase == Phase::Succeeded {
        return Ok(Some(Reason::new("PodCompleted", "")));
    }
    let incomplete = |(container, status): &(&Container, &ContainerStatus)| match container.kind {
        ContainerKind::Init => !status.ready,
        ContainerKind::Sidecar => !status.started,
        ContainerKind::Main | ContainerKind::Ephemeral => false,
    };
    let pairs = spec.containers.iter().zip(&status.containers);
    let names: Vec<&str> = pairs.filter(incomplete).map(|(container, _)| &*container.name).collect();
    if names.is_empty() {
        return Ok(None);
    }
    // Once a main container has run, initialization is over, whatever a sidecar does later; nor does a pod that
    // starts all of its containers again lose it.
    let mains = spec.containers.iter().zip(&status.containers).filter(|(c, _)| c.kind == ContainerKind::Main);
    let was = old.condition(ConditionType::Initialized);
    if mains.into_iter().any(|(_, status)| !matches!(status.state, ContainerState::Waiting(_)))
        || was.is_some_and(|was| was.status == ConditionStatus::True)
    {
        return Ok(None);
    }
    let message = format!("containers with incomplete status: [{}]", names.join(" "));
    Err(Some(Reason::new("ContainersNotInitialized", &message)))
}

fn counts_for_readiness(kind: ContainerKind) -> bool {
    matches!(kind, ContainerKind::Main | ContainerKind::Sidecar)
}

pub(super) fn is_terminal_phase(phase: Phase) -> bool {
    matches!(phase, Phase::Succeeded | Phase::Failed)
}

/// Whether a main container has been made in the present sandbox: then its init containers are done.
///
/// Kubernetes: pkg/kubelet/container/helpers.go, HasAnyActiveRegularContainerStarted.
fn has_any_active_regular_container_started(sandbox: &Sandbox) -> bool {
    let is_active = |container: &runtime::Container| container.sandbox == sandbox.id;
    let is_main = |container: &runtime::Container| container.spec().kind == ContainerKind::Main;
    sandbox.containers.iter().any(|container| is_active(container) && is_main(container))
}

/// How many containers are in each state, as the phase counts them.
#[derive(Default)]
struct Counts {
    pending_init: u32,
    failed_init_for_good: u32,
    pending_sidecars: u32,
    running: u32,
    waiting: u32,
    stopped: u32,
    stopped_for_good: u32,
    succeeded: u32,
}

impl Counts {
    fn add(&mut self, spec: &PodSpec, container: &Container, status: &ContainerStatus) {
        let restarts = |code: i32, reason: &str| {
            spec.container_should_restart(container, code) || reason == RESTARTING_ALL_CONTAINERS
        };
        // How it ended, now or before it began to wait for its next start.
        let ended = match &status.state {
            ContainerState::Terminated(end) => Some(end),
            ContainerState::Waiting(_) => status.last_state.as_ref(),
            ContainerState::Running(_) => None,
        };
        match (container.kind, &status.state, ended) {
            (ContainerKind::Ephemeral, ..) => {}
            (ContainerKind::Init, _, Some(end)) => {
                let for_good = end.exit_code != 0 && !restarts(end.exit_code, &end.reason);
                self.failed_init_for_good += u32::from(for_good);
            }
            (ContainerKind::Init, _, None) => self.pending_init += 1,
            (ContainerKind::Sidecar, ContainerState::Running(_), _) => {
                self.pending_sidecars += u32::from(!status.started);
                self.running += 1;
            }
            (ContainerKind::Sidecar, _, Some(_)) => {}
            (ContainerKind::Sidecar, _, None) => {
                self.pending_sidecars += 1;
                self.waiting += 1;
            }
            (ContainerKind::Main, ContainerState::Running(_), _) => self.running += 1,
            (ContainerKind::Main, state, Some(end)) => {
                self.stopped += 1;
                self.stopped_for_good += u32::from(!restarts(end.exit_code, &end.reason));
                let is_over = matches!(state, ContainerState::Terminated(_));
                self.succeeded += u32::from(is_over && end.exit_code == 0);
            }
            (ContainerKind::Main, _, None) => self.waiting += 1,
        }
    }
}

/// What a pod's containers amount to (KL-064, KL-065). `has_initialized`: its init containers have done their
/// part in the present sandbox.
///
/// Kubernetes: pkg/kubelet/kubelet_pods.go, getPhase.
pub fn get_phase(
    spec: &PodSpec,
    statuses: &[ContainerStatus],
    terminal: bool,
    has_initialized: bool,
) -> Phase {
    let mut counts = Counts::default();
    for (container, status) in spec.containers.iter().zip(statuses) {
        counts.add(spec, container, status);
    }
    let Counts { stopped, succeeded, .. } = counts;
    let end = if stopped == succeeded { Phase::Succeeded } else { Phase::Failed };
    let initializing = counts.pending_init > 0 || counts.pending_sidecars > 0 && !has_initialized;
    match counts {
        Counts { failed_init_for_good: 1.., .. } => Phase::Failed,
        _ if initializing || counts.waiting > 0 => Phase::Pending,
        Counts { running: 1.., .. } => Phase::Running,
        _ if stopped == 0 => Phase::Pending,
        _ if terminal => end,
        _ if stopped != counts.stopped_for_good => Phase::Running,
        _ => end,
    }
}

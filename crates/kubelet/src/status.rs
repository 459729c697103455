//! A pod's status, made from what the runtime shows: container states, phase, conditions.
//!
//! Kubernetes: pkg/kubelet/kubelet_pods.go, pkg/kubelet/status/generate.go.

use std::rc::Rc;

use super::Kubelet;
use super::admit::disruption_target;
use super::runtime::{self, Sandbox, SandboxState};
use api::meta::Name;
use api::pod::{
    ConditionStatus, ConditionType, Conditions, Container, ContainerKind, ContainerState, ContainerStatus,
    Phase, Pod, PodCondition, PodSpec, PodStatus, Reason, RestartPolicy, Running, Terminated,
};
use sim::{Time, Timestamp};

/// Whether a container that ended with `exit_code` is started again (KL-068).
///
/// Kubernetes: pkg/kubelet/container/helpers.go, ShouldContainerBeRestarted.
pub fn should_restart(policy: RestartPolicy, exit_code: i32) -> bool {
    match policy {
        RestartPolicy::Always => true,
        RestartPolicy::OnFailure => exit_code != 0,
        RestartPolicy::Never => false,
    }
}

/// The restart policy of one container: a sidecar is always restarted (KL-097).
pub(super) fn restart_policy(spec: &PodSpec, container: &Container) -> RestartPolicy {
    match container.kind {
        ContainerKind::Sidecar => RestartPolicy::Always,
        _ => spec.restart_policy,
    }
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
            should_restart(restart_policy(&pod.spec, container), exit.code)
        }
    }
}

impl Kubelet {
    /// Kubernetes: pkg/kubelet/kubelet_pods.go, generateAPIPodStatus.
    pub(super) fn generate_api_pod_status(&mut self, at: usize, terminal: bool, now: Time) -> PodStatus {
        let old = self.pod_status(at);
        let (old_phase, old_reason) = (old.phase, old.reason.clone());
        let containers = self.container_statuses(at);
        let pod = self.workers[at].pod.clone();
        let sandbox = self.runtime.sandbox(pod.meta.uid);
        let ready_sandbox = sandbox.filter(|sandbox| sandbox.state == SandboxState::Ready);
        let mut status = PodStatus {
            phase: get_phase(&pod.spec, &containers, terminal && !pod.is_static()),
            qos_class: pod.status.qos_class,
            start_time: Some(now.stamp()),
            host_ip: Some(self.host.internal_ip),
            pod_ip: match pod.spec.host_network {
                true => Some(self.host.internal_ip),
                false => ready_sandbox.and_then(|sandbox| self.runtime.pod_ip(sandbox)).or(pod.status.pod_ip),
            },
            reason: None,
            conditions: Conditions::default(),
            containers,
            nominated_node: pod.status.nominated_node.clone(),
            observed_generation: pod.meta.generation,
        };
        let networked = ready_sandbox.is_some();
        if is_terminal_phase(old_phase) {
            // A pod never leaves a terminal phase.
            status.phase = old_phase;
        }
        if status.phase == old_phase {
            status.reason = old_reason;
        }
        let failed = self.workers[at].extra.as_ref().and_then(|extra| extra.failed.clone());
        if let Some(failed) = &failed {
            if *failed.reason == *"Preempting" {
                status.conditions.to_mut().push(disruption_target(now.stamp()));
            }
            // No pod is reported as ended while something of it may run.
            if terminal {
                status.phase = Phase::Failed;
                status.reason = Some(failed.clone());
            }
        }
        self.add_conditions(&pod, &mut status, networked, now.stamp());
        status
    }

    /// Foreign conditions as they are, then the kubelet's own (KL-066).
    fn add_conditions(&mut self, pod: &Rc<Pod>, status: &mut PodStatus, networked: bool, now: Timestamp) {
        let ready = self.containers_ready(&pod.spec, status);
        let initialized = initialized(&pod.spec, status);
        let conditions = status.conditions.to_mut();
        conditions.reserve_exact(5);
        if conditions.is_empty() {
            let foreign = pod.status.conditions.iter().filter(|c| c.kind == ConditionType::DisruptionTarget);
            conditions.extend(foreign.cloned());
        }
        let own = [
            (ConditionType::PodReadyToStartContainers, if networked { Ok(None) } else { Err(None) }),
            (ConditionType::Initialized, initialized),
            (ConditionType::Ready, ready.clone()),
            (ConditionType::ContainersReady, ready),
            (ConditionType::PodScheduled, Ok(None)),
        ];
        for (kind, state) in own {
            let (value, reason) = match state {
                Ok(reason) => (ConditionStatus::True, reason),
                Err(reason) => (ConditionStatus::False, reason),
            };
            conditions.push(PodCondition { kind, status: value, last_transition: now, reason });
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
            || spec.containers.iter().zip(&status.containers).filter(|(c, _)| c.kind != ContainerKind::Init);
        if pairs().all(|(_, status)| status.ready) {
            return Ok(None);
        }
        if pairs().all(|(_, status)| !status.ready) {
            return Err(Some(spec.none_ready.clone()));
        }
        let unready = pairs().filter(|(_, status)| !status.ready).map(|(container, _)| &container.name);
        Err(Some(Reason::containers_not_ready(unready)))
    }

    /// One status for each container of the spec, in its order.
    ///
    /// Kubernetes: pkg/kubelet/kubelet_pods.go, convertToAPIContainerStatuses.
    fn container_statuses(&self, at: usize) -> Vec<ContainerStatus> {
        let pod = &self.workers[at].pod;
        let old = self.pod_status(at);
        let sandbox = self.runtime.sandbox(pod.meta.uid);
        let has_init = pod.spec.containers.first().is_some_and(|c| c.kind != ContainerKind::Main);
        let mut statuses = Vec::with_capacity(pod.spec.containers.len());
        for (index, container) in pod.spec.containers.iter().enumerate() {
            let old = old.containers.get(index);
            let mut status = self.container_status(sandbox, container, old, has_init);
            let instance = sandbox.and_then(|sandbox| sandbox.newest(&container.name));
            if let Some(waiting) = self.workers[at].waiting_reason(index)
                && should_container_be_restarted(pod, container, instance)
            {
                if let ContainerState::Terminated(last) = &status.state {
                    status.last_state = Some(last.clone());
                }
                status.state = ContainerState::Waiting(waiting.clone());
            }
            (status.started, status.ready) = self.probe_state(at, index, &status, old);
            statuses.push(status);
        }
        statuses
    }

    fn container_status(
        &self,
        sandbox: Option<&Sandbox>,
        container: &Container,
        old: Option<&ContainerStatus>,
        has_init: bool,
    ) -> ContainerStatus {
        let newest = sandbox.and_then(|sandbox| match container.kind {
            ContainerKind::Main => sandbox.newest(&container.name),
            _ => sandbox.newest_init(&container.name),
        });
        let Some(instance) = newest else {
            if let Some(old) = old.filter(|old| matches!(old.state, ContainerState::Terminated(_))) {
                return old.clone();
            }
            let waiting = if has_init { &self.texts.initializing } else { &self.texts.creating };
            return ContainerStatus {
                state: ContainerState::Waiting(waiting.clone()),
                last_state: old.and_then(|old| old.last_state.clone()),
                restart_count: old.map_or(0, |old| old.restart_count),
                ready: false,
                started: false,
                id: 0,
            };
        };
        let previous = sandbox.and_then(|sandbox| sandbox.previous(&container.name));
        let waiting = if has_init { &self.texts.initializing } else { &self.texts.creating };
        ContainerStatus {
            state: match &instance.state {
                runtime::ContainerState::Created => ContainerState::Waiting(waiting.clone()),
                runtime::ContainerState::Running { started } => {
                    ContainerState::Running(Running { started: started.stamp() })
                }
                runtime::ContainerState::Exited(_) => match self.terminated(instance, old) {
                    Some(terminated) => ContainerState::Terminated(terminated),
                    None => ContainerState::Waiting(waiting.clone()),
                },
            },
            last_state: previous.and_then(|previous| self.terminated(previous, old)),
            restart_count: instance.attempt,
            ready: false,
            started: false,
            id: self.runtime.full_id(instance.id),
        }
    }

    /// The API's word on a container that ended; the old status's own object if it says the same.
    fn terminated(
        &self,
        instance: &runtime::Container,
        old: Option<&ContainerStatus>,
    ) -> Option<Rc<Terminated>> {
        let exit = instance.exit()?;
        let id = self.runtime.full_id(instance.id);
        let known = old.into_iter().flat_map(|old| {
            let present = match &old.state {
                ContainerState::Terminated(terminated) => Some(terminated),
                _ => None,
            };
            present.into_iter().chain(&old.last_state)
        });
        if let Some(known) = known.into_iter().find(|known| known.id == id) {
            return Some(known.clone());
        }
        Some(Rc::new(Terminated {
            exit_code: exit.code,
            signal: 0,
            reason: exit.reason.text().into(),
            message: Name::default(),
            started: exit.started.stamp(),
            finished: exit.finished.stamp(),
            id,
        }))
    }
}

/// True or false, with a reason where there is one.
pub(super) type Condition = Result<Option<Rc<Reason>>, Option<Rc<Reason>>>;

/// Kubernetes: pkg/kubelet/status/generate.go, GeneratePodInitializedCondition.
fn initialized(spec: &PodSpec, status: &PodStatus) -> Condition {
    if status.phase == Phase::Succeeded {
        return Ok(Some(Reason::new("PodCompleted", "")));
    }
    let incomplete = |(container, status): &(&Container, &ContainerStatus)| match container.kind {
        ContainerKind::Init => !status.ready,
        ContainerKind::Sidecar => !status.started,
        ContainerKind::Main => false,
    };
    let pairs = spec.containers.iter().zip(&status.containers);
    let names: Vec<&str> = pairs.filter(incomplete).map(|(container, _)| &*container.name).collect();
    if names.is_empty() {
        return Ok(None);
    }
    // Once a main container runs, initialization is over, whatever a sidecar does later.
    let mains = spec.containers.iter().zip(&status.containers).filter(|(c, _)| c.kind == ContainerKind::Main);
    if mains.into_iter().any(|(_, status)| status.state.is_running()) {
        return Ok(None);
    }
    let message = format!("containers with incomplete status: [{}]", names.join(" "));
    Err(Some(Reason::new("ContainersNotInitialized", &message)))
}

pub(super) fn is_terminal_phase(phase: Phase) -> bool {
    matches!(phase, Phase::Succeeded | Phase::Failed)
}

/// What a pod's containers amount to (KL-064, KL-065).
///
/// Kubernetes: pkg/kubelet/kubelet_pods.go, getPhase.
pub(crate) fn get_phase(spec: &PodSpec, statuses: &[ContainerStatus], terminal: bool) -> Phase {
    let pairs = || spec.containers.iter().zip(statuses);
    let mut pending_init = 0;
    let mut pending_sidecars = 0;
    let mut failed_init = 0;
    for (container, status) in pairs().filter(|(container, _)| container.kind != ContainerKind::Main) {
        let last_code = status.last_state.as_ref().map(|last| last.exit_code);
        match (container.kind, &status.state) {
            (ContainerKind::Sidecar, ContainerState::Running(_)) if !status.started => pending_sidecars += 1,
            (ContainerKind::Sidecar, ContainerState::Waiting(_)) if last_code.is_none() => {
                pending_sidecars += 1
            }
            (ContainerKind::Sidecar, _) => {}
            (_, ContainerState::Running(_)) => pending_init += 1,
            (_, ContainerState::Terminated(end)) if end.exit_code != 0 => failed_init += 1,
            (_, ContainerState::Terminated(_)) => {}
            (_, ContainerState::Waiting(_)) => match last_code {
                Some(0) => {}
                Some(_) => failed_init += 1,
                None => pending_init += 1,
            },
        }
    }
    let (mut running, mut waiting, mut stopped, mut succeeded) = (0, 0, 0, 0);
    for (_, status) in pairs().filter(|(container, _)| container.kind == ContainerKind::Main) {
        match &status.state {
            ContainerState::Running(_) => running += 1,
            ContainerState::Terminated(end) => {
                stopped += 1;
                succeeded += u32::from(end.exit_code == 0);
            }
            ContainerState::Waiting(_) if status.last_state.is_some() => stopped += 1,
            ContainerState::Waiting(_) => waiting += 1,
        }
    }
    if failed_init > 0 && spec.restart_policy == RestartPolicy::Never {
        return Phase::Failed;
    }
    if terminal {
        let all = waiting + pending_init + failed_init == 0 && stopped == succeeded;
        return if all { Phase::Succeeded } else { Phase::Failed };
    }
    if pending_init > 0 || failed_init > 0 || pending_sidecars > 0 && running + stopped == 0 || waiting > 0 {
        return Phase::Pending;
    }
    if running > 0 {
        return Phase::Running;
    }
    match spec.restart_policy {
        _ if stopped == 0 => Phase::Pending,
        RestartPolicy::Always => Phase::Running,
        _ if stopped == succeeded => Phase::Succeeded,
        RestartPolicy::Never => Phase::Failed,
        RestartPolicy::OnFailure => Phase::Running,
    }
}

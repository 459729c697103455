//! The statuses of a pod's containers, from what the runtime has of them and what was reported before.
//!
//! Kubernetes: pkg/kubelet/kubelet_pods.go, convertToAPIContainerStatuses; status/status_manager.go, TerminatePod.

use std::rc::Rc;

use super::Kubelet;
use super::runtime::program::start_error;
use super::runtime::{self, ExitReason, Sandbox};
use super::status::{RESTARTING_ALL_CONTAINERS, is_terminal_phase, should_container_be_restarted};
use super::workers::WorkerId;
use api::meta::Name;
use api::pod::{
    Container, ContainerKind, ContainerState, ContainerStatus, Phase, Pod, PodStatus, Running, Terminated,
    Waiting,
};
use sim::Timestamp;

/// The reason of a container that has ended nobody knows how.
const CONTAINER_STATUS_UNKNOWN: &str = "ContainerStatusUnknown";

/// An end that nobody saw.
fn unseen(reason: &str, message: &str, exit_code: i32) -> Rc<Terminated> {
    Rc::new(Terminated {
        exit_code,
        signal: 0,
        reason: reason.into(),
        message: message.into(),
        started: Timestamp::default(),
        finished: Timestamp::default(),
        id: 0,
    })
}

impl Kubelet {
    /// One status for each container of the spec, in its order. `old` is what was reported last; `restarting`:
    /// all containers start again.
    pub(super) fn container_statuses(
        &self,
        at: WorkerId,
        old: &PodStatus,
        restarting: bool,
    ) -> Vec<ContainerStatus> {
        let pod = &self.workers[at].pod;
        let sandbox = self.runtime.sandbox(pod.meta.uid);
        let mut statuses = Vec::with_capacity(pod.spec.containers.len());
        for (index, container) in pod.spec.containers.iter().enumerate() {
            let old = old.containers.get(index);
            let mut status = self.container_status(pod, sandbox, container, old, restarting);
            self.wait_for_start(at, index, sandbox, &mut status);
            (status.started, status.ready) = self.probe_state(at, index, &status, old);
            statuses.push(status);
        }
        statuses
    }

    fn container_status(
        &self,
        pod: &Pod,
        sandbox: Option<&Sandbox>,
        container: &Container,
        old: Option<&ContainerStatus>,
        restarting: bool,
    ) -> ContainerStatus {
        let newest = sandbox.and_then(|sandbox| match container.kind {
            ContainerKind::Main | ContainerKind::Ephemeral => sandbox.newest(&container.name),
            ContainerKind::Init | ContainerKind::Sidecar => sandbox.newest_init(&container.name),
        });
        let has_init = pod.spec.containers.first().is_some_and(|c| c.kind.is_init());
        let waiting = if has_init { &self.texts.initializing } else { &self.texts.creating };
        let Some(instance) = newest else {
            return without_instance(pod, old, waiting, restarting);
        };
        let mut status = self.convert_container_status(pod, instance, container, old, waiting);
        let sandbox = sandbox.filter(|_| container.kind == ContainerKind::Main);
        let previous = sandbox.and_then(|sandbox| sandbox.previous(&container.name));
        if let Some(previous) = previous {
            status.last_state = self.terminated(previous, old);
        }
        status
    }

    /// Kubernetes: convertContainerStatus.
    fn convert_container_status(
        &self,
        pod: &Pod,
        instance: &runtime::Container,
        container: &Container,
        old: Option<&ContainerStatus>,
        waiting: &Rc<Waiting>,
    ) -> ContainerStatus {
        let id = self.runtime.full_id(instance.id);
        let image = &instance.spec().image;
        // Of a static pod the API server has another object, which anybody may change.
        let is_static = pod.is_static();
        let mut status = ContainerStatus {
            state: ContainerState::Waiting(waiting.clone()),
            last_state: None,
            restart_count: instance.attempt,
            ready: false,
            started: false,
            id,
            image: (is_static || *image != container.image).then(|| Box::new(image.clone())),
        };
        let old_end = old.and_then(|old| match &old.state {
            ContainerState::Terminated(end) => Some(end),
            _ => None,
        });
        if let Some(old) = old {
            status.restart_count = status.restart_count.max(old.restart_count);
            status.last_state = match old_end {
                Some(end) if old.id != id => Some(end.clone()),
                _ => old.last_state.clone(),
            };
        }
        match &instance.state {
            runtime::ContainerState::Created => {}
            runtime::ContainerState::Running { started } => {
                status.state = ContainerState::Running(Running { started: started.stamp() });
                if let Some(old) =
                    old.filter(|old| old_end.is_some() && old.restart_count >= instance.attempt)
                {
                    status.restart_count = old.restart_count.saturating_add(1);
                }
            }
            runtime::ContainerState::Exited(_) => {
                if let Some(terminated) = self.terminated(instance, old) {
                    status.state = ContainerState::Terminated(terminated);
                }
            }
        }
        status
    }

    /// A container that is to be started and could not be is waiting, whatever it was before.
    fn wait_for_start(
        &self,
        at: WorkerId,
        index: usize,
        sandbox: Option<&Sandbox>,
        status: &mut ContainerStatus,
    ) {
        let worker = &self.workers[at];
        let Some(container) = worker.pod.spec.containers.get(index) else { return };
        let instance = sandbox.and_then(|sandbox| sandbox.newest(&container.name));
        let exit = instance.and_then(|instance| instance.exit());
        if container.kind.is_init() {
            if exit.is_some_and(|exit| exit.code == 0) {
                return;
            }
            let mains =
                |sandbox: &Sandbox| sandbox.containers.iter().any(|c| c.spec().kind == ContainerKind::Main);
            if instance.is_none()
                && container.kind == ContainerKind::Init
                && sandbox.is_some_and(mains)
                && matches!(status.state, ContainerState::Waiting(_))
            {
                let message = "Unable to get init container status from container runtime and pod has been \
                               initialized, treat it as exited normally";
                status.state = ContainerState::Terminated(unseen("Completed", message, 0));
                return;
            }
        }
        if let Some(waiting) = worker.waiting_reason(index)
            && should_container_be_restarted(&worker.pod, container, instance)
        {
            if let ContainerState::Terminated(last) = &status.state {
                status.last_state = Some(last.clone());
            }
            status.state = ContainerState::Waiting(waiting.clone());
        }
    }

    /// The status of a container that ended; the old status's object is shared if it is the same.
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
            message: match exit.reason {
                ExitReason::StartError => start_error(instance.spec()).unwrap_or_default().into(),
                _ => Name::default(),
            },
            started: exit.started.stamp(),
            finished: exit.finished.stamp(),
            id,
        }))
    }

    /// The last status of a pod of which nothing runs any more: every container has ended, somehow.
    ///
    /// Kubernetes: status_manager.go, TerminatePod.
    pub(super) fn terminate_pod_status(&self, at: WorkerId, status: &mut PodStatus) {
        const MESSAGE: &str = "The container could not be located when the pod was terminated";
        let pod = &self.workers[at].pod;
        let over = |status: &ContainerStatus| matches!(status.state, ContainerState::Terminated(_));
        let end = |status: &mut ContainerStatus| {
            if !over(status) {
                status.state = ContainerState::Terminated(unseen(CONTAINER_STATUS_UNKNOWN, MESSAGE, 137));
            }
        };
        let initialized = has_pod_initialized(pod);
        let inits = pod.spec.containers.iter().take_while(|c| c.kind.is_init()).count();
        // All but the last of them that never began.
        let begun = |status: &ContainerStatus| {
            status.last_state.is_some() || !matches!(status.state, ContainerState::Waiting(_))
        };
        let some = status.containers.iter().take(inits).rposition(begun).map_or(0, |last| last + 1);
        let before_ephemeral =
            pod.spec.containers.iter().take_while(|c| c.kind != ContainerKind::Ephemeral).count();
        for (index, container) in status.containers.iter_mut().enumerate().take(before_ephemeral) {
            if if index < inits { index < some } else { initialized } {
                end(container);
            }
        }
        if !pod.is_static() && !is_terminal_phase(status.phase) {
            status.phase = Phase::Failed;
        }
    }
}

/// The status of a container of which the runtime has nothing.
fn without_instance(
    pod: &Pod,
    old: Option<&ContainerStatus>,
    waiting: &Rc<Waiting>,
    restarting: bool,
) -> ContainerStatus {
    let mut status = ContainerStatus {
        state: ContainerState::Waiting(waiting.clone()),
        last_state: None,
        restart_count: 0,
        ready: false,
        started: false,
        id: 0,
        image: None,
    };
    let Some(old) = old else { return status };
    if restarting && !matches!(old.state, ContainerState::Waiting(_)) {
        const MESSAGE: &str = "The container is removed because RestartAllContainers in place";
        status.state = ContainerState::Waiting(super::texts::waiting(RESTARTING_ALL_CONTAINERS, MESSAGE));
        status.last_state = Some(unseen(RESTARTING_ALL_CONTAINERS, MESSAGE, 137));
        status.restart_count = old.restart_count.saturating_add(1);
        return status;
    }
    match old.state {
        ContainerState::Terminated(_) => return old.clone(),
        ContainerState::Running(_) if old.last_state.is_none() => {
            let message = "The container could not be located when the pod was deleted.  The container used to be Running";
            status.last_state = Some(unseen(CONTAINER_STATUS_UNKNOWN, message, 137));
            let more = u32::from(!pod.meta.is_terminating());
            status.restart_count = old.restart_count.saturating_add(more);
        }
        _ => {
            status.last_state = old.last_state.clone();
            status.restart_count = old.restart_count;
        }
    }
    status
}

/// Whether the API server knows that the pod's init containers have done their part.
///
/// Kubernetes: status_manager.go, hasPodInitialized.
fn has_pod_initialized(pod: &Pod) -> bool {
    let pairs = || pod.spec.containers.iter().zip(&pod.status.containers);
    let Some(last) = pod.spec.init_containers().last() else { return true };
    let has_run = |status: &ContainerStatus| {
        status.last_state.is_some() || !matches!(status.state, ContainerState::Waiting(_))
    };
    if pairs().any(|(container, status)| container.kind == ContainerKind::Main && has_run(status)) {
        return true;
    }
    let done = |end: &Terminated| end.exit_code == 0;
    pairs().any(|(container, status)| {
        container.name == last.name
            && match (container.kind, &status.state) {
                (ContainerKind::Sidecar, state) => state.is_running() && status.started,
                (_, ContainerState::Terminated(end)) if done(end) => true,
                _ => status.last_state.as_deref().is_some_and(done),
            }
    })
}

//! From what a pod should run to what is to be done: which containers to start, to kill, to leave.
//!
//! Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_manager.go.

use super::pod_worker::{SyncResult, SyncStep, Work};
use super::prober::ProbeKind;
use super::runtime::{self, Sandbox, SandboxState};
use super::status::should_container_be_restarted;
use super::texts::format_pod;
use super::workers::WorkerId;
use super::{Kubelet, pod_ref};
use api::event::{EventType, Message};
use api::human_duration::go_duration;
use api::meta::{Name, Uid};
use api::pod::{ConditionStatus, ConditionType, Container, ContainerKind, Pod, Probe, RestartPolicy};
use client::backoff::Backoff;
use sim::order::SortShared;
use sim::{Duration, Time};
use wire::Ctx;

const DEFINITION_CHANGED: &str = "definition changed";
const FAILED_LIVENESS: &str = "failed liveness probe";
const FAILED_STARTUP: &str = "failed startup probe";

/// What the crash back-off of a container goes by: one with another image, or other resources, starts afresh
/// (KL-078).
///
/// Kubernetes: pkg/kubelet/kuberuntime/helpers.go, GetBackoffKey.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContainerKey {
    pub(crate) pod: Uid,
    pub(crate) container: Name,
    pub(crate) hash: u64,
}

/// The key of a container's crash back-off. Kubernetes: pkg/kubelet/kuberuntime/helpers.go, GetBackoffKey.
pub fn get_backoff_key(pod: &Pod, container: &Container) -> ContainerKey {
    ContainerKey { pod: pod.meta.uid, container: container.name.clone(), hash: container.back_off_hash }
}

/// A container's back-off starts afresh when its last run ended later than this after its last start (KL-071).
const CRASH_LOOP_EXPIRES_AFTER: Duration = Duration::from_secs(600);

/// The table of crash back-offs; the first one is never longer than the longest.
///
/// Kubernetes: pkg/kubelet/kubelet.go, newCrashLoopBackOff, NewMainKubelet.
pub fn new_crash_loop_back_off(initial: Duration, max: Duration) -> Backoff<ContainerKey> {
    Backoff::new(initial.min(max), max).expiring_after(CRASH_LOOP_EXPIRES_AFTER)
}

/// Whether a container whose last instance ended at `ended` must wait: the length of the back-off that is
/// on. If not, it starts now, and the next back-off is the next longer one (KL-070).
///
/// Kubernetes: kuberuntime_manager.go, doBackOff.
pub fn do_back_off(
    table: &mut Backoff<ContainerKey>,
    key: &ContainerKey,
    ended: Time,
    now: Time,
) -> Option<Duration> {
    if table.is_in_back_off_since(key, ended, now) {
        return Some(table.get(key));
    }
    table.next(key, ended, now);
    None
}

/// The message of a container that waits in CrashLoopBackOff.
pub fn back_off_message(pod: &Pod, container: &Container, back_off: Duration) -> String {
    let span = go_duration(back_off);
    format!("back-off {span} restarting failed container={} pod={}", container.name, format_pod(pod))
}

/// What is to be done to bring a pod to what it should be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PodActions {
    /// Stop all of it first.
    pub kill_pod: bool,
    /// Stop and remove all containers, and do nothing else: another sync starts them again.
    pub reset: bool,
    /// Containers to stop first, by their numbers.
    pub(crate) to_kill: Vec<ToKill>,
    pub(crate) create_sandbox: bool,
    /// Places in the spec of ephemeral containers, of init containers, then of others, to start in this order.
    pub(crate) ephemeral_to_start: Vec<usize>,
    pub(crate) init_to_start: Vec<usize>,
    pub(crate) to_start: Vec<usize>,
}

/// A running container that has to go, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ToKill {
    pub(crate) id: u32,
    pub(crate) index: usize,
    /// What its event says instead of `Stopping container …`.
    pub(crate) message: String,
    pub(crate) grace: Option<Duration>,
}

impl PodActions {
    fn is_empty(&self) -> bool {
        let lists = [&self.ephemeral_to_start, &self.init_to_start, &self.to_start];
        let starts = self.create_sandbox || lists.into_iter().any(|list| !list.is_empty());
        !starts && !self.kill_pod && !self.reset && self.to_kill.is_empty()
    }

    fn kill(&mut self, instance: &runtime::Container, index: usize, why: &str, grace: Option<Duration>) {
        let label = if instance.spec().kind.is_init() { "Init container" } else { "Container" };
        let message = format!("{label} {} {why}", instance.name());
        self.to_kill.push(ToKill { id: instance.id, index, message, grace });
    }
}

/// Ephemeral containers are started once, whether or not the init containers are done.
fn ephemeral_to_start(pod: &Pod, sandbox: &Sandbox) -> Vec<usize> {
    let all = pod.spec.containers.iter().enumerate();
    let new = all.filter(|(_, container)| {
        container.kind == ContainerKind::Ephemeral && sandbox.newest(&container.name).is_none()
    });
    new.map(|(index, _)| index).collect()
}

/// The grace period that a probe has of its own.
fn own_grace(probe: &Option<Probe>) -> Option<Duration> {
    probe.as_ref().and_then(|probe| probe.termination_grace)
}

impl Kubelet {
    /// Compares what the pod should run with what it runs.
    ///
    /// Kubernetes: kuberuntime_manager.go, computePodActions.
    pub(super) fn compute_pod_actions(&self, at: WorkerId) -> PodActions {
        let pod = &self.workers[at].pod;
        let sandbox = self.runtime.sandbox(pod.meta.uid);
        let Some(sandbox) = sandbox.filter(|sandbox| sandbox.state != SandboxState::NotReady) else {
            return self.actions_without_sandbox(at);
        };
        if self.is_restarting_all(at) {
            return self.containers_to_reset(at, sandbox);
        }
        let mut actions =
            PodActions { ephemeral_to_start: ephemeral_to_start(pod, sandbox), ..PodActions::default() };
        let first_main = pod.spec.containers.iter().position(|c| c.kind == ContainerKind::Main).unwrap_or(0);
        if first_main > 0 && !self.compute_init_container_actions(at, sandbox, first_main, &mut actions) {
            return actions;
        }
        let mut keep = 0;
        let mains = pod.spec.containers.iter().enumerate().skip(first_main);
        for (index, container) in mains.filter(|(_, container)| container.kind == ContainerKind::Main) {
            match sandbox.newest(&container.name).filter(|instance| instance.is_running()) {
                Some(instance) => match self.wrong_with(at, index, instance) {
                    None => keep += 1,
                    Some((why, grace)) => {
                        let policy = container.restart_policy.unwrap_or(pod.spec.restart_policy);
                        let restart = policy != RestartPolicy::Never || why == DEFINITION_CHANGED;
                        let why = if restart { format!("{why}, will be restarted") } else { why.to_owned() };
                        actions.kill(instance, index, &why, grace);
                        if restart {
                            actions.to_start.push(index);
                        }
                    }
                },
                None => {
                    let instance = sandbox.newest(&container.name);
                    if should_container_be_restarted(pod, container, instance) {
                        actions.to_start.push(index);
                    }
                }
            }
        }
        if keep == 0 && actions.to_start.is_empty() {
            // So that sidecars do not keep the pod alive.
            actions.kill_pod = true;
            actions.init_to_start.clear();
        }
        actions
    }

    /// Whether the status that this sync has just made says that all containers start again.
    fn is_restarting_all(&self, at: WorkerId) -> bool {
        self.workers[at].pod.spec.all_containers_could_restart()
            && self
                .pod_status(at)
                .condition(ConditionType::AllContainersRestarting)
                .is_some_and(|condition| condition.status == ConditionStatus::True)
    }

    /// Kubernetes: kuberuntime_manager.go, getContainersToReset.
    fn containers_to_reset(&self, at: WorkerId, sandbox: &Sandbox) -> PodActions {
        let running = sandbox.containers.iter().filter(|instance| instance.is_running());
        let kill = |instance: &runtime::Container| ToKill {
            id: instance.id,
            index: usize::from(instance.index),
            message: "killing".to_owned(),
            grace: Some(Duration::ZERO),
        };
        let mut to_kill: Vec<ToKill> = running.map(kill).collect();
        let is_init = |kill: &ToKill| {
            self.workers[at].pod.spec.containers.get(kill.index).is_some_and(|c| c.kind.is_init())
        };
        to_kill.sort_shared_by_key(is_init);
        PodActions { reset: true, to_kill, ..PodActions::default() }
    }

    /// Why a running container must go, and how long it is given (KL-076, KL-077).
    fn wrong_with(
        &self,
        at: WorkerId,
        index: usize,
        instance: &runtime::Container,
    ) -> Option<(&'static str, Option<Duration>)> {
        let container = &self.workers[at].pod.spec.containers[index];
        if container.hash != instance.spec().hash {
            return Some((DEFINITION_CHANGED, None));
        }
        if self.probe_result(at, index, ProbeKind::Liveness, instance.id) == Some(false) {
            return Some((FAILED_LIVENESS, own_grace(&container.liveness)));
        }
        if self.probe_result(at, index, ProbeKind::Startup, instance.id) == Some(false) {
            return Some((FAILED_STARTUP, own_grace(&container.startup)));
        }
        None
    }

    /// Which init containers to start; says whether all of them have done their part (KL-096, KL-097).
    ///
    /// Kubernetes: kuberuntime_manager.go, computeInitContainerActions.
    fn compute_init_container_actions(
        &self,
        at: WorkerId,
        sandbox: &Sandbox,
        count: usize,
        actions: &mut PodActions,
    ) -> bool {
        let pod = &self.workers[at].pod;
        let spec = &pod.spec;
        let runs = |container: &Container| {
            sandbox.newest(&container.name).is_some_and(|instance| instance.exit().is_none())
        };
        let mut initialized = spec.main_containers().any(runs);
        let mut previously = initialized;
        // From the last to the first: those that have ended long ago may be forgotten.
        for index in (0..count).rev() {
            let container = &spec.containers[index];
            let sidecar = container.kind == ContainerKind::Sidecar;
            let Some(instance) = sandbox.newest_init(&container.name) else {
                if previously && sidecar {
                    actions.init_to_start.push(index);
                }
                continue;
            };
            if previously && !sidecar {
                continue;
            }
            let done = match &instance.state {
                runtime::ContainerState::Created => {
                    actions.init_to_start.push(index);
                    false
                }
                runtime::ContainerState::Running { .. } if sidecar => {
                    self.mind_sidecar(at, index, instance, actions)
                }
                runtime::ContainerState::Running { .. } => false,
                runtime::ContainerState::Exited(_) if sidecar => {
                    actions.init_to_start.push(index);
                    false
                }
                runtime::ContainerState::Exited(exit) if exit.code == 0 => true,
                runtime::ContainerState::Exited(_)
                    if !should_container_be_restarted(pod, container, Some(instance)) =>
                {
                    actions.kill_pod = true;
                    actions.init_to_start.clear();
                    return false;
                }
                runtime::ContainerState::Exited(_) => {
                    actions.init_to_start.push(index);
                    false
                }
            };
            if done && index + 1 == count {
                initialized = true;
            } else if done && !previously {
                actions.init_to_start.push(index + 1);
            }
            previously = true;
        }
        if !previously {
            actions.init_to_start.push(0);
        }
        actions.init_to_start.sort_shared();
        actions.init_to_start.dedup();
        initialized
    }

    /// A running sidecar: whether it has started, and what its probes ask for.
    fn mind_sidecar(
        &self,
        at: WorkerId,
        index: usize,
        instance: &runtime::Container,
        actions: &mut PodActions,
    ) -> bool {
        let container = &self.workers[at].pod.spec.containers[index];
        let mut restart = |why, grace| {
            actions.kill(instance, index, why, grace);
            actions.init_to_start.push(index);
        };
        if container.startup.is_some() {
            match self.probe_result(at, index, ProbeKind::Startup, instance.id) {
                Some(true) => {}
                Some(false) => {
                    restart(FAILED_STARTUP, own_grace(&container.startup));
                    return false;
                }
                None => return false,
            }
        }
        if container.hash != instance.spec().hash {
            restart(DEFINITION_CHANGED, None);
        } else if self.probe_result(at, index, ProbeKind::Liveness, instance.id) == Some(false) {
            restart(FAILED_LIVENESS, own_grace(&container.liveness));
        }
        true
    }

    /// There is no sandbox, or not a good one: all starts from the beginning, if anything is to start.
    fn actions_without_sandbox(&self, at: WorkerId) -> PodActions {
        let pod = &self.workers[at].pod;
        let sandbox = self.runtime.sandbox(pod.meta.uid);
        let ran_before = sandbox.is_some_and(|sandbox| !sandbox.containers.is_empty());
        let kill_pod = sandbox.is_some();
        if pod.spec.restart_policy == RestartPolicy::Never && ran_before {
            return PodActions { kill_pod, ..PodActions::default() };
        }
        let succeeded = |container: &Container| {
            let last = sandbox.and_then(|sandbox| sandbox.newest(&container.name)).and_then(|c| c.exit());
            last.is_some_and(|exit| exit.code == 0)
        };
        let wanted = |container: &Container| {
            let policy = container.restart_policy.unwrap_or(pod.spec.restart_policy);
            container.kind == ContainerKind::Main
                && !(policy == RestartPolicy::OnFailure && succeeded(container))
        };
        let mut to_start: Vec<usize> = pod
            .spec
            .containers
            .iter()
            .enumerate()
            .filter(|(_, c)| wanted(c))
            .map(|(index, _)| index)
            .collect();
        let mut actions =
            PodActions { kill_pod, create_sandbox: !to_start.is_empty(), ..PodActions::default() };
        if actions.create_sandbox && pod.spec.containers.first().is_some_and(|c| c.kind.is_init()) {
            actions.init_to_start.push(0);
            to_start.clear();
        }
        actions.to_start = to_start;
        actions
    }

    /// Kubernetes: kuberuntime_manager.go, SyncPod.
    pub(super) fn sync_containers(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let actions = self.compute_pod_actions(at);
        if actions.is_empty() {
            return self.complete_work(at, SyncResult::Done, ctx);
        }
        let worker = &mut self.workers[at];
        let pod = worker.pod.clone();
        let about = pod_ref(&pod);
        let (kill_pod, reset, to_kill) = (actions.kill_pod, actions.reset, actions.to_kill.clone());
        if actions.create_sandbox && self.runtime.sandbox(pod.meta.uid).is_some() {
            let text = Message::Static("Pod sandbox changed, it will be killed and re-created.");
            self.event(&about, EventType::Normal, "SandboxChanged", text, ctx);
        }
        let work = Work {
            step: SyncStep::Sandbox,
            about,
            actions,
            result: SyncResult::Done,
            image: None,
            killed: Vec::new(),
            missing: Vec::new(),
        };
        self.workers[at].work = Some(Box::new(work));
        if kill_pod {
            let grace = pod.spec.termination_grace_period;
            self.kill_running(at, grace, ctx);
        } else if reset || !to_kill.is_empty() {
            self.kill_containers(at, to_kill, pod.spec.termination_grace_period, ctx);
        } else {
            self.after_kill(at, ctx);
        }
    }

    /// What had to stop has stopped: the sandbox, and then the containers, are made.
    pub(super) fn after_kill(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let pod = self.workers[at].pod.clone();
        let Some(work) = &mut self.workers[at].work else { return };
        if work.actions.reset {
            // Their logs stay, and with them the count of restarts.
            self.runtime.remove_containers(pod.meta.uid, |_| true, true);
            self.update_pod(at, ctx);
            return self.complete_work(at, SyncResult::Done, ctx);
        }
        if work.actions.kill_pod && !work.actions.create_sandbox {
            self.runtime.stop_pod_sandbox(pod.meta.uid, ctx.now);
        } else if work.actions.create_sandbox {
            work.step = SyncStep::Sandbox;
            return self.runtime.run_pod_sandbox(&pod, ctx);
        }
        self.start_next(at, ctx);
    }
}

//! From what a pod should run to calls of the runtime: which containers to start, to kill, to leave.
//!
//! Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_manager.go, kuberuntime_container.go.

use super::backoff::Backoff;
use super::image_manager::Ensured;
use super::pod_worker::{Step, SyncResult, Work};
use super::runtime::{Done, SandboxState};
use super::status::should_container_be_restarted;
use super::texts::{format_pod, go_duration, waiting};
use super::{Kubelet, pod_ref};
use crate::api::event::{EventType, Message};
use crate::api::meta::{Name, Uid};
use crate::api::pod::{Container, ContainerKind, Pod, RestartPolicy};
use crate::sim::{Duration, Time};
use crate::wire::Ctx;

/// What the crash back-off of a container goes by: a changed container starts afresh (KL-078).
///
/// Kubernetes: pkg/kubelet/kuberuntime/helpers.go, GetBackoffKey.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContainerKey {
    pub pod: Uid,
    pub container: Name,
    pub hash: u64,
}

pub fn get_backoff_key(pod: &Pod, container: &Container) -> ContainerKey {
    ContainerKey { pod: pod.meta.uid, container: container.name.clone(), hash: container.hash }
}

/// What is to be done to bring a pod to what it should be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PodActions {
    pub kill_pod: bool,
    pub create_sandbox: bool,
    /// Places in the spec of containers to start, in order.
    pub to_start: Vec<usize>,
}

impl PodActions {
    fn is_empty(&self) -> bool {
        !self.kill_pod && !self.create_sandbox && self.to_start.is_empty()
    }
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

impl Kubelet {
    /// Compares what the pod should run with what it runs.
    pub(super) fn compute_pod_actions(&self, at: usize) -> PodActions {
        let pod = &self.workers[at].pod;
        let sandbox = self.runtime.sandbox(pod.meta.uid);
        let mains = || pod.spec.containers.iter().enumerate().filter(|(_, c)| c.kind == ContainerKind::Main);
        let Some(sandbox) = sandbox.filter(|sandbox| sandbox.state != SandboxState::NotReady) else {
            return self.actions_without_sandbox(at);
        };
        let mut actions = PodActions::default();
        let mut keep = 0;
        for (index, container) in mains() {
            let instance = sandbox.newest(&container.name);
            if instance.is_some_and(|instance| instance.is_running()) {
                keep += 1;
            } else if should_container_be_restarted(pod, container, instance) {
                actions.to_start.push(index);
            }
        }
        actions.kill_pod = keep == 0 && actions.to_start.is_empty();
        actions
    }

    /// There is no sandbox, or not a good one: all starts from the beginning, if anything is to start.
    fn actions_without_sandbox(&self, at: usize) -> PodActions {
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
            container.kind == ContainerKind::Main
                && !(pod.spec.restart_policy == RestartPolicy::OnFailure && succeeded(container))
        };
        let to_start: Vec<usize> = pod
            .spec
            .containers
            .iter()
            .enumerate()
            .filter(|(_, c)| wanted(c))
            .map(|(index, _)| index)
            .collect();
        PodActions { kill_pod, create_sandbox: !to_start.is_empty(), to_start }
    }

    /// Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_manager.go, SyncPod.
    pub(super) fn sync_containers(&mut self, at: usize, ctx: &mut Ctx) {
        let actions = self.compute_pod_actions(at);
        if actions.is_empty() {
            return self.complete_work(at, SyncResult::Done, ctx);
        }
        let worker = &mut self.workers[at];
        let pod = worker.pod.clone();
        let create = actions.create_sandbox;
        let about = pod_ref(&pod);
        let work = Work { step: Step::Sandbox, about, actions, result: SyncResult::Done };
        worker.work = Some(Box::new(work));
        if create {
            self.runtime.run_pod_sandbox(&pod, ctx);
        } else {
            self.start_next(at, ctx);
        }
    }

    /// Starts the next container that is to be started; after the last one the sync is over.
    pub(super) fn start_next(&mut self, at: usize, ctx: &mut Ctx) {
        while let Some(work) = &mut self.workers[at].work {
            if work.actions.to_start.is_empty() {
                let result = work.result;
                return self.complete_work(at, result, ctx);
            }
            let index = work.actions.to_start.remove(0);
            if self.start_container(at, index, ctx) {
                return;
            }
        }
    }

    /// Begins to start one container. Returns whether something is under way now; if not, it has failed.
    fn start_container(&mut self, at: usize, index: usize, ctx: &mut Ctx) -> bool {
        if let Some(end) = self.back_off_of(at, index, ctx) {
            self.fail_start(at, SyncResult::BackOff(end));
            return false;
        }
        match self.ensure_image_exists(at, index, ctx) {
            Ensured::Present => self.create_container(at, index, ctx),
            Ensured::Pulling => self.set_step(at, Step::Pull(index)),
            Ensured::Failed(reason, message) => {
                self.start_failed(at, index, reason, &message, ctx);
                return false;
            }
        }
        true
    }

    fn set_step(&mut self, at: usize, step: Step) {
        if let Some(work) = &mut self.workers[at].work {
            work.step = step;
        }
    }

    pub(super) fn fail_start(&mut self, at: usize, result: SyncResult) {
        if let Some(work) = &mut self.workers[at].work {
            work.result = work.result.and(result);
        }
    }

    /// A container could not be started: event, waiting reason, and another try later.
    pub(super) fn start_failed(
        &mut self,
        at: usize,
        index: usize,
        reason: &'static str,
        message: &str,
        ctx: &mut Ctx,
    ) {
        self.workers[at].set_waiting_reason(index, Some(waiting(reason, message)));
        self.fail_start(at, SyncResult::Failed);
        let error = match reason {
            "CreateContainerConfigError" => message,
            _ => reason,
        };
        let text: Name = format!("Error: {error}").into();
        self.container_event(at, index, EventType::Warning, "Failed", Message::Text(text), ctx);
    }

    /// Whether this container must wait after a crash, and until when (KL-070, KL-072).
    fn back_off_of(&mut self, at: usize, index: usize, ctx: &mut Ctx) -> Option<Time> {
        let pod = self.workers[at].pod.clone();
        let container = pod.spec.containers.get(index)?;
        let sandbox = self.runtime.sandbox(pod.meta.uid)?;
        let ended = sandbox.newest(&container.name)?.exit()?.finished;
        let key = get_backoff_key(&pod, container);
        let back_off = do_back_off(&mut self.crash_loop_back_off, &key, ended, ctx.now)?;
        let text =
            format!("Back-off restarting failed container {} in pod {}", container.name, format_pod(&pod));
        self.container_event(at, index, EventType::Warning, "BackOff", Message::Text(text.into()), ctx);
        let message = back_off_message(&pod, container, back_off);
        self.workers[at].set_waiting_reason(index, Some(waiting("CrashLoopBackOff", &message)));
        Some(ended + back_off)
    }

    /// The image is there: the container is made and started.
    pub(super) fn create_container(&mut self, at: usize, index: usize, ctx: &mut Ctx) {
        let pod = self.workers[at].pod.clone();
        self.set_step(at, Step::Start(index));
        self.runtime.start_container(pod.meta.uid, &pod.spec, index, ctx);
        let created = Message::Static("Container created");
        self.container_event(at, index, EventType::Normal, "Created", created, ctx);
    }

    /// The runtime has done what a worker waits for.
    pub(super) fn on_runtime_done(&mut self, done: Done, ctx: &mut Ctx) {
        let (Done::SandboxReady(uid)
        | Done::SandboxFailed(uid)
        | Done::Started(uid, _)
        | Done::Exited(uid, _)) = done;
        let Some(at) = self.find(uid) else { return };
        let step = self.workers[at].work.as_ref().map(|work| work.step.clone());
        match (done, step) {
            (Done::SandboxReady(_), Some(Step::Sandbox)) => self.start_next(at, ctx),
            (Done::SandboxFailed(_), Some(Step::Sandbox)) => self.sandbox_failed(at, ctx),
            (Done::Started(..), Some(Step::Start(index))) => self.container_started(at, index, ctx),
            (Done::Exited(_, id), Some(Step::Kill(_))) => self.on_killed(at, id, ctx),
            _ => {}
        }
    }

    fn sandbox_failed(&mut self, at: usize, ctx: &mut Ctx) {
        let text = "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for \
                    sandbox: plugin type=\"ptp\" failed (add): failed to allocate for range 0: no IP addresses \
                    available in range set";
        let about = pod_ref(&self.workers[at].pod);
        let message = Message::Static(text);
        self.event(&about, None, EventType::Warning, "FailedCreatePodSandBox", message, ctx);
        self.complete_work(at, SyncResult::Failed, ctx);
    }

    fn container_started(&mut self, at: usize, index: usize, ctx: &mut Ctx) {
        self.workers[at].set_waiting_reason(index, None);
        let started = Message::Static("Container started");
        self.container_event(at, index, EventType::Normal, "Started", started, ctx);
        self.start_next(at, ctx);
    }

    /// An event about one container of a pod.
    pub(super) fn container_event(
        &self,
        at: usize,
        index: usize,
        kind: EventType,
        reason: &'static str,
        message: Message,
        ctx: &mut Ctx,
    ) {
        let worker = &self.workers[at];
        let about = match &worker.work {
            Some(work) => work.about.clone(),
            None => pod_ref(&worker.pod),
        };
        let path = worker.pod.spec.containers.get(index).map(|container| container.field_path.clone());
        self.event(&about, path.as_ref(), kind, reason, message, ctx);
    }

    /// The pod is gone: so is what was remembered of its failures.
    pub(super) fn forget_back_offs(&mut self, pod: Uid) {
        if !self.crash_loop_back_off.is_empty() {
            self.crash_loop_back_off.retain(|key| key.pod != pod);
        }
        self.images.forget(pod);
    }
}

/// The message of a container that waits in CrashLoopBackOff.
pub fn back_off_message(pod: &Pod, container: &Container, back_off: Duration) -> String {
    let span = go_duration(back_off);
    format!("back-off {span} restarting failed container={} pod={}", container.name, format_pod(pod))
}

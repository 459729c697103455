//! Starting containers, one after another: back-off, image, configuration, hook.
//!
//! Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_manager.go, SyncPod; kuberuntime_container.go,
//! startContainer.

use super::image_manager::Ensured;
use super::kuberuntime::{back_off_message, do_back_off, get_backoff_key};
use super::pod_worker::{SyncResult, SyncStep};
use super::runtime::program::start_error;
use super::runtime::{Done, ImageSaid};
use super::texts::{format_pod, uid_text, waiting};
use super::workers::WorkerId;
use super::{Kubelet, pod_ref};
use api::event::{EventType, Message};
use api::field::go_quote;
use api::meta::{Name, Uid};
use api::pod::ContainerKind;
use sim::Time;
use wire::{Ctx, KubeletTimer};

impl Kubelet {
    /// Starts the next container that is to be started; after the last one the sync is over.
    pub(super) fn start_next(&mut self, at: WorkerId, ctx: &mut Ctx) {
        while let Some(work) = &mut self.workers[at].work {
            let actions = &mut work.actions;
            let lists = [&mut actions.ephemeral_to_start, &mut actions.init_to_start, &mut actions.to_start];
            let Some(list) = lists.into_iter().find(|list| !list.is_empty()) else {
                let result = work.result;
                return self.complete_work(at, result, ctx);
            };
            let index = list.remove(0);
            if self.start_container(at, index, ctx) {
                return;
            }
            self.start_given_up(at, index);
        }
    }

    /// A regular init container that does not start holds up all that come after it.
    pub(super) fn start_given_up(&mut self, at: WorkerId, index: usize) {
        let worker = &mut self.workers[at];
        let init = worker.pod.spec.containers.get(index).is_some_and(|c| c.kind == ContainerKind::Init);
        if let Some(work) = &mut worker.work
            && init
        {
            work.actions.init_to_start.clear();
            work.actions.to_start.clear();
        }
    }

    /// Begins to start one container. Returns whether something is under way now; if not, it has failed.
    fn start_container(&mut self, at: WorkerId, index: usize, ctx: &mut Ctx) -> bool {
        if let Some(end) = self.back_off_of(at, index, ctx) {
            self.fail_start(at, SyncResult::BackOff(end));
            return false;
        }
        self.note_first_start(at, index);
        match self.ensure_image_exists(at, index, ctx) {
            Ensured::Present => self.create_container(at, index, ctx),
            Ensured::Pulling => self.set_step(at, SyncStep::Pull(index)),
            Ensured::Failed(reason, message) => {
                self.start_failed(at, index, reason, &message, ctx);
                return false;
            }
        }
        true
    }

    fn set_step(&mut self, at: WorkerId, step: SyncStep) {
        if let Some(work) = &mut self.workers[at].work {
            work.step = step;
        }
    }

    pub(super) fn fail_start(&mut self, at: WorkerId, result: SyncResult) {
        if let Some(work) = &mut self.workers[at].work {
            work.result = work.result.and(result);
        }
    }

    /// A container could not be started: event, waiting reason, and another try later.
    pub(super) fn start_failed(
        &mut self,
        at: WorkerId,
        index: usize,
        reason: &'static str,
        message: &str,
        ctx: &mut Ctx,
    ) {
        self.note_failed_start(at, index);
        self.workers[at].set_waiting_reason(index, Some(waiting(reason, message)));
        self.fail_start(at, SyncResult::Failed);
        let error = match reason {
            "CreateContainerConfigError" | "RunContainerError" => message,
            _ => reason,
        };
        let text: Name = format!("Error: {error}").into();
        self.container_event(at, index, EventType::Warning, "Failed", Message::Text(text), ctx);
    }

    /// Whether this container must wait after a crash, and until when (KL-070, KL-072).
    fn back_off_of(&mut self, at: WorkerId, index: usize, ctx: &mut Ctx) -> Option<Time> {
        let pod = self.workers[at].pod.clone();
        let container = pod.spec.containers.get(index)?;
        let sandbox = self.runtime.sandbox(pod.meta.uid)?;
        // A container that this very sync has stopped does not count as ended yet (KL-076).
        let killed = self.workers[at].work.as_ref().map_or(&[][..], |work| &work.killed);
        let instances = sandbox.containers.iter().rev().filter(|instance| instance.name() == &container.name);
        let ended =
            instances.filter(|instance| !killed.contains(&instance.id)).find_map(|i| i.exit())?.finished;
        let key = get_backoff_key(&pod, container);
        let back_off = do_back_off(&mut self.crash_loop_back_off, &key, ended, ctx.now)?;
        let text =
            format!("Back-off restarting failed container {} in pod {}", container.name, format_pod(&pod));
        self.container_event(at, index, EventType::Warning, "BackOff", Message::Text(text.into()), ctx);
        let message = back_off_message(&pod, container, back_off);
        let name = &container.name;
        let why = format!(
            "failed to \"StartContainer\" for \"{name}\" with CrashLoopBackOff: {}",
            go_quote(&message)
        );
        let (why, of, uid) =
            (go_quote(&why), format!("{}/{}", pod.meta.namespace(), pod.meta.name), uid_text(&pod));
        ctx.error(
            "pod_workers.go:1324",
            format!("\"Error syncing pod, skipping\" err={why} pod=\"{of}\" podUID=\"{uid}\""),
        );
        self.workers[at].set_waiting_reason(index, Some(waiting("CrashLoopBackOff", &message)));
        Some(ended + back_off)
    }

    /// The image is there: the container is made and started.
    pub(super) fn create_container(&mut self, at: WorkerId, index: usize, ctx: &mut Ctx) {
        if !self.has_environment(at, index, ctx) {
            return self.set_step(at, SyncStep::Environment(index));
        }
        let pod = self.workers[at].pod.clone();
        self.set_step(at, SyncStep::Start(index));
        let said = self.workers[at].work.as_mut().and_then(|work| work.image.take());
        let said =
            said.map_or(ImageSaid::NOTHING, |(pulling, at)| ImageSaid::new(pulling, ctx.now.since(at)));
        self.runtime.start_container(pod.meta.uid, &pod.spec, index, said, ctx);
        let created = Message::Static("Container created");
        self.container_event(at, index, EventType::Normal, "Created", created, ctx);
    }

    /// The runtime has done what a worker waits for.
    pub(super) fn on_runtime_done(&mut self, done: Done, ctx: &mut Ctx) {
        let (Done::SandboxReady(uid)
        | Done::SandboxFailed(uid)
        | Done::Started(uid, _)
        | Done::NotStarted(uid, _)
        | Done::Exited(uid, _)) = done;
        let Some(at) = self.workers.of_pod(uid) else { return };
        let step = self.workers[at].work.as_ref().map(|work| work.step.clone());
        match (done, step) {
            (Done::SandboxReady(_), Some(SyncStep::Sandbox)) => self.start_next(at, ctx),
            (Done::SandboxFailed(_), Some(SyncStep::Sandbox)) => self.sandbox_failed(at, ctx),
            (Done::Started(_, id), Some(SyncStep::Start(index))) => {
                self.container_started(at, index, id, ctx)
            }
            (Done::NotStarted(..), Some(SyncStep::Start(index))) => {
                self.container_not_started(at, index, ctx)
            }
            (Done::Exited(_, id), Some(SyncStep::Kill(_))) => self.on_killed(at, id, ctx),
            _ => {}
        }
    }

    fn sandbox_failed(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let text = "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for \
                    sandbox: plugin type=\"ptp\" failed (add): failed to allocate for range 0: no IP addresses \
                    available in range set";
        let about = pod_ref(&self.workers[at].pod);
        let message = Message::Static(text);
        self.event(&about, EventType::Warning, "FailedCreatePodSandBox", message, ctx);
        self.complete_work(at, SyncResult::Failed, ctx);
    }

    fn container_started(&mut self, at: WorkerId, index: usize, id: u32, ctx: &mut Ctx) {
        self.workers[at].set_waiting_reason(index, None);
        let started = Message::Static("Container started");
        self.container_event(at, index, EventType::Normal, "Started", started, ctx);
        let hook = self.workers[at].pod.spec.containers.get(index).and_then(|container| container.post_start);
        match hook {
            Some(hook) => {
                self.set_step(at, SyncStep::PostStart { index, id });
                ctx.wake_after(
                    hook.takes,
                    self.timer(KubeletTimer::Hook { worker: at.number(), container: id }),
                );
            }
            None => self.start_next(at, ctx),
        }
    }

    fn container_not_started(&mut self, at: WorkerId, index: usize, ctx: &mut Ctx) {
        let pod = self.workers[at].pod.clone();
        let why = pod.spec.containers.get(index).and_then(start_error).unwrap_or_default();
        self.start_failed(at, index, "RunContainerError", &why, ctx);
        self.start_given_up(at, index);
        self.start_next(at, ctx);
    }

    /// A container whose postStart hook fails is stopped again (KL-091).
    pub(super) fn on_post_start_done(&mut self, at: WorkerId, hook_of: u32, ctx: &mut Ctx) {
        let Some(work) = &self.workers[at].work else { return };
        let SyncStep::PostStart { index, id } = work.step else { return };
        if id != hook_of {
            return;
        }
        let hook = self.workers[at].pod.spec.containers.get(index).and_then(|container| container.post_start);
        if !hook.is_some_and(|hook| hook.fails) {
            return self.start_next(at, ctx);
        }
        let message = Message::Static("PostStartHook failed");
        self.container_event(at, index, EventType::Warning, "FailedPostStartHook", message, ctx);
        self.workers[at]
            .set_waiting_reason(index, Some(waiting("PostStartHookError", "PostStartHook failed")));
        self.fail_start(at, SyncResult::Failed);
        self.kill_failed(at, id, index, "FailedPostStartHook", ctx);
    }

    /// The pod is gone: so is what was remembered of its failures.
    pub(super) fn forget_back_offs(&mut self, pod: Uid) {
        if !self.crash_loop_back_off.is_empty() {
            self.crash_loop_back_off.retain(|key| key.pod != pod);
        }
        self.images.forget(pod);
    }
}

//! Where the kubelet gets its pods from, and when it knows that it has heard of all of them.
//!
//! Kubernetes: pkg/kubelet/config/config.go, sources.go; kubelet_pods.go, HandlePodCleanups.

use std::rc::Rc;

use super::events::pod_ref;
use super::manifest_dir::Look;
use super::pod_config::{PodOperation, filter_invalid_pods};
use super::pod_manager::same_full_name;
use super::pod_worker::{PodWorker, WorkerState};
use super::runtime::{Container, Sandbox, SandboxState};
use super::texts::format_pod;
use super::workers::WorkerId;
use super::{FileChange, Kubelet};
use api::event::{EventType, Message};
use api::meta::Uid;
use api::pod::{Pod, PodSource};
use sim::Duration;
use sim::files::Files;
use wire::{Ctx, Effect};

/// Which sources have reported since the process started.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SourcesSeen([bool; PodSource::ALL.len()]);

impl SourcesSeen {
    fn has(self, source: PodSource) -> bool {
        self.0[source as usize]
    }
}

impl Kubelet {
    /// Until all sources have reported, nothing is taken for gone (KL-030).
    pub(super) fn sources_ready(&self) -> bool {
        let expected = |source: &PodSource| match source {
            PodSource::File => self.file_source.is_configured(),
            PodSource::Http => self.has_url(),
            PodSource::Api => true,
        };
        PodSource::ALL.iter().filter(|source| expected(source)).all(|source| self.sources_seen.has(*source))
    }

    pub(super) fn source_seen(&mut self, source: PodSource, ctx: &mut Ctx) {
        let before = self.sources_ready();
        self.sources_seen.0[source as usize] = true;
        if !before && self.sources_ready() {
            self.schedule_housekeeping(ctx);
        }
    }

    /// The scan of staticPodPath.
    pub(super) fn check_files(&mut self, files: &Files, ctx: &mut Ctx) {
        if !self.file_source.is_configured() {
            return;
        }
        let node_name = self.host.node_name.clone();
        let look = self.file_source.list_config(files, &node_name, ctx.now);
        self.take_look(look, ctx);
    }

    pub(super) fn handle_file_event(&mut self, path: &str, change: FileChange, files: &Files, ctx: &mut Ctx) {
        if !self.file_source.concerns(path) {
            return;
        }
        let node_name = self.host.node_name.clone();
        let look = self.file_source.on_change(path, change, files, &node_name, ctx.now);
        self.take_look(look, ctx);
        // The next scan sees the change too; one without a change has nothing to see.
        self.schedule_file_check(ctx);
    }

    fn take_look(&mut self, look: Look, ctx: &mut Ctx) {
        ctx.effects.extend(look.log.into_iter().map(Effect::Log));
        if let Some(pods) = look.pods {
            self.set_static_pods(pods, ctx);
            self.source_seen(PodSource::File, ctx);
        }
    }

    /// What the file source has now: removes come first, then what is new, then what has changed (KL-024).
    pub(super) fn set_static_pods(&mut self, pods: Vec<Rc<Pod>>, ctx: &mut Ctx) {
        let (pods, clashing) = filter_invalid_pods(pods);
        for pod in clashing {
            let (name, pod_text) = (&pod.meta.name, format_pod(&pod));
            let text = format!(
                "Error validating pod {pod_text} from file due to duplicate pod name \"{name}\", ignoring"
            );
            let message = Message::Text(text.into());
            self.event(&pod_ref(&pod), EventType::Warning, "FailedValidation", message, ctx);
        }
        for (operation, pods) in self.static_pods.set(pods) {
            for pod in pods {
                match (operation, self.workers.of_pod(pod.meta.uid)) {
                    (PodOperation::Remove, _) => self.handle_pod_remove(pod.meta.uid, ctx),
                    (PodOperation::Add, Some(at)) => self.readmit(at, &pod, ctx),
                    (PodOperation::Add, None) => self.handle_pod_addition(&pod, ctx),
                    (_, Some(at)) => self.handle_static_update(at, &pod, ctx),
                    (_, None) => {}
                }
            }
        }
    }

    /// A manifest has come back just as it was, before its pod has ended (KL-115). A pod that was not even asked to
    /// end is synced as after any update: its mirror may belong to another pod.
    ///
    /// Kubernetes: pkg/kubelet/pod_workers.go, UpdatePod.
    fn readmit(&mut self, at: WorkerId, pod: &Rc<Pod>, ctx: &mut Ctx) {
        let worker = &mut self.workers[at];
        worker.set_removed(false);
        worker.runtime_only = false;
        if let Some(extra) = &mut worker.extra {
            extra.removed = None;
        }
        worker.pod = pod.clone();
        if worker.state != WorkerState::Sync {
            worker.restart_requested = true;
            if worker.state == WorkerState::Terminated {
                self.schedule_housekeeping(ctx);
            }
            return;
        }
        self.update_pod(at, ctx);
    }

    /// A manifest that names its own uid has changed.
    fn handle_static_update(&mut self, at: WorkerId, pod: &Rc<Pod>, ctx: &mut Ctx) {
        self.workers[at].pod = pod.clone();
        self.update_pod(at, ctx);
    }

    /// Static pods of one full name never overlap: the first that waits starts when the last has ended.
    ///
    /// Kubernetes: pod_workers.go, allowStaticPodStart.
    pub(super) fn allow_pod_start(&self, at: WorkerId) -> bool {
        let worker = &self.workers[at];
        if !worker.is_static() {
            return true;
        }
        let same = |other: &&PodWorker| {
            other.is_static() && other.number() != worker.number() && same_full_name(&other.pod, &worker.pod)
        };
        !self.workers.iter().filter(same).any(|other| match other.started {
            true => other.state != WorkerState::Terminated,
            false => other.number() < worker.number() && other.state == WorkerState::Sync && !other.rejected,
        })
    }

    /// Puts right what is left over, once all sources are ready: pods of which nobody knows any more,
    /// mirror pods without a static pod, static pods that came back.
    ///
    /// Kubernetes: kubelet_pods.go, HandlePodCleanups.
    pub(super) fn handle_pod_cleanups(&mut self, ctx: &mut Ctx) {
        if !self.sources_ready() {
            return;
        }
        for at in self.workers.ids_of(|worker| worker.is_removed()) {
            if self.workers.get(at).is_some() {
                self.terminate(at, None, ctx);
            }
        }
        let again = |worker: &PodWorker| worker.restart_requested && worker.state == WorkerState::Terminated;
        for at in self.workers.ids_of(again) {
            if let Some(worker) = self.workers.get(at) {
                let pod = worker.pod.clone();
                self.drop_worker(at, ctx);
                self.handle_pod_addition(&pod, ctx);
            }
        }
        self.kill_unknown_pods(ctx);
        self.delete_orphaned_mirror_pods(ctx);
    }

    /// What the runtime runs and no source knows is stopped, with a grace period of one second (KL-032).
    fn kill_unknown_pods(&mut self, ctx: &mut Ctx) {
        for at in self.workers.ids_of(|worker| worker.rejected) {
            if let Some(worker) = self.workers.get(at)
                && self.runtime.sandbox(worker.uid()).is_some_and(is_active)
            {
                self.kill_runtime_pod(at, ctx);
            }
        }
        let known = |uid: Uid| self.workers.iter().any(|worker| worker.uid() == uid);
        let unknown = self.runtime.sandboxes().iter().filter(|sandbox| !known(sandbox.uid));
        let (active, dead): (Vec<&Sandbox>, Vec<&Sandbox>) = unknown.partition(|sandbox| is_active(sandbox));
        let has_dead = !dead.is_empty();
        let pods: Vec<Rc<Pod>> = active.into_iter().map(|sandbox| Rc::new(sandbox.as_pod())).collect();
        for pod in pods {
            let at = self.workers.add(pod);
            self.workers[at].set_removed(true);
            self.kill_runtime_pod(at, ctx);
        }
        if has_dead {
            self.schedule_garbage_collection(ctx);
        }
    }

    /// Stops what the runtime runs of a pod. Its status is not reported.
    ///
    /// Kubernetes: kubelet.go, SyncTerminatingRuntimePod.
    fn kill_runtime_pod(&mut self, at: WorkerId, ctx: &mut Ctx) {
        const GRACE: Duration = Duration::from_secs(1);
        let worker = &mut self.workers[at];
        if worker.state == WorkerState::Terminating {
            return;
        }
        (worker.runtime_only, worker.started, worker.state) = (true, true, WorkerState::Terminating);
        worker.extra().grace = Some(GRACE);
        self.kill_pod(at, GRACE, ctx);
    }

    /// Whether what the runtime has of a pod stays.
    ///
    /// Kubernetes: pod_workers.go, ShouldPodContentBeRemoved.
    fn is_content_kept(&self, uid: Uid) -> bool {
        self.workers.of_pod(uid).is_some_and(|at| {
            let worker = &self.workers[at];
            let evicted = worker.extra.as_ref().is_some_and(|extra| extra.failed.is_some());
            let over = worker.state == WorkerState::Terminated;
            !worker.rejected && !(over && (evicted || worker.pod.meta.is_terminating()))
        })
    }

    /// Removes dead containers and sandboxes that nobody needs any more, once a minute.
    ///
    /// Kubernetes: kuberuntime/kuberuntime_gc.go, GarbageCollect.
    pub(super) fn collect_garbage(&mut self, ctx: &mut Ctx) {
        if !self.sources_ready() {
            return self.schedule_garbage_collection(ctx);
        }
        let mut gone: Vec<Uid> = self.runtime.sandboxes().iter().map(|sandbox| sandbox.uid).collect();
        gone.retain(|uid| !self.is_content_kept(*uid));
        self.runtime.collect_garbage(|uid| !gone.contains(&uid));
    }

    /// Schedules the removal of replaced sandboxes that have no containers left.
    pub(super) fn mind_old_sandboxes(&mut self, ctx: &mut Ctx) {
        if !self.runtime.old_sandboxes().is_empty()
            && self.runtime.has_garbage(|uid| self.is_content_kept(uid))
        {
            self.schedule_garbage_collection(ctx);
        }
    }
}

/// Whether anything of a sandbox is up.
fn is_active(sandbox: &Sandbox) -> bool {
    sandbox.state != SandboxState::NotReady || sandbox.containers.iter().any(Container::is_running)
}

//! One pod's life on the node: sync, terminating, terminated; never back (KL-051).
//!
//! A worker does one thing at a time. What comes in while it works waits, and so does what comes in before
//! the runtime was looked at again after its last work: a worker never acts on what it knew before.
//!
//! Kubernetes: pkg/kubelet/pod_workers.go.

use std::rc::Rc;

use super::Kubelet;
use super::configs::Missing;
use super::kill::Kill;
use super::kuberuntime::PodActions;
use super::mirror::MirrorWork;
use super::pod_config::{PodOperation, check_and_update_pod};
use super::prober;
use super::timers::jitter;
use api::event::ObjectRef;
use api::meta::Uid;
use api::pod::{Pod, Reason, Waiting};
use sim::{Duration, Time};
use wire::{Ctx, KubeletTimer};

use super::status_manager::OwnStatus;
use super::uid_list::OfPod;
use super::workers::WorkerId;

/// Regular resync of a pod, and the longest wait after a failed one (KL-048).
pub(crate) const RESYNC_INTERVAL: Duration = Duration::from_secs(60);
/// The wait after a failed sync.
pub(crate) const BACK_OFF_PERIOD: Duration = Duration::from_secs(10);
/// The wait after a sync that failed because the network is not ready.
pub(crate) const BACK_OFF_ON_TRANSIENT_ERROR: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WorkerState {
    /// The pod shall run.
    Sync,
    /// Its containers are being stopped.
    Terminating,
    /// Nothing of it runs any more.
    Terminated,
}

#[derive(Clone, Debug)]
pub(crate) struct PodWorker {
    /// Its number in this kubelet; never used twice.
    number: u32,
    pub(super) pod: Rc<Pod>,
    pub(super) state: WorkerState,
    /// Whether its first sync has begun.
    pub(super) started: bool,
    /// One update that came while it was busy with another; a later one takes its place.
    pending: bool,
    /// It has taken an update, and acts on it once the runtime was looked at after its last sync.
    waiting: bool,
    /// The runtime was looked at since its last sync: the next one need not wait for that.
    pub(super) observed: bool,
    /// Its last sync had nothing to do, and nothing is new: neither would the next one.
    quiet: bool,
    /// Its source no longer has it.
    removed: bool,
    /// Refused at admission: nothing of it ever runs.
    pub(super) rejected: bool,
    /// The runtime runs something of it that no source stands for: that is stopped, and nobody is told.
    pub(super) runtime_only: bool,
    /// Its manifest came back before it had ended (KL-115).
    pub(super) restart_requested: bool,
    /// When its last work ended.
    pub(super) synced: Time,
    pub(super) work: Option<Box<Work>>,
    /// The status by the kubelet's word, while the API server's is another.
    pub(super) status: Option<Box<OwnStatus>>,
    /// What only a pod that is starting, failing or ending has.
    pub(super) extra: Option<Box<Extra>>,
}

/// What only some pods have, and most only for a while.
#[derive(Clone, Debug, Default)]
pub(super) struct Extra {
    /// Why containers could not be started: reason and message of their waiting state, by container.
    pub(crate) reasons: Vec<(usize, Rc<Waiting>)>,
    /// When the pod is due for another sync.
    resync: Option<Time>,
    /// How long its containers are given to stop.
    pub grace: Option<Duration>,
    /// When its source removed it.
    pub removed: Option<Time>,
    /// When it was first said that its containers are stopped for the end of the pod.
    pub kill_said: Option<Time>,
    /// status.phase Failed with this reason, by the kubelet's own decision.
    pub(crate) failed: Option<Rc<Reason>>,
    /// The pods that have to be gone before this critical one starts, by their workers.
    pub(crate) waits_for: Vec<WorkerId>,
    pub(crate) probes: Vec<prober::Worker>,
    /// What is under way for a static pod's mirror.
    pub mirror: MirrorWork,
    /// A mirror pod that the API server has removed: the next sync takes it for one that is there.
    pub removed_mirror: Option<Rc<Pod>>,
}

/// Work under way: a procedure that waits for the runtime.
#[derive(Clone, Debug)]
pub(super) struct Work {
    pub(crate) step: SyncStep,
    pub(crate) about: Rc<ObjectRef>,
    pub(crate) actions: PodActions,
    /// What its end will be.
    pub(crate) result: SyncResult,
    /// At a container's first start: whether its image is pulled, and when that (or that it is there) was said.
    pub(crate) image: Option<(bool, Time)>,
    /// Containers that it has stopped.
    pub(crate) killed: Vec<u32>,
    /// ConfigMaps and Secrets that are not there.
    pub(crate) missing: Vec<Missing>,
}

#[derive(Clone, Debug)]
pub(super) enum SyncStep {
    /// What its volumes need is asked for, since then; after a failure again after `retry`.
    Volumes { since: Time, retry: Duration },
    /// The sandbox is being made.
    Sandbox,
    /// The image of this container is being pulled.
    Pull(usize),
    /// What the environment of this container needs is asked for.
    Environment(usize),
    /// This container is being started.
    Start(usize),
    /// The postStart hook of this container runs.
    PostStart { index: usize, id: u32 },
    /// Containers are being stopped.
    Kill(Kill),
}

/// How a sync ended: when the next one is due depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SyncResult {
    Done,
    NetworkNotReady,
    Failed,
    /// Failed for nothing but a back-off, which ends then.
    BackOff(Time),
}

impl SyncResult {
    /// Together with another failure of the same sync: the earliest back-off counts.
    pub(crate) fn and(self, other: SyncResult) -> SyncResult {
        match (self, other) {
            (SyncResult::Done, other) => other,
            (SyncResult::BackOff(mine), SyncResult::BackOff(theirs)) => SyncResult::BackOff(mine.min(theirs)),
            (SyncResult::BackOff(mine), _) => SyncResult::BackOff(mine),
            (_, SyncResult::BackOff(theirs)) => SyncResult::BackOff(theirs),
            (mine, _) => mine,
        }
    }
}

impl OfPod for PodWorker {
    fn pod_uid(&self) -> Uid {
        self.pod.meta.uid
    }
}

impl PodWorker {
    /// A worker that has done nothing yet.
    pub(super) fn new(number: u32, pod: Rc<Pod>) -> PodWorker {
        PodWorker {
            number,
            pod,
            state: WorkerState::Sync,
            started: false,
            pending: false,
            waiting: false,
            observed: false,
            quiet: false,
            removed: false,
            rejected: false,
            runtime_only: false,
            restart_requested: false,
            synced: Time::default(),
            work: None,
            status: None,
            extra: None,
        }
    }

    /// Its number in this kubelet; never used twice.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    pub(super) fn uid(&self) -> Uid {
        self.pod.meta.uid
    }

    pub(super) fn is_static(&self) -> bool {
        self.pod.is_static()
    }

    pub(super) fn is_working(&self) -> bool {
        self.work.is_some()
    }

    pub(super) fn is_removed(&self) -> bool {
        self.removed
    }

    pub(super) fn set_removed(&mut self, removed: bool) {
        self.removed = removed;
    }

    /// Whether something of it may still run.
    pub(super) fn is_running(&self) -> bool {
        self.state != WorkerState::Terminated
    }

    pub(super) fn extra(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }

    /// Whether a later sync is planned.
    pub(super) fn is_due(&self) -> bool {
        self.extra.as_ref().is_some_and(|extra| extra.resync.is_some())
    }

    /// Why this container waits, if it could not be started.
    pub(super) fn waiting_reason(&self, index: usize) -> Option<&Rc<Waiting>> {
        let reasons = &self.extra.as_ref()?.reasons;
        reasons.iter().find(|(at, _)| *at == index).map(|(_, waiting)| waiting)
    }

    pub(super) fn set_waiting_reason(&mut self, index: usize, waiting: Option<Rc<Waiting>>) {
        if self.extra.is_none() && waiting.is_none() {
            return;
        }
        let reasons = &mut self.extra().reasons;
        reasons.retain(|(at, _)| *at != index);
        reasons.extend(waiting.map(|waiting| (index, waiting)));
    }
}

impl Kubelet {
    /// The first that is heard of a pod (KL-050).
    pub(super) fn first_update(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let pod = self.workers[at].pod.clone();
        if pod.is_terminal() && !self.runtime.is_running(pod.meta.uid) {
            self.workers[at].state = WorkerState::Terminated;
            return self.sync_terminated_pod(at, ctx);
        }
        if pod.is_terminal() || pod.meta.is_terminating() {
            return self.terminate(at, None, ctx);
        }
        self.update_pod(at, ctx);
    }

    /// There is something new about a pod: it is acted on now, or as soon as its worker is free and the
    /// runtime has been looked at again.
    pub(super) fn update_pod(&mut self, at: WorkerId, ctx: &mut Ctx) {
        self.say_new(at, ctx);
        self.sync_again(at, ctx);
    }

    /// The worker's next sync has something to do. Those that passed quietly are over.
    fn say_new(&mut self, at: WorkerId, ctx: &mut Ctx) {
        self.pass_quiet_syncs(at, ctx.now + Duration(1));
        self.workers[at].quiet = false;
    }

    /// An update that brings nothing new but what the runtime shows.
    fn sync_again(&mut self, at: WorkerId, ctx: &mut Ctx) {
        if let Some(extra) = &mut self.workers[at].extra {
            extra.removed_mirror = None;
        }
        self.notify_worker(at, ctx);
    }

    /// The mirror of a static pod has been removed. The update carries it along, so that this sync takes it for
    /// one that is there, and only the next one makes it again (KL-037).
    ///
    /// Kubernetes: pkg/kubelet/kubelet.go, HandlePodRemoves; pod/pod_manager.go, GetPodAndMirrorPod.
    pub(super) fn update_pod_with_removed_mirror(&mut self, at: WorkerId, mirror: Rc<Pod>, ctx: &mut Ctx) {
        self.say_new(at, ctx);
        self.workers[at].extra().removed_mirror = Some(mirror);
        self.notify_worker(at, ctx);
    }

    /// Kubernetes: pkg/kubelet/pod_workers.go, UpdatePod: there is room for one update beside the one that is
    /// being acted on.
    fn notify_worker(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let worker = &mut self.workers[at];
        if worker.rejected || worker.extra.as_ref().is_some_and(|extra| !extra.waits_for.is_empty()) {
            return;
        }
        if worker.work.is_some() || worker.waiting {
            worker.pending = true;
            self.mind_waiting(at, ctx);
        } else {
            self.take_update(at, ctx);
        }
    }

    /// The worker is free and takes the update. It acts on nothing that it knew before its last sync.
    ///
    /// Kubernetes: pkg/kubelet/pod_workers.go, podWorkerLoop; container/cache.go, GetNewerThan.
    fn take_update(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let worker = &self.workers[at];
        if !worker.started || worker.observed || self.next_look(at) <= ctx.now {
            return self.start_pod_sync(at, ctx);
        }
        self.workers[at].waiting = true;
        self.mind_waiting(at, ctx);
    }

    /// The first relisting after the worker's last sync.
    fn next_look(&self, at: WorkerId) -> Time {
        self.next_tick(self.workers[at].synced, super::timers::RELIST_PERIOD)
    }

    /// A sync that has something to do, and waits for a relisting, has one.
    fn mind_waiting(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let worker = &self.workers[at];
        if worker.waiting && !worker.quiet {
            self.schedule_relist(ctx);
        }
    }

    /// Syncs that waited for a relisting before `now`, and had nothing to do, are over without having been run.
    fn pass_quiet_syncs(&mut self, at: WorkerId, now: Time) {
        while self.workers[at].waiting && self.workers[at].quiet && self.next_look(at) < now {
            let look = self.next_look(at);
            let worker = &mut self.workers[at];
            worker.waiting = std::mem::take(&mut worker.pending);
            worker.synced = look;
        }
    }

    pub(super) fn start_pod_sync(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let worker = &mut self.workers[at];
        worker.waiting = false;
        if worker.state == WorkerState::Sync && !worker.started && !self.allow_pod_start(at) {
            return self.requeue(at, BACK_OFF_PERIOD, ctx);
        }
        let worker = &mut self.workers[at];
        worker.started = true;
        match worker.state {
            WorkerState::Sync => self.sync_pod(at, ctx),
            WorkerState::Terminating => self.sync_terminating_pod(at, ctx),
            WorkerState::Terminated => {}
        }
    }

    /// The pod shall end. `grace` overrides the pod's own grace period if it is shorter (KL-090).
    pub(super) fn terminate(&mut self, at: WorkerId, grace: Option<Duration>, ctx: &mut Ctx) {
        if self.workers[at].state == WorkerState::Terminated || self.workers[at].rejected {
            return;
        }
        let wanted = self.effective_grace_period(at, grace);
        let worker = &mut self.workers[at];
        let terminating = worker.state == WorkerState::Terminating;
        let shortened = match worker.extra().grace {
            Some(now) if terminating => wanted < now,
            _ => true,
        };
        if !shortened {
            return;
        }
        worker.extra().grace = Some(wanted);
        worker.state = WorkerState::Terminating;
        self.cancel_work(at, ctx);
        self.update_pod(at, ctx);
    }

    /// Kubernetes: pkg/kubelet/pod_workers.go, calculateEffectiveGracePeriod.
    fn effective_grace_period(&self, at: WorkerId, wanted: Option<Duration>) -> Duration {
        let worker = &self.workers[at];
        let own = match &worker.pod.meta.deletion {
            Some(deletion) => Duration::from_secs(u64::from(deletion.grace_seconds)),
            None => worker.pod.spec.termination_grace_period,
        };
        wanted.map_or(own, |wanted| wanted.min(own)).max(Duration::from_secs(1))
    }

    /// Work under way is given up: the worker has something more urgent to do.
    fn cancel_work(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let worker = &mut self.workers[at];
        let Some(work) = worker.work.take() else { return };
        let uid = worker.uid();
        (worker.synced, worker.observed, worker.pending) = (ctx.now, false, false);
        match work.step {
            SyncStep::Sandbox => self.runtime.cancel_sandbox(uid),
            SyncStep::Start(_) => self.runtime.cancel_start(uid),
            SyncStep::Volumes { .. } | SyncStep::Environment(_) => self.forget_queries(at),
            SyncStep::Pull(_) | SyncStep::PostStart { .. } | SyncStep::Kill(_) => {}
        }
    }

    /// The worker is free again; its next sync is due when `result` says.
    ///
    /// Kubernetes: pkg/kubelet/pod_workers.go, completeWork; kubelet.go, SyncPod.
    pub(super) fn complete_work(&mut self, at: WorkerId, result: SyncResult, ctx: &mut Ctx) {
        let needs_resync = self.needs_resync(at);
        let triggers_probe = self.triggers_probe(at);
        let worker = &mut self.workers[at];
        let acted = worker.work.take().is_some_and(|work| !matches!(work.step, SyncStep::Volumes { .. }));
        worker.synced = ctx.now;
        worker.quiet = result == SyncResult::Done && !acted && !needs_resync && !triggers_probe;
        let after = match result {
            SyncResult::Done => needs_resync.then_some(RESYNC_INTERVAL),
            SyncResult::NetworkNotReady => Some(BACK_OFF_ON_TRANSIENT_ERROR),
            SyncResult::Failed => Some(BACK_OFF_PERIOD),
            SyncResult::BackOff(end) => Some(end.since(ctx.now).min(RESYNC_INTERVAL)),
        };
        match after {
            Some(span) => self.requeue(at, span, ctx),
            None => self.forget_extra(at),
        }
        self.go_on(at, result == SyncResult::Done && acted, ctx);
    }

    /// The worker acts on the update that came meanwhile. What a sync has done without a failure (`look`) is looked
    /// at at once, and that is one more update if the pod looks different.
    ///
    /// Kubernetes: pkg/kubelet/pleg/generic.go, relistPod.
    fn go_on(&mut self, at: WorkerId, look: bool, ctx: &mut Ctx) {
        let worker = &mut self.workers[at];
        worker.observed = look;
        let uid = worker.uid();
        let pending = std::mem::take(&mut worker.pending);
        let changed = look && self.runtime.take_dirty_pod(uid, ctx.now);
        if changed {
            self.runtime.keep_last_dead(uid);
        }
        if pending {
            self.take_update(at, ctx);
        }
        if changed && self.workers.get(at).is_some() {
            self.sync_again(at, ctx);
        }
    }

    /// A sync that has nothing to do is not run: the regular resync matters only to pods for which
    /// something outside has to change.
    fn needs_resync(&self, at: WorkerId) -> bool {
        self.lacks_mirror(at)
    }

    /// Asks for another sync after `span`, and up to half of it more, at the tick that looks for pods due.
    pub(super) fn requeue(&mut self, at: WorkerId, span: Duration, ctx: &mut Ctx) {
        let due = (ctx.now + jitter(span, ctx)).next_tick(self.started, super::timers::RELIST_PERIOD);
        let worker = &mut self.workers[at];
        worker.extra().resync = Some(due);
        ctx.wake_at(due, self.timer(KubeletTimer::SyncPod(at.number())));
    }

    pub(super) fn on_sync_due(&mut self, number: u32, ctx: &mut Ctx) {
        let Some(at) = self.workers.numbered(number) else { return };
        let worker = &mut self.workers[at];
        let Some(extra) = &mut worker.extra else { return };
        if extra.resync == Some(ctx.now) {
            extra.resync = None;
            self.update_pod(at, ctx);
        }
    }

    fn forget_extra(&mut self, at: WorkerId) {
        let worker = &mut self.workers[at];
        if let Some(extra) = &mut worker.extra {
            extra.resync = None;
            let idle = extra.grace.is_none()
                && extra.failed.is_none()
                && extra.mirror == MirrorWork::None
                && extra.removed_mirror.is_none();
            if extra.reasons.is_empty() && extra.waits_for.is_empty() && extra.probes.is_empty() && idle {
                worker.extra = None;
            }
        }
    }

    /// The generic PLEG's relist: workers that waited for it go on, and pods that look different are synced. The
    /// events of all containers of a pod come so fast that its worker takes them for one.
    ///
    /// Kubernetes: pkg/kubelet/pleg/generic.go, Relist.
    pub(super) fn relist(&mut self, ctx: &mut Ctx) {
        for uid in self.runtime.take_dirty() {
            let Some(at) = self.workers.of_pod(uid) else { continue };
            self.pass_quiet_syncs(at, ctx.now);
            self.runtime.keep_last_dead(uid);
            if self.workers[at].waiting {
                self.start_pod_sync(at, ctx);
            }
            if self.workers.get(at).is_some() {
                self.sync_again(at, ctx);
            }
        }
        let now = ctx.now;
        for at in self.workers.ids_of(|worker| worker.waiting && !worker.quiet) {
            if self.workers.get(at).is_some_and(|worker| worker.waiting) && self.next_look(at) <= now {
                self.start_pod_sync(at, ctx);
            }
        }
        self.mind_old_sandboxes(ctx);
    }

    /// The source has another version of a pod it gave before.
    ///
    /// Kubernetes: pkg/kubelet/config/config.go, checkAndUpdatePod; kubelet.go, HandlePodUpdates and
    /// HandlePodReconcile.
    pub(super) fn handle_pod_update(&mut self, at: WorkerId, pod: &Rc<Pod>, ctx: &mut Ctx) {
        let old = std::mem::replace(&mut self.workers[at].pod, pod.clone());
        self.reconcile_status(at, &old, ctx);
        if self.workers[at].rejected && pod.meta.is_terminating() && pod.is_terminal() {
            // Nothing of it ever ran, so that there is nothing to be stopped.
            self.workers[at].state = WorkerState::Terminated;
            return self.finish_terminated(at, ctx);
        }
        match check_and_update_pod(&old, pod) {
            Some(PodOperation::Delete) => match self.workers[at].state {
                // It has ended already and only waits to be deleted.
                WorkerState::Terminated => self.finish_terminated(at, ctx),
                _ => self.terminate(at, None, ctx),
            },
            _ if pod.is_terminal() => self.terminate(at, None, ctx),
            Some(PodOperation::Update) => self.update_pod(at, ctx),
            _ => {}
        }
    }

    /// A pod has ended: a critical one that waited for its place may start.
    pub(super) fn release_waiting(&mut self, ended: WorkerId, ctx: &mut Ctx) {
        let waits =
            |worker: &PodWorker| worker.extra.as_ref().is_some_and(|extra| extra.waits_for.contains(&ended));
        for at in self.workers.ids_of(waits) {
            if self.workers.get(at).is_none() {
                continue;
            }
            let waits_for = &mut self.workers[at].extra().waits_for;
            waits_for.retain(|other| *other != ended);
            if waits_for.is_empty() {
                self.first_update(at, ctx);
            }
        }
    }

    /// The source no longer has a pod.
    ///
    /// Kubernetes: pkg/kubelet/kubelet.go, HandlePodRemoves, deletePod.
    pub(super) fn handle_pod_remove(&mut self, uid: Uid, ctx: &mut Ctx) {
        let Some(at) = self.workers.of_pod(uid) else { return };
        self.workers[at].removed = true;
        self.workers[at].restart_requested = false;
        self.workers[at].extra().removed.get_or_insert(ctx.now);
        if self.workers[at].state == WorkerState::Terminated || self.workers[at].rejected {
            return self.drop_worker(at, ctx);
        }
        if !self.sources_ready() {
            // The next cleanup tries again.
            return;
        }
        self.terminate(at, None, ctx);
    }

    /// Whether a pod that has ended counts as deleted when the next relisting finds its containers dead: one of the
    /// API server does, and one that a cleanup has found without a source before.
    ///
    /// Kubernetes: pkg/kubelet/pod_workers.go, removeTerminatedWorker.
    fn is_deleted_when_relisted(&self, at: WorkerId, now: Time) -> bool {
        let worker = &self.workers[at];
        if !worker.is_static() || worker.runtime_only {
            return true;
        }
        let removed = worker.extra.as_ref().and_then(|extra| extra.removed);
        removed.is_some_and(|removed| {
            let cleanup = self.next_tick(removed, super::timers::HOUSEKEEPING_PERIOD);
            cleanup <= self.next_tick(now, super::timers::RELIST_PERIOD)
        })
    }

    /// The pod has ended and is gone: the worker goes. What the runtime has of it is left to garbage collection;
    /// containers that need not stay until then go at once.
    ///
    /// Kubernetes: pkg/kubelet/kubelet.go, cleanUpContainersInPod; kuberuntime/kuberuntime_gc.go.
    pub(super) fn drop_worker(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let uid = self.workers[at].uid();
        self.runtime.stop_pod_sandbox(uid, ctx.now);
        if self.workers[at].is_static() {
            // It may come back as it was, with the same uid.
            for index in 0..self.workers[at].pod.spec.containers.len() {
                self.note_first_start(at, index);
            }
            self.schedule_housekeeping(ctx);
        } else {
            self.forget_back_offs(uid);
        }
        if self.is_deleted_when_relisted(at, ctx.now) {
            self.runtime.remove_containers(uid, |_| true, false);
        }
        self.workers.remove(at);
        self.forget_answers(uid);
        if self.runtime.sandbox(uid).is_some() {
            self.schedule_garbage_collection(ctx);
        }
    }
}

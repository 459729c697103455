//! When the kubelet wants to be woken: its periodic loops, each asked for only when it has work.

use super::Kubelet;
use sim::files::Files;
use sim::{Duration, Time};
use wire::{Ctx, KubeletTimer, Timer};

/// Generic PLEG's relist, and the tick at which pods due for sync are looked for (KL-048).
pub(super) const RELIST_PERIOD: Duration = Duration::from_secs(1);
/// The status manager's full pass (KL-049).
pub(super) const STATUS_PERIOD: Duration = Duration::from_secs(10);
/// Housekeeping.
pub(super) const HOUSEKEEPING_PERIOD: Duration = Duration::from_secs(2);
/// Container garbage collection.
///
/// Kubernetes: pkg/kubelet/kubelet.go, ContainerGCPeriod.
const GARBAGE_PERIOD: Duration = Duration::from_secs(60);

/// The wakes that are under way for the loops that exist once.
#[derive(Clone, Debug, Default)]
pub(super) struct Timers {
    relist: bool,
    status: bool,
    file_check: bool,
    housekeeping: bool,
    garbage: bool,
    pub(super) node_status: bool,
    pub(super) lease: bool,
}

impl Kubelet {
    pub(super) fn timer(&self, timer: KubeletTimer) -> Timer {
        Timer::Kubelet { epoch: self.epoch, timer }
    }

    /// The next tick of a loop that began with the process.
    pub(super) fn next_tick(&self, now: Time, period: Duration) -> Time {
        (now + Duration(1)).next_tick(self.started, period)
    }

    /// When it reports again, if there is a pod's status that the API server does not have yet.
    pub fn next_report(&self, now: Time) -> Option<Time> {
        self.timers.status.then(|| self.next_tick(now, STATUS_PERIOD))
    }

    /// When it looks through its directory of static pods again, if there is something that it has not seen so.
    pub fn next_file_check(&self, now: Time) -> Option<Time> {
        self.timers.file_check.then(|| self.next_tick(now, self.config.file_check_frequency))
    }

    pub(super) fn schedule_relist(&mut self, ctx: &mut Ctx) {
        if !std::mem::replace(&mut self.timers.relist, true) {
            let at = self.next_tick(ctx.now, RELIST_PERIOD);
            ctx.wake_at(at, self.timer(KubeletTimer::Relist));
        }
    }

    pub(super) fn schedule_status_pass(&mut self, ctx: &mut Ctx) {
        if !std::mem::replace(&mut self.timers.status, true) {
            let at = self.next_tick(ctx.now, STATUS_PERIOD);
            ctx.wake_at(at, self.timer(KubeletTimer::SyncStatus));
        }
    }

    pub(super) fn schedule_file_check(&mut self, ctx: &mut Ctx) {
        if !std::mem::replace(&mut self.timers.file_check, true) {
            let at = self.next_tick(ctx.now, self.config.file_check_frequency);
            ctx.wake_at(at, self.timer(KubeletTimer::FileCheck));
        }
    }

    pub(super) fn schedule_housekeeping(&mut self, ctx: &mut Ctx) {
        if !std::mem::replace(&mut self.timers.housekeeping, true) {
            let at = self.next_tick(ctx.now, HOUSEKEEPING_PERIOD);
            ctx.wake_at(at, self.timer(KubeletTimer::Housekeeping));
        }
    }

    pub(super) fn schedule_garbage_collection(&mut self, ctx: &mut Ctx) {
        if !std::mem::replace(&mut self.timers.garbage, true) {
            let at = self.next_tick(ctx.now, GARBAGE_PERIOD);
            ctx.wake_at(at, self.timer(KubeletTimer::GarbageCollection));
        }
    }

    pub(super) fn on_own_timer(&mut self, timer: KubeletTimer, files: &Files, ctx: &mut Ctx) {
        match timer {
            KubeletTimer::Relist => {
                self.timers.relist = false;
                self.relist(ctx);
            }
            KubeletTimer::SyncPod(worker) => self.on_sync_due(worker, ctx),
            KubeletTimer::SyncStatus => {
                self.timers.status = false;
                self.sync_batch(ctx);
            }
            KubeletTimer::Pull(pull) => self.on_pull_done(pull, ctx),
            KubeletTimer::Hook { worker, container } => self.on_hook_done(worker, container, ctx),
            KubeletTimer::Probe { worker, probe } => self.on_probe_due(worker, probe as usize, ctx),
            KubeletTimer::Mount(worker) => self.on_mount_due(worker, ctx),
            KubeletTimer::FileCheck => {
                self.timers.file_check = false;
                self.check_files(files, ctx);
            }
            KubeletTimer::UrlCheck(failures) => self.check_url(failures, ctx),
            KubeletTimer::Housekeeping => {
                self.timers.housekeeping = false;
                self.handle_pod_cleanups(ctx);
            }
            KubeletTimer::GarbageCollection => {
                self.timers.garbage = false;
                self.collect_garbage(ctx);
            }
            KubeletTimer::Deadline(worker) => self.on_deadline(worker, ctx),
            KubeletTimer::Register => self.try_register(ctx),
            KubeletTimer::NodeStatus => {
                self.timers.node_status = false;
                self.sync_node_status(ctx);
            }
            KubeletTimer::Lease => {
                self.timers.lease = false;
                self.hold_lease(ctx);
            }
        }
    }
}

/// `span`, and up to half of it more.
///
/// Kubernetes: staging/src/k8s.io/apimachinery/pkg/util/wait, Jitter with a factor of 0.5.
pub(super) fn jitter(span: Duration, ctx: &mut Ctx) -> Duration {
    span + Duration(ctx.rng.below(span.0 / 2))
}

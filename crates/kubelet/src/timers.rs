//! When the kubelet wants to be woken: its periodic loops, each asked for only when it has work.

use super::Kubelet;
use sim::files::Files;
use sim::{Duration, Time};
use wire::{Ctx, Timer};

/// Purposes of timers; the process's epoch is added above these bits. 1 to 15 are the runtime's.
pub(super) const RELIST: u16 = 16;
pub(super) const SYNC: u16 = 17;
pub(super) const STATUS: u16 = 18;
pub(super) const PULL: u16 = 19;
pub(super) const HOOK: u16 = 20;
pub(super) const FILE_CHECK: u16 = 21;
pub(super) const HOUSEKEEPING: u16 = 22;
pub(super) const REGISTER: u16 = 23;
pub(super) const NODE_STATUS: u16 = 24;
pub(super) const LEASE: u16 = 25;
pub(super) const PROBE: u16 = 26;
pub(super) const MOUNT: u16 = 27;
pub(super) const URL_CHECK: u16 = 28;
pub(super) const GARBAGE: u16 = 29;
pub(super) const DEADLINE: u16 = 30;

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
    pub(super) fn timer(&self, tag: u16, value: u64) -> Timer {
        Timer { tag: tag | u16::from(self.epoch) << 8, value }
    }

    /// The next tick of a loop that began with the process.
    pub(super) fn next_tick(&self, now: Time, period: Duration) -> Time {
        (now + Duration(1)).next_tick(self.started, period)
    }

    pub(super) fn schedule_relist(&mut self, ctx: &mut Ctx) {
        if !std::mem::replace(&mut self.timers.relist, true) {
            let at = self.next_tick(ctx.now, RELIST_PERIOD);
            ctx.wake_at(at, self.timer(RELIST, 0));
        }
    }

    pub(super) fn schedule_status_pass(&mut self, ctx: &mut Ctx) {
        if !std::mem::replace(&mut self.timers.status, true) {
            let at = self.next_tick(ctx.now, STATUS_PERIOD);
            ctx.wake_at(at, self.timer(STATUS, 0));
        }
    }

    pub(super) fn schedule_file_check(&mut self, ctx: &mut Ctx) {
        if !std::mem::replace(&mut self.timers.file_check, true) {
            let at = self.next_tick(ctx.now, self.config.file_check_frequency);
            ctx.wake_at(at, self.timer(FILE_CHECK, 0));
        }
    }

    pub(super) fn schedule_housekeeping(&mut self, ctx: &mut Ctx) {
        if !std::mem::replace(&mut self.timers.housekeeping, true) {
            let at = self.next_tick(ctx.now, HOUSEKEEPING_PERIOD);
            ctx.wake_at(at, self.timer(HOUSEKEEPING, 0));
        }
    }

    pub(super) fn schedule_garbage_collection(&mut self, ctx: &mut Ctx) {
        if !std::mem::replace(&mut self.timers.garbage, true) {
            let at = self.next_tick(ctx.now, GARBAGE_PERIOD);
            ctx.wake_at(at, self.timer(GARBAGE, 0));
        }
    }

    pub(super) fn on_own_timer(&mut self, tag: u16, value: u64, files: &Files, ctx: &mut Ctx) {
        match tag {
            RELIST => {
                self.timers.relist = false;
                self.relist(ctx);
            }
            SYNC => self.on_sync_due(value as u32, ctx),
            STATUS => {
                self.timers.status = false;
                self.sync_batch(ctx);
            }
            PULL => self.on_pull_done(value, ctx),
            HOOK => self.on_hook_done((value >> 32) as u32, value as u32, ctx),
            PROBE => self.on_probe_due((value >> 32) as u32, value as u32 as usize, ctx),
            MOUNT => self.on_mount_due(value as u32, ctx),
            FILE_CHECK => {
                self.timers.file_check = false;
                self.check_files(files, ctx);
            }
            URL_CHECK => self.check_url(value, ctx),
            HOUSEKEEPING => {
                self.timers.housekeeping = false;
                self.handle_pod_cleanups(ctx);
            }
            GARBAGE => {
                self.timers.garbage = false;
                self.collect_garbage(ctx);
            }
            DEADLINE => self.on_deadline(value as u32, ctx),
            REGISTER => self.try_register(ctx),
            NODE_STATUS => {
                self.timers.node_status = false;
                self.sync_node_status(ctx);
            }
            LEASE => {
                self.timers.lease = false;
                self.hold_lease(ctx);
            }
            _ => {}
        }
    }
}

/// `span`, and up to half of it more.
///
/// Kubernetes: staging/src/k8s.io/apimachinery/pkg/util/wait, Jitter with a factor of 0.5.
pub(super) fn jitter(span: Duration, ctx: &mut Ctx) -> Duration {
    span + Duration(ctx.rng.below(span.0 / 2))
}

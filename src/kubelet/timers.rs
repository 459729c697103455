//! When the kubelet wants to be woken: its periodic loops, each asked for only when it has work.

use super::Kubelet;
use crate::sim::{Duration, Time};
use crate::wire::{Ctx, Timer};

/// Purposes of timers; the process's epoch is added above these bits. 1 to 15 are the runtime's.
pub(super) const RELIST: u16 = 16;
pub(super) const SYNC: u16 = 17;
pub(super) const STATUS: u16 = 18;
pub(super) const PULL: u16 = 19;
pub(super) const HOOK: u16 = 20;

/// Generic PLEG's relist, and the tick at which pods due for sync are looked for (KL-048).
pub(super) const RELIST_PERIOD: Duration = Duration::from_secs(1);
/// The status manager's full pass (KL-049).
pub(super) const STATUS_PERIOD: Duration = Duration::from_secs(10);

/// The wakes that are under way for the loops that exist once.
#[derive(Clone, Debug, Default)]
pub(super) struct Timers {
    relist: Option<Time>,
    status: Option<Time>,
}

impl Kubelet {
    pub(super) fn timer(&self, tag: u16, value: u64) -> Timer {
        Timer { tag: tag | u16::from(self.epoch) << 8, value }
    }

    /// The next relist after now: what happened since the last one is seen then.
    pub(super) fn next_relist(&self, now: Time) -> Time {
        (now + Duration(1)).next_tick(self.started, RELIST_PERIOD)
    }

    pub(super) fn schedule_relist(&mut self, ctx: &mut Ctx) {
        if self.timers.relist.is_none() {
            let at = self.next_relist(ctx.now);
            self.timers.relist = Some(at);
            ctx.wake_at(at, self.timer(RELIST, 0));
        }
    }

    pub(super) fn schedule_status_pass(&mut self, ctx: &mut Ctx) {
        if self.timers.status.is_none() {
            let at = (ctx.now + Duration(1)).next_tick(self.started, STATUS_PERIOD);
            self.timers.status = Some(at);
            ctx.wake_at(at, self.timer(STATUS, 0));
        }
    }

    pub(super) fn on_own_timer(&mut self, tag: u16, value: u64, ctx: &mut Ctx) {
        match tag {
            RELIST => {
                self.timers.relist = None;
                self.relist(ctx);
            }
            SYNC => self.on_sync_due(value as u32, ctx),
            STATUS => {
                self.timers.status = None;
                self.sync_batch(ctx);
            }
            PULL => self.on_pull_done(value, ctx),
            HOOK => self.on_hook_done((value >> 32) as u32, value as u32, ctx),
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

//! Pods that may be active for so long only: `activeDeadlineSeconds`.
//!
//! Kubernetes: pkg/kubelet/active_deadline.go.

use std::rc::Rc;

use super::timers::RELIST_PERIOD;
use super::workers::WorkerId;
use super::{Kubelet, pod_ref};
use api::event::{EventType, Message};
use api::pod::Reason;
use sim::Time;
use wire::{Ctx, KubeletTimer};

const REASON: &str = "DeadlineExceeded";
const MESSAGE: &str = "Pod was active on the node longer than the specified deadline";

impl Kubelet {
    /// From when on a pod is past its deadline.
    fn active_deadline(&self, at: WorkerId) -> Option<Time> {
        let allowed = self.workers[at].pod.spec.active_deadline?;
        let started = self.pod_status(at).start_time?;
        Some(started.time() + allowed)
    }

    /// Kubernetes: pastActiveDeadline.
    fn past_active_deadline(&self, at: WorkerId, now: Time) -> bool {
        self.active_deadline(at).is_some_and(|deadline| deadline <= now)
    }

    /// Why the pod has to go, if it does; each time it is asked, that is an event.
    pub(super) fn should_evict(&mut self, at: WorkerId, ctx: &mut Ctx) -> Option<Rc<Reason>> {
        if !self.past_active_deadline(at, ctx.now) {
            return None;
        }
        let about = pod_ref(&self.workers[at].pod);
        self.event(&about, EventType::Normal, REASON, Message::Static(MESSAGE), ctx);
        Some(Reason::new(REASON, MESSAGE))
    }

    /// The loop that looks for pods due for sync finds this one when its time is over.
    pub(super) fn schedule_deadline(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let Some(deadline) = self.active_deadline(at).filter(|deadline| *deadline > ctx.now) else { return };
        let due = deadline.next_tick(self.started, RELIST_PERIOD);
        ctx.wake_at(due, self.timer(KubeletTimer::Deadline(at.number())));
    }

    pub(super) fn on_deadline(&mut self, number: u32, ctx: &mut Ctx) {
        if let Some(at) = self.workers.numbered(number)
            && self.past_active_deadline(at, ctx.now)
        {
            self.update_pod(at, ctx);
        }
    }
}

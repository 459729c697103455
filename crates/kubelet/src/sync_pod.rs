//! What a pod worker does: bring a pod up, take it down, and be done with it.
//!
//! Kubernetes: pkg/kubelet/kubelet.go, SyncPod, SyncTerminatingPod, SyncTerminatedPod.

use super::pod_worker::{SyncResult, WorkerState};
use super::workers::WorkerId;
use super::{Kubelet, pod_ref};
use api::event::{EventType, Message};
use api::meta::Name;
use wire::Ctx;

/// What the runtime says when it has no network plugin (KL-060, CP-010).
pub(crate) const NETWORK_NOT_READY: &str = "container runtime network not ready: NetworkReady=false \
    reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized";

impl Kubelet {
    /// Makes the node run what the pod says.
    pub(super) fn sync_pod(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let status = self.generate_api_pod_status(at, false, ctx);
        let terminal = super::status::is_terminal_phase(status.phase);
        self.set_pod_status(at, status, ctx);
        self.schedule_deadline(at, ctx);
        if terminal {
            // Its containers have all ended for good: what is left of it is taken down.
            self.complete_work(at, SyncResult::Done, ctx);
            return self.terminate(at, None, ctx);
        }
        let spec = &self.workers[at].pod.spec;
        if !self.network_ready && !spec.host_network {
            let message: Name = format!("network is not ready: {NETWORK_NOT_READY}").into();
            let about = pod_ref(&self.workers[at].pod);
            self.event(&about, EventType::Warning, "NetworkNotReady", Message::Text(message), ctx);
            return self.complete_work(at, SyncResult::NetworkNotReady, ctx);
        }
        self.try_reconcile_mirror_pods(at, ctx);
        self.add_probes(at, ctx);
        self.schedule_probes(at, true, ctx);
        if self.wait_for_mount(at, ctx) {
            self.sync_containers(at, ctx);
        }
    }

    /// Stops all that runs of the pod, within its grace period.
    pub(super) fn sync_terminating_pod(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let status = self.generate_api_pod_status(at, false, ctx);
        self.set_pod_status(at, status, ctx);
        self.stop_liveness_and_startup(at);
        let grace = self.workers[at].extra().grace.unwrap_or_default();
        self.kill_pod(at, grace, ctx);
    }

    /// All containers have stopped: the status becomes final.
    pub(super) fn complete_terminating(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let uid = self.workers[at].uid();
        self.runtime.stop_pod_sandbox(uid, ctx.now);
        if self.workers[at].runtime_only && self.workers[at].rejected {
            return self.complete_terminating_runtime_pod(at, ctx);
        }
        let mut status = self.generate_api_pod_status(at, true, ctx);
        self.terminate_pod_status(at, &mut status);
        self.remove_probes(at);
        let evicted = self.workers[at].extra.as_ref().is_some_and(|extra| extra.failed.is_some());
        if evicted {
            self.schedule_garbage_collection(ctx);
        }
        let worker = &mut self.workers[at];
        worker.work = None;
        worker.synced = ctx.now;
        worker.observed = false;
        worker.state = WorkerState::Terminated;
        self.set_pod_status(at, status, ctx);
        // SyncTerminatedPod makes the same status once more, which is one more event of a pod past its deadline.
        self.should_evict(at, ctx);
        self.finish_terminated(at, ctx);
        self.release_waiting(at, ctx);
    }

    /// A pod that had ended before this process started: what is left of it decides its last status.
    pub(super) fn sync_terminated_pod(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let mut status = self.generate_api_pod_status(at, true, ctx);
        self.terminate_pod_status(at, &mut status);
        self.set_pod_status(at, status, ctx);
        self.finish_terminated(at, ctx);
    }

    /// What ran of a refused pod has stopped. The pod stays refused.
    fn complete_terminating_runtime_pod(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let worker = &mut self.workers[at];
        worker.work = None;
        worker.extra().grace = None;
        (worker.runtime_only, worker.state) = (false, WorkerState::Sync);
        self.schedule_garbage_collection(ctx);
    }

    /// Nothing runs any more: what waits for that goes on.
    pub(super) fn finish_terminated(&mut self, at: WorkerId, ctx: &mut Ctx) {
        if self.workers[at].is_removed() {
            return self.drop_worker(at, ctx);
        }
        if self.workers[at].restart_requested {
            self.schedule_housekeeping(ctx);
        }
        self.delete_if_finished(at, ctx);
    }
}

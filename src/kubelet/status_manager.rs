//! What the API server is told about pods, and when.
//!
//! A status is sent as soon as it changes. The watch then brings it back, which is how it is known to have
//! arrived; every ten seconds, what has not is sent again. Once both agree, the API server's pod is all
//! that is kept.
//!
//! Kubernetes: pkg/kubelet/status/status_manager.go.

use std::rc::Rc;

use super::Kubelet;
use super::pod_worker::WorkerState;
use crate::api::object::{Key, Kind};
use crate::api::pod::{Pod, PodStatus};
use crate::sim::{Duration, Time, Timestamp};
use crate::wire::{Call, Ctx, DeleteOptions, Token};

/// A status that the API server does not have yet, as far as the kubelet knows.
#[derive(Clone, Debug)]
pub(super) struct OwnStatus {
    pub status: PodStatus,
    /// When it was last sent.
    sent: Option<Time>,
}

/// What was sent less than this ago may still be under way.
const UNDER_WAY: Duration = Duration::from_secs(5);

impl Kubelet {
    /// The status of a pod by the kubelet's word.
    pub(super) fn pod_status(&self, at: usize) -> &PodStatus {
        let worker = &self.workers[at];
        worker.status.as_ref().map_or(&worker.pod.status, |own| &own.status)
    }

    /// Kubernetes: pkg/kubelet/status/status_manager.go, SetPodStatus, updateStatusInternal.
    pub(super) fn set_pod_status(&mut self, at: usize, mut status: PodStatus, ctx: &mut Ctx) {
        let old = self.pod_status(at);
        keep_times(&mut status, old, ctx.now.stamp());
        if status == *old {
            return;
        }
        self.workers[at].status = Some(Box::new(OwnStatus { status, sent: None }));
        self.send_status(at, ctx);
    }

    fn send_status(&mut self, at: usize, ctx: &mut Ctx) {
        let worker = &mut self.workers[at];
        let Some(own) = &mut worker.status else { return };
        own.sent = Some(ctx.now);
        let (key, uid) = (Key::of(&worker.pod.meta), worker.pod.meta.uid);
        let status = Box::new(own.status.clone());
        ctx.request(Call::PatchPodStatus { key, uid, status }, Token::NONE);
        self.schedule_status_pass(ctx);
    }

    /// The API server's version of a pod has come: it may have the status sent, or have lost it.
    pub(super) fn reconcile_status(&mut self, at: usize, old: &Rc<Pod>, ctx: &mut Ctx) {
        let worker = &mut self.workers[at];
        match &worker.status {
            Some(own) if own.status == worker.pod.status => worker.status = None,
            Some(_) => {}
            None if old.status == worker.pod.status => {}
            None => {
                // Somebody else wrote over it: the kubelet's word is brought back at the next full pass.
                worker.status = Some(Box::new(OwnStatus { status: old.status.clone(), sent: None }));
                self.schedule_status_pass(ctx);
            }
        }
    }

    /// The full pass: whatever is not in agreement is sent again.
    pub(super) fn sync_batch(&mut self, ctx: &mut Ctx) {
        for at in 0..self.workers.len() {
            let worker = &self.workers[at];
            let Some(own) = &worker.status else {
                self.delete_if_finished(at, ctx);
                continue;
            };
            if own.sent.is_some_and(|sent| ctx.now.since(sent) < UNDER_WAY) {
                self.schedule_status_pass(ctx);
            } else {
                self.send_status(at, ctx);
                self.delete_if_finished(at, ctx);
            }
        }
    }

    /// A pod that is being deleted and has ended is removed from the API server (KL-087).
    ///
    /// Kubernetes: pkg/kubelet/status/status_manager.go, canBeDeleted.
    pub(super) fn delete_if_finished(&mut self, at: usize, ctx: &mut Ctx) {
        let worker = &self.workers[at];
        let pod = &worker.pod;
        if worker.state != WorkerState::Terminated || !pod.meta.is_terminating() || pod.is_static() {
            return;
        }
        let options =
            DeleteOptions { grace_seconds: Some(0), uid: Some(pod.meta.uid), ..DeleteOptions::default() };
        ctx.request(Call::Delete { kind: Kind::Pod, key: Key::of(&pod.meta), options }, Token::NONE);
        self.schedule_status_pass(ctx);
    }
}

/// Transition times move only with their condition, and the start time never.
fn keep_times(status: &mut PodStatus, old: &PodStatus, now: Timestamp) {
    status.start_time = old.start_time.or(status.start_time).or(Some(now));
    for condition in &mut status.conditions {
        condition.last_transition = match old.condition(condition.kind) {
            Some(old) if old.status == condition.status => old.last_transition,
            _ => now,
        };
    }
}

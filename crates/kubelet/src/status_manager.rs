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
use super::workers::WorkerId;
use api::meta::Uid;
use api::object::{Key, Kind};
use api::pod::{Pod, PodStatus};
use sim::{Duration, Time, Timestamp};
use wire::{Call, Ctx, DeleteOptions, PodId, Token};

/// A status that the API server does not have yet, as far as the kubelet knows.
#[derive(Clone, Debug)]
pub(super) struct OwnStatus {
    pub(crate) status: PodStatus,
    /// When it was last sent.
    sent: Option<Time>,
    /// To which object: a static pod's mirror may have been replaced.
    sent_to: Option<Uid>,
}

/// What was sent less than this ago may still be under way.
const UNDER_WAY: Duration = Duration::from_secs(5);

impl Kubelet {
    /// The status of a pod by the kubelet's word, or else as the API server has it.
    pub(super) fn pod_status(&self, at: WorkerId) -> &PodStatus {
        let worker = &self.workers[at];
        match &worker.status {
            Some(own) => &own.status,
            None if worker.is_static() => {
                self.mirror_of(worker).map_or(&worker.pod.status, |mirror| &mirror.status)
            }
            None => &worker.pod.status,
        }
    }

    /// The status of a pod as this process has reported it last, or else as its source has it. What the API server
    /// has of a static pod's mirror does not count.
    ///
    /// Kubernetes: pkg/kubelet/status/status_manager.go, GetPodStatus.
    pub(super) fn cached_status(&self, at: WorkerId) -> &PodStatus {
        let worker = &self.workers[at];
        worker.status.as_ref().map_or(&worker.pod.status, |own| &own.status)
    }

    /// Kubernetes: pkg/kubelet/status/status_manager.go, SetPodStatus, updateStatusInternal.
    pub(super) fn set_pod_status(&mut self, at: WorkerId, mut status: PodStatus, ctx: &mut Ctx) {
        let worker = &self.workers[at];
        if worker.runtime_only || worker.is_removed() && !worker.is_static() {
            return;
        }
        let old = self.pod_status(at);
        keep_times(&mut status, old, ctx.now.stamp());
        if status == *old && (worker.status.is_some() || !worker.is_static()) {
            return;
        }
        self.workers[at].status = Some(Box::new(OwnStatus { status, sent: None, sent_to: None }));
        self.send_status(at, ctx);
        if !self.mirrors.is_empty() {
            self.send_to_new_mirrors(ctx);
        }
    }

    /// Sends a status to whom it concerns; a static pod without mirror has nobody to be told.
    fn send_status(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let Some(pod) = self.addressee(at) else { return };
        let Some(own) = &mut self.workers[at].status else { return };
        (own.sent, own.sent_to) = (Some(ctx.now), Some(pod.uid));
        let status = Box::new(own.status.clone());
        ctx.request(Call::PatchPodStatus { pod, status }, Token::None);
        self.schedule_status_pass(ctx);
    }

    /// The pod in the API server that a status is for.
    fn addressee(&self, at: WorkerId) -> Option<PodId> {
        let worker = &self.workers[at];
        let own = worker.status.as_ref()?;
        match worker.is_static() {
            true => self.mirror_to_update(worker, own),
            false => Some(PodId::of(&worker.pod.meta)),
        }
    }

    /// A mirror that nothing was ever sent to is told as soon as any pod's status is sent (KL-035).
    fn send_to_new_mirrors(&mut self, ctx: &mut Ctx) {
        for at in self.workers.ids_of(|worker| worker.is_static() && worker.status.is_some()) {
            let sent_to = self.workers[at].status.as_ref().and_then(|own| own.sent_to);
            if self.addressee(at).is_some_and(|pod| sent_to != Some(pod.uid)) {
                self.send_status(at, ctx);
            }
        }
    }

    /// The API server's version of a pod has come: it may have the status sent, or have lost it.
    pub(super) fn reconcile_status(&mut self, at: WorkerId, old: &Rc<Pod>, ctx: &mut Ctx) {
        let worker = &mut self.workers[at];
        match &worker.status {
            Some(own) if own.status == worker.pod.status => worker.status = None,
            Some(_) => {}
            None if old.status == worker.pod.status => {}
            None => {
                // Somebody else wrote over it: the kubelet's word is brought back at the next full pass.
                let status = old.status.clone();
                worker.status = Some(Box::new(OwnStatus { status, sent: None, sent_to: None }));
                self.schedule_status_pass(ctx);
            }
        }
    }

    /// The full pass: whatever is not in agreement is sent again.
    pub(super) fn sync_batch(&mut self, ctx: &mut Ctx) {
        for at in self.workers.ids() {
            let under_way = match &self.workers[at].status {
                Some(own) => own.sent.is_some_and(|sent| ctx.now.since(sent) < UNDER_WAY),
                None => false,
            };
            match self.addressee(at) {
                Some(pod) => {
                    let sent_to = self.workers[at].status.as_ref().and_then(|own| own.sent_to);
                    if under_way && sent_to == Some(pod.uid) {
                        self.schedule_status_pass(ctx);
                    } else {
                        self.send_status(at, ctx);
                        self.delete_if_finished(at, ctx);
                    }
                }
                None => self.delete_if_finished(at, ctx),
            }
        }
    }

    /// A pod that is being deleted and has ended is removed from the API server (KL-087).
    ///
    /// Kubernetes: pkg/kubelet/status/status_manager.go, canBeDeleted.
    pub(super) fn delete_if_finished(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let worker = &self.workers[at];
        let pod = &worker.pod;
        if worker.state != WorkerState::Terminated || !pod.meta.is_terminating() || pod.is_static() {
            return;
        }
        let options =
            DeleteOptions { grace_seconds: Some(0), uid: Some(pod.meta.uid), ..DeleteOptions::default() };
        ctx.request(Call::Delete { kind: Kind::Pod, key: Key::of(&pod.meta), options }, Token::None);
        self.schedule_status_pass(ctx);
    }
}

/// Transition times move only with their condition, and the start time never.
fn keep_times(status: &mut PodStatus, old: &PodStatus, now: Timestamp) {
    status.start_time = old.start_time.or(status.start_time).or(Some(now));
    for condition in status.conditions.to_mut() {
        condition.last_transition = match old.condition(condition.kind) {
            Some(old) if old.status == condition.status => old.last_transition,
            _ => now,
        };
    }
}

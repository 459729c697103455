//! What the kubelet knows of its pods besides what the runtime shows: for the picture, not for itself.

use super::Kubelet;
use super::kuberuntime::get_backoff_key;
use super::pod_worker::{SyncStep, WorkerState};
use api::meta::Uid;
use sim::Time;

/// What a pod's start waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartStep {
    /// What its volumes need.
    Volumes,
    /// Its sandbox is being made.
    Sandbox,
    /// An image is being pulled.
    Image,
    /// A container is being started.
    Container,
}

impl Kubelet {
    /// When the back-off of an ended container ends, if one is on.
    pub fn back_off_end(&self, pod: Uid, container: &str) -> Option<Time> {
        let worker = self.workers.get(self.workers.of_pod(pod)?)?;
        let finished = self.runtime.sandbox(pod)?.newest(container)?.exit()?.finished;
        let key = get_backoff_key(&worker.pod, worker.pod.spec.container(container)?);
        let back_off = self.crash_loop_back_off.get(&key);
        (back_off.0 > 0).then(|| finished + back_off)
    }

    /// What the kubelet is at with a pod that is to run.
    pub fn start_step(&self, pod: Uid) -> Option<StartStep> {
        let worker = self.workers.get(self.workers.of_pod(pod)?)?;
        match worker.work.as_ref()?.step {
            SyncStep::Volumes { .. } => Some(StartStep::Volumes),
            SyncStep::Sandbox => Some(StartStep::Sandbox),
            SyncStep::Pull(_) => Some(StartStep::Image),
            SyncStep::Environment(_) | SyncStep::Start(_) | SyncStep::PostStart { .. } => {
                Some(StartStep::Container)
            }
            SyncStep::Kill(_) => None,
        }
    }

    /// Whether a pod is being stopped.
    pub fn is_terminating(&self, namespace: &str, pod: &str) -> bool {
        self.workers.iter().any(|worker| {
            let meta = &worker.pod.meta;
            worker.state == WorkerState::Terminating && *meta.name == *pod && **meta.namespace() == *namespace
        })
    }
}

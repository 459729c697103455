//! How long a Job waits before it makes new pods in the place of failed ones.
//!
//! Kubernetes: pkg/controller/job/backoff_utils.go.

use std::rc::Rc;

use api::pod::{ConditionStatus, ConditionType, ContainerKind, ContainerState, Pod};
use sim::order::SortShared;
use sim::{Duration, Time, Timestamp};

const DEFAULT_JOB_POD_FAILURE_BACK_OFF: Duration = Duration::from_secs(10);
const MAX_JOB_POD_FAILURE_BACK_OFF: Duration = Duration::from_secs(600);

/// The failures of a Job's pods since the last one that succeeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BackoffRecord {
    failures_after_last_success: u32,
    last_failure: Option<Timestamp>,
}

impl BackoffRecord {
    /// With what has ended since.
    ///
    /// Kubernetes: newBackoffRecord.
    pub(super) fn next(self, succeeded: &[Rc<Pod>], failed: &[Rc<Pod>]) -> BackoffRecord {
        let times = |pods: &[Rc<Pod>]| -> Vec<Timestamp> {
            let mut times: Vec<Timestamp> = pods.iter().map(|pod| finished_time(pod)).collect();
            times.sort_shared();
            times
        };
        let (succeeded, failed) = (times(succeeded), times(failed));
        match (succeeded.last(), failed.last()) {
            (None, None) => self,
            (None, Some(last)) => BackoffRecord {
                failures_after_last_success: self
                    .failures_after_last_success
                    .saturating_add(u32::try_from(failed.len()).unwrap_or(u32::MAX)),
                last_failure: Some(*last),
            },
            (Some(_), None) => BackoffRecord::default(),
            (Some(success), Some(_)) => {
                let later: Vec<&Timestamp> = failed.iter().filter(|at| *at > success).collect();
                BackoffRecord {
                    failures_after_last_success: u32::try_from(later.len()).unwrap_or(u32::MAX),
                    last_failure: later.last().map(|at| **at),
                }
            }
        }
    }

    /// How long it is until new pods may be made.
    ///
    /// Kubernetes: getRemainingTimeForFailuresCount.
    pub(super) fn remaining_time(self, now: Time) -> Duration {
        let Some(last) = self.last_failure else { return Duration::ZERO };
        let mut back_off = DEFAULT_JOB_POD_FAILURE_BACK_OFF;
        for _ in 1..self.failures_after_last_success.min(8) {
            back_off = back_off.doubled(MAX_JOB_POD_FAILURE_BACK_OFF);
        }
        (last.time() + back_off).since(now)
    }
}

/// When a pod ended, as well as its status tells.
///
/// Kubernetes: getFinishedTime.
fn finished_time(pod: &Pod) -> Timestamp {
    let ready = pod.status.condition(ConditionType::Ready).filter(|c| c.status == ConditionStatus::False);
    finish_time_from_containers(pod)
        .or_else(|| ready.map(|condition| condition.last_transition).filter(|at| *at != Timestamp::default()))
        .or_else(|| {
            let deletion = pod.meta.deletion.as_ref()?;
            Some(Timestamp(deletion.at.0.saturating_sub(deletion.grace_seconds)))
        })
        .unwrap_or(pod.meta.created)
}

/// Kubernetes: getFinishTimeFromContainers.
fn finish_time_from_containers(pod: &Pod) -> Option<Timestamp> {
    let mut latest = None;
    for (container, status) in pod.spec.containers.iter().zip(&pod.status.containers) {
        if matches!(container.kind, ContainerKind::Init | ContainerKind::Ephemeral) {
            continue;
        }
        let ContainerState::Terminated(terminated) = &status.state else { return None };
        if terminated.finished == Timestamp::default() {
            return None;
        }
        latest = latest.max(Some(terminated.finished));
    }
    latest
}

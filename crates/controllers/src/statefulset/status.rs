//! The status of a StatefulSet.
//!
//! Kubernetes: pkg/controller/statefulset/stateful_set_control.go, updateStatus, updateStatefulSetStatus.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::Start;
use super::identity::pod_revision;
use super::revisions::Revisions;
use crate::daemon::nodes::is_pod_available;
use crate::procedure::{Io, SyncResult, fail};
use crate::replicaset::sync::{put_count, with_status};
use api::json;
use api::object::{Key, Object};
use api::pod::{Phase, Pod};
use sim::{Duration, Time};
use wire::{Call, Reply};

pub(super) fn is_running_and_ready(pod: &Pod) -> bool {
    pod.status.phase == Phase::Running && pod.is_ready()
}

/// Kubernetes: isUnavailable, isRunningAndAvailable.
pub(super) fn is_unavailable(pod: &Pod, min_ready: Duration, now: Time) -> bool {
    pod.meta.is_terminating() || !is_pod_available(pod, min_ready, now)
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    replicas: i64,
    ready: i64,
    available: i64,
    pub(super) current: i64,
    updated: i64,
}

impl Counts {
    /// Of pods that are there.
    pub(super) fn of(pods: &[Rc<Pod>], start: &Start, revisions: &Revisions, now: Time) -> Counts {
        let mut counts = Counts::default();
        for pod in pods {
            counts.replicas += 1;
            if is_running_and_ready(pod) {
                counts.ready += 1;
                counts.available += i64::from(is_pod_available(pod, start.min_ready(), now));
            }
            if !pod.meta.is_terminating() {
                let revision = pod_revision(pod);
                counts.current += i64::from(revision == &*revisions.current.meta.name);
                counts.updated += i64::from(revision == &*revisions.update.meta.name);
            }
        }
        counts
    }

    pub(super) fn waits_for_availability(self) -> bool {
        self.ready != self.available
    }

    /// Kubernetes: completeRollingUpdate.
    fn is_rolled_out(self, start: &Start) -> bool {
        let replicas = start.replicas();
        json::at(start.spec(), &["updateStrategy", "type"]) == "RollingUpdate"
            && self.updated == replicas
            && self.ready == replicas
            && self.replicas == replicas
    }
}

fn to_value(mut counts: Counts, start: &Start, revisions: &Revisions) -> Value {
    let mut current = &revisions.current.meta.name;
    if counts.is_rolled_out(start) {
        counts.current = counts.updated;
        current = &revisions.update.meta.name;
    }
    let mut status = Map::new();
    status.insert("availableReplicas".to_owned(), json!(counts.available));
    status.insert("collisionCount".to_owned(), json!(revisions.collisions));
    put_count(&mut status, "currentReplicas", counts.current);
    status.insert("currentRevision".to_owned(), json!(&**current));
    put_count(&mut status, "observedGeneration", i64::from(start.set.meta.generation));
    put_count(&mut status, "readyReplicas", counts.ready);
    status.insert("replicas".to_owned(), json!(counts.replicas));
    status.insert("updateRevision".to_owned(), json!(&*revisions.update.meta.name));
    put_count(&mut status, "updatedReplicas", counts.updated);
    Value::Object(status)
}

/// Writes the status where it differs, and once more on the newest version where that fails.
pub(super) fn update_status(
    counts: Counts,
    start: &Start,
    revisions: &Revisions,
    io: &mut Io,
) -> SyncResult<()> {
    let status = to_value(counts, start, revisions);
    let set = &start.set;
    if *json::get(&set.raw, "status") == status {
        return Ok(());
    }
    if io.ask(Call::UpdateStatus(with_status(set, &status)))?.is_ok() {
        return Ok(());
    }
    let fresh = io.ask(Call::Get { kind: set.kind, key: Key::of(&set.meta) })?;
    match fresh.map_err(|error| fail(&error))? {
        Reply::Object(Object::Other(fresh)) => {
            let again = io.ask(Call::UpdateStatus(with_status(&fresh, &status)))?;
            again.map(drop).map_err(|error| fail(&error))
        }
        _ => Ok(()),
    }
}

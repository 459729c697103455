//! The status of a Deployment, and whether its rollout gets on.
//!
//! Kubernetes: pkg/controller/deployment/progress.go; sync.go, calculateStatus.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::util::{
    Deployment, Sets, count, find_condition, new_condition, remove_condition, set_condition, spec_sum,
    status_sum,
};
use crate::procedure::{Io, Stop, SyncResult, fail};
use crate::replicaset::sync::put_count;
use api::json;
use api::object::Other;
use sim::{Duration, Time, Timestamp};

pub(super) const PROGRESSING: &str = "Progressing";
const AVAILABLE: &str = "Available";
const REPLICA_FAILURE: &str = "ReplicaFailure";
pub(super) const TIMED_OUT: &str = "ProgressDeadlineExceeded";
const NEW_RS_AVAILABLE: &str = "NewReplicaSetAvailable";

/// Kubernetes: calculateStatus.
fn calculate_status(d: &Deployment, sets: &Sets, new: Option<&Rc<Other>>, now: Time) -> Value {
    let available = status_sum(sets, "availableReplicas");
    let mut status = Map::new();
    let mut put = |key: &str, number: i64| put_count(&mut status, key, number);
    put("observedGeneration", i64::from(d.object.meta.generation));
    put("replicas", status_sum(sets, "replicas"));
    put("updatedReplicas", new.map_or(0, |new| count(new, "replicas")));
    put("readyReplicas", status_sum(sets, "readyReplicas"));
    put("availableReplicas", available);
    put("unavailableReplicas", (spec_sum(sets) - available).max(0));
    put("collisionCount", d.status_count("collisionCount"));
    if let Some(number) = terminating(sets) {
        status.insert("terminatingReplicas".to_owned(), json!(number));
    }
    if let Some(conditions) = d.status.get("conditions") {
        status.insert("conditions".to_owned(), conditions.clone());
    }
    let mut status = Value::Object(status);
    let condition = match available >= d.replicas() - d.max_unavailable() {
        true => {
            let message = "Deployment has minimum availability.";
            new_condition(AVAILABLE, "True", "MinimumReplicasAvailable", message, now)
        }
        false => {
            let message = "Deployment does not have minimum availability.";
            new_condition(AVAILABLE, "False", "MinimumReplicasUnavailable", message, now)
        }
    };
    set_condition(&mut status, condition);
    status
}

/// How many pods are being deleted; `None` while some ReplicaSet does not say.
///
/// Kubernetes: GetTerminatingReplicaCountForReplicaSets.
fn terminating(sets: &Sets) -> Option<i64> {
    let mut total = 0;
    for rs in sets {
        match json::int(json::get(&rs.raw, "status"), "terminatingReplicas") {
            Some(number) => total += number,
            None if count(rs, "observedGeneration") == 0 => {}
            None => return None,
        }
    }
    Some(total)
}

/// Writes the status where it differs.
///
/// Kubernetes: syncDeploymentStatus.
pub(super) fn sync_status(
    d: &mut Deployment,
    sets: &Sets,
    new: Option<&Rc<Other>>,
    io: &mut Io,
) -> SyncResult<()> {
    let status = calculate_status(d, sets, new, io.now());
    write(d, status, io)
}

fn write(d: &mut Deployment, status: Value, io: &mut Io) -> SyncResult<()> {
    if d.status == status {
        return Ok(());
    }
    d.status = status;
    d.update_status(io)?.map(drop).map_err(|error| fail(&error))
}

/// The same with what a rollout says of its progress.
///
/// Kubernetes: syncRolloutStatus.
pub(super) fn sync_rollout_status(
    d: &mut Deployment,
    sets: &Sets,
    new: Option<&Rc<Other>>,
    io: &mut Io,
) -> SyncResult<()> {
    let now = io.now();
    let mut status = calculate_status(d, sets, new, now);
    let current = d.condition(PROGRESSING).cloned();
    let number = |status: &Value, key: &str| json::int(status, key).unwrap_or(0);
    let was_complete = number(&status, "replicas") == number(&status, "updatedReplicas")
        && current.as_ref().is_some_and(|current| current["reason"] == NEW_RS_AVAILABLE);
    match d.progress_deadline() {
        None => remove_condition(&mut status, PROGRESSING),
        Some(_) if was_complete => {}
        Some(deadline) => set_progress(d, &mut status, current.as_ref(), new, deadline, now),
    }
    match replica_failure(sets, new) {
        Some(condition) => set_condition(&mut status, condition),
        None => remove_condition(&mut status, REPLICA_FAILURE),
    }
    if d.status == status {
        return requeue_stuck(d, &status, io);
    }
    write(d, status, io)
}

fn set_progress(
    d: &Deployment,
    status: &mut Value,
    current: Option<&Value>,
    new: Option<&Rc<Other>>,
    deadline: i64,
    now: Time,
) {
    let who = match new {
        Some(new) => format!("ReplicaSet \"{}\"", new.meta.name),
        None => format!("Deployment \"{}\"", d.name()),
    };
    if d.is_complete(status) {
        let message = format!("{who} has successfully progressed.");
        set_condition(status, new_condition(PROGRESSING, "True", NEW_RS_AVAILABLE, &message, now));
    } else if is_progressing(d, status) {
        let message = format!("{who} is progressing.");
        let mut condition = new_condition(PROGRESSING, "True", "ReplicaSetUpdated", &message, now);
        if let Some(current) = current {
            if current["status"] == "True" {
                let since = current["lastTransitionTime"].clone();
                json::object(&mut condition).insert("lastTransitionTime".to_owned(), since);
            }
            remove_condition(status, PROGRESSING);
        }
        set_condition(status, condition);
    } else if is_timed_out(status, deadline, now) {
        let message = format!("{who} has timed out progressing.");
        set_condition(status, new_condition(PROGRESSING, "False", TIMED_OUT, &message, now));
    }
}

/// Kubernetes: DeploymentProgressing.
fn is_progressing(d: &Deployment, new: &Value) -> bool {
    let number = |status: &Value, key: &str| json::int(status, key).unwrap_or(0);
    let old_pods = |status: &Value| number(status, "replicas") - number(status, "updatedReplicas");
    let more = |key: &str| number(new, key) > number(&d.status, key);
    more("updatedReplicas")
        || old_pods(new) < old_pods(&d.status)
        || more("readyReplicas")
        || more("availableReplicas")
}

fn last_update(condition: &Value) -> Time {
    let stamp = Timestamp::parse(json::text(condition, "lastUpdateTime"));
    stamp.unwrap_or_default().time()
}

/// Seconds as a span of time; none if negative.
fn seconds(number: i64) -> Duration {
    Duration::from_secs(u64::try_from(number).unwrap_or(0))
}

/// Kubernetes: DeploymentTimedOut.
fn is_timed_out(status: &Value, deadline: i64, now: Time) -> bool {
    let Some(condition) = find_condition(status, PROGRESSING) else { return false };
    match json::text(condition, "reason") {
        NEW_RS_AVAILABLE => false,
        TIMED_OUT => true,
        _ => last_update(condition) + seconds(deadline) < now,
    }
}

/// What the ReplicaSets say of pods that could not be made; the new one's word counts first.
///
/// Kubernetes: getReplicaFailures.
fn replica_failure(sets: &Sets, new: Option<&Rc<Other>>) -> Option<Value> {
    let failure = |rs: &Rc<Other>| find_condition(json::get(&rs.raw, "status"), REPLICA_FAILURE).cloned();
    let mut condition = new.and_then(failure).or_else(|| sets.iter().find_map(failure))?;
    let since = condition["lastTransitionTime"].clone();
    json::object(&mut condition).insert("lastUpdateTime".to_owned(), since);
    Some(condition)
}

/// Nothing moves: look again when the deadline is over.
///
/// Kubernetes: requeueStuckDeployment.
fn requeue_stuck(d: &Deployment, status: &Value, io: &mut Io) -> SyncResult<()> {
    let (Some(deadline), Some(current)) = (d.progress_deadline(), d.condition(PROGRESSING)) else {
        return Ok(());
    };
    if d.is_complete(status) || current["reason"] == TIMED_OUT {
        return Ok(());
    }
    let due = last_update(current) + seconds(deadline);
    let left = due.since(io.ctx.now);
    if left < Duration::from_secs(1) {
        return Err(Stop::Failed("the progress deadline is over".to_owned()));
    }
    io.add_after(left + Duration::from_secs(1));
    Ok(())
}

//! One sync of a ReplicaSet: claims, missing and surplus pods, the status.
//!
//! Kubernetes: pkg/controller/replicaset/replica_set.go, syncReplicaSet; replica_set_utils.go.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::ranking::get_pods_to_delete;
use super::{Parts, Start, controller_ref};
use crate::daemon::nodes::{available_at, is_pod_available};
use crate::error_text;
use crate::pod_control::PodControl;
use crate::procedure::{Io, Stop, SyncResult, fail};
use api::json;
use api::label::Selector;
use api::meta::ObjectMeta;
use api::object::{Key, Kind, Object, Other};
use api::pod::Pod;
use api::status_error::StatusReason;
use sim::Time;
use wire::{Call, CallError, FieldValidation, Patch, Reply};

/// At most this many pods are created, and as many deleted, in one sync.
const BURST_REPLICAS: usize = 500;
const REPLICA_FAILURE: &str = "ReplicaFailure";

/// Kubernetes: syncReplicaSet.
pub(super) fn sync(start: &Start, parts: &mut Parts, io: &mut Io) -> SyncResult<()> {
    let active = claim_pods(&start.set.object, &start.set.selector, &start.candidates, io)?;
    let problem = match start.needs_sync && !start.set.object.meta.is_terminating() {
        true => manage_replicas(start, &active, parts, io)?,
        false => None,
    };
    let now = io.now();
    let status = calculate_status(start, &active, problem.as_deref(), now);
    update_status(start, &status, io)?;
    if let Some(problem) = problem {
        return Err(Stop::Failed(problem));
    }
    let waiting = active.iter().filter_map(|pod| available_at(pod, start.set.min_ready, now)).min();
    if let Some(at) = waiting {
        io.add_after(at.since(io.ctx.now));
    }
    Ok(())
}

// ---- adoption and release ----

pub(crate) fn owner_patch(kind: Kind, meta: &ObjectMeta, patch: Patch) -> Call {
    let (key, uid) = (Key::of(meta), Some(meta.uid));
    Call::Patch { kind, key, uid, patch, validation: FieldValidation::Ignore }
}

/// Whether an owner that the cache has still exists and is not being deleted.
///
/// Kubernetes: controller_ref_manager.go, RecheckDeletionTimestamp.
pub(crate) fn recheck_deletion_timestamp(owner: &Other, io: &mut Io) -> SyncResult<Result<(), String>> {
    let key = Key::of(&owner.meta);
    let got = io.ask(Call::Get { kind: owner.kind, key: key.clone() })?;
    let fresh = match &got {
        Ok(Reply::Object(object)) => object.meta(),
        Ok(_) => None,
        Err(error) => return Ok(Err(format!("can't recheck DeletionTimestamp: {}", error_text(error)))),
    };
    let (name, uid) = (owner.kind.name(), owner.meta.uid);
    Ok(match fresh {
        Some(fresh) if fresh.uid != uid => {
            Err(format!("original {name} {key} is gone: got uid {}, wanted {uid}", fresh.uid))
        }
        Some(fresh) => match &fresh.deletion {
            Some(deletion) => Err(format!("{key} has just been deleted at {}", deletion.at)),
            None => Ok(()),
        },
        None => Err(format!("original {name} {key} is gone")),
    })
}

/// Of the candidates those that are the owner's, after adoption and release.
///
/// Kubernetes: controller_ref_manager.go, ClaimPods.
pub(crate) fn claim_pods(
    owner: &Other,
    selector: &Selector,
    candidates: &[Rc<Pod>],
    io: &mut Io,
) -> SyncResult<Vec<Rc<Pod>>> {
    let (mut claimed, mut errors, mut can_adopt) = (Vec::new(), Vec::new(), None);
    for pod in candidates {
        let matches = selector.matches_map(pod.meta.labels());
        let owned = pod.meta.controller().is_some();
        match (owned, matches) {
            (true, true) => claimed.push(pod.clone()),
            _ if owner.meta.is_terminating() => {}
            (true, false) => {
                let patch = Patch::Owner { add: None, remove: Some(owner.meta.uid) };
                match io.ask(owner_patch(Kind::Pod, &pod.meta, patch))? {
                    Err(error) if !is_gone(&error) => errors.push(error_text(&error)),
                    _ => {}
                }
            }
            (false, true) => {
                if can_adopt.is_none() {
                    can_adopt = Some(recheck_deletion_timestamp(owner, io)?);
                }
                if let Some(Err(why)) = &can_adopt {
                    let key = Key::of(&pod.meta);
                    errors.push(format!("can't adopt Pod {key} ({}): {why}", pod.meta.uid));
                    continue;
                }
                let patch = Patch::Owner { add: Some(Box::new(controller_ref(owner))), remove: None };
                match io.ask(owner_patch(Kind::Pod, &pod.meta, patch))? {
                    Ok(_) => claimed.push(pod.clone()),
                    Err(error) if is_gone(&error) => {}
                    Err(error) => errors.push(error_text(&error)),
                }
            }
            (false, false) => {}
        }
    }
    if errors.is_empty() { Ok(claimed) } else { Err(Stop::Failed(errors.join(", "))) }
}

/// Whether an object was not there, or was another one by then.
pub(crate) fn is_gone(error: &CallError) -> bool {
    let CallError::Status(status) = error else { return false };
    matches!(status.reason, StatusReason::NotFound | StatusReason::Invalid)
}

// ---- missing and surplus pods ----

/// What went wrong, if anything did.
///
/// Kubernetes: manageReplicas.
fn manage_replicas(
    start: &Start,
    active: &[Rc<Pod>],
    parts: &mut Parts,
    io: &mut Io,
) -> SyncResult<Option<String>> {
    let wanted = start.set.replicas;
    match active.len() {
        have if have < wanted => create_pods(start, (wanted - have).min(BURST_REPLICAS), parts, io),
        have if have > wanted => {
            let surplus = (have - wanted).min(BURST_REPLICAS);
            let pods = get_pods_to_delete(active.to_vec(), &start.related, surplus, io.now());
            delete_pods(start, &pods, parts, io)
        }
        _ => Ok(None),
    }
}

pub(crate) fn is_namespace_terminating(error: &CallError) -> bool {
    match error {
        CallError::Status(status) => status.causes.iter().any(|cause| cause.reason == "NamespaceTerminating"),
        _ => false,
    }
}

fn create_pods(start: &Start, count: usize, parts: &mut Parts, io: &mut Io) -> SyncResult<Option<String>> {
    if io.first_time() {
        let add = u32::try_from(count).unwrap_or(u32::MAX);
        parts.expectations.set_expectations(start.key.clone(), add, 0, io.ctx.now);
    }
    let mut control = PodControl { owner: &start.set.object, recorder: &mut parts.recorder };
    let (made, first_error) = control.create_pods(count, |_| start.set.pods.create(), io)?;
    if io.first_time() {
        let skipped = u32::try_from(count - made).unwrap_or(u32::MAX);
        parts.expectations.lower(&start.key, skipped, 0);
    }
    Ok(first_error)
}

fn delete_pods(
    start: &Start,
    pods: &[Rc<Pod>],
    parts: &mut Parts,
    io: &mut Io,
) -> SyncResult<Option<String>> {
    if io.first_time() {
        let del = u32::try_from(pods.len()).unwrap_or(u32::MAX);
        parts.expectations.set_expectations(start.key.clone(), 0, del, io.ctx.now);
        parts.deleting.insert(start.key.clone(), pods.iter().map(|pod| pod.meta.serial).collect());
    }
    let mut control = PodControl { owner: &start.set.object, recorder: &mut parts.recorder };
    let answers = control.delete_pods(pods, io)?;
    let fresh = io.first_time();
    let mut first_error = None;
    for (pod, got) in pods.iter().zip(answers) {
        let Err(error) = got else { continue };
        if fresh {
            parts.deletion_observed(&start.key, pod.meta.serial);
        }
        if !is_gone(&error) {
            first_error.get_or_insert(error_text(&error));
        }
    }
    Ok(first_error)
}

// ---- status ----

/// Puts a number into a status, unless it is zero.
pub(crate) fn put_count(status: &mut Map<String, Value>, key: &str, count: i64) {
    if count != 0 {
        status.insert(key.to_owned(), json!(count));
    }
}

/// Kubernetes: replica_set_utils.go, calculateStatus.
fn calculate_status(start: &Start, active: &[Rc<Pod>], problem: Option<&str>, now: Time) -> Value {
    let set = &start.set;
    let count = |counts: &dyn Fn(&Pod) -> bool| active.iter().filter(|pod| counts(pod)).count() as i64;
    let labelled = |pod: &Pod| {
        Rc::ptr_eq(&pod.meta.common, &set.pods.common)
            || set.pods.template.labels.iter().all(|(key, value)| pod.meta.labels().get(key) == Some(value))
    };
    let mut status = Map::new();
    status.insert("replicas".to_owned(), json!(active.len()));
    put_count(&mut status, "fullyLabeledReplicas", count(&labelled));
    put_count(&mut status, "readyReplicas", count(&|pod| pod.is_ready()));
    let available = |pod: &Pod| is_pod_available(pod, set.min_ready, now);
    put_count(&mut status, "availableReplicas", count(&available));
    status.insert("terminatingReplicas".to_owned(), json!(start.terminating));
    put_count(&mut status, "observedGeneration", i64::from(set.object.meta.generation));
    let conditions = conditions(start, active.len(), problem, now);
    if !conditions.is_empty() {
        status.insert("conditions".to_owned(), Value::Array(conditions));
    }
    Value::Object(status)
}

fn conditions(start: &Start, have: usize, problem: Option<&str>, now: Time) -> Vec<Value> {
    let is_failure = |condition: &Value| condition["type"] == REPLICA_FAILURE;
    let old = json::list(start.set.status(), "conditions").iter();
    let Some(problem) = problem else { return old.filter(|c| !is_failure(c)).cloned().collect() };
    let mut conditions: Vec<Value> = old.cloned().collect();
    if !conditions.iter().any(is_failure) {
        let reason = if have < start.set.replicas { "FailedCreate" } else { "FailedDelete" };
        conditions.push(json!({
            "type": REPLICA_FAILURE, "status": "True", "lastTransitionTime": now.stamp().to_string(),
            "reason": reason, "message": problem,
        }));
    }
    conditions
}

/// The same object with another status.
pub(crate) fn with_status(object: &Other, status: &Value) -> Object {
    let mut raw = (*object.raw).clone();
    json::object(&mut raw).insert("status".to_owned(), status.clone());
    Object::Other(Rc::new(Other { raw: Rc::new(raw), ..object.clone() }))
}

/// Writes the status where it differs, and once more on the newest version where that fails.
///
/// Kubernetes: replica_set_utils.go, updateReplicaSetStatus.
fn update_status(start: &Start, status: &Value, io: &mut Io) -> SyncResult<()> {
    let object = &start.set.object;
    if start.set.status() == status {
        return Ok(());
    }
    if io.ask(Call::UpdateStatus(with_status(object, status)))?.is_ok() {
        return Ok(());
    }
    let fresh = io.ask(Call::Get { kind: object.kind, key: start.key.clone() })?;
    match fresh.map_err(|error| fail(&error))? {
        Reply::Object(Object::Other(fresh)) => {
            let again = io.ask(Call::UpdateStatus(with_status(&fresh, status)))?;
            again.map(drop).map_err(|error| fail(&error))
        }
        _ => Ok(()),
    }
}

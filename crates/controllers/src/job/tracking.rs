//! How a Job's pods are counted: named in the status, freed of their finalizer, then only counted.
//!
//! Kubernetes: pkg/controller/job/job_controller.go, trackJobStatusAndRemoveFinalizers.

use std::rc::Rc;

use serde_json::{Value, json};

use super::policy::match_pod_failure_policy;
use super::sync::{SyncJob, failed_condition};
use super::{Parts, condition, remove_tracking_finalizer};
use crate::error_text;
use crate::pod_control::PodControl;
use crate::procedure::{Io, Stop, SyncResult, fail};
use crate::replicaset::sync::{is_gone, with_status};
use api::event::EventType;
use api::json;
use api::meta::Uid;
use api::object::Object;
use api::pod::{Phase, Pod};
use sim::{SortedSet, Time};
use wire::{Call, Reply};

/// The status names at most this many pods at once.
const MAX_UNCOUNTED_PODS: usize = 500;

/// Kubernetes: newCondition.
pub(super) fn new_condition(kind: &str, reason: &str, message: &str, now: Time) -> Value {
    let stamp = now.stamp().to_string();
    json!({
        "type": kind, "status": "True", "lastProbeTime": stamp, "lastTransitionTime": stamp,
        "reason": reason, "message": message,
    })
}

/// Sets a condition; one that is not there is not made for the sake of False. Whether that changes anything.
///
/// Kubernetes: ensureJobConditionStatus.
pub(super) fn ensure_condition(
    status: &mut Value,
    kind: &str,
    value: &str,
    reason: &str,
    message: &str,
    now: Time,
) -> bool {
    let mut wanted = new_condition(kind, reason, message, now);
    wanted["status"] = json!(value);
    let conditions = json::object(status).entry("conditions").or_insert_with(|| json!([]));
    let Some(conditions) = conditions.as_array_mut() else { return false };
    let changed = match conditions.iter_mut().find(|condition| condition["type"] == kind) {
        Some(have) => {
            let same = ["status", "reason", "message"].iter().all(|key| have[*key] == wanted[*key]);
            if !same {
                *have = wanted;
            }
            !same
        }
        None if value != "False" => {
            conditions.push(wanted);
            true
        }
        None => false,
    };
    if conditions.is_empty() {
        json::object(status).remove("conditions");
    }
    changed
}

/// The pods that the status names as ended but not yet counted.
fn uncounted<'a>(status: &'a mut Value, key: &str) -> &'a mut Vec<Value> {
    let all = json::object(json::child(status, "uncountedTerminatedPods"));
    let list = all.entry(key.to_owned()).or_insert_with(|| json!([]));
    if !list.is_array() {
        *list = json!([]);
    }
    match list {
        Value::Array(list) => list,
        _ => unreachable!("made a list above"),
    }
}

fn is_uncounted(status: &Value, key: &str, uid: Uid) -> bool {
    let uid = uid.to_string();
    json::strings(json::get(status, "uncountedTerminatedPods"), key).contains(&uid.as_str())
}

/// Counts the named pods that have no finalizer any more. Whether there were any.
///
/// Kubernetes: cleanUncountedPodsWithoutFinalizers.
fn count_freed(status: &mut Value, with_finalizer: &SortedSet<Uid>) -> bool {
    let mut changed = false;
    for key in ["succeeded", "failed"] {
        let list = uncounted(status, key);
        let before = list.len();
        list.retain(|uid| uid.as_str().is_some_and(|uid| with_finalizer.contains(&Uid::from_text(uid))));
        let freed = before - list.len();
        let is_empty = list.is_empty();
        if is_empty {
            json::object(json::child(status, "uncountedTerminatedPods")).remove(key);
        }
        if freed > 0 {
            changed = true;
            let count = json::int(status, key).unwrap_or(0) + freed as i64;
            json::object(status).insert(key.to_owned(), json!(count));
        }
    }
    changed
}

/// Kubernetes: trackJobStatusAndRemoveFinalizers.
pub(super) fn track_job_status(
    job: &mut SyncJob,
    mut needs_flush: bool,
    parts: &mut Parts,
    io: &mut Io,
) -> SyncResult<()> {
    let tracked = job.pods.iter().filter(|pod| job.is_tracked(pod));
    let mut with_finalizer: SortedSet<Uid> = tracked.map(|pod| pod.meta.uid).collect();
    needs_flush |= count_freed(&mut job.status, &with_finalizer);
    let (freed, full) = name_ended_pods(job, &mut needs_flush);
    needs_flush |= note_interim_condition(job, io.now());
    if needs_flush {
        write_status(job, io)?;
        if io.first_time() {
            parts.backoff.insert(job.start.key.clone(), job.backoff);
        }
    }
    needs_flush = false;
    let error = remove_finalizers(job, &freed, &mut with_finalizer, parts, io)?;
    needs_flush |= count_freed(&mut job.status, &with_finalizer);
    if let Some(error) = error {
        if needs_flush {
            write_status(job, io)?;
        }
        return Err(Stop::Failed(error));
    }
    let finished = !full && enact_job_finished(job, io.now());
    if needs_flush || finished {
        write_status(job, io)?;
    }
    if finished {
        record_job_finished(job, parts, io);
    }
    Ok(())
}

/// Names the pods that have ended in the status. Gives those whose finalizer may go, and whether there was no
/// room for all.
fn name_ended_pods(job: &mut SyncJob, needs_flush: &mut bool) -> (Vec<Rc<Pod>>, bool) {
    let policy = json::get(job.spec(), "podFailurePolicy").clone();
    let (indexed, mut freed, mut full) = (job.is_indexed(), Vec::new(), false);
    let mut done = job.prev_succeeded_indexes.clone();
    let fails_rest = job.finished.as_ref().is_some_and(|end| end["type"] != "SuccessCriteriaMet");
    for pod in job.pods.clone() {
        if !job.is_tracked(&pod) {
            continue;
        }
        let (succeeded, failed) = (pod.status.phase == Phase::Succeeded, job.is_pod_failed(&pod));
        let may_go = job.object.meta.is_terminating() || job.finished.is_some() || succeeded || failed;
        if !may_go {
            continue;
        }
        freed.push(pod.clone());
        let uid = pod.meta.uid;
        if succeeded && !is_uncounted(&job.status, "failed", uid) {
            if indexed {
                if let Some(index) =
                    super::indexes::completion_index(&pod.meta).filter(|_| job.has_valid_index(&pod))
                {
                    *needs_flush |= done.0.insert(index);
                }
            } else if !is_uncounted(&job.status, "succeeded", uid) {
                *needs_flush = true;
                uncounted(&mut job.status, "succeeded").push(json!(uid.to_string()));
            }
        } else if (failed || fails_rest)
            && !is_uncounted(&job.status, "failed", uid)
            && job.has_valid_index(&pod)
            && (policy.is_null() || match_pod_failure_policy(&policy, &pod).counts)
        {
            *needs_flush = true;
            uncounted(&mut job.status, "failed").push(json!(uid.to_string()));
        }
        if freed.len() >= MAX_UNCOUNTED_PODS {
            full = true;
            break;
        }
    }
    if indexed {
        let (text, total) = (done.text(), done.total());
        let status = json::object(&mut job.status);
        *needs_flush |= status.get("completedIndexes").and_then(Value::as_str).unwrap_or_default() != text;
        for (key, value) in [("completedIndexes", json!(text)), ("succeeded", json!(total))] {
            match total {
                0 => drop(status.remove(key)),
                _ => drop(status.insert(key.to_owned(), value)),
            }
        }
        job.succeeded_indexes = done;
    }
    (freed, full)
}

/// What is said before the pods are gone: that the Job will fail, or has what it needs. The condition that
/// comes last takes its place.
fn note_interim_condition(job: &mut SyncJob, now: Time) -> bool {
    let Some(end) = job.finished.clone() else { return false };
    let kind = json::text(&end, "type").to_owned();
    let is_new = condition(&job.status, &kind).is_none();
    let last = match kind.as_str() {
        "FailureTarget" => failed_condition(&end, now),
        "SuccessCriteriaMet" => {
            new_condition("Complete", json::text(&end, "reason"), json::text(&end, "message"), now)
        }
        _ => return false,
    };
    if is_new {
        let conditions = json::object(&mut job.status).entry("conditions").or_insert_with(|| json!([]));
        if let Some(conditions) = conditions.as_array_mut() {
            conditions.push(end);
        }
    }
    job.finished = Some(last);
    is_new
}

/// Writes the status, made from the newest version that this sync knows of.
fn write_status(job: &mut SyncJob, io: &mut Io) -> SyncResult<()> {
    match io.ask(Call::UpdateStatus(with_status(&job.object, &job.status)))? {
        Ok(Reply::Object(Object::Other(object))) => {
            job.object = (*object).clone();
            Ok(())
        }
        Ok(_) => Ok(()),
        Err(error) => Err(fail(&error)),
    }
}

/// Kubernetes: removeTrackingFinalizerFromPods.
fn remove_finalizers(
    job: &SyncJob,
    pods: &[Rc<Pod>],
    with_finalizer: &mut SortedSet<Uid>,
    parts: &mut Parts,
    io: &mut Io,
) -> SyncResult<Option<String>> {
    if pods.is_empty() {
        return Ok(None);
    }
    let key = &job.start.key;
    if io.first_time() {
        let expected = parts.finalizer_expectations.entry(key.clone()).or_default();
        expected.extend(pods.iter().map(|pod| pod.meta.uid));
    }
    let answers = io.ask_all(pods.iter().map(|pod| remove_tracking_finalizer(pod)).collect())?;
    let fresh = io.first_time();
    let mut first_error = None;
    for (pod, got) in pods.iter().zip(answers) {
        let uid = pod.meta.uid;
        if let Err(error) = got {
            if fresh {
                parts.finalizer_removal_observed(key, uid);
            }
            if !is_gone(&error) {
                first_error.get_or_insert(error_text(&error));
                continue;
            }
        }
        with_finalizer.remove(&uid);
    }
    Ok(first_error)
}

/// Says in the status that the Job is over, once all its pods are counted and gone. Whether it is.
///
/// Kubernetes: enactJobFinished.
fn enact_job_finished(job: &mut SyncJob, now: Time) -> bool {
    let Some(end) = job.finished.clone() else { return false };
    let waits = ["succeeded", "failed"]
        .iter()
        .any(|key| !json::empty(json::get(&job.status, "uncountedTerminatedPods"), key));
    if waits || job.terminating > 0 {
        return false;
    }
    let text = |key: &str| json::text(&end, key).to_owned();
    let (kind, reason, message) = (text("type"), text("reason"), text("message"));
    ensure_condition(&mut job.status, &kind, "True", &reason, &message, now);
    if kind == "Complete" {
        job.status["completionTime"] = end["lastTransitionTime"].clone();
    }
    true
}

/// Kubernetes: recordJobFinished.
fn record_job_finished(job: &SyncJob, parts: &mut Parts, io: &mut Io) {
    if !io.first_time() {
        return;
    }
    parts.finished.insert(job.object.meta.uid);
    let mut control = PodControl { owner: &job.start.job.object, recorder: &mut parts.recorder };
    let Some(end) = &job.finished else { return };
    if end["type"] != "Complete" {
        // The recorder takes reasons that the program itself says.
        let reason = match json::text(end, "reason") {
            "DeadlineExceeded" => "DeadlineExceeded",
            "PodFailurePolicy" => "PodFailurePolicy",
            _ => "BackoffLimitExceeded",
        };
        return control.say(io, EventType::Warning, reason, json::text(end, "message").to_owned());
    }
    if job.completions().is_some_and(|wanted| job.count("succeeded") > wanted) {
        let text = "Too many succeeded pods running after completion count reached";
        control.say(io, EventType::Warning, "TooManySucceededPods", text.to_owned());
    }
    control.say(io, EventType::Normal, "Completed", "Job completed".to_owned());
}

//! One sync of a Job: what its end is, which pods are missing or too many, and the status.
//!
//! Kubernetes: pkg/controller/job/job_controller.go, syncJob, manageJob.

use std::rc::Rc;

use serde_json::{Value, json};

use super::backoff::BackoffRecord;
use super::indexes::{self, Indexes, completion_index, first_pending, split_duplicates};
use super::policy::{match_pod_failure_policy, match_success_policy};
use super::tracking::{ensure_condition, new_condition, track_job_status};
use super::{
    Parts, SYNC_JOB_BATCH_PERIOD, Start, TRACKING_FINALIZER, condition, generate_name_with_index,
    has_tracking_finalizer, is_indexed, remove_tracking_finalizer,
};
use crate::error_text;
use crate::pod_control::PodControl;
use crate::procedure::{Io, Stop, SyncResult};
use crate::replicaset::is_pod_active;
use crate::replicaset::ranking::get_pods_to_delete;
use crate::replicaset::sync::{claim_pods, is_gone};
use api::event::EventType;
use api::json;
use api::meta::Uid;
use api::object::{Key, Kind, Object, Other};
use api::pod::{Phase, Pod, PodSpec, RestartPolicy};
use sim::{Duration, Time, Timestamp};
use wire::{Call, FieldValidation, Patch};

/// At most this many pods are made, or deleted, in one sync.
const MAX_POD_CREATE_DELETE_PER_SYNC: usize = 500;

/// What a sync has found out about a Job so far.
pub(super) struct SyncJob<'a> {
    pub(super) start: &'a Start,
    /// The newest version of the Job that this sync knows of.
    pub(super) object: Other,
    pub(super) status: Value,
    pub(super) pods: Vec<Rc<Pod>>,
    pub(super) active_pods: Vec<Rc<Pod>>,
    pub(super) ready: i64,
    pub(super) terminating: i64,
    pub(super) succeeded: i64,
    pub(super) failed: i64,
    pub(super) prev_succeeded_indexes: Indexes,
    pub(super) succeeded_indexes: Indexes,
    pub(super) backoff: BackoffRecord,
    /// How the Job ends, if it does.
    pub(super) finished: Option<Value>,
}

impl SyncJob<'_> {
    pub(super) fn spec(&self) -> &Value {
        json::get(&self.start.job.object.raw, "spec")
    }

    fn number(&self, key: &str, default: i64) -> i64 {
        json::int(self.spec(), key).unwrap_or(default)
    }

    pub(super) fn completions(&self) -> Option<i64> {
        json::int(self.spec(), "completions")
    }

    pub(super) fn is_indexed(&self) -> bool {
        is_indexed(&self.start.job.object)
    }

    fn is_suspended(&self) -> bool {
        json::flag(self.spec(), "suspend")
    }

    pub(super) fn count(&self, key: &str) -> i64 {
        json::int(&self.status, key).unwrap_or(0)
    }

    fn uncounted(&self, key: &str) -> Vec<Uid> {
        let uids = json::strings(json::get(&self.status, "uncountedTerminatedPods"), key);
        uids.into_iter().map(Uid::from_text).collect()
    }

    /// Whether failed pods are replaced only once they have ended.
    ///
    /// Kubernetes: onlyReplaceFailedPods.
    fn only_replace_failed_pods(&self) -> bool {
        json::text(self.spec(), "podReplacementPolicy") == "Failed"
            || json::has(self.spec(), "podFailurePolicy")
    }

    /// Kubernetes: isPodFailed.
    pub(super) fn is_pod_failed(&self, pod: &Pod) -> bool {
        pod.status.phase == Phase::Failed
            || (!self.only_replace_failed_pods()
                && pod.meta.is_terminating()
                && pod.status.phase != Phase::Succeeded)
    }

    /// Whether the pod still has to be counted.
    pub(super) fn is_tracked(&self, pod: &Pod) -> bool {
        has_tracking_finalizer(&pod.meta) && !self.start.expected_rm_finalizers.contains(&pod.meta.uid)
    }

    /// Whether the pod works on an index that the Job has; any pod of a Job without indexes does.
    pub(super) fn has_valid_index(&self, pod: &Pod) -> bool {
        !self.is_indexed()
            || completion_index(&pod.meta).is_some_and(|index| index < self.completions().unwrap_or(0))
    }

    /// Kubernetes: getValidPodsWithFilter.
    fn new_finished(&self, uncounted: &[Uid], filter: impl Fn(&Pod) -> bool) -> Vec<Rc<Pod>> {
        let new = |pod: &&Rc<Pod>| {
            self.is_tracked(pod)
                && !uncounted.contains(&pod.meta.uid)
                && self.has_valid_index(pod)
                && filter(pod)
        };
        self.pods.iter().filter(new).cloned().collect()
    }

    fn start_time(&self) -> Option<Time> {
        json::get(&self.status, "startTime").as_str().and_then(Timestamp::parse).map(Timestamp::time)
    }
}

/// Kubernetes: syncJob.
pub(super) fn sync_job(start: &Start, parts: &mut Parts, io: &mut Io) -> SyncResult<()> {
    if json::has(json::get(&start.job.object.raw, "spec"), "backoffLimitPerIndex") {
        const TEXT: &str = "kubestage does not simulate spec.backoffLimitPerIndex: nothing acts on this Job";
        let mut control = PodControl { owner: &start.job.object, recorder: &mut parts.recorder };
        control.say_once(io, EventType::Warning, "NotSimulated", TEXT);
        return Ok(());
    }
    let pods = pods_for_job(start, io)?;
    let mut job = look_at(start, pods, io.now());
    let mut again: Option<Duration> = None;
    evaluate_end(&mut job, io.now(), &mut again);
    let mut suspend_changed = false;
    let active_before = job.active_pods.len() as i64;
    let (mut active, mut error) = (active_before, None);
    if job.finished.is_some() {
        let deleted = delete_active_pods(&mut job, parts, io)?;
        if deleted.0 != active || !start.satisfied {
            // There may be pods that the cache does not show yet.
            job.finished = None;
        }
        active -= deleted.0;
        error = deleted.1;
    } else {
        let manages = start.satisfied && !job.object.meta.is_terminating();
        if manages {
            (active, error) = manage_job(&mut job, parts, io, &mut again)?;
        }
        let complete = match job.completions() {
            None => job.succeeded > 0 && active == 0,
            Some(wanted) => job.succeeded >= wanted && active == 0,
        };
        if complete {
            let message = "Reached expected number of succeeded pods";
            job.finished = Some(new_condition("SuccessCriteriaMet", "CompletionsReached", message, io.now()));
        } else if manages {
            suspend_changed = note_suspension(&mut job, parts, io);
        }
    }
    let (ready, terminating) = (job.ready, job.terminating);
    let differs = |key: &str, value: i64| json::int(&job.status, key) != Some(value);
    let needs_flush = suspend_changed
        || job.count("active") != active
        || differs("ready", ready)
        || differs("terminating", terminating);
    let status = json::object(&mut job.status);
    match active {
        0 => drop(status.remove("active")),
        active => drop(status.insert("active".to_owned(), json!(active))),
    }
    status.insert("ready".to_owned(), json!(ready));
    status.insert("terminating".to_owned(), json!(terminating));
    track_job_status(&mut job, needs_flush, parts, io)?;
    if let Some(error) = error {
        return Err(Stop::Failed(error));
    }
    if let Some(after) = again {
        io.add_after(after);
    }
    Ok(())
}

/// The Job's pods, after adoption and release; an adopted one gets the finalizer.
///
/// Kubernetes: getPodsForJob.
fn pods_for_job(start: &Start, io: &mut Io) -> SyncResult<Vec<Rc<Pod>>> {
    let job = &start.job;
    let mut pods = claim_pods(&job.object, &job.selector, &start.candidates, io)?;
    for pod in &mut pods {
        if pod.meta.controller().is_some() || has_tracking_finalizer(&pod.meta) {
            continue;
        }
        let patch = Patch::Strategic(Rc::new(json!({"metadata": {"finalizers": [TRACKING_FINALIZER]}})));
        let (key, uid, validation) = (Key::of(&pod.meta), Some(pod.meta.uid), FieldValidation::Ignore);
        if let Ok(wire::Reply::Object(Object::Pod(adopted))) =
            io.ask(Call::Patch { kind: Kind::Pod, key, uid, patch, validation })?
        {
            *pod = adopted;
        }
    }
    Ok(pods)
}

/// What the pods and the status say, before anything is done.
fn look_at(start: &Start, pods: Vec<Rc<Pod>>, now: Time) -> SyncJob<'_> {
    let object = (*start.job.object).clone();
    let mut status = match json::get(&object.raw, "status") {
        Value::Null => json!({}),
        status => status.clone(),
    };
    json::child(&mut status, "uncountedTerminatedPods");
    let active_pods: Vec<Rc<Pod>> = pods.iter().filter(|pod| is_pod_active(pod)).cloned().collect();
    let ready = active_pods.iter().filter(|pod| pod.is_ready()).count() as i64;
    let terminating =
        pods.iter().filter(|pod| !pod.is_terminal() && pod.meta.is_terminating()).count() as i64;
    let mut job = SyncJob {
        start,
        object,
        status,
        pods,
        active_pods,
        ready,
        terminating,
        succeeded: 0,
        failed: 0,
        prev_succeeded_indexes: Indexes::default(),
        succeeded_indexes: Indexes::default(),
        backoff: start.backoff,
        finished: None,
    };
    let (uncounted_succeeded, uncounted_failed) = (job.uncounted("succeeded"), job.uncounted("failed"));
    let new_succeeded = job.new_finished(&uncounted_succeeded, |pod| pod.status.phase == Phase::Succeeded);
    let new_failed = job.new_finished(&uncounted_failed, |pod| job.is_pod_failed(pod));
    let policy = json::get(job.spec(), "podFailurePolicy");
    let counted =
        new_failed.iter().filter(|pod| policy.is_null() || match_pod_failure_policy(policy, pod).counts);
    let failed = job.count("failed") + counted.count() as i64 + uncounted_failed.len() as i64;
    job.succeeded = job.count("succeeded") + (new_succeeded.len() + uncounted_succeeded.len()) as i64;
    job.failed = failed;
    job.backoff = start.backoff.next(&new_succeeded, &new_failed);
    if !json::has(&job.status, "startTime") && !job.is_suspended() {
        job.status["startTime"] = json!(now.stamp().to_string());
    }
    if job.is_indexed() {
        let completions = job.completions().unwrap_or(0);
        let text = json::text(&job.status, "completedIndexes");
        job.prev_succeeded_indexes = Indexes::parse(text, completions);
        job.succeeded_indexes = job.prev_succeeded_indexes.clone();
        let done = job.pods.iter().filter(|pod| {
            pod.status.phase == Phase::Succeeded && job.is_tracked(pod) && job.has_valid_index(pod)
        });
        let done: Vec<i64> = done.filter_map(|pod| completion_index(&pod.meta)).collect();
        job.succeeded_indexes.0.extend(done);
        job.succeeded = job.succeeded_indexes.total();
    }
    job
}

/// Whether the Job is to end, and how.
fn evaluate_end(job: &mut SyncJob, now: Time, again: &mut Option<Duration>) {
    let is_true = |kind: &str| condition(&job.status, kind).filter(|c| c["status"] == "True").cloned();
    job.finished = is_true("SuccessCriteriaMet");
    if job.finished.is_none() {
        job.finished = match is_true("FailureTarget") {
            Some(target) => Some(failed_condition(&target, now)),
            None => fail_job_message(job)
                .map(|message| new_condition("FailureTarget", "PodFailurePolicy", &message, now)),
        };
    }
    let limit = job.number("backoffLimit", 6);
    let deadline = json::int(job.spec(), "activeDeadlineSeconds").filter(|_| !job.is_suspended());
    if job.finished.is_none() {
        let until = deadline.map(|deadline| {
            job.start_time().unwrap_or(now) + Duration::from_secs(u64::try_from(deadline).unwrap_or(0))
        });
        let fail = |reason, message| Some(new_condition("FailureTarget", reason, message, now));
        if job.failed > limit || past_backoff_limit_on_failure(job, limit) {
            job.finished = fail("BackoffLimitExceeded", "Job has reached the specified backoff limit");
        } else if let Some(until) = until {
            match until <= now {
                true => {
                    job.finished = fail("DeadlineExceeded", "Job was active longer than specified deadline");
                }
                false => *again = Some(until.since(now)),
            }
        }
    }
    if job.finished.is_none() && job.is_indexed() {
        let policy = json::get(job.spec(), "successPolicy");
        let met = match_success_policy(policy, job.completions().unwrap_or(0), &job.succeeded_indexes);
        job.finished = met.map(|message| new_condition("SuccessCriteriaMet", "SuccessPolicy", &message, now));
    }
}

/// Kubernetes: newFailedConditionForFailureTarget.
pub(super) fn failed_condition(target: &Value, now: Time) -> Value {
    new_condition("Failed", json::text(target, "reason"), json::text(target, "message"), now)
}

/// Kubernetes: getFailJobMessage.
fn fail_job_message(job: &SyncJob) -> Option<String> {
    let policy = json::get(job.spec(), "podFailurePolicy");
    if policy.is_null() {
        return None;
    }
    let failed = job.pods.iter().filter(|pod| job.is_pod_failed(pod));
    failed.map(|pod| match_pod_failure_policy(policy, pod)).find_map(|matched| matched.fail_job)
}

/// Whether containers that are restarted in place were so too often.
///
/// Kubernetes: pastBackoffLimitOnFailure.
fn past_backoff_limit_on_failure(job: &SyncJob, limit: i64) -> bool {
    if job.start.job.pods.template.spec.restart_policy != RestartPolicy::OnFailure {
        return false;
    }
    let running = job.pods.iter().filter(|pod| matches!(pod.status.phase, Phase::Running | Phase::Pending));
    let restarts: i64 =
        running.flat_map(|pod| &pod.status.containers).map(|status| i64::from(status.restart_count)).sum();
    if limit == 0 { restarts > 0 } else { restarts >= limit }
}

/// Says in the status and by an event that the Job is suspended, or goes on.
fn note_suspension(job: &mut SyncJob, parts: &mut Parts, io: &mut Io) -> bool {
    let now = io.now();
    let (status, reason, message, event) = match job.is_suspended() {
        true => ("True", "JobSuspended", "Job suspended", "Suspended"),
        false => ("False", "JobResumed", "Job resumed", "Resumed"),
    };
    if !ensure_condition(&mut job.status, "Suspended", status, reason, message, now) {
        return false;
    }
    let mut control = PodControl { owner: &job.start.job.object, recorder: &mut parts.recorder };
    control.say_once(io, EventType::Normal, event, message);
    match job.is_suspended() {
        true => drop(json::object(&mut job.status).remove("startTime")),
        // The deadline begins afresh.
        false => job.status["startTime"] = json!(now.stamp().to_string()),
    }
    true
}

// ---- pods ----

/// The Job ends: its pods go. Gives how many do, and what went wrong.
///
/// Kubernetes: deleteActivePods.
fn delete_active_pods(
    job: &mut SyncJob,
    parts: &mut Parts,
    io: &mut Io,
) -> SyncResult<(i64, Option<String>)> {
    let pods = job.active_pods.clone();
    let mut control = PodControl { owner: &job.start.job.object, recorder: &mut parts.recorder };
    let answers = control.delete_pods(&pods, io)?;
    let (mut deleted, mut error) = (0, None);
    for (pod, got) in pods.iter().zip(answers) {
        match got {
            Err(failed) if !is_gone(&failed) => drop(error.get_or_insert(error_text(&failed))),
            _ => {
                deleted += 1;
                job.ready -= i64::from(pod.is_ready());
            }
        }
    }
    job.terminating += deleted;
    Ok((deleted, error))
}

/// Pods that the Job does not need: their end is nobody's, so the finalizer goes first.
///
/// Kubernetes: deleteJobPods.
fn delete_job_pods(
    job: &mut SyncJob,
    pods: &[Rc<Pod>],
    parts: &mut Parts,
    io: &mut Io,
) -> SyncResult<(i64, Option<String>)> {
    let key = &job.start.key;
    if io.first_time() {
        let count = u32::try_from(pods.len()).unwrap_or(u32::MAX);
        parts.expectations.set_expectations(key.clone(), 0, count, io.ctx.now);
    }
    let held: Vec<Call> = pods
        .iter()
        .filter(|pod| has_tracking_finalizer(&pod.meta))
        .map(|pod| remove_tracking_finalizer(pod))
        .collect();
    let _answers = io.ask_all(held)?;
    let mut control = PodControl { owner: &job.start.job.object, recorder: &mut parts.recorder };
    let answers = control.delete_pods(pods, io)?;
    let fresh = io.first_time();
    let (mut deleted, mut error) = (0, None);
    for (pod, got) in pods.iter().zip(answers) {
        if let Err(failed) = got {
            if fresh {
                parts.expectations.deletion_observed(key);
            }
            if !is_gone(&failed) {
                error.get_or_insert(error_text(&failed));
                continue;
            }
        }
        deleted += 1;
        job.ready -= i64::from(pod.is_ready());
    }
    job.terminating += deleted;
    Ok((deleted, error))
}

/// Kubernetes: activePodsForRemoval.
fn active_pods_for_removal(job: &SyncJob, at_least: usize, now: Time) -> Vec<Rc<Pod>> {
    let (mut surplus, left) = match job.is_indexed() {
        true => split_duplicates(&job.active_pods, job.completions().unwrap_or(0)),
        false => (Vec::new(), job.active_pods.clone()),
    };
    if surplus.len() < at_least {
        let more = at_least - surplus.len();
        surplus.extend(get_pods_to_delete(left, &Default::default(), more, now));
    }
    surplus
}

/// Brings the number of active pods to what is wanted. Gives how many there are then, and what went wrong.
///
/// Kubernetes: manageJob.
fn manage_job(
    job: &mut SyncJob,
    parts: &mut Parts,
    io: &mut Io,
    again: &mut Option<Duration>,
) -> SyncResult<(i64, Option<String>)> {
    let active = job.active_pods.len() as i64;
    if job.is_suspended() {
        let pods = job.active_pods.clone();
        let (deleted, error) = delete_job_pods(job, &pods, parts, io)?;
        return Ok((active - deleted, error));
    }
    let parallelism = job.number("parallelism", 1);
    let wanted = match job.completions() {
        None if job.succeeded > 0 => active,
        None => parallelism,
        Some(completions) => (completions - job.succeeded).min(parallelism).max(0),
    };
    let at_least = usize::try_from(active - wanted).unwrap_or(0);
    let mut surplus = active_pods_for_removal(job, at_least, io.now());
    surplus.truncate(MAX_POD_CREATE_DELETE_PER_SYNC);
    if !surplus.is_empty() {
        let (deleted, error) = delete_job_pods(job, &surplus, parts, io)?;
        return Ok((active - deleted, error));
    }
    let terminating = if job.only_replace_failed_pods() { job.terminating } else { 0 };
    let missing = (wanted - terminating - active).min(MAX_POD_CREATE_DELETE_PER_SYNC as i64);
    if missing <= 0 {
        return Ok((active, None));
    }
    let wait = job.backoff.remaining_time(io.now());
    if wait > Duration::ZERO {
        let wait = wait.max(SYNC_JOB_BATCH_PERIOD);
        *again = Some(again.map_or(wait, |again| again.min(wait)));
        return Ok((0, None));
    }
    let calls = new_pods(job, missing);
    let count = calls.len();
    let key = &job.start.key;
    if io.first_time() {
        let add = u32::try_from(count).unwrap_or(u32::MAX);
        parts.expectations.set_expectations(key.clone(), add, 0, io.ctx.now);
    }
    let mut control = PodControl { owner: &job.start.job.object, recorder: &mut parts.recorder };
    let (made, error) = control.create_pods(count, |at| calls[at].clone(), io)?;
    if io.first_time() {
        parts.expectations.lower(key, u32::try_from(count - made).unwrap_or(u32::MAX), 0);
    }
    Ok((active + made as i64, error))
}

fn new_pods(job: &SyncJob, count: i64) -> Vec<Call> {
    let pods = &job.start.job.pods;
    if !job.is_indexed() {
        return (0..count).map(|_| pods.create()).collect();
    }
    let pending =
        first_pending(&job.active_pods, &job.succeeded_indexes, count, job.completions().unwrap_or(0));
    let indexed = pending.into_iter().map(|index| {
        let mut own = (*pods.common).clone();
        own.generate_name = generate_name_with_index(&job.object.meta.name, index).into();
        indexes::add_index(&mut own, index);
        let mut spec = (*pods.template.spec.raw).clone();
        spec["hostname"] = json!(format!("{}-{index}", job.object.meta.name));
        pods.create_with(Rc::new(own), Rc::new(PodSpec::from_value(spec)))
    });
    indexed.collect()
}

//! One sync of a CronJob.
//!
//! Kubernetes: pkg/controller/cronjob/cronjob_controllerv2.go, sync, syncCronJob, cleanupFinishedJobs; utils.go.

use std::rc::Rc;

use serde_json::{Value, json};

use super::Start;
use crate::error_text;
use crate::job::finished_condition;
use crate::pod_control::PodControl;
use crate::procedure::{Io, Stop, SyncResult, fail};
use crate::replicaset::controller_ref;
use crate::replicaset::sync::{is_namespace_terminating, with_status};
use api::cron_schedule::Schedule;
use api::event::EventType;
use api::json;
use api::meta::Uid;
use api::object::{Key, Object, Other};
use client::recorder::Recorder;
use sim::order::SortShared;
use sim::{Duration, Time, Timestamp};
use wire::{Call, CallError, DeleteOptions, FieldValidation, Propagation, Reply};

/// So much later than the time itself a sync comes, as clocks are not all right.
const NEXT_SCHEDULE_DELTA: Duration = Duration::from_millis(100);
const SCHEDULED_TIMESTAMP: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

/// A CronJob during a sync.
struct CronJob<'a> {
    object: &'a Rc<Other>,
    status: Value,
    changed: bool,
}

impl CronJob<'_> {
    fn spec(&self) -> &Value {
        json::get(&self.object.raw, "spec")
    }

    fn active(&self) -> Vec<Value> {
        json::list(&self.status, "active").to_vec()
    }

    fn is_active(&self, uid: Uid) -> bool {
        let uid = uid.to_string();
        json::list(&self.status, "active").iter().any(|job| job["uid"] == uid.as_str())
    }

    /// Kubernetes: deleteFromActiveList.
    fn delete_from_active(&mut self, uid: &str) {
        let status = json::object(&mut self.status);
        if let Some(Value::Array(active)) = status.get_mut("active") {
            let before = active.len();
            active.retain(|job| job["uid"] != uid);
            self.changed |= active.len() != before;
            if active.is_empty() {
                status.remove("active");
            }
        }
    }

    fn stamp(&self, key: &str) -> Option<Time> {
        json::text(&self.status, key).parse_stamp()
    }

    fn job_name(&self, at: Time) -> String {
        format!("{}-{}", self.object.meta.name, at.0 / 60_000_000)
    }
}

trait ParseStamp {
    fn parse_stamp(&self) -> Option<Time>;
}

impl ParseStamp for str {
    fn parse_stamp(&self) -> Option<Time> {
        Timestamp::parse(self).map(Timestamp::time)
    }
}

pub(super) fn sync(start: &Start, recorder: &mut Recorder, io: &mut Io) -> SyncResult<()> {
    let status = match json::get(&start.cron_job.raw, "status") {
        Value::Null => json!({}),
        status => status.clone(),
    };
    let mut cron = CronJob { object: &start.cron_job, status, changed: false };
    let mut control = PodControl { owner: &start.cron_job, recorder };
    cleanup_finished_jobs(&mut cron, &start.jobs, &mut control, io)?;
    let result = sync_cron_job(&mut cron, &start.jobs, &mut control, io);
    if result == Err(Stop::Wait) {
        return Err(Stop::Wait);
    }
    if cron.changed {
        let update = Call::UpdateStatus(with_status(&start.cron_job, &cron.status));
        io.ask(update)?.map_err(|error| fail(&error))?;
    }
    if let Some(after) = result? {
        io.add_after(after);
    }
    Ok(())
}

/// How a Job ended, if it did.
fn end_of(job: &Other) -> Option<&str> {
    finished_condition(job).map(|condition| json::text(condition, "type"))
}

/// Kubernetes: cleanupFinishedJobs, removeOldestJobs.
fn cleanup_finished_jobs(
    cron: &mut CronJob,
    jobs: &[Rc<Other>],
    control: &mut PodControl,
    io: &mut Io,
) -> SyncResult<()> {
    for (end, limit) in [("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")] {
        let Some(limit) = json::int(cron.spec(), limit).and_then(|limit| usize::try_from(limit).ok()) else {
            continue;
        };
        let mut ended: Vec<&Rc<Other>> = jobs.iter().filter(|job| end_of(job) == Some(end)).collect();
        let started = |job: &Other| json::text(json::get(&job.raw, "status"), "startTime").to_owned();
        ended.sort_shared_by_key(|job| (started(job).is_empty(), started(job), job.meta.name.clone()));
        for job in ended.iter().take(ended.len().saturating_sub(limit)) {
            delete_job(cron, job.kind, &Key::of(&job.meta), &job.meta.uid.to_string(), control, io)?;
        }
    }
    Ok(())
}

/// Whether it is gone.
fn delete_job(
    cron: &mut CronJob,
    kind: api::object::Kind,
    key: &Key,
    uid: &str,
    control: &mut PodControl,
    io: &mut Io,
) -> SyncResult<bool> {
    let options = DeleteOptions { propagation: Propagation::Background, ..DeleteOptions::default() };
    let got = io.ask(Call::Delete { kind, key: key.clone(), options })?;
    match got {
        Ok(_) => {
            cron.delete_from_active(uid);
            control.say_once(io, EventType::Normal, "SuccessfulDelete", &format!("Deleted job {}", key.name));
            Ok(true)
        }
        Err(error) => {
            let text = format!("Deleted job: {}", error_text(&error));
            control.say_once(io, EventType::Warning, "FailedDelete", &text);
            Ok(false)
        }
    }
}

/// What has become of the Jobs is noted in the status.
fn look_at_jobs(
    cron: &mut CronJob,
    jobs: &[Rc<Other>],
    control: &mut PodControl,
    io: &mut Io,
) -> SyncResult<()> {
    for job in jobs {
        let (found, name) = (cron.is_active(job.meta.uid), &job.meta.name);
        let Some(end) = end_of(job) else {
            if !found {
                let text = format!("Saw a job that the controller did not create or forgot: {name}");
                control.say_once(io, EventType::Warning, "UnexpectedJob", &text);
            }
            continue;
        };
        if found {
            cron.delete_from_active(&job.meta.uid.to_string());
            let text = format!("Saw completed job: {name}, condition: {end}");
            control.say_once(io, EventType::Normal, "SawCompletedJob", &text);
        }
        let completed = json::text(json::get(&job.raw, "status"), "completionTime");
        let is_later = completed.parse_stamp() > cron.stamp("lastSuccessfulTime");
        if end == "Complete" && is_later {
            cron.status["lastSuccessfulTime"] = json!(completed);
            cron.changed = true;
        }
    }
    for reference in cron.active() {
        let uid = json::text(&reference, "uid").to_owned();
        if jobs.iter().any(|job| job.meta.uid.to_string() == uid) {
            continue;
        }
        let key = Key::new(json::text(&reference, "namespace"), json::text(&reference, "name"));
        let Some(kind) = api::object::Kind::of("batch/v1", "Job") else { continue };
        match io.ask(Call::Get { kind, key: key.clone() })? {
            Err(CallError::Status(status)) if status.is_not_found() => {
                let text = format!("Active job went missing: {}", key.name);
                control.say_once(io, EventType::Normal, "MissingJob", &text);
                cron.delete_from_active(&uid);
            }
            Err(error) => return Err(fail(&error)),
            Ok(_) => {}
        }
    }
    Ok(())
}

/// Gives when to look again.
///
/// Kubernetes: syncCronJob.
fn sync_cron_job(
    cron: &mut CronJob,
    jobs: &[Rc<Other>],
    control: &mut PodControl,
    io: &mut Io,
) -> SyncResult<Option<Duration>> {
    look_at_jobs(cron, jobs, control, io)?;
    let now = io.now();
    if cron.object.meta.is_terminating() {
        return Ok(None);
    }
    let zone = json::text(cron.spec(), "timeZone");
    if !matches!(zone, "" | "UTC" | "Etc/UTC" | "GMT" | "Etc/GMT") {
        let text = format!("kubestage does not simulate time zones: nothing is started at times of {zone}");
        control.say_once(io, EventType::Warning, "NotSimulated", &text);
        return Ok(None);
    }
    if json::flag(cron.spec(), "suspend") {
        return Ok(None);
    }
    let written = json::text(cron.spec(), "schedule").to_owned();
    let schedule = match Schedule::parse(&written) {
        Ok(schedule) => schedule,
        Err(why) => {
            let text = format!("unparseable schedule: {} : {why}", api::field::go_quote(&written));
            control.say_once(io, EventType::Warning, "UnparseableSchedule", &text);
            return Ok(None);
        }
    };
    let Some(due) = most_recent(cron, &schedule, now, true) else { return Ok(next(cron, &schedule, now)) };
    let deadline = json::int(cron.spec(), "startingDeadlineSeconds").and_then(|s| u64::try_from(s).ok());
    if deadline.is_some_and(|deadline| due + Duration::from_secs(deadline) < now) {
        let text = format!("Missed scheduled time to start a job: {}", due.stamp());
        control.say_once(io, EventType::Warning, "MissSchedule", &text);
        return Ok(next(cron, &schedule, now));
    }
    let name = cron.job_name(due);
    let active = cron.active();
    if active.iter().any(|job| job["name"] == name.as_str()) || cron.stamp("lastScheduleTime") == Some(due) {
        return Ok(next(cron, &schedule, now));
    }
    match json::text(cron.spec(), "concurrencyPolicy") {
        "Forbid" if !active.is_empty() => {
            let text = "Not starting job because prior execution is running and concurrency policy is Forbid";
            control.say_once(io, EventType::Normal, "JobAlreadyActive", text);
            return Ok(next(cron, &schedule, now));
        }
        "Replace" => replace_active(cron, &active, control, io)?,
        _ => {}
    }
    start_job(cron, due, &name, control, io)?;
    Ok(next(cron, &schedule, now))
}

fn replace_active(
    cron: &mut CronJob,
    active: &[Value],
    control: &mut PodControl,
    io: &mut Io,
) -> SyncResult<()> {
    let Some(kind) = api::object::Kind::of("batch/v1", "Job") else { return Ok(()) };
    for job in active {
        let key = Key::new(json::text(job, "namespace"), json::text(job, "name"));
        if !delete_job(cron, kind, &key, json::text(job, "uid"), control, io)? {
            return Err(Stop::Failed(format!("could not replace job {key}")));
        }
    }
    Ok(())
}

/// Makes the Job of a time and notes it in the status.
fn start_job(
    cron: &mut CronJob,
    due: Time,
    name: &str,
    control: &mut PodControl,
    io: &mut Io,
) -> SyncResult<()> {
    let Some(kind) = api::object::Kind::of("batch/v1", "Job") else { return Ok(()) };
    let namespace = cron.object.meta.namespace().clone();
    let key = Key { namespace: namespace.clone(), name: name.into() };
    let body = Rc::new(job_from_template(cron, due, name));
    let made = match io.ask(Call::Post { kind, namespace, body, validation: FieldValidation::Ignore })? {
        Ok(reply) => {
            control.say_once(io, EventType::Normal, "SuccessfulCreate", &format!("Created job {name}"));
            reply
        }
        Err(error) if is_namespace_terminating(&error) => return Err(fail(&error)),
        Err(CallError::Status(status)) if status.is_already_exists() => {
            io.ask(Call::Get { kind, key })?.map_err(|error| fail(&error))?
        }
        Err(error) => {
            let text = format!("Error creating job: {}", error_text(&error));
            control.say_once(io, EventType::Warning, "FailedCreate", &text);
            return Err(fail(&error));
        }
    };
    let Reply::Object(Object::Other(job)) = made else { return Ok(()) };
    let is_ours = job.meta.controller().is_some_and(|owner| owner.uid == cron.object.meta.uid);
    if !is_ours || cron.is_active(job.meta.uid) {
        return Ok(());
    }
    let reference = json!({
        "apiVersion": "batch/v1", "kind": "Job", "name": name, "namespace": &**job.meta.namespace(),
        "resourceVersion": job.meta.resource_version.to_string(), "uid": job.meta.uid.to_string(),
    });
    let mut active = cron.active();
    active.push(reference);
    cron.status["active"] = json!(active);
    cron.status["lastScheduleTime"] = json!(due.stamp().to_string());
    cron.changed = true;
    Ok(())
}

/// Kubernetes: getJobFromTemplate2.
fn job_from_template(cron: &CronJob, due: Time, name: &str) -> Value {
    let template = json::get(cron.spec(), "jobTemplate");
    let meta = json::get(template, "metadata");
    let mut annotations = match json::get(meta, "annotations") {
        Value::Object(map) => Value::Object(map.clone()),
        _ => json!({}),
    };
    annotations[SCHEDULED_TIMESTAMP] = json!(due.stamp().to_string());
    let owner = controller_ref(cron.object);
    let mut made = json!({
        "name": name, "namespace": &**cron.object.meta.namespace(), "annotations": annotations,
        "ownerReferences": [{
            "apiVersion": &*owner.api_version, "kind": &*owner.kind, "name": &*owner.name,
            "uid": owner.uid.to_string(), "controller": true, "blockOwnerDeletion": true,
        }],
    });
    if !json::empty(meta, "labels") {
        made["labels"] = meta["labels"].clone();
    }
    json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": made, "spec": json::get(template, "spec")})
}

/// From when on times count.
fn earliest(cron: &CronJob, now: Time, with_deadline: bool) -> Time {
    let since = cron.stamp("lastScheduleTime").unwrap_or_else(|| cron.object.meta.created.time());
    let deadline = json::int(cron.spec(), "startingDeadlineSeconds").and_then(|s| u64::try_from(s).ok());
    match deadline.filter(|_| with_deadline) {
        Some(deadline) => since.max(Time(now.0.saturating_sub(deadline.saturating_mul(1_000_000)))),
        None => since,
    }
}

/// The latest time that has come and for which there was no Job.
///
/// Kubernetes: mostRecentScheduleTime.
fn most_recent(cron: &CronJob, schedule: &Schedule, now: Time, with_deadline: bool) -> Option<Time> {
    let first = schedule.next(earliest(cron, now, with_deadline)).filter(|first| *first <= now)?;
    let Some(second) = schedule.next(first).filter(|second| *second <= now) else { return Some(first) };
    // Several were missed. Skip most of them in one step, as upstream does.
    let (span, elapsed) = (second.since(first).0.max(1_000_000), now.since(first).0);
    let mut latest = first + Duration((elapsed / span).saturating_sub(1) * span);
    let mut found = None;
    while let Some(next) = schedule.next(latest).filter(|next| *next <= now) {
        (latest, found) = (next, Some(next));
    }
    found
}

/// Kubernetes: nextScheduleTimeDuration.
fn next(cron: &CronJob, schedule: &Schedule, now: Time) -> Option<Duration> {
    let since = most_recent(cron, schedule, now, false).unwrap_or_else(|| earliest(cron, now, false));
    let at = schedule.next(since).filter(|at| *at > now).or_else(|| schedule.next(now))?;
    Some((at + NEXT_SCHEDULE_DELTA).since(now))
}

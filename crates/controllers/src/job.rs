//! The Job controller: runs pods to their end, as often and as many at once as a Job asks for.
//!
//! Its pods carry a finalizer until the Job's status has counted them, so that none is counted twice or never.
//! Jobs stay in API form; this controller keeps the small typed form that pods are made from.
//!
//! Kubernetes: pkg/controller/job/job_controller.go.

mod backoff;
mod indexes;
mod policy;
mod sync;
mod tracking;
pub(crate) mod ttl;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use serde_json::json;

use crate::pod_source::PodSource;
use crate::procedure::Syncs;
use crate::worker::Worker;
use api::json;
use api::label::{Selector, selector_or_nothing};
use api::meta::{Name, ObjectMeta, Uid};
use api::object::{Key, Kind, Other, in_namespace};
use api::pod::Pod;
use client::expectations::Expectations;
use client::hash::LookupMap;
use client::informer::{CacheChange, Caches, Change, PodChange};
use client::recorder::Recorder;
use sim::{Duration, SortedMap, SortedSet};
use wire::{Answer, Call, Controller, Ctx, FieldValidation, Patch, Timer};

use backoff::BackoffRecord;
use sim::order::SortShared;

/// How many Jobs are synced at once (`--concurrent-job-syncs`).
const WORKERS: usize = 5;
/// What pods do wakes their Job after this while, so that one sync sees several of them.
const SYNC_JOB_BATCH_PERIOD: Duration = Duration::from_secs(1);
const TRACKING_FINALIZER: &str = "batch.kubernetes.io/job-tracking";
const CONTROLLER_NAME: &str = "kubernetes.io/job-controller";

/// A Job as the controller acts on it.
#[derive(Clone, Debug)]
struct Job {
    /// As the cache has it.
    object: Rc<Other>,
    selector: Selector,
    /// What its pods are made from; those of an indexed Job differ in their index.
    pods: PodSource,
}

impl Job {
    /// `old` lends its template where that is the same.
    fn new(object: &Rc<Other>, old: Option<&Job>) -> Job {
        let spec = json::get(&object.raw, "spec");
        let mut template = Cow::Borrowed(json::get(spec, "template"));
        if is_indexed(object) {
            indexes::add_completion_index_env_variables(template.to_mut());
        }
        let old = old.map(|old| (&*old.object, &old.pods));
        let pods = PodSource::new(object, &template, Some(TRACKING_FINALIZER), old);
        let selector = selector_or_nothing(json::get(spec, "selector"));
        Job { object: object.clone(), selector, pods }
    }
}

fn is_indexed(job: &Other) -> bool {
    json::at(&job.raw, &["spec", "completionMode"]) == "Indexed"
}

/// A condition of a Job's status.
fn condition<'a>(status: &'a serde_json::Value, kind: &str) -> Option<&'a serde_json::Value> {
    json::list(status, "conditions").iter().find(|condition| condition["type"] == kind)
}

/// Kubernetes: util/utils.go, FinishedCondition.
pub(crate) fn finished_condition(job: &Other) -> Option<&serde_json::Value> {
    let status = json::get(&job.raw, "status");
    let is_true = |kind| condition(status, kind).filter(|condition| condition["status"] == "True");
    is_true("Complete").or_else(|| is_true("Failed"))
}

/// Whether another program than this controller is to act on the Job.
///
/// Kubernetes: managedByExternalController.
fn is_managed_by_other(job: &Other) -> bool {
    let by = json::text(json::get(&job.raw, "spec"), "managedBy");
    !by.is_empty() && by != CONTROLLER_NAME
}

fn has_tracking_finalizer(meta: &ObjectMeta) -> bool {
    meta.common.finalizers.iter().any(|finalizer| **finalizer == *TRACKING_FINALIZER)
}

/// Kubernetes: removeTrackingFinalizerPatch.
fn remove_tracking_finalizer(pod: &Pod) -> Call {
    let patch = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": [TRACKING_FINALIZER]}});
    Call::Patch {
        kind: Kind::Pod,
        key: Key::of(&pod.meta),
        uid: Some(pod.meta.uid),
        patch: Patch::Strategic(Rc::new(patch)),
        validation: FieldValidation::Ignore,
    }
}

/// What a sync begins with.
#[derive(Clone, Debug)]
struct Start {
    key: Key,
    job: Rc<Job>,
    /// Pods that the Job controls, and those that nobody controls and that it selects.
    candidates: Vec<Rc<Pod>>,
    /// Whether everything that was asked for earlier has been seen.
    satisfied: bool,
    /// The pods whose finalizer was taken away, which the cache does not show yet.
    expected_rm_finalizers: SortedSet<Uid>,
    backoff: BackoffRecord,
}

/// What syncs change beside the queue.
#[derive(Clone, Debug)]
struct Parts {
    expectations: Expectations<Key>,
    finalizer_expectations: SortedMap<Key, SortedSet<Uid>>,
    backoff: SortedMap<Key, BackoffRecord>,
    /// Jobs that were marked as finished, which the cache does not show yet.
    finished: SortedSet<Uid>,
    recorder: Recorder,
}

impl Parts {
    fn finalizer_removal_observed(&mut self, key: &Key, uid: Uid) {
        if let Some(uids) = self.finalizer_expectations.get_mut(key) {
            uids.remove(&uid);
            if uids.is_empty() {
                self.finalizer_expectations.remove(key);
            }
        }
    }

    fn forget(&mut self, key: &Key, uid: Uid) {
        self.expectations.delete_expectations(key);
        self.finalizer_expectations.remove(key);
        self.backoff.remove(key);
        self.finished.remove(&uid);
    }
}

#[derive(Clone, Debug)]
pub(crate) struct JobController {
    kind: Option<Kind>,
    jobs: SortedMap<Key, Rc<Job>>,
    by_uid: LookupMap<Uid, Key>,
    syncs: Syncs<Key, Start>,
    parts: Parts,
    /// Pods, by their serials, whose finalizer nobody waits for any more.
    orphans: Worker<u32>,
}

impl Default for JobController {
    fn default() -> Self {
        JobController {
            kind: Kind::of("batch/v1", "Job"),
            jobs: SortedMap::new(),
            by_uid: LookupMap::default(),
            syncs: Syncs::new(Controller::Job, WORKERS),
            parts: Parts {
                expectations: Expectations::default(),
                finalizer_expectations: SortedMap::new(),
                backoff: SortedMap::new(),
                finished: SortedSet::new(),
                recorder: Recorder::new("job-controller"),
            },
            orphans: Worker::new(Controller::JobOrphans),
        }
    }
}

impl JobController {
    pub(crate) fn run(&mut self, ctx: &mut Ctx) {
        self.syncs.run(ctx);
        self.orphans.run(ctx);
    }

    // ---- handlers ----

    pub(crate) fn on_change(&mut self, change: &CacheChange, caches: &Caches, ctx: &mut Ctx) {
        match change {
            CacheChange::Pod(change) => self.on_pod(change, ctx),
            CacheChange::Other(kind, change) if Some(*kind) == self.kind => self.on_job(change, caches, ctx),
            _ => {}
        }
    }

    /// Kubernetes: addJob, updateJob, deleteJob.
    fn on_job(&mut self, change: &Change<Other>, caches: &Caches, ctx: &mut Ctx) {
        let (old, new) = (&change.old, &change.new);
        if let Some(old) = old
            && new.as_ref().is_none_or(|new| new.meta.uid != old.meta.uid)
        {
            let key = Key::of(&old.meta);
            self.by_uid.remove(&old.meta.uid);
            self.jobs.remove(&key);
            self.parts.forget(&key, old.meta.uid);
            self.queue_orphans(old.meta.uid, caches, ctx);
        }
        let Some(new) = new else { return };
        let key = Key::of(&new.meta);
        let job = Job::new(new, self.jobs.get(&key).map(|job| &**job));
        self.by_uid.insert(new.meta.uid, key.clone());
        self.jobs.insert(key.clone(), Rc::new(job));
        if finished_condition(new).is_some() {
            self.parts.forget(&key, new.meta.uid);
            return self.queue_orphans(new.meta.uid, caches, ctx);
        }
        match old {
            Some(old) if old.meta.uid == new.meta.uid && old.meta.generation == new.meta.generation => {
                self.syncs.add_after(key, SYNC_JOB_BATCH_PERIOD, ctx);
            }
            _ => self.syncs.add(key, ctx),
        }
    }

    /// Kubernetes: addPod, updatePod, deletePod.
    fn on_pod(&mut self, change: &PodChange, ctx: &mut Ctx) {
        let (old, new) = (change.old.as_ref(), change.new.as_ref());
        let Some(pod) = new.or(old) else { return };
        let has_finalizer = has_tracking_finalizer(&pod.meta);
        if self.jobs.is_empty() && !has_finalizer {
            return;
        }
        let job_of =
            |pod: &Rc<Pod>| pod.meta.controller().and_then(|owner| self.by_uid.get(&owner.uid)).cloned();
        let (key, old_key) = (job_of(pod), old.and_then(job_of));
        let finished = key
            .as_ref()
            .and_then(|key| self.jobs.get(key))
            .is_none_or(|job| finished_condition(&job.object).is_some());
        let is_final = new.is_none();
        if has_finalizer && finished && !is_final {
            self.orphans.add(pod.meta.serial, ctx);
        }
        if let Some(old_key) = old_key.filter(|old_key| Some(old_key) != key.as_ref()) {
            self.parts.finalizer_removal_observed(&old_key, pod.meta.uid);
            self.syncs.add_after(old_key, SYNC_JOB_BATCH_PERIOD, ctx);
        }
        if let Some(key) = key {
            if is_final || pod.meta.is_terminating() {
                self.parts.expectations.deletion_observed(&key);
            } else if old.is_none() {
                self.parts.expectations.creation_observed(&key);
            }
            if is_final || !has_finalizer {
                self.parts.finalizer_removal_observed(&key, pod.meta.uid);
            }
            if !finished {
                self.syncs.add_after(key, SYNC_JOB_BATCH_PERIOD, ctx);
            }
        } else if pod.meta.controller().is_none() && !is_final && !pod.meta.is_terminating() {
            self.queue_adopters(pod, ctx);
        }
    }

    /// A pod without a controller may be adopted.
    ///
    /// Kubernetes: getPodJobs.
    fn queue_adopters(&mut self, pod: &Pod, ctx: &mut Ctx) {
        let here = in_namespace(&self.jobs, pod.meta.namespace());
        let adopters = here.filter(|(_, job)| job.selector.matches_map(pod.meta.labels()));
        let keys: Vec<Key> = adopters.map(|(key, _)| key.clone()).collect();
        keys.into_iter().for_each(|key| self.syncs.add_after(key, SYNC_JOB_BATCH_PERIOD, ctx));
    }

    /// A Job is finished or gone: its pods are not counted any more.
    ///
    /// Kubernetes: enqueueLabelSelector, syncOrphanPodsBySelector.
    fn queue_orphans(&mut self, job: Uid, caches: &Caches, ctx: &mut Ctx) {
        let held = caches.pods.controlled(job).filter(|pod| has_tracking_finalizer(&pod.meta));
        let serials: Vec<u32> = held.map(|pod| pod.meta.serial).collect();
        serials.into_iter().for_each(|serial| self.orphans.add(serial, ctx));
    }

    // ---- syncs ----

    pub(crate) fn on_timer(&mut self, timer: Timer, caches: &Caches, ctx: &mut Ctx) {
        let JobController { jobs, parts, syncs, .. } = self;
        let parts = RefCell::new(parts);
        let begin = |key: &Key, ctx: &mut Ctx| begin(key, jobs, &mut parts.borrow_mut(), caches, ctx);
        syncs.on_timer(timer, ctx, begin, |start, io| sync::sync_job(start, &mut parts.borrow_mut(), io));
    }

    pub(crate) fn on_answer(&mut self, sync: u64, nth: u16, answer: Answer, ctx: &mut Ctx) {
        let parts = &mut self.parts;
        self.syncs.on_answer(sync, nth, answer, ctx, |start, io| sync::sync_job(start, parts, io));
    }

    /// The answer to a request about an orphan.
    pub(crate) fn on_orphan_answer(&mut self, request: u64, answer: &Answer, ctx: &mut Ctx) {
        if let Some(serial) = self.orphans.answered(request) {
            self.orphans.finish(serial, answer, ctx);
        }
    }

    /// Kubernetes: syncOrphanPod, handleSingleOrphanPod.
    pub(crate) fn sync_orphans(&mut self, caches: &Caches, ctx: &mut Ctx) {
        for serial in self.orphans.take(ctx) {
            match self.orphaned(serial, caches) {
                Some(pod) => self.orphans.ask(serial, remove_tracking_finalizer(&pod), ctx),
                None => self.orphans.done(&serial, ctx),
            }
        }
        self.orphans.settle(ctx);
    }

    fn orphaned(&self, serial: u32, caches: &Caches) -> Option<Rc<Pod>> {
        let pod = caches.pods.get(serial)?;
        if !has_tracking_finalizer(&pod.meta) {
            return None;
        }
        if let Some(owner) = pod.meta.controller() {
            if *owner.kind != *"Job" || *owner.api_version != *"batch/v1" {
                return None;
            }
            let job = self.by_uid.get(&owner.uid).and_then(|key| self.jobs.get(key));
            if job.is_some_and(|job| {
                is_managed_by_other(&job.object) || finished_condition(&job.object).is_none()
            }) {
                return None;
            }
        }
        Some(pod.clone())
    }
}

fn begin(
    key: &Key,
    jobs: &SortedMap<Key, Rc<Job>>,
    parts: &mut Parts,
    caches: &Caches,
    ctx: &Ctx,
) -> Option<Start> {
    let job = jobs.get(key)?.clone();
    let meta = &job.object.meta;
    if is_managed_by_other(&job.object)
        || finished_condition(&job.object).is_some()
        || parts.finished.contains(&meta.uid)
    {
        return None;
    }
    let owned = caches.pods.controlled(meta.uid);
    let orphans = caches.pods.orphans(meta.namespace());
    let adoptable =
        |pod: &&Rc<Pod>| !pod.meta.is_terminating() && job.selector.matches_map(pod.meta.labels());
    let mut candidates: Vec<Rc<Pod>> = owned.chain(orphans.filter(adoptable)).cloned().collect();
    candidates.sort_shared_by_key(|pod| pod.meta.serial);
    Some(Start {
        key: key.clone(),
        candidates,
        satisfied: parts.expectations.satisfied(key, ctx.now),
        expected_rm_finalizers: parts.finalizer_expectations.get(key).cloned().unwrap_or_default(),
        backoff: parts.backoff.get(key).copied().unwrap_or_default(),
        job,
    })
}

/// The name of an index's pods begins with this.
///
/// Kubernetes: indexed_job_utils.go, podGenerateNameWithIndex.
fn generate_name_with_index(job: &Name, index: i64) -> String {
    const MAX_GENERATED_NAME_LENGTH: usize = 63 - 5;
    let suffix = format!("-{index}-");
    let most = MAX_GENERATED_NAME_LENGTH.saturating_sub(suffix.len());
    let end = job.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= most).last();
    format!("{}{suffix}", &job[..end.unwrap_or(0)])
}

//! The CronJob controller: makes a Job whenever a schedule says so.
//!
//! Kubernetes: pkg/controller/cronjob/cronjob_controllerv2.go.
// Not simulated: time zones other than UTC, which nothing here knows.

mod sync;

use std::rc::Rc;

use crate::procedure::Syncs;
use api::meta::Uid;
use api::object::{Key, Kind, Other, in_namespace};
use client::hash::LookupMap;
use client::informer::{CacheChange, Caches, Change};
use client::recorder::Recorder;
use wire::{Answer, Controller, Ctx, Timer};

/// How many CronJobs are synced at once (`--concurrent-cron-job-syncs`).
const WORKERS: usize = 5;

/// What a sync begins with.
#[derive(Clone, Debug)]
struct Start {
    cron_job: Rc<Other>,
    /// The Jobs that it controls.
    jobs: Vec<Rc<Other>>,
}

#[derive(Clone, Debug)]
pub(crate) struct CronJobController {
    kind: Option<Kind>,
    job: Option<Kind>,
    by_uid: LookupMap<Uid, Key>,
    syncs: Syncs<Key, Start>,
    recorder: Recorder,
}

impl Default for CronJobController {
    fn default() -> Self {
        CronJobController {
            kind: Kind::of("batch/v1", "CronJob"),
            job: Kind::of("batch/v1", "Job"),
            by_uid: LookupMap::default(),
            syncs: Syncs::new(Controller::CronJob, WORKERS),
            recorder: Recorder::new("cronjob-controller"),
        }
    }
}

impl CronJobController {
    pub(crate) fn run(&mut self, ctx: &mut Ctx) {
        self.syncs.run(ctx);
    }

    pub(crate) fn on_change(&mut self, change: &CacheChange, ctx: &mut Ctx) {
        let CacheChange::Other(kind, change) = change else { return };
        if Some(*kind) == self.kind {
            self.on_cron_job(change, ctx);
        } else if Some(*kind) == self.job {
            for job in [&change.old, &change.new].into_iter().flatten() {
                let owner = job.meta.controller().and_then(|owner| self.by_uid.get(&owner.uid)).cloned();
                if let Some(key) = owner {
                    self.syncs.add(key, ctx);
                }
            }
        }
    }

    fn on_cron_job(&mut self, change: &Change<Other>, ctx: &mut Ctx) {
        if let Some(old) = &change.old {
            self.by_uid.remove(&old.meta.uid);
        }
        if let Some(new) = &change.new {
            let key = Key::of(&new.meta);
            self.by_uid.insert(new.meta.uid, key.clone());
            self.syncs.add(key, ctx);
        }
    }

    pub(crate) fn on_timer(&mut self, timer: Timer, caches: &Caches, ctx: &mut Ctx) {
        let CronJobController { kind, job, syncs, recorder, .. } = self;
        let begin = |key: &Key, _: &mut Ctx| {
            let cron_job = caches.others.get(&(*kind)?)?.get(key)?.clone();
            let index = job.and_then(|kind| caches.others.get(&kind));
            let here = index.into_iter().flat_map(|index| in_namespace(index, &key.namespace));
            let mine = here
                .map(|(_, job)| job)
                .filter(|job| job.meta.controller().is_some_and(|owner| owner.uid == cron_job.meta.uid));
            let jobs = mine.cloned().collect();
            Some(Start { cron_job, jobs })
        };
        syncs.on_timer(timer, ctx, begin, |start, io| sync::sync(start, recorder, io));
    }

    pub(crate) fn on_answer(&mut self, sync: u64, nth: u16, answer: Answer, ctx: &mut Ctx) {
        let recorder = &mut self.recorder;
        self.syncs.on_answer(sync, nth, answer, ctx, |start, io| sync::sync(start, recorder, io));
    }
}

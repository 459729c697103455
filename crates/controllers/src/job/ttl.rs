//! The controller that deletes Jobs some time after they are over.
//!
//! Kubernetes: pkg/controller/ttlafterfinished/ttlafterfinished_controller.go.

use std::rc::Rc;

use super::finished_condition;
use crate::worker::Worker;
use api::json;
use api::object::{Key, Kind, Other};
use client::informer::{CacheChange, Caches};
use sim::{Duration, Time, Timestamp};
use wire::{Answer, Call, Controller, Ctx, DeleteOptions, Propagation};

#[derive(Clone, Debug)]
pub(crate) struct TtlAfterFinishedController {
    kind: Option<Kind>,
    worker: Worker<Key>,
}

/// When the Job is to go.
fn expires_at(job: &Other) -> Option<Time> {
    let ttl = json::int(json::get(&job.raw, "spec"), "ttlSecondsAfterFinished")?;
    let finished = finished_condition(job)?["lastTransitionTime"].as_str().and_then(Timestamp::parse)?;
    Some(finished.time() + Duration::from_secs(u64::try_from(ttl).unwrap_or(0)))
}

impl Default for TtlAfterFinishedController {
    fn default() -> Self {
        TtlAfterFinishedController {
            kind: Kind::of("batch/v1", "Job"),
            worker: Worker::new(Controller::TtlAfterFinished),
        }
    }
}

impl TtlAfterFinishedController {
    pub(crate) fn run(&mut self, ctx: &mut Ctx) {
        self.worker.run(ctx);
    }

    pub(crate) fn on_change(&mut self, change: &CacheChange, ctx: &mut Ctx) {
        let CacheChange::Other(kind, change) = change else { return };
        if Some(*kind) != self.kind {
            return;
        }
        if let Some(job) = &change.new
            && !job.meta.is_terminating()
            && let Some(at) = expires_at(job)
        {
            self.worker.add_after(Key::of(&job.meta), at.since(ctx.now), ctx);
        }
    }

    pub(crate) fn on_timer(&mut self, caches: &Caches, ctx: &mut Ctx) {
        for key in self.worker.take(ctx) {
            let job = self.kind.and_then(|kind| caches.others.get(&kind)?.get(&key));
            let due =
                job.filter(|job| !job.meta.is_terminating()).and_then(|job| Some((job, expires_at(job)?)));
            match due {
                Some((_, at)) if at > ctx.now => {
                    self.worker.add_after(key.clone(), at.since(ctx.now), ctx);
                    self.worker.done(&key, ctx);
                }
                Some((job, _)) => {
                    let call = delete(job);
                    self.worker.ask(key, call, ctx);
                }
                None => self.worker.done(&key, ctx),
            }
        }
        self.worker.settle(ctx);
    }

    pub(crate) fn on_answer(&mut self, request: u64, answer: &Answer, ctx: &mut Ctx) {
        if let Some(key) = self.worker.answered(request) {
            self.worker.finish(key, answer, ctx);
        }
    }
}

/// Its pods go before it.
fn delete(job: &Rc<Other>) -> Call {
    let options = DeleteOptions {
        propagation: Propagation::Foreground,
        uid: Some(job.meta.uid),
        ..DeleteOptions::default()
    };
    Call::Delete { kind: job.kind, key: Key::of(&job.meta), options }
}

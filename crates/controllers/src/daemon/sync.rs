//! One sync of a DaemonSet: the procedure, and the workers that run it.
//!
//! In order (DS-036): the revision history; if something asked for earlier was not seen yet, only the status;
//! else missing and surplus pods, the rolling update, old revisions, the status. Each part has a file.
//!
//! Kubernetes: pkg/controller/daemon/daemon_controller.go.

use std::rc::Rc;

use super::construct_history::{CleanupParts, HistoryParts, cleanup_history, construct_history};
use super::manage::{ManageParts, manage};
use super::part::Io;
use super::status::{StatusParts, update_daemon_set_status};
use super::update::rolling_update;
use super::{DaemonSetsController, Revisions, SetId};
use crate::procedure::{Stop, SyncResult};
use api::daemonset::{DaemonSet, UpdateStrategy};
use api::event::{EventType, Message};
use api::object::Key;
use client::informer::Caches;
use wire::{Answer, Ctx};

/// What a sync begins with.
#[derive(Clone, Debug)]
pub(super) struct Start {
    pub(super) set: SetId,
    /// As the cache had it.
    pub(super) ds: Rc<DaemonSet>,
}

/// How far a sync has come.
#[derive(Clone, Debug, Default)]
struct Progress {
    history: HistoryParts,
    /// Whether everything asked for earlier was seen when the history was known, and when pods were managed.
    satisfied: Option<bool>,
    satisfied_after_manage: Option<bool>,
    manage: ManageParts,
    rolling_update: ManageParts,
    cleanup: CleanupParts,
    status: StatusParts,
}

/// A sync under way.
#[derive(Clone, Debug)]
pub(super) struct Sync {
    id: u64,
    start: Start,
    progress: Progress,
}

/// Kubernetes: syncDaemonSet.
fn sync_daemon_set(start: &Start, progress: &mut Progress, io: &mut Io) -> SyncResult<()> {
    let revisions = construct_history(start, &mut progress.history, io)
        .map_err(|stop| stop.while_doing("failed to construct revisions of DaemonSet"))?;
    if !satisfied_expectations(&mut progress.satisfied, start, io) {
        // The observed generation stays: nothing was done for this generation.
        return update_daemon_set_status(start, &revisions, false, &mut progress.status, io);
    }
    let updated = update_daemon_set(start, &revisions, progress, io);
    if updated == Err(Stop::Wait) {
        return updated;
    }
    let status = update_daemon_set_status(start, &revisions, true, &mut progress.status, io);
    if status == Err(Stop::Wait) { status } else { updated.and(status) }
}

/// Kubernetes: updateDaemonSet.
fn update_daemon_set(
    start: &Start,
    revisions: &Revisions,
    progress: &mut Progress,
    io: &mut Io,
) -> SyncResult<()> {
    manage(start, revisions, &mut progress.manage, io)?;
    if satisfied_expectations(&mut progress.satisfied_after_manage, start, io)
        && let UpdateStrategy::RollingUpdate { .. } = start.ds.update_strategy
    {
        rolling_update(start, revisions, &mut progress.rolling_update, io)?;
    }
    cleanup_history(start, revisions, &mut progress.cleanup, io)
        .map_err(|stop| stop.while_doing("failed to clean up revisions of DaemonSet"))
}

/// Whether all that was asked for was seen, when the sync first came here.
fn satisfied_expectations(answer: &mut Option<bool>, start: &Start, io: &Io) -> bool {
    *answer.get_or_insert_with(|| io.dsc.expectations.satisfied(&start.set, io.ctx.now))
}

impl DaemonSetsController {
    /// Begins a sync of a DaemonSet, unless it is gone or nothing may be done for it.
    pub(super) fn start_sync(&mut self, worker: usize, set: SetId, caches: &Caches, ctx: &mut Ctx) {
        let Some(state) = self.sets.get(&set) else { return self.queue.done(&set) };
        let (ds, regarding) = (state.ds.clone(), state.regarding.clone());
        if state.deleted {
            self.sets.remove(&set);
            self.expectations.delete_expectations(&set);
            self.queue.forget(&set);
            return self.queue.done(&set);
        }
        if ds.selector.is_everything() {
            let text = "This daemon set is selecting all pods. A non-empty selector is required.";
            let message = Message::Static(text);
            self.recorder.event(ctx, &regarding, EventType::Warning, "SelectingAll", message);
        }
        if ds.selector.is_everything() || ds.meta.is_terminating() {
            self.queue.forget(&set);
            return self.queue.done(&set);
        }
        let id = self.next_sync;
        self.next_sync += 1;
        let sync = Sync { id, start: Start { set, ds }, progress: Progress::default() };
        self.drive(worker, sync, None, caches, ctx);
    }

    /// Syncs the DaemonSet with this key at once, past the queue. For tests.
    pub fn sync_now(&mut self, key: &Key, caches: &Caches, ctx: &mut Ctx) {
        let found = self.sets.iter().find(|(_, state)| !state.deleted && Key::of(&state.ds.meta) == *key);
        if let (Some((set, _)), Some(worker)) = (found, self.workers.iter().position(Option::is_none)) {
            self.start_sync(worker, *set, caches, ctx);
        }
    }

    /// An answer to request number `nth` of those that the sync `id` sent together.
    pub(crate) fn on_answer(&mut self, id: u64, nth: u16, answer: Answer, caches: &Caches, ctx: &mut Ctx) {
        let is_it = |worker: &Option<Sync>| worker.as_ref().is_some_and(|sync| sync.id == id);
        let Some(worker) = self.workers.iter().position(is_it) else { return };
        let Some(sync) = self.workers[worker].take() else { return };
        self.drive(worker, sync, Some((usize::from(nth), answer)), caches, ctx);
        self.kick(ctx);
    }

    /// Runs a sync until it waits or is over.
    fn drive(
        &mut self,
        worker: usize,
        mut sync: Sync,
        answer: Option<(usize, Answer)>,
        caches: &Caches,
        ctx: &mut Ctx,
    ) {
        let mut io = Io { dsc: self, caches, ctx, sync: sync.id, answer };
        let result = sync_daemon_set(&sync.start, &mut sync.progress, &mut io);
        let set = sync.start.set;
        self.last_error = match result {
            Err(Stop::Wait) => {
                self.workers[worker] = Some(sync);
                return;
            }
            Ok(()) => {
                self.queue.forget(&set);
                None
            }
            Err(Stop::Failed(error)) => {
                self.queue.add_rate_limited(set, ctx.now);
                Some(error)
            }
        };
        self.queue.done(&set);
    }
}

//! The part of a sync that writes the status.
//!
//! Kubernetes: pkg/controller/daemon/daemon_controller.go, storeDaemonSetStatus.

use std::rc::Rc;

use super::Revisions;
use super::claims::{ClaimPods, get_nodes_to_daemon_pods};
use super::part::{Io, Part};
use super::placement::Sums;
use super::sync::Start;
use crate::error_text;
use crate::procedure::{Stop, SyncResult};
use api::daemonset::{DaemonSet, DaemonSetStatus};
use api::object::{Key, Kind, Object};
use sim::Duration;
use wire::{Answer, Call, Reply};

/// How often a write is tried again at once (DS-064).
const STATUS_UPDATE_RETRIES: u32 = 1;

/// A status on its way: one write, and one more after a fresh read.
#[derive(Clone, Debug)]
pub struct StatusWrite {
    ds: Rc<DaemonSet>,
    numbers: DaemonSetStatus,
    update_observed_generation: bool,
    tries: u32,
    reading: bool,
}

/// What to do after an answer.
#[derive(Clone, Debug)]
pub enum Next {
    /// Send this, and give the answer to [`StatusWrite::on_answer`].
    Send(Call),
    /// It is over; the error is client-go's sentence.
    Done(Result<(), String>),
}

impl StatusWrite {
    /// A write of these numbers; `None` if they are what the status says already and it is of the present
    /// generation.
    ///
    /// Rules: DS-063, DS-064.
    pub fn new(
        ds: &Rc<DaemonSet>,
        numbers: DaemonSetStatus,
        update_observed_generation: bool,
    ) -> Option<StatusWrite> {
        let same = DaemonSetStatus {
            observed_generation: ds.status.observed_generation,
            collision_count: ds.status.collision_count,
            ..numbers
        } == ds.status;
        if same && ds.status.observed_generation >= ds.meta.generation {
            return None;
        }
        let ds = ds.clone();
        Some(StatusWrite { ds, numbers, update_observed_generation, tries: 0, reading: false })
    }

    /// The first write.
    pub fn first_call(&self) -> Call {
        self.update(&self.ds)
    }

    fn update(&self, base: &DaemonSet) -> Call {
        let mut new = base.clone();
        let generation = match self.update_observed_generation {
            true => self.ds.meta.generation,
            false => base.status.observed_generation,
        };
        new.status = DaemonSetStatus {
            observed_generation: generation,
            collision_count: base.status.collision_count,
            ..self.numbers
        };
        Call::UpdateStatus(Object::DaemonSet(Rc::new(new)))
    }

    /// Goes on with an answer to what it asked last.
    pub fn on_answer(&mut self, answer: &Answer) -> Next {
        if std::mem::take(&mut self.reading) {
            return match &answer.result {
                Ok(Reply::Object(Object::DaemonSet(fresh))) => Next::Send(self.update(fresh)),
                Ok(_) => Next::Done(Err("no DaemonSet came back".to_owned())),
                Err(error) => Next::Done(Err(error_text(error))),
            };
        }
        match &answer.result {
            Ok(_) => Next::Done(Ok(())),
            Err(error) if self.tries >= STATUS_UPDATE_RETRIES => Next::Done(Err(error_text(error))),
            Err(_) => {
                self.tries += 1;
                self.reading = true;
                Next::Send(Call::Get { kind: Kind::DaemonSet, key: Key::of(&self.ds.meta) })
            }
        }
    }
}

/// What [`update_daemon_set_status`] keeps from answer to answer.
#[derive(Clone, Debug, Default)]
pub(super) struct StatusParts {
    claims: ClaimPods,
    write: Part<Option<StatusWrite>, ()>,
}

/// Kubernetes: updateDaemonSetStatus. Rules: DS-050, DS-064.
pub(super) fn update_daemon_set_status(
    start: &Start,
    revisions: &Revisions,
    update_observed_generation: bool,
    parts: &mut StatusParts,
    io: &mut Io,
) -> SyncResult<()> {
    get_nodes_to_daemon_pods(start, revisions, &mut parts.claims, io)?;
    let begin = |io: &mut Io| {
        let Some(state) = io.dsc.sets.get(&start.set) else { return Ok(None) };
        let numbers = state.placement.status(&start.ds.status);
        let write = StatusWrite::new(&start.ds, numbers, update_observed_generation);
        if let Some(write) = &write {
            io.send(0, write.first_call());
        }
        Ok(write)
    };
    parts.write.run(io, begin, store_daemon_set_status)?;
    let min_ready = start.ds.min_ready;
    let waits = |sums: &Sums| sums.ready != sums.available;
    let state = io.dsc.sets.get(&start.set);
    if min_ready > Duration::ZERO && state.is_some_and(|state| waits(&state.placement.sums)) {
        io.dsc.queue.add_after(start.set, min_ready, io.ctx.now);
    }
    Ok(())
}

/// Kubernetes: storeDaemonSetStatus.
fn store_daemon_set_status(write: &mut Option<StatusWrite>, io: &mut Io) -> SyncResult<()> {
    let Some(write) = write else { return Ok(()) };
    loop {
        let (_, answer) = io.take_answer()?;
        match write.on_answer(&answer) {
            Next::Send(call) => io.send(0, call),
            Next::Done(result) => return result.map_err(Stop::Failed),
        }
    }
}

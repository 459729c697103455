//! What the parts of a sync have in common: how they ask, wait for answers, and remember what they came to.
//!
//! A sync runs from its beginning each time an answer comes. A part that is over gives its result again, the
//! one that waits takes the answer and goes on.

use std::collections::VecDeque;

use super::DaemonSetsController;
use crate::procedure::{Got, Stop, SyncResult, fail};
use client::informer::Caches;
use wire::{Answer, Call, Ctx};

/// What a sync works with: its controller, the caches, and the answer that has just come.
pub(super) struct Io<'a, 'b> {
    pub(super) dsc: &'a mut DaemonSetsController,
    pub(super) caches: &'a Caches,
    pub(super) ctx: &'a mut Ctx<'b>,
    /// The number of the sync; its requests carry it.
    pub(super) sync: u64,
    /// The answer, and which of the requests sent together it belongs to.
    pub(super) answer: Option<(usize, Answer)>,
}

impl Io<'_, '_> {
    /// Sends a request: number `n` of those that are sent together.
    pub(super) fn send(&mut self, n: usize, call: Call) {
        self.ctx.request(call, super::token(self.sync, n));
    }

    /// The answer that has come, and the number of its request.
    pub(super) fn take_answer(&mut self) -> SyncResult<(usize, Answer)> {
        self.answer.take().ok_or(Stop::Wait)
    }
}

/// A part of a sync. `S` is what it keeps from answer to answer, `T` its result.
#[derive(Clone, Debug, Default)]
pub(super) enum Part<S, T> {
    #[default]
    NotBegun,
    UnderWay(S),
    Over(SyncResult<T>),
}

impl<S, T: Clone> Part<S, T> {
    /// Runs the part as far as it gets: `begin` once, then `go_on` for each answer until it has a result.
    pub(super) fn run(
        &mut self,
        io: &mut Io,
        begin: impl FnOnce(&mut Io) -> SyncResult<S>,
        go_on: impl FnOnce(&mut S, &mut Io) -> SyncResult<T>,
    ) -> SyncResult<T> {
        if let Part::NotBegun = self {
            *self = begin(io).map_or_else(|stop| Part::Over(Err(stop)), Part::UnderWay);
        }
        let result = match self {
            Part::Over(result) => return result.clone(),
            Part::UnderWay(state) => go_on(state, io),
            Part::NotBegun => Err(Stop::Wait),
        };
        if result.as_ref().err() != Some(&Stop::Wait) {
            *self = Part::Over(result.clone());
        }
        result
    }
}

/// One request.
pub(super) type Request = Part<(), Got>;

impl Request {
    pub(super) fn ask(&mut self, io: &mut Io, call: impl FnOnce() -> Call) -> SyncResult<Got> {
        let send = |io: &mut Io| {
            io.send(0, call());
            Ok(())
        };
        self.run(io, send, |(), io| io.take_answer().map(|(_, answer)| answer.result))
    }
}

/// Requests that are sent one after the other. The first that fails ends the part.
pub(super) type Requests = Part<InTurn, ()>;

/// The requests that are left.
#[derive(Clone, Debug)]
pub(super) struct InTurn {
    left: VecDeque<Call>,
    asked: bool,
}

impl Requests {
    pub(super) fn ask_in_turn(
        &mut self,
        io: &mut Io,
        calls: impl FnOnce(&mut Io) -> Vec<Call>,
    ) -> SyncResult<()> {
        self.run(io, |io| Ok(InTurn { left: calls(io).into(), asked: false }), InTurn::go_on)
    }
}

impl InTurn {
    fn go_on(&mut self, io: &mut Io) -> SyncResult<()> {
        loop {
            if self.asked {
                let (_, answer) = io.take_answer()?;
                answer.result.map_err(|error| fail(&error))?;
            }
            let Some(call) = self.left.pop_front() else { return Ok(()) };
            io.send(0, call);
            self.asked = true;
        }
    }
}

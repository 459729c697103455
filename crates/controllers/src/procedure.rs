//! Syncs that wait for answers, written as straight-line code.
//!
//! A sync is a function of what it was given when it began and of the answers that have come since. It runs
//! again from its beginning with each round of answers and stops at the first request that has no answer yet.
//! What it does apart from asking goes through [`Io::first_time`], so that it happens once.

use std::hash::Hash;

use client::workqueue::WorkQueue;
use sim::{Duration, SortedMap, Time};
use wire::{Answer, Call, CallError, Controller, ControllerTimer, Ctx, Reply, Timer, Token};

use super::error_text;
use super::worker::Alarm;

/// Why a sync does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Answers are outstanding.
    Wait,
    /// It went wrong and is tried again after its back-off.
    Failed(String),
}

impl Stop {
    /// Says in an error what was tried.
    pub(crate) fn while_doing(self, what: &str) -> Stop {
        match self {
            Stop::Failed(error) => Stop::Failed(format!("{what}: {error}")),
            Stop::Wait => Stop::Wait,
        }
    }
}

/// What a step of a sync gives.
pub(crate) type SyncResult<T> = Result<T, Stop>;

/// What one request brought.
pub(crate) type Got = Result<Reply, CallError>;

/// The error of a request ends the sync.
pub(crate) fn fail(error: &CallError) -> Stop {
    Stop::Failed(error_text(error))
}

/// Requests that were sent together, and their answers.
#[derive(Clone, Debug)]
struct Round {
    answers: Vec<Option<Got>>,
    /// When the last answer came.
    at: Time,
}

/// How far a sync has come.
#[derive(Clone, Debug)]
struct Progress {
    id: u64,
    controller: Controller,
    began: Time,
    rounds: Vec<Round>,
    /// How many of its own actions were carried out.
    acted: usize,
}

/// What a running sync asks and acts through.
pub(crate) struct Io<'a, 'b> {
    progress: &'a mut Progress,
    pub(crate) ctx: &'a mut Ctx<'b>,
    round: usize,
    action: usize,
    now: Time,
    again: Option<Duration>,
}

impl Io<'_, '_> {
    /// The time at this place in the sync: when its last answer came.
    pub(crate) fn now(&self) -> Time {
        self.now
    }

    /// Sends requests together and waits for all their answers.
    pub(crate) fn ask_all(&mut self, calls: Vec<Call>) -> SyncResult<Vec<Got>> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let Some(round) = self.progress.rounds.get(self.round) else {
            let answers = vec![None; calls.len()];
            self.progress.rounds.push(Round { answers, at: self.ctx.now });
            for (at, call) in calls.into_iter().enumerate() {
                let (controller, sync) = (self.progress.controller, self.progress.id);
                self.ctx.request(call, Token::Controller { controller, sync, nth: at as u16 });
            }
            return Err(Stop::Wait);
        };
        let answers: Option<Vec<Got>> = round.answers.iter().cloned().collect();
        self.round += 1;
        self.now = round.at;
        answers.ok_or(Stop::Wait)
    }

    pub(crate) fn ask(&mut self, call: Call) -> SyncResult<Got> {
        let got = self.ask_all(vec![call])?.pop();
        Ok(got.unwrap_or(Err(CallError::Canceled)))
    }

    /// Whether the sync is at this place for the first time: what follows is to be done now.
    pub(crate) fn first_time(&mut self) -> bool {
        self.action += 1;
        let first = self.action > self.progress.acted;
        self.progress.acted = self.progress.acted.max(self.action);
        first
    }

    /// The same object is synced again after a while, if this sync succeeds.
    pub(crate) fn add_after(&mut self, after: Duration) {
        self.again = Some(after);
    }
}

/// The work queue of a controller and its syncs under way. `S` is what a sync is given at its beginning.
#[derive(Clone, Debug)]
pub(crate) struct Syncs<K, S> {
    controller: Controller,
    workers: usize,
    queue: WorkQueue<K>,
    under_way: SortedMap<u64, (K, S, Progress)>,
    next: u64,
    alarm: Alarm,
    running: bool,
}

impl<K: Ord + Hash + Clone, S> Syncs<K, S> {
    /// `workers` is how many syncs run at once.
    pub(crate) fn new(controller: Controller, workers: usize) -> Syncs<K, S> {
        Syncs {
            controller,
            workers,
            queue: WorkQueue::default(),
            under_way: SortedMap::new(),
            next: 1,
            alarm: Alarm::new(controller, ControllerTimer::Work),
            running: false,
        }
    }

    /// From now on timers are set.
    pub(crate) fn run(&mut self, ctx: &mut Ctx) {
        self.running = true;
        self.schedule(ctx);
    }

    pub(crate) fn add(&mut self, key: K, ctx: &mut Ctx) {
        self.queue.add(key);
        self.schedule(ctx);
    }

    /// Queues a key after a while; of several whiles the earliest end counts.
    pub(crate) fn add_after(&mut self, key: K, after: Duration, ctx: &mut Ctx) {
        self.queue.add_after(key, after, ctx.now);
        self.schedule(ctx);
    }

    fn schedule(&mut self, ctx: &mut Ctx) {
        let idle = self.under_way.len() < self.workers;
        let now = Some(ctx.now).filter(|_| idle && !self.queue.is_empty());
        if let Some(at) = now.or(self.queue.next_due()).filter(|_| self.running) {
            self.alarm.set(at.max(ctx.now), ctx);
        }
    }

    /// On a timer: begins the syncs that a worker is free for. `begin` gives what a sync starts from, or
    /// `None` where there is nothing to do; `sync` is the sync itself.
    pub(crate) fn on_timer(
        &mut self,
        timer: Timer,
        ctx: &mut Ctx,
        mut begin: impl FnMut(&K, &mut Ctx) -> Option<S>,
        mut sync: impl FnMut(&S, &mut Io) -> SyncResult<()>,
    ) {
        if !self.alarm.rings(timer, ctx.now) {
            return;
        }
        self.queue.poll(ctx.now);
        while self.under_way.len() < self.workers {
            let Some(key) = self.queue.get() else { break };
            let Some(start) = begin(&key, ctx) else {
                self.queue.forget(&key);
                self.queue.done(&key);
                continue;
            };
            let (id, controller, began) = (self.next, self.controller, ctx.now);
            self.next += 1;
            let progress = Progress { id, controller, began, rounds: Vec::new(), acted: 0 };
            self.drive(key, start, progress, ctx, &mut sync);
        }
        self.schedule(ctx);
    }

    pub(crate) fn on_answer(
        &mut self,
        id: u64,
        nth: u16,
        answer: Answer,
        ctx: &mut Ctx,
        mut sync: impl FnMut(&S, &mut Io) -> SyncResult<()>,
    ) {
        let Some((_, _, progress)) = self.under_way.get_mut(&id) else { return };
        let Some(round) = progress.rounds.last_mut() else { return };
        if let Some(slot) = round.answers.get_mut(usize::from(nth)) {
            *slot = Some(answer.result);
        }
        round.at = ctx.now;
        if round.answers.iter().any(Option::is_none) {
            return;
        }
        if let Some((key, start, progress)) = self.under_way.remove(&id) {
            self.drive(key, start, progress, ctx, &mut sync);
        }
        self.schedule(ctx);
    }

    fn drive(
        &mut self,
        key: K,
        start: S,
        mut progress: Progress,
        ctx: &mut Ctx,
        sync: &mut impl FnMut(&S, &mut Io) -> SyncResult<()>,
    ) {
        let now = progress.began;
        let mut io = Io { progress: &mut progress, ctx, round: 0, action: 0, now, again: None };
        let result = sync(&start, &mut io);
        let again = io.again;
        match result {
            Err(Stop::Wait) => {
                self.under_way.insert(progress.id, (key, start, progress));
                return;
            }
            Ok(()) => {
                self.queue.forget(&key);
                if let Some(after) = again {
                    self.queue.add_after(key.clone(), after, ctx.now);
                }
            }
            Err(Stop::Failed(_)) => self.queue.add_rate_limited(key.clone(), ctx.now),
        }
        self.queue.done(&key);
    }
}

//! A work queue with requests under way: what a simple controller needs to see its work through.
//!
//! Items wait in the queue until the present batch of news is over. Those whose request failed come again
//! after their back-off.

use std::hash::Hash;

use client::workqueue::WorkQueue;
use sim::{Duration, SortedMap, Time};
use wire::{Answer, Call, CallError, Controller, ControllerTimer, Ctx, Timer, Token};

/// Requests under way, by the numbers that their answers will carry.
#[derive(Clone, Debug)]
pub(crate) struct Requests<W> {
    controller: Controller,
    last: u64,
    asked: SortedMap<u64, W>,
}

impl<W> Requests<W> {
    pub(crate) fn new(controller: Controller) -> Requests<W> {
        Requests { controller, last: 0, asked: SortedMap::new() }
    }

    /// Sends a request for `work`, which [`Requests::answered`] returns.
    pub(crate) fn ask(&mut self, work: W, call: Call, ctx: &mut Ctx) {
        self.last += 1;
        self.asked.insert(self.last, work);
        let token = Token::Controller { controller: self.controller, sync: self.last, nth: 0 };
        ctx.request(call, token);
    }

    pub(crate) fn answered(&mut self, request: u64) -> Option<W> {
        self.asked.remove(&request)
    }
}

/// When a loop that only runs when it has work is to run next.
#[derive(Clone, Debug)]
pub(crate) struct Alarm {
    timer: Timer,
    due: Option<Time>,
}

impl Alarm {
    pub(crate) fn new(controller: Controller, timer: ControllerTimer) -> Alarm {
        Alarm { timer: Timer::Controller(controller, timer), due: None }
    }

    /// Rings at `at`, unless it rings sooner anyway.
    pub(crate) fn set(&mut self, at: Time, ctx: &mut Ctx) {
        if self.due.is_none_or(|due| due > at) {
            self.due = Some(at);
            ctx.wake_at(at, self.timer);
        }
    }

    /// Forgets what it was set for.
    pub(crate) fn stop(&mut self) {
        self.due = None;
    }

    /// On a timer: whether this is what it was set for.
    pub(crate) fn rings(&mut self, timer: Timer, now: Time) -> bool {
        let rings = timer == self.timer && self.due.is_some_and(|due| due <= now);
        if rings {
            self.due = None;
        }
        rings
    }
}

/// The queue of one controller.
#[derive(Clone, Debug)]
pub(crate) struct Worker<W> {
    queue: WorkQueue<W>,
    requests: Requests<W>,
    alarm: Alarm,
    running: bool,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// There is no such object, or the name now belongs to another one.
    Gone,
    Failed,
}

/// What an answer means to a controller that changes objects.
pub(crate) fn outcome(answer: &Answer) -> Outcome {
    match &answer.result {
        Ok(_) => Outcome::Done,
        Err(CallError::Status(status)) if status.is_not_found() || status.is_conflict() => Outcome::Gone,
        Err(_) => Outcome::Failed,
    }
}

impl<W: Ord + Hash + Clone> Worker<W> {
    pub(crate) fn new(controller: Controller) -> Worker<W> {
        let (queue, requests) = (WorkQueue::default(), Requests::new(controller));
        let alarm = Alarm::new(controller, ControllerTimer::Work);
        Worker { queue, requests, alarm, running: false }
    }

    /// From now on timers are set.
    pub(crate) fn run(&mut self, ctx: &mut Ctx) {
        self.running = true;
        self.schedule(ctx);
    }

    pub(crate) fn add(&mut self, work: W, ctx: &mut Ctx) {
        self.queue.add(work);
        self.schedule(ctx);
    }

    /// Queues an item after a while; of several whiles the earliest end counts.
    pub(crate) fn add_after(&mut self, work: W, after: Duration, ctx: &mut Ctx) {
        self.queue.add_after(work, after, ctx.now);
        self.schedule(ctx);
    }

    fn schedule(&mut self, ctx: &mut Ctx) {
        let next = if self.queue.is_empty() { self.queue.next_due() } else { Some(ctx.now) };
        if let Some(at) = next.filter(|_| self.running) {
            self.alarm.set(at, ctx);
        }
    }

    /// On a timer: what is to be done now. Each item is in the caller's hands until it is asked for, done with
    /// or put back.
    pub(crate) fn take(&mut self, ctx: &mut Ctx) -> Vec<W> {
        self.alarm.stop();
        self.queue.poll(ctx.now);
        std::iter::from_fn(|| self.queue.get()).collect()
    }

    /// After a batch: sets the timer for what is delayed.
    pub(crate) fn settle(&mut self, ctx: &mut Ctx) {
        self.schedule(ctx);
    }

    /// Sends the item's request; its answer is taken in by [`Worker::answered`].
    pub(crate) fn ask(&mut self, work: W, call: Call, ctx: &mut Ctx) {
        self.requests.ask(work, call, ctx);
    }

    /// The item whose request this answers.
    pub(crate) fn answered(&mut self, request: u64) -> Option<W> {
        self.requests.answered(request)
    }

    /// The item is done with.
    pub(crate) fn done(&mut self, work: &W, ctx: &mut Ctx) {
        self.queue.forget(work);
        self.queue.done(work);
        self.schedule(ctx);
    }

    /// The item failed and comes again after its back-off.
    pub(crate) fn retry(&mut self, work: W, ctx: &mut Ctx) {
        self.queue.add_rate_limited(work.clone(), ctx.now);
        self.queue.done(&work);
        self.schedule(ctx);
    }

    /// Done with, unless the request failed.
    pub(crate) fn finish(&mut self, work: W, answer: &Answer, ctx: &mut Ctx) -> Outcome {
        let outcome = outcome(answer);
        match outcome {
            Outcome::Failed => self.retry(work, ctx),
            Outcome::Done | Outcome::Gone => self.done(&work, ctx),
        }
        outcome
    }
}

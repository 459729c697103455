//! Events that did not reach the API server: the component that posted them tries again, one event after another.
//!
//! Kubernetes: staging/src/k8s.io/client-go/tools/record/event.go, recordToSink.

use std::collections::VecDeque;

use super::post::Leg;
use super::{Cluster, Wake};
use api::event::EventDraft;
use api::status_error::{StatusError, StatusReason};
use sim::{Duration, Time};
use wire::{Call, CallError, Part, Token};

/// Between two tries.
const SLEEP: Duration = Duration::from_secs(10);
/// An event that was tried so long is given up: twelve times.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(115);
/// How many events wait; more are dropped.
const QUEUE_LENGTH: usize = 1000;

/// What a process has to say and could not yet.
#[derive(Clone, Debug)]
pub(super) struct Undelivered {
    /// Since when the first of them is tried.
    since: Time,
    events: VecDeque<EventDraft>,
}

impl Cluster {
    /// An event has not been taken. One that the API server refuses is not said again.
    pub(super) fn event_failed(&mut self, part: Part, draft: EventDraft, error: &CallError) {
        match error {
            CallError::Status(status) => self.event_rejected(part, draft, (**status).clone()),
            _ => {
                let since = self.now;
                let waiting = (self.undelivered.entry(part))
                    .or_insert_with(|| Undelivered { since, events: VecDeque::new() });
                if waiting.events.len() < QUEUE_LENGTH {
                    waiting.events.push_back(draft);
                }
            }
        }
    }

    /// A kubelet writes into its log what became of its event.
    pub(super) fn event_rejected(&mut self, part: Part, draft: EventDraft, error: StatusError) {
        // That its namespace is being deleted is not worth a line.
        if matches!(part, Part::Kubelet(_)) && error.reason != StatusReason::Forbidden {
            self.post_leg(part, Token::None, Leg::EventRejected(Box::new((draft, error))));
        }
    }

    /// The API server can be reached again: the next try is the one that succeeds.
    pub(super) fn retry_events(&mut self, part: Part) {
        if let Some(waiting) = self.undelivered.get(&part) {
            let at = (self.now + Duration(1)).next_tick(waiting.since, SLEEP);
            self.agenda.push(at, Wake::Events(part));
        }
    }

    /// The same for all who have something to say.
    pub(super) fn retry_all_events(&mut self) {
        let parts: Vec<Part> = self.undelivered.keys().copied().collect();
        for part in parts {
            self.retry_events(part);
        }
    }

    /// A try: all that waits is sent, but for what has been given up meanwhile.
    pub(super) fn send_events(&mut self, part: Part) {
        if !self.api_up() || !self.linked(part) {
            return;
        }
        let Some(mut waiting) = self.undelivered.remove(&part) else { return };
        while self.now.since(waiting.since) >= GIVEN_UP_AFTER && waiting.events.pop_front().is_some() {
            waiting.since += GIVEN_UP_AFTER;
        }
        for draft in waiting.events {
            self.send(part, Call::PostEvent(draft), Token::None);
        }
    }

    /// A process has ended, and with it what it wanted to say.
    pub(super) fn forget_events(&mut self, part: Part) {
        self.undelivered.remove(&part);
    }
}

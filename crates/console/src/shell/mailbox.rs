//! What a shell has asked the world for, and the answers.

use std::collections::VecDeque;

use cli_runtime::job::{Edited, WatchSpec};
use sim::Time;
use wire::{Answer, Call, CallError, WatchEvent};

use super::Shell;
use super::thread::ThreadId;

/// What a shell asks of the world.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Send this to the API server; bring the answer with [`Shell::mail`].
    Call {
        /// Who in the shell asks.
        ticket: u32,
        /// What is asked.
        call: Call,
    },
    /// Bring this watch's events; it replaces the ticket's watch before.
    Watch {
        /// Who in the shell watches.
        ticket: u32,
        /// What is watched.
        watch: WatchSpec,
    },
    /// The ticket's watch is over.
    Unwatch {
        /// Whose watch it is.
        ticket: u32,
    },
    /// Nothing is wanted: a `kubectl apply` has ended with an error, though an API server listened.
    ApplyFailed,
    /// Call [`Programs::advance`](crate::Programs::advance) then.
    Wake {
        /// When.
        at: Time,
    },
}

/// What comes for a ticket.
#[derive(Clone, Debug)]
pub enum Mail {
    /// The answer to a call.
    Answer(Answer),
    /// An event of a watch.
    Event(WatchEvent),
    /// A watch has ended, and why.
    Closed(CallError),
    /// How an editing ended.
    Edited(Edited),
}

impl Shell {
    /// Brings what came for a ticket; one that nobody waits for any more is dropped.
    pub fn mail(&mut self, ticket: u32, at: Time, mail: Mail) {
        if let Some(waiting) = self.mail.get_mut(&ticket) {
            waiting.push_back((at, mail));
        }
    }

    // ---- tickets ----

    /// A new ticket, for which something can come from now on.
    pub(super) fn ticket(&mut self) -> u32 {
        self.last_ticket += 1;
        self.mail.insert(self.last_ticket, VecDeque::new());
        self.last_ticket
    }

    pub(super) fn drop_ticket(&mut self, ticket: u32) {
        self.mail.remove(&ticket);
        if self.watches.remove(&ticket).is_some() {
            self.requests.push(Request::Unwatch { ticket });
        }
    }

    pub(super) fn drop_watches(&mut self, thread: ThreadId) {
        let tickets: Vec<u32> =
            self.watches.iter().filter(|(_, owner)| **owner == thread).map(|(ticket, _)| *ticket).collect();
        tickets.into_iter().for_each(|ticket| self.drop_ticket(ticket));
    }

    pub(super) fn next_mail(&mut self, ticket: u32) -> Option<(Time, Mail)> {
        self.mail.get_mut(&ticket)?.pop_front()
    }

    pub(super) fn request(&mut self, request: Request) {
        self.requests.push(request);
    }
}

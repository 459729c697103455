//! What is being done for a person of the guide, and until when it counts as under way.

use guide::{Errand, Goal, Part, Ticks};
use sim::{Duration, Time};
use view::Board;

/// What does not come of its commands within this, in virtual time, is no longer waited for.
const WAIT: Duration = Duration::from_secs(90);

pub struct Doing {
    pub goal: &'static Goal,
    pub errand: Errand,
    part: &'static Part,
    /// When its last command was given.
    done: Option<Time>,
}

impl Doing {
    pub fn new(goal: &'static Goal, part: &'static Part) -> Doing {
        Doing { goal, errand: Errand::new(part), part, done: None }
    }

    /// Its commands are not all given, or what they bring about is still to be seen.
    pub fn is_under_way(&self, board: &Board, ticks: &Ticks) -> bool {
        !self.errand.is_done()
            || (!ticks.has_part(self.goal, self.part) && self.done.is_none_or(|at| board.now < at + WAIT))
    }

    /// Takes note of the time.
    pub fn note(&mut self, now: Time) {
        if self.errand.is_done() && self.done.is_none() {
            self.done = Some(now);
        }
    }
}

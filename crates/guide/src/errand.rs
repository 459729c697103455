//! "Do it for me": one part of a goal, brought about command by command as the world allows.

use sim::{Duration, Time};
use stage::Command;
use view::Board;

use crate::{Next, Part};

/// What was asked for and did not come is asked for again after this.
const AGAIN_AFTER: Duration = Duration::from_secs(30);
/// What does not come at all is given up after this.
const LIMIT: Duration = Duration::from_secs(300);

/// A part that is being brought about.
#[derive(Clone, Debug)]
pub struct Errand {
    part: &'static Part,
    /// What was asked for last, and when.
    asked: Option<(Vec<Command>, Time)>,
    began: Option<Time>,
    done: bool,
}

impl Errand {
    /// Nothing of the part is done yet.
    pub fn new(part: &'static Part) -> Errand {
        Errand { part, asked: None, began: None, done: false }
    }

    /// What is to be done now; often nothing. To be asked whenever the world looks different.
    pub fn next(&mut self, board: &Board) -> Vec<Command> {
        let began = *self.began.get_or_insert(board.now);
        self.done |= board.now > began + LIMIT;
        if self.done {
            return Vec::new();
        }
        match self.part.next(board) {
            // What comes about by itself, or as soon as the API server is as it should be.
            Next::Wait if self.part.is_set(board) => self.done = true,
            Next::Wait => {}
            Next::Prepare(commands) => return self.ask(commands, board.now),
            Next::Do(commands) => {
                self.done = true;
                return commands;
            }
        }
        Vec::new()
    }

    fn ask(&mut self, commands: Vec<Command>, now: Time) -> Vec<Command> {
        let waits = |(asked, at): &(Vec<Command>, Time)| *asked == commands && now < *at + AGAIN_AFTER;
        if self.asked.as_ref().is_some_and(waits) {
            return Vec::new();
        }
        self.asked = Some((commands.clone(), now));
        commands
    }

    /// All its commands are given, or it cannot be brought about.
    pub fn is_done(&self) -> bool {
        self.done
    }
}

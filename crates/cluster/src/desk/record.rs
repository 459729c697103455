//! What is kept of the commands that were run, and of the actions that were done by clicks.

use std::rc::Rc;

use cli_runtime::job::Chunk;
use sim::Time;
use wire::UserProcess;

/// More of a command's output is not kept: the beginning goes.
const KEPT_OUTPUT: usize = 1 << 20;

/// An action that was done by a click, as the console shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// The shell line that would have done the same.
    pub line: Rc<str>,
    /// When it was done.
    pub at: Time,
    /// Why it did not happen, if it did not.
    pub error: Option<String>,
}

/// A command as the console shows it.
#[derive(Clone, Debug)]
pub struct CommandRecord {
    /// The line as it was typed.
    pub line: Rc<str>,
    /// When it began.
    pub started: Time,
    /// What runs it: a shell of its own, or a terminal's.
    pub owner: UserProcess,
    /// What stood before the line in its terminal; empty if it was not entered in one.
    pub prompt: Rc<str>,
    output: Vec<Chunk>,
    size: usize,
    /// Whether a request found no API server to talk to.
    pub was_refused: bool,
    /// Whether a `kubectl apply` of it ended with an error, though an API server listened.
    pub apply_failed: bool,
    /// `None` while it runs.
    pub exit_code: Option<i32>,
}

impl CommandRecord {
    pub(super) fn new(line: &str, started: Time, owner: UserProcess) -> CommandRecord {
        CommandRecord {
            line: line.into(),
            started,
            owner,
            prompt: Rc::default(),
            output: Vec::new(),
            size: 0,
            was_refused: false,
            apply_failed: false,
            exit_code: None,
        }
    }

    /// What it has printed, in order; of a lot of it the end.
    pub fn output(&self) -> &[Chunk] {
        &self.output
    }

    /// Both streams as a terminal shows them.
    pub fn text(&self) -> String {
        self.output.iter().map(|chunk| chunk.text.as_str()).collect()
    }

    pub(super) fn push(&mut self, chunk: Chunk) {
        self.size += chunk.text.len();
        match self.output.last_mut() {
            Some(last) if last.stream == chunk.stream && last.text.len() < KEPT_OUTPUT / 8 => {
                last.text += &chunk.text;
            }
            _ => self.output.push(chunk),
        }
        while self.size > KEPT_OUTPUT && self.output.len() > 1 {
            self.size -= self.output.remove(0).text.len();
        }
    }
}

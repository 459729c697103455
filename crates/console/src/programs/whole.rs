//! Programs that need all of their input before they say anything.

use std::collections::VecDeque;

use crate::shell::program::{Cx, Program, Started, StepResult};

/// What is done with a program's inputs; the exit code.
pub(super) trait Work: Clone + 'static {
    fn run(&mut self, cx: &mut Cx<'_>, inputs: Vec<Vec<u8>>) -> i32;
}

#[derive(Clone)]
struct Whole<W> {
    program: &'static str,
    work: W,
    files: VecDeque<String>,
    inputs: Vec<Vec<u8>>,
    /// The standard input is being read.
    reading: bool,
    /// The exit code if a file cannot be read.
    missing: i32,
}

/// Starts a program over its files; over the standard input, if there are none.
pub(super) fn start(program: &'static str, work: impl Work, files: Vec<String>, missing: i32) -> Started {
    let mut files: VecDeque<String> = files.into();
    if files.is_empty() {
        files.push_back("-".to_owned());
    }
    Started::runs(Whole { program, work, files, inputs: Vec::new(), reading: false, missing })
}

impl<W: Work> Program for Whole<W> {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        if self.reading {
            if let Some(reading) = self.inputs.last_mut().and_then(|input| cx.read_to_end(input)) {
                return reading;
            }
            self.reading = false;
        }
        let Some(name) = self.files.pop_front() else {
            let inputs = std::mem::take(&mut self.inputs);
            return StepResult::Done(self.work.run(cx, inputs));
        };
        if name == "-" || name == "/dev/stdin" {
            self.reading = true;
            self.inputs.push(Vec::new());
            return StepResult::Again;
        }
        match cx.read_file(&name) {
            Ok(bytes) => self.inputs.push(bytes.to_vec()),
            Err(why) => {
                cx.err(&format!("{}: {name}: {why}\n", self.program));
                return StepResult::Done(self.missing);
            }
        }
        StepResult::Again
    }
}

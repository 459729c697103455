//! Shells that take their commands from elsewhere.

use crate::env::Env;
use crate::shell::program::{Cx, Program, StepResult};
use crate::shell::streams::Fd;
use crate::shell::thread::{Block, Body, Origin, ThreadId};

/// A shell whose commands come through its standard input: `bash -s < script`, `ssh NODE <<EOF`.
#[derive(Clone)]
pub(crate) struct ScriptFromInput {
    env: Env,
    bytes: Vec<u8>,
    child: Option<ThreadId>,
}

impl ScriptFromInput {
    pub(crate) fn new(env: Env) -> ScriptFromInput {
        ScriptFromInput { env, bytes: Vec::new(), child: None }
    }
}

impl Program for ScriptFromInput {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        if let Some(child) = self.child {
            return match cx.reap(child) {
                Some(code) => StepResult::Done(code),
                None => StepResult::Waits(Block::Children(vec![child])),
            };
        }
        if let Some(reading) = cx.read_to_end(&mut self.bytes) {
            return reading;
        }
        let text = String::from_utf8_lossy(&self.bytes).into_owned();
        let mut fds = cx.thread.fds;
        fds.set(0, Fd::Null);
        let body = Body::Text { text: text.into(), origin: Origin::Argument };
        self.child = cx.spawn(body, self.env.clone(), fds);
        match self.child {
            Some(child) => StepResult::Waits(Block::Children(vec![child])),
            None => StepResult::Done(1),
        }
    }
}

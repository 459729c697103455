//! What runs in a shell: a program does a little at a time and says what it waits for.

use std::rc::Rc;

use super::streams::{Fd, Fds, Input, OpenId};
use super::thread::{Block, Body, Thread, ThreadId};
use super::{EditRequest, Mail, Shell};
use crate::Machines;
use crate::disk::{self, Disk, Refusal};
use crate::env::{Env, Host};
use sim::Time;

/// How far a program has got.
pub(crate) enum StepResult {
    /// There is more to do at once.
    Again,
    Waits(Block),
    /// It goes on as another program, as `exec` does.
    Becomes(Box<dyn Program>),
    /// It has ended with this exit code.
    Done(i32),
}

/// A command that may take time or read its input bit by bit. Plain data, since a job may be cloned.
pub(crate) trait Program: CloneProgram {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult;
}

pub(crate) trait CloneProgram {
    fn clone_box(&self) -> Box<dyn Program>;
}

impl<T: Program + Clone + 'static> CloneProgram for T {
    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Program> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}

/// How a command begins.
pub(crate) enum Started {
    Done(i32),
    Runs(Box<dyn Program>),
}

impl From<i32> for Started {
    fn from(code: i32) -> Started {
        Started::Done(code)
    }
}

impl Started {
    pub(crate) fn runs(program: impl Program + 'static) -> Started {
        Started::Runs(Box::new(program))
    }
}

/// A command's hands: its shell, its descriptors, the world.
pub(crate) struct Cx<'a> {
    pub(crate) shell: &'a mut Shell,
    pub(crate) thread: &'a mut Thread,
    pub(crate) world: &'a mut dyn Machines,
}

impl Cx<'_> {
    pub(crate) fn env(&self) -> &Env {
        &self.thread.env
    }

    pub(crate) fn host(&self) -> Host {
        self.thread.env.host.clone()
    }

    pub(crate) fn now(&self) -> Time {
        self.world.now()
    }

    pub(crate) fn out(&mut self, text: &str) {
        self.write(1, text.as_bytes());
    }

    pub(crate) fn err(&mut self, text: &str) {
        self.write(2, text.as_bytes());
    }

    /// Writes to a descriptor. A pipe that nobody reads ends the thread, as SIGPIPE does.
    pub(crate) fn write(&mut self, fd: u8, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let to = self.thread.fds.get(fd);
        if self.shell.streams.is_broken(to) {
            self.thread.broken_pipe = true;
            return;
        }
        if let Err(why) = self.shell.streams.write(to, bytes) {
            self.thread.status = 1;
            let text = format!("bash: write error: {why}\n");
            let _ = self.shell.streams.write(self.thread.fds.get(2), text.as_bytes());
        }
    }

    /// Says what is wrong in the shell's own name, and returns 1.
    pub(crate) fn complain(&mut self, text: &str) -> i32 {
        let prefix = self.thread.prefix();
        self.err(&format!("{prefix}{text}\n"));
        1
    }

    pub(crate) fn read(&mut self) -> Input {
        self.shell.streams.read(self.thread.fds.get(0))
    }

    /// Adds the input to `bytes`, as far as it has come. `None` once it has ended: `bytes` is all of it.
    pub(crate) fn read_to_end(&mut self, bytes: &mut Vec<u8>) -> Option<StepResult> {
        match self.read() {
            Input::Bytes(more) => {
                bytes.extend(more);
                Some(StepResult::Again)
            }
            Input::Wait => Some(self.waits_for_input(0)),
            Input::End => None,
        }
    }

    pub(crate) fn read_line(&mut self, fd: u8, end: u8) -> Input {
        self.shell.streams.read_line(self.thread.fds.get(fd), end)
    }

    pub(crate) fn waits_for_input(&self, fd: u8) -> StepResult {
        StepResult::Waits(Block::Read(self.thread.fds.get(fd)))
    }

    /// Whether a descriptor leads to a terminal.
    pub(crate) fn is_terminal(&self, fd: u8) -> bool {
        self.shell.interactive && matches!(self.thread.fds.get(fd), Fd::Terminal(_))
    }

    /// How wide the screen is that the output goes to, if it goes to one.
    pub(crate) fn screen(&self) -> Option<usize> {
        Some(usize::from(self.shell.columns)).filter(|columns| *columns > 0 && self.is_terminal(1))
    }

    // ---- files ----

    /// The whole path of one as it was typed.
    pub(crate) fn absolute(&self, path: &str) -> String {
        self.thread.env.absolute(path)
    }

    pub(crate) fn disk(&self) -> Disk<'_> {
        Disk::new(&*self.world, &self.thread.env.host, &self.thread.extra)
    }

    pub(crate) fn read_file(&self, path: &str) -> Result<Rc<[u8]>, Refusal> {
        let whole = self.absolute(path);
        let found = self.disk().read(&whole);
        // `pod.yaml/` names a directory.
        match found {
            Ok(_) if path.ends_with('/') && !whole.starts_with("/dev") => Err("Not a directory"),
            found => found,
        }
    }

    pub(crate) fn write_file(&mut self, path: &str, bytes: &[u8]) -> Result<(), Refusal> {
        let path = self.absolute(path);
        disk::write(self.world, &self.thread.env.host, &path, bytes)
    }

    // ---- other commands ----

    /// Starts something beside this command; it ends on its own.
    pub(crate) fn spawn(&mut self, body: Body, env: Env, fds: Fds) -> Option<ThreadId> {
        self.shell.spawn(self.thread, body, env, fds)
    }

    /// How something ended that this command has started; `None` while it runs.
    pub(crate) fn reap(&mut self, child: ThreadId) -> Option<i32> {
        self.shell.reap(child)
    }

    pub(crate) fn kill(&mut self, child: ThreadId) {
        self.shell.kill(child);
    }

    pub(crate) fn capture(&mut self) -> OpenId {
        self.shell.streams.capture()
    }

    pub(crate) fn take_capture(&mut self, id: OpenId) -> Vec<u8> {
        self.shell.streams.take_capture(id)
    }

    /// The node that the shell is on has gone: what runs there ends.
    pub(crate) fn lose_connection(&mut self) {
        if let Host::Node(node) = self.host() {
            self.shell.lost = Some(node);
        }
    }

    /// Asks a person to edit a text; the ticket for which the answer comes.
    pub(crate) fn ask_to_edit(&mut self, path: String, text: Rc<[u8]>) -> u32 {
        let ticket = self.shell.ticket();
        self.shell.editing = Some(EditRequest { host: self.host(), path, text, ticket });
        ticket
    }

    pub(crate) fn drop_ticket(&mut self, ticket: u32) {
        self.shell.drop_ticket(ticket);
    }

    pub(crate) fn next_mail(&mut self, ticket: u32) -> Option<(Time, Mail)> {
        self.shell.next_mail(ticket)
    }
}

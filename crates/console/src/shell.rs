//! A shell with everything that runs in it: a line of the console with its pipes and loops, or a terminal.
//!
//! It is a small machine. Each shell, subshell and command of a pipeline is a [`thread`]; a thread's place is
//! a stack of frames ([`steps`] says what each does next), and a command is a [`program`] that does a little
//! at a time. The cluster drives it: [`Programs::advance`](crate::Programs::advance) runs whatever can run and says what is asked of the
//! world; [`Shell::mail`] brings the answers. All of it is plain data, so a cluster with its shells can be
//! cloned at any moment, and two clones that are given the same do the same.
//!
//! Commands take no virtual time unless they wait for something. A loop that waits for nothing is held up
//! after some thousands of steps, so that it cannot stop the world.

mod assign;
mod builtins;
mod conditional;
mod control;
pub(super) mod kubectl;
pub(super) mod launch;
mod mailbox;
pub(super) mod program;
mod redirect;
mod schedule;
mod steps;
pub(super) mod streams;
mod terminal;
pub(super) mod thread;

use std::collections::VecDeque;
use std::rc::Rc;

use cli_runtime::job::{Chunk, Client, Stream};
use sim::{Duration, SortedMap, Time};

use self::program::Cx;
use self::streams::{Fd, Fds, Streams};
use self::thread::{Block, Body, Frame, Origin, Thread, ThreadId};
use super::Machines;

pub use builtins::quoted;
pub use cli_runtime::job::Edited;
pub use mailbox::{Mail, Request};
pub use terminal::{EditRequest, Prompt};

pub(super) use builtins::float_text;

/// A shell and all that runs in it.
#[derive(Clone)]
pub struct Shell {
    client: Rc<Client>,
    threads: SortedMap<ThreadId, Thread>,
    last_thread: ThreadId,
    /// The thread that ran last.
    turn: ThreadId,
    streams: Streams,
    /// What has come for each ticket that is still waited for.
    mail: SortedMap<u32, VecDeque<(Time, Mail)>>,
    last_ticket: u32,
    /// Tickets with an open watch, and the threads that they belong to.
    watches: SortedMap<u32, ThreadId>,
    requests: Vec<Request>,
    /// A terminal: it shows prompts and reads lines.
    interactive: bool,
    /// How wide its screen is; 0 if it has none.
    columns: u16,
    entered: Option<String>,
    editing: Option<EditRequest>,
    /// A node that can no longer be reached by those who were on it.
    lost: Option<Rc<str>>,
    /// Pipes may have lost their last reader or writer.
    ends_changed: bool,
    /// How its first thread ended.
    result: Option<i32>,
    now: Time,
    /// Steps that may still be done at this instant.
    budget: u32,
    /// How long the next hold-up lasts, and until when the current one does.
    pause: Duration,
    held: Option<Time>,
    /// Lines that were entered, oldest first.
    history: Rc<Vec<Rc<str>>>,
}

impl std::fmt::Debug for Shell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shell {{ threads: {}, result: {:?} }}", self.threads.len(), self.result)
    }
}

/// Steps that are done at one instant before time has to pass.
const BUDGET: u32 = 20_000;
/// Steps that a thread does before another has its turn.
const SLICE: u32 = 200;
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

impl Shell {
    fn new(client: Rc<Client>, interactive: bool, now: Time) -> Shell {
        Shell {
            client,
            threads: SortedMap::new(),
            last_thread: 0,
            turn: 0,
            streams: Streams::default(),
            mail: SortedMap::new(),
            last_ticket: 0,
            watches: SortedMap::new(),
            requests: Vec::new(),
            interactive,
            columns: 0,
            entered: None,
            editing: None,
            lost: None,
            ends_changed: false,
            result: None,
            now,
            budget: BUDGET,
            pause: FIRST_PAUSE,
            held: None,
            history: Rc::default(),
        }
    }

    /// One line, run in a shell of its own on the person's computer.
    pub fn line(line: &str, stdin: Option<Rc<[u8]>>, client: Rc<Client>, now: Time) -> Shell {
        let mut shell = Shell::new(client, false, now);
        let input = match stdin {
            Some(bytes) => Fd::File(shell.streams.input(bytes)),
            None => Fd::Null,
        };
        let body = Body::Text { text: line.into(), origin: Origin::Typed };
        shell.begin(body, Fds::new(input), Origin::Typed);
        shell
    }

    /// A terminal with a login shell on the person's computer.
    pub fn terminal(client: Rc<Client>, now: Time) -> Shell {
        let mut shell = Shell::new(client, true, now);
        shell.begin(Body::Interactive, Fds::new(Fd::Terminal(Stream::Out)), Origin::Typed);
        shell
    }

    // ---- what the cluster calls ----

    /// Runs whatever can run now; what is asked of the world.
    pub(super) fn advance(&mut self, world: &mut dyn Machines) -> Vec<Request> {
        let now = world.now();
        if now > self.now {
            self.now = now;
            self.budget = BUDGET;
        }
        if self.held.is_some_and(|until| until > now) {
            return Vec::new();
        }
        self.held = None;
        let spent_all = self.run(world);
        if spent_all {
            let until = now + self.pause;
            self.held = Some(until);
            self.requests.push(Request::Wake { at: until });
            self.pause = LONGEST_PAUSE.min(self.pause + self.pause);
        } else {
            self.pause = FIRST_PAUSE;
        }
        self.streams.flush(world);
        std::mem::take(&mut self.requests)
    }

    /// Whether it stopped because the budget was spent.
    fn run(&mut self, world: &mut dyn Machines) -> bool {
        loop {
            if std::mem::take(&mut self.ends_changed) {
                let all = self.threads.values().flat_map(Thread::all_fds);
                self.streams.note_ends(all);
            }
            let Some(id) = self.next_ready() else { return false };
            self.turn = id;
            let Some(mut thread) = self.threads.remove(&id) else { continue };
            thread.block = None;
            if let Some(node) = thread.env.lost(world).map(Rc::from) {
                // What ran there has ended with its computer; the connection breaks when something comes over it.
                Cx { shell: self, thread: &mut thread, world }
                    .err("client_loop: send disconnect: Broken pipe\n");
                self.threads.insert(id, thread);
                self.disconnect(&node);
                continue;
            }
            for _ in 0..SLICE {
                if self.budget == 0 {
                    break;
                }
                self.budget -= 1;
                self.step(&mut thread, world);
                if thread.ended.is_some() || thread.block.is_some() {
                    break;
                }
            }
            let ended = thread.ended;
            let is_background = thread.background;
            self.threads.insert(id, thread);
            if let Some(code) = ended {
                self.ends_changed = true;
                self.after_end(id, code, is_background);
            }
            if let Some(node) = self.lost.take() {
                self.disconnect(&node);
            }
            if self.budget == 0 {
                return true;
            }
        }
    }

    /// What was shown since the last time.
    pub fn take_output(&mut self) -> Vec<Chunk> {
        self.streams.take_shown()
    }

    /// How its first shell ended; `None` while it runs.
    pub fn exit_code(&self) -> Option<i32> {
        self.result
    }

    /// Whether anything still runs or waits, commands in the background included.
    pub fn is_running(&self) -> bool {
        let waits = |thread: &Thread| thread.block == Some(Block::Prompt) || self.leads_to_prompt(thread);
        self.threads.values().any(|thread| thread.ended.is_none() && !waits(thread))
    }

    /// Ends everything in the foreground, as Ctrl-C does. A terminal is at its prompt again.
    pub(super) fn interrupt(&mut self, world: &mut dyn Machines) {
        let shown = Fd::Terminal(Stream::Err);
        let innermost = self.innermost();
        if innermost.is_none() && self.result.is_some() {
            return;
        }
        // There is always room on a terminal.
        let _ = self.streams.write(shown, b"^C\n");
        self.streams.forget_typed();
        self.entered = None;
        self.editing = None;
        self.held = None;
        let Some(id) = innermost else {
            let all: Vec<ThreadId> = self.threads.keys().copied().collect();
            all.into_iter().for_each(|id| self.kill(id));
            self.result = Some(130);
            self.streams.flush(world);
            return;
        };
        let children: Vec<ThreadId> = self.children(id).collect();
        for child in children {
            if self.threads.get(&child).is_some_and(|child| !child.background) {
                self.kill(child);
            }
        }
        self.drop_watches(id);
        if let Some(mut thread) = self.threads.remove(&id) {
            while thread.frames.last().is_some_and(|frame| !matches!(frame, Frame::Interactive)) {
                self.pop_frame(&mut thread, world);
            }
            thread.block = None;
            thread.status = 130;
            self.threads.insert(id, thread);
        }
        self.ends_changed = true;
        self.streams.flush(world);
    }

    /// How the last line ended.
    pub fn status(&self) -> i32 {
        self.innermost().and_then(|id| self.threads.get(&id)).map_or(0, |thread| thread.status)
    }
}

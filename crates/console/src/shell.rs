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
pub(super) use builtins::float_text;
mod conditional;
mod control;
pub(super) mod kubectl;
pub(super) mod launch;
pub(super) mod program;
mod redirect;
mod steps;
pub(super) mod streams;
pub(super) mod thread;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use super::Machines;
use super::env::{Env, Host, USER};
use super::parse;
use cli_runtime::job::{Chunk, Client, Stream};
use sim::{Duration, Time};
use streams::{Fd, Fds, Streams};
use thread::{Block, Body, Frame, Origin, Thread, ThreadId};
use wire::{Answer, Call, CallError, WatchEvent};

pub use builtins::quoted;
pub use cli_runtime::job::Edited;
use cli_runtime::job::WatchSpec;

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

/// A file that a command wants a person to edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditRequest {
    /// The computer that the file is on.
    pub host: Host,
    /// The whole path.
    pub path: String,
    /// What the file holds; nothing where there is none yet.
    pub text: Rc<[u8]>,
    ticket: u32,
}

/// Where a terminal's shell stands: what its prompt says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Who is logged in.
    pub user: String,
    /// The computer's name.
    pub host: String,
    /// `~` for the home directory.
    pub directory: String,
}

impl Prompt {
    /// `root@worker-1:/etc# `
    pub fn text(&self) -> String {
        format!("{}@{}:{}# ", self.user, self.host, self.directory)
    }
}

/// A shell and all that runs in it.
#[derive(Clone)]
pub struct Shell {
    client: Rc<Client>,
    threads: BTreeMap<ThreadId, Thread>,
    last_thread: ThreadId,
    /// The thread that ran last.
    turn: ThreadId,
    streams: Streams,
    /// What has come for each ticket that is still waited for.
    mail: BTreeMap<u32, VecDeque<(Time, Mail)>>,
    last_ticket: u32,
    /// Tickets with an open watch, and the threads that they belong to.
    watches: BTreeMap<u32, ThreadId>,
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
/// Threads in threads, and how many there are at most.
const MAX_DEPTH: u32 = 40;
const MAX_THREADS: usize = 256;
const MAX_HISTORY: usize = 1_000;

/// The number that a thread's process has for `$!` and `ps`.
fn process_id(thread: ThreadId) -> u32 {
    2149 + thread
}

impl Shell {
    fn new(client: Rc<Client>, interactive: bool, now: Time) -> Shell {
        Shell {
            client,
            threads: BTreeMap::new(),
            last_thread: 0,
            turn: 0,
            streams: Streams::default(),
            mail: BTreeMap::new(),
            last_ticket: 0,
            watches: BTreeMap::new(),
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

    fn begin(&mut self, body: Body, fds: Fds, origin: Origin) {
        let thread = Thread {
            id: 0,
            parent: None,
            depth: 0,
            background: false,
            env: Env::login(Host::Desk),
            fds,
            status: 0,
            last_background: None,
            frames: Vec::new(),
            block: None,
            ended: None,
            origin,
            line: 1,
            extra: Rc::default(),
            broken_pipe: false,
            exit_trap: None,
        };
        self.threads.insert(0, with_body(thread, body));
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

    fn after_end(&mut self, id: ThreadId, code: i32, background: bool) {
        self.drop_watches(id);
        let children: Vec<ThreadId> = self.children(id).collect();
        for child in children {
            self.kill(child);
        }
        if id == 0 {
            self.result = Some(code);
        }
        if background || id == 0 {
            self.threads.remove(&id);
        }
    }

    fn next_ready(&self) -> Option<ThreadId> {
        let ready = |(id, thread): (&ThreadId, &Thread)| self.is_ready(thread).then_some(*id);
        let after = self.threads.range(self.turn + 1..).find_map(ready);
        after.or_else(|| self.threads.range(..=self.turn).find_map(ready))
    }

    fn is_ready(&self, thread: &Thread) -> bool {
        if thread.ended.is_some() {
            return false;
        }
        let has_ended = |id: &ThreadId| self.threads.get(id).is_none_or(|child| child.ended.is_some());
        let due = |at: &Option<Time>| at.is_some_and(|at| at <= self.now);
        match &thread.block {
            None => true,
            Some(Block::Children(ids)) => ids.iter().all(has_ended),
            Some(Block::Child(ids, until)) => ids.iter().any(has_ended) || due(until),
            Some(Block::Read(fd)) => self.streams.is_ready(*fd),
            Some(Block::Write(fd)) => !self.streams.is_full(*fd),
            Some(Block::Mail(ticket, until)) => {
                self.mail.get(ticket).is_none_or(|mail| !mail.is_empty()) || due(until)
            }
            Some(Block::Until(at)) => *at <= self.now,
            Some(Block::Prompt) => self.entered.is_some(),
        }
    }

    /// Brings what came for a ticket; one that nobody waits for any more is dropped.
    pub fn mail(&mut self, ticket: u32, at: Time, mail: Mail) {
        if let Some(waiting) = self.mail.get_mut(&ticket) {
            waiting.push_back((at, mail));
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

    /// Whether a thread only waits for a session in which somebody can type.
    fn leads_to_prompt(&self, thread: &Thread) -> bool {
        let mut waits = match &thread.block {
            Some(Block::Children(children)) => children.iter().filter_map(|id| self.threads.get(id)),
            _ => return false,
        };
        waits.all(|child| child.block == Some(Block::Prompt) || self.leads_to_prompt(child))
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

    // ---- a terminal ----

    /// The shell that reads the lines which are entered.
    fn innermost(&self) -> Option<ThreadId> {
        let reads = |thread: &Thread| thread.frames.iter().any(|frame| matches!(frame, Frame::Interactive));
        self.threads
            .values()
            .filter(|thread| thread.ended.is_none() && reads(thread))
            .map(|thread| thread.id)
            .max()
    }

    /// Whether a line can be entered. Only after [`Programs::advance`](crate::Programs::advance) has run.
    pub fn at_prompt(&self) -> bool {
        self.entered.is_none()
            && self
                .threads
                .values()
                .any(|thread| thread.block == Some(Block::Prompt) && thread.ended.is_none())
    }

    /// What the prompt says.
    pub fn prompt(&self) -> Option<Prompt> {
        let thread = self.threads.get(&self.innermost()?)?;
        Some(Prompt {
            user: USER.to_owned(),
            host: thread.env.host.name().to_owned(),
            directory: thread.env.short_directory(),
        })
    }

    /// What the shell knows that reads the lines.
    pub(super) fn innermost_env(&self) -> Option<&Env> {
        Some(&self.threads.get(&self.innermost()?)?.env)
    }

    /// How the last line ended.
    pub fn status(&self) -> i32 {
        self.innermost().and_then(|id| self.threads.get(&id)).map_or(0, |thread| thread.status)
    }

    /// How many characters wide the screen is; 0: there is none.
    pub fn set_columns(&mut self, columns: u16) {
        self.columns = columns;
    }

    /// Enters a line at the prompt.
    pub fn enter(&mut self, line: &str) {
        self.remember(line);
        self.entered = Some(line.to_owned());
    }

    fn remember(&mut self, line: &str) {
        let history = Rc::make_mut(&mut self.history);
        if !line.trim().is_empty() && history.last().is_none_or(|last| **last != *line) {
            history.push(line.into());
        }
        if history.len() > MAX_HISTORY {
            history.remove(0);
        }
    }

    /// Whether a text needs more lines before it can be entered: an open quote, loop or here-document.
    pub(super) fn is_incomplete(&self, text: &str) -> bool {
        let thread = self.innermost().and_then(|id| self.threads.get(&id));
        parse::is_incomplete(text, &thread.map(|thread| thread.env.aliases.clone()).unwrap_or_default())
    }

    /// Types text that a running command reads.
    pub fn type_text(&mut self, text: &str) {
        self.streams.type_text(text);
    }

    /// Ctrl-D: the end of what is typed for a running command.
    pub fn type_end(&mut self) {
        self.streams.type_end();
    }

    /// A line that was typed while a command ran that did not read it.
    pub fn take_typed_line(&mut self) -> Option<String> {
        self.streams.take_typed_line()
    }

    /// Whether a command waits for something to be typed.
    pub fn reads_terminal(&self) -> bool {
        self.threads.values().any(|thread| matches!(thread.block, Some(Block::Read(Fd::Terminal(_)))))
    }

    /// The file that a person is asked to edit.
    pub fn editing(&self) -> Option<&EditRequest> {
        self.editing.as_ref()
    }

    /// The file has been edited, or not.
    pub fn edited(&mut self, at: Time, edited: Edited) {
        if let Some(request) = self.editing.take() {
            self.mail(request.ticket, at, Mail::Edited(edited));
        }
    }

    // ---- threads ----

    fn children(&self, of: ThreadId) -> impl Iterator<Item = ThreadId> + use<'_> {
        self.threads.values().filter(move |thread| thread.parent == Some(of)).map(|thread| thread.id)
    }

    /// Starts a thread below another; `None`, with a complaint, if there are too many.
    fn spawn(&mut self, parent: &mut Thread, body: Body, env: Env, fds: Fds) -> Option<ThreadId> {
        let why = match () {
            () if parent.depth >= MAX_DEPTH => "nested too deeply",
            () if self.threads.len() >= MAX_THREADS => "fork: retry: Resource temporarily unavailable",
            () => "",
        };
        if !why.is_empty() {
            let text = format!("{}{why}\n", parent.prefix());
            let _ = self.streams.write(parent.fds.get(2), text.as_bytes());
            parent.status = 254;
            return None;
        }
        self.last_thread += 1;
        let id = self.last_thread;
        let thread = Thread {
            id,
            parent: Some(parent.id),
            depth: parent.depth + 1,
            background: false,
            env,
            fds,
            status: 0,
            last_background: parent.last_background,
            frames: Vec::new(),
            block: None,
            ended: None,
            origin: parent.origin.clone(),
            line: parent.line,
            extra: parent.extra.clone(),
            broken_pipe: false,
            exit_trap: None,
        };
        self.threads.insert(id, with_body(thread, body));
        Some(id)
    }

    /// How a thread ended, which is then forgotten; `None` while it runs.
    fn reap(&mut self, id: ThreadId) -> Option<i32> {
        let code = match self.threads.get(&id) {
            Some(thread) => thread.ended?,
            None => 0,
        };
        self.threads.remove(&id);
        Some(code)
    }

    /// Ends a thread and all below it at once.
    fn kill(&mut self, id: ThreadId) {
        let mut left = vec![id];
        let mut all = BTreeSet::new();
        while let Some(id) = left.pop() {
            left.extend(self.children(id));
            all.insert(id);
        }
        for id in all {
            self.threads.remove(&id);
            self.drop_watches(id);
        }
        self.ends_changed = true;
    }

    /// Ends what runs on a node, as far as it came there through a connection.
    fn disconnect(&mut self, node: &str) {
        let is_there = |thread: &Thread| thread.env.host.node() == Some(node);
        let ends: Vec<ThreadId> = self
            .threads
            .values()
            .filter(|thread| {
                let above = thread.parent.and_then(|parent| self.threads.get(&parent));
                is_there(thread) && !above.is_some_and(is_there)
            })
            .map(|thread| thread.id)
            .collect();
        for id in ends {
            let below: Vec<ThreadId> = self.children(id).collect();
            below.into_iter().for_each(|child| self.kill(child));
            self.drop_watches(id);
            if let Some(thread) = self.threads.get_mut(&id) {
                thread.frames.clear();
                thread.block = None;
                thread.ended.get_or_insert(255);
            }
        }
        self.ends_changed = true;
    }

    // ---- tickets ----

    /// A new ticket, for which something can come from now on.
    fn ticket(&mut self) -> u32 {
        self.last_ticket += 1;
        self.mail.insert(self.last_ticket, VecDeque::new());
        self.last_ticket
    }

    fn drop_ticket(&mut self, ticket: u32) {
        self.mail.remove(&ticket);
        if self.watches.remove(&ticket).is_some() {
            self.requests.push(Request::Unwatch { ticket });
        }
    }

    fn drop_watches(&mut self, thread: ThreadId) {
        let tickets: Vec<u32> =
            self.watches.iter().filter(|(_, owner)| **owner == thread).map(|(ticket, _)| *ticket).collect();
        tickets.into_iter().for_each(|ticket| self.drop_ticket(ticket));
    }

    fn next_mail(&mut self, ticket: u32) -> Option<(Time, Mail)> {
        self.mail.get_mut(&ticket)?.pop_front()
    }

    fn request(&mut self, request: Request) {
        self.requests.push(request);
    }
}

fn with_body(mut thread: Thread, body: Body) -> Thread {
    let frame = match body {
        Body::Command(command) => Frame::Run(command),
        Body::AndOr(and_or) => Frame::AndOr { and_or, at: 0 },
        Body::List(list) => Frame::List { list, at: 0 },
        Body::Text { text, origin } => {
            thread.origin = origin;
            thread.line = 1;
            steps::source(&text)
        }
        Body::Words(words) => steps::words(words),
        Body::Interactive => {
            thread.origin = Origin::Typed;
            Frame::Interactive
        }
    };
    thread.frames.push(frame);
    thread
}

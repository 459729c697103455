//! The threads of a shell: how they begin and end, and whose turn it is.

use std::rc::Rc;

use super::super::env::{Env, Host};
use super::streams::Fds;
use super::thread::{Block, Body, Frame, Origin, Thread, ThreadId};
use super::{Shell, steps};
use sim::{SortedSet, Time};

/// Threads in threads, and how many there are at most.
const MAX_DEPTH: u32 = 40;

const MAX_THREADS: usize = 256;

/// The number that a thread's process has for `$!` and `ps`.
pub(super) fn process_id(thread: ThreadId) -> u32 {
    2149 + thread
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

impl Shell {
    pub(super) fn begin(&mut self, body: Body, fds: Fds, origin: Origin) {
        let thread = Thread {
            id: 0,
            parent: None,
            depth: 0,
            background: false,
            env: Env::login(Host::Desk, None),
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

    pub(super) fn after_end(&mut self, id: ThreadId, code: i32, background: bool) {
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

    pub(super) fn next_ready(&self) -> Option<ThreadId> {
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

    // ---- a terminal ----

    /// The shell that reads the lines which are entered.
    pub(super) fn innermost(&self) -> Option<ThreadId> {
        let reads = |thread: &Thread| thread.frames.iter().any(|frame| matches!(frame, Frame::Interactive));
        self.threads
            .values()
            .filter(|thread| thread.ended.is_none() && reads(thread))
            .map(|thread| thread.id)
            .max()
    }

    /// What the shell knows that reads the lines.
    pub(crate) fn innermost_env(&self) -> Option<&Env> {
        Some(&self.threads.get(&self.innermost()?)?.env)
    }

    // ---- threads ----

    pub(super) fn children(&self, of: ThreadId) -> impl Iterator<Item = ThreadId> + use<'_> {
        self.threads.values().filter(move |thread| thread.parent == Some(of)).map(|thread| thread.id)
    }

    /// Starts a thread below another; `None`, with a complaint, if there are too many.
    pub(super) fn spawn(&mut self, parent: &mut Thread, body: Body, env: Env, fds: Fds) -> Option<ThreadId> {
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
    pub(super) fn reap(&mut self, id: ThreadId) -> Option<i32> {
        let code = match self.threads.get(&id) {
            Some(thread) => thread.ended?,
            None => 0,
        };
        self.threads.remove(&id);
        Some(code)
    }

    /// Ends a thread and all below it at once.
    pub(super) fn kill(&mut self, id: ThreadId) {
        let mut left = vec![id];
        let mut all = SortedSet::new();
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
    pub(super) fn disconnect(&mut self, node: &str) {
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
}

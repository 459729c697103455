//! One line of execution: a shell, a subshell, a command of a pipeline.
//!
//! Where it stands is a stack of frames, so that a loop of a thousand rounds costs a thousand rounds, and
//! all of it can be cloned at any moment.

use std::rc::Rc;

use super::program::Program;
use super::streams::{Fd, Fds, OpenId};
use crate::disk::Extra;
use crate::env::{Env, Variable};
use crate::expand::Expander;
use crate::parse::Parser;
use crate::syntax::{AndOr, Command, Compound, List, Pipeline, Simple};
use sim::Time;

pub(crate) type ThreadId = u32;

/// What a thread waits for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Block {
    /// All of these have ended.
    Children(Vec<ThreadId>),
    /// One of these has ended, or it is this time.
    Child(Vec<ThreadId>, Option<Time>),
    Read(Fd),
    /// Somebody takes something out of this pipe.
    Write(Fd),
    /// Something comes for this ticket, or it is this time.
    Mail(u32, Option<Time>),
    Until(Time),
    /// A line is entered.
    Prompt,
}

/// Who gave a thread its commands: what its complaints begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A person, line by line.
    Typed,
    /// `bash -c`, `ssh NODE COMMAND`
    Argument,
    /// A file of commands, by its name.
    File(Rc<str>),
}

/// What a new thread does.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Command(Rc<Command>),
    AndOr(Rc<AndOr>),
    List(Rc<List>),
    /// A text of commands.
    Text {
        text: Rc<str>,
        origin: Origin,
    },
    /// A command's words, as they are.
    Words(Vec<String>),
    /// A shell that reads lines.
    Interactive,
}

#[derive(Clone)]
pub(crate) struct Thread {
    pub id: ThreadId,
    pub parent: Option<ThreadId>,
    pub depth: u32,
    /// Started with `&`: nobody waits for it.
    pub background: bool,
    pub env: Env,
    pub fds: Fds,
    /// `$?`
    pub status: i32,
    /// `$!`
    pub last_background: Option<ThreadId>,
    pub frames: Vec<Frame>,
    pub block: Option<Block>,
    pub ended: Option<i32>,
    pub origin: Origin,
    /// The line of its text that runs now, from 1.
    pub line: usize,
    /// The outputs of `<(…)`.
    pub extra: Extra,
    /// It wrote to a pipe that nobody reads.
    pub broken_pipe: bool,
    /// `trap … EXIT`
    pub exit_trap: Option<Rc<str>>,
}

impl Thread {
    /// What a complaint of the shell begins with.
    pub(crate) fn prefix(&self) -> String {
        match &self.origin {
            Origin::Typed => "bash: ".to_owned(),
            Origin::Argument => format!("bash: line {}: ", self.line),
            Origin::File(name) => format!("{name}: line {}: ", self.line),
        }
    }

    /// Whether a failing command is being tested: `set -e` does not end the shell then.
    pub(super) fn in_condition(&self) -> bool {
        self.frames.iter().any(|frame| match frame {
            Frame::AndOr { and_or, at } => *at < and_or.pipelines.len(),
            Frame::If { in_condition, .. } | Frame::While { in_condition, .. } => *in_condition,
            Frame::Single { pipeline, .. } => pipeline.negated,
            _ => false,
        })
    }

    /// The descriptors that it uses now or will use again.
    pub(super) fn all_fds(&self) -> impl Iterator<Item = &Fds> + Clone {
        let saved = self.frames.iter().filter_map(|frame| match frame {
            Frame::Restore { fds, .. } => Some(fds),
            _ => None,
        });
        let own = self.ended.is_none().then_some(&self.fds);
        own.into_iter().chain(saved.filter(|_| self.ended.is_none()))
    }
}

/// Where a thread stands in one command.
#[derive(Clone)]
pub(crate) enum Frame {
    /// A shell at its prompt.
    Interactive,
    /// A text, line by line.
    Source(Box<Parser>),
    List {
        list: Rc<List>,
        at: usize,
    },
    /// `at` pipelines have been looked at.
    AndOr {
        and_or: Rc<AndOr>,
        at: usize,
    },
    /// A pipeline of one command, which runs above this frame.
    Single {
        pipeline: Rc<Pipeline>,
        started: Time,
    },
    /// A pipeline whose commands run in threads of their own.
    Stages {
        pipeline: Rc<Pipeline>,
        children: Vec<ThreadId>,
        started: Time,
    },
    Run(Rc<Command>),
    /// Words being expanded.
    Expand(Box<Expansion>),
    /// A substitution's command runs; its output belongs to the expansion below.
    Output {
        child: ThreadId,
        capture: OpenId,
        process: bool,
    },
    /// The commands of a compound, its redirections done.
    Compound(Rc<Compound>),
    If {
        compound: Rc<Compound>,
        at: usize,
        in_condition: bool,
    },
    While {
        compound: Rc<Compound>,
        in_condition: bool,
        status: i32,
    },
    For {
        compound: Rc<Compound>,
        words: Rc<[String]>,
        at: usize,
    },
    /// `for ((…))`; whether the condition comes next, or the step.
    Count {
        compound: Rc<Compound>,
        steps: bool,
    },
    /// A subshell, a session or anything else in a thread of its own.
    Child(ThreadId),
    /// Puts the descriptors back and closes what was opened.
    Restore {
        fds: Fds,
        opened: Vec<OpenId>,
    },
    RestoreVariables(Vec<(Rc<str>, Option<Variable>)>),
    /// A function's end.
    Call {
        arguments: Rc<[String]>,
        locals: Vec<(Rc<str>, Option<Variable>)>,
    },
    /// The end of a file that `source` reads.
    Sourced {
        arguments: Option<Rc<[String]>>,
    },
    Task(Box<dyn Program>),
    /// `exec COMMAND`, the `EXIT` trap: the thread ends with what stood above.
    Exit,
}

/// What an expansion is for.
#[derive(Clone)]
pub(crate) enum What {
    Simple(Rc<Simple>),
    /// A compound's redirections.
    Redirects(Rc<Compound>),
    /// The words of `for`, the word of `case`, `[[ … ]]`, `((…))`.
    Head(Rc<Compound>),
    /// The condition of `for ((…))`.
    Condition(Rc<Compound>),
    /// Its step.
    Step(Rc<Compound>),
}

/// Words being expanded, with the outputs of their substitutions so far.
#[derive(Clone)]
pub(crate) struct Expansion {
    pub what: What,
    pub outputs: Vec<String>,
}

impl Expansion {
    pub(super) fn frame(what: What) -> Frame {
        Frame::Expand(Box::new(Expansion { what, outputs: Vec::new() }))
    }

    pub(super) fn expander<'a>(&'a self, thread: &Thread, disk: &'a crate::disk::Disk<'a>) -> Expander<'a> {
        let mut expander = Expander::new(thread.env.clone(), thread.status, disk, &self.outputs);
        expander.background = thread.last_background.map(super::schedule::process_id);
        expander
    }
}

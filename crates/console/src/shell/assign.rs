//! What the words of a command came to, and what is done with them: assignments, loops, conditions.

use std::rc::Rc;

use super::conditional;
use super::program::Cx;
use super::thread::{Frame, Thread, What};
use super::{Machines, Shell};
use crate::arith;
use crate::env::{Env, Value};
use crate::expand::{Expanded as Result, Expander, Pause};
use crate::glob::Pattern;
use crate::syntax::{
    AfterArm, Arm, Assigned, Assignment, Compound, CompoundKind, Redirect, RedirectKind, Simple,
};

/// A redirection with its words expanded.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    pub fd: Option<u8>,
    pub kind: OpeningKind,
}

#[derive(Clone, Debug)]
pub(super) enum OpeningKind {
    Read(String),
    Write(String),
    Clobber(String),
    Append(String),
    ReadWrite(String),
    Both { path: String, append: bool },
    Duplicate(String),
    Here(Rc<[u8]>),
}

/// An assignment with its value.
#[derive(Clone, Debug)]
pub(super) struct Assign {
    pub name: Rc<str>,
    pub index: Option<i64>,
    pub append: bool,
    pub value: Value,
}

/// What became of the words.
pub(super) enum Expanded {
    Simple {
        words: Vec<String>,
        openings: Vec<Opening>,
        assigns: Vec<Assign>,
    },
    Openings(Vec<Opening>),
    Words(Rc<[String]>),
    /// The arm of `case` that fits.
    Arm(Option<usize>),
    Number(i64),
    Truth(bool),
    /// `[[ … ]]` that cannot be told.
    Wrong(String),
}

pub(super) fn expand(expander: &mut Expander<'_>, what: &What) -> Result<Expanded> {
    match what {
        What::Simple(simple) => expand_simple(expander, simple),
        What::Redirects(compound) => Ok(Expanded::Openings(openings(expander, &compound.redirects)?)),
        What::Condition(compound) | What::Step(compound) => {
            let CompoundKind::Count { condition, step, .. } = &compound.kind else {
                return Ok(Expanded::Number(0));
            };
            let is_step = matches!(what, What::Step(_));
            let word = if is_step { step } else { condition };
            // An empty condition holds.
            if !is_step && expander.text(word)?.trim().is_empty() {
                return Ok(Expanded::Number(1));
            }
            Ok(Expanded::Number(expander.number(word)?))
        }
        What::Head(compound) => match &compound.kind {
            CompoundKind::For { words: Some(words), .. } => {
                Ok(Expanded::Words(expander.words(words)?.into()))
            }
            CompoundKind::Count { start, .. } => Ok(Expanded::Number(expander.number(start)?)),
            CompoundKind::Case { word, arms } => {
                let text = expander.text(word)?;
                Ok(Expanded::Arm(fitting(expander, &text, arms, 0)?))
            }
            CompoundKind::Arithmetic(word) => Ok(Expanded::Truth(expander.number(word)? != 0)),
            CompoundKind::Test(test) => Ok(match conditional::holds(expander, test)? {
                Ok(holds) => Expanded::Truth(holds),
                Err(text) => Expanded::Wrong(text),
            }),
            _ => Ok(Expanded::Truth(true)),
        },
    }
}

fn expand_simple(expander: &mut Expander<'_>, simple: &Simple) -> Result<Expanded> {
    let words = expander.words(&simple.words)?;
    let openings = openings(expander, &simple.redirects)?;
    let mut assigns = Vec::new();
    for assignment in &simple.assignments {
        let assign = assign(expander, assignment)?;
        // `a=1 b=$a` sees the new value; whether it stays is decided when the command has run.
        if words.is_empty() {
            put(&mut expander.env, &assign).map_err(Pause::Failed)?;
        }
        assigns.push(assign);
    }
    Ok(Expanded::Simple { words, openings, assigns })
}

fn assign(expander: &mut Expander<'_>, assignment: &Assignment) -> Result<Assign> {
    let index = assignment.index.as_ref().map(|index| expander.number(index)).transpose()?;
    let value = match &assignment.value {
        Assigned::Text(word) => Value::Text(expander.text(word)?.into()),
        Assigned::Array(words) => {
            let items = expander.words(words)?;
            Value::Array(Rc::new(items.into_iter().map(|item| Some(item.into())).collect()))
        }
    };
    Ok(Assign { name: assignment.name.clone(), index, append: assignment.append, value })
}

/// Carries an assignment out.
fn put(env: &mut Env, assign: &Assign) -> std::result::Result<(), String> {
    let before = env.variable(&assign.name).and_then(|variable| variable.value.clone());
    let is_integer = env.variable(&assign.name).is_some_and(|variable| variable.integer);
    match (&assign.value, assign.index) {
        (Value::Text(text), Some(index)) => env.assign_element(&assign.name, index, text),
        (Value::Text(text), None) if is_integer => {
            let sum = if assign.append { format!("{}+({text})", assign.name) } else { text.to_string() };
            let value = arith::evaluate(&sum, &mut super::builtins::Numbers(env))?;
            env.assign(&assign.name, Value::Text(value.to_string().into()))
        }
        (Value::Text(text), None) if assign.append => match before {
            Some(Value::Array(_)) => env.assign_element(&assign.name, 0, text),
            _ => {
                let before = env.get(&assign.name).unwrap_or_default();
                env.assign(&assign.name, Value::Text(format!("{before}{text}").into()))
            }
        },
        (Value::Array(items), _) if assign.append => {
            let mut all = match before {
                Some(Value::Array(items)) => (*items).clone(),
                Some(Value::Text(text)) => vec![Some(text)],
                None => Vec::new(),
            };
            all.extend(items.iter().cloned());
            env.assign(&assign.name, Value::Array(Rc::new(all)))
        }
        (value, _) => env.assign(&assign.name, value.clone()),
    }
}

fn openings(expander: &mut Expander<'_>, redirects: &[Redirect]) -> Result<Vec<Opening>> {
    let mut all = Vec::new();
    for redirect in redirects {
        let kind = match &redirect.kind {
            RedirectKind::Read(word) => OpeningKind::Read(expander.text(word)?),
            RedirectKind::Write(word) => OpeningKind::Write(expander.text(word)?),
            RedirectKind::Clobber(word) => OpeningKind::Clobber(expander.text(word)?),
            RedirectKind::Append(word) => OpeningKind::Append(expander.text(word)?),
            RedirectKind::ReadWrite(word) => OpeningKind::ReadWrite(expander.text(word)?),
            RedirectKind::Both(word) => OpeningKind::Both { path: expander.text(word)?, append: false },
            RedirectKind::AppendBoth(word) => OpeningKind::Both { path: expander.text(word)?, append: true },
            RedirectKind::Duplicate(word) => OpeningKind::Duplicate(expander.text(word)?),
            RedirectKind::HereWord(word) => {
                OpeningKind::Here((expander.text(word)? + "\n").into_bytes().into())
            }
            RedirectKind::Here(body) => {
                let text = body.get().map(|word| expander.text(word)).transpose()?.unwrap_or_default();
                OpeningKind::Here(text.into_bytes().into())
            }
        };
        all.push(Opening { fd: redirect.fd, kind });
    }
    Ok(all)
}

/// The first arm from `from` on whose pattern fits.
fn fitting(expander: &mut Expander<'_>, text: &str, arms: &[Arm], from: usize) -> Result<Option<usize>> {
    for (at, arm) in arms.iter().enumerate().skip(from) {
        for pattern in &arm.patterns {
            if Pattern::new(&expander.pattern(pattern)?).matches(text) {
                return Ok(Some(at));
            }
        }
    }
    Ok(None)
}

impl Shell {
    /// Goes on with the words of a command.
    pub(super) fn expanded(
        &mut self,
        thread: &mut Thread,
        what: &What,
        expanded: Expanded,
        had_output: bool,
        world: &mut dyn Machines,
    ) {
        match (what, expanded) {
            (_, Expanded::Simple { words, openings, assigns }) => {
                self.run_simple(thread, words, &openings, &assigns, had_output, world);
            }
            (What::Redirects(compound), Expanded::Openings(openings)) => {
                match self.open(thread, &openings, world) {
                    Ok(frame) => {
                        thread.frames.push(frame);
                        thread.frames.push(Frame::Compound(compound.clone()));
                    }
                    Err(text) => thread.status = Cx { shell: self, thread, world }.complain(&text),
                }
            }
            (What::Head(compound), Expanded::Words(words)) => {
                thread.frames.push(Frame::For { compound: compound.clone(), words, at: 0 });
            }
            (What::Head(compound), Expanded::Arm(arm)) => run_arm(thread, compound, arm),
            (What::Head(compound), Expanded::Number(_)) | (What::Step(compound), Expanded::Number(_)) => {
                thread.frames.push(Frame::Count { compound: compound.clone(), steps: false });
            }
            (What::Condition(compound), Expanded::Number(value)) => {
                if let CompoundKind::Count { body, .. } = &compound.kind
                    && value != 0
                {
                    thread.frames.push(Frame::Count { compound: compound.clone(), steps: true });
                    thread.frames.push(Frame::List { list: body.clone(), at: 0 });
                }
            }
            (_, Expanded::Truth(holds)) => thread.status = i32::from(!holds),
            (_, Expanded::Wrong(text)) => {
                Cx { shell: self, thread, world }.complain(&text);
                thread.status = 2;
            }
            _ => {}
        }
    }

    fn run_simple(
        &mut self,
        thread: &mut Thread,
        words: Vec<String>,
        openings: &[Opening],
        assigns: &[Assign],
        had_output: bool,
        world: &mut dyn Machines,
    ) {
        if thread.env.options.xtrace {
            self.trace(thread, &words, assigns, world);
        }
        let restore = match self.open(thread, openings, world) {
            Ok(frame) => frame,
            Err(text) => {
                thread.status = Cx { shell: self, thread, world }.complain(&text);
                return;
            }
        };
        if words.is_empty() {
            if !had_output {
                thread.status = 0;
            }
            thread.frames.push(restore);
            return;
        }
        // `exec > file` keeps what it opens.
        let keeps = words.len() == 1 && words.first().is_some_and(|word| word == "exec");
        if !keeps && !openings.is_empty() {
            thread.frames.push(restore);
        }
        let mut saved = Vec::new();
        for assign in assigns {
            saved.push((assign.name.clone(), thread.env.variable(&assign.name).cloned()));
            if let Err(text) = put(&mut thread.env, assign) {
                Cx { shell: self, thread, world }.complain(&text);
                continue;
            }
            thread.env.mark(&assign.name, |variable| variable.exported = true);
        }
        if !saved.is_empty() {
            thread.frames.push(Frame::RestoreVariables(saved));
        }
        self.launch(thread, &words, world);
    }

    /// `set -x`
    fn trace(&mut self, thread: &mut Thread, words: &[String], assigns: &[Assign], world: &mut dyn Machines) {
        let assigned = assigns.iter().map(|assign| match &assign.value {
            Value::Text(text) => format!("{}={}", assign.name, super::builtins::quoted(text)),
            Value::Array(_) => format!("{}=(…)", assign.name),
        });
        let words = words.iter().map(|word| super::builtins::quoted(word));
        let all: Vec<String> = assigned.chain(words).collect();
        Cx { shell: self, thread, world }.err(&format!("+ {}\n", all.join(" ")));
    }
}

fn run_arm(thread: &mut Thread, compound: &Rc<Compound>, arm: Option<usize>) {
    let CompoundKind::Case { arms, .. } = &compound.kind else { return };
    thread.status = 0;
    let Some(at) = arm else { return };
    // The arms that follow without a `;;` run as well, the first one first.
    let mut bodies = Vec::new();
    for arm in arms.iter().skip(at) {
        bodies.push(arm.body.clone());
        if arm.then != AfterArm::FallThrough {
            break;
        }
    }
    let lists = bodies.into_iter().rev().filter(|body| !body.items.is_empty());
    thread.frames.extend(lists.map(|list| Frame::List { list, at: 0 }));
}

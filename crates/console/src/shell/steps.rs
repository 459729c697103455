//! What a thread does next, by the frame on top of its stack.

use std::rc::Rc;

use super::program::{Cx, StepResult};
use super::streams::Fd;
use super::thread::{Block, Body, Expansion, Frame, Origin, Thread, What};
use super::{Machines, Shell};
use crate::disk::Disk;
use crate::expand::Pause;
use crate::parse::{ParseError, Parser};
use crate::syntax::{AndOr, Command, Compound, CompoundKind, Join, List, Pipeline, Simple, Word};
use sim::Time;

/// Frames upon frames: a function that calls itself goes no deeper.
const MAX_FRAMES: usize = 4_000;

/// A text to be run line by line.
pub(super) fn source(text: &str) -> Frame {
    Frame::Source(Box::new(Parser::new(text)))
}

/// A command whose words need no expansion.
pub(super) fn words(words: Vec<String>) -> Frame {
    let words = words.into_iter().map(Word::literal).collect();
    Frame::Run(Rc::new(Command::Simple(Rc::new(Simple { words, ..Simple::default() }))))
}

impl Shell {
    /// One step of a thread.
    pub(super) fn step(&mut self, thread: &mut Thread, world: &mut dyn Machines) {
        if thread.broken_pipe {
            self.finish(thread, 141, world);
            return;
        }
        if self.streams.is_full(thread.fds.get(1)) {
            thread.block = Some(Block::Write(thread.fds.get(1)));
            return;
        }
        if thread.frames.len() > MAX_FRAMES {
            Cx { shell: self, thread, world }.complain("maximum function nesting level exceeded");
            self.abort(thread, 1, world);
            return;
        }
        let Some(frame) = thread.frames.pop() else {
            let status = thread.status;
            self.finish(thread, status, world);
            return;
        };
        match frame {
            Frame::Interactive => self.read_entered(thread, world),
            Frame::Source(parser) => self.next_line(thread, parser, world),
            Frame::List { list, at } => self.next_item(thread, list, at),
            Frame::AndOr { and_or, at } => self.next_pipeline(thread, and_or, at, world),
            Frame::Single { pipeline, started } => {
                settle_pipeline(thread, &pipeline);
                self.report_time(thread, &pipeline, started, world);
            }
            Frame::Stages { pipeline, children, started } => {
                self.pipeline_ended(thread, &pipeline, &children);
                self.report_time(thread, &pipeline, started, world);
            }
            Frame::Run(command) => run_command(thread, &command),
            Frame::Expand(expansion) => self.expand(thread, expansion, world),
            Frame::Output { child, capture, process } => self.take_output_of(thread, child, capture, process),
            Frame::Compound(compound) => self.begin_compound(thread, compound),
            Frame::If { compound, at, in_condition } => self.branch(thread, compound, at, in_condition),
            Frame::While { compound, in_condition, status } => {
                self.next_round(thread, compound, in_condition, status);
            }
            Frame::For { compound, words, at } => self.next_word(thread, compound, words, at, world),
            Frame::Count { compound, steps } => {
                let what = if steps { What::Step(compound) } else { What::Condition(compound) };
                thread.frames.push(Expansion::frame(what));
            }
            Frame::Child(child) => match self.reap(child) {
                Some(code) => thread.status = code,
                None => {
                    thread.block = Some(Block::Children(vec![child]));
                    thread.frames.push(Frame::Child(child));
                }
            },
            Frame::Task(mut program) => {
                let step = program.step(&mut Cx { shell: self, thread, world });
                match step {
                    StepResult::Again => thread.frames.push(Frame::Task(program)),
                    StepResult::Waits(block) => {
                        self.wait(thread, block);
                        thread.frames.push(Frame::Task(program));
                    }
                    StepResult::Becomes(program) => thread.frames.push(Frame::Task(program)),
                    StepResult::Done(code) => thread.status = code,
                }
            }
            Frame::Exit => {
                let status = thread.status;
                self.finish(thread, status, world);
            }
            frame => {
                thread.frames.push(frame);
                self.pop_frame(thread, world);
            }
        }
    }

    pub(super) fn wait(&mut self, thread: &mut Thread, block: Block) {
        let until = match &block {
            Block::Until(at) | Block::Mail(_, Some(at)) | Block::Child(_, Some(at)) => Some(*at),
            _ => None,
        };
        if let Some(at) = until {
            self.requests.push(super::Request::Wake { at });
        }
        thread.block = Some(block);
    }

    /// Takes the top frame away and puts back what it has changed.
    pub(super) fn pop_frame(&mut self, thread: &mut Thread, world: &mut dyn Machines) {
        match thread.frames.pop() {
            Some(Frame::Restore { fds, opened }) => {
                thread.fds = fds;
                self.ends_changed = true;
                for id in opened {
                    if let Err((path, why)) = self.streams.close(id, world) {
                        thread.status = Cx { shell: self, thread, world }.complain(&format!("{path}: {why}"));
                    }
                }
                world.settle();
            }
            Some(Frame::RestoreVariables(saved)) => {
                for (name, before) in saved {
                    thread.env.restore(&name, before);
                }
            }
            Some(Frame::Call { arguments, locals }) => {
                thread.env.arguments = arguments;
                for (name, before) in locals.into_iter().rev() {
                    thread.env.restore(&name, before);
                }
            }
            Some(Frame::Sourced { arguments: Some(arguments) }) => thread.env.arguments = arguments,
            Some(Frame::Output { child, capture, .. }) => {
                self.kill(child);
                self.streams.take_capture(capture);
            }
            Some(Frame::Stages { children, .. }) => children.into_iter().for_each(|child| self.kill(child)),
            Some(Frame::Child(child)) => self.kill(child),
            _ => {}
        }
    }

    /// Ends a thread.
    pub(super) fn finish(&mut self, thread: &mut Thread, code: i32, world: &mut dyn Machines) {
        while !thread.frames.is_empty() {
            self.pop_frame(thread, world);
        }
        if let Some(trap) = thread.exit_trap.take().filter(|_| !thread.broken_pipe) {
            thread.status = code;
            thread.frames.push(Frame::Exit);
            thread.frames.push(source(&trap));
            return;
        }
        self.streams.flush(world);
        thread.ended = Some(code & 0xff);
    }

    /// Gives up the line that is being run: a shell that reads lines goes on with the next one.
    pub(super) fn abort(&mut self, thread: &mut Thread, code: i32, world: &mut dyn Machines) {
        while thread.frames.last().is_some_and(|frame| !matches!(frame, Frame::Interactive)) {
            self.pop_frame(thread, world);
        }
        thread.status = code;
        if thread.frames.is_empty() {
            self.finish(thread, code, world);
        }
    }

    // ---- lines and lists ----

    fn read_entered(&mut self, thread: &mut Thread, world: &mut dyn Machines) {
        thread.frames.push(Frame::Interactive);
        let node = thread.env.host.node().map(str::to_owned);
        if let Some(node) = node.filter(|node| self.entered.is_some() && !world.is_reachable(node)) {
            self.entered = None;
            Cx { shell: self, thread, world }.err("client_loop: send disconnect: Broken pipe\n");
            self.lost = Some(node.into());
            return;
        }
        match self.entered.take() {
            Some(line) => thread.frames.push(source(&line)),
            None => thread.block = Some(Block::Prompt),
        }
    }

    fn next_line(&mut self, thread: &mut Thread, mut parser: Box<Parser>, world: &mut dyn Machines) {
        let had_mark = parser.open_mark().is_some();
        let parsed = parser.next(&thread.env.aliases);
        thread.line = parser.start_line();
        if let Some(mark) = parser.open_mark().filter(|_| !had_mark).map(str::to_owned) {
            let text = format!("warning: here-document at line 1 delimited by end-of-file (wanted `{mark}')");
            Cx { shell: self, thread, world }.complain(&text);
        }
        match parsed {
            Ok(None) => {}
            Ok(Some(list)) => {
                thread.frames.push(Frame::Source(parser));
                thread.frames.push(Frame::List { list, at: 0 });
            }
            Err(error) => {
                self.syntax_error(thread, &error, &parser, world);
                let status = if matches!(error, ParseError::Syntax(ref text) if text.ends_with("bad substitution"))
                {
                    1
                } else {
                    2
                };
                self.abort(thread, status, world);
            }
        }
    }

    fn syntax_error(
        &mut self,
        thread: &mut Thread,
        error: &ParseError,
        parser: &Parser,
        world: &mut dyn Machines,
    ) {
        let text = error.text();
        let line = thread.line;
        let (prefix, shows_line) = match &thread.origin {
            Origin::Typed => ("bash: ".to_owned(), false),
            Origin::Argument => (format!("bash: -c: line {line}: "), true),
            Origin::File(name) => (format!("{name}: line {line}: "), true),
        };
        let mut cx = Cx { shell: self, thread, world };
        cx.err(&format!("{prefix}{text}\n"));
        if shows_line && text.contains("near unexpected token") {
            cx.err(&format!("{prefix}`{}'\n", parser.current_line()));
        }
    }

    fn next_item(&mut self, thread: &mut Thread, list: Rc<List>, at: usize) {
        let Some(item) = list.items.get(at).cloned() else { return };
        if at + 1 < list.items.len() {
            thread.frames.push(Frame::List { list, at: at + 1 });
        }
        if !item.background {
            thread.frames.push(Frame::AndOr { and_or: item, at: 0 });
            return;
        }
        let mut fds = thread.fds;
        fds.set(0, Fd::Null);
        let child = self.spawn(thread, Body::AndOr(item), thread.env.clone(), fds);
        if let Some(id) = child {
            if let Some(child) = self.threads.get_mut(&id) {
                child.background = true;
            }
            thread.last_background = Some(id);
            thread.status = 0;
            if self.interactive && matches!(thread.frames.first(), Some(Frame::Interactive)) {
                let text = format!("[1] {}\n", super::schedule::process_id(id));
                let _ = self.streams.write(thread.fds.get(2), text.as_bytes());
            }
        }
    }

    fn next_pipeline(&mut self, thread: &mut Thread, and_or: Rc<AndOr>, at: usize, world: &mut dyn Machines) {
        let ran = at;
        let mut at = at;
        while let Some((join, pipeline)) = and_or.pipelines.get(at) {
            at += 1;
            let runs = match join {
                Join::Always => true,
                Join::IfGood => thread.status == 0,
                Join::IfBad => thread.status != 0,
            };
            if runs {
                let pipeline = pipeline.clone();
                thread.frames.push(Frame::AndOr { and_or, at });
                self.begin_pipeline(thread, pipeline, world);
                return;
            }
        }
        // `set -e` looks at the last command only, and only if it ran.
        let last_ran = ran == and_or.pipelines.len()
            && and_or.pipelines.last().is_some_and(|(_, pipeline)| !pipeline.negated);
        if thread.env.options.errexit && thread.status != 0 && last_ran && !thread.in_condition() {
            let status = thread.status;
            self.leave(thread, status, world);
        }
    }

    // ---- pipelines ----

    fn begin_pipeline(&mut self, thread: &mut Thread, pipeline: Rc<Pipeline>, world: &mut dyn Machines) {
        let started = world.now();
        if let [piped] = pipeline.commands.as_slice() {
            let command = piped.command.clone();
            if pipeline.negated || pipeline.timed {
                thread.frames.push(Frame::Single { pipeline, started });
            }
            thread.frames.push(Frame::Run(command));
            return;
        }
        let mut children = Vec::new();
        let mut input = thread.fds.get(0);
        let last = pipeline.commands.len().saturating_sub(1);
        for (at, piped) in pipeline.commands.iter().enumerate() {
            let mut fds = thread.fds;
            fds.set(0, input);
            if at < last {
                let pipe = Fd::Pipe(self.streams.pipe());
                fds.set(1, pipe);
                if piped.errors {
                    fds.set(2, pipe);
                }
                input = pipe;
            }
            let body = Body::Command(piped.command.clone());
            match self.spawn(thread, body, thread.env.clone(), fds) {
                Some(child) => children.push(child),
                None => {
                    children.into_iter().for_each(|child| self.kill(child));
                    return;
                }
            }
        }
        thread.block = Some(Block::Children(children.clone()));
        thread.frames.push(Frame::Stages { pipeline, children, started });
    }

    fn pipeline_ended(&mut self, thread: &mut Thread, pipeline: &Pipeline, children: &[u32]) {
        let codes: Vec<i32> = children.iter().map(|child| self.reap(*child).unwrap_or(0)).collect();
        let last = codes.last().copied().unwrap_or(0);
        thread.status = match thread.env.options.pipefail {
            true => codes.iter().rev().copied().find(|code| *code != 0).unwrap_or(0),
            false => last,
        };
        let items = codes.iter().map(|code| Some(code.to_string().into())).collect();
        let value = crate::env::Value::Array(Rc::new(items));
        // Nobody can make it read-only.
        let _ = thread.env.assign("PIPESTATUS", value);
        settle_pipeline(thread, pipeline);
    }

    fn report_time(
        &mut self,
        thread: &mut Thread,
        pipeline: &Pipeline,
        started: Time,
        world: &mut dyn Machines,
    ) {
        if pipeline.timed {
            let micros = world.now().since(started).as_micros();
            let (minutes, millis) = (micros / 60_000_000, micros / 1000 % 60_000);
            let text = format!(
                "\nreal\t{minutes}m{}.{:03}s\nuser\t0m0.000s\nsys\t0m0.000s\n",
                millis / 1000,
                millis % 1000
            );
            Cx { shell: self, thread, world }.err(&text);
        }
    }

    // ---- expansion ----

    fn expand(&mut self, thread: &mut Thread, mut expansion: Box<Expansion>, world: &mut dyn Machines) {
        let host = thread.env.host.clone();
        let extra = thread.extra.clone();
        let disk = Disk::new(&*world, &host, &extra);
        let expanded = assigned_by(&expansion, thread, &disk);
        drop(disk);
        match expanded {
            Ok((env, expanded)) => {
                thread.env = env;
                let had_output = !expansion.outputs.is_empty();
                self.expanded(thread, &expansion.what, expanded, had_output, world);
            }
            Err(Pause::Failed(text)) => {
                Cx { shell: self, thread, world }.complain(&text);
                self.abort(thread, 1, world);
            }
            Err(Pause::Command(text)) => self.substitute(thread, expansion, &text, false),
            Err(Pause::Process(text)) => {
                if expansion.outputs.len() > MAX_FRAMES {
                    expansion.outputs.clear();
                }
                self.substitute(thread, expansion, &text, true);
            }
        }
    }

    /// Runs a substitution's command; the expansion goes on when it has ended.
    fn substitute(&mut self, thread: &mut Thread, expansion: Box<Expansion>, text: &Rc<str>, process: bool) {
        let capture = self.streams.capture();
        let mut fds = thread.fds;
        fds.set(1, Fd::File(capture));
        // `$(< file)` is the file's text.
        let text: Rc<str> =
            match text.trim_start().strip_prefix('<').filter(|rest| !rest.starts_with(['<', '('])) {
                Some(file) => format!("cat <{file}").into(),
                None => text.clone(),
            };
        let body = Body::Text { text, origin: thread.origin.clone() };
        let mut env = thread.env.clone();
        env.options.errexit = false;
        thread.frames.push(Frame::Expand(expansion));
        match self.spawn(thread, body, env, fds) {
            Some(child) => {
                thread.block = Some(Block::Children(vec![child]));
                thread.frames.push(Frame::Output { child, capture, process });
            }
            None => {
                self.streams.take_capture(capture);
                if let Some(Frame::Expand(expansion)) = thread.frames.last_mut() {
                    expansion.outputs.push(String::new());
                }
            }
        }
    }

    fn take_output_of(&mut self, thread: &mut Thread, child: u32, capture: u32, process: bool) {
        thread.status = self.reap(child).unwrap_or(0);
        let bytes = self.streams.take_capture(capture);
        let text = match process {
            true => {
                let path = format!("/dev/fd/{}", 63_usize.saturating_sub(thread.extra.len() % 50));
                Rc::make_mut(&mut thread.extra).insert(path.clone(), bytes.into());
                path
            }
            // A text holds no zero bytes.
            false => String::from_utf8_lossy(&bytes).replace('\0', ""),
        };
        if let Some(Frame::Expand(expansion)) = thread.frames.last_mut() {
            expansion.outputs.push(text);
        }
    }

    // ---- compounds ----

    fn begin_compound(&mut self, thread: &mut Thread, compound: Rc<Compound>) {
        match &compound.kind {
            CompoundKind::Group(list) => thread.frames.push(Frame::List { list: list.clone(), at: 0 }),
            CompoundKind::Subshell(list) => {
                let body = Body::List(list.clone());
                if let Some(child) = self.spawn(thread, body, thread.env.clone(), thread.fds) {
                    thread.block = Some(Block::Children(vec![child]));
                    thread.frames.push(Frame::Child(child));
                }
            }
            CompoundKind::If { branches, .. } => {
                let condition = branches.first().map(|(condition, _)| condition.clone());
                thread.frames.push(Frame::If { compound, at: 0, in_condition: true });
                thread.frames.extend(condition.map(|list| Frame::List { list, at: 0 }));
            }
            CompoundKind::While { condition, .. } => {
                let list = condition.clone();
                thread.frames.push(Frame::While { compound, in_condition: true, status: 0 });
                thread.frames.push(Frame::List { list, at: 0 });
            }
            CompoundKind::For { words: None, .. } => {
                let words = thread.env.arguments.clone();
                thread.frames.push(Frame::For { compound, words, at: 0 });
            }
            CompoundKind::For { .. }
            | CompoundKind::Count { .. }
            | CompoundKind::Case { .. }
            | CompoundKind::Test(_)
            | CompoundKind::Arithmetic(_) => thread.frames.push(Expansion::frame(What::Head(compound))),
        }
    }

    fn branch(&mut self, thread: &mut Thread, compound: Rc<Compound>, at: usize, in_condition: bool) {
        let CompoundKind::If { branches, otherwise } = &compound.kind else { return };
        if !in_condition {
            return;
        }
        if thread.status == 0 {
            let body = branches.get(at).map(|(_, body)| body.clone());
            thread.frames.extend(body.map(|list| Frame::List { list, at: 0 }));
            return;
        }
        match (branches.get(at + 1), otherwise) {
            (Some((condition, _)), _) => {
                let list = condition.clone();
                thread.frames.push(Frame::If { compound, at: at + 1, in_condition: true });
                thread.frames.push(Frame::List { list, at: 0 });
            }
            (None, Some(list)) => thread.frames.push(Frame::List { list: list.clone(), at: 0 }),
            (None, None) => thread.status = 0,
        }
    }

    /// `status`: how the last round of the body ended.
    fn next_round(&mut self, thread: &mut Thread, compound: Rc<Compound>, in_condition: bool, status: i32) {
        let CompoundKind::While { condition, until, body } = &compound.kind else { return };
        let (list, next, status) = match in_condition {
            true if (thread.status == 0) == *until => {
                thread.status = status;
                return;
            }
            true => (body.clone(), false, status),
            false => (condition.clone(), true, thread.status),
        };
        thread.frames.push(Frame::While { compound, in_condition: next, status });
        thread.frames.push(Frame::List { list, at: 0 });
    }

    fn next_word(
        &mut self,
        thread: &mut Thread,
        compound: Rc<Compound>,
        words: Rc<[String]>,
        at: usize,
        world: &mut dyn Machines,
    ) {
        let CompoundKind::For { name, body, .. } = &compound.kind else { return };
        let Some(word) = words.get(at) else {
            if at == 0 {
                thread.status = 0;
            }
            return;
        };
        let value = crate::env::Value::Text(word.as_str().into());
        if let Err(error) = thread.env.assign(name, value) {
            thread.status = Cx { shell: self, thread, world }.complain(&error);
            return;
        }
        let list = body.clone();
        thread.frames.push(Frame::For { compound, words, at: at + 1 });
        thread.frames.push(Frame::List { list, at: 0 });
    }
}

fn settle_pipeline(thread: &mut Thread, pipeline: &Pipeline) {
    if pipeline.negated {
        thread.status = i32::from(thread.status == 0);
    }
}

fn assigned_by(
    expansion: &Expansion,
    thread: &Thread,
    disk: &Disk<'_>,
) -> Result<(crate::env::Env, super::assign::Expanded), Pause> {
    let mut expander = expansion.expander(thread, disk);
    let expanded = super::assign::expand(&mut expander, &expansion.what)?;
    Ok((expander.env, expanded))
}

fn run_command(thread: &mut Thread, command: &Command) {
    match command {
        Command::Simple(simple) => thread.frames.push(Expansion::frame(What::Simple(simple.clone()))),
        Command::Compound(compound) if compound.redirects.is_empty() => {
            thread.frames.push(Frame::Compound(compound.clone()));
        }
        Command::Compound(compound) => {
            thread.frames.push(Expansion::frame(What::Redirects(compound.clone())));
        }
        Command::Function(name, body) => {
            Rc::make_mut(&mut thread.env.functions).insert(name.clone(), body.clone());
            thread.status = 0;
        }
    }
}

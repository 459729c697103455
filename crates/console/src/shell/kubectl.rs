//! kubectl as a program of the shell: what it asks of the world is passed on, what comes is passed in.

use std::rc::Rc;

use super::program::{Cx, Program, Started, StepResult};
use super::thread::Block;
use super::{Edited, Mail, Request};
use crate::{disk, node_shell};
use cli_runtime::job::{FileSet, Io, Job, Progress, Stop, Stream};
use sim::{Duration, Time};

/// From its start to its first request kubectl reads its configuration and what it knows of the API.
const START: Duration = Duration::from_millis(50);

/// A kubectl under way.
#[derive(Clone)]
struct Kubectl {
    job: Job,
    /// It is `kubectl apply`.
    applies: bool,
    ticket: u32,
    /// What was asked for is on its way.
    asked: bool,
    /// The number of its open watch.
    watch: u32,
    /// The file of the text that a person edits, or has edited.
    edited: Option<String>,
    /// What a node was asked for, and until when it takes.
    acted: Option<(Time, cli_runtime::job::Outcome)>,
    /// When its first request leaves.
    starts: Time,
}

/// A kubectl that takes in its standard input first.
#[derive(Clone)]
struct Collecting {
    args: Vec<String>,
    bytes: Vec<u8>,
}

/// `kubectl`.
pub(crate) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    match reads_input(args) {
        true => Started::runs(Collecting { args: args.to_vec(), bytes: Vec::new() }),
        false => Started::runs(Kubectl::new(cx, args, None)),
    }
}

/// Whether a file of the line is the standard input.
fn reads_input(args: &[String]) -> bool {
    args.iter().any(|arg| {
        matches!(arg.as_str(), "-" | "-f-" | "/dev/stdin")
            || arg.ends_with("=-")
            || arg.ends_with("/dev/stdin")
    })
}

fn program(io: &mut Io) -> Result<i32, Stop> {
    let words = io.words();
    kubectl::run(io, &words)
}

impl Kubectl {
    fn new(cx: &mut Cx<'_>, args: &[String], stdin: Option<Vec<u8>>) -> Kubectl {
        let mut files = FileSet::new();
        if let Some(bytes) = stdin {
            let bytes: Rc<[u8]> = bytes.into();
            files.insert("/dev/stdin".to_owned(), bytes.clone());
            files.insert("-".to_owned(), bytes);
        }
        files.extend(cx.thread.extra.iter().map(|(path, bytes)| (path.clone(), bytes.clone())));
        let host = cx.host();
        let disk = match host.node() {
            None => cx.world.home().clone(),
            Some(node) => cx.world.files(node).clone(),
        };
        let line = format!("kubectl {}", args.join(" "));
        let mut client = cx.shell.client.clone();
        if host.node().is_some() && !client.namespace.is_empty() {
            // The nodes have kubeconfigs of their own.
            Rc::make_mut(&mut client).namespace.clear();
        }
        let mut job = Job::new(&line, program, files, client, cx.now());
        job.set_words(args);
        job.set_disk(disk, cx.env().cwd.clone());
        Kubectl {
            job,
            applies: kubectl::applies(args),
            ticket: cx.shell.ticket(),
            asked: false,
            watch: 0,
            edited: None,
            acted: None,
            starts: cx.now() + START,
        }
    }

    fn take_mail(&mut self, cx: &mut Cx<'_>) {
        while let Some((at, mail)) = cx.next_mail(self.ticket) {
            match mail {
                Mail::Answer(answer) => {
                    self.asked = false;
                    self.job.answer(at, answer);
                }
                Mail::Event(event) => self.job.event(at, event),
                Mail::Closed(error) => self.job.closed(at, error),
                Mail::Edited(edited) => {
                    self.asked = false;
                    if let (Edited::Saved(bytes), Some(path)) = (&edited, &self.edited) {
                        // A full disk or the like: kubectl has the text all the same.
                        let _ = cx.write_file(path, bytes);
                    }
                    self.job.edited(at, edited);
                }
            }
        }
    }

    fn drop_edited(&mut self, cx: &mut Cx<'_>) {
        if let Some(path) = self.edited.take() {
            let _ = disk::remove(cx.world, &cx.thread.env.host, &path);
        }
    }

    fn show(&mut self, cx: &mut Cx<'_>) {
        for chunk in self.job.take_output() {
            match chunk.stream {
                Stream::Out => cx.out(&chunk.text),
                Stream::Err => cx.err(&chunk.text),
            }
        }
    }
}

impl Program for Kubectl {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        self.take_mail(cx);
        let now = cx.now();
        if let Some((until, outcome)) = self.acted.take() {
            if until > now {
                self.acted = Some((until, outcome));
                return StepResult::Waits(Block::Until(until));
            }
            self.job.done(now, outcome);
        }
        let request = self.job.request_number();
        self.job.woke(now);
        if self.asked && self.job.request_number() != request {
            // It waits no longer; what still comes as an answer is for nobody.
            cx.shell.drop_ticket(self.ticket);
            self.ticket = cx.shell.ticket();
            self.asked = false;
        }
        let progress = self.job.advance();
        self.show(cx);
        match progress {
            Progress::Done { exit_code } => {
                if let Some(namespace) = self.job.take_namespace() {
                    Rc::make_mut(&mut cx.shell.client).namespace = namespace;
                }
                if self.applies && exit_code != 0 && !self.job.was_refused() {
                    cx.shell.request(Request::ApplyFailed);
                }
                // What could not be sent stays on the disk.
                if exit_code == 0 {
                    self.drop_edited(cx);
                }
                cx.shell.drop_ticket(self.ticket);
                StepResult::Done(exit_code)
            }
            Progress::Needs(call) => {
                if now < self.starts {
                    return StepResult::Waits(Block::Until(self.starts));
                }
                if !self.asked {
                    self.asked = true;
                    cx.shell.request(Request::Call { ticket: self.ticket, call });
                }
                StepResult::Waits(Block::Mail(self.ticket, self.job.deadline()))
            }
            Progress::Acts(command) => {
                let outcome = node_shell(cx.world, &command);
                cx.world.settle();
                self.acted = Some((now + outcome.takes, outcome));
                StepResult::Again
            }
            Progress::Edits(wanted) => {
                if !self.asked {
                    self.asked = true;
                    self.drop_edited(cx);
                    cx.shell.drop_ticket(self.ticket);
                    let _ = cx.write_file(&wanted.path, &wanted.text);
                    self.edited = Some(wanted.path.clone());
                    self.ticket = cx.ask_to_edit(wanted.path, wanted.text);
                }
                StepResult::Waits(Block::Mail(self.ticket, None))
            }
            Progress::Sleeps { until } => StepResult::Waits(Block::Mail(self.ticket, Some(until))),
            Progress::Watches { watch, until } => {
                if self.watch != watch.number {
                    self.watch = watch.number;
                    cx.shell.watches.insert(self.ticket, cx.thread.id);
                    cx.shell.request(Request::Watch { ticket: self.ticket, watch });
                }
                StepResult::Waits(Block::Mail(self.ticket, until))
            }
        }
    }
}

impl Program for Collecting {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        if let Some(reading) = cx.read_to_end(&mut self.bytes) {
            return reading;
        }
        let kubectl = Kubectl::new(cx, &self.args, Some(std::mem::take(&mut self.bytes)));
        StepResult::Becomes(Box::new(kubectl))
    }
}

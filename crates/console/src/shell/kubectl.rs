//! kubectl, and kubeadm on a node, as programs of the shell: what they ask of the world is passed on, what comes is
//! passed in.

use std::rc::Rc;

use super::program::{Cx, Program, Started, StepResult};
use super::thread::{Block, Body, ThreadId};
use super::{Edited, Mail, Request};
use crate::{disk, node_shell};
use api::field::go_quote;
use cli_runtime::job::{FileSet, Io, Job, Progress, Stop, Stream};
use sim::files::file_name;
use sim::{Duration, Time};

/// From its start to its first request a client reads its configuration and what it knows of the API.
const START: Duration = Duration::from_millis(50);

/// Editors that a person looks at: the page's own takes their place.
const PERSONS_EDITORS: &[&str] =
    &["vi", "vim", "nvim", "nano", "pico", "emacs", "micro", "code", "subl", "gedit"];

/// A client of the API server under way.
#[derive(Clone)]
struct ApiClient {
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
    /// The editor that the environment names, while it runs, and its words.
    editor: Option<(ThreadId, String)>,
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
        false => Started::runs(ApiClient::new(cx, "kubectl", kubectl, args, None)),
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

/// `kubeadm` on a node.
pub(crate) fn start_kubeadm(cx: &mut Cx<'_>, args: &[String]) -> Started {
    Started::runs(ApiClient::new(cx, "kubeadm", kubeadm::run, args, None))
}

fn kubectl(io: &mut Io) -> Result<i32, Stop> {
    let words = io.words();
    kubectl::run(io, &words)
}

impl ApiClient {
    fn new(
        cx: &mut Cx<'_>,
        name: &str,
        program: fn(&mut Io) -> Result<i32, Stop>,
        args: &[String],
        stdin: Option<Vec<u8>>,
    ) -> ApiClient {
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
            Some(node) => cx.world.files(node).cloned().unwrap_or_default(),
        };
        let line = format!("{name} {}", args.join(" "));
        let mut client = cx.shell.client.clone();
        if host.node().is_some() && !client.namespace.is_empty() {
            // The nodes have kubeconfigs of their own.
            Rc::make_mut(&mut client).namespace.clear();
        }
        let mut job = Job::new(&line, program, files, client, cx.now());
        job.set_words(args);
        job.set_disk(disk, cx.env().cwd.clone());
        ApiClient {
            job,
            applies: kubectl::applies(args),
            ticket: cx.shell.ticket(),
            asked: false,
            watch: 0,
            edited: None,
            editor: None,
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

    /// Starts the editor that KUBE_EDITOR or EDITOR names, if it is a command and not one that a person looks at.
    ///
    /// Kubernetes: kubectl/pkg/cmd/util/editor/editor.go, defaultEnvEditor, Launch.
    fn start_editor(&mut self, cx: &mut Cx<'_>, path: &str) -> bool {
        let named = ["KUBE_EDITOR", "EDITOR"].iter().filter_map(|name| cx.env().get(name));
        let Some(editor) = named.into_iter().find(|editor| !editor.is_empty()) else { return false };
        let program = editor.split(' ').next().map_or("", file_name);
        if PERSONS_EDITORS.contains(&program) {
            return false;
        }
        let (words, named) = match editor.contains(['"', '\'', '\\']) {
            true => {
                let words = ["/bin/bash", "-c"].map(str::to_owned);
                let named = format!("/bin/bash -c {editor}");
                (words.into_iter().chain([format!("{editor} {path}")]).collect(), named)
            }
            false => {
                let words: Vec<String> = editor.split(' ').map(str::to_owned).collect();
                (words.into_iter().chain([path.to_owned()]).collect(), editor.to_string())
            }
        };
        let fds = cx.thread.fds;
        let child = cx.spawn(Body::Words(words), cx.env().clone(), fds);
        self.editor = child.map(|child| (child, named));
        self.editor.is_some()
    }

    /// Waits for the editor; what it left in the file.
    fn take_editor(&mut self, cx: &mut Cx<'_>) -> Option<StepResult> {
        let (child, named) = self.editor.take()?;
        let Some(code) = cx.reap(child) else {
            self.editor = Some((child, named));
            return Some(StepResult::Waits(Block::Children(vec![child])));
        };
        let saved = self.edited.as_ref().and_then(|path| match cx.disk().get(path) {
            Some(disk::Inode::File { bytes, .. }) => Some(bytes.clone()),
            _ => None,
        });
        let edited = match (code, saved) {
            (0, Some(bytes)) => Edited::Saved(bytes),
            (0, None) => Edited::Left,
            (127, _) => Edited::Failed(format!("unable to launch the editor {}", go_quote(&named))),
            _ => Edited::Failed(format!("there was a problem with the editor {}", go_quote(&named))),
        };
        self.asked = false;
        self.job.edited(cx.now(), edited);
        None
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

impl Program for ApiClient {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        self.take_mail(cx);
        if let Some(waiting) = self.take_editor(cx) {
            return waiting;
        }
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
                    if self.start_editor(cx, &wanted.path) {
                        self.ticket = cx.shell.ticket();
                        return StepResult::Again;
                    }
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
        let stdin = Some(std::mem::take(&mut self.bytes));
        StepResult::Becomes(Box::new(ApiClient::new(cx, "kubectl", kubectl, &self.args, stdin)))
    }
}

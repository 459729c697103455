//! A command that somebody typed, as a program in virtual time.
//!
//! A command is written as straight-line code over an [`Io`], like the real kubectl: ask the API server,
//! look at the answer, print, ask again. What it asks for travels, and the answer comes later; so the
//! program is run again from its beginning over the answers that have come so far, and stops
//! where one is missing. A [`Job`] is therefore plain data (the line, the answers, the output): it can be
//! cloned, and two clones given the same answers print the same.
//!
//! What must not be done over (reading a large file, the first hundred of a thousand objects) stands in
//! [`Io::once`] or [`Io::repeat`], whose results the job keeps.
//!
//! The cluster drives it: [`Job::advance`] says what the program waits for; [`Job::answer`], [`Job::woke`],
//! [`Job::event`], [`Job::closed`] and [`Job::done`] bring it.

pub(crate) mod failure;
mod io;
mod marks;

use std::rc::Rc;

pub use failure::{Failure, Stop, dial_error};
pub use io::Io;
pub use marks::Watching;

use api::meta::Name;
use api::object::{Kind, Object};
use marks::{Cursor, Mark};
use sim::files::Files;
use sim::{Duration, SortedMap, Time};
use wire::{Answer, Call, CallError, User, WatchEvent};

/// What a program does: it returns its exit code.
pub(crate) type Program = fn(&mut Io) -> Result<i32, Stop>;

/// Files that a command may read besides those of its computer, by the path as it is typed; `-` is the
/// standard input.
pub type FileSet = SortedMap<String, Rc<[u8]>>;

/// What a command knows before it asks.
#[derive(Clone, Debug)]
pub struct Client {
    /// Host and port of the API server, as the kubeconfig has it.
    pub server: String,
    /// Kubernetes' version: `v1.36.2`.
    pub version: String,
    /// The namespace of the context; empty where it names none.
    pub namespace: String,
}

impl Default for Client {
    fn default() -> Self {
        Client {
            server: "192.168.56.10:6443".to_owned(),
            version: "v1.36.2".to_owned(),
            namespace: String::new(),
        }
    }
}

/// Where a program writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// A piece of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Where it was written.
    pub stream: Stream,
    /// What was written.
    pub text: String,
}

/// Something to say about a file that the command was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDiagnostic {
    /// The file as it was named on the line.
    pub file: String,
    /// What is to be said, with its place in the file.
    pub diagnostic: yaml::Diagnostic,
}

/// The computer's files and the directory in which a command runs.
#[derive(Clone, Debug, Default)]
struct Place {
    disk: Files,
    directory: Rc<str>,
}

/// A simple command for a node's shell, to be run there at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostCommand {
    /// The name of the node.
    pub node: String,
    /// The command and its arguments, as the shell took them apart.
    pub words: Vec<String>,
    /// What comes in by a pipe or a here-document.
    pub stdin: Option<Rc<[u8]>>,
}

/// What a [`HostCommand`] came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What it wrote to its standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error.
    pub stderr: String,
    /// 0 when it succeeded.
    pub exit_code: i32,
    /// How long it takes until the command returns: stopping a container waits for its end.
    pub takes: sim::Duration,
}

impl Outcome {
    /// A command that succeeded and printed this.
    pub fn out(text: impl Into<String>) -> Outcome {
        Outcome { stdout: text.into().into_bytes(), ..Outcome::default() }
    }

    /// A command that failed with this exit code, and printed this to its standard error.
    pub fn fail(exit_code: i32, text: impl Into<String>) -> Outcome {
        Outcome { stderr: text.into(), exit_code, ..Outcome::default() }
    }
}

/// A watch that a command holds open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchSpec {
    /// Counts the watches of this job from 1; a new number replaces the watch before.
    pub number: u32,
    /// What is watched.
    pub kind: Kind,
    /// `None`: all namespaces.
    pub namespace: Option<Name>,
    /// Deliver what happened after this resourceVersion.
    pub since: u64,
}

impl WatchSpec {
    /// Whether the watch hears of this object.
    pub fn concerns(&self, object: &Object) -> bool {
        object.kind() == self.kind
            && self.namespace.as_ref().is_none_or(|namespace| *namespace == object.key().namespace)
    }
}

/// A text that a person is to edit, and where it lies meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditText {
    /// The whole path of the file that holds it.
    pub path: String,
    /// What it says before the edit.
    pub text: Rc<[u8]>,
}

/// How a person's editing of a text ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edited {
    /// The file was saved with these bytes.
    Saved(Rc<[u8]>),
    /// Left as it was.
    Left,
    /// There is nobody who could edit.
    NoEditor,
    /// The editor could not be started, or said that it failed: what kubectl says of it.
    Failed(String),
}

/// What a job waits for.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Send this to the API server and bring the answer with [`Job::answer`].
    Needs(Call),
    /// Do this on a node and report with [`Job::done`].
    Acts(HostCommand),
    /// Let a person edit this and report with [`Job::edited`].
    Edits(EditText),
    /// Call [`Job::woke`] then.
    Sleeps {
        /// When to go on.
        until: Time,
    },
    /// Bring the watch's events with [`Job::event`], its end with [`Job::closed`]; call [`Job::woke`] at
    /// `until`, if nothing came before.
    Watches {
        /// What is watched.
        watch: WatchSpec,
        /// When to go on at the latest; `None`: never.
        until: Option<Time>,
    },
    /// The program has ended.
    Done {
        /// 0 when it succeeded.
        exit_code: i32,
    },
}

/// What came, and when.
#[derive(Clone, Debug)]
struct Recorded<T> {
    at: Time,
    what: T,
}

/// What a program asked for by name, in the order of asking.
#[derive(Clone, Debug)]
enum Reply {
    Answer(Answer),
    Done(Outcome),
    Edited(Edited),
    Woke,
}

/// What a watch brought. `Taken` stands for one that the program has dealt with for good.
#[derive(Clone, Debug)]
enum Notice {
    Event(WatchEvent),
    Closed(CallError),
    Woke,
    Taken,
}

/// A command under way, or ended.
#[derive(Clone)]
pub struct Job {
    line: Rc<str>,
    words: Rc<[String]>,
    program: Program,
    files: Rc<FileSet>,
    place: Rc<Place>,
    client: Rc<Client>,
    started: Time,
    replies: Vec<Recorded<Reply>>,
    /// With the number of the watch that each belongs to.
    notices: Vec<Recorded<(u32, Notice)>>,
    /// The watch that events belong to now; 0: none was opened yet.
    watch: u32,
    marks: Vec<Mark>,
    output: Vec<Chunk>,
    /// How many pieces of output have been taken away before.
    taken: usize,
    diagnostics: Vec<FileDiagnostic>,
    /// The namespace that it wrote into the context.
    set_namespace: Option<String>,
    /// Whether the API server could not be reached, be it once.
    refused: bool,
    waits: Option<Progress>,
    /// How long it waits for an answer.
    request_timeout: Option<Duration>,
    /// In whose place requests are made.
    impersonated: Option<Rc<User>>,
    /// When it stops waiting for the present one.
    deadline: Option<Time>,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let replies = self.replies.len();
        write!(f, "Job {{ line: {:?}, replies: {replies}, waits: {:?} }}", self.line, self.waits)
    }
}

impl Job {
    /// A job that has not run yet. Its program sees `now` as the present until something comes.
    pub fn new(line: &str, program: Program, files: FileSet, client: Rc<Client>, now: Time) -> Job {
        Job {
            line: line.into(),
            words: Rc::default(),
            program,
            files: Rc::new(files),
            place: Rc::default(),
            client,
            started: now,
            replies: Vec::new(),
            notices: Vec::new(),
            watch: 0,
            marks: Vec::new(),
            output: Vec::new(),
            taken: 0,
            diagnostics: Vec::new(),
            set_namespace: None,
            refused: false,
            waits: None,
            request_timeout: None,
            impersonated: None,
            deadline: None,
        }
    }

    /// The words of the line, if they are not what its blanks part.
    pub fn set_words(&mut self, words: &[String]) {
        self.words = words.into();
    }

    /// The computer's disk and the directory in which the command runs.
    pub fn set_disk(&mut self, disk: Files, directory: Rc<str>) {
        self.place = Rc::new(Place { disk, directory });
    }

    /// The command line, as it was typed.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// When it was started.
    pub fn started(&self) -> Time {
        self.started
    }

    /// Runs the program as far as it gets and says what it waits for. Asking again changes nothing.
    pub fn advance(&mut self) -> Progress {
        if let Some(waits) = &self.waits {
            return waits.clone();
        }
        let program = self.program;
        let mut io = Io::new(self);
        let result = program(&mut io);
        let now = io.now();
        let needed = io.into_need();
        let progress = match result {
            Ok(exit_code) => Progress::Done { exit_code },
            // A program that lets a failure through has said nothing about it.
            Err(Stop::Failed(failure)) => Progress::Done { exit_code: failure.exit_code() },
            Err(Stop::Pending) => needed.unwrap_or(Progress::Done { exit_code: 1 }),
        };
        if let Progress::Watches { watch, .. } = &progress {
            self.watch = watch.number;
        }
        let is_request = matches!(progress, Progress::Needs(_));
        self.deadline = self.request_timeout.filter(|_| is_request).map(|span| now + span);
        if matches!(progress, Progress::Done { .. }) {
            self.forget();
        }
        self.waits = Some(progress.clone());
        progress
    }

    /// An ended job keeps its output only.
    fn forget(&mut self) {
        self.replies = Vec::new();
        self.notices = Vec::new();
        self.marks = Vec::new();
        self.files = Rc::default();
        self.place = Rc::default();
    }

    fn reply(&mut self, at: Time, what: Reply) {
        self.replies.push(Recorded { at, what });
        self.waits = None;
    }

    /// Whether a request found no API server to talk to.
    pub fn was_refused(&self) -> bool {
        self.refused
    }

    /// The answer to [`Progress::Needs`].
    pub fn answer(&mut self, at: Time, answer: Answer) {
        if matches!(self.waits, Some(Progress::Needs(_))) {
            self.refused |= matches!(answer.result, Err(CallError::Refused));
            self.reply(at, Reply::Answer(answer));
        }
    }

    /// The number of the present request: an answer to an earlier one comes too late.
    pub fn request_number(&self) -> u32 {
        self.replies.len() as u32
    }

    /// When to call [`Job::woke`], if no answer has come to [`Progress::Needs`] by then.
    pub fn deadline(&self) -> Option<Time> {
        self.deadline
    }

    /// The outcome of [`Progress::Acts`].
    pub fn done(&mut self, at: Time, outcome: Outcome) {
        if matches!(self.waits, Some(Progress::Acts(_))) {
            self.reply(at, Reply::Done(outcome));
        }
    }

    /// The outcome of [`Progress::Edits`].
    pub fn edited(&mut self, at: Time, edited: Edited) {
        if matches!(self.waits, Some(Progress::Edits(_))) {
            self.reply(at, Reply::Edited(edited));
        }
    }

    /// It is the time that [`Progress::Sleeps`] or [`Progress::Watches`] named. Too early is no harm.
    pub fn woke(&mut self, at: Time) {
        match &self.waits {
            Some(Progress::Needs(_)) if self.deadline.is_some_and(|deadline| at >= deadline) => {
                let canceled = Answer { result: Err(CallError::Canceled), warnings: Vec::new() };
                self.reply(at, Reply::Answer(canceled));
            }
            Some(Progress::Sleeps { until }) if at >= *until => self.reply(at, Reply::Woke),
            Some(Progress::Watches { until: Some(until), .. }) if at >= *until => {
                self.notice(at, Notice::Woke);
            }
            _ => {}
        }
    }

    /// The watch that was asked for last has something to say. It may come while the program waits for
    /// something else.
    pub fn event(&mut self, at: Time, event: WatchEvent) {
        self.notice(at, Notice::Event(event));
    }

    /// The watch has ended.
    pub fn closed(&mut self, at: Time, error: CallError) {
        self.notice(at, Notice::Closed(error));
    }

    fn notice(&mut self, at: Time, what: Notice) {
        if self.watch == 0 || self.exit_code().is_some() {
            return;
        }
        self.notices.push(Recorded { at, what: (self.watch, what) });
        if matches!(self.waits, Some(Progress::Watches { .. })) {
            self.waits = None;
        }
    }

    /// Ctrl-C.
    pub fn interrupt(&mut self) {
        if self.exit_code().is_none() {
            self.output.push(Chunk { stream: Stream::Err, text: "^C\n".to_owned() });
            self.forget();
            self.waits = Some(Progress::Done { exit_code: 130 });
        }
    }

    /// `None` while it runs.
    pub fn exit_code(&self) -> Option<i32> {
        match self.waits {
            Some(Progress::Done { exit_code }) => Some(exit_code),
            _ => None,
        }
    }

    /// Takes away what it printed since the last time.
    pub fn take_output(&mut self) -> Vec<Chunk> {
        self.taken += self.output.len();
        std::mem::take(&mut self.output)
    }

    /// The namespace that the program has written into its kubeconfig's context.
    pub fn take_namespace(&mut self) -> Option<String> {
        self.set_namespace.take()
    }

    /// Both streams as a terminal shows them.
    pub fn text(&self) -> String {
        self.output.iter().map(|chunk| chunk.text.as_str()).collect()
    }

    /// What is wrong with the files it was given, as far as it is known.
    pub fn diagnostics(&self) -> &[FileDiagnostic] {
        &self.diagnostics
    }
}

#[cfg(test)]
mod tests;

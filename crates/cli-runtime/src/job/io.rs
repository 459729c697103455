//! What a program may do.

use std::ops::ControlFlow;
use std::rc::Rc;

use super::marks::{Kept, Watching};
use super::{
    Chunk, Client, Cursor, EditText, Edited, Failure, FileDiagnostic, HostCommand, Job, Mark, Notice,
    Outcome, Progress, Reply, Stop, Stream, WatchSpec,
};
use api::object::{Kind, Object};
use sim::files::{Entry, clean_path};
use sim::{Duration, Time};
use wire::{Answer, Call, CallError, Reply as Answered, User, WatchEvent};

/// A program's hands: everything it does goes through here.
///
/// A program must ask for the same things in the same order each time it is run, which it does as long as
/// it looks at nothing else.
pub struct Io<'a> {
    job: &'a mut Job,
    cursor: Cursor,
    /// The next mark.
    mark: usize,
    depth: u32,
    need: Option<Progress>,
}

impl<'a> Io<'a> {
    pub(super) fn new(job: &'a mut Job) -> Io<'a> {
        let now = job.started;
        let cursor = Cursor { replies: 0, notices: 0, watches: 0, written: 0, diagnosed: 0, now };
        Io { job, cursor, mark: 0, depth: 0, need: None }
    }

    pub(super) fn into_need(self) -> Option<Progress> {
        self.need
    }

    /// The command line, as it was typed.
    pub fn line(&self) -> Rc<str> {
        self.job.line.clone()
    }

    /// The computer that the command runs on.
    pub fn client(&self) -> Rc<Client> {
        self.job.client.clone()
    }

    /// Writes the namespace of the kubeconfig's context.
    pub fn set_namespace(&mut self, namespace: &str) {
        self.job.set_namespace = Some(namespace.to_owned());
    }

    /// The time of what came last.
    pub fn now(&self) -> Time {
        self.cursor.now
    }

    /// The command's words, its name aside.
    pub fn words(&self) -> Rc<[String]> {
        self.job.words.clone()
    }

    /// The bytes of a file, by the path as it is typed; `-` is the standard input.
    pub fn file(&self, path: &str) -> Option<Rc<[u8]>> {
        let given = self.job.files.get(path).cloned();
        given.or_else(|| self.job.place.disk.file(&self.whole(path)).map(|file| file.bytes.clone()))
    }

    fn whole(&self, path: &str) -> String {
        match path.starts_with('/') {
            true => clean_path(path),
            false => clean_path(&format!("{}/{path}", self.job.place.directory)),
        }
    }

    /// Whether the path is a directory of the disk.
    pub fn is_directory(&self, path: &str) -> bool {
        self.job.place.disk.is_directory(&self.whole(path))
    }

    /// The files in a directory, or anywhere below it, by the paths as they would be typed.
    pub fn files_in(&self, directory: &str, recursive: bool) -> Vec<String> {
        let plain = directory.trim_end_matches('/').trim_start_matches("./");
        let prefix = if matches!(plain, "." | "") { String::new() } else { format!("{plain}/") };
        let lies_in = |rest: &str| recursive || !rest.contains('/');
        let given = self.job.files.keys().filter(|name| *name != "-");
        let given = given.filter(|name| name.strip_prefix(&prefix).is_some_and(lies_in)).cloned();
        let whole = format!("{}/", self.whole(directory).trim_end_matches('/'));
        let on_disk = self.job.place.disk.iter().filter_map(|(path, entry)| {
            let rest = path.strip_prefix(&whole).filter(|rest| lies_in(rest))?;
            matches!(entry, Entry::File(_)).then(|| format!("{prefix}{rest}"))
        });
        given.chain(on_disk).collect()
    }

    /// Asks the API server.
    pub(crate) fn call(&mut self, call: Call) -> Result<Answer, Stop> {
        match self.next_reply() {
            Some(Reply::Answer(answer)) => Ok(answer),
            _ => {
                let call = match self.job.impersonated.clone() {
                    Some(user) => Call::As { user, call: Box::new(call) },
                    None => call,
                };
                self.wait(Progress::Needs(call))
            }
        }
    }

    /// In whose place requests are made from now on.
    pub fn impersonate(&mut self, user: Option<Rc<User>>) {
        self.job.impersonated = user;
    }

    /// In whose place requests are made.
    pub fn impersonated(&self) -> Option<Rc<User>> {
        self.job.impersonated.clone()
    }

    /// How long answers are waited for from now on; `None`: for ever.
    pub fn limit_requests(&mut self, span: Option<Duration>) {
        self.job.request_timeout = span;
    }

    /// Until when a request that is made now may last; `None`: for ever.
    pub fn request_deadline(&self) -> Option<Time> {
        self.job.request_timeout.map(|span| self.cursor.now + span)
    }

    /// Does something on a node.
    pub fn act(&mut self, command: HostCommand) -> Result<Outcome, Stop> {
        match self.next_reply() {
            Some(Reply::Done(outcome)) => Ok(outcome),
            _ => self.wait(Progress::Acts(command)),
        }
    }

    /// Lets a person edit a text.
    pub fn edit(&mut self, text: EditText) -> Result<Edited, Stop> {
        match self.next_reply() {
            Some(Reply::Edited(edited)) => Ok(edited),
            _ => self.wait(Progress::Edits(text)),
        }
    }

    /// Waits for a span of virtual time.
    pub fn sleep(&mut self, span: Duration) -> Result<(), Stop> {
        let until = self.cursor.now + span;
        match self.next_reply() {
            Some(Reply::Woke) => Ok(()),
            _ => self.wait(Progress::Sleeps { until }),
        }
    }

    fn next_reply(&mut self) -> Option<Reply> {
        let recorded = self.job.replies.get(self.cursor.replies)?.clone();
        self.cursor.replies += 1;
        self.cursor.now = self.cursor.now.max(recorded.at);
        Some(recorded.what)
    }

    fn wait<T>(&mut self, progress: Progress) -> Result<T, Stop> {
        self.need = Some(progress);
        Err(Stop::Pending)
    }

    /// Opens a watch on what happens after the objects of a list (or one object) were as they are.
    pub fn watch<'o>(
        &mut self,
        kind: Kind,
        namespace: Option<&str>,
        seen: impl IntoIterator<Item = &'o Object>,
    ) -> Watching {
        self.cursor.watches += 1;
        let since = seen.into_iter().map(resource_version).max().unwrap_or(0);
        let namespace = namespace.map(Into::into);
        Watching { spec: WatchSpec { number: self.cursor.watches, kind, namespace, since } }
    }

    /// The next event of a watch; `None` when `until` comes first.
    pub fn next(
        &mut self,
        watching: &Watching,
        until: Option<Time>,
    ) -> Result<Option<Result<WatchEvent, CallError>>, Stop> {
        while let Some(recorded) = self.job.notices.get(self.cursor.notices) {
            let (at, (number, notice)) = (recorded.at, &recorded.what);
            if *number > watching.spec.number {
                break;
            }
            let taken = if *number == watching.spec.number { Some(notice.clone()) } else { None };
            self.cursor.notices += 1;
            self.cursor.now = self.cursor.now.max(at);
            match taken {
                Some(Notice::Event(event)) => return Ok(Some(Ok(event))),
                Some(Notice::Closed(error)) => return Ok(Some(Err(error))),
                Some(Notice::Woke) => return Ok(None),
                Some(Notice::Taken) | None => {}
            }
        }
        if until.is_some_and(|until| self.cursor.now >= until) {
            return Ok(None);
        }
        self.wait(Progress::Watches { watch: watching.spec.clone(), until })
    }

    /// A step that is done once: later runs of the program jump over it to its result.
    pub fn once<T: 'static>(&mut self, step: impl FnOnce(&mut Io) -> Result<T, Stop>) -> Result<Rc<T>, Stop> {
        let at = self.mark;
        if let Some(kept) = self.jump(at) {
            return match kept {
                Kept::Value(value) | Kept::State(value) => value.downcast::<T>().map_err(|_| Stop::Pending),
                Kept::Failed(failure) => Err(Stop::Failed(failure)),
            };
        }
        self.depth += 1;
        let result = step(self);
        self.depth -= 1;
        match result {
            Ok(value) => {
                let value = Rc::new(value);
                self.keep(at, Kept::Value(value.clone()));
                Ok(value)
            }
            Err(Stop::Failed(failure)) => {
                self.keep(at, Kept::Failed(failure.clone()));
                Err(Stop::Failed(failure))
            }
            Err(Stop::Pending) => Err(Stop::Pending),
        }
    }

    /// A loop whose rounds are done once each; the state is kept between them.
    pub fn repeat<S: Clone + 'static>(
        &mut self,
        initial: S,
        mut round: impl FnMut(&mut Io, &mut S) -> Result<ControlFlow<()>, Stop>,
    ) -> Result<S, Stop> {
        let at = self.mark;
        let mut state = initial;
        let start = self.cursor.notices;
        match self.jump(at) {
            Some(Kept::Value(value)) => {
                return value.downcast_ref::<S>().cloned().ok_or(Stop::Pending);
            }
            Some(Kept::Failed(failure)) => return Err(Stop::Failed(failure)),
            Some(Kept::State(kept)) => state = kept.downcast_ref::<S>().cloned().ok_or(Stop::Pending)?,
            None => self.keep(at, Kept::State(Rc::new(state.clone()))),
        }
        loop {
            self.depth += 1;
            let result = round(self, &mut state);
            self.depth -= 1;
            self.release(at, start);
            match result {
                Ok(ControlFlow::Continue(())) => {
                    self.keep(at, Kept::State(Rc::new(state.clone())));
                }
                Ok(ControlFlow::Break(())) => {
                    self.keep(at, Kept::Value(Rc::new(state.clone())));
                    return Ok(state);
                }
                Err(Stop::Failed(failure)) => {
                    self.keep(at, Kept::Failed(failure.clone()));
                    return Err(Stop::Failed(failure));
                }
                Err(Stop::Pending) => return Err(Stop::Pending),
            }
        }
    }

    /// Goes to where the program stood after a finished step.
    fn jump(&mut self, at: usize) -> Option<Kept> {
        let mark = self.job.marks.get(at).filter(|mark| mark.depth == self.depth)?;
        self.cursor = mark.cursor;
        let kept = mark.kept.clone();
        self.mark = at + 1;
        Some(kept)
    }

    fn keep(&mut self, at: usize, kept: Kept) {
        let mark = Mark { depth: self.depth, cursor: self.cursor, kept };
        self.job.marks.truncate(at);
        self.job.marks.push(mark);
        self.mark = at + 1;
    }

    /// Lets go of the watch events that a loop has dealt with: a watch may run for hours.
    fn release(&mut self, at: usize, from: usize) {
        let to = self.job.marks.get(at).map_or(from, |mark| mark.cursor.notices);
        for recorded in self.job.notices.get_mut(from..to).unwrap_or_default().iter_mut().rev() {
            if matches!(recorded.what.1, Notice::Taken) {
                break;
            }
            recorded.what.1 = Notice::Taken;
        }
    }

    /// Writes to the standard output.
    pub fn out(&mut self, text: impl Into<String>) {
        self.write(Stream::Out, text.into());
    }

    /// Writes to the standard error.
    pub fn err(&mut self, text: impl Into<String>) {
        self.write(Stream::Err, text.into());
    }

    /// Writes a piece of output; nothing for an empty one.
    pub fn write(&mut self, stream: Stream, text: String) {
        if text.is_empty() {
            return;
        }
        let chunk = Chunk { stream, text };
        // An earlier run has written the same already.
        if self.cursor.written >= self.job.taken + self.job.output.len() {
            self.job.output.push(chunk);
        }
        self.cursor.written += 1;
    }

    /// Reports a mistake in a file of the command.
    pub fn diagnose(&mut self, diagnostic: FileDiagnostic) {
        if self.cursor.diagnosed >= self.job.diagnostics.len() {
            self.job.diagnostics.push(diagnostic);
        }
        self.cursor.diagnosed += 1;
    }

    /// Asks the API server and prints the warnings that come along.
    pub fn ask(&mut self, call: Call) -> Result<Result<Answered, CallError>, Stop> {
        let answer = self.call(call)?;
        for warning in &answer.warnings {
            self.err(format!("Warning: {warning}\n"));
        }
        Ok(answer.result)
    }

    /// As [`Io::ask`], with a refusal taken for a failure.
    pub fn must(&mut self, call: Call) -> Result<Answered, Stop> {
        let request = request_text(&call, &self.job.client.server);
        self.ask(call)?.map_err(|error| Failure::of(&error, request).into())
    }
}

fn resource_version(object: &Object) -> u64 {
    match object {
        Object::Event(event) => event.resource_version,
        object => object.meta().map_or(0, |meta| meta.resource_version),
    }
}

/// A request as Go's HTTP client names it in an error: `Get "https://host:6443/api/v1/pods"`.
fn request_text(call: &Call, server: &str) -> String {
    if let Call::DryRun(call) | Call::As { call, .. } = call {
        return request_text(call, server);
    }
    let (verb, kind) = match call {
        Call::Get { kind, .. } | Call::List { kind, .. } => ("Get", *kind),
        Call::Post { kind, .. } => ("Post", *kind),
        Call::Put { kind, .. } => ("Put", *kind),
        Call::Patch { kind, .. } => ("Patch", *kind),
        Call::Delete { kind, .. } => ("Delete", *kind),
        Call::UpdateStatus(_) | Call::Update(_) => ("Put", call.kind()),
        other => ("Post", other.kind()),
    };
    let (namespace, name) = match call {
        Call::Get { key, .. }
        | Call::Put { key, .. }
        | Call::Patch { key, .. }
        | Call::Delete { key, .. } => (&*key.namespace, &*key.name),
        Call::Evict { key, .. } => (&*key.namespace, &*key.name),
        Call::List { namespace, .. } => (namespace.as_deref().unwrap_or_default(), ""),
        Call::Post { namespace, .. } => (&**namespace, ""),
        _ => ("", ""),
    };
    let info = kind.info();
    let root = if info.group.is_empty() { "api" } else { "apis" };
    let mut path = format!("/{root}/{}", info.api_version);
    if info.namespaced && !namespace.is_empty() {
        path += &format!("/namespaces/{namespace}");
    }
    path += &format!("/{}", info.plural);
    if !name.is_empty() {
        path += &format!("/{name}");
    }
    format!("{verb} \"https://{server}{path}\"")
}

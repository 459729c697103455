//! The user's desk: the shells with what runs in them, and what they wait for.

mod record;
mod watch;

use std::rc::Rc;

use super::watch_cache::WatchClient;
use super::{Cluster, Wake};
use cli_runtime::job::{Chunk, Stream, WatchSpec};
use console::{EditRequest, Edited, HostError, Mail, Programs, Prompt, Request, Shell};
use sim::files::{Entry, Files, clean_path, parent};
use sim::{SortedMap, Time};
use wire::{Answer, CallError, JobId, Part, Token, UserProcess};

pub use record::{CommandRecord, Note};

/// How many ended commands are kept for the console's history.
const HISTORY: usize = 500;

/// More terminals are not opened; a higher number is the last one.
const TERMINALS: u32 = 100;

/// The home directory on the person's own computer.
const HOME: &str = "/root";

/// All commands, running and ended, the actions between them, and the person's own disk.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    records: SortedMap<JobId, CommandRecord>,
    shells: SortedMap<UserProcess, Shell>,
    /// The command that runs in each terminal, or the last that did.
    current: SortedMap<u32, JobId>,
    notes: SortedMap<JobId, Note>,
    last: u32,
    watches: SortedMap<(UserProcess, u32), WatchSpec>,
    /// Shells that are being driven, and what comes for them meanwhile.
    driven: Vec<UserProcess>,
    late: Vec<(UserProcess, u32, Time, Mail)>,
    home: Files,
    /// Counts the changes of the person's disk.
    home_version: u64,
}

impl Desk {
    pub(super) fn new() -> Desk {
        let mut desk = Desk::default();
        for directory in [HOME, "/root/.kube", "/tmp", "/etc"] {
            // Paths of our own cannot clash.
            let _ = desk.home.make_directory(directory);
        }
        desk
    }

    /// Whether any command watches the API.
    pub(super) fn is_watching(&self) -> bool {
        !self.watches.is_empty()
    }

    /// What is kept of a line that was run, by the number that its start returned.
    pub fn job(&self, id: JobId) -> Option<&CommandRecord> {
        self.records.get(&id)
    }

    /// What is kept of an action that was done by a click, by its number.
    pub fn note(&self, id: JobId) -> Option<&Note> {
        self.notes.get(&id)
    }

    /// The actions that were done by clicks, oldest first.
    pub fn notes(&self) -> impl DoubleEndedIterator<Item = (JobId, &Note)> {
        self.notes.iter().map(|(id, note)| (*id, note))
    }

    /// All that are still known, oldest first.
    pub fn jobs(&self) -> impl DoubleEndedIterator<Item = (JobId, &CommandRecord)> {
        self.records.iter().map(|(id, record)| (*id, record))
    }

    /// The person's own disk.
    pub fn home(&self) -> &Files {
        &self.home
    }

    /// The files of the home directory by their names in it; hidden ones are left out.
    pub fn home_files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.home.iter().filter_map(|(path, entry)| {
            let name = path.strip_prefix(HOME)?.strip_prefix('/')?;
            let hidden = name.split('/').any(|part| part.starts_with('.'));
            match entry {
                Entry::File(file) if !hidden => Some((name, &*file.bytes)),
                _ => None,
            }
        })
    }

    pub(super) fn home_mut(&mut self) -> &mut Files {
        self.home_version += 1;
        &mut self.home
    }

    /// A number that grows with each change of the person's own disk.
    pub fn home_version(&self) -> u64 {
        self.home_version
    }

    /// A terminal's shell; none before the first line was entered.
    pub fn terminal(&self, number: u32) -> Option<&Shell> {
        self.shells.get(&UserProcess::Terminal(number))
    }

    /// What a terminal's prompt says; `None` while a command runs in it.
    pub fn prompt(&self, number: u32) -> Option<Prompt> {
        match self.terminal(number) {
            Some(shell) if shell.at_prompt() => shell.prompt(),
            Some(_) => None,
            None => Shell::terminal(Rc::default(), Time::START).prompt(),
        }
    }

    /// What a running command waits for that a person has to give.
    pub fn editing(&self, id: JobId) -> Option<&EditRequest> {
        let record = self.records.get(&id).filter(|record| record.exit_code.is_none())?;
        self.shells.get(&record.owner)?.editing()
    }

    /// Whether a running command waits for something to be typed.
    pub fn reads_terminal(&self, id: JobId) -> bool {
        let record = self.records.get(&id).filter(|record| record.exit_code.is_none());
        record.and_then(|record| self.shells.get(&record.owner)).is_some_and(Shell::reads_terminal)
    }

    /// The command that a shell runs, or the last that it ran.
    fn current_record(&mut self, owner: UserProcess) -> Option<&mut CommandRecord> {
        let id = match owner {
            UserProcess::Job(id) => id,
            UserProcess::Terminal(number) => *self.current.get(&number)?,
        };
        self.records.get_mut(&id)
    }

    fn next_id(&mut self) -> JobId {
        self.last += 1;
        JobId(self.last)
    }

    fn begin(&mut self, line: &str, started: Time, owner: UserProcess) -> JobId {
        let id = self.next_id();
        let owner = match owner {
            UserProcess::Job(_) => UserProcess::Job(id),
            terminal => terminal,
        };
        self.records.insert(id, CommandRecord::new(line, started, owner));
        self.forget_old();
        id
    }

    fn forget_old(&mut self) {
        while self.notes.len() > HISTORY {
            self.notes.pop_first();
        }
        while self.records.len() > HISTORY {
            let ended = self.records.iter().find(|(_, record)| record.exit_code.is_some()).map(|(id, _)| *id);
            let Some(id) = ended else { return };
            self.records.remove(&id);
        }
    }

    /// Puts files into the person's home directory, by the names that a line gives them.
    fn put_files(&mut self, files: &SortedMap<String, Rc<[u8]>>, now: Time) {
        for (name, bytes) in files.iter().filter(|(name, _)| *name != "-") {
            let path = match name.strip_prefix("~/") {
                Some(rest) => clean_path(&format!("{HOME}/{rest}")),
                None if name.starts_with('/') => clean_path(name),
                None => clean_path(&format!("{HOME}/{name}")),
            };
            if self.home.file(&path).is_some_and(|file| file.bytes == *bytes) {
                continue;
            }
            let home = self.home_mut();
            // A name that clashes with a directory's is left out; the command will say what it finds.
            let _ = home.make_directory(parent(&path)).and_then(|()| home.write(&path, bytes, now));
        }
    }

    fn deliver(&mut self, owner: UserProcess, ticket: u32, at: Time, mail: Mail) {
        match self.shells.get_mut(&owner) {
            Some(shell) => shell.mail(ticket, at, mail),
            None => self.late.push((owner, ticket, at, mail)),
        }
    }
}

/// The command that asked, if it was one.
pub(super) fn client(token: Token) -> Option<WatchClient> {
    match token {
        Token::User { by, ticket } => Some((by, ticket)),
        _ => None,
    }
}

impl Cluster {
    /// Writes down an action that was done by a click.
    pub fn note_action(&mut self, line: &str, done: Result<(), HostError>) -> JobId {
        let id = self.desk.next_id();
        self.desk.notes.insert(
            id,
            Note { line: line.into(), at: self.now, error: done.err().map(|error| error.to_string()) },
        );
        self.desk.forget_old();
        id
    }

    /// Gives the shells what they run. Before that, no line that is entered runs.
    pub fn install(&mut self, programs: Programs) {
        self.programs = Some(programs);
    }

    /// What the shells run, once it is there.
    pub fn programs(&self) -> Option<Programs> {
        self.programs
    }

    /// Runs a line in a shell of its own, on the person's computer; it runs as virtual time passes. The files
    /// are put into the home directory first; the one called `-` is the standard input.
    pub fn run_line(&mut self, line: &str, files: &SortedMap<String, Rc<[u8]>>) -> JobId {
        self.desk.put_files(files, self.now);
        let id = self.desk.begin(line, self.now, UserProcess::Job(JobId(0)));
        let shell = Shell::line(line, files.get("-").cloned(), self.client(), self.now);
        self.desk.shells.insert(UserProcess::Job(id), shell);
        self.drive(UserProcess::Job(id));
        id
    }

    /// Enters a line in a terminal. If a command runs there, the line is what that one reads.
    pub fn enter_line(
        &mut self,
        number: u32,
        line: &str,
        columns: u16,
        files: &SortedMap<String, Rc<[u8]>>,
    ) -> JobId {
        self.desk.put_files(files, self.now);
        let number = self.open_terminal(number);
        let owner = UserProcess::Terminal(number);
        if let Some(shell) = self.desk.shells.get_mut(&owner) {
            shell.set_columns(columns);
        }
        let at_prompt = self.desk.shells.get(&owner).is_some_and(Shell::at_prompt);
        if let Some(id) = self.desk.current.get(&number).copied().filter(|_| !at_prompt) {
            if let Some(record) = self.desk.records.get_mut(&id) {
                record.push(Chunk { stream: Stream::Out, text: format!("{line}\n") });
            }
            if let Some(shell) = self.desk.shells.get_mut(&owner) {
                shell.type_text(&format!("{line}\n"));
            }
            self.drive(owner);
            return id;
        }
        let id = self.begin_in_terminal(number, line);
        self.drive(owner);
        id
    }

    /// A terminal's number, after it has been opened if it was not.
    fn open_terminal(&mut self, number: u32) -> u32 {
        let number = number.min(TERMINALS);
        let owner = UserProcess::Terminal(number);
        if !self.desk.shells.contains_key(&owner) {
            let shell = Shell::terminal(self.client(), self.now);
            self.desk.shells.insert(owner, shell);
            self.drive(owner);
        }
        number
    }

    fn begin_in_terminal(&mut self, number: u32, line: &str) -> JobId {
        let prompt = self.desk.prompt(number);
        let id = self.desk.begin(line, self.now, UserProcess::Terminal(number));
        if let (Some(record), Some(prompt)) = (self.desk.records.get_mut(&id), prompt) {
            record.prompt = prompt.text().into();
        }
        self.desk.current.insert(number, id);
        if let Some(shell) = self.desk.shells.get_mut(&UserProcess::Terminal(number)) {
            shell.enter(line);
        }
        id
    }

    /// Ctrl-D: a shell at its prompt ends; a command has read everything that is typed for it.
    pub fn end_input(&mut self, number: u32) -> JobId {
        let number = self.open_terminal(number);
        let owner = UserProcess::Terminal(number);
        if self.desk.shells.get(&owner).is_some_and(Shell::at_prompt) {
            let id = self.begin_in_terminal(number, "exit");
            self.drive(owner);
            return id;
        }
        if let Some(shell) = self.desk.shells.get_mut(&owner) {
            shell.type_end();
        }
        self.drive(owner);
        self.desk.current.get(&number).copied().unwrap_or(JobId(0))
    }

    /// Ctrl-C.
    pub fn interrupt_job(&mut self, id: JobId) {
        let Some(owner) =
            self.desk.records.get(&id).filter(|record| record.exit_code.is_none()).map(|r| r.owner)
        else {
            return;
        };
        let Some(programs) = self.programs else { return };
        let Some(mut shell) = self.desk.shells.remove(&owner) else { return };
        programs.interrupt(&mut shell, self);
        self.desk.shells.insert(owner, shell);
        self.drive(owner);
    }

    /// A file that a command wanted to be edited has been, or not.
    pub fn finish_editing(&mut self, id: JobId, edited: Edited) {
        let now = self.now;
        let Some(owner) = self.desk.records.get(&id).map(|record| record.owner) else { return };
        if let Some(shell) = self.desk.shells.get_mut(&owner) {
            shell.edited(now, edited);
        }
        self.drive(owner);
    }

    /// Runs a shell as far as it gets.
    fn drive(&mut self, owner: UserProcess) {
        let Some(programs) = self.programs else { return };
        if self.desk.driven.contains(&owner) {
            return;
        }
        self.desk.driven.push(owner);
        loop {
            let Some(mut shell) = self.desk.shells.remove(&owner) else { break };
            let requests = programs.advance(&mut shell, self);
            let output = shell.take_output();
            self.desk.shells.insert(owner, shell);
            self.show(owner, output);
            for request in requests {
                self.ask(owner, request);
            }
            let late = std::mem::take(&mut self.desk.late);
            let (mine, others): (Vec<_>, Vec<_>) = late.into_iter().partition(|(to, ..)| *to == owner);
            self.desk.late = others;
            let came = !mine.is_empty();
            for (_, ticket, at, mail) in mine {
                self.desk.deliver(owner, ticket, at, mail);
            }
            if !came && !self.settle_shell(owner) {
                break;
            }
        }
        self.desk.driven.retain(|driven| *driven != owner);
    }

    fn show(&mut self, owner: UserProcess, output: Vec<Chunk>) {
        if let Some(record) = self.desk.current_record(owner) {
            output.into_iter().for_each(|chunk| record.push(chunk));
        }
    }

    /// Notes what has ended; whether a line that was typed meanwhile begins now.
    fn settle_shell(&mut self, owner: UserProcess) -> bool {
        let Some(shell) = self.desk.shells.get_mut(&owner) else { return false };
        match owner {
            UserProcess::Job(id) => {
                let (code, running) = (shell.exit_code(), shell.is_running());
                if let Some(record) = self.desk.records.get_mut(&id) {
                    record.exit_code = code;
                }
                if code.is_some() && !running {
                    self.desk.shells.remove(&owner);
                }
                false
            }
            UserProcess::Terminal(number) => {
                if !shell.at_prompt() {
                    return false;
                }
                let (status, typed) = (shell.status(), shell.take_typed_line());
                let current = self.desk.current.get(&number).copied();
                if let Some(record) = current.and_then(|id| self.desk.records.get_mut(&id)) {
                    record.exit_code.get_or_insert(status);
                }
                match typed {
                    Some(line) => {
                        self.begin_in_terminal(number, &line);
                        true
                    }
                    None => false,
                }
            }
        }
    }

    fn ask(&mut self, owner: UserProcess, request: Request) {
        match request {
            Request::Call { ticket, call } => self.send(Part::User, call, Token::User { by: owner, ticket }),
            Request::Wake { at } => self.agenda.push(at.max(self.now), Wake::Shell(owner)),
            Request::Watch { ticket, watch } => self.open_watch(owner, ticket, watch),
            Request::ApplyFailed => {
                if let Some(record) = self.desk.current_record(owner) {
                    record.apply_failed = true;
                }
            }
            Request::Unwatch { ticket } => {
                self.desk.watches.remove(&(owner, ticket));
            }
        }
    }

    /// Something that a shell waited for is due.
    pub(super) fn wake_shell(&mut self, owner: UserProcess) {
        self.drive(owner);
    }

    pub(super) fn answer_job(&mut self, token: Token, answer: Answer) {
        let Token::User { by: owner, ticket } = token else { return };
        let now = self.now;
        if matches!(answer.result, Err(CallError::Refused))
            && let Some(record) = self.desk.current_record(owner)
        {
            record.was_refused = true;
        }
        self.desk.deliver(owner, ticket, now, Mail::Answer(answer));
        self.drive(owner);
    }
}

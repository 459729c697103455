//! The console's terminal: what has been typed ahead, and the files that the person's editor and home
//! directory share.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use sim::SortedMap;
use stage::{Bytes, Completion, JobId, JobView, Stage};

use crate::desk::model::Desk;
use crate::session::SharedSession;

/// The one terminal that the page has.
pub const NUMBER: u32 = 0;

/// A file that a command in the terminal wants a person to edit.
#[derive(Clone, Debug, PartialEq)]
pub struct Editing {
    pub job: u32,
    /// `worker-1:/etc/hosts`
    pub name: Rc<str>,
    pub text: Rc<str>,
}

/// What the console shows of the terminal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TerminalView {
    /// `None` while a command runs.
    pub prompt: Option<Rc<str>>,
    pub running: Option<u32>,
    /// The command that runs reads what is entered.
    pub reads: bool,
    pub editing: Option<Editing>,
}

impl TerminalView {
    pub fn of(stage: &Stage, jobs: &[JobView], old: &TerminalView) -> TerminalView {
        let prompt = stage.prompt(NUMBER).map(|prompt| prompt.text().into());
        let entered = |job: &&JobView| job.exit_code.is_none() && !job.prompt.is_empty();
        let job = jobs.iter().rev().find(entered).filter(|_| prompt.is_none()).map(|job| job.id);
        let editing = job.and_then(|job| {
            let request = stage.editing(JobId(job))?;
            let name: Rc<str> = format!("{}:{}", request.host.name(), request.path).into();
            // The same command may ask again, with another file.
            if let Some(same) = old.editing.as_ref().filter(|old| old.job == job && old.name == name) {
                return Some(same.clone());
            }
            Some(Editing { job, name, text: String::from_utf8_lossy(&request.text).into() })
        });
        let reads = job.is_some_and(|job| stage.reads_terminal(JobId(job)));
        TerminalView { prompt, running: job, reads, editing }
    }
}

pub struct Terminal {
    session: SharedSession,
    /// What stands in the input line.
    pub draft: RefCell<String>,
    /// Jobs up to this one have been cleared from the screen.
    pub cleared: Cell<u32>,
    /// How many characters wide the output is.
    pub columns: Cell<u16>,
    /// Whole commands that wait for the prompt.
    waiting: RefCell<VecDeque<String>>,
    home: RefCell<Home>,
}

/// What the home directory and the person's files had in common last.
#[derive(Default)]
struct Home {
    version: Option<u64>,
    shared: SortedMap<Rc<str>, Rc<str>>,
}

impl Terminal {
    pub fn new(session: SharedSession) -> Terminal {
        Terminal {
            session,
            draft: RefCell::default(),
            cleared: Cell::new(0),
            columns: Cell::new(100),
            waiting: RefCell::default(),
            home: RefCell::default(),
        }
    }

    /// Another session.
    pub fn begin_anew(&self) {
        self.cleared.set(0);
        self.waiting.borrow_mut().clear();
        *self.home.borrow_mut() = Home::default();
    }

    /// Whether the Enter key begins another line of the same command.
    pub fn is_incomplete(&self, text: &str) -> bool {
        let session = self.session.borrow();
        session.stage.prompt(NUMBER).is_some() && session.stage.is_incomplete(NUMBER, text)
    }

    /// `text` ends at the cursor.
    pub fn complete(&self, text: &str) -> Completion {
        self.session.borrow().stage.complete(NUMBER, text)
    }

    /// Takes what was entered. Several commands follow each other as each one before has ended.
    pub fn type_ahead(&self, text: &str) {
        let stage = &self.session.borrow().stage;
        let mut waiting = self.waiting.borrow_mut();
        if stage.prompt(NUMBER).is_none() {
            waiting.extend(text.split('\n').map(str::to_owned));
            return;
        }
        let mut command = String::new();
        for line in text.split('\n') {
            if !command.is_empty() {
                command.push('\n');
            }
            command += line;
            if !stage.is_incomplete(NUMBER, &command) {
                waiting.push_back(std::mem::take(&mut command));
            }
        }
        waiting.extend((!command.is_empty()).then_some(command));
    }

    pub fn forget_typed(&self) {
        self.waiting.borrow_mut().clear();
    }

    /// The next line that the terminal can take now.
    pub fn next_line(&self, reads: bool) -> Option<String> {
        let at_prompt = self.session.borrow().stage.prompt(NUMBER).is_some();
        let mut waiting = self.waiting.borrow_mut();
        while at_prompt && waiting.front().is_some_and(|line| line.trim().is_empty()) {
            waiting.pop_front();
        }
        if at_prompt || reads { waiting.pop_front() } else { None }
    }

    /// The person's files that the home directory does not have as they are.
    pub fn files(&self, desk: &Desk) -> SortedMap<String, Bytes> {
        let mut home = self.home.borrow_mut();
        let unsent = desk.own.iter().filter(|file| home.shared.get(&file.name) != Some(&file.text));
        let unsent: Vec<_> = unsent.map(|file| (file.name.clone(), file.text.clone())).collect();
        home.shared.extend(unsent.iter().cloned());
        unsent.into_iter().map(|(name, text)| (name.to_string(), (&*text).into())).collect()
    }

    /// A command takes this file along to the home directory.
    pub fn note_sent(&self, name: &Rc<str>, text: &Rc<str>) {
        self.home.borrow_mut().shared.insert(name.clone(), text.clone());
    }

    /// What commands have made of the home directory: a file's new text, or `None` if it is gone. A file that
    /// was changed in the editor since stays as it is there.
    pub fn changes(&self, desk: &Desk) -> Vec<(Rc<str>, Option<Rc<str>>)> {
        let session = self.session.borrow();
        let version = Some(session.stage.home_version());
        let mut home = self.home.borrow_mut();
        if session.opening().is_some() || home.version == version {
            return Vec::new();
        }
        home.version = version;
        let there: SortedMap<Rc<str>, Rc<str>> = session
            .stage
            .home()
            .into_iter()
            .filter_map(|(name, bytes)| {
                Some((name.into(), std::str::from_utf8(bytes.as_bytes()).ok()?.into()))
            })
            .collect();
        let changes = compare(&home.shared, &there, desk);
        for (name, text) in &changes {
            match text {
                Some(text) => home.shared.insert(name.clone(), text.clone()),
                None => home.shared.remove(name),
            };
        }
        // What was renamed or thrown away here and is gone there, too, is no longer shared.
        home.shared.retain(|name, _| there.contains_key(name));
        changes
    }
}

fn compare(
    shared: &SortedMap<Rc<str>, Rc<str>>,
    there: &SortedMap<Rc<str>, Rc<str>>,
    desk: &Desk,
) -> Vec<(Rc<str>, Option<Rc<str>>)> {
    let is_untouched = |name: &Rc<str>| desk.own(name).map(|file| &file.text) == shared.get(name);
    let mut changes = Vec::new();
    for (name, text) in there {
        if shared.get(name) != Some(text) && is_untouched(name) {
            changes.push((name.clone(), Some(text.clone())));
        }
    }
    let gone = shared.keys().filter(|name| !there.contains_key(*name) && is_untouched(name));
    changes.extend(gone.map(|name| (name.clone(), None)));
    changes
}

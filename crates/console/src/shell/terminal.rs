//! What a person types at a shell, and what it shows: the prompt, the history, an editor.

use std::rc::Rc;

use cli_runtime::job::Edited;
use sim::Time;

use super::super::env::{Host, USER};
use super::super::parse;
use super::Shell;
use super::mailbox::Mail;
use super::streams::Fd;
use super::thread::{Block, Thread};

/// A file that a command wants a person to edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditRequest {
    /// The computer that the file is on.
    pub host: Host,
    /// The whole path.
    pub path: String,
    /// What the file holds; nothing where there is none yet.
    pub text: Rc<[u8]>,
    pub(super) ticket: u32,
}

/// Where a terminal's shell stands: what its prompt says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Who is logged in.
    pub user: String,
    /// The computer's name.
    pub host: String,
    /// `~` for the home directory.
    pub directory: String,
}

const MAX_HISTORY: usize = 1_000;

impl Prompt {
    /// `root@worker-1:/etc# `
    pub fn text(&self) -> String {
        format!("{}@{}:{}# ", self.user, self.host, self.directory)
    }
}

impl Shell {
    /// Whether a thread only waits for a session in which somebody can type.
    pub(super) fn leads_to_prompt(&self, thread: &Thread) -> bool {
        let mut waits = match &thread.block {
            Some(Block::Children(children)) => children.iter().filter_map(|id| self.threads.get(id)),
            _ => return false,
        };
        waits.all(|child| child.block == Some(Block::Prompt) || self.leads_to_prompt(child))
    }

    /// Whether a line can be entered. Only after [`Programs::advance`](crate::Programs::advance) has run.
    pub fn at_prompt(&self) -> bool {
        self.entered.is_none()
            && self
                .threads
                .values()
                .any(|thread| thread.block == Some(Block::Prompt) && thread.ended.is_none())
    }

    /// What the prompt says.
    pub fn prompt(&self) -> Option<Prompt> {
        let thread = self.threads.get(&self.innermost()?)?;
        Some(Prompt {
            user: USER.to_owned(),
            host: thread.env.host.name().to_owned(),
            directory: thread.env.short_directory(),
        })
    }

    /// How many characters wide the screen is; 0: there is none.
    pub fn set_columns(&mut self, columns: u16) {
        self.columns = columns;
    }

    /// Enters a line at the prompt.
    pub fn enter(&mut self, line: &str) {
        self.remember(line);
        self.entered = Some(line.to_owned());
    }

    fn remember(&mut self, line: &str) {
        let history = Rc::make_mut(&mut self.history);
        if !line.trim().is_empty() && history.last().is_none_or(|last| **last != *line) {
            history.push(line.into());
        }
        if history.len() > MAX_HISTORY {
            history.remove(0);
        }
    }

    /// Whether a text needs more lines before it can be entered: an open quote, loop or here-document.
    pub(crate) fn is_incomplete(&self, text: &str) -> bool {
        let thread = self.innermost().and_then(|id| self.threads.get(&id));
        parse::is_incomplete(text, &thread.map(|thread| thread.env.aliases.clone()).unwrap_or_default())
    }

    /// Types text that a running command reads.
    pub fn type_text(&mut self, text: &str) {
        self.streams.type_text(text);
    }

    /// Ctrl-D: the end of what is typed for a running command.
    pub fn type_end(&mut self) {
        self.streams.type_end();
    }

    /// A line that was typed while a command ran that did not read it.
    pub fn take_typed_line(&mut self) -> Option<String> {
        self.streams.take_typed_line()
    }

    /// Whether a command waits for something to be typed.
    pub fn reads_terminal(&self) -> bool {
        self.threads.values().any(|thread| matches!(thread.block, Some(Block::Read(Fd::Terminal(_)))))
    }

    /// The file that a person is asked to edit.
    pub fn editing(&self) -> Option<&EditRequest> {
        self.editing.as_ref()
    }

    /// The file has been edited, or not.
    pub fn edited(&mut self, at: Time, edited: Edited) {
        if let Some(request) = self.editing.take() {
            self.mail(request.ticket, at, Mail::Edited(edited));
        }
    }
}

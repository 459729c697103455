//! What a terminal's keys do in the console's line: history, search, completion, Ctrl-C and the like.

use gloo::utils::window;
use stage::{Command, JobView};
use web_sys::{HtmlTextAreaElement, KeyboardEvent};

use super::terminal::NUMBER;
use crate::page::Page;
use crate::state::Action;

/// How the line looks beside its text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    pub rows: u32,
    /// What the Tab key may put in.
    pub offers: Vec<String>,
    /// What is looked for in the history.
    pub search: Option<String>,
}

impl Line {
    pub fn of(text: &str) -> Line {
        Line { rows: rows(text), ..Line::default() }
    }
}

/// Higher the line does not grow.
const MOST_ROWS: usize = 12;

fn rows(text: &str) -> u32 {
    text.split('\n').count().min(MOST_ROWS) as u32
}

struct Search {
    query: String,
    /// Where in the history the match stands.
    at: usize,
    /// What stood in the line before.
    before: String,
}

/// What the keys before have left.
#[derive(Default)]
pub struct Keys {
    /// How far back in the history the arrow keys have gone, and what stood in the line before.
    back: usize,
    draft: String,
    search: Option<Search>,
    /// After Escape the Tab key leaves the line.
    leaves: bool,
}

/// Whether there is anything that Ctrl-C would copy.
pub fn has_selection() -> bool {
    let selected = window().get_selection().ok().flatten();
    selected.is_some_and(|selected| !selected.is_collapsed())
}

fn history(jobs: &[JobView]) -> Vec<&str> {
    let mut lines: Vec<&str> = jobs.iter().map(|job| &*job.line).collect();
    lines.dedup();
    lines
}

/// The longest text that all begin with.
fn common(words: &[String]) -> &str {
    let Some((first, rest)) = words.split_first() else { return "" };
    let is_shared = |end: &usize| {
        first.is_char_boundary(*end) && rest.iter().all(|word| word.starts_with(&first[..*end]))
    };
    let end = (0..=first.len()).rev().find(is_shared).unwrap_or(0);
    &first[..end]
}

/// The text before and behind the cursor. The browser counts UTF-16 units.
fn around(field: &HtmlTextAreaElement) -> (String, String) {
    let text: Vec<u16> = field.value().encode_utf16().collect();
    let at = field.selection_end().ok().flatten().map_or(text.len(), |at| (at as usize).min(text.len()));
    (String::from_utf16_lossy(&text[..at]), String::from_utf16_lossy(&text[at..]))
}

fn put(field: &HtmlTextAreaElement, before: &str, behind: &str) {
    field.set_value(&format!("{before}{behind}"));
    let at = before.encode_utf16().count() as u32;
    let _ = field.set_selection_range(at, at);
}

impl Keys {
    /// Does what a key does; how the line looks then.
    pub fn press(&mut self, event: &KeyboardEvent, field: &HtmlTextAreaElement, page: &Page) -> Line {
        if event.is_composing() {
            return Line::of(&field.value());
        }
        let key = event.key();
        let in_line = event.target().as_ref() == Some(field.as_ref());
        let control = event.ctrl_key() && !event.meta_key() && !event.alt_key();
        let taken = match control {
            true => self.control(&key, event, field, page, in_line),
            false if !in_line => false,
            false if self.search.is_some() => self.search_key(&key, event, field, page),
            false => match key.as_str() {
                "Tab" => return self.tab(event, field, page),
                _ => self.plain(&key, event, field, page),
            },
        };
        if taken {
            event.prevent_default();
            event.stop_propagation();
        }
        self.leaves = key == "Escape" || self.leaves && key == "Shift";
        Line { search: self.search.as_ref().map(|search| search.query.clone()), ..Line::of(&field.value()) }
    }

    fn control(
        &mut self,
        key: &str,
        event: &KeyboardEvent,
        field: &HtmlTextAreaElement,
        page: &Page,
        in_line: bool,
    ) -> bool {
        let marked = field.selection_start().ok() != field.selection_end().ok();
        match key.to_ascii_lowercase().as_str() {
            "c" if event.shift_key() || has_selection() || in_line && marked => return false,
            "c" => {
                if let Some(job) = page.stores.world.now().terminal.running {
                    page.act(Command::Interrupt { job });
                }
                page.terminal.forget_typed();
                self.reset();
                put(field, "", "");
            }
            "l" => page.terminal.cleared.set(last_ended(&page.stores.world.now().console)),
            _ if !in_line => return false,
            "d" if field.value().is_empty() => page.act(Command::EndInput { terminal: NUMBER }),
            "d" => {
                let (before, behind) = around(field);
                put(
                    field,
                    &before,
                    behind.get(behind.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default(),
                );
            }
            "r" => self.search_older(field, page),
            "g" if self.search.is_some() => self.give_up_search(field),
            "a" => put_cursor(field, |before| before.rfind('\n').map_or(0, |at| at + 1)),
            "e" => {
                let (before, behind) = around(field);
                let at = behind.find('\n').unwrap_or(behind.len());
                put(field, &format!("{before}{}", &behind[..at]), &behind[at..]);
            }
            "u" => put(field, "", &around(field).1),
            "k" => put(field, &around(field).0, ""),
            _ => return false,
        }
        true
    }

    fn reset(&mut self) {
        *self = Keys::default();
    }

    fn plain(&mut self, key: &str, event: &KeyboardEvent, field: &HtmlTextAreaElement, page: &Page) -> bool {
        let (before, behind) = around(field);
        match key {
            "Enter" if event.shift_key() => return false,
            "Enter" => self.enter(field, page),
            "ArrowUp" if !before.contains('\n') => self.go_back(field, page, 1),
            "ArrowDown" if !behind.contains('\n') => self.go_back(field, page, -1),
            _ => return false,
        }
        true
    }

    fn enter(&mut self, field: &HtmlTextAreaElement, page: &Page) {
        let text = field.value();
        if page.terminal.is_incomplete(&text) {
            put(field, &format!("{text}\n"), "");
            return;
        }
        page.act(Action::Enter(text.as_str().into()));
        put(field, "", "");
        self.reset();
    }

    fn go_back(&mut self, field: &HtmlTextAreaElement, page: &Page, by: isize) {
        let world = page.stores.world.now();
        let lines = history(&world.console);
        if self.back == 0 {
            self.draft = field.value();
        }
        self.back = self.back.saturating_add_signed(by).min(lines.len());
        let line = lines.len().checked_sub(self.back).and_then(|at| lines.get(at));
        put(field, line.copied().unwrap_or(&self.draft), "");
    }

    // ---- search ----

    fn search_older(&mut self, field: &HtmlTextAreaElement, page: &Page) {
        let world = page.stores.world.now();
        let lines = history(&world.console);
        let search = self.search.get_or_insert_with(|| Search {
            query: String::new(),
            at: lines.len(),
            before: field.value(),
        });
        find(search, &lines, search.at, field);
    }

    fn give_up_search(&mut self, field: &HtmlTextAreaElement) {
        if let Some(search) = self.search.take() {
            put(field, &search.before, "");
        }
    }

    fn search_key(
        &mut self,
        key: &str,
        event: &KeyboardEvent,
        field: &HtmlTextAreaElement,
        page: &Page,
    ) -> bool {
        let Some(search) = &mut self.search else { return false };
        let world = page.stores.world.now();
        let lines = history(&world.console);
        match key {
            "Enter" => {
                self.search = None;
                self.enter(field, page);
            }
            "Escape" => self.give_up_search(field),
            "Backspace" => {
                search.query.pop();
                find(search, &lines, lines.len(), field);
            }
            _ if key.chars().count() == 1 && !event.meta_key() => {
                search.query.push_str(key);
                find(search, &lines, lines.len(), field);
            }
            "Shift" => return false,
            // What was found can be changed.
            _ => {
                self.search = None;
                return key == "Tab";
            }
        }
        true
    }

    // ---- completion ----

    fn tab(&mut self, event: &KeyboardEvent, field: &HtmlTextAreaElement, page: &Page) -> Line {
        let text = field.value();
        // An empty line is no trap for the keyboard.
        if event.shift_key() || self.leaves || text.is_empty() {
            self.leaves = false;
            return Line::of(&text);
        }
        event.prevent_default();
        let (before, behind) = around(field);
        let found = page.terminal.complete(&before);
        let last = before.get(found.from..).unwrap_or_default();
        let shared = common(&found.words);
        let ends = found.words.len() == 1 && !shared.ends_with(['/', '=']);
        let space = if ends && !behind.starts_with(' ') { " " } else { "" };
        let is_longer = shared.len() > last.len();
        if is_longer || ends {
            let kept = before.get(..found.from).unwrap_or_default();
            put(field, &format!("{kept}{shared}{space}"), &behind);
        }
        let offers = if is_longer || found.words.len() < 2 { Vec::new() } else { found.words };
        Line { offers, ..Line::of(&field.value()) }
    }
}

/// The newest line before `from` that holds the query; stays where it is if there is none.
fn find(search: &mut Search, lines: &[&str], from: usize, field: &HtmlTextAreaElement) {
    if search.query.is_empty() {
        return;
    }
    let older = lines.get(..from).unwrap_or_default();
    if let Some(at) = older.iter().rposition(|line| line.contains(&search.query)) {
        search.at = at;
        put(field, lines[at], "");
    }
}

fn put_cursor(field: &HtmlTextAreaElement, to: impl Fn(&str) -> usize) {
    let (before, behind) = around(field);
    let at = to(&before);
    put(field, &before[..at], &format!("{}{behind}", &before[at..]));
}

/// What still runs stays on a screen that is cleared.
fn last_ended(jobs: &[JobView]) -> u32 {
    let running = jobs.iter().find(|job| job.exit_code.is_none()).map_or(u32::MAX, |job| job.id);
    jobs.iter().map(|job| job.id).filter(|id| *id < running).max().unwrap_or(0)
}

//! A script of shell lines: which lines belong together, which files they name, and how they are played.
//!
//! It knows no disk, so that the recordings in `tests/oracle.rs`, which includes this file, are played as the
//! native program plays a script.

use api::human_duration::parse_go_duration;
use sim::{Duration, SortedMap};
use stage::{Bytes, Command, EditOutcome, JobView, Stage};

/// The terminal that a script's lines are entered in.
const TERMINAL: u32 = 0;

/// How long one command may keep the session waiting.
const COMMAND_LIMIT: Duration = Duration::from_secs(600);

/// The commands of a script: comments and empty lines are left out, a here-document stays with its
/// command, and a backslash at the end joins the next line.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let mut command = line.trim().to_owned();
        if command.is_empty() || command.starts_with('#') {
            continue;
        }
        while command.ends_with('\\') {
            command.pop();
            command += lines.next().unwrap_or_default().trim_start();
        }
        for (mark, indented) in marks(&command) {
            for line in lines.by_ref() {
                command += &format!("\n{line}");
                if mark == if indented { line.trim_start_matches('\t') } else { line } {
                    break;
                }
            }
        }
        commands.push(command);
    }
    commands
}

/// The marks of a line's here-documents, and whether tabs before them are dropped (`<<-`).
fn marks(line: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find("<<") {
        rest = &rest[at + 2..];
        // `<<<` takes a word and no lines.
        if let Some(word) = rest.strip_prefix('<') {
            rest = word;
            continue;
        }
        let word = rest.strip_prefix('-');
        let mark: String = word
            .unwrap_or(rest)
            .trim_start()
            .chars()
            .filter(|c| !matches!(c, '\'' | '"'))
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        if !mark.is_empty() {
            found.push((mark, word.is_some()));
        }
    }
    found
}

/// A word without the quotes around it, and what a shell reads of its own.
fn bare(word: &str) -> &str {
    word.trim_start_matches('<').trim_matches(|c| matches!(c, '\'' | '"' | ';'))
}

/// The words of a line that may be names of files or directories, and whether directories are meant with
/// all that lies deeper.
pub(crate) fn names(line: &str) -> (Vec<&str>, bool) {
    let words = || line.lines().next().unwrap_or_default().split_whitespace();
    let deep = words().any(|word| matches!(word, "-R" | "--recursive" | "--recursive=true"));
    let mut names = Vec::new();
    for word in words().map(bare) {
        let named = word.strip_prefix("-f").or_else(|| word.rsplit_once('=').map(|(_, name)| bare(name)));
        names.extend(named.into_iter().chain([word]).flat_map(|names| names.split(',')));
    }
    (names, deep)
}

/// How long `sleep 10s`, or `sleep 10`, lets time pass; nothing for any other command.
pub(crate) fn sleep(line: &str) -> Option<Duration> {
    let span = line.strip_prefix("sleep ")?.trim();
    parse_go_duration(span).or_else(|| parse_go_duration(&format!("{span}s")))
}

/// Lets time pass.
pub(crate) fn wait(stage: &mut Stage, span: Duration) {
    let until = stage.now() + span;
    stage.run_until(until);
}

/// The line as it is entered in the one terminal of a script.
pub(crate) fn entered(line: &str, files: SortedMap<String, Bytes>) -> Command {
    Command::Enter { terminal: TERMINAL, line: line.to_owned(), columns: 0, files }
}

/// Plays a command to its end; nothing if the session has forgotten it. One that does not end is interrupted;
/// nobody types or edits anything for it.
pub(crate) fn play(stage: &mut Stage, command: Command) -> Option<JobView> {
    let id = stage.perform(command);
    let end = stage.now() + COMMAND_LIMIT;
    let runs = |stage: &Stage| stage.job(id).is_some_and(|job| job.exit_code.is_none());
    while runs(stage) {
        if stage.editing(id).is_some() {
            stage.perform(Command::Edited { job: id.0, outcome: EditOutcome::NoEditor });
        } else if stage.reads_terminal(id) {
            stage.perform(Command::EndInput { terminal: TERMINAL });
        } else if stage.now() >= end || !stage.step() {
            stage.perform(Command::Interrupt { job: id.0 });
            break;
        }
    }
    stage.job(id)
}

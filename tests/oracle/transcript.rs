//! A transcript: the commands that somebody typed, and what came of each. `tests/data/oracle/README.md` has
//! the format.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::pattern::Pattern;

#[derive(Clone, Debug)]
pub struct RecordedCommand {
    /// A line of shell; lines of here-documents follow.
    pub command: String,
    pub is_compared: bool,
    /// What it printed.
    pub lines: Vec<String>,
    pub status: u32,
}

impl RecordedCommand {
    pub fn first(&self) -> &str {
        self.command.split('\n').next().unwrap_or_default()
    }

    /// Whether it only lets time pass.
    pub fn waits(&self) -> bool {
        let span = self.command.strip_prefix("sleep ");
        span.is_some_and(|span| !span.is_empty() && !span.contains(char::is_whitespace))
    }
}

#[derive(Clone, Debug)]
pub struct Transcript {
    header: Vec<String>,
    pub steps: Vec<RecordedCommand>,
}

/// What the recordings leave out for those who have no CoreDNS.
const COMPARED: [&str; 2] = ["coredns", "kube-dns"];

static HERE: LazyLock<Pattern> = LazyLock::new(|| Pattern::new(r#"<<-?\s*(['"]?)(\w+)\1"#));
static EXIT: LazyLock<Pattern> = LazyLock::new(|| Pattern::whole(r"\[exit (\d+)\]"));
static WORKER: LazyLock<Pattern> = LazyLock::new(|| Pattern::new(r"\bworker-[123]\b"));

/// The marks of a command's here-documents.
fn here_marks(command: &str) -> Vec<String> {
    let text = command.replace("<<<", "   ");
    let here = HERE.all(&text).filter_map(|found| HERE.groups(found)?.get(2).map(ToString::to_string));
    here.collect()
}

impl Transcript {
    pub fn parse(text: &str) -> Transcript {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut transcript = Transcript { header: Vec::new(), steps: Vec::new() };
        let mut lines = text.strip_suffix('\n').unwrap_or(&text).split('\n');
        while let Some(line) = lines.next() {
            let compared = line.strip_prefix("$ ").map(|command| (command, true));
            if let Some((first, is_compared)) =
                compared.or_else(|| line.strip_prefix("$~ ").map(|command| (command, false)))
            {
                let mut command = first.to_owned();
                for mark in here_marks(first) {
                    for line in lines.by_ref() {
                        command += "\n";
                        command += line;
                        if line == mark {
                            break;
                        }
                    }
                }
                transcript.steps.push(RecordedCommand { command, is_compared, lines: Vec::new(), status: 0 });
            } else if let Some(step) = transcript.steps.last_mut() {
                step.lines.push(line.to_owned());
            } else if line.starts_with('#') {
                transcript.header.push(line.to_owned());
            }
        }
        transcript.steps.iter_mut().for_each(take_status);
        transcript
    }

    /// Lines that match one of these are not compared.
    pub fn ignored(&self) -> Vec<Pattern> {
        let given = self.header.iter().filter_map(|line| line.strip_prefix("# ignore:"));
        let given = given.map(str::trim).filter(|expression| !COMPARED.contains(expression));
        given.map(Pattern::new).collect()
    }

    /// What the nodes have pulled before.
    pub fn images(&self) -> impl Iterator<Item = &str> {
        let given = self.header.iter().filter_map(|line| line.strip_prefix("# images:"));
        given.flat_map(str::split_whitespace)
    }

    pub fn tags(&self) -> BTreeSet<&str> {
        let given = self.header.iter().filter_map(|line| line.strip_prefix("# tags:"));
        given.flat_map(str::split_whitespace).collect()
    }

    /// The same with other workers: `to[0]` instead of 1.
    pub fn with_workers(&self, to: [char; 3]) -> Transcript {
        let mut other = self.clone();
        let swap = |worker: &str| {
            let number = worker.chars().last().and_then(|c| c.to_digit(10)).unwrap_or(1) as usize;
            format!("worker-{}", to[number - 1])
        };
        for line in other.steps.iter_mut().flat_map(|step| &mut step.lines) {
            *line = WORKER.replace_by(line, swap);
        }
        other
    }

    /// The same commands, without what came of them.
    pub fn without_answers(&self) -> Transcript {
        let mut other = self.clone();
        for step in &mut other.steps {
            step.lines.clear();
            step.status = 0;
        }
        other
    }
}

/// The last line `[exit N]` is the status.
fn take_status(step: &mut RecordedCommand) {
    let groups = step.lines.last().and_then(|line| EXIT.groups(line));
    if let Some(status) = groups.and_then(|groups| groups[1].parse().ok()) {
        step.status = status;
        step.lines.pop();
    }
}

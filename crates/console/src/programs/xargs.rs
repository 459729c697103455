//! `xargs`.

use super::feed;
use super::options::Spec;
use crate::shell::program::{Cx, Program, Started, StepResult};
use crate::shell::streams::Fd;
use crate::shell::thread::{Block, Body, ThreadId};

const SPEC: Spec = Spec {
    long: &[
        ("max-args", 'n'),
        ("replace", 'I'),
        ("null", '0'),
        ("no-run-if-empty", 'r'),
        ("verbose", 't'),
        ("delimiter", 'd'),
        ("max-lines", 'L'),
        ("max-procs", 'P'),
    ],
    stops: true,
    ..Spec::new("xargs", "n:I:0rtd:L:P:i::")
};

pub(super) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match SPEC.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let number = |letter: char| -> Result<Option<usize>, String> {
        match options.value(letter) {
            None => Ok(None),
            Some(text) => match text.parse::<usize>() {
                Ok(number) if number > 0 => Ok(Some(number)),
                _ => Err(format!("xargs: invalid number \"{text}\" for -{letter} option\n")),
            },
        }
    };
    let (most, lines) = match (number('n'), number('L')) {
        (Ok(most), Ok(lines)) => (most, lines),
        (Err(text), _) | (_, Err(text)) => return feed::refuse(cx, &text, 1),
    };
    let replace = match options.value('I') {
        Some(text) => Some(text.to_owned()),
        None => {
            options.value('i').map(|text| if text.is_empty() { "{}".to_owned() } else { text.to_owned() })
        }
    };
    let delimiter = match (options.has('0'), options.value('d')) {
        (true, _) => Some('\0'),
        (false, Some("\\n")) => Some('\n'),
        (false, Some("\\t")) => Some('\t'),
        (false, Some(text)) => text.chars().next(),
        (false, None) => None,
    };
    let mut command = options.operands.clone();
    if command.is_empty() {
        command.push("echo".to_owned());
    }
    Started::runs(Xargs {
        command,
        most,
        lines,
        replace,
        delimiter,
        skips_empty: options.has('r'),
        verbose: options.has('t'),
        bytes: Vec::new(),
        runs: None,
        child: None,
        code: 0,
    })
}

#[derive(Clone)]
struct Xargs {
    command: Vec<String>,
    most: Option<usize>,
    lines: Option<usize>,
    replace: Option<String>,
    delimiter: Option<char>,
    skips_empty: bool,
    verbose: bool,
    bytes: Vec<u8>,
    /// The commands to run, the next one last; `None` while the input is being read.
    runs: Option<Vec<Vec<String>>>,
    child: Option<ThreadId>,
    code: i32,
}

/// Words parted by blanks, with quotes and backslashes.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some(end) if end == c => break,
                        Some('\n') | None => {
                            let kind = if c == '"' { "double" } else { "single" };
                            return Err(format!(
                                "xargs: unmatched {kind} quote; by default quotes are special to xargs unless you use the -0 option\n"
                            ));
                        }
                        Some(inner) => word.push(inner),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c if c.is_whitespace() => all.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    all.extend(word);
    Ok(all)
}

impl Xargs {
    fn plan(&self) -> Result<Vec<Vec<String>>, String> {
        let text = String::from_utf8_lossy(&self.bytes);
        if let Some(mark) = &self.replace {
            let items: Vec<String> = match self.delimiter {
                Some(delimiter) => text.split(delimiter).map(str::to_owned).collect(),
                None => text.lines().map(|line| line.trim_start().to_owned()).collect(),
            };
            let items = items.into_iter().filter(|item| !item.trim_end_matches('\n').is_empty());
            let run =
                |item: String| self.command.iter().map(|word| word.replace(mark.as_str(), &item)).collect();
            return Ok(items.map(run).collect());
        }
        let items: Vec<String> = match self.delimiter {
            Some(delimiter) => {
                let text = text.strip_suffix(delimiter).unwrap_or(&text);
                let text = text.strip_suffix('\n').filter(|_| delimiter != '\n').unwrap_or(text);
                if text.is_empty() { Vec::new() } else { text.split(delimiter).map(str::to_owned).collect() }
            }
            None => words(&text)?,
        };
        if items.is_empty() {
            let runs = if self.skips_empty { Vec::new() } else { vec![self.command.clone()] };
            return Ok(runs);
        }
        let groups: Vec<Vec<String>> = match (self.lines, self.most) {
            (Some(lines), _) => {
                let all: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
                let mut groups = Vec::new();
                for group in all.chunks(lines) {
                    groups.push(words(&group.join("\n"))?);
                }
                groups
            }
            (None, Some(most)) => items.chunks(most).map(<[String]>::to_vec).collect(),
            (None, None) => vec![items],
        };
        Ok(groups.into_iter().map(|group| self.command.iter().cloned().chain(group).collect()).collect())
    }
}

impl Program for Xargs {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        if self.runs.is_none() {
            if let Some(reading) = cx.read_to_end(&mut self.bytes) {
                return reading;
            }
            match self.plan() {
                Ok(mut runs) => {
                    runs.reverse();
                    self.runs = Some(runs);
                }
                Err(text) => {
                    cx.err(&text);
                    return StepResult::Done(1);
                }
            }
        }
        if let Some(child) = self.child.take() {
            match cx.reap(child) {
                None => {
                    self.child = Some(child);
                    return StepResult::Waits(Block::Children(vec![child]));
                }
                Some(0) => {}
                Some(code @ (126 | 127)) => return StepResult::Done(code),
                Some(255) => {
                    cx.err("xargs: command: exited with status 255; aborting\n");
                    return StepResult::Done(124);
                }
                Some(_) => self.code = 123,
            }
        }
        let Some(words) = self.runs.as_mut().and_then(Vec::pop) else { return StepResult::Done(self.code) };
        if self.verbose {
            cx.err(&format!("{}\n", words.join(" ")));
        }
        let mut fds = cx.thread.fds;
        fds.set(0, Fd::Null);
        self.child = cx.spawn(Body::Words(words), cx.env().clone(), fds);
        match self.child {
            Some(child) => StepResult::Waits(Block::Children(vec![child])),
            None => StepResult::Done(1),
        }
    }
}

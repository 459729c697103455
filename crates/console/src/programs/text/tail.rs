//! `tail`, also with `-f`.

use std::collections::VecDeque;

use super::head::{Asked, count, title, with_count};
use crate::programs::feed::{self, Lines, Out};
use crate::programs::options::Spec;
use crate::programs::whole::{self, Work};
use crate::shell::program::{Cx, Program, Started, StepResult};
use crate::shell::thread::Block;
use sim::Duration;

const SPEC: Spec = Spec {
    long: &[
        ("lines", 'n'),
        ("bytes", 'c'),
        ("follow", 'f'),
        ("quiet", 'q'),
        ("silent", 'q'),
        ("verbose", 'v'),
        ("retry", 'r'),
    ],
    ..Spec::new("tail", "n:c:fFqvr")
};

/// How often a followed file is looked at.
const INTERVAL: Duration = Duration::from_secs(1);

pub(in crate::programs) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let mut args = with_count(args);
    // `+5` is an old way to write `-n +5`.
    if let Some(first) = args.first_mut().filter(|arg| arg.starts_with('+') && count(arg).is_some()) {
        *first = format!("-n{first}");
    }
    let Asked { options, bytes, sign, count, titled } = match Asked::read(cx, &SPEC, &args) {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    let from_start = sign == Some('+');
    if bytes {
        return whole::start("tail", Bytes { count, from_start }, options.operands, 1);
    }
    let follows = options.has('f') || options.has('F');
    if follows && !options.operands.is_empty() {
        return Started::runs(Follow { files: options.operands, count, from_start, read: Vec::new() });
    }
    let tail = Tail { count, from_start, titled, ..Tail::default() };
    feed::start("tail", tail, options.operands, 1)
}

#[derive(Clone, Default)]
struct Tail {
    count: usize,
    /// `+5`: from the fifth line on.
    from_start: bool,
    titled: bool,
    at: usize,
    held: VecDeque<String>,
    files: usize,
}

impl Lines for Tail {
    fn begin(&mut self, name: Option<&str>, out: &mut Out) {
        if self.titled {
            out.text += &title(name, self.files == 0);
        }
        self.files += 1;
        self.at = 0;
    }

    fn line(&mut self, line: &str, ended: bool, out: &mut Out) {
        let text = format!("{line}{}", if ended { "\n" } else { "" });
        self.at += 1;
        if self.from_start {
            out.text += if self.at >= self.count { &text } else { "" };
            return;
        }
        self.held.push_back(text);
        if self.held.len() > self.count {
            self.held.pop_front();
        }
    }

    fn end(&mut self, out: &mut Out) {
        out.text.extend(self.held.drain(..));
    }
}

#[derive(Clone)]
struct Bytes {
    count: usize,
    from_start: bool,
}

impl Work for Bytes {
    fn run(&mut self, cx: &mut Cx<'_>, inputs: Vec<Vec<u8>>) -> i32 {
        for input in inputs {
            let start = match self.from_start {
                true => self.count.saturating_sub(1).min(input.len()),
                false => input.len().saturating_sub(self.count),
            };
            cx.write(1, input.get(start..).unwrap_or_default());
        }
        0
    }
}

/// Files whose growth is shown.
#[derive(Clone)]
struct Follow {
    files: Vec<String>,
    count: usize,
    from_start: bool,
    /// How much of each was shown; nothing before the first look.
    read: Vec<usize>,
}

impl Follow {
    fn first_look(&mut self, cx: &mut Cx<'_>) {
        let titled = self.files.len() > 1;
        for file in self.files.clone() {
            let bytes = match cx.read_file(&file) {
                Ok(bytes) => bytes,
                Err(why) => {
                    cx.err(&format!("tail: cannot open '{file}' for reading: {why}\n"));
                    self.read.push(0);
                    continue;
                }
            };
            if titled {
                cx.out(&format!("==> {file} <==\n"));
            }
            let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
            let skip = match self.from_start {
                true => self.count.saturating_sub(1),
                false => lines.len().saturating_sub(self.count),
            };
            let text: Vec<u8> = lines.iter().skip(skip).flat_map(|line| line.iter().copied()).collect();
            cx.write(1, &text);
            self.read.push(bytes.len());
        }
    }
}

impl Program for Follow {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        if self.read.is_empty() {
            self.first_look(cx);
            if self.files.iter().all(|file| cx.read_file(file).is_err()) {
                cx.err("tail: no files remaining\n");
                return StepResult::Done(1);
            }
        }
        for (file, read) in self.files.iter().zip(&mut self.read) {
            let Ok(bytes) = cx.read_file(file) else { continue };
            if bytes.len() < *read {
                cx.err(&format!("tail: {file}: file truncated\n"));
                *read = 0;
            }
            let new = bytes.get(*read..).unwrap_or_default().to_vec();
            cx.write(1, &new);
            *read = bytes.len();
        }
        StepResult::Waits(Block::Until(cx.now() + INTERVAL))
    }
}

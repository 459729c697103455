//! `head`.

use std::collections::VecDeque;

use crate::programs::feed::{self, Lines, Out, Wants};
use crate::programs::options::{Options, Spec};
use crate::programs::whole::{self, Work};
use crate::shell::program::{Cx, Started};

const SPEC: Spec = Spec {
    long: &[("lines", 'n'), ("bytes", 'c'), ("quiet", 'q'), ("silent", 'q'), ("verbose", 'v')],
    ..Spec::new("head", "n:c:qv")
};

/// `-5` is `-n 5`.
pub(super) fn with_count(args: &[String]) -> Vec<String> {
    let is_count = |arg: &str| {
        let digits = arg.strip_prefix('-').unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let mut all: Vec<String> = Vec::new();
    for (at, arg) in args.iter().enumerate() {
        let is_value =
            at > 0 && args.get(at - 1).is_some_and(|before| matches!(before.as_str(), "-n" | "-c"));
        all.push(if is_count(arg) && !is_value {
            format!("-n{}", arg.trim_start_matches('-'))
        } else {
            arg.clone()
        });
    }
    all
}

/// A number of lines or bytes, with what stands before it: `+5`, `-5`, `5`.
pub(super) fn count(text: &str) -> Option<(Option<char>, usize)> {
    let sign = text.chars().next().filter(|c| matches!(c, '+' | '-'));
    let digits = text.trim_start_matches(['+', '-']);
    let (digits, unit) = match digits.strip_suffix(['K', 'k']) {
        Some(digits) => (digits, 1024),
        None => (digits, 1),
    };
    Some((sign, digits.parse::<usize>().ok()?.checked_mul(unit)?))
}

/// What the options of `head` and `tail` ask for.
pub(super) struct Asked {
    pub(super) options: Options,
    /// Whether `count` is of bytes, not of lines.
    pub(super) bytes: bool,
    /// What stands before the number.
    pub(super) sign: Option<char>,
    pub(super) count: usize,
    /// Whether each file gets a title.
    pub(super) titled: bool,
}

impl Asked {
    /// Reads the command line; what is wrong with it is said.
    pub(super) fn read(cx: &mut Cx<'_>, spec: &Spec, args: &[String]) -> Result<Asked, Started> {
        let options = spec.parse(args).map_err(|misuse| feed::misuse(cx, &misuse))?;
        let (text, what) = match options.value('c') {
            Some(text) => (text, "bytes"),
            None => (options.value('n').unwrap_or("10"), "lines"),
        };
        let Some((sign, count)) = count(text) else {
            let text = format!("{}: invalid number of {what}: ‘{text}’\n", spec.program);
            return Err(feed::refuse(cx, &text, 1));
        };
        let titled = options.has('v') || (options.operands.len() > 1 && !options.has('q'));
        Ok(Asked { bytes: what == "bytes", options, sign, count, titled })
    }
}

/// The title of a file among several.
pub(super) fn title(name: Option<&str>, is_first: bool) -> String {
    let gap = if is_first { "" } else { "\n" };
    format!("{gap}==> {} <==\n", name.unwrap_or("standard input"))
}

pub(in crate::programs) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let Asked { options, bytes, sign, count, titled } = match Asked::read(cx, &SPEC, &with_count(args)) {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    let but_last = sign == Some('-');
    if bytes {
        return whole::start("head", Bytes { count, but_last }, options.operands, 1);
    }
    let head = Head { count, but_last, titled, ..Head::default() };
    feed::start("head", head, options.operands, 1)
}

#[derive(Clone, Default)]
struct Head {
    count: usize,
    /// All but so many.
    but_last: bool,
    titled: bool,
    at: usize,
    held: VecDeque<String>,
    files: usize,
}

impl Lines for Head {
    fn begin(&mut self, name: Option<&str>, out: &mut Out) {
        if self.titled {
            out.text += &title(name, self.files == 0);
        }
        self.files += 1;
        self.at = 0;
        self.held.clear();
    }

    fn line(&mut self, line: &str, ended: bool, out: &mut Out) {
        let text = format!("{line}{}", if ended { "\n" } else { "" });
        self.at += 1;
        if !self.but_last {
            out.text += &text;
            return;
        }
        self.held.push_back(text);
        if self.held.len() > self.count {
            out.text.extend(self.held.pop_front());
        }
    }

    fn wants(&self) -> Wants {
        if !self.but_last && self.at >= self.count { Wants::NextFile } else { Wants::More }
    }
}

#[derive(Clone)]
struct Bytes {
    count: usize,
    but_last: bool,
}

impl Work for Bytes {
    fn run(&mut self, cx: &mut Cx<'_>, inputs: Vec<Vec<u8>>) -> i32 {
        for input in inputs {
            let end = if self.but_last {
                input.len().saturating_sub(self.count)
            } else {
                self.count.min(input.len())
            };
            cx.write(1, input.get(..end).unwrap_or_default());
        }
        0
    }
}

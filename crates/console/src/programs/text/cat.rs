//! `cat`, and `less`, which has no screen to page on here and shows everything.

use crate::programs::feed::{self, Lines, Out};
use crate::programs::options::Spec;
use crate::shell::program::{Cx, Program, Started, StepResult};
use crate::shell::streams::Input;

const SPEC: Spec = Spec {
    long: &[
        ("number", 'n'),
        ("number-nonblank", 'b'),
        ("squeeze-blank", 's'),
        ("show-all", 'A'),
        ("show-ends", 'E'),
        ("show-tabs", 'T'),
    ],
    ..Spec::new("cat", "nbsAETvetu")
};

pub(in crate::programs) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match SPEC.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let has = |letters: &str| letters.chars().any(|letter| options.has(letter));
    if !has("nbsAETet") {
        let mut files = options.operands;
        if files.is_empty() {
            files.push("-".to_owned());
        }
        files.reverse();
        return Started::runs(Cat { files, reading: false, code: 0 });
    }
    let shown = Shown {
        number: has("n"),
        number_filled: has("b"),
        squeeze: has("s"),
        ends: has("AEe"),
        tabs: has("ATt"),
        ..Shown::default()
    };
    feed::start("cat", shown, options.operands, 1)
}

/// `less`, `more`: the options that only change how one pages are let be.
pub(in crate::programs) fn pager(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let files: Vec<String> =
        args.iter().filter(|arg| !arg.starts_with(['-', '+']) || *arg == "-").cloned().collect();
    start(cx, &files)
}

/// Bytes from here to there.
#[derive(Clone)]
struct Cat {
    /// The next one last.
    files: Vec<String>,
    reading: bool,
    code: i32,
}

impl Program for Cat {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        if self.reading {
            match cx.read() {
                Input::Bytes(bytes) => cx.write(1, &bytes),
                Input::Wait => return cx.waits_for_input(0),
                Input::End => self.reading = false,
            }
            return StepResult::Again;
        }
        let Some(name) = self.files.pop() else { return StepResult::Done(self.code) };
        if name == "-" {
            self.reading = true;
            return StepResult::Again;
        }
        match cx.read_file(&name) {
            Ok(bytes) => cx.write(1, &bytes),
            Err(why) => {
                cx.err(&format!("cat: {name}: {why}\n"));
                self.code = 1;
            }
        }
        StepResult::Again
    }
}

/// `cat -n` and its like.
#[derive(Clone, Default)]
struct Shown {
    number: bool,
    number_filled: bool,
    squeeze: bool,
    ends: bool,
    tabs: bool,
    at: usize,
    blank: bool,
}

impl Lines for Shown {
    fn line(&mut self, line: &str, ended: bool, out: &mut Out) {
        let blank = line.is_empty();
        if self.squeeze && blank && self.blank {
            return;
        }
        self.blank = blank;
        if (self.number && !self.number_filled) || (self.number_filled && !blank) {
            self.at += 1;
            out.text += &format!("{:6}\t", self.at);
        }
        out.text += &if self.tabs { line.replace('\t', "^I") } else { line.to_owned() };
        out.text += if self.ends && ended { "$" } else { "" };
        out.text += if ended { "\n" } else { "" };
    }
}

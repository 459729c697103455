//! `nl`, `rev`, `tac`, `fold`.

use crate::programs::feed::{self, Lines, Out};
use crate::programs::options::Spec;
use crate::programs::whole::{self, Work};
use crate::shell::program::{Cx, Started};

pub(in crate::programs) fn nl(cx: &mut Cx<'_>, args: &[String]) -> Started {
    match Spec::new("nl", "b:").parse(args) {
        Ok(options) => {
            let all = options.value('b') == Some("a");
            feed::start("nl", Numbered { all, at: 0 }, options.operands, 1)
        }
        Err(misuse) => feed::misuse(cx, &misuse),
    }
}

#[derive(Clone)]
struct Numbered {
    /// Empty lines as well.
    all: bool,
    at: usize,
}

impl Lines for Numbered {
    fn line(&mut self, line: &str, _ended: bool, out: &mut Out) {
        if line.is_empty() && !self.all {
            out.line("       ");
            return;
        }
        self.at += 1;
        out.line(&format!("{:6}\t{line}", self.at));
    }
}

pub(in crate::programs) fn rev(cx: &mut Cx<'_>, args: &[String]) -> Started {
    match Spec::new("rev", "").parse(args) {
        Ok(options) => feed::start("rev", Reversed, options.operands, 1),
        Err(misuse) => feed::misuse(cx, &misuse),
    }
}

#[derive(Clone)]
struct Reversed;

impl Lines for Reversed {
    fn line(&mut self, line: &str, _ended: bool, out: &mut Out) {
        out.line(&line.chars().rev().collect::<String>());
    }
}

pub(in crate::programs) fn tac(cx: &mut Cx<'_>, args: &[String]) -> Started {
    match Spec::new("tac", "").parse(args) {
        Ok(options) => whole::start("tac", Backwards, options.operands, 1),
        Err(misuse) => feed::misuse(cx, &misuse),
    }
}

#[derive(Clone)]
struct Backwards;

impl Work for Backwards {
    fn run(&mut self, cx: &mut Cx<'_>, inputs: Vec<Vec<u8>>) -> i32 {
        for input in inputs {
            let lines: Vec<&[u8]> = input.split_inclusive(|byte| *byte == b'\n').rev().collect();
            cx.write(1, &lines.concat());
        }
        0
    }
}

pub(in crate::programs) fn fold(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let spec = Spec { long: &[("width", 'w'), ("spaces", 's')], ..Spec::new("fold", "w:sb") };
    let options = match spec.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let text = options.value('w').unwrap_or("80");
    match text.parse::<usize>().ok().filter(|width| *width > 0) {
        Some(width) => feed::start("fold", Folded { width, spaces: options.has('s') }, options.operands, 1),
        None => feed::refuse(cx, &format!("fold: invalid number of columns: ‘{text}’\n"), 1),
    }
}

#[derive(Clone)]
struct Folded {
    width: usize,
    spaces: bool,
}

impl Lines for Folded {
    fn line(&mut self, line: &str, _ended: bool, out: &mut Out) {
        let mut rest: Vec<char> = line.chars().collect();
        while rest.len() > self.width {
            let part = rest.get(..self.width).unwrap_or_default();
            let space = part.iter().rposition(|c| *c == ' ').filter(|_| self.spaces);
            let end = space.map_or(self.width, |at| at + 1);
            out.line(&rest.drain(..end).collect::<String>());
        }
        out.line(&rest.into_iter().collect::<String>());
    }
}

//! `comm`.

use std::cmp::Ordering;

use crate::programs::feed;
use crate::programs::options::Spec;
use crate::programs::whole::{self, Work};
use crate::shell::program::{Cx, Started};

pub(in crate::programs) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match Spec::new("comm", "123").parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    if options.operands.len() != 2 {
        return feed::refuse(
            cx,
            "comm: two files must be named\nTry 'comm --help' for more information.\n",
            1,
        );
    }
    let hidden = ['1', '2', '3'].map(|letter| options.has(letter));
    whole::start("comm", Comm { hidden }, options.operands, 1)
}

#[derive(Clone)]
struct Comm {
    /// The columns that are not shown.
    hidden: [bool; 3],
}

impl Work for Comm {
    fn run(&mut self, cx: &mut Cx<'_>, inputs: Vec<Vec<u8>>) -> i32 {
        let texts: Vec<String> =
            inputs.iter().map(|input| String::from_utf8_lossy(input).into_owned()).collect();
        let [left, right] = texts.as_slice() else { return 1 };
        let (mut left, mut right) = (left.lines().peekable(), right.lines().peekable());
        let [no_left, no_right, no_both] = self.hidden;
        let mut out = String::new();
        loop {
            let order = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(a), Some(b)) => a.cmp(b),
            };
            let (line, hidden, indent) = match order {
                Ordering::Less => (left.next(), no_left, 0),
                Ordering::Greater => (right.next(), no_right, usize::from(!no_left)),
                Ordering::Equal => {
                    right.next();
                    (left.next(), no_both, usize::from(!no_left) + usize::from(!no_right))
                }
            };
            if !hidden {
                out += &format!("{}{}\n", "\t".repeat(indent), line.unwrap_or_default());
            }
        }
        cx.out(&out);
        0
    }
}

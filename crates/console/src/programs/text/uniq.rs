//! `uniq`.

use crate::programs::feed::{self, Lines, Out};
use crate::programs::options::Spec;
use crate::shell::program::{Cx, Started};

const SPEC: Spec = Spec {
    long: &[("count", 'c'), ("repeated", 'd'), ("unique", 'u'), ("ignore-case", 'i'), ("skip-fields", 'f')],
    ..Spec::new("uniq", "cduif:")
};

pub(in crate::programs) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match SPEC.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    if options.operands.len() > 1 {
        return feed::refuse(cx, "uniq: an output file is not simulated: use >\n", 1);
    }
    let uniq = Uniq {
        count: options.has('c'),
        repeated: options.has('d'),
        unique: options.has('u'),
        fold: options.has('i'),
        skip: options.value('f').and_then(|text| text.parse().ok()).unwrap_or(0),
        last: None,
    };
    feed::start("uniq", uniq, options.operands, 1)
}

#[derive(Clone)]
struct Uniq {
    count: bool,
    repeated: bool,
    unique: bool,
    fold: bool,
    skip: usize,
    last: Option<(String, usize)>,
}

impl Uniq {
    fn key(&self, line: &str) -> String {
        let mut rest = line;
        for _ in 0..self.skip {
            rest = rest.trim_start().trim_start_matches(|c: char| !c.is_whitespace());
        }
        if self.fold { rest.to_lowercase() } else { rest.to_owned() }
    }

    fn flush(&mut self, out: &mut Out) {
        let Some((line, times)) = self.last.take() else { return };
        if (self.repeated && times < 2) || (self.unique && times > 1) {
            return;
        }
        match self.count {
            true => out.line(&format!("{times:7} {line}")),
            false => out.line(&line),
        }
    }
}

impl Lines for Uniq {
    fn line(&mut self, line: &str, _ended: bool, out: &mut Out) {
        let same = self.last.as_ref().is_some_and(|(last, _)| self.key(last) == self.key(line));
        if same {
            if let Some((_, times)) = &mut self.last {
                *times += 1;
            }
            return;
        }
        self.flush(out);
        self.last = Some((line.to_owned(), 1));
    }

    fn finish(&mut self, out: &mut Out) -> i32 {
        self.flush(out);
        0
    }
}

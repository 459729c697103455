//! `awk`, as POSIX has it: patterns and actions, fields, arrays, functions. Not simulated: `getline`, pipes,
//! `system` and output to files, which are refused when the program is read.

mod function;
mod parse;
mod run;
mod syntax;
mod token;
mod value;

use super::feed::{self, Lines, Out, Wants};
use super::options::Spec;
use crate::shell::program::{Cx, Started};
use run::Run;

const SPEC: Spec = Spec {
    long: &[("field-separator", 'F'), ("assign", 'v'), ("file", 'f')],
    code: 2,
    stops: true,
    ..Spec::new("awk", "F:v:f:")
};

pub(super) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let mut options = match SPEC.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let mut texts = Vec::new();
    for file in options.values('f') {
        match cx.read_file(file) {
            Ok(bytes) => texts.push(String::from_utf8_lossy(&bytes).into_owned()),
            Err(why) => return feed::refuse(cx, &format!("awk: can't open file {file}: {why}\n"), 2),
        }
    }
    if texts.is_empty() {
        if options.operands.is_empty() {
            return feed::refuse(cx, "Usage: awk [-F fs] [-v var=value] 'prog' [file ...]\n", 2);
        }
        texts.push(options.operands.remove(0));
    }
    let program = match parse::parse(&texts.join("\n")) {
        Ok(program) => program,
        Err(text) => return feed::refuse(cx, &format!("awk: {text}\n"), 2),
    };
    let mut run = Run::new(program);
    for (name, value) in cx.env().exported() {
        run.set_environment(name, value);
    }
    if let Some(separator) = options.value('F') {
        run.set_text("FS", if separator == "t" { "\t" } else { separator });
    }
    for assignment in options.values('v') {
        match assignment.split_once('=') {
            Some((name, value)) => run.set_text(name, value),
            None => {
                return feed::refuse(
                    cx,
                    &format!("awk: `{assignment}' argument to `-v' not in `var=value' form\n"),
                    2,
                );
            }
        }
    }
    // `name=value` between the files sets a variable; here all are set before the first file.
    let is_assignment = |arg: &String| arg.split_once('=').is_some_and(|(name, _)| crate::env::is_name(name));
    let (assignments, files): (Vec<String>, Vec<String>) =
        options.operands.into_iter().partition(is_assignment);
    for (name, value) in assignments.iter().filter_map(|text| text.split_once('=')) {
        run.set_text(name, value);
    }
    let mut out = Out::default();
    let mut awk = Awk { run, ended: None };
    awk.ended = awk.run.begin(&mut out);
    cx.err(&out.err);
    cx.out(&out.text);
    if let Some(code) = awk.ended.filter(|_| !awk.run.has_end()) {
        return Started::Done(code);
    }
    if !awk.run.reads() {
        return Started::Done(awk.ended.unwrap_or(0));
    }
    feed::start("awk", awk, files, 2)
}

#[derive(Clone)]
struct Awk {
    run: Run,
    /// `exit`, or a mistake.
    ended: Option<i32>,
}

impl Lines for Awk {
    fn begin(&mut self, name: Option<&str>, _out: &mut Out) {
        self.run.begin_file(name.unwrap_or(""));
    }

    fn line(&mut self, line: &str, _ended: bool, out: &mut Out) {
        if self.ended.is_none() {
            self.ended = self.run.record(line, out);
        }
    }

    fn finish(&mut self, out: &mut Out) -> i32 {
        self.run.finish(self.ended, out)
    }

    fn wants(&self) -> Wants {
        if self.ended.is_some() { Wants::Nothing } else { Wants::More }
    }

    fn unreadable(&mut self, name: &str, why: &str) -> Option<String> {
        Some(format!("awk: cannot open \"{name}\" ({why})\n"))
    }
}

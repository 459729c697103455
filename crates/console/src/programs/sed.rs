//! `sed`, as GNU's.

mod run;
mod script;

use super::feed::{self, Lines, Out, Wants};
use super::options::{Options, Spec};
use crate::shell::program::{Cx, Started};
use run::Run;
use script::Script;

const SPEC: Spec = Spec {
    long: &[
        ("quiet", 'n'),
        ("silent", 'n'),
        ("expression", 'e'),
        ("file", 'f'),
        ("regexp-extended", 'E'),
        ("in-place", 'i'),
        ("separate", 's'),
        ("null-data", 'z'),
        ("unbuffered", 'u'),
        ("posix", 'p'),
        ("debug", 'D'),
        ("follow-symlinks", 'L'),
    ],
    ..Spec::new("sed", "ne:f:Eri::szupDL")
};

const USAGE: &str = "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n";

pub(super) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let mut options = match SPEC.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    if options.has('z') {
        return feed::refuse(cx, "sed: -z is not simulated\n", 1);
    }
    let script = match script_of(cx, &mut options) {
        Ok(script) => script,
        Err(text) => return feed::refuse(cx, &text, 1),
    };
    let in_place = options.value('i').map(str::to_owned);
    if in_place.is_some() && options.operands.is_empty() {
        return feed::refuse(cx, "sed: no input files\n", 1);
    }
    let sed = Sed {
        run: Run::new(script, options.has('n')),
        separate: in_place.is_some() || options.has('s'),
        in_place,
        name: None,
        done: None,
    };
    feed::start("sed", sed, options.operands, 2)
}

fn script_of(cx: &Cx<'_>, options: &mut Options) -> Result<Script, String> {
    let mut parts = Vec::new();
    for (letter, value) in options.in_order() {
        match letter {
            'e' => parts.push(value.to_owned()),
            'f' => {
                let bytes =
                    cx.read_file(value).map_err(|why| format!("sed: couldn't open file {value}: {why}\n"))?;
                parts.push(String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned());
            }
            _ => {}
        }
    }
    if parts.is_empty() {
        if options.operands.is_empty() {
            return Err(USAGE.to_owned());
        }
        parts.push(options.operands.remove(0));
    }
    let extended = options.has('E') || options.has('r');
    Script::parse(&parts.join("\n"), extended)
}

#[derive(Clone)]
struct Sed {
    run: Run,
    /// Each file is a text of its own.
    separate: bool,
    /// The suffix of the copy that is kept; empty for none.
    in_place: Option<String>,
    name: Option<String>,
    /// `q`: the exit code.
    done: Option<i32>,
}

impl Sed {
    fn work(&mut self, ended: bool, out: &mut Out) {
        if self.done.is_some() {
            return;
        }
        match self.run.go(ended) {
            Ok(code) => self.done = code,
            Err(text) => {
                out.err += &format!("sed: {text}\n");
                self.done = Some(1);
            }
        }
        if self.in_place.is_none() {
            out.text += &std::mem::take(&mut self.run.out);
        }
    }
}

impl Lines for Sed {
    fn begin(&mut self, name: Option<&str>, _out: &mut Out) {
        self.name = name.map(str::to_owned);
        if self.separate {
            self.run.restart(name.unwrap_or("-"));
        } else {
            self.run.file = name.unwrap_or("-").to_owned();
        }
    }

    fn line(&mut self, line: &str, ended: bool, out: &mut Out) {
        self.run.push(line, ended);
        self.work(false, out);
    }

    fn end(&mut self, out: &mut Out) {
        if !self.separate {
            return;
        }
        self.work(true, out);
        if let (Some(suffix), Some(name)) = (&self.in_place, &self.name) {
            if !suffix.is_empty() {
                let copy = match suffix.contains('*') {
                    true => suffix.replace('*', name),
                    false => format!("{name}{suffix}"),
                };
                out.files.push((copy, self.run.original().into_bytes()));
            }
            out.files.push((name.clone(), std::mem::take(&mut self.run.out).into_bytes()));
        }
        // The next file is edited from its own beginning.
        self.done = self.done.filter(|_| self.in_place.is_none());
    }

    fn finish(&mut self, out: &mut Out) -> i32 {
        if !self.separate {
            self.work(true, out);
        }
        self.done.unwrap_or(0)
    }

    fn wants(&self) -> Wants {
        // A file that is edited in place is read to its end.
        if self.done.is_some() && self.in_place.is_none() { Wants::Nothing } else { Wants::More }
    }

    fn unreadable(&mut self, name: &str, why: &str) -> Option<String> {
        let verb = if why == "Is a directory" { "couldn't edit" } else { "can't read" };
        Some(match verb {
            "couldn't edit" if self.in_place.is_some() => {
                format!("sed: couldn't edit {name}: not a regular file\n")
            }
            "couldn't edit" => format!("sed: read error on {name}: {why}\n"),
            verb => format!("sed: {verb} {name}: {why}\n"),
        })
    }
}

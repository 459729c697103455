//! kubestage in a terminal: explain where a DaemonSet lands, play a session, check a manifest.

mod args;
mod check;
mod disk;
mod explain;
mod run;
mod script;

use std::fmt::Display;
use std::io::Write as _;
use std::process::ExitCode;

use args::{Invocation, Misuse};

/// The manifest is refused, or lands nowhere.
const REFUSED: u8 = 1;
/// The command line was wrong, or a file could not be read.
const MISUSE: u8 = 2;

/// Prints to the standard output. The reader may close it early: `kubestage … | head` is no error.
fn say(text: impl Display) {
    let _ = write!(std::io::stdout(), "{text}");
}

/// The same, with the end of the line.
fn say_line(text: impl Display) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn main() -> ExitCode {
    let result = args::parse(std::env::args_os().skip(1)).and_then(|invocation| match invocation {
        Invocation::Help(text) => {
            say(text);
            Ok(true)
        }
        Invocation::Explain(explain) => explain::explain(&explain),
        Invocation::Run(run) => run::run(&run),
        Invocation::Check(check) => check::check(&check),
    });
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(REFUSED),
        Err(Misuse(message)) => {
            eprintln!("error: {message}");
            ExitCode::from(MISUSE)
        }
    }
}

//! Programs that go through their input line by line, as it comes.

use std::collections::VecDeque;
use std::rc::Rc;

use super::options::Misuse;
use crate::shell::program::{Cx, Program, Started, StepResult};
use crate::shell::streams::Input;

/// What a program prints while it looks at a line.
#[derive(Clone, Debug, Default)]
pub(super) struct Out {
    pub text: String,
    pub err: String,
    /// Files to be written, with their new contents.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Out {
    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// A program that is given lines.
pub(super) trait Lines: Clone + 'static {
    /// A file begins; without a name it is the standard input.
    fn begin(&mut self, name: Option<&str>, out: &mut Out) {
        let _ = (name, out);
    }

    /// A line without its end, which only the last one may lack.
    fn line(&mut self, line: &str, ended: bool, out: &mut Out);

    /// The file has ended.
    fn end(&mut self, out: &mut Out) {
        let _ = out;
    }

    /// All files have ended; the exit code.
    fn finish(&mut self, out: &mut Out) -> i32 {
        let _ = out;
        0
    }

    /// Whether it has read enough of this file, or of all.
    fn wants(&self) -> Wants {
        Wants::More
    }

    /// What it says of a file that cannot be read; `None` for the usual sentence.
    fn unreadable(&mut self, name: &str, why: &str) -> Option<String> {
        let _ = (name, why);
        None
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    More,
    NextFile,
    Nothing,
}

/// The file that is being read.
#[derive(Clone)]
enum Current {
    File {
        bytes: Rc<[u8]>,
        pos: usize,
    },
    /// What has come of the standard input and is no whole line yet.
    Input {
        partial: Vec<u8>,
        ended: bool,
    },
}

/// A program and what it still has to read.
#[derive(Clone)]
struct Feed<L> {
    program: &'static str,
    lines: L,
    files: VecDeque<String>,
    current: Option<Current>,
    /// The exit code if a file could not be read.
    missing: i32,
    failed: bool,
}

/// Lines that are looked at before another has its turn.
const AT_ONCE: usize = 200;

/// Starts a program over its files; over the standard input, if there are none. `missing`: its exit code if
/// a file cannot be read.
pub(super) fn start(program: &'static str, lines: impl Lines, files: Vec<String>, missing: i32) -> Started {
    let mut files: VecDeque<String> = files.into();
    if files.is_empty() {
        files.push_back("-".to_owned());
    }
    Started::runs(Feed { program, lines, files, current: None, missing, failed: false })
}

/// Says what is wrong with a command line.
pub(super) fn misuse(cx: &mut Cx<'_>, misuse: &Misuse) -> Started {
    cx.err(&misuse.text);
    Started::Done(misuse.code)
}

/// Says in the program's name what is wrong.
pub(super) fn refuse(cx: &mut Cx<'_>, text: &str, code: i32) -> Started {
    cx.err(text);
    Started::Done(code)
}

impl<L: Lines> Feed<L> {
    fn flush(&mut self, out: Out, cx: &mut Cx<'_>) {
        for (path, bytes) in out.files {
            if let Err(why) = cx.write_file(&path, &bytes) {
                cx.err(&format!("{}: couldn't open file {path}: {why}\n", self.program));
                self.failed = true;
            }
        }
        cx.err(&out.err);
        cx.out(&out.text);
    }

    fn open_next(&mut self, cx: &mut Cx<'_>, out: &mut Out) {
        let Some(name) = self.files.pop_front() else { return };
        if name == "-" || name == "/dev/stdin" {
            self.lines.begin(None, out);
            self.current = Some(Current::Input { partial: Vec::new(), ended: false });
            return;
        }
        match cx.read_file(&name) {
            Ok(bytes) => {
                self.lines.begin(Some(&name), out);
                self.current = Some(Current::File { bytes, pos: 0 });
            }
            Err(why) => {
                let usual = || format!("{}: {name}: {why}\n", self.program);
                out.err += &self.lines.unreadable(&name, why).unwrap_or_else(usual);
                self.failed = true;
            }
        }
    }

    /// Looks at what is there of the current file; what to wait for, if it is not all.
    fn read(&mut self, cx: &mut Cx<'_>, out: &mut Out) -> Option<StepResult> {
        match self.current.take()? {
            Current::File { bytes, mut pos } => {
                for _ in 0..AT_ONCE {
                    let rest = bytes.get(pos..).unwrap_or_default();
                    if rest.is_empty() || self.lines.wants() != Wants::More {
                        self.lines.end(out);
                        return None;
                    }
                    pos += feed_line(&mut self.lines, rest, out);
                }
                self.current = Some(Current::File { bytes, pos });
                None
            }
            Current::Input { mut partial, mut ended } => {
                if !ended && !partial.contains(&b'\n') {
                    match cx.read() {
                        Input::Bytes(bytes) => partial.extend(bytes),
                        Input::End => ended = true,
                        Input::Wait => {
                            self.current = Some(Current::Input { partial, ended });
                            return Some(cx.waits_for_input(0));
                        }
                    }
                }
                let mut used = 0;
                for _ in 0..AT_ONCE {
                    let rest = partial.get(used..).unwrap_or_default();
                    let whole = rest.contains(&b'\n') || (ended && !rest.is_empty());
                    if !whole || self.lines.wants() != Wants::More {
                        break;
                    }
                    used += feed_line(&mut self.lines, rest, out);
                }
                partial.drain(..used);
                if (ended && partial.is_empty()) || self.lines.wants() != Wants::More {
                    self.lines.end(out);
                } else {
                    self.current = Some(Current::Input { partial, ended });
                }
                None
            }
        }
    }
}

/// Gives a program the next line; how many bytes it is long with its end.
fn feed_line(lines: &mut impl Lines, bytes: &[u8], out: &mut Out) -> usize {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let line = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
    lines.line(&String::from_utf8_lossy(line), end.is_some(), out);
    end.map_or(bytes.len(), |end| end + 1)
}

impl<L: Lines> Program for Feed<L> {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        let mut out = Out::default();
        if self.current.is_none() {
            if self.files.is_empty() || self.lines.wants() == Wants::Nothing {
                let code = self.lines.finish(&mut out);
                self.flush(out, cx);
                return StepResult::Done(if self.failed && self.missing != 0 { self.missing } else { code });
            }
            self.open_next(cx, &mut out);
        }
        let waits = self.read(cx, &mut out);
        self.flush(out, cx);
        waits.unwrap_or(StepResult::Again)
    }
}

//! `read`, `mapfile`: lines become variables.

use std::rc::Rc;

use crate::env::{Value, is_name};
use crate::programs::feed;
use crate::programs::options::Spec;
use crate::shell::program::{Cx, Program, Started, StepResult};
use crate::shell::streams::Input;
use crate::shell::thread::Block;
use sim::{Duration, Time};

const SPEC: Spec = Spec { stops: true, ..Spec::new("read", "rp:a:d:n:N:st:u:ei:") };

pub(in crate::programs) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match SPEC.parse(args) {
        Ok(options) => options,
        Err(misuse) => {
            cx.complain(misuse.text.lines().next().unwrap_or_default());
            return Started::Done(2);
        }
    };
    if let Some(name) = options.operands.iter().find(|name| !is_name(name)) {
        cx.complain(&format!("read: `{name}': not a valid identifier"));
        return Started::Done(1);
    }
    let limit = options.value('n').or(options.value('N')).and_then(|text| text.parse().ok());
    let timeout = options.value('t').and_then(|text| text.parse::<f64>().ok());
    let until =
        timeout.map(|seconds| cx.now() + Duration::from_millis((seconds.clamp(0.0, 1e6) * 1000.0) as u64));
    if let Some(prompt) = options.value('p')
        && cx.is_terminal(0)
    {
        cx.err(prompt);
    }
    let end = options.value('d').map_or(b'\n', |text| text.bytes().next().unwrap_or(0));
    let fd = options.value('u').and_then(|text| text.parse().ok()).unwrap_or(0);
    Started::runs(Read {
        raw: options.has('r'),
        array: options.value('a').map(str::to_owned),
        names: options.operands,
        end,
        fd,
        limit,
        until,
        text: String::new(),
    })
}

#[derive(Clone)]
struct Read {
    raw: bool,
    array: Option<String>,
    names: Vec<String>,
    end: u8,
    fd: u8,
    limit: Option<usize>,
    until: Option<Time>,
    /// Lines that a backslash has joined.
    text: String,
}

impl Read {
    /// Splits the line at IFS and sets the variables; the last one gets the rest.
    fn assign(&self, cx: &mut Cx<'_>, line: &str) -> Result<(), String> {
        let separators = cx.env().get("IFS").unwrap_or_else(|| " \t\n".into());
        let is_space = |c: char| separators.contains(c) && c.is_whitespace();
        let is_separator = |c: char| separators.contains(c);
        if let Some(array) = &self.array {
            let items: Vec<Option<Rc<str>>> = line
                .split(is_separator)
                .filter(|item| !item.is_empty())
                .map(|item| Some(item.into()))
                .collect();
            return cx.thread.env.assign(array, Value::Array(Rc::new(items)));
        }
        if self.names.is_empty() {
            return cx.thread.env.assign("REPLY", Value::Text(line.into()));
        }
        let mut rest = line.trim_matches(is_space);
        for (at, name) in self.names.iter().enumerate() {
            let value = match at + 1 == self.names.len() {
                true => std::mem::take(&mut rest),
                false => {
                    let end = rest.find(is_separator).unwrap_or(rest.len());
                    let (value, behind) = rest.split_at(end);
                    let behind = behind.trim_start_matches(is_space);
                    let hard = behind.chars().next().filter(|c| is_separator(*c));
                    rest = match hard {
                        Some(c) => {
                            behind.get(c.len_utf8()..).unwrap_or_default().trim_start_matches(is_space)
                        }
                        None => behind,
                    };
                    value
                }
            };
            cx.thread.env.assign(name, Value::Text(value.into()))?;
        }
        Ok(())
    }
}

impl Program for Read {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        let bytes = match cx.read_line(self.fd, self.end) {
            Input::Wait => {
                return match self.until {
                    Some(until) if until <= cx.now() => StepResult::Done(142),
                    Some(until) => StepResult::Waits(Block::Child(Vec::new(), Some(until))),
                    None => cx.waits_for_input(self.fd),
                };
            }
            Input::End => {
                let text = std::mem::take(&mut self.text);
                return match self.assign(cx, &text) {
                    Ok(()) => StepResult::Done(1),
                    Err(error) => StepResult::Done(cx.complain(&error)),
                };
            }
            Input::Bytes(bytes) => bytes,
        };
        let line = String::from_utf8_lossy(&bytes).into_owned();
        let ended = bytes.last() == Some(&self.end);
        let mut line = if ended { line.get(..line.len() - 1).unwrap_or_default().to_owned() } else { line };
        if !self.raw {
            let continued = line.ends_with('\\') && !line.ends_with("\\\\");
            line = without_backslashes(&line);
            if continued && ended {
                self.text += &line;
                return StepResult::Again;
            }
        }
        let mut text = std::mem::take(&mut self.text) + &line;
        if let Some(limit) = self.limit {
            text = text.chars().take(limit).collect();
        }
        match self.assign(cx, &text) {
            Ok(()) => StepResult::Done(i32::from(!ended)),
            Err(error) => StepResult::Done(cx.complain(&error)),
        }
    }
}

/// A backslash makes the next character plain.
fn without_backslashes(line: &str) -> String {
    let mut out = String::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}

pub(in crate::programs) fn mapfile(cx: &mut Cx<'_>, args: &[String]) -> Started {
    match Spec::new("mapfile", "t").parse(args) {
        Ok(options) => {
            let name = options.operands.first().map_or("MAPFILE", String::as_str).to_owned();
            Started::runs(MapFile { name, trim: options.has('t'), bytes: Vec::new() })
        }
        Err(misuse) => feed::misuse(cx, &misuse),
    }
}

#[derive(Clone)]
struct MapFile {
    name: String,
    trim: bool,
    bytes: Vec<u8>,
}

impl Program for MapFile {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        if let Some(reading) = cx.read_to_end(&mut self.bytes) {
            return reading;
        }
        let text = String::from_utf8_lossy(&self.bytes).into_owned();
        let lines = text.split_inclusive('\n');
        let items: Vec<Option<Rc<str>>> = lines
            .map(|line| Some(if self.trim { line.trim_end_matches('\n') } else { line }.into()))
            .collect();
        match cx.thread.env.assign(&self.name, Value::Array(Rc::new(items))) {
            Ok(()) => StepResult::Done(0),
            Err(error) => StepResult::Done(cx.complain(&error)),
        }
    }
}

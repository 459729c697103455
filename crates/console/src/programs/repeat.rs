//! `watch`, `timeout`: other commands, again and again or not too long.

use super::feed;
use super::options::Spec;
use super::text::screen::CLEAR;
use super::time::span;
use crate::shell::program::{Cx, Program, Started, StepResult};
use crate::shell::streams::Fd;
use crate::shell::thread::{Block, Body, Origin, ThreadId};
use cli_runtime::time::unix_date;
use sim::{Duration, Time};

const WATCH: Spec = Spec {
    long: &[
        ("interval", 'n'),
        ("no-title", 't'),
        ("differences", 'd'),
        ("exec", 'x'),
        ("errexit", 'e'),
        ("chgexit", 'g'),
        ("color", 'c'),
    ],
    stops: true,
    ..Spec::new("watch", "n:td::xegcbpw")
};

pub(super) fn watch(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match WATCH.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    if options.operands.is_empty() {
        return feed::refuse(cx, "Usage:\n watch [options] command\n", 1);
    }
    let text = options.value('n').unwrap_or("2");
    let Some(interval) = span(text) else {
        return feed::refuse(cx, &format!("watch: failed to parse argument: '{text}'\n"), 1);
    };
    Started::runs(Watch {
        command: options.operands.join(" "),
        interval: interval.max(Duration::from_millis(100)),
        title: !options.has('t'),
        until_change: options.has('g'),
        until_error: options.has('e'),
        child: None,
        capture: 0,
        last: None,
        next: cx.now(),
    })
}

#[derive(Clone)]
struct Watch {
    command: String,
    interval: Duration,
    title: bool,
    /// `-g`
    until_change: bool,
    /// `-e`
    until_error: bool,
    child: Option<ThreadId>,
    capture: u32,
    last: Option<Vec<u8>>,
    /// When the command runs again.
    next: Time,
}

impl Watch {
    fn show(&self, cx: &mut Cx<'_>, bytes: &[u8]) {
        let head = format!("Every {:.1}s: {}", self.interval.as_micros() as f64 / 1e6, self.command);
        let side = format!("{}: {}", cx.env().host.name(), unix_date(cx.now()));
        let screen = cx.screen();
        if screen.is_some() {
            cx.out(CLEAR);
        }
        if self.title {
            let gap = screen.unwrap_or(80).saturating_sub(head.chars().count() + side.chars().count()).max(2);
            cx.out(&format!("{head}{}{side}\n\n", " ".repeat(gap)));
        }
        cx.write(1, bytes);
    }
}

impl Program for Watch {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        if let Some(child) = self.child {
            let Some(code) = cx.reap(child) else { return StepResult::Waits(Block::Children(vec![child])) };
            self.child = None;
            let bytes = cx.take_capture(self.capture);
            self.show(cx, &bytes);
            let changed = self.last.as_ref().is_some_and(|last| *last != bytes);
            self.last = Some(bytes);
            if (self.until_error && code != 0) || (self.until_change && changed) {
                return StepResult::Done(if changed { 0 } else { code });
            }
            self.next = cx.now() + self.interval;
        }
        if cx.now() < self.next {
            return StepResult::Waits(Block::Until(self.next));
        }
        self.capture = cx.capture();
        let mut fds = cx.thread.fds;
        fds.set(0, Fd::Null);
        fds.set(1, Fd::File(self.capture));
        fds.set(2, Fd::File(self.capture));
        let mut env = cx.env().for_program();
        // People watch what they have an alias for, though a new shell would not know it.
        env.aliases = cx.env().aliases.clone();
        let body = Body::Text { text: self.command.as_str().into(), origin: Origin::Argument };
        self.child = cx.spawn(body, env, fds);
        match self.child {
            Some(child) => StepResult::Waits(Block::Children(vec![child])),
            None => StepResult::Done(1),
        }
    }
}

const TIMEOUT: Spec = Spec {
    long: &[
        ("signal", 's'),
        ("kill-after", 'k'),
        ("preserve-status", 'p'),
        ("foreground", 'f'),
        ("verbose", 'v'),
    ],
    code: 125,
    stops: true,
    ..Spec::new("timeout", "s:k:pfv")
};

pub(super) fn timeout(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match TIMEOUT.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let Some((text, command)) = options.operands.split_first().filter(|(_, command)| !command.is_empty())
    else {
        return feed::refuse(
            cx,
            "timeout: missing operand\nTry 'timeout --help' for more information.\n",
            125,
        );
    };
    let Some(limit) = span(text) else {
        let said =
            format!("timeout: invalid time interval ‘{text}’\nTry 'timeout --help' for more information.\n");
        return feed::refuse(cx, &said, 125);
    };
    // A span of 0 is none.
    let until = (limit > Duration::ZERO).then(|| cx.now() + limit);
    let child = cx.spawn(Body::Words(command.to_vec()), cx.env().clone(), cx.thread.fds);
    let code = match options.value('s') {
        Some("KILL" | "9" | "SIGKILL") => 137,
        _ if options.has('p') => 143,
        _ => 124,
    };
    match child {
        Some(child) => Started::runs(Timeout { child, until, code }),
        None => Started::Done(125),
    }
}

#[derive(Clone)]
struct Timeout {
    child: ThreadId,
    until: Option<Time>,
    /// The exit code when the time is up.
    code: i32,
}

impl Program for Timeout {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        if let Some(code) = cx.reap(self.child) {
            return StepResult::Done(code);
        }
        if self.until.is_some_and(|until| until <= cx.now()) {
            cx.kill(self.child);
            return StepResult::Done(self.code);
        }
        StepResult::Waits(Block::Child(vec![self.child], self.until))
    }
}

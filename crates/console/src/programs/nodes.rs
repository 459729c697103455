//! Programs of a node, and what the person's own computer says instead.

use super::feed;
use crate::shell::program::{Cx, Program, Started, StepResult};
use crate::shell::thread::Block;
use crate::{node_shell, systemd};
use cli_runtime::job::{HostCommand, Outcome};
use sim::{Duration, Time};

/// How often a followed journal is looked at.
const INTERVAL: Duration = Duration::from_millis(500);

/// Runs a program on the node.
pub(super) fn start(cx: &mut Cx<'_>, name: &str, args: &[String]) -> Started {
    let host = cx.host();
    let mut words = vec![name.to_owned()];
    words.extend(args.iter().cloned());
    let command = HostCommand { node: host.node().unwrap_or_default().to_owned(), words, stdin: None };
    carry_out(cx, &command)
}

fn carry_out(cx: &mut Cx<'_>, command: &HostCommand) -> Started {
    let outcome = node_shell(cx.world, command);
    cx.world.settle();
    if outcome.takes > Duration::ZERO {
        return Started::runs(Takes { until: cx.now() + outcome.takes, outcome });
    }
    Started::Done(say(cx, &outcome))
}

fn say(cx: &mut Cx<'_>, outcome: &Outcome) -> i32 {
    cx.write(1, &outcome.stdout);
    cx.err(&outcome.stderr);
    // What switches the node off ends the connection, too.
    let host = cx.host();
    if host.node().is_some_and(|node| !cx.world.is_reachable(node)) {
        cx.lose_connection();
    }
    outcome.exit_code
}

/// A command that returns later.
#[derive(Clone)]
struct Takes {
    until: Time,
    outcome: Outcome,
}

impl Program for Takes {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        if cx.now() < self.until {
            return StepResult::Waits(Block::Until(self.until));
        }
        StepResult::Done(say(cx, &self.outcome.clone()))
    }
}

pub(super) fn virsh(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let mut words = vec!["virsh".to_owned()];
    words.extend(args.iter().cloned());
    carry_out(cx, &HostCommand { node: String::new(), words, stdin: None })
}

/// `journalctl`, also with `-f`.
pub(super) fn journalctl(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let follows = systemd::follows(args);
    let started = start(cx, "journalctl", args);
    match started {
        Started::Done(0) if follows => {
            let shown = cx.host().node().map_or(0, |node| cx.world.journal(node).len());
            let last = cx.host().node().and_then(|node| cx.world.journal(node).last().cloned());
            Started::runs(Follow { shown, last })
        }
        started => started,
    }
}

#[derive(Clone)]
struct Follow {
    /// How many lines there were, and the last of them.
    shown: usize,
    last: Option<(Time, String)>,
}

impl Program for Follow {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        let host = cx.host();
        let Some(node) = host.node() else { return StepResult::Done(0) };
        let journal = cx.world.journal(node);
        // Old lines may have been dropped meanwhile: go on behind the last one that was shown.
        let known = journal.iter().rposition(|line| self.last.as_ref() == Some(line));
        let start = known.map_or(if self.last.is_some() { 0 } else { self.shown }, |at| at + 1);
        let new: Vec<(Time, String)> = journal.get(start..).unwrap_or_default().to_vec();
        let text: String = new.iter().map(|(time, line)| systemd::journal_line(node, *time, line)).collect();
        if let Some(last) = new.last() {
            self.last = Some(last.clone());
        }
        self.shown = journal.len();
        cx.out(&text);
        StepResult::Waits(Block::Until(cx.now() + INTERVAL))
    }
}

/// What is on the nodes only.
pub(super) fn elsewhere(cx: &mut Cx<'_>, name: &str) -> Started {
    let text = format!("bash: {name}: command not found\n({name} is on the nodes: ssh NODE sudo {name} …)\n");
    feed::refuse(cx, &text, 127)
}

const HELP: &str = "This is a shell as bash is, on your own computer, from which a cluster is looked after.

kubectl …                 talk to the API server (kubectl --help); k is short for it
ssh NODE [COMMAND]        a session on a node until exit, or one command there
scp FILE NODE:PATH        copy files from one computer to another, either way
virsh list --all          the nodes' computers; virsh start|destroy|domif-setlink NODE …
vi FILE, nano FILE        edit a file; kubectl edit does so with an object

On a node there are systemctl, journalctl, crictl, ip, poweroff; on every computer
ls cat cp mv rm mkdir touch find tee grep sed awk jq cut tr sort uniq head tail wc diff xargs
watch timeout sleep date seq base64 …, variables, pipes, loops, functions, aliases and <<EOF.
";

pub(super) fn help(cx: &mut Cx<'_>, _args: &[String]) -> Started {
    cx.out(HELP);
    Started::Done(0)
}

//! The processes of a node's computer, and where they listen: `ps`, `pgrep`, `ss`, `netstat`.

use super::{Listener, Machines, absent, systemd};
use cli_runtime::job::Outcome;
use kubelet::PID;
use sim::{Duration, Time};

const INIT_PID: u32 = 1;
const CONTAINERD_PID: u32 = 611;
/// Of the process that lets people in by ssh.
pub const SSHD_PID: u32 = 702;
/// Added to a sandbox's own process: the number of its shim.
const SHIMS: u32 = 32_768;

struct Process {
    pid: u32,
    parent: u32,
    started: Time,
    command: String,
}

impl Process {
    /// The name of the program's file, which is what `pgrep` and `ps -e` go by.
    fn name(&self) -> &str {
        let program = self.command.split([' ', ':']).next().unwrap_or_default();
        program.rsplit('/').next().unwrap_or(program)
    }
}

/// What runs, in the order of the processes' numbers.
fn processes(machines: &dyn Machines, node: &str) -> Vec<Process> {
    let booted = machines.booted(node).unwrap_or(machines.now());
    let own =
        |pid, command: &str| Process { pid, parent: INIT_PID, started: booted, command: command.to_owned() };
    let mut all = vec![
        Process { parent: 0, ..own(INIT_PID, "/sbin/init") },
        own(CONTAINERD_PID, "/usr/bin/containerd"),
        own(SSHD_PID, "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"),
    ];
    let kubelet = machines.kubelet(node);
    if kubelet.running {
        all.push(Process { started: kubelet.since, ..own(PID, systemd::KUBELET) });
    }
    let containers = machines.containers(node);
    for sandbox in machines.sandboxes(node).iter().filter(|sandbox| sandbox.ready) {
        let shim = SHIMS + sandbox.pid;
        let started = sandbox.created;
        let command = format!(
            "/usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id {} -address /run/containerd/containerd.sock",
            sandbox.id
        );
        all.push(Process { pid: shim, parent: INIT_PID, started, command });
        all.push(Process { pid: sandbox.pid, parent: shim, started, command: "/pause".to_owned() });
        let inside = containers.iter().filter(|one| one.pid != 0 && one.sandbox == sandbox.id);
        all.extend(inside.map(|container| Process {
            pid: container.pid,
            parent: shim,
            started: container.started.unwrap_or(container.created),
            command: container.command.join(" "),
        }));
    }
    all.sort_by_key(|process| process.pid);
    all
}

/// `08:15`, and of another day `Jan01`.
fn since(started: Time, now: Time) -> String {
    let [started_text, now_text] = [started, now].map(|time| time.stamp().to_string());
    let day = |text: &str| text.get(..10).unwrap_or_default().to_owned();
    match day(&started_text) == day(&now_text) {
        true => started_text.get(11..16).unwrap_or_default().to_owned(),
        false => cli_runtime::time::journal_date(started).split_whitespace().take(2).collect(),
    }
}

/// What a process uses of the computer is not simulated, and is nought.
pub(super) fn ps(machines: &dyn Machines, node: &str, words: &[String]) -> Outcome {
    let options: String = words.iter().map(|word| word.trim_start_matches('-')).collect();
    let (all, now) = (processes(machines, node), machines.now());
    let mut sorted: Vec<char> = options.chars().filter(|letter| *letter != 'w').collect();
    sorted.sort_unstable();
    let form: String = sorted.into_iter().collect();
    let (head, rows): (&str, Vec<String>) = match form.as_str() {
        "aux" => {
            let row = |p: &Process| {
                let (pid, start) = (p.pid, since(p.started, now));
                format!("root     {pid:>7}  0.0  0.0      0     0 ?        Ss   {start}   0:00 {}", p.command)
            };
            (
                "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND",
                all.iter().map(row).collect(),
            )
        }
        "ef" | "Af" => {
            let row = |p: &Process| {
                let (pid, parent, start) = (p.pid, p.parent, since(p.started, now));
                format!("root     {pid:>7} {parent:>7}  0 {start} ?        00:00:00 {}", p.command)
            };
            ("UID          PID    PPID  C STIME TTY          TIME CMD", all.iter().map(row).collect())
        }
        "ax" => {
            let row = |p: &Process| format!("{:>7} ?        Ss     0:00 {}", p.pid, p.command);
            ("    PID TTY      STAT   TIME COMMAND", all.iter().map(row).collect())
        }
        "e" | "A" => {
            let row = |p: &Process| format!("{:>7} ?        00:00:00 {}", p.pid, p.name());
            ("    PID TTY          TIME CMD", all.iter().map(row).collect())
        }
        _ => {
            return Outcome::fail(
                1,
                absent::sentence("this form of ps", "ps aux, ps -ef, ps ax and ps -e are"),
            );
        }
    };
    Outcome::out(format!(
        "{head}\n{}",
        rows.iter().map(|row| format!("{}\n", row.trim_end())).collect::<String>()
    ))
}

/// `pgrep NAME`; `-f` looks at whole command lines, `-a` shows them, `-l` shows names.
pub(super) fn pgrep(machines: &dyn Machines, node: &str, words: &[String]) -> Outcome {
    let (options, patterns): (Vec<&String>, Vec<&String>) =
        words.iter().partition(|word| word.starts_with('-'));
    let letters: String = options.iter().map(|word| word.trim_start_matches('-')).collect();
    if let Some(letter) = letters.chars().find(|letter| !"afl".contains(*letter)) {
        return Outcome::fail(
            2,
            absent::sentence(&format!("pgrep -{letter}"), "pgrep, pgrep -a, -f and -l are"),
        );
    }
    let [pattern] = patterns.as_slice() else {
        return Outcome::fail(
            2,
            "pgrep: no matching criteria specified\nTry `pgrep --help' for more information.\n",
        );
    };
    let all = processes(machines, node);
    let matching = all.iter().filter(|process| match letters.contains('f') {
        true => process.command.contains(pattern.as_str()),
        false => process.name().contains(pattern.as_str()),
    });
    let line = |process: &Process| match (letters.contains('a'), letters.contains('l')) {
        (true, _) => format!("{} {}\n", process.pid, process.command),
        (_, true) => format!("{} {}\n", process.pid, process.name()),
        _ => format!("{}\n", process.pid),
    };
    let text: String = matching.map(line).collect();
    Outcome { exit_code: i32::from(text.is_empty()), ..Outcome::out(text) }
}

/// Options that ask for TCP sockets which listen, with numbers, and may ask for their processes.
fn asks_for_listening(words: &[String]) -> Option<bool> {
    let letters: String = words.iter().map(|word| word.trim_start_matches('-')).collect();
    let known = letters.chars().all(|letter| "lntpH46".contains(letter))
        && words.iter().all(|word| word.starts_with('-'));
    (known && letters.contains('l') && letters.contains('n')).then(|| letters.contains('p'))
}

pub(super) fn ss(machines: &dyn Machines, node: &str, words: &[String]) -> Outcome {
    let Some(shows_processes) = asks_for_listening(words) else {
        return Outcome::fail(
            1,
            absent::sentence("this form of ss", "ss -lntp is: no traffic flows here, but programs listen"),
        );
    };
    let all = machines.listeners(node);
    let local = |listener: &Listener| format!("{}:{}", listener.address, listener.port);
    let width =
        all.iter().map(|one| local(one).len()).max().unwrap_or_default().max("Local Address:Port".len());
    let mut text = format!(
        "State  Recv-Q Send-Q {:>width$} Peer Address:Port{}\n",
        "Local Address:Port",
        if shows_processes { " Process" } else { "" }
    );
    for one in &all {
        let peer = if one.address == "*" { "*:*" } else { "0.0.0.0:*" };
        let process = match shows_processes {
            true => format!(" users:((\"{}\",pid={},fd=3))", one.program, one.pid),
            false => String::new(),
        };
        text += format!("LISTEN 0      4096   {:>width$} {peer:>17}{process}", local(one)).trim_end();
        text.push('\n');
    }
    Outcome::out(text)
}

pub(super) fn netstat(machines: &dyn Machines, node: &str, words: &[String]) -> Outcome {
    let Some(shows_processes) = asks_for_listening(words) else {
        return Outcome::fail(
            1,
            absent::sentence(
                "this form of netstat",
                "netstat -lntp is: no traffic flows here, but programs listen",
            ),
        );
    };
    let title = if shows_processes { "PID/Program name" } else { "" };
    let mut text = format!(
        "Active Internet connections (only servers)\nProto Recv-Q Send-Q Local Address           Foreign Address         State       {title}\n"
    );
    for one in machines.listeners(node) {
        let (protocol, address, peer) = match one.address.as_str() {
            "*" => ("tcp6", "::", ":::*"),
            address => ("tcp", address, "0.0.0.0:*"),
        };
        let local = format!("{address}:{}", one.port);
        let process = if shows_processes { format!("{}/{}", one.pid, one.program) } else { String::new() };
        text +=
            format!("{protocol:<5}      0      0 {local:<23} {peer:<23} LISTEN      {process}").trim_end();
        text.push('\n');
    }
    Outcome::out(text)
}

/// How long the computer has been up: `10 min`, ` 2:05`, `3 days,  4:00`.
pub(super) fn uptime(machines: &dyn Machines, node: &str, words: &[String]) -> Outcome {
    if !words.is_empty() {
        return Outcome::fail(1, absent::sentence("this form of uptime", "uptime without options is"));
    }
    let now = machines.now();
    let up = now.since(machines.booted(node).unwrap_or(now));
    let minutes = up.0 / Duration::from_secs(60).0;
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let mut span = match days {
        0 => String::new(),
        1 => "1 day, ".to_owned(),
        days => format!("{days} days, "),
    };
    span += &if hours > 0 { format!("{hours:>2}:{rest:02}") } else { format!("{rest} min") };
    let stamp = now.stamp().to_string();
    let clock = stamp.get(11..19).unwrap_or_default();
    Outcome::out(format!(" {clock} up {span},  1 user,  load average: 0.00, 0.00, 0.00\n"))
}

//! The kubelet as a service of systemd: `systemctl`, `journalctl`.

use super::power::{self, PowerVerb};
use super::{Machines, ServiceVerb};
use api::human_duration::parse_go_duration;
use cli_runtime::job::Outcome;
use cli_runtime::time::{journal_date, systemd_date};
use kubelet::PID;
use sim::{Duration, Time};

fn is_kubelet(unit: &str) -> bool {
    matches!(unit, "kubelet" | "kubelet.service")
}

pub(super) fn systemctl(machines: &mut dyn Machines, node: &str, words: &[String]) -> Outcome {
    let plain: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let (verb, units) = match plain.split_first() {
        Some((verb, units)) => (*verb, units),
        None => ("list-units", &[][..]),
    };
    match verb {
        "poweroff" | "halt" => return power::power(machines, node, PowerVerb::Off),
        "reboot" => return power::power(machines, node, PowerVerb::Reboot),
        _ => {}
    }
    if matches!(verb, "daemon-reload" | "enable" | "disable") {
        return Outcome::default();
    }
    let Some(unit) = units.first() else {
        return Outcome::fail(1, "Too few arguments.\n");
    };
    if !is_kubelet(unit) {
        let name = unit.trim_end_matches(".service");
        return match verb {
            "status" => Outcome::fail(4, format!("Unit {name}.service could not be found.\n")),
            "is-active" => Outcome { exit_code: 4, ..Outcome::out("inactive\n") },
            verb => {
                Outcome::fail(5, format!("Failed to {verb} {name}.service: Unit {name}.service not found.\n"))
            }
        };
    }
    match verb {
        "start" => machines.control_kubelet(node, ServiceVerb::Start),
        "stop" => machines.control_kubelet(node, ServiceVerb::Stop),
        "restart" | "reload-or-restart" | "try-restart" => {
            machines.control_kubelet(node, ServiceVerb::Restart)
        }
        "status" => return status(machines, node),
        "is-active" => {
            let running = machines.kubelet(node).running;
            let text = if running { "active\n" } else { "inactive\n" };
            return Outcome { exit_code: if running { 0 } else { 3 }, ..Outcome::out(text) };
        }
        "is-enabled" => return Outcome::out("enabled\n"),
        "cat" => return Outcome::out(unit_file()),
        verb => return Outcome::fail(1, format!("Unknown command verb '{verb}'.\n")),
    }
    Outcome::default()
}

/// `service kubelet restart`.
pub(super) fn service(machines: &mut dyn Machines, node: &str, words: &[String]) -> Outcome {
    match words {
        [unit, verb] => systemctl(machines, node, &[verb.clone(), unit.clone()]),
        _ => Outcome::fail(
            1,
            "Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n",
        ),
    }
}

/// How its unit starts the kubelet.
pub(super) const KUBELET: &str = "/usr/bin/kubelet --config=/var/lib/kubelet/config.yaml";

fn unit_file() -> String {
    format!(
        "# /usr/lib/systemd/system/kubelet.service
[Unit]
Description=kubelet: The Kubernetes Node Agent
Documentation=https://kubernetes.io/docs/

[Service]
ExecStart={KUBELET}
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
"
    )
}

fn status(machines: &mut dyn Machines, node: &str) -> Outcome {
    let service = machines.kubelet(node);
    let (since, ago) = (systemd_date(service.since), ago(machines.now().since(service.since)));
    let (dot, active) = match service.running {
        true => ("●", format!("active (running) since {since}; {ago} ago")),
        false => ("○", format!("inactive (dead) since {since}; {ago} ago")),
    };
    let mut text = format!(
        "{dot} kubelet.service - kubelet: The Kubernetes Node Agent\n     \
         Loaded: loaded (/usr/lib/systemd/system/kubelet.service; enabled; preset: enabled)\n     \
         Active: {active}\n       Docs: https://kubernetes.io/docs/\n"
    );
    let state = if service.running { "(kubelet)" } else { "(code=exited, status=0/SUCCESS)" };
    text += &format!("   Main PID: {PID} {state}\n");
    let journal = machines.journal(node);
    let last = journal.len().saturating_sub(10);
    if !journal.is_empty() {
        text.push('\n');
    }
    text.extend(journal.iter().skip(last).map(|(time, line)| journal_line(node, *time, line)));
    Outcome { exit_code: if service.running { 0 } else { 3 }, ..Outcome::out(text) }
}

/// `5s`, `3min 20s`, `2h 5min`.
fn ago(span: Duration) -> String {
    let seconds = span.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) if minutes < 10 => format!("{minutes}min {seconds}s"),
        (0, minutes, _) => format!("{minutes}min"),
        (hours, minutes, _) => format!("{hours}h {minutes}min"),
    }
}

pub(super) fn journal_line(node: &str, time: Time, line: &str) -> String {
    format!("{} {node} kubelet[{PID}]: {line}\n", journal_date(time))
}

/// Whether `journalctl` is to go on with what comes.
pub(super) fn follows(words: &[String]) -> bool {
    words.iter().any(|word| {
        let short = word.starts_with('-') && !word.starts_with("--");
        word == "--follow" || (short && word.contains('f') && !word.starts_with("-u"))
    })
}

/// `journalctl -u kubelet [-n N] [--since "5m ago"] [-r]`.
pub(super) fn journalctl(machines: &mut dyn Machines, node: &str, words: &[String]) -> Outcome {
    let (mut count, mut since, mut unit, mut reverse) = (None, None, None, false);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let (name, value) =
            word.split_once('=').map_or((word.as_str(), None), |(name, value)| (name, Some(value)));
        let mut take = || value.map(str::to_owned).or_else(|| rest.next().cloned());
        match name {
            "-u" | "--unit" | "-t" => unit = take(),
            "-n" | "--lines" => count = take().and_then(|text| text.parse::<usize>().ok()),
            "-S" | "--since" => since = take(),
            "-r" | "--reverse" => reverse = true,
            "-f" | "--follow" => count = count.or(Some(10)),
            name if name.starts_with("-u") => unit = name.get(2..).map(str::to_owned),
            name if name.starts_with("-n") => count = name.get(2..).and_then(|text| text.parse().ok()),
            name if name.starts_with('-') && !name.starts_with("--") && name.ends_with('u') => unit = take(),
            _ => {}
        }
    }
    if unit.as_deref().is_some_and(|unit| !is_kubelet(unit)) {
        return Outcome::out("-- No entries --\n");
    }
    let now = machines.now();
    let from = since.as_deref().and_then(span_ago).map_or(Time(0), |span| now - span);
    let lines: Vec<(Time, String)> =
        machines.journal(node).into_iter().filter(|(time, _)| *time >= from).collect();
    let skip = count.map_or(0, |count| lines.len().saturating_sub(count));
    let mut lines: Vec<String> =
        lines.iter().skip(skip).map(|(time, line)| journal_line(node, *time, line)).collect();
    if lines.is_empty() {
        return Outcome::out("-- No entries --\n");
    }
    if reverse {
        lines.reverse();
    }
    Outcome::out(lines.concat())
}

/// `5 minutes ago`, `5m ago`, `-5m`, `5min`.
fn span_ago(text: &str) -> Option<Duration> {
    let text = text.trim().trim_start_matches('-').trim_end_matches("ago").trim();
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let unit = text.get(digits.len()..)?.trim();
    let seconds = match unit {
        unit if unit.starts_with("min") || unit == "m" => 60,
        unit if unit.starts_with('h') => 3600,
        unit if unit.starts_with('s') => 1,
        unit if unit.starts_with('d') => 86_400,
        _ => return parse_go_duration(text),
    };
    Some(Duration::from_secs(digits.parse::<u64>().ok()?.saturating_mul(seconds)))
}

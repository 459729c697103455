//! crictl on a node: it talks to the container runtime only, whether or not the API server or the kubelet
//! is up (CLI-054).
//!
//! cri-tools: cmd/crictl (container.go, sandbox.go, display.go); docker/go-units for the ages.

mod images;
mod inspect;

use api::human_duration::parse_go_duration;
use serde_json::{Value, json};

use images::{images, pull};
use inspect::{
    container_labels, container_value, formatted, inspect, inspectp, sandbox_labels, sandbox_value,
};

use super::regex::Regex;
use super::{ContainerView, Machines, RuntimeState, SandboxView};
use cli_runtime::job::Outcome;
use cli_runtime::tabwriter::TabWriter;
use sim::order::SortShared;
use sim::{Duration, Time};

/// Options by name, repeated ones too, and the rest.
#[derive(Default)]
struct Args {
    options: Vec<(String, String)>,
    rest: Vec<String>,
}

/// Options that stand alone.
const SWITCHES: &[&str] = &[
    "a",
    "all",
    "q",
    "quiet",
    "v",
    "verbose",
    "l",
    "latest",
    "no-trunc",
    "f",
    "force",
    "r",
    "resolve-image-path",
    "h",
    "help",
    "t",
    "timestamps",
];

fn parse(words: &[String], command: &str) -> Args {
    let mut args = Args::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let Some(option) =
            word.strip_prefix("--").or_else(|| word.strip_prefix('-')).filter(|o| !o.is_empty())
        else {
            args.rest.push(word.clone());
            continue;
        };
        // Short switches may be joined: `-aq`.
        let joined = !word.starts_with("--") && option.len() > 1 && !SWITCHES.contains(&option);
        let letters = || option.char_indices().map(|(at, c)| &option[at..at + c.len_utf8()]);
        if joined && letters().all(|letter| SWITCHES.contains(&letter)) {
            args.options.extend(letters().map(|letter| (letter.to_owned(), String::new())));
            continue;
        }
        let (name, value) =
            option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
        // `-t` is the timeout of `stop` and the time stamps of `logs`.
        let switch = SWITCHES.contains(&name) && !(name == "t" && command == "stop");
        let value = match value {
            Some(value) => value.to_owned(),
            None if switch => String::new(),
            None => words.next().cloned().unwrap_or_default(),
        };
        args.options.push((name.to_owned(), value));
    }
    args
}

impl Args {
    fn has(&self, names: &[&str]) -> bool {
        self.options.iter().any(|(name, _)| names.contains(&name.as_str()))
    }

    fn get(&self, names: &[&str]) -> Option<&str> {
        let found = self.options.iter().rfind(|(name, _)| names.contains(&name.as_str()));
        found.map(|(_, value)| value.as_str())
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.options.iter().filter(move |(option, _)| option == name).map(|(_, value)| value.as_str())
    }
}

fn fatal(text: impl std::fmt::Display) -> Outcome {
    Outcome::fail(1, format!("FATA[0000] {text}\n"))
}

pub(super) fn crictl(machines: &mut dyn Machines, node: &str, words: &[String]) -> Outcome {
    // Options of crictl itself: where the runtime listens.
    let mut words = words;
    while let Some((word, rest)) = words.split_first() {
        match word.as_str() {
            "-r" | "--runtime-endpoint" | "-i" | "--image-endpoint" | "-t" | "--timeout" => {
                words = rest.get(1..).unwrap_or_default();
            }
            word if word.starts_with("--runtime-endpoint=") || word == "-D" || word == "--debug" => {
                words = rest
            }
            _ => break,
        }
    }
    let Some((command, rest)) = words.split_first() else { return Outcome::out(HELP) };
    let args = parse(rest, command);
    match command.as_str() {
        "ps" => ps(machines, node, &args),
        "pods" => pods(machines, node, &args),
        "stop" => stop(machines, node, &args),
        "rm" => rm(machines, node, &args),
        "stopp" => stopp(machines, node, &args),
        "rmp" => rmp(machines, node, &args),
        "inspect" => inspect(machines, node, &args),
        "inspectp" => inspectp(machines, node, &args),
        "logs" => logs(machines, node, &args),
        "images" | "img" | "image" => images(machines, node, &args),
        "pull" => pull(machines, node, &args),
        "info" => Outcome::out(
            "{\n  \"status\": {\n    \"conditions\": [\n      {\n        \"type\": \"RuntimeReady\",\n        \"status\": true\n      },\n      {\n        \"type\": \"NetworkReady\",\n        \"status\": true\n      }\n    ]\n  }\n}\n",
        ),
        "version" => Outcome::out(
            "Version:  0.1.0\nRuntimeName:  containerd\nRuntimeVersion:  v2.2.1\nRuntimeApiVersion:  v1\n",
        ),
        "help" | "--help" | "-h" => Outcome::out(HELP),
        "exec"
        | "attach"
        | "create"
        | "run"
        | "runp"
        | "start"
        | "update"
        | "stats"
        | "statsp"
        | "rmi"
        | "imagefsinfo"
        | "inspecti"
        | "port-forward"
        | "checkpoint"
        | "completion"
        | "config"
        | "events"
        | "metricsp"
        | "metricdescs"
        | "runtime-config"
        | "update-runtime-config" => Outcome::fail(1, format!("(crictl {command} is not simulated)\n")),
        other => Outcome::fail(3, format!("No help topic for '{other}'\n")),
    }
}

/// The log of one container. It does not grow while it is read: `--follow` shows what is there.
fn logs(machines: &dyn Machines, node: &str, args: &Args) -> Outcome {
    if args.has(&["t", "timestamps"]) || args.has(&["since"]) {
        return Outcome::fail(1, "(crictl logs is simulated without --since and --timestamps)\n");
    }
    let Some(id) = args.rest.first() else { return fatal("ID cannot be empty") };
    let Some(found) = container(machines, node, id) else { return fatal(not_found("container", id)) };
    let log = machines.container_log(node, &found.id);
    match args.get(&["tail"]).and_then(|tail| tail.parse::<usize>().ok()) {
        None => Outcome::out(log),
        Some(tail) => {
            let lines: Vec<&str> = log.lines().collect();
            let shown = lines.get(lines.len().saturating_sub(tail)..).unwrap_or_default();
            Outcome::out(shown.iter().map(|line| format!("{line}\n")).collect::<String>())
        }
    }
}

const HELP: &str = "NAME:
   crictl - client for CRI

USAGE:
   crictl [global options] command [command options] [arguments...]

COMMANDS:
   ps                  List containers
   pods                List pods
   stop                Stop one or more running containers
   rm                  Remove one or more containers
   stopp               Stop one or more running pods
   rmp                 Remove one or more pods
   logs                Fetch the logs of a container
   inspect             Display the status of one or more containers
   inspectp            Display the status of one or more pods
   images, image, img  List images
   pull                Pull an image from a registry
   info                Display information of the container runtime
   version             Display runtime version information
";

fn not_found(what: &str, id: &str) -> String {
    format!("rpc error: code = NotFound desc = an error occurred when try to find {what} {id:?}: not found")
}

/// Ids are cut to 13 characters (CLI-053).
fn short(id: &str) -> String {
    id.trim_start_matches("sha256:").chars().take(13).collect()
}

/// `3 hours`; docker's words.
fn human_duration(span: Duration) -> String {
    let seconds = span.as_secs();
    let (minutes, hours) = (seconds / 60, (seconds + 1800) / 3600);
    match () {
        () if seconds < 1 => "Less than a second".to_owned(),
        () if seconds == 1 => "1 second".to_owned(),
        () if seconds < 60 => format!("{seconds} seconds"),
        () if minutes == 1 => "About a minute".to_owned(),
        () if minutes < 60 => format!("{minutes} minutes"),
        () if hours == 1 => "About an hour".to_owned(),
        () if hours < 48 => format!("{hours} hours"),
        () if hours < 24 * 14 => format!("{} days", hours / 24),
        () if hours < 24 * 60 => format!("{} weeks", hours / 24 / 7),
        () if hours < 24 * 730 => format!("{} months", hours / 24 / 30),
        () => format!("{} years", seconds / 3600 / 24 / 365),
    }
}

fn ago(machines: &dyn Machines, time: Time) -> String {
    format!("{} ago", human_duration(machines.now().since(time)))
}

fn table(lines: &[Vec<String>]) -> Outcome {
    let text: String = lines.iter().map(|cells| cells.join("\t") + "\n").collect();
    Outcome::out(TabWriter::with(20, 3).format(&text))
}

fn state_text(state: RuntimeState) -> &'static str {
    match state {
        RuntimeState::Created => "Created",
        RuntimeState::Running => "Running",
        RuntimeState::Exited => "Exited",
        RuntimeState::Unknown => "Unknown",
    }
}

fn matches(pattern: Option<&str>, text: &str) -> bool {
    pattern.is_none_or(|pattern| Regex::new(pattern, true, false).is_match(text))
}

/// `--label k=v`.
fn labelled(args: &Args, labels: &[(String, String)]) -> bool {
    args.all("label").all(|wanted| {
        let (key, value) = wanted.split_once('=').unwrap_or((wanted, ""));
        labels.iter().any(|(name, text)| *name == key && *text == value)
    })
}

/// Newest first.
fn containers(machines: &dyn Machines, node: &str) -> Vec<ContainerView> {
    let mut all = machines.containers(node);
    all.sort_shared_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
    all
}

fn sandboxes(machines: &dyn Machines, node: &str) -> Vec<SandboxView> {
    let mut all = machines.sandboxes(node);
    all.sort_shared_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
    all
}

/// The container whose id begins so.
fn container(machines: &dyn Machines, node: &str, id: &str) -> Option<ContainerView> {
    containers(machines, node).into_iter().find(|container| !id.is_empty() && container.id.starts_with(id))
}

fn sandbox(machines: &dyn Machines, node: &str, id: &str) -> Option<SandboxView> {
    sandboxes(machines, node).into_iter().find(|sandbox| !id.is_empty() && sandbox.id.starts_with(id))
}

/// Rule: CLI-051.
fn ps(machines: &dyn Machines, node: &str, args: &Args) -> Outcome {
    let everything = args.has(&["a", "all"]) || args.has(&["l", "latest", "n", "last"]);
    let state = args.get(&["s", "state"]).map(str::to_lowercase);
    let wanted = |container: &ContainerView| {
        let shown = match &state {
            Some(state) => state_text(container.state).to_lowercase() == *state,
            None => everything || container.state == RuntimeState::Running,
        };
        shown
            && matches(args.get(&["name"]), &container.name)
            && matches(args.get(&["namespace"]), &container.namespace)
            && args.get(&["p", "pod"]).is_none_or(|pod| container.sandbox.starts_with(pod))
            && args.get(&["id"]).is_none_or(|id| container.id.starts_with(id))
            && args.get(&["image"]).is_none_or(|image| container.image.contains(image))
            && labelled(args, &container_labels(container))
    };
    let mut found: Vec<ContainerView> = containers(machines, node).into_iter().filter(wanted).collect();
    if args.has(&["l", "latest"]) {
        found.truncate(1);
    }
    if let Some(last) = args.get(&["n", "last"]).and_then(|last| last.parse().ok()) {
        found.truncate(last);
    }
    if args.has(&["q", "quiet"]) {
        return Outcome::out(found.iter().map(|container| format!("{}\n", container.id)).collect::<String>());
    }
    let list = || json!({"containers": found.iter().map(container_value).collect::<Vec<Value>>()});
    if let Some(outcome) = formatted(args, list) {
        return outcome;
    }
    let whole = args.has(&["no-trunc"]);
    let cut = |id: &str| if whole { id.to_owned() } else { short(id) };
    let header = ["CONTAINER", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD", "NAMESPACE"];
    let mut lines = vec![header.map(str::to_owned).to_vec()];
    lines.extend(found.iter().map(|container| {
        vec![
            cut(&container.id),
            cut(&container.image_id),
            ago(machines, container.created),
            state_text(container.state).to_owned(),
            container.name.clone(),
            container.attempt.to_string(),
            cut(&container.sandbox),
            container.pod.clone(),
            container.namespace.clone(),
        ]
    }));
    table(&lines)
}

/// Rule: CLI-052.
fn pods(machines: &dyn Machines, node: &str, args: &Args) -> Outcome {
    let state = args.get(&["s", "state"]).map(str::to_lowercase);
    let ready = |sandbox: &SandboxView| if sandbox.ready { "Ready" } else { "NotReady" };
    let wanted = |sandbox: &SandboxView| {
        state.as_ref().is_none_or(|state| ready(sandbox).to_lowercase() == *state)
            && matches(args.get(&["name"]), &sandbox.pod)
            && matches(args.get(&["namespace"]), &sandbox.namespace)
            && args.get(&["id"]).is_none_or(|id| sandbox.id.starts_with(id))
            && labelled(args, &sandbox_labels(sandbox))
    };
    let found: Vec<SandboxView> = sandboxes(machines, node).into_iter().filter(wanted).collect();
    if args.has(&["q", "quiet"]) {
        return Outcome::out(found.iter().map(|sandbox| format!("{}\n", sandbox.id)).collect::<String>());
    }
    let list = || json!({"items": found.iter().map(sandbox_value).collect::<Vec<Value>>()});
    if let Some(outcome) = formatted(args, list) {
        return outcome;
    }
    let header = ["POD ID", "CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT", "RUNTIME"];
    let mut lines = vec![header.map(str::to_owned).to_vec()];
    let whole = args.has(&["no-trunc"]);
    lines.extend(found.iter().map(|sandbox| {
        vec![
            if whole { sandbox.id.clone() } else { short(&sandbox.id) },
            ago(machines, sandbox.created),
            ready(sandbox).to_owned(),
            sandbox.pod.clone(),
            sandbox.namespace.clone(),
            sandbox.attempt.to_string(),
            "(default)".to_owned(),
        ]
    }));
    table(&lines)
}

/// Does something to each of the containers or sandboxes; what it fails with is told at the end.
///
/// cri-tools: cmd/crictl/container.go, removeContainerCommand; sandbox.go, removePodCommand.
fn each(ids: &[String], mut each: impl FnMut(&str, &mut Outcome) -> Result<(), String>) -> Outcome {
    let mut outcome = Outcome::default();
    let failed: Vec<String> = ids.iter().filter_map(|id| each(id, &mut outcome).err()).collect();
    let text = match failed.as_slice() {
        [] => return outcome,
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    };
    outcome.stderr += &format!("FATA[0000] {text}\n");
    outcome.exit_code = 1;
    outcome
}

fn ids_of<T>(found: &[T], id: impl Fn(&T) -> Option<String>) -> Vec<String> {
    found.iter().filter_map(id).collect()
}

fn say(outcome: &mut Outcome, line: &str) {
    outcome.stdout.extend(line.bytes());
    outcome.stdout.push(b'\n');
}

fn stop(machines: &mut dyn Machines, node: &str, args: &Args) -> Outcome {
    let seconds = |text: &str| text.parse().ok().map(Duration::from_secs).or_else(|| parse_go_duration(text));
    let timeout = args.get(&["t", "timeout"]).and_then(seconds).unwrap_or(Duration::ZERO);
    let ids = match args.has(&["a", "all"]) {
        true if !args.rest.is_empty() => {
            return Outcome::fail(1, "cannot specify CONTAINER-ID(s) when using --all\n");
        }
        true => ids_of(&containers(machines, node), |found| {
            (found.state == RuntimeState::Running).then(|| found.id.clone())
        }),
        false if args.rest.is_empty() => {
            return Outcome::fail(1, "you must specify at least one CONTAINER-ID or use --all\n");
        }
        false => args.rest.clone(),
    };
    if ids.is_empty() {
        return Outcome::out("No running containers found.\n");
    }
    let mut outcome = Outcome::default();
    for id in &ids {
        // The runtime takes one that it does not know for stopped.
        if let Some(found) = container(machines, node, id)
            && found.state == RuntimeState::Running
        {
            let takes = machines.stop_container(node, &found.id, timeout);
            outcome.takes = outcome.takes + takes;
        }
        say(&mut outcome, id);
    }
    outcome
}

fn rm(machines: &mut dyn Machines, node: &str, args: &Args) -> Outcome {
    let force = args.has(&["f", "force"]);
    let all = args.has(&["a", "all"]);
    let ids = match all {
        true => ids_of(&containers(machines, node), |found| Some(found.id.clone())),
        false => args.rest.clone(),
    };
    match (ids.is_empty(), all) {
        (true, true) => return Outcome::fail(0, "INFO[0000] No containers to remove\n"),
        (true, false) => return fatal("ID cannot be empty"),
        _ => {}
    }
    each(&ids, |id, outcome| {
        let found = container(machines, node, id);
        let found = found
            .ok_or_else(|| format!("getting container status {id:?}: {}", not_found("container", id)))?;
        if found.state == RuntimeState::Running {
            if !force {
                return Err(format!("container {id:?} is running, please stop it first"));
            }
            // It is stopped first, and says so.
            say(outcome, id);
        }
        machines.remove_container(node, &found.id);
        say(outcome, id);
        Ok(())
    })
}

fn stopp(machines: &mut dyn Machines, node: &str, args: &Args) -> Outcome {
    if args.rest.is_empty() {
        return fatal("ID cannot be empty");
    }
    let mut outcome = Outcome::default();
    for id in &args.rest {
        // The runtime takes one that it does not know for stopped.
        if let Some(found) = sandbox(machines, node, id) {
            machines.stop_sandbox(node, &found.id);
        }
        say(&mut outcome, &format!("Stopped sandbox {id}"));
    }
    outcome
}

fn rmp(machines: &mut dyn Machines, node: &str, args: &Args) -> Outcome {
    let force = args.has(&["f", "force"]);
    let all = args.has(&["a", "all"]);
    let ids = match all {
        true => ids_of(&sandboxes(machines, node), |found| Some(found.id.clone())),
        false => args.rest.clone(),
    };
    match (ids.is_empty(), all) {
        (true, true) => return Outcome::fail(0, "INFO[0000] No pods to remove\n"),
        (true, false) => return fatal("ID cannot be empty"),
        _ => {}
    }
    each(&ids, |id, outcome| {
        let found = sandbox(machines, node, id);
        let found = found
            .ok_or_else(|| format!("getting sandbox status of pod {id:?}: {}", not_found("sandbox", id)))?;
        if found.ready {
            if !force {
                return Err(format!("pod sandbox {id:?} is running, please stop it first"));
            }
            machines.stop_sandbox(node, &found.id);
            say(outcome, &format!("Stopped sandbox {id}"));
        }
        machines.remove_sandbox(node, &found.id);
        say(outcome, &format!("Removed sandbox {id}"));
        Ok(())
    })
}

/// `kill [-9] PID`: the process of a container.
pub(super) fn kill(machines: &mut dyn Machines, node: &str, words: &[String]) -> Outcome {
    let mut signal = 15;
    let mut pids = Vec::new();
    for word in words {
        match word.strip_prefix('-') {
            Some("KILL" | "SIGKILL" | "9") => signal = 9,
            Some("TERM" | "SIGTERM" | "15") => signal = 15,
            Some(other) => signal = other.parse().unwrap_or(signal),
            None => pids.push(word),
        }
    }
    if pids.is_empty() {
        return Outcome::fail(
            2,
            "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n",
        );
    }
    let mut outcome = Outcome::default();
    for pid in pids {
        let found = pid
            .parse::<u32>()
            .ok()
            .filter(|pid| *pid != 0)
            .and_then(|pid| machines.containers(node).into_iter().find(|container| container.pid == pid));
        match found {
            Some(container) => machines.kill_container(node, &container.id, signal),
            None => {
                outcome.stderr += &format!("bash: line 1: kill: ({pid}) - No such process\n");
                outcome.exit_code = 1;
            }
        }
    }
    outcome
}

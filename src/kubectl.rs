//! kubectl: what a person types becomes requests, and the answers become text.
//!
//! Every command is a program over [`Io`](crate::job::Io) and reads like the real kubectl's `Run`. What it
//! prints, mistakes included, is what the real one prints, character for character.

pub mod errors;
pub mod flags;
pub mod jsonpath;
pub mod output;
pub mod printers;
pub mod resources;
pub mod selector;
pub mod table;
pub mod tabwriter;
pub mod time;

mod apply;
mod create;
mod delete;
mod describe;
mod drain;
mod explain;
mod get;
mod help;
mod info;
mod manifests;
mod mutate;
mod patch;
mod rollout;
mod set;
mod watch;

use std::rc::Rc;

use crate::job::{Failure, Io, Stop};
use errors::check_err;
use flags::{Flag, GLOBAL, Parsed, Takes, flag};
use resources::{Scope, Target};
use selector::Filter;

/// What a command does.
type Run = fn(&mut Io, &Cmd) -> Result<i32, Stop>;

/// A command, or a group of them.
pub(crate) struct Command {
    name: &'static str,
    aliases: &'static [&'static str],
    /// One line, as `kubectl --help` shows it.
    short: &'static str,
    /// What stands behind the name: `(TYPE NAME | TYPE/NAME)`.
    usage: &'static str,
    flags: &'static [Flag],
    run: Run,
    subs: &'static [Command],
}

/// A command line that was understood.
pub(crate) struct Cmd {
    /// `kubectl rollout status`.
    path: String,
    parsed: Parsed,
}

impl Cmd {
    fn args(&self) -> &[String] {
        &self.parsed.args
    }

    fn namespace(&self) -> String {
        self.parsed.text("namespace").filter(|name| !name.is_empty()).unwrap_or("default").to_owned()
    }

    /// Whether a namespace was given on the line.
    fn enforces_namespace(&self) -> bool {
        self.parsed.given("namespace")
    }

    fn filter(&self) -> Filter {
        let text = |name: &str| self.parsed.text(name).unwrap_or_default();
        Filter::new(text("selector"), text("field-selector"))
    }

    fn scope(&self) -> Scope {
        Scope {
            namespace: self.namespace(),
            all_namespaces: self.parsed.flag("all-namespaces"),
            filter: self.filter(),
        }
    }

    /// Whether objects are chosen by what they are like.
    fn selects(&self) -> bool {
        let filled = |name: &str| self.parsed.text(name).is_some_and(|text| !text.is_empty());
        self.parsed.flag("all") || filled("selector") || filled("field-selector")
    }

    /// What the files or the arguments name.
    fn targets(&self, io: &mut Io, args: &[String], all_by_default: bool) -> Result<Vec<Target>, Stop> {
        if self.parsed.given("filename") {
            return manifests::targets(io, self);
        }
        if self.selects() {
            resources::visit_by_selector(args)?;
        }
        Ok(resources::resource_type_or_name_args(args, all_by_default || self.selects())?)
    }

    fn usage_error(&self, text: &str) -> Failure {
        errors::usage_error(&self.path, text)
    }
}

const COMMANDS: &[Command] = &[
    mutate::ANNOTATE,
    info::API_RESOURCES,
    apply::COMMAND,
    not_simulated("attach", "Attach to a running container"),
    info::CLUSTER_INFO,
    info::CONFIG,
    drain::CORDON,
    not_simulated("cp", "Copy files and directories to and from containers"),
    create::CREATE,
    not_simulated("debug", "Create debugging sessions for troubleshooting workloads and nodes"),
    delete::COMMAND,
    describe::COMMAND,
    not_simulated("diff", "Diff the live version against a would-be applied version"),
    drain::DRAIN,
    not_simulated("edit", "Edit a resource on the server"),
    watch::EVENTS,
    not_simulated("exec", "Execute a command in a container"),
    explain::COMMAND,
    not_simulated(
        "expose",
        "Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service",
    ),
    get::COMMAND,
    mutate::LABEL,
    watch::LOGS,
    set::PATCH,
    not_simulated("port-forward", "Forward one or more local ports to a pod"),
    set::REPLACE,
    rollout::COMMAND,
    set::RUN,
    set::SCALE,
    set::SET,
    mutate::TAINT,
    not_simulated("top", "Display resource (CPU/memory) usage"),
    drain::UNCORDON,
    info::VERSION,
    watch::WAIT,
];

/// A command of the real kubectl that says here what to do instead.
const fn not_simulated(name: &'static str, short: &'static str) -> Command {
    Command { name, aliases: &[], short, usage: "", flags: &[], run: |_, _| Ok(0), subs: &[] }
}

/// What helps instead of a command that is not simulated.
fn instead(name: &str) -> Option<&'static str> {
    Some(match name {
        "attach" | "cp" | "debug" | "exec" | "port-forward" => {
            "containers hold no running programs here. Look at them with kubectl describe pod, or on their node with ssh NODE sudo crictl ps"
        }
        "diff" => "compare with kubectl get -o yaml",
        "edit" => {
            "there is no editor behind this console. Change the file and kubectl apply -f it, or use kubectl patch, set image or label"
        }
        "expose" => "write a Service and kubectl apply -f it; nothing carries traffic here",
        "top" => "nothing measures usage here",
        _ => return None,
    })
}

/// Runs `kubectl` with these words behind it; the exit code.
pub fn run(io: &mut Io, words: &[String]) -> Result<i32, Stop> {
    match dispatch(io, words) {
        Err(Stop::Failed(failure)) => {
            let text = check_err(&failure, &io.client());
            io.err(text);
            Ok(failure.exit_code())
        }
        other => other,
    }
}

/// Words before the command are flags that every command takes.
fn leading_flags(words: &[String]) -> usize {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if !word.starts_with('-') || word == "-" {
            break;
        }
        at += 1;
        let name = word.trim_start_matches('-');
        let known = GLOBAL.iter().find(|flag| flag.name == name || name.chars().eq([flag.short]));
        if !word.contains('=') && known.is_some_and(|flag| flag.takes != Takes::Bool) {
            at += 1;
        }
    }
    at.min(words.len())
}

fn dispatch(io: &mut Io, words: &[String]) -> Result<i32, Stop> {
    let start = leading_flags(words);
    let (before, rest) = words.split_at(start);
    let Some((name, args)) = rest.split_first() else {
        flags::parse(before, &[]).map_err(|error| flag_error("kubectl", &error))?;
        io.out(help::overview(COMMANDS));
        return Ok(0);
    };
    if name == "help" {
        return help_for(io, args);
    }
    let Some(command) = COMMANDS.iter().find(|command| command.is(name)) else {
        return Err(unknown_command(name, "kubectl", COMMANDS).into());
    };
    if let Some(instead) = instead(command.name) {
        return Err(match command.name {
            "top" => "Metrics API not available".into(),
            name => format!("kubectl {name} is not simulated: {instead}").into(),
        });
    }
    descend(io, command, "kubectl".to_owned(), before, args)
}

/// Goes on into the command's own commands, as far as the words name them.
fn descend(
    io: &mut Io,
    command: &Command,
    path: String,
    before: &[String],
    args: &[String],
) -> Result<i32, Stop> {
    let path = format!("{path} {}", command.name);
    if !command.subs.is_empty() {
        let at = leading_flags(args);
        let sub = args.get(at).and_then(|name| command.subs.iter().find(|sub| sub.is(name)));
        if let Some(sub) = sub {
            let all: Vec<String> = before.iter().chain(&args[..at]).cloned().collect();
            return descend(io, sub, path, &all, &args[at + 1..]);
        }
    }
    let words: Vec<String> = before.iter().chain(args).cloned().collect();
    let parsed = flags::parse(&words, command.flags).map_err(|error| flag_error(&path, &error))?;
    if parsed.flag("help") {
        io.out(help::of(command, &path));
        return Ok(0);
    }
    if !command.subs.is_empty() && command.name != "create" {
        if let Some(name) = parsed.args.first() {
            return Err(errors::usage_error(&path, &format!("unknown command {name:?}")).into());
        }
        io.out(help::of(command, &path));
        return Ok(0);
    }
    (command.run)(io, &Cmd { path, parsed })
}

/// Kubernetes: kubectl/pkg/util/templates/templater.go, FlagErrorFunc.
fn flag_error(path: &str, error: &str) -> Failure {
    Failure::Message(format!("{error}\nSee '{path} --help' for usage."))
}

fn help_for(io: &mut Io, words: &[String]) -> Result<i32, Stop> {
    let mut commands = COMMANDS;
    let (mut path, mut found) = ("kubectl".to_owned(), None);
    for word in words {
        let Some(command) = commands.iter().find(|command| command.is(word)) else {
            return Err(unknown_command(word, &path, commands).into());
        };
        path = format!("{path} {}", command.name);
        (commands, found) = (command.subs, Some(command));
    }
    io.out(found.map_or_else(|| help::overview(COMMANDS), |command| help::of(command, &path)));
    Ok(0)
}

impl Command {
    fn is(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

/// Go: github.com/spf13/cobra, legacyArgs and findSuggestions.
fn unknown_command(name: &str, path: &str, commands: &[Command]) -> Failure {
    let near = |command: &&Command| {
        distance(name, command.name) <= 2 || command.name.to_lowercase().starts_with(&name.to_lowercase())
    };
    let similar: String =
        commands.iter().filter(near).map(|command| format!("\t{}\n", command.name)).collect();
    let quoted = crate::api::field::go_quote(name);
    let text = format!("unknown command {quoted} for \"{path}\"");
    Failure::Message(if similar.is_empty() {
        text
    } else {
        format!("{text}\n\nDid you mean this?\n{similar}")
    })
}

/// Edits from one word to the other, whatever the case.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) =
        (a.to_lowercase().chars().collect(), b.to_lowercase().chars().collect());
    if a.len() > 64 {
        return a.len();
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (to, wanted) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != wanted);
            diagonal = row[to + 1];
            row[to + 1] = replaced.min(diagonal + 1).min(row[to] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

/// Flags that choose objects.
const SELECTOR: Flag = flag("selector", 'l', Takes::Text);
const FIELD_SELECTOR: Flag = flag("field-selector", '\0', Takes::Text);
const ALL_NAMESPACES: Flag = flag("all-namespaces", 'A', Takes::Bool);
const FILENAME: Flag = flag("filename", 'f', Takes::Text);
const RECURSIVE: Flag = flag("recursive", 'R', Takes::Bool);
const OUTPUT: Flag = flag("output", 'o', Takes::Text);
const DRY_RUN: Flag = flag("dry-run", '\0', Takes::Optional("unchanged"));
const ALL: Flag = flag("all", '\0', Takes::Bool);

/// A shared text for a name that many objects carry.
fn name(text: &str) -> Rc<str> {
    text.into()
}

#[cfg(test)]
mod tests;

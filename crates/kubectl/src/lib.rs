//! kubectl: what a person types becomes requests, and the answers become text.
//!
//! Every command is a program over [`Io`] and reads like the real kubectl's `Run`. What it
//! prints, mistakes included, is what the real one prints, character for character.

pub(crate) mod errors;
pub(crate) mod resources;
pub(crate) mod selector;

#[macro_use]
mod flag_lists;

mod absent;
mod apply;
mod auth;
mod complete;
mod config;
mod create;
mod create_job;
mod debug;
mod delete;
mod describe;
mod dial;
mod diff;
mod drain;
mod edit;
mod exec;
mod explain;
mod expose;
mod get;
mod help;
mod info;
mod local;
mod logs;
mod manifests;
mod mapper;
mod mutate;
mod raw;
mod replace;
mod rollout;
mod run;
mod set;
mod sorter;
mod taint;
mod watch;

pub use complete::{Wanted, complete};

use std::rc::Rc;

use serde_json::Value;

use absent::{absent, instead};
use api::object::Object;
use cli_runtime::flags;
use cli_runtime::flags::{Flag, GLOBAL, Parsed, Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use cli_runtime::output;
use cli_runtime::output::{Format, PrintFlags};
use errors::check_err;
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
    /// What follows the name: `(TYPE NAME | TYPE/NAME)`.
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
    command: &'static Command,
    /// The namespace of the kubeconfig's context.
    context_namespace: String,
}

impl Cmd {
    fn args(&self) -> &[String] {
        &self.parsed.args
    }

    /// What was given for a flag; empty if it was not given.
    fn text(&self, flag: &str) -> &str {
        self.parsed.text(flag).unwrap_or_default()
    }

    fn namespace(&self) -> String {
        let given = self.parsed.text("namespace").filter(|name| !name.is_empty());
        let of_context = Some(self.context_namespace.as_str()).filter(|name| !name.is_empty());
        given.or(of_context).unwrap_or("default").to_owned()
    }

    /// Whether a namespace was given on the line.
    fn enforces_namespace(&self) -> bool {
        self.parsed.given("namespace")
    }

    fn filter(&self) -> Filter {
        Filter::new(self.text("selector"), self.text("field-selector"))
    }

    fn scope(&self) -> Scope {
        Scope {
            namespace: self.namespace(),
            all_namespaces: self.parsed.flag("all-namespaces"),
            filter: self.filter(),
            by_paths: self.parsed.given("filename"),
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
            manifests::check_paths(io, self)?;
            resources::visit_by_paths(args)?;
            return manifests::targets(io, self);
        }
        if self.selects() {
            resources::visit_by_selector(args)?;
        }
        resources::warn_of_ambiguous_short_names(io, args);
        Ok(resources::resource_type_or_name_args(args, all_by_default || self.selects())?)
    }

    fn help(&self) -> String {
        help::of(self.command, &self.path)
    }

    fn print_flags(&self) -> PrintFlags<'_> {
        PrintFlags {
            output: self.parsed.text("output").unwrap_or_default(),
            template: self.parsed.text("template").unwrap_or_default(),
            forbid_missing_keys: !self.parsed.flag_or("allow-missing-template-keys", true),
            no_headers: self.parsed.flag("no-headers"),
        }
    }

    /// What `-o` asks a command for that changes something.
    fn format(&self, io: &Io) -> Result<Option<Format>, Failure> {
        self.print_flags().to_printer_of_change(&|name| io.file(name))
    }

    /// What `-o` asks a command for that shows tables.
    fn get_format(&self, io: &Io) -> Result<Option<Format>, Failure> {
        self.print_flags().to_printer(&|name| io.file(name))
    }

    fn usage_error(&self, text: &str) -> Failure {
        errors::usage_error(&self.path, text)
    }

    fn flag_error(&self, text: &str) -> Failure {
        flag_error(&self.path, text)
    }
}

const COMMANDS: &[Command] = &[
    mutate::ANNOTATE,
    info::API_RESOURCES,
    info::API_VERSIONS,
    apply::COMMAND,
    absent("attach", "Attach to a running container"),
    auth::COMMAND,
    absent::AUTOSCALE,
    absent("certificate", "Modify certificate resources"),
    info::CLUSTER_INFO,
    absent(
        "completion",
        "Output shell completion code for the specified shell (bash, zsh, fish, or powershell)",
    ),
    config::COMMAND,
    drain::CORDON,
    absent("cp", "Copy files and directories to and from containers"),
    create::CREATE,
    debug::COMMAND,
    delete::COMMAND,
    describe::COMMAND,
    diff::COMMAND,
    drain::DRAIN,
    edit::COMMAND,
    watch::EVENTS,
    exec::COMMAND,
    explain::COMMAND,
    expose::COMMAND,
    get::COMMAND,
    absent("kustomize", "Build a kustomization target from a directory or URL"),
    absent("kuberc", "Manage kuberc configuration files"),
    mutate::LABEL,
    logs::COMMAND,
    set::PATCH,
    absent("plugin", "Provides utilities for interacting with plugins"),
    absent("port-forward", "Forward one or more local ports to a pod"),
    absent("proxy", "Run a proxy to the Kubernetes API server"),
    replace::COMMAND,
    rollout::COMMAND,
    run::COMMAND,
    set::SCALE,
    set::SET,
    taint::COMMAND,
    info::TOP,
    drain::UNCORDON,
    info::VERSION,
    watch::WAIT,
];

/// What became of an object: `node/a labeled`, or the object in the form that was asked for.
fn print_obj(
    io: &mut Io,
    format: Option<&Format>,
    object: &Object,
    verb: &str,
    dry_run: Option<&str>,
) -> Result<(), Failure> {
    let value = object.to_value(io.now());
    print_value(io, format, &output::name_of(object), verb, dry_run, &value)
}

/// As [`print_obj`], of a value that was never sent.
fn print_value(
    io: &mut Io,
    format: Option<&Format>,
    name: &str,
    verb: &str,
    dry_run: Option<&str>,
    value: &Value,
) -> Result<(), Failure> {
    match format {
        None => io.out(format!("{name} {verb}{}\n", dry_run.unwrap_or_default())),
        Some(format) => format.print_obj(io, value, || format!("{name}\n"))?,
    }
    Ok(())
}

/// Sends a patch; the object as the API server has it then.
fn patched(io: &mut Io, object: &Object, patch: wire::Patch, dry: Option<&str>) -> Result<Object, Stop> {
    let reply = io.must(apply::on_server(mutate::patch_call(object, patch), dry))?;
    Ok(reply.object().cloned().unwrap_or_else(|| object.clone()))
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

/// Whether these words behind `kubectl` are those of `kubectl apply`.
pub fn applies(words: &[String]) -> bool {
    words.get(leading_flags(words)).is_some_and(|name| apply::COMMAND.is(name))
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
        flags::parse(before, &[]).map_err(|error| flag_error("kubectl", error))?;
        io.out(help::overview(COMMANDS));
        return Ok(0);
    };
    match name.as_str() {
        "help" => return help_for(io, args),
        "options" => {
            io.out(help::options());
            return Ok(0);
        }
        _ => {}
    }
    let Some(command) = COMMANDS.iter().find(|command| command.is(name)) else {
        return Err(unknown_command(name, "kubectl", COMMANDS).into());
    };
    descend(io, command, "kubectl".to_owned(), before, args)
}

/// Goes on into the command's own commands, as far as the words name them.
fn descend(
    io: &mut Io,
    command: &'static Command,
    path: String,
    before: &[String],
    args: &[String],
) -> Result<i32, Stop> {
    let path = format!("{path} {}", command.name);
    if let Some(instead) = instead(&path) {
        return Err(format!("{path} is not simulated: {instead}").into());
    }
    if !command.subs.is_empty() {
        let at = leading_flags(args);
        let sub = args.get(at).and_then(|name| command.subs.iter().find(|sub| sub.is(name)));
        if let Some(sub) = sub {
            let all: Vec<String> = before.iter().chain(&args[..at]).cloned().collect();
            return descend(io, sub, path, &all, &args[at + 1..]);
        }
    }
    let words: Vec<String> = before.iter().chain(args).cloned().collect();
    let parsed = flags::parse(&words, command.flags).map_err(|error| flag_error(&path, error))?;
    if parsed.flag("help") {
        io.out(help::of(command, &path));
        return Ok(0);
    }
    check_globals(&path, &parsed, command.flags)?;
    if parsed.text("dry-run") == Some(BARE_DRY_RUN) {
        let head = cli_runtime::time::klog_head(io.now(), 'W', 1, "helpers.go:719");
        io.err(format!("{head} --dry-run is deprecated and can be replaced with --dry-run=client.\n"));
    }
    let timeout = parsed.text("request-timeout").map_or(Ok(None), parse_timeout)?;
    io.limit_requests(timeout);
    io.impersonate(auth::impersonated(&parsed)?.map(Rc::new));
    let context_namespace = io.client().namespace.clone();
    (command.run)(io, &Cmd { path, parsed, command, context_namespace })
}

/// How long to wait for each answer; zero is for ever.
///
/// Kubernetes: client-go/tools/clientcmd/helpers.go, ParseTimeout.
fn parse_timeout(text: &str) -> Result<Option<sim::Duration>, Failure> {
    const INVALID: &str = "Invalid timeout value. Timeout must be a single integer in seconds, or an integer \
                           followed by a corresponding time unit (e.g. 1s | 2m | 3h)";
    let seconds = text.parse::<u64>().ok().map(sim::Duration::from_secs);
    match seconds.or_else(|| api::human_duration::parse_go_duration(text)) {
        Some(span) => Ok(Some(span).filter(|span| *span > sim::Duration::ZERO)),
        None => Err(Failure::message(INVALID)),
    }
}

/// Flags of every command that name what is not there.
///
/// Kubernetes: client-go/tools/clientcmd/validation.go, ConfirmUsable, and client_config.go.
fn check_globals(path: &str, parsed: &Parsed, own: &[Flag]) -> Result<(), Failure> {
    for (flag, what, only) in [
        ("context", "context", config::CONTEXT),
        ("cluster", "cluster", config::CLUSTER),
        ("user", "auth info", config::USER),
    ] {
        // `create rolebinding` has a --user of its own.
        if own.iter().any(|own| own.name == flag) {
            continue;
        }
        if let Some(name) = parsed.text(flag).filter(|name| !name.is_empty() && *name != only) {
            return Err(Failure::Message(format!("{what} \"{name}\" does not exist")));
        }
    }
    absent::absent_flag(path, parsed).map_or(Ok(()), |text| Err(Failure::Message(text)))
}

/// What a command does that only holds others together.
///
/// Kubernetes: kubectl/pkg/cmd/util/helpers.go, DefaultSubCommandRun.
fn default_sub_command_run(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    if !cmd.args().is_empty() {
        let words = api::field::go_quote(&cmd.args().join(" "));
        return Err(cmd.usage_error(&format!("unknown command {words}")).into());
    }
    io.out(cmd.help());
    Ok(1)
}

/// Kubernetes: kubectl/pkg/util/templates/templater.go, FlagErrorFunc.
fn flag_error(path: &str, error: impl std::fmt::Display) -> Failure {
    Failure::Message(format!("{error}\nSee '{path} --help' for usage."))
}

fn help_for(io: &mut Io, words: &[String]) -> Result<i32, Stop> {
    let mut commands = COMMANDS;
    let (mut path, mut found) = ("kubectl".to_owned(), None);
    for word in words {
        let Some(command) = commands.iter().find(|command| command.is(word)) else {
            if found.is_none() {
                io.err(help::unknown_topic(words, COMMANDS));
                return Ok(0);
            }
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

/// Commands, and what people call them elsewhere.
const SUGGEST_FOR: &[(&str, &str)] = &[("get", "list"), ("get", "ps"), ("delete", "rm")];

/// Go: github.com/spf13/cobra, legacyArgs and findSuggestions.
fn unknown_command(name: &str, path: &str, commands: &[Command]) -> Failure {
    let near = |command: &&Command| {
        distance(name, command.name) <= 2
            || command.name.to_lowercase().starts_with(&name.to_lowercase())
            || SUGGEST_FOR.contains(&(command.name, &name.to_lowercase()))
    };
    let similar: String =
        commands.iter().filter(near).map(|command| format!("\t{}\n", command.name)).collect();
    let quoted = api::field::go_quote(name);
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
/// `-o` of a command whose objects can be printed in any form.
const OUTPUT: Flag = flag("output", 'o', Takes::Format);
/// `-o` of a command that knows a few forms of its own.
const OWN_OUTPUT: Flag = flag("output", 'o', Takes::Text);
const DRY_RUN: Flag = flag("dry-run", '\0', Takes::Optional(BARE_DRY_RUN));
/// What `--dry-run` without a value stands for; nobody writes it.
const BARE_DRY_RUN: &str = "unchanged";
/// Of what is read from files, strictly unless somebody says otherwise.
const VALIDATE: Flag = flag("validate", '\0', Takes::Optional("strict"));
const ALL: Flag = flag("all", '\0', Takes::Bool);

/// A shared text for a name that many objects carry.
fn name(text: &str) -> Rc<str> {
    text.into()
}

#[cfg(test)]
mod tests;

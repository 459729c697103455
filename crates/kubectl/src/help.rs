//! Short help texts.

use super::Command;
use cli_runtime::flags::{Flag, GLOBAL, Takes};
use sim::order::SortShared;

/// The groups of commands, in kubectl's order.
///
/// Kubernetes: kubectl/pkg/cmd/cmd.go, NewKubectlCommand.
const GROUPS: &[(&str, &[&str])] = &[
    ("Basic Commands (Beginner)", &["create", "expose", "run", "set"]),
    ("Basic Commands (Intermediate)", &["explain", "get", "edit", "delete"]),
    ("Deploy Commands", &["rollout", "scale", "autoscale"]),
    (
        "Cluster Management Commands",
        &["certificate", "cluster-info", "top", "cordon", "uncordon", "drain", "taint"],
    ),
    (
        "Troubleshooting and Debugging Commands",
        &["describe", "logs", "attach", "exec", "port-forward", "proxy", "cp", "auth", "debug", "events"],
    ),
    ("Advanced Commands", &["diff", "apply", "patch", "replace", "wait", "kustomize"]),
    ("Settings Commands", &["label", "annotate", "completion"]),
    ("Subcommands provided by plugins", &[]),
    ("Other Commands", &["api-resources", "api-versions", "config", "kuberc", "plugin", "version"]),
];

/// `kubectl --help`.
pub(super) fn overview(commands: &[Command]) -> String {
    let head = "kubectl controls the Kubernetes cluster manager.\n\n Find more information at: https://kubernetes.io/docs/reference/kubectl/\n";
    head.to_owned() + &groups(commands)
}

/// `kubectl help nosuch`, which is no failure.
///
/// Go: github.com/spf13/cobra, InitDefaultHelpCmd.
pub(super) fn unknown_topic(words: &[String], commands: &[Command]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    format!("Unknown help topic [{}]\n\n{}", quoted.join(" "), groups(commands))
}

fn groups(commands: &[Command]) -> String {
    let mut text = String::new();
    for (title, names) in GROUPS {
        text += &format!("\n{title}:\n");
        for command in names.iter().filter_map(|name| commands.iter().find(|command| command.is(name))) {
            text += &format!("  {:15} {}\n", command.name, command.short);
        }
    }
    text += "\nUsage:\n  kubectl [flags] [options]\n\nUse \"kubectl <command> --help\" for more information about a given command.\nUse \"kubectl options\" for a list of global command-line options (applies to all commands).\n";
    text
}

fn list(commands: &[Command]) -> String {
    let width = commands.iter().map(|command| command.name.len()).max().unwrap_or(0);
    let mut lines: Vec<String> =
        commands.iter().map(|command| format!("  {:width$}   {}\n", command.name, command.short)).collect();
    lines.sort_shared();
    lines.concat()
}

fn list_flags(flags: &[Flag]) -> String {
    let line = |flag: &Flag| {
        let short = if flag.short == '\0' { "    ".to_owned() } else { format!("-{}, ", flag.short) };
        let value = match flag.takes {
            Takes::Bool => "=false",
            Takes::Text | Takes::Format => "=''",
            Takes::Int => "=-1",
            Takes::Span => "=0s",
            Takes::Optional(_) => "=''",
        };
        format!("    {short}--{}{value}\n", flag.name)
    };
    flags.iter().map(line).collect()
}

/// `kubectl options`.
pub(super) fn options() -> String {
    format!("The following options can be passed to any command:\n\n{}", list_flags(GLOBAL))
}

/// `kubectl get --help`.
pub(super) fn of(command: &Command, path: &str) -> String {
    let mut text = format!("{}.\n", command.short);
    if !command.subs.is_empty() {
        text += &format!("\nAvailable Commands:\n{}", list(command.subs));
    }
    if !command.flags.is_empty() {
        text += &format!("\nOptions:\n{}", list_flags(command.flags));
    }
    let usage = if command.subs.is_empty() { command.usage } else { "SUBCOMMAND" };
    text += &format!(
        "\nUsage:\n  {path} {usage} [options]\n\nUse \"kubectl options\" for a list of global command-line options (applies to all commands).\n"
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_stands_in_one_group() {
        let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let mut all: Vec<&str> = super::super::COMMANDS.iter().map(|command| command.name).collect();
        grouped.sort_unstable();
        all.sort_unstable();
        assert_eq!(grouped, all);
    }
}

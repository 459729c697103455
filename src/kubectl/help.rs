//! Short help texts.

use super::Command;
use super::flags::Takes;

/// `kubectl --help`.
pub(super) fn overview(commands: &[Command]) -> String {
    let mut text = String::from(
        "kubectl controls the Kubernetes cluster manager.\n\n Find more information at: https://kubernetes.io/docs/reference/kubectl/\n\nCommands:\n",
    );
    text += &list(commands);
    text += "\nUsage:\n  kubectl [flags] [options]\n\nUse \"kubectl <command> --help\" for more information about a given command.\n";
    text
}

fn list(commands: &[Command]) -> String {
    let width = commands.iter().map(|command| command.name.len()).max().unwrap_or(0);
    let mut lines: Vec<String> =
        commands.iter().map(|command| format!("  {:width$}   {}\n", command.name, command.short)).collect();
    lines.sort();
    lines.concat()
}

/// `kubectl get --help`.
pub(super) fn of(command: &Command, path: &str) -> String {
    let mut text = format!("{}.\n", command.short);
    if !command.subs.is_empty() {
        text += &format!("\nAvailable Commands:\n{}", list(command.subs));
    }
    if !command.flags.is_empty() {
        text += "\nOptions:\n";
        for flag in command.flags {
            let short = if flag.short == '\0' { "    ".to_owned() } else { format!("-{}, ", flag.short) };
            let value = match flag.takes {
                Takes::Bool => "=false",
                Takes::Text => "=''",
                Takes::Int => "=-1",
                Takes::Span => "=0s",
                Takes::Optional(_) => "=''",
            };
            text += &format!("    {short}--{}{value}\n", flag.name);
        }
    }
    let usage = if command.subs.is_empty() { command.usage } else { "SUBCOMMAND" };
    text += &format!(
        "\nUsage:\n  {path} {usage} [options]\n\nUse \"kubectl options\" for a list of global command-line options (applies to all commands).\n"
    );
    text
}

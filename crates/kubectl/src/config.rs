//! `kubectl config`: the one kubeconfig that kubeadm writes, to look at.
//!
//! Kubernetes: kubectl/pkg/cmd/config.

use serde_json::{Value, json};

use super::absent::absent;
use super::{Cmd, Command, OUTPUT, OWN_OUTPUT, default_sub_command_run, flag};
use api::field::go_quote;
use cli_runtime::flags::Takes;
use cli_runtime::job::{Io, Stop};
use cli_runtime::output;
use cli_runtime::tabwriter::TabWriter;

/// The names that kubeadm gives.
pub(super) const CONTEXT: &str = "kubernetes-admin@kubernetes";
pub(super) const CLUSTER: &str = "kubernetes";
pub(super) const USER: &str = "kubernetes-admin";

const fn command(name: &'static str, short: &'static str, run: super::Run) -> Command {
    Command { name, aliases: &[], short, usage: "", flags: &[], run, subs: &[] }
}

pub(super) const COMMAND: Command = Command {
    name: "config",
    aliases: &[],
    short: "Modify kubeconfig files",
    usage: "SUBCOMMAND",
    flags: &[],
    run: default_sub_command_run,
    subs: &[
        command("current-context", "Display the current-context", |io, _| {
            io.out(format!("{CONTEXT}\n"));
            Ok(0)
        }),
        absent("delete-cluster", "Delete the specified cluster from the kubeconfig"),
        absent("delete-context", "Delete the specified context from the kubeconfig"),
        absent("delete-user", "Delete the specified user from the kubeconfig"),
        command("get-clusters", "Display clusters defined in the kubeconfig", |io, _| {
            io.out(format!("NAME\n{CLUSTER}\n"));
            Ok(0)
        }),
        Command {
            usage: "[(-o|--output=)name)]",
            flags: &[OWN_OUTPUT, flag("no-headers", '\0', Takes::Bool)],
            ..command("get-contexts", "Describe one or many contexts", get_contexts)
        },
        command("get-users", "Display users defined in the kubeconfig", |io, _| {
            io.out(format!("NAME\n{USER}\n"));
            Ok(0)
        }),
        absent("rename-context", "Rename a context from the kubeconfig file"),
        absent("set", "Set an individual value in a kubeconfig file"),
        absent("set-cluster", "Set a cluster entry in kubeconfig"),
        Command {
            usage: "[NAME | --current] [--namespace=namespace]",
            flags: &[flag("current", '\0', Takes::Bool)],
            ..command("set-context", "Set a context entry in kubeconfig", set_context)
        },
        absent("set-credentials", "Set a user entry in kubeconfig"),
        absent("unset", "Unset an individual value in a kubeconfig file"),
        Command {
            aliases: &["use"],
            usage: "CONTEXT_NAME",
            ..command("use-context", "Set the current-context in a kubeconfig file", use_context)
        },
        Command {
            flags: &[
                OUTPUT,
                flag("flatten", '\0', Takes::Bool),
                flag("merge", '\0', Takes::Bool),
                flag("minify", '\0', Takes::Bool),
            ],
            ..command("view", "Display merged kubeconfig settings or a specified kubeconfig file", view)
        },
    ],
};

fn get_contexts(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    if let Some(name) = cmd.args().iter().find(|name| *name != CONTEXT) {
        return Err(format!("context {name} not found").into());
    }
    if cmd.parsed.text("output") == Some("name") {
        io.out(format!("{CONTEXT}\n"));
        return Ok(0);
    }
    let head = match cmd.parsed.flag("no-headers") {
        true => "",
        false => "CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n",
    };
    let namespace = &io.client().namespace;
    let text = format!("{head}*\t{CONTEXT}\t{CLUSTER}\t{USER}\t{namespace}\n");
    io.out(TabWriter::for_tables().format(&text));
    Ok(0)
}

fn use_context(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let [name] = cmd.args() else {
        return Err(cmd.usage_error(&format!("Unexpected args: [{}]", cmd.args().join(" "))).into());
    };
    if name != CONTEXT {
        return Err(format!("no context exists with the name: {}", go_quote(name)).into());
    }
    io.out(format!("Switched to context {}.\n", go_quote(name)));
    Ok(0)
}

/// The namespace of the one context.
///
/// Kubernetes: kubectl/pkg/cmd/config/set_context.go.
fn set_context(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let current = cmd.parsed.flag("current");
    let name = match (cmd.args(), current) {
        ([], true) => CONTEXT,
        ([name], false) => name.as_str(),
        ([], false) => return Err("you must specify a non-empty context name or --current".into()),
        ([_], true) => return Err("you cannot specify both a context name and --current".into()),
        (args, _) => {
            return Err(cmd.usage_error(&format!("Unexpected args: [{}]", args.join(" "))).into());
        }
    };
    if name != CONTEXT {
        return Err(format!(
            "kubectl config set-context of another context is not simulated: {CONTEXT} is the only one"
        )
        .into());
    }
    if let Some(namespace) = cmd.parsed.text("namespace") {
        io.set_namespace(namespace);
    }
    io.out(format!("Context {} modified.\n", go_quote(name)));
    Ok(0)
}

/// Keys and certificates stand for themselves, as upstream leaves them out.
fn view(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let omitted = "DATA+OMITTED";
    let server = format!("https://{}", io.client().server);
    let mut context = json!({"cluster": CLUSTER, "user": USER});
    if !io.client().namespace.is_empty() {
        context["namespace"] = json!(io.client().namespace);
    }
    let value: Value = json!({
        "apiVersion": "v1",
        "clusters": [
            {"cluster": {"certificate-authority-data": omitted, "server": server}, "name": CLUSTER},
        ],
        "contexts": [{"context": context, "name": CONTEXT}],
        "current-context": CONTEXT,
        "kind": "Config",
        "users": [
            {"name": USER, "user": {"client-certificate-data": omitted, "client-key-data": omitted}},
        ],
    });
    match cmd.format(io)? {
        Some(format) => format.print_obj(io, &value, String::new)?,
        None => io.out(output::yaml(&value)),
    }
    Ok(0)
}

//! `kubectl auth`: nothing is forbidden here, so the answer is yes, with kubectl's remarks on the question.
//!
//! Kubernetes: kubectl/pkg/cmd/auth/cani.go, whoami.go.

use super::absent::absent;
use super::info::probe;
use super::{ALL_NAMESPACES, Cmd, Command, OUTPUT, default_sub_command_run};
use api::schema::{self, KindInfo};
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Io, Stop};
use cli_runtime::tabwriter::TabWriter;

pub(super) const COMMAND: Command = Command {
    name: "auth",
    aliases: &[],
    short: "Inspect authorization",
    usage: "SUBCOMMAND",
    flags: &[],
    run: default_sub_command_run,
    subs: &[
        Command {
            name: "can-i",
            aliases: &[],
            short: "Check whether an action is allowed",
            usage: "VERB [TYPE | TYPE/NAME | NONRESOURCEURL]",
            flags: &[
                ALL_NAMESPACES,
                flag("quiet", 'q', Takes::Bool),
                flag("subresource", '\0', Takes::Text),
                flag("list", '\0', Takes::Bool),
                flag("no-headers", '\0', Takes::Bool),
            ],
            run: can_i,
            subs: &[],
        },
        absent(
            "reconcile",
            "Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects",
        ),
        Command {
            name: "whoami",
            aliases: &[],
            short: "Experimental: Check self subject attributes",
            usage: "",
            flags: &[OUTPUT],
            run: whoami,
            subs: &[],
        },
    ],
};

const RESOURCE_VERBS: &[&str] = &[
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "use",
    "bind",
    "impersonate",
    "*",
    "approve",
    "sign",
    "escalate",
    "attest",
];
const NON_RESOURCE_URL_VERBS: &[&str] = &["get", "put", "post", "head", "options", "delete", "patch", "*"];

fn can_i(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    if cmd.parsed.flag("list") {
        if !cmd.args().is_empty() {
            return Err("list option must be specified with no arguments".into());
        }
        probe(io)?;
        let head = if cmd.parsed.flag("no-headers") { "" } else { RULES_HEAD };
        io.out(TabWriter::for_tables().format(&format!("{head}{RULES}")));
        return Ok(0);
    }
    let [verb, what] = cmd.args() else {
        return Err("you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.".into());
    };
    probe(io)?;
    for remark in remarks(cmd, verb, what) {
        io.err(format!("Warning: {remark}\n\n"));
    }
    if cmd.parsed.flag("no-headers") {
        return Err("--no-headers cannot be set without --list specified".into());
    }
    if !cmd.parsed.flag("quiet") {
        io.out("yes\n");
    }
    Ok(0)
}

/// What kubectl finds odd in the question.
fn remarks(cmd: &Cmd, verb: &str, what: &str) -> Vec<String> {
    let mut remarks = Vec::new();
    if what.starts_with('/') {
        if !NON_RESOURCE_URL_VERBS.contains(&verb) {
            remarks.push(format!("verb '{verb}' is not a known verb"));
        }
        return remarks;
    }
    let resource = what.split_once('/').map_or(what, |(resource, _)| resource);
    let found = schema::by_resource_name(resource);
    if found.is_none() && !matches!(resource, "*" | "users" | "groups") {
        remarks.push(match resource.to_lowercase().split_once('.') {
            None => format!("the server doesn't have a resource type '{}'", resource.to_lowercase()),
            Some((resource, group)) => {
                format!("the server doesn't have a resource type '{resource}' in group '{group}'")
            }
        });
    }
    if cmd.parsed.flag("all-namespaces") {
        return remarks;
    }
    if let Some(KindInfo { plural, group, namespaced: false, .. }) = found {
        let group = if group.is_empty() { String::new() } else { format!(" in group '{group}'") };
        remarks.push(format!("resource '{plural}' is not namespace scoped{group}"));
    }
    if !RESOURCE_VERBS.contains(&verb) {
        remarks.push(format!("verb '{verb}' is not a known verb"));
    }
    remarks
}

const RULES_HEAD: &str = "Resources\tNon-Resource URLs\tResource Names\tVerbs\n";
/// What kubeadm's cluster role cluster-admin allows.
const RULES: &str = "*.*\t[]\t[]\t[*]\n\t[*]\t[]\t[*]\n";

fn whoami(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    if cmd.parsed.given("output") {
        return Err("kubectl auth whoami -o is not simulated".into());
    }
    probe(io)?;
    let text = "ATTRIBUTE\tVALUE\nUsername\tkubernetes-admin\nGroups\t[kubeadm:cluster-admins system:authenticated]\n";
    io.out(TabWriter::for_tables().format(text));
    Ok(0)
}

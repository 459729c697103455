//! `kubectl auth`, and in whose place a command acts (`--as`).
//!
//! The person's own user may do everything; RBAC decides what another one may. Kubernetes: kubectl/pkg/cmd/auth/cani.go,
//! whoami.go; apiserver/pkg/endpoints/filters/impersonation.go.

mod rules;

use serde_json::Value;

use super::absent::absent;
use super::info::probe;
use super::{ALL_NAMESPACES, Cmd, Command, OUTPUT, default_sub_command_run};
use api::schema::{self, KindInfo};
use cli_runtime::flags::{Parsed, Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use cli_runtime::tabwriter::TabWriter;
use wire::{Access, Call, Reply, Review, User};

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
        let rows = match io.impersonated() {
            None => {
                probe(io)?;
                RULES.to_owned()
            }
            Some(_) => rules::rows(&review(io, Review::Rules(cmd.namespace().into()))?["rules"]),
        };
        let head = if cmd.parsed.flag("no-headers") { "" } else { RULES_HEAD };
        io.out(TabWriter::for_tables().format(&format!("{head}{rows}")));
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
    let (allowed, reason) = match io.impersonated() {
        None => (true, String::new()),
        Some(_) => {
            let status = review(io, Review::Access(Box::new(access(cmd, verb, what))))?;
            (status["allowed"] == true, status["reason"].as_str().unwrap_or_default().to_owned())
        }
    };
    if !cmd.parsed.flag("quiet") {
        let dash = if reason.is_empty() { "" } else { " - " };
        io.out(if allowed { "yes\n".to_owned() } else { format!("no{dash}{reason}\n") });
    }
    Ok(i32::from(!allowed))
}

/// The question as the API server gets it.
fn access(cmd: &Cmd, verb: &str, what: &str) -> Access {
    let verb = verb.to_owned();
    if what.starts_with('/') {
        return Access { verb, path: what.to_owned(), ..Access::default() };
    }
    let (resource, name) = what.split_once('/').unwrap_or((what, ""));
    let info = schema::by_resource_name(resource);
    Access {
        verb,
        group: info.map_or("", |info| info.group).to_owned(),
        resource: info.map_or(resource, |info| info.plural).to_owned(),
        subresource: cmd.text("subresource").to_owned(),
        namespace: if cmd.parsed.flag("all-namespaces") { String::new() } else { cmd.namespace() },
        name: name.to_owned(),
        path: String::new(),
    }
}

fn review(io: &mut Io, review: Review) -> Result<Value, Stop> {
    match io.must(Call::Review(review))? {
        Reply::Review(status) => Ok(status),
        _ => Ok(Value::Null),
    }
}

/// Fails as the API server does where the one in whose place a command acts may not do this with a pod. For what
/// reaches a pod's node here without a request to the API server.
pub(super) fn check_pod(
    io: &mut Io,
    verb: &str,
    subresource: &str,
    namespace: &str,
    name: &str,
) -> Result<(), Stop> {
    let Some(user) = io.impersonated() else { return Ok(()) };
    let access = Access {
        verb: verb.to_owned(),
        resource: "pods".to_owned(),
        subresource: subresource.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        ..Access::default()
    };
    let status = review(io, Review::Access(Box::new(access.clone())))?;
    if status["allowed"] == true {
        return Ok(());
    }
    let error = access.forbidden(&user, "");
    Err(Failure::Status { prefix: String::new(), error: Box::new(error) }.into())
}

const SERVICE_ACCOUNT: &str = "system:serviceaccount:";
const ANONYMOUS: &str = "system:anonymous";
const AUTHENTICATED: &str = "system:authenticated";
const UNAUTHENTICATED: &str = "system:unauthenticated";

/// `--as` and `--as-group`: in whose place a command acts.
///
/// Kubernetes: apiserver/pkg/endpoints/filters/impersonation.go, WithImpersonation.
pub(super) fn impersonated(parsed: &Parsed) -> Result<Option<User>, Failure> {
    let name = parsed.text("as").unwrap_or_default();
    let mut groups = parsed.all("as-group").to_vec();
    if name.is_empty() {
        if !groups.is_empty() {
            return Err(Failure::message(
                "requesting uid, groups or user-extra for kubernetes-admin without impersonating a user",
            ));
        }
        return Ok(None);
    }
    if let Some((namespace, _)) = name.strip_prefix(SERVICE_ACCOUNT).and_then(|rest| rest.split_once(':'))
        && groups.is_empty()
    {
        groups.push("system:serviceaccounts".to_owned());
        groups.push(format!("system:serviceaccounts:{namespace}"));
    }
    let known = |group: &String| group == AUTHENTICATED || group == UNAUTHENTICATED;
    if name == ANONYMOUS {
        if !groups.iter().any(|group| group == UNAUTHENTICATED) {
            groups.push(UNAUTHENTICATED.to_owned());
        }
    } else if !groups.iter().any(known) {
        groups.push(AUTHENTICATED.to_owned());
    }
    Ok(Some(User { name: name.to_owned(), groups }))
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
    let (name, groups) = match io.impersonated() {
        Some(user) => (user.name.clone(), user.groups.join(" ")),
        None => ("kubernetes-admin".to_owned(), "kubeadm:cluster-admins system:authenticated".to_owned()),
    };
    let text = format!("ATTRIBUTE\tVALUE\nUsername\t{name}\nGroups\t[{groups}]\n");
    io.out(TabWriter::for_tables().format(&text));
    Ok(0)
}

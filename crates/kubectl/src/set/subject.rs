//! `kubectl set subject`.
//!
//! Kubernetes: kubectl/pkg/cmd/set/set_subject.go.

use serde_json::{Value, json};
use sim::SortedSet;

use super::find;
use super::template::Change;
use crate::resources::{Info, continue_on_error, missing_resource_error};
use crate::{Cmd, Command, SELECTOR};
use api::json;
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use cli_runtime::output;

const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) const SUBJECT: Command = Command {
    name: "subject",
    aliases: &[],
    short: "Update the user, group, or service account in a role binding or cluster role binding",
    usage: "(-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]",
    flags: set_flags![
        SELECTOR,
        flag("user", '\0', Takes::Text),
        flag("group", '\0', Takes::Text),
        flag("serviceaccount", '\0', Takes::Text),
    ],
    run: set_subject,
    subs: &[],
};

fn set_subject(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    if cmd.args().is_empty() && !cmd.parsed.given("filename") {
        return Err(missing_resource_error().into());
    }
    let (infos, failures) = find(io, cmd, cmd.args())?;
    if let Some(failure) = Failure::aggregate(failures) {
        return Err(failure.into());
    }
    let subjects = wanted_subjects(cmd, &infos)?;
    continue_on_error(io, &infos, Vec::new(), |io, info| {
        let is_binding = matches!(info.kind.name(), "RoleBinding" | "ClusterRoleBinding");
        if !is_binding || info.kind.info().group != GROUP {
            let name = output::name_of(&info.object);
            let why = "setting subjects is only supported for RoleBinding/ClusterRoleBinding";
            return Err(format!("error: {name} {why}\n").into());
        }
        let before = info.object.to_value(io.now());
        let mut all = json::list(&before, "subjects").to_vec();
        all.extend(
            subjects.iter().filter(|subject| !json::list(&before, "subjects").contains(subject)).cloned(),
        );
        let mut after = before.clone();
        after["subjects"] = json!(all);
        let change = Change { verb: "subjects updated", failed: "failed to patch subjects to rolebinding: " };
        match before == after {
            true => Ok(()),
            false => change.send(io, cmd, info, &before, &after),
        }
    })
}

/// What the flags name, in the order in which it is added.
///
/// Kubernetes: Validate, Run.
fn wanted_subjects(cmd: &Cmd, infos: &[Info]) -> Result<Vec<Value>, Failure> {
    if cmd.parsed.flag("all") && !cmd.text("selector").is_empty() {
        return Err(Failure::message("cannot set --all and --selector at the same time"));
    }
    let named = |flag: &str| -> SortedSet<String> { cmd.parsed.all(flag).iter().cloned().collect() };
    let (users, groups, accounts) = (named("user"), named("group"), named("serviceaccount"));
    if users.is_empty() && groups.is_empty() && accounts.is_empty() {
        return Err(Failure::message("you must specify at least one value of user, group or serviceaccount"));
    }
    let mut subjects = Vec::new();
    for (kind, names) in [("User", users), ("Group", groups)] {
        subjects.extend(names.iter().map(|name| json!({"apiGroup": GROUP, "kind": kind, "name": name})));
    }
    for account in &accounts {
        let parts: Vec<&str> = account.split(':').collect();
        let &[namespace, name] = parts.as_slice() else {
            return Err(Failure::message("serviceaccount must be <namespace>:<name>"));
        };
        if name.is_empty() {
            return Err(Failure::message("serviceaccount must be <namespace>:<name>"));
        }
        if namespace.is_empty() && infos.iter().any(|info| info.kind.name() == "ClusterRoleBinding") {
            let text = "serviceaccount must be <namespace>:<name>, namespace must be specified";
            return Err(Failure::message(text));
        }
        let namespace = if namespace.is_empty() { cmd.namespace() } else { namespace.to_owned() };
        subjects.push(json!({"kind": "ServiceAccount", "name": name, "namespace": namespace}));
    }
    Ok(subjects)
}

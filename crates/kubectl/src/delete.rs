//! `kubectl delete`.
//!
//! Kubernetes: kubectl/pkg/cmd/delete/delete.go; cmd/wait/delete.go.

use std::ops::ControlFlow;

use super::errors::add_source;
use super::resources::{self, Info, Scope, Target};
use super::{
    ALL, ALL_NAMESPACES, Cmd, Command, DRY_RUN, FIELD_SELECTOR, FILENAME, OWN_OUTPUT, RECURSIVE, SELECTOR,
    apply, manifests,
};
use api::field::go_quote;
use api::meta::{Uid, string_map};
use api::object::{Key, Kind, Object};
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use golang::strconv::parse_bool;
use sim::Time;
use wire::{Call, CallError, DeleteOptions, FieldValidation, Propagation, Reply, WatchEvent};

pub(super) const COMMAND: Command = Command {
    name: "delete",
    aliases: &[],
    short: "Delete resources by file names, stdin, resources and names, or by resources and label selector",
    usage: "([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)])",
    flags: &[
        FILENAME,
        RECURSIVE,
        OWN_OUTPUT,
        SELECTOR,
        FIELD_SELECTOR,
        ALL,
        ALL_NAMESPACES,
        DRY_RUN,
        flag("kustomize", 'k', Takes::Text),
        flag("force", '\0', Takes::Bool),
        flag("now", '\0', Takes::Bool),
        flag("grace-period", '\0', Takes::Int),
        flag("cascade", '\0', Takes::Optional("background")),
        flag("wait", '\0', Takes::Bool),
        flag("timeout", '\0', Takes::Span),
        flag("ignore-not-found", '\0', Takes::Bool),
        flag("interactive", 'i', Takes::Bool),
    ],
    run,
    subs: &[],
};

/// What to delete and how.
struct Deletion {
    /// `None` leaves it to the object.
    grace_seconds: Option<i64>,
    propagation: Propagation,
    ignore_not_found: bool,
    wait: bool,
    dry_run: Option<&'static str>,
    only_names: bool,
}

fn options(io: &mut Io, cmd: &Cmd) -> Result<Deletion, Stop> {
    let flags = &cmd.parsed;
    let force = flags.flag("force");
    let mut grace = flags.int("grace-period").filter(|seconds| *seconds >= 0);
    if flags.flag("now") {
        if grace.is_some() {
            return Err("--now and --grace-period cannot be specified together".into());
        }
        grace = Some(1);
    }
    if force && grace.is_some_and(|seconds| seconds > 0) {
        return Err("--force and --grace-period greater than 0 cannot be specified together".into());
    }
    if grace == Some(0) && !force {
        // So that nothing is lost by accident: only --force means at once.
        grace = Some(1);
    } else if force && grace.is_none() {
        grace = Some(0);
    }
    if grace == Some(0) && force {
        io.err("Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n");
    }
    let propagation = match flags.text("cascade") {
        None | Some("background") => Propagation::Background,
        Some("foreground") => Propagation::Foreground,
        Some("orphan") => Propagation::Orphan,
        Some(other) => boolean_cascade(io, other)?,
    };
    let only_names = match flags.text("output").unwrap_or_default() {
        "" => false,
        "name" => true,
        other => {
            return Err(format!("unexpected -o output mode: {other}. We only support '-o name'").into());
        }
    };
    Ok(Deletion {
        grace_seconds: grace,
        propagation,
        ignore_not_found: flags.flag_or("ignore-not-found", cmd.selects()),
        wait: flags.flag_or("wait", true),
        dry_run: apply::dry_run(cmd)?,
        only_names,
    })
}

fn run(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let flags = &cmd.parsed;
    if cmd.args().is_empty() && !flags.given("filename") && !cmd.selects() {
        return Err(resources::missing_resource_error().into());
    }
    let deletion = options(io, cmd)?;
    if flags.flag("all") && flags.given("selector") {
        return Err("setting 'all' parameter but found a non empty selector. ".into());
    }
    let (found, mut failures) = match flags.given("filename") {
        true => from_files(io, cmd)?,
        false => {
            let targets = cmd.targets(io, cmd.args(), false)?;
            by_args(io, cmd, &targets)?
        }
    };
    failures.retain(|failure| !(deletion.ignore_not_found && failure.is_not_found()));
    let mut deleted = Vec::new();
    for item in &found {
        match io.once(|io| delete_one(io, item, &deletion)) {
            Ok(uid) => deleted.extend(uid.map(|uid| (item.clone(), uid))),
            Err(Stop::Failed(failure)) => failures.push(failure),
            Err(Stop::Pending) => return Err(Stop::Pending),
        }
    }
    if let Some(failure) = Failure::aggregate(failures) {
        return Err(failure.into());
    }
    if found.is_empty() {
        io.out("No resources found\n");
        return Ok(0);
    }
    if deletion.wait && deletion.dry_run.is_none() {
        let until = flags.span("timeout").filter(|span| span.0 > 0).map(|span| io.now() + span);
        for (item, uid) in deleted {
            io.once(|io| wait_gone(io, item.kind, &item.key, Some(uid), until))?;
        }
    }
    Ok(0)
}

/// Something to delete.
#[derive(Clone, Debug)]
struct Item {
    kind: Kind,
    key: Key,
    /// The file it was found in.
    source: Option<std::rc::Rc<str>>,
}

fn from_files(io: &mut Io, cmd: &Cmd) -> Result<(Vec<Item>, Vec<Failure>), Stop> {
    let read = manifests::read(io, cmd, FieldValidation::Ignore)?;
    let item =
        |doc: &manifests::Doc| Item { kind: doc.kind, key: doc.key(), source: Some(doc.source.clone()) };
    let filter = cmd.filter();
    let mut found = Vec::new();
    for doc in &read.docs {
        if filter.picks(Some(&string_map(&doc.value["metadata"]["labels"])))? {
            found.push(item(doc));
        }
    }
    Ok((found, read.failures.clone()))
}

/// Named objects are not looked up first: the deletion itself says whether they are there.
fn by_args(io: &mut Io, cmd: &Cmd, targets: &[Target]) -> Result<(Vec<Item>, Vec<Failure>), Stop> {
    let scope: Scope = cmd.scope();
    let named = targets.iter().all(|target| target.name.is_some());
    if named && !scope.all_namespaces && !scope.filter.has_labels() {
        let cluster_wide = targets.iter().any(|target| !target.kind.is_namespaced());
        if cluster_wide && cmd.enforces_namespace() {
            io.err("Warning: deleting cluster-scoped resources, not scoped to the provided namespace\n");
        }
        let item = |target: &Target| {
            let name = target.name.as_deref().unwrap_or_default();
            Item { kind: target.kind, key: resources::key(target.kind, &scope.namespace, name), source: None }
        };
        return Ok((targets.iter().map(item).collect(), Vec::new()));
    }
    let (infos, failures) = resources::visit(io, targets, &scope)?;
    let item = |info: &Info| Item { kind: info.kind, key: info.object.key(), source: None };
    Ok((infos.iter().map(item).collect(), failures))
}

/// Deletes and says so. Returns the uid of what was deleted, if there was anything.
fn delete_one(io: &mut Io, item: &Item, deletion: &Deletion) -> Result<Option<Uid>, Stop> {
    let mut uid = None;
    if deletion.dry_run != Some(apply::DRY_RUN_CLIENT) {
        let options = DeleteOptions {
            grace_seconds: deletion.grace_seconds,
            propagation: deletion.propagation,
            uid: None,
        };
        let call = Call::Delete { kind: item.kind, key: item.key.clone(), options };
        let call = apply::on_server(call, deletion.dry_run);
        match resources::check_name(&item.key.name).map_err(Stop::from).and_then(|()| io.must(call)) {
            Ok(reply) => {
                uid = Some(reply.object().and_then(Object::meta).map(|meta| meta.uid).unwrap_or_default())
            }
            Err(Stop::Failed(failure)) if deletion.ignore_not_found && failure.is_not_found() => {
                return Ok(None);
            }
            Err(Stop::Failed(failure)) => {
                return Err(match &item.source {
                    Some(source) => add_source("deleting", source, failure),
                    None => failure,
                }
                .into());
            }
            Err(Stop::Pending) => return Err(Stop::Pending),
        }
    }
    let kind = item.kind.info().qualified_singular();
    let name = &item.key.name;
    if deletion.only_names {
        io.out(format!("{kind}/{name}\n"));
        return Ok(uid);
    }
    let operation = if deletion.grace_seconds == Some(0) { "force deleted" } else { "deleted" };
    let dry_run = deletion.dry_run.unwrap_or_default();
    // Kubernetes: kubectl/pkg/cmd/delete/delete.go, PrintObj.
    let from = match item.kind.is_namespaced() {
        true => format!(" from {} namespace", item.key.namespace),
        false => String::new(),
    };
    io.out(format!("{kind} {} {operation}{from}{dry_run}\n", quote(name)));
    Ok(uid)
}

/// What --cascade meant when it was a truth value.
///
/// Kubernetes: kubectl/pkg/cmd/delete/delete_flags.go, parseCascadingFlag.
fn boolean_cascade(io: &mut Io, given: &str) -> Result<Propagation, Stop> {
    let (instead, propagation) = match parse_bool(given) {
        Some(true) => ("background", Propagation::Background),
        Some(false) => ("orphan", Propagation::Orphan),
        None => {
            return Err(format!(
                "invalid cascade value ({given}). Must be \"background\", \"foreground\", or \"orphan\""
            )
            .into());
        }
    };
    io.err(format!(
        "warning: --cascade={given} is deprecated (boolean value) and can be replaced with --cascade={instead}.\n"
    ));
    Ok(propagation)
}

fn quote(name: &str) -> String {
    go_quote(name)
}

/// Waits until an object (with this uid, if one is given) is gone.
///
/// Kubernetes: kubectl/pkg/cmd/wait/delete.go, IsDeleted.
pub(super) fn wait_gone(
    io: &mut Io,
    kind: Kind,
    key: &Key,
    uid: Option<Uid>,
    until: Option<Time>,
) -> Result<(), Stop> {
    let same = |object: &Object| {
        object.key() == *key && uid.is_none_or(|uid| object.meta().is_some_and(|meta| meta.uid == uid))
    };
    let current = match io.ask(Call::Get { kind, key: key.clone() })? {
        Ok(Reply::Object(object)) if same(&object) => object,
        Ok(_) => return Ok(()),
        Err(CallError::Status(status)) if status.is_not_found() => return Ok(()),
        Err(error) => return Err(Failure::of(&error, "").into()),
    };
    let namespace = Some(&*key.namespace).filter(|namespace| !namespace.is_empty());
    let watching = io.watch(kind, namespace, [&current]);
    let gone = io.repeat(false, |io, gone| {
        match io.next(&watching, until)? {
            Some(Ok(WatchEvent::Deleted(object))) if same(&object) => *gone = true,
            // Another object of the name: ours is gone.
            Some(Ok(event)) if event.object().key() == *key && !same(event.object()) => *gone = true,
            Some(Ok(_)) => return Ok(ControlFlow::Continue(())),
            Some(Err(_)) => *gone = true,
            None => {}
        }
        Ok(ControlFlow::Break(()))
    })?;
    match gone {
        true => Ok(()),
        false => {
            let resource = kind.info().plural;
            Err(format!("timed out waiting for the condition on {resource}/{}", key.name).into())
        }
    }
}

//! `rollout status|history|undo|restart|pause|resume`.
//!
//! Kubernetes: kubectl/pkg/cmd/rollout; kubectl/pkg/polymorphichelpers (rollout_status.go, history.go,
//! rollback.go, objectrestarter.go).

pub(crate) mod deployment;

use std::ops::ControlFlow;
use std::rc::Rc;

use serde_json::{Value, json};

use super::apply::{DRY_RUN_CLIENT, LAST_APPLIED, dry_run};
use super::describe::{Writer, describe_pod_template};
use super::resources::{self, Info, continue_on_error};
use super::{
    Cmd, Command, DRY_RUN, FILENAME, OUTPUT, RECURSIVE, SELECTOR, default_sub_command_run, patched, print_obj,
};
use api::daemonset::{ControllerRevision, DaemonSet, UpdateStrategy};
use api::field::go_quote;
use api::json;
use api::label::{Selector, selector_or_nothing};
use api::meta::ObjectMeta;
use api::object::{Kind, Object, Other};
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Failure, Io, Stop, Watching};
use cli_runtime::output::{self, Format};
use cli_runtime::tabwriter::TabWriter;
use sim::order::SortShared;
use sim::{Duration, Time};
use wire::{Call, CallError, Patch, Reply, WatchEvent};

const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

pub(super) const COMMAND: Command = Command {
    name: "rollout",
    aliases: &[],
    short: "Manage the rollout of a resource",
    usage: "SUBCOMMAND",
    flags: &[],
    run: default_sub_command_run,
    subs: &[
        sub("status", "Show the status of the rollout", STATUS_FLAGS, status),
        sub("history", "View rollout history", HISTORY_FLAGS, history),
        sub("undo", "Undo a previous rollout", UNDO_FLAGS, undo),
        sub("restart", "Restart a resource", CHANGE_FLAGS, restart),
        sub("pause", "Mark the provided resource as paused", CHANGE_FLAGS, |io, cmd| pause(io, cmd, true)),
        sub("resume", "Resume a paused resource", CHANGE_FLAGS, |io, cmd| pause(io, cmd, false)),
    ],
};

const STATUS_FLAGS: &[super::Flag] = &[
    FILENAME,
    RECURSIVE,
    SELECTOR,
    flag("watch", 'w', Takes::Bool),
    flag("timeout", '\0', Takes::Span),
    flag("revision", '\0', Takes::Int),
];
const HISTORY_FLAGS: &[super::Flag] =
    &[FILENAME, RECURSIVE, SELECTOR, OUTPUT, flag("revision", '\0', Takes::Int)];
const UNDO_FLAGS: &[super::Flag] =
    &[FILENAME, RECURSIVE, SELECTOR, OUTPUT, DRY_RUN, flag("to-revision", '\0', Takes::Int)];
/// Of `restart`, `pause` and `resume`, which know no dry run.
const CHANGE_FLAGS: &[super::Flag] = &[FILENAME, RECURSIVE, SELECTOR, OUTPUT];

const fn sub(
    name: &'static str,
    short: &'static str,
    flags: &'static [super::Flag],
    run: super::Run,
) -> Command {
    Command { name, aliases: &[], short, usage: "(TYPE NAME | TYPE/NAME) [flags]", flags, run, subs: &[] }
}

fn infos(io: &mut Io, cmd: &Cmd) -> Result<(Vec<Info>, Vec<Failure>), Stop> {
    if cmd.args().is_empty() && !cmd.parsed.given("filename") {
        return Err("required resource not specified".into());
    }
    let targets = cmd.targets(io, cmd.args(), true)?;
    resources::visit(io, &targets, &cmd.scope())
}

/// Does something with each object; failures come at the end.
fn each(io: &mut Io, cmd: &Cmd, each: impl FnMut(&mut Io, &Info) -> Result<(), Stop>) -> Result<i32, Stop> {
    let (infos, failures) = infos(io, cmd)?;
    continue_on_error(io, &infos, failures, each)
}

fn is_stateful_set(kind: Kind) -> bool {
    matches!((kind.info().group, kind.name()), ("apps", "StatefulSet"))
}

/// What keeps its history in ControllerRevisions.
struct Rolled<'a> {
    object: &'a Object,
    meta: &'a ObjectMeta,
    selector: Selector,
    template: Value,
}

impl Rolled<'_> {
    /// `None` for a kind that does not.
    fn of(object: &Object) -> Option<Rolled<'_>> {
        match object {
            Object::DaemonSet(ds) => Some(Rolled {
                object,
                meta: &ds.meta,
                selector: ds.selector.clone(),
                template: ds.raw_spec["template"].clone(),
            }),
            Object::Other(set) if is_stateful_set(set.kind) => {
                let spec = json::get(&set.raw, "spec");
                Some(Rolled {
                    object,
                    meta: &set.meta,
                    selector: selector_or_nothing(json::get(spec, "selector")),
                    template: json::get(spec, "template").clone(),
                })
            }
            _ => None,
        }
    }
}

/// The line to print, and whether the rollout is over.
///
/// Kubernetes: rollout_status.go, StatefulSetStatusViewer.Status.
fn stateful_set_status(set: &Other) -> Result<(String, bool), Failure> {
    let (spec, status) = (json::get(&set.raw, "spec"), json::get(&set.raw, "status"));
    let strategy = json::get(spec, "updateStrategy");
    if json::text(strategy, "type") != "RollingUpdate" {
        return Err(Failure::message("rollout status is only available for RollingUpdate strategy type"));
    }
    let count = |key: &str| json::int(status, key).unwrap_or(0);
    let observed = count("observedGeneration");
    if observed == 0 || i64::from(set.meta.generation) > observed {
        return Ok(("Waiting for statefulset spec update to be observed...\n".to_owned(), false));
    }
    let replicas = json::int(spec, "replicas").unwrap_or(1);
    if count("readyReplicas") < replicas {
        let missing = replicas - count("readyReplicas");
        return Ok((format!("Waiting for {missing} pods to be ready...\n"), false));
    }
    let updated = count("updatedReplicas");
    if json::has(strategy, "rollingUpdate") {
        let partition = json::int(&strategy["rollingUpdate"], "partition");
        if let Some(wanted) =
            partition.map(|partition| replicas - partition).filter(|wanted| updated < *wanted)
        {
            let text = format!(
                "Waiting for partitioned roll out to finish: {updated} out of {wanted} new pods have been updated...\n"
            );
            return Ok((text, false));
        }
        return Ok((
            format!("partitioned roll out complete: {updated} new pods have been updated...\n"),
            true,
        ));
    }
    let (current, update) = (json::text(status, "currentRevision"), json::text(status, "updateRevision"));
    if current != update {
        let text = format!(
            "waiting for statefulset rolling update to complete {updated} pods at revision {update}...\n"
        );
        return Ok((text, false));
    }
    let running = count("currentReplicas");
    Ok((format!("statefulset rolling update complete {running} pods at revision {current}...\n"), true))
}

/// The Deployment, if it is one.
fn as_deployment(object: &Object) -> Option<&Rc<Other>> {
    match object {
        Object::Other(other)
            if other.kind.api_version() == "apps/v1" && other.kind.name() == "Deployment" =>
        {
            Some(other)
        }
        _ => None,
    }
}

fn status(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let until = cmd.parsed.span("timeout").filter(|span| span.0 > 0).map(|span| io.now() + span);
    let watch = cmd.parsed.flag_or("watch", true);
    let revision = cmd.parsed.int("revision").unwrap_or(0);
    each(io, cmd, |io, info| match &info.object {
        Object::DaemonSet(_) => status_of(io, &info.object, revision, watch, until),
        object if as_deployment(object).is_some() || is_stateful_set(info.kind) => {
            status_of(io, object, revision, watch, until)
        }
        _ => Err(format!("no status viewer has been implemented for {}", info.kind.name()).into()),
    })
}

/// The line to print, and whether the rollout is over (CLI-040).
fn daemon_set_status(ds: &DaemonSet) -> Result<(String, bool), Failure> {
    let (status, name) = (&ds.status, go_quote(&ds.meta.name));
    let (updated, available) = (status.updated_number_scheduled, status.number_available);
    let desired = status.desired_number_scheduled;
    if ds.update_strategy == UpdateStrategy::OnDelete {
        return Err(Failure::message("rollout status is only available for RollingUpdate strategy type"));
    }
    Ok(if ds.meta.generation > status.observed_generation {
        ("Waiting for daemon set spec update to be observed...\n".to_owned(), false)
    } else if updated < desired {
        (
            format!(
                "Waiting for daemon set {name} rollout to finish: {updated} out of {desired} new pods have been updated...\n"
            ),
            false,
        )
    } else if available < desired {
        (
            format!(
                "Waiting for daemon set {name} rollout to finish: {available} of {desired} updated pods are available...\n"
            ),
            false,
        )
    } else {
        (format!("daemon set {name} successfully rolled out\n"), true)
    })
}

fn rollout_status(object: &Object, revision: i64) -> Result<(String, bool), Failure> {
    match object {
        Object::DaemonSet(ds) => daemon_set_status(ds),
        Object::Other(set) if is_stateful_set(set.kind) => stateful_set_status(set),
        Object::Other(d) => deployment::status(d, revision),
        other => {
            let kind = other.kind().name();
            Err(Failure::Message(format!("no status viewer has been implemented for {kind}")))
        }
    }
}

fn status_of(
    io: &mut Io,
    first: &Object,
    revision: i64,
    watch: bool,
    until: Option<Time>,
) -> Result<(), Stop> {
    let (line, done) = rollout_status(first, revision)?;
    io.out(line);
    if done || !watch {
        return Ok(());
    }
    let (kind, key) = (first.kind(), first.key());
    let open = |io: &mut Io, object: &Object| io.watch(kind, Some(&key.namespace), [object]);
    let watching: Watching = open(io, first);
    io.repeat(watching, |io, watching| {
        let event = match io.next(watching, until)? {
            None => return Err("timed out waiting for the condition".into()),
            Some(Ok(event)) => event,
            // The watch ended with its API server: wait for the server and look again.
            Some(Err(_)) => {
                let object = look_again(io, kind, &key, until)?;
                *watching = open(io, &object);
                WatchEvent::Modified(object)
            }
        };
        if event.object().key() != key || event.object().kind() != kind {
            return Ok(ControlFlow::Continue(()));
        }
        if matches!(event, WatchEvent::Deleted(_)) {
            return Err("object has been deleted".into());
        }
        let (line, done) = rollout_status(event.object(), revision)?;
        io.out(line);
        Ok(if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(())
}

fn look_again(io: &mut Io, kind: Kind, key: &api::object::Key, until: Option<Time>) -> Result<Object, Stop> {
    let found = io.repeat(None, |io, found| {
        match io.ask(Call::Get { kind, key: key.clone() })? {
            Ok(Reply::Object(object)) => *found = Some(object),
            Ok(_) => {}
            Err(CallError::Status(status)) if status.is_not_found() => {
                return Err("object has been deleted".into());
            }
            Err(_) if until.is_some_and(|until| io.now() >= until) => {
                return Err("timed out waiting for the condition".into());
            }
            Err(_) => {
                io.sleep(Duration::from_secs(1))?;
                return Ok(ControlFlow::Continue(()));
            }
        }
        Ok(ControlFlow::Break(()))
    })?;
    found.ok_or_else(|| "object has been deleted".into())
}

/// The revisions of an object, lowest first.
fn controlled_history(io: &mut Io, of: &Rolled) -> Result<Vec<Rc<ControllerRevision>>, Stop> {
    let listed = resources::list(io, Kind::ControllerRevision, Some(of.meta.namespace()))?;
    let revisions = listed.into_iter().filter_map(|object| match object {
        Object::ControllerRevision(revision) => Some(revision),
        _ => None,
    });
    let mine = |revision: &Rc<ControllerRevision>| {
        revision.is_controlled_by(of.meta.uid) && of.selector.matches_map(revision.meta.labels())
    };
    let mut history: Vec<Rc<ControllerRevision>> = revisions.filter(mine).collect();
    history.sort_shared_by_key(|revision| revision.revision);
    Ok(history)
}

fn history(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let revision = cmd.parsed.int("revision").unwrap_or(0);
    if revision < 0 {
        return Err(format!("revision must be a positive integer: {revision}").into());
    }
    let format = cmd.format(io)?;
    each(io, cmd, |io, info| {
        if let Some(format) = &format {
            return print_revisions(io, info, revision, format);
        }
        let with = if revision > 0 { format!("with revision #{revision}") } else { String::new() };
        if let Some(d) = as_deployment(&info.object) {
            let text = deployment::history(io, d, revision)?;
            io.out(format!("{} {with}\n{text}\n", output::name_of(&info.object)));
            return Ok(());
        }
        let Some(rolled) = Rolled::of(&info.object) else { return Err(no_history_viewer(info)) };
        let history = controlled_history(io, &rolled)?;
        let text = print_history(&history, revision)?;
        io.out(format!("{} {with}\n{text}\n", output::name_of(&info.object)));
        Ok(())
    })
}

/// Prints what each revision stands for, or the one that is asked for: a Deployment's ReplicaSet, or else the object
/// with the template that it had then.
///
/// Kubernetes: kubectl/pkg/cmd/rollout/rollout_history.go, Run; polymorphichelpers/history.go, GetHistory.
fn print_revisions(io: &mut Io, info: &Info, wanted: i64, format: &Format) -> Result<(), Stop> {
    let revisions = match as_deployment(&info.object) {
        Some(d) => deployment::revisions(io, d)?,
        None => match Rolled::of(&info.object) {
            None => return Err(no_history_viewer(info)),
            Some(rolled) => {
                let now = info.object.to_value(io.now());
                let applied = |item: &Rc<ControllerRevision>| {
                    let mut then = now.clone();
                    then["spec"]["template"] = item.data["spec"]["template"].clone();
                    if let Some(template) = then["spec"]["template"].as_object_mut() {
                        template.remove("$patch");
                    }
                    (item.revision, then)
                };
                controlled_history(io, &rolled)?.iter().map(applied).collect()
            }
        },
    };
    if wanted > 0 && !revisions.contains_key(&wanted) {
        return Err("unable to find the specified revision".into());
    }
    let name = output::name_of(&info.object);
    for (number, value) in revisions {
        if wanted == 0 || number == wanted {
            format.print_obj(io, &value, || format!("{name}\n"))?;
        }
    }
    Ok(())
}

fn no_history_viewer(info: &Info) -> Stop {
    format!("no history viewer has been implemented for {}", go_quote(info.kind.name())).into()
}

/// Rule: CLI-042.
fn print_history(history: &[Rc<ControllerRevision>], revision: i64) -> Result<String, Failure> {
    if history.is_empty() {
        return Ok("No rollout history found.".to_owned());
    }
    if revision > 0 {
        let found = history.iter().find(|item| item.revision == revision);
        let found = found.ok_or_else(|| Failure::message("unable to find the specified revision"))?;
        let mut w = Writer::new(Time(0));
        describe_pod_template(&found.data["spec"]["template"], &mut w);
        // kubectl does not align these columns: the tabs stay.
        return Ok(w.unaligned());
    }
    let mut text = String::from("REVISION\tCHANGE-CAUSE\n");
    for item in history {
        let cause = item.meta.annotation(CHANGE_CAUSE).filter(|cause| !cause.is_empty()).unwrap_or("<none>");
        text += &format!("{}\t{cause}\n", item.revision);
    }
    Ok(TabWriter::for_descriptions().format(&text))
}

fn undo(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let to = cmd.parsed.int("to-revision").unwrap_or(0);
    let (dry, format) = (dry_run(cmd)?, cmd.format(io)?);
    each(io, cmd, |io, info| {
        let object = &info.object;
        if object.meta().is_some_and(|meta| meta.annotations().contains_key(LAST_APPLIED)) {
            io.err(format!(
                "Warning: resource {}/{} was previously managed with 'kubectl apply'. Rolling back will not update the {LAST_APPLIED} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n",
                info.kind.info().plural,
                object.key().name
            ));
        }
        let said = match object {
            Object::Other(d) if as_deployment(object).is_some() => deployment::roll_back(io, d, to, dry)?,
            object => match Rolled::of(object) {
                Some(rolled) => roll_back(io, &rolled, to, dry)?,
                None => {
                    let kind = go_quote(info.kind.name());
                    return Err(format!("no rollbacker has been implemented for {kind}").into());
                }
            },
        };
        match &format {
            None => io.out(said),
            // The object as it was before.
            Some(format) => {
                format.print_obj(io, &object.to_value(io.now()), || output::name_of(object) + "\n")?;
            }
        }
        Ok(())
    })
}

/// Rule: CLI-043.
fn roll_back(io: &mut Io, of: &Rolled, to: i64, dry: Option<&str>) -> Result<String, Stop> {
    let not_found = || Failure::Message(format!("unable to find specified revision {to} in history"));
    if to < 0 {
        return Err(not_found().into());
    }
    let history = controlled_history(io, of)?;
    if to == 0 && history.len() <= 1 {
        return Err("no last revision to roll back to".into());
    }
    let found = match to {
        0 => history.iter().rev().nth(1),
        to => history.iter().find(|revision| revision.revision == to),
    };
    let found = found.ok_or_else(not_found)?;
    let name = output::name_of(of.object);
    let mut template = of.template.clone();
    if let Some(map) = template.as_object_mut() {
        map.insert("$patch".to_owned(), json!("replace"));
    }
    if found.data["spec"]["template"] == template {
        return Ok(format!("{name} skipped rollback (current template already matches revision {to})\n"));
    }
    if dry == Some(DRY_RUN_CLIENT) {
        let mut w = Writer::new(io.now());
        describe_pod_template(&found.data["spec"]["template"], &mut w);
        return Ok(format!("{name} will roll back to {}{DRY_RUN_CLIENT}\n", w.unaligned()));
    }
    if dry != Some(DRY_RUN_CLIENT) {
        let patch = Patch::Strategic(found.data.clone());
        patched(io, of.object, patch, dry)?;
    }
    Ok(format!("{name} rolled back{}\n", dry.unwrap_or_default()))
}

/// Rule: CLI-044.
fn restart(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let format = cmd.format(io)?;
    let (infos, failures) = infos(io, cmd)?;
    if infos.is_empty() && failures.is_empty() {
        io.err(format!("No resources found in {} namespace.\n", cmd.namespace()));
        return Ok(0);
    }
    continue_on_error(io, &infos, failures, |io, info| {
        let name = &info.object.key().name;
        let template = match &info.object {
            Object::DaemonSet(ds) => ds.raw_spec["template"].clone(),
            Object::Other(d) if as_deployment(&info.object).is_some() => {
                if d.raw["spec"]["paused"] == true {
                    let (resource, name) = (info.kind.resource(), go_quote(name));
                    return Err(format!(
                        "{resource} {name} can't restart paused deployment (run rollout resume first)"
                    )
                    .into());
                }
                d.raw["spec"]["template"].clone()
            }
            Object::Other(other) if is_stateful_set(info.kind) => other.raw["spec"]["template"].clone(),
            _ => {
                let resource = info.kind.resource();
                return Err(format!("{resource} {} restarting is not supported", go_quote(name)).into());
            }
        };
        let now = io.now().stamp().to_string();
        if template["metadata"]["annotations"][RESTARTED_AT] == Value::String(now.clone()) {
            return Err(format!(
                "failed to create patch for {name}: if restart has already been triggered within the past second, please wait before attempting to trigger another"
            )
            .into());
        }
        let body = json!({"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: now}}}}});
        let object = patched(io, &info.object, Patch::Strategic(Rc::new(body)), None)?;
        Ok(print_obj(io, format.as_ref(), &object, "restarted", None)?)
    })
}

/// Rule: CLI-045. Only Deployments can be paused.
fn pause(io: &mut Io, cmd: &Cmd, pause: bool) -> Result<i32, Stop> {
    let format = cmd.format(io)?;
    let (doing, done) = if pause { ("pausing", "paused") } else { ("resuming", "resumed") };
    each(io, cmd, |io, info| {
        let refuse = |why: &str| {
            let name = go_quote(&info.object.key().name);
            Stop::from(format!("{} {name} {why}", info.kind.resource()))
        };
        let Some(d) = as_deployment(&info.object) else {
            return Err(refuse(&format!("{doing} is not supported")));
        };
        let body = deployment::pause_patch(d, pause).map_err(refuse)?;
        let object = patched(io, &info.object, Patch::Strategic(Rc::new(body)), None)?;
        Ok(print_obj(io, format.as_ref(), &object, done, None)?)
    })
}

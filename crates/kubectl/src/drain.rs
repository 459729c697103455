//! `cordon`, `uncordon` and `drain`.
//!
//! Kubernetes: kubectl/pkg/cmd/drain/drain.go; kubectl/pkg/drain (drain.go, filters.go).

mod evict;

use std::rc::Rc;

use serde_json::{Value, json};

use super::apply::dry_run;
use super::mutate::patch_call;
use super::resources::{self, Info, Target};
use super::{Cmd, Command, DRY_RUN, SELECTOR};
use api::field::go_quote;
use api::json;
use api::label::Selector;
use api::node::Node;
use api::object::{Key, Kind, Object};
use api::pod::Pod;
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use evict::{Helper, should_skip_pod};
use wire::{Call, CallError, Patch};

pub(super) const CORDON: Command = Command {
    name: "cordon",
    aliases: &[],
    short: "Mark node as unschedulable",
    usage: "NODE",
    flags: &[SELECTOR, DRY_RUN],
    run: |io, cmd| {
        let nodes = nodes(io, cmd)?;
        run_cordon_or_uncordon(io, cmd, &nodes, true)?;
        Ok(0)
    },
    subs: &[],
};

pub(super) const UNCORDON: Command = Command {
    name: "uncordon",
    aliases: &[],
    short: "Mark node as schedulable",
    usage: "NODE",
    flags: &[SELECTOR, DRY_RUN],
    run: |io, cmd| {
        let nodes = nodes(io, cmd)?;
        run_cordon_or_uncordon(io, cmd, &nodes, false)?;
        Ok(0)
    },
    subs: &[],
};

pub(super) const DRAIN: Command = Command {
    name: "drain",
    aliases: &[],
    short: "Drain node in preparation for maintenance",
    usage: "NODE",
    flags: &[
        SELECTOR,
        DRY_RUN,
        flag("force", '\0', Takes::Bool),
        flag("ignore-daemonsets", '\0', Takes::Bool),
        flag("delete-emptydir-data", '\0', Takes::Bool),
        flag("grace-period", '\0', Takes::Int),
        flag("timeout", '\0', Takes::Span),
        flag("pod-selector", '\0', Takes::Text),
        flag("disable-eviction", '\0', Takes::Bool),
        flag("skip-wait-for-delete-timeout", '\0', Takes::Int),
        flag("chunk-size", '\0', Takes::Int),
    ],
    run: drain,
    subs: &[],
};

fn nodes(io: &mut Io, cmd: &Cmd) -> Result<Vec<Rc<Node>>, Stop> {
    let selects = cmd.parsed.given("selector");
    if cmd.args().is_empty() && !selects {
        let name = cmd.path.rsplit(' ').next().unwrap_or_default();
        return Err(cmd.usage_error(&format!("USAGE: {name} NODE [flags]")).into());
    }
    if !cmd.args().is_empty() && selects {
        return Err(cmd.usage_error("cannot specify both a node name and a --selector option").into());
    }
    let target = |name: &String| {
        let name = name.rsplit('/').next().unwrap_or(name);
        Target::new(Kind::Node, Some(name.to_owned()))
    };
    let targets: Vec<Target> = match selects {
        true => vec![Target::new(Kind::Node, None)],
        false => cmd.args().iter().map(target).collect(),
    };
    let (infos, failures) = resources::visit(io, &targets, &cmd.scope())?;
    // Upstream stops at the first one that is not there.
    if let Some(failure) = failures.into_iter().next() {
        return Err(failure.into());
    }
    let node = |info: Info| match info.object {
        Object::Node(node) => Some(node),
        _ => None,
    };
    Ok(infos.into_iter().filter_map(node).collect())
}

/// Rule: ND-035.
fn run_cordon_or_uncordon(io: &mut Io, cmd: &Cmd, nodes: &[Rc<Node>], desired: bool) -> Result<(), Stop> {
    let dry = dry_run(cmd)?;
    let verb = if desired { "cordon" } else { "uncordon" };
    for node in nodes {
        let name = &node.meta.name;
        if node.unschedulable == desired {
            io.out(format!("node/{name} already {verb}ed{}\n", dry.unwrap_or_default()));
            continue;
        }
        if dry.is_none() {
            let value = if desired { json!(true) } else { Value::Null };
            let patch = Patch::Strategic(Rc::new(json!({"spec": {"unschedulable": value}})));
            let object = Object::Node(node.clone());
            match io.once(|io| io.must(patch_call(&object, patch))) {
                Ok(_) => {}
                Err(Stop::Failed(failure)) => {
                    let why = super::errors::message(&failure, &io.client());
                    io.err(format!("error: unable to {verb} node {}: {why}\n", go_quote(name)));
                    continue;
                }
                Err(Stop::Pending) => return Err(Stop::Pending),
            }
        }
        io.out(format!("node/{name} {verb}ed{}\n", dry.unwrap_or_default()));
    }
    Ok(())
}

/// Rule: ND-037.
fn drain(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let selector = match cmd.parsed.text("pod-selector").filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => match Selector::parse(text) {
            Ok(selector) => Some(selector),
            Err(_) => return Err("--pod-selector=<pod_selector> must be a valid label selector".into()),
        },
    };
    let nodes = nodes(io, cmd)?;
    let dry = dry_run(cmd)?;
    run_cordon_or_uncordon(io, cmd, &nodes, true)?;
    let (mut pending, mut fatal) = (Vec::new(), Vec::new());
    for node in &nodes {
        let name = &node.meta.name;
        match io.once(|io| delete_or_evict_pods(io, cmd, name, selector.as_ref(), dry)) {
            Ok(_) => io.out(format!("node/{name} drained{}\n", dry.unwrap_or_default())),
            Err(Stop::Failed(failure)) => {
                let why = super::errors::message(&failure, &io.client());
                io.err(format!(
                    "error: unable to drain node {} due to error: {why}, continuing command...\n",
                    go_quote(name)
                ));
                pending.push(name.clone());
                fatal.push(failure);
            }
            Err(Stop::Pending) => return Err(Stop::Pending),
        }
    }
    if !pending.is_empty() {
        io.err("There are pending nodes to be drained:\n");
        for name in &pending {
            io.err(format!(" {name}\n"));
        }
    }
    match Failure::aggregate(fatal) {
        Some(failure) => Err(failure.into()),
        None => Ok(0),
    }
}

/// What a filter says of a pod.
enum Verdict {
    Okay,
    Skip,
    /// Deleted, or left alone, with a warning.
    Warning(bool, String),
    Error(String),
}

const DAEMON_SET_FATAL: &str = "DaemonSet-managed Pods (use --ignore-daemonsets to ignore)";
const DAEMON_SET_WARNING: &str = "ignoring DaemonSet-managed Pods";
const LOCAL_STORAGE_FATAL: &str = "Pods with local storage (use --delete-emptydir-data to override)";
const LOCAL_STORAGE_WARNING: &str = "deleting Pods with local storage";
const UNMANAGED_FATAL: &str = "cannot delete Pods that declare no controller (use --force to override)";
const UNMANAGED_WARNING: &str = "deleting Pods that declare no controller";

/// The pods to delete, the warnings, and what speaks against it; messages in the order of their first pod.
#[derive(Default)]
struct PodDeleteList {
    pods: Vec<Rc<Pod>>,
    warnings: Vec<(String, Vec<String>)>,
    errors: Vec<(String, Vec<String>)>,
}

impl PodDeleteList {
    /// Kubernetes: kubectl/pkg/drain/filters.go, PodDeleteList.errors.
    fn errors(&self) -> Vec<Failure> {
        let error = |(message, pods): &(String, Vec<String>)| {
            let lower = message.to_lowercase();
            let cannot = if lower.starts_with("cannot delete") { "" } else { "cannot delete " };
            Failure::Message(format!("{cannot}{message}: {}", pods.join(", ")))
        };
        self.errors.iter().map(error).collect()
    }
}

fn note(list: &mut Vec<(String, Vec<String>)>, message: String, pod: &Pod) {
    let name = format!("{}/{}", pod.meta.namespace(), pod.meta.name);
    match list.iter_mut().find(|(known, _)| *known == message) {
        Some((_, pods)) => pods.push(name),
        None => list.push((message, vec![name])),
    }
}

fn get_pods_for_deletion(
    io: &mut Io,
    cmd: &Cmd,
    node: &str,
    selector: Option<&Selector>,
) -> Result<PodDeleteList, Stop> {
    let mut list = PodDeleteList::default();
    let all = resources::list(io, Kind::Pod, None)?;
    for object in all {
        let Object::Pod(pod) = object else { continue };
        let here = pod.node_name.as_deref() == Some(node);
        if !here || selector.is_some_and(|selector| !selector.matches_map(pod.meta.labels())) {
            continue;
        }
        // The last filter's warning is the one that is kept.
        let (mut warning, mut delete, mut error) = (None, true, None);
        let filters = [
            skip_deleted_filter,
            daemon_set_filter,
            mirror_pod_filter,
            local_storage_filter,
            unreplicated_filter,
        ];
        for filter in filters {
            match filter(io, cmd, &pod)? {
                Verdict::Okay => warning = None,
                Verdict::Skip => (warning, delete) = (None, false),
                Verdict::Warning(goes_on, message) => (warning, delete) = (Some(message), goes_on),
                Verdict::Error(message) => (warning, delete, error) = (None, false, Some(message)),
            }
            if !delete {
                break;
            }
        }
        if let Some(message) = warning {
            note(&mut list.warnings, message, &pod);
        }
        if let Some(message) = error {
            note(&mut list.errors, message, &pod);
        }
        if delete {
            list.pods.push(pod);
        }
    }
    Ok(list)
}

fn skip_deleted_filter(io: &mut Io, cmd: &Cmd, pod: &Pod) -> Result<Verdict, Stop> {
    let skip = should_skip_pod(pod, cmd.parsed.int("skip-wait-for-delete-timeout"), io.now());
    Ok(if skip { Verdict::Skip } else { Verdict::Okay })
}

/// Rules: ND-038, ND-040, ND-042.
fn daemon_set_filter(io: &mut Io, cmd: &Cmd, pod: &Pod) -> Result<Verdict, Stop> {
    let Some(owner) = pod.meta.controller().filter(|owner| &*owner.kind == "DaemonSet") else {
        return Ok(Verdict::Okay);
    };
    if pod.is_terminal() {
        return Ok(Verdict::Okay);
    }
    let key = Key { namespace: pod.meta.namespace().clone(), name: owner.name.clone() };
    match io.ask(Call::Get { kind: Kind::DaemonSet, key })? {
        Ok(_) if cmd.parsed.flag("ignore-daemonsets") => {
            Ok(Verdict::Warning(false, DAEMON_SET_WARNING.to_owned()))
        }
        Ok(_) => Ok(Verdict::Error(DAEMON_SET_FATAL.to_owned())),
        Err(CallError::Status(status)) if status.is_not_found() && cmd.parsed.flag("force") => {
            Ok(Verdict::Warning(true, status.message))
        }
        Err(error) => {
            let failure = Failure::of(&error, "");
            Ok(Verdict::Error(super::errors::message(&failure, &io.client())))
        }
    }
}

fn mirror_pod_filter(_: &mut Io, _: &Cmd, pod: &Pod) -> Result<Verdict, Stop> {
    Ok(if pod.is_mirror() { Verdict::Skip } else { Verdict::Okay })
}

/// Rule: ND-039.
fn local_storage_filter(_: &mut Io, cmd: &Cmd, pod: &Pod) -> Result<Verdict, Stop> {
    let local = json::list(&pod.spec.raw, "volumes").iter().any(|volume| json::has(volume, "emptyDir"));
    Ok(if !local || pod.is_terminal() {
        Verdict::Okay
    } else if cmd.parsed.flag("delete-emptydir-data") {
        Verdict::Warning(true, LOCAL_STORAGE_WARNING.to_owned())
    } else {
        Verdict::Error(LOCAL_STORAGE_FATAL.to_owned())
    })
}

/// Rule: ND-039.
fn unreplicated_filter(_: &mut Io, cmd: &Cmd, pod: &Pod) -> Result<Verdict, Stop> {
    Ok(if pod.is_terminal() || pod.meta.controller().is_some() {
        Verdict::Okay
    } else if cmd.parsed.flag("force") {
        Verdict::Warning(true, UNMANAGED_WARNING.to_owned())
    } else {
        Verdict::Error(UNMANAGED_FATAL.to_owned())
    })
}

fn delete_or_evict_pods(
    io: &mut Io,
    cmd: &Cmd,
    node: &str,
    selector: Option<&Selector>,
    dry: Option<&str>,
) -> Result<(), Stop> {
    let list = io.once(|io| get_pods_for_deletion(io, cmd, node, selector))?;
    let errors = list.errors();
    if !errors.is_empty() {
        // Of an aggregate in the aggregate of all nodes only the outer one is unwrapped.
        return Err(Failure::Several(errors).into());
    }
    if !list.warnings.is_empty() {
        let texts: Vec<String> =
            list.warnings.iter().map(|(message, pods)| format!("{message}: {}", pods.join(", "))).collect();
        io.err(format!("Warning: {}\n", texts.join("; ")));
    }
    if let Some(dry) = dry {
        for pod in &list.pods {
            io.out(format!("evicting pod {}/{}{dry}\n", pod.meta.namespace(), pod.meta.name));
        }
        return Ok(());
    }
    let helper = Helper::new(io, cmd);
    let result = io.once(|io| helper.delete_or_evict_pods(io, &list.pods));
    match result {
        Ok(_) => Ok(()),
        Err(Stop::Failed(failure)) => {
            io.once(|io| say_pending_pods(io, cmd, node, selector, &failure))?;
            Err(failure.into())
        }
        Err(Stop::Pending) => Err(Stop::Pending),
    }
}

/// What is still on a node that could not be drained.
///
/// Kubernetes: kubectl/pkg/cmd/drain/drain.go, deleteOrEvictPodsSimple.
fn say_pending_pods(
    io: &mut Io,
    cmd: &Cmd,
    node: &str,
    selector: Option<&Selector>,
    failure: &Failure,
) -> Result<(), Stop> {
    let list = match get_pods_for_deletion(io, cmd, node, selector) {
        Ok(list) => list,
        Err(Stop::Failed(_)) => return Ok(()),
        Err(Stop::Pending) => return Err(Stop::Pending),
    };
    if !list.pods.is_empty() {
        let why = super::errors::message(failure, &io.client());
        io.err(format!("There are pending pods in node {} when an error occurred: {why}\n", go_quote(node)));
        for pod in &list.pods {
            io.err(format!("pod/{}\n", pod.meta.name));
        }
    }
    let errors = list.errors();
    if !errors.is_empty() {
        let why = super::errors::message(&Failure::Several(errors), &io.client());
        io.err(format!("Following errors occurred while getting the list of pods to delete:\n{why}"));
    }
    Ok(())
}

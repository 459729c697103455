//! `kubectl exec`. Nothing runs in the containers; what a few commands would say is known all the same.
//!
//! Kubernetes: kubectl/pkg/cmd/exec/exec.go; kubectl/pkg/polymorphichelpers/attachablepodforobject.go.

mod inside;

use std::rc::Rc;

use inside::Inside;

use super::absent::NO_PROGRAMS;
use super::logs::{DEFAULT_CONTAINER, container_names, pods_by_logging, selector_for_object};
use super::resources::{self, go_type};
use super::{Cmd, Command, FILENAME, auth, dial, manifests};
use api::object::{Kind, Object};
use api::pod::{Container, ContainerKind, ContainerState, Phase, Pod};
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Io, Stop};
use sim::Duration;

pub(super) const COMMAND: Command = Command {
    name: "exec",
    aliases: &[],
    short: "Execute a command in a container",
    usage: "(POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]",
    flags: &[
        FILENAME,
        flag("container", 'c', Takes::Text),
        flag("stdin", 'i', Takes::Bool),
        flag("tty", 't', Takes::Bool),
        flag("quiet", 'q', Takes::Bool),
        flag("pod-running-timeout", '\0', Takes::Span),
    ],
    run,
    subs: &[],
};

fn run(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let (args, dash) = (cmd.args(), cmd.parsed.dash);
    let by_file = cmd.parsed.given("filename");
    if dash.is_none() && (args.len() > 1 || (!args.is_empty() && by_file)) {
        let text = "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead";
        return Err(cmd.usage_error(text).into());
    }
    let named = args.first().filter(|_| dash != Some(0));
    if named.is_none() && !by_file {
        return Err("pod, type/name or --filename must be specified".into());
    }
    if dash.is_none_or(|dash| dash >= args.len()) {
        return Err("you must specify at least one command for the container".into());
    }
    let pod = pod_of(io, cmd, named)?;
    if let phase @ (Phase::Succeeded | Phase::Failed) = pod.status.phase {
        let phase = phase.text();
        return Err(
            format!("cannot exec into a container in a completed pod; current phase is {phase}").into()
        );
    }
    let name = &pod.meta.name;
    let all = container_names(&pod);
    if let Some(wanted) = cmd.parsed.text("container").filter(|wanted| !wanted.is_empty())
        && !pod.spec.containers.iter().any(|container| *container.name == *wanted)
    {
        let all = all.join(", ");
        return Err(format!("container {wanted} is not valid for pod {name} out of: {all}").into());
    }
    if pod.node_name.is_none() {
        return Err(format!("unable to upgrade connection: pod {name} does not have a host assigned").into());
    }
    let container = container_of(io, cmd, &pod)?;
    reach(io, &pod, &container)?;
    let words = &args[dash.unwrap_or_default()..];
    let Some(outcome) = Inside::new(&pod, &container).run(words) else {
        return Err(format!("kubectl exec of this command is not simulated: {NO_PROGRAMS}").into());
    };
    if outcome.takes > Duration::ZERO {
        io.sleep(outcome.takes)?;
    }
    io.out(outcome.out);
    if outcome.code != 0 {
        io.err(format!("command terminated with exit code {}\n", outcome.code));
    }
    Ok(outcome.code)
}

/// The container that is meant; which one it is is told where nobody said so.
///
/// Kubernetes: kubectl/pkg/cmd/util/podcmd/podcmd.go, FindOrDefaultContainerByName.
fn container_of(io: &mut Io, cmd: &Cmd, pod: &Pod) -> Result<Container, Stop> {
    let wanted = cmd.parsed.text("container").filter(|wanted| !wanted.is_empty());
    let annotated = pod.meta.annotations().get(DEFAULT_CONTAINER).map(|name| name.to_string());
    let named = |name: &str| pod.spec.containers.iter().find(|container| *container.name == *name);
    if let Some(found) = wanted.or(annotated.as_deref()).and_then(named) {
        return Ok(found.clone());
    }
    let mains: Vec<&Container> =
        pod.spec.containers.iter().filter(|container| container.kind == ContainerKind::Main).collect();
    let first = *mains.first().ok_or("no container found")?;
    let all = container_names(pod);
    if all.len() > 1 && !cmd.parsed.flag("quiet") {
        io.err(format!("Defaulted container \"{}\" out of: {}\n", first.name, all.join(", ")));
    }
    Ok(first.clone())
}

/// The API server asks the node's kubelet, and that the runtime for the container.
fn reach(io: &mut Io, pod: &Pod, container: &Container) -> Result<(), Stop> {
    auth::check_pod(io, "create", "exec", pod.meta.namespace(), &pod.meta.name)?;
    if let Some(problem) = dial::problem(io, pod)? {
        return Err(dial::error(format!("error dialing backend: {problem}")));
    }
    let at = pod.spec.containers.iter().position(|it| it.name == container.name);
    let own = at.and_then(|at| pod.status.containers.get(at));
    match own.is_some_and(|status| matches!(status.state, ContainerState::Running(_))) {
        true => Ok(()),
        false => {
            let name = &container.name;
            Err(format!("unable to upgrade connection: container not found (\"{name}\")").into())
        }
    }
}

/// The pod that is meant, or the likeliest of the pods that an object selects.
fn pod_of(io: &mut Io, cmd: &Cmd, named: Option<&String>) -> Result<Rc<Pod>, Stop> {
    let namespace = cmd.namespace();
    let (kind, object) = match named {
        Some(name) => {
            let (kind, name) = match name.split_once('/') {
                Some((kind, name)) => (resources::kind_of(kind)?, name),
                None => (Kind::Pod, name.as_str()),
            };
            (kind, resources::get(io, kind, &namespace, name)?)
        }
        None => {
            let targets = manifests::targets(io, cmd)?;
            let (infos, failures) = resources::visit(io, &targets, &cmd.scope())?;
            if let Some(failure) = failures.into_iter().next() {
                return Err(failure.into());
            }
            match infos.as_slice() {
                [info] => (info.kind, info.object.clone()),
                _ => return Err("cannot exec into multiple objects at a time".into()),
            }
        }
    };
    if let Object::Pod(pod) = object {
        return Ok(pod);
    }
    let selector = selector_for_object(&object.to_value(io.now()), kind)
        .map_err(|why| format!("cannot attach to {}: {why}", go_type(kind)))?;
    let found = pods_by_logging(io, cmd, &namespace, &selector)?;
    Ok(found.into_iter().next().ok_or("timed out waiting for the condition")?)
}

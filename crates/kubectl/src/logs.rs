//! `kubectl logs`.
//!
//! Kubernetes: kubectl/pkg/cmd/logs/logs.go; kubectl/pkg/polymorphichelpers/logsforobject.go.

use std::cmp::Reverse;
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::resources::{self, go_type};
use super::{Cmd, Command, SELECTOR, auth, dial, errors};
use api::field::go_quote;
use api::json;
use api::label::{Selector, label_selector_as_selector};
use api::object::{Kind, Object};
use api::pod::status::long_id;
use api::pod::{ConditionType, ContainerKind, ContainerState, Phase, Pod};
use api::status_error::StatusError;
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Failure, HostCommand, Io, Stop};
use sim::Duration;
use sim::order::SortShared;

pub(super) const COMMAND: Command = Command {
    name: "logs",
    aliases: &["log"],
    short: "Print the logs for a container in a pod",
    usage: "[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]",
    flags: &[
        SELECTOR,
        flag("container", 'c', Takes::Text),
        flag("follow", 'f', Takes::Bool),
        flag("previous", 'p', Takes::Bool),
        flag("all-containers", '\0', Takes::Bool),
        flag("all-pods", '\0', Takes::Bool),
        flag("tail", '\0', Takes::Int),
        flag("since", '\0', Takes::Span),
        flag("since-time", '\0', Takes::Text),
        flag("timestamps", '\0', Takes::Bool),
        flag("prefix", '\0', Takes::Bool),
        flag("limit-bytes", '\0', Takes::Int),
        flag("ignore-errors", '\0', Takes::Bool),
        flag("max-log-requests", '\0', Takes::Int),
        flag("pod-running-timeout", '\0', Takes::Span),
    ],
    run: logs,
    subs: &[],
};

/// How long a pod is waited for where an object has none yet.
const POD_RUNNING_TIMEOUT: Duration = Duration::from_secs(20);

fn bad_request(text: String) -> Stop {
    Failure::Status { prefix: String::new(), error: Box::new(StatusError::bad_request(text)) }.into()
}

/// Programs in containers do not run here, so most logs are empty; what prevents reading them is
/// told.
fn logs(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    check_log_flags(cmd)?;
    let pods = pods_of(io, cmd)?;
    let mut sources = Vec::new();
    for pod in &pods {
        for container in containers_of(io, cmd, pod)? {
            sources.push((pod, container));
        }
    }
    for (pod, container) in sources {
        let text = read_log(io, cmd, pod, &container);
        match text {
            Ok(text) if !text.is_empty() && (cmd.parsed.flag("timestamps") || is_since_given(cmd)) => {
                let why = "--timestamps, --since and --since-time are not simulated: the lines have no times";
                return Err(Failure::message(why).into());
            }
            Ok(text) => io.out(shown(cmd, &text, &pod.meta.name, &container)),
            Err(Stop::Failed(failure)) if cmd.parsed.flag("ignore-errors") => {
                let text = errors::message(&failure, &io.client());
                io.out(format!("error: {text}\n"));
            }
            Err(stop) => return Err(stop),
        }
    }
    Ok(0)
}

fn is_since_given(cmd: &Cmd) -> bool {
    cmd.parsed.given("since") || cmd.parsed.given("since-time")
}

/// The lines that the flags ask for; of pods that a selector found only the last ten each.
fn shown(cmd: &Cmd, text: &str, pod: &str, container: &str) -> String {
    let flags = &cmd.parsed;
    let default = if flags.given("selector") { 10 } else { -1 };
    let lines: Vec<&str> = text.lines().collect();
    let skipped = match usize::try_from(flags.int("tail").unwrap_or(default)) {
        Ok(tail) => lines.len().saturating_sub(tail),
        Err(_) => 0,
    };
    let prefix = match flags.flag("prefix") || flags.flag("all-pods") {
        true => format!("[pod/{pod}/{container}] "),
        false => String::new(),
    };
    lines.into_iter().skip(skipped).map(|line| format!("{prefix}{line}\n")).collect()
}

/// The API server asks the node's kubelet, and that reads what the container has written.
///
/// Kubernetes: pkg/registry/core/pod/strategy.go, LogLocation; pkg/kubelet/kubelet_pods.go,
/// GetKubeletContainerLogs.
fn read_log(io: &mut Io, cmd: &Cmd, pod: &Pod, container: &str) -> Result<String, Stop> {
    auth::check_pod(io, "get", "log", pod.meta.namespace(), &pod.meta.name)?;
    // A pod without a node has nobody to be asked, which is no error.
    let Some(node) = pod.node_name.as_deref() else { return Ok(String::new()) };
    if let Some(problem) = dial::problem(io, pod)? {
        let path = format!("{}/{}/{container}{}", pod.meta.namespace(), pod.meta.name, query(cmd));
        let kubelet = dial::kubelet_address(pod);
        return Err(dial::error(format!("Get \"https://{kubelet}/containerLogs/{path}\": {problem}")));
    }
    let previous = cmd.parsed.flag("previous");
    let id = validate_container_log_status(pod, container, previous).map_err(bad_request)?;
    let words = ["crictl".to_owned(), "logs".to_owned(), long_id(id)].to_vec();
    let log = io.act(HostCommand { node: node.to_owned(), words, stdin: None })?;
    if log.exit_code != 0 {
        // The container has been removed meanwhile; of a name, all but the last one that ended are.
        let text = format!("unable to retrieve container logs for containerd://{}", long_id(id));
        return Err(bad_request(text));
    }
    Ok(String::from_utf8_lossy(&log.stdout).into_owned())
}

/// What of the flags the API server hands on: `?previous=true&tailLines=10`.
fn query(cmd: &Cmd) -> String {
    let flags = &cmd.parsed;
    let default_tail = if flags.given("selector") { Some(10) } else { None };
    let on = |name: &str| flags.flag(name).then(|| "true".to_owned());
    let number = |value: Option<i64>| value.filter(|value| *value >= 0).map(|value| value.to_string());
    let all = [
        ("follow", on("follow")),
        ("limitBytes", number(flags.int("limit-bytes")).filter(|bytes| bytes != "0")),
        ("previous", on("previous")),
        (
            "sinceSeconds",
            flags.span("since").map(|span| span.as_secs()).filter(|s| *s > 0).map(|s| s.to_string()),
        ),
        ("tailLines", number(flags.int("tail").or(default_tail))),
        ("timestamps", on("timestamps")),
    ];
    let given: Vec<String> =
        all.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))).collect();
    if given.is_empty() { String::new() } else { format!("?{}", given.join("&")) }
}

/// The number of the container whose log is meant, or why there is none.
///
/// Kubernetes: pkg/kubelet/kubelet_pods.go, validateContainerLogStatus.
fn validate_container_log_status(pod: &Pod, wanted: &str, previous: bool) -> Result<u64, String> {
    let about = format!("container {} in pod {}", go_quote(wanted), go_quote(&pod.meta.name));
    let at = pod.spec.containers.iter().position(|container| *container.name == *wanted);
    let Some(status) = at.and_then(|at| pod.status.containers.get(at)) else {
        return Err(format!("{about} is not available"));
    };
    let last = status.last_state.as_ref().map(|last| last.id);
    match &status.state {
        _ if previous => {
            last.filter(|id| *id != 0).ok_or_else(|| format!("previous terminated {about} not found"))
        }
        ContainerState::Running(_) => Ok(status.id),
        ContainerState::Terminated(end) if end.id != 0 => Ok(end.id),
        ContainerState::Terminated(_) => {
            last.filter(|id| *id != 0).ok_or_else(|| format!("{about} is terminated"))
        }
        ContainerState::Waiting(waiting) => match (last, &*waiting.reason) {
            (Some(0), _) => Err(format!("{about} is terminated")),
            (Some(id), _) => Ok(id),
            (None, "ErrImagePull") => Err(format!("{about} is waiting to start: image can't be pulled")),
            (None, "ImagePullBackOff") => {
                Err(format!("{about} is waiting to start: trying and failing to pull image"))
            }
            (None, reason) => Err(format!("{about} is waiting to start: {reason}")),
        },
    }
}

fn check_log_flags(cmd: &Cmd) -> Result<(), Failure> {
    let flags = &cmd.parsed;
    let inline = cmd.args().get(1).map(String::as_str);
    let container = flags.text("container").or(inline).unwrap_or_default();
    if flags.given("selector") && cmd.args().len() == 1 {
        return Err(cmd.usage_error("only a selector (-l) or a POD name is allowed"));
    }
    if flags.given("since-time") && flags.given("since") {
        return Err(Failure::message("at most one of `sinceTime` or `sinceSeconds` may be specified"));
    }
    if flags.flag("all-containers") && !container.is_empty() {
        return Err(Failure::Message(format!(
            "--all-containers=true should not be specified with container name {container}"
        )));
    }
    if flags.given("container") && inline.is_some() {
        return Err(Failure::message("only one of -c or an inline [CONTAINER] arg is allowed"));
    }
    if flags.int("limit-bytes").is_some_and(|bytes| bytes < 0) {
        return Err(Failure::message("--limit-bytes must be greater than 0"));
    }
    if flags.int("tail").is_some_and(|tail| tail < -1) {
        return Err(Failure::message("--tail must be greater than or equal to -1"));
    }
    Ok(())
}

fn pods_of(io: &mut Io, cmd: &Cmd) -> Result<Vec<Rc<Pod>>, Stop> {
    let namespace = cmd.namespace();
    if cmd.parsed.given("selector") {
        let filter = cmd.filter();
        filter.check(Kind::Pod)?;
        let listed = resources::list(io, Kind::Pod, Some(&namespace))?;
        let pods: Vec<Rc<Pod>> =
            listed.into_iter().filter(|pod| filter.matches(pod)).filter_map(as_pod).collect();
        if pods.is_empty() {
            io.err(format!("No resources found in {namespace} namespace.\n"));
        }
        return Ok(pods);
    }
    let Some(name) = cmd.args().first().filter(|_| cmd.args().len() < 3) else {
        return Err(cmd.usage_error("expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command").into());
    };
    let (kind, name) = match name.split_once('/') {
        Some((kind, name)) => (resources::kind_of(kind)?, name),
        None => (Kind::Pod, name.as_str()),
    };
    let object = match resources::get(io, kind, &namespace, name) {
        Err(Stop::Failed(failure)) if failure.is_not_found() => {
            let text = errors::message(&failure, &io.client());
            let place = go_quote(&namespace);
            return Err(format!("error from server (NotFound): {text} in namespace {place}").into());
        }
        other => other?,
    };
    let selector = match object {
        Object::Pod(pod) => return Ok(vec![pod]),
        object => selector_for_object(&object.to_value(io.now()), kind)
            .map_err(|why| format!("cannot get the logs from {}: {why}", go_type(kind)))?,
    };
    let found = pods_by_logging(io, cmd, &namespace, &selector)?;
    let all = cmd.parsed.flag("all-pods");
    if found.len() > 1
        && !all
        && let Some(first) = found.first()
    {
        io.err(format!("Found {} pods, using pod/{}\n", found.len(), first.meta.name));
    }
    Ok(found.into_iter().take(if all { usize::MAX } else { 1 }).collect())
}

/// Which pods belong to an object.
///
/// Kubernetes: kubectl/pkg/polymorphichelpers/helpers.go, SelectorsForObject.
pub(super) fn selector_for_object(object: &Value, kind: Kind) -> Result<Selector, String> {
    let selector = &object["spec"]["selector"];
    match kind.name() {
        "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Deployment" | "Job" => {
            label_selector_as_selector(selector).map_err(|error| format!("invalid label selector: {error}"))
        }
        "Service" if selector.as_object().is_none_or(Map::is_empty) => Err(format!(
            "invalid service '{}': Service is defined without a selector",
            json::text(&object["metadata"], "name")
        )),
        "Service" | "ReplicationController" => {
            label_selector_as_selector(&json!({"matchLabels": selector})).map_err(|error| error.to_string())
        }
        _ => Err(format!("selector for {} not implemented", go_type(kind))),
    }
}

/// The pods that a selector finds, the likeliest first; waits for one as long as the flag says.
///
/// Kubernetes: kubectl/pkg/polymorphichelpers/helpers.go, GetPodList.
pub(super) fn pods_by_logging(
    io: &mut Io,
    cmd: &Cmd,
    namespace: &str,
    selector: &Selector,
) -> Result<Vec<Rc<Pod>>, Stop> {
    let timeout = cmd.parsed.span("pod-running-timeout").unwrap_or(POD_RUNNING_TIMEOUT);
    let end = io.now() + timeout;
    loop {
        let listed = resources::list(io, Kind::Pod, Some(namespace))?;
        let mine = |pod: &Rc<Pod>| selector.matches_map(pod.meta.labels());
        let mut found: Vec<Rc<Pod>> = listed.into_iter().filter_map(as_pod).filter(mine).collect();
        if !found.is_empty() {
            found.sort_shared_by_key(|pod| by_logging(pod));
            return Ok(found);
        }
        if io.now() >= end {
            return Err(Failure::message("timed out waiting for the condition").into());
        }
        io.sleep(Duration::from_secs(1))?;
    }
}

/// Whose logs are the most likely to tell something, first.
///
/// Kubernetes: kubectl/pkg/util/podutils/podutils.go, ByLogging.
fn by_logging(pod: &Pod) -> impl Ord + use<> {
    let phase = match pod.status.phase {
        Phase::Unknown => 1,
        Phase::Pending => 2,
        _ => 0,
    };
    let ready = pod.status.condition(ConditionType::Ready).filter(|_| pod.is_ready());
    let restarts = pod.status.containers.iter().map(|container| container.restart_count).max();
    (
        pod.node_name.is_none(),
        phase,
        ready.is_none(),
        ready.map(|condition| condition.last_transition),
        Reverse(restarts),
        pod.meta.created,
    )
}

fn as_pod(object: Object) -> Option<Rc<Pod>> {
    match object {
        Object::Pod(pod) => Some(pod),
        _ => None,
    }
}

/// The annotation that names the container a person most likely means.
pub(super) const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// The names of a pod's containers, those of its init containers marked.
///
/// Kubernetes: kubectl/pkg/cmd/util/podcmd/podcmd.go, AllContainerNames.
pub(super) fn container_names(pod: &Pod) -> Vec<String> {
    let all = || pod.spec.containers.iter();
    let main = all().filter(|container| container.kind == ContainerKind::Main);
    let ephemeral = all().filter(|container| container.kind == ContainerKind::Ephemeral);
    let init = all().filter(|container| container.kind.is_init());
    let ephemeral = ephemeral.map(|container| format!("{} (ephem)", container.name));
    let init = init.map(|container| format!("{} (init)", container.name));
    main.map(|container| container.name.to_string()).chain(ephemeral).chain(init).collect()
}

/// The containers whose logs are wanted.
///
/// Kubernetes: logsforobject.go, logsForObjectWithClient.
fn containers_of(io: &mut Io, cmd: &Cmd, pod: &Pod) -> Result<Vec<String>, Failure> {
    let containers = &pod.spec.containers;
    let all = container_names(pod);
    if cmd.parsed.flag("all-containers") {
        return Ok(containers.iter().map(|container| container.name.to_string()).collect());
    }
    let is_known = |name: &str| pod.spec.container(name).is_some();
    let asked = cmd.parsed.text("container").filter(|name| !name.is_empty());
    let mut wanted = asked.or(cmd.args().get(1).map(String::as_str)).map(str::to_owned);
    if wanted.is_none()
        && let Some(name) = pod.meta.annotation(DEFAULT_CONTAINER).filter(|name| !name.is_empty())
    {
        match is_known(name) {
            true => wanted = Some(name.to_string()),
            false => io.err(format!(
                "Default container name {} not found in pod {}\n",
                go_quote(name),
                pod.meta.name
            )),
        }
    }
    match wanted {
        Some(name) if !is_known(&name) => Err(Failure::Message(format!(
            "container {name} is not valid for pod {} out of: {}",
            pod.meta.name,
            all.join(", ")
        ))),
        Some(name) => Ok(vec![name]),
        None => {
            let first = pod.spec.main_containers().next();
            let first = first.map(|container| container.name.to_string()).unwrap_or_default();
            if all.len() > 1 {
                io.err(format!("Defaulted container {} out of: {}\n", go_quote(&first), all.join(", ")));
            }
            Ok(vec![first])
        }
    }
}

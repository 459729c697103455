//! What the real kubectl has and this one has not: each command says what to do instead.

use super::resources::{self, Info};
use super::{Cmd, Command, DRY_RUN, FILENAME, OUTPUT, RECURSIVE};
use cli_runtime::flags::{Parsed, Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};

/// A command of the real kubectl that is not simulated; [`instead`] has its sentence.
pub(super) const fn absent(name: &'static str, short: &'static str) -> Command {
    Command { name, aliases: &[], short, usage: "", flags: &[], run: |_, _| Ok(0), subs: &[] }
}

const EDIT_AFTERWARDS: &str = "use kubectl edit, or change the file and kubectl apply -f it";
pub(super) const NO_PROGRAMS: &str = "containers hold no running programs here. Look at them with kubectl describe pod, or on their node with ssh NODE sudo crictl ps";
const ONE_CONTEXT: &str =
    "there is one cluster, one user and one context here. Name another namespace with -n in each command";

/// What helps instead of a command that is not simulated, by the words that name it.
pub(super) fn instead(path: &str) -> Option<&'static str> {
    Some(match path.strip_prefix("kubectl ")? {
        "attach" | "cp" | "port-forward" => NO_PROGRAMS,
        "apply edit-last-applied" => EDIT_AFTERWARDS,
        "apply set-last-applied" => "kubectl apply writes the annotation",
        "proxy" => "kubectl get -o json shows what the API server answers",
        "kustomize" => "give the plain manifests to kubectl apply -f",
        "certificate" => "certificates are not looked at here",
        "completion" => "this console completes nothing",
        "plugin" => "there are none here",
        "kuberc" => "there are no preferences here",
        "cluster-info dump" => "use kubectl get all -A, kubectl describe and kubectl logs",
        "auth reconcile" => "nothing is forbidden here",
        "create token" => "nothing is signed here, and nobody is asked for a token",
        "config delete-cluster"
        | "config delete-context"
        | "config delete-user"
        | "config rename-context"
        | "config set"
        | "config set-cluster"
        | "config set-credentials"
        | "config unset" => ONE_CONTEXT,
        _ => return None,
    })
}

/// `kubectl autoscale`, up to the autoscaler.
///
/// Kubernetes: kubectl/pkg/cmd/autoscale/autoscale.go.
pub(super) const AUTOSCALE: Command = Command {
    name: "autoscale",
    aliases: &[],
    short: "Auto-scale a deployment, replica set, stateful set, or replication controller",
    usage: "(-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU] [--memory=MEMORY]",
    flags: &[
        OUTPUT,
        DRY_RUN,
        FILENAME,
        RECURSIVE,
        flag("min", '\0', Takes::Int),
        flag("max", '\0', Takes::Int),
        flag("cpu-percent", '\0', Takes::Int),
        flag("cpu", '\0', Takes::Text),
        flag("memory", '\0', Takes::Text),
        flag("name", '\0', Takes::Text),
        flag("save-config", '\0', Takes::Bool),
    ],
    run: autoscale,
    subs: &[],
};

fn autoscale(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let Some(max) = cmd.parsed.int("max") else { return Err("required flag(s) \"max\" not set".into()) };
    let min = cmd.parsed.int("min").unwrap_or(-1);
    if max < 1 {
        return Err(format!("--max=MAXPODS is required and must be at least 1, max: {max}").into());
    }
    if max < min {
        return Err(format!(
            "--max=MAXPODS must be larger or equal to --min=MINPODS, max: {max}, min: {min}"
        )
        .into());
    }
    let infos = resources_of(io, cmd, false)?;
    resources::continue_on_error(io, &infos, Vec::new(), |_, info| {
        let (of, kind) = (info.kind.info(), info.kind.name());
        if super::set::has_scale(info.kind) {
            return Err("kubectl autoscale is not simulated: nothing measures usage here".into());
        }
        Err(format!(
            "cannot autoscale a {kind}: could not find scale subresource for {}, Resource={} in discovery information",
            of.api_version, of.plural
        )
        .into())
    })
}

/// The objects that the command names, all of a type for its name alone if that is allowed; an error if one is not there.
pub(super) fn resources_of(io: &mut Io, cmd: &Cmd, all_by_default: bool) -> Result<Vec<Info>, Stop> {
    if cmd.args().is_empty() && !cmd.parsed.given("filename") {
        return Err(resources::missing_resource_error().into());
    }
    let targets = cmd.targets(io, cmd.args(), all_by_default)?;
    let (infos, failures) = resources::visit(io, &targets, &cmd.scope())?;
    match Failure::aggregate(failures) {
        Some(failure) => Err(failure.into()),
        None => Ok(infos),
    }
}

/// Flags of the real kubectl that are known here by name only; what they would do is not passed over in silence.
const FLAGS: &[(&str, &str)] = &[
    ("edit", EDIT_AFTERWARDS),
    ("interactive", "this console answers no questions"),
    ("raw", "name what to get, with -o json"),
    ("resource-version", "the newest version is changed in any case"),
];

/// What to say of a flag that is not simulated.
pub(super) fn absent_flag(path: &str, parsed: &Parsed) -> Option<String> {
    if parsed.given("kustomize") {
        return Some("kustomizations are not simulated: give the files with -f".to_owned());
    }
    // What is switched off, or empty, asks for nothing.
    let asked = |name: &str| !matches!(parsed.text(name), None | Some("" | "false"));
    // `kubectl get --raw` has the paths of objects and of the server's health.
    let here = |name: &str| {
        // Labels and annotations look first whether they may be written over.
        let versioned = ["kubectl scale", "kubectl label", "kubectl annotate"].contains(&path);
        (path == "kubectl get" && name == "raw") || (versioned && name == "resource-version")
    };
    let (name, _) = FLAGS.iter().find(|(name, _)| asked(name) && !here(name))?;
    Some(flag_text(name))
}

/// The sentence of one flag that is not simulated.
pub(super) fn flag_text(name: &str) -> String {
    let instead = FLAGS.iter().find(|(known, _)| *known == name).map_or("", |(_, instead)| instead);
    format!("--{name} is not simulated: {instead}")
}

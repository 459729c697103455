//! What the real kubectl has and this one has not: each command says what to do instead.

use super::Command;
use cli_runtime::flags::Parsed;

/// A command of the real kubectl that is not simulated; [`instead`] has its sentence.
pub(super) const fn absent(name: &'static str, short: &'static str) -> Command {
    Command { name, aliases: &[], short, usage: "", flags: &[], run: |_, _| Ok(0), subs: &[] }
}

const BY_FILE: &str = "write a manifest and kubectl apply -f it";
const NO_EDITOR: &str = "there is no editor behind this console. Change the file and kubectl apply -f it, or use kubectl patch, set image or label";
const NO_TRAFFIC: &str = "write a Service and kubectl apply -f it; nothing carries traffic here";
const ONE_CONTEXT: &str =
    "there is one cluster, one user and one context here. Name another namespace with -n in each command";
const PATCH: &str = "use kubectl patch, or change the file and kubectl apply -f it";

/// What helps instead of a command that is not simulated, by the words that name it.
pub(super) fn instead(path: &str) -> Option<&'static str> {
    Some(match path.strip_prefix("kubectl ")? {
        "attach" | "cp" | "debug" | "exec" | "port-forward" => {
            "containers hold no running programs here. Look at them with kubectl describe pod, or on their node with ssh NODE sudo crictl ps"
        }
        "diff" => "compare with kubectl get -o yaml",
        "edit" | "apply edit-last-applied" => NO_EDITOR,
        "apply set-last-applied" => "kubectl apply writes the annotation",
        "expose" | "create service" => NO_TRAFFIC,
        "proxy" => "kubectl get -o json shows what the API server answers",
        "autoscale" => "nothing measures usage here",
        "kustomize" => "give the plain manifests to kubectl apply -f",
        "certificate" => "certificates are not looked at here",
        "completion" => "this console completes nothing",
        "plugin" => "there are none here",
        "cluster-info dump" => "use kubectl get all -A, kubectl describe and kubectl logs",
        "auth reconcile" => "nothing is forbidden here",
        "set env" | "set resources" | "set selector" | "set serviceaccount" | "set subject" => PATCH,
        "create clusterrole"
        | "create clusterrolebinding"
        | "create cronjob"
        | "create ingress"
        | "create job"
        | "create poddisruptionbudget"
        | "create quota"
        | "create role"
        | "create rolebinding"
        | "create token"
        | "create secret docker-registry"
        | "create secret tls" => BY_FILE,
        "config delete-cluster"
        | "config delete-context"
        | "config delete-user"
        | "config rename-context"
        | "config set"
        | "config set-cluster"
        | "config set-context"
        | "config set-credentials"
        | "config unset" => ONE_CONTEXT,
        _ => return None,
    })
}

const IMPERSONATION: &str = "nothing is forbidden here, whoever asks";

/// Flags of the real kubectl that are known here by name only; what they would do is not passed over in silence.
const FLAGS: &[(&str, &str)] = &[
    ("as", IMPERSONATION),
    ("as-group", IMPERSONATION),
    ("current-replicas", "the number is set in any case"),
    ("edit", NO_EDITOR),
    ("interactive", "this console answers no questions"),
    ("local", "use --dry-run=client"),
    ("raw", "name what to get, with -o json"),
    ("resource-version", "the newest version is changed in any case"),
];

/// What to say of a flag that is not simulated.
pub(super) fn absent_flag(parsed: &Parsed) -> Option<String> {
    if parsed.given("kustomize") {
        return Some("kustomizations are not simulated: give the files with -f".to_owned());
    }
    // What is switched off, or empty, asks for nothing.
    let asked = |name: &str| !matches!(parsed.text(name), None | Some("" | "false"));
    let (name, instead) = FLAGS.iter().find(|(name, _)| asked(name))?;
    Some(format!("--{name} is not simulated: {instead}"))
}

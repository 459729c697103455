//! `crictl inspect`, `inspectp` and the JSON of lists.
//!
//! cri-tools: cmd/crictl/container.go, sandbox.go; containerd: internal/cri/server/container_status.go,
//! sandbox_status.go.

use serde_json::{Map, Value, json};

use super::{Args, container, fatal, not_found, sandbox, state_text};
use crate::{ContainerView, Machines, SandboxView};
use api::image_name::parse_image_name;
use cli_runtime::job::Outcome;
use cli_runtime::jsonpath::JsonPath;
use cli_runtime::output;
use sim::Time;

/// What containerd says of a time that has not come yet.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// The labels that the kubelet gives to everything it starts.
pub(super) fn pod_labels(pod: &str, namespace: &str, uid: &str) -> [(&'static str, String); 3] {
    [
        ("io.kubernetes.pod.name", pod.to_owned()),
        ("io.kubernetes.pod.namespace", namespace.to_owned()),
        ("io.kubernetes.pod.uid", uid.to_owned()),
    ]
}

/// A pod's own labels, and the kubelet's.
pub(super) fn sandbox_labels(found: &SandboxView) -> Vec<(String, String)> {
    let own = pod_labels(&found.pod, &found.namespace, &found.uid);
    let own = own.into_iter().map(|(key, value)| (key.to_owned(), value));
    found.labels.iter().cloned().chain(own).collect()
}

pub(super) fn container_labels(found: &ContainerView) -> Vec<(String, String)> {
    let own = pod_labels(&found.pod, &found.namespace, &found.uid);
    let own = own.into_iter().map(|(key, value)| (key.to_owned(), value));
    own.chain([("io.kubernetes.container.name".to_owned(), found.name.clone())]).collect()
}

fn object(pairs: Vec<(String, String)>) -> Value {
    Value::Object(pairs.into_iter().map(|(key, value)| (key, json!(value))).collect::<Map<_, _>>())
}

/// An entry of `crictl ps -o json`.
pub(super) fn container_value(found: &ContainerView) -> Value {
    json!({
        "id": found.id, "podSandboxId": found.sandbox,
        "metadata": {"name": found.name, "attempt": found.attempt},
        "image": {"image": found.image_id, "userSpecifiedImage": found.image},
        "imageRef": found.image_id,
        "state": state(found),
        "createdAt": (found.created.0 * 1000).to_string(),
        "labels": object(container_labels(found)),
    })
}

/// An entry of `crictl pods -o json`.
pub(super) fn sandbox_value(found: &SandboxView) -> Value {
    json!({
        "id": found.id,
        "metadata": {"name": found.pod, "uid": found.uid, "namespace": found.namespace,
            "attempt": found.attempt},
        "state": sandbox_state(found),
        "createdAt": (found.created.0 * 1000).to_string(),
        "labels": object(sandbox_labels(found)),
        "runtimeHandler": "",
    })
}

fn sandbox_state(found: &SandboxView) -> &'static str {
    if found.ready { "SANDBOX_READY" } else { "SANDBOX_NOTREADY" }
}

/// What `-o json` or `-o yaml` prints of a list; nothing where a table is asked for.
pub(super) fn formatted(args: &Args, value: impl FnOnce() -> Value) -> Option<Outcome> {
    match args.get(&["o", "output"])? {
        "json" => Some(Outcome::out(output::json_by_two(&value()))),
        "yaml" => Some(Outcome::out(output::yaml(&value()))),
        "table" | "" => None,
        other => Some(fatal(format!("unsupported output format {other:?}"))),
    }
}

fn state(found: &ContainerView) -> String {
    format!("CONTAINER_{}", state_text(found.state).to_uppercase())
}

fn stamp(time: Option<Time>) -> Value {
    time.map_or(json!(NEVER), |time| json!(time.rfc3339_nano()))
}

/// `docker.io/library/nginx:1.27`, and the same with the digest instead of the tag.
fn image_names(found: &ContainerView) -> (String, String) {
    match parse_image_name(&found.image) {
        Ok(name) if name.tag.is_empty() => {
            let reference = format!("{}@{}", name.repository, name.digest);
            (reference.clone(), reference)
        }
        Ok(name) => {
            (format!("{}:{}", name.repository, name.tag), format!("{}@{}", name.repository, found.image_id))
        }
        Err(_) => (found.image.clone(), found.image_id.clone()),
    }
}

fn container_status(found: &ContainerView) -> Value {
    let (image, image_ref) = image_names(found);
    let directory = format!("/var/log/pods/{}_{}_{}", found.namespace, found.pod, found.uid);
    json!({
        "annotations": {"io.kubernetes.container.restartCount": found.attempt.to_string()},
        "createdAt": stamp(Some(found.created)),
        "exitCode": found.exit_code,
        "finishedAt": stamp(found.finished),
        "id": found.id,
        "image": {
            "annotations": {}, "image": image, "imageRef": "", "runtimeHandler": "", "userSpecifiedImage": "",
        },
        "imageId": found.image_id,
        "imageRef": image_ref,
        "labels": object(container_labels(found)),
        "logPath": format!("{directory}/{}/{}.log", found.name, found.attempt),
        "message": "",
        "metadata": {"attempt": found.attempt, "name": found.name},
        "reason": found.reason,
        "startedAt": stamp(found.started),
        "state": state(found),
    })
}

/// `-o go-template --template '{{.info.pid}}'` or `-o jsonpath=…`: one path through the object.
fn templated(args: &Args, value: &Value) -> Option<String> {
    let template = args.get(&["template"])?;
    let path = template.trim().trim_start_matches("{{").trim_end_matches("}}").trim();
    let found = JsonPath::relaxed(path).ok()?;
    Some(found.print(value).ok()? + "\n")
}

/// One object as the options ask for it.
fn shown(args: &Args, value: &Value) -> String {
    templated(args, value).unwrap_or_else(|| match args.get(&["o", "output"]) {
        Some("yaml") => output::yaml(value),
        _ => output::json_by_two(value),
    })
}

pub(super) fn inspect(machines: &dyn Machines, node: &str, args: &Args) -> Outcome {
    if args.rest.is_empty() {
        return fatal("ID cannot be empty");
    }
    let mut out = String::new();
    for id in &args.rest {
        let Some(found) = container(machines, node, id) else {
            return fatal(format!(
                "getting the status of the container {id:?}: {}",
                not_found("container", id)
            ));
        };
        let info = json!({"pid": found.pid, "sandboxID": found.sandbox});
        let value = json!({"info": info, "status": container_status(&found)});
        out += &shown(args, &value);
    }
    Outcome::out(out)
}

pub(super) fn inspectp(machines: &dyn Machines, node: &str, args: &Args) -> Outcome {
    let Some(id) = args.rest.first() else { return fatal("ID cannot be empty") };
    let Some(found) = sandbox(machines, node, id) else {
        return fatal(format!("getting the status of the pod sandbox {id:?}: {}", not_found("sandbox", id)));
    };
    let value = json!({"status": {
        "createdAt": found.created.rfc3339_nano(),
        "id": found.id,
        "labels": object(sandbox_labels(&found)),
        "metadata": {"attempt": found.attempt, "name": found.pod, "namespace": found.namespace,
            "uid": found.uid},
        "network": {"additionalIps": [], "ip": found.ip},
        "runtimeHandler": "",
        "state": sandbox_state(&found),
    }});
    Outcome::out(shown(args, &value))
}

//! `kubectl run`: one pod from flags.
//!
//! Kubernetes: kubectl/pkg/cmd/run/run.go.

use std::rc::Rc;

use serde_json::{Value, json};

use super::apply::{DRY_RUN_CLIENT, dry_run, on_server};
use super::{Cmd, Command, DRY_RUN, OUTPUT, print_value};
use api::field::go_quote;
use api::object::Kind;
use api::patch::merge;
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use wire::Call;

pub(super) const COMMAND: Command = Command {
    name: "run",
    aliases: &[],
    short: "Run a particular image on the cluster",
    usage: "NAME --image=image [--env=\"key=value\"] [--port=port] [--dry-run=server|client] [--command] -- [COMMAND] [args...]",
    flags: &[
        OUTPUT,
        DRY_RUN,
        flag("image", '\0', Takes::Text),
        flag("image-pull-policy", '\0', Takes::Text),
        flag("restart", '\0', Takes::Text),
        flag("labels", 'l', Takes::Text),
        flag("annotations", '\0', Takes::Text),
        flag("env", '\0', Takes::Text),
        flag("port", '\0', Takes::Text),
        flag("command", '\0', Takes::Bool),
        flag("overrides", '\0', Takes::Text),
        flag("override-type", '\0', Takes::Text),
        flag("privileged", '\0', Takes::Bool),
        flag("stdin", 'i', Takes::Bool),
        flag("tty", 't', Takes::Bool),
        flag("rm", '\0', Takes::Bool),
        flag("quiet", 'q', Takes::Bool),
    ],
    run,
    subs: &[],
};

/// Kubernetes: kubectl/pkg/cmd/util/override_options.go, NewOverrider.
pub(super) fn overridden(body: &Value, text: &str, kind: &str) -> Result<Value, Failure> {
    if kind != "merge" {
        return Err(Failure::Message(match kind {
            "json" | "strategic" => format!("--override-type={kind} is not simulated: use merge"),
            other => format!("invalid override type: {other}"),
        }));
    }
    // The library adds nothing to it.
    let patch: Value = serde_json::from_str(text).map_err(|_| Failure::message("Invalid JSON Patch"))?;
    let mut whole = body.clone();
    merge(&mut whole, &patch);
    Ok(whole)
}

fn run(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let flags = &cmd.parsed;
    let before_dash = flags.dash.unwrap_or(cmd.args().len());
    let (names, words) = cmd.args().split_at(before_dash.min(cmd.args().len()));
    let Some((name, more)) = names.split_first() else {
        return Err(cmd.usage_error("NAME is required for run").into());
    };
    let Some(image) = flags.text("image") else {
        return Err("required flag(s) \"image\" not set".into());
    };
    if flags.flag("stdin") || flags.flag("tty") || flags.flag("rm") {
        return Err("attaching to a container is not simulated: leave out -i, -t and --rm".into());
    }
    let restart = flags.text("restart").unwrap_or("Always");
    if !matches!(restart, "Always" | "OnFailure" | "Never") {
        return Err(format!("invalid restart policy: {restart}").into());
    }
    let labels: serde_json::Map<String, Value> = match flags.text("labels") {
        None => [("run".to_owned(), json!(name))].into_iter().collect(),
        Some(text) => text
            .split(',')
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, value)| (key.to_owned(), json!(value)))
            .collect(),
    };
    let mut container = json!({"image": image, "name": name, "resources": {}});
    let words: Vec<&String> = more.iter().chain(words).collect();
    if !words.is_empty() {
        container[if flags.flag("command") { "command" } else { "args" }] = json!(words);
    }
    if let Some(policy) = flags.text("image-pull-policy") {
        container["imagePullPolicy"] = json!(policy);
    }
    let env: Vec<Value> = flags
        .all("env")
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| json!({"name": key, "value": value}))
        .collect();
    if !env.is_empty() {
        container["env"] = Value::Array(env);
    }
    if let Some(port) = flags.text("port") {
        let number: u16 = port.parse().map_err(|_| {
            Failure::Message(format!("strconv.Atoi: parsing {}: invalid syntax", go_quote(port)))
        })?;
        container["ports"] = json!([{"containerPort": number}]);
    }
    let namespace = cmd.namespace();
    if flags.flag("privileged") {
        container["securityContext"] = json!({"privileged": true});
    }
    let annotations: serde_json::Map<String, Value> = flags
        .all("annotations")
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key.to_owned(), json!(value)))
        .collect();
    let mut body = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {"containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": restart},
        "status": {},
    });
    if !annotations.is_empty() {
        body["metadata"]["annotations"] = Value::Object(annotations);
    }
    if cmd.enforces_namespace() {
        body["metadata"]["namespace"] = json!(namespace);
    }
    if let Some(text) = flags.text("overrides").filter(|text| !text.is_empty()) {
        body = overridden(&body, text, flags.text("override-type").unwrap_or("merge"))?;
    }
    let (dry, format) = (dry_run(cmd)?, cmd.format(io)?);
    let mut value = body.clone();
    if dry != Some(DRY_RUN_CLIENT) {
        let call = Call::Post {
            kind: Kind::Pod,
            namespace: super::name(&namespace),
            body: Rc::new(body),
            validation: wire::FieldValidation::Strict,
        };
        if let Some(object) = io.must(on_server(call, dry))?.object() {
            value = object.to_value(io.now());
        }
    }
    print_value(io, format.as_ref(), &format!("pod/{name}"), "created", dry, &value)?;
    Ok(0)
}

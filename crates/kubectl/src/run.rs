//! `kubectl run`: one pod from flags.
//!
//! Kubernetes: kubectl/pkg/cmd/run/run.go.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::apply::{DRY_RUN_CLIENT, dry_run, on_server};
use super::create::is_env_var_name;
use super::expose::{atoi, parse_labels};
use super::{Cmd, Command, DRY_RUN, OUTPUT, print_value};
use api::field::go_quote;
use api::image_name::{ImageNameError, parse_image_name};
use api::json;
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
        flag("attach", '\0', Takes::Bool),
        flag("expose", '\0', Takes::Bool),
        flag("field-manager", '\0', Takes::Text),
        flag("leave-stdin-open", '\0', Takes::Bool),
        flag("pod-running-timeout", '\0', Takes::Span),
        flag("save-config", '\0', Takes::Bool),
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
    if !flags.given("image") {
        return Err("required flag(s) \"image\" not set".into());
    }
    let before_dash = flags.dash.unwrap_or(cmd.args().len());
    let names = cmd.args().get(..before_dash).unwrap_or_default();
    let dry = dry_run(cmd)?;
    let format = cmd.format(io)?;
    let Some(name) = names.first() else {
        return Err(cmd.usage_error("NAME is required for run").into());
    };
    let restart = check_flags(cmd, dry)?;
    let pod = pod(cmd, name, restart)?;
    let body = match flags.text("overrides").filter(|text| !text.is_empty()) {
        Some(text) => overridden(&pod, text, flags.text("override-type").unwrap_or("merge"))?,
        None => pod,
    };
    let pod = sent(io, cmd, body, dry)?;
    if flags.flag("expose") {
        let service = sent(io, cmd, service(cmd, name)?, dry)?;
        print_value(io, format.as_ref(), &format!("service/{name}"), "created", dry, &service)?;
        if flags.text("output") == Some("yaml") {
            // Once for what comes between two objects, and once more from the printer.
            io.out("---\n---\n");
        }
    }
    print_value(io, format.as_ref(), &format!("pod/{name}"), "created", dry, &pod)?;
    Ok(0)
}

/// The object as it was stored, or as it would be sent.
fn sent(io: &mut Io, cmd: &Cmd, mut body: Value, dry: Option<&str>) -> Result<Value, Stop> {
    if cmd.enforces_namespace() {
        body["metadata"]["namespace"] = json!(cmd.namespace());
    }
    if dry == Some(DRY_RUN_CLIENT) {
        return Ok(body);
    }
    let call = Call::Post {
        kind: Kind::of("v1", json::text(&body, "kind")).ok_or("the kind is not served here")?,
        namespace: super::name(&cmd.namespace()),
        body: Rc::new(body.clone()),
        validation: wire::FieldValidation::Strict,
    };
    let reply = io.must(on_server(call, dry))?;
    Ok(reply.object().map_or(body, |object| object.to_value(io.now())))
}

/// What is wrong with the flags, in upstream's order; the restart policy.
///
/// Kubernetes: run.go, Run, getRestartPolicy, verifyImagePullPolicy.
fn check_flags<'a>(cmd: &'a Cmd, dry: Option<&str>) -> Result<&'a str, Failure> {
    let flags = &cmd.parsed;
    let image = flags.text("image").unwrap_or_default();
    if image.is_empty() {
        return Err(Failure::message("--image is required"));
    }
    if matches!(parse_image_name(image), Err(ImageNameError::Format(_))) {
        return Err(Failure::Message(format!("Invalid image name {}: {INVALID_FORMAT}", go_quote(image))));
    }
    let interactive = flags.flag("stdin");
    if flags.flag("tty") && !interactive {
        return Err(cmd.usage_error("-i/--stdin is required for containers with -t/--tty=true"));
    }
    if flags.flag("expose") && flags.text("port").is_none_or(str::is_empty) {
        return Err(cmd.usage_error("--port must be set when exposing a service"));
    }
    let restart = match flags.text("restart").unwrap_or_default() {
        "" if interactive => "OnFailure",
        "" => "Always",
        policy @ ("Always" | "OnFailure" | "Never") => policy,
        other => return Err(cmd.usage_error(&format!("invalid restart policy: {other}"))),
    };
    let attach = flags.flag_or("attach", interactive);
    if flags.flag("rm") && !attach {
        return Err(cmd.usage_error("--rm should only be used for attached containers"));
    }
    if attach && dry.is_some() {
        return Err(cmd.usage_error(
            "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)",
        ));
    }
    match flags.text("image-pull-policy").unwrap_or_default() {
        "" | "Always" | "IfNotPresent" | "Never" => {}
        other => return Err(cmd.usage_error(&format!("invalid image pull policy: {other}"))),
    }
    if attach {
        return Err(Failure::message(
            "attaching to a container is not simulated: leave out --attach, -i, -t and --rm",
        ));
    }
    Ok(restart)
}

const INVALID_FORMAT: &str = "invalid reference format";

/// Kubernetes: kubectl/pkg/generate/versioned/run.go, BasicPod.
fn pod(cmd: &Cmd, name: &str, restart: &str) -> Result<Value, Failure> {
    let flags = &cmd.parsed;
    if name.is_empty() {
        return Err(Failure::message("Parameter: name is required"));
    }
    let image = flags.text("image").unwrap_or_default();
    let mut container = json!({"image": image, "name": name, "resources": {}});
    let words = cmd.args().get(1..).unwrap_or_default();
    if !words.is_empty() {
        container[if flags.flag("command") { "command" } else { "args" }] = json!(words);
    }
    if let Some(policy) = flags.text("image-pull-policy").filter(|policy| !policy.is_empty()) {
        container["imagePullPolicy"] = json!(policy);
    }
    let env: Vec<Value> = flags.all("env").iter().map(|pair| env_var(pair)).collect::<Result<_, _>>()?;
    if !env.is_empty() {
        container["env"] = Value::Array(env);
    }
    if let Some(port) = flags.text("port").filter(|port| !port.is_empty()) {
        container["ports"] = json!([{"containerPort": atoi(port)?}]);
    }
    if flags.flag("privileged") {
        container["securityContext"] = json!({"privileged": true});
    }
    let mut metadata = json!({"name": name, "labels": labels(cmd, name)?});
    let annotations = annotations(flags.all("annotations"))?;
    if !annotations.is_empty() {
        metadata["annotations"] = Value::Object(annotations);
    }
    Ok(json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
        "spec": {"containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": restart},
        "status": {},
    }))
}

/// Kubernetes: kubectl/pkg/cmd/util/helpers.go, ParsePairs.
fn annotations(given: &[String]) -> Result<Map<String, Value>, Failure> {
    let pair = |text: &String| text.split_once('=').filter(|(key, _)| !key.is_empty()).is_some();
    let invalid: Vec<&str> = given.iter().filter(|text| !pair(text)).map(String::as_str).collect();
    if !invalid.is_empty() {
        return Err(Failure::Message(format!("invalid annotations format: {}", invalid.join(", "))));
    }
    let pairs = given.iter().filter_map(|text| text.split_once('='));
    Ok(pairs.map(|(key, value)| (key.to_owned(), json!(value))).collect())
}

fn labels(cmd: &Cmd, name: &str) -> Result<Map<String, Value>, Failure> {
    match cmd.parsed.text("labels").filter(|text| !text.is_empty()) {
        None => Ok([("run".to_owned(), json!(name))].into_iter().collect()),
        Some(text) => parse_labels(text),
    }
}

/// Kubernetes: kubectl/pkg/generate/versioned/run.go, parseEnvs.
fn env_var(pair: &str) -> Result<Value, Failure> {
    match pair.split_once('=') {
        Some((key, value)) if is_env_var_name(key).is_empty() => Ok(json!({"name": key, "value": value})),
        _ => Err(Failure::Message(format!("invalid env: {pair}"))),
    }
}

/// The service that --expose makes.
///
/// Kubernetes: run.go, generateService; kubectl/pkg/generate/versioned/service.go.
fn service(cmd: &Cmd, name: &str) -> Result<Value, Failure> {
    let port = atoi(cmd.text("port"))?;
    let mut metadata = json!({"name": name});
    if cmd.parsed.text("labels").is_some_and(|text| !text.is_empty()) {
        metadata["labels"] = Value::Object(labels(cmd, name)?);
    }
    Ok(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata,
        "spec": {
            "ports": [{"port": port, "protocol": "TCP", "targetPort": port}],
            "selector": labels(cmd, name)?,
        },
        "status": {"loadBalancer": {}},
    }))
}

//! `set image`, `scale`, `patch`, `replace`, `run`.
//!
//! Kubernetes: kubectl/pkg/cmd/set/set_image.go, cmd/scale, cmd/patch, cmd/replace, cmd/run.

use std::rc::Rc;

use serde_json::{Value, json};

use super::absent::absent;
use super::apply::dry_run;
use super::errors::add_source;
use super::flags::{Takes, flag};
use super::manifests;
use super::mutate::patch_call;
use super::output::{self, Format};
use super::resources::{self, Info};
use super::{
    ALL, Cmd, Command, DRY_RUN, FILENAME, OUTPUT, RECURSIVE, SELECTOR, default_sub_command_run, patch,
};
use crate::api::field::go_quote;
use crate::api::json;
use crate::api::object::{Kind, Object};
use crate::api::status_error::StatusError;
use crate::job::{Failure, Io, Stop};
use crate::wire::{Call, DeleteOptions, Patch};
use crate::yaml::{Reader, read_documents};

pub(super) const SET: Command = Command {
    name: "set",
    aliases: &[],
    short: "Set specific features on objects",
    usage: "SUBCOMMAND",
    flags: &[],
    run: default_sub_command_run,
    subs: &[
        Command {
            name: "image",
            aliases: &[],
            short: "Update the image of a pod template",
            usage: "(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N",
            flags: &[
                FILENAME,
                RECURSIVE,
                OUTPUT,
                SELECTOR,
                ALL,
                DRY_RUN,
                flag("local", '\0', Takes::Bool),
                flag("field-manager", '\0', Takes::Text),
            ],
            run: set_image,
            subs: &[],
        },
        absent("env", "Update environment variables on a pod template"),
        absent("resources", "Update resource requests/limits on objects with pod templates"),
        absent("selector", "Set the selector on a resource"),
        Command { aliases: &["sa"], ..absent("serviceaccount", "Update the service account of a resource") },
        absent(
            "subject",
            "Update the user, group, or service account in a role binding or cluster role binding",
        ),
    ],
};

/// Collects failures; they come at the end.
fn each(
    io: &mut Io,
    infos: &[Info],
    mut failures: Vec<Failure>,
    mut deed: impl FnMut(&mut Io, &Info) -> Result<(), Stop>,
) -> Result<i32, Stop> {
    for info in infos {
        match io.once(|io| deed(io, info)) {
            Ok(_) => {}
            Err(Stop::Failed(failure)) => failures.push(failure),
            Err(Stop::Pending) => return Err(Stop::Pending),
        }
    }
    match Failure::aggregate(failures) {
        Some(failure) => Err(failure.into()),
        None => Ok(0),
    }
}

fn find(io: &mut Io, cmd: &Cmd, objects: &[String]) -> Result<(Vec<Info>, Vec<Failure>), Stop> {
    let targets = cmd.targets(io, objects, false)?;
    resources::visit(io, &targets, &cmd.scope())
}

/// Rules: CLI-046, CLI-047.
fn set_image(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let (mut objects, mut images) = (Vec::new(), Vec::new());
    for word in cmd.args() {
        match word.split_once('=') {
            Some((container, image)) if !container.is_empty() => {
                images.push((container.to_owned(), image.to_owned()))
            }
            _ if images.is_empty() => objects.push(word.clone()),
            _ => return Err(format!("all resources must be specified before image changes: {word}").into()),
        }
    }
    if objects.is_empty() && !cmd.parsed.given("filename") {
        return Err(resources::missing_resource_error().into());
    }
    let dry = dry_run(cmd)?;
    let (infos, failures) = find(io, cmd, &objects)?;
    if images.is_empty() {
        return Err("at least one image update is required".into());
    }
    each(io, &infos, failures, |io, info| image_of(io, info, &images, dry))
}

fn image_of(io: &mut Io, info: &Info, images: &[(String, String)], dry: Option<&str>) -> Result<(), Stop> {
    let value = info.object.to_value(io.now());
    let path: &[&str] = match info.kind {
        Kind::Pod => &["spec"],
        _ if json::at(&value, &["spec", "template", "spec"]).is_object() => &["spec", "template", "spec"],
        _ if json::at(&value, &["spec", "jobTemplate"]).is_object() => {
            &["spec", "jobTemplate", "spec", "template", "spec"]
        }
        _ => {
            let name = output::name_of(&info.object);
            return Err(format!(
                "{name} the object is not a pod or does not have a pod template: {}",
                info.kind.resource()
            )
            .into());
        }
    };
    let mut changed = value.clone();
    let mut failures = Vec::new();
    for (container, image) in images {
        let mut found = false;
        let mut spec = Some(&mut changed);
        for key in path {
            spec = spec.and_then(|value| value.get_mut(*key));
        }
        let Some(spec) = spec else { continue };
        for list in ["initContainers", "containers"] {
            for item in json::each(spec, list) {
                if container == "*" || json::text(item, "name") == container {
                    found = true;
                    item["image"] = json!(image);
                }
            }
        }
        if !found {
            failures
                .push(Failure::Message(format!("unable to find container named {}", go_quote(container))));
        }
    }
    if let Some(failure) = Failure::aggregate(failures) {
        return Err(failure.into());
    }
    let body = patch::two_way(&value, &changed);
    if body.as_object().is_some_and(|map| map.is_empty()) {
        return Ok(());
    }
    if dry.is_none() {
        let result = io.must(patch_call(&info.object, Patch::Strategic(Rc::new(body))));
        if let Err(Stop::Failed(failure)) = result {
            return Err(failure.after("failed to patch image update to pod template: ").into());
        }
        result?;
    }
    io.out(format!("{} image updated{}\n", output::name_of(&info.object), dry.unwrap_or_default()));
    Ok(())
}

pub(super) const SCALE: Command = Command {
    name: "scale",
    aliases: &[],
    short: "Set a new size for a deployment, replica set, or replication controller",
    usage: "--replicas=COUNT (-f FILENAME | TYPE NAME)",
    flags: &[
        FILENAME,
        RECURSIVE,
        OUTPUT,
        SELECTOR,
        ALL,
        DRY_RUN,
        flag("replicas", '\0', Takes::Int),
        flag("current-replicas", '\0', Takes::Int),
        flag("resource-version", '\0', Takes::Text),
        flag("timeout", '\0', Takes::Span),
    ],
    run: scale,
    subs: &[],
};

/// Rule: CLI-048.
fn scale(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let Some(replicas) = cmd.parsed.int("replicas").filter(|replicas| *replicas >= 0) else {
        return Err(
            "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0".into()
        );
    };
    let dry = dry_run(cmd)?;
    let (infos, failures) = find(io, cmd, cmd.args())?;
    if infos.is_empty() && failures.is_empty() {
        return Err("no objects passed to scale".into());
    }
    each(io, &infos, failures, |io, info| {
        let scalable = matches!(
            (info.kind.info().group, info.kind.name()),
            ("apps", "Deployment" | "ReplicaSet" | "StatefulSet") | ("", "ReplicationController")
        );
        if !scalable {
            let error = Box::new(StatusError::no_such_resource());
            return Err(Failure::Status { prefix: String::new(), error }.into());
        }
        if dry.is_none() {
            let body = json!({"spec": {"replicas": replicas}});
            io.must(patch_call(&info.object, Patch::Merge(Rc::new(body))))?;
        }
        io.out(format!("{} scaled{}\n", output::name_of(&info.object), dry.unwrap_or_default()));
        Ok(())
    })
}

pub(super) const PATCH: Command = Command {
    name: "patch",
    aliases: &[],
    short: "Update fields of a resource",
    usage: "(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]",
    flags: &[
        FILENAME,
        RECURSIVE,
        OUTPUT,
        DRY_RUN,
        flag("patch", 'p', Takes::Text),
        flag("patch-file", '\0', Takes::Text),
        flag("type", '\0', Takes::Text),
        flag("local", '\0', Takes::Bool),
        flag("subresource", '\0', Takes::Text),
        flag("field-manager", '\0', Takes::Text),
    ],
    run: patch_command,
    subs: &[],
};

fn patch_command(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let text = match (cmd.parsed.text("patch"), cmd.parsed.text("patch-file")) {
        (Some(_), Some(_)) => return Err("cannot specify --patch and --patch-file together".into()),
        (Some(text), None) => text.to_owned(),
        (None, Some(path)) => match io.file(path) {
            Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            None => {
                return Err(
                    format!("unable to read patch file: open {path}: no such file or directory").into()
                );
            }
        },
        (None, None) => {
            return Err("must specify --patch or --patch-file containing the contents of the patch".into());
        }
    };
    let read = read_documents(text.as_bytes(), Reader::Kubectl);
    let body = match (read.documents.first(), read.error) {
        (Some(document), None) => document.tree.to_value(),
        (_, Some(error)) => {
            return Err(format!("unable to parse {}: {}", go_quote(&text), error.message).into());
        }
        (None, None) => json!({}),
    };
    let kind = cmd.parsed.text("type").unwrap_or("strategic");
    if !matches!(kind, "strategic" | "merge" | "json") {
        return Err(format!("--type must be one of [json merge strategic], not {}", go_quote(kind)).into());
    }
    let format = Format::parse(cmd.parsed.text("output").unwrap_or_default())?;
    let dry = dry_run(cmd)?;
    let (infos, failures) = find(io, cmd, cmd.args())?;
    each(io, &infos, failures, |io, info| {
        let before = info.object.to_value(io.now());
        let patch = match kind {
            "merge" => Patch::Merge(Rc::new(body.clone())),
            "json" => Patch::Merge(Rc::new(json_patch(&before, &body)?)),
            _ => Patch::Strategic(Rc::new(body.clone())),
        };
        let version = |object: &Object| object.meta().map(|meta| meta.resource_version);
        let mut verb = "patched";
        let mut object = info.object.clone();
        if dry.is_none()
            && let Some(after) = io.must(patch_call(&info.object, patch))?.object()
        {
            if version(after) == version(&info.object) {
                verb = "patched (no change)";
            }
            object = after.clone();
        }
        let value = object.to_value(io.now());
        io.out(match &format {
            Some(format) => format.print(&value, || output::name_of(&object) + "\n")?,
            None => format!("{} {verb}{}\n", output::name_of(&object), dry.unwrap_or_default()),
        });
        Ok(())
    })
}

/// RFC 6902 operations, turned into the merge patch that comes to the same.
fn json_patch(before: &Value, operations: &Value) -> Result<Value, Failure> {
    let refuse = |text: String| Failure::Message(text);
    let list =
        operations.as_array().ok_or_else(|| refuse("a JSON patch is a list of operations".to_owned()))?;
    let mut after = before.clone();
    for operation in list {
        let (op, path) = (json::text(operation, "op"), json::text(operation, "path"));
        let missing = || {
            let error = StatusError::new(
                crate::api::status_error::StatusReason::Invalid,
                "the server rejected our request due to an error in our request",
            );
            Failure::Status { prefix: String::new(), error: Box::new(error) }
        };
        let steps: Vec<String> =
            path.split('/').skip(1).map(|s| s.replace("~1", "/").replace("~0", "~")).collect();
        let Some((last, parents)) = steps.split_last() else { return Err(missing()) };
        let mut here = &mut after;
        for step in parents {
            let next = match here {
                Value::Object(map) => map.get_mut(step),
                Value::Array(list) => step.parse::<usize>().ok().and_then(|at| list.get_mut(at)),
                _ => None,
            };
            here = next.ok_or_else(missing)?;
        }
        let value = operation["value"].clone();
        match (op, here) {
            ("add" | "replace", Value::Object(map)) => {
                if op == "replace" && !map.contains_key(last) {
                    return Err(missing());
                }
                map.insert(last.clone(), value);
            }
            ("remove", Value::Object(map)) => {
                map.remove(last).ok_or_else(missing)?;
            }
            ("test", here) if here.get(last.as_str()) == Some(&value) => {}
            ("add", Value::Array(list)) => {
                let at = if last == "-" { list.len() } else { last.parse().map_err(|_| missing())? };
                if at > list.len() {
                    return Err(missing());
                }
                list.insert(at, value);
            }
            ("replace" | "remove", Value::Array(list)) => {
                let at = last.parse::<usize>().ok().filter(|at| *at < list.len()).ok_or_else(missing)?;
                match op {
                    "replace" => list[at] = value,
                    _ => {
                        list.remove(at);
                    }
                }
            }
            ("add" | "remove" | "replace" | "test", _) => return Err(missing()),
            (other, _) => {
                return Err(refuse(format!("JSON patch operation {} is not simulated", go_quote(other))));
            }
        }
    }
    Ok(patch::json_merge(before, &after))
}

pub(super) const REPLACE: Command = Command {
    name: "replace",
    aliases: &[],
    short: "Replace a resource by file name or stdin",
    usage: "-f FILENAME",
    flags: &[
        FILENAME,
        RECURSIVE,
        OUTPUT,
        DRY_RUN,
        flag("validate", '\0', Takes::Optional("strict")),
        flag("kustomize", 'k', Takes::Text),
        flag("force", '\0', Takes::Bool),
        flag("save-config", '\0', Takes::Bool),
        flag("grace-period", '\0', Takes::Int),
        flag("cascade", '\0', Takes::Optional("background")),
        flag("timeout", '\0', Takes::Span),
        flag("wait", '\0', Takes::Bool),
    ],
    run: replace,
    subs: &[],
};

fn replace(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let validation = manifests::validation(cmd)?;
    let read = manifests::read(io, cmd, validation)?;
    let mut failures = read.failures.clone();
    if read.docs.is_empty() && failures.is_empty() {
        return Err("no objects passed to replace".into());
    }
    let force = cmd.parsed.flag("force");
    for doc in &read.docs {
        let result = io.once(|io| {
            let name = output::name(doc.kind, &doc.name);
            if !force {
                let result = with_version(io, doc).and_then(|body| {
                    io.must(Call::Put { kind: doc.kind, key: doc.key(), body: Rc::new(body), validation })
                });
                return match result {
                    Ok(_) => {
                        io.out(format!("{name} replaced\n"));
                        Ok(())
                    }
                    Err(Stop::Failed(failure)) => Err(add_source("replacing", &doc.source, failure).into()),
                    Err(Stop::Pending) => Err(Stop::Pending),
                };
            }
            let options = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
            resources::check_name(&doc.name)?;
            match io.must(Call::Delete { kind: doc.kind, key: doc.key(), options }) {
                Ok(_) => {
                    let from = match doc.kind.is_namespaced() {
                        true => format!(" from {} namespace", doc.namespace),
                        false => String::new(),
                    };
                    io.out(format!(
                        "{} {} deleted{from}\n",
                        doc.kind.info().qualified_singular(),
                        go_quote(&doc.name)
                    ));
                    super::delete::wait_gone(io, doc.kind, &doc.key(), None, None)?;
                }
                Err(Stop::Failed(failure)) if failure.is_not_found() => {}
                Err(stop) => return Err(stop),
            }
            let namespace = doc.namespace.clone();
            io.must(Call::Post { kind: doc.kind, namespace, body: doc.value.clone(), validation })?;
            io.out(format!("{name} replaced\n"));
            Ok(())
        });
        match result {
            Ok(_) => {}
            Err(Stop::Failed(failure)) => failures.push(failure),
            Err(Stop::Pending) => return Err(Stop::Pending),
        }
    }
    match Failure::aggregate(failures) {
        Some(failure) => Err(failure.into()),
        None => Ok(0),
    }
}

/// The object with the version that is there now, if the file names none.
///
/// Kubernetes: cli-runtime/pkg/resource/helper.go, Replace.
fn with_version(io: &mut Io, doc: &manifests::Doc) -> Result<Value, Stop> {
    let mut body = (*doc.value).clone();
    if json::text(&body["metadata"], "resourceVersion").is_empty() {
        let current = resources::get(io, doc.kind, &doc.namespace, &doc.name)?;
        let version = current.meta().map(|meta| meta.resource_version).unwrap_or_default();
        body["metadata"]["resourceVersion"] = json!(version.to_string());
    }
    Ok(body)
}

pub(super) const RUN: Command = Command {
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
        flag("privileged", '\0', Takes::Bool),
        flag("stdin", 'i', Takes::Bool),
        flag("tty", 't', Takes::Bool),
        flag("rm", '\0', Takes::Bool),
        flag("quiet", 'q', Takes::Bool),
    ],
    run,
    subs: &[],
};

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
    let mut body = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {"containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": restart},
        "status": {},
    });
    if cmd.enforces_namespace() {
        body["metadata"]["namespace"] = json!(namespace);
    }
    let dry = dry_run(cmd)?;
    let mut value = body.clone();
    if dry.is_none() {
        let call = Call::Post {
            kind: Kind::Pod,
            namespace: super::name(&namespace),
            body: Rc::new(body),
            validation: crate::wire::FieldValidation::Strict,
        };
        if let Some(object) = io.must(call)?.object() {
            value = object.to_value(io.now());
        }
    }
    io.out(match Format::parse(flags.text("output").unwrap_or_default())? {
        Some(format) => format.print(&value, || format!("pod/{name}\n"))?,
        None => format!("pod/{name} created{}\n", dry.unwrap_or_default()),
    });
    Ok(0)
}

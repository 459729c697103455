//! `set image`, `scale`, `patch`.
//!
//! Kubernetes: kubectl/pkg/cmd/set/set_image.go, cmd/scale, cmd/patch.

mod go_struct;
mod subject;
mod template;

use std::rc::Rc;

use serde_json::{Value, json};

use super::apply::{DRY_RUN_CLIENT, dry_run};
use super::errors;
use super::local::{LOCAL, find as find_objects, is_shown_only};
use super::resources::{self, Info, continue_on_error};
use super::{
    ALL, Cmd, Command, DRY_RUN, FILENAME, OUTPUT, RECURSIVE, SELECTOR, default_sub_command_run, patched,
    print_obj, print_value,
};
use api::field::go_quote;
use api::json;
use api::object::{Kind, Object};
use api::patch::{create_merge_patch, merge};
use api::status_error::StatusError;
use api::strategic_patch;
use cli_runtime::flags::{Flag, Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use cli_runtime::output::{self, Format};
use wire::Patch;
use yaml::{Reader, read_documents};

const FIELD_MANAGER: Flag = flag("field-manager", '\0', Takes::Text);

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
            flags: set_flags![SELECTOR],
            run: set_image,
            subs: &[],
        },
        template::ENV,
        template::RESOURCES,
        template::SELECT,
        template::SERVICE_ACCOUNT,
        subject::SUBJECT,
    ],
};

/// The objects to change, as Go's structs hold them.
fn find(io: &mut Io, cmd: &Cmd, objects: &[String]) -> Result<(Vec<Info>, Vec<Failure>), Stop> {
    let (mut infos, failures) = find_objects(io, cmd, objects)?;
    if cmd.parsed.flag("local") {
        infos.iter_mut().for_each(go_struct::complete);
    }
    Ok((infos, failures))
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
    dry_run(cmd)?;
    let (infos, failures) = find(io, cmd, &objects)?;
    if images.is_empty() {
        return Err("at least one image update is required".into());
    }
    let format = cmd.format(io)?;
    continue_on_error(io, &infos, failures, |io, info| image_of(io, cmd, info, &images, format.as_ref()))
}

fn image_of(
    io: &mut Io,
    cmd: &Cmd,
    info: &Info,
    images: &[(String, String)],
    format: Option<&Format>,
) -> Result<(), Stop> {
    let dry = dry_run(cmd)?;
    let value = info.object.to_value(io.now());
    let Some(path) = template::pod_spec(info.kind, &value) else {
        return Err(template::no_template(info).into());
    };
    let mut changed = value.clone();
    let mut failures = Vec::new();
    for (container, image) in images {
        let mut found = false;
        let Some(spec) = template::at_path(&mut changed, path) else { continue };
        for list in ["initContainers", "containers"] {
            for item in json::each(spec, list) {
                if container == "*" || json::text(item, "name") == container {
                    found = true;
                    item["image"] = json!(image);
                }
            }
        }
        if !found {
            let why = format!("error: unable to find container named {}", go_quote(container));
            failures.push(Failure::Message(why));
        }
    }
    if let Some(failure) = Failure::aggregate(failures) {
        return Err(failure.into());
    }
    let body = strategic_patch::two_way(info.kind.info(), &value, &changed).map_err(Failure::from)?;
    if body.as_object().is_some_and(|map| map.is_empty()) {
        return Ok(());
    }
    let name = output::name_of(&info.object);
    if is_shown_only(cmd, dry) {
        return Ok(print_value(io, format, &name, "image updated", dry, &changed)?);
    }
    match patched(io, &info.object, Patch::Strategic(Rc::new(body)), dry) {
        Err(Stop::Failed(failure)) => {
            // The refusal is no longer one of the API server's then, but a text.
            let text = errors::message(&failure, &io.client());
            Err(format!("failed to patch image update to pod template: {text}").into())
        }
        result => Ok(print_obj(io, format, &result?, "image updated", dry)?),
    }
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

/// Whether objects of a kind have the subresource `scale`.
pub(super) fn has_scale(kind: Kind) -> bool {
    matches!(
        (kind.info().group, kind.name()),
        ("apps", "Deployment" | "ReplicaSet" | "StatefulSet") | ("", "ReplicationController")
    )
}

/// Rule: CLI-048.
fn scale(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    if !cmd.parsed.given("replicas") {
        return Err("required flag(s) \"replicas\" not set".into());
    }
    let Some(replicas) = cmd.parsed.int("replicas").filter(|replicas| *replicas >= 0) else {
        return Err(
            "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0".into()
        );
    };
    let (dry, format) = (dry_run(cmd)?, cmd.format(io)?);
    if cmd.args().is_empty() && !cmd.parsed.given("filename") {
        return Err(resources::missing_resource_error().into());
    }
    let (infos, failures) = find(io, cmd, cmd.args())?;
    if infos.is_empty() && failures.is_empty() {
        return Err("no objects passed to scale".into());
    }
    continue_on_error(io, &infos, failures, |io, info| {
        if !has_scale(info.kind) {
            let error = Box::new(StatusError::no_such_resource());
            return Err(Failure::Status { prefix: String::new(), error }.into());
        }
        preconditions(cmd, info, &info.object.to_value(io.now()))?;
        if dry == Some(DRY_RUN_CLIENT) {
            let mut value = info.object.to_value(io.now());
            value["spec"]["replicas"] = json!(replicas);
            return Ok(print_value(
                io,
                format.as_ref(),
                &output::name_of(&info.object),
                "scaled",
                dry,
                &value,
            )?);
        }
        let body = json!({"spec": {"replicas": replicas}});
        let object = patched(io, &info.object, Patch::Merge(Rc::new(body)), dry)?;
        Ok(print_obj(io, format.as_ref(), &object, "scaled", dry)?)
    })
}

/// Kubernetes: kubectl/pkg/scale/scale.go, validate.
fn preconditions(cmd: &Cmd, info: &Info, object: &Value) -> Result<(), Failure> {
    let version = info.object.meta().map_or(0, |meta| meta.resource_version).to_string();
    let replicas = object["spec"]["replicas"].as_i64().unwrap_or(0);
    let wrong = match (cmd.parsed.int("current-replicas"), cmd.parsed.text("resource-version")) {
        (Some(wanted), _) if wanted >= 0 && wanted != replicas => {
            ("replicas", wanted.to_string(), replicas.to_string())
        }
        (_, Some(wanted)) if !wanted.is_empty() && wanted != version => {
            ("resource version", wanted.to_owned(), version)
        }
        _ => return Ok(()),
    };
    let (what, wanted, found) = wrong;
    Err(Failure::Message(format!("Expected {what} to be {wanted}, was {found}")))
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
        LOCAL,
        flag("subresource", '\0', Takes::Text),
        flag("field-manager", '\0', Takes::Text),
    ],
    run: patch_command,
    subs: &[],
};

fn patch_command(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let text = match (cmd.parsed.text("patch"), cmd.parsed.text("patch-file")) {
        (Some(_), Some(_)) => return Err("cannot specify --patch and --patch-file together".into()),
        (Some(text), None) if !text.is_empty() => text.to_owned(),
        (_, Some(path)) => match io.file(path) {
            Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            None => {
                return Err(
                    format!("unable to read patch file: open {path}: no such file or directory").into()
                );
            }
        },
        (_, None) => {
            return Err("must specify --patch or --patch-file containing the contents of the patch".into());
        }
    };
    // What begins as JSON is sent as it stands, and the API server finds what is wrong with it.
    let problem = text.trim_start().starts_with('{').then(|| yaml::json_problem(&text)).flatten();
    let read = read_documents(text.as_bytes(), Reader::Kubectl);
    let body = match (read.documents.first(), read.error) {
        _ if problem.is_some() => Value::Null,
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
    let (dry, format) = (dry_run(cmd)?, cmd.format(io)?);
    let (infos, failures) = find_objects(io, cmd, cmd.args())?;
    continue_on_error(io, &infos, failures, |io, info| {
        if let Some(why) = &problem {
            let text = if kind == "strategic" { why.clone() } else { format!("error decoding patch: {why}") };
            let error = Box::new(StatusError::bad_request(text));
            return Err(Failure::Status { prefix: String::new(), error }.into());
        }
        let before = info.object.to_value(io.now());
        let patch = match kind {
            "merge" => Patch::Merge(Rc::new(body.clone())),
            "json" => Patch::Merge(Rc::new(json_patch(&before, &body)?)),
            _ => Patch::Strategic(Rc::new(body.clone())),
        };
        if is_shown_only(cmd, dry) {
            let mut after = before.clone();
            match &patch {
                Patch::Merge(patch) => merge(&mut after, patch),
                Patch::Strategic(patch) => {
                    strategic_patch::merge(info.kind.info(), &mut after, &mut (**patch).clone())
                        .map_err(Failure::from)?
                }
                _ => {}
            }
            let name = output::name_of(&info.object);
            // Kubernetes: kubectl/pkg/cmd/patch/patch.go, patchOperation: nothing is said of the dry run then.
            let (verb, dry) = if after == before { ("patched (no change)", None) } else { ("patched", dry) };
            return Ok(print_value(io, format.as_ref(), &name, verb, dry, &after)?);
        }
        let version = |object: &Object| object.meta().map(|meta| meta.resource_version);
        let object = patched(io, &info.object, patch, dry)?;
        let verb = match version(&object) == version(&info.object) {
            true => "patched (no change)",
            false => "patched",
        };
        Ok(print_obj(io, format.as_ref(), &object, verb, dry)?)
    })
}

/// RFC 6902 operations, turned into the merge patch that comes to the same.
pub(super) fn json_patch(before: &Value, operations: &Value) -> Result<Value, Failure> {
    // Kubernetes: apiserver/pkg/endpoints/handlers/patch.go, jsonPatcher.applyJSPatch.
    let no_list = || {
        let what = codec::json_kind(operations);
        let why = format!("json: cannot unmarshal {what} into Go value of type []handlers.jsonPatchOp");
        let error = Box::new(StatusError::bad_request(format!("error decoding patch: {why}")));
        Failure::Status { prefix: String::new(), error }
    };
    let list = operations.as_array().ok_or_else(no_list)?;
    let mut after = before.clone();
    for operation in list {
        let (op, path) = (json::text(operation, "op"), json::text(operation, "path"));
        let missing = || {
            let error = StatusError::new(
                api::status_error::StatusReason::Invalid,
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
            (known @ ("move" | "copy"), _) => {
                return Err(Failure::Message(format!("JSON patch operation {known} is not simulated")));
            }
            _ => return Err(missing()),
        }
    }
    Ok(create_merge_patch(before, &after))
}

//! `kubectl diff`: what an apply would change, as `diff -u -N` shows two folders.
//!
//! Kubernetes: kubectl/pkg/cmd/diff/diff.go.
// Not simulated: `kubectl diff --prune`, and another program named by KUBECTL_EXTERNAL_DIFF.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::apply::{self, LAST_APPLIED, modified_configuration};
use super::edit::{temp_number, without_managed_fields};
use super::errors::check_err;
use super::manifests::{self, Doc};
use super::mutate::patch_call;
use super::{Cmd, Command, FILENAME, RECURSIVE, SELECTOR};
use api::object::Object;
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use cli_runtime::line_diff::{changes, unified};
use cli_runtime::output;
use sim::Time;
use wire::{Call, CallError, FieldValidation, Patch, Reply};

pub(super) const COMMAND: Command = Command {
    name: "diff",
    aliases: &[],
    short: "Diff the live version against a would-be applied version",
    usage: "-f FILENAME",
    flags: &[
        FILENAME,
        RECURSIVE,
        SELECTOR,
        flag("kustomize", 'k', Takes::Text),
        flag("server-side", '\0', Takes::Bool),
        flag("force-conflicts", '\0', Takes::Bool),
        flag("field-manager", '\0', Takes::Text),
        flag("show-managed-fields", '\0', Takes::Bool),
        flag("show-secrets", '\0', Takes::Bool),
        flag("concurrency", '\0', Takes::Int),
        flag("prune", '\0', Takes::Bool),
        flag("prune-allowlist", '\0', Takes::Text),
    ],
    run: diff,
    subs: &[],
};

/// Lines around each change.
const CONTEXT: usize = 3;

/// As the program `diff`, kubectl exits with 1 where something differs, and with more where it failed.
fn diff(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    match differences(io, cmd) {
        Err(Stop::Failed(failure)) => {
            let text = check_err(&failure, &io.client());
            io.err(text);
            Ok(failure.exit_code() + 1)
        }
        Ok(text) => {
            let code = i32::from(!text.is_empty());
            io.out(text);
            Ok(code)
        }
        Err(Stop::Pending) => Err(Stop::Pending),
    }
}

fn differences(io: &mut Io, cmd: &Cmd) -> Result<String, Stop> {
    if !cmd.args().is_empty() {
        return Err(cmd.usage_error(&format!("Unexpected args: [{}]", cmd.args().join(" "))).into());
    }
    let server_side = cmd.parsed.flag("server-side");
    if cmd.parsed.flag("force-conflicts") && !server_side {
        return Err("--force-conflicts only works with --server-side".into());
    }
    if cmd.parsed.flag("prune") {
        return Err("--prune is not simulated: see what is there with kubectl get".into());
    }
    let read = manifests::read(io, cmd, FieldValidation::Ignore)?;
    if let Some(failure) = read.failures.first() {
        return Err(failure.clone().into());
    }
    let selector = apply::selector(cmd)?;
    let mut pairs = Vec::new();
    for doc in &read.docs {
        if selector.as_ref().is_none_or(|selector| selector.matches_json(&doc.value["metadata"]["labels"])) {
            pairs.push(io.once(|io| pair(io, cmd, doc))?);
        }
    }
    pairs.sort_by(|a, b| a.name.cmp(&b.name));
    let folders = ["LIVE", "MERGED"].map(|name| (name, u64::from(name == "MERGED")));
    let folders = folders.map(|(name, which)| format!("/tmp/{name}-{}", temp_number(io, which)));
    let now = io.now();
    Ok(pairs.iter().map(|pair| pair.shown(&folders, now)).collect())
}

/// An object as it is and as it would be, as text; empty where it is not there.
#[derive(Clone)]
struct Pair {
    /// The name of its file.
    name: String,
    texts: [String; 2],
}

fn pair(io: &mut Io, cmd: &Cmd, doc: &Doc) -> Result<Pair, Stop> {
    let live = match io.ask(Call::Get { kind: doc.kind, key: doc.key() })? {
        Ok(Reply::Object(object)) => Some(object),
        Ok(_) => None,
        Err(CallError::Status(status)) if status.is_not_found() => None,
        Err(error) => return Err(Failure::of(&error, "").into()),
    };
    let merged = merged(io, doc, live.as_ref())?;
    let now = io.now();
    let shown = |object: &Object| match cmd.parsed.flag("show-managed-fields") {
        true => object.to_value(now),
        false => without_managed_fields(object.to_value(now)),
    };
    let (mut from, mut to) = (live.as_ref().map(&shown), shown(&merged));
    let info = doc.kind.info();
    if info.kind == "Secret" && !cmd.parsed.flag("show-secrets") {
        mask(from.as_mut(), &mut to);
    }
    if let Some(live) = &live {
        apply::warn_if_terminating(io, live);
    }
    let group = if info.group.is_empty() { String::new() } else { format!("{}.", info.group) };
    Ok(Pair {
        name: format!("{group}{}.{}.{}.{}", info.version, info.kind, doc.namespace, doc.name),
        texts: [from.as_ref().map(output::yaml).unwrap_or_default(), output::yaml(&to)],
    })
}

/// The object as an apply or a create would leave it.
fn merged(io: &mut Io, doc: &Doc, live: Option<&Object>) -> Result<Object, Stop> {
    let Some(live) = live else {
        let (kind, namespace, body) = (doc.kind, doc.namespace.clone(), doc.value.clone());
        let call = Call::Post { kind, namespace, body, validation: FieldValidation::Warn };
        let reply = io.must(Call::DryRun(Box::new(call)))?;
        return reply.object().cloned().ok_or_else(|| "the server returned no object".into());
    };
    // The annotation is left as it is.
    let mut modified = modified_configuration(&doc.value);
    if let Some(annotations) = modified["metadata"]["annotations"].as_object_mut() {
        annotations.remove(LAST_APPLIED);
    }
    let value = live.to_value(io.now());
    let original = live.meta().and_then(|meta| meta.annotation(LAST_APPLIED));
    let patch = apply::three_way(io, doc, original, &modified, &value)?;
    if patch.as_object().is_some_and(Map::is_empty) {
        return Ok(live.clone());
    }
    let reply = io.must(Call::DryRun(Box::new(patch_call(live, Patch::Strategic(Rc::new(patch))))))?;
    Ok(reply.object().cloned().unwrap_or_else(|| live.clone()))
}

/// Hides the values of a Secret; two that differ are told apart.
fn mask(from: Option<&mut Value>, to: &mut Value) {
    let mut none = Map::new();
    let from = from.and_then(|value| value.get_mut("data")?.as_object_mut()).unwrap_or(&mut none);
    let mut nothing = Map::new();
    let to = to.get_mut("data").and_then(Value::as_object_mut).unwrap_or(&mut nothing);
    for (key, before) in from.iter_mut() {
        match to.get_mut(key) {
            Some(after) if *after != *before => {
                (*before, *after) = (json!("*** (before)"), json!("*** (after)"));
            }
            Some(after) => (*before, *after) = (json!("***"), json!("***")),
            None => *before = json!("***"),
        }
    }
    for (key, after) in to.iter_mut() {
        if !from.contains_key(key) {
            *after = json!("***");
        }
    }
}

impl Pair {
    fn shown(&self, folders: &[String; 2], now: Time) -> String {
        let [from, to] = &self.texts;
        if from == to {
            return String::new();
        }
        let paths = folders.each_ref().map(|folder| format!("{folder}/{}", self.name));
        let time = now.stamp().to_string().replace('T', " ").replace('Z', ".000000000 +0000");
        let labels = paths.each_ref().map(|path| format!("{path}\t{time}"));
        let lines = [from, to].map(|text| text.split_inclusive('\n').collect::<Vec<_>>());
        let keys =
            lines.each_ref().map(|lines| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>());
        let [from_path, to_path] = &paths;
        let head = format!("diff -u -N {from_path} {to_path}\n");
        match changes(&keys[0], &keys[1]) {
            Some(changes) => head + &unified(&labels, &lines[0], &lines[1], &changes, CONTEXT),
            None => format!("Files {from_path} and {to_path} differ\n"),
        }
    }
}

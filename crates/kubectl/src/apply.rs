//! `kubectl apply`.
//!
//! Kubernetes: kubectl/pkg/cmd/apply/apply.go, patcher.go.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::absent::absent;
use super::errors::add_source;
use super::manifests::{self, Doc};
use super::resources::continue_on_error;
use super::{
    ALL, BARE_DRY_RUN, Cmd, Command, DRY_RUN, FILENAME, OUTPUT, OWN_OUTPUT, RECURSIVE, SELECTOR, VALIDATE,
    resources,
};
use api::field::go_quote;
use api::label::Selector;
use api::object::Object;
use api::strategic_patch;
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Failure, Io, Stop, dial_error};
use cli_runtime::output::{self, Format};
use codec::manifest::{name_problem, namespace_problem};
use wire::{Call, CallError, DeleteOptions, FieldValidation, Patch, Reply};

pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

pub(super) const COMMAND: Command = Command {
    name: "apply",
    aliases: &[],
    short: "Apply a configuration to a resource by file name or stdin",
    usage: "(-f FILENAME | -k DIRECTORY)",
    flags: &[
        FILENAME,
        RECURSIVE,
        OUTPUT,
        SELECTOR,
        DRY_RUN,
        ALL,
        VALIDATE,
        flag("kustomize", 'k', Takes::Text),
        flag("force", '\0', Takes::Bool),
        flag("overwrite", '\0', Takes::Bool),
        flag("prune", '\0', Takes::Bool),
        flag("server-side", '\0', Takes::Bool),
        flag("force-conflicts", '\0', Takes::Bool),
        flag("field-manager", '\0', Takes::Text),
        flag("grace-period", '\0', Takes::Int),
        flag("timeout", '\0', Takes::Span),
        flag("wait", '\0', Takes::Bool),
        flag("cascade", '\0', Takes::Optional("background")),
        flag("record", '\0', Takes::Bool),
    ],
    run: apply,
    subs: &[
        absent(
            "edit-last-applied",
            "Edit latest last-applied-configuration annotations of a resource/object",
        ),
        absent(
            "set-last-applied",
            "Set the last-applied-configuration annotation on a live object to match the contents of a file",
        ),
        Command {
            name: "view-last-applied",
            aliases: &[],
            short: "View the latest last-applied-configuration annotations of a resource/object",
            usage: "(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME)",
            flags: &[FILENAME, RECURSIVE, OWN_OUTPUT, SELECTOR, ALL],
            run: view_last_applied,
            subs: &[],
        },
    ],
};

/// Kubernetes: kubectl/pkg/cmd/apply/apply_view_last_applied.go.
fn view_last_applied(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    if cmd.args().is_empty() && !cmd.parsed.given("filename") {
        return Err(resources::missing_resource_error().into());
    }
    let targets = cmd.targets(io, cmd.args(), false)?;
    let (infos, failures) = resources::visit(io, &targets, &cmd.scope())?;
    if let Some(failure) = Failure::aggregate(failures) {
        return Err(failure.into());
    }
    let mut found = Vec::new();
    for info in &infos {
        let text = info.object.meta().and_then(|meta| meta.annotation(LAST_APPLIED));
        // Upstream means to refuse an object without the annotation, and passes over it.
        found.extend(text.and_then(|text| serde_json::from_str::<Value>(text).ok()));
    }
    for value in found {
        io.out(match cmd.parsed.text("output").unwrap_or("yaml") {
            "json" => output::json_by_two(&value) + "\n",
            "yaml" => output::yaml(&value),
            other => {
                let text =
                    format!("Unexpected -o output mode: {other}, the flag 'output' must be one of yaml|json");
                return Err(cmd.usage_error(&text).into());
            }
        });
    }
    Ok(0)
}

/// The object as JSON for the annotation: without the annotation itself, with the namespace it goes to.
///
/// Kubernetes: kubectl/pkg/util/apply.go, getModifiedConfiguration.
pub(super) fn modified_configuration(value: &Value) -> Value {
    let mut plain = value.clone();
    let meta = &mut plain["metadata"];
    if !meta.is_object() {
        *meta = Value::Object(Map::new());
    }
    let annotations = &mut meta["annotations"];
    if !annotations.is_object() {
        *annotations = json!({});
    }
    if let Some(map) = annotations.as_object_mut() {
        map.remove(LAST_APPLIED);
    }
    let text = output::compact_json(&plain) + "\n";
    plain["metadata"]["annotations"][LAST_APPLIED] = Value::String(text);
    plain
}

/// Flags that do not go together.
///
/// Kubernetes: kubectl/pkg/cmd/apply/apply.go, Validate.
fn check_flags(cmd: &Cmd) -> Result<(), Failure> {
    let flags = &cmd.parsed;
    let (server_side, client) = (flags.flag("server-side"), flags.text("dry-run") == Some("client"));
    Err(Failure::message(if flags.flag("force-conflicts") && !server_side {
        "--force-conflicts only works with --server-side"
    } else if client && server_side {
        "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)"
    } else if flags.flag("force") && server_side {
        "--force cannot be used with --server-side"
    } else if flags.flag("prune") && flags.flag("all") && flags.given("selector") {
        "cannot set --all and --selector at the same time"
    } else if flags.flag("prune") && !flags.flag("all") && !flags.given("selector") {
        "all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector"
    } else if flags.flag("prune") {
        "--prune is not simulated: delete with kubectl delete what the files no longer hold"
    } else {
        return Ok(());
    }))
}

/// What is done to every object of the files.
struct Applier<'c> {
    cmd: &'c Cmd,
    validation: FieldValidation,
    format: Option<Format>,
    dry_run: Option<&'static str>,
    server_side: bool,
}

fn apply(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    if let Some(word) = cmd.args().first() {
        return Err(cmd.usage_error(&format!("Unexpected args: [{word}]")).into());
    }
    check_flags(cmd)?;
    let validation = manifests::validation(cmd)?;
    let format = cmd.format(io)?;
    let read = manifests::read(io, cmd, validation)?;
    let failures = read.failures.clone();
    let selector = selector(cmd)?;
    let wanted =
        |doc: &&Doc| selector.as_ref().is_none_or(|s| s.matches_json(&doc.value["metadata"]["labels"]));
    let docs: Vec<&Doc> = read.docs.iter().filter(wanted).collect();
    if docs.is_empty() && failures.is_empty() {
        return Err("no objects passed to apply".into());
    }
    let applier = Applier {
        cmd,
        validation,
        format,
        dry_run: dry_run(cmd)?,
        server_side: cmd.parsed.flag("server-side"),
    };
    continue_on_error(io, docs, failures, |io, doc| applier.one(io, doc))
}

pub(super) fn selector(cmd: &Cmd) -> Result<Option<Selector>, Failure> {
    match cmd.parsed.text("selector").filter(|text| !text.is_empty()) {
        Some(text) => Ok(Some(Selector::parse(text)?)),
        None => Ok(None),
    }
}

pub(super) const DRY_RUN_CLIENT: &str = " (dry run)";
pub(super) const DRY_RUN_SERVER: &str = " (server dry run)";

/// The call, to be carried out or only tried.
pub(super) fn on_server(call: Call, dry_run: Option<&str>) -> Call {
    if dry_run == Some(DRY_RUN_SERVER) { Call::DryRun(Box::new(call)) } else { call }
}

/// ` (dry run)`, if nothing is to be changed.
pub(super) fn dry_run(cmd: &Cmd) -> Result<Option<&'static str>, Failure> {
    match cmd.parsed.text("dry-run") {
        None | Some("none") => Ok(None),
        // Without a value it means the client, and a warning has said so.
        Some("client" | BARE_DRY_RUN) => Ok(Some(DRY_RUN_CLIENT)),
        Some("server") => Ok(Some(DRY_RUN_SERVER)),
        Some(other) => Err(Failure::Message(format!(
            "Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."
        ))),
    }
}

/// The validation asks the API server first for its schema, and fails on that (CLI-050).
pub(super) fn unreachable_validation(io: &Io, doc: &Doc, error: &CallError) -> Failure {
    let client = io.client();
    let (server, why) = (&client.server, dial_error(error, &client));
    Failure::Message(format!(
        "error validating {}: error validating data: failed to download openapi: Get \"https://{server}/openapi/v2?timeout=32s\": {why}; if you choose to ignore these errors, turn validation off with --validate=false",
        go_quote(&doc.source)
    ))
}

impl Applier<'_> {
    fn one(&self, io: &mut Io, doc: &Doc) -> Result<(), Stop> {
        let generate = doc.value["metadata"]["generateName"].as_str().unwrap_or_default();
        if doc.name.is_empty() && !generate.is_empty() {
            return Err(format!("from {generate}: cannot use generate name with apply").into());
        }
        let retrieving =
            format!("retrieving current configuration of:\n{}\nfrom server for:", doc.describe());
        let problem = namespace_problem(&doc.namespace).or_else(|| name_problem(&doc.name));
        if let Some(problem) = problem {
            return Err(add_source(&retrieving, &doc.source, Failure::Message(problem)).into());
        }
        let modified = modified_configuration(&doc.value);
        match io.ask(Call::Get { kind: doc.kind, key: doc.key() })? {
            Ok(Reply::Object(current)) => self.update(io, doc, &modified, current),
            Ok(_) => Err("the server returned no object".into()),
            Err(CallError::Status(status)) if status.is_not_found() => self.create(io, doc, modified),
            Err(error @ CallError::Status(_)) => {
                Err(add_source(&retrieving, &doc.source, Failure::of(&error, "")).into())
            }
            Err(error) if self.validation == FieldValidation::Ignore => Err(Failure::of(&error, "").into()),
            Err(error) => Err(unreachable_validation(io, doc, &error).into()),
        }
    }

    fn create(&self, io: &mut Io, doc: &Doc, mut modified: Value) -> Result<(), Stop> {
        prune_nulls(&mut modified);
        if self.dry_run == Some(DRY_RUN_CLIENT) {
            let doc = Doc { value: Rc::new(modified), ..doc.clone() };
            return self.print(io, &doc, "created", None);
        }
        let call = Call::Post {
            kind: doc.kind,
            namespace: doc.namespace.clone(),
            body: Rc::new(modified),
            validation: self.validation,
        };
        match io.must(on_server(call, self.dry_run)) {
            Ok(reply) => self.print(io, doc, "created", reply.object()),
            Err(Stop::Failed(failure)) => Err(add_source("creating", &doc.source, failure).into()),
            Err(Stop::Pending) => Err(Stop::Pending),
        }
    }

    fn update(&self, io: &mut Io, doc: &Doc, modified: &Value, current: Object) -> Result<(), Stop> {
        let meta = current.meta().cloned().unwrap_or_default();
        let original_text = meta.annotation(LAST_APPLIED);
        if parsed(original_text).is_none() && !self.server_side {
            io.err(format!(
                "Warning: resource {}/{} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n",
                doc.kind.info().plural, doc.name
            ));
        }
        let value = current.to_value(io.now());
        let patch = three_way(io, doc, original_text, modified, &value)
            .map_err(|failure| not_applied(doc, "", failure))?;
        let (verb, object) = if patch.as_object().is_some_and(Map::is_empty) {
            ("unchanged", current)
        } else if self.dry_run == Some(DRY_RUN_CLIENT) {
            ("configured", self.merged_locally(doc, value, patch, &current)?)
        } else {
            let text = output::compact_json(&patch);
            let call = Call::Patch {
                kind: doc.kind,
                key: doc.key(),
                uid: None,
                patch: Patch::Strategic(Rc::new(patch)),
                validation: self.validation,
            };
            match io.must(on_server(call, self.dry_run)) {
                Ok(reply) => ("configured", reply.object().cloned().unwrap_or(current)),
                Err(Stop::Failed(failure)) if self.cmd.parsed.flag("force") && is_replaceable(&failure) => {
                    return self.replace(io, doc, modified);
                }
                Err(Stop::Failed(failure)) => return Err(not_applied(doc, &text, failure).into()),
                Err(Stop::Pending) => return Err(Stop::Pending),
            }
        };
        warn_if_terminating(io, &object);
        self.print(io, doc, verb, Some(&object))
    }

    fn merged_locally(
        &self,
        doc: &Doc,
        mut value: Value,
        mut patch: Value,
        current: &Object,
    ) -> Result<Object, Failure> {
        let text = output::compact_json(&patch);
        strategic_patch::merge(doc.kind.info(), &mut value, &mut patch).map_err(|why| {
            let why = Failure::Message(format!("applying patch locally: {why}"));
            let verb = format!("applying patch:\n{text}\nto:\n{}\nfor:", doc.describe());
            add_source(&verb, &doc.source, why)
        })?;
        let merged = Object::from_value(doc.kind, &value);
        Ok(if merged.key() == current.key() { merged } else { current.clone() })
    }

    /// `--force`: deletes the object and creates it again.
    fn replace(&self, io: &mut Io, doc: &Doc, modified: &Value) -> Result<(), Stop> {
        let options = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
        io.must(Call::Delete { kind: doc.kind, key: doc.key(), options })?;
        super::delete::wait_gone(io, doc.kind, &doc.key(), None, None)?;
        let call = Call::Post {
            kind: doc.kind,
            namespace: doc.namespace.clone(),
            body: Rc::new(modified.clone()),
            validation: self.validation,
        };
        let reply = io.must(call)?;
        self.print(io, doc, "configured", reply.object())
    }

    fn print(&self, io: &mut Io, doc: &Doc, verb: &str, object: Option<&Object>) -> Result<(), Stop> {
        let verb = if self.server_side { "serverside-applied" } else { verb };
        Ok(print_result(io, doc, verb, self.dry_run, object, self.format.as_ref())?)
    }
}

/// As patches leave a null out, so does an apply that creates.
///
/// Kubernetes: kubectl/pkg/cmd/apply/apply.go, pruneNullsFromMap.
fn prune_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(prune_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(prune_nulls),
        _ => {}
    }
}

/// Kubernetes: kubectl/pkg/cmd/apply/apply.go, WarnIfDeleting.
pub(super) fn warn_if_terminating(io: &mut Io, object: &Object) {
    if let Some(meta) = object.meta().filter(|meta| meta.is_terminating()) {
        io.err(format!(
            "Warning: Detected changes to resource {} which is currently being deleted.\n",
            meta.name
        ));
    }
}

/// The object that the annotation holds.
fn parsed(original: Option<&str>) -> Option<Value> {
    original.and_then(|text| serde_json::from_str(text).ok())
}

/// What changes an object from what it is into what its file says, as far as it came from the file before.
///
/// Kubernetes: kubectl/pkg/cmd/apply/patcher.go, patchSimple.
pub(super) fn three_way(
    io: &mut Io,
    doc: &Doc,
    original: Option<&str>,
    modified: &Value,
    current: &Value,
) -> Result<Value, Failure> {
    strategic_patch::three_way(doc.kind.info(), parsed(original).as_ref(), modified, current).map_err(|why| {
        for spec in ["openapi v3 spec", "openapi spec"] {
            io.err(format!("warning: error calculating patch from {spec}: {why}\n"));
        }
        let [modified, current] = [modified, current].map(output::compact_json);
        Failure::Message(format!(
            "creating patch with:\noriginal:\n{}\nmodified:\n{modified}\n\ncurrent:\n{current}\n\nfor: {why}",
            original.unwrap_or_default()
        ))
    })
}

/// Kubernetes: kubectl/pkg/cmd/apply/patcher.go, Patch; apply.go, applyOneObject.
fn not_applied(doc: &Doc, patch: &str, failure: Failure) -> Failure {
    let verb = format!("applying patch:\n{patch}\nto:\n{}\nfor:", doc.describe());
    add_source(&verb, &doc.source, add_source("patching", &doc.source, failure))
}

/// Conflicts and validation failures are what deleting helps against.
fn is_replaceable(failure: &Failure) -> bool {
    use api::status_error::StatusReason;
    failure
        .status()
        .is_some_and(|status| matches!(status.reason, StatusReason::Conflict | StatusReason::Invalid))
}

/// `daemonset.apps/x created`, or the object in the form asked for.
pub(super) fn print_result(
    io: &mut Io,
    doc: &Doc,
    verb: &str,
    dry_run: Option<&str>,
    object: Option<&Object>,
    format: Option<&Format>,
) -> Result<(), Failure> {
    let name = object.map_or_else(|| doc.name.to_string(), |object| object.key().name.to_string());
    let plain = output::name(doc.kind, &name);
    match format {
        None => io.out(format!("{plain} {verb}{}\n", dry_run.unwrap_or_default())),
        Some(format) => {
            let value = object.map_or_else(|| (*doc.value).clone(), |object| object.to_value(io.now()));
            format.print_obj(io, &value, || format!("{plain}\n"))?;
        }
    }
    Ok(())
}

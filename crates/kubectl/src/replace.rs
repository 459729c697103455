//! `kubectl replace`.
//!
//! Kubernetes: kubectl/pkg/cmd/replace/replace.go.

use std::rc::Rc;

use serde_json::{Value, json};

use super::apply::{DRY_RUN_CLIENT, dry_run, modified_configuration, on_server, print_result};
use super::errors::add_source;
use super::manifests::{self, Doc};
use super::resources;
use super::resources::continue_on_error;
use super::{Cmd, Command, DRY_RUN, FILENAME, OUTPUT, RECURSIVE, VALIDATE};
use api::field::go_quote;
use api::json;
use api::object::Object;
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use cli_runtime::output::Format;
use wire::{Call, DeleteOptions, FieldValidation};

pub(super) const COMMAND: Command = Command {
    name: "replace",
    aliases: &[],
    short: "Replace a resource by file name or stdin",
    usage: "-f FILENAME",
    flags: &[
        FILENAME,
        RECURSIVE,
        OUTPUT,
        DRY_RUN,
        VALIDATE,
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
    let flags = &cmd.parsed;
    let force = flags.flag("force");
    for flag in ["grace-period", "timeout"] {
        if flags.given(flag) && !force {
            return Err(format!("--{flag} must have --force specified").into());
        }
    }
    if !flags.given("filename") {
        return Err("must specify one of -f and -k".into());
    }
    let replacer = Replacer {
        validation: manifests::validation(cmd)?,
        format: cmd.format(io)?,
        dry_run: dry_run(cmd)?,
        save_config: flags.flag("save-config"),
    };
    let read = manifests::read(io, cmd, replacer.validation)?;
    let failures = read.failures.clone();
    if read.docs.is_empty() && failures.is_empty() {
        return Err("no objects passed to replace".into());
    }
    continue_on_error(io, &read.docs, failures, |io, doc| match force {
        true => replacer.force(io, doc),
        false => replacer.put(io, doc),
    })
}

/// What is done to every object of the files.
struct Replacer {
    validation: FieldValidation,
    format: Option<Format>,
    dry_run: Option<&'static str>,
    save_config: bool,
}

impl Replacer {
    fn body(&self, doc: &Doc) -> Value {
        if self.save_config { modified_configuration(&doc.value) } else { (*doc.value).clone() }
    }

    fn print(&self, io: &mut Io, doc: &Doc, object: Option<&Object>) -> Result<(), Failure> {
        print_result(io, doc, "replaced", self.dry_run, object, self.format.as_ref())
    }

    fn put(&self, io: &mut Io, doc: &Doc) -> Result<(), Stop> {
        if self.dry_run == Some(DRY_RUN_CLIENT) {
            return Ok(self.print(io, doc, None)?);
        }
        let result = with_version(io, doc, self.body(doc)).and_then(|body| {
            let (body, validation) = (Rc::new(body), self.validation);
            let call = Call::Put { kind: doc.kind, key: doc.key(), body, validation };
            io.must(on_server(call, self.dry_run))
        });
        match result {
            Ok(reply) => Ok(self.print(io, doc, reply.object())?),
            Err(Stop::Failed(failure)) => Err(add_source("replacing", &doc.source, failure).into()),
            Err(Stop::Pending) => Err(Stop::Pending),
        }
    }

    /// Deletes what is there, waits until it is gone, and makes it again.
    fn force(&self, io: &mut Io, doc: &Doc) -> Result<(), Stop> {
        let options = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
        resources::check_name(&doc.name)?;
        match io.must(Call::Delete { kind: doc.kind, key: doc.key(), options }) {
            Ok(_) => {
                let from = match doc.kind.is_namespaced() {
                    true => format!(" from {} namespace", doc.namespace),
                    false => String::new(),
                };
                let (kind, name) = (doc.kind.info().qualified_singular(), go_quote(&doc.name));
                io.out(format!("{kind} {name} deleted{from}\n"));
                super::delete::wait_gone(io, doc.kind, &doc.key(), None, None)?;
            }
            Err(Stop::Failed(failure)) if failure.is_not_found() => {}
            Err(stop) => return Err(stop),
        }
        let (namespace, body) = (doc.namespace.clone(), Rc::new(self.body(doc)));
        let reply = io.must(Call::Post { kind: doc.kind, namespace, body, validation: self.validation })?;
        Ok(self.print(io, doc, reply.object())?)
    }
}

/// The object with the version that is there now, if the file names none.
///
/// Kubernetes: cli-runtime/pkg/resource/helper.go, Replace.
fn with_version(io: &mut Io, doc: &Doc, mut body: Value) -> Result<Value, Stop> {
    if json::text(&body["metadata"], "resourceVersion").is_empty() {
        let current = resources::get(io, doc.kind, &doc.namespace, &doc.name)?;
        let version = current.meta().map(|meta| meta.resource_version).unwrap_or_default();
        body["metadata"]["resourceVersion"] = json!(version.to_string());
    }
    Ok(body)
}

//! `kubectl edit`: objects as a text that a person changes, and the change as a patch.
//!
//! Kubernetes: kubectl/pkg/cmd/util/editor/editoptions.go, kubectl/pkg/cmd/util/helpers.go (StripComments,
//! ManualStrip).

use std::rc::Rc;

use serde_json::{Value, json};

use super::absent;
use super::errors::message;
use super::manifests::{self, Doc, Read};
use super::resources::Info;
use super::{Cmd, Command, FILENAME, OUTPUT, RECURSIVE, VALIDATE, print_obj};
use api::field::go_quote;
use api::json;
use api::status_error::StatusReason;
use api::strategic_patch;
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{EditText, Edited, Failure, Io, Stop};
use cli_runtime::output::{self, Format};
use codec::unstructured::object_kind;
use wire::{Call, FieldValidation, Patch};
use yaml::{Reader, read_documents};

pub(super) const COMMAND: Command = Command {
    name: "edit",
    aliases: &[],
    short: "Edit a resource on the server",
    usage: "(RESOURCE/NAME | -f FILENAME)",
    flags: &[
        OUTPUT,
        FILENAME,
        RECURSIVE,
        VALIDATE,
        flag("save-config", '\0', Takes::Bool),
        flag("output-patch", '\0', Takes::Bool),
        flag("subresource", '\0', Takes::Text),
        flag("field-manager", '\0', Takes::Text),
        flag("windows-line-endings", '\0', Takes::Bool),
    ],
    run: edit,
    subs: &[],
};

const HEADER: &str = "# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
";

/// Why the file has to be edited again.
struct Reason {
    head: String,
    other: Vec<String>,
}

/// An edit of some objects under way.
struct Session<'a> {
    cmd: &'a Cmd,
    infos: Vec<Info>,
    /// The objects as they were shown.
    originals: Vec<Value>,
    is_json: bool,
    validation: FieldValidation,
    format: Option<Format>,
}

/// What became of the objects of one text.
#[derive(Default)]
struct Results {
    reasons: Vec<Reason>,
    retryable: usize,
    not_found: usize,
}

fn edit(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    // Not simulated: `kubectl edit --subresource`, as subresources have no YAML of their own here.
    for name in ["subresource", "windows-line-endings", "save-config"] {
        if !matches!(cmd.parsed.text(name), None | Some("" | "false")) {
            return Err(format!("kubectl edit --{name} is not simulated").into());
        }
    }
    let infos = absent::resources_of(io, cmd, true)?;
    if infos.is_empty() {
        return Err("edit cancelled, no objects found".into());
    }
    let originals = infos.iter().map(|info| without_managed_fields(info.object.to_value(io.now()))).collect();
    let session = Session {
        is_json: cmd.parsed.text("output") == Some("json"),
        validation: manifests::validation(cmd)?,
        format: cmd.format(io)?,
        cmd,
        infos,
        originals,
    };
    session.run(io)
}

pub(super) fn without_managed_fields(mut value: Value) -> Value {
    if let Some(meta) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        meta.remove("managedFields");
    }
    value
}

impl Session<'_> {
    fn run(&self, io: &mut Io) -> Result<i32, Stop> {
        let (mut edited, mut reasons) = (Vec::new(), Vec::<Reason>::new());
        // The file of the edit before, if its text could not be taken.
        let mut kept: Option<String> = None;
        let original = self.shown(&self.header(&[]));
        for round in 0.. {
            let text = match kept {
                None => original.clone(),
                Some(_) => [self.header(&reasons).as_bytes(), &manual_strip(&edited)].concat(),
            };
            let file = temp_file(io, round, self.is_json);
            let before = std::mem::replace(&mut edited, self.ask(io, &file, text)?);
            if kept.is_some() && stripped(&before) == stripped(&edited) {
                return Err(preserved(io, &file, "Edit cancelled, no valid changes were saved."));
            }
            if let Some(problem) = self.malformed(&edited) {
                reasons = vec![self.say_malformed(io, &problem)];
                kept = Some(file);
                continue;
            }
            if stripped(&original) == stripped(&edited) {
                io.err("Edit cancelled, no changes made.\n");
                return Ok(0);
            }
            if !has_lines(&edited) {
                io.err("Edit cancelled, saved file was empty.\n");
                return Ok(0);
            }
            let mut read = Read::default();
            manifests::read_file(&edited, "edited-file", self.validation, &mut read);
            if let Some(failure) = Failure::aggregate(std::mem::take(&mut read.failures)) {
                let text = message(&failure, &io.client());
                let head = format!("The edited file had a syntax error: {text}");
                reasons = vec![Reason { head, other: Vec::new() }];
                kept = Some(file);
                continue;
            }
            let results = self.send(io, read.docs, &file)?;
            if results.retryable > 0 {
                io.err(format!("You can run `kubectl replace -f {file}` to try this update again.\n"));
                return Err(Failure::Exit(1).into());
            }
            if results.not_found > 0 {
                let file = go_quote(&file);
                io.err(format!("The edits you made on deleted resources have been saved to {file}\n"));
                return Err(Failure::Exit(1).into());
            }
            if results.reasons.is_empty() {
                return Ok(0);
            }
            reasons = results.reasons;
            kept = Some(file);
        }
        Ok(0)
    }

    fn header(&self, reasons: &[Reason]) -> String {
        // JSON has no comments.
        if self.is_json {
            return String::new();
        }
        let mut text = HEADER.to_owned();
        for Reason { head, other } in reasons {
            let colon = if other.is_empty() { "" } else { ":" };
            text += &format!("# {}{colon}\n", commented(head));
            for other in other {
                text += &format!("# * {}\n", commented(other));
            }
            text += "#\n";
        }
        text
    }

    /// The objects as a person gets to see them.
    fn shown(&self, header: &str) -> Vec<u8> {
        let value = match self.originals.as_slice() {
            [one] => one.clone(),
            several => json!({"apiVersion": "v1", "items": several, "kind": "List", "metadata": {}}),
        };
        let text = if self.is_json { output::json(&value) + "\n" } else { output::yaml(&value) };
        format!("{header}{text}").into_bytes()
    }

    fn ask(&self, io: &mut Io, file: &str, text: Vec<u8>) -> Result<Vec<u8>, Stop> {
        let text: Rc<[u8]> = text.into();
        match io.edit(EditText { path: file.to_owned(), text: text.clone() })? {
            Edited::Saved(bytes) => Ok(bytes.to_vec()),
            Edited::Left => Ok(text.to_vec()),
            Edited::NoEditor => Err("unable to launch the editor \"vi\"".into()),
            Edited::Failed(text) => Err(text.into()),
        }
    }

    /// Why the text is no manifest at all.
    ///
    /// Kubernetes: kubectl/pkg/validation/schema.go, ValidateBytes.
    fn malformed(&self, edited: &[u8]) -> Option<String> {
        let read = read_documents(&comments_stripped(edited), Reader::Kubectl);
        if let Some(error) = read.error {
            let text =
                error.message.strip_prefix("error converting YAML to JSON: ").unwrap_or(&error.message);
            return Some(text.to_owned());
        }
        if self.validation == FieldValidation::Ignore {
            return None;
        }
        let value = read.documents.first().map_or(Value::Null, |document| document.tree.to_value());
        let texts: Vec<String> = object_kind(&value).into_iter().map(|(_, text)| text).collect();
        match texts.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            several => Some(format!("[{}]", several.join(", "))),
        }
    }

    fn say_malformed(&self, io: &mut Io, problem: &str) -> Reason {
        let name = self.infos.first().map_or_else(String::new, resource_and_name);
        io.err(format!("error: {name} is invalid\n"));
        let invalid = format!("<nil>: Invalid value: \"The edited file failed validation\": {problem}");
        Reason { head: format!("{name} was not valid"), other: vec![invalid] }
    }

    /// Sends a patch for each object that was changed.
    fn send(&self, io: &mut Io, mut docs: Vec<Doc>, file: &str) -> Result<Results, Stop> {
        let namespace = self.cmd.namespace();
        for doc in &mut docs {
            manifests::place(doc, &namespace);
            if doc.kind.is_namespaced() && *doc.namespace != *namespace {
                let text = format!(
                    "the namespace from the provided object {} does not match the namespace {}. You must pass '--namespace={}' to perform this operation.",
                    go_quote(&doc.namespace),
                    go_quote(&namespace),
                    doc.namespace
                );
                return Err(preserved(io, file, &text));
            }
        }
        let mut results = Results::default();
        for doc in &docs {
            if let Err(text) = self.patch(io, doc, &mut results)? {
                return Err(preserved(io, file, &text));
            }
        }
        Ok(results)
    }

    /// `Err` is what ends the command.
    fn patch(&self, io: &mut Io, doc: &Doc, results: &mut Results) -> Result<Result<(), String>, Stop> {
        let uid = |value: &Value| json::text(&value["metadata"], "uid").to_owned();
        let mut pairs = self.infos.iter().zip(&self.originals);
        let Some((info, original)) = pairs.find(|(_, original)| uid(original) == uid(&doc.value)) else {
            // Differs: upstream shows the object in Go's own notation.
            return Ok(Err(format!("no original object found for {}", output::compact_json(&doc.value))));
        };
        if *original == *doc.value {
            print_obj(io, self.format.as_ref(), &info.object, "skipped", None)?;
            return Ok(Ok(()));
        }
        let same = |key: &str| original[key] == doc.value[key];
        if !same("apiVersion")
            || !same("kind")
            || original["metadata"]["name"] != doc.value["metadata"]["name"]
        {
            return Ok(Err("At least one of apiVersion, kind and name was changed".to_owned()));
        }
        let patch = match strategic_patch::two_way(info.kind.info(), original, &doc.value) {
            Ok(patch) => patch,
            Err(why) => return Ok(Err(why.to_string())),
        };
        if self.cmd.parsed.flag("output-patch") {
            io.out(format!("Patch: {}\n", output::compact_json(&patch)));
        }
        let call = Call::Patch {
            kind: info.kind,
            key: info.object.key(),
            uid: None,
            patch: Patch::Strategic(Rc::new(patch)),
            validation: self.validation,
        };
        match io.must(call) {
            Ok(reply) => {
                let object = reply.object().cloned().unwrap_or_else(|| info.object.clone());
                print_obj(io, self.format.as_ref(), &object, "edited", None)?;
            }
            Err(Stop::Failed(failure)) => {
                let text = results.add(info, &failure, io);
                io.err(text);
            }
            Err(stop) => return Err(stop),
        }
        Ok(Ok(()))
    }
}

impl Results {
    /// Takes a failure in; what is said of it.
    ///
    /// Kubernetes: editoptions.go, editResults.addError.
    fn add(&mut self, info: &Info, failure: &Failure, io: &Io) -> String {
        let name = resource_and_name(info);
        match failure.status() {
            Some(status) if status.reason == StatusReason::Invalid => {
                let causes = status.causes.iter();
                let other = causes.map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
                self.reasons.push(Reason { head: format!("{name} was not valid"), other });
                format!("error: {name} is invalid\n")
            }
            Some(status) if status.is_not_found() => {
                self.not_found += 1;
                format!("error: {name} could not be found on the server\n")
            }
            _ => {
                self.retryable += 1;
                format!("error: {name} could not be patched: {}\n", message(failure, &io.client()))
            }
        }
    }
}

/// `daemonsets.apps "agent"`
fn resource_and_name(info: &Info) -> String {
    format!("{} {}", info.kind.resource(), go_quote(&info.object.key().name))
}

/// The error, once it is said where the changes lie.
fn preserved(io: &mut Io, file: &str, text: &str) -> Stop {
    io.err(format!("A copy of your changes has been stored to {}\n", go_quote(file)));
    Failure::message(text).into()
}

/// As Go's os.CreateTemp calls it.
fn temp_file(io: &Io, round: u64, is_json: bool) -> String {
    let end = if is_json { "json" } else { "yaml" };
    format!("/tmp/kubectl-edit-{}.{end}", temp_number(io, round))
}

/// The number in a temporary file's name; it follows from the time, and which of a moment's files it is.
pub(super) fn temp_number(io: &Io, which: u64) -> u64 {
    (io.now().since(sim::Time::START).as_micros() + which).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
}

/// A line break within a comment begins a comment again.
fn commented(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        out.push(letter);
        if letter == '\n' && letters.peek().is_some_and(|next| *next != '#') {
            out.push_str("# ");
        }
    }
    out
}

fn manual_strip(text: &[u8]) -> Vec<u8> {
    let is_comment = |line: &&[u8]| {
        let line = line.trim_ascii();
        line.starts_with(b"#") && !line.starts_with(b"#!")
    };
    text.split_inclusive(|byte| *byte == b'\n').filter(|line| !is_comment(line)).collect::<Vec<_>>().concat()
}

/// The text without its comments; as it is where it can be read.
fn comments_stripped(text: &[u8]) -> Vec<u8> {
    match read_documents(text, Reader::Kubectl).error {
        None => text.to_vec(),
        Some(_) => manual_strip(text),
    }
}

/// What two texts are compared by: their values, else their bytes.
fn stripped(text: &[u8]) -> Result<Value, Vec<u8>> {
    let read = read_documents(text, Reader::Kubectl);
    match read.error {
        None => Ok(read.documents.iter().map(|document| document.tree.to_value()).collect()),
        Some(_) => Err(manual_strip(text)),
    }
}

fn has_lines(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .any(|line| !line.is_empty() && !line.starts_with(b"#"))
}

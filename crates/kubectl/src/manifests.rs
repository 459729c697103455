//! Files given with `-f`: their objects, in order, and what is wrong with them.
//!
//! Kubernetes: cli-runtime/pkg/resource/visitor.go (StreamVisitor, ValidateSchema), mapper.go;
//! kubectl/pkg/validation/schema.go.

use std::rc::Rc;

use serde_json::Value;

use super::resources::Target;
use super::{Cmd, mapper, name};
use api::field::go_quote;
use api::meta::Name;
use api::object::{Key, Kind};
use cli_runtime::job::{Failure, FileDiagnostic, Io, Stop};
use codec::manifest;
use codec::unstructured::object_kind;
use wire::FieldValidation;
use yaml::{Reader, read_documents};

/// One object of a file.
#[derive(Clone, Debug)]
pub(super) struct Doc {
    /// The file's name as it was given; what messages call it.
    pub(crate) source: Rc<str>,
    pub(crate) kind: Kind,
    pub(crate) namespace: Name,
    pub(crate) name: Name,
    pub(crate) value: Rc<Value>,
}

impl Doc {
    pub(crate) fn key(&self) -> Key {
        Key { namespace: self.namespace.clone(), name: self.name.clone() }
    }

    /// As messages identify it.
    ///
    /// Kubernetes: cli-runtime/pkg/resource/visitor.go, Info.String.
    pub(crate) fn describe(&self) -> String {
        let info = self.kind.info();
        let group_version =
            if info.group.is_empty() { format!("/{}", info.version) } else { info.api_version.to_owned() };
        format!(
            "Resource: \"{group_version}, Resource={}\", GroupVersionKind: \"{group_version}, Kind={}\"\nName: {}, Namespace: {}",
            info.plural,
            info.kind,
            go_quote(&self.name),
            go_quote(&self.namespace)
        )
    }
}

/// What was read, and the failures on the way; a failure does not keep the other objects back.
#[derive(Clone, Debug, Default)]
pub(super) struct Read {
    pub(crate) docs: Vec<Doc>,
    pub(crate) failures: Vec<Failure>,
}

/// `--validate`.
pub(super) fn validation(cmd: &Cmd) -> Result<FieldValidation, Failure> {
    match cmd.parsed.text("validate") {
        None | Some("true" | "strict") => Ok(FieldValidation::Strict),
        Some("warn") => Ok(FieldValidation::Warn),
        Some("false" | "ignore") => Ok(FieldValidation::Ignore),
        Some(other) => Err(Failure::Message(format!(
            "invalid - validate option {}; must be one of: strict (or true), warn, ignore (or false)",
            go_quote(other)
        ))),
    }
}

/// A path that is not there is told before anything else that is wrong with a line.
///
/// Kubernetes: cli-runtime/pkg/resource/builder.go, FilenameParam, Do.
pub(super) fn check_paths(io: &Io, cmd: &Cmd) -> Result<(), Failure> {
    expand(io, &cmd.parsed.list("filename"), cmd.parsed.flag("recursive")).map(drop)
}

/// The objects of all files named by `-f`. Done once for a command.
pub(super) fn read(io: &mut Io, cmd: &Cmd, validation: FieldValidation) -> Result<Rc<Read>, Stop> {
    let names = cmd.parsed.list("filename");
    if names.is_empty() {
        return Err("must specify one of -f and -k".into());
    }
    // Without an API server nobody knows which kinds belong to a namespace.
    let local = cmd.parsed.flag("local");
    let (namespace, enforce) = (cmd.namespace(), cmd.enforces_namespace() && !local);
    let recursive = cmd.parsed.flag("recursive");
    io.once(|io| {
        let mut found = Read::default();
        for file in expand(io, &names, recursive)? {
            let Some(bytes) = io.file(&file) else { continue };
            let source = if file == "-" { "STDIN" } else { file.as_str() };
            for diagnostic in manifest::check_apply(&bytes) {
                io.diagnose(FileDiagnostic { file: file.clone(), diagnostic });
            }
            read_file(&bytes, source, validation, &mut found);
        }
        for doc in found.docs.iter_mut().filter(|_| !local) {
            place(doc, &namespace);
        }
        let strange = |doc: &&Doc| enforce && doc.kind.is_namespaced() && *doc.namespace != *namespace;
        if let Some(doc) = found.docs.iter().find(strange) {
            found.failures.push(Failure::Message(format!(
                "the namespace from the provided object {} does not match the namespace {}. You must pass '--namespace={}' to perform this operation.",
                go_quote(&doc.namespace), go_quote(&namespace), doc.namespace
            )));
            found.docs.retain(|doc| !strange(&doc));
        }
        Ok(found)
    })
}

/// The object's own namespace, or the one of the command. Metadata that is no map stays as it is: the
/// object has no name then, and is refused for that.
///
/// Kubernetes: apimachinery/pkg/apis/meta/v1/unstructured, SetNestedField.
pub(super) fn place(doc: &mut Doc, namespace: &str) {
    if !doc.kind.is_namespaced() {
        doc.namespace = name("");
    } else if doc.namespace.is_empty() {
        doc.namespace = name(namespace);
        let mut value = (*doc.value).clone();
        if let Some(meta @ (Value::Null | Value::Object(_))) = value.get_mut("metadata") {
            meta["namespace"] = namespace.into();
            doc.value = Rc::new(value);
        }
    }
}

/// Directories stand for the manifests in them.
fn expand(io: &Io, names: &[String], recursive: bool) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for path in names {
        if path.starts_with("https://") || path.starts_with("http://") {
            return Err(Failure::Message(format!(
                "unable to read URL {}, the network is not simulated: paste its text into a file",
                go_quote(path)
            )));
        }
        if io.file(path).is_some() {
            found.push(path.clone());
            continue;
        }
        let is_manifest = |name: &String| [".json", ".yaml", ".yml"].iter().any(|end| name.ends_with(end));
        let before = found.len();
        found.extend(io.files_in(path, recursive).into_iter().filter(is_manifest));
        if found.len() == before && io.is_directory(path) {
            // Kubernetes: cli-runtime/pkg/resource/builder.go, Path.
            let extensions = "recognized file extensions are [.json .yaml .yml]";
            return Err(Failure::Message(format!("error reading [{path}]: {extensions}")));
        }
        if found.len() == before {
            return Err(Failure::Message(format!("the path {} does not exist", go_quote(path))));
        }
    }
    Ok(found)
}

/// The documents of one file; the first mistake of YAML or of its shape ends the reading.
pub(super) fn read_file(bytes: &[u8], source: &str, validation: FieldValidation, found: &mut Read) {
    let read = read_documents(bytes, Reader::Kubectl);
    for document in read.documents {
        let mut value = document.tree.to_value();
        if value.is_null() {
            continue;
        }
        codec::widen_integers(&mut value);
        if validation != FieldValidation::Ignore
            && let Some(problem) = shape(&value)
        {
            found.failures.push(Failure::Message(format!(
                "error validating {}: error validating data: {problem}; if you choose to ignore these errors, turn validation off with --validate=false",
                go_quote(source)
            )));
            return;
        }
        if let Err(failure) = mapper::infos_for_data(value, document.json, source, found) {
            found.failures.push(failure);
            return;
        }
    }
    if let Some(error) = read.error {
        found.failures.push(Failure::Message(format!("error parsing {source}: {}", error.message)));
    }
}

/// What `--validate` refuses before anything is sent: the API server does the rest.
///
/// Kubernetes: kubectl/pkg/validation/validation.go, ValidateBytes.
// Not simulated: the items of a v1 List are validated by kubectl's own schema, with other words.
fn shape(value: &Value) -> Option<String> {
    let mut problems = object_kind(value);
    if problems.is_empty() && value["kind"] == "List" && value["apiVersion"] == "v1" {
        problems = match value["items"].as_array() {
            None => object_kind(&Value::Null),
            Some(items) => items.iter().flat_map(object_kind).collect(),
        };
    }
    let texts: Vec<String> = problems.into_iter().map(|(_, text)| text).collect();
    match &*texts {
        [] => None,
        [text] => Some(text.clone()),
        texts => Some(format!("[{}]", texts.join(", "))),
    }
}

/// The objects of the files as targets to get or delete.
pub(super) fn targets(io: &mut Io, cmd: &Cmd) -> Result<Vec<Target>, Stop> {
    let read = read(io, cmd, FieldValidation::Ignore)?;
    if let Some(failure) = Failure::aggregate(read.failures.clone()) {
        return Err(failure.into());
    }
    let target = |doc: &Doc| Target {
        kind: doc.kind,
        name: Some(doc.name.to_string()),
        namespace: Some(doc.namespace.to_string()).filter(|namespace| !namespace.is_empty()),
    };
    Ok(read.docs.iter().map(target).collect())
}

//! One manifest of staticPodPath: text in, pod out, or the reason why not.
//!
//! Decoding is lenient: unknown fields are silently dropped (KL-011). Only the first document of a file
//! counts (KL-009).
//!
//! Kubernetes: pkg/kubelet/config/common.go, tryDecodeSinglePod, applyDefaults.

use std::rc::Rc;

use serde_json::{Value, json};

use api::field::{go_json, go_quote};
use api::meta::{Uid, fnv1a_128};
use api::pod::references::api_object_references;
use api::pod::{CONFIG_HASH, CONFIG_SEEN, CONFIG_SOURCE, Pod, PodSource};
use api::schema::{self, KindInfo};
use api::toleration::{TaintEffect, Toleration, add_or_update_toleration_in_pod_spec};
use codec::manifest::field_diagnostic;
use codec::{Decoded, decode, decode_all};
use sim::Time;
use validation::{self, defaults};
use yaml::{Diagnostic, Document, Part, Reader, Span, locate, read_documents};

/// The only group that the kubelet's scheme has, as an apiVersion.
///
/// Kubernetes: pkg/kubelet/config/common.go, imports.
const CORE: &str = "v1";

const SCHEME: &str = "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30";

/// Why a file gives no pod.
#[derive(Clone, Debug, PartialEq)]
pub struct ManifestError {
    /// What the kubelet logs, word for word.
    pub message: String,
    /// What is wrong, each with its place; further mistakes come after those in the message.
    pub diagnostics: Vec<Diagnostic>,
}

/// A file that gives a pod.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// The pod, ready to be run: named after the node, with its hash.
    pub pod: Rc<Pod>,
    /// What the kubelet silently accepts and a person would regret.
    pub warnings: Vec<Diagnostic>,
}

/// What the kubelet of a node would say of a file in its staticPodPath, with places.
pub fn check_static(node_name: &str, file: &str, bytes: &[u8]) -> Vec<Diagnostic> {
    match read_manifest(bytes, file, node_name, Time::START) {
        Ok(manifest) => manifest.warnings,
        Err(error) => error.diagnostics,
    }
}

/// Reads the manifest `file` on the node `node_name`.
pub fn read_manifest(
    bytes: &[u8],
    file: &str,
    node_name: &str,
    now: Time,
) -> Result<Manifest, ManifestError> {
    let read = read_documents(bytes, Reader::Kubelet);
    if let Some(error) = read.error {
        let message = match &*error.message {
            // This one comes from reading the file, before anything is parsed (KL-008).
            "the read limit is reached" => error.message.clone(),
            message => could_not_parse(file, message),
        };
        return Err(ManifestError { message, diagnostics: vec![error] });
    }
    let Some(document) = read.documents.first() else {
        return Err(unparsed(file, "Object 'Kind' is missing in 'null'", Span::default(), None));
    };
    let object = document.tree.to_value();
    let info = kind_of(file, document, &object)?;
    let decoded = decode(&object, info);
    if let Some(error) = &decoded.error {
        let message = could_not_parse(file, &error.message);
        let (mut decoded, mistakes) = decode_all(&object, info);
        decoded.error = None;
        let further = decoded.lenient_diagnostics(&document.tree);
        let diagnostics =
            mistakes.iter().map(|error| error.diagnostic(&document.tree)).chain(further).collect();
        return Err(ManifestError { message, diagnostics });
    }
    if info.kind != "Pod" {
        return Err(other_kind(file, document, info.kind, &object));
    }
    let mut warnings = document.warnings.clone();
    warnings.extend(decoded.lenient_diagnostics(&document.tree));
    let pod = finish(decoded, document, file, node_name, now)?;
    Ok(Manifest { pod: Rc::new(pod), warnings })
}

fn could_not_parse(file: &str, why: &str) -> String {
    format!("{file}: couldn't parse as pod({why}), please check config file")
}

fn unparsed(file: &str, why: &str, span: Span, path: Option<&str>) -> ManifestError {
    let message = could_not_parse(file, why);
    let mut diagnostic = Diagnostic::error(&message, span);
    diagnostic.path = path.map(str::to_owned);
    ManifestError { message, diagnostics: vec![diagnostic] }
}

/// What apiVersion and kind name, as the decoder looks them up.
///
/// Kubernetes: staging/src/k8s.io/apimachinery/pkg/runtime/serializer/json/{json,meta}.go.
fn kind_of(file: &str, document: &Document, object: &Value) -> Result<&'static KindInfo, ManifestError> {
    let whole = locate(&document.tree, "", Part::Value);
    let fail = |why: String, field: Option<&str>| {
        let span = field.map_or(whole, |field| locate(&document.tree, field, Part::Value));
        Err(unparsed(file, &why, span, field))
    };
    if object.is_null() {
        return fail("Object 'Kind' is missing in 'null'".to_owned(), None);
    }
    for (field, name) in [("apiVersion", "apiVersion"), ("kind", "kind")] {
        let given = &object[field];
        if object.is_object() && !given.is_string() && !given.is_null() {
            let sort = codec::json_kind(given);
            let why = format!(
                "couldn't get version/kind; json parse error: json: cannot unmarshal {sort} into Go struct field \
                 .{name} of type string"
            );
            return fail(why, Some(field));
        }
    }
    if !object.is_object() {
        let sort = codec::json_kind(object);
        let why = format!(
            "couldn't get version/kind; json parse error: json: cannot unmarshal {sort} into Go value of type \
             struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \
             \"json:\\\"kind,omitempty\\\"\" }}"
        );
        return fail(why, None);
    }
    let text = |key: &str| object[key].as_str().unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    if kind.is_empty() {
        return fail(format!("Object 'Kind' is missing in '{}'", go_json(object)), Some("kind"));
    }
    if version.is_empty() {
        return fail(format!("Object 'apiVersion' is missing in '{}'", go_json(object)), Some("apiVersion"));
    }
    let info = schema::kind(version, kind);
    match info.filter(|_| version == CORE) {
        Some(info) => Ok(info),
        None if is_core_list(version, kind) => Err(other_kind(file, document, kind, object)),
        None => {
            let why = format!(
                "no kind {} is registered for version {} in scheme {}",
                go_quote(kind),
                go_quote(version),
                go_quote(SCHEME)
            );
            let misplaced = info.is_none() && schema::kinds().iter().any(|info| info.kind == kind);
            let field = if misplaced { "apiVersion" } else { "kind" };
            let mut error = unparsed(file, &why, locate(&document.tree, field, Part::Value), Some(field));
            if info.is_some() {
                help_with_kind(&mut error, kind);
            }
            Err(error)
        }
    }
}

/// Lists are known to the decoder, but not to the schema, which has only what can be served.
fn is_core_list(version: &str, kind: &str) -> bool {
    let item = kind.strip_suffix("List");
    version == CORE && (kind == "List" || item.is_some_and(|item| schema::kind(version, item).is_some()))
}

/// A sound object of the core group that is no Pod (KL-010). The real message holds all of Go's struct; ours
/// its beginning.
fn other_kind(file: &str, document: &Document, kind: &str, object: &Value) -> ManifestError {
    let text = |key: &str| go_quote(object["metadata"][key].as_str().unwrap_or_default());
    let why = format!(
        "invalid pod: &core.{}{{TypeMeta:v1.TypeMeta{{Kind:\"\", APIVersion:\"\"}}, \
         ObjectMeta:v1.ObjectMeta{{Name:{}, GenerateName:{}, Namespace:{}, …}}, …}}",
        kind,
        text("name"),
        text("generateName"),
        text("namespace"),
    );
    let mut error = unparsed(file, &why, locate(&document.tree, "kind", Part::Value), Some("kind"));
    help_with_kind(&mut error, kind);
    error
}

/// Says where an object goes that a manifest directory does not take.
fn help_with_kind(error: &mut ManifestError, kind: &str) {
    let help = match kind {
        "DaemonSet" => "A DaemonSet goes to the API server with kubectl apply; staticPodPath takes Pods only",
        _ => "staticPodPath takes one Pod for each file",
    };
    if let Some(first) = error.diagnostics.first_mut() {
        first.help = Some(help.to_owned());
    }
}

/// Defaults, what the kubelet adds, validation, and what a static pod may not refer to.
fn finish(
    decoded: Decoded,
    document: &Document,
    file: &str,
    node_name: &str,
    now: Time,
) -> Result<Pod, ManifestError> {
    let mut object = decoded.value;
    defaults::pod::set_object_defaults_pod(&mut object);
    if object["metadata"]["name"].as_str().unwrap_or_default().is_empty() {
        let message = "invalid pod: name is needed for the pod".to_owned();
        let span = locate(&document.tree, "metadata.name", Part::Value);
        let diagnostics = vec![Diagnostic::error(&message, span).with_path("metadata.name")];
        return Err(ManifestError { message, diagnostics });
    }
    if object["spec"]["terminationGracePeriodSeconds"].as_i64().is_some_and(|seconds| seconds < 0) {
        object["spec"]["terminationGracePeriodSeconds"] = json!(1);
    }
    apply_defaults(&mut object, file, node_name);
    // The kubelet names the first reference; all of them have to go.
    let references = api_object_references(&object).into_iter().map(|(what, path)| {
        let message = format!("static pods may not reference {what}");
        Diagnostic::error(message, locate(&document.tree, &path, Part::Value)).with_path(path)
    });
    let references: Vec<Diagnostic> = references.collect();
    // The node's name is not the file's: whether it is a good one is for the API server to say.
    object["spec"]["nodeName"] = json!(node_name.to_lowercase());
    let errors = validation::validate(&object);
    object["spec"]["nodeName"] = json!(node_name);
    if !errors.is_empty() {
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let place = |error| field_diagnostic(&document.tree, error);
        let diagnostics = errors.iter().map(place).chain(references).collect();
        return Err(ManifestError { message: format!("invalid pod: [{}]", texts.join(" ")), diagnostics });
    }
    if let Some(first) = references.first() {
        return Err(ManifestError { message: first.message.clone(), diagnostics: references });
    }
    object["metadata"]["annotations"][CONFIG_SOURCE] = json!(PodSource::File.name());
    object["metadata"]["annotations"][CONFIG_SEEN] = json!(now.rfc3339_nano());
    let mut pod = Pod::from_value(&object);
    pod.status.qos_class = pod.spec.qos_class;
    Ok(pod)
}

/// Uid, name, namespace, node and the toleration of a static pod (KL-016…020).
///
/// Kubernetes: pkg/kubelet/config/common.go, applyDefaults.
fn apply_defaults(object: &mut Value, file: &str, node_name: &str) {
    if object["metadata"]["uid"].as_str().unwrap_or_default().is_empty() {
        let mut bytes = object.to_string().into_bytes();
        bytes.extend(format!("host:{node_name}file:{file}").into_bytes());
        object["metadata"]["uid"] = json!(Uid::from_bits(fnv1a_128(&bytes)).hex());
    }
    let meta = &mut object["metadata"];
    let uid = meta["uid"].clone();
    meta["name"] = json!(generate_pod_name(meta["name"].as_str().unwrap_or_default(), node_name));
    if meta["namespace"].as_str().unwrap_or_default().is_empty() {
        meta["namespace"] = json!("default");
    }
    if !meta["annotations"].is_object() {
        meta["annotations"] = json!({});
    }
    meta["annotations"][CONFIG_HASH] = uid;
    object["spec"]["nodeName"] = json!(node_name);
    let toleration = Toleration::exists("", TaintEffect::NoExecute);
    add_or_update_toleration_in_pod_spec(&mut object["spec"], &toleration);
    object["status"] = json!({"phase": "Pending"});
}

/// Kubernetes: pkg/kubelet/config/common.go, generatePodName.
pub fn generate_pod_name(name: &str, node_name: &str) -> String {
    format!("{name}-{}", node_name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_in_a_map_is_marked_at_its_entry() {
        let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels:\n    good: x\n    LABEL\nspec:\n  containers:\n  - {name: c, image: x}\n";
        for label in ["bad: -a", "bad: 1", "b d: x"] {
            let found = check_static("node", "a.yaml", pod.replace("LABEL", label).as_bytes());
            let places: Vec<_> = found.iter().map(|d| (d.span.start.line, d.path.as_deref())).collect();
            assert_eq!(places, [(7, Some("metadata.labels"))], "{label}: {found:?}");
        }
    }
}

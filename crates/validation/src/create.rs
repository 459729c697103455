//! What every new object goes through before it is validated, here and in the editor's check alike.
//!
//! Kubernetes: apiserver/pkg/registry/rest/create.go, BeforeCreate; PrepareForCreate of the strategies in
//! pkg/registry.

use serde_json::{Map, Value, json};

use super::{defaults, prepare};
use api::daemonset::TEMPLATE_GENERATION;
use api::json;
use api::object::Kind;

/// The namespace of an object is not the one that the request's path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherNamespace;

impl std::fmt::Display for OtherNamespace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the namespace of the provided object does not match the namespace sent on the request")
    }
}

impl std::error::Error for OtherNamespace {}

/// Metadata that only the API server sets.
const SYSTEM_METADATA: [&str; 7] = [
    "uid",
    "creationTimestamp",
    "resourceVersion",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
    "managedFields",
];

/// Kinds that count the versions of their spec, besides Pods and DaemonSets.
const COUNTED: [&str; 14] = [
    "CronJob",
    "CustomResourceDefinition",
    "Deployment",
    "EndpointSlice",
    "Ingress",
    "IngressClass",
    "Job",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "PodTemplate",
    "PriorityClass",
    "ReplicaSet",
    "ReplicationController",
    "StatefulSet",
];

/// Whether objects of a kind count the versions of their spec (API-004, API-005).
pub fn has_generation(kind: Kind) -> bool {
    match kind {
        Kind::Pod | Kind::DaemonSet => true,
        Kind::Other(_) => COUNTED.contains(&kind.name()),
        _ => false,
    }
}

/// What is done before admission: the namespace of the request, metadata that a client cannot set, and
/// defaults. Fails where the object names another namespace.
pub fn before_admission(
    kind: Kind,
    object: &mut Value,
    namespace: &str,
    warnings: &mut Vec<String>,
) -> Result<(), OtherNamespace> {
    set_namespace(kind, object, namespace)?;
    reset_metadata(kind, object);
    prepare::dedup_owner_references(object, false, warnings);
    set_defaults(kind, object);
    Ok(())
}

fn set_namespace(kind: Kind, object: &mut Value, namespace: &str) -> Result<(), OtherNamespace> {
    let meta = metadata(object);
    if !kind.is_namespaced() {
        meta.remove("namespace");
        return Ok(());
    }
    match meta.get("namespace").and_then(Value::as_str) {
        Some(given) if !given.is_empty() && given != namespace => Err(OtherNamespace),
        _ => {
            meta.insert("namespace".to_owned(), json!(namespace));
            Ok(())
        }
    }
}

/// An object's metadata, which is there afterwards.
pub fn metadata(object: &mut Value) -> &mut Map<String, Value> {
    json::object(json::child(object, "metadata"))
}

fn reset_metadata(kind: Kind, object: &mut Value) {
    let meta = metadata(object);
    for key in SYSTEM_METADATA {
        meta.remove(key);
    }
    if has_generation(kind) {
        meta.remove("generation");
    }
    if kind == Kind::DaemonSet {
        let annotations = json::object(meta.entry("annotations").or_insert(Value::Null));
        let given = annotations.get(TEMPLATE_GENERATION).and_then(Value::as_str);
        let generation = given.and_then(|text| text.parse::<i64>().ok()).unwrap_or(1).max(1);
        annotations.insert(TEMPLATE_GENERATION.to_owned(), generation.to_string().into());
    }
}

/// Kind, version and defaults.
pub fn set_defaults(kind: Kind, object: &mut Value) {
    let fields = json::object(object);
    fields.insert("apiVersion".to_owned(), json!(kind.api_version()));
    fields.insert("kind".to_owned(), json!(kind.name()));
    defaults::set_defaults(object);
}

/// The strategies' PrepareForCreate, once the object has its name.
pub fn prepare_for_create(kind: Kind, object: &mut Value, warnings: &mut Vec<String>) {
    match kind {
        Kind::Pod => object["status"] = json!({"phase": "Pending"}),
        Kind::Other(_) if kind.name() == "Namespace" => prepare_namespace(object),
        Kind::Other(_) if kind.name() == "PersistentVolumeClaim" => prepare_claim(object),
        _ if has_generation(kind) => {
            json::object(object).remove("status");
        }
        _ => {}
    }
    prepare::prepare_for_create(object, warnings);
}

/// A claim's two fields for its source say the same; the older one alone holds claims and snapshots only.
///
/// Kubernetes: pkg/registry/core/persistentvolumeclaim/strategy.go, PrepareForCreate;
/// pkg/api/persistentvolumeclaim/util.go, EnforceDataSourceBackwardsCompatibility, NormalizeDataSources.
fn prepare_claim(object: &mut Value) {
    object["status"] = json!({"phase": "Pending"});
    let spec = json::get(object, "spec");
    let (mut source, reference) =
        (json::get(spec, "dataSource").clone(), json::get(spec, "dataSourceRef").clone());
    let of = (json::text(&source, "apiGroup"), json::text(&source, "kind"));
    let known = [("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot")].contains(&of);
    if source.is_object() && reference.is_null() && !known {
        json::object(&mut object["spec"]).remove("dataSource");
        source = Value::Null;
    }
    let elsewhere = !json::text(&reference, "namespace").is_empty();
    if source.is_object() && reference.is_null() {
        object["spec"]["dataSourceRef"] = source;
    } else if reference.is_object() && source.is_null() && !elsewhere {
        object["spec"]["dataSource"] = reference;
    }
}

/// Kubernetes: pkg/registry/core/namespace/strategy.go, PrepareForCreate, Canonicalize.
fn prepare_namespace(object: &mut Value) {
    let meta = metadata(object);
    let name = meta.get("name").cloned().unwrap_or_default();
    let labels = json::object(meta.entry("labels").or_insert(Value::Null));
    labels.insert("kubernetes.io/metadata.name".to_owned(), name);
    let mut finalizers = json::list(json::get(object, "spec"), "finalizers").to_vec();
    if !finalizers.iter().any(|finalizer| finalizer == "kubernetes") {
        finalizers.push(json!("kubernetes"));
    }
    let fields = json::object(object);
    fields.insert("spec".to_owned(), json!({"finalizers": finalizers}));
    fields.insert("status".to_owned(), json!({"phase": "Active"}));
}

//! The values that a field may have: those that the API server takes, and those that exist in the cluster.

use serde_json::{Map, Value};

use api::field::ErrorKind;
use api::schema::{Type, kinds, structure};

use crate::Known;
use crate::cursor::{Cursor, Line, PathElement};
use crate::resolve::{Found, item};
use sim::order::SortShared;

/// A value with what it is: `worker-1`, `Node`.
pub(crate) struct Offer {
    pub(crate) value: String,
    pub(crate) is: &'static str,
}

fn offers(values: impl IntoIterator<Item = String>, is: &'static str) -> Vec<Offer> {
    values.into_iter().map(|value| Offer { value, is }).collect()
}

fn words(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

/// Every API server makes these, and puts them back when somebody deletes them.
const SYSTEM_PRIORITIES: [&str; 2] = ["system-cluster-critical", "system-node-critical"];

/// What fits at the end of a way.
pub(crate) fn offered(found: &Found, cursor: &Cursor, known: &dyn Known) -> Vec<Offer> {
    let Some((id, field)) = found.field else { return Vec::new() };
    let owner = structure(id).name;
    let namespace = cursor_namespace(cursor);
    let names = |version: &str, kind: &'static str| {
        offers(known.names(version, kind, Some(namespace.unwrap_or("default"))), kind)
    };
    match (owner, field.name) {
        ("ObjectMeta", "namespace") => offers(known.names("v1", "Namespace", None), "Namespace"),
        ("PodSpec", "nodeName") => offers(known.names("v1", "Node", None), "Node"),
        ("PodSpec", "serviceAccountName" | "serviceAccount") => names("v1", "ServiceAccount"),
        ("PodSpec", "priorityClassName") => {
            let mut names = known.names("scheduling.k8s.io/v1", "PriorityClass", None);
            names.extend(SYSTEM_PRIORITIES.map(str::to_owned));
            names.sort_shared();
            names.dedup();
            offers(names, "PriorityClass")
        }
        ("PodSpec", "runtimeClassName") => {
            offers(known.names("node.k8s.io/v1", "RuntimeClass", None), "RuntimeClass")
        }
        ("PodSpec", "nodeSelector") => {
            let labels = known.node_labels();
            let values = found.key.as_ref().and_then(|key| labels.get(key)).cloned();
            offers(values.unwrap_or_default(), "label")
        }
        ("Toleration", "key") => offers(known.taints().into_keys(), "taint"),
        ("Toleration", "value") => {
            let taints = known.taints();
            let values = sibling_value(cursor, "key").and_then(|key| taints.get(key)).cloned();
            offers(values.unwrap_or_default(), "taint")
        }
        ("NodeSelectorRequirement", "key") => offers(known.node_labels().into_keys(), "label"),
        ("NodeSelectorRequirement", "values") => {
            let labels = known.node_labels();
            let values = sibling_value(cursor, "key").and_then(|key| labels.get(key)).cloned();
            offers(values.unwrap_or_default(), "label")
        }
        ("PodAffinityTerm" | "TopologySpreadConstraint", "topologyKey") => {
            offers(known.node_labels().into_keys(), "label")
        }
        ("Container" | "EphemeralContainer" | "ImageVolumeSource", "image" | "reference") => {
            offers(known.images(), "image")
        }
        ("ConfigMapVolumeSource" | "ConfigMapKeySelector" | "ConfigMapEnvSource", "name") => {
            names("v1", "ConfigMap")
        }
        ("SecretVolumeSource", "secretName") | ("SecretKeySelector" | "SecretEnvSource", "name") => {
            names("v1", "Secret")
        }
        ("PersistentVolumeClaimVolumeSource", "claimName") => names("v1", "PersistentVolumeClaim"),
        ("VolumeMount" | "VolumeDevice", "name") => offers(volumes(cursor.document), "volume"),
        _ => offers(supported(found, cursor), ""),
    }
}

/// The values that the API server takes, if it takes only a few: found by asking validation about another one.
pub(crate) fn supported(found: &Found, cursor: &Cursor) -> Vec<String> {
    let Some((id, field)) = found.field else { return Vec::new() };
    match (structure(id).name, field.name) {
        (_, "apiVersion") if id == found.info.root => {
            let kind = cursor.kind.unwrap_or_default();
            let mut versions: Vec<String> = Vec::new();
            for info in kinds().iter().filter(|info| info.kind == kind) {
                versions.push(info.api_version.to_owned());
            }
            return versions;
        }
        // These say in other words what they take.
        ("LabelSelectorRequirement", "operator") => return words(&["In", "NotIn", "Exists", "DoesNotExist"]),
        ("NodeSelectorRequirement", "operator") => {
            return words(&["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]);
        }
        _ => {}
    }
    match item(&found.ty) {
        Type::Bool => words(&["true", "false"]),
        Type::String => ask(found, &cursor.steps),
        _ => Vec::new(),
    }
}

/// No value that anything takes, and that can stand nowhere else in the object.
const NONE: &str = "?";

fn holds_none(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.values().any(holds_none),
        other => other == NONE,
    }
}

fn ask(found: &Found, steps: &[PathElement]) -> Vec<String> {
    let mut value = Value::from(NONE);
    if matches!(found.ty, Type::List(_)) {
        value = Value::from(vec![value]);
    }
    for step in steps.iter().rev() {
        value = match step {
            PathElement::Key(key) => Value::Object(Map::from_iter([(key.clone(), value)])),
            PathElement::Item(_) => Value::from(vec![value]),
        };
    }
    let Value::Object(object) = &mut value else { return Vec::new() };
    object.insert("apiVersion".to_owned(), found.info.api_version.into());
    object.insert("kind".to_owned(), found.info.kind.into());
    validation::defaults::set_defaults(&mut value);
    let errors = validation::validate(&value);
    let about = |error: &&api::field::FieldError| {
        error.kind == ErrorKind::NotSupported && error.bad_value.as_ref().is_some_and(holds_none)
    };
    // `supported values: "Always", "IfNotPresent"`; where several look at it, all must be content.
    let lists = errors.iter().filter(about).map(|error| error.detail.split('"').skip(1).step_by(2).collect());
    let common =
        lists.reduce(|one: Vec<&str>, other| one.into_iter().filter(|value| other.contains(value)).collect());
    let values = common.unwrap_or_default().into_iter().filter(|value| !value.is_empty());
    values.map(str::to_owned).collect()
}

fn cursor_namespace<'t>(cursor: &Cursor<'t>) -> Option<&'t str> {
    let lines = cursor.document.lines();
    let meta = lines.skip_while(|line| !line.starts_with("metadata:")).skip(1);
    let mut inside = meta.take_while(|line| line.starts_with(' ') || line.trim().is_empty());
    inside.find_map(|line| Some(line.trim_start().strip_prefix("namespace:")?.trim()))
}

/// The value of another key of the same map, or of the map around a list.
fn sibling_value<'t>(cursor: &Cursor<'t>, key: &str) -> Option<&'t str> {
    // The nearest line that has the key: before the cursor, else behind it.
    let at = cursor.document.len().min(cursor.word.as_ptr() as usize - cursor.document.as_ptr() as usize);
    let (before, behind) = cursor.document.split_at_checked(at)?;
    let of = |line: &'t str| match Line::of(line).key() {
        Some((found, value)) if found == key => Some(value.trim().trim_matches(['"', '\''])),
        _ => None,
    };
    let near = |line: &&str| !line.trim().is_empty();
    let above = before.lines().rev().filter(near).take(6).find_map(of);
    above.or_else(|| behind.lines().skip(1).filter(near).take(3).find_map(of))
}

/// The names of the volumes that the document has.
fn volumes(document: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut inside = None;
    for text in document.lines() {
        let line = Line::of(text);
        if line.is_empty() {
            continue;
        }
        let start = line.dashes.first().copied().unwrap_or(line.column);
        match (line.key(), inside) {
            (Some(("volumes", _)), _) => inside = Some(line.column),
            (_, Some(column)) if start < column || (start == column && line.dashes.is_empty()) => {
                inside = None
            }
            (Some(("name", value)), Some(column)) if line.column <= column + 4 => {
                names.push(value.trim().trim_matches(['"', '\'']).to_owned());
            }
            _ => {}
        }
    }
    names
}

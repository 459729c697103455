//! An object of a file → what it is and where it goes.
//!
//! Kubernetes: cli-runtime/pkg/resource/mapper.go, visitor.go (FlattenListVisitor);
//! client-go/restmapper/discovery.go.

use std::rc::Rc;

use serde_json::Value;

use super::errors::add_source;
use super::manifests::{Doc, Read};
use super::{name, output};
use api::field::go_quote;
use api::object::Kind;
use api::schema;
use api::status_error::StatusError;
use cli_runtime::job::Failure;

/// What a kind's name leads to.
enum Mapping {
    Served(Kind),
    /// A path that discovery lets kubectl guess, and that the API server does not serve.
    Unserved,
    List,
}

/// The objects of one document; a list stands for its items. `json` is the text of a document that was JSON.
/// An error ends the reading of the file.
pub(super) fn infos_for_data(
    value: Value,
    json: Option<Box<str>>,
    source: &str,
    found: &mut Read,
) -> Result<(), Failure> {
    if let Some(why) = undecodable(&value, json) {
        found.failures.push(Failure::Message(format!("unable to decode {}: {why}", go_quote(source))));
        return Ok(());
    }
    let (api_version, kind) = (text(&value, "apiVersion"), text(&value, "kind"));
    match mapping(api_version, kind) {
        None => {
            let meta = |key| go_quote(text(value.get("metadata").unwrap_or(&Value::Null), key));
            found.failures.push(Failure::Message(format!(
                "resource mapping not found for name: {} namespace: {} from {}: {}\nensure CRDs are installed first",
                meta("name"),
                meta("namespace"),
                go_quote(source),
                no_match(api_version, kind),
            )));
        }
        Some(mapping) if value.get("items").is_none() => found.add(mapping, value, source),
        Some(_) => {
            let mut failures = Vec::new();
            flatten(value, source, found, &mut failures);
            return Failure::aggregate(failures).map_or(Ok(()), Err);
        }
    }
    Ok(())
}

impl Read {
    fn add(&mut self, mapping: Mapping, value: Value, source: &str) {
        match mapping {
            Mapping::Served(kind) => {
                let meta = value.get("metadata").unwrap_or(&Value::Null);
                let (namespace, name) = (name(text(meta, "namespace")), name(text(meta, "name")));
                let doc = Doc { source: source.into(), kind, namespace, name, value: Rc::new(value) };
                self.docs.push(doc);
            }
            Mapping::Unserved | Mapping::List => {
                let error =
                    Failure::Status { prefix: String::new(), error: Box::new(StatusError::not_served()) };
                self.failures.push(add_source("creating", source, error));
            }
        }
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Why a document is no object.
///
/// Kubernetes: apimachinery/pkg/apis/meta/v1/unstructured/helpers.go (unstructuredJSONScheme);
/// cli-runtime/pkg/resource/metadata_decoder.go.
fn undecodable(value: &Value, json: Option<Box<str>>) -> Option<String> {
    if !value.is_object() {
        let what = codec::json_kind(value);
        return Some(format!("json: cannot unmarshal {what} into Go value of type unstructured.detector"));
    }
    match value.get("items") {
        None | Some(Value::Null) => {}
        Some(Value::Array(items)) => {
            if let Some(item) = items.iter().find(|item| !item.is_object() && !item.is_null()) {
                let what = codec::json_kind(item);
                return Some(format!(
                    "json: cannot unmarshal {what} into Go value of type map[string]interface {{}}"
                ));
            }
        }
        Some(other) => {
            let what = codec::json_kind(other);
            return Some(format!(
                "json: cannot unmarshal {what} into Go struct field decodeList.items of type []json.RawMessage"
            ));
        }
    }
    if text(value, "kind").is_empty() || text(value, "apiVersion").matches('/').count() > 1 {
        let body = json.map_or_else(|| output::compact_json(value), String::from);
        return Some(format!("Object 'Kind' is missing in '{body}'"));
    }
    codec::decode_metadata(value).map(|error| error.message)
}

/// The items of a list; those of a DaemonSetList need not say what they are.
fn flatten(mut list: Value, source: &str, found: &mut Read, failures: &mut Vec<Failure>) {
    let Some(Value::Array(items)) = list.get_mut("items").map(Value::take) else { return };
    let (api_version, kind) = (text(&list, "apiVersion"), text(&list, "kind"));
    let item_kind = kind.strip_suffix("List").unwrap_or(kind);
    for mut item in items {
        if let Some(map) = item.as_object_mut()
            && ["apiVersion", "kind"]
                .iter()
                .all(|key| map.get(*key).and_then(Value::as_str).unwrap_or("").is_empty())
        {
            map.insert("apiVersion".to_owned(), api_version.into());
            map.insert("kind".to_owned(), item_kind.into());
        }
        if item.get("items").is_some() {
            flatten(item, source, found, failures);
            continue;
        }
        let (api_version, kind) = (text(&item, "apiVersion"), text(&item, "kind"));
        let untyped = |what: &str, lacks: &str| {
            Failure::Message(format!(
                "unable to get type info from the object \"*unstructured.Unstructured\": Object '{what}' is missing in 'unstructured object has no {lacks}'"
            ))
        };
        if kind.is_empty() {
            failures.push(untyped("Kind", "kind"));
        } else if api_version.is_empty() {
            failures.push(untyped("apiVersion", "version"));
        } else if let Some(mapping) = mapping(api_version, kind) {
            found.add(mapping, item, source);
        } else {
            let why = no_match(api_version, kind);
            failures.push(Failure::Message(format!("unable to recognize {why}")));
        }
    }
}

/// Kubernetes: apimachinery/pkg/api/meta/errors.go, NoKindMatchError.
fn no_match(api_version: &str, kind: &str) -> String {
    format!("no matches for kind {} in version {}", go_quote(kind), go_quote(api_version))
}

/// Discovery knows a kind under its name, its name in lower case, and as a list.
fn mapping(api_version: &str, kind: &str) -> Option<Mapping> {
    if let Some(kind) = Kind::of(api_version, kind) {
        return Some(Mapping::Served(kind));
    }
    let mut known = schema::kinds().iter().filter(|info| info.api_version == api_version);
    if kind == "List" && known.clone().next().is_some() {
        return Some(Mapping::List);
    }
    if let Some(info) = known.clone().find(|info| info.singular == kind) {
        return Some(Mapping::Served(Kind::from_info(info)));
    }
    let of_list = kind.strip_suffix("List");
    if known.any(|info| of_list == Some(info.kind)) {
        return Some(Mapping::Unserved);
    }
    // The core group's name is empty, and so is a version that was not given.
    (api_version.is_empty() && Kind::of("v1", kind).is_some()).then_some(Mapping::Unserved)
}

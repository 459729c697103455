//! An object of a file → what it is and where it goes.
//!
//! Kubernetes: cli-runtime/pkg/resource/mapper.go, visitor.go (FlattenListVisitor);
//! client-go/restmapper/discovery.go.

use std::rc::Rc;

use serde_json::Value;

use super::errors::add_source;
use super::manifests::{Doc, Read};
use super::name;
use api::field::go_quote;
use api::status_error::StatusError;
use cli_runtime::job::{Failure, Stop};
use codec::unstructured::{Mapping, mapping, no_match, undecodable};

/// `get` and `describe` gather what goes wrong with a file's objects, and a gathered error is said without `error: `.
///
/// Kubernetes: kubectl/pkg/cmd/get/get.go and describe/describe.go, Run; cmd/util/helpers.go, checkErr.
pub(super) fn gathered(stop: Stop) -> Stop {
    match stop {
        Stop::Failed(failure @ Failure::NotMapped(_)) => Stop::Failed(Failure::Several(vec![failure])),
        other => other,
    }
}

/// The objects of one document; a list stands for its items. `json` is the text of a document that was JSON.
/// An error ends the reading of the file.
pub(super) fn infos_for_data(
    value: Value,
    json: Option<Box<str>>,
    source: &str,
    found: &mut Read,
) -> Result<(), Failure> {
    if let Some(error) = undecodable(&value, json.as_deref()) {
        let text = format!("unable to decode {}: {}", go_quote(source), error.message);
        found.failures.push(Failure::Message(text));
        return Ok(());
    }
    let (api_version, kind) = (text(&value, "apiVersion"), text(&value, "kind"));
    match mapping(api_version, kind) {
        None => {
            let meta = |key| go_quote(text(value.get("metadata").unwrap_or(&Value::Null), key));
            found.failures.push(Failure::NotMapped(format!(
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
            Mapping::Unserved => {
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

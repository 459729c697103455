//! What is wrong with a manifest, with places: what kubectl and the API server would say of it.
//!
//! Called by the page's editor and by `kubestage check`, which must not touch a cluster. The stages and
//! their words are those of the real programs; only what depends on other objects (a missing namespace, a
//! taken name) is not looked at.

use serde_json::Value;

use crate::api::field::FieldError;
use crate::api::schema::{self, KindInfo};
use crate::yaml::{Diagnostic, Document, Node, Part, Reader, decode, locate, read_documents};

/// Everything wrong with a file of manifests that is applied; empty when the API server would take it all.
pub fn check_apply(bytes: &[u8]) -> Vec<Diagnostic> {
    let read = read_documents(bytes, Reader::Kubectl);
    let mut found = Vec::new();
    for document in &read.documents {
        found.extend(document.warnings.iter().cloned());
        check_document(document, &mut found);
    }
    found.extend(read.error);
    found
}

fn check_document(document: &Document, found: &mut Vec<Diagnostic>) {
    let object = document.tree.to_value();
    if object.is_null() {
        return;
    }
    if object["kind"].as_str().is_some_and(|kind| kind.ends_with("List")) && object["items"].is_array() {
        // The items of a list are checked as objects of their own; their places are below `items[i]`.
        for (index, item) in object["items"].as_array().into_iter().flatten().enumerate() {
            check_object(&document.tree, item, &format!("items[{index}]"), found);
        }
        return;
    }
    check_object(&document.tree, &object, "", found);
}

fn below(prefix: &str, path: &str) -> String {
    match (prefix, path) {
        ("", path) => path.to_owned(),
        (prefix, "") => prefix.to_owned(),
        (prefix, path) => format!("{prefix}.{path}"),
    }
}

fn check_object(tree: &Node, object: &Value, prefix: &str, found: &mut Vec<Diagnostic>) {
    let at = |path: &str, part: Part| locate(tree, &below(prefix, path), part);
    let Some(info) = kind_of(object, &at, found) else { return };
    let decoded = decode(object, info);
    let strict: Vec<Diagnostic> = match &decoded.error {
        Some(error) => {
            let diagnostic =
                Diagnostic::error(&error.message, at(&error.path, Part::Value)).with_path(&error.path);
            vec![match &error.help {
                Some(help) => diagnostic.with_help(help),
                None => diagnostic,
            }]
        }
        None => {
            let unknown = decoded.unknown.iter().map(|field| {
                let diagnostic =
                    Diagnostic::error(field.message(), at(&field.path, Part::Key)).with_path(&field.path);
                match field.nearest {
                    Some(nearest) => diagnostic.with_help(format!("Did you mean {nearest}?")),
                    None => diagnostic,
                }
            });
            unknown.collect()
        }
    };
    if !strict.is_empty() {
        found.extend(strict);
        return;
    }
    let errors = crate::api::validation::validate(&defaulted(decoded.value, info));
    found.extend(errors.iter().map(|error| {
        let span = at(&error.field, Part::Value);
        Diagnostic::error(error.to_string(), span).with_path(&error.field)
    }));
}

/// Kind and version, as kubectl looks them up (API-037, API-038, CLI-027).
fn kind_of(
    object: &Value,
    at: &dyn Fn(&str, Part) -> crate::yaml::Span,
    found: &mut Vec<Diagnostic>,
) -> Option<&'static KindInfo> {
    let text = |key: &str| object[key].as_str().unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    let missing: Vec<&str> = [("apiVersion", version), ("kind", kind)]
        .iter()
        .filter(|(_, v)| v.is_empty())
        .map(|(k, _)| *k)
        .collect();
    if !object.is_object() || !missing.is_empty() {
        let what = match missing.as_slice() {
            _ if !object.is_object() => "invalid object to validate".to_owned(),
            [one] => format!("{one} not set"),
            _ => "[apiVersion not set, kind not set]".to_owned(),
        };
        found.push(Diagnostic::error(format!("error validating data: {what}"), at("", Part::Value)));
        return None;
    }
    let info = schema::kind(version, kind);
    if info.is_none() {
        let message = format!("no matches for kind \"{kind}\" in version \"{version}\"");
        let known = schema::kinds().iter().find(|info| info.kind.eq_ignore_ascii_case(kind));
        let field = if known.is_some_and(|info| info.kind == kind) { "apiVersion" } else { "kind" };
        let diagnostic = Diagnostic::error(message, at(field, Part::Value)).with_path(field);
        found.push(match known {
            Some(info) => {
                diagnostic.with_help(format!("Kubernetes serves it as {} {}", info.api_version, info.kind))
            }
            None => diagnostic,
        });
    }
    info
}

/// The object as it is validated: with its namespace and the API server's defaults.
fn defaulted(mut value: Value, info: &KindInfo) -> Value {
    let has_namespace =
        value["metadata"]["namespace"].as_str().is_some_and(|namespace| !namespace.is_empty());
    if info.namespaced && !has_namespace && value["metadata"].is_object() {
        value["metadata"]["namespace"] = Value::from("default");
    }
    crate::api::defaults::set_defaults(&mut value);
    value
}

/// A validation error with its place in the text.
pub fn field_diagnostic(tree: &Node, error: &FieldError) -> Diagnostic {
    Diagnostic::error(error.to_string(), locate(tree, &error.field, Part::Value)).with_path(&error.field)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Vec<(u32, String)> {
        check_apply(text.as_bytes()).into_iter().map(|d| (d.span.start.line, d.message)).collect()
    }

    const SOUND: &str = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: a\nspec:\n  selector:\n    matchLabels:\n      app: a\n  template:\n    metadata:\n      labels:\n        app: a\n    spec:\n      containers:\n      - name: c\n        image: nginx\n";

    #[test]
    fn a_sound_manifest_has_no_mistakes() {
        assert_eq!(checked(SOUND), []);
    }

    #[test]
    fn every_mistake_of_a_document_is_named_at_its_line() {
        let text =
            SOUND.replace("image: nginx", "imagee: nginx").replace("app: a\n    spec", "app: b\n    spec");
        assert_eq!(
            checked(&text),
            [(16, "unknown field \"spec.template.spec.containers[0].imagee\"".into())]
        );
        let text = SOUND.replace("name: a\n", "name: A\n").replace("        app: a\n", "        app: b\n");
        let lines: Vec<u32> = checked(&text).iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [4, 11]);
    }

    #[test]
    fn api_037_an_unknown_kind_is_marked_where_it_stands() {
        let text = SOUND.replace("kind: DaemonSet", "kind: Daemonset");
        let no_match = "no matches for kind \"Daemonset\" in version \"apps/v1\"";
        assert_eq!(checked(&text), [(2, no_match.into())]);
        let text = SOUND.replace("apps/v1", "extensions/v1beta1");
        assert_eq!(checked(&text)[0].0, 1);
    }
}

//! What kubectl itself knows of an object before it asks a server: whether it is one, and its kind.
//!
//! Kubernetes: kubectl/pkg/validation/validation.go; apimachinery/pkg/apis/meta/v1/unstructured/helpers.go;
//! client-go/restmapper/discovery.go.

use serde_json::Value;

use super::{DecodeError, decode_metadata, json_kind};
use api::field::{go_json, go_quote};
use api::json;
use api::object::Kind;
use api::schema;

/// What `--validate` refuses of the kind of an object: paths and texts.
///
/// Kubernetes: kubectl/pkg/validation/validation.go, getObjectKind.
pub fn object_kind(value: &Value) -> Vec<(&'static str, String)> {
    let Some(fields) = value.as_object() else {
        return vec![("", "invalid object to validate".to_owned())];
    };
    let mut problems = Vec::new();
    for field in ["apiVersion", "kind"] {
        let problem = match fields.get(field) {
            None | Some(Value::Null) => format!("{field} not set"),
            Some(Value::String(text)) if field == "apiVersion" && text.matches('/').count() > 1 => {
                format!("unexpected GroupVersion string: {text}")
            }
            Some(Value::String(_)) => continue,
            Some(_) => format!("{field} isn't string type"),
        };
        problems.push((field, problem));
    }
    problems
}

/// Why a document is no object. `text` is the document itself, if it was JSON.
///
/// Kubernetes: unstructuredJSONScheme.detectAndDecode; cli-runtime/pkg/resource/metadata_decoder.go.
pub fn undecodable(value: &Value, text: Option<&str>) -> Option<DecodeError> {
    let error =
        |path: &str, message: String| Some(DecodeError { message, path: path.to_owned(), help: None });
    let unmarshal =
        |value: &Value, into: &str| format!("json: cannot unmarshal {} into Go {into}", json_kind(value));
    if !value.is_object() {
        return error("", unmarshal(value, "value of type unstructured.detector"));
    }
    match value.get("items") {
        None | Some(Value::Null) => {}
        Some(Value::Array(items)) => {
            let other = |item: &Value| !item.is_object() && !item.is_null();
            if let Some(at) = items.iter().position(other) {
                let path = format!("items[{at}]");
                return error(&path, unmarshal(&items[at], "value of type map[string]interface {}"));
            }
        }
        Some(other) => {
            let into = "struct field decodeList.items of type []json.RawMessage";
            return error("items", unmarshal(other, into));
        }
    }
    if json::text(value, "kind").is_empty() || json::text(value, "apiVersion").matches('/').count() > 1 {
        let body = text.map_or_else(|| go_json(value), str::to_owned);
        return error("kind", format!("Object 'Kind' is missing in '{body}'"));
    }
    decode_metadata(value)
}

/// What a kind's name leads to.
pub enum Mapping {
    /// The API server serves it.
    Served(Kind),
    /// A path that discovery lets kubectl guess, and that the API server does not serve.
    Unserved,
}

/// Discovery knows a kind under its name, its name in lower case, and as a list.
pub fn mapping(api_version: &str, kind: &str) -> Option<Mapping> {
    if let Some(kind) = Kind::of(api_version, kind) {
        return Some(Mapping::Served(kind));
    }
    let mut known = schema::kinds().iter().filter(|info| info.api_version == api_version);
    if kind == "List" && known.clone().next().is_some() {
        return Some(Mapping::Unserved);
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

/// Kubernetes: apimachinery/pkg/api/meta/errors.go, NoKindMatchError.
pub fn no_match(api_version: &str, kind: &str) -> String {
    format!("no matches for kind {} in version {}", go_quote(kind), go_quote(api_version))
}

//! Values → API objects: unknown fields, wrong types, and the value as the API server would keep it.
//!
//! Upstream: sigs.k8s.io/json (a fork of Go's encoding/json), with the UnmarshalJSON of resource.Quantity,
//! intstr.IntOrString and metav1.Time; apiserver/pkg/endpoints/handlers/rest.go, transformDecodeError.

mod kind;
mod leaf;
pub(super) mod mismatch;
mod report;

use api::schema::{self, KindInfo, StructInfo, Type};
use serde_json::{Map, Value};
use sim::SortedSet;
use sim::order::SortShared;

use super::go_types;

pub use kind::{WrongKind, check_kind};
pub use leaf::widen_integers;
pub use mismatch::json_kind;

pub(super) use report::{join, without_key};

/// sigs.k8s.io/json lists at most this many.
const MOST_UNKNOWN: usize = 100;

/// An object as its kind's fields see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The object with its known fields only, in the form that the API server keeps: nulls and empty
    /// optional fields are gone, quantities are canonical.
    pub value: Value,
    /// In the order of the API server's message.
    pub unknown: Vec<UnknownField>,
    /// The one mistake Go reports of those that make decoding impossible.
    pub error: Option<DecodeError>,
}

/// A field that Kubernetes' type does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownField {
    /// `spec.template.spec.containers[0].imagePulPolicy`
    pub(crate) path: String,
    /// The known field that is spelt most like it.
    pub(crate) nearest: Option<&'static str>,
}

/// A value that does not fit the type of its field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// `json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string`
    pub message: String,
    /// Where the value is: `spec.containers[0].env[0].value`.
    pub(crate) path: String,
    /// What would do.
    pub(crate) help: Option<String>,
}

/// Decodes an object of a known kind. Field names are case sensitive.
pub fn decode(object: &Value, kind: &KindInfo) -> Decoded {
    decode_as(object, kind, Form::Json)
}

/// The same for an object that never was JSON text, as a strategic merge patch makes it: the first mistake
/// stops the decoder, and has other words.
///
/// Kubernetes: apimachinery/pkg/runtime/converter.go, FromUnstructuredWithValidation.
pub fn from_unstructured(object: &Value, kind: &KindInfo) -> Decoded {
    let mut decoded = decode_as(object, kind, Form::Unstructured);
    decoded.unknown.sort_shared_by_key(UnknownField::message);
    decoded
}

/// What kubectl finds wrong with an object's metadata when it reads a file, before it asks any server.
///
/// Kubernetes: cli-runtime/pkg/resource/metadata_decoder.go. The struct's name is seen in messages.
pub fn decode_metadata(object: &Value) -> Option<DecodeError> {
    let meta = schema::structure_by_name("ObjectMeta")?;
    let mut decoder =
        Decoder { form: Form::Document, within: Some("metadataOnlyObject"), ..Decoder::default() };
    decoder.steps.push(PathElement::Field("metadata"));
    let stopped = decoder.value(object.get("metadata")?, &Type::Struct(meta), None).err();
    stopped.or(decoder.saved)
}

fn decode_as(object: &Value, kind: &KindInfo, form: Form) -> Decoded {
    let mut decoder = Decoder { form, ..Decoder::default() };
    let root = Type::Struct(kind.root);
    let (value, stopped) = match decoder.value(object, &root, None) {
        Ok(value) => (value.unwrap_or_default(), None),
        Err(error) => (Value::Null, Some(error)),
    };
    Decoded { value, unknown: decoder.unknown, error: stopped.or(decoder.saved) }
}

/// What an object is decoded from.
#[derive(Clone, Copy, Default, PartialEq)]
enum Form {
    #[default]
    Json,
    /// JSON that kubectl has just made of a document.
    Document,
    /// Maps and lists in memory.
    Unstructured,
}

#[derive(Default)]
struct Decoder {
    form: Form,
    unknown: Vec<UnknownField>,
    seen: SortedSet<String>,
    /// The first type mismatch; decoding goes on behind it.
    saved: Option<DecodeError>,
    /// Where we are: fields, keys and indexes.
    steps: Vec<PathElement>,
    /// The innermost struct, which Go names in its message.
    within: Option<&'static str>,
}

enum PathElement {
    Field(&'static str),
    /// A struct that JSON does not show; only Go's messages name it.
    Embedded(&'static str),
    Key(String),
    Index(usize),
}

/// `Err` stops decoding: the mistake came from a type that decodes itself. `None` is nothing to keep.
type Result<T> = std::result::Result<T, DecodeError>;

impl Decoder {
    fn value(&mut self, value: &Value, ty: &Type, named: Option<&'static str>) -> Result<Option<Value>> {
        if value.is_null() {
            return Ok(None);
        }
        match (ty, value) {
            (Type::Struct(id), Value::Object(map)) => self.object(map, schema::structure(*id)).map(Some),
            (Type::List(item), Value::Array(items)) => self.list(items, item, named).map(Some),
            (Type::Map(item), Value::Object(map)) => self.map(map, item).map(Some),
            _ => self.leaf(value, ty, named),
        }
    }

    fn object(&mut self, map: &Map<String, Value>, of: &'static StructInfo) -> Result<Value> {
        let outer = self.within.replace(of.name);
        let mut kept = Map::new();
        for (name, value) in map {
            let Some(field) = of.field(name) else {
                self.unknown_field(name, of);
                continue;
            };
            let depth = self.enter(of, field.name);
            let value = self.value(value, &field.ty, go_types::named(of.name, field.name))?;
            self.steps.truncate(depth);
            // Messages tell a template without labels from one whose labels are empty.
            let of_template = self.steps.len() > 1 && of.name == "ObjectMeta" && field.name == "labels";
            if let Some(value) = value
                && (of_template || !go_types::is_omitted(of, field, &value))
            {
                kept.insert(name.clone(), value);
            }
        }
        self.within = outer;
        Ok(Value::Object(kept))
    }

    /// Steps into a field, and says how long the way was before.
    fn enter(&mut self, of: &StructInfo, field: &'static str) -> usize {
        let depth = self.steps.len();
        self.steps.extend(go_types::embedded(of.name, field).map(PathElement::Embedded));
        self.steps.push(PathElement::Field(field));
        depth
    }

    fn unknown_field(&mut self, name: &str, of: &'static StructInfo) {
        let mut path = self.path();
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
        if self.unknown.len() < MOST_UNKNOWN && self.seen.insert(path.clone()) {
            self.unknown.push(UnknownField { path, nearest: of.nearest_field(name) });
        }
    }

    fn list(&mut self, items: &[Value], ty: &Type, named: Option<&'static str>) -> Result<Value> {
        let mut kept = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            self.steps.push(PathElement::Index(index));
            // A null in a list stays as the type's zero value; only structs have one worth keeping.
            let item = self.value(item, ty, named)?;
            kept.push(item.unwrap_or_else(|| go_types::zero(ty)));
            self.steps.pop();
        }
        Ok(Value::Array(kept))
    }

    fn map(&mut self, map: &Map<String, Value>, ty: &Type) -> Result<Value> {
        let mut kept = Map::new();
        for (key, value) in map {
            self.steps.push(PathElement::Key(key.clone()));
            let value = self.value(value, ty, None)?;
            kept.insert(key.clone(), value.unwrap_or_else(|| go_types::zero(ty)));
            self.steps.pop();
        }
        Ok(Value::Object(kept))
    }
}

impl PathElement {
    fn name(&self) -> &str {
        match self {
            PathElement::Field(name) | PathElement::Embedded(name) => name,
            PathElement::Key(key) => key,
            PathElement::Index(_) => "",
        }
    }
}

#[cfg(test)]
mod tests;

//! Values → API objects: unknown fields, wrong types, and the value as the API server would keep it.
//!
//! Upstream: sigs.k8s.io/json (a fork of Go's encoding/json), with the UnmarshalJSON of resource.Quantity,
//! intstr.IntOrString and metav1.Time; apiserver/pkg/endpoints/handlers/rest.go, transformDecodeError.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Number, Value};

use super::{go_time, go_types};
use api::quantity::{self, ParseQuantityError};
use api::schema::{self, KindInfo, StructInfo, Type};
use sim::order::SortShared;
use yaml::locate::{Part, locate};
use yaml::{Diagnostic, Node, Path, base64, gosyntax};

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

impl UnknownField {
    /// `unknown field "spec.foo"`
    pub fn message(&self) -> String {
        format!("unknown field {}", gosyntax::quote(&self.path))
    }

    fn help(&self) -> Option<String> {
        self.nearest.map(|name| format!("Did you mean {name}?"))
    }
}

impl Decoded {
    /// Why a strict API server answers 400, behind `Error from server (BadRequest): error when creating
    /// "FILE": `; `None` if it takes the object.
    ///
    /// Rules: API-034, API-036.
    pub fn bad_request(&self, kind: &KindInfo) -> Option<String> {
        let (name, version) = (kind.kind, kind.version);
        let why = self.problem()?;
        Some(format!("{name} in version \"{version}\" cannot be handled as a {name}: {why}"))
    }

    /// What a strict decoder finds wrong.
    pub fn problem(&self) -> Option<String> {
        match (&self.error, self.unknown.is_empty()) {
            (Some(error), _) => Some(error.message.clone()),
            (None, true) => None,
            (None, false) => {
                let all: Vec<String> = self.unknown.iter().map(UnknownField::message).collect();
                Some(format!("strict decoding error: {}", all.join(", ")))
            }
        }
    }

    /// The mistakes with their places in the text: what a strict API server refuses.
    pub fn strict_diagnostics(&self, tree: &Node) -> Vec<Diagnostic> {
        match &self.error {
            Some(error) => vec![error.diagnostic(tree)],
            None => self.unknown.iter().map(|field| field.diagnostic(tree)).collect(),
        }
    }

    /// The same for a reader that silently drops unknown fields, as the kubelet does: they are
    /// warnings. Rules: KL-011, CMP-026.
    pub fn lenient_diagnostics(&self, tree: &Node) -> Vec<Diagnostic> {
        let warn = |field: &UnknownField| {
            let Diagnostic { message, span, help, .. } = field.diagnostic(tree);
            let dropped = "The kubelet drops it without a word.";
            let help = help.map_or(dropped.to_owned(), |nearest| format!("{nearest} {dropped}"));
            Diagnostic::warning(message, span).with_path(&field.path).with_help(help)
        };
        let error = self.error.as_ref().map(|error| error.diagnostic(tree));
        error.into_iter().chain(self.unknown.iter().map(warn)).collect()
    }
}

impl UnknownField {
    fn diagnostic(&self, tree: &Node) -> Diagnostic {
        let span = locate(tree, &self.path, Part::Key);
        let diagnostic = Diagnostic::error(self.message(), span).with_path(&self.path);
        Diagnostic { help: self.help(), ..diagnostic }
    }
}

impl DecodeError {
    /// The error at its place in the tree that was decoded.
    pub fn diagnostic(&self, tree: &Node) -> Diagnostic {
        self.diagnostic_below(tree, "")
    }

    /// The same for an object that is below a path of the tree, such as an item of a list.
    pub(super) fn diagnostic_below(&self, tree: &Node, prefix: &str) -> Diagnostic {
        let span = locate(tree, &join(prefix, &self.path), Part::Value);
        let diagnostic = Diagnostic::error(&self.message, span).with_path(without_key(&self.path));
        Diagnostic { help: self.help.clone(), ..diagnostic }
    }
}

/// A path below another; either may be empty.
pub(super) fn join(prefix: &str, path: &str) -> String {
    match (prefix, path) {
        ("", path) => path.to_owned(),
        (prefix, "") => prefix.to_owned(),
        (prefix, path) => format!("{prefix}.{path}"),
    }
}

/// Go's messages name a map of strings as a whole: `spec.selector.matchLabels`, not the key in it.
pub(super) fn without_key(path: &str) -> &str {
    match path.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
        Some((map, key)) if key.parse::<usize>().is_err() => map,
        _ => path,
    }
}

/// A kind that only differs in its letters' case leads kubectl to the right path, and is none.
///
/// Kubernetes: apimachinery/pkg/runtime/error.go, notRegisteredErr; apiserver/pkg/endpoints/handlers/create.go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongKind {
    given: String,
    wanted: &'static KindInfo,
}

impl fmt::Display for WrongKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (given, KindInfo { kind, api_version, version, .. }) = (&self.given, self.wanted);
        write!(
            f,
            "{given} in version \"{version}\" cannot be handled as a {kind}: no kind \"{given}\" is registered for version \"{api_version}\" in scheme \"pkg/api/legacyscheme/scheme.go:30\""
        )
    }
}

impl std::error::Error for WrongKind {}

/// Whether an object is of the kind that its path is for; one that names no kind is.
pub fn check_kind(object: &Value, wanted: &'static KindInfo) -> std::result::Result<(), WrongKind> {
    let given = object.get("kind").and_then(Value::as_str).unwrap_or(wanted.kind);
    match given == wanted.kind || given.is_empty() {
        true => Ok(()),
        false => Err(WrongKind { given: given.to_owned(), wanted }),
    }
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
    decoder.steps.push(Step::Field("metadata"));
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

/// The first whole number that no int64 holds: 2⁶³.
const INT64_END: f64 = 9_223_372_036_854_775_808.0;

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
    seen: BTreeSet<String>,
    /// The first type mismatch; decoding goes on behind it.
    saved: Option<DecodeError>,
    /// Where we are: fields, keys and indexes.
    steps: Vec<Step>,
    /// The innermost struct, which Go names in its message.
    within: Option<&'static str>,
}

enum Step {
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

    /// A value that holds no others, or one of the wrong type. Apart from [`Decoder::value`], whose frames lie on
    /// the stack once for each level.
    fn leaf(&mut self, value: &Value, ty: &Type, named: Option<&'static str>) -> Result<Option<Value>> {
        match (ty, value) {
            (Type::Any, _) | (Type::String, Value::String(_)) | (Type::Bool, Value::Bool(_)) => {
                Ok(Some(value.clone()))
            }
            (Type::Int32 | Type::Int64, Value::Number(n)) if self.form == Form::Unstructured => {
                match converted_integer(n, ty) {
                    Some(n) => Ok(Some(n.into())),
                    None => {
                        let ty = go_types::name(ty, None);
                        Err(self.mistake(format!("cannot convert float64 to {ty}"), None))
                    }
                }
            }
            (Type::Int32, Value::Number(n)) => {
                Ok(self.integer(n, ty, i64::from(i32::MIN), i64::from(i32::MAX)))
            }
            (Type::Int64, Value::Number(n)) => Ok(self.integer(n, ty, i64::MIN, i64::MAX)),
            (Type::Float64, Value::Number(_)) => Ok(Some(value.clone())),
            (Type::Bytes, Value::String(text)) => Ok(self.bytes(text)),
            (Type::Quantity, _) => self.quantity(value).map(Some),
            (Type::IntOrString, Value::String(_)) => Ok(Some(value.clone())),
            (Type::IntOrString, _) => self.int_or_string(value).map(Some),
            (Type::Time | Type::MicroTime, _) => self.time(value, *ty == Type::MicroTime).map(Some),
            _ if self.form == Form::Unstructured => {
                Err(self.mistake(unstructured_mismatch(value, ty, named), help_for(value, ty)))
            }
            _ => {
                self.mismatch(json_kind(value), &go_types::name(ty, named), help_for(value, ty));
                Ok(None)
            }
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
        self.steps.extend(go_types::embedded(of.name, field).map(Step::Embedded));
        self.steps.push(Step::Field(field));
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
            self.steps.push(Step::Index(index));
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
            self.steps.push(Step::Key(key.clone()));
            let value = self.value(value, ty, None)?;
            kept.insert(key.clone(), value.unwrap_or_else(|| go_types::zero(ty)));
            self.steps.pop();
        }
        Ok(Value::Object(kept))
    }

    fn integer(&mut self, n: &Number, ty: &Type, least: i64, most: i64) -> Option<Value> {
        match n.as_i64().filter(|n| (least..=most).contains(n)) {
            Some(n) => Some(n.into()),
            None => {
                let name = go_types::name(ty, None);
                // YAML has whole numbers up to 2⁶⁴; only the step behind this one makes floats of those beyond int64.
                let text = match n.as_f64() {
                    Some(f) if self.form == Form::Document && (INT64_END..INT64_END * 2.0).contains(&f) => {
                        format!("{f:.0}")
                    }
                    _ => json_number(n),
                };
                self.mismatch(&format!("number {text}"), &name, None);
                None
            }
        }
    }

    fn bytes(&mut self, text: &str) -> Option<Value> {
        match base64::decode(text) {
            Ok(_) => Some(text.replace(['\r', '\n'], "").into()),
            Err(at) => {
                let help =
                    Some("Values under data are base64; plain text belongs under stringData.".to_owned());
                let start = match self.form {
                    Form::Json | Form::Document => "",
                    Form::Unstructured => "error decoding from json: ",
                };
                self.save(format!("{start}illegal base64 data at input byte {at}"), help);
                None
            }
        }
    }

    fn quantity(&mut self, value: &Value) -> Result<Value> {
        // Upstream reads the literal, in which an escape is no white space.
        let escaped = |c: char| c < ' ' || matches!(c, '"' | '\\' | '\u{2028}' | '\u{2029}');
        let canonical = match value {
            Value::String(text) if text.contains(escaped) => Err(ParseQuantityError::Format),
            Value::String(text) => quantity::canonicalize(text.trim()),
            Value::Number(number) => quantity::canonicalize(&json_number(number)),
            other => quantity::canonicalize(&other.to_string()),
        };
        match canonical {
            Ok(text) => Ok(text.into()),
            Err(error) => {
                let help = "Write an amount like 500m, 2 or 1.5Gi.".to_owned();
                Err(self.mistake(error.to_string(), Some(help)))
            }
        }
    }

    fn int_or_string(&mut self, value: &Value) -> Result<Value> {
        let what = match value {
            Value::Number(n) => match n.as_i64().filter(|n| i32::try_from(*n).is_ok()) {
                Some(n) => return Ok(n.into()),
                None => format!("number {}", json_number(n)),
            },
            other => json_kind(other).to_owned(),
        };
        Err(self.mistake(self.mismatch_message(&what, "int32"), None))
    }

    fn time(&mut self, value: &Value, micro: bool) -> Result<Value> {
        let Value::String(text) = value else {
            return Err(self.mistake(self.mismatch_message(json_kind(value), "string"), None));
        };
        match go_time::check(text, micro) {
            Ok(()) => Ok(value.clone()),
            Err(message) => Err(self.mistake(message, None)),
        }
    }

    // --- mistakes ---

    /// Go's words: the innermost struct, then all fields on the way, without indexes and keys.
    fn mismatch_message(&self, what: &str, ty: &str) -> String {
        match self.within.filter(|_| self.form != Form::Unstructured) {
            None => format!("json: cannot unmarshal {what} into Go value of type {ty}"),
            Some(name) => {
                let field = |step: &Step| match step {
                    Step::Field(name) | Step::Embedded(name) => Some(*name),
                    Step::Key(_) | Step::Index(_) => None,
                };
                let fields: Vec<&str> = self.steps.iter().filter_map(field).collect();
                let fields = fields.join(".");
                format!("json: cannot unmarshal {what} into Go struct field {name}.{fields} of type {ty}")
            }
        }
    }

    fn mismatch(&mut self, what: &str, ty: &str, help: Option<String>) {
        self.save(self.mismatch_message(what, ty), help);
    }

    fn save(&mut self, message: String, help: Option<String>) {
        if self.saved.is_none() {
            self.saved = Some(self.mistake(message, help));
        }
    }

    fn mistake(&self, message: String, help: Option<String>) -> DecodeError {
        let mut path = Path::default();
        for step in &self.steps {
            match step {
                Step::Field(name) => path.push_name(name),
                Step::Embedded(_) => {}
                Step::Key(key) => path.push_key(key),
                Step::Index(index) => path.push_index(*index),
            }
        }
        DecodeError { message, path: path.to_string(), help }
    }

    /// The path as the decoder's own messages have it: keys follow a dot, as fields do.
    fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.steps {
            match step {
                Step::Embedded(_) => {}
                // The converter passes over the keys of maps.
                Step::Key(_) if self.form == Form::Unstructured => {}
                Step::Index(index) => path.push_str(&format!("[{index}]")),
                Step::Field(_) | Step::Key(_) if path.is_empty() => path.push_str(step.name()),
                Step::Field(_) | Step::Key(_) => {
                    path.push('.');
                    path.push_str(step.name());
                }
            }
        }
        path
    }
}

impl Step {
    fn name(&self) -> &str {
        match self {
            Step::Field(name) | Step::Embedded(name) => name,
            Step::Key(key) => key,
            Step::Index(_) => "",
        }
    }
}

/// What a whole number of a patch becomes: Go's conversions wrap around, and on amd64 a float that is out of
/// range becomes the least number.
fn converted_integer(n: &Number, ty: &Type) -> Option<i64> {
    let in_range = -(2f64.powi(63))..2f64.powi(63);
    let of_float = |f: f64| if in_range.contains(&f) { f as i64 } else { i64::MIN };
    let wide = n.as_i64().or_else(|| n.as_f64().filter(|f| f.fract() == 0.0).map(of_float))?;
    Some(if *ty == Type::Int32 { i64::from(wide as i32) } else { wide })
}

/// The converter's words for a value of the wrong sort.
fn unstructured_mismatch(value: &Value, ty: &Type, named: Option<&'static str>) -> String {
    let given = match value {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Number(n) if n.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
    };
    match (ty, given) {
        (Type::Struct(_), _) => format!("cannot restore struct from: {given}"),
        (Type::Map(_), _) => format!("cannot restore map from {given}"),
        (Type::List(_) | Type::Bytes, _) => format!("cannot restore slice from {given}"),
        // Go would make a character of a number, which the converter refuses.
        (Type::String, "int64") => format!("cannot convert int64 to {}", go_types::name(ty, named)),
        (Type::String, _) => "unrecognized type: string".to_owned(),
        _ => format!("unrecognized type: {}", go_types::name(ty, None)),
    }
}

/// A value's kind as Go's JSON decoder names it.
pub fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Whole numbers beyond int64 become floats, as in every object that kubectl reads.
///
/// Kubernetes: apimachinery/pkg/util/json/json.go.
pub fn widen_integers(value: &mut Value) {
    match value {
        Value::Number(n) if n.is_u64() && !n.is_i64() => {
            if let Some(float) = n.as_f64().and_then(Number::from_f64) {
                *n = float;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(widen_integers),
        Value::Object(map) => map.values_mut().for_each(widen_integers),
        _ => {}
    }
}

/// A number as Go's JSON encoder wrote it on the way here.
pub(super) fn json_number(n: &Number) -> String {
    match n.as_f64() {
        Some(f) if n.is_f64() => gosyntax::json_float(f),
        _ => n.to_string(),
    }
}

fn help_for(value: &Value, ty: &Type) -> Option<String> {
    let help = match (ty, value) {
        (Type::String, Value::Number(_) | Value::Bool(_)) => {
            let shown = match value {
                Value::Bool(_) => "true, no or y".to_owned(),
                other => other.to_string(),
            };
            format!("Without quotes, {shown} is no string in YAML: put the value in quotes.")
        }
        (Type::Bool, Value::String(text)) if matches!(text.as_str(), "true" | "false") => {
            "Leave the quotes out.".to_owned()
        }
        (Type::Int32 | Type::Int64, Value::String(text)) if text.parse::<i64>().is_ok() => {
            "Leave the quotes out.".to_owned()
        }
        (Type::List(_), Value::Object(_)) => "A list is wanted: begin each item with a dash.".to_owned(),
        (Type::Struct(_) | Type::Map(_), Value::Array(_)) => {
            "Fields are wanted here, not a list: leave the dash out.".to_owned()
        }
        _ => return None,
    };
    Some(help)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What the API server says to a pod with this spec, behind the fixed beginning.
    fn pod(spec: Value) -> Option<String> {
        object(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}))
    }

    fn object(object: Value) -> Option<String> {
        let text = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
        let kind = schema::kind(&text("apiVersion"), &text("kind")).expect("a served kind");
        let message = decode(&object, kind).bad_request(kind)?;
        let start = format!("{0} in version \"{1}\" cannot be handled as a {0}: ", kind.kind, kind.version);
        Some(message.strip_prefix(&start).expect("the fixed beginning").to_owned())
    }

    fn says(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn api_034_all_unknown_fields_are_listed_in_the_order_of_the_json() {
        assert_eq!(
            pod(json!({
                "zone": 1,
                "containers": [
                    {"name": "a", "imagee": "x", "resources": {"limit": {}}},
                    {"name": "b", "imagee": "y"},
                ],
                "NodeSelector": {},
            })),
            says(concat!(
                "strict decoding error: unknown field \"spec.NodeSelector\", ",
                "unknown field \"spec.containers[0].imagee\", ",
                "unknown field \"spec.containers[0].resources.limit\", ",
                "unknown field \"spec.containers[1].imagee\", ",
                "unknown field \"spec.zone\"",
            ))
        );
        assert_eq!(pod(json!({"containers": []})), None);
    }

    #[test]
    fn api_034_at_most_a_hundred_unknown_fields_are_listed() {
        let spec: Map<String, Value> = (0..500).map(|n| (format!("x{n}"), json!(1))).collect();
        let message = pod(spec.into()).expect("refused");
        assert_eq!(message.matches("unknown field").count(), 100);
    }

    #[test]
    fn api_036_a_wrong_type_comes_before_unknown_fields_and_only_the_first_is_named() {
        assert_eq!(
            pod(json!({"containers": [{"env": [{"name": "A", "value": 1}], "tty": "yes", "x": 1}]})),
            says(
                "json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string"
            )
        );
    }

    #[test]
    fn api_036_types_have_their_go_names() {
        let field = |of: &str, what: &str, ty: &str| {
            says(&format!("json: cannot unmarshal {what} into Go struct field {of} of type {ty}"))
        };
        let container = |name: &str, value: Value| pod(json!({"containers": [{name: value}]}));
        for (name, value, what, ty) in [
            ("imagePullPolicy", json!(true), "bool", "v1.PullPolicy"),
            ("tty", json!("yes"), "string", "bool"),
            ("env", json!({"A": "b"}), "object", "[]v1.EnvVar"),
            ("command", json!("sh"), "string", "[]string"),
            ("command", json!(["sh", 1]), "number", "string"),
            ("resources", json!("big"), "string", "v1.ResourceRequirements"),
        ] {
            let path = format!("Container.spec.containers.{name}");
            assert_eq!(container(name, value), field(&path, what, ty), "{name}");
        }
        for (name, value, what, ty) in [
            ("containers", json!("x"), "string", "[]v1.Container"),
            ("containers", json!(["x"]), "string", "v1.Container"),
            ("nodeSelector", json!(["a"]), "array", "map[string]string"),
            ("nodeSelector", json!({"a": true}), "bool", "string"),
            ("priority", json!(1.5), "number 1.5", "int32"),
            ("priority", json!(3_000_000_000_i64), "number 3000000000", "int32"),
            ("priority", json!("1"), "string", "int32"),
            ("activeDeadlineSeconds", json!(1e300), "number 1e+300", "int64"),
            ("overhead", json!([]), "array", "v1.ResourceList"),
        ] {
            let path = format!("PodSpec.spec.{name}");
            assert_eq!(pod(json!({name: value})), field(&path, what, ty), "{name}");
        }
        let set = json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "spec": {"minReadySeconds": "5"}});
        assert_eq!(object(set), field("DaemonSetSpec.spec.minReadySeconds", "string", "int32"));
    }

    #[test]
    fn api_036_types_that_decode_themselves_have_their_own_words() {
        let limit = |value: Value| pod(json!({"containers": [{"resources": {"limits": {"cpu": value}}}]}));
        for value in [json!("lots"), json!(true), json!("1 Gi"), json!({})] {
            assert_eq!(
                limit(value),
                says(
                    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
                )
            );
        }
        assert_eq!(limit(json!("5iK")), says("unable to parse quantity's suffix"));
        assert_eq!(limit(json!(0.5)), None);
        let rolling = |value: Value| {
            object(json!({"apiVersion": "apps/v1", "kind": "DaemonSet",
                "spec": {"updateStrategy": {"rollingUpdate": {"maxUnavailable": value}}}}))
        };
        let start =
            "Go struct field RollingUpdateDaemonSet.spec.updateStrategy.rollingUpdate.maxUnavailable of";
        assert_eq!(
            rolling(json!(true)),
            says(&format!("json: cannot unmarshal bool into {start} type int32"))
        );
        assert_eq!(
            rolling(json!(0.1)),
            says(&format!("json: cannot unmarshal number 0.1 into {start} type int32"))
        );
        assert_eq!(rolling(json!("10%")), None);
        let made = |value: Value| {
            object(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"creationTimestamp": value}}))
        };
        assert_eq!(made(Value::Null), None);
        assert_eq!(
            made(json!(1)),
            says(
                "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string"
            )
        );
        assert!(made(json!("soon")).is_some_and(|m| m.starts_with("parsing time \"soon\" as")));
        let secret =
            |value: &str| object(json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": value}}));
        assert_eq!(secret("cGxhaW4="), None);
        assert_eq!(secret("plain text"), says("illegal base64 data at input byte 5"));
    }

    #[test]
    fn a_type_that_decodes_itself_stops_the_decoder() {
        let container = json!({"args": [1], "resources": {"limits": {"cpu": "x"}}});
        let message = pod(json!({"containers": [container]})).expect("refused");
        assert!(message.starts_with("quantities must match"), "{message}");
    }

    #[test]
    fn the_value_is_what_the_api_server_keeps() {
        let given = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "p", "labels": {}, "annotations": null, "what": 1},
            "spec": {
                "hostNetwork": false,
                "containers": [{
                    "name": "a", "args": [], "tty": true, "securityContext": {},
                    "resources": {"limits": {"cpu": 0.5, "memory": "1024Mi"}},
                    "env": [{"name": "A", "value": ""}],
                }],
                "volumes": [{"name": "v", "emptyDir": {}}],
                "securityContext": {"runAsNonRoot": false},
                "tolerations": null,
            },
        });
        let kept = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "p"},
            "spec": {
                "containers": [{
                    "name": "a", "tty": true, "securityContext": {},
                    "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}},
                    "env": [{"name": "A"}],
                }],
                "volumes": [{"name": "v", "emptyDir": {}}],
                "securityContext": {"runAsNonRoot": false},
            },
        });
        let kind = schema::kind("v1", "Pod").expect("pods are served");
        let once = decode(&given, kind).value;
        assert_eq!(once, kept);
        assert_eq!(decode(&once, kind).value, once, "a kept object decodes to itself");
    }
}

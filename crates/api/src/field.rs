//! Where in an object something is wrong, and how that is said.
//!
//! Kubernetes: staging/src/k8s.io/apimachinery/pkg/util/validation/field (path.go, errors.go).

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

use serde_json::Value;

// Messages about fields are made with these.
pub use golang::json::marshal as go_json;
pub use golang::strconv::quote as go_quote;

/// The way from the root of an object to a field: `spec.containers[0].image`, `metadata.annotations[a/b]`.
///
/// Cloning and extending share the beginning. The default path is the root, which upstream calls nil.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldPath(Option<Rc<Element>>);

#[derive(Debug, PartialEq, Eq)]
struct Element {
    parent: FieldPath,
    step: PathElement,
}

/// One step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathElement {
    /// A member by name: `.name`.
    Child(Cow<'static, str>),
    /// A list element, counted from 0: `[0]`.
    Index(usize),
    /// An entry of a map with free keys: `[a/b]`.
    Key(String),
}

impl FieldPath {
    /// The path of one member of the root.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self::default().child(name)
    }

    /// The root itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// The path of a field of this object.
    #[must_use]
    pub fn child(&self, name: impl Into<Cow<'static, str>>) -> Self {
        self.step(PathElement::Child(name.into()))
    }

    /// The path of an element of this list, from 0.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.step(PathElement::Index(index))
    }

    /// The path of an entry of this map: `labels[app]`.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.step(PathElement::Key(key.into()))
    }

    fn step(&self, step: PathElement) -> Self {
        Self(Some(Rc::new(Element { parent: self.clone(), step })))
    }

    /// The steps from the root.
    pub fn steps(&self) -> Vec<PathElement> {
        let mut steps = Vec::new();
        let mut path = self;
        while let Some(element) = &path.0 {
            steps.push(element.step.clone());
            path = &element.parent;
        }
        steps.reverse();
        steps
    }

    /// Reads a path from its text, the inverse of printing it.
    ///
    /// A subscript of digits only is read as an index. A bracket without its end makes the rest a name.
    pub fn parse(text: &str) -> Self {
        let mut path = Self::default();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some((inside, after)) = rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
                path = match inside.parse() {
                    Ok(index) if !inside.starts_with('+') => path.index(index),
                    _ => path.key(inside),
                };
                rest = after.strip_prefix('.').unwrap_or(after);
                continue;
            }
            // A name has at least one character, so that every round gets further.
            let first = rest.chars().next().map_or(0, char::len_utf8);
            let end = rest[first..].find(['.', '[']).map_or(rest.len(), |at| at + first);
            path = path.child(rest[..end].to_owned());
            rest = rest[end..].strip_prefix('.').unwrap_or(&rest[end..]);
        }
        path
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Upstream prints a nil path so; it is seen where a selector in text form is refused.
        if self.0.is_none() {
            return f.write_str("<nil>");
        }
        for (at, step) in self.steps().iter().enumerate() {
            match step {
                PathElement::Child(name) if at == 0 => f.write_str(name)?,
                PathElement::Child(name) => write!(f, ".{name}")?,
                PathElement::Index(index) => write!(f, "[{index}]")?,
                PathElement::Key(key) => write!(f, "[{key}]")?,
            }
        }
        Ok(())
    }
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorKind {
    /// Something that is referred to does not exist.
    NotFound,
    /// A value has to be given.
    Required,
    /// A value that must be unique occurs again.
    Duplicate,
    /// A value is malformed or out of range.
    Invalid,
    /// A value is none of those that there are.
    NotSupported,
    /// A value may not be given here.
    Forbidden,
    /// A value is longer than allowed.
    TooLong,
    /// A list has more elements than allowed.
    TooMany,
    /// A value is of another type.
    TypeInvalid,
    /// Something went wrong in the check itself.
    Internal,
}

impl ErrorKind {
    /// The reason that a cause of a `Status` carries.
    pub(crate) fn cause(self) -> &'static str {
        match self {
            Self::NotFound => "FieldValueNotFound",
            Self::Required => "FieldValueRequired",
            Self::Duplicate => "FieldValueDuplicate",
            Self::Invalid => "FieldValueInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::TypeInvalid => "FieldValueTypeInvalid",
            Self::Internal => "InternalError",
        }
    }

    /// Whether the message leaves the value out even if there is one.
    fn hides_value(self) -> bool {
        matches!(self, Self::Required | Self::Forbidden | Self::TooLong | Self::Internal)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "Not found",
            Self::Required => "Required value",
            Self::Duplicate => "Duplicate value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
            Self::Internal => "Internal error",
        })
    }
}

/// One thing that is wrong with one field. Prints as `{field}: {kind}[: {value}][: {detail}]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// What is wrong.
    pub kind: ErrorKind,
    /// The printed [`FieldPath`].
    pub field: String,
    /// The offending value, for the kinds that show one; `None` where it is left out.
    pub bad_value: Option<Value>,
    /// How the value is shown where JSON's own order and names are not Go's.
    shown: Option<String>,
    /// What would be right, in words; may be empty.
    pub detail: String,
}

/// All that is wrong with an object, in the order in which it was found.
pub type ErrorList = Vec<FieldError>;

impl FieldError {
    fn new(kind: ErrorKind, field: &FieldPath, bad_value: Option<Value>, detail: impl Into<String>) -> Self {
        Self { kind, field: field.to_string(), bad_value, shown: None, detail: detail.into() }
    }

    /// There is nothing of this name.
    pub fn not_found(field: &FieldPath, value: impl Into<Value>) -> Self {
        Self::new(ErrorKind::NotFound, field, Some(value.into()), "")
    }

    /// A value has to be given.
    pub fn required(field: &FieldPath, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Required, field, None, detail)
    }

    /// The value occurs more than once.
    pub fn duplicate(field: &FieldPath, value: impl Into<Value>) -> Self {
        Self::new(ErrorKind::Duplicate, field, Some(value.into()), "")
    }

    /// The value is malformed or out of range.
    pub fn invalid(field: &FieldPath, value: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, field, Some(value.into()), detail)
    }

    /// The supported values are listed in the order given.
    pub fn not_supported(field: &FieldPath, value: impl Into<Value>, supported: &[&str]) -> Self {
        let quoted: Vec<String> = supported.iter().map(|text| go_quote(text)).collect();
        let detail = match quoted.is_empty() {
            true => String::new(),
            false => format!("supported values: {}", quoted.join(", ")),
        };
        Self::new(ErrorKind::NotSupported, field, Some(value.into()), detail)
    }

    /// The field may not be given.
    pub fn forbidden(field: &FieldPath, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Forbidden, field, None, detail)
    }

    /// The value is longer than so many bytes.
    pub fn too_long(field: &FieldPath, max_bytes: usize) -> Self {
        let unit = if max_bytes == 1 { "byte" } else { "bytes" };
        Self::new(ErrorKind::TooLong, field, None, format!("may not be more than {max_bytes} {unit}"))
    }

    /// The list has more elements than allowed.
    pub fn too_many(field: &FieldPath, actual: usize, max: usize) -> Self {
        let unit = if max == 1 { "item" } else { "items" };
        Self::new(ErrorKind::TooMany, field, Some(actual.into()), format!("must have at most {max} {unit}"))
    }

    /// Something went wrong in the check itself.
    pub fn internal(field: &FieldPath, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, field, None, detail)
    }

    /// The same error with its value in Go's words.
    #[must_use]
    pub fn shown_as(self, text: String) -> Self {
        Self { shown: Some(text), ..self }
    }

    /// The same error without its value, where upstream shows none (`OmitValueType`).
    #[must_use]
    pub fn without_value(self) -> Self {
        Self { bad_value: None, ..self }
    }

    /// The message without the field's name, as a cause of a `Status` carries it.
    pub(crate) fn body(&self) -> String {
        let mut body = self.kind.to_string();
        if let Some(value) = self.bad_value.as_ref().filter(|_| !self.kind.hides_value()) {
            body.push_str(": ");
            match (&self.shown, value) {
                (Some(shown), _) => body.push_str(shown),
                (None, Value::String(text)) => body.push_str(&go_quote(text)),
                (None, other) => body.push_str(&go_json(other)),
            }
        }
        if !self.detail.is_empty() {
            body.push_str(": ");
            body.push_str(&self.detail);
        }
        body
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.body())
    }
}

/// Errors as Go prints an aggregate: one alone, several as `[a, b]`, the same text only once.
///
/// Kubernetes: apimachinery/pkg/util/errors, aggregate.Error.
pub fn to_aggregate(errors: &[FieldError]) -> String {
    let mut seen: Vec<String> = Vec::new();
    for text in errors.iter().map(FieldError::to_string) {
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    match seen.as_slice() {
        [one] => one.clone(),
        _ => format!("[{}]", seen.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn image() -> FieldPath {
        FieldPath::new("spec").child("template").child("spec").child("containers").index(0).child("image")
    }

    #[test]
    fn paths_print_and_read_back() {
        assert_eq!(image().to_string(), "spec.template.spec.containers[0].image");
        let key = FieldPath::new("metadata").child("annotations").key("a.b/c");
        assert_eq!(key.to_string(), "metadata.annotations[a.b/c]");
        assert_eq!(FieldPath::parse("metadata.annotations[a.b/c]"), key);
        assert_eq!(FieldPath::parse("spec.template.spec.containers[0].image"), image());
        assert_eq!(FieldPath::root().to_string(), "<nil>");
    }

    #[test]
    fn reading_any_text_as_a_path_ends() {
        for text in ["", ".", "[", "]", "[[", "a[", "é[0].é", "..a", "[0]x", "[+1]", "a[b"] {
            let _ = FieldPath::parse(text);
        }
    }

    #[test]
    fn api_039_error_texts_show_kind_value_and_detail() {
        let path = FieldPath::new("spec").child("x");
        let text = |error: FieldError| error.to_string();
        assert_eq!(text(FieldError::required(&path, "")), "spec.x: Required value");
        assert_eq!(text(FieldError::required(&path, "why")), "spec.x: Required value: why");
        assert_eq!(text(FieldError::invalid(&path, "a\"b", "bad")), r#"spec.x: Invalid value: "a\"b": bad"#);
        assert_eq!(text(FieldError::invalid(&path, 70000, "bad")), "spec.x: Invalid value: 70000: bad");
        assert_eq!(
            text(FieldError::invalid(&path, json!({"app": "web"}), "no")),
            r#"spec.x: Invalid value: {"app":"web"}: no"#
        );
        assert_eq!(text(FieldError::invalid(&path, Value::Null, "no")), "spec.x: Invalid value: null: no");
        assert_eq!(text(FieldError::duplicate(&path, "a")), r#"spec.x: Duplicate value: "a""#);
        assert_eq!(text(FieldError::not_found(&path, "data")), r#"spec.x: Not found: "data""#);
        assert_eq!(text(FieldError::forbidden(&path, "no")), "spec.x: Forbidden: no");
        assert_eq!(text(FieldError::too_long(&path, 5)), "spec.x: Too long: may not be more than 5 bytes");
        assert_eq!(text(FieldError::too_many(&path, 9, 5)), "spec.x: Too many: 9: must have at most 5 items");
        assert_eq!(
            text(FieldError::not_supported(&path, "X", &["A", "B"])),
            r#"spec.x: Unsupported value: "X": supported values: "A", "B""#
        );
    }

    #[test]
    fn values_print_as_go_prints_them() {
        assert_eq!(go_quote("데몬 <b>\n\u{1}\u{a0}"), "\"데몬 <b>\\n\\x01\\u00a0\"");
        assert_eq!(go_json(&json!({"a": "<&>"})), r#"{"a":"\u003c\u0026\u003e"}"#);
    }

    #[test]
    fn an_aggregate_names_each_text_once() {
        let path = FieldPath::new("x");
        let one = FieldError::required(&path, "");
        assert_eq!(to_aggregate(&[one.clone(), one.clone()]), "x: Required value");
        let two = FieldError::forbidden(&path, "no");
        assert_eq!(to_aggregate(&[one, two]), "[x: Required value, x: Forbidden: no]");
    }
}

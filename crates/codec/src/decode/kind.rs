//! Whether an object is of the kind that was asked for.

use std::fmt;

use api::schema::KindInfo;
use serde_json::Value;

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

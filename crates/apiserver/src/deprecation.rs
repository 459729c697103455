//! Kinds that are on their way out: whoever uses one is warned.
//!
//! Kubernetes: api/core/v1/lifecycle.go; apiserver/pkg/endpoints/deprecation.

use api::object::Kind;

/// The warning that comes with every answer about a kind, if it is deprecated.
pub fn deprecation_warning(kind: Kind) -> Option<String> {
    if !matches!(kind, Kind::Other(_)) {
        return None;
    }
    let info = kind.info();
    let text = match (info.group, info.kind) {
        ("", "ComponentStatus") => "v1 ComponentStatus is deprecated in v1.19+",
        ("", "Endpoints") => "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
        _ => return None,
    };
    Some(text.to_owned())
}

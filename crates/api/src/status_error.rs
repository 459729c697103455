//! What the API server answers when it says no.
//!
//! Kubernetes: staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go.

use std::fmt;

use serde_json::{Map, Value, json};

use super::field::{FieldError, go_quote, to_aggregate};

/// The machine's word for a refusal; kubectl prints it as `Error from server ({reason})`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatusReason {
    /// 404: there is no such object.
    NotFound,
    /// 409: there is such an object already.
    AlreadyExists,
    /// 409: the object is not what the request took it for.
    Conflict,
    /// 422: the object breaks rules.
    Invalid,
    /// 403: the request is not allowed.
    Forbidden,
    /// 400: the request makes no sense.
    BadRequest,
    /// 410: it is gone for good.
    Gone,
    /// 410: what was asked for is no longer kept.
    Expired,
    /// 405: the kind has no such verb.
    MethodNotAllowed,
    /// 429: come again later.
    TooManyRequests,
    /// 500: something went wrong inside.
    InternalError,
    /// 504: it took too long.
    Timeout,
    /// 503: it cannot be served now.
    ServiceUnavailable,
    /// The API server has no word for it.
    Unknown,
}

impl StatusReason {
    /// The reason as it is written: `NotFound`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "NotFound",
            Self::AlreadyExists => "AlreadyExists",
            Self::Conflict => "Conflict",
            Self::Invalid => "Invalid",
            Self::Forbidden => "Forbidden",
            Self::BadRequest => "BadRequest",
            Self::Gone => "Gone",
            Self::Expired => "Expired",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::TooManyRequests => "TooManyRequests",
            Self::InternalError => "InternalError",
            Self::Timeout => "Timeout",
            Self::ServiceUnavailable => "ServiceUnavailable",
            Self::Unknown => "",
        }
    }

    /// The HTTP status.
    pub fn code(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::AlreadyExists | Self::Conflict => 409,
            Self::Invalid => 422,
            Self::Forbidden => 403,
            Self::BadRequest => 400,
            Self::Gone | Self::Expired => 410,
            Self::MethodNotAllowed => 405,
            Self::TooManyRequests => 429,
            Self::InternalError | Self::Unknown => 500,
            Self::Timeout => 504,
            Self::ServiceUnavailable => 503,
        }
    }
}

impl fmt::Display for StatusReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A resource and its group. Prints as `daemonsets.apps`, or `pods` for the core group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupResource<'a> {
    /// The API group; empty for the core group.
    pub group: &'a str,
    /// Plural.
    pub resource: &'a str,
}

impl<'a> GroupResource<'a> {
    /// A resource of a group.
    pub fn new(group: &'a str, resource: &'a str) -> Self {
        Self { group, resource }
    }

    /// A resource of the core group.
    pub fn core(resource: &'a str) -> Self {
        Self::new("", resource)
    }
}

impl fmt::Display for GroupResource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.group {
            "" => f.write_str(self.resource),
            group => write!(f, "{}.{group}", self.resource),
        }
    }
}

/// One of several reasons for a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusCause {
    /// For a field error FieldValueInvalid and the like.
    pub reason: &'static str,
    /// Without the field's name.
    pub message: String,
    /// The path of the field; may be empty.
    pub field: String,
}

/// A refusal: what a client gets instead of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusError {
    /// The HTTP status.
    pub code: u16,
    /// The reason.
    pub reason: StatusReason,
    /// What a person reads.
    pub message: String,
    /// The group of the resource or kind concerned; empty for the core group.
    pub group: String,
    /// The plural resource, or for Invalid the kind.
    pub kind: String,
    /// The name of the object; may be empty.
    pub name: String,
    /// What is wrong in detail.
    pub causes: Vec<StatusCause>,
    /// Seconds after which to try again.
    pub retry: Option<u32>,
    /// The object whose absence is the reason; for those who show it, and no part of the answer's text.
    pub missing: Option<Box<Missing>>,
}

/// An object that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// `ServiceAccount` …
    pub kind: &'static str,
    /// Empty for objects without one.
    pub namespace: String,
    /// The object's name.
    pub name: String,
}

impl StatusError {
    /// A refusal that concerns no object in particular.
    pub fn new(reason: StatusReason, message: impl Into<String>) -> Self {
        Self {
            code: reason.code(),
            reason,
            message: message.into(),
            group: String::new(),
            kind: String::new(),
            name: String::new(),
            causes: Vec::new(),
            retry: None,
            missing: None,
        }
    }

    /// The same, because this object is not there.
    pub fn for_lack_of(self, kind: &'static str, namespace: &str, name: &str) -> Self {
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        Self { missing: Some(Box::new(Missing { kind, namespace, name })), ..self }
    }

    fn about(reason: StatusReason, resource: GroupResource<'_>, name: &str, message: String) -> Self {
        Self {
            group: resource.group.to_owned(),
            kind: resource.resource.to_owned(),
            name: name.to_owned(),
            ..Self::new(reason, message)
        }
    }

    /// For a path that the API server does not serve.
    ///
    /// Kubernetes: apimachinery/pkg/api/errors/errors.go, NewGenericServerResponse.
    pub fn not_served() -> Self {
        let message = "the server could not find the requested resource".to_owned();
        Self::about(StatusReason::NotFound, GroupResource::core(""), "", message)
    }

    /// `pods "x" not found` (API-011).
    pub fn not_found(resource: GroupResource<'_>, name: &str) -> Self {
        Self::about(
            StatusReason::NotFound,
            resource,
            name,
            format!("{resource} {} not found", go_quote(name)),
        )
    }

    /// `daemonsets.apps "x" already exists` (API-010).
    pub fn already_exists(resource: GroupResource<'_>, name: &str) -> Self {
        let message = format!("{resource} {} already exists", go_quote(name));
        Self::about(StatusReason::AlreadyExists, resource, name, message)
    }

    /// The name is taken by an object that is being deleted (API-010).
    ///
    /// Kubernetes: apiserver/pkg/registry/generic/registry/store.go, Create.
    pub fn already_exists_being_deleted(resource: GroupResource<'_>, name: &str) -> Self {
        let error = Self::already_exists(resource, name);
        Self { message: format!("object is being deleted: {}", error.message), ..error }
    }

    /// The object is not what the request took it for.
    pub fn conflict(resource: GroupResource<'_>, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {resource} {}: {why}", go_quote(name));
        Self::about(StatusReason::Conflict, resource, name, message)
    }

    /// The object was changed since it was read (API-009).
    pub fn modified(resource: GroupResource<'_>, name: &str) -> Self {
        let why =
            "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(resource, name, why)
    }

    /// A precondition on the uid failed.
    ///
    /// Kubernetes: apiserver/pkg/storage/interfaces.go, Preconditions.Check.
    pub fn uid_conflict(resource: GroupResource<'_>, name: &str, wanted: &str, have: &str) -> Self {
        let why = format!("Precondition failed: UID in precondition: {wanted}, UID in object meta: {have}");
        Self::conflict(resource, name, &why)
    }

    /// Validation failed; `kind` is singular, as in `DaemonSet.apps "x" is invalid: …`.
    pub fn invalid(kind: GroupResource<'_>, name: &str, errors: &[FieldError]) -> Self {
        let cause = |error: &FieldError| StatusCause {
            reason: error.kind.cause(),
            message: error.body(),
            field: error.field.clone(),
        };
        let message = format!("{kind} {} is invalid: {}", go_quote(name), to_aggregate(errors));
        Self {
            causes: errors.iter().map(cause).collect(),
            ..Self::about(StatusReason::Invalid, kind, name, message)
        }
    }

    /// The request is not allowed.
    pub fn forbidden(resource: GroupResource<'_>, name: &str, why: &str) -> Self {
        let message = match name {
            "" => format!("{resource} is forbidden: {why}"),
            name => format!("{resource} {} is forbidden: {why}", go_quote(name)),
        };
        Self::about(StatusReason::Forbidden, resource, name, message)
    }

    /// A create in a namespace that is going away (API-023).
    pub fn namespace_terminating(resource: GroupResource<'_>, name: &str, namespace: &str) -> Self {
        let why =
            format!("unable to create new content in namespace {namespace} because it is being terminated");
        let cause = StatusCause {
            reason: "NamespaceTerminating",
            message: format!("namespace {namespace} is being terminated"),
            field: "metadata.namespace".to_owned(),
        };
        Self { causes: vec![cause], ..Self::forbidden(resource, name, &why) }
    }

    /// A create in a namespace that there is not (API-022).
    pub fn namespace_not_found(namespace: &str) -> Self {
        Self::not_found(GroupResource::core("namespaces"), namespace)
    }

    /// A delete of one of the namespaces that must stay (API-024).
    pub fn namespace_may_not_be_deleted(namespace: &str) -> Self {
        Self::forbidden(GroupResource::core("namespaces"), namespace, "this namespace may not be deleted")
    }

    /// The request makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusReason::BadRequest, message)
    }

    /// There is no such resource, or no such endpoint of it (CLI-048).
    pub fn no_such_resource() -> Self {
        Self::new(StatusReason::NotFound, "the server could not find the requested resource")
    }

    /// Come again in so many seconds.
    pub fn too_many_requests(message: impl Into<String>, retry: u32) -> Self {
        Self { retry: Some(retry), ..Self::new(StatusReason::TooManyRequests, message) }
    }

    /// Something went wrong inside.
    pub fn internal(why: &str) -> Self {
        Self::new(StatusReason::InternalError, format!("Internal error occurred: {why}"))
    }

    /// Whether there is no such object.
    pub fn is_not_found(&self) -> bool {
        self.reason == StatusReason::NotFound
    }

    /// Whether there is such an object already.
    pub fn is_already_exists(&self) -> bool {
        self.reason == StatusReason::AlreadyExists
    }

    /// Whether the object is not what the request took it for.
    pub fn is_conflict(&self) -> bool {
        self.reason == StatusReason::Conflict
    }

    /// The `Status` object that goes over the wire.
    pub fn to_value(&self) -> Value {
        let mut details = Map::new();
        for (key, text) in [("name", &self.name), ("group", &self.group), ("kind", &self.kind)] {
            if !text.is_empty() {
                details.insert(key.to_owned(), text.as_str().into());
            }
        }
        if !self.causes.is_empty() {
            details.insert("causes".to_owned(), self.causes.iter().map(StatusCause::to_value).collect());
        }
        if let Some(seconds) = self.retry {
            details.insert("retryAfterSeconds".to_owned(), seconds.into());
        }
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason.as_str(), "code": self.code
        });
        if let (false, Some(map)) = (details.is_empty(), status.as_object_mut()) {
            map.insert("details".to_owned(), Value::Object(details));
        }
        status
    }
}

impl StatusCause {
    fn to_value(&self) -> Value {
        let mut cause = json!({"reason": self.reason, "message": self.message});
        if let (false, Some(map)) = (self.field.is_empty(), cause.as_object_mut()) {
            map.insert("field".to_owned(), self.field.as_str().into());
        }
        cause
    }
}

impl fmt::Display for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StatusError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::FieldPath;

    const DAEMON_SETS: GroupResource<'_> = GroupResource { group: "apps", resource: "daemonsets" };

    #[test]
    fn api_009_a_stale_write_conflicts() {
        let error = StatusError::modified(DAEMON_SETS, "x");
        assert_eq!((error.code, error.reason), (409, StatusReason::Conflict));
        assert_eq!(
            error.message,
            "Operation cannot be fulfilled on daemonsets.apps \"x\": the object has been modified; please apply \
             your changes to the latest version and try again"
        );
    }

    #[test]
    fn api_010_a_taken_name_is_refused() {
        let error = StatusError::already_exists(DAEMON_SETS, "x");
        assert_eq!((error.code, &*error.message), (409, "daemonsets.apps \"x\" already exists"));
        let error = StatusError::already_exists_being_deleted(DAEMON_SETS, "x");
        assert_eq!(error.message, "object is being deleted: daemonsets.apps \"x\" already exists");
        assert!(error.is_already_exists());
    }

    #[test]
    fn api_011_resources_are_named_in_the_plural_with_their_group() {
        let text = |group, resource, name| {
            StatusError::not_found(GroupResource::new(group, resource), name).to_string()
        };
        assert_eq!(text("", "pods", "x"), "pods \"x\" not found");
        assert_eq!(text("apps", "daemonsets", "x"), "daemonsets.apps \"x\" not found");
        assert_eq!(text("", "nodes", "n"), "nodes \"n\" not found");
    }

    #[test]
    fn api_022_a_missing_namespace_is_not_found() {
        let error = StatusError::namespace_not_found("x");
        assert_eq!((error.code, &*error.message), (404, "namespaces \"x\" not found"));
    }

    #[test]
    fn api_024_the_first_namespaces_stay() {
        let error = StatusError::namespace_may_not_be_deleted("kube-system");
        let message = "namespaces \"kube-system\" is forbidden: this namespace may not be deleted";
        assert_eq!((error.code, &*error.message), (403, message));
    }

    #[test]
    fn api_023_a_terminating_namespace_takes_nothing_new() {
        let error = StatusError::namespace_terminating(DAEMON_SETS, "x", "team");
        assert_eq!(error.code, 403);
        assert_eq!(
            error.message,
            "daemonsets.apps \"x\" is forbidden: unable to create new content in namespace team because it is \
             being terminated"
        );
    }

    #[test]
    fn an_invalid_object_lists_its_causes() {
        let path = FieldPath::new("spec").child("a");
        let errors = [FieldError::required(&path, ""), FieldError::invalid(&path, "b", "bad")];
        let error = StatusError::invalid(GroupResource::new("apps", "DaemonSet"), "x", &errors);
        assert_eq!(
            error.message,
            "DaemonSet.apps \"x\" is invalid: [spec.a: Required value, spec.a: Invalid value: \"b\": bad]"
        );
        assert_eq!(
            error.to_value(),
            json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 422,
                "message": error.message, "reason": "Invalid",
                "details": {"name": "x", "group": "apps", "kind": "DaemonSet", "causes": [
                    {"reason": "FieldValueRequired", "message": "Required value", "field": "spec.a"},
                    {"reason": "FieldValueInvalid", "message": "Invalid value: \"b\": bad", "field": "spec.a"}
                ]}
            })
        );
    }
}

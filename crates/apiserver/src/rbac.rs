//! Who may do what: the RBAC authorizer over the stored roles and bindings.
//!
//! Asked only where somebody acts in another's place (impersonation) or asks what they may do. Kubernetes:
//! plugin/pkg/auth/authorizer/rbac/rbac.go, pkg/registry/rbac/validation/rule.go, pkg/apis/rbac/v1/evaluation_helpers.go.

use serde_json::{Value, json};

use super::ApiServer;
use api::field::go_quote;
use api::json::text;
use api::object::{Key, Kind};
use api::status_error::{StatusError, StatusReason};
use sim::Time;
use wire::{Access, Call, Review, User};

const API: &str = "rbac.authorization.k8s.io/v1";
/// May do everything, whatever the roles say.
const MASTERS: &str = "system:masters";

/// What an authorizer found.
struct Verdict {
    allowed: bool,
    /// Why not, where something is wrong with a binding.
    reason: String,
}

/// Refuses a call that the user may not make.
pub(super) fn authorize(api: &ApiServer, user: &User, call: &Call, now: Time) -> Result<(), StatusError> {
    let Some(access) = access_of(call) else { return Ok(()) };
    let verdict = decide(api, user, &access, now);
    if verdict.allowed { Ok(()) } else { Err(access.forbidden(user, &verdict.reason)) }
}

/// The status of a review of one's own rights.
pub(super) fn review(api: &ApiServer, user: &User, review: &Review, now: Time) -> Value {
    match review {
        Review::Access(access) => {
            let verdict = decide(api, user, access, now);
            json!({"allowed": verdict.allowed, "reason": verdict.reason})
        }
        Review::Rules(namespace) => {
            let mut rules = Vec::new();
            visit(api, user, namespace, now, |rule| {
                rules.push(rule.clone());
                false
            });
            json!({"rules": rules})
        }
    }
}

/// What a call needs; nothing where it is no request of a person.
fn access_of(call: &Call) -> Option<Access> {
    let (namespace, name, subresource) = match call {
        Call::DryRun(call) | Call::As { call, .. } => return access_of(call),
        Call::Get { key, .. }
        | Call::Put { key, .. }
        | Call::Patch { key, .. }
        | Call::Delete { key, .. } => (&*key.namespace, &*key.name, ""),
        Call::Evict { key, .. } => (&*key.namespace, &*key.name, "eviction"),
        Call::List { namespace, .. } => (namespace.as_deref().unwrap_or_default(), "", ""),
        Call::Post { namespace, .. } => (&**namespace, "", ""),
        Call::Review(_) => ("", "", ""),
        _ => return None,
    };
    let verb = match call {
        Call::List { .. } => "list",
        Call::Evict { .. } => "create",
        call => call.verb(),
    };
    let info = call.kind().info();
    Some(Access {
        verb: verb.to_owned(),
        group: info.group.to_owned(),
        resource: info.plural.to_owned(),
        subresource: subresource.to_owned(),
        namespace: if info.namespaced { namespace.to_owned() } else { String::new() },
        name: name.to_owned(),
        path: String::new(),
    })
}

fn decide(api: &ApiServer, user: &User, access: &Access, now: Time) -> Verdict {
    if user.groups.iter().any(|group| group == MASTERS) {
        return Verdict { allowed: true, reason: String::new() };
    }
    let mut allowed = false;
    let errors = visit(api, user, &access.namespace, now, |rule| {
        allowed = allows(rule, access);
        allowed
    });
    let reason = match errors.as_slice() {
        errors if allowed || errors.is_empty() => String::new(),
        [one] => format!("RBAC: {one}"),
        several => format!("RBAC: [{}]", several.join(", ")),
    };
    Verdict { allowed, reason }
}

/// Shows the rules that hold for a user in a namespace, until one is taken; what is wrong with bindings.
fn visit(
    api: &ApiServer,
    user: &User,
    namespace: &str,
    now: Time,
    mut takes: impl FnMut(&Value) -> bool,
) -> Vec<String> {
    let mut errors = Vec::new();
    let in_namespace = (!namespace.is_empty()).then_some(("RoleBinding", Some(namespace)));
    for (kind, place) in [("ClusterRoleBinding", None)].into_iter().chain(in_namespace) {
        let Some(kind) = Kind::of(API, kind) else { continue };
        for binding in api.store.list(kind, place) {
            let binding = binding.to_value(now);
            if !subjects(&binding).any(|subject| is_subject(subject, user, place.unwrap_or_default())) {
                continue;
            }
            let (of, name) = (text(&binding["roleRef"], "kind"), text(&binding["roleRef"], "name"));
            let key = Key::new(if of == "Role" { place.unwrap_or_default() } else { "" }, name);
            let Some(role) = Kind::of(API, of).and_then(|kind| api.store.get(kind, &key)) else {
                let resource = format!("{}.rbac.authorization.k8s.io", of.to_lowercase());
                errors.push(format!("{resource} {} not found", go_quote(name)));
                continue;
            };
            let role = role.to_value(now);
            if role["rules"].as_array().into_iter().flatten().any(&mut takes) {
                return errors;
            }
        }
    }
    errors
}

/// Nobody can be asked whether a binding grants more than its maker has where its role is of no kind of role; that is
/// looked at before the binding is validated.
///
/// Kubernetes: pkg/registry/rbac/clusterrolebinding/policybased/storage.go, Create.
// Not simulated: a binding or a role that grants more than the one has in whose place it is made.
pub(super) fn check_role_kind(kind: Kind, binding: &Value) -> Result<(), StatusError> {
    if !matches!(kind, Kind::Other(_)) || !matches!(kind.name(), "RoleBinding" | "ClusterRoleBinding") {
        return Ok(());
    }
    match text(&binding["roleRef"], "kind") {
        "Role" | "ClusterRole" => Ok(()),
        other => {
            let message = format!("unsupported role reference kind: {}", go_quote(other));
            Err(StatusError::new(StatusReason::Unknown, message))
        }
    }
}

fn subjects(binding: &Value) -> impl Iterator<Item = &Value> {
    binding["subjects"].as_array().into_iter().flatten()
}

/// Kubernetes: pkg/registry/rbac/validation/rule.go, appliesToUser.
fn is_subject(subject: &Value, user: &User, namespace: &str) -> bool {
    let name = text(subject, "name");
    match text(subject, "kind") {
        "User" => user.name == name,
        "Group" => user.groups.iter().any(|group| group == name),
        "ServiceAccount" => {
            let place = match text(subject, "namespace") {
                "" => namespace,
                place => place,
            };
            !place.is_empty() && user.name == format!("system:serviceaccount:{place}:{name}")
        }
        _ => false,
    }
}

/// Kubernetes: plugin/pkg/auth/authorizer/rbac/rbac.go, RuleAllows.
fn allows(rule: &Value, access: &Access) -> bool {
    let has = |field: &str, wanted: &dyn Fn(&str) -> bool| {
        rule[field].as_array().into_iter().flatten().filter_map(Value::as_str).any(wanted)
    };
    let named = |field: &str, value: &str| has(field, &|one| one == "*" || one == value);
    if !named("verbs", &access.verb) {
        return false;
    }
    if !access.path.is_empty() {
        return has("nonResourceURLs", &|url| match url.strip_suffix('*') {
            Some(start) => access.path.starts_with(start),
            None => url == access.path,
        });
    }
    let combined = access.whole_resource();
    let resource = |one: &str| {
        let of_any = one.strip_prefix("*/").is_some_and(|sub| !sub.is_empty() && sub == access.subresource);
        one == "*" || one == combined || of_any
    };
    let all_names = rule["resourceNames"].as_array().is_none_or(Vec::is_empty);
    named("apiGroups", &access.group)
        && has("resources", &resource)
        && (all_names || has("resourceNames", &|name| name == access.name))
}

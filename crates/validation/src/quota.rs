//! ResourceQuotas and LimitRanges.
//!
//! Kubernetes: pkg/apis/core/validation/validation.go, ValidateResourceQuota, ValidateLimitRange.

use serde_json::Value;
use sim::{SortedMap, SortedSet};

use super::mounts::quantity;
use super::names::name_is_dns_subdomain;
use super::resources::{
    is_overcommit_allowed, is_standard_quota_resource, shown, validate_container_resource_name,
    validate_quota_resource_name, validate_resource_name, validate_resource_quantity_value,
};
use super::{go_form, push_invalid};
use crate::meta::{validate_object_meta, validate_object_meta_update};
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;
use api::label::is_qualified_name;
use api::quantity::Quantity;

const SCOPES: [&str; 7] = [
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "VolumeAttributesClass",
    "CrossNamespacePodAffinity",
];
const CONFLICTING_SCOPES: [[&str; 2]; 2] =
    [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]];

pub(super) fn validate_resource_quota(quota: &Value) -> ErrorList {
    let path = FieldPath::new("metadata");
    let mut errors = validate_object_meta(json::get(quota, "metadata"), true, name_is_dns_subdomain, &path);
    validate_resource_quota_spec(json::get(quota, "spec"), &FieldPath::new("spec"), &mut errors);
    errors
}

pub(super) fn validate_resource_quota_update(new: &Value, old: &Value) -> ErrorList {
    let path = FieldPath::new("metadata");
    let mut errors =
        validate_object_meta_update(json::get(new, "metadata"), json::get(old, "metadata"), &path);
    let (spec, path) = (json::get(new, "spec"), FieldPath::new("spec"));
    validate_resource_quota_spec(spec, &path, &mut errors);
    let scopes = |of| json::strings(json::get(of, "spec"), "scopes").into_iter().collect::<SortedSet<_>>();
    if scopes(new) != scopes(old) {
        let value = json::get(spec, "scopes").clone();
        errors.push(FieldError::invalid(&path.child("scopes"), value, super::FIELD_IMMUTABLE));
    }
    errors
}

fn validate_resource_quota_spec(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    for (name, amount) in json::entries(spec, "hard") {
        let path = path.child("hard").key(name);
        validate_quota_resource_name(name, &path, errors);
        validate_resource_quantity_value(name, amount, &path, errors);
    }
    validate_scopes(spec, &path.child("scopes"), errors);
    if json::has(spec, "scopeSelector") {
        validate_scope_selector(spec, &path.child("scopeSelector").child("matchExpressions"), errors);
    }
}

/// Which resources a scope can narrow.
///
/// Kubernetes: pkg/apis/core/helper/helpers.go, IsResourceQuotaScopeValidForResource.
fn is_valid_for_resource(scope: &str, resource: &str) -> bool {
    const COMPUTE: [&str; 6] =
        ["cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"];
    match scope {
        "BestEffort" => resource == "pods",
        "Terminating"
        | "NotTerminating"
        | "NotBestEffort"
        | "PriorityClass"
        | "CrossNamespacePodAffinity" => resource == "pods" || COMPUTE.contains(&resource),
        "VolumeAttributesClass" => matches!(resource, "persistentvolumeclaims" | "requests.storage"),
        _ => true,
    }
}

/// How many of a quota's resources a scope cannot narrow.
fn unsupported(spec: &Value, scope: &str) -> usize {
    let names = json::entries(spec, "hard").map(|(name, _)| name);
    names.filter(|name| is_standard_quota_resource(name) && !is_valid_for_resource(scope, name)).count()
}

fn conflicts(scopes: &[&str]) -> usize {
    CONFLICTING_SCOPES.iter().filter(|pair| pair.iter().all(|scope| scopes.contains(scope))).count()
}

fn validate_scopes(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let scopes = json::strings(spec, "scopes");
    let mut push = |count: usize, why: &str| {
        for _ in 0..count {
            errors.push(FieldError::invalid(path, json::get(spec, "scopes").clone(), why));
        }
    };
    for scope in &scopes {
        push(usize::from(!SCOPES.contains(scope)), "unsupported scope");
        push(unsupported(spec, scope), "unsupported scope applied to resource");
    }
    push(conflicts(&scopes), "conflicting scopes");
}

fn validate_scope_selector(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let selector = json::get(spec, "scopeSelector");
    let mut scopes = Vec::new();
    for requirement in json::list(selector, "matchExpressions") {
        let (scope, operator) = (json::text(requirement, "scopeName"), json::text(requirement, "operator"));
        if !SCOPES.contains(&scope) {
            errors.push(FieldError::invalid(&path.child("scopeName"), scope, "unsupported scope"));
        }
        for _ in 0..unsupported(spec, scope) {
            let shown = go_form::compact("ScopeSelector", selector);
            let why = "unsupported scope applied to resource";
            errors.push(FieldError::invalid(path, selector.clone(), why).shown_as(shown));
        }
        let plain = SCOPES.contains(&scope) && !["PriorityClass", "VolumeAttributesClass"].contains(&scope);
        if plain && operator != "Exists" {
            let why = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
            errors.push(FieldError::invalid(&path.child("operator"), operator, why));
        }
        validate_operator(requirement, operator, path, errors);
        scopes.push(scope);
    }
    for _ in 0..conflicts(&scopes) {
        errors.push(FieldError::invalid(path, json::get(spec, "scopes").clone(), "conflicting scopes"));
    }
}

fn validate_operator(requirement: &Value, operator: &str, path: &FieldPath, errors: &mut ErrorList) {
    let (values, none) = (path.child("values"), json::empty(requirement, "values"));
    match operator {
        "In" | "NotIn" if none => {
            let why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
            errors.push(FieldError::required(&values, why));
        }
        "Exists" | "DoesNotExist" if !none => {
            let why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
            errors.push(FieldError::invalid(&values, json::get(requirement, "values").clone(), why));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        _ => {
            let why = "not a valid selector operator";
            errors.push(FieldError::invalid(&path.child("operator"), operator, why));
        }
    }
}

pub(super) fn validate_limit_range(range: &Value) -> ErrorList {
    let path = FieldPath::new("metadata");
    let mut errors = validate_object_meta(json::get(range, "metadata"), true, name_is_dns_subdomain, &path);
    let path = FieldPath::new("spec").child("limits");
    let mut seen = SortedSet::new();
    for (at, limit) in json::list(json::get(range, "spec"), "limits").iter().enumerate() {
        let path = path.index(at);
        let sort = json::text(limit, "type");
        validate_limit_type(sort, &path.child("type"), &mut errors);
        if !seen.insert(sort) {
            errors.push(FieldError::duplicate(&path.child("type"), sort));
        }
        validate_limit_range_item(limit, sort, &path, &mut errors);
    }
    errors
}

fn validate_limit_type(sort: &str, path: &FieldPath, errors: &mut ErrorList) {
    let messages = is_qualified_name(sort);
    let standard = ["Pod", "Container", "PersistentVolumeClaim"].contains(&sort) || sort.contains('/');
    if messages.is_empty() && !standard {
        errors.push(FieldError::invalid(path, sort, "must be a standard limit type or fully qualified"));
    }
    push_invalid(path, sort, messages, errors);
}

/// An amount as it was written, and what it is worth.
type Amounts<'a> = SortedMap<&'a str, (&'a Value, Quantity)>;

/// The amounts of one list, whose names are looked at too.
fn amounts<'a>(
    limit: &'a Value,
    list: &'static str,
    sort: &str,
    path: &FieldPath,
    errors: &mut ErrorList,
) -> Amounts<'a> {
    let mut amounts = Amounts::new();
    for (name, written) in json::entries(limit, list) {
        let path = path.child(list).key(name);
        match sort {
            "Pod" | "Container" => validate_container_resource_name(name, &path, errors),
            _ => validate_resource_name(name, &path, errors),
        }
        amounts.extend(quantity(written).map(|value| (name, (written, value))));
    }
    amounts
}

fn validate_limit_range_item(limit: &Value, sort: &str, path: &FieldPath, errors: &mut ErrorList) {
    let max = amounts(limit, "max", sort, path, errors);
    let min = amounts(limit, "min", sort, path, errors);
    let (mut default, mut request) = (Amounts::new(), Amounts::new());
    if sort == "Pod" {
        for list in ["default", "defaultRequest"] {
            if !json::empty(limit, list) {
                let why = "may not be specified when `type` is 'Pod'";
                errors.push(FieldError::forbidden(&path.child(list), why));
            }
        }
    } else {
        default = amounts(limit, "default", sort, path, errors);
        request = amounts(limit, "defaultRequest", sort, path, errors);
    }
    if sort == "PersistentVolumeClaim" && !min.contains_key("storage") && !max.contains_key("storage") {
        let why = "either minimum or maximum storage value is required, but neither was provided";
        errors.push(FieldError::required(&path.child("limits"), why));
    }
    let ratio = amounts(limit, "maxLimitRequestRatio", sort, path, errors);
    let lists = [&max, &min, &default, &request, &ratio];
    let names: SortedSet<&str> = lists.into_iter().flat_map(|list| list.keys().copied()).collect();
    for name in names {
        // In upstream's order: what must not be greater than what, which one is shown, and where.
        for (less, less_name, more, more_name, show, at) in [
            (&min, "min value", &max, "max value", &min, "min"),
            (&min, "min value", &request, "default request value", &request, "defaultRequest"),
            (&request, "default request value", &max, "max value", &request, "defaultRequest"),
            (&request, "default request value", &default, "default limit value", &request, "defaultRequest"),
            (&min, "min value", &default, "default value", &min, "default"),
            (&default, "default value", &max, "max value", &max, "default"),
        ] {
            let (Some(less), Some(more), Some(show)) = (less.get(name), more.get(name), show.get(name))
            else {
                continue;
            };
            if less.1.cmp(&more.1).is_gt() {
                let why =
                    format!("{less_name} {} is greater than {more_name} {}", shown(less.0), shown(more.0));
                errors.push(FieldError::invalid(&path.child(at).key(name), shown(show.0), why));
            }
        }
        validate_ratio(
            ratio.get(name),
            min.get(name),
            max.get(name),
            &path.child("maxLimitRequestRatio").key(name),
            errors,
        );
        if let (Some(default), Some(request)) = (default.get(name), request.get(name))
            && !is_overcommit_allowed(name)
            && default.1 != request.1
        {
            let (default, request) = (shown(default.0), shown(request.0));
            let why =
                format!("default value {default} must equal to defaultRequest value {request} in {name}");
            errors.push(FieldError::invalid(&path.child("defaultRequest").key(name), request, why));
        }
    }
}

fn validate_ratio(
    ratio: Option<&(&Value, Quantity)>,
    min: Option<&(&Value, Quantity)>,
    max: Option<&(&Value, Quantity)>,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let Some((written, ratio)) = ratio else { return };
    if ratio.milli_value() < 1000 {
        let why = format!("ratio {} is less than 1", shown(written));
        errors.push(FieldError::invalid(path, shown(written), why));
    }
    let (Some((_, min)), Some((_, max))) = (min, max) else { return };
    // Amounts that are too large for thousandths are compared as whole numbers.
    let small = [*ratio, *min, *max].iter().all(|amount| amount.value() < i64::MAX / 1000);
    let of = |amount: Quantity| if small { amount.milli_value() } else { amount.value() };
    let given = if small { ratio.milli_value() as f64 / 1000.0 } else { ratio.value() as f64 };
    let limit = of(*max) as f64 / of(*min) as f64;
    if given > limit {
        let why = format!("ratio {} is greater than max/min = {limit:.6}", shown(written));
        errors.push(FieldError::invalid(path, shown(written), why));
    }
}

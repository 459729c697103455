//! Requests and limits.
//!
//! Kubernetes: pkg/apis/core/validation/validation.go, validateResourceRequirements;
//! pkg/apis/core/helper/helpers.go.

use serde_json::Value;
use sim::SortedSet;

use super::mounts::quantity;
use super::names::validate_dns1123_label;
use super::{IS_NEGATIVE, push_invalid};
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;
use api::label::is_qualified_name;
use api::quantity::Quantity;
use api::resource_list::containers_total;

/// Resource names without a domain that mean something to quotas, services and the like.
const COUNTED: [&str; 9] = [
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

const MEASURED: [&str; 11] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "requests.storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
];

fn is_huge_page(name: &str) -> bool {
    name.starts_with("hugepages-")
}

fn is_standard_resource_name(name: &str) -> bool {
    let quota = name.strip_prefix("requests.").unwrap_or(name);
    MEASURED.contains(&name) || COUNTED.contains(&name) || is_huge_page(quota)
}

/// Whether quotas know how to count a resource.
pub(super) fn is_standard_quota_resource(name: &str) -> bool {
    name != "storage" && is_standard_resource_name(name)
}

/// Kubernetes: validation.go, ValidateResourceQuotaResourceName.
pub(super) fn validate_quota_resource_name(name: &str, path: &FieldPath, errors: &mut ErrorList) {
    validate_resource_name(name, path, errors);
    if !name.contains('/') && !is_standard_quota_resource(name) {
        errors.push(FieldError::invalid(path, name, "must be a standard resource for quota"));
    }
}

/// A name of Kubernetes' own: without a domain, or with its domain.
fn is_native_resource(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

fn is_extended_resource_name(name: &str) -> bool {
    let named = !is_native_resource(name) && !name.starts_with("requests.");
    named && is_qualified_name(&format!("requests.{name}")).is_empty()
}

/// Whether limits may exceed requests.
pub(super) fn is_overcommit_allowed(name: &str) -> bool {
    is_native_resource(name) && !is_huge_page(name)
}

fn is_integer_resource(name: &str) -> bool {
    COUNTED.contains(&name) || is_extended_resource_name(name)
}

/// A quantity as Go prints it, which keeps the text that decoding and defaulting have left.
pub(super) fn shown(written: &Value) -> String {
    written.as_str().map_or_else(|| written.to_string(), str::to_owned)
}

type ResourceNameFn = fn(&str, &FieldPath, &mut ErrorList);

pub(super) fn validate_resource_name(name: &str, path: &FieldPath, errors: &mut ErrorList) {
    let messages = is_qualified_name(name);
    let well_formed = messages.is_empty();
    push_invalid(path, name, messages, errors);
    if well_formed && !name.contains('/') && !is_standard_resource_name(name) {
        let why = "must be a standard resource type or fully qualified";
        errors.push(FieldError::invalid(path, name, why));
    }
}

pub(super) fn validate_container_resource_name(name: &str, path: &FieldPath, errors: &mut ErrorList) {
    validate_resource_name(name, path, errors);
    let why = if !name.contains('/') {
        let standard = matches!(name, "cpu" | "memory" | "ephemeral-storage") || is_huge_page(name);
        (!standard).then_some("must be a standard resource for containers")
    } else {
        let follows = is_native_resource(name) || is_extended_resource_name(name);
        (!follows).then_some("doesn't follow extended resource name standard")
    };
    errors.extend(why.map(|why| FieldError::invalid(path, name, why)));
}

fn validate_pod_resource_name(name: &str, path: &FieldPath, errors: &mut ErrorList) {
    let before = errors.len();
    validate_resource_name(name, path, errors);
    if errors.len() == before && !matches!(name, "cpu" | "memory") && !is_huge_page(name) {
        errors.push(FieldError::not_supported(path, name, &["cpu", "hugepages-", "memory"]));
    }
}

/// Kubernetes: validation.go, ValidateResourceQuantityValue.
pub(super) fn validate_resource_quantity_value(
    name: &str,
    written: &Value,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    // Decoding has refused what is no quantity.
    let Some(value) = quantity(written) else { return };
    if value.sign() < 0 {
        errors.push(FieldError::invalid(path, shown(written), IS_NEGATIVE));
    }
    if is_integer_resource(name) && value.milli_value() % 1000 != 0 {
        errors.push(FieldError::invalid(path, shown(written), "must be an integer"));
    }
}

/// API-054. Kubernetes: validation.go, ValidateContainerResourceRequirements.
pub(super) fn validate_container_resource_requirements(
    requirements: &Value,
    claims: &SortedSet<&str>,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    validate_resource_requirements(requirements, validate_container_resource_name, claims, path, errors);
}

fn validate_resource_requirements(
    requirements: &Value,
    name_fn: ResourceNameFn,
    claims: &SortedSet<&str>,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let (limits_path, requests_path) = (path.child("limits"), path.child("requests"));
    let (mut computes, mut huge_pages) = (false, false);
    for (list, list_path) in [("limits", &limits_path), ("requests", &requests_path)] {
        for (name, amount) in json::entries(requirements, list) {
            let path = list_path.key(name);
            name_fn(name, &path, errors);
            validate_resource_quantity_value(name, amount, &path, errors);
            if list == "requests" {
                let limit = json::get(json::get(requirements, "limits"), name);
                validate_request(name, amount, limit, &requests_path, &limits_path, errors);
            }
            if is_huge_page(name) {
                huge_pages = true;
                validate_huge_page_value(name, amount, &path, errors);
            }
            computes |= matches!(name, "cpu" | "memory");
        }
    }
    if huge_pages && !computes {
        errors.push(FieldError::forbidden(path, "HugePages require cpu or memory"));
    }
    validate_resource_claim_names(requirements, claims, &path.child("claims"), errors);
}

fn validate_request(
    name: &str,
    written: &Value,
    written_limit: &Value,
    path: &FieldPath,
    limits_path: &FieldPath,
    errors: &mut ErrorList,
) {
    let Some(request) = quantity(written) else { return };
    let overcommit = is_overcommit_allowed(name);
    match quantity(written_limit) {
        Some(limit) if request != limit && !overcommit => {
            let why = format!("must be equal to {name} limit of {}", shown(written_limit));
            errors.push(FieldError::invalid(path, shown(written), why));
        }
        Some(limit) if request > limit => {
            let why = format!("must be less than or equal to {name} limit of {}", shown(written_limit));
            errors.push(FieldError::invalid(path, shown(written), why));
        }
        None if !overcommit => {
            let why = "Limit must be set for non overcommitable resources";
            errors.push(FieldError::required(limits_path, why));
        }
        _ => {}
    }
}

fn validate_huge_page_value(name: &str, written: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let Some(amount) = quantity(written) else { return };
    let size = name.strip_prefix("hugepages-").and_then(|size| size.parse::<Quantity>().ok());
    let size = size.filter(|size| size.sign() > 0 && size.is_integer()).map(Quantity::value);
    if size.is_none_or(|size| amount.value() % size != 0) {
        let text = shown(written);
        let why = format!("{text} is not positive integer multiple of {name}");
        errors.push(FieldError::invalid(path, text, why));
    }
}

/// Kubernetes: validation.go, validateResourceClaimNames.
fn validate_resource_claim_names(
    requirements: &Value,
    known: &SortedSet<&str>,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let mut taken: SortedSet<String> = SortedSet::new();
    for (at, claim) in json::list(requirements, "claims").iter().enumerate() {
        let path = path.index(at);
        let (name, request) = (json::text(claim, "name"), json::text(claim, "request"));
        if name.is_empty() {
            errors.push(FieldError::required(&path, ""));
            continue;
        }
        let key = if request.is_empty() { name.to_owned() } else { format!("{name}/{request}") };
        if taken.contains(name) {
            errors.push(FieldError::duplicate(&path, name));
        } else {
            if !request.is_empty() {
                validate_dns1123_label(request, &path.child("request"), errors);
            }
            let part = format!("{name}/");
            let overlap = request.is_empty() && taken.iter().any(|other| other.starts_with(&part));
            if taken.contains(&key) || overlap {
                errors.push(FieldError::duplicate(&path, &*key));
            }
            taken.insert(key);
        }
        if !known.contains(name) {
            let mut error = FieldError::not_found(&path, name);
            let names: Vec<&str> = known.iter().copied().collect();
            let listed = if names.is_empty() {
                " which is empty".to_owned()
            } else {
                format!(": {}", names.join(", "))
            };
            error.detail = format!("must be one of the names in pod.spec.resourceClaims{listed}");
            errors.push(error);
        }
    }
}

/// Resources given for a pod as a whole.
///
/// Kubernetes: validation.go, validatePodResources.
pub(super) fn validate_pod_resources(
    spec: &Value,
    claims: &SortedSet<&str>,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let resources = json::get(spec, "resources");
    if resources.is_null() {
        return;
    }
    let path = path.child("resources");
    if json::text(json::get(spec, "os"), "name") == "windows" {
        errors.push(FieldError::forbidden(&path, "may not be set for a windows pod"));
        return;
    }
    if json::has(resources, "claims") {
        let why = "claims may not be set for Resources at pod-level";
        errors.push(FieldError::forbidden(&path.child("claims"), why));
    }
    validate_resource_requirements(resources, validate_pod_resource_name, claims, &path, errors);
    validate_pod_resource_consistency(spec, resources, &path, errors);
}

/// Kubernetes: validation.go, validatePodResourceConsistency.
fn validate_pod_resource_consistency(
    spec: &Value,
    resources: &Value,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let of_pod = |list: &str, name: &str| json::get(json::get(resources, list), name);
    for (list, only_huge_pages) in [("requests", false), ("limits", true)] {
        for (name, sum) in containers_total(spec, list) {
            let own = of_pod(list, &name);
            if quantity(own).is_none_or(|own| sum <= own) {
                continue;
            }
            if !only_huge_pages || is_huge_page(&name) {
                let path = path.child(list).key(&*name);
                let why = format!("must be greater than or equal to aggregate container {list} of {sum}");
                errors.push(FieldError::invalid(&path, shown(own), why));
            }
        }
    }
    for (at, container) in json::list(spec, "containers").iter().enumerate() {
        for (name, limit) in json::entries(json::get(container, "resources"), "limits") {
            let own = of_pod("limits", name);
            if quantity(limit).zip(quantity(own)).is_some_and(|(limit, own)| limit > own) {
                let path = path.child("containers").index(at).key(name).child("limits");
                let why = format!("must be less than or equal to pod limits of {}", shown(own));
                errors.push(FieldError::invalid(&path, shown(limit), why));
            }
        }
    }
}

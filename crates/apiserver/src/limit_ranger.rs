//! The admission plugin LimitRanger: a namespace's LimitRanges say what containers get and may have.
//!
//! Kubernetes: plugin/pkg/admission/limitranger/admission.go.
// Not simulated: limits of claims, and the defaults of mirror pods.

use serde_json::{Value, json};
use sim::SortedSet;

use super::store::Store;
use api::json;
use api::object::Kind;
use api::quantity::{Quantity, from_json};
use api::resource_list::{Amounts, amounts, pod_total};

const ANNOTATION: &str = "kubernetes.io/limit-ranger";

/// The limits of all LimitRanges of a namespace, one list for each.
pub(super) fn limits(store: &Store, kind: Option<Kind>, namespace: &str) -> Vec<Vec<Value>> {
    let ranges = store.others_in(kind, namespace).into_iter();
    ranges.map(|range| json::list(json::get(&range.raw, "spec"), "limits").to_vec()).collect()
}

/// Gives containers what they lack; what was given is told in an annotation.
///
/// Kubernetes: PodMutateLimitFunc, mergePodResourceRequirements.
pub(super) fn set_defaults(spec: &mut Value, ranges: &[Vec<Value>]) -> Option<(&'static str, String)> {
    let mut said = Vec::new();
    let mut annotation = None;
    for limits in ranges {
        said.clear();
        for (list, title) in [("containers", "container"), ("initContainers", "init container")] {
            for container in json::each(spec, list) {
                for (field, defaults, what) in
                    [("requests", "defaultRequest", "request"), ("limits", "default", "limit")]
                {
                    let set = merge(container, field, defaults, limits);
                    if !set.is_empty() {
                        let name = json::text(container, "name");
                        said.push(format!("{} {what} for {title} {name}", set.join(", ")));
                    }
                }
            }
        }
        if !said.is_empty() {
            annotation = Some((ANNOTATION, format!("LimitRanger plugin set: {}", said.join("; "))));
        }
    }
    annotation
}

/// Fills in one list of a container; gives the resources that it lacked.
fn merge(container: &mut Value, field: &str, defaults: &str, limits: &[Value]) -> Vec<String> {
    let mut set = Vec::new();
    for limit in limits.iter().filter(|limit| json::text(limit, "type") == "Container") {
        for (name, amount) in json::entries(limit, defaults) {
            let list = json::child(json::child(container, "resources"), field);
            if !json::has(list, name) {
                list[name] = amount.clone();
                set.push(name.to_owned());
            }
        }
    }
    set.sort_unstable();
    set
}

/// What is wrong with a pod, in the order of the limits.
///
/// Kubernetes: PodValidateLimitFunc.
pub(super) fn violation(spec: &Value, ranges: &[Vec<Value>]) -> Option<String> {
    for limits in ranges {
        let mut errors = Vec::new();
        for limit in limits {
            match json::text(limit, "type") {
                "Container" => {
                    for container in ["containers", "initContainers"].iter().flat_map(|l| json::list(spec, l))
                    {
                        let resources = json::get(container, "resources");
                        let of = |list| amounts(resources, list);
                        check(limit, "Container", &of("requests"), &of("limits"), &mut errors);
                    }
                }
                "Pod" => {
                    let of = |list| pod_total(spec, list);
                    check(limit, "Pod", &of("requests"), &of("limits"), &mut errors);
                }
                _ => {}
            }
        }
        // An aggregate says each thing once.
        let mut seen = SortedSet::new();
        errors.retain(|error: &String| seen.insert(error.clone()));
        match errors.as_slice() {
            [] => {}
            [one] => return Some(one.clone()),
            many => return Some(format!("[{}]", many.join(", "))),
        }
    }
    None
}

/// Kubernetes: minConstraint, maxConstraint, limitRequestRatioConstraint.
fn check(limit: &Value, sort: &str, requests: &Amounts, limits: &Amounts, errors: &mut Vec<String>) {
    let each = |list: &'static str| {
        json::entries(limit, list).filter_map(|(name, value)| Some((name, from_json(value)?)))
    };
    for (name, least) in each("min") {
        let head = format!("minimum {name} usage per {sort} is {least}");
        match (requests.get(name), limits.get(name)) {
            (None, _) => errors.push(format!("{head}.  No request is specified")),
            (Some(request), _) if *request < least => {
                errors.push(format!("{head}, but request is {request}"))
            }
            (_, Some(limit)) if *limit < least => errors.push(format!("{head}, but limit is {limit}")),
            _ => {}
        }
    }
    for (name, most) in each("max") {
        let head = format!("maximum {name} usage per {sort} is {most}");
        match (requests.get(name), limits.get(name)) {
            (_, None) => errors.push(format!("{head}.  No limit is specified")),
            (_, Some(limit)) if *limit > most => errors.push(format!("{head}, but limit is {limit}")),
            (Some(request), _) if *request > most => errors.push(format!("{head}, but request is {request}")),
            _ => {}
        }
    }
    for (name, most) in each("maxLimitRequestRatio") {
        errors.extend(ratio(name, sort, most, requests.get(name), limits.get(name)));
    }
}

fn ratio(
    name: &str,
    sort: &str,
    most: Quantity,
    request: Option<&Quantity>,
    limit: Option<&Quantity>,
) -> Option<String> {
    let head = format!("{name} max limit to request ratio per {sort} is {most}");
    let Some(request) = request.filter(|amount| !amount.is_zero()) else {
        return Some(format!("{head}, but no request is specified or request is 0"));
    };
    let Some(limit) = limit.filter(|amount| !amount.is_zero()) else {
        return Some(format!("{head}, but no limit is specified or limit is 0"));
    };
    let ratio = limit.milli_value() as f64 / request.milli_value() as f64;
    (ratio * 1000.0 > most.milli_value() as f64).then(|| format!("{head}, but provided ratio is {ratio:.6}"))
}

/// Writes the annotation into an object that a person has sent.
pub(super) fn annotate(object: &mut Value, annotations: &api::meta::StringMap) {
    if let Some(text) = annotations.get(ANNOTATION) {
        json::child(json::child(object, "metadata"), "annotations")[ANNOTATION] = json!(&**text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_get_what_they_lack_and_may_not_have_too_much() {
        let limit = json!({"type": "Container", "default": {"cpu": "200m"}, "defaultRequest": {"cpu": "100m"},
                           "max": {"cpu": "500m"}, "min": {"memory": "1Mi"}});
        let ranges = [vec![limit]];
        let mut spec =
            json!({"containers": [{"name": "a"}, {"name": "b", "resources": {"limits": {"cpu": "1"}}}]});
        let said = set_defaults(&mut spec, &ranges).map(|(_, text)| text);
        let expected = "LimitRanger plugin set: cpu request for container a; cpu limit for container a; cpu request for container b";
        assert_eq!(said.as_deref(), Some(expected));
        assert_eq!(spec["containers"][0]["resources"]["limits"]["cpu"], "200m");
        let why = "[minimum memory usage per Container is 1Mi.  No request is specified, maximum cpu usage per Container is 500m, but limit is 1]";
        assert_eq!(violation(&spec, &ranges).as_deref(), Some(why));
    }
}

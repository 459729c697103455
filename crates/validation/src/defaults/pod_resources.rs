//! Defaults of resources that are given for a pod as a whole.
//!
//! Kubernetes: pkg/apis/core/v1/defaults.go, defaultHugePagePodLimits, defaultPodRequests,
//! defaultPodLimits; component-helpers/resource/helpers.go for the sums.

use serde_json::Value;

use api::json;
use api::resource_list::containers_total;

/// Fills in spec.resources from the containers, if a part of it is given.
pub(super) fn set_defaults_pod_level_resources(spec: &mut Value) {
    if !json::has(spec, "resources") {
        return;
    }
    default_huge_page_pod_limits(spec);
    default_pod_requests(spec);
    default_pod_limits(spec);
}

fn is_huge_page(name: &str) -> bool {
    name.starts_with("hugepages-")
}

fn is_supported_pod_level_resource(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || is_huge_page(name)
}

fn level<'a>(spec: &'a Value, list: &str) -> &'a Value {
    json::get(json::get(spec, "resources"), list)
}

fn fill(spec: &mut Value, list: &str, amounts: impl Iterator<Item = (String, Value)>) {
    let mut amounts = amounts.peekable();
    if amounts.peek().is_none() {
        return;
    }
    let target = json::object(json::child(json::child(spec, "resources"), list));
    for (name, amount) in amounts {
        target.entry(name).or_insert(amount);
    }
}

fn default_huge_page_pod_limits(spec: &mut Value) {
    let resources = json::get(spec, "resources");
    if json::empty(resources, "limits") && json::empty(resources, "requests") {
        return;
    }
    let requests = level(spec, "requests").clone();
    let wanted = |name: &str| is_huge_page(name) && requests.get(name).is_none();
    let limits = containers_total(spec, "limits").into_iter().filter(|(name, _)| wanted(name));
    let limits: Vec<_> = limits.map(|(name, amount)| (name, amount.to_string().into())).collect();
    fill(spec, "limits", limits.into_iter());
}

fn default_pod_requests(spec: &mut Value) {
    let Some(limits) = level(spec, "limits").as_object().filter(|map| !map.is_empty()).cloned() else {
        return;
    };
    let overcommitted = |name: &str| is_supported_pod_level_resource(name) && !is_huge_page(name);
    let requests = containers_total(spec, "requests").into_iter().filter(|(name, _)| overcommitted(name));
    let requests = requests.map(|(name, amount)| (name, amount.to_string().into()));
    let limits = limits.into_iter().filter(|(name, _)| is_supported_pod_level_resource(name));
    let amounts: Vec<_> = requests.chain(limits).collect();
    fill(spec, "requests", amounts.into_iter());
}

fn default_pod_limits(spec: &mut Value) {
    let set = |list: &str| {
        level(spec, list)
            .as_object()
            .is_some_and(|map| map.keys().any(|k| is_supported_pod_level_resource(k)))
    };
    if set("limits") || !set("requests") {
        return;
    }
    let limited = |name: &str| {
        let containers = ["containers", "initContainers"].map(|list| json::list(spec, list));
        containers
            .iter()
            .copied()
            .flatten()
            .all(|container| json::at(container, &["resources", "limits"]).get(name).is_some())
    };
    let limits = containers_total(spec, "limits").into_iter();
    let limits: Vec<_> = limits
        .filter(|(name, _)| matches!(&**name, "cpu" | "memory") && limited(name))
        .map(|(name, amount)| (name, amount.to_string().into()))
        .collect();
    fill(spec, "limits", limits.into_iter());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pod_level_requests_come_from_containers_then_limits() {
        let mut spec = json!({
            "resources": {"limits": {"cpu": "2", "memory": "1Gi"}},
            "containers": [{"resources": {"requests": {"cpu": "250m"}}}, {"resources": {"requests": {"cpu": "1"}}}]
        });
        set_defaults_pod_level_resources(&mut spec);
        assert_eq!(spec["resources"]["requests"], json!({"cpu": "1250m", "memory": "1Gi"}));
    }

    #[test]
    fn nothing_is_made_up_where_nothing_is_given() {
        let mut spec = json!({"containers": [{"resources": {"requests": {"cpu": "250m"}}}]});
        let before = spec.clone();
        set_defaults_pod_level_resources(&mut spec);
        assert_eq!(spec, before);
    }
}

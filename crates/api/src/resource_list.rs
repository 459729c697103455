//! Resource lists as they are written, and what a pod's containers come to together.
//!
//! Kubernetes: staging/src/k8s.io/component-helpers/resource/helpers.go.

use serde_json::Value;
use sim::SortedMap;

use crate::json;
use crate::quantity::{Quantity, from_json};

/// Amounts by the names of resources.
pub type Amounts = SortedMap<String, Quantity>;

/// Reads a resource list; what is no quantity is left out.
pub fn amounts(value: &Value, list: &str) -> Amounts {
    json::entries(value, list)
        .filter_map(|(name, value)| Some((name.to_owned(), from_json(value)?)))
        .collect()
}

/// Adds what is in the other list.
///
/// Kubernetes: addResourceList.
pub fn add(sums: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        let sum = sums.entry(name.clone()).or_insert(Quantity::ZERO);
        *sum = sum.plus(*amount);
    }
}

/// Kubernetes: maxResourceList.
fn max_with(sums: &mut Amounts, other: &Amounts) {
    for (name, amount) in other {
        if sums.get(name).is_none_or(|have| have < amount) {
            sums.insert(name.clone(), *amount);
        }
    }
}

/// What the containers request (`requests`) or are limited to (`limits`): those that run side by side, or the largest
/// step before them.
///
/// Kubernetes: AggregateContainerRequests and AggregateContainerLimits.
pub fn containers_total(spec: &Value, list: &str) -> Amounts {
    let of = |container: &Value| amounts(json::get(container, "resources"), list);
    let mut running = Amounts::new();
    json::list(spec, "containers").iter().for_each(|container| add(&mut running, &of(container)));
    let (mut sidecars, mut largest) = (Amounts::new(), Amounts::new());
    for container in json::list(spec, "initContainers") {
        let mut step = of(container);
        if json::text(container, "restartPolicy") == "Always" {
            add(&mut running, &step);
            add(&mut sidecars, &step);
            max_with(&mut largest, &sidecars);
        } else {
            add(&mut step, &sidecars);
            max_with(&mut largest, &step);
        }
    }
    max_with(&mut running, &largest);
    running
}

/// The same, but for what is stated of the pod as a whole. Its overhead is not in it.
///
/// Kubernetes: PodRequests and PodLimits.
pub fn pod_total(spec: &Value, list: &str) -> Amounts {
    let mut total = containers_total(spec, list);
    total.extend(amounts(json::get(spec, "resources"), list));
    total
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(amounts: &Amounts) -> Vec<String> {
        amounts.iter().map(|(name, amount)| format!("{name}={amount}")).collect()
    }

    #[test]
    fn sidecars_count_in_each_step_after_them_and_beside_the_containers() {
        let cpu = |amount: &str| json!({"resources": {"requests": {"cpu": amount}}});
        let mut sidecar = cpu("300m");
        sidecar["restartPolicy"] = json!("Always");
        let steps = json!([cpu("1"), sidecar, cpu("1")]);
        let spec = json!({"containers": [cpu("100m"), cpu("200m")], "initContainers": steps});
        assert_eq!(texts(&containers_total(&spec, "requests")), ["cpu=1300m"]);
        let spec = json!({"containers": [cpu("2")], "initContainers": [sidecar]});
        assert_eq!(texts(&containers_total(&spec, "requests")), ["cpu=2300m"]);
        assert!(containers_total(&spec, "limits").is_empty());
    }

    #[test]
    fn what_is_stated_of_the_pod_takes_the_place_of_the_sum() {
        let spec = json!({"resources": {"limits": {"cpu": "4"}},
                          "containers": [{"resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}]});
        assert_eq!(texts(&containers_total(&spec, "limits")), ["cpu=1", "memory=1Gi"]);
        assert_eq!(texts(&pod_total(&spec, "limits")), ["cpu=4", "memory=1Gi"]);
    }
}

//! A pod's class of service.

use serde_json::Value;
use sim::SortedMap;

use crate::json;
use crate::pod::QosClass;
use crate::quantity::Quantity;
use crate::quantity::from_json;

/// The class of a pod with this spec.
///
/// Rule: API-033. Kubernetes: pkg/apis/core/helper/qos/qos.go, ComputePodQOS.
pub(crate) fn compute_pod_qos(spec: &Value) -> QosClass {
    let mut sums = Sums { requests: SortedMap::new(), limits: SortedMap::new(), guaranteed: true };
    if json::has(spec, "resources") {
        let resources = json::get(spec, "resources");
        sums.add(resources, !json::empty(resources, "limits"));
    } else {
        for container in ["containers", "initContainers"].iter().flat_map(|list| json::list(spec, list)) {
            sums.add(json::get(container, "resources"), true);
        }
    }
    if sums.requests.is_empty() && sums.limits.is_empty() {
        return QosClass::BestEffort;
    }
    if sums.guaranteed && sums.requests == sums.limits { QosClass::Guaranteed } else { QosClass::Burstable }
}

/// The sums of CPU and memory; zero amounts do not count.
struct Sums<'a> {
    requests: SortedMap<&'a str, Quantity>,
    limits: SortedMap<&'a str, Quantity>,
    /// Whether each holder of resources limits both.
    guaranteed: bool,
}

impl<'a> Sums<'a> {
    fn add(&mut self, resources: &'a Value, must_limit: bool) {
        add_amounts(&mut self.requests, resources, "requests");
        let limited = add_amounts(&mut self.limits, resources, "limits");
        if must_limit && limited < 2 {
            self.guaranteed = false;
        }
    }
}

/// Adds the amounts that count; gives how many there were.
fn add_amounts<'a>(sums: &mut SortedMap<&'a str, Quantity>, resources: &'a Value, list: &str) -> usize {
    let mut count = 0;
    for (name, amount) in json::entries(resources, list) {
        let Some(amount) = from_json(amount).filter(|amount| amount.sign() > 0) else { continue };
        if matches!(name, "cpu" | "memory") {
            count += 1;
            let sum = sums.entry(name).or_insert(Quantity::ZERO);
            *sum = sum.plus(amount);
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn api_033_the_class_follows_requests_and_limits() {
        let class = |resources: Value| compute_pod_qos(&json!({"containers": [{"resources": resources}]}));
        let both = json!({"cpu": "1", "memory": "1Gi"});
        assert_eq!(class(json!({})), QosClass::BestEffort);
        assert_eq!(class(json!({"requests": {"cpu": "0"}})), QosClass::BestEffort);
        assert_eq!(class(json!({"requests": {"example.com/a": "1"}})), QosClass::BestEffort);
        assert_eq!(class(json!({"requests": both, "limits": both})), QosClass::Guaranteed);
        assert_eq!(
            class(json!({"requests": {"cpu": "1000m", "memory": "1024Mi"}, "limits": both})),
            QosClass::Guaranteed
        );
        assert_eq!(class(json!({"requests": {"cpu": "1"}, "limits": {"cpu": "1"}})), QosClass::Burstable);
        assert_eq!(class(json!({"requests": {"cpu": "1"}, "limits": both})), QosClass::Burstable);
        let pair = json!({"containers": [{"resources": {"requests": both, "limits": both}}, {}]});
        assert_eq!(compute_pod_qos(&pair), QosClass::Burstable);
    }
}

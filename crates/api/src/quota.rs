//! What a ResourceQuota counts.
//!
//! Kubernetes: pkg/quota/v1/evaluator/core/pods.go, staging/src/k8s.io/apiserver/pkg/quota/v1.
// Not simulated: scope selectors, and what a quota counts of services and claims beside their number.

use serde_json::Value;

use crate::json;
use crate::object::Kind;
use crate::pod::qos::compute_pod_qos;
use crate::pod::{Pod, QosClass};
use crate::quantity::Quantity;
use crate::resource_list::{Amounts, add, amounts, pod_total};

/// How a quota calls what is requested or limited.
///
/// Kubernetes: podComputeUsageHelper.
pub fn compute_usage(requests: &Amounts, limits: &Amounts) -> Amounts {
    let mut usage = Amounts::new();
    for (name, amount) in requests {
        let is_native = matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage");
        let is_huge = name.starts_with("hugepages-");
        if is_native || is_huge {
            usage.insert(name.clone(), *amount);
        }
        if is_native || is_huge || name.contains('/') {
            usage.insert(format!("requests.{name}"), *amount);
        }
    }
    for (name, amount) in limits {
        if matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage") {
            usage.insert(format!("limits.{name}"), *amount);
        }
    }
    usage
}

/// What counts of a pod. One that has ended is only an object.
///
/// Kubernetes: PodUsageFunc.
pub fn pod_usage(pod: &Pod) -> Amounts {
    let mut usage = Amounts::from_iter([("count/pods".to_owned(), Quantity::ONE)]);
    if !pod.is_terminal() {
        let spec = &pod.spec.raw;
        usage.insert("pods".to_owned(), Quantity::ONE);
        usage.extend(compute_usage(&pod_total(spec, "requests"), &pod_total(spec, "limits")));
    }
    usage
}

/// What counts of an object of another kind: that it is there.
///
/// Kubernetes: pkg/quota/v1/evaluator/core/registry.go, NewEvaluators.
pub fn object_usage(kind: Kind) -> Amounts {
    let info = kind.info();
    let dot = if info.group.is_empty() { "" } else { "." };
    let mut usage =
        Amounts::from_iter([(format!("count/{}{dot}{}", info.plural, info.group), Quantity::ONE)]);
    let by_plural = [
        "configmaps",
        "persistentvolumeclaims",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "services",
    ];
    if info.group.is_empty() && by_plural.contains(&info.plural) {
        usage.insert(info.plural.to_owned(), Quantity::ONE);
    }
    usage
}

/// Whether a quota's scopes have this pod in them.
///
/// Kubernetes: podMatchesScopeFunc.
pub fn matches_scopes(quota: &Value, pod: &Value) -> bool {
    let is_terminating = json::int(pod, "activeDeadlineSeconds").is_some();
    json::strings(json::get(quota, "spec"), "scopes").into_iter().all(|scope| match scope {
        "Terminating" => is_terminating,
        "NotTerminating" => !is_terminating,
        "BestEffort" => compute_pod_qos(pod) == QosClass::BestEffort,
        "NotBestEffort" => compute_pod_qos(pod) != QosClass::BestEffort,
        "PriorityClass" => !json::text(pod, "priorityClassName").is_empty(),
        _ => false,
    })
}

/// The resource that a quota limits by this name, without whether it is requests or limits that count.
pub fn compute_name(name: &str) -> &str {
    name.strip_prefix("requests.").or(name.strip_prefix("limits.")).unwrap_or(name)
}

/// Whether a resource is one that pods use.
///
/// Kubernetes: MatchingResources.
fn is_of_pods(name: &str) -> bool {
    let compute = compute_name(name);
    matches!(compute, "cpu" | "memory" | "ephemeral-storage")
        || matches!(name, "pods" | "count/pods")
        || compute.starts_with("hugepages-")
        || (name.starts_with("requests.") && compute.contains('/'))
}

/// What pods and objects of a namespace use of what a quota limits. `counts` is asked for names that are not of pods.
pub fn used<'a>(
    quota: &Value,
    pods: impl Iterator<Item = &'a Pod>,
    counts: impl Fn(&str) -> Option<i64>,
) -> Amounts {
    let hard = amounts(json::get(quota, "spec"), "hard");
    let mut of_pods = Amounts::new();
    for pod in pods.filter(|pod| matches_scopes(quota, &pod.spec.raw)) {
        add(&mut of_pods, &pod_usage(pod));
    }
    let mut used = Amounts::new();
    for (name, limit) in &hard {
        let count = || counts(name).map(|count| Quantity::from_value(count, limit.format()));
        let none = Quantity::from_value(0, limit.format());
        let amount = if is_of_pods(name) { of_pods.get(name).copied() } else { count() };
        used.insert(name.clone(), amount.unwrap_or(none));
    }
    used
}

/// The kind whose number a quota limits by this name.
pub fn counted_kind(name: &str) -> Option<Kind> {
    let plural = name.strip_prefix("count/").unwrap_or(name);
    let (plural, group) = plural.split_once('.').unwrap_or((plural, ""));
    let is_it = |info: &&crate::schema::KindInfo| info.plural == plural && info.group == group;
    let info = crate::schema::kinds().iter().find(is_it)?;
    Some(Kind::from_info(info))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_largest_step_of_a_pod_counts() {
        let cpu = |amount: &str| json!({"resources": {"requests": {"cpu": amount}}});
        let spec = json!({"containers": [cpu("100m"), cpu("200m")], "initContainers": [cpu("1")]});
        let usage = compute_usage(&pod_total(&spec, "requests"), &pod_total(&spec, "limits"));
        let texts: Vec<String> = usage.iter().map(|(name, amount)| format!("{name}={amount}")).collect();
        assert_eq!(texts, ["cpu=1", "requests.cpu=1"]);
    }

    #[test]
    fn a_name_leads_to_the_kind_that_it_counts() {
        assert_eq!(counted_kind("count/deployments.apps"), Kind::of("apps/v1", "Deployment"));
        assert_eq!(counted_kind("configmaps"), Kind::of("v1", "ConfigMap"));
        assert_eq!(counted_kind("requests.cpu"), None);
    }
}

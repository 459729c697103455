//! The admission plugin ResourceQuota.
//!
//! Kubernetes: staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go, CheckRequest.
// Differs: what is used is counted anew at each request, where upstream adds to the quota's status.

use serde_json::Value;
use sim::{SortedMap, SortedSet};

use super::store::Store;
use super::{ApiServer, limit_ranger};
use api::json;
use api::object::{Object, Other};
use api::pod::Pod;
use api::quota::{compute_name, compute_usage, counted_kind, matches_scopes, object_usage, pod_usage, used};
use api::resource_list::{Amounts, amounts};

/// Why the LimitRanges or quotas of its namespace do not admit a new object.
pub(super) fn refusal(api: &ApiServer, object: &Object) -> Option<String> {
    let key = object.key();
    let quotas = || api.store.others_in(api.kinds.resource_quota, &key.namespace);
    match object {
        Object::Pod(pod) => {
            let ranges = limit_ranger::limits(&api.store, api.kinds.limit_range, &key.namespace);
            let violation = limit_ranger::violation(&pod.spec.raw, &ranges);
            violation.or_else(|| quotas().iter().find_map(|quota| of_pod(&api.store, quota, pod)))
        }
        _ => quotas().iter().find_map(|quota| {
            let hard = amounts(json::get(&quota.raw, "status"), "hard");
            exceeded(&api.store, quota, &hard, object_usage(object.kind()))
        }),
    }
}

/// Why a quota does not admit a new pod.
fn of_pod(store: &Store, quota: &Other, pod: &Pod) -> Option<String> {
    if !matches_scopes(&quota.raw, &pod.spec.raw) {
        return None;
    }
    let hard = amounts(json::get(&quota.raw, "status"), "hard");
    missing(&pod.spec.raw, &hard)
        .map(|why| format!("failed quota: {}: {why}", quota.meta.name))
        .or_else(|| exceeded(store, quota, &hard, pod_usage(pod)))
}

/// The amounts that every container has to state because a quota limits them.
///
/// Kubernetes: pkg/quota/v1/evaluator/core/pods.go, Constraints.
fn missing(spec: &Value, hard: &Amounts) -> Option<String> {
    if json::has(spec, "resources") {
        return None;
    }
    let is_required = |name: &&str| matches!(compute_name(name), "cpu" | "memory");
    let required: Vec<&str> = hard.keys().map(String::as_str).filter(is_required).collect();
    let mut lacking: SortedMap<&str, SortedSet<&str>> = SortedMap::new();
    for container in ["containers", "initContainers"].iter().flat_map(|list| json::list(spec, list)) {
        let resources = json::get(container, "resources");
        let stated = compute_usage(&amounts(resources, "requests"), &amounts(resources, "limits"));
        for name in required.iter().filter(|name| !stated.contains_key(**name)) {
            lacking.entry(name).or_default().insert(json::text(container, "name"));
        }
    }
    let lines = lacking.iter().map(|(name, containers)| {
        let containers: Vec<&str> = containers.iter().copied().collect();
        format!("{name} for: {}", containers.join(","))
    });
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| format!("must specify {}", lines.join("; ")))
}

fn exceeded(store: &Store, quota: &Other, hard: &Amounts, wanted: Amounts) -> Option<String> {
    let wanted: Amounts = wanted.into_iter().filter(|(name, _)| hard.contains_key(name)).collect();
    if wanted.values().all(|amount| amount.is_zero()) {
        return None;
    }
    let namespace = quota.meta.namespace();
    let pods = store.pods.iter().filter(|pod| pod.meta.namespace() == namespace).map(|pod| &**pod);
    let count = |name: &str| Some(store.list(counted_kind(name)?, Some(namespace)).len() as i64);
    let have = used(&quota.raw, pods, count);
    let over = |name: &&String| {
        let (wanted, have) = (wanted.get(*name), have.get(*name));
        let limit = hard.get(*name);
        wanted
            .zip(have)
            .zip(limit)
            .is_some_and(|((wanted, have), limit)| !wanted.is_zero() && have.plus(*wanted) > *limit)
    };
    let over: Vec<&String> = wanted.keys().filter(over).collect();
    let shown = |from: &Amounts| {
        let lines = over.iter().filter_map(|name| Some(format!("{name}={}", from.get(*name)?)));
        lines.collect::<Vec<String>>().join(",")
    };
    (!over.is_empty()).then(|| {
        let name = &quota.meta.name;
        format!(
            "exceeded quota: {name}, requested: {}, used: {}, limited: {}",
            shown(&wanted),
            shown(&have),
            shown(hard)
        )
    })
}

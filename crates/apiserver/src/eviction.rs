//! The eviction subresource: a delete that minds PodDisruptionBudgets (ND-041).
//!
//! Kubernetes: pkg/registry/core/pod/storage/eviction.go.

use std::rc::Rc;

use serde_json::json;

use super::ApiServer;
use super::registry::{Outcome, delete};
use api::json as read;
use api::label::selector_or_nothing;
use api::object::{Key, Kind, Object, Other};
use api::pod::{Phase, Pod};
use api::status_error::StatusError;
use sim::Time;
use wire::DeleteOptions;

const VIOLATION: &str = "Cannot evict pod as it would violate the pod's disruption budget.";
const TOO_MANY_BUDGETS: &str =
    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";

pub(super) fn evict(api: &mut ApiServer, key: &Key, grace_seconds: Option<i64>, now: Time) -> Outcome {
    if let Some(pod) = api.store.pods.get(&key.namespace, &key.name).cloned()
        && !can_ignore_pdb(&pod)
    {
        let mut budgets = budgets_of(api, &pod);
        let budget = budgets.pop();
        if !budgets.is_empty() {
            return Err(StatusError::internal(TOO_MANY_BUDGETS));
        }
        if let Some(budget) = budget {
            check_and_decrement(api, &budget, &pod)?;
        }
    }
    let options = DeleteOptions { grace_seconds, ..DeleteOptions::default() };
    delete(api, Kind::Pod, key, &options, now)
}

fn can_ignore_pdb(pod: &Pod) -> bool {
    pod.is_terminal() || pod.status.phase == Phase::Pending || pod.meta.is_terminating()
}

fn budgets_of(api: &ApiServer, pod: &Pod) -> Vec<Rc<Other>> {
    let table = Kind::of("policy/v1", "PodDisruptionBudget").and_then(|kind| api.store.others.get(&kind));
    let selects = |budget: &&Rc<Other>| {
        let selector = read::get(read::get(&budget.raw, "spec"), "selector");
        let selector = selector_or_nothing(selector);
        budget.meta.namespace() == pod.meta.namespace() && selector.matches_map(pod.meta.labels())
    };
    table.into_iter().flat_map(|table| table.iter()).filter(selects).cloned().collect()
}

/// Kubernetes: checkAndDecrement.
fn check_and_decrement(api: &mut ApiServer, budget: &Rc<Other>, pod: &Pod) -> Result<(), StatusError> {
    let (spec, status) = (read::get(&budget.raw, "spec"), read::get(&budget.raw, "status"));
    let number = |name: &str| read::int(status, name).unwrap_or(0);
    let always = read::text(spec, "unhealthyPodEvictionPolicy") == "AlwaysAllow";
    let kept = number("desiredHealthy") > 0 && number("currentHealthy") >= number("desiredHealthy");
    if !pod.is_ready() && (always || kept) {
        return Ok(());
    }
    if number("observedGeneration") < i64::from(budget.meta.generation) {
        return Err(StatusError::too_many_requests(VIOLATION, 10));
    }
    let allowed = number("disruptionsAllowed");
    if allowed <= 0 {
        return Err(StatusError::too_many_requests(VIOLATION, 0));
    }
    let mut raw = (*budget.raw).clone();
    raw["status"]["disruptionsAllowed"] = json!(allowed - 1);
    api.store.update(Object::Other(Rc::new(Other { raw: Rc::new(raw), ..(**budget).clone() })));
    Ok(())
}

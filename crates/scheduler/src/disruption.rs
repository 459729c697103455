//! PodDisruptionBudgets, as preemption minds them.
//!
//! Differs: where the disruption controller has not written a budget's status.disruptionsAllowed yet, it is
//! worked out here from the budget's spec and the pods that are ready.
//!
//! Kubernetes: default_preemption.go, filterPodsWithPDBViolation; pkg/controller/disruption.

use std::rc::Rc;

use super::Scheduler;
use api::disruption::desired_healthy;
use api::json;
use api::label::{Selector, selector_or_nothing};
use api::meta::Name;
use api::object::Other;
use api::pod::Pod;

/// What preemption has to know of a budget.
#[derive(Clone, Debug)]
pub(crate) struct PodDisruptionBudget {
    namespace: Name,
    selector: Selector,
    allowed: i64,
    /// Pods whose disruption has been counted already.
    disrupted: Vec<Name>,
}

impl PodDisruptionBudget {
    fn matches(&self, pod: &Pod) -> bool {
        // A budget with an empty selector counts for nothing here.
        self.namespace == *pod.meta.namespace()
            && !pod.meta.labels().is_empty()
            && !self.selector.is_everything()
            && self.selector.matches_map(pod.meta.labels())
    }
}

impl Scheduler {
    pub(super) fn disruption_budgets(&self) -> Vec<PodDisruptionBudget> {
        self.budgets.values().map(|budget| self.read_budget(budget)).collect()
    }

    fn read_budget(&self, object: &Rc<Other>) -> PodDisruptionBudget {
        let (spec, status) = (json::get(&object.raw, "spec"), json::get(&object.raw, "status"));
        let mut budget = PodDisruptionBudget {
            namespace: object.meta.namespace().clone(),
            selector: selector_or_nothing(json::get(spec, "selector")),
            allowed: 0,
            disrupted: json::entries(status, "disruptedPods").map(|(name, _)| name.into()).collect(),
        };
        budget.allowed = json::int(status, "disruptionsAllowed").unwrap_or_else(|| {
            let pods = self.cache.infos().flat_map(|(_, info)| info.pods.iter().map(|slot| &slot.pod));
            let (mut expected, mut healthy) = (0, 0);
            for pod in pods.filter(|pod| budget.matches(pod)) {
                expected += 1;
                healthy += i64::from(pod.is_ready() && !pod.meta.is_terminating());
            }
            (healthy - desired_healthy(spec, expected)).max(0)
        });
        budget
    }
}

/// The pods whose loss would break a budget, and the others, both in the order given.
pub(crate) fn filter_pods_with_violation(
    pods: &[Rc<Pod>],
    budgets: &[PodDisruptionBudget],
) -> (Vec<Rc<Pod>>, Vec<Rc<Pod>>) {
    let mut allowed: Vec<i64> = budgets.iter().map(|budget| budget.allowed).collect();
    pods.iter().cloned().partition(|pod| {
        let mut violates = false;
        for (budget, allowed) in budgets.iter().zip(&mut allowed) {
            if budget.matches(pod) && !budget.disrupted.contains(&pod.meta.name) {
                *allowed -= 1;
                violates |= *allowed < 0;
            }
        }
        violates
    })
}

//! Which pods a critical pod pushes off a full node (KL-084).
//!
//! Kubernetes: pkg/kubelet/preemption/preemption.go.

use std::rc::Rc;

use super::admit::preemptable;
use api::pod::{Pod, QosClass};

/// An amount that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Requirement {
    pub(crate) resource: String,
    pub(crate) quantity: i64,
}

fn request(pod: &Pod, resource: &str) -> i64 {
    let requests = &pod.spec.requests;
    match resource {
        "pods" => 1,
        "cpu" => requests.cpu_milli,
        "memory" => requests.memory,
        "ephemeral-storage" => requests.ephemeral_storage,
        name => requests.scalars.get(name).copied().unwrap_or(0),
    }
}

/// What is still missing once these pods are gone.
fn subtract(needed: &[Requirement], pods: &[Rc<Pod>]) -> Vec<Requirement> {
    let rest = |requirement: &Requirement| {
        let freed: i64 = pods.iter().map(|pod| request(pod, &requirement.resource)).sum();
        Requirement { resource: requirement.resource.clone(), quantity: requirement.quantity - freed }
    };
    needed.iter().map(rest).filter(|requirement| requirement.quantity > 0).collect()
}

/// How far a pod's requests are from the need: the sum of the squares of what would be missing, as parts
/// in a million of each need.
fn distance(needed: &[Requirement], pod: &Pod) -> u128 {
    let one = |requirement: &Requirement| {
        let missing = (requirement.quantity - request(pod, &requirement.resource)).max(0) as u128;
        let part = missing * 1_000_000 / requirement.quantity.max(1) as u128;
        part * part
    };
    needed.iter().map(one).sum()
}

fn not_enough(needed: &[Requirement]) -> String {
    let each = needed.iter().map(|r| format!("(res: {}, q: {}), ", r.resource, r.quantity));
    format!("no set of running pods found to reclaim resources: [{}]", each.collect::<String>())
}

/// The fewest and closest of these pods that cover the need.
fn by_distance(mut pods: Vec<Rc<Pod>>, mut needed: Vec<Requirement>) -> Result<Vec<Rc<Pod>>, String> {
    let mut chosen = Vec::new();
    while !needed.is_empty() {
        let size = |pod: &Rc<Pod>| (pod.spec.requests.memory, pod.spec.requests.cpu_milli);
        let best = (0..pods.len()).min_by_key(|at| (distance(&needed, &pods[*at]), size(&pods[*at])));
        let Some(best) = best else { return Err(not_enough(&needed)) };
        let pod = pods.swap_remove(best);
        needed = subtract(&needed, std::slice::from_ref(&pod));
        chosen.push(pod);
    }
    Ok(chosen)
}

/// Best-effort pods go first, then burstable, then guaranteed ones; of each as few as suffice.
pub(crate) fn get_pods_to_preempt(
    preemptor: &Pod,
    pods: &[Rc<Pod>],
    needed: &[Requirement],
) -> Result<Vec<Rc<Pod>>, String> {
    let of = |class: QosClass| -> Vec<Rc<Pod>> {
        let mine = pods.iter().filter(|pod| pod.status.qos_class == class && preemptable(preemptor, pod));
        mine.cloned().collect()
    };
    let (best_effort, burstable, guaranteed) =
        (of(QosClass::BestEffort), of(QosClass::Burstable), of(QosClass::Guaranteed));
    let all = [best_effort.clone(), burstable.clone(), guaranteed.clone()].concat();
    let rest = subtract(needed, &all);
    if !rest.is_empty() {
        return Err(not_enough(&rest));
    }
    let lesser = [best_effort.clone(), burstable.clone()].concat();
    let guaranteed = by_distance(guaranteed, subtract(needed, &lesser))?;
    let others = [best_effort.clone(), guaranteed.clone()].concat();
    let burstable = by_distance(burstable, subtract(needed, &others))?;
    let others = [burstable.clone(), guaranteed.clone()].concat();
    let best_effort = by_distance(best_effort, subtract(needed, &others))?;
    Ok([best_effort, burstable, guaranteed].concat())
}

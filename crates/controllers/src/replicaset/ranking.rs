//! Which pods go first when there are too many.
//!
//! Kubernetes: pkg/controller/controller_utils.go, ActivePodsWithRanks.

use std::cmp::Ordering;
use std::rc::Rc;

use api::meta::Name;
use api::pod::{ConditionType, Phase, Pod};
use sim::order::SortShared;
use sim::{SortedMap, Time, Timestamp};

const POD_DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// The pods to delete, as many as are too many. `related` says how many active pods of the same owner each
/// node has.
///
/// Kubernetes: replica_set.go, getPodsToDelete.
pub(crate) fn get_pods_to_delete(
    mut pods: Vec<Rc<Pod>>,
    related: &SortedMap<Name, usize>,
    surplus: usize,
    now: Time,
) -> Vec<Rc<Pod>> {
    if surplus < pods.len() {
        let rank =
            |pod: &Pod| pod.node_name.as_ref().and_then(|node| related.get(node)).copied().unwrap_or(0);
        pods.sort_shared_by(|a, b| compare(a, b, rank(a), rank(b), now));
        pods.truncate(surplus);
    }
    pods
}

fn phase_ordinal(phase: Phase) -> u8 {
    match phase {
        Phase::Pending => 0,
        Phase::Unknown => 1,
        Phase::Running => 2,
        Phase::Succeeded | Phase::Failed => 0,
    }
}

fn deletion_cost(pod: &Pod) -> i32 {
    pod.meta.annotation(POD_DELETION_COST).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn ready_time(pod: &Pod) -> Timestamp {
    pod.status.condition(ConditionType::Ready).map_or(Timestamp::default(), |c| c.last_transition)
}

/// The younger first, in steps that double; within one step by uid. A time that is not set comes first.
///
/// Kubernetes: logarithmicRankDiff, afterOrZero.
fn younger_first(a: &Pod, b: &Pod, of: impl Fn(&Pod) -> Timestamp, now: Time) -> Ordering {
    let (first, second) = (of(a), of(b));
    if first == Timestamp::default() || second == Timestamp::default() {
        return (first != Timestamp::default()).cmp(&(second != Timestamp::default()));
    }
    let rank = |at: Timestamp| match now.since(at.time()).0 {
        0 => -1,
        // Upstream counts nanoseconds.
        micros => i64::from((u128::from(micros) * 1000).ilog2()),
    };
    rank(first).cmp(&rank(second)).then_with(|| a.meta.uid.to_string().cmp(&b.meta.uid.to_string()))
}

fn compare(a: &Pod, b: &Pod, rank_a: usize, rank_b: usize, now: Time) -> Ordering {
    let restarts = |pod: &Pod| pod.status.containers.iter().map(|c| c.restart_count).max().unwrap_or(0);
    let created = |pod: &Pod| pod.meta.created;
    let by_ready_time = || match a.is_ready() && b.is_ready() && ready_time(a) != ready_time(b) {
        true => younger_first(a, b, ready_time, now),
        false => Ordering::Equal,
    };
    let by_age = || match created(a) != created(b) {
        true => younger_first(a, b, created, now),
        false => Ordering::Equal,
    };
    a.node_name
        .is_some()
        .cmp(&b.node_name.is_some())
        .then_with(|| phase_ordinal(a.status.phase).cmp(&phase_ordinal(b.status.phase)))
        .then_with(|| a.is_ready().cmp(&b.is_ready()))
        .then_with(|| deletion_cost(a).cmp(&deletion_cost(b)))
        .then_with(|| rank_b.cmp(&rank_a))
        .then_with(by_ready_time)
        .then_with(|| restarts(b).cmp(&restarts(a)))
        .then_with(by_age)
}

//! PodTopologySpread: pods of a group spread evenly over zones, nodes or whatever a label tells apart.
//!
//! Not simulated: the default constraints for pods that have none, which only lower scores and only for
//! pods of services, replica sets and stateful sets.
//!
//! Kubernetes: pkg/scheduler/framework/plugins/podtopologyspread (filtering.go, scoring.go, common.go).

use super::{MAX_NODE_SCORE, node_affinity, taint_toleration};
use crate::cache::{Cache, NodeInfo};
use crate::cluster_event::ClusterEvent;
use crate::framework::{Plugin, Status, Verdict};
use api::meta::Name;
use api::node::Node;
use api::pod::Pod;
use api::pod::scheduling::TopologySpreadConstraint;
use sim::SortedMap;

pub(crate) const REASON: &str = "node(s) didn't match pod topology spread constraints";
pub(crate) const REASON_MISSING_LABEL: &str =
    "node(s) didn't match pod topology spread constraints (missing required label)";

const HOSTNAME: &str = "kubernetes.io/hostname";

/// What an empty domain list has as its smallest count.
const NO_DOMAIN: i64 = i32::MAX as i64;

/// For each hard constraint, in their order: the pods of the group in each domain, and the fewest in any.
#[derive(Clone, Debug, Default)]
pub(crate) struct PreFilterState {
    counts: Vec<SortedMap<Name, i64>>,
    fewest: Vec<i64>,
}

fn hard(pod: &Pod) -> impl Iterator<Item = &TopologySpreadConstraint> {
    pod.spec.scheduling.topology_spread.iter().filter(|constraint| constraint.hard)
}

fn soft(pod: &Pod) -> Vec<&TopologySpreadConstraint> {
    pod.spec.scheduling.topology_spread.iter().filter(|constraint| !constraint.hard).collect()
}

fn domain<'a>(node: &'a Node, constraint: &TopologySpreadConstraint) -> Option<&'a Name> {
    node.meta.labels().get(&constraint.topology_key)
}

/// Kubernetes: common.go, matchNodeInclusionPolicies.
fn includes(
    constraint: &TopologySpreadConstraint,
    pod: &Pod,
    node: &Node,
    comparison_operators: bool,
) -> bool {
    (!constraint.honors_affinity || node_affinity::matches(pod, node))
        && (!constraint.honors_taints || taint_toleration::filter(pod, node, comparison_operators).is_ok())
}

/// Kubernetes: common.go, countPodsMatchSelector.
fn count_pods(info: &NodeInfo, pod: &Pod, constraint: &TopologySpreadConstraint) -> i64 {
    let counts = |other: &Pod| {
        !other.meta.is_terminating()
            && other.meta.namespace() == pod.meta.namespace()
            && constraint.selects(pod, other)
    };
    info.pods.iter().filter(|slot| counts(&slot.pod)).count() as i64
}

/// `None`: nothing to filter.
pub(crate) fn pre_filter(pod: &Pod, cache: &Cache, comparison_operators: bool) -> Option<PreFilterState> {
    hard(pod).next()?;
    let mut state =
        PreFilterState { counts: hard(pod).map(|_| SortedMap::new()).collect(), fewest: Vec::new() };
    for (_, info) in cache.infos() {
        let Some(node) = &info.node else { continue };
        // A node counts only if it has the labels of all constraints.
        if hard(pod).any(|constraint| domain(node, constraint).is_none()) {
            continue;
        }
        for (constraint, counts) in hard(pod).zip(&mut state.counts) {
            if let Some(domain) = domain(node, constraint)
                && includes(constraint, pod, node, comparison_operators)
            {
                *counts.entry(domain.clone()).or_insert(0) += count_pods(info, pod, constraint);
            }
        }
    }
    state.fewest = state.counts.iter().map(fewest).collect();
    Some(state)
}

fn fewest(counts: &SortedMap<Name, i64>) -> i64 {
    counts.values().copied().min().unwrap_or(NO_DOMAIN)
}

impl PreFilterState {
    /// Counts a pod on a node in (+1) or out (-1).
    ///
    /// Kubernetes: filtering.go, updateWithPod.
    pub(crate) fn update(
        &mut self,
        pod: &Pod,
        other: &Pod,
        node: &Node,
        by: i64,
        comparison_operators: bool,
    ) {
        if other.meta.namespace() != pod.meta.namespace()
            || hard(pod).any(|constraint| domain(node, constraint).is_none())
        {
            return;
        }
        for (at, constraint) in hard(pod).enumerate() {
            if let Some(domain) = domain(node, constraint)
                && constraint.selects(pod, other)
                && includes(constraint, pod, node, comparison_operators)
            {
                *self.counts[at].entry(domain.clone()).or_insert(0) += by;
                self.fewest[at] = fewest(&self.counts[at]);
            }
        }
    }
}

pub(crate) fn filter(pod: &Pod, node: &Node, state: &PreFilterState) -> Verdict {
    for (at, constraint) in hard(pod).enumerate() {
        let Some(domain) = domain(node, constraint) else {
            return Err(Status::unresolvable(Plugin::PodTopologySpread, REASON_MISSING_LABEL));
        };
        let counts = &state.counts[at];
        let enough_domains = counts.len() as i64 >= constraint.min_domains;
        let fewest = if enough_domains { state.fewest[at] } else { 0 };
        let own = i64::from(constraint.selects(pod, pod));
        let there = counts.get(domain).copied().unwrap_or(0);
        if there + own - fewest > constraint.max_skew {
            return Err(Status::unschedulable(Plugin::PodTopologySpread, REASON));
        }
    }
    Ok(())
}

/// Whether a change may let a pod pass that was rejected: it has to do with the pods or the nodes that its
/// constraints count.
///
/// Kubernetes: plugin.go, isSchedulableAfterPodChange and isSchedulableAfterNodeChange.
pub(crate) fn is_concerned(pod: &Pod, event: &ClusterEvent) -> bool {
    let counts = |other: &Pod| {
        other.meta.namespace() == pod.meta.namespace() && hard(pod).any(|c| c.selects(pod, other))
    };
    let has_domains = |node: &Node| hard(pod).all(|constraint| domain(node, constraint).is_some());
    match event {
        ClusterEvent::AssignedPodAdded(other) | ClusterEvent::AssignedPodDeleted(other) => counts(other),
        ClusterEvent::AssignedPodUpdated { old, new } => counts(old) != counts(new),
        ClusterEvent::NodeAdded(node) | ClusterEvent::NodeDeleted(node) => has_domains(node),
        ClusterEvent::NodeUpdated { old, new, .. } => {
            let moved = || hard(pod).any(|constraint| domain(old, constraint) != domain(new, constraint));
            has_domains(old) != has_domains(new) || has_domains(new) && (moved() || old.taints != new.taints)
        }
        ClusterEvent::NamespaceChanged | ClusterEvent::StorageChanged => false,
    }
}

/// Whether a waiting pod's new labels make its constraints count it otherwise.
pub(crate) fn counts_differently(old: &Pod, new: &Pod) -> bool {
    hard(new).any(|constraint| constraint.selects(new, old) != constraint.selects(new, new))
}

/// Whether nodes with taints that it does not tolerate are left out of its domains.
pub(crate) fn honors_taints(pod: &Pod) -> bool {
    hard(pod).any(|constraint| constraint.honors_taints)
}

/// The normalized scores of some nodes; `None`: the plugin has nothing to say.
///
/// Kubernetes: scoring.go, PreScore, Score and NormalizeScore.
pub(crate) fn scores(
    pod: &Pod,
    nodes: &[&NodeInfo],
    cache: &Cache,
    comparison_operators: bool,
) -> Option<Vec<i64>> {
    let constraints = soft(pod);
    if constraints.is_empty() {
        return None;
    }
    let complete = |info: &NodeInfo| {
        info.node.as_ref().is_some_and(|node| constraints.iter().all(|c| domain(node, c).is_some()))
    };
    let kept = nodes.iter().filter(|info| complete(info)).count();
    let domains: Vec<SortedMap<Name, i64>> = constraints
        .iter()
        .map(|constraint| domains_of(constraint, pod, nodes, cache, comparison_operators, &complete))
        .collect();
    let weights: Vec<u128> = constraints
        .iter()
        .zip(&domains)
        .map(|(constraint, domains)| ln_of(if is_hostname(constraint) { kept } else { domains.len() } + 2))
        .collect();
    let score = |info: &&NodeInfo| {
        let node = info.node.as_ref().filter(|_| complete(info))?;
        let mut sum = 0u128;
        for (at, constraint) in constraints.iter().enumerate() {
            let count = match domain(node, constraint) {
                _ if is_hostname(constraint) => count_pods(info, pod, constraint),
                Some(domain) => domains[at].get(domain).copied().unwrap_or(0),
                None => 0,
            };
            sum += count.max(0) as u128 * weights[at];
            sum += (constraint.max_skew.max(1) - 1) as u128 * ONE;
        }
        Some(i64::try_from((sum + ONE / 2) / ONE).unwrap_or(i64::MAX / 1000))
    };
    Some(normalize(nodes.iter().map(score).collect()))
}

fn is_hostname(constraint: &TopologySpreadConstraint) -> bool {
    &*constraint.topology_key == HOSTNAME
}

/// The pods of the group in each domain that one of the nodes to score lies in.
fn domains_of(
    constraint: &TopologySpreadConstraint,
    pod: &Pod,
    nodes: &[&NodeInfo],
    cache: &Cache,
    comparison_operators: bool,
    complete: &impl Fn(&NodeInfo) -> bool,
) -> SortedMap<Name, i64> {
    let mut domains = SortedMap::new();
    if is_hostname(constraint) {
        return domains;
    }
    for info in nodes.iter().filter(|info| complete(info)) {
        if let Some(domain) = info.node.as_ref().and_then(|node| domain(node, constraint)) {
            domains.insert(domain.clone(), 0);
        }
    }
    for (_, info) in cache.infos().filter(|(_, info)| complete(info)) {
        let Some(node) = &info.node else { continue };
        let Some(sum) = domain(node, constraint).and_then(|domain| domains.get_mut(domain)) else { continue };
        if includes(constraint, pod, node, comparison_operators) {
            *sum += count_pods(info, pod, constraint);
        }
    }
    domains
}

/// Few pods make a high score; nodes without the labels (`None`) get 0.
fn normalize(raw: Vec<Option<i64>>) -> Vec<i64> {
    let min = raw.iter().flatten().copied().min().unwrap_or(0);
    let max = raw.iter().flatten().copied().max().unwrap_or(0).max(0);
    let one = |score: Option<i64>| match score {
        None => 0,
        Some(_) if max == 0 => MAX_NODE_SCORE,
        Some(score) => MAX_NODE_SCORE * (max + min - score) / max,
    };
    raw.into_iter().map(one).collect()
}

/// 1 in the fixed point of [`ln_of`].
const ONE: u128 = 1 << FRACTION_BITS;
const FRACTION_BITS: u32 = 48;

/// The natural logarithm of a whole number, as a fixed-point number.
///
/// Upstream's is a float from a library, which is not the same on every machine to the last bit; rounded to
/// whole scores, both agree.
fn ln_of(number: usize) -> u128 {
    // ln 2 in the same fixed point.
    const LN_2: u128 = 0xb172_17f7_d1cf;
    let number = (number.max(1) as u128).min(1 << 40);
    let whole = number.ilog2();
    let mut mantissa = (number << FRACTION_BITS) >> whole;
    let mut log2 = u128::from(whole) << FRACTION_BITS;
    for bit in (0..FRACTION_BITS).rev() {
        mantissa = (mantissa * mantissa) >> FRACTION_BITS;
        if mantissa >= 2 * ONE {
            mantissa >>= 1;
            log2 |= 1 << bit;
        }
    }
    (log2 * LN_2) >> FRACTION_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_exact_to_ten_digits() {
        for (number, expected) in
            [(1, 0u128), (2, 6_931_471_805), (3, 10_986_122_886), (5002, 85_175_931_114)]
        {
            let got = ln_of(number) * 10_000_000_000 / ONE;
            assert!(got.abs_diff(expected) <= 1, "ln {number}: {got}");
        }
    }
}

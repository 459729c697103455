//! InterPodAffinity: pods that want to be near others, or far from them.
//!
//! Kubernetes: pkg/scheduler/framework/plugins/interpodaffinity (filtering.go, scoring.go).

use super::MAX_NODE_SCORE;
use crate::cache::{Cache, NodeInfo};
use crate::cluster_event::ClusterEvent;
use crate::framework::{Plugin, Status, Verdict};
use api::meta::Name;
use api::node::Node;
use api::pod::Pod;
use api::pod::scheduling::{AffinityTerm, NamespaceLabels, PodAffinity};
use sim::SortedMap;

pub(crate) const REASON_EXISTING: &str = "node(s) didn't satisfy existing pods anti-affinity rules";
pub(crate) const REASON_AFFINITY: &str = "node(s) didn't match pod affinity rules";
pub(crate) const REASON_ANTI_AFFINITY: &str = "node(s) didn't match pod anti-affinity rules";

/// What a required affinity of a pod that is there already weighs for one that it would like beside it.
const HARD_POD_AFFINITY_WEIGHT: i64 = 1;

/// How many terms match in each place: a label's key and value.
type Counts = SortedMap<(Name, Name), i64>;

fn place(node: &Node, key: &Name) -> Option<(Name, Name)> {
    node.meta.labels().get(key).map(|value| (key.clone(), value.clone()))
}

/// Adds to a place's count; one that is down to zero is not there.
fn count(counts: &mut Counts, node: &Node, key: &Name, by: i64) {
    let Some(place) = place(node, key) else { return };
    let sum = counts.get(&place).copied().unwrap_or(0) + by;
    if sum == 0 {
        counts.remove(&place);
    } else {
        counts.insert(place, sum);
    }
}

/// What the filter has to know, counted over the whole cluster once for each cycle.
#[derive(Clone, Debug, Default)]
pub(crate) struct PreFilterState {
    /// Where pods are whose required anti-affinity does not want this one.
    existing_anti_affinity: Counts,
    affinity: Counts,
    anti_affinity: Counts,
}

fn affinity_of(pod: &Pod) -> Option<&PodAffinity> {
    pod.spec.scheduling.pod_affinity.as_deref()
}

/// Whether a pod belongs to the groups of all terms.
fn matches_all(terms: &[AffinityTerm], owner: &Pod, target: &Pod, namespaces: &NamespaceLabels) -> bool {
    !terms.is_empty() && terms.iter().all(|term| term.matches(owner, target, namespaces))
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
        namespaces: &NamespaceLabels,
    ) {
        for term in affinity_of(other).map_or(&[][..], |affinity| &affinity.anti_required) {
            if term.matches(other, pod, namespaces) {
                count(&mut self.existing_anti_affinity, node, &term.topology_key, by);
            }
        }
        let Some(own) = affinity_of(pod) else { return };
        if matches_all(&own.required, pod, other, namespaces) {
            for term in &own.required {
                count(&mut self.affinity, node, &term.topology_key, by);
            }
        }
        for term in own.anti_required.iter().filter(|term| term.matches(pod, other, namespaces)) {
            count(&mut self.anti_affinity, node, &term.topology_key, by);
        }
    }
}

/// `None`: nothing to filter.
pub(crate) fn pre_filter(pod: &Pod, cache: &Cache, namespaces: &NamespaceLabels) -> Option<PreFilterState> {
    let own = affinity_of(pod).is_some_and(|own| !own.required.is_empty() || !own.anti_required.is_empty());
    let mut state = PreFilterState::default();
    if own {
        for (_, info) in cache.infos() {
            count_node(&mut state, pod, info, namespaces);
        }
        return Some(state);
    }
    for id in cache.nodes_with_required_anti_affinity() {
        count_node(&mut state, pod, cache.info(id), namespaces);
    }
    (!state.existing_anti_affinity.is_empty()).then_some(state)
}

fn count_node(state: &mut PreFilterState, pod: &Pod, info: &NodeInfo, namespaces: &NamespaceLabels) {
    let Some(node) = &info.node else { return };
    for slot in &info.pods {
        state.update(pod, &slot.pod, node, 1, namespaces);
    }
}

pub(crate) fn filter(
    pod: &Pod,
    node: &Node,
    state: &PreFilterState,
    namespaces: &NamespaceLabels,
) -> Verdict {
    if !satisfies_affinity(pod, node, state, namespaces) {
        return Err(Status::unresolvable(Plugin::InterPodAffinity, REASON_AFFINITY));
    }
    let own = affinity_of(pod).map_or(&[][..], |own| &own.anti_required);
    let has = |counts: &Counts, place| counts.get(&place).is_some_and(|count| *count > 0);
    let crowded = |term: &AffinityTerm| {
        place(node, &term.topology_key).is_some_and(|place| has(&state.anti_affinity, place))
    };
    if !state.anti_affinity.is_empty() && own.iter().any(crowded) {
        return Err(Status::unschedulable(Plugin::InterPodAffinity, REASON_ANTI_AFFINITY));
    }
    let unwanted = !state.existing_anti_affinity.is_empty()
        && (node.meta.labels().iter())
            .any(|(key, value)| has(&state.existing_anti_affinity, (key.clone(), value.clone())));
    if unwanted {
        return Err(Status::unschedulable(Plugin::InterPodAffinity, REASON_EXISTING));
    }
    Ok(())
}

/// Kubernetes: filtering.go, satisfyPodAffinity.
fn satisfies_affinity(pod: &Pod, node: &Node, state: &PreFilterState, namespaces: &NamespaceLabels) -> bool {
    let terms = affinity_of(pod).map_or(&[][..], |own| &own.required);
    let mut all_there = true;
    for term in terms {
        // The node must have all of the places that are asked for.
        let Some(place) = place(node, &term.topology_key) else { return false };
        all_there &= state.affinity.get(&place).is_some_and(|count| *count > 0);
    }
    // The first pod of a group that wants to be near itself may go anywhere.
    all_there || state.affinity.is_empty() && matches_all(terms, pod, pod, namespaces)
}

/// Whether a change may let a pod pass that was rejected.
///
/// Kubernetes: plugin.go, isSchedulableAfterPodChange and isSchedulableAfterNodeChange.
pub(crate) fn is_concerned(pod: &Pod, event: &ClusterEvent, namespaces: &NamespaceLabels) -> bool {
    let (near, far) = affinity_of(pod).map_or((&[][..], &[][..]), |own| (&own.required, &own.anti_required));
    let wanted = |other: &Pod| matches_all(near, pod, other, namespaces);
    let unwanted = |other: &Pod| matches_all(far, pod, other, namespaces);
    let unwelcome = |other: &Pod| {
        let theirs = affinity_of(other).map_or(&[][..], |theirs| &theirs.anti_required);
        matches_all(theirs, other, pod, namespaces)
    };
    match event {
        ClusterEvent::AssignedPodAdded(other) => wanted(other),
        ClusterEvent::AssignedPodUpdated { old, new } => {
            !wanted(old) && wanted(new) || unwanted(old) && !unwanted(new)
        }
        ClusterEvent::AssignedPodDeleted(other) => unwanted(other) || unwelcome(other),
        ClusterEvent::NodeAdded(node) => {
            !far.is_empty() || near.iter().any(|term| node.meta.labels().contains_key(&*term.topology_key))
        }
        ClusterEvent::NodeUpdated { old, new, .. } => {
            let place =
                |node: &Node, term: &AffinityTerm| node.meta.labels().get(&*term.topology_key).cloned();
            let comes =
                |term: &AffinityTerm| place(new, term).is_some() && place(old, term) != place(new, term);
            let leaves =
                |term: &AffinityTerm| place(old, term).is_some() && place(old, term) != place(new, term);
            near.iter().any(comes) || far.iter().any(leaves)
        }
        _ => true,
    }
}

/// The normalized scores of some nodes; `None`: the plugin has nothing to say.
///
/// Kubernetes: scoring.go, PreScore, Score and NormalizeScore.
pub(crate) fn scores(
    pod: &Pod,
    nodes: &[&NodeInfo],
    cache: &Cache,
    namespaces: &NamespaceLabels,
) -> Option<Vec<i64>> {
    let own = affinity_of(pod).is_some_and(|own| !own.preferred.is_empty() || !own.anti_preferred.is_empty());
    let mut counts = Counts::new();
    if own {
        cache.infos().for_each(|(_, info)| weigh_node(&mut counts, pod, info, true, namespaces));
    } else {
        for id in cache.nodes_with_affinity() {
            weigh_node(&mut counts, pod, cache.info(id), false, namespaces);
        }
    }
    if counts.is_empty() {
        return None;
    }
    let score = |info: &&NodeInfo| {
        let labels = info.node.iter().flat_map(|node| node.meta.labels());
        labels.filter_map(|(key, value)| counts.get(&(key.clone(), value.clone()))).sum()
    };
    Some(normalize(nodes.iter().map(score).collect()))
}

fn weigh_node(counts: &mut Counts, pod: &Pod, info: &NodeInfo, all: bool, namespaces: &NamespaceLabels) {
    let Some(node) = &info.node else { return };
    let mut weigh = |owner: &Pod, target: &Pod, term: &AffinityTerm, weight: i64| {
        if term.matches(owner, target, namespaces)
            && let Some(place) = place(node, &term.topology_key)
        {
            *counts.entry(place).or_insert(0) += weight;
        }
    };
    for slot in &info.pods {
        let other = &slot.pod;
        let theirs = affinity_of(other);
        if !all && theirs.is_none() {
            continue;
        }
        if let Some(own) = affinity_of(pod) {
            own.preferred.iter().for_each(|(weight, term)| weigh(pod, other, term, *weight));
            own.anti_preferred.iter().for_each(|(weight, term)| weigh(pod, other, term, -weight));
        }
        if let Some(theirs) = theirs {
            theirs.required.iter().for_each(|term| weigh(other, pod, term, HARD_POD_AFFINITY_WEIGHT));
            theirs.preferred.iter().for_each(|(weight, term)| weigh(other, pod, term, *weight));
            theirs.anti_preferred.iter().for_each(|(weight, term)| weigh(other, pod, term, -weight));
        }
    }
}

fn normalize(mut scores: Vec<i64>) -> Vec<i64> {
    let (min, max) =
        scores.iter().fold((i64::MAX, i64::MIN), |(min, max), score| (min.min(*score), max.max(*score)));
    let span = max.saturating_sub(min);
    for score in &mut scores {
        // As upstream: a fraction first, which is not always what whole numbers give. IEEE arithmetic is
        // the same everywhere.
        let fraction = if span > 0 { (*score - min) as f64 / span as f64 } else { 0.0 };
        *score = (MAX_NODE_SCORE as f64 * fraction) as i64;
    }
    scores
}

//! Who should run where: pure functions of one node, one DaemonSet and its pods there.
//!
//! Kubernetes: pkg/controller/daemon/daemon_controller.go.

use std::cmp::Ordering;
use std::rc::Rc;

use api::daemonset::{DaemonSet, PodTemplate, UpdateStrategy};
use api::daemonset_util::{add_or_update_daemon_pod_tolerations, is_pod_updated};
use api::meta::Name;
use api::node::Node;
use api::pod::{ConditionStatus, ConditionType, Phase, Pod, PodSpec, REVISION_HASH_LABEL};
use api::toleration::{TaintEffect, find_matching_untolerated_taint};
use sim::order::SortShared;
use sim::{Duration, Time};

/// A pod template as its daemon pods have it: with the automatic tolerations. Made once for each template and
/// shared by all pods made from it.
#[derive(Clone, Debug)]
pub struct DaemonTemplate {
    /// The template it was made from.
    pub(crate) source: Rc<PodTemplate>,
    /// The template's spec with the tolerations that every daemon pod has.
    pub spec: Rc<PodSpec>,
}

impl DaemonTemplate {
    /// Kubernetes: NewPod. Rules: DS-001, DS-015…018.
    pub fn new(source: &Rc<PodTemplate>) -> DaemonTemplate {
        let mut raw = source.raw["spec"].clone();
        add_or_update_daemon_pod_tolerations(&mut raw);
        DaemonTemplate { source: source.clone(), spec: Rc::new(PodSpec::from_value(raw)) }
    }

    /// Whether it is still the one for this template.
    pub(crate) fn is_of(&self, source: &Rc<PodTemplate>) -> bool {
        Rc::ptr_eq(&self.source, source) || self.source == *source
    }
}

/// Whether a node should get a pod if it has none, and whether a pod that it has may stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// A node without a pod gets one.
    pub should_run: bool,
    /// A pod that is there stays.
    pub should_continue_running: bool,
}

impl Verdict {
    pub(crate) const NEITHER: Verdict = Verdict { should_run: false, should_continue_running: false };
}

/// Whether a node's taints and labels let the DaemonSet's pods run there.
///
/// Nothing else counts: not cordons, conditions, resources or ports (DS-006).
///
/// Kubernetes: NodeShouldRunDaemonPod, predicates. Rules: DS-001…006.
pub fn node_should_run_daemon_pod(node: &Node, template: &DaemonTemplate) -> Verdict {
    let name = &*node.meta.name;
    if template.source.node_name.as_ref().is_some_and(|wanted| **wanted != *name) {
        return Verdict::NEITHER;
    }
    let affinity = &template.spec.required_node_affinity;
    if !affinity.matches_every_node() && !affinity.matches(name, |key| node.meta.label(key)) {
        return Verdict::NEITHER;
    }
    if node.taints.is_empty() {
        return Verdict { should_run: true, should_continue_running: true };
    }
    let untolerated = |counts: fn(TaintEffect) -> bool| {
        let tolerations = &template.spec.tolerations;
        find_matching_untolerated_taint(&node.taints, tolerations, |t| counts(t.effect), false).is_some()
    };
    if untolerated(|effect| effect != TaintEffect::PreferNoSchedule) {
        let may_stay = !untolerated(|effect| effect == TaintEffect::NoExecute);
        return Verdict { should_run: false, should_continue_running: may_stay };
    }
    Verdict { should_run: true, should_continue_running: true }
}

/// What decides about a DaemonSet's pods besides nodes and pods themselves.
#[derive(Clone, Debug)]
pub(crate) struct Basis {
    pub(crate) template: DaemonTemplate,
    /// The hash of the current revision.
    pub(crate) hash: Name,
    /// The template's generation (DS-031).
    pub(crate) generation: Option<i64>,
    pub(crate) min_ready: Duration,
    pub(crate) allows_surge: bool,
}

impl Basis {
    pub(crate) fn is_updated(&self, pod: &Pod) -> bool {
        // Most are of the current hash; the comparison of generations has to write a number.
        let same_hash = !self.hash.is_empty() && pod.meta.label(REVISION_HASH_LABEL) == Some(&*self.hash);
        same_hash || is_pod_updated(|key| pod.meta.label(key), &self.hash, self.generation)
    }

    pub(crate) fn is_available(&self, pod: &Pod, now: Time) -> bool {
        is_pod_available(pod, self.min_ready, now)
    }

    /// Whether two bases decide alike.
    pub(crate) fn agrees_with(&self, other: &Basis) -> bool {
        self.template.is_of(&other.template.source)
            && self.hash == other.hash
            && self.generation == other.generation
            && self.min_ready == other.min_ready
            && self.allows_surge == other.allows_surge
    }
}

/// Whether the strategy lets a node have two pods for a while.
///
/// Kubernetes: pkg/controller/daemon/util/daemonset_util.go, AllowsSurge.
pub(crate) fn allows_surge(ds: &DaemonSet) -> bool {
    match &ds.update_strategy {
        UpdateStrategy::RollingUpdate { max_surge, .. } => max_surge.scaled_round_up(1) > 0,
        UpdateStrategy::OnDelete => false,
    }
}

/// Since when a pod is ready; `None` if it is not. The zero time is none either.
fn ready_since(pod: &Pod) -> Option<Time> {
    let ready = pod.status.condition(ConditionType::Ready)?;
    (ready.status == ConditionStatus::True).then(|| ready.last_transition.time())
}

/// Ready, and for as long as asked for.
///
/// Kubernetes: pkg/api/v1/pod/util.go, IsPodAvailable. Rule: DS-049.
pub fn is_pod_available(pod: &Pod, min_ready: Duration, now: Time) -> bool {
    ready_since(pod).is_some_and(|since| {
        min_ready == Duration::ZERO || (since != Time::default() && since + min_ready <= now)
    })
}

/// When a ready pod that is not yet available will be.
pub(crate) fn available_at(pod: &Pod, min_ready: Duration, now: Time) -> Option<Time> {
    let since = ready_since(pod).filter(|since| *since != Time::default())?;
    Some(since + min_ready).filter(|at| *at > now)
}

/// The order in which pods of one node are kept: bound ones first, then older ones, then by name.
///
/// Kubernetes: podByCreationTimestampAndPhase. Rule: DS-023.
pub(crate) fn by_creation_timestamp_and_phase(a: &Pod, b: &Pod) -> Ordering {
    let key = |pod: &Pod| (pod.node_name.is_none(), pod.meta.created);
    key(a).cmp(&key(b)).then_with(|| a.meta.name.cmp(&b.meta.name))
}

/// Whether a pod still counts on its node: one that is being deleted and has already ended does not (DS-010).
pub(crate) fn counts(pod: &Pod) -> bool {
    !(pod.meta.is_terminating() && pod.is_terminal())
}

/// Why a pod is to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeleteReason {
    /// It failed; subject to back-off (DS-021).
    Failed,
    Succeeded,
    /// The node has a better one.
    Excess,
    /// The node must not run it.
    Misplaced,
}

/// What one node owes one DaemonSet.
#[derive(Debug, Default)]
pub(crate) struct PodsOnNode<'a> {
    pub(crate) create: bool,
    pub(crate) delete: Vec<(DeleteReason, &'a Pod)>,
}

/// Decides what one node owes one DaemonSet. Pods being deleted count as present, so a replacement waits for
/// them. Failed pods are named whether or not they are in back-off.
///
/// Kubernetes: podsShouldBeOnNode. Rules: DS-008, DS-020…024.
pub(crate) fn pods_should_be_on_node<'a>(
    verdict: Verdict,
    pods: &[&'a Pod],
    basis: &Basis,
    now: Time,
) -> PodsOnNode<'a> {
    let mut result = PodsOnNode::default();
    if verdict.should_run && pods.is_empty() {
        result.create = true;
        return result;
    }
    let live = pods.iter().copied().filter(|pod| !pod.meta.is_terminating());
    if !verdict.should_continue_running {
        result.delete.extend(live.map(|pod| (DeleteReason::Misplaced, pod)));
        return result;
    }
    if let [pod] = pods
        && !pod.is_terminal()
        && (!basis.allows_surge || !pod.meta.is_terminating())
    {
        // Nearly always: one pod that is there and runs.
        return result;
    }
    let mut running: Vec<&Pod> = Vec::new();
    for pod in live {
        match pod.status.phase {
            Phase::Failed => result.delete.push((DeleteReason::Failed, pod)),
            Phase::Succeeded => result.delete.push((DeleteReason::Succeeded, pod)),
            _ => running.push(pod),
        }
    }
    running.sort_shared_by(|a, b| by_creation_timestamp_and_phase(a, b));
    if !basis.allows_surge {
        result.delete.extend(running.into_iter().skip(1).map(|pod| (DeleteReason::Excess, pod)));
    } else if running.len() <= 1 {
        result.create = running.is_empty() && verdict.should_run;
    } else {
        tidy_surging_node(&running, basis, now, &mut result);
    }
    result
}

/// Two pods may stay: the oldest new one that is not available yet, and the oldest old one while it is ready.
///
/// Rule: DS-024.
fn tidy_surging_node<'a>(running: &[&'a Pod], basis: &Basis, now: Time, result: &mut PodsOnNode<'a>) {
    let (mut oldest_new, mut oldest_old): (Option<&Pod>, Option<&Pod>) = (None, None);
    for pod in running {
        let is_new = pod.meta.label(REVISION_HASH_LABEL) == Some(&*basis.hash);
        let slot = if is_new { &mut oldest_new } else { &mut oldest_old };
        match slot {
            None => *slot = Some(pod),
            Some(_) => result.delete.push((DeleteReason::Excess, pod)),
        }
    }
    if let (Some(new), Some(old)) = (oldest_new, oldest_old)
        && (!old.is_ready() || basis.is_available(new, now))
    {
        result.delete.push((DeleteReason::Excess, old));
    }
}

/// What the pods of a node are to a rolling update.
#[derive(Clone, Copy, Debug)]
pub(crate) enum UpdatedPods<'a> {
    /// More than one new or more than one old pod: left to the placement phase.
    Excess,
    Pods {
        new: Option<&'a Pod>,
        old: Option<&'a Pod>,
    },
}

/// The new and the old pod of a node, among those not being deleted.
///
/// Kubernetes: update.go, findUpdatedPodsOnNode. Rule: DS-044.
pub(crate) fn find_updated_pods_on_node<'a>(pods: &[&'a Pod], basis: &Basis) -> UpdatedPods<'a> {
    let (mut new, mut old) = (None, None);
    for pod in pods.iter().copied().filter(|pod| !pod.meta.is_terminating()) {
        let slot = if basis.is_updated(pod) { &mut new } else { &mut old };
        if slot.is_some() {
            return UpdatedPods::Excess;
        }
        *slot = Some(pod);
    }
    UpdatedPods::Pods { new, old }
}

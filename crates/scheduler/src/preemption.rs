//! Preemption: a pod that fits nowhere may push out less important ones.
//!
//! Kubernetes: pkg/scheduler/framework/preemption/preemption.go,
//! pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go.
//! Rules: SCH-017, SCH-025, SCH-026.

use std::rc::Rc;

use super::cache::{NodeId, NodeInfo};
use super::disruption::PodDisruptionBudget;
use super::fit_error::{Diagnosis, NodeToStatus, fit_error};
use super::framework::{Code, Plugin, Status};
use super::queue::PodIx;
use super::run::CycleState;
use super::{DEFAULT_SCHEDULER_NAME, Scheduler};
use api::event::{EventType, Message};
use api::object::{Key, Kind};
use api::pod::{ConditionStatus, ConditionType, Pod, Reason};
use sim::Timestamp;
use sim::order::SortShared;
use wire::{Answer, Call, CallError, Ctx, DeleteOptions, PodId, Token};

/// The first part of what is said after the filters (plugin DynamicResources, which has nothing to do here).
const NO_CLAIMS: &str = "no new claims to deallocate";
const NOT_HELPFUL: &str = "Preemption is not helpful for scheduling";
const NO_VICTIMS: &str = "No preemption victims found for incoming pod";
const NEVER: &str = "not eligible due to preemptionPolicy=Never.";
const VICTIM_TERMINATING: &str = "not eligible due to a terminating pod on the nominated node.";
const PREEMPTION_BY_SCHEDULER: &str = "PreemptionByScheduler";

/// minCandidateNodesPercentage and minCandidateNodesAbsolute.
const MIN_CANDIDATE_NODES_PERCENTAGE: usize = 10;
const MIN_CANDIDATE_NODES_ABSOLUTE: usize = 100;

/// A node, and who would have to go, the most important first.
#[derive(Clone, Debug)]
struct Candidate {
    node: NodeId,
    victims: Vec<Rc<Pod>>,
    violations: usize,
}

/// What becomes of a pod's nomination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nomination {
    Keep,
    Clear,
    Set(NodeId),
}

/// A victim whose deletion has been asked for.
#[derive(Clone, Debug)]
pub(crate) struct Preemption {
    preemptor: PodIx,
    victim: Rc<Pod>,
    message: Rc<str>,
}

impl Scheduler {
    /// What happens after the filters refused every node: preemption, and what is to be said of it.
    pub(super) fn run_post_filter_plugins(
        &mut self,
        ix: PodIx,
        pod: &Rc<Pod>,
        state: &CycleState,
        diagnosis: &Diagnosis,
        ctx: &mut Ctx,
    ) -> (Nomination, String) {
        let say = |text: &str| format!("{NO_CLAIMS}, preemption: {text}");
        if let Some(why) = self.not_eligible(ix, pod, diagnosis) {
            return (Nomination::Keep, say(why));
        }
        let (candidates, statuses) = self.find_candidates(ix, pod, state, diagnosis, ctx);
        let Some(best) = select_candidate(candidates) else {
            let diagnosis = Diagnosis { node_to_status: statuses, ..Diagnosis::default() };
            return (Nomination::Clear, say(&fit_error(self.cache.len(), &diagnosis)));
        };
        let node = best.node;
        self.prepare_candidate(ix, pod, best, ctx);
        (Nomination::Set(node), String::new())
    }

    /// Why a pod may not preempt others, if it may not.
    ///
    /// Kubernetes: default_preemption.go, PodEligibleToPreemptOthers.
    fn not_eligible(&self, ix: PodIx, pod: &Pod, diagnosis: &Diagnosis) -> Option<&'static str> {
        if pod.spec.never_preempts {
            return Some(NEVER);
        }
        let node = self.queue.get(ix)?.nominated?;
        let status = diagnosis.node_to_status.get(node);
        if status.is_some_and(|status| status.code == Code::UnschedulableAndUnresolvable) {
            return None;
        }
        let going = |other: &Pod| is_victim_of(other, pod) && is_terminating_by_preemption(other);
        let waits = self.cache.info(node).pods.iter().any(|slot| going(&slot.pod));
        waits.then_some(VICTIM_TERMINATING)
    }

    /// Kubernetes: preemption.go, findCandidates and DryRunPreemption.
    fn find_candidates(
        &self,
        ix: PodIx,
        pod: &Rc<Pod>,
        state: &CycleState,
        diagnosis: &Diagnosis,
        ctx: &mut Ctx,
    ) -> (Vec<Candidate>, NodeToStatus) {
        let potential = self.nodes_that_eviction_may_help(&diagnosis.node_to_status);
        let absent = Some(Status::unresolvable(Plugin::DefaultPreemption, NOT_HELPFUL));
        let mut statuses = NodeToStatus { nodes: Vec::new(), absent };
        if potential.is_empty() {
            return (Vec::new(), statuses);
        }
        let budgets = self.disruption_budgets();
        let enough = (potential.len() * MIN_CANDIDATE_NODES_PERCENTAGE / 100)
            .max(MIN_CANDIDATE_NODES_ABSOLUTE)
            .min(potential.len());
        let offset = ctx.rng.below(potential.len() as u64) as usize;
        let (mut kind, mut violating) = (Vec::new(), Vec::new());
        for at in 0..potential.len() {
            let node = potential[(offset + at) % potential.len()];
            match self.select_victims_on_node(ix, pod, node, state, &budgets) {
                Ok(candidate) if candidate.violations == 0 => kind.push(candidate),
                Ok(candidate) => violating.push(candidate),
                Err(status) => statuses.nodes.push((node, status)),
            }
            if !kind.is_empty() && kind.len() + violating.len() >= enough {
                break;
            }
        }
        kind.append(&mut violating);
        (kind, statuses)
    }

    fn nodes_that_eviction_may_help(&self, statuses: &NodeToStatus) -> Vec<NodeId> {
        let helps = |status: &Status| status.code == Code::Unschedulable;
        let explicit = statuses.nodes.iter().filter(|(_, status)| helps(status)).map(|(id, _)| *id);
        let mut nodes: Vec<NodeId> = explicit.collect();
        if statuses.absent.as_ref().is_some_and(helps) {
            let unnamed = |id: &NodeId| !statuses.nodes.iter().any(|(have, _)| have == id);
            nodes.extend(self.cache.node_list().iter().copied().filter(unnamed));
        }
        nodes
    }

    /// The fewest pods that have to leave a node so that the pod fits.
    ///
    /// Kubernetes: default_preemption.go, SelectVictimsOnNode.
    fn select_victims_on_node(
        &self,
        ix: PodIx,
        pod: &Rc<Pod>,
        id: NodeId,
        state: &CycleState,
        budgets: &[PodDisruptionBudget],
    ) -> Result<Candidate, Status> {
        let info = self.cache.info(id);
        let is_victim = |other: &&Rc<Pod>| is_victim_of(other, pod);
        let mut potential: Vec<Rc<Pod>> =
            info.pods.iter().map(|slot| &slot.pod).filter(is_victim).cloned().collect();
        if potential.is_empty() {
            return Err(Status::unresolvable(Plugin::DefaultPreemption, NO_VICTIMS));
        }
        let Some(node) = info.node.clone() else {
            return Err(Status::empty(Plugin::DefaultPreemption, Code::Error));
        };
        let world = self.world();
        let (mut info, mut state): (NodeInfo, CycleState) = (info.clone(), state.clone());
        for victim in &potential {
            info.remove_pod(victim.meta.uid);
            world.update(&mut state, pod, victim, &node, -1);
        }
        self.run_filters_with_nominated_pods(pod, ix, (id, &info), &state)?;
        potential.sort_shared_by_key(|pod| importance(pod));
        let (violating, others) = super::disruption::filter_pods_with_violation(&potential, budgets);
        let mut candidate = Candidate { node: id, victims: Vec::new(), violations: 0 };
        let mixed = !violating.is_empty() && !others.is_empty();
        for (violates, victim) in
            violating.into_iter().map(|pod| (true, pod)).chain(others.into_iter().map(|pod| (false, pod)))
        {
            // Pods that can stay do: those of the highest priority are tried first.
            info.add_pod(victim.clone());
            world.update(&mut state, pod, &victim, &node, 1);
            if self.run_filters_with_nominated_pods(pod, ix, (id, &info), &state).is_err() {
                info.remove_pod(victim.meta.uid);
                world.update(&mut state, pod, &victim, &node, -1);
                candidate.violations += usize::from(violates);
                candidate.victims.push(victim);
            }
        }
        if candidate.victims.is_empty() {
            return Err(Status::empty(Plugin::DefaultPreemption, Code::Error));
        }
        if mixed {
            candidate.victims.sort_shared_by_key(|pod| importance(pod));
        }
        Ok(candidate)
    }

    /// Marks the victims, deletes them, and takes their nomination from less important pods.
    ///
    /// Kubernetes: preemption.go, prepareCandidateAsync and PreemptPod.
    fn prepare_candidate(&mut self, ix: PodIx, pod: &Rc<Pod>, best: Candidate, ctx: &mut Ctx) {
        let node = self.cache.info(best.node).name.clone();
        let message: Rc<str> = format!("Preempted by pod {} on node {node}", pod.meta.uid).into();
        let lower: Vec<PodIx> = self.queue.nominated_to(best.node).collect();
        for other in lower {
            if self.queue.get(other).is_some_and(|queued| queued.pod.spec.priority < pod.spec.priority) {
                self.clear_nomination(other, ctx);
            }
        }
        let text = format!("{DEFAULT_SCHEDULER_NAME}: preempting to accommodate a higher priority pod");
        let reason = Reason::new(PREEMPTION_BY_SCHEDULER, &text);
        for victim in best.victims.into_iter().filter(|victim| !victim.meta.is_terminating()) {
            let mut status = victim.status.clone();
            let now = ctx.now.stamp();
            let kind = ConditionType::DisruptionTarget;
            if status.set_condition(kind, ConditionStatus::True, Some(reason.clone()), now) {
                let pod = PodId::of(&victim.meta);
                ctx.request(Call::PatchPodStatus { pod, status: Box::new(status) }, Token::None);
            }
            let delete = Call::Delete {
                kind: Kind::Pod,
                key: Key::of(&victim.meta),
                options: DeleteOptions::default(),
            };
            self.next_token += 1;
            let preemption = Preemption { preemptor: ix, victim, message: message.clone() };
            self.preemptions.insert(self.next_token, preemption);
            ctx.request(delete, Token::Scheduler(self.next_token));
        }
    }

    /// A victim is on its way out, or it could not be asked to go: then the preemptor tries again.
    pub(super) fn finish_preemption(&mut self, preemption: Preemption, answer: Answer, ctx: &mut Ctx) {
        match answer.result {
            Ok(_) => {
                let message = Message::Text(preemption.message);
                self.events.event_once(&preemption.victim, EventType::Normal, "Preempted", message, ctx);
            }
            Err(CallError::Status(status)) if status.code == 404 => {}
            Err(_) => self.queue.requeue(preemption.preemptor, ctx.now),
        }
    }

    fn clear_nomination(&mut self, ix: PodIx, ctx: &mut Ctx) {
        self.queue.nominate(ix, None);
        let Some(queued) = self.queue.get(ix) else { return };
        if queued.pod.status.nominated_node.is_none() {
            return;
        }
        let mut status = queued.pod.status.clone();
        status.nominated_node = None;
        let pod = PodId::of(&queued.pod.meta);
        ctx.request(Call::PatchPodStatus { pod, status: Box::new(status) }, Token::None);
    }
}

/// Whether a pod may be evicted for another.
fn is_victim_of(victim: &Pod, preemptor: &Pod) -> bool {
    victim.spec.priority < preemptor.spec.priority
}

fn is_terminating_by_preemption(pod: &Pod) -> bool {
    pod.meta.is_terminating()
        && pod.status.condition(ConditionType::DisruptionTarget).is_some_and(|condition| {
            let reason = condition.reason.as_ref();
            condition.status == ConditionStatus::True
                && reason.is_some_and(|reason| &*reason.reason == PREEMPTION_BY_SCHEDULER)
        })
}

/// Sorts the more important first: of higher priority, then running for longer.
///
/// Kubernetes: pkg/scheduler/util/utils.go, MoreImportantPod.
fn importance(pod: &Pod) -> (std::cmp::Reverse<i32>, Timestamp) {
    (std::cmp::Reverse(pod.spec.priority), start_time(pod))
}

/// A pod that has not started yet starts after all others.
fn start_time(pod: &Pod) -> Timestamp {
    pod.status.start_time.unwrap_or(Timestamp(u32::MAX))
}

/// The node whose loss is the smallest (SCH-025).
///
/// Kubernetes: preemption.go, pickOneNodeForPreemption.
fn select_candidate(candidates: Vec<Candidate>) -> Option<Candidate> {
    const OFFSET: i64 = i32::MAX as i64 + 1;
    candidates.into_iter().min_by_key(|candidate| {
        let priority = |pod: &Rc<Pod>| i64::from(pod.spec.priority);
        let highest = candidate.victims.first().map_or(0, priority);
        let sum: i64 = candidate.victims.iter().map(|pod| priority(pod) + OFFSET).sum();
        let of_highest = candidate.victims.iter().filter(|pod| priority(pod) == highest);
        let earliest = of_highest.map(|pod| start_time(pod)).min().unwrap_or_default();
        (candidate.violations, highest, sum, candidate.victims.len(), std::cmp::Reverse(earliest))
    })
}

//! One pod's way: find the nodes that fit, choose one, bind; or say why there is none.
//!
//! Kubernetes: pkg/scheduler/schedule_one.go. Rules: SCH-006…012, SCH-016…020.

use std::rc::Rc;

use super::cache::NodeId;
use super::cluster_event::ClusterEvent;
use super::fit_error::{Diagnosis, NO_NODES_AVAILABLE, fit_error, truncate_message};
use super::framework::{Code, Plugin, PluginSet, Status};
use super::plugins::node_affinity::{self, Narrowed};
use super::preemption::Nomination;
use super::queue::PodIx;
use super::run::CycleState;
use super::{Binding, CYCLE, Scheduler};
use api::event::{EventType, Message};
use api::meta::Name;
use api::pod::{ConditionStatus, ConditionType, Pod, Reason};
use sim::order::SortShared;
use wire::{Answer, Call, CallError, Ctx, PodId, Token};

/// With fewer nodes than this all are examined (SCH-010).
pub(crate) const MIN_FEASIBLE_NODES_TO_FIND: usize = 100;
/// In large clusters at least this share of the nodes.
pub(crate) const MIN_FEASIBLE_NODES_PERCENTAGE_TO_FIND: usize = 5;

/// The condition's reason of a pod that fits nowhere, and of one for which something went wrong.
const UNSCHEDULABLE: &str = "Unschedulable";
const SCHEDULER_ERROR: &str = "SchedulerError";

/// Why a cycle gave no node.
enum Failure {
    NoNodes,
    Fit(Box<Diagnosis>, CycleState),
}

/// What is to be said of a pod that found no node.
struct Report<'a> {
    reason: &'static str,
    message: &'a str,
    /// Who rejected it; nobody if it was an error.
    plugins: PluginSet,
    nomination: Nomination,
}

/// How many nodes that fit are enough, in a cluster of so many.
///
/// Kubernetes: schedule_one.go, numFeasibleNodesToFind, with percentageOfNodesToScore 0.
pub(crate) fn num_feasible_nodes_to_find(all_nodes: usize) -> usize {
    if all_nodes < MIN_FEASIBLE_NODES_TO_FIND {
        return all_nodes;
    }
    let percentage = 50usize.saturating_sub(all_nodes / 125).max(MIN_FEASIBLE_NODES_PERCENTAGE_TO_FIND);
    (all_nodes * percentage / 100).max(MIN_FEASIBLE_NODES_TO_FIND)
}

impl Scheduler {
    /// One scheduling cycle. The next begins when its time is over.
    pub(super) fn schedule_one(&mut self, ctx: &mut Ctx) {
        let Some(ix) = self.queue.pop() else { return };
        let Some(queued) = self.queue.get(ix) else { return };
        let pod = queued.pod.clone();
        self.busy_until = ctx.now + CYCLE;
        match self.schedule_pod(ix, &pod, ctx) {
            Ok(node) => self.assume_and_bind(ix, &pod, node, ctx),
            Err(Failure::NoNodes) => {
                let (message, plugins, nomination) = (NO_NODES_AVAILABLE, PluginSet::NONE, Nomination::Clear);
                let report = Report { reason: UNSCHEDULABLE, message, plugins, nomination };
                self.handle_failure(ix, &pod, report, ctx);
            }
            Err(Failure::Fit(diagnosis, state)) => self.handle_fit_error(ix, &pod, *diagnosis, &state, ctx),
        }
    }

    fn schedule_pod(&mut self, ix: PodIx, pod: &Rc<Pod>, ctx: &mut Ctx) -> Result<NodeId, Failure> {
        if self.cache.is_empty() {
            return Err(Failure::NoNodes);
        }
        let world = self.world();
        let prepared = node_affinity::pre_filter(pod)
            .and_then(|narrowed| Ok((narrowed, world.run_pre_filter_plugins(pod)?)));
        let (narrowed, state) = match prepared {
            Ok(prepared) => prepared,
            Err(status) => {
                let diagnosis = refused_before_filtering(status);
                return Err(Failure::Fit(Box::new(diagnosis), CycleState::default()));
            }
        };
        let mut diagnosis = Diagnosis::default();
        if !matches!(narrowed, Narrowed::AllNodes) {
            diagnosis.unschedulable_plugins.add(Plugin::NodeAffinity);
        }
        if let Some(node) = self.evaluate_nominated_node(ix, pod, &state, &mut diagnosis) {
            return Ok(node);
        }
        let feasible = match &narrowed {
            Narrowed::AllNodes => self.find_nodes_that_pass_filters(ix, pod, &state, &mut diagnosis),
            Narrowed::One(name) => {
                // The one node of a daemon pod needs no list.
                return match self.filter_node(ix, pod, name, &state, narrowed_to(&mut diagnosis)) {
                    Some(node) => Ok(node),
                    None => Err(Failure::Fit(Box::new(diagnosis), state)),
                };
            }
            Narrowed::Names(names) => {
                let diagnosis = narrowed_to(&mut diagnosis);
                names.iter().filter_map(|name| self.filter_node(ix, pod, name, &state, diagnosis)).collect()
            }
        };
        match feasible.as_slice() {
            [] => Err(Failure::Fit(Box::new(diagnosis), state)),
            // Nothing to choose: scoring is skipped (SCH-011).
            [only] => Ok(*only),
            [first, ..] => Ok(self.select_host(pod, &feasible, ctx).unwrap_or(*first)),
        }
    }

    /// The node that a pod has made room on by preemption, if it fits there now. A plugin that rejects it is
    /// named with those that left nodes out before.
    ///
    /// Kubernetes: schedule_one.go, evaluateNominatedNode.
    fn evaluate_nominated_node(
        &self,
        ix: PodIx,
        pod: &Rc<Pod>,
        state: &CycleState,
        diagnosis: &mut Diagnosis,
    ) -> Option<NodeId> {
        let node = self.cache.find(pod.status.nominated_node.as_ref()?)?;
        self.cache.node(node)?;
        let info = self.cache.info(node);
        match self.run_filters_with_nominated_pods(pod, ix, (node, info), state) {
            Ok(()) => Some(node),
            Err(status) => {
                diagnosis.add_plugin_status(&status);
                None
            }
        }
    }

    /// Filters one node by name; what is against it goes into the diagnosis.
    fn filter_node(
        &self,
        ix: PodIx,
        pod: &Rc<Pod>,
        name: &Name,
        state: &CycleState,
        diagnosis: &mut Diagnosis,
    ) -> Option<NodeId> {
        let id = self.cache.find(name).filter(|id| self.cache.node(*id).is_some())?;
        let info = self.cache.info(id);
        match self.run_filters_with_nominated_pods(pod, ix, (id, info), state) {
            Ok(()) => Some(id),
            Err(status) => {
                diagnosis.add_plugin_status(&status);
                diagnosis.node_to_status.nodes.push((id, status));
                None
            }
        }
    }

    /// Goes round the nodes from where the last search ended until enough are found.
    fn find_nodes_that_pass_filters(
        &mut self,
        ix: PodIx,
        pod: &Rc<Pod>,
        state: &CycleState,
        diagnosis: &mut Diagnosis,
    ) -> Vec<NodeId> {
        self.cache.refresh_order();
        let nodes = self.cache.node_list();
        let enough = num_feasible_nodes_to_find(nodes.len());
        let mut feasible = Vec::new();
        let mut processed = 0;
        while processed < nodes.len() && feasible.len() < enough {
            let id = nodes[(self.next_start_node + processed) % nodes.len()];
            processed += 1;
            match self.run_filters_with_nominated_pods(pod, ix, (id, self.cache.info(id)), state) {
                Ok(()) => feasible.push(id),
                Err(status) => {
                    diagnosis.add_plugin_status(&status);
                    diagnosis.node_to_status.nodes.push((id, status));
                }
            }
        }
        self.next_start_node = (self.next_start_node + processed) % nodes.len().max(1);
        feasible
    }

    /// The node of the highest score; chance decides between equals (SCH-009).
    fn select_host(&self, pod: &Pod, feasible: &[NodeId], ctx: &mut Ctx) -> Option<NodeId> {
        let scores = self.world().scores(pod, feasible);
        let best = scores.iter().max()?;
        let equals: Vec<NodeId> =
            feasible.iter().zip(&scores).filter(|(_, score)| *score == best).map(|(id, _)| *id).collect();
        equals.get(ctx.rng.below(equals.len() as u64) as usize).copied()
    }

    fn assume_and_bind(&mut self, ix: PodIx, pod: &Rc<Pod>, node: NodeId, ctx: &mut Ctx) {
        self.queue.nominate(ix, None);
        self.cache.assume_pod(node, pod.clone());
        self.next_token += 1;
        self.bindings.insert(self.next_token, Binding { pod: ix, node });
        let name = self.cache.info(node).name.clone();
        let call = Call::Bind { pod: PodId::of(&pod.meta), node: name };
        ctx.request(call, Token::Scheduler(self.next_token));
    }

    pub(super) fn finish_binding(&mut self, binding: Binding, answer: Answer, ctx: &mut Ctx) {
        let Some(pod) = self.queue.get(binding.pod).map(|queued| queued.pod.clone()) else { return };
        let error = match answer.result {
            Ok(_) => {
                self.queue.remove(binding.pod);
                let message = Message::Assigned(self.cache.info(binding.node).name.clone());
                self.events.event_once(&pod, EventType::Normal, "Scheduled", message, ctx);
                return;
            }
            Err(error) => error,
        };
        if self.cache.forget_pod(binding.node, pod.meta.uid).is_none() {
            // It was deleted, or somebody else gave it a node: there is nothing left to do for it.
            self.queue.remove(binding.pod);
            return;
        }
        // What it took up is free again.
        self.move_all(&ClusterEvent::AssignedPodDeleted(&pod), Some(binding.node), ctx.now);
        if matches!(&error, CallError::Status(status) if status.code == 404) {
            self.queue.remove(binding.pod);
            return;
        }
        let message = format!("binding rejected: running Bind plugin \"DefaultBinder\": {}", text_of(&error));
        let (plugins, nomination) = (PluginSet::NONE, Nomination::Clear);
        let report = Report { reason: SCHEDULER_ERROR, message: &message, plugins, nomination };
        self.handle_failure(binding.pod, &pod, report, ctx);
    }

    fn handle_fit_error(
        &mut self,
        ix: PodIx,
        pod: &Rc<Pod>,
        mut diagnosis: Diagnosis,
        state: &CycleState,
        ctx: &mut Ctx,
    ) {
        let (nomination, said) = self.run_post_filter_plugins(ix, pod, state, &diagnosis, ctx);
        diagnosis.post_filter_message = said;
        let message = fit_error(self.cache.len(), &diagnosis);
        let plugins = diagnosis.unschedulable_plugins;
        let report = Report { reason: UNSCHEDULABLE, message: &message, plugins, nomination };
        self.handle_failure(ix, pod, report, ctx);
    }

    /// Puts a pod back and tells the world why.
    ///
    /// Kubernetes: schedule_one.go, handleSchedulingFailure.
    fn handle_failure(&mut self, ix: PodIx, pod: &Rc<Pod>, report: Report, ctx: &mut Ctx) {
        let mut status = pod.status.clone();
        let mut changed = false;
        if report.nomination != Nomination::Keep {
            let node = match report.nomination {
                Nomination::Set(node) => Some(node),
                _ => None,
            };
            self.queue.nominate(ix, node);
            let name = node.map(|node| self.cache.info(node).name.clone());
            changed = status.nominated_node != name;
            status.nominated_node = name;
        }
        self.queue.add_unschedulable(ix, report.plugins, ctx.now);
        let shared = self.shared_reason(report.reason, report.message);
        let text: Name = match truncate_message(report.message) {
            Some(cut) => cut.into(),
            None => shared.message.clone(),
        };
        self.events.event(pod, EventType::Warning, "FailedScheduling", Message::Text(text), ctx);
        let now = ctx.now.stamp();
        changed |=
            status.set_condition(ConditionType::PodScheduled, ConditionStatus::False, Some(shared), now);
        if changed {
            let pod = PodId::of(&pod.meta);
            ctx.request(Call::PatchPodStatus { pod, status: Box::new(status) }, Token::None);
        }
    }

    /// A condition's reason and message; pods that fail alike one after the other share one.
    fn shared_reason(&mut self, reason: &str, message: &str) -> Rc<Reason> {
        if *self.last_reason.reason != *reason || *self.last_reason.message != *message {
            self.last_reason = Reason::new(reason, message);
        }
        self.last_reason.clone()
    }
}

/// The nodes that NodeAffinity's PreFilter left out are absent (SCH-018).
fn narrowed_to(diagnosis: &mut Diagnosis) -> &mut Diagnosis {
    const ALONE: PluginSet = PluginSet::of(Plugin::NodeAffinity);
    let absent = if diagnosis.unschedulable_plugins == ALONE {
        let text = "node(s) didn't satisfy plugin(s) [NodeAffinity]";
        Status::unresolvable(Plugin::NodeAffinity, text)
    } else {
        let mut names: Vec<&str> = diagnosis.unschedulable_plugins.iter().map(Plugin::name).collect();
        names.sort_shared();
        let text = format!("node(s) didn't satisfy plugin(s) [{}]", names.join(" "));
        Status::with_text(Plugin::NodeAffinity, Code::UnschedulableAndUnresolvable, text.into())
    };
    diagnosis.node_to_status.absent = Some(absent);
    diagnosis
}

/// A PreFilter's refusal holds for every node, and is said once.
fn refused_before_filtering(status: Status) -> Diagnosis {
    let mut diagnosis = Diagnosis { pre_filter_message: status.message(), ..Diagnosis::default() };
    diagnosis.add_plugin_status(&status);
    diagnosis.node_to_status.absent = Some(status);
    diagnosis
}

fn text_of(error: &CallError) -> String {
    match error {
        CallError::Refused => "connect: connection refused".to_owned(),
        CallError::TimedOut | CallError::Canceled => "context deadline exceeded".to_owned(),
        CallError::Status(status) => status.message.clone(),
    }
}

//! One pod's way: find the nodes that fit, choose one, bind; or say why there is none.
//!
//! Kubernetes: pkg/scheduler/schedule_one.go. Rules: SCH-006…012, SCH-016…020.

use std::rc::Rc;

use super::cache::{NodeId, NodeInfo};
use super::events::ClusterEvent;
use super::fit_error::{Diagnosis, NO_NODES_AVAILABLE, fit_error, truncate_message};
use super::framework::{Code, Plugin, PluginSet, Status, Verdict};
use super::plugins::node_affinity::{self, Narrowed};
use super::plugins::{node_name, node_ports, node_resources_fit, node_unschedulable, taint_toleration};
use super::queue::PodIx;
use super::{Binding, CYCLE, Config, Scheduler, TOKEN_BIND};
use crate::api::event::{EventType, Message, ObjectRef};
use crate::api::meta::Name;
use crate::api::object::{Key, Kind};
use crate::api::pod::{ConditionStatus, ConditionType, Pod, Reason};
use crate::wire::{Answer, Call, CallError, Ctx, Token};

/// With fewer nodes than this all are examined (SCH-010).
pub const MIN_FEASIBLE_NODES_TO_FIND: usize = 100;
/// In large clusters at least this share of the nodes.
pub const MIN_FEASIBLE_NODES_PERCENTAGE_TO_FIND: usize = 5;

/// The condition's reason of a pod that fits nowhere, and of one for which something went wrong.
const UNSCHEDULABLE: &str = "Unschedulable";
const SCHEDULER_ERROR: &str = "SchedulerError";

/// Why a cycle gave no node.
enum Failure {
    NoNodes,
    Fit(Diagnosis),
}

/// All filters for one node, in their order, up to the first that rejects it (SCH-005, SCH-006).
pub fn run_filter_plugins(pod: &Pod, info: &NodeInfo, config: &Config) -> Verdict {
    let Some(node) = &info.node else { return Err(Status::empty(Plugin::NodeName, Code::Error)) };
    node_unschedulable::filter(pod, node)?;
    node_name::filter(pod, node)?;
    taint_toleration::filter(pod, node, config.comparison_operators)?;
    node_affinity::filter(pod, node)?;
    node_ports::filter(pod, info)?;
    node_resources_fit::filter(pod, info, &config.fit)
}

/// How many nodes that fit are enough, in a cluster of so many.
///
/// Kubernetes: schedule_one.go, numFeasibleNodesToFind, with percentageOfNodesToScore 0.
pub fn num_feasible_nodes_to_find(all_nodes: usize) -> usize {
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
        match self.schedule_pod(&pod, ctx) {
            Ok(node) => self.assume_and_bind(ix, &pod, node, ctx),
            Err(Failure::NoNodes) => {
                self.handle_failure(ix, &pod, UNSCHEDULABLE, NO_NODES_AVAILABLE, PluginSet::NONE, ctx);
            }
            Err(Failure::Fit(diagnosis)) => self.handle_fit_error(ix, &pod, diagnosis, ctx),
        }
    }

    fn schedule_pod(&mut self, pod: &Pod, ctx: &mut Ctx) -> Result<NodeId, Failure> {
        if self.cache.is_empty() {
            return Err(Failure::NoNodes);
        }
        let mut diagnosis = Diagnosis::default();
        let narrowed = match node_affinity::pre_filter(pod) {
            Ok(narrowed) => narrowed,
            Err(status) => return Err(Failure::Fit(refused_before_filtering(status))),
        };
        let feasible = match &narrowed {
            Narrowed::AllNodes => self.find_nodes_that_pass_filters(pod, &mut diagnosis),
            Narrowed::One(name) => self.filter_named(pod, std::iter::once(name), &mut diagnosis),
            Narrowed::Names(names) => self.filter_named(pod, names.iter(), &mut diagnosis),
        };
        match feasible.as_slice() {
            [] => Err(Failure::Fit(diagnosis)),
            [only] => Ok(*only),
            [..] => Ok(feasible[ctx.rng.below(feasible.len() as u64) as usize]),
        }
    }

    /// Filters only the nodes that a PreFilter left over; the others are absent (SCH-018).
    fn filter_named<'a>(
        &self,
        pod: &Pod,
        names: impl Iterator<Item = &'a Name>,
        diagnosis: &mut Diagnosis,
    ) -> Vec<NodeId> {
        diagnosis.unschedulable_plugins.add(Plugin::NodeAffinity);
        let absent = "node(s) didn't satisfy plugin(s) [NodeAffinity]";
        diagnosis.node_to_status.absent = Some(Status::unresolvable(Plugin::NodeAffinity, absent));
        let mut feasible = Vec::new();
        for name in names {
            let Some(id) = self.cache.find(name).filter(|id| self.cache.node(*id).is_some()) else {
                continue;
            };
            match run_filter_plugins(pod, self.cache.info(id), &self.config) {
                Ok(()) => feasible.push(id),
                Err(status) => {
                    diagnosis.add_plugin_status(&status);
                    diagnosis.node_to_status.nodes.push((id, status));
                }
            }
        }
        feasible
    }

    /// Goes round the nodes from where the last search ended until enough are found.
    fn find_nodes_that_pass_filters(&mut self, pod: &Pod, diagnosis: &mut Diagnosis) -> Vec<NodeId> {
        self.cache.refresh_order();
        let nodes = self.cache.node_list();
        let enough = num_feasible_nodes_to_find(nodes.len());
        let mut feasible = Vec::new();
        let mut processed = 0;
        while processed < nodes.len() && feasible.len() < enough {
            let id = nodes[(self.next_start_node + processed) % nodes.len()];
            processed += 1;
            match run_filter_plugins(pod, self.cache.info(id), &self.config) {
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

    fn assume_and_bind(&mut self, ix: PodIx, pod: &Rc<Pod>, node: NodeId, ctx: &mut Ctx) {
        self.cache.assume_pod(node, pod.clone());
        self.next_token += 1;
        self.bindings.insert(self.next_token, Binding { pod: ix, node });
        let name = self.cache.info(node).name.clone();
        let call = Call::Bind { key: Key::of(&pod.meta), uid: pod.meta.uid, node: name };
        ctx.request(call, Token { tag: TOKEN_BIND, value: self.next_token });
    }

    pub(super) fn finish_binding(&mut self, binding: Binding, answer: Answer, ctx: &mut Ctx) {
        let Some(pod) = self.queue.get(binding.pod).map(|queued| queued.pod.clone()) else { return };
        let error = match answer.result {
            Ok(_) => {
                self.queue.remove(binding.pod);
                let node = self.cache.info(binding.node).name.clone();
                self.post(&pod, EventType::Normal, "Scheduled", Message::Assigned(node), ctx);
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
        self.handle_failure(binding.pod, &pod, SCHEDULER_ERROR, &message, PluginSet::NONE, ctx);
    }

    fn handle_fit_error(&mut self, ix: PodIx, pod: &Rc<Pod>, diagnosis: Diagnosis, ctx: &mut Ctx) {
        let message = fit_error(self.cache.len(), &diagnosis);
        let plugins = diagnosis.unschedulable_plugins;
        self.handle_failure(ix, pod, UNSCHEDULABLE, &message, plugins, ctx);
    }

    /// Puts a pod back and tells the world why.
    ///
    /// Kubernetes: schedule_one.go, handleSchedulingFailure.
    fn handle_failure(
        &mut self,
        ix: PodIx,
        pod: &Rc<Pod>,
        reason: &'static str,
        message: &str,
        plugins: PluginSet,
        ctx: &mut Ctx,
    ) {
        self.queue.add_unschedulable(ix, plugins, ctx.now);
        let shared = self.shared_reason(reason, message);
        let text: Name = match truncate_message(message) {
            Some(cut) => cut.into(),
            None => shared.message.clone(),
        };
        self.post(pod, EventType::Warning, "FailedScheduling", Message::Text(text), ctx);
        let mut status = pod.status.clone();
        let now = ctx.now.stamp();
        if status.set_condition(ConditionType::PodScheduled, ConditionStatus::False, Some(shared), now) {
            let (key, uid) = (Key::of(&pod.meta), pod.meta.uid);
            ctx.request(Call::PatchPodStatus { key, uid, status: Box::new(status) }, Token::NONE);
        }
    }

    /// A condition's reason and message; pods that fail alike one after the other share one.
    fn shared_reason(&mut self, reason: &str, message: &str) -> Rc<Reason> {
        if *self.last_reason.reason != *reason || *self.last_reason.message != *message {
            self.last_reason = Reason::new(reason, message);
        }
        self.last_reason.clone()
    }

    pub(super) fn post(
        &self,
        pod: &Pod,
        kind: EventType,
        reason: &'static str,
        message: Message,
        ctx: &mut Ctx,
    ) {
        let regarding = ObjectRef {
            kind: Kind::Pod,
            namespace: pod.meta.namespace().clone(),
            name: pod.meta.name.clone(),
            uid: pod.meta.uid,
        };
        ctx.post_event(&self.source, &Rc::new(regarding), kind, reason, message);
    }
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
        CallError::TimedOut => "context deadline exceeded".to_owned(),
        CallError::Status(status) => status.message.clone(),
    }
}

//! The taint eviction controller: pods leave nodes with NoExecute taints that they do not tolerate.
//!
//! Kubernetes: pkg/controller/tainteviction/taint_eviction.go, timed_workers.go. Rules: ND-026…030.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::worker::{Alarm, Requests};
use api::event::{EventType, Message, ObjectRef};
use api::meta::{Name, Uid};
use api::object::{Key, Kind, Object};
use api::pod::{ConditionStatus, ConditionType, Pod, PodCondition, Reason};
use api::toleration::{Taint, TaintEffect, Toleration};
use client::informer::{CacheChange, Caches, Change, NodeId, PodChange};
use client::recorder::Recorder;
use sim::{Duration, Time};
use wire::{
    Answer, Call, CallError, Controller, ControllerTimer, Ctx, DeleteOptions, FieldValidation, Patch, Reply,
    Timer,
};

/// How often a deletion is tried, and what lies between.
const RETRIES: u32 = 5;
const RETRY_AFTER: Duration = Duration::from_millis(10);

/// The deletion of a pod that is due at a time.
#[derive(Clone, Copy, Debug)]
struct TimedWorker {
    created: Time,
    fires: Time,
}

/// Where the deletion of a pod stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum EvictionRequest {
    Get,
    AddCondition(Uid),
    Delete,
}

#[derive(Clone, Debug)]
struct Asked {
    key: Key,
    step: EvictionRequest,
    attempt: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct TaintEvictionController {
    requests: Requests<Asked>,
    recorder: Recorder,
    /// The NoExecute taints of nodes that have any.
    tainted_nodes: BTreeMap<NodeId, Vec<Taint>>,
    workers: BTreeMap<Key, TimedWorker>,
    due: BTreeSet<(Time, Key)>,
    /// Deletions that failed, and come again.
    again: BTreeSet<(Time, Key, u32)>,
    alarm: Alarm,
}

fn get_no_execute_taints(taints: &[Taint]) -> Vec<Taint> {
    taints.iter().filter(|taint| taint.effect == TaintEffect::NoExecute).cloned().collect()
}

/// The tolerations by which all taints are tolerated; `None` if one is not.
///
/// Kubernetes: pkg/apis/core/v1/helper/helpers.go, GetMatchingTolerations.
fn get_matching_tolerations<'a>(
    taints: &[Taint],
    tolerations: &'a [Toleration],
) -> Option<Vec<&'a Toleration>> {
    taints.iter().map(|taint| tolerations.iter().find(|own| own.tolerates_taint(taint, false))).collect()
}

/// How long a pod may stay by these tolerations; `None` is for ever.
fn get_min_toleration_time(tolerations: &[&Toleration]) -> Option<Duration> {
    if tolerations.is_empty() {
        return Some(Duration::ZERO);
    }
    let seconds = tolerations.iter().filter_map(|own| own.toleration_seconds).min();
    seconds.map(|seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

fn disruption_target(now: Time) -> PodCondition {
    PodCondition {
        kind: ConditionType::DisruptionTarget,
        status: ConditionStatus::True,
        last_transition: now.stamp(),
        reason: Some(Reason::new("DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint")),
    }
}

impl Default for TaintEvictionController {
    fn default() -> Self {
        TaintEvictionController {
            requests: Requests::new(Controller::TaintEviction),
            recorder: Recorder::new("taint-eviction-controller"),
            tainted_nodes: BTreeMap::new(),
            workers: BTreeMap::new(),
            due: BTreeSet::new(),
            again: BTreeSet::new(),
            alarm: Alarm::new(Controller::TaintEviction, ControllerTimer::Work),
        }
    }
}

impl TaintEvictionController {
    // ---- news ----

    pub(crate) fn on_change(&mut self, change: &CacheChange, caches: &Caches, ctx: &mut Ctx) {
        match change {
            CacheChange::Pod(change) => self.pod_updated(change, ctx),
            CacheChange::Node(id, change) => self.node_updated(*id, change, caches, ctx),
            _ => {}
        }
    }

    fn pod_updated(&mut self, change: &PodChange, ctx: &mut Ctx) {
        if self.tainted_nodes.is_empty() && self.workers.is_empty() {
            return;
        }
        let Some(pod) = &change.new else {
            if let Some(old) = &change.old {
                self.cancel_work_with_event(&Key::of(&old.meta), ctx);
            }
            return;
        };
        if let Some(old) = &change.old
            && old.node_name == pod.node_name
            && (Rc::ptr_eq(&old.spec, &pod.spec) || old.spec.tolerations == pod.spec.tolerations)
        {
            return;
        }
        if pod.node_name.is_some()
            && let Some(taints) = self.tainted_nodes.get(&change.target)
        {
            let taints = taints.clone();
            self.process_pod_on_node(pod, &taints, ctx);
        }
    }

    fn node_updated(&mut self, id: NodeId, change: &Change<api::Node>, caches: &Caches, ctx: &mut Ctx) {
        let Some(node) = &change.new else {
            self.tainted_nodes.remove(&id);
            return;
        };
        let taints = get_no_execute_taints(&node.taints);
        let before = change.old.as_ref().map(|old| get_no_execute_taints(&old.taints));
        if before.as_ref() == Some(&taints) || before.is_none() && taints.is_empty() {
            return;
        }
        if taints.is_empty() {
            self.tainted_nodes.remove(&id);
        } else {
            self.tainted_nodes.insert(id, taints.clone());
        }
        for serial in caches.nodes.pods(id) {
            let Some(pod) = caches.pods.get(serial) else { continue };
            if pod.node_name.as_ref() != Some(&node.meta.name) {
                continue;
            }
            match taints.is_empty() {
                true => self.cancel_work_with_event(&Key::of(&pod.meta), ctx),
                false => self.process_pod_on_node(pod, &taints, ctx),
            }
        }
    }

    fn process_pod_on_node(&mut self, pod: &Pod, taints: &[Taint], ctx: &mut Ctx) {
        let (key, now) = (Key::of(&pod.meta), ctx.now);
        let Some(used) = get_matching_tolerations(taints, &pod.spec.tolerations) else {
            // It goes right away.
            self.cancel_work_with_event(&key, ctx);
            return self.add_work(key, now, now, ctx);
        };
        let Some(stay) = get_min_toleration_time(&used) else {
            return self.cancel_work_with_event(&key, ctx);
        };
        let mut start = now;
        if let Some(scheduled) = self.workers.get(&key) {
            start = scheduled.created;
            if start + stay < now + stay {
                return;
            }
            self.cancel_work_with_event(&key, ctx);
        }
        self.add_work(key, start, start + stay, ctx);
    }

    // ---- the timed workers ----

    fn add_work(&mut self, key: Key, created: Time, fires: Time, ctx: &mut Ctx) {
        if fires <= ctx.now {
            return self.delete_pod(key, ctx);
        }
        self.due.insert((fires, key.clone()));
        self.workers.insert(key, TimedWorker { created, fires });
        self.schedule(ctx);
    }

    fn cancel_work_with_event(&mut self, key: &Key, ctx: &mut Ctx) {
        if let Some(worker) = self.workers.remove(key) {
            self.due.remove(&(worker.fires, key.clone()));
            self.emit(key, "Cancelling deletion of Pod", ctx);
        }
    }

    fn schedule(&mut self, ctx: &mut Ctx) {
        let due = self.due.first().map(|(at, _)| *at);
        let again = self.again.first().map(|(at, ..)| *at);
        if let Some(at) = due.into_iter().chain(again).min() {
            self.alarm.set(at, ctx);
        }
    }

    pub(crate) fn on_timer(&mut self, timer: Timer, ctx: &mut Ctx) {
        if !self.alarm.rings(timer, ctx.now) {
            return;
        }
        while let Some((at, key)) = self.due.first().filter(|(at, _)| *at <= ctx.now).cloned() {
            self.due.remove(&(at, key.clone()));
            self.workers.remove(&key);
            self.delete_pod(key, ctx);
        }
        while let Some(entry) = self.again.first().filter(|(at, ..)| *at <= ctx.now).cloned() {
            self.again.remove(&entry);
            let (_, key, attempt) = entry;
            self.get_pod(key, attempt, ctx);
        }
        self.schedule(ctx);
    }

    // ---- deleting ----

    /// Kubernetes: deletePodHandler, addConditionAndDeletePod.
    fn delete_pod(&mut self, key: Key, ctx: &mut Ctx) {
        self.emit(&key, "Marking for deletion Pod", ctx);
        self.get_pod(key, 1, ctx);
    }

    fn get_pod(&mut self, key: Key, attempt: u32, ctx: &mut Ctx) {
        let call = Call::Get { kind: Kind::Pod, key: key.clone() };
        self.requests.ask(Asked { key, step: EvictionRequest::Get, attempt }, call, ctx);
    }

    pub(crate) fn on_answer(&mut self, request: u64, answer: &Answer, ctx: &mut Ctx) {
        let Some(Asked { key, step, attempt }) = self.requests.answered(request) else { return };
        let reply = match &answer.result {
            Ok(reply) => reply,
            Err(error) => {
                let gone = matches!(error, CallError::Status(status) if status.is_not_found());
                if attempt < RETRIES && !gone {
                    self.again.insert((ctx.now + RETRY_AFTER, key, attempt + 1));
                    self.schedule(ctx);
                }
                return;
            }
        };
        let (step, call) = match (step, reply) {
            (EvictionRequest::Get, Reply::Object(Object::Pod(pod))) => self.after_get(pod, ctx.now),
            (EvictionRequest::AddCondition(_), _) => (EvictionRequest::Delete, delete(&key)),
            _ => return,
        };
        self.requests.ask(Asked { key, step, attempt }, call, ctx);
    }

    fn after_get(&self, pod: &Pod, now: Time) -> (EvictionRequest, Call) {
        let (key, uid, condition) = (Key::of(&pod.meta), pod.meta.uid, disruption_target(now));
        let have = pod.status.condition(ConditionType::DisruptionTarget);
        if have.is_some_and(|have| have.status == condition.status && have.reason == condition.reason) {
            return (EvictionRequest::Delete, delete(&key));
        }
        let patch = Patch::PodStatus { phase: None, condition: Some(condition) };
        let (kind, validation) = (Kind::Pod, FieldValidation::Ignore);
        (EvictionRequest::AddCondition(uid), Call::Patch { kind, key, uid: Some(uid), patch, validation })
    }

    /// Kubernetes: emitPodDeletionEvent, emitCancelPodDeletionEvent: about the pod's name, without its uid.
    fn emit(&mut self, key: &Key, what: &str, ctx: &mut Ctx) {
        let (namespace, name) = (key.namespace.clone(), key.name.clone());
        let about = ObjectRef::new(Kind::Pod, namespace, name, Uid::default());
        let text: Name = format!("{what} {}/{}", key.namespace, key.name).into();
        let (kind, message) = (EventType::Normal, Message::Text(text));
        self.recorder.event(ctx, &Rc::new(about), kind, "TaintManagerEviction", message);
    }
}

fn delete(key: &Key) -> Call {
    Call::Delete { kind: Kind::Pod, key: key.clone(), options: DeleteOptions::default() }
}

//! The pod garbage collector: pods that nobody will end any more.
//!
//! Upstream looks at all pods every 20 seconds. Here it keeps track of the pods that concern it, and looks at
//! the same instants, but only if there are any.
//!
//! Kubernetes: pkg/controller/podgc/gc_controller.go. Rules: ND-031…034.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::worker::{Alarm, Requests};
use api::meta::{Name, Uid};
use api::node::Node;
use api::object::{Key, Kind};
use api::pod::{ConditionStatus, ConditionType, Phase, Pod, PodCondition, Reason};
use client::informer::{CacheChange, Caches, NodeId, PodChange};
use sim::order::SortShared;
use sim::{Duration, Time};
use wire::{
    Answer, Call, CallError, Controller, ControllerTimer, Ctx, DeleteOptions, FieldValidation, Patch, Timer,
};

/// gcCheckPeriod.
const GC_CHECK_PERIOD: Duration = Duration::from_secs(20);
/// quarantineTime: how long a missing node is waited for.
const QUARANTINE_TIME: Duration = Duration::from_secs(40);
/// terminatedPodThreshold.
const TERMINATED_POD_THRESHOLD: usize = 12_500;
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

#[derive(Clone, Debug)]
enum Asked {
    /// Whether a node really does not exist; what goes with it otherwise.
    Node(NodeId),
    /// To mark a pod as failed; its deletion follows.
    Fail(u32, Key),
    Delete(u32),
}

#[derive(Clone, Debug)]
pub(crate) struct PodGcController {
    requests: Requests<Asked>,
    alarm: Alarm,
    started: Option<Time>,
    last_check: Option<Time>,
    terminated_pod_threshold: usize,
    /// Pods in phase Succeeded or Failed.
    terminated: BTreeSet<u32>,
    /// Pods that are being deleted and were never bound, or are on a node out of service.
    stuck: BTreeSet<u32>,
    /// Nodes that are named by pods and do not exist.
    missing: BTreeSet<NodeId>,
    /// Until when a missing node is waited for.
    quarantine: BTreeMap<NodeId, Time>,
    /// Nodes that are asked for.
    looked_up: BTreeSet<NodeId>,
}

/// Not ready, and somebody says that it will not come back.
fn is_out_of_service(node: &Node) -> bool {
    !node.is_ready() && node.taints.iter().any(|taint| *taint.key == *OUT_OF_SERVICE)
}

/// Nobody will end this pod, which is being deleted.
fn is_stuck(pod: &Pod, target: NodeId, caches: &Caches) -> bool {
    pod.meta.is_terminating()
        && match pod.node_name {
            None => true,
            Some(_) => caches.nodes.get(target).is_some_and(|node| is_out_of_service(node)),
        }
}

/// The pods that are bound to a node, by serial.
fn bound(id: NodeId, caches: &Caches) -> Vec<u32> {
    let name = caches.nodes.name(id);
    let is_bound =
        |serial: &u32| caches.pods.get(*serial).is_some_and(|pod| pod.node_name.as_ref() == Some(&name));
    caches.nodes.pods(id).into_iter().filter(is_bound).collect()
}

impl Default for PodGcController {
    fn default() -> Self {
        PodGcController {
            requests: Requests::new(Controller::PodGarbageCollector),
            alarm: Alarm::new(Controller::PodGarbageCollector, ControllerTimer::Work),
            started: None,
            last_check: None,
            terminated_pod_threshold: TERMINATED_POD_THRESHOLD,
            terminated: BTreeSet::new(),
            stuck: BTreeSet::new(),
            missing: BTreeSet::new(),
            quarantine: BTreeMap::new(),
            looked_up: BTreeSet::new(),
        }
    }
}

impl PodGcController {
    /// All caches are filled.
    pub(crate) fn run(&mut self, caches: &Caches, ctx: &mut Ctx) {
        self.started = self.started.or(Some(ctx.now));
        // Pods may have been listed after their nodes had gone.
        self.missing.retain(|id| caches.nodes.get(*id).is_none());
        self.schedule(ctx);
    }

    fn schedule(&mut self, ctx: &mut Ctx) {
        let Some(start) = self.started else { return };
        let over = self.terminated.len() > self.terminated_pod_threshold;
        if over || !self.stuck.is_empty() || !self.missing.is_empty() {
            let free = self.last_check.map_or(start, |check| check + Duration(1));
            self.alarm.set(free.max(ctx.now).next_tick(start, GC_CHECK_PERIOD), ctx);
        }
    }

    // ---- news ----

    pub(crate) fn on_change(&mut self, change: &CacheChange, caches: &Caches, ctx: &mut Ctx) {
        match change {
            CacheChange::Pod(change) => self.on_pod(change, caches, ctx),
            CacheChange::Node(id, change) => self.on_node(*id, change.new.as_deref(), caches, ctx),
            _ => return,
        }
        self.schedule(ctx);
    }

    fn on_pod(&mut self, change: &PodChange, caches: &Caches, ctx: &Ctx) {
        let Some(pod) = &change.new else {
            if let Some(old) = &change.old {
                self.terminated.remove(&old.meta.serial);
                self.stuck.remove(&old.meta.serial);
            }
            return;
        };
        let serial = pod.meta.serial;
        let old = change.old.as_ref();
        if pod.is_terminal() {
            self.terminated.insert(serial);
        }
        let news = old.is_none_or(|old| {
            old.meta.deletion != pod.meta.deletion
                || old.status.phase != pod.status.phase
                || old.node_name != pod.node_name
        });
        if news && is_stuck(pod, change.target, caches) {
            self.stuck.insert(serial);
        }
        if pod.node_name.is_some() && caches.nodes.get(change.target).is_none() {
            self.miss(change.target, ctx);
        }
    }

    /// A node is found missing. Had it been waited for before, and come back, that is over.
    fn miss(&mut self, id: NodeId, ctx: &Ctx) {
        let start = self.started.unwrap_or(ctx.now);
        if self.missing.insert(id)
            && self.quarantine.get(&id).is_some_and(|end| end.next_tick(start, GC_CHECK_PERIOD) < ctx.now)
        {
            self.quarantine.remove(&id);
        }
    }

    fn on_node(&mut self, id: NodeId, node: Option<&Node>, caches: &Caches, ctx: &Ctx) {
        let Some(node) = node else {
            if !bound(id, caches).is_empty() {
                self.miss(id, ctx);
            }
            return;
        };
        self.missing.remove(&id);
        if is_out_of_service(node) {
            let pods = bound(id, caches).into_iter();
            let going = |serial: &u32| caches.pods.get(*serial).is_some_and(|pod| pod.meta.is_terminating());
            self.stuck.extend(pods.filter(going));
        }
    }

    // ---- collecting ----

    /// Kubernetes: gc.
    pub(crate) fn on_timer(&mut self, timer: Timer, caches: &Caches, ctx: &mut Ctx) {
        if !self.alarm.rings(timer, ctx.now) {
            return;
        }
        self.last_check = Some(ctx.now);
        self.gc_terminated(caches, ctx);
        self.gc_stuck(caches, ctx);
        self.gc_orphaned(caches, ctx);
        self.schedule(ctx);
    }

    fn gc_terminated(&mut self, caches: &Caches, ctx: &mut Ctx) {
        let too_many = self.terminated.len().saturating_sub(self.terminated_pod_threshold);
        if too_many == 0 {
            return;
        }
        let mut pods: Vec<&Rc<Pod>> =
            self.terminated.iter().filter_map(|serial| caches.pods.get(*serial)).collect();
        let evicted = |pod: &Pod| {
            pod.status.phase == Phase::Failed
                && pod.status.reason.as_ref().is_some_and(|reason| *reason.reason == *"Evicted")
        };
        pods.sort_shared_by_key(|pod| (!evicted(pod), pod.meta.created, pod.meta.name.clone()));
        let pods: Vec<Rc<Pod>> = pods.into_iter().take(too_many).cloned().collect();
        for pod in pods {
            self.mark_failed_and_delete_pod(&pod, None, ctx);
        }
    }

    /// Kubernetes: gcTerminating, gcUnscheduledTerminating.
    fn gc_stuck(&mut self, caches: &Caches, ctx: &mut Ctx) {
        for serial in std::mem::take(&mut self.stuck) {
            let pod = caches.pods.get(serial).cloned();
            if let Some(pod) = pod.filter(|pod| is_stuck(pod, caches.pods.target(serial), caches)) {
                self.mark_failed_and_delete_pod(&pod, None, ctx);
            }
        }
    }

    /// A missing node is waited for, then asked for, and only then its pods go.
    fn gc_orphaned(&mut self, caches: &Caches, ctx: &mut Ctx) {
        self.missing.retain(|id| caches.nodes.get(*id).is_none() && !bound(*id, caches).is_empty());
        for id in &self.missing {
            if !self.looked_up.contains(id) {
                self.quarantine.entry(*id).or_insert(ctx.now + QUARANTINE_TIME);
            }
        }
        let over: Vec<NodeId> =
            self.quarantine.iter().filter(|(_, until)| **until <= ctx.now).map(|(id, _)| *id).collect();
        for id in over {
            self.quarantine.remove(&id);
            if caches.nodes.get(id).is_none() {
                self.looked_up.insert(id);
                let key = Key { namespace: Name::default(), name: caches.nodes.name(id) };
                self.requests.ask(Asked::Node(id), Call::Get { kind: Kind::Node, key }, ctx);
            }
        }
    }

    pub(crate) fn on_answer(&mut self, request: u64, answer: &Answer, caches: &Caches, ctx: &mut Ctx) {
        let not_found = matches!(&answer.result, Err(CallError::Status(status)) if status.is_not_found());
        match self.requests.answered(request) {
            Some(Asked::Node(id)) => {
                self.looked_up.remove(&id);
                if not_found {
                    self.delete_orphans(id, caches, ctx);
                }
            }
            Some(Asked::Fail(serial, key)) => match &answer.result {
                Ok(_) => self.delete(serial, key, ctx),
                Err(_) if not_found => {}
                Err(_) => self.try_again(serial, caches),
            },
            Some(Asked::Delete(serial)) if answer.result.is_err() && !not_found => {
                self.try_again(serial, caches);
            }
            Some(Asked::Delete(_)) | None => {}
        }
        self.schedule(ctx);
    }

    fn delete_orphans(&mut self, id: NodeId, caches: &Caches, ctx: &mut Ctx) {
        for serial in bound(id, caches) {
            let Some(pod) = caches.pods.get(serial).cloned() else { continue };
            let condition = PodCondition {
                kind: ConditionType::DisruptionTarget,
                status: ConditionStatus::True,
                last_transition: ctx.now.stamp(),
                reason: Some(Reason::new("DeletionByPodGC", "PodGC: node no longer exists")),
            };
            self.mark_failed_and_delete_pod(&pod, Some(condition), ctx);
        }
    }

    /// What failed is found again in the next check; orphans are found by their node.
    fn try_again(&mut self, serial: u32, caches: &Caches) {
        if let Some(pod) = caches.pods.get(serial)
            && is_stuck(pod, caches.pods.target(serial), caches)
        {
            self.stuck.insert(serial);
        }
    }

    /// Kubernetes: markFailedAndDeletePodWithCondition.
    fn mark_failed_and_delete_pod(&mut self, pod: &Pod, condition: Option<PodCondition>, ctx: &mut Ctx) {
        let (serial, key, uid) = (pod.meta.serial, Key::of(&pod.meta), pod.meta.uid);
        if pod.is_terminal() {
            return self.delete(serial, key, ctx);
        }
        let call = fail(&key, uid, condition);
        self.requests.ask(Asked::Fail(serial, key), call, ctx);
    }

    fn delete(&mut self, serial: u32, key: Key, ctx: &mut Ctx) {
        let options = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
        self.requests.ask(Asked::Delete(serial), Call::Delete { kind: Kind::Pod, key, options }, ctx);
    }
}

fn fail(key: &Key, uid: Uid, condition: Option<PodCondition>) -> Call {
    let patch = Patch::PodStatus { phase: Some(Phase::Failed), condition };
    let (kind, key, validation) = (Kind::Pod, key.clone(), FieldValidation::Ignore);
    Call::Patch { kind, key, uid: Some(uid), patch, validation }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use api::object::Object;
    use sim::Rng;
    use wire::{Effect, Settings, WatchEvent};

    /// Pods that ended at these seconds; the second name of each is that of an eviction.
    fn ended(pods: &[(&str, u64, &str)], threshold: usize) -> Vec<String> {
        let (mut effects, mut rng, settings) = (Vec::new(), Rng::stream(1, "test"), Settings::default());
        let mut ctx = Ctx { now: Time::START, settings: &settings, rng: &mut rng, effects: &mut effects };
        let (mut caches, mut gc) = (Caches::default(), PodGcController::default());
        gc.terminated_pod_threshold = threshold;
        for (at, (name, second, reason)) in pods.iter().enumerate() {
            let mut pod = Pod::from_value(&json!({
                "metadata": {"name": name, "namespace": "ns"},
                "status": {"phase": "Failed", "reason": reason},
            }));
            pod.meta.serial = at as u32 + 1;
            pod.meta.created = Time::from_secs(*second).stamp();
            let change = caches.apply(&WatchEvent::Added(Object::Pod(Rc::new(pod)))).unwrap();
            gc.on_change(&change, &caches, &mut ctx);
        }
        gc.run(&caches, &mut ctx);
        let timers: Vec<Timer> = ctx.effects.iter().filter_map(timer).collect();
        timers.into_iter().for_each(|timer| gc.on_timer(timer, &caches, &mut ctx));
        let deleted = |effect: &Effect| match effect {
            Effect::Request { call: Call::Delete { key, .. }, .. } => Some(key.name.to_string()),
            _ => None,
        };
        effects.iter().filter_map(deleted).collect()
    }

    fn timer(effect: &Effect) -> Option<Timer> {
        match effect {
            Effect::Wake { timer, .. } => Some(*timer),
            _ => None,
        }
    }

    #[test]
    fn nd_033_of_too_many_ended_pods_the_evicted_and_the_oldest_go() {
        let pods = [("c", 30, "x"), ("b", 20, "x"), ("a", 20, "x"), ("z", 90, "Evicted")];
        assert_eq!(ended(&pods, 4), [""; 0]);
        assert_eq!(ended(&pods, 3), ["z"]);
        assert_eq!(ended(&pods, 1), ["z", "a", "b"]);
    }
}

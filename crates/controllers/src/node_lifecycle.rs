//! The node lifecycle controller: which nodes live, and the taints that say so.
//!
//! Its monitor passes over the nodes every five seconds, but only when there is one to be looked at: one that
//! is new, gone, changed, that has stopped renewing its lease, or with which something did not succeed. Of
//! all others a pass would learn nothing but that their leases are renewed (see `health`).
//!
//! Differs: a pass whose requests take longer than five seconds does not move the passes after it.
//!
//! Kubernetes: pkg/controller/nodelifecycle/node_lifecycle_controller.go. Rules: ND-009…024.

mod disruption;
mod health;
mod no_schedule;
mod pods;
mod zone;

use std::rc::Rc;

use super::worker::{Alarm, Requests};
use api::event::{EventType, Message, ObjectRef};
use api::meta::{Name, Uid};
use api::node::{Lease, Node, Renewal};
use api::object::{Key, Kind, Object};
use api::pod::{ConditionStatus, Pod};
use api::toleration::{Taint, TaintEffect};
use client::informer::{CacheChange, Caches, Change, NodeId, PodChange};
use client::recorder::Recorder;
use sim::{Duration, SortedMap, SortedSet, Time};
use wire::{Answer, Call, CallError, Controller, ControllerTimer, Ctx, Reply, Timer, Token};

use health::{Clock, MONITOR_PERIOD, NodeHealth, grace_period, observe, unknown_conditions};
use no_schedule::{no_schedule_tainting, swap_taints};
use pods::{mark_pod_not_ready, pods_assigned_to_node};
use zone::{EVICTION_PERIOD, Zone, is_node_excluded_from_disruption_checks, zone_key};

const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const LEASE_NAMESPACE: &str = "kube-node-lease";

/// What the controller keeps of a node's name.
#[derive(Clone, Debug, Default)]
struct NodeRecord {
    /// The uid it was registered with.
    known: Option<Uid>,
    health: Option<NodeHealth>,
    /// The zone it counts for, and whether as a ready one.
    counted: Option<(Name, bool)>,
    /// When it counts as silent, if nothing is heard of it.
    deadline: Option<Time>,
    /// Its pods could not all be marked (nodesToRetry).
    retry_pods: bool,
    /// Its NoSchedule taints could not be changed.
    retry_taints: bool,
    /// It is being tainted NoExecute, and the watch has not shown it yet.
    tainting: bool,
}

/// What was asked of the API server.
#[derive(Clone, Debug)]
enum Asked {
    /// To note a node's silence; its Ready condition was this before.
    Health(NodeId, ConditionStatus),
    /// To mark a pod of this node.
    PodNotReady(NodeId, Rc<ObjectRef>),
    /// To taint a node that came out of its zone's queue.
    NoExecute(NodeId, Name),
    NoSchedule(NodeId),
}

/// The node life cycle controller: judges the nodes' health by their leases and conditions, and taints those
/// that do not answer.
#[derive(Clone, Debug)]
pub struct NodeLifecycleController {
    requests: Requests<Asked>,
    recorder: Recorder,
    /// When all caches were filled: from then on it passes over the nodes.
    started: Option<Time>,
    /// By number.
    entries: Vec<NodeRecord>,
    /// The nodes that the next pass looks at.
    dirty: SortedSet<NodeId>,
    deadlines: SortedSet<(Time, NodeId)>,
    zones: SortedMap<Name, Zone>,
    monitor: Alarm,
    tainter: Alarm,
    last_pass: Option<Time>,
    /// How many updates of the present pass are under way: it ends with the last.
    outstanding: u32,
}

fn no_execute(key: &str) -> Taint {
    Taint::new(key, "", TaintEffect::NoExecute)
}

fn has_taint(node: &Node, key: &str) -> bool {
    node.taints.iter().any(|taint| taint.effect == TaintEffect::NoExecute && *taint.key == *key)
}

fn renewal_of(name: &Name, caches: &Caches) -> Option<Renewal> {
    let key = Key { namespace: LEASE_NAMESPACE.into(), name: name.clone() };
    caches.leases.get(&key).map(|lease| lease.renewal)
}

impl Default for NodeLifecycleController {
    fn default() -> Self {
        NodeLifecycleController {
            requests: Requests::new(Controller::NodeLifecycle),
            recorder: Recorder::new("node-controller"),
            started: None,
            entries: Vec::new(),
            dirty: SortedSet::new(),
            deadlines: SortedSet::new(),
            zones: SortedMap::new(),
            monitor: Alarm::new(Controller::NodeLifecycle, ControllerTimer::MonitorNodeHealth),
            tainter: Alarm::new(Controller::NodeLifecycle, ControllerTimer::NoExecuteTaint),
            last_pass: None,
            outstanding: 0,
        }
    }
}

impl NodeLifecycleController {
    /// All caches are filled.
    pub(crate) fn run(&mut self, ctx: &mut Ctx) {
        self.started = self.started.or(Some(ctx.now));
        self.schedule(ctx);
    }

    fn entry(&mut self, id: NodeId) -> &mut NodeRecord {
        if self.entries.len() <= id.index() {
            self.entries.resize_with(id.index() + 1, NodeRecord::default);
        }
        &mut self.entries[id.index()]
    }

    fn clock(&self, ctx: &Ctx) -> Clock {
        Clock { start: self.started.unwrap_or(ctx.now), now: ctx.now, delay: ctx.settings.link_delay }
    }

    fn touch(&mut self, id: NodeId, ctx: &mut Ctx) {
        self.dirty.insert(id);
        self.schedule_monitor(ctx);
    }

    /// Sets the timers of what has work; after a pass or an answer.
    fn schedule(&mut self, ctx: &mut Ctx) {
        self.schedule_monitor(ctx);
        let Some(start) = self.started else { return };
        let next = self.zones.values().filter_map(|zone| zone.tainter.next_time()).min();
        if let Some(next) = next {
            let at = next.max(ctx.now + Duration(1)).next_tick(start, EVICTION_PERIOD);
            self.tainter.set(at, ctx);
        }
    }

    fn schedule_monitor(&mut self, ctx: &mut Ctx) {
        let Some(start) = self.started else { return };
        let due =
            if self.dirty.is_empty() { self.deadlines.first().map(|(at, _)| *at) } else { Some(ctx.now) };
        if let Some(due) = due {
            let free = self.last_pass.map_or(start, |pass| pass + Duration(1));
            self.monitor.set(due.max(free).max(ctx.now).next_tick(start, MONITOR_PERIOD), ctx);
        }
    }

    // ---- news ----

    pub(crate) fn on_change(&mut self, change: &CacheChange, caches: &Caches, ctx: &mut Ctx) {
        match change {
            CacheChange::Node(id, change) => self.on_node(*id, change, ctx),
            CacheChange::Lease(change) => self.on_lease(change, caches, ctx),
            CacheChange::Pod(change) => self.pod_updated(change, ctx),
            _ => {}
        }
    }

    fn on_node(&mut self, id: NodeId, change: &Change<Node>, ctx: &mut Ctx) {
        match &change.new {
            Some(node) => self.do_no_schedule_tainting_pass(id, node, ctx),
            None => self.entry(id).retry_pods = false,
        }
        self.entry(id).tainting = false;
        self.touch(id, ctx);
    }

    fn do_no_schedule_tainting_pass(&mut self, id: NodeId, node: &Node, ctx: &mut Ctx) {
        self.entry(id).retry_taints = false;
        if let Some(call) = no_schedule_tainting(node, ctx.now) {
            self.requests.ask(Asked::NoSchedule(id), call, ctx);
        }
    }

    /// A lease is no longer renewed, or is renewed again.
    fn on_lease(&mut self, change: &Change<Lease>, caches: &Caches, ctx: &mut Ctx) {
        let Some(lease) = change.new.as_ref().or(change.old.as_ref()) else { return };
        if **lease.meta.namespace() != *LEASE_NAMESPACE {
            return;
        }
        if let Some(id) = caches.nodes.find(&lease.meta.name) {
            self.catch_up(id, change.old.as_ref().map(|lease| lease.renewal), ctx);
            self.touch(id, ctx);
        }
    }

    /// The watches have ended: no renewal is heard of any more. `leases` are as they were until now.
    pub(crate) fn on_disconnect(&mut self, leases: &[Rc<Lease>], caches: &Caches, ctx: &mut Ctx) {
        for lease in leases {
            let change = Change { old: Some(lease.clone()), new: Some(lease.clone()) };
            self.on_lease(&change, caches, ctx);
        }
    }

    /// Lets a node's record catch up with the passes before now.
    fn catch_up(&mut self, id: NodeId, renewal: Option<Renewal>, ctx: &Ctx) {
        let clock = self.clock(ctx);
        if let Some(health) = &mut self.entry(id).health {
            health.catch_up(renewal, &clock);
        }
    }

    /// A pod that has just been bound to a node that is not ready.
    ///
    /// Kubernetes: podUpdated, processPod.
    fn pod_updated(&mut self, change: &PodChange, ctx: &mut Ctx) {
        let Some(pod) = &change.new else { return };
        let before = change.old.as_ref().and_then(|old| old.node_name.as_ref());
        if pod.node_name.is_none() || before == pod.node_name.as_ref() {
            return;
        }
        let entry = self.entries.get(change.target.index());
        let ready = entry.and_then(|entry| entry.health.as_ref()).and_then(NodeHealth::ready_status);
        if ready.is_some_and(|ready| ready != ConditionStatus::True) {
            self.mark_pods_not_ready(change.target, std::slice::from_ref(pod), ctx);
        }
    }

    // ---- the monitor ----

    /// The next pass looks at every node, as upstream's passes do: for tests that compare both.
    pub fn look_at_all_nodes(&mut self, caches: &Caches, ctx: &mut Ctx) {
        self.dirty.extend(caches.nodes.iter().map(|(id, _)| id));
        self.schedule(ctx);
    }

    pub(crate) fn on_timer(&mut self, timer: Timer, caches: &Caches, ctx: &mut Ctx) {
        if self.monitor.rings(timer, ctx.now) {
            self.monitor_node_health(caches, ctx);
        } else if self.tainter.rings(timer, ctx.now) {
            self.do_no_execute_tainting_pass(caches, ctx);
        }
        self.schedule(ctx);
    }

    fn monitor_node_health(&mut self, caches: &Caches, ctx: &mut Ctx) {
        self.last_pass = Some(ctx.now);
        if self.outstanding > 0 {
            return;
        }
        let mut due = std::mem::take(&mut self.dirty);
        while let Some((at, id)) = self.deadlines.first().copied().filter(|(at, _)| *at <= ctx.now) {
            self.deadlines.remove(&(at, id));
            due.insert(id);
        }
        for id in due {
            match caches.nodes.get(id).cloned() {
                Some(node) => self.monitor_node(id, &node, caches, ctx),
                None => self.forget(id, &caches.nodes.name(id), ctx),
            }
        }
        if self.outstanding == 0 {
            self.handle_disruption(caches, ctx);
        }
    }

    fn monitor_node(&mut self, id: NodeId, node: &Rc<Node>, caches: &Caches, ctx: &mut Ctx) {
        self.zones.entry(zone_key(node)).or_insert_with(Zone::new).add_pod_evictor();
        if self.entry(id).known.is_none() {
            self.entry(id).known = Some(node.meta.uid);
            let text = format!("Registered Node {} in Controller", node.meta.name);
            self.record_node_event(&node.meta.name, node.meta.uid, "RegisteredNode", &text, ctx);
            self.mark_node_as_reachable(id, node, ctx);
        }
        if self.entry(id).retry_taints {
            self.do_no_schedule_tainting_pass(id, node, ctx);
        }
        self.uncount(id);
        let renewal = renewal_of(&node.meta.name, caches);
        self.catch_up(id, renewal, ctx);
        let health = observe(self.entry(id).health, node, renewal, &self.clock(ctx));
        self.entry(id).health = Some(health);
        // Passes take a little, so that the tenth after one lies past the end of its grace period.
        let silent_from = health.probe + grace_period(node);
        let silent = silent_from <= ctx.now;
        let waits = !silent && !matches!(renewal, Some(Renewal::Every { .. }));
        self.set_deadline(id, waits.then_some(silent_from));
        let observed = node.ready_status();
        match unknown_conditions(node, ctx.now).filter(|_| silent) {
            Some(conditions) => {
                let updated = Node { conditions, ..(**node).clone() };
                let call = Call::UpdateStatus(Object::Node(Rc::new(updated)));
                self.outstanding += 1;
                self.requests.ask(Asked::Health(id, observed.unwrap_or_default()), call, ctx);
            }
            None => self.after_health(id, node, observed, observed, caches, ctx),
        }
    }

    fn set_deadline(&mut self, id: NodeId, deadline: Option<Time>) {
        let before = std::mem::replace(&mut self.entry(id).deadline, deadline);
        if let Some(at) = before {
            self.deadlines.remove(&(at, id));
        }
        if let Some(at) = deadline {
            self.deadlines.insert((at, id));
        }
    }

    /// A node is gone.
    fn forget(&mut self, id: NodeId, name: &Name, ctx: &mut Ctx) {
        if let Some(uid) = self.entry(id).known.take() {
            self.record_node_event(
                name,
                uid,
                "RemovingNode",
                &format!("Removing Node {name} from Controller"),
                ctx,
            );
        }
        self.uncount(id);
        self.set_deadline(id, None);
    }

    /// What follows from a node's condition: `observed` before this pass, `current` after it.
    fn after_health(
        &mut self,
        id: NodeId,
        node: &Rc<Node>,
        observed: Option<ConditionStatus>,
        current: Option<ConditionStatus>,
        caches: &Caches,
        ctx: &mut Ctx,
    ) {
        if !is_node_excluded_from_disruption_checks(node) {
            self.count(id, zone_key(node), current == Some(ConditionStatus::True));
        }
        let Some(current) = current else { return };
        self.process_taint_base_eviction(id, node, observed.unwrap_or_default(), ctx);
        let was_ready = observed == Some(ConditionStatus::True);
        let retry = std::mem::take(&mut self.entry(id).retry_pods);
        if was_ready && current != ConditionStatus::True {
            let text = format!("Node {} status is now: NodeNotReady", node.meta.name);
            self.record(&node.meta.name, node.meta.uid, "NodeNotReady", text, ctx);
        }
        if was_ready && current != ConditionStatus::True || retry && !was_ready {
            self.mark_pods_not_ready(id, &pods_assigned_to_node(id, caches), ctx);
        }
    }

    fn process_taint_base_eviction(
        &mut self,
        id: NodeId,
        node: &Node,
        observed: ConditionStatus,
        ctx: &mut Ctx,
    ) {
        let (taint, opposite) = match observed {
            ConditionStatus::True => return self.mark_node_as_reachable(id, node, ctx),
            ConditionStatus::False => (NOT_READY, UNREACHABLE),
            ConditionStatus::Unknown => (UNREACHABLE, NOT_READY),
        };
        if has_taint(node, opposite) {
            let call = swap_taints(node, vec![no_execute(taint)], vec![no_execute(opposite)], ctx.now);
            ctx.request(call, Token::None);
            // Whether it has come about is seen in the next pass.
            return self.touch(id, ctx);
        }
        let tainting = self.entry(id).tainting;
        let Some(zone) = self.zones.get_mut(&zone_key(node)) else { return };
        if !has_taint(node, taint) && !tainting {
            zone.tainter.remove(id);
        }
        zone.tainter.add(id);
    }

    fn mark_node_as_reachable(&mut self, id: NodeId, node: &Node, ctx: &mut Ctx) {
        if has_taint(node, UNREACHABLE) || has_taint(node, NOT_READY) {
            let remove = vec![no_execute(UNREACHABLE), no_execute(NOT_READY)];
            ctx.request(swap_taints(node, Vec::new(), remove, ctx.now), Token::None);
            self.touch(id, ctx);
        }
        if let Some(zone) = self.zones.get_mut(&zone_key(node)) {
            zone.tainter.remove(id);
        }
    }

    fn mark_pods_not_ready(&mut self, id: NodeId, pods: &[Rc<Pod>], ctx: &mut Ctx) {
        for pod in pods {
            if let Some(call) = mark_pod_not_ready(pod, ctx.now) {
                self.requests.ask(Asked::PodNotReady(id, ObjectRef::of(Kind::Pod, &pod.meta)), call, ctx);
            }
        }
    }

    fn do_no_execute_tainting_pass(&mut self, caches: &Caches, ctx: &mut Ctx) {
        let mut found = Vec::new();
        for (name, zone) in &mut self.zones {
            while let Some(id) = zone.tainter.try_next(ctx.now) {
                found.push((name.clone(), id));
            }
        }
        for (zone, id) in found {
            // One that is ready again, or gone, has used up its turn.
            let Some(node) = caches.nodes.get(id) else { continue };
            let (taint, opposite) = match node.ready_status() {
                Some(ConditionStatus::False) => (NOT_READY, UNREACHABLE),
                Some(ConditionStatus::Unknown) => (UNREACHABLE, NOT_READY),
                Some(ConditionStatus::True) | None => continue,
            };
            let call = swap_taints(node, vec![no_execute(taint)], vec![no_execute(opposite)], ctx.now);
            self.entry(id).tainting = true;
            self.requests.ask(Asked::NoExecute(id, zone), call, ctx);
        }
    }

    // ---- answers ----

    pub(crate) fn on_answer(&mut self, request: u64, answer: &Answer, caches: &Caches, ctx: &mut Ctx) {
        let failed = answer.result.is_err();
        match self.requests.answered(request) {
            Some(Asked::Health(id, observed)) => {
                self.health_written(id, observed, answer, caches, ctx);
            }
            Some(Asked::PodNotReady(id, pod)) => self.pod_marked(id, &pod, answer, ctx),
            Some(Asked::NoExecute(id, zone)) if failed => {
                self.entry(id).tainting = false;
                if let Some(zone) = self.zones.get_mut(&zone) {
                    zone.tainter.put_back(id);
                }
            }
            Some(Asked::NoSchedule(id)) if failed => {
                // Upstream leaves it to the next change of the node: its kubelet reports every five minutes.
                self.entry(id).retry_taints = true;
                self.dirty.insert(id);
            }
            Some(Asked::NoExecute(..) | Asked::NoSchedule(_)) | None => {}
        }
        self.schedule(ctx);
    }

    fn health_written(
        &mut self,
        id: NodeId,
        observed: ConditionStatus,
        answer: &Answer,
        caches: &Caches,
        ctx: &mut Ctx,
    ) {
        self.outstanding = self.outstanding.saturating_sub(1);
        match &answer.result {
            Ok(Reply::Object(Object::Node(node))) => {
                if let Some(health) = &mut self.entry(id).health {
                    health.note_written(node);
                }
                self.after_health(id, node, Some(observed), node.ready_status(), caches, ctx);
            }
            // Left out of this pass; the next one tries again.
            _ => drop(self.dirty.insert(id)),
        }
        if self.outstanding == 0 {
            self.handle_disruption(caches, ctx);
        }
    }

    fn pod_marked(&mut self, id: NodeId, pod: &Rc<ObjectRef>, answer: &Answer, ctx: &mut Ctx) {
        if let Err(error) = &answer.result {
            if matches!(error, CallError::Status(status) if status.is_not_found()) {
                return;
            }
            self.entry(id).retry_pods = true;
            self.dirty.insert(id);
        }
        let message = Message::Static("Node is not ready");
        self.recorder.event(ctx, pod, EventType::Warning, "NodeNotReady", message);
    }

    // ---- events on nodes ----

    /// Kubernetes: pkg/controller/util/node/controller_utils.go, RecordNodeEvent.
    fn record_node_event(&mut self, node: &Name, uid: Uid, reason: &'static str, event: &str, ctx: &mut Ctx) {
        self.record(node, uid, reason, format!("Node {node} event: {event}"), ctx);
    }

    fn record(&mut self, node: &Name, uid: Uid, reason: &'static str, text: String, ctx: &mut Ctx) {
        let about = ObjectRef::new(Kind::Node, Name::default(), node.clone(), uid);
        self.recorder.event(ctx, &Rc::new(about), EventType::Normal, reason, Message::Text(text.into()));
    }
}

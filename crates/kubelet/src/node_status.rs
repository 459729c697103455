//! The kubelet's own Node object: registration, conditions, heartbeat.
//!
//! Not simulated: the report every five minutes of a status that has not changed; a node's
//! lastHeartbeatTime is that of its last change.
//!
//! Kubernetes: pkg/kubelet/kubelet_node_status.go, pkg/kubelet/nodestatus/setters.go.

use std::rc::Rc;

use serde_json::{Value, json};

use super::Kubelet;
use super::mirror::call_error;
use super::runtime::cni::{CNI_CONF_DIR, is_network_configured};
use super::sync_pod::NETWORK_NOT_READY;
use api::compact::Compact;
use api::event::{EventType, Message, ObjectRef};
use api::meta::{Name, OwnerReference, StringMap, Uid, static_name};
use api::node::{Node, NodeCondition, NodeConditionType};
use api::object::{Key, Kind, Object};
use api::pod::ConditionStatus;
use api::resources::Resources;
use sim::files::Files;
use sim::order::SortShared;
use sim::{Duration, Time};
use wire::{Answer, Call, Ctx, KubeletRequest, KubeletTimer, Reply, Token};

pub(crate) const KUBELET_VERSION: &str = "v1.36.2";
/// nodeStatusUpdateFrequency (ND-006).
const NODE_STATUS_PERIOD: Duration = Duration::from_secs(10);
const LEASE_DURATION: Duration = Duration::from_secs(40);
const LEASE_PERIOD: Duration = Duration::from_secs(10);
/// Registration is tried again after 100 ms, then twice as long each time, up to 7 s.
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(7);
/// Until then the runtime has not been looked at, and the node says so.
const RUNTIME_UP: Duration = Duration::from_secs(1);
/// Hard eviction thresholds: what allocatable lacks of capacity (ND-004).
const EVICTION_MEMORY: i64 = 100 << 20;
const EVICTION_DISK_DIVISOR: i64 = 10;

/// How far the registration of this process has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Registration {
    done: bool,
    retry: Duration,
    /// The static pods have been registered since.
    static_pods: bool,
    /// What was last said of whether its node takes pods.
    unschedulable: bool,
}

/// What a node offers to pods (ND-004).
pub fn allocatable(capacity: &Resources) -> Resources {
    let mut allocatable = capacity.clone();
    allocatable.memory = (capacity.memory - EVICTION_MEMORY).max(0);
    allocatable.ephemeral_storage =
        capacity.ephemeral_storage - capacity.ephemeral_storage / EVICTION_DISK_DIVISOR;
    allocatable
}

impl Kubelet {
    /// The object a node registers itself with (ND-002…005, ND-007).
    ///
    /// Kubernetes: kubelet_node_status.go, initialNode.
    pub(super) fn initial_node(&self, now: Time) -> Node {
        let host = &self.host;
        let name = &*host.node_name;
        let mut labels = self.default_labels();
        labels.extend(host.labels.clone());
        let capacity = self.capacity();
        let taints: Vec<Value> = host.taints.iter().map(|taint| taint.to_value()).collect();
        let cidr = format!("{}/24", host.pod_cidr);
        let value = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {
                "name": name,
                "annotations": {"volumes.kubernetes.io/controller-managed-attach-detach": "true"},
            },
            "spec": {"podCIDR": cidr, "podCIDRs": [cidr], "taints": taints},
            "status": {
                "addresses": [
                    {"type": "InternalIP", "address": host.internal_ip.to_string()},
                    {"type": "Hostname", "address": name},
                ],
                "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
                "nodeInfo": node_info(name),
            },
        });
        let mut node = Node::from_value(&value);
        node.meta.common_mut().labels = labels;
        node.allocatable = allocatable(&capacity);
        node.capacity = capacity;
        node.conditions = self.node_conditions(None, now);
        node
    }

    fn default_labels(&self) -> StringMap {
        let labels = [
            ("beta.kubernetes.io/arch", "amd64"),
            ("beta.kubernetes.io/os", "linux"),
            ("kubernetes.io/arch", "amd64"),
            ("kubernetes.io/os", "linux"),
        ];
        let hostname = (static_name("kubernetes.io/hostname"), self.host.node_name.clone());
        let fixed = labels.into_iter().map(|(key, value)| (static_name(key), static_name(value)));
        fixed.chain([hostname]).collect()
    }

    pub(super) fn capacity(&self) -> Resources {
        Resources { pods: self.config.max_pods, ..self.host.capacity.clone() }
    }

    /// What the kubelet says of its node, as conditions; times are kept where nothing has changed.
    fn node_conditions(&self, old: Option<&Node>, now: Time) -> Vec<NodeCondition> {
        let pressure = [
            (
                NodeConditionType::MemoryPressure,
                "KubeletHasSufficientMemory",
                "kubelet has sufficient memory available",
            ),
            (NodeConditionType::DiskPressure, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            (
                NodeConditionType::PidPressure,
                "KubeletHasSufficientPID",
                "kubelet has sufficient PID available",
            ),
        ];
        let pressure = pressure
            .into_iter()
            .map(|(kind, reason, message)| (kind, ConditionStatus::False, reason, message));
        let ready = match self.not_ready_because(now) {
            None => (ConditionStatus::True, "KubeletReady", "kubelet is posting ready status"),
            Some(why) => (ConditionStatus::False, "KubeletNotReady", why),
        };
        let stamp = now.stamp();
        let condition = |(kind, status, reason, message)| {
            let before = old.and_then(|old| old.condition(kind)).filter(|before| before.status == status);
            NodeCondition {
                kind,
                status,
                reason: static_name(reason),
                message: static_name(message),
                last_heartbeat: stamp,
                last_transition: before.map_or(stamp, |before| before.last_transition),
            }
        };
        let (status, reason, message) = ready;
        pressure.chain([(NodeConditionType::Ready, status, reason, message)]).map(condition).collect()
    }

    fn not_ready_because(&self, now: Time) -> Option<&'static str> {
        if now.since(self.started) < RUNTIME_UP {
            return Some("[container runtime status check may not have completed yet]");
        }
        (!self.network_ready).then_some(NETWORK_NOT_READY)
    }

    fn node_ref(&self) -> Rc<ObjectRef> {
        let name = self.host.node_name.clone();
        // The kubelet takes the node's name for its uid here.
        Rc::new(ObjectRef::new(Kind::Node, Name::default(), name.clone(), Uid::from_text(&name)))
    }

    fn node_event(&mut self, reason: &'static str, message: Message, ctx: &mut Ctx) {
        self.event(&self.node_ref(), EventType::Normal, reason, message, ctx);
    }

    /// What a kubelet says of its node when it starts (ND-008).
    pub(super) fn say_starting(&mut self, ctx: &mut Ctx) {
        let about = self.node_ref();
        let mut say = |reason: &'static str, message: Message| {
            self.event_once(&about, EventType::Normal, reason, message, ctx);
        };
        say("Starting", Message::Static("Starting kubelet."));
        for reason in ["NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID"] {
            let text = format!("Node {} status is now: {reason}", about.name);
            say(reason, Message::Text(text.into()));
        }
        say("NodeAllocatableEnforced", Message::Static("Updated Node Allocatable limit across pods"));
    }

    /// Registers the node, once in the life of a process (ND-001).
    ///
    /// Kubernetes: kubelet_node_status.go, registerWithAPIServer, tryRegisterWithAPIServer.
    pub(super) fn try_register(&mut self, ctx: &mut Ctx) {
        if self.registration.done {
            return;
        }
        let node = self.initial_node(ctx.now);
        ctx.info(
            "kubelet_node_status.go:78",
            format!("\"Attempting to register node\" node=\"{}\"", self.host.node_name),
        );
        ctx.request(Call::Create(Object::Node(Rc::new(node))), self.token(KubeletRequest::CreateNode));
    }

    pub(super) fn on_node_created(&mut self, answer: Answer, ctx: &mut Ctx) {
        if answer.status().is_some_and(|status| status.is_already_exists()) {
            let key = self.node_key();
            return ctx.request(Call::Get { kind: Kind::Node, key }, self.token(KubeletRequest::GetNode));
        }
        self.registered(answer, ctx);
    }

    /// The node is there already: its default labels and its capacity are brought up to date.
    pub(super) fn on_node_got(&mut self, answer: Answer, ctx: &mut Ctx) {
        let Ok(Reply::Object(Object::Node(found))) = &answer.result else {
            return self.registered(answer, ctx);
        };
        let mut node = (**found).clone();
        let initial = self.initial_node(ctx.now);
        let defaults = self.default_labels();
        node.meta.common_mut().labels.extend(defaults);
        (node.capacity, node.allocatable) = (initial.capacity, initial.allocatable);
        let mut raw = node.raw.value();
        raw["status"]["nodeInfo"] = initial.raw.value()["status"]["nodeInfo"].take();
        node.raw = Compact::new(&raw);
        ctx.info(
            "kubelet_node_status.go:128",
            format!("\"Node was previously registered\" node=\"{}\"", self.host.node_name),
        );
        if node == **found {
            return self.registered(answer, ctx);
        }
        node.meta.resource_version = 0;
        ctx.request(Call::Update(Object::Node(Rc::new(node))), self.token(KubeletRequest::UpdateNode));
    }

    pub(super) fn registered(&mut self, answer: Answer, ctx: &mut Ctx) {
        match &answer.result {
            Ok(reply) => {
                self.registration.done = true;
                ctx.info(
                    "kubelet_node_status.go:81",
                    format!("\"Successfully registered node\" node=\"{}\"", self.host.node_name),
                );
                if let Some(Object::Node(node)) = reply.object() {
                    self.node = Some(node.clone());
                }
                self.hold_lease(ctx);
                let at = (self.started + RUNTIME_UP).0.max(ctx.now.0);
                self.timers.node_status = true;
                ctx.wake_at(Time(at), self.timer(KubeletTimer::NodeStatus));
                self.register_static_pods(ctx);
            }
            Err(_) => {
                let why = call_error(&answer);
                let name = &self.host.node_name;
                ctx.error(
                    "kubelet_node_status.go:111",
                    format!("\"Unable to register node with API server\" err=\"{why}\" node=\"{name}\""),
                );
                let retry = &mut self.registration.retry;
                *retry = if *retry == Duration::ZERO { FIRST_RETRY } else { retry.doubled(LAST_RETRY) };
                let after = *retry;
                ctx.wake_after(after, self.timer(KubeletTimer::Register));
            }
        }
    }

    /// As soon as the node is registered and known, static pods get their mirrors.
    fn register_static_pods(&mut self, ctx: &mut Ctx) {
        if self.registration.done && self.node.is_some() && !self.registration.static_pods {
            self.registration.static_pods = true;
            self.fast_static_pods_registration(ctx);
        }
    }

    fn node_key(&self) -> Key {
        Key { namespace: Name::default(), name: self.host.node_name.clone() }
    }

    /// The node as the API server has it now.
    pub(super) fn handle_node(&mut self, node: Option<Rc<Node>>, ctx: &mut Ctx) {
        if node.is_none() && self.node.is_some() && self.registration.done {
            // It is not registered again before the next start (ND-001).
            let name = &self.host.node_name;
            ctx.error(
                "kubelet_node_status.go:446",
                format!(
                    "\"Error getting the current node from lister\" err=\"node \\\"{name}\\\" not found\""
                ),
            );
        }
        self.node = node;
        self.register_static_pods(ctx);
        if let Some(node) = &self.node
            && self.registration.done
            && !self.timers.node_status
            && (self.differs(node, ctx.now) || node.unschedulable != self.registration.unschedulable)
        {
            self.timers.node_status = true;
            let at = self.next_tick(ctx.now, NODE_STATUS_PERIOD);
            ctx.wake_at(at, self.timer(KubeletTimer::NodeStatus));
        }
    }

    /// Connected again: the lease has to be taken up again.
    pub(super) fn node_listed(&mut self, ctx: &mut Ctx) {
        if self.registration.done && self.node.is_some() && !self.timers.lease {
            self.timers.lease = true;
            let at = self.next_tick(ctx.now, LEASE_PERIOD);
            ctx.wake_at(at, self.timer(KubeletTimer::Lease));
        }
    }

    /// Whether the API server's status of this node differs from the kubelet's.
    fn differs(&self, node: &Node, now: Time) -> bool {
        let says = |condition: &NodeCondition| {
            (condition.status, condition.reason.clone(), condition.message.clone())
        };
        let wanted = self.node_conditions(Some(node), now);
        wanted.iter().any(|wanted| node.condition(wanted.kind).map(says) != Some(says(wanted)))
    }

    /// Kubernetes: kubelet_node_status.go, syncNodeStatus, tryUpdateNodeStatus.
    pub(super) fn sync_node_status(&mut self, ctx: &mut Ctx) {
        let Some(node) = self.node.clone() else { return };
        self.record_node_schedulable_event(&node, ctx);
        if !self.differs(&node, ctx.now) {
            return;
        }
        let mut updated = (*node).clone();
        let own = self.node_conditions(Some(&node), ctx.now);
        let mine = |kind: NodeConditionType| own.iter().any(|condition| condition.kind == kind);
        updated.conditions.retain(|condition| !mine(condition.kind));
        updated.conditions.extend(own);
        updated.conditions.sort_shared_by_key(|condition| condition.kind);
        let ready = updated.ready_status();
        if ready != node.ready_status() {
            let reason = if ready == Some(ConditionStatus::True) { "NodeReady" } else { "NodeNotReady" };
            let text = format!("Node {} status is now: {reason}", self.host.node_name);
            self.node_event(reason, Message::Text(text.into()), ctx);
        }
        updated.meta.resource_version = 0;
        ctx.request(Call::UpdateStatus(Object::Node(Rc::new(updated))), Token::None);
        // Whether it has arrived is seen at the next tick.
        self.timers.node_status = true;
        let at = self.next_tick(ctx.now, NODE_STATUS_PERIOD);
        ctx.wake_at(at, self.timer(KubeletTimer::NodeStatus));
    }

    /// Kubernetes: kubelet_node_status.go, recordNodeSchedulableEvent.
    fn record_node_schedulable_event(&mut self, node: &Node, ctx: &mut Ctx) {
        if std::mem::replace(&mut self.registration.unschedulable, node.unschedulable) != node.unschedulable {
            let reason = if node.unschedulable { "NodeNotSchedulable" } else { "NodeSchedulable" };
            let text = format!("Node {} status is now: {reason}", self.host.node_name);
            self.node_event(reason, Message::Text(text.into()), ctx);
        }
    }

    /// Claims the node's lease, which from then on is renewed by itself (ND-006).
    pub(super) fn hold_lease(&mut self, ctx: &mut Ctx) {
        let Some(node) = &self.node else { return };
        let owner = OwnerReference {
            api_version: "v1".into(),
            kind: "Node".into(),
            name: node.meta.name.clone(),
            uid: node.meta.uid,
            controller: false,
            block_owner_deletion: false,
        };
        let call = Call::HoldLease {
            key: Key { namespace: "kube-node-lease".into(), name: self.host.node_name.clone() },
            holder: self.host.node_name.clone(),
            duration: LEASE_DURATION,
            period: LEASE_PERIOD,
            owner: Some(Box::new(owner)),
        };
        ctx.request(call, self.token(KubeletRequest::HoldLease));
    }

    pub(super) fn on_lease_held(&mut self, answer: &Answer, ctx: &mut Ctx) {
        if answer.result.is_err() {
            let why = call_error(answer);
            ctx.error(
                "controller.go:201",
                format!("\"Failed to ensure lease exists, will retry\" err=\"{why}\" interval=\"7s\""),
            );
            if !std::mem::replace(&mut self.timers.lease, true) {
                ctx.wake_after(LAST_RETRY, self.timer(KubeletTimer::Lease));
            }
        }
    }

    /// A file has changed: it may be the network plugin's configuration, without which no pod gets a network
    /// and the node is not ready (KL-060, ND-013).
    pub(super) fn look_at_network(&mut self, path: &str, files: &Files, ctx: &mut Ctx) {
        if !path.starts_with(CNI_CONF_DIR) {
            return;
        }
        let before = std::mem::replace(&mut self.network_ready, is_network_configured(files));
        if before != self.network_ready {
            self.handle_node(self.node.clone(), ctx);
        }
    }
}

fn node_info(name: &str) -> Value {
    let id = api::meta::fnv1a_128(name.as_bytes());
    json!({
        "machineID": format!("{id:032x}"),
        "systemUUID": Uid::from_bits(id).to_string(),
        "bootID": Uid::from_bits(id.rotate_left(64)).to_string(),
        "kernelVersion": "6.12.0",
        "osImage": "Debian GNU/Linux 13 (trixie)",
        "containerRuntimeVersion": "containerd://2.2.1",
        "kubeletVersion": KUBELET_VERSION,
        "kubeProxyVersion": "",
        "operatingSystem": "linux",
        "architecture": "amd64",
    })
}

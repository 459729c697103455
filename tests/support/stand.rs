//! A test stand: the controller manager on a real API server, with nothing else around.
//!
//! Calls take `link_delay` each way, as in the cluster. There are no kubelets: tests set what pods report.

use std::collections::BTreeMap;
use std::rc::Rc;

use api::meta::{ObjectMeta, Uid};
use api::node::{Lease, Renewal};
use api::object::{Key, Kind, Object, Other};
use api::pod::{ConditionStatus, ConditionType, Phase, Pod};
use api::{DaemonSet, Node};
use apiserver::ApiServer;
use controllers::{Controller, ControllerManager, LAST_LISTED};
use serde_json::{Value, json};
use sim::{Duration, Rng, Time, Timestamp};
use wire::{
    Answer, Call, CallError, Component, Ctx, Effect, FieldValidation, Reply, Settings, Timer, Token,
    WatchEvent,
};

#[derive(Clone, Debug)]
enum Due {
    Call(Call, Token),
    Answer(Token, Answer),
    Watch(WatchEvent),
    Timer(Timer),
}

/// What a test lets happen to a call instead of what the API server would do.
pub type Refusal = Box<dyn FnMut(&Call) -> Option<CallError>>;

pub struct Stand {
    pub api: ApiServer,
    pub manager: ControllerManager,
    pub now: Time,
    pub settings: Settings,
    rng: Rng,
    agenda: BTreeMap<(Time, u64), Due>,
    seq: u64,
    /// Every call that arrived, and whether it succeeded.
    pub calls: Vec<(Time, Call, bool)>,
    pub refuse: Option<Refusal>,
    /// Deleted pods vanish at once, as if their kubelet needed no time.
    pub instant_deletion: bool,
    /// Pods are stored as they are, without admission, as upstream's fake pod control does it.
    pub plain_creation: bool,
    /// Whether timers fire; without them only what is called by hand happens.
    pub timers: bool,
    next_uid: u64,
}

pub fn kind(api_version: &str, name: &str) -> Kind {
    Kind::of(api_version, name).unwrap()
}

impl Stand {
    /// A stand with the namespaces `default` and `kube-system`, each with its service account.
    pub fn new(link_delay: Duration) -> Stand {
        Stand::with_manager(link_delay, ControllerManager::new())
    }

    /// The same, with the DaemonSet controller and none of the others.
    pub fn daemon_only(link_delay: Duration) -> Stand {
        Stand::with_manager(link_delay, ControllerManager::with_controllers(&[Controller::DaemonSet]))
    }

    fn with_manager(link_delay: Duration, manager: ControllerManager) -> Stand {
        let settings = Settings { link_delay, ..Settings::default() };
        let mut stand = Stand {
            api: ApiServer::new(1),
            manager,
            now: Time::START,
            settings,
            rng: Rng::stream(1, "controller-manager"),
            agenda: BTreeMap::new(),
            seq: 0,
            calls: Vec::new(),
            refuse: None,
            instant_deletion: false,
            plain_creation: false,
            timers: true,
            next_uid: 0,
        };
        for name in ["default", "kube-system"] {
            stand.insert_other("v1", "ServiceAccount", name, "default", json!({}));
            stand.insert_other("v1", "ConfigMap", name, "kube-root-ca.crt", json!({}));
            stand.insert_other("v1", "Namespace", "", name, json!({"spec": {"finalizers": ["kubernetes"]}}));
        }
        stand.tell(|manager, ctx| manager.start(ctx));
        // Nothing is there yet: the lists are empty, and everything comes by the watch.
        stand.tell(|manager, ctx| manager.on_list(LAST_LISTED, Vec::new(), ctx));
        stand
    }

    pub fn insert_other(&mut self, api_version: &str, name: &str, namespace: &str, own: &str, raw: Value) {
        let meta = ObjectMeta::new(namespace, own);
        let other = Other { kind: kind(api_version, name), meta, raw: Rc::new(raw) };
        self.insert(Object::Other(Rc::new(other)));
    }

    /// Puts an object into the storage as it is, past admission and validation.
    pub fn insert(&mut self, mut object: Object) -> Object {
        self.next_uid += 1;
        let fresh = Uid { high: 0x5eed, low: self.next_uid };
        let set = |meta: &mut ObjectMeta| {
            if meta.uid == Uid::default() {
                meta.uid = fresh;
            }
        };
        match &mut object {
            Object::Node(node) => set(&mut Rc::make_mut(node).meta),
            Object::Pod(pod) => set(&mut Rc::make_mut(pod).meta),
            Object::DaemonSet(ds) => set(&mut Rc::make_mut(ds).meta),
            Object::ControllerRevision(revision) => set(&mut Rc::make_mut(revision).meta),
            Object::Lease(lease) => set(&mut Rc::make_mut(lease).meta),
            Object::Other(other) => set(&mut Rc::make_mut(other).meta),
            Object::Event(_) => {}
        }
        let object = self.api.store.insert(object);
        self.fan_out();
        object
    }

    pub fn node(&mut self, name: &str, more: Value) {
        let mut value = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": {},
            "status": {"allocatable": {"pods": "110"}, "conditions": [{"type": "Ready", "status": "True"}]}});
        merge(&mut value, &more);
        self.insert(Object::Node(Rc::new(Node::from_value(&value))));
        self.hold_lease(name);
    }

    /// A node's kubelet would renew its lease.
    fn hold_lease(&mut self, node: &str) {
        let renewal = Renewal::Every { since: self.now, period: Duration::from_secs(10) };
        let (meta, duration) = (ObjectMeta::new("kube-node-lease", node), Duration::from_secs(40));
        let holder = node.into();
        let lease = Lease { meta, holder, duration, acquired: self.now, renewal, transitions: 0 };
        self.insert(Object::Lease(Rc::new(lease)));
    }

    /// What the node controller makes of a silent node: its condition, from which the taints follow.
    pub fn node_unknown(&mut self, name: &str) {
        let Some(mut node) = self.api.store.nodes.get("", name).map(|node| (**node).clone()) else { return };
        node.conditions.iter_mut().for_each(|condition| condition.status = ConditionStatus::Unknown);
        self.api.store.update(Object::Node(Rc::new(node)));
        self.fan_out();
    }

    /// A person's call, carried out at once.
    pub fn call(&mut self, call: Call) -> Answer {
        let answer = self.api.handle(call, self.now);
        self.fan_out();
        answer
    }

    pub fn post(&mut self, api_version: &str, name: &str, body: Value) -> Answer {
        let namespace = body["metadata"]["namespace"].as_str().unwrap_or("default").into();
        let kind = kind(api_version, name);
        let mut body = body;
        body["apiVersion"] = json!(api_version);
        body["kind"] = json!(name);
        let validation = FieldValidation::Strict;
        self.call(Call::Post { kind, namespace, body: Rc::new(body), validation })
    }

    /// Creates a DaemonSet of one container in namespace default.
    pub fn daemon_set(&mut self, name: &str, more: Value) {
        let mut value = json!({"metadata": {"name": name, "namespace": "default"}, "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "c", "image": "nginx:1"}]}}}});
        merge(&mut value, &more);
        let answer = self.post("apps/v1", "DaemonSet", value);
        assert!(answer.result.is_ok(), "{answer:?}");
    }

    /// Changes an object by a merge patch.
    pub fn patch(&mut self, kind: Kind, key: &str, patch: Value) {
        let answer = self.call(Call::Patch {
            kind,
            key: parse_key(key),
            uid: None,
            patch: wire::Patch::Merge(Rc::new(patch)),
            validation: FieldValidation::Strict,
        });
        assert!(answer.result.is_ok(), "{answer:?}");
    }

    pub fn delete(&mut self, kind: Kind, key: &str, options: wire::DeleteOptions) {
        let answer = self.call(Call::Delete { kind, key: parse_key(key), options });
        assert!(answer.result.is_ok(), "{answer:?}");
        self.sweep(&parse_key(key));
    }

    /// Replaces a pod in the storage.
    pub fn change_pod(&mut self, name: &str, change: impl FnOnce(&mut Pod)) {
        let mut pod = (*self.pod(name)).clone();
        change(&mut pod);
        self.api.store.update(Object::Pod(Rc::new(pod)));
        self.fan_out();
    }

    pub fn remove_pod(&mut self, name: &str) {
        self.api.store.remove(Kind::Pod, &parse_key(name));
        self.fan_out();
    }

    pub fn set_ready(&mut self, name: &str, ready: bool) {
        let now = self.now.stamp();
        self.change_pod(name, |pod| {
            pod.status.phase = Phase::Running;
            let status = ConditionStatus::from_bool(ready);
            pod.status.set_condition(ConditionType::Ready, status, None, now);
        });
    }

    /// Binds all waiting pods to the nodes they are meant for, and makes all live pods ready.
    pub fn all_ready(&mut self) {
        let now = self.now.stamp();
        for pod in self.pods() {
            if pod.meta.is_terminating() || pod.is_terminal() || pod.is_ready() {
                continue;
            }
            self.change_pod(&pod.meta.name.clone(), |pod| {
                pod.node_name = pod.node_name.take().or(pod.pinned_to.clone());
                pod.status.phase = Phase::Running;
                pod.status.set_condition(ConditionType::Ready, ConditionStatus::True, None, now);
            });
        }
    }

    pub fn pods(&self) -> Vec<Rc<Pod>> {
        self.api.store.pods.iter().cloned().collect()
    }

    pub fn pod(&self, key: &str) -> Rc<Pod> {
        let key = parse_key(key);
        self.api.store.pods.get(&key.namespace, &key.name).cloned().unwrap()
    }

    /// The nodes that the pods run on or are meant for, sorted.
    pub fn pod_nodes(&self) -> Vec<String> {
        let target = |pod: &Rc<Pod>| pod.node_name.clone().or(pod.pinned_to.clone()).unwrap_or_default();
        let mut nodes: Vec<String> = self.pods().iter().map(|pod| target(pod).to_string()).collect();
        nodes.sort();
        nodes
    }

    pub fn ds(&self, name: &str) -> Rc<DaemonSet> {
        self.api.store.daemonsets.get("default", name).cloned().unwrap()
    }

    /// `reason message` of the events on an object of that name, oldest first.
    pub fn events(&self, name: &str) -> Vec<String> {
        let events = self.api.store.events.iter().filter(|event| *event.draft.regarding.name == *name);
        events.map(|event| format!("{} {}", event.draft.reason, event.draft.message())).collect()
    }

    // ---- time ----

    fn push(&mut self, at: Time, due: Due) {
        self.seq += 1;
        self.agenda.insert((at, self.seq), due);
    }

    /// Sends the storage's changes to the watcher.
    pub fn fan_out(&mut self) {
        let at = self.now + self.settings.link_delay;
        for change in self.api.store.take_changes() {
            let event = match (change.old, change.new) {
                (None, Some(new)) => WatchEvent::Added(new),
                (Some(_), Some(new)) => WatchEvent::Modified(new),
                (Some(old), None) => WatchEvent::Deleted(old),
                (None, None) => continue,
            };
            self.push(at, Due::Watch(event));
        }
    }

    pub fn tell(&mut self, told: impl FnOnce(&mut ControllerManager, &mut Ctx)) {
        let mut effects = Vec::new();
        let now = self.now;
        let mut ctx = Ctx { now, settings: &self.settings, rng: &mut self.rng, effects: &mut effects };
        told(&mut self.manager, &mut ctx);
        for effect in effects {
            match effect {
                Effect::Request { call, token } => {
                    self.push(now + self.settings.link_delay, Due::Call(call, token));
                }
                Effect::Wake { at, timer } => self.push(at.max(now), Due::Timer(timer)),
                Effect::Log(_) | Effect::Connect | Effect::Exit { .. } => {}
            }
        }
    }

    fn handle(&mut self, due: Due) {
        match due {
            Due::Call(call, token) => self.deliver(call, token),
            Due::Answer(token, answer) => self.tell(|manager, ctx| manager.on_answer(token, answer, ctx)),
            Due::Watch(event) => self.tell(|manager, ctx| manager.on_watch(&event, ctx)),
            Due::Timer(timer) if self.timers => self.tell(|manager, ctx| manager.on_timer(timer, ctx)),
            Due::Timer(_) => {}
        }
    }

    fn deliver(&mut self, call: Call, token: Token) {
        let refused = self.refuse.as_mut().and_then(|refuse| refuse(&call));
        let answer = match refused {
            Some(error) => Answer { result: Err(error), warnings: Vec::new() },
            None => match &call {
                Call::Create(Object::Pod(pod)) if self.plain_creation => self.store_pod(pod),
                call => self.api.handle(call.clone(), self.now),
            },
        };
        if let (Call::Delete { kind: Kind::Pod, key, .. }, true) = (&call, answer.result.is_ok()) {
            self.sweep(key);
        }
        self.calls.push((self.now, call, answer.result.is_ok()));
        self.fan_out();
        if token != Token::None {
            self.push(self.now + self.settings.link_delay, Due::Answer(token, answer));
        }
    }

    fn store_pod(&mut self, pod: &Rc<Pod>) -> Answer {
        let mut pod = (**pod).clone();
        let prefix = &pod.meta.common.generate_name;
        pod.meta.name = format!("{prefix}{:05}", self.next_uid).into();
        pod.meta.created = self.now.stamp();
        Answer::ok(Reply::Object(self.insert(Object::Pod(Rc::new(pod)))))
    }

    /// A deleted pod's kubelet has ended it.
    fn sweep(&mut self, key: &Key) {
        if self.instant_deletion {
            self.api.store.remove(Kind::Pod, key);
            self.fan_out();
        }
    }

    /// Handles what is due next, up to `until`.
    fn step(&mut self, until: Time) -> bool {
        let Some(entry) = self.agenda.first_entry().filter(|entry| entry.key().0 <= until) else {
            return false;
        };
        let ((at, _), due) = entry.remove_entry();
        self.now = self.now.max(at);
        self.handle(due);
        true
    }

    pub fn run_for(&mut self, span: Duration) {
        let until = self.now + span;
        while self.step(until) {}
        self.now = until;
    }

    pub fn run_secs(&mut self, seconds: u64) {
        self.run_for(Duration::from_secs(seconds));
    }

    /// Delivers what is due now, and syncs one DaemonSet once, past the queue.
    pub fn sync_once(&mut self, key: &Key) {
        while self.step(self.now) {}
        self.manager.daemon.clear_queue();
        self.tell(|manager, ctx| manager.daemon.sync_now(key, &manager.caches, ctx));
        while self.manager.daemon.is_busy() && self.step(self.now) {}
        while self.step(self.now) {}
    }

    pub fn set_clock(&mut self, stamp: Timestamp) {
        self.set_time(stamp.time());
    }

    /// Sets the clock, forward or back; what is due by the old one is delivered first.
    pub fn set_time(&mut self, time: Time) {
        while self.step(self.now) {}
        self.now = time;
    }

    /// The creations of pods that succeeded since the last call, and the deletions, by node and by name.
    pub fn take_pod_calls(&mut self) -> (Vec<String>, Vec<String>) {
        let (mut created, mut deleted) = (Vec::new(), Vec::new());
        for (_, call, ok) in std::mem::take(&mut self.calls) {
            match call {
                Call::Create(Object::Pod(pod)) if ok => {
                    created.push(pod.pinned_to.clone().unwrap_or_default().to_string());
                }
                Call::Delete { kind: Kind::Pod, key, .. } if ok => deleted.push(key.name.to_string()),
                _ => {}
            }
        }
        created.sort();
        deleted.sort();
        (created, deleted)
    }
}

/// `namespace/name`; a bare name lies in namespace default, `/name` in none.
pub fn parse_key(key: &str) -> Key {
    match key.split_once('/') {
        Some((namespace, name)) => Key::new(namespace, name),
        None => Key::new("default", key),
    }
}

/// RFC 7386.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in patch {
        if value.is_null() {
            if let Some(map) = target.as_object_mut() {
                map.remove(key);
            }
        } else {
            merge(&mut target[key.as_str()], value);
        }
    }
}

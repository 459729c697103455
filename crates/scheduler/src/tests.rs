//! A scheduler told things by hand, and what it answers.

use std::rc::Rc;

use serde_json::{Value, json};

use super::*;
use api::meta::Uid;
use api::node::Node;
use api::object::Key;
use api::pod::{ConditionType, Pod, PodStatus};
use sim::Rng;
use wire::{Call, Effect, Reply, Settings};

/// The scheduler with the world around it.
pub(crate) struct Stand {
    pub(crate) scheduler: Scheduler,
    pub(crate) now: Time,
    settings: Settings,
    rng: Rng,
    effects: Vec<Effect>,
    wakes: Vec<(Time, u64, Timer)>,
    seq: u64,
    /// Requests that have not been looked at, with the time they were made.
    pub(crate) calls: Vec<(Time, Call, Token)>,
}

pub(crate) fn uid(name: &str) -> Uid {
    Uid::from_text(&format!("uid-{name}"))
}

pub(crate) fn node(name: &str, more: Value) -> Rc<Node> {
    let mut value = json!({
        "metadata": {"name": name, "uid": format!("node-{name}"), "labels": {"kubernetes.io/hostname": name}},
        "spec": {},
        "status": {"allocatable": {"cpu": "4", "memory": "16Gi", "pods": "110"}},
    });
    merge(&mut value, &more);
    Rc::new(Node::from_value(&value))
}

pub(crate) fn pod(name: &str, more: Value) -> Rc<Pod> {
    let mut value = json!({
        "metadata": {"name": name, "namespace": "default", "uid": format!("uid-{name}")},
        "spec": {"containers": [{"name": "c", "image": "i"}], "schedulerName": "default-scheduler"},
        "status": {"phase": "Pending"},
    });
    merge(&mut value, &more);
    Rc::new(Pod::from_value(&value))
}

/// A pod that asks for this much cpu.
pub(crate) fn cpu_pod(name: &str, cpu: &str, more: Value) -> Rc<Pod> {
    let containers = json!([{"name": "c", "image": "i", "resources": {"requests": {"cpu": cpu}}}]);
    let mut value = json!({"spec": {"containers": containers}});
    merge(&mut value, &more);
    pod(name, value)
}

/// A pod as a DaemonSet makes it for one node.
pub(crate) fn daemon_pod(name: &str, node: &str, more: Value) -> Rc<Pod> {
    let mut pod = pod(name, more);
    Rc::make_mut(&mut pod).pinned_to = Some(node.into());
    pod
}

/// RFC 7386, without removal.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(target.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (target, patch) => *target = patch.clone(),
    }
}

impl Stand {
    pub(crate) fn new() -> Stand {
        let mut stand = Stand {
            scheduler: Scheduler::new(),
            now: Time::START,
            settings: Settings::default(),
            rng: Rng::stream(1, "test"),
            effects: Vec::new(),
            wakes: Vec::new(),
            seq: 0,
            calls: Vec::new(),
        };
        stand.tell(|scheduler, ctx| scheduler.start(ctx));
        stand
    }

    pub(crate) fn with_nodes(nodes: &[Rc<Node>]) -> Stand {
        let mut stand = Stand::new();
        nodes.iter().for_each(|node| stand.node(node));
        stand
    }

    fn tell(&mut self, what: impl FnOnce(&mut Scheduler, &mut Ctx)) {
        let mut ctx =
            Ctx { now: self.now, settings: &self.settings, rng: &mut self.rng, effects: &mut self.effects };
        what(&mut self.scheduler, &mut ctx);
        for effect in self.effects.drain(..) {
            match effect {
                Effect::Request { call, token } => self.calls.push((self.now, call, token)),
                Effect::Wake { at, timer } => {
                    self.seq += 1;
                    self.wakes.push((at, self.seq, timer));
                }
                Effect::Log(_) | Effect::Connect | Effect::Exit { .. } => {}
            }
        }
    }

    /// What chance will say next: the same as long as nothing is drawn.
    pub(crate) fn next_draw(&self) -> u64 {
        self.rng.clone().next_u64()
    }

    pub(crate) fn watch(&mut self, event: WatchEvent) {
        self.tell(|scheduler, ctx| scheduler.on_watch(&event, ctx));
    }

    pub(crate) fn list(&mut self, kind: Kind, objects: Vec<Object>) {
        self.tell(|scheduler, ctx| scheduler.on_list(kind, objects, ctx));
    }

    pub(crate) fn wakes_left(&self) -> usize {
        self.wakes.len()
    }

    pub(crate) fn node(&mut self, node: &Rc<Node>) {
        self.watch(WatchEvent::Modified(Object::Node(node.clone())));
    }

    pub(crate) fn pod(&mut self, pod: &Rc<Pod>) {
        self.watch(WatchEvent::Modified(Object::Pod(pod.clone())));
    }

    pub(crate) fn delete_pod(&mut self, pod: &Rc<Pod>) {
        self.watch(WatchEvent::Deleted(Object::Pod(pod.clone())));
    }

    /// A pod that runs on a node.
    pub(crate) fn running(&mut self, pod: &Rc<Pod>, node: &str) -> Rc<Pod> {
        let mut bound = pod.clone();
        Rc::make_mut(&mut bound).node_name = Some(node.into());
        self.pod(&bound);
        bound
    }

    /// Lets the timers come up that are due by then.
    pub(crate) fn run_until(&mut self, until: Time) {
        while let Some(at) =
            self.wakes.iter().map(|(at, seq, _)| (*at, *seq)).min().filter(|(at, _)| *at <= until)
        {
            let index = self.wakes.iter().position(|(time, seq, _)| (*time, *seq) == at).unwrap();
            let (time, _, timer) = self.wakes.remove(index);
            self.now = self.now.max(time);
            self.tell(|scheduler, ctx| scheduler.on_timer(timer, ctx));
        }
        self.now = until;
    }

    pub(crate) fn run(&mut self, span: Duration) {
        self.run_until(self.now + span);
    }

    pub(crate) fn answer(&mut self, token: Token, answer: Answer) {
        self.tell(|scheduler, ctx| scheduler.on_answer(token, answer, ctx));
    }

    /// Lets one second pass, and says what was asked of the API server: `bind pod node`, events, conditions.
    /// Bindings are answered, and the watch shows the bound pods.
    pub(crate) fn settle(&mut self) -> Vec<String> {
        self.run(Duration::from_secs(1));
        let mut said = Vec::new();
        while !self.calls.is_empty() {
            for (_, call, token) in std::mem::take(&mut self.calls) {
                said.push(words(&call));
                if let Call::Bind { pod, node } = &call {
                    self.answer(token, Answer::ok(Reply::Done));
                    self.show_bound(pod.uid, node);
                }
            }
        }
        said
    }

    fn show_bound(&mut self, uid: Uid, node: &str) {
        let slots = self.scheduler.cache.infos().flat_map(|(_, info)| info.pods.iter());
        let pod = slots.filter(|slot| slot.is(uid)).map(|slot| slot.pod.clone()).next();
        if let Some(pod) = pod {
            self.running(&pod, node);
        }
    }

    pub(crate) fn take_calls(&mut self) -> Vec<String> {
        self.calls.drain(..).map(|(_, call, _)| words(&call)).collect()
    }
}

/// A request in one line.
pub(crate) fn words(call: &Call) -> String {
    match call {
        Call::Bind { pod, node } => format!("bind {} {node}", pod.key.name),
        Call::PostEvent(draft) => {
            format!("{:?} {} {}: {}", draft.kind, draft.reason, draft.regarding.name, draft.message())
        }
        Call::PatchPodStatus { pod, status } => format!("status {}: {}", pod.key.name, condition(status)),
        Call::Delete { key: Key { name, .. }, .. } => format!("delete {name}"),
        other => format!("{} {:?}", other.verb(), other.kind()),
    }
}

fn condition(status: &PodStatus) -> String {
    let parts = status.conditions.iter().map(|condition| {
        let reason = condition.reason.as_ref();
        let (reason, message) = reason.map_or(("", ""), |reason| (&*reason.reason, &*reason.message));
        format!("{:?}={:?} {reason} {message}", condition.kind, condition.status)
    });
    let mut parts: Vec<String> = parts.collect();
    if let Some(node) = &status.nominated_node {
        parts.push(format!("nominated {node}"));
    }
    parts.join("; ")
}

#[test]
fn sch_020_success_is_a_binding_and_an_event() {
    let mut stand = Stand::with_nodes(&[node("a", json!({}))]);
    stand.pod(&pod("p", json!({})));
    assert_eq!(stand.settle(), ["bind p a", "Normal Scheduled p: Successfully assigned default/p to a"]);
    assert_eq!(stand.scheduler.queue_lengths(), (0, 0, 0));
}

#[test]
fn sch_001_only_waiting_pods_of_this_scheduler_are_tried() {
    let mut stand = Stand::with_nodes(&[node("a", json!({}))]);
    stand.pod(&pod("other", json!({"spec": {"schedulerName": "mine"}})));
    stand.pod(&pod("done", json!({"status": {"phase": "Failed"}})));
    stand.pod(&pod("bound", json!({"spec": {"nodeName": "a"}})));
    let going = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}});
    stand.pod(&pod("going", going));
    assert_eq!(stand.settle(), Vec::<String>::new());
}

#[test]
fn sch_012_a_daemon_pod_goes_to_its_node_only() {
    let nodes: Vec<_> = ["a", "b", "c"].iter().map(|name| node(name, json!({}))).collect();
    let mut stand = Stand::with_nodes(&nodes);
    stand.pod(&daemon_pod("ds-1", "b", json!({})));
    assert_eq!(stand.settle()[0], "bind ds-1 b");
}

#[test]
fn sch_019_without_nodes_the_message_says_so() {
    let mut stand = Stand::new();
    stand.pod(&pod("p", json!({})));
    let said = stand.settle();
    assert_eq!(said[0], "Warning FailedScheduling p: no nodes available to schedule pods");
    assert_eq!(said[1], "status p: PodScheduled=False Unschedulable no nodes available to schedule pods");
    let waiting = pod("p", json!({}));
    assert!(waiting.status.condition(ConditionType::PodScheduled).is_none());
}

#[test]
fn sch_030_a_scheduler_that_comes_up_finds_what_waited() {
    let mut stand = Stand::new();
    let list = vec![Object::Node(node("a", json!({})))];
    stand.list(Kind::Node, list);
    let list =
        vec![Object::Pod(pod("p", json!({}))), Object::Pod(pod("q", json!({"spec": {"nodeName": "a"}})))];
    stand.list(Kind::Pod, list);
    assert_eq!(stand.settle()[0], "bind p a");
    stand.list(Kind::Pod, Vec::new());
    let id = stand.scheduler.cache.find("a").unwrap();
    assert!(stand.scheduler.cache.info(id).pods.is_empty());
}

//! The placement that is kept node by node, against looking at everything.

use std::rc::Rc;

use serde_json::{Value, json};

use super::nodes::{
    UpdatedPods, by_creation_timestamp_and_phase, counts, find_updated_pods_on_node,
    node_should_run_daemon_pod, pods_should_be_on_node,
};
use super::placement::Sums;
use super::{DaemonSetsController, SetId};
use api::object::Object;
use api::{DaemonSet, Name, Node, Pod, Uid};
use client::informer::{Caches, NodeId};
use sim::{Duration, Rng, SortedSet, Time};
use wire::{Ctx, Settings, WatchEvent};

/// A controller with its caches, told random news.
struct World {
    caches: Caches,
    controller: DaemonSetsController,
    now: Time,
    rng: Rng,
    serial: u32,
    nodes: Vec<Rc<Node>>,
    pods: Vec<Rc<Pod>>,
    ds: Rc<DaemonSet>,
}

const NODES: u64 = 6;
const SET: SetId = 1;

fn daemon_set(generation: u64, selector: &str, surge: u32, min_ready: u64) -> DaemonSet {
    let mut ds = DaemonSet::from_value(&json!({
        "metadata": {"name": "agent", "namespace": "ns", "uid": "ds", "generation": generation},
        "spec": {
            "selector": {"matchLabels": {"app": "agent"}}, "minReadySeconds": min_ready,
            "template": {"metadata": {"labels": {"app": "agent"}},
                "spec": {"nodeSelector": {"pool": selector}, "containers": []}},
            "updateStrategy": {"type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": surge, "maxUnavailable": 1 - surge.min(1)}}}
    }));
    ds.meta.serial = SET;
    ds
}

impl World {
    fn new(seed: u64) -> World {
        let mut world = World {
            caches: Caches::default(),
            controller: DaemonSetsController::default(),
            now: Time::START,
            rng: Rng::stream(seed, "placement"),
            serial: 10,
            nodes: Vec::new(),
            pods: Vec::new(),
            ds: Rc::new(daemon_set(1, "a", 0, 0)),
        };
        world.tell(WatchEvent::Added(Object::DaemonSet(world.ds.clone())));
        world
    }

    fn tell(&mut self, event: WatchEvent) {
        let Some(change) = self.caches.apply(&event) else { return };
        let (settings, mut effects) = (Settings::default(), Vec::new());
        let mut rng = Rng::stream(0, "unused");
        let mut ctx = Ctx { now: self.now, settings: &settings, rng: &mut rng, effects: &mut effects };
        self.controller.on_change(&change, &self.caches, &mut ctx);
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.rng.below(choices.len() as u64) as usize]
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.rng.below(bound) == 0
    }

    fn random_node(&mut self, name: String) -> Rc<Node> {
        let taints = self.pick(&[
            "[]",
            r#"[{"key": "a", "effect": "NoSchedule"}]"#,
            r#"[{"key": "a", "effect": "NoExecute"}]"#,
        ]);
        let taints: Value = serde_json::from_str(taints).unwrap();
        let pool = self.pick(&["a", "a", "a", "b"]);
        let value = json!({"metadata": {"name": name, "labels": {"pool": pool}}, "spec": {"taints": taints}});
        Rc::new(Node::from_value(&value))
    }

    fn random_pod(&mut self, serial: u32, old: Option<&Pod>) -> Rc<Pod> {
        let target = match old {
            Some(old) => old.pinned_to.clone().unwrap(),
            None => Name::from(format!("n{}", self.rng.below(NODES + 1))),
        };
        let label = self.pick(&["agent", "agent", "agent", "agent", "agent", "stranger"]);
        let owner = self.pick(&["ds", "ds", "ds", "ds", "ds", "other", ""]);
        let owners = match owner {
            "" => json!([]),
            uid => json!([{"kind": "DaemonSet", "name": "agent", "uid": uid, "controller": true}]),
        };
        let hash = self.pick(&["new", "new", "old"]);
        let phase = self.pick(&["Running", "Running", "Running", "Pending", "Failed", "Succeeded"]);
        let ready = self.pick(&["True", "True", "False"]);
        let since = (self.now - Duration::from_secs(self.rng.below(30))).stamp().to_string();
        let mut value = json!({
            "metadata": {"name": format!("p{serial}"), "namespace": "ns", "ownerReferences": owners,
                "creationTimestamp": (Time::START + Duration::from_secs(u64::from(serial / 3))).stamp().to_string(),
                "labels": {"app": label, "controller-revision-hash": hash}},
            "status": {"phase": phase,
                "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": since}]},
        });
        if self.one_in(5) {
            value["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:01:00Z");
        }
        let mut pod = Pod::from_value(&value);
        pod.meta.serial = serial;
        pod.meta.uid = Uid { high: 1, low: u64::from(serial) };
        if !self.one_in(3) {
            pod.node_name = Some(target.clone());
        }
        pod.pinned_to = Some(target);
        Rc::new(pod)
    }

    fn random_event(&mut self) {
        match self.rng.below(20) {
            0 | 1 => {
                let name = format!("n{}", self.rng.below(NODES));
                let node = self.random_node(name);
                let old = self.nodes.iter().position(|other| other.meta.name == node.meta.name);
                if let Some(at) = old {
                    self.nodes[at] = node.clone();
                    return self.tell(WatchEvent::Modified(Object::Node(node)));
                }
                self.nodes.push(node.clone());
                self.tell(WatchEvent::Added(Object::Node(node)));
            }
            2 if !self.nodes.is_empty() => {
                let at = self.rng.below(self.nodes.len() as u64) as usize;
                let node = self.nodes.remove(at);
                self.tell(WatchEvent::Deleted(Object::Node(node)));
            }
            3 => {
                let (selector, surge) = (self.pick(&["a", "a", "b"]), self.pick(&[0, 1]));
                let min_ready = self.pick(&[0, 10]);
                let generation = u64::from(self.ds.meta.generation) + 1;
                self.ds = Rc::new(daemon_set(generation, selector, surge, min_ready));
                self.tell(WatchEvent::Modified(Object::DaemonSet(self.ds.clone())));
            }
            4 => self.now += Duration::from_secs(self.rng.below(8)),
            5..=8 if !self.pods.is_empty() => {
                let at = self.rng.below(self.pods.len() as u64) as usize;
                let pod = self.pods.remove(at);
                self.tell(WatchEvent::Deleted(Object::Pod(pod)));
            }
            9..=13 if !self.pods.is_empty() => {
                let at = self.rng.below(self.pods.len() as u64) as usize;
                let old = self.pods[at].clone();
                let pod = self.random_pod(old.meta.serial, Some(&old));
                self.pods[at] = pod.clone();
                self.tell(WatchEvent::Modified(Object::Pod(pod)));
            }
            _ => {
                self.serial += 1;
                let pod = self.random_pod(self.serial, None);
                self.pods.push(pod.clone());
                self.tell(WatchEvent::Added(Object::Pod(pod)));
            }
        }
    }

    /// The names of the nodes in a set of numbers.
    fn names(&self, set: &SortedSet<NodeId>) -> SortedSet<String> {
        set.iter().map(|id| self.caches.nodes.name(*id).to_string()).collect()
    }
}

/// Everything a sync asks of the placement.
#[derive(Debug, Default, PartialEq)]
struct Everything {
    sums: Sums,
    create: SortedSet<String>,
    attend: SortedSet<String>,
    old_available: SortedSet<String>,
    old_unavailable: SortedSet<String>,
    surged: SortedSet<String>,
}

/// What upstream computes in every sync, from all nodes and all pods.
fn look_at_everything(world: &World) -> Everything {
    let mut all = Everything::default();
    let state = &world.controller.sets[&SET];
    let basis = state.placement.basis().unwrap();
    let uid = world.ds.meta.uid;
    let mut targets: SortedSet<Name> = world.nodes.iter().map(|node| node.meta.name.clone()).collect();
    targets.extend(world.pods.iter().filter_map(|pod| pod.pinned_to.clone()));
    for name in targets {
        let node = world.nodes.iter().find(|node| node.meta.name == name);
        let ours = |pod: &&Rc<Pod>| {
            pod.meta.controller().is_some_and(|owner| owner.uid == uid)
                && pod.meta.label("app") == Some("agent")
                && pod.pinned_to.as_ref() == Some(&name)
                && counts(pod)
        };
        let mut pods: Vec<&Pod> = world.pods.iter().filter(ours).map(|pod| &**pod).collect();
        pods.sort_by(|a, b| by_creation_timestamp_and_phase(a, b));
        let should_run = node.is_some_and(|n| node_should_run_daemon_pod(n, &basis.template).should_run);
        let sums = &mut all.sums;
        if should_run {
            sums.desired += 1;
            if let Some(first) = pods.first() {
                sums.current += 1;
                sums.ready += u32::from(first.is_ready());
                sums.available += u32::from(basis.is_available(first, world.now));
                sums.updated += u32::from(basis.is_updated(first));
            }
        } else if node.is_some() && !pods.is_empty() {
            sums.misscheduled += 1;
        }
        if let Some(node) = node {
            let verdict = node_should_run_daemon_pod(node, &basis.template);
            let result = pods_should_be_on_node(verdict, &pods, basis, world.now);
            if !result.delete.is_empty() {
                all.attend.insert(name.to_string());
            } else if result.create {
                all.create.insert(name.to_string());
            }
        } else if pods.iter().any(|pod| pod.node_name.is_none()) {
            all.attend.insert(name.to_string());
        }
        if !pods.is_empty() || should_run {
            look_for_update(world, &name, &pods, &mut all);
        }
    }
    all
}

fn look_for_update(world: &World, name: &Name, pods: &[&Pod], all: &mut Everything) {
    let basis = world.controller.sets[&SET].placement.basis().unwrap();
    let sums = &mut all.sums;
    let UpdatedPods::Pods { new, old } = find_updated_pods_on_node(pods, basis) else {
        sums.unavailable += 1;
        sums.surging += 1;
        return;
    };
    let available = |pod: Option<&Pod>| pod.is_some_and(|pod| basis.is_available(pod, world.now));
    sums.counts_available += u32::from(available(old.or(new)));
    match (new, old) {
        (None, None) => sums.unavailable += 1,
        (Some(_), Some(_)) => {
            sums.unavailable += 1;
            if available(new) {
                all.surged.insert(name.to_string());
            } else {
                sums.surging += 1;
            }
        }
        (Some(_), None) => sums.unavailable += u32::from(!available(new)),
        (None, Some(_)) if available(old) => drop(all.old_available.insert(name.to_string())),
        (None, Some(_)) => {
            sums.unavailable += 1;
            all.old_unavailable.insert(name.to_string());
        }
    }
}

#[test]
fn placement_agrees_with_looking_at_everything() {
    for seed in 0..200 {
        let mut world = World::new(seed);
        for step in 0..120 {
            for _ in 0..=world.rng.below(3) {
                world.random_event();
            }
            let (ds, hash, now) = (world.ds.clone(), Name::from("new"), world.now);
            let state = world.controller.sets.get_mut(&SET).unwrap();
            state.refresh(&ds, &hash, &world.caches, now);
            let placement = &world.controller.sets[&SET].placement;
            let kept = Everything {
                sums: placement.sums,
                create: world.names(&placement.create),
                attend: world.names(&placement.attend),
                old_available: world.names(&placement.old_available),
                old_unavailable: world.names(&placement.old_unavailable),
                surged: world.names(&placement.surged),
            };
            assert_eq!(kept, look_at_everything(&world), "seed {seed}, step {step}");
        }
    }
}

/// A pod's or a node's event makes one node be looked at, however many there are.
#[test]
fn an_event_costs_the_same_with_few_and_with_many_nodes() {
    let looks = |nodes: u32| {
        let mut world = World::new(1);
        for number in 0..nodes {
            let value = json!({"metadata": {"name": format!("m{number}"), "labels": {"pool": "a"}}});
            world.tell(WatchEvent::Added(Object::Node(Rc::new(Node::from_value(&value)))));
        }
        let (ds, hash, now) = (world.ds.clone(), Name::from("new"), world.now);
        let refresh = |world: &mut World| {
            let state = world.controller.sets.get_mut(&SET).unwrap();
            let before = state.placement.looks;
            state.refresh(&ds, &hash, &world.caches, now);
            state.placement.looks - before
        };
        refresh(&mut world);
        let labels = json!({"pool": "a", "extra": "x"});
        let value = json!({"metadata": {"name": "m3", "labels": labels}});
        world.tell(WatchEvent::Modified(Object::Node(Rc::new(Node::from_value(&value)))));
        let after_node = refresh(&mut world);
        let pod = world.random_pod(7, None);
        world.tell(WatchEvent::Added(Object::Pod(pod)));
        (after_node, refresh(&mut world))
    };
    assert_eq!(looks(10), (1, 1));
    assert_eq!(looks(5000), (1, 1));
}

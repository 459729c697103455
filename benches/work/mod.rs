//! The work that benches and guards measure, and what they count of it.
//!
//! Included by path where it is needed (`benches/storm.rs`, `benches/instructions.rs`, `tests/suite/cost.rs`),
//! so that all of them measure the same and the library carries none of it. It looks at no clock: whoever
//! wants times takes them around these calls.

#![allow(dead_code, reason = "not everybody who includes this file needs all of it")]

pub mod valgrind;

use std::rc::Rc;

use api::daemonset::DaemonSetStatus;
use api::object::{Key, Kind};
use cluster::boot::standard_machines;
use cluster::{Addons, Cluster};
use serde_json::{Value, json};
use sim::Duration;
use wire::{Call, FieldValidation, Part, Patch, Settings, Token};

/// What a piece of work cost: no two runs differ in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Things that were due and were handled.
    pub wakes: u64,
    /// Requests that reached the API server, and watch events that reached a part.
    pub messages: u64,
    /// Changes of the storage: those of Event objects too.
    pub revisions: u64,
    /// Times that the DaemonSet controller looked at a node for a DaemonSet.
    pub looks: u64,
    /// Virtual time until it was quiet.
    pub span: Duration,
}

/// A piece of work, in the order in which they are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// All DaemonSets are applied at once; until all their pods are Ready.
    Storm,
    /// A virtual hour in which nobody does anything.
    QuietHour,
    /// One DaemonSet gets another image, a tenth of its nodes at a time.
    Roll,
    /// One node of a hundred loses power; until everybody has noticed.
    Loss,
    /// They come back.
    Return,
    /// One node gets a label for which no DaemonSet asks.
    Edit,
}

impl Task {
    pub const ALL: [Task; 6] =
        [Task::Storm, Task::QuietHour, Task::Roll, Task::Loss, Task::Return, Task::Edit];

    pub fn name(self) -> &'static str {
        match self {
            Task::Storm => "storm",
            Task::QuietHour => "quiet hour",
            Task::Roll => "roll",
            Task::Loss => "loss",
            Task::Return => "return",
            Task::Edit => "edit",
        }
    }

    /// How many pods it is about.
    pub fn pods(self, nodes: usize, sets: usize) -> usize {
        match self {
            Task::Storm | Task::QuietHour => nodes * sets,
            Task::Roll => nodes,
            Task::Loss | Task::Return => lost(nodes) * sets,
            Task::Edit => sets,
        }
    }
}

/// How many nodes lose power.
fn lost(nodes: usize) -> usize {
    (nodes / 100).max(1)
}

/// A cluster under the work: `sets` DaemonSets on `nodes` nodes.
pub struct Work {
    pub cluster: Cluster,
    nodes: usize,
    sets: usize,
}

/// Long enough for anything here to come to rest.
const LIMIT: Duration = Duration::from_secs(36_000);
/// Quiet is: nothing under way, and nothing due for as long as this: garbage is collected once a minute.
const QUIET: Duration = Duration::from_secs(61);
const OUTAGE: Duration = Duration::from_secs(600);
const HOUR: Duration = Duration::from_secs(3600);

impl Work {
    /// A cluster that has booted: all nodes are Ready and nothing else is there.
    pub fn boot(nodes: usize, sets: usize) -> Work {
        let machines = standard_machines(nodes.saturating_sub(1) as u32);
        let mut cluster =
            Cluster::new(1, Settings::default(), machines, Addons { coredns: false, kube_proxy: false });
        cluster.boot();
        let booted = cluster.started() + Duration::from_secs(180);
        cluster.run_until(booted);
        let ready = cluster.api.store.nodes.iter().filter(|node| node.is_ready()).count();
        assert_eq!(ready, nodes, "nodes are Ready after the boot");
        Work { cluster, nodes, sets }
    }

    /// Does a task to its end, and makes sure that it came about.
    pub fn run(&mut self, task: Task) -> Counts {
        let before = self.counts();
        let at_least = self.begin(task);
        under_way(&mut self.cluster, at_least);
        self.verify(task);
        let after = self.counts();
        Counts {
            wakes: after.wakes - before.wakes,
            messages: after.messages - before.messages,
            revisions: after.revisions - before.revisions,
            looks: after.looks - before.looks,
            span: Duration(after.span.0 - before.span.0),
        }
    }

    /// What a person does; how long it takes at least.
    fn begin(&mut self, task: Task) -> Duration {
        match task {
            Task::Storm => (0..self.sets).for_each(|n| self.apply(daemonset(n))),
            Task::QuietHour => return HOUR,
            Task::Roll => {
                let tenth = json!({"rollingUpdate": {"maxUnavailable": "10%"}});
                let spec = json!({"updateStrategy": tenth, "template": template(0, "next")});
                self.patch(Kind::DaemonSet, Key::new("default", "agent-0"), json!({"spec": spec}));
            }
            Task::Loss => {
                self.lost().iter().for_each(|node| self.cluster.power_off(node).expect("it was on"));
                return OUTAGE;
            }
            Task::Return => {
                self.lost().iter().for_each(|node| self.cluster.power_on(node).expect("it was off"));
            }
            Task::Edit => {
                let labels = json!({"metadata": {"labels": {"color": "blue"}}});
                self.patch(Kind::Node, Key::new("", "worker-1"), labels);
            }
        }
        Duration::ZERO
    }

    fn verify(&self, task: Task) {
        let all = self.nodes * self.sets;
        let there = if task == Task::Loss { all - task.pods(self.nodes, self.sets) } else { all };
        let sum = |number: fn(&DaemonSetStatus) -> u32| -> usize {
            self.cluster.api.store.daemonsets.iter().map(|ds| number(&ds.status) as usize).sum()
        };
        assert_eq!(sum(|status| status.number_ready), there, "pods are Ready after the {}", task.name());
        let updated = sum(|status| status.updated_number_scheduled);
        assert_eq!(updated, all, "pods are of the newest revision after the {}", task.name());
    }

    /// The nodes that lose power.
    fn lost(&self) -> Vec<String> {
        (0..lost(self.nodes)).map(|n| format!("worker-{}", 1 + 100 * n)).collect()
    }

    /// Of everything since the cluster began.
    fn counts(&self) -> Counts {
        let cluster = &self.cluster;
        Counts {
            wakes: cluster.steps(),
            messages: cluster.log.count(),
            revisions: cluster.api.store.revision(),
            looks: cluster.controllers.component.as_ref().map_or(0, |manager| manager.daemon.looks()),
            span: cluster.now().since(cluster.started()),
        }
    }

    fn apply(&mut self, body: Value) {
        let (kind, namespace) = (Kind::DaemonSet, "default".into());
        let validation = FieldValidation::Strict;
        let call = Call::Post { kind, namespace, body: Rc::new(body), validation };
        self.cluster.send(Part::User, call, Token::None);
    }

    fn patch(&mut self, kind: Kind, key: Key, body: Value) {
        let (patch, validation) = (Patch::Merge(Rc::new(body)), FieldValidation::Strict);
        let call = Call::Patch { kind, key, uid: None, patch, validation };
        self.cluster.send(Part::User, call, Token::None);
    }
}

/// Lets `at_least` pass, and more until all is quiet. Never inlined: valgrind counts what happens in it, by its
/// name ([`valgrind::COUNTED`]).
#[inline(never)]
fn under_way(cluster: &mut Cluster, at_least: Duration) {
    let until = cluster.now() + at_least;
    cluster.run_until(until);
    let end = cluster.now() + LIMIT;
    while !cluster.is_quiet(QUIET) && cluster.now() < end {
        let Some(next) = cluster.next_time() else { break };
        cluster.step_until(next);
    }
}

fn daemonset(n: usize) -> Value {
    let app = format!("agent-{n}");
    json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": app},
        "spec": {"selector": {"matchLabels": {"app": app}}, "template": template(n, "first")},
    })
}

fn template(n: usize, tag: &str) -> Value {
    let container = json!({"name": "agent", "image": format!("example.com/agent-{n}:{tag}"),
        "resources": {"requests": {"cpu": "10m"}}});
    json!({
        "metadata": {"labels": {"app": format!("agent-{n}")}},
        "spec": {"tolerations": [{"operator": "Exists"}], "containers": [container]},
    })
}

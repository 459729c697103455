//! What a cluster's work costs, in counts that do not vary with the machine: a pod must cost the same on many
//! nodes as on few.
//!
//! The tasks are those of the benches (`benches/work`); docs/performance.md has their figures at full size.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use cluster::Cluster;
use expect_test::expect;
use sim::Duration;
use wire::Part;

use crate::work::{Counts, Task, Work, valgrind};

const SETS: usize = 2;
const FEW: usize = 20;
const MORE: usize = 60;
/// In all three sizes one node loses power.
const MANY: usize = 199;

/// The tasks that are about the pods of one node, however many there are.
const OF_ONE_NODE: [Task; 3] = [Task::Loss, Task::Return, Task::Edit];

fn counts(nodes: usize) -> BTreeMap<Task, Counts> {
    let mut work = Work::boot(nodes, SETS);
    Task::ALL.into_iter().map(|task| (task, work.run(task))).collect()
}

/// What one more pod costs between two sizes.
fn per_further_pod(task: Task, (few, cost_of_few): (usize, u64), (many, cost_of_many): (usize, u64)) -> f64 {
    let pods = task.pods(many, SETS) - task.pods(few, SETS);
    (cost_of_many as f64 - cost_of_few as f64) / pods as f64
}

#[test]
fn each_further_pod_costs_so_many_wakes_messages_changes_and_looks() {
    let (few, many) = (counts(FEW), counts(MANY));
    let mut table = String::from("per further pod  wakes  messages  revisions  looks\n");
    for task in [Task::Storm, Task::Roll] {
        let of = |number: fn(&Counts) -> u64| {
            per_further_pod(task, (FEW, number(&few[&task])), (MANY, number(&many[&task])))
        };
        let (wakes, messages) = (of(|counts| counts.wakes), of(|counts| counts.messages));
        let (revisions, looks) = (of(|counts| counts.revisions), of(|counts| counts.looks));
        let name = task.name();
        writeln!(table, "{name:<15} {wakes:>6.1} {messages:>9.1} {revisions:>10.1} {looks:>6.1}").unwrap();
    }
    expect![[r#"
        per further pod  wakes  messages  revisions  looks
        storm             24.6      20.1        9.0    4.5
        roll              39.2      41.2       15.1    7.4
    "#]]
    .assert_eq(&table);
}

#[test]
fn what_concerns_one_node_costs_the_same_on_few_and_on_many_nodes() {
    let (few, many) = (counts(FEW), counts(MANY));
    for task in OF_ONE_NODE {
        assert_eq!(few[&task], many[&task], "{}", task.name());
    }
    let edit = few[&Task::Edit];
    assert!(edit.wakes <= 10 * SETS as u64, "{edit:?}");
    let nothing = Counts { wakes: 0, messages: 0, revisions: 0, looks: 0, span: Duration::from_secs(3600) };
    assert_eq!(many[&Task::QuietHour], nothing);
}

fn part(part: Part) -> &'static str {
    match part {
        Part::User => "kubectl",
        Part::ApiServer => "kube-apiserver",
        Part::Etcd => "etcd",
        Part::ControllerManager => "kube-controller-manager",
        Part::Scheduler => "kube-scheduler",
        Part::Kubelet(_) => "kubelet",
    }
}

/// The messages since the first `skip`, of which so many come for each of `pods`; what is less than one for
/// each is left out.
fn messages_per_pod(cluster: &Cluster, skip: u64, pods: usize) -> String {
    let recent = (cluster.log.count() - skip) as usize;
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    for record in cluster.log.records().rev().take(recent) {
        let (from, to) = (part(record.from), part(record.to));
        *numbers.entry(format!("{from} -> {to} {} {}", record.verb, record.kind.name())).or_default() += 1;
    }
    let table = numbers.into_iter().filter(|(_, number)| *number >= pods);
    table.map(|(message, number)| format!("{:.1} {message}\n", number as f64 / pods as f64)).collect()
}

#[test]
fn a_daemon_pod_takes_these_messages_until_it_is_ready() {
    let mut work = Work::boot(FEW, SETS);
    let before = work.cluster.log.count();
    work.run(Task::Storm);
    expect![[r#"
        1.0 kube-apiserver -> kube-controller-manager added Pod
        3.0 kube-apiserver -> kube-controller-manager modified Pod
        1.0 kube-apiserver -> kube-scheduler added Pod
        3.0 kube-apiserver -> kube-scheduler modified Pod
        1.0 kube-apiserver -> kubelet added Pod
        2.0 kube-apiserver -> kubelet modified Pod
        1.0 kube-controller-manager -> kube-apiserver create Event
        1.0 kube-controller-manager -> kube-apiserver create Pod
        1.0 kube-scheduler -> kube-apiserver bind Pod
        1.0 kube-scheduler -> kube-apiserver create Event
        4.0 kubelet -> kube-apiserver create Event
        2.0 kubelet -> kube-apiserver patch status Pod
    "#]]
    .assert_eq(&messages_per_pod(&work.cluster, before, Task::Storm.pods(FEW, SETS)));
}

/// How many nodes the tasks under valgrind have.
const NODES: &str = "COST_NODES";

/// What runs under valgrind; by itself it makes sure that the tasks can be done on very few nodes.
#[test]
fn tasks_to_count() {
    let nodes = std::env::var(NODES).ok().and_then(|nodes| nodes.parse().ok()).unwrap_or(3);
    let mut work = Work::boot(nodes, SETS);
    for task in Task::ALL {
        work.run(task);
    }
}

fn instructions(nodes: usize) -> BTreeMap<Task, u64> {
    let mut program = Command::new(std::env::current_exe().unwrap());
    program
        .args(["--exact", "suite::cost::tasks_to_count", "--test-threads=1"])
        .env(NODES, nodes.to_string());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    valgrind::count(&program, folder, &format!("cost-{nodes}")).unwrap().into_iter().collect()
}

/// What grows with the logarithm of the size passes, what grows with the size does not.
const TOLERANCE: f64 = 1.08;

#[test]
fn a_pod_takes_no_more_instructions_on_many_nodes_than_on_few() {
    if !valgrind::is_installed() {
        println!("instructions are not counted: valgrind is missing (apt-get install valgrind)");
        return;
    }
    let (few, more, many) = (instructions(FEW), instructions(MORE), instructions(MANY));
    let mut table = String::new();
    let mut worst: f64 = 0.0;
    let mut compare = |task: Task, first: f64, then: f64| {
        worst = worst.max(then / first);
        writeln!(table, "{}: {first:.0}, then {then:.0}, ratio {:.3}", task.name(), then / first).unwrap();
    };
    for task in [Task::Storm, Task::Roll] {
        let first = per_further_pod(task, (FEW, few[&task]), (MORE, more[&task]));
        let then = per_further_pod(task, (MORE, more[&task]), (MANY, many[&task]));
        compare(task, first, then);
    }
    for task in OF_ONE_NODE.into_iter().chain([Task::QuietHour]) {
        compare(task, few[&task] as f64, many[&task] as f64);
    }
    println!("{table}");
    assert!(worst <= TOLERANCE, "more than {TOLERANCE} times:\n{table}");
}

//! The work of issue-size clusters, against a bare event queue in the same run.
//!
//! `cargo bench --bench storm -- [nodes] [daemonsets]` (default 5,000 and 30) prints one line a figure.
//! Times are wall clock and only compared with each other; counts are exact.

#![allow(clippy::disallowed_types, reason = "a bench measures by the wall clock")]

use std::rc::Rc;
use std::time::Instant;

use kubestage::api::object::{Key, Kind};
use kubestage::cluster::boot::standard_machines;
use kubestage::cluster::{Addons, Cluster};
use kubestage::sim::bare::bare_queue;
use kubestage::sim::{Duration, Time};
use kubestage::wire::{Call, FieldValidation, Part, Patch, Settings, Token};
use serde_json::json;

fn daemonset(n: usize) -> serde_json::Value {
    let app = format!("agent-{n}");
    json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": app},
        "spec": {"selector": {"matchLabels": {"app": app}}, "template": {
            "metadata": {"labels": {"app": app}},
            "spec": {"tolerations": [{"operator": "Exists"}], "containers": [{"name": "agent",
                "image": format!("example.com/agent:{n}"), "resources": {"requests": {"cpu": "10m"}}}]},
        }},
    })
}

fn apply(cluster: &mut Cluster, body: serde_json::Value) {
    let (kind, namespace) = (Kind::DaemonSet, "default".into());
    let validation = FieldValidation::Strict;
    cluster.send(Part::User, Call::Post { kind, namespace, body: Rc::new(body), validation }, Token::NONE);
}

/// Runs until nothing is due for a while; the instant at which it became quiet.
fn run_until_quiet(cluster: &mut Cluster, limit: Duration) -> Time {
    let end = cluster.now() + limit;
    while !cluster.is_quiet(Duration::from_secs(16)) && cluster.now() < end {
        let Some(next) = cluster.next_time() else { break };
        cluster.step_until(next);
    }
    cluster.now()
}

fn ready(cluster: &Cluster) -> u32 {
    cluster.api.store.daemonsets.iter().map(|ds| ds.status.number_ready).sum()
}

fn main() {
    let numbers: Vec<usize> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let (nodes, sets) = (numbers.first().copied().unwrap_or(5000), numbers.get(1).copied().unwrap_or(30));
    let pods = nodes * sets;

    let begin = Instant::now();
    let sum = bare_queue(pods);
    let bare = begin.elapsed();
    println!("bare queue          {:>10.3} s   ({pods} pods, sum {sum:x})", bare.as_secs_f64());

    let begin = Instant::now();
    let machines = standard_machines(nodes.saturating_sub(1) as u32);
    let mut cluster = Cluster::new(1, Settings::default(), machines, Addons { kube_proxy: false });
    cluster.boot();
    let booted = cluster.started() + Duration::from_secs(180);
    cluster.run_until(booted);
    println!("boot                {:>10.3} s   ({} steps)", begin.elapsed().as_secs_f64(), cluster.steps());

    let (begin, steps, start) = (Instant::now(), cluster.steps(), cluster.now());
    (0..sets).for_each(|n| apply(&mut cluster, daemonset(n)));
    let end = run_until_quiet(&mut cluster, Duration::from_secs(36_000));
    let storm = begin.elapsed();
    println!(
        "storm               {:>10.3} s   ({} steps, {} of {pods} ready, virtual {:.1} s)",
        storm.as_secs_f64(),
        cluster.steps() - steps,
        ready(&cluster),
        end.since(start).as_micros() as f64 / 1e6,
    );
    println!("storm / bare queue  {:>10.2}", storm.as_secs_f64() / bare.as_secs_f64());

    let (begin, steps) = (Instant::now(), cluster.steps());
    let until = cluster.now() + Duration::from_secs(3600);
    cluster.run_until(until);
    let hour = begin.elapsed();
    println!(
        "quiet hour          {:>10.3} s   ({} steps, {:.2} % of the storm)",
        hour.as_secs_f64(),
        cluster.steps() - steps,
        100.0 * hour.as_secs_f64() / storm.as_secs_f64(),
    );

    let (begin, steps) = (Instant::now(), cluster.steps());
    let patch = Patch::Merge(Rc::new(json!({"metadata": {"labels": {"color": "blue"}}})));
    let (kind, key, validation) = (Kind::Node, Key::new("", "worker-1"), FieldValidation::Strict);
    cluster.send(Part::User, Call::Patch { kind, key, uid: None, patch, validation }, Token::NONE);
    run_until_quiet(&mut cluster, Duration::from_secs(60));
    println!(
        "edit                {:>10.6} s   ({} steps)",
        begin.elapsed().as_secs_f64(),
        cluster.steps() - steps
    );
}

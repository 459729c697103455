//! The work of issue-size clusters, against a bare event queue in the same run.
//!
//! `cargo bench --bench storm -- [nodes] [daemonsets]` (default 5,000 and 30) prints one line a figure.
//! Times are wall clock and only compared with each other; counts are exact.

use std::collections::{BTreeMap, BinaryHeap};
use std::time::Instant;

use kubestage::sim::Duration;
use kubestage::stage::{Command, Options, Stage, Start};

/// A binary heap that pushes and pops 10 events for each of `pods` and touches a 256-byte record at each.
fn bare_queue(pods: usize) -> u64 {
    let mut records = vec![[0u64; 32]; pods];
    let mut heap: BinaryHeap<std::cmp::Reverse<(u64, u64, u32)>> = BinaryHeap::new();
    let mut seq = 0u64;
    let mut draw = 0x9e37_79b9_7f4a_7c15u64;
    for pod in 0..pods {
        heap.push(std::cmp::Reverse((pod as u64 % 1000, seq, pod as u32)));
        seq += 1;
    }
    let mut sum = 0u64;
    while let Some(std::cmp::Reverse((at, _, pod))) = heap.pop() {
        let record = &mut records[pod as usize];
        record[0] += 1;
        for (i, word) in record.iter_mut().enumerate().skip(1) {
            *word = word.wrapping_add(at ^ i as u64);
        }
        sum = sum.wrapping_add(record[31]);
        if record[0] < 10 {
            draw ^= draw << 13;
            draw ^= draw >> 7;
            draw ^= draw << 17;
            heap.push(std::cmp::Reverse((at + 1 + draw % 1000, seq, pod)));
            seq += 1;
        }
    }
    sum
}

fn daemonset(n: usize) -> String {
    format!(
        "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: agent-{n}\nspec:\n  selector:\n    matchLabels:\n      app: agent-{n}\n  \
         template:\n    metadata:\n      labels:\n        app: agent-{n}\n    spec:\n      tolerations:\n      - operator: Exists\n      \
         containers:\n      - name: agent\n        image: example.com/agent:{n}\n        resources:\n          requests:\n            cpu: 10m\n"
    )
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
    let workers = nodes.saturating_sub(1) as u32;
    let options = Options { workers, start: Start::Ready, kube_proxy: false, ..Options::default() };
    let mut stage = Stage::new(options);
    println!("boot                {:>10.3} s   ({} steps)", begin.elapsed().as_secs_f64(), stage.steps());

    let (begin, steps) = (Instant::now(), stage.steps());
    for n in 0..sets {
        let files = BTreeMap::from([("ds.yaml".to_owned(), daemonset(n).into())]);
        stage.perform(Command::Exec { line: "kubectl apply -f ds.yaml".to_owned(), files });
    }
    let quiet = stage.run_until_quiet(Duration::from_secs(36_000));
    let storm = begin.elapsed();
    let ready: u32 = stage.board().daemonsets.iter().map(|ds| ds.ready).sum();
    println!(
        "storm               {:>10.3} s   ({} steps, {ready} of {pods} ready, quiet {quiet}, virtual {:.1} s)",
        storm.as_secs_f64(),
        stage.steps() - steps,
        stage.now().since(stage.started()).as_micros() as f64 / 1e6,
    );
    println!("storm / bare queue  {:>10.2}", storm.as_secs_f64() / bare.as_secs_f64());

    let (begin, steps) = (Instant::now(), stage.steps());
    stage.run_until(stage.now() + Duration::from_secs(3600));
    let hour = begin.elapsed();
    println!(
        "quiet hour          {:>10.3} s   ({} steps, {:.2} % of the storm)",
        hour.as_secs_f64(),
        stage.steps() - steps,
        100.0 * hour.as_secs_f64() / storm.as_secs_f64(),
    );

    let steps = stage.steps();
    let begin = Instant::now();
    let line = "kubectl label node worker-1 color=blue".to_owned();
    stage.perform(Command::Exec { line, files: BTreeMap::new() });
    stage.run_until_quiet(Duration::from_secs(60));
    println!(
        "edit                {:>10.6} s   ({} steps)",
        begin.elapsed().as_secs_f64(),
        stage.steps() - steps
    );
}

//! Five thousand nodes, against a bare event queue in the same run.
//!
//! `cargo bench --bench storm -- [nodes] [daemonsets]` (default 5,000 and 30) prints one line a figure.
//! Times are wall clock and only compared with each other; counts are exact.

#![allow(clippy::disallowed_types, reason = "a bench measures by the wall clock")]

mod work;

use std::time::{Duration, Instant};

use sim::bare::bare_queue;
use work::{Counts, Task, Work};

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begin = Instant::now();
    let made = work();
    (made, begin.elapsed())
}

/// The columns of the table.
struct Table {
    nodes: usize,
    sets: usize,
    bare: Duration,
}

impl Table {
    fn head(&self) {
        println!(
            "{} nodes x {}; the bare queue takes {:.3} s",
            self.nodes,
            self.sets,
            self.bare.as_secs_f64()
        );
        println!(
            "work             wall s   / bare     pods    wakes messages  per pod revisions    looks virtual s"
        );
    }

    fn line(&self, task: Task, counts: Counts, wall: Duration) {
        let pods = task.pods(self.nodes, self.sets);
        println!(
            "{:<12} {:>10.4} {:>8.3} {pods:>8} {:>8} {:>8} {:>8.2} {:>9} {:>8} {:>9.1}",
            task.name(),
            wall.as_secs_f64(),
            wall.as_secs_f64() / self.bare.as_secs_f64(),
            counts.wakes,
            counts.messages,
            counts.messages as f64 / pods as f64,
            counts.revisions,
            counts.looks,
            counts.span.as_micros() as f64 / 1e6,
        );
    }
}

fn main() {
    let numbers: Vec<usize> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let (nodes, sets) = (numbers.first().copied().unwrap_or(5000), numbers.get(1).copied().unwrap_or(30));
    let (sum, bare) = timed(|| bare_queue(nodes * sets));
    assert_ne!(sum, 0);
    let table = Table { nodes, sets, bare };
    table.head();

    let (mut work, boot) = timed(|| Work::boot(nodes, sets));
    println!("{:<12} {:>10.4}", "boot", boot.as_secs_f64());
    let measured = Task::ALL.map(|task| {
        let (counts, wall) = timed(|| work.run(task));
        table.line(task, counts, wall);
        (task, counts, wall)
    });
    let of = |wanted: Task| measured.iter().find(|(task, ..)| *task == wanted).expect("all are measured");
    let (storm, hour, edit) = (of(Task::Storm).2, of(Task::QuietHour).2, of(Task::Edit).1);
    println!("storm / bare queue         {:.2}", storm.as_secs_f64() / bare.as_secs_f64());
    println!("quiet hour / storm         {:.3} %", 100.0 * hour.as_secs_f64() / storm.as_secs_f64());
    println!("wakes of the edit / sets   {:.2}", edit.wakes as f64 / sets as f64);
}

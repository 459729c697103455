//! Instructions per pod on few nodes and on many: what a larger cluster adds to the price of a pod.
//!
//! `cargo bench --bench instructions -- [few] [many] [daemonsets]` (default 50, 5,000 and 10) runs itself under
//! valgrind's callgrind, once for each size, which takes some minutes. Instruction counts do not vary with the
//! machine's load. The boot of the cluster is not counted.

mod work;

use std::path::Path;
use std::process::{Command, ExitCode};

use work::{Task, Work, valgrind};

/// Tells the program that it is the one under valgrind.
const COUNTED: &str = "counted";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let number = |at: usize, default: usize| numbers.get(at).copied().unwrap_or(default);
    if arguments.first().is_some_and(|first| first == COUNTED) {
        let mut work = Work::boot(number(0, 1), number(1, 1));
        for task in Task::ALL {
            work.run(task);
        }
        return ExitCode::SUCCESS;
    }
    if !valgrind::is_installed() {
        println!("instructions are not counted: valgrind is missing (apt-get install valgrind)");
        return ExitCode::SUCCESS;
    }
    match compare(number(0, 50), number(1, 5000), number(2, 10)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(few: usize, many: usize, sets: usize) -> Result<(), String> {
    let (at_few, at_many) = (per_pod(few, sets)?, per_pod(many, sets)?);
    println!("instructions per pod concerned, {sets} DaemonSets");
    println!("{:<12} {:>14} {:>14}    ratio", "", format!("{few} nodes"), format!("{many} nodes"));
    for ((task, few), (_, many)) in at_few.into_iter().zip(at_many) {
        println!("{:<12} {few:>14.1} {many:>14.1} {:>8.3}", task.name(), many / few);
    }
    Ok(())
}

fn per_pod(nodes: usize, sets: usize) -> Result<Vec<(Task, f64)>, String> {
    let mut program =
        Command::new(std::env::current_exe().map_err(|error| format!("this program is nowhere: {error}"))?);
    program.args([COUNTED, &nodes.to_string(), &sets.to_string()]);
    let folder = Path::new(program.get_program()).parent().unwrap_or(Path::new("."));
    let counts = valgrind::count(&program, folder, &format!("{nodes}x{sets}"))?;
    let pods = |task: Task| task.pods(nodes, sets).max(1) as f64;
    Ok(counts.into_iter().map(|(task, count)| (task, count as f64 / pods(task))).collect())
}

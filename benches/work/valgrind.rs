//! Instruction counts of the work, by valgrind's callgrind. They do not vary with the machine's load.

use std::path::Path;
use std::process::{Command, Stdio};

use super::Task;

/// The function within which instructions are counted, as callgrind's patterns name it: no boot of the cluster,
/// no checks afterwards. A profile is written each time it ends; callgrind forgets one of two options that have
/// the same pattern, so there are two.
const COUNTED: &str = "*under_way*";
const DUMPED: &str = "*::under_way*";

/// Whether there is a valgrind to count with.
pub fn is_installed() -> bool {
    let version =
        Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// Runs under callgrind a program that does all tasks in order, and returns the instructions of each.
///
/// `program` comes with its arguments and environment; profiles are kept in `folder` for the time being, under
/// `name`, which no other run has at the same time.
pub fn count(program: &Command, folder: &Path, name: &str) -> Result<Vec<(Task, u64)>, String> {
    let file = folder.join(format!("callgrind.{name}.{}", std::process::id()));
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", &format!("--toggle-collect={COUNTED}"), &format!("--dump-after={DUMPED}")])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(program.get_program())
        .args(program.get_args())
        .envs(program.get_envs().filter_map(|(key, value)| Some((key, value?))))
        .output()
        .map_err(|error| format!("valgrind does not start: {error}"))?;
    // What is left at the program's end belongs to no task.
    let _ = std::fs::remove_file(&file);
    let profiles: Vec<_> = (1..)
        .map(|number| take(&file.with_added_extension(number.to_string())))
        .map_while(Result::ok)
        .collect();
    if !run.status.success() || profiles.len() != Task::ALL.len() {
        let said = String::from_utf8_lossy(&[run.stdout, run.stderr].concat()).into_owned();
        return Err(format!("{name} makes {} profiles and says:\n{said}", profiles.len()));
    }
    let counts = Task::ALL.into_iter().zip(&profiles);
    counts.map(|(task, profile)| Ok((task, total(profile).ok_or("a profile has no totals")?))).collect()
}

fn take(file: &Path) -> std::io::Result<String> {
    let profile = std::fs::read_to_string(file)?;
    std::fs::remove_file(file)?;
    Ok(profile)
}

/// The line `totals: N` at the end of a profile.
fn total(profile: &str) -> Option<u64> {
    profile.lines().rev().find_map(|line| line.strip_prefix("totals: "))?.trim().parse().ok()
}

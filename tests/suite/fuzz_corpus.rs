//! The inputs that fuzzing found worth keeping, once more through the functions that `make fuzz` calls.

use std::fs;
use std::path::{Path, PathBuf};

use crate::fuzz::TARGETS;

fn inputs(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let entries = fs::read_dir(&folder).expect("every target has its folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    paths.sort();
    paths
}

fn replay(target: &str) {
    let (_, run) = TARGETS.iter().find(|(name, _)| *name == target).expect("it is a target");
    let inputs = inputs(target);
    assert!(inputs.len() >= 5, "{target} has {} inputs", inputs.len());
    for path in inputs {
        let bytes = fs::read(&path).expect("it can be read");
        // Says which one, should it panic: output of tests that pass is not shown.
        println!("{}", path.display());
        run(&bytes);
    }
}

#[test]
fn fuzzed_yaml_is_read_or_refused() {
    replay("yaml");
}

#[test]
fn fuzzed_manifests_are_checked() {
    replay("manifest");
}

#[test]
fn fuzzed_lines_leave_the_cluster_at_rest() {
    replay("console");
}

#[test]
fn fuzzed_sessions_are_refused_or_played() {
    replay("session");
}

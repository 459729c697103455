//! Runs the cases that were taken from Kubernetes' own unit tests, through the code the cluster runs.
//!
//! The cases lie in the folder that `CONFORMANCE_DIR` names (default `../shared/conformance`, format in its
//! README). Prints `conformance: N of M cases hold`, and each case that does not with what was expected and
//! what came out. An unknown topic or check counts as failing.

#[path = "conformance/crash_backoff.rs"]
mod crash_backoff;
#[path = "conformance/daemonset.rs"]
mod daemonset;
#[path = "conformance/daemonset_manage.rs"]
mod daemonset_manage;
#[path = "conformance/daemonset_node_should_run.rs"]
mod daemonset_node_should_run;
#[path = "conformance/daemonset_pod_template.rs"]
mod daemonset_pod_template;
#[path = "conformance/daemonset_rolling_update.rs"]
mod daemonset_rolling_update;
#[path = "conformance/daemonset_status.rs"]
mod daemonset_status;
#[path = "conformance/defaults.rs"]
mod defaults;
#[path = "conformance/expect.rs"]
mod expect;
#[path = "conformance/label_selector.rs"]
mod label_selector;
#[path = "conformance/node_affinity_match.rs"]
mod node_affinity_match;
#[path = "conformance/scheduler_filters.rs"]
mod scheduler_filters;
#[path = "conformance/scheduler_messages.rs"]
mod scheduler_messages;
#[path = "conformance/static_pod_file_source.rs"]
mod static_pod_file_source;
#[path = "conformance/toleration_match.rs"]
mod toleration_match;
#[path = "conformance/validation.rs"]
mod validation;

#[allow(dead_code)]
#[path = "support/stand.rs"]
mod stand;

use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;

/// Runs one case: nothing, or what was expected and what came out.
type Run = fn(&Value) -> Result<(), String>;

/// Every topic and what runs its cases. `None`: not implemented yet; its cases count as failing, but do
/// not fail the test.
fn topic(name: &str) -> Option<Option<Run>> {
    Some(match name {
        "daemonset-pod-template" => Some(daemonset_pod_template::run),
        "defaults" => Some(defaults::run),
        "label-selector" => Some(label_selector::run),
        "node-affinity-match" => Some(node_affinity_match::run),
        "toleration-match" => Some(toleration_match::run),
        "validation" => Some(validation::run),
        "crash-backoff" => Some(crash_backoff::run),
        "daemonset-manage" => Some(daemonset_manage::run),
        "daemonset-node-should-run" => Some(daemonset_node_should_run::run),
        "daemonset-rolling-update" => Some(daemonset_rolling_update::run),
        "daemonset-status" => Some(daemonset_status::run),
        "scheduler-filters" => Some(scheduler_filters::run),
        "scheduler-messages" => Some(scheduler_messages::run),
        "static-pod-file-source" => Some(static_pod_file_source::run),
        _ => return None,
    })
}

fn run_case(topic_name: &str, case: &Value) -> Result<(), (bool, String)> {
    let known = ["id", "rule", "input", "expect", "check", "needs", "origin"];
    expect::known_keys("the case", case, &known).map_err(|why| (true, why))?;
    match topic(topic_name) {
        None => Err((true, format!("unknown topic {topic_name}"))),
        Some(None) => Err((false, "not implemented".to_owned())),
        Some(Some(run)) => panic::catch_unwind(AssertUnwindSafe(|| run(case)))
            .unwrap_or_else(|_| Err("panicked".to_owned()))
            .map_err(|why| (true, why)),
    }
}

fn folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    match std::env::var_os("CONFORMANCE_DIR") {
        Some(given) => root.join(given),
        None => root.join("../shared/conformance"),
    }
}

/// The JSON files of the folder, in order of name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> =
        entries.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "json")).collect();
    files.sort();
    files
}

fn main() -> ExitCode {
    let folder = folder();
    if !folder.is_dir() {
        println!("conformance: skipped, there is no folder {}", folder.display());
        return ExitCode::SUCCESS;
    }
    let (mut held, mut all, mut regressions) = (0, 0, 0);
    for file in files(&folder) {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let content: Value = match serde_json::from_str(&text) {
            Ok(content) => content,
            Err(error) => {
                (all, regressions) = (all + 1, regressions + 1);
                println!("FAILED {}: {error}", file.display());
                continue;
            }
        };
        let name = content["topic"].as_str().unwrap_or_default();
        for case in content["cases"].as_array().into_iter().flatten() {
            all += 1;
            match run_case(name, case) {
                Ok(()) => held += 1,
                Err((counts, why)) => {
                    regressions += usize::from(counts);
                    println!("FAILED {}: {why}", case["id"].as_str().unwrap_or("?"));
                }
            }
        }
    }
    println!("conformance: {held} of {all} cases hold");
    if regressions == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

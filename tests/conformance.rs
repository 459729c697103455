//! Runs the cases that were taken from Kubernetes' own unit tests, through the code the cluster runs.
//!
//! The cases lie in `tests/data/conformance` (format in its README), or in the folder that `CONFORMANCE_DIR`
//! names. Prints `conformance: N of M cases hold`, and each case that newly does not with what was expected and
//! what came out. An unknown topic or check counts as failing. `ONLY=words` runs the cases whose ids contain it.

#[path = "conformance/crash_backoff.rs"]
mod crash_backoff;
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
#[path = "support/data.rs"]
mod data;
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
use std::process::ExitCode;

use data::Outcome;
use serde_json::Value;

/// Runs one case: nothing, or what was expected and what came out.
type Run = fn(&Value) -> Result<(), String>;

/// Every topic and what runs its cases.
fn topic(name: &str) -> Option<Run> {
    Some(match name {
        "daemonset-pod-template" => daemonset_pod_template::run,
        "defaults" => defaults::run,
        "label-selector" => label_selector::run,
        "node-affinity-match" => node_affinity_match::run,
        "toleration-match" => toleration_match::run,
        "validation" => validation::run,
        "crash-backoff" => crash_backoff::run,
        "daemonset-manage" => daemonset_manage::run,
        "daemonset-node-should-run" => daemonset_node_should_run::run,
        "daemonset-rolling-update" => daemonset_rolling_update::run,
        "daemonset-status" => daemonset_status::run,
        "scheduler-filters" => scheduler_filters::run,
        "scheduler-messages" => scheduler_messages::run,
        "static-pod-file-source" => static_pod_file_source::run,
        _ => return None,
    })
}

fn run_case(topic_name: &str, case: &Value) -> Result<(), String> {
    let run = topic(topic_name).ok_or_else(|| format!("unknown topic {topic_name}"))?;
    panic::catch_unwind(AssertUnwindSafe(|| run(case))).unwrap_or_else(|_| Err("panicked".to_owned()))
}

fn main() -> ExitCode {
    let (folder, is_ours) = data::folder("CONFORMANCE_DIR", "conformance");
    let only = data::only().unwrap_or_default();
    let mut outcome = Outcome::default();
    for file in data::files(&folder, "json") {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let content: Value = match serde_json::from_str(&text) {
            Ok(content) => content,
            Err(error) => {
                outcome.add(file.display().to_string(), Some(error.to_string()));
                continue;
            }
        };
        let name = content["topic"].as_str().unwrap_or_default();
        for case in content["cases"].as_array().into_iter().flatten() {
            let id = case["id"].as_str().unwrap_or("?");
            if id.contains(&only) {
                outcome.add(id.to_owned(), run_case(name, case).err());
            }
        }
    }
    let fine = outcome.is_as_known("conformance", is_ours);
    println!("conformance: {} of {} cases hold", outcome.agree(), outcome.all());
    if outcome.all() == 0 {
        println!("conformance: there are no cases in {}", folder.display());
    }
    if fine && outcome.all() > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

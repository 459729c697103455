//! What the policies of a Job say of pods that failed and indexes that succeeded.
//!
//! Kubernetes: pkg/controller/job/pod_failure_policy.go, success_policy.go.

use serde_json::Value;

use super::indexes::Indexes;
use api::json;
use api::pod::{Container, ContainerKind, ContainerState, Pod, Terminated};

/// What a rule says of a failed pod.
pub(super) struct Matched {
    /// The Job is to fail, with this message.
    pub(super) fail_job: Option<String>,
    /// The failure counts towards backoffLimit.
    pub(super) counts: bool,
}

/// Kubernetes: matchPodFailurePolicy.
pub(super) fn match_pod_failure_policy(policy: &Value, pod: &Pod) -> Matched {
    let (namespace, name) = (pod.meta.namespace(), &pod.meta.name);
    for (at, rule) in json::list(policy, "rules").iter().enumerate() {
        let action = json::text(rule, "action");
        let said = if json::has(rule, "onExitCodes") {
            match_on_exit_codes(json::get(rule, "onExitCodes"), pod).map(|(container, code)| {
                format!(
                    "Container {container} for pod {namespace}/{name} failed with exit code {code} matching {action} rule at index {at}"
                )
            })
        } else {
            match_on_pod_conditions(json::list(rule, "onPodConditions"), pod).map(|kind| {
                format!("Pod {namespace}/{name} has condition {kind} matching {action} rule at index {at}")
            })
        };
        match (said, action) {
            (Some(_), "Ignore") => return Matched { fail_job: None, counts: false },
            (Some(_), "Count" | "FailIndex") => return Matched { fail_job: None, counts: true },
            (Some(text), "FailJob") => return Matched { fail_job: Some(text), counts: true },
            _ => {}
        }
    }
    Matched { fail_job: None, counts: true }
}

/// The first container that ended with an exit code as the requirement has it: main ones before init ones.
fn match_on_exit_codes<'a>(requirement: &Value, pod: &'a Pod) -> Option<(&'a str, i32)> {
    let statuses = || pod.spec.containers.iter().zip(&pod.status.containers);
    let main = statuses().filter(|(container, _)| container.kind == ContainerKind::Main);
    let init = statuses().filter(|(container, _)| container.kind.is_init());
    main.chain(init).find_map(|(container, status)| match &status.state {
        ContainerState::Terminated(terminated) if matches(requirement, container, terminated) => {
            Some((&*container.name, terminated.exit_code))
        }
        _ => None,
    })
}

fn matches(requirement: &Value, container: &Container, terminated: &Terminated) -> bool {
    let code = terminated.exit_code;
    let of = json::get(requirement, "containerName").as_str();
    let listed = json::list(requirement, "values").iter().any(|value| *value == code);
    let fits = match json::text(requirement, "operator") {
        "In" => listed,
        "NotIn" => !listed,
        _ => false,
    };
    code != 0 && of.is_none_or(|of| *of == *container.name) && fits
}

fn match_on_pod_conditions(patterns: &[Value], pod: &Pod) -> Option<&'static str> {
    pod.status.conditions.iter().find_map(|condition| {
        let (kind, status) = (condition.kind.text(), condition.status.text());
        patterns.iter().any(|pattern| pattern["type"] == kind && pattern["status"] == status).then_some(kind)
    })
}

/// Why an indexed Job counts as successful before all its indexes are.
///
/// Kubernetes: matchSuccessPolicy.
pub(super) fn match_success_policy(policy: &Value, completions: i64, succeeded: &Indexes) -> Option<String> {
    if succeeded.0.is_empty() {
        return None;
    }
    for (at, rule) in json::list(policy, "rules").iter().enumerate() {
        let count = json::int(rule, "succeededCount");
        let met = match json::get(rule, "succeededIndexes").as_str() {
            Some(text) => {
                let wanted = Indexes::parse(text, completions);
                let got = wanted.0.intersection(&succeeded.0).count() as i64;
                !wanted.0.is_empty() && (got == wanted.total() || count.is_some_and(|count| got >= count))
            }
            None => count.is_some_and(|count| succeeded.total() >= count),
        };
        if met {
            return Some(format!("Matched rules at index {at}"));
        }
    }
    None
}

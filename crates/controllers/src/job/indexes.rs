//! Indexed Jobs: each index is to succeed once.
//!
//! Kubernetes: pkg/controller/job/indexed_job_utils.go.

use std::rc::Rc;

use serde_json::{Value, json};
use sim::SortedSet;

use api::json;
use api::meta::ObjectMeta;
use api::pod::Pod;
use sim::order::SortShared;

const COMPLETION_INDEX: &str = "batch.kubernetes.io/job-completion-index";
const COMPLETION_INDEX_ENV: &str = "JOB_COMPLETION_INDEX";

/// The index that a pod works on.
///
/// Kubernetes: getCompletionIndex.
pub(super) fn completion_index(meta: &ObjectMeta) -> Option<i64> {
    meta.annotation(COMPLETION_INDEX)?.parse().ok().filter(|index| *index >= 0)
}

/// Says the index in the annotations and labels of a pod.
pub(super) fn add_index(common: &mut api::meta::CommonMeta, index: i64) {
    let text = index.to_string();
    common.annotations.insert(COMPLETION_INDEX.into(), text.as_str().into());
    common.labels.insert(COMPLETION_INDEX.into(), text.as_str().into());
}

/// Kubernetes: addCompletionIndexEnvVariables.
pub(super) fn add_completion_index_env_variables(template: &mut Value) {
    let Some(spec) = json::child_if(template, "spec") else { return };
    for list in ["initContainers", "containers"] {
        for container in json::each(spec, list) {
            if json::list(container, "env").iter().any(|variable| variable["name"] == COMPLETION_INDEX_ENV) {
                continue;
            }
            let field =
                json!({"apiVersion": "v1", "fieldPath": format!("metadata.labels['{COMPLETION_INDEX}']")});
            let variable = json!({"name": COMPLETION_INDEX_ENV, "valueFrom": {"fieldRef": field}});
            match json::child(container, "env") {
                Value::Array(items) => items.push(variable),
                slot => *slot = json!([variable]),
            }
        }
    }
}

/// A set of indexes as a Job's status writes it: `1,3-5,7`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Indexes(pub(super) SortedSet<i64>);

/// More than this many completions are refused by validation.
const MOST: i64 = 1_000_000;

impl Indexes {
    /// Those of the text that are below the number of completions.
    pub(super) fn parse(text: &str, completions: i64) -> Indexes {
        let mut indexes = SortedSet::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            if let (Ok(first), Ok(last)) = (first.parse::<i64>(), last.parse::<i64>()) {
                indexes.extend(first.max(0)..=last.min(completions.min(MOST) - 1));
            }
        }
        Indexes(indexes)
    }

    pub(super) fn text(&self) -> String {
        let mut parts: Vec<(i64, i64)> = Vec::new();
        for index in &self.0 {
            match parts.last_mut() {
                Some((_, last)) if *last + 1 == *index => *last = *index,
                _ => parts.push((*index, *index)),
            }
        }
        let text = |(first, last): (i64, i64)| match last - first {
            0 => first.to_string(),
            1 => format!("{first},{last}"),
            _ => format!("{first}-{last}"),
        };
        parts.into_iter().map(text).collect::<Vec<_>>().join(",")
    }

    pub(super) fn total(&self) -> i64 {
        i64::try_from(self.0.len()).unwrap_or(i64::MAX)
    }
}

/// The next indexes on which no pod works and that have not succeeded.
///
/// Kubernetes: firstPendingIndexes.
pub(super) fn first_pending(
    active: &[Rc<Pod>],
    succeeded: &Indexes,
    count: i64,
    completions: i64,
) -> Vec<i64> {
    let busy: SortedSet<i64> = active.iter().filter_map(|pod| completion_index(&pod.meta)).collect();
    let free =
        (0..completions.min(MOST)).filter(|index| !busy.contains(index) && !succeeded.0.contains(index));
    free.take(usize::try_from(count).unwrap_or(0)).collect()
}

/// The active pods that no index needs: those without a valid one, and all but the oldest of each index.
///
/// Kubernetes: appendDuplicatedIndexPodsForRemoval.
pub(super) fn split_duplicates(active: &[Rc<Pod>], completions: i64) -> (Vec<Rc<Pod>>, Vec<Rc<Pod>>) {
    let mut sorted = active.to_vec();
    sorted.sort_shared_by_key(|pod| (completion_index(&pod.meta), pod.meta.created, pod.meta.serial));
    let (mut surplus, mut left): (Vec<Rc<Pod>>, Vec<Rc<Pod>>) = (Vec::new(), Vec::new());
    for pod in sorted {
        let index = completion_index(&pod.meta);
        let taken = left.last().is_some_and(|last| completion_index(&last.meta) == index);
        match index {
            Some(index) if index < completions && !taken => left.push(pod),
            _ => surplus.push(pod),
        }
    }
    (surplus, left)
}

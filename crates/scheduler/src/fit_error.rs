//! Why a pod found no node: the diagnosis of a scheduling cycle, and its sentence.
//!
//! Kubernetes: pkg/scheduler/framework/types.go, Diagnosis and FitError.

use std::fmt::Write as _;

use super::cache::NodeId;
use super::framework::{Code, PluginSet, Reason, Status};
use sim::SortedMap;
use sim::order::SortShared;

/// What a cycle without nodes says (SCH-019). Kubernetes: pkg/scheduler/scheduler.go.
pub(crate) const NO_NODES_AVAILABLE: &str = "no nodes available to schedule pods";

/// The verdicts on the nodes, those that were looked at one by one and the rest all alike.
#[derive(Clone, Debug, Default)]
pub struct NodeToStatus {
    /// Verdicts on single nodes.
    pub nodes: Vec<(NodeId, Status)>,
    /// What holds for every node that is not in `nodes`.
    pub absent: Option<Status>,
}

impl NodeToStatus {
    pub(crate) fn get(&self, node: NodeId) -> Option<&Status> {
        self.nodes.iter().find(|(id, _)| *id == node).map(|(_, status)| status).or(self.absent.as_ref())
    }
}

/// What is known of a cycle that found no node.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    /// The verdicts of the filter plugins.
    pub node_to_status: NodeToStatus,
    /// The plugins whose verdict could change: they say which events may help (SCH-004).
    pub unschedulable_plugins: PluginSet,
    /// What PreFilter said, where it ended the cycle.
    pub pre_filter_message: String,
    /// What PostFilter (preemption) said.
    pub post_filter_message: String,
}

impl Diagnosis {
    pub(crate) fn add_plugin_status(&mut self, status: &Status) {
        if matches!(status.code, Code::Unschedulable | Code::UnschedulableAndUnresolvable) {
            self.unschedulable_plugins.add(status.plugin);
        }
    }
}

/// The reasons of a failed cycle, counted over the nodes.
pub(crate) fn count_reasons(map: &NodeToStatus, all_nodes: usize) -> SortedMap<&Reason, usize> {
    let mut counts = SortedMap::new();
    for (_, status) in &map.nodes {
        for reason in status.reasons() {
            *counts.entry(reason).or_insert(0) += 1;
        }
    }
    let absent = all_nodes.saturating_sub(map.nodes.len());
    if let Some(status) = map.absent.as_ref().filter(|_| absent > 0) {
        for reason in status.reasons() {
            *counts.entry(reason).or_insert(0) += absent;
        }
    }
    counts
}

/// `0/{N} nodes are available: …` (SCH-016).
///
/// Each `{count} {reason}` is formed first, then they are sorted as text. The texts of the phases before
/// and after filtering stand for themselves.
///
/// Kubernetes: framework/types.go, FitError.Error.
pub fn fit_error(all_nodes: usize, diagnosis: &Diagnosis) -> String {
    let mut text = format!("0/{all_nodes} nodes are available:");
    if diagnosis.pre_filter_message.is_empty() {
        let counts = count_reasons(&diagnosis.node_to_status, all_nodes);
        let mut reasons: Vec<String> =
            counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        reasons.sort_shared();
        if !reasons.is_empty() {
            let _ = write!(text, " {}.", reasons.join(", "));
        }
    } else {
        let _ = write!(text, " {}.", diagnosis.pre_filter_message);
    }
    if !diagnosis.post_filter_message.is_empty() {
        let _ = write!(text, " {}", diagnosis.post_filter_message);
    }
    text
}

/// The longest message of an event.
pub(crate) const EVENT_MESSAGE_LIMIT: usize = 1024;

/// A message that is too long for an event, cut: it then ends in ` ...` (SCH-016). `None` if it is not.
///
/// Kubernetes: pkg/scheduler/schedule_one.go, truncateMessage (which counts bytes).
pub(crate) fn truncate_message(message: &str) -> Option<String> {
    const SUFFIX: &str = " ...";
    if message.len() <= EVENT_MESSAGE_LIMIT {
        return None;
    }
    let mut end = EVENT_MESSAGE_LIMIT - SUFFIX.len();
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    Some(format!("{}{SUFFIX}", &message[..end]))
}

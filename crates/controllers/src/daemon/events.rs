//! The events that a sync records on its DaemonSet.
//!
//! Kubernetes: pkg/controller/daemon/daemon_controller.go; pkg/controller/controller_utils.go, RealPodControl.

use super::nodes::DeleteReason;
use super::part::Io;
use super::sync::Start;
use api::event::EventType::{Normal, Warning};
use api::event::{EventType, Message};
use api::meta::Name;

impl Io<'_, '_> {
    fn say(&mut self, start: &Start, kind: EventType, reason: &'static str, text: String) {
        let dsc = &mut *self.dsc;
        if let Some(state) = dsc.sets.get(&start.set) {
            dsc.recorder.event(self.ctx, &state.regarding, kind, reason, Message::Text(text.into()));
        }
    }

    /// Rule: DS-051.
    pub(super) fn say_created(&mut self, start: &Start, pod: &Name) {
        self.say(start, Normal, "SuccessfulCreate", format!("Created pod: {pod}"));
    }

    pub(super) fn say_not_created(&mut self, start: &Start, error: &str) {
        self.say(start, Warning, "FailedCreate", format!("Error creating: {error}"));
    }

    /// Rule: DS-051.
    pub(super) fn say_deleted(&mut self, start: &Start, pod: &Name) {
        self.say(start, Normal, "SuccessfulDelete", format!("Deleted pod: {pod}"));
    }

    pub(super) fn say_not_deleted(&mut self, start: &Start, error: &str) {
        self.say(start, Warning, "FailedDelete", format!("Error deleting: {error}"));
    }

    /// A pod that has ended is about to be deleted. Rule: DS-052.
    pub(super) fn say_ended(&mut self, start: &Start, reason: DeleteReason, pod: &Name, node: &Name) {
        let (kind, reason, found, will) = match reason {
            DeleteReason::Failed => (Warning, "FailedDaemonPod", "failed", "kill"),
            _ => (Normal, "SucceededDaemonPod", "succeeded", "delete"),
        };
        let namespace = start.ds.meta.namespace();
        let text =
            format!("Found {found} daemon pod {namespace}/{pod} on node {node}, will try to {will} it");
        self.say(start, kind, reason, text);
    }
}

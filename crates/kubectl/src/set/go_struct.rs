//! An object of a file as Go's structs hold it: some fields are written even where nobody has set them.
//!
//! Kubernetes: api/core/v1/types.go; api/apps/v1/types.go; api/batch/v1/types.go.

use std::rc::Rc;

use serde_json::{Value, json};

use super::template::{at_path, pod_spec};
use crate::resources::Info;
use api::json::{child, each, set_default};
use api::object::{Object, Other};

/// Adds what Go always writes.
pub(super) fn complete(info: &mut Info) {
    let Object::Other(written) = &info.object else { return };
    let mut value = (*written.raw).clone();
    let (status, strategy) = of_kind(info.kind.name());
    if let Some(status) = status {
        set_default(&mut value, "status", status);
    }
    if let Some(strategy) = strategy {
        set_default(child(&mut value, "spec"), strategy, json!({}));
    }
    if let Some(spec) = pod_spec(info.kind, &value).and_then(|path| at_path(&mut value, path)) {
        for list in ["containers", "initContainers"] {
            each(spec, list).for_each(|container| set_default(container, "resources", json!({})));
        }
    }
    let (kind, meta) = (written.kind, written.meta.clone());
    info.object = Object::Other(Rc::new(Other { kind, meta, raw: Rc::new(value) }));
}

/// The status that a new object of the kind has, and the field of its strategy.
fn of_kind(kind: &str) -> (Option<Value>, Option<&'static str>) {
    match kind {
        "Pod" | "Job" | "CronJob" => (Some(json!({})), None),
        "Deployment" => (Some(json!({})), Some("strategy")),
        "DaemonSet" => {
            let numbers = json!({
                "currentNumberScheduled": 0, "desiredNumberScheduled": 0, "numberMisscheduled": 0, "numberReady": 0,
            });
            (Some(numbers), Some("updateStrategy"))
        }
        "StatefulSet" => (Some(json!({"availableReplicas": 0, "replicas": 0})), Some("updateStrategy")),
        "ReplicaSet" | "ReplicationController" => (Some(json!({"replicas": 0})), None),
        "Service" => (Some(json!({"loadBalancer": {}})), None),
        _ => (None, None),
    }
}

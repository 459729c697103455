//! ComponentStatus: what the API server finds when it looks at the rest of the control plane. Nothing of it is
//! stored.
//!
//! Kubernetes: pkg/registry/core/componentstatus; pkg/registry/core/rest/storage_core.go, serversToValidate.

use serde_json::json;

use super::Cluster;
use super::control_plane::Serving;
use api::object::{Kind, Object};
use api::status_error::{GroupResource, StatusError, StatusReason};
use apiserver::deprecation_warning;
use sim::Duration;
use wire::{Answer, Call, CallError, Reply};

/// How long the API server tries to reach an etcd that is not there.
///
/// Kubernetes: apiserver/pkg/storage/storagebackend/factory/etcd3.go, dialTimeout.
const DIAL_TIMEOUT: Duration = Duration::from_secs(20);

/// A component's name here, its program, and the port of its health endpoint on the API server's own computer.
const SERVERS: [(&str, &str, u16); 2] =
    [("controller-manager", "kube-controller-manager", 10_257), ("scheduler", "kube-scheduler", 10_259)];
const ETCD: &str = "etcd-0";

impl Cluster {
    /// The answer to a call about ComponentStatuses, and how long it takes; `None` for any other call.
    pub(super) fn component_status(&self, call: &Call) -> Option<(Answer, Duration)> {
        let kind = call.kind();
        if !matches!(kind, Kind::Other(_)) || kind.info().plural != "componentstatuses" {
            return None;
        }
        let result = match call {
            Call::List { .. } => Ok(Reply::List(self.component_statuses(kind).collect())),
            Call::Get { key, .. } => {
                let found = self.component_statuses(kind).find(|object| object.key().name == key.name);
                let missing = || StatusError::not_found(GroupResource::new("", "componentstatus"), &key.name);
                found.map(Reply::Object).ok_or_else(missing)
            }
            _ => {
                let text = "the server does not allow this method on the requested resource";
                Err(StatusError::new(StatusReason::MethodNotAllowed, text))
            }
        };
        let looks_at_etcd = match call {
            Call::Get { key, .. } => *key.name == *ETCD,
            _ => true,
        };
        let waits = looks_at_etcd && self.serving == Serving::WithoutEtcd && result.is_ok();
        let warnings = Vec::from_iter(deprecation_warning(kind));
        let result = result.map_err(|error| CallError::Status(Box::new(error)));
        Some((Answer { result, warnings }, if waits { DIAL_TIMEOUT } else { Duration::ZERO }))
    }

    fn component_statuses(&self, kind: Kind) -> impl Iterator<Item = Object> {
        let status = move |name: &str, healthy: bool, message: &str, error: &str| {
            let status = if healthy { "True" } else { "False" };
            let mut condition = json!({"type": "Healthy", "status": status});
            for (field, text) in [("message", message), ("error", error)] {
                if !text.is_empty() {
                    condition[field] = json!(text);
                }
            }
            Object::from_value(kind, &json!({"metadata": {"name": name}, "conditions": [condition]}))
        };
        let servers = SERVERS.map(|(name, program, port)| match self.runs(program) {
            true => status(name, true, "ok", ""),
            false => {
                let address = format!("127.0.0.1:{port}");
                let refused = format!("dial tcp {address}: connect: connection refused");
                status(name, false, &format!("Get \"https://{address}/healthz\": {refused}"), "")
            }
        });
        let etcd = match self.serving {
            Serving::WithoutEtcd => status(ETCD, false, "", "context deadline exceeded"),
            _ => status(ETCD, true, "ok", ""),
        };
        servers.into_iter().chain([etcd])
    }
}

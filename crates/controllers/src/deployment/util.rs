//! What the steps of a sync read from a Deployment and its ReplicaSets.
//!
//! Kubernetes: pkg/controller/deployment/util/deployment_util.go.

use std::cmp::Ordering;
use std::rc::Rc;

use serde_json::{Map, Value, json};

use crate::procedure::{Got, Io, SyncResult};
use crate::replicaset::sync::with_status;
use api::json;
use api::meta::Name;
use api::object::Other;
use sim::Time;
use wire::Call;

pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
pub(super) const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
pub(super) const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
pub(super) const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";
pub(super) const POD_TEMPLATE_HASH: &str = "pod-template-hash";
/// A progress deadline that says that there is none.
const NO_DEADLINE: i64 = i32::MAX as i64;

/// ReplicaSets of one Deployment.
pub(super) type Sets = Vec<Rc<Other>>;

/// A Deployment during a sync: its annotations and its status may be ahead of the cache.
#[derive(Clone, Debug)]
pub(super) struct Deployment {
    pub(super) object: Other,
    pub(super) status: Value,
}

/// spec.replicas of a Deployment or ReplicaSet.
pub(super) fn replicas(object: &Other) -> i64 {
    json::int(json::get(&object.raw, "spec"), "replicas").unwrap_or(1)
}

/// A number of an object's status.
pub(super) fn count(object: &Other, key: &str) -> i64 {
    json::int(json::get(&object.raw, "status"), key).unwrap_or(0)
}

pub(super) fn template(object: &Other) -> &Value {
    json::at(&object.raw, &["spec", "template"])
}

/// The revision that an object's annotation says: 0 without one, `None` if it is no number.
pub(super) fn revision(object: &Other) -> Option<i64> {
    object.meta.annotation(REVISION).map_or(Some(0), |text| text.parse().ok())
}

pub(super) fn set_annotation(object: &mut Other, key: &str, value: &str) {
    object.meta.common_mut().annotations.insert(key.into(), value.into());
}

/// A number, or a share of the total.
fn scaled_value(value: &Value, total: i64, round_up: bool) -> i64 {
    if let Some(number) = value.as_i64() {
        return number;
    }
    let percent = value.as_str().and_then(|text| text.strip_suffix('%')?.parse::<i64>().ok()).unwrap_or(0);
    let hundredths = total.saturating_mul(percent);
    if round_up { hundredths.saturating_add(99) / 100 } else { hundredths / 100 }
}

impl Deployment {
    pub(super) fn new(object: &Rc<Other>) -> Deployment {
        let status = match json::get(&object.raw, "status") {
            Value::Null => json!({}),
            status => status.clone(),
        };
        Deployment { object: (**object).clone(), status }
    }

    pub(super) fn spec(&self) -> &Value {
        json::get(&self.object.raw, "spec")
    }

    pub(super) fn name(&self) -> &Name {
        &self.object.meta.name
    }

    pub(super) fn replicas(&self) -> i64 {
        replicas(&self.object)
    }

    pub(super) fn status_count(&self, key: &str) -> i64 {
        json::int(&self.status, key).unwrap_or(0)
    }

    pub(super) fn is_rolling_update(&self) -> bool {
        json::text(json::get(self.spec(), "strategy"), "type") == "RollingUpdate"
    }

    fn fenceposts(&self) -> (i64, i64) {
        let rolling = json::at(self.spec(), &["strategy", "rollingUpdate"]);
        let surge = scaled_value(json::get(rolling, "maxSurge"), self.replicas(), true);
        let unavailable = scaled_value(json::get(rolling, "maxUnavailable"), self.replicas(), false);
        // Rounding down may leave none: then one may be missing, or nothing could ever move.
        if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
    }

    pub(super) fn max_surge(&self) -> i64 {
        if self.is_rolling_update() { self.fenceposts().0 } else { 0 }
    }

    pub(super) fn max_unavailable(&self) -> i64 {
        if !self.is_rolling_update() || self.replicas() == 0 {
            return 0;
        }
        self.fenceposts().1.min(self.replicas())
    }

    pub(super) fn is_paused(&self) -> bool {
        json::flag(self.spec(), "paused")
    }

    /// spec.progressDeadlineSeconds, where there is one.
    pub(super) fn progress_deadline(&self) -> Option<i64> {
        json::int(self.spec(), "progressDeadlineSeconds").filter(|seconds| *seconds != NO_DEADLINE)
    }

    pub(super) fn condition(&self, kind: &str) -> Option<&Value> {
        find_condition(&self.status, kind)
    }

    /// Sets the revision's annotation; whether that changes anything.
    pub(super) fn set_revision(&mut self, revision: &str) -> bool {
        let changed = self.object.meta.annotation(REVISION) != Some(revision);
        if changed {
            set_annotation(&mut self.object, REVISION, revision);
        }
        changed
    }

    /// Writes status and annotations, made from the version that the sync began with.
    pub(super) fn update_status(&self, io: &mut Io) -> SyncResult<Got> {
        io.ask(Call::UpdateStatus(with_status(&self.object, &self.status)))
    }

    /// Kubernetes: DeploymentComplete.
    pub(super) fn is_complete(&self, status: &Value) -> bool {
        let count = |key: &str| json::int(status, key).unwrap_or(0);
        ["updatedReplicas", "replicas", "availableReplicas"].iter().all(|key| count(key) == self.replicas())
            && count("observedGeneration") >= i64::from(self.object.meta.generation)
    }
}

// ---- conditions ----

pub(super) fn find_condition<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    json::list(status, "conditions").iter().find(|condition| condition["type"] == kind)
}

pub(super) fn new_condition(kind: &str, status: &str, reason: &str, message: &str, now: Time) -> Value {
    let stamp = now.stamp().to_string();
    json!({
        "type": kind, "status": status, "lastUpdateTime": stamp, "lastTransitionTime": stamp,
        "reason": reason, "message": message,
    })
}

/// Kubernetes: SetDeploymentCondition.
pub(super) fn set_condition(status: &mut Value, mut condition: Value) {
    let kind = json::text(&condition, "type").to_owned();
    if let Some(current) = find_condition(status, &kind)
        && current["status"] == condition["status"]
    {
        if current["reason"] == condition["reason"] {
            return;
        }
        let since = current["lastTransitionTime"].clone();
        json::object(&mut condition).insert("lastTransitionTime".to_owned(), since);
    }
    remove_condition(status, &kind);
    let conditions = json::object(status).entry("conditions").or_insert_with(|| json!([]));
    if let Some(conditions) = conditions.as_array_mut() {
        conditions.push(condition);
    }
}

pub(super) fn remove_condition(status: &mut Value, kind: &str) {
    let status: &mut Map<String, Value> = json::object(status);
    if let Some(Value::Array(conditions)) = status.get_mut("conditions") {
        conditions.retain(|condition| condition["type"] != kind);
        if conditions.is_empty() {
            status.remove("conditions");
        }
    }
}

// ---- ReplicaSets ----

/// Kubernetes: controller_utils.go, ReplicaSetsByCreationTimestamp.
pub(super) fn by_creation(a: &Rc<Other>, b: &Rc<Other>) -> Ordering {
    (a.meta.created, &a.meta.name).cmp(&(b.meta.created, &b.meta.name))
}

pub(super) fn spec_sum<'a>(sets: impl IntoIterator<Item = &'a Rc<Other>>) -> i64 {
    sets.into_iter().map(|rs| replicas(rs)).sum()
}

pub(super) fn status_sum<'a>(sets: impl IntoIterator<Item = &'a Rc<Other>>, key: &str) -> i64 {
    sets.into_iter().map(|rs| count(rs, key)).sum()
}

pub(super) fn active(sets: &[Rc<Other>]) -> Sets {
    sets.iter().filter(|rs| replicas(rs) > 0).cloned().collect()
}

/// The old ReplicaSets, then the new one.
pub(super) fn all(old: &[Rc<Other>], new: Option<&Rc<Other>>) -> Sets {
    old.iter().chain(new).cloned().collect()
}

/// A pod template without the hash that names its ReplicaSet.
fn without_hash(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove(POD_TEMPLATE_HASH);
    }
    template
}

/// Kubernetes: EqualIgnoreHash.
pub(super) fn equal_ignore_hash(a: &Value, b: &Value) -> bool {
    a["spec"] == b["spec"] && without_hash(a) == without_hash(b)
}

/// Kubernetes: NewRSNewReplicas.
pub(super) fn new_replicas(d: &Deployment, all: &[Rc<Other>], new: i64) -> i64 {
    if !d.is_rolling_update() {
        return d.replicas();
    }
    // Here, unlike elsewhere, nothing is put in where both limits round to zero.
    let surge = json::at(d.spec(), &["strategy", "rollingUpdate", "maxSurge"]);
    let most = d.replicas() + scaled_value(surge, d.replicas(), true);
    let current = spec_sum(all);
    if current >= most {
        return new;
    }
    new + (most - current).min(d.replicas() - new)
}

//! DaemonSets, their pod templates and their ControllerRevisions.

use std::rc::Rc;

use serde_json::{Value, json};

use super::label::{Selector, label_selector_as_selector};
use super::meta::{Name, ObjectMeta, StringMap, Uid, string_map};
use super::pod::PodSpec;
use sim::Duration;

/// Carries the template's generation, which pods show as a label (DS-031).
pub const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// A pod template, read once and shared by all pods made from it.
#[derive(Clone, Debug, PartialEq)]
pub struct PodTemplate {
    pub labels: StringMap,
    pub annotations: StringMap,
    pub finalizers: Vec<Name>,
    pub spec: Rc<PodSpec>,
    /// spec.nodeName, which [`PodSpec`] leaves to the pod.
    pub node_name: Option<Name>,
    /// The template in API form.
    pub raw: Rc<Value>,
}

impl PodTemplate {
    pub fn from_value(raw: Value) -> PodTemplate {
        let meta = &raw["metadata"];
        PodTemplate {
            labels: string_map(&meta["labels"]),
            annotations: string_map(&meta["annotations"]),
            finalizers: super::meta::names(&meta["finalizers"]),
            spec: Rc::new(PodSpec::from_value(raw["spec"].clone())),
            node_name: raw["spec"]["nodeName"].as_str().filter(|name| !name.is_empty()).map(Name::from),
            raw: Rc::new(raw),
        }
    }
}

/// A number or a percentage of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntOrPercent {
    Int(u32),
    Percent(u32),
}

impl IntOrPercent {
    /// Reads `1` or `"10%"`; anything else is `None`.
    pub(crate) fn from_value(value: &Value) -> Option<IntOrPercent> {
        match value {
            Value::Number(number) => Some(IntOrPercent::Int(u32::try_from(number.as_i64()?).ok()?)),
            Value::String(text) => Some(IntOrPercent::Percent(text.strip_suffix('%')?.parse().ok()?)),
            _ => None,
        }
    }

    /// The number itself, or the percentage of `total` rounded up (DS-043).
    pub fn scaled_round_up(&self, total: u32) -> u32 {
        match self {
            IntOrPercent::Int(number) => *number,
            IntOrPercent::Percent(percent) => {
                (u64::from(*percent) * u64::from(total)).div_ceil(100).min(u64::from(u32::MAX)) as u32
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateStrategy {
    RollingUpdate { max_unavailable: IntOrPercent, max_surge: IntOrPercent },
    OnDelete,
}

/// The seven counts of DS-060…062 and the generation they speak of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DaemonSetStatus {
    pub desired_number_scheduled: u32,
    pub current_number_scheduled: u32,
    pub number_misscheduled: u32,
    pub number_ready: u32,
    pub updated_number_scheduled: u32,
    pub number_available: u32,
    pub number_unavailable: u32,
    pub observed_generation: u32,
    /// How often a revision's name was already taken by another template (DS-058); 0 is not printed.
    pub collision_count: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct DaemonSet {
    pub meta: ObjectMeta,
    /// What cannot be parsed matches nothing (DS-003 has the like for nodes).
    pub selector: Selector,
    pub template: Rc<PodTemplate>,
    pub update_strategy: UpdateStrategy,
    pub min_ready: Duration,
    pub revision_history_limit: u32,
    pub status: DaemonSetStatus,
    /// The spec in API form, defaulted.
    pub raw_spec: Rc<Value>,
}

impl DaemonSet {
    /// Reads a DaemonSet in API form. The value should have been decoded and defaulted before.
    pub fn from_value(value: &Value) -> DaemonSet {
        let spec = &value["spec"];
        let strategy = &spec["updateStrategy"];
        let rolling = &strategy["rollingUpdate"];
        let limit = |key: &str, default: u32| {
            IntOrPercent::from_value(&rolling[key]).unwrap_or(IntOrPercent::Int(default))
        };
        DaemonSet {
            meta: ObjectMeta::from_value(&value["metadata"]),
            selector: label_selector_as_selector(&spec["selector"]).unwrap_or(Selector::Nothing),
            template: Rc::new(PodTemplate::from_value(spec["template"].clone())),
            update_strategy: if strategy["type"] == "OnDelete" {
                UpdateStrategy::OnDelete
            } else {
                UpdateStrategy::RollingUpdate {
                    max_unavailable: limit("maxUnavailable", 1),
                    max_surge: limit("maxSurge", 0),
                }
            },
            min_ready: Duration::from_secs(spec["minReadySeconds"].as_u64().unwrap_or(0)),
            revision_history_limit: spec["revisionHistoryLimit"].as_u64().unwrap_or(10) as u32,
            status: DaemonSetStatus::from_value(&value["status"]),
            raw_spec: Rc::new(spec.clone()),
        }
    }

    pub fn to_value(&self) -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": self.meta.to_value(),
            "spec": (*self.raw_spec).clone(), "status": self.status.to_value(),
        })
    }
}

impl DaemonSetStatus {
    pub(crate) fn from_value(value: &Value) -> DaemonSetStatus {
        let number = |key: &str| value[key].as_u64().unwrap_or(0) as u32;
        DaemonSetStatus {
            desired_number_scheduled: number("desiredNumberScheduled"),
            current_number_scheduled: number("currentNumberScheduled"),
            number_misscheduled: number("numberMisscheduled"),
            number_ready: number("numberReady"),
            updated_number_scheduled: number("updatedNumberScheduled"),
            number_available: number("numberAvailable"),
            number_unavailable: number("numberUnavailable"),
            observed_generation: number("observedGeneration"),
            collision_count: number("collisionCount"),
        }
    }

    pub fn to_value(&self) -> Value {
        let mut value = json!({
            "desiredNumberScheduled": self.desired_number_scheduled,
            "currentNumberScheduled": self.current_number_scheduled,
            "numberMisscheduled": self.number_misscheduled,
            "numberReady": self.number_ready,
        });
        let optional = [
            ("updatedNumberScheduled", self.updated_number_scheduled),
            ("numberAvailable", self.number_available),
            ("numberUnavailable", self.number_unavailable),
            ("observedGeneration", self.observed_generation),
            ("collisionCount", self.collision_count),
        ];
        for (key, number) in optional {
            if number > 0 {
                value[key] = json!(number);
            }
        }
        value
    }
}

/// One pod template that a DaemonSet has had (DS-054).
#[derive(Clone, Debug, PartialEq)]
pub struct ControllerRevision {
    pub meta: ObjectMeta,
    pub revision: i64,
    pub data: Rc<Value>,
}

impl ControllerRevision {
    pub fn from_value(value: &Value) -> ControllerRevision {
        ControllerRevision {
            meta: ObjectMeta::from_value(&value["metadata"]),
            revision: value["revision"].as_i64().unwrap_or(0),
            data: Rc::new(value["data"].clone()),
        }
    }

    pub fn to_value(&self) -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": self.meta.to_value(),
            "revision": self.revision, "data": (*self.data).clone(),
        })
    }

    /// Whether the object with this uid controls it.
    pub fn is_controlled_by(&self, uid: Uid) -> bool {
        self.meta.controller().is_some_and(|owner| owner.uid == uid)
    }
}

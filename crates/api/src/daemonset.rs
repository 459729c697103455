//! DaemonSets, their pod templates and their ControllerRevisions.

use std::rc::Rc;

use serde_json::{Value, json};

use super::label::{Selector, selector_or_nothing};
use super::meta::{Name, ObjectMeta, StringMap, Uid, string_map};
use super::pod::PodSpec;
use sim::Duration;

/// Carries the template's generation, which pods show as a label (DS-031).
pub const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// A pod template, read once and shared by all pods made from it.
#[derive(Clone, Debug, PartialEq)]
pub struct PodTemplate {
    /// metadata.labels.
    pub labels: StringMap,
    /// metadata.annotations.
    pub annotations: StringMap,
    /// metadata.finalizers.
    pub finalizers: Vec<Name>,
    /// The spec that its pods get.
    pub spec: Rc<PodSpec>,
    /// spec.nodeName, which [`PodSpec`] leaves to the pod.
    pub node_name: Option<Name>,
    /// The template in API form.
    pub raw: Rc<Value>,
}

impl PodTemplate {
    /// Reads a template in API form, defaults filled in.
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
    /// So many nodes.
    Int(u32),
    /// So many percent of the nodes, rounded as the field says.
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

/// spec.updateStrategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateStrategy {
    /// Old pods are replaced, a few at a time.
    RollingUpdate {
        /// How many nodes may be without an available pod at a time.
        max_unavailable: IntOrPercent,
        /// How many nodes may have a second pod at a time.
        max_surge: IntOrPercent,
    },
    /// Old pods stay until somebody deletes them.
    OnDelete,
}

/// The seven counts of DS-060…062 and the generation they speak of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DaemonSetStatus {
    /// Nodes that should run a pod.
    pub desired_number_scheduled: u32,
    /// Of those, the ones that have one.
    pub current_number_scheduled: u32,
    /// Nodes that have a pod and should not.
    pub number_misscheduled: u32,
    /// Of the desired, the ones whose pod is ready.
    pub number_ready: u32,
    /// Of the desired, the ones whose pod is of the present template.
    pub updated_number_scheduled: u32,
    /// Of the desired, the ones whose pod has been ready for minReadySeconds.
    pub number_available: u32,
    /// Of the desired, the ones without an available pod.
    pub number_unavailable: u32,
    /// The generation that the controller acted on last.
    pub observed_generation: u32,
    /// How often a revision's name was already taken by another template (DS-058); 0 is not printed.
    pub collision_count: u32,
}

/// A DaemonSet, as the components act on it.
#[derive(Clone, Debug, PartialEq)]
pub struct DaemonSet {
    /// Its metadata.
    pub meta: ObjectMeta,
    /// What cannot be parsed matches nothing (DS-003 has the like for nodes).
    pub selector: Selector,
    /// spec.template.
    pub template: Rc<PodTemplate>,
    /// spec.updateStrategy.
    pub update_strategy: UpdateStrategy,
    /// spec.minReadySeconds.
    pub min_ready: Duration,
    /// spec.revisionHistoryLimit: how many old revisions stay.
    pub revision_history_limit: u32,
    /// Its status.
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
            selector: selector_or_nothing(&spec["selector"]),
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

    /// The status in API form.
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

    /// The object in API form.
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
    /// Its metadata.
    pub meta: ObjectMeta,
    /// Rises with each change of the template.
    pub revision: i64,
    /// What brings the template back: a patch of the DaemonSet.
    pub data: Rc<Value>,
}

impl ControllerRevision {
    /// Reads an object in API form.
    pub fn from_value(value: &Value) -> ControllerRevision {
        ControllerRevision {
            meta: ObjectMeta::from_value(&value["metadata"]),
            revision: value["revision"].as_i64().unwrap_or(0),
            data: Rc::new(value["data"].clone()),
        }
    }

    /// The object in API form.
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

//! The changes that may let a pod fit, and the plugins that ask for them.
//!
//! Kubernetes: pkg/scheduler/framework/events.go; the EventsToRegister functions of
//! pkg/scheduler/framework/plugins/*. Rule: SCH-004.

use std::rc::Rc;

use super::framework::{Plugin, PluginSet};
use api::node::Node;
use api::pod::Pod;

/// A change in the cluster that may let a pod fit.
#[derive(Clone, Debug)]
pub(crate) enum ClusterEvent<'a> {
    NodeAdded(&'a Rc<Node>),
    NodeUpdated {
        old: &'a Rc<Node>,
        new: &'a Rc<Node>,
        changed: NodeChange,
    },
    NodeDeleted(&'a Rc<Node>),
    AssignedPodAdded(&'a Rc<Pod>),
    /// Its labels changed or its requests shrank.
    AssignedPodUpdated {
        old: &'a Rc<Pod>,
        new: &'a Rc<Pod>,
    },
    AssignedPodDeleted(&'a Rc<Pod>),
    NamespaceChanged,
    /// A volume, a claim or a storage class.
    StorageChanged,
}

/// What of a node changed, as far as scheduling is concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NodeChange {
    pub allocatable: bool,
    pub labels: bool,
    pub taints: bool,
    pub annotations: bool,
}

impl<'a> ClusterEvent<'a> {
    /// `None` if nothing changed that matters: a heartbeat, say.
    ///
    /// Kubernetes: pkg/scheduler/framework/events.go, NodeSchedulingPropertiesChange.
    pub(crate) fn node_updated(old: &'a Rc<Node>, new: &'a Rc<Node>) -> Option<ClusterEvent<'a>> {
        let same_meta = Rc::ptr_eq(&old.meta.common, &new.meta.common);
        let changed = NodeChange {
            allocatable: old.allocatable != new.allocatable,
            labels: !same_meta && old.meta.labels() != new.meta.labels(),
            taints: old.taints != new.taints || old.unschedulable && !new.unschedulable,
            annotations: !same_meta && old.meta.annotations() != new.meta.annotations(),
        };
        (changed != NodeChange::default()).then_some(ClusterEvent::NodeUpdated { old, new, changed })
    }

    pub(crate) fn assigned_pod_updated(old: &'a Rc<Pod>, new: &'a Rc<Pod>) -> Option<ClusterEvent<'a>> {
        let changed = old.meta.labels() != new.meta.labels() || scaled_down(old, new);
        changed.then_some(ClusterEvent::AssignedPodUpdated { old, new })
    }

    /// The plugins that care for this sort of event.
    pub(crate) fn interested(&self) -> PluginSet {
        const VOLUME: PluginSet = PluginSet::of(Plugin::VolumeBinding).with(Plugin::VolumeRestrictions);
        match self {
            ClusterEvent::NodeAdded(_) => PluginSet::of(Plugin::NodeUnschedulable)
                .with(Plugin::NodeName)
                .with(Plugin::TaintToleration)
                .with(Plugin::NodeAffinity)
                .with(Plugin::NodePorts)
                .with(Plugin::NodeResourcesFit)
                .with(Plugin::VolumeRestrictions)
                .with(Plugin::VolumeBinding)
                .with(Plugin::PodTopologySpread)
                .with(Plugin::InterPodAffinity),
            ClusterEvent::NodeUpdated { changed, .. } => {
                let mut set = PluginSet::NONE;
                if changed.taints {
                    set = WITHOUT_TAINT_HINT.with(Plugin::NodeUnschedulable);
                    set = set.with(Plugin::TaintToleration).with(Plugin::PodTopologySpread);
                }
                if changed.labels {
                    set = set.with(Plugin::NodeAffinity).with(Plugin::PodTopologySpread);
                    set = set.with(Plugin::InterPodAffinity).with(Plugin::VolumeBinding);
                }
                if changed.allocatable {
                    set.add(Plugin::NodeResourcesFit);
                }
                set
            }
            ClusterEvent::NodeDeleted(_) => PluginSet::of(Plugin::PodTopologySpread),
            ClusterEvent::NamespaceChanged => PluginSet::of(Plugin::InterPodAffinity),
            ClusterEvent::StorageChanged => VOLUME,
            ClusterEvent::AssignedPodAdded(_) => {
                PluginSet::of(Plugin::PodTopologySpread).with(Plugin::InterPodAffinity)
            }
            ClusterEvent::AssignedPodUpdated { .. } => PluginSet::of(Plugin::PodTopologySpread)
                .with(Plugin::InterPodAffinity)
                .with(Plugin::NodeResourcesFit),
            ClusterEvent::AssignedPodDeleted(_) => VOLUME
                .with(Plugin::PodTopologySpread)
                .with(Plugin::InterPodAffinity)
                .with(Plugin::NodeResourcesFit)
                .with(Plugin::NodePorts),
        }
    }
}

/// Whether a pod asks for less of something than before.
pub(crate) fn scaled_down(old: &Pod, new: &Pod) -> bool {
    if Rc::ptr_eq(&old.spec, &new.spec) {
        return false;
    }
    let (old, new) = (&old.spec.requests, &new.spec.requests);
    let scalar = |name: &str| new.scalars.get(name).copied().unwrap_or(0);
    new.cpu_milli < old.cpu_milli
        || new.memory < old.memory
        || new.ephemeral_storage < old.ephemeral_storage
        || old.scalars.iter().any(|(name, amount)| scalar(name) < *amount)
}

/// The plugins that register Node/Add and not UpdateNodeTaint: a changed taint stands for an added node to them,
/// and whatever they rejected is tried again.
///
/// Kubernetes: pkg/scheduler/scheduler.go, buildQueueingHintMap.
pub(crate) const WITHOUT_TAINT_HINT: PluginSet = PluginSet::of(Plugin::NodeName)
    .with(Plugin::NodeAffinity)
    .with(Plugin::NodePorts)
    .with(Plugin::NodeResourcesFit)
    .with(Plugin::VolumeRestrictions)
    .with(Plugin::VolumeBinding)
    .with(Plugin::InterPodAffinity);

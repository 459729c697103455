//! What can help a pod that fits nowhere: each plugin that rejected it judges each change.
//!
//! Kubernetes: the QueueingHint functions of pkg/scheduler/framework/plugins/*, and isPodWorthRequeuing of
//! pkg/scheduler/backend/queue/scheduling_queue.go. Rule: SCH-004.

use std::rc::Rc;

use super::cache::{NodeId, NodeInfo};
use super::framework::{Plugin, PluginSet};
use super::plugins::{
    inter_pod_affinity, node_affinity, node_ports, node_resources_fit, node_unschedulable,
    pod_topology_spread, taint_toleration,
};
use super::run::World;
use super::{Config, Scheduler};
use api::node::Node;
use api::pod::Pod;
use sim::Time;

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
    pub(crate) allocatable: bool,
    pub(crate) labels: bool,
    pub(crate) taints: bool,
    pub(crate) annotations: bool,
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

    /// Whether a waiting pod's own change may let it pass the plugins that rejected it.
    ///
    /// Kubernetes: pkg/scheduler/framework/events.go, PodSchedulingPropertiesChange, and the plugins' hints.
    pub(crate) fn own_change_may_help(old: &Pod, new: &Pod, rejected_by: PluginSet) -> bool {
        if old.spec.scheduling.gated && !new.spec.scheduling.gated {
            return true;
        }
        let by = |plugin: Plugin| rejected_by.has(plugin);
        let spread = by(Plugin::PodTopologySpread);
        let relabeled = old.meta.labels() != new.meta.labels();
        let tolerates_more = old.spec.tolerations.len() != new.spec.tolerations.len();
        relabeled
            && (by(Plugin::InterPodAffinity) || spread && pod_topology_spread::counts_differently(old, new))
            || by(Plugin::NodeResourcesFit) && scaled_down(old, new)
            || tolerates_more
                && (by(Plugin::TaintToleration) || spread && pod_topology_spread::honors_taints(new))
            || tolerates_more
                && by(Plugin::NodeUnschedulable)
                && node_unschedulable::tolerates_cordon(&new.spec.tolerations)
    }

    /// The plugins that care for this sort of event.
    fn interested(&self) -> PluginSet {
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

fn scaled_down(old: &Pod, new: &Pod) -> bool {
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

impl Scheduler {
    /// Moves the unschedulable pods that an event may help.
    ///
    /// Kubernetes: scheduling_queue.go, MoveAllToActiveOrBackoffQueue.
    pub(super) fn move_all(&mut self, event: &ClusterEvent, node: Option<NodeId>, now: Time) {
        if self.queue.nothing_unschedulable() {
            return;
        }
        self.move_some(event, node, now, |_| true);
    }

    /// As [`Scheduler::move_all`], of the pods that pass the check.
    pub(super) fn move_some(
        &mut self,
        event: &ClusterEvent,
        node: Option<NodeId>,
        now: Time,
        pre_check: impl Fn(&Pod) -> bool,
    ) {
        let interested = event.interested();
        for ix in self.queue.candidates(node, interested) {
            let Some(queued) = self.queue.get(ix).filter(|queued| pre_check(&queued.pod)) else { continue };
            let plugins = queued.rejected_by.and(interested);
            let pod = queued.pod.clone();
            let world = self.world();
            if plugins.iter().any(|plugin| is_worth_requeuing(plugin, &pod, event, &world)) {
                self.queue.requeue(ix, now);
            }
        }
    }
}

/// The plugins that register Node/Add and not UpdateNodeTaint: a changed taint stands for an added node to them,
/// and whatever they rejected is tried again.
///
/// Kubernetes: pkg/scheduler/scheduler.go, buildQueueingHintMap.
const WITHOUT_TAINT_HINT: PluginSet = PluginSet::of(Plugin::NodeName)
    .with(Plugin::NodeAffinity)
    .with(Plugin::NodePorts)
    .with(Plugin::NodeResourcesFit)
    .with(Plugin::VolumeRestrictions)
    .with(Plugin::VolumeBinding)
    .with(Plugin::InterPodAffinity);

/// A plugin's hint: whether an event may make it accept a pod that it rejected.
fn is_worth_requeuing(plugin: Plugin, pod: &Pod, event: &ClusterEvent, world: &World) -> bool {
    let config = world.config;
    let (old, new) = match event {
        ClusterEvent::NodeAdded(new) => (None, Some(&***new)),
        ClusterEvent::NodeUpdated { old, new, .. } => (Some(&***old), Some(&***new)),
        _ => (None, None),
    };
    if let ClusterEvent::NodeUpdated { changed, .. } = event
        && changed.taints
        && WITHOUT_TAINT_HINT.has(plugin)
    {
        return true;
    }
    // A node that passes now and, if it was there before, did not pass then.
    let newly = |passes: &dyn Fn(&Node) -> bool| new.is_some_and(passes) && !old.is_some_and(passes);
    match plugin {
        Plugin::NodeUnschedulable => newly(&|node| !node.unschedulable),
        Plugin::TaintToleration => {
            newly(&|node| taint_toleration::filter(pod, node, config.comparison_operators).is_ok())
        }
        Plugin::NodeAffinity => newly(&|node| node_affinity::matches(pod, node)),
        Plugin::NodeResourcesFit => match (event, old, new) {
            // Any pod that leaves a node makes room.
            (ClusterEvent::AssignedPodDeleted(_), ..) => true,
            (ClusterEvent::AssignedPodUpdated { old, new }, ..) => frees_what_is_asked(pod, old, new),
            (_, old, Some(new)) => {
                is_fit(pod, new, config) && old.is_none_or(|old| any_requested_increased(pod, old, new))
            }
            _ => false,
        },
        Plugin::NodePorts => match event {
            ClusterEvent::AssignedPodDeleted(gone) => {
                !node_ports::fits(&pod.spec.host_ports, &gone.spec.host_ports)
            }
            _ => true,
        },
        Plugin::PodTopologySpread => pod_topology_spread::is_concerned(pod, event),
        Plugin::InterPodAffinity => inter_pod_affinity::is_concerned(pod, event, world.namespaces),
        _ => true,
    }
}

/// Whether a pod would fit the node if nothing else ran there.
fn is_fit(pod: &Pod, node: &Node, config: &Config) -> bool {
    let empty = NodeInfo::new(Rc::new(node.clone()), []);
    node_resources_fit::filter(pod, &empty, &config.fit).is_ok()
}

/// Kubernetes: noderesources/fit.go, haveAnyRequestedResourcesIncreased.
fn any_requested_increased(pod: &Pod, old: &Node, new: &Node) -> bool {
    let (request, old, new) = (&pod.spec.requests, &old.allocatable, &new.allocatable);
    let scalar = |name: &str| {
        let of = |resources: &api::resources::Resources| resources.scalars.get(name).copied().unwrap_or(0);
        of(new) > of(old)
    };
    new.pods > old.pods
        || request.cpu_milli > 0 && new.cpu_milli > old.cpu_milli
        || request.memory > 0 && new.memory > old.memory
        || request.ephemeral_storage > 0 && new.ephemeral_storage > old.ephemeral_storage
        || request.scalars.iter().any(|(name, amount)| *amount > 0 && scalar(name))
}

/// Kubernetes: noderesources/fit.go, isSchedulableAfterPodScaleDown.
fn frees_what_is_asked(pod: &Pod, old: &Pod, new: &Pod) -> bool {
    let (asked, old, new) = (&pod.spec.requests, &old.spec.requests, &new.spec.requests);
    asked.cpu_milli > 0 && new.cpu_milli < old.cpu_milli
        || asked.memory > 0 && new.memory < old.memory
        || asked.ephemeral_storage > 0 && new.ephemeral_storage < old.ephemeral_storage
        || asked.scalars.iter().any(|(name, amount)| {
            let of = |scalars: &std::collections::BTreeMap<_, i64>| scalars.get(name).copied().unwrap_or(0);
            *amount > 0 && of(&new.scalars) < of(&old.scalars)
        })
}

//! What can help a pod that fits nowhere: each plugin that rejected it judges each change.
//!
//! Kubernetes: the QueueingHint functions of pkg/scheduler/framework/plugins/*. Rule: SCH-004.

use std::rc::Rc;

use super::cache::NodeInfo;
use super::cluster_event::{ClusterEvent, WITHOUT_TAINT_HINT, scaled_down};
use super::config::Config;
use super::framework::{Plugin, PluginSet};
use super::plugins::{
    inter_pod_affinity, node_affinity, node_ports, node_resources_fit, node_unschedulable,
    pod_topology_spread, taint_toleration,
};
use api::node::Node;
use api::pod::Pod;
use api::pod::scheduling::NamespaceLabels;

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
    relabeled && (by(Plugin::InterPodAffinity) || spread && pod_topology_spread::counts_differently(old, new))
        || by(Plugin::NodeResourcesFit) && scaled_down(old, new)
        || tolerates_more
            && (by(Plugin::TaintToleration) || spread && pod_topology_spread::honors_taints(new))
        || tolerates_more
            && by(Plugin::NodeUnschedulable)
            && node_unschedulable::tolerates_cordon(&new.spec.tolerations)
}

/// A plugin's hint: whether an event may make it accept a pod that it rejected.
pub(crate) fn is_worth_requeuing(
    plugin: Plugin,
    pod: &Pod,
    event: &ClusterEvent,
    config: &Config,
    namespaces: &NamespaceLabels,
) -> bool {
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
        Plugin::InterPodAffinity => inter_pod_affinity::is_concerned(pod, event, namespaces),
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
            let of = |scalars: &sim::SortedMap<_, i64>| scalars.get(name).copied().unwrap_or(0);
            *amount > 0 && of(&new.scalars) < of(&old.scalars)
        })
}

//! Runs the filters and the scores of all plugins, in their order.
//!
//! Kubernetes: pkg/scheduler/framework/runtime/framework.go. Rules: SCH-005, SCH-006, SCH-007.

use super::Scheduler;
use super::cache::{Cache, NodeId, NodeInfo};
use super::config::Config;
use super::framework::{Code, Plugin, Status, Verdict};
use super::plugins::volume_binding::{self, Volumes};
use super::plugins::{
    default_normalize_score, image_locality, inter_pod_affinity, node_affinity, node_name, node_ports,
    node_resources_fit, node_unschedulable, pod_topology_spread, resource_scores, taint_toleration,
};
use super::queue::PodIx;
use api::node::Node;
use api::pod::Pod;
use api::pod::scheduling::NamespaceLabels;

/// What the plugins have counted over the whole cluster for one pod.
#[derive(Clone, Debug, Default)]
pub(crate) struct CycleState {
    spread: Option<pod_topology_spread::PreFilterState>,
    inter_pod: Option<inter_pod_affinity::PreFilterState>,
    volumes: Option<volume_binding::PreFilterState>,
}

/// Everything besides the pod and the node that a filter may look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World<'a> {
    /// The scheduler's configuration.
    pub config: &'a Config,
    /// Nodes and their pods.
    pub cache: &'a Cache,
    /// The labels of the namespaces, for selectors of pod affinity.
    pub namespaces: &'a NamespaceLabels,
    /// Volumes, claims and storage classes.
    pub volumes: &'a Volumes,
}

impl World<'_> {
    /// What the plugins count before they look at nodes; NodeAffinity's part is its own.
    pub(crate) fn run_pre_filter_plugins(&self, pod: &Pod) -> Result<CycleState, Status> {
        Ok(CycleState {
            volumes: volume_binding::pre_filter(pod, self.volumes)?,
            spread: pod_topology_spread::pre_filter(pod, self.cache, self.config.comparison_operators),
            inter_pod: inter_pod_affinity::pre_filter(pod, self.cache, self.namespaces),
        })
    }

    /// All filters for one node, in their order, up to the first that rejects it (SCH-005, SCH-006).
    pub(crate) fn run_filter_plugins(&self, pod: &Pod, info: &NodeInfo, state: &CycleState) -> Verdict {
        self.for_each_filter(pod, info, state, |verdict| verdict)
    }

    /// Every reason against a node, not only the first.
    pub(crate) fn all_reasons(&self, pod: &Pod, info: &NodeInfo, state: &CycleState) -> Vec<Status> {
        let mut found = Vec::new();
        let collected = self.for_each_filter(pod, info, state, |verdict| {
            found.extend(verdict.err());
            Ok(())
        });
        found.extend(collected.err());
        found
    }

    fn for_each_filter(
        &self,
        pod: &Pod,
        info: &NodeInfo,
        state: &CycleState,
        mut judge: impl FnMut(Verdict) -> Verdict,
    ) -> Verdict {
        let Some(node) = &info.node else { return Err(Status::empty(Plugin::NodeName, Code::Error)) };
        judge(node_unschedulable::filter(pod, node))?;
        judge(node_name::filter(pod, node))?;
        judge(taint_toleration::filter(pod, node, self.config.comparison_operators))?;
        judge(node_affinity::filter(pod, node))?;
        judge(node_ports::filter(pod, info))?;
        judge(node_resources_fit::filter(pod, info, &self.config.fit))?;
        if let Some(volumes) = &state.volumes {
            judge(volume_binding::filter(node, volumes, self.volumes))?;
        }
        if let Some(spread) = &state.spread {
            judge(pod_topology_spread::filter(pod, node, spread))?;
        }
        if let Some(inter_pod) = &state.inter_pod {
            judge(inter_pod_affinity::filter(pod, node, inter_pod, self.namespaces))?;
        }
        Ok(())
    }

    /// Tells the counts that a pod has come to a node (+1) or left it (-1).
    pub(crate) fn update(&self, state: &mut CycleState, pod: &Pod, other: &Pod, node: &Node, by: i64) {
        if let Some(spread) = &mut state.spread {
            spread.update(pod, other, node, by, self.config.comparison_operators);
        }
        if let Some(inter_pod) = &mut state.inter_pod {
            inter_pod.update(pod, other, node, by, self.namespaces);
        }
    }

    /// The weighted sum of all plugins' scores, for each node in its order.
    pub(crate) fn scores(&self, pod: &Pod, nodes: &[NodeId]) -> Vec<i64> {
        let infos: Vec<&NodeInfo> = nodes.iter().map(|id| self.cache.info(*id)).collect();
        let mut total = vec![0i64; nodes.len()];
        let mut add = |weight: i64, scores: Vec<i64>| {
            for (sum, score) in total.iter_mut().zip(scores) {
                *sum += weight * score;
            }
        };
        let of_nodes = |score: &dyn Fn(&Node) -> i64| -> Vec<i64> {
            infos.iter().map(|info| info.node.as_ref().map_or(0, |node| score(node))).collect()
        };
        let mut taints =
            of_nodes(&|node| taint_toleration::score(pod, node, self.config.comparison_operators));
        default_normalize_score(&mut taints, true);
        add(3, taints);
        if !pod.spec.preferred_node_affinity.is_empty() {
            let mut affinity = of_nodes(&|node| node_affinity::score(pod, node));
            default_normalize_score(&mut affinity, false);
            add(2, affinity);
        }
        if let Some(scores) =
            pod_topology_spread::scores(pod, &infos, self.cache, self.config.comparison_operators)
        {
            add(2, scores);
        }
        if let Some(scores) = inter_pod_affinity::scores(pod, &infos, self.cache, self.namespaces) {
            add(2, scores);
        }
        add(1, infos.iter().map(|info| resource_scores::least_allocated(pod, info)).collect());
        let balanced = infos.iter().map(|info| resource_scores::balanced_allocation(pod, info).unwrap_or(0));
        add(1, balanced.collect());
        if let Some(scores) = image_locality::scores(pod, &infos, self.cache) {
            add(1, scores);
        }
        total
    }
}

impl Scheduler {
    pub(super) fn world(&self) -> World<'_> {
        World {
            config: &self.config,
            cache: &self.cache,
            namespaces: &self.namespaces,
            volumes: &self.volumes,
        }
    }

    /// The filters, with the pods counted in that are nominated to the node and matter no less than this
    /// one; and without them, as they may never come.
    ///
    /// Kubernetes: framework/runtime/framework.go, RunFilterPluginsWithNominatedPods.
    pub(super) fn run_filters_with_nominated_pods(
        &self,
        pod: &Pod,
        ix: PodIx,
        (id, info): (NodeId, &NodeInfo),
        state: &CycleState,
    ) -> Verdict {
        let world = self.world();
        let nominated = self.queue.nominated_to(id);
        let others = nominated.filter(|other| *other != ix).filter_map(|other| self.queue.get(other));
        let mut others = others.filter(|other| other.pod.spec.priority >= pod.spec.priority).peekable();
        if others.peek().is_some()
            && let Some(node) = &info.node
        {
            let (mut info, mut state) = (info.clone(), state.clone());
            for other in others {
                world.update(&mut state, pod, &other.pod, node, 1);
                info.add_pod(other.pod.clone());
            }
            world.run_filter_plugins(pod, &info, &state)?;
        }
        world.run_filter_plugins(pod, info, state)
    }
}

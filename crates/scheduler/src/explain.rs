//! Why a pod could run on a node, or why not: every reason, where the scheduler itself stops at the first.

use std::rc::Rc;

use super::cache::{Cache, NodeInfo};
use super::config::Config;
use super::framework::{Plugin, Status};
use super::plugins::node_resources_fit;
use super::plugins::volume_binding::Volumes;
use super::run::{CycleState, World};
use api::meta::Name;
use api::node::Node;
use api::pod::Pod;
use api::pod::scheduling::NamespaceLabels;
use api::toleration::{TaintEffect, tolerations_tolerate_taint};

/// One thing that keeps a pod from a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The plugin that refuses.
    pub plugin: &'static str,
    /// Its words, as in the event.
    pub reason: String,
    /// What exactly it is about: the taint, the amounts. May be empty.
    pub detail: String,
}

/// A node, and all that keeps a pod from it; nothing if it fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    pub(crate) node: Name,
    /// What keeps the pod from it, in the order of the plugins.
    pub obstacles: Vec<Obstacle>,
}

/// Explains a pod on each of these nodes, in their order, with these pods running there.
pub fn explain(pod: &Pod, nodes: &[Rc<Node>], pods: &[Rc<Pod>]) -> Vec<Explanation> {
    let mut cache = Cache::default();
    for node in nodes {
        cache.set_node(node.clone());
    }
    for other in pods.iter().filter(|other| !other.is_terminal()) {
        if let Some(name) = &other.node_name {
            let id = cache.intern(name);
            cache.set_pod(id, other.clone());
        }
    }
    let (config, namespaces, volumes) = (Config::default(), NamespaceLabels::new(), Volumes::default());
    World { config: &config, cache: &cache, namespaces: &namespaces, volumes: &volumes }.explain(pod)
}

impl World<'_> {
    fn prepare(&self, pod: &Pod) -> (CycleState, Option<Status>) {
        match self.run_pre_filter_plugins(pod) {
            Ok(state) => (state, None),
            Err(status) => (CycleState::default(), Some(status)),
        }
    }

    fn explain(&self, pod: &Pod) -> Vec<Explanation> {
        let (state, first) = self.prepare(pod);
        let nodes = self.cache.infos().filter(|(_, info)| info.node.is_some());
        nodes.map(|(_, info)| self.explain_node(pod, info, &state, first.clone())).collect()
    }

    fn explain_node(
        &self,
        pod: &Pod,
        info: &NodeInfo,
        state: &CycleState,
        first: Option<Status>,
    ) -> Explanation {
        let statuses = first.into_iter().chain(self.all_reasons(pod, info, state));
        let obstacles = statuses.flat_map(|status| obstacles(&status, pod, info, self.config));
        Explanation { node: info.name.clone(), obstacles: obstacles.collect() }
    }
}

fn obstacles(status: &Status, pod: &Pod, info: &NodeInfo, config: &Config) -> Vec<Obstacle> {
    let details = match status.plugin {
        Plugin::TaintToleration => vec![untolerated_taints(pod, info, config)],
        Plugin::NodeResourcesFit => node_resources_fit::fits_request(pod, info, &config.fit)
            .iter()
            .map(|short| {
                let unit = if &*short.resource == "cpu" { "m" } else { "" };
                let (requested, used, capacity) = (short.requested, short.used, short.capacity);
                format!("requested {requested}{unit}, used {used}{unit} of {capacity}{unit}")
            })
            .collect(),
        Plugin::NodePorts => vec![taken_ports(pod, info)],
        _ => Vec::new(),
    };
    let mut details = details.into_iter();
    let name = status.plugin.name();
    let reasons = status.reasons().map(ToString::to_string);
    let reasons = reasons.chain(status.error.iter().map(ToString::to_string));
    reasons
        .map(|reason| Obstacle { plugin: name, reason, detail: details.next().unwrap_or_default() })
        .collect()
}

fn untolerated_taints(pod: &Pod, info: &NodeInfo, config: &Config) -> String {
    let taints = info.node.iter().flat_map(|node| &node.taints);
    let kept = taints.filter(|taint| taint.effect != TaintEffect::PreferNoSchedule).filter(|taint| {
        !tolerations_tolerate_taint(&pod.spec.tolerations, taint, config.comparison_operators)
    });
    kept.map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn taken_ports(pod: &Pod, info: &NodeInfo) -> String {
    let taken =
        pod.spec.host_ports.iter().filter(|wanted| {
            !super::plugins::node_ports::fits(std::slice::from_ref(wanted), &info.used_ports)
        });
    taken.map(|port| format!("{}/{}", port.port, port.protocol)).collect::<Vec<_>>().join(", ")
}

//! Why a pod could run on a node, or why not: every reason, where the scheduler itself stops at the first.

use std::fmt;
use std::rc::Rc;

use super::cache::{Cache, NodeInfo};
use super::config::Config;
use super::framework::{Plugin, Status};
use super::plugins::node_ports;
use super::plugins::node_resources_fit::{self, InsufficientResource};
use super::plugins::volume_binding::Volumes;
use super::run::{CycleState, World};
use api::meta::Name;
use api::node::Node;
use api::pod::scheduling::NamespaceLabels;
use api::pod::{HostPort, Pod};
use api::toleration::{Taint, TaintEffect, tolerations_tolerate_taint};

/// One thing that keeps a pod from a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Obstacle {
    /// The plugin that refuses.
    pub plugin: &'static str,
    /// Its words, as in the event.
    pub reason: String,
    /// What exactly it is about.
    pub matter: Matter,
}

/// What exactly an obstacle is about. Prints as what follows the reason; may be empty.
#[derive(Clone, Debug, PartialEq)]
pub enum Matter {
    /// These taints are not tolerated.
    Taints(Vec<Taint>),
    /// There is not enough of this resource.
    Short(InsufficientResource),
    /// These ports of the node are taken, by these pods.
    Ports(Vec<(HostPort, Option<Rc<Pod>>)>),
    /// The plugin's reason says it all.
    Plain,
}

impl fmt::Display for Matter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Matter::Taints(taints) => f.write_str(&joined(taints.iter())),
            Matter::Short(short) => {
                let unit = if &*short.resource == "cpu" { "m" } else { "" };
                let (requested, used, capacity) = (short.requested, short.used, short.capacity);
                write!(f, "requested {requested}{unit}, used {used}{unit} of {capacity}{unit}")
            }
            Matter::Ports(ports) => {
                f.write_str(&joined(ports.iter().map(|(port, _)| format!("{}/{}", port.port, port.protocol))))
            }
            Matter::Plain => Ok(()),
        }
    }
}

fn joined<T: ToString>(parts: impl Iterator<Item = T>) -> String {
    parts.map(|part| part.to_string()).collect::<Vec<_>>().join(", ")
}

/// A node, and all that keeps a pod from it; nothing if it fits.
#[derive(Clone, Debug, PartialEq)]
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
    let matters = match status.plugin {
        Plugin::TaintToleration => vec![Matter::Taints(untolerated_taints(pod, info, config))],
        Plugin::NodeResourcesFit => {
            node_resources_fit::fits_request(pod, info, &config.fit).into_iter().map(Matter::Short).collect()
        }
        Plugin::NodePorts => vec![Matter::Ports(taken_ports(pod, info))],
        _ => Vec::new(),
    };
    let mut matters = matters.into_iter();
    let plugin = status.plugin.name();
    let reasons = status.reasons().map(ToString::to_string);
    let reasons = reasons.chain(status.error.iter().map(ToString::to_string));
    reasons
        .map(|reason| Obstacle { plugin, reason, matter: matters.next().unwrap_or(Matter::Plain) })
        .collect()
}

fn untolerated_taints(pod: &Pod, info: &NodeInfo, config: &Config) -> Vec<Taint> {
    let taints = info.node.iter().flat_map(|node| &node.taints);
    let kept = taints.filter(|taint| taint.effect != TaintEffect::PreferNoSchedule).filter(|taint| {
        !tolerations_tolerate_taint(&pod.spec.tolerations, taint, config.comparison_operators)
    });
    kept.cloned().collect()
}

fn taken_ports(pod: &Pod, info: &NodeInfo) -> Vec<(HostPort, Option<Rc<Pod>>)> {
    let clashes =
        |wanted: &HostPort, used: &[HostPort]| !node_ports::fits(std::slice::from_ref(wanted), used);
    let taken = pod.spec.host_ports.iter().filter(|wanted| clashes(wanted, &info.used_ports));
    let holder = |wanted: &HostPort| {
        let mut pods = info.pods.iter().map(|slot| &slot.pod);
        pods.find(|pod| clashes(wanted, &pod.spec.host_ports)).cloned()
    };
    taken.map(|port| (port.clone(), holder(port))).collect()
}

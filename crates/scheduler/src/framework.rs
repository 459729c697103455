//! What the scheduler's plugins have in common: their names, their verdicts, and the text of a failure.
//!
//! Kubernetes: pkg/scheduler/framework/types.go, staging/src/k8s.io/kube-scheduler/framework/interface.go.

use std::fmt;

use api::meta::Name;

/// The plugins that can reject a pod, in the order in which they filter (SCH-005).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Plugin {
    /// spec.schedulingGates hold the pod back.
    SchedulingGates,
    /// spec.unschedulable of the node: it is cordoned.
    NodeUnschedulable,
    /// spec.nodeName of the pod.
    NodeName,
    /// Taints that the pod does not tolerate.
    TaintToleration,
    /// nodeSelector and nodeAffinity.
    NodeAffinity,
    /// Host ports that are taken.
    NodePorts,
    /// Requests that the node has no room for.
    NodeResourcesFit,
    /// Volumes that another pod uses alone.
    VolumeRestrictions,
    /// Claims that are not bound, or bound elsewhere.
    VolumeBinding,
    /// topologySpreadConstraints.
    PodTopologySpread,
    /// podAffinity and podAntiAffinity.
    InterPodAffinity,
    /// Claims of devices.
    DynamicResources,
    /// Preemption, after no node was found.
    DefaultPreemption,
}

impl Plugin {
    pub(crate) const ALL: [Plugin; 13] = [
        Plugin::SchedulingGates,
        Plugin::NodeUnschedulable,
        Plugin::NodeName,
        Plugin::TaintToleration,
        Plugin::NodeAffinity,
        Plugin::NodePorts,
        Plugin::NodeResourcesFit,
        Plugin::VolumeRestrictions,
        Plugin::VolumeBinding,
        Plugin::PodTopologySpread,
        Plugin::InterPodAffinity,
        Plugin::DynamicResources,
        Plugin::DefaultPreemption,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Plugin::SchedulingGates => "SchedulingGates",
            Plugin::NodeUnschedulable => "NodeUnschedulable",
            Plugin::NodeName => "NodeName",
            Plugin::TaintToleration => "TaintToleration",
            Plugin::NodeAffinity => "NodeAffinity",
            Plugin::NodePorts => "NodePorts",
            Plugin::NodeResourcesFit => "NodeResourcesFit",
            Plugin::VolumeRestrictions => "VolumeRestrictions",
            Plugin::VolumeBinding => "VolumeBinding",
            Plugin::PodTopologySpread => "PodTopologySpread",
            Plugin::InterPodAffinity => "InterPodAffinity",
            Plugin::DynamicResources => "DynamicResources",
            Plugin::DefaultPreemption => "DefaultPreemption",
        }
    }
}

/// A set of plugins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PluginSet(u16);

impl PluginSet {
    pub(crate) const NONE: PluginSet = PluginSet(0);

    pub(crate) const fn of(plugin: Plugin) -> PluginSet {
        PluginSet(1 << plugin as u16)
    }

    pub(crate) fn add(&mut self, plugin: Plugin) {
        self.0 |= 1 << plugin as u16;
    }

    #[must_use]
    pub(crate) const fn with(self, plugin: Plugin) -> PluginSet {
        PluginSet(self.0 | 1 << plugin as u16)
    }

    #[must_use]
    pub(crate) const fn and(self, other: PluginSet) -> PluginSet {
        PluginSet(self.0 & other.0)
    }

    pub(crate) const fn has(self, plugin: Plugin) -> bool {
        self.0 & 1 << plugin as u16 != 0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its members, in the order of filtering.
    pub(crate) fn iter(self) -> impl Iterator<Item = Plugin> {
        Plugin::ALL.into_iter().filter(move |plugin| self.has(*plugin))
    }
}

/// How final a rejection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Something went wrong that has nothing to do with the pod or the node.
    Error,
    /// Other pods leaving could help.
    Unschedulable,
    /// No eviction could help.
    UnschedulableAndUnresolvable,
}

/// Why a node does not fit, in the words that are counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Words that are known beforehand.
    Static(&'static str),
    /// `Insufficient {resource}`.
    Insufficient(Name),
    /// Words made for the case.
    Text(Name),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Static(text) => f.write_str(text),
            Reason::Insufficient(resource) => write!(f, "Insufficient {resource}"),
            Reason::Text(text) => f.write_str(text),
        }
    }
}

/// A plugin's refusal. Making one with one reason allocates nothing: there may be one for every node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub(crate) plugin: Plugin,
    /// What could help.
    pub code: Code,
    first: Option<Reason>,
    more: Vec<Reason>,
    /// What went wrong inside the plugin, if something did: it then gives no reasons.
    pub error: Option<Name>,
}

impl Status {
    pub(crate) fn new(plugin: Plugin, code: Code, reason: &'static str) -> Status {
        Status { plugin, code, first: Some(Reason::Static(reason)), more: Vec::new(), error: None }
    }

    /// No eviction could help.
    pub(crate) fn unresolvable(plugin: Plugin, reason: &'static str) -> Status {
        Status::new(plugin, Code::UnschedulableAndUnresolvable, reason)
    }

    pub(crate) fn unschedulable(plugin: Plugin, reason: &'static str) -> Status {
        Status::new(plugin, Code::Unschedulable, reason)
    }

    pub(crate) fn with_text(plugin: Plugin, code: Code, text: Name) -> Status {
        Status { plugin, code, first: Some(Reason::Text(text)), more: Vec::new(), error: None }
    }

    pub(crate) fn with_error(plugin: Plugin, code: Code, error: Name) -> Status {
        Status { error: Some(error), ..Status::empty(plugin, code) }
    }

    /// A refusal without words yet.
    pub fn empty(plugin: Plugin, code: Code) -> Status {
        Status { plugin, code, first: None, more: Vec::new(), error: None }
    }

    /// Adds one more reason.
    pub fn push(&mut self, reason: Reason) {
        match &self.first {
            None => self.first = Some(reason),
            Some(_) => self.more.push(reason),
        }
    }

    /// The reasons, in the order in which they were found.
    pub fn reasons(&self) -> impl Iterator<Item = &Reason> {
        self.first.iter().chain(&self.more)
    }

    /// The error, or the reasons joined by `, `.
    pub(crate) fn message(&self) -> String {
        if let Some(error) = &self.error {
            return error.to_string();
        }
        let reasons: Vec<String> = self.reasons().map(Reason::to_string).collect();
        reasons.join(", ")
    }
}

/// What a filter says of one node.
pub type Verdict = Result<(), Status>;

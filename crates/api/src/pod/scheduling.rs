//! What only the scheduler reads of a pod's spec: inter-pod affinity, topology spread, gates.

use serde_json::Value;
use sim::SortedMap;

use super::spec::{Container, ContainerKind};
use crate::json;
use crate::label::{Selector, selector_or_nothing};
use crate::meta::{Name, StringMap, names};
use crate::resources::Resources;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// What a container without a request counts as, for scoring only (SCH-008).
///
/// Kubernetes: pkg/scheduler/util/pod_resources.go.
pub(crate) const DEFAULT_MILLI_CPU_REQUEST: i64 = 100;
pub(crate) const DEFAULT_MEMORY_REQUEST: i64 = 200 * 1024 * 1024;

/// Read once for all pods of a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scheduling {
    /// podAffinity and podAntiAffinity, if there are any.
    pub pod_affinity: Option<Box<PodAffinity>>,
    /// spec.topologySpreadConstraints.
    pub topology_spread: Vec<TopologySpreadConstraint>,
    /// CPU and memory with defaults for what was not asked for (SCH-008).
    pub non_zero_requests: NonZero,
    /// Has scheduling gates.
    pub gated: bool,
}

impl Scheduling {
    pub(super) fn from_pod_spec(raw: &Value, containers: &[Container]) -> Scheduling {
        let constraints = json::list(raw, "topologySpreadConstraints");
        Scheduling {
            pod_affinity: PodAffinity::from_pod_spec(raw).map(Box::new),
            topology_spread: constraints.iter().map(TopologySpreadConstraint::from_value).collect(),
            non_zero_requests: NonZero::of(raw, containers),
            gated: !json::list(raw, "schedulingGates").is_empty(),
        }
    }
}

/// CPU and memory as scoring counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NonZero {
    /// Thousandths of a core.
    pub cpu_milli: i64,
    /// Bytes.
    pub memory: i64,
}

impl NonZero {
    /// Kubernetes: staging/src/k8s.io/component-helpers/resource/helpers.go, PodRequests with
    /// NonMissingContainerRequests.
    fn of(raw: &Value, containers: &[Container]) -> NonZero {
        let none = NonZero::default();
        let (mut running, mut sidecars, mut init) = (none, none, none);
        for container in containers {
            let asked = |amount: i64, default: i64| if amount == 0 { default } else { amount };
            let one = NonZero {
                cpu_milli: asked(container.requests.cpu_milli, DEFAULT_MILLI_CPU_REQUEST),
                memory: asked(container.requests.memory, DEFAULT_MEMORY_REQUEST),
            };
            match container.kind {
                ContainerKind::Main => running = running.plus(one),
                ContainerKind::Sidecar => {
                    running = running.plus(one);
                    sidecars = sidecars.plus(one);
                    init = init.max(sidecars);
                }
                ContainerKind::Init => init = init.max(one.plus(sidecars)),
                ContainerKind::Ephemeral => {}
            }
        }
        let own = Resources::from_value(json::at(raw, &["resources", "requests"]));
        let mut total = running.max(init);
        if own.cpu_milli != 0 {
            total.cpu_milli = own.cpu_milli;
        }
        if own.memory != 0 {
            total.memory = own.memory;
        }
        let overhead = Resources::from_value(json::get(raw, "overhead"));
        total.plus(NonZero { cpu_milli: overhead.cpu_milli, memory: overhead.memory })
    }

    /// Sums.
    #[must_use]
    pub fn plus(self, other: NonZero) -> NonZero {
        NonZero {
            cpu_milli: self.cpu_milli.saturating_add(other.cpu_milli),
            memory: self.memory.saturating_add(other.memory),
        }
    }

    /// Differences.
    #[must_use]
    pub fn minus(self, other: NonZero) -> NonZero {
        NonZero {
            cpu_milli: self.cpu_milli.saturating_sub(other.cpu_milli),
            memory: self.memory.saturating_sub(other.memory),
        }
    }

    fn max(self, other: NonZero) -> NonZero {
        NonZero { cpu_milli: self.cpu_milli.max(other.cpu_milli), memory: self.memory.max(other.memory) }
    }
}

/// spec.affinity.podAffinity and podAntiAffinity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodAffinity {
    /// podAffinity, requiredDuringSchedulingIgnoredDuringExecution.
    pub required: Vec<AffinityTerm>,
    /// podAffinity, preferredDuringSchedulingIgnoredDuringExecution, with weights from 1 to 100.
    pub preferred: Vec<(i64, AffinityTerm)>,
    /// podAntiAffinity, requiredDuringSchedulingIgnoredDuringExecution.
    pub anti_required: Vec<AffinityTerm>,
    /// podAntiAffinity, preferredDuringSchedulingIgnoredDuringExecution, with weights from 1 to 100.
    pub anti_preferred: Vec<(i64, AffinityTerm)>,
}

impl PodAffinity {
    /// `None` if there is neither.
    fn from_pod_spec(raw: &Value) -> Option<PodAffinity> {
        let affinity = json::get(raw, "affinity");
        let (with, without) = (json::get(affinity, "podAffinity"), json::get(affinity, "podAntiAffinity"));
        if with.is_null() && without.is_null() {
            return None;
        }
        let required =
            |from: &Value| json::list(from, REQUIRED).iter().map(AffinityTerm::from_value).collect();
        let weighted = |term: &Value| {
            let weight = json::int(term, "weight").unwrap_or(0);
            (weight, AffinityTerm::from_value(json::get(term, "podAffinityTerm")))
        };
        let preferred = |from: &Value| json::list(from, PREFERRED).iter().map(weighted).collect();
        Some(PodAffinity {
            required: required(with),
            preferred: preferred(with),
            anti_required: required(without),
            anti_preferred: preferred(without),
        })
    }
}

/// A group of pods, by labels and namespaces, and what counts as the same place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AffinityTerm {
    /// The label of nodes whose values are the domains.
    pub topology_key: Name,
    selector: Selector,
    namespaces: Vec<Name>,
    /// `None` if there is none; an empty one selects every namespace.
    namespace_selector: Option<Selector>,
    match_label_keys: Vec<Name>,
    mismatch_label_keys: Vec<Name>,
}

/// The labels of namespaces, as far as they are known.
pub type NamespaceLabels = SortedMap<Name, StringMap>;

impl AffinityTerm {
    fn from_value(value: &Value) -> AffinityTerm {
        let namespace_selector = json::get(value, "namespaceSelector");
        AffinityTerm {
            topology_key: json::text(value, "topologyKey").into(),
            selector: selector_or_nothing(json::get(value, "labelSelector")),
            namespaces: names(json::get(value, "namespaces")),
            namespace_selector: (!namespace_selector.is_null())
                .then(|| selector_or_nothing(namespace_selector)),
            match_label_keys: names(json::get(value, "matchLabelKeys")),
            mismatch_label_keys: names(json::get(value, "mismatchLabelKeys")),
        }
    }

    /// Whether `target` belongs to the group that a term of `owner` describes.
    ///
    /// Kubernetes: pkg/scheduler/framework/types.go, AffinityTerm.Matches; the label keys are merged into
    /// the selector by pkg/registry/core/pod/strategy.go, applyMatchLabelKeysAndMismatchLabelKeys.
    pub fn matches(&self, owner: &super::Pod, target: &super::Pod, namespaces: &NamespaceLabels) -> bool {
        self.matches_namespace(owner, target.meta.namespace(), namespaces)
            && self.selector.matches_map(target.meta.labels())
            && self
                .match_label_keys
                .iter()
                .all(|key| owner.meta.label(key).is_none_or(|value| target.meta.label(key) == Some(value)))
            && self
                .mismatch_label_keys
                .iter()
                .all(|key| owner.meta.label(key).is_none_or(|value| target.meta.label(key) != Some(value)))
    }

    fn matches_namespace(&self, owner: &super::Pod, target: &Name, namespaces: &NamespaceLabels) -> bool {
        let Some(by_labels) = &self.namespace_selector else {
            // Neither names nor a selector: the pod's own namespace.
            return match self.namespaces.as_slice() {
                [] => owner.meta.namespace() == target,
                names => names.contains(target),
            };
        };
        let label = |key: &str| match namespaces.get(target) {
            Some(labels) => labels.get(key).map(|value| &**value),
            None => (key == "kubernetes.io/metadata.name").then_some(&**target),
        };
        self.namespaces.contains(target) || by_labels.matches(label)
    }
}

/// One of spec.topologySpreadConstraints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopologySpreadConstraint {
    /// How many more pods a domain may have than the one with fewest.
    pub max_skew: i64,
    /// The label of nodes whose values are the domains.
    pub topology_key: Name,
    /// DoNotSchedule; else ScheduleAnyway.
    pub hard: bool,
    /// With fewer domains than this, the smallest counts as empty.
    pub min_domains: i64,
    /// nodeAffinityPolicy Honor, the default.
    pub honors_affinity: bool,
    /// nodeTaintsPolicy Honor; the default is Ignore.
    pub honors_taints: bool,
    selector: Selector,
    match_label_keys: Vec<Name>,
}

impl TopologySpreadConstraint {
    fn from_value(value: &Value) -> TopologySpreadConstraint {
        TopologySpreadConstraint {
            max_skew: json::int(value, "maxSkew").unwrap_or(1),
            topology_key: json::text(value, "topologyKey").into(),
            hard: json::text(value, "whenUnsatisfiable") != "ScheduleAnyway",
            min_domains: json::int(value, "minDomains").unwrap_or(1),
            honors_affinity: json::text(value, "nodeAffinityPolicy") != "Ignore",
            honors_taints: json::text(value, "nodeTaintsPolicy") == "Honor",
            selector: selector_or_nothing(json::get(value, "labelSelector")),
            match_label_keys: names(json::get(value, "matchLabelKeys")),
        }
    }

    /// Whether a pod counts for a constraint of `owner`; its namespace is another question.
    ///
    /// Kubernetes: podtopologyspread/common.go, filterTopologySpreadConstraints (matchLabelKeys).
    pub fn selects(&self, owner: &super::Pod, target: &super::Pod) -> bool {
        self.selector.matches_map(target.meta.labels())
            && self
                .match_label_keys
                .iter()
                .all(|key| owner.meta.label(key).is_none_or(|value| target.meta.label(key) == Some(value)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::pod::Pod;

    fn pod(namespace: &str, labels: Value, spec: Value) -> Pod {
        Pod::from_value(&json!({"metadata": {"namespace": namespace, "labels": labels}, "spec": spec}))
    }

    fn matches(term: Value, target: &Pod) -> bool {
        let spec = json!({"affinity": {"podAffinity": {REQUIRED: [term]}}});
        let owner = pod("own", json!({"app": "web", "rev": "2"}), spec);
        let labels = NamespaceLabels::from([("team".into(), StringMap::from([("a".into(), "b".into())]))]);
        let affinity = owner.spec.scheduling.pod_affinity.as_ref().unwrap();
        affinity.required[0].matches(&owner, target, &labels)
    }

    #[test]
    fn affinity_terms_look_at_namespace_and_labels() {
        let web = json!({"matchLabels": {"app": "web"}});
        let own = pod("own", json!({"app": "web", "rev": "1"}), json!({}));
        let team = pod("team", json!({"app": "web"}), json!({}));
        assert!(matches(json!({"labelSelector": web}), &own));
        assert!(!matches(json!({"labelSelector": web}), &team));
        assert!(!matches(json!({}), &own));
        assert!(matches(json!({"labelSelector": web, "namespaces": ["team"]}), &team));
        assert!(matches(json!({"labelSelector": web, "namespaceSelector": {}}), &team));
        let labelled = json!({"matchLabels": {"a": "b"}});
        assert!(matches(json!({"labelSelector": web, "namespaceSelector": labelled}), &team));
        assert!(!matches(json!({"labelSelector": web, "namespaceSelector": labelled}), &own));
        assert!(!matches(json!({"labelSelector": web, "matchLabelKeys": ["rev"]}), &own));
        assert!(matches(json!({"labelSelector": web, "mismatchLabelKeys": ["rev"]}), &own));
    }

    #[test]
    fn sch_008_a_container_without_request_counts_as_100m_and_200mib_for_scoring() {
        let requests = |spec: Value| pod("d", json!({}), spec).spec.scheduling.non_zero_requests;
        let (cpu_milli, memory) = (100, 200 << 20);
        assert_eq!(requests(json!({"containers": [{}]})), NonZero { cpu_milli, memory });
        let asked = json!({"resources": {"requests": {"cpu": "1"}}});
        let two = NonZero { cpu_milli: 1100, memory: 2 * memory };
        assert_eq!(requests(json!({"containers": [{}, asked]})), two);
    }
}

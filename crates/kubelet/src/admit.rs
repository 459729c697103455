//! Whether this node can take a pod: what the kubelet checks before it starts one (KL-079…086).
//!
//! Kubernetes: pkg/kubelet/lifecycle/predicate.go; pkg/scheduler/eventhandlers.go, AdmissionCheck.

use std::rc::Rc;

use super::node_status::allocatable;
use super::pod_worker::{PodWorker, WorkerState};
use super::preemption::{Requirement, get_pods_to_preempt};
use super::status::is_terminal_phase;
use super::texts::uid_text;
use super::workers::WorkerId;
use super::{Kubelet, pod_ref};
use api::event::{EventType, Message};
use api::field::go_quote;
use api::node::Node;
use api::pod::{ConditionStatus, ConditionType, HostPort, Phase, Pod, PodCondition, PodStatus, Reason};
use api::resources::Resources;
use api::toleration::{Taint, TaintEffect, find_matching_untolerated_taint};
use wire::Ctx;

/// Whether `preemptor` may push `preemptee` off the node (KL-084).
///
/// Kubernetes: pkg/kubelet/types/pod_update.go, Preemptable.
pub fn preemptable(preemptor: &Pod, preemptee: &Pod) -> bool {
    if preemptor.is_critical() && !preemptee.is_critical() {
        return true;
    }
    let given = |pod: &Pod| !pod.spec.raw["priority"].is_null();
    given(preemptor) && given(preemptee) && preemptor.spec.priority > preemptee.spec.priority
}

/// Why a pod is not taken: status.reason, and the message behind "Pod was rejected: ".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rejection {
    reason: String,
    message: String,
}

/// One thing that stands against a pod.
enum Failure {
    Insufficient { resource: String, requested: i64, used: i64, capacity: i64 },
    Predicate(&'static str, &'static str),
}

impl Failure {
    fn rejection(&self) -> Rejection {
        match self {
            Failure::Insufficient { resource, requested, used, capacity } => Rejection {
                reason: format!("OutOf{resource}"),
                message: format!(
                    "Node didn't have enough resource: {resource}, requested: {requested}, used: {used}, \
                     capacity: {capacity}"
                ),
            },
            Failure::Predicate(name, why) => {
                Rejection { reason: (*name).to_owned(), message: format!("Predicate {name} failed: {why}") }
            }
        }
    }
}

impl Kubelet {
    /// The pods that count when another one is admitted.
    ///
    /// Kubernetes: pkg/kubelet/kubelet_pods.go, filterOutInactivePods.
    pub(super) fn active_pods(&self) -> impl Iterator<Item = &PodWorker> {
        self.workers.iter().filter(|worker| {
            !worker.is_removed()
                && !worker.rejected
                && worker.state != WorkerState::Terminated
                && !is_terminal_phase(worker.pod.status.phase)
        })
    }

    /// Whether the node takes the pod of this worker; for a critical one it may push others off.
    ///
    /// Kubernetes: predicate.go, Admit.
    pub(super) fn can_admit_pod(&mut self, at: WorkerId, ctx: &mut Ctx) -> Result<(), Rejection> {
        let pod = self.workers[at].pod.clone();
        let node = match &self.node {
            Some(node) => node.clone(),
            None => Rc::new(self.initial_node(ctx.now)),
        };
        check_os(&pod, &node)?;
        let failures = self.general_filter(at, &pod, &node);
        let Some(first) = failures.first() else { return Ok(()) };
        if !pod.is_critical() {
            return Err(first.rejection());
        }
        let is_resource = |failure: &&Failure| matches!(failure, Failure::Insufficient { .. });
        if let Some(other) = failures.iter().find(|failure| !is_resource(failure)) {
            return Err(other.rejection());
        }
        self.evict_pods_to_free_requests(at, &failures, ctx)
    }

    /// Kubernetes: predicate.go, generalFilter.
    fn general_filter(&self, at: WorkerId, pod: &Pod, node: &Node) -> Vec<Failure> {
        let mut failures = self.insufficient_resources(at, pod);
        let own_node = pod.pinned_to.as_ref().is_none_or(|name| *name == node.meta.name);
        let label = |key: &str| node.meta.label(key);
        // A daemon pod's pinning replaces its required node affinity, but not its nodeSelector.
        let fits = match &pod.pinned_to {
            Some(_) => pod.spec.node_selector.iter().all(|(key, value)| label(key) == Some(value)),
            None => pod.spec.required_node_affinity.matches(&node.meta.name, label),
        };
        if !own_node || !fits {
            failures.push(Failure::Predicate(
                "NodeAffinity",
                "node(s) didn't match Pod's node affinity/selector",
            ));
        }
        if pod.node_name.as_ref().is_some_and(|name| *name != node.meta.name) {
            failures.push(Failure::Predicate("NodeName", "node(s) didn't match the requested node name"));
        }
        if !pod.spec.host_ports.is_empty() && self.host_ports_taken(at, pod) {
            let why = "node(s) didn't have free ports for the requested pod ports";
            failures.push(Failure::Predicate("NodePorts", why));
        }
        let executes = |taint: &Taint| taint.effect == TaintEffect::NoExecute;
        let untolerated =
            find_matching_untolerated_taint(&node.taints, &pod.spec.tolerations, executes, false);
        if !pod.is_static() && untolerated.is_some() {
            let why = "node(s) had taints that the pod didn't tolerate";
            failures.push(Failure::Predicate("TaintToleration", why));
        }
        failures
    }

    /// What the other pods leave of the node is not enough for these (KL-081).
    fn insufficient_resources(&self, at: WorkerId, pod: &Pod) -> Vec<Failure> {
        let mut used = Resources::default();
        for worker in self.active_pods().filter(|worker| worker.number() != at.number()) {
            used.add(&worker.pod.spec.requests);
            used.pods += 1;
        }
        let capacity = allocatable(&self.capacity());
        let wanted = &pod.spec.requests;
        let mut failures = Vec::new();
        let mut check = |resource: &str, requested: i64, used: i64, capacity: i64| {
            if requested > 0 && requested > capacity - used {
                let resource = resource.to_owned();
                failures.push(Failure::Insufficient { resource, requested, used, capacity });
            }
        };
        check("pods", 1, used.pods, capacity.pods);
        check("cpu", wanted.cpu_milli, used.cpu_milli, capacity.cpu_milli);
        check("memory", wanted.memory, used.memory, capacity.memory);
        if capacity.ephemeral_storage > 0 {
            check(
                "ephemeral-storage",
                wanted.ephemeral_storage,
                used.ephemeral_storage,
                capacity.ephemeral_storage,
            );
        }
        for (name, requested) in &wanted.scalars {
            // Extended resources that the node does not have at all are not the kubelet's business.
            if let Some(capacity) = capacity.scalars.get(name) {
                check(name, *requested, used.scalars.get(name).copied().unwrap_or(0), *capacity);
            }
        }
        failures
    }

    fn host_ports_taken(&self, at: WorkerId, pod: &Pod) -> bool {
        let others = self.active_pods().filter(|worker| worker.number() != at.number());
        let mut taken = others.flat_map(|worker| &worker.pod.spec.host_ports);
        taken.any(|theirs| pod.spec.host_ports.iter().any(|mine| ports_conflict(mine, theirs)))
    }

    /// A critical pod pushes less important ones off the node (KL-084).
    ///
    /// Kubernetes: pkg/kubelet/preemption/preemption.go, evictPodsToFreeRequests.
    fn evict_pods_to_free_requests(
        &mut self,
        at: WorkerId,
        failures: &[Failure],
        ctx: &mut Ctx,
    ) -> Result<(), Rejection> {
        let requirement = |failure: &Failure| match failure {
            Failure::Insufficient { resource, requested, used, capacity } => {
                Some(Requirement { resource: resource.clone(), quantity: requested - (capacity - used) })
            }
            Failure::Predicate(..) => None,
        };
        let needed: Vec<Requirement> = failures.iter().filter_map(requirement).collect();
        let pod = self.workers[at].pod.clone();
        let others: Vec<Rc<Pod>> = self
            .active_pods()
            .filter(|worker| worker.number() != at.number())
            .map(|worker| worker.pod.clone())
            .collect();
        let victims = get_pods_to_preempt(&pod, &others, &needed).map_err(|why| Rejection {
            reason: "UnexpectedAdmissionError".to_owned(),
            message: format!(
                "Unexpected error while attempting to recover from admission failure: preemption: error finding a \
                 set of pods to preempt: {why}"
            ),
        })?;
        for victim in victims {
            self.preempt(at, &victim, ctx);
        }
        Ok(())
    }

    fn preempt(&mut self, at: WorkerId, victim: &Rc<Pod>, ctx: &mut Ctx) {
        const MESSAGE: &str = "Preempted in order to admit critical pod";
        let Some(victim_at) = self.workers.of_pod(victim.meta.uid) else { return };
        self.event(&pod_ref(victim), EventType::Warning, "Preempting", Message::Static(MESSAGE), ctx);
        self.workers[victim_at].extra().failed = Some(Reason::new("Preempting", MESSAGE));
        self.workers[at].extra().waits_for.push(victim_at);
        self.terminate(victim_at, None, ctx);
    }

    /// The pod is refused: it fails, and is not looked at again (KL-080, KL-045).
    ///
    /// Kubernetes: pkg/kubelet/kubelet.go, rejectPod.
    pub(super) fn reject_pod(&mut self, at: WorkerId, rejection: &Rejection, ctx: &mut Ctx) {
        let Rejection { reason, message } = rejection;
        let worker = &mut self.workers[at];
        worker.rejected = true;
        let pod = worker.pod.clone();
        let event = Message::Text(message.as_str().into());
        self.event(&pod_ref(&pod), EventType::Warning, known_reason(reason), event, ctx);
        let (uid, namespace, name) = (uid_text(&pod), pod.meta.namespace(), &pod.meta.name);
        ctx.info(
            "allocation_manager.go:619",
            format!(
                "\"Pod admission denied\" podUID=\"{uid}\" pod=\"{namespace}/{name}\" reason=\"{reason}\" \
                 message={} operation=\"add\"",
                go_quote(message)
            ),
        );
        let status = PodStatus {
            phase: Phase::Failed,
            qos_class: pod.status.qos_class,
            reason: Some(Reason::new(reason, &format!("Pod was rejected: {message}"))),
            ..PodStatus::default()
        };
        self.set_pod_status(at, status, ctx);
        if self.runtime.sandbox(pod.meta.uid).is_some() {
            self.schedule_housekeeping(ctx);
            self.schedule_garbage_collection(ctx);
        }
    }
}

/// The reason as an event carries it: one of few words.
fn known_reason(reason: &str) -> &'static str {
    const KNOWN: [&str; 11] = [
        "OutOfcpu",
        "OutOfmemory",
        "OutOfephemeral-storage",
        "OutOfpods",
        "NodeAffinity",
        "NodeName",
        "NodePorts",
        "TaintToleration",
        "UnexpectedAdmissionError",
        "PodOSNotSupported",
        "PodOSSelectorNodeLabelDoesNotMatch",
    ];
    KNOWN.into_iter().find(|known| *known == reason).unwrap_or("OutOfResource")
}

/// Kubernetes: predicate.go, rejectPodAdmissionBasedOnOSSelector, rejectPodAdmissionBasedOnOSField.
fn check_os(pod: &Pod, node: &Node) -> Result<(), Rejection> {
    const OS: &str = "kubernetes.io/os";
    let refuse = |reason: &str, message: &str| {
        Err(Rejection { reason: reason.to_owned(), message: message.to_owned() })
    };
    let wanted = pod.meta.label(OS);
    if wanted.is_some_and(|wanted| wanted != node.meta.label(OS).unwrap_or("linux")) {
        let message = "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label";
        return refuse("PodOSSelectorNodeLabelDoesNotMatch", message);
    }
    let os = pod.spec.raw["os"]["name"].as_str();
    if os.is_some_and(|os| os != "linux") {
        return refuse("PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS");
    }
    Ok(())
}

/// Two host ports clash if protocol and port are the same and one address covers the other.
fn ports_conflict(a: &HostPort, b: &HostPort) -> bool {
    let any = |ip: &str| ip.is_empty() || ip == "0.0.0.0";
    let addresses = any(&a.host_ip) || any(&b.host_ip) || a.host_ip == b.host_ip;
    a.port == b.port && a.protocol == b.protocol && addresses
}

/// The condition of a pod that the kubelet itself has ended.
pub(super) fn disruption_target(now: sim::Timestamp) -> PodCondition {
    PodCondition {
        kind: ConditionType::DisruptionTarget,
        status: ConditionStatus::True,
        last_transition: now,
        reason: Some(Reason::new(
            "TerminationByKubelet",
            "Pod was preempted by Kubelet to accommodate a critical pod.",
        )),
    }
}

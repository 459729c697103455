//! Why a DaemonSet has a pod on a node, has none, or has one that does not run; and what would mend it.
//!
//! What is said comes, as a type, from the code that decides: the controller's predicates, the scheduler's
//! plugins, the kubelet. Nothing is read out of a text.

use std::fmt;
use std::rc::Rc;

use super::board::{Board, Origin, PartState, PodState, PodView};
use super::build::Rules;
use super::pods;
use api::node::Node;
use api::pod::{ContainerState, Phase, Pod};
use api::quantity::{Format, Quantity};
use api::status_error::StatusError;
pub use api::toleration::TaintEffect as Effect;
use api::toleration::{Taint, TaintEffect, Toleration};
use cluster::machine::Machine;
use controllers::daemon::explain::{Grounds, Obstacle, why_not_on_node, why_on_node};
use scheduler::explain::{Matter, explain};

/// How it stands with a DaemonSet on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It is to have a pod, and the pod runs.
    Runs,
    /// It has a pod that does not run yet, or no longer runs.
    Waits,
    /// It is to have a pod, and there is none.
    Due,
    /// It must not have one.
    Unfit,
    /// It would get none now, and keeps the one that it has.
    Stays,
}

impl Fit {
    /// The value of `data-fit`.
    pub fn text(self) -> &'static str {
        match self {
            Fit::Runs => "runs",
            Fit::Waits => "waits",
            Fit::Due => "due",
            Fit::Unfit => "unfit",
            Fit::Stays => "stays",
        }
    }
}

/// What a DaemonSet's pod on a node depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    /// `namespace/name`.
    pub daemonset: Rc<str>,
    /// How the pod's place there is, in one word.
    pub fit: Fit,
    /// There is a pod for the node that no node has got yet.
    pub unbound: bool,
    /// What keeps a pod from the node, or from running; in the order in which it would be met.
    pub causes: Vec<Cause>,
    /// What its place there rests on; `None` where it must have none.
    pub grounds: Option<Because>,
}

/// What a pod's place on a node rests on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Because {
    /// The labels that the nodeSelector asks for.
    pub labels: Vec<(Rc<str>, Rc<str>)>,
    /// A required nodeAffinity matches.
    pub affinity: bool,
    /// The node's taints, all of them tolerated: `key=value:Effect`.
    pub tolerated: Vec<Rc<str>>,
    /// Taints that keep new pods away only.
    pub despite: Vec<Rc<str>>,
}

/// One thing that keeps a pod from a node, or from running there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// This part of the control plane does not run.
    PartDown(Rc<str>),
    /// The API server does not take the pod: the controller's words.
    Refused(Rc<str>),
    /// The API server has no such node.
    NotRegistered,
    /// The template names another node.
    NodeName {
        /// The name that it asks for.
        wanted: Rc<str>,
    },
    /// The nodeSelector asks for a label that the node does not have, or has with another value.
    Label {
        /// The label's key.
        key: Rc<str>,
        /// The value that it asks for.
        wanted: Rc<str>,
        /// The value that the node has.
        has: Option<Rc<str>>,
    },
    /// No term of the required nodeAffinity matches.
    Affinity,
    /// A taint that the pod does not tolerate.
    Taint {
        /// The taint's key.
        key: Rc<str>,
        /// The taint's value; may be empty.
        value: Rc<str>,
        /// What it does.
        effect: TaintEffect,
    },
    /// Not enough of a resource. The amounts are texts, as `4` CPUs or `512Mi`.
    Short {
        /// The resource's name.
        resource: Rc<str>,
        /// What the pod asks for.
        wants: Rc<str>,
        /// What is left on the node.
        free: Rc<str>,
    },
    /// A port of the node that is taken.
    Port {
        /// The port.
        port: u16,
        /// `TCP`, `UDP` or `SCTP`.
        protocol: Rc<str>,
        /// The pod that has it, if that is known.
        by: Option<Holder>,
    },
    /// Another refusal of the scheduler's, in its words.
    Unschedulable(Rc<str>),
    /// The kubelet does not run, so that nobody starts the pod.
    KubeletStopped,
    /// The node is off, or cut off from the API server.
    Unreachable,
    /// The kubelet has refused the pod: reason and message.
    Rejected {
        /// One word in camel case.
        reason: Rc<str>,
        /// What a person reads.
        message: Rc<str>,
    },
    /// An image that cannot be had: the container's waiting reason and message.
    Image {
        /// The image, as the spec names it.
        image: Rc<str>,
        /// One word in camel case.
        reason: Rc<str>,
        /// What a person reads.
        message: Rc<str>,
    },
    /// A volume waits for this ConfigMap or Secret.
    Volume {
        /// Whether it is a Secret.
        secret: bool,
        /// Its name in the pod's namespace.
        name: Rc<str>,
    },
    /// A container waits, or has ended: reason and message.
    Container {
        /// The container's name.
        container: Rc<str>,
        /// One word in camel case.
        reason: Rc<str>,
        /// What a person reads; may be empty.
        message: Rc<str>,
    },
}

/// The pod that has a port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holder {
    /// `namespace/name`.
    pub pod: Rc<str>,
    /// Where the pod came from.
    pub origin: Origin,
    /// A static pod's file.
    pub file: Option<Rc<str>>,
    /// Something makes it again when it is deleted.
    pub controlled: bool,
}

impl Cause {
    /// The value of `data-cause`.
    pub fn kind(&self) -> &'static str {
        match self {
            Cause::PartDown(_) => "part-down",
            Cause::Refused(_) => "refused",
            Cause::NotRegistered => "not-registered",
            Cause::NodeName { .. } => "node-name",
            Cause::Label { .. } => "label",
            Cause::Affinity => "affinity",
            Cause::Taint { .. } => "taint",
            Cause::Short { .. } => "resources",
            Cause::Port { .. } => "port",
            Cause::Unschedulable(_) => "unschedulable",
            Cause::KubeletStopped => "kubelet",
            Cause::Unreachable => "unreachable",
            Cause::Rejected { .. } => "rejected",
            Cause::Image { .. } => "image",
            Cause::Volume { .. } => "volume",
            Cause::Container { .. } => "container",
        }
    }
}

/// In English, as a sentence without its end.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason_and = |f: &mut fmt::Formatter<'_>, reason: &str, message: &str| match message {
            "" => f.write_str(reason),
            message => write!(f, "{reason}: {message}"),
        };
        match self {
            Cause::PartDown(part) => write!(f, "{part} does not run"),
            Cause::Refused(text) => f.write_str(text),
            Cause::NotRegistered => f.write_str("the node is not registered with the API server"),
            Cause::NodeName { wanted } => write!(f, "spec.template.spec.nodeName is {wanted}"),
            Cause::Label { key, wanted, has: Some(has) } => {
                write!(f, "nodeSelector {key}={wanted}: the node has {key}={has}")
            }
            Cause::Label { key, wanted, has: None } => {
                write!(f, "nodeSelector {key}={wanted}: the node has no label {key}")
            }
            Cause::Affinity => f.write_str("no term of the required nodeAffinity matches the node"),
            Cause::Taint { .. } => write!(f, "untolerated taint {}", self.taint_text()),
            Cause::Short { resource, wants, free } => write!(f, "wants {wants} {resource}, {free} free"),
            Cause::Port { port, protocol, by: Some(by) } => {
                write!(f, "hostPort {port}/{protocol} is taken by {}", by.pod)
            }
            Cause::Port { port, protocol, by: None } => write!(f, "hostPort {port}/{protocol} is taken"),
            Cause::Unschedulable(text) => f.write_str(text),
            Cause::KubeletStopped => f.write_str("the kubelet is stopped"),
            Cause::Unreachable => f.write_str("the node cannot be reached"),
            Cause::Rejected { reason, message } | Cause::Container { reason, message, .. } => {
                reason_and(f, reason, message)
            }
            Cause::Image { image, reason, .. } => write!(f, "{reason}: image {image}"),
            Cause::Volume { secret: false, name } => write!(f, "a volume waits for ConfigMap {name}"),
            Cause::Volume { secret: true, name } => write!(f, "a volume waits for Secret {name}"),
        }
    }
}

impl Cause {
    /// `key=value:Effect`; empty for what is no taint.
    pub fn taint_text(&self) -> String {
        let Cause::Taint { key, value, effect } = self else { return String::new() };
        Taint::new(key, value, *effect).to_string()
    }
}

/// All of them, in one line.
pub fn sentence(causes: &[Cause]) -> String {
    causes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl From<Obstacle> for Cause {
    fn from(obstacle: Obstacle) -> Cause {
        match obstacle {
            Obstacle::NodeName { wanted } => Cause::NodeName { wanted },
            Obstacle::Label { key, wanted, has } => Cause::Label { key, wanted, has },
            Obstacle::Affinity => Cause::Affinity,
            Obstacle::Taint(taint) => Cause::from(taint),
        }
    }
}

impl From<Taint> for Cause {
    fn from(taint: Taint) -> Cause {
        Cause::Taint { key: taint.key, value: taint.value, effect: taint.effect }
    }
}

/// Why pods of a DaemonSet cannot be made anywhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Trouble {
    /// In the controller's words.
    pub text: Rc<str>,
    /// What is not there, if that is the reason.
    pub missing: Option<Missing>,
}

/// An object that is named and does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// `ServiceAccount`, `PriorityClass` …
    pub kind: &'static str,
    /// Its namespace; empty for kinds without one.
    pub namespace: Rc<str>,
    /// Its name.
    pub name: Rc<str>,
}

impl Trouble {
    pub(super) fn of_refusal(refusal: &StatusError) -> Trouble {
        let missing = refusal.missing.as_ref().map(|missing| Missing {
            kind: missing.kind,
            namespace: missing.namespace.as_str().into(),
            name: missing.name.as_str().into(),
        });
        Trouble { text: format!("FailedCreate: Error creating: {}", refusal.message).into(), missing }
    }
}

/// A change that is sure to remove a cause.
#[derive(Clone, Debug, PartialEq)]
pub enum Mend {
    /// The DaemonSet's template tolerates the taint.
    Tolerate {
        /// `namespace/name`.
        daemonset: Rc<str>,
        /// The toleration that its template gets.
        toleration: Toleration,
    },
    /// The node gets a label, or another value of it.
    Label {
        /// The node's name.
        node: Rc<str>,
        /// The label's key.
        key: Rc<str>,
        /// The label's value.
        value: Rc<str>,
        /// Whether the node has the label with another value.
        overwrite: bool,
    },
    /// The object is created.
    Create(Missing),
    /// The pod that has the port goes; a static one with its file.
    Free {
        /// The node's name.
        node: Rc<str>,
        /// The pod that goes.
        holder: Holder,
    },
    /// The node's kubelet is started.
    StartKubelet {
        /// The node's name.
        node: Rc<str>,
    },
}

/// Labels that the kubelet sets, and sets again.
const OF_KUBELET: [&str; 3] = ["kubernetes.io/hostname", "kubernetes.io/os", "kubernetes.io/arch"];

/// What is sure to remove a cause on a node; `None` where that depends on more than is known here.
pub fn mend(cause: &Cause, daemonset: &Rc<str>, node: &Rc<str>) -> Option<Mend> {
    match cause {
        Cause::Taint { key, value, effect } => Some(Mend::Tolerate {
            daemonset: daemonset.clone(),
            toleration: toleration_of(key, value, *effect),
        }),
        Cause::Label { key, wanted, has } if !OF_KUBELET.contains(&&**key) => Some(Mend::Label {
            node: node.clone(),
            key: key.clone(),
            value: wanted.clone(),
            overwrite: has.is_some(),
        }),
        Cause::Port { by: Some(by), .. } if !by.controlled => {
            Some(Mend::Free { node: node.clone(), holder: by.clone() })
        }
        Cause::KubeletStopped => Some(Mend::StartKubelet { node: node.clone() }),
        _ => None,
    }
}

/// A PriorityClass needs a number, a RuntimeClass a handler, which nobody can guess.
pub fn mend_trouble(trouble: &Trouble) -> Option<Mend> {
    let missing = trouble.missing.as_ref()?;
    matches!(missing.kind, "ServiceAccount" | "Namespace").then(|| Mend::Create(missing.clone()))
}

/// As a person would write it: a taint without a value is tolerated by its key.
fn toleration_of(key: &str, value: &str, effect: TaintEffect) -> Toleration {
    let exists = Toleration::exists(key, effect);
    match value {
        "" => exists,
        value => Toleration {
            operator: Some(api::toleration::TolerationOperator::Equal),
            value: value.into(),
            ..exists
        },
    }
}

/// What there is to say of a DaemonSet on a node, with what holds for all nodes, and what is sure to mend it.
pub fn told(board: &Board, node: &Rc<str>, why: &Why) -> (Vec<Cause>, Option<Mend>) {
    let ds = board.daemonsets.iter().find(|ds| ds.id == why.daemonset);
    let down = |part: &str| {
        let found = board.parts.iter().find(|found| *found.name == *part);
        found.filter(|found| found.state == PartState::Down).map(|found| Cause::PartDown(found.name.clone()))
    };
    let first_down = |parts: &[&str]| parts.iter().find_map(|part| down(part)).into_iter().collect();
    let mut causes = why.causes.clone();
    if why.fit == Fit::Due {
        causes = first_down(&["kube-apiserver", "kube-controller-manager"]);
        if let Some(trouble) = ds.and_then(|ds| ds.trouble.as_ref()).filter(|_| causes.is_empty()) {
            return (vec![Cause::Refused(trouble.text.clone())], mend_trouble(trouble));
        }
    } else if why.fit == Fit::Waits && causes.is_empty() && why.unbound {
        causes = first_down(&["kube-apiserver", "kube-scheduler"]);
    }
    let mend = causes.iter().find_map(|cause| mend(cause, &why.daemonset, node));
    (causes, mend)
}

/// A node with what is known of it.
pub(super) struct Site<'a> {
    pub(super) machine: Option<&'a Machine>,
    pub(super) node: Option<&'a Node>,
    /// The API server's pods that are on it or wait for it.
    pub(super) listed: &'a [Rc<Pod>],
    pub(super) views: &'a [Rc<PodView>],
}

/// How it stands with each DaemonSet on a node.
pub(super) fn on_node(site: &Site<'_>, rules: &[RuleOf]) -> Vec<Why> {
    rules.iter().map(|rule| of_daemonset(site, rule)).collect()
}

type RuleOf = <Rules as IntoIterator>::Item;

fn of_daemonset(site: &Site<'_>, (ds, template): &RuleOf) -> Why {
    let daemonset: Rc<str> = format!("{}/{}", ds.meta.namespace(), ds.meta.name).into();
    let is_own = |pod: &&Rc<PodView>| pod.is_of(&daemonset);
    // While one goes and its successor comes, the successor counts.
    let newest =
        site.views.iter().filter(is_own).max_by_key(|pod| (pod.state != PodState::Terminating, pod.created));
    let obstacles = match site.node {
        None => vec![Cause::NotRegistered],
        Some(node) => why_not_on_node(template, node).into_iter().map(Cause::from).collect(),
    };
    let grounds = site.node.and_then(|node| why_on_node(template, node)).map(Because::from);
    let (fit, causes) = match newest {
        None if obstacles.is_empty() => (Fit::Due, Vec::new()),
        None => (Fit::Unfit, obstacles),
        Some(pod) if pod.state == PodState::Running && pod.difference.is_none() => match obstacles.is_empty()
        {
            true => (Fit::Runs, Vec::new()),
            false => (Fit::Stays, obstacles),
        },
        // It goes because it must.
        Some(pod) if pod.state == PodState::Terminating && !obstacles.is_empty() => (Fit::Unfit, obstacles),
        Some(pod) => (Fit::Waits, site.hindrances(pod)),
    };
    Why { daemonset, fit, unbound: newest.is_some_and(|pod| pod.ghost), causes, grounds }
}

impl From<Grounds> for Because {
    fn from(grounds: Grounds) -> Because {
        let texts = |taints: Vec<Taint>| taints.iter().map(|taint| taint.to_string().into()).collect();
        Because {
            labels: grounds.labels,
            affinity: grounds.affinity,
            tolerated: texts(grounds.tolerated),
            despite: texts(grounds.may_stay_despite),
        }
    }
}

impl Site<'_> {
    /// What keeps a pod that is there from running.
    fn hindrances(&self, view: &PodView) -> Vec<Cause> {
        let found = self
            .listed
            .iter()
            .find(|pod| pod.meta.name == view.name && *pod.meta.namespace() == view.namespace);
        let Some(pod) = found else { return Vec::new() };
        if pod.node_name.is_none() {
            return self.of_scheduler(pod, view);
        }
        match self.machine {
            Some(machine) if !machine.powered || !machine.linked => return vec![Cause::Unreachable],
            Some(machine) if !machine.kubelet.is_running() => return vec![Cause::KubeletStopped],
            _ => {}
        }
        if pod.meta.is_terminating() {
            return Vec::new();
        }
        self.of_kubelet(pod)
    }

    /// The scheduler's filters, asked of this node alone. What they need the whole cluster for is in the
    /// words of its last attempt.
    fn of_scheduler(&self, pod: &Rc<Pod>, view: &PodView) -> Vec<Cause> {
        let Some(node) = self.node else { return vec![Cause::NotRegistered] };
        let bound: Vec<Rc<Pod>> =
            self.listed.iter().filter(|other| other.node_name.is_some()).cloned().collect();
        let causes = self.causes_from(pod, Rc::new(node.clone()), &bound);
        match &view.reason {
            Some(words) if causes.is_empty() => vec![Cause::Unschedulable(words.clone())],
            _ => causes,
        }
    }

    /// What keeps a new pod from the node, beside the pods that are there.
    pub(super) fn of_filters(&self, pod: &Pod, node: &Rc<Node>) -> Vec<Cause> {
        self.causes_from(pod, node.clone(), self.listed)
    }

    fn causes_from(&self, pod: &Pod, node: Rc<Node>, others: &[Rc<Pod>]) -> Vec<Cause> {
        let obstacles = explain(pod, &[node], others).into_iter().flat_map(|explained| explained.obstacles);
        obstacles.flat_map(|obstacle| self.of_obstacle(obstacle)).collect()
    }

    fn of_obstacle(&self, obstacle: scheduler::explain::Obstacle) -> Vec<Cause> {
        match obstacle.matter {
            Matter::Taints(taints) => taints.into_iter().map(Cause::from).collect(),
            Matter::Short(short) => vec![Cause::Short {
                wants: amount(&short.resource, short.requested),
                free: amount(&short.resource, (short.capacity - short.used).max(0)),
                resource: short.resource,
            }],
            Matter::Ports(ports) => {
                let cause = |(port, by): (api::pod::HostPort, Option<Rc<Pod>>)| Cause::Port {
                    port: port.port,
                    protocol: port.protocol,
                    by: by.map(|pod| self.holder(&pod)),
                };
                ports.into_iter().map(cause).collect()
            }
            Matter::Plain => vec![Cause::Unschedulable(obstacle.reason.into())],
        }
    }

    fn holder(&self, pod: &Pod) -> Holder {
        let origin = pods::origin(&pod.meta.common);
        let file = self.machine.and_then(|machine| machine.file_of(pod.meta.namespace(), &pod.meta.name));
        Holder {
            pod: format!("{}/{}", pod.meta.namespace(), pod.meta.name).into(),
            origin,
            file: file.map(Rc::from),
            controlled: origin != Origin::Static && pod.meta.controller().is_some(),
        }
    }

    fn of_kubelet(&self, pod: &Pod) -> Vec<Cause> {
        if let (Phase::Failed, Some(reason)) = (pod.status.phase, &pod.status.reason) {
            let (reason, message) = (reason.reason.clone(), reason.message.clone());
            return vec![Cause::Rejected { reason, message }];
        }
        let unmounted = self.machine.into_iter().flat_map(|machine| machine.kubelet.unmounted(pod.meta.uid));
        let mut causes: Vec<Cause> =
            unmounted.map(|(secret, name)| Cause::Volume { secret, name: name.clone() }).collect();
        for (container, status) in pod.spec.containers.iter().zip(&pod.status.containers) {
            let (reason, message) = match &status.state {
                ContainerState::Waiting(waiting) => (&waiting.reason, &waiting.message),
                ContainerState::Terminated(ended) if ended.exit_code != 0 => (&ended.reason, &ended.message),
                _ => continue,
            };
            match &**reason {
                // On its way, and nothing is wrong.
                "ContainerCreating" | "PodInitializing" => {}
                "ErrImagePull" | "ImagePullBackOff" | "ErrImageNeverPull" | "InvalidImageName" => {
                    causes.push(Cause::Image {
                        image: container.image.clone(),
                        reason: reason.clone(),
                        message: message.clone(),
                    });
                }
                _ => causes.push(Cause::Container {
                    container: container.name.clone(),
                    reason: reason.clone(),
                    message: message.clone(),
                }),
            }
        }
        causes
    }
}

/// A whole number of CPUs, or their tenths; bytes with their unit; else the number.
fn amount(resource: &str, value: i64) -> Rc<str> {
    match resource {
        "cpu" if value % 1000 == 0 => (value / 1000).to_string().into(),
        "cpu" => {
            let (whole, part) = (value / 1000, format!("{:03}", value % 1000));
            format!("{whole}.{}", part.trim_end_matches('0')).into()
        }
        "memory" | "ephemeral-storage" => Quantity::from_value(value, Format::BinarySi).to_string().into(),
        _ => value.to_string().into(),
    }
}

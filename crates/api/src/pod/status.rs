//! A pod's status: small, because there are as many of them as pods.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::ops::Deref;
use std::rc::Rc;

use crate::meta::Name;
use sim::Timestamp;

/// How far a pod is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Phase {
    /// Accepted, and not all of its containers were started.
    #[default]
    Pending,
    /// Bound, and some container runs or is started again.
    Running,
    /// All containers have ended with success.
    Succeeded,
    /// All containers have ended, some with failure.
    Failed,
    /// Nobody knows.
    Unknown,
}

impl Phase {
    /// The phase's name: `Running`.
    pub fn text(self) -> &'static str {
        match self {
            Phase::Pending => "Pending",
            Phase::Running => "Running",
            Phase::Succeeded => "Succeeded",
            Phase::Failed => "Failed",
            Phase::Unknown => "Unknown",
        }
    }

    pub(super) fn parse(text: &str) -> Phase {
        let all = [Phase::Running, Phase::Succeeded, Phase::Failed, Phase::Unknown];
        all.into_iter().find(|phase| phase.text() == text).unwrap_or_default()
    }
}

/// How a pod's requests and limits place it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum QosClass {
    /// Every container asks for exactly its limits.
    Guaranteed,
    /// Some container asks for something.
    Burstable,
    /// No container asks for anything.
    #[default]
    BestEffort,
}

impl QosClass {
    /// The class's name: `Burstable`.
    pub fn text(self) -> &'static str {
        match self {
            QosClass::Guaranteed => "Guaranteed",
            QosClass::Burstable => "Burstable",
            QosClass::BestEffort => "BestEffort",
        }
    }

    pub(super) fn parse(text: &str) -> QosClass {
        match text {
            "Guaranteed" => QosClass::Guaranteed,
            "Burstable" => QosClass::Burstable,
            _ => QosClass::BestEffort,
        }
    }
}

/// The conditions a pod can have, in the order in which the kubelet writes its own (KL-066).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConditionType {
    /// The pod is about to be ended for a reason that is not its own.
    DisruptionTarget,
    /// Its sandbox and network are there.
    PodReadyToStartContainers,
    /// Its init containers have ended.
    Initialized,
    /// It takes requests.
    Ready,
    /// All of its containers are ready.
    ContainersReady,
    /// It is bound to a node.
    PodScheduled,
    /// All of its containers are being started again.
    AllContainersRestarting,
}

impl ConditionType {
    /// All types.
    pub const ALL: [ConditionType; 7] = [
        ConditionType::DisruptionTarget,
        ConditionType::PodReadyToStartContainers,
        ConditionType::Initialized,
        ConditionType::Ready,
        ConditionType::ContainersReady,
        ConditionType::PodScheduled,
        ConditionType::AllContainersRestarting,
    ];

    /// The type's name: `Ready`.
    pub fn text(self) -> &'static str {
        match self {
            ConditionType::DisruptionTarget => "DisruptionTarget",
            ConditionType::PodReadyToStartContainers => "PodReadyToStartContainers",
            ConditionType::Initialized => "Initialized",
            ConditionType::Ready => "Ready",
            ConditionType::ContainersReady => "ContainersReady",
            ConditionType::PodScheduled => "PodScheduled",
            ConditionType::AllContainersRestarting => "AllContainersRestarting",
        }
    }
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Nobody knows.
    #[default]
    Unknown,
}

impl ConditionStatus {
    /// The status as it is written: `True`.
    pub fn text(self) -> &'static str {
        match self {
            ConditionStatus::True => "True",
            ConditionStatus::False => "False",
            ConditionStatus::Unknown => "Unknown",
        }
    }

    pub(crate) fn parse(text: &str) -> ConditionStatus {
        match text {
            "True" => ConditionStatus::True,
            "False" => ConditionStatus::False,
            _ => ConditionStatus::Unknown,
        }
    }

    /// True or False.
    pub fn from_bool(value: bool) -> ConditionStatus {
        if value { ConditionStatus::True } else { ConditionStatus::False }
    }
}

/// A reason with its message, where there is one. Shared, as most have few values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// One word in camel case.
    pub reason: Name,
    /// What a person reads.
    pub message: Name,
}

impl Reason {
    /// A reason with its message.
    pub fn new(reason: &str, message: &str) -> Rc<Reason> {
        Rc::new(Reason { reason: reason.into(), message: message.into() })
    }

    /// `containers with unready status: [a b]` (KL-066).
    pub fn containers_not_ready<'a>(names: impl Iterator<Item = &'a Name>) -> Rc<Reason> {
        let names: Vec<&str> = names.map(|name| &**name).collect();
        Reason::new("ContainersNotReady", &format!("containers with unready status: [{}]", names.join(" ")))
    }
}

/// One of a pod's conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodCondition {
    /// Which one.
    pub kind: ConditionType,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// When its status last changed.
    pub last_transition: Timestamp,
    /// Why, if that is said.
    pub reason: Option<Rc<Reason>>,
}

/// A pod's conditions, in their order. Thousands of pods have the very same ones: times are whole seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions(Option<Rc<Vec<PodCondition>>>);

impl Conditions {
    /// To be changed; copied first if they are in fact shared.
    pub fn to_mut(&mut self) -> &mut Vec<PodCondition> {
        Rc::make_mut(self.0.get_or_insert_default())
    }

    /// Where they are shared from.
    pub fn shared(&mut self) -> Option<&mut Rc<Vec<PodCondition>>> {
        self.0.as_mut()
    }
}

impl Deref for Conditions {
    type Target = [PodCondition];

    fn deref(&self) -> &[PodCondition] {
        self.0.as_ref().map_or(&[], |list| list)
    }
}

/// Why a container is not running yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// One word in camel case.
    pub reason: Name,
    /// What a person reads; may be empty.
    pub message: Name,
}

/// A container's running state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// When it was started.
    pub started: Timestamp,
}

/// How a container has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminated {
    /// 0 for success.
    pub exit_code: i32,
    /// 0 when it was no signal that ended it.
    pub signal: i32,
    /// Completed, Error, OOMKilled … (KL-062).
    pub reason: Name,
    /// What a person reads; may be empty.
    pub message: Name,
    /// When it was started.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// The number that names the container; see [`ContainerStatus::id`].
    pub id: u64,
}

/// One of a container's three states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainerState {
    /// Not started.
    Waiting(Rc<Waiting>),
    /// Started.
    Running(Running),
    /// Ended.
    Terminated(Rc<Terminated>),
}

impl ContainerState {
    pub(crate) fn waiting(reason: &str, message: &str) -> ContainerState {
        ContainerState::Waiting(Rc::new(Waiting { reason: reason.into(), message: message.into() }))
    }

    /// Whether it is running.
    pub fn is_running(&self) -> bool {
        matches!(self, ContainerState::Running(_))
    }
}

/// The status of one container, in the order of `spec.containers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerStatus {
    /// How it is now.
    pub state: ContainerState,
    /// How the container before it ended.
    pub last_state: Option<Rc<Terminated>>,
    /// How often it was started again.
    pub restart_count: u32,
    /// Whether it takes requests.
    pub ready: bool,
    /// Whether it has started: its startup probe has succeeded, if it has one.
    pub started: bool,
    /// The number that names the present container; 0 when there is none yet.
    pub id: u64,
    /// The image that it was started with, where that is no longer the spec's.
    pub image: Option<Box<Name>>,
}

/// A pod's status, in the shape of the API but compact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodStatus {
    /// How far the pod is.
    pub phase: Phase,
    /// Its class.
    pub qos_class: QosClass,
    /// When the kubelet first saw it.
    pub start_time: Option<Timestamp>,
    /// The node's address.
    pub host_ip: Option<Ipv4Addr>,
    /// Its own address.
    pub pod_ip: Option<Ipv4Addr>,
    /// status.reason and status.message.
    pub reason: Option<Rc<Reason>>,
    /// Its conditions, often shared with other pods.
    pub conditions: Conditions,
    /// Empty until a kubelet has reported; then one for each container of the spec, in its order.
    pub containers: Vec<ContainerStatus>,
    /// Where preemption makes room for it.
    pub nominated_node: Option<Name>,
    /// The generation of the spec that the kubelet reports on.
    pub observed_generation: u32,
}

impl PodStatus {
    /// The condition of this type, if it is reported.
    pub fn condition(&self, kind: ConditionType) -> Option<&PodCondition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }

    /// Sets a condition; its transition time moves only when its status does.
    ///
    /// Returns whether anything changed.
    pub fn set_condition(
        &mut self,
        kind: ConditionType,
        status: ConditionStatus,
        reason: Option<Rc<Reason>>,
        now: Timestamp,
    ) -> bool {
        let old = self.conditions.iter().position(|condition| condition.kind == kind);
        match old.map(|at| (at, &self.conditions[at])) {
            Some((_, condition)) if condition.status == status && condition.reason == reason => return false,
            Some((at, _)) => {
                let condition = &mut self.conditions.to_mut()[at];
                if condition.status != status {
                    condition.last_transition = now;
                }
                condition.status = status;
                condition.reason = reason;
            }
            None => {
                let condition = PodCondition { kind, status, last_transition: now, reason };
                self.conditions.to_mut().push(condition);
            }
        }
        true
    }
}

/// `containerd://` and 64 hex digits, as the runtime names a container.
pub(crate) fn container_id(id: u64) -> String {
    format!("containerd://{}", long_id(id))
}

/// The 64 hex digits by which the runtime knows a container, a sandbox or an image.
pub fn long_id(id: u64) -> String {
    let mut text = String::with_capacity(64);
    for part in 0..4u64 {
        let word = sim::rng::mix(id.wrapping_add(part.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        // Writing to a String cannot fail.
        let _ = write!(text, "{word:016x}");
    }
    text
}

/// The digest that an image of this name would have; made from the name, as no image is ever pulled.
pub fn image_digest(image: &str) -> String {
    format!("sha256:{}", long_id(crate::meta::fnv1a_128(image.as_bytes()) as u64))
}

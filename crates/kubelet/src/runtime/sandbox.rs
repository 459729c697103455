//! Sandboxes and the containers in them. There are as many as pods, so they are small.

use std::rc::Rc;

use super::super::uid_list::OfPod;
use api::meta::{CommonMeta, Name, ObjectMeta, Uid};
use api::pod::{self, PodSpec};
use sim::{Duration, Time};

/// How far a sandbox is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SandboxState {
    /// Its network is being set up.
    Creating,
    /// It runs, with its network.
    Ready,
    /// It has stopped.
    NotReady,
}

/// A pod's latest sandbox, with all of the pod's containers. It stays for a while when its pod is gone, until
/// the kubelet's garbage collection.
#[derive(Clone, Debug)]
pub struct Sandbox {
    /// Counts the sandboxes and containers of the node; never used twice.
    pub id: u32,
    /// The pod's uid.
    pub uid: Uid,
    /// The pod's name; a static pod's with the node's name at its end.
    pub name: Name,
    /// The pod's namespace, labels and annotations.
    pub common: Rc<CommonMeta>,
    /// The spec of the pod when the sandbox was made.
    pub spec: Rc<PodSpec>,
    /// When it was made.
    pub created: Time,
    /// How many sandboxes the pod had before.
    pub attempt: u32,
    /// How far it is.
    pub state: SandboxState,
    /// The last part of its address in the node's network; 0 without one.
    pub(super) host_part: u8,
    /// The same of the address that it had until it was stopped, as long as the kubelet remembers it.
    pub(super) former_part: u8,
    /// In order of creation; of each name at most the present one and the one before it.
    pub containers: Vec<Container>,
}

/// A sandbox that another one of the same pod has replaced.
#[derive(Clone, Debug)]
pub struct OldSandbox {
    /// Its number.
    pub id: u32,
    /// The pod's uid.
    pub uid: Uid,
    /// The pod's name.
    pub name: Name,
    /// The pod's namespace, labels and annotations.
    pub common: Rc<CommonMeta>,
    /// When it was made.
    pub created: Time,
    /// How many sandboxes the pod had before.
    pub attempt: u32,
}

impl OldSandbox {
    pub(super) fn of(sandbox: &Sandbox) -> OldSandbox {
        let Sandbox { id, uid, created, attempt, .. } = *sandbox;
        OldSandbox { id, uid, name: sandbox.name.clone(), common: sandbox.common.clone(), created, attempt }
    }
}

/// A container, running or not.
#[derive(Clone, Debug)]
pub struct Container {
    /// Counts the sandboxes and containers of the node; never used twice.
    pub id: u32,
    /// Where it stands in [`PodSpec::containers`].
    pub index: u16,
    /// The number of the sandbox that it was made in.
    pub sandbox: u32,
    /// How many of this name there were before it in this pod.
    pub attempt: u32,
    pub(crate) image_said: ImageSaid,
    /// When it was made.
    pub created: Time,
    /// The spec it was created from.
    pub(crate) spec: Rc<PodSpec>,
    /// How far it is.
    pub state: ContainerState,
}

/// What the kubelet said of a container's image when it started it for the first time, in few bytes, as there
/// is one for each pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageSaid(u32);

impl ImageSaid {
    pub(crate) const NOTHING: ImageSaid = ImageSaid(u32::MAX);
    const PULLING: u32 = 1 << 31;

    /// That it pulls it, or that it is there, so long `before` the container was created; half an hour at most
    /// is kept.
    pub(crate) fn new(pulling: bool, before: Duration) -> ImageSaid {
        let micros = before.0.min(u64::from(Self::PULLING - 2)) as u32;
        ImageSaid(micros | if pulling { Self::PULLING } else { 0 })
    }

    pub(crate) fn said(self) -> Option<(bool, Duration)> {
        let before = Duration(u64::from(self.0 & !Self::PULLING));
        (self != Self::NOTHING).then_some((self.0 & Self::PULLING != 0, before))
    }
}

/// What the events of a container's first start said, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstStart {
    /// Its image, as the spec names it.
    pub image: Name,
    /// Whether the image was pulled; if not, it was there.
    pub pulling: bool,
    /// When that was said.
    pub said: Time,
    /// When it was said that the container was created.
    pub created: Time,
    /// When it was said that the container was started.
    pub started: Time,
}

/// How far a container is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainerState {
    /// It is made, and its program not started.
    Created,
    /// Its program runs.
    Running {
        /// When it was started.
        started: Time,
    },
    /// Its program has ended.
    Exited(Box<Exit>),
}

/// How a container ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// When it was started.
    pub started: Time,
    /// When it ended.
    pub finished: Time,
    /// The exit code: 0 is success, above 128 a signal.
    pub code: i32,
    /// Why it ended.
    pub reason: ExitReason,
}

impl Exit {
    /// The end of a container whose program could not be started: containerd gives it no time of a start.
    pub(super) fn not_started(now: Time) -> Exit {
        Exit { started: Time(0), finished: now, code: 128, reason: ExitReason::StartError }
    }
}

/// The reason that the runtime reports for an end (KL-062).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitReason {
    /// With exit code 0.
    Completed,
    /// With another exit code.
    Error,
    /// It was running when the runtime lost sight of it.
    Unknown,
    /// The runtime could not start its program.
    StartError,
}

impl ExitReason {
    /// The reason as a status carries it: `Completed`.
    pub fn text(self) -> &'static str {
        match self {
            ExitReason::Completed => "Completed",
            ExitReason::Error => "Error",
            ExitReason::Unknown => "Unknown",
            ExitReason::StartError => "StartError",
        }
    }
}

impl OfPod for Sandbox {
    fn pod_uid(&self) -> Uid {
        self.uid
    }
}

impl Sandbox {
    /// Gives up the containers that have been created and do not run yet.
    pub(super) fn drop_created(&mut self) {
        self.containers.retain(|container| !matches!(container.state, ContainerState::Created));
    }

    /// The pod as far as the runtime remembers it.
    pub fn as_pod(&self) -> pod::Pod {
        let meta = ObjectMeta {
            name: self.name.clone(),
            uid: self.uid,
            common: self.common.clone(),
            ..ObjectMeta::default()
        };
        let (spec, status) = (self.spec.clone(), pod::PodStatus::default());
        pod::Pod { meta, spec, pinned_to: None, node_name: None, status }
    }

    /// The pod's namespace.
    pub fn namespace(&self) -> &Name {
        &self.common.namespace
    }

    /// The latest container of this name.
    pub fn newest(&self, name: &str) -> Option<&Container> {
        self.containers.iter().rev().find(|container| &**container.name() == name)
    }

    /// The latest container of this name that was made in the present sandbox: init containers run again in
    /// a new one (KL-098).
    pub fn newest_init(&self, name: &str) -> Option<&Container> {
        self.newest(name).filter(|container| container.sandbox == self.id)
    }

    /// The one before the latest, if it is still known.
    pub(crate) fn previous(&self, name: &str) -> Option<&Container> {
        self.containers.iter().rev().filter(|container| &**container.name() == name).nth(1)
    }
}

impl Container {
    /// What it was created from.
    pub fn spec(&self) -> &pod::Container {
        // A container is only ever made from an entry that its spec has.
        &self.spec.containers[usize::from(self.index)]
    }

    /// The container's name.
    pub fn name(&self) -> &Name {
        &self.spec().name
    }

    /// Whether its program runs.
    pub fn is_running(&self) -> bool {
        matches!(self.state, ContainerState::Running { .. })
    }

    /// How it ended, if it did.
    pub fn exit(&self) -> Option<&Exit> {
        match &self.state {
            ContainerState::Exited(exit) => Some(exit),
            _ => None,
        }
    }
}

//! The board: nodes with their pods, the control plane's parts, what waits, and what differs.

use std::fmt;
use std::rc::Rc;

use api::toleration::Taint;
use sim::{SortedMap, Time, Timestamp};

use super::why::{Cause, Trouble, Why};
pub use kubelet::truth::StartStep;

/// How the API server is, seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiServerState {
    /// It answers.
    Up,
    /// Its container runs but does not answer yet.
    Starting,
    /// Told to end, still answering.
    Stopping,
    /// Nothing listens.
    Down,
}

/// Where a pod came from: drawn as its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Made by a DaemonSet.
    DaemonSet,
    /// A file in a node's staticPodPath.
    Static,
    /// Created through the API by somebody else.
    Api,
}

impl Origin {
    /// The value of `data-origin`.
    pub fn text(self) -> &'static str {
        match self {
            Origin::DaemonSet => "daemonset",
            Origin::Static => "static",
            Origin::Api => "api",
        }
    }
}

/// A pod's state, in the few classes that glyph and colour know; the exact word is [`PodView::status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodState {
    /// Not bound to a node yet, or bound and not looked at by its kubelet.
    Pending,
    /// Its sandbox or containers are being made.
    ContainerCreating,
    /// All is well.
    Running,
    /// It runs, and not all containers are ready.
    NotReady,
    /// Some container waits for its back-off, also that of an image pull.
    CrashLoopBackOff,
    /// It failed, or something of it did.
    Error,
    /// It is being deleted.
    Terminating,
    /// It has ended with success.
    Completed,
    /// Nobody knows: its node does not answer.
    Unknown,
}

impl PodState {
    /// The value of `data-state`.
    pub fn text(self) -> &'static str {
        match self {
            PodState::Pending => "pending",
            PodState::ContainerCreating => "creating",
            PodState::Running => "running",
            PodState::NotReady => "not-ready",
            PodState::CrashLoopBackOff => "crash-loop",
            PodState::Error => "error",
            PodState::Terminating => "terminating",
            PodState::Completed => "completed",
            PodState::Unknown => "unknown",
        }
    }
}

/// How what the API server believes and what runs on the node disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Runs on the node, and the API server knows nothing of it.
    OnlyOnNode,
    /// Listed by the API server, and nothing of it runs (any more) on its node.
    OnlyInApi,
    /// Both know it, and the API server's status is not what is true on the node.
    StatusDiffers,
}

/// One container, as the node's runtime knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerView {
    /// The container's name.
    pub name: Rc<str>,
    /// The image, as the spec names it.
    pub image: Rc<str>,
    /// `Running`, `CrashLoopBackOff`, `Completed` …
    pub state: Rc<str>,
    /// Whether it takes requests.
    pub ready: bool,
    /// Whether its program runs.
    pub running: bool,
    /// How often it was started again.
    pub restarts: u32,
    /// When a back-off ends, if one is on.
    pub restarts_at: Option<Time>,
    /// Since when it runs, or since when it has ended, by the node's clock.
    pub since: Option<Time>,
    /// Whether it is an init container, sidecars included.
    pub is_init: bool,
}

/// What a pod is controlled by. Prints as `kubectl describe` says it: `DaemonSet/agent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller {
    /// The kind: `DaemonSet`.
    pub kind: Rc<str>,
    /// The name; it is in the pod's namespace, if its kind has one.
    pub name: Rc<str>,
}

impl fmt::Display for Controller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

/// What the runtime of a node has of a pod: the node's truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnNode {
    /// All of its containers run.
    Running,
    /// One has ended and waits for its back-off.
    BackOff,
    /// One has ended with another code than 0.
    Failed,
    /// All that have ended did so with code 0.
    Completed,
    /// Its init containers come first.
    Initializing,
    /// No container has run yet.
    Creating,
}

impl OnNode {
    /// As STATUS would say it.
    pub fn text(self) -> &'static str {
        match self {
            OnNode::Running => "Running",
            OnNode::BackOff => "CrashLoopBackOff",
            OnNode::Failed => "Error",
            OnNode::Completed => "Completed",
            OnNode::Initializing => "PodInitializing",
            OnNode::Creating => "ContainerCreating",
        }
    }
}

/// One pod. Either truth may be missing; at least one is there.
#[derive(Clone, Debug, PartialEq)]
pub struct PodView {
    /// `namespace/name`: what `data-pod` carries.
    pub id: Rc<str>,
    /// Its namespace.
    pub namespace: Rc<str>,
    /// Its name.
    pub name: Rc<str>,
    /// Its uid.
    pub uid: Rc<str>,
    /// The node it runs on or, if `ghost`, is meant for; `None` in the Pending tray.
    pub node: Option<Rc<str>>,
    /// Where it came from.
    pub origin: Origin,
    /// Its labels.
    pub labels: SortedMap<Rc<str>, Rc<str>>,
    /// What it is controlled by, if anything: a DaemonSet, or the node of a static pod.
    pub controlled_by: Option<Controller>,
    /// The static pod's file, if it is one.
    pub file: Option<Rc<str>>,
    /// Whether it is a mirror: the API server's picture of a static pod.
    pub is_mirror: bool,
    /// Waits for its node and is not bound yet.
    pub ghost: bool,
    /// What is true on the node, where it and the API server disagree.
    pub state: PodState,
    /// STATUS as kubectl prints it, from the API server's view; from the node's where there is no other.
    pub status: Rc<str>,
    /// READY as kubectl prints it: `1/1`.
    pub ready: Rc<str>,
    /// How often its containers were started again, as kubectl counts.
    pub restarts: u32,
    /// When it was created.
    pub created: Timestamp,
    /// Its address, once it has one.
    pub ip: Option<Rc<str>>,
    /// What the API server shows; `None` if it does not know the pod.
    pub api_status: Option<Rc<str>>,
    /// What really is on the node; `None` if nothing is.
    pub node_status: Option<OnNode>,
    /// How the two truths disagree, if they do.
    pub difference: Option<Difference>,
    /// Why it waits, in the scheduler's or the kubelet's words.
    pub reason: Option<Rc<str>>,
    /// What its start waits for.
    pub step: Option<StartStep>,
    /// Its time to end by itself: from the deletion until it is killed.
    pub grace: Option<(Time, Time)>,
    /// Its containers, in the order of the spec.
    pub containers: Vec<ContainerView>,
}

impl NodeView {
    /// ROLES as kubectl prints it; empty if the node is not registered.
    pub fn roles_text(&self) -> String {
        match self.roles.is_empty() {
            true if self.registered => "<none>".to_owned(),
            _ => self.roles.join(","),
        }
    }

    /// Whether it is a computer of the control plane: also before its Node says so.
    pub fn is_control_plane(&self) -> bool {
        self.hosts_plane || self.roles.iter().any(|role| **role == *"control-plane")
    }
}

impl PodView {
    /// The id of its DaemonSet, `namespace/name`, if one controls it.
    pub fn daemonset(&self) -> Option<Rc<str>> {
        let controller = self.controlled_by.as_ref().filter(|by| *by.kind == *"DaemonSet")?;
        Some(format!("{}/{}", self.namespace, controller.name).into())
    }

    /// Whether the DaemonSet of this id, `namespace/name`, controls it.
    pub fn is_of(&self, daemonset: &str) -> bool {
        let is_it = |by: &Controller| {
            *by.kind == *"DaemonSet" && daemonset.split_once('/') == Some((&*self.namespace, &*by.name))
        };
        self.controlled_by.as_ref().is_some_and(is_it)
    }
}

/// Nodes that are to have no pod of a DaemonSet, all for the same causes.
#[derive(Clone, Debug, PartialEq)]
pub struct Without {
    /// The causes that all of them share.
    pub causes: Vec<Cause>,
    /// How many they are.
    pub count: u32,
    /// The first of them.
    pub examples: Vec<Rc<str>>,
}

/// A node of the board: what the API server knows of it, and what its computer really does.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeView {
    /// Its name.
    pub name: Rc<str>,
    /// STATUS as kubectl prints it: `Ready`, `NotReady,SchedulingDisabled`; `not registered` without object.
    pub status: Rc<str>,
    /// Whether its condition Ready is True.
    pub ready: bool,
    /// Whether the API server has a Node of this name.
    pub registered: bool,
    /// Whether its computer is switched on.
    pub powered: bool,
    /// Whether the kubelet's process runs.
    pub kubelet_running: bool,
    /// Whether its computer is connected to the network.
    pub linked: bool,
    /// Whether it is cordoned: `spec.unschedulable`.
    pub cordoned: bool,
    /// Whether kubeadm has put the control plane's manifests on its disk.
    pub hosts_plane: bool,
    /// Its roles, in order of their names.
    pub roles: Vec<Rc<str>>,
    /// Its labels, in order of their keys.
    pub labels: Vec<(Rc<str>, Rc<str>)>,
    /// What keeps pods away from it.
    pub taints: Vec<Taint>,
    /// Its address.
    pub internal_ip: Rc<str>,
    /// What the running kubelet uses, whatever its config file says by now; of a stopped one what that file says.
    pub static_pod_path: Rc<str>,
    /// The config file names another staticPodPath than the one in use: a restart is needed (KL-003).
    pub restart_needed: bool,
    /// The files of its disk that matter to its kubelet, and whatever else a person has put there.
    pub files: Vec<FileEntry>,
    /// Its pods, also those that wait for it.
    pub pods: Vec<Rc<PodView>>,
    /// Of each DaemonSet, in the order of [`Board::daemonsets`].
    pub why: Vec<Why>,
    /// `1850m / 4` and `512Mi / 16Gi`: requested of allocatable.
    pub cpu: Rc<str>,
    /// Requested of allocatable memory.
    pub memory: Rc<str>,
}

/// How a part of the control plane is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartState {
    /// It works.
    Running,
    /// Its container is being started, or does not answer yet.
    Starting,
    /// It does not run.
    Down,
    /// Runs, and waits for a lease (CP-011).
    Standby,
}

/// A part of the control plane: it is a static pod of the control-plane node.
#[derive(Clone, Debug, PartialEq)]
pub struct PartView {
    /// `kube-apiserver`, `etcd`, `kube-scheduler`, `kube-controller-manager`.
    pub name: Rc<str>,
    /// How it is.
    pub state: PartState,
    /// The pod it is, as in [`PodView::id`].
    pub pod: Rc<str>,
    /// How often its container was started again.
    pub restarts: u32,
    /// What it is at: etcd, the revision of its store; may be empty.
    pub note: Rc<str>,
}

/// A DaemonSet as `kubectl get` shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct DaemonSetView {
    /// `namespace/name`.
    pub id: Rc<str>,
    /// Its namespace.
    pub namespace: Rc<str>,
    /// Its name.
    pub name: Rc<str>,
    /// DESIRED: nodes that should run a pod.
    pub desired: u32,
    /// CURRENT: of those, the ones that have one.
    pub current: u32,
    /// READY: of those, the ones whose pod is ready.
    pub ready: u32,
    /// UP-TO-DATE: of those, the ones whose pod is of the present template.
    pub up_to_date: u32,
    /// AVAILABLE: of those, the ones whose pod is available.
    pub available: u32,
    /// Nodes that have a pod and should not.
    pub misscheduled: u32,
    /// NODE SELECTOR: `disk=ssd`, or `<none>`.
    pub node_selector: Rc<str>,
    /// Why pods cannot be made, while there are fewer than wanted.
    pub trouble: Option<Trouble>,
    /// How many pods a rolling update may have unavailable at a time, of those desired; `None` for OnDelete.
    pub max_unavailable: Option<u32>,
    /// Its template tolerates taints already.
    pub tolerates: bool,
    pub(crate) created: Timestamp,
}

/// An Event as `kubectl get events` shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct EventView {
    /// When it was said last.
    pub last_seen: Timestamp,
    /// Whether it is a Warning.
    pub warning: bool,
    /// REASON.
    pub reason: Rc<str>,
    /// `pod/agent-x7k2p`.
    pub object: Rc<str>,
    /// The namespace of the object that it is about.
    pub namespace: Rc<str>,
    /// MESSAGE.
    pub message: Rc<str>,
    /// How often it was said.
    pub count: u32,
    /// The component that said it.
    pub source: Rc<str>,
}

/// A message that has been sent: a line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageView {
    /// When it was sent.
    pub sent: Time,
    pub(crate) arrives: Time,
    /// Who sent it, as a person reads it: `kubelet worker-1`.
    pub from: Rc<str>,
    /// Who got it.
    pub to: Rc<str>,
    /// What it asks or tells.
    pub verb: Rc<str>,
    /// The kind and name of its object.
    pub object: Rc<str>,
}

/// A file on a node, as its card lists it.
#[derive(Clone, Debug, PartialEq)]
pub struct FileEntry {
    /// Its absolute path.
    pub path: Rc<str>,
    /// Whether it lies directly in the kubelet's staticPodPath and is read as a manifest.
    pub is_manifest: bool,
    /// What the kubelet said when it last read it and could not take it.
    pub error: Option<Rc<str>>,
}

/// A file or directory on a node.
#[derive(Clone, Debug, PartialEq)]
pub struct FileView {
    /// Its absolute path.
    pub path: Rc<str>,
    /// Whether it is a directory.
    pub is_directory: bool,
    /// The file's text; bytes that are not UTF-8 are shown as replacement characters.
    pub text: Option<Rc<str>>,
    /// Whether it lies directly in the kubelet's staticPodPath and is read as a manifest.
    pub is_manifest: bool,
    /// What the kubelet said when it last read it and could not take it.
    pub error: Option<Rc<str>>,
}

/// Everything the stage draws.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    /// The present.
    pub now: Time,
    /// How the API server is.
    pub api_server: ApiServerState,
    /// When it stopped answering: what it knows is as old as that. `None` while it answers.
    pub api_silent_since: Option<Time>,
    /// The control plane's parts, in the order etcd, kube-apiserver, kube-controller-manager, kube-scheduler.
    pub parts: Vec<Rc<PartView>>,
    /// The nodes by their computers, oldest first; then those without a computer, by name.
    pub nodes: Vec<Rc<NodeView>>,
    /// Pods that are meant for no particular node and wait: the first hundred.
    pub pending: Vec<Rc<PodView>>,
    /// How many there are of them.
    pub pending_count: u32,
    /// The DaemonSets, oldest first.
    pub daemonsets: Vec<Rc<DaemonSetView>>,
    /// True while nothing is under way: no message, no start, no stop.
    pub quiet: bool,
}

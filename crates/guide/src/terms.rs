//! The words of the guide's files: what a part may wait for, what can be lit up, what must be there first.
//!
//! The build script reads the files into these same types, so each word stands here once.

use serde::Deserialize;

/// What a part of a step waits for. `kube-system` counts only where the control plane is meant.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    /// The API server is down, and has been up.
    ApiServerDown,
    /// With the API server down, a command was refused.
    Refused,
    /// A static pod began to run while the API server was down.
    StaticWithoutApi,
    /// A static pod that ran without a mirror pod has got one.
    MirrorAdded,
    /// A kubelet's config file names another staticPodPath than the kubelet uses.
    RestartNeeded,
    /// A static pod runs on a node whose staticPodPath is not kubeadm's.
    PathChanged,
    /// A part of the control plane that was running is gone, its pod too, while the API server is up.
    PartStopped,
    /// That part is running again.
    PartBack,
    /// A command has listed a DaemonSet's pod and a static pod that run now.
    NamesListed,
    /// A DaemonSet's pod runs on a node that has joined meanwhile.
    DaemonOnNewNode,
    /// The same static pod runs on more nodes than before.
    FileCopied,
    /// A DaemonSet's pod was replaced on its node by one of another name.
    DaemonCameBack,
    /// A mirror pod was replaced by one of another uid.
    MirrorCameBack,
    /// A DaemonSet that had pods is gone, and its pods too.
    #[serde(rename = "daemonset-gone")]
    DaemonSetGone,
    /// A static pod that was running is gone.
    FileGone,
    /// A DaemonSet has a ready pod on every node that it wants one on.
    #[serde(rename = "daemonset-ready")]
    DaemonSetReady,
    /// A static pod runs.
    StaticRunning,
    /// A static pod runs another image than before, under the same name.
    StaticRestarted,
    /// On a node with a taint a static pod runs, and a DaemonSet that had a pod there has none.
    TaintIgnored,
    /// With the API server up, it or kubectl has said no to an apply.
    ApplyRejected,
    /// A kubelet cannot read a file in its staticPodPath.
    FileUnread,
    /// A node that was Ready is not.
    NodeNotReady,
    /// A node that was not Ready is so again.
    NodeReadyAgain,
    /// All four parts of the control plane run.
    PlaneRuns,
    /// All four are listed by the API server, as mirror pods.
    PlaneListed,
    /// All nodes are registered and Ready.
    NodesReady,
    /// A DaemonSet that was all up to date is no longer.
    RolloutBegan,
    /// It is so again.
    RolloutDone,
}

/// What can be lit up on the page.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Light {
    /// The API server and etcd.
    ApiServer,
    /// The whole control plane.
    ControlPlane,
    /// The pods of DaemonSets.
    DaemonPods,
    /// Static pods and their mirrors.
    StaticPods,
    /// The kubelets of the nodes.
    Kubelets,
    /// The files on the nodes' disks.
    Files,
    /// The editor of the DaemonSet.
    #[serde(rename = "daemonset")]
    DaemonSet,
    /// The nodes.
    Nodes,
}

/// What the API server must be before a part's commands make sense.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ApiServer {
    Up,
    Down,
}

/// What must be in the cluster before a part's commands make sense; it is brought back if it is not.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Given {
    /// The DaemonSet of agent.yaml.
    Agent,
    /// The static pod of web.yaml on worker-1.
    Web,
}

//! How each part recognises the answers to its requests, and what it asked to be reminded of.
//!
//! Nobody but the part itself reads them. They are values of one size, so that messages and the agenda hold
//! them without a box.

/// The controllers of kube-controller-manager, as its flag `--controllers` names them.
///
/// Kubernetes: cmd/kube-controller-manager/names/controller_names.go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Controller {
    /// `daemonset-controller`
    DaemonSet,
    /// `garbage-collector-controller`
    GarbageCollector,
    /// `namespace-controller`
    Namespace,
    /// `node-lifecycle-controller`
    NodeLifecycle,
    /// `taint-eviction-controller`
    TaintEviction,
    /// `pod-garbage-collector-controller`
    PodGarbageCollector,
    /// `disruption-controller`
    Disruption,
    /// `ttl-controller`
    Ttl,
    /// `replicaset-controller`
    ReplicaSet,
    /// `deployment-controller`
    Deployment,
    /// `job-controller`
    Job,
    /// `ttl-after-finished-controller`
    TtlAfterFinished,
    /// `statefulset-controller`
    StatefulSet,
    /// `cronjob-controller`
    CronJob,
    /// The second queue of `job-controller`: pods whose finalizer no Job waits for. The flag does not name it.
    JobOrphans,
    /// `endpoints-controller` and `endpointslice-controller`
    Endpoints,
    /// `resourcequota-controller`
    ResourceQuota,
}

/// What a part wrote on its request to recognise the answer by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Token {
    /// No answer is wanted.
    None,
    /// A candidate for the lease of its component reads it (`takes` is false) or takes it, in this round of its
    /// requests and timers.
    LeaderElection {
        /// Whether the request takes or renews the lease, instead of reading it.
        takes: bool,
        /// Answers of an earlier round are dropped.
        round: u64,
    },
    /// A controller's request.
    Controller {
        /// Whose it is.
        controller: Controller,
        /// The number of the sync, or of the request where the controller has no syncs.
        sync: u64,
        /// The number of the request among those that a sync has sent together.
        nth: u16,
    },
    /// The scheduler's request with this number: it binds a pod, or deletes one to make room.
    Scheduler(u64),
    /// A request of a kubelet's process.
    Kubelet {
        /// Which process of its node it is, counted from 1: answers to an earlier one are dropped.
        epoch: u8,
        /// What was asked.
        request: KubeletRequest,
    },
    /// A command of the user.
    User {
        /// Who runs it.
        by: UserProcess,
        /// The number of the request in it.
        ticket: u32,
    },
}

/// The number of a command of the user; later ones have larger numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u32);

/// Whose shell runs a command of the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UserProcess {
    /// The command has a shell of its own.
    Job(JobId),
    /// The shell in the terminal with this number.
    Terminal(u32),
}

/// What a kubelet asked. Pod workers are named by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KubeletRequest {
    /// The creation of this worker's mirror pod.
    CreateMirror(u32),
    /// The deletion of this worker's mirror pod.
    DeleteMirror(u32),
    /// The creation of its node.
    CreateNode,
    /// A look at its node.
    GetNode,
    /// An update of its node.
    UpdateNode,
    /// The renewal of its node's lease.
    HoldLease,
    /// A ConfigMap or Secret, by the number of the query.
    GetConfig(u32),
}

/// What a part asked to be reminded of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The next try of a candidate for a lease, or its next renewal, in this round of its requests and timers.
    LeaderElection(u64),
    /// Something of a controller.
    Controller(Controller, ControllerTimer),
    /// Something of the scheduler.
    Scheduler(SchedulerTimer),
    /// Something of a kubelet's process.
    Kubelet {
        /// Which process of its node it is, counted from 1: timers of an earlier one are dropped.
        epoch: u8,
        /// What is due.
        timer: KubeletTimer,
    },
    /// Something of a node's container runtime, which outlives the kubelet's process.
    Runtime(RuntimeTimer),
}

/// What is due in a controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ControllerTimer {
    /// What is in its queue.
    Work,
    /// What was put into its queue with a delay.
    Delayed,
    /// The node life cycle controller's look at the nodes' health.
    MonitorNodeHealth,
    /// The node life cycle controller's next NoExecute taint.
    NoExecuteTaint,
}

/// What is due in the scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SchedulerTimer {
    /// The next pod.
    Cycle,
    /// The end of some pod's back-off.
    Backoff,
    /// Pods that have been unschedulable for too long.
    Unschedulable,
    /// Events that repeat and are not reported yet.
    EventSeries,
}

/// What is due in a kubelet. Pod workers are named by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KubeletTimer {
    /// The look at what the runtime runs (PLEG).
    Relist,
    /// The next sync of this worker's pod.
    SyncPod(u32),
    /// The status manager's full pass.
    SyncStatus,
    /// The end of the image pull with this number.
    Pull(u32),
    /// The end of a hook of a container, by the runtime's number.
    Hook {
        /// The pod's worker.
        worker: u32,
        /// The container.
        container: u32,
    },
    /// The scan of staticPodPath.
    FileCheck,
    /// The look at staticPodURL, after this many failures in a row.
    UrlCheck(u32),
    /// Cleanups of pods that nobody knows any more.
    Housekeeping,
    /// Another try to register its node.
    Register,
    /// The report of the node's status.
    NodeStatus,
    /// The renewal of the node's lease.
    Lease,
    /// The next probe.
    Probe {
        /// The pod's worker.
        worker: u32,
        /// Which of the worker's probes.
        probe: u32,
    },
    /// Another try to mount what was missing for this worker's pod.
    Mount(u32),
    /// The removal of dead containers and sandboxes.
    GarbageCollection,
    /// The end of this worker's pod's activeDeadlineSeconds.
    Deadline(u32),
}

/// What is done in a container runtime; sandboxes and containers by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuntimeTimer {
    /// The sandbox is made.
    Sandbox(u32),
    /// The container is started.
    Start {
        /// Its sandbox.
        sandbox: u32,
        /// The container.
        container: u32,
    },
    /// The container's program ends.
    Exit(u32),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_and_a_token_take_two_words() {
        assert_eq!((size_of::<Timer>(), size_of::<Token>()), (16, 16));
    }
}

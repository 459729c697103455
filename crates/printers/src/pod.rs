//! Pods: READY, STATUS and RESTARTS.

use std::fmt;

use super::{Columns, Row, age, text_of};
use api::json;
use api::meta::Name;
use api::pod::{
    ConditionStatus, ConditionType, ContainerKind, ContainerState, ContainerStatus, Phase, Pod, Terminated,
};
use sim::{Time, Timestamp};

pub(super) const COLUMNS: Columns =
    &["Name", "Ready", "Status", "Restarts", "Age", "*IP", "*Node", "*Nominated Node", "*Readiness Gates"];

/// How a container has ended, as STATUS says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The reason that the kubelet gave: `Completed`, `Error`, `OOMKilled` …
    Named(Name),
    /// It gave none; the number of the signal.
    Signal(i32),
    /// It gave none, and there was no signal; the exit code.
    ExitCode(i32),
}

impl EndReason {
    fn of(ended: &Terminated) -> EndReason {
        if !ended.reason.is_empty() {
            EndReason::Named(ended.reason.clone())
        } else if ended.signal != 0 {
            EndReason::Signal(ended.signal)
        } else {
            EndReason::ExitCode(ended.exit_code)
        }
    }

    fn is_completed(&self) -> bool {
        matches!(self, EndReason::Named(reason) if **reason == *"Completed")
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EndReason::Named(reason) => f.write_str(reason),
            EndReason::Signal(signal) => write!(f, "Signal:{signal}"),
            EndReason::ExitCode(code) => write!(f, "ExitCode:{code}"),
        }
    }
}

/// The STATUS column, by what it is taken from. Prints as the column's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PodReason {
    /// The phase; `Running` also for a pod of which one container has completed and the others run.
    Phase(Phase),
    /// A scheduling gate holds it back.
    SchedulingGated,
    /// status.reason: `Evicted`, `NodeLost` …
    Status(Name),
    /// Its init containers come first.
    Init {
        /// How many are done.
        at: usize,
        /// How many there are.
        count: usize,
    },
    /// An init container waits; why.
    InitWaiting(Name),
    /// An init container has failed.
    InitTerminated(EndReason),
    /// A container waits; why.
    Waiting(Name),
    /// A container has ended.
    Terminated(EndReason),
    /// A container has completed, and another one runs, but the pod is not ready.
    NotReady,
    /// It is being deleted.
    Terminating,
}

impl fmt::Display for PodReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PodReason::Phase(phase) => f.write_str(phase.text()),
            PodReason::SchedulingGated => f.write_str("SchedulingGated"),
            PodReason::Status(reason) | PodReason::Waiting(reason) => f.write_str(reason),
            PodReason::Init { at, count } => write!(f, "Init:{at}/{count}"),
            PodReason::InitWaiting(reason) => write!(f, "Init:{reason}"),
            PodReason::InitTerminated(ended) => write!(f, "Init:{ended}"),
            PodReason::Terminated(ended) => ended.fmt(f),
            PodReason::NotReady => f.write_str("NotReady"),
            PodReason::Terminating => f.write_str("Terminating"),
        }
    }
}

/// What the table says of a pod's containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodSummary {
    /// Containers that are ready, sidecars included.
    pub ready: u32,
    /// Containers that count for READY.
    pub total: u32,
    /// The STATUS column.
    pub reason: PodReason,
    /// The RESTARTS column, without the time.
    pub restarts: u32,
    pub(crate) last_restart: Timestamp,
}

/// Rules: KL-108…KL-114.
///
/// Kubernetes: pkg/printers/internalversion/printers.go, printPod.
pub fn pod_status(pod: &Pod) -> PodSummary {
    let is_counted = |kind| matches!(kind, ContainerKind::Main | ContainerKind::Sidecar);
    let counted = pod.spec.containers.iter().filter(|container| is_counted(container.kind));
    let mut summary = PodSummary {
        ready: 0,
        total: u32::try_from(counted.count()).unwrap_or(u32::MAX),
        reason: first_reason(pod),
        restarts: 0,
        last_restart: Timestamp::default(),
    };
    let mut sidecars = Restarts::default();
    let initializing = init_containers(pod, &mut summary, &mut sidecars);
    let initialized = pod.status.condition(ConditionType::Initialized);
    if !initializing || initialized.is_some_and(|condition| condition.status == ConditionStatus::True) {
        main_containers(pod, &mut summary, sidecars);
    }
    if pod.meta.is_terminating() {
        let lost = pod.status.reason.as_ref().is_some_and(|reason| &*reason.reason == "NodeLost");
        if lost {
            summary.reason = PodReason::Phase(Phase::Unknown);
        } else if !pod.is_terminal() {
            summary.reason = PodReason::Terminating;
        }
    }
    summary
}

/// The phase, or status.reason (KL-108), or that a scheduling gate holds it back.
fn first_reason(pod: &Pod) -> PodReason {
    let scheduled = pod.status.condition(ConditionType::PodScheduled).and_then(|c| c.reason.as_ref());
    if scheduled.is_some_and(|reason| &*reason.reason == "SchedulingGated") {
        return PodReason::SchedulingGated;
    }
    match &pod.status.reason {
        Some(reason) if !reason.reason.is_empty() => PodReason::Status(reason.reason.clone()),
        _ => PodReason::Phase(pod.status.phase),
    }
}

#[derive(Clone, Copy, Default)]
struct Restarts {
    count: u32,
    last: Timestamp,
}

impl Restarts {
    fn add(&mut self, status: &ContainerStatus) {
        self.count = self.count.saturating_add(status.restart_count);
        if let Some(last) = &status.last_state {
            self.last = self.last.max(last.finished);
        }
    }
}

/// KL-109. Returns whether an init container is still to end.
fn init_containers(pod: &Pod, summary: &mut PodSummary, sidecars: &mut Restarts) -> bool {
    let mut restarts = Restarts::default();
    let inits = pod.spec.containers.iter().zip(&pod.status.containers);
    let inits = inits.filter(|(container, _)| container.kind.is_init());
    let count = pod.spec.init_containers().count();
    let mut initializing = false;
    for (at, (container, status)) in inits.enumerate() {
        restarts.add(status);
        let is_sidecar = container.kind == ContainerKind::Sidecar;
        if is_sidecar {
            sidecars.add(status);
        }
        match &status.state {
            ContainerState::Terminated(ended) if ended.exit_code == 0 => continue,
            _ if is_sidecar && status.started => {
                summary.ready += u32::from(status.ready);
                continue;
            }
            ContainerState::Terminated(ended) => {
                summary.reason = PodReason::InitTerminated(EndReason::of(ended));
            }
            ContainerState::Waiting(waiting)
                if !waiting.reason.is_empty() && &*waiting.reason != "PodInitializing" =>
            {
                summary.reason = PodReason::InitWaiting(waiting.reason.clone());
            }
            _ => summary.reason = PodReason::Init { at, count },
        }
        initializing = true;
        break;
    }
    (summary.restarts, summary.last_restart) = (restarts.count, restarts.last);
    initializing
}

/// KL-110, KL-111: the first container's reason wins, as they are looked at from the last, in order of names.
fn main_containers(pod: &Pod, summary: &mut PodSummary, sidecars: Restarts) {
    let mut restarts = sidecars;
    let (mut running, mut error) = (false, None);
    for (_, status) in pod.main_statuses().into_iter().rev() {
        restarts.add(status);
        match &status.state {
            ContainerState::Waiting(waiting) if !waiting.reason.is_empty() => {
                summary.reason = PodReason::Waiting(waiting.reason.clone());
            }
            ContainerState::Terminated(ended) => {
                summary.reason = PodReason::Terminated(EndReason::of(ended));
                if ended.exit_code != 0 {
                    error = Some(summary.reason.clone());
                }
            }
            ContainerState::Running(_) if status.ready => {
                running = true;
                summary.ready += 1;
            }
            _ => {}
        }
    }
    if matches!(&summary.reason, PodReason::Terminated(ended) if ended.is_completed()) {
        match error {
            _ if running && pod.is_ready() => summary.reason = PodReason::Phase(Phase::Running),
            Some(error) => summary.reason = error,
            None if running => summary.reason = PodReason::NotReady,
            None => {}
        }
    }
    (summary.restarts, summary.last_restart) = (restarts.count, restarts.last);
}

pub(super) fn row(pod: &Pod, now: Time) -> Row {
    let summary = pod_status(pod);
    let restarts = if summary.restarts != 0 && summary.last_restart != Timestamp::default() {
        format!("{} ({} ago)", summary.restarts, age(&summary.last_restart, now))
    } else {
        summary.restarts.to_string()
    };
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "<none>".to_owned());
    vec![
        text_of(&pod.meta.name),
        format!("{}/{}", summary.ready, summary.total),
        summary.reason.to_string(),
        restarts,
        age(&pod.meta.created, now),
        or_none(pod.status.pod_ip.map(|ip| ip.to_string())),
        or_none(pod.node_name.as_deref().map(text_of)),
        or_none(pod.status.nominated_node.as_deref().map(text_of)),
        readiness_gates(pod),
    ]
}

fn readiness_gates(pod: &Pod) -> String {
    let gates = json::list(&pod.spec.raw, "readinessGates");
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let is_true = |gate: &&serde_json::Value| {
        let wanted = json::text(gate, "conditionType");
        let conditions = &pod.status.conditions;
        conditions.iter().any(|c| c.kind.text() == wanted && c.status == ConditionStatus::True)
    };
    format!("{}/{}", gates.iter().filter(is_true).count(), gates.len())
}

//! kube-controller-manager: the controllers that run in one process and share its caches.
//!
//! The cluster tells the [`ControllerManager`] what was listed, watched and answered; it updates the caches
//! and passes the news on to the controllers, which answer with requests and timers.
//!
//! Kubernetes: cmd/kube-controller-manager.

mod cronjob;
pub mod daemon;
mod deployment;
pub mod disruption;
mod endpoints;
pub mod garbage_collector;
mod job;
pub mod namespace;
pub mod node_lifecycle;
mod pod_control;
pub mod pod_gc;
mod procedure;
mod replicaset;
mod statefulset;
pub mod taint_eviction;
mod ttl;
pub mod worker;

use api::meta::Name;
use api::object::{Kind, Object};
use client::informer::Caches;
use client::leader_election::{Election, LeaderElector};
use wire::{Answer, CallError, Ctx, Effect, Timer, Token, WatchEvent};

use cronjob::CronJobController;
use daemon::DaemonSetsController;
use deployment::DeploymentController;
use disruption::DisruptionController;
use endpoints::EndpointsController;
use garbage_collector::GarbageCollector;
use job::JobController;
use job::ttl::TtlAfterFinishedController;
use namespace::NamespaceController;
use node_lifecycle::NodeLifecycleController;
use pod_gc::PodGcController;
use replicaset::ReplicaSetController;
use statefulset::StatefulSetController;
use taint_eviction::TaintEvictionController;
use ttl::TtlController;

/// The tags of each controller's timers and tokens: from this number on, eight for each.
const LEADER_ELECTION: u16 = 1;
const DAEMON: u16 = 8;
const GARBAGE_COLLECTOR: u16 = 16;
const NAMESPACE: u16 = 24;
const NODE_LIFECYCLE: u16 = 32;
const TAINT_EVICTION: u16 = 40;
const POD_GC: u16 = 48;
const DISRUPTION: u16 = 56;
const REPLICA_SET: u16 = 64;
const DEPLOYMENT: u16 = 72;
const JOB: u16 = 80;
const TTL_AFTER_FINISHED: u16 = 88;
const STATEFUL_SET: u16 = 96;
const CRON_JOB: u16 = 104;
const ENDPOINTS: u16 = 112;

/// The kind of which the list comes last: then all caches are filled.
pub const LAST_LISTED: Kind = Kind::Pod;

/// What went wrong with a call, as client-go words it.
pub(crate) fn error_text(error: &CallError) -> String {
    match error {
        CallError::Refused => "dial tcp: connect: connection refused".to_owned(),
        CallError::TimedOut | CallError::Canceled => "context deadline exceeded".to_owned(),
        CallError::Status(status) => status.message.clone(),
    }
}

/// The controllers of the process, as its flag `--controllers` names them.
///
/// Kubernetes: cmd/kube-controller-manager/names/controller_names.go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Controller {
    DaemonSet,
    GarbageCollector,
    Namespace,
    NodeLifecycle,
    TaintEviction,
    PodGarbageCollector,
    Disruption,
    Ttl,
    ReplicaSet,
    Deployment,
    Job,
    TtlAfterFinished,
    StatefulSet,
    CronJob,
    /// `endpoints-controller` and `endpointslice-controller`.
    Endpoints,
}

/// Which controllers the process runs; all of them by default.
#[derive(Clone, Copy, Debug)]
struct Enabled(u16);

impl Enabled {
    const ALL: Enabled = Enabled(u16::MAX);

    fn only(controllers: &[Controller]) -> Enabled {
        Enabled(controllers.iter().fold(0, |bits, controller| bits | 1 << *controller as u8))
    }

    fn has(self, controller: Controller) -> bool {
        self.0 & 1 << controller as u8 != 0
    }
}

/// All controllers of the process, and what they share.
#[derive(Clone, Debug)]
pub struct ControllerManager {
    enabled: Enabled,
    /// `None`: it acts without asking (`--leader-elect=false`).
    elector: Option<LeaderElector>,
    pub caches: Caches,
    pub daemon: DaemonSetsController,
    garbage_collector: GarbageCollector,
    namespace: NamespaceController,
    pub node_lifecycle: NodeLifecycleController,
    taint_eviction: TaintEvictionController,
    pod_gc: PodGcController,
    disruption: DisruptionController,
    ttl: TtlController,
    replica_set: ReplicaSetController,
    deployment: DeploymentController,
    job: JobController,
    ttl_after_finished: TtlAfterFinishedController,
    stateful_set: StatefulSetController,
    cron_job: CronJobController,
    endpoints: EndpointsController,
}

impl Default for ControllerManager {
    fn default() -> Self {
        ControllerManager {
            enabled: Enabled::ALL,
            elector: None,
            caches: Caches::default(),
            daemon: DaemonSetsController::default(),
            garbage_collector: GarbageCollector::new(GARBAGE_COLLECTOR),
            namespace: NamespaceController::new(NAMESPACE),
            node_lifecycle: NodeLifecycleController::new(NODE_LIFECYCLE),
            taint_eviction: TaintEvictionController::new(TAINT_EVICTION),
            pod_gc: PodGcController::new(POD_GC),
            disruption: DisruptionController::new(DISRUPTION),
            ttl: TtlController::default(),
            replica_set: ReplicaSetController::new(REPLICA_SET),
            deployment: DeploymentController::new(DEPLOYMENT),
            job: JobController::new(JOB),
            ttl_after_finished: TtlAfterFinishedController::new(TTL_AFTER_FINISHED),
            stateful_set: StatefulSetController::new(STATEFUL_SET),
            cron_job: CronJobController::new(CRON_JOB),
            endpoints: EndpointsController::new(ENDPOINTS),
        }
    }
}

impl ControllerManager {
    pub fn new() -> ControllerManager {
        ControllerManager::default()
    }

    /// A process with some of the controllers only (`--controllers=…`).
    pub fn with_controllers(controllers: &[Controller]) -> ControllerManager {
        ControllerManager { enabled: Enabled::only(controllers), ..ControllerManager::default() }
    }

    /// A process on a host that acts only while it holds the lease (CP-011).
    pub fn with_leader_election(host: &Name) -> ControllerManager {
        const NAME: &str = "kube-controller-manager";
        let elector = Some(LeaderElector::new(NAME, NAME, host, LEADER_ELECTION));
        ControllerManager { elector, ..ControllerManager::default() }
    }

    pub fn elector(&self) -> Option<&LeaderElector> {
        self.elector.as_ref()
    }

    /// Whether it acts: the informers and the controllers run then.
    pub fn is_leading(&self) -> bool {
        self.elector.as_ref().is_none_or(LeaderElector::is_leader)
    }

    /// The process has started.
    pub fn start(&mut self, ctx: &mut Ctx) {
        match &mut self.elector {
            Some(elector) => elector.run(ctx),
            None => self.run(ctx),
        }
    }

    /// The connection to the API server is there, or is there again.
    pub fn on_connected(&mut self, ctx: &mut Ctx) {
        if let Some(elector) = &mut self.elector {
            elector.on_connected(ctx);
        }
    }

    pub fn on_disconnected(&mut self, ctx: &mut Ctx) {
        if let Some(elector) = &mut self.elector {
            elector.on_disconnected(ctx);
        }
        let leases = self.caches.freeze_leases(ctx.now, ctx.settings.link_delay);
        if self.enabled.has(Controller::NodeLifecycle) {
            self.node_lifecycle.on_disconnect(&leases, &self.caches, ctx);
        }
    }

    /// Kubernetes: cmd/kube-controller-manager/app/controllermanager.go, Run.
    fn on_election(&mut self, election: Option<Election>, ctx: &mut Ctx) {
        match election {
            Some(Election::StartedLeading) => {
                self.run(ctx);
                ctx.effects.push(Effect::Connect);
            }
            Some(Election::StoppedLeading) => ctx.effects.push(Effect::Exit { code: 1 }),
            None => {}
        }
    }

    fn run(&mut self, ctx: &mut Ctx) {
        if self.enabled.has(Controller::DaemonSet) {
            self.daemon.run(ctx);
        }
        if self.enabled.has(Controller::GarbageCollector) {
            self.garbage_collector.run(ctx);
        }
        if self.enabled.has(Controller::Namespace) {
            self.namespace.run(ctx);
        }
        if self.enabled.has(Controller::Disruption) {
            self.disruption.run(ctx);
        }
        if self.enabled.has(Controller::ReplicaSet) {
            self.replica_set.run(ctx);
        }
        if self.enabled.has(Controller::Deployment) {
            self.deployment.run(ctx);
        }
        if self.enabled.has(Controller::Job) {
            self.job.run(ctx);
        }
        if self.enabled.has(Controller::TtlAfterFinished) {
            self.ttl_after_finished.run(ctx);
        }
        if self.enabled.has(Controller::StatefulSet) {
            self.stateful_set.run(ctx);
        }
        if self.enabled.has(Controller::CronJob) {
            self.cron_job.run(ctx);
        }
        if self.enabled.has(Controller::Endpoints) {
            self.endpoints.run(ctx);
        }
    }

    /// A first list, or one after the watch was interrupted.
    pub fn on_list(&mut self, kind: Kind, objects: Vec<Object>, ctx: &mut Ctx) {
        for event in self.caches.replace(kind, objects) {
            self.on_watch(&event, ctx);
        }
        if kind == LAST_LISTED {
            self.caches_filled(ctx);
        }
    }

    /// What waits for full caches begins.
    fn caches_filled(&mut self, ctx: &mut Ctx) {
        if self.enabled.has(Controller::NodeLifecycle) {
            self.node_lifecycle.run(ctx);
        }
        if self.enabled.has(Controller::PodGarbageCollector) {
            self.pod_gc.run(&self.caches, ctx);
        }
    }

    pub fn on_watch(&mut self, event: &WatchEvent, ctx: &mut Ctx) {
        let Some(change) = self.caches.apply(event) else { return };
        if self.enabled.has(Controller::DaemonSet) {
            self.daemon.on_change(&change, &self.caches, ctx);
        }
        if self.enabled.has(Controller::GarbageCollector) {
            self.garbage_collector.on_change(&change, &self.caches, ctx);
        }
        if self.enabled.has(Controller::Namespace) {
            self.namespace.on_change(&change, &self.caches, ctx);
        }
        if self.enabled.has(Controller::NodeLifecycle) {
            self.node_lifecycle.on_change(&change, &self.caches, ctx);
        }
        if self.enabled.has(Controller::TaintEviction) {
            self.taint_eviction.on_change(&change, &self.caches, ctx);
        }
        if self.enabled.has(Controller::PodGarbageCollector) {
            self.pod_gc.on_change(&change, &self.caches, ctx);
        }
        if self.enabled.has(Controller::Disruption) {
            self.disruption.on_change(&change, &self.caches, ctx);
        }
        if self.enabled.has(Controller::Ttl) {
            self.ttl.on_change(&change, ctx);
        }
        if self.enabled.has(Controller::ReplicaSet) {
            self.replica_set.on_change(&change, ctx);
        }
        if self.enabled.has(Controller::Deployment) {
            self.deployment.on_change(&change, &self.caches, ctx);
        }
        if self.enabled.has(Controller::Job) {
            self.job.on_change(&change, &self.caches, ctx);
        }
        if self.enabled.has(Controller::TtlAfterFinished) {
            self.ttl_after_finished.on_change(&change, ctx);
        }
        if self.enabled.has(Controller::StatefulSet) {
            self.stateful_set.on_change(&change, ctx);
        }
        if self.enabled.has(Controller::CronJob) {
            self.cron_job.on_change(&change, ctx);
        }
        if self.enabled.has(Controller::Endpoints) {
            self.endpoints.on_change(&change, &self.caches, ctx);
        }
    }

    pub fn on_answer(&mut self, token: Token, answer: Answer, ctx: &mut Ctx) {
        if let Some(elector) = self.elector.as_mut().filter(|elector| elector.owns(token.tag)) {
            let election = elector.on_answer(token, &answer, ctx);
            return self.on_election(election, ctx);
        }
        match token.tag & !7 {
            DAEMON => self.daemon.on_answer(token, answer, &self.caches, ctx),
            GARBAGE_COLLECTOR => self.garbage_collector.on_answer(token, &answer, ctx),
            NAMESPACE => self.namespace.on_answer(token, &answer, ctx),
            NODE_LIFECYCLE => self.node_lifecycle.on_answer(token, &answer, &self.caches, ctx),
            TAINT_EVICTION => self.taint_eviction.on_answer(token, &answer, ctx),
            POD_GC => self.pod_gc.on_answer(token, &answer, &self.caches, ctx),
            DISRUPTION => self.disruption.on_answer(token, &answer, ctx),
            REPLICA_SET => self.replica_set.on_answer(token, answer, ctx),
            DEPLOYMENT => self.deployment.on_answer(token, answer, ctx),
            JOB => self.job.on_answer(token, answer, ctx),
            TTL_AFTER_FINISHED => self.ttl_after_finished.on_answer(token, &answer, ctx),
            STATEFUL_SET => self.stateful_set.on_answer(token, answer, ctx),
            CRON_JOB => self.cron_job.on_answer(token, answer, ctx),
            ENDPOINTS => self.endpoints.on_answer(token, answer, ctx),
            _ => {}
        }
    }

    pub fn on_timer(&mut self, timer: Timer, ctx: &mut Ctx) {
        if let Some(elector) = self.elector.as_mut().filter(|elector| elector.owns(timer.tag)) {
            let election = elector.on_timer(timer, ctx);
            return self.on_election(election, ctx);
        }
        match timer.tag & !7 {
            DAEMON => self.daemon.on_timer(timer, &self.caches, ctx),
            GARBAGE_COLLECTOR => self.garbage_collector.on_timer(&self.caches, ctx),
            NAMESPACE => self.namespace.on_timer(&self.caches, ctx),
            NODE_LIFECYCLE => self.node_lifecycle.on_timer(timer, &self.caches, ctx),
            TAINT_EVICTION => self.taint_eviction.on_timer(timer, ctx),
            POD_GC => self.pod_gc.on_timer(timer, &self.caches, ctx),
            DISRUPTION => self.disruption.on_timer(&self.caches, ctx),
            REPLICA_SET => self.replica_set.on_timer(timer, &self.caches, ctx),
            DEPLOYMENT => self.deployment.on_timer(timer, &self.caches, ctx),
            JOB => self.job.on_timer(timer, &self.caches, ctx),
            TTL_AFTER_FINISHED => self.ttl_after_finished.on_timer(&self.caches, ctx),
            STATEFUL_SET => self.stateful_set.on_timer(timer, &self.caches, ctx),
            CRON_JOB => self.cron_job.on_timer(timer, &self.caches, ctx),
            ENDPOINTS => self.endpoints.on_timer(timer, &self.caches, ctx),
            _ => {}
        }
    }
}

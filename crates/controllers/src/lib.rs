//! kube-controller-manager: the controllers that run in one process and share its caches.
//!
//! The cluster tells the [`ControllerManager`] what was listed, watched and answered; it updates the caches
//! and passes the news on to the controllers, which answer with requests and timers.
//!
//! Kubernetes: cmd/kube-controller-manager.

mod cronjob;
pub mod daemon;
mod deployment;
mod disruption;
mod endpoints;
mod garbage_collector;
mod job;
mod namespace;
mod node_lifecycle;
mod pod_control;
mod pod_gc;
mod pod_source;
mod procedure;
mod replicaset;
mod resource_quota;
mod selected_pods;
mod statefulset;
mod taint_eviction;
pub mod template_hash;
mod ttl;
mod worker;

use api::meta::Name;
use api::object::{Kind, Object};
use client::informer::Caches;
use client::leader_election::{Election, LeaderElector};
use wire::{Answer, CallError, Component, Ctx, Effect, Timer, Token, WatchEvent};

pub use wire::Controller;

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
use resource_quota::ResourceQuotaController;
use statefulset::StatefulSetController;
use taint_eviction::TaintEvictionController;
use ttl::TtlController;

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

/// Which controllers the process runs; all of them by default.
#[derive(Clone, Copy, Debug)]
struct Enabled(u32);

impl Default for Enabled {
    fn default() -> Self {
        Enabled(u32::MAX)
    }
}

impl Enabled {
    fn only(controllers: &[Controller]) -> Enabled {
        Enabled(controllers.iter().fold(0, |bits, controller| bits | 1 << *controller as u8))
    }

    fn has(self, controller: Controller) -> bool {
        self.0 & 1 << controller as u8 != 0
    }
}

/// All controllers of the process, and what they share.
#[derive(Clone, Debug, Default)]
pub struct ControllerManager {
    enabled: Enabled,
    /// `None`: it acts without asking (`--leader-elect=false`).
    elector: Option<LeaderElector>,
    /// What the informers have brought; all controllers read it.
    pub caches: Caches,
    /// The DaemonSet controller.
    pub daemon: DaemonSetsController,
    garbage_collector: GarbageCollector,
    namespace: NamespaceController,
    /// The node life cycle controller.
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
    resource_quota: ResourceQuotaController,
}

impl ControllerManager {
    /// A process with all controllers, which acts without asking for a lease.
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
        let elector = Some(LeaderElector::new(NAME, NAME, host));
        ControllerManager { elector, ..ControllerManager::default() }
    }

    /// The candidate for the lease, if the process asks for one.
    pub fn elector(&self) -> Option<&LeaderElector> {
        self.elector.as_ref()
    }

    /// Whether it acts: the informers and the controllers run then.
    pub fn is_leading(&self) -> bool {
        self.elector.as_ref().is_none_or(LeaderElector::is_leader)
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
        if self.enabled.has(Controller::ResourceQuota) {
            self.resource_quota.run(ctx);
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

    /// What waits for full caches begins.
    fn caches_filled(&mut self, ctx: &mut Ctx) {
        if self.enabled.has(Controller::NodeLifecycle) {
            self.node_lifecycle.run(ctx);
        }
        if self.enabled.has(Controller::PodGarbageCollector) {
            self.pod_gc.run(&self.caches, ctx);
        }
    }

    fn on_controller_answer(
        &mut self,
        controller: Controller,
        request: (u64, u16),
        answer: Answer,
        ctx: &mut Ctx,
    ) {
        let (number, nth) = request;
        match controller {
            Controller::DaemonSet => self.daemon.on_answer(number, nth, answer, &self.caches, ctx),
            Controller::GarbageCollector => self.garbage_collector.on_answer(number, &answer, ctx),
            Controller::Namespace => self.namespace.on_answer(number, &answer, ctx),
            Controller::NodeLifecycle => self.node_lifecycle.on_answer(number, &answer, &self.caches, ctx),
            Controller::TaintEviction => self.taint_eviction.on_answer(number, &answer, ctx),
            Controller::PodGarbageCollector => self.pod_gc.on_answer(number, &answer, &self.caches, ctx),
            Controller::Disruption => self.disruption.on_answer(number, &answer, ctx),
            Controller::Ttl => {}
            Controller::ReplicaSet => self.replica_set.on_answer(number, nth, answer, ctx),
            Controller::Deployment => self.deployment.on_answer(number, nth, answer, ctx),
            Controller::Job => self.job.on_answer(number, nth, answer, ctx),
            Controller::TtlAfterFinished => self.ttl_after_finished.on_answer(number, &answer, ctx),
            Controller::StatefulSet => self.stateful_set.on_answer(number, nth, answer, ctx),
            Controller::CronJob => self.cron_job.on_answer(number, nth, answer, ctx),
            Controller::JobOrphans => self.job.on_orphan_answer(number, &answer, ctx),
            Controller::Endpoints => self.endpoints.on_answer(number, nth, answer, ctx),
            Controller::ResourceQuota => self.resource_quota.on_answer(number, &answer, ctx),
        }
    }

    fn on_controller_timer(&mut self, controller: Controller, timer: Timer, ctx: &mut Ctx) {
        match controller {
            Controller::DaemonSet => self.daemon.on_timer(timer, &self.caches, ctx),
            Controller::GarbageCollector => self.garbage_collector.on_timer(&self.caches, ctx),
            Controller::Namespace => self.namespace.on_timer(&self.caches, ctx),
            Controller::NodeLifecycle => self.node_lifecycle.on_timer(timer, &self.caches, ctx),
            Controller::TaintEviction => self.taint_eviction.on_timer(timer, ctx),
            Controller::PodGarbageCollector => self.pod_gc.on_timer(timer, &self.caches, ctx),
            Controller::Disruption => self.disruption.on_timer(&self.caches, ctx),
            Controller::Ttl => {}
            Controller::ReplicaSet => self.replica_set.on_timer(timer, &self.caches, ctx),
            Controller::Deployment => self.deployment.on_timer(timer, &self.caches, ctx),
            Controller::Job => self.job.on_timer(timer, &self.caches, ctx),
            Controller::TtlAfterFinished => self.ttl_after_finished.on_timer(&self.caches, ctx),
            Controller::StatefulSet => self.stateful_set.on_timer(timer, &self.caches, ctx),
            Controller::CronJob => self.cron_job.on_timer(timer, &self.caches, ctx),
            Controller::JobOrphans => self.job.sync_orphans(&self.caches, ctx),
            Controller::Endpoints => self.endpoints.on_timer(timer, &self.caches, ctx),
            Controller::ResourceQuota => self.resource_quota.on_timer(&self.caches, ctx),
        }
    }
}

impl Component for ControllerManager {
    fn start(&mut self, ctx: &mut Ctx) {
        match &mut self.elector {
            Some(elector) => elector.run(ctx),
            None => self.run(ctx),
        }
    }

    fn on_connected(&mut self, ctx: &mut Ctx) {
        if let Some(elector) = &mut self.elector {
            elector.on_connected(ctx);
        }
    }

    fn on_disconnected(&mut self, ctx: &mut Ctx) {
        if let Some(elector) = &mut self.elector {
            elector.on_disconnected(ctx);
        }
        let leases = self.caches.freeze_leases(ctx.now, ctx.settings.link_delay);
        if self.enabled.has(Controller::NodeLifecycle) {
            self.node_lifecycle.on_disconnect(&leases, &self.caches, ctx);
        }
    }

    fn on_list(&mut self, kind: Kind, objects: Vec<Object>, ctx: &mut Ctx) {
        for event in self.caches.replace(kind, objects) {
            self.on_watch(&event, ctx);
        }
        if kind == LAST_LISTED {
            self.caches_filled(ctx);
        }
    }

    fn on_watch(&mut self, event: &WatchEvent, ctx: &mut Ctx) {
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
        if self.enabled.has(Controller::ResourceQuota) {
            self.resource_quota.on_change(&change, ctx);
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

    fn on_answer(&mut self, token: Token, answer: Answer, ctx: &mut Ctx) {
        match token {
            Token::LeaderElection { takes, round } => {
                let elector = self.elector.as_mut();
                let election = elector.and_then(|elector| elector.on_answer(takes, round, &answer, ctx));
                self.on_election(election, ctx);
            }
            Token::Controller { controller, sync, nth } => {
                self.on_controller_answer(controller, (sync, nth), answer, ctx);
            }
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, ctx: &mut Ctx) {
        match timer {
            Timer::LeaderElection(round) => {
                let election = self.elector.as_mut().and_then(|elector| elector.on_timer(round, ctx));
                self.on_election(election, ctx);
            }
            Timer::Controller(controller, _) => self.on_controller_timer(controller, timer, ctx),
            _ => {}
        }
    }
}

//! kube-scheduler: gives every pod that has no node one, or says why it cannot.
//!
//! Told of nodes and pods by its watches, it tries one waiting pod at a time: filters ([`plugins`]) say on
//! which nodes it can run, scores say where best; the pod counts there at once ([`cache`]) while the binding
//! is on its way. A pod that fits nowhere waits (`queue`) until something changes that may help it
//! (`cluster_event`, `queueing_hints`).
//!
//! Kubernetes: pkg/scheduler. Rules: SCH-001…030.

pub mod cache;
mod cluster_event;
mod config;
mod cycle;
mod disruption;
mod event_broadcaster;
pub mod explain;
pub mod fit_error;
pub mod framework;
mod handlers;
pub mod plugins;
mod preemption;
mod queue;
mod queueing_hints;
mod run;

use std::rc::Rc;

use api::meta::Name;
use api::object::{Key, Kind, Object, Other};
use api::pod::Reason;
use api::pod::scheduling::NamespaceLabels;
use client::leader_election::{Election, LeaderElector};
use sim::{Duration, SortedMap, Time};
use wire::{Answer, Component, Ctx, Effect, SchedulerTimer, Timer, Token, WatchEvent};

use cache::{Cache, NodeId};
pub use config::Config;
use event_broadcaster::EventBroadcaster;
use plugins::volume_binding::Volumes;
use preemption::Preemption;
use queue::{PodIx, SchedulingQueue};

/// The only profile there is.
pub(crate) const DEFAULT_SCHEDULER_NAME: &str = "default-scheduler";

/// How long one scheduling cycle takes: about what kube-scheduler needs for one pod in a small cluster.
///
/// Kubernetes: pods are scheduled one at a time (SCH-002), at some hundreds to a thousand a second.
pub(crate) const CYCLE: Duration = Duration::from_millis(1);

/// A binding that the API server has not confirmed yet.
#[derive(Clone, Copy, Debug)]
struct Binding {
    pod: PodIx,
    node: NodeId,
}

/// The process.
#[derive(Clone, Debug)]
pub struct Scheduler {
    config: Config,
    /// `None`: it schedules without asking (`--leader-elect=false`).
    elector: Option<LeaderElector>,
    cache: Cache,
    queue: SchedulingQueue,
    bindings: SortedMap<u64, Binding>,
    next_token: u64,
    /// Where the next search through the nodes begins, so that all get their turn.
    next_start_node: usize,
    events: EventBroadcaster,
    namespaces: NamespaceLabels,
    volumes: Volumes,
    budgets: SortedMap<Key, Rc<Other>>,
    preemptions: SortedMap<u64, Preemption>,
    /// The last condition that was written: many pods fail for the same reason, and share its text.
    last_reason: Rc<Reason>,
    started: Time,
    /// When the last cycle is over.
    busy_until: Time,
    cycle_wake: Option<Time>,
    backoff_wake: Option<Time>,
    unschedulable_wake: Option<Time>,
    series_wake: Option<Time>,
}

impl Default for Scheduler {
    fn default() -> Self {
        Scheduler::new()
    }
}

impl Scheduler {
    /// A scheduler with Kubernetes' defaults, which schedules without asking for a lease.
    pub fn new() -> Scheduler {
        Scheduler::with_config(Config::default())
    }

    pub(crate) fn with_config(config: Config) -> Scheduler {
        Scheduler {
            config,
            elector: None,
            cache: Cache::default(),
            queue: SchedulingQueue::default(),
            bindings: SortedMap::new(),
            next_token: 0,
            next_start_node: 0,
            events: EventBroadcaster::new(DEFAULT_SCHEDULER_NAME),
            namespaces: NamespaceLabels::new(),
            volumes: Volumes::default(),
            budgets: SortedMap::new(),
            preemptions: SortedMap::new(),
            last_reason: Reason::new("", ""),
            started: Time::default(),
            busy_until: Time::default(),
            cycle_wake: None,
            backoff_wake: None,
            unschedulable_wake: None,
            series_wake: None,
        }
    }

    /// A process on a host that schedules only while it holds the lease (CP-011).
    pub fn with_leader_election(host: &Name) -> Scheduler {
        let elector = LeaderElector::new("kube-scheduler", DEFAULT_SCHEDULER_NAME, host);
        Scheduler { elector: Some(elector), ..Scheduler::new() }
    }

    /// The candidate for the lease, if the process asks for one.
    pub fn elector(&self) -> Option<&LeaderElector> {
        self.elector.as_ref()
    }

    /// Whether it schedules.
    pub fn is_leading(&self) -> bool {
        self.elector.as_ref().is_none_or(LeaderElector::is_leader)
    }

    /// Kubernetes: cmd/kube-scheduler/app/server.go, Run. The informers run before it leads.
    fn on_election(&mut self, election: Option<Election>, ctx: &mut Ctx) {
        match election {
            Some(Election::StartedLeading) => {
                self.started = ctx.now;
                self.plan(ctx);
            }
            Some(Election::StoppedLeading) => ctx.effects.push(Effect::Exit { code: 1 }),
            None => {}
        }
    }

    /// How many pods wait in (active, backoff, unschedulable).
    #[cfg(test)]
    pub(crate) fn queue_lengths(&self) -> (usize, usize, usize) {
        self.queue.lengths()
    }

    /// Asks to be woken for what is next: a cycle, the end of a back-off, a pod that has waited too long.
    ///
    /// A wake that comes too early finds nothing to do, so only earlier ones need be asked for.
    fn plan(&mut self, ctx: &mut Ctx) {
        if !self.is_leading() {
            return;
        }
        if self.queue.has_work() && self.cycle_wake.is_none() {
            let at = self.busy_until.max(ctx.now);
            self.cycle_wake = Some(at);
            ctx.wake_at(at, Timer::Scheduler(SchedulerTimer::Cycle));
        }
        let earlier = |wake: Option<Time>, at: Time| wake.is_none_or(|planned| at < planned);
        if let Some(at) = self.queue.next_backoff_flush()
            && earlier(self.backoff_wake, at)
        {
            self.backoff_wake = Some(at);
            ctx.wake_at(at, Timer::Scheduler(SchedulerTimer::Backoff));
        }
        if let Some(at) = self.queue.next_unschedulable_flush(self.started)
            && earlier(self.unschedulable_wake, at)
        {
            self.unschedulable_wake = Some(at);
            ctx.wake_at(at, Timer::Scheduler(SchedulerTimer::Unschedulable));
        }
        if let Some(at) = self.events.next_check(ctx.now)
            && earlier(self.series_wake, at)
        {
            self.series_wake = Some(at);
            ctx.wake_at(at, Timer::Scheduler(SchedulerTimer::EventSeries));
        }
    }
}

impl Component for Scheduler {
    fn start(&mut self, ctx: &mut Ctx) {
        self.started = ctx.now;
        self.events.start(ctx.now);
        if let Some(elector) = &mut self.elector {
            elector.run(ctx);
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
    }

    fn on_list(&mut self, kind: Kind, objects: Vec<Object>, ctx: &mut Ctx) {
        match kind {
            Kind::Node => self.replace_nodes(objects, ctx.now),
            Kind::Pod => self.replace_pods(objects, ctx.now),
            _ => self.replace_others(kind, objects, ctx.now),
        }
        self.plan(ctx);
    }

    fn on_watch(&mut self, event: &WatchEvent, ctx: &mut Ctx) {
        let now = ctx.now;
        match (event, event.object()) {
            (WatchEvent::Deleted(_), Object::Pod(pod)) => self.pod_is_gone(pod, now),
            (_, Object::Pod(pod)) => self.pod_is(pod, now),
            (WatchEvent::Deleted(_), Object::Node(node)) => self.node_is_gone(&node.meta.name, now),
            (_, Object::Node(node)) => self.node_is(node, now),
            (WatchEvent::Deleted(_), Object::Other(other)) => self.other_is(other, false, now),
            (_, Object::Other(other)) => self.other_is(other, true, now),
            _ => return,
        }
        self.plan(ctx);
    }

    fn on_answer(&mut self, token: Token, answer: Answer, ctx: &mut Ctx) {
        if let Token::LeaderElection { takes, round } = token {
            let elector = self.elector.as_mut();
            let election = elector.and_then(|elector| elector.on_answer(takes, round, &answer, ctx));
            return self.on_election(election, ctx);
        }
        let Token::Scheduler(number) = token else { return };
        if let Some(binding) = self.bindings.remove(&number) {
            self.finish_binding(binding, answer, ctx);
        } else if let Some(preemption) = self.preemptions.remove(&number) {
            self.finish_preemption(preemption, answer, ctx);
        }
        self.plan(ctx);
    }

    fn on_timer(&mut self, timer: Timer, ctx: &mut Ctx) {
        if let Timer::LeaderElection(round) = timer {
            let election = self.elector.as_mut().and_then(|elector| elector.on_timer(round, ctx));
            return self.on_election(election, ctx);
        }
        let Timer::Scheduler(timer) = timer else { return };
        match timer {
            SchedulerTimer::Cycle => {
                self.cycle_wake = None;
                self.schedule_one(ctx);
            }
            SchedulerTimer::Backoff => {
                self.backoff_wake = None;
                self.queue.flush_backoff(ctx.now);
            }
            SchedulerTimer::Unschedulable => {
                self.unschedulable_wake = None;
                self.queue.flush_unschedulable(ctx.now);
            }
            SchedulerTimer::EventSeries => {
                self.series_wake = None;
                self.events.check(ctx);
            }
        }
        self.plan(ctx);
    }
}

#[cfg(test)]
mod cycle_tests;
#[cfg(test)]
mod explain_tests;
#[cfg(test)]
mod preemption_tests;
#[cfg(test)]
mod tests;

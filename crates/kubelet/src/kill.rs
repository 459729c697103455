//! Stopping containers: preStop hook, SIGTERM, SIGKILL, within the grace period.
//!
//! Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_container.go, killContainer, killContainersWithSyncResult.

use super::kuberuntime::ToKill;
use super::pod_worker::{SyncResult, SyncStep, Work};
use super::runtime::MINIMUM_GRACE_PERIOD;
use super::workers::WorkerId;
use super::{Kubelet, pod_ref};
use api::event::{EventType, Message};
use api::pod::ContainerKind;
use sim::order::SortShared;
use sim::{Duration, Time};
use wire::{Ctx, KubeletTimer};

/// Containers of one pod being stopped.
#[derive(Clone, Debug)]
pub(super) struct Kill {
    since: Time,
    targets: Vec<Target>,
    then: Then,
}

/// What follows when all have stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// The pod has ended.
    Terminated,
    /// The sync goes on: with the sandbox, if one is to be made.
    Sync,
    /// The sync goes on with the next container.
    StartNext,
}

#[derive(Clone, Copy, Debug)]
struct Target {
    id: u32,
    index: usize,
    grace: Duration,
    /// Sidecars wait for all others, and for the sidecars after them (KL-089).
    sidecar: bool,
    state: KillState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KillState {
    PreStop,
    /// Its preStop hook is done; it is not its turn yet.
    Waiting,
    Stopping,
    Stopped,
}

impl Kubelet {
    /// Stops every running container of a pod for good; [`Kubelet::complete_terminating`] follows.
    pub(super) fn kill_pod(&mut self, at: WorkerId, grace: Duration, ctx: &mut Ctx) {
        let about = pod_ref(&self.workers[at].pod);
        let (actions, result) = (Default::default(), SyncResult::Done);
        let work = Work {
            step: SyncStep::Sandbox,
            about,
            actions,
            result,
            image: None,
            killed: Vec::new(),
            missing: Vec::new(),
        };
        self.workers[at].work = Some(Box::new(work));
        let targets = self.all_running(at, grace);
        self.kill(at, targets, Then::Terminated, ctx);
    }

    /// Stops every running container in the course of a sync; [`Kubelet::after_kill`] follows.
    pub(super) fn kill_running(&mut self, at: WorkerId, grace: Duration, ctx: &mut Ctx) {
        let targets = self.all_running(at, grace);
        self.kill(at, targets, Then::Sync, ctx);
    }

    /// Stops these containers in the course of a sync; [`Kubelet::after_kill`] follows.
    pub(super) fn kill_containers(
        &mut self,
        at: WorkerId,
        list: Vec<ToKill>,
        grace: Duration,
        ctx: &mut Ctx,
    ) {
        let target = |kill: ToKill| {
            let message = Some(kill.message);
            (self.target(at, kill.id, kill.index, kill.grace.unwrap_or(grace)), message)
        };
        let targets = list.into_iter().map(target).collect();
        self.kill(at, targets, Then::Sync, ctx);
    }

    /// Stops a container that failed right after its start; the next one follows.
    pub(super) fn kill_failed(&mut self, at: WorkerId, id: u32, index: usize, message: &str, ctx: &mut Ctx) {
        let grace = self.workers[at].pod.spec.termination_grace_period;
        let targets = vec![(self.target(at, id, index, grace), Some(message.to_owned()))];
        self.kill(at, targets, Then::StartNext, ctx);
    }

    fn target(&self, at: WorkerId, id: u32, index: usize, grace: Duration) -> Target {
        let container = self.workers[at].pod.spec.containers.get(index);
        let sidecar = container.is_some_and(|container| container.kind == ContainerKind::Sidecar);
        Target { id, index, grace, sidecar, state: KillState::PreStop }
    }

    fn all_running(&self, at: WorkerId, grace: Duration) -> Vec<(Target, Option<String>)> {
        let sandbox = self.runtime.sandbox(self.workers[at].uid());
        let containers = sandbox.map_or(&[][..], |sandbox| &sandbox.containers);
        let running = containers.iter().filter(|container| container.is_running());
        let target = |container: &super::runtime::Container| {
            (self.target(at, container.id, usize::from(container.index), grace), None)
        };
        let mut targets: Vec<_> = running.map(target).collect();
        targets.sort_shared_by_key(|(target, _)| target.index);
        targets
    }

    fn kill(&mut self, at: WorkerId, targets: Vec<(Target, Option<String>)>, then: Then, ctx: &mut Ctx) {
        let Some(work) = &mut self.workers[at].work else { return };
        work.killed.extend(targets.iter().map(|(target, _)| target.id));
        let all = targets.iter().map(|(target, _)| *target).collect();
        work.step = SyncStep::Kill(Kill { since: ctx.now, targets: all, then });
        let last = then == Then::Terminated;
        for (target, message) in targets {
            self.begin_kill(at, &target, message, last, ctx);
        }
        if last {
            self.workers[at].extra().kill_said.get_or_insert(ctx.now);
        }
        self.continue_kill(at, ctx);
    }

    /// Announces the end of one container, and runs its preStop hook if it has one (KL-088).
    fn begin_kill(
        &mut self,
        at: WorkerId,
        target: &Target,
        message: Option<String>,
        last: bool,
        ctx: &mut Ctx,
    ) {
        let pod = self.workers[at].pod.clone();
        let Some(container) = pod.spec.containers.get(target.index) else { return };
        let text = message.unwrap_or_else(|| format!("Stopping container {}", container.name));
        self.killing_event(at, target.index, Message::Text(text.into()), last, ctx);
        // Without time for it, the hook does not run.
        match container.pre_stop.filter(|_| target.grace > Duration::ZERO) {
            Some(hook) => {
                let after = hook.takes.min(target.grace);
                ctx.wake_after(
                    after,
                    self.timer(KubeletTimer::Hook { worker: at.number(), container: target.id }),
                );
            }
            None => self.set_state(at, target.id, KillState::Waiting),
        }
    }

    fn set_state(&mut self, at: WorkerId, id: u32, state: KillState) {
        if let Some(kill) = self.kill_of(at)
            && let Some(target) = kill.targets.iter_mut().find(|target| target.id == id)
        {
            target.state = state;
        }
    }

    fn kill_of(&mut self, at: WorkerId) -> Option<&mut Kill> {
        match &mut self.workers[at].work.as_mut()?.step {
            SyncStep::Kill(kill) => Some(kill),
            _ => None,
        }
    }

    /// A hook has ended, or a preStop hook's time has.
    pub(super) fn on_hook_done(&mut self, number: u32, id: u32, ctx: &mut Ctx) {
        let Some(at) = self.workers.numbered(number) else { return };
        let pod = self.workers[at].pod.clone();
        let Some(kill) = self.kill_of(at) else { return self.on_post_start_done(at, id, ctx) };
        let state = |target: &&mut Target| target.id == id && target.state == KillState::PreStop;
        let Some(target) = kill.targets.iter_mut().find(state) else { return };
        target.state = KillState::Waiting;
        let index = target.index;
        let hook = pod.spec.containers.get(index).and_then(|container| container.pre_stop);
        if hook.is_some_and(|hook| hook.fails) {
            let message = Message::Static("PreStopHook failed");
            self.container_event(at, index, EventType::Warning, "FailedPreStopHook", message, ctx);
        }
        self.continue_kill(at, ctx);
    }

    /// A container has ended while its pod is being stopped.
    pub(super) fn on_killed(&mut self, at: WorkerId, id: u32, ctx: &mut Ctx) {
        self.set_state(at, id, KillState::Stopped);
        self.continue_kill(at, ctx);
    }

    /// Sends SIGTERM to those whose turn it is; when all have stopped, what was to follow follows.
    fn continue_kill(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let Some(kill) = self.kill_of(at) else { return };
        let passed = ctx.now.since(kill.since);
        let mut turn = Vec::new();
        for target in &kill.targets {
            let after = |other: &Target| !other.sidecar || other.index > target.index;
            let mut others = kill.targets.iter().filter(|other| other.id != target.id);
            let blocked =
                target.sidecar && others.any(|other| after(other) && other.state != KillState::Stopped);
            if target.state == KillState::Waiting && (!blocked || passed >= target.grace) {
                turn.push((target.id, target.grace.saturating_sub(passed).max(MINIMUM_GRACE_PERIOD)));
            }
        }
        for (id, left) in turn {
            self.set_state(at, id, KillState::Stopping);
            self.runtime.stop_container(id, left, ctx);
        }
        let Some(kill) = self.kill_of(at) else { return };
        let then = kill.then;
        if kill.targets.iter().all(|target| target.state == KillState::Stopped) {
            match then {
                Then::Terminated => self.complete_terminating(at, ctx),
                Then::Sync => self.after_kill(at, ctx),
                Then::StartNext => self.start_next(at, ctx),
            }
        }
    }
}

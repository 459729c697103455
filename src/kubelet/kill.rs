//! Stopping containers: preStop hook, SIGTERM, SIGKILL, within the grace period.
//!
//! Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_container.go, killContainer, killContainersWithSyncResult.

use super::pod_worker::{Step, SyncResult, Work};
use super::runtime::MINIMUM_GRACE_PERIOD;
use super::timers::HOOK;
use super::{Kubelet, pod_ref};
use crate::api::event::{EventType, Message};
use crate::api::meta::Name;
use crate::api::pod::ContainerKind;
use crate::sim::{Duration, Time};
use crate::wire::Ctx;

/// Containers of one pod being stopped.
#[derive(Clone, Debug)]
pub(super) struct Kill {
    since: Time,
    grace: Duration,
    targets: Vec<Target>,
}

#[derive(Clone, Copy, Debug)]
struct Target {
    id: u32,
    index: usize,
    /// Sidecars wait for all others, and for the sidecars after them (KL-089).
    sidecar: bool,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    PreStop,
    /// Its preStop hook is done; it is not its turn yet.
    Waiting,
    Stopping,
    Stopped,
}

impl Kubelet {
    /// Stops every running container of a pod; [`Kubelet::complete_terminating`] follows.
    pub(super) fn kill_pod(&mut self, at: usize, grace: Duration, ctx: &mut Ctx) {
        let pod = self.workers[at].pod.clone();
        let running: Vec<(u32, usize)> = match self.runtime.sandbox(pod.meta.uid) {
            Some(sandbox) => {
                let running = sandbox.containers.iter().filter(|container| container.is_running());
                running.map(|container| (container.id, usize::from(container.index))).collect()
            }
            None => Vec::new(),
        };
        let target = |(id, index): (u32, usize)| Target {
            id,
            index,
            sidecar: pod.spec.containers.get(index).is_some_and(|c| c.kind == ContainerKind::Sidecar),
            stage: Stage::PreStop,
        };
        let mut targets: Vec<Target> = running.into_iter().map(target).collect();
        // In the spec's order: sidecars stop from its end.
        targets.sort_by_key(|target| target.index);
        let kill = Kill { since: ctx.now, grace, targets: targets.clone() };
        let about = pod_ref(&pod);
        let (actions, result) = (Default::default(), SyncResult::Done);
        let work = Work { step: Step::Kill(kill), about, actions, result };
        self.workers[at].work = Some(Box::new(work));
        for target in targets {
            self.begin_kill(at, &target, grace, ctx);
        }
        self.continue_kill(at, ctx);
    }

    /// Announces the end of one container, and runs its preStop hook if it has one (KL-088).
    fn begin_kill(&mut self, at: usize, target: &Target, grace: Duration, ctx: &mut Ctx) {
        let pod = self.workers[at].pod.clone();
        let Some(container) = pod.spec.containers.get(target.index) else { return };
        let text: Name = format!("Stopping container {}", container.name).into();
        self.container_event(at, target.index, EventType::Normal, "Killing", Message::Text(text), ctx);
        match container.pre_stop {
            Some(hook) => {
                let no = u64::from(self.workers[at].no);
                ctx.wake_after(hook.takes.min(grace), self.timer(HOOK, no << 32 | u64::from(target.id)));
            }
            None => self.set_stage(at, target.id, Stage::Waiting),
        }
    }

    fn set_stage(&mut self, at: usize, id: u32, stage: Stage) {
        if let Some(kill) = self.kill_of(at)
            && let Some(target) = kill.targets.iter_mut().find(|target| target.id == id)
        {
            target.stage = stage;
        }
    }

    fn kill_of(&mut self, at: usize) -> Option<&mut Kill> {
        match &mut self.workers[at].work.as_mut()?.step {
            Step::Kill(kill) => Some(kill),
            _ => None,
        }
    }

    /// A preStop hook has ended, or its time has.
    pub(super) fn on_hook_done(&mut self, no: u32, id: u32, ctx: &mut Ctx) {
        let Some(at) = self.find_no(no) else { return };
        let pod = self.workers[at].pod.clone();
        let Some(kill) = self.kill_of(at) else { return };
        let stage = |target: &&mut Target| target.id == id && target.stage == Stage::PreStop;
        let Some(target) = kill.targets.iter_mut().find(stage) else { return };
        target.stage = Stage::Waiting;
        let index = target.index;
        let hook = pod.spec.containers.get(index).and_then(|container| container.pre_stop);
        if hook.is_some_and(|hook| hook.fails) {
            let message = Message::Static("PreStopHook failed");
            self.container_event(at, index, EventType::Warning, "FailedPreStopHook", message, ctx);
        }
        self.continue_kill(at, ctx);
    }

    /// A container has ended while its pod is being stopped.
    pub(super) fn on_killed(&mut self, at: usize, id: u32, ctx: &mut Ctx) {
        self.set_stage(at, id, Stage::Stopped);
        self.continue_kill(at, ctx);
    }

    /// Sends SIGTERM to those whose turn it is; when all have stopped, the pod is done.
    fn continue_kill(&mut self, at: usize, ctx: &mut Ctx) {
        let Some(kill) = self.kill_of(at) else { return };
        let left = kill.grace.saturating_sub(ctx.now.since(kill.since)).max(MINIMUM_GRACE_PERIOD);
        let mut turn = Vec::new();
        for place in 0..kill.targets.len() {
            let target = kill.targets[place];
            let after = |other: &Target| !other.sidecar || other.index > target.index;
            let mut others = kill.targets.iter().filter(|other| other.id != target.id);
            let blocked = target.sidecar && others.any(|other| after(other) && other.stage != Stage::Stopped);
            let time_is_up = ctx.now.since(kill.since) >= kill.grace;
            if target.stage == Stage::Waiting && (!blocked || time_is_up) {
                turn.push(target.id);
            }
        }
        for id in turn {
            self.set_stage(at, id, Stage::Stopping);
            self.runtime.stop_container(id, left, ctx);
        }
        let Some(kill) = self.kill_of(at) else { return };
        if kill.targets.iter().all(|target| target.stage == Stage::Stopped) {
            self.complete_terminating(at, ctx);
        }
    }
}

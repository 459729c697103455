//! Probes: when each is asked, what its answers amount to, and who is told.
//!
//! A probe whose next answers can change nothing is not asked at all: a pod that is well costs no timer.
//! What a program answers is the runtime's business ([`super::runtime::answers`]).
//!
//! Kubernetes: pkg/kubelet/prober/{prober_manager,worker,prober}.go.

use super::Kubelet;
use super::probe::{ProbeResult, result};
use super::runtime;
use super::runtime::answers::{Answer, Answered, answer};
use super::workers::WorkerId;
use api::event::{EventType, Message};
use api::meta::{Name, Uid};
use api::pod::{
    ConditionStatus, ConditionType, Container, ContainerKind, ContainerState, ContainerStatus, Probe,
};
use sim::{Duration, Time};
use wire::{Ctx, KubeletTimer};

/// What a probe is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProbeKind {
    /// Whether the container has to be restarted.
    Liveness,
    /// Whether the container takes requests.
    Readiness,
    /// Whether the container has started; the other probes wait for it.
    Startup,
}

impl ProbeKind {
    const ALL: [ProbeKind; 3] = [ProbeKind::Liveness, ProbeKind::Readiness, ProbeKind::Startup];

    fn text(self) -> &'static str {
        match self {
            ProbeKind::Liveness => "Liveness",
            ProbeKind::Readiness => "Readiness",
            ProbeKind::Startup => "Startup",
        }
    }

    /// `liveness`, `readiness` or `startup`.
    pub(super) fn from_name(name: &str) -> Option<ProbeKind> {
        ProbeKind::ALL.into_iter().find(|kind| kind.text().eq_ignore_ascii_case(name))
    }

    fn of(self, container: &Container) -> Option<&Probe> {
        match self {
            ProbeKind::Liveness => container.liveness.as_ref(),
            ProbeKind::Readiness => container.readiness.as_ref(),
            ProbeKind::Startup => container.startup.as_ref(),
        }
    }
}

/// One probe of one container.
#[derive(Clone, Debug)]
pub(super) struct Worker {
    index: usize,
    kind: ProbeKind,
    /// It is asked then, and every period after it.
    ticker: Time,
    /// The container it was last asked about, by its full id; 0 for none.
    container: u64,
    /// What counts for that container; `None`: unknown.
    result: Option<bool>,
    last: bool,
    /// How often in a row it was `last`.
    run: u32,
    /// Nothing is asked until there is another container.
    on_hold: bool,
    /// The wake under way.
    next: Option<Time>,
}

/// A program that answers its probes of one kind otherwise than by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pod: Uid,
    container: Name,
    kind: ProbeKind,
    answer: Answer,
}

/// What a probe comes to now, and until when.
struct Expected {
    result: ProbeResult,
    until: Option<Time>,
}

impl Kubelet {
    /// Makes the workers of a pod that is synced for the first time (KL-106).
    ///
    /// Kubernetes: prober_manager.go, AddPod; worker.go, run.
    pub(super) fn add_probes(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let pod = self.workers[at].pod.clone();
        let probed = |container: &Container| ProbeKind::ALL.iter().any(|kind| kind.of(container).is_some());
        if !pod.spec.containers.iter().any(probed) {
            return;
        }
        if self.workers[at].extra.as_ref().is_some_and(|extra| !extra.probes.is_empty()) {
            return;
        }
        let mut workers = Vec::new();
        for (index, container) in pod.spec.containers.iter().enumerate() {
            if matches!(container.kind, ContainerKind::Init | ContainerKind::Ephemeral) {
                continue;
            }
            for kind in ProbeKind::ALL {
                let Some(probe) = kind.of(container) else { continue };
                let mut ticker = ctx.now;
                if ctx.now.since(self.started) < probe.period {
                    // Just after a start of the kubelet the probes are spread over their period.
                    ticker += Duration(ctx.rng.below(probe.period.0));
                }
                workers.push(Worker {
                    index,
                    kind,
                    ticker,
                    container: 0,
                    result: None,
                    last: false,
                    run: 0,
                    on_hold: false,
                    next: None,
                });
            }
        }
        self.workers[at].extra().probes = workers;
    }

    /// The pod is being stopped: only readiness probes go on (KL-095).
    pub(super) fn stop_liveness_and_startup(&mut self, at: WorkerId) {
        if let Some(extra) = &mut self.workers[at].extra {
            extra.probes.retain(|worker| worker.kind == ProbeKind::Readiness);
        }
    }

    pub(super) fn remove_probes(&mut self, at: WorkerId) {
        if let Some(extra) = &mut self.workers[at].extra {
            extra.probes.clear();
        }
    }

    fn probe_worker(&self, at: WorkerId, index: usize, kind: ProbeKind) -> Option<&Worker> {
        let workers = &self.workers[at].extra.as_ref()?.probes;
        workers.iter().find(|worker| worker.index == index && worker.kind == kind)
    }

    /// What a probe has found out about a container of the runtime.
    pub(super) fn probe_result(&self, at: WorkerId, index: usize, kind: ProbeKind, id: u32) -> Option<bool> {
        let worker = self.probe_worker(at, index, kind)?;
        (worker.container == self.runtime.full_id(id)).then_some(worker.result)?
    }

    /// Whether a container counts as started and as ready (KL-067, KL-100, KL-107).
    ///
    /// Kubernetes: prober_manager.go, UpdatePodStatus.
    pub(super) fn probe_state(
        &self,
        at: WorkerId,
        index: usize,
        status: &ContainerStatus,
        old: Option<&ContainerStatus>,
    ) -> (bool, bool) {
        let container = &self.workers[at].pod.spec.containers[index];
        if container.kind == ContainerKind::Ephemeral {
            return (false, false);
        }
        if container.kind == ContainerKind::Init {
            let completed = matches!(&status.state, ContainerState::Terminated(end) if end.exit_code == 0);
            return (false, completed);
        }
        if !status.state.is_running() {
            return (false, false);
        }
        // What was known of this very container before the kubelet started holds until its probe speaks.
        let before = old.filter(|old| old.id == status.id && old.state.is_running());
        let known = |kind: ProbeKind, before: bool| {
            if kind.of(container).is_none() {
                return true;
            }
            match self.probe_worker(at, index, kind).filter(|worker| worker.container == status.id) {
                Some(worker) => worker.result == Some(true),
                None => before,
            }
        };
        let started = known(ProbeKind::Startup, before.is_some_and(|before| before.started));
        let ready = started && known(ProbeKind::Readiness, before.is_some_and(|before| before.ready));
        (started, ready)
    }

    /// After a pod's status has changed: probes that have something to find out are asked at their next tick,
    /// and readiness at once where a container has started and is not ready (KL-106).
    pub(super) fn schedule_probes(&mut self, at: WorkerId, trigger: bool, ctx: &mut Ctx) {
        let count = self.workers[at].extra.as_ref().map_or(0, |extra| extra.probes.len());
        for place in 0..count {
            if trigger && self.wants_trigger(at, place) {
                self.set_ticker(at, place, ctx.now);
                self.wake_probe(at, place, ctx.now, ctx);
            } else if let Some(next) = self.next_probe(at, place, ctx.now) {
                self.wake_probe(at, place, next, ctx);
            }
        }
    }

    fn wake_probe(&mut self, at: WorkerId, place: usize, next: Time, ctx: &mut Ctx) {
        let Some(worker) = self.workers[at].extra().probes.get_mut(place) else { return };
        if worker.next.is_none_or(|planned| planned > next || planned < ctx.now) {
            worker.next = Some(next);
            ctx.wake_at(next, self.timer(KubeletTimer::Probe { worker: at.number(), probe: place as u32 }));
        }
    }

    fn set_ticker(&mut self, at: WorkerId, place: usize, ticker: Time) {
        if let Some(worker) = self.workers[at].extra().probes.get_mut(place) {
            worker.ticker = ticker;
        }
    }

    /// The container a probe is about, as the kubelet's own status has it.
    fn probed(&self, at: WorkerId, place: usize) -> Option<(&Worker, &Container, &Probe, &ContainerStatus)> {
        let worker = self.workers[at].extra.as_ref()?.probes.get(place)?;
        let container = self.workers[at].pod.spec.containers.get(worker.index)?;
        let status = self.pod_status(at).containers.get(worker.index)?;
        Some((worker, container, worker.kind.of(container)?, status))
    }

    fn wants_trigger(&self, at: WorkerId, place: usize) -> bool {
        self.probed(at, place).is_some_and(|(worker, _, _, status)| {
            status.state.is_running()
                && worker.kind == ProbeKind::Readiness
                && status.started
                && !status.ready
        })
    }

    /// Whether a sync of this pod would have a probe asked.
    pub(super) fn triggers_probe(&self, at: WorkerId) -> bool {
        let count = self.workers[at].extra.as_ref().map_or(0, |extra| extra.probes.len());
        (0..count).any(|place| self.wants_trigger(at, place))
    }

    /// When a probe is asked next; `None` while no answer could change anything.
    fn next_probe(&self, at: WorkerId, place: usize, now: Time) -> Option<Time> {
        let (worker, container, probe, status) = self.probed(at, place)?;
        let ContainerState::Running(running) = &status.state else { return None };
        let same = worker.container == status.id;
        let concerns = match worker.kind {
            ProbeKind::Startup => !status.started,
            _ => status.started,
        };
        if same && worker.on_hold || !concerns {
            return None;
        }
        let mut earliest = (running.started.time() + probe.initial_delay).max(now + Duration(1));
        let expected = self.expected(at, (container, worker.kind, probe), running.started.time(), earliest);
        if same && worker.result == Some(true) && expected.result == ProbeResult::Success {
            // Nothing is to be found out before it answers otherwise.
            earliest = earliest.max(expected.until?);
        }
        Some(earliest.next_tick(worker.ticker, probe.period))
    }

    /// What a probe of a container that started then comes to at some time.
    fn expected(
        &self,
        at: WorkerId,
        (container, kind, probe): (&Container, ProbeKind, &Probe),
        started: Time,
        when: Time,
    ) -> Expected {
        let pod = &self.workers[at].pod;
        // A status has whole seconds.
        let instance = self.runtime.sandbox(pod.meta.uid).and_then(|sandbox| sandbox.newest(&container.name));
        let started = match instance.map(|instance| &instance.state) {
            Some(runtime::ContainerState::Running { started }) => *started,
            _ => started,
        };
        let told = self
            .told
            .iter()
            .find(|told| told.pod == pod.meta.uid && told.container == container.name && told.kind == kind);
        let told = match told {
            Some(told) => Ok(Some(told.answer)),
            None => Answer::told(pod.meta.annotations(), &container.name, kind),
        };
        let answered = match told {
            Ok(Some(answer)) => Answered { answer, output: String::new(), until: None },
            Ok(None) => answer(container, probe, when.since(started)),
            Err(sentence) => return Expected { result: ProbeResult::Unknown(sentence), until: None },
        };
        let ip = self.pod_status(at).pod_ip.map(|ip| ip.to_string()).unwrap_or_default();
        Expected { result: result(probe, &ip, &answered), until: answered.until.map(|span| started + span) }
    }

    pub(super) fn on_probe_due(&mut self, number: u32, place: usize, ctx: &mut Ctx) {
        let Some(at) = self.workers.numbered(number) else { return };
        let Some(worker) = self.workers[at].extra.as_mut().and_then(|extra| extra.probes.get_mut(place))
        else {
            return;
        };
        if worker.next != Some(ctx.now) {
            return;
        }
        worker.next = None;
        self.do_probe(at, place, ctx);
        // The answer may have led to a sync, and that to the end of the worker.
        if self.workers.get(at).is_some()
            && let Some(next) = self.next_probe(at, place, ctx.now)
        {
            self.wake_probe(at, place, next, ctx);
        }
    }

    /// Kubernetes: worker.go, doProbe.
    fn do_probe(&mut self, at: WorkerId, place: usize, ctx: &mut Ctx) {
        let Some((worker, container, probe, status)) = self.probed(at, place) else { return };
        let (kind, index) = (worker.kind, worker.index);
        let ContainerState::Running(running) = &status.state else { return };
        let (id, was_ready, was_started) = (status.id, status.ready, status.started);
        let since_start = ctx.now.stamp().0.saturating_sub(running.started.0);
        let waits = u64::from(since_start) < probe.initial_delay.as_secs();
        let result = self.expected(at, (container, kind, probe), running.started.time(), ctx.now).result;
        let (wanted_failures, wanted_successes) = (probe.failure_threshold, probe.success_threshold);
        let fresh = worker.container != id;
        if fresh {
            let initial = match kind {
                ProbeKind::Liveness => Some(true),
                ProbeKind::Readiness => Some(was_ready),
                ProbeKind::Startup => was_started.then_some(true),
            };
            self.change_probe(at, place, |worker| {
                (worker.container, worker.result, worker.on_hold) = (id, initial, false);
            });
        }
        let concerns = if kind == ProbeKind::Startup { !was_started } else { was_started };
        let held = self.probed(at, place).is_some_and(|(worker, ..)| worker.on_hold);
        if held || waits || !concerns {
            return;
        }
        self.say_result(at, index, kind, &result, ctx);
        let success = match result {
            ProbeResult::Success | ProbeResult::Warning(_) => true,
            ProbeResult::Failure(_) => false,
            ProbeResult::Unknown(_) => return,
        };
        let mut changed = false;
        self.change_probe(at, place, |worker| {
            worker.run = if worker.last == success { worker.run.saturating_add(1) } else { 1 };
            worker.last = success;
            let wanted = if success { wanted_successes } else { wanted_failures };
            if worker.run < wanted {
                return;
            }
            changed = worker.result != Some(success);
            worker.result = Some(success);
            if kind == ProbeKind::Startup || kind == ProbeKind::Liveness && !success {
                worker.on_hold = true;
                worker.run = 0;
            }
        });
        if changed {
            self.probe_changed(at, index, kind, success, ctx);
        }
    }

    fn change_probe(&mut self, at: WorkerId, place: usize, change: impl FnOnce(&mut Worker)) {
        if let Some(worker) = self.workers[at].extra().probes.get_mut(place) {
            change(worker);
        }
    }

    /// A result has changed: the status says so at once, and the pod is synced.
    ///
    /// Kubernetes: kubelet.go, syncLoopIteration, handleProbeSync; status_manager.go, SetContainerReadiness,
    /// SetContainerStartup.
    fn probe_changed(&mut self, at: WorkerId, index: usize, kind: ProbeKind, success: bool, ctx: &mut Ctx) {
        let mut status = self.pod_status(at).clone();
        let Some(container) = status.containers.get_mut(index) else { return };
        match kind {
            ProbeKind::Readiness => container.ready = success && container.started,
            ProbeKind::Startup => container.started = success,
            ProbeKind::Liveness => {}
        }
        if kind != ProbeKind::Liveness {
            let pod = self.workers[at].pod.clone();
            let ready = self.containers_ready(&pod.spec, &status);
            for condition in [ConditionType::Ready, ConditionType::ContainersReady] {
                let (value, reason) = match ready.clone() {
                    Ok(reason) => (ConditionStatus::True, reason),
                    Err(reason) => (ConditionStatus::False, reason),
                };
                status.set_condition(condition, value, reason, ctx.now.stamp());
            }
            self.set_pod_status(at, status, ctx);
        }
        if kind != ProbeKind::Liveness || !success {
            self.update_pod(at, ctx);
        }
    }

    /// Tells of a probe that did not simply succeed (KL-103).
    ///
    /// Kubernetes: prober.go, probe.
    fn say_result(
        &mut self,
        at: WorkerId,
        index: usize,
        kind: ProbeKind,
        result: &ProbeResult,
        ctx: &mut Ctx,
    ) {
        let kind = kind.text();
        let (reason, text) = match result {
            ProbeResult::Success => return,
            ProbeResult::Warning(output) => ("ProbeWarning", format!("{kind} probe warning: {output}")),
            ProbeResult::Failure(output) => ("Unhealthy", format!("{kind} probe failed: {output}")),
            ProbeResult::Unknown(error) => {
                ("Unhealthy", format!("{kind} probe errored and resulted in unknown state: {error}"))
            }
        };
        self.container_event(at, index, EventType::Warning, reason, Message::Text(text.into()), ctx);
    }

    /// Makes a program answer its probes of one kind so, or by itself again. Says whether it has such a probe.
    pub fn set_probe_answer(
        &mut self,
        pod: Uid,
        container: &str,
        kind: ProbeKind,
        answer: Option<Answer>,
        ctx: &mut Ctx,
    ) -> bool {
        self.told.retain(|told| told.pod != pod || *told.container != *container || told.kind != kind);
        let told = answer.map(|answer| Told { pod, container: container.into(), kind, answer });
        self.told.extend(told);
        let Some(at) = self.workers.of_pod(pod) else { return false };
        self.schedule_probes(at, false, ctx);
        let spec = &self.workers[at].pod.spec;
        spec.container(container).is_some_and(|container| kind.of(container).is_some())
    }

    pub(super) fn forget_answers(&mut self, pod: Uid) {
        self.told.retain(|told| told.pod != pod);
    }
}

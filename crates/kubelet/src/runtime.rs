//! The container runtime of a node (containerd): sandboxes, containers, images.
//!
//! The kubelet tells it what to do through the calls of CRI, and looks at it once a second; so does
//! `crictl`. It goes on without a kubelet: programs keep running, and end, while nobody watches (KL-031).
//! What takes time ends with a timer; `Runtime::on_timer` says what has come about.

pub mod answers;
pub mod cni;
pub mod component;
mod component_flags;
mod etcd_flags;
mod garbage;
pub mod images;
pub mod printed;
pub mod program;
pub mod sandbox;

use std::net::Ipv4Addr;
use std::rc::Rc;

use super::uid_list::UidList;
use api::meta::Uid;
use api::pod::{Pod, PodSpec};
use garbage::LogFile;
use images::Images;
use program::{program, start_error};
pub use sandbox::{
    Container, ContainerState, Exit, ExitReason, FirstStart, ImageSaid, OldSandbox, Sandbox, SandboxState,
};
use sim::rng::mix;
use sim::{Duration, Time};
use wire::{Ctx, RuntimeTimer, Timer};

/// A SIGKILL follows SIGTERM no sooner than this (KL-088).
pub(crate) const MINIMUM_GRACE_PERIOD: Duration = Duration::from_secs(2);

/// What a call of the kubelet has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// The sandbox of this pod is ready.
    SandboxReady(Uid),
    /// The sandbox could not be set up and is gone again.
    SandboxFailed(Uid),
    /// This container of this pod runs.
    Started(Uid, u32),
    /// The program of this container of this pod could not be started.
    NotStarted(Uid, u32),
    /// This container of this pod has ended.
    Exited(Uid, u32),
}

/// An end that is under way.
#[derive(Clone, Copy, Debug)]
struct PlannedExit {
    container: u32,
    at: Time,
    code: i32,
}

/// The container runtime of one node (containerd), with its sandboxes, containers and images.
#[derive(Clone, Debug)]
pub struct Runtime {
    /// Makes this node's container ids differ from those of others.
    salt: u64,
    last_id: u32,
    pod_cidr: Ipv4Addr,
    last_ip: u8,
    /// The latest of each pod, oldest first.
    sandboxes: UidList<Sandbox>,
    /// Those that were replaced, until they are collected.
    old_sandboxes: Vec<OldSandbox>,
    /// Log files whose containers are gone: how often a container was started is told by them.
    logs: Vec<LogFile>,
    /// The images that the node has.
    pub images: Images,
    exits: Vec<PlannedExit>,
    /// Pods that look different from how the kubelet saw them last.
    dirty: Vec<Uid>,
    changed: bool,
    /// Programs of the control plane that have ended well.
    ended_well: Vec<&'static str>,
}

impl Runtime {
    /// The runtime of a node whose pods get addresses from the /24 network `pod_cidr`.
    pub(crate) fn new(node_name: &str, pod_cidr: Ipv4Addr) -> Runtime {
        Runtime {
            salt: api::meta::fnv1a_128(node_name.as_bytes()) as u64,
            last_id: 0,
            pod_cidr,
            last_ip: 1,
            sandboxes: UidList::default(),
            old_sandboxes: Vec::new(),
            logs: Vec::new(),
            images: Images::default(),
            exits: Vec::new(),
            dirty: Vec::new(),
            changed: false,
            ended_well: Vec::new(),
        }
    }

    /// The latest sandbox of each pod, oldest first.
    pub fn sandboxes(&self) -> &[Sandbox] {
        &self.sandboxes
    }

    /// The sandboxes that others of the same pod have replaced.
    pub fn old_sandboxes(&self) -> &[OldSandbox] {
        &self.old_sandboxes
    }

    /// The pod's present sandbox, ready or not.
    pub fn sandbox(&self, pod: Uid) -> Option<&Sandbox> {
        self.sandboxes.find(pod)
    }

    fn sandbox_mut(&mut self, pod: Uid) -> Option<&mut Sandbox> {
        self.sandboxes.find_mut(pod)
    }

    /// Whether any program of this pod runs.
    pub(crate) fn is_running(&self, pod: Uid) -> bool {
        self.sandbox(pod).is_some_and(|sandbox| sandbox.containers.iter().any(Container::is_running))
    }

    /// Every running container with its pod.
    pub fn running_containers(&self) -> impl Iterator<Item = (&Sandbox, &Container)> {
        let all =
            self.sandboxes.iter().flat_map(|sandbox| sandbox.containers.iter().map(move |c| (sandbox, c)));
        all.filter(|(_, container)| container.is_running())
    }

    /// The number of a container or sandbox from which the digits of its id come ([`api::pod::status::long_id`]).
    pub fn full_id(&self, id: u32) -> u64 {
        mix(self.salt ^ u64::from(id)) | 1
    }

    fn next_id(&mut self) -> u32 {
        self.last_id += 1;
        self.last_id
    }

    /// Whether any program has begun to run, or has ended, since the last call. The cluster asks: the control
    /// plane are containers.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// The programs of the control plane that have ended well, as they were asked to, since the last call.
    pub fn take_ended_well(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.ended_well)
    }

    /// The pods that changed since the last call: what the kubelet's relisting finds (KL-048).
    pub(crate) fn take_dirty(&mut self) -> Vec<Uid> {
        std::mem::take(&mut self.dirty)
    }

    /// Whether this pod has changed since the last call. A program that ends at once has ended by now.
    pub(crate) fn take_dirty_pod(&mut self, pod: Uid, now: Time) -> bool {
        let due = |exit: &&PlannedExit| exit.at <= now;
        let ended: Vec<(u32, i32)> =
            self.exits.iter().filter(due).map(|exit| (exit.container, exit.code)).collect();
        for (id, code) in ended {
            if self.container(id).is_some_and(|(sandbox, _)| sandbox.uid == pod) {
                self.exit(id, code, now);
            }
        }
        let place = self.dirty.iter().position(|dirty| *dirty == pod);
        place.map(|place| self.dirty.remove(place)).is_some()
    }

    pub(crate) fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    fn touch(&mut self, pod: Uid) {
        if !self.dirty.contains(&pod) {
            self.dirty.push(pod);
        }
    }

    /// RunPodSandbox: `Done::SandboxReady` or `Done::SandboxFailed` follows.
    ///
    /// It takes the place of the sandbox that the pod already has, whose ended containers are kept, but for init
    /// containers: they run again.
    pub fn run_pod_sandbox(&mut self, pod: &Pod, ctx: &mut Ctx) {
        let old = self.sandboxes.position(pod.meta.uid);
        let old = old.map(|at| self.sandboxes.remove(at));
        let id = self.next_id();
        let attempt = old.as_ref().map_or(0, |sandbox| sandbox.attempt + 1);
        self.old_sandboxes.extend(old.as_ref().map(OldSandbox::of));
        let mut containers = old.map(|sandbox| sandbox.containers).unwrap_or_default();
        containers.retain(|container| !container.spec().kind.is_init());
        self.sandboxes.push(Sandbox {
            id,
            uid: pod.meta.uid,
            name: pod.meta.name.clone(),
            common: pod.meta.common.clone(),
            spec: pod.spec.clone(),
            created: ctx.now,
            attempt,
            state: SandboxState::Creating,
            host_part: 0,
            former_part: 0,
            containers,
        });
        ctx.wake_after(ctx.settings.sandbox_delay, Timer::Runtime(RuntimeTimer::Sandbox(id)));
    }

    /// Gives up a sandbox that is still being made.
    pub(crate) fn cancel_sandbox(&mut self, pod: Uid) {
        if let Some(at) = self.sandboxes.position(pod)
            && self.sandboxes[at].state == SandboxState::Creating
        {
            self.drop_sandbox(at);
        }
    }

    /// A sandbox is gone. What is left of its pod, if there is an older one, goes by that.
    fn drop_sandbox(&mut self, at: usize) {
        let Sandbox { id, uid, spec, containers, .. } = self.sandboxes.remove(at);
        let Some(place) = self.old_sandboxes.iter().rposition(|old| old.uid == uid) else { return };
        let old = self.old_sandboxes.remove(place);
        let containers = containers.into_iter().filter(|container| container.sandbox != id).collect();
        let sandbox = Sandbox {
            id: old.id,
            uid,
            name: old.name,
            common: old.common,
            spec,
            created: old.created,
            attempt: old.attempt,
            state: SandboxState::NotReady,
            host_part: 0,
            former_part: 0,
            containers,
        };
        let at = self.sandboxes.partition_point(|other| other.id < sandbox.id);
        self.sandboxes.insert(at, sandbox);
    }

    /// CreateContainer and StartContainer: [`Done::Started`] or [`Done::NotStarted`] follows. Returns the container's number.
    ///
    /// Of the earlier instances of this container only the last is kept (KL-075).
    pub(crate) fn start_container(
        &mut self,
        pod: Uid,
        spec: &Rc<PodSpec>,
        index: usize,
        image_said: ImageSaid,
        ctx: &mut Ctx,
    ) -> Option<u32> {
        let id = self.next_id();
        let now = ctx.now;
        let last_log = self.last_log(pod, &spec.containers.get(index)?.name);
        let sandbox = self.sandbox_mut(pod)?;
        let sandbox_id = sandbox.id;
        let name = &spec.containers.get(index)?.name;
        let attempt = sandbox.newest(name).map(|container| container.attempt).or(last_log);
        let attempt = attempt.map_or(0, |attempt| attempt + 1);
        let newest = sandbox.newest(name).map(|container| container.id);
        sandbox.containers.retain(|container| container.name() != name || Some(container.id) == newest);
        if sandbox.containers.len() == sandbox.containers.capacity() {
            sandbox.containers.reserve_exact(1);
        }
        sandbox.containers.push(Container {
            id,
            index: index as u16,
            sandbox: sandbox_id,
            attempt,
            image_said,
            created: now,
            spec: spec.clone(),
            state: ContainerState::Created,
        });
        let timer = RuntimeTimer::Start { sandbox: sandbox_id, container: id };
        ctx.wake_after(ctx.settings.container_start_delay, Timer::Runtime(timer));
        Some(id)
    }

    /// What was said at the first start of this container, told once.
    pub fn take_first_start(&mut self, pod: Uid, name: &str) -> Option<FirstStart> {
        let sandbox = self.sandbox_mut(pod)?;
        let first = sandbox.containers.iter_mut().rev().find(|container| &**container.name() == name)?;
        let (pulling, before) = std::mem::replace(&mut first.image_said, ImageSaid::NOTHING).said()?;
        let started = match &first.state {
            ContainerState::Created => first.created,
            ContainerState::Running { started } => *started,
            ContainerState::Exited(exit) => exit.started,
        };
        let image = first.spec().image.clone();
        Some(FirstStart { image, pulling, said: first.created - before, created: first.created, started })
    }

    /// A new kubelet counts again what it says, and does not know the addresses of stopped pods.
    pub fn forget_for_new_kubelet(&mut self) {
        for sandbox in self.sandboxes.iter_mut() {
            sandbox.former_part = 0;
            for container in &mut sandbox.containers {
                container.image_said = ImageSaid::NOTHING;
            }
        }
    }

    /// Gives up containers that have been created and do not run yet.
    pub(crate) fn cancel_start(&mut self, pod: Uid) {
        if let Some(sandbox) = self.sandbox_mut(pod) {
            sandbox.drop_created();
        }
    }

    /// The kubelet that asked for these starts is gone, and its calls with it: the next kubelet makes its own.
    pub(crate) fn cancel_all_starts(&mut self) {
        for sandbox in self.sandboxes.iter_mut() {
            sandbox.drop_created();
        }
    }

    /// StopContainer: SIGTERM now, SIGKILL after `grace`; `Done::Exited` follows if it runs.
    ///
    /// Asked again, it can only end sooner.
    pub fn stop_container(&mut self, id: u32, grace: Duration, ctx: &mut Ctx) {
        let Some((_, container)) = self.container(id) else { return };
        match container.state {
            ContainerState::Running { .. } => {}
            ContainerState::Created => return self.remove_container(id, ctx.now),
            ContainerState::Exited(_) => return,
        }
        let end = if ends_on_sigterm(container) && ctx.settings.stop_delay <= grace {
            (ctx.now + ctx.settings.stop_delay, 0)
        } else {
            (ctx.now + grace, 137)
        };
        self.plan_exit(id, end.0, end.1, ctx);
    }

    /// SIGTERM from somebody on the node: it ends well, if it listens.
    pub fn terminate(&mut self, id: u32, ctx: &mut Ctx) {
        let running = self.container(id).filter(|(_, container)| container.is_running());
        if running.is_some_and(|(_, container)| ends_on_sigterm(container)) {
            self.plan_exit(id, ctx.now + ctx.settings.stop_delay, 0, ctx);
        }
    }

    /// Another signal, which ends it at once.
    pub fn kill(&mut self, id: u32, code: i32, ctx: &mut Ctx) {
        if self.container(id).is_some_and(|(_, container)| container.is_running()) {
            self.plan_exit(id, ctx.now, code, ctx);
        }
    }

    /// Ends a running container at once, as a crash of its program would.
    ///
    /// Returns whether such a container runs.
    pub(crate) fn crash_container(&mut self, pod: Uid, name: &str, exit_code: i32, ctx: &mut Ctx) -> bool {
        let Some(sandbox) = self.sandbox(pod) else { return false };
        let running = |container: &&Container| &**container.name() == name && container.is_running();
        let Some(id) = sandbox.containers.iter().find(running).map(|container| container.id) else {
            return false;
        };
        self.plan_exit(id, ctx.now, exit_code, ctx);
        true
    }

    /// Lets a container end at `at`, unless it ends sooner anyway.
    fn plan_exit(&mut self, container: u32, at: Time, code: i32, ctx: &mut Ctx) {
        if self.exits.iter().any(|exit| exit.container == container && exit.at <= at) {
            return;
        }
        self.exits.retain(|exit| exit.container != container);
        self.exits.push(PlannedExit { container, at, code });
        ctx.wake_at(at, Timer::Runtime(RuntimeTimer::Exit(container)));
    }

    /// StopPodSandbox: the network goes, and with it whatever still runs.
    pub fn stop_pod_sandbox(&mut self, pod: Uid, now: Time) {
        let Some(sandbox) = self.sandbox_mut(pod) else { return };
        if sandbox.state == SandboxState::NotReady {
            return;
        }
        sandbox.state = SandboxState::NotReady;
        sandbox.former_part = std::mem::take(&mut sandbox.host_part);
        let left: Vec<u32> =
            sandbox.containers.iter().filter(|container| container.is_running()).map(|c| c.id).collect();
        for id in left {
            self.exit(id, 137, now);
        }
        self.touch(pod);
    }

    /// The container with this number, and the sandbox it is in.
    pub fn container(&self, id: u32) -> Option<(&Sandbox, &Container)> {
        let find = |sandbox: &Sandbox| sandbox.containers.iter().position(|container| container.id == id);
        self.sandboxes.iter().find_map(|sandbox| Some((sandbox, &sandbox.containers[find(sandbox)?])))
    }

    /// The container of this number in the sandbox of that one. Sandboxes lie in order of their numbers.
    fn container_in(&mut self, sandbox: u32, id: u32) -> Option<(Uid, &mut Container)> {
        let at = self.sandboxes.binary_search_by_key(&sandbox, |sandbox| sandbox.id).ok()?;
        let sandbox = &mut self.sandboxes[at];
        let container = sandbox.containers.iter_mut().find(|container| container.id == id)?;
        Some((sandbox.uid, container))
    }

    fn container_mut(&mut self, id: u32) -> Option<(Uid, &mut Container)> {
        self.sandboxes.iter_mut().find_map(|sandbox| {
            let container = sandbox.containers.iter_mut().find(|container| container.id == id)?;
            Some((sandbox.uid, container))
        })
    }

    /// Goes on with what was waiting for this timer.
    pub(crate) fn on_timer(&mut self, timer: RuntimeTimer, ctx: &mut Ctx) -> Option<Done> {
        match timer {
            RuntimeTimer::Sandbox(id) => self.finish_sandbox(id),
            RuntimeTimer::Start { sandbox, container } => self.finish_start(sandbox, container, ctx),
            RuntimeTimer::Exit(id) => {
                let at = self.exits.iter().position(|exit| exit.container == id && exit.at <= ctx.now)?;
                let exit = self.exits.remove(at);
                self.exit(id, exit.code, ctx.now).map(|pod| Done::Exited(pod, id))
            }
        }
    }

    fn finish_sandbox(&mut self, id: u32) -> Option<Done> {
        let at = self.sandboxes.binary_search_by_key(&id, |sandbox| sandbox.id).ok()?;
        if self.sandboxes[at].state != SandboxState::Creating {
            return None;
        }
        let pod = self.sandboxes[at].uid;
        let host_part = match self.sandboxes[at].spec.host_network {
            true => 0,
            false => match self.free_host_part() {
                Some(part) => part,
                None => {
                    self.drop_sandbox(at);
                    return Some(Done::SandboxFailed(pod));
                }
            },
        };
        let sandbox = &mut self.sandboxes[at];
        sandbox.host_part = host_part;
        sandbox.state = SandboxState::Ready;
        self.touch(pod);
        Some(Done::SandboxReady(pod))
    }

    /// The next free address of the node's network, as the host-local plugin hands them out: in a circle.
    fn free_host_part(&mut self) -> Option<u8> {
        let mut part = self.last_ip;
        for _ in 0..253 {
            part = if part >= 254 { 2 } else { part + 1 };
            if self.sandboxes.iter().all(|sandbox| sandbox.host_part != part) {
                self.last_ip = part;
                return Some(part);
            }
        }
        None
    }

    /// A pod's own address; `None` before it has one, and with the node's network.
    pub fn pod_ip(&self, sandbox: &Sandbox) -> Option<Ipv4Addr> {
        self.address(sandbox.host_part)
    }

    /// The same, or the address that the pod had before it was stopped.
    pub fn last_pod_ip(&self, sandbox: &Sandbox) -> Option<Ipv4Addr> {
        self.address(sandbox.host_part.max(sandbox.former_part))
    }

    fn address(&self, host_part: u8) -> Option<Ipv4Addr> {
        let [a, b, c, _] = self.pod_cidr.octets();
        (host_part != 0).then(|| Ipv4Addr::new(a, b, c, host_part))
    }

    fn finish_start(&mut self, sandbox: u32, id: u32, ctx: &mut Ctx) -> Option<Done> {
        let (pod, container) = self.container_in(sandbox, id)?;
        if !matches!(container.state, ContainerState::Created) {
            return None;
        }
        container.state = ContainerState::Running { started: ctx.now };
        let spec = container.spec.containers.get(usize::from(container.index));
        if spec.and_then(start_error).is_some() {
            container.state = ContainerState::Exited(Box::new(Exit::not_started(ctx.now)));
            self.touch(pod);
            self.changed = true;
            return Some(Done::NotStarted(pod, id));
        }
        let ends = spec.and_then(|spec| program(spec).ends);
        if let Some((after, code)) = ends {
            self.plan_exit(id, ctx.now + after, code, ctx);
        }
        self.touch(pod);
        self.changed = true;
        Some(Done::Started(pod, id))
    }

    /// Marks a running container as ended; returns its pod.
    fn exit(&mut self, id: u32, code: i32, now: Time) -> Option<Uid> {
        self.exits.retain(|exit| exit.container != id);
        let (pod, container) = self.container_mut(id)?;
        let ContainerState::Running { started } = container.state else { return None };
        let reason = if code == 0 { ExitReason::Completed } else { ExitReason::Error };
        container.state = ContainerState::Exited(Box::new(Exit { started, finished: now, code, reason }));
        let program = if code == 0 { component::name(container.spec()) } else { None };
        self.ended_well.extend(program.filter(|program| !self.ended_well.contains(program)));
        self.touch(pod);
        self.changed = true;
        Some(pod)
    }

    /// The computer loses power: everything ends. After the next start the sandboxes are still known.
    pub(crate) fn power_off(&mut self, now: Time) {
        let pods: Vec<Uid> = self.sandboxes.iter().map(|sandbox| sandbox.uid).collect();
        for pod in pods {
            let Some(sandbox) = self.sandbox_mut(pod) else { continue };
            sandbox.drop_created();
            let running: Vec<u32> =
                sandbox.containers.iter().filter(|container| container.is_running()).map(|c| c.id).collect();
            for id in running {
                self.exit(id, 255, now);
                self.mark_unknown(id);
            }
            self.stop_pod_sandbox(pod, now);
        }
        self.exits.clear();
    }

    /// containerd cannot say how a container ended that was running when the computer stopped.
    fn mark_unknown(&mut self, id: u32) {
        let Some((_, container)) = self.container_mut(id) else { return };
        if let ContainerState::Exited(exit) = &mut container.state {
            exit.reason = ExitReason::Unknown;
        }
    }
}

fn ends_on_sigterm(container: &Container) -> bool {
    let spec = container.spec.containers.get(usize::from(container.index));
    spec.map(program).is_none_or(|program| program.ends_on_sigterm)
}

//! The kubelet of one node, with the container runtime it drives.
//!
//! It is told of pods by its sources (the API server, the files in staticPodPath), makes the runtime run
//! them, and tells the API server what has become of them. There is one for each machine, thousands in a
//! large cluster, so a pod that runs quietly costs a few dozen bytes and no timer at all: the periodic
//! loops of the real kubelet are arithmetic here, and only run when they have something to look at.
//!
//! The cluster calls the methods below and carries out the effects. The files of the node's disk are lent
//! to the methods that may read them.
//!
//! Kubernetes: pkg/kubelet/kubelet.go.

pub mod backoff;
mod image_manager;
mod kill;
mod kuberuntime;
mod pod_worker;
pub mod runtime;
mod status;
mod status_manager;
mod sync_pod;
#[cfg(test)]
mod tests;
pub mod texts;
mod timers;

use std::net::Ipv4Addr;
use std::rc::Rc;

use crate::api::event::{EventDraft, EventSource, EventType, Message, ObjectRef};
use crate::api::meta::{Name, StringMap, Uid};
use crate::api::object::{Kind, Object};
use crate::api::pod::Pod;
use crate::api::resources::Resources;
use crate::api::toleration::Taint;
use crate::sim::files::Files;
use crate::sim::{Duration, Time};
use crate::wire::{Answer, Call, Ctx, Timer, Token, WatchEvent};
use backoff::Backoff;
use image_manager::ImageManager;
use kuberuntime::ContainerKey;
use pod_worker::PodWorker;
use runtime::Runtime;
use texts::Texts;
use timers::Timers;

/// CrashLoopBackOff and image pull back-off: the first and the longest (KL-056, KL-069).
pub const INITIAL_BACK_OFF: Duration = Duration::from_secs(10);
pub const MAX_BACK_OFF: Duration = Duration::from_secs(300);

/// The computer a kubelet runs on, and how it was told to register.
#[derive(Clone, Debug)]
pub struct Host {
    pub node_name: Name,
    pub internal_ip: Ipv4Addr,
    /// A /24 network for the pods of this node.
    pub pod_cidr: Ipv4Addr,
    pub capacity: Resources,
    /// Labels given by `--node-labels`, besides the usual ones.
    pub labels: StringMap,
    pub taints: Vec<Taint>,
    /// Whether there is a network plugin (KL-060, CP-010).
    pub network_ready: bool,
}

/// What has happened to a file, as inotify tells it. A move is [`FileChange::Removed`] at its old path and
/// [`FileChange::Written`] at its new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileChange {
    /// Created, written, or its mode or time changed.
    Written,
    Removed,
}

#[derive(Clone, Debug)]
pub struct Kubelet {
    host: Rc<Host>,
    pub runtime: Runtime,
    running: bool,
    /// Which process this is, counted from 1: timers and answers meant for an earlier one are dropped.
    epoch: u8,
    started: Time,
    event_source: Rc<EventSource>,
    /// In order of their numbers.
    workers: Vec<PodWorker>,
    last_no: u32,
    crash_loop_back_off: Backoff<ContainerKey>,
    images: ImageManager,
    timers: Timers,
    texts: Texts,
}

impl Kubelet {
    /// A kubelet that has not been started.
    pub fn new(host: Host) -> Kubelet {
        let runtime = Runtime::new(&host.node_name, host.pod_cidr);
        Kubelet::with_runtime(Rc::new(host), runtime, 0)
    }

    fn with_runtime(host: Rc<Host>, runtime: Runtime, epoch: u8) -> Kubelet {
        let event_source = EventSource { component: "kubelet", host: Some(host.node_name.clone()) };
        Kubelet {
            host,
            runtime,
            running: false,
            epoch,
            started: Time::default(),
            event_source: Rc::new(event_source),
            workers: Vec::new(),
            last_no: 0,
            crash_loop_back_off: Backoff::new(INITIAL_BACK_OFF, MAX_BACK_OFF),
            images: ImageManager::default(),
            timers: Timers::default(),
            texts: Texts::default(),
        }
    }

    pub fn host(&self) -> &Host {
        &self.host
    }

    pub fn is_running(&self) -> bool {
        self.running
    }

    /// The process starts.
    pub fn start(&mut self, files: &Files, ctx: &mut Ctx) {
        let _ = files;
        if self.running {
            return;
        }
        self.running = true;
        self.epoch = self.epoch.wrapping_add(1).max(1);
        self.started = ctx.now;
        self.runtime.take_dirty();
    }

    /// The process ends. The runtime goes on (KL-031).
    pub fn stop(&mut self) {
        let runtime = std::mem::replace(&mut self.runtime, Runtime::new("", Ipv4Addr::UNSPECIFIED));
        *self = Kubelet::with_runtime(self.host.clone(), runtime, self.epoch);
    }

    /// The first list of a kind, or a new one after the API server was away.
    pub fn on_list(&mut self, kind: Kind, objects: Vec<Object>, ctx: &mut Ctx) {
        if !self.running {
            return;
        }
        if kind == Kind::Pod {
            let pods = objects.into_iter().filter_map(|object| match object {
                Object::Pod(pod) => Some(pod),
                _ => None,
            });
            self.set_api_pods(pods.collect(), ctx);
        }
    }

    pub fn on_watch(&mut self, event: &WatchEvent, ctx: &mut Ctx) {
        if !self.running {
            return;
        }
        match event {
            WatchEvent::Added(Object::Pod(pod)) | WatchEvent::Modified(Object::Pod(pod)) => {
                self.handle_api_pod(pod, ctx);
            }
            WatchEvent::Deleted(Object::Pod(pod)) => self.handle_pod_remove(pod.meta.uid, ctx),
            _ => {}
        }
    }

    pub fn on_answer(&mut self, token: Token, answer: Answer, ctx: &mut Ctx) {
        let _ = (token, answer, ctx);
    }

    /// A file or directory of the node's disk has changed: `path` is clean and absolute.
    pub fn on_file_event(&mut self, path: &str, change: FileChange, files: &Files, ctx: &mut Ctx) {
        let _ = (path, change, files, ctx);
    }

    pub fn on_timer(&mut self, timer: Timer, files: &Files, ctx: &mut Ctx) {
        let _ = files;
        if let Some(done) = self.runtime.on_timer(timer, ctx)
            && self.running
        {
            self.on_runtime_done(done, ctx);
        }
        if self.running && timer.tag >> 8 == u16::from(self.epoch) {
            self.on_own_timer(timer.tag & 0xff, timer.value, ctx);
        }
        self.watch_runtime(ctx);
    }

    /// Ends a running container at once, as a crash of its program would; says whether there was one.
    pub fn crash_container(&mut self, pod: Uid, container: &str, exit_code: i32, ctx: &mut Ctx) -> bool {
        self.runtime.crash_container(pod, container, exit_code, ctx)
    }

    /// Sees to it that the runtime is looked at again if it has changed.
    fn watch_runtime(&mut self, ctx: &mut Ctx) {
        if self.running && self.runtime.is_dirty() {
            self.schedule_relist(ctx);
        }
    }

    /// What the API server's list of this node's pods says: the difference to what is known counts.
    fn set_api_pods(&mut self, pods: Vec<Rc<Pod>>, ctx: &mut Ctx) {
        let mut known: Vec<Uid> = pods.iter().map(|pod| pod.meta.uid).collect();
        known.sort();
        let api = self.workers.iter().filter(|worker| !worker.is_static() && !worker.is_removed());
        let gone: Vec<Uid> =
            api.map(|worker| worker.uid()).filter(|uid| known.binary_search(uid).is_err()).collect();
        for uid in gone {
            self.handle_pod_remove(uid, ctx);
        }
        for pod in pods {
            self.handle_api_pod(&pod, ctx);
        }
    }

    fn handle_api_pod(&mut self, pod: &Rc<Pod>, ctx: &mut Ctx) {
        match self.find(pod.meta.uid) {
            Some(at) => self.handle_pod_update(at, pod, ctx),
            None => self.handle_pod_addition(pod, ctx),
        }
    }

    /// Kubernetes: pkg/kubelet/kubelet.go, HandlePodAdditions.
    fn handle_pod_addition(&mut self, pod: &Rc<Pod>, ctx: &mut Ctx) {
        let at = self.add_worker(pod.clone());
        self.first_update(at, ctx);
    }

    fn event(
        &self,
        about: &Rc<ObjectRef>,
        container: Option<&Name>,
        kind: EventType,
        reason: &'static str,
        message: Message,
        ctx: &mut Ctx,
    ) {
        let draft = EventDraft {
            regarding: about.clone(),
            field_path: container.cloned(),
            kind,
            reason,
            message,
            source: self.event_source.clone(),
            count: 1,
            first: ctx.now,
            last: ctx.now,
        };
        ctx.request(Call::PostEvent(Box::new(draft)), Token::NONE);
    }
}

/// The reference to a pod that its events carry.
pub(crate) fn pod_ref(pod: &Pod) -> Rc<ObjectRef> {
    Rc::new(ObjectRef {
        kind: Kind::Pod,
        namespace: pod.meta.namespace().clone(),
        name: pod.meta.name.clone(),
        uid: pod.meta.uid,
    })
}

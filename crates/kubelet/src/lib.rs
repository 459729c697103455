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

mod active_deadline;
pub mod admit;
pub mod config;
mod configs;
mod container_status;
mod events;
mod http_source;
pub mod image_manager;
mod kill;
pub mod kuberuntime;
pub mod manifest;
pub mod manifest_dir;
pub mod mirror;
pub mod node_status;
pub mod pod_config;
pub mod pod_manager;
mod pod_worker;
pub(crate) mod preemption;
mod probe;
pub mod prober;
pub mod runtime;
mod sources;
mod start;
pub mod status;
mod status_manager;
mod sync_pod;
#[cfg(test)]
mod tests;
pub(crate) mod texts;
mod timers;
pub mod truth;
mod uid_list;
mod workers;

use sim::order::SortShared;
use std::net::Ipv4Addr;
use std::rc::Rc;

use api::event::{EventDraft, EventSource};
use api::meta::{Name, StringMap, Uid};
use api::node::Node;
use api::object::{Kind, Object};
use api::pod::{Pod, PodSource};
use api::resources::Resources;
use api::status_error::StatusError;
use api::toleration::Taint;
use client::backoff::Backoff;
use client::recorder::Recorder;
use config::KubeletConfiguration;
use configs::Configs;
use events::pod_ref;
use image_manager::ImageManager;
use kuberuntime::{ContainerKey, new_crash_loop_back_off};
use manifest_dir::FileSource;
use node_status::Registration;
use pod_config::PodStorage;
use runtime::Runtime;
use runtime::cni::is_network_configured;
use sim::files::Files;
use sim::{Duration, Time};
use sources::SourcesSeen;
use texts::Texts;
use timers::Timers;
use wire::{Answer, Component, Ctx, KubeletRequest, Timer, Token, WatchEvent};
use workers::Workers;

/// The process id of each node's kubelet.
pub const PID: u32 = 812;

/// CrashLoopBackOff and image pull back-off: the first and the longest (KL-056, KL-069).
pub(crate) const INITIAL_BACK_OFF: Duration = Duration::from_secs(10);
pub(crate) const MAX_BACK_OFF: Duration = Duration::from_secs(300);

/// The computer a kubelet runs on, and how it was told to register.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its host name, which is its Node's name.
    pub node_name: Name,
    /// Its address.
    pub internal_ip: Ipv4Addr,
    /// A /24 network for the pods of this node.
    pub pod_cidr: Ipv4Addr,
    /// What it has: cores, memory, disk, room for pods.
    pub capacity: Resources,
    /// Labels given by `--node-labels`, besides the usual ones.
    pub labels: StringMap,
    /// Taints that its kubelet registers its Node with.
    pub taints: Vec<Taint>,
}

/// What has happened to a file, as inotify tells it. A move is [`FileChange::Removed`] at its old path and
/// [`FileChange::Written`] at its new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileChange {
    /// Created, written, or its mode or time changed.
    Written,
    /// It is not there any more.
    Removed,
}

/// The kubelet of one node.
#[derive(Clone, Debug)]
pub struct Kubelet {
    host: Rc<Host>,
    /// The container runtime, which outlives the kubelet's process.
    pub runtime: Runtime,
    running: bool,
    /// Which process this is, counted from 1: timers and answers meant for an earlier one are dropped.
    epoch: u8,
    started: Time,
    /// Whether the runtime has a network for pods (KL-060, CP-010).
    network_ready: bool,
    /// The configuration the process was started with.
    config: KubeletConfiguration,
    event_source: Rc<EventSource>,
    file_source: FileSource,
    sources_seen: SourcesSeen,
    /// The API server's view of this node and of its static pods.
    node: Option<Rc<Node>>,
    mirrors: Vec<Rc<Pod>>,
    static_pods: PodStorage,
    registration: Registration,
    workers: Workers,
    crash_loop_back_off: Backoff<ContainerKey>,
    images: ImageManager,
    timers: Timers,
    texts: Texts,
    /// Programs that were told how to answer their probes; they outlive the process.
    told: Vec<prober::Told>,
    configs: Configs,
    /// Made when the first event comes that may be said again.
    recorder: Option<Box<Recorder>>,
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
            network_ready: false,
            config: KubeletConfiguration::default(),
            event_source: Rc::new(event_source),
            file_source: FileSource::default(),
            sources_seen: SourcesSeen::default(),
            node: None,
            mirrors: Vec::new(),
            static_pods: PodStorage::default(),
            registration: Registration::default(),
            workers: Workers::default(),
            crash_loop_back_off: new_crash_loop_back_off(INITIAL_BACK_OFF, MAX_BACK_OFF),
            images: ImageManager::default(),
            timers: Timers::default(),
            texts: Texts::default(),
            told: Vec::new(),
            configs: Configs::default(),
            recorder: None,
        }
    }

    /// Whether its process runs.
    pub fn is_running(&self) -> bool {
        self.running
    }

    /// The process starts: it reads its configuration and the manifests, and registers its node.
    ///
    /// With a configuration that it cannot read it ends again, and says why in its log.
    pub fn start(&mut self, files: &Files, ctx: &mut Ctx) {
        if self.running {
            return;
        }
        self.config = match KubeletConfiguration::load(files, ctx.settings) {
            Ok(config) => config,
            Err(why) => return ctx.error("run.go:72", format!("\"{why}\"")),
        };
        self.running = true;
        self.epoch = self.epoch.wrapping_add(1).max(1);
        self.started = ctx.now;
        self.network_ready = is_network_configured(files);
        self.crash_loop_back_off =
            new_crash_loop_back_off(INITIAL_BACK_OFF, self.config.max_container_restart_period);
        self.runtime.take_dirty();
        self.say_starting(ctx);
        self.try_register(ctx);
        self.file_source = FileSource::new(&self.config.static_pod_path);
        self.file_source.start(files, ctx.now);
        self.check_files(files, ctx);
        self.check_url(0, ctx);
    }

    /// What the running process was configured with.
    /// The manifests of this node, and what was made of each.
    pub fn file_source(&self) -> &FileSource {
        &self.file_source
    }

    /// The process ends. The runtime goes on (KL-031).
    pub fn stop(&mut self) {
        let mut runtime = std::mem::replace(&mut self.runtime, Runtime::new("", Ipv4Addr::UNSPECIFIED));
        runtime.cancel_all_starts();
        runtime.forget_for_new_kubelet();
        let told = std::mem::take(&mut self.told);
        *self = Kubelet::with_runtime(self.host.clone(), runtime, self.epoch);
        self.told = told;
    }

    /// The computer loses its power: the process is gone, and so is all that ran.
    pub fn power_off(&mut self, now: Time) {
        self.stop();
        self.runtime.power_off(now);
        self.runtime.forget_for_new_kubelet();
        self.told.clear();
    }

    /// The first list of a kind, or a new one after the API server was away.
    pub fn on_list(&mut self, kind: Kind, objects: Vec<Object>, ctx: &mut Ctx) {
        if !self.running {
            return;
        }
        match kind {
            Kind::Pod => {
                let pods = objects.into_iter().filter_map(|object| match object {
                    Object::Pod(pod) => Some(pod),
                    _ => None,
                });
                self.set_api_pods(pods.collect(), ctx);
                self.source_seen(PodSource::Api, ctx);
            }
            Kind::Node => {
                let own = objects.into_iter().find_map(|object| match object {
                    Object::Node(node) if node.meta.name == self.host.node_name => Some(node),
                    _ => None,
                });
                self.handle_node(own, ctx);
                self.node_listed(ctx);
            }
            _ => {}
        }
    }

    /// An object that it watches has come, changed or gone.
    pub fn on_watch(&mut self, event: &WatchEvent, ctx: &mut Ctx) {
        if !self.running {
            return;
        }
        match event {
            WatchEvent::Added(Object::Pod(pod)) | WatchEvent::Modified(Object::Pod(pod)) => {
                self.handle_api_pod(pod, ctx);
            }
            WatchEvent::Deleted(Object::Pod(pod)) if pod.is_mirror() => self.handle_mirror_removed(pod, ctx),
            WatchEvent::Deleted(Object::Pod(pod)) => self.handle_pod_remove(pod.meta.uid, ctx),
            WatchEvent::Added(Object::Node(node)) | WatchEvent::Modified(Object::Node(node)) => {
                self.handle_node(Some(node.clone()), ctx);
            }
            WatchEvent::Deleted(Object::Node(_)) => self.handle_node(None, ctx),
            _ => {}
        }
    }

    /// The answer to a request; one of an earlier process is dropped.
    pub fn on_answer(&mut self, token: Token, answer: Answer, ctx: &mut Ctx) {
        let Token::Kubelet { epoch, request } = token else { return };
        if !self.running || epoch != self.epoch {
            return;
        }
        match request {
            KubeletRequest::CreateMirror(worker) => self.on_mirror_created(worker, &answer, ctx),
            KubeletRequest::DeleteMirror(worker) => self.on_mirror_deleted(worker, &answer, ctx),
            KubeletRequest::CreateNode => self.on_node_created(answer, ctx),
            KubeletRequest::GetNode => self.on_node_got(answer, ctx),
            KubeletRequest::UpdateNode => self.registered(answer, ctx),
            KubeletRequest::HoldLease => self.on_lease_held(&answer, ctx),
            KubeletRequest::GetConfig(query) => self.on_config_got(query, &answer, ctx),
        }
    }

    /// A file or directory of the node's disk has come, gone or changed: `path` is clean and absolute. A
    /// move is told twice, for where it was and for where it is.
    pub fn on_file_event(&mut self, path: &str, change: FileChange, files: &Files, ctx: &mut Ctx) {
        if self.running {
            self.handle_file_event(path, change, files, ctx);
            self.look_at_network(path, files, ctx);
        }
    }

    /// Something is due. `files` are those of the node's disk.
    pub fn on_timer(&mut self, timer: Timer, files: &Files, ctx: &mut Ctx) {
        match timer {
            Timer::Runtime(timer) => {
                if let Some(done) = self.runtime.on_timer(timer, ctx)
                    && self.running
                {
                    self.on_runtime_done(done, ctx);
                }
            }
            Timer::Kubelet { epoch, timer } if self.running && epoch == self.epoch => {
                self.on_own_timer(timer, files, ctx);
            }
            _ => {}
        }
        self.watch_runtime(ctx);
    }

    /// Ends a running container at once, as a crash of its program would; says whether there was one.
    pub fn crash_container(&mut self, pod: Uid, container: &str, exit_code: i32, ctx: &mut Ctx) -> bool {
        self.runtime.crash_container(pod, container, exit_code, ctx)
    }

    /// Somebody works on the runtime past the kubelet, as crictl does.
    pub fn with_runtime_by_hand<T>(
        &mut self,
        work: impl FnOnce(&mut Runtime, &mut Ctx) -> T,
        ctx: &mut Ctx,
    ) -> T {
        let done = work(&mut self.runtime, ctx);
        self.watch_runtime(ctx);
        done
    }

    /// Schedules a relist if the runtime has changed.
    fn watch_runtime(&mut self, ctx: &mut Ctx) {
        if self.running && self.runtime.is_dirty() {
            self.schedule_relist(ctx);
        }
    }

    /// What the API server's list of this node's pods says: the difference to what is known counts.
    fn set_api_pods(&mut self, pods: Vec<Rc<Pod>>, ctx: &mut Ctx) {
        let (mirrors, mut pods): (Vec<_>, Vec<_>) = pods.into_iter().partition(|pod| pod.is_mirror());
        pods.sort_shared_by_key(|pod| pod.meta.created);
        self.set_mirror_pods(mirrors, ctx);
        let mut known: Vec<Uid> = pods.iter().map(|pod| pod.meta.uid).collect();
        known.sort_shared();
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
        if pod.is_mirror() {
            return self.handle_mirror_pod(pod, ctx);
        }
        match self.workers.of_pod(pod.meta.uid) {
            Some(at) => self.handle_pod_update(at, pod, ctx),
            None => self.handle_pod_addition(pod, ctx),
        }
    }

    /// Kubernetes: pkg/kubelet/kubelet.go, HandlePodAdditions.
    fn handle_pod_addition(&mut self, pod: &Rc<Pod>, ctx: &mut Ctx) {
        let at = self.workers.add(pod.clone());
        if !pod.is_terminal()
            && !pod.meta.is_terminating()
            && let Err(rejection) = self.can_admit_pod(at, ctx)
        {
            return self.reject_pod(at, &rejection, ctx);
        }
        if self.workers[at].extra.as_ref().is_none_or(|extra| extra.waits_for.is_empty()) {
            self.first_update(at, ctx);
        }
    }

    fn token(&self, request: KubeletRequest) -> Token {
        Token::Kubelet { epoch: self.epoch, request }
    }
}

/// A kubelet, and the files of its node's disk lent to it.
pub struct OnHost<'a> {
    /// The kubelet that is told something.
    pub kubelet: &'a mut Kubelet,
    /// The disk of its node.
    pub files: &'a Files,
}

/// That the connection has come or broken, a kubelet finds out by its requests and its lists.
impl Component for OnHost<'_> {
    fn start(&mut self, ctx: &mut Ctx) {
        self.kubelet.start(self.files, ctx);
    }

    fn on_list(&mut self, kind: Kind, objects: Vec<Object>, ctx: &mut Ctx) {
        self.kubelet.on_list(kind, objects, ctx);
    }

    fn on_watch(&mut self, event: &WatchEvent, ctx: &mut Ctx) {
        self.kubelet.on_watch(event, ctx);
    }

    fn on_answer(&mut self, token: Token, answer: Answer, ctx: &mut Ctx) {
        self.kubelet.on_answer(token, answer, ctx);
    }

    fn on_event_rejected(&mut self, event: &EventDraft, error: &StatusError, ctx: &mut Ctx) {
        self.kubelet.on_event_rejected(event, error, ctx);
    }

    fn on_timer(&mut self, timer: Timer, ctx: &mut Ctx) {
        self.kubelet.on_timer(timer, self.files, ctx);
    }
}

//! The control plane's processes live in containers of static pods: they run when those do.

use super::{Cluster, Process, Told, Wake};
use api::Uid;
use api::object::Key;
use api::status_error::{GroupResource, StatusError, StatusReason};
use client::leader_election::LeaderElector;
use controllers::ControllerManager;
use kubelet::prober::ProbeKind;
use kubelet::runtime::answers::Answer;
use kubelet::runtime::component;
use scheduler::Scheduler;
use sim::Duration;
use wire::{Call, CallError, MachineId, Part, Token};

/// A process that comes up connects its watches after this: TLS, discovery.
pub(super) const CONNECT_AFTER: Duration = Duration::from_millis(100);

/// How soon a client notices that the API server is back, at most (its reflectors retry with back-off).
pub(super) const RECONNECT_AFTER: Duration = Duration::from_millis(1000);

/// An API server that cannot reach etcd when it starts gives up after this.
///
/// Kubernetes: staging/src/k8s.io/apiserver/pkg/storage/storagebackend/factory/etcd3.go, dialTimeout.
const STORAGE_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a request of a component waits for an etcd that has gone (CP-016).
///
/// Differs: each component has a limit of its own.
const COMPONENT_TIMEOUT: Duration = Duration::from_secs(7);

/// How long the API server lets a request wait: one that reads, and one that writes.
///
/// Kubernetes: apiserver/pkg/server/config.go, RequestTimeout; endpoints/handlers/rest.go, requestTimeoutUpperBound.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
const WRITE_TIMEOUT: Duration = Duration::from_secs(34);

/// What a request gets from an API server that has lost etcd, and after how long (CP-016).
pub(super) fn without_etcd(part: Part, call: &Call) -> (CallError, Duration) {
    let (error, after) = match (part, call) {
        (Part::User, Call::Get { .. } | Call::List { .. }) => {
            // The answer is no proper status: kubectl puts it into words itself.
            let (info, name) = (call.kind().info(), call_name(call));
            let resource = GroupResource::new(info.group, info.plural);
            let name = if name.is_empty() { String::new() } else { format!(" {name}") };
            let text = format!(
                "the server was unable to return a response in the time allotted, but may still be processing \
                 requests (get {resource}{name})"
            );
            (StatusError::new(StatusReason::Timeout, text), READ_TIMEOUT)
        }
        (Part::User, _) => {
            let text =
                "Timeout: request did not complete within requested timeout - context deadline exceeded";
            (StatusError::new(StatusReason::Timeout, text), WRITE_TIMEOUT)
        }
        _ => {
            let status = StatusError::new(StatusReason::Unknown, "etcdserver: request timed out");
            (status, COMPONENT_TIMEOUT)
        }
    };
    (CallError::Status(Box::new(error)), after)
}

fn call_name(call: &Call) -> &str {
    match call {
        Call::Get { key, .. } => &key.name,
        _ => "",
    }
}

/// How the API server stands to those who call it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Serving {
    /// Nobody listens.
    #[default]
    Down,
    /// Its process runs and looks for etcd: nobody listens yet.
    Starting,
    /// It listens, and has lost etcd.
    WithoutEtcd,
    Up,
}

/// Where a part's process runs.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    machine: MachineId,
    pod: Uid,
    container: api::meta::Name,
}

impl Cluster {
    fn place(&self, part: &str) -> Option<Place> {
        self.control_plane.iter().find_map(|id| {
            let (sandbox, container) = self.machines.get(id.0 as usize)?.component(part)?;
            Some(Place { machine: *id, pod: sandbox.uid, container: container.name().clone() })
        })
    }

    /// Whether a part's process runs.
    pub(super) fn runs(&self, part: &str) -> bool {
        self.place(part).is_some()
    }

    /// The name of the computer on which a part's process runs.
    pub(super) fn host_of(&self, part: &str) -> Option<api::meta::Name> {
        self.place(part).map(|place| self.machines[place.machine.0 as usize].name.clone())
    }

    /// A flag of a part's process, if it runs.
    fn flag(&self, part: &str, flag: &str) -> Option<String> {
        let mut machines = self.control_plane.iter().filter_map(|id| self.machines.get(id.0 as usize));
        let (_, container) = machines.find_map(|machine| machine.component(part))?;
        component::flag(container.spec(), flag).map(str::to_owned)
    }

    /// Whether one of the addresses at which the API server looks for etcd is one at which etcd listens.
    fn etcd_is_reachable(&self) -> bool {
        let addresses = |part: &str, flag: &str| {
            let urls = self.flag(part, flag).unwrap_or_default();
            urls.split(',').map(|url| url.trim_end_matches('/').to_owned()).collect::<Vec<_>>()
        };
        let listening = addresses("etcd", "listen-client-urls");
        let wanted = addresses("kube-apiserver", "etcd-servers");
        wanted.iter().any(|url| !url.is_empty() && listening.contains(url))
    }

    /// Starts and stops the processes whose containers have started or ended since the last step.
    pub(super) fn mind_control_plane(&mut self) {
        let mut changed = false;
        let mut ended_well = Vec::new();
        for id in &self.control_plane {
            let runtime = &mut self.machines[id.0 as usize].kubelet.runtime;
            changed |= runtime.take_changed();
            ended_well.extend(runtime.take_ended_well());
        }
        if !changed {
            return;
        }
        self.mind_api_server();
        self.mind_controller_manager();
        self.mind_scheduler(ended_well.contains(&"kube-scheduler"));
    }

    fn mind_api_server(&mut self) {
        let place = self.place("kube-apiserver");
        let now = match (self.serving, &place, self.etcd_is_reachable()) {
            (_, None, _) => Serving::Down,
            (_, Some(_), true) => Serving::Up,
            (Serving::Down | Serving::Starting, Some(_), false) => Serving::Starting,
            (Serving::WithoutEtcd | Serving::Up, Some(_), false) => Serving::WithoutEtcd,
        };
        let before = std::mem::replace(&mut self.serving, now);
        if before == now {
            return;
        }
        if now == Serving::Starting {
            self.api_epoch += 1;
            let epoch = self.api_epoch;
            self.agenda.push(self.now + STORAGE_TIMEOUT, Wake::StorageTimeout(epoch));
        }
        if before == Serving::Up {
            self.silent_since = Some(self.now);
            self.lose_connections();
        }
        if now == Serving::Down {
            self.close_watching_jobs();
        }
        if let Some(place) = place {
            self.set_healthy(&place, now == Serving::Up);
        }
        if now == Serving::Up {
            self.silent_since = None;
            self.api_server_came_up();
        }
    }

    /// What the API server's health endpoints answer: its check `etcd` belongs to each of them.
    ///
    /// Kubernetes: staging/src/k8s.io/apiserver/pkg/server/options/etcd.go, addEtcdHealthEndpoint.
    fn set_healthy(&mut self, place: &Place, healthy: bool) {
        let answer = (!healthy).then_some(Answer::Code(500));
        for kind in [ProbeKind::Liveness, ProbeKind::Readiness, ProbeKind::Startup] {
            self.with_kubelet(place.machine, |kubelet, _, ctx| {
                kubelet.set_probe_answer(place.pod, &place.container, kind, answer, ctx)
            });
        }
    }

    /// An API server that has not found etcd exits; its kubelet starts it again.
    pub(super) fn give_up_on_etcd(&mut self, epoch: u32) {
        if epoch == self.api_epoch && self.serving == Serving::Starting {
            self.exit_process(Part::ApiServer, 1);
        }
    }

    /// The process of a part ends by itself: its container has ended.
    pub(super) fn exit_process(&mut self, part: Part, code: i32) {
        let name = match part {
            Part::ApiServer => "kube-apiserver",
            Part::ControllerManager => "kube-controller-manager",
            Part::Scheduler => "kube-scheduler",
            Part::Etcd => "etcd",
            Part::Kubelet(_) | Part::User => return,
        };
        if let Some(place) = self.place(name) {
            self.with_kubelet(place.machine, |kubelet, _, ctx| {
                kubelet.crash_container(place.pod, &place.container, code, ctx)
            });
        }
    }

    /// All that have watches of the API server.
    fn clients(&self) -> Vec<Part> {
        let machines = self.machines.iter().map(|machine| Part::Kubelet(machine.id));
        [Part::ControllerManager, Part::Scheduler].into_iter().chain(machines).collect()
    }

    fn api_server_came_up(&mut self) {
        if !self.bootstrapped {
            self.bootstrapped = true;
            self.bootstrap_objects();
        }
        self.hold_identity_lease();
        for part in self.clients() {
            let epoch = self.process_epoch(part);
            self.agenda.push(self.now + RECONNECT_AFTER, Wake::Connect { part, epoch });
        }
        self.retry_all_events();
    }

    /// Connections break: nothing more is delivered until the watches are made again.
    ///
    /// Differs: upstream the watches of an API server that has only lost etcd stay open, with nothing to deliver.
    fn lose_connections(&mut self) {
        for part in self.clients() {
            if let Some(inbox) = self.inbox(part) {
                inbox.close();
            }
        }
        self.stop_all_leases();
        self.tell(Part::ControllerManager, Told::Disconnected);
        self.tell(Part::Scheduler, Told::Disconnected);
    }

    fn stop_all_leases(&mut self) {
        let keys: Vec<_> = self.api.store.leases.iter().map(|lease| Key::of(&lease.meta)).collect();
        for key in keys {
            self.api.stop_lease(&key, self.now);
        }
    }

    /// A leader that has ended does not renew its lease any more.
    fn stop_leading(&mut self, elector: Option<&LeaderElector>) {
        if let Some(elector) = elector.filter(|elector| elector.is_leader() && self.api_up()) {
            self.api.stop_lease(elector.lock(), self.now);
        }
    }

    fn mind_controller_manager(&mut self) {
        let place = self.place("kube-controller-manager");
        if place.is_some() == self.controllers.component.is_some() {
            return;
        }
        if let Some(ended) = self.controllers.component.take() {
            self.stop_leading(ended.elector());
        }
        self.controllers.stop();
        self.forget_events(Part::ControllerManager);
        if let Some(place) = place {
            let host = self.machines[place.machine.0 as usize].name.clone();
            self.controllers.component = Some(match self.leader_elects("kube-controller-manager") {
                true => ControllerManager::with_leader_election(&host),
                false => ControllerManager::new(),
            });
            self.start_process(Part::ControllerManager);
        }
    }

    /// `on_request`: its process has ended because it was asked to.
    fn mind_scheduler(&mut self, on_request: bool) {
        let place = self.place("kube-scheduler");
        if place.is_some() == self.scheduler.component.is_some() {
            return;
        }
        if let Some(ended) = self.scheduler.component.take() {
            let leader = ended.elector().filter(|elector| elector.is_leader());
            if let Some(elector) = leader.filter(|_| on_request) {
                // The scheduler gives its lease up; the controller manager does not (CP-011).
                let call = elector.release();
                self.send(Part::Scheduler, call, Token::None);
            }
            self.stop_leading(ended.elector());
        }
        self.scheduler.stop();
        self.forget_events(Part::Scheduler);
        if let Some(place) = place {
            let host = self.machines[place.machine.0 as usize].name.clone();
            self.scheduler.component = Some(match self.leader_elects("kube-scheduler") {
                true => Scheduler::with_leader_election(&host),
                false => Scheduler::new(),
            });
            self.start_process(Part::Scheduler);
        }
    }

    /// `--leader-elect`, which is true unless it says otherwise.
    fn leader_elects(&self, part: &str) -> bool {
        self.flag(part, "leader-elect").is_none_or(|value| golang::strconv::parse_bool(&value) != Some(false))
    }

    pub(super) fn start_process(&mut self, part: Part) {
        self.tell(part, Told::Start);
        let epoch = self.process_epoch(part);
        self.agenda.push(self.now + CONNECT_AFTER, Wake::Connect { part, epoch });
    }
}

impl<T> Process<T> {}

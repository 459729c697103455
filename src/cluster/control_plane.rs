//! The control plane's processes live in containers of static pods: they run when those do.

use super::{Cluster, Process, Told, Wake};
use crate::controllers::ControllerManager;
use crate::scheduler::Scheduler;
use crate::sim::Duration;
use crate::wire::Part;

/// A process that comes up connects its watches after this: TLS, discovery.
const CONNECT_AFTER: Duration = Duration::from_millis(100);

/// How soon a client notices that the API server is back, at most (its reflectors retry with back-off).
pub(super) const RECONNECT_AFTER: Duration = Duration::from_millis(1000);

/// Which parts' containers run on some control-plane computer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Running {
    pub etcd: bool,
    pub api_server: bool,
    pub controller_manager: bool,
    pub scheduler: bool,
}

impl Cluster {
    /// Starts and stops the processes whose containers have started or ended since the last step.
    pub(super) fn mind_control_plane(&mut self) {
        let mut changed = false;
        for id in &self.control_plane {
            changed |= self.machines[id.0 as usize].kubelet.runtime.take_changed();
        }
        if !changed {
            return;
        }
        let mut running = Running::default();
        for id in &self.control_plane {
            let machine = &self.machines[id.0 as usize];
            let has = |name: &str| machine.runs_container("kube-system", name);
            running.etcd |= has("etcd");
            running.api_server |= has("kube-apiserver");
            running.controller_manager |= has("kube-controller-manager");
            running.scheduler |= has("kube-scheduler");
        }
        let up = running.api_server && running.etcd;
        match (self.api_up, up) {
            (false, true) => self.api_server_came_up(),
            (true, false) => self.api_server_went_down(),
            _ => {}
        }
        self.mind_controller_manager(running.controller_manager);
        self.mind_scheduler(running.scheduler);
    }

    fn api_server_came_up(&mut self) {
        self.api_up = true;
        if !self.bootstrapped {
            self.bootstrapped = true;
            self.bootstrap_objects();
        }
        let machines = self.machines.iter().map(|machine| Part::Kubelet(machine.id));
        let parts: Vec<Part> =
            [Part::ControllerManager, Part::Scheduler].into_iter().chain(machines).collect();
        for part in parts {
            let epoch = self.process_epoch(part);
            self.agenda.push(self.now + RECONNECT_AFTER, Wake::Connect { part, epoch });
        }
    }

    /// Connections break: nothing more is delivered until the watches are made anew.
    fn api_server_went_down(&mut self) {
        self.api_up = false;
        let machines = self.machines.iter().map(|machine| Part::Kubelet(machine.id));
        let parts: Vec<Part> =
            [Part::ControllerManager, Part::Scheduler].into_iter().chain(machines).collect();
        for part in parts {
            if let Some(inbox) = self.inbox(part) {
                inbox.close();
            }
        }
        self.stop_all_leases();
        self.tell(Part::ControllerManager, Told::Disconnected);
        self.close_watching_jobs();
    }

    fn stop_all_leases(&mut self) {
        let keys: Vec<_> =
            self.api.store.leases.iter().map(|lease| crate::api::Key::of(&lease.meta)).collect();
        for key in keys {
            self.api.stop_lease(&key, self.now);
        }
    }

    fn mind_controller_manager(&mut self, runs: bool) {
        if runs == self.controllers.component.is_some() {
            return;
        }
        self.controllers.stop();
        if runs {
            self.controllers.component = Some(ControllerManager::new());
            self.start_process(Part::ControllerManager);
        }
    }

    fn mind_scheduler(&mut self, runs: bool) {
        if runs == self.scheduler.component.is_some() {
            return;
        }
        self.scheduler.stop();
        if runs {
            self.scheduler.component = Some(Scheduler::new());
            self.start_process(Part::Scheduler);
        }
    }

    pub(super) fn start_process(&mut self, part: Part) {
        self.tell(part, Told::Start);
        let epoch = self.process_epoch(part);
        self.agenda.push(self.now + CONNECT_AFTER, Wake::Connect { part, epoch });
    }
}

impl<T> Process<T> {
    pub fn is_running(&self) -> bool {
        self.component.is_some()
    }
}

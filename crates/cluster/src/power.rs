//! What happens to the computers themselves: power, network cables, new ones and those taken away.

use super::control_plane::RECONNECT_AFTER;
use super::machine::{Machine, MachineSpec};
use super::{Cluster, Wake};
use api::label::{is_qualified_name, is_valid_label_value};
use api::meta::StringMap;
use api::object::Key;
use console::HostError;
use sim::Duration;
use validation::name_is_dns_subdomain;
use wire::{MachineId, Part};

/// From switching a computer on to its kubelet's start.
pub const BOOT_DELAY: Duration = Duration::from_secs(10);

/// No more computers than this, with those that were taken away (the largest cluster that Kubernetes supports
/// has 5,000 nodes).
const MACHINES_MAX: usize = 10_000;

/// Which of the kubelets that a change may concern reached the API server's computer before it; and whether a
/// person did.
pub(super) struct Reach {
    kubelets: Vec<(MachineId, bool)>,
    user: bool,
}

impl Machine {
    /// Switched on and booted.
    pub(crate) fn is_up(&self) -> bool {
        self.powered && self.boot_at.is_none()
    }

    /// Reached by others through the network.
    pub(crate) fn is_on_network(&self) -> bool {
        self.is_up() && self.linked
    }
}

fn already(node: &str, state: &'static str) -> HostError {
    HostError::Already { node: node.to_owned(), state }
}

impl Cluster {
    /// The computer whose address all clients of the API server know.
    pub(super) fn server(&self) -> Option<&Machine> {
        self.control_plane.first().and_then(|id| self.machines.get(id.0 as usize))
    }

    /// Whether messages between a part and the API server's computer get through.
    ///
    /// Differs: with the cable out, parts on that computer itself still reach each other.
    pub(super) fn linked(&self, part: Part) -> bool {
        let server_on_network = self.server().is_none_or(Machine::is_on_network);
        match part {
            Part::Kubelet(id) => self.machines.get(id.0 as usize).is_some_and(|machine| {
                let local = self.server().is_some_and(|server| server.id == id);
                machine.is_up() && (local || machine.linked && server_on_network)
            }),
            Part::User => server_on_network,
            Part::ApiServer | Part::Etcd | Part::ControllerManager | Part::Scheduler => true,
        }
    }

    /// Before a change of this computer's power or cable: that of the API server's own concerns all.
    fn reach(&self, changing: MachineId) -> Reach {
        let own = self.server().is_none_or(|server| server.id == changing);
        let all = if own { 0..self.machines.len() } else { changing.0 as usize..changing.0 as usize + 1 };
        let ids = all.map(|at| MachineId(at as u32));
        let kubelets = ids.map(|id| (id, self.linked(Part::Kubelet(id)))).collect();
        Reach { kubelets, user: self.linked(Part::User) }
    }

    /// After it: who has lost the API server, and who has it back.
    fn mind_links(&mut self, before: &Reach) {
        for (id, was) in &before.kubelets {
            let part = Part::Kubelet(*id);
            match (was, self.linked(part)) {
                (true, false) => self.connection_lost(*id),
                (false, true) => {
                    let epoch = self.process_epoch(part);
                    self.agenda.push(self.now + RECONNECT_AFTER, Wake::Connect { part, epoch });
                    self.retry_events(part);
                }
                _ => {}
            }
        }
        if before.user && !self.linked(Part::User) {
            self.close_watching_jobs();
        }
    }

    /// Nothing more comes from the API server, and the lease is no longer renewed.
    fn connection_lost(&mut self, id: MachineId) {
        let machine = &mut self.machines[id.0 as usize];
        machine.watch.close();
        let key = Key::new("kube-node-lease", &machine.name);
        if self.api_up() {
            self.api.stop_lease(&key, self.now);
        }
    }

    /// Switches a computer off at once: its kubelet and all containers are gone, its disk stays.
    pub fn power_off(&mut self, node: &str) -> Result<(), HostError> {
        let id = self.machine_named(node)?;
        self.changes.touch(id);
        if !self.machines[id.0 as usize].powered {
            return Err(already(node, "switched off"));
        }
        let before = self.reach(id);
        let now = self.now;
        let machine = &mut self.machines[id.0 as usize];
        (machine.powered, machine.boot_at) = (false, None);
        machine.kubelet.power_off(now);
        machine.service_since = now;
        machine.file_events.clear();
        machine.watch.close();
        self.forget_events(Part::Kubelet(id));
        self.mind_links(&before);
        self.after_step();
        Ok(())
    }

    /// Switches a computer on; its kubelet starts when it has booted.
    pub fn power_on(&mut self, node: &str) -> Result<(), HostError> {
        let id = self.machine_named(node)?;
        self.changes.touch(id);
        if self.machines[id.0 as usize].powered {
            return Err(already(node, "switched on"));
        }
        self.switch_on(id);
        Ok(())
    }

    fn switch_on(&mut self, id: MachineId) {
        let at = self.now + BOOT_DELAY;
        let machine = &mut self.machines[id.0 as usize];
        (machine.powered, machine.boot_at) = (true, Some(at));
        self.agenda.push(at, Wake::Boot(id));
    }

    /// A computer has booted: its network works, and its kubelet starts.
    pub(super) fn booted(&mut self, id: MachineId) {
        let now = self.now;
        let machine = &self.machines[id.0 as usize];
        if !machine.powered || machine.boot_at.is_some_and(|at| at > now) {
            return;
        }
        self.changes.touch(id);
        if machine.boot_at.is_some() {
            let before = self.reach(id);
            let machine = &mut self.machines[id.0 as usize];
            (machine.boot_at, machine.up_since) = (None, now);
            self.mind_links(&before);
        }
        self.boot_kubelet(id);
    }

    /// Pulls a computer's network cable out, or puts it in again.
    pub fn set_link(&mut self, node: &str, up: bool) -> Result<(), HostError> {
        let id = self.machine_named(node)?;
        self.changes.touch(id);
        if self.machines[id.0 as usize].linked == up {
            return Err(already(node, if up { "connected" } else { "cut off" }));
        }
        let before = self.reach(id);
        self.machines[id.0 as usize].linked = up;
        self.mind_links(&before);
        self.after_step();
        Ok(())
    }

    /// Adds a worker: it boots, and its kubelet registers it with these labels (ND-046).
    pub fn join_machine(&mut self, node: &str, labels: &[(String, String)]) -> Result<(), HostError> {
        let wrong = name_is_dns_subdomain(node, false).into_iter().next();
        if let Some(why) = wrong {
            return Err(HostError::BadName { name: node.to_owned(), why });
        }
        if self.machine(node).is_some() {
            return Err(HostError::Exists(node.to_owned()));
        }
        if self.machines.len() >= MACHINES_MAX {
            return Err(HostError::TooMany(MACHINES_MAX));
        }
        for (key, value) in labels {
            let wrong = is_qualified_name(key).into_iter().chain(is_valid_label_value(value)).next();
            if let Some(why) = wrong {
                return Err(HostError::BadLabel { label: format!("{key}={value}"), why });
            }
        }
        let labels: StringMap = labels.iter().map(|(k, v)| (k.as_str().into(), v.as_str().into())).collect();
        let id = self.add_machine(MachineSpec { labels, ..MachineSpec::worker(node) });
        self.switch_on(id);
        Ok(())
    }

    /// Takes a computer away for good. Its Node stays until somebody deletes it.
    pub fn remove_machine(&mut self, node: &str) -> Result<(), HostError> {
        let id = self.machine_named(node)?;
        self.changes.touch(id);
        if self.machines[id.0 as usize].spec.control_plane {
            return Err(HostError::ControlPlane(node.to_owned()));
        }
        if self.machines[id.0 as usize].powered {
            self.power_off(node)?;
        }
        let machine = &mut self.machines[id.0 as usize];
        machine.removed = true;
        machine.files = Default::default();
        let name = machine.name.clone();
        let at = self.removed.partition_point(|removed| *removed < id);
        self.removed.insert(at, id);
        self.machine_index.remove(node);
        let has_node = self.api.store.nodes.get("", node).is_some();
        self.changes.remove_machine(&name, id, has_node);
        Ok(())
    }
}

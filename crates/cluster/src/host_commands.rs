//! What a person does to the computers: files, services, containers.

use crate::machine::FileEvent;
use crate::{Cluster, Wake};
use api::meta::Uid;
use console::HostError;
use kubeadm::MANIFESTS;
use kubelet::FileChange;
use kubelet::runtime::sandbox::Sandbox;
use sim::files::{FileError, clean_path, parent};
use wire::{Effect, MachineId, Part};

/// Where [`Cluster::set_api_server`] puts the manifest it takes away.
const PARKED: &str = "/tmp/kube-apiserver.yaml";

impl Cluster {
    pub(super) fn machine_named(&self, node: &str) -> Result<MachineId, HostError> {
        self.machine_id(node).ok_or_else(|| HostError::UnknownHost(node.to_owned()))
    }

    /// A computer that can be worked on from afar.
    fn machine_reached(&self, node: &str) -> Result<MachineId, HostError> {
        let id = self.machine_named(node)?;
        match self.machines[id.0 as usize].is_on_network() {
            true => Ok(id),
            false => Err(HostError::NoRoute(node.to_owned())),
        }
    }

    /// Tells a node's kubelet something by `tell`, and carries out its effects.
    pub(super) fn with_kubelet<T>(
        &mut self,
        id: MachineId,
        tell: impl FnOnce(&mut kubelet::Kubelet, &sim::files::Files, &mut wire::Ctx<'_>) -> T,
    ) -> Option<T> {
        let mut effects: Vec<Effect> = std::mem::take(&mut self.effects);
        let now = self.now;
        self.changes.touch(id);
        let machine = self.machines.get_mut(id.0 as usize)?;
        let mut ctx =
            wire::Ctx { now, settings: &self.settings, rng: &mut machine.rng, effects: &mut effects };
        let told = tell(&mut machine.kubelet, &machine.files, &mut ctx);
        self.grant(Part::Kubelet(id), &mut effects);
        self.effects = effects;
        Some(told)
    }

    /// Saves a file; the directory it lies in is made if it is missing.
    pub fn write_file(&mut self, node: &str, path: &str, bytes: &[u8]) -> Result<(), HostError> {
        let id = self.machine_reached(node)?;
        let path = clean_path(path);
        let now = self.now;
        let files = &mut self.machines[id.0 as usize].files;
        let refuse = |error: FileError| HostError::Write { path: path.clone(), error };
        files.make_directory(parent(&path)).map_err(refuse)?;
        files.write(&path, bytes, now).map_err(refuse)?;
        self.file_changed(id, &path, FileChange::Written);
        Ok(())
    }

    /// Removes a file or an empty directory.
    pub fn remove_file(&mut self, node: &str, path: &str) -> Result<(), HostError> {
        let id = self.machine_reached(node)?;
        let path = clean_path(path);
        let removed = self.machines[id.0 as usize].files.remove(&path);
        removed.map_err(|error| HostError::Remove { path: path.clone(), error })?;
        self.file_changed(id, &path, FileChange::Removed);
        Ok(())
    }

    /// Moves a file or directory; into `to`, where that is a directory.
    pub fn move_file(&mut self, node: &str, from: &str, to: &str) -> Result<(), HostError> {
        let id = self.machine_reached(node)?;
        let from = clean_path(from);
        let moved = self.machines[id.0 as usize].files.rename(&from, to);
        let to = moved.map_err(|error| HostError::Move { from: from.clone(), to: to.to_owned(), error })?;
        self.file_changed(id, &from, FileChange::Removed);
        self.file_changed(id, &to, FileChange::Written);
        Ok(())
    }

    /// Copies a file to a path that is no directory.
    pub fn copy_file(&mut self, node: &str, from: &str, to: &str) -> Result<(), HostError> {
        let id = self.machine_reached(node)?;
        let path = clean_path(from);
        let Some(file) = self.machines[id.0 as usize].files.file(&path) else {
            return Err(HostError::Copy { path, error: FileError::NotFound });
        };
        let bytes = file.bytes.clone();
        self.write_file(node, to, &bytes)
    }

    pub(super) fn file_changed(&mut self, id: MachineId, path: &str, change: FileChange) {
        let (sent, arrives) = (self.now, self.now + self.settings.file_event_delay);
        self.changes.touch(id);
        let machine = &mut self.machines[id.0 as usize];
        machine.file_events.push_back(FileEvent { sent, arrives, path: path.into(), change });
        self.agenda.push(arrives, Wake::Files(id));
    }

    /// Brings the changes that are due to the node's kubelet.
    pub(super) fn deliver_file_events(&mut self, id: MachineId) {
        let now = self.now;
        loop {
            let events = &mut self.machines[id.0 as usize].file_events;
            let Some(event) = events.pop_front_if(|event| event.arrives <= now) else { return };
            self.with_kubelet(id, |kubelet, files, ctx| {
                kubelet.on_file_event(&event.path, event.change, files, ctx);
            });
        }
    }

    /// Starts the kubelet's process; one that runs goes on.
    pub fn start_kubelet(&mut self, node: &str) -> Result<(), HostError> {
        let id = self.machine_reached(node)?;
        self.boot_kubelet(id);
        Ok(())
    }

    pub(super) fn boot_kubelet(&mut self, id: MachineId) {
        let machine = &self.machines[id.0 as usize];
        if !machine.is_up() || machine.kubelet.is_running() {
            return;
        }
        self.machines[id.0 as usize].service_since = self.now;
        self.start_process(Part::Kubelet(id));
    }

    /// Stops the kubelet's process; what runs on the node goes on (KL-031).
    pub fn stop_kubelet(&mut self, node: &str) -> Result<(), HostError> {
        let id = self.machine_reached(node)?;
        self.changes.touch(id);
        let machine = &mut self.machines[id.0 as usize];
        machine.kubelet.stop();
        machine.service_since = self.now;
        machine.watch.close();
        self.undelivered.remove(&Part::Kubelet(id));
        let machine = &self.machines[id.0 as usize];
        let key = api::Key::new("kube-node-lease", &machine.name);
        if self.api_up() {
            self.api.stop_lease(&key, self.now);
        }
        self.after_step();
        Ok(())
    }

    /// Stops the kubelet's process and starts another one.
    pub fn restart_kubelet(&mut self, node: &str) -> Result<(), HostError> {
        self.stop_kubelet(node)?;
        self.start_kubelet(node)
    }

    /// The sandbox of a pod by the name that kubectl shows.
    fn sandbox(&self, id: MachineId, namespace: &str, pod: &str) -> Option<&Sandbox> {
        let sandboxes = self.machines.get(id.0 as usize)?.kubelet.runtime.sandboxes();
        sandboxes.iter().rev().find(|sandbox| *sandbox.name == *pod && **sandbox.namespace() == *namespace)
    }

    /// Ends a container's program with an exit code, as a crash would.
    pub fn crash_container(
        &mut self,
        node: &str,
        namespace: &str,
        pod: &str,
        container: &str,
        exit_code: i32,
    ) -> Result<(), HostError> {
        let id = self.machine_reached(node)?;
        let uid: Option<Uid> = self.sandbox(id, namespace, pod).map(|sandbox| sandbox.uid);
        let uid =
            uid.ok_or_else(|| HostError::NoPod { pod: format!("{namespace}/{pod}"), node: node.to_owned() })?;
        let crashed =
            self.with_kubelet(id, |kubelet, _, ctx| kubelet.crash_container(uid, container, exit_code, ctx));
        self.after_step();
        match crashed {
            Some(true) => Ok(()),
            _ => Err(HostError::NoContainer {
                container: container.to_owned(),
                pod: format!("{namespace}/{pod}"),
                node: node.to_owned(),
            }),
        }
    }

    /// Moves kube-apiserver's manifest out of the manifest directory, or back into it (CP-020).
    pub fn set_api_server(&mut self, up: bool) -> Result<(), HostError> {
        let manifest = format!("{MANIFESTS}/kube-apiserver.yaml");
        let (from, to) = if up { (PARKED, manifest.as_str()) } else { (manifest.as_str(), PARKED) };
        let nodes: Vec<_> =
            self.control_plane.iter().map(|id| self.machines[id.0 as usize].name.clone()).collect();
        let mut moved = Err(HostError::NoControlPlane);
        for node in nodes {
            moved = self.move_file(&node, from, to);
        }
        moved
    }
}

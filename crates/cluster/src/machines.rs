//! The computers as a shell on them sees and changes them.

use super::Cluster;
use super::machine::Machine;
use api::meta::{CommonMeta, Uid};
use api::pod::CONFIG_SOURCE;
use api::pod::status::{image_digest, long_id};
use console::{
    ContainerView, HostError, Listener, Machines, PowerVerb, RuntimeState, SandboxView, Service, ServiceVerb,
};
use kubelet::FileChange;
use kubelet::runtime::printed::printed;
use kubelet::runtime::sandbox::{Container, ContainerState, ExitReason, OldSandbox, Sandbox, SandboxState};
use kubelet::runtime::{Runtime, component};
use sim::files::{FileError, Files};
use sim::{Duration, Time};
use wire::{Ctx, MachineId};

/// Added to the runtime's number of a sandbox or a container: the number of its process.
pub(super) const PIDS: u32 = 1000;

/// What a process's exit code is when a signal has ended it.
const SIGNAL_BASE: i32 = 128;

/// A pod's uid as the kubelet writes it: a static pod's has no dashes (KL-016).
fn uid_text(uid: Uid, common: &CommonMeta) -> String {
    match common.annotations.get(CONFIG_SOURCE).is_some_and(|source| &**source != "api") {
        true => uid.hex(),
        false => uid.to_string(),
    }
}

fn labels_of(common: &CommonMeta) -> Vec<(String, String)> {
    common.labels.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

fn sandbox_view(runtime: &Runtime, sandbox: &Sandbox) -> SandboxView {
    SandboxView {
        id: long_id(runtime.full_id(sandbox.id)),
        pod: sandbox.name.to_string(),
        namespace: sandbox.namespace().to_string(),
        uid: uid_text(sandbox.uid, &sandbox.common),
        created: sandbox.created,
        ready: sandbox.state == SandboxState::Ready,
        attempt: sandbox.attempt,
        labels: labels_of(&sandbox.common),
        ip: runtime.pod_ip(sandbox).map(|ip| ip.to_string()).unwrap_or_default(),
        pid: if sandbox.state == SandboxState::Ready { PIDS + sandbox.id } else { 0 },
    }
}

fn old_sandbox_view(runtime: &Runtime, sandbox: &OldSandbox) -> SandboxView {
    SandboxView {
        id: long_id(runtime.full_id(sandbox.id)),
        pod: sandbox.name.to_string(),
        namespace: sandbox.common.namespace.to_string(),
        uid: uid_text(sandbox.uid, &sandbox.common),
        created: sandbox.created,
        ready: false,
        attempt: sandbox.attempt,
        labels: labels_of(&sandbox.common),
        ip: String::new(),
        pid: 0,
    }
}

fn container_view(runtime: &Runtime, sandbox: &Sandbox, container: &Container) -> ContainerView {
    let started = match &container.state {
        ContainerState::Created => None,
        ContainerState::Running { started } => Some(*started),
        ContainerState::Exited(exit) => Some(exit.started),
    };
    let exit = container.exit();
    let state = match &container.state {
        ContainerState::Created => RuntimeState::Created,
        ContainerState::Running { .. } => RuntimeState::Running,
        ContainerState::Exited(exit) if exit.reason == ExitReason::Unknown => RuntimeState::Unknown,
        ContainerState::Exited(_) => RuntimeState::Exited,
    };
    ContainerView {
        id: long_id(runtime.full_id(container.id)),
        sandbox: long_id(runtime.full_id(container.sandbox)),
        pod: sandbox.name.to_string(),
        namespace: sandbox.namespace().to_string(),
        uid: uid_text(sandbox.uid, &sandbox.common),
        name: container.name().to_string(),
        image: container.spec().image.to_string(),
        image_id: image_digest(&container.spec().image),
        created: container.created,
        started,
        finished: exit.map(|exit| exit.finished),
        exit_code: exit.map_or(0, |exit| exit.code),
        reason: exit.map_or(String::new(), |exit| exit.reason.text().to_owned()),
        state,
        attempt: container.attempt,
        pid: if container.is_running() { PIDS + container.id } else { 0 },
        command: component::command_line(container.spec()),
    }
}

impl Cluster {
    fn runtime(&self, node: &str) -> Option<&Runtime> {
        self.machine(node).map(|machine| &machine.kubelet.runtime)
    }

    /// A node's number and its computer, to change its files; `NotFound`: it was taken away.
    fn disk_of(&mut self, node: &str) -> Result<(MachineId, &mut Files), FileError> {
        let id = self.machine_id(node).ok_or(FileError::NotFound)?;
        Ok((id, &mut self.machines[id.0 as usize].files))
    }

    /// The runtime's number of a container by its long id.
    fn container_number(&self, node: &str, id: &str) -> Option<u32> {
        let runtime = self.runtime(node)?;
        let mut containers = runtime.sandboxes().iter().flat_map(|sandbox| &sandbox.containers);
        containers
            .find(|container| long_id(runtime.full_id(container.id)) == id)
            .map(|container| container.id)
    }

    /// Works on a node's runtime past its kubelet.
    fn by_hand(&mut self, node: &str, work: impl FnOnce(&mut Runtime, &mut Ctx)) {
        if let Some(machine) = self.machine_id(node) {
            self.with_kubelet(machine, |kubelet, _, ctx| kubelet.with_runtime_by_hand(work, ctx));
        }
    }
}

impl Machines for Cluster {
    fn booted(&self, node: &str) -> Option<Time> {
        let machine = self.machine(node)?;
        (machine.powered && machine.boot_at.is_none()).then_some(machine.up_since)
    }

    fn listeners(&self, node: &str) -> Vec<Listener> {
        self.machine_id(node).map(|id| self.listeners_on(id)).unwrap_or_default()
    }

    fn now(&self) -> Time {
        self.now
    }

    fn names(&self) -> Vec<String> {
        let there = self.machines.iter().filter(|machine| !machine.removed);
        there.map(|machine| machine.name.to_string()).collect()
    }

    fn is_reachable(&self, node: &str) -> bool {
        self.machine(node).is_some_and(Machine::is_on_network)
    }

    fn address(&self, node: &str) -> String {
        self.machine(node).map_or(String::new(), |machine| machine.ip.to_string())
    }

    fn home(&self) -> &Files {
        self.desk.home()
    }

    fn home_mut(&mut self) -> &mut Files {
        self.desk.home_mut()
    }

    fn settle(&mut self) {
        self.after_step();
    }

    fn is_powered(&self, node: &str) -> bool {
        self.machine(node).is_some_and(|machine| machine.powered)
    }

    fn power(&mut self, node: &str, verb: PowerVerb) -> Result<(), HostError> {
        match verb {
            PowerVerb::On => self.power_on(node),
            PowerVerb::Off => self.power_off(node),
            PowerVerb::Reboot => self.power_off(node).and_then(|()| self.power_on(node)),
        }
    }

    fn set_link(&mut self, node: &str, up: bool) -> Result<(), HostError> {
        Cluster::set_link(self, node, up)
    }

    fn files(&self, node: &str) -> Option<&Files> {
        self.machine(node).map(|machine| &machine.files)
    }

    fn write(&mut self, node: &str, path: &str, bytes: &[u8]) -> Result<(), FileError> {
        let now = self.now;
        let (id, files) = self.disk_of(node)?;
        files.write(path, bytes, now)?;
        self.file_changed(id, path, FileChange::Written);
        Ok(())
    }

    fn remove(&mut self, node: &str, path: &str) -> Result<(), FileError> {
        let (id, files) = self.disk_of(node)?;
        files.remove(path)?;
        self.file_changed(id, path, FileChange::Removed);
        Ok(())
    }

    fn rename(&mut self, node: &str, from: &str, to: &str) -> Result<String, FileError> {
        let (id, files) = self.disk_of(node)?;
        let to = files.rename(from, to)?;
        self.file_changed(id, from, FileChange::Removed);
        self.file_changed(id, &to, FileChange::Written);
        Ok(to)
    }

    fn make_directory(&mut self, node: &str, path: &str) -> Result<(), FileError> {
        self.disk_of(node)?.1.make_directory(path)
    }

    fn set_mode(&mut self, node: &str, path: &str, mode: u16) -> Result<(), FileError> {
        self.disk_of(node)?.1.set_mode(path, mode)
    }

    fn kubelet(&self, node: &str) -> Service {
        match self.machine(node) {
            Some(machine) => Service { running: machine.kubelet.is_running(), since: machine.service_since },
            None => Service { running: false, since: self.now },
        }
    }

    fn control_kubelet(&mut self, node: &str, verb: ServiceVerb) {
        // The node is one of ours, and there is nothing else that could fail.
        let _ = match verb {
            ServiceVerb::Start => self.start_kubelet(node),
            ServiceVerb::Stop => self.stop_kubelet(node),
            ServiceVerb::Restart => self.restart_kubelet(node),
        };
    }

    fn journal(&self, node: &str) -> Vec<(Time, String)> {
        self.machine(node).map(|machine| machine.journal().cloned().collect()).unwrap_or_default()
    }

    fn sandboxes(&self, node: &str) -> Vec<SandboxView> {
        let Some(runtime) = self.runtime(node) else { return Vec::new() };
        let old = runtime.old_sandboxes().iter().map(|sandbox| old_sandbox_view(runtime, sandbox));
        runtime.sandboxes().iter().map(|sandbox| sandbox_view(runtime, sandbox)).chain(old).collect()
    }

    fn containers(&self, node: &str) -> Vec<ContainerView> {
        let Some(runtime) = self.runtime(node) else { return Vec::new() };
        let sandboxes = runtime.sandboxes().iter();
        let pairs = sandboxes
            .flat_map(|sandbox| sandbox.containers.iter().map(move |container| (sandbox, container)));
        pairs.map(|(sandbox, container)| container_view(runtime, sandbox, container)).collect()
    }

    fn images(&self, node: &str) -> Vec<String> {
        let images = self.runtime(node).into_iter().flat_map(|runtime| runtime.images.iter());
        images.map(|image| image.to_string()).collect()
    }

    fn pull_image(&mut self, node: &str, image: &str) -> Result<(), String> {
        let mut pulled = Ok(());
        self.by_hand(node, |runtime, _| pulled = runtime.images.pull(image).map_or(Ok(()), Err));
        pulled
    }

    fn container_log(&self, node: &str, id: &str) -> String {
        let number = self.container_number(node, id);
        let container = number.and_then(|number| self.runtime(node)?.container(number));
        let Some((_, container)) = container else { return String::new() };
        if let Some(complaint) = component::complaint(container.spec()) {
            return complaint.text;
        }
        let (started, ended) = match &container.state {
            ContainerState::Created => return String::new(),
            ContainerState::Running { started } => (*started, self.now),
            ContainerState::Exited(exit) => (exit.started, exit.finished),
        };
        printed(container.spec(), ended.since(started))
    }

    fn stop_container(&mut self, node: &str, id: &str, timeout: Duration) -> Duration {
        let Some(number) = self.container_number(node, id) else { return Duration::ZERO };
        self.by_hand(node, |runtime, ctx| runtime.stop_container(number, timeout, ctx));
        self.settings.stop_delay.min(timeout)
    }

    fn kill_container(&mut self, node: &str, id: &str, signal: i32) {
        const SIGTERM: i32 = 15;
        let Some(number) = self.container_number(node, id) else { return };
        self.by_hand(node, |runtime, ctx| match signal {
            SIGTERM => runtime.terminate(number, ctx),
            signal => runtime.kill(number, SIGNAL_BASE + signal, ctx),
        });
    }

    fn remove_container(&mut self, node: &str, id: &str) {
        if let Some(number) = self.container_number(node, id) {
            self.by_hand(node, |runtime, ctx| runtime.remove_container(number, ctx.now));
        }
    }

    fn stop_sandbox(&mut self, node: &str, id: &str) {
        let Some(runtime) = self.runtime(node) else { return };
        let mut sandboxes = runtime.sandboxes().iter();
        let found = sandboxes.find(|sandbox| long_id(runtime.full_id(sandbox.id)) == id);
        if let Some(pod) = found.map(|sandbox| sandbox.uid) {
            self.by_hand(node, |runtime, ctx| runtime.stop_pod_sandbox(pod, ctx.now));
        }
    }

    fn remove_sandbox(&mut self, node: &str, id: &str) {
        let Some(runtime) = self.runtime(node) else { return };
        let old = runtime.old_sandboxes().iter().map(|sandbox| sandbox.id);
        let mut numbers = runtime.sandboxes().iter().map(|sandbox| sandbox.id).chain(old);
        if let Some(number) = numbers.find(|number| long_id(runtime.full_id(*number)) == id) {
            self.by_hand(node, |runtime, ctx| runtime.remove_pod_sandbox(number, ctx.now));
        }
    }
}

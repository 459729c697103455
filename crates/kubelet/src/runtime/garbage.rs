//! What of pods is removed: by hand, by the kubelet when it has finished with them, and by its garbage collection.
//!
//! Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_gc.go.

use super::{Container, OldSandbox, Runtime, Sandbox, SandboxState};
use api::meta::{Name, Uid};
use sim::Time;

/// `/var/log/pods/…/{container}/{attempt}.log` of a container that was removed.
#[derive(Clone, Debug)]
pub(super) struct LogFile {
    pod: Uid,
    container: Name,
    attempt: u32,
}

impl Runtime {
    /// RemovePodSandbox of any of a pod's sandboxes, with the containers that were made in it. Their logs stay.
    pub fn remove_pod_sandbox(&mut self, id: u32, now: Time) {
        if let Ok(at) = self.sandboxes.binary_search_by_key(&id, |sandbox| sandbox.id) {
            let pod = self.sandboxes[at].uid;
            self.stop_pod_sandbox(pod, now);
            self.remove_containers(pod, |container| container.sandbox == id, true);
            if let Some(at) = self.sandboxes.position(pod) {
                self.drop_sandbox(at);
            }
            self.touch(pod);
        } else if let Some(at) = self.old_sandboxes.iter().position(|old| old.id == id) {
            let pod = self.old_sandboxes.remove(at).uid;
            self.remove_containers(pod, |container| container.sandbox == id, true);
        }
    }

    /// Removes those containers of a pod that do not run and that `which` names.
    pub fn remove_containers(&mut self, pod: Uid, which: impl Fn(&Container) -> bool, keep_logs: bool) {
        let Some(sandbox) = self.sandboxes.find_mut(pod) else { return };
        let logs = &mut self.logs;
        sandbox.containers.retain(|container| {
            let goes = !container.is_running() && which(container);
            if goes && keep_logs {
                let (container, attempt) = (container.name().clone(), container.attempt);
                logs.push(LogFile { pod, container, attempt });
            }
            !goes
        });
    }

    /// Of the dead containers of one name only the last is kept (KL-075).
    ///
    /// Kubernetes: pkg/kubelet/pod_container_deletor.go, getContainersToDeleteInPod.
    pub(crate) fn keep_last_dead(&mut self, pod: Uid) {
        let Some(sandbox) = self.sandboxes.find_mut(pod) else { return };
        let later_dead = |at: usize, containers: &[Container]| {
            let name = containers[at].name();
            containers[at + 1..].iter().any(|later| later.name() == name && later.exit().is_some())
        };
        for at in (0..sandbox.containers.len()).rev() {
            if sandbox.containers[at].exit().is_some() && later_dead(at, &sandbox.containers) {
                sandbox.containers.remove(at);
            }
        }
    }

    /// RemoveContainer, with its log; one that runs is killed first.
    pub fn remove_container(&mut self, id: u32, now: Time) {
        let Some(pod) = self.container(id).map(|(sandbox, _)| sandbox.uid) else { return };
        self.exit(id, 137, now);
        self.remove_containers(pod, |container| container.id == id, false);
        self.touch(pod);
    }

    /// The number of the last log of a container of which nothing else is left.
    pub(super) fn last_log(&self, pod: Uid, name: &str) -> Option<u32> {
        let of_it = |log: &&LogFile| log.pod == pod && *log.container == *name;
        self.logs.iter().filter(of_it).map(|log| log.attempt).max()
    }

    /// Whether garbage collection would find anything. `is_known` says of a pod that its content stays.
    ///
    /// Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_gc.go, evictContainers, evictSandboxes.
    pub fn has_garbage(&self, is_known: impl Fn(Uid) -> bool) -> bool {
        let dead = |sandbox: &Sandbox| sandbox.state == SandboxState::NotReady && !is_known(sandbox.uid);
        self.old_sandboxes.iter().any(|old| self.is_garbage(old, &is_known))
            || self.sandboxes.iter().any(dead)
    }

    /// A replaced sandbox stays as long as there is a container of it.
    fn is_garbage(&self, old: &OldSandbox, is_known: &impl Fn(Uid) -> bool) -> bool {
        let newest = self.sandbox(old.uid);
        let is_empty = newest.is_none_or(|newest| newest.containers.iter().all(|c| c.sandbox != old.id));
        is_empty || !is_known(old.uid)
    }

    /// Removes what is left of pods that are gone, and replaced sandboxes without containers.
    pub fn collect_garbage(&mut self, is_known: impl Fn(Uid) -> bool) {
        let (garbage, kept) = std::mem::take(&mut self.old_sandboxes)
            .into_iter()
            .partition(|old| self.is_garbage(old, &is_known));
        self.old_sandboxes = kept;
        drop::<Vec<OldSandbox>>(garbage);
        for at in (0..self.sandboxes.len()).rev() {
            let sandbox = &self.sandboxes[at];
            if sandbox.state == SandboxState::NotReady && !is_known(sandbox.uid) {
                self.sandboxes.remove(at);
            }
        }
        self.logs.retain(|log| is_known(log.pod));
    }
}

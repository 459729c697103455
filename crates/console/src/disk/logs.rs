//! `/var/log/pods` and `/var/log/containers`, as the kubelet and the runtime fill them.
//!
//! Kubernetes: pkg/kubelet/kuberuntime/helpers.go, BuildPodLogsDirectory; kuberuntime_container.go (the
//! links); cri-api's format of a log line: time, stream, tag, text.

use std::rc::Rc;

use super::Inode;
use crate::Machines;
use sim::files::{file_name, parent};
use sim::{SortedMap, Time};

const PODS: &str = "/var/log/pods";
const CONTAINERS: &str = "/var/log/containers";

/// The log files of a node's containers, by path.
#[derive(Debug, Default)]
pub(super) struct Logs {
    nodes: SortedMap<String, Inode>,
}

impl Logs {
    pub(super) fn of(machines: &dyn Machines, node: &str) -> Logs {
        let mut logs = Logs::default();
        logs.directory(PODS);
        logs.directory(CONTAINERS);
        for container in machines.containers(node) {
            let directory = format!(
                "{PODS}/{}_{}_{}/{}",
                container.namespace, container.pod, container.uid, container.name
            );
            logs.directory(&directory);
            let path = format!("{directory}/{}.log", container.attempt);
            let at = container.started.unwrap_or(container.created);
            let text = machines.container_log(node, &container.id);
            let bytes: Rc<[u8]> = cri_lines(&text, at).into_bytes().into();
            logs.nodes.insert(path.clone(), Inode::File { bytes, modified: at, mode: 0o640 });
            let link = format!(
                "{CONTAINERS}/{}_{}_{}-{}.log",
                container.pod, container.namespace, container.name, container.id
            );
            logs.nodes.insert(link, Inode::Link(path));
        }
        for sandbox in machines.sandboxes(node) {
            logs.directory(&format!("{PODS}/{}_{}_{}", sandbox.namespace, sandbox.pod, sandbox.uid));
        }
        logs
    }

    /// A directory and those above it.
    fn directory(&mut self, path: &str) {
        let mut path = path;
        while path != "/" && self.nodes.insert(path.to_owned(), Inode::Directory).is_none() {
            path = parent(path);
        }
    }

    pub(super) fn look(&self, path: &str) -> Option<Inode> {
        self.nodes.get(path).cloned()
    }

    /// What lies directly in a directory.
    pub(super) fn list(&self, directory: &str) -> Vec<(String, Inode)> {
        let inside = self.nodes.iter().filter(|(path, _)| parent(path) == directory);
        inside.map(|(path, node)| (file_name(path).to_owned(), node.clone())).collect()
    }
}

/// `2026-01-01T00:00:00.000000000Z stderr F text`
fn cri_lines(text: &str, at: Time) -> String {
    let stamp = at.stamp().to_string();
    let whole = stamp.trim_end_matches('Z');
    let micros = at.0 % 1_000_000;
    text.lines().map(|line| format!("{whole}.{micros:06}000Z stderr F {line}\n")).collect()
}

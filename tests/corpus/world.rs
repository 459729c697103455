//! A cluster, and what a person can do to it and see of it.

use std::collections::BTreeMap;
use std::rc::Rc;

use api::object::{Key, Kind, Object};
use api::pod::Pod;
use serde_json::Value;
use sim::Duration;
use stage::{Command, Options, Stage, Start};
use view::EventView;

/// The manifest directory of every node.
pub const MANIFESTS: &str = "/etc/kubernetes/manifests";

/// How long anything may take until nothing happens any more.
const LIMIT: Duration = Duration::from_secs(900);

/// How long a command may take.
const COMMAND_LIMIT: Duration = Duration::from_secs(120);

#[derive(Clone)]
pub struct World {
    pub stage: Stage,
}

/// What a command wrote, and how it ended.
pub struct Said {
    pub text: String,
    pub exit_code: Option<i32>,
}

impl World {
    /// The cluster that the corpus is written for, up and calm.
    pub fn standard() -> World {
        let options = Options { start: Start::Ready, kube_proxy: false, ..Options::default() };
        World { stage: Stage::new(options) }
    }

    /// Runs a command line to its end.
    pub fn exec(&mut self, line: &str, files: &[(&str, &[u8])]) -> Said {
        let files = files.iter().map(|(name, bytes)| ((*name).to_owned(), (*bytes).into())).collect();
        let id = self.stage.perform(Command::Exec { line: line.to_owned(), files });
        let end = self.stage.now() + COMMAND_LIMIT;
        loop {
            let Some(job) = self.stage.job(id) else {
                return Said { text: "the command is forgotten".to_owned(), exit_code: None };
            };
            if job.exit_code.is_some() || self.stage.now() > end || !self.stage.step() {
                return Said { text: job.text.to_string(), exit_code: job.exit_code };
            }
        }
    }

    /// `kubectl apply -f` of one file.
    pub fn apply(&mut self, name: &str, bytes: &[u8]) -> Said {
        self.exec(&format!("kubectl apply -f {name}"), &[(name, bytes)])
    }

    pub fn put(&mut self, node: &str, name: &str, bytes: &[u8]) {
        let (node, path) = (node.to_owned(), format!("{MANIFESTS}/{name}"));
        self.stage.perform(Command::WriteFile { node, path, text: bytes.into() });
    }

    /// Runs until nothing happens any more.
    pub fn settle(&mut self) {
        self.stage.run_until_quiet(LIMIT);
    }

    pub fn run_for(&mut self, seconds: u64) {
        let until = self.stage.now() + Duration::from_secs(seconds);
        self.stage.run_until(until);
    }

    pub fn object(&self, kind: &str, namespace: &str, name: &str) -> Option<Value> {
        let cluster = self.stage.cluster();
        let kind = kind_by_name(kind)?;
        let object = cluster.api.store.get(kind, &Key::new(namespace, name))?;
        Some(object.to_value(self.stage.now()))
    }

    /// Whether there is an object of this kind and name, in any namespace.
    pub fn has(&self, kind: &str, name: &str) -> bool {
        let objects = kind_by_name(kind).map(|kind| self.stage.cluster().api.store.list(kind, None));
        objects.into_iter().flatten().any(|object| &*object.key().name == name)
    }

    pub fn pods(&self) -> Vec<Rc<Pod>> {
        let pods = self.stage.cluster().api.store.list(Kind::Pod, None);
        pods.into_iter()
            .filter_map(|object| match object {
                Object::Pod(pod) => Some(pod),
                _ => None,
            })
            .collect()
    }

    /// The pods that a DaemonSet controls.
    pub fn daemon_pods(&self, namespace: &str, name: &str) -> Vec<Rc<Pod>> {
        let owned = |pod: &Rc<Pod>| {
            let value = pod.to_value();
            let owner = &value["metadata"]["ownerReferences"][0];
            owner["kind"] == "DaemonSet"
                && owner["name"] == name
                && value["metadata"]["namespace"] == namespace
        };
        self.pods().into_iter().filter(owned).collect()
    }

    pub fn events(&self) -> Vec<EventView> {
        self.stage.events(10_000)
    }

    /// The names of containers that run on a node in a pod.
    pub fn running(&self, node: &str, namespace: &str, pod: &str) -> Vec<String> {
        let Some(machine) = self.stage.cluster().machine(node) else { return Vec::new() };
        let running = machine.kubelet.runtime.running_containers();
        running
            .filter(|(sandbox, _)| **sandbox.namespace() == *namespace && *sandbox.name == *pod)
            .map(|(_, container)| container.name().to_string())
            .collect()
    }

    /// Every pod that runs on a node with the file it comes from, if it is a static one.
    pub fn static_pods(&mut self, node: &str) -> BTreeMap<String, String> {
        let board = self.stage.board();
        let views = board.nodes.iter().filter(|view| *view.name == *node).flat_map(|view| &view.pods);
        views.filter_map(|pod| Some((pod.id.to_string(), pod.file.as_ref()?.to_string()))).collect()
    }

    /// The kubelet's log, without the backslashes before quotes that stand within quotes.
    pub fn journal(&self, node: &str) -> String {
        self.stage.journal(node).into_iter().map(|(_, line)| line.replace('\\', "") + "\n").collect()
    }
}

fn kind_by_name(kind: &str) -> Option<Kind> {
    api::schema::kinds().iter().find(|info| info.kind == kind).map(Kind::from_info)
}

/// The node a daemon pod is meant for.
pub fn target(pod: &Pod) -> String {
    let node = pod.pinned_to.as_ref().or(pod.node_name.as_ref());
    node.map(ToString::to_string).unwrap_or_default()
}

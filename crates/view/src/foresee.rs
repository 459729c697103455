//! What a text would change if it took effect now: where pods would come, go and start anew. Asked of the same
//! functions that decide when it does.

use std::rc::Rc;

use serde_json::Value;
use sim::{SortedMap, SortedSet};

use super::why::Cause;
use api::daemonset::{DaemonSet, UpdateStrategy};
use api::meta::{Name, Uid};
use api::node::Node;
use api::object::{Key, Kind};
use api::pod::Pod;
use api::schema;
use api::strategic_patch;
use cluster::Cluster;
use cluster::machine::Machine;
use controllers::daemon::nodes::{DaemonTemplate, node_should_run_daemon_pod};
use kubelet::manifest::{Manifest, read_manifest};
use sim::files::{Entry, file_name, parent};
use validation::defaults::set_defaults;

/// What becomes of a node's pod.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// One comes.
    Appears,
    /// One is made, and something keeps it from the node.
    Waits(Vec<Cause>),
    /// It goes, and no other one comes.
    Vanishes,
    /// Another one takes its place, or its containers begin anew.
    Restarts,
}

impl Change {
    /// The value of `data-foreseen`.
    pub fn text(&self) -> &'static str {
        match self {
            Change::Appears => "appears",
            Change::Waits(_) => "waits",
            Change::Vanishes => "vanishes",
            Change::Restarts => "restarts",
        }
    }
}

/// What a text would change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Foreseen {
    /// The `namespace/name` of an object that makes pods, or of a static pod.
    pub of: Rc<str>,
    /// Whether it is a static pod.
    pub is_static: bool,
    /// Nodes on which a pod comes.
    pub appear: u32,
    /// Nodes on which something keeps it from running.
    pub wait: u32,
    /// Nodes on which a pod goes.
    pub vanish: u32,
    /// Nodes on which a pod is replaced.
    pub restart: u32,
    /// The near nodes on which something changes.
    pub nodes: SortedMap<Rc<str>, Change>,
    /// How many pods come to a node of an object that may have several on one.
    pub come: SortedMap<Rc<str>, u32>,
    /// The uids of its pods that go, with their nodes.
    pub go: SortedMap<Rc<str>, Rc<str>>,
}

impl Foreseen {
    fn note(&mut self, node: Option<&Name>, change: Change) {
        let count = match change {
            Change::Appears => &mut self.appear,
            Change::Waits(_) => &mut self.wait,
            Change::Vanishes => &mut self.vanish,
            Change::Restarts => &mut self.restart,
        };
        *count += 1;
        if let Some(node) = node {
            self.nodes.insert(node.clone(), change);
        }
    }

    /// Whether no node is concerned.
    pub fn is_nothing(&self) -> bool {
        self.appear + self.wait + self.vanish + self.restart == 0
    }
}

/// What becomes of the DaemonSets in these manifests, as kubectl would send them; those that change nothing are
/// left out. On nodes that are not near, whether a pod would fit beside the others is not asked.
///
/// Costs a look at each node, and at each pod of these DaemonSets.
pub fn applied(cluster: &Cluster, objects: &[Value], near: &dyn Fn(&str) -> bool) -> Vec<Foreseen> {
    let found = objects.iter().filter_map(|object| daemonset(cluster, object, near));
    found.filter(|foreseen| !foreseen.is_nothing()).collect()
}

/// The DaemonSet as the API server would have it after `kubectl apply`, and as it has it now.
///
/// Kubernetes: kubectl/pkg/cmd/apply/patcher.go, patchSimple.
fn after_apply(cluster: &Cluster, object: &Value) -> Option<(DaemonSet, Option<Rc<DaemonSet>>)> {
    if object["apiVersion"] != "apps/v1" || object["kind"] != "DaemonSet" {
        return None;
    }
    let info = schema::kind("apps/v1", "DaemonSet")?;
    let meta = &object["metadata"];
    let key = Key::new(meta["namespace"].as_str().unwrap_or("default"), meta["name"].as_str()?);
    let live = cluster.api.store.daemonsets.get(&key.namespace, &key.name).cloned();
    let mut value = match &live {
        None => object.clone(),
        Some(live) => {
            let current = cluster.api.store.get(Kind::DaemonSet, &key)?.to_value(cluster.now());
            let original = live.meta.annotation(LAST_APPLIED);
            let original = original.and_then(|text| serde_json::from_str::<Value>(text).ok());
            let mut patch = strategic_patch::three_way(info, original.as_ref(), object, &current).ok()?;
            let mut value = current;
            strategic_patch::merge(info, &mut value, &mut patch).ok()?;
            value
        }
    };
    value["metadata"]["namespace"] = Value::from(&*key.namespace);
    set_defaults(&mut value);
    Some((DaemonSet::from_value(&value), live))
}

/// Kubernetes: api/core/v1/annotation_key_constants.go, LastAppliedConfigAnnotation.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

fn daemonset(cluster: &Cluster, object: &Value, near: &dyn Fn(&str) -> bool) -> Option<Foreseen> {
    let (wanted, live) = after_apply(cluster, object)?;
    // A selector cannot be changed: the API server refuses it.
    if live.as_ref().is_some_and(|live| live.raw_spec["selector"] != wanted.raw_spec["selector"]) {
        return None;
    }
    let template = DaemonTemplate::new(&wanted.template);
    let before = live.as_ref().map(|live| DaemonTemplate::new(&live.template));
    let owned = live.as_ref().map(|live| nodes_with_pods(cluster, live.meta.uid)).unwrap_or_default();
    let is_new = live.as_ref().is_some_and(|live| live.template != wanted.template);
    let rolls = is_new && matches!(wanted.update_strategy, UpdateStrategy::RollingUpdate { .. });
    let mut foreseen = Foreseen {
        of: format!("{}/{}", wanted.meta.namespace(), wanted.meta.name).into(),
        ..Foreseen::default()
    };
    for node in cluster.api.store.nodes.iter() {
        let verdict = node_should_run_daemon_pod(node, &template);
        let is_due =
            || before.as_ref().is_some_and(|before| node_should_run_daemon_pod(node, before).should_run);
        let is_near = near(&node.meta.name);
        let change = match owned.contains(&node.meta.name) {
            true if !verdict.should_continue_running => Change::Vanishes,
            // The update takes the old pod, and no new one may come where a taint has let that stay only.
            true if rolls && !verdict.should_run => Change::Vanishes,
            true if rolls => Change::Restarts,
            true => continue,
            // One that is to come already is no change.
            false if !verdict.should_run || is_due() => continue,
            false if is_near => arrival(cluster, node, &template),
            false => Change::Appears,
        };
        foreseen.note(is_near.then_some(&node.meta.name), change);
    }
    Some(foreseen)
}

/// The nodes that have a pod of a DaemonSet, or are to get one that is made already.
fn nodes_with_pods(cluster: &Cluster, daemonset: Uid) -> SortedSet<Name> {
    let target = |pod: &Rc<Pod>| match pod.meta.is_terminating() {
        true => None,
        false => pod.node_name.clone().or_else(|| pod.pinned_to.clone()),
    };
    match &cluster.controllers.component {
        Some(manager) => manager.caches.pods.controlled(daemonset).filter_map(target).collect(),
        None => {
            let is_own = |pod: &&Rc<Pod>| pod.meta.controller().is_some_and(|owner| owner.uid == daemonset);
            cluster.api.store.pods.iter().filter(is_own).filter_map(target).collect()
        }
    }
}

/// What the scheduler's filters say of a new pod on a node beside those that are there.
fn arrival(cluster: &Cluster, node: &Rc<Node>, template: &DaemonTemplate) -> Change {
    let name = &node.meta.name;
    let pod =
        Pod { spec: template.spec.clone(), pinned_to: Some(name.clone()), ..Pod::from_value(&Value::Null) };
    let listed: Vec<Rc<Pod>> = cluster.api.store.pods_on(name).cloned().collect();
    let site =
        super::why::Site { machine: cluster.machine(name), node: Some(node), listed: &listed, views: &[] };
    let causes = site.of_filters(&pod, node);
    if causes.is_empty() { Change::Appears } else { Change::Waits(causes) }
}

/// What the kubelet of a node would make of a file with this text; nothing if it does not read the file.
pub fn saved(cluster: &Cluster, node: &str, path: &str, text: &[u8]) -> Vec<Foreseen> {
    let Some(machine) = cluster.machine(node) else { return Vec::new() };
    let is_read = parent(path) == machine.static_pod_path() && !file_name(path).starts_with('.');
    let read = |bytes: &[u8]| read_manifest(bytes, path, node, cluster.now()).ok();
    let Some(fresh) = read(text).filter(|_| is_read) else { return Vec::new() };
    let old = match machine.files.get(path) {
        Some(Entry::File(file)) => read(&file.bytes),
        _ => None,
    };
    let mut all = Vec::new();
    let mut note = |manifest: &Manifest, change: Change| {
        let pod = &manifest.pod.meta;
        let mut foreseen = Foreseen {
            of: format!("{}/{}", pod.namespace(), pod.name).into(),
            is_static: true,
            ..Foreseen::default()
        };
        foreseen.note(Some(&machine.name), change);
        all.push(foreseen);
    };
    match old {
        Some(old) if same_name(&old, &fresh) => {
            // Another text is another uid: the pod is taken down and begins anew (KL-024).
            if old.pod.meta.uid != fresh.pod.meta.uid {
                note(&fresh, Change::Restarts);
            }
        }
        Some(old) => {
            note(&old, Change::Vanishes);
            note(&fresh, arrives(machine));
        }
        None => note(&fresh, arrives(machine)),
    }
    all
}

fn same_name(a: &Manifest, b: &Manifest) -> bool {
    a.pod.meta.name == b.pod.meta.name && a.pod.meta.namespace() == b.pod.meta.namespace()
}

/// A kubelet that does not run reads nothing.
fn arrives(machine: &Machine) -> Change {
    if machine.kubelet.is_running() { Change::Appears } else { Change::Waits(vec![Cause::KubeletStopped]) }
}

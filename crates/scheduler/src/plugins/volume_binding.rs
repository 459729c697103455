//! VolumeBinding: a pod's claims must have volumes, and the volumes must be reachable from the node.
//!
//! Nothing provisions or binds volumes here: a claim has the volume that its spec.volumeName says.
//!
//! Kubernetes: pkg/scheduler/framework/plugins/volumebinding (volume_binding.go, binder.go).

use std::rc::Rc;

use serde_json::Value;
use sim::SortedMap;

use crate::framework::{Code, Plugin, Status, Verdict};
use api::json;
use api::meta::Name;
use api::node::Node;
use api::node_affinity::NodeSelector;
use api::object::{Key, Other};
use api::pod::Pod;
use api::pod::spec::ConfigKind;

pub(crate) const REASON_UNBOUND_IMMEDIATE: &str = "pod has unbound immediate PersistentVolumeClaims";
pub(crate) const REASON_BIND_CONFLICT: &str = "node(s) didn't find available persistent volumes to bind";
pub(crate) const REASON_NODE_CONFLICT: &str = "node(s) didn't match PersistentVolume's node affinity";

/// The storage objects, as far as the scheduler has been told of any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Volumes {
    /// Without a list of claims nothing is known about any, and nothing is refused for them.
    pub(crate) known: bool,
    pub(crate) claims: SortedMap<Key, Rc<Other>>,
    pub(crate) volumes: SortedMap<Name, Rc<Other>>,
    pub(crate) classes: SortedMap<Name, Rc<Other>>,
}

/// What the filter needs: the volumes of the bound claims, and whether there are claims that wait for a
/// node to be chosen and that nobody will provision.
#[derive(Clone, Debug, Default)]
pub(crate) struct PreFilterState {
    volumes: Vec<Name>,
    unprovisioned: bool,
}

/// `Ok(None)`: nothing to filter.
pub(crate) fn pre_filter(pod: &Pod, volumes: &Volumes) -> Result<Option<PreFilterState>, Status> {
    let mut claims =
        pod.spec.volume_refs.iter().filter(|r| r.kind == ConfigKind::PersistentVolumeClaim).peekable();
    if !volumes.known || claims.peek().is_none() {
        return Ok(None);
    }
    let refuse = |text: String| {
        Status::with_text(Plugin::VolumeBinding, Code::UnschedulableAndUnresolvable, text.into())
    };
    let mut state = PreFilterState::default();
    let mut immediate = false;
    for claim in claims {
        let key = Key { namespace: pod.meta.namespace().clone(), name: claim.name.clone() };
        let Some(found) = volumes.claims.get(&key) else {
            return Err(refuse(format!("persistentvolumeclaim \"{}\" not found", key.name)));
        };
        if json::at(&found.raw, &["status", "phase"]) == "Lost" {
            let volume = json::at(&found.raw, &["spec", "volumeName"]).as_str().unwrap_or("");
            let missing = format!("bound to non-existent persistentvolume \"{volume}\"");
            return Err(refuse(format!("persistentvolumeclaim \"{}\" {missing}", key.name)));
        }
        if found.meta.is_terminating() {
            return Err(refuse(format!("persistentvolumeclaim \"{}\" is being deleted", key.name)));
        }
        match json::at(&found.raw, &["spec", "volumeName"]).as_str().filter(|name| !name.is_empty()) {
            Some(name) => state.volumes.push(name.into()),
            None => match binding_mode(&found.raw, volumes) {
                Binding::Immediate => immediate = true,
                Binding::Provisioned => {}
                Binding::Unprovisioned => state.unprovisioned = true,
            },
        }
    }
    if immediate {
        return Err(Status::unresolvable(Plugin::VolumeBinding, REASON_UNBOUND_IMMEDIATE));
    }
    Ok(Some(state))
}

enum Binding {
    Immediate,
    /// When a node is chosen, a volume is made.
    Provisioned,
    /// When a node is chosen, a volume must be there.
    Unprovisioned,
}

fn binding_mode(claim: &Value, volumes: &Volumes) -> Binding {
    let class = json::at(claim, &["spec", "storageClassName"]).as_str().unwrap_or("");
    let Some(class) = volumes.classes.get(class) else { return Binding::Immediate };
    match (json::text(&class.raw, "volumeBindingMode"), json::text(&class.raw, "provisioner")) {
        ("WaitForFirstConsumer", "kubernetes.io/no-provisioner") => Binding::Unprovisioned,
        ("WaitForFirstConsumer", _) => Binding::Provisioned,
        _ => Binding::Immediate,
    }
}

pub(crate) fn filter(node: &Node, state: &PreFilterState, volumes: &Volumes) -> Verdict {
    let reachable = |name: &Name| match volumes.volumes.get(name) {
        None => true,
        Some(volume) => match json::at(&volume.raw, &["spec", "nodeAffinity", "required"]) {
            Value::Null => true,
            required => NodeSelector::new(required).matches(&node.meta.name, |key| node.meta.label(key)),
        },
    };
    let mut status = Status::empty(Plugin::VolumeBinding, Code::UnschedulableAndUnresolvable);
    if !state.volumes.iter().all(reachable) {
        status.push(crate::framework::Reason::Static(REASON_NODE_CONFLICT));
    }
    if state.unprovisioned {
        status.push(crate::framework::Reason::Static(REASON_BIND_CONFLICT));
    }
    if status.reasons().next().is_none() { Ok(()) } else { Err(status) }
}

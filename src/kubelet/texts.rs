//! Words the kubelet says, and small things it says so often that it keeps them.

use std::rc::Rc;

use crate::api::meta::Name;
use crate::api::pod::{ContainerKind, Pod, PodSpec, Reason, Waiting};

/// `name_namespace(uid)`, as the kubelet names a pod in its messages.
///
/// Kubernetes: pkg/kubelet/util/format/pod.go, Pod.
pub fn format_pod(pod: &Pod) -> String {
    format!("{}_{}({})", pod.meta.name, pod.meta.namespace(), uid_text(pod))
}

/// A pod's uid as it is written: a static pod's has no dashes (KL-016).
pub fn uid_text(pod: &Pod) -> String {
    match pod.is_static() {
        true => pod.meta.uid.hex(),
        false => pod.meta.uid.to_string(),
    }
}

/// States and reasons that most pods pass through, made once for each kubelet.
#[derive(Clone, Debug)]
pub(super) struct Texts {
    pub creating: Rc<Waiting>,
    pub initializing: Rc<Waiting>,
    /// The last `containers with unready status: …`, and the spec it was made for: siblings come together.
    unready: Option<(Rc<PodSpec>, Rc<Reason>)>,
}

impl Default for Texts {
    fn default() -> Self {
        Texts {
            creating: waiting("ContainerCreating", ""),
            initializing: waiting("PodInitializing", ""),
            unready: None,
        }
    }
}

impl Texts {
    /// Reason and message of a pod of which no container is ready.
    pub fn none_ready(&mut self, spec: &Rc<PodSpec>) -> Rc<Reason> {
        if let Some((known, reason)) = &self.unready
            && Rc::ptr_eq(known, spec)
        {
            return reason.clone();
        }
        let names = spec.containers.iter().filter(|c| c.kind != ContainerKind::Init).map(|c| &c.name);
        let reason = containers_not_ready(names);
        self.unready = Some((spec.clone(), reason.clone()));
        reason
    }
}

/// `containers with unready status: [a b]` (KL-066).
pub(super) fn containers_not_ready<'a>(names: impl Iterator<Item = &'a Name>) -> Rc<Reason> {
    let names: Vec<&str> = names.map(|name| &**name).collect();
    Reason::new("ContainersNotReady", &format!("containers with unready status: [{}]", names.join(" ")))
}

pub fn waiting(reason: &str, message: &str) -> Rc<Waiting> {
    Rc::new(Waiting { reason: reason.into(), message: message.into() })
}

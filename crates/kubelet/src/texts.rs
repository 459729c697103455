//! Words the kubelet says, and small things it says so often that it keeps them.

use std::rc::Rc;

use api::pod::{Pod, Waiting};

/// `name_namespace(uid)`, as the kubelet names a pod in its messages.
///
/// Kubernetes: pkg/kubelet/util/format/pod.go, Pod.
pub(crate) fn format_pod(pod: &Pod) -> String {
    format!("{}_{}({})", pod.meta.name, pod.meta.namespace(), uid_text(pod))
}

/// A pod's uid as it is written: a static pod's has no dashes (KL-016).
pub(crate) fn uid_text(pod: &Pod) -> String {
    match pod.is_static() {
        true => pod.meta.uid.hex(),
        false => pod.meta.uid.to_string(),
    }
}

/// States that most pods pass through, made once for all kubelets.
#[derive(Clone, Debug)]
pub(super) struct Texts {
    pub(crate) creating: Rc<Waiting>,
    pub(crate) initializing: Rc<Waiting>,
}

impl Default for Texts {
    fn default() -> Self {
        thread_local! {
            static SHARED: Texts = Texts {
                creating: waiting("ContainerCreating", ""),
                initializing: waiting("PodInitializing", ""),
            };
        }
        SHARED.with(Texts::clone)
    }
}

pub(crate) fn waiting(reason: &str, message: &str) -> Rc<Waiting> {
    Rc::new(Waiting { reason: reason.into(), message: message.into() })
}

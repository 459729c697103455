//! What a source says, turned into what has changed.
//!
//! Kubernetes: pkg/kubelet/config/config.go, Merge, checkAndUpdatePod; pkg/kubelet/types/pod_update.go.

use std::rc::Rc;

use super::pod_manager::same_full_name;
use api::pod::Pod;
use sim::order::SortShared;

/// What has become of pods, in the order in which it is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodOperation {
    /// The source no longer has them.
    Remove,
    /// It was not there before.
    Add,
    /// Its spec, labels or annotations changed.
    Update,
    /// Their deletion has begun.
    Delete,
    /// Only their status differs.
    Reconcile,
}

impl PodOperation {
    /// The operation's name as upstream logs it: `ADD`.
    pub fn text(self) -> &'static str {
        match self {
            PodOperation::Remove => "REMOVE",
            PodOperation::Add => "ADD",
            PodOperation::Update => "UPDATE",
            PodOperation::Delete => "DELETE",
            PodOperation::Reconcile => "RECONCILE",
        }
    }
}

/// What another version of a pod means; `None` if nothing.
///
/// Kubernetes: config.go, checkAndUpdatePod, podsDifferSemantically.
pub(crate) fn check_and_update_pod(old: &Pod, new: &Pod) -> Option<PodOperation> {
    let same_spec = Rc::ptr_eq(&old.spec, &new.spec) || old.spec == new.spec;
    let same_common = Rc::ptr_eq(&old.meta.common, &new.meta.common)
        || old.meta.labels() == new.meta.labels() && old.meta.annotations() == new.meta.annotations();
    if same_spec && same_common && old.meta.deletion == new.meta.deletion {
        return (old.status != new.status).then_some(PodOperation::Reconcile);
    }
    Some(if new.meta.is_terminating() { PodOperation::Delete } else { PodOperation::Update })
}

/// The pods of one update whose names differ, and those that come second under a name (KL-023).
///
/// Kubernetes: config.go, filterInvalidPods.
pub(crate) fn filter_invalid_pods(pods: Vec<Rc<Pod>>) -> (Vec<Rc<Pod>>, Vec<Rc<Pod>>) {
    let mut valid: Vec<Rc<Pod>> = Vec::with_capacity(pods.len());
    let mut clashing = Vec::new();
    for pod in pods {
        match valid.iter().any(|other| same_full_name(other, &pod)) {
            true => clashing.push(pod),
            false => valid.push(pod),
        }
    }
    (valid, clashing)
}

/// The pods of one source, by uid.
#[derive(Clone, Debug, Default)]
pub struct PodStorage {
    pods: Vec<Rc<Pod>>,
    seen: bool,
}

/// Changes of one sort.
pub(crate) type PodUpdate = (PodOperation, Vec<Rc<Pod>>);

impl PodStorage {
    /// The source has these pods now, and no others.
    pub fn set(&mut self, pods: Vec<Rc<Pod>>) -> Vec<PodUpdate> {
        let gone = |old: &&Rc<Pod>| !pods.iter().any(|pod| pod.meta.uid == old.meta.uid);
        let removed: Vec<Rc<Pod>> = self.pods.iter().filter(gone).cloned().collect();
        self.pods.retain(|old| !removed.iter().any(|pod| Rc::ptr_eq(pod, old)));
        let mut changes: Vec<(PodOperation, Rc<Pod>)> = Vec::new();
        for pod in pods {
            match self.pods.iter_mut().find(|old| old.meta.uid == pod.meta.uid) {
                Some(old) => {
                    if let Some(operation) = check_and_update_pod(old, &pod) {
                        *old = pod.clone();
                        changes.push((operation, pod));
                    }
                }
                None => {
                    self.pods.push(pod.clone());
                    changes.push((PodOperation::Add, pod));
                }
            }
        }
        changes.extend(removed.into_iter().map(|pod| (PodOperation::Remove, pod)));
        let first = !std::mem::replace(&mut self.seen, true);
        let mut updates: Vec<PodUpdate> = Vec::new();
        changes.sort_shared_by_key(|(operation, _)| *operation);
        for (operation, pod) in changes {
            match updates.last_mut() {
                Some((last, pods)) if *last == operation => pods.push(pod),
                _ => updates.push((operation, vec![pod])),
            }
        }
        if updates.is_empty() && first {
            // So that the source counts as seen.
            updates.push((PodOperation::Add, Vec::new()));
        }
        updates
    }
}

//! Which static pod and which mirror pod belong together: they have name and namespace in common.
//!
//! Kubernetes: pkg/kubelet/pod/pod_manager.go.

use std::rc::Rc;

use api::pod::Pod;

/// Whether two pods have the same namespace and name.
pub fn same_full_name(a: &Pod, b: &Pod) -> bool {
    a.meta.name == b.meta.name && a.meta.namespace() == b.meta.namespace()
}

/// The mirror of a pod, whether or not it is up to date.
pub fn get_mirror_pod_by_pod<'a>(mirrors: &'a [Rc<Pod>], pod: &Pod) -> Option<&'a Rc<Pod>> {
    mirrors.iter().find(|mirror| same_full_name(mirror, pod))
}

/// The pod that a mirror shows.
pub fn get_pod_by_mirror_pod<'a>(
    mut pods: impl Iterator<Item = &'a Rc<Pod>>,
    mirror: &Pod,
) -> Option<&'a Rc<Pod>> {
    pods.find(|pod| same_full_name(pod, mirror))
}

/// The mirrors that a cleanup deletes: those with no pod behind them, unless that pod is still being stopped.
///
/// Kubernetes: pod_manager.go, GetPodsAndMirrorPods; kubelet_pods.go, HandlePodCleanups.
pub fn orphaned_mirror_pods<'a>(
    mirrors: &'a [Rc<Pod>],
    has_pod: impl Fn(&Pod) -> bool + 'a,
    is_terminating: impl Fn(&Pod) -> bool + 'a,
) -> impl Iterator<Item = &'a Rc<Pod>> {
    mirrors.iter().filter(move |mirror| !has_pod(mirror) && !is_terminating(mirror))
}

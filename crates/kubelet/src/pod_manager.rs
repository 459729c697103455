//! Which static pod and which mirror pod belong together: they have name and namespace in common.
//!
//! Kubernetes: pkg/kubelet/pod/pod_manager.go.

use std::rc::Rc;

use api::meta::Uid;
use api::pod::Pod;

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

/// Mirrors with no pod behind them.
pub fn get_orphaned_mirror_pods<'a>(
    mirrors: &'a [Rc<Pod>],
    has_pod: impl Fn(&Pod) -> bool + 'a,
) -> impl Iterator<Item = &'a Rc<Pod>> {
    mirrors.iter().filter(move |mirror| !has_pod(mirror))
}

/// The uid of the pod that a uid of the API server stands for: a mirror's is its static pod's.
pub fn translate_pod_uid<'a>(mirrors: &[Rc<Pod>], pods: impl Iterator<Item = &'a Rc<Pod>>, uid: Uid) -> Uid {
    let mirror = mirrors.iter().find(|mirror| mirror.meta.uid == uid);
    mirror.and_then(|mirror| get_pod_by_mirror_pod(pods, mirror)).map_or(uid, |pod| pod.meta.uid)
}

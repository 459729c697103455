//! Mirror pods: what the API server is shown of the static pods of this node.
//!
//! Kubernetes: pkg/kubelet/pod/mirror_client.go, pod_manager.go; kubelet.go, tryReconcileMirrorPods.

use std::rc::Rc;

use super::Kubelet;
use super::pod_manager::{
    get_mirror_pod_by_pod, get_pod_by_mirror_pod, orphaned_mirror_pods, same_full_name,
};
use super::pod_worker::{PodWorker, WorkerState};
use super::status_manager::OwnStatus;
use super::workers::WorkerId;
use api::meta::{OwnerReference, Uid};
use api::node::Node;
use api::object::{Key, Kind, Object};
use api::pod::{CONFIG_HASH, CONFIG_MIRROR, Pod, PodStatus};
use wire::{Answer, Call, CallError, Ctx, DeleteOptions, KubeletRequest, PodId, Reply, Token};

/// What is under way for the mirror of a static pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum MirrorWork {
    #[default]
    None,
    Deleting,
    Creating,
}

/// Whether `mirror` is the mirror of the static pod as it is now (KL-034).
///
/// Kubernetes: pod_manager.go, IsMirrorPodOf.
pub fn is_mirror_pod_of(mirror: &Pod, pod: &Pod) -> bool {
    pod.meta.name == mirror.meta.name
        && pod.meta.namespace() == mirror.meta.namespace()
        && mirror.meta.annotation(CONFIG_MIRROR) == Some(pod.meta.annotation(CONFIG_HASH).unwrap_or_default())
}

/// The mirror pod to create for a static pod (KL-033); `None` while the Node has no uid.
///
/// Kubernetes: mirror_client.go, CreateMirrorPod.
pub fn mirror_pod_of(pod: &Pod, node: &Node) -> Option<Pod> {
    if node.meta.uid == Uid::default() {
        return None;
    }
    let mut mirror = pod.clone();
    let hash = pod.meta.annotation(CONFIG_HASH).unwrap_or_default().into();
    let common = mirror.meta.common_mut();
    common.annotations.insert(CONFIG_MIRROR.into(), hash);
    common.owners = vec![OwnerReference {
        api_version: "v1".into(),
        kind: "Node".into(),
        name: node.meta.name.clone(),
        uid: node.meta.uid,
        controller: true,
        block_owner_deletion: false,
    }];
    mirror.status = PodStatus { qos_class: pod.status.qos_class, ..PodStatus::default() };
    Some(mirror)
}

/// What a sync of a static pod owes its mirror. Both: the deletion comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MirrorActions {
    /// The mirror that is there has to go.
    pub delete: bool,
    /// A new one has to be made.
    pub create: bool,
}

/// Kubernetes: kubelet.go, tryReconcileMirrorPods.
pub fn mirror_actions(pod: &Pod, mirror: Option<&Pod>) -> MirrorActions {
    let outdated = |mirror: &Pod| mirror.meta.is_terminating() || !is_mirror_pod_of(mirror, pod);
    let delete = mirror.is_some_and(outdated);
    MirrorActions { delete, create: delete || mirror.is_none() }
}

impl Kubelet {
    /// The mirror pod with the name of this static pod, whether or not it matches.
    pub(super) fn mirror_of(&self, worker: &PodWorker) -> Option<&Rc<Pod>> {
        get_mirror_pod_by_pod(&self.mirrors, &worker.pod)
    }

    fn static_worker_of(&self, mirror: &Pod) -> Option<WorkerId> {
        let pods = self.workers.iter().filter(|worker| worker.is_static() && !worker.is_removed());
        let pod = get_pod_by_mirror_pod(pods.map(|worker| &worker.pod), mirror)?;
        self.workers.of_pod(pod.meta.uid)
    }

    /// The API server has a mirror pod for this node, new or changed.
    pub(super) fn handle_mirror_pod(&mut self, pod: &Rc<Pod>, ctx: &mut Ctx) {
        let key = Key::of(&pod.meta);
        let place = self.mirrors.iter().position(|mirror| Key::of(&mirror.meta) == key);
        let old = place.map(|at| std::mem::replace(&mut self.mirrors[at], pod.clone()));
        if old.is_none() {
            self.mirrors.push(pod.clone());
        }
        let Some(at) = self.static_worker_of(pod) else {
            // No static pod belongs to it (KL-044).
            return self.schedule_housekeeping(ctx);
        };
        if is_mirror_pod_of(pod, &self.workers[at].pod) && !pod.meta.is_terminating() {
            self.set_mirror_work(at, MirrorWork::None);
        }
        if self.workers[at].status.as_ref().is_some_and(|own| own.status != pod.status) {
            self.schedule_status_pass(ctx);
        }
        let same = old.is_some_and(|old| {
            old.meta.uid == pod.meta.uid
                && old.meta.deletion == pod.meta.deletion
                && old.meta.common == pod.meta.common
        });
        if !same {
            self.update_pod(at, ctx);
        }
    }

    /// The API server's list of mirror pods on this node.
    pub(super) fn set_mirror_pods(&mut self, mirrors: Vec<Rc<Pod>>, ctx: &mut Ctx) {
        let gone = |old: &Rc<Pod>| !mirrors.iter().any(|mirror| mirror.meta.uid == old.meta.uid);
        let gone: Vec<Rc<Pod>> = self.mirrors.iter().filter(|old| gone(old)).cloned().collect();
        for old in gone {
            self.handle_mirror_removed(&old, ctx);
        }
        for mirror in mirrors {
            self.handle_mirror_pod(&mirror, ctx);
        }
    }

    pub(super) fn handle_mirror_removed(&mut self, pod: &Pod, ctx: &mut Ctx) {
        let place = self.mirrors.iter().position(|mirror| mirror.meta.uid == pod.meta.uid);
        // As it was known before: a deletion with a grace period has marked it, one without has not.
        let Some(known) = place.map(|place| self.mirrors.remove(place)) else { return };
        if let Some(at) = self.static_worker_of(pod) {
            self.update_pod_with_removed_mirror(at, known, ctx);
        }
    }

    fn set_mirror_work(&mut self, at: WorkerId, work: MirrorWork) {
        self.workers[at].extra().mirror = work;
    }

    /// Makes sure that a static pod being synced has its mirror (KL-034, KL-036).
    pub(super) fn try_reconcile_mirror_pods(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let worker = &self.workers[at];
        if !worker.is_static() {
            return;
        }
        let work = worker.extra.as_ref().map(|extra| extra.mirror).unwrap_or_default();
        let removed = worker.extra.as_ref().and_then(|extra| extra.removed_mirror.clone());
        let mirror = removed.or_else(|| self.mirror_of(worker).cloned());
        if let Some(extra) = &mut self.workers[at].extra {
            extra.removed_mirror = None;
        }
        let worker = &self.workers[at];
        let needed = mirror_actions(&worker.pod, mirror.as_deref());
        match (mirror, work) {
            (_, MirrorWork::Deleting | MirrorWork::Creating) => {}
            (Some(mirror), _) if needed.delete => {
                self.delete_mirror_pod(&mirror, Some(at), ctx);
                self.set_mirror_work(at, MirrorWork::Deleting);
            }
            (_, MirrorWork::None) if needed.create => self.create_mirror_pod(at, ctx),
            _ => {}
        }
    }

    fn delete_mirror_pod(&self, mirror: &Pod, worker: Option<WorkerId>, ctx: &mut Ctx) {
        let uid = Some(mirror.meta.uid);
        let options = DeleteOptions { grace_seconds: Some(0), uid, ..DeleteOptions::default() };
        let call = Call::Delete { kind: Kind::Pod, key: Key::of(&mirror.meta), options };
        let token = worker.map_or(Token::None, |at| self.token(KubeletRequest::DeleteMirror(at.number())));
        ctx.request(call, token);
    }

    fn create_mirror_pod(&mut self, at: WorkerId, ctx: &mut Ctx) {
        let pod = self.workers[at].pod.clone();
        let name = format!("pod=\"{}/{}\"", pod.meta.namespace(), pod.meta.name);
        let Some(node) = self.node.clone() else {
            let node = &self.host.node_name;
            let line = "\"No need to create a mirror pod, since failed to get node info from the cluster\"";
            let why = format!("err=\"node \\\"{node}\\\" not found\"");
            ctx.error("kubelet.go:3510", format!("{line} {why} node=\"{node}\""));
            return;
        };
        if node.meta.is_terminating() {
            let line = "\"No need to create a mirror pod, since node has been removed from the cluster\"";
            ctx.info("kubelet.go:3512", format!("{line} node=\"{}\"", self.host.node_name));
            return;
        }
        let Some(mirror) = mirror_pod_of(&pod, &node) else {
            let why = format!("failed to get node UID: UID unset for node {}", self.host.node_name);
            ctx.error("kubelet.go:3516", format!("\"Failed creating a mirror pod\" err=\"{why}\" {name}"));
            return;
        };
        ctx.info("kubelet.go:3514", format!("\"Creating a mirror pod for static pod\" {name}"));
        let token = self.token(KubeletRequest::CreateMirror(at.number()));
        ctx.request(Call::Create(Object::Pod(Rc::new(mirror))), token);
        self.set_mirror_work(at, MirrorWork::Creating);
    }

    pub(super) fn on_mirror_deleted(&mut self, number: u32, answer: &Answer, ctx: &mut Ctx) {
        let Some(at) = self.workers.numbered(number) else { return };
        self.set_mirror_work(at, MirrorWork::None);
        let deleted = match &answer.result {
            Ok(Reply::Object(Object::Pod(mirror))) => mirror.meta.uid,
            Ok(_) => Uid::default(),
            Err(CallError::Status(status)) if status.is_not_found() || status.is_conflict() => {
                // It was another one, or has gone by itself. A later sync makes it again.
                return self.requeue_for_mirror(at, ctx);
            }
            Err(_) => {
                let meta = &self.workers[at].pod.meta;
                let (namespace, name, why) = (meta.namespace(), &meta.name, call_error(answer));
                let text =
                    format!("\"Failed deleting a mirror pod\" err=\"{why}\" pod=\"{namespace}/{name}\"");
                ctx.error("mirror_client.go:141", text);
                return self.requeue_for_mirror(at, ctx);
            }
        };
        self.mirrors.retain(|mirror| mirror.meta.uid != deleted);
        if self.workers[at].state == WorkerState::Sync && !self.workers[at].is_removed() {
            self.create_mirror_pod(at, ctx);
        }
    }

    pub(super) fn on_mirror_created(&mut self, number: u32, answer: &Answer, ctx: &mut Ctx) {
        let Some(at) = self.workers.numbered(number) else { return };
        let exists = answer.status().is_some_and(|status| status.is_already_exists());
        // The watch may show it before or after this answer; until then a sync would only hear that it exists.
        self.set_mirror_work(at, MirrorWork::None);
        if answer.result.is_ok() {
            return;
        }
        if exists {
            // A later sync looks at the pod that has the name.
            return self.requeue_for_mirror(at, ctx);
        }
        let pod = &self.workers[at].pod;
        let (namespace, name) = (pod.meta.namespace(), &pod.meta.name);
        let why = call_error(answer);
        let text = format!("\"Failed creating a mirror pod\" err=\"{why}\" pod=\"{namespace}/{name}\"");
        ctx.error("kubelet.go:3516", text);
        self.requeue_for_mirror(at, ctx);
    }

    /// Every later sync tries again (KL-038); the one that is due already comes first.
    fn requeue_for_mirror(&mut self, at: WorkerId, ctx: &mut Ctx) {
        if !self.workers[at].is_working() && !self.workers[at].is_due() && self.lacks_mirror(at) {
            self.requeue(at, super::pod_worker::RESYNC_INTERVAL, ctx);
        }
    }

    /// The node is known: static pods without a mirror do not wait for their next sync, and those that have ended get
    /// one too.
    ///
    /// Kubernetes: kubelet.go, fastStaticPodsRegistration.
    pub(super) fn fast_static_pods_registration(&mut self, ctx: &mut Ctx) {
        for at in self.workers.ids() {
            let worker = &self.workers[at];
            if !worker.is_removed() && !worker.rejected {
                self.try_reconcile_mirror_pods(at, ctx);
            }
        }
    }

    /// Whether a later sync would have something to do for the mirror of this pod.
    pub(super) fn lacks_mirror(&self, at: WorkerId) -> bool {
        let worker = &self.workers[at];
        worker.is_static()
            && !worker.is_removed()
            && worker.state == WorkerState::Sync
            && mirror_actions(&worker.pod, self.mirror_of(worker).map(|mirror| &**mirror)).create
    }

    /// Mirror pods with no static pod behind them (KL-028, KL-044).
    pub(super) fn delete_orphaned_mirror_pods(&mut self, ctx: &mut Ctx) {
        let has_pod = |mirror: &Pod| self.static_worker_of(mirror).is_some();
        let is_terminating = |mirror: &Pod| {
            let mut static_pods = self.workers.iter().filter(|worker| worker.is_static());
            static_pods.any(|worker| same_full_name(&worker.pod, mirror) && worker.is_running())
        };
        let orphans = orphaned_mirror_pods(&self.mirrors, has_pod, is_terminating);
        let orphans: Vec<Rc<Pod>> = orphans.cloned().collect();
        for mirror in orphans {
            self.delete_mirror_pod(&mirror, None, ctx);
        }
    }

    /// The status of a static pod goes to its mirror, if there is one (KL-043). That of a pod whose place in the
    /// file another one has taken is dropped: the mirror is the other one's by then.
    ///
    /// Kubernetes: status/status_manager.go, syncPod, "Pod was deleted and then recreated".
    pub(super) fn mirror_to_update(&self, worker: &PodWorker, own: &OwnStatus) -> Option<PodId> {
        let mirror = self.mirror_of(worker)?;
        if worker.is_removed() && self.static_worker_of(mirror).is_some() {
            return None;
        }
        (mirror.status != own.status).then(|| PodId::of(&mirror.meta))
    }
}

pub(super) fn call_error(answer: &Answer) -> String {
    match &answer.result {
        Ok(_) => String::new(),
        Err(CallError::Refused) => "connect: connection refused".to_owned(),
        Err(CallError::TimedOut | CallError::Canceled) => "net/http: TLS handshake timeout".to_owned(),
        Err(CallError::Status(status)) => status.message.replace('"', "\\\""),
    }
}

//! The garbage collector: what becomes of objects whose owner goes.
//!
//! Upstream keeps a graph of all objects. Here the shared caches are the graph: pods are found by their
//! controller, and of the other kinds there are few enough to look through.
//!
//! Kubernetes: pkg/controller/garbagecollector/garbagecollector.go. Rules: API-016, DS-066…068, KL-046.

use std::rc::Rc;

use serde_json::json;

use crate::api::meta::{ObjectMeta, OwnerReference, Uid};
use crate::api::object::{Key, Kind};
use crate::api::status_error::StatusError;
use crate::client::informer::{CacheChange, Caches};
use crate::wire::{Answer, Call, CallError, Ctx, DeleteOptions, FieldValidation, Patch, Token};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// An object that names an owner.
struct Dependent {
    kind: Kind,
    key: Key,
    uid: Uid,
    /// Whether it holds up an owner that is deleted in the foreground.
    blocks: bool,
    terminating: bool,
}

/// A question that is under way: does this owner still exist?
#[derive(Clone, Debug)]
struct Question {
    owner_uid: Uid,
    dependent: (Kind, Key, Uid),
}

#[derive(Clone, Debug, Default)]
pub struct GarbageCollector {
    questions: std::collections::BTreeMap<u64, Question>,
    last_question: u64,
}

/// The metadata of what changed, before and after.
fn metas(change: &CacheChange) -> (Kind, Option<&ObjectMeta>, Option<&ObjectMeta>) {
    macro_rules! of {
        ($kind:expr, $change:expr) => {
            (
                $kind,
                $change.old.as_ref().map(|object| &object.meta),
                $change.new.as_ref().map(|object| &object.meta),
            )
        };
    }
    match change {
        CacheChange::Node(_, change) => of!(Kind::Node, change),
        CacheChange::Pod(change) => of!(Kind::Pod, change),
        CacheChange::DaemonSet(change) => of!(Kind::DaemonSet, change),
        CacheChange::ControllerRevision(change) => of!(Kind::ControllerRevision, change),
        CacheChange::Lease(change) => of!(Kind::Lease, change),
        CacheChange::Other(kind, change) => of!(*kind, change),
    }
}

fn owner_ref(meta: &ObjectMeta, owner: Uid) -> Option<&OwnerReference> {
    meta.common.owners.iter().find(|reference| reference.uid == owner)
}

/// Everything that names `owner` among its owners.
fn dependents(owner: Uid, caches: &Caches) -> Vec<Dependent> {
    let mut found = Vec::new();
    let mut look = |kind: Kind, meta: &ObjectMeta| {
        if let Some(reference) = owner_ref(meta, owner) {
            found.push(Dependent {
                kind,
                key: Key::of(meta),
                uid: meta.uid,
                blocks: reference.block_owner_deletion,
                terminating: meta.is_terminating(),
            });
        }
    };
    caches.pods.controlled(owner).for_each(|pod| look(Kind::Pod, &pod.meta));
    caches.revisions.values().for_each(|revision| look(Kind::ControllerRevision, &revision.meta));
    caches.leases.values().for_each(|lease| look(Kind::Lease, &lease.meta));
    caches.daemonsets.values().for_each(|ds| look(Kind::DaemonSet, &ds.meta));
    for (kind, index) in &caches.others {
        index.values().for_each(|other| look(*kind, &other.meta));
    }
    found
}

/// Whether the caches know an owner.
fn exists(owner: &OwnerReference, namespace: &str, caches: &Caches) -> bool {
    let Some(kind) = Kind::of(&owner.api_version, &owner.kind) else { return true };
    let key = Key::new(if kind.is_namespaced() { namespace } else { "" }, &owner.name);
    let uid = match kind {
        Kind::Node => caches.nodes.by_name(&owner.name).map(|node| node.meta.uid),
        Kind::DaemonSet => caches.daemonsets.get(&key).map(|ds| ds.meta.uid),
        Kind::Other(_) => {
            caches.others.get(&kind).and_then(|index| index.get(&key)).map(|other| other.meta.uid)
        }
        // Nothing is owned by pods, revisions, leases or events here.
        _ => return true,
    };
    uid == Some(owner.uid)
}

impl GarbageCollector {
    /// A cached object has changed.
    pub fn on_change(&mut self, change: &CacheChange, caches: &Caches, token: u16, ctx: &mut Ctx) {
        let (kind, old, new) = metas(change);
        match (old, new) {
            (Some(old), None) => {
                self.owner_is_gone(old.uid, caches, ctx);
                self.dependent_is_gone(old, caches, ctx);
            }
            (old, Some(new)) => {
                if old.is_none() && !new.common.owners.is_empty() {
                    self.check_owners(kind, new, caches, token, ctx);
                }
                if new.is_terminating() && !new.common.finalizers.is_empty() {
                    self.process_finalizers(kind, new, caches, ctx);
                }
            }
            (None, None) => {}
        }
    }

    /// Background deletion: the owner has vanished, now its dependents go, each in its own way (DS-066).
    fn owner_is_gone(&mut self, owner: Uid, caches: &Caches, ctx: &mut Ctx) {
        for dependent in dependents(owner, caches) {
            if !dependent.terminating && !has_other_owner(&dependent, owner, caches) {
                delete(dependent.kind, dependent.key, dependent.uid, ctx);
            }
        }
    }

    /// The last of those that held up an owner may have gone (DS-067).
    fn dependent_is_gone(&mut self, gone: &ObjectMeta, caches: &Caches, ctx: &mut Ctx) {
        for owner in &gone.common.owners {
            let Some(kind) = Kind::of(&owner.api_version, &owner.kind) else { continue };
            let key = Key::new(gone.namespace(), &owner.name);
            let meta = match kind {
                Kind::DaemonSet => caches.daemonsets.get(&key).map(|ds| &ds.meta),
                Kind::Other(_) => caches.others.get(&kind).and_then(|i| i.get(&key)).map(|other| &other.meta),
                _ => None,
            };
            if let Some(meta) = meta.filter(|meta| meta.uid == owner.uid && meta.is_terminating()) {
                self.process_finalizers(kind, meta, caches, ctx);
            }
        }
    }

    /// An owner that is going waits for its dependents (foreground), or lets go of them (orphan).
    fn process_finalizers(&mut self, kind: Kind, owner: &ObjectMeta, caches: &Caches, ctx: &mut Ctx) {
        let has = |name: &str| owner.common.finalizers.iter().any(|finalizer| **finalizer == *name);
        if has(ORPHAN) {
            for dependent in dependents(owner.uid, caches) {
                let patch = Patch::Owner { add: None, remove: Some(owner.uid) };
                let (kind, key, uid) = (dependent.kind, dependent.key, Some(dependent.uid));
                ctx.request(
                    Call::Patch { kind, key, uid, patch, validation: FieldValidation::Ignore },
                    Token::NONE,
                );
            }
            remove_finalizer(kind, owner, ORPHAN, ctx);
        } else if has(FOREGROUND) {
            let blocking: Vec<Dependent> =
                dependents(owner.uid, caches).into_iter().filter(|dependent| dependent.blocks).collect();
            if blocking.is_empty() {
                remove_finalizer(kind, owner, FOREGROUND, ctx);
            }
            for dependent in blocking.into_iter().filter(|dependent| !dependent.terminating) {
                delete(dependent.kind, dependent.key, dependent.uid, ctx);
            }
        }
    }

    /// A new object whose owner the caches do not know: the API server is asked before it is deleted.
    fn check_owners(&mut self, kind: Kind, meta: &ObjectMeta, caches: &Caches, tag: u16, ctx: &mut Ctx) {
        let mut absent = meta.common.owners.iter().filter(|owner| !exists(owner, meta.namespace(), caches));
        let (Some(owner), true) = (absent.next(), meta.common.owners.len() == 1) else { return };
        let Some(owner_kind) = Kind::of(&owner.api_version, &owner.kind) else { return };
        self.last_question += 1;
        let question = Question { owner_uid: owner.uid, dependent: (kind, Key::of(meta), meta.uid) };
        self.questions.insert(self.last_question, question);
        let namespace = if owner_kind.is_namespaced() { &**meta.namespace() } else { "" };
        let key = Key::new(namespace, &owner.name);
        ctx.request(Call::Get { kind: owner_kind, key }, Token { tag, value: self.last_question });
    }

    pub fn on_answer(&mut self, value: u64, answer: &Answer, ctx: &mut Ctx) {
        let Some(question) = self.questions.remove(&value) else { return };
        let gone = match &answer.result {
            Ok(reply) => {
                reply.object().and_then(|object| object.meta()).map(|meta| meta.uid)
                    != Some(question.owner_uid)
            }
            Err(CallError::Status(status)) => StatusError::is_not_found(status),
            Err(_) => false,
        };
        if gone {
            let (kind, key, uid) = question.dependent;
            delete(kind, key, uid, ctx);
        }
    }
}

/// An object with several owners stays while one of them does.
fn has_other_owner(dependent: &Dependent, gone: Uid, caches: &Caches) -> bool {
    let meta = match dependent.kind {
        Kind::Other(_) => caches
            .others
            .get(&dependent.kind)
            .and_then(|index| index.get(&dependent.key))
            .map(|other| &other.meta),
        Kind::ControllerRevision => caches.revisions.get(&dependent.key).map(|revision| &revision.meta),
        _ => None,
    };
    meta.is_some_and(|meta| {
        let others = meta.common.owners.iter().filter(|owner| owner.uid != gone);
        others.into_iter().any(|owner| exists(owner, meta.namespace(), caches))
    })
}

fn delete(kind: Kind, key: Key, uid: Uid, ctx: &mut Ctx) {
    let options = DeleteOptions { uid: Some(uid), ..DeleteOptions::default() };
    ctx.request(Call::Delete { kind, key, options }, Token::NONE);
}

fn remove_finalizer(kind: Kind, meta: &ObjectMeta, finalizer: &str, ctx: &mut Ctx) {
    let kept: Vec<&str> =
        meta.common.finalizers.iter().map(|name| &**name).filter(|name| *name != finalizer).collect();
    let patch = Patch::Merge(Rc::new(json!({"metadata": {"finalizers": kept}})));
    let (key, uid) = (Key::of(meta), Some(meta.uid));
    ctx.request(Call::Patch { kind, key, uid, patch, validation: FieldValidation::Ignore }, Token::NONE);
}

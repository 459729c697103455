//! Namespaces: what every one of them is given, and how one is emptied.
//!
//! Kubernetes: pkg/controller/namespace/deletion, pkg/controller/serviceaccount/serviceaccounts_controller.go,
//! pkg/controller/certificates/rootcacertpublisher. Rules: API-023, CP-018.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::json;

use crate::api::meta::{Name, ObjectMeta};
use crate::api::object::{Key, Kind, Object, Other};
use crate::client::informer::{CacheChange, Caches};
use crate::wire::{Call, Ctx, DeleteOptions, FieldValidation, Patch, Token};

#[derive(Clone, Debug, Default)]
pub struct NamespaceController {
    /// Namespaces that are being emptied.
    terminating: BTreeSet<Name>,
}

fn is_namespace(kind: Kind) -> bool {
    Kind::of("v1", "Namespace") == Some(kind)
}

impl NamespaceController {
    pub fn on_change(&mut self, change: &CacheChange, caches: &Caches, ctx: &mut Ctx) {
        match change {
            CacheChange::Other(kind, change) if is_namespace(*kind) => match (&change.old, &change.new) {
                (_, Some(namespace)) if namespace.meta.is_terminating() => {
                    if self.terminating.insert(namespace.meta.name.clone()) {
                        delete_content(&namespace.meta.name, caches, ctx);
                    }
                    self.finalize_if_empty(&namespace.meta.name.clone(), caches, ctx);
                }
                (None, Some(namespace)) => provide(&namespace.meta.name, caches, ctx),
                (Some(namespace), None) => {
                    self.terminating.remove(&namespace.meta.name);
                }
                _ => {}
            },
            change => {
                if let Some(namespace) = gone_from(change)
                    && self.terminating.contains(&namespace)
                {
                    self.finalize_if_empty(&namespace, caches, ctx);
                }
            }
        }
    }

    fn finalize_if_empty(&mut self, namespace: &Name, caches: &Caches, ctx: &mut Ctx) {
        if content(namespace, caches).next().is_some() {
            return;
        }
        let Some(kind) = Kind::of("v1", "Namespace") else { return };
        let patch = Patch::Merge(Rc::new(json!({"spec": {"finalizers": null}})));
        let key = Key::new("", namespace);
        ctx.request(
            Call::Patch { kind, key, uid: None, patch, validation: FieldValidation::Ignore },
            Token::NONE,
        );
    }
}

/// The namespace of an object that has just gone.
fn gone_from(change: &CacheChange) -> Option<Name> {
    let of = |old: Option<&ObjectMeta>, gone: bool| old.filter(|_| gone).map(|meta| meta.namespace().clone());
    match change {
        CacheChange::Pod(change) => of(change.old.as_ref().map(|o| &o.meta), change.new.is_none()),
        CacheChange::DaemonSet(change) => of(change.old.as_ref().map(|o| &o.meta), change.new.is_none()),
        CacheChange::ControllerRevision(change) => {
            of(change.old.as_ref().map(|o| &o.meta), change.new.is_none())
        }
        CacheChange::Other(_, change) => of(change.old.as_ref().map(|o| &o.meta), change.new.is_none()),
        _ => None,
    }
}

/// Everything in a namespace: pods, DaemonSets, revisions, and whatever else.
fn content<'a>(namespace: &'a str, caches: &'a Caches) -> impl Iterator<Item = (Kind, Key, bool)> + 'a {
    let pods = caches.pods.serials().into_iter().filter_map(|serial| caches.pods.get(serial));
    let pods = pods.map(|pod| (Kind::Pod, &pod.meta));
    let daemonsets = caches.daemonsets.values().map(|ds| (Kind::DaemonSet, &ds.meta));
    let revisions = caches.revisions.values().map(|revision| (Kind::ControllerRevision, &revision.meta));
    let others =
        caches.others.iter().flat_map(|(kind, index)| index.values().map(|other| (*kind, &other.meta)));
    let all = pods.chain(daemonsets).chain(revisions).chain(others);
    let inside = all.filter(move |(_, meta)| **meta.namespace() == *namespace);
    inside.map(|(kind, meta)| (kind, Key::of(meta), meta.is_terminating()))
}

fn delete_content(namespace: &str, caches: &Caches, ctx: &mut Ctx) {
    for (kind, key, _) in content(namespace, caches).filter(|(_, _, terminating)| !terminating) {
        ctx.request(Call::Delete { kind, key, options: DeleteOptions::default() }, Token::NONE);
    }
}

/// A new namespace gets its default ServiceAccount and the cluster's CA certificate.
fn provide(namespace: &str, caches: &Caches, ctx: &mut Ctx) {
    let account = json!({"metadata": {}});
    let authority = json!({"metadata": {}, "data": {"ca.crt": ""}});
    for (name, api_kind, raw) in
        [("default", "ServiceAccount", account), ("kube-root-ca.crt", "ConfigMap", authority)]
    {
        let Some(kind) = Kind::of("v1", api_kind) else { continue };
        let key = Key::new(namespace, name);
        if caches.others.get(&kind).is_some_and(|index| index.contains_key(&key)) {
            continue;
        }
        let other = Other { kind, meta: ObjectMeta::new(namespace, name), raw: Rc::new(raw) };
        ctx.request(Call::Create(Object::Other(Rc::new(other))), Token::NONE);
    }
}

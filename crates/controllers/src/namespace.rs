//! Namespaces: what every one of them is given, and how one is emptied.
//!
//! Kubernetes: pkg/controller/namespace/deletion, pkg/controller/serviceaccount/serviceaccounts_controller.go,
//! pkg/controller/certificates/rootcacertpublisher. Rules: API-023, CP-018.

use std::rc::Rc;

use serde_json::{Value, json};

use super::replicaset::sync::with_status;
use super::worker::{Outcome, Worker};
use api::meta::{Name, ObjectMeta};
use api::object::{Key, Kind, Object, Other};
use client::informer::{CacheChange, Caches, Change};
use sim::{Duration, SortedMap, Time};
use wire::{Answer, Call, Controller, Ctx, DeleteOptions, FieldValidation, Patch};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Work {
    /// Give the namespace this object of this kind and name.
    Provide(Kind, Key),
    Delete(Kind, Key),
    /// Ask everything in it to go.
    Empty(Name),
    /// Say in its status that it is being emptied.
    Report(Name),
    /// Nothing is left in it.
    Finalize(Name),
}

/// A namespace is left alone for so long after its deletion.
///
/// Kubernetes: pkg/controller/namespace/namespace_controller.go, namespaceDeletionGracePeriod.
const GRACE_PERIOD: Duration = Duration::from_secs(5);

/// Where pods stay longer than they may, a namespace is looked at again so soon.
// Differs: upstream the time between two looks grows from a few milliseconds on.
const IMPATIENCE: Duration = Duration::from_secs(1);

/// What a pass over a namespace says if nothing fails.
///
/// Kubernetes: pkg/controller/namespace/deletion/status_condition_utils.go, okMessages and okReasons.
const CONDITIONS: [(&str, &str, &str); 5] = [
    ("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
    (
        "NamespaceDeletionGroupVersionParsingFailure",
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ),
    (
        "NamespaceDeletionContentFailure",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    ("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"),
    ("NamespaceFinalizersRemaining", "ContentHasNoFinalizers", "All content-preserving finalizers finished"),
];

/// A namespace that is being emptied.
#[derive(Clone, Debug)]
struct Emptying {
    /// How many objects are left in it.
    left: u32,
    /// When it is looked at next; until then nothing happens to it.
    next: Time,
}

#[derive(Clone, Debug)]
pub(crate) struct NamespaceController {
    worker: Worker<Work>,
    namespaces: Option<Kind>,
    /// What every namespace gets: the default ServiceAccount and the cluster's CA certificate.
    provisions: Vec<(Kind, Name)>,
    terminating: SortedMap<Name, Emptying>,
}

impl Default for NamespaceController {
    fn default() -> Self {
        let provisions = [("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")];
        let provision = |(kind, name): (&str, &str)| Some((Kind::of("v1", kind)?, Name::from(name)));
        NamespaceController {
            worker: Worker::new(Controller::Namespace),
            namespaces: Kind::of("v1", "Namespace"),
            provisions: provisions.into_iter().filter_map(provision).collect(),
            terminating: SortedMap::new(),
        }
    }
}

impl NamespaceController {
    pub(crate) fn run(&mut self, ctx: &mut Ctx) {
        self.worker.run(ctx);
    }

    pub(crate) fn on_change(&mut self, change: &CacheChange, caches: &Caches, ctx: &mut Ctx) {
        if let CacheChange::Other(kind, change) = change {
            if Some(*kind) == self.namespaces {
                return self.on_namespace(change, caches, ctx);
            }
            if let (Some(old), None) = (&change.old, &change.new) {
                self.restore(*kind, &old.meta, caches, ctx);
            }
        }
        if self.terminating.is_empty() {
            return;
        }
        if let Some((kind, meta, came)) = came_or_went(change) {
            self.count(kind, meta, came, ctx);
        }
    }

    fn on_namespace(&mut self, change: &Change<Other>, caches: &Caches, ctx: &mut Ctx) {
        match (&change.old, &change.new) {
            (_, Some(namespace))
                if namespace.meta.is_terminating()
                    && !self.terminating.contains_key(&namespace.meta.name) =>
            {
                let name = namespace.meta.name.clone();
                let left = content(&name, caches).count() as u32;
                self.terminating.insert(name.clone(), Emptying { left, next: ctx.now + GRACE_PERIOD });
                self.worker.add_after(Work::Empty(name), GRACE_PERIOD, ctx);
            }
            (_, Some(namespace)) if namespace.meta.is_terminating() => {}
            (None, Some(namespace)) => {
                for (kind, name) in &self.provisions {
                    let key = Key { namespace: namespace.meta.name.clone(), name: name.clone() };
                    self.worker.add(Work::Provide(*kind, key), ctx);
                }
            }
            (Some(namespace), None) => drop(self.terminating.remove(&namespace.meta.name)),
            _ => {}
        }
    }

    /// What every namespace has comes back when it is deleted.
    fn restore(&mut self, kind: Kind, gone: &ObjectMeta, caches: &Caches, ctx: &mut Ctx) {
        let provided = |(of, name): &(Kind, Name)| *of == kind && *name == gone.name;
        if !self.provisions.iter().any(provided) {
            return;
        }
        let namespace = Key::new("", gone.namespace());
        let index = self.namespaces.and_then(|kind| caches.others.get(&kind));
        if index.and_then(|index| index.get(&namespace)).is_some_and(|ns| !ns.meta.is_terminating()) {
            self.worker.add(Work::Provide(kind, Key::of(gone)), ctx);
        }
    }

    /// Asks the pods in the namespace to go, and all else once there are none.
    ///
    /// Kubernetes: namespaced_resources_deleter.go, deleteAllContent.
    fn empty(&mut self, namespace: &Name, caches: &Caches, ctx: &mut Ctx) {
        let content: Vec<(Kind, &ObjectMeta)> = content(namespace, caches).collect();
        let left = content.len() as u32;
        let has_pods = content.iter().any(|(kind, _)| *kind == Kind::Pod);
        for (kind, meta) in content {
            if !meta.is_terminating() && (kind == Kind::Pod || !has_pods) {
                self.worker.add(Work::Delete(kind, Key::of(meta)), ctx);
            }
        }
        let after = if has_pods { self.pause(namespace, caches, ctx.now) } else { Duration::ZERO };
        self.terminating.insert(namespace.clone(), Emptying { left, next: ctx.now + after });
        if has_pods {
            self.worker.add(Work::Report(namespace.clone()), ctx);
            self.worker.add_after(Work::Empty(namespace.clone()), after, ctx);
        } else if left == 0 {
            self.worker.add(Work::Finalize(namespace.clone()), ctx);
        }
    }

    /// How long the pods of a namespace are given until it is looked at again.
    ///
    /// Kubernetes: namespaced_resources_deleter.go, estimateGracefulTermination; namespace_controller.go, worker.
    fn pause(&self, namespace: &Name, caches: &Caches, now: Time) -> Duration {
        let pods = caches.pods.serials().into_iter().filter_map(|serial| caches.pods.get(serial));
        let pods = pods.filter(|pod| pod.meta.namespace() == namespace && !pod.is_terminal());
        let estimate = pods.map(|pod| pod.spec.termination_grace_period.as_secs()).max().unwrap_or(0);
        let deletion = self.found(namespace, caches).and_then(|it| it.meta.deletion.as_ref());
        let since = deletion.map_or(0, |deletion| now.stamp().0.saturating_sub(deletion.at.0));
        if u64::from(since) >= estimate { IMPATIENCE } else { Duration::from_secs(estimate / 2 + 1) }
    }

    fn found<'a>(&self, namespace: &Name, caches: &'a Caches) -> Option<&'a Rc<Other>> {
        caches.others.get(&self.namespaces?)?.get(&Key::new("", namespace))
    }

    /// Kubernetes: status_condition_utils.go, Update.
    fn report(&self, namespace: &Name, caches: &Caches, now: Time) -> Option<Call> {
        let found = self.found(namespace, caches)?;
        if found.raw["status"]["conditions"].is_array() {
            return None;
        }
        let condition = |(sort, reason, message): (&str, &str, &str)| {
            json!({"type": sort, "status": "False", "reason": reason, "message": message,
                   "lastTransitionTime": now.stamp().to_string()})
        };
        let mut status = found.raw["status"].clone();
        status["conditions"] = CONDITIONS.into_iter().map(condition).collect();
        Some(Call::UpdateStatus(with_status(found, &status)))
    }

    /// Something came into or went from a namespace; what comes into one that is being emptied has to go too.
    fn count(&mut self, kind: Kind, meta: &ObjectMeta, came: bool, ctx: &mut Ctx) {
        let namespace = meta.namespace().clone();
        let Some(emptying) = self.terminating.get_mut(&namespace) else { return };
        let waits = ctx.now < emptying.next;
        if came {
            emptying.left += 1;
            if !waits {
                self.worker.add(Work::Delete(kind, Key::of(meta)), ctx);
            }
            return;
        }
        emptying.left = emptying.left.saturating_sub(1);
        if emptying.left == 0 && !waits {
            self.worker.add(Work::Finalize(namespace), ctx);
        }
    }

    pub(crate) fn on_timer(&mut self, caches: &Caches, ctx: &mut Ctx) {
        for work in self.worker.take(ctx) {
            if let Work::Empty(namespace) = &work {
                if self.terminating.contains_key(namespace) {
                    self.empty(namespace, caches, ctx);
                }
                self.worker.done(&work, ctx);
                continue;
            }
            match self.call(&work, caches, ctx.now) {
                Some(call) => self.worker.ask(work, call, ctx),
                None => self.worker.done(&work, ctx),
            }
        }
        self.worker.settle(ctx);
    }

    fn call(&self, work: &Work, caches: &Caches, now: Time) -> Option<Call> {
        match work {
            Work::Provide(kind, key) => {
                let there = caches.others.get(kind).is_some_and(|index| index.contains_key(key));
                (!there).then(|| provision(*kind, key))
            }
            Work::Empty(_) => None,
            Work::Report(namespace) => self.report(namespace, caches, now),
            Work::Delete(kind, key) => {
                Some(Call::Delete { kind: *kind, key: key.clone(), options: DeleteOptions::default() })
            }
            Work::Finalize(namespace) => {
                let empty = self.terminating.get(namespace).is_some_and(|it| it.left == 0);
                let patch = Patch::Merge(Rc::new(json!({"spec": {"finalizers": null}})));
                let (kind, key) = (self.namespaces?, Key::new("", namespace));
                let validation = FieldValidation::Ignore;
                empty.then_some(Call::Patch { kind, key, uid: None, patch, validation })
            }
        }
    }

    pub(crate) fn on_answer(&mut self, request: u64, answer: &Answer, ctx: &mut Ctx) {
        let Some(work) = self.worker.answered(request) else { return };
        let refused = answer.status().is_some();
        match work {
            // Somebody else made it, or the namespace is on its way out.
            work @ Work::Provide(..) if refused => self.worker.done(&work, ctx),
            work => {
                let _: Outcome = self.worker.finish(work, answer, ctx);
            }
        }
    }
}

fn provision(kind: Kind, key: &Key) -> Call {
    let raw: Value = match &*key.name {
        "kube-root-ca.crt" => json!({"data": {"ca.crt": ""}}),
        _ => json!({}),
    };
    let meta = ObjectMeta::new(&key.namespace, &key.name);
    Call::Create(Object::Other(Rc::new(Other { kind, meta, raw: Rc::new(raw) })))
}

/// The object that came into being or went, if it was one or the other.
fn came_or_went(change: &CacheChange) -> Option<(Kind, &ObjectMeta, bool)> {
    macro_rules! of {
        ($kind:expr, $change:expr) => {
            match (&$change.old, &$change.new) {
                (None, Some(new)) => Some(($kind, &new.meta, true)),
                (Some(old), None) => Some(($kind, &old.meta, false)),
                _ => None,
            }
        };
    }
    match change {
        CacheChange::Pod(change) => of!(Kind::Pod, change),
        CacheChange::DaemonSet(change) => of!(Kind::DaemonSet, change),
        CacheChange::ControllerRevision(change) => of!(Kind::ControllerRevision, change),
        CacheChange::Lease(change) => of!(Kind::Lease, change),
        CacheChange::Other(kind, change) => of!(*kind, change),
        CacheChange::Node(..) => None,
    }
}

/// Everything in a namespace.
fn content<'a>(namespace: &'a str, caches: &'a Caches) -> impl Iterator<Item = (Kind, &'a ObjectMeta)> + 'a {
    let pods = caches.pods.serials().into_iter().filter_map(|serial| caches.pods.get(serial));
    let pods = pods.map(|pod| (Kind::Pod, &pod.meta));
    let daemonsets = caches.daemonsets.values().map(|ds| (Kind::DaemonSet, &ds.meta));
    let revisions = caches.revisions.values().map(|revision| (Kind::ControllerRevision, &revision.meta));
    let leases = caches.leases.values().map(|lease| (Kind::Lease, &lease.meta));
    let others = caches.others.iter();
    let others = others.flat_map(|(kind, index)| index.values().map(|other| (*kind, &other.meta)));
    let all = pods.chain(daemonsets).chain(revisions).chain(leases).chain(others);
    all.filter(move |(_, meta)| **meta.namespace() == *namespace)
}

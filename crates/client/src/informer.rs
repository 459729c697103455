//! Caches of API objects, kept by one list and a watch for each kind, and shared by all controllers of a
//! process.
//!
//! What is delivered goes into the cache first; the controllers are then told of the change with the object
//! before and after. They never look at the store.
//!
//! Kubernetes: staging/src/k8s.io/client-go/tools/cache.

pub(crate) mod nodes;
pub mod pods;

use std::rc::Rc;

use api::daemonset::{ControllerRevision, DaemonSet};
use api::meta::ObjectMeta;
use api::node::{Lease, Node, Renewal};
use api::object::{Key, Kind, Object, Other};
use sim::{Duration, SortedMap, Time};
use wire::WatchEvent;

pub use nodes::{NodeId, NodeIndex};
pub use pods::{PodChange, PodIndex, get_target_node_name};

/// One object before and after: without `old` it is new, without `new` it is gone.
#[derive(Clone, Debug)]
pub struct Change<T> {
    /// The object before.
    pub old: Option<Rc<T>>,
    /// The object now.
    pub new: Option<Rc<T>>,
}

/// What a watch event changed in the caches.
#[derive(Clone, Debug)]
pub enum CacheChange {
    /// A node, with its number in this process.
    Node(NodeId, Change<Node>),
    /// A pod.
    Pod(PodChange),
    /// A DaemonSet.
    DaemonSet(Change<DaemonSet>),
    /// A ControllerRevision.
    ControllerRevision(Change<ControllerRevision>),
    /// A lease.
    Lease(Change<Lease>),
    /// An object of a kind that is kept in API form.
    Other(Kind, Change<Other>),
}

/// Objects of one kind by key; for kinds of which there are few.
pub(crate) type Index<T> = SortedMap<Key, Rc<T>>;

/// All caches of a process.
#[derive(Clone, Debug, Default)]
pub struct Caches {
    /// Nodes, also those that pods name and that do not exist.
    pub nodes: NodeIndex,
    /// Pods.
    pub pods: PodIndex,
    /// DaemonSets by key.
    pub daemonsets: Index<DaemonSet>,
    /// ControllerRevisions by key.
    pub revisions: Index<ControllerRevision>,
    /// Leases by key.
    pub leases: Index<Lease>,
    /// Kinds that are kept in API form: objects by key.
    pub others: SortedMap<Kind, Index<Other>>,
}

fn put<T>(index: &mut Index<T>, key: Key, new: Option<&Rc<T>>) -> Change<T> {
    let old = match new {
        Some(new) => index.insert(key, new.clone()),
        None => index.remove(&key),
    };
    Change { old, new: new.cloned() }
}

impl Caches {
    /// Takes in one watch event. `None` for kinds that are not cached, and for a deletion of what was not
    /// there.
    pub fn apply(&mut self, event: &WatchEvent) -> Option<CacheChange> {
        let object = event.object();
        let present = !matches!(event, WatchEvent::Deleted(_));
        macro_rules! put {
            ($index:expr, $rc:expr) => {{
                let change = put(&mut $index, Key::of(&$rc.meta), present.then_some($rc));
                if change.old.is_none() && change.new.is_none() {
                    return None;
                }
                change
            }};
        }
        Some(match object {
            Object::Pod(pod) => CacheChange::Pod(self.pods.apply(pod, present, &mut self.nodes)?),
            Object::Node(node) => {
                let (id, change) = self.nodes.apply(node, present)?;
                CacheChange::Node(id, change)
            }
            Object::DaemonSet(ds) => CacheChange::DaemonSet(put!(self.daemonsets, ds)),
            Object::ControllerRevision(revision) => {
                CacheChange::ControllerRevision(put!(self.revisions, revision))
            }
            Object::Lease(lease) => CacheChange::Lease(put!(self.leases, lease)),
            Object::Other(other) => {
                let index = self.others.entry(other.kind).or_default();
                CacheChange::Other(other.kind, put!(*index, other))
            }
            Object::Event(_) => return None,
        })
    }

    /// The events that lead from the cache to what a list says, in the list's order, then what is gone.
    ///
    /// Kubernetes: tools/cache/delta_fifo.go, Replace.
    pub fn replace(&self, kind: Kind, objects: Vec<Object>) -> Vec<WatchEvent> {
        let mut events = Vec::new();
        let mut gone = self.cached(kind);
        for object in objects {
            let Some(meta) = object.meta() else { continue };
            let cached = gone.remove(&Key::of(meta));
            let Some(old) = cached else {
                events.push(WatchEvent::Added(object));
                continue;
            };
            let (uid, version) = old.meta().map(identity).unwrap_or_default();
            if (uid, version) == identity(meta) {
                continue;
            }
            if uid == meta.uid {
                events.push(WatchEvent::Modified(object));
            } else {
                events.push(WatchEvent::Deleted(old));
                events.push(WatchEvent::Added(object));
            }
        }
        events.extend(gone.into_values().map(WatchEvent::Deleted));
        events
    }

    /// The watches have ended: this process hears of no more renewals of leases. Returns those that
    /// were, as they were; what was sent within `delay` has not arrived.
    pub fn freeze_leases(&mut self, now: Time, delay: Duration) -> Vec<Rc<Lease>> {
        let mut before = Vec::new();
        for lease in self.leases.values_mut().filter(|l| matches!(l.renewal, Renewal::Every { .. })) {
            before.push(lease.clone());
            let last = lease.renewal.last(now - delay);
            Rc::make_mut(lease).renewal = Renewal::At(last);
        }
        before
    }

    /// All cached objects of a kind.
    fn cached(&self, kind: Kind) -> SortedMap<Key, Object> {
        fn wrap<T>(index: &Index<T>, object: fn(Rc<T>) -> Object) -> SortedMap<Key, Object> {
            index.iter().map(|(key, rc)| (key.clone(), object(rc.clone()))).collect()
        }
        match kind {
            Kind::Pod => {
                let pods = self.pods.serials().into_iter().filter_map(|serial| self.pods.get(serial));
                pods.map(|pod| (Key::of(&pod.meta), Object::Pod(pod.clone()))).collect()
            }
            Kind::Node => {
                let nodes = self.nodes.iter().map(|(_, node)| node);
                nodes.map(|node| (Key::of(&node.meta), Object::Node(node.clone()))).collect()
            }
            Kind::DaemonSet => wrap(&self.daemonsets, Object::DaemonSet),
            Kind::ControllerRevision => wrap(&self.revisions, Object::ControllerRevision),
            Kind::Lease => wrap(&self.leases, Object::Lease),
            Kind::Event => SortedMap::new(),
            kind => self.others.get(&kind).map(|index| wrap(index, Object::Other)).unwrap_or_default(),
        }
    }
}

fn identity(meta: &ObjectMeta) -> (api::meta::Uid, u64) {
    (meta.uid, meta.resource_version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::meta::Uid;

    fn node(name: &str, uid: u64, version: u64) -> Object {
        let mut node = Node::from_value(&serde_json::json!({"metadata": {"name": name}}));
        node.meta.uid = Uid { high: 0, low: uid };
        node.meta.resource_version = version;
        Object::Node(Rc::new(node))
    }

    fn told(events: &[WatchEvent]) -> Vec<String> {
        let name = |event: &WatchEvent| match event {
            WatchEvent::Added(o) => format!("+{}", o.key().name),
            WatchEvent::Modified(o) => format!("~{}", o.key().name),
            WatchEvent::Deleted(o) => format!("-{}", o.key().name),
        };
        events.iter().map(name).collect()
    }

    #[test]
    fn a_new_list_says_what_was_missed() {
        let mut caches = Caches::default();
        let first = vec![node("a", 1, 1), node("b", 2, 2), node("c", 3, 3), node("d", 4, 4)];
        let events = caches.replace(Kind::Node, first);
        assert_eq!(told(&events), ["+a", "+b", "+c", "+d"]);
        events.iter().for_each(|event| drop(caches.apply(event)));
        let second = vec![node("a", 1, 1), node("b", 2, 5), node("c", 9, 6), node("e", 10, 7)];
        let events = caches.replace(Kind::Node, second);
        assert_eq!(told(&events), ["~b", "-c", "+c", "+e", "-d"]);
        events.iter().for_each(|event| drop(caches.apply(event)));
        assert_eq!(caches.nodes.iter().count(), 4);
    }
}

//! etcd as the API server sees it: typed tables, one revision for all, an index by name.

mod events;
mod lately;
mod order;

use std::rc::Rc;

use hashbrown::HashTable;

use api::daemonset::{ControllerRevision, DaemonSet};
use api::event::EventDraft;
use api::meta::{Name, ObjectMeta, Uid};
use api::node::{Lease, Node};
use api::object::{Key, Kind, Object, Other};
use api::pod::{Pod, PodCondition, PodStatus};
use events::EventTable;
use lately::Lately;
use sim::index::fixed_hash;
use sim::order::SortShared;
use sim::rng::mix;
use sim::{NameIndex, SerialMap, SortedMap};
use wire::WatchEvent;

/// What a table needs to know of its objects.
pub trait Stored: Clone {
    /// Its metadata.
    fn meta(&self) -> &ObjectMeta;
    /// Its metadata, to be changed.
    fn meta_mut(&mut self) -> &mut ObjectMeta;
}

macro_rules! stored {
    ($($kind:ty),*) => { $(impl Stored for $kind {
        fn meta(&self) -> &ObjectMeta { &self.meta }
        fn meta_mut(&mut self) -> &mut ObjectMeta { &mut self.meta }
    })* };
}
stored!(Pod, Node, DaemonSet, ControllerRevision, Lease, Other);

/// All objects of one kind: in order of creation, and by name.
#[derive(Clone, Debug)]
pub struct Table<T> {
    by_serial: SerialMap<Rc<T>>,
    /// Serials by namespace and name, each with the hash of these, so that a table that grows does not look at
    /// the objects again; only ever looked up, never walked.
    names: HashTable<(u32, u32)>,
    next_serial: u32,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { by_serial: SerialMap::default(), names: HashTable::new(), next_serial: 1 }
    }
}

/// What is kept of a name's hash.
fn name_tag(namespace: &str, name: &str) -> u32 {
    fixed_hash(&[namespace, name]) as u32
}

impl<T: Stored> Table<T> {
    /// Whether there is no object.
    pub fn is_empty(&self) -> bool {
        self.by_serial.is_empty()
    }

    /// All objects, in order of creation.
    pub fn iter(&self) -> impl Iterator<Item = &Rc<T>> {
        self.by_serial.values()
    }

    /// The object with this serial, if it exists.
    pub fn by_serial(&self, serial: u32) -> Option<&Rc<T>> {
        self.by_serial.get(serial)
    }

    fn serial_of(&self, namespace: &str, name: &str) -> Option<u32> {
        let tag = name_tag(namespace, name);
        let same = |(have, serial): &(u32, u32)| {
            *have == tag
                && self.by_serial.get(*serial).is_some_and(|object| {
                    let meta = object.meta();
                    *meta.name == *name && **meta.namespace() == *namespace
                })
        };
        self.names.find(mix(u64::from(tag)), same).map(|(_, serial)| *serial)
    }

    /// Lets go of a few objects, as the whole table is given up.
    fn let_go(&mut self) -> bool {
        self.by_serial.drop_last_piece()
    }

    /// The object of this name, found in O(1).
    pub fn get(&self, namespace: &str, name: &str) -> Option<&Rc<T>> {
        self.by_serial.get(self.serial_of(namespace, name)?)
    }

    /// Adds an object whose name is free, and gives it its serial.
    fn insert(&mut self, mut object: Rc<T>) -> Rc<T> {
        let serial = self.next_serial;
        self.next_serial += 1;
        Rc::make_mut(&mut object).meta_mut().serial = serial;
        let tag = name_tag(object.meta().namespace(), &object.meta().name);
        self.by_serial.insert(serial, object.clone());
        self.names.insert_unique(mix(u64::from(tag)), (tag, serial), |(tag, _)| mix(u64::from(*tag)));
        object
    }

    fn replace(&mut self, object: Rc<T>) -> Rc<T> {
        self.by_serial.insert(object.meta().serial, object.clone());
        object
    }

    fn remove(&mut self, serial: u32) -> Option<Rc<T>> {
        let object = self.by_serial.remove(serial)?;
        let tag = name_tag(object.meta().namespace(), &object.meta().name);
        if let Ok(entry) = self.names.find_entry(mix(u64::from(tag)), |(_, other)| *other == serial) {
            entry.remove();
        }
        Some(object)
    }
}

/// The pods bound to each node, by serial, in order of binding.
#[derive(Clone, Debug, Default)]
struct PodsByNode {
    nodes: NameIndex,
    lists: Vec<Vec<u32>>,
}

impl PodsByNode {
    fn add(&mut self, node: &Name, serial: u32) {
        let at = self.nodes.get(node).unwrap_or_else(|| {
            let at = self.lists.len() as u32;
            self.lists.push(Vec::new());
            self.nodes.insert(node.clone(), at);
            at
        });
        self.lists[at as usize].push(serial);
    }

    fn remove(&mut self, node: &str, serial: u32) {
        if let Some(at) = self.nodes.get(node) {
            self.lists[at as usize].retain(|have| *have != serial);
        }
    }

    fn on(&self, node: &str) -> &[u32] {
        self.nodes.get(node).map_or(&[], |at| &self.lists[at as usize])
    }
}

/// One write, as watchers and the view learn of it.
#[derive(Clone, Debug)]
pub struct Change {
    /// The object before; `None` for a create.
    pub old: Option<Object>,
    /// The object after; `None` for a removal.
    pub new: Option<Object>,
    /// The store's revision after the write.
    pub revision: u64,
}

/// An object as it was last, with the revision of its removal.
fn at_revision(mut object: Object, revision: u64) -> Object {
    fn set<T: Stored + Clone>(object: &mut Rc<T>, revision: u64) {
        Rc::make_mut(object).meta_mut().resource_version = revision;
    }
    match &mut object {
        Object::Node(node) => set(node, revision),
        Object::Pod(pod) => set(pod, revision),
        Object::DaemonSet(ds) => set(ds, revision),
        Object::ControllerRevision(controller_revision) => set(controller_revision, revision),
        Object::Lease(lease) => set(lease, revision),
        Object::Other(other) => set(other, revision),
        Object::Event(_) => {}
    }
    object
}

/// The list of changes keeps room for so many between two steps.
const CHANGES_KEPT: usize = 64;

/// The storage. Every write raises [`Store::revision`] by one (API-002).
#[derive(Clone, Debug, Default)]
pub struct Store {
    revision: u64,
    /// Nodes.
    pub nodes: Table<Node>,
    /// Pods.
    pub pods: Table<Pod>,
    /// DaemonSets.
    pub daemonsets: Table<DaemonSet>,
    /// ControllerRevisions.
    pub revisions: Table<ControllerRevision>,
    /// Leases.
    pub leases: Table<Lease>,
    /// Events.
    pub events: EventTable,
    /// Kinds that are kept in API form.
    pub others: SortedMap<Kind, Table<Other>>,
    pods_by_node: PodsByNode,
    conditions: Lately<Vec<PodCondition>>,
    changes: Vec<Change>,
    /// Numbers of events that were written since the last look, and whether each is new.
    event_changes: Vec<(u32, bool)>,
    /// Nothing is written: a dry run is under way.
    pub(crate) dry: bool,
}

impl Store {
    /// The pods bound to a node, in order of binding. O(their number).
    pub fn pods_on<'a>(&'a self, node: &str) -> impl Iterator<Item = &'a Rc<Pod>> + use<'a> {
        let serials = self.pods_by_node.on(node).iter();
        serials.filter_map(|serial| self.pods.by_serial(*serial))
    }

    /// Lets go of a few objects, as the whole store is given up; false when none of the many is left.
    pub fn let_go(&mut self) -> bool {
        self.pods.let_go() || self.events.let_go() || self.nodes.let_go() || self.leases.let_go()
    }

    /// Lets a pod's status share its conditions with those of other pods.
    pub(crate) fn share_conditions(&mut self, status: &mut PodStatus) {
        if let Some(conditions) = status.conditions.shared() {
            let times = conditions.iter().fold(conditions.len() as u64, |hash, condition| {
                mix(hash ^ u64::from(condition.last_transition.0))
            });
            *conditions = self.conditions.share(conditions.clone(), times);
        }
    }

    /// Keeps the index of bound pods: a pod is bound once, at create or later, and never moves.
    fn index_pod(&mut self, old: Option<&Rc<Pod>>, new: Option<&Rc<Pod>>) {
        let node = |pod: Option<&Rc<Pod>>| pod.and_then(|pod| pod.node_name.clone());
        match (old, node(old), new, node(new)) {
            (_, None, Some(pod), Some(node)) => self.pods_by_node.add(&node, pod.meta.serial),
            (Some(pod), Some(node), None, _) => self.pods_by_node.remove(&node, pod.meta.serial),
            _ => {}
        }
    }

    /// How many writes there were; the resourceVersion of the latest.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The writes since the last call, in order.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// Gives the list of [`Store::take_changes`] back, to be filled again; a long one is rare and is dropped.
    pub fn reuse(&mut self, mut changes: Vec<Change>) {
        changes.clear();
        if self.changes.is_empty() && changes.capacity() <= CHANGES_KEPT {
            self.changes = changes;
        }
    }

    /// Whether something was written since [`Store::take_changes`].
    pub fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    /// The object of this kind and key, if it exists.
    pub fn get(&self, kind: Kind, key: &Key) -> Option<Object> {
        let (namespace, name) = (&*key.namespace, &*key.name);
        match kind {
            Kind::Node => self.nodes.get(namespace, name).cloned().map(Object::Node),
            Kind::Pod => self.pods.get(namespace, name).cloned().map(Object::Pod),
            Kind::DaemonSet => self.daemonsets.get(namespace, name).cloned().map(Object::DaemonSet),
            Kind::ControllerRevision => {
                self.revisions.get(namespace, name).cloned().map(Object::ControllerRevision)
            }
            Kind::Lease => self.leases.get(namespace, name).cloned().map(Object::Lease),
            Kind::Event => {
                let mut events = self.events.iter();
                let found = events.find(|event| event.draft.namespace() == namespace && event.name() == name);
                found.map(Object::Event)
            }
            Kind::Other(_) => self.others.get(&kind)?.get(namespace, name).cloned().map(Object::Other),
        }
    }

    /// All objects of a kind in order of namespace and name, as the API server lists them.
    pub fn list(&self, kind: Kind, namespace: Option<&str>) -> Vec<Object> {
        let mut objects: Vec<Object> = match kind {
            Kind::Node => self.nodes.iter().cloned().map(Object::Node).collect(),
            Kind::Pod => self.pods.iter().cloned().map(Object::Pod).collect(),
            Kind::DaemonSet => self.daemonsets.iter().cloned().map(Object::DaemonSet).collect(),
            Kind::ControllerRevision => {
                self.revisions.iter().cloned().map(Object::ControllerRevision).collect()
            }
            Kind::Lease => self.leases.iter().cloned().map(Object::Lease).collect(),
            Kind::Event => self.events.iter().map(Object::Event).collect(),
            Kind::Other(_) => {
                let table = self.others.get(&kind).into_iter();
                table.flat_map(Table::iter).cloned().map(Object::Other).collect()
            }
        };
        if let Some(namespace) = namespace {
            objects.retain(|object| match object {
                Object::Event(event) => event.draft.namespace() == namespace,
                object => object.meta().is_some_and(|meta| **meta.namespace() == *namespace),
            });
        }
        order::in_order(objects)
    }

    /// The objects of a kind that is kept in API form, of one namespace, in order of names.
    pub(crate) fn others_in(&self, kind: Option<Kind>, namespace: &str) -> Vec<Rc<Other>> {
        let all = kind.and_then(|kind| self.others.get(&kind)).into_iter().flat_map(Table::iter);
        let mut found: Vec<_> = all.filter(|other| **other.meta.namespace() == *namespace).cloned().collect();
        found.sort_shared_by(|one, other| one.meta.name.cmp(&other.meta.name));
        found
    }

    /// Stores a new object; its name must be free.
    pub fn insert(&mut self, mut object: Object) -> Object {
        if self.dry {
            return object;
        }
        self.revision += 1;
        let revision = self.revision;
        macro_rules! put {
            ($table:expr, $rc:expr) => {{
                let mut object = $rc;
                Rc::make_mut(&mut object).meta.resource_version = revision;
                $table.insert(object)
            }};
        }
        object = match object {
            Object::Node(node) => Object::Node(put!(self.nodes, node)),
            Object::Pod(pod) => Object::Pod(put!(self.pods, pod)),
            Object::DaemonSet(ds) => Object::DaemonSet(put!(self.daemonsets, ds)),
            Object::ControllerRevision(rev) => Object::ControllerRevision(put!(self.revisions, rev)),
            Object::Lease(lease) => Object::Lease(put!(self.leases, lease)),
            Object::Other(other) => {
                let table = self.others.entry(other.kind).or_default();
                Object::Other(put!(table, other))
            }
            // Events come through `put_event`.
            Object::Event(event) => Object::Event(event),
        };
        if let Object::Pod(pod) = &object {
            let pod = pod.clone();
            self.index_pod(None, Some(&pod));
        }
        self.changes.push(Change { old: None, new: Some(object.clone()), revision });
        object
    }

    /// The stored version of an object: by its serial if it has one, else by its name.
    fn stored(&self, object: &Object) -> Option<Object> {
        if let Object::Pod(pod) = object
            && let Some(old) = self.pod_by_serial(pod.meta.serial, pod.meta.uid)
        {
            return Some(Object::Pod(old.clone()));
        }
        self.get(object.kind(), &object.key())
    }

    /// A pod by its number, if it is still the one with this uid. O(1), without a look at its name.
    pub(crate) fn pod_by_serial(&self, serial: u32, uid: Uid) -> Option<&Rc<Pod>> {
        self.pods.by_serial(serial).filter(|pod| pod.meta.uid == uid)
    }

    /// Stores a newer version of an object that is there; its serial says which.
    ///
    /// A version that is the same but for its revision is not written (API-003): the stored one comes back.
    pub fn update(&mut self, object: Object) -> Object {
        let Some(old) = self.stored(&object).filter(|_| !self.dry) else { return object };
        let revision = self.revision + 1;
        macro_rules! put {
            ($table:expr, $rc:expr, $old:expr) => {{
                let mut rc = $rc;
                let new = Rc::make_mut(&mut rc);
                new.meta.resource_version = $old.meta.resource_version;
                new.meta.serial = $old.meta.serial;
                if *new == **$old {
                    return old;
                }
                new.meta.resource_version = revision;
                $table.replace(rc)
            }};
        }
        let new = match (object, &old) {
            (Object::Node(new), Object::Node(old)) => Object::Node(put!(self.nodes, new, old)),
            (Object::Pod(new), Object::Pod(old)) => Object::Pod(put!(self.pods, new, old)),
            (Object::DaemonSet(new), Object::DaemonSet(old)) => {
                Object::DaemonSet(put!(self.daemonsets, new, old))
            }
            (Object::ControllerRevision(new), Object::ControllerRevision(old)) => {
                Object::ControllerRevision(put!(self.revisions, new, old))
            }
            (Object::Lease(new), Object::Lease(old)) => Object::Lease(put!(self.leases, new, old)),
            (Object::Other(new), Object::Other(old)) => {
                Object::Other(put!(self.others.entry(old.kind).or_default(), new, old))
            }
            _ => return old,
        };
        self.revision = revision;
        if let (Object::Pod(old), Object::Pod(new)) = (&old, &new) {
            self.index_pod(Some(old), Some(new));
        }
        self.changes.push(Change { old: Some(old), new: Some(new.clone()), revision });
        new
    }

    /// Removes an object. Returns it as it was last, with the revision of its removal (API-018).
    pub fn remove(&mut self, kind: Kind, key: &Key) -> Option<Object> {
        let old = self.get(kind, key)?;
        if self.dry {
            return Some(old);
        }
        self.revision += 1;
        let revision = self.revision;
        let serial = old.meta().map_or(0, |meta| meta.serial);
        match kind {
            Kind::Node => self.nodes.remove(serial).is_some(),
            Kind::Pod => self.pods.remove(serial).is_some(),
            Kind::DaemonSet => self.daemonsets.remove(serial).is_some(),
            Kind::ControllerRevision => self.revisions.remove(serial).is_some(),
            Kind::Lease => self.leases.remove(serial).is_some(),
            Kind::Event => false,
            Kind::Other(_) => self.others.get_mut(&kind).is_some_and(|table| table.remove(serial).is_some()),
        };
        if let Object::Pod(pod) = &old {
            self.index_pod(Some(pod), None);
        }
        let last = at_revision(old, revision);
        self.changes.push(Change { old: Some(last.clone()), new: None, revision });
        Some(last)
    }

    /// Records an event, or raises the count of the one it repeats.
    pub fn put_event(&mut self, draft: EventDraft) {
        if self.dry {
            return;
        }
        self.revision += 1;
        let change = self.events.put(draft, self.revision);
        self.event_changes.push(change);
    }

    /// The events written since the last call, in order, if somebody wants them.
    pub fn take_event_changes(&mut self, wanted: bool) -> Vec<WatchEvent> {
        if !wanted {
            self.event_changes.clear();
            return Vec::new();
        }
        let changes = std::mem::take(&mut self.event_changes);
        let told = |(serial, fresh)| {
            let event = Object::Event(self.events.get(serial)?);
            Some(if fresh { WatchEvent::Added(event) } else { WatchEvent::Modified(event) })
        };
        changes.into_iter().filter_map(told).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::meta::ObjectMeta;

    fn other(name: &str) -> Object {
        let kind = Kind::of("v1", "ConfigMap").unwrap();
        let raw = Rc::new(serde_json::json!({"data": {"a": "b"}}));
        Object::Other(Rc::new(Other { kind, meta: ObjectMeta::new("default", name), raw }))
    }

    fn revisions(store: &mut Store) -> Vec<(u64, bool, bool)> {
        store.take_changes().iter().map(|c| (c.revision, c.old.is_some(), c.new.is_some())).collect()
    }

    #[test]
    fn api_002_every_write_raises_the_one_revision() {
        let mut store = Store::default();
        let a = store.insert(other("a"));
        let b = store.insert(other("b"));
        assert_eq!((a.meta().unwrap().resource_version, b.meta().unwrap().resource_version), (1, 2));
        store.remove(a.kind(), &a.key());
        assert_eq!(revisions(&mut store), [(1, false, true), (2, false, true), (3, true, false)]);
        assert_eq!(store.list(a.kind(), Some("default")).len(), 1);
    }

    #[test]
    fn api_003_a_write_that_changes_nothing_is_not_performed() {
        let mut store = Store::default();
        let a = store.insert(other("a"));
        store.take_changes();
        assert_eq!(store.update(a.clone()), a);
        assert_eq!(store.revision(), 1);
        assert!(!store.has_changes());
    }

    #[test]
    fn names_are_found_after_many_removals() {
        let mut store = Store::default();
        for n in 0..500 {
            store.insert(other(&format!("x{n}")));
        }
        let kind = other("x").kind();
        for n in (0..500).step_by(2) {
            assert!(store.remove(kind, &Key::new("default", &format!("x{n}"))).is_some());
        }
        for n in 0..500 {
            let found = store.get(kind, &Key::new("default", &format!("x{n}"))).is_some();
            assert_eq!(found, n % 2 == 1, "x{n}");
        }
    }
}

//! Any object: its kind, its key, its two forms.

use std::rc::Rc;

use serde_json::{Value, json};

use super::daemonset::{ControllerRevision, DaemonSet};
use super::event::Event;
use super::meta::{Name, ObjectMeta};
use super::node::{Lease, Node};
use super::pod::Pod;
use super::schema::{self, KindInfo};
use sim::{SortedMap, Time};

/// A kind of object. Those with a variant of their own are typed, since there may be very many of them or components
/// act on them at each step; all others are [`Kind::Other`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `v1` Node.
    Node,
    /// `v1` Pod.
    Pod,
    /// `apps/v1` DaemonSet.
    DaemonSet,
    /// `apps/v1` ControllerRevision.
    ControllerRevision,
    /// `coordination.k8s.io/v1` Lease.
    Lease,
    /// `v1` Event.
    Event,
    /// Any other built-in kind: its index in the schema.
    Other(u16),
}

impl Kind {
    /// The kind of an apiVersion and kind as a manifest writes them.
    pub fn of(api_version: &str, kind: &str) -> Option<Kind> {
        schema::kind(api_version, kind).map(Kind::from_info)
    }

    /// The kind that a row of the schema describes.
    pub fn from_info(info: &'static KindInfo) -> Kind {
        match (info.group, info.kind) {
            ("", "Node") => Kind::Node,
            ("", "Pod") => Kind::Pod,
            ("apps", "DaemonSet") => Kind::DaemonSet,
            ("apps", "ControllerRevision") => Kind::ControllerRevision,
            ("coordination.k8s.io", "Lease") => Kind::Lease,
            ("", "Event") => Kind::Event,
            _ => Kind::Other(info.index),
        }
    }

    /// The kind's row in the schema.
    pub fn info(self) -> &'static KindInfo {
        let known = |api_version, kind| schema::kind(api_version, kind);
        let found = match self {
            Kind::Node => known("v1", "Node"),
            Kind::Pod => known("v1", "Pod"),
            Kind::DaemonSet => known("apps/v1", "DaemonSet"),
            Kind::ControllerRevision => known("apps/v1", "ControllerRevision"),
            Kind::Lease => known("coordination.k8s.io/v1", "Lease"),
            Kind::Event => known("v1", "Event"),
            Kind::Other(index) => schema::by_index(index),
        };
        found.expect("every Kind comes from the schema")
    }

    /// The kind's name: `Pod`.
    pub fn name(self) -> &'static str {
        self.info().kind
    }

    /// Its group and version: `apps/v1`.
    pub fn api_version(self) -> &'static str {
        self.info().api_version
    }

    /// Plural with group, as errors name it: `daemonsets.apps`, `pods` (API-011).
    pub fn resource(self) -> &'static str {
        &self.info().resource
    }

    /// Whether its objects lie in namespaces.
    pub fn is_namespaced(self) -> bool {
        self.info().namespaced
    }
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Which object: namespace (empty for kinds without one) and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Key {
    /// The namespace; empty for kinds without one.
    pub namespace: Name,
    /// The name.
    pub name: Name,
}

impl Key {
    /// A key of these parts.
    pub fn new(namespace: &str, name: &str) -> Key {
        Key { namespace: namespace.into(), name: name.into() }
    }

    /// The key of the object with this metadata.
    pub fn of(meta: &ObjectMeta) -> Key {
        Key { namespace: meta.namespace().clone(), name: meta.name.clone() }
    }

    /// What stands before all keys of a namespace.
    pub fn first_in(namespace: &Name) -> Key {
        Key { namespace: namespace.clone(), name: Name::default() }
    }
}

/// The entries of one namespace, in order.
pub fn in_namespace<'m, V>(
    map: &'m SortedMap<Key, V>,
    namespace: &Name,
) -> impl Iterator<Item = (&'m Key, &'m V)> + use<'m, V> {
    let first = Key::first_in(namespace);
    let namespace = namespace.clone();
    map.range(first..).take_while(move |(key, _)| key.namespace == namespace)
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &*self.namespace {
            "" => write!(f, "{}", self.name),
            namespace => write!(f, "{namespace}/{}", self.name),
        }
    }
}

/// An object on which no component acts: its metadata, and the rest as it was written.
#[derive(Clone, Debug)]
pub struct Other {
    /// Which kind.
    pub kind: Kind,
    /// Its metadata.
    pub meta: ObjectMeta,
    /// The whole object in API form; its metadata is stale, `meta` counts.
    pub raw: Rc<Value>,
}

/// What an object holds beside its metadata.
fn content(raw: &Value) -> impl Iterator<Item = (&String, &Value)> {
    raw.as_object().into_iter().flatten().filter(|(name, _)| *name != "metadata")
}

impl PartialEq for Other {
    /// The stale metadata in `raw` does not count.
    fn eq(&self, other: &Other) -> bool {
        let same_raw = || Rc::ptr_eq(&self.raw, &other.raw) || content(&self.raw).eq(content(&other.raw));
        self.kind == other.kind && self.meta == other.meta && same_raw()
    }
}

/// Any stored object. Cloning it is cheap.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    /// A Node.
    Node(Rc<Node>),
    /// A Pod.
    Pod(Rc<Pod>),
    /// A DaemonSet.
    DaemonSet(Rc<DaemonSet>),
    /// A ControllerRevision.
    ControllerRevision(Rc<ControllerRevision>),
    /// A Lease.
    Lease(Rc<Lease>),
    /// An Event.
    Event(Rc<Event>),
    /// An object of any other kind, in API form.
    Other(Rc<Other>),
}

impl Object {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Object::Node(_) => Kind::Node,
            Object::Pod(_) => Kind::Pod,
            Object::DaemonSet(_) => Kind::DaemonSet,
            Object::ControllerRevision(_) => Kind::ControllerRevision,
            Object::Lease(_) => Kind::Lease,
            Object::Event(_) => Kind::Event,
            Object::Other(other) => other.kind,
        }
    }

    /// The metadata; `None` for events, which have none of their own.
    pub fn meta(&self) -> Option<&ObjectMeta> {
        match self {
            Object::Node(node) => Some(&node.meta),
            Object::Pod(pod) => Some(&pod.meta),
            Object::DaemonSet(ds) => Some(&ds.meta),
            Object::ControllerRevision(revision) => Some(&revision.meta),
            Object::Lease(lease) => Some(&lease.meta),
            Object::Event(_) => None,
            Object::Other(other) => Some(&other.meta),
        }
    }

    /// Its namespace and name.
    pub fn key(&self) -> Key {
        match self {
            Object::Event(event) => Key::new(event.draft.namespace(), &event.name()),
            object => object.meta().map(Key::of).unwrap_or_default(),
        }
    }

    /// Reads an object in API form, already decoded and defaulted.
    pub fn from_value(kind: Kind, value: &Value) -> Object {
        match kind {
            Kind::Node => Object::Node(Rc::new(Node::from_value(value))),
            Kind::Pod => Object::Pod(Rc::new(Pod::from_value(value))),
            Kind::DaemonSet => Object::DaemonSet(Rc::new(DaemonSet::from_value(value))),
            Kind::ControllerRevision => {
                Object::ControllerRevision(Rc::new(ControllerRevision::from_value(value)))
            }
            // A lease or an event that a user writes by hand is stored like any other object.
            Kind::Lease | Kind::Event | Kind::Other(_) => Object::Other(Rc::new(Other {
                kind,
                meta: ObjectMeta::from_value(&value["metadata"]),
                raw: Rc::new(value.clone()),
            })),
        }
    }

    /// The object in API form. `now` only matters to leases, whose renewals are arithmetic.
    pub fn to_value(&self, now: Time) -> Value {
        match self {
            Object::Node(node) => node.to_value(),
            Object::Pod(pod) => pod.to_value(),
            Object::DaemonSet(ds) => ds.to_value(),
            Object::ControllerRevision(revision) => revision.to_value(),
            Object::Lease(lease) => lease.to_value(now),
            Object::Event(event) => event.to_value(),
            Object::Other(other) => {
                let mut value = (*other.raw).clone();
                value["metadata"] = other.meta.to_value();
                value["apiVersion"] = json!(other.kind.api_version());
                value["kind"] = json!(other.kind.name());
                value
            }
        }
    }
}

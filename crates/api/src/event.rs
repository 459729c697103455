//! Events: many, small, and gone after an hour.

use std::rc::Rc;

use serde_json::{Value, json};

use super::human_duration::go_duration;
use super::meta::{Name, ObjectMeta, Uid};
use super::object::Kind;
use super::pod::{CONFIG_MIRROR, CONFIG_SOURCE};
use sim::{Duration, Time};

/// How long the API server keeps an event.
pub const EVENT_TTL: Duration = Duration::from_secs(3600);

/// What the message of similar events that were combined begins with.
///
/// Kubernetes: staging/src/k8s.io/client-go/tools/record/events_cache.go, EventAggregatorByReasonMessageFunc.
pub const COMBINED: &str = "(combined from similar events): ";

/// The object that an event is about. All events of one object share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectRef {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace; empty for kinds without one.
    pub namespace: Name,
    /// Its name.
    pub name: Name,
    /// Its uid.
    pub uid: Uid,
    /// A static pod itself, not its mirror: its uid is a hash.
    pub is_static_pod: bool,
}

impl ObjectRef {
    /// A reference to an object.
    pub fn new(kind: Kind, namespace: Name, name: Name, uid: Uid) -> ObjectRef {
        ObjectRef { kind, namespace, name, uid, is_static_pod: false }
    }

    /// A reference to the object of this kind and metadata.
    pub fn of(kind: Kind, meta: &ObjectMeta) -> Rc<ObjectRef> {
        let about = ObjectRef::new(kind, meta.namespace().clone(), meta.name.clone(), meta.uid);
        let from_api = meta.annotation(CONFIG_SOURCE).is_none_or(|source| source == "api");
        let is_static_pod = kind == Kind::Pod && !from_api && meta.annotation(CONFIG_MIRROR).is_none();
        Rc::new(ObjectRef { is_static_pod, ..about })
    }

    /// The uid as events carry it. A kubelet takes its node's name for the node's.
    pub fn uid_text(&self) -> String {
        match self.kind {
            Kind::Node if self.uid == Uid::from_text(&self.name) => self.name.to_string(),
            _ if self.is_static_pod => self.uid.hex(),
            _ => self.uid.to_string(),
        }
    }
}

/// What an event says. Sentences that differ only by the object they are about are not spelt out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Words that are known beforehand.
    Static(&'static str),
    /// Words made for the case.
    Text(Name),
    /// `Successfully assigned {namespace}/{pod} to {node}` (SCH-020).
    Assigned(Name),
    /// `Pulling image "{image}"` (KL-052).
    Pulling(Name),
    /// `Container image "{image}" already present on machine and can be accessed by the pod` (KL-053).
    Present(Name),
    /// An image was pulled; there may be one for every pod.
    Pulled(Rc<Pulled>),
}

/// `Successfully pulled image "{image}" in {took} ({waited} including waiting). Image size: {size} bytes.`
///
/// Kubernetes: pkg/kubelet/images/image_manager.go, pullImage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// The image.
    pub image: Name,
    /// How long the pull took.
    pub took: Duration,
    /// From the request on.
    pub waited: Duration,
    /// Bytes.
    pub size: u64,
}

/// Who says it: the component, and the node it runs on if it is a kubelet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSource {
    /// `kubelet`, `daemonset-controller` …
    pub component: &'static str,
    /// The node, where each has such a component.
    pub host: Option<Name>,
}

/// An Event's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventType {
    /// Nothing is wrong.
    Normal,
    /// Something is wrong.
    Warning,
}

/// What a component tells its recorder: an event before the API server has given it name and revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventDraft {
    /// What it is about.
    pub regarding: Rc<ObjectRef>,
    /// The container concerned, as `spec.containers{name}`.
    pub field_path: Option<Name>,
    /// Its type.
    pub kind: EventType,
    /// One word in camel case: `FailedScheduling`.
    pub reason: &'static str,
    /// What a person reads.
    pub message: Message,
    /// Who says it.
    pub source: Rc<EventSource>,
    /// How often it has happened; from 2 on the recorder updates the event that is there.
    pub count: u32,
    /// When it was said first.
    pub first: Time,
    /// When it was said last.
    pub last: Time,
}

/// A stored event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The storage's own number, in order of creation.
    pub serial: u32,
    /// The store's revision of its last write.
    pub resource_version: u64,
    /// What it says.
    pub draft: EventDraft,
}

impl EventDraft {
    /// The message in full.
    pub fn message(&self) -> String {
        match &self.message {
            Message::Static(text) => (*text).to_owned(),
            Message::Text(text) => text.to_string(),
            Message::Assigned(node) => {
                let about = &*self.regarding;
                format!("Successfully assigned {}/{} to {node}", about.namespace, about.name)
            }
            Message::Pulled(pulled) => format!(
                "Successfully pulled image \"{}\" in {} ({} including waiting). Image size: {} bytes.",
                pulled.image,
                go_duration(pulled.took),
                go_duration(pulled.waited),
                pulled.size,
            ),
            Message::Pulling(image) => format!("Pulling image \"{image}\""),
            Message::Present(image) => {
                format!(
                    "Container image \"{image}\" already present on machine and can be accessed by the pod"
                )
            }
        }
    }

    /// The name that its Event object would have, before the storage has made sure that there is no other.
    pub fn object_name(&self) -> String {
        format!("{}.{:x}", self.regarding.name, self.first.0.wrapping_mul(1000))
    }

    /// Whether its type is Warning.
    pub fn is_warning(&self) -> bool {
        self.kind == EventType::Warning
    }

    /// The namespace its Event object lies in: `default` for objects that have none.
    pub fn namespace(&self) -> &str {
        match &*self.regarding.namespace {
            "" => "default",
            namespace => namespace,
        }
    }
}

impl Event {
    /// `{object}.{hex}`: the hex is the first occurrence in nanoseconds, as client-go makes it.
    pub fn name(&self) -> String {
        let nanos = self.draft.first.0.wrapping_mul(1000).wrapping_add(u64::from(self.serial) % 1000);
        format!("{}.{nanos:x}", self.draft.regarding.name)
    }

    /// The object in API form.
    pub fn to_value(&self) -> Value {
        let draft = &self.draft;
        let about = &*draft.regarding;
        let mut involved = json!({
            "apiVersion": about.kind.api_version(), "kind": about.kind.name(), "name": &*about.name,
        });
        if about.uid != Uid::default() {
            involved["uid"] = json!(about.uid_text());
        }
        if !about.namespace.is_empty() {
            involved["namespace"] = json!(&*about.namespace);
        }
        if let Some(path) = &draft.field_path {
            involved["fieldPath"] = json!(&**path);
        }
        let mut source = json!({"component": draft.source.component});
        if let Some(host) = &draft.source.host {
            source["host"] = json!(&**host);
        }
        let uid = Uid::random(sim::rng::mix(u64::from(self.serial)), self.draft.first.0);
        json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {
                "name": self.name(), "namespace": draft.namespace(), "uid": uid.to_string(),
                "resourceVersion": self.resource_version.to_string(),
                "creationTimestamp": draft.first.stamp().to_string(),
            },
            "involvedObject": involved, "reason": draft.reason, "message": draft.message(),
            "source": source, "count": draft.count,
            "type": if draft.is_warning() { "Warning" } else { "Normal" },
            "firstTimestamp": draft.first.stamp().to_string(),
            "lastTimestamp": draft.last.stamp().to_string(),
            "eventTime": null,
            "reportingComponent": draft.source.component,
            "reportingInstance": draft.source.host.as_deref().unwrap_or(""),
        })
    }
}

//! What the parts say to each other, as plain values: requests, answers, watch events, wakes.
//!
//! A part never calls another. It is told something through its own methods, and answers by putting
//! effects into the [`Ctx`] it is given; the cluster carries them out after the link's delay.

use std::rc::Rc;

use serde_json::Value;

use api::event::{EventDraft, EventSource, EventType, Message, ObjectRef};
use api::meta::{Name, ObjectMeta, OwnerReference, Uid};
use api::object::{Key, Kind, Object};
use api::pod::{Phase, PodCondition, PodStatus};
use api::status_error::StatusError;
use api::toleration::Taint;
use sim::{Duration, Rng, Time};

/// A node's computer, by its number; numbers are never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MachineId(pub u32);

/// A part of the cluster that sends and receives messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Whoever sits at the keyboard: kubectl.
    User,
    ApiServer,
    Etcd,
    ControllerManager,
    Scheduler,
    Kubelet(MachineId),
}

/// What a part wrote on its request to recognise the answer by. `tag` names one of its own purposes;
/// [`Token::NONE`] says that no answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token {
    pub tag: u16,
    pub value: u64,
}

impl Token {
    pub const NONE: Token = Token { tag: 0, value: 0 };
}

/// What a part asked to be reminded of. `tag` names one of its own purposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timer {
    pub tag: u16,
    pub value: u64,
}

/// How the API server treats unknown fields (API-034, API-035).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FieldValidation {
    #[default]
    Strict,
    Warn,
    Ignore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Propagation {
    #[default]
    Background,
    Foreground,
    Orphan,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Seconds; `None` leaves it to the pod's own terminationGracePeriodSeconds.
    pub grace_seconds: Option<i64>,
    pub propagation: Propagation,
    /// Delete only the object with this uid.
    pub uid: Option<Uid>,
}

/// A change to an object that is there.
#[derive(Clone, Debug, PartialEq)]
pub enum Patch {
    /// RFC 7386 on the API form; `null` removes.
    Merge(Rc<Value>),
    /// Kubernetes' strategic merge on the API form: lists with a merge key are merged by it.
    Strategic(Rc<Value>),
    /// Adds or removes the controller reference: adoption and release (DS-039, DS-040).
    Owner { add: Option<Box<OwnerReference>>, remove: Option<Uid> },
    /// Adds taints, and removes those with the key and effect of others (ND-015…018).
    Taints { add: Vec<Taint>, remove: Vec<Taint> },
    /// Sets a pod's phase and one of its conditions, and leaves the rest of its status (ND-027, ND-031).
    PodStatus { phase: Option<Phase>, condition: Option<PodCondition> },
}

/// Which pod a call is about: its name, and the uid that it must have.
#[derive(Clone, Debug, PartialEq)]
pub struct PodId {
    pub key: Key,
    pub uid: Uid,
    /// The storage's number of the pod, by which it is found faster; 0 if the caller does not know it.
    pub serial: u32,
}

impl PodId {
    pub fn of(meta: &ObjectMeta) -> PodId {
        PodId { key: Key::of(meta), uid: meta.uid, serial: meta.serial }
    }
}

/// One call of the API.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    Get {
        kind: Kind,
        key: Key,
    },
    /// All of a kind, in one namespace or (`None`) everywhere, in order of namespace and name.
    List {
        kind: Kind,
        namespace: Option<Name>,
    },
    /// Creates an object as a person wrote it: it is decoded, defaulted, admitted and validated.
    Post {
        kind: Kind,
        namespace: Name,
        body: Rc<Value>,
        validation: FieldValidation,
    },
    /// Creates an object that a component made. A name that ends in `-` after `generate_name` is completed.
    Create(Object),
    /// Replaces an object; with a resourceVersion other than 0 only if it is still that one (API-009).
    Put {
        kind: Kind,
        key: Key,
        body: Rc<Value>,
        validation: FieldValidation,
    },
    /// Replaces a whole object by a component's version of it, under the same condition.
    Update(Object),
    /// Replaces the status only (API-006), under the same condition.
    UpdateStatus(Object),
    Patch {
        kind: Kind,
        key: Key,
        uid: Option<Uid>,
        patch: Patch,
        validation: FieldValidation,
    },
    /// A kubelet's (or a controller's) word on a pod; refused if the pod has another uid by now.
    PatchPodStatus {
        pod: PodId,
        status: Box<PodStatus>,
    },
    Delete {
        kind: Kind,
        key: Key,
        options: DeleteOptions,
    },
    /// The scheduler's decision (SCH-020).
    Bind {
        pod: PodId,
        node: Name,
    },
    /// An Eviction: a delete that minds disruption budgets (ND-041).
    Evict {
        key: Key,
        grace_seconds: Option<i64>,
    },
    /// Records an event; one whose `count` is above 1 updates the earlier one of the same text.
    PostEvent(EventDraft),
    /// Claims or renews a lease; from then on it counts as renewed every `period` until [`Call::StopLease`]
    /// or until the holder's link to the API server ends.
    HoldLease {
        key: Key,
        holder: Name,
        duration: Duration,
        period: Duration,
        owner: Option<Box<OwnerReference>>,
    },
    /// Gives a lease up, if it is still the holder's.
    ReleaseLease {
        key: Key,
        holder: Name,
    },
    /// The same up to the write, which is left out.
    DryRun(Box<Call>),
}

impl Call {
    /// The verb as audit logs and pictures name it.
    pub fn verb(&self) -> &'static str {
        match self {
            Call::Get { .. } => "get",
            Call::List { .. } => "list",
            Call::Post { .. } | Call::Create(_) | Call::PostEvent(_) => "create",
            Call::Put { .. } | Call::Update(_) | Call::HoldLease { .. } | Call::ReleaseLease { .. } => {
                "update"
            }
            Call::UpdateStatus(_) => "update status",
            Call::PatchPodStatus { .. } | Call::Patch { patch: Patch::PodStatus { .. }, .. } => {
                "patch status"
            }
            Call::Patch { .. } => "patch",
            Call::Delete { .. } => "delete",
            Call::Bind { .. } => "bind",
            Call::Evict { .. } => "evict",
            Call::DryRun(call) => call.verb(),
        }
    }

    pub fn kind(&self) -> Kind {
        match self {
            Call::Get { kind, .. }
            | Call::List { kind, .. }
            | Call::Post { kind, .. }
            | Call::Put { kind, .. }
            | Call::Patch { kind, .. }
            | Call::Delete { kind, .. } => *kind,
            Call::Create(object) | Call::Update(object) | Call::UpdateStatus(object) => object.kind(),
            Call::PatchPodStatus { .. } | Call::Bind { .. } | Call::Evict { .. } => Kind::Pod,
            Call::PostEvent(_) => Kind::Event,
            Call::HoldLease { .. } | Call::ReleaseLease { .. } => Kind::Lease,
            Call::DryRun(call) => call.kind(),
        }
    }
}

/// What a call brings when it succeeds.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The object as it is now (for a delete: as it was last, or as it is while it terminates).
    Object(Object),
    List(Vec<Object>),
    Done,
}

impl Reply {
    pub fn object(&self) -> Option<&Object> {
        match self {
            Reply::Object(object) => Some(object),
            _ => None,
        }
    }
}

/// Why a call brought nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum CallError {
    /// Nobody listens at the address: `connection refused` (CP-013).
    Refused,
    /// The way there is cut: no answer ever came (CP-014).
    TimedOut,
    /// The client would not wait any longer (`--request-timeout`).
    Canceled,
    /// The API server said no.
    Status(Box<StatusError>),
}

/// An answer, with the `Warning:` headers it carried.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub result: Result<Reply, CallError>,
    pub warnings: Vec<String>,
}

impl Answer {
    pub fn ok(reply: Reply) -> Answer {
        Answer { result: Ok(reply), warnings: Vec::new() }
    }

    pub fn err(error: StatusError) -> Answer {
        Answer { result: Err(CallError::Status(Box::new(error))), warnings: Vec::new() }
    }

    /// The refusal of the API server, if it was one.
    pub fn status(&self) -> Option<&StatusError> {
        match &self.result {
            Err(CallError::Status(status)) => Some(status),
            _ => None,
        }
    }
}

/// What a watch says of one object (API-018).
#[derive(Clone, Debug, PartialEq)]
pub enum WatchEvent {
    Added(Object),
    Modified(Object),
    /// The object as it was last, with the revision of the deletion.
    Deleted(Object),
}

impl WatchEvent {
    pub fn object(&self) -> &Object {
        match self {
            WatchEvent::Added(object) | WatchEvent::Modified(object) | WatchEvent::Deleted(object) => object,
        }
    }
}

/// How grave a line of a log is; the first letter of its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Info,
    Error,
}

/// A line of a component's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    pub severity: Severity,
    /// The file and line of Kubernetes' source that writes it: `kubelet.go:3516`.
    pub place: &'static str,
    /// What follows the head: `"message" key="value"`.
    pub text: String,
}

/// A wish of a component; the cluster grants it.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send to the API server; it arrives after the link's delay.
    Request { call: Call, token: Token },
    /// Remind me then.
    Wake { at: Time, timer: Timer },
    /// A line in the component's own log (`journalctl -u kubelet`); never sent anywhere.
    Log(LogLine),
    /// Make my watches: I was waiting, and begin to act.
    Connect,
    /// My process ends.
    Exit { code: i32 },
}

/// Delays and periods that a session may set; the defaults are Kubernetes' own where it has any.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// One way between any part and the API server.
    pub link_delay: Duration,
    /// From creating a sandbox to its being ready (network included).
    pub sandbox_delay: Duration,
    /// Creating and starting one container.
    pub container_start_delay: Duration,
    /// Pulling an image that the node does not have.
    pub image_pull_delay: Duration,
    /// How long a program needs to end after SIGTERM.
    pub stop_delay: Duration,
    /// From a change of a file to the kubelet's hearing of it (inotify).
    pub file_event_delay: Duration,
    /// fileCheckFrequency of the kubelets (KL-002).
    pub file_check_frequency: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            link_delay: Duration::from_millis(200),
            sandbox_delay: Duration::from_millis(400),
            container_start_delay: Duration::from_millis(200),
            image_pull_delay: Duration::from_millis(1500),
            stop_delay: Duration::from_secs(1),
            file_event_delay: Duration::from_millis(100),
            file_check_frequency: Duration::from_secs(20),
        }
    }
}

/// What a component is given when it is told something: the present, chance, and a place for its wishes.
pub struct Ctx<'a> {
    pub now: Time,
    pub settings: &'a Settings,
    pub rng: &'a mut Rng,
    pub effects: &'a mut Vec<Effect>,
}

impl Ctx<'_> {
    pub fn request(&mut self, call: Call, token: Token) {
        self.effects.push(Effect::Request { call, token });
    }

    pub fn wake_at(&mut self, at: Time, timer: Timer) {
        self.effects.push(Effect::Wake { at, timer });
    }

    pub fn wake_after(&mut self, after: Duration, timer: Timer) {
        let at = self.now + after;
        self.wake_at(at, timer);
    }

    /// Writes a line of severity Info. `place` is the file and line of Kubernetes' source that writes it.
    pub fn info(&mut self, place: &'static str, text: impl Into<String>) {
        let line = LogLine { severity: Severity::Info, place, text: text.into() };
        self.effects.push(Effect::Log(line));
    }

    /// Writes a line of severity Error, as [`Ctx::info`] does.
    pub fn error(&mut self, place: &'static str, text: impl Into<String>) {
        let line = LogLine { severity: Severity::Error, place, text: text.into() };
        self.effects.push(Effect::Log(line));
    }

    /// Sends one event as it is. Components whose events repeat go through their recorder instead.
    pub fn post_event(
        &mut self,
        source: &Rc<EventSource>,
        regarding: &Rc<ObjectRef>,
        kind: EventType,
        reason: &'static str,
        message: Message,
    ) {
        let draft = EventDraft {
            regarding: regarding.clone(),
            field_path: None,
            kind,
            reason,
            message,
            source: source.clone(),
            count: 1,
            first: self.now,
            last: self.now,
        };
        self.request(Call::PostEvent(draft), Token::NONE);
    }
}

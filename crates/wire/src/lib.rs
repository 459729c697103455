//! What the parts say to each other, as plain values: requests, answers, watch events, wakes.
//!
//! A part never calls another. It is told something through its own methods, and answers by putting
//! effects into the [`Ctx`] it is given; the cluster carries them out after the link's delay.

mod component;
mod tokens;

use std::rc::Rc;

use serde_json::Value;

use api::event::{EventDraft, EventSource, EventType, Message, ObjectRef};
use api::field::go_quote;
use api::meta::{Name, ObjectMeta, OwnerReference, Uid};
use api::object::{Key, Kind, Object};
use api::pod::{Phase, PodCondition, PodStatus};
use api::status_error::{GroupResource, StatusError};
use api::toleration::Taint;
use sim::{Duration, Rng, Time};

pub use component::Component;
pub use tokens::{
    Controller, ControllerTimer, JobId, KubeletRequest, KubeletTimer, RuntimeTimer, SchedulerTimer, Timer,
    Token, UserProcess,
};

/// A node's computer, by its number; numbers are never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MachineId(pub u32);

/// A part of the cluster that sends and receives messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The person at the keyboard: kubectl.
    User,
    /// The API server's process.
    ApiServer,
    /// etcd's process, which only the API server talks to.
    Etcd,
    /// kube-controller-manager's process.
    ControllerManager,
    /// kube-scheduler's process.
    Scheduler,
    /// The kubelet of a node, by the node's computer.
    Kubelet(MachineId),
}

/// How the API server treats unknown fields (API-034, API-035).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FieldValidation {
    /// Refuses the object (`kubectl --validate=strict`, the default of kubectl).
    #[default]
    Strict,
    /// Takes the object and answers with a warning for each.
    Warn,
    /// Takes the object and says nothing.
    Ignore,
}

/// What becomes of the objects that an object owns when it is deleted (`--cascade`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Propagation {
    /// They are deleted after it.
    #[default]
    Background,
    /// They are deleted before it.
    Foreground,
    /// They stay, and lose their reference to it.
    Orphan,
}

/// How an object is deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Seconds; `None` leaves it to the pod's own terminationGracePeriodSeconds.
    pub grace_seconds: Option<i64>,
    /// What becomes of what it owns.
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
    /// The same of a pod, by its subresource ephemeralcontainers: nothing but these changes.
    EphemeralContainers(Rc<Value>),
    /// Adds or removes the controller reference: adoption and release (DS-039, DS-040).
    Owner {
        /// The reference to add.
        add: Option<Box<OwnerReference>>,
        /// The uid of the owner whose reference goes.
        remove: Option<Uid>,
    },
    /// Adds taints, and removes those with the key and effect of others (ND-015…018).
    Taints {
        /// Taints to add; one of the same key and effect is replaced.
        add: Vec<Taint>,
        /// Taints whose key and effect go.
        remove: Vec<Taint>,
    },
    /// Sets a pod's phase and one of its conditions, and leaves the rest of its status (ND-027, ND-031).
    PodStatus {
        /// The new phase; `None` leaves it.
        phase: Option<Phase>,
        /// The condition to set; `None` leaves all.
        condition: Option<PodCondition>,
    },
}

/// Which pod a call is about: its name, and the uid that it must have.
#[derive(Clone, Debug, PartialEq)]
pub struct PodId {
    /// The pod's namespace and name.
    pub key: Key,
    /// The uid it must have; a pod of the same name with another one is not meant.
    pub uid: Uid,
    /// The storage's number of the pod, by which it is found faster; 0 if the caller does not know it.
    pub serial: u32,
}

impl PodId {
    /// The pod with this metadata.
    pub fn of(meta: &ObjectMeta) -> PodId {
        PodId { key: Key::of(meta), uid: meta.uid, serial: meta.serial }
    }
}

/// Somebody who asks, as the API server knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// `jane`, `system:serviceaccount:default:robot`.
    pub name: String,
    /// Their groups, `system:authenticated` with them.
    pub groups: Vec<String>,
}

/// Something that somebody would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// `get`, `list`, `create` …
    pub verb: String,
    /// The API group; empty for the core group.
    pub group: String,
    /// The plural of the kind, or `*`.
    pub resource: String,
    /// `log`, `exec`; empty for the object itself.
    pub subresource: String,
    /// Empty for all namespaces, or for a kind without any.
    pub namespace: String,
    /// Empty for all objects.
    pub name: String,
    /// A path such as `/healthz`; empty where a resource is meant.
    pub path: String,
}

impl Access {
    /// `pods`, or `pods/log`.
    pub fn whole_resource(&self) -> String {
        match self.subresource.as_str() {
            "" => self.resource.clone(),
            subresource => format!("{}/{subresource}", self.resource),
        }
    }

    /// The refusal of it; `reason` is what else is wrong, mostly nothing.
    ///
    /// Kubernetes: apiserver/pkg/endpoints/handlers/responsewriters/errors.go, Forbidden.
    pub fn forbidden(&self, user: &User, reason: &str) -> StatusError {
        let place = match self.namespace.as_str() {
            "" => "at the cluster scope".to_owned(),
            namespace => format!("in the namespace {}", go_quote(namespace)),
        };
        let mut why = format!(
            "User {} cannot {} resource {} in API group {} {place}",
            go_quote(&user.name),
            self.verb,
            go_quote(&self.whole_resource()),
            go_quote(&self.group)
        );
        if !reason.is_empty() {
            why += &format!(": {reason}");
        }
        StatusError::forbidden(GroupResource::new(&self.group, &self.resource), &self.name, &why)
    }
}

/// What somebody asks about their own rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Review {
    /// Whether they may do this (SelfSubjectAccessReview).
    Access(Box<Access>),
    /// All they may do in a namespace (SelfSubjectRulesReview).
    Rules(Name),
}

/// One call of the API.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// One object as it is now.
    Get {
        /// Of which kind it is.
        kind: Kind,
        /// Its namespace and name.
        key: Key,
    },
    /// All of a kind, in one namespace or (`None`) everywhere, in order of namespace and name.
    List {
        /// Which kind.
        kind: Kind,
        /// Which namespace; `None`: all.
        namespace: Option<Name>,
    },
    /// Creates an object as a person wrote it: it is decoded, defaulted, admitted and validated.
    Post {
        /// The kind that the path names.
        kind: Kind,
        /// The namespace that the path names; empty for kinds without one.
        namespace: Name,
        /// The object in API form.
        body: Rc<Value>,
        /// How unknown fields are treated.
        validation: FieldValidation,
    },
    /// Creates an object that a component made. A name that ends in `-` after `generate_name` is completed.
    Create(Object),
    /// Replaces an object; with a resourceVersion other than 0 only if it is still that one (API-009).
    Put {
        /// The kind that the path names.
        kind: Kind,
        /// The object that is replaced.
        key: Key,
        /// The object in API form.
        body: Rc<Value>,
        /// How unknown fields are treated.
        validation: FieldValidation,
    },
    /// Replaces a whole object by a component's version of it, under the same condition.
    Update(Object),
    /// Replaces the status only (API-006), under the same condition.
    UpdateStatus(Object),
    /// Changes an object in place.
    Patch {
        /// Its kind.
        kind: Kind,
        /// Its namespace and name.
        key: Key,
        /// The uid that it must have; `None`: any.
        uid: Option<Uid>,
        /// What changes.
        patch: Patch,
        /// How unknown fields of the result are treated.
        validation: FieldValidation,
    },
    /// A pod's status as a kubelet (or a controller) reports it; refused if the pod has another uid.
    PatchPodStatus {
        /// Which pod.
        pod: PodId,
        /// Its whole new status.
        status: Box<PodStatus>,
    },
    /// Deletes an object, or begins its graceful end.
    Delete {
        /// Its kind.
        kind: Kind,
        /// Its namespace and name.
        key: Key,
        /// How.
        options: DeleteOptions,
    },
    /// The scheduler's decision (SCH-020).
    Bind {
        /// Which pod.
        pod: PodId,
        /// The node it is bound to.
        node: Name,
    },
    /// An Eviction: a delete that minds disruption budgets (ND-041).
    Evict {
        /// The pod.
        key: Key,
        /// Seconds that override the pod's own grace period; `None` leaves it.
        grace_seconds: Option<i64>,
    },
    /// Records an event; one whose `count` is above 1 updates the earlier one of the same text.
    PostEvent(EventDraft),
    /// Claims or renews a lease; from then on it counts as renewed every `period` until [`Call::ReleaseLease`]
    /// or until the holder's link to the API server ends.
    HoldLease {
        /// The lease.
        key: Key,
        /// Who claims it.
        holder: Name,
        /// How long it is good without being renewed.
        duration: Duration,
        /// How often the holder renews it.
        period: Duration,
        /// The owner of a lease that is made again: the node, for a kubelet's.
        owner: Option<Box<OwnerReference>>,
    },
    /// Gives a lease up, if it is still the holder's.
    ReleaseLease {
        /// The lease.
        key: Key,
        /// Who gives it up.
        holder: Name,
    },
    /// The same up to the write, which is left out.
    DryRun(Box<Call>),
    /// What the one who asks may do.
    Review(Review),
    /// The same in somebody's place: refused where RBAC does not allow it to them.
    As {
        /// In whose place.
        user: Rc<User>,
        /// What is asked.
        call: Box<Call>,
    },
}

impl Review {
    fn kind(&self) -> Kind {
        let name = match self {
            Review::Access(_) => "SelfSubjectAccessReview",
            Review::Rules(_) => "SelfSubjectRulesReview",
        };
        Kind::of("authorization.k8s.io/v1", name).unwrap_or(Kind::Node)
    }
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
            Call::Review(_) => "create",
            Call::DryRun(call) | Call::As { call, .. } => call.verb(),
        }
    }

    /// The kind of the object that the call is about.
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
            Call::Review(review) => review.kind(),
            Call::DryRun(call) | Call::As { call, .. } => call.kind(),
        }
    }
}

/// What a call brings when it succeeds.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The object as it is now (for a delete: as it was last, or as it is while it terminates).
    Object(Object),
    /// The objects, in order of namespace and name.
    List(Vec<Object>),
    /// The status of a review, in API form.
    Review(Value),
    /// It is done, and there is nothing to show.
    Done,
}

impl Reply {
    /// The object, where the reply is one.
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
    /// What the call brought, or why it brought nothing.
    pub result: Result<Reply, CallError>,
    /// The texts of the `Warning:` headers, in order.
    pub warnings: Vec<String>,
}

impl Answer {
    /// A call that succeeded, without warnings.
    pub fn ok(reply: Reply) -> Answer {
        Answer { result: Ok(reply), warnings: Vec::new() }
    }

    /// A refusal of the API server, without warnings.
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
    /// The object was created, or has become one that the watch asks for.
    Added(Object),
    /// The object was changed.
    Modified(Object),
    /// The object as it was last, with the revision of the deletion.
    Deleted(Object),
}

impl WatchEvent {
    /// The object that the event is about.
    pub fn object(&self) -> &Object {
        match self {
            WatchEvent::Added(object) | WatchEvent::Modified(object) | WatchEvent::Deleted(object) => object,
        }
    }
}

/// How grave a line of a log is; the first letter of its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Head `I`: what it does.
    Info,
    /// Head `E`: what went wrong.
    Error,
}

/// A line of a component's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How grave it is.
    pub severity: Severity,
    /// The file and line of Kubernetes' source that writes it: `kubelet.go:3516`.
    pub place: &'static str,
    /// What follows the head: `"message" key="value"`.
    pub text: String,
}

/// What a component asks for; the cluster carries it out.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send to the API server; it arrives after the link's delay.
    Request {
        /// What is asked.
        call: Call,
        /// What the answer comes with.
        token: Token,
    },
    /// Remind me then.
    Wake {
        /// When; a time that is past means now.
        at: Time,
        /// What to say then.
        timer: Timer,
    },
    /// A line in the component's own log (`journalctl -u kubelet`); never sent anywhere.
    Log(LogLine),
    /// Make my watches: I was waiting, and begin to act.
    Connect,
    /// My process ends.
    Exit {
        /// Its exit code.
        code: i32,
    },
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

/// What a component is given when it is told something: the present, chance, and a list for its effects.
pub struct Ctx<'a> {
    /// The present.
    pub now: Time,
    /// Delays and periods of the session.
    pub settings: &'a Settings,
    /// The component's own stream of chance.
    pub rng: &'a mut Rng,
    /// Its effects, in order.
    pub effects: &'a mut Vec<Effect>,
}

impl Ctx<'_> {
    /// Sends a call; its answer comes with the token, unless that is [`Token::None`].
    pub fn request(&mut self, call: Call, token: Token) {
        self.effects.push(Effect::Request { call, token });
    }

    /// Asks for a reminder at this time; one that is past comes now.
    pub fn wake_at(&mut self, at: Time, timer: Timer) {
        self.effects.push(Effect::Wake { at, timer });
    }

    /// Asks for a reminder after this span.
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
        self.request(Call::PostEvent(draft), Token::None);
    }
}

//! What the kubelet says: events on pods, on their containers, on its node.
//!
//! Most pods come up once, and their few events are sent as they are. What is said again (restarts,
//! back-offs, probes that fail) goes through a recorder, which counts. It is told first of what was said
//! without it, so that the second start of a container counts as the second.

use std::rc::Rc;

use super::Kubelet;
use super::workers::WorkerId;
use api::event::{EventDraft, EventType, Message, ObjectRef};
use api::field::go_quote;
use api::object::Kind;
use api::pod::Pod;
use api::status_error::StatusError;
use client::recorder::Recorder;
use sim::Time;
use wire::{Call, Ctx, Token};

/// The reference to a pod that its events carry.
pub(crate) fn pod_ref(pod: &Pod) -> Rc<ObjectRef> {
    ObjectRef::of(Kind::Pod, &pod.meta)
}

impl Kubelet {
    fn draft(
        &self,
        about: &Rc<ObjectRef>,
        kind: EventType,
        reason: &'static str,
        message: Message,
        at: Time,
    ) -> EventDraft {
        EventDraft {
            regarding: about.clone(),
            field_path: None,
            kind,
            reason,
            message,
            source: self.event_source.clone(),
            count: 1,
            first: at,
            last: at,
        }
    }

    fn recorder(&mut self) -> &mut Recorder {
        let source = &self.event_source;
        self.recorder.get_or_insert_with(|| Box::new(Recorder::of(source.clone())))
    }

    /// Says something that may be said again.
    pub(super) fn event(
        &mut self,
        about: &Rc<ObjectRef>,
        kind: EventType,
        reason: &'static str,
        message: Message,
        ctx: &mut Ctx,
    ) {
        let draft = self.draft(about, kind, reason, message, ctx.now);
        self.recorder().send(ctx, draft);
    }

    /// Says something that is said once in the life of its object.
    pub(super) fn event_once(
        &self,
        about: &Rc<ObjectRef>,
        kind: EventType,
        reason: &'static str,
        message: Message,
        ctx: &mut Ctx,
    ) {
        let draft = self.draft(about, kind, reason, message, ctx.now);
        ctx.request(Call::PostEvent(draft), Token::None);
    }

    /// The API server has refused an event.
    ///
    /// Kubernetes: client-go/tools/record/event.go, recordEvent.
    pub fn on_event_rejected(&mut self, event: &EventDraft, error: &StatusError, ctx: &mut Ctx) {
        if self.running {
            let (why, event) = (go_quote(&error.message), go_quote(&go_event(event, self.started)));
            let text = format!("\"Server rejected event (will not retry!)\" err={why} event={event}");
            ctx.error("event.go:359", text);
        }
    }

    fn about(&self, at: WorkerId) -> Rc<ObjectRef> {
        let worker = &self.workers[at];
        match &worker.work {
            Some(work) => work.about.clone(),
            None => pod_ref(&worker.pod),
        }
    }

    pub(super) fn pod_event(
        &mut self,
        at: WorkerId,
        kind: EventType,
        reason: &'static str,
        message: Message,
        ctx: &mut Ctx,
    ) {
        let about = self.about(at);
        self.event(&about, kind, reason, message, ctx);
    }

    fn container_draft(
        &self,
        at: WorkerId,
        index: usize,
        kind: EventType,
        reason: &'static str,
        message: Message,
        time: Time,
    ) -> EventDraft {
        let mut draft = self.draft(&self.about(at), kind, reason, message, time);
        let container = self.workers[at].pod.spec.containers.get(index);
        draft.field_path = container.map(|container| container.field_path.clone());
        draft
    }

    /// Says something about one container of a pod.
    pub(super) fn container_event(
        &mut self,
        at: WorkerId,
        index: usize,
        kind: EventType,
        reason: &'static str,
        message: Message,
        ctx: &mut Ctx,
    ) {
        let draft = self.container_draft(at, index, kind, reason, message, ctx.now);
        if kind == EventType::Normal && self.is_first_start(at, index) {
            return ctx.request(Call::PostEvent(draft), Token::None);
        }
        self.recorder().send(ctx, draft);
    }

    /// Whether nothing of this container has been tried before what is being done now.
    pub(super) fn is_first_start(&self, at: WorkerId, index: usize) -> bool {
        let worker = &self.workers[at];
        let Some(container) = worker.pod.spec.containers.get(index) else { return false };
        let newest = self.runtime.sandbox(worker.uid()).and_then(|sandbox| sandbox.newest(&container.name));
        let new = newest.is_none_or(|instance| instance.attempt == 0 && instance.exit().is_none());
        new && worker.waiting_reason(index).is_none()
    }

    /// A container is to start for the second time: the recorder hears of what its first start said.
    pub(super) fn note_first_start(&mut self, at: WorkerId, index: usize) {
        let worker = &self.workers[at];
        let Some(container) = worker.pod.spec.containers.get(index) else { return };
        let (uid, name) = (worker.uid(), container.name.clone());
        let Some(first) = self.runtime.take_first_start(uid, &name) else { return };
        let image = first.image;
        let (reason, message) = match first.pulling {
            true => ("Pulling", Message::Pulling(image)),
            false => ("Pulled", Message::Present(image)),
        };
        let said = [
            (reason, message, first.said),
            ("Created", Message::Static("Container created"), first.created),
            ("Started", Message::Static("Container started"), first.started),
        ];
        for (reason, message, time) in said {
            self.note(at, index, reason, message, time);
        }
    }

    /// A container's first start has failed: the recorder hears of what was said of its image.
    pub(super) fn note_failed_start(&mut self, at: WorkerId, index: usize) {
        let worker = &mut self.workers[at];
        let image = worker.pod.spec.containers.get(index).map(|container| container.image.clone());
        let said = worker.work.as_mut().and_then(|work| work.image.take());
        if let (Some(image), Some((pulling, time))) = (image, said) {
            let (reason, message) = match pulling {
                true => ("Pulling", Message::Pulling(image)),
                false => ("Pulled", Message::Present(image)),
            };
            self.note(at, index, reason, message, time);
        }
    }

    /// Says that a container is being stopped; `last` if it is for the end of its pod.
    ///
    /// Most pods end once, and nothing is said of them later: that goes past the recorder. It hears of it when
    /// the same pod is stopped again with a shorter grace period.
    pub(super) fn killing_event(
        &mut self,
        at: WorkerId,
        index: usize,
        message: Message,
        last: bool,
        ctx: &mut Ctx,
    ) {
        let worker = &self.workers[at];
        let said = worker.extra.as_ref().and_then(|extra| extra.kill_said);
        if last
            && said.is_none_or(|said| said == ctx.now)
            && !worker.is_static()
            && self.is_first_start(at, index)
        {
            let draft = self.container_draft(at, index, EventType::Normal, "Killing", message, ctx.now);
            return ctx.request(Call::PostEvent(draft), Token::None);
        }
        if let Some(said) = said.filter(|said| last && *said < ctx.now && self.is_first_start(at, index)) {
            self.note(at, index, "Killing", message.clone(), said);
        }
        let draft = self.container_draft(at, index, EventType::Normal, "Killing", message, ctx.now);
        self.recorder().send(ctx, draft);
    }

    /// The recorder hears of a Normal event that was sent without it.
    pub(super) fn note(
        &mut self,
        at: WorkerId,
        index: usize,
        reason: &'static str,
        message: Message,
        time: Time,
    ) {
        let draft = self.container_draft(at, index, EventType::Normal, reason, message, time);
        self.recorder().note(draft);
    }
}

/// An event as Go prints it; `started` is when the process that made it did.
fn go_event(event: &EventDraft, started: Time) -> String {
    const NEVER: &str = "0001-01-01 00:00:00 +0000 UTC";
    let about = &*event.regarding;
    let (name, namespace) = (event.object_name(), event.namespace());
    let host = event.source.host.as_deref().unwrap_or_default();
    let component = event.source.component;
    let path = event.field_path.as_deref().unwrap_or_default();
    let stamp = |time: Time| {
        let (date, since) = (time.stamp().to_string(), time.since(started));
        let date = date.trim_end_matches('Z').replace('T', " ");
        let (micros, seconds) = (time.0 % 1_000_000, since.0 / 1_000_000);
        format!("{date}.{micros:06} +0000 UTC m=+{seconds}.{:06}000", since.0 % 1_000_000)
    };
    format!(
        "&Event{{ObjectMeta:{{{name}  {namespace}    0 {NEVER} <nil> <nil> map[] map[] [] [] []}},\
         InvolvedObject:ObjectReference{{Kind:{},Namespace:{},Name:{},UID:{},APIVersion:{},ResourceVersion:,\
         FieldPath:{path},}},Reason:{},Message:{},Source:EventSource{{Component:{component},Host:{host},}},\
         FirstTimestamp:{},LastTimestamp:{},Count:{},Type:{},EventTime:{NEVER},Series:nil,Action:,Related:nil,\
         ReportingController:{component},ReportingInstance:{host},}}",
        about.kind.name(),
        about.namespace,
        about.name,
        about.uid_text(),
        about.kind.api_version(),
        event.reason,
        event.message(),
        stamp(event.first),
        stamp(event.last),
        event.count,
        if event.is_warning() { "Warning" } else { "Normal" },
    )
}

//! The recorder of events: counts repeated ones, merges similar ones, and drops what comes too fast.
//!
//! Kubernetes: staging/src/k8s.io/client-go/tools/record/events_cache.go. In its order: similar events are
//! merged, equal ones counted, and the result dropped if its object has had too many.

use std::hash::{BuildHasher, Hasher};
use std::rc::Rc;

use crate::hash::{FixedState, LookupMap};
use api::event::{COMBINED, EventDraft, EventSource, EventType, Message, ObjectRef};
use api::meta::Name;
use sim::rng::mix;
use sim::{Duration, Time};
use wire::{Call, Ctx, Token};

/// How many events a source may say of one object at once.
const SPAM_BURST: u64 = 25;
/// How long one more takes after that.
const SPAM_PERIOD: Duration = Duration::from_secs(300);
/// From this many different messages on, similar events are merged.
const MAX_SIMILAR: usize = 10;
/// Similar events count as long as they come within this time of each other.
const SIMILAR_WINDOW: Duration = Duration::from_secs(600);
/// How many keys upstream's caches remember.
const REMEMBERED: usize = 4096;

/// What was used lately, in two generations: when the young one is full, it becomes the old one, and what was
/// not used since is forgotten.
///
/// Differs: upstream keeps 4096 entries and forgets the one that was used least recently.
#[derive(Clone, Debug)]
struct Recent<V> {
    young: LookupMap<u64, V>,
    old: LookupMap<u64, V>,
}

impl<V> Default for Recent<V> {
    fn default() -> Self {
        Recent { young: LookupMap::default(), old: LookupMap::default() }
    }
}

impl<V: Default> Recent<V> {
    fn get(&mut self, key: u64) -> &mut V {
        if !self.young.contains_key(&key) {
            if self.young.len() >= REMEMBERED / 2 {
                self.old = std::mem::take(&mut self.young);
            }
            let value = self.old.remove(&key).unwrap_or_default();
            self.young.insert(key, value);
        }
        self.young.entry(key).or_default()
    }
}

/// The different messages of similar events.
#[derive(Clone, Debug, Default)]
struct Similar {
    messages: Vec<u64>,
    last: Time,
}

/// How often an event was said.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    count: u32,
    first: Time,
}

/// What one component says on objects.
#[derive(Clone, Debug)]
pub struct Recorder {
    source: Rc<EventSource>,
    similar: Recent<Similar>,
    said: Recent<Said>,
    /// When each object's allowance would be full again; Normal events and Warnings have one each.
    allowance: Recent<Time>,
}

impl Recorder {
    /// A recorder of a component that does not name its host.
    pub fn new(component: &'static str) -> Recorder {
        Recorder::of(Rc::new(EventSource { component, host: None }))
    }

    /// A recorder whose events name this source.
    pub fn of(source: Rc<EventSource>) -> Recorder {
        Recorder { source, similar: Recent::default(), said: Recent::default(), allowance: Recent::default() }
    }

    /// Says something on an object.
    pub fn event(
        &mut self,
        ctx: &mut Ctx,
        regarding: &Rc<ObjectRef>,
        kind: EventType,
        reason: &'static str,
        message: Message,
    ) {
        self.event_on(ctx, regarding, None, kind, reason, message);
    }

    /// Says something on a part of an object (`spec.containers{name}`).
    pub(crate) fn event_on(
        &mut self,
        ctx: &mut Ctx,
        regarding: &Rc<ObjectRef>,
        field_path: Option<Name>,
        kind: EventType,
        reason: &'static str,
        message: Message,
    ) {
        let draft = EventDraft {
            regarding: regarding.clone(),
            field_path,
            kind,
            reason,
            message,
            source: self.source.clone(),
            count: 1,
            first: ctx.now,
            last: ctx.now,
        };
        self.send(ctx, draft);
    }

    /// Sends an event that the caller has put together, with its own times.
    pub fn send(&mut self, ctx: &mut Ctx, draft: EventDraft) {
        if let Some(draft) = self.correlate(draft) {
            ctx.request(Call::PostEvent(draft), Token::None);
        }
    }

    /// Takes note of an event that was sent without this recorder, before any other event like it.
    pub fn note(&mut self, draft: EventDraft) {
        self.correlate(draft);
    }

    /// The event as it is to be sent; `None` if it is dropped.
    ///
    /// Kubernetes: EventCorrelator.EventCorrelate.
    fn correlate(&mut self, draft: EventDraft) -> Option<EventDraft> {
        let now = draft.last;
        let object = object_hash(&draft.regarding);
        let (mut draft, key) = self.aggregate(draft, object);
        let said = self.said.get(key);
        if said.count > 0 {
            draft.first = said.first;
            draft.count = said.count.saturating_add(1);
        }
        *said = Said { count: draft.count, first: draft.first };
        self.allow(mix(object ^ u64::from(draft.is_warning())), now).then_some(draft)
    }

    /// Kubernetes: EventAggregator.EventAggregate.
    fn aggregate(&mut self, mut draft: EventDraft, object: u64) -> (EventDraft, u64) {
        let mut hasher = FixedState.build_hasher();
        hasher.write_u64(object);
        hasher.write_u8(u8::from(draft.is_warning()));
        hasher.write(draft.reason.as_bytes());
        let similar_key = hasher.finish();
        let message = message_hash(&draft.message);
        hasher.write_u64(message);
        hasher.write(draft.field_path.as_deref().unwrap_or("").as_bytes());
        let own_key = hasher.finish();

        let similar = self.similar.get(similar_key);
        if draft.last.since(similar.last) > SIMILAR_WINDOW {
            similar.messages.clear();
        }
        similar.last = draft.last;
        if !similar.messages.contains(&message) {
            similar.messages.push(message);
        }
        if similar.messages.len() < MAX_SIMILAR {
            return (draft, own_key);
        }
        // Upstream drops any of them.
        similar.messages.remove(0);
        draft.message = Message::Text(format!("{COMBINED}{}", draft.message()).into());
        draft.field_path = None;
        (draft, similar_key)
    }

    /// A token bucket for each object, full at first.
    ///
    /// Kubernetes: EventSourceObjectSpamFilter.Filter.
    fn allow(&mut self, object: u64, now: Time) -> bool {
        let full = self.allowance.get(object);
        let debt = full.since(now);
        if debt > Duration((SPAM_BURST - 1) * SPAM_PERIOD.0) {
            return false;
        }
        *full = (*full).max(now) + SPAM_PERIOD;
        true
    }
}

fn object_hash(object: &ObjectRef) -> u64 {
    let mut hasher = FixedState.build_hasher();
    hasher.write_u64(object.uid.high);
    hasher.write_u64(object.uid.low);
    for text in [object.kind.name(), &object.namespace, &object.name] {
        hasher.write_usize(text.len());
        hasher.write(text.as_bytes());
    }
    hasher.finish()
}

fn message_hash(message: &Message) -> u64 {
    let mut hasher = FixedState.build_hasher();
    let (sort, text): (u8, &str) = match message {
        Message::Static(text) => (0, text),
        Message::Text(text) => (0, text),
        Message::Assigned(node) => (1, node),
        Message::Pulling(image) => (2, image),
        Message::Present(image) => (3, image),
        Message::Pulled(pulled) => {
            hasher.write_u64(pulled.took.0);
            hasher.write_u64(pulled.waited.0);
            (4, &pulled.image)
        }
    };
    hasher.write_u8(sort);
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::meta::Uid;
    use api::object::Kind;
    use sim::Rng;
    use wire::{Effect, Settings};

    fn object(name: &str) -> Rc<ObjectRef> {
        Rc::new(ObjectRef::new(Kind::DaemonSet, "ns".into(), name.into(), Uid::from_text(name)))
    }

    /// What is sent for one event at that second: count, first second, message.
    fn say(recorder: &mut Recorder, name: &str, second: u64, text: &str) -> Option<(u32, u64, String)> {
        let mut effects = Vec::new();
        let (settings, mut rng) = (Settings::default(), Rng::stream(1, "test"));
        let now = Time::from_secs(second);
        let mut ctx = Ctx { now, settings: &settings, rng: &mut rng, effects: &mut effects };
        let message = Message::Text(text.into());
        recorder.event(&mut ctx, &object(name), EventType::Normal, "Reason", message);
        match effects.pop()? {
            Effect::Request { call: Call::PostEvent(draft), .. } => {
                Some((draft.count, draft.first.0 / 1_000_000, draft.message()))
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn equal_events_are_counted() {
        let mut recorder = Recorder::new("daemonset-controller");
        assert_eq!(say(&mut recorder, "a", 10, "x"), Some((1, 10, "x".into())));
        assert_eq!(say(&mut recorder, "a", 20, "x"), Some((2, 10, "x".into())));
        assert_eq!(say(&mut recorder, "b", 20, "x"), Some((1, 20, "x".into())));
        assert_eq!(say(&mut recorder, "a", 30, "y"), Some((1, 30, "y".into())));
        assert_eq!(say(&mut recorder, "a", 9000, "x"), Some((3, 10, "x".into())));
    }

    #[test]
    fn from_the_tenth_on_similar_events_are_combined() {
        let mut recorder = Recorder::new("daemonset-controller");
        for number in 1..10 {
            let text = format!("m{number}");
            assert_eq!(say(&mut recorder, "a", 10, &text), Some((1, 10, text)));
        }
        let combined = |text: &str| format!("(combined from similar events): {text}");
        assert_eq!(say(&mut recorder, "a", 11, "m10"), Some((1, 11, combined("m10"))));
        assert_eq!(say(&mut recorder, "a", 12, "m11"), Some((2, 11, combined("m11"))));
        // After ten quiet minutes they are told apart again.
        assert_eq!(say(&mut recorder, "a", 700, "m12"), Some((1, 700, "m12".into())));
    }

    #[test]
    fn after_25_events_an_object_gets_one_in_five_minutes() {
        let mut recorder = Recorder::new("daemonset-controller");
        let sent = (0..100).filter(|_| say(&mut recorder, "a", 10, "x").is_some()).count();
        assert_eq!(sent, 25);
        assert_eq!(say(&mut recorder, "b", 10, "x"), Some((1, 10, "x".into())));
        assert_eq!(say(&mut recorder, "a", 309, "x"), None);
        // What was dropped is counted.
        assert_eq!(say(&mut recorder, "a", 310, "x"), Some((102, 10, "x".into())));
        assert_eq!(say(&mut recorder, "a", 310, "x"), None);
    }
}

//! The scheduler's events: one that is posted again of an object that has not changed since joins a series, which
//! keeps the first text.
//!
//! Kubernetes: staging/src/k8s.io/client-go/tools/events/event_broadcaster.go. The reference to the object is part
//! of an event's key, and it holds the resource version. Rule: SCH-021.

use std::rc::Rc;

use api::event::{EventDraft, EventSource, EventType, Message, ObjectRef};
use api::meta::Uid;
use api::object::Kind;
use api::pod::Pod;
use sim::{Duration, SortedMap, Time};
use wire::{Call, Ctx, Token};

/// How often ended series are looked for; a series ends when nothing joined it for as long.
const FINISH_TIME: Duration = Duration::from_secs(6 * 60);
/// How often the count of a series is written while it goes on.
const REFRESH_TIME: Duration = Duration::from_secs(30 * 60);
/// From this many events on, those that no later event can join are dropped.
const PRUNE_FROM: usize = 1024;

/// An event that others may join.
#[derive(Clone, Debug)]
struct Series {
    draft: EventDraft,
    /// The count that the API server knows.
    written: u32,
}

impl Series {
    fn is_over(&self, at: Time) -> bool {
        self.draft.last + FINISH_TIME < at
    }

    fn is_written(&self) -> bool {
        self.written == self.draft.count
    }
}

/// Posts events of pods.
#[derive(Clone, Debug)]
pub(crate) struct EventBroadcaster {
    source: Rc<EventSource>,
    started: Time,
    /// By uid, resource version and reason.
    event_cache: SortedMap<(Uid, u64, &'static str), Series>,
    /// How many series have a count that is not written yet.
    unwritten: usize,
    prune_from: usize,
}

impl EventBroadcaster {
    pub(crate) fn new(component: &'static str) -> EventBroadcaster {
        EventBroadcaster {
            source: Rc::new(EventSource { component, host: None }),
            started: Time::default(),
            event_cache: SortedMap::new(),
            unwritten: 0,
            prune_from: PRUNE_FROM,
        }
    }

    pub(crate) fn start(&mut self, now: Time) {
        self.started = now;
    }

    /// Posts an event that cannot come a second time of a pod's resource version.
    pub(crate) fn event_once(
        &self,
        pod: &Pod,
        kind: EventType,
        reason: &'static str,
        message: Message,
        ctx: &mut Ctx,
    ) {
        ctx.post_event(&self.source, &ObjectRef::of(Kind::Pod, &pod.meta), kind, reason, message);
    }

    /// Posts an event, or counts it in the series it belongs to.
    ///
    /// Kubernetes: event_broadcaster.go, recordToSink.
    pub(crate) fn event(
        &mut self,
        pod: &Pod,
        kind: EventType,
        reason: &'static str,
        message: Message,
        ctx: &mut Ctx,
    ) {
        let key = (pod.meta.uid, pod.meta.resource_version, reason);
        let last_check = self.last_check(ctx.now);
        if let Some(series) = self.event_cache.get_mut(&key)
            && !series.is_over(last_check)
        {
            if series.is_written() {
                self.unwritten += 1;
            }
            series.draft.count = series.draft.count.saturating_add(1);
            series.draft.last = ctx.now;
            // Later counts wait for the next check.
            if series.draft.count == 2 {
                write(series, &mut self.unwritten, ctx);
            }
            return;
        }
        let draft = EventDraft {
            regarding: ObjectRef::of(Kind::Pod, &pod.meta),
            field_path: None,
            kind,
            reason,
            message,
            source: self.source.clone(),
            count: 1,
            first: ctx.now,
            last: ctx.now,
        };
        ctx.request(Call::PostEvent(draft.clone()), Token::None);
        self.prune(last_check);
        self.event_cache.insert(key, Series { draft, written: 1 });
    }

    /// When a count has to be written next.
    pub(crate) fn next_check(&self, now: Time) -> Option<Time> {
        (self.unwritten > 0).then(|| (now + Duration(1)).next_tick(self.started, FINISH_TIME))
    }

    /// Writes the counts of the series that are over, and now and then of those that go on.
    ///
    /// Kubernetes: event_broadcaster.go, finishSeries and refreshExistingEventSeries.
    pub(crate) fn check(&mut self, ctx: &mut Ctx) {
        let now = ctx.now;
        let refresh = now.since(self.started).0.is_multiple_of(REFRESH_TIME.0);
        let unwritten = &mut self.unwritten;
        self.event_cache.retain(|_, series| {
            let over = series.is_over(now);
            if (over || refresh) && !series.is_written() {
                write(series, unwritten, ctx);
            }
            !over
        });
    }

    fn last_check(&self, now: Time) -> Time {
        let since = now.since(self.started).0;
        self.started + Duration(since - since % FINISH_TIME.0)
    }

    fn prune(&mut self, last_check: Time) {
        if self.event_cache.len() >= self.prune_from {
            self.event_cache.retain(|_, series| !series.is_written() || !series.is_over(last_check));
            self.prune_from = PRUNE_FROM.max(2 * self.event_cache.len());
        }
    }
}

fn write(series: &mut Series, unwritten: &mut usize, ctx: &mut Ctx) {
    series.written = series.draft.count;
    *unwritten = unwritten.saturating_sub(1);
    ctx.request(Call::PostEvent(series.draft.clone()), Token::None);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use sim::Rng;
    use wire::{Effect, Settings};

    /// Runs `what` at that second: what was posted, as count, first second, message.
    fn at(second: u64, what: impl FnOnce(&mut Ctx)) -> Vec<(u32, u64, String)> {
        let mut effects = Vec::new();
        let (settings, mut rng) = (Settings::default(), Rng::stream(1, "test"));
        let now = Time::from_secs(second);
        what(&mut Ctx { now, settings: &settings, rng: &mut rng, effects: &mut effects });
        let posted = effects.into_iter().filter_map(|effect| match effect {
            Effect::Request { call: Call::PostEvent(draft), .. } => {
                Some((draft.count, draft.first.0 / 1_000_000, draft.message()))
            }
            _ => None,
        });
        posted.collect()
    }

    fn fail(
        broadcaster: &mut EventBroadcaster,
        version: u64,
        second: u64,
        text: &str,
    ) -> Vec<(u32, u64, String)> {
        let pod =
            Pod::from_value(&json!({"metadata": {"name": "p", "resourceVersion": version.to_string()}}));
        at(second, |ctx| {
            broadcaster.event(&pod, EventType::Warning, "FailedScheduling", Message::Text(text.into()), ctx);
        })
    }

    fn check(broadcaster: &mut EventBroadcaster, second: u64) -> Vec<(u32, u64, String)> {
        at(second, |ctx| broadcaster.check(ctx))
    }

    #[test]
    fn sch_021_a_series_keeps_its_first_text_while_the_pod_is_unchanged() {
        let mut broadcaster = EventBroadcaster::new("default-scheduler");
        assert_eq!(fail(&mut broadcaster, 1, 10, "cpu"), [(1, 10, "cpu".into())]);
        assert_eq!(fail(&mut broadcaster, 2, 20, "cpu"), [(1, 20, "cpu".into())]);
        assert_eq!(fail(&mut broadcaster, 2, 30, "taint"), [(2, 20, "cpu".into())]);
        assert_eq!(fail(&mut broadcaster, 3, 40, "taint"), [(1, 40, "taint".into())]);
    }

    #[test]
    fn sch_021_later_counts_are_written_when_the_series_ends_or_is_refreshed() {
        let mut broadcaster = EventBroadcaster::new("default-scheduler");
        for second in [10, 20] {
            fail(&mut broadcaster, 1, second, "cpu");
        }
        assert_eq!(broadcaster.next_check(Time::from_secs(20)), None);
        assert_eq!(fail(&mut broadcaster, 1, 30, "cpu"), []);
        assert_eq!(broadcaster.next_check(Time::from_secs(30)), Some(Time::from_secs(360)));
        assert_eq!(check(&mut broadcaster, 360), []);
        assert_eq!(check(&mut broadcaster, 720), [(3, 10, "cpu".into())]);
        assert_eq!(broadcaster.next_check(Time::from_secs(720)), None);
        assert_eq!(fail(&mut broadcaster, 1, 721, "cpu"), [(1, 721, "cpu".into())]);
        for second in [1000, 1300, 1600] {
            fail(&mut broadcaster, 1, second, "cpu");
        }
        assert_eq!(check(&mut broadcaster, 1800), [(4, 721, "cpu".into())]);
    }

    #[test]
    fn sch_021_without_a_check_an_event_is_forgotten_as_if_there_had_been_one() {
        let mut broadcaster = EventBroadcaster::new("default-scheduler");
        fail(&mut broadcaster, 1, 350, "cpu");
        assert_eq!(fail(&mut broadcaster, 1, 719, "cpu"), [(2, 350, "cpu".into())]);
        fail(&mut broadcaster, 2, 350, "cpu");
        assert_eq!(fail(&mut broadcaster, 2, 720, "cpu"), [(1, 720, "cpu".into())]);
    }
}

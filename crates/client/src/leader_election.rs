//! Which of several instances of a component acts: the one that holds the lease.
//!
//! A leader renews its lease every two seconds. That is arithmetic here ([`api::node::Renewal`]): it
//! sends something only when its connection has broken. The component tells its elector what the cluster
//! tells it, and hears when it has begun or ceased to lead.
//!
//! Kubernetes: staging/src/k8s.io/client-go/tools/leaderelection/leaderelection.go,
//! staging/src/k8s.io/component-base/config/v1alpha1/defaults.go. Rule: CP-011.

use std::rc::Rc;

use api::event::{EventDraft, EventSource, EventType, Message, ObjectRef};
use api::meta::{Name, Uid};
use api::node::Lease;
use api::object::{Key, Kind, Object};
use sim::{Duration, Rng, Time};
use wire::{Answer, Call, CallError, Ctx, Reply, Timer, Token};

pub(crate) const LEASE_DURATION: Duration = Duration::from_secs(15);
pub(crate) const RENEW_DEADLINE: Duration = Duration::from_secs(10);
pub(crate) const RETRY_PERIOD: Duration = Duration::from_secs(2);

/// A candidate tries again after the retry period and up to 1.2 times as much more (JitterFactor).
const JITTER: Duration = Duration(RETRY_PERIOD.0 * 12 / 10);

/// What has come of something that the elector was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Election {
    /// The lease is this candidate's: the process begins to act.
    StartedLeading,
    /// The lease could not be renewed in time: the process is to exit.
    StoppedLeading,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Tries to get the lease; `parked` while nobody answers.
    Acquiring {
        parked: bool,
    },
    Leading,
    /// The leader's connection has broken: it tries to renew, until then.
    Renewing {
        deadline: Time,
    },
    Lost,
}

/// The lease as a candidate saw it last.
#[derive(Clone, Debug, PartialEq)]
struct Observed {
    holder: Name,
    renewed: Time,
    duration: Duration,
    /// When it was first seen so, by the candidate's own clock.
    at: Time,
}

/// One instance's part in the election.
#[derive(Clone, Debug)]
pub struct LeaderElector {
    lock: Key,
    /// `{host}_{uuid}`, made when the process starts.
    identity: Name,
    host: Name,
    source: Rc<EventSource>,
    state: State,
    observed: Option<Observed>,
    renewed: Time,
    /// Whether a connection came, or broke, since this try to acquire began.
    connected: bool,
    broken: bool,
    /// Answers to earlier requests and earlier timers are dropped.
    round: u64,
}

impl LeaderElector {
    /// Who says "became leader" is `component`, which for the scheduler is another name than the lock's.
    pub fn new(lock: &str, component: &'static str, host: &Name) -> LeaderElector {
        LeaderElector {
            lock: Key::new("kube-system", lock),
            identity: Name::default(),
            host: host.clone(),
            source: Rc::new(EventSource { component, host: None }),
            state: State::Acquiring { parked: false },
            observed: None,
            renewed: Time::default(),
            connected: false,
            broken: false,
            round: 0,
        }
    }

    /// The lease that is fought for.
    pub fn lock(&self) -> &Key {
        &self.lock
    }

    /// The call by which a leader that is asked to end gives its lease up.
    ///
    /// Kubernetes: leaderelection.go, release.
    pub fn release(&self) -> Call {
        Call::ReleaseLease { key: self.lock.clone(), holder: self.identity.clone() }
    }

    /// Whether this candidate has the lease, as far as it knows.
    pub fn is_leader(&self) -> bool {
        matches!(self.state, State::Leading | State::Renewing { .. })
    }

    /// The process has started: it tries to get the lease. Kubernetes: leaderelection.go, Run.
    pub fn run(&mut self, ctx: &mut Ctx) {
        let uuid = Uid::random(ctx.rng.next_u64(), ctx.rng.next_u64());
        self.identity = format!("{}_{uuid}", self.host).into();
        ctx.info(
            "leaderelection.go:258",
            format!(
                "\"Attempting to acquire leader lease...\" lock=\"{}/{}\"",
                self.lock.namespace, self.lock.name
            ),
        );
        self.try_acquire(ctx);
    }

    fn token(&mut self, takes: bool) -> Token {
        self.round += 1;
        Token::LeaderElection { takes, round: self.round }
    }

    fn try_acquire(&mut self, ctx: &mut Ctx) {
        self.state = State::Acquiring { parked: false };
        (self.connected, self.broken) = (false, false);
        let token = self.token(false);
        ctx.request(Call::Get { kind: Kind::Lease, key: self.lock.clone() }, token);
    }

    fn update_lock(&mut self, ctx: &mut Ctx) {
        let token = self.token(true);
        let call = Call::HoldLease {
            key: self.lock.clone(),
            holder: self.identity.clone(),
            duration: LEASE_DURATION,
            period: RETRY_PERIOD,
            owner: None,
        };
        ctx.request(call, token);
    }

    fn wake_after(&mut self, after: Duration, ctx: &mut Ctx) {
        self.round += 1;
        ctx.wake_after(after, Timer::LeaderElection(self.round));
    }

    fn retry(&mut self, ctx: &mut Ctx) {
        let after = RETRY_PERIOD + jitter(ctx.rng);
        self.wake_after(after, ctx);
    }

    /// An answer has come: `takes` and `round` are those of its token.
    pub fn on_answer(&mut self, takes: bool, round: u64, answer: &Answer, ctx: &mut Ctx) -> Option<Election> {
        if round != self.round {
            return None;
        }
        match self.state {
            State::Acquiring { .. } if !takes => self.on_lease(answer, ctx),
            State::Acquiring { .. } => return self.on_acquired(answer, ctx),
            State::Renewing { .. } if answer.result.is_ok() => {
                self.renewed = ctx.now;
                self.state = State::Leading;
            }
            State::Renewing { deadline } if ctx.now >= deadline => return Some(self.lose(ctx)),
            State::Renewing { .. } => self.wake_for_renewal(ctx),
            State::Leading | State::Lost => {}
        }
        None
    }

    /// Kubernetes: tryAcquireOrRenew, the slow path.
    fn on_lease(&mut self, answer: &Answer, ctx: &mut Ctx) {
        match &answer.result {
            Ok(Reply::Object(Object::Lease(lease))) => {
                self.observe(lease, ctx.now);
                match self.is_lease_valid(ctx.now) {
                    true => self.retry(ctx),
                    false => self.update_lock(ctx),
                }
            }
            Ok(_) => self.retry(ctx),
            Err(CallError::Status(status)) if status.is_not_found() => self.update_lock(ctx),
            Err(error) => self.failed(error, ctx),
        }
    }

    /// Trying on while nobody listens would change nothing: the candidate waits to hear of a connection.
    fn failed(&mut self, error: &CallError, ctx: &mut Ctx) {
        match error {
            CallError::Refused if !self.connected => self.state = State::Acquiring { parked: true },
            _ => self.retry(ctx),
        }
    }

    fn observe(&mut self, lease: &Lease, now: Time) {
        let renewed = lease.renewal.last(now);
        let same = |seen: &Observed| seen.holder == lease.holder && seen.renewed == renewed;
        if self.observed.as_ref().is_some_and(same) {
            return;
        }
        let (holder, duration) = (lease.holder.clone(), lease.duration);
        self.observed = Some(Observed { holder, renewed, duration, at: now });
    }

    /// Another holds it, and its time is not over since this candidate has seen it renewed.
    fn is_lease_valid(&self, now: Time) -> bool {
        self.observed.as_ref().is_some_and(|seen| {
            !seen.holder.is_empty() && seen.holder != self.identity && seen.at + seen.duration > now
        })
    }

    fn on_acquired(&mut self, answer: &Answer, ctx: &mut Ctx) -> Option<Election> {
        match &answer.result {
            Ok(reply) => {
                self.renewed = ctx.now;
                self.state = State::Leading;
                ctx.info(
                    "leaderelection.go:272",
                    format!(
                        "\"Successfully acquired lease\" lock=\"{}/{}\"",
                        self.lock.namespace, self.lock.name
                    ),
                );
                self.say_leader(reply, ctx);
                if self.broken {
                    self.on_disconnected(ctx);
                }
                Some(Election::StartedLeading)
            }
            Err(error) => {
                self.failed(error, ctx);
                None
            }
        }
    }

    /// Kubernetes: resourcelock/leaselock.go, RecordEvent.
    fn say_leader(&self, reply: &Reply, ctx: &mut Ctx) {
        let uid = reply.object().and_then(Object::meta).map_or(Uid::default(), |meta| meta.uid);
        let (namespace, name) = (self.lock.namespace.clone(), self.lock.name.clone());
        let draft = EventDraft {
            regarding: Rc::new(ObjectRef::new(Kind::Lease, namespace, name, uid)),
            field_path: None,
            kind: EventType::Normal,
            reason: "LeaderElection",
            message: Message::Text(format!("{} became leader", self.identity).into()),
            source: self.source.clone(),
            count: 1,
            first: ctx.now,
            last: ctx.now,
        };
        ctx.request(Call::PostEvent(draft), Token::None);
    }

    /// The connection to the API server has broken: from the next renewal on there is something to see.
    pub fn on_disconnected(&mut self, ctx: &mut Ctx) {
        self.broken = true;
        if self.state != State::Leading {
            return;
        }
        // The last one that went well, and a whole deadline from the next one on.
        let periods = ctx.now.since(self.renewed).0 / RETRY_PERIOD.0;
        self.renewed += Duration(RETRY_PERIOD.0 * periods);
        let deadline = self.renewed + RETRY_PERIOD + RENEW_DEADLINE;
        self.state = State::Renewing { deadline };
        self.wake_for_renewal(ctx);
    }

    fn wake_for_renewal(&mut self, ctx: &mut Ctx) {
        let next = (ctx.now + Duration(1)).next_tick(self.renewed, RETRY_PERIOD);
        self.wake_after(next.since(ctx.now), ctx);
    }

    /// Somebody listens again.
    pub fn on_connected(&mut self, ctx: &mut Ctx) {
        self.connected = true;
        if self.state == (State::Acquiring { parked: true }) {
            self.try_acquire(ctx);
        }
    }

    /// The timer of this round is due.
    pub fn on_timer(&mut self, round: u64, ctx: &mut Ctx) -> Option<Election> {
        if round != self.round {
            return None;
        }
        match self.state {
            State::Acquiring { .. } => self.try_acquire(ctx),
            State::Renewing { deadline } if ctx.now >= deadline => return Some(self.lose(ctx)),
            State::Renewing { .. } => self.update_lock(ctx),
            State::Leading | State::Lost => {}
        }
        None
    }

    fn lose(&mut self, ctx: &mut Ctx) -> Election {
        self.state = State::Lost;
        ctx.error("server.go:338", "\"Leaderelection lost\"");
        Election::StoppedLeading
    }
}

fn jitter(rng: &mut Rng) -> Duration {
    Duration(rng.below(JITTER.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::meta::ObjectMeta;
    use api::node::Renewal;
    use api::status_error::{GroupResource, StatusError};
    use wire::{Effect, Settings};

    /// An elector with a clock; what it asks and when it wants to be woken come back as texts.
    struct Candidate {
        elector: LeaderElector,
        now: Time,
        rng: Rng,
        asked: Option<Token>,
        wake: Option<(Time, Timer)>,
        heard: Vec<Election>,
    }

    impl Candidate {
        fn new() -> Candidate {
            let elector = LeaderElector::new("kube-scheduler", "default-scheduler", &"cp".into());
            let rng = Rng::stream(1, "test");
            let mut it =
                Candidate { elector, now: Time::START, rng, asked: None, wake: None, heard: Vec::new() };
            it.tell(|elector, ctx| {
                elector.run(ctx);
                None
            });
            it
        }

        fn tell(&mut self, told: impl FnOnce(&mut LeaderElector, &mut Ctx) -> Option<Election>) {
            let mut effects = Vec::new();
            let settings = Settings::default();
            let mut ctx =
                Ctx { now: self.now, settings: &settings, rng: &mut self.rng, effects: &mut effects };
            self.heard.extend(told(&mut self.elector, &mut ctx));
            for effect in effects {
                match effect {
                    Effect::Request { token, .. } if token != Token::None => self.asked = Some(token),
                    Effect::Wake { at, timer } => self.wake = Some((at, timer)),
                    _ => {}
                }
            }
        }

        fn answer(&mut self, answer: Answer) {
            let token = self.asked.take().expect("something was asked");
            let Token::LeaderElection { takes, round } = token else { panic!("{token:?}") };
            self.tell(|elector, ctx| elector.on_answer(takes, round, &answer, ctx));
        }

        /// Lets time pass to the next wake; how long that was, in milliseconds.
        fn wake(&mut self) -> u64 {
            let (at, timer) = self.wake.take().expect("a wake is planned");
            let passed = at.since(self.now).as_millis();
            self.now = at;
            let Timer::LeaderElection(round) = timer else { panic!("{timer:?}") };
            self.tell(|elector, ctx| elector.on_timer(round, ctx));
            passed
        }
    }

    fn lease(holder: &str, renewal: Renewal) -> Answer {
        let lease = Lease {
            meta: ObjectMeta::new("kube-system", "kube-scheduler"),
            holder: holder.into(),
            duration: LEASE_DURATION,
            acquired: Time::START,
            renewal,
            transitions: 0,
        };
        Answer::ok(Reply::Object(Object::Lease(Rc::new(lease))))
    }

    fn failed(error: CallError) -> Answer {
        Answer { result: Err(error), warnings: Vec::new() }
    }

    fn leading() -> Candidate {
        let mut it = Candidate::new();
        it.answer(Answer::err(StatusError::not_found(GroupResource::core("leases"), "kube-scheduler")));
        it.answer(Answer::ok(Reply::Done));
        it
    }

    #[test]
    fn cp_011_a_free_lease_is_taken_at_once() {
        let it = leading();
        assert_eq!((it.heard.as_slice(), it.wake), ([Election::StartedLeading].as_slice(), None));
    }

    #[test]
    fn cp_011_another_ones_lease_is_waited_for_from_when_it_was_first_seen() {
        let mut it = Candidate::new();
        // It ran out long ago by its own words; but clocks may differ.
        let old = Renewal::At(Time::from_secs(1));
        let start = it.now;
        loop {
            it.answer(lease("other", old));
            if it.wake.is_none() {
                break;
            }
            let passed = it.wake();
            assert!((2_000..=4_400).contains(&passed), "{passed}");
        }
        let waited = it.now.since(start).as_millis();
        assert!((15_000..19_400).contains(&waited), "{waited}");
        it.answer(Answer::ok(Reply::Done));
        assert_eq!(it.heard, [Election::StartedLeading]);
    }

    #[test]
    fn cp_011_a_lease_that_is_renewed_is_never_taken() {
        let mut it = Candidate::new();
        let held = Renewal::Every { since: Time::START, period: RETRY_PERIOD };
        for _ in 0..20 {
            it.answer(lease("other", held));
            it.wake();
        }
        assert!(it.heard.is_empty() && !it.elector.is_leader());
    }

    #[test]
    fn cp_011_a_leader_tries_to_renew_for_ten_seconds() {
        let mut it = leading();
        it.now += Duration::from_millis(5_500);
        it.tell(|elector, ctx| {
            elector.on_disconnected(ctx);
            None
        });
        let mut at = Vec::new();
        while it.heard.len() == 1 {
            it.wake();
            at.push(it.now.since(Time::START).as_millis());
            if it.asked.is_some() {
                it.answer(failed(CallError::Refused));
            }
        }
        assert_eq!(at, [6_000, 8_000, 10_000, 12_000, 14_000, 16_000]);
        assert_eq!(it.heard[1], Election::StoppedLeading);
        assert!(!it.elector.is_leader());
    }

    #[test]
    fn cp_011_a_renewal_that_succeeds_makes_it_quiet_again() {
        let mut it = leading();
        it.tell(|elector, ctx| {
            elector.on_disconnected(ctx);
            None
        });
        it.wake();
        it.answer(failed(CallError::Refused));
        it.wake();
        it.answer(Answer::ok(Reply::Done));
        assert!(it.elector.is_leader() && it.wake.is_none() && it.heard.len() == 1);
    }

    #[test]
    fn cp_011_a_candidate_waits_for_somebody_to_answer() {
        let mut it = Candidate::new();
        it.answer(failed(CallError::Refused));
        assert!(it.wake.is_none() && it.asked.is_none());
        let connected = |elector: &mut LeaderElector, ctx: &mut Ctx| {
            elector.on_connected(ctx);
            None
        };
        it.tell(connected);
        assert!(it.asked.is_some());
        // One that connects while an older refusal is still on its way does not wait for ever.
        it.tell(connected);
        it.answer(failed(CallError::Refused));
        assert!(it.wake.is_some());
    }
}

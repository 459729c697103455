//! All state of a simulated cluster, and the one match on what is due.
//!
//! It routes: a wake comes up, the part it is for is told, and its effects are put on the agenda. The few rules that
//! it holds need all of the cluster: the API server's watch cache, its lease, ComponentStatus, the retries of Events.

pub mod boot;
mod broadcaster;
mod changes;
mod component_status;
mod control_plane;
pub mod desk;
mod host_commands;
mod identity;
mod listeners;
pub mod machine;
mod machines;
pub mod post;
mod power;
mod watch_cache;
mod watches;

use std::collections::VecDeque;
use std::rc::Rc;

use api::event::EventDraft;
use api::object::{Kind, Object};
use api::status_error::StatusError;
use apiserver::ApiServer;
use cli_runtime::job::Client;
use console::Programs;
use controllers::ControllerManager;
use scheduler::Scheduler;
use sim::files::Files;
use sim::{Agenda, Duration, NameIndex, Rng, SortedMap, Time};
use wire::{
    Answer, Call, CallError, Component, Ctx, Effect, LogLine, MachineId, Part, Settings, Timer, Token,
    WatchEvent,
};

use broadcaster::Undelivered;
use changes::Changes;
use control_plane::Serving;
use desk::Desk;
use machine::{Machine, MachineSpec};
use post::{Leg, Log, LoggedMessage, Message, Post};
use watch_cache::WatchCache;

pub use boot::Addons;
pub use power::BOOT_DELAY;
pub use watches::watch_verb;

/// What can be due.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wake {
    /// A message arrives.
    Message(u32),
    /// Watch events arrive at a part.
    Watch(Part),
    /// A part asked to be reminded, in the life of its process that is named.
    Timer { part: Part, epoch: u32, timer: Timer },
    /// Changes of files reach a node's kubelet.
    Files(MachineId),
    /// What a shell of the user waited for is due.
    Shell(wire::UserProcess),
    /// A part (re)connects its watches, in the life named.
    Connect { part: Part, epoch: u32 },
    /// A computer is switched on and its kubelet starts.
    Boot(MachineId),
    /// The API server has waited long enough for etcd, in the life of its process that is named.
    StorageTimeout(u32),
    /// Events that could not be sent are tried again.
    Events(Part),
    /// kubeadm's next step after the API server has come up.
    Kubeadm(u32),
}

/// A process that may be running or not; what is left of it when it is not.
#[derive(Clone, Debug)]
pub struct Process<T> {
    /// The process's state; `None` while it does not run.
    pub component: Option<T>,
    epoch: u32,
    rng: Rng,
    watch: Inbox,
}

/// The watch events on their way to a part, with the times they were sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inbox {
    events: VecDeque<(Time, WatchEvent)>,
    /// Whether the API server sends it any.
    open: bool,
}

impl Inbox {
    fn close(&mut self) {
        self.events.clear();
        self.open = false;
    }
}

impl<T> Process<T> {
    fn new(seed: u64, purpose: &str) -> Process<T> {
        let rng = Rng::stream(seed, purpose);
        Process { component: None, epoch: 0, rng, watch: Inbox::default() }
    }

    fn stop(&mut self) {
        self.component = None;
        self.epoch += 1;
        self.watch.close();
    }
}

/// What a part is told.
enum Told {
    Start,
    Connected,
    /// The connection to the API server has broken.
    Disconnected,
    List(Kind, Vec<Object>),
    Watch(WatchEvent),
    Answer(Token, Answer),
    EventRejected(Box<(EventDraft, StatusError)>),
    Timer(Timer),
}

impl Told {
    fn to(self, component: &mut impl Component, ctx: &mut Ctx) {
        match self {
            Told::Start => component.start(ctx),
            Told::Connected => component.on_connected(ctx),
            Told::Disconnected => component.on_disconnected(ctx),
            Told::List(kind, objects) => component.on_list(kind, objects, ctx),
            Told::Watch(event) => component.on_watch(&event, ctx),
            Told::Answer(token, answer) => component.on_answer(token, answer, ctx),
            Told::EventRejected(event) => component.on_event_rejected(&event.0, &event.1, ctx),
            Told::Timer(timer) => component.on_timer(timer, ctx),
        }
    }
}

/// The whole cluster.
#[derive(Clone, Debug)]
pub struct Cluster {
    now: Time,
    started: Time,
    seed: u64,
    /// Delays and periods of the session.
    pub settings: Settings,
    agenda: Agenda<Wake>,
    /// The API server's state, and etcd's.
    pub api: ApiServer,
    watch_cache: WatchCache,
    /// How the API server stands to those who call it.
    serving: Serving,
    /// When it stopped answering; `None` while it answers, and before it ever did.
    silent_since: Option<Time>,
    /// Counts the starts of the API server's process.
    api_epoch: u32,
    /// Whether the API server has ever been up: its first start makes the system's own objects.
    bootstrapped: bool,
    addons: Addons,
    /// kube-controller-manager's process.
    pub controllers: Process<ControllerManager>,
    /// kube-scheduler's process.
    pub scheduler: Process<Scheduler>,
    /// All computers there ever were, by their numbers.
    pub machines: Vec<Machine>,
    /// The computers that were taken away, by number.
    removed: Vec<MachineId>,
    /// What a new computer's disk holds; all share it until they write to theirs.
    new_disk: Files,
    /// Machines by the name of their node; only ever looked up.
    machine_index: NameIndex,
    /// The computers that carry the control plane.
    control_plane: Vec<MachineId>,
    /// Events that wait for the API server, by who says them.
    undelivered: SortedMap<Part, Undelivered>,
    post: Post,
    /// The messages of the past.
    pub log: Log,
    /// What the user has typed.
    pub desk: Desk,
    /// What the shells run; `None` before [`Cluster::install`].
    programs: Option<Programs>,
    effects: Vec<Effect>,
    /// What the view has not seen yet.
    pub changes: Changes,
}

impl Cluster {
    /// A cluster of computers that are switched off; [`Cluster::boot`] puts their start on the agenda.
    pub fn new(seed: u64, settings: Settings, machines: Vec<MachineSpec>, addons: Addons) -> Cluster {
        let mut cluster = Cluster {
            now: Time::START,
            started: Time::START,
            seed,
            settings,
            agenda: Agenda::default(),
            api: ApiServer::new(seed),
            watch_cache: WatchCache::default(),
            serving: Serving::Down,
            silent_since: None,
            api_epoch: 0,
            bootstrapped: false,
            addons,
            controllers: Process::new(seed, "controller-manager"),
            scheduler: Process::new(seed, "scheduler"),
            machines: Vec::new(),
            removed: Vec::new(),
            new_disk: kubeadm::new_disk(machine::node_ip(MachineId(0))),
            machine_index: NameIndex::default(),
            control_plane: Vec::new(),
            undelivered: SortedMap::new(),
            post: Post::default(),
            log: Log::default(),
            desk: Desk::new(),
            programs: None,
            effects: Vec::new(),
            changes: Changes::default(),
        };
        for spec in machines {
            cluster.add_machine(spec);
        }
        cluster
    }

    /// The present.
    pub fn now(&self) -> Time {
        self.now
    }

    /// When the session began.
    pub fn started(&self) -> Time {
        self.started
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// Whether the API server answers.
    pub fn api_up(&self) -> bool {
        self.serving == Serving::Up
    }

    /// When the API server stopped answering; `None` while it answers, and before it ever did.
    pub fn api_silent_since(&self) -> Option<Time> {
        self.silent_since
    }

    /// What kubectl's kubeconfig says.
    pub fn client(&self) -> Rc<Client> {
        let server = self
            .control_plane
            .first()
            .map_or(String::new(), |id| format!("{}:6443", self.machines[id.0 as usize].ip));
        Rc::new(Client { server, version: kubeadm::VERSION.to_owned(), namespace: String::new() })
    }

    /// How many wakes have been handled: what guards and benches count.
    pub fn steps(&self) -> u64 {
        self.agenda.taken()
    }

    /// When the next thing is due; `None` if nothing is.
    pub fn next_time(&self) -> Option<Time> {
        self.agenda.next_time()
    }

    /// Messages under way.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.post.iter()
    }

    /// How many messages are under way. O(1).
    pub fn under_way(&self) -> post::UnderWay {
        self.post.under_way()
    }

    /// How many messages are under way.
    pub fn message_count(&self) -> usize {
        self.post.len()
    }

    /// How many watch events are under way: to the controller manager, the scheduler, and all kubelets.
    pub fn watch_event_counts(&self) -> (usize, usize, usize) {
        let kubelets = self.machines.iter().map(|machine| machine.watch.events.len()).sum();
        (self.controllers.watch.events.len(), self.scheduler.watch.events.len(), kubelets)
    }

    /// Watch events under way to a part: when each was sent, and what it says.
    pub fn watch_events(&self) -> impl Iterator<Item = (Part, Time, &WatchEvent)> {
        let central =
            [(Part::ControllerManager, &self.controllers.watch), (Part::Scheduler, &self.scheduler.watch)];
        let kubelets = self.machines.iter().map(|machine| (Part::Kubelet(machine.id), &machine.watch));
        let inboxes = central.into_iter().chain(kubelets);
        inboxes.flat_map(|(part, inbox)| inbox.events.iter().map(move |(sent, event)| (part, *sent, event)))
    }

    /// The computer of this name, if it was not taken away.
    pub fn machine(&self, name: &str) -> Option<&Machine> {
        self.machines.get(self.machine_index.get(name)? as usize)
    }

    /// The computers that carry the control plane.
    pub fn control_plane(&self) -> impl Iterator<Item = &Machine> {
        self.control_plane.iter().filter_map(|id| self.machines.get(id.0 as usize))
    }

    /// The computers that are there, in order.
    pub fn present_machines(&self) -> impl Iterator<Item = &Machine> {
        self.machines.iter().filter(|machine| !machine.removed)
    }

    /// How many computers have been taken away.
    pub fn removed_count(&self) -> usize {
        self.removed.len()
    }

    /// A computer's place among those that are there; `None` for one that was taken away. O(log n).
    pub fn place_of(&self, id: MachineId) -> Option<usize> {
        let before = self.removed.binary_search(&id).err()?;
        Some(id.0 as usize - before)
    }

    /// The number of the computer of this name, if it was not taken away.
    pub fn machine_id(&self, name: &str) -> Option<MachineId> {
        self.machine(name).map(|machine| machine.id)
    }

    fn process_epoch(&self, part: Part) -> u32 {
        match part {
            Part::ControllerManager => self.controllers.epoch,
            Part::Scheduler => self.scheduler.epoch,
            // A kubelet knows its own lives, as its runtime outlives them.
            Part::Kubelet(_) | Part::User | Part::ApiServer | Part::Etcd => 0,
        }
    }

    // ---- running ----

    /// Handles the next thing that is due at or before `until`; false when nothing is.
    pub fn step_until(&mut self, until: Time) -> bool {
        let Some((at, wake)) = self.agenda.pop_until(until) else { return false };
        self.now = at;
        self.handle(wake);
        true
    }

    /// Runs to `until`, which is the present afterwards.
    pub fn run_until(&mut self, until: Time) {
        while self.step_until(until) {}
        self.now = self.now.max(until);
    }

    /// Gives up one more piece of a cluster that nobody needs any more; false when what is left is small. To
    /// drop a large one at once takes long.
    pub fn take_apart(&mut self) -> bool {
        self.machines.pop().is_some() || self.api.store.let_go()
    }

    /// Sets the present without handling anything; the caller has made sure that nothing is due before.
    pub fn advance_clock(&mut self, to: Time) {
        self.now = self.now.max(to);
    }

    fn handle(&mut self, wake: Wake) {
        match wake {
            Wake::Message(slot) => self.deliver_message(slot),
            Wake::Watch(part) => self.deliver_watch(part),
            Wake::Timer { part, epoch, timer } => {
                if epoch == self.process_epoch(part) {
                    self.tell(part, Told::Timer(timer));
                }
            }
            Wake::Connect { part, epoch } => self.connect(part, epoch),
            Wake::Files(id) => self.deliver_file_events(id),
            Wake::Shell(owner) => self.wake_shell(owner),
            Wake::Boot(id) => self.booted(id),
            Wake::StorageTimeout(epoch) => self.give_up_on_etcd(epoch),
            Wake::Events(part) => self.send_events(part),
            Wake::Kubeadm(step) => self.kubeadm(step),
        }
        self.after_step();
    }

    /// Brings what the step changed to where it is seen: watchers, and the control plane's own processes.
    fn after_step(&mut self) {
        if self.api.store.has_changes() {
            let changes = self.api.store.take_changes();
            for change in &changes {
                let machine = self.changes.note(change, &self.machine_index);
                self.fan_out(change, machine);
            }
            self.api.store.reuse(changes);
        }
        let wanted = self.has_command_watchers();
        for event in self.api.store.take_event_changes(wanted) {
            if let Object::Event(object) = event.object() {
                self.tell_commands(object.resource_version, event.clone());
            }
        }
        self.mind_control_plane();
    }

    // ---- telling a part, and carrying out its effects ----

    fn tell(&mut self, part: Part, told: Told) {
        let mut effects = std::mem::take(&mut self.effects);
        let (now, settings) = (self.now, &self.settings);
        match part {
            Part::ControllerManager => {
                let process = &mut self.controllers;
                let mut ctx = Ctx { now, settings, rng: &mut process.rng, effects: &mut effects };
                if let Some(kcm) = &mut process.component {
                    told.to(kcm, &mut ctx);
                }
            }
            Part::Scheduler => {
                let process = &mut self.scheduler;
                let mut ctx = Ctx { now, settings, rng: &mut process.rng, effects: &mut effects };
                if let Some(scheduler) = &mut process.component {
                    told.to(scheduler, &mut ctx);
                }
            }
            Part::Kubelet(id) => {
                self.changes.touch(id);
                if let Some(machine) = self.machines.get_mut(id.0 as usize) {
                    let mut ctx = Ctx { now, settings, rng: &mut machine.rng, effects: &mut effects };
                    let mut kubelet =
                        kubelet::OnHost { kubelet: &mut machine.kubelet, files: &machine.files };
                    told.to(&mut kubelet, &mut ctx);
                }
            }
            Part::User => {
                if let Told::Answer(token, answer) = told {
                    self.answer_job(token, answer);
                }
            }
            Part::ApiServer | Part::Etcd => {}
        }
        self.grant(part, &mut effects);
        self.effects = effects;
    }

    fn grant(&mut self, part: Part, effects: &mut Vec<Effect>) {
        let epoch = self.process_epoch(part);
        for effect in effects.drain(..) {
            match effect {
                Effect::Request { call, token } => self.send(part, call, token),
                Effect::Wake { at, timer } => {
                    self.agenda.push(at.max(self.now), Wake::Timer { part, epoch, timer });
                }
                Effect::Log(line) => self.write_log(part, &line),
                Effect::Connect => {
                    self.agenda.push(self.now + control_plane::CONNECT_AFTER, Wake::Connect { part, epoch });
                }
                Effect::Exit { code } => self.exit_process(part, code),
            }
        }
    }

    fn write_log(&mut self, part: Part, line: &LogLine) {
        if let Part::Kubelet(id) = part
            && let Some(machine) = self.machines.get_mut(id.0 as usize)
        {
            machine.write_journal(self.now, line);
        }
    }

    // ---- messages ----

    /// Sends a call to the API server; it arrives after the link's delay.
    pub fn send(&mut self, part: Part, call: Call, token: Token) {
        self.post_leg(part, token, Leg::Call(call));
    }

    fn post_leg(&mut self, part: Part, token: Token, leg: Leg) {
        self.post_leg_after(Duration::ZERO, part, token, leg);
    }

    /// An answer that was a while in the making.
    fn post_leg_after(&mut self, after: Duration, part: Part, token: Token, leg: Leg) {
        let (sent, arrives) = (self.now, self.now + after + self.settings.link_delay);
        let epoch = self.process_epoch(part);
        let slot = self.post.put(Message { part, epoch, token, leg, sent, arrives, id: 0 });
        self.agenda.push(arrives, Wake::Message(slot));
    }

    fn deliver_message(&mut self, slot: u32) {
        let Some(message) = self.post.take(slot) else { return };
        let Message { part, epoch, token, leg, sent, .. } = message;
        if epoch != self.process_epoch(part) && !matches!(leg, Leg::Call(_)) {
            return;
        }
        match leg {
            Leg::Call(call) => {
                let alive = self.is_running(part) && epoch == self.process_epoch(part);
                self.deliver_call(part, alive, token, call, sent);
            }
            Leg::Answer(answer) => {
                // What was under way when the link broke never comes.
                let lost = || Answer { result: Err(CallError::TimedOut), warnings: Vec::new() };
                let answer = if self.linked(part) { answer } else { lost() };
                self.tell(part, Told::Answer(token, answer));
            }
            Leg::List => self.answer_list(part),
            Leg::Listed(lists) if self.inbox(part).is_some_and(|inbox| inbox.open) => {
                for (kind, objects) in lists {
                    self.tell(part, Told::List(kind, objects));
                }
            }
            Leg::EventRejected(event) => self.tell(part, Told::EventRejected(event)),
            // The connection has broken since.
            Leg::Listed(_) => {}
        }
    }

    fn deliver_call(&mut self, part: Part, alive: bool, token: Token, call: Call, sent: Time) {
        let answers = matches!(self.serving, Serving::Up | Serving::WithoutEtcd) && self.linked(part);
        if let Some((answer, after)) = self.component_status(&call).filter(|_| answers) {
            self.note_call(part, &call, sent);
            return self.post_leg_after(after, part, token, Leg::Answer(answer));
        }
        let (error, after) = match (self.linked(part), self.serving) {
            (false, _) => (Some(CallError::TimedOut), Duration::ZERO),
            (true, Serving::Up) => (None, Duration::ZERO),
            (true, Serving::WithoutEtcd) => {
                let (error, after) = control_plane::without_etcd(part, &call);
                (Some(error), after)
            }
            (true, Serving::Down | Serving::Starting) => (Some(CallError::Refused), Duration::ZERO),
        };
        if let Some(error) = error {
            if let Call::PostEvent(draft) = call {
                // A process that has ended meanwhile does not try again.
                return if alive {
                    self.event_failed(part, draft, &error)
                };
            }
            if token != Token::None {
                let answer = Answer { result: Err(error), warnings: Vec::new() };
                self.post_leg_after(after, part, token, Leg::Answer(answer));
            }
            return;
        }
        self.note_call(part, &call, sent);
        let lease = match &call {
            // A process that has ended meanwhile does not go on renewing.
            Call::HoldLease { key, .. } if !alive => Some(key.clone()),
            _ => None,
        };
        if let Call::List { kind, .. } | Call::Get { kind, .. } = &call
            && let Some(client) = desk::client(token)
        {
            // Who lists, or gets the one object that is waited for, may watch from there. An answer and the request
            // that follows it take two ways; the rest is for the one who asks.
            let until = self.now + Duration(self.settings.link_delay.0.saturating_mul(4));
            self.watch_cache.listen(client, *kind, self.api.store.revision(), self.now, until);
        }
        if let Call::PostEvent(draft) = &call
            && let Err(error) = self.api.admit_event(draft)
        {
            return self.event_rejected(part, draft.clone(), error);
        }
        let answer = self.api.handle(call, self.now);
        if let Some(key) = lease {
            self.api.stop_lease(&key, self.now);
        }
        if token != Token::None {
            self.post_leg(part, token, Leg::Answer(answer));
        }
    }

    /// Puts a call that has reached the API server into the log.
    fn note_call(&mut self, part: Part, call: &Call, sent: Time) {
        self.log.push(LoggedMessage {
            sent,
            arrives: self.now,
            from: part,
            to: Part::ApiServer,
            verb: call.verb(),
            kind: call.kind(),
            key: post::key_of(call),
        });
    }

    /// The computer whose kubelet has this node's name. O(1).
    pub fn machine_of(&self, node: &str) -> Option<MachineId> {
        self.machine_index.get(node).map(MachineId)
    }

    fn is_running(&self, part: Part) -> bool {
        match part {
            Part::ControllerManager => self.controllers.component.is_some(),
            Part::Scheduler => self.scheduler.component.is_some(),
            Part::Kubelet(id) => {
                self.machines.get(id.0 as usize).is_some_and(|machine| machine.kubelet.is_running())
            }
            Part::User => true,
            Part::ApiServer | Part::Etcd => false,
        }
    }

    /// Whether nothing is under way: no message, and nothing due within `ahead`.
    pub fn is_quiet(&self, ahead: Duration) -> bool {
        self.post.is_empty() && self.agenda.next_time().is_none_or(|at| at > self.now + ahead)
    }
}

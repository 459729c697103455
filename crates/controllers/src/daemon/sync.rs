//! One sync of a DaemonSet: a procedure that waits for answers, as a list of states.
//!
//! In order (DS-036): the revision history; if something asked for earlier was not seen yet, only the status;
//! else missing and surplus pods, the rolling update, old revisions, the status.
//!
//! Kubernetes: pkg/controller/daemon/daemon_controller.go, syncDaemonSet.

use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use serde_json::Value;

use super::claims::{Claim, Claims};
use super::history::{get_patch, hash_of, matches, max_revision, new_revision, revisions_to_delete};
use super::nodes::{DeleteReason, UpdatedPods, find_updated_pods_on_node, pods_should_be_on_node};
use super::pods::PodTemplateInstance;
use super::status::{Next, StatusWrite};
use super::update::{rolling_update, updated_desired_node_counts};
use super::{BURST_REPLICAS, DaemonSetsController, SetId, TOKEN};
use crate::error_text;
use api::daemonset::{ControllerRevision, DaemonSet, PodTemplate, UpdateStrategy};
use api::event::{EventType, Message};
use api::meta::Name;
use api::object::{Key, Kind, Object};
use api::pod::{Pod, REVISION_HASH_LABEL};
use api::status_error::StatusError;
use client::informer::{Caches, NodeId};
use sim::{Duration, Time};
use wire::{Answer, Call, CallError, Ctx, DeleteOptions, Reply, Token};

/// What is known of a DaemonSet's revisions since they last changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    patch: Option<(Rc<PodTemplate>, Rc<Value>)>,
    known: Option<(Rc<PodTemplate>, Name, Vec<Rc<ControllerRevision>>)>,
}

impl History {
    /// The revisions have changed.
    pub(crate) fn forget(&mut self) {
        self.known = None;
    }

    fn patch(&mut self, template: &Rc<PodTemplate>) -> Rc<Value> {
        match &self.patch {
            Some((of, patch)) if Rc::ptr_eq(of, template) => patch.clone(),
            _ => {
                let patch = Rc::new(get_patch(template));
                self.patch = Some((template.clone(), patch.clone()));
                patch
            }
        }
    }
}

/// A part of a sync that begins with claiming pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Manage,
    RollingUpdate,
    CleanupHistory,
    Status { observe: bool },
}

/// What follows a row of requests.
#[derive(Clone, Debug)]
enum After {
    Match,
    Keep(Rc<ControllerRevision>),
    Decide,
    Status,
}

#[derive(Clone, Debug)]
enum SnapshotStep {
    Create,
    GetExisting,
    GetDaemonSet,
    CountCollision,
}

/// Pods under creation, in batches that double (DS-026).
#[derive(Clone, Debug)]
struct Creation {
    nodes: Vec<NodeId>,
    pos: usize,
    batch: usize,
    outstanding: usize,
    errors: Vec<String>,
    errors_before: usize,
    /// What is deleted afterwards.
    delete: Vec<Name>,
}

#[derive(Clone, Debug)]
struct Deletion {
    pods: Vec<Name>,
    sent: bool,
    outstanding: usize,
    errors: Vec<String>,
}

#[derive(Clone, Debug)]
enum Step {
    History,
    ClaimRevisions(Claims),
    Label,
    Match,
    Snapshot(SnapshotStep, Rc<ControllerRevision>),
    /// Requests, one after the other; the first that fails ends the part.
    Row(VecDeque<Call>, After),
    Decide,
    Begin(Stage),
    Claim(Stage, Claims),
    Run(Stage),
    Create(Stage, Creation),
    Delete(Stage, Deletion),
    Write(StatusWrite),
    End,
}

/// A sync under way.
#[derive(Clone, Debug)]
pub(crate) struct Sync {
    pub(super) id: u64,
    pub(super) set: SetId,
    /// As the cache had it when the sync began.
    ds: Rc<DaemonSet>,
    hash: Name,
    old: Vec<Rc<ControllerRevision>>,
    adopted_revisions: BTreeSet<Key>,
    error: Option<String>,
    step: Step,
}

enum Flow {
    Go,
    Wait,
}

impl Sync {
    fn token(&self, op: usize) -> Token {
        Token { tag: TOKEN, value: self.id << 16 | op as u64 & 0xffff }
    }

    fn ask(&self, call: Call, ctx: &mut Ctx) -> Flow {
        ctx.request(call, self.token(0));
        Flow::Wait
    }

    fn fail(&mut self, error: String) -> Flow {
        self.error.get_or_insert(error);
        self.step = Step::End;
        Flow::Go
    }

    /// A part went wrong: what is left is the status, unless it was that.
    fn fail_stage(&mut self, stage: Stage, error: String) {
        self.error.get_or_insert(error);
        self.step = match stage {
            Stage::Status { .. } => Step::End,
            _ => Step::Begin(Stage::Status { observe: true }),
        };
    }
}

impl DaemonSetsController {
    /// Begins a sync.
    pub(super) fn start_sync(&mut self, worker: usize, set: SetId, caches: &Caches, ctx: &mut Ctx) {
        let Some(state) = self.sets.get(&set) else { return self.queue.done(&set) };
        let (ds, regarding) = (state.ds.clone(), state.regarding.clone());
        if state.deleted {
            self.sets.remove(&set);
            self.expectations.delete_expectations(&set);
            self.queue.forget(&set);
            return self.queue.done(&set);
        }
        if ds.selector.is_everything() {
            let text = "This daemon set is selecting all pods. A non-empty selector is required.";
            let message = Message::Static(text);
            self.recorder.event(ctx, &regarding, EventType::Warning, "SelectingAll", message);
        }
        if ds.selector.is_everything() || ds.meta.is_terminating() {
            self.queue.forget(&set);
            return self.queue.done(&set);
        }
        let id = self.next_sync;
        self.next_sync += 1;
        let sync = Sync {
            id,
            set,
            ds,
            hash: "".into(),
            old: Vec::new(),
            adopted_revisions: BTreeSet::new(),
            error: None,
            step: Step::History,
        };
        self.drive(worker, sync, caches, ctx);
    }

    /// Syncs the DaemonSet with this key at once, past the queue. For tests.
    pub fn sync_now(&mut self, key: &Key, caches: &Caches, ctx: &mut Ctx) {
        let found = self.sets.iter().find(|(_, state)| !state.deleted && Key::of(&state.ds.meta) == *key);
        if let (Some((set, _)), Some(worker)) = (found, self.workers.iter().position(Option::is_none)) {
            self.start_sync(worker, *set, caches, ctx);
        }
    }

    pub(crate) fn on_answer(&mut self, token: Token, answer: Answer, caches: &Caches, ctx: &mut Ctx) {
        let id = token.value >> 16;
        let is_it = |worker: &Option<Sync>| worker.as_ref().is_some_and(|sync| sync.id == id);
        let Some(worker) = self.workers.iter().position(is_it) else { return };
        let Some(mut sync) = self.workers[worker].take() else { return };
        match self.feed(&mut sync, (token.value & 0xffff) as usize, &answer, ctx) {
            Flow::Wait => self.workers[worker] = Some(sync),
            Flow::Go => self.drive(worker, sync, caches, ctx),
        }
        self.kick(ctx);
    }

    fn drive(&mut self, worker: usize, mut sync: Sync, caches: &Caches, ctx: &mut Ctx) {
        while !matches!(sync.step, Step::End) {
            if let Flow::Wait = self.step(&mut sync, caches, ctx) {
                self.workers[worker] = Some(sync);
                return;
            }
        }
        match &sync.error {
            None => self.queue.forget(&sync.set),
            Some(_) => self.queue.add_rate_limited(sync.set, ctx.now),
        }
        self.last_error = sync.error;
        self.queue.done(&sync.set);
    }

    // ---- what happens, and where it leads ----

    fn step(&mut self, sync: &mut Sync, caches: &Caches, ctx: &mut Ctx) -> Flow {
        match std::mem::replace(&mut sync.step, Step::End) {
            Step::History => self.look_at_history(sync, caches),
            Step::ClaimRevisions(mut claims) => match claims.next_call(&sync.ds) {
                Some(call) => {
                    sync.step = Step::ClaimRevisions(claims);
                    return sync.ask(call, ctx);
                }
                None if claims.errors.is_empty() => {
                    sync.adopted_revisions = claims.done.iter().map(|claim| claim.key.clone()).collect();
                    sync.step = Step::Label;
                }
                None => return sync.fail(claims.errors.join(", ")),
            },
            Step::Label => {
                let unlabelled =
                    |revision: &Rc<ControllerRevision>| revision.meta.label(REVISION_HASH_LABEL).is_none();
                let histories = self.controlled_histories(sync, caches).into_iter().filter(unlabelled);
                sync.step = Step::Row(histories.map(|revision| label(&revision)).collect(), After::Match);
            }
            Step::Match => self.match_history(sync, caches),
            Step::Snapshot(at, revision) => return snapshot(sync, at, revision, ctx),
            Step::Row(mut calls, after) => match calls.pop_front() {
                Some(call) => {
                    sync.step = Step::Row(calls, after);
                    return sync.ask(call, ctx);
                }
                None => self.after_row(sync, after),
            },
            Step::Decide => {
                let satisfied = self.expectations.satisfied(&sync.set, ctx.now);
                let stage = if satisfied { Stage::Manage } else { Stage::Status { observe: false } };
                sync.step = Step::Begin(stage);
            }
            Step::Begin(stage) => {
                sync.step = match self.claims_on_pods(sync, caches) {
                    claims if claims.is_empty() => Step::Run(stage),
                    claims => Step::Claim(stage, Claims::new(claims)),
                };
            }
            Step::Claim(stage, mut claims) => match claims.next_call(&sync.ds) {
                Some(call) => {
                    sync.step = Step::Claim(stage, claims);
                    return sync.ask(call, ctx);
                }
                None => self.end_claims(sync, stage, &claims, caches),
            },
            Step::Run(stage) => return self.run_stage(sync, stage, caches, ctx),
            Step::Create(stage, creation) => return self.create_batch(sync, stage, creation, caches, ctx),
            Step::Delete(stage, deletion) => return self.delete_pods(sync, stage, deletion, ctx),
            Step::Write(write) => {
                let call = write.first_call();
                sync.step = Step::Write(write);
                return sync.ask(call, ctx);
            }
            Step::End => {}
        }
        Flow::Go
    }

    /// Takes in an answer.
    fn feed(&mut self, sync: &mut Sync, op: usize, answer: &Answer, ctx: &mut Ctx) -> Flow {
        let ds = sync.ds.clone();
        match &mut sync.step {
            Step::ClaimRevisions(claims) | Step::Claim(_, claims) => claims.on_answer(&ds, answer),
            Step::Row(_, after) => {
                if let Err(error) = &answer.result {
                    let text = error_text(error);
                    if !matches!(after, After::Status) {
                        return sync.fail(format!("failed to construct revisions of DaemonSet: {text}"));
                    }
                    let text = format!("failed to clean up revisions of DaemonSet: {text}");
                    sync.fail_stage(Stage::CleanupHistory, text);
                }
            }
            Step::Snapshot(..) => return self.feed_snapshot(sync, answer, ctx),
            Step::Create(_, creation) => {
                creation.outstanding = creation.outstanding.saturating_sub(1);
                let failed = self.pod_created(sync.set, answer, ctx);
                if let Step::Create(_, creation) = &mut sync.step {
                    creation.errors.extend(failed);
                    if creation.outstanding > 0 {
                        return Flow::Wait;
                    }
                }
            }
            Step::Delete(_, deletion) => {
                deletion.outstanding = deletion.outstanding.saturating_sub(1);
                let name = deletion.pods.get(op).cloned().unwrap_or_default();
                let failed = self.pod_deleted(sync.set, &name, answer, ctx);
                if let Step::Delete(_, deletion) = &mut sync.step {
                    deletion.errors.extend(failed);
                    if deletion.outstanding > 0 {
                        return Flow::Wait;
                    }
                }
            }
            Step::Write(write) => match write.on_answer(answer) {
                Next::Send(call) => return sync.ask(call, ctx),
                Next::Done(Ok(())) => return self.status_written(sync, ctx),
                Next::Done(Err(text)) => sync.fail_stage(Stage::Status { observe: true }, text),
            },
            _ => {}
        }
        Flow::Go
    }

    // ---- revisions ----

    /// Kubernetes: constructHistory, controlledHistories. Rules: DS-054…058.
    fn look_at_history(&mut self, sync: &mut Sync, caches: &Caches) {
        let Some(state) = self.sets.get(&sync.set) else { return };
        if let Some((template, hash, old)) = &state.history.known
            && Rc::ptr_eq(template, &sync.ds.template)
        {
            (sync.hash, sync.old) = (hash.clone(), old.clone());
            sync.step = Step::Decide;
            return;
        }
        let claims = revisions_in(caches, sync.ds.meta.namespace()).filter_map(|revision| {
            let matches = sync.ds.selector.matches_map(revision.meta.labels());
            let adopt = match revision.meta.controller() {
                Some(owner) if owner.uid == sync.ds.meta.uid && !matches => false,
                None if matches && !revision.meta.is_terminating() => true,
                _ => return None,
            };
            Some(Claim {
                adopt,
                kind: Kind::ControllerRevision,
                key: Key::of(&revision.meta),
                uid: revision.meta.uid,
                serial: revision.meta.serial,
            })
        });
        sync.step = Step::ClaimRevisions(Claims::new(claims.collect()));
    }

    fn controlled_histories(&self, sync: &Sync, caches: &Caches) -> Vec<Rc<ControllerRevision>> {
        let ours = |revision: &&Rc<ControllerRevision>| {
            let controlled = revision.is_controlled_by(sync.ds.meta.uid)
                || sync.adopted_revisions.contains(&Key::of(&revision.meta));
            controlled && sync.ds.selector.matches_map(revision.meta.labels())
        };
        revisions_in(caches, sync.ds.meta.namespace()).filter(ours).cloned().collect()
    }

    fn match_history(&mut self, sync: &mut Sync, caches: &Caches) {
        let histories = self.controlled_histories(sync, caches);
        let Some(state) = self.sets.get_mut(&sync.set) else { return };
        let patch = state.history.patch(&sync.ds.template);
        let (current, old): (Vec<_>, Vec<_>) =
            histories.into_iter().partition(|revision| matches(&patch, revision));
        sync.old = old;
        // Of several equal ones, the one with the highest number is kept.
        let Some(keep) = current.iter().max_by_key(|revision| revision.revision) else {
            let number = max_revision(&sync.old).saturating_add(1);
            let revision = Rc::new(new_revision(&sync.ds, &patch, number));
            sync.step = Step::Snapshot(SnapshotStep::Create, revision);
            return;
        };
        let calls = dedup_cur_histories(sync, keep, &current, caches);
        sync.step = Step::Row(calls, After::Keep(keep.clone()));
    }

    fn after_row(&mut self, sync: &mut Sync, after: After) {
        sync.step = match after {
            After::Match => Step::Match,
            After::Keep(keep) => {
                sync.hash = hash_of(&keep);
                let number = max_revision(&sync.old).saturating_add(1);
                if keep.revision < number {
                    let mut raised = (*keep).clone();
                    raised.revision = number;
                    let call = Call::Update(Object::ControllerRevision(Rc::new(raised)));
                    Step::Row(VecDeque::from([call]), After::Decide)
                } else {
                    self.remember_history(sync);
                    Step::Decide
                }
            }
            After::Decide => Step::Decide,
            After::Status => Step::Begin(Stage::Status { observe: true }),
        };
    }

    fn remember_history(&mut self, sync: &Sync) {
        if let Some(state) = self.sets.get_mut(&sync.set) {
            let known = (sync.ds.template.clone(), sync.hash.clone(), sync.old.clone());
            state.history.known = Some(known);
        }
    }

    /// Kubernetes: snapshot. Rule: DS-058.
    fn feed_snapshot(&mut self, sync: &mut Sync, answer: &Answer, ctx: &mut Ctx) -> Flow {
        let Step::Snapshot(at, revision) = std::mem::replace(&mut sync.step, Step::End) else {
            return Flow::Go;
        };
        let exists = answer.status().is_some_and(|status| status.is_already_exists());
        match (at, &answer.result) {
            (SnapshotStep::Create, Err(_)) if exists => {
                return snapshot(sync, SnapshotStep::GetExisting, revision, ctx);
            }
            (SnapshotStep::Create, Ok(_)) => {
                sync.hash = hash_of(&revision);
                sync.step = Step::Decide;
            }
            (SnapshotStep::GetExisting, Ok(Reply::Object(Object::ControllerRevision(existing)))) => {
                if !matches(&revision.data, existing) {
                    return snapshot(sync, SnapshotStep::GetDaemonSet, revision, ctx);
                }
                sync.hash = hash_of(existing);
                sync.step = Step::Decide;
            }
            (SnapshotStep::GetDaemonSet, Ok(Reply::Object(Object::DaemonSet(fresh)))) => {
                let mut fresh = (**fresh).clone();
                fresh.status.collision_count = fresh.status.collision_count.saturating_add(1);
                sync.step = Step::Snapshot(SnapshotStep::CountCollision, revision);
                return sync.ask(Call::UpdateStatus(Object::DaemonSet(Rc::new(fresh))), ctx);
            }
            (_, Err(error)) => {
                let text = error_text(error);
                return sync.fail(format!("failed to construct revisions of DaemonSet: {text}"));
            }
            (_, Ok(_)) => {
                let name = &revision.meta.name;
                let text = format!("controllerrevisions.apps \"{name}\" already exists");
                return sync.fail(format!("failed to construct revisions of DaemonSet: {text}"));
            }
        }
        Flow::Go
    }

    // ---- claiming pods ----

    /// Kubernetes: getDaemonPods. Rules: DS-037…041.
    fn claims_on_pods(&self, sync: &Sync, caches: &Caches) -> Vec<Claim> {
        let Some(state) = self.sets.get(&sync.set) else { return Vec::new() };
        let owned = &state.owned;
        let release = owned.unmatched.difference(&owned.released).map(|serial| (*serial, false));
        let adopt = owned.adoptable.iter().filter(|serial| !owned.adopted.contains_key(serial));
        let claims = release.chain(adopt.map(|serial| (*serial, true)));
        let claim = |(serial, adopt): (u32, bool)| {
            let pod = caches.pods.get(serial)?;
            if adopt && pod.meta.is_terminating() {
                return None;
            }
            let (key, uid) = (Key::of(&pod.meta), pod.meta.uid);
            Some(Claim { adopt, kind: Kind::Pod, key, uid, serial })
        };
        claims.filter_map(claim).collect()
    }

    fn end_claims(&mut self, sync: &mut Sync, stage: Stage, claims: &Claims, caches: &Caches) {
        let Some(state) = self.sets.get_mut(&sync.set) else { return };
        for claim in &claims.done {
            let target = caches.pods.target(claim.serial);
            if claim.adopt && state.owned.adoptable.contains(&claim.serial) {
                state.owned.adopted.insert(claim.serial, target);
                state.placement.touch(target);
            } else if !claim.adopt && state.owned.unmatched.contains(&claim.serial) {
                state.owned.released.insert(claim.serial);
            }
        }
        sync.step = Step::Run(stage);
        if !claims.errors.is_empty() {
            let (name, errors) = (&sync.ds.meta.name, claims.errors.join(", "));
            let text = format!("couldn't get node to daemon pod mapping for daemon set \"{name}\": {errors}");
            sync.fail_stage(stage, text);
        }
    }

    // ---- stages ----

    fn run_stage(&mut self, sync: &mut Sync, stage: Stage, caches: &Caches, ctx: &mut Ctx) -> Flow {
        let Some(state) = self.sets.get_mut(&sync.set) else { return Flow::Go };
        state.refresh(&sync.ds, &sync.hash, caches, ctx.now);
        match stage {
            Stage::Manage => {
                let (nodes, delete) = self.manage(sync, caches, ctx);
                self.sync_nodes(sync, stage, nodes, delete, ctx)
            }
            Stage::RollingUpdate => self.roll(sync, caches, ctx),
            Stage::CleanupHistory => {
                let calls = self.cleanup_history(sync, caches);
                sync.step = Step::Row(calls, After::Status);
                Flow::Go
            }
            Stage::Status { observe } => {
                let numbers = state.placement.status(&sync.ds.status);
                match StatusWrite::new(&sync.ds, numbers, observe) {
                    Some(write) => sync.step = Step::Write(write),
                    None => return self.status_written(sync, ctx),
                }
                Flow::Go
            }
        }
    }

    /// Which nodes need a pod, and which pods have to go.
    ///
    /// Kubernetes: manage. Rules: DS-008, DS-011, DS-020…024, DS-052.
    fn manage(&mut self, sync: &Sync, caches: &Caches, ctx: &mut Ctx) -> (Vec<NodeId>, Vec<Name>) {
        let Some(state) = self.sets.get(&sync.set) else { return Default::default() };
        let (mut create, mut delete, mut ended) = (Vec::new(), Vec::new(), Vec::new());
        let Some(basis) = state.placement.basis() else { return Default::default() };
        for node in &state.placement.attend {
            let exists = state.placement.exists(*node);
            state.with_pods_on(*node, caches, |pods| {
                if !exists {
                    // Nobody else deletes pods that wait for a node that is gone.
                    let unbound = pods.iter().filter(|pod| pod.node_name.is_none());
                    delete.extend(unbound.map(|pod| pod.meta.name.clone()));
                    return;
                }
                let verdict = state.placement.verdict(*node);
                let result = pods_should_be_on_node(verdict, pods, basis, ctx.now);
                if result.create {
                    create.push(*node);
                }
                for (reason, pod) in result.delete {
                    match reason {
                        DeleteReason::Failed | DeleteReason::Succeeded => {
                            ended.push((*node, reason, pod.meta.name.clone()))
                        }
                        DeleteReason::Excess | DeleteReason::Misplaced => delete.push(pod.meta.name.clone()),
                    }
                }
            });
        }
        let room = BURST_REPLICAS.saturating_sub(create.len());
        create.extend(state.placement.create.iter().take(room));
        for (node, reason, name) in ended {
            if self.deletes_ended_now(sync, node, reason, &name, caches, ctx) {
                delete.push(name);
            }
        }
        (create, delete)
    }

    /// Whether a pod that has ended is deleted now; says so in an event.
    ///
    /// Rules: DS-020, DS-021, DS-052.
    fn deletes_ended_now(
        &mut self,
        sync: &Sync,
        node: NodeId,
        reason: DeleteReason,
        pod: &Name,
        caches: &Caches,
        ctx: &mut Ctx,
    ) -> bool {
        let ds = &sync.ds;
        if reason == DeleteReason::Failed {
            let key = (ds.meta.uid, ds.status.observed_generation, node);
            if self.failed_pods_backoff.is_in_back_off_since_update(&key, ctx.now) {
                let delay = self.failed_pods_backoff.get(&key);
                self.queue.add_after(sync.set, delay, ctx.now);
                return false;
            }
            self.failed_pods_backoff.next(&key, ctx.now, ctx.now);
        }
        let (kind, reason, found, will) = match reason {
            DeleteReason::Failed => (EventType::Warning, "FailedDaemonPod", "failed", "kill"),
            _ => (EventType::Normal, "SucceededDaemonPod", "succeeded", "delete"),
        };
        let (namespace, name) = (ds.meta.namespace(), caches.nodes.name(node));
        let text =
            format!("Found {found} daemon pod {namespace}/{pod} on node {name}, will try to {will} it");
        self.say(sync.set, kind, reason, text, ctx);
        true
    }

    fn say(&mut self, set: SetId, kind: EventType, reason: &'static str, text: String, ctx: &mut Ctx) {
        if let Some(state) = self.sets.get(&set) {
            self.recorder.event(ctx, &state.regarding, kind, reason, Message::Text(text.into()));
        }
    }

    /// Kubernetes: rollingUpdate.
    fn roll(&mut self, sync: &mut Sync, caches: &Caches, ctx: &mut Ctx) -> Flow {
        let Some(state) = self.sets.get(&sync.set) else { return Flow::Go };
        let placement = &state.placement;
        let Some(basis) = placement.basis() else { return Flow::Go };
        let counts = updated_desired_node_counts(&sync.ds, placement.sums.desired);
        let step = match rolling_update(placement, counts) {
            Ok(step) => step,
            Err(node) => {
                let text = format!("couldn't get node for nodeName \"{}\"", caches.nodes.name(node));
                sync.fail_stage(Stage::RollingUpdate, text);
                return Flow::Go;
            }
        };
        let old_pod = |node: &NodeId| {
            state.with_pods_on(*node, caches, |pods| match find_updated_pods_on_node(pods, basis) {
                UpdatedPods::Pods { old, .. } => old.map(|pod| pod.meta.name.clone()),
                UpdatedPods::Excess => None,
            })
        };
        let delete = step.delete_old.iter().filter_map(old_pod).collect();
        self.sync_nodes(sync, Stage::RollingUpdate, step.create, delete, ctx)
    }

    fn cleanup_history(&self, sync: &Sync, caches: &Caches) -> VecDeque<Call> {
        let live = |hashes: &BTreeSet<Name>| {
            let mut live = BTreeSet::new();
            for pod in caches.pods.controlled(sync.ds.meta.uid) {
                if let Some(hash) = pod.meta.labels().get(REVISION_HASH_LABEL)
                    && hashes.contains(hash)
                {
                    live.insert(hash.clone());
                    if live.len() == hashes.len() {
                        break;
                    }
                }
            }
            live
        };
        let gone = revisions_to_delete(&sync.old, sync.ds.revision_history_limit, live);
        gone.iter().map(|revision| delete(Kind::ControllerRevision, Key::of(&revision.meta))).collect()
    }

    /// Rules: DS-050, DS-064.
    fn status_written(&mut self, sync: &mut Sync, ctx: &mut Ctx) -> Flow {
        if let Some(state) = self.sets.get(&sync.set) {
            let sums = &state.placement.sums;
            if sync.ds.min_ready > Duration::ZERO && sums.ready != sums.available {
                self.queue.add_after(sync.set, sync.ds.min_ready, ctx.now);
            }
        }
        sync.step = Step::End;
        Flow::Go
    }

    // ---- creating and deleting pods ----

    /// Kubernetes: syncNodes. Rules: DS-025…027.
    fn sync_nodes(
        &mut self,
        sync: &mut Sync,
        stage: Stage,
        mut nodes: Vec<NodeId>,
        mut delete: Vec<Name>,
        ctx: &mut Ctx,
    ) -> Flow {
        nodes.truncate(BURST_REPLICAS);
        delete.truncate(BURST_REPLICAS);
        let (adds, dels) = (nodes.len() as u32, delete.len() as u32);
        self.expectations.set_expectations(sync.set, adds, dels, ctx.now);
        let creation = Creation {
            batch: nodes.len().min(1),
            nodes,
            pos: 0,
            outstanding: 0,
            errors: Vec::new(),
            errors_before: 0,
            delete,
        };
        sync.step = Step::Create(stage, creation);
        Flow::Go
    }

    /// Sends the next batch, or goes on to the deletions.
    fn create_batch(
        &mut self,
        sync: &mut Sync,
        stage: Stage,
        mut creation: Creation,
        caches: &Caches,
        ctx: &mut Ctx,
    ) -> Flow {
        if creation.errors.len() > creation.errors_before && creation.pos < creation.nodes.len() {
            // The rest is not tried, so nobody waits for it either.
            let skipped = (creation.nodes.len() - creation.pos) as u32;
            self.expectations.lower(&sync.set, skipped, 0);
            creation.pos = creation.nodes.len();
        }
        let batch = creation.batch.min(creation.nodes.len() - creation.pos);
        if batch == 0 {
            let (pods, errors) = (creation.delete, creation.errors);
            let deletion = Deletion { pods, sent: false, outstanding: 0, errors };
            sync.step = Step::Delete(stage, deletion);
            return Flow::Go;
        }
        let Some(state) = self.sets.get_mut(&sync.set) else { return Flow::Go };
        let basis = state.basis(&sync.ds, &sync.hash);
        if state.instance.as_ref().is_none_or(|instance| !instance.fits(&sync.ds, &basis)) {
            let instance = PodTemplateInstance::new(&sync.ds, &basis);
            state.owned.matching =
                Some(instance.common().clone()).filter(|common| sync.ds.selector.matches_map(&common.labels));
            state.instance = Some(instance);
        }
        let Some(instance) = &state.instance else { return Flow::Go };
        let upto = creation.pos + batch;
        for (op, node) in creation.nodes[creation.pos..upto].iter().enumerate() {
            ctx.request(instance.create(&caches.nodes.name(*node)), sync.token(op));
        }
        creation.errors_before = creation.errors.len();
        creation.outstanding = batch;
        creation.pos = upto;
        creation.batch = batch * 2;
        sync.step = Step::Create(stage, creation);
        Flow::Wait
    }

    /// Rules: DS-033, DS-051.
    fn pod_created(&mut self, set: SetId, answer: &Answer, ctx: &mut Ctx) -> Option<String> {
        match &answer.result {
            Ok(reply) => {
                if let Some(meta) = reply.object().and_then(Object::meta) {
                    let text = format!("Created pod: {}", meta.name);
                    self.say(set, EventType::Normal, "SuccessfulCreate", text, ctx);
                }
                self.note_refusal(set, None);
                None
            }
            Err(error) if is_namespace_terminating(error) => None,
            Err(error) => {
                let text = error_text(error);
                self.note_refusal(set, answer.status());
                self.say(set, EventType::Warning, "FailedCreate", format!("Error creating: {text}"), ctx);
                self.expectations.creation_observed(&set);
                Some(text)
            }
        }
    }

    fn note_refusal(&mut self, set: SetId, refusal: Option<&StatusError>) {
        if let Some(state) = self.sets.get_mut(&set) {
            state.refusal = refusal.map(|refusal| Rc::new(refusal.clone()));
        }
    }

    fn delete_pods(&mut self, sync: &mut Sync, stage: Stage, mut deletion: Deletion, ctx: &mut Ctx) -> Flow {
        if !deletion.sent && !deletion.pods.is_empty() {
            deletion.sent = true;
            deletion.outstanding = deletion.pods.len();
            for (op, name) in deletion.pods.iter().enumerate() {
                let key = Key { namespace: sync.ds.meta.namespace().clone(), name: name.clone() };
                ctx.request(delete(Kind::Pod, key), sync.token(op));
            }
            sync.step = Step::Delete(stage, deletion);
            return Flow::Wait;
        }
        self.after_sync_nodes(sync, stage, deletion.errors, ctx.now);
        Flow::Go
    }

    /// Rule: DS-051.
    fn pod_deleted(&mut self, set: SetId, name: &Name, answer: &Answer, ctx: &mut Ctx) -> Option<String> {
        let Err(error) = &answer.result else {
            self.say(set, EventType::Normal, "SuccessfulDelete", format!("Deleted pod: {name}"), ctx);
            return None;
        };
        self.expectations.deletion_observed(&set);
        if answer.status().is_some_and(|status| status.is_not_found()) {
            return None;
        }
        let text = error_text(error);
        self.say(set, EventType::Warning, "FailedDelete", format!("Error deleting: {text}"), ctx);
        Some(text)
    }

    /// Kubernetes: updateDaemonSet.
    fn after_sync_nodes(&mut self, sync: &mut Sync, stage: Stage, errors: Vec<String>, now: Time) {
        if !errors.is_empty() {
            return sync.fail_stage(stage, errors.join(", "));
        }
        let rolls = matches!(sync.ds.update_strategy, UpdateStrategy::RollingUpdate { .. });
        let next = match stage {
            Stage::Manage if rolls && self.expectations.satisfied(&sync.set, now) => Stage::RollingUpdate,
            _ => Stage::CleanupHistory,
        };
        sync.step = Step::Begin(next);
    }
}

fn snapshot(sync: &mut Sync, at: SnapshotStep, revision: Rc<ControllerRevision>, ctx: &mut Ctx) -> Flow {
    let call = match at {
        SnapshotStep::Create => Call::Create(Object::ControllerRevision(revision.clone())),
        SnapshotStep::GetExisting => {
            Call::Get { kind: Kind::ControllerRevision, key: Key::of(&revision.meta) }
        }
        SnapshotStep::GetDaemonSet | SnapshotStep::CountCollision => {
            Call::Get { kind: Kind::DaemonSet, key: Key::of(&sync.ds.meta) }
        }
    };
    sync.step = Step::Snapshot(at, revision);
    sync.ask(call, ctx)
}

/// Requests that leave one of several equal revisions: pods get its label, the others go.
///
/// Kubernetes: dedupCurHistories.
fn dedup_cur_histories(
    sync: &Sync,
    keep: &Rc<ControllerRevision>,
    current: &[Rc<ControllerRevision>],
    caches: &Caches,
) -> VecDeque<Call> {
    let others: Vec<_> = current.iter().filter(|revision| revision.meta.name != keep.meta.name).collect();
    if others.is_empty() {
        return VecDeque::new();
    }
    let hash = hash_of(keep);
    let stale = |pod: &&Rc<Pod>| pod.meta.label(REVISION_HASH_LABEL) != Some(&*hash);
    let relabel = caches.pods.controlled(sync.ds.meta.uid).filter(stale).map(|pod| {
        let mut pod = (**pod).clone();
        pod.meta.common_mut().labels.insert(REVISION_HASH_LABEL.into(), hash.clone());
        Call::Update(Object::Pod(Rc::new(pod)))
    });
    let remove = others.iter().map(|revision| delete(Kind::ControllerRevision, Key::of(&revision.meta)));
    relabel.chain(remove).collect()
}

fn label(revision: &ControllerRevision) -> Call {
    let mut labelled = revision.clone();
    let name = revision.meta.name.clone();
    labelled.meta.common_mut().labels.insert(REVISION_HASH_LABEL.into(), name);
    Call::Update(Object::ControllerRevision(Rc::new(labelled)))
}

fn delete(kind: Kind, key: Key) -> Call {
    Call::Delete { kind, key, options: DeleteOptions::default() }
}

fn revisions_in<'a>(
    caches: &'a Caches,
    namespace: &Name,
) -> impl Iterator<Item = &'a Rc<ControllerRevision>> {
    let from = Key { namespace: namespace.clone(), name: "".into() };
    let namespace = namespace.clone();
    caches.revisions.range(from..).map(|(_, r)| r).take_while(move |r| *r.meta.namespace() == namespace)
}

/// A namespace that is going away takes no new pods; that is no reason to complain (DS-033).
fn is_namespace_terminating(error: &CallError) -> bool {
    match error {
        CallError::Status(status) => status.causes.iter().any(|cause| cause.reason == "NamespaceTerminating"),
        _ => false,
    }
}

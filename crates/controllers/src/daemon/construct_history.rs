//! The parts of a sync that see to the ControllerRevisions: one at the beginning, one at the end.
//!
//! Kubernetes: pkg/controller/daemon/update.go.

use std::rc::Rc;

use serde_json::Value;
use sim::SortedSet;

use super::claims::{Claim, ClaimPods, Claims, get_nodes_to_daemon_pods};
use super::history::{get_patch, hash_of, matches, max_revision, new_revision, revisions_to_delete};
use super::part::{Io, Part, Request, Requests};
use super::sync::Start;
use super::{Revisions, delete};
use crate::procedure::{Stop, SyncResult, fail};
use api::daemonset::{ControllerRevision, PodTemplate};
use api::meta::Name;
use api::object::{Key, Kind, Object, in_namespace};
use api::pod::{Pod, REVISION_HASH_LABEL};
use client::informer::Caches;
use wire::{Call, CallError, Reply};

/// What is known of a DaemonSet's revisions since they last changed.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownHistory {
    patch: Option<(Rc<PodTemplate>, Rc<Value>)>,
    known: Option<(Rc<PodTemplate>, Rc<Revisions>)>,
}

impl KnownHistory {
    /// The revisions have changed.
    pub(super) fn forget(&mut self) {
        self.known = None;
    }

    fn of(&self, template: &Rc<PodTemplate>) -> Option<Rc<Revisions>> {
        let (of, revisions) = self.known.as_ref()?;
        Rc::ptr_eq(of, template).then(|| revisions.clone())
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

/// What [`construct_history`] keeps from answer to answer.
#[derive(Clone, Debug, Default)]
pub(super) struct HistoryParts {
    claims: Part<Claims, SortedSet<Key>>,
    labels: Requests,
    matched: Option<Rc<Matched>>,
    dedup: Requests,
    raise: Request,
    snapshot: SnapshotParts,
    over: Option<Rc<Revisions>>,
}

/// A DaemonSet's revisions, by whether they are of its present template.
#[derive(Clone, Debug)]
struct Matched {
    patch: Rc<Value>,
    current: Vec<Rc<ControllerRevision>>,
    old: Vec<Rc<ControllerRevision>>,
}

/// Makes sure that there is exactly one revision of the present template. Returns its hash and the old revisions.
///
/// Kubernetes: constructHistory. Rules: DS-054…058.
pub(super) fn construct_history(
    start: &Start,
    parts: &mut HistoryParts,
    io: &mut Io,
) -> SyncResult<Rc<Revisions>> {
    if let Some(revisions) = &parts.over {
        return Ok(revisions.clone());
    }
    let template = &start.ds.template;
    let known = io.dsc.sets.get(&start.set).and_then(|state| state.history.of(template));
    if let Some(revisions) = known {
        parts.over = Some(revisions.clone());
        return Ok(revisions);
    }
    let adopted = claim_revisions(start, &mut parts.claims, io)?;
    parts.labels.ask_in_turn(io, |io| label_revisions(start, &adopted, io.caches))?;
    let matched = match &parts.matched {
        Some(matched) => matched.clone(),
        None => parts.matched.insert(match_revisions(start, &adopted, io)).clone(),
    };
    let number = max_revision(&matched.old).saturating_add(1);
    // Of several equal ones, the one with the highest number is kept.
    let keep = matched.current.iter().max_by_key(|revision| revision.revision);
    let Some(keep) = keep else {
        let revision = Rc::new(new_revision(&start.ds, &matched.patch, number));
        let hash = snapshot(start, &revision, &mut parts.snapshot, io)?;
        return Ok(parts.over.insert(Revisions::new(hash, &matched.old)).clone());
    };
    parts.dedup.ask_in_turn(io, |io| dedup_cur_histories(start, keep, &matched.current, io.caches))?;
    let revisions = Revisions::new(hash_of(keep), &matched.old);
    if keep.revision < number {
        parts.raise.ask(io, || raise(keep, number))?.map_err(|error| fail(&error))?;
    } else if let Some(state) = io.dsc.sets.get_mut(&start.set) {
        state.history.known = Some((template.clone(), revisions.clone()));
    }
    Ok(parts.over.insert(revisions).clone())
}

fn revisions_in<'a>(
    caches: &'a Caches,
    namespace: &Name,
) -> impl Iterator<Item = &'a Rc<ControllerRevision>> {
    in_namespace(&caches.revisions, namespace).map(|(_, revision)| revision)
}

/// Adopts and releases revisions; gives those that were adopted, which the cache may not show yet.
///
/// Kubernetes: controlledHistories, ClaimControllerRevisions.
fn claim_revisions(
    start: &Start,
    claims: &mut Part<Claims, SortedSet<Key>>,
    io: &mut Io,
) -> SyncResult<SortedSet<Key>> {
    let ds = &start.ds;
    let claim = |revision: &Rc<ControllerRevision>| {
        let matches = ds.selector.matches_map(revision.meta.labels());
        let adopt = match revision.meta.controller() {
            Some(owner) if owner.uid == ds.meta.uid && !matches => false,
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
    };
    let begin = |io: &mut Io| {
        Ok(Claims::new(revisions_in(io.caches, ds.meta.namespace()).filter_map(claim).collect()))
    };
    claims.run(io, begin, |claims, io| {
        claims.carry_out(ds, io)?;
        match claims.errors.is_empty() {
            true => Ok(claims.done.iter().map(|claim| claim.key.clone()).collect()),
            false => Err(Stop::Failed(claims.errors.join(", "))),
        }
    })
}

/// Kubernetes: controlledHistories.
fn controlled_histories(
    start: &Start,
    adopted: &SortedSet<Key>,
    caches: &Caches,
) -> Vec<Rc<ControllerRevision>> {
    let ours = |revision: &&Rc<ControllerRevision>| {
        let controlled =
            revision.is_controlled_by(start.ds.meta.uid) || adopted.contains(&Key::of(&revision.meta));
        controlled && start.ds.selector.matches_map(revision.meta.labels())
    };
    revisions_in(caches, start.ds.meta.namespace()).filter(ours).cloned().collect()
}

/// Gives the revisions that have no hash in their labels their name for it.
fn label_revisions(start: &Start, adopted: &SortedSet<Key>, caches: &Caches) -> Vec<Call> {
    let unlabelled = |revision: &Rc<ControllerRevision>| revision.meta.label(REVISION_HASH_LABEL).is_none();
    let label = |revision: Rc<ControllerRevision>| {
        let mut labelled = (*revision).clone();
        let name = revision.meta.name.clone();
        labelled.meta.common_mut().labels.insert(REVISION_HASH_LABEL.into(), name);
        Call::Update(Object::ControllerRevision(Rc::new(labelled)))
    };
    controlled_histories(start, adopted, caches).into_iter().filter(unlabelled).map(label).collect()
}

fn match_revisions(start: &Start, adopted: &SortedSet<Key>, io: &mut Io) -> Rc<Matched> {
    let template = &start.ds.template;
    let patch = match io.dsc.sets.get_mut(&start.set) {
        Some(state) => state.history.patch(template),
        None => Rc::new(get_patch(template)),
    };
    let histories = controlled_histories(start, adopted, io.caches).into_iter();
    let (current, old) = histories.partition(|revision| matches(&patch, revision));
    Rc::new(Matched { patch, current, old })
}

/// Requests that leave one of several equal revisions: pods get its label, the others go.
///
/// Kubernetes: dedupCurHistories.
fn dedup_cur_histories(
    start: &Start,
    keep: &ControllerRevision,
    current: &[Rc<ControllerRevision>],
    caches: &Caches,
) -> Vec<Call> {
    let others: Vec<_> = current.iter().filter(|revision| revision.meta.name != keep.meta.name).collect();
    if others.is_empty() {
        return Vec::new();
    }
    let hash = hash_of(keep);
    let stale = |pod: &&Rc<Pod>| pod.meta.label(REVISION_HASH_LABEL) != Some(&*hash);
    let relabel = caches.pods.controlled(start.ds.meta.uid).filter(stale).map(|pod| {
        let mut pod = (**pod).clone();
        pod.meta.common_mut().labels.insert(REVISION_HASH_LABEL.into(), hash.clone());
        Call::Update(Object::Pod(Rc::new(pod)))
    });
    let remove = others.iter().map(|revision| delete(Kind::ControllerRevision, Key::of(&revision.meta)));
    relabel.chain(remove).collect()
}

/// Gives a revision that is the present one again the highest number.
fn raise(revision: &ControllerRevision, number: i64) -> Call {
    let mut raised = revision.clone();
    raised.revision = number;
    Call::Update(Object::ControllerRevision(Rc::new(raised)))
}

/// The requests of [`snapshot`].
#[derive(Clone, Debug, Default)]
struct SnapshotParts {
    create: Request,
    get_existing: Request,
    get_daemon_set: Request,
    count_collision: Request,
}

/// Stores a new revision and gives its hash. If another template has the same hash, the collision is counted in
/// the status and the sync fails; the next one computes another hash.
///
/// Kubernetes: snapshot. Rule: DS-058.
fn snapshot(
    start: &Start,
    revision: &Rc<ControllerRevision>,
    parts: &mut SnapshotParts,
    io: &mut Io,
) -> SyncResult<Name> {
    match parts.create.ask(io, || Call::Create(Object::ControllerRevision(revision.clone())))? {
        Ok(_) => return Ok(hash_of(revision)),
        Err(CallError::Status(status)) if status.is_already_exists() => {}
        Err(error) => return Err(fail(&error)),
    }
    let key = || Key::of(&revision.meta);
    let get = || Call::Get { kind: Kind::ControllerRevision, key: key() };
    let existing = parts.get_existing.ask(io, get)?.map_err(|error| fail(&error))?;
    if let Reply::Object(Object::ControllerRevision(existing)) = &existing
        && matches(&revision.data, existing)
    {
        return Ok(hash_of(existing));
    }
    let get = || Call::Get { kind: Kind::DaemonSet, key: Key::of(&start.ds.meta) };
    let fresh = parts.get_daemon_set.ask(io, get)?.map_err(|error| fail(&error))?;
    if let Reply::Object(Object::DaemonSet(fresh)) = fresh {
        let count = || {
            let mut fresh = (*fresh).clone();
            fresh.status.collision_count = fresh.status.collision_count.saturating_add(1);
            Call::UpdateStatus(Object::DaemonSet(Rc::new(fresh)))
        };
        parts.count_collision.ask(io, count)?.map_err(|error| fail(&error))?;
    }
    Err(Stop::Failed(format!("controllerrevisions.apps \"{}\" already exists", revision.meta.name)))
}

/// What [`cleanup_history`] keeps from answer to answer.
#[derive(Clone, Debug, Default)]
pub(super) struct CleanupParts {
    claims: ClaimPods,
    delete: Requests,
}

/// Deletes old revisions beyond the limit, except those that some pod still carries.
///
/// Kubernetes: cleanupHistory. Rule: DS-057.
pub(super) fn cleanup_history(
    start: &Start,
    revisions: &Revisions,
    parts: &mut CleanupParts,
    io: &mut Io,
) -> SyncResult<()> {
    get_nodes_to_daemon_pods(start, revisions, &mut parts.claims, io)?;
    parts.delete.ask_in_turn(io, |io| {
        let live = |hashes: &SortedSet<Name>| live_hashes(start, hashes, io.caches);
        let gone = revisions_to_delete(&revisions.old, start.ds.revision_history_limit, live);
        gone.iter().map(|revision| delete(Kind::ControllerRevision, Key::of(&revision.meta))).collect()
    })
}

/// Those of the hashes that some pod of the DaemonSet carries.
fn live_hashes(start: &Start, hashes: &SortedSet<Name>, caches: &Caches) -> SortedSet<Name> {
    let mut live = SortedSet::new();
    for pod in caches.pods.controlled(start.ds.meta.uid) {
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
}

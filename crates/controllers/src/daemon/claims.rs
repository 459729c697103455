//! Adoption and release: making owner references say what labels say.
//!
//! Kubernetes: pkg/controller/controller_ref_manager.go.

use std::collections::VecDeque;

use super::Revisions;
use super::history::controller_ref;
use super::part::{Io, Part};
use super::sync::Start;
use crate::error_text;
use crate::procedure::{Stop, SyncResult};
use api::daemonset::DaemonSet;
use api::meta::Uid;
use api::object::{Key, Kind, Object};
use api::status_error::StatusReason;
use wire::{Answer, Call, FieldValidation, Patch, Reply};

/// One object to be adopted or released.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) adopt: bool,
    pub(crate) kind: Kind,
    pub(crate) key: Key,
    pub(crate) uid: Uid,
    pub(crate) serial: u32,
}

/// The claims of one pass, carried out one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claims {
    left: VecDeque<Claim>,
    current: Option<Claim>,
    /// What the live look at the DaemonSet said, once one was needed.
    can_adopt: Option<Result<(), String>>,
    checking: bool,
    asked: bool,
    pub(crate) errors: Vec<String>,
    /// Those that were carried out.
    pub(crate) done: Vec<Claim>,
}

impl Claims {
    pub(crate) fn new(claims: Vec<Claim>) -> Claims {
        Claims { left: claims.into(), ..Claims::default() }
    }

    /// Carries out all claims.
    pub(super) fn carry_out(&mut self, ds: &DaemonSet, io: &mut Io) -> SyncResult<()> {
        loop {
            if self.asked {
                let (_, answer) = io.take_answer()?;
                self.on_answer(ds, &answer);
            }
            let Some(call) = self.next_call(ds) else { return Ok(()) };
            io.send(0, call);
            self.asked = true;
        }
    }

    /// The next request; `None` when all claims are dealt with.
    fn next_call(&mut self, ds: &DaemonSet) -> Option<Call> {
        loop {
            if self.current.is_none() {
                self.current = self.left.pop_front();
            }
            let claim = self.current.as_ref()?;
            if !claim.adopt {
                return Some(patch(claim, Patch::Owner { add: None, remove: Some(ds.meta.uid) }));
            }
            match &self.can_adopt {
                None => {
                    // A last look past the cache: a DaemonSet being deleted adopts nothing (DS-040).
                    self.checking = true;
                    return Some(Call::Get { kind: Kind::DaemonSet, key: Key::of(&ds.meta) });
                }
                Some(Ok(())) => {
                    let owner = controller_ref(ds);
                    return Some(patch(claim, Patch::Owner { add: Some(Box::new(owner)), remove: None }));
                }
                Some(Err(why)) => {
                    let text = format!("can't adopt {} {}: {why}", claim.kind.name(), claim.key);
                    self.errors.push(text);
                    self.current = None;
                }
            }
        }
    }

    fn on_answer(&mut self, ds: &DaemonSet, answer: &Answer) {
        if std::mem::take(&mut self.checking) {
            self.can_adopt = Some(recheck_deletion_timestamp(ds, answer));
            return;
        }
        let Some(claim) = self.current.take() else { return };
        match answer.status().map(|status| status.reason) {
            Some(StatusReason::NotFound) => {}
            Some(StatusReason::Invalid) if !claim.adopt => {}
            _ => match &answer.result {
                Ok(_) => self.done.push(claim),
                Err(error) => self.errors.push(error_text(error)),
            },
        }
    }
}

fn patch(claim: &Claim, patch: Patch) -> Call {
    Call::Patch {
        kind: claim.kind,
        key: claim.key.clone(),
        uid: Some(claim.uid),
        patch,
        validation: FieldValidation::Ignore,
    }
}

/// Kubernetes: controller_ref_manager.go, RecheckDeletionTimestamp.
fn recheck_deletion_timestamp(ds: &DaemonSet, answer: &Answer) -> Result<(), String> {
    let meta = match &answer.result {
        Ok(Reply::Object(Object::DaemonSet(fresh))) => &fresh.meta,
        Ok(_) => return Err("no DaemonSet came back".to_owned()),
        Err(error) => return Err(format!("can't recheck DeletionTimestamp: {}", error_text(error))),
    };
    let key = Key::of(&ds.meta);
    if meta.uid != ds.meta.uid {
        let (got, wanted) = (meta.uid, ds.meta.uid);
        return Err(format!("original DaemonSet {key} is gone: got uid {got}, wanted {wanted}"));
    }
    match &meta.deletion {
        Some(deletion) => Err(format!("{key} has just been deleted at {}", deletion.at)),
        None => Ok(()),
    }
}

/// The claims on pods that a part of a sync begins with.
pub(super) type ClaimPods = Part<Claims, ()>;

/// Adopts and releases pods, then brings the placement up to date.
///
/// Kubernetes: getNodesToDaemonPods, getDaemonPods. Rules: DS-037…041.
pub(super) fn get_nodes_to_daemon_pods(
    start: &Start,
    revisions: &Revisions,
    claims: &mut ClaimPods,
    io: &mut Io,
) -> SyncResult<()> {
    let begin = |io: &mut Io| Ok(Claims::new(claims_on_pods(start, io)));
    claims.run(io, begin, |claims, io| {
        claims.carry_out(&start.ds, io)?;
        note_claimed(start, claims, io);
        if !claims.errors.is_empty() {
            let (name, errors) = (&start.ds.meta.name, claims.errors.join(", "));
            let text = format!("couldn't get node to daemon pod mapping for daemon set \"{name}\": {errors}");
            return Err(Stop::Failed(text));
        }
        if let Some(state) = io.dsc.sets.get_mut(&start.set) {
            state.refresh(&start.ds, &revisions.hash, io.caches, io.ctx.now);
        }
        Ok(())
    })
}

fn claims_on_pods(start: &Start, io: &Io) -> Vec<Claim> {
    let Some(state) = io.dsc.sets.get(&start.set) else { return Vec::new() };
    let owned = &state.owned;
    let release = owned.unmatched.difference(&owned.released).map(|serial| (*serial, false));
    let adopt = owned.adoptable.iter().filter(|serial| !owned.adopted.contains_key(serial));
    let claims = release.chain(adopt.map(|serial| (*serial, true)));
    let claim = |(serial, adopt): (u32, bool)| {
        let pod = io.caches.pods.get(serial)?;
        if adopt && pod.meta.is_terminating() {
            return None;
        }
        let (key, uid) = (Key::of(&pod.meta), pod.meta.uid);
        Some(Claim { adopt, kind: Kind::Pod, key, uid, serial })
    };
    claims.filter_map(claim).collect()
}

/// Notes what was carried out, until the cache shows it.
fn note_claimed(start: &Start, claims: &Claims, io: &mut Io) {
    let Some(state) = io.dsc.sets.get_mut(&start.set) else { return };
    for claim in &claims.done {
        let target = io.caches.pods.target(claim.serial);
        if claim.adopt && state.owned.adoptable.contains(&claim.serial) {
            state.owned.adopted.insert(claim.serial, target);
            state.placement.touch(target);
        } else if !claim.adopt && state.owned.unmatched.contains(&claim.serial) {
            state.owned.released.insert(claim.serial);
        }
    }
}

//! Changing the size of ReplicaSets, and removing those that are no longer needed.
//!
//! Kubernetes: pkg/controller/deployment/sync.go, scale, scaleReplicaSet, cleanupDeployment.

use std::rc::Rc;

use serde_json::json;

use super::replica_sets::event;
use super::util::{
    DESIRED_REPLICAS, Deployment, MAX_REPLICAS, Sets, active, all, by_creation, count, replicas, revision,
    set_annotation, spec_sum,
};
use crate::procedure::{Io, SyncResult, fail};
use api::event::EventType;
use api::json;
use api::object::{Key, Object, Other};
use client::recorder::Recorder;
use sim::order::SortShared;
use wire::{Call, CallError, DeleteOptions, Reply};

/// Sends a ReplicaSet's new version; what came back.
pub(super) fn updated(rs: Other, io: &mut Io) -> SyncResult<Result<Rc<Other>, CallError>> {
    let rs = Rc::new(rs);
    Ok(io.ask(Call::Update(Object::Other(rs.clone())))?.map(|reply| match reply {
        Reply::Object(Object::Other(new)) => new,
        _ => rs,
    }))
}

/// Whether anything changed.
///
/// Kubernetes: SetReplicasAnnotations.
pub(super) fn set_replicas_annotations(rs: &mut Other, desired: i64, most: i64) -> bool {
    let mut changed = false;
    for (key, number) in [(DESIRED_REPLICAS, desired), (MAX_REPLICAS, most)] {
        let text = number.to_string();
        if rs.meta.annotation(key) != Some(&text) {
            set_annotation(rs, key, &text);
            changed = true;
        }
    }
    changed
}

/// Gives a ReplicaSet another size, and says so. Returns whether it was scaled, and its new version.
///
/// Kubernetes: scaleReplicaSet.
pub(super) fn scale_replica_set(
    d: &Deployment,
    rs: &Rc<Other>,
    size: i64,
    force: bool,
    recorder: &mut Recorder,
    io: &mut Io,
) -> SyncResult<(bool, Rc<Other>)> {
    let old = replicas(rs);
    if !force && old == size {
        return Ok((false, rs.clone()));
    }
    let mut new = (**rs).clone();
    let annotations_changed = set_replicas_annotations(&mut new, d.replicas(), d.replicas() + d.max_surge());
    if old == size && !annotations_changed {
        return Ok((false, rs.clone()));
    }
    if old != size {
        let raw = Rc::make_mut(&mut new.raw);
        json::object(json::child(raw, "spec")).insert("replicas".to_owned(), json!(size));
    }
    let new = updated(new, io)?.map_err(|error| fail(&error))?;
    if old != size {
        let way = if old < size { "up" } else { "down" };
        let text = format!("Scaled {way} replica set {} from {old} to {size}", new.meta.name);
        event(d, recorder, io, EventType::Normal, "ScalingReplicaSet", &text);
    }
    Ok((old != size, new))
}

/// The one ReplicaSet that has pods, or the newest where none has; `None` where several have.
///
/// Kubernetes: FindActiveOrLatest.
fn find_active_or_latest(new: Option<&Rc<Other>>, old: &Sets) -> Option<Rc<Other>> {
    let active = active(&all(old, new));
    match active.as_slice() {
        [] => new.cloned().or_else(|| old.iter().max_by(|a, b| by_creation(a, b)).cloned()),
        [only] => Some(only.clone()),
        _ => None,
    }
}

/// Kubernetes: IsSaturated.
fn is_saturated(d: &Deployment, rs: &Other) -> bool {
    let desired = rs.meta.annotation(DESIRED_REPLICAS).and_then(|text| text.parse().ok());
    replicas(rs) == d.replicas()
        && desired == Some(d.replicas())
        && count(rs, "availableReplicas") == d.replicas()
}

/// Brings the ReplicaSets to the Deployment's size, each in proportion where a rollout is under way.
///
/// Kubernetes: scale.
pub(super) fn scale(
    d: &Deployment,
    new: Option<&Rc<Other>>,
    old: &Sets,
    recorder: &mut Recorder,
    io: &mut Io,
) -> SyncResult<()> {
    if let Some(only) = find_active_or_latest(new, old) {
        return scale_replica_set(d, &only, d.replicas(), false, recorder, io).map(drop);
    }
    if new.is_some_and(|new| is_saturated(d, new)) {
        for rs in active(old) {
            scale_replica_set(d, &rs, 0, false, recorder, io)?;
        }
        return Ok(());
    }
    if !d.is_rolling_update() {
        return Ok(());
    }
    let mut sets = active(&all(old, new));
    let allowed = if d.replicas() > 0 { d.replicas() + d.max_surge() } else { 0 };
    let to_add = allowed - spec_sum(&sets);
    let size_first = |a: &Rc<Other>, b: &Rc<Other>| replicas(b).cmp(&replicas(a));
    match to_add {
        1.. => sets.sort_shared_by(|a, b| size_first(a, b).then_with(|| by_creation(b, a))),
        ..0 => sets.sort_shared_by(|a, b| size_first(a, b).then_with(|| by_creation(a, b))),
        0 => {}
    }
    let mut added = 0;
    let mut sizes = Vec::new();
    for rs in &sets {
        let share = proportion(d, rs, to_add, added);
        added += share;
        sizes.push(replicas(rs) + share);
    }
    if let Some(first) = sizes.first_mut() {
        *first = (*first + to_add - added).max(0);
    }
    for (rs, size) in sets.iter().zip(sizes) {
        scale_replica_set(d, rs, size, true, recorder, io)?;
    }
    Ok(())
}

/// Kubernetes: GetReplicaSetProportion, getReplicaSetFraction.
fn proportion(d: &Deployment, rs: &Other, to_add: i64, added: i64) -> i64 {
    let have = replicas(rs);
    if have == 0 || to_add == 0 || to_add == added {
        return 0;
    }
    let allowed = to_add - added;
    let fraction = if d.replicas() == 0 {
        -have
    } else {
        let annotated = rs.meta.annotation(MAX_REPLICAS).and_then(|text| text.parse::<i64>().ok());
        match annotated.filter(|most| *most > 0).unwrap_or_else(|| d.status_count("replicas")) {
            0 => 0,
            before => rounded_division(have.saturating_mul(d.replicas() + d.max_surge()), before) - have,
        }
    };
    if to_add > 0 { fraction.min(allowed) } else { fraction.max(allowed) }
}

/// Rounds halves up; neither number is negative.
fn rounded_division(a: i64, b: i64) -> i64 {
    a.saturating_mul(2).saturating_add(b) / b.saturating_mul(2).max(1)
}

/// Removes the oldest ReplicaSets beyond the limit, except those that are not empty.
///
/// Kubernetes: cleanupDeployment.
pub(super) fn cleanup(d: &Deployment, old: &Sets, io: &mut Io) -> SyncResult<()> {
    let Some(limit) = json::int(d.spec(), "revisionHistoryLimit") else { return Ok(()) };
    let mut sets: Sets = old.iter().filter(|rs| !rs.meta.is_terminating()).cloned().collect();
    let excess = sets.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
    sets.sort_shared_by(|a, b| revision(a).cmp(&revision(b)).then_with(|| by_creation(a, b)));
    for rs in sets.into_iter().take(excess) {
        let observed = count(&rs, "observedGeneration");
        if count(&rs, "replicas") != 0 || replicas(&rs) != 0 || i64::from(rs.meta.generation) > observed {
            continue;
        }
        let delete =
            Call::Delete { kind: rs.kind, key: Key::of(&rs.meta), options: DeleteOptions::default() };
        match io.ask(delete)? {
            Err(CallError::Status(status)) if status.is_not_found() => {}
            Err(error) => return Err(fail(&error)),
            Ok(_) => {}
        }
    }
    Ok(())
}

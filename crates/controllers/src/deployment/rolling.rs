//! The two strategies: new pods while old ones go, or only after they have gone.
//!
//! Kubernetes: pkg/controller/deployment/rolling.go, recreate.go.

use std::rc::Rc;

use super::Start;
use super::progress::sync_rollout_status;
use super::replica_sets::get_all_and_sync_revision;
use super::scale::{cleanup, scale_replica_set};
use super::util::{
    Deployment, Sets, active, all, by_creation, count, new_replicas, replicas, spec_sum, status_sum,
};
use crate::procedure::{Io, Stop, SyncResult};
use api::object::Other;
use client::recorder::Recorder;
use sim::order::SortShared;

/// Kubernetes: rolloutRolling.
pub(super) fn rollout_rolling(
    d: &mut Deployment,
    sets: &Sets,
    recorder: &mut Recorder,
    io: &mut Io,
) -> SyncResult<()> {
    let (new, old) = get_all_and_sync_revision(d, sets, true, recorder, io)?;
    let everything = all(&old, new.as_ref());
    if let Some(new) = &new {
        let moved = reconcile_new(d, &everything, new, recorder, io)?
            || reconcile_old(d, &everything, &old, new, recorder, io)?;
        if !moved && d.is_complete(&d.status) {
            cleanup(d, &old, io)?;
        }
    }
    sync_rollout_status(d, &everything, new.as_ref(), io)
}

/// Kubernetes: reconcileNewReplicaSet.
fn reconcile_new(
    d: &Deployment,
    everything: &Sets,
    new: &Rc<Other>,
    recorder: &mut Recorder,
    io: &mut Io,
) -> SyncResult<bool> {
    let have = replicas(new);
    let size = match have {
        have if have == d.replicas() => return Ok(false),
        have if have > d.replicas() => d.replicas(),
        have => new_replicas(d, everything, have),
    };
    Ok(scale_replica_set(d, new, size, false, recorder, io)?.0)
}

/// Kubernetes: reconcileOldReplicaSets.
fn reconcile_old(
    d: &Deployment,
    everything: &Sets,
    old: &Sets,
    new: &Rc<Other>,
    recorder: &mut Recorder,
    io: &mut Io,
) -> SyncResult<bool> {
    let mut old = active(old);
    if spec_sum(&old) == 0 {
        return Ok(false);
    }
    let min_available = d.replicas() - d.max_unavailable();
    let new_unavailable = replicas(new) - count(new, "availableReplicas");
    let most = spec_sum(everything) - min_available - new_unavailable;
    if most <= 0 {
        return Ok(false);
    }
    // Upstream takes no notice of what goes wrong here: the status is written, and news come.
    let ignore = |stop: Stop| if stop == Stop::Wait { Err(stop) } else { Ok(None) };
    let cleaned = cleanup_unhealthy(d, &mut old, most, recorder, io).map(Some).or_else(ignore)?;
    let Some(cleaned) = cleaned else { return Ok(false) };
    let scaled = scale_down_old(d, &mut old, new, recorder, io).map(Some).or_else(ignore)?;
    Ok(scaled.is_some_and(|scaled| cleaned + scaled > 0))
}

/// Pods that are not available go first: nobody misses them.
///
/// Kubernetes: cleanupUnhealthyReplicas.
fn cleanup_unhealthy(
    d: &Deployment,
    old: &mut Sets,
    most: i64,
    recorder: &mut Recorder,
    io: &mut Io,
) -> SyncResult<i64> {
    old.sort_shared_by(by_creation);
    let mut total = 0;
    for rs in old.iter_mut() {
        let unhealthy = replicas(rs) - count(rs, "availableReplicas");
        if total >= most || replicas(rs) == 0 || unhealthy <= 0 {
            continue;
        }
        let down = unhealthy.min(most - total);
        let size = replicas(rs) - down;
        *rs = scale_replica_set(d, rs, size, false, recorder, io)?.1;
        total += down;
    }
    Ok(total)
}

/// Kubernetes: scaleDownOldReplicaSetsForRollingUpdate.
fn scale_down_old(
    d: &Deployment,
    old: &mut Sets,
    new: &Rc<Other>,
    recorder: &mut Recorder,
    io: &mut Io,
) -> SyncResult<i64> {
    let min_available = d.replicas() - d.max_unavailable();
    let available = status_sum(&all(old, Some(new)), "availableReplicas");
    old.sort_shared_by(by_creation);
    let (mut total, most) = (0, available - min_available);
    for rs in old.iter() {
        if total >= most || replicas(rs) == 0 {
            continue;
        }
        let down = replicas(rs).min(most - total);
        scale_replica_set(d, rs, replicas(rs) - down, false, recorder, io)?;
        total += down;
    }
    Ok(total)
}

/// Kubernetes: rolloutRecreate.
pub(super) fn rollout_recreate(
    d: &mut Deployment,
    sets: &Sets,
    start: &Start,
    recorder: &mut Recorder,
    io: &mut Io,
) -> SyncResult<()> {
    let (mut new, mut old) = get_all_and_sync_revision(d, sets, false, recorder, io)?;
    let mut everything = all(&old, new.as_ref());
    let mut scaled_down = false;
    for rs in active(&old) {
        scaled_down |= scale_replica_set(d, &rs, 0, false, recorder, io)?.0;
    }
    if scaled_down || old_pods_running(new.as_ref(), &old, sets, start) {
        return sync_rollout_status(d, &everything, new.as_ref(), io);
    }
    if new.is_none() {
        (new, old) = get_all_and_sync_revision(d, sets, true, recorder, io)?;
        everything = all(&old, new.as_ref());
    }
    if let Some(new) = &new {
        scale_replica_set(d, new, d.replicas(), false, recorder, io)?;
    }
    if d.is_complete(&d.status) {
        cleanup(d, &old, io)?;
    }
    sync_rollout_status(d, &everything, new.as_ref(), io)
}

/// Kubernetes: oldPodsRunning.
fn old_pods_running(new: Option<&Rc<Other>>, old: &Sets, sets: &Sets, start: &Start) -> bool {
    let new = new.map(|new| new.meta.uid);
    let is_old = |rs: &&Rc<Other>| Some(rs.meta.uid) != new;
    status_sum(old, "replicas") > 0
        || sets.iter().filter(is_old).any(|rs| start.with_pods.contains(&rs.meta.uid))
}

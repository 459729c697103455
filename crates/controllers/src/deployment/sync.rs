//! One sync of a Deployment.
//!
//! Kubernetes: pkg/controller/deployment/deployment_controller.go, syncDeployment; sync.go.

use serde_json::json;

use super::Start;
use super::progress::{PROGRESSING, TIMED_OUT, sync_status};
use super::replica_sets::{claim, event, get_all_and_sync_revision, is_scaling_event};
use super::rolling::{rollout_recreate, rollout_rolling};
use super::scale::{cleanup, scale};
use super::util::{Deployment, Sets, all, new_condition, set_condition};
use crate::procedure::{Io, Stop, SyncResult, fail};
use api::event::EventType;
use api::json;
use client::recorder::Recorder;

/// Kubernetes: syncDeployment.
pub(super) fn sync(start: &Start, recorder: &mut Recorder, io: &mut Io) -> SyncResult<()> {
    let mut d = Deployment::new(&start.deployment);
    if super::selector_of(&d.object).is_everything() {
        return say_selecting_all(&mut d, recorder, io);
    }
    let sets = claim(start, io)?;
    if d.object.meta.is_terminating() {
        let (new, old) = get_all_and_sync_revision(&mut d, &sets, false, recorder, io)?;
        return sync_status(&mut d, &all(&old, new.as_ref()), new.as_ref(), io);
    }
    check_paused_conditions(&mut d, io)?;
    if d.is_paused() {
        return sync_size(&mut d, &sets, recorder, io);
    }
    let (new, old) = get_all_and_sync_revision(&mut d, &sets, false, recorder, io)?;
    if is_scaling_event(&d, &all(&old, new.as_ref())) {
        return sync_size(&mut d, &sets, recorder, io);
    }
    match json::text(json::get(d.spec(), "strategy"), "type") {
        "Recreate" => rollout_recreate(&mut d, &sets, start, recorder, io),
        "RollingUpdate" => rollout_rolling(&mut d, &sets, recorder, io),
        other => Err(Stop::Failed(format!("unexpected deployment strategy type: {other}"))),
    }
}

fn say_selecting_all(d: &mut Deployment, recorder: &mut Recorder, io: &mut Io) -> SyncResult<()> {
    let text = "This deployment is selecting all pods. A non-empty selector is required.";
    event(d, recorder, io, EventType::Warning, "SelectingAll", text);
    let generation = i64::from(d.object.meta.generation);
    if d.status_count("observedGeneration") < generation {
        json::object(&mut d.status).insert("observedGeneration".to_owned(), json!(generation));
        let _answer = d.update_status(io)?;
    }
    Ok(())
}

/// Notes that the rollout is paused or goes on, so that a pause does not count as time without progress.
///
/// Kubernetes: checkPausedConditions.
fn check_paused_conditions(d: &mut Deployment, io: &mut Io) -> SyncResult<()> {
    const PAUSED: &str = "DeploymentPaused";
    if d.progress_deadline().is_none() {
        return Ok(());
    }
    let reason =
        d.condition(PROGRESSING).map(|condition| json::text(condition, "reason")).unwrap_or_default();
    let (reason, message) = match (d.is_paused(), reason) {
        (_, TIMED_OUT) | (true, PAUSED) => return Ok(()),
        (true, _) => (PAUSED, "Deployment is paused"),
        (false, PAUSED) => ("DeploymentResumed", "Deployment is resumed"),
        (false, _) => return Ok(()),
    };
    let condition = new_condition(PROGRESSING, "Unknown", reason, message, io.now());
    set_condition(&mut d.status, condition);
    d.update_status(io)?.map(drop).map_err(|error| fail(&error))
}

/// Brings the ReplicaSets to the Deployment's size without going on with a rollout.
///
/// Kubernetes: sync.go, sync.
fn sync_size(d: &mut Deployment, sets: &Sets, recorder: &mut Recorder, io: &mut Io) -> SyncResult<()> {
    let (new, old) = get_all_and_sync_revision(d, sets, false, recorder, io)?;
    scale(d, new.as_ref(), &old, recorder, io)?;
    if d.is_paused() {
        cleanup(d, &old, io)?;
    }
    sync_status(d, &all(&old, new.as_ref()), new.as_ref(), io)
}

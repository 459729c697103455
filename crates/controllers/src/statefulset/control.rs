//! One sync of a StatefulSet: pods in the order of their numbers.
//!
//! Kubernetes: pkg/controller/statefulset/stateful_set_control.go, updateStatefulSet; stateful_pod_control.go.

use std::rc::Rc;

use super::Start;
use super::identity::{claims, identity_matches, identity_patch, new_pod, ordinal, pod_revision};
use super::revisions::{Revisions, adopt_orphans, get_revisions, post_claim, truncate_history};
use super::status::{Counts, is_running_and_ready, is_unavailable, update_status};
use crate::daemon::nodes::{available_at, is_pod_available};
use crate::error_text;
use crate::pod_control::PodControl;
use crate::procedure::{Io, Stop, SyncResult};
use crate::replicaset::sync::{claim_pods, is_gone};
use api::event::EventType;
use api::json;
use api::object::{Key, Kind, Object};
use api::pod::{Phase, Pod};
use client::recorder::Recorder;
use sim::Time;
use sim::order::SortShared;
use wire::{Call, CallError, DeleteOptions, FieldValidation, Patch};

/// Where the pods stand.
struct Pods {
    /// By number, from the first on; `None` where there is none yet.
    replicas: Vec<Option<Rc<Pod>>>,
    /// Those beyond the wanted number, highest first.
    condemned: Vec<Rc<Pod>>,
}

/// Kubernetes: stateful_set.go, sync; UpdateStatefulSet.
pub(super) fn sync(start: &Start, recorder: &mut Recorder, io: &mut Io) -> SyncResult<()> {
    adopt_orphans(start, io)?;
    let pods = claim_pods(&start.set, &start.selector, &start.candidates, io)?;
    let revisions = get_revisions(start, io)?;
    let now = io.now();
    let mut counts = Counts::of(&pods, start, &revisions, now);
    let sorted = sort_out(start, &pods);
    let mut result = Ok(());
    if !start.set.meta.is_terminating() {
        let mut control = PodControl { owner: &start.set, recorder };
        match update(start, &sorted, &revisions, now, &mut control, io) {
            Err(Stop::Wait) => return Err(Stop::Wait),
            Err(failed) => result = Err(failed),
            Ok(deleted) => counts.current -= deleted,
        }
    }
    update_status(counts, start, &revisions, io)?;
    result?;
    truncate_history(start, &pods, &revisions, io)?;
    if counts.waits_for_availability() {
        let next = pods.iter().filter_map(|pod| available_at(pod, start.min_ready(), now)).min();
        io.add_after(next.map_or(start.min_ready(), |at| at.since(io.ctx.now)));
    }
    Ok(())
}

fn sort_out(start: &Start, pods: &[Rc<Pod>]) -> Pods {
    /// More than this cannot run here, and a number written by mistake must not take the memory.
    const MOST: i64 = 100_000;
    let (first, count) = (start.start_ordinal(), start.replicas().min(MOST));
    let mut replicas = vec![None; usize::try_from(count).unwrap_or(0)];
    let mut condemned = Vec::new();
    for pod in pods {
        let Some(number) = ordinal(pod) else { continue };
        let place = usize::try_from(number - first).ok();
        match place.and_then(|at| replicas.get_mut(at)) {
            Some(slot) => *slot = Some(pod.clone()),
            None => condemned.push(pod.clone()),
        }
    }
    condemned.sort_shared_by_key(|pod| std::cmp::Reverse(ordinal(pod)));
    Pods { replicas, condemned }
}

/// Brings the pods nearer to what is wanted. Gives how many go for the sake of an update.
///
/// Kubernetes: updateStatefulSet.
fn update(
    start: &Start,
    pods: &Pods,
    revisions: &Revisions,
    now: Time,
    control: &mut PodControl,
    io: &mut Io,
) -> SyncResult<i64> {
    let monotonic = json::text(start.spec(), "podManagementPolicy") != "Parallel";
    let goes_on = match monotonic {
        true => {
            process_replicas(start, pods, revisions, now, control, io)?
                && process_condemned(start, pods, now, control, io)?
        }
        false => process_all_at_once(start, pods, revisions, control, io)?,
    };
    let strategy = json::get(start.spec(), "updateStrategy");
    if !goes_on || json::text(strategy, "type") == "OnDelete" {
        return Ok(0);
    }
    let partition = json::int(json::get(strategy, "rollingUpdate"), "partition").unwrap_or(0);
    let from = usize::try_from(partition).unwrap_or(0);
    for pod in pods.replicas.iter().skip(from).rev() {
        let Some(pod) = pod else { return Ok(0) };
        if pod_revision(pod) != &*revisions.update.meta.name && !pod.meta.is_terminating() {
            delete_pod(pod, control, io)?;
            return Ok(1);
        }
        if is_unavailable(pod, start.min_ready(), now) {
            return Ok(0);
        }
    }
    Ok(0)
}

/// The revision of which a pod with this number is to be made.
///
/// Kubernetes: newVersionedStatefulSetPod.
fn revision_for<'a>(
    start: &Start,
    revisions: &'a Revisions,
    number: i64,
) -> &'a api::daemonset::ControllerRevision {
    let strategy = json::get(start.spec(), "updateStrategy");
    let rolling = json::get(strategy, "rollingUpdate");
    let at_current = match rolling.is_null() {
        true => json::int(json::get(&start.set.raw, "status"), "currentReplicas").unwrap_or(0),
        false => json::int(rolling, "partition").unwrap_or(0),
    };
    let old = json::text(strategy, "type") == "RollingUpdate" && number < start.start_ordinal() + at_current;
    if old { &revisions.current } else { &revisions.update }
}

fn number_at(start: &Start, at: usize) -> i64 {
    start.start_ordinal() + i64::try_from(at).unwrap_or(0)
}

/// One after the other. Whether all are as they should be.
///
/// Kubernetes: processReplica.
fn process_replicas(
    start: &Start,
    pods: &Pods,
    revisions: &Revisions,
    now: Time,
    control: &mut PodControl,
    io: &mut Io,
) -> SyncResult<bool> {
    for (at, pod) in pods.replicas.iter().enumerate() {
        let number = number_at(start, at);
        let Some(pod) = pod else {
            make_claims(start, number, control, io)?;
            create_pod(start, new_pod(start, revision_for(start, revisions, number), number), control, io)?;
            return Ok(false);
        };
        if matches!(pod.status.phase, Phase::Failed | Phase::Succeeded) {
            if !pod.meta.is_terminating() {
                delete_pod(pod, control, io)?;
            }
            return Ok(false);
        }
        if pod.meta.is_terminating()
            || !is_running_and_ready(pod)
            || !is_pod_available(pod, start.min_ready(), now)
        {
            return Ok(false);
        }
        keep_identity(pod, control, io)?;
    }
    Ok(true)
}

/// Kubernetes: processCondemned.
fn process_condemned(
    start: &Start,
    pods: &Pods,
    now: Time,
    control: &mut PodControl,
    io: &mut Io,
) -> SyncResult<bool> {
    let Some(pod) = pods.condemned.first() else { return Ok(true) };
    let unavailable = |pod: &&Rc<Pod>| is_unavailable(pod, start.min_ready(), now);
    let first_unavailable = pods.condemned.iter().rev().find(unavailable);
    let is_first = first_unavailable.is_some_and(|first| first.meta.uid == pod.meta.uid);
    let waits = pod.meta.is_terminating()
        || ((!is_running_and_ready(pod) || !is_pod_available(pod, start.min_ready(), now)) && !is_first);
    if !waits {
        delete_pod(pod, control, io)?;
    }
    Ok(false)
}

/// podManagementPolicy Parallel: nobody waits for anybody. Whether an update may go on.
fn process_all_at_once(
    start: &Start,
    pods: &Pods,
    revisions: &Revisions,
    control: &mut PodControl,
    io: &mut Io,
) -> SyncResult<bool> {
    let missing: Vec<i64> = pods
        .replicas
        .iter()
        .enumerate()
        .filter(|(_, pod)| pod.is_none())
        .map(|(at, _)| number_at(start, at))
        .collect();
    for number in &missing {
        make_claims(start, *number, control, io)?;
    }
    let new: Vec<Rc<Pod>> = missing
        .iter()
        .map(|number| new_pod(start, revision_for(start, revisions, *number), *number))
        .collect();
    let (mut next, mut batch) = (0, 1);
    while next < new.len() {
        let end = new.len().min(next + batch);
        let some = new.get(next..end).unwrap_or_default();
        let answers = io.ask_all(some.iter().map(|pod| Call::Create(Object::Pod(pod.clone()))).collect())?;
        let fresh = io.first_time();
        let mut failed = None;
        for (pod, got) in some.iter().zip(answers) {
            if fresh {
                say_created(start, pod, got.as_ref().err(), control, io);
            }
            if let Err(error) = got {
                failed.get_or_insert(Stop::Failed(error_text(&error)));
            }
        }
        if let Some(failed) = failed {
            return Err(failed);
        }
        (next, batch) = (end, batch * 2);
    }
    for pod in pods.replicas.iter().flatten() {
        let ended = matches!(pod.status.phase, Phase::Failed | Phase::Succeeded);
        match ended && !pod.meta.is_terminating() {
            true => delete_pod(pod, control, io)?,
            false => keep_identity(pod, control, io)?,
        }
    }
    for pod in pods.condemned.iter().filter(|pod| !pod.meta.is_terminating()) {
        delete_pod(pod, control, io)?;
    }
    Ok(missing.is_empty())
}

// ---- pods and claims ----

fn create_pod(start: &Start, pod: Rc<Pod>, control: &mut PodControl, io: &mut Io) -> SyncResult<()> {
    let got = io.ask(Call::Create(Object::Pod(pod.clone())))?;
    if io.first_time() {
        say_created(start, &pod, got.as_ref().err(), control, io);
    }
    got.map(drop).map_err(|error| Stop::Failed(error_text(&error)))
}

/// Kubernetes: recordPodEvent.
fn say_created(start: &Start, pod: &Pod, error: Option<&CallError>, control: &mut PodControl, io: &mut Io) {
    let (pod, set) = (&pod.meta.name, &start.set.meta.name);
    match error {
        None => {
            let text = format!("Create Pod {pod} in StatefulSet {set} successful");
            control.say(io, EventType::Normal, "SuccessfulCreate", text);
        }
        // The cache does not show it yet, or another pod has its name.
        Some(CallError::Status(status)) if status.is_already_exists() => {}
        Some(error) => {
            let why = error_text(error);
            let text = format!("Create Pod {pod} in StatefulSet {set} failed error: {why}");
            control.say(io, EventType::Warning, "FailedCreate", text);
        }
    }
}

/// Kubernetes: DeleteStatefulPod.
fn delete_pod(pod: &Pod, control: &mut PodControl, io: &mut Io) -> SyncResult<()> {
    let (key, options) = (Key::of(&pod.meta), DeleteOptions::default());
    let got = io.ask(Call::Delete { kind: Kind::Pod, key, options })?;
    let error = got.err().filter(|error| !is_gone(error));
    let (name, set) = (&pod.meta.name, control.owner.meta.name.clone());
    if io.first_time() {
        match &error {
            None => {
                let text = format!("Delete Pod {name} in StatefulSet {set} successful");
                control.say(io, EventType::Normal, "SuccessfulDelete", text);
            }
            Some(error) => {
                let why = error_text(error);
                let text = format!("Delete Pod {name} in StatefulSet {set} failed error: {why}");
                control.say(io, EventType::Warning, "FailedDelete", text);
            }
        }
    }
    error.map_or(Ok(()), |error| Err(Stop::Failed(error_text(&error))))
}

/// Kubernetes: UpdateStatefulPod.
fn keep_identity(pod: &Pod, control: &mut PodControl, io: &mut Io) -> SyncResult<()> {
    if identity_matches(pod) {
        return Ok(());
    }
    let (key, uid, validation) = (Key::of(&pod.meta), Some(pod.meta.uid), FieldValidation::Ignore);
    let patch = Patch::Merge(Rc::new(identity_patch(pod)));
    io.ask(Call::Patch { kind: Kind::Pod, key, uid, patch, validation })?
        .map_err(|error| Stop::Failed(error_text(&error)))?;
    let text = format!("Update Pod {} in StatefulSet {} successful", pod.meta.name, control.owner.meta.name);
    control.say_once(io, EventType::Normal, "SuccessfulUpdate", &text);
    Ok(())
}

/// Kubernetes: createPersistentVolumeClaims.
fn make_claims(start: &Start, number: i64, control: &mut PodControl, io: &mut Io) -> SyncResult<()> {
    let set = &start.set.meta.name;
    for (_, claim) in claims(start, number) {
        let name = json::text(&claim["metadata"], "name").to_owned();
        let Some(call) = post_claim(claim) else { continue };
        match io.ask(call)? {
            Ok(_) => {
                let text = format!("Create Claim {name} Pod {set}-{number} in StatefulSet {set} success");
                control.say_once(io, EventType::Normal, "SuccessfulCreate", &text);
            }
            Err(CallError::Status(status)) if status.is_already_exists() => {}
            Err(error) => {
                let why = error_text(&error);
                let text = format!(
                    "Create Claim {name} for Pod {set}-{number} in StatefulSet {set} failed error: {why}"
                );
                control.say_once(io, EventType::Warning, "FailedCreate", &text);
                return Err(Stop::Failed(why));
            }
        }
    }
    Ok(())
}

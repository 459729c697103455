//! Which ReplicaSets are a Deployment's, which of them is the new one, and making that.
//!
//! Kubernetes: pkg/controller/deployment/sync.go, getAllReplicaSetsAndSyncRevision, getNewReplicaSet.

use std::rc::Rc;

use serde_json::{Value, json};

use super::progress::PROGRESSING;
use super::scale::{set_replicas_annotations, updated};
use super::util::{
    DESIRED_REPLICAS, Deployment, MAX_REPLICAS, POD_TEMPLATE_HASH, REVISION, REVISION_HISTORY, Sets,
    by_creation, equal_ignore_hash, new_condition, new_replicas, replicas, revision, set_annotation,
    set_condition, template,
};
use super::{Start, selector_of};
use crate::error_text;
use crate::procedure::{Io, Stop, SyncResult, fail};
use crate::replicaset::controller_ref;
use crate::replicaset::sync::{is_gone, is_namespace_terminating, owner_patch, recheck_deletion_timestamp};
use crate::template_hash::compute_hash;
use api::event::{EventType, Message, ObjectRef};
use api::json;
use api::meta::{CommonMeta, Name, ObjectMeta, StringMap, string_map};
use api::object::{Key, Kind, Object, Other};
use client::recorder::Recorder;
use sim::order::SortShared;
use wire::{Call, CallError, Patch, Reply};

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const ROLLBACK_TO: &str = "deprecated.deployment.rollback.to";
/// Of the Deployment's annotations, those that its ReplicaSets do not take over.
const ANNOTATIONS_TO_SKIP: [&str; 6] =
    [LAST_APPLIED, REVISION, REVISION_HISTORY, DESIRED_REPLICAS, MAX_REPLICAS, ROLLBACK_TO];
const MAX_REV_HISTORY_LENGTH_IN_CHARS: usize = 2000;
/// The longest name of an object.
const DNS1123_SUBDOMAIN_MAX_LENGTH: usize = 253;

/// Says something on a Deployment.
pub(super) fn event(
    d: &Deployment,
    recorder: &mut Recorder,
    io: &mut Io,
    kind: EventType,
    reason: &'static str,
    text: &str,
) {
    if io.first_time() {
        let regarding = ObjectRef::of(d.object.kind, &d.object.meta);
        recorder.event(io.ctx, &regarding, kind, reason, Message::Text(text.into()));
    }
}

/// The Deployment's ReplicaSets, after adoption and release.
///
/// Kubernetes: deployment_controller.go, getReplicaSetsForDeployment.
pub(super) fn claim(start: &Start, io: &mut Io) -> SyncResult<Sets> {
    let (owner, selector) = (&start.deployment, selector_of(&start.deployment));
    let (mut claimed, mut errors, mut can_adopt) = (Vec::new(), Vec::new(), None);
    for rs in &start.candidates {
        let matches = selector.matches_map(rs.meta.labels());
        match (rs.meta.controller().is_some(), matches) {
            (true, true) => claimed.push(rs.clone()),
            _ if owner.meta.is_terminating() => {}
            (true, false) => {
                let patch = Patch::Owner { add: None, remove: Some(owner.meta.uid) };
                match io.ask(owner_patch(rs.kind, &rs.meta, patch))? {
                    Err(error) if !is_gone(&error) => errors.push(error_text(&error)),
                    _ => {}
                }
            }
            (false, true) if !rs.meta.is_terminating() => {
                if can_adopt.is_none() {
                    can_adopt = Some(recheck_deletion_timestamp(owner, io)?);
                }
                if let Some(Err(why)) = &can_adopt {
                    let key = Key::of(&rs.meta);
                    errors.push(format!("can't adopt ReplicaSet {key} ({}): {why}", rs.meta.uid));
                    continue;
                }
                let patch = Patch::Owner { add: Some(Box::new(controller_ref(owner))), remove: None };
                match io.ask(owner_patch(rs.kind, &rs.meta, patch))? {
                    Ok(_) => claimed.push(rs.clone()),
                    Err(error) if is_gone(&error) => {}
                    Err(error) => errors.push(error_text(&error)),
                }
            }
            (false, _) => {}
        }
    }
    claimed.sort_shared_by(by_creation);
    if errors.is_empty() { Ok(claimed) } else { Err(Stop::Failed(errors.join(", "))) }
}

/// The new ReplicaSet, if there is one (or it is to be made), and the old ones.
///
/// Kubernetes: getAllReplicaSetsAndSyncRevision.
pub(super) fn get_all_and_sync_revision(
    d: &mut Deployment,
    sets: &Sets,
    create: bool,
    recorder: &mut Recorder,
    io: &mut Io,
) -> SyncResult<(Option<Rc<Other>>, Sets)> {
    let is_new = |rs: &&Rc<Other>| equal_ignore_hash(template(rs), template(&d.object));
    let existing = sets.iter().find(is_new).cloned();
    let uid = existing.as_ref().map(|rs| rs.meta.uid);
    let old: Sets = sets.iter().filter(|rs| Some(rs.meta.uid) != uid).cloned().collect();
    let newest = old.iter().filter_map(|rs| revision(rs)).max().unwrap_or(0).max(0);
    let revision = newest.saturating_add(1);
    let new = match existing {
        Some(existing) => Some(keep(d, &existing, revision, io)?),
        None if create => Some(make(d, &old, revision, recorder, io)?),
        None => None,
    };
    Ok((new, old))
}

/// Brings the annotations of the ReplicaSet that is there up to date, and the Deployment's.
fn keep(d: &mut Deployment, existing: &Rc<Other>, revision: i64, io: &mut Io) -> SyncResult<Rc<Other>> {
    let mut rs = (**existing).clone();
    let annotations_changed = set_new_annotations(d, &mut rs, revision, true);
    let min_ready = json::int(d.spec(), "minReadySeconds").unwrap_or(0);
    let had = json::int(json::get(&rs.raw, "spec"), "minReadySeconds").unwrap_or(0);
    if annotations_changed || min_ready != had {
        if min_ready != had {
            let raw = Rc::make_mut(&mut rs.raw);
            let spec = json::object(json::child(raw, "spec"));
            match min_ready {
                0 => drop(spec.remove("minReadySeconds")),
                seconds => drop(spec.insert("minReadySeconds".to_owned(), json!(seconds))),
            }
        }
        return updated(rs, io)?.map_err(|error| fail(&error));
    }
    let mut needs_update = d.set_revision(rs.meta.annotation(REVISION).unwrap_or_default());
    if d.progress_deadline().is_some() && d.condition(PROGRESSING).is_none() {
        let message = format!("Found new replica set \"{}\"", rs.meta.name);
        let condition = new_condition(PROGRESSING, "True", "FoundNewReplicaSet", &message, io.now());
        set_condition(&mut d.status, condition);
        needs_update = true;
    }
    if needs_update {
        d.update_status(io)?.map_err(|error| fail(&error))?;
    }
    Ok(Rc::new(rs))
}

/// Kubernetes: generateReplicaSetName.
fn generate_name(deployment: &str, hash: &str) -> Name {
    let most = DNS1123_SUBDOMAIN_MAX_LENGTH.saturating_sub(1 + hash.len());
    let prefix = deployment.get(..most).unwrap_or(deployment);
    format!("{prefix}-{hash}").into()
}

/// A ReplicaSet of the Deployment's present template.
fn new_replica_set(d: &Deployment, old: &Sets, revision: i64) -> Option<(Other, i64)> {
    let collisions = u32::try_from(d.status_count("collisionCount")).unwrap_or(0);
    let mut template = template(&d.object).clone();
    let hash = compute_hash(&template, collisions);
    let add = |holder: &mut Value, key: &str| {
        json::object(json::child(holder, key)).insert(POD_TEMPLATE_HASH.to_owned(), json!(hash));
    };
    add(json::child(&mut template, "metadata"), "labels");
    let mut selector = json::get(d.spec(), "selector").clone();
    add(&mut selector, "matchLabels");
    let labels: StringMap = string_map(&template["metadata"]["labels"]);
    let count = new_replicas(d, old, 0);
    let mut spec = json!({"replicas": count, "selector": selector, "template": template});
    if let Some(seconds) = json::int(d.spec(), "minReadySeconds").filter(|seconds| *seconds != 0) {
        json::object(&mut spec).insert("minReadySeconds".to_owned(), json!(seconds));
    }
    let common = CommonMeta {
        namespace: d.object.meta.namespace().clone(),
        labels,
        owners: vec![controller_ref(&d.object)],
        ..CommonMeta::default()
    };
    let name = generate_name(d.name(), &hash);
    let meta = ObjectMeta { name, common: Rc::new(common), ..ObjectMeta::default() };
    let raw = Rc::new(json!({"spec": spec, "status": {"replicas": 0}}));
    let mut rs = Other { kind: Kind::of("apps/v1", "ReplicaSet")?, meta, raw };
    set_new_annotations(d, &mut rs, revision, false);
    Some((rs, count))
}

fn is_already_exists(error: &CallError) -> bool {
    matches!(error, CallError::Status(status) if status.is_already_exists())
}

/// Makes the ReplicaSet of the present template.
///
/// Differs: where its name is taken, upstream looks into its cache for the other one.
fn make(
    d: &mut Deployment,
    old: &Sets,
    revision: i64,
    recorder: &mut Recorder,
    io: &mut Io,
) -> SyncResult<Rc<Other>> {
    let Some((rs, count)) = new_replica_set(d, old, revision) else {
        return Err(Stop::Failed("there is no such kind as ReplicaSet".to_owned()));
    };
    let (name, key) = (rs.meta.name.clone(), Key::of(&rs.meta));
    let kind = rs.kind;
    let mut already_exists = false;
    let created = match io.ask(Call::Create(Object::Other(Rc::new(rs))))? {
        Ok(Reply::Object(Object::Other(created))) => created,
        Ok(_) => return Err(Stop::Failed("no ReplicaSet came back".to_owned())),
        Err(error) if is_already_exists(&error) => {
            already_exists = true;
            match io.ask(Call::Get { kind, key })? {
                Ok(Reply::Object(Object::Other(found))) if is_ours(d, &found) => found,
                Ok(_) => return Err(count_collision(d, &error, io)?),
                Err(error) => return Err(fail(&error)),
            }
        }
        Err(error) if is_namespace_terminating(&error) => return Err(fail(&error)),
        Err(error) => return Err(say_create_error(d, &name, &error, recorder, io)?),
    };
    if !already_exists && count > 0 {
        let text = format!("Scaled up replica set {} from 0 to {count}", created.meta.name);
        event(d, recorder, io, EventType::Normal, "ScalingReplicaSet", &text);
    }
    let mut needs_update = d.set_revision(&revision.to_string());
    if !already_exists && d.progress_deadline().is_some() {
        let message = format!("Created new replica set \"{}\"", created.meta.name);
        let condition = new_condition(PROGRESSING, "True", "NewReplicaSetCreated", &message, io.now());
        set_condition(&mut d.status, condition);
        needs_update = true;
    }
    if needs_update {
        d.update_status(io)?.map_err(|error| fail(&error))?;
    }
    Ok(created)
}

fn is_ours(d: &Deployment, rs: &Other) -> bool {
    rs.meta.controller().is_some_and(|owner| owner.uid == d.object.meta.uid)
        && equal_ignore_hash(template(rs), template(&d.object))
}

/// Another ReplicaSet has the name: the next try makes another hash.
fn count_collision(d: &mut Deployment, error: &CallError, io: &mut Io) -> SyncResult<Stop> {
    let collisions = d.status_count("collisionCount") + 1;
    json::object(&mut d.status).insert("collisionCount".to_owned(), json!(collisions));
    let _answer = d.update_status(io)?;
    Ok(fail(error))
}

fn say_create_error(
    d: &mut Deployment,
    name: &str,
    error: &CallError,
    recorder: &mut Recorder,
    io: &mut Io,
) -> SyncResult<Stop> {
    const REASON: &str = "ReplicaSetCreateError";
    let message = format!("Failed to create new replica set \"{name}\": {}", error_text(error));
    if d.progress_deadline().is_some() {
        let condition = new_condition(PROGRESSING, "False", REASON, &message, io.now());
        set_condition(&mut d.status, condition);
        let _answer = d.update_status(io)?;
    }
    event(d, recorder, io, EventType::Warning, REASON, &message);
    Ok(fail(error))
}

/// Whether anything changed.
///
/// Kubernetes: util/deployment_util.go, SetNewReplicaSetAnnotations.
fn set_new_annotations(d: &Deployment, rs: &mut Other, revision: i64, exists: bool) -> bool {
    let mut changed = false;
    for (key, value) in d.object.meta.annotations() {
        if !ANNOTATIONS_TO_SKIP.contains(&&**key) && rs.meta.annotations().get(key) != Some(value) {
            set_annotation(rs, key, value);
            changed = true;
        }
    }
    let old = rs.meta.annotation(REVISION).map(str::to_owned);
    let old_revision = match old.as_deref() {
        None | Some("") => 0,
        Some(text) => match text.parse::<i64>() {
            Ok(number) => number,
            Err(_) => return false,
        },
    };
    if old_revision < revision {
        set_annotation(rs, REVISION, &revision.to_string());
        changed = true;
        if let Some(old) = &old {
            append_revision_history(rs, old);
        }
    }
    if !exists {
        changed |= set_replicas_annotations(rs, d.replicas(), d.replicas() + d.max_surge());
    }
    changed
}

/// Notes a revision that the ReplicaSet stood for earlier; the oldest make room.
fn append_revision_history(rs: &mut Other, old: &str) {
    let history = rs.meta.annotation(REVISION_HISTORY).unwrap_or_default().to_owned();
    let mut kept: Vec<&str> = history.split(',').filter(|revision| !revision.is_empty()).collect();
    let length = |kept: &[&str]| kept.iter().map(|revision| revision.len() + 1).sum::<usize>() + old.len();
    while !kept.is_empty() && length(&kept) > MAX_REV_HISTORY_LENGTH_IN_CHARS {
        kept.remove(0);
    }
    kept.push(old);
    let history = kept.join(",");
    set_annotation(rs, REVISION_HISTORY, &history);
}

/// Kubernetes: isScalingEvent.
pub(super) fn is_scaling_event(d: &Deployment, all: &Sets) -> bool {
    let desired =
        |rs: &Rc<Other>| rs.meta.annotation(DESIRED_REPLICAS).and_then(|text| text.parse::<i64>().ok());
    let active = all.iter().filter(|rs| replicas(rs) > 0);
    active.filter_map(desired).any(|desired| desired != d.replicas())
}

//! The revisions of a StatefulSet: one for each pod template that it has had.
//!
//! Kubernetes: pkg/controller/statefulset/stateful_set_control.go, getStatefulSetRevisions, truncateHistory;
//! pkg/controller/history/controller_history.go.

use std::rc::Rc;

use serde_json::{Value, json};

use super::{Start, identity};
use crate::procedure::{Io, Stop, SyncResult, fail};
use crate::replicaset::controller_ref;
use crate::replicaset::sync::{owner_patch, recheck_deletion_timestamp};
use crate::template_hash::hash_controller_revision;
use api::daemonset::ControllerRevision;
use api::json;
use api::meta::{CommonMeta, ObjectMeta, string_map};
use api::object::{Key, Kind, Object};
use api::pod::Pod;
use sim::order::SortShared;
use wire::{Call, CallError, DeleteOptions, FieldValidation, Patch, Reply};

const HASH_LABEL: &str = "controller.kubernetes.io/hash";

/// Lowest first.
///
/// Kubernetes: SortControllerRevisions.
pub(super) fn sort(revisions: &mut [Rc<ControllerRevision>]) {
    revisions.sort_shared_by(|a, b| {
        let key = |r: &Rc<ControllerRevision>| (r.revision, r.meta.created);
        key(a).cmp(&key(b)).then_with(|| a.meta.name.cmp(&b.meta.name))
    });
}

/// Kubernetes: stateful_set.go, adoptOrphanRevisions.
pub(super) fn adopt_orphans(start: &Start, io: &mut Io) -> SyncResult<()> {
    let orphans: Vec<_> = start.revisions.iter().filter(|r| r.meta.controller().is_none()).collect();
    if orphans.is_empty() {
        return Ok(());
    }
    if let Err(why) = recheck_deletion_timestamp(&start.set, io)? {
        return Err(Stop::Failed(format!("can't adopt ControllerRevisions: {why}")));
    }
    for orphan in orphans {
        let patch = Patch::Owner { add: Some(Box::new(controller_ref(&start.set))), remove: None };
        io.ask(owner_patch(Kind::ControllerRevision, &orphan.meta, patch))?.map_err(|error| fail(&error))?;
    }
    Ok(())
}

/// What a revision keeps: a patch that brings the template back.
fn get_patch(start: &Start) -> Value {
    let mut template = json::get(start.spec(), "template").clone();
    json::object(&mut template).insert("$patch".to_owned(), json!("replace"));
    json!({"spec": {"template": template}})
}

fn collision_count(start: &Start) -> i64 {
    json::int(json::get(&start.set.raw, "status"), "collisionCount").unwrap_or(0)
}

/// The revision that the pods are at, the one that they are to be at, and how often names clashed.
pub(super) struct Revisions {
    pub(super) current: Rc<ControllerRevision>,
    pub(super) update: Rc<ControllerRevision>,
    pub(super) collisions: i64,
}

/// Kubernetes: getStatefulSetRevisions.
pub(super) fn get_revisions(start: &Start, io: &mut Io) -> SyncResult<Revisions> {
    let patch = get_patch(start);
    let mut collisions = collision_count(start);
    let newest = start.revisions.last();
    let next = newest.map_or(1, |revision| revision.revision.saturating_add(1));
    let equal = start.revisions.iter().rev().find(|revision| *revision.data == patch);
    let update = match equal {
        Some(equal) if newest.is_some_and(|newest| newest.meta.uid == equal.meta.uid) => equal.clone(),
        Some(equal) => raise(equal, next, io)?,
        None => create(start, patch, next, &mut collisions, io)?,
    };
    let running = json::text(json::get(&start.set.raw, "status"), "currentRevision");
    let current = start.revisions.iter().find(|revision| *revision.meta.name == *running);
    let current = current.cloned().unwrap_or_else(|| update.clone());
    Ok(Revisions { current, update, collisions })
}

/// An old template is the newest again.
fn raise(revision: &Rc<ControllerRevision>, number: i64, io: &mut Io) -> SyncResult<Rc<ControllerRevision>> {
    let raised = ControllerRevision { revision: number, ..(**revision).clone() };
    match io.ask(Call::Update(Object::ControllerRevision(Rc::new(raised))))? {
        Ok(Reply::Object(Object::ControllerRevision(revision))) => Ok(revision),
        Ok(_) => Ok(revision.clone()),
        Err(error) => Err(fail(&error)),
    }
}

/// Kubernetes: CreateControllerRevision.
fn create(
    start: &Start,
    patch: Value,
    number: i64,
    collisions: &mut i64,
    io: &mut Io,
) -> SyncResult<Rc<ControllerRevision>> {
    let set = &start.set;
    let data = Rc::new(patch);
    loop {
        let hash = hash_controller_revision(&data, *collisions);
        let mut labels = string_map(json::at(start.spec(), &["template", "metadata", "labels"]));
        labels.insert(HASH_LABEL.into(), hash.as_str().into());
        let common = CommonMeta {
            namespace: set.meta.namespace().clone(),
            labels,
            annotations: set.meta.annotations().clone(),
            owners: vec![controller_ref(set)],
            ..CommonMeta::default()
        };
        let meta = ObjectMeta {
            name: format!("{}-{hash}", set.meta.name).into(),
            common: Rc::new(common),
            ..ObjectMeta::default()
        };
        let key = Key::of(&meta);
        let revision = ControllerRevision { meta, revision: number, data: data.clone() };
        match io.ask(Call::Create(Object::ControllerRevision(Rc::new(revision))))? {
            Ok(Reply::Object(Object::ControllerRevision(made))) => return Ok(made),
            Err(CallError::Status(status)) if status.is_already_exists() => {
                let got = io.ask(Call::Get { kind: Kind::ControllerRevision, key })?;
                if let Ok(Reply::Object(Object::ControllerRevision(other))) = got
                    && other.data == data
                {
                    return Ok(other);
                }
                *collisions += 1;
            }
            Err(error) => return Err(fail(&error)),
            Ok(_) => return Err(Stop::Failed("no revision came back".to_owned())),
        }
    }
}

/// Deletes the oldest revisions beyond the limit; those that some pod is at stay.
pub(super) fn truncate_history(
    start: &Start,
    pods: &[Rc<Pod>],
    revisions: &Revisions,
    io: &mut Io,
) -> SyncResult<()> {
    let limit = json::int(start.spec(), "revisionHistoryLimit").unwrap_or(10);
    let is_live = |name: &str| {
        *revisions.current.meta.name == *name
            || *revisions.update.meta.name == *name
            || pods.iter().any(|pod| identity::pod_revision(pod) == name)
    };
    let old: Vec<_> = start.revisions.iter().filter(|revision| !is_live(&revision.meta.name)).collect();
    let Some(excess) = usize::try_from(limit).ok().and_then(|limit| old.len().checked_sub(limit)) else {
        return Ok(());
    };
    for revision in old.into_iter().take(excess) {
        let (key, options) = (Key::of(&revision.meta), DeleteOptions::default());
        io.ask(Call::Delete { kind: Kind::ControllerRevision, key, options })?
            .map_err(|error| fail(&error))?;
    }
    Ok(())
}

/// The creation of a claim, with its defaults.
pub(super) fn post_claim(claim: Value) -> Option<Call> {
    let mut body = claim;
    body["apiVersion"] = json!("v1");
    body["kind"] = json!("PersistentVolumeClaim");
    Some(Call::Post {
        kind: Kind::of("v1", "PersistentVolumeClaim")?,
        namespace: json::text(&body["metadata"], "namespace").into(),
        body: Rc::new(body),
        validation: FieldValidation::Ignore,
    })
}

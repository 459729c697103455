//! What `rollout` does to Deployments.
//!
//! Kubernetes: kubectl/pkg/polymorphichelpers (rollout_status.go, history.go, rollback.go, objectpauser.go).

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::super::apply::{DRY_RUN_CLIENT, LAST_APPLIED};
use super::super::describe::{Writer, describe_pod_template};
use super::super::set::json_patch;
use super::super::{patched, resources};
use super::CHANGE_CAUSE;
use api::field::go_quote;
use api::json;
use api::label::selector_or_nothing;
use api::object::{Kind, Object, Other};
use cli_runtime::job::{Failure, Io, Stop};
use cli_runtime::output;
use cli_runtime::tabwriter::TabWriter;
use sim::order::SortShared;
use sim::{SortedMap, Time};
use wire::Patch;

const REVISION: &str = "deployment.kubernetes.io/revision";
const POD_TEMPLATE_HASH: &str = "pod-template-hash";
/// The annotations that a rollback leaves as they are.
const ANNOTATIONS_TO_SKIP: [&str; 6] = [
    LAST_APPLIED,
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

/// The revision that an object's annotation says: 0 without one, `None` if it is no number.
fn revision(object: &Other) -> Option<i64> {
    object.meta.annotation(REVISION).map_or(Some(0), |text| text.parse().ok())
}

fn template(object: &Other) -> &Value {
    json::at(&object.raw, &["spec", "template"])
}

/// The line to print, and whether the rollout is over.
///
/// Kubernetes: rollout_status.go, DeploymentStatusViewer.Status.
pub(super) fn status(d: &Other, wanted: i64) -> Result<(String, bool), Failure> {
    let (name, status) = (go_quote(&d.meta.name), json::get(&d.raw, "status"));
    let count = |key: &str| json::int(status, key).unwrap_or(0);
    if let Some(running) = revision(d).filter(|running| wanted > 0 && *running != wanted) {
        return Err(Failure::Message(format!(
            "desired revision ({wanted}) is different from the running revision ({running})"
        )));
    }
    if i64::from(d.meta.generation) > count("observedGeneration") {
        return Ok(("Waiting for deployment spec update to be observed...\n".to_owned(), false));
    }
    let late = |c: &Value| c["type"] == "Progressing" && c["reason"] == "ProgressDeadlineExceeded";
    if json::list(status, "conditions").iter().any(late) {
        return Err(Failure::Message(format!("deployment {name} exceeded its progress deadline")));
    }
    let desired = json::int(json::get(&d.raw, "spec"), "replicas").unwrap_or(1);
    let (updated, available, all) = (count("updatedReplicas"), count("availableReplicas"), count("replicas"));
    let waiting = format!("Waiting for deployment {name} rollout to finish: ");
    Ok(if updated < desired {
        (format!("{waiting}{updated} out of {desired} new replicas have been updated...\n"), false)
    } else if all > updated {
        (format!("{waiting}{} old replicas are pending termination...\n", all - updated), false)
    } else if available < updated {
        (format!("{waiting}{available} of {updated} updated replicas are available...\n"), false)
    } else {
        (format!("deployment {name} successfully rolled out\n"), true)
    })
}

/// The Deployment's ReplicaSets, oldest first.
pub(crate) fn replica_sets(io: &mut Io, d: &Other) -> Result<Vec<Rc<Other>>, Stop> {
    let Some(kind) = Kind::of("apps/v1", "ReplicaSet") else { return Ok(Vec::new()) };
    let selector = selector_or_nothing(json::at(&d.raw, &["spec", "selector"]));
    let listed = resources::list(io, kind, Some(d.meta.namespace()))?;
    let ours = listed.into_iter().filter_map(|object| match object {
        Object::Other(rs) => Some(rs),
        _ => None,
    });
    let mut ours: Vec<Rc<Other>> = ours
        .filter(|rs| rs.meta.controller().is_some_and(|owner| owner.uid == d.meta.uid))
        .filter(|rs| selector.matches_map(rs.meta.labels()))
        .collect();
    ours.sort_shared_by(|a, b| (a.meta.created, &a.meta.name).cmp(&(b.meta.created, &b.meta.name)));
    Ok(ours)
}

fn without_hash(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove(POD_TEMPLATE_HASH);
    }
    template
}

/// The ReplicaSet of the present template among these, by its place.
///
/// Kubernetes: kubectl/pkg/util/deployment/deployment.go, findNewReplicaSet.
pub(crate) fn find_new(d: &Other, sets: &[Rc<Other>]) -> Option<usize> {
    let wanted = without_hash(template(d));
    sets.iter().position(|rs| without_hash(template(rs)) == wanted)
}

/// Kubernetes: history.go, DeploymentHistoryViewer.ViewHistory.
pub(super) fn history(io: &mut Io, d: &Other, wanted: i64) -> Result<String, Stop> {
    let sets = replica_sets(io, d)?;
    let revisions: SortedMap<i64, &Rc<Other>> =
        sets.iter().filter_map(|rs| Some((revision(rs)?, rs))).collect();
    let cause =
        |rs: &Other| rs.meta.annotation(CHANGE_CAUSE).filter(|text| !text.is_empty()).map(str::to_owned);
    if revisions.is_empty() {
        return Ok("No rollout history found.".to_owned());
    }
    if wanted > 0 {
        let rs = revisions.get(&wanted).ok_or("unable to find the specified revision")?;
        let mut template = template(rs).clone();
        if let Some(cause) = cause(rs) {
            let annotations = json::child(json::child(&mut template, "metadata"), "annotations");
            json::object(annotations).insert(CHANGE_CAUSE.to_owned(), json!(cause));
        }
        let mut w = Writer::new(Time(0));
        describe_pod_template(&template, &mut w);
        return Ok(w.unaligned());
    }
    let mut text = String::from("REVISION\tCHANGE-CAUSE\n");
    for (number, rs) in revisions {
        text += &format!("{number}\t{}\n", cause(rs).unwrap_or_else(|| "<none>".to_owned()));
    }
    Ok(TabWriter::for_descriptions().format(&text))
}

/// A Deployment's ReplicaSets by their revisions.
///
/// Kubernetes: history.go, DeploymentHistoryViewer.GetHistory.
pub(super) fn revisions(io: &mut Io, d: &Other) -> Result<SortedMap<i64, Value>, Stop> {
    let now = io.now();
    let sets = replica_sets(io, d)?;
    let value = |rs: &Rc<Other>| Some((revision(rs)?, Object::Other(rs.clone()).to_value(now)));
    Ok(sets.iter().filter_map(value).collect())
}

/// The ReplicaSet to go back to: the one of a revision, or (0) of the last but one.
///
/// Kubernetes: rollback.go, deploymentRevision.
fn find_revision(name: &str, sets: &[Rc<Other>], to: i64) -> Result<Rc<Other>, Failure> {
    let mut known: Vec<(i64, &Rc<Other>)> = sets.iter().filter_map(|rs| Some((revision(rs)?, rs))).collect();
    known.sort_shared_by_key(|(number, _)| *number);
    let found = match to {
        0 => known.iter().rev().nth(1),
        to => known.iter().find(|(number, _)| *number == to),
    };
    found.map(|(_, rs)| (*rs).clone()).ok_or_else(|| {
        Failure::Message(match to {
            0 => format!("no rollout history found for deployment {}", go_quote(name)),
            to => format!("unable to find specified revision {to} in history"),
        })
    })
}

/// Rolls back, and gives what is to be said of it.
///
/// Kubernetes: rollback.go, DeploymentRollbacker.Rollback.
pub(super) fn roll_back(io: &mut Io, d: &Rc<Other>, to: i64, dry: Option<&str>) -> Result<String, Stop> {
    if to < 0 {
        return Err(format!("unable to find specified revision {to} in history").into());
    }
    let sets = replica_sets(io, d)?;
    let rs = find_revision(&d.meta.name, &sets, to)?;
    let object = Object::Other(d.clone());
    let name = output::name_of(&object);
    if dry == Some(DRY_RUN_CLIENT) {
        let mut w = Writer::new(io.now());
        describe_pod_template(template(&rs), &mut w);
        return Ok(format!("{name} {}{DRY_RUN_CLIENT}\n", w.unaligned()));
    }
    if json::flag(json::get(&d.raw, "spec"), "paused") {
        return Err(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again"
                .into(),
        );
    }
    let restored = without_hash(template(&rs));
    if restored == without_hash(template(d)) {
        return Ok(format!("{name} skipped rollback (current template already matches revision {to})\n"));
    }
    let mut annotations = Map::new();
    let keeps = |key: &str| ANNOTATIONS_TO_SKIP.contains(&key);
    let kept = d.meta.annotations().iter().filter(|(key, _)| keeps(key));
    for (key, value) in kept.chain(rs.meta.annotations().iter().filter(|(key, _)| !keeps(key))) {
        annotations.insert(key.to_string(), json!(&**value));
    }
    let operations = json!([
        {"op": "replace", "path": "/spec/template", "value": restored},
        {"op": "replace", "path": "/metadata/annotations", "value": annotations},
    ]);
    let patch = json_patch(&object.to_value(io.now()), &operations)?;
    patched(io, &object, Patch::Merge(Rc::new(patch)), dry)?;
    Ok(format!("{name} rolled back{}\n", dry.unwrap_or_default()))
}

/// The patch that pauses or resumes, or why there is nothing to do.
///
/// Kubernetes: objectpauser.go, objectresumer.go.
pub(super) fn pause_patch(d: &Other, pause: bool) -> Result<Value, &'static str> {
    match (json::flag(json::get(&d.raw, "spec"), "paused"), pause) {
        (true, true) => Err("is already paused"),
        (false, false) => Err("is not paused"),
        (false, true) => Ok(json!({"spec": {"paused": true}})),
        (true, false) => Ok(json!({"spec": {"paused": null}})),
    }
}

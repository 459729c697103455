//! ControllerRevisions: one for each pod template that a DaemonSet has had.
//!
//! Kubernetes: pkg/controller/daemon/update.go.

use std::rc::Rc;

use serde_json::{Value, json};
use sim::SortedSet;

use api::daemonset::{ControllerRevision, DaemonSet, PodTemplate};
use api::meta::{CommonMeta, Name, ObjectMeta, OwnerReference};
use api::pod::REVISION_HASH_LABEL;
use sim::order::SortShared;

use crate::template_hash::compute_hash;

/// What a revision keeps: a patch that brings the template back.
///
/// Kubernetes: getPatch. Rule: DS-054.
pub(crate) fn get_patch(template: &PodTemplate) -> Value {
    let mut template = (*template.raw).clone();
    template["$patch"] = json!("replace");
    json!({"spec": {"template": template}})
}

/// Whether a revision is of the present template.
///
/// Kubernetes: Match.
pub(crate) fn matches(patch: &Rc<Value>, revision: &ControllerRevision) -> bool {
    Rc::ptr_eq(patch, &revision.data) || *patch == revision.data
}

/// The reference by which a DaemonSet controls what it made.
pub(crate) fn controller_ref(ds: &DaemonSet) -> OwnerReference {
    OwnerReference {
        api_version: "apps/v1".into(),
        kind: "DaemonSet".into(),
        name: ds.meta.name.clone(),
        uid: ds.meta.uid,
        controller: true,
        block_owner_deletion: true,
    }
}

/// A new revision of the present template.
///
/// Kubernetes: snapshot. Rule: DS-054.
pub(crate) fn new_revision(ds: &DaemonSet, patch: &Rc<Value>, revision: i64) -> ControllerRevision {
    let hash = compute_hash(&ds.template.raw, ds.status.collision_count);
    let mut labels = ds.template.labels.clone();
    labels.insert(REVISION_HASH_LABEL.into(), hash.as_str().into());
    let common = CommonMeta {
        namespace: ds.meta.namespace().clone(),
        labels,
        annotations: ds.meta.annotations().clone(),
        owners: vec![controller_ref(ds)],
        ..CommonMeta::default()
    };
    let name = format!("{}-{hash}", ds.meta.name).into();
    let meta = ObjectMeta { name, common: Rc::new(common), ..ObjectMeta::default() };
    ControllerRevision { meta, revision, data: patch.clone() }
}

/// The hash a revision stands for.
pub(crate) fn hash_of(revision: &ControllerRevision) -> Name {
    revision.meta.labels().get(REVISION_HASH_LABEL).cloned().unwrap_or_else(|| revision.meta.name.clone())
}

pub(crate) fn max_revision(revisions: &[Rc<ControllerRevision>]) -> i64 {
    revisions.iter().map(|revision| revision.revision).max().unwrap_or(0).max(0)
}

/// The old revisions beyond the limit, lowest number first, except those that some pod still carries.
///
/// Kubernetes: cleanupHistory. Rule: DS-057.
pub(crate) fn revisions_to_delete(
    old: &[Rc<ControllerRevision>],
    limit: u32,
    live: impl FnOnce(&SortedSet<Name>) -> SortedSet<Name>,
) -> Vec<Rc<ControllerRevision>> {
    let excess = old.len().saturating_sub(limit as usize);
    if excess == 0 {
        return Vec::new();
    }
    let live = live(&old.iter().map(|revision| hash_of(revision)).collect());
    let mut sorted = old.to_vec();
    sorted.sort_shared_by_key(|revision| revision.revision);
    sorted.retain(|revision| !live.contains(&hash_of(revision)));
    sorted.truncate(excess);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(number: i64, hash: &str) -> Rc<ControllerRevision> {
        let value = json!({"metadata": {"name": format!("x-{hash}"),
            "labels": {"controller-revision-hash": hash}}, "revision": number});
        Rc::new(ControllerRevision::from_value(&value))
    }

    #[test]
    fn ds_057_old_revisions_go_lowest_first_unless_a_pod_carries_them() {
        let old = [revision(3, "c"), revision(1, "a"), revision(2, "b"), revision(4, "d")];
        let names = |limit, live: &[&str]| {
            let live: SortedSet<Name> = live.iter().map(|hash| Name::from(*hash)).collect();
            let gone = revisions_to_delete(&old, limit, |_| live);
            gone.iter().map(|revision| hash_of(revision).to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(10, &[]), [""; 0]);
        assert_eq!(names(2, &[]), ["a", "b"]);
        assert_eq!(names(2, &["a"]), ["b", "c"]);
        assert_eq!(names(0, &["a", "b", "c", "d"]), [""; 0]);
    }

    #[test]
    fn ds_054_a_revision_keeps_the_template_as_a_patch() {
        let ds = DaemonSet::from_value(&json!({
            "metadata": {"name": "agent", "namespace": "ns", "uid": "u", "annotations": {"k": "v"}},
            "spec": {"template": {"metadata": {"labels": {"app": "agent"}}, "spec": {"containers": []}}},
        }));
        let patch = Rc::new(get_patch(&ds.template));
        let revision = new_revision(&ds, &patch, 7);
        let hash = compute_hash(&ds.template.raw, 0);
        assert_eq!(
            revision.to_value(),
            json!({
                "apiVersion": "apps/v1", "kind": "ControllerRevision", "revision": 7,
                "metadata": {
                    "name": format!("agent-{hash}"), "namespace": "ns", "annotations": {"k": "v"},
                    "labels": {"app": "agent", "controller-revision-hash": hash},
                    "ownerReferences": [{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "agent",
                        "uid": ds.meta.uid.to_string(), "controller": true, "blockOwnerDeletion": true}],
                },
                "data": {"spec": {"template": {"$patch": "replace",
                    "metadata": {"labels": {"app": "agent"}}, "spec": {"containers": []}}}},
            })
        );
        assert!(matches(&Rc::new(get_patch(&ds.template)), &revision));
    }
}

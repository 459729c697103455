//! What a pod of a StatefulSet is called, and what follows from that.
//!
//! Kubernetes: pkg/controller/statefulset/stateful_set_utils.go.

use std::rc::Rc;

use serde_json::{Value, json};

use super::Start;
use crate::replicaset::controller_ref;
use api::daemonset::ControllerRevision;
use api::json;
use api::meta::{CommonMeta, ObjectMeta, string_map};
use api::pod::{Pod, PodSpec, PodStatus};

const POD_NAME_LABEL: &str = "statefulset.kubernetes.io/pod-name";
const POD_INDEX_LABEL: &str = "apps.kubernetes.io/pod-index";
const REVISION_LABEL: &str = "controller-revision-hash";

/// `web-3` is number 3 of `web`.
///
/// Kubernetes: getParentNameAndOrdinal.
pub(super) fn parent_and_ordinal(name: &str) -> Option<(&str, i64)> {
    let (parent, ordinal) = name.rsplit_once('-')?;
    let digits = !ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit());
    Some((parent, ordinal.parse::<i32>().ok().filter(|_| digits)?.into()))
}

pub(super) fn ordinal(pod: &Pod) -> Option<i64> {
    parent_and_ordinal(&pod.meta.name).map(|(_, ordinal)| ordinal)
}

/// The name of the revision from which a pod was made.
pub(super) fn pod_revision(pod: &Pod) -> &str {
    pod.meta.label(REVISION_LABEL).unwrap_or_default()
}

/// Kubernetes: identityMatches.
pub(super) fn identity_matches(pod: &Pod) -> bool {
    pod.meta.label(POD_NAME_LABEL) == Some(&*pod.meta.name)
}

/// What brings a pod's labels back that say who it is.
pub(super) fn identity_patch(pod: &Pod) -> Value {
    let index = ordinal(pod).unwrap_or(0).to_string();
    json!({"metadata": {"labels": {POD_NAME_LABEL: &*pod.meta.name, POD_INDEX_LABEL: index}}})
}

/// The claims of a pod: the name of the volume, and the claim to be made.
///
/// Kubernetes: getPersistentVolumeClaims.
pub(super) fn claims(start: &Start, ordinal: i64) -> Vec<(String, Value)> {
    let (set, namespace) = (&start.set.meta.name, start.set.meta.namespace());
    let labels = json::at(start.spec(), &["selector", "matchLabels"]);
    let claim = |template: &Value| {
        let volume = json::text(json::get(template, "metadata"), "name").to_owned();
        let mut claim = template.clone();
        json::object(&mut claim).remove("status");
        let meta = json::child(&mut claim, "metadata");
        meta["name"] = json!(format!("{volume}-{set}-{ordinal}"));
        meta["namespace"] = json!(&**namespace);
        for (key, value) in labels.as_object().into_iter().flatten() {
            json::object(json::child(meta, "labels")).insert(key.clone(), value.clone());
        }
        (volume, claim)
    };
    json::list(start.spec(), "volumeClaimTemplates").iter().map(claim).collect()
}

/// The pod with this number as a revision has it.
///
/// Kubernetes: newStatefulSetPod, initIdentity, updateStorage, setPodRevision.
pub(super) fn new_pod(start: &Start, revision: &ControllerRevision, ordinal: i64) -> Rc<Pod> {
    let set = &start.set;
    let template = json::at(&revision.data, &["spec", "template"]);
    let meta = json::get(template, "metadata");
    let name = format!("{}-{ordinal}", set.meta.name);
    let mut spec = json::get(template, "spec").clone();
    json::object(&mut spec).insert("hostname".to_owned(), json!(name));
    let service = json::text(start.spec(), "serviceName");
    if !service.is_empty() {
        spec["subdomain"] = json!(service);
    }
    put_claims(&mut spec, &claims(start, ordinal));
    let mut labels = string_map(&meta["labels"]);
    labels.insert(POD_NAME_LABEL.into(), name.as_str().into());
    labels.insert(POD_INDEX_LABEL.into(), ordinal.to_string().as_str().into());
    labels.insert(REVISION_LABEL.into(), revision.meta.name.clone());
    let common = CommonMeta {
        namespace: set.meta.namespace().clone(),
        generate_name: format!("{}-", set.meta.name).into(),
        labels,
        annotations: string_map(&meta["annotations"]),
        owners: vec![controller_ref(set)],
        finalizers: json::strings(meta, "finalizers").into_iter().map(Into::into).collect(),
    };
    let node_name = spec["nodeName"].as_str().filter(|name| !name.is_empty()).map(Into::into);
    Rc::new(Pod {
        meta: ObjectMeta { name: name.into(), ..ObjectMeta::unnamed(Rc::new(common)) },
        spec: Rc::new(PodSpec::from_value(spec)),
        pinned_to: None,
        node_name,
        status: PodStatus::default(),
    })
}

/// Puts the claims in the place of volumes with the same names.
fn put_claims(spec: &mut Value, claims: &[(String, Value)]) {
    if claims.is_empty() {
        return;
    }
    let others = json::list(spec, "volumes").iter();
    let others = others.filter(|volume| claims.iter().all(|(name, _)| volume["name"] != name.as_str()));
    let mut volumes: Vec<Value> = claims
        .iter()
        .map(|(name, claim)| {
            json!({"name": name, "persistentVolumeClaim": {"claimName": claim["metadata"]["name"]}})
        })
        .collect();
    volumes.extend(others.cloned());
    spec["volumes"] = json!(volumes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_with_the_number() {
        assert_eq!(parent_and_ordinal("web-3"), Some(("web", 3)));
        assert_eq!(parent_and_ordinal("a-b-12"), Some(("a-b", 12)));
        for name in ["web", "web-", "web-x", "web-+1", "web-99999999999"] {
            assert_eq!(parent_and_ordinal(name), None, "{name}");
        }
    }
}

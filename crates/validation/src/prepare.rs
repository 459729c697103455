//! What the API server changes in an object before it looks whether it is valid.
//!
//! Kubernetes: PrepareForCreate and PrepareForUpdate of pkg/registry/core/pod/strategy.go and its likes;
//! pkg/api/pod/util.go, dropDisabledFields.

use serde_json::{Value, json};

use super::security::{app_armor_annotation, app_armor_field_for_annotation, is_valid_app_armor_profile};
use api::json;

/// The way from an object's root to the pod template in it, or to the root of a Pod.
pub(super) fn way_to_pod(object: &Value) -> Option<&'static [&'static str]> {
    Some(match super::group_and_kind(object) {
        ("", "Pod") => &[],
        ("", "PodTemplate") => &["template"],
        ("apps", "DaemonSet" | "Deployment" | "ReplicaSet" | "StatefulSet")
        | ("", "ReplicationController")
        | ("batch", "Job") => &["spec", "template"],
        ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template"],
        _ => return None,
    })
}

/// Drops the fields whose feature gates are off, and adds to a new Pod what follows from its own words.
pub fn prepare_for_create(object: &mut Value, warnings: &mut Vec<String>) {
    drop_disabled_fields(object);
    match super::group_and_kind(object) {
        ("", "Pod") => {
            merge_label_keys(object);
            sync_app_armor(object, warnings);
        }
        // DynamicKubeletConfig is gone: a new Node has neither of them.
        ("", "Node") => {
            for (part, field) in [("spec", "configSource"), ("status", "config")] {
                if let Some(part) = json::child_if(object, part).and_then(Value::as_object_mut) {
                    part.remove(field);
                }
            }
        }
        _ => {}
    }
}

/// Drops the fields whose feature gates are off: ContainerStopSignals, ClusterTrustBundleProjection,
/// PodCertificateRequest, GenericWorkload.
pub fn drop_disabled_fields(object: &mut Value) {
    let Some(way) = way_to_pod(object) else { return };
    let pod = way.iter().try_fold(object, |value, key| value.get_mut(*key));
    let Some(spec) = pod.and_then(|pod| pod.get_mut("spec")).and_then(Value::as_object_mut) else { return };
    spec.remove("schedulingGroup");
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            drop_stop_signal(container);
        }
    }
    for volume in spec.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(projected) = json::child_if(volume, "projected") else { continue };
        for source in json::each(projected, "sources") {
            if let Some(source) = source.as_object_mut() {
                source.remove("clusterTrustBundle");
                source.remove("podCertificate");
            }
        }
    }
}

fn drop_stop_signal(container: &mut Value) {
    let Some(container) = container.as_object_mut() else { return };
    let Some(lifecycle) = container.get_mut("lifecycle").and_then(Value::as_object_mut) else { return };
    if lifecycle.remove("stopSignal").is_some_and(|signal| !signal.is_null()) && lifecycle.is_empty() {
        container.remove("lifecycle");
    }
}

/// Turns the label keys of affinity terms and spread constraints into what they mean for this pod's labels.
///
/// Kubernetes: pkg/registry/core/pod/strategy.go, mutatePodAffinity, mutateTopologySpreadConstraints.
fn merge_label_keys(pod: &mut Value) {
    let labels = json::at(pod, &["metadata", "labels"]).clone();
    let Some(spec) = json::child_if(pod, "spec") else { return };
    for constraint in json::each(spec, "topologySpreadConstraints") {
        merge(constraint, &[("matchLabelKeys", "In")], &labels);
    }
    let Some(affinity) = json::child_if(spec, "affinity") else { return };
    for sort in ["podAffinity", "podAntiAffinity"] {
        let Some(affinity) = json::child_if(affinity, sort) else { continue };
        let keys = [("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")];
        for term in json::each(affinity, "preferredDuringSchedulingIgnoredDuringExecution") {
            if let Some(term) = json::child_if(term, "podAffinityTerm") {
                merge(term, &keys, &labels);
            }
        }
        for term in json::each(affinity, "requiredDuringSchedulingIgnoredDuringExecution") {
            merge(term, &keys, &labels);
        }
    }
}

fn merge(term: &mut Value, lists: &[(&str, &str)], labels: &Value) {
    let mut requirements = Vec::new();
    for (list, operator) in lists {
        for key in json::strings(term, list) {
            if let Some(value) = labels.get(key) {
                requirements.push(json!({"key": key, "operator": operator, "values": [value]}));
            }
        }
    }
    if requirements.is_empty() {
        return;
    }
    let Some(selector) = term.get_mut("labelSelector").and_then(Value::as_object_mut) else { return };
    match selector.entry("matchExpressions").or_insert(Value::Null) {
        Value::Array(list) => list.extend(requirements),
        other => *other = Value::Array(requirements),
    }
}

/// Copies AppArmor's old annotations to the fields that took their place.
///
/// Kubernetes: pkg/registry/core/pod/strategy.go, applyAppArmorVersionSkew.
fn sync_app_armor(pod: &mut Value, warnings: &mut Vec<String>) {
    if json::at(pod, &["spec", "os", "name"]) == "windows" {
        return;
    }
    let annotations = json::at(pod, &["metadata", "annotations"]).clone();
    let of_pod = json::at(pod, &["spec", "securityContext", "appArmorProfile"]).clone();
    let Some(spec) = json::child_if(pod, "spec") else { return };
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for container in json::each(spec, list) {
            let key = app_armor_annotation(json::text(container, "name"));
            let Some(annotation) = annotations.get(&key).and_then(Value::as_str) else { continue };
            if !json::at(container, &["securityContext", "appArmorProfile"]).is_null() {
                continue;
            }
            let profile = app_armor_field_for_annotation(annotation).filter(is_valid_app_armor_profile);
            if profile.as_ref() == Some(&of_pod) {
                continue;
            }
            if let Some(profile) = profile {
                json::object(json::child(container, "securityContext"))
                    .insert("appArmorProfile".to_owned(), profile);
            }
            warnings.push(format!(
                "metadata.annotations[{key}]: deprecated since v1.30; use the \"appArmorProfile\" field instead"
            ));
        }
    }
}

/// Takes an owner that is there twice away once.
///
/// Kubernetes: apiserver/pkg/endpoints/handlers/rest.go, dedupOwnerReferencesAndAddWarning.
pub fn dedup_owner_references(object: &mut Value, mutated: bool, warnings: &mut Vec<String>) {
    let Some(Value::Array(owners)) =
        object.get_mut("metadata").and_then(|meta| meta.get_mut("ownerReferences"))
    else {
        return;
    };
    let mut kept: Vec<Value> = Vec::new();
    let mut duplicates = Vec::new();
    for owner in owners.drain(..) {
        if kept.contains(&owner) {
            duplicates.push(json::text(&owner, "uid").to_owned());
        } else {
            kept.push(owner);
        }
    }
    *owners = kept;
    if !duplicates.is_empty() {
        let after = if mutated { " after mutating admission happens" } else { "" };
        warnings.push(format!(
            ".metadata.ownerReferences contains duplicate entries{after}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
            duplicates.join(", ")
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(mut object: Value) -> (Value, Vec<String>) {
        let mut warnings = Vec::new();
        prepare_for_create(&mut object, &mut warnings);
        (object, warnings)
    }

    #[test]
    fn fields_whose_gates_are_off_vanish() {
        let set = json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "spec": {"template": {"spec": {
            "schedulingGroup": {}, "containers": [{"name": "a", "lifecycle": {"stopSignal": "SIGTERM"}},
                {"name": "b", "lifecycle": {"stopSignal": "SIGTERM", "preStop": {"sleep": {"seconds": 1}}}}],
            "volumes": [{"name": "v", "projected": {"sources": [{"podCertificate": {}}, {"secret": {"name": "s"}}]}}]}}}});
        let (set, warnings) = prepared(set);
        assert_eq!(
            set["spec"]["template"]["spec"],
            json!({"containers": [{"name": "a"}, {"name": "b", "lifecycle": {"preStop": {"sleep": {"seconds": 1}}}}],
                "volumes": [{"name": "v", "projected": {"sources": [{}, {"secret": {"name": "s"}}]}}]})
        );
        assert_eq!(warnings, [""; 0]);
    }

    #[test]
    fn label_keys_become_expressions_of_a_pod_s_own_labels() {
        let term = json!({"labelSelector": {}, "matchLabelKeys": ["a", "gone"], "mismatchLabelKeys": ["b"], "topologyKey": "t"});
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {
            "affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}});
        let (pod, _) = prepared(pod);
        let list = &pod["spec"]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
        assert_eq!(
            list[0]["labelSelector"],
            json!({"matchExpressions": [{"key": "a", "operator": "In", "values": ["1"]},
                {"key": "b", "operator": "NotIn", "values": ["2"]}]})
        );
    }

    #[test]
    fn app_armor_annotations_become_fields_with_a_warning() {
        let key = "container.apparmor.security.beta.kubernetes.io/a";
        let warning = format!(
            "metadata.annotations[{key}]: deprecated since v1.30; use the \"appArmorProfile\" field instead"
        );
        for (annotation, profile) in [
            ("runtime/default", json!({"type": "RuntimeDefault"})),
            ("localhost/x", json!({"type": "Localhost", "localhostProfile": "x"})),
            ("what", Value::Null),
        ] {
            let (pod, warnings) = prepared(json!({"apiVersion": "v1", "kind": "Pod",
                "metadata": {"annotations": {key: annotation}}, "spec": {"containers": [{"name": "a"}]}}));
            assert_eq!(pod["spec"]["containers"][0]["securityContext"]["appArmorProfile"], profile);
            assert_eq!(warnings, std::slice::from_ref(&warning));
        }
    }

    #[test]
    fn an_owner_is_named_once() {
        let owner = json!({"uid": "1", "name": "x"});
        let mut object = json!({"metadata": {"ownerReferences": [owner, owner, {"uid": "1", "name": "y"}]}});
        let mut warnings = Vec::new();
        dedup_owner_references(&mut object, false, &mut warnings);
        assert_eq!(object["metadata"]["ownerReferences"].as_array().map(Vec::len), Some(2));
        assert_eq!(warnings.len(), 1);
    }
}

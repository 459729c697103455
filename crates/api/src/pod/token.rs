//! The volume with its service account's token that a pod is given.
//!
//! Every pod's has a name of its own, so it is no part of the spec that pods share: it is put in where the
//! pod is shown, and taken out where a shown pod is read.
//!
//! Kubernetes: plugin/pkg/admission/serviceaccount/admission.go, mountServiceAccountToken.

use serde_json::{Value, json};

use crate::json;
use crate::meta::Uid;
use crate::rand::{SUFFIXES, suffix};

const PREFIX: &str = "kube-api-access-";
const PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

fn name_of(uid: Uid) -> String {
    let draw = uid.bits() % u128::from(SUFFIXES);
    PREFIX.chars().chain(suffix(draw as u64)).collect()
}

fn source() -> Value {
    json!({"defaultMode": 420, "sources": [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt"}},
        {"downwardAPI": {"items": [
            {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}, "path": "namespace"}]}},
    ]})
}

fn lacks_mount(container: &Value) -> bool {
    json::list(container, "volumeMounts").iter().all(|mount| json::text(mount, "mountPath") != PATH)
}

const CONTAINERS: [&str; 2] = ["initContainers", "containers"];

/// Whether a container of the spec is to get the token, as none mounts something else in its place.
pub fn is_wanted(spec: &Value) -> bool {
    CONTAINERS.into_iter().flat_map(|list| json::list(spec, list)).any(lacks_mount)
}

/// The token's volume, if the pod's own spec has one.
pub fn own_volume(spec: &Value) -> Option<&str> {
    let mut names = json::list(spec, "volumes").iter().map(|volume| json::text(volume, "name"));
    names.find(|name| name.starts_with(PREFIX))
}

/// Mounts a volume of that name in all containers that mount nothing in its place.
pub fn mount(spec: &mut Value, name: &str) {
    for list in CONTAINERS {
        for container in json::each(spec, list).filter(|container| lacks_mount(container)) {
            let mount = json!({"name": name, "mountPath": PATH, "readOnly": true});
            push(container, "volumeMounts", mount);
        }
    }
}

fn push(holder: &mut Value, list: &str, item: Value) {
    match json::child(holder, list) {
        Value::Array(items) => items.push(item),
        slot => *slot = Value::Array(vec![item]),
    }
}

/// Puts the token's volume of the pod with this uid into its spec.
pub fn insert(spec: &mut Value, uid: Uid) {
    let name = name_of(uid);
    mount(spec, &name);
    push(spec, "volumes", json!({"name": name, "projected": source()}));
}

/// Takes it out again; whether it was there.
pub fn remove(spec: &mut Value, uid: Uid) -> bool {
    let name = name_of(uid);
    let is_token = |volume: &Value| json::text(volume, "name") == name && volume["projected"] == source();
    if !json::list(spec, "volumes").iter().any(is_token) {
        return false;
    }
    retain(spec, "volumes", |volume| !is_token(volume));
    for list in CONTAINERS {
        for container in json::each(spec, list) {
            retain(container, "volumeMounts", |mount| json::text(mount, "name") != name);
        }
    }
    true
}

/// Keeps some items of a list, which goes with its last one.
fn retain(holder: &mut Value, list: &str, keep: impl Fn(&Value) -> bool) {
    let Some(map) = holder.as_object_mut() else { return };
    if let Some(Value::Array(items)) = map.get_mut(list) {
        items.retain(keep);
        if items.is_empty() {
            map.remove(list);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_volume_is_put_in_and_taken_out() {
        let spec = json!({"initContainers": [{"name": "i", "volumeMounts": [{"mountPath": PATH, "name": "mine"}]}],
            "containers": [{"name": "a"}, {"name": "b", "volumeMounts": [{"mountPath": "/x", "name": "v"}]}]});
        let uid = Uid { high: 1, low: 2 };
        let mut shown = spec.clone();
        insert(&mut shown, uid);
        let name = name_of(uid);
        assert_eq!(json::text(&shown["volumes"][0], "name"), name);
        assert_eq!(shown["initContainers"], spec["initContainers"]);
        assert_eq!(
            shown["containers"][0]["volumeMounts"][0],
            json!({"mountPath": PATH, "name": name, "readOnly": true})
        );
        assert_eq!(shown["containers"][1]["volumeMounts"][1]["mountPath"], PATH);
        assert!(!remove(&mut shown.clone(), Uid { high: 1, low: 3 }));
        assert!(remove(&mut shown, uid));
        assert_eq!(shown, spec);
    }

    #[test]
    fn a_pod_that_mounts_something_there_gets_none() {
        assert!(!is_wanted(&json!({"containers": [{"volumeMounts": [{"mountPath": PATH}]}]})));
        assert!(is_wanted(&json!({"containers": [{}]})));
        assert_eq!(
            own_volume(&json!({"volumes": [{"name": "kube-api-access-x"}]})),
            Some("kube-api-access-x")
        );
    }
}

//! The objects of the API that a pod refers to: a static pod and its mirror may not (KL-014, KL-039).
//!
//! Kubernetes: pkg/api/pod/util.go, HasAPIObjectReference, VisitPodSecretNames, VisitPodConfigmapNames.

use serde_json::Value;

use crate::json;

/// A sort of API object that a pod refers to, and the path of the reference.
pub(crate) type Reference = (&'static str, String);

/// What a pod refers to first, in upstream's order.
pub fn has_api_object_reference(pod: &Value) -> Option<Reference> {
    api_object_references(pod).into_iter().next()
}

/// What a pod refers to: the first reference of each sort, and every volume of its own sort.
pub fn api_object_references(pod: &Value) -> Vec<Reference> {
    let spec = json::get(pod, "spec");
    let account = !json::text(spec, "serviceAccountName").is_empty();
    let claims = !json::empty(spec, "resourceClaims");
    let first = [
        ("serviceaccounts", account.then(|| "spec.serviceAccountName".to_owned())),
        ("secrets", secret(spec)),
        ("configmaps", config_map(spec)),
        ("resourceclaims", claims.then(|| "spec.resourceClaims".to_owned())),
    ];
    let first = first.into_iter().filter_map(|(what, path)| Some((what, path?)));
    let volumes = json::list(spec, "volumes").iter().enumerate();
    let volumes = volumes.filter_map(|(at, volume)| volume_reference(volume, &format!("spec.volumes[{at}]")));
    first.chain(volumes).collect()
}

fn volume_reference(volume: &Value, path: &str) -> Option<Reference> {
    const SORTS: [(&str, &str); 4] = [
        ("csi", "csidrivers (via CSI volumes)"),
        ("glusterfs", "endpoints (via glusterFS volumes)"),
        ("persistentVolumeClaim", "persistentvolumeclaims"),
        ("ephemeral", "persistentvolumeclaims (via ephemeral volumes)"),
    ];
    if let Some((source, what)) = SORTS.iter().find(|(source, _)| json::has(volume, source)) {
        return Some((what, format!("{path}.{source}")));
    }
    const PROJECTED: [(&str, &str); 3] = [
        ("serviceAccountToken", "serviceaccounts (via projected volumes)"),
        ("clusterTrustBundle", "clustertrustbundles"),
        ("podCertificate", "podcertificates"),
    ];
    let sources = json::list(json::get(volume, "projected"), "sources").iter().enumerate();
    sources
        .filter_map(|(at, source)| {
            let (field, what) = PROJECTED.iter().find(|(field, _)| json::has(source, field))?;
            Some((*what, format!("{path}.projected.sources[{at}].{field}")))
        })
        .next()
}

/// Every container with its path.
fn containers(spec: &Value) -> impl Iterator<Item = (String, &Value)> {
    ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(move |list| {
        let items = json::list(spec, list).iter().enumerate();
        items.map(move |(at, container)| (format!("spec.{list}[{at}]"), container))
    })
}

/// A member of `envFrom` or of `env[].valueFrom` in any container.
fn in_environment(spec: &Value, from: &str, key_ref: &str) -> Option<String> {
    containers(spec).find_map(|(path, container)| {
        let whole = json::list(container, "envFrom").iter().position(|source| json::has(source, from));
        let whole = whole.map(|at| format!("{path}.envFrom[{at}].{from}"));
        let one = |variable: &Value| json::has(json::get(variable, "valueFrom"), key_ref);
        let one = json::list(container, "env").iter().position(one);
        whole.or(one.map(|at| format!("{path}.env[{at}].valueFrom.{key_ref}")))
    })
}

fn in_projection(volume: &Value, field: &str) -> Option<usize> {
    json::list(json::get(volume, "projected"), "sources").iter().position(|source| json::has(source, field))
}

fn secret(spec: &Value) -> Option<String> {
    if !json::empty(spec, "imagePullSecrets") {
        return Some("spec.imagePullSecrets".to_owned());
    }
    if let Some(path) = in_environment(spec, "secretRef", "secretKeyRef") {
        return Some(path);
    }
    const REFERENCES: [(&str, &str); 9] = [
        ("secret", "secretName"),
        ("azureFile", "secretName"),
        ("cephfs", "secretRef"),
        ("cinder", "secretRef"),
        ("flexVolume", "secretRef"),
        ("rbd", "secretRef"),
        ("scaleIO", "secretRef"),
        ("iscsi", "secretRef"),
        ("csi", "nodePublishSecretRef"),
    ];
    json::list(spec, "volumes").iter().enumerate().find_map(|(at, volume)| {
        let named = REFERENCES.iter().find(|(source, field)| json::has(json::get(volume, source), field));
        let named = named.map(|(source, field)| format!("spec.volumes[{at}].{source}.{field}"));
        let projected = in_projection(volume, "secret");
        named.or(projected.map(|source| format!("spec.volumes[{at}].projected.sources[{source}].secret")))
    })
}

fn config_map(spec: &Value) -> Option<String> {
    if let Some(path) = in_environment(spec, "configMapRef", "configMapKeyRef") {
        return Some(path);
    }
    json::list(spec, "volumes").iter().enumerate().find_map(|(at, volume)| {
        let named = json::has(volume, "configMap").then(|| format!("spec.volumes[{at}].configMap"));
        let projected = in_projection(volume, "configMap");
        named.or(projected.map(|source| format!("spec.volumes[{at}].projected.sources[{source}].configMap")))
    })
}

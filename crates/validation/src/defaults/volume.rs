//! Defaults of volumes and claims.
//!
//! Kubernetes: pkg/apis/core/v1/defaults.go, SetDefaults_Volume and those of each source.

use serde_json::{Value, json};

use super::pod::image_pull_policy;
use super::set_defaults_resource_lists;
use api::json;

/// rw-r--r--
const DEFAULT_MODE: i64 = 0o644;

/// All defaults of a volume of a pod (API-031).
pub(super) fn set_object_defaults_volume(volume: &mut Value) {
    let sources = volume.as_object().into_iter().flatten();
    if sources.into_iter().all(|(key, source)| key == "name" || source.is_null()) {
        json::object(volume).insert("emptyDir".to_owned(), json!({}));
    }
    if let Some(image) = json::child_if(volume, "image") {
        let policy = image_pull_policy(json::text(image, "reference"));
        json::set_default(image, "pullPolicy", policy);
    }
    if let Some(host_path) = json::child_if(volume, "hostPath") {
        json::set_default(host_path, "type", "");
    }
    for source in ["secret", "configMap", "downwardAPI", "projected"] {
        if let Some(source) = json::child_if(volume, source) {
            json::set_default(source, "defaultMode", DEFAULT_MODE);
        }
    }
    if let Some(source) = json::child_if(volume, "downwardAPI") {
        set_defaults_downward_items(source);
    }
    if let Some(source) = json::child_if(volume, "projected") {
        json::each(source, "sources").for_each(set_defaults_projection);
    }
    set_defaults_network_sources(volume);
    let claim =
        json::child_if(volume, "ephemeral").and_then(|source| json::child_if(source, "volumeClaimTemplate"));
    if let Some(claim) = claim {
        set_defaults_persistent_volume_claim_spec(json::child(claim, "spec"));
    }
}

fn set_defaults_downward_items(source: &mut Value) {
    for item in json::each(source, "items") {
        if let Some(field) = json::child_if(item, "fieldRef") {
            json::set_default(field, "apiVersion", "v1");
        }
    }
}

fn set_defaults_projection(projection: &mut Value) {
    if let Some(source) = json::child_if(projection, "downwardAPI") {
        set_defaults_downward_items(source);
    }
    if let Some(token) = json::child_if(projection, "serviceAccountToken") {
        json::set_default(token, "expirationSeconds", 3600);
    }
    if let Some(certificate) = json::child_if(projection, "podCertificate") {
        json::set_default(certificate, "maxExpirationSeconds", 86_400);
    }
}

fn set_defaults_network_sources(volume: &mut Value) {
    let defaults: [(&str, &[(&str, &str)]); 4] = [
        ("iscsi", &[("iscsiInterface", "default")]),
        ("rbd", &[("pool", "rbd"), ("user", "admin"), ("keyring", "/etc/ceph/keyring")]),
        ("azureDisk", &[("cachingMode", "ReadWrite"), ("kind", "Shared"), ("fsType", "ext4")]),
        ("scaleIO", &[("storageMode", "ThinProvisioned"), ("fsType", "xfs")]),
    ];
    for (source, members) in defaults {
        let Some(source) = json::child_if(volume, source) else { continue };
        for (key, default) in members {
            json::set_default(source, key, *default);
        }
    }
    if let Some(disk) = json::child_if(volume, "azureDisk") {
        json::set_default(disk, "readOnly", false);
    }
}

fn set_defaults_persistent_volume_claim_spec(spec: &mut Value) {
    json::set_default(spec, "volumeMode", "Filesystem");
    if let Some(resources) = json::child_if(spec, "resources") {
        set_defaults_resource_lists(resources, &["limits", "requests"]);
    }
}

pub(super) fn set_object_defaults_persistent_volume_claim(claim: &mut Value) {
    set_defaults_persistent_volume_claim_spec(json::child(claim, "spec"));
    json::set_default(json::child(claim, "status"), "phase", "Pending");
}

pub(super) fn set_object_defaults_persistent_volume(volume: &mut Value) {
    let spec = json::child(volume, "spec");
    json::set_default(spec, "persistentVolumeReclaimPolicy", "Retain");
    json::set_default(spec, "volumeMode", "Filesystem");
    set_defaults_resource_lists(spec, &["capacity"]);
    if let Some(host_path) = json::child_if(spec, "hostPath") {
        json::set_default(host_path, "type", "");
    }
    set_defaults_network_sources(spec);
    json::set_default(json::child(volume, "status"), "phase", "Pending");
}

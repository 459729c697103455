//! Sources of volumes that lie on other machines, and claims made for one pod.
//!
//! Kubernetes: pkg/apis/core/validation/validation.go, validateISCSIVolumeSource and its neighbours.

use serde_json::Value;

use super::claim::validate_persistent_volume_claim_template;
use super::names::{inclusive_range_error, name_is_dns_subdomain, validate_dns1123_label};
use super::push_invalid;
use super::volume::require;
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;
use api::label::is_dns1123_subdomain;

/// Disks of clouds.
pub(super) fn validate_disk_source(key: &str, source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    match key {
        "gcePersistentDisk" => require(source, &["pdName"], path, errors),
        "awsElasticBlockStore" => require(source, &["volumeID"], path, errors),
        "cinder" | "portworxVolume" => require(source, &["volumeID"], path, errors),
        "vsphereVolume" => require(source, &["volumePath"], path, errors),
        "photonPersistentDisk" => require(source, &["pdID"], path, errors),
        "azureFile" => require(source, &["secretName", "shareName"], path, errors),
        "azureDisk" => validate_azure_disk(source, path, errors),
        "scaleIO" => require(source, &["gateway", "system", "volumeName"], path, errors),
        "csi" => validate_csi_volume_source(source, path, errors),
        _ => {}
    }
    if matches!(key, "gcePersistentDisk" | "awsElasticBlockStore") {
        let partition = json::int(source, "partition").unwrap_or(0);
        if !(0..=255).contains(&partition) {
            let why = inclusive_range_error(1, 255);
            errors.push(FieldError::invalid(&path.child("partition"), partition, why));
        }
    }
    if key == "cinder" {
        require_secret_name(source, path, errors);
    }
}

fn require_secret_name(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    if json::has(source, "secretRef") {
        require(json::get(source, "secretRef"), &["name"], &path.child("secretRef"), errors);
    }
}

fn validate_azure_disk(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    require(source, &["diskName", "diskURI"], path, errors);
    for (key, allowed) in
        [("cachingMode", ["None", "ReadOnly", "ReadWrite"]), ("kind", ["Dedicated", "Managed", "Shared"])]
    {
        if let Some(value) = json::get(source, key).as_str().filter(|value| !allowed.contains(value)) {
            errors.push(FieldError::not_supported(&path.child(key), value, &allowed));
        }
    }
    let uri = json::text(source, "diskURI");
    let (start, form) = match json::get(source, "kind").as_str() {
        None => return,
        Some("Managed") => (
            "/subscriptions/",
            "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}",
        ),
        Some(_) => {
            ("https://", "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd")
        }
    };
    if !uri.starts_with(start) {
        errors.push(FieldError::not_supported(&path.child("diskURI"), uri, &[form]));
    }
}

fn validate_csi_volume_source(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let (driver, driver_path) = (json::text(source, "driver"), path.child("driver"));
    if driver.is_empty() {
        errors.push(FieldError::required(&driver_path, ""));
    } else {
        if driver.len() > 63 {
            errors.push(FieldError::too_long(&driver_path, 63));
        }
        push_invalid(&driver_path, driver, is_dns1123_subdomain(&driver.to_lowercase()), errors);
    }
    let secret = json::get(source, "nodePublishSecretRef");
    if secret.is_null() {
        return;
    }
    let name = json::text(secret, "name");
    if name.is_empty() {
        errors.push(FieldError::required(&path.child("nodePublishSecretRef").child("name"), ""));
    } else {
        push_invalid(&path.child("name"), name, name_is_dns_subdomain(name, false), errors);
    }
}

/// File systems and block devices over the network.
pub(super) fn validate_network_source(key: &str, source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    match key {
        "nfs" => {
            require(source, &["server", "path"], path, errors);
            let text = json::text(source, "path");
            if !text.starts_with('/') {
                let why = "must be an absolute path";
                errors.push(FieldError::invalid(&path.child("path"), text, why));
            }
        }
        "iscsi" => validate_iscsi_volume_source(source, path, errors),
        "glusterfs" => require(source, &["endpoints", "path"], path, errors),
        "flocker" => validate_flocker_volume_source(source, path, errors),
        "rbd" => require(source, &["monitors", "image"], path, errors),
        "cephfs" => require(source, &["monitors"], path, errors),
        "quobyte" => validate_quobyte_volume_source(source, path, errors),
        "fc" => validate_fc_volume_source(source, path, errors),
        "flexVolume" => validate_flex_volume_source(source, path, errors),
        "storageos" => {
            let (name, space) = (json::text(source, "volumeName"), json::text(source, "volumeNamespace"));
            require(source, &["volumeName"], path, errors);
            for (key, text) in [("volumeName", name), ("volumeNamespace", space)] {
                if !text.is_empty() {
                    validate_dns1123_label(text, &path.child(key), errors);
                }
            }
            require_secret_name(source, path, errors);
        }
        _ => {}
    }
}

fn validate_iscsi_volume_source(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    require(source, &["targetPortal", "iqn"], path, errors);
    let iqn = json::text(source, "iqn");
    if !iqn.is_empty() {
        validate_initiator(iqn, &path.child("iqn"), errors);
    }
    let lun = json::int(source, "lun").unwrap_or(0);
    if !(0..=255).contains(&lun) {
        errors.push(FieldError::invalid(&path.child("lun"), lun, inclusive_range_error(0, 255)));
    }
    let chap = json::flag(source, "chapAuthDiscovery") || json::flag(source, "chapAuthSession");
    if chap && !json::has(source, "secretRef") {
        errors.push(FieldError::required(&path.child("secretRef"), ""));
    }
    if let Some(name) = json::get(source, "initiatorName").as_str() {
        validate_initiator(name, &path.child("initiatorname"), errors);
    }
}

/// Names of iSCSI's three kinds.
fn validate_initiator(name: &str, path: &FieldPath, errors: &mut ErrorList) {
    let hex = |length: usize| {
        let id = name.get(4..).unwrap_or("");
        id.len() == length && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let valid = match name.get(..3) {
        Some("iqn") => is_iqn(name),
        Some("eui") => hex(16),
        Some("naa") => hex(32),
        _ => {
            let why = "must be valid format starting with iqn, eui, or naa";
            errors.push(FieldError::invalid(path, name, why));
            return;
        }
    };
    if !valid {
        errors.push(FieldError::invalid(path, name, "must be valid format"));
    }
}

/// `iqn.2001-04.com.example:storage`
fn is_iqn(name: &str) -> bool {
    let Some((authority, id)) = name.split_once(':') else { return false };
    let date = authority.get(..12).unwrap_or("").bytes();
    let pattern = date.len() == 12
        && date.zip("iqn.0000-00.".bytes()).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            _ => byte == form,
        });
    let domain = authority.get(12..).unwrap_or("").bytes();
    let named = domain.len() > 0 && domain.clone().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    pattern && named && !id.is_empty() && !id.contains(|c: char| ",;*&$|".contains(c) || c.is_whitespace())
}

fn validate_flocker_volume_source(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let (name, uuid) = (json::text(source, "datasetName"), json::text(source, "datasetUUID"));
    match (name.is_empty(), uuid.is_empty()) {
        (true, true) => {
            errors.push(FieldError::required(path, "one of datasetName and datasetUUID is required"));
        }
        (false, false) => {
            let why = "datasetName and datasetUUID can not be specified simultaneously";
            errors.push(FieldError::invalid(path, "resource", why));
        }
        _ => {}
    }
    if name.contains('/') {
        errors.push(FieldError::invalid(&path.child("datasetName"), name, "must not contain '/'"));
    }
}

fn validate_quobyte_volume_source(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let (registry, form) =
        (json::text(source, "registry"), "must be a host:port pair or multiple pairs separated by commas");
    if registry.is_empty() {
        errors.push(FieldError::required(&path.child("registry"), form));
    } else if json::text(source, "tenant").len() >= 65 {
        let why = "must be a UUID and may not exceed a length of 64 characters";
        errors.push(FieldError::required(&path.child("tenant"), why));
    } else {
        for _ in registry.split(',').filter(|pair| pair.matches(':').count() != 1) {
            errors.push(FieldError::invalid(&path.child("registry"), registry, form));
        }
    }
    require(source, &["volume"], path, errors);
}

fn validate_fc_volume_source(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let (targets, ids) = (json::empty(source, "targetWWNs"), json::empty(source, "wwids"));
    let targets_path = path.child("targetWWNs");
    if targets && ids {
        let why = "must specify either targetWWNs or wwids, but not both";
        errors.push(FieldError::required(&targets_path, why));
    }
    if !targets && !ids {
        let why = "targetWWNs and wwids can not be specified simultaneously";
        errors.push(FieldError::invalid(&targets_path, json::get(source, "targetWWNs").clone(), why));
    }
    if targets {
        return;
    }
    match json::int(source, "lun") {
        None => {
            let why = "lun is required if targetWWNs is specified";
            errors.push(FieldError::required(&path.child("lun"), why));
        }
        Some(lun) if !(0..=255).contains(&lun) => {
            errors.push(FieldError::invalid(&path.child("lun"), lun, inclusive_range_error(0, 255)));
        }
        Some(_) => {}
    }
}

fn validate_flex_volume_source(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    require(source, &["driver"], path, errors);
    for (key, _) in json::entries(source, "options") {
        let namespace = key.split('/').next().unwrap_or("").to_lowercase();
        let reserved = format!(".{namespace}");
        if reserved.ends_with(".kubernetes.io") || reserved.ends_with(".k8s.io") {
            let why = "kubernetes.io and k8s.io namespaces are reserved";
            errors.push(FieldError::invalid(&path.child("options").key(key), key, why));
        }
    }
}

/// A claim that is made for one pod.
pub(super) fn validate_ephemeral_volume_source(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let (template, path) = (json::get(source, "volumeClaimTemplate"), path.child("volumeClaimTemplate"));
    if template.is_null() {
        errors.push(FieldError::required(&path, ""));
        return;
    }
    validate_persistent_volume_claim_template(template, &path, errors);
}

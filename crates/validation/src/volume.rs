//! Volumes of a pod.
//!
//! Kubernetes: pkg/apis/core/validation/validation.go, ValidateVolumes, validateVolumeSource.

use serde_json::Value;
use sim::{SortedMap, SortedSet};

use super::mounts::{
    VOLUME_FIELDS, quantity, validate_container_resource_field_selector, validate_local_descending_path,
    validate_local_non_reserved_path, validate_object_field_selector, validate_path_no_backsteps,
};
use super::names::{name_is_dns_subdomain, validate_dns1123_label};
use super::pod_spec::PodContext;
use super::projected::validate_projected_volume_source;
use super::volume_sources::{
    validate_disk_source, validate_ephemeral_volume_source, validate_network_source,
};
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;

/// The sources in upstream's order: name of the member, and how upstream spells it where there is a second
/// one (it has typing errors), and where it looks inside.
const SOURCES: [(&str, &str, &str); 30] = [
    ("emptyDir", "emptyDir", "emptyDir"),
    ("hostPath", "hostPath", "hostPath"),
    ("gitRepo", "gitRepo", "gitRepo"),
    ("gcePersistentDisk", "gcePersistentDisk", "persistentDisk"),
    ("awsElasticBlockStore", "awsElasticBlockStore", "awsElasticBlockStore"),
    ("secret", "secret", "secret"),
    ("nfs", "nfs", "nfs"),
    ("iscsi", "iscsi", "iscsi"),
    ("glusterfs", "glusterfs", "glusterfs"),
    ("flocker", "flocker", "flocker"),
    ("persistentVolumeClaim", "persistentVolumeClaim", "persistentVolumeClaim"),
    ("rbd", "rbd", "rbd"),
    ("cinder", "cinder", "cinder"),
    ("cephfs", "cephFS", "cephfs"),
    ("quobyte", "quobyte", "quobyte"),
    ("downwardAPI", "downwarAPI", "downwardAPI"),
    ("fc", "fc", "fc"),
    ("flexVolume", "flexVolume", "flexVolume"),
    ("configMap", "configMap", "configMap"),
    ("azureFile", "azureFile", "azureFile"),
    ("vsphereVolume", "vsphereVolume", "vsphereVolume"),
    ("photonPersistentDisk", "photonPersistentDisk", "photonPersistentDisk"),
    ("portworxVolume", "portworxVolume", "portworxVolume"),
    ("azureDisk", "azureDisk", "azureDisk"),
    ("storageos", "storageos", "storageos"),
    ("projected", "projected", "projected"),
    ("scaleIO", "scaleIO", "scaleIO"),
    ("csi", "csi", "csi"),
    ("ephemeral", "ephemeral", "ephemeral"),
    ("image", "image", "image"),
];

/// Checks the volumes and gives those with nothing wrong, by name.
pub(super) fn validate_volumes<'a>(
    spec: &'a Value,
    context: PodContext<'_>,
    path: &FieldPath,
    errors: &mut ErrorList,
) -> SortedMap<&'a str, &'a Value> {
    let pod_name = json::text(context.meta(), "name");
    let volumes = json::list(spec, "volumes");
    // Claims that will be made for this very pod must not be used as if they were others'.
    let created = volumes.iter().filter(|v| !pod_name.is_empty() && json::has(v, "ephemeral"));
    let created: SortedSet<String> =
        created.map(|volume| format!("{pod_name}-{}", json::text(volume, "name"))).collect();
    let mut valid: SortedMap<&str, &Value> = SortedMap::new();
    for (at, volume) in volumes.iter().enumerate() {
        let path = path.index(at);
        let (name, name_path) = (json::text(volume, "name"), path.child("name"));
        let before = errors.len();
        validate_volume_source(volume, pod_name, &path, errors);
        if name.is_empty() {
            errors.push(FieldError::required(&name_path, ""));
        } else {
            validate_dns1123_label(name, &name_path, errors);
        }
        if valid.contains_key(name) {
            errors.push(FieldError::duplicate(&name_path, name));
        }
        if errors.len() == before {
            valid.insert(name, volume);
        }
        let claim = json::text(json::get(volume, "persistentVolumeClaim"), "claimName");
        if created.contains(claim) {
            let path = path.child("persistentVolumeClaim").child("claimName");
            let why = "must not reference a PVC that gets created for an ephemeral volume";
            errors.push(FieldError::invalid(&path, claim, why));
        }
    }
    valid
}

fn validate_volume_source(volume: &Value, pod_name: &str, path: &FieldPath, errors: &mut ErrorList) {
    let mut found = false;
    for (key, spelt, inside) in SOURCES {
        let source = json::get(volume, key);
        if source.is_null() {
            continue;
        }
        if found {
            let why = "may not specify more than 1 volume type";
            errors.push(FieldError::forbidden(&path.child(spelt), why));
        } else {
            found = true;
            validate_one_source(key, source, &path.child(inside), errors);
            if key == "ephemeral" {
                validate_claim_name(json::text(volume, "name"), pod_name, path, errors);
            }
        }
        if key == "iscsi" {
            validate_iscsi_length(json::text(volume, "name"), source, path, errors);
        }
    }
    if !found {
        errors.push(FieldError::required(path, "must specify a volume type"));
    }
}

fn validate_one_source(key: &str, source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    match key {
        "emptyDir" => {
            if quantity(json::get(source, "sizeLimit")).is_some_and(|limit| limit.sign() < 0) {
                let why = "SizeLimit field must be a valid resource quantity";
                errors.push(FieldError::forbidden(&path.child("sizeLimit"), why));
            }
        }
        "hostPath" => validate_host_path_volume_source(source, path, errors),
        "gitRepo" => {
            require(source, &["repository"], path, errors);
            validate_local_descending_path(json::text(source, "directory"), &path.child("directory"), errors);
        }
        "secret" => validate_file_source(source, "secretName", path, errors),
        "configMap" => validate_file_source(source, "name", path, errors),
        "downwardAPI" => {
            validate_mode(source, "defaultMode", path, errors);
            // Upstream names the source here, not the file.
            for file in json::list(source, "items") {
                validate_downward_api_volume_file(file, path, errors);
            }
        }
        "projected" => validate_projected_volume_source(source, path, errors),
        "persistentVolumeClaim" => require(source, &["claimName"], path, errors),
        "ephemeral" => validate_ephemeral_volume_source(source, path, errors),
        "image" => validate_image_volume_source(source, path, errors),
        _ => {
            validate_disk_source(key, source, path, errors);
            validate_network_source(key, source, path, errors);
        }
    }
}

/// Texts that must not be empty.
pub(super) fn require(holder: &Value, keys: &[&'static str], path: &FieldPath, errors: &mut ErrorList) {
    for key in keys.iter().filter(|key| json::empty(holder, key)) {
        errors.push(FieldError::required(&path.child(*key), ""));
    }
}

fn validate_host_path_volume_source(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let text = json::text(source, "path");
    if text.is_empty() {
        errors.push(FieldError::required(&path.child("path"), ""));
        return;
    }
    validate_path_no_backsteps(text, &path.child("path"), errors);
    let types =
        ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
    if let Some(kind) = json::get(source, "type").as_str().filter(|kind| !types.contains(kind)) {
        errors.push(FieldError::not_supported(&path.child("type"), kind, &types));
    }
}

/// A Secret or ConfigMap as files.
fn validate_file_source(source: &Value, name: &'static str, path: &FieldPath, errors: &mut ErrorList) {
    require(source, &[name], path, errors);
    validate_mode(source, "defaultMode", path, errors);
    for (at, item) in json::list(source, "items").iter().enumerate() {
        validate_key_to_path(item, &path.child("items").index(at), errors);
    }
}

pub(super) fn validate_mode(holder: &Value, key: &'static str, path: &FieldPath, errors: &mut ErrorList) {
    if let Some(mode) = json::int(holder, key).filter(|mode| !(0..=0o777).contains(mode)) {
        let why = "must be a number between 0 and 0777 (octal), both inclusive";
        errors.push(FieldError::invalid(&path.child(key), mode, why));
    }
}

pub(super) fn validate_key_to_path(item: &Value, path: &FieldPath, errors: &mut ErrorList) {
    require(item, &["key", "path"], path, errors);
    validate_local_non_reserved_path(json::text(item, "path"), &path.child("path"), errors);
    validate_mode(item, "mode", path, errors);
}

pub(super) fn validate_downward_api_volume_file(file: &Value, path: &FieldPath, errors: &mut ErrorList) {
    require(file, &["path"], path, errors);
    validate_local_non_reserved_path(json::text(file, "path"), &path.child("path"), errors);
    let (field, resource) = (json::get(file, "fieldRef"), json::get(file, "resourceFieldRef"));
    if !field.is_null() {
        validate_object_field_selector(field, &VOLUME_FIELDS, &path.child("fieldRef"), errors);
        if !resource.is_null() {
            let why = "fieldRef and resourceFieldRef can not be specified simultaneously";
            errors.push(FieldError::invalid(path, "resource", why));
        }
    } else if !resource.is_null() {
        let path = path.child("resourceFieldRef");
        validate_container_resource_field_selector(resource, true, &path, errors);
    } else {
        errors.push(FieldError::required(path, "one of fieldRef and resourceFieldRef is required"));
    }
    validate_mode(file, "mode", path, errors);
}

fn validate_image_volume_source(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    require(source, &["reference"], path, errors);
    let policies = ["Always", "IfNotPresent", "Never"];
    let policy = json::text(source, "pullPolicy");
    super::push_unless_one_of(&path.child("pullPolicy"), policy, &policies, errors);
}

fn validate_claim_name(name: &str, pod_name: &str, path: &FieldPath, errors: &mut ErrorList) {
    if pod_name.is_empty() || name.is_empty() {
        return;
    }
    let claim = format!("{pod_name}-{name}");
    for message in name_is_dns_subdomain(&claim, false) {
        let why = format!("PVC name {}: {message}", api::field::go_quote(&claim));
        errors.push(FieldError::invalid(&path.child("name"), name, why));
    }
}

fn validate_iscsi_length(name: &str, source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let length = name.len() + 1 + json::text(source, "targetPortal").len();
    if json::has(source, "initiatorName") && length > 64 {
        let why = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if \
                   iscsi.initiatorName is specified.";
        errors.push(FieldError::invalid(&path.child("name"), name, why));
    }
}

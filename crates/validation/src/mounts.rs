//! What a container takes from outside: environment, volumes, devices.
//!
//! Kubernetes: pkg/apis/core/validation/validation.go, ValidateEnv, ValidateEnvFrom, ValidateVolumeMounts,
//! ValidateVolumeDevices.

use serde_json::Value;
use sim::{SortedMap, SortedSet};

use super::names::{
    is_config_map_key, is_relaxed_env_var_name, name_is_dns_subdomain, validate_dns1123_label,
    validate_qualified_name,
};
use super::push_invalid;
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;
use api::quantity::Quantity;

/// Fields of a pod that its environment may show, in order of name.
const ENV_FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// Fields of a pod that a file may show, in order of name.
pub(super) const VOLUME_FIELDS: [&str; 5] =
    ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

/// Resources of a container that its environment or a file may show, in order of name.
const RESOURCE_FIELDS: [&str; 6] = [
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

pub(super) fn validate_env(container: &Value, path: &FieldPath, errors: &mut ErrorList) {
    for (at, variable) in json::list(container, "env").iter().enumerate() {
        let path = path.index(at);
        let name = json::text(variable, "name");
        if name.is_empty() {
            errors.push(FieldError::required(&path.child("name"), ""));
        } else {
            push_invalid(&path.child("name"), name, is_relaxed_env_var_name(name), errors);
        }
        validate_env_var_value_from(variable, &path.child("valueFrom"), errors);
    }
}

fn validate_env_var_value_from(variable: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let from = json::get(variable, "valueFrom");
    if from.is_null() {
        return;
    }
    let source = |key| Some(json::get(from, key)).filter(|source| !source.is_null());
    let mut count = 0;
    if let Some(field) = source("fieldRef") {
        count += 1;
        validate_object_field_selector(field, &ENV_FIELDS, &path.child("fieldRef"), errors);
    }
    if let Some(resource) = source("resourceFieldRef") {
        count += 1;
        validate_container_resource_field_selector(resource, false, &path.child("resourceFieldRef"), errors);
    }
    for key in ["configMapKeyRef", "secretKeyRef"] {
        if let Some(reference) = source(key) {
            count += 1;
            validate_key_selector(reference, &path.child(key), errors);
        }
    }
    if let Some(reference) = source("fileKeyRef") {
        count += 1;
        validate_file_key_selector(reference, &path.child("fileKeyRef"), errors);
    }
    let why = if count == 0 {
        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
    } else if !json::text(variable, "value").is_empty() {
        "may not be specified when `value` is not empty"
    } else if count > 1 {
        "may not have more than one field specified at a time"
    } else {
        return;
    };
    errors.push(FieldError::invalid(path, "", why));
}

/// Kubernetes: validation.go, validateObjectFieldSelector.
pub(super) fn validate_object_field_selector(
    selector: &Value,
    allowed: &[&str],
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    for key in ["apiVersion", "fieldPath"] {
        if json::text(selector, key).is_empty() {
            errors.push(FieldError::required(&path.child(key), ""));
            return;
        }
    }
    let field = json::text(selector, "fieldPath");
    let label = match convert_downward_api_field_label(json::text(selector, "apiVersion"), field) {
        Ok(label) => label,
        Err(why) => {
            let why = format!("error converting fieldPath: {why}");
            errors.push(FieldError::invalid(&path.child("fieldPath"), field, why));
            return;
        }
    };
    match split_maybe_subscripted_path(label) {
        Some(("metadata.annotations", key)) => validate_qualified_name(&key.to_lowercase(), path, errors),
        Some((_, key)) => validate_qualified_name(key, path, errors),
        None if allowed.contains(&label) => {}
        None => errors.push(FieldError::not_supported(&path.child("fieldPath"), label, allowed)),
    }
}

/// Kubernetes: pkg/apis/core/pods/helpers.go, ConvertDownwardAPIFieldLabel.
fn convert_downward_api_field_label<'a>(version: &str, field: &'a str) -> Result<&'a str, String> {
    if version != "v1" {
        return Err(format!("unsupported pod version: {version}"));
    }
    match split_maybe_subscripted_path(field) {
        Some(("metadata.annotations" | "metadata.labels", _)) => return Ok(field),
        Some(_) => return Err(format!("field label does not support subscript: {field}")),
        None => {}
    }
    match field {
        "spec.host" => Ok("spec.nodeName"),
        "metadata.annotations"
        | "metadata.labels"
        | "spec.restartPolicy"
        | "spec.schedulerName"
        | "status.phase" => Ok(field),
        _ if ENV_FIELDS.contains(&field) => Ok(field),
        _ => Err(format!("field label not supported: {field}")),
    }
}

/// `metadata.labels['key']` as its two parts.
///
/// Kubernetes: pkg/fieldpath/fieldpath.go, SplitMaybeSubscriptedPath.
fn split_maybe_subscripted_path(field: &str) -> Option<(&str, &str)> {
    let (path, key) = field.strip_suffix("']")?.split_once("['")?;
    (!path.is_empty()).then_some((path, key))
}

/// Kubernetes: validation.go, validateContainerResourceFieldSelector.
pub(super) fn validate_container_resource_field_selector(
    selector: &Value,
    volume: bool,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let resource = json::text(selector, "resource");
    let huge_pages = ["limits.hugepages-", "requests.hugepages-"].iter().any(|p| resource.starts_with(p));
    if volume && json::text(selector, "containerName").is_empty() {
        errors.push(FieldError::required(&path.child("containerName"), ""));
    } else if resource.is_empty() {
        errors.push(FieldError::required(&path.child("resource"), ""));
    } else if !RESOURCE_FIELDS.contains(&resource) && !huge_pages {
        errors.push(FieldError::not_supported(&path.child("resource"), resource, &RESOURCE_FIELDS));
    }
    validate_container_resource_divisor(selector, &path.child("divisor"), errors);
}

fn validate_container_resource_divisor(selector: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let Some(divisor) = quantity(json::get(selector, "divisor")).filter(|divisor| !divisor.is_zero()) else {
        return;
    };
    let resource = json::text(selector, "resource");
    let sizes = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];
    let divisor = divisor.to_string();
    let what = match resource {
        "limits.cpu" | "requests.cpu" => {
            if !["1m", "1"].contains(&&*divisor) {
                let why = "only divisor's values 1m and 1 are supported with the cpu resource";
                errors.push(FieldError::invalid(path, resource, why));
            }
            return;
        }
        "limits.memory" | "requests.memory" => "memory",
        "limits.ephemeral-storage" | "requests.ephemeral-storage" => "local ephemeral storage",
        _ if resource.contains("s.hugepages-") => "hugepages",
        _ => return,
    };
    if !sizes.contains(&&*divisor) {
        let sizes = sizes.join(", ");
        let why = format!("only divisor's values {sizes} are supported with the {what} resource");
        errors.push(FieldError::invalid(path, resource, why));
    }
}

/// A quantity in JSON: a text, or a bare number.
pub(super) fn quantity(value: &Value) -> Option<Quantity> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

/// A key of a ConfigMap or Secret.
fn validate_key_selector(reference: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let (name, key) = (json::text(reference, "name"), json::text(reference, "key"));
    push_invalid(&path.child("name"), name, name_is_dns_subdomain(name, false), errors);
    if key.is_empty() {
        errors.push(FieldError::required(&path.child("key"), ""));
    } else {
        push_invalid(&path.child("key"), key, is_config_map_key(key), errors);
    }
}

fn validate_file_key_selector(reference: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let text = |key| json::text(reference, key);
    for key in ["key", "volumeName", "path"] {
        if text(key).is_empty() {
            errors.push(FieldError::required(&path.child(key), ""));
            continue;
        }
        let path = path.child(key);
        match key {
            "key" => push_invalid(&path, text(key), is_relaxed_env_var_name(text(key)), errors),
            "volumeName" => validate_dns1123_label(text(key), &path, errors),
            _ => validate_path_no_backsteps(text(key), &path, errors),
        }
    }
}

pub(super) fn validate_env_from(container: &Value, path: &FieldPath, errors: &mut ErrorList) {
    for (at, source) in json::list(container, "envFrom").iter().enumerate() {
        let own = path.index(at);
        let prefix = json::text(source, "prefix");
        if !prefix.is_empty() {
            push_invalid(&own.child("prefix"), prefix, is_relaxed_env_var_name(prefix), errors);
        }
        let given = ["configMapRef", "secretRef"].into_iter().filter(|key| json::has(source, key));
        for key in given.clone() {
            let name = json::text(json::get(source, key), "name");
            let path = own.child(key).child("name");
            if name.is_empty() {
                errors.push(FieldError::required(&path, ""));
            } else {
                push_invalid(&path, name, name_is_dns_subdomain(name, true), errors);
            }
        }
        // Upstream gives the whole list's path here.
        let why = match given.count() {
            0 => "must specify one of: `configMapRef` or `secretRef`",
            1 => continue,
            _ => "may not have more than one field specified at a time",
        };
        errors.push(FieldError::invalid(path, "", why));
    }
}

/// API-057. Kubernetes: validation.go, ValidateVolumeMounts.
pub(super) fn validate_volume_mounts(
    container: &Value,
    volumes: &SortedMap<&str, &Value>,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let devices = json::list(container, "volumeDevices");
    let mut taken = SortedSet::new();
    for (at, mount) in json::list(container, "volumeMounts").iter().enumerate() {
        let own = path.index(at);
        let (name, name_path) = (json::text(mount, "name"), own.child("name"));
        let (mount_path, path_path) = (json::text(mount, "mountPath"), own.child("mountPath"));
        if name.is_empty() {
            errors.push(FieldError::required(&name_path, ""));
        }
        if !volumes.contains_key(name) {
            errors.push(FieldError::not_found(&name_path, name));
        }
        if mount_path.is_empty() {
            errors.push(FieldError::required(&path_path, ""));
        }
        if !taken.insert(mount_path) {
            errors.push(FieldError::invalid(&path_path, mount_path, "must be unique"));
        }
        if devices.iter().any(|device| json::text(device, "name") == name) {
            let why = "must not already exist in volumeDevices";
            errors.push(FieldError::invalid(&name_path, name, why));
        }
        if devices.iter().any(|device| json::text(device, "devicePath") == mount_path) {
            let why = "must not already exist as a path in volumeDevices";
            errors.push(FieldError::invalid(&path_path, mount_path, why));
        }
        validate_sub_paths(mount, path, &own, errors);
        validate_mount_propagation(mount, container, &path.child("mountPropagation"), errors);
        validate_mount_recursive_read_only(mount, &path.child("recursiveReadOnly"), errors);
    }
}

/// Upstream reports some of these at the list, some at the mount.
fn validate_sub_paths(mount: &Value, list: &FieldPath, own: &FieldPath, errors: &mut ErrorList) {
    let (sub_path, expression) = (json::text(mount, "subPath"), json::text(mount, "subPathExpr"));
    if !sub_path.is_empty() {
        validate_local_descending_path(sub_path, &list.child("subPath"), errors);
    }
    if !expression.is_empty() {
        if !sub_path.is_empty() {
            let why = "subPathExpr and subPath are mutually exclusive";
            errors.push(FieldError::invalid(&own.child("subPathExpr"), expression, why));
        }
        validate_local_descending_path(expression, &list.child("subPathExpr"), errors);
    }
}

fn validate_mount_propagation(mount: &Value, container: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let Some(mode) = json::get(mount, "mountPropagation").as_str() else { return };
    let modes = ["Bidirectional", "HostToContainer", "None"];
    if !modes.contains(&mode) {
        errors.push(FieldError::not_supported(path, mode, &modes));
    }
    let privileged = json::flag(json::get(container, "securityContext"), "privileged");
    if mode == "Bidirectional" && !privileged {
        let why = "Bidirectional mount propagation is available only to privileged containers";
        errors.push(FieldError::forbidden(path, why));
    }
}

fn validate_mount_recursive_read_only(mount: &Value, path: &FieldPath, errors: &mut ErrorList) {
    match json::get(mount, "recursiveReadOnly").as_str() {
        None | Some("Disabled") => {}
        Some("Enabled" | "IfPossible") => {
            if !json::flag(mount, "readOnly") {
                let why = "may only be specified when readOnly is true";
                errors.push(FieldError::forbidden(path, why));
            }
            if !matches!(json::text(mount, "mountPropagation"), "" | "None") {
                let why = "may only be specified when mountPropagation is None or not specified";
                errors.push(FieldError::forbidden(path, why));
            }
        }
        Some(other) => {
            let modes = ["Disabled", "Enabled", "IfPossible"];
            errors.push(FieldError::not_supported(path, other, &modes));
        }
    }
}

pub(super) fn validate_volume_devices(
    container: &Value,
    volumes: &SortedMap<&str, &Value>,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let mounts = json::list(container, "volumeMounts");
    let (mut paths, mut names) = (SortedSet::new(), SortedSet::new());
    for (at, device) in json::list(container, "volumeDevices").iter().enumerate() {
        let own = path.index(at);
        let (name, name_path) = (json::text(device, "name"), own.child("name"));
        let (device_path, path_path) = (json::text(device, "devicePath"), own.child("devicePath"));
        if name.is_empty() {
            errors.push(FieldError::required(&name_path, ""));
        }
        if names.contains(name) {
            errors.push(FieldError::invalid(&name_path, name, "must be unique"));
        }
        match volumes.get(name) {
            None => errors.push(FieldError::not_found(&name_path, name)),
            Some(v) if json::has(v, "persistentVolumeClaim") || json::has(v, "ephemeral") => {}
            Some(_) => {
                let why =
                    "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                errors.push(FieldError::invalid(&name_path, name, why));
            }
        }
        if device_path.is_empty() {
            errors.push(FieldError::required(&path_path, ""));
        }
        if paths.contains(device_path) {
            errors.push(FieldError::invalid(&path_path, device_path, "must be unique"));
        }
        if device_path.split('/').any(|part| part == "..") {
            let why = "can not contain backsteps ('..')";
            errors.push(FieldError::invalid(&path_path, device_path, why));
        } else {
            paths.insert(device_path);
        }
        if mounts.iter().any(|mount| json::text(mount, "name") == name) {
            let why = "must not already exist in volumeMounts";
            errors.push(FieldError::invalid(&name_path, name, why));
        }
        if mounts.iter().any(|mount| json::text(mount, "mountPath") == device_path) {
            let why = "must not already exist as a path in volumeMounts";
            errors.push(FieldError::invalid(&path_path, device_path, why));
        }
        if !name.is_empty() {
            names.insert(name);
        }
    }
}

/// A path below something: neither absolute nor leading out.
pub(super) fn validate_local_descending_path(text: &str, path: &FieldPath, errors: &mut ErrorList) {
    if text.starts_with('/') {
        errors.push(FieldError::invalid(path, text, "must be a relative path"));
    }
    validate_path_no_backsteps(text, path, errors);
}

pub(super) fn validate_path_no_backsteps(text: &str, path: &FieldPath, errors: &mut ErrorList) {
    if text.split('/').any(|part| part == "..") {
        errors.push(FieldError::invalid(path, text, "must not contain '..'"));
    }
}

/// Names that begin with two dots are the kubelet's own.
pub(super) fn validate_local_non_reserved_path(text: &str, path: &FieldPath, errors: &mut ErrorList) {
    validate_local_descending_path(text, path, errors);
    if text.starts_with("..") && !text.starts_with("../") {
        errors.push(FieldError::invalid(path, text, "must not start with '..'"));
    }
}

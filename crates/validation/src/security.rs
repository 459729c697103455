//! Security contexts, and the annotations that came before them.
//!
//! Kubernetes: pkg/apis/core/validation/validation.go, ValidateSecurityContext,
//! validatePodSpecSecurityContext and below.

use serde_json::{Value, json};
use sim::SortedSet;

use super::go_form;
use super::mounts::validate_local_descending_path;
use super::names::is_valid_id;
use super::pod::containers_with_path;
use super::windows::validate_windows_security_context_options;
use api::field::{ErrorList, FieldError, FieldPath, go_quote};
use api::json;

const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";

fn validate_ids(holder: &Value, keys: &[&'static str], path: &FieldPath, errors: &mut ErrorList) {
    for key in keys {
        if let Some(id) = json::int(holder, key) {
            errors.extend(is_valid_id(id).map(|why| FieldError::invalid(&path.child(*key), id, why)));
        }
    }
}

fn push_unless_listed(
    holder: &Value,
    key: &'static str,
    allowed: &[&str],
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    if let Some(value) = json::get(holder, key).as_str().filter(|value| !allowed.contains(value)) {
        errors.push(FieldError::not_supported(&path.child(key), value, allowed));
    }
}

/// The security context of a pod as a whole.
pub(super) fn validate_pod_spec_security_context(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let context = json::get(spec, "securityContext");
    validate_ids(context, &["fsGroup", "runAsUser", "runAsGroup"], path, errors);
    for (at, group) in json::list(context, "supplementalGroups").iter().enumerate() {
        let group = group.as_i64().unwrap_or(0);
        let path = path.child("supplementalGroups").index(at);
        errors.extend(is_valid_id(group).map(|why| FieldError::invalid(&path, group, why)));
    }
    if json::flag(spec, "shareProcessNamespace") && json::flag(spec, "hostPID") {
        let why = "ShareProcessNamespace and HostPID cannot both be enabled";
        errors.push(FieldError::invalid(&path.child("shareProcessNamespace"), true, why));
    }
    validate_sysctls(spec, context, &path.child("sysctls"), errors);
    push_unless_listed(context, "fsGroupChangePolicy", &["Always", "OnRootMismatch"], path, errors);
    validate_profiles(context, path, errors);
    push_unless_listed(context, "supplementalGroupsPolicy", &["Merge", "Strict"], path, errors);
    push_unless_listed(context, "seLinuxChangePolicy", &["Recursive"], path, errors);
}

/// What pods and containers can say alike.
fn validate_profiles(context: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let child = |key: &'static str| (json::get(context, key), path.child(key));
    let (seccomp, seccomp_path) = child("seccompProfile");
    validate_seccomp_profile_field(seccomp, &seccomp_path, errors);
    validate_windows_and_app_armor(context, path, errors);
}

fn validate_windows_and_app_armor(context: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let windows_path = path.child("windowsOptions");
    validate_windows_security_context_options(json::get(context, "windowsOptions"), &windows_path, errors);
    let app_armor_path = path.child("appArmorProfile");
    validate_app_armor_profile_field(json::get(context, "appArmorProfile"), &app_armor_path, errors);
}

/// Kubernetes: validation.go, validateSysctls.
fn validate_sysctls(spec: &Value, context: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let mut names = SortedSet::new();
    for (at, sysctl) in json::list(context, "sysctls").iter().enumerate() {
        let (name, path) = (json::text(sysctl, "name"), path.index(at).child("name"));
        if name.is_empty() {
            errors.push(FieldError::required(&path, ""));
        } else if !is_valid_sysctl_name(name) {
            let why = "must have at most 253 characters and match regex \
                       ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
            errors.push(FieldError::invalid(&path, name, why));
        } else if names.contains(name) {
            errors.push(FieldError::duplicate(&path, name));
        }
        names.insert(name);
        let dotted = name.replace('/', ".");
        let ipc = ["kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."].iter();
        for (shares, own, key) in [
            (json::flag(spec, "hostNetwork"), dotted.starts_with("net."), "hostNetwork"),
            (json::flag(spec, "hostIPC"), ipc.clone().any(|p| dotted.starts_with(p)), "hostIPC"),
        ] {
            if shares && own {
                let why = format!("may not be specified when '{key}' is true");
                errors.push(FieldError::invalid(&path, name, why));
            }
        }
    }
}

fn is_valid_sysctl_name(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let segment = |part: &str| {
        let bytes = part.as_bytes();
        let ends = bytes.first().copied().is_some_and(word) && bytes.last().copied().is_some_and(word);
        ends && bytes.iter().all(|byte| word(*byte) || b"-_".contains(byte))
    };
    name.len() <= 253 && name.split(['.', '/']).all(segment)
}

/// The security context of a container.
pub(super) fn validate_security_context(
    context: &Value,
    host_users: bool,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    if context.is_null() {
        return;
    }
    validate_ids(context, &["runAsUser", "runAsGroup"], path, errors);
    if let Some(mount) = json::get(context, "procMount").as_str() {
        let path = path.child("procMount");
        if !["Default", "Unmasked"].contains(&mount) {
            errors.push(FieldError::not_supported(&path, mount, &["Default", "Unmasked"]));
        }
        if host_users && mount == "Unmasked" {
            let why = "`hostUsers` must be false to use `Unmasked`";
            errors.push(FieldError::invalid(&path, mount, why));
        }
    }
    let seccomp_path = path.child("seccompProfile");
    validate_seccomp_profile_field(json::get(context, "seccompProfile"), &seccomp_path, errors);
    if *json::get(context, "allowPrivilegeEscalation") == Value::Bool(false) {
        let shown = || go_form::compact("SecurityContext", context);
        if json::flag(context, "privileged") {
            let why = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
            errors.push(FieldError::invalid(path, context.clone(), why).shown_as(shown()));
        }
        let added = json::strings(json::get(context, "capabilities"), "add");
        for _ in added.into_iter().filter(|capability| *capability == "CAP_SYS_ADMIN") {
            let why = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
            errors.push(FieldError::invalid(path, context.clone(), why).shown_as(shown()));
        }
    }
    validate_windows_and_app_armor(context, path, errors);
}

const PROFILE_TYPES: [&str; 3] = ["Localhost", "RuntimeDefault", "Unconfined"];

fn validate_seccomp_profile_field(profile: &Value, path: &FieldPath, errors: &mut ErrorList) {
    if profile.is_null() {
        return;
    }
    let (kind, local_path) = (json::text(profile, "type"), path.child("localhostProfile"));
    if kind.is_empty() {
        let why = "type is required when seccompProfile is set";
        errors.push(FieldError::required(&path.child("type"), why));
    } else if !PROFILE_TYPES.contains(&kind) {
        errors.push(FieldError::not_supported(&path.child("type"), kind, &PROFILE_TYPES));
    }
    match (kind, json::get(profile, "localhostProfile").as_str()) {
        ("Localhost", None) => {
            let why = "must be set when seccomp type is Localhost";
            errors.push(FieldError::required(&local_path, why));
        }
        ("Localhost", Some(local)) => validate_local_descending_path(local, &local_path, errors),
        (_, Some(_)) => {
            let why = "can only be set when seccomp type is Localhost";
            let shown = go_form::compact("SeccompProfile", profile);
            errors.push(FieldError::invalid(&local_path, profile.clone(), why).shown_as(shown));
        }
        (_, None) => {}
    }
}

/// The annotation that named a container's profile before there was a field.
pub(super) fn app_armor_annotation(container: &str) -> String {
    format!("{APP_ARMOR}{container}")
}

/// Kubernetes: pkg/api/pod/util.go, ApparmorFieldForAnnotation.
pub(super) fn app_armor_field_for_annotation(annotation: &str) -> Option<Value> {
    match annotation {
        "unconfined" => Some(json!({"type": "Unconfined"})),
        "runtime/default" => Some(json!({"type": "RuntimeDefault"})),
        _ => {
            let name = annotation.strip_prefix("localhost/").filter(|name| !name.is_empty())?;
            Some(json!({"type": "Localhost", "localhostProfile": name}))
        }
    }
}

pub(super) fn is_valid_app_armor_profile(profile: &Value) -> bool {
    let mut errors = ErrorList::new();
    validate_app_armor_profile_field(profile, &FieldPath::root(), &mut errors);
    errors.is_empty()
}

fn validate_app_armor_profile_field(profile: &Value, path: &FieldPath, errors: &mut ErrorList) {
    if profile.is_null() {
        return;
    }
    let local_path = path.child("localhostProfile");
    let local = json::get(profile, "localhostProfile").as_str();
    let required = "must be set when AppArmor type is Localhost";
    match (json::text(profile, "type"), local) {
        ("Localhost", None) => errors.push(FieldError::required(&local_path, required)),
        ("Localhost", Some(local)) => {
            if local.trim() != local {
                let why = "must not be padded with whitespace";
                errors.push(FieldError::invalid(&local_path, local, why));
            } else if local.is_empty() {
                errors.push(FieldError::required(&local_path, required));
            }
            if local.len() > 4095 {
                errors.push(FieldError::too_long(&local_path, 4095));
            }
        }
        ("RuntimeDefault" | "Unconfined", Some(local)) => {
            let why = "can only be set when AppArmor type is Localhost";
            errors.push(FieldError::invalid(&local_path, local, why));
        }
        ("RuntimeDefault" | "Unconfined", None) => {}
        ("", _) => {
            let why = "type is required when appArmorProfile is set";
            errors.push(FieldError::required(&path.child("type"), why));
        }
        (other, _) => errors.push(FieldError::not_supported(&path.child("type"), other, &PROFILE_TYPES)),
    }
}

/// Kubernetes: validation.go, ValidateSeccompPodAnnotations.
pub(super) fn validate_seccomp_pod_annotations(
    annotations: &Value,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let pod = annotations.as_object().into_iter().flatten().filter(|(key, _)| *key == SECCOMP_POD);
    let containers = annotations.as_object().into_iter().flatten();
    let containers = containers.filter(|(key, _)| key.starts_with(SECCOMP_CONTAINER));
    for (key, profile) in pod.chain(containers) {
        let (profile, path) = (profile.as_str().unwrap_or(""), path.child(key.clone()));
        match profile.strip_prefix("localhost/") {
            Some(local) => validate_local_descending_path(local, &path, errors),
            None if matches!(profile, "runtime/default" | "docker/default" | "unconfined") => {}
            None => errors.push(FieldError::invalid(&path, profile, "must be a valid seccomp profile")),
        }
    }
}

/// Kubernetes: validation.go, ValidateAppArmorPodAnnotations.
pub(super) fn validate_app_armor_pod_annotations(
    annotations: &Value,
    spec: &Value,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    for (key, profile) in annotations.as_object().into_iter().flatten() {
        let Some(name) = key.strip_prefix(APP_ARMOR) else { continue };
        let root = FieldPath::root();
        if !containers_with_path(spec, &root).any(|(container, _)| json::text(container, "name") == name) {
            errors.push(FieldError::invalid(&path.key(key), name, "container not found"));
        }
        let profile = profile.as_str().unwrap_or("");
        let known = matches!(profile, "" | "runtime/default" | "unconfined");
        if !known && !profile.starts_with("localhost/") {
            let why = format!("invalid AppArmor profile name: {}", go_quote(profile));
            errors.push(FieldError::invalid(&path.key(key), profile, why));
        }
    }
}

/// An annotation and a field must not contradict each other.
fn validate_profile_match(
    annotation: &str,
    profile: &Value,
    defaults: &[&str],
    what: &str,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let matches = match json::text(profile, "type") {
        "Unconfined" => annotation == "unconfined",
        "RuntimeDefault" => defaults.contains(&annotation),
        "Localhost" => match annotation.strip_prefix("localhost/") {
            None => false,
            Some(local) if json::get(profile, "localhostProfile").as_str() == Some(local) => true,
            Some(_) => {
                let why = format!("{what} profile in annotation and field must match");
                errors.push(FieldError::forbidden(&path.child("localhostProfile"), why));
                true
            }
        },
        _ => true,
    };
    if !matches {
        let why = format!("{what} type in annotation and field must match");
        errors.push(FieldError::forbidden(&path.child("type"), why));
    }
}

/// Kubernetes: validation.go, validateSeccompAnnotationsAndFields.
pub(super) fn validate_seccomp_annotations_and_fields(
    annotations: &Value,
    spec: &Value,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let defaults = ["runtime/default", "docker/default"];
    let mut compare = |holder: &Value, key: &str, path: &FieldPath| {
        let profile = json::at(holder, &["securityContext", "seccompProfile"]);
        if let Some(annotation) = json::get(annotations, key).as_str().filter(|_| !profile.is_null()) {
            let path = path.child("securityContext").child("seccompProfile");
            validate_profile_match(annotation, profile, &defaults, "seccomp", &path, errors);
        }
    };
    compare(spec, SECCOMP_POD, path);
    for (container, path) in containers_with_path(spec, path) {
        compare(container, &format!("{SECCOMP_CONTAINER}{}", json::text(container, "name")), &path);
    }
}

/// Kubernetes: validation.go, validateAppArmorAnnotationsAndFieldsMatchOnCreate.
pub(super) fn validate_app_armor_annotations_match(
    annotations: &Value,
    spec: &Value,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    if json::text(json::get(spec, "os"), "name") == "windows" {
        return;
    }
    let of_pod = json::at(spec, &["securityContext", "appArmorProfile"]);
    for (container, path) in containers_with_path(spec, path) {
        let own = json::at(container, &["securityContext", "appArmorProfile"]);
        let profile = if own.is_null() { of_pod } else { own };
        let key = app_armor_annotation(json::text(container, "name"));
        if let Some(annotation) = json::get(annotations, &key).as_str().filter(|_| !profile.is_null()) {
            let path = path.child("securityContext").child("appArmorProfile");
            validate_profile_match(annotation, profile, &["runtime/default"], "apparmor", &path, errors);
        }
    }
}

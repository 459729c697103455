//! What a pod for Windows, or for Linux, may not say.
//!
//! Kubernetes: pkg/apis/core/validation/validation.go, validateWindowsSecurityContextOptions,
//! validateWindowsHostProcessPod, validateOS, validateLinux, validateWindows.

use serde_json::Value;

use super::pod::containers_with_path;
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;
use api::label::is_dns1123_subdomain;

pub(super) fn validate_windows_security_context_options(
    options: &Value,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    if let Some(name) = json::get(options, "gmsaCredentialSpecName").as_str() {
        super::push_invalid(&path.child("gmsaCredentialSpecName"), name, is_dns1123_subdomain(name), errors);
    }
    if let Some(spec) = json::get(options, "gmsaCredentialSpec").as_str() {
        let why = match spec.len() {
            0 => Some("gmsaCredentialSpec cannot be an empty string"),
            65537.. => Some("gmsaCredentialSpec size must be under 64 KiB"),
            _ => None,
        };
        let path = path.child("gmsaCredentialSpec");
        errors.extend(why.map(|why| FieldError::invalid(&path, spec, why)));
    }
    if let Some(name) = json::get(options, "runAsUserName").as_str() {
        for why in run_as_user_name_errors(name) {
            errors.push(FieldError::invalid(&path.child("runAsUserName"), name, why));
        }
    }
}

/// A name as `DOMAIN\user` or `user`.
fn run_as_user_name_errors(name: &str) -> Vec<&'static str> {
    if name.is_empty() {
        return vec!["runAsUserName cannot be an empty string"];
    }
    if name.chars().any(|c| c.is_ascii_control()) {
        return vec!["runAsUserName cannot contain control characters"];
    }
    let (domain, user) = match name.split_once('\\') {
        Some((_, user)) if user.contains('\\') => {
            return vec!["runAsUserName cannot contain more than one backslash"];
        }
        Some((domain, user)) => (Some(domain), user),
        None => (None, name),
    };
    let mut errors = Vec::new();
    if domain.is_some_and(|domain| domain.len() >= 256) {
        errors.push("runAsUserName's Domain length must be under 256 characters");
    }
    if domain.is_some_and(|domain| !is_net_bios(domain) && !is_dns_domain(domain)) {
        errors.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
    }
    if user.is_empty() {
        errors.push("runAsUserName's User cannot be empty");
    } else if user.len() > 104 {
        errors.push("runAsUserName's User length must not be longer than 104 characters");
    }
    if !user.is_empty() && user.chars().all(|c| c == '.' || c == ' ') {
        errors.push("runAsUserName's User cannot contain only periods or spaces");
    }
    if user.chars().any(|c| "\"/\\:;|=,+*?<>@[]".contains(c)) {
        errors.push("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]");
    }
    errors
}

fn is_net_bios(domain: &str) -> bool {
    let length = domain.chars().count();
    (1..=15).contains(&length)
        && !domain.starts_with('.')
        && !domain.contains(['\\', '/', ':', '*', '?', '"', '<', '>', '|'])
}

fn is_dns_domain(domain: &str) -> bool {
    domain.split('.').all(|label| {
        let inner = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        (1..=63).contains(&label.len()) && inner && !label.starts_with('-') && !label.ends_with('-')
    })
}

/// Either all containers of a pod are host processes, or none is.
pub(super) fn validate_windows_host_process_pod(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let setting = |holder| json::at(holder, &["securityContext", "windowsOptions", "hostProcess"]).as_bool();
    let of_pod = setting(spec);
    let (mut containers, mut host_processes) = (0, 0);
    for (container, path) in containers_with_path(spec, path) {
        containers += 1;
        let own = setting(container);
        if let (Some(of_pod), Some(own)) = (of_pod, own)
            && of_pod != own
        {
            let path = path.child("securityContext").child("windowsOptions").child("hostProcess");
            let why = format!("pod hostProcess value must be identical if both are specified, was {of_pod}");
            errors.push(FieldError::invalid(&path, own, why));
        }
        if own.or(of_pod) == Some(true) {
            host_processes += 1;
        }
    }
    if host_processes == 0 {
        return;
    }
    if host_processes != containers {
        let why =
            "If pod contains any hostProcess containers then all containers must be HostProcess containers";
        errors.push(FieldError::invalid(path, "", why));
    }
    if !json::flag(spec, "hostNetwork") {
        let why = "hostNetwork must be true if pod contains any hostProcess containers";
        errors.push(FieldError::invalid(&path.child("hostNetwork"), false, why));
    }
}

/// spec.os and what it rules out.
pub(super) fn validate_os(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let os = json::get(spec, "os");
    if os.is_null() {
        return;
    }
    match json::text(os, "name") {
        "" => errors.push(FieldError::required(&path.child("os").child("name"), "")),
        "linux" => validate_linux(spec, path, errors),
        "windows" => validate_windows(spec, path, errors),
        other => errors.push(FieldError::not_supported(&path.child("os"), other, &["linux", "windows"])),
    }
}

/// Forbids members of a holder that are set; a list must have elements to be so.
fn forbid(holder: &Value, keys: &[&'static str], why: &str, path: &FieldPath, errors: &mut ErrorList) {
    for key in keys {
        let value = json::get(holder, key);
        let set = match value {
            Value::Null => false,
            Value::Array(items) => *key == "supplementalGroups" || !items.is_empty(),
            Value::Bool(flag) => *flag || !matches!(*key, "hostPID" | "hostIPC"),
            _ => true,
        };
        if set {
            errors.push(FieldError::forbidden(&path.child(*key), why));
        }
    }
}

fn validate_linux(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let why = "windows options cannot be set for a linux pod";
    let own = std::iter::once((spec, path.clone()));
    for (holder, path) in own.chain(containers_with_path(spec, path)) {
        let context = json::get(holder, "securityContext");
        forbid(context, &["windowsOptions"], why, &path.child("securityContext"), errors);
    }
}

fn validate_windows(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let why = "cannot be set for a windows pod";
    let (context, context_path) = (json::get(spec, "securityContext"), path.child("securityContext"));
    forbid(context, &["appArmorProfile", "seLinuxOptions"], why, &context_path, errors);
    forbid(spec, &["hostUsers", "hostPID", "hostIPC"], why, path, errors);
    let keys = ["seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls"];
    forbid(context, &keys, why, &context_path, errors);
    forbid(spec, &["shareProcessNamespace"], why, path, errors);
    let keys =
        ["runAsUser", "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy"];
    forbid(context, &keys, why, &context_path, errors);
    for (container, path) in containers_with_path(spec, path) {
        let keys = [
            "appArmorProfile",
            "seLinuxOptions",
            "seccompProfile",
            "capabilities",
            "readOnlyRootFilesystem",
            "privileged",
            "allowPrivilegeEscalation",
            "procMount",
            "runAsUser",
            "runAsGroup",
        ];
        let context = json::get(container, "securityContext");
        forbid(context, &keys, why, &path.child("securityContext"), errors);
    }
}

//! Probes and lifecycle hooks.
//!
//! Kubernetes: pkg/apis/core/validation/validation.go, validateProbe, validateHandler, validateLifecycle.

use serde_json::Value;

use super::container::Scope;
use super::names::{is_http_header_name, is_valid_port_num};
use super::{push_invalid, validate_nonnegative_field};
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;
use api::label::is_valid_port_name;
use sim::order::SortShared;

/// The three probes of a container (API-055).
pub(super) fn validate_probes(
    container: &Value,
    scope: &Scope<'_>,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    for key in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let probe = json::get(container, key);
        if probe.is_null() {
            continue;
        }
        let path = path.child(key);
        validate_probe(probe, scope, &path, errors);
        if key == "readinessProbe" {
            let key = "terminationGracePeriodSeconds";
            if json::has(probe, key) {
                let (path, value) = (path.child(key), json::get(probe, key).clone());
                errors.push(FieldError::invalid(&path, value, "must not be set for readinessProbes"));
            }
        } else {
            let threshold = json::int(probe, "successThreshold").unwrap_or(0);
            if threshold != 1 {
                errors.push(FieldError::invalid(&path.child("successThreshold"), threshold, "must be 1"));
            }
        }
    }
}

fn validate_probe(probe: &Value, scope: &Scope<'_>, path: &FieldPath, errors: &mut ErrorList) {
    validate_handler(probe, &["exec", "httpGet", "tcpSocket", "grpc"], scope, path, errors);
    for key in
        ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"]
    {
        validate_nonnegative_field(json::int(probe, key).unwrap_or(0), &path.child(key), errors);
    }
    let key = "terminationGracePeriodSeconds";
    if let Some(seconds) = json::int(probe, key).filter(|seconds| *seconds <= 0) {
        errors.push(FieldError::invalid(&path.child(key), seconds, "must be greater than 0"));
    }
}

/// Exactly one of the handlers, in upstream's order.
fn validate_handler(
    holder: &Value,
    handlers: &[&'static str],
    scope: &Scope<'_>,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let mut given = handlers.iter().filter(|key| json::has(holder, key));
    let Some(first) = given.next() else {
        errors.push(FieldError::required(path, "must specify a handler type"));
        return;
    };
    let (handler, own) = (json::get(holder, first), path.child(*first));
    match *first {
        "exec" if json::empty(handler, "command") => {
            errors.push(FieldError::required(&own.child("command"), ""));
        }
        "httpGet" => validate_http_get_action(handler, &own, errors),
        "tcpSocket" | "grpc" => {
            validate_port_num_or_name(json::get(handler, "port"), &own.child("port"), errors);
        }
        "sleep" => validate_sleep_action(handler, scope.grace_period, &own, errors),
        _ => {}
    }
    for other in given {
        let why = "may not specify more than 1 handler type";
        errors.push(FieldError::forbidden(&path.child(*other), why));
    }
}

fn validate_http_get_action(action: &Value, path: &FieldPath, errors: &mut ErrorList) {
    if json::text(action, "path").is_empty() {
        errors.push(FieldError::required(&path.child("path"), ""));
    }
    validate_port_num_or_name(json::get(action, "port"), &path.child("port"), errors);
    let scheme = json::text(action, "scheme");
    if !["HTTP", "HTTPS"].contains(&scheme) {
        errors.push(FieldError::not_supported(&path.child("scheme"), scheme, &["HTTP", "HTTPS"]));
    }
    for header in json::list(action, "httpHeaders") {
        let name = json::text(header, "name");
        push_invalid(&path.child("httpHeaders"), name, is_http_header_name(name), errors);
    }
}

/// Kubernetes: validation.go, ValidatePortNumOrName.
pub(super) fn validate_port_num_or_name(port: &Value, path: &FieldPath, errors: &mut ErrorList) {
    match port.as_str() {
        Some(name) => push_invalid(path, name, is_valid_port_name(name), errors),
        None => {
            let number = port.as_i64().unwrap_or(0);
            errors.extend(is_valid_port_num(number).map(|why| FieldError::invalid(path, number, why)));
        }
    }
}

fn validate_sleep_action(
    action: &Value,
    grace_period: Option<i64>,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let seconds = json::int(action, "seconds").unwrap_or(0);
    let Some(grace) = grace_period.filter(|grace| seconds < 0 || seconds > *grace) else { return };
    let why = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
    errors.push(FieldError::invalid(path, seconds, why));
}

/// A container's hooks and its stop signal.
pub(super) fn validate_lifecycle(
    container: &Value,
    scope: &Scope<'_>,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let (lifecycle, path) = (json::get(container, "lifecycle"), path.child("lifecycle"));
    for hook in ["postStart", "preStop"] {
        let (handler, path) = (json::get(lifecycle, hook), path.child(hook));
        if !handler.is_null() {
            validate_handler(handler, &["exec", "httpGet", "tcpSocket", "sleep"], scope, &path, errors);
        }
    }
    if let Some(signal) = json::get(lifecycle, "stopSignal").as_str() {
        validate_stop_signal(signal, scope.os, &path.child("stopSignal"), errors);
    }
}

fn validate_stop_signal(signal: &str, os: &str, path: &FieldPath, errors: &mut ErrorList) {
    match os {
        "" => {
            let why = "may not be set for containers with empty `spec.os.name`";
            errors.push(FieldError::forbidden(path, why));
        }
        "windows" if !["SIGKILL", "SIGTERM"].contains(&signal) => {
            errors.push(FieldError::not_supported(path, signal, &["SIGKILL", "SIGTERM"]));
        }
        "linux" => {
            let signals = linux_signals();
            if !signals.iter().any(|known| known == signal) {
                let signals: Vec<&str> = signals.iter().map(String::as_str).collect();
                errors.push(FieldError::not_supported(path, signal, &signals));
            }
        }
        _ => {}
    }
}

/// All signals of Linux, in order of name.
fn linux_signals() -> Vec<String> {
    let named = "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT RTMAX RTMIN \
                 SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ";
    let mut signals: Vec<String> = named.split(' ').map(|name| format!("SIG{name}")).collect();
    signals.extend((1..=15).map(|number| format!("SIGRTMIN+{number}")));
    signals.extend((1..=14).map(|number| format!("SIGRTMAX-{number}")));
    signals.sort_shared();
    signals
}

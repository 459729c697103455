//! Containers of all three sorts.
//!
//! Kubernetes: pkg/apis/core/validation/validation.go, validateContainers, validateInitContainers,
//! validateEphemeralContainers.

use serde_json::Value;
use sim::{SortedMap, SortedSet};

use super::mounts::{validate_env, validate_env_from, validate_volume_devices, validate_volume_mounts};
use super::names::{is_valid_port_num, validate_dns1123_label};
use super::pod::validate_container_only_for_pod;
use super::probe::{validate_lifecycle, validate_probes};
use super::resources::validate_container_resource_requirements;
use super::security::validate_security_context;
use super::{push_invalid, push_unless_one_of};
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;
use api::label::is_valid_port_name;

/// What of the pod its containers are checked against.
pub(super) struct Scope<'a> {
    /// The volumes with nothing wrong, by name.
    pub(super) volumes: SortedMap<&'a str, &'a Value>,
    /// Names of the pod's resource claims.
    pub(super) claims: SortedSet<&'a str>,
    pub(super) grace_period: Option<i64>,
    /// spec.os.name; empty if it is not set.
    pub(super) os: &'a str,
    restart_policy: &'a str,
    host_users: bool,
}

impl<'a> Scope<'a> {
    pub(super) fn new(spec: &'a Value, volumes: SortedMap<&'a str, &'a Value>) -> Self {
        let claims = json::list(spec, "resourceClaims").iter().map(|claim| json::text(claim, "name"));
        Self {
            volumes,
            claims: claims.filter(|name| !name.is_empty()).collect(),
            grace_period: json::int(spec, "terminationGracePeriodSeconds"),
            os: json::text(json::get(spec, "os"), "name"),
            restart_policy: json::text(spec, "restartPolicy"),
            host_users: *json::get(spec, "hostUsers") != Value::Bool(false),
        }
    }
}

/// Regular containers (API-051…055).
pub(super) fn validate_containers(spec: &Value, scope: &Scope<'_>, path: &FieldPath, errors: &mut ErrorList) {
    let containers = json::list(spec, "containers");
    if containers.is_empty() {
        errors.push(FieldError::required(path, ""));
        return;
    }
    let mut names = SortedSet::new();
    for (at, container) in containers.iter().enumerate() {
        let path = path.index(at);
        validate_container_common(container, scope, &path, errors);
        let name = json::text(container, "name");
        if !names.insert(name) {
            errors.push(FieldError::duplicate(&path.child("name"), name));
        }
        validate_lifecycle(container, scope, &path, errors);
        validate_probes(container, scope, &path, errors);
        validate_container_restart_policy(container, &path, errors);
    }
    let mut ports = SortedSet::new();
    accumulate_unique_host_ports(containers, &mut ports, path, errors);
}

/// Init containers and sidecars (API-056).
pub(super) fn validate_init_containers(
    spec: &Value,
    scope: &Scope<'_>,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let regular = json::list(spec, "containers").iter();
    let mut names: SortedSet<&str> = regular.map(|container| json::text(container, "name")).collect();
    for (at, container) in json::list(spec, "initContainers").iter().enumerate() {
        let own = path.index(at);
        validate_container_common(container, scope, &own, errors);
        validate_init_container_restart_policy(container, &own, errors);
        let name = json::text(container, "name");
        if names.contains(name) {
            errors.push(FieldError::duplicate(&own.child("name"), name));
        } else if !name.is_empty() {
            names.insert(name);
        }
        // They run one by one, so each has its ports for itself; upstream counts from 0 each time.
        let alone = std::slice::from_ref(container);
        accumulate_unique_host_ports(alone, &mut SortedSet::new(), path, errors);
        if json::text(container, "restartPolicy") == "Always" {
            validate_lifecycle(container, scope, &own, errors);
            validate_probes(container, scope, &own, errors);
            continue;
        }
        for key in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
            if json::has(container, key) {
                let why = "may not be set for init containers without restartPolicy=Always";
                errors.push(FieldError::forbidden(&own.child(key), why));
            }
        }
        for (at, policy) in json::list(container, "resizePolicy").iter().enumerate() {
            if json::text(policy, "restartPolicy") == "RestartContainer" {
                let path = own.child("resizePolicy").index(at).child("restartPolicy");
                let why = "must not be set to 'RestartContainer' for non-sidecar initContainers";
                errors.push(FieldError::invalid(&path, "RestartContainer", why));
            }
        }
    }
}

/// Ephemeral containers, which only a running pod can get.
pub(super) fn validate_ephemeral_containers(
    spec: &Value,
    scope: &Scope<'_>,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let others = ["containers", "initContainers"].into_iter().flat_map(|list| json::list(spec, list));
    let others: SortedSet<&str> = others.map(|container| json::text(container, "name")).collect();
    let mut names = others.clone();
    for (at, container) in json::list(spec, "ephemeralContainers").iter().enumerate() {
        let path = path.index(at);
        validate_container_common(container, scope, &path, errors);
        validate_container_only_for_pod(container, &path, errors);
        let (name, target) = (json::text(container, "name"), json::text(container, "targetContainerName"));
        if !names.insert(name) {
            errors.push(FieldError::duplicate(&path.child("name"), name));
        }
        if !target.is_empty() && !others.contains(target) {
            errors.push(FieldError::not_found(&path.child("targetContainerName"), target));
        }
        let why = "cannot be set for an Ephemeral Container";
        for key in [
            "ports",
            "resources",
            "resizePolicy",
            "restartPolicy",
            "restartPolicyRules",
            "livenessProbe",
            "readinessProbe",
            "startupProbe",
            "lifecycle",
        ] {
            if !json::empty(container, key) {
                errors.push(FieldError::forbidden(&path.child(key), why));
            }
        }
        for (at, mount) in json::list(container, "volumeMounts").iter().enumerate() {
            for key in ["subPath", "subPathExpr"] {
                if !json::empty(mount, key) {
                    let path = path.child("volumeMounts").index(at).child(key);
                    errors.push(FieldError::forbidden(&path, why));
                }
            }
        }
    }
}

/// Kubernetes: validation.go, validateContainerCommon.
fn validate_container_common(container: &Value, scope: &Scope<'_>, path: &FieldPath, errors: &mut ErrorList) {
    let name = json::text(container, "name");
    if name.is_empty() {
        errors.push(FieldError::required(&path.child("name"), ""));
    } else {
        validate_dns1123_label(name, &path.child("name"), errors);
    }
    if json::text(container, "image").is_empty() {
        errors.push(FieldError::required(&path.child("image"), ""));
    }
    let message_policy = json::text(container, "terminationMessagePolicy");
    let message_path = path.child("terminationMessagePolicy");
    push_unless_one_of(&message_path, message_policy, &["File", "FallbackToLogsOnError"], errors);
    validate_container_ports(container, &path.child("ports"), errors);
    validate_env(container, &path.child("env"), errors);
    validate_env_from(container, &path.child("envFrom"), errors);
    validate_volume_mounts(container, &scope.volumes, &path.child("volumeMounts"), errors);
    validate_volume_devices(container, &scope.volumes, &path.child("volumeDevices"), errors);
    let pull_policy = json::text(container, "imagePullPolicy");
    let pull_policies = ["Always", "IfNotPresent", "Never"];
    push_unless_one_of(&path.child("imagePullPolicy"), pull_policy, &pull_policies, errors);
    let resources = json::get(container, "resources");
    validate_container_resource_requirements(resources, &scope.claims, &path.child("resources"), errors);
    validate_resize_policy(container, scope.restart_policy, &path.child("resizePolicy"), errors);
    let security_path = path.child("securityContext");
    let context = json::get(container, "securityContext");
    validate_security_context(context, scope.host_users, &security_path, errors);
}

/// API-050, API-053. Kubernetes: validation.go, validateContainerPorts.
fn validate_container_ports(container: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let mut names = SortedSet::new();
    for (at, port) in json::list(container, "ports").iter().enumerate() {
        let path = path.index(at);
        let name = json::text(port, "name");
        if !name.is_empty() {
            let messages = is_valid_port_name(name);
            if messages.is_empty() && !names.insert(name) {
                errors.push(FieldError::duplicate(&path.child("name"), name));
            }
            push_invalid(&path.child("name"), name, messages, errors);
        }
        let number = |key| json::int(port, key).unwrap_or(0);
        if number("containerPort") == 0 {
            errors.push(FieldError::required(&path.child("containerPort"), ""));
        }
        for key in ["containerPort", "hostPort"] {
            let value = number(key);
            let why = is_valid_port_num(value).filter(|_| value != 0);
            errors.extend(why.map(|why| FieldError::invalid(&path.child(key), value, why)));
        }
        let protocol = json::text(port, "protocol");
        push_unless_one_of(&path.child("protocol"), protocol, &["SCTP", "TCP", "UDP"], errors);
    }
}

/// API-053. Kubernetes: validation.go, AccumulateUniqueHostPorts.
fn accumulate_unique_host_ports(
    containers: &[Value],
    taken: &mut SortedSet<String>,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    for (at, container) in containers.iter().enumerate() {
        for (port_at, port) in json::list(container, "ports").iter().enumerate() {
            let number = json::int(port, "hostPort").unwrap_or(0);
            if number == 0 {
                continue;
            }
            let (protocol, address) = (json::text(port, "protocol"), json::text(port, "hostIP"));
            let key = format!("{protocol}/{address}/{number}");
            if taken.contains(&key) {
                let path = path.index(at).child("ports").index(port_at).child("hostPort");
                errors.push(FieldError::duplicate(&path, key));
            } else {
                taken.insert(key);
            }
        }
    }
}

fn validate_resize_policy(container: &Value, restart_policy: &str, path: &FieldPath, errors: &mut ErrorList) {
    let mut resources = SortedSet::new();
    for (at, policy) in json::list(container, "resizePolicy").iter().enumerate() {
        let resource = json::text(policy, "resourceName");
        if !resources.insert(resource) {
            errors.push(FieldError::duplicate(&path.index(at), resource));
        }
        push_unless_one_of(path, resource, &["cpu", "memory"], errors);
        let restart = json::text(policy, "restartPolicy");
        push_unless_one_of(path, restart, &["NotRequired", "RestartContainer"], errors);
        if restart_policy == "Never" && restart != "NotRequired" {
            let why = "must be 'NotRequired' when pod `restartPolicy` is 'Never'";
            errors.push(FieldError::invalid(path, restart, why));
        }
    }
}

/// Kubernetes: validation.go, validateInitContainerRestartPolicy.
fn validate_init_container_restart_policy(container: &Value, path: &FieldPath, errors: &mut ErrorList) {
    if json::has(container, "restartPolicy") {
        validate_container_restart_policy(container, path, errors);
    } else if !json::empty(container, "restartPolicyRules") {
        errors.push(FieldError::required(&path.child("restartPolicy"), RULES_WITHOUT_POLICY));
    }
}

const RULES_WITHOUT_POLICY: &str = "must specify restartPolicy when restart rules are used";

/// Kubernetes: validation.go, validateContainerRestartPolicy.
fn validate_container_restart_policy(container: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let rules = json::list(container, "restartPolicyRules");
    let policy_path = path.child("restartPolicy");
    match json::get(container, "restartPolicy").as_str() {
        None if rules.is_empty() => return,
        None => {
            errors.push(FieldError::required(&policy_path, RULES_WITHOUT_POLICY));
        }
        Some(policy) => {
            let policies = ["Always", "Never", "OnFailure"];
            if !policies.contains(&policy) {
                errors.push(FieldError::not_supported(&policy_path, policy, &policies));
            }
        }
    }
    let rules_path = path.child("restartPolicyRules");
    if rules.len() > 20 {
        errors.push(FieldError::too_many(&rules_path, rules.len(), 20));
    }
    for (at, rule) in rules.iter().enumerate() {
        let path = rules_path.index(at);
        let (action, actions) = (json::text(rule, "action"), ["Restart", "RestartAllContainers"]);
        if !actions.contains(&action) {
            errors.push(FieldError::not_supported(&path.child("action"), action, &actions));
        }
        let (codes, path) = (json::get(rule, "exitCodes"), path.child("exitCodes"));
        if codes.is_null() {
            errors.push(FieldError::required(&path, "must be specified"));
            continue;
        }
        let operator = json::text(codes, "operator");
        if !["In", "NotIn"].contains(&operator) {
            errors.push(FieldError::not_supported(&path.child("operator"), operator, &["In", "NotIn"]));
        }
        let count = json::list(codes, "values").len();
        if count > 255 {
            errors.push(FieldError::too_many(&path.child("values"), count, 255));
        }
    }
}

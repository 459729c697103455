//! A pod's spec, in a Pod or in a template.
//!
//! Kubernetes: pkg/apis/core/validation/validation.go, ValidatePodSpec.

use serde_json::Value;
use sim::SortedSet;

use super::affinity::validate_affinity;
use super::container::{Scope, validate_containers, validate_ephemeral_containers, validate_init_containers};
use super::go_form;
use super::ip::is_valid_ip;
use super::meta::validate_labels;
use super::names::{
    is_dns1123_subdomain_with_underscore, is_in_range, name_is_dns_subdomain, validate_dns1123_label,
    validate_dns1123_subdomain, validate_qualified_name,
};
use super::pod::containers_with_path;
use super::resources::{validate_container_resource_requirements, validate_pod_resources};
use super::scheduling::{
    validate_scheduling_gates, validate_tolerations, validate_topology_spread_constraints,
};
use super::security::validate_pod_spec_security_context;
use super::volume::validate_volumes;
use super::windows::{validate_os, validate_windows_host_process_pod};
use super::{push_invalid, push_unless_one_of};
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;

/// Where a pod spec stands.
#[derive(Clone, Copy)]
pub(super) enum PodContext<'a> {
    /// In a Pod with this metadata.
    Pod(&'a Value),
    Template,
}

impl<'a> PodContext<'a> {
    /// The metadata of the Pod; null in a template.
    pub(super) fn meta(self) -> &'a Value {
        match self {
            Self::Pod(meta) => meta,
            Self::Template => &json::NULL,
        }
    }
}

/// Kubernetes: validation.go, ValidatePodSpec. The order of the checks is upstream's.
pub(super) fn validate_pod_spec(
    spec: &Value,
    context: PodContext<'_>,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let child = |name: &'static str| path.child(name);
    if !json::has(spec, "terminationGracePeriodSeconds") {
        errors.push(FieldError::required(&child("terminationGracePeriodSeconds"), ""));
    }
    let volumes = validate_volumes(spec, context, &child("volumes"), errors);
    validate_pod_resource_claims(spec, context, &child("resourceClaims"), errors);
    let scope = Scope::new(spec, volumes);
    validate_containers(spec, &scope, &child("containers"), errors);
    validate_init_containers(spec, &scope, &child("initContainers"), errors);
    validate_ephemeral_containers(spec, &scope, &child("ephemeralContainers"), errors);
    validate_pod_resources(spec, &scope.claims, path, errors);
    validate_pod_host_network_deps(spec, context, path, errors);
    let restart_policies = ["Always", "OnFailure", "Never"];
    let restart_policy = json::text(spec, "restartPolicy");
    push_unless_one_of(&child("restartPolicy"), restart_policy, &restart_policies, errors);
    let dns_policies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    push_unless_one_of(&child("dnsPolicy"), json::text(spec, "dnsPolicy"), &dns_policies, errors);
    validate_labels(json::get(spec, "nodeSelector"), &child("nodeSelector"), errors);
    validate_pod_spec_security_context(spec, &child("securityContext"), errors);
    validate_affinity(json::get(spec, "affinity"), &child("affinity"), errors);
    validate_pod_dns_config(spec, &child("dnsConfig"), errors);
    for (at, gate) in json::list(spec, "readinessGates").iter().enumerate() {
        let path = child("readinessGates").index(at).child("conditionType");
        validate_qualified_name(json::text(gate, "conditionType"), &path, errors);
    }
    validate_scheduling_gates(spec, &child("schedulingGates"), errors);
    validate_topology_spread_constraints(spec, &child("topologySpreadConstraints"), errors);
    validate_windows_host_process_pod(spec, path, errors);
    validate_host_users(spec, path, errors);
    validate_pod_host_name(spec, path, errors);
    validate_pod_names(spec, path, errors);
    validate_tolerations(json::list(spec, "tolerations"), &child("tolerations"), errors);
    validate_host_aliases(spec, &child("hostAliases"), errors);
    validate_class_names(spec, path, errors);
    if json::has(spec, "preemptionPolicy") {
        let policy = json::text(spec, "preemptionPolicy");
        let policies = ["PreemptLowerPriority", "Never"];
        push_unless_one_of(&child("preemptionPolicy"), policy, &policies, errors);
    }
    if let Some(overhead) = json::get(spec, "overhead").as_object() {
        let limits = serde_json::json!({"limits": overhead});
        validate_container_resource_requirements(&limits, &SortedSet::new(), &child("overhead"), errors);
    }
    validate_os(spec, path, errors);
    validate_file_key_ref_volumes(spec, path, errors);
}

fn validate_pod_names(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    for key in ["serviceAccountName", "nodeName"] {
        let name = json::text(spec, key);
        if !name.is_empty() {
            push_invalid(&path.child(key), name, name_is_dns_subdomain(name, false), errors);
        }
    }
    if let Some(seconds) = json::int(spec, "activeDeadlineSeconds") {
        let why = is_in_range(seconds, 1, i64::from(i32::MAX));
        let path = path.child("activeDeadlineSeconds");
        errors.extend(why.map(|why| FieldError::invalid(&path, seconds, why)));
    }
    for key in ["hostname", "subdomain"] {
        let name = json::text(spec, key);
        if !name.is_empty() {
            validate_dns1123_label(name, &path.child(key), errors);
        }
    }
}

fn validate_class_names(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let priority = json::text(spec, "priorityClassName");
    if !priority.is_empty() {
        let path = path.child("priorityClassName");
        push_invalid(&path, priority, name_is_dns_subdomain(priority, false), errors);
    }
    if json::has(spec, "runtimeClassName") {
        let runtime = json::text(spec, "runtimeClassName");
        let path = path.child("runtimeClassName");
        push_invalid(&path, runtime, name_is_dns_subdomain(runtime, false), errors);
    }
}

/// Kubernetes: validation.go, validatePodResourceClaims.
fn validate_pod_resource_claims(
    spec: &Value,
    context: PodContext<'_>,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let mut names = SortedSet::new();
    for (at, claim) in json::list(spec, "resourceClaims").iter().enumerate() {
        if json::has(json::get(context.meta(), "annotations"), super::MIRROR_POD) {
            let why = "static pods do not support resource claims";
            errors.push(FieldError::forbidden(&FieldPath::new(""), why));
            continue;
        }
        let path = path.index(at);
        let (name, name_path) = (json::text(claim, "name"), path.child("name"));
        if name.is_empty() {
            errors.push(FieldError::required(&name_path, ""));
        } else if names.insert(name) {
            validate_dns1123_label(name, &name_path, errors);
        } else {
            errors.push(FieldError::duplicate(&name_path, name));
        }
        let sources = ["resourceClaimName", "resourceClaimTemplateName"];
        let given = sources.into_iter().filter(|key| json::has(claim, key));
        let why = match given.clone().count() {
            2 => Some("at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"),
            0 => Some("must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"),
            _ => None,
        };
        let shown = || go_form::compact("PodResourceClaim", claim);
        errors.extend(why.map(|why| FieldError::invalid(&path, claim.clone(), why).shown_as(shown())));
        for key in given {
            let name = json::text(claim, key);
            push_invalid(&path.child(key), name, name_is_dns_subdomain(name, false), errors);
        }
    }
}

/// On the host's network a container port is a port of the host.
fn validate_pod_host_network_deps(
    spec: &Value,
    context: PodContext<'_>,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    if !json::flag(spec, "hostNetwork") {
        return;
    }
    for (at, container) in json::list(spec, "containers").iter().enumerate() {
        let path = path.child("containers").index(at).child("ports");
        for (at, port) in json::list(container, "ports").iter().enumerate() {
            let number = |key| json::int(port, key).unwrap_or(0);
            let (host, own) = (number("hostPort"), number("containerPort"));
            // A template may leave the host port out, since it is filled in when the Pod is made.
            let counts = matches!(context, PodContext::Pod(_)) || host != 0;
            if counts && host != own {
                let path = path.index(at).child("hostPort");
                let why = "must match `containerPort` when `hostNetwork` is true";
                errors.push(FieldError::invalid(&path, host, why));
            }
        }
    }
}

/// Kubernetes: validation.go, validatePodDNSConfig.
fn validate_pod_dns_config(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let config = json::get(spec, "dnsConfig");
    let (nameservers, searches) = (json::strings(config, "nameservers"), json::strings(config, "searches"));
    if json::text(spec, "dnsPolicy") == "None" {
        if config.is_null() {
            let why = "must provide `dnsConfig` when `dnsPolicy` is None";
            errors.push(FieldError::required(path, why));
            return;
        }
        if nameservers.is_empty() {
            let why = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            errors.push(FieldError::required(&path.child("nameservers"), why));
            return;
        }
    }
    let shown = |key| json::get(config, key).clone();
    if nameservers.len() > 3 {
        let why = "must not have more than 3 nameservers";
        errors.push(FieldError::invalid(&path.child("nameservers"), shown("nameservers"), why));
    }
    for (at, nameserver) in nameservers.into_iter().enumerate() {
        is_valid_ip(nameserver, &path.child("nameservers").index(at), errors);
    }
    let searches_path = path.child("searches");
    if searches.len() > 32 {
        let why = "must not have more than 32 search paths";
        errors.push(FieldError::invalid(&searches_path, shown("searches"), why));
    }
    if searches.join(" ").len() > 2048 {
        let why = "must not have more than 2048 characters (including spaces) in the search list";
        errors.push(FieldError::invalid(&searches_path, shown("searches"), why));
    }
    for (at, search) in searches.into_iter().enumerate().filter(|(_, search)| *search != ".") {
        let search = search.strip_suffix('.').unwrap_or(search);
        let messages = is_dns1123_subdomain_with_underscore(search);
        push_invalid(&searches_path.index(at), search, messages, errors);
    }
    for (at, option) in json::list(config, "options").iter().enumerate() {
        if json::text(option, "name").is_empty() {
            errors.push(FieldError::required(&path.child("options").index(at), "must not be empty"));
        }
    }
}

/// Kubernetes: validation.go, validateHostUsers.
fn validate_host_users(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    if *json::get(spec, "hostUsers") != Value::Bool(false) {
        return;
    }
    let why = "when `hostUsers` is false";
    // Upstream really writes two of these with a capital letter.
    for (key, shown) in [("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")] {
        if json::flag(spec, key) {
            errors.push(FieldError::forbidden(&path.child(shown), why));
        }
    }
    for (container, path) in containers_with_path(spec, path) {
        if !json::empty(container, "volumeDevices") {
            errors.push(FieldError::forbidden(&path.child("volumeDevices"), why));
        }
    }
}

/// Kubernetes: validation.go, validatePodHostName.
fn validate_pod_host_name(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let Some(name) = json::get(spec, "hostnameOverride").as_str() else { return };
    let path = path.child("hostnameOverride");
    for (key, why) in [
        ("setHostnameAsFQDN", "may not be specified when setHostnameAsFQDN is true"),
        ("hostNetwork", "may not be specified when hostNetwork is true"),
    ] {
        if json::flag(spec, key) {
            errors.push(FieldError::forbidden(&path, why));
        }
    }
    if name.len() > 64 {
        errors.push(FieldError::too_long(&path, 64));
    }
    validate_dns1123_subdomain(name, &path, errors);
}

fn validate_host_aliases(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    for (at, alias) in json::list(spec, "hostAliases").iter().enumerate() {
        let path = path.index(at);
        is_valid_ip(json::text(alias, "ip"), &path.child("ip"), errors);
        for (at, name) in json::strings(alias, "hostnames").into_iter().enumerate() {
            validate_dns1123_subdomain(name, &path.child("hostnames").index(at), errors);
        }
    }
}

/// Kubernetes: validation.go, validateFileKeyRefVolumes.
fn validate_file_key_ref_volumes(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let volumes = json::list(spec, "volumes");
    for (container, path) in containers_with_path(spec, path) {
        for (at, variable) in json::list(container, "env").iter().enumerate() {
            let source = json::at(variable, &["valueFrom", "fileKeyRef"]);
            if source.is_null() {
                continue;
            }
            let path = path.child("env").index(at).child("valueFrom").child("fileKeyRef").child("volumeName");
            let name = json::text(source, "volumeName");
            match volumes.iter().rev().find(|volume| json::text(volume, "name") == name) {
                None => errors.push(FieldError::not_found(&path, name)),
                Some(volume) if json::has(volume, "emptyDir") => {}
                Some(_) => {
                    let why = "referenced volume must be of type emptyDir";
                    errors.push(FieldError::invalid(&path, name, why));
                }
            }
        }
    }
}

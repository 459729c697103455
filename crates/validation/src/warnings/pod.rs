//! Warnings of pods and pod templates.
//!
//! Kubernetes: pkg/api/pod/warnings.go, warningsForPodSpecAndMeta. The order is upstream's.

use serde_json::Value;
use sim::{SortedMap, SortedSet};

use super::paths::overlapping_paths;
use super::{
    GONE_VOLUMES, deprecated_node_label, fractional, gone_volume_path, has_annotation,
    warnings_for_claim_spec, warnings_for_node_selector_term,
};
use crate::ip::warnings_for_ip;
use crate::pod::containers_with_path;
use crate::security::{app_armor_annotation, app_armor_field_for_annotation};
use api::field::{FieldPath, go_quote};
use api::json;

const NULL_SELECTOR: &str = "a null labelSelector results in matching no pod";
const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER_PREFIX: &str = "container.seccomp.security.alpha.kubernetes.io/";

const ANNOTATIONS: [(&str, &str); 3] = [
    (
        "scheduler.alpha.kubernetes.io/critical-pod",
        "non-functional in v1.16+; use the \"priorityClassName\" field instead",
    ),
    ("security.alpha.kubernetes.io/sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
    (
        "security.alpha.kubernetes.io/unsafe-sysctls",
        "non-functional in v1.11+; use the \"sysctls\" field instead",
    ),
];

/// `template`: the path of the template; a pod has none.
pub(super) fn warnings_for_pod_spec_and_meta(
    pod: &Value,
    template: Option<&FieldPath>,
    warnings: &mut Vec<String>,
) {
    let spec = json::get(pod, "spec");
    let root = template.cloned().unwrap_or_default();
    let path = root.child("spec");
    let annotations = root.child("metadata").child("annotations");
    node_labels(spec, &path, warnings);
    for (key, why) in ANNOTATIONS.into_iter().filter(|(key, _)| has_annotation(pod, key)) {
        warnings.push(format!("{}: {why}", annotations.key(key)));
    }
    volumes(spec, &path, warnings);
    overlapping_paths(json::list(spec, "volumes"), warnings);
    repeated_entries(spec, &path, warnings);
    for name in ["memory", "ephemeral-storage"] {
        let overhead = path.child("overhead").key(name).to_string();
        fractional(json::get(json::get(spec, "overhead"), name), &overhead, warnings);
    }
    const SECCOMP: &str = "non-functional in v1.27+; use the \"seccompProfile\" field instead";
    let has_seccomp = |of: &Value| json::has(json::get(of, "securityContext"), "seccompProfile");
    if !has_seccomp(spec) && has_annotation(pod, SECCOMP_POD) {
        warnings.push(format!("{}: {SECCOMP}", annotations.key(SECCOMP_POD)));
    }
    for (container, path) in containers_with_path(spec, &path) {
        let key = format!("{SECCOMP_CONTAINER_PREFIX}{}", json::text(container, "name"));
        if !has_seccomp(container) && has_annotation(pod, &key) {
            warnings.push(format!("{}: {SECCOMP}", annotations.key(key)));
        }
        if template.is_some() {
            app_armor(pod, container, &annotations, warnings);
        }
        for name in ["memory", "ephemeral-storage"] {
            for list in ["limits", "requests"] {
                let value = json::at(container, &["resources", list]).get(name).unwrap_or(&json::NULL);
                let path = path.child("resources").child(list).key(name).to_string();
                fractional(value, &path, warnings);
            }
        }
        variables(container, &path.child("env"), warnings);
    }
    ports(spec, &path, warnings);
    port_names(spec, &path, warnings);
    if json::int(spec, "terminationGracePeriodSeconds").is_some_and(|seconds| seconds < 0) {
        let path = path.child("terminationGracePeriodSeconds");
        warnings.push(format!("{path}: must be >= 0; negative values are invalid and will be treated as 1"));
    }
    affinity_selectors(spec, &path.child("affinity"), warnings);
    addresses(spec, &path, warnings);
}

/// Deprecated labels of nodes, wherever nodes are chosen.
fn node_labels(spec: &Value, path: &FieldPath, warnings: &mut Vec<String>) {
    for (key, _) in json::entries(spec, "nodeSelector") {
        let why = deprecated_node_label(key);
        warnings.extend(why.map(|why| format!("{}: {why}", path.child("nodeSelector").key(key))));
    }
    let affinity = json::at(spec, &["affinity", "nodeAffinity"]);
    let path_of = |name: &'static str| path.child("affinity").child("nodeAffinity").child(name);
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    let terms = json::list(json::get(affinity, REQUIRED), "nodeSelectorTerms");
    for (at, term) in terms.iter().enumerate() {
        let path = path_of(REQUIRED).child("nodeSelectorTerms").index(at);
        warnings_for_node_selector_term(term, false, &path, warnings);
    }
    const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
    for (at, term) in json::list(affinity, PREFERRED).iter().enumerate() {
        let path = path_of(PREFERRED).index(at).child("preference");
        warnings_for_node_selector_term(json::get(term, "preference"), true, &path, warnings);
    }
    for (at, constraint) in json::list(spec, "topologySpreadConstraints").iter().enumerate() {
        let path = path.child("topologySpreadConstraints").index(at);
        let key = json::text(constraint, "topologyKey");
        if let Some(why) = deprecated_node_label(key) {
            warnings.push(format!("{}: {key} is {why}", path.child("topologyKey")));
        }
        if !json::has(constraint, "labelSelector") {
            warnings.push(format!("{}: {NULL_SELECTOR}", path.child("labelSelector")));
        }
    }
}

fn volumes(spec: &Value, path: &FieldPath, warnings: &mut Vec<String>) {
    for (at, volume) in json::list(spec, "volumes").iter().enumerate() {
        let path = path.child("volumes").index(at);
        for (key, why) in GONE_VOLUMES {
            if key == "cephfs" {
                let claim = json::at(volume, &["ephemeral", "volumeClaimTemplate", "spec"]);
                let path = format!("{path}.ephemeral.volumeClaimTemplate.spec");
                warnings_for_claim_spec(claim, &path, warnings);
            }
            if json::has(volume, key) {
                warnings.push(format!("{}: {why}", path.child(gone_volume_path(key))));
            }
        }
    }
}

/// Entries of lists that are merged by a key, twice under the same.
fn repeated_entries(spec: &Value, path: &FieldPath, warnings: &mut Vec<String>) {
    for (list, key) in [("hostAliases", "ip"), ("imagePullSecrets", "name")] {
        let mut seen = SortedSet::new();
        for (at, item) in json::list(spec, list).iter().enumerate() {
            let value = json::text(item, key);
            if !seen.insert(value) {
                let path = path.child(list).index(at).child(key);
                warnings.push(format!("{path}: duplicate {key} {}", go_quote(value)));
            }
        }
    }
    for (at, item) in json::list(spec, "imagePullSecrets").iter().enumerate() {
        if json::text(item, "name").is_empty() {
            let path = path.child("imagePullSecrets").index(at).child("name");
            warnings.push(format!("{path}: invalid empty name \"\""));
        }
    }
}

/// The annotation of a container's profile, where no field says the same.
fn app_armor(pod: &Value, container: &Value, annotations: &FieldPath, warnings: &mut Vec<String>) {
    let profile = |of: &Value| json::at(of, &["securityContext", "appArmorProfile"]).clone();
    let key = app_armor_annotation(json::text(container, "name"));
    let annotation = json::at(pod, &["metadata", "annotations"]).get(&key).and_then(Value::as_str);
    let Some(annotation) = annotation.filter(|_| profile(container).is_null()) else { return };
    let of_pod = profile(json::get(pod, "spec"));
    if of_pod.is_null() || Some(of_pod) != app_armor_field_for_annotation(annotation) {
        warnings.push(format!(
            "{}: deprecated since v1.30; use the \"appArmorProfile\" field instead",
            annotations.key(key)
        ));
    }
}

/// Variables that hide an earlier one without using it.
fn variables(container: &Value, path: &FieldPath, warnings: &mut Vec<String>) {
    let mut seen = SortedSet::new();
    for (at, variable) in json::list(container, "env").iter().enumerate() {
        let (name, value) = (json::text(variable, "name"), json::text(variable, "value"));
        if seen.insert(name) {
            continue;
        }
        let reference = format!("$({name})");
        if json::has(variable, "valueFrom") || value == reference || !value.contains(&reference) {
            warnings.push(format!(
                "{}: hides previous definition of {}, which may be dropped when using apply",
                path.index(at),
                go_quote(name)
            ));
        }
    }
}

/// Ports of all containers that stand in each other's way.
fn ports(spec: &Value, path: &FieldPath, warnings: &mut Vec<String>) {
    let mut all: SortedMap<(i64, &str), Vec<(FieldPath, &Value)>> = SortedMap::new();
    for (container, path) in containers_with_path(spec, path) {
        for (at, port) in json::list(container, "ports").iter().enumerate() {
            let path = path.child("ports").index(at);
            let text = |key| json::text(port, key);
            let number = |port: &Value, key| json::int(port, key).unwrap_or(0);
            let (host_ip, host_port) = (text("hostIP"), number(port, "hostPort"));
            let own = number(port, "containerPort");
            if !host_ip.is_empty() && host_port == 0 {
                warnings.push(format!(
                    "{path}: hostIP set without hostPort: {{Name:{} HostPort:{host_port} ContainerPort:{own} Protocol:{} HostIP:{host_ip}}}",
                    text("name"),
                    text("protocol")
                ));
            }
            let others = all.entry((own, text("protocol"))).or_default();
            for (other_path, other) in others.iter() {
                let (other_ip, other_port) = (json::text(other, "hostIP"), number(other, "hostPort"));
                let what = if (host_ip, host_port) == (other_ip, other_port) {
                    "duplicate"
                } else if host_port == 0 || other_port == 0 {
                    "overlapping"
                } else if host_port == other_port && host_ip.is_empty() != other_ip.is_empty() {
                    "dangerously ambiguous"
                } else {
                    continue;
                };
                warnings.push(format!("{path}: {what} port definition with {other_path}"));
            }
            others.push((path, port));
        }
    }
}

fn port_names(spec: &Value, path: &FieldPath, warnings: &mut Vec<String>) {
    let mut seen: SortedMap<&str, FieldPath> = SortedMap::new();
    for (container, path) in containers_with_path(spec, path) {
        for (at, port) in json::list(container, "ports").iter().enumerate() {
            let (path, name) = (path.child("ports").index(at), json::text(port, "name"));
            if name.is_empty() {
                continue;
            }
            if let Some(other) = seen.get(name) {
                warnings.push(format!(
                    "{path}: duplicate port name {} with {other}, services and probes that select ports by name will use {other}",
                    go_quote(name)
                ));
            } else {
                seen.insert(name, path);
            }
        }
    }
}

fn affinity_selectors(spec: &Value, path: &FieldPath, warnings: &mut Vec<String>) {
    for sort in ["podAffinity", "podAntiAffinity"] {
        let (affinity, path) = (json::at(spec, &["affinity", sort]), path.child(sort));
        for (list, inner) in [
            ("requiredDuringSchedulingIgnoredDuringExecution", None),
            ("preferredDuringSchedulingIgnoredDuringExecution", Some("podAffinityTerm")),
        ] {
            for (at, term) in json::list(affinity, list).iter().enumerate() {
                let path = path.child(list).index(at);
                let (term, path) = match inner {
                    Some(name) => (json::get(term, name), path.child(name)),
                    None => (term, path),
                };
                if !json::has(term, "labelSelector") {
                    warnings.push(format!("{}: {NULL_SELECTOR}", path.child("labelSelector")));
                }
            }
        }
    }
}

fn addresses(spec: &Value, path: &FieldPath, warnings: &mut Vec<String>) {
    let servers = json::strings(json::get(spec, "dnsConfig"), "nameservers");
    for (at, server) in servers.into_iter().enumerate() {
        warnings_for_ip(server, &path.child("dnsConfig").child("nameservers").index(at), warnings);
    }
    for (at, alias) in json::list(spec, "hostAliases").iter().enumerate() {
        warnings_for_ip(json::text(alias, "ip"), &path.child("hostAliases").index(at).child("ip"), warnings);
    }
}

//! Defaults of pods and pod templates.
//!
//! Kubernetes: pkg/apis/core/v1/defaults.go, zz_generated.defaults.go.

use serde_json::{Value, json};

use super::pod_resources::set_defaults_pod_level_resources;
use super::volume::set_object_defaults_volume;
use super::{set_default_number, set_defaults_resource_list, set_defaults_resource_lists};
use api::image_name::parse_image_name;
use api::json;

/// All defaults of a Pod.
pub fn set_object_defaults_pod(pod: &mut Value) {
    let spec = json::child(pod, "spec");
    force_grace_period(spec);
    set_defaults_pod(spec);
    set_object_defaults_pod_spec(spec);
}

/// A Pod that is to be given less than no time gets a second; a template keeps what it says.
///
/// Kubernetes: pkg/apis/core/v1/conversion.go, Convert_v1_Pod_To_core_Pod.
fn force_grace_period(spec: &mut Value) {
    let key = "terminationGracePeriodSeconds";
    if json::int(spec, key).is_some_and(|seconds| seconds < 0) {
        json::object(spec).insert(key.to_owned(), 1.into());
    }
}

/// All defaults of a pod template, whatever object it stands in.
pub(crate) fn set_object_defaults_pod_template(template: &mut Value) {
    set_object_defaults_pod_spec(json::child(template, "spec"));
}

fn set_object_defaults_pod_spec(spec: &mut Value) {
    set_deprecated_service_account(spec);
    set_defaults_pod_spec(spec);
    json::each(spec, "volumes").for_each(set_object_defaults_volume);
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        json::each(spec, list).for_each(set_object_defaults_container);
    }
    if let Some(overhead) = json::child_if(spec, "overhead") {
        set_defaults_resource_list(overhead);
    }
    if let Some(resources) = json::child_if(spec, "resources") {
        set_defaults_resource_lists(resources, &["limits", "requests"]);
    }
}

/// serviceAccount is an old name of serviceAccountName; the API server fills in each from the other, and
/// the new one wins.
///
/// Kubernetes: pkg/apis/core/v1/conversion.go, Convert_v1_PodSpec_To_core_PodSpec.
fn set_deprecated_service_account(spec: &mut Value) {
    let name = match json::text(spec, "serviceAccountName") {
        "" => json::text(spec, "serviceAccount").to_owned(),
        name => name.to_owned(),
    };
    if !name.is_empty() {
        for key in ["serviceAccountName", "serviceAccount"] {
            json::object(spec).insert(key.to_owned(), name.as_str().into());
        }
    }
}

/// What is filled in in Pods, but not in templates (API-028).
///
/// Kubernetes: defaults.go, SetDefaults_Pod.
pub(crate) fn set_defaults_pod(spec: &mut Value) {
    for list in ["containers", "initContainers"] {
        json::each(spec, list).for_each(set_requests_from_limits);
    }
    set_defaults_pod_level_resources(spec);
    if !json::has(spec, "enableServiceLinks") {
        json::object(spec).insert("enableServiceLinks".to_owned(), true.into());
    }
    if json::flag(spec, "hostNetwork") {
        for list in ["containers", "initContainers"] {
            json::each(spec, list).for_each(default_host_network_ports);
        }
    }
}

fn set_requests_from_limits(container: &mut Value) {
    let Some(resources) = json::child_if(container, "resources") else { return };
    let Some(limits) = json::get(resources, "limits").as_object().cloned() else { return };
    let requests = json::object(json::child(resources, "requests"));
    for (name, amount) in limits {
        requests.entry(name).or_insert(amount);
    }
}

fn default_host_network_ports(container: &mut Value) {
    for port in json::each(container, "ports") {
        if json::int(port, "hostPort").unwrap_or(0) == 0 {
            let container_port = json::get(port, "containerPort").clone();
            if !container_port.is_null() {
                json::object(port).insert("hostPort".to_owned(), container_port);
            }
        }
    }
}

/// What is filled in in Pods and templates alike (API-027).
///
/// Kubernetes: defaults.go, SetDefaults_PodSpec.
pub(crate) fn set_defaults_pod_spec(spec: &mut Value) {
    json::set_default(spec, "dnsPolicy", "ClusterFirst");
    json::set_default(spec, "restartPolicy", "Always");
    json::set_default(spec, "securityContext", json!({}));
    json::set_default(spec, "terminationGracePeriodSeconds", 30);
    json::set_default(spec, "schedulerName", "default-scheduler");
}

fn set_object_defaults_container(container: &mut Value) {
    set_defaults_container(container);
    for port in json::each(container, "ports") {
        json::set_default(port, "protocol", "TCP");
    }
    for variable in json::each(container, "env") {
        let field = json::child_if(variable, "valueFrom").and_then(|from| json::child_if(from, "fieldRef"));
        if let Some(field) = field {
            json::set_default(field, "apiVersion", "v1");
        }
        let key = json::child_if(variable, "valueFrom").and_then(|from| json::child_if(from, "fileKeyRef"));
        if let Some(key) = key {
            json::set_default(key, "optional", false);
        }
    }
    // No default, but a struct that Go writes even where it is empty.
    let resources = json::child(container, "resources");
    set_defaults_resource_lists(resources, &["limits", "requests"]);
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = json::child_if(container, probe) {
            set_defaults_probe(probe);
        }
    }
    let Some(lifecycle) = json::child_if(container, "lifecycle") else { return };
    for hook in ["postStart", "preStop"] {
        let action = json::child_if(lifecycle, hook).and_then(|hook| json::child_if(hook, "httpGet"));
        if let Some(action) = action {
            set_defaults_http_get_action(action);
        }
    }
}

/// API-029. Kubernetes: defaults.go, SetDefaults_Container.
pub(crate) fn set_defaults_container(container: &mut Value) {
    let policy = image_pull_policy(json::text(container, "image"));
    json::set_default(container, "imagePullPolicy", policy);
    json::set_default(container, "terminationMessagePath", "/dev/termination-log");
    json::set_default(container, "terminationMessagePolicy", "File");
}

/// A name that cannot be read has no tag, so it counts as fixed.
pub(super) fn image_pull_policy(image: &str) -> &'static str {
    match parse_image_name(image) {
        Ok(name) if name.tag == "latest" => "Always",
        _ => "IfNotPresent",
    }
}

/// API-030. Kubernetes: defaults.go, SetDefaults_Probe.
pub(crate) fn set_defaults_probe(probe: &mut Value) {
    for (key, default) in
        [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)]
    {
        set_default_number(probe, key, default);
    }
    if let Some(action) = json::child_if(probe, "httpGet") {
        set_defaults_http_get_action(action);
    }
    if let Some(action) = json::child_if(probe, "grpc") {
        json::set_default(action, "service", "");
    }
}

fn set_defaults_http_get_action(action: &mut Value) {
    json::set_default(action, "path", "/");
    json::set_default(action, "scheme", "HTTP");
}

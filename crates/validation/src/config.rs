//! Namespaces, ConfigMaps, Secrets, ServiceAccounts, PriorityClasses.
//!
//! Kubernetes: pkg/apis/core/validation/validation.go, pkg/apis/scheduling/validation/validation.go.

use serde_json::Value;

use super::meta::{validate_kube_finalizer_name, validate_object_meta, validate_object_meta_update};
use super::names::{is_config_map_key, name_is_dns_label, name_is_dns_subdomain};
use super::pod::unmarshal;
use super::pod_security::validate_namespace_labels;
use super::{push_invalid, push_unless_one_of, validate_immutable_field};
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;
use api::label::is_qualified_name;

const MAX_SECRET_SIZE: usize = 1024 * 1024;
const HIGHEST_USER_DEFINABLE_PRIORITY: i64 = 1_000_000_000;
/// Names and values of the classes that there always are (SCH-022).
const SYSTEM_PRIORITY_CLASSES: [(&str, i64); 2] =
    [("system-node-critical", 2_000_001_000), ("system-cluster-critical", 2_000_000_000)];

fn meta(object: &Value, namespaced: bool, name: super::NameFn) -> ErrorList {
    validate_object_meta(json::get(object, "metadata"), namespaced, name, &FieldPath::new("metadata"))
}

pub(super) fn validate_namespace(namespace: &Value) -> ErrorList {
    let mut errors = meta(namespace, false, name_is_dns_label);
    let path = FieldPath::new("spec").child("finalizers");
    for finalizer in json::strings(json::get(namespace, "spec"), "finalizers") {
        push_invalid(&path, finalizer, is_qualified_name(finalizer), &mut errors);
        validate_kube_finalizer_name(finalizer, &path, &mut errors);
    }
    if errors.is_empty() {
        // The admission plugin PodSecurity looks at valid namespaces only.
        errors = validate_namespace_labels(json::at(namespace, &["metadata", "labels"]));
    }
    errors
}

pub(super) fn validate_namespace_update(new: &Value, old: &Value) -> ErrorList {
    let path = FieldPath::new("metadata");
    let errors = validate_object_meta_update(json::get(new, "metadata"), json::get(old, "metadata"), &path);
    if !errors.is_empty() {
        return errors;
    }
    let labels = |of| validate_namespace_labels(json::at(of, &["metadata", "labels"]));
    let (now, before) = (labels(new), labels(old));
    if now == before { ErrorList::new() } else { now }
}

pub(super) fn validate_service_account(account: &Value) -> ErrorList {
    meta(account, true, name_is_dns_subdomain)
}

pub(super) fn validate_config_map(map: &Value) -> ErrorList {
    let mut errors = meta(map, true, name_is_dns_subdomain);
    let binary = json::get(map, "binaryData");
    let mut size = 0;
    for (list, other) in [("data", binary), ("binaryData", &Value::Null)] {
        for (key, value) in json::entries(map, list) {
            let path = FieldPath::new(list).key(key);
            push_invalid(&path, key, is_config_map_key(key), &mut errors);
            if other.get(key).is_some() {
                errors.push(FieldError::invalid(&path, key, "duplicate of key present in binaryData"));
            }
            size += value.as_str().map_or(0, |text| if list == "data" { text.len() } else { decoded(text) });
        }
    }
    if size > MAX_SECRET_SIZE {
        errors.push(FieldError::too_long(&FieldPath::new(""), MAX_SECRET_SIZE));
    }
    errors
}

/// How many bytes a base64 text stands for.
fn decoded(text: &str) -> usize {
    text.trim_end_matches('=').len() * 3 / 4
}

pub(super) fn validate_secret(secret: &Value) -> ErrorList {
    let mut errors = meta(secret, true, name_is_dns_subdomain);
    let path = FieldPath::new("data");
    let mut size = 0;
    for (key, value) in json::entries(secret, "data") {
        push_invalid(&path.key(key), key, is_config_map_key(key), &mut errors);
        size += value.as_str().map_or(0, decoded);
    }
    if size > MAX_SECRET_SIZE {
        errors.push(FieldError::too_long(&path, MAX_SECRET_SIZE));
    }
    let data = json::get(secret, "data");
    let given = |key: &str| json::has(data, key);
    let required: &[&str] = match json::text(secret, "type") {
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/basic-auth" if given("username") || given("password") => &[],
        "kubernetes.io/basic-auth" => &["username", "password"],
        "kubernetes.io/ssh-auth" if given("ssh-privatekey") && json::empty(data, "ssh-privatekey") => {
            errors.push(FieldError::required(&path.key("ssh-privatekey"), ""));
            &[]
        }
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/service-account-token" => {
            let key = "kubernetes.io/service-account.name";
            if json::text(json::at(secret, &["metadata", "annotations"]), key).is_empty() {
                let path = FieldPath::new("metadata").child("annotations").key(key);
                errors.push(FieldError::required(&path, ""));
            }
            &[]
        }
        _ => &[],
    };
    for key in required {
        if !given(key) {
            errors.push(FieldError::required(&path.key(*key), ""));
        } else if key.starts_with(".docker")
            && let Err(why) = docker_config(json::text(data, key))
        {
            errors.push(FieldError::invalid(&path.key(*key), "<secret contents redacted>", why));
        }
    }
    errors
}

fn docker_config(base64: &str) -> Result<Value, String> {
    let bytes = golang::base64::decode(base64).unwrap_or_default();
    unmarshal(&String::from_utf8_lossy(&bytes), "map[string]interface {}", Value::is_object)
}

/// Changes of a ConfigMap or Secret.
pub(super) fn validate_immutable_data_update(new: &Value, old: &Value) -> ErrorList {
    let path = FieldPath::new("metadata");
    let mut errors =
        validate_object_meta_update(json::get(new, "metadata"), json::get(old, "metadata"), &path);
    let secret = json::text(new, "kind") == "Secret";
    if secret {
        let path = FieldPath::new("type");
        validate_immutable_field(json::get(new, "type"), json::get(old, "type"), &path, &mut errors);
    }
    if json::flag(old, "immutable") {
        let why = "field is immutable when `immutable` is set";
        if !json::flag(new, "immutable") {
            errors.push(FieldError::forbidden(&FieldPath::new("immutable"), why));
        }
        for key in ["data", "binaryData"] {
            if json::get(new, key) != json::get(old, key) {
                errors.push(FieldError::forbidden(&FieldPath::new(key), why));
            }
        }
    }
    errors.extend(if secret { validate_secret(new) } else { validate_config_map(new) });
    errors
}

pub(super) fn validate_priority_class(class: &Value) -> ErrorList {
    let mut errors = meta(class, false, name_is_dns_subdomain);
    let (name, value) = (json::text(json::get(class, "metadata"), "name"), json::int(class, "value"));
    let value = value.unwrap_or(0);
    if name.starts_with("system-") {
        let known = SYSTEM_PRIORITY_CLASSES.iter().find(|(known, _)| *known == name);
        let why = match known {
            None => Some(format!("{name} is not a known system priority class")),
            Some((_, known)) if *known != value => {
                Some(format!("value of {name} PriorityClass must be {known}"))
            }
            Some(_) if json::flag(class, "globalDefault") => {
                Some(format!("globalDefault of {name} PriorityClass must be false"))
            }
            Some(_) => None,
        };
        if let Some(why) = why {
            let path = FieldPath::new("metadata").child("name");
            let why = format!(
                "priority class names with 'system-' prefix are reserved for system use only. error: {why}"
            );
            errors.push(FieldError::forbidden(&path, why));
        }
    } else if value > HIGHEST_USER_DEFINABLE_PRIORITY {
        let why =
            format!("maximum allowed value of a user defined priority is {HIGHEST_USER_DEFINABLE_PRIORITY}");
        errors.push(FieldError::forbidden(&FieldPath::new("value"), why));
    }
    if json::has(class, "preemptionPolicy") {
        let policies = ["PreemptLowerPriority", "Never"];
        let policy = json::text(class, "preemptionPolicy");
        push_unless_one_of(&FieldPath::new("preemptionPolicy"), policy, &policies, &mut errors);
    }
    errors
}

pub(super) fn validate_priority_class_update(new: &Value, old: &Value) -> ErrorList {
    let path = FieldPath::new("metadata");
    let mut errors =
        validate_object_meta_update(json::get(new, "metadata"), json::get(old, "metadata"), &path);
    if json::int(new, "value") != json::int(old, "value") {
        errors.push(FieldError::forbidden(&FieldPath::new("value"), "may not be changed in an update."));
    }
    let path = FieldPath::new("preemptionPolicy");
    let policy = |class| json::get(class, "preemptionPolicy");
    validate_immutable_field(policy(new), policy(old), &path, &mut errors);
    errors
}

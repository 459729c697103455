//! Deployments, ReplicaSets, StatefulSets and pod templates, which real manifests bring along with DaemonSets.
//!
//! Kubernetes: pkg/apis/apps/validation/validation.go; pkg/apis/core/validation/validation.go,
//! ValidatePodTemplate.

use serde_json::{Value, json};

use super::claim::validate_persistent_volume_claim_spec;
use super::daemonset::{
    int_or_percent_value, is_not_more_than_100_percent, selector_text, strategy_not_supported,
    validate_immutable_selector, validate_positive_int_or_percent,
};
use super::meta::{validate_label_selector, validate_object_meta, validate_object_meta_update};
use super::names::{name_is_dns_label, name_is_dns_subdomain, validate_dns1123_label};
use super::pod::validate_pod_template_spec;
use super::{go_form, validate_nonnegative_field};
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;
use api::label::label_selector_as_selector;

/// All that is wrong with a new object of these kinds.
pub(super) fn validate_create(object: &Value) -> ErrorList {
    let path = FieldPath::new("metadata");
    let kind = json::text(object, "kind");
    let name = if kind == "StatefulSet" { name_is_dns_label } else { name_is_dns_subdomain };
    let mut errors = validate_object_meta(json::get(object, "metadata"), true, name, &path);
    if kind == "PodTemplate" {
        validate_pod_template_spec(json::get(object, "template"), &FieldPath::new("template"), &mut errors);
    } else {
        validate_spec(kind, json::get(object, "spec"), true, &mut errors);
    }
    errors
}

/// All that is wrong with a change of one; selectors stay.
pub(super) fn validate_update(new: &Value, old: &Value) -> ErrorList {
    let (path, kind) = (FieldPath::new("metadata"), json::text(new, "kind"));
    let mut errors =
        validate_object_meta_update(json::get(new, "metadata"), json::get(old, "metadata"), &path);
    let (new_spec, old_spec, path) = (json::get(new, "spec"), json::get(old, "spec"), FieldPath::new("spec"));
    match kind {
        "PodTemplate" => {
            let path = FieldPath::new("template");
            validate_pod_template_spec(json::get(new, "template"), &path, &mut errors);
        }
        "StatefulSet" => {
            validate_spec(kind, new_spec, false, &mut errors);
            validate_kept(new_spec, old_spec, &path, &mut errors);
        }
        _ => {
            validate_spec(kind, new_spec, false, &mut errors);
            validate_immutable_selector(new_spec, old_spec, &path, &mut errors);
        }
    }
    errors
}

fn validate_spec(kind: &str, spec: &Value, new: bool, errors: &mut ErrorList) {
    let path = FieldPath::new("spec");
    match kind {
        "Deployment" => validate_deployment_spec(spec, &path, errors),
        "ReplicaSet" => {
            nonnegative(spec, &["replicas", "minReadySeconds"], &path, errors);
            validate_selector(spec, "deployment", &path, errors);
            validate_template(spec, spec, "ReplicaSet", "invalid label selector", &path, errors);
        }
        _ => validate_stateful_set_spec(spec, new, &path, errors),
    }
}

fn nonnegative(spec: &Value, keys: &[&'static str], path: &FieldPath, errors: &mut ErrorList) {
    for key in keys {
        validate_nonnegative_field(json::int(spec, key).unwrap_or(0), &path.child(*key), errors);
    }
}

fn validate_selector(spec: &Value, what: &str, path: &FieldPath, errors: &mut ErrorList) {
    let (selector, path) = (json::get(spec, "selector"), path.child("selector"));
    if selector.is_null() {
        errors.push(FieldError::required(&path, ""));
        return;
    }
    validate_label_selector(selector, &path, errors);
    if json::empty(selector, "matchLabels") && json::empty(selector, "matchExpressions") {
        let why = format!("empty selector is invalid for {what}");
        errors.push(FieldError::invalid(&path, json!({}), why));
    }
}

/// The pod template, which may stand in `holder` in another form than in the spec itself.
fn validate_template(
    spec: &Value,
    holder: &Value,
    kind: &str,
    bad_selector: &str,
    path: &FieldPath,
    errors: &mut ErrorList,
) {
    let (selector, selector_path) = (json::get(spec, "selector"), path.child("selector"));
    let (template, path) = (json::get(holder, "template"), path.child("template"));
    match label_selector_as_selector(selector) {
        Err(_) => {
            let error = FieldError::invalid(&selector_path, selector.clone(), bad_selector);
            errors.push(error.shown_as(selector_text(selector)));
            if kind != "StatefulSet" {
                return;
            }
        }
        Ok(parsed) => {
            let labels = json::at(template, &["metadata", "labels"]);
            // A selector that is missing matches nothing, and one that is empty everything.
            if !parsed.is_everything() && !parsed.matches_json(labels) {
                let path = path.child("metadata").child("labels");
                let why = "`selector` does not match template `labels`";
                errors.push(FieldError::invalid(&path, labels.clone(), why));
            }
            validate_pod_template_spec(template, &path, errors);
        }
    }
    let (pod, path) = (json::get(template, "spec"), path.child("spec"));
    let restart_policy = json::text(pod, "restartPolicy");
    if restart_policy != "Always" {
        let path = path.child("restartPolicy");
        errors.push(FieldError::not_supported(&path, restart_policy, &["Always"]));
    }
    if json::has(pod, "activeDeadlineSeconds") {
        let why = format!("activeDeadlineSeconds in {kind} is not Supported");
        errors.push(FieldError::forbidden(&path.child("activeDeadlineSeconds"), why));
    }
}

fn validate_deployment_spec(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    nonnegative(spec, &["replicas"], path, errors);
    validate_selector(spec, "deployment", path, errors);
    validate_template(spec, spec, "ReplicaSet", "invalid label selector", path, errors);
    validate_deployment_strategy(json::get(spec, "strategy"), &path.child("strategy"), errors);
    nonnegative(spec, &["minReadySeconds", "revisionHistoryLimit"], path, errors);
    if let Some(deadline) = json::int(spec, "progressDeadlineSeconds") {
        let path = path.child("progressDeadlineSeconds");
        validate_nonnegative_field(deadline, &path, errors);
        if deadline <= json::int(spec, "minReadySeconds").unwrap_or(0) {
            errors.push(FieldError::invalid(&path, deadline, "must be greater than minReadySeconds"));
        }
    }
}

fn validate_deployment_strategy(strategy: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let (rolling, rolling_path) = (json::get(strategy, "rollingUpdate"), path.child("rollingUpdate"));
    match json::text(strategy, "type") {
        "Recreate" if !rolling.is_null() => {
            let why = "may not be specified when strategy `type` is 'Recreate'";
            errors.push(FieldError::forbidden(&rolling_path, why));
        }
        "Recreate" => {}
        "RollingUpdate" if rolling.is_null() => {
            let why = "this should be defaulted and never be nil";
            errors.push(FieldError::required(&rolling_path, why));
        }
        "RollingUpdate" => {
            let (unavailable, surge) = (json::get(rolling, "maxUnavailable"), json::get(rolling, "maxSurge"));
            let unavailable_path = rolling_path.child("maxUnavailable");
            validate_positive_int_or_percent(unavailable, &unavailable_path, errors);
            validate_positive_int_or_percent(surge, &rolling_path.child("maxSurge"), errors);
            if int_or_percent_value(unavailable) == 0 && int_or_percent_value(surge) == 0 {
                let why = "may not be 0 when `maxSurge` is 0";
                errors.push(FieldError::invalid(&unavailable_path, unavailable.clone(), why));
            }
            is_not_more_than_100_percent(unavailable, &unavailable_path, errors);
        }
        _ => errors.push(strategy_not_supported(strategy, &["Recreate", "RollingUpdate"], path)),
    }
}

/// `new`: the set is only being made. What may not change later is not checked again.
fn validate_stateful_set_spec(spec: &Value, new: bool, path: &FieldPath, errors: &mut ErrorList) {
    let policy = json::text(spec, "podManagementPolicy");
    let policy_path = path.child("podManagementPolicy");
    match policy {
        "" => errors.push(FieldError::required(&policy_path, "")),
        "OrderedReady" | "Parallel" => {}
        other => {
            errors.push(FieldError::invalid(&policy_path, other, "must be 'OrderedReady' or 'Parallel'"));
        }
    }
    let strategy_path = path.child("updateStrategy");
    validate_stateful_set_strategy(json::get(spec, "updateStrategy"), &strategy_path, errors);
    let retention = json::get(spec, "persistentVolumeClaimRetentionPolicy");
    for key in ["whenDeleted", "whenScaled"] {
        let (policy, policies) = (json::text(retention, key), ["Retain", "Delete"]);
        if !retention.is_null() && !policies.contains(&policy) {
            let path = path.child("persistentVolumeClaimRetentionPolicy").child(key);
            errors.push(FieldError::not_supported(&path, policy, &policies));
        }
    }
    let claims = json::list(spec, "volumeClaimTemplates");
    for (at, claim) in claims.iter().enumerate().filter(|_| new) {
        let path = path.child("volumeClaimTemplates").index(at).child("spec");
        validate_persistent_volume_claim_spec(json::get(claim, "spec"), &path, errors);
    }
    nonnegative(spec, &["replicas", "minReadySeconds"], path, errors);
    let start = json::int(json::get(spec, "ordinals"), "start").unwrap_or(0);
    validate_nonnegative_field(start, &path.child("ordinals.start"), errors);
    let service = json::text(spec, "serviceName");
    if new && !service.is_empty() {
        validate_dns1123_label(service, &path.child("serviceName"), errors);
    }
    validate_selector(spec, "statefulset", path, errors);
    let holder = json!({"template": with_claims(json::get(spec, "template"), claims)});
    validate_template(spec, &holder, "StatefulSet", "", path, errors);
}

fn validate_stateful_set_strategy(strategy: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let (rolling, rolling_path) = (json::get(strategy, "rollingUpdate"), path.child("rollingUpdate"));
    match json::text(strategy, "type") {
        "" => errors.push(FieldError::required(path, "")),
        "OnDelete" => {
            if !rolling.is_null() {
                let shown = go_form::compact("RollingUpdateStatefulSet", rolling);
                let why = "only allowed for updateStrategy 'RollingUpdate'";
                errors.push(FieldError::invalid(&rolling_path, rolling.clone(), why).shown_as(shown));
            }
        }
        "RollingUpdate" => {
            nonnegative(rolling, &["partition"], &rolling_path, errors);
            if json::has(rolling, "maxUnavailable") {
                let (amount, path) =
                    (json::get(rolling, "maxUnavailable"), rolling_path.child("maxUnavailable"));
                validate_positive_int_or_percent(amount, &path, errors);
                if int_or_percent_value(amount) == 0 {
                    errors.push(FieldError::invalid(&path, amount.clone(), "cannot be 0"));
                }
                is_not_more_than_100_percent(amount, &path, errors);
            }
        }
        _ => {
            let shown = go_form::compact("StatefulSetUpdateStrategy", strategy);
            let why = "must be 'RollingUpdate' or 'OnDelete'";
            errors.push(FieldError::invalid(path, strategy.clone(), why).shown_as(shown));
        }
    }
}

/// A StatefulSet's template as its pods get it: with a volume for each claim, before the others.
fn with_claims(template: &Value, claims: &[Value]) -> Value {
    let mut template = template.clone();
    let Some(spec) = json::child_if(&mut template, "spec") else { return template };
    for key in ["subdomain", "hostname"] {
        json::object(spec).remove(key);
    }
    if claims.is_empty() {
        return template;
    }
    let names: Vec<&str> =
        claims.iter().map(|claim| json::text(json::get(claim, "metadata"), "name")).collect();
    let own =
        json::list(spec, "volumes").iter().filter(|volume| !names.contains(&json::text(volume, "name")));
    let volume = |name: &&str| json!({"name": name, "persistentVolumeClaim": {"claimName": name}});
    let volumes: Vec<Value> = names.iter().map(volume).chain(own.cloned()).collect();
    spec["volumes"] = volumes.into();
    template
}

/// Kubernetes: validation.go, ValidateStatefulSetUpdate.
fn validate_kept(new: &Value, old: &Value, path: &FieldPath, errors: &mut ErrorList) {
    const CHANGEABLE: [&str; 7] = [
        "replicas",
        "template",
        "updateStrategy",
        "minReadySeconds",
        "ordinals",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
    ];
    let kept = |spec: &Value| {
        let fields = spec.as_object().into_iter().flatten();
        let kept = fields.filter(|(key, value)| !CHANGEABLE.contains(&key.as_str()) && !value.is_null());
        kept.map(|(key, value)| (key.clone(), value.clone())).collect::<Vec<_>>()
    };
    if kept(new) != kept(old) {
        let why = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
        errors.push(FieldError::forbidden(path, why));
    }
}

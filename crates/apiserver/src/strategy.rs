//! What differs from kind to kind when an object is written: the registries' strategies.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use api::compact::Compact;
use api::daemonset::TEMPLATE_GENERATION;
use api::field::ErrorList;
use api::json;
use api::meta::{Deletion, ObjectMeta, Uid};
use api::node::Node;
use api::object::{Key, Kind, Object, Other};
use api::status_error::{GroupResource, StatusError};
use api::toleration::{Taint, TaintEffect};
use codec::Decoded;
use sim::Time;
use validation::create::{has_generation, metadata};
use wire::FieldValidation;

/// Put on a new node until its kubelet says that it is ready (ND-007).
const NOT_READY_TAINT: &str = "node.kubernetes.io/not-ready";

/// Changes an object's metadata, copying the object first if it is shared.
pub(super) fn with_meta(object: &mut Object, change: impl FnOnce(&mut ObjectMeta)) {
    match object {
        Object::Node(node) => change(&mut Rc::make_mut(node).meta),
        Object::Pod(pod) => change(&mut Rc::make_mut(pod).meta),
        Object::DaemonSet(ds) => change(&mut Rc::make_mut(ds).meta),
        Object::ControllerRevision(revision) => change(&mut Rc::make_mut(revision).meta),
        Object::Lease(lease) => change(&mut Rc::make_mut(lease).meta),
        Object::Other(other) => change(&mut Rc::make_mut(other).meta),
        Object::Event(_) => {}
    }
}

/// Decodes what a person sent, strictly or not (API-034…036).
pub(super) fn decode(
    kind: Kind,
    body: &Value,
    validation: FieldValidation,
    warnings: &mut Vec<String>,
) -> Result<Value, StatusError> {
    let info = kind.info();
    codec::check_kind(body, info).map_err(|why| StatusError::bad_request(why.to_string()))?;
    checked(codec::decode(body, info), validation, warnings).map_err(|decoded| {
        let why = decoded.bad_request(info).unwrap_or_default();
        StatusError::bad_request(why)
    })
}

/// Decodes a patched object; the error is what a strict decoder says.
pub(super) fn decode_patched(
    decoded: Decoded,
    validation: FieldValidation,
    warnings: &mut Vec<String>,
) -> Result<Value, String> {
    checked(decoded, validation, warnings).map_err(|decoded| decoded.problem().unwrap_or_default())
}

fn checked(
    decoded: Decoded,
    validation: FieldValidation,
    warnings: &mut Vec<String>,
) -> Result<Value, Box<Decoded>> {
    let refuses = validation == FieldValidation::Strict && !decoded.unknown.is_empty();
    if decoded.error.is_some() || refuses {
        return Err(Box::new(decoded));
    }
    if validation == FieldValidation::Warn {
        warnings.extend(decoded.unknown.iter().map(codec::UnknownField::message));
    }
    Ok(decoded.value)
}

pub(super) fn key_of(value: &Value, kind: Kind) -> Key {
    let text = |key: &str| value["metadata"][key].as_str().unwrap_or_default();
    Key::new(if kind.is_namespaced() { text("namespace") } else { "" }, text("name"))
}

/// Keeps what an update may not change: the server's own metadata and, on the main endpoint, the status.
pub(super) fn prepare_for_update(kind: Kind, value: &mut Value, old: &Value) {
    let meta = metadata(value);
    for key in ["creationTimestamp", "generation"] {
        match old["metadata"].get(key) {
            Some(kept) => meta.insert(key.to_owned(), kept.clone()),
            None => meta.remove(key),
        };
    }
    let unset = |value: Option<&Value>| value.is_none_or(|value| value.is_null() || value == "");
    for (key, keeps) in [
        ("uid", unset(meta.get("uid"))),
        ("deletionTimestamp", true),
        ("deletionGracePeriodSeconds", unset(meta.get("deletionGracePeriodSeconds"))),
    ] {
        if let (Some(kept), true) = (old["metadata"].get(key), keeps) {
            meta.insert(key.to_owned(), kept.clone());
        }
    }
    for key in ["name", "namespace"] {
        if let Some(kept) = old["metadata"].get(key) {
            meta.insert(key.to_owned(), kept.clone());
        }
    }
    validation::prepare::drop_disabled_fields(value);
    let meta = metadata(value);
    if kind == Kind::DaemonSet {
        let generation = old["metadata"]["annotations"][TEMPLATE_GENERATION].clone();
        let annotations = meta.entry("annotations").or_insert_with(|| json!({}));
        if let (Some(annotations), true) = (annotations.as_object_mut(), generation.is_string()) {
            annotations.insert(TEMPLATE_GENERATION.to_owned(), generation);
        }
    }
    let own_status = matches!(kind, Kind::Pod | Kind::DaemonSet | Kind::Node) || has_generation(kind);
    if own_status || kind.name() == "Namespace" {
        match old.get("status") {
            Some(status) => value["status"] = status.clone(),
            None => {
                json::object(value).remove("status");
            }
        }
    }
}

/// Whether an update counts as a new version of what the object asks for.
///
/// Kubernetes: the strategies' PrepareForUpdate; only that of Deployments looks at the annotations.
pub(super) fn is_changed(kind: Kind, new: &Value, old: &Value) -> bool {
    let annotations = |of: &Value| of["metadata"]["annotations"].clone();
    has_generation(kind)
        && (new["spec"] != old["spec"] || kind.name() == "Deployment" && annotations(new) != annotations(old))
}

fn invalid(kind: Kind, name: &str, errors: &ErrorList) -> Result<(), StatusError> {
    if errors.is_empty() {
        return Ok(());
    }
    let info = kind.info();
    Err(StatusError::invalid(GroupResource::new(info.group, info.kind), name, errors))
}

pub(super) fn validate_create(kind: Kind, name: &str, value: &Value) -> Result<(), StatusError> {
    invalid(kind, name, &validation::validate(value))
}

pub(super) fn validate_update(kind: Kind, name: &str, value: &Value, old: &Value) -> Result<(), StatusError> {
    invalid(kind, name, &validation::validate_update(value, old))
}

pub(super) fn validate_ephemeral_containers_update(
    kind: Kind,
    name: &str,
    value: &Value,
    old: &Value,
) -> Result<(), StatusError> {
    invalid(kind, name, &validation::validate_ephemeral_containers_update(value, old))
}

/// What a strategy still does to the typed object at create.
pub(super) fn finish_create(mut object: Object) -> Object {
    match &mut object {
        Object::Node(node) => taint_new_node(Rc::make_mut(node)),
        Object::Pod(pod) => {
            let pod = Rc::make_mut(pod);
            pod.status.qos_class = pod.spec.qos_class;
        }
        _ => {}
    }
    object
}

/// Gives a Job the labels and the selector by which its pods are its own, unless it brings them along.
///
/// Kubernetes: pkg/registry/batch/job/strategy.go, generateSelectorIfNeeded.
pub(super) fn generate_selector(job: &mut Value, uid: Uid) {
    const CONTROLLER_UID: &str = "batch.kubernetes.io/controller-uid";
    if json::flag(json::get(job, "spec"), "manualSelector") {
        return;
    }
    let (name, uid) = (json::text(json::get(job, "metadata"), "name").to_owned(), uid.to_string());
    let spec = json::child(job, "spec");
    let labels = json::object(json::child(json::child(json::child(spec, "template"), "metadata"), "labels"));
    for (key, value) in [
        ("job-name", &name),
        ("batch.kubernetes.io/job-name", &name),
        ("controller-uid", &uid),
        (CONTROLLER_UID, &uid),
    ] {
        labels.entry(key).or_insert_with(|| json!(value));
    }
    let labels = labels.clone();
    let selector = json::object(json::child(json::child(spec, "selector"), "matchLabels"));
    selector.entry(CONTROLLER_UID).or_insert_with(|| json!(uid));
    default_labels(job, labels);
}

/// A Job without labels takes those of its template when it is read from the store for the first time.
///
/// Kubernetes: pkg/apis/batch/v1/defaults.go, SetDefaults_Job.
fn default_labels(job: &mut Value, of_template: Map<String, Value>) {
    let own = json::object(json::child(json::child(job, "metadata"), "labels"));
    if own.is_empty() {
        *own = of_template;
    }
}

/// Kubernetes: plugin/pkg/admission/nodetaint/admission.go. Rule: ND-007.
fn taint_new_node(node: &mut Node) {
    let taint = Taint::new(NOT_READY_TAINT, "", TaintEffect::NoSchedule);
    if !node.taints.iter().any(|have| have.match_taint(&taint)) {
        node.taints.push(taint);
    }
}

/// Carries over what an update leaves alone, and counts generations (API-004, DS-031).
pub(super) fn finish_update(mut new: Object, old: &Object, value: &Value, old_value: &Value) -> Object {
    let kind = new.kind();
    if let Some(old) = old.meta() {
        let changed = is_changed(kind, value, old_value);
        with_meta(&mut new, |meta| {
            meta.uid = old.uid;
            meta.created = old.created;
            meta.serial = old.serial;
            meta.deletion = old.deletion.clone();
            meta.generation = old.generation + u32::from(changed);
        });
    }
    if let (Object::DaemonSet(new), Object::DaemonSet(old)) = (&mut new, old) {
        let same_template = new.template.raw == old.template.raw;
        let new = Rc::make_mut(new);
        new.status = old.status;
        if same_template {
            // Pods share the template; an equal one is kept so that they go on sharing it.
            new.template = old.template.clone();
        } else {
            raise_template_generation(&mut new.meta);
        }
    }
    if let (Object::Pod(new), Object::Pod(old)) = (&mut new, old) {
        let new = Rc::make_mut(new);
        new.status = old.status.clone();
        if new.pinned_to.is_none() && old.pinned_to.is_some() {
            new.pinned_to = old.pinned_to.clone();
        }
    }
    new
}

fn raise_template_generation(meta: &mut ObjectMeta) {
    let have = meta.annotation(TEMPLATE_GENERATION).and_then(|text| text.parse::<i64>().ok());
    if let Some(have) = have {
        let next = have.saturating_add(1).to_string();
        meta.common_mut().annotations.insert(TEMPLATE_GENERATION.into(), next.as_str().into());
    }
}

/// The stored object with the status of another version.
pub(super) fn with_status_of(mut stored: Object, from: &Object) -> Object {
    match (&mut stored, from) {
        (Object::Pod(stored), Object::Pod(from)) => Rc::make_mut(stored).status = from.status.clone(),
        (Object::DaemonSet(stored), Object::DaemonSet(from)) => Rc::make_mut(stored).status = from.status,
        (Object::Node(stored), Object::Node(from)) => {
            let node = Rc::make_mut(stored);
            node.conditions = from.conditions.clone();
            node.capacity = from.capacity.clone();
            node.allocatable = from.allocatable.clone();
            node.internal_ip = from.internal_ip;
            if node.raw != from.raw {
                let mut raw = node.raw.value();
                raw["status"] = from.raw.value()["status"].take();
                node.raw = Compact::new(&raw);
                node.images = from.images.clone();
            }
        }
        (Object::Other(stored), Object::Other(from)) => {
            let other = Rc::make_mut(stored);
            let mut raw = (*other.raw).clone();
            raw["status"] = from.raw["status"].clone();
            other.raw = Rc::new(raw);
            // Kubernetes: pkg/registry/apps/deployment/strategy.go. By this way the controller sets the revision.
            if other.kind.name() == "Deployment" && other.meta.annotations() != from.meta.annotations() {
                other.meta.common_mut().annotations = from.meta.annotations().clone();
            }
        }
        _ => {}
    }
    stored
}

/// A namespace whose deletion has begun: the namespace controller empties it (CP-018).
pub(super) fn terminating_namespace(namespace: &Rc<Other>, now: Time) -> Object {
    let mut other = (**namespace).clone();
    other.meta.deletion = Some(Box::new(Deletion { at: now.stamp(), grace_seconds: 0 }));
    let mut raw = (*other.raw).clone();
    raw["status"] = json!({"phase": "Terminating"});
    other.raw = Rc::new(raw);
    Object::Other(Rc::new(other))
}

pub(super) fn namespace_is_finalized(namespace: &Other) -> bool {
    let finalizers = namespace.raw["spec"]["finalizers"].as_array();
    finalizers.is_none_or(Vec::is_empty) && namespace.meta.common.finalizers.is_empty()
}

//! The verbs: create, update, patch, delete, bind, as the generic registry and the kinds' strategies do them.

use std::rc::Rc;

use serde_json::Value;

use super::{
    ApiServer, admission, limit_ranger, pod_security, quota, rbac, runtime_class, service, strategy,
};
use api::event::EventDraft;
use api::field::go_quote;
use api::meta::{Deletion, Name, OwnerReference, Uid};
use api::node::{Lease, Renewal};
use api::object::{Key, Kind, Object};
use api::pod::{ConditionStatus, ConditionType, Pod, PodCondition, PodStatus};
use api::rand::{SUFFIXES, suffix};
use api::status_error::{GroupResource, StatusError, StatusReason};
use api::strategic_patch::{self, PatchError};
use sim::{Duration, Time, Timestamp};
use validation::create;
use validation::prepare::dedup_owner_references;
use wire::{DeleteOptions, FieldValidation, Patch, PodId, Propagation, Reply};

pub(super) type Outcome = Result<Reply, StatusError>;

const GENERATED_BASE_MAX: usize = 58;
const NAME_ATTEMPTS: u32 = 8;

/// What a deletion with dependents waits for (API-016).
pub(crate) const FOREGROUND_FINALIZER: &str = "foregroundDeletion";
pub(crate) const ORPHAN_FINALIZER: &str = "orphan";

/// Namespaces that cannot be deleted (API-024).
const PERMANENT_NAMESPACES: [&str; 3] = ["default", "kube-system", "kube-public"];

/// Priority classes that cannot be deleted.
const SYSTEM_PRIORITY_CLASSES: [&str; 2] = ["system-cluster-critical", "system-node-critical"];

pub(super) fn resource(kind: Kind) -> GroupResource<'static> {
    let info = kind.info();
    GroupResource::new(info.group, info.plural)
}

fn not_found(kind: Kind, key: &Key) -> StatusError {
    StatusError::not_found(resource(kind), &key.name)
}

fn is_namespace(kind: Kind) -> bool {
    matches!(kind, Kind::Other(_)) && kind.name() == "Namespace" && kind.api_version() == "v1"
}

/// Whether admission's answers depend on objects of a kind.
fn shapes_admission(kind: Kind) -> bool {
    matches!(kind, Kind::Other(_))
        && matches!(kind.name(), "PriorityClass" | "ServiceAccount" | "RuntimeClass")
}

pub(super) fn get(api: &ApiServer, kind: Kind, key: &Key) -> Outcome {
    api.store.get(kind, key).map(Reply::Object).ok_or_else(|| not_found(kind, key))
}

/// Refuses objects in a namespace that is missing or going (API-022, API-023).
fn check_namespace(api: &ApiServer, kind: Kind, key: &Key) -> Result<(), StatusError> {
    if !kind.is_namespaced() {
        return Ok(());
    }
    let Some(namespaces) = api.kinds.namespace else { return Ok(()) };
    let found = api.store.others.get(&namespaces).and_then(|table| table.get("", &key.namespace));
    match found {
        None => {
            Err(StatusError::namespace_not_found(&key.namespace).for_lack_of("Namespace", "", &key.namespace))
        }
        Some(namespace) if namespace.meta.is_terminating() => {
            Err(StatusError::namespace_terminating(resource(kind), &key.name, &key.namespace))
        }
        Some(_) => Ok(()),
    }
}

fn generate_name(api: &mut ApiServer, base: &str) -> Name {
    let end =
        base.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= GENERATED_BASE_MAX);
    let base = &base[..end.last().unwrap_or(0)];
    let mut name = String::with_capacity(base.len() + 5);
    name.push_str(base);
    name.extend(suffix(api.names.below(SUFFIXES)));
    name.into()
}

/// A generated name that no object has; empty if there is nothing to begin with.
fn free_name(api: &mut ApiServer, kind: Kind, key: &Key, base: &str) -> Name {
    let mut key = key.clone();
    if base.is_empty() {
        return key.name;
    }
    for _ in 0..NAME_ATTEMPTS {
        key.name = generate_name(api, base);
        if api.store.get(kind, &key).is_none() {
            break;
        }
    }
    key.name
}

/// Gives a new object its name, uid, time and generation, and stores it (API-001, API-004, API-007, API-010).
///
/// A uid that was needed before is `drawn` already.
fn store_new(api: &mut ApiServer, mut object: Object, drawn: Option<Uid>, now: Time) -> Outcome {
    let kind = object.kind();
    let mut key = object.key();
    if key.name.is_empty() {
        let base = object.meta().map(|meta| meta.common.generate_name.clone()).unwrap_or_default();
        key.name = free_name(api, kind, &key, &base);
    }
    if let Some(existing) = api.store.get(kind, &key) {
        let going = existing.meta().is_some_and(|meta| meta.is_terminating());
        return Err(if going {
            StatusError::already_exists_being_deleted(resource(kind), &key.name)
        } else {
            StatusError::already_exists(resource(kind), &key.name)
        });
    }
    let uid = drawn.unwrap_or_else(|| draw_uid(api));
    strategy::with_meta(&mut object, |meta| {
        meta.name = key.name.clone();
        meta.uid = uid;
        meta.created = now.stamp();
        meta.resource_version = 0;
        meta.deletion = None;
        if create::has_generation(kind) {
            meta.generation = 1;
        }
    });
    if shapes_admission(kind) {
        api.admission.epoch += 1;
    }
    Ok(Reply::Object(api.store.insert(object)))
}

fn draw_uid(api: &mut ApiServer) -> Uid {
    Uid::random(api.uids.next_u64(), api.uids.next_u64())
}

/// Creates what a person wrote.
pub(super) fn post(
    api: &mut ApiServer,
    kind: Kind,
    namespace: &str,
    body: &Value,
    validation: FieldValidation,
    now: Time,
    warnings: &mut Vec<String>,
) -> Outcome {
    let mut value = strategy::decode(kind, body, validation, warnings)?;
    create::before_admission(kind, &mut value, namespace, warnings)
        .map_err(|error| StatusError::bad_request(error.to_string()))?;
    let mut key = strategy::key_of(&value, kind);
    check_namespace(api, kind, &key)?;
    let mut mounts_token = false;
    if kind == Kind::Pod {
        let mut pod = Pod::from_value(&value);
        api.admission.admit(&mut pod, &api.store, api.kinds)?;
        mounts_token = pod.spec.mounts_token;
        value["spec"] = pod.spec_to_value();
        limit_ranger::annotate(&mut value, pod.meta.annotations());
    }
    if key.name.is_empty() {
        let base = value["metadata"]["generateName"].as_str().unwrap_or_default();
        key.name = free_name(api, kind, &key, base);
        value["metadata"]["name"] = (*key.name).into();
    }
    let drawn = (kind.api_version() == "batch/v1" && kind.name() == "Job").then(|| draw_uid(api));
    if let Some(uid) = drawn {
        strategy::generate_selector(&mut value, uid);
    }
    create::prepare_for_create(kind, &mut value, warnings);
    rbac::check_role_kind(kind, &value)?;
    strategy::validate_create(kind, &key.name, &value)?;
    let written = codec::with_amounts_as_written(&value, body);
    warnings.extend(validation::warnings::on_create(written.as_ref().unwrap_or(&value)));
    if api.kinds.service == Some(kind) {
        service::allocate(api, kind, &mut value, &Value::Null)?;
    }
    match kind {
        Kind::Pod => pod_security::admit(api, &value, &key.name, warnings)?,
        _ => pod_security::warn_of_template(api, &value, warnings),
    }
    let mut object = Object::from_value(kind, &value);
    if let Object::Pod(pod) = &mut object {
        let given = body["spec"]["overhead"].is_object();
        runtime_class::validate(&key.name, &pod.spec.raw, given, &api.store)?;
        Rc::make_mut(&mut Rc::make_mut(pod).spec).mounts_token = mounts_token;
    }
    if let Some(why) = quota::refusal(api, &object) {
        return Err(StatusError::forbidden(resource(kind), &key.name, &why));
    }
    store_new(api, strategy::finish_create(object), drawn, now)
}

/// Creates what a component made; its content is taken as sound.
pub(super) fn create(api: &mut ApiServer, mut object: Object, now: Time) -> Outcome {
    let kind = object.kind();
    check_namespace(api, kind, &object.key())?;
    if let Object::Pod(pod) = &mut object {
        if pod.is_mirror() {
            admission::restrict_node(pod, &api.store)?;
        }
        api.admission.admit(Rc::make_mut(pod), &api.store, api.kinds)?;
        if pod_security::concerns(api, pod.meta.namespace()) {
            admit_by_security(api, pod.clone())?;
        }
    }
    if let Some(why) = quota::refusal(api, &object) {
        let name = match &object {
            Object::Pod(pod) => name_to_be(api, pod),
            object => object.key().name,
        };
        return Err(StatusError::forbidden(resource(kind), &name, &why));
    }
    store_new(api, strategy::finish_create(object), None, now)
}

/// A refusal calls the pod by the name that it would have had.
fn admit_by_security(api: &mut ApiServer, pod: Rc<Pod>) -> Result<(), StatusError> {
    let value = pod.to_value();
    if pod_security::admit(api, &value, &pod.meta.name, &mut Vec::new()).is_ok() {
        return Ok(());
    }
    let name = name_to_be(api, &pod);
    pod_security::admit(api, &value, &name, &mut Vec::new())
}

fn name_to_be(api: &mut ApiServer, pod: &Pod) -> Name {
    let key = Key::of(&pod.meta);
    match key.name.is_empty() {
        true => free_name(api, Kind::Pod, &key, &pod.meta.common.generate_name),
        false => key.name,
    }
}

/// Refuses a write that was made from an older version (API-009).
fn check_version(kind: Kind, old: &Object, version: u64) -> Result<(), StatusError> {
    let have = old.meta().map_or(0, |meta| meta.resource_version);
    if version != 0 && version != have {
        return Err(StatusError::modified(resource(kind), &old.key().name));
    }
    Ok(())
}

/// The version that an object says it was made from; 0 if it does not say.
///
/// Kubernetes: apiserver/pkg/storage/api_object_versioner.go, ObjectResourceVersion.
fn resource_version(value: &Value) -> Result<u64, StatusError> {
    let text = value["metadata"]["resourceVersion"].as_str().unwrap_or_default();
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        _ if text.is_empty() => Ok(0),
        Ok(version) if digits => Ok(version),
        _ => {
            let why = if digits { "value out of range" } else { "invalid syntax" };
            let text = go_quote(text);
            let message = format!("strconv.ParseUint: parsing {text}: {why}");
            Err(StatusError::new(StatusReason::Unknown, message))
        }
    }
}

/// Replaces an object by what a person wrote.
pub(super) fn put(
    api: &mut ApiServer,
    kind: Kind,
    key: &Key,
    body: &Value,
    validation: FieldValidation,
    now: Time,
    warnings: &mut Vec<String>,
) -> Outcome {
    let old = api.store.get(kind, key).ok_or_else(|| not_found(kind, key))?;
    let value = strategy::decode(kind, body, validation, warnings)?;
    write_value(api, old, value, now, warnings)
}

fn write_value(
    api: &mut ApiServer,
    old: Object,
    mut value: Value,
    now: Time,
    warnings: &mut Vec<String>,
) -> Outcome {
    let kind = old.kind();
    check_version(kind, &old, resource_version(&value)?)?;
    let old_value = old.to_value(now);
    value["metadata"]["resourceVersion"] = old_value["metadata"]["resourceVersion"].clone();
    if !kind.is_namespaced() {
        api::json::object(&mut value["metadata"]).remove("namespace");
    }
    dedup_owner_references(&mut value, true, warnings);
    strategy::prepare_for_update(kind, &mut value, &old_value);
    create::set_defaults(kind, &mut value);
    if kind == Kind::Pod {
        admission::admit_update(&mut value["spec"], &old_value["spec"]);
    }
    if api.kinds.service == Some(kind) {
        service::keep_given(&mut value["spec"], &old_value["spec"]);
        service::drop_type_dependent(&mut value["spec"], &old_value["spec"]);
    }
    rbac::check_role_kind(kind, &value)?;
    strategy::validate_update(kind, &old.key().name, &value, &old_value)?;
    if api.kinds.service == Some(kind) {
        service::allocate(api, kind, &mut value, &old_value)?;
    }
    let changed = strategy::is_changed(kind, &value, &old_value);
    warnings.extend(validation::warnings::on_update(&value, &old_value, changed));
    let new = strategy::finish_update(Object::from_value(kind, &value), &old, &value, &old_value);
    if shapes_admission(kind) {
        api.admission.epoch += 1;
    }
    Ok(Reply::Object(store_or_finalize(api, new)))
}

/// Kubernetes: pkg/registry/core/pod/strategy.go, podEphemeralContainersStrategy.
fn write_ephemeral_containers(
    api: &mut ApiServer,
    old: Object,
    patched: &Value,
    old_value: Value,
) -> Outcome {
    let kind = old.kind();
    let mut value = old_value.clone();
    value["spec"]["ephemeralContainers"] = patched["spec"]["ephemeralContainers"].clone();
    validation::prepare::drop_disabled_fields(&mut value);
    create::set_defaults(kind, &mut value);
    strategy::validate_ephemeral_containers_update(kind, &old.key().name, &value, &old_value)?;
    let new = strategy::finish_update(Object::from_value(kind, &value), &old, &value, &old_value);
    if let Object::Pod(pod) = &new {
        admit_by_security(api, pod.clone())?;
    }
    Ok(Reply::Object(api.store.update(new)))
}

/// Stores a new version, or removes the object if it was going and nothing holds it any more (API-015).
fn store_or_finalize(api: &mut ApiServer, new: Object) -> Object {
    let gone = match &new {
        // A terminating pod goes when its kubelet says so, not at any other write.
        Object::Pod(pod) => {
            pod.meta.common.finalizers.is_empty()
                && pod.meta.deletion.as_ref().is_some_and(|deletion| deletion.grace_seconds == 0)
        }
        Object::Other(other) if is_namespace(other.kind) => {
            other.meta.is_terminating() && strategy::namespace_is_finalized(other)
        }
        object => {
            object.meta().is_some_and(|meta| meta.is_terminating() && meta.common.finalizers.is_empty())
        }
    };
    if !gone {
        return api.store.update(new);
    }
    let (kind, key) = (new.kind(), new.key());
    api.store.remove(kind, &key).unwrap_or(new)
}

/// Replaces an object by a component's version of it; metadata that only the API server sets stays.
pub(super) fn update(api: &mut ApiServer, new: Object, now: Time) -> Outcome {
    let (kind, key) = (new.kind(), new.key());
    let old = api.store.get(kind, &key).ok_or_else(|| not_found(kind, &key))?;
    check_version(kind, &old, new.meta().map_or(0, |meta| meta.resource_version))?;
    let (value, old_value) = (new.to_value(now), old.to_value(now));
    let new = strategy::finish_update(new, &old, &value, &old_value);
    Ok(Reply::Object(store_or_finalize(api, new)))
}

/// Replaces only the status (API-006).
pub(super) fn update_status(api: &mut ApiServer, new: Object) -> Outcome {
    let (kind, key) = (new.kind(), new.key());
    let old = api.store.get(kind, &key).ok_or_else(|| not_found(kind, &key))?;
    check_version(kind, &old, new.meta().map_or(0, |meta| meta.resource_version))?;
    Ok(Reply::Object(api.store.update(strategy::with_status_of(old, &new))))
}

#[allow(clippy::too_many_arguments)]
pub(super) fn patch(
    api: &mut ApiServer,
    kind: Kind,
    key: &Key,
    uid: Option<Uid>,
    patch: Patch,
    validation: FieldValidation,
    now: Time,
    warnings: &mut Vec<String>,
) -> Outcome {
    let old = api.store.get(kind, key).ok_or_else(|| not_found(kind, key))?;
    check_uid(kind, &old, uid)?;
    match patch {
        Patch::Merge(patch) => {
            let mut value = old.to_value(now);
            api::patch::merge(&mut value, &patch);
            let decoded = codec::decode(&value, kind.info());
            let value = strategy::decode_patched(decoded, validation, warnings)
                .map_err(|why| api::patch::refusal(value.to_string(), why))?;
            check_key(key, &value)?;
            write_value(api, old, value, now, warnings)
        }
        Patch::Strategic(patch) => {
            let value = merged(kind, old.to_value(now), &patch, validation, warnings)?;
            check_key(key, &value)?;
            write_value(api, old, value, now, warnings)
        }
        Patch::EphemeralContainers(patch) => {
            let old_value = old.to_value(now);
            let value = merged(kind, old_value.clone(), &patch, validation, warnings)?;
            check_key(key, &value)?;
            write_ephemeral_containers(api, old, &value, old_value)
        }
        Patch::Owner { add, remove } => {
            let mut new = old;
            strategy::with_meta(&mut new, |meta| {
                let common = meta.common_mut();
                common.owners.retain(|owner| Some(owner.uid) != remove);
                common.owners.extend(add.map(|owner| *owner));
            });
            Ok(Reply::Object(api.store.update(new)))
        }
        Patch::Taints { add, remove } => {
            let Object::Node(node) = &old else { return Err(not_found(kind, key)) };
            let mut node = (**node).clone();
            node.taints.retain(|taint| !remove.iter().any(|gone| gone.match_taint(taint)));
            for taint in add {
                if !node.taints.iter().any(|have| have.match_taint(&taint)) {
                    node.taints.push(taint);
                }
            }
            Ok(Reply::Object(api.store.update(Object::Node(Rc::new(node)))))
        }
        Patch::PodStatus { phase, condition } => {
            let Object::Pod(pod) = &old else { return Err(not_found(kind, key)) };
            let mut pod = (**pod).clone();
            pod.status.phase = phase.unwrap_or(pod.status.phase);
            if let Some(PodCondition { kind, status, last_transition, reason }) = condition {
                pod.status.set_condition(kind, status, reason, last_transition);
            }
            Ok(Reply::Object(api.store.update(Object::Pod(Rc::new(pod)))))
        }
    }
}

/// An object with a strategic merge patch in it.
///
/// Kubernetes: apiserver/pkg/endpoints/handlers/patch.go, applyPatchToObject.
fn merged(
    kind: Kind,
    mut value: Value,
    patch: &Value,
    validation: FieldValidation,
    warnings: &mut Vec<String>,
) -> Result<Value, StatusError> {
    if !patch.is_object() {
        let what = codec::json_kind(patch);
        let why = format!("json: cannot unmarshal {what} into Go value of type map[string]interface {{}}");
        return Err(StatusError::bad_request(why));
    }
    let mut patch = patch.clone();
    strategic_patch::merge(kind.info(), &mut value, &mut patch).map_err(|why| match why {
        PatchError::Format(why) => StatusError::bad_request(why),
        PatchError::Values(why) => StatusError::new(StatusReason::Unknown, why),
    })?;
    let decoded = codec::from_unstructured(&value, kind.info());
    strategy::decode_patched(decoded, validation, warnings)
        .map_err(|why| api::patch::refusal(strategic_patch::go_value(&patch), why))
}

/// A patch must not rename or move its object.
///
/// Kubernetes: apiserver/pkg/endpoints/handlers/rest.go, checkName; apiserver/pkg/registry/rest/meta.go,
/// EnsureObjectNamespaceMatchesRequestNamespace.
fn check_key(key: &Key, value: &Value) -> Result<(), StatusError> {
    let text = |field: &str| value["metadata"][field].as_str().unwrap_or_default();
    let namespace = text("namespace");
    if !key.namespace.is_empty() && !namespace.is_empty() && *namespace != *key.namespace {
        return Err(StatusError::bad_request(create::OtherNamespace.to_string()));
    }
    let name = text("name");
    if !name.is_empty() && *name != *key.name {
        let why =
            format!("the name of the object ({name}) does not match the name on the URL ({})", key.name);
        return Err(StatusError::bad_request(why));
    }
    Ok(())
}

fn check_uid(kind: Kind, old: &Object, uid: Option<Uid>) -> Result<(), StatusError> {
    let have = old.meta().map_or(Uid::default(), |meta| meta.uid);
    match uid {
        Some(wanted) if wanted != have => {
            let (wanted, have) = (wanted.to_string(), have.to_string());
            Err(StatusError::uid_conflict(resource(kind), &old.key().name, &wanted, &have))
        }
        _ => Ok(()),
    }
}

fn pod_with_uid(api: &ApiServer, id: &PodId) -> Result<Rc<Pod>, StatusError> {
    if let Some(pod) = api.store.pod_by_serial(id.serial, id.uid) {
        return Ok(pod.clone());
    }
    let key = &id.key;
    let pod = api.store.pods.get(&key.namespace, &key.name).ok_or_else(|| not_found(Kind::Pod, key))?;
    check_uid(Kind::Pod, &Object::Pod(pod.clone()), Some(id.uid))?;
    Ok(pod.clone())
}

pub(super) fn patch_pod_status(api: &mut ApiServer, id: &PodId, mut status: PodStatus) -> Outcome {
    let old = pod_with_uid(api, id)?;
    api.store.share_conditions(&mut status);
    let pod = Rc::new(Pod { status, ..old.without_status() });
    Ok(Reply::Object(api.store.update(Object::Pod(pod))))
}

/// The scheduler's decision: binds the pod and says so in its conditions (SCH-020).
pub(super) fn bind(api: &mut ApiServer, id: &PodId, node: Name, now: Time) -> Outcome {
    let mut pod = pod_with_uid(api, id)?;
    let key = &id.key;
    let refuse =
        |why: String| Err(StatusError::conflict(resource(Kind::Pod), &format!("{}/binding", key.name), &why));
    if pod.meta.is_terminating() {
        return refuse(format!("pod {} is being deleted, cannot be assigned to a host", key.name));
    }
    if let Some(bound) = &pod.node_name {
        return refuse(format!("pod {} is already assigned to node \"{bound}\"", key.name));
    }
    let new = Rc::make_mut(&mut pod);
    new.node_name = Some(node);
    new.status.nominated_node = None;
    new.status.set_condition(ConditionType::PodScheduled, ConditionStatus::True, None, now.stamp());
    api.store.share_conditions(&mut new.status);
    Ok(Reply::Object(api.store.update(Object::Pod(pod))))
}

/// Deletes, or begins to (API-012…016, API-024).
pub(super) fn delete(
    api: &mut ApiServer,
    kind: Kind,
    key: &Key,
    options: &DeleteOptions,
    now: Time,
) -> Outcome {
    let old = api.store.get(kind, key).ok_or_else(|| not_found(kind, key))?;
    check_uid(kind, &old, options.uid)?;
    if SYSTEM_PRIORITY_CLASSES.contains(&&*key.name) && kind.name() == "PriorityClass" {
        // Kubernetes: pkg/registry/scheduling/priorityclass/storage/storage.go, Delete.
        let why = "this is a system priority class and cannot be deleted";
        return Err(StatusError::forbidden(resource(kind), &key.name, why));
    }
    if shapes_admission(kind) {
        api.admission.epoch += 1;
    }
    match &old {
        Object::Pod(pod) => delete_pod(api, pod.clone(), options, now),
        Object::Other(other) if is_namespace(kind) => {
            if PERMANENT_NAMESPACES.contains(&&*key.name) {
                return Err(StatusError::namespace_may_not_be_deleted(&key.name));
            }
            if other.meta.is_terminating() {
                return Ok(Reply::Object(old));
            }
            Ok(Reply::Object(api.store.update(strategy::terminating_namespace(other, now))))
        }
        _ => delete_other(api, old, options, now),
    }
}

fn delete_other(api: &mut ApiServer, old: Object, options: &DeleteOptions, now: Time) -> Outcome {
    let (kind, key) = (old.kind(), old.key());
    let mut new = old;
    let finalizer = match options.propagation {
        Propagation::Background => None,
        Propagation::Foreground => Some(FOREGROUND_FINALIZER),
        Propagation::Orphan => Some(ORPHAN_FINALIZER),
    };
    let mut held = false;
    strategy::with_meta(&mut new, |meta| {
        if let Some(finalizer) =
            finalizer.filter(|f| !meta.common.finalizers.iter().any(|have| **have == **f))
        {
            meta.common_mut().finalizers.push(finalizer.into());
        }
        held = !meta.common.finalizers.is_empty();
        if held && meta.deletion.is_none() {
            meta.deletion = Some(Box::new(Deletion { at: now.stamp(), grace_seconds: 0 }));
            if create::has_generation(kind) {
                meta.generation += 1;
            }
        }
    });
    if held {
        return Ok(Reply::Object(api.store.update(new)));
    }
    api.store.remove(kind, &key).map(Reply::Object).ok_or_else(|| not_found(kind, &key))
}

/// Graceful deletion of a pod.
///
/// Kubernetes: pkg/registry/core/pod/strategy.go, CheckGracefulDelete;
/// staging/src/k8s.io/apiserver/pkg/registry/rest/delete.go, BeforeDelete. Rules: API-012…015, KL-092, KL-093.
fn delete_pod(api: &mut ApiServer, mut pod: Rc<Pod>, options: &DeleteOptions, now: Time) -> Outcome {
    let key = Key::of(&pod.meta);
    let Some(deletion) = before_delete(&pod, options, now) else { return get(api, Kind::Pod, &key) };
    let grace = deletion.grace_seconds;
    let new = Rc::make_mut(&mut pod);
    if new.meta.deletion.is_none() {
        new.meta.generation += 1;
    }
    new.meta.deletion = Some(Box::new(deletion));
    let held = !new.meta.common.finalizers.is_empty();
    api.store.update(Object::Pod(pod));
    if grace > 0 || held {
        return get(api, Kind::Pod, &key);
    }
    api.store.remove(Kind::Pod, &key).map(Reply::Object).ok_or_else(|| not_found(Kind::Pod, &key))
}

/// When the pod is to be gone; `None` if nothing changes about that, as a later delete can only shorten the
/// time that the first one gave.
fn before_delete(pod: &Pod, options: &DeleteOptions, now: Time) -> Option<Deletion> {
    if let Some(have) = &pod.meta.deletion {
        let grace = options.grace_seconds.filter(|grace| *grace < i64::from(have.grace_seconds))?;
        let grace = if grace < 0 { 1 } else { grace as u32 };
        if grace >= have.grace_seconds {
            return None;
        }
        // Counted from the first delete, but never a time that has passed.
        let asked = have.at.0.saturating_sub(have.grace_seconds);
        let at = Timestamp(asked.saturating_add(grace)).max(now.stamp());
        return Some(Deletion { at, grace_seconds: grace });
    }
    let own = pod.spec.termination_grace_period.as_secs() as i64;
    let mut grace = options.grace_seconds.unwrap_or(own);
    if pod.node_name.is_none() || pod.is_terminal() {
        grace = 0;
    }
    let grace = if grace < 0 { 1 } else { grace.min(i64::from(u32::MAX)) as u32 };
    let at = (now + Duration::from_secs(u64::from(grace))).stamp();
    Some(Deletion { at, grace_seconds: grace })
}

/// Creates or renews a lease that its holder goes on renewing.
pub(super) fn hold_lease(
    api: &mut ApiServer,
    key: &Key,
    holder: Name,
    duration: Duration,
    period: Duration,
    owner: Option<OwnerReference>,
    now: Time,
) -> Outcome {
    let renewal = Renewal::Every { since: now, period };
    if let Some(lease) = api.store.leases.get(&key.namespace, &key.name) {
        let mut lease = (**lease).clone();
        if lease.holder != holder {
            let free = lease.renewal.last(now) + lease.duration <= now || lease.holder.is_empty();
            if !free {
                return Err(StatusError::conflict(resource(Kind::Lease), &key.name, "it is held by another"));
            }
            lease.holder = holder;
            lease.acquired = now;
            lease.transitions += 1;
        }
        lease.duration = duration;
        lease.renewal = renewal;
        return Ok(Reply::Object(api.store.update(Object::Lease(Rc::new(lease)))));
    }
    let mut meta = api::meta::ObjectMeta::new(&key.namespace, &key.name);
    meta.common_mut().owners.extend(owner);
    let lease = Lease { meta, holder, duration, acquired: now, renewal, transitions: 0 };
    store_new(api, Object::Lease(Rc::new(lease)), None, now)
}

/// Kubernetes: client-go/tools/leaderelection/leaderelection.go, release.
pub(super) fn release_lease(api: &mut ApiServer, key: &Key, holder: &Name, now: Time) -> Outcome {
    let Some(lease) = api.store.leases.get(&key.namespace, &key.name) else {
        return Err(StatusError::not_found(resource(Kind::Lease), &key.name));
    };
    let mut lease = (**lease).clone();
    if lease.holder == *holder {
        lease.holder = Name::default();
        (lease.duration, lease.acquired, lease.renewal) = (Duration::from_secs(1), now, Renewal::At(now));
        api.store.update(Object::Lease(Rc::new(lease)));
    }
    Ok(Reply::Done)
}

impl ApiServer {
    /// Whether an event may be recorded: its namespace has to be there.
    ///
    /// Kubernetes: apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go.
    pub fn admit_event(&self, draft: &EventDraft) -> Result<(), StatusError> {
        let table = self.kinds.namespace.and_then(|kind| self.store.others.get(&kind));
        let namespace = table.and_then(|table| table.get("", draft.namespace()));
        match namespace {
            Some(namespace) if !namespace.meta.is_terminating() => Ok(()),
            _ => check_namespace(self, Kind::Event, &Key::new(draft.namespace(), &draft.object_name())),
        }
    }

    /// The holder has stopped renewing: the lease keeps the last renewal it had (ND-006).
    pub fn stop_lease(&mut self, key: &Key, now: Time) {
        if let Some(lease) = self.store.leases.get(&key.namespace, &key.name)
            && matches!(lease.renewal, Renewal::Every { .. })
        {
            let mut lease = (**lease).clone();
            lease.renewal = Renewal::At(lease.renewal.last(now));
            self.store.update(Object::Lease(Rc::new(lease)));
        }
    }
}

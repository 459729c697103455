//! What the API server adds to a new pod, and what it refuses, before it is stored.
//!
//! A pod made from a template gets the same answer as its siblings, so the answer is remembered by the
//! template's shared spec.

use std::rc::Rc;

use serde_json::{Value, json};

use super::Kinds;
use super::store::Store;
use api::field::go_quote;
use api::json;
use api::object::{Kind, Other};
use api::pod::references::has_api_object_reference;
use api::pod::{Pod, PodSpec, token};
use api::status_error::{GroupResource, StatusError};
use api::toleration::{Taint, TaintEffect, Toleration};
use validation::defaults::set_defaults;

/// Specs seen lately and what admission made of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Admission {
    remembered: Vec<Remembered>,
    /// Rises whenever a PriorityClass changes: what is remembered from before no longer counts.
    pub(crate) epoch: u64,
}

#[derive(Clone, Debug)]
struct Remembered {
    given: Rc<PodSpec>,
    epoch: u64,
    admitted: Rc<PodSpec>,
}

/// How many templates' answers are kept.
const REMEMBERED: usize = 64;

/// The two taints for which every pod waits 300 s unless it says otherwise (ND-025).
const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

fn pods() -> GroupResource<'static> {
    GroupResource::core("pods")
}

impl Admission {
    /// Runs the mutating plugins on a pod that is about to be created (API-032, KL-039…041).
    pub(crate) fn admit(&mut self, pod: &mut Pod, store: &Store, kinds: Kinds) -> Result<(), StatusError> {
        if pod.is_mirror() {
            admit_mirror(pod)?;
            let mut raw = (*pod.spec.raw).clone();
            admit_priority(&pod.meta.name, &mut raw, store)?;
            pod.spec = Rc::new(PodSpec::from_value(raw));
            return Ok(());
        }
        let account = service_account_of(pod, store, kinds.service_account)?;
        let ranges = super::limit_ranger::limits(store, kinds.limit_range, pod.meta.namespace());
        let known = |entry: &&Remembered| Rc::ptr_eq(&entry.given, &pod.spec) && entry.epoch == self.epoch;
        if let Some(entry) = self.remembered.iter().rev().find(known).filter(|_| ranges.is_empty()) {
            pod.spec = entry.admitted.clone();
            return Ok(());
        }
        let given = pod.spec.clone();
        let mut raw = with_defaults((*given.raw).clone());
        if let Some((key, text)) = super::limit_ranger::set_defaults(&mut raw, &ranges) {
            pod.meta.common_mut().annotations.insert(key.into(), text.into());
        }
        let mounts_token = admit_service_account(&mut raw, account.as_deref());
        admit_priority(name(pod), &mut raw, store)?;
        admit_default_tolerations(&mut raw);
        super::runtime_class::admit(name(pod), &mut raw, store)?;
        let admitted = Rc::new(PodSpec { mounts_token, ..PodSpec::from_value(raw) });
        if self.remembered.len() >= REMEMBERED {
            self.remembered.remove(0);
        }
        if ranges.is_empty() {
            self.remembered.push(Remembered { given, epoch: self.epoch, admitted: admitted.clone() });
        }
        pod.spec = admitted;
        Ok(())
    }
}

/// What refusals call a pod: one whose name is yet to be drawn goes by what it will begin with.
///
/// Kubernetes: staging/src/k8s.io/apiserver/pkg/admission/errors.go, extractResourceName.
fn name(pod: &Pod) -> &str {
    if pod.meta.name.is_empty() { &pod.meta.common.generate_name } else { &pod.meta.name }
}

/// A pod that a component made from a template lacks what only pods are given (API-028).
fn with_defaults(spec: Value) -> Value {
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": spec});
    set_defaults(&mut pod);
    pod["spec"].take()
}

/// The pod's service account, which must exist; a component's pods need it too (CP-018).
///
/// Kubernetes: plugin/pkg/admission/serviceaccount/admission.go, Admit.
fn service_account_of(
    pod: &Pod,
    store: &Store,
    kind: Option<Kind>,
) -> Result<Option<Rc<Other>>, StatusError> {
    let account = match &*pod.spec.service_account_name {
        "" => "default",
        name => name,
    };
    let namespace = &**pod.meta.namespace();
    let Some(kind) = kind else { return Ok(None) };
    if let Some(found) = store.others.get(&kind).and_then(|table| table.get(namespace, account)) {
        return Ok(Some(found.clone()));
    }
    // The admission plugin's client refuses a name that no path could hold.
    let unusable: Vec<String> = ['/', '%']
        .iter()
        .filter(|c| account.contains(**c))
        .map(|c| format!("may not contain '{c}'"))
        .collect();
    let problem = match unusable.as_slice() {
        [] => format!("serviceaccount \"{account}\" not found"),
        unusable => format!("invalid resource name {}: [{}]", go_quote(account), unusable.join(" ")),
    };
    let why = format!("error looking up service account {namespace}/{account}: {problem}");
    Err(StatusError::forbidden(pods(), name(pod), &why).for_lack_of("ServiceAccount", namespace, account))
}

/// Kubernetes: plugin/pkg/admission/priority/admission.go, admitPod. Rules: SCH-022…024.
fn admit_priority(name: &str, raw: &mut Value, store: &Store) -> Result<(), StatusError> {
    let given = raw["priority"].as_i64();
    let class = raw["priorityClassName"].as_str().unwrap_or_default().to_owned();
    let table = Kind::of("scheduling.k8s.io/v1", "PriorityClass").and_then(|kind| store.others.get(&kind));
    let found = match class.as_str() {
        "" => table.and_then(|t| t.iter().find(|object| object.raw["globalDefault"] == true)),
        class => table.and_then(|t| t.get("", class)),
    };
    let (value, policy) = match found {
        Some(object) => {
            if class.is_empty() {
                raw["priorityClassName"] = json!(&*object.meta.name);
            }
            (object.raw["value"].as_i64().unwrap_or(0), object.raw["preemptionPolicy"].clone())
        }
        None if class.is_empty() => (0, Value::Null),
        None => {
            let why = format!("no PriorityClass with name {class} was found");
            return Err(StatusError::forbidden(pods(), name, &why).for_lack_of("PriorityClass", "", &class));
        }
    };
    if let Some(given) = given.filter(|given| *given != value) {
        let why = format!(
            "the integer value of priority ({given}) must not be provided in pod spec; \
             priority admission controller computed {value} from the given PriorityClass name"
        );
        return Err(StatusError::forbidden(pods(), name, &why));
    }
    raw["priority"] = json!(value);
    let policy = policy.as_str().unwrap_or("PreemptLowerPriority");
    if let Some(given) = raw["preemptionPolicy"].as_str().filter(|given| *given != policy) {
        let why = format!(
            "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; \
             priority admission controller computed {policy} from the given PriorityClass name"
        );
        return Err(StatusError::forbidden(pods(), name, &why));
    }
    raw["preemptionPolicy"] = json!(policy);
    Ok(())
}

/// Names the account and gives what belongs to it. Returns whether the pod gets a volume with its token.
fn admit_service_account(raw: &mut Value, account: Option<&Other>) -> bool {
    if json::text(raw, "serviceAccountName").is_empty() {
        raw["serviceAccountName"] = json!("default");
    }
    raw["serviceAccount"] = raw["serviceAccountName"].clone();
    let Some(account) = account else { return false };
    let secrets = json::get(&account.raw, "imagePullSecrets");
    if json::empty(raw, "imagePullSecrets") && !json::empty(&account.raw, "imagePullSecrets") {
        raw["imagePullSecrets"] = secrets.clone();
    }
    let automount = |of: &Value| of.get("automountServiceAccountToken").and_then(Value::as_bool);
    if !automount(raw).or_else(|| automount(&account.raw)).unwrap_or(true) {
        return false;
    }
    match token::own_volume(raw).map(str::to_owned) {
        Some(volume) => {
            token::mount(raw, &volume);
            false
        }
        None => token::is_wanted(raw),
    }
}

/// Kubernetes: plugin/pkg/admission/defaulttolerationseconds/admission.go, Admit.
pub(super) fn admit_default_tolerations(raw: &mut Value) {
    let given: Vec<Toleration> = json::list(raw, "tolerations").iter().map(Toleration::from_value).collect();
    for key in [NOT_READY, UNREACHABLE] {
        let taint = Taint::new(key, "", TaintEffect::NoExecute);
        let tolerates = |toleration: &Toleration| {
            (*toleration.key == *key || toleration.key.is_empty())
                && toleration.effect.is_none_or(|effect| effect == TaintEffect::NoExecute)
        };
        if given.iter().any(tolerates) {
            continue;
        }
        let mut toleration = Toleration::exists(&taint.key, TaintEffect::NoExecute);
        toleration.toleration_seconds = Some(300);
        match &mut raw["tolerations"] {
            Value::Array(list) => list.push(toleration.to_value()),
            slot => *slot = json!([toleration.to_value()]),
        }
    }
}

/// Runs the mutating plugins on a pod that is about to be changed.
///
/// Kubernetes: plugin/pkg/admission/priority/admission.go, admitPod; defaulttolerationseconds/admission.go.
pub(super) fn admit_update(spec: &mut Value, old: &Value) {
    for key in ["priority", "preemptionPolicy"] {
        if !json::has(spec, key) && json::has(old, key) {
            spec[key] = old[key].clone();
        }
    }
    admit_default_tolerations(spec);
}

/// What kubelets may create: mirror pods of their own node, and nothing that leads to other objects.
///
/// The calls do not say which kubelet sent them: it is taken for that of the node the pod names.
///
/// Kubernetes: plugin/pkg/admission/noderestriction/admission.go, admitPodCreate. Rule: KL-039.
pub(super) fn restrict_node(pod: &Pod, store: &Store) -> Result<(), StatusError> {
    let refuse = |why: &str| Err(StatusError::forbidden(pods(), &pod.meta.name, why));
    // The plugin ServiceAccount comes before this one.
    admit_mirror(pod)?;
    let node = pod.node_name.as_deref().unwrap_or_default();
    let quoted = go_quote(node);
    let owner = match pod.meta.common.owners.as_slice() {
        [owner] if *owner.api_version == *"v1" && *owner.kind == *"Node" && *owner.name == *node => owner,
        [_, _, ..] => {
            return refuse(&format!(
                "node {quoted} can only create pods with a single owner reference set to itself"
            ));
        }
        _ => {
            return refuse(&format!(
                "node {quoted} can only create pods with an owner reference set to itself"
            ));
        }
    };
    if !owner.controller {
        return refuse(&format!(
            "node {quoted} can only create pods with a controller owner reference set to itself"
        ));
    }
    if owner.block_owner_deletion {
        return refuse(&format!("node {quoted} must not set blockOwnerDeletion on an owner reference"));
    }
    let Some(found) = store.nodes.get("", node) else {
        return Err(StatusError::not_found(GroupResource::core("nodes"), node));
    };
    if found.meta.uid != owner.uid {
        let (claimed, real) = (owner.uid, found.meta.uid);
        return refuse(&format!("node {node} UID mismatch: expected {claimed} got {real}"));
    }
    match has_api_object_reference(&json!({"spec": pod.spec_to_value()})) {
        Some((what, _)) => refuse(&format!("node {quoted} can not create pods that reference {what}")),
        None => Ok(()),
    }
}

/// Mirror pods are left as they are, but for their priority.
///
/// Kubernetes: plugin/pkg/admission/serviceaccount/admission.go, Validate. Rule: KL-040.
fn admit_mirror(pod: &Pod) -> Result<(), StatusError> {
    let refuse = |why: &str| Err(StatusError::forbidden(pods(), &pod.meta.name, why));
    if !pod.spec.service_account_name.is_empty() {
        return refuse("a mirror pod may not reference service accounts");
    }
    let volumes = pod.spec.raw["volumes"].as_array();
    if volumes.is_some_and(|volumes| volumes.iter().any(|volume| !volume["secret"].is_null())) {
        return refuse("a mirror pod may not reference secrets");
    }
    Ok(())
}

//! The admission plugin RuntimeClass.
//!
//! Kubernetes: plugin/pkg/admission/runtimeclass/admission.go.

use std::rc::Rc;

use serde_json::{Value, json};

use super::store::Store;
use api::field::go_quote;
use api::json;
use api::object::{Kind, Other};
use api::status_error::{GroupResource, StatusError, StatusReason};
use api::toleration::Toleration;
use validation::validate_path_segment_name;

fn forbidden(name: &str, why: &str) -> StatusError {
    StatusError::forbidden(GroupResource::core("pods"), name, why)
}

/// The class that a pod names, which must exist.
fn class_of(name: &str, raw: &Value, store: &Store) -> Result<Option<Rc<Other>>, StatusError> {
    let wanted = match raw["runtimeClassName"].as_str() {
        None => return Ok(None),
        Some("") => return Err(StatusError::new(StatusReason::Unknown, "resource name may not be empty")),
        Some(wanted) => wanted,
    };
    // The plugin asks as a client does, and a client refuses to ask for what would be another path.
    let wrong = validate_path_segment_name(wanted, false);
    if !wrong.is_empty() {
        let text = format!("invalid resource name {}: [{}]", go_quote(wanted), wrong.join(" "));
        return Err(StatusError::new(StatusReason::Unknown, text));
    }
    let kind = Kind::of("node.k8s.io/v1", "RuntimeClass");
    let table = kind.and_then(|kind| store.others.get(&kind));
    match table.and_then(|table| table.get("", wanted)) {
        Some(found) => Ok(Some(found.clone())),
        None => Err(forbidden(name, &format!("pod rejected: RuntimeClass \"{wanted}\" not found"))
            .for_lack_of("RuntimeClass", "", wanted)),
    }
}

const OTHER_OVERHEAD: &str = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

/// Gives a pod what its RuntimeClass says.
pub(super) fn admit(name: &str, raw: &mut Value, store: &Store) -> Result<(), StatusError> {
    let Some(class) = class_of(name, raw, store)? else { return Ok(()) };
    if json::has(&class.raw, "overhead") {
        let fixed = json::at(&class.raw, &["overhead", "podFixed"]);
        if !json::empty(raw, "overhead") && json::get(raw, "overhead") != fixed {
            return Err(forbidden(name, OTHER_OVERHEAD));
        }
        raw["overhead"] = fixed.clone();
    }
    set_scheduling(raw, json::get(&class.raw, "scheduling")).map_err(|why| forbidden(name, &why))
}

/// What is checked once the pod is known to be valid. `given`: it came with an overhead, be it an empty one, which the
/// pod does not keep.
pub(super) fn validate(name: &str, raw: &Value, given: bool, store: &Store) -> Result<(), StatusError> {
    if !given && !json::has(raw, "overhead") {
        return Ok(());
    }
    let class = class_of(name, raw, store)?;
    match class.map(|class| json::at(&class.raw, &["overhead", "podFixed"]).clone()) {
        Some(fixed) if !fixed.is_null() && fixed == raw["overhead"] => Ok(()),
        Some(fixed) if !fixed.is_null() => Err(forbidden(name, OTHER_OVERHEAD)),
        _ => Err(forbidden(
            name,
            "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
        )),
    }
}

// Not simulated: tolerations that another one covers are left out upstream.
fn set_scheduling(raw: &mut Value, scheduling: &Value) -> Result<(), String> {
    for (key, wanted) in json::entries(scheduling, "nodeSelector") {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match json::get(raw, "nodeSelector").get(key) {
            Some(given) if given != wanted => {
                let (wanted, given) = (text(wanted), text(given));
                return Err(format!(
                    "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {wanted}; pod.spec.nodeSelector[{key}] = {given}"
                ));
            }
            _ => {
                json::object(json::child(raw, "nodeSelector")).insert(key.to_owned(), wanted.clone());
            }
        }
    }
    let own: Vec<Toleration> = json::list(raw, "tolerations").iter().map(Toleration::from_value).collect();
    let added = json::list(scheduling, "tolerations").iter();
    let added: Vec<Value> =
        added.filter(|added| !own.contains(&Toleration::from_value(added))).cloned().collect();
    if !added.is_empty() {
        let mut all = json::list(raw, "tolerations").to_vec();
        all.extend(added);
        raw["tolerations"] = json!(all);
    }
    Ok(())
}

//! JSON merge patches (RFC 7386), and how the API server refuses a patch.

use serde_json::{Map, Value};

use crate::field::{FieldError, FieldPath};
use crate::status_error::{GroupResource, StatusError};

/// RFC 7386: objects are merged, `null` removes, everything else replaces.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    let target = object(target);
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("made an object above"),
    }
}

/// The merge patch that brings one object to another.
pub fn create_merge_patch(from: &Value, to: &Value) -> Value {
    let (Some(old), Some(new)) = (from.as_object(), to.as_object()) else { return to.clone() };
    let mut patch = Map::new();
    for (key, value) in new {
        match old.get(key) {
            Some(before) if before == value => {}
            Some(before) if before.is_object() && value.is_object() => {
                patch.insert(key.clone(), create_merge_patch(before, value));
            }
            _ => {
                patch.insert(key.clone(), value.clone());
            }
        }
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    Value::Object(patch)
}

/// What the API server says when the patched object cannot be decoded: the patch is what is wrong.
///
/// Kubernetes: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go, applyPatchToObject.
pub fn refusal(patch: String, why: String) -> StatusError {
    let invalid = FieldError::invalid(&FieldPath::new("patch"), patch, why);
    StatusError::invalid(GroupResource::core(""), "", &[invalid])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn merge_patch_follows_rfc_7386() {
        let mut value = json!({"a": {"b": 1, "c": 2}, "d": [1, 2]});
        merge(&mut value, &json!({"a": {"b": null, "e": {"f": null}}, "d": [3]}));
        assert_eq!(value, json!({"a": {"c": 2, "e": {}}, "d": [3]}));
    }

    #[test]
    fn a_created_merge_patch_names_what_is_gone() {
        assert_eq!(
            create_merge_patch(&json!({"a": 1, "b": {"c": 1}}), &json!({"b": {"c": 2}})),
            json!({"a": null, "b": {"c": 2}})
        );
    }
}

//! Patches on the API form: JSON merge patch and Kubernetes' strategic merge patch.

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

/// The field by which the elements of a list are told apart, if the list is merged at all.
///
/// Kubernetes: the `patchMergeKey` tags of staging/src/k8s.io/api/core/v1/types.go and apps/v1/types.go.
pub fn merge_key(path: &[&str]) -> Option<&'static str> {
    let (list, parent) = (path.last().copied()?, path.iter().rev().nth(1).copied());
    match list {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "volumes"
        | "env"
        | "imagePullSecrets"
        | "resourceClaims"
        | "schedulingGates"
        | "secrets" => Some("name"),
        "volumeMounts" => Some("mountPath"),
        "volumeDevices" => Some("devicePath"),
        "hostAliases" => Some("ip"),
        "topologySpreadConstraints" => Some("topologyKey"),
        "ownerReferences" => Some("uid"),
        "conditions" | "addresses" => Some("type"),
        "ports" if parent == Some("spec") => Some("port"),
        "ports" => Some("containerPort"),
        _ => None,
    }
}

/// Whether a list of plain values is merged as a set (patchStrategy merge without a key).
pub fn merges_as_set(path: &[&str]) -> bool {
    path.last() == Some(&"finalizers")
}

/// Kubernetes' strategic merge patch.
///
/// Kubernetes: staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go, StrategicMergePatch.
pub fn strategic_merge(target: &mut Value, patch: &Value) {
    merge_at(target, patch, &mut Vec::new());
}

fn merge_at<'p>(target: &mut Value, patch: &'p Value, path: &mut Vec<&'p str>) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if patch.get("$patch").is_some_and(|directive| directive == "replace") {
        let mut whole = patch.clone();
        whole.remove("$patch");
        *target = Value::Object(whole);
        return;
    }
    let target = object(target);
    for (key, value) in patch {
        if let Some(field) = key.strip_prefix("$deleteFromPrimitiveList/") {
            delete_from_primitive_list(target, field, value);
        } else if key.starts_with('$') {
            // $setElementOrder and $retainKeys say how to order and prune; order is kept as it is here.
        } else if value.is_null() {
            target.remove(key);
        } else {
            path.push(key);
            let slot = target.entry(key.clone()).or_insert(Value::Null);
            match value {
                Value::Array(items) => merge_list(slot, items, path),
                other => merge_at(slot, other, path),
            }
            path.pop();
        }
    }
    for (key, order) in patch.iter().filter_map(|(k, v)| Some((k.strip_prefix("$setElementOrder/")?, v))) {
        path.push(key);
        if let (Some(Value::Array(list)), Some(order)) = (target.get_mut(key), order.as_array()) {
            set_element_order(list, order, merge_key(path));
        }
        path.pop();
    }
}

fn delete_from_primitive_list(target: &mut Map<String, Value>, field: &str, gone: &Value) {
    if let (Some(Value::Array(list)), Some(gone)) = (target.get_mut(field), gone.as_array()) {
        list.retain(|item| !gone.contains(item));
    }
}

fn merge_list<'p>(slot: &mut Value, items: &'p [Value], path: &mut Vec<&'p str>) {
    let replaces = items
        .iter()
        .any(|item| item["$patch"] == "replace" && item.as_object().is_some_and(|m| m.len() == 1));
    let key = merge_key(path);
    if replaces
        || (key.is_none() && !merges_as_set(path))
        || !slot.is_array() && items.iter().all(|i| i.get("$patch").is_none())
    {
        let kept = items.iter().filter(|item| item.get("$patch").is_none());
        *slot = Value::Array(kept.cloned().collect());
        return;
    }
    if !slot.is_array() {
        *slot = Value::Array(Vec::new());
    }
    let Value::Array(list) = slot else { return };
    for item in items {
        let Some(key) = key else {
            if !list.contains(item) {
                list.push(item.clone());
            }
            continue;
        };
        let same = list.iter().position(|existing| !item[key].is_null() && existing[key] == item[key]);
        match (same, item.get("$patch").and_then(Value::as_str)) {
            (Some(at), Some("delete")) => {
                list.remove(at);
            }
            (None, Some("delete")) => {}
            (Some(at), _) => merge_at(&mut list[at], item, path),
            (None, _) => list.push(item.clone()),
        }
    }
}

/// Puts the elements named by `order` first, in its order; the others keep theirs behind them.
fn set_element_order(list: &mut [Value], order: &[Value], key: Option<&str>) {
    let rank = |item: &Value| {
        let same = |wanted: &Value| match key {
            Some(key) => wanted[key] == item[key],
            None => wanted == item,
        };
        order.iter().position(same).unwrap_or(order.len())
    };
    list.sort_by_cached_key(rank);
}

/// What the API server says when the patched object cannot be decoded: the patch is what is wrong.
///
/// Kubernetes: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go, applyPatchToObject.
pub fn refusal(error: &StatusError, patch: String, strategic: bool) -> StatusError {
    let why = error.message.split_once(": ").map_or(error.message.as_str(), |(_, why)| why);
    let why = match why.rsplit_once(" of type ") {
        // The strategic patch is not decoded from JSON but field by field, which has its own words.
        Some((_, kind)) if strategic && why.starts_with("json: ") => format!("unrecognized type: {kind}"),
        _ => why.to_owned(),
    };
    let invalid = FieldError::invalid(&FieldPath::new("patch"), patch, why);
    StatusError::invalid(GroupResource::core(""), "", &[invalid])
}

/// A map as Go's `%+v` prints it: `map[a:1 b:[x y]]`.
pub fn go_map(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(go_map).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let pairs: Vec<String> =
                map.iter().map(|(key, value)| format!("{key}:{}", go_map(value))).collect();
            format!("map[{}]", pairs.join(" "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn strategic(mut target: Value, patch: Value) -> Value {
        strategic_merge(&mut target, &patch);
        target
    }

    #[test]
    fn merge_patch_follows_rfc_7386() {
        let mut value = json!({"a": {"b": 1, "c": 2}, "d": [1, 2]});
        merge(&mut value, &json!({"a": {"b": null, "e": {"f": null}}, "d": [3]}));
        assert_eq!(value, json!({"a": {"c": 2, "e": {}}, "d": [3]}));
    }

    #[test]
    fn containers_are_merged_by_name() {
        let target =
            json!({"spec": {"containers": [{"name": "a", "image": "x:1", "args": ["1"]}, {"name": "b"}]}});
        let patch = json!({"spec": {"containers": [{"name": "a", "image": "x:2"}, {"name": "c"}]}});
        let merged = json!({"spec": {"containers": [
            {"name": "a", "image": "x:2", "args": ["1"]}, {"name": "b"}, {"name": "c"}]}});
        assert_eq!(strategic(target, patch), merged);
    }

    #[test]
    fn directives_delete_replace_and_order() {
        let target = json!({"containers": [{"name": "a"}, {"name": "b"}], "tolerations": [{"key": "x"}]});
        let patch = json!({"containers": [{"name": "a", "$patch": "delete"}, {"name": "c"}],
            "$setElementOrder/containers": [{"name": "c"}, {"name": "b"}], "tolerations": [{"key": "y"}]});
        let merged = json!({"containers": [{"name": "c"}, {"name": "b"}], "tolerations": [{"key": "y"}]});
        assert_eq!(strategic(target, patch), merged);
        let template = json!({"spec": {"template": {"$patch": "replace", "spec": {"x": 1}}}});
        let old = json!({"spec": {"template": {"metadata": {}, "spec": {"y": 2}}}});
        assert_eq!(strategic(old, template), json!({"spec": {"template": {"spec": {"x": 1}}}}));
    }

    #[test]
    fn finalizers_are_a_set() {
        let target = json!({"finalizers": ["a", "b"]});
        let patch = json!({"finalizers": ["b", "c"], "$deleteFromPrimitiveList/finalizers": ["a"]});
        assert_eq!(strategic(target, patch), json!({"finalizers": ["b", "c"]}));
    }
}

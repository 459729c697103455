//! What must change so that an object becomes what a file says: the three-way strategic merge patch.
//!
//! Kubernetes: apimachinery/pkg/util/strategicpatch/patch.go (CreateThreeWayMergePatch, diffMaps, mergeMap).

use serde_json::{Map, Value, json};

use api::patch::{merge_key, merges_as_set};

/// The patch that brings `current` to `modified`, without what others have added to it, and with what
/// `original` had and `modified` has no more taken away.
pub(super) fn three_way(original: Option<&Value>, modified: &Value, current: &Value) -> Value {
    let empty = Value::Object(Map::new());
    let mut path = Vec::new();
    let additions = Diff { deletions: false, changes: true }.maps(current, modified, &mut path);
    let deletions =
        Diff { deletions: true, changes: false }.maps(original.unwrap_or(&empty), modified, &mut path);
    merge_patches(deletions, additions)
}

/// The patch that brings one object to another, taking away what is gone.
#[cfg_attr(not(test), allow(dead_code, reason = "label, annotate and edit are to use it"))]
pub(super) fn two_way(from: &Value, to: &Value) -> Value {
    let mut path = Vec::new();
    Diff { deletions: true, changes: true }.maps(from, to, &mut path)
}

/// The plain merge patch (RFC 7386) between two objects.
#[cfg_attr(not(test), allow(dead_code, reason = "label, annotate and edit are to use it"))]
pub(super) fn json_merge(from: &Value, to: &Value) -> Value {
    let mut patch = Map::new();
    let (Some(old), Some(new)) = (from.as_object(), to.as_object()) else { return to.clone() };
    for (key, value) in new {
        match old.get(key) {
            Some(before) if before == value => {}
            Some(before) if before.is_object() && value.is_object() => {
                patch.insert(key.clone(), json_merge(before, value));
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

/// Which differences count.
struct Diff {
    deletions: bool,
    changes: bool,
}

impl Diff {
    fn maps<'v>(&self, original: &'v Value, modified: &'v Value, path: &mut Vec<&'v str>) -> Value {
        let mut patch = Map::new();
        let (Some(old), Some(new)) = (original.as_object(), modified.as_object()) else {
            return if self.changes { modified.clone() } else { json!({}) };
        };
        for (key, after) in new {
            // A null in a file means the same as leaving the field out, once it is sent.
            match old.get(key) {
                None => {
                    if self.changes {
                        patch.insert(key.clone(), after.clone());
                    }
                }
                Some(before) => {
                    path.push(key);
                    self.values(key, before, after, path, &mut patch);
                    path.pop();
                }
            }
        }
        if self.deletions {
            for key in old.keys().filter(|key| !new.contains_key(*key)) {
                patch.insert(key.clone(), Value::Null);
            }
        }
        Value::Object(patch)
    }

    fn values<'v>(
        &self,
        key: &str,
        before: &'v Value,
        after: &'v Value,
        path: &mut Vec<&'v str>,
        patch: &mut Map<String, Value>,
    ) {
        match (before, after) {
            (Value::Object(_), Value::Object(_)) => {
                let inner = self.maps(before, after, path);
                if inner.as_object().is_some_and(|map| !map.is_empty()) {
                    patch.insert(key.to_owned(), inner);
                }
            }
            (Value::Array(before), Value::Array(after)) => self.lists(key, before, after, path, patch),
            (before, after) if self.changes && before != after => {
                patch.insert(key.to_owned(), after.clone());
            }
            _ => {}
        }
    }

    fn lists<'v>(
        &self,
        key: &str,
        before: &'v [Value],
        after: &'v [Value],
        path: &mut Vec<&'v str>,
        patch: &mut Map<String, Value>,
    ) {
        if let Some(merge_key) = merge_key(path) {
            let items = self.items(merge_key, before, after, path);
            if !items.is_empty() {
                let order: Vec<Value> =
                    after.iter().map(|item| json!({merge_key: item[merge_key]})).collect();
                patch.insert(format!("$setElementOrder/{key}"), Value::Array(order));
                patch.insert(key.to_owned(), Value::Array(items));
            }
        } else if merges_as_set(path) {
            let added: Vec<Value> = after.iter().filter(|item| !before.contains(item)).cloned().collect();
            let gone: Vec<Value> = before.iter().filter(|item| !after.contains(item)).cloned().collect();
            let changed = (self.changes && !added.is_empty()) || (self.deletions && !gone.is_empty());
            if changed {
                patch.insert(format!("$setElementOrder/{key}"), Value::Array(after.to_vec()));
            }
            if self.deletions && !gone.is_empty() {
                patch.insert(format!("$deleteFromPrimitiveList/{key}"), Value::Array(gone));
            }
            if self.changes && !added.is_empty() {
                patch.insert(key.to_owned(), Value::Array(added));
            }
        } else if self.changes && before != after {
            patch.insert(key.to_owned(), Value::Array(after.to_vec()));
        }
    }

    /// What changes in a list whose elements are told apart by a key.
    fn items<'v>(
        &self,
        merge_key: &str,
        before: &'v [Value],
        after: &'v [Value],
        path: &mut Vec<&'v str>,
    ) -> Vec<Value> {
        let mut items = Vec::new();
        for item in after {
            match before.iter().find(|other| other[merge_key] == item[merge_key]) {
                None if self.changes => items.push(item.clone()),
                None => {}
                Some(other) => {
                    let mut inner = self.maps(other, item, path);
                    if let Some(map) = inner.as_object_mut().filter(|map| !map.is_empty()) {
                        map.insert(merge_key.to_owned(), item[merge_key].clone());
                        items.push(inner);
                    }
                }
            }
        }
        if self.deletions {
            let gone =
                before.iter().filter(|item| !after.iter().any(|other| other[merge_key] == item[merge_key]));
            items.extend(gone.map(|item| json!({"$patch": "delete", merge_key: item[merge_key]})));
        }
        items
    }
}

/// Both patches in one: the second wins, except that elements of lists stand side by side.
fn merge_patches(first: Value, second: Value) -> Value {
    let mut path = Vec::new();
    merge_into(first, &second, &mut path)
}

fn merge_into<'v>(first: Value, second: &'v Value, path: &mut Vec<&'v str>) -> Value {
    let (Value::Object(mut merged), Some(other)) = (first, second.as_object()) else { return second.clone() };
    for (key, value) in other {
        path.push(key);
        let mine = merged.remove(key);
        let both = match (mine, value) {
            (Some(mine @ Value::Object(_)), Value::Object(_)) => merge_into(mine, value, path),
            (Some(Value::Array(mine)), Value::Array(theirs)) if merge_key(path).is_some() => {
                let key = merge_key(path).unwrap_or_default();
                let mut list = mine;
                for item in theirs {
                    match list.iter().position(|other| other[key] == item[key]) {
                        Some(at) => {
                            let old = std::mem::take(&mut list[at]);
                            list[at] = merge_into(old, item, path);
                        }
                        None => list.push(item.clone()),
                    }
                }
                Value::Array(list)
            }
            _ => value.clone(),
        };
        merged.insert(key.clone(), both);
        path.pop();
    }
    Value::Object(merged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::patch::strategic_merge;

    #[test]
    fn what_a_file_no_longer_says_is_taken_away_and_what_others_added_stays() {
        let original = json!({"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {"template": {"spec": {"containers": [
            {"name": "x", "image": "i:1", "args": ["1"]}, {"name": "old", "image": "o"}]}}}});
        let modified = json!({"metadata": {"labels": {"a": "9"}}, "spec": {"template": {"spec": {"containers": [
            {"name": "x", "image": "i:2"}, {"name": "new", "image": "n"}]}}}});
        let current = json!({"metadata": {"labels": {"a": "1", "b": "2", "theirs": "3"}}, "spec": {"template": {"spec": {
            "containers": [{"name": "x", "image": "i:1", "args": ["1"], "imagePullPolicy": "Always"},
                {"name": "old", "image": "o"}, {"name": "injected", "image": "s"}],
            "restartPolicy": "Always"}}}});
        let patch = three_way(Some(&original), &modified, &current);
        assert_eq!(
            patch,
            json!({"metadata": {"labels": {"a": "9", "b": null}}, "spec": {"template": {"spec": {
                "$setElementOrder/containers": [{"name": "x"}, {"name": "new"}],
                "containers": [
                    {"name": "x", "args": null, "image": "i:2"},
                    {"$patch": "delete", "name": "old"},
                    {"name": "new", "image": "n"}]}}}})
        );
        let mut result = current;
        strategic_merge(&mut result, &patch);
        assert_eq!(result["metadata"]["labels"], json!({"a": "9", "theirs": "3"}));
        let names: Vec<&Value> = result["spec"]["template"]["spec"]["containers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| &c["name"])
            .collect();
        assert_eq!(names, ["x", "new", "injected"]);
    }

    #[test]
    fn nothing_to_change_is_an_empty_patch() {
        let object = json!({"spec": {"ports": [{"port": 80}], "tolerations": [{"operator": "Exists"}]}});
        let mut current = object.clone();
        current["spec"]["more"] = json!(1);
        assert_eq!(three_way(Some(&object), &object, &current), json!({}));
        assert_eq!(three_way(None, &object, &current), json!({}));
    }

    #[test]
    fn lists_without_a_key_are_replaced_whole() {
        let (before, after) = (
            json!({"spec": {"tolerations": [{"key": "a"}]}}),
            json!({"spec": {"tolerations": [{"key": "b"}]}}),
        );
        assert_eq!(
            three_way(Some(&before), &after, &before),
            json!({"spec": {"tolerations": [{"key": "b"}]}})
        );
        assert_eq!(two_way(&before, &json!({"spec": {}})), json!({"spec": {"tolerations": null}}));
    }

    #[test]
    fn plain_merge_patches_name_what_is_gone() {
        assert_eq!(
            json_merge(&json!({"a": 1, "b": {"c": 1}}), &json!({"b": {"c": 2}})),
            json!({"a": null, "b": {"c": 2}})
        );
    }
}

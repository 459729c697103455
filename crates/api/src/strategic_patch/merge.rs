//! A patch put into an object, or into another patch.

use serde_json::Value;

use super::lists::{self, Sort, element_sort, go_value, key_value, list_of, sort_of};
use super::{
    At, BAD_DELETION_LIST, BAD_ELEMENT_ORDER, BAD_RETAIN_KEYS, DELETE_FROM_LIST, DIRECTIVE, ELEMENT_ORDER,
    Map, PatchError, RETAIN_KEYS, Schema, Source, Strategy,
};
use crate::schema::KindInfo;

/// What is done with directives and nulls.
#[derive(Clone, Copy)]
struct Options {
    /// The target is an object, in which directives are carried out; otherwise another patch, which keeps them.
    into_object: bool,
}

/// Puts a patch into an object of a kind. The patch is used up on the way, as in the API server, whose
/// messages show what is left of it.
///
/// # Errors
/// [`PatchError`], with the API server's words.
///
/// Kubernetes: StrategicMergeMapPatch.
pub fn merge(kind: &KindInfo, target: &mut Value, patch: &mut Value) -> Result<(), PatchError> {
    let schema = Schema { at: At::Struct(kind.root), source: Source::GoTypes };
    if let (Value::Object(target), Value::Object(patch)) = (target, patch) {
        merge_maps(target, patch, schema, Options { into_object: true })?;
    }
    Ok(())
}

/// Puts one patch into another.
pub(super) fn merge_patches(target: &mut Map, patch: &mut Map, schema: Schema) -> Result<(), PatchError> {
    merge_maps(target, patch, schema, Options { into_object: false })
}

/// Kubernetes: mergeMap.
fn merge_maps(target: &mut Map, patch: &mut Map, schema: Schema, options: Options) -> Result<(), PatchError> {
    match patch.get(DIRECTIVE) {
        None => {}
        Some(directive) if directive == "replace" => {
            patch.remove(DIRECTIVE);
            target.clone_from(patch);
            return Ok(());
        }
        Some(directive) if directive == "delete" => {
            target.clear();
            return Ok(());
        }
        Some(directive) => return Err(bad_patch_type(directive, patch)),
    }
    retain_keys(target, patch, options)?;
    merge_ordered_lists(target, patch, schema, options)?;
    for (key, value) in patch.iter_mut() {
        merge_field(target, key, value, schema, options)?;
    }
    Ok(())
}

fn bad_patch_type(directive: &Value, map: &Map) -> PatchError {
    format!("unknown patch type: {} in map: {}", go_value(directive), go_value(&Value::Object(map.clone())))
        .into()
}

fn merge_field(
    target: &mut Map,
    key: &str,
    value: &mut Value,
    schema: Schema,
    options: Options,
) -> Result<(), PatchError> {
    let mut name = key;
    let is_deletion = key.starts_with(DELETE_FROM_LIST);
    if is_deletion {
        if !options.into_object {
            target.insert(key.to_owned(), value.clone());
            return Ok(());
        }
        let rest = key.strip_prefix(DELETE_FROM_LIST).and_then(|rest| rest.strip_prefix('/'));
        name = rest.ok_or(BAD_DELETION_LIST)?;
    }
    if value.is_null() {
        target.remove(name);
        if options.into_object {
            return Ok(());
        }
    }
    let same_sort = target.get(name).map(|old| sort_of(old) == sort_of(value));
    let plain = !matches!(value, Value::Object(_) | Value::Array(_));
    if same_sort != Some(true) || plain {
        if same_sort != Some(true) && is_deletion {
            return Ok(());
        }
        if options.into_object {
            discard_nulls(value);
        }
        // A map of a patch that is only a directive is not kept.
        if remove_directives(value) {
            target.insert(name.to_owned(), value.clone());
        } else {
            target.remove(name);
        }
        return Ok(());
    }
    match (target.get_mut(name), value) {
        (Some(Value::Object(old)), Value::Object(new)) => {
            let (inner, strategy) = schema.map(name)?;
            if strategy.replace {
                old.clone_from(new);
            } else {
                merge_maps(old, new, inner, options)?;
            }
        }
        (Some(Value::Array(old)), Value::Array(new)) => {
            let (inner, strategy) = schema.list(name)?;
            *old = merge_list_field(std::mem::take(old), new, inner, strategy, is_deletion, options)?;
        }
        _ => {}
    }
    Ok(())
}

/// Kubernetes: discardNullValuesFromPatch.
fn discard_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(discard_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(discard_nulls),
        _ => {}
    }
}

/// Whether anything is left to keep.
///
/// Kubernetes: removeDirectives.
fn remove_directives(value: &mut Value) -> bool {
    match value {
        Value::Object(map) => {
            if map.contains_key(DIRECTIVE) {
                return false;
            }
            map.retain(|_, value| remove_directives(value));
        }
        Value::Array(items) => items.retain_mut(remove_directives),
        _ => {}
    }
    true
}

/// Kubernetes: applyRetainKeysDirective.
fn retain_keys(target: &mut Map, patch: &mut Map, options: Options) -> Result<(), PatchError> {
    let Some(retained) = patch.remove(RETAIN_KEYS) else { return Ok(()) };
    if !options.into_object {
        match target.get(RETAIN_KEYS) {
            Some(before) if *before != retained => {
                return Err(format!(
                    "{} and {} are not deep equal: this may happen when calculating the 3-way diff patch",
                    go_value(before),
                    go_value(&retained)
                )
                .into());
            }
            Some(_) => {}
            None => {
                target.insert(RETAIN_KEYS.to_owned(), retained);
            }
        }
        return Ok(());
    }
    let Value::Array(retained) = retained else { return Err(BAD_RETAIN_KEYS) };
    let is_retained = |key: &str| retained.iter().any(|kept| kept == key);
    let is_directive = |key: &str| key.starts_with(DELETE_FROM_LIST) || key.starts_with(ELEMENT_ORDER);
    if patch.iter().any(|(key, value)| !value.is_null() && !is_directive(key) && !is_retained(key)) {
        return Err(BAD_RETAIN_KEYS);
    }
    target.retain(|key, _| is_retained(key));
    Ok(())
}

/// Kubernetes: mergePatchIntoOriginal.
fn merge_ordered_lists(
    target: &mut Map,
    patch: &mut Map,
    schema: Schema,
    options: Options,
) -> Result<(), PatchError> {
    let keys: Vec<String> = patch.keys().filter(|key| key.starts_with(ELEMENT_ORDER)).cloned().collect();
    for key in keys {
        let Some(order) = patch.remove(&key) else { continue };
        if !options.into_object {
            match target.get(&key) {
                Some(before) if *before != order => return Err(BAD_ELEMENT_ORDER),
                Some(_) => {}
                None => {
                    target.insert(key.clone(), order.clone());
                }
            }
        }
        let order = list_of(&order)?;
        let name = key.strip_prefix(ELEMENT_ORDER).and_then(|rest| rest.strip_prefix('/'));
        let name = name.ok_or(BAD_ELEMENT_ORDER)?;
        let old = target.get(name).map(list_of).transpose()?;
        let new = patch.get(name).map(list_of).transpose()?;
        let (inner, strategy) = schema.list(name)?;
        check_order(new.map_or(&[], Vec::as_slice), order, strategy.key)?;
        let (old, new) = (old.cloned(), new.cloned());
        let server_order = old.clone().unwrap_or_default();
        let sort = element_sort(&[&server_order, new.as_deref().unwrap_or_default()]);
        let merged = match (old, new) {
            (None, None) => continue,
            (Some(old), None) => old,
            (None, Some(new)) => {
                let mut new = Value::Array(new);
                remove_directives(&mut new);
                list_of(&new)?.clone()
            }
            (Some(old), Some(mut new)) => merge_list_field(old, &mut new, inner, strategy, false, options)?,
        };
        let (of_patch, of_server) = lists::partition(merged, order, strategy.key)?;
        let both = lists::normalize_both(of_patch, of_server, order, &server_order, strategy.key, sort?)?;
        target.insert(name.to_owned(), Value::Array(both));
        patch.remove(name);
    }
    Ok(())
}

/// The elements of a patch must stand in the order that it gives.
///
/// Kubernetes: validatePatchWithSetOrderList.
fn check_order(patch: &[Value], order: &[Value], key: &str) -> Result<(), PatchError> {
    if patch.is_empty() || order.is_empty() {
        return Ok(());
    }
    let mut wanted = order.iter();
    for item in patch {
        if !key.is_empty() {
            lists::map_of(item)?;
        }
        if item.get(DIRECTIVE).is_some() {
            continue;
        }
        loop {
            let Some(next) = wanted.next() else {
                let text = |list: &[Value]| go_value(&Value::Array(list.to_vec()));
                return Err(format!(
                    "The order in patch list:\n{}\n doesn't match {ELEMENT_ORDER} list:\n{}\n",
                    text(patch),
                    text(order)
                )
                .into());
            };
            let same =
                if key.is_empty() { item == next } else { key_value(item, key)? == key_value(next, key)? };
            if same {
                break;
            }
        }
    }
    Ok(())
}

fn merge_list_field(
    old: Vec<Value>,
    new: &mut [Value],
    schema: Schema,
    strategy: Strategy,
    is_deletion: bool,
    options: Options,
) -> Result<Vec<Value>, PatchError> {
    if !strategy.merge && !is_deletion {
        return Ok(new.to_vec());
    }
    merge_lists(old, new, schema, strategy.key, is_deletion, options)
}

/// Kubernetes: mergeSlice.
fn merge_lists(
    mut old: Vec<Value>,
    new: &mut [Value],
    schema: Schema,
    key: &str,
    is_deletion: bool,
    options: Options,
) -> Result<Vec<Value>, PatchError> {
    if old.is_empty() && new.is_empty() {
        return Ok(old);
    }
    let sort = element_sort(&[&old, new])?;
    let mut merged;
    let plain: Vec<Value>;
    if sort != Sort::Map {
        if options.into_object && is_deletion {
            old.retain(|item| !new.contains(item));
            return Ok(old);
        }
        merged = old.clone();
        merged.extend_from_slice(new);
        lists::deduplicate(&mut merged);
        plain = new.to_vec();
    } else {
        if key.is_empty() {
            return Err(format!("cannot merge lists without merge key for {}", schema.name()).into());
        }
        if carry_out_directives(&mut old, new, key)? {
            old.clear();
            let kept = new.iter().filter(|item| item.get(DIRECTIVE).is_none()).cloned().collect();
            (merged, plain) = (kept, Vec::new());
        } else {
            merged = old.clone();
            for item in new.iter_mut().filter(|item| item.get(DIRECTIVE).is_none()) {
                let at = lists::find(&merged, key, key_value(item, key)?)?;
                match (at.and_then(|at| merged.get_mut(at)), item) {
                    (Some(Value::Object(old)), Value::Object(new)) => merge_maps(old, new, schema, options)?,
                    (_, item) => merged.push(item.clone()),
                }
            }
            plain = new.iter().filter(|item| item.get(DIRECTIVE).is_none()).cloned().collect();
        }
    }
    let (of_patch, of_server) = lists::partition(merged.clone(), &plain, key)?;
    let server_order = if old.is_empty() { merged } else { old };
    lists::normalize_both(of_patch, of_server, &plain, &server_order, key, sort)
}

/// Deletes what the patch says; whether it replaces the list.
///
/// Kubernetes: mergeSliceWithSpecialElements.
fn carry_out_directives(old: &mut Vec<Value>, new: &[Value], key: &str) -> Result<bool, PatchError> {
    let mut replaces = false;
    for item in new {
        match item.get(DIRECTIVE) {
            None => {}
            Some(directive) if directive == "delete" => {
                let gone = key_value(item, key)?;
                while let Some(at) = lists::find(old, key, gone)? {
                    old.remove(at);
                }
            }
            Some(directive) if directive == "replace" => replaces = true,
            Some(directive) if directive == "merge" => {
                return Err("merging lists cannot yet be specified in the patch".to_owned().into());
            }
            Some(directive) => return Err(bad_patch_type(directive, lists::map_of(item)?)),
        }
    }
    Ok(replaces)
}

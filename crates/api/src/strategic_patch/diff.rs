//! The patch that brings one object to another.

use serde_json::{Value, json};

use super::lists::{self, Sort, element_sort, go_value, key_value, map_of, sort_of};
use super::merge::merge_patches;
use super::{
    At, DELETE_FROM_LIST, DIRECTIVE, ELEMENT_ORDER, Map, NO_LISTS_OF_LISTS, PatchError, RETAIN_KEYS, Schema,
    Source,
};
use crate::schema::KindInfo;

/// Which differences count, and how they are written.
#[derive(Clone, Copy)]
struct Options {
    changes: bool,
    deletions: bool,
    retain_keys: bool,
}

fn root(kind: &KindInfo) -> Schema {
    Schema { at: At::Struct(kind.root), source: Source::OpenApi }
}

/// The patch that brings `current` to `modified`, without what others have added to it, and with what
/// `original` had and `modified` no longer has taken away.
///
/// # Errors
/// kubectl's words for what cannot be compared.
///
/// Kubernetes: CreateThreeWayMergePatch.
pub fn three_way(
    kind: &KindInfo,
    original: Option<&Value>,
    modified: &Value,
    current: &Value,
) -> Result<Value, PatchError> {
    let empty = Map::new();
    let original = original.and_then(Value::as_object).unwrap_or(&empty);
    let (modified, current) = (map_of(modified)?, map_of(current)?);
    let schema = root(kind);
    let changes = Options { changes: true, deletions: false, retain_keys: false };
    let mut delta = maps(current, modified, schema, changes)?;
    let deletions = Options { changes: false, deletions: true, retain_keys: false };
    let mut patch = maps(original, modified, schema, deletions)?;
    merge_patches(&mut patch, &mut delta, schema)?;
    Ok(Value::Object(patch))
}

/// The patch that brings one object to another.
///
/// # Errors
/// As [`three_way`].
///
/// Kubernetes: CreateTwoWayMergePatch.
pub fn two_way(kind: &KindInfo, from: &Value, to: &Value) -> Result<Value, PatchError> {
    let options = Options { changes: true, deletions: true, retain_keys: false };
    maps(map_of(from)?, map_of(to)?, root(kind), options).map(Value::Object)
}

/// Kubernetes: diffMaps.
fn maps(original: &Map, modified: &Map, schema: Schema, options: Options) -> Result<Map, PatchError> {
    let mut patch = Map::new();
    let mut retained: Vec<Value> = Vec::new();
    for (key, after) in modified {
        if options.retain_keys && !after.is_null() {
            retained.push(Value::from(key.as_str()));
        }
        let Some(before) = original.get(key) else {
            if options.changes {
                patch.insert(key.clone(), after.clone());
            }
            continue;
        };
        if key == DIRECTIVE {
            if !before.is_string() || !after.is_string() {
                return Err(format!("invalid value for special key: {DIRECTIVE}").into());
            }
            if before != after {
                patch.insert(key.clone(), after.clone());
            }
            continue;
        }
        match (before, after) {
            (Value::Object(before), Value::Object(after)) => {
                map_field(key, before, after, &mut patch, schema, options)?;
            }
            (Value::Array(before), Value::Array(after)) => {
                list_field(key, before, after, &mut patch, schema, options)?;
            }
            _ if options.changes && (sort_of(before) != sort_of(after) || before != after) => {
                patch.insert(key.clone(), after.clone());
            }
            _ => {}
        }
    }
    if options.deletions {
        for key in original.keys().filter(|key| !modified.contains_key(*key)) {
            patch.insert(key.clone(), Value::Null);
        }
    }
    let cleared = || original.iter().any(|(key, value)| !value.is_null() && !modified.contains_key(key));
    if !retained.is_empty() && (!patch.is_empty() || cleared()) {
        lists::sort_by_text(&mut retained, go_value);
        patch.insert(RETAIN_KEYS.to_owned(), Value::Array(retained));
    }
    Ok(patch)
}

fn map_field(
    key: &str,
    before: &Map,
    after: &Map,
    patch: &mut Map,
    schema: Schema,
    options: Options,
) -> Result<(), PatchError> {
    let (inner, strategy) = match schema.map(key) {
        Ok(found) => found,
        Err(_) if before == after => return Ok(()),
        Err(error) => return Err(error),
    };
    if strategy.replace {
        if options.changes {
            patch.insert(key.to_owned(), Value::Object(after.clone()));
        }
        return Ok(());
    }
    let options = Options { retain_keys: strategy.retain_keys, ..options };
    let changed = maps(before, after, inner, options)?;
    if !changed.is_empty() {
        patch.insert(key.to_owned(), Value::Object(changed));
    }
    Ok(())
}

fn list_field(
    key: &str,
    before: &[Value],
    after: &[Value],
    patch: &mut Map,
    schema: Schema,
    options: Options,
) -> Result<(), PatchError> {
    let (inner, strategy) = match schema.list(key) {
        Ok(found) => found,
        Err(_) if before == after => return Ok(()),
        Err(error) => return Err(error),
    };
    if !strategy.merge {
        if options.changes && before != after {
            patch.insert(key.to_owned(), Value::Array(after.to_vec()));
        }
        return Ok(());
    }
    let options = Options { retain_keys: strategy.retain_keys, ..options };
    let Lists { added, deleted, order } = merged_lists(before, after, inner, strategy.key, options)?;
    for (name, list) in [
        (key.to_owned(), added),
        (format!("{DELETE_FROM_LIST}/{key}"), deleted),
        (format!("{ELEMENT_ORDER}/{key}"), order),
    ] {
        if !list.is_empty() {
            patch.insert(name, Value::Array(list));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Lists {
    added: Vec<Value>,
    deleted: Vec<Value>,
    order: Vec<Value>,
}

/// Kubernetes: diffLists.
fn merged_lists(
    before: &[Value],
    after: &[Value],
    schema: Schema,
    key: &str,
    options: Options,
) -> Result<Lists, PatchError> {
    if before.is_empty() {
        let added = if options.changes { after.to_vec() } else { Vec::new() };
        return Ok(Lists { added, ..Lists::default() });
    }
    match element_sort(&[before, after])? {
        Sort::List => Err(NO_LISTS_OF_LISTS.to_owned().into()),
        Sort::Map => {
            let (added, deletions) = list_of_maps(before, after, schema, key, options)?;
            let mut added = lists::normalize(added, after, key, Sort::Map)?;
            let same_order = is_order_same(before, after, key)?;
            added.extend(deletions);
            let ordered = (options.changes && (!added.is_empty() || !same_order))
                || (options.deletions && !added.is_empty());
            let mut order = Vec::new();
            if ordered {
                for item in after {
                    order.push(json!({key: item.get(key)}));
                }
            }
            Ok(Lists { added, order, ..Lists::default() })
        }
        sort => {
            let (old, new) = (sorted(before), sorted(after));
            // Upstream sorts the old list in its place before it compares the two.
            let same = old.iter().map(|(_, item)| item).eq(after);
            let (added, deleted) = list_of_scalars(old, new, options);
            let added = lists::normalize(added, after, key, sort)?;
            let ordered = (options.deletions && !deleted.is_empty()) || (options.changes && !same);
            let order = if ordered { after.to_vec() } else { Vec::new() };
            Ok(Lists { added, deleted, order })
        }
    }
}

fn is_order_same(before: &[Value], after: &[Value], key: &str) -> Result<bool, PatchError> {
    if before.len() != after.len() {
        return Ok(false);
    }
    for (old, new) in before.iter().zip(after) {
        let same = if key.is_empty() { old == new } else { key_value(old, key)? == key_value(new, key)? };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Values with their texts, sorted by these.
type Sorted = Vec<(String, Value)>;

fn sorted(list: &[Value]) -> Sorted {
    let mut list: Sorted = list.iter().map(|item| (go_value(item), item.clone())).collect();
    lists::sort_by_text(&mut list, |(text, _)| text.clone());
    list
}

/// Kubernetes: diffListsOfScalars.
fn list_of_scalars(old: Sorted, new: Sorted, options: Options) -> (Vec<Value>, Vec<Value>) {
    let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
    let (mut added, mut deleted) = (Vec::new(), Vec::new());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => break,
            (Some((a, _)), Some((b, _))) => a.cmp(b),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
        };
        let gone = if order.is_le() { old.next() } else { None };
        let come = if order.is_ge() { new.next() } else { None };
        match (gone, come) {
            (Some((_, gone)), None) if options.deletions => deleted.push(gone),
            (None, Some((_, come))) if options.changes => added.push(come),
            _ => {}
        }
    }
    lists::deduplicate(&mut deleted);
    (added, deleted)
}

/// Kubernetes: diffListsOfMaps.
fn list_of_maps(
    before: &[Value],
    after: &[Value],
    schema: Schema,
    key: &str,
    options: Options,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let keyed = |list: &[Value]| -> Sorted {
        let text = |item: &Value| go_value(item.get(key).unwrap_or(&Value::Null));
        let mut list: Sorted = list.iter().map(|item| (text(item), item.clone())).collect();
        lists::sort_by_text(&mut list, |(text, _)| text.clone());
        list
    };
    let (old, new) = (keyed(before), keyed(after));
    let (mut at_old, mut at_new) = (0, 0);
    let (mut patch, mut deletions) = (Vec::new(), Vec::new());
    loop {
        let (left, right) = (old.get(at_old), new.get(at_new));
        let left_key = left.map(|(_, item)| key_value(item, key)).transpose()?;
        let right_key = right.map(|(_, item)| key_value(item, key)).transpose()?;
        let order = match (left, right) {
            (None, None) => return Ok((patch, deletions)),
            (Some((a, _)), Some((b, _))) => a.cmp(b),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
        };
        match (order, left, right) {
            (std::cmp::Ordering::Equal, Some((_, left)), Some((_, right))) => {
                let mut changed = maps(map_of(left)?, map_of(right)?, schema, options)?;
                if let (false, Some(value)) = (changed.is_empty(), right_key) {
                    changed.insert(key.to_owned(), value.clone());
                    patch.push(Value::Object(changed));
                }
            }
            (std::cmp::Ordering::Greater, _, Some((_, right))) if options.changes => {
                patch.push(right.clone())
            }
            (std::cmp::Ordering::Less, ..) if options.deletions => {
                deletions.push(json!({key: left_key, DIRECTIVE: "delete"}));
            }
            _ => {}
        }
        at_old += usize::from(order.is_le());
        at_new += usize::from(order.is_ge());
    }
}

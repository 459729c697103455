//! Lists of JSON values, compared and put in order as Go does it.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Map, NO_LISTS_OF_LISTS, PatchError};
use sim::order::SortShared;

/// The Go type behind a JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Nil,
    Bool,
    Int,
    Float,
    Text,
    List,
    Map,
}

pub(super) fn sort_of(value: &Value) -> Sort {
    match value {
        Value::Null => Sort::Nil,
        Value::Bool(_) => Sort::Bool,
        Value::Number(n) if n.is_f64() => Sort::Float,
        Value::Number(_) => Sort::Int,
        Value::String(_) => Sort::Text,
        Value::Array(_) => Sort::List,
        Value::Object(_) => Sort::Map,
    }
}

/// A value as Go's `%v` prints it: `map[a:1 b:[x y]]`.
pub fn go_value(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(n) => n.as_f64().filter(|_| n.is_f64()).map_or_else(|| n.to_string(), go_float),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(go_value).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => go_map(map),
    }
}

/// A float as Go's `%v` prints it.
fn go_float(f: f64) -> String {
    let text = format!("{f:e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.abs())
        }
        _ => f.to_string(),
    }
}

fn go_map(map: &Map) -> String {
    let pairs: Vec<String> = map.iter().map(|(key, value)| format!("{key}:{}", go_value(value))).collect();
    format!("map[{}]", pairs.join(" "))
}

/// The one sort of the elements of all lists.
pub(super) fn element_sort(lists: &[&[Value]]) -> Result<Sort, PatchError> {
    let mut found = None;
    for item in lists.iter().copied().flatten() {
        let sort = sort_of(item);
        match found {
            None if sort == Sort::List => return Err(NO_LISTS_OF_LISTS.to_owned().into()),
            None => found = Some(sort),
            Some(before) if before != sort => {
                let lists: Vec<Value> = lists.iter().map(|list| Value::Array(list.to_vec())).collect();
                return Err(format!(
                    "list element types are not identical: {}",
                    go_value(&Value::Array(lists))
                )
                .into());
            }
            Some(_) => {}
        }
    }
    found.ok_or_else(|| "no elements in any of the given slices".to_owned().into())
}

fn go_type(value: &Value) -> &'static str {
    match sort_of(value) {
        Sort::Nil => "%!s(<nil>)",
        Sort::Bool => "bool",
        Sort::Int => "int64",
        Sort::Float => "float64",
        Sort::Text => "string",
        Sort::List => "[]interface {}",
        Sort::Map => "map[string]interface {}",
    }
}

pub(super) fn map_of(value: &Value) -> Result<&Map, PatchError> {
    let expected = "expected a map[string]interface {}, but received a ";
    value.as_object().ok_or_else(|| format!("{expected}{}", go_type(value)).into())
}

pub(super) fn list_of(value: &Value) -> Result<&Vec<Value>, PatchError> {
    value
        .as_array()
        .ok_or_else(|| format!("expected a []interface {{}}, but received a {}", go_type(value)).into())
}

/// The value by which an element is told apart.
pub(super) fn key_value<'v>(item: &'v Value, key: &str) -> Result<&'v Value, PatchError> {
    let map = map_of(item)?;
    map.get(key)
        .ok_or_else(|| format!("map: {} does not contain declared merge key: {key}", go_map(map)).into())
}

/// What an element is compared by: itself, or the value of its merge key.
fn identity<'v>(item: &'v Value, key: &str, sort: Sort) -> Option<&'v Value> {
    if sort == Sort::Map { item.get(key) } else { Some(item) }
}

/// The place of an element in a list.
fn index(list: &[Value], item: &Value, key: &str, sort: Sort) -> Option<usize> {
    let wanted = identity(item, key, sort);
    list.iter().position(|other| identity(other, key, sort) == wanted)
}

pub(super) fn is_deletion(item: &Value) -> bool {
    item.get(super::DIRECTIVE).is_some_and(|directive| directive == "delete")
}

/// Puts a list in the order of another; deletions go behind.
///
/// Kubernetes: normalizeSliceOrder.
pub(super) fn normalize(
    list: Vec<Value>,
    order: &[Value],
    key: &str,
    sort: Sort,
) -> Result<Vec<Value>, PatchError> {
    let (mut kept, mut deletions) = (list, Vec::new());
    if sort == Sort::Map {
        for item in kept.iter().chain(order) {
            key_value(item, key)?;
        }
        (deletions, kept) = kept.into_iter().partition(is_deletion);
    }
    let mut ranked: Vec<(Option<usize>, Value)> =
        kept.into_iter().map(|item| (index(order, &item, key, sort), item)).collect();
    let less = |a: Option<usize>, b: Option<usize>| match (a, b) {
        (Some(a), Some(b)) => a < b,
        _ => true,
    };
    if ranked.iter().all(|(rank, _)| rank.is_some()) {
        ranked.sort_shared_by_key(|(rank, _)| *rank);
    } else {
        // Go's stable sort of a few elements, with an order that contradicts itself.
        for end in 1..ranked.len() {
            let mut at = end;
            while at > 0 && less(ranked[at].0, ranked[at - 1].0) {
                ranked.swap(at, at - 1);
                at -= 1;
            }
        }
    }
    Ok(ranked.into_iter().map(|(_, item)| item).chain(deletions).collect())
}

/// The elements of a patch and those that only the server has, in one order.
///
/// Kubernetes: normalizeElementOrder, mergeSortedSlice.
pub(super) fn normalize_both(
    patch: Vec<Value>,
    server_only: Vec<Value>,
    patch_order: &[Value],
    server_order: &[Value],
    key: &str,
    sort: Sort,
) -> Result<Vec<Value>, PatchError> {
    let patch = normalize(patch, patch_order, key, sort)?;
    let server_only = normalize(server_only, server_order, key, sort)?;
    let place = |item: &Value| index(server_order, item, key, sort);
    let (mut left, mut right) = (server_only.into_iter().peekable(), patch.into_iter().peekable());
    let mut all = Vec::new();
    while let (Some(l), Some(r)) = (left.peek(), right.peek()) {
        let first = matches!((place(l), place(r)), (Some(l), Some(r)) if l < r);
        all.extend(if first { left.next() } else { right.next() });
    }
    all.extend(left.chain(right));
    Ok(all)
}

/// The elements of a list that another has, and those that it has not.
pub(super) fn partition(
    list: Vec<Value>,
    by: &[Value],
    key: &str,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let (mut present, mut absent) = (Vec::new(), Vec::new());
    for item in list {
        let found = if key.is_empty() {
            by.contains(&item)
        } else {
            find(by, key, key_value(&item, key)?)?.is_some()
        };
        if found { present.push(item) } else { absent.push(item) }
    }
    Ok((present, absent))
}

/// The element with this value of the key.
pub(super) fn find(list: &[Value], key: &str, value: &Value) -> Result<Option<usize>, PatchError> {
    for (at, item) in list.iter().enumerate() {
        let Some(map) = item.as_object() else {
            return Err(format!("value for key {at} is not a map").into());
        };
        if map.get(key) == Some(value) {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// Go's sort.Sort by the text of each element, of which equal ones change places in short lists.
pub(super) fn sort_by_text<T>(list: &mut [T], text: impl Fn(&T) -> String) {
    const INSERTION_SORT_UP_TO: usize = 12;
    if list.len() > INSERTION_SORT_UP_TO {
        list.sort_shared_by_key(text);
        return;
    }
    for end in 1..list.len() {
        let mut at = end;
        while at > 0 && text(&list[at]).cmp(&text(&list[at - 1])) != Ordering::Greater {
            list.swap(at, at - 1);
            at -= 1;
        }
    }
}

/// Kubernetes: deduplicateScalars, which fills a gap with the last element.
pub(super) fn deduplicate(list: &mut Vec<Value>) {
    let mut at = 0;
    while at < list.len() {
        let mut other = at + 1;
        while other < list.len() {
            if list[at] == list[other] {
                list.swap_remove(other);
            } else {
                other += 1;
            }
        }
        at += 1;
    }
}

//! What jq's functions do with arrays and objects.

use std::rc::Rc;

use super::super::json::Json;
use super::super::path;
use super::super::run::{Ran, failed};
use super::operator::binary;
use super::{described, number};

/// Where one list begins in another.
pub(crate) fn indices(items: &[Json], wanted: &[Json]) -> Json {
    if wanted.is_empty() {
        return Json::Null;
    }
    let fits = |at: &usize| {
        items
            .get(*at..at + wanted.len())
            .is_some_and(|part| part.iter().zip(wanted).all(|(a, b)| a.equals(b)))
    };
    let last = (items.len() + 1).saturating_sub(wanted.len());
    Json::array((0..last).filter(fits).map(|at| Json::Number(at as f64)).collect())
}

pub(super) fn entries(value: &Json) -> Ran<Json> {
    let Json::Object(fields) = value else {
        return failed(format!("{} has no keys", described(value)));
    };
    let entry = |(name, value): &(Rc<str>, Json)| {
        Json::object(vec![("key".into(), Json::Text(name.clone())), ("value".into(), value.clone())])
    };
    Ok(Json::array(fields.iter().map(entry).collect()))
}

pub(super) fn from_entries(value: &Json) -> Ran<Json> {
    let mut fields = Vec::new();
    for entry in path::items(value)? {
        let find = |names: &[&str]| names.iter().find_map(|name| entry.field(name).cloned());
        let name = match find(&["key", "k", "name", "Name", "Key", "K"]) {
            Some(Json::Text(name)) => name,
            Some(Json::Null) | None => "null".into(),
            Some(other @ (Json::Number(_) | Json::Bool(_))) => other.compact().into(),
            Some(other) => return failed(format!("Cannot use {} as object key", described(&other))),
        };
        fields.push((name, find(&["value", "v", "Value", "V"]).unwrap_or(Json::Null)));
    }
    Ok(Json::object(fields))
}

pub(super) fn flatten(items: &[Json], depth: f64, out: &mut Vec<Json>) {
    for item in items {
        match item {
            Json::Array(inner) if depth > 0.0 => flatten(inner, depth - 1.0, out),
            other => out.push(other.clone()),
        }
    }
}

pub(super) fn contains(value: &Json, part: &Json) -> Ran<bool> {
    match (value, part) {
        (Json::Text(value), Json::Text(part)) => Ok(value.contains(&**part)),
        (Json::Array(items), Json::Array(parts)) => {
            for part in parts.iter() {
                let mut found = false;
                for item in items.iter().filter(|item| item.kind() == part.kind()) {
                    found |= contains(item, part)?;
                }
                if !found {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Json::Object(_), Json::Object(parts)) => {
            for (name, part) in parts.iter() {
                match value.field(name) {
                    Some(inner) if inner.kind() == part.kind() && contains(inner, part)? => {}
                    _ => return Ok(false),
                }
            }
            Ok(true)
        }
        (value, part) if value.kind() == part.kind() => Ok(value.equals(part)),
        (value, part) => failed(format!(
            "{} and {} cannot have their containment checked",
            described(value),
            described(part)
        )),
    }
}

pub(super) fn sum(items: &[Json]) -> Ran<Json> {
    items.iter().try_fold(Json::Null, |sum, item| binary("+", &sum, item))
}

pub(super) fn has(value: &Json, key: &Json) -> Ran<bool> {
    match (value, key) {
        (Json::Object(_), Json::Text(name)) => Ok(value.field(name).is_some()),
        (Json::Array(items), Json::Number(at)) => Ok(*at >= 0.0 && (*at as usize) < items.len()),
        (value, key) => failed(format!("Cannot check whether {} has a {} key", value.kind(), key.kind())),
    }
}

pub(super) fn find_index(input: &Json, wanted: &Json) -> Ran<Vec<f64>> {
    match (input, wanted) {
        (Json::Null, _) => Ok(Vec::new()),
        (Json::Text(text), Json::Text(wanted)) => {
            let chars = |to: usize| text.get(..to).unwrap_or_default().chars().count() as f64;
            let starts = text.char_indices().filter(|(at, _)| {
                !wanted.is_empty() && text.get(*at..).is_some_and(|rest| rest.starts_with(&**wanted))
            });
            Ok(starts.map(|(at, _)| chars(at)).collect())
        }
        (Json::Array(items), Json::Array(wanted)) => match indices(items, wanted) {
            Json::Array(found) => found.iter().map(number).collect(),
            _ => Ok(Vec::new()),
        },
        (Json::Array(items), wanted) => {
            let found = items.iter().enumerate().filter(|(_, item)| item.equals(wanted));
            Ok(found.map(|(at, _)| at as f64).collect())
        }
        (input, wanted) => {
            failed(format!("Cannot determine indices of {} in {}", wanted.kind(), input.kind()))
        }
    }
}

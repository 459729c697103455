//! Reading and writing fields of an object in its JSON form.
//!
//! Strict decoding has already refused fields of the wrong type, so a reader here treats one that slipped
//! through as absent, the way Go's zero values would have it, and never panics.

use serde_json::{Map, Value};

/// Shared stand-in for "there is nothing here", so that readers can return references.
pub static NULL: Value = Value::Null;

/// The member of an object, or null.
pub fn get<'a>(value: &'a Value, key: &str) -> &'a Value {
    value.get(key).unwrap_or(&NULL)
}

/// The value at a path of member names, or null.
pub fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(value, |v, key| get(v, key))
}

/// A string member; absent reads as empty, like Go's zero value.
pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    get(value, key).as_str().unwrap_or("")
}

/// A list member; absent reads as empty.
pub fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    get(value, key).as_array().map_or(&[], Vec::as_slice)
}

/// A list of strings; what is no string is left out.
pub fn strings<'a>(value: &'a Value, key: &str) -> Vec<&'a str> {
    list(value, key).iter().filter_map(Value::as_str).collect()
}

/// A whole number member.
pub fn int(value: &Value, key: &str) -> Option<i64> {
    get(value, key).as_i64()
}

/// A boolean member; absent reads as false.
pub fn flag(value: &Value, key: &str) -> bool {
    get(value, key).as_bool().unwrap_or(false)
}

/// Whether a member is there and not null (a set pointer in Go).
pub fn has(value: &Value, key: &str) -> bool {
    !get(value, key).is_null()
}

/// The entries of a map member in key order.
pub fn entries<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = (&'a str, &'a Value)> + 'a {
    get(value, key).as_object().into_iter().flatten().map(|(k, v)| (k.as_str(), v))
}

/// Whether a map or list member has nothing in it, or is absent.
pub fn empty(value: &Value, key: &str) -> bool {
    match get(value, key) {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// The object itself, made one if it is not.
pub fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        // Just made an object above.
        _ => unreachable!("value was made an object"),
    }
}

/// The member, made an empty object if it is absent or null.
pub fn child<'a>(value: &'a mut Value, key: &str) -> &'a mut Value {
    let member = object(value).entry(key.to_owned()).or_insert(Value::Null);
    if member.is_null() {
        *member = Value::Object(Map::new());
    }
    member
}

/// The member, if it is there and not null.
pub fn child_if<'a>(value: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    value.get_mut(key).filter(|member| !member.is_null())
}

/// The elements of a list member, for changing them in place.
pub fn each<'a>(value: &'a mut Value, key: &str) -> impl Iterator<Item = &'a mut Value> + 'a {
    value.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten()
}

/// Sets a member that is absent, null, or an empty string (Go's zero value of a string).
pub fn set_default(value: &mut Value, key: &str, default: impl Into<Value>) {
    let unset = match value.get(key) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
    };
    if unset {
        object(value).insert(key.to_owned(), default.into());
    }
}

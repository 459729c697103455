//! Amounts whose thousandths no int64 holds, as they were written.
//!
//! A quantity keeps the number that it was read from, and `1000000000000000000` is another one than `1E`: in
//! thousandths the first goes round at 64 bits. What is printed and stored is `1E` for both.
//!
//! Kubernetes: apimachinery/pkg/api/resource/quantity.go, ParseQuantity, MilliValue.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::decode::mismatch::json_number;
use api::quantity;

/// A copy of a decoded object in which such amounts are written as in `body`; `None` if there are none.
pub fn with_amounts_as_written(object: &Value, body: &Value) -> Option<Value> {
    if !has_such_amount(body) {
        return None;
    }
    let mut copy = object.clone();
    put_back(&mut copy, body);
    Some(copy)
}

/// A text or number that may be an amount.
fn literal(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.trim().into()),
        Value::Number(number) => Some(json_number(number).into()),
        _ => None,
    }
}

fn has_such_amount(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.values().any(has_such_amount),
        Value::Array(list) => list.iter().any(has_such_amount),
        value => literal(value).is_some_and(|text| quantity::goes_round_otherwise(&text)),
    }
}

fn put_back(object: &mut Value, body: &Value) {
    match (object, body) {
        (Value::Object(map), Value::Object(written)) => {
            for (key, value) in map.iter_mut() {
                if let Some(written) = written.get(key) {
                    put_back(value, written);
                }
            }
            put_back_defaulted_requests(map, written);
        }
        (Value::Array(list), Value::Array(written)) => {
            list.iter_mut().zip(written).for_each(|(value, written)| put_back(value, written));
        }
        (Value::String(text), written) => {
            let written = literal(written).filter(|written| quantity::goes_round_otherwise(written));
            if let Some(written) = written
                && quantity::canonicalize(&written).is_ok_and(|canonical| canonical == *text)
            {
                *text = written.into_owned();
            }
        }
        _ => {}
    }
}

/// Requests that were not written are the limits.
fn put_back_defaulted_requests(resources: &mut Map<String, Value>, written: &Map<String, Value>) {
    let Some(Value::Object(limits)) = written.get("limits") else { return };
    let Some(Value::Object(requests)) = resources.get_mut("requests") else { return };
    let own = written.get("requests");
    for (name, limit) in limits.iter().filter(|(name, _)| own.and_then(|own| own.get(*name)).is_none()) {
        if let Some(request) = requests.get_mut(name) {
            put_back(request, limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::with_amounts_as_written;
    use serde_json::json;

    #[test]
    fn amounts_beyond_int64_are_put_back_as_they_were_written() {
        const WIDE: &str = "1000000000000000000";
        // A name is no amount, whatever it looks like.
        let object = |memory: &str| json!({"resources": {"limits": {"memory": memory}, "requests": {"memory": memory}}, "name": WIDE});
        for literal in [json!(1e18), json!(WIDE), json!(1_000_000_000_000_000_000_u64)] {
            let body = json!({"resources": {"limits": {"memory": literal}}, "name": WIDE});
            assert_eq!(with_amounts_as_written(&object("1E"), &body), Some(object(WIDE)));
        }
        assert_eq!(with_amounts_as_written(&object("1E"), &json!({"limits": {"memory": "1E"}})), None);
        let body = json!({"resources": {"limits": {"memory": 1e16}}});
        assert_eq!(with_amounts_as_written(&object("10P"), &body), Some(object("10000000000000000")));
    }
}

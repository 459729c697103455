//! Decoding that goes on behind a value of the wrong type, for a person who wants to know of everything.

use serde_json::Value;

use super::decode::{DecodeError, Decoded, decode};
use api::schema::KindInfo;

/// More mistakes of one object than a person reads at a time.
const MOST_MISTAKES: usize = 32;

/// Decodes an object although something in it has the wrong type: that is taken out, and told of, until the rest
/// can be decoded. The programs themselves name one such mistake and stop.
pub fn decode_all(object: &Value, info: &KindInfo) -> (Decoded, Vec<DecodeError>) {
    let mut decoded = decode(object, info);
    let (mut rest, mut mistakes) = (None, Vec::new());
    while let Some(error) = decoded.error.take() {
        let rest = rest.get_or_insert_with(|| object.clone());
        if mistakes.len() == MOST_MISTAKES || !take_out(rest, &error.path) {
            decoded.error = Some(error.clone());
            mistakes.push(error);
            break;
        }
        mistakes.push(error);
        decoded = decode(rest, info);
    }
    (decoded, mistakes)
}

/// Sets what is at a path to null; whether there was anything but null.
fn take_out(value: &mut Value, path: &str) -> bool {
    let mut here = Some(value);
    let mut rest = path;
    while !rest.is_empty() {
        let (key, after) = match rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            Some(found) => found,
            None => {
                let rest = rest.trim_start_matches('.');
                rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len()))
            }
        };
        if key.is_empty() {
            return false;
        }
        here = here.and_then(|value| match value {
            Value::Array(list) => key.parse::<usize>().ok().and_then(|at| list.get_mut(at)),
            Value::Object(map) => map.get_mut(key),
            _ => None,
        });
        rest = after;
    }
    here.is_some_and(|value| !std::mem::take(value).is_null())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_wrong_is_taken_out_one_after_the_other() {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "a", "labels": {"example.com/app": 5}},
            "spec": {"containers": [
                {"name": "c", "image": 7, "resources": {"limits": {"cpu": "lots", "memory": "1Gi"}}},
                {"name": "d", "stdin": "yes"},
            ]},
        });
        let info = api::schema::kind("v1", "Pod").expect("pods are known");
        let (decoded, mistakes) = decode_all(&pod, info);
        let paths: sim::SortedSet<&str> = mistakes.iter().map(|error| &*error.path).collect();
        assert_eq!(
            paths.into_iter().collect::<Vec<_>>(),
            [
                "metadata.labels[example.com/app]",
                "spec.containers[0].image",
                "spec.containers[0].resources.limits[cpu]",
                "spec.containers[1].stdin",
            ]
        );
        assert_eq!(decoded.error, None);
        assert_eq!(decoded.value["spec"]["containers"][0]["resources"]["limits"]["memory"], "1Gi");
        assert_eq!(decode_all(&decoded.value, info).1, []);
    }
}

//! Values in the form that Go prints: the fields of a struct in their order, under their Go names.
//!
//! The API server validates its internal types, whose names and order are seen in messages. `go_form.txt`
//! has a struct on each line: its name, then its fields:
//!
//! ```text
//! Name            a text; the API has it in lower case (`PodIP` is `podIP`, `DNSPolicy` is `dnsPolicy`)
//! CephFS=cephfs   the API has it under another name, or below another field (`labels=metadata/labels`)
//! Name:i          a number; `b` a truth value, `q` a quantity, `*` anything that may be null
//! Name:*Struct    a struct that may be null; `.Struct` one that may not
//! Name:[Struct    a list of structs; `[` of plain values; `{` a map
//! name:?*         the same, left out if it is not set
//! @Struct         the fields of another struct
//! ```
//!
//! Kubernetes: pkg/apis/core/types.go; apimachinery/pkg/apis/meta/v1/types.go.

use std::sync::OnceLock;

use serde_json::Value;
use sim::SortedMap;

use api::field::go_json;
use api::go_name::json_name;
use api::{json, quantity};

const TABLE: &str = include_str!("go_form.txt");

#[derive(Clone, Copy)]
struct Field {
    go: &'static str,
    /// The API's name where it does not follow from Go's.
    api: Option<&'static str>,
    optional: bool,
    sort: char,
    of: &'static str,
}

fn structs() -> &'static SortedMap<&'static str, Vec<Field>> {
    static STRUCTS: OnceLock<SortedMap<&'static str, Vec<Field>>> = OnceLock::new();
    STRUCTS.get_or_init(|| {
        let mut structs: SortedMap<&str, Vec<Field>> = SortedMap::new();
        for line in TABLE.lines() {
            let mut words = line.split(' ');
            let name = words.next().unwrap_or_default();
            let mut fields = Vec::new();
            for word in words {
                match word.strip_prefix('@') {
                    Some(other) => fields.extend(structs.get(other).into_iter().flatten().copied()),
                    None => fields.push(field(word)),
                }
            }
            structs.insert(name, fields);
        }
        structs
    })
}

fn field(word: &'static str) -> Field {
    let (name, form) = word.split_once(':').unwrap_or((word, "s"));
    let (go, api) = match name.split_once('=') {
        Some((go, api)) => (go, Some(api)),
        None => (name, None),
    };
    let plain = form.strip_prefix('?');
    let form = plain.unwrap_or(form);
    let sort = form.chars().next().unwrap_or('s');
    Field { go, api, optional: plain.is_some(), sort, of: form.get(1..).unwrap_or_default() }
}

impl Field {
    fn value<'v>(&self, holder: &'v Value) -> &'v Value {
        match self.api {
            Some(api) => api.split('/').fold(holder, json::get),
            None => json::get(holder, &json_name(self.go)),
        }
    }
}

/// A struct on one line, as a message shows it.
pub(super) fn compact(of: &str, value: &Value) -> String {
    let mut form = Form { out: String::new(), depth: None, unset: false };
    form.structure(of, value);
    form.out
}

/// A list of structs on one line.
pub(super) fn compact_list(of: &str, items: &[Value]) -> String {
    let items: Vec<String> = items.iter().map(|item| compact(of, item)).collect();
    format!("[{}]", items.join(","))
}

/// A struct on many lines. `unset`: empty lists and maps are not told from those that are not there.
pub(super) fn indented(of: &str, value: &Value, unset: bool) -> String {
    let mut form = Form { out: String::new(), depth: Some(0), unset };
    form.structure(of, value);
    form.out
}

struct Form {
    out: String,
    depth: Option<usize>,
    unset: bool,
}

impl Form {
    /// Writes the members between two brackets.
    fn members<T>(
        &mut self,
        brackets: [char; 2],
        members: impl Iterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.out.push(brackets[0]);
        self.depth = self.depth.map(|depth| depth + 1);
        let mut any = false;
        for member in members {
            if any {
                self.out.push(',');
            }
            any = true;
            self.line();
            write(self, member);
        }
        self.depth = self.depth.map(|depth| depth - 1);
        if any {
            self.line();
        }
        self.out.push(brackets[1]);
    }

    fn line(&mut self) {
        if let Some(depth) = self.depth {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n(' ', depth));
        }
    }

    fn key(&mut self, key: &str) {
        self.out.push_str(&go_json(&Value::from(key)));
        self.out.push_str(if self.depth.is_some() { ": " } else { ":" });
    }

    fn structure(&mut self, of: &str, value: &Value) {
        let fields = structs().get(of).map_or(&[][..], Vec::as_slice);
        let shown = fields.iter().map(|field| (field, field.value(value)));
        let shown = shown.filter(|(field, value)| !field.optional || is_set(value));
        self.members(['{', '}'], shown, |form, (field, value)| {
            form.key(field.go);
            form.field(field, value);
        });
    }

    fn field(&mut self, field: &Field, value: &Value) {
        match (field.sort, value) {
            ('.', _) => self.structure(field.of, value),
            ('s', Value::Null) => self.out.push_str("\"\""),
            ('i', Value::Null) => self.out.push('0'),
            ('b', Value::Null) => self.out.push_str("false"),
            ('q', Value::Null) => self.out.push_str("\"0\""),
            ('*', Value::Object(_)) if !field.of.is_empty() => self.structure(field.of, value),
            ('q', _) => self.quantity(value),
            ('*', _) if field.of == "q" && !value.is_null() => self.quantity(value),
            ('[' | '{', _) if self.unset && !is_set(value) => self.out.push_str("null"),
            ('[', Value::Array(items)) if !field.of.is_empty() => {
                self.members(['[', ']'], items.iter(), |form, item| form.structure(field.of, item));
            }
            _ => self.plain(value),
        }
    }

    fn quantity(&mut self, value: &Value) {
        let text = quantity::from_json(value).map_or_else(|| value.clone(), |q| q.to_string().into());
        self.out.push_str(&go_json(&text));
    }

    fn plain(&mut self, value: &Value) {
        match value {
            Value::Array(items) => self.members(['[', ']'], items.iter(), Self::plain),
            Value::Object(map) => self.members(['{', '}'], map.iter(), |form, (key, value)| {
                form.key(key);
                form.plain(value);
            }),
            other => self.out.push_str(&go_json(other)),
        }
    }
}

fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => true,
    }
}

/// A pod's spec with what Go keeps in its security context.
pub(super) fn internal_pod_spec(spec: &Value) -> Value {
    let mut spec = spec.clone();
    for key in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"] {
        if let Some(value) = json::object(&mut spec).remove(key) {
            json::object(json::child(&mut spec, "securityContext")).insert(key.to_owned(), value);
        }
    }
    spec
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_struct_that_is_named_is_there() {
        for field in structs().values().flatten() {
            let known = field.of.is_empty() || field.of == "q" || structs().contains_key(field.of);
            assert!(known, "{}: {}", field.go, field.of);
        }
    }

    #[test]
    fn structs_have_all_their_fields_in_order() {
        let profile = json!({"localhostProfile": "x", "type": "RuntimeDefault"});
        assert_eq!(
            compact("SeccompProfile", &profile),
            r#"{"Type":"RuntimeDefault","LocalhostProfile":"x"}"#
        );
        assert_eq!(
            compact("PodResourceClaim", &json!({})),
            r#"{"Name":"","ResourceClaimName":null,"ResourceClaimTemplateName":null}"#
        );
        assert_eq!(
            compact_list(
                "OwnerReference",
                &[json!({"uid": "1", "controller": true, "kind": "A", "apiVersion": "v1", "name": "x"})]
            ),
            r#"[{"apiVersion":"v1","kind":"A","name":"x","uid":"1","controller":true}]"#
        );
    }

    #[test]
    fn a_list_of_structs_is_indented_by_one() {
        let variable = json!({"env": [{"name": "A", "value": "<"}], "command": []});
        let text = indented("Container", &variable, false);
        assert!(text.contains("\n \"Command\": [],\n \"Args\": null,"), "{text}");
        assert!(text.contains("\n \"Env\": [\n  {\n   \"Name\": \"A\",\n   \"Value\": \"\\u003c\",\n   \"ValueFrom\": null\n  }\n ],"), "{text}");
        assert!(indented("Container", &variable, true).contains("\n \"Command\": null,"));
    }
}

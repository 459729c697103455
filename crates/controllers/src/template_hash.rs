//! The hash of a pod template, which names its ReplicaSet or revision and labels its pods.
//!
//! Upstream hashes the text that Go's spew makes of the struct: the names and types of all fields, set or not, in
//! their order. That text is written here from the template's JSON, with a table of the structs that a template
//! may hold. `go_types.txt` has a struct on each line: its name, then its fields:
//!
//! ```text
//! Name            a text; the API has it in lower case (`PodIP` is `podIP`, `DNSPolicy` is `dnsPolicy`)
//! CephFS=cephfs   the API has it under another name
//! Name:type       a field of this type: `*T`, `[]T`, `map[K]V`, a struct, or else a kind of text
//! +Struct         an embedded struct, whose fields the API has in the outer one
//! Name = type     another name for a type
//! ```
//!
//! Kubernetes: pkg/controller/controller_utils.go, ComputeHash; pkg/util/hash; k8s.io/utils/dump, ForHash.

use std::sync::OnceLock;

use api::field::go_json;
use api::go_name::json_name;
use api::json::{self, NULL};
use api::quantity;
use api::rand::safe_encode_string;
use serde_json::{Value, json};
use sim::SortedMap;
use sim::order::SortShared;

const TABLE: &str = include_str!("template_hash/go_types.txt");
/// The value of a time that is not set.
const NO_TIME: &str = "{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}";

/// The hash of a pod template in its API form, with its defaults. Rule: DS-055.
///
/// Kubernetes: ComputeHash.
pub fn compute_hash(template: &Value, collision_count: u32) -> String {
    let mut dump = Dump { hash: Fnv1a(OFFSET) };
    dump.value("PodTemplateSpec", template, true);
    if collision_count > 0 {
        dump.hash.write(&u64::from(collision_count).to_le_bytes());
    }
    safe_encode_string(&dump.hash.0.to_string())
}

/// The hash of what a StatefulSet's revision keeps, a patch that holds a template.
///
/// Kubernetes: pkg/controller/history/controller_history.go, HashControllerRevision.
pub(crate) fn hash_controller_revision(data: &Value, collision_count: i64) -> String {
    let mut data = data.clone();
    // Go always writes a container's resources, as a struct is never left out.
    let spec = json::child(json::child(json::child(&mut data, "spec"), "template"), "spec");
    for list in ["containers", "initContainers"] {
        json::each(spec, list).for_each(|container| json::set_default(container, "resources", json!({})));
    }
    let text = go_json(&data) + &collision_count.to_string();
    // FNV-1, which multiplies first.
    let hash = text.bytes().fold(OFFSET, |hash, byte| hash.wrapping_mul(PRIME) ^ u32::from(byte));
    safe_encode_string(&hash.to_string())
}

/// Of FNV over 32 bits.
const OFFSET: u32 = 0x811c_9dc5;
const PRIME: u32 = 0x0100_0193;

/// FNV-1a over 32 bits, as the text comes.
struct Fnv1a(u32);

impl Fnv1a {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(PRIME));
    }
}

/// A field of a struct: Go's name, the API's, and its type.
struct Field {
    go: &'static str,
    /// `None` for an embedded struct.
    api: Option<String>,
    of: &'static str,
}

enum Type {
    Struct(Vec<Field>),
    Other(&'static str),
}

fn types() -> &'static SortedMap<&'static str, Type> {
    static TYPES: OnceLock<SortedMap<&'static str, Type>> = OnceLock::new();
    TYPES.get_or_init(|| {
        let lines = TABLE.lines().filter_map(|line| line.split_once(' '));
        lines
            .map(|(name, rest)| match rest.strip_prefix("= ") {
                Some(other) => (name, Type::Other(other)),
                None => (name, Type::Struct(rest.split(' ').map(field).collect())),
            })
            .collect()
    })
}

fn field(word: &'static str) -> Field {
    if let Some(embedded) = word.strip_prefix('+') {
        return Field { go: embedded, api: None, of: embedded };
    }
    let (name, of) = word.split_once(':').unwrap_or((word, "string"));
    let (go, api) =
        name.split_once('=').map_or_else(|| (name, json_name(name)), |(go, api)| (go, api.to_owned()));
    Field { go, api: Some(api), of }
}

/// A type as Go names it.
fn go_type(of: &str) -> String {
    if let Some(to) = of.strip_prefix('*') {
        return format!("*{}", go_type(to));
    }
    if let Some(item) = of.strip_prefix("[]") {
        return format!("[]{}", go_type(item));
    }
    match of {
        "string" | "bool" | "int32" | "int64" | "map[string]string" => of.to_owned(),
        _ if of.contains('.') => of.to_owned(),
        _ => format!("v1.{of}"),
    }
}

/// Writes what spew's `%#v` makes of a value into a hash.
struct Dump {
    hash: Fnv1a,
}

impl Dump {
    fn text(&mut self, text: &str) {
        self.hash.write(text.as_bytes());
    }

    /// A value of the type `of`; `typed`: with the type's name before it.
    fn value(&mut self, of: &'static str, value: &Value, typed: bool) {
        if let Some(to) = of.strip_prefix('*') {
            self.text(&format!("(*{})", go_type(to)));
            match value {
                Value::Null => self.text("<nil>"),
                _ => self.value(to, value, false),
            }
            return;
        }
        if typed {
            self.text(&format!("({})", go_type(of)));
        }
        if let Some(item) = of.strip_prefix("[]") {
            let items = value.as_array().filter(|items| !items.is_empty());
            return self.members("[", items, |dump, value| dump.value(item, value, false));
        }
        if let Some((_, to)) = of.strip_prefix("map[").and_then(|rest| rest.split_once(']')) {
            let mut entries: Option<Vec<_>> =
                value.as_object().filter(|map| !map.is_empty()).map(|map| map.iter().collect());
            entries.iter_mut().for_each(|entries| entries.sort_shared_by(|a, b| a.0.cmp(b.0)));
            return self.members("map[", entries.as_ref(), |dump, (key, value)| {
                dump.text(key);
                dump.text(":");
                dump.value(to, value, false);
            });
        }
        self.plain(of, value);
    }

    /// A list or a map, which is nil where it is empty: protobuf cannot tell the two.
    fn members<T>(&mut self, opening: &str, members: Option<&Vec<T>>, mut write: impl FnMut(&mut Dump, &T)) {
        let Some(members) = members else { return self.text("<nil>") };
        self.text(opening);
        for (at, member) in members.iter().enumerate() {
            if at > 0 {
                self.text(" ");
            }
            write(self, member);
        }
        self.text("]");
    }

    fn plain(&mut self, of: &'static str, value: &Value) {
        match of {
            "bool" => self.text(if value.as_bool() == Some(true) { "true" } else { "false" }),
            "int32" | "int64" => self.text(&value.as_i64().unwrap_or(0).to_string()),
            "Time" => self.text(NO_TIME),
            "resource.Quantity" => {
                let text = match value {
                    Value::Null => "0".to_owned(),
                    Value::String(text) => text.clone(),
                    number => number.to_string(),
                };
                self.text(&quantity::dump(&text));
            }
            "intstr.IntOrString" => {
                let (is_text, number) = (u8::from(value.is_string()), value.as_i64().unwrap_or(0));
                let text = value.as_str().unwrap_or_default();
                self.text(&format!(
                    "{{Type:(intstr.Type){is_text} IntVal:(int32){number} StrVal:(string){text}}}"
                ));
            }
            _ => match types().get(of) {
                Some(Type::Struct(fields)) => self.structure(fields, value),
                Some(Type::Other(other)) => self.value(other, value, false),
                None => self.text(value.as_str().unwrap_or_default()),
            },
        }
    }

    fn structure(&mut self, fields: &[Field], holder: &Value) {
        self.text("{");
        for (at, field) in fields.iter().enumerate() {
            if at > 0 {
                self.text(" ");
            }
            self.text(field.go);
            self.text(":");
            let value = match &field.api {
                None => holder,
                Some(name) if holder.is_object() => json::get(holder, name),
                Some(_) => &NULL,
            };
            self.value(field.of, value, true);
        }
        self.text("}");
    }
}

#[cfg(test)]
mod tests {
    use sim::SortedSet;

    use api::schema::{structure, structure_by_name};

    use super::*;

    /// A template of one container, with the defaults that the API server fills in.
    fn template(labels: &Value, name: &str, image: &str) -> Value {
        json!({
            "metadata": {"labels": labels},
            "spec": {
                "containers": [{"name": name, "image": image, "imagePullPolicy": "IfNotPresent",
                    "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}],
                "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler",
                "securityContext": {}, "terminationGracePeriodSeconds": 30,
            },
        })
    }

    /// oracle/deploy-basics.txt and ds-create.txt have these names.
    #[test]
    fn ds_055_hashes_are_those_of_a_real_cluster() {
        let front = json!({"app": "front"});
        assert_eq!(compute_hash(&template(&front, "nginx", "nginx:1.27"), 0), "778c96554c");
        assert_eq!(compute_hash(&template(&front, "nginx", "nginx:1.28"), 0), "65c5fcdcd4");
        assert_eq!(compute_hash(&template(&json!({"app": "agent"}), "agent", "nginx:1.27"), 0), "797f6b76cb");
    }

    #[test]
    fn ds_055_a_hash_is_up_to_ten_of_ten_characters() {
        let mut seen = SortedSet::new();
        for number in 0..500 {
            let hash = compute_hash(&template(&json!({}), "c", &format!("a:{number}")), 0);
            assert!(hash.len() <= 10 && hash.chars().all(|c| "456789bcdf".contains(c)), "{hash}");
            seen.insert(hash);
        }
        assert_eq!(seen.len(), 500);
        let template = template(&json!({}), "c", "a:1");
        assert_ne!(compute_hash(&template, 0), compute_hash(&template, 1));
        assert_eq!(safe_encode_string("873244444"), "dc7688888");
    }

    /// The table has all fields of all structs, but for those that no template ever has.
    #[test]
    fn the_table_has_the_fields_of_the_api() {
        for (name, of) in types() {
            let (Type::Struct(fields), Some(id)) = (of, structure_by_name(name)) else { continue };
            let mut here = names(fields);
            let mut there: Vec<String> =
                structure(id).fields.iter().map(|field| field.name.to_owned()).collect();
            here.sort();
            there.sort();
            assert_eq!(here, there, "{name}");
        }
    }

    fn names(fields: &[Field]) -> Vec<String> {
        let of = |field: &Field| match (&field.api, types().get(field.of)) {
            (Some(name), _) => vec![name.clone()],
            (None, Some(Type::Struct(fields))) => names(fields),
            _ => panic!("{}", field.go),
        };
        fields.iter().flat_map(of).collect()
    }
}

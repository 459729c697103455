//! ObjectMeta, owner references and uids.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use serde_json::{Map, Value, json};

use sim::{SortedMap, Timestamp};

/// Any text of the API that many objects share: names, namespaces, label keys and values.
pub type Name = Rc<str>;

/// The one shared [`Name`] of a text that the program itself says: thousands of nodes say the same.
pub fn static_name(text: &'static str) -> Name {
    thread_local! {
        static NAMES: RefCell<SortedMap<&'static str, Name>> = const { RefCell::new(SortedMap::new()) };
    }
    NAMES.with_borrow_mut(|names| names.entry(text).or_insert_with(|| text.into()).clone())
}

/// Labels or annotations, in order of keys.
pub type StringMap = SortedMap<Name, Name>;

/// An object's identity. The API server draws it at create; a static pod's is the hash of its file (KL-016).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Uid {
    /// The upper 64 bits.
    pub high: u64,
    /// The lower 64 bits.
    pub low: u64,
}

impl Uid {
    /// A random (version 4) UUID made of 128 drawn bits.
    pub fn random(high: u64, low: u64) -> Uid {
        Uid { high: high & !0xf000 | 0x4000, low: low & !(0b11 << 62) | (0b10 << 62) }
    }

    /// Reads a UUID or 32 hex digits; any other text gets the FNV-1a hash of its bytes.
    pub fn from_text(text: &str) -> Uid {
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        match (digits.len(), u128::from_str_radix(&digits, 16)) {
            (32, Ok(bits)) => Uid::from_bits(bits),
            _ => Uid::from_bits(fnv1a_128(text.as_bytes())),
        }
    }

    /// A uid of these bits.
    pub fn from_bits(bits: u128) -> Uid {
        Uid { high: (bits >> 64) as u64, low: bits as u64 }
    }

    pub(crate) fn bits(self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }

    /// 32 hex digits without dashes, as the kubelet writes the uid of a static pod (KL-016).
    pub fn hex(self) -> String {
        format!("{:032x}", self.bits())
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (h, l) = (self.high, self.low);
        let (b, c) = (h >> 16 & 0xffff, h & 0xffff);
        write!(f, "{:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}", h >> 32, l >> 48, l & 0xffff_ffff_ffff)
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// FNV-1a over 128 bits.
pub fn fnv1a_128(bytes: &[u8]) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.iter().fold(OFFSET, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}

/// FNV-1a over 32 bits.
pub fn fnv1a_32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// A reference to the object that owns this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerReference {
    /// The owner's group and version: `apps/v1`.
    pub api_version: Name,
    /// The owner's kind.
    pub kind: Name,
    /// The owner's name.
    pub name: Name,
    /// The owner's uid.
    pub uid: Uid,
    /// Whether it is the owner that manages the object; there is one at most.
    pub controller: bool,
    /// Whether the owner waits for the object where it is deleted in the foreground.
    pub block_owner_deletion: bool,
}

/// deletionTimestamp and deletionGracePeriodSeconds: set together, once deletion has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// metadata.deletionTimestamp: when its grace period ends.
    pub at: Timestamp,
    /// metadata.deletionGracePeriodSeconds.
    pub grace_seconds: u32,
}

/// The part of the metadata that siblings made from one template share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommonMeta {
    /// Empty for objects that belong to no namespace.
    pub namespace: Name,
    /// metadata.generateName.
    pub generate_name: Name,
    /// metadata.labels.
    pub labels: StringMap,
    /// metadata.annotations.
    pub annotations: StringMap,
    /// metadata.ownerReferences.
    pub owners: Vec<OwnerReference>,
    /// metadata.finalizers.
    pub finalizers: Vec<Name>,
}

/// An object's metadata (API-001…005).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectMeta {
    /// metadata.name.
    pub name: Name,
    /// metadata.uid.
    pub uid: Uid,
    /// The storage revision of the last write; 0 for an object that was never stored.
    pub resource_version: u64,
    /// The storage's own number of this object, in order of creation; never used twice for one kind.
    pub serial: u32,
    /// metadata.creationTimestamp.
    pub created: Timestamp,
    /// metadata.generation: rises with each change of the spec.
    pub generation: u32,
    /// What a delete has set, while the object is terminating.
    pub deletion: Option<Box<Deletion>>,
    /// What siblings share.
    pub common: Rc<CommonMeta>,
}

impl ObjectMeta {
    /// Metadata of an object that was not stored yet.
    pub fn new(namespace: &str, name: &str) -> ObjectMeta {
        let common = Rc::new(CommonMeta { namespace: namespace.into(), ..CommonMeta::default() });
        ObjectMeta { name: name.into(), common, ..ObjectMeta::default() }
    }

    /// Of an object that has no name yet, with what it shares with its siblings.
    pub fn unnamed(common: Rc<CommonMeta>) -> ObjectMeta {
        ObjectMeta {
            name: static_name(""),
            uid: Uid::default(),
            resource_version: 0,
            serial: 0,
            created: Timestamp::default(),
            generation: 0,
            deletion: None,
            common,
        }
    }

    /// metadata.namespace; empty for kinds without one.
    pub fn namespace(&self) -> &Name {
        &self.common.namespace
    }

    /// metadata.labels.
    pub fn labels(&self) -> &StringMap {
        &self.common.labels
    }

    /// metadata.annotations.
    pub fn annotations(&self) -> &StringMap {
        &self.common.annotations
    }

    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.common.labels.get(key).map(|value| &**value)
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.common.annotations.get(key).map(|value| &**value)
    }

    /// The one owner that is its controller (API-017).
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.common.owners.iter().find(|owner| owner.controller)
    }

    /// Whether a delete has begun and the object is still there.
    pub fn is_terminating(&self) -> bool {
        self.deletion.is_some()
    }

    /// The shared part, copied first if it is in fact shared.
    pub fn common_mut(&mut self) -> &mut CommonMeta {
        Rc::make_mut(&mut self.common)
    }

    /// Reads `metadata` of an object in API form. What is missing or of another type is left empty:
    /// strict decoding has spoken before.
    pub fn from_value(meta: &Value) -> ObjectMeta {
        let text = |key: &str| -> Name { meta[key].as_str().unwrap_or_default().into() };
        let stamp = |key: &str| meta[key].as_str().and_then(Timestamp::parse);
        let deletion = stamp("deletionTimestamp").map(|at| {
            let grace_seconds = meta["deletionGracePeriodSeconds"].as_u64().unwrap_or(0) as u32;
            Box::new(Deletion { at, grace_seconds })
        });
        ObjectMeta {
            name: text("name"),
            uid: meta["uid"].as_str().map(Uid::from_text).unwrap_or_default(),
            resource_version: meta["resourceVersion"].as_str().and_then(|v| v.parse().ok()).unwrap_or(0),
            serial: 0,
            created: stamp("creationTimestamp").unwrap_or_default(),
            generation: meta["generation"].as_u64().unwrap_or(0) as u32,
            deletion,
            common: Rc::new(CommonMeta {
                namespace: text("namespace"),
                generate_name: text("generateName"),
                labels: string_map(&meta["labels"]),
                annotations: string_map(&meta["annotations"]),
                owners: owners_from_value(&meta["ownerReferences"]),
                finalizers: names(&meta["finalizers"]),
            }),
        }
    }

    /// `metadata` in API form.
    pub(crate) fn to_value(&self) -> Value {
        let mut map = Map::new();
        let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
        let common = &*self.common;
        put("name", json!(&*self.name));
        for (key, value) in [("namespace", &common.namespace), ("generateName", &common.generate_name)] {
            if !value.is_empty() {
                put(key, json!(&**value));
            }
        }
        if self.uid != Uid::default() {
            put("uid", json!(self.uid.to_string()));
        }
        if self.resource_version > 0 {
            put("resourceVersion", json!(self.resource_version.to_string()));
        }
        if self.generation > 0 {
            put("generation", json!(self.generation));
        }
        if self.created != Timestamp::default() {
            put("creationTimestamp", json!(self.created.to_string()));
        }
        if let Some(deletion) = &self.deletion {
            put("deletionTimestamp", json!(deletion.at.to_string()));
            put("deletionGracePeriodSeconds", json!(deletion.grace_seconds));
        }
        for (key, entries) in [("labels", &common.labels), ("annotations", &common.annotations)] {
            if !entries.is_empty() {
                put(key, string_map_to_value(entries));
            }
        }
        if !common.owners.is_empty() {
            put("ownerReferences", Value::Array(common.owners.iter().map(owner_to_value).collect()));
        }
        if !common.finalizers.is_empty() {
            put("finalizers", Value::Array(common.finalizers.iter().map(|name| json!(&**name)).collect()));
        }
        Value::Object(map)
    }
}

/// A map of strings; values that are not strings are left out.
pub fn string_map(value: &Value) -> StringMap {
    let entries = value.as_object().into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.as_str().into(), value.as_str()?.into()))).collect()
}

pub(crate) fn string_map_to_value(map: &StringMap) -> Value {
    let mut entries = serde_json::Map::new();
    for (key, value) in map {
        entries.insert(key.to_string(), json!(&**value));
    }
    Value::Object(entries)
}

/// A list of strings; elements that are not strings are left out.
pub(crate) fn names(value: &Value) -> Vec<Name> {
    value.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(Name::from)).collect()
}

fn owners_from_value(value: &Value) -> Vec<OwnerReference> {
    let read = |item: &Value| {
        let text = |key: &str| -> Name { item[key].as_str().unwrap_or_default().into() };
        OwnerReference {
            api_version: text("apiVersion"),
            kind: text("kind"),
            name: text("name"),
            uid: Uid::from_text(item["uid"].as_str().unwrap_or_default()),
            controller: item["controller"] == true,
            block_owner_deletion: item["blockOwnerDeletion"] == true,
        }
    };
    value.as_array().into_iter().flatten().map(read).collect()
}

fn owner_to_value(owner: &OwnerReference) -> Value {
    let mut value = json!({
        "apiVersion": &*owner.api_version, "kind": &*owner.kind, "name": &*owner.name,
        "uid": owner.uid.to_string(),
    });
    for (key, flag) in [("controller", owner.controller), ("blockOwnerDeletion", owner.block_owner_deletion)]
    {
        if flag {
            value[key] = json!(true);
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_survives_the_way_to_the_api_form_and_back() {
        let value = json!({
            "name": "agent-x7k2p", "namespace": "default", "generateName": "agent-", "generation": 2,
            "uid": "0a1b2c3d-0000-4000-8000-0123456789ab", "resourceVersion": "17",
            "creationTimestamp": "2026-01-01T00:00:03Z",
            "deletionTimestamp": "2026-01-01T00:01:00Z", "deletionGracePeriodSeconds": 30,
            "labels": {"app": "agent"}, "annotations": {"a/b": "c"}, "finalizers": ["x/y"],
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "agent",
                "uid": "00000000-0000-4000-8000-000000000001", "controller": true,
                "blockOwnerDeletion": true}],
        });
        assert_eq!(ObjectMeta::from_value(&value).to_value(), value);
    }

    #[test]
    fn drawn_uids_are_version_4() {
        let uid = Uid::random(u64::MAX, u64::MAX);
        assert_eq!(uid.to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(Uid::from_text(&uid.to_string()), uid);
        assert_eq!(Uid::from_text("uid-foo"), Uid::from_text("uid-foo"));
    }
}

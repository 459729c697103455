//! The kinds and fields of Kubernetes v1.36, as a table taken at build time from k8s-openapi.
//!
//! Strict decoding, completion and the look-up of resource names read it; nothing here knows what a field
//! is for. The table is one text of two parts, written by `build.rs`:
//!
//! ```text
//! apps/v1 DaemonSet daemonsets N 47 ds        apiVersion, kind, plural, scope, struct, short names
//!                                             an empty line
//! EnvVar name s value s valueFrom 178         a struct: its Go name, then fields and their types
//! ```
//!
//! Types: `s` string, `b` bool, `i` int32, `l` int64, `f` float64, `q` quantity, `x` int-or-string, `t` time,
//! `m` micro time, `y` base64 bytes, `a` anything, a number for a struct, `[` a list of, `{` a map of;
//! a `!` behind the type marks a required field.

pub mod descriptions;

use sim::SortedMap;
use sim::order::SortShared;
use std::cmp::min;
use std::sync::OnceLock;

const TABLE: &str = include_str!(concat!(env!("OUT_DIR"), "/schema.txt"));

/// A kind that the API server serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindInfo {
    /// Its place in [`kinds`].
    pub(crate) index: u16,
    /// Empty for the core group.
    pub group: &'static str,
    /// The version: `v1`.
    pub version: &'static str,
    /// `v1` or `apps/v1`, as a manifest writes it.
    pub api_version: &'static str,
    /// The kind: `DaemonSet`.
    pub kind: &'static str,
    /// The name in paths: `daemonsets`.
    pub plural: &'static str,
    /// The kind in lower case.
    pub singular: String,
    /// Plural and group, as messages name the resource: `daemonsets.apps`, `pods`.
    pub resource: String,
    /// Whether its objects lie in namespaces.
    pub namespaced: bool,
    /// Names that kubectl takes for it: `ds`.
    pub short_names: Vec<&'static str>,
    /// The struct of the whole object.
    pub root: StructId,
}

impl KindInfo {
    /// `daemonset.apps`, or `pod` in the core group: how kubectl names one object.
    pub fn qualified_singular(&self) -> String {
        qualify(&self.singular, self.group)
    }
}

fn qualify(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name}.{group}") }
}

/// Which struct of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StructId(u16);

/// A Go struct of Kubernetes' API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StructInfo {
    /// The Go name without its package: `EnvVar`.
    pub name: &'static str,
    /// The Go package that stands before the name in a message: `v1`, seldom `v2`.
    pub package: &'static str,
    /// Sorted by name.
    pub fields: Vec<Field>,
}

impl StructInfo {
    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        let at = self.fields.binary_search_by(|f| f.name.cmp(name)).ok()?;
        self.fields.get(at)
    }

    /// The field a person most likely meant: the same but for case, else the nearest by edits, if near.
    pub fn nearest_field(&self, name: &str) -> Option<&'static str> {
        nearest(name, self.fields.iter().map(|f| f.name))
    }
}

/// A field of a structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// As JSON has it: `imagePullPolicy`.
    pub name: &'static str,
    /// The type of its value.
    pub ty: Type,
    /// Every object of this struct has it; Kubernetes prints it even where it is empty.
    pub required: bool,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// A text.
    String,
    /// True or false.
    Bool,
    /// A whole number of 32 bits.
    Int32,
    /// A whole number of 64 bits.
    Int64,
    /// A number with a fraction.
    Float64,
    /// An amount: `500m`, `1Gi`.
    Quantity,
    /// A whole number, or a text such as `25%` or a port's name.
    IntOrString,
    /// An instant, in seconds.
    Time,
    /// An instant, in microseconds.
    MicroTime,
    /// `[]byte`, written as base64.
    Bytes,
    /// Any JSON value: raw extensions, schema fragments of a CRD.
    Any,
    /// A structure.
    Struct(StructId),
    /// A list of values of one type.
    List(Box<Type>),
    /// A map from texts to values of one type.
    Map(Box<Type>),
}

/// As `kubectl explain` writes it.
impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Type::String | Type::Time | Type::MicroTime | Type::Bytes => "string",
            Type::Bool => "boolean",
            Type::Int32 | Type::Int64 => "integer",
            Type::Float64 => "number",
            Type::Quantity => "Quantity",
            Type::IntOrString => "IntOrString",
            Type::Any => "Object",
            Type::Struct(id) => structure(*id).name,
            Type::List(of) => return write!(f, "[]{of}"),
            Type::Map(of) => return write!(f, "map[string]{of}"),
        })
    }
}

struct Schema {
    kinds: Vec<KindInfo>,
    structs: Vec<StructInfo>,
    by_kind: SortedMap<(&'static str, &'static str), usize>,
}

fn schema() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(parse_table)
}

/// The kind of a manifest: `kind("apps/v1", "DaemonSet")`; `None` where kubectl says "no matches for kind".
pub fn kind(api_version: &str, kind: &str) -> Option<&'static KindInfo> {
    let schema = schema();
    let by_kind: &SortedMap<(&str, &str), usize> = &schema.by_kind;
    schema.kinds.get(*by_kind.get(&(api_version, kind))?)
}

/// The kind that has this [`KindInfo::index`].
pub(crate) fn by_index(index: u16) -> Option<&'static KindInfo> {
    schema().kinds.get(usize::from(index))
}

/// All kinds; where a resource name is served by several groups, the one kubectl prefers stands first.
pub fn kinds() -> &'static [KindInfo] {
    &schema().kinds
}

/// The resource a person names on the command line: `ds`, `daemonset`, `DaemonSets`, `daemonsets.apps`,
/// `daemonsets.v1.apps`.
///
/// Kubernetes: apimachinery/pkg/runtime/schema/group_version.go, ParseResourceArg; cli-runtime's
/// shortcut expander.
pub fn by_resource_name(name: &str) -> Option<&'static KindInfo> {
    let name = name.to_ascii_lowercase();
    let (resource, rest) = match name.split_once('.') {
        Some((resource, rest)) => (resource, Some(rest)),
        None => (name.as_str(), None),
    };
    kinds().iter().find(|k| {
        let named = k.plural == resource || k.singular == resource || k.short_names.contains(&resource);
        named && rest.is_none_or(|rest| in_group(k, rest))
    })
}

/// Whether `rest` is the kind's group, a beginning of it, or `version.group`.
fn in_group(kind: &KindInfo, rest: &str) -> bool {
    if rest.is_empty() {
        return true;
    }
    if kind.group.is_empty() {
        return rest.strip_suffix('.') == Some(kind.version);
    }
    if kind.group.starts_with(rest) {
        return true;
    }
    rest.split_once('.').is_some_and(|(version, group)| version == kind.version && group == kind.group)
}

/// The structure with this number.
pub fn structure(id: StructId) -> &'static StructInfo {
    // An id comes only from the table, so the fallback is never taken; it spares a panic path.
    static EMPTY: StructInfo = StructInfo { name: "", package: "v1", fields: Vec::new() };
    schema().structs.get(usize::from(id.0)).unwrap_or(&EMPTY)
}

/// A struct by its Go name (`PodSpec`); where two packages share the name, the core group's. It walks over the
/// table, some thousand names.
pub fn structure_by_name(name: &str) -> Option<StructId> {
    let at = schema().structs.iter().position(|structure| structure.name == name)?;
    u16::try_from(at).ok().map(StructId)
}

/// The fields of a struct by its Go name, sorted; none for a name that is not there.
#[cfg(test)]
pub(crate) fn fields(name: &str) -> &'static [Field] {
    structure_by_name(name).map_or(&[], |id| &structure(id).fields)
}

/// The candidate that differs from `name` in case only, else the one fewest edits away.
///
/// More than a third of the letters changed is no likeness; the first candidate wins a tie.
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let allowed = (name.chars().count().max(candidate.len()) / 3).max(1);
        if name.len() > 64 + candidate.len() {
            continue;
        }
        let distance = edit_distance(&lower, &candidate.to_lowercase());
        if distance <= allowed && best.is_none_or(|(d, _)| distance < d) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`.
fn edit_distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            row[j] = min(min(last[j] + 1, row[j - 1] + 1), last[j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = min(row[j], before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

fn parse_table() -> Schema {
    let mut lines = TABLE.lines();
    let kinds: Vec<KindInfo> = lines
        .by_ref()
        .take_while(|line| !line.is_empty())
        .zip(0..)
        .map(|(line, i)| parse_kind(line, i))
        .collect();
    let structs: Vec<StructInfo> = lines.map(parse_struct).collect();
    let by_kind = kinds.iter().enumerate().map(|(i, k)| ((k.api_version, k.kind), i)).collect();
    Schema { kinds, structs, by_kind }
}

fn parse_kind(line: &'static str, index: u16) -> KindInfo {
    let mut words = line.split(' ');
    let mut word = || words.next().unwrap_or_default();
    let (api_version, kind, plural) = (word(), word(), word());
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let namespaced = word() == "N";
    let root = StructId(word().parse().expect("a struct's number"));
    let short_names = word().split(',').filter(|s| !s.is_empty()).collect();
    let (singular, resource) = (kind.to_ascii_lowercase(), qualify(plural, group));
    KindInfo {
        index,
        group,
        version,
        api_version,
        kind,
        plural,
        singular,
        resource,
        namespaced,
        short_names,
        root,
    }
}

fn parse_struct(line: &'static str) -> StructInfo {
    let mut words = line.split(' ');
    let full = words.next().unwrap_or_default();
    let (package, name) = full.split_once('.').unwrap_or(("v1", full));
    let mut fields = Vec::new();
    while let (Some(name), Some(code)) = (words.next(), words.next()) {
        let required = code.ends_with('!');
        fields.push(Field { name, ty: parse_type(code.trim_end_matches('!')), required });
    }
    fields.sort_shared_by_key(|f| f.name);
    StructInfo { name, package, fields }
}

fn parse_type(code: &str) -> Type {
    let rest = code.get(1..).unwrap_or_default();
    match code.as_bytes().first() {
        Some(b'[') => Type::List(Box::new(parse_type(rest))),
        Some(b'{') => Type::Map(Box::new(parse_type(rest))),
        Some(b's') => Type::String,
        Some(b'b') => Type::Bool,
        Some(b'i') => Type::Int32,
        Some(b'l') => Type::Int64,
        Some(b'f') => Type::Float64,
        Some(b'q') => Type::Quantity,
        Some(b'x') => Type::IntOrString,
        Some(b't') => Type::Time,
        Some(b'm') => Type::MicroTime,
        Some(b'y') => Type::Bytes,
        Some(b'0'..=b'9') => Type::Struct(StructId(code.parse().expect("a struct's number"))),
        _ => Type::Any,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_of(path: &[&str]) -> Type {
        let mut ty = Type::Struct(structure_by_name(path[0]).expect("a struct"));
        for name in &path[1..] {
            let mut inner = ty;
            while let Type::List(next) | Type::Map(next) = inner {
                inner = *next;
            }
            let Type::Struct(id) = inner else { panic!("{name} has no struct before it") };
            ty = structure(id).field(name).unwrap_or_else(|| panic!("no field {name}")).ty.clone();
        }
        ty
    }

    #[test]
    fn kinds_are_found_by_api_version_and_kind() {
        let ds = kind("apps/v1", "DaemonSet").expect("daemon sets are served");
        assert_eq!((ds.plural, ds.namespaced, ds.short_names.as_slice()), ("daemonsets", true, &["ds"][..]));
        assert_eq!((ds.api_version, ds.group, ds.version), ("apps/v1", "apps", "v1"));
        assert_eq!((ds.singular.as_str(), ds.resource.as_str()), ("daemonset", "daemonsets.apps"));
        assert_eq!(by_index(ds.index), Some(ds));
        assert_eq!(structure(ds.root).name, "DaemonSet");
        assert_eq!(kind("v1", "Pod").map(|k| k.resource.as_str()), Some("pods"));
        for (api_version, name) in
            [("app/v1", "DaemonSet"), ("apps/v1", "Daemonset"), ("v1", ""), ("", "Pod")]
        {
            assert_eq!(kind(api_version, name), None, "{api_version} {name}");
        }
        assert_eq!(kind("extensions/v1beta1", "DaemonSet"), None);
    }

    #[test]
    fn resources_are_found_by_every_name_kubectl_takes() {
        for name in ["ds", "daemonset", "daemonsets", "DaemonSet", "daemonsets.apps", "ds.v1.apps"] {
            assert_eq!(by_resource_name(name).map(|k| k.kind), Some("DaemonSet"), "{name}");
        }
        for (name, kind) in [("po", "Pod"), ("no", "Node"), ("crd", "CustomResourceDefinition")] {
            assert_eq!(by_resource_name(name).map(|k| k.kind), Some(kind));
        }
        assert_eq!(by_resource_name("ev").map(|k| k.group), Some(""));
        assert_eq!(by_resource_name("events.events.k8s.io").map(|k| k.group), Some("events.k8s.io"));
        assert_eq!(by_resource_name("hpa").map(|k| k.version), Some("v2"));
        assert_eq!(by_resource_name("daemonsets.batch"), None);
        assert_eq!(by_resource_name("pods.v1"), None);
        assert_eq!(by_resource_name("pods.v1.").map(|k| k.kind), Some("Pod"));
        assert_eq!(by_resource_name(""), None);
    }

    #[test]
    fn types_are_those_of_the_go_structs() {
        assert_eq!(type_of(&["DaemonSetSpec", "minReadySeconds"]), Type::Int32);
        assert_eq!(type_of(&["PodSpec", "terminationGracePeriodSeconds"]), Type::Int64);
        assert_eq!(type_of(&["ObjectMeta", "labels"]), Type::Map(Box::new(Type::String)));
        assert_eq!(type_of(&["ObjectMeta", "creationTimestamp"]), Type::Time);
        assert_eq!(type_of(&["LeaseSpec", "renewTime"]), Type::MicroTime);
        assert_eq!(type_of(&["RollingUpdateDaemonSet", "maxSurge"]), Type::IntOrString);
        assert_eq!(
            type_of(&["PodSpec", "containers", "resources", "limits"]),
            Type::Map(Box::new(Type::Quantity))
        );
        assert_eq!(type_of(&["Secret", "data"]), Type::Map(Box::new(Type::Bytes)));
        assert_eq!(type_of(&["ControllerRevision", "data"]), Type::Any);
        assert_eq!(type_of(&["PodSpec", "containers", "env", "value"]), Type::String);
        assert_eq!(type_of(&["HorizontalPodAutoscaler", "spec", "minReplicas"]), Type::Int32);
    }

    #[test]
    fn every_kind_is_an_object_with_metadata() {
        assert!(kinds().len() > 60, "{} kinds", kinds().len());
        for k in kinds() {
            let root = structure(k.root);
            assert_eq!(root.name, k.kind);
            for field in ["apiVersion", "kind", "metadata"] {
                assert!(root.field(field).is_some(), "{} has no {field}", k.kind);
            }
        }
    }

    #[test]
    fn a_misspelt_field_leads_to_the_nearest() {
        let container = structure(structure_by_name("Container").expect("containers"));
        assert_eq!(container.nearest_field("imagePulPolicy"), Some("imagePullPolicy"));
        assert_eq!(container.nearest_field("imgae"), Some("image"));
        assert_eq!(container.nearest_field("quux"), None);
        let pod = structure(structure_by_name("PodSpec").expect("pods"));
        assert_eq!(pod.nearest_field("nodeselector"), Some("nodeSelector"));
        assert_eq!(pod.nearest_field(&"x".repeat(100_000)), None);
    }

    #[test]
    fn names_shared_by_two_packages_mean_the_core_group() {
        assert!(fields("Event").iter().any(|f| f.name == "involvedObject"));
        assert!(fields("ResourceClaim").iter().any(|f| f.name == "request"));
        assert!(fields("Nonsense").is_empty());
    }
}

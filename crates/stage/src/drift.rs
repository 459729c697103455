//! Whether the cluster still holds what a file says: somebody may have changed an object by another command
//! since the file was applied.

use serde_json::Value;

use api::object::{Key, Kind};
use api::quantity;
use api::schema::{self, Type};
use cluster::Cluster;
use sim::order::SortShared;
use yaml::{Part, Pos, Reader, locate, read_documents};

/// How an object differs from the file that it was applied from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drift {
    /// There is no such object.
    Gone,
    /// The fields whose values are others, in the file's order; 20 at most.
    Changed(Vec<Difference>),
}

/// A field that the cluster holds with another value than the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `spec.template.spec.containers[0].image`
    pub path: String,
    /// What the file says, with the defaults; `null` where it has no such field.
    pub file: Value,
    /// `null` where the cluster has no such field.
    pub cluster: Value,
}

/// More differences are of no use to anybody.
const MOST: usize = 20;

/// An object of a file that the cluster does not hold as the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drifted {
    /// Which kind of object.
    pub kind: Kind,
    /// Its namespace and name.
    pub key: Key,
    /// What differs from the file.
    pub drift: Drift,
}

impl Drifted {
    /// `daemonset/agent`.
    pub fn object(&self) -> String {
        format!("{}/{}", self.kind.name().to_lowercase(), self.key.name)
    }

    /// Whether a document of the file is this object.
    fn is_of(&self, document: &yaml::Document) -> bool {
        let text =
            |node: Option<&yaml::Node>| node.and_then(yaml::Node::as_str).unwrap_or_default().to_owned();
        let tree = &document.tree;
        let meta = |field: &str| text(tree.get("metadata").and_then(|meta| meta.get(field)));
        let kind = Kind::of(&text(tree.get("apiVersion")), &text(tree.get("kind")));
        let namespace = match meta("namespace") {
            empty if empty.is_empty() && self.kind.is_namespaced() => "default".to_owned(),
            namespace => namespace,
        };
        kind == Some(self.kind) && Key::new(&namespace, &meta("name")) == self.key
    }
}

/// What the file's objects have become, in the file's order; empty when the cluster holds them all as the file
/// says. What the file leaves out may have any value.
pub(crate) fn drifted(cluster: &Cluster, text: &[u8]) -> Vec<Drifted> {
    let objects = codec::manifest::defaulted_objects(text);
    objects.iter().filter_map(|wanted| drift_of(cluster, wanted)).collect()
}

fn drift_of(cluster: &Cluster, wanted: &Value) -> Option<Drifted> {
    let (version, kind) = (wanted["apiVersion"].as_str()?, wanted["kind"].as_str()?);
    let meta = &wanted["metadata"];
    let kind = Kind::of(version, kind)?;
    let key = Key::new(meta["namespace"].as_str().unwrap_or_default(), meta["name"].as_str()?);
    let drift = match cluster.api.store.get(kind, &key) {
        None => Drift::Gone,
        Some(live) => match differences(wanted, &live.to_value(cluster.now()), Sides::File) {
            found if found.is_empty() => return None,
            found => Drift::Changed(found),
        },
    };
    Some(Drifted { kind, key, drift })
}

/// Whose fields are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sides {
    /// Those of the file: what it leaves out may have any value.
    File,
    /// Those that either has.
    Both,
}

/// The fields that `wanted` and `live` do not have with the same values. Only what a person writes counts: labels,
/// annotations, and everything beside the metadata and the status.
pub(crate) fn differences(wanted: &Value, live: &Value, sides: Sides) -> Vec<Difference> {
    let text = |key: &str| wanted[key].as_str().unwrap_or_default();
    let root = schema::kind(text("apiVersion"), text("kind")).map(|info| Type::Struct(info.root));
    let mut comparison = Comparison { sides, found: Vec::new() };
    for key in ["labels", "annotations"] {
        let path = format!("metadata.{key}");
        comparison.compare(&wanted["metadata"][key], &live["metadata"][key], path, None);
    }
    let written = |key: &&String| !matches!(key.as_str(), "metadata" | "status" | "apiVersion" | "kind");
    for key in wanted.as_object().into_iter().flat_map(|fields| fields.keys()).filter(written) {
        comparison.compare(&wanted[key], &live[key], key.clone(), field_type(root.as_ref(), key));
    }
    comparison.found.truncate(MOST);
    comparison.found
}

/// The type of what stands under a key of a struct or a map.
fn field_type<'t>(of: Option<&'t Type>, key: &str) -> Option<&'t Type> {
    match of? {
        Type::Struct(id) => schema::structure(*id).field(key).map(|field| &field.ty),
        Type::Map(values) => Some(values),
        _ => None,
    }
}

struct Comparison {
    sides: Sides,
    found: Vec<Difference>,
}

impl Comparison {
    /// `ty`: what the API says of the field; `None` where it says nothing.
    fn compare(&mut self, wanted: &Value, live: &Value, path: String, ty: Option<&Type>) {
        match (wanted, live) {
            (Value::Null, Value::Null) => {}
            (Value::Null, _) if self.sides == Sides::File => {}
            (Value::Object(fields), Value::Object(have)) => {
                for (key, value) in fields {
                    self.compare(value, &live[key], format!("{path}.{key}"), field_type(ty, key));
                }
                for (key, value) in have.iter().filter(|(key, _)| !fields.contains_key(*key)) {
                    self.compare(&Value::Null, value, format!("{path}.{key}"), field_type(ty, key));
                }
            }
            (Value::Array(items), Value::Array(have)) if items.len() == have.len() => {
                let item_type = match ty {
                    Some(Type::List(items)) => Some(&**items),
                    _ => None,
                };
                for (at, (item, have)) in items.iter().zip(have).enumerate() {
                    self.compare(item, have, format!("{path}[{at}]"), item_type);
                }
            }
            (Value::Array(items), Value::Null) if items.is_empty() => {}
            (Value::Object(fields), Value::Null) if fields.is_empty() => {}
            _ if wanted == live => {}
            _ if ty == Some(&Type::Quantity) && same_quantity(wanted, live) => {}
            _ => self.found.push(Difference { path, file: wanted.clone(), cluster: live.clone() }),
        }
    }
}

/// The text with the cluster's values in it; `None` where a difference is more than another scalar.
pub fn with_cluster_values(text: &str, drifted: &[Drifted]) -> Option<String> {
    let read = read_documents(text.as_bytes(), Reader::Kubectl);
    let mut edits: Vec<(Pos, Pos, String)> = Vec::new();
    for object in drifted {
        let Drift::Changed(found) = &object.drift else { return None };
        let tree = &read.documents.iter().find(|document| object.is_of(document))?.tree;
        for Difference { path, file, cluster } in found {
            let is_plain = |value: &Value| !matches!(value, Value::Null | Value::Object(_) | Value::Array(_));
            let span = locate(tree, path, Part::Value);
            if !is_plain(file) || !is_plain(cluster) || span.start.line != span.end.line {
                return None;
            }
            edits.push((span.start, span.end, yaml::to_yaml(cluster).trim_end().to_owned()));
        }
    }
    edits.sort_shared();
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    // From behind, so that places before stay what they are.
    for (start, end, value) in edits.into_iter().rev() {
        let line = lines.get_mut(start.line.checked_sub(1)? as usize)?;
        let letters: Vec<char> = line.chars().collect();
        let (from, to) = (start.column.checked_sub(1)? as usize, end.column.checked_sub(1)? as usize);
        let before: String = letters.get(..from)?.iter().collect();
        let behind: String = letters.get(to..)?.iter().collect();
        *line = format!("{before}{value}{behind}");
    }
    Some(lines.join("\n"))
}

/// `0.1` and `100m` are the same amount.
fn same_quantity(a: &Value, b: &Value) -> bool {
    let amount = |value: &Value| quantity::from_json(value).map(|quantity| quantity.milli_value());
    amount(a).is_some_and(|a| amount(b) == Some(a))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Command, DEMO_DAEMONSET, Options, Stage};
    use sim::Duration;

    fn after(lines: &[&str]) -> Vec<Drifted> {
        let mut stage = Stage::new(Options::default());
        for line in lines {
            stage.perform(Command::Exec { line: (*line).to_owned(), files: Default::default() });
            stage.run_until_quiet(Duration::from_secs(120));
        }
        stage.drifted(DEMO_DAEMONSET)
    }

    #[test]
    fn what_the_file_says_holds_until_somebody_changes_it() {
        assert_eq!(after(&[]), []);
        assert_eq!(after(&["kubectl rollout restart ds/agent", "kubectl label ds agent team=a"]), []);
        let changed = after(&["kubectl set image ds/agent agent=fluent/fluent-bit:4.0"]);
        let difference = Difference {
            path: "spec.template.spec.containers[0].image".to_owned(),
            file: "fluent/fluent-bit:3.2".into(),
            cluster: "fluent/fluent-bit:4.0".into(),
        };
        assert_eq!(changed, [agent(Drift::Changed(vec![difference]))]);
        let theirs = DEMO_DAEMONSET.replace("fluent-bit:3.2", "fluent-bit:4.0");
        assert_eq!(with_cluster_values(DEMO_DAEMONSET, &changed), Some(theirs));
        let gone = after(&["kubectl delete ds agent"]);
        assert_eq!(with_cluster_values(DEMO_DAEMONSET, &gone), None);
        assert_eq!(gone, [agent(Drift::Gone)]);
        assert_eq!(gone[0].object(), "daemonset/agent");
    }

    fn agent(drift: Drift) -> Drifted {
        Drifted { kind: Kind::DaemonSet, key: Key::new("default", "agent"), drift }
    }

    fn paths(wanted: Value, live: Value) -> Vec<String> {
        differences(&wanted, &live, Sides::File).into_iter().map(|found| found.path).collect()
    }

    #[test]
    fn amounts_are_compared_as_amounts_and_texts_as_texts() {
        let pod = |label: &str, env: &str, cpu: &str| {
            json!({
                "apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"version": label}},
                "spec": {"containers": [{
                    "env": [{"name": "SIZE", "value": env}],
                    "resources": {"requests": {"cpu": cpu}},
                }]},
            })
        };
        let wanted = pod("1.0", "1000", "0.1");
        assert_eq!(paths(wanted.clone(), pod("1.0", "1000", "100m")), [""; 0]);
        assert_eq!(
            paths(wanted.clone(), pod("1", "1e3", "200m")),
            [
                "metadata.labels.version",
                "spec.containers[0].env[0].value",
                "spec.containers[0].resources.requests.cpu",
            ]
        );
    }

    #[test]
    fn the_clusters_values_go_into_the_document_of_their_namespace() {
        let file = |first: &str, second: &str| {
            let document = |namespace: &str, value: &str| {
                format!(
                    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: same{namespace}\ndata:\n  key: {value}\n"
                )
            };
            format!("{}---\n{}", document("", first), document("\n  namespace: kube-system", second))
        };
        let text = file("one", "two");
        let mut stage = Stage::new(Options::default());
        let files = [("f.yaml".to_owned(), text.as_str().into())].into();
        stage.perform(Command::Exec { line: "kubectl apply -f f.yaml".to_owned(), files });
        stage.run_until_quiet(Duration::from_secs(60));
        let patch = r#"kubectl patch cm same -n kube-system -p '{"data":{"key":"three"}}'"#;
        stage.perform(Command::Exec { line: patch.to_owned(), files: Default::default() });
        stage.run_until_quiet(Duration::from_secs(60));
        let found = stage.drifted(&text);
        assert_eq!(found.len(), 1);
        assert_eq!(with_cluster_values(&text, &found), Some(file("one", "three")));
    }
}

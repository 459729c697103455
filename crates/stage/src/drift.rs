//! Whether the cluster still holds what a file says: somebody may have changed an object by another command
//! since the file was applied.

use serde_json::Value;

use api::object::{Key, Kind};
use api::quantity;
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
    /// `daemonset/agent`.
    pub object: String,
    /// What differs from the real time.
    pub drift: Drift,
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
    let name = meta["name"].as_str()?;
    let key = Key::new(meta["namespace"].as_str().unwrap_or_default(), name);
    let drift = match cluster.api.store.get(Kind::of(version, kind)?, &key) {
        None => Drift::Gone,
        Some(live) => match differences(wanted, &live.to_value(cluster.now()), Sides::File) {
            found if found.is_empty() => return None,
            found => Drift::Changed(found),
        },
    };
    Some(Drifted { object: format!("{}/{name}", kind.to_lowercase()), drift })
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
    let mut found = Vec::new();
    for key in ["labels", "annotations"] {
        let path = format!("metadata.{key}");
        difference(&wanted["metadata"][key], &live["metadata"][key], path, sides, &mut found);
    }
    let written = |key: &&String| !matches!(key.as_str(), "metadata" | "status" | "apiVersion" | "kind");
    for key in wanted.as_object().into_iter().flat_map(|fields| fields.keys()).filter(written) {
        difference(&wanted[key], &live[key], key.clone(), sides, &mut found);
    }
    found.truncate(MOST);
    found
}

fn difference(wanted: &Value, live: &Value, path: String, sides: Sides, found: &mut Vec<Difference>) {
    match (wanted, live) {
        (Value::Null, Value::Null) => {}
        (Value::Null, _) if sides == Sides::File => {}
        (Value::Object(fields), Value::Object(have)) => {
            for (key, value) in fields {
                difference(value, &live[key], format!("{path}.{key}"), sides, found);
            }
            for (key, value) in have.iter().filter(|(key, _)| !fields.contains_key(*key)) {
                difference(&Value::Null, value, format!("{path}.{key}"), sides, found);
            }
        }
        (Value::Array(items), Value::Array(have)) if items.len() == have.len() => {
            for (at, (item, have)) in items.iter().zip(have).enumerate() {
                difference(item, have, format!("{path}[{at}]"), sides, found);
            }
        }
        (Value::Array(items), Value::Null) if items.is_empty() => {}
        (Value::Object(fields), Value::Null) if fields.is_empty() => {}
        _ if wanted == live || same_quantity(wanted, live) => {}
        _ => found.push(Difference { path, file: wanted.clone(), cluster: live.clone() }),
    }
}

/// The text with the cluster's values in it; `None` where a difference is more than another scalar.
pub fn taken(text: &str, drifted: &[Drifted]) -> Option<String> {
    let read = read_documents(text.as_bytes(), Reader::Kubectl);
    let mut edits: Vec<(Pos, Pos, String)> = Vec::new();
    for Drifted { object, drift } in drifted {
        let Drift::Changed(found) = drift else { return None };
        let is_it = |document: &&yaml::Document| {
            let text =
                |node: Option<&yaml::Node>| node.and_then(yaml::Node::as_str).unwrap_or_default().to_owned();
            let name = text(document.tree.get("metadata").and_then(|meta| meta.get("name")));
            *object == format!("{}/{name}", text(document.tree.get("kind")).to_lowercase())
        };
        let tree = &read.documents.iter().find(is_it)?.tree;
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
        assert_eq!(
            changed,
            [Drifted { object: "daemonset/agent".to_owned(), drift: Drift::Changed(vec![difference]) }]
        );
        let theirs = DEMO_DAEMONSET.replace("fluent-bit:3.2", "fluent-bit:4.0");
        assert_eq!(taken(DEMO_DAEMONSET, &changed), Some(theirs));
        let gone = after(&["kubectl delete ds agent"]);
        assert_eq!(taken(DEMO_DAEMONSET, &gone), None);
        assert_eq!(gone, [Drifted { object: "daemonset/agent".to_owned(), drift: Drift::Gone }]);
    }

    #[test]
    fn amounts_are_compared_as_amounts() {
        let value = |text: &str| Value::from(text);
        let between = |a: &str, b: &str| {
            let mut found = Vec::new();
            difference(&value(a), &value(b), "cpu".to_owned(), Sides::File, &mut found);
            found.len()
        };
        assert_eq!((between("0.1", "100m"), between("0.2", "100m")), (0, 1));
    }
}

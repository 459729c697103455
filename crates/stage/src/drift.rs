//! Whether the cluster still holds what a file says: somebody may have changed an object by another command
//! since the file was applied.

use serde_json::Value;

use api::object::{Key, Kind};
use api::quantity;
use cluster::Cluster;

/// How an object differs from the file that it was applied from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drift {
    /// There is no such object.
    Gone,
    /// The first field whose value is another one, as a path: `spec.template.spec.containers[0].image`.
    Changed(String),
}

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
        Some(live) => Drift::Changed(first_difference(wanted, &live.to_value(cluster.now()))?),
    };
    Some(Drifted { object: format!("{}/{name}", kind.to_lowercase()), drift })
}

/// The first field of `wanted` that `live` does not have with the same value. Only what a person writes
/// counts: labels, annotations, and everything beside the metadata and the status.
fn first_difference(wanted: &Value, live: &Value) -> Option<String> {
    let written = |key: &&String| !matches!(key.as_str(), "metadata" | "status" | "apiVersion" | "kind");
    let fields = wanted.as_object()?;
    let meta = ["labels", "annotations"].into_iter().find_map(|key| {
        let path = format!("metadata.{key}");
        difference(&wanted["metadata"][key], &live["metadata"][key], path)
    });
    meta.or_else(|| {
        fields.keys().filter(written).find_map(|key| difference(&wanted[key], &live[key], key.clone()))
    })
}

fn difference(wanted: &Value, live: &Value, path: String) -> Option<String> {
    match (wanted, live) {
        (Value::Null, _) => None,
        (Value::Object(fields), Value::Object(_) | Value::Null) => {
            fields.iter().find_map(|(key, value)| difference(value, &live[key], format!("{path}.{key}")))
        }
        (Value::Array(items), Value::Array(have)) if items.len() == have.len() => {
            let pairs = items.iter().zip(have).enumerate();
            pairs.into_iter().find_map(|(at, (item, have))| difference(item, have, format!("{path}[{at}]")))
        }
        (Value::Array(items), Value::Null) if items.is_empty() => None,
        _ if wanted == live || same_quantity(wanted, live) => None,
        _ => Some(path),
    }
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
        let path = "spec.template.spec.containers[0].image".to_owned();
        assert_eq!(changed, [Drifted { object: "daemonset/agent".to_owned(), drift: Drift::Changed(path) }]);
        let gone = after(&["kubectl delete ds agent"]);
        assert_eq!(gone, [Drifted { object: "daemonset/agent".to_owned(), drift: Drift::Gone }]);
    }

    #[test]
    fn amounts_are_compared_as_amounts() {
        let value = |text: &str| Value::from(text);
        assert_eq!(difference(&value("0.1"), &value("100m"), "cpu".to_owned()), None);
        assert_eq!(difference(&value("0.2"), &value("100m"), "cpu".to_owned()), Some("cpu".to_owned()));
    }
}

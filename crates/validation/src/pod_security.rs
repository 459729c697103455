//! The levels of pod security that a namespace's labels ask for.
//!
//! Kubernetes: k8s.io/pod-security-admission/api/helpers.go.

mod checks;

use serde_json::Value;

pub use checks::evaluate;

use api::field::{ErrorList, FieldError, FieldPath};

const PREFIX: &str = "pod-security.kubernetes.io/";

/// How much a pod may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Everything.
    Privileged,
    /// What is known to lead to more privileges is forbidden.
    Baseline,
    /// Only what is known to be safe.
    Restricted,
}

impl Level {
    fn parse(text: &str) -> Option<Level> {
        match text {
            "privileged" => Some(Level::Privileged),
            "baseline" => Some(Level::Baseline),
            "restricted" => Some(Level::Restricted),
            _ => None,
        }
    }
}

/// What becomes of a pod that a level does not admit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is refused.
    Enforce,
    /// Whoever asked for it is told.
    Warn,
}

/// What a namespace's labels ask for in a mode: the level, and what messages call it. `None` where every pod is
/// admitted.
///
/// Kubernetes: PolicyToEvaluate.
pub fn level_for<'a>(mode: Mode, label: impl Fn(&str) -> Option<&'a str>) -> Option<(Level, String)> {
    let (level, version) = match mode {
        Mode::Enforce => ("pod-security.kubernetes.io/enforce", "pod-security.kubernetes.io/enforce-version"),
        Mode::Warn => ("pod-security.kubernetes.io/warn", "pod-security.kubernetes.io/warn-version"),
    };
    let name = label(level)?;
    let level = Level::parse(name).filter(|level| *level != Level::Privileged)?;
    Some((level, format!("{name}:{}", label(version).unwrap_or("latest"))))
}

/// The pod template in an object that makes pods.
pub fn template(object: &Value) -> Option<&Value> {
    let way = super::prepare::way_to_pod(object).filter(|way| !way.is_empty())?;
    Some(api::json::at(object, way))
}

fn is_version(text: &str) -> bool {
    let minor = text.strip_prefix("v1.").unwrap_or_default();
    let plain = !minor.is_empty() && minor.bytes().all(|digit| digit.is_ascii_digit());
    text == "latest" || plain && (minor == "0" || !minor.starts_with('0')) && minor.parse::<i64>().is_ok()
}

/// What is wrong with the labels of a namespace that is otherwise valid.
pub fn validate_namespace_labels(labels: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = FieldPath::new("metadata").child("labels");
    for mode in ["enforce", "audit", "warn"] {
        for (suffix, why) in [
            ("", "must be one of privileged, baseline, restricted"),
            ("-version", "must be \"latest\" or \"v1.x\""),
        ] {
            let key = format!("{PREFIX}{mode}{suffix}");
            let Some(value) = labels.get(&key).and_then(Value::as_str) else { continue };
            let valid = if suffix.is_empty() { Level::parse(value).is_some() } else { is_version(value) };
            if !valid {
                errors.push(FieldError::invalid(&path.key(key), value, why));
            }
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn labels_name_a_level_and_a_version() {
        let of = |key: &str, value: &str| {
            let labels = json!({format!("{PREFIX}{key}"): value});
            validate_namespace_labels(&labels).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(of("enforce", "baseline"), [""; 0]);
        assert_eq!(of("warn-version", "v1.30"), [""; 0]);
        assert_eq!(of("audit-version", "latest"), [""; 0]);
        assert_eq!(
            of("enforce", "x"),
            [
                "metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: \"x\": must be one of privileged, baseline, restricted"
            ]
        );
        for bad in ["v9", "v1.", "v1.01", "1.30", "v1.99999999999999999999"] {
            assert_eq!(of("enforce-version", bad).len(), 1, "{bad}");
        }
    }
}

//! Taints and tolerations.
//!
//! Kubernetes: staging/src/k8s.io/api/core/v1/toleration.go,
//! staging/src/k8s.io/component-helpers/scheduling/corev1/helpers.go,
//! pkg/apis/core/v1/helper/helpers.go.

use std::fmt;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::json;

/// What a taint does to pods that do not tolerate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaintEffect {
    /// No new pods.
    NoSchedule,
    /// New pods only where there is no better node.
    PreferNoSchedule,
    /// No new pods, and those that run are evicted.
    NoExecute,
}

impl TaintEffect {
    /// Reads the name of an effect.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "NoSchedule" => Some(Self::NoSchedule),
            "PreferNoSchedule" => Some(Self::PreferNoSchedule),
            "NoExecute" => Some(Self::NoExecute),
            _ => None,
        }
    }

    /// The effect's name: `NoSchedule`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoSchedule => "NoSchedule",
            Self::PreferNoSchedule => "PreferNoSchedule",
            Self::NoExecute => "NoExecute",
        }
    }
}

impl fmt::Display for TaintEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A mark on a node that keeps pods away. Prints as kubectl does: `key=value:effect` or `key:effect`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taint {
    /// The key.
    pub key: Rc<str>,
    /// Empty if there is none.
    pub value: Rc<str>,
    /// What it does to pods that do not tolerate it.
    pub effect: TaintEffect,
    /// When it was put on, as written; only NoExecute taints have it.
    pub time_added: Option<Rc<str>>,
}

impl Taint {
    /// A taint that does not say when it was added.
    pub fn new(key: &str, value: &str, effect: TaintEffect) -> Self {
        Self { key: key.into(), value: value.into(), effect, time_added: None }
    }

    /// `None` if the effect is none of the three.
    pub fn from_value(value: &Value) -> Option<Self> {
        let effect = TaintEffect::parse(json::text(value, "effect"))?;
        let time_added = json::get(value, "timeAdded").as_str().map(Rc::from);
        Some(Self { time_added, ..Self::new(json::text(value, "key"), json::text(value, "value"), effect) })
    }

    /// The taint in API form.
    pub fn to_value(&self) -> Value {
        let mut map = Map::new();
        insert_text(&mut map, "key", &self.key);
        insert_text(&mut map, "value", &self.value);
        insert_text(&mut map, "effect", self.effect.as_str());
        insert_text(&mut map, "timeAdded", self.time_added.as_deref().unwrap_or(""));
        Value::Object(map)
    }

    /// Whether both are the same taint: value and time do not count.
    ///
    /// Kubernetes: api/core/v1/taint.go, MatchTaint.
    pub fn match_taint(&self, other: &Self) -> bool {
        self.key == other.key && self.effect == other.effect
    }
}

impl fmt::Display for Taint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.value {
            "" => write!(f, "{}:{}", self.key, self.effect),
            value => write!(f, "{}={value}:{}", self.key, self.effect),
        }
    }
}

/// How a toleration compares its value with a taint's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TolerationOperator {
    /// The value is this one; the default.
    Equal,
    /// Any value.
    Exists,
    /// The taint's number is greater than the toleration's.
    Gt,
    /// The taint's number is less than the toleration's.
    Lt,
    /// A word that means nothing; it tolerates nothing.
    Unknown,
}

impl TolerationOperator {
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "Equal" => Self::Equal,
            "Exists" => Self::Exists,
            "Gt" => Self::Gt,
            "Lt" => Self::Lt,
            _ => Self::Unknown,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "Equal",
            Self::Exists => "Exists",
            Self::Gt => "Gt",
            Self::Lt => "Lt",
            Self::Unknown => "",
        }
    }
}

/// What lets a pod live with a taint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toleration {
    /// Empty: any key.
    pub key: Rc<str>,
    /// Absent means Equal.
    pub operator: Option<TolerationOperator>,
    /// The value, for [`TolerationOperator::Equal`] and comparisons.
    pub value: Rc<str>,
    /// Absent: any effect.
    pub effect: Option<TaintEffect>,
    /// How long after a NoExecute taint the pod may stay; absent: forever.
    pub toleration_seconds: Option<i64>,
}

impl Toleration {
    /// A toleration of every taint of that key and effect.
    pub fn exists(key: &str, effect: TaintEffect) -> Self {
        Self {
            key: key.into(),
            operator: Some(TolerationOperator::Exists),
            value: "".into(),
            effect: Some(effect),
            toleration_seconds: None,
        }
    }

    /// Reads a toleration in API form.
    pub fn from_value(value: &Value) -> Self {
        let operator = Some(json::text(value, "operator")).filter(|text| !text.is_empty());
        Self {
            key: json::text(value, "key").into(),
            operator: operator.map(TolerationOperator::parse),
            value: json::text(value, "value").into(),
            effect: TaintEffect::parse(json::text(value, "effect")),
            toleration_seconds: json::int(value, "tolerationSeconds"),
        }
    }

    /// The toleration in API form.
    pub fn to_value(&self) -> Value {
        let mut map = Map::new();
        insert_text(&mut map, "key", &self.key);
        insert_text(&mut map, "operator", self.operator.map_or("", TolerationOperator::as_str));
        insert_text(&mut map, "value", &self.value);
        insert_text(&mut map, "effect", self.effect.map_or("", TaintEffect::as_str));
        if let Some(seconds) = self.toleration_seconds {
            map.insert("tolerationSeconds".to_owned(), seconds.into());
        }
        Value::Object(map)
    }

    /// Whether both are the same toleration: tolerationSeconds does not count.
    ///
    /// Kubernetes: api/core/v1/toleration.go, MatchToleration.
    pub(crate) fn match_toleration(&self, other: &Self) -> bool {
        self.key == other.key
            && self.effect == other.effect
            && self.operator == other.operator
            && self.value == other.value
    }

    /// Whether it tolerates the taint. `comparison` stands for the feature gate
    /// TaintTolerationComparisonOperators (off by default); without it Gt and Lt tolerate nothing.
    ///
    /// Kubernetes: api/core/v1/toleration.go, ToleratesTaint.
    pub fn tolerates_taint(&self, taint: &Taint, comparison: bool) -> bool {
        if self.effect.is_some_and(|effect| effect != taint.effect) {
            return false;
        }
        if !self.key.is_empty() && self.key != taint.key {
            return false;
        }
        match self.operator {
            None | Some(TolerationOperator::Equal) => self.value == taint.value,
            Some(TolerationOperator::Exists) => true,
            Some(operator @ (TolerationOperator::Gt | TolerationOperator::Lt)) => {
                comparison && compare_numeric_values(&self.value, &taint.value, operator).unwrap_or(false)
            }
            Some(TolerationOperator::Unknown) => false,
        }
    }
}

/// A value that Lt and Gt cannot compare, as it is no int64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoNumber {
    /// The toleration's.
    Toleration(String),
    /// The taint's.
    Taint(String),
}

impl fmt::Display for NoNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, text) = match self {
            NoNumber::Toleration(text) => ("toleration", text),
            NoNumber::Taint(text) => ("taint", text),
        };
        write!(f, "failed to parse {what} value {text} as int64")
    }
}

impl std::error::Error for NoNumber {}

/// Whether the taint's number stands in that relation to the toleration's; an error says which is no int64.
///
/// Kubernetes: api/core/v1/toleration.go, compareNumericValues.
pub fn compare_numeric_values(
    toleration: &str,
    taint: &str,
    operator: TolerationOperator,
) -> Result<bool, NoNumber> {
    let parse =
        |text: &str, error: fn(String) -> NoNumber| text.parse::<i64>().map_err(|_| error(text.to_owned()));
    let (bound, have) = (parse(toleration, NoNumber::Toleration)?, parse(taint, NoNumber::Taint)?);
    Ok(match operator {
        TolerationOperator::Lt => have < bound,
        TolerationOperator::Gt => have > bound,
        _ => false,
    })
}

/// Whether one of the tolerations tolerates the taint.
pub fn tolerations_tolerate_taint(tolerations: &[Toleration], taint: &Taint, comparison: bool) -> bool {
    tolerations.iter().any(|toleration| toleration.tolerates_taint(taint, comparison))
}

/// The first taint that counts and is not tolerated.
///
/// Kubernetes: component-helpers/scheduling/corev1/helpers.go, FindMatchingUntoleratedTaint.
pub fn find_matching_untolerated_taint<'a>(
    taints: &'a [Taint],
    tolerations: &[Toleration],
    counts: impl Fn(&Taint) -> bool,
    comparison: bool,
) -> Option<&'a Taint> {
    taints
        .iter()
        .filter(|taint| counts(taint))
        .find(|taint| !tolerations_tolerate_taint(tolerations, taint, comparison))
}

/// The tolerations of a pod's spec.
pub fn tolerations_of(pod_spec: &Value) -> Vec<Toleration> {
    json::list(pod_spec, "tolerations").iter().map(Toleration::from_value).collect()
}

/// Adds a toleration, or puts it in place of the one that matches it.
///
/// Kubernetes: pkg/apis/core/v1/helper/helpers.go, AddOrUpdateTolerationInPodSpec.
pub fn add_or_update_toleration_in_pod_spec(spec: &mut Value, toleration: &Toleration) {
    let list = json::object(spec).entry("tolerations").or_insert(Value::Null);
    if !list.is_array() {
        *list = Value::Array(Vec::new());
    }
    let Value::Array(list) = list else { return };
    let mut updated = false;
    for own in list.iter_mut().filter(|own| toleration.match_toleration(&Toleration::from_value(own))) {
        *own = toleration.to_value();
        updated = true;
    }
    if !updated {
        list.push(toleration.to_value());
    }
}

fn insert_text(map: &mut Map<String, Value>, key: &str, text: &str) {
    if !text.is_empty() {
        map.insert(key.to_owned(), text.into());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tolerations_and_taints_keep_their_form() {
        for value in [
            json!({"operator": "Exists"}),
            json!({"key": "a", "value": "b", "effect": "NoExecute", "tolerationSeconds": 300}),
            json!({"key": "a", "operator": "Equal", "value": "b", "effect": "PreferNoSchedule"}),
        ] {
            assert_eq!(Toleration::from_value(&value).to_value(), value);
        }
        let taint =
            json!({"key": "a", "value": "b", "effect": "NoExecute", "timeAdded": "2026-01-01T00:00:00Z"});
        let read = Taint::from_value(&taint);
        assert_eq!(read.as_ref().map(Taint::to_value), Some(taint));
        assert_eq!(read.map(|taint| taint.to_string()).as_deref(), Some("a=b:NoExecute"));
        assert_eq!(Taint::new("a", "", TaintEffect::NoSchedule).to_string(), "a:NoSchedule");
    }

    #[test]
    fn comparison_operators_need_their_gate() {
        let toleration = Toleration::from_value(&json!({"key": "sla", "operator": "Gt", "value": "750"}));
        let taint = Taint::new("sla", "950", TaintEffect::NoSchedule);
        assert!(toleration.tolerates_taint(&taint, true));
        assert!(!toleration.tolerates_taint(&taint, false));
    }

    #[test]
    fn ds_018_a_matching_toleration_is_replaced_not_doubled() {
        let key = "node.kubernetes.io/unreachable";
        let limited =
            json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60});
        let other = json!({"key": key, "operator": "Exists", "effect": "NoSchedule"});
        let mut spec = json!({"tolerations": [limited, other]});
        add_or_update_toleration_in_pod_spec(&mut spec, &Toleration::exists(key, TaintEffect::NoExecute));
        let forever = json!({"key": key, "operator": "Exists", "effect": "NoExecute"});
        assert_eq!(spec, json!({"tolerations": [forever, other]}));
    }
}

//! Which nodes a pod's node selector and node affinity allow or prefer.
//!
//! Kubernetes: staging/src/k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go.

use serde_json::{Map, Value, json};

use super::field::{ErrorList, FieldError, FieldPath};
use super::json;
use super::label::{Operator, Requirement, Selector};

/// The name of the only node field that a selector can ask for.
pub const OBJECT_NAME_FIELD: &str = "metadata.name";

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";

/// A condition on a node's fields: equal, or not equal, to one value.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FieldRequirement {
    key: Box<str>,
    equal: bool,
    value: Box<str>,
}

impl FieldRequirement {
    fn matches(&self, node_name: &str) -> bool {
        // A field that there is not reads as empty.
        let have = if &*self.key == OBJECT_NAME_FIELD { node_name } else { "" };
        (have == &*self.value) == self.equal
    }
}

/// One term of a node selector: all of its conditions must hold. A term with an error never matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodeSelectorTerm {
    /// `None` if there are no label conditions.
    match_labels: Option<Selector>,
    match_fields: Option<Vec<FieldRequirement>>,
    parse_errors: ErrorList,
}

impl NodeSelectorTerm {
    fn new(term: &Value, path: &FieldPath) -> Self {
        let mut parsed = Self { match_labels: None, match_fields: None, parse_errors: ErrorList::new() };
        let expressions = json::list(term, "matchExpressions");
        if !expressions.is_empty() {
            match node_selector_requirements_as_selector(expressions, &path.child("matchExpressions")) {
                Ok(selector) => parsed.match_labels = Some(selector),
                Err(errors) => parsed.parse_errors.extend(errors),
            }
        }
        let fields = json::list(term, "matchFields");
        if !fields.is_empty() {
            match field_requirements(fields, &path.child("matchFields")) {
                Ok(requirements) => parsed.match_fields = Some(requirements),
                Err(errors) => parsed.parse_errors.extend(errors),
            }
        }
        parsed
    }

    /// Whether a node of that name and those labels satisfies the term.
    fn matches<'a>(&self, name: &str, label: &impl Fn(&str) -> Option<&'a str>) -> bool {
        self.parse_errors.is_empty()
            && self.match_labels.as_ref().is_none_or(|selector| selector.matches(label))
            // A node without a name has no fields to look at.
            && (name.is_empty() || self.match_fields.iter().flatten().all(|field| field.matches(name)))
    }
}

fn is_empty_node_selector_term(term: &Value) -> bool {
    json::empty(term, "matchExpressions") && json::empty(term, "matchFields")
}

/// Node selector requirements as a label selector; none at all selects nothing.
pub fn node_selector_requirements_as_selector(
    requirements: &[Value],
    path: &FieldPath,
) -> Result<Selector, ErrorList> {
    if requirements.is_empty() {
        return Ok(Selector::Nothing);
    }
    let (mut selector, mut errors) = (Selector::everything(), ErrorList::new());
    for (at, expression) in requirements.iter().enumerate() {
        let path = path.index(at);
        let operator = match json::text(expression, "operator") {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            "Gt" => Operator::GreaterThan,
            "Lt" => Operator::LessThan,
            other => {
                let supported = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];
                errors.push(FieldError::not_supported(&path.child("operator"), other, &supported));
                continue;
            }
        };
        let values = json::strings(expression, "values");
        match Requirement::new(json::text(expression, "key"), operator, &values, &path) {
            Ok(requirement) => selector.add(requirement),
            Err(more) => errors.extend(more),
        }
    }
    if errors.is_empty() { Ok(selector) } else { Err(errors) }
}

/// Kubernetes: nodeaffinity.go, nodeSelectorRequirementsAsFieldSelector.
fn field_requirements(requirements: &[Value], path: &FieldPath) -> Result<Vec<FieldRequirement>, ErrorList> {
    let (mut fields, mut errors) = (Vec::new(), ErrorList::new());
    for (at, expression) in requirements.iter().enumerate() {
        let path = path.index(at);
        let equal = match json::text(expression, "operator") {
            "In" => true,
            "NotIn" => false,
            other => {
                let supported = ["In", "NotIn"];
                errors.push(FieldError::not_supported(&path.child("operator"), other, &supported));
                continue;
            }
        };
        match json::strings(expression, "values").as_slice() {
            [value] => {
                let key = json::text(expression, "key").into();
                fields.push(FieldRequirement { key, equal, value: (*value).into() });
            }
            values => {
                let shown: Value = values.iter().copied().collect();
                errors.push(FieldError::invalid(&path.child("values"), shown, "must have one element"));
            }
        }
    }
    if errors.is_empty() { Ok(fields) } else { Err(errors) }
}

/// A NodeSelector, read once: one of its terms must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSelector {
    terms: Vec<NodeSelectorTerm>,
}

impl NodeSelector {
    /// Reads the object; terms with errors stay, and never match.
    ///
    /// Kubernetes: nodeaffinity.go, NewLazyErrorNodeSelector.
    pub fn new(selector: &Value) -> Self {
        let path = FieldPath::new("nodeSelectorTerms");
        let terms = json::list(selector, "nodeSelectorTerms").iter().enumerate();
        let given = terms.filter(|(_, term)| !is_empty_node_selector_term(term));
        Self { terms: given.map(|(at, term)| NodeSelectorTerm::new(term, &path.index(at))).collect() }
    }

    /// All that is wrong with it.
    pub fn errors(&self) -> ErrorList {
        self.terms.iter().flat_map(|term| term.parse_errors.iter().cloned()).collect()
    }

    /// Whether a node matches; `label` gives the values of its labels.
    ///
    /// A term with an error never matches, whatever it says; see [`NodeSelector::errors`].
    pub fn matches<'a>(&self, name: &str, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.terms.iter().any(|term| term.matches(name, &label))
    }
}

/// A pod's spec.nodeSelector and required node affinity, read once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredNodeAffinity {
    label_selector: Option<Selector>,
    node_selector: Option<NodeSelector>,
}

impl RequiredNodeAffinity {
    /// Kubernetes: nodeaffinity.go, GetRequiredNodeAffinity.
    pub fn from_pod_spec(spec: &Value) -> Self {
        let mut labels = json::entries(spec, "nodeSelector").peekable();
        let label_selector = labels
            .peek()
            .is_some()
            .then(|| Selector::from_set(labels.map(|(key, value)| (key, value.as_str().unwrap_or("")))));
        let required = json::at(spec, &["affinity", "nodeAffinity", REQUIRED]);
        let node_selector = (!required.is_null()).then(|| NodeSelector::new(required));
        Self { label_selector, node_selector }
    }

    /// Whether nothing is asked for, so that every node matches.
    pub fn matches_every_node(&self) -> bool {
        self.label_selector.is_none() && self.node_selector.is_none()
    }

    /// Whether a node matches; `label` gives the values of its labels.
    ///
    /// Upstream also returns the terms' errors when none matched; both of its callers that are simulated
    /// treat that as no match.
    pub fn matches<'a>(&self, name: &str, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.label_selector.as_ref().is_none_or(|selector| selector.matches(&label))
            && self.node_selector.as_ref().is_none_or(|selector| selector.matches(name, &label))
    }

    /// Whether a term of the affinity alone matches, whatever spec.nodeSelector says; true without any.
    pub fn terms_match<'a>(&self, name: &str, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.node_selector.as_ref().is_none_or(|selector| selector.matches(name, &label))
    }

    /// [`RequiredNodeAffinity::matches`] for a node in its JSON form.
    pub fn matches_node(&self, node: &Value) -> bool {
        let metadata = json::get(node, "metadata");
        let labels = json::get(metadata, "labels");
        self.matches(json::text(metadata, "name"), |key| labels.get(key).and_then(Value::as_str))
    }

    /// The node names that a term on the field metadata.name pins the pod to, if every term has one:
    /// no other node can match.
    pub fn pinned_nodes(&self) -> Option<Vec<&str>> {
        let terms = &self.node_selector.as_ref()?.terms;
        let pinned = |term: &'_ NodeSelectorTerm| {
            let fields = term.match_fields.as_ref()?;
            fields.iter().position(|field| field.equal && &*field.key == OBJECT_NAME_FIELD)
        };
        let valid = terms.iter().filter(|term| term.parse_errors.is_empty());
        valid.map(|term| Some(&*term.match_fields.as_ref()?.get(pinned(term)?)?.value)).collect()
    }
}

/// The preferred terms of a node affinity, with their weights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreferredSchedulingTerms {
    terms: Vec<(i64, NodeSelectorTerm)>,
}

impl PreferredSchedulingTerms {
    /// Reads the list `preferredDuringSchedulingIgnoredDuringExecution`, or says what is wrong with it.
    /// Terms of weight 0 are skipped.
    ///
    /// Kubernetes: nodeaffinity.go, NewPreferredSchedulingTerms.
    pub fn new(terms: &[Value]) -> Result<Self, ErrorList> {
        let (mut parsed, mut errors) = (Vec::new(), ErrorList::new());
        for (at, term) in terms.iter().enumerate() {
            let weight = json::int(term, "weight").unwrap_or(0);
            let preference = json::get(term, "preference");
            if weight == 0 || is_empty_node_selector_term(preference) {
                continue;
            }
            let mut term = NodeSelectorTerm::new(preference, &FieldPath::root().index(at));
            errors.append(&mut term.parse_errors);
            parsed.push((weight, term));
        }
        if errors.is_empty() { Ok(Self { terms: parsed }) } else { Err(errors) }
    }

    /// The preferred terms of a pod's spec.
    pub(crate) fn from_pod_spec(spec: &Value) -> Result<Self, ErrorList> {
        let affinity = json::at(spec, &["affinity", "nodeAffinity"]);
        Self::new(json::list(affinity, "preferredDuringSchedulingIgnoredDuringExecution"))
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The sum of the weights of the terms that match.
    pub fn score<'a>(&self, name: &str, label: impl Fn(&str) -> Option<&'a str>) -> i64 {
        let matching = self.terms.iter().filter(|(_, term)| term.matches(name, &label));
        matching.fold(0, |sum, (weight, _)| sum.saturating_add(*weight))
    }
}

/// A daemon pod's affinity: the template's, with its required node terms replaced by one on the node's name.
///
/// Rule: DS-019. Kubernetes: pkg/controller/daemon/util/daemonset_util.go,
/// ReplaceDaemonSetPodNodeNameNodeAffinity.
pub fn replace_daemon_set_pod_node_name_node_affinity(affinity: Option<&Value>, node_name: &str) -> Value {
    let requirement = json!({"key": OBJECT_NAME_FIELD, "operator": "In", "values": [node_name]});
    let required = json!({"nodeSelectorTerms": [{"matchFields": [requirement]}]});
    let mut affinity = affinity.cloned().unwrap_or(Value::Object(Map::new()));
    json::object(json::child(&mut affinity, "nodeAffinity")).insert(REQUIRED.to_owned(), required);
    affinity
}

/// The node that a pod belongs to: spec.nodeName, else the one name of a metadata.name term.
///
/// Rule: DS-009. Kubernetes: pkg/controller/daemon/util/daemonset_util.go, GetTargetNodeName.
pub fn get_target_node_name(pod: &Value) -> Result<&str, String> {
    let (metadata, spec) = (json::get(pod, "metadata"), json::get(pod, "spec"));
    let node_name = json::text(spec, "nodeName");
    if !node_name.is_empty() {
        return Ok(node_name);
    }
    let pod = format!("{}/{}", json::text(metadata, "namespace"), json::text(metadata, "name"));
    let required = json::at(spec, &["affinity", "nodeAffinity", REQUIRED]);
    if required.is_null() {
        return Err(format!("no spec.affinity.nodeAffinity.{REQUIRED} for pod {pod}"));
    }
    let terms = json::list(required, "nodeSelectorTerms");
    if terms.is_empty() {
        return Err(format!("no nodeSelectorTerms in {REQUIRED} of pod {pod}"));
    }
    let names_node = |field: &&Value| {
        json::text(field, "key") == OBJECT_NAME_FIELD && json::text(field, "operator") == "In"
    };
    match terms.iter().flat_map(|term| json::list(term, "matchFields")).find(names_node) {
        None => Err(format!("no node name found for pod {pod}")),
        Some(field) => match json::strings(field, "values").as_slice() {
            [name] => Ok(name),
            _ => Err(format!("the matchFields value of '{OBJECT_NAME_FIELD}' is not unique for pod {pod}")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ds_019_a_daemon_pod_is_pinned_and_keeps_the_rest_of_its_affinity() {
        let affinity = json!({
            "podAffinity": {"a": 1},
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": []}]},
                "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1}]
            }
        });
        let pinned = replace_daemon_set_pod_node_name_node_affinity(Some(&affinity), "n1");
        let term = json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]});
        assert_eq!(
            pinned,
            json!({
                "podAffinity": {"a": 1},
                "nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]},
                    "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1}]
                }
            })
        );
        let spec = json!({"affinity": pinned});
        assert_eq!(RequiredNodeAffinity::from_pod_spec(&spec).pinned_nodes(), Some(vec!["n1"]));
        assert_eq!(get_target_node_name(&json!({"spec": spec})), Ok("n1"));
    }

    #[test]
    fn ds_009_a_pod_without_target_says_why() {
        let pod = |spec: Value| json!({"metadata": {"namespace": "d", "name": "p"}, "spec": spec});
        assert_eq!(get_target_node_name(&pod(json!({"nodeName": "n"}))), Ok("n"));
        assert_eq!(
            get_target_node_name(&pod(json!({}))),
            Err("no spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution for pod d/p"
                .to_owned())
        );
    }

    #[test]
    fn ds_003_a_selector_that_does_not_parse_matches_no_node() {
        let term = json!({"matchExpressions": [{"key": "a", "operator": "Like", "values": ["b"]}]});
        let selector = NodeSelector::new(&json!({"nodeSelectorTerms": [term]}));
        assert!(!selector.matches("n", |_| Some("b")));
        let errors: Vec<String> = selector.errors().iter().map(ToString::to_string).collect();
        assert_eq!(
            errors,
            [
                "nodeSelectorTerms[0].matchExpressions[0].operator: Unsupported value: \"Like\": supported values: \
              \"In\", \"NotIn\", \"Exists\", \"DoesNotExist\", \"Gt\", \"Lt\""
            ]
        );
    }

    #[test]
    fn nodes_without_pin_are_not_listed() {
        let labels = json!({"nodeSelector": {"disk": "ssd"}});
        assert_eq!(RequiredNodeAffinity::from_pod_spec(&labels).pinned_nodes(), None);
        assert!(RequiredNodeAffinity::from_pod_spec(&json!({})).matches_every_node());
    }
}

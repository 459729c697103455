//! Which nodes a pod's node selector and node affinity allow or prefer.
//!
//! Kubernetes: staging/src/k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go.

use serde_json::Value;

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

    /// Whether it has terms of its own, beside the nodeSelector.
    pub fn has_terms(&self) -> bool {
        self.node_selector.is_some()
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

    /// The node that the first condition `metadata.name In [one]` of the terms names.
    pub fn named_node(&self) -> Option<&str> {
        let fields = self.node_selector.iter().flat_map(|selector| &selector.terms);
        let mut fields = fields.flat_map(|term| term.match_fields.iter().flatten());
        fields.find(|field| field.equal && &*field.key == OBJECT_NAME_FIELD).map(|field| &*field.value)
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

    /// Whether there is no preference.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The sum of the weights of the terms that match.
    pub fn score<'a>(&self, name: &str, label: impl Fn(&str) -> Option<&'a str>) -> i64 {
        let matching = self.terms.iter().filter(|(_, term)| term.matches(name, &label));
        matching.fold(0, |sum, (weight, _)| sum.saturating_add(*weight))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
    fn ds_009_the_first_term_on_the_name_names_the_node() {
        let named = |fields: Value| {
            let terms =
                json!([{"matchExpressions": [{"key": "a", "operator": "Exists"}]}, {"matchFields": fields}]);
            let affinity = json!({"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": terms}}});
            let affinity = RequiredNodeAffinity::from_pod_spec(&json!({"affinity": affinity}));
            affinity.named_node().map(str::to_owned)
        };
        let field = |operator: &str, values: Value| json!([{"key": "metadata.name", "operator": operator, "values": values}]);
        assert_eq!(named(field("In", json!(["n1"]))).as_deref(), Some("n1"));
        assert_eq!(named(field("In", json!(["n1", "n2"]))), None);
        assert_eq!(named(field("NotIn", json!(["n1"]))), None);
        let labels = RequiredNodeAffinity::from_pod_spec(&json!({"nodeSelector": {"disk": "ssd"}}));
        assert_eq!((labels.named_node(), labels.matches_every_node()), (None, false));
        assert!(RequiredNodeAffinity::from_pod_spec(&json!({})).matches_every_node());
    }
}

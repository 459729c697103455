//! Label selectors and the rules for names, keys and values.
//!
//! Kubernetes: staging/src/k8s.io/apimachinery/pkg/labels/selector.go,
//! pkg/apis/meta/v1/helpers.go (LabelSelectorAsSelector, LabelSelectorAsMap).

mod names;
mod parser;

use std::fmt;
use std::rc::Rc;

use serde_json::Value;
use sim::SortedMap;

pub use names::{
    is_decimal_integer, is_dns1035_label, is_dns1123_label, is_dns1123_subdomain, is_qualified_name,
    is_valid_label_value, is_valid_port_name, max_len_error, regex_error,
};

use super::field::{ErrorList, FieldError, FieldPath, go_quote, to_aggregate};
use super::json;
use sim::order::SortShared;

/// How a requirement relates a key and its values. Prints as in a selector's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// The value is one of the values.
    In,
    /// The value is none of the values, or there is no such label.
    NotIn,
    /// The value is this one (`=`).
    Equals,
    /// The value is this one (`==`).
    DoubleEquals,
    /// The value is another one, or there is no such label (`!=`).
    NotEquals,
    /// There is such a label.
    Exists,
    /// There is no such label.
    DoesNotExist,
    /// The value is a number above this one.
    GreaterThan,
    /// The value is a number below this one.
    LessThan,
}

impl Operator {
    pub(crate) const BINARY: [Self; 7] = [
        Self::In,
        Self::NotIn,
        Self::Equals,
        Self::DoubleEquals,
        Self::NotEquals,
        Self::GreaterThan,
        Self::LessThan,
    ];

    /// The word upstream has for it (selection.Operator).
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::NotIn => "notin",
            Self::Equals => "=",
            Self::DoubleEquals => "==",
            Self::NotEquals => "!=",
            Self::Exists => "exists",
            Self::DoesNotExist => "!",
            Self::GreaterThan => "gt",
            Self::LessThan => "lt",
        }
    }
}

/// One condition on one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    key: Rc<str>,
    operator: Operator,
    /// In the order given; printed in sorted order.
    values: Vec<Rc<str>>,
}

impl Requirement {
    /// A requirement, or all that is wrong with it; `path` is where it stands.
    ///
    /// Kubernetes: labels/selector.go, NewRequirement.
    pub fn new<S: AsRef<str>>(
        key: &str,
        operator: Operator,
        values: &[S],
        path: &FieldPath,
    ) -> Result<Self, ErrorList> {
        let mut errors = ErrorList::new();
        errors.extend(validate_label_key(key, &path.child("key")));
        let value_path = path.child("values");
        let shown = || values.iter().map(AsRef::as_ref).collect::<Value>();
        let count_error = match operator {
            Operator::In | Operator::NotIn if values.is_empty() => {
                Some("for 'in', 'notin' operators, values set can't be empty")
            }
            Operator::Equals | Operator::DoubleEquals | Operator::NotEquals if values.len() != 1 => {
                Some("exact-match compatibility requires one single value")
            }
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
                Some("values set must be empty for exists and does not exist")
            }
            Operator::GreaterThan | Operator::LessThan if values.len() != 1 => {
                Some("for 'Gt', 'Lt' operators, exactly one value is required")
            }
            _ => None,
        };
        errors.extend(count_error.map(|detail| FieldError::invalid(&value_path, shown(), detail)));
        if matches!(operator, Operator::GreaterThan | Operator::LessThan) {
            for (at, value) in values.iter().map(AsRef::as_ref).enumerate() {
                if parse_int64(value).is_none() {
                    let detail = "for 'Gt', 'Lt' operators, the value must be an integer";
                    errors.push(FieldError::invalid(&value_path.index(at), value, detail));
                }
            }
        }
        for (at, value) in values.iter().map(AsRef::as_ref).enumerate() {
            errors.extend(validate_label_value(key, value, &value_path.index(at)));
        }
        match errors.is_empty() {
            true => Ok(Self::unchecked(key, operator, values)),
            false => Err(errors),
        }
    }

    fn unchecked<S: AsRef<str>>(key: &str, operator: Operator, values: &[S]) -> Self {
        Self { key: key.into(), operator, values: values.iter().map(|v| Rc::from(v.as_ref())).collect() }
    }

    /// The label's key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// How the label is compared.
    pub fn operator(&self) -> Operator {
        self.operator
    }

    /// What it is compared with.
    pub fn values(&self) -> &[Rc<str>] {
        &self.values
    }

    fn has_value(&self, value: &str) -> bool {
        self.values.iter().any(|v| **v == *value)
    }

    /// Whether the value of this requirement's key satisfies it; `None` where there is no such label.
    pub(crate) fn matches_value(&self, value: Option<&str>) -> bool {
        match self.operator {
            Operator::In | Operator::Equals | Operator::DoubleEquals => {
                value.is_some_and(|v| self.has_value(v))
            }
            Operator::NotIn | Operator::NotEquals => !value.is_some_and(|v| self.has_value(v)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan | Operator::LessThan => {
                let [bound] = self.values.as_slice() else { return false };
                match (value.and_then(parse_int64), parse_int64(bound)) {
                    (Some(have), Some(bound)) if self.operator == Operator::GreaterThan => have > bound,
                    (Some(have), Some(bound)) => have < bound,
                    _ => false,
                }
            }
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut values: Vec<&str> = self.values.iter().map(|v| &**v).collect();
        values.sort_shared();
        let (key, values) = (&self.key, values.join(","));
        match self.operator {
            Operator::In => write!(f, "{key} in ({values})"),
            Operator::NotIn => write!(f, "{key} notin ({values})"),
            Operator::Equals => write!(f, "{key}={values}"),
            Operator::DoubleEquals => write!(f, "{key}=={values}"),
            Operator::NotEquals => write!(f, "{key}!={values}"),
            Operator::GreaterThan => write!(f, "{key}>{values}"),
            Operator::LessThan => write!(f, "{key}<{values}"),
            Operator::Exists => write!(f, "{key}"),
            Operator::DoesNotExist => write!(f, "!{key}"),
        }
    }
}

/// Why a selector is none. Prints as upstream's sentence.
#[derive(Clone, Debug, PartialEq)]
pub enum SelectorError {
    /// A text has not the form of a selector; the parser's sentence.
    Syntax(String),
    /// An operator that there is not.
    Operator(String),
    /// A key or a value may not be so, or there are too many or too few values.
    Requirement(ErrorList),
}

impl fmt::Display for SelectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SelectorError::Syntax(sentence) => f.write_str(sentence),
            SelectorError::Operator(operator) => {
                write!(f, "{} is not a valid label selector operator", go_quote(operator))
            }
            SelectorError::Requirement(errors) => f.write_str(&to_aggregate(errors)),
        }
    }
}

impl std::error::Error for SelectorError {}

/// What selects objects by their labels. Prints as the text that `kubectl -l` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// Selects no object at all.
    Nothing,
    /// All must hold; none at all selects everything. Sorted by key.
    All(Vec<Requirement>),
}

impl Selector {
    /// A selector that every object matches.
    pub fn everything() -> Self {
        Self::All(Vec::new())
    }

    fn from_requirements(mut requirements: Vec<Requirement>) -> Self {
        requirements.sort_shared_by(|a, b| a.key.cmp(&b.key));
        Self::All(requirements)
    }

    /// Adds a requirement, keeping the order by key.
    pub fn add(&mut self, requirement: Requirement) {
        if let Self::All(requirements) = self {
            requirements.push(requirement);
            requirements.sort_shared_by(|a, b| a.key.cmp(&b.key));
        }
    }

    /// Reads the text form: `a=b,c in (x,y),!d`. An error is upstream's sentence.
    ///
    /// Kubernetes: labels/selector.go, Parse.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        parser::parse(text).map(Self::from_requirements).map_err(SelectorError::Syntax)
    }

    /// A selector of exactly these labels, unchecked; none selects everything.
    ///
    /// Kubernetes: labels/selector.go, SelectorFromSet.
    pub(crate) fn from_set<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let equals = |(key, value)| Requirement::unchecked(key, Operator::Equals, &[value]);
        Self::from_requirements(labels.into_iter().map(equals).collect())
    }

    /// Whether nothing is restricted.
    pub fn is_everything(&self) -> bool {
        matches!(self, Self::All(requirements) if requirements.is_empty())
    }

    /// The requirements; `None` where nothing is selected.
    pub fn requirements(&self) -> Option<&[Requirement]> {
        match self {
            Self::Nothing => None,
            Self::All(requirements) => Some(requirements),
        }
    }

    /// Whether an object is selected; `label` gives the value of its label of that key.
    pub fn matches<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        match self {
            Self::Nothing => false,
            Self::All(requirements) => requirements.iter().all(|r| r.matches_value(label(&r.key))),
        }
    }

    /// [`Selector::matches`] for labels as they stand in an object's JSON (null: none).
    pub fn matches_json(&self, labels: &Value) -> bool {
        self.matches(|key| labels.get(key).and_then(Value::as_str))
    }

    /// [`Selector::matches`] for labels in a map.
    pub fn matches_map<K, V>(&self, labels: &SortedMap<K, V>) -> bool
    where
        K: Ord + std::borrow::Borrow<str>,
        V: AsRef<str>,
    {
        self.matches(|key| labels.get(key).map(AsRef::as_ref))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, requirement) in self.requirements().unwrap_or_default().iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            write!(f, "{requirement}")?;
        }
        Ok(())
    }
}

/// A LabelSelector object as a selector: null selects nothing, an empty one everything.
///
/// Kubernetes: pkg/apis/meta/v1/helpers.go, LabelSelectorAsSelector.
pub fn label_selector_as_selector(selector: &Value) -> Result<Selector, SelectorError> {
    if selector.is_null() {
        return Ok(Selector::Nothing);
    }
    let root = FieldPath::root();
    let mut requirements = Vec::new();
    for (key, value) in json::entries(selector, "matchLabels") {
        let value = value.as_str().unwrap_or("");
        let requirement = Requirement::new(key, Operator::Equals, &[value], &root);
        requirements.push(requirement.map_err(SelectorError::Requirement)?);
    }
    for expression in json::list(selector, "matchExpressions") {
        let operator = json::text(expression, "operator");
        let Some(word) = label_selector_operator(operator) else {
            return Err(SelectorError::Operator(operator.to_owned()));
        };
        let values = json::strings(expression, "values");
        let requirement = Requirement::new(json::text(expression, "key"), word, &values, &root);
        requirements.push(requirement.map_err(SelectorError::Requirement)?);
    }
    Ok(Selector::from_requirements(requirements))
}

/// A LabelSelector of a stored object as a selector.
///
/// One with an error selects nothing. Validation refuses such a selector, so no stored object has one; upstream's
/// callers log the error and pass the object over.
pub fn selector_or_nothing(selector: &Value) -> Selector {
    label_selector_as_selector(selector).unwrap_or(Selector::Nothing)
}

fn label_selector_operator(word: &str) -> Option<Operator> {
    match word {
        "In" => Some(Operator::In),
        "NotIn" => Some(Operator::NotIn),
        "Exists" => Some(Operator::Exists),
        "DoesNotExist" => Some(Operator::DoesNotExist),
        _ => None,
    }
}

/// Go's strconv.ParseInt(text, 10, 64).
pub(crate) fn parse_int64(text: &str) -> Option<i64> {
    text.parse().ok()
}

fn validate_label_key(key: &str, path: &FieldPath) -> Option<FieldError> {
    let messages = is_qualified_name(key);
    (!messages.is_empty()).then(|| FieldError::invalid(path, key, messages.join("; ")))
}

fn validate_label_value(key: &str, value: &str, path: &FieldPath) -> Option<FieldError> {
    let messages = is_valid_label_value(value);
    (!messages.is_empty()).then(|| FieldError::invalid(&path.key(key), value, messages.join("; ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn printed(text: &str) -> String {
        Selector::parse(text).map_or_else(|error| error.to_string(), |selector| selector.to_string())
    }

    #[test]
    fn selector_texts_print_canonically() {
        assert_eq!(printed("x in (foo,,baz),y,z notin ()"), "x in (,baz,foo),y,z notin ()");
        assert_eq!(printed("b==c , a != d,!e,f>1,g<2"), "a!=d,b==c,!e,f>1,g<2");
        assert_eq!(printed(""), "");
    }

    #[test]
    fn bad_selector_texts_are_refused_in_upstreams_words() {
        let label = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
                     alphanumeric character";
        for (text, expected) in [
            (",x", "found ',', expected: !, identifier, or 'end of string'".to_owned()),
            ("x,,y", "found ',', expected: identifier after ','".to_owned()),
            (
                "x y",
                "unable to parse requirement: found 'y', expected: in, notin, =, ==, !=, gt, lt".to_owned(),
            ),
            ("!", "unable to parse requirement: found '', expected: identifier".to_owned()),
            ("x in", "unable to parse requirement: found '' expected: '('".to_owned()),
            ("x in (", "unable to parse requirement: found '', expected: ',', ')' or identifier".to_owned()),
            ("x in (a b)", "unable to parse requirement: found 'b', expected: ',' or ')'".to_owned()),
            ("x==a==b", "found '==', expected: ',' or 'end of string'".to_owned()),
            (
                "-x",
                format!(
                    "unable to parse requirement: <nil>: Invalid value: \"-x\": name part {label} (e.g. \
                     'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
                     '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
                ),
            ),
            (
                "x=-b",
                format!(
                    "unable to parse requirement: values[0][x]: Invalid value: \"-b\": a valid label must be \
                     an empty string or {} (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for \
                     validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
                    label.trim_start_matches("must ")
                ),
            ),
            (
                "x>a",
                "unable to parse requirement: values[0]: Invalid value: \"a\": for 'Gt', 'Lt' operators, \
                 the value must be an integer"
                    .to_owned(),
            ),
        ] {
            assert_eq!(printed(text), expected, "{text}");
        }
    }

    #[test]
    fn any_text_is_read_without_panic() {
        for text in ["=", "==", "(", ")", "!!", "x!", "x in (,", "\0", "é", "x=\0y", "a in (in,notin)", "<>"]
        {
            let _ = Selector::parse(text);
        }
    }

    #[test]
    fn an_unknown_operator_of_an_object_is_named() {
        let selector = json!({"matchExpressions": [{"key": "a", "operator": "Like", "values": ["b"]}]});
        assert_eq!(label_selector_as_selector(&selector), Err(SelectorError::Operator("Like".to_owned())));
    }

    #[test]
    fn selectors_match_maps_and_json() {
        let selector = Selector::from_set([("a", "b")]);
        assert!(selector.matches_json(&json!({"a": "b", "c": "d"})));
        assert!(!selector.matches_json(&Value::Null));
        assert!(selector.matches_map(&SortedMap::from([(Rc::<str>::from("a"), Rc::<str>::from("b"))])));
        assert!(Selector::everything().matches_json(&Value::Null));
        assert!(!Selector::Nothing.matches_json(&json!({"a": "b"})));
    }
}

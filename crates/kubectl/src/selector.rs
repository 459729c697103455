//! `-l` and `--field-selector`: which of the listed objects are wanted.
//!
//! The API server does this; kubectl gets the whole list here and looks itself.
//!
//! Kubernetes: apimachinery/pkg/fields; pkg/apis/core/v1/conversion.go for the fields of each kind.

use serde_json::Value;

use api::field::go_quote;
use api::json;
use api::label::Selector;
use api::meta::StringMap;
use api::object::{Kind, Object};
use api::pod::Pod;
use api::status_error::StatusError;
use cli_runtime::job::Failure;
use sim::order::SortShared;

/// The objects a command wants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    label_text: String,
    field_text: String,
    labels: Option<Selector>,
    fields: Vec<Requirement>,
    /// What is wrong with either.
    problem: Option<String>,
}

#[derive(Clone, Debug)]
struct Requirement {
    field: String,
    equal: bool,
    value: String,
}

impl Filter {
    pub(crate) fn new(labels: &str, fields: &str) -> Filter {
        let mut filter = Filter {
            label_text: labels.trim().to_owned(),
            field_text: fields.trim().to_owned(),
            ..Filter::default()
        };
        if !filter.label_text.is_empty() {
            match Selector::parse(&filter.label_text) {
                Ok(selector) => filter.labels = Some(selector),
                Err(error) => filter.problem = Some(error.to_string()),
            }
        }
        match parse_selector(&filter.field_text) {
            Ok(fields) => filter.fields = fields,
            // The labels are read first.
            Err(error) => filter.problem = filter.problem.or(Some(error)),
        }
        filter
    }

    pub(crate) fn has_labels(&self) -> bool {
        !self.label_text.is_empty()
    }

    /// Whether an object of a file is one of those that `-l` picks; kubectl looks at that itself.
    ///
    /// Kubernetes: cli-runtime/pkg/resource/builder.go, visitByPaths; visitor.go, FilterByLabelSelector.
    pub(crate) fn picks(&self, labels: Option<&StringMap>) -> Result<bool, Failure> {
        if !self.has_labels() {
            return Ok(true);
        }
        match Selector::parse(&self.label_text) {
            Ok(selector) => Ok(labels.is_some_and(|labels| selector.matches_map(labels))),
            Err(error) => Err(Failure::Message(format!(
                "the provided selector {} is not valid: {error}",
                go_quote(&self.label_text)
            ))),
        }
    }

    /// What the API server says to a selector that it does not understand.
    pub(crate) fn check(&self, kind: Kind) -> Result<(), Failure> {
        let unknown = || self.fields.iter().find_map(|term| field_problem(kind, &term.field));
        let Some(problem) = self.problem.clone().or_else(unknown) else { return Ok(()) };
        let info = kind.info();
        let resource = if info.group.is_empty() {
            format!("/{}, Resource={}", info.version, info.plural)
        } else {
            format!("{}, Resource={}", info.api_version, info.plural)
        };
        let message = format!(
            "Unable to find {} that match label selector {}, field selector {}: {problem}",
            go_quote(&resource),
            go_quote(&self.label_text),
            go_quote(&self.field_text)
        );
        let error = Box::new(StatusError::bad_request(message));
        Err(Failure::Status { prefix: String::new(), error })
    }

    pub(crate) fn matches(&self, object: &Object) -> bool {
        if let Some(selector) = &self.labels {
            let matches = object.meta().is_some_and(|meta| selector.matches_map(meta.labels()));
            if !matches {
                return false;
            }
        }
        self.fields
            .iter()
            .all(|requirement| (field(object, &requirement.field) == requirement.value) == requirement.equal)
    }
}

/// The terms of a field selector, in their alphabetical order.
///
/// Kubernetes: apimachinery/pkg/fields/selector.go, parseSelector.
fn parse_selector(text: &str) -> Result<Vec<Requirement>, String> {
    let mut terms = split_terms(text);
    terms.sort_shared();
    let requirement = |term: &str| {
        let Some((field, operator, value)) = split_term(term) else {
            return Err(format!("invalid selector: '{text}'; can't understand '{term}'"));
        };
        Ok(Requirement { field: field.to_owned(), equal: operator != "!=", value: unescape_value(value)? })
    };
    terms.into_iter().filter(|term| !term.is_empty()).map(requirement).collect()
}

/// The parts between commas that no backslash stands before.
fn split_terms(text: &str) -> Vec<&str> {
    let mut escaped = false;
    let comma = |c: char| {
        let splits = c == ',' && !escaped;
        escaped = c == '\\' && !escaped;
        splits
    };
    text.split(comma).collect()
}

fn split_term(term: &str) -> Option<(&str, &str, &str)> {
    let at = term.find(['!', '=']).map(|first| {
        let rest = term.get(first..).unwrap_or_default();
        // A `!` alone belongs to the name.
        first
            + rest
                .char_indices()
                .find(|(at, c)| *c == '=' || rest[*at..].starts_with("!="))
                .map_or(rest.len(), |(at, _)| at)
    })?;
    let (field, rest) = term.split_at(at);
    let operator = ["!=", "==", "="].into_iter().find(|operator| rest.starts_with(operator))?;
    Some((field, operator, rest.strip_prefix(operator)?))
}

fn unescape_value(text: &str) -> Result<String, String> {
    let mut value = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | ',' | '=')) => value.push(c),
                escape => {
                    let sequence: String = ['\\'].into_iter().chain(escape).collect();
                    return Err(format!("invalid field selector: invalid escape sequence: {sequence}"));
                }
            },
            ',' | '=' => {
                let code = u32::from(c);
                return Err(format!("invalid field selector: unescaped character in value: {code}"));
            }
            c => value.push(c),
        }
    }
    Ok(value)
}

const POD_FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "spec.host",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.podIPs",
    "status.nominatedNodeName",
];
const EVENT_FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
];

/// The fields that objects of a kind can be selected by.
enum Known {
    /// These, and the error is that of the kind's own conversion.
    Own(&'static [&'static str]),
    /// Name and namespace, as of all kinds that say nothing of their own.
    Default,
}

/// Kubernetes: AddFieldLabelConversionFunc in pkg/apis/core/v1/conversion.go and the other groups'.
fn known_fields(kind: Kind) -> Known {
    Known::Own(match kind.info().kind {
        "Pod" => POD_FIELDS,
        "Node" => &["metadata.name", "spec.unschedulable"],
        "Event" => EVENT_FIELDS,
        "Namespace" => &["metadata.name", "status.phase"],
        "Secret" => &["metadata.name", "metadata.namespace", "type"],
        "Service" => &["metadata.name", "metadata.namespace", "spec.clusterIP", "spec.type"],
        "ReplicationController" => &["metadata.name", "metadata.namespace", "status.replicas"],
        "Job" => &["metadata.name", "metadata.namespace", "status.successful"],
        "CertificateSigningRequest" => &["metadata.name", "spec.signerName"],
        _ => return Known::Default,
    })
}

/// What is wrong with a field that objects of a kind are to be selected by.
fn field_problem(kind: Kind, field: &str) -> Option<String> {
    match known_fields(kind) {
        Known::Own(known) if known.contains(&field) => None,
        Known::Own(_) if kind.info().kind == "Job" => {
            Some(format!("field label {} not supported for Job", go_quote(field)))
        }
        Known::Own(_) => Some(format!("field label not supported: {field}")),
        Known::Default if matches!(field, "metadata.name" | "metadata.namespace") => None,
        Known::Default => Some(format!(
            "{} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
            go_quote(field)
        )),
    }
}

fn field(object: &Object, field: &str) -> String {
    match field {
        "metadata.name" => return object.key().name.to_string(),
        "metadata.namespace" => return object.key().namespace.to_string(),
        _ => {}
    }
    match object {
        Object::Pod(pod) => pod_field(pod, field),
        Object::Node(node) => node.unschedulable.to_string(),
        Object::Event(event) => {
            let (draft, about) = (&event.draft, &*event.draft.regarding);
            match field {
                "involvedObject.kind" => about.kind.name().to_owned(),
                "involvedObject.namespace" => about.namespace.to_string(),
                "involvedObject.name" => about.name.to_string(),
                "involvedObject.uid" => about.uid.to_string(),
                "involvedObject.apiVersion" => about.kind.api_version().to_owned(),
                "involvedObject.fieldPath" => draft.field_path.as_deref().unwrap_or_default().to_owned(),
                "reason" => draft.reason.to_owned(),
                "reportingComponent" | "source" => draft.source.component.to_owned(),
                "type" => if draft.is_warning() { "Warning" } else { "Normal" }.to_owned(),
                _ => String::new(),
            }
        }
        Object::Other(other) => {
            let path: Vec<&str> = match field {
                "status.successful" => vec!["status", "succeeded"],
                field => field.split('.').collect(),
            };
            match json::at(&other.raw, &path) {
                Value::String(text) => text.clone(),
                Value::Null if matches!(field, "status.successful" | "status.replicas") => "0".to_owned(),
                Value::Number(number) => number.to_string(),
                _ => String::new(),
            }
        }
        _ => String::new(),
    }
}

fn pod_field(pod: &Pod, field: &str) -> String {
    match field {
        "spec.nodeName" | "spec.host" => pod.node_name.as_deref().unwrap_or_default().to_owned(),
        "spec.restartPolicy" => format!("{:?}", pod.spec.restart_policy),
        "spec.schedulerName" => pod.spec.scheduler_name.to_string(),
        "spec.serviceAccountName" => pod.spec.service_account_name.to_string(),
        "spec.hostNetwork" => pod.spec.host_network.to_string(),
        "status.phase" => pod.status.phase.text().to_owned(),
        "status.podIP" => pod.status.pod_ip.map(|ip| ip.to_string()).unwrap_or_default(),
        "status.nominatedNodeName" => pod.status.nominated_node.as_deref().unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::rc::Rc;

    fn pod() -> Object {
        Object::Pod(Rc::new(Pod::from_value(&json!({
            "metadata": {"name": "a", "namespace": "default", "labels": {"app": "x"}},
            "spec": {"nodeName": "worker-1"}, "status": {"phase": "Running"}}))))
    }

    #[test]
    fn labels_and_fields_select() {
        for (labels, fields, expected) in [
            ("app=x", "", true),
            ("app!=x", "", false),
            ("app in (x,y)", "spec.nodeName=worker-1", true),
            ("", "spec.nodeName!=worker-1", false),
            ("", "status.phase==Running,metadata.name=a", true),
            ("", "metadata.namespace=kube-system", false),
        ] {
            let filter = Filter::new(labels, fields);
            assert_eq!(filter.matches(&pod()), expected, "{labels} {fields}");
            assert!(filter.check(Kind::Pod).is_ok());
        }
    }

    #[test]
    fn selectors_that_the_server_does_not_know_are_refused_in_its_words() {
        let of = |filter: Filter, kind| match filter.check(kind) {
            Err(Failure::Status { error, .. }) => error.message,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            of(Filter::new("", "spec.foo=1"), Kind::Pod),
            "Unable to find \"/v1, Resource=pods\" that match label selector \"\", field selector \"spec.foo=1\": field label \
             not supported: spec.foo"
        );
        assert_eq!(
            of(Filter::new("", "spec.foo=1"), Kind::DaemonSet),
            "Unable to find \"apps/v1, Resource=daemonsets\" that match label selector \"\", field selector \"spec.foo=1\": \
             \"spec.foo\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        );
        assert!(of(Filter::new("a in", ""), Kind::Pod).contains("unable to parse requirement: "));
    }
}

//! `-l` and `--field-selector`: which of the listed objects are wanted.
//!
//! The API server does this; kubectl gets the whole list here and looks itself.
//!
//! Kubernetes: apimachinery/pkg/fields; pkg/apis/core/v1/conversion.go for the fields of each kind.

use api::field::go_quote;
use api::json;
use api::label::Selector;
use api::meta::StringMap;
use api::object::{Kind, Object};
use api::pod::Pod;
use api::status_error::StatusError;
use cli_runtime::job::Failure;

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
                Err(error) => filter.problem = Some(format!("unable to parse requirement: {error}")),
            }
        }
        for term in filter.field_text.split(',').filter(|term| !term.is_empty()) {
            match requirement(term) {
                Some(requirement) => filter.fields.push(requirement),
                None => {
                    filter.problem = Some(format!(
                        "invalid selector: {}; can't understand {}",
                        go_quote(fields),
                        go_quote(term)
                    ))
                }
            }
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
        let unknown = self.fields.iter().find(|requirement| !is_known(kind, &requirement.field));
        let problem = match (&self.problem, unknown) {
            (Some(problem), _) => problem.clone(),
            (None, Some(requirement)) => match kind {
                Kind::Pod | Kind::Node | Kind::Event => {
                    format!("field label not supported: {}", requirement.field)
                }
                _ => format!(
                    "{} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
                    go_quote(&requirement.field)
                ),
            },
            (None, None) => return Ok(()),
        };
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

fn requirement(term: &str) -> Option<Requirement> {
    let (field, value, equal) = if let Some((field, value)) = term.split_once("!=") {
        (field, value, false)
    } else if let Some((field, value)) = term.split_once("==") {
        (field, value, true)
    } else {
        let (field, value) = term.split_once('=')?;
        (field, value, true)
    };
    Some(Requirement { field: field.trim().to_owned(), equal, value: value.trim().to_owned() })
}

const POD_FIELDS: &[&str] = &[
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

fn is_known(kind: Kind, field: &str) -> bool {
    let own: &[&str] = match kind {
        Kind::Pod => POD_FIELDS,
        Kind::Node => &["spec.unschedulable"],
        Kind::Event => EVENT_FIELDS,
        Kind::Other(_) if kind.name() == "Namespace" => &["status.phase"],
        Kind::Other(_) if kind.name() == "Secret" => &["type"],
        _ => &[],
    };
    matches!(field, "metadata.name" | "metadata.namespace") || own.contains(&field)
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
            let path: Vec<&str> = field.split('.').collect();
            json::at(&other.raw, &path).as_str().unwrap_or_default().to_owned()
        }
        _ => String::new(),
    }
}

fn pod_field(pod: &Pod, field: &str) -> String {
    match field {
        "spec.nodeName" => pod.node_name.as_deref().unwrap_or_default().to_owned(),
        "spec.restartPolicy" => format!("{:?}", pod.spec.restart_policy),
        "spec.schedulerName" => pod.spec.scheduler_name.to_string(),
        "spec.serviceAccountName" => pod.spec.service_account_name.to_string(),
        "spec.hostNetwork" => pod.spec.host_network.to_string(),
        "status.phase" => pod.status.phase.text().to_owned(),
        "status.podIP" | "status.podIPs" => pod.status.pod_ip.map(|ip| ip.to_string()).unwrap_or_default(),
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

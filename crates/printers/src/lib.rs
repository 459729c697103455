//! The tables of `kubectl get`: the API server makes them, one function for each kind.
//!
//! Kubernetes: pkg/printers/internalversion/printers.go, and apiserver/pkg/registry/rest/table.go for the
//! kinds that have no printer of their own.

mod apps;
mod cluster;
pub mod core;
mod pod;
pub mod table;

use serde_json::Value;

use api::human_duration::{UNKNOWN, human_duration};
use api::json;
use api::label::label_selector_as_selector;
use api::meta::StringMap;
use api::object::{Kind, Object};
pub use core::find_node_roles;
pub use pod::{EndReason, PodReason, pod_status};
use sim::{Time, Timestamp};

/// A column's heading as the printer defines it; one that begins with `*` is shown with `-o wide` only.
pub(crate) type Columns = &'static [&'static str];

/// The cells of one row, those of wide columns included.
pub(crate) type Row = Vec<String>;

const DEFAULT: Columns = &["Name", "Created At"];

/// The columns of a kind.
pub(crate) fn columns(kind: Kind) -> Columns {
    match kind {
        Kind::Pod => pod::COLUMNS,
        Kind::Node => core::NODE,
        Kind::Event => core::EVENT,
        Kind::DaemonSet => apps::DAEMON_SET,
        Kind::ControllerRevision => apps::CONTROLLER_REVISION,
        Kind::Lease => cluster::LEASE,
        Kind::Other(_) => other(kind).map_or(DEFAULT, |(columns, _)| columns),
    }
}

/// One object's cells, one for each of [`columns`].
pub(crate) fn row(object: &Object, now: Time) -> Row {
    match object {
        Object::Pod(pod) => pod::row(pod, now),
        Object::Node(node) => core::node(node, now),
        Object::Event(event) => core::event(event, now),
        Object::DaemonSet(ds) => apps::daemon_set(ds, now),
        Object::ControllerRevision(revision) => apps::controller_revision(revision, now),
        Object::Lease(lease) => {
            vec![text_of(&lease.meta.name), text_of(&lease.holder), age(&lease.meta.created, now)]
        }
        Object::Other(other_object) => {
            let view = View { raw: &other_object.raw, meta: &other_object.meta, now };
            match other_object.kind {
                Kind::Lease => cluster::lease(&view),
                Kind::Event => core::written_event(&view),
                kind => match other(kind) {
                    Some((_, row)) => row(&view),
                    None => vec![view.name(), other_object.meta.created.to_string()],
                },
            }
        }
    }
}

/// An object of a kind that nothing acts on, as its printer sees it.
struct View<'a> {
    raw: &'a Value,
    meta: &'a api::meta::ObjectMeta,
    now: Time,
}

type RowOf = fn(&View) -> Row;

/// The printer of a kind that nothing acts on.
fn other(kind: Kind) -> Option<(Columns, RowOf)> {
    let info = kind.info();
    core::printer(info.group, info.kind)
        .or_else(|| apps::printer(info.group, info.kind))
        .or_else(|| cluster::printer(info.group, info.kind))
}

impl View<'_> {
    fn name(&self) -> String {
        text_of(&self.meta.name)
    }

    fn age(&self) -> String {
        age(&self.meta.created, self.now)
    }

    fn at(&self, path: &[&str]) -> &Value {
        json::at(self.raw, path)
    }

    /// A text field; empty when it is absent.
    fn text(&self, path: &[&str]) -> String {
        self.at(path).as_str().unwrap_or_default().to_owned()
    }

    /// A text field, or `default` when it is absent or empty.
    fn text_or(&self, path: &[&str], default: &str) -> String {
        self.at(path).as_str().filter(|text| !text.is_empty()).unwrap_or(default).to_owned()
    }

    /// A number; 0 when it is absent.
    fn number(&self, path: &[&str]) -> String {
        self.at(path).as_i64().unwrap_or(0).to_string()
    }

    fn flag(&self, path: &[&str], default: bool) -> String {
        self.at(path).as_bool().unwrap_or(default).to_string()
    }

    /// How many elements a list or a map has.
    fn count(&self, path: &[&str]) -> usize {
        match self.at(path) {
            Value::Array(list) => list.len(),
            Value::Object(map) => map.len(),
            _ => 0,
        }
    }

    fn list(&self, path: &[&str]) -> &[Value] {
        self.at(path).as_array().map_or(&[], Vec::as_slice)
    }

    fn is_deleted(&self) -> bool {
        self.meta.is_terminating()
    }
}

fn text_of(name: &str) -> String {
    name.to_owned()
}

/// The time since a stamp in the AGE column's form.
///
/// Kubernetes: printers.go, translateTimestampSince.
pub fn age(since: &Timestamp, now: Time) -> String {
    if *since == Timestamp::default() {
        return UNKNOWN.to_owned();
    }
    let micros = i64::try_from(now.0).unwrap_or(i64::MAX);
    human_duration(micros.saturating_sub(i64::try_from(since.time().0).unwrap_or(0)))
}

/// The time since a stamp in text form.
fn age_of_text(stamp: &Value, now: Time) -> String {
    let stamp = stamp.as_str().and_then(Timestamp::parse).unwrap_or_default();
    age(&stamp, now)
}

/// `a=b,c=d`, or `<none>`.
///
/// Kubernetes: apimachinery/pkg/labels, FormatLabels.
pub fn format_labels(labels: &StringMap) -> String {
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    if pairs.is_empty() { "<none>".to_owned() } else { pairs.join(",") }
}

fn format_label_values(labels: &Value) -> String {
    format_labels(&api::meta::string_map(labels))
}

/// A label selector in one line; `<none>` selects nothing in particular.
///
/// Kubernetes: apimachinery/pkg/apis/meta/v1/helpers.go, FormatLabelSelector.
pub fn format_label_selector(selector: &Value) -> String {
    match label_selector_as_selector(selector) {
        Err(_) => "<error>".to_owned(),
        Ok(selector) => {
            let text = selector.to_string();
            if text.is_empty() { "<none>".to_owned() } else { text }
        }
    }
}

/// The names and the images of containers, joined by commas.
fn layout_container_cells(containers: &Value) -> [String; 2] {
    let all = containers.as_array().map_or(&[][..], Vec::as_slice);
    let joined = |key: &str| all.iter().map(|item| json::text(item, key)).collect::<Vec<_>>().join(",");
    [joined("name"), joined("image")]
}

/// At most `most` elements, then how many more there are.
fn list_with_more(list: &[String], most: usize, none: &str) -> String {
    if list.is_empty() {
        return none.to_owned();
    }
    let shown = list.get(..most.min(list.len())).unwrap_or_default().join(",");
    match list.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} + {more} more..."),
    }
}

/// A number or a text, as `intstr` prints it.
fn int_or_string(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests;

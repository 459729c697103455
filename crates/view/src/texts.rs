//! Lists and texts for the page: events, files, an object's YAML, the log of messages.

use std::fmt::Write as _;
use std::rc::Rc;

use super::board::{EventView, FileEntry, FileView, MessageView};
use api::event::Event;
use api::object::{Key, Kind};
use api::schema;
use cluster::Cluster;
use cluster::machine::Machine;
use kubeadm::is_credential;
use sim::Time;
use sim::files::{Entry, parent};
use sim::order::SortShared;
use wire::Part;

/// A file of more bytes than this is not shown.
const SHOWN_BYTES: usize = 1 << 20;

/// The newest events, newest first.
pub fn events(cluster: &Cluster, limit: usize) -> Vec<EventView> {
    let newest = cluster.api.store.events.iter().rev().take(limit.saturating_mul(4).max(64));
    let mut events: Vec<Rc<Event>> = newest.collect();
    events.sort_shared_by_key(|event| std::cmp::Reverse(event.draft.last.stamp()));
    events.truncate(limit);
    events.iter().map(|event| event_view(event)).collect()
}

fn event_view(event: &Event) -> EventView {
    let draft = &event.draft;
    let kind = draft.regarding.kind.name().to_lowercase();
    EventView {
        last_seen: draft.last.stamp(),
        warning: draft.is_warning(),
        reason: draft.reason.into(),
        object: format!("{kind}/{}", draft.regarding.name).into(),
        namespace: draft.regarding.namespace.clone(),
        message: draft.message().into(),
        count: draft.count,
        source: draft.source.component.into(),
    }
}

/// The files of a node's disk that matter to its kubelet, and whatever else a person has put there; without
/// the credentials that kubeadm writes.
pub fn files(cluster: &Cluster, node: &str) -> Vec<FileView> {
    let Some(machine) = cluster.machine(node) else { return Vec::new() };
    let shown = machine.files.iter().filter(|(path, _)| !is_credential(path));
    let directory = machine.manifest_directory();
    shown.map(|(path, entry)| file_view(machine, &directory, path, entry)).collect()
}

/// The files of a node's disk without their texts.
pub(super) fn file_entries(machine: &Machine) -> Vec<FileEntry> {
    let files = machine.files.iter().filter(|(_, entry)| matches!(entry, Entry::File(_)));
    let directory = machine.manifest_directory();
    files
        .map(|(path, _)| FileEntry {
            path: path.into(),
            is_manifest: is_manifest(&directory, path),
            error: machine.file_error(path).map(Rc::from),
        })
        .collect()
}

/// The text of a file on a node's disk; `None` if there is no such file.
pub fn file_text(cluster: &Cluster, node: &str, path: &str) -> Option<Rc<str>> {
    shown_text(cluster.machine(node)?.files.get(path)?)
}

/// Bytes that are not UTF-8 are shown as replacement characters.
fn shown_text(entry: &Entry) -> Option<Rc<str>> {
    match entry {
        Entry::Directory => None,
        Entry::File(file) if file.bytes.len() > SHOWN_BYTES => Some("(too large to show)".into()),
        Entry::File(file) => Some(String::from_utf8_lossy(&file.bytes).into()),
    }
}

/// Whether the kubelet reads the file as a static pod's manifest, a stopped one as soon as it starts.
fn is_manifest(directory: &str, path: &str) -> bool {
    let in_directory = parent(path) == directory && !sim::files::file_name(path).starts_with('.');
    in_directory || path == directory
}

fn file_view(machine: &Machine, directory: &str, path: &str, entry: &Entry) -> FileView {
    let is_directory = matches!(entry, Entry::Directory);
    FileView {
        path: path.into(),
        is_directory,
        is_manifest: !is_directory && is_manifest(directory, path),
        error: machine.file_error(path).map(Rc::from),
        text: shown_text(entry),
    }
}

/// An object as `kubectl get -o yaml` prints it; `kind` in any form that kubectl takes.
pub fn object_yaml(cluster: &Cluster, kind: &str, namespace: &str, name: &str) -> Option<String> {
    let kind = Kind::from_info(schema::by_resource_name(kind)?);
    let namespace = if kind.is_namespaced() { namespace } else { "" };
    let object = cluster.api.store.get(kind, &Key::new(namespace, name))?;
    Some(yaml::to_yaml(&object.to_value(cluster.now())))
}

/// T+ in seconds with microseconds.
fn since_start(cluster: &Cluster, time: Time) -> String {
    let micros = time.since(cluster.started()).as_micros();
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

fn part_name(cluster: &Cluster, part: Part) -> String {
    match part {
        Part::User => "kubectl".to_owned(),
        Part::ApiServer => "kube-apiserver".to_owned(),
        Part::Etcd => "etcd".to_owned(),
        Part::ControllerManager => "kube-controller-manager".to_owned(),
        Part::Scheduler => "kube-scheduler".to_owned(),
        Part::Kubelet(id) => match cluster.machines.get(id.0 as usize) {
            Some(machine) => format!("kubelet/{}", machine.name),
            None => "kubelet".to_owned(),
        },
    }
}

/// The newest messages that have arrived, newest first.
pub fn messages(cluster: &Cluster, limit: usize) -> Vec<MessageView> {
    let newest = cluster.log.records().rev().take(limit);
    newest
        .map(|record| MessageView {
            sent: record.sent,
            arrives: record.arrives,
            from: part_name(cluster, record.from).into(),
            to: part_name(cluster, record.to).into(),
            verb: record.verb.into(),
            object: format!("{} {}", record.kind.name(), record.key).into(),
        })
        .collect()
}

/// The log of messages, one line each, oldest first: `arrived  from -> to  verb kind name`.
pub fn log(cluster: &Cluster) -> String {
    let mut text = String::new();
    for record in cluster.log.records() {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{} {} -> {} {} {} {}",
            since_start(cluster, record.arrives),
            part_name(cluster, record.from),
            part_name(cluster, record.to),
            record.verb,
            record.kind.name(),
            record.key,
        );
    }
    text
}

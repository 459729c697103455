//! The file source: the manifests in staticPodPath, by scanning and by watching.
//!
//! Kubernetes: pkg/kubelet/config/file.go, file_linux.go.

use std::rc::Rc;

use super::FileChange;
use super::manifest::{Manifest, ManifestError, read_manifest};
use api::meta::Name;
use api::object::Key;
use api::pod::Pod;
use sim::files::{Entry, Files, clean_path, file_name, parent};
use sim::{Duration, SortedMap, Time};
use wire::{LogLine, Severity};
use yaml::Diagnostic;

/// A watch on a path that is not there is tried again after this.
const WATCH_RETRY: Duration = Duration::from_secs(1);

/// What the kubelet last made of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileReport {
    /// What it logged, if it could not take the file.
    pub error: Option<String>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// The manifests of one path.
#[derive(Clone, Debug, Default)]
pub struct FileSource {
    /// A directory or one file, clean; empty if there is no file source.
    path: String,
    /// From when on changes are noticed at once; `None` while the path does not exist.
    watching: Option<Time>,
    store: SortedMap<Key, Rc<Pod>>,
    /// Which pod a file gave when it was last read well.
    file_keys: SortedMap<Name, Key>,
    reports: SortedMap<Name, FileReport>,
}

/// What a look at the files gave.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// All pods of the source, if it has something to report.
    pub pods: Option<Vec<Rc<Pod>>>,
    /// What goes to the journal.
    pub log: Vec<LogLine>,
}

impl FileSource {
    /// A source that reads this directory; none where the path is empty.
    pub fn new(path: &str) -> FileSource {
        let path = if path.is_empty() { String::new() } else { clean_path(path) };
        FileSource { path, ..FileSource::default() }
    }

    /// The directory, or an empty text.
    pub fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn is_configured(&self) -> bool {
        !self.path.is_empty()
    }

    /// What was made of a file when it was last read.
    pub fn report(&self, file: &str) -> Option<&FileReport> {
        self.reports.get(file)
    }

    /// The file that gives this pod; of several with one name, the last in order of names.
    pub fn file_of(&self, pod: &Key) -> Option<&Name> {
        self.file_keys.iter().rev().find(|(_, key)| *key == pod).map(|(file, _)| file)
    }

    /// Whether a path is one that this source reads, or the directory it lies in.
    pub(super) fn concerns(&self, path: &str) -> bool {
        self.is_configured() && (path == self.path || parent(path) == self.path || is_above(path, &self.path))
    }

    /// The periodic scan (KL-002).
    ///
    /// Kubernetes: file.go, listConfig.
    pub fn list_config(&mut self, files: &Files, node_name: &str, now: Time) -> Look {
        let mut look = Look::default();
        let read = match files.get(&self.path) {
            None => {
                look.pods = Some(Vec::new());
                let why = "path does not exist, ignoring";
                look.log.push(log_line("file.go:98", "Unable to read config path", &self.path, why));
                return look;
            }
            Some(Entry::Directory) => self.extract_from_dir(files, node_name, now, &mut look.log),
            Some(Entry::File(_)) => {
                let path = self.path.clone();
                match self.extract_from_file(files, &path, node_name, now) {
                    Ok(pod) => vec![pod],
                    Err(error) => {
                        let what = "Unable to read config path";
                        look.log.push(log_line("file.go:98", what, &self.path, &error.message));
                        return look;
                    }
                }
            }
        };
        if read.is_empty() {
            // The store is left as it is: a file that comes by an event is reported together with it (KL-027).
            look.pods = Some(Vec::new());
            return look;
        }
        self.store = read.into_iter().map(|pod| (Key::of(&pod.meta), pod)).collect();
        look.pods = Some(self.list());
        look
    }

    /// The pods of the store, in the order of the files they come from.
    fn list(&self) -> Vec<Rc<Pod>> {
        let mut pods: Vec<Rc<Pod>> = Vec::new();
        let known = self.file_keys.values().filter_map(|key| self.store.get(key));
        for pod in known.chain(self.store.values()) {
            if !pods.iter().any(|listed| Rc::ptr_eq(listed, pod)) {
                pods.push(pod.clone());
            }
        }
        pods
    }

    /// Whether a change would be noticed at once.
    pub fn is_watching(&self, now: Time) -> bool {
        self.watching.is_some_and(|since| since <= now)
    }

    /// Every entry without a leading dot, in order of names; directories are passed over (KL-005…007).
    fn extract_from_dir(
        &mut self,
        files: &Files,
        node_name: &str,
        now: Time,
        log: &mut Vec<LogLine>,
    ) -> Vec<Rc<Pod>> {
        let entries = files.list(&self.path).filter(|(name, _)| !name.starts_with('.'));
        let entries: Vec<(String, bool)> = entries
            .map(|(name, entry)| (format!("{}/{name}", self.path), matches!(entry, Entry::Directory)))
            .collect();
        let mut pods = Vec::new();
        self.reports.retain(|file, _| files.file(file).is_some());
        for (path, is_directory) in entries {
            if is_directory {
                let what = "Provided manifest path is a directory, not recursing into manifest path";
                log.push(error_line("file.go:182", format!("\"{what}\" path=\"{path}\"")));
                continue;
            }
            match self.extract_from_file(files, &path, node_name, now) {
                Ok(pod) => pods.push(pod),
                Err(error) => {
                    log.push(log_line(
                        "file.go:187",
                        "Could not process manifest file",
                        &path,
                        &error.message,
                    ));
                }
            }
        }
        pods
    }

    /// Kubernetes: file.go, extractFromFile.
    fn extract_from_file(
        &mut self,
        files: &Files,
        path: &str,
        node_name: &str,
        now: Time,
    ) -> Result<Rc<Pod>, ManifestError> {
        let read = match files.get(path) {
            Some(Entry::File(file)) => read_manifest(&file.bytes, path, node_name, now),
            Some(Entry::Directory) => Err(unreadable(format!("read {path}: is a directory"))),
            None => Err(unreadable(format!("open {path}: no such file or directory"))),
        };
        match read {
            Ok(Manifest { pod, warnings }) => {
                self.reports.insert(path.into(), FileReport { error: None, diagnostics: warnings });
                self.file_keys.insert(path.into(), Key::of(&pod.meta));
                Ok(self.known(pod))
            }
            Err(error) => {
                let report =
                    FileReport { error: Some(error.message.clone()), diagnostics: error.diagnostics.clone() };
                self.reports.insert(path.into(), report);
                Err(error)
            }
        }
    }

    /// The object known already, if it is the same pod: when it was first seen does not change (KL-019).
    fn known(&self, pod: Rc<Pod>) -> Rc<Pod> {
        match self.store.get(&Key::of(&pod.meta)) {
            Some(old) if old.meta.uid == pod.meta.uid && is_same_manifest(old, &pod) => old.clone(),
            _ => pod,
        }
    }

    /// A change of a file, as the watch tells it at once (KL-002).
    ///
    /// Kubernetes: file_linux.go, doWatch, produceWatchEvent, consumeWatchEvent.
    pub fn on_change(
        &mut self,
        path: &str,
        change: FileChange,
        files: &Files,
        node_name: &str,
        now: Time,
    ) -> Look {
        let mut look = Look::default();
        self.mind_watch(files, now);
        let is_watched = path == self.path && !files.is_directory(path) || parent(path) == self.path;
        if !is_watched || !self.is_watching(now) || file_name(path).starts_with('.') {
            return look;
        }
        if change == FileChange::Written {
            match self.extract_from_file(files, path, node_name, now) {
                Ok(pod) => {
                    self.store.insert(Key::of(&pod.meta), pod);
                    look.pods = Some(self.list());
                }
                Err(error) => {
                    let why = format!("can't process config file \"{path}\": {}", error.message);
                    look.log.push(watch_error(&why));
                }
            }
        } else {
            self.reports.remove(path);
            if let Some(key) = self.file_keys.remove(path) {
                match self.store.remove(&key) {
                    Some(_) => look.pods = Some(self.list()),
                    None => {
                        let why = format!("the pod with key {key} doesn't exist in cache");
                        look.log.push(watch_error(&why));
                    }
                }
            }
        }
        look
    }

    /// The path may have come into being, or gone.
    fn mind_watch(&mut self, files: &Files, now: Time) {
        let exists = files.get(&self.path).is_some();
        match (exists, self.watching) {
            (true, None) => self.watching = Some(now + WATCH_RETRY),
            (false, Some(_)) => self.watching = None,
            _ => {}
        }
    }

    /// The process starts: the watch is set up at once if it can be.
    pub fn start(&mut self, files: &Files, now: Time) {
        self.watching = files.get(&self.path).is_some().then_some(now);
    }
}

fn unreadable(message: String) -> ManifestError {
    ManifestError { message, diagnostics: Vec::new() }
}

fn is_above(path: &str, below: &str) -> bool {
    below.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether two readings of a manifest differ only in when they were made.
fn is_same_manifest(a: &Pod, b: &Pod) -> bool {
    let without_time = |pod: &Pod| {
        let mut annotations = pod.meta.annotations().clone();
        annotations.remove(api::pod::CONFIG_SEEN);
        annotations
    };
    a.spec == b.spec && a.meta.labels() == b.meta.labels() && without_time(a) == without_time(b)
}

fn error_line(place: &'static str, text: String) -> LogLine {
    LogLine { severity: Severity::Error, place, text }
}

/// What is logged of a path and what is wrong with it.
fn log_line(place: &'static str, what: &str, path: &str, error: &str) -> LogLine {
    error_line(place, format!("\"{what}\" err=\"{}\" path=\"{path}\"", escape(error)))
}

fn watch_error(why: &str) -> LogLine {
    error_line("file.go:108", format!("\"Unable to process watch event\" err=\"{}\"", escape(why)))
}

fn escape(text: &str) -> String {
    let quoted = api::field::go_quote(text);
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&quoted).to_owned()
}

//! The files a person works on: their own, which kubectl applies, and drafts of files on nodes.

mod files;

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use sim::SortedMap;
use stage::{Bytes, Command, DEMO_DAEMONSET, Options, Script, Stage, Start};
use yaml::{Diagnostic, Severity};

use super::DeskAction;
use crate::same::Same;
use crate::state::DeskTab;
use crate::store::Reduce;
pub use files::{Done, Undo, free_name};

/// A file in the person's own directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnFile {
    pub name: Rc<str>,
    pub text: Rc<str>,
    /// What was applied last to the present cluster.
    #[serde(default)]
    pub applied: Option<Rc<str>>,
    /// The job that applied it.
    #[serde(skip)]
    pub job: Option<u32>,
}

/// Which document: what the editor's key says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocId {
    Own(Rc<str>),
    Node { node: Rc<str>, path: Rc<str> },
}

impl DocId {
    pub fn key(&self) -> String {
        match self {
            DocId::Own(name) => format!("own/{name}"),
            DocId::Node { node, path } => format!("node/{node}:{path}"),
        }
    }

    pub fn parse(key: &str) -> Option<DocId> {
        if let Some(name) = key.strip_prefix("own/") {
            return Some(DocId::Own(name.into()));
        }
        let (node, path) = key.strip_prefix("node/")?.split_once(':')?;
        Some(DocId::Node { node: node.into(), path: path.into() })
    }

    /// The name of one's own file, or the path of a node's.
    pub fn shown(&self) -> &Rc<str> {
        match self {
            DocId::Own(name) => name,
            DocId::Node { path, .. } => path,
        }
    }

    /// The same place under another name or path.
    pub fn at(&self, shown: Rc<str>) -> DocId {
        match self {
            DocId::Own(_) => DocId::Own(shown),
            DocId::Node { node, .. } => DocId::Node { node: node.clone(), path: shown },
        }
    }
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Desk {
    pub live: bool,
    pub own: Vec<OwnFile>,
    pub open: Rc<str>,
    pub node: Rc<str>,
    pub node_file: Option<Rc<str>>,
    /// What was typed and is not on the node's disk yet, by the document's key.
    pub unsaved: SortedMap<String, Rc<str>>,
    #[serde(skip)]
    checks: SortedMap<String, Found>,
    #[serde(skip)]
    pub node_job: Option<u32>,
    /// Where the cursor of which document is still to go: line and column.
    #[serde(skip)]
    pub go_to: Option<(DocId, u32, u32)>,
    /// The file whose new name is being typed.
    #[serde(skip)]
    pub renaming: Option<DocId>,
    /// The document that was given another name last, and the document under that name.
    #[serde(skip)]
    pub renamed: Option<(DocId, DocId)>,
    /// What was done to a file last, as long as it can be taken back.
    #[serde(skip)]
    pub undo: Option<Rc<Undo>>,
}

/// What is wrong with a text.
pub type Found = Same<Vec<Diagnostic>>;

pub const MANIFESTS: &str = "/etc/kubernetes/manifests";
pub const KUBELET_CONFIG: &str = "/var/lib/kubelet/config.yaml";
const DEMO_FILE: &str = "agent.yaml";

impl Default for Desk {
    fn default() -> Self {
        let text: Rc<str> = DEMO_DAEMONSET.into();
        let own = OwnFile { name: DEMO_FILE.into(), applied: Some(text.clone()), text, job: None };
        Desk {
            live: true,
            own: vec![own],
            open: DEMO_FILE.into(),
            node: "worker-1".into(),
            node_file: Some(format!("{MANIFESTS}/web.yaml").into()),
            unsaved: SortedMap::new(),
            checks: SortedMap::new(),
            node_job: None,
            go_to: None,
            renaming: None,
            renamed: None,
            undo: None,
        }
    }
}

/// A new file's first text.
const NEW_DAEMONSET: &str = "apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: NAME
spec:
  selector:
    matchLabels:
      app: NAME
  template:
    metadata:
      labels:
        app: NAME
    spec:
      containers:
      - name: NAME
        image: busybox:1.37
        command: [\"sleep\", \"infinity\"]
";

const NEW_POD: &str = "apiVersion: v1
kind: Pod
metadata:
  name: NAME
spec:
  containers:
  - name: NAME
    image: nginx:1.29
";

/// What a file's name says an object in it might be called: lower-case letters, digits and dashes.
fn object_name(file: &str) -> String {
    let base = file.rsplit('/').next().unwrap_or(file).split('.').next().unwrap_or_default();
    let name: String = base
        .chars()
        .map(|letter| letter.to_ascii_lowercase())
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' })
        .collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "new".to_owned() } else { name.chars().take(50).collect() }
}

pub fn new_static_pod(file: &str) -> Rc<str> {
    NEW_POD.replace("NAME", &object_name(file)).into()
}

pub fn has_errors(found: &[Diagnostic]) -> bool {
    found.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}

impl Desk {
    pub fn own(&self, name: &str) -> Option<&OwnFile> {
        self.own.iter().find(|file| &*file.name == name)
    }

    fn own_mut(&mut self, name: &str) -> Option<&mut OwnFile> {
        self.own.iter_mut().find(|file| &*file.name == name)
    }

    /// The open one of the person's own files.
    pub fn open_own(&self) -> Option<&OwnFile> {
        self.own(&self.open).or_else(|| self.own.first())
    }

    /// The file of a node that is open.
    pub fn open_node_file(&self) -> Option<DocId> {
        Some(DocId::Node { node: self.node.clone(), path: self.node_file.clone()? })
    }

    /// The document that stands in the editor.
    pub fn open_doc(&self, tab: DeskTab) -> Option<DocId> {
        match tab {
            DeskTab::DaemonSet => self.open_own().map(|file| DocId::Own(file.name.clone())),
            DeskTab::Files => self.open_node_file(),
        }
    }

    /// A file of this name, empty if it is new; it is opened.
    fn take_own(&mut self, name: Rc<str>) {
        if self.own(&name).is_none() {
            self.own.push(OwnFile { name: name.clone(), text: "".into(), applied: None, job: None });
        }
        self.open = name;
    }

    /// The files that somebody else's session has applied last.
    pub fn of_script(script: &Script) -> Desk {
        let mut desk = Desk::default();
        desk.begin_anew(&script.options);
        for entry in &script.entries {
            let (Command::Exec { files, .. } | Command::Enter { files, .. }) = &entry.command else {
                continue;
            };
            for (name, bytes) in files {
                let text: Rc<str> = String::from_utf8_lossy(bytes.as_bytes()).into();
                desk.take_own(name.as_str().into());
                if let Some(file) = desk.own_mut(name) {
                    file.text = text.clone();
                    // A terminal's files are there; whether its line has applied them is not known.
                    if matches!(entry.command, Command::Exec { .. }) {
                        file.applied = Some(text);
                    }
                }
            }
        }
        desk
    }

    /// Another file with a free name; it is opened.
    fn add_own(&mut self) {
        let names = (1..).map(|number| format!("daemonset-{number}"));
        let free = names.take(1000).find(|name| self.own(&format!("{name}.yaml")).is_none());
        let Some(name) = free else { return };
        self.undo = None;
        let text = NEW_DAEMONSET.replace("NAME", &name).into();
        let file: Rc<str> = format!("{name}.yaml").into();
        self.own.push(OwnFile { name: file.clone(), text, applied: None, job: None });
        self.open = file;
    }

    /// Throws one of the person's own files away; what it made in the cluster stays.
    fn drop_own(&mut self, name: &str) {
        self.own.retain(|file| &*file.name != name);
        self.checks.remove(&DocId::Own(name.into()).key());
        if self.own.is_empty() {
            self.add_own();
        }
        if self.own(&self.open).is_none() {
            self.open = self.own[0].name.clone();
        }
    }

    /// Takes over what a command made of a file; what is open stays so.
    fn take_from_home(&mut self, name: Rc<str>, text: Option<Rc<str>>) {
        let Some(text) = text else { return self.drop_own(&name) };
        match self.own_mut(&name) {
            Some(file) => file.text = text,
            None => self.own.push(OwnFile { name: name.clone(), text, applied: None, job: None }),
        }
        self.checks.remove(&DocId::Own(name).key());
    }

    /// Takes what was typed.
    fn type_text(&mut self, id: &DocId, text: Rc<str>) {
        match id {
            DocId::Own(name) => {
                if let Some(file) = self.own_mut(name) {
                    file.text = text;
                }
            }
            DocId::Node { .. } => {
                self.unsaved.insert(id.key(), text);
            }
        }
    }

    pub fn text(&self, id: &DocId) -> Option<Rc<str>> {
        match id {
            DocId::Own(name) => self.own(name).map(|file| file.text.clone()),
            DocId::Node { .. } => self.unsaved.get(&id.key()).cloned(),
        }
    }

    /// Looks for mistakes; the cluster is not touched. `None` if there is no such text.
    pub fn check(&self, id: &DocId, stage: &Stage) -> Option<Vec<Diagnostic>> {
        let text = self.text(id)?;
        Some(match id {
            DocId::Own(_) => stage.check_apply(&*text),
            DocId::Node { path, .. } if &**path == KUBELET_CONFIG => Vec::new(),
            DocId::Node { node, path } => stage.check_static(node, path, &*text),
        })
    }

    /// What was found wrong with a document when it was looked at last.
    pub fn found(&self, id: &DocId) -> Option<Found> {
        self.checks.get(&id.key()).cloned()
    }

    pub fn has_errors(&self, id: &DocId) -> bool {
        self.found(id).is_some_and(|found| has_errors(&found))
    }

    /// What makes a document count: applies it, or saves it on its node. `None` if kubectl would refuse it;
    /// a disk takes any text.
    pub fn command(&self, id: &DocId) -> Option<Command> {
        match id {
            DocId::Own(_) if self.has_errors(id) => None,
            DocId::Own(name) => {
                let file = self.own(name)?;
                let text: Bytes = (&*file.text).into();
                let files = SortedMap::from([(name.to_string(), text)]);
                Some(Command::Exec { line: format!("kubectl apply -f {name}"), files })
            }
            DocId::Node { node, path } => {
                let text = self.unsaved.get(&id.key())?;
                Some(Command::WriteFile {
                    node: node.to_string(),
                    path: path.to_string(),
                    text: (&**text).into(),
                })
            }
        }
    }

    /// Whether there is anything that has not taken effect yet.
    pub fn is_dirty(&self, id: &DocId) -> bool {
        match id {
            DocId::Own(name) => self.own(name).is_some_and(|file| file.applied.as_ref() != Some(&file.text)),
            DocId::Node { .. } => self.unsaved.contains_key(&id.key()),
        }
    }

    /// The job that a document caused last.
    pub fn job(&self, id: &DocId) -> Option<u32> {
        match id {
            DocId::Own(name) => self.own(name)?.job,
            DocId::Node { .. } => self.node_job,
        }
    }

    /// What [`Desk::command`] said was done, by this job.
    fn submitted(&mut self, id: &DocId, job: u32) {
        match id {
            DocId::Own(name) => {
                if let Some(file) = self.own_mut(name) {
                    file.applied = Some(file.text.clone());
                    file.job = Some(job);
                }
            }
            DocId::Node { .. } => {
                self.unsaved.remove(&id.key());
                self.node_job = Some(job);
            }
        }
    }

    /// The person's own files that a command line names.
    pub fn files_named(&self, line: &str) -> SortedMap<String, Bytes> {
        let named = self.own.iter().filter(|file| line.contains(&*file.name));
        named.map(|file| (file.name.to_string(), (&*file.text).into())).collect()
    }

    /// Another cluster: nothing is applied to it yet but what it began with.
    fn begin_anew(&mut self, options: &Options) {
        let demo = options.start == Start::Demo && !options.watched;
        for file in &mut self.own {
            file.job = None;
            file.applied = (demo && &*file.name == DEMO_FILE).then(|| DEMO_DAEMONSET.into());
        }
        self.node_job = None;
        self.unsaved.clear();
        self.checks.clear();
        (self.renaming, self.undo) = (None, None);
    }

    fn open_node(&mut self, node: Rc<str>, path: Option<Rc<str>>) {
        if self.node != node || path.is_some() {
            self.node_file = path;
        }
        self.node = node;
    }
}

impl Reduce for Desk {
    type Action = DeskAction;

    fn reduce(&mut self, action: DeskAction) {
        match action {
            DeskAction::Typed(id, text) => self.type_text(&id, text),
            DeskAction::Checked(id, found) => {
                if self.found(&id).is_none_or(|old| *old != found) {
                    self.checks.insert(id.key(), Same(Rc::new(found)));
                }
            }
            DeskAction::Submitted(id, job) => self.submitted(&id, job),
            DeskAction::Live(live) => self.live = live,
            DeskAction::OpenOwn(name) => self.open = name,
            DeskAction::NewOwn => self.add_own(),
            DeskAction::TakeOwn(name) => self.take_own(name),
            DeskAction::DropOwn(name) => self.drop_own(&name),
            DeskAction::FromHome(name, text) => self.take_from_home(name, text),
            DeskAction::OpenNode { node, path } => self.open_node(node, path),
            DeskAction::FileMoved(path) => self.node_file = path,
            DeskAction::Renaming(id) => self.renaming = id,
            DeskAction::Renamed(id, to) => self.rename(&id, to),
            DeskAction::Copied(name, to) => self.copy_own(&name, to),
            DeskAction::Restored(at, file) => self.restore_own(at, file),
            DeskAction::Did(undo) => self.undo = undo,
            DeskAction::Discard(id) => {
                self.unsaved.remove(&id.key());
                self.checks.remove(&id.key());
            }
            DeskAction::Reveal(id, line, column) => self.go_to = Some((id, line, column)),
            DeskAction::Revealed => self.go_to = None,
            DeskAction::BeginAnew(options) => self.begin_anew(&options),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_known_by_its_key() {
        let node = DocId::Node { node: "worker-1".into(), path: "/tmp/a:b.yaml".into() };
        for id in [DocId::Own("a.yaml".into()), node] {
            assert_eq!(DocId::parse(&id.key()), Some(id));
        }
        assert_eq!(DocId::parse("else"), None);
    }

    #[test]
    fn a_new_file_says_what_its_object_is_called() {
        assert!(new_static_pod("/etc/kubernetes/manifests/My_App.v2.yaml").contains("name: my-app\n"));
        assert!(new_static_pod("/x/.yaml").contains("name: new\n"));
    }
}

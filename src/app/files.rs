//! What is done to whole files, by the commands that a person would type: `mv`, `cp`, `rm`.

use std::rc::Rc;

use sim::SortedMap;
use stage::{Command, quoted};
use yew::Context;

use super::App;
use crate::desk::DeskAction;
use crate::desk::model::{DocId, Done, Undo, free_name};
use crate::desk::templates::Template;
use crate::state::{Action, DeskTab, LayoutAction};

impl App {
    pub(super) fn rename(&mut self, id: &DocId, to: Rc<str>) {
        let done = match id {
            DocId::Own(name) => self.run_at_home("mv", name, Some(&to)),
            DocId::Node { node, path } if self.bytes_on_disk(node, path).is_some() => {
                self.did(Command::MoveFile {
                    node: node.to_string(),
                    from: path.to_string(),
                    to: to.to_string(),
                })
            }
            // Only a draft so far.
            DocId::Node { .. } => true,
        };
        if !done {
            return;
        }
        let back = Action::Rename(id.at(to.clone()), id.shown().clone());
        self.page.stores.desk.dispatch(DeskAction::Renamed(id.clone(), to.clone()));
        self.offer_undo(Done::Renamed, id, Some(to), vec![back]);
    }

    pub(super) fn duplicate(&mut self, id: &DocId, to: Rc<str>) {
        let copy = id.at(to.clone());
        let back = match id {
            DocId::Own(name) => {
                if !self.run_at_home("cp", name, Some(&to)) {
                    return;
                }
                self.page.stores.desk.dispatch(DeskAction::Copied(name.clone(), to.clone()));
                Action::DeleteFile(copy)
            }
            DocId::Node { node, path } => {
                let (node, from) = (node.to_string(), path.to_string());
                if !self.did(Command::CopyFile { node: node.clone(), from, to: to.to_string() }) {
                    return;
                }
                self.open_node(node.as_str().into(), Some(to.clone()));
                Command::RemoveFile { node, path: to.to_string() }.into()
            }
        };
        self.offer_undo(Done::Duplicated, id, Some(to), vec![back]);
    }

    pub(super) fn delete_file(&mut self, id: &DocId) {
        let desk = self.page.stores.desk.clone();
        let back = match id {
            DocId::Own(name) => {
                let own = desk.now().own.clone();
                let Some(at) = own.iter().position(|file| file.name == *name) else { return };
                if !self.run_at_home("rm", name, None) {
                    return;
                }
                desk.dispatch(DeskAction::DropOwn(name.clone()));
                vec![DeskAction::Restored(at, own[at].clone()).into()]
            }
            DocId::Node { node, path } => {
                let Some(text) = self.bytes_on_disk(node, path) else { return };
                let (of, at) = (node.to_string(), path.to_string());
                if !self.did(Command::RemoveFile { node: of.clone(), path: at.clone() }) {
                    return;
                }
                desk.dispatch(DeskAction::Discard(id.clone()));
                let open = Action::OpenFile { node: node.clone(), path: path.clone() };
                vec![Command::WriteFile { node: of, path: at, text: text.into() }.into(), open]
            }
        };
        self.offer_undo(Done::Deleted, id, None, back);
    }

    /// Takes back what was last done to a file.
    pub(super) fn undo_file(&mut self, ctx: &Context<App>) {
        let desk = self.page.stores.desk.clone();
        let Some(undo) = desk.now().undo.clone() else { return };
        for action in undo.actions.clone() {
            self.act(ctx, action);
        }
        desk.dispatch(DeskAction::Did(None));
    }

    /// A file with a template's text, which takes no effect yet.
    pub(super) fn new_from_template(&mut self, node: Option<Rc<str>>, template: &Template) {
        let desk = self.page.stores.desk.clone();
        let name = format!("{}.yaml", template.id);
        let id = match node {
            None => {
                let Some(name) = free_name(&name, "", |name| desk.now().own(name).is_some()) else { return };
                self.page.stores.layout.dispatch(LayoutAction::Desk(DeskTab::DaemonSet));
                desk.dispatch(DeskAction::TakeOwn(name.clone()));
                DocId::Own(name)
            }
            Some(node) => {
                let Some(directory) = self.static_pod_path(&node) else { return };
                let of = |path: &str| DocId::Node { node: node.clone(), path: path.into() };
                let is_taken = |path: &str| {
                    self.bytes_on_disk(&node, path).is_some() || desk.now().text(&of(path)).is_some()
                };
                let Some(path) = free_name(&format!("{directory}/{name}"), "", is_taken) else { return };
                let id = of(&path);
                self.open_node(node, Some(path));
                id
            }
        };
        desk.dispatch(DeskAction::Typed(id.clone(), template.text.clone()));
        self.check_text(&id);
    }

    fn offer_undo(&self, done: Done, file: &DocId, to: Option<Rc<str>>, actions: Vec<Action>) {
        let undo = Undo { done, file: file.clone(), to, actions };
        self.page.stores.desk.dispatch(DeskAction::Did(Some(Rc::new(undo))));
    }

    /// Runs `mv`, `cp` or `rm` on one of the person's own files; whether there is such a file.
    fn run_at_home(&mut self, program: &str, name: &Rc<str>, to: Option<&str>) -> bool {
        let Some(text) = self.page.stores.desk.now().own(name).map(|file| file.text.clone()) else {
            return false;
        };
        let mut line = format!("{program} {}", quoted(name));
        if let Some(to) = to {
            line += &format!(" {}", quoted(to));
        }
        self.page.terminal.note_sent(name, &text);
        let files = SortedMap::from([(name.to_string(), (&*text).into())]);
        self.perform(Command::Exec { line, files });
        true
    }

    /// Performs what is done at once; whether it could be done. The console says why not.
    fn did(&mut self, command: Command) -> bool {
        let job = self.perform(command);
        self.session.borrow().job(job).is_some_and(|job| job.exit_code == Some(0))
    }

    fn bytes_on_disk(&self, node: &str, path: &str) -> Option<Vec<u8>> {
        let session = self.session.borrow();
        let file = session.stage.cluster().machine(node)?.files.file(path)?;
        Some(file.bytes.to_vec())
    }

    /// The directory that a node's kubelet reads, if any.
    pub(super) fn static_pod_path(&self, node: &str) -> Option<Rc<str>> {
        let board = self.session.borrow().board();
        let node = board.nodes.iter().find(|found| *found.name == *node)?;
        (!node.static_pod_path.is_empty()).then(|| node.static_pod_path.clone())
    }
}

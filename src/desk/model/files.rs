//! What is done to whole files: another name, a copy, gone and back again.

use std::rc::Rc;

use super::{Desk, DocId, OwnFile};
use crate::state::Action;

/// What was done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    Renamed,
    Duplicated,
    Deleted,
}

/// Something that was done to a file, and how to take it back.
#[derive(Clone, Debug, PartialEq)]
pub struct Undo {
    pub done: Done,
    pub file: DocId,
    /// What it is called now, if it has another name; what its copy is called.
    pub to: Option<Rc<str>>,
    /// What takes it back, in order.
    pub actions: Vec<Action>,
}

/// Names to try before giving up.
const TRIES: u32 = 1000;

/// `agent-copy.yaml` for `agent.yaml` and the suffix `-copy`; a number follows where that is taken.
pub fn free_name(name: &str, suffix: &str, is_taken: impl Fn(&str) -> bool) -> Option<Rc<str>> {
    let (directory, base) = name.rsplit_once('/').map_or(("", name), |(directory, base)| (directory, base));
    let (stem, end) = match base.rsplit_once('.') {
        Some((stem, end)) if !stem.is_empty() => (stem, format!(".{end}")),
        _ => (base, String::new()),
    };
    let slash = if name.contains('/') { "/" } else { "" };
    let numbered = |number: u32| match number {
        1 => format!("{directory}{slash}{stem}{suffix}{end}"),
        _ => format!("{directory}{slash}{stem}{suffix}-{number}{end}"),
    };
    (1..=TRIES).map(numbered).find(|name| !is_taken(name)).map(Rc::from)
}

impl Desk {
    /// The file is there under another name; it is opened.
    pub(super) fn rename(&mut self, id: &DocId, to: Rc<str>) {
        self.renaming = None;
        self.renamed = Some((id.clone(), id.at(to.clone())));
        self.checks.remove(&id.key());
        match id {
            DocId::Own(name) => {
                if let Some(file) = self.own_mut(name) {
                    file.name = to.clone();
                }
                self.open = to;
            }
            DocId::Node { node, .. } => {
                if let Some(text) = self.unsaved.remove(&id.key()) {
                    self.unsaved.insert(id.at(to.clone()).key(), text);
                }
                if self.node == *node {
                    self.node_file = Some(to);
                }
            }
        }
    }

    /// One of the person's own files once more, behind the first one; it is opened.
    pub(super) fn copy_own(&mut self, name: &str, to: Rc<str>) {
        let Some(at) = self.own.iter().position(|file| &*file.name == name) else { return };
        let copy = OwnFile { name: to.clone(), text: self.own[at].text.clone(), applied: None, job: None };
        self.own.insert(at + 1, copy);
        self.open = to;
    }

    /// A file that was thrown away is back in its place, unless another one has its name now; it is opened.
    pub(super) fn restore_own(&mut self, at: usize, file: OwnFile) {
        if self.own(&file.name).is_none() {
            self.open = file.name.clone();
            self.own.insert(at.min(self.own.len()), file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(desk: &Desk) -> Vec<(&str, bool)> {
        let open = desk.open_own().map(|file| file.name.clone());
        desk.own.iter().map(|file| (&*file.name, open.as_ref() == Some(&file.name))).collect()
    }

    #[test]
    fn a_copy_has_a_name_that_nothing_else_has() {
        let taken = ["a-copy.yaml", "/etc/x/b-copy.yaml", "c-copy", ".hidden-copy"];
        let free = |name| free_name(name, "-copy", |name| taken.contains(&name)).unwrap();
        assert_eq!(&*free("a.yaml"), "a-copy-2.yaml");
        assert_eq!(&*free("/etc/x/b.yaml"), "/etc/x/b-copy-2.yaml");
        assert_eq!(&*free("/etc/x.d/c"), "/etc/x.d/c-copy");
        assert_eq!(&*free("c"), "c-copy-2");
        assert_eq!(&*free(".hidden"), ".hidden-copy-2");
        assert_eq!(free_name("a", "", |_| true), None);
    }

    #[test]
    fn what_was_done_to_a_file_can_be_taken_back() {
        let mut desk = Desk::default();
        let agent = DocId::Own("agent.yaml".into());
        desk.rename(&agent, "node.yaml".into());
        desk.copy_own("node.yaml", "node-copy.yaml".into());
        assert_eq!(own(&desk), [("node.yaml", false), ("node-copy.yaml", true)]);
        let first = desk.own[0].clone();
        desk.drop_own("node.yaml");
        assert_eq!(own(&desk), [("node-copy.yaml", true)]);
        desk.restore_own(0, first.clone());
        desk.restore_own(0, first);
        assert_eq!(own(&desk), [("node.yaml", true), ("node-copy.yaml", false)]);
    }

    #[test]
    fn a_draft_goes_with_its_file() {
        let mut desk = Desk::default();
        let web = DocId::Node { node: "worker-1".into(), path: "/etc/web.yaml".into() };
        desk.type_text(&web, "a: b".into());
        desk.rename(&web, "/etc/other.yaml".into());
        assert_eq!(desk.text(&web), None);
        assert_eq!(desk.text(&web.at("/etc/other.yaml".into())).as_deref(), Some("a: b"));
        assert_eq!(desk.node_file.as_deref(), Some("/etc/other.yaml"));
    }
}

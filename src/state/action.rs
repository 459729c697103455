//! Everything a person can do on the page.

use std::rc::Rc;

use guide::Goal;
use stage::{Command, Options};
use view::TrailHop;

use super::{FrontAction, LayoutAction, PlaybackAction, Selection};
use crate::desk::DeskAction;
use crate::desk::model::DocId;
use crate::desk::templates::Template;

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Changes the world; there is no other way to.
    Perform(Command),
    /// Enters lines in the console's terminal, each as soon as it can take it.
    Enter(Rc<str>),
    /// Goes to the next so many changes that can be seen, and stands still.
    Step(u32),
    /// Begins again.
    Reset(Options),
    Layout(LayoutAction),
    Playback(PlaybackAction),
    Front(FrontAction),
    Desk(DeskAction),
    /// A person has typed into a document: it is checked and, if it is live, submitted once no more is typed.
    Type(DocId, Rc<str>),
    /// Applies a document, or saves it on its node, if it has no mistake; first with another text, if one is
    /// given.
    Submit(DocId, Option<Rc<str>>),
    NewNodeFile {
        node: Rc<str>,
        path: Rc<str>,
    },
    /// A new file with a template's text: in a node's directory, else on the person's own computer. It takes no
    /// effect yet.
    NewFromTemplate(Option<Rc<str>>, Rc<Template>),
    /// Gives a file another name: on the person's own computer, or another path on its node.
    Rename(DocId, Rc<str>),
    /// Copies a file to that name or path, and opens the copy.
    Duplicate(DocId, Rc<str>),
    DeleteFile(DocId),
    /// Takes back what was last done to a file.
    UndoFile,
    /// Hands a file to the person, or all of them as an archive that a real cluster takes.
    Download(Option<DocId>),
    Select(Selection),
    /// Selects, and shows it where the page is narrow.
    Show(Selection),
    /// Opens a node's file in the desk.
    OpenFile {
        node: Rc<str>,
        path: Rc<str>,
    },
    OpenNodeFiles(Rc<str>),
    /// Goes to a node on the map.
    ShowOnMap(Rc<str>),
    Share,
    /// Leaves somebody else's session for the person's own.
    LeaveGuest,
    /// Somebody else's session takes the place of the person's own.
    KeepGuest,
    /// A file was dropped on the page, or on a node's card.
    TakeFile {
        node: Option<Rc<str>>,
        name: Rc<str>,
        text: Rc<str>,
    },
    /// Copies a document to the directory that a node's kubelet watches.
    CopyToNode {
        id: DocId,
        node: Rc<str>,
    },
    /// Opens the message of a hop of the trail.
    OpenHop(Rc<TrailHop>),
    FocusFilter,
    FocusConsole,
    /// Shows the comparison, wherever there is room for it.
    Compare,
    ForgetSeen,
    /// Brings about what comes next of a step of the guide, or of a row of the comparison.
    Play(&'static Goal),
}

impl From<Command> for Action {
    fn from(command: Command) -> Action {
        Action::Perform(command)
    }
}

impl From<LayoutAction> for Action {
    fn from(action: LayoutAction) -> Action {
        Action::Layout(action)
    }
}

impl From<PlaybackAction> for Action {
    fn from(action: PlaybackAction) -> Action {
        Action::Playback(action)
    }
}

impl From<FrontAction> for Action {
    fn from(action: FrontAction) -> Action {
        Action::Front(action)
    }
}

impl From<DeskAction> for Action {
    fn from(action: DeskAction) -> Action {
        Action::Desk(action)
    }
}

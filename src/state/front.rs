//! What stands in front of the page for a while: a menu, a sheet, a notice. Nothing of it is saved.

use std::rc::Rc;

use guide::Light;
use view::TrailHop;
use view::why::Mend;

use super::{Selection, Size};
use crate::desk::model::DocId;
use crate::store::Reduce;

/// What a menu is for.
#[derive(Clone, Debug, PartialEq)]
pub enum MenuTarget {
    /// An object of the cluster, or a computer.
    Object(Selection),
    /// A file that is there, or a draft of one.
    File(DocId),
    /// A new file: in a node's directory, else on the person's own computer.
    NewFile(Option<Rc<str>>),
    /// All files together, and how they are edited.
    Desk,
}

/// A menu that stands open, where, and for what.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenMenu {
    pub target: MenuTarget,
    /// Where it begins, below what it is for.
    pub x: i32,
    pub y: i32,
    /// Where it ends if there is no room below.
    pub above: i32,
}

/// A change that is shown before it is made, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenMend {
    pub mend: Mend,
    pub x: i32,
    pub y: i32,
    pub above: i32,
}

/// What the page has to say, as a choice among its words.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    Shared,
    /// The session is too long for a link.
    TooLong,
    BadLink(LinkError),
    /// A dropped file holds no session that can be played, and why.
    BadFile(Rc<str>),
    /// A dropped file's name.
    TooLarge(Rc<str>),
    NoManifest(Rc<str>),
    /// The browser lets the page save nothing.
    StorageBlocked,
    StorageFull,
    /// There is no next change to go to.
    NothingChanges,
    /// What the shells run could not be fetched yet.
    NoPrograms,
    /// Something that is fetched when it is asked for did not come.
    NotFetched,
}

/// Why a link's session cannot be played.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkError {
    Damaged,
    /// The number of a format that this page does not know.
    Version(Rc<str>),
    Session(Rc<str>),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Front {
    pub menu: Option<OpenMenu>,
    pub mend: Option<Box<OpenMend>>,
    pub scenarios: bool,
    pub help: bool,
    pub palette: bool,
    /// A sentence that stands until it is closed.
    pub notice: Option<Notice>,
    /// The hop whose message is looked at.
    pub hop: Option<Rc<TrailHop>>,
    /// What the pods that are not greyed have in common, as it was typed.
    pub filter: Rc<str>,
    /// What is lit up in the cluster.
    pub lit: &'static [Light],
    /// The step of the guide that is shown; the first that is not ticked where none was chosen.
    pub step: Option<usize>,
    pub size: Size,
    /// There is room for the guide unfolded.
    pub tall: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FrontAction {
    OpenMenu(OpenMenu),
    OpenMend(Box<OpenMend>),
    /// Closes the menu, or the change that is shown.
    CloseMenu,
    /// Closes whatever is open.
    CloseAll,
    Scenarios(bool),
    Help(bool),
    /// The command palette.
    Palette(bool),
    Notice(Notice),
    CloseNotice,
    /// Lights what in the cluster shows a step of the guide; nothing if empty.
    Light(&'static [Light]),
    /// Shows a step of the guide.
    Step(Option<usize>),
    Size(Size),
    Filter(Rc<str>),
    /// Marks a hop's message in the list.
    Hop(Rc<TrailHop>),
    Tall(bool),
}

impl Reduce for Front {
    type Action = FrontAction;

    fn reduce(&mut self, action: FrontAction) {
        match action {
            FrontAction::OpenMenu(menu) => self.menu = Some(menu),
            FrontAction::OpenMend(mend) => self.mend = Some(mend),
            FrontAction::CloseMenu => (self.menu, self.mend) = (None, None),
            FrontAction::CloseAll => {
                *self = Front {
                    lit: self.lit,
                    step: self.step,
                    size: self.size,
                    tall: self.tall,
                    filter: self.filter.clone(),
                    ..Front::default()
                }
            }
            FrontAction::Scenarios(open) => self.scenarios = open,
            FrontAction::Help(open) => self.help = open,
            FrontAction::Palette(open) => self.palette = open,
            FrontAction::Notice(notice) => self.notice = Some(notice),
            FrontAction::CloseNotice => self.notice = None,
            FrontAction::Hop(hop) => self.hop = Some(hop),
            FrontAction::Filter(text) => self.filter = text,
            FrontAction::Light(lights) => self.lit = lights,
            FrontAction::Step(step) => self.step = step,
            FrontAction::Size(size) => self.size = size,
            FrontAction::Tall(tall) => self.tall = tall,
        }
    }
}

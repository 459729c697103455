//! What stands in front of the page for a while: a menu, a sheet, a notice. Nothing of it is saved.

use super::Selection;
use crate::store::Reduce;
use crate::witness::Claim;

/// A menu that stands open, where, and for what.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenMenu {
    pub target: Selection,
    pub x: i32,
    pub y: i32,
}

/// What the page has to say, as a choice among its words.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    Shared,
    TooLong,
    BadLink(String),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Front {
    pub menu: Option<OpenMenu>,
    pub scenarios: bool,
    pub help: bool,
    /// A sentence that stands until it is closed.
    pub notice: Option<Notice>,
    /// The claim that is pointed at.
    pub lit: Option<Claim>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FrontAction {
    OpenMenu(OpenMenu),
    CloseMenu,
    /// Closes whatever is open.
    CloseAll,
    Scenarios(bool),
    Help(bool),
    Notice(Notice),
    /// Lights what in the cluster shows a claim.
    Light(Option<Claim>),
}

impl Reduce for Front {
    type Action = FrontAction;

    fn reduce(&mut self, action: FrontAction) {
        match action {
            FrontAction::OpenMenu(menu) => self.menu = Some(menu),
            FrontAction::CloseMenu => self.menu = None,
            FrontAction::CloseAll => *self = Front { lit: self.lit, ..Front::default() },
            FrontAction::Scenarios(open) => self.scenarios = open,
            FrontAction::Help(open) => self.help = open,
            FrontAction::Notice(notice) => self.notice = Some(notice),
            FrontAction::Light(claim) => self.lit = claim,
        }
    }
}

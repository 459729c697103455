//! What the page itself remembers, in parts that change by actions alone. The cluster is not in here.

mod action;
mod front;
mod layout;
mod playback;
mod selection;
mod world;

pub use action::Action;
pub use front::{Front, FrontAction, LinkError, MenuTarget, Notice, OpenMend, OpenMenu};
pub use layout::{
    CARDS_MOST, DeskTab, Distance, DrawerTab, FULL_CARDS, Layout, LayoutAction, Pane, SideTab, Size, Theme,
};
pub use playback::{Playback, PlaybackAction};
pub use selection::Selection;
pub use world::{Details, LATEST_EVENTS, OpenFile, World};

//! Which parts of the page stand open and how, its language and theme: saved, and brought back by a reload.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::store::Reduce;
use crate::words::Lang;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Theme {
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    /// The value of `data-theme` on the root element; empty follows the system.
    pub fn text(self) -> &'static str {
        match self {
            Theme::Auto => "auto",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    pub fn from_text(text: &str) -> Option<Theme> {
        [Theme::Auto, Theme::Light, Theme::Dark].into_iter().find(|theme| theme.text() == text)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeskTab {
    #[default]
    DaemonSet,
    Files,
}

/// Percent.
pub const SCALES: [u16; 4] = [100, 125, 150, 200];

/// What the panel on the right shows, where the page is wide enough for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SideTab {
    #[default]
    Details,
    Compare,
}

/// What the panel below shows. Where there is a panel on the right, the last two are shown there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DrawerTab {
    #[default]
    Console,
    Events,
    Messages,
    Compare,
    Details,
}

/// How much room the page has, by its own measure: a larger scale leaves less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    /// Files, cluster and details side by side.
    #[default]
    Wide,
    /// Files and cluster side by side; the details are below the cluster.
    Medium,
    /// One below the other.
    Narrow,
}

impl Size {
    /// From `data-size` on the root, which index.html keeps up to date.
    pub fn from_text(text: &str) -> Size {
        match text {
            "wide" => Size::Wide,
            "medium" => Size::Medium,
            _ => Size::Narrow,
        }
    }
}

impl DrawerTab {
    /// The value of `data-tab`.
    pub fn text(self) -> &'static str {
        match self {
            DrawerTab::Console => "console",
            DrawerTab::Events => "events",
            DrawerTab::Messages => "messages",
            DrawerTab::Compare => "compare",
            DrawerTab::Details => "details",
        }
    }
}

/// On a narrow screen, what stands below the stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pane {
    #[default]
    Desk,
    Inspector,
    Drawer,
    /// Nothing: the stage has all the room.
    Closed,
}

impl Pane {
    pub fn text(self) -> &'static str {
        match self {
            Pane::Desk => "desk",
            Pane::Inspector => "inspector",
            Pane::Drawer => "drawer",
            Pane::Closed => "closed",
        }
    }
}

/// From how far the nodes are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Distance {
    /// By the number of nodes.
    #[default]
    Auto,
    Cards,
    Map,
    List,
}

/// Up to so many nodes there are full cards, whatever was chosen.
pub const FULL_CARDS: usize = 30;
/// Up to so many there are small cards unless something else was chosen.
const SMALL_CARDS: usize = 400;
/// More cards than this are too many, even where chosen.
pub const CARDS_MOST: usize = 1000;

impl Distance {
    /// What it means for so many nodes.
    pub fn of(self, nodes: usize) -> Distance {
        match self {
            _ if nodes <= FULL_CARDS => Distance::Cards,
            Distance::Auto | Distance::Cards if nodes > CARDS_MOST => Distance::Map,
            Distance::Auto if nodes > SMALL_CARDS => Distance::Map,
            Distance::Auto => Distance::Cards,
            chosen => chosen,
        }
    }

    /// The value of `data-distance`.
    pub fn text(self) -> &'static str {
        match self {
            Distance::Auto => "auto",
            Distance::Cards => "cards",
            Distance::Map => "map",
            Distance::List => "list",
        }
    }
}

/// Which parts of the page stand open and how; saved, and brought back by a reload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layout {
    pub lang: Lang,
    pub theme: Theme,
    /// How large everything is, in percent: more of it for those who look from afar.
    pub scale: u16,
    pub side_tab: SideTab,
    pub desk_tab: DeskTab,
    pub drawer_tab: DrawerTab,
    pub pane: Pane,
    pub desk_open: bool,
    pub drawer_open: bool,
    /// The panel below has the room of all others.
    pub drawer_full: bool,
    /// Pixels.
    pub desk_width: u32,
    /// As there is room, where nothing was chosen.
    pub drawer_height: Option<u32>,
    pub system_pods: bool,
    /// More of the guide than its one line; as there is room, where nothing was chosen.
    pub guide_open: Option<bool>,
    /// The DaemonSet whose absence nodes explain: `namespace/name`.
    pub daemonset: Option<Rc<str>>,
    /// Single keys count while the focus is on the cluster.
    pub letters: bool,
    /// Vim's keys in the editor.
    pub vim: bool,
    pub distance: Distance,
    /// The label that the map groups by; empty for none; by zone, where there are any, if not chosen.
    pub group_by: Option<Rc<str>>,
}

impl Default for Layout {
    fn default() -> Self {
        Layout {
            lang: Lang::default(),
            theme: Theme::default(),
            scale: SCALES[0],
            side_tab: SideTab::default(),
            desk_tab: DeskTab::default(),
            drawer_tab: DrawerTab::default(),
            pane: Pane::default(),
            desk_open: true,
            drawer_open: true,
            drawer_full: false,
            desk_width: 360,
            drawer_height: None,
            system_pods: true,
            guide_open: None,
            daemonset: None,
            letters: true,
            vim: false,
            distance: Distance::Auto,
            group_by: None,
        }
    }
}

impl Layout {
    /// In pixels; less where the page is low.
    pub fn drawer_height(&self, tall: bool) -> u32 {
        self.drawer_height.unwrap_or(if tall { 176 } else { 136 })
    }

    /// Leaves the cluster alone on the page, for those who look from afar.
    fn fold(&mut self) {
        (self.desk_open, self.drawer_open, self.drawer_full, self.pane) = (false, false, false, Pane::Closed);
    }
}

/// What only opens, closes or moves panels.
#[derive(Clone, Debug, PartialEq)]
pub enum LayoutAction {
    Lang(Lang),
    Theme(Theme),
    /// The next larger size, after the largest the usual one.
    Larger,
    SideTab(SideTab),
    DeskTab(DeskTab),
    DrawerTab(DrawerTab),
    /// Chosen once more, it is closed.
    Pane(Pane),
    /// Opens the files.
    Desk(DeskTab),
    ToggleDesk,
    ToggleDrawer,
    /// Gives the panel below the room of all others, or takes it back.
    FillWithDrawer(bool),
    Guide(bool),
    DeskWidth(u32),
    DrawerHeight(u32),
    SystemPods(bool),
    WatchDaemonSet(Rc<str>),
    Letters(bool),
    Vim(bool),
    Distance(Distance),
    GroupBy(Rc<str>),
    /// Another session: what was chosen of the old one's objects is forgotten.
    BeginAnew,
}

impl Reduce for Layout {
    type Action = LayoutAction;

    fn reduce(&mut self, action: LayoutAction) {
        match action {
            LayoutAction::Lang(lang) => self.lang = lang,
            LayoutAction::Theme(theme) => self.theme = theme,
            LayoutAction::Larger => {
                let usual = self.scale == SCALES[0];
                self.scale = SCALES.into_iter().find(|scale| *scale > self.scale).unwrap_or(SCALES[0]);
                if usual {
                    self.fold();
                } else if self.scale == SCALES[0] {
                    (self.desk_open, self.drawer_open, self.pane) = (true, true, Pane::default());
                }
            }
            LayoutAction::SideTab(tab) => {
                (self.side_tab, self.pane, self.drawer_full) = (tab, Pane::Inspector, false);
            }
            LayoutAction::DeskTab(tab) => self.desk_tab = tab,
            LayoutAction::DrawerTab(tab) => {
                self.drawer_tab = tab;
                self.drawer_open = true;
                self.pane = Pane::Drawer;
            }
            LayoutAction::Pane(pane) => {
                self.pane = if self.pane == pane { Pane::Closed } else { pane };
            }
            LayoutAction::Desk(tab) => {
                (self.desk_tab, self.desk_open, self.pane) = (tab, true, Pane::Desk);
                self.drawer_full = false;
            }
            LayoutAction::ToggleDesk => self.desk_open = !self.desk_open,
            LayoutAction::Guide(open) => self.guide_open = Some(open),
            LayoutAction::ToggleDrawer => {
                (self.drawer_open, self.drawer_full) = (!self.drawer_open, false);
            }
            LayoutAction::FillWithDrawer(full) => self.drawer_full = full,
            LayoutAction::DeskWidth(width) => self.desk_width = width.clamp(260, 900),
            LayoutAction::DrawerHeight(height) => self.drawer_height = Some(height.clamp(90, 700)),
            LayoutAction::SystemPods(shown) => self.system_pods = shown,
            LayoutAction::WatchDaemonSet(id) => self.daemonset = Some(id),
            LayoutAction::Letters(on) => self.letters = on,
            LayoutAction::Vim(on) => self.vim = on,
            LayoutAction::Distance(distance) => self.distance = distance,
            LayoutAction::GroupBy(label) => self.group_by = Some(label),
            LayoutAction::BeginAnew => self.group_by = None,
        }
    }
}

//! What the page itself remembers: selection, open panels, language. The cluster is not in here.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use stage::{Command, Options};

use super::speed::Speed;
use super::witness::Claim;
use super::words::Lang;

/// What a person points at, on the stage or in a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Selection {
    #[default]
    Nothing,
    /// `namespace/name`
    Pod(Rc<str>),
    Node(Rc<str>),
    /// `namespace/name`
    DaemonSet(Rc<str>),
    /// `kube-apiserver` …
    Part(Rc<str>),
}

impl Selection {
    pub fn is_pod(&self, id: &str) -> bool {
        matches!(self, Selection::Pod(of) if **of == *id)
    }

    pub fn is_node(&self, name: &str) -> bool {
        matches!(self, Selection::Node(of) if **of == *name)
    }

    pub fn is_part(&self, name: &str) -> bool {
        matches!(self, Selection::Part(of) if **of == *name)
    }
}

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
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeskTab {
    #[default]
    DaemonSet,
    Files,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DrawerTab {
    #[default]
    Console,
    Events,
    Messages,
    Compare,
}

impl DrawerTab {
    /// The value of `data-tab`.
    pub fn text(self) -> &'static str {
        match self {
            DrawerTab::Console => "console",
            DrawerTab::Events => "events",
            DrawerTab::Messages => "messages",
            DrawerTab::Compare => "compare",
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
}

impl Pane {
    pub fn text(self) -> &'static str {
        match self {
            Pane::Desk => "desk",
            Pane::Inspector => "inspector",
            Pane::Drawer => "drawer",
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
    pub desk_tab: DeskTab,
    pub drawer_tab: DrawerTab,
    pub pane: Pane,
    pub desk_open: bool,
    pub drawer_open: bool,
    /// Pixels.
    pub desk_width: u32,
    pub drawer_height: u32,
    pub system_pods: bool,
    /// The DaemonSet whose absence nodes explain: `namespace/name`.
    pub daemonset: Option<Rc<str>>,
    pub selection: Selection,
    pub letters: bool,
    pub distance: Distance,
    /// The label that the map groups by; empty for none; by zone, where there are any, if not chosen.
    pub group_by: Option<Rc<str>>,
}

impl Default for Layout {
    fn default() -> Self {
        Layout {
            desk_tab: DeskTab::default(),
            drawer_tab: DrawerTab::default(),
            pane: Pane::default(),
            desk_open: true,
            drawer_open: true,
            desk_width: 392,
            drawer_height: 184,
            system_pods: true,
            daemonset: None,
            selection: Selection::Nothing,
            letters: true,
            distance: Distance::Auto,
            group_by: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Prefs {
    pub lang: Lang,
    pub theme: Theme,
    pub layout: Layout,
    pub playing: bool,
    pub speed: Speed,
}

impl Default for Prefs {
    fn default() -> Self {
        Prefs {
            lang: Lang::default(),
            theme: Theme::default(),
            layout: Layout::default(),
            playing: true,
            speed: Speed::REAL,
        }
    }
}

/// A menu that stands open, where, and for what.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenMenu {
    pub target: Selection,
    pub x: i32,
    pub y: i32,
}

/// Everything a person can do on the page. What changes the world goes through [`Action::Perform`].
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Perform(Command),
    PlayPause,
    Step(u32),
    SetSpeed(Speed),
    /// One speed up, or down.
    Faster(bool),
    Reset(Options),
    Select(Selection),
    /// Selects, and shows it where the page is narrow.
    Show(Selection),
    OpenMenu(OpenMenu),
    CloseMenu,
    DeskTab(DeskTab),
    DrawerTab(DrawerTab),
    Pane(Pane),
    ToggleDesk,
    ToggleDrawer,
    DeskWidth(u32),
    DrawerHeight(u32),
    SystemPods(bool),
    WatchDaemonSet(Rc<str>),
    Letters(bool),
    Lang(Lang),
    Theme(Theme),
    /// Opens a node's file in the desk.
    OpenFile {
        node: Rc<str>,
        path: Rc<str>,
    },
    OpenNodeFiles(Rc<str>),
    Desk(super::desk::DeskAction),
    Help(bool),
    Scenarios(bool),
    Share,
    FocusConsole,
    Distance(Distance),
    GroupBy(Rc<str>),
    /// Goes to a node on the map.
    ShowOnMap(Rc<str>),
    /// Lights what on the stage shows a claim.
    Light(Option<Claim>),
    ForgetSeen,
}

//! What the page shows of the session: looked up once for all who read it, and the same `Rc` as long as it
//! is the same.

use std::rc::Rc;

use guide::{Goal, Story, Ticks};
use sim::Time;
use stage::{Drifted, JobView, Lag, Options, Progress};
use view::filter::Filtered;
use view::{Board, EventView, Fleet, Foreseen, MessageView, PodView, TrailHop, Without};

use crate::console::terminal::TerminalView;
use crate::later::Panels;
use crate::map::engine::Cards;
use crate::same::Same;

/// So many of the newest events are looked up whatever is open: the details show them while nothing is selected.
pub const LATEST_EVENTS: usize = 8;

/// The node's file that is open in the desk.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenFile {
    pub node: Rc<str>,
    pub path: Rc<str>,
    /// As it is on the node's disk.
    pub text: Rc<str>,
}

/// More about what is selected than the board tells.
#[derive(Clone, Default, PartialEq)]
pub struct Details {
    /// The object's YAML, if it has any.
    pub yaml: Option<Rc<str>>,
    /// Its events, newest first.
    pub events: Same<Vec<EventView>>,
    /// The pod that is selected, as it was when it was there last.
    pub last: Option<Same<PodView>>,
    /// Where a DaemonSet has no pod, if there are too many nodes for the board to tell.
    pub without: Same<Vec<Without>>,
}

#[derive(Clone, PartialEq)]
pub struct World {
    pub started: Time,
    pub options: Same<Options>,
    /// How far the session has been brought to its beginning.
    pub opening: Option<Progress>,
    /// Whether a command can be entered: the session is open, and the shells have programs.
    pub ready: bool,
    /// What draws the panels, once it has come.
    pub panels: Option<Panels>,
    /// The near nodes in full.
    pub board: Same<Board>,
    /// All nodes from afar.
    pub fleet: Same<Fleet>,
    /// Too many nodes for all to be shown in full.
    pub is_far: bool,
    pub console: Same<Vec<JobView>>,
    pub terminal: TerminalView,
    pub events: Same<Vec<EventView>>,
    pub messages: Same<Vec<MessageView>>,
    /// The DaemonSet that is looked at: `namespace/name`.
    pub daemonset: Option<Rc<str>>,
    pub details: Details,
    pub open_file: Option<OpenFile>,
    /// The nodes that are cards on the map.
    pub cards: Same<Cards>,
    /// The label that the map groups by, and those to choose from.
    pub label: Option<Rc<str>>,
    pub labels: Same<Vec<Rc<str>>>,
    /// What the guide has ticked.
    pub ticks: Same<Ticks>,
    /// What is being brought about for the person.
    pub doing: Option<&'static Goal>,
    /// What the objects of the open file have become since it was applied.
    pub drifted: Same<Vec<Drifted>>,
    /// How what the kubelet runs differs from its open file, once that is saved.
    pub lag: Same<Option<Lag>>,
    /// What the open text would change, while it has not taken effect.
    pub foreseen: Same<Vec<Foreseen>>,
    /// What the filter lets through, with many nodes and where something is asked for.
    pub filtered: Same<Option<Filtered>>,
    /// What the last command has brought about; nothing with many nodes.
    pub trail: Same<Vec<TrailHop>>,
    /// The session is somebody else's, and the person's own is kept.
    pub is_guest: bool,
    /// The newest event, for screen readers.
    pub said: Rc<str>,
}

impl World {
    /// The guide of this session.
    pub fn story(&self) -> &'static Story {
        guide::story(&self.options, self.is_far)
    }
}

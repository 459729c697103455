//! Takes what changed in the session into what the components show.

use std::rc::Rc;

use guide::Progress;
use sim::SortedSet;
use stage::{Drifted, Lag, Stage};
use view::filter::{Filter, Filtered};
use view::{ApiServerState, Board, EventView, Foreseen, Gaze, TrailHop, Without};

use super::App;
use crate::clock::now_ms;
use crate::console::terminal::TerminalView;
use crate::desk::DeskAction;
use crate::desk::model::{DocId, has_errors};
use crate::later::Answers;
use crate::menu::find_pod;
use crate::page::Stores;
use crate::same::Same;
use crate::session::Session;
use crate::state::{
    DeskTab, Details, DrawerTab, FULL_CARDS, FrontAction, LATEST_EVENTS, Layout, LayoutAction, MenuTarget,
    OpenFile, Selection, World,
};
use crate::storage::Shelf;

const EVENTS: usize = 200;
const MESSAGES: usize = 200;
/// Events that the details of an object show.
const OF_ONE: usize = 20;
/// The time between two looks at why nodes lack a DaemonSet's pod, as that walks over all nodes.
const WITHOUT_EVERY_MS: f64 = 1500.0;
/// Neither are the labels to group by.
const LABELS_EVERY_MS: f64 = 700.0;
/// Neither is what has become of the open file's objects.
const DRIFT_EVERY_MS: f64 = 500.0;
/// Nor is what the last command has brought about.
const TRAIL_EVERY_MS: f64 = 150.0;
/// Nor is what the open text would change, unless it is another text.
const FORESEE_EVERY_MS: f64 = 700.0;
/// Nor is what becomes of pods whose places the scheduler chooses.
const REPLICAS_EVERY_MS: f64 = 4000.0;
/// Nor is what a filter lets through of many nodes.
const FILTER_EVERY_MS: f64 = 1500.0;
const ZONE: &str = "topology.kubernetes.io/zone";
/// The time between two texts for screen readers.
const SAY_EVERY_MS: f64 = 1000.0;

/// When what is looked up now and then was looked up last, and for what.
#[derive(Default)]
pub struct Looks {
    without: Option<(Rc<str>, f64)>,
    labels: Option<(u64, f64)>,
    said: f64,
    drift: f64,
    lag: Option<(DocId, f64)>,
    foreseen: Option<(DocId, Rc<str>, f64)>,
    /// The text that nobody types at any more, so that more may be asked about it, and what was found.
    settled: Option<Rc<str>>,
    replicas: Option<(Rc<str>, f64, Vec<Foreseen>)>,
    filtered: Option<(Rc<str>, f64)>,
    trail: f64,
    /// Whether the API server answered.
    was_up: bool,
    /// The DaemonSets that there were; `None` before the first look.
    known: Option<SortedSet<Rc<str>>>,
}

/// The same one as long as it says the same.
fn keep<T: PartialEq>(old: &Same<T>, fresh: T) -> Same<T> {
    if **old == fresh { old.clone() } else { Same(Rc::new(fresh)) }
}

pub fn first_world(session: &Session, progress: &Progress) -> World {
    World {
        started: session.stage.started(),
        options: Same(Rc::new(session.stage.script().options.clone())),
        opening: session.opening(),
        ready: session.is_ready(),
        panels: None,
        board: Same(session.board()),
        fleet: Same(session.fleet()),
        is_far: session.is_far(),
        console: Same(session.console()),
        terminal: TerminalView::default(),
        events: Same::default(),
        messages: Same::default(),
        daemonset: None,
        details: Details::default(),
        open_file: None,
        cards: Same::default(),
        label: None,
        labels: Same::default(),
        ticks: Same(Rc::new(progress.ticks().clone())),
        doing: None,
        drifted: Same::default(),
        lag: Same::default(),
        foreseen: Same::default(),
        filtered: Same::default(),
        trail: Same::default(),
        is_guest: false,
        said: "".into(),
    }
}

impl App {
    /// Takes what changed in the world into what the components show.
    pub(super) fn look(&mut self) {
        let stores = self.page.stores.clone();
        let (layout, selection) = (stores.layout.now(), stores.selection.now());
        let gaze = self.gaze(&selection);
        let mut session = self.session.borrow_mut();
        session.gaze = gaze;
        session.refresh();
        let board = session.board();
        // Who is told of another open file may look at the session.
        drop(session);
        keep_file_in_sight(&stores, &board);
        let session = self.session.borrow();
        let old = stores.world.now();
        let events_seen = layout.drawer_tab == DrawerTab::Events || *selection != Selection::Nothing;
        let events =
            keep(&old.events, session.stage.events(if events_seen { EVENTS } else { LATEST_EVENTS }));
        let messages = match layout.drawer_tab {
            DrawerTab::Messages => keep(&old.messages, session.stage.messages(MESSAGES)),
            _ => old.messages.clone(),
        };
        let console = session.console();
        if session.opening().is_none() {
            let (options, is_far) = (&session.stage.script().options, session.is_far());
            self.guide.look(guide::story(options, is_far), &board, &console, is_far);
        }
        let answers = self.later.map(|later| later.answers);
        let mut world = World {
            started: session.stage.started(),
            options: keep(&old.options, session.stage.script().options.clone()),
            opening: session.opening(),
            ready: session.is_ready() && self.later.is_some(),
            panels: self.later.map(|later| later.panels),
            fleet: Same(session.fleet()),
            is_far: session.is_far(),
            terminal: TerminalView::of(&session.stage, &console, &old.terminal),
            console: Same(console),
            messages,
            daemonset: daemonset(&layout, &board),
            details: details(&session.stage, &selection, &board, &events, &old.details),
            open_file: open_file(&session.stage, &stores.desk.now(), old.open_file.as_ref()),
            cards: Same(self.page.map.0.borrow().cards.clone()),
            label: None,
            labels: old.labels.clone(),
            ticks: keep(&old.ticks, self.guide.ticks().clone()),
            doing: self
                .doing
                .as_ref()
                .filter(|doing| doing.is_under_way(&board, self.guide.ticks()))
                .map(|doing| doing.goal),
            drifted: self.looks.drifted(answers, &session, &stores, &old),
            lag: self.looks.lag(&session, &stores, &old),
            foreseen: self.looks.foreseen(answers, &session, &stores, &old),
            filtered: self.looks.filtered(&session, &stores, &old),
            trail: self.looks.trail(&session, &old),
            is_guest: self.saver.shelf == Shelf::Guest,
            said: old.said.clone(),
            board: Same(board),
            events,
        };
        stores.playback.put(session.playback);
        if world.is_far {
            self.looks.labels(&session, &mut world);
            self.looks.without(&session.stage, &selection, &mut world);
        }
        drop(session);
        world.label = label(&layout, &world.labels);
        if world.is_far {
            let mut map = self.page.map.0.borrow_mut();
            map.lang = layout.lang;
            map.group_by(world.label.clone());
            map.filter(&world.filtered);
        }
        self.looks.say_newest(&mut world);
        let fresh = self.looks.fresh_daemonset(&world);
        let is_back = self.looks.api_server_is_back(&world);
        if world.opening.is_none() && stores.front.now().step.is_none() {
            let first = world.ticks.current(world.story());
            stores.front.dispatch(FrontAction::Step(first));
        }
        stores.world.put(world);
        self.check_open();
        if let Some(id) = fresh {
            stores.selection.put(Selection::DaemonSet(id.clone()));
            stores.layout.dispatch(LayoutAction::WatchDaemonSet(id));
            // What is shown of it was looked up for what was selected before.
            self.look();
        }
        if is_back {
            self.retry_refused();
        }
    }

    /// What is to be shown in full: what is picked anywhere or has its menu open, and the cards of the map.
    fn gaze(&self, selection: &Selection) -> Gaze {
        let mut gaze = Gaze { all_up_to: FULL_CARDS, ..Gaze::default() };
        let front = self.page.stores.front.now();
        let of_menu = front.menu.as_ref().and_then(|menu| match &menu.target {
            MenuTarget::Object(object) => Some(object),
            _ => None,
        });
        for picked in [Some(selection), of_menu].into_iter().flatten() {
            match picked {
                Selection::Node(name) => gaze.near.extend([name.clone()]),
                Selection::Pod(id) => {
                    let (namespace, name) = id.split_once('/').unwrap_or(("", id));
                    gaze.near.extend(self.session.borrow().stage.node_of_pod(namespace, name));
                }
                _ => {}
            }
        }
        gaze.near.insert(self.page.stores.desk.now().node.clone());
        gaze.near.extend(self.page.map.0.borrow().near());
        gaze
    }
}

impl Looks {
    /// Nobody types at this text any more.
    pub fn settle(&mut self, text: Option<Rc<str>>) {
        (self.settled, self.foreseen) = (text, None);
    }

    /// The labels to group by.
    fn labels(&mut self, session: &Session, world: &mut World) {
        let (version, now) = (world.fleet.layout_version, now_ms());
        let due = self.labels.is_none_or(|(of, at)| of != version && now - at >= LABELS_EVERY_MS);
        if due {
            self.labels = Some((version, now));
            world.labels = keep(&world.labels, session.fleet().group_labels());
        }
    }

    /// Where the DaemonSet that is picked has no pod.
    fn without(&mut self, stage: &Stage, selection: &Selection, world: &mut World) {
        let picked = match selection {
            Selection::DaemonSet(id) => world.board.daemonsets.iter().find(|ds| ds.id == *id),
            _ => None,
        };
        let Some(ds) = picked.cloned() else {
            self.without = None;
            world.details.without = keep(&world.details.without, Vec::new());
            return;
        };
        let now = now_ms();
        let fresh =
            self.without.as_ref().is_some_and(|(id, at)| *id == ds.id && now - at <= WITHOUT_EVERY_MS);
        if !fresh {
            self.without = Some((ds.id.clone(), now));
            let found: Vec<Without> = stage.nodes_without(&ds.namespace, &ds.name);
            world.details.without = keep(&world.details.without, found);
        }
    }

    /// What the objects of the open file have become since it was applied.
    fn drifted(
        &mut self,
        answers: Option<Answers>,
        session: &Session,
        stores: &Stores,
        old: &World,
    ) -> Same<Vec<Drifted>> {
        let desk = stores.desk.now();
        let applied = desk.open_own().filter(|file| file.applied.as_ref() == Some(&file.text));
        let ended = |id: u32| session.job(id).is_some_and(|job| job.exit_code == Some(0));
        let Some((file, answers)) = applied.filter(|file| file.job.is_none_or(ended)).zip(answers) else {
            return keep(&old.drifted, Vec::new());
        };
        if session.opening().is_some() || !session.stage.cluster().api_up() {
            return keep(&old.drifted, Vec::new());
        }
        let now = now_ms();
        if now - self.drift < DRIFT_EVERY_MS {
            return old.drifted.clone();
        }
        self.drift = now;
        keep(&old.drifted, (answers.drifted)(&session.stage, &file.text))
    }

    /// What the kubelet runs of the open file, unless a draft of it is not saved yet.
    fn lag(&mut self, session: &Session, stores: &Stores, old: &World) -> Same<Option<Lag>> {
        let desk = stores.desk.now();
        let open = desk.open_node_file().filter(|id| {
            stores.layout.now().desk_tab == DeskTab::Files
                && !desk.is_dirty(id)
                && session.opening().is_none()
        });
        let Some(DocId::Node { node, path }) = open else {
            self.lag = None;
            return keep(&old.lag, None);
        };
        let (id, now) = (DocId::Node { node: node.clone(), path: path.clone() }, now_ms());
        if self.lag.as_ref().is_some_and(|(of, at)| *of == id && now - at < DRIFT_EVERY_MS) {
            return old.lag.clone();
        }
        self.lag = Some((id, now));
        keep(&old.lag, session.stage.lag(&node, &path))
    }

    /// Which of many nodes the filter lets through.
    fn filtered(&mut self, session: &Session, stores: &Stores, old: &World) -> Same<Option<Filtered>> {
        let text = stores.front.now().filter.clone();
        let filter = session.is_far().then(|| Filter::parse(&text)).filter(|filter| !filter.is_empty());
        let Some(filter) = filter else {
            self.filtered = None;
            return keep(&old.filtered, None);
        };
        let now = now_ms();
        let is_fresh = |(of, at): &(Rc<str>, f64)| *of == text && now - at < FILTER_EVERY_MS;
        let same_nodes =
            (*old.filtered).as_ref().is_some_and(|old| old.dim.len() == session.fleet().nodes.len());
        if same_nodes && self.filtered.as_ref().is_some_and(is_fresh) {
            return old.filtered.clone();
        }
        self.filtered = Some((text, now));
        keep(&old.filtered, Some(session.stage.filtered(&filter)))
    }

    /// What the last command has brought about.
    fn trail(&mut self, session: &Session, old: &World) -> Same<Vec<TrailHop>> {
        if session.is_far() || session.opening().is_some() {
            return keep(&old.trail, Vec::new());
        }
        let now = now_ms();
        if session.playback.playing && now - self.trail < TRAIL_EVERY_MS {
            return old.trail.clone();
        }
        self.trail = now;
        keep(&old.trail, session.stage.trail())
    }

    /// What the open text would change, once it was looked at and is sound.
    fn foreseen(
        &mut self,
        answers: Option<Answers>,
        session: &Session,
        stores: &Stores,
        old: &World,
    ) -> Same<Vec<Foreseen>> {
        let (desk, layout) = (stores.desk.now(), stores.layout.now());
        let open = desk.open_doc(layout.desk_tab).filter(|id| {
            desk.is_dirty(id)
                && desk.found(id).is_some_and(|found| !has_errors(&found))
                && session.opening().is_none()
        });
        let open = open.and_then(|id| desk.text(&id).map(|text| (id, text)));
        let Some(((id, text), answers)) = open.zip(answers) else {
            self.foreseen = None;
            return keep(&old.foreseen, Vec::new());
        };
        let now = now_ms();
        let is_fresh = |(of, seen, at): &(DocId, Rc<str>, f64)| {
            *of == id && Rc::ptr_eq(seen, &text) && now - at < FORESEE_EVERY_MS
        };
        if self.foreseen.as_ref().is_some_and(is_fresh) {
            return old.foreseen.clone();
        }
        let stage = &session.stage;
        let found = match &id {
            DocId::Own(_) => {
                let board = session.board();
                let near: SortedSet<&str> = board.nodes.iter().map(|node| &*node.name).collect();
                let mut found = (answers.foresee)(stage, &text, &|node| near.contains(node));
                found.extend(self.replicas(answers, stage, &text));
                found
            }
            DocId::Node { node, path } => (answers.foresee_static)(stage, node, path, &text),
        };
        self.foreseen = Some((id, text, now));
        keep(&old.foreseen, found)
    }

    /// What would become of the pods of Deployments and the like: this is asked of a copy of the cluster, so not with
    /// each key, and not often.
    fn replicas(&mut self, answers: Answers, stage: &Stage, text: &Rc<str>) -> Vec<Foreseen> {
        if self.settled.as_ref().is_none_or(|settled| !Rc::ptr_eq(settled, text)) {
            return Vec::new();
        }
        let now = now_ms();
        match &self.replicas {
            Some((of, at, found)) if Rc::ptr_eq(of, text) && now - at < REPLICAS_EVERY_MS => found.clone(),
            _ => {
                let found = (answers.foresee_replicas)(stage, text);
                self.replicas = Some((text.clone(), now, found.clone()));
                found
            }
        }
    }

    /// A DaemonSet of a person's own that was not there before.
    fn fresh_daemonset(&mut self, world: &World) -> Option<Rc<str>> {
        let ids: SortedSet<Rc<str>> = world.board.daemonsets.iter().map(|ds| ds.id.clone()).collect();
        let opening = world.opening.is_some();
        let known = self.known.replace(ids).filter(|_| !opening)?;
        let own = world.board.daemonsets.iter().filter(|ds| &*ds.namespace != "kube-system");
        own.map(|ds| ds.id.clone()).find(|id| !known.contains(id))
    }

    fn api_server_is_back(&mut self, world: &World) -> bool {
        let up = world.board.api_server == ApiServerState::Up;
        let was_up = std::mem::replace(&mut self.was_up, up);
        up && !was_up && world.opening.is_none()
    }

    /// Tells screen readers the newest event, at most once a second.
    fn say_newest(&mut self, world: &mut World) {
        let now = now_ms();
        let Some(event) = world.events.first().filter(|_| now - self.said > SAY_EVERY_MS) else { return };
        let text = format!("{} {}: {}", event.reason, event.object, event.message);
        if *text != *world.said {
            world.said = text.into();
            self.said = now;
        }
    }
}

/// The node whose files are shown is gone, or its open file was moved or deleted: show where it went, or nothing.
/// Where none is open, the first manifest is.
fn keep_file_in_sight(stores: &Stores, board: &Board) {
    let store = &stores.desk;
    let desk = store.now();
    let has = |name: &str| board.nodes.iter().any(|node| &*node.name == name);
    if let Some(first) = board.nodes.first().filter(|_| !has(&desk.node)) {
        store.dispatch(DeskAction::OpenNode { node: first.name.clone(), path: None });
        return;
    }
    let Some(node) = board.nodes.iter().find(|node| node.name == desk.node) else { return };
    let Some(path) = desk.node_file.clone() else {
        let first = node.files.iter().find(|file| file.is_manifest);
        if let Some(first) = first.filter(|_| stores.layout.now().desk_tab == DeskTab::Files) {
            store.dispatch(DeskAction::FileMoved(Some(first.path.clone())));
        }
        return;
    };
    let id = DocId::Node { node: desk.node.clone(), path: path.clone() };
    if node.files.iter().any(|file| file.path == path) || desk.unsaved.contains_key(&id.key()) {
        return;
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    let moved = node.files.iter().find(|file| file.path.ends_with(&format!("/{name}")));
    store.dispatch(DeskAction::FileMoved(moved.map(|file| file.path.clone())));
}

/// The label that the map groups by: the chosen one, else the zones, where there are any.
fn label(layout: &Layout, labels: &[Rc<str>]) -> Option<Rc<str>> {
    match &layout.group_by {
        Some(chosen) if chosen.is_empty() => None,
        Some(chosen) if labels.contains(chosen) => Some(chosen.clone()),
        _ => labels.iter().find(|label| &***label == ZONE).cloned(),
    }
}

/// The DaemonSet that is looked at: the chosen one while it exists, else the first of a person's own. One of the
/// system's only if it was chosen.
fn daemonset(layout: &Layout, board: &Board) -> Option<Rc<str>> {
    let chosen = board.daemonsets.iter().find(|ds| Some(&ds.id) == layout.daemonset.as_ref());
    let own = || board.daemonsets.iter().find(|ds| &*ds.namespace != "kube-system");
    chosen.or_else(own).map(|ds| ds.id.clone())
}

fn open_file(stage: &Stage, desk: &crate::desk::model::Desk, old: Option<&OpenFile>) -> Option<OpenFile> {
    let path = desk.node_file.clone()?;
    let text = stage.file_text(&desk.node, &path)?;
    let file = OpenFile { node: desk.node.clone(), path, text };
    Some(old.filter(|old| **old == file).cloned().unwrap_or(file))
}

fn details(
    stage: &Stage,
    selection: &Selection,
    board: &Board,
    events: &[EventView],
    old: &Details,
) -> Details {
    let yaml = yaml(stage, selection, board);
    let same = |text: &String| old.yaml.as_ref().filter(|old| ***old == **text).cloned();
    Details {
        yaml: yaml.map(|text| same(&text).unwrap_or_else(|| text.into())),
        events: keep(&old.events, events_of(selection, board, events)),
        without: old.without.clone(),
        last: match selection {
            Selection::Pod(id) => {
                find_pod(board, id).map(Same::from).or_else(|| old.last.clone().filter(|last| last.id == *id))
            }
            _ => None,
        },
    }
}

fn pod_yaml(stage: &Stage, id: &str) -> Option<String> {
    let (namespace, name) = id.split_once('/')?;
    stage.object_yaml("pods", namespace, name)
}

fn yaml(stage: &Stage, selection: &Selection, board: &Board) -> Option<String> {
    match selection {
        Selection::Nothing => None,
        Selection::Pod(id) => pod_yaml(stage, id),
        Selection::Node(name) => stage.object_yaml("nodes", "", name),
        Selection::DaemonSet(id) => {
            let (namespace, name) = id.split_once('/')?;
            stage.object_yaml("daemonsets", namespace, name)
        }
        Selection::Part(name) => {
            let part = board.parts.iter().find(|part| part.name == *name)?;
            pod_yaml(stage, &part.pod)
        }
    }
}

fn events_of(selection: &Selection, board: &Board, events: &[EventView]) -> Vec<EventView> {
    let (kind, id) = match selection {
        Selection::Nothing => return Vec::new(),
        Selection::Pod(id) => ("pod", id.clone()),
        Selection::Node(name) => ("node", name.clone()),
        Selection::DaemonSet(id) => ("daemonset", id.clone()),
        Selection::Part(name) => match board.parts.iter().find(|part| part.name == *name) {
            Some(part) => ("pod", part.pod.clone()),
            None => return Vec::new(),
        },
    };
    let (namespace, name) = id.split_once('/').unwrap_or(("", &id));
    let object = format!("{kind}/{name}");
    let fits = |event: &&EventView| {
        *event.object == *object && (namespace.is_empty() || *event.namespace == *namespace)
    };
    events.iter().filter(fits).take(OF_ONE).cloned().collect()
}

//! What happens when a person wants something, or the world has changed.

use std::rc::Rc;

use gloo::timers::callback::Timeout;
use gloo::utils::document_element;
use stage::{Command, Options, Script, Stage};
use view::{Board, EventView, FileView, Gaze};
use yew::prelude::*;

use super::{App, FIRST_SLICE_MS, Msg};
use crate::clock::{budget, now_ms};
use crate::desk::DeskAction;
use crate::desk::model::{self, Desk, DocId};
use crate::session::Session;
use crate::state::{Action, DeskTab, Distance, DrawerTab, FULL_CARDS, Layout, Pane, Selection};
use crate::{share, storage};

const EVENTS: usize = 200;
const MESSAGES: usize = 200;
/// Why nodes lack a DaemonSet's pod is looked up no oftener, as that walks over all nodes.
const WITHOUT_EVERY_MS: f64 = 1500.0;
/// Neither are the labels to group by.
const LABELS_EVERY_MS: f64 = 700.0;
const ZONE: &str = "topology.kubernetes.io/zone";
/// After the last key: when a text is looked at, and when it takes effect.
const CHECK_AFTER_MS: u32 = 140;
const LIVE_AFTER_MS: u32 = 400;
const SAVE_AFTER_MS: u32 = 600;
/// What screen readers are told comes no oftener.
const SAY_EVERY_MS: f64 = 1000.0;

impl App {
    /// Takes what changed in the world into what the lists show.
    pub(super) fn look(&mut self) {
        let gaze = self.gaze();
        let mut session = self.session.borrow_mut();
        session.gaze = gaze;
        session.refresh();
        let few = !session.is_far();
        let layout = &self.prefs.layout;
        let events_seen = layout.drawer_tab == DrawerTab::Events || layout.selection != Selection::Nothing;
        self.events = Rc::new(session.stage.events(if events_seen { EVENTS } else { 1 }));
        if layout.drawer_tab == DrawerTab::Messages {
            self.messages = Rc::new(session.stage.messages(MESSAGES));
        }
        let board = session.board();
        let read = |name: &str| Rc::new(session.stage.files(name));
        self.files = match few {
            true => board.nodes.iter().map(|node| read(&node.name)).collect(),
            false => Vec::new(),
        };
        let at = board.nodes.iter().position(|node| node.name == self.desk.node).unwrap_or(0);
        self.node_files = match (self.files.get(at), board.nodes.get(at)) {
            (Some(files), _) => files.clone(),
            (None, Some(node)) => read(&node.name),
            (None, None) => Rc::default(),
        };
        let console = session.console();
        drop(session);
        if few && self.witness.look(&board, &console) {
            self.witnessed = Rc::new(self.witness.clone());
            storage::save(storage::SEEN, &self.witness);
        }
        self.look_far(&board);
        self.say_newest();
        self.keep_file_in_sight();
    }

    /// What is to be shown in full: what is picked anywhere, and the cards of the map.
    fn gaze(&self) -> Gaze {
        let mut gaze = Gaze { all_up_to: FULL_CARDS, ..Gaze::default() };
        let session = self.session.borrow();
        match &self.prefs.layout.selection {
            Selection::Node(name) => gaze.near.extend([name.clone()]),
            Selection::Pod(id) => {
                let (namespace, name) = id.split_once('/').unwrap_or(("", id));
                gaze.near.extend(session.stage.node_of_pod(namespace, name));
            }
            _ => {}
        }
        gaze.near.insert(self.desk.node.clone());
        gaze.near.extend(self.map.0.borrow().near());
        gaze
    }

    pub(super) fn is_far(&self) -> bool {
        self.session.borrow().is_far()
    }

    /// What only many nodes need: labels to group by, and where a DaemonSet has no pod.
    fn look_far(&mut self, board: &Board) {
        let session = self.session.borrow();
        let fleet = session.fleet();
        if !session.is_far() {
            return;
        }
        let soon = now_ms() - self.labels_at < LABELS_EVERY_MS;
        if self.labels.0 != fleet.layout_version && !soon {
            self.labels_at = now_ms();
            self.labels = (fleet.layout_version, Rc::new(fleet.group_labels()));
        }
        let picked = match &self.prefs.layout.selection {
            Selection::DaemonSet(id) => board.daemonsets.iter().find(|ds| ds.id == *id),
            _ => None,
        };
        let (id, now) = (picked.map(|ds| ds.id.clone()), now_ms());
        if self.without.1 != id || (id.is_some() && now - self.without.2 > WITHOUT_EVERY_MS) {
            let found = picked.map(|ds| session.stage.nodes_without(&ds.namespace, &ds.name));
            self.without = (Rc::new(found.unwrap_or_default()), id, now);
        }
        drop(session);
        let mut map = self.map.0.borrow_mut();
        map.lang = self.prefs.lang;
        map.group_by(self.label());
    }

    /// The label that the map groups by: the chosen one, else the zones, where there are any.
    pub(super) fn label(&self) -> Option<Rc<str>> {
        let labels = &self.labels.1;
        match &self.prefs.layout.group_by {
            Some(chosen) if chosen.is_empty() => None,
            Some(chosen) if labels.contains(chosen) => Some(chosen.clone()),
            _ => labels.iter().find(|label| &***label == ZONE).cloned(),
        }
    }

    pub(super) fn wake(&self) -> Callback<()> {
        let frame = self.frame.clone();
        Callback::from(move |()| frame.wake())
    }

    /// What was asked for while the session was being opened is done as soon as it is.
    pub(super) fn do_what_waited(&mut self, ctx: &Context<App>) {
        if self.session.borrow().opening().is_none() {
            for action in std::mem::take(&mut self.waiting) {
                self.act(ctx, action);
            }
        }
    }

    /// Tells screen readers the newest event, at most once a second.
    fn say_newest(&mut self) {
        let now = now_ms();
        let Some(event) = self.events.first().filter(|_| now - self.said_at > SAY_EVERY_MS) else { return };
        let text = format!("{} {}: {}", event.reason, event.object, event.message);
        if text != self.said {
            self.said = text;
            self.said_at = now;
        }
    }

    /// The open file was moved or deleted: show where it went, or nothing.
    fn keep_file_in_sight(&mut self) {
        let Some(path) = self.desk.node_file.clone() else { return };
        let id = DocId::Node { node: self.desk.node.clone(), path: path.clone() };
        let there = |path: &str| self.node_files.iter().any(|file| &*file.path == path);
        if there(&path) || self.desk.unsaved.contains_key(&id.key()) {
            return;
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        let moved = self
            .node_files
            .iter()
            .find(|file| !file.is_directory && file.path.ends_with(&format!("/{name}")));
        self.desk_mut().node_file = moved.map(|file| file.path.clone());
    }

    pub(super) fn desk_mut(&mut self) -> &mut Desk {
        Rc::make_mut(&mut self.desk)
    }

    pub(super) fn act(&mut self, ctx: &Context<App>, action: Action) {
        if changes_world(&action) && self.session.borrow().opening().is_some() {
            self.menu = None;
            self.waiting.push(action);
            return;
        }
        match action {
            Action::Perform(command) => {
                self.menu = None;
                self.perform(ctx, command);
            }
            Action::PlayPause => {
                let mut session = self.session.borrow_mut();
                session.playing = !session.playing;
                self.prefs.playing = session.playing;
            }
            Action::Step(count) => {
                let mut session = self.session.borrow_mut();
                session.step(count);
                session.refresh();
                self.prefs.playing = false;
            }
            Action::Faster(faster) => {
                let mut session = self.session.borrow_mut();
                session.speed = if faster { session.speed.faster() } else { session.speed.slower() };
                self.prefs.speed = session.speed;
            }
            Action::FocusConsole => {
                arrange(&mut self.prefs.layout, Action::DrawerTab(DrawerTab::Console));
                self.focus_console = true;
            }
            Action::SetSpeed(speed) => {
                self.session.borrow_mut().speed = speed;
                self.prefs.speed = speed;
            }
            Action::Reset(options) => self.begin(ctx, options),
            Action::Select(selection) => self.prefs.layout.selection = selection,
            Action::Show(selection) => {
                self.menu = None;
                self.prefs.layout.selection = selection;
                self.prefs.layout.pane = Pane::Inspector;
            }
            Action::OpenMenu(menu) => {
                self.prefs.layout.selection = menu.target.clone();
                self.menu = Some(menu);
            }
            Action::CloseMenu => {
                self.menu = None;
                self.scenarios = false;
                self.help = false;
                self.notice = None;
            }
            Action::Scenarios(open) => self.scenarios = open,
            Action::Help(open) => self.help = open,
            Action::Light(claim) => {
                self.lit = claim;
                return;
            }
            Action::ForgetSeen => {
                self.witness = Default::default();
                self.witnessed = Rc::default();
                storage::save(storage::SEEN, &self.witness);
            }
            Action::Lang(lang) => self.prefs.lang = lang,
            Action::Theme(theme) => self.prefs.theme = theme,
            Action::OpenNodeFiles(node) => {
                self.menu = None;
                self.open_node(node, None);
            }
            Action::OpenFile { node, path } => {
                self.menu = None;
                self.open_node(node, Some(path));
            }
            Action::Desk(action) => self.at_desk(ctx, action),
            Action::ShowOnMap(node) => {
                self.prefs.layout.distance = Distance::Map;
                self.prefs.layout.selection = Selection::Node(node.clone());
                self.prefs.layout.pane = Pane::Inspector;
                self.map.0.borrow_mut().wish_for(node);
            }
            Action::Share => {
                share::share(self.session.borrow().stage.script(), ctx.link().callback(Msg::Notice))
            }
            other => arrange(&mut self.prefs.layout, other),
        }
        self.look();
        self.apply_prefs();
        self.frame.wake();
    }

    /// Does a deed. A line that names files of the person's own takes them along.
    fn perform(&mut self, ctx: &Context<App>, command: Command) -> u32 {
        let command = match command {
            Command::Exec { line, files } if files.is_empty() => {
                let files = self.desk.files_named(&line);
                Command::Exec { line, files }
            }
            other => other,
        };
        let job = {
            let mut session = self.session.borrow_mut();
            let job = session.perform(command);
            session.refresh();
            job
        };
        self.save_soon(ctx);
        job
    }

    fn begin(&mut self, ctx: &Context<App>, options: Options) {
        self.scenarios = false;
        self.desk_mut().begin_anew(&options);
        let mut session = Session::open(&Script::new(options));
        session.open_slice(budget(FIRST_SLICE_MS));
        self.replace(session);
        self.save_soon(ctx);
    }

    pub(super) fn replace(&mut self, mut session: Session) {
        (session.playing, session.speed) = (self.prefs.playing, self.prefs.speed);
        let old = self.session.replace(session);
        self.frame.give_up(old.stage);
        self.witness.begin_anew();
        self.map.0.borrow_mut().begin_anew();
        self.labels = Default::default();
        self.prefs.layout.group_by = None;
        self.prefs.layout.selection = Selection::Nothing;
    }

    fn open_node(&mut self, node: Rc<str>, path: Option<Rc<str>>) {
        let layout = &mut self.prefs.layout;
        (layout.desk_tab, layout.desk_open, layout.pane) = (DeskTab::Files, true, Pane::Desk);
        let desk = self.desk_mut();
        if desk.node != node || path.is_some() {
            desk.node_file = path;
        }
        desk.node = node;
    }

    fn at_desk(&mut self, ctx: &Context<App>, action: DeskAction) {
        match action {
            DeskAction::Typed(id, text) => {
                self.desk_mut().type_text(&id, text);
                self.wait_for_more(ctx, id);
            }
            DeskAction::Submit(id, text) => {
                if let Some(text) = text.filter(|text| self.desk.text(&id).as_ref() != Some(text)) {
                    self.desk_mut().type_text(&id, text);
                }
                self.submit(ctx, &id);
            }
            DeskAction::Live(live) => self.desk_mut().live = live,
            DeskAction::OpenOwn(name) => self.desk_mut().open = name,
            DeskAction::NewOwn => self.desk_mut().add_own(),
            DeskAction::DropOwn(name) => self.desk_mut().drop_own(&name),
            DeskAction::PickNode(node) => self.open_node(node, None),
            DeskAction::NewNodeFile { node, path } => {
                let id = DocId::Node { node: node.clone(), path: path.clone() };
                let there = self.node_files.iter().any(|file| file.path == path);
                if !there && self.desk.text(&id).is_none() {
                    self.desk_mut().type_text(&id, model::new_static_pod(&path));
                    self.wait_for_more(ctx, id);
                }
                self.open_node(node, Some(path));
                self.desk_mut().reveal(4, 9);
            }
            DeskAction::Discard(id) => {
                let desk = self.desk_mut();
                desk.unsaved.remove(&id.key());
                desk.checks.remove(&id.key());
            }
            DeskAction::Reveal(line, column) => self.desk_mut().reveal(line, column),
        }
        self.save_soon(ctx);
    }

    /// Looks at a text, and lets it take effect, once no more is typed.
    fn wait_for_more(&mut self, ctx: &Context<App>, id: DocId) {
        let link = ctx.link().clone();
        let check = id.clone();
        self.check = Some(Timeout::new(CHECK_AFTER_MS, move || link.send_message(Msg::Check(check))));
        let link = ctx.link().clone();
        self.live = Some(Timeout::new(LIVE_AFTER_MS, move || link.send_message(Msg::Live(id))));
    }

    pub(super) fn check_text(&mut self, id: &DocId) {
        let session = self.session.clone();
        self.desk_mut().check(id, &session.borrow().stage);
    }

    pub(super) fn live_text(&mut self, ctx: &Context<App>, id: &DocId) {
        if self.session.borrow().opening().is_some() {
            self.wait_for_more(ctx, id.clone());
        } else if self.desk.live && self.desk.is_dirty(id) {
            self.submit(ctx, id);
            self.look();
        }
    }

    /// Applies or saves a document, if it has no mistake.
    fn submit(&mut self, ctx: &Context<App>, id: &DocId) {
        (self.check, self.live) = (None, None);
        let session = self.session.clone();
        let deed = self.desk_mut().deed(id, &session.borrow().stage);
        let Some(command) = deed else { return };
        let job = self.perform(ctx, command);
        self.desk_mut().note_job(id, job);
        self.frame.wake();
    }

    pub(super) fn save_soon(&mut self, ctx: &Context<App>) {
        if self.saving.is_none() {
            let link = ctx.link().clone();
            self.saving = Some(Timeout::new(SAVE_AFTER_MS, move || link.send_message(Msg::Save)));
        }
    }

    /// Writes down what a reload needs.
    pub(super) fn save(&mut self) {
        self.saving = None;
        storage::save(storage::DRAFTS, &*self.desk);
        if self.session.borrow().opening().is_some() {
            // What is saved still is what is being played.
            return;
        }
        storage::save_text(storage::SESSION, &self.session.borrow().stage.script().to_json());
    }

    /// Saves the preferences, and sets what stands outside of the app's own element.
    pub(super) fn apply_prefs(&self) {
        let root = document_element();
        if root.get_attribute("data-theme").as_deref() != Some(self.prefs.theme.text()) {
            let _ = root.set_attribute("data-theme", self.prefs.theme.text());
            self.frame.recolour();
        }
        let _ = root.set_attribute("lang", self.prefs.lang.code());
        storage::save(storage::PREFS, &self.prefs);
        storage::save_text(storage::THEME, self.prefs.theme.text());
        storage::save_text(storage::LANG, self.prefs.lang.code());
    }

    /// The DaemonSet that is looked at: the chosen one while it exists, else the first of a person's own.
    pub(super) fn daemonset(&self, board: &Board) -> Option<Rc<str>> {
        let chosen = board.daemonsets.iter().find(|ds| Some(&ds.id) == self.prefs.layout.daemonset.as_ref());
        let own = || board.daemonsets.iter().find(|ds| &*ds.namespace != "kube-system");
        let found = chosen.or_else(own).or_else(|| board.daemonsets.first());
        found.map(|ds| ds.id.clone())
    }

    pub(super) fn yaml(&self, board: &Board) -> Option<Rc<str>> {
        let stage = &self.session.borrow().stage;
        let text = match &self.prefs.layout.selection {
            Selection::Nothing => None,
            Selection::Pod(id) => pod_yaml(stage, id),
            Selection::Node(name) => stage.object_yaml("nodes", "", name),
            Selection::DaemonSet(id) => id
                .split_once('/')
                .and_then(|(namespace, name)| stage.object_yaml("daemonsets", namespace, name)),
            Selection::Part(name) => {
                let part = board.parts.iter().find(|part| part.name == *name)?;
                pod_yaml(stage, &part.pod)
            }
        };
        text.map(Into::into)
    }

    pub(super) fn selected_events(&self, board: &Board) -> Rc<Vec<EventView>> {
        let (kind, id) = match &self.prefs.layout.selection {
            Selection::Nothing => return Rc::default(),
            Selection::Pod(id) => ("pod", id.clone()),
            Selection::Node(name) => ("node", name.clone()),
            Selection::DaemonSet(id) => ("daemonset", id.clone()),
            Selection::Part(name) => match board.parts.iter().find(|part| part.name == *name) {
                Some(part) => ("pod", part.pod.clone()),
                None => return Rc::default(),
            },
        };
        let (namespace, name) = id.split_once('/').unwrap_or(("", &id));
        let object = format!("{kind}/{name}");
        let fits = |event: &&EventView| {
            *event.object == *object && (namespace.is_empty() || *event.namespace == *namespace)
        };
        Rc::new(self.events.iter().filter(fits).take(20).cloned().collect())
    }

    /// The job that the open document caused last.
    pub(super) fn desk_job(&self) -> Option<stage::JobView> {
        let id = match self.prefs.layout.desk_tab {
            DeskTab::DaemonSet => self.desk.open_own()?.job?,
            DeskTab::Files => self.desk.node_job?,
        };
        self.session.borrow().job(id).cloned()
    }
}

fn pod_yaml(stage: &Stage, id: &str) -> Option<String> {
    let (namespace, name) = id.split_once('/')?;
    stage.object_yaml("pods", namespace, name)
}

/// Whether it needs a session that is open.
fn changes_world(action: &Action) -> bool {
    use crate::desk::DeskAction::Submit;
    matches!(action, Action::Perform(_) | Action::Step(_) | Action::Share | Action::Desk(Submit(..)))
}

/// What only opens, closes or moves panels.
fn arrange(layout: &mut Layout, action: Action) {
    match action {
        Action::DeskTab(tab) => layout.desk_tab = tab,
        Action::DrawerTab(tab) => {
            layout.drawer_tab = tab;
            layout.drawer_open = true;
            layout.pane = Pane::Drawer;
        }
        Action::Pane(pane) => layout.pane = pane,
        Action::ToggleDesk => layout.desk_open = !layout.desk_open,
        Action::ToggleDrawer => layout.drawer_open = !layout.drawer_open,
        Action::DeskWidth(width) => layout.desk_width = width.clamp(260, 900),
        Action::DrawerHeight(height) => layout.drawer_height = height.clamp(90, 700),
        Action::SystemPods(shown) => layout.system_pods = shown,
        Action::WatchDaemonSet(id) => layout.daemonset = Some(id),
        Action::Letters(on) => layout.letters = on,
        Action::Distance(distance) => layout.distance = distance,
        Action::GroupBy(label) => layout.group_by = Some(label),
        _ => {}
    }
}

pub type Files = Rc<Vec<FileView>>;

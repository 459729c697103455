//! What happens when a person wants something.

use gloo::timers::callback::Timeout;
use gloo::utils::document;
use stage::{Command, Script};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use std::rc::Rc;

use super::{App, FIRST_SLICE_MS, Msg};
use crate::clock::budget;
use crate::desk::DeskAction;
use crate::desk::model::{self, DocId};
use crate::session::Session;
use crate::share;
use crate::state::{
    Action, DeskTab, Distance, DrawerTab, FrontAction, LayoutAction, Pane, PlaybackAction, Selection,
};

/// After the last key: when a text is looked at, and when it takes effect.
const CHECK_AFTER_MS: u32 = 140;
const LIVE_AFTER_MS: u32 = 400;

impl App {
    /// What was asked for while the session was being opened is done as soon as it is.
    pub(super) fn do_what_waited(&mut self, ctx: &Context<App>) {
        if self.session.borrow().opening().is_none() && !self.waiting.is_empty() {
            for action in std::mem::take(&mut self.waiting) {
                self.act(ctx, action);
            }
            self.look();
        }
    }

    pub(super) fn act(&mut self, ctx: &Context<App>, action: Action) {
        let stores = self.page.stores.clone();
        if closes_menu(&action) {
            stores.front.dispatch(FrontAction::CloseMenu);
        }
        if changes_world(&action) && self.session.borrow().opening().is_some() {
            self.waiting.push(action);
            return;
        }
        match action {
            Action::Perform(command) => {
                self.perform(command);
            }
            Action::Step(count) => {
                let mut session = self.session.borrow_mut();
                session.step(count);
                session.refresh();
            }
            Action::Reset(options) => {
                stores.front.dispatch(FrontAction::Scenarios(false));
                let mut session = Session::open(&Script::new(options.clone()));
                session.open_slice(budget(FIRST_SLICE_MS));
                self.begin(session, options);
            }
            Action::Layout(action) => {
                stores.layout.dispatch(action);
            }
            Action::Playback(action) => self.play(action),
            Action::Front(action) => {
                stores.front.dispatch(action);
            }
            Action::Desk(action) => {
                stores.desk.dispatch(action);
            }
            Action::Type(id, text) => self.type_text(ctx, id, text),
            Action::Submit(id, text) => {
                if let Some(text) = text.filter(|text| stores.desk.now().text(&id).as_ref() != Some(text)) {
                    stores.desk.dispatch(DeskAction::Typed(id.clone(), text));
                }
                self.submit(&id);
            }
            Action::NewNodeFile { node, path } => self.new_node_file(ctx, node, path),
            Action::Select(selection) => {
                stores.selection.dispatch(selection);
            }
            Action::Show(selection) => self.show(selection),
            Action::Menu(menu) => {
                stores.selection.dispatch(menu.target.clone());
                stores.front.dispatch(FrontAction::OpenMenu(menu));
            }
            Action::OpenFile { node, path } => self.open_node(node, Some(path)),
            Action::OpenNodeFiles(node) => self.open_node(node, None),
            Action::ShowOnMap(node) => {
                stores.layout.dispatch(LayoutAction::Distance(Distance::Map));
                self.show(Selection::Node(node.clone()));
                self.page.map.0.borrow_mut().wish_for(node);
            }
            Action::Share => {
                share::share(self.session.borrow().stage.script(), ctx.link().callback(Msg::Notice));
            }
            Action::FocusConsole => {
                stores.layout.dispatch(LayoutAction::DrawerTab(DrawerTab::Console));
                focus_soon("[data-control=console]");
            }
            Action::ForgetSeen => self.witness.forget(),
        }
    }

    fn play(&mut self, action: PlaybackAction) {
        let playback = &self.page.stores.playback;
        playback.dispatch(action);
        self.session.borrow_mut().playback = *playback.now();
    }

    fn show(&mut self, selection: Selection) {
        self.page.stores.selection.dispatch(selection);
        self.page.stores.layout.dispatch(LayoutAction::Pane(Pane::Inspector));
    }

    /// Changes the world. A line that names files of the person's own takes them along.
    fn perform(&mut self, command: Command) -> u32 {
        let command = match command {
            Command::Exec { line, files } if files.is_empty() => {
                let files = self.page.stores.desk.now().files_named(&line);
                Command::Exec { line, files }
            }
            other => other,
        };
        let mut session = self.session.borrow_mut();
        let job = session.perform(command);
        session.refresh();
        job
    }

    fn open_node(&mut self, node: Rc<str>, path: Option<Rc<str>>) {
        self.page.stores.layout.dispatch(LayoutAction::Desk(DeskTab::Files));
        self.page.stores.desk.dispatch(DeskAction::OpenNode { node, path });
    }

    fn type_text(&mut self, ctx: &Context<App>, id: DocId, text: Rc<str>) {
        self.page.stores.desk.dispatch(DeskAction::Typed(id.clone(), text));
        self.wait_for_more(ctx, id);
    }

    fn new_node_file(&mut self, ctx: &Context<App>, node: Rc<str>, path: Rc<str>) {
        let desk = self.page.stores.desk.clone();
        let id = DocId::Node { node: node.clone(), path: path.clone() };
        let there = self.session.borrow().stage.file_text(&node, &path).is_some();
        if !there && desk.now().text(&id).is_none() {
            self.type_text(ctx, id.clone(), model::new_static_pod(&path));
        }
        self.open_node(node, Some(path));
        desk.dispatch(DeskAction::Reveal(id, 4, 9));
    }

    /// Looks at a text, and lets it take effect, once no more is typed.
    fn wait_for_more(&mut self, ctx: &Context<App>, id: DocId) {
        let link = ctx.link().clone();
        let check = id.clone();
        self.timers.check = Some(Timeout::new(CHECK_AFTER_MS, move || link.send_message(Msg::Check(check))));
        let link = ctx.link().clone();
        self.timers.live = Some(Timeout::new(LIVE_AFTER_MS, move || link.send_message(Msg::Live(id))));
    }

    pub(super) fn check_text(&mut self, id: &DocId) {
        let desk = &self.page.stores.desk;
        if let Some(found) = desk.now().check(id, &self.session.borrow().stage) {
            desk.dispatch(DeskAction::Checked(id.clone(), found));
        }
    }

    pub(super) fn live_text(&mut self, ctx: &Context<App>, id: &DocId) {
        let desk = self.page.stores.desk.now();
        if self.session.borrow().opening().is_some() {
            self.wait_for_more(ctx, id.clone());
        } else if desk.live && desk.is_dirty(id) {
            self.submit(id);
            self.look();
        }
    }

    /// Applies or saves a document, if it has no mistake.
    fn submit(&mut self, id: &DocId) {
        self.timers = Default::default();
        self.check_text(id);
        let desk = self.page.stores.desk.clone();
        let Some(command) = desk.now().command(id) else { return };
        let job = self.perform(command);
        desk.dispatch(DeskAction::Submitted(id.clone(), job));
        self.page.frame.wake();
    }
}

/// Puts the focus on what is still to be drawn.
fn focus_soon(selector: &'static str) {
    Timeout::new(0, move || {
        let found = document().query_selector(selector).ok().flatten();
        if let Some(element) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
            let _ = element.focus();
        }
    })
    .forget();
}

/// Whether it is chosen from a menu, which is then closed.
fn closes_menu(action: &Action) -> bool {
    use Action::*;
    matches!(action, Perform(_) | Show(_) | OpenFile { .. } | OpenNodeFiles(_))
}

/// Whether it needs a session that is open.
fn changes_world(action: &Action) -> bool {
    matches!(action, Action::Perform(_) | Action::Step(_) | Action::Share | Action::Submit(..))
}

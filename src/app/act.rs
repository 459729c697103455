//! What happens when a person wants something.

use std::rc::Rc;

use gloo::timers::callback::Timeout;
use guide::{Goal, Premiere};
use stage::{Command, Script};
use yew::prelude::*;

use super::doing::Doing;
use super::{App, FIRST_SLICE_MS, Msg};
use crate::clock::{budget, now_ms};
use crate::console::terminal::NUMBER;
use crate::descriptions;
use crate::desk::DeskAction;
use crate::desk::model::{self, DocId};
use crate::focus::focus_soon;
use crate::later::Later;
use crate::session::Session;
use crate::share;
use crate::state::{
    Action, DeskTab, Distance, DrawerTab, FrontAction, LayoutAction, Notice, PlaybackAction, Selection,
    SideTab, Size,
};

/// After the last key: when a text is looked at that takes long to look at, and when it takes effect.
const CHECK_AFTER_MS: u32 = 140;
/// A text that was looked at within this is looked at with each key.
const QUICK_CHECK_MS: f64 = 16.0;
const LIVE_AFTER_MS: u32 = 400;
/// A text with mistakes that is quick to look at is looked at again so often.
const RECHECK_EVERY_MS: f64 = 1000.0;
/// How long a first visit looks at the calm cluster.
const PREMIERE_AFTER_MS: u32 = 500;

impl App {
    /// What was asked for before the session was open, or before there were programs for it, is done now.
    pub(super) fn do_what_waited(&mut self, ctx: &Context<App>) {
        let stuck = self.waiting.first().is_some_and(lacks_descriptions);
        if self.session.borrow().is_ready() && !stuck && !self.waiting.is_empty() {
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
        if changes_world(&action) && self.has_to_wait(ctx, &action) {
            self.waiting.push(action);
            return;
        }
        match action {
            Action::Perform(command) => {
                self.perform(command);
            }
            Action::Enter(text) => {
                self.page.terminal.type_ahead(&text);
                self.enter_waiting();
            }
            Action::Step(count) => {
                let changed = self.session.borrow_mut().step(count);
                if !changed {
                    stores.front.dispatch(FrontAction::Notice(Notice::NothingChanges));
                }
            }
            Action::Reset(options) => {
                stores.front.dispatch(FrontAction::Scenarios(false));
                let mut session = Session::open(&Script::new(options.clone()), self.programs());
                session.open_slice(budget(FIRST_SLICE_MS));
                self.begin(session);
                stores.desk.dispatch(DeskAction::BeginAnew(Box::new(options)));
            }
            Action::Layout(action) => {
                stores.layout.dispatch(action);
            }
            Action::Playback(action) => self.play(action),
            Action::Front(action) => {
                let opens_menu = matches!(action, FrontAction::OpenMenu(_));
                stores.front.dispatch(action);
                if opens_menu {
                    // A far node is known by name only: what its menu offers follows from a closer look.
                    self.look();
                }
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
            Action::NewFromTemplate(node, template) => self.new_from_template(node, &template),
            Action::Rename(id, to) => self.rename(&id, to),
            Action::Duplicate(id, to) => self.duplicate(&id, to),
            Action::DeleteFile(id) => self.delete_file(&id),
            Action::UndoFile => self.undo_file(ctx),
            Action::Download(what) => {
                if let Some(later) = self.later {
                    (later.download)(&self.page, what);
                }
            }
            Action::Select(selection) => {
                stores.selection.dispatch(selection);
            }
            Action::Show(selection) => self.show(selection),
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
            Action::LeaveGuest => self.leave_guest(),
            Action::KeepGuest => self.saver.keep_guest(),
            Action::TakeFile { node, name, text } => self.take_file(ctx, node, name, text),
            Action::CopyToNode { id, node } => self.copy_to_node(ctx, &id, node),
            Action::Compare => self.compare(),
            Action::OpenHop(hop) => {
                stores.layout.dispatch(LayoutAction::DrawerTab(DrawerTab::Messages));
                stores.front.dispatch(FrontAction::Hop(hop));
            }
            Action::FocusFilter => focus_soon("[data-control=filter]"),
            Action::FocusConsole => {
                stores.layout.dispatch(LayoutAction::DrawerTab(DrawerTab::Console));
                focus_soon("[data-control=console]");
            }
            Action::ForgetSeen => {
                self.guide.forget();
                stores.front.dispatch(FrontAction::Step(None));
            }
            Action::Play(goal) => self.play_goal(goal),
        }
    }

    /// Whether the session cannot take it yet, or something that was asked for before it.
    fn has_to_wait(&self, ctx: &Context<App>, action: &Action) -> bool {
        let lacks = lacks_descriptions(action);
        if lacks {
            descriptions::load(ctx.link().callback(|()| Msg::World));
        }
        let session = self.session.borrow();
        let too_early = session.opening().is_some() || !self.waiting.is_empty();
        lacks || too_early || (needs_programs(action) && session.stage.programs().is_none())
    }

    fn play(&mut self, action: PlaybackAction) {
        let playback = &self.page.stores.playback;
        playback.dispatch(action);
        self.session.borrow_mut().playback = *playback.now();
    }

    /// Begins to bring about what comes next of a goal; time must pass for it to be seen.
    fn play_goal(&mut self, goal: &'static Goal) {
        let world = self.page.stores.world.now();
        if world.doing == Some(goal) {
            return;
        }
        let part = self.guide.ticks().next_part(goal);
        self.doing = part.map(|part| Doing::new(goal, part));
        self.go_on_doing();
        if !self.page.stores.playback.now().playing {
            self.play(PlaybackAction::Toggle);
        }
    }

    /// Does what the world is ready for of what a person wants done.
    pub(super) fn go_on_doing(&mut self) {
        let board = self.session.borrow().board();
        let Some(doing) = &mut self.doing else { return };
        let commands = doing.errand.next(&board);
        doing.note(board.now);
        if !doing.is_under_way(&board, self.guide.ticks()) {
            self.doing = None;
        }
        if commands.is_empty() {
            return;
        }
        for command in commands {
            self.perform(command);
        }
        self.look();
    }

    /// A first visit finds a cluster that is up; a moment later its scene begins to be set.
    pub(super) fn await_premiere(&mut self, ctx: &Context<App>) {
        if Premiere::of(self.session.borrow().stage.script()).is_some() {
            let link = ctx.link().clone();
            self.timers.premiere =
                Some(Timeout::new(PREMIERE_AFTER_MS, move || link.send_message(Msg::Premiere)));
        }
    }

    /// Gives the next command of the scene that a first visit sees being set, if its time has come.
    pub(super) fn go_on_with_premiere(&mut self) {
        let ready = self.later.is_some() && self.session.borrow().is_ready();
        if !ready || !self.page.stores.playback.now().playing {
            return;
        }
        let board = self.session.borrow().board();
        let next = self.premiere.as_mut().and_then(|premiere| premiere.next(&board));
        if let Some(command) = next {
            self.set_scene(command);
            self.look();
        }
    }

    /// One command of the scene.
    fn set_scene(&mut self, command: Command) {
        let desk = self.page.stores.desk.clone();
        let own = desk.now().open_own().map(|file| DocId::Own(file.name.clone()));
        let applies = own.filter(|id| desk.now().command(id).as_ref() == Some(&command));
        let job = {
            let mut session = self.session.borrow_mut();
            let job = session.perform(command);
            session.refresh();
            job
        };
        if let Some(id) = applies {
            desk.dispatch(DeskAction::Submitted(id, job));
        }
        self.page.frame.wake();
    }

    /// A person who acts finds the scene set.
    fn finish_premiere(&mut self) {
        let Some(premiere) = self.premiere.take() else { return };
        self.timers.premiere = None;
        for command in premiere.rest() {
            self.set_scene(command);
        }
    }

    fn show(&mut self, selection: Selection) {
        let stores = &self.page.stores;
        stores.selection.dispatch(selection);
        stores.layout.dispatch(match stores.front.now().size {
            Size::Medium => LayoutAction::DrawerTab(DrawerTab::Details),
            Size::Wide | Size::Narrow => LayoutAction::SideTab(SideTab::Details),
        });
    }

    fn compare(&mut self) {
        let stores = &self.page.stores;
        stores.layout.dispatch(match stores.front.now().size {
            Size::Wide => LayoutAction::SideTab(SideTab::Compare),
            Size::Medium | Size::Narrow => LayoutAction::DrawerTab(DrawerTab::Compare),
        });
    }

    /// Changes the world. A line that names files of the person's own takes them along.
    pub(super) fn perform(&mut self, command: Command) -> u32 {
        self.finish_premiere();
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

    /// Enters what waits for the terminal, as far as it can take it now, and takes over what commands have
    /// made of the person's files.
    pub(super) fn enter_waiting(&mut self) {
        let terminal = self.page.terminal.clone();
        let desk = self.page.stores.desk.clone();
        loop {
            let reads = self.page.stores.world.now().terminal.reads;
            let Some(line) = terminal.next_line(reads) else { break };
            let (files, columns) = (terminal.files(&desk.now()), terminal.columns.get());
            self.perform(Command::Enter { terminal: NUMBER, line, columns, files });
            self.look();
        }
        for (name, text) in terminal.changes(&desk.now()) {
            desk.dispatch(DeskAction::FromHome(name, text));
        }
    }

    pub(super) fn open_node(&mut self, node: Rc<str>, path: Option<Rc<str>>) {
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

    /// A file that was dropped: on a node it goes to the kubelet's directory, else to the person's own files.
    fn take_file(&mut self, ctx: &Context<App>, node: Option<Rc<str>>, name: Rc<str>, text: Rc<str>) {
        let stores = self.page.stores.clone();
        let directory = node.and_then(|node| {
            let directory = self.static_pod_path(&node)?;
            Some((node, directory))
        });
        match directory {
            Some((node, directory)) => {
                let path: Rc<str> = format!("{directory}/{name}").into();
                self.perform(Command::WriteFile {
                    node: node.to_string(),
                    path: path.to_string(),
                    text: (&*text).into(),
                });
                self.open_node(node, Some(path));
            }
            None => {
                let id = DocId::Own(name.clone());
                stores.layout.dispatch(LayoutAction::Desk(DeskTab::DaemonSet));
                stores.desk.dispatch(DeskAction::TakeOwn(name));
                self.type_text(ctx, id, text);
            }
        }
    }

    fn copy_to_node(&mut self, ctx: &Context<App>, id: &DocId, node: Rc<str>) {
        let own = self.page.stores.desk.now().text(id);
        let (name, text) = match id {
            DocId::Own(name) => (name.clone(), own),
            DocId::Node { node: from, .. } if *from == node => return,
            DocId::Node { node: from, path } => {
                let name = path.rsplit('/').next().unwrap_or_default();
                (name.into(), own.or_else(|| self.session.borrow().stage.file_text(from, path)))
            }
        };
        if let Some(text) = text {
            self.take_file(ctx, Some(node), name, text);
        }
    }

    /// Looks at a text, and lets it take effect, once no more is typed.
    fn wait_for_more(&mut self, ctx: &Context<App>, id: DocId) {
        let link = ctx.link().clone();
        let check = id.clone();
        let after = if self.check_took <= QUICK_CHECK_MS { 0 } else { CHECK_AFTER_MS };
        self.timers.check = Some(Timeout::new(after, move || link.send_message(Msg::Check(check))));
        let link = ctx.link().clone();
        self.timers.live = Some(Timeout::new(LIVE_AFTER_MS, move || link.send_message(Msg::Live(id))));
    }

    /// A document that is open and was never looked at may have mistakes that nobody sees.
    pub(super) fn check_open(&mut self) {
        let (desk, layout) = (self.page.stores.desk.now(), self.page.stores.layout.now());
        let open = desk.open_doc(layout.desk_tab);
        // While the cluster is being brought up it has no namespaces to check against.
        let opening = self.session.borrow().opening().is_some();
        let Some(id) = open.filter(|_| !opening) else { return };
        // What is missing may have come since: a namespace.
        let again = || {
            let is_due = now_ms() - self.checked_at >= RECHECK_EVERY_MS && self.check_took <= QUICK_CHECK_MS;
            is_due && desk.has_errors(&id)
        };
        if desk.found(&id).is_none() || again() {
            self.check_text(&id);
        }
    }

    /// Looks for mistakes. What does it comes later; [`App::check_open`] asks again.
    pub(super) fn check_text(&mut self, id: &DocId) {
        let Some(Later { answers, .. }) = self.later else { return };
        let (desk, begin) = (&self.page.stores.desk, now_ms());
        let found = (answers.check)(&desk.now(), id, &self.session.borrow().stage);
        self.checked_at = now_ms();
        self.check_took = self.checked_at - begin;
        if let Some(found) = found {
            desk.dispatch(DeskAction::Checked(id.clone(), found));
        }
    }

    pub(super) fn live_text(&mut self, ctx: &Context<App>, id: &DocId) {
        let desk = self.page.stores.desk.now();
        if !self.session.borrow().is_ready() {
            self.wait_for_more(ctx, id.clone());
        } else if desk.live && desk.is_dirty(id) {
            self.check_text(id);
            if !self.page.stores.desk.now().has_errors(id) {
                self.submit(id);
                self.look();
            }
        } else if desk.is_dirty(id) {
            self.looks.settle(desk.text(id));
            self.look();
        }
    }

    /// The API server is back: what Live could not apply is applied now.
    pub(super) fn retry_refused(&mut self) {
        let desk = self.page.stores.desk.now();
        let session = self.session.borrow();
        let refused =
            |job: u32| session.job(job).is_some_and(|job| job.was_refused && job.exit_code != Some(0));
        let files = desk.own.iter().filter(|file| desk.live && file.job.is_some_and(refused));
        let files: Vec<DocId> = files.map(|file| DocId::Own(file.name.clone())).collect();
        drop(session);
        for id in files {
            self.submit(&id);
        }
    }

    /// Applies a document, if it has no mistake, or saves it on its node, which takes any text. What is being
    /// applied already, just as it is, is not applied again.
    fn submit(&mut self, id: &DocId) {
        (self.timers.check, self.timers.live) = (None, None);
        self.check_text(id);
        let desk = self.page.stores.desk.clone();
        if !desk.now().is_dirty(id) && self.is_under_way(desk.now().job(id)) {
            return;
        }
        let Some(command) = desk.now().command(id) else { return };
        let job = self.perform(command);
        desk.dispatch(DeskAction::Submitted(id.clone(), job));
        self.page.frame.wake();
    }

    fn is_under_way(&self, job: Option<u32>) -> bool {
        let session = self.session.borrow();
        job.and_then(|id| session.job(id)).is_some_and(|job| job.exit_code.is_none())
    }
}

/// Whether it is chosen from a menu, which is then closed.
fn closes_menu(action: &Action) -> bool {
    use Action::*;
    matches!(
        action,
        Perform(_)
            | Submit(..)
            | Show(_)
            | OpenFile { .. }
            | OpenNodeFiles(_)
            | NewFromTemplate(..)
            | Rename(..)
            | Duplicate(..)
            | DeleteFile(_)
            | Download(_)
            | Layout(LayoutAction::Vim(_))
            | Desk(DeskAction::Renaming(Some(_)) | DeskAction::Discard(_))
    )
}

/// Whether it needs a session that is open.
fn changes_world(action: &Action) -> bool {
    matches!(
        action,
        Action::Perform(_)
            | Action::Enter(_)
            | Action::Step(_)
            | Action::Share
            | Action::Submit(..)
            | Action::Play(_)
            | Action::Rename(..)
            | Action::Duplicate(..)
            | Action::DeleteFile(_)
            | Action::UndoFile
            | Action::CopyToNode { .. }
    )
}

fn needs_programs(action: &Action) -> bool {
    match action {
        Action::Perform(command) => command.needs_programs(),
        Action::Submit(id, _) | Action::Rename(id, _) | Action::Duplicate(id, _) | Action::DeleteFile(id) => {
            matches!(id, DocId::Own(_))
        }
        Action::Enter(_) | Action::Play(_) => true,
        _ => false,
    }
}

/// Whether it may print what the API says of its fields, which is not there yet.
fn lacks_descriptions(action: &Action) -> bool {
    let wants = match action {
        Action::Perform(command) => descriptions::are_wanted_by(command),
        Action::Enter(line) => descriptions::are_wanted_by_line(line),
        _ => false,
    };
    wants && !descriptions::are_settled()
}

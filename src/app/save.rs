//! What a reload needs is written down: a moment after it has changed, and nothing else with it.

use std::rc::Rc;

use gloo::timers::callback::Timeout;
use gloo::utils::document_element;
use guide::{Premiere, Ticks};
use serde::{Deserialize, Serialize};
use stage::Script;
use yew::Context;

use super::{App, Msg};
use crate::desk::model::Desk;
use crate::page::Stores;
use crate::speed::Speed;
use crate::state::{FrontAction, Layout, Notice, Playback, Selection, Theme};
use crate::storage::{self, Shelf};
use crate::words::Lang;

const SAVE_AFTER_MS: u32 = 600;

/// What a person has set, as one saved text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Prefs {
    pub layout: Layout,
    pub playback: Playback,
    pub selection: Selection,
}

impl Prefs {
    fn now(stores: &Stores) -> Prefs {
        Prefs {
            layout: (*stores.layout.now()).clone(),
            playback: *stores.playback.now(),
            selection: (*stores.selection.now()).clone(),
        }
    }
}

/// The preferences of the last visit, with the language and theme that index.html has put on the root: these
/// may come from the address.
pub fn first_prefs() -> Prefs {
    let mut prefs: Prefs = storage::load(Shelf::Own, storage::PREFS);
    let root = document_element();
    if let Some(lang) = root.get_attribute("lang").and_then(|code| Lang::from_code(&code)) {
        prefs.layout.lang = lang;
    }
    if let Some(speed) = root.get_attribute("data-speed") {
        prefs.playback.auto = speed == "auto";
        if let Ok(factor) = speed.parse() {
            prefs.playback.speed = Speed::nearest(factor);
        }
    }
    if let Some(theme) = root.get_attribute("data-theme").and_then(|text| Theme::from_text(&text)) {
        prefs.layout.theme = theme;
    }
    prefs
}

/// What is written down already.
pub struct Saver {
    /// Where the session and the files beside it go.
    pub shelf: Shelf,
    prefs: Prefs,
    desk: Option<Rc<Desk>>,
    seen: Ticks,
    /// Commands of the session's script, and where its time is.
    session: Option<(usize, u64)>,
    soon: Option<Timeout>,
    /// A failure to save is told once.
    told: bool,
}

impl Saver {
    pub fn new(shelf: Shelf, stores: &Stores, seen: &Ticks) -> Saver {
        Saver {
            shelf,
            prefs: Prefs::now(stores),
            desk: Some(stores.desk.now()),
            seen: seen.clone(),
            session: None,
            soon: None,
            told: false,
        }
    }

    /// Another session: nothing of it is saved yet.
    pub fn begin_session(&mut self) {
        self.session = None;
    }

    /// From now on the person's own session and files stay as they are saved.
    pub fn begin_guest(&mut self) {
        self.shelf = Shelf::Guest;
        self.desk = None;
    }

    pub fn leave_guest(&mut self) {
        Shelf::Guest.clear();
        self.shelf = Shelf::Own;
        (self.session, self.desk) = (None, None);
    }

    /// What was a guest's takes the place of the person's own.
    pub fn keep_guest(&mut self) {
        self.leave_guest();
    }
}

/// Whether there is anything to lose: a session that was saved with commands in it, or files.
pub fn is_worth_keeping(desk: &Desk) -> bool {
    let saved = storage::load_text(Shelf::Own, storage::SESSION).and_then(|text| Script::parse(&text).ok());
    let of_page = |script: &Script| if script.options.watched { Premiere::LENGTH } else { 0 };
    let acted = saved.is_some_and(|script| script.entries.len() > of_page(&script));
    let texts =
        |desk: &Desk| desk.own.iter().map(|file| (file.name.clone(), file.text.clone())).collect::<Vec<_>>();
    acted || texts(desk) != texts(&Desk::default())
}

impl App {
    /// Asks for a saving if there is something to save but the passing of time.
    pub(super) fn save_soon(&mut self, ctx: &Context<App>) {
        let stores = &self.page.stores;
        let commands = self.session.borrow().stage.script().entries.len();
        let desk = stores.desk.now();
        let other = self.saver.session.is_none_or(|(saved, _)| saved != commands)
            || self.saver.desk.as_ref().is_none_or(|saved| !Rc::ptr_eq(saved, &desk))
            || self.saver.seen != *self.guide.ticks()
            || self.saver.prefs != Prefs::now(stores);
        if other && self.saver.soon.is_none() {
            let link = ctx.link().clone();
            self.saver.soon = Some(Timeout::new(SAVE_AFTER_MS, move || link.send_message(Msg::Save)));
        }
    }

    /// Writes down what is different from what was written last.
    pub(super) fn save(&mut self) {
        self.saver.soon = None;
        let saved = self.save_prefs() & self.save_desk() & self.save_session();
        if !saved && !self.saver.told {
            self.saver.told = true;
            let blocked = storage::load_text(Shelf::Own, storage::PREFS).is_none();
            let notice = if blocked { Notice::StorageBlocked } else { Notice::StorageFull };
            self.page.stores.front.dispatch(FrontAction::Notice(notice));
        }
    }

    fn save_prefs(&mut self) -> bool {
        let prefs = Prefs::now(&self.page.stores);
        let mut saved = true;
        if prefs != self.saver.prefs {
            // index.html reads the last three before anything is drawn.
            let scale = f64::from(prefs.layout.scale) / 100.0;
            saved &= storage::save(Shelf::Own, storage::PREFS, &prefs)
                && storage::save_text(Shelf::Own, storage::THEME, prefs.layout.theme.text())
                && storage::save_text(Shelf::Own, storage::LANG, prefs.layout.lang.code())
                && storage::save_text(Shelf::Own, storage::SCALE, &scale.to_string());
            self.saver.prefs = prefs;
        }
        if *self.guide.ticks() != self.saver.seen {
            self.saver.seen = self.guide.ticks().clone();
            saved &= storage::save(Shelf::Own, storage::SEEN, &self.saver.seen);
        }
        saved
    }

    fn save_desk(&mut self) -> bool {
        let desk = self.page.stores.desk.now();
        if self.saver.desk.as_ref().is_some_and(|saved| Rc::ptr_eq(saved, &desk)) {
            return true;
        }
        let saved = storage::save(self.saver.shelf, storage::DRAFTS, &*desk);
        self.saver.desk = Some(desk);
        saved
    }

    fn save_session(&mut self) -> bool {
        let session = self.session.borrow();
        let at = (session.stage.script().entries.len(), session.elapsed());
        // While a session is being opened, what is saved still is what is being played.
        if session.opening().is_some() || self.saver.session == Some(at) {
            return true;
        }
        self.saver.session = Some(at);
        storage::save_text(self.saver.shelf, storage::SESSION, &session.stage.script().to_json())
    }
}

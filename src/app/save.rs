//! What a reload needs is written down: a moment after it has changed, and nothing else with it.

use std::rc::Rc;

use gloo::timers::callback::Timeout;
use gloo::utils::document_element;
use serde::{Deserialize, Serialize};
use yew::Context;

use super::{App, Msg};
use crate::desk::model::Desk;
use crate::page::Stores;
use crate::state::{Layout, Playback, Selection, Theme};
use crate::storage;
use crate::witness::Seen;
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
    let mut prefs: Prefs = storage::load(storage::PREFS);
    let root = document_element();
    if let Some(lang) = root.get_attribute("lang").and_then(|code| Lang::from_code(&code)) {
        prefs.layout.lang = lang;
    }
    if let Some(theme) = root.get_attribute("data-theme").and_then(|text| Theme::from_text(&text)) {
        prefs.layout.theme = theme;
    }
    prefs
}

/// What is written down already.
pub struct Saver {
    prefs: Prefs,
    desk: Rc<Desk>,
    seen: Seen,
    /// Commands of the session's script, and where its time is.
    session: Option<(usize, u64)>,
    soon: Option<Timeout>,
}

impl Saver {
    pub fn new(stores: &Stores, seen: &Seen) -> Saver {
        Saver {
            prefs: Prefs::now(stores),
            desk: stores.desk.now(),
            seen: seen.clone(),
            session: None,
            soon: None,
        }
    }
}

impl App {
    /// Asks for a saving if there is something to save but the passing of time.
    pub(super) fn save_soon(&mut self, ctx: &Context<App>) {
        let stores = &self.page.stores;
        let commands = self.session.borrow().stage.script().entries.len();
        let other = self.saver.session.is_none_or(|(saved, _)| saved != commands)
            || !Rc::ptr_eq(&self.saver.desk, &stores.desk.now())
            || self.saver.seen != *self.witness.seen()
            || self.saver.prefs != Prefs::now(stores);
        if other && self.saver.soon.is_none() {
            let link = ctx.link().clone();
            self.saver.soon = Some(Timeout::new(SAVE_AFTER_MS, move || link.send_message(Msg::Save)));
        }
    }

    /// Writes down what is different from what was written last.
    pub(super) fn save(&mut self) {
        self.saver.soon = None;
        let stores = &self.page.stores;
        let prefs = Prefs::now(stores);
        if prefs != self.saver.prefs {
            storage::save(storage::PREFS, &prefs);
            // index.html reads these before anything is drawn.
            storage::save_text(storage::THEME, prefs.layout.theme.text());
            storage::save_text(storage::LANG, prefs.layout.lang.code());
            self.saver.prefs = prefs;
        }
        let desk = stores.desk.now();
        if !Rc::ptr_eq(&desk, &self.saver.desk) {
            storage::save(storage::DRAFTS, &*desk);
            self.saver.desk = desk;
        }
        if *self.witness.seen() != self.saver.seen {
            self.saver.seen = self.witness.seen().clone();
            storage::save(storage::SEEN, &self.saver.seen);
        }
        let session = self.session.borrow();
        let at = (session.stage.script().entries.len(), session.elapsed());
        // While a session is being opened, what is saved still is what is being played.
        if session.opening().is_none() && self.saver.session != Some(at) {
            storage::save_text(storage::SESSION, &session.stage.script().to_json());
            self.saver.session = Some(at);
        }
    }
}

//! Manifests that a new file may begin with, as an experienced person would write them. They are data
//! (`static/templates`), fetched when somebody asks for the first time.

use std::cell::RefCell;
use std::rc::Rc;

use serde::Deserialize;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use yew::prelude::*;

use crate::glyph::Icon;
use crate::named::fetch_named;
use crate::page::Page;
use crate::pod::place_of;
use crate::state::{FrontAction, MenuTarget, Notice, OpenMenu};
use crate::words::Lang;

/// A text in both languages.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Text {
    en: Rc<str>,
    ko: Rc<str>,
}

impl Text {
    pub fn of(&self, lang: Lang) -> &Rc<str> {
        match lang {
            Lang::En => &self.en,
            Lang::Ko => &self.ko,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Template {
    /// What its file is called, without `.yaml`.
    pub id: Rc<str>,
    /// Where it belongs: `api`, `node`, or `control-plane` for the directory of such a node.
    #[serde(rename = "for")]
    pub place: Rc<str>,
    pub title: Text,
    pub about: Text,
    /// The manifest.
    pub text: Rc<str>,
}

thread_local! {
    static LOADED: RefCell<Vec<Rc<Template>>> = RefCell::default();
}

/// Those that have come: all or none.
pub fn loaded() -> Vec<Rc<Template>> {
    LOADED.with_borrow(Clone::clone)
}

/// Fetches them unless they are there; whether they are.
async fn load() -> bool {
    if loaded().is_empty()
        && let Ok(text) = JsFuture::from(fetch_named("templates")).await
    {
        let text = text.as_string().unwrap_or_default();
        LOADED.set(serde_json::from_str(&text).unwrap_or_default());
    }
    !loaded().is_empty()
}

/// Opens the menu of templates for a node's directory, or for one's own computer.
pub fn button(page: &Page, node: Option<Rc<str>>) -> Html {
    let word = page.words().files.new_from_template;
    let open = {
        let page = page.clone();
        Callback::from(move |event: MouseEvent| {
            let (x, y, above) = place_of(&event);
            let (page, target) = (page.clone(), MenuTarget::NewFile(node.clone()));
            spawn_local(async move {
                page.act(match load().await {
                    true => FrontAction::OpenMenu(OpenMenu { target, x, y, above }),
                    false => FrontAction::Notice(Notice::NotFetched),
                });
            });
        })
    };
    html! {
        <button type="button" class="quiet square small" data-control="templates" aria-haspopup="menu" aria-label={word} title={word} onclick={open}>
            <Icon name="i-down" />
        </button>
    }
}

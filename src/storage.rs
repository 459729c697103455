//! What a reload brings back: preferences, drafts and the session, in the browser's own storage.
//!
//! A person's own session lies in the browser's storage for good. One that came by a link lies in the tab's
//! storage beside it, as long as the person has something of their own to lose.

use gloo::utils::window;
use serde::Serialize;
use serde::de::DeserializeOwned;
use web_sys::Storage;

pub const PREFS: &str = "kubestage.prefs";
pub const SESSION: &str = "kubestage.session";
/// Which claims have been seen.
pub const SEEN: &str = "kubestage.seen";
pub const DRAFTS: &str = "kubestage.drafts";
/// Read by index.html before anything is drawn.
pub const THEME: &str = "kubestage.theme";
pub const LANG: &str = "kubestage.lang";
pub const SCALE: &str = "kubestage.scale";

/// Where a session and the files beside it are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shelf {
    /// The person's own: for all tabs, and for good.
    #[default]
    Own,
    /// Somebody else's: for this tab.
    Guest,
}

impl Shelf {
    /// The one that this tab works on: a guest's session that was open before a reload stays open.
    pub fn of_tab() -> Shelf {
        if load_text(Shelf::Guest, SESSION).is_some() { Shelf::Guest } else { Shelf::Own }
    }

    /// `None` where the browser forbids it.
    fn storage(self) -> Option<Storage> {
        match self {
            Shelf::Own => window().local_storage().ok()?,
            Shelf::Guest => window().session_storage().ok()?,
        }
    }

    pub fn clear(self) {
        if let Some(storage) = self.storage() {
            for key in [SESSION, DRAFTS] {
                let _ = storage.remove_item(key);
            }
        }
    }
}

/// What was saved, or the default where nothing (readable) was.
pub fn load<T: DeserializeOwned + Default>(shelf: Shelf, key: &str) -> T {
    load_text(shelf, key).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Whether it could be saved: storage may be full or forbidden.
#[must_use]
pub fn save<T: Serialize>(shelf: Shelf, key: &str, value: &T) -> bool {
    serde_json::to_string(value).is_ok_and(|text| save_text(shelf, key, &text))
}

pub fn load_text(shelf: Shelf, key: &str) -> Option<String> {
    shelf.storage()?.get_item(key).ok()?
}

#[must_use]
pub fn save_text(shelf: Shelf, key: &str, text: &str) -> bool {
    shelf.storage().is_some_and(|storage| storage.set_item(key, text).is_ok())
}

//! What a reload brings back: preferences, drafts and the session, in the browser's own storage.

use gloo::storage::{LocalStorage, Storage};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub const PREFS: &str = "kubestage.prefs";
pub const SESSION: &str = "kubestage.session";
/// Which claims have been seen.
pub const SEEN: &str = "kubestage.seen";
pub const DRAFTS: &str = "kubestage.drafts";
/// Read by index.html before anything is drawn.
pub const THEME: &str = "kubestage.theme";
pub const LANG: &str = "kubestage.lang";

/// What was saved, or the default where nothing (readable) was.
pub fn load<T: DeserializeOwned + Default>(key: &str) -> T {
    LocalStorage::get(key).unwrap_or_default()
}

/// Storage may be full or forbidden; the page goes on without.
pub fn save<T: Serialize>(key: &str, value: &T) {
    let _ = LocalStorage::set(key, value);
}

pub fn load_text(key: &str) -> Option<String> {
    LocalStorage::raw().get_item(key).ok()?
}

pub fn save_text(key: &str, text: &str) {
    let _ = LocalStorage::raw().set_item(key, text);
}

//! Texts that are fetched when somebody asks for what they hold.

use js_sys::Promise;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/web/named.js")]
extern "C" {
    /// The text of the file that index.html names so.
    #[wasm_bindgen(js_name = fetchNamed)]
    pub fn fetch_named(name: &str) -> Promise;
}

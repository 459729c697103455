//! After a panic: says so, and offers the session's script, a reload, and a fresh start.
//!
//! Nothing of the app may be called any more, so this is plain markup with links that need no code.

use std::panic::PanicHookInfo;

use gloo::utils::{body, document};
use wasm_bindgen::JsValue;
use web_sys::{Element, console};

use super::storage::{self, Shelf};
use super::words::Lang;

/// The hook for [`yew::set_custom_panic_hook`].
pub fn hook(info: &PanicHookInfo) {
    let text = info.to_string();
    console::error_1(&JsValue::from_str(&text));
    // A second panic while the first is told would hide it.
    let _ = tell(&text);
}

fn add(parent: &Element, tag: &str, text: &str) -> Result<Element, JsValue> {
    let element = document().create_element(tag)?;
    element.set_text_content(Some(text));
    parent.append_child(&element)?;
    Ok(element)
}

fn tell(reason: &str) -> Result<(), JsValue> {
    let code = storage::load_text(Shelf::Own, storage::LANG);
    let words = code.and_then(|code| Lang::from_code(&code)).unwrap_or_default().words();
    let sheet = add(body().as_ref(), "div", "")?;
    sheet.set_class_name("broken");
    sheet.set_attribute("role", "alertdialog")?;
    sheet.set_attribute("aria-label", words.broken.broken)?;
    sheet.set_attribute("data-dialog", "broken")?;
    add(&sheet, "h2", words.broken.broken)?;
    add(&sheet, "p", words.broken.broken_long)?;
    add(&sheet, "pre", reason)?;
    let links = add(&sheet, "p", "")?;
    links.set_class_name("links");
    let reload = add(&links, "a", words.broken.broken_reload)?;
    reload.set_attribute("href", "?")?;
    let fresh = add(&links, "a", words.broken.broken_fresh)?;
    fresh.set_attribute("href", "?fresh=1")?;
    if let Some(script) = storage::load_text(Shelf::of_tab(), storage::SESSION) {
        let save = add(&links, "a", words.broken.broken_save)?;
        let encoded = String::from(js_sys::encode_uri_component(&script));
        save.set_attribute("href", &format!("data:application/json,{encoded}"))?;
        save.set_attribute("download", "kubestage-session.json")?;
    }
    Ok(())
}

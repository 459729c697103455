//! Counts what is drawn: with `?renders` in its address, the page lists each drawing of a component in
//! `window.kubestageRenders`. tests/e2e/renders.spec.ts checks that the page draws no more than it must.

use gloo::utils::window;
use js_sys::{Array, Reflect};

thread_local! {
    static DRAWN: Option<Array> = list();
}

fn list() -> Option<Array> {
    let query = window().location().search().ok()?;
    if !query.contains("renders") {
        return None;
    }
    let drawn = Array::new();
    Reflect::set(&window(), &"kubestageRenders".into(), &drawn).ok()?;
    Some(drawn)
}

/// A component is being drawn; `of` says which of many.
pub fn note(component: &str, of: &str) {
    DRAWN.with(|drawn| {
        if let Some(drawn) = drawn {
            drawn.push(&format!("{component} {of}").trim_end().into());
        }
    });
}

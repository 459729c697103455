//! A link that replays the session: its script in the fragment, which is never sent anywhere.

use gloo::utils::window;
use stage::Script;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use yew::Callback;

use super::app::Msg;
use super::state::Notice;

#[wasm_bindgen(module = "/web/share.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    async fn pack(text: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn unpack(text: &str) -> Result<JsValue, JsValue>;
    async fn copy(text: &str) -> JsValue;
    pub fn download(name: &str, text: &str);
}

/// Longer links are cut or refused by chat programs and servers.
const LONGEST: usize = 8000;
const PREFIX: &str = "#v1=";

/// Copies a link to the session as it is now, and sets it as the page's address.
pub fn share(script: &Script, done: Callback<Notice>) {
    let text = script.to_json();
    spawn_local(async move {
        let packed = pack(&text).await.ok().and_then(|packed| packed.as_string());
        let Some(packed) = packed.filter(|packed| packed.len() <= LONGEST) else {
            download("kubestage-session.json", &text);
            done.emit(Notice::TooLong);
            return;
        };
        let location = window().location();
        let base = location.href().unwrap_or_default();
        let base = base.split('#').next().unwrap_or_default();
        let link = format!("{base}{PREFIX}{packed}");
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&link));
        }
        copy(&link).await;
        done.emit(Notice::Shared);
    });
}

/// Replays the session of the page's address, if it has one; the address is then cleared, so that a reload
/// goes on from where one was.
pub fn open_link(say: Callback<Msg>) {
    let hash = window().location().hash().unwrap_or_default();
    let Some(packed) = hash.strip_prefix(PREFIX).map(str::to_owned) else { return };
    spawn_local(async move {
        let text = unpack(&packed).await.ok().and_then(|text| text.as_string());
        let script = text.ok_or_else(|| "deflate".to_owned()).and_then(|text| Script::parse(&text));
        match script {
            Ok(script) => say.emit(Msg::Play(Box::new(script))),
            Err(why) => say.emit(Msg::Notice(Notice::BadLink(why))),
        }
        let href = window().location().href().unwrap_or_default();
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&JsValue::NULL, "", href.split('#').next());
        }
    });
}

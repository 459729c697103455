//! A link that replays the session: its script in the fragment, which is never sent anywhere.

use gloo::utils::window;
use stage::Script;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use yew::Callback;

use super::app::Msg;
use super::state::{LinkError, Notice};

#[wasm_bindgen(module = "/web/share.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    async fn pack(text: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn unpack(text: &str) -> Result<JsValue, JsValue>;
    async fn copy(text: &str) -> JsValue;
}

#[wasm_bindgen(module = "/web/download.js")]
extern "C" {
    /// Hands a text to the person as a file.
    #[wasm_bindgen(js_name = downloadBytes)]
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

/// The session in the fragment of an address, packed; `None` if there is none.
fn packed(hash: &str) -> Option<Result<&str, LinkError>> {
    if let Some(packed) = hash.strip_prefix(PREFIX) {
        return Some(Ok(packed));
    }
    let (version, _) = hash.strip_prefix("#v")?.split_once('=')?;
    let is_number = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| Err(LinkError::Version(version.into())))
}

/// Replays the session of the page's address, if it has one; the address is then cleared, so that a reload
/// goes on from where one was.
pub fn open_link(say: Callback<Msg>) {
    let hash = window().location().hash().unwrap_or_default();
    let Some(packed) = packed(&hash) else { return };
    let packed = packed.map(str::to_owned);
    spawn_local(async move {
        let script = match packed {
            Ok(packed) => script_of(&packed).await,
            Err(why) => Err(why),
        };
        say.emit(match script {
            Ok(script) => Msg::Play(Box::new(script)),
            Err(why) => Msg::Notice(Notice::BadLink(why)),
        });
        let href = window().location().href().unwrap_or_default();
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&JsValue::NULL, "", href.split('#').next());
        }
    });
}

async fn script_of(packed: &str) -> Result<Script, LinkError> {
    let text = unpack(packed).await.ok().and_then(|text| text.as_string()).ok_or(LinkError::Damaged)?;
    Script::parse(&text).map_err(|why| LinkError::Session(why.to_string().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_a_link_is_read() {
        assert_eq!(packed("#v1=abc"), Some(Ok("abc")));
        assert_eq!(packed("#v2=abc"), Some(Err(LinkError::Version("2".into()))));
        assert_eq!(
            [packed(""), packed("#nodes"), packed("#version=1"), packed("#v=1")],
            [None, None, None, None]
        );
    }
}

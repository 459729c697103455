//! Files that are dropped on the page: a session is played, a manifest goes to the node it was dropped on, else
//! to the person's own files.

use std::rc::Rc;

use stage::Script;
use wasm_bindgen::prelude::*;
use yew::Callback;

use super::app::Msg;
use super::state::{Action, Notice};

#[wasm_bindgen(module = "/web/drop.js")]
extern "C" {
    #[wasm_bindgen(js_name = listenForFiles)]
    fn listen_for_files(take: &JsValue);
}

/// Name, text and node of a file.
type Take = dyn FnMut(String, Option<String>, Option<String>);

/// Listens as long as the page stands.
pub fn listen(say: Callback<Msg>) {
    let take = move |name: String, text: Option<String>, node: Option<String>| {
        say.emit(message(&name, text, node));
    };
    let take: Box<Take> = Box::new(take);
    listen_for_files(&Closure::wrap(take).into_js_value());
}

fn message(name: &str, text: Option<String>, node: Option<String>) -> Msg {
    let Some(text) = text else { return Msg::Notice(Notice::TooLarge(name.into())) };
    match name.rsplit('.').next() {
        Some("json") if text.contains("\"entries\"") => match Script::parse(&text) {
            Ok(script) => Msg::Play(Box::new(script)),
            Err(why) => Msg::Notice(Notice::BadFile(why.to_string().into())),
        },
        Some("yaml" | "yml" | "json") => {
            let (name, text): (Rc<str>, Rc<str>) = (name.into(), text.into());
            Msg::Do(Action::TakeFile { node: node.map(Rc::from), name, text })
        }
        _ => Msg::Notice(Notice::NoManifest(name.into())),
    }
}

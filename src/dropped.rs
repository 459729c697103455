//! Files that are dropped on the page: a session is played, a manifest goes to the node it was dropped on, else
//! to the person's own files. A document of the page that is dropped on a node is copied to it.

use std::rc::Rc;

use stage::Script;
use wasm_bindgen::prelude::*;
use yew::Callback;

use super::app::Msg;
use super::desk::model::DocId;
use super::state::{Action, Notice};

#[wasm_bindgen(module = "/web/drop.js")]
extern "C" {
    #[wasm_bindgen(js_name = listenForFiles)]
    fn listen_for_files(take: &JsValue, copy: &JsValue);
}

/// Name, text and node of a file.
type Take = dyn FnMut(String, Option<String>, Option<String>);
/// Key of a document, and the node.
type Copy = dyn FnMut(String, String);

/// Listens as long as the page stands.
pub fn listen(say: Callback<Msg>) {
    let copied = say.clone();
    let take: Box<Take> = Box::new(move |name, text, node| say.emit(message(&name, text, node)));
    let copy: Box<Copy> = Box::new(move |key, node| {
        if let Some(id) = DocId::parse(&key) {
            copied.emit(Msg::Do(Action::CopyToNode { id, node: node.into() }));
        }
    });
    listen_for_files(&Closure::wrap(take).into_js_value(), &Closure::wrap(copy).into_js_value());
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

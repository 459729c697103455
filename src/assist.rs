//! Completion and hover texts of the editors: the answers of crate `assist` in the editor's own terms.

use assist::{Fix, Hover, Repair};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::descriptions;
use super::editor_js::{self, EditorCompletion, EditorEdit, EditorFix};
use super::page::Page;
use super::session::SharedSession;
use super::words::{Words, fill};
use yaml::Diagnostic;

/// Asks the session's cluster what exists in it.
#[derive(Clone)]
pub struct Assist(pub SharedSession);

type Complete = Closure<dyn FnMut(String, u32, bool) -> JsValue>;
type AskHover = Closure<dyn FnMut(String, u32) -> JsValue>;

impl Assist {
    /// What an editor calls to complete, and for what stands under the pointer.
    pub fn hooks(&self, page: &Page) -> (Complete, AskHover) {
        let (assist, layout) = (self.clone(), page.stores.clone());
        let complete = move |text: String, at: u32, asked: bool| {
            assist.complete(&text, at, asked, layout.layout.now().lang.words())
        };
        let layout = page.stores.clone();
        let hover = move |text: String, at: u32| {
            let at = assist::byte_at(&text, at as usize);
            // Without a field there is nothing to wait for.
            if assist::hover(&text, at).is_none() {
                return JsValue::UNDEFINED;
            }
            let words = layout.layout.now().lang.words();
            let answer = async move {
                let _ = JsFuture::from(descriptions::loaded()).await;
                let card = assist::hover(&text, at).map(|found| card(&text, &found, words));
                Ok(card.unwrap_or(JsValue::UNDEFINED))
            };
            future_to_promise(answer).into()
        };
        (Closure::new(complete), Closure::new(hover))
    }

    fn complete(&self, text: &str, at: u32, asked: bool, words: &Words) -> JsValue {
        let Ok(session) = self.0.try_borrow() else { return JsValue::UNDEFINED };
        let at = assist::byte_at(text, at as usize);
        let Some(found) = assist::complete(text, at, asked, &session.stage) else {
            return JsValue::UNDEFINED;
        };
        let options: Vec<EditorCompletion> =
            found.options.into_iter().map(|option| shown(option, words)).collect();
        editor_js::completions(assist::utf16_at(text, found.from) as u32, &options)
    }
}

fn shown(option: assist::Completion, words: &Words) -> EditorCompletion {
    let required = option.is_required.then_some(words.editor.required);
    let detail = [Some(option.detail.as_str()).filter(|detail| !detail.is_empty()), required];
    EditorCompletion {
        detail: detail.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        label: option.label,
        info: option.text,
        apply: Some(option.apply),
        boost: option.boost,
    }
}

/// The first line names the field, then follows what it is for.
fn card(text: &str, found: &Hover, words: &Words) -> JsValue {
    let required = if found.is_required { format!(" · {}", words.editor.required) } else { String::new() };
    let mut lines = vec![format!("{} <{}>{required}", found.name, found.ty)];
    lines.extend((!found.text.is_empty()).then(|| found.text.clone()));
    lines.extend((!found.values.is_empty()).then(|| fill(words.editor.one_of, &[&found.values.join(", ")])));
    let place = |byte: usize| assist::utf16_at(text, byte) as u32;
    editor_js::hover(place(found.from), place(found.to), &lines.join("\n"))
}

/// What the button of a fix says.
pub fn title(fix: &Fix, words: &Words) -> String {
    match &fix.repair {
        Repair::Change(to) => fill(words.editor.fix_change, &[to]),
        Repair::Add(what) => fill(words.editor.fix_add, &[what]),
        Repair::Blanks => words.editor.fix_blanks.to_owned(),
        Repair::Labels => words.editor.fix_labels.to_owned(),
    }
}

/// The fixes of a mistake, as the editor takes them.
pub fn editor_fixes(text: &str, diagnostic: &Diagnostic, words: &Words) -> Vec<EditorFix> {
    let place = |byte: usize| assist::utf16_at(text, byte) as u32;
    let fix = |fix: &Fix| EditorFix {
        title: title(fix, words),
        edits: fix
            .edits
            .iter()
            .map(|edit| EditorEdit {
                from: place(edit.from),
                to: place(edit.to),
                insert: edit.insert.clone(),
            })
            .collect(),
    };
    assist::fixes(text, diagnostic).iter().map(fix).collect()
}

//! What was done to a file last, and the way back.

use yew::prelude::*;

use super::DeskAction;
use super::model::{Done, Undo};
use crate::focus::focus_soon;
use crate::glyph::Icon;
use crate::page::{use_desk, use_page};
use crate::state::Action;
use crate::words::{Words, fill};

fn sentence(words: &Words, undo: &Undo) -> String {
    let file = undo.file.shown();
    let to = undo.to.as_deref().unwrap_or_default();
    match undo.done {
        Done::Renamed => fill(words.files.did_rename, &[file, to]),
        Done::Duplicated => fill(words.files.did_duplicate, &[file, to]),
        Done::Deleted => fill(words.files.did_delete, &[file]),
    }
}

#[component]
pub fn UndoBar() -> Html {
    let page = use_page();
    let words = page.words();
    let undo = use_desk(|desk| desk.undo.clone());
    {
        // Where a file is gone, so is the button that had the focus.
        let gone = undo.clone().filter(|undo| undo.done == Done::Deleted);
        use_effect_with(gone, |gone| {
            if gone.is_some() {
                focus_soon("[data-control=undo-file]");
            }
        });
    }
    // What is said there is read out only if the place was there before.
    html! {
        <div class="undo" role="status" data-undo={undo.is_some().then_some("true")}>
            if let Some(undo) = undo {
                <span>{ sentence(words, &undo) }</span>
                <button type="button" class="plain-button small" data-control="undo-file" onclick={page.on(Action::UndoFile)}>{ words.files.undo }</button>
                <button type="button" class="quiet square small" aria-label={words.bar.close} title={words.bar.close} onclick={page.on(DeskAction::Did(None))}><Icon name="i-close" /></button>
            }
        </div>
    }
}

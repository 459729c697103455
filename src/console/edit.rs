//! The editor that `vi`, `nano` and `kubectl edit` open: the command goes on when it is saved or closed.

use stage::{Command, EditOutcome};
use wasm_bindgen::prelude::Closure;
use web_sys::HtmlElement;
use yew::prelude::*;

use super::terminal::Editing;
use crate::editor_js::{Editor, EditorHooks, EditorOptions};
use crate::focus::focus_soon;
use crate::page::{Page, use_page};

#[derive(PartialEq, Properties)]
pub struct EditFileProps {
    pub editing: Editing,
}

fn end(page: &Page, job: u32, outcome: EditOutcome) {
    page.act(Command::Edited { job, outcome });
    focus_soon("[data-control=console]");
}

#[component]
pub fn EditFile(props: &EditFileProps) -> Html {
    let page = use_page();
    let words = page.words();
    let parent = use_node_ref();
    let held = use_mut_ref(|| None::<(Editor, EditorHooks)>);
    let job = props.editing.job;
    {
        let (parent, held, page) = (parent.clone(), held.clone(), page.clone());
        use_effect_with(props.editing.clone(), move |editing| {
            let options = EditorOptions {
                text: editing.text.to_string(),
                label: editing.name.to_string(),
                name: "console-file".to_owned(),
                hint: page.words().editor.editor_hint.to_owned(),
                read_only: false,
            };
            let job = editing.job;
            let submitted = Closure::new(move |text: String, _key: String| {
                end(&page, job, EditOutcome::Saved(text.as_str().into()));
            });
            let hooks = EditorHooks { on_submit: Some(submitted), ..EditorHooks::default() };
            if let Some(element) = parent.cast::<HtmlElement>() {
                let editor = Editor::new(&element, &options, &hooks);
                editor.focus();
                *held.borrow_mut() = Some((editor, hooks));
            }
            move || {
                if let Some((editor, _hooks)) = held.borrow_mut().take() {
                    editor.destroy();
                }
            }
        });
    }
    let save = {
        let (held, page) = (held.clone(), page.clone());
        Callback::from(move |_: MouseEvent| {
            let text = held.borrow().as_ref().map(|(editor, _)| editor.text());
            if let Some(text) = text {
                end(&page, job, EditOutcome::Saved(text.as_str().into()));
            }
        })
    };
    let leave = {
        let page = page.clone();
        Callback::from(move |_: MouseEvent| end(&page, job, EditOutcome::Left))
    };
    html! {
        <section class="console-edit" aria-label={props.editing.name.to_string()} data-editing={props.editing.name.to_string()}>
            <div class="console-edit-bar">
                <code>{ &*props.editing.name }</code>
                <span class="gap"></span>
                <button type="button" class="plain-button small" data-control="edit-leave" onclick={leave}>{ words.drawer.edit_leave }</button>
                <button type="button" class="plain-button small primary" data-control="edit-save" onclick={save}>{ words.drawer.edit_save }</button>
            </div>
            <div class="editor" ref={parent}></div>
        </section>
    }
}

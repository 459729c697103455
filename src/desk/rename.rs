//! The line in which a file's new name is typed, in the place of its name.

use std::rc::Rc;

use gloo::timers::callback::Timeout;
use view::Board;
use web_sys::{HtmlInputElement, KeyboardEvent};
use yew::prelude::*;

use super::DeskAction;
use super::model::{Desk, DocId};
use crate::focus::focus_if_lost;
use crate::menu::find_node;
use crate::page::use_page;
use crate::state::Action;
use crate::words::{Words, fill};

/// The file as it is to be called; `None` if that is what it is called. The error is a sentence.
fn wanted(
    words: &Words,
    desk: &Desk,
    board: &Board,
    id: &DocId,
    typed: &str,
) -> Result<Option<Rc<str>>, &'static str> {
    let typed = typed.trim();
    let to: Rc<str> = match id {
        DocId::Own(_) if typed.is_empty() || typed.starts_with('.') || typed.contains('/') => {
            return Err(words.files.name_bad);
        }
        DocId::Own(_) => typed.into(),
        DocId::Node { .. } if typed.is_empty() || typed.ends_with('/') => return Err(words.files.path_bad),
        DocId::Node { .. } if typed.starts_with('/') => typed.into(),
        DocId::Node { .. } if typed.contains('/') => return Err(words.files.path_bad),
        DocId::Node { path, .. } => {
            let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
            format!("{directory}/{typed}").into()
        }
    };
    if to == *id.shown() {
        return Ok(None);
    }
    let is_taken = match id {
        DocId::Own(_) => desk.own(&to).is_some(),
        DocId::Node { node, .. } => {
            let on_disk = find_node(board, node).is_some_and(|node| node.files.iter().any(|f| f.path == to));
            on_disk || desk.text(&id.at(to.clone())).is_some()
        }
    };
    if is_taken { Err(words.files.name_taken) } else { Ok(Some(to)) }
}

/// How much of a name, in UTF-16 units, stands before its ending.
fn stem_length(name: &str) -> u32 {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let stem = if stem.is_empty() { name } else { stem };
    stem.encode_utf16().count() as u32
}

#[derive(PartialEq, Properties)]
pub struct RenameProps {
    pub id: DocId,
}

/// The button of the file that is open.
const RENAMED: &str = ".own-file.open button, .tree-file.open button";

#[component]
pub fn RenameField(props: &RenameProps) -> Html {
    let page = use_page();
    let words = page.words();
    let field = use_node_ref();
    let problem = use_state_eq(|| None::<&'static str>);
    let name = match &props.id {
        DocId::Own(name) => name.to_string(),
        DocId::Node { path, .. } => path.rsplit('/').next().unwrap_or_default().to_owned(),
    };
    {
        let (field, stem) = (field.clone(), stem_length(&name));
        use_effect_with((), move |()| {
            // After the menu from which it was asked for has given the focus back.
            let soon = Timeout::new(0, move || {
                if let Some(input) = field.cast::<HtmlInputElement>() {
                    let _ = input.focus();
                    let _ = input.set_selection_range(0, stem);
                }
            });
            move || {
                drop(soon);
                // Where its button stands again, if the focus has gone with the field.
                focus_if_lost(RENAMED);
            }
        });
    }
    let finish = {
        let (page, id, problem, field) = (page.clone(), props.id.clone(), problem.clone(), field.clone());
        move || {
            let Some(input) = field.cast::<HtmlInputElement>() else { return };
            let stores = &page.stores;
            let (desk, world) = (stores.desk.now(), stores.world.now());
            match wanted(words, &desk, &world.board, &id, &input.value()) {
                Ok(Some(to)) => page.act(Action::Rename(id.clone(), to)),
                Ok(None) => page.act(DeskAction::Renaming(None)),
                Err(sentence) => problem.set(Some(sentence)),
            }
        }
    };
    let on_key = {
        let page = page.clone();
        Callback::from(move |event: KeyboardEvent| match event.key().as_str() {
            "Enter" if !event.is_composing() => {
                event.prevent_default();
                finish();
            }
            "Escape" => {
                event.stop_propagation();
                page.act(DeskAction::Renaming(None));
            }
            _ => {}
        })
    };
    let label = fill(words.files.rename_label, &[&name]);
    html! {
        <span class="rename">
            <input
                ref={field}
                type="text"
                data-control="rename"
                aria-label={label}
                value={name}
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                aria-invalid={problem.is_some().then_some("true")}
                onkeydown={on_key}
                onblur={page.on(DeskAction::Renaming(None))}
            />
            if let Some(sentence) = *problem {
                <small class="bad" role="alert" data-hint="rename">{ sentence }</small>
            }
        </span>
    }
}

//! The command palette: everything that can be done, found by typing a part of its name, of what it is done to, or of
//! the line that does the same in a shell.

mod choices;

use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement, KeyboardEvent};
use yew::prelude::*;

use self::choices::{Choice, choices};
use super::modal::{Modal, use_modal};
use super::page::{use_page, use_world};
use super::renders;
use super::state::FrontAction;

/// The id of the row at this place, for `aria-activedescendant`.
fn row_id(at: usize) -> String {
    format!("choice-{at}")
}

fn scroll_into_view(list: &NodeRef, at: usize) {
    let Some(list) = list.cast::<HtmlElement>() else { return };
    if let Ok(Some(row)) = list.query_selector(&format!("#{}", row_id(at)))
        && let Ok(row) = row.dyn_into::<HtmlElement>()
    {
        let (top, height) = (row.offset_top(), row.offset_height());
        if top < list.scroll_top() {
            list.set_scroll_top(top);
        } else if top + height > list.scroll_top() + list.client_height() {
            list.set_scroll_top(top + height - list.client_height());
        }
    }
}

/// Where the mark goes with a key; nothing for a key that does not move it.
fn moved(key: &str, at: usize, count: usize) -> Option<usize> {
    let last = count.saturating_sub(1);
    match key {
        "ArrowDown" => Some(if at >= last { 0 } else { at + 1 }),
        "ArrowUp" => Some(at.checked_sub(1).unwrap_or(last)),
        "PageDown" => Some((at + PAGE).min(last)),
        "PageUp" => Some(at.saturating_sub(PAGE)),
        _ => None,
    }
}

/// Rows that PageUp and PageDown pass over.
const PAGE: usize = 8;

#[component]
pub fn CommandPalette() -> Html {
    renders::note("CommandPalette", "");
    let page = use_page();
    let words = page.words();
    let Modal { dialog, on_click, on_close } = use_modal(FrontAction::Palette(false));
    let list = use_node_ref();
    let query = use_state(String::new);
    let at = use_state(|| 0_usize);
    let found = {
        let (query, lang) = ((*query).clone(), page.lang);
        use_world(move |world| choices(lang, world, &query))
    };
    let marked = (*at).min(found.len().saturating_sub(1));
    {
        let list = list.clone();
        use_effect_with((marked, found.len()), move |(marked, _)| scroll_into_view(&list, *marked));
    }
    let choose = {
        let page = page.clone();
        move |choice: &Choice| {
            page.act(FrontAction::Palette(false));
            page.act(choice.item.action.clone());
        }
    };
    let on_input = {
        let (query, at) = (query.clone(), at.clone());
        Callback::from(move |event: InputEvent| {
            query.set(event.target_unchecked_into::<HtmlInputElement>().value());
            at.set(0);
        })
    };
    let on_key = {
        let (at, found, choose) = (at.clone(), found.clone(), choose.clone());
        Callback::from(move |event: KeyboardEvent| {
            event.stop_propagation();
            if event.is_composing() {
                return;
            }
            let key = event.key();
            if let Some(next) = moved(&key, marked, found.len()) {
                event.prevent_default();
                at.set(next);
            } else if key == "Enter"
                && let Some(choice) = found.get(marked)
            {
                event.prevent_default();
                choose(choice);
            }
        })
    };
    let row = |(place, choice): (usize, &Choice)| {
        let (choose, chosen) = (choose.clone(), choice.clone());
        let onclick = Callback::from(move |_: MouseEvent| choose(&chosen));
        html! {
            <li
                id={row_id(place)}
                role="option"
                aria-selected={(place == marked).to_string()}
                class={choice.item.danger.then_some("danger")}
                data-choice={choice.item.id.clone()}
                data-on={choice.on.clone()}
                {onclick}
            >
                <span class="choice-word">
                    if !choice.on.is_empty() {
                        <b>{ &choice.on }</b>
                    }
                    { &choice.item.word }
                </span>
                if let Some(line) = &choice.item.line {
                    <code>{ line }</code>
                }
            </li>
        }
    };
    html! {
        <dialog class="sheet palette" aria-label={words.bar.palette} ref={dialog} onkeydown={on_key} onclick={on_click} onclose={on_close} data-dialog="palette">
            <input
                type="text"
                role="combobox"
                class="palette-query"
                aria-label={words.bar.palette}
                aria-expanded="true"
                aria-controls="choices"
                aria-autocomplete="list"
                aria-activedescendant={(!found.is_empty()).then(|| row_id(marked))}
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                placeholder={words.bar.palette_hint}
                value={(*query).clone()}
                oninput={on_input}
                data-control="palette-query"
            />
            <ul id="choices" role="listbox" aria-label={words.bar.palette} ref={list}>
                { for found.iter().enumerate().map(row) }
            </ul>
            if found.is_empty() {
                <p class="muted palette-none" role="status">{ words.bar.palette_none }</p>
            }
        </dialog>
    }
}

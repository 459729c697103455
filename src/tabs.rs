//! Tabs: one tab stop, the arrow keys go from one to the next.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};
use yew::prelude::*;

use super::page::use_page;
use super::state::LayoutAction;

#[derive(Clone, PartialEq)]
pub struct Tab {
    /// The value of `data-tab`.
    pub id: &'static str,
    pub word: &'static str,
    pub selected: bool,
    pub action: LayoutAction,
}

#[derive(PartialEq, Properties)]
pub struct TabsProps {
    pub label: &'static str,
    /// The id of the panel that they show.
    pub panel: &'static str,
    pub tabs: Vec<Tab>,
}

#[component]
pub fn Tabs(props: &TabsProps) -> Html {
    let page = use_page();
    let on_key = {
        let (page, tabs) = (page.clone(), props.tabs.clone());
        Callback::from(move |event: KeyboardEvent| {
            let Some(at) = tabs.iter().position(|tab| tab.selected) else { return };
            let last = tabs.len() - 1;
            let to = match event.key().as_str() {
                "ArrowRight" => (at + 1) % tabs.len(),
                "ArrowLeft" => at.checked_sub(1).unwrap_or(last),
                "Home" => 0,
                "End" => last,
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            page.act(tabs[to].action.clone());
            let hit = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let list = hit.and_then(|hit| hit.closest("[role=tablist]").ok().flatten());
            let found = list.and_then(|list| list.children().item(to as u32));
            if let Some(tab) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
                let _ = tab.focus();
            }
        })
    };
    html! {
        <div class="tab-list" role="tablist" aria-label={props.label} onkeydown={on_key}>
            { for props.tabs.iter().map(|tab| html! {
                <button
                    key={tab.id}
                    type="button"
                    role="tab"
                    id={format!("tab-{}", tab.id)}
                    data-tab={tab.id}
                    aria-selected={tab.selected.to_string()}
                    aria-controls={props.panel}
                    tabindex={if tab.selected { "0" } else { "-1" }}
                    onclick={page.on(tab.action.clone())}
                >{ tab.word }</button>
            }) }
        </div>
    }
}

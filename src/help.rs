//! The help sheet: keys, what is simulated, where the pictures come from.

use web_sys::{HtmlElement, KeyboardEvent};
use yew::prelude::*;

use super::actions::{SHORTCUTS, Scope};
use super::glyph::Icon;
use super::page::{use_layout, use_page};
use super::state::{FrontAction, LayoutAction};

#[component]
pub fn Help() -> Html {
    let page = use_page();
    let words = page.words();
    let letters = use_layout(|layout| layout.letters);
    let sheet = use_node_ref();
    {
        let sheet = sheet.clone();
        use_effect_with((), move |()| {
            if let Some(element) = sheet.cast::<HtmlElement>() {
                let _ = element.focus();
            }
        });
    }
    let keys = page.clone();
    let on_key = Callback::from(move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            event.prevent_default();
            event.stop_propagation();
            keys.act(FrontAction::CloseAll);
        }
    });
    let toggle = page.on::<Event>(LayoutAction::Letters(!letters));
    let group = |scope: Scope, title: &'static str| {
        let rows = SHORTCUTS.iter().filter(move |shortcut| shortcut.scope == scope);
        html! {
            <>
                <h3>{ title }</h3>
                <dl class="keys">
                    { for rows.map(|shortcut| html! { <><dt><kbd>{ shortcut.keys }</kbd></dt><dd>{ (shortcut.word)(words) }</dd></> }) }
                </dl>
            </>
        }
    };
    html! {
        <>
            <div class="menu-shade dim" onclick={page.on(FrontAction::CloseAll)}></div>
            <div class="sheet" role="dialog" aria-modal="true" aria-label={words.help} tabindex="-1" ref={sheet} onkeydown={on_key} data-dialog="help">
                <div class="panel-head">
                    <h2>{ words.help }</h2>
                    <button type="button" class="quiet square" aria-label={words.close} onclick={page.on(FrontAction::CloseAll)}><Icon name="i-close" /></button>
                </div>
                <div class="sheet-body">
                    { group(Scope::Stage, words.keys_stage) }
                    <label class="check"><input type="checkbox" checked={letters} onchange={toggle} />{ words.letters }</label>
                    { group(Scope::Editor, words.keys_editor) }
                    { group(Scope::Anywhere, words.keys_anywhere) }
                    <h3>{ words.about }</h3>
                    <p>{ words.about_text }</p>
                    <p class="muted">{ words.privacy }</p>
                </div>
            </div>
        </>
    }
}

//! The help sheet: keys, what is simulated, where the pictures come from.

use web_sys::KeyboardEvent;
use yew::prelude::*;

use super::actions::{SHORTCUTS, Scope};
use super::glyph::Icon;
use super::modal::{Modal, use_modal};
use super::page::{use_layout, use_page};
use super::state::{FrontAction, LayoutAction};

#[component]
pub fn Help() -> Html {
    let page = use_page();
    let words = page.words();
    let (letters, vim) = use_layout(|layout| (layout.letters, layout.vim));
    let Modal { dialog, on_click, on_close } = use_modal(FrontAction::Help(false));
    let on_key = Callback::from(|event: KeyboardEvent| event.stop_propagation());
    let toggle = page.on::<Event>(LayoutAction::Letters(!letters));
    let group = |scopes: &'static [Scope], title: &'static str| {
        let rows = SHORTCUTS.iter().filter(move |shortcut| scopes.contains(&shortcut.scope));
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
        <dialog class="sheet" aria-label={words.bar.help} ref={dialog} onkeydown={on_key} onclick={on_click} onclose={on_close} data-dialog="help">
            <div class="sheet-inner">
                <div class="panel-head">
                    <h2>{ words.bar.help }</h2>
                    <button type="button" class="quiet square" aria-label={words.bar.close} onclick={page.on(FrontAction::Help(false))}><Icon name="i-close" /></button>
                </div>
                <div class="sheet-body">
                    { group(&[Scope::Stage], words.help.keys_stage) }
                    <label class="check"><input type="checkbox" checked={letters} onchange={toggle} />{ words.help.letters }</label>
                    { group(&[Scope::Editor], words.help.keys_editor) }
                    <label class="check"><input type="checkbox" data-control="vim" checked={vim} onchange={page.on::<Event>(LayoutAction::Vim(!vim))} />{ words.editor.vim }</label>
                    <p class="muted">{ words.editor.vim_long }</p>
                    { group(&[Scope::Command, Scope::Anywhere], words.help.keys_anywhere) }
                    <h3>{ words.help.about }</h3>
                    <p>{ words.help.about_text }</p>
                    <p class="muted">{ words.help.privacy }</p>
                </div>
            </div>
        </dialog>
    }
}

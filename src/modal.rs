//! A modal dialog: open while its component is mounted, closed with Escape, or with a click on its backdrop.

use wasm_bindgen::JsCast;
use web_sys::HtmlDialogElement;
use yew::prelude::*;

use super::page::use_page;
use super::state::FrontAction;

/// What a `<dialog>` takes: its `ref`, `onclick` and `onclose`.
pub struct Modal {
    pub dialog: NodeRef,
    pub on_click: Callback<MouseEvent>,
    pub on_close: Callback<Event>,
}

/// Opens the dialog when it is mounted. `close` takes its component off the page.
///
/// The browser keeps the focus within a modal dialog, and gives it back when that is closed.
#[hook]
pub fn use_modal(close: FrontAction) -> Modal {
    let page = use_page();
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| {
            let dialog = dialog.cast::<HtmlDialogElement>();
            if let Some(dialog) = &dialog {
                let _ = dialog.show_modal();
            }
            move || {
                if let Some(dialog) = dialog {
                    dialog.close();
                }
            }
        });
    }
    let on_close = page.on(close.clone());
    let on_click = {
        let dialog = dialog.clone();
        Callback::from(move |event: MouseEvent| {
            // The dialog's own box is its backdrop.
            let target = event.target().and_then(|target| target.dyn_into::<HtmlDialogElement>().ok());
            if target.is_some() && target == dialog.cast::<HtmlDialogElement>() {
                page.act(close.clone());
            }
        })
    };
    Modal { dialog, on_click, on_close }
}

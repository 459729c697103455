//! The edge between two panels, moved with the pointer or the arrow keys.

use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, PointerEvent};
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct SplitterProps {
    /// Whether it stands upright, between left and right.
    pub vertical: bool,
    /// Pixels of the panel before it (upright) or after it.
    pub size: u32,
    pub label: AttrValue,
    pub on_size: Callback<u32>,
}

const STEP: i32 = 16;

#[component]
pub fn Splitter(props: &SplitterProps) -> Html {
    // Where the pointer went down, and the size then.
    let grip = use_mut_ref(|| None::<(i32, i32)>);
    let vertical = props.vertical;
    let at = move |event: &PointerEvent| if vertical { event.client_x() } else { -event.client_y() };
    let size = props.size as i32;
    let down = {
        let grip = grip.clone();
        Callback::from(move |event: PointerEvent| {
            event.prevent_default();
            *grip.borrow_mut() = Some((at(&event), size));
            if let Some(element) = event.current_target().and_then(|target| target.dyn_into::<Element>().ok())
            {
                let _ = element.set_pointer_capture(event.pointer_id());
            }
        })
    };
    let moved = {
        let (grip, on_size) = (grip.clone(), props.on_size.clone());
        Callback::from(move |event: PointerEvent| {
            if let Some((from, size)) = *grip.borrow() {
                on_size.emit((size + at(&event) - from).max(0) as u32);
            }
        })
    };
    let up = Callback::from(move |_: PointerEvent| *grip.borrow_mut() = None);
    let key = {
        let on_size = props.on_size.clone();
        Callback::from(move |event: KeyboardEvent| {
            let step = match (event.key().as_str(), vertical) {
                ("ArrowLeft", true) | ("ArrowDown", false) => -STEP,
                ("ArrowRight", true) | ("ArrowUp", false) => STEP,
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            on_size.emit((size + step).max(0) as u32);
        })
    };
    let (class, orientation) =
        if vertical { ("splitter upright", "vertical") } else { ("splitter level", "horizontal") };
    html! {
        <div
            {class}
            role="separator"
            tabindex="0"
            aria-orientation={orientation}
            aria-label={props.label.clone()}
            aria-valuenow={props.size.to_string()}
            onpointerdown={down}
            onpointermove={moved}
            onpointerup={up}
            onkeydown={key}
        ></div>
    }
}

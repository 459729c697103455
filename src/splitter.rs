//! The edge between two panels, moved with the pointer or the arrow keys.

use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, PointerEvent};
use yew::prelude::*;

use super::page::{Page, use_front, use_layout, use_page};
use super::state::LayoutAction;

/// Which edge it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Stands upright, right of the files.
    Desk,
    /// Lies above the panel below.
    Drawer,
}

impl Edge {
    fn resize(self, page: &Page, pixels: i32) {
        let pixels = pixels.max(0) as u32;
        page.act(match self {
            Edge::Desk => LayoutAction::DeskWidth(pixels),
            Edge::Drawer => LayoutAction::DrawerHeight(pixels),
        });
    }
}

#[derive(PartialEq, Properties)]
pub struct SplitterProps {
    pub edge: Edge,
}

const STEP: i32 = 16;

#[component]
pub fn Splitter(props: &SplitterProps) -> Html {
    // Where the pointer went down, and the size then.
    let grip = use_mut_ref(|| None::<(i32, i32)>);
    let page = use_page();
    let edge = props.edge;
    let vertical = edge == Edge::Desk;
    let tall = use_front(|front| front.tall);
    let size = use_layout(move |layout| match edge {
        Edge::Desk => layout.desk_width,
        Edge::Drawer => layout.drawer_height(tall),
    });
    let label = match edge {
        Edge::Desk => page.words().panes.desk_width,
        Edge::Drawer => page.words().panes.drawer_height,
    };
    let at = move |event: &PointerEvent| if vertical { event.client_x() } else { -event.client_y() };
    let size = size as i32;
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
        let (grip, page) = (grip.clone(), page.clone());
        Callback::from(move |event: PointerEvent| {
            if let Some((from, size)) = *grip.borrow() {
                edge.resize(&page, size + at(&event) - from);
            }
        })
    };
    let up = Callback::from(move |_: PointerEvent| *grip.borrow_mut() = None);
    let key = {
        Callback::from(move |event: KeyboardEvent| {
            let step = match (event.key().as_str(), vertical) {
                ("ArrowLeft", true) | ("ArrowDown", false) => -STEP,
                ("ArrowRight", true) | ("ArrowUp", false) => STEP,
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            edge.resize(&page, size + step);
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
            aria-label={label}
            aria-valuenow={size.to_string()}
            onpointerdown={down}
            onpointermove={moved}
            onpointerup={up}
            onkeydown={key}
        ></div>
    }
}

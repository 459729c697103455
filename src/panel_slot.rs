//! Where a panel stands, and what stands there before the code that draws it has come.

use yew::prelude::*;

use super::later::Panel;
use super::page::{use_front, use_world};
use super::state::Size;

#[derive(PartialEq, Properties)]
pub struct PanelSlotProps {
    pub panel: Panel,
}

#[component]
pub fn PanelSlot(PanelSlotProps { panel }: &PanelSlotProps) -> Html {
    let panels = use_world(|world| world.panels);
    let size = use_front(|front| front.size);
    match (panels, panel) {
        (Some(panels), panel) => panels.draw(*panel),
        // The same boxes, so that nothing moves when they are filled.
        (None, Panel::Desk) => html! { <section class="desk"><div class="tabs"></div></section> },
        (None, Panel::Side) if size == Size::Medium => Html::default(),
        (None, Panel::Side) => html! { <aside class="inspector"><div class="tabs"></div></aside> },
        (None, Panel::Drawer) => html! { <section class="drawer"><div class="tabs"></div></section> },
        (None, Panel::Boxes | Panel::Map | Panel::FleetList) => Html::default(),
    }
}

//! The page's binary: mounts the Yew app. Trunk builds it.

mod actions;
mod app;
mod assist;
mod captions;
mod clock;
mod compact;
mod compare;
mod console;
mod descriptions;
mod desk;
mod drawer;
mod dropped;
mod editor;
mod editor_js;
mod fleet_list;
mod focus;
mod frame;
mod glyph;
mod guide_strip;
mod header;
mod help;
mod inspector;
mod later;
mod map;
mod memory;
mod menu;
mod node;
mod opening;
mod overlay;
mod page;
mod page_api;
mod panel_slot;
mod panic;
mod pod;
mod renders;
mod same;
mod scene;
mod session;
mod share;
mod shell;
mod speed;
mod splitter;
mod state;
mod storage;
mod store;
mod tabs;
mod why;
mod wires;
mod words;
mod yaml_view;

fn main() {
    yew::set_custom_panic_hook(Box::new(panic::hook));
    let root = gloo::utils::document().get_element_by_id("app");
    let root = root.unwrap_or_else(|| gloo::utils::body().into());
    yew::Renderer::<app::App>::with_root(root).render();
}

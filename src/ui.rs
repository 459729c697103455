//! The page: Yew components over the stage, in the binary only.

mod actions;
mod app;
mod compare;
mod console;
mod desk;
mod drawer;
mod editor;
mod editor_js;
mod frame;
mod glyph;
mod header;
mod help;
mod inspector;
mod menu;
mod node;
mod overlay;
mod page;
mod page_api;
mod panic;
mod pod;
mod same;
mod scene;
mod session;
mod share;
mod speed;
mod splitter;
mod state;
mod storage;
mod wires;
mod witness;
mod words;
mod yaml_view;

pub use app::App;
pub use panic::hook as panic_hook;

//! The page: Yew components over the stage, in the binary only.

mod app;
mod compare;
mod console;
mod drawer;
mod editor_js;
mod frame;
mod glyph;
mod header;
mod inspector;
mod menu;
mod node;
mod overlay;
mod page;
mod pod;
mod same;
mod scene;
mod session;
mod speed;
mod state;
mod storage;
mod wires;
mod words;
mod yaml_view;

pub use app::App;

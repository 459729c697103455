//! The page: Yew components over the core, in the binary only.

pub mod editor_js;

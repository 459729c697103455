//! The page's binary: mounts the Yew app. Trunk builds it.

mod ui;

fn main() {
    yew::set_custom_panic_hook(Box::new(ui::panic_hook));
    let root = gloo::utils::document().get_element_by_id("app");
    let root = root.unwrap_or_else(|| gloo::utils::body().into());
    yew::Renderer::<ui::App>::with_root(root).render();
}

//! The page's binary: mounts the Yew app. Trunk builds it.

use yew::prelude::*;

#[component]
fn App() -> Html {
    html! { <main data-app="kubestage" data-ready="true"><h1>{ "kubestage" }</h1></main> }
}

fn main() {
    yew::Renderer::<App>::new().render();
}

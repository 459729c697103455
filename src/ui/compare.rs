//! The comparison: what the article claims, and what the stage shows of it.

use yew::prelude::*;

#[component]
pub fn Compare() -> Html {
    Html::default()
}

//! What the text that is being edited would change in all.

use view::Foreseen;
use yew::prelude::*;

use crate::page::{use_page, use_world};
use crate::words::grouped;

#[component]
pub fn ForeseenSum() -> Html {
    let words = use_page().words();
    let foreseen = use_world(|world| world.foreseen.clone());
    if foreseen.is_empty() {
        return Html::default();
    }
    let sum = |count: fn(&Foreseen) -> u32| foreseen.iter().map(count).sum::<u32>();
    let counts = [
        ("appears", "+", sum(|one| one.appear), words.scene.would_come),
        ("waits", "…", sum(|one| one.wait), words.scene.would_wait),
        ("vanishes", "−", sum(|one| one.vanish), words.scene.would_go),
        ("restarts", "↻", sum(|one| one.restart), words.scene.would_restart),
    ];
    html! {
        <p class="foreseen-sum" role="group" data-region="foreseen" aria-label={words.scene.foreseen}>
            { for counts.into_iter().filter(|(_, _, count, _)| *count > 0).map(|(name, mark, count, word)| html! {
                <span data-count={count.to_string()} data-foreseen={name}><b>{ mark }{ grouped(count) }</b>{ " " }<small>{ word }</small></span>
            }) }
        </p>
    }
}

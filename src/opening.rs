//! What is said while a session is brought to its beginning.

use stage::Progress;
use yew::prelude::*;

use super::page::{use_page, use_world};
use super::speed::short_clock;
use super::words::{fill, grouped};

#[component]
pub fn Opening() -> Html {
    let words = use_page().words();
    let found = use_world(|world| Some((world.opening?, world.fleet.counts.nodes)));
    let Some((Progress { replays, at, of }, by_light)) = found else { return Html::default() };
    let nodes: u32 = by_light.iter().sum();
    let text = match replays {
        true => fill(words.bar.replaying, &[&short_clock(at), &short_clock(of)]),
        false => fill(words.bar.opening, &[&grouped(nodes), &grouped(by_light[0])]),
    };
    let percent = at.saturating_mul(100).checked_div(of).unwrap_or(0).min(100);
    html! {
        <div class="opening" role="progressbar" aria-label={text.clone()} aria-valuemin="0" aria-valuemax="100" aria-valuenow={percent.to_string()} data-opening={percent.to_string()}>
            <span>{ text }</span>
            <span class="opening-bar"><i style={format!("width: {percent}%")}></i></span>
        </div>
    }
}

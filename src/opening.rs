//! What is said while a session is brought to its beginning.

use stage::Progress;
use view::fleet::Counts;
use yew::prelude::*;

use super::page::use_page;
use super::speed::short_clock;
use super::words::{fill, grouped};

#[derive(PartialEq, Properties)]
pub struct OpeningProps {
    pub progress: Progress,
    pub counts: Counts,
}

#[component]
pub fn Opening(props: &OpeningProps) -> Html {
    let page = use_page();
    let words = page.words();
    let Progress { replays, at, of } = props.progress;
    let nodes: u32 = props.counts.nodes.iter().sum();
    let text = match replays {
        true => fill(words.replaying, &[&short_clock(at), &short_clock(of)]),
        false => fill(words.opening, &[&grouped(nodes), &grouped(props.counts.nodes[0])]),
    };
    let percent = at.saturating_mul(100).checked_div(of).unwrap_or(0).min(100);
    html! {
        <div class="opening" role="progressbar" aria-label={text.clone()} aria-valuemin="0" aria-valuemax="100" aria-valuenow={percent.to_string()} data-opening={percent.to_string()}>
            <span>{ text }</span>
            <span class="opening-bar"><i style={format!("width: {percent}%")}></i></span>
        </div>
    }
}

//! What the last command has brought about, as numbers on the ways between the parts, which stay until the next
//! one. Each opens its message.

use std::rc::Rc;

use sim::Time;
use view::trail::Way;
use view::{Place, TrailHop};
use yew::prelude::*;

use super::anchor::{place_id, place_name};
use super::page::{use_measure, use_page, use_world};
use super::renders;
use super::speed::short_clock;
use super::state::{Action, Selection};
use super::words::Words;

/// The end of a hop that is not the API server, by which its way is known.
fn end_of(from: &Place, to: &Place) -> String {
    match (from, to) {
        (Place::ApiServer, to) | (Place::Kubelet(_), to @ Place::Pod(..)) => place_id(to),
        (from, _) => place_id(from),
    }
}

fn sentence(words: &Words, hop: &TrailHop, started: Time) -> String {
    let way = match hop.way {
        Way::Api => words.scene.way_api,
        Way::File => words.scene.way_file,
    };
    let (from, to) =
        hop.ends.first().map(|(from, to)| (place_name(from), place_name(to))).unwrap_or_default();
    let many = if hop.count > 1 { format!(" ×{}", hop.count) } else { String::new() };
    let clock = short_clock(hop.sent.since(started).as_micros());
    format!("T+{clock} {from} → {to}: {} {} {}{many}, {way}", hop.verb, hop.kind, hop.object)
}

/// What a hop opens: its message, or the pod whose containers it started.
fn action(hop: &Rc<TrailHop>) -> Action {
    match hop.ends.first() {
        Some((_, Place::Pod(_, pod))) => Action::Show(Selection::Pod(pod.clone())),
        Some((Place::Disk(node), _)) => Action::OpenFile { node: node.clone(), path: hop.object.clone() },
        _ => Action::OpenHop(hop.clone()),
    }
}

#[component]
pub fn Trail() -> Html {
    renders::note("Trail", "");
    use_measure();
    let page = use_page();
    let words = page.words();
    let (hops, started) = use_world(|world| (world.trail.clone(), world.started));
    if hops.is_empty() {
        return Html::default();
    }
    let item = |(at, hop): (usize, &TrailHop)| {
        let number = (at + 1).to_string();
        let said = sentence(words, hop, started);
        let hop = Rc::new(hop.clone());
        let mut ends: Vec<String> = hop.ends.iter().map(|(from, to)| end_of(from, to)).collect();
        ends.dedup();
        html! {
            <li key={at} data-way={hop.way.text()}>
                { for ends.into_iter().enumerate().map(|(place, end)| html! {
                    <button
                        key={end.clone()}
                        type="button"
                        tabindex="-1"
                        class="hop"
                        data-hop={number.clone()}
                        data-way={hop.way.text()}
                        data-hop-end={end}
                        aria-hidden={(place > 0).then_some("true")}
                        aria-label={said.clone()}
                        title={said.clone()}
                        onclick={page.on(action(&hop))}
                    >{ &number }</button>
                }) }
            </li>
        }
    };
    html! { <ol class="trail" data-layer="trail" aria-label={words.scene.trail}>{ for hops.iter().enumerate().map(item) }</ol> }
}

//! The comparison: what is claimed of DaemonSets and static pods, and whether the stage has shown it yet.

use view::Origin;
use yew::prelude::*;

use super::glyph::{Icon, origin_word};
use super::page::use_page;
use super::page::use_world;
use super::renders;
use super::state::{Action, FrontAction};
use super::witness::{CLAIMS, Claim};
use super::words::fill;

mod texts;

use texts::{ROWS, claim_texts};

#[component]
pub fn Compare() -> Html {
    renders::note("Compare", "");
    let page = use_page();
    let words = page.words();
    let witness = use_world(|world| world.witness.clone());
    let seen = witness.count().to_string();
    html! {
        <div class="compare">
            <div class="compare-head">
                <h3>{ words.claims }</h3>
                <span class="muted" data-value="seen">{ fill(words.seen_count, &[&seen, &CLAIMS.len().to_string()]) }</span>
                <span class="gap"></span>
                <button type="button" class="plain-button small" data-control="forget-seen" onclick={page.on(Action::ForgetSeen)}>{ words.forget_seen }</button>
            </div>
            <ol class="claims">
                { for CLAIMS.iter().map(|claim| html! {
                    <ClaimRow key={claim.id()} claim={*claim} seen={witness.has(*claim)} half_left={witness.half_left(*claim)} />
                }) }
            </ol>
            <table class="versus">
                <thead><tr>
                    <th scope="col">{ words.question }</th>
                    <th scope="col" data-origin="daemonset"><Icon name="o-daemonset" class="origin" />{ words.origin_daemonset }</th>
                    <th scope="col" data-origin="static"><Icon name="o-static" class="origin" />{ words.origin_static }</th>
                </tr></thead>
                <tbody>
                    { for ROWS.iter().map(|row| {
                        let [question, daemonset, fixed] = row.of(page.lang);
                        html! { <tr><th scope="row">{ question }</th><td>{ daemonset }</td><td>{ fixed }</td></tr> }
                    }) }
                </tbody>
            </table>
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct ClaimProps {
    claim: Claim,
    seen: bool,
    /// What is still to be seen of a claim that was seen in part.
    half_left: Option<Origin>,
}

/// A claim; pointing at it lights what on the stage shows it.
#[component]
fn ClaimRow(props: &ClaimProps) -> Html {
    let page = use_page();
    let words = page.words();
    let id = props.claim.id();
    let (claim, how) = claim_texts(page.lang, props.claim);
    let (state, icon) = match (props.seen, props.half_left) {
        (true, _) => (words.seen.to_owned(), "i-seen"),
        (false, Some(origin)) => (fill(words.half_seen, &[origin_word(words, origin)]), "i-eye"),
        (false, None) => (words.not_seen.to_owned(), "i-eye"),
    };
    html! {
        <li
            class={props.seen.then_some("seen")}
            data-claim={id}
            data-seen={props.seen.to_string()}
            tabindex="0"
            onmouseenter={page.on(FrontAction::Light(Some(props.claim)))}
            onmouseleave={page.on(FrontAction::Light(None))}
            onfocus={page.on(FrontAction::Light(Some(props.claim)))}
            onblur={page.on(FrontAction::Light(None))}
        >
            <span class="seen-mark"><Icon name={icon} />{ state }</span>
            <span class="claim-text"><b>{ claim }</b><small>{ how }</small></span>
        </li>
    }
}

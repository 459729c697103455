//! The comparison: what is claimed of DaemonSets and static pods, and whether the stage has shown it yet.

use yew::prelude::*;

use super::glyph::Icon;
use super::guide_strip::{StaticStep, StaticStory, text};
use super::page::use_page;
use super::page::use_world;
use super::renders;
use super::state::{Action, FrontAction};
use super::words::fill;

mod texts;

use texts::ROWS;

#[component]
pub fn Compare() -> Html {
    renders::note("Compare", "");
    let page = use_page();
    let words = page.words();
    let (ticks, story) = use_world(|world| (world.ticks.clone(), StaticStory(world.story())));
    let story = story.0;
    let (seen, of) = (ticks.count(story).to_string(), story.steps.len().to_string());
    html! {
        <div class="compare">
            <div class="compare-head">
                <h3>{ words.claims }</h3>
                <span class="muted" data-value="seen">{ fill(words.seen_count, &[&seen, &of]) }</span>
                <span class="gap"></span>
                <button type="button" class="plain-button small" data-control="forget-seen" onclick={page.on(Action::ForgetSeen)}>{ words.forget_seen }</button>
            </div>
            <ol class="claims">
                { for story.steps.iter().enumerate().map(|(at, step)| html! {
                    <StepRow key={step.id} {at} step={StaticStep(step)} seen={ticks.has(story, step)} parts={ticks.parts(story, step)} />
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
struct StepProps {
    at: usize,
    step: StaticStep,
    seen: bool,
    parts: usize,
}

/// A step of the guide, with its tick; pointing at it lights what on the stage shows it.
#[component]
fn StepRow(props: &StepProps) -> Html {
    let page = use_page();
    let words = page.words();
    let step = props.step.0;
    let (state, icon) = match (props.seen, props.parts) {
        (true, _) => (words.seen.to_owned(), "i-seen"),
        (false, 0) => (words.not_seen.to_owned(), "i-eye"),
        (false, parts) => {
            let of = step.parts.len().to_string();
            (fill(words.guide_parts, &[&parts.to_string(), &of]), "i-eye")
        }
    };
    html! {
        <li
            class={props.seen.then_some("seen")}
            data-claim={step.id}
            data-seen={props.seen.to_string()}
            onmouseenter={page.on(FrontAction::Light(step.light))}
            onmouseleave={page.on(FrontAction::Light(&[]))}
        >
            <span class="claim-head">
                <span class="seen-mark"><Icon name={icon} />{ state }</span>
                <button
                    type="button"
                    class="plain-button small"
                    data-control={format!("play-{}", step.id)}
                    onfocus={page.on(FrontAction::Light(step.light))}
                    onblur={page.on(FrontAction::Light(&[]))}
                    onclick={page.on(Action::PlayStep(props.at))}
                >{ words.play_this }</button>
            </span>
            <span class="claim-text"><b>{ text(page.lang, &step.title) }</b><small>{ text(page.lang, &step.claim) }</small></span>
        </li>
    }
}

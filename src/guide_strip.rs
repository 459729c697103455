//! The guide: one line below the bar that stays while a person explores. It says what can be seen next, does it, and
//! shows where; unfolded it says what is claimed and what to look at.

use gloo::timers::callback::Timeout;
use gloo::utils::{document, window};
use guide::{Goal, Next, Step, Story, Text, Ticks};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::glyph::Icon;
use super::page::{use_front, use_layout, use_page, use_world};
use super::renders;
use super::same::Same;
use super::state::{Action, FrontAction, LayoutAction, World};
use super::words::{Lang, fill};

/// Stories are static: which one it is says its scenario.
#[derive(Clone, Copy)]
pub struct StaticStory(pub &'static Story);

impl PartialEq for StaticStory {
    fn eq(&self, other: &StaticStory) -> bool {
        self.0.scenario == other.0.scenario
    }
}

pub fn text(lang: Lang, text: &Text) -> &'static str {
    match lang {
        Lang::En => text.en,
        Lang::Ko => text.ko,
    }
}

/// Whether nothing can be done for a goal but wait: it is being brought about, or comes about by itself.
pub fn waits(world: &World, goal: &'static Goal) -> bool {
    let next = world.ticks.next_part(goal).map(|part| part.next(&world.board));
    world.doing == Some(goal) || next.is_none_or(|next| next == Next::Wait)
}

/// How much of a goal was seen: in words, and as a glyph.
pub fn seen_mark(words: &super::words::Words, ticks: &Ticks, goal: &Goal) -> (String, &'static str) {
    match (ticks.has(goal), ticks.parts(goal)) {
        (true, _) => (words.guide.seen.to_owned(), "i-seen"),
        (false, 0) => (words.guide.not_seen.to_owned(), "i-eye"),
        (false, parts) => {
            let of = goal.parts.len().to_string();
            (fill(words.guide.guide_parts, &[&parts.to_string(), &of]), "i-eye")
        }
    }
}

#[component]
pub fn GuideStrip() -> Html {
    renders::note("Guide", "");
    let page = use_page();
    let words = page.words();
    let chosen = use_front(|front| front.step);
    let tall = use_front(|front| front.tall);
    let open = use_layout(|layout| layout.guide_open).unwrap_or(tall);
    let (ticks, story) = use_world(|world| (world.ticks.clone(), StaticStory(world.story())));
    let story = story.0;
    let last = story.steps.len().saturating_sub(1);
    let at = chosen.or_else(|| ticks.current(story)).unwrap_or(last).min(last);
    let Some(step) = story.steps.get(at) else { return Html::default() };
    let goal = &step.goal;
    let waits = use_world(move |world| waits(world, goal));
    let seen = ticks.has(goal);
    let count = match (seen, goal.parts.len()) {
        (true, _) => words.guide.seen.to_owned(),
        (false, 1) => String::new(),
        (false, of) => {
            let number = (ticks.parts(goal) + 1).min(of);
            fill(words.guide.guide_parts, &[&number.to_string(), &of.to_string()])
        }
    };
    let next = match seen {
        true if ticks.current(story).is_none() => words.guide.guide_all,
        true => "",
        false => ticks.next_part(goal).map_or("", |part| text(page.lang, &part.text)),
    };
    let fold = if open { words.guide.guide_less } else { words.guide.guide_more };
    html! {
        <section class={classes!("guide", seen.then_some("seen"), open.then_some("open"))} aria-label={words.guide.guide} data-region="guide" data-step={goal.name()} data-seen={seen.to_string()}>
            <div class="guide-line">
                <Steps story={StaticStory(story)} ticks={ticks.clone()} {at} />
                <span class="guide-at">{ fill(words.guide.guide_parts, &[&(at + 1).to_string(), &(last + 1).to_string()]) }</span>
                <b class="guide-title">{ text(page.lang, &step.title) }</b>
                <span class="guide-next" aria-live="polite">
                    if !count.is_empty() {
                        <span class="guide-count"><Icon name={if seen { "i-seen" } else { "i-eye" }} />{ count }</span>
                    }
                    <span>{ next }</span>
                </span>
                <span class="guide-caption" data-caption="true"></span>
                <span class="gap"></span>
                { where_button(&page, goal) }
                if seen && at < last {
                    <button type="button" class="main-button small" data-control="guide-next" onclick={page.on(FrontAction::Step(Some(at + 1)))}>{ words.guide.guide_next }</button>
                } else {
                    <button type="button" class="main-button small" data-control="guide-do" aria-disabled={waits.to_string()} onclick={page.on(Action::Play(goal))}>
                        { if waits { words.guide.guide_wait } else { words.guide.guide_do } }
                    </button>
                }
                <button type="button" class="quiet square guide-fold" data-control="guide-fold" aria-label={fold} title={fold} aria-expanded={open.to_string()} onclick={page.on(LayoutAction::Guide(!open))}>
                    <Icon name="i-down" />
                </button>
            </div>
            if open {
                { more(&page, step, &ticks) }
            }
        </section>
    }
}

/// Lights up where it can be seen; chosen, it also brings that into sight.
fn where_button(page: &super::page::Page, goal: &'static Goal) -> Html {
    let (light, dark) = (FrontAction::Light(goal.light), FrontAction::Light(&[]));
    let show = {
        let (page, light) = (page.clone(), light.clone());
        Callback::from(move |_: MouseEvent| {
            page.act(light.clone());
            Timeout::new(0, bring_lit_into_sight).forget();
        })
    };
    html! {
        <button type="button" class="plain-button small" data-control="guide-where"
            onmouseenter={page.on(light.clone())} onmouseleave={page.on(dark.clone())}
            onfocus={page.on(light)} onblur={page.on(dark)} onclick={show}
        >{ page.words().guide.guide_where }</button>
    }
}

/// What is claimed, its parts with their ticks, and what to look at.
fn more(page: &super::page::Page, step: &'static Step, ticks: &Ticks) -> Html {
    let words = page.words();
    html! {
        <div class="guide-more" tabindex="0" role="group" aria-label={text(page.lang, &step.title)}>
            <p>{ text(page.lang, &step.claim) }</p>
            <ol>
                { for step.goal.parts.iter().map(|part| {
                    let seen = ticks.has_part(&step.goal, part);
                    let word = if seen { words.guide.seen } else { words.guide.not_seen };
                    html! {
                        <li key={part.id} class={seen.then_some("seen")} data-part-of-step={part.id} data-seen={seen.to_string()}>
                            <span class="seen-mark"><Icon name={if seen { "i-seen" } else { "i-eye" }} /><span class="unseen">{ word }</span></span>
                            { text(page.lang, &part.text) }
                        </li>
                    }
                }) }
            </ol>
            <p class="muted"><b>{ words.guide.guide_watch }</b>{ ": " }{ text(page.lang, &step.watch) }</p>
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct StepsProps {
    story: StaticStory,
    ticks: Same<Ticks>,
    /// The step that is shown.
    at: usize,
}

/// The steps by number, each with its tick: one tab stop, the arrow keys go from one to the next.
#[component]
fn Steps(props: &StepsProps) -> Html {
    let page = use_page();
    let words = page.words();
    let steps = props.story.0.steps;
    let on_key = {
        let (page, at, last) = (page.clone(), props.at, steps.len().saturating_sub(1));
        Callback::from(move |event: KeyboardEvent| {
            let to = match event.key().as_str() {
                "ArrowRight" => (at + 1).min(last),
                "ArrowLeft" => at.saturating_sub(1),
                "Home" => 0,
                "End" => last,
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            page.act(FrontAction::Step(Some(to)));
            let hit = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let list = hit.and_then(|hit| hit.closest(".guide-steps").ok().flatten());
            let found = list.and_then(|list| list.children().item(to as u32));
            if let Some(step) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
                let _ = step.focus();
            }
        })
    };
    html! {
        <div class="guide-steps" role="group" aria-label={words.guide.guide_steps} onkeydown={on_key}>
            { for steps.iter().enumerate().map(|(number, step)| {
                let seen = props.ticks.has(&step.goal);
                let begun = props.ticks.parts(&step.goal) > 0;
                let shown = number == props.at;
                let (mark, _) = seen_mark(words, &props.ticks, &step.goal);
                let label = format!("{} {}: {mark}", number + 1, text(page.lang, &step.title));
                html! {
                    <button
                        key={step.goal.id}
                        type="button"
                        class={classes!("guide-step", seen.then_some("seen"), begun.then_some("begun"))}
                        data-guide-step={step.goal.name()}
                        data-seen={seen.to_string()}
                        aria-current={shown.then_some("step")}
                        aria-label={label.clone()}
                        title={label}
                        tabindex={if shown { "0" } else { "-1" }}
                        onclick={page.on(FrontAction::Step(Some(number)))}
                    >
                        if seen { <Icon name="i-seen" /> } else { { number + 1 } }
                    </button>
                }
            }) }
        </div>
    }
}

/// Scrolls the cluster so that the first of what is lit up is in sight: states.css gives it `--lit`.
fn bring_lit_into_sight() {
    let find = |selector: &str| document().query_selector(selector).ok().flatten();
    let Some(scroller) = find(".scene-scroll") else { return };
    let Ok(all) = document().query_selector_all("[data-lit] :is(.part, .node, .pod, .kubelet, .disk)") else {
        return;
    };
    let lit = |element: &Element| {
        let style = window().get_computed_style(element).ok().flatten();
        let value = style.and_then(|style| style.get_property_value("--lit").ok());
        value.is_some_and(|value| value.trim() == "1")
    };
    let elements = (0..all.length()).filter_map(|at| all.get(at)?.dyn_into::<Element>().ok());
    let Some(first) = elements.into_iter().find(lit) else { return };
    let (view, thing) = (scroller.get_bounding_client_rect(), first.get_bounding_client_rect());
    const MARGIN: f64 = 12.0;
    if thing.top() < view.top() || thing.bottom() > view.bottom() {
        let by = thing.top() - view.top() - MARGIN;
        scroller.set_scroll_top(scroller.scroll_top() + by as i32);
    }
}

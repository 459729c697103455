//! The guide: one line above the cluster that says what can be seen next, does it, and shows where.

use guide::{Next, Step, Story, Text};
use yew::prelude::*;

use super::glyph::Icon;
use super::page::{use_layout, use_page, use_world};
use super::state::{Action, FrontAction, LayoutAction};
use super::words::{Lang, fill};

/// Stories are static: which one it is says its scenario.
#[derive(Clone, Copy)]
pub struct StaticStory(pub &'static Story);

impl PartialEq for StaticStory {
    fn eq(&self, other: &StaticStory) -> bool {
        self.0.scenario == other.0.scenario
    }
}

#[derive(Clone, Copy)]
pub struct StaticStep(pub &'static Step);

impl PartialEq for StaticStep {
    fn eq(&self, other: &StaticStep) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

pub fn text(lang: Lang, text: &Text) -> &'static str {
    match lang {
        Lang::En => text.en,
        Lang::Ko => text.ko,
    }
}

#[component]
pub fn GuideStrip() -> Html {
    let page = use_page();
    let words = page.words();
    let chosen = use_state(|| None::<usize>);
    let open = use_layout(|layout| layout.guide_open);
    let (ticks, story) = use_world(|world| (world.ticks.clone(), StaticStory(world.story())));
    let story = story.0;
    {
        // Another scenario, or a step that was just ticked: to the first that is left.
        let chosen = chosen.setter();
        use_effect_with((story.scenario, ticks.count(story)), move |_| chosen.set(None));
    }
    let last = story.steps.len() - 1;
    let at = chosen.or_else(|| ticks.current(story)).unwrap_or(last).min(last);
    let step = &story.steps[at];
    let part = ticks.next_part(story, step);
    // Where time must pass, there is nothing to do.
    let waits = use_world({
        let ticks = ticks.clone();
        move |world| {
            let story = world.story();
            let part = story.steps.get(at).and_then(|step| ticks.next_part(story, step));
            part.is_none_or(|part| part.next(&world.board) == Next::Wait)
        }
    });
    let seen = ticks.has(story, step);
    let go = |to: usize| {
        let chosen = chosen.clone();
        Callback::from(move |_: MouseEvent| chosen.set(Some(to)))
    };
    let (light, dark) = (FrontAction::Light(step.light), FrontAction::Light(&[]));
    let count = fill(words.guide_parts, &[&(at + 1).to_string(), &story.steps.len().to_string()]);
    html! {
        <section class={classes!("guide", seen.then_some("seen"))} aria-label={words.guide} data-region="guide" data-step={step.id} data-seen={seen.to_string()}>
            <div class="guide-line">
                <button type="button" class="guide-fold" data-control="guide" aria-expanded={open.to_string()} onclick={page.on(LayoutAction::ToggleGuide)}>
                    <Icon name={if seen { "i-seen" } else { "i-eye" }} />
                    <span class="guide-count">{ count }</span>
                    <b>{ text(page.lang, &step.title) }</b>
                </button>
                if let Some(part) = part.filter(|_| !seen) {
                    <span class="guide-next" aria-live="polite">{ text(page.lang, &part.text) }</span>
                }
                <span class="gap"></span>
                <button type="button" class="plain-button small" data-control="guide-where"
                    onmouseenter={page.on(light.clone())} onmouseleave={page.on(dark.clone())}
                    onfocus={page.on(light.clone())} onblur={page.on(dark)} onclick={page.on(light)}
                >{ words.guide_where }</button>
                <button type="button" class="plain-button small" data-control="guide-do" aria-disabled={waits.to_string()} onclick={page.on(Action::PlayStep(at))}>
                    { if waits { words.guide_wait } else { words.guide_do } }
                </button>
                <button type="button" class="quiet square" data-control="guide-previous" aria-label={words.guide_previous} title={words.guide_previous} disabled={at == 0} onclick={go(at.saturating_sub(1))}>{ "‹" }</button>
                <button type="button" class="quiet square" data-control="guide-next" aria-label={words.guide_next} title={words.guide_next} disabled={at == last} onclick={go(at + 1)}>{ "›" }</button>
            </div>
            if open {
                <div class="guide-more">
                    <p>{ text(page.lang, &step.claim) }</p>
                    <ol>
                        { for step.parts.iter().map(|part| {
                            let seen = ticks.has_part(story, step, part);
                            let word = if seen { words.seen } else { words.not_seen };
                            html! {
                                <li key={part.id} class={seen.then_some("seen")} data-part-of-step={part.id} data-seen={seen.to_string()}>
                                    <span class="seen-mark"><Icon name={if seen { "i-seen" } else { "i-eye" }} />{ word }</span>
                                    { text(page.lang, &part.text) }
                                </li>
                            }
                        }) }
                    </ol>
                    <p class="muted"><b>{ words.guide_watch }</b>{ ": " }{ text(page.lang, &step.watch) }</p>
                </div>
            }
        </section>
    }
}

//! The comparison: one table of what is so of a DaemonSet's pods and of a static pod, each row with its tick and a
//! way to see it happen.

use guide::{ROWS, Row, Ticks};
use yew::prelude::*;

use super::glyph::Icon;
use super::guide_strip::{seen_mark, text, waits};
use super::page::use_page;
use super::page::use_world;
use super::renders;
use super::same::Same;
use super::state::{Action, FrontAction};
use super::words::fill;

#[component]
pub fn Compare() -> Html {
    renders::note("Compare", "");
    let page = use_page();
    let words = page.words();
    let (ticks, near) = use_world(|world| (world.ticks.clone(), !world.is_far));
    let seen = ROWS.iter().filter(|row| ticks.has(&row.goal)).count().to_string();
    html! {
        <div class="compare">
            <div class="compare-head">
                <span class="muted" data-value="seen">{ fill(words.guide.seen_count, &[&seen, &ROWS.len().to_string()]) }</span>
                <span class="gap"></span>
                <button type="button" class="plain-button small" data-control="forget-seen" onclick={page.on(Action::ForgetSeen)}>{ words.guide.forget_seen }</button>
            </div>
            <table class="versus">
                <thead><tr>
                    <th scope="col">{ words.guide.question }</th>
                    <th scope="col" data-origin="daemonset"><Icon name="o-daemonset" class="origin" />{ "DaemonSet" }</th>
                    <th scope="col" data-origin="static"><Icon name="o-static" class="origin" />{ words.scene.origin_static }</th>
                    <th scope="col">{ words.guide.seen_column }</th>
                </tr></thead>
                <tbody>
                    { for ROWS.iter().map(|row| html! {
                        <CompareRow key={row.goal.id} row={StaticRow(row)} ticks={ticks.clone()} {near} />
                    }) }
                </tbody>
            </table>
        </div>
    }
}

#[derive(Clone, Copy)]
struct StaticRow(&'static Row);

impl PartialEq for StaticRow {
    fn eq(&self, other: &StaticRow) -> bool {
        self.0.goal == other.0.goal
    }
}

#[derive(PartialEq, Properties)]
struct RowProps {
    row: StaticRow,
    ticks: Same<Ticks>,
    /// What it plays are few nodes.
    near: bool,
}

/// A row; pointing at it lights what in the cluster shows it.
#[component]
fn CompareRow(props: &RowProps) -> Html {
    let page = use_page();
    let words = page.words();
    let row = props.row.0;
    let goal = &row.goal;
    let waits = use_world(move |world| waits(world, goal));
    let seen = props.ticks.has(goal);
    let (mark, icon) = seen_mark(words, &props.ticks, goal);
    let next = props.ticks.next_part(goal).map_or("", |part| text(page.lang, &part.text));
    let word = if waits { words.guide.guide_wait } else { words.guide.play_this };
    let (light, dark) = (FrontAction::Light(goal.light), FrontAction::Light(&[]));
    html! {
        <tr
            class={seen.then_some("seen")}
            data-row-of-comparison={goal.name()}
            data-seen={seen.to_string()}
            onmouseenter={page.on(light.clone())}
            onmouseleave={page.on(dark.clone())}
        >
            <th scope="row">{ text(page.lang, &row.question) }</th>
            <td data-origin="daemonset">{ text(page.lang, &row.daemonset) }</td>
            <td data-origin="static">{ text(page.lang, &row.fixed) }</td>
            <td class="versus-seen">
                <span class="seen-mark"><Icon name={icon} />{ mark }</span>
                if props.near {
                    <button
                        type="button"
                        class="plain-button small"
                        data-control={format!("play-{}", goal.name())}
                        aria-label={format!("{word}: {next}")}
                        title={next}
                        aria-disabled={waits.to_string()}
                        onfocus={page.on(light)}
                        onblur={page.on(dark)}
                        onclick={page.on(Action::Play(goal))}
                    >{ word }</button>
                }
            </td>
        </tr>
    }
}

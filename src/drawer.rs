//! The panel below: console, events, messages, and the comparison.

use sim::Time;
use view::{EventView, MessageView};
use yew::prelude::*;

use super::compare::Compare;
use super::console::Console;
use super::glyph::Icon;
use super::inspector::Inspector;
use super::names::referred;
use super::page::{Page, use_front, use_layout, use_page, use_world};
use super::renders;
use super::same::Same;
use super::speed::short_clock;
use super::splitter::{Edge, Splitter};
use super::state::{Action, DrawerTab, LayoutAction, Size};
use super::tabs::{Tab, Tabs};

#[component]
pub fn Drawer() -> Html {
    renders::note("Drawer", "");
    let page = use_page();
    let words = page.words();
    let size = use_front(|front| front.size);
    let (tab, full) = use_layout(|layout| (layout.drawer_tab, layout.drawer_full));
    let (fill_word, fill_icon) =
        if full { (words.drawer.smaller_drawer, "i-shrink") } else { (words.drawer.larger_drawer, "i-grow") };
    let all = [
        (DrawerTab::Console, words.drawer.console),
        (DrawerTab::Events, words.details.events),
        (DrawerTab::Messages, words.drawer.messages),
        (DrawerTab::Compare, words.drawer.compare),
        (DrawerTab::Details, words.details.inspector),
    ];
    // What stands in a panel of its own is no tab here.
    let count = match size {
        Size::Wide => 3,
        Size::Narrow => 4,
        Size::Medium => 5,
    };
    let tabs = &all[..count];
    let tab = if tabs.iter().any(|(of, _)| *of == tab) { tab } else { DrawerTab::Console };
    let body = match tab {
        DrawerTab::Console => html! { <Console /> },
        DrawerTab::Events => html! { <AllEvents /> },
        DrawerTab::Messages => html! { <MessageList /> },
        DrawerTab::Compare => html! { <Compare /> },
        DrawerTab::Details => html! { <Inspector /> },
    };
    let tabs: Vec<Tab> = tabs
        .iter()
        .map(|(of, word)| Tab {
            id: of.text(),
            word,
            selected: tab == *of,
            action: LayoutAction::DrawerTab(*of),
        })
        .collect();
    html! {
        <section class="drawer" aria-label={words.drawer.drawer} data-region="drawer">
            <Splitter edge={Edge::Drawer} />
            <div class="tabs">
                <Tabs label={words.drawer.drawer} panel="drawer-body" {tabs} />
                <span class="gap"></span>
                <button type="button" class="quiet square" data-control="fill-with-drawer" aria-pressed={full.to_string()} aria-label={fill_word} title={fill_word} onclick={page.on(LayoutAction::FillWithDrawer(!full))}>
                    <Icon name={fill_icon} />
                </button>
                <button type="button" class="quiet square" data-control="close-drawer" aria-label={words.drawer.hide_drawer} title={words.drawer.hide_drawer} onclick={page.on(LayoutAction::ToggleDrawer)}>
                    <Icon name="i-down" />
                </button>
            </div>
            <div key={tab.text()} class="drawer-body" id="drawer-body" role="tabpanel" aria-label={words.drawer.drawer} tabindex="0">{ body }</div>
        </section>
    }
}

#[component]
fn AllEvents() -> Html {
    renders::note("Events", "");
    let (events, started) = use_world(|world| (world.events.clone(), world.started));
    html! { <EventList {events} {started} show={Columns::All} /> }
}

/// What is shown of each event.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    All,
    /// In a narrow panel: what it is about, and what was said.
    Narrow,
    /// The same, where the selection says what it is about.
    OfSelection,
}

#[derive(PartialEq, Properties)]
pub struct EventListProps {
    pub events: Same<Vec<EventView>>,
    pub started: Time,
    pub show: Columns,
}

/// What an event is about; a way to it while it is there.
fn object(page: &Page, event: &EventView) -> Html {
    let board = &page.stores.world.now().board;
    match referred(board, &event.namespace, &event.object) {
        Some(selection) => html! {
            <button type="button" class="link" data-object={event.object.clone()} onclick={page.on(Action::Show(selection))}><code>{ &*event.object }</code></button>
        },
        None => html! { <code>{ &*event.object }</code> },
    }
}

/// Events, newest first, in the words of those who said them.
#[component]
pub fn EventList(props: &EventListProps) -> Html {
    let page = use_page();
    let words = page.words();
    if props.events.is_empty() {
        return html! { <p class="muted pad">{ words.drawer.no_events }</p> };
    }
    let clock = |event: &EventView| short_clock(event.last_seen.time().since(props.started).as_micros());
    html! {
        <ul class={classes!("events", (props.show != Columns::All).then_some("brief"))} aria-label={words.details.events}>
            { for props.events.iter().enumerate().map(|(at, event)| html! {
                <li key={at} class={event.warning.then_some("warning")} data-event={event.reason.clone()}>
                    <time>{ clock(event) }</time>
                    <span class="event-type">{ if event.warning { "Warning" } else { "Normal" } }</span>
                    <b>{ &*event.reason }</b>
                    if props.show != Columns::OfSelection {
                        { object(&page, event) }
                    }
                    <span class="event-text">
                        { &*event.message }
                        if event.count > 1 {
                            <small>{ format!(" ×{}", event.count) }</small>
                        }
                    </span>
                    if props.show == Columns::All {
                        <small class="event-source">{ &*event.source }</small>
                    }
                </li>
            }) }
        </ul>
    }
}

/// What the parts have said to each other, newest first.
#[component]
fn MessageList() -> Html {
    renders::note("Messages", "");
    let (messages, started) = use_world(|world| (world.messages.clone(), world.started));
    let page = use_page();
    let words = page.words();
    if messages.is_empty() {
        return html! { <p class="muted pad">{ words.drawer.no_messages }</p> };
    }
    let clock = |time: Time| {
        let micros = time.since(started).as_micros();
        format!("{}.{}", short_clock(micros), micros / 100_000 % 10)
    };
    let hop = use_front(|front| front.hop.clone());
    let is_hop = |message: &MessageView| {
        hop.as_ref().is_some_and(|hop| {
            message.sent == hop.sent
                && *message.verb == *hop.verb
                && *message.object == format!("{} {}", hop.kind, hop.object)
        })
    };
    let marked = messages.iter().position(is_hop);
    use_effect_with((marked, hop.clone()), |(marked, _)| {
        let found = gloo::utils::document().query_selector("[data-region=messages] tr.marked").ok().flatten();
        if marked.is_some()
            && let Some(row) = found
        {
            row.scroll_into_view_with_bool(false);
        }
    });
    let row = |(at, message): (usize, &MessageView)| {
        html! {
            <tr key={at} class={(marked == Some(at)).then_some("marked")} aria-current={(marked == Some(at)).then_some("true")}>
                <td class="clock-cell">{ clock(message.sent) }</td>
                <td>{ &*message.from }</td>
                <td class="arrow" aria-hidden="true">{ "→" }</td>
                <td>{ &*message.to }</td>
                <td><b>{ &*message.verb }</b></td>
                <td><code>{ &*message.object }</code></td>
            </tr>
        }
    };
    html! {
        <table class="messages" data-region="messages">
            <thead><tr>
                <th scope="col">{ words.drawer.sent }</th><th scope="col">{ words.drawer.from }</th><td></td>
                <th scope="col">{ words.drawer.to }</th><th scope="col">{ words.drawer.verb }</th><th scope="col">{ words.drawer.object }</th>
            </tr></thead>
            <tbody>{ for messages.iter().enumerate().map(row) }</tbody>
        </table>
    }
}

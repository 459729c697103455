//! The nodes as a list: the same as the map shows, for those who read rather than see it.
//!
//! Only the rows in sight exist.

use std::cmp::Reverse;
use std::rc::Rc;

use gloo::utils::document_element;
use sim::order::SortShared;
use view::PodState;
use view::fleet::{NodeLight, NodeMark};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement, KeyboardEvent};
use yew::prelude::*;

use super::compact::light_icon;
use super::glyph::Icon;
use super::page::{Page, use_page, use_selection, use_world};
use super::pod::menu_at;
use super::renders;
use super::state::{Action, Selection};
use super::words::fill;

/// Pixels of a row at the usual scale, as the style sheet has it.
const ROW: f64 = 30.0;

/// The same at the present scale.
fn row_height() -> f64 {
    let root: HtmlElement = document_element().unchecked_into();
    let scale =
        root.style().get_property_value("--page-scale").ok().and_then(|scale| scale.trim().parse().ok());
    ROW * scale.unwrap_or(1.0)
}
/// Rows drawn beyond those in sight.
const SPARE: usize = 6;

#[derive(Clone, Copy, Default, PartialEq)]
struct Sight {
    top: f64,
    height: f64,
}

fn matches(node: &NodeMark, filter: &str, troubled: bool) -> bool {
    node.name.contains(filter) && (!troubled || node.is_troubled())
}

/// What asks for a person most: a node in trouble, then pods in trouble, then pods that wait.
fn badness(node: &NodeMark) -> (bool, u32, u32) {
    let counts = node.counts();
    let waiting = counts.of(PodState::Pending) + counts.of(PodState::ContainerCreating);
    (node.light != NodeLight::Ready, counts.troubled() + counts.differing, waiting)
}

#[component]
pub fn FleetList() -> Html {
    renders::note("FleetList", "");
    let page = use_page();
    let words = page.words();
    let fleet = use_world(|world| world.fleet.clone());
    let selection = use_selection(Selection::clone);
    let filter = use_state(String::new);
    let troubled = use_state(|| false);
    let worst_first = use_state(|| false);
    let sight = use_state(|| Sight { top: 0.0, height: 600.0 });
    // The row that the Tab key reaches, by its place among those that match.
    let active = use_state(|| 0usize);
    let scroller = use_node_ref();
    let look = {
        let (scroller, sight) = (scroller.clone(), sight.clone());
        Callback::from(move |()| {
            let Some(element) = scroller.cast::<HtmlElement>() else { return };
            let seen =
                Sight { top: f64::from(element.scroll_top()), height: f64::from(element.client_height()) };
            if *sight != seen {
                sight.set(seen);
            }
        })
    };
    {
        let look = look.clone();
        use_effect_with((), move |()| look.emit(()));
    }
    let nodes = &fleet.nodes;
    let mut shown: Vec<(usize, &Rc<NodeMark>)> =
        nodes.iter().enumerate().filter(|(_, node)| matches(node, &filter, *troubled)).collect();
    if *worst_first {
        shown.sort_shared_by_key(|(at, node)| (Reverse(badness(node)), *at));
    }
    let height = row_height();
    let first = ((sight.top / height) as usize).saturating_sub(SPARE).min(shown.len());
    let last = (first + (sight.height / height) as usize + 2 * SPARE).min(shown.len());
    let active_row = (*active).min(shown.len().saturating_sub(1));
    let typed = {
        let (filter, scroller) = (filter.clone(), scroller.clone());
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            filter.set(input.value().trim().to_owned());
            if let Some(element) = scroller.cast::<HtmlElement>() {
                element.set_scroll_top(0);
            }
        })
    };
    let toggle = {
        let troubled = troubled.clone();
        Callback::from(move |_: Event| troubled.set(!*troubled))
    };
    let order = {
        let worst_first = worst_first.clone();
        Callback::from(move |_: Event| worst_first.set(!*worst_first))
    };
    let keys = {
        let (active, scroller, count) = (active.clone(), scroller.clone(), shown.len());
        let page_rows = (sight.height / height) as usize;
        Callback::from(move |event: KeyboardEvent| {
            let Some(to) = next_row(&event.key(), active_row, count, page_rows) else { return };
            event.prevent_default();
            event.stop_propagation();
            active.set(to);
            if let Some(element) = scroller.cast::<HtmlElement>() {
                go_to_row(&element, to);
            }
        })
    };
    let rows = shown[first..last].iter().enumerate().map(|(offset, (_, node))| {
        let row = first + offset;
        let at = Place { row, is_active: row == active_row };
        node_row(&page, node, at, selection.is_node(&node.name))
    });
    let heads = [
        words.files.node,
        "STATUS",
        words.fleet.pods,
        "Running",
        words.fleet.waiting,
        words.fleet.trouble,
        "",
    ];
    html! {
        <section class="fleet-list" data-region="node-list" aria-label={words.scene.nodes}>
            <div class="list-bar">
                <input type="search" data-control="filter-nodes" aria-label={words.fleet.filter_nodes} placeholder={words.fleet.filter_nodes} oninput={typed} autocomplete="off" spellcheck="false" />
                <label class="check"><input type="checkbox" data-control="only-troubled" checked={*troubled} onchange={toggle} />{ words.fleet.only_troubled }</label>
                <label class="check"><input type="checkbox" data-control="worst-first" checked={*worst_first} onchange={order} />{ words.fleet.worst_first }</label>
                <span class="gap"></span>
                <span class="muted" role="status" data-listed={shown.len().to_string()}>{ fill(words.fleet.listed_of, &[&shown.len().to_string(), &nodes.len().to_string()]) }</span>
            </div>
            <div role="grid" class="list-grid" aria-label={words.scene.nodes} aria-rowcount={(shown.len() + 1).to_string()} onkeydown={keys}>
                <div role="row" class="list-row list-head" aria-rowindex="1">
                    { for heads.iter().map(|head| html! { <span role="columnheader">{ *head }</span> }) }
                </div>
                <div class="list-scroll" role="rowgroup" ref={scroller} onscroll={look.reform(|_: Event| ())}>
                    <div class="list-all" role="presentation" style={format!("height: {}px", shown.len() as f64 * height)}>
                        { for rows }
                    </div>
                    if shown.is_empty() {
                        <p class="muted pad">{ words.fleet.no_match }</p>
                    }
                </div>
            </div>
        </section>
    }
}

fn next_row(key: &str, at: usize, count: usize, page: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    let to = match key {
        "ArrowDown" => at + 1,
        "ArrowUp" => at.saturating_sub(1),
        "PageDown" => at + page.max(1),
        "PageUp" => at.saturating_sub(page.max(1)),
        "Home" => 0,
        "End" => last,
        _ => return None,
    };
    Some(to.min(last))
}

/// Scrolls a row into sight and puts the focus on it, once it is drawn.
fn go_to_row(scroller: &HtmlElement, row: usize) {
    let height = row_height();
    let (top, bottom) = (row as f64 * height, (row + 1) as f64 * height);
    let (from, shown) = (f64::from(scroller.scroll_top()), f64::from(scroller.client_height()));
    if top < from {
        scroller.set_scroll_top(top as i32);
    } else if bottom > from + shown {
        scroller.set_scroll_top((bottom - shown) as i32);
    }
    let scroller = scroller.clone();
    gloo::timers::callback::Timeout::new(30, move || {
        let found = scroller.query_selector(&format!("[data-row=\"{row}\"] button")).ok().flatten();
        if let Some(button) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
            let _ = button.focus();
        }
    })
    .forget();
}

struct Place {
    row: usize,
    is_active: bool,
}

fn node_row(page: &Page, node: &Rc<NodeMark>, at: Place, selected: bool) -> Html {
    let words = page.words();
    let counts = node.counts();
    let waiting = counts.of(PodState::Pending) + counts.of(PodState::ContainerCreating);
    let tab = if at.is_active { "0" } else { "-1" };
    let number = |value: u32, class: &'static str| {
        html! { <span role="gridcell" class={classes!("list-number", (value > 0).then_some(class))}>{ value }</span> }
    };
    html! {
        <div
            key={&*node.name}
            role="row"
            class={classes!("list-row", selected.then_some("selected"))}
            aria-rowindex={(at.row + 2).to_string()}
            data-row={at.row.to_string()}
            data-node={node.name.clone()}
            style={format!("top: {}px", at.row as f64 * row_height())}
        >
            <span role="gridcell">
                <button type="button" class="list-name" tabindex={tab} aria-haspopup="menu" data-control="node-menu" onclick={menu_at(page, Selection::Node(node.name.clone()))}>
                    { &*node.name }
                </button>
            </span>
            <span role="gridcell" class="list-status" data-state={node.light.text()}>
                <Icon name={light_icon(node.light)} class="state" />{ node.status() }
            </span>
            { number(node.pods.len() as u32, "") }
            { number(counts.of(PodState::Running), "good") }
            { number(waiting, "warn") }
            { number(counts.troubled() + counts.differing, "bad") }
            <span role="gridcell">
                <button type="button" class="quiet square small" tabindex={tab} data-control="show-on-map" aria-label={fill(words.fleet.show_on_map, &[&node.name])} title={fill(words.fleet.show_on_map, &[&node.name])} onclick={page.on(Action::ShowOnMap(node.name.clone()))}>
                    <Icon name="i-fit" />
                </button>
            </span>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::next_row;

    #[test]
    fn keys_move_within_the_list() {
        let keys = ["ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End", "x"];
        let to: Vec<Option<usize>> = keys.iter().map(|key| next_row(key, 5, 20, 10)).collect();
        assert_eq!(to, [Some(6), Some(4), Some(15), Some(0), Some(0), Some(19), None]);
        assert_eq!(next_row("ArrowDown", 19, 20, 10), Some(19));
        assert_eq!(next_row("ArrowDown", 0, 0, 10), None);
    }
}

//! Shows some of the pods only: what is typed, or what a box was drawn around. The rest turns grey.

use std::rc::Rc;

use view::PodView;
use view::filter::Filter;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, KeyboardEvent, PointerEvent};
use yew::prelude::*;

use super::page::{use_front, use_page, use_world};
use super::renders;
use super::state::FrontAction;
use super::words::fill;

#[component]
pub fn FilterBox() -> Html {
    renders::note("FilterBox", "");
    let page = use_page();
    let words = page.words();
    let text = use_front(|front| front.filter.clone());
    let counts = use_world({
        let text = text.clone();
        move |world| {
            if let Some(far) = &*world.filtered {
                return Some((far.pods as usize, far.all as usize));
            }
            let filter = Filter::parse(&text);
            let all = || world.board.nodes.iter().flat_map(|node| &node.pods).chain(&world.board.pending);
            let fits = |pod: &&Rc<PodView>| filter.matches(pod);
            (!filter.is_empty()).then(|| (all().filter(fits).count(), all().count()))
        }
    });
    let typed = page.act.reform(|event: InputEvent| {
        let input: HtmlInputElement = event.target_unchecked_into();
        FrontAction::Filter(input.value().into()).into()
    });
    let keys = {
        let page = page.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                event.stop_propagation();
                page.act(FrontAction::Filter("".into()));
            }
        })
    };
    html! {
        <label class="filter" title={words.scene.filter_long}>
            <input
                type="search"
                data-control="filter"
                aria-label={words.scene.filter}
                placeholder={words.scene.filter_hint}
                spellcheck="false"
                autocomplete="off"
                value={text.to_string()}
                oninput={typed}
                onkeydown={keys}
            />
            if let Some((some, all)) = counts {
                <small role="status" data-region="filtered">{ fill(words.scene.filtered, &[&some.to_string(), &all.to_string()]) }</small>
            }
        </label>
    }
}

/// A box that is being drawn: where it began and where it is, in the layer's pixels.
type Drawn = ((f64, f64), (f64, f64));

/// A shorter way is a click.
const LEAST: f64 = 8.0;

fn inside(layer: &HtmlElement, event: &PointerEvent) -> (f64, f64) {
    let rect = layer.get_bounding_client_rect();
    (f64::from(event.client_x()) - rect.left(), f64::from(event.client_y()) - rect.top())
}

fn corners((a, b): Drawn) -> (f64, f64, f64, f64) {
    (a.0.min(b.0), a.1.min(b.1), a.0.max(b.0), a.1.max(b.1))
}

/// The names of the pods whose chips a box touches.
fn names_in(layer: &HtmlElement, drawn: Drawn) -> Vec<String> {
    let (left, top, right, bottom) = corners(drawn);
    let origin = layer.get_bounding_client_rect();
    let Ok(found) = layer.query_selector_all("[data-pod]") else { return Vec::new() };
    let chips = (0..found.length()).filter_map(|at| found.get(at)?.dyn_into::<HtmlElement>().ok());
    let touched = chips.filter(|chip| {
        let rect = chip.get_bounding_client_rect();
        rect.left() - origin.left() < right
            && rect.right() - origin.left() > left
            && rect.top() - origin.top() < bottom
            && rect.bottom() - origin.top() > top
    });
    touched.filter_map(|chip| Some(chip.dataset().get("pod")?.rsplit('/').next()?.to_owned())).collect()
}

/// Draws a box with the mouse on the free ground of the cluster.
#[component]
pub fn BoxSelect() -> Html {
    let page = use_page();
    let frame = use_node_ref();
    let drawn = use_state(|| None::<Drawn>);
    {
        let (frame, drawn, page) = (frame.clone(), drawn.setter(), page.clone());
        use_effect_with((), move |()| {
            let layer =
                frame.cast::<Element>().and_then(|own| own.closest("[data-layer=scene]").ok().flatten());
            let layer: Option<HtmlElement> = layer.and_then(|layer| layer.dyn_into().ok());
            let listeners = layer.map(|layer| listen(&layer, drawn, page));
            move || drop(listeners)
        });
    }
    let style = drawn.map(|drawn| {
        let (left, top, right, bottom) = corners(drawn);
        format!("left: {left}px; top: {top}px; width: {}px; height: {}px", right - left, bottom - top)
    });
    html! { <div class="box-select" ref={frame} aria-hidden="true" hidden={drawn.is_none()} {style}></div> }
}

fn listen(
    layer: &HtmlElement,
    drawn: UseStateSetter<Option<Drawn>>,
    page: super::page::Page,
) -> [gloo::events::EventListener; 4] {
    use gloo::events::EventListener;
    let begun = Rc::new(std::cell::Cell::new(None::<Drawn>));
    let down = {
        let (begun, layer) = (begun.clone(), layer.clone());
        move |event: &Event| {
            let Some(event) = event.dyn_ref::<PointerEvent>() else { return };
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let on_ground = target.is_some_and(|target| {
                target.closest("button, input, select, a, [data-map]").ok().flatten().is_none()
            });
            if on_ground && event.button() == 0 && event.pointer_type() == "mouse" {
                let at = inside(&layer, event);
                begun.set(Some((at, at)));
            }
        }
    };
    let moved = {
        let (begun, layer, drawn) = (begun.clone(), layer.clone(), drawn.clone());
        move |event: &Event| {
            let (Some(event), Some((from, _))) = (event.dyn_ref::<PointerEvent>(), begun.get()) else {
                return;
            };
            let to = inside(&layer, event);
            begun.set(Some((from, to)));
            let long = (to.0 - from.0).abs().max((to.1 - from.1).abs()) >= LEAST;
            drawn.set(long.then_some((from, to)));
        }
    };
    let up = {
        let (begun, layer, drawn) = (begun.clone(), layer.clone(), drawn.clone());
        move |_: &Event| {
            let Some((from, to)) = begun.take() else { return };
            drawn.set(None);
            if (to.0 - from.0).abs().max((to.1 - from.1).abs()) < LEAST {
                return;
            }
            let names = names_in(&layer, (from, to));
            let text = if names.is_empty() { String::new() } else { format!("name={}", names.join("|")) };
            page.act(FrontAction::Filter(text.into()));
        }
    };
    let cancel = move |_: &Event| {
        begun.set(None);
        drawn.set(None);
    };
    let window = gloo::utils::window();
    [
        EventListener::new(layer, "pointerdown", down),
        EventListener::new(&window, "pointermove", moved),
        EventListener::new(&window, "pointerup", up),
        EventListener::new(&window, "pointercancel", cancel),
    ]
}

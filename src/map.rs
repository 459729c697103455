//! The far picture: all nodes at once, each pod a few pixels, and cards under the pointer.

mod camera;
pub mod engine;
mod inks;
mod layout;
mod listen;
mod numbers;
mod painter;
mod palette;
mod raster;

use std::cell::RefCell;
use std::rc::Rc;

use view::{NodeMark, NodeView, Place};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::anchor::place_id;
use super::compact::SmallNode;
use super::glyph::Icon;
use super::node::{Node, selected_pod};
use super::page::{Page, use_layout, use_page, use_selection, use_world};
use super::renders;
use super::same::Same;
use super::state::{LayoutAction, Selection, World};
use super::words::fill;
use engine::{Engine, Parts};

/// The one map of the page, shared with the frame loop.
#[derive(Clone, Default)]
pub struct Map(pub Rc<RefCell<Engine>>);

impl PartialEq for Map {
    fn eq(&self, other: &Map) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[component]
pub fn MapView() -> Html {
    renders::note("MapView", "");
    let page = use_page();
    let words = page.words();
    let nodes: [NodeRef; 7] = std::array::from_fn(|_| NodeRef::default());
    let refs = use_memo((), |()| nodes);
    let painter = use_state_eq(|| "none");
    {
        let (refs, page, painter) = (refs.clone(), page.clone(), painter.clone());
        use_effect_with((), move |()| {
            let listeners = parts(&refs).map(|parts| {
                let view = parts.view.clone();
                page.map.0.borrow_mut().mount(parts);
                painter.set(page.map.0.borrow().painter_name());
                listen::listen(&view, &page)
            });
            page.frame.wake();
            move || {
                drop(listeners);
                page.map.0.borrow_mut().unmount();
            }
        });
    }
    let count = use_world(|world| world.fleet.nodes.len());
    let said = fill(words.fleet.map_of, &[&super::words::grouped(count as u32)]);
    let [view, canvas, groups, cards, ring, tip, spoken] = &*refs;
    html! {
        <section class="map" data-region="map" data-painter={*painter} aria-label={said.clone()}>
            <span class="map-gate" data-anchor={place_id(&Place::Kubelets)}></span>
            <div
                class="map-view"
                ref={view.clone()}
                role="application"
                tabindex="0"
                data-map="true"
                aria-label={said.clone()}
                aria-describedby="map-keys"
            >
                <canvas class="map-canvas" ref={canvas.clone()} aria-hidden="true"></canvas>
                <div class="map-groups" ref={groups.clone()} aria-hidden="true"></div>
                <div class="map-cards" ref={cards.clone()}><CardList /></div>
                <div class="map-ring" ref={ring.clone()} hidden={true}></div>
                <div class="map-tip" ref={tip.clone()} hidden={true} aria-hidden="true"></div>
            </div>
            <p class="unseen" id="map-keys">{ words.fleet.map_keys }</p>
            <p class="unseen" role="status" ref={spoken.clone()} data-map-said="true"></p>
        </section>
    }
}

fn parts(refs: &[NodeRef; 7]) -> Option<Parts> {
    let [view, canvas, groups, cards, ring, tip, said] = refs;
    Some(Parts {
        view: view.cast()?,
        canvas: canvas.cast()?,
        groups: groups.cast()?,
        cards: cards.cast()?,
        ring: ring.cast()?,
        tip: tip.cast()?,
        said: said.cast()?,
    })
}

/// Cards hide until the engine has put them to their places.
const UNPLACED: &str = "visibility: hidden";

/// A node that is a card on the map.
#[derive(Clone, PartialEq)]
enum Card {
    Small(Same<NodeMark>),
    Full(Same<NodeView>),
}

/// The cards with their places among all nodes.
fn cards(world: &World) -> Vec<(usize, Card)> {
    let full = |name: &Rc<str>| world.board.nodes.iter().find(|node| node.name == *name);
    let card = |at: &usize| {
        let mark = world.fleet.nodes.get(*at)?;
        let near = full(&mark.name).filter(|_| world.cards.full);
        Some((*at, near.map_or_else(|| Card::Small(mark.into()), |node| Card::Full(node.into()))))
    };
    world.cards.nodes.iter().filter_map(card).collect()
}

#[component]
fn CardList() -> Html {
    renders::note("CardList", "");
    let page = use_page();
    let (cards, daemonset) = use_world(|world| (cards(world), world.daemonset.clone()));
    let selection = use_selection(Selection::clone);
    let system_pods = use_layout(|layout| layout.system_pods);
    use_effect(move || page.map.0.borrow().place_marks());
    let content = |card: &Card| match card {
        Card::Small(node) => html! {
            <SmallNode node={node.clone()} selected={selection.is_node(&node.name)} {system_pods} />
        },
        Card::Full(node) => html! {
            <Node
                node={node.clone()}
                selected={selection.is_node(&node.name)}
                selected_pod={selected_pod(node, &selection)}
                daemonset={daemonset.clone()}
                {system_pods}
            />
        },
    };
    html! {
        { for cards.iter().map(|(at, card)| html! {
            <div key={*at} class="map-card" data-at={at.to_string()} style={UNPLACED}>{ content(card) }</div>
        }) }
    }
}

const STEP: f64 = 1.6;

/// What the map is grouped by, and how near it is.
#[component]
pub fn MapTools() -> Html {
    let page = use_page();
    let words = page.words();
    let (chosen, labels) = use_world(|world| (world.label.clone(), world.labels.clone()));
    let choose = page.act.reform(|event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        LayoutAction::GroupBy(select.value().into()).into()
    });
    let zoom = |by: fn(&mut Engine)| {
        let page: Page = page.clone();
        Callback::from(move |_: MouseEvent| {
            by(&mut page.map.0.borrow_mut());
            page.frame.wake();
        })
    };
    let buttons: [(&str, &str, &str, Callback<MouseEvent>); 3] = [
        ("zoom-out", words.fleet.zoom_out, "i-minus", zoom(|engine| engine.camera.zoom(1.0 / STEP))),
        ("zoom-fit", words.fleet.zoom_fit, "i-fit", zoom(|engine| engine.camera.fit())),
        ("zoom-in", words.fleet.zoom_in, "i-plus", zoom(|engine| engine.camera.zoom(STEP))),
    ];
    html! {
        <div class="map-tools">
            if !labels.is_empty() {
                <label class="map-group">
                    <span class="unseen">{ words.fleet.group_by }</span>
                    <select data-control="group-by" title={words.fleet.group_by} onchange={choose}>
                        <option value="" selected={chosen.is_none()}>{ words.fleet.group_none }</option>
                        { for labels.iter().map(|label| html! {
                            <option key={&**label} value={label.clone()} selected={chosen.as_ref() == Some(label)} title={label.clone()}>{ label.rsplit('/').next().unwrap_or(label).to_owned() }</option>
                        }) }
                    </select>
                </label>
            }
            <span class="map-zoom" role="group" aria-label={words.fleet.distance}>
                { for buttons.into_iter().map(|(id, word, icon, click)| html! {
                    <button key={id} type="button" class="quiet square" data-control={id} aria-label={word} title={word} onclick={click}>
                        <Icon name={icon} />
                    </button>
                }) }
            </span>
        </div>
    }
}

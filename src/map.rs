//! The far picture: all nodes at once, each pod a few pixels, and cards under the pointer.

mod camera;
pub mod engine;
mod inks;
mod layout;
mod listen;
mod painter;
mod palette;
mod raster;

use std::cell::RefCell;
use std::rc::Rc;

use view::{Board, Fleet};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::compact::SmallNode;
use super::glyph::Icon;
use super::node::Node;
use super::page::use_page;
use super::same::Same;
use super::state::{Action, Selection};
use super::words::fill;
use engine::{Cards, Engine, Parts};

/// The one map of the page, shared with the frame loop.
#[derive(Clone, Default)]
pub struct Map(pub Rc<RefCell<Engine>>);

impl PartialEq for Map {
    fn eq(&self, other: &Map) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(PartialEq, Properties)]
pub struct MapProps {
    pub map: Map,
    pub fleet: Same<Fleet>,
    pub cards: Same<Cards>,
    /// The near nodes in full.
    pub board: Same<Board>,
    pub selection: Selection,
    pub daemonset: Option<Rc<str>>,
    pub system_pods: bool,
    /// Asks for a frame.
    pub wake: Callback<()>,
}

#[component]
pub fn MapView(props: &MapProps) -> Html {
    let page = use_page();
    let words = page.words();
    let nodes: [NodeRef; 7] = std::array::from_fn(|_| NodeRef::default());
    let refs = use_memo((), |()| nodes);
    {
        let (refs, map, wake, act) = (refs.clone(), props.map.clone(), props.wake.clone(), page.act.clone());
        use_effect_with((), move |()| {
            let listeners = parts(&refs).map(|parts| {
                let view = parts.view.clone();
                map.0.borrow_mut().mount(parts);
                listen::listen(&view, &map, &wake, &act)
            });
            wake.emit(());
            move || {
                drop(listeners);
                map.0.borrow_mut().unmount();
            }
        });
    }
    let said = use_memo(props.fleet.nodes.len(), |count| {
        fill(words.map_of, &[&super::words::grouped(*count as u32)])
    });
    let [view, canvas, groups, cards, ring, tip, spoken] = &*refs;
    html! {
        <section class="map" data-region="map" data-painter={props.map.0.borrow().painter_name()} aria-label={(*said).clone()}>
            <span class="map-gate" data-anchor="kubelets"></span>
            <div
                class="map-view"
                ref={view.clone()}
                role="application"
                tabindex="0"
                data-map="true"
                aria-label={(*said).clone()}
                aria-describedby="map-keys"
            >
                <canvas class="map-canvas" ref={canvas.clone()} aria-hidden="true"></canvas>
                <div class="map-groups" ref={groups.clone()} aria-hidden="true"></div>
                <div class="map-cards" ref={cards.clone()}>{ for card_list(props) }</div>
                <div class="map-ring" ref={ring.clone()} hidden={true}></div>
                <div class="map-tip" ref={tip.clone()} hidden={true} aria-hidden="true"></div>
            </div>
            <p class="unseen" id="map-keys">{ words.map_keys }</p>
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

fn card_list(props: &MapProps) -> Vec<Html> {
    let full = |at: usize, name: &Rc<str>| {
        let node = props.board.nodes.iter().find(|node| node.name == *name).filter(|_| props.cards.full)?;
        Some(html! {
            <div key={&**name} class="map-card" data-at={at.to_string()} style={UNPLACED}>
                <Node
                    node={Same::from(node)}
                    files={Rc::<Vec<_>>::default()}
                    selection={props.selection.clone()}
                    daemonset={props.daemonset.clone()}
                    system_pods={props.system_pods}
                />
            </div>
        })
    };
    let card = |at: &usize| {
        let node = props.fleet.nodes.get(*at)?;
        let small = || {
            html! {
                <div key={&*node.name} class="map-card" data-at={at.to_string()} style={UNPLACED}>
                    <SmallNode
                        node={Same::from(node)}
                        selected={props.selection.is_node(&node.name)}
                        system_pods={props.system_pods}
                    />
                </div>
            }
        };
        Some(full(*at, &node.name).unwrap_or_else(small))
    };
    props.cards.nodes.iter().filter_map(card).collect()
}

#[derive(PartialEq, Properties)]
pub struct ToolsProps {
    pub map: Map,
    /// The label that the nodes are grouped by, and those to choose from.
    pub label: Option<Rc<str>>,
    pub labels: Same<Vec<Rc<str>>>,
    pub wake: Callback<()>,
}

const STEP: f64 = 1.6;

/// What the map is grouped by, and how near it is.
#[component]
pub fn MapTools(props: &ToolsProps) -> Html {
    let page = use_page();
    let words = page.words();
    let choose = page.act.reform(|event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        Action::GroupBy(select.value().into())
    });
    let zoom = |by: fn(&mut Engine)| {
        let (map, wake) = (props.map.clone(), props.wake.clone());
        Callback::from(move |_: MouseEvent| {
            by(&mut map.0.borrow_mut());
            wake.emit(());
        })
    };
    let buttons: [(&str, &str, &str, Callback<MouseEvent>); 3] = [
        ("zoom-out", words.zoom_out, "i-minus", zoom(|engine| engine.camera.zoom(1.0 / STEP))),
        ("zoom-fit", words.zoom_fit, "i-fit", zoom(|engine| engine.camera.fit())),
        ("zoom-in", words.zoom_in, "i-plus", zoom(|engine| engine.camera.zoom(STEP))),
    ];
    html! {
        <div class="map-tools">
            if !props.labels.is_empty() {
                <label class="map-group">
                    <span class="unseen">{ words.group_by }</span>
                    <select data-control="group-by" title={words.group_by} onchange={choose}>
                        <option value="" selected={props.label.is_none()}>{ words.group_none }</option>
                        { for props.labels.iter().map(|label| html! {
                            <option key={&**label} value={label.clone()} selected={props.label.as_ref() == Some(label)} title={label.clone()}>{ label.rsplit('/').next().unwrap_or(label).to_owned() }</option>
                        }) }
                    </select>
                </label>
            }
            <span class="map-zoom" role="group" aria-label={words.distance}>
                { for buttons.into_iter().map(|(id, word, icon, click)| html! {
                    <button key={id} type="button" class="quiet square" data-control={id} aria-label={word} title={word} onclick={click}>
                        <Icon name={icon} />
                    </button>
                }) }
            </span>
        </div>
    }
}

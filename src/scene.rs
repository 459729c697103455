//! The stage: the control plane's parts above, what waits, the nodes with their pods below.

use std::rc::Rc;

use view::fleet::{LIGHTS, NodeLight, STATES};
use view::{ApiServerState, Board, DaemonSetView, FileView, Fleet, Origin, PartView, PodState};
use yew::prelude::*;

use super::compact::{SmallNode, light_icon};
use super::fleet_list::FleetList;
use super::glyph::{Icon, api_state, origin_icon, origin_word, part_state, part_word, state_icon};
use super::map::engine::{Cards, state_word};
use super::map::{Map, MapTools, MapView};
use super::node::Node;
use super::page::use_page;
use super::pod::{Pod, menu_at};
use super::same::Same;
use super::state::{Action, CARDS_MOST, Distance, FULL_CARDS, Selection};
use super::words::{fill, grouped};

#[derive(PartialEq, Properties)]
pub struct SceneProps {
    pub board: Same<Board>,
    /// Files of each node, in the order of the nodes; empty when there are too many to show.
    pub files: Vec<Rc<Vec<FileView>>>,
    pub selection: Selection,
    pub daemonset: Option<Rc<str>>,
    pub system_pods: bool,
    pub desk_open: bool,
    /// All nodes from afar.
    pub fleet: Same<Fleet>,
    pub map: Map,
    /// The nodes that are cards on the map.
    pub cards: Same<Cards>,
    pub distance: Distance,
    pub label: Option<Rc<str>>,
    pub labels: Same<Vec<Rc<str>>>,
    /// Asks for a frame.
    pub wake: Callback<()>,
}

#[component]
pub fn Scene(props: &SceneProps) -> Html {
    let page = use_page();
    let words = page.words();
    let board = &props.board;
    let count = props.fleet.nodes.len();
    let far = count > FULL_CARDS;
    let distance = props.distance.of(count);
    let fills = matches!(distance, Distance::Map | Distance::List);
    html! {
        <main class="scene" aria-label={words.stage} data-region="stage" tabindex="-1">
            <SceneBar
                board={props.board.clone()}
                daemonset={props.daemonset.clone()}
                system_pods={props.system_pods}
                desk_open={props.desk_open}
            />
            if far {
                <FleetBar
                    fleet={props.fleet.clone()}
                    {distance}
                    map={props.map.clone()}
                    label={props.label.clone()}
                    labels={props.labels.clone()}
                    wake={props.wake.clone()}
                />
            }
            <div class="scene-scroll">
                <div class={classes!("scene-inner", far.then_some("far"), fills.then_some("fills"))} data-layer="scene" data-distance={distance.text()} data-api={api_state(board.api_server).0}>
                    <svg class="wires" aria-hidden="true"><g data-layer="wires"></g></svg>
                    <ControlPlane board={props.board.clone()} selection={props.selection.clone()} />
                    <pre class="facts" data-layer="facts" aria-label={words.under_way}></pre>
                    <Tray board={props.board.clone()} selection={props.selection.clone()} />
                    { nodes(props, distance, far, words.nodes) }
                    <div class="flights" data-layer="flights" aria-hidden="true"></div>
                </div>
            </div>
        </main>
    }
}

/// The nodes, from the distance that fits.
fn nodes(props: &SceneProps, distance: Distance, far: bool, name: &'static str) -> Html {
    match distance {
        Distance::Map => html! {
            <MapView
                map={props.map.clone()}
                fleet={props.fleet.clone()}
                cards={props.cards.clone()}
                board={props.board.clone()}
                selection={props.selection.clone()}
                daemonset={props.daemonset.clone()}
                system_pods={props.system_pods}
                wake={props.wake.clone()}
            />
        },
        Distance::List => html! {
            <FleetList fleet={props.fleet.clone()} selection={props.selection.clone()} />
        },
        Distance::Cards | Distance::Auto if far => html! {
            <>
                <span class="map-gate" data-anchor="kubelets"></span>
                <ul class="nodes small" aria-label={name}>
                    { for props.fleet.nodes.iter().map(|node| html! {
                        <li key={&*node.name}>
                            <SmallNode
                                node={Same::from(node)}
                                selected={props.selection.is_node(&node.name)}
                                system_pods={props.system_pods}
                            />
                        </li>
                    }) }
                </ul>
            </>
        },
        Distance::Cards | Distance::Auto => html! {
            <ul class="nodes" aria-label={name}>
                { for props.board.nodes.iter().enumerate().map(|(at, node)| html! {
                    <Node
                        key={&*node.name}
                        node={Same::from(node)}
                        files={props.files.get(at).cloned().unwrap_or_default()}
                        selection={props.selection.clone()}
                        daemonset={props.daemonset.clone()}
                        system_pods={props.system_pods}
                    />
                }) }
            </ul>
        },
    }
}

#[derive(PartialEq, Properties)]
struct FleetBarProps {
    fleet: Same<Fleet>,
    distance: Distance,
    map: Map,
    label: Option<Rc<str>>,
    labels: Same<Vec<Rc<str>>>,
    wake: Callback<()>,
}

/// What there is in numbers, and from how far it is looked at.
#[component]
fn FleetBar(props: &FleetBarProps) -> Html {
    let page = use_page();
    let words = page.words();
    let counts = &props.fleet.counts;
    let choices = [
        (Distance::Cards, words.distance_cards),
        (Distance::Map, words.distance_map),
        (Distance::List, words.distance_list),
    ];
    let light = |light: NodeLight| {
        let count = counts.nodes[light as usize];
        html! {
            if count > 0 {
                <span class="tally" data-state={light.text()} data-light={light.text()}>
                    <Icon name={light_icon(light)} class="state" /><b>{ grouped(count) }</b>
                </span>
            }
        }
    };
    let state = |state: PodState| {
        let count = counts.of(state);
        html! {
            if count > 0 {
                <span class="tally" data-state={state.text()} data-count={count.to_string()}>
                    { state_icon(state) }<b>{ grouped(count) }</b><small>{ state_word(state) }</small>
                </span>
            }
        }
    };
    let many = props.fleet.nodes.len() > CARDS_MOST;
    html! {
        <div class="fleet-bar" data-region="fleet">
            <span class="tallies" aria-label={words.nodes} role="group">
                <span class="tally-title">{ words.nodes }</span>{ for LIGHTS.map(light) }
            </span>
            <span class="gap"></span>
            if props.distance == Distance::Map {
                <MapTools map={props.map.clone()} label={props.label.clone()} labels={props.labels.clone()} wake={props.wake.clone()} />
            }
            <span class="switch" role="group" aria-label={words.distance}>
                { for choices.into_iter().filter(|(distance, _)| !(many && *distance == Distance::Cards)).map(|(distance, word)| html! {
                    <button
                        key={distance.text()}
                        type="button"
                        data-control={format!("distance-{}", distance.text())}
                        aria-pressed={(props.distance == distance).to_string()}
                        onclick={page.on(Action::Distance(distance))}
                    >{ word }</button>
                }) }
            </span>
            <span class="tallies all-pods" aria-label={words.pods} role="group">
                <span class="tally-title">{ words.pods }</span>
                { for STATES.map(state) }
                if counts.differing > 0 {
                    <span class="tally" data-state="not-ready" data-differing={counts.differing.to_string()} title={words.differing}>
                        <Icon name="i-differs" class="state" /><b>{ grouped(counts.differing) }</b><small>{ words.differing }</small>
                    </span>
                }
            </span>
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct BarProps {
    board: Same<Board>,
    daemonset: Option<Rc<str>>,
    system_pods: bool,
    desk_open: bool,
}

/// Which DaemonSet is looked at, its numbers, and what the shapes mean.
#[component]
fn SceneBar(props: &BarProps) -> Html {
    let page = use_page();
    let words = page.words();
    let list = &props.board.daemonsets;
    let chosen = list.iter().find(|ds| Some(&ds.id) == props.daemonset.as_ref());
    let choose = page.act.reform(|event: Event| {
        let select: web_sys::HtmlSelectElement = event.target_unchecked_into();
        Action::WatchDaemonSet(select.value().into())
    });
    let toggle = page.act.reform({
        let shown = props.system_pods;
        move |_: Event| Action::SystemPods(!shown)
    });
    html! {
        <div class="scene-bar">
            if !props.desk_open {
                <button type="button" class="plain-button small" data-control="open-desk" onclick={page.on(Action::ToggleDesk)}>{ words.show_desk }</button>
            }
            <label class="ds-pick">
                <span>{ "DaemonSet" }</span>
                <select data-control="daemonset" onchange={choose} disabled={list.is_empty()}>
                    if list.is_empty() {
                        <option>{ words.none }</option>
                    }
                    { for list.iter().map(|ds| html! {
                        <option key={&*ds.id} value={ds.id.clone()} selected={Some(&ds.id) == props.daemonset.as_ref()}>
                            { if &*ds.namespace == "default" { &*ds.name } else { &*ds.id } }
                        </option>
                    }) }
                </select>
            </label>
            if let Some(ds) = chosen {
                <Numbers ds={Same::from(ds)} />
            }
            <span class="gap"></span>
            <span class="legend" aria-label={words.legend} role="group">
                { for [Origin::DaemonSet, Origin::Static, Origin::Api].map(|origin| html! {
                    <span class="legend-item" data-origin={origin.text()}>
                        { origin_icon(origin) }{ origin_word(words, origin) }
                    </span>
                }) }
            </span>
            <label class="check">
                <input type="checkbox" data-control="system-pods" checked={props.system_pods} onchange={toggle} />
                { "kube-system" }
            </label>
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct NumbersProps {
    ds: Same<DaemonSetView>,
}

/// The columns of `kubectl get ds`, in its words.
#[component]
fn Numbers(props: &NumbersProps) -> Html {
    let page = use_page();
    let ds = &props.ds;
    let numbers = [
        ("DESIRED", "desired", ds.desired),
        ("CURRENT", "current", ds.current),
        ("READY", "ready", ds.ready),
        ("UP-TO-DATE", "up-to-date", ds.up_to_date),
        ("AVAILABLE", "available", ds.available),
    ];
    let all = ds.ready >= ds.desired && ds.up_to_date >= ds.desired;
    html! {
        <button
            type="button"
            class={classes!("numbers", all.then_some("all"))}
            data-daemonset={ds.id.clone()}
            aria-haspopup="menu"
            onclick={menu_at(&page, Selection::DaemonSet(ds.id.clone()))}
        >
            { for numbers.map(|(title, name, value)| html! {
                <span class="number"><small>{ title }</small>{ " " }<b data-value={name}>{ value }</b></span>
            }) }
        </button>
    }
}

#[derive(PartialEq, Properties)]
struct PlaneProps {
    board: Same<Board>,
    selection: Selection,
}

#[component]
fn ControlPlane(props: &PlaneProps) -> Html {
    let page = use_page();
    let words = page.words();
    html! {
        <section class="plane" aria-label={words.control_plane}>
            <div class="part user" data-part="kubectl" data-anchor="user">
                <Icon name="i-kubectl" />
                <span class="part-name">{ "kubectl" }</span>
                <span class="part-note">{ words.you }</span>
            </div>
            { for props.board.parts.iter().map(|part| html! {
                <Part
                    key={&*part.name}
                    part={Same::from(part)}
                    api={props.board.api_server}
                    selected={props.selection.is_part(&part.name)}
                />
            }) }
        </section>
    }
}

#[derive(PartialEq, Properties)]
struct PartProps {
    part: Same<PartView>,
    api: ApiServerState,
    selected: bool,
}

#[component]
fn Part(props: &PartProps) -> Html {
    let page = use_page();
    let words = page.words();
    let part = &props.part;
    let (state, glyph) = part_state(part.state);
    let stopping = &*part.name == "kube-apiserver" && props.api == ApiServerState::Stopping;
    let (state, glyph, word) = match stopping {
        true => ("terminating", "s-terminating", words.api_stopping),
        false => (state, glyph, part_word(words, part.state)),
    };
    let target = Selection::Part(part.name.clone());
    let short = part.name.strip_prefix("kube-").unwrap_or(&part.name);
    html! {
        <button
            type="button"
            class="part"
            data-part={part.name.clone()}
            data-state={state}
            data-anchor={format!("part:{}", part.name)}
            aria-label={format!("{}, {word}", part.name)}
            aria-haspopup="menu"
            aria-pressed={if props.selected { "true" } else { "false" }}
            onclick={menu_at(&page, target.clone())}
            oncontextmenu={menu_at(&page, target)}
        >
            <Icon name={format!("i-{}", part.name)} />
            <span class="part-name"><span class="part-prefix">{ &part.name[..part.name.len() - short.len()] }</span>{ short }</span>
            <span class="part-state"><Icon name={glyph} class="state" />{ word }</span>
            if part.restarts > 0 {
                <span class="pod-restarts" title={words.restarts}>{ format!("↻{}", part.restarts) }</span>
            }
            if !part.note.is_empty() {
                <span key={&*part.note} class="part-note news">{ &*part.note }</span>
            }
        </button>
    }
}

/// Pods that wait and are meant for no particular node.
#[component]
fn Tray(props: &PlaneProps) -> Html {
    let page = use_page();
    let words = page.words();
    let pending = &props.board.pending;
    if pending.is_empty() {
        return Html::default();
    }
    html! {
        <section class="tray" aria-label={words.pending_tray} data-region="pending">
            <h3>{ "Pending" }<small>{ fill(words.waits_for_any_node, &[&props.board.pending_count.to_string()]) }</small></h3>
            <ul>
                { for pending.iter().map(|pod| html! {
                    <li key={&*pod.uid}>
                        <Pod pod={Same::from(pod)} selected={props.selection.is_pod(&pod.id)} />
                        if let Some(reason) = &pod.reason {
                            <q class="reason">{ &**reason }</q>
                        }
                    </li>
                }) }
            </ul>
        </section>
    }
}

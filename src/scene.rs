//! The stage: the control plane's parts above, what waits, the nodes with their pods below.

use std::rc::Rc;

use view::filter::Filter;
use view::fleet::{LIGHTS, NodeLight, STATES};
use view::{ApiServerState, DaemonSetView, NodeView, Origin, PartView, Place, PodState, PodView};
use yew::prelude::*;

use super::anchor::{place_id, place_of_part};
use super::compact::{SmallNode, light_icon};
use super::filter::{BoxSelect, FilterBox};
use super::glyph::{Icon, api_state, origin_icon, origin_word, part_state, part_word, state_icon};
use super::later::Panel;
use super::map::MapTools;
use super::map::engine::state_word;
use super::node::{Node, belongs_to, ghosts, pod_key, selected_pod};
use super::page::{use_front, use_layout, use_measure, use_page, use_selection, use_world};
use super::panel_slot::PanelSlot;
use super::pod::{Pod, menu_at};
use super::renders;
use super::same::Same;
use super::state::{CARDS_MOST, Distance, FULL_CARDS, LayoutAction, Selection};
use super::trail::Trail;
use super::travel;
use super::why::{self, Line};
use super::words::{fill, grouped};

#[component]
pub fn Scene() -> Html {
    renders::note("Scene", "");
    let page = use_page();
    let words = page.words();
    let (count, api) = use_world(|world| (world.fleet.nodes.len(), world.board.api_server));
    let chosen = use_layout(|layout| layout.distance);
    let far = count > FULL_CARDS;
    let distance = chosen.of(count);
    let fills = matches!(distance, Distance::Map | Distance::List);
    let nodes = match distance {
        Distance::Map => html! { <PanelSlot panel={Panel::Map} /> },
        Distance::List => html! { <PanelSlot panel={Panel::FleetList} /> },
        Distance::Cards | Distance::Auto if far => html! { <SmallNodes /> },
        Distance::Cards | Distance::Auto => html! { <Nodes /> },
    };
    html! {
        <main class="scene" aria-label={words.scene.stage} data-region="stage" tabindex="-1">
            <SceneBar />
            if far {
                <FleetBar {distance} />
            }
            <div class="scene-scroll">
                <div class={classes!("scene-inner", far.then_some("far"), fills.then_some("fills"))} data-layer="scene" data-distance={distance.text()} data-api={api_state(api).0}>
                    <svg class="wires" aria-hidden="true"><g data-layer="wires"></g></svg>
                    <ControlPlane />
                    <pre class="facts" data-layer="facts" aria-label={words.scene.under_way}></pre>
                    <Tray />
                    { nodes }
                    <BoxSelect />
                    <Trail />
                    <div class="flights" data-layer="flights" aria-hidden="true"></div>
                </div>
            </div>
        </main>
    }
}

/// Few nodes: each a full card.
#[component]
fn Nodes() -> Html {
    renders::note("Nodes", "");
    use_measure();
    let page = use_page();
    let words = page.words();
    let selection = use_selection(Selection::clone);
    let explains = match &selection {
        Selection::DaemonSet(id) => Some(id.clone()),
        _ => None,
    };
    let foreseen = use_world(|world| world.foreseen.clone());
    let filter = use_front(|front| front.filter.clone());
    let (nodes, daemonset) = use_world(move |world| {
        // The control plane is drawn above: its node comes last.
        let is_plane = |node: &&Rc<NodeView>| node.is_control_plane();
        let (plane, workers): (Vec<_>, Vec<_>) = world.board.nodes.iter().partition(is_plane);
        // Of a pod that runs there is something to say only to those who ask.
        let asked = |line: &Line| explains == world.daemonset || line.says_what_is_wrong();
        let with_line = |node: &Rc<NodeView>| {
            let line = world.daemonset.as_ref().and_then(|id| why::line(&page, &world.board, node, id));
            // What the pod's chip says is not said again beside it.
            let is_news = |line: &Line| {
                let of_set = |pod: &&Rc<PodView>| belongs_to(pod, world.daemonset.as_ref());
                !node.pods.iter().filter(of_set).any(|pod| pod.status == line.text)
            };
            (Same::from(node), line.filter(|line| asked(line) && is_news(line)))
        };
        let nodes: Vec<(Same<NodeView>, Option<Line>)> =
            workers.into_iter().chain(plane).map(with_line).collect();
        (nodes, world.daemonset.clone())
    });
    let system_pods = use_layout(|layout| layout.system_pods);
    html! {
        <ul class="nodes" aria-label={words.scene.nodes}>
            { for nodes.iter().map(|(node, line)| html! {
                <Node
                    key={&*node.name}
                    node={node.clone()}
                    selected={selection.is_node(&node.name)}
                    selected_pod={selected_pod(node, &selection)}
                    daemonset={daemonset.clone()}
                    line={line.clone()}
                    filter={filter.clone()}
                    foreseen={ghosts(&foreseen, &node.name)}
                    {system_pods}
                />
            }) }
        </ul>
    }
}

/// More nodes: each a small card.
#[component]
fn SmallNodes() -> Html {
    renders::note("SmallNodes", "");
    let words = use_page().words();
    let (fleet, filtered) = use_world(|world| (world.fleet.clone(), world.filtered.clone()));
    let is_dim = |at: usize| (*filtered).as_ref().is_some_and(|filtered| filtered.is_dim(at));
    let selection = use_selection(Selection::clone);
    let system_pods = use_layout(|layout| layout.system_pods);
    html! {
        <>
            <span class="map-gate" data-anchor={place_id(&Place::Kubelets)}></span>
            <ul class="nodes small" aria-label={words.scene.nodes}>
                { for fleet.nodes.iter().enumerate().map(|(at, node)| html! {
                    <li key={&*node.name}>
                        <SmallNode node={Same::from(node)} selected={selection.is_node(&node.name)} {system_pods} dim={is_dim(at)} />
                    </li>
                }) }
            </ul>
        </>
    }
}

#[derive(PartialEq, Properties)]
struct FleetBarProps {
    distance: Distance,
}

/// What there is in numbers, and from how far it is looked at.
#[component]
fn FleetBar(props: &FleetBarProps) -> Html {
    let page = use_page();
    let words = page.words();
    let (total, counts) = use_world(|world| (world.fleet.nodes.len(), world.fleet.counts.clone()));
    let choices = [
        (Distance::Cards, words.fleet.distance_cards),
        (Distance::Map, words.fleet.distance_map),
        (Distance::List, words.fleet.distance_list),
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
    let many = total > CARDS_MOST;
    html! {
        <div class="fleet-bar" data-region="fleet">
            <Band />
            <span class="tallies" aria-label={words.scene.nodes} role="group">
                <span class="tally-title">{ words.scene.nodes }</span>{ for LIGHTS.map(light) }
            </span>
            <span class="gap"></span>
            if props.distance == Distance::Map {
                <MapTools />
            }
            <span class="switch" role="group" aria-label={words.fleet.distance}>
                { for choices.into_iter().filter(|(distance, _)| !(many && *distance == Distance::Cards)).map(|(distance, word)| html! {
                    <button
                        key={distance.text()}
                        type="button"
                        data-control={format!("distance-{}", distance.text())}
                        aria-pressed={(props.distance == distance).to_string()}
                        onclick={page.on(LayoutAction::Distance(distance))}
                    >{ word }</button>
                }) }
            </span>
            <span class="tallies all-pods" aria-label={words.fleet.pods} role="group">
                <span class="tally-title">{ words.fleet.pods }</span>
                { for STATES.map(state) }
                if counts.differing > 0 {
                    <span class="tally" data-state="not-ready" data-differing={counts.differing.to_string()} title={words.fleet.differing}>
                        <Icon name="i-differs" class="state" /><b>{ grouped(counts.differing) }</b><small>{ words.fleet.differing_short }</small>
                    </span>
                }
            </span>
        </div>
    }
}

/// What the bands on the map are, while pods of the DaemonSet that is looked at come or are replaced.
#[component]
fn Band() -> Html {
    let words = use_page().words();
    let ds = use_world(|world| {
        let ds = world.board.daemonsets.iter().find(|ds| Some(&ds.id) == world.daemonset.as_ref())?;
        Some((ds.desired, ds.current, ds.up_to_date, ds.max_unavailable))
    });
    let (name, text) = match ds {
        Some((desired, current, ..)) if current < desired => {
            ("create", fill(words.fleet.band_create, &[&grouped(current), &grouped(desired)]))
        }
        Some((desired, _, updated, Some(most))) if updated < desired => {
            ("update", fill(words.fleet.band_update, &[&grouped(most), &grouped(updated), &grouped(desired)]))
        }
        _ => return Html::default(),
    };
    html! { <p class="band" data-band={name}>{ text }</p> }
}

/// Which DaemonSet is looked at, its numbers, and what the shapes mean.
#[component]
fn SceneBar() -> Html {
    renders::note("SceneBar", "");
    let page = use_page();
    let words = page.words();
    // Those to choose from with their names, and the chosen one.
    let (list, chosen) = use_world(|world| {
        let list: Vec<(Rc<str>, Rc<str>)> =
            world.board.daemonsets.iter().map(|ds| (ds.id.clone(), short_id(ds))).collect();
        let chosen = world.board.daemonsets.iter().find(|ds| Some(&ds.id) == world.daemonset.as_ref());
        (list, chosen.map(Same::from))
    });
    let (system_pods, desk_open) = use_layout(|layout| (layout.system_pods, layout.desk_open));
    let chosen_id = chosen.as_ref().map(|ds| ds.id.clone());
    let choose = page.act.reform(|event: Event| {
        let select: web_sys::HtmlSelectElement = event.target_unchecked_into();
        LayoutAction::WatchDaemonSet(select.value().into()).into()
    });
    let toggle = page.on::<Event>(LayoutAction::SystemPods(!system_pods));
    html! {
        <div class="scene-bar">
            if !desk_open {
                <button type="button" class="plain-button small" data-control="open-desk" onclick={page.on(LayoutAction::ToggleDesk)}>{ words.desk.show_desk }</button>
            }
            <label class="ds-pick">
                <span>{ "DaemonSet" }</span>
                <select data-control="daemonset" aria-label="DaemonSet" onchange={choose} disabled={list.is_empty()}>
                    if chosen_id.is_none() {
                        <option value="" selected={true}>{ words.scene.none }</option>
                    }
                    { for list.iter().map(|(id, name)| html! {
                        <option key={&**id} value={id.clone()} selected={Some(id) == chosen_id.as_ref()}>{ &**name }</option>
                    }) }
                </select>
            </label>
            if let Some(ds) = chosen {
                <Numbers {ds} />
            }
            <span class="gap"></span>
            <FilterBox />
            <span class="legend" aria-label={words.scene.legend} role="group">
                { for [Origin::DaemonSet, Origin::Static, Origin::Api].map(|origin| html! {
                    <span class="legend-item" data-origin={origin.text()}>
                        { origin_icon(origin) }{ origin_word(words, origin) }
                    </span>
                }) }
            </span>
            <label class="check">
                <input type="checkbox" data-control="system-pods" checked={system_pods} onchange={toggle} />
                { "kube-system" }
            </label>
        </div>
    }
}

/// How a DaemonSet is called in a list: with its namespace, unless that is the usual one.
fn short_id(ds: &DaemonSetView) -> Rc<str> {
    if &*ds.namespace == "default" { ds.name.clone() } else { ds.id.clone() }
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
    let all = ds.ready >= ds.desired;
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

#[component]
fn ControlPlane() -> Html {
    use_measure();
    let words = use_page().words();
    let (parts, api) = use_world(|world| {
        let parts: Vec<Same<PartView>> = world.board.parts.iter().map(Same::from).collect();
        (parts, world.board.api_server)
    });
    let selection = use_selection(Selection::clone);
    html! {
        <section class="plane" aria-label={words.scene.control_plane}>
            <div class="part user" data-part="kubectl" data-anchor={place_id(&Place::User)}>
                <Icon name="i-kubectl" />
                <span class="part-name">{ "kubectl" }</span>
                <span class="part-note">{ words.scene.you }</span>
            </div>
            { for parts.iter().map(|part| html! {
                <Part
                    key={&*part.name}
                    part={part.clone()}
                    {api}
                    selected={selection.is_part(&part.name)}
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
    renders::note("Part", &props.part.name);
    let page = use_page();
    let words = page.words();
    let part = &props.part;
    let (state, glyph) = part_state(part.state);
    let stopping = &*part.name == "kube-apiserver" && props.api == ApiServerState::Stopping;
    let (state, glyph, word) = match stopping {
        true => ("terminating", "s-terminating", words.bar.api_stopping),
        false => (state, glyph, part_word(words, part.state)),
    };
    let target = Selection::Part(part.name.clone());
    let (prefix, short) = match part.name.strip_prefix("kube-") {
        Some(short) => ("kube-", short),
        None => ("", &*part.name),
    };
    html! {
        <button
            type="button"
            tabindex="-1"
            class="part"
            data-part={part.name.clone()}
            data-state={state}
            data-anchor={place_of_part(&part.name).map(|place| place_id(&place))}
            aria-haspopup="menu"
            aria-pressed={if props.selected { "true" } else { "false" }}
            onclick={menu_at(&page, target.clone())}
            oncontextmenu={menu_at(&page, target)}
        >
            <Icon name={format!("i-{}", part.name)} />
            <span class="part-name"><span class="part-prefix">{ prefix }</span>{ short }</span>
            <span class="part-state"><Icon name={glyph} class="state" /><span class="part-word">{ word }</span></span>
            if part.restarts > 0 {
                <span class="pod-restarts" title={words.scene.restarts}>{ format!("↻{}", part.restarts) }</span>
            }
            if !part.note.is_empty() {
                <span key={&*part.note} class="part-note news">{ &*part.note }</span>
            }
        </button>
    }
}

/// Pods that wait and are meant for no particular node.
#[component]
fn Tray() -> Html {
    use_measure();
    let words = use_page().words();
    let (pending, count) = use_world(|world| {
        let pending: Vec<Same<PodView>> = world.board.pending.iter().map(Same::from).collect();
        (pending, world.board.pending_count)
    });
    let selection = use_selection(Selection::clone);
    travel::use_travel();
    let filter = use_front(|front| front.filter.clone());
    let filter = Filter::parse(&filter);
    if pending.is_empty() {
        return Html::default();
    }
    html! {
        <section class="tray" aria-label={words.scene.pending_tray} data-region="pending">
            <h3>{ "Pending" }<small>{ fill(words.scene.waits_for_any_node, &[&count.to_string()]) }</small></h3>
            <ul>
                { for pending.iter().map(|pod| html! {
                    <li key={&*pod_key(pod)}>
                        <Pod pod={pod.clone()} selected={selection.is_pod(&pod.id)} dim={!filter.is_empty() && !filter.matches(pod)} />
                        if let Some(reason) = &pod.reason {
                            <q class="reason">{ &**reason }</q>
                        }
                    </li>
                }) }
            </ul>
        </section>
    }
}

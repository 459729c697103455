//! A pod as a chip: its outline says where it came from, glyph, colour and word say its state.

use sim::Time;
use view::{ContainerView, Difference, OnNode, Origin, Place, PodState, PodView, StartStep};
use wasm_bindgen::JsCast;
use web_sys::{Element, MouseEvent};
use yew::prelude::*;

use super::anchor::place_id;
use super::glyph::{origin_icon, origin_word, state_icon};
use super::page::{Page, use_page};
use super::renders;
use super::same::Same;
use super::state::{FrontAction, MenuTarget, OpenMenu, Selection};
use super::words::Words;

#[derive(PartialEq, Properties)]
pub struct PodProps {
    pub pod: Same<PodView>,
    pub selected: bool,
    /// Belongs to the DaemonSet that is looked at.
    #[prop_or_default]
    pub marked: bool,
    /// On the shelf: its short name, and its state only if there is something to say.
    #[prop_or_default]
    pub compact: bool,
    /// Not among those that a person has asked for.
    #[prop_or_default]
    pub dim: bool,
    /// What would become of it if the text that is being edited took effect.
    #[prop_or_default]
    pub foreseen: Option<&'static str>,
}

/// The sign and the words of a change that is foreseen.
fn foreseen_mark(words: &Words, change: &str) -> (&'static str, &'static str) {
    match change {
        "vanishes" => ("−1", words.scene.would_go),
        _ => ("↻", words.scene.would_restart),
    }
}

/// Opens the menu for `target` below the element that was clicked, so that what it is about stays in sight.
pub fn menu_at(page: &Page, target: Selection) -> Callback<MouseEvent> {
    menu_for(page, MenuTarget::Object(target))
}

/// The same for whatever has a menu.
pub fn menu_for(page: &Page, target: MenuTarget) -> Callback<MouseEvent> {
    page.act.reform(move |event: MouseEvent| {
        event.prevent_default();
        let (x, y, above) = place_of(&event);
        FrontAction::OpenMenu(OpenMenu { target: target.clone(), x, y, above }).into()
    })
}

/// Below the button that an event is for, and above it: left, top, and where what stands above ends.
pub fn place_of(event: &MouseEvent) -> (i32, i32, i32) {
    // Yew listens at the page's root: the button is looked for from what was hit.
    let hit = event.target().and_then(|hit| hit.dyn_into::<Element>().ok());
    let element = hit.and_then(|hit| hit.closest("button").ok().flatten());
    match element.map(|element| element.get_bounding_client_rect()) {
        Some(rect) => (rect.left() as i32, rect.bottom() as i32 + MENU_GAP, rect.top() as i32 - MENU_GAP),
        None => (event.client_x(), event.client_y(), event.client_y()),
    }
}

/// Pixels between a chip and its menu.
const MENU_GAP: i32 = 5;

/// What differs between the two truths, in words.
pub fn difference_text(words: &Words, pod: &PodView) -> Option<(String, String)> {
    let kind = pod.difference?;
    let api = pod.api_status.as_deref().unwrap_or(words.scene.not_listed);
    let node = pod.node_status.map(OnNode::text).unwrap_or(words.scene.nothing_runs);
    Some(match kind {
        Difference::OnlyOnNode => (words.scene.not_listed.to_owned(), node.to_owned()),
        Difference::OnlyInApi => (api.to_owned(), words.scene.nothing_runs.to_owned()),
        Difference::StatusDiffers => (api.to_owned(), node.to_owned()),
    })
}

/// The chip's word: what is true on the node, where it and the API server disagree; while it is being started,
/// what that waits for.
pub fn status_word<'a>(words: &'static Words, pod: &'a PodView) -> &'a str {
    match pod.difference {
        None if pod.state == PodState::ContainerCreating && pod.step.is_some() => match pod.step {
            Some(StartStep::Volumes) => words.details.step_volumes,
            Some(StartStep::Sandbox) => words.details.step_sandbox,
            Some(StartStep::Image) => words.details.step_image,
            _ => words.details.step_container,
        },
        None => &pod.status,
        Some(Difference::OnlyInApi) => words.scene.nothing_runs,
        Some(_) => pod.node_status.map(OnNode::text).unwrap_or(&pod.status),
    }
}

pub fn difference_word(kind: Difference) -> &'static str {
    match kind {
        Difference::OnlyOnNode => "only-on-node",
        Difference::OnlyInApi => "only-in-api",
        Difference::StatusDiffers => "status-differs",
    }
}

/// What those who hear the chip are told behind what is written on it.
fn spoken(words: &'static Words, pod: &PodView, compact: bool) -> String {
    let state = format!("{} {}", status_word(words, pod), pod.ready);
    let mut parts = if compact { vec![pod.name.to_string()] } else { Vec::new() };
    parts.extend([state, origin_word(words, pod.origin).to_owned()]);
    if pod.restarts > 0 {
        parts.push(format!("{} {}", words.scene.restarts, pod.restarts));
    }
    if pod.ghost {
        parts.push(words.scene.waits_for_node.to_owned());
    }
    if let Some((api, node)) = difference_text(words, pod) {
        parts.push(format!("{}: {api}; {}: {node}", words.scene.truth_api, words.scene.truth_node));
    }
    parts.join(", ")
}

/// What a pod of the system is called in short: `kube-apiserver-control-plane` is `apiserver`, `kube-proxy-x7k2p`
/// is `proxy`, `coredns-589f44dc88-ms9hx` is `coredns`.
fn short_name(pod: &PodView) -> &str {
    let name = pod.name.strip_prefix("kube-").unwrap_or(&pod.name);
    let end = match (pod.origin, &pod.node) {
        (Origin::Static, Some(node)) => name.strip_suffix(&**node).and_then(|name| name.strip_suffix('-')),
        (Origin::DaemonSet, _) => name.rsplit_once('-').map(|(name, _)| name),
        (Origin::Api, _) if pod.controlled_by.as_ref().is_some_and(|by| *by.kind == *"ReplicaSet") => {
            name.rsplit_once('-').and_then(|(set, _)| set.rsplit_once('-')).map(|(name, _)| name)
        }
        _ => None,
    };
    end.unwrap_or(name)
}

/// What runs down: the back-off of a container that is to be started again, or the time that a pod has to end.
fn countdown(words: &'static Words, pod: &PodView) -> Option<(Time, Time, &'static str)> {
    let back_off = |container: &ContainerView| Some((container.since?, container.restarts_at?));
    let next = pod.containers.iter().filter_map(back_off).min_by_key(|(_, until)| *until);
    let next = next.map(|(from, until)| (from, until, words.details.next_start_in));
    let ends = || pod.grace.map(|(from, until)| (from, until, words.details.killed_in));
    next.or_else(ends)
}

/// The step that a start is at, as the value of `data-step`.
fn step_text(step: StartStep) -> &'static str {
    match step {
        StartStep::Volumes => "volumes",
        StartStep::Sandbox => "sandbox",
        StartStep::Image => "image",
        StartStep::Container => "container",
    }
}

#[component]
pub fn Pod(props: &PodProps) -> Html {
    renders::note("Pod", &props.pod.name);
    let page = use_page();
    let words = page.words();
    let pod = &props.pod;
    let target = Selection::Pod(pod.id.clone());
    let difference = difference_text(words, pod);
    let anchor = pod.node.as_ref().map(|node| place_id(&Place::Pod(node.clone(), pod.id.clone())));
    let class = classes!(
        "pod",
        props.compact.then_some("compact"),
        pod.ghost.then_some("ghost"),
        props.marked.then_some("marked"),
    );
    let foreseen = props.foreseen.map(|change| foreseen_mark(words, change));
    let title = if props.compact { Some(pod.name.clone()) } else { pod.reason.clone() };
    html! {
        <button
            type="button"
            tabindex="-1"
            {class}
            data-pod={pod.id.clone()}
            data-node={pod.node.clone()}
            data-state={pod.state.text()}
            data-origin={pod.origin.text()}
            data-status={pod.status.clone()}
            data-ghost={pod.ghost.then_some("true")}
            data-step={pod.step.map(step_text)}
            data-mirror={pod.is_mirror.then_some("true")}
            data-difference={pod.difference.map(difference_word)}
            data-api-status={pod.api_status.clone()}
            data-node-status={pod.node_status.map(OnNode::text)}
            data-anchor={anchor}
            data-dim={props.dim.then_some("true")}
            data-foreseen={props.foreseen}
            aria-haspopup="menu"
            aria-pressed={if props.selected { "true" } else { "false" }}
            {title}
            onclick={menu_at(&page, target.clone())}
            oncontextmenu={menu_at(&page, target)}
        >
            { origin_icon(pod.origin) }
            <span class="pod-name">{ if props.compact { short_name(pod) } else { &pod.name } }</span>
            // Between two words, for those who hear them; the chip's own gaps are its style's.
            { " " }
            if pod.restarts > 0 {
                <span class="pod-restarts" title={words.scene.restarts}>{ format!("↻{}", pod.restarts) }</span>
            }
            if let Some((mark, word)) = foreseen {
                <b class="pod-foreseen" title={word}>{ mark }</b>
            }
            <span class="pod-state">
                { state_icon(pod.state) }
                <span class="pod-word" aria-hidden="true">{ status_word(words, pod) }</span>
            </span>
            if let Some((from, until, word)) = countdown(words, pod) {
                <span class="countdown" title={word}>
                    <i class="ring" aria-hidden="true" data-ring={from.0.to_string()} data-ends={until.0.to_string()}></i>
                    <b data-until={until.0.to_string()}></b>{ "s" }
                </span>
            }
            if let Some((api, _)) = difference {
                <span class="pod-truths">{ "≠ " }<span class="truth-of">{ words.scene.truth_api_short }{ ": " }</span><b>{ api }</b></span>
            }
            <span class="unseen">{ ", " }{ spoken(words, pod, props.compact) }
                if let Some((_, word)) = foreseen {
                    { ", " }{ word }
                }
            </span>
        </button>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stage::{Options, Stage};

    #[test]
    fn pods_of_the_system_have_short_names() {
        let board = Stage::new(Options::default()).board();
        let mut names: Vec<&str> = board.nodes[0].pods.iter().map(|pod| short_name(pod)).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["apiserver", "controller-manager", "coredns", "coredns", "etcd", "proxy", "scheduler"]
        );
    }
}

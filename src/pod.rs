//! A pod as a chip: its outline says where it came from, glyph, colour and word say its state.

use view::{Difference, PodView};
use web_sys::{HtmlElement, MouseEvent};
use yew::prelude::*;

use super::glyph::{Icon, origin_icon, origin_word, state_icon};
use super::page::{Page, use_page};
use super::renders;
use super::same::Same;
use super::state::{Action, OpenMenu, Selection};
use super::words::Words;

#[derive(PartialEq, Properties)]
pub struct PodProps {
    pub pod: Same<PodView>,
    pub selected: bool,
    /// Belongs to the DaemonSet that is looked at.
    #[prop_or_default]
    pub marked: bool,
}

/// Opens the menu for `target` under the element that was clicked.
pub fn menu_at(page: &Page, target: Selection) -> Callback<MouseEvent> {
    page.act.reform(move |event: MouseEvent| {
        event.prevent_default();
        let by_key = event.client_x() == 0 && event.client_y() == 0;
        let (mut x, mut y) = (event.client_x(), event.client_y());
        if let Some(element) =
            event.current_target().and_then(|at| wasm_bindgen::JsCast::dyn_into::<HtmlElement>(at).ok())
            && by_key
        {
            let rect = element.get_bounding_client_rect();
            (x, y) = (rect.left() as i32 + 24, rect.bottom() as i32);
        }
        Action::Menu(OpenMenu { target: target.clone(), x, y })
    })
}

/// What differs between the two truths, in words.
pub fn difference_text(words: &Words, pod: &PodView) -> Option<(String, String)> {
    let kind = pod.difference?;
    let api = pod.api_status.as_deref().unwrap_or(words.not_listed);
    let node = pod.node_status.as_deref().unwrap_or(words.nothing_runs);
    Some(match kind {
        Difference::OnlyOnNode => (words.not_listed.to_owned(), node.to_owned()),
        Difference::OnlyInApi => (api.to_owned(), words.nothing_runs.to_owned()),
        Difference::StatusDiffers => (api.to_owned(), node.to_owned()),
    })
}

/// The chip's word: what is true on the node, where it and the API server disagree.
fn status_word<'a>(words: &'static Words, pod: &'a PodView) -> &'a str {
    match pod.difference {
        None => &pod.status,
        Some(Difference::OnlyInApi) => words.nothing_runs,
        Some(_) => pod.node_status.as_deref().unwrap_or(&pod.status),
    }
}

pub fn difference_word(kind: Difference) -> &'static str {
    match kind {
        Difference::OnlyOnNode => "only-on-node",
        Difference::OnlyInApi => "only-in-api",
        Difference::StatusDiffers => "status-differs",
    }
}

/// The chip's name for those who hear it.
fn spoken(words: &'static Words, pod: &PodView) -> String {
    let mut parts = vec![
        format!("{} {}", words.pod, pod.name),
        origin_word(words, pod.origin).to_owned(),
        format!("{} {}", status_word(words, pod), pod.ready),
    ];
    if pod.restarts > 0 {
        parts.push(format!("{} {}", words.restarts, pod.restarts));
    }
    if pod.ghost {
        parts.push(words.waits_for_node.to_owned());
    }
    if let Some((api, node)) = difference_text(words, pod) {
        parts.push(format!("{}: {api}; {}: {node}", words.truth_api, words.truth_node));
    }
    parts.join(", ")
}

#[component]
pub fn Pod(props: &PodProps) -> Html {
    renders::note("Pod", &props.pod.name);
    let page = use_page();
    let words = page.words();
    let pod = &props.pod;
    let target = Selection::Pod(pod.id.clone());
    let difference = difference_text(words, pod);
    let anchor = pod.node.as_ref().map(|node| format!("pod:{node}:{}", pod.id));
    let class = classes!(
        "pod",
        pod.ghost.then_some("ghost"),
        (&*pod.namespace == "kube-system").then_some("system"),
        props.marked.then_some("marked"),
    );
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
            data-difference={pod.difference.map(difference_word)}
            data-api-status={pod.api_status.clone()}
            data-node-status={pod.node_status.clone()}
            data-anchor={anchor}
            aria-label={spoken(words, pod)}
            aria-haspopup="menu"
            aria-pressed={if props.selected { "true" } else { "false" }}
            title={pod.reason.clone()}
            onclick={menu_at(&page, target.clone())}
            oncontextmenu={menu_at(&page, target)}
        >
            <span class="pod-line">
                { origin_icon(pod.origin) }
                <span class="pod-name">{ &*pod.name }</span>
                if pod.restarts > 0 {
                    <span class="pod-restarts" title={words.restarts}>{ format!("↻{}", pod.restarts) }</span>
                }
                <span class="pod-state">
                    { state_icon(pod.state) }
                    <span class="pod-word">{ status_word(words, pod) }</span>
                </span>
            </span>
            if let Some((api, node)) = difference {
                <span class="pod-truths">
                    <Icon name="i-differs" />
                    <span>{ words.truth_node }{ ": " }<b>{ node }</b></span>
                    <span>{ words.truth_api }{ ": " }<b>{ api }</b></span>
                </span>
            }
        </button>
    }
}

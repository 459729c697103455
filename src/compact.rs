//! A node's small card: its name, its state, and one sign for each of its pods.

use std::fmt::Write as _;

use sim::SortedMap;
use view::fleet::{NodeLight, NodeMark};
use view::{Origin, PodMark};
use yew::prelude::*;

use super::glyph::Icon;
use super::map::engine::summary;
use super::page::use_page;
use super::pod::menu_at;
use super::renders;
use super::same::Same;
use super::state::Selection;

#[derive(PartialEq, Properties)]
pub struct SmallProps {
    pub node: Same<NodeMark>,
    pub selected: bool,
    pub system_pods: bool,
    /// Something else is asked for.
    #[prop_or_default]
    pub dim: bool,
}

pub fn light_icon(light: NodeLight) -> &'static str {
    match light {
        NodeLight::Ready => "s-running",
        NodeLight::NotReady => "s-not-ready",
        NodeLight::Unregistered => "s-pending",
        NodeLight::Off => "s-down",
    }
}

/// Units of a sign with the room around it.
const PITCH: usize = 10;

/// The outline of a pod's sign, by its origin, in a square of eight units.
fn outline(out: &mut String, origin: Origin, x: usize, y: usize) {
    // Writing to a String cannot fail.
    let _ = match origin {
        Origin::DaemonSet => write!(out, "M{} {y}a4 4 0 0 1 0 8a4 4 0 0 1 0-8z", x + 4),
        Origin::Static => write!(out, "M{x} {y}h5l3 3v5h-8z"),
        Origin::Api => write!(out, "M{} {y}l4 4l-4 4l-4-4z", x + 4),
    };
}

/// One path for each kind of sign there is, whatever the number of pods.
fn paths(pods: &[PodMark], columns: usize) -> SortedMap<u8, String> {
    let mut paths: SortedMap<u8, String> = SortedMap::new();
    for (at, mark) in pods.iter().enumerate() {
        let (x, y) = (at % columns * PITCH + 1, at / columns * PITCH + 1);
        outline(paths.entry(mark.byte()).or_default(), mark.origin(), x, y);
    }
    paths
}

#[component]
pub fn SmallNode(props: &SmallProps) -> Html {
    renders::note("SmallNode", &props.node.name);
    let page = use_page();
    let words = page.words();
    let node = &props.node;
    let target = Selection::Node(node.name.clone());
    let shown: Vec<PodMark> =
        node.pods.iter().filter(|pod| props.system_pods || !pod.is_system()).copied().collect();
    let columns = (shown.len() as f64 * 1.9).sqrt().ceil().clamp(8.0, 24.0) as usize;
    let rows = shown.len().div_ceil(columns).max(2);
    let icon = light_icon(node.light);
    let text = summary(node, words);
    let all = paths(&shown, columns);
    let sign = |(byte, path): (&u8, &String)| {
        let mark = shown.iter().find(|mark| mark.byte() == *byte);
        let (state, origin) = mark.map_or(("", ""), |mark| (mark.state().text(), mark.origin().text()));
        let differs = mark.is_some_and(|mark| mark.differs()).then_some("true");
        let system = mark.is_some_and(|mark| mark.is_system()).then_some("true");
        html! { <path key={byte.to_string()} d={path.clone()} data-state={state} data-origin={origin} data-differs={differs} data-system={system} /> }
    };
    html! {
        <button
            type="button"
            tabindex="-1"
            class={classes!("small-node", props.selected.then_some("selected"), (node.light == NodeLight::Off).then_some("off"))}
            data-node={node.name.clone()}
            data-state={node.light.text()}
            data-dim={props.dim.then_some("true")}
            data-kubelet={if node.kubelet_running { "running" } else { "stopped" }}
            data-cordoned={node.cordoned.to_string()}
            data-pods={node.pods.len().to_string()}
            aria-label={text.clone()}
            title={text}
            aria-haspopup="menu"
            onclick={menu_at(&page, target.clone())}
            oncontextmenu={menu_at(&page, target)}
        >
            <span class="small-head">
                <Icon name={icon} class="state" />
                <span class="node-name">{ &*node.name }</span>
                if node.cordoned { <span class="small-flag" data-flag="cordoned">{ "⊘" }</span> }
                if !node.kubelet_running { <span class="small-flag" data-flag="kubelet">{ "kubelet" }</span> }
            </span>
            <svg class="signs" aria-hidden="true" viewBox={format!("0 0 {} {}", columns * PITCH, rows * PITCH)} preserveAspectRatio="xMinYMin meet">
                { for all.iter().map(sign) }
            </svg>
        </button>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use view::PodState;

    #[test]
    fn pods_that_look_alike_share_a_path() {
        let mark = |state, origin| PodMark::new(state, origin, false, false);
        let running = mark(PodState::Running, Origin::DaemonSet);
        let paths = paths(&[running, mark(PodState::Running, Origin::Static), running], 2);
        let all: Vec<&str> = paths.values().map(String::as_str).collect();
        assert_eq!(
            all,
            ["M5 1a4 4 0 0 1 0 8a4 4 0 0 1 0-8zM5 11a4 4 0 0 1 0 8a4 4 0 0 1 0-8z", "M11 1h5l3 3v5h-8z"]
        );
    }
}

//! A node's card: its kubelet, its manifest files, its pods, and why a DaemonSet has none here.

use std::rc::Rc;

use view::filter::Filter;
use view::foresee::Change;
use view::{FileEntry, Foreseen, NodeView, Origin, Place, PodState, PodView};
use yew::prelude::*;

use super::anchor::{Anchor, place_id};
use super::glyph::{Icon, origin_icon};
use super::page::{use_measure, use_page};
use super::pod::{Pod, menu_at};
use super::renders;
use super::same::Same;
use super::state::{Action, Selection};
use super::why::{Line, WhyLine, causes_text};
use super::words::{Lang, Words, fill};
use sim::order::SortShared;

#[derive(PartialEq, Properties)]
pub struct NodeProps {
    pub node: Same<NodeView>,
    pub selected: bool,
    /// The pod that is selected, if it is one of this node's.
    #[prop_or_default]
    pub selected_pod: Option<Rc<str>>,
    /// The DaemonSet that is looked at: `namespace/name`.
    pub daemonset: Option<Rc<str>>,
    /// What there is to say of it here, beside what its pod says.
    #[prop_or_default]
    pub line: Option<Line>,
    pub system_pods: bool,
    /// What is not greyed: see [`view::filter`].
    #[prop_or_default]
    pub filter: Rc<str>,
    /// What the text that is being edited would change here.
    #[prop_or_default]
    pub foreseen: Vec<Ghost>,
}

/// The state of a node in the few classes that its colour knows.
fn node_state(node: &NodeView) -> (&'static str, &'static str) {
    match (node.registered, node.ready) {
        (false, _) => ("pending", "s-pending"),
        (true, true) => ("running", "s-running"),
        (true, false) => ("not-ready", "s-not-ready"),
    }
}

/// What kubectl prints as STATUS, without what stands beside it in a word of its own.
fn status_word(node: &NodeView) -> &str {
    node.status.strip_suffix(",SchedulingDisabled").unwrap_or(&node.status)
}

fn is_system(pod: &PodView) -> bool {
    &*pod.namespace == "kube-system"
}

/// A line of a node's card: what one file, one DaemonSet or one client has put there. A DaemonSet's pod and its
/// successor share a line, so that no other moves.
#[derive(Clone, PartialEq)]
struct Row {
    key: Rc<str>,
    pods: Vec<Rc<PodView>>,
}

fn row_key(pod: &PodView) -> Rc<str> {
    match (pod.origin, pod.daemonset()) {
        (Origin::DaemonSet, Some(owner)) => daemonset_row(&owner),
        _ => pod_key(pod),
    }
}

fn daemonset_row(id: &str) -> Rc<str> {
    format!("daemonset {id}").into()
}

/// What would become of a pod of this node, or that one would come.
#[derive(Clone, Debug, PartialEq)]
pub struct Ghost {
    /// The line of the card.
    row: Rc<str>,
    name: Rc<str>,
    origin: Origin,
    change: Change,
    /// How many pods of one name come.
    count: u32,
}

/// What the text that is being edited would change on a node.
pub fn ghosts(foreseen: &[Foreseen], node: &str) -> Vec<Ghost> {
    foreseen.iter().flat_map(|foreseen| ghosts_of(foreseen, node)).collect()
}

fn ghosts_of(foreseen: &Foreseen, node: &str) -> Vec<Ghost> {
    let name: Rc<str> = foreseen.of.rsplit('/').next().unwrap_or_default().into();
    let ghost =
        |row: Rc<str>, origin, change, count| Ghost { row, name: name.clone(), origin, change, count };
    let one = foreseen.nodes.get(node).map(|change| {
        let (row, origin) = match foreseen.is_static {
            true => (foreseen.of.clone(), Origin::Static),
            false => (daemonset_row(&foreseen.of), Origin::DaemonSet),
        };
        ghost(row, origin, change.clone(), 1)
    });
    let come = foreseen
        .come
        .get(node)
        .map(|count| ghost(format!("ghost {}", foreseen.of).into(), Origin::Api, Change::Appears, *count));
    let go = foreseen.go.iter().filter(|(_, of)| ***of == *node);
    let go = go.map(|(uid, _)| ghost(uid.clone(), Origin::Api, Change::Vanishes, 1));
    one.into_iter().chain(come).chain(go).collect()
}

/// The lines of a person's own pods: static ones by name, DaemonSets by name, then the others by age. The
/// DaemonSet that is looked at has its line even without a pod.
fn rows(pods: &[Rc<PodView>], watched: Option<&Rc<str>>, ghosts: &[Ghost]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for pod in pods.iter().filter(|pod| !is_system(pod)) {
        let key = row_key(pod);
        match rows.iter_mut().find(|row| row.key == key) {
            Some(row) => row.pods.push(pod.clone()),
            None => rows.push(Row { key, pods: vec![pod.clone()] }),
        }
    }
    if let Some(key) = watched.filter(|id| !id.starts_with(SYSTEM)).map(|id| daemonset_row(id))
        && !rows.iter().any(|row| row.key == key)
    {
        rows.push(Row { key, pods: Vec::new() });
    }
    for ghost in ghosts.iter().filter(|ghost| ghost.change != Change::Vanishes) {
        if !rows.iter().any(|row| row.key == ghost.row) {
            rows.push(Row { key: ghost.row.clone(), pods: Vec::new() });
        }
    }
    for row in &mut rows {
        row.pods.sort_shared_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)));
    }
    rows.sort_shared_by_key(|row| match row.pods.first() {
        Some(pod) if pod.origin == Origin::Static => (0, None, row.key.clone()),
        Some(pod) if pod.origin == Origin::Api => (2, Some(pod.created), row.key.clone()),
        _ => (1, None, row.key.clone()),
    });
    rows
}

const SYSTEM: &str = "kube-system/";

/// The system's pods, which stand together: static ones first.
fn shelf(pods: &[Rc<PodView>]) -> Vec<Rc<PodView>> {
    let mut pods: Vec<Rc<PodView>> = pods.iter().filter(|pod| is_system(pod)).cloned().collect();
    let place = |pod: &PodView| (pod.origin != Origin::Static, row_key(pod));
    pods.sort_shared_by(|a, b| {
        place(a).cmp(&place(b)).then_with(|| (a.created, &a.name).cmp(&(b.created, &b.name)))
    });
    pods
}

/// What a chip is known by: a static pod by its name, as its mirror may be made again while it runs on.
pub fn pod_key(pod: &PodView) -> Rc<str> {
    match pod.origin {
        Origin::Static => pod.id.clone(),
        Origin::DaemonSet | Origin::Api => pod.uid.clone(),
    }
}

/// The pod of this node that is selected.
pub fn selected_pod(node: &NodeView, selection: &Selection) -> Option<Rc<str>> {
    let Selection::Pod(id) = selection else { return None };
    node.pods.iter().any(|pod| pod.id == *id).then(|| id.clone())
}

pub fn belongs_to(pod: &PodView, daemonset: Option<&Rc<str>>) -> bool {
    daemonset.is_some_and(|id| pod.is_of(id))
}

#[component]
pub fn Node(props: &NodeProps) -> Html {
    renders::note("Node", &props.node.name);
    use_measure();
    let page = use_page();
    let words = page.words();
    let node = &props.node;
    let target = Selection::Node(node.name.clone());
    let (state, glyph) = node_state(node);
    let rows = rows(&node.pods, props.daemonset.as_ref(), &props.foreseen);
    let shelf = shelf(&node.pods);
    let filter = Filter::parse(&props.filter);
    let dim = !filter.is_empty() && !filter.matches_node(node);
    let ghost_of = |row: &Rc<str>| props.foreseen.iter().find(|ghost| ghost.row == *row);
    let chip = |pod: &Rc<PodView>, compact: bool| {
        // What is going already is not what would go.
        let ghost = ghost_of(&row_key(pod)).filter(|_| pod.state != PodState::Terminating);
        html! {
            <Pod
                key={&*pod_key(pod)}
                pod={Same::from(pod)}
                selected={props.selected_pod.as_ref() == Some(&pod.id)}
                marked={belongs_to(pod, props.daemonset.as_ref())}
                {compact}
                dim={!filter.is_empty() && !filter.matches(pod)}
                foreseen={ghost.map(|ghost| ghost.change.text())}
            />
        }
    };
    let watched_row = props.daemonset.as_deref().map(daemonset_row);
    let class = classes!("node", props.selected.then_some("selected"), (!node.powered).then_some("off"),);
    let name_id = format!("node-{}", node.name);
    html! {
        <li
            {class}
            data-node={node.name.clone()}
            data-state={state}
            data-status={node.status.clone()}
            data-kubelet={if node.kubelet_running { "running" } else { "stopped" }}
            data-dim={dim.then_some("true")}
            data-cordoned={node.cordoned.to_string()}
            data-anchor={Anchor::Card(node.name.clone()).text()}
            aria-labelledby={name_id.clone()}
        >
            <div class="node-head">
                <button
                    type="button"
                    tabindex="-1"
                    class="node-title"
                    data-control="node-menu"
                    aria-haspopup="menu"
                    onclick={menu_at(&page, target.clone())}
                    oncontextmenu={menu_at(&page, target)}
                >
                    <Icon name="i-node" />
                    <span class="node-name" id={name_id}>{ &*node.name }</span>
                    <span class="node-state" data-state={state} title={node.status.clone()} data-calm={(state == "running" && !node.cordoned).then_some("true")}>
                        <Icon name={glyph} class="state" />
                        <span class="node-word">{ status_word(node) }</span>
                        if node.cordoned {
                            <span class="node-cordoned">{ "⊘ " }<span>{ "cordoned" }</span></span>
                        }
                    </span>
                </button>
                <Kubelet node={props.node.clone()} />
            </div>
            <Files node={props.node.clone()} />
            <ul class="pods" aria-label={fill(words.scene.pods_on, &[&node.name])}>
                { for rows.iter().map(|row| html! {
                    <li key={&*row.key} class="row" data-row={row.key.clone()}>
                        { for row.pods.iter().map(|pod| chip(pod, false)) }
                        if let Some(ghost) = ghost_of(&row.key).filter(|_| row.pods.is_empty()) {
                            { ghost_chip(page.lang, words, ghost) }
                        } else if let (Some(line), Some(daemonset)) = (props.line.clone(), props.daemonset.clone()) {
                            if watched_row.as_ref() == Some(&row.key) {
                                <WhyLine key="why" {line} {daemonset} />
                            }
                        }
                    </li>
                }) }
            </ul>
            if props.system_pods {
                <ul class="shelf" aria-label="kube-system">
                    { for shelf.iter().map(|pod| html! { <li key={&*pod_key(pod)}>{ chip(pod, true) }</li> }) }
                </ul>
            } else {
                <p class="node-hidden">{ fill(words.scene.system_pods_hidden, &[&shelf.len().to_string()]) }</p>
            }
        </li>
    }
}

/// The outline of a pod that would come.
fn ghost_chip(lang: Lang, words: &Words, ghost: &Ghost) -> Html {
    let said = match &ghost.change {
        Change::Waits(causes) => format!("{}: {}", words.scene.would_wait, causes_text(lang, causes)),
        _ => words.scene.would_come.to_owned(),
    };
    html! {
        <p key="ghost" class="ghost-pod" data-foreseen={ghost.change.text()} data-origin={ghost.origin.text()} title={said.clone()}>
            { origin_icon(ghost.origin) }
            <b>{ format!("+{}", ghost.count) }</b>
            <span>{ &*ghost.name }</span>
            <small>{ said }</small>
        </p>
    }
}

#[derive(PartialEq, Properties)]
struct OfNode {
    node: Same<NodeView>,
}

#[component]
fn Kubelet(props: &OfNode) -> Html {
    let page = use_page();
    let words = page.words();
    let node = &props.node;
    let (state, word) = match (node.powered, node.kubelet_running) {
        (false, _) => ("down", words.scene.power_off),
        (true, false) => ("down", words.scene.stopped),
        (true, true) => ("running", words.scene.part_running),
    };
    html! {
        <button
            type="button"
            tabindex="-1"
            class="kubelet"
            data-part="kubelet"
            data-node={node.name.clone()}
            data-state={state}
            data-anchor={place_id(&Place::Kubelet(node.name.clone()))}
            aria-label={format!("kubelet {}, {word}", node.name)}
            aria-haspopup="menu"
            title={word}
            onclick={menu_at(&page, Selection::Node(node.name.clone()))}
        >
            { if node.powered { "kubelet" } else { words.scene.power_off } }
            <Icon name={if state == "running" { "s-running" } else { "s-down" }} class="state" />
        </button>
    }
}

/// More than these are counted instead.
const FILES_BY_NAME: usize = 2;

/// The directory that the kubelet watches, with the files that lie in it.
#[component]
fn Files(props: &OfNode) -> Html {
    let page = use_page();
    let words = page.words();
    let node = &props.node;
    let manifests: Vec<&FileEntry> = node.files.iter().filter(|file| file.is_manifest).collect();
    let many = manifests.len() > FILES_BY_NAME;
    html! {
        <div class="disk" data-anchor={place_id(&Place::Disk(node.name.clone()))}>
            <button
                type="button"
                tabindex="-1"
                class="disk-path"
                data-control="open-node-files"
                title={words.scene.open_directory}
                onclick={page.on(Action::OpenNodeFiles(node.name.clone()))}
            >
                <Icon name="i-folder" />
                <span>{ if node.static_pod_path.is_empty() { words.scene.no_static_path } else { &node.static_pod_path } }</span>
            </button>
            if node.restart_needed {
                <span class="hint" title={words.scene.restart_needed_long}>{ words.scene.restart_needed }</span>
            }
            if many {
                <span class="muted">{ fill(words.scene.files_count, &[&manifests.len().to_string()]) }</span>
            }
            <span class="disk-files">
                { for manifests.iter().filter(|_| !many).map(|file| {
                    let name = file.path.rsplit('/').next().unwrap_or_default().to_owned();
                    let open = Action::OpenFile { node: node.name.clone(), path: file.path.clone() };
                    html! {
                        <button
                            key={&*file.path}
                            type="button"
                            tabindex="-1"
                            class={classes!("file", file.error.is_some().then_some("bad"))}
                            draggable="true"
                            data-file={file.path.clone()}
                            data-node={node.name.clone()}
                            title={file.error.clone()}
                            onclick={page.on(open)}
                        >{ name }</button>
                    }
                }) }
            </span>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stage::{Command, Options, Stage};

    fn names(stage: &mut Stage) -> Vec<Vec<String>> {
        let watched: Rc<str> = "default/agent".into();
        let name = |pod: &Rc<PodView>| pod.name.split('-').next().unwrap_or_default().to_owned();
        let rows = rows(&stage.board().nodes[1].pods, Some(&watched), &[]);
        rows.iter().map(|row| row.pods.iter().map(name).collect()).collect()
    }

    /// No line comes or goes while a DaemonSet's pod is replaced: the static pod's chip never moves.
    #[test]
    fn a_daemonsets_pod_and_its_successor_share_a_line() {
        let mut stage = Stage::new(Options::default());
        let line = "kubectl delete pod -l app=agent --wait=false".to_owned();
        stage.perform(Command::Exec { line, files: Default::default() });
        let mut seen = Vec::new();
        for _ in 0..600 {
            stage.run_until(stage.now() + sim::Duration::from_millis(100));
            let now = names(&mut stage);
            if seen.last() != Some(&now) {
                seen.push(now);
            }
        }
        assert!(seen.len() > 1 && seen.iter().all(|rows| rows.len() == 2 && rows[0] == ["web"]), "{seen:?}");
    }
}

//! The selected thing in full: what it is, why it is so, its events, its YAML, both truths.

use std::rc::Rc;

use sim::Time;
use view::why::mend_trouble;
use view::{
    Board, Cause, ContainerView, Controller, DaemonSetView, Fit, NodeView, OnNode, Origin, PodState, PodView,
    Without,
};
use yew::prelude::*;

use super::compare::Compare;
use super::drawer::{Columns, EventList};
use super::glyph::{Icon, origin_icon, origin_word, state_icon};
use super::menu::{find_node, find_pod, items};
use super::names::referred;
use super::node::belongs_to;
use super::page::{use_front, use_layout, use_page, use_selection, use_world};
use super::pod::{difference_text, status_word};
use super::renders;
use super::same::Same;
use super::speed::short_clock;
use super::state::{Action, LATEST_EVENTS, LayoutAction, Selection, SideTab, Size, World};
use super::tabs::{Tab, Tabs};
use super::why::{self, Line, MendButton, cause_text, fit_state, fit_word};
use super::words::fill;
use super::yaml_view::YamlView;

/// What is selected, as far as it is there.
#[derive(Clone, PartialEq)]
enum Shown {
    Nothing,
    Gone(Rc<str>),
    /// A DaemonSet's pod that is gone: its node, and the one that has taken its place there, if it has come.
    Replaced {
        name: Rc<str>,
        node: Rc<str>,
        by: Option<Rc<str>>,
    },
    Pod(Same<PodView>),
    Node(Same<NodeView>),
    /// With how it stands on each near node.
    DaemonSet(Same<DaemonSetView>, Vec<NodeRow>),
    /// A part of the control plane, and the pod that it is.
    Part(Rc<str>, Option<Same<PodView>>),
}

/// A node's name, the DaemonSet's pod there, and what there is to say of it.
type NodeRow = (Rc<str>, Option<Same<PodView>>, Option<Line>);

impl Shown {
    fn of(page: &super::page::Page, selection: &Selection, board: &Board) -> Shown {
        let found = match selection {
            Selection::Nothing => return Shown::Nothing,
            Selection::Part(name) => {
                let part = board.parts.iter().find(|part| part.name == *name);
                let pod = part.and_then(|part| find_pod(board, &part.pod));
                return Shown::Part(name.clone(), pod.map(Same::from));
            }
            Selection::Pod(id) => (id, find_pod(board, id).map(|pod| Shown::Pod(pod.into()))),
            Selection::Node(name) => (name, find_node(board, name).map(|node| Shown::Node(node.into()))),
            Selection::DaemonSet(id) => {
                let ds = board.daemonsets.iter().find(|ds| ds.id == *id);
                (id, ds.map(|ds| Shown::DaemonSet(ds.into(), on_nodes(page, board, id))))
            }
        };
        found.1.unwrap_or_else(|| Shown::Gone(found.0.clone()))
    }

    /// The same, with what has become of a pod that is gone.
    fn with_lineage(self, board: &Board, last: Option<&PodView>) -> Shown {
        match (self, last) {
            (Shown::Gone(id), Some(last)) if last.id == id => {
                replaced(board, last).unwrap_or(Shown::Gone(id))
            }
            (shown, _) => shown,
        }
    }
}

/// What has become of a DaemonSet's pod that is gone; `None` if nothing takes its place.
fn replaced(board: &Board, last: &PodView) -> Option<Shown> {
    let id = last.daemonset()?;
    let node = find_node(board, last.node.as_deref()?)?;
    let lives = |pod: &&Rc<PodView>| belongs_to(pod, Some(&id)) && pod.state != PodState::Terminating;
    let by = node.pods.iter().filter(lives).max_by_key(|pod| pod.created).map(|pod| pod.id.clone());
    let is_due = node.why.iter().any(|why| why.daemonset == id && why.fit != Fit::Unfit);
    let (name, node) = (last.name.clone(), node.name.clone());
    (by.is_some() || is_due).then_some(Shown::Replaced { name, node, by })
}

fn on_nodes(page: &super::page::Page, board: &Board, id: &Rc<str>) -> Vec<NodeRow> {
    let on_node = |node: &Rc<NodeView>| {
        let pod = node.pods.iter().find(|pod| belongs_to(pod, Some(id)));
        (node.name.clone(), pod.map(Same::from), why::line(page, board, node, id))
    };
    board.nodes.iter().map(on_node).collect()
}

#[component]
pub fn Inspector() -> Html {
    renders::note("Inspector", "");
    let page = use_page();
    let words = page.words();
    let selection = use_selection(Selection::clone);
    let (shown, actions, details) = use_world({
        let (selection, page) = (selection.clone(), page.clone());
        move |world| {
            let actions = items(words, &world.board, &selection);
            let last = world.details.last.as_deref();
            (
                Shown::of(&page, &selection, &world.board).with_lineage(&world.board, last),
                actions,
                world.details.clone(),
            )
        }
    });
    let (started, silent) = use_world(|world| (world.started, world.board.api_silent_since));
    let silent = silent.map(|since| short_clock(since.since(started).as_micros()));
    let silent = silent.as_deref();
    let body = match &shown {
        Shown::Nothing => html! { <Welcome /> },
        Shown::Replaced { name, node, by } => html! {
            <p class="gone" data-lineage="replaced">
                { fill(words.details.gone, &[name]) }{ ". " }
                if let Some(by) = by {
                    { words.details.replaced_by }{ " " }
                    <button type="button" class="link" data-control="successor" onclick={page.on(Action::Show(Selection::Pod(by.clone())))}>{ by.rsplit('/').next().unwrap_or_default().to_owned() }</button>
                } else {
                    { fill(words.details.successor_comes, &[node]) }
                }
            </p>
        },
        Shown::Gone(id) => html! { <p class="gone">{ fill(words.details.gone, &[id]) }</p> },
        Shown::Pod(pod) => pod_body(&page, pod, started, silent),
        Shown::Node(node) => node_body(&page, node),
        Shown::DaemonSet(ds, nodes) => daemonset_body(&page, ds, nodes, &details.without),
        Shown::Part(name, pod) => part_body(&page, name, pod.as_deref(), started, silent),
    };
    html! {
        <div class="details" data-region="inspector" data-selected={selected_id(&selection)}>
            if selection != Selection::Nothing {
                <div class="panel-head">
                    <h2>{ &*selection.short_name() }</h2>
                    <button type="button" class="quiet square" data-control="close-inspector" aria-label={words.bar.close} title={words.bar.close} onclick={page.on(Action::Select(Selection::Nothing))}>
                        <Icon name="i-close" />
                    </button>
                </div>
            }
            <div class="details-body">
                { body }
                if actions.len() > 1 {
                    <div class="commands" role="group" aria-label={words.menu.actions}>
                        { for actions.into_iter().filter(|item| item.id != "show").map(|item| html! {
                            <button
                                key={item.id.clone() + &item.word}
                                type="button"
                                class="small"
                                data-control={format!("inspector-{}", item.id)}
                                title={item.line}
                                onclick={page.on(item.action)}
                            >{ item.word }</button>
                        }) }
                    </div>
                }
                if selection != Selection::Nothing {
                    <details open={true}>
                        <summary>{ words.details.events }</summary>
                        <EventList events={details.events.clone()} {started} show={Columns::OfSelection} />
                    </details>
                }
                if let Some(yaml) = &details.yaml {
                    <details open={true}>
                        <summary>{ "YAML" }</summary>
                        <YamlView text={yaml.clone()} />
                    </details>
                }
            </div>
        </div>
    }
}

/// The panel on the right: the details of what is selected, or the comparison.
#[component]
pub fn SidePanel() -> Html {
    let page = use_page();
    let words = page.words();
    let size = use_front(|front| front.size);
    let tab = use_layout(|layout| layout.side_tab);
    let tab = if size == Size::Wide { tab } else { SideTab::Details };
    let all = [
        (SideTab::Details, "details", words.details.inspector),
        (SideTab::Compare, "compare", words.drawer.compare),
    ];
    let tabs: Vec<Tab> = all
        .into_iter()
        .map(|(of, id, word)| Tab { id, word, selected: tab == of, action: LayoutAction::SideTab(of) })
        .collect();
    if size == Size::Medium {
        return Html::default();
    }
    html! {
        <aside class="inspector" aria-label={words.details.inspector}>
            if size == Size::Wide {
                <div class="tabs"><Tabs label={words.details.inspector} panel="side-body" {tabs} /></div>
            }
            <div key={if tab == SideTab::Compare { "compare" } else { "details" }} class="side-body" id="side-body" role="tabpanel" aria-label={words.details.inspector} tabindex="0">
                if tab == SideTab::Compare {
                    <Compare />
                } else {
                    <Inspector />
                }
            </div>
        </aside>
    }
}

pub fn selected_id(selection: &Selection) -> Option<AttrValue> {
    let (kind, id) = match selection {
        Selection::Nothing => return None,
        Selection::Pod(id) => ("pod", id),
        Selection::Node(id) => ("node", id),
        Selection::DaemonSet(id) => ("daemonset", id),
        Selection::Part(id) => ("part", id),
    };
    Some(format!("{kind}:{id}").into())
}

/// Rows of a name and a value; empty values are left out.
fn facts(rows: Vec<(&str, Html)>) -> Html {
    html! {
        <dl class="facts-list">
            { for rows.into_iter().map(|(name, value)| html! { <><dt>{ name.to_owned() }</dt><dd>{ value }</dd></> }) }
        </dl>
    }
}

fn pod_body(page: &super::page::Page, pod: &PodView, started: Time, silent: Option<&str>) -> Html {
    let words = page.words();
    let created = short_clock(pod.created.time().since(started).as_micros());
    // What the API server counts as ready says nothing where it has heard nothing.
    let ready = if pod.difference.is_none() { format!(" {}", pod.ready) } else { String::new() };
    let mut rows = vec![
        (
            words.details.f_status,
            html! { <span class="with-state" data-state={pod.state.text()}>{ state_icon(pod.state) }<b>{ status_word(words, pod) }</b>{ ready }</span> },
        ),
        (
            words.scene.origin,
            html! { <span class="with-origin" data-origin={pod.origin.text()}>{ origin_icon(pod.origin) }{ origin_word(words, pod.origin) }</span> },
        ),
        (words.details.f_namespace, html! { &*pod.namespace }),
    ];
    if let Some(by) = &pod.controlled_by {
        rows.push((words.details.f_controlled_by, controller(page, pod, by)));
    }
    if let Some(node) = &pod.node {
        let show = page.on(Action::Show(Selection::Node(node.clone())));
        rows.push((
            words.files.node,
            html! { <button type="button" class="link" onclick={show}>{ &**node }</button> },
        ));
    }
    if let (Some(file), Some(node)) = (&pod.file, &pod.node) {
        let open = page.on(Action::OpenFile { node: node.clone(), path: file.clone() });
        rows.push((
            words.details.file,
            html! { <button type="button" class="link" onclick={open}>{ &**file }</button> },
        ));
    }
    if let Some(ip) = &pod.ip {
        rows.push((words.details.f_ip, html! { <code>{ &**ip }</code> }));
    }
    rows.push((words.details.created, html! { format!("T+{created}") }));
    html! {
        <>
            { truths(page, pod, silent) }
            if let Some(reason) = &pod.reason {
                <p class="why"><b>{ words.details.why }</b><q>{ &**reason }</q></p>
            }
            { facts(rows) }
            <p class="plain">{ plain_words(words, pod) }</p>
            if let Some(text) = since_words(words, pod, started) {
                <p class="plain" data-lineage="static">{ text }</p>
            }
            <h3>{ words.details.containers }</h3>
            <ul class="containers">{ for pod.containers.iter().map(|container| container_row(words, container)) }</ul>
        </>
    }
}

/// Who has made the pod; a way to it if it is on the page.
fn controller(page: &super::page::Page, pod: &PodView, by: &Controller) -> Html {
    let by = by.to_string();
    match referred(&page.stores.world.now().board, &pod.namespace, &by) {
        Some(owner) => html! {
            <button type="button" class="link" data-control="show-owner" onclick={page.on(Action::Show(owner))}><code>{ by }</code></button>
        },
        None => html! { <code>{ by }</code> },
    }
}

/// One sentence that says what kind of thing this is.
fn plain_words(words: &super::words::Words, pod: &PodView) -> String {
    let node = pod.node.as_deref().unwrap_or_default();
    match pod.origin {
        Origin::Static if pod.api_status.is_none() => fill(words.details.plain_static_hidden, &[node]),
        Origin::Static => fill(words.details.plain_static, &[node]),
        Origin::DaemonSet => {
            let owner = pod.controlled_by.as_ref().map(|by| &*by.name).unwrap_or_default();
            fill(words.details.plain_daemonset, &[owner, node])
        }
        Origin::Api => words.details.plain_api.to_owned(),
    }
}

/// Since when a static pod's container runs, whatever has happened to its mirror.
fn since_words(words: &super::words::Words, pod: &PodView, started: Time) -> Option<String> {
    let clock = |time: Time| short_clock(time.since(started).as_micros());
    let since = pod
        .containers
        .iter()
        .filter(|container| container.running)
        .filter_map(|container| container.since)
        .min();
    let since = since.filter(|_| pod.origin == Origin::Static)?;
    Some(match pod.api_status {
        Some(_) => fill(words.details.static_since_mirror, &[&clock(since), &clock(pod.created.time())]),
        None => fill(words.details.static_since, &[&clock(since)]),
    })
}

/// What the API server believes beside what runs on the node.
fn truths(page: &super::page::Page, pod: &PodView, silent: Option<&str>) -> Html {
    let words = page.words();
    let api = pod.api_status.as_deref().unwrap_or(words.scene.not_listed);
    let node = pod.node_status.map(OnNode::text).unwrap_or(words.scene.nothing_runs);
    let differs = difference_text(words, pod).is_some();
    html! {
        <div class={classes!("truths", differs.then_some("differs"))} role="group" aria-label={words.scene.two_truths} data-differs={differs.to_string()}>
            <div data-truth="node"><small>{ words.scene.truth_node_long }</small><b>{ node }</b></div>
            <div class="truth-sign" aria-hidden="true">{ if differs { "≠" } else { "=" } }</div>
            <div data-truth="api">
                <small>{ words.scene.truth_api }</small><b>{ api }</b>
                if let Some(since) = silent {
                    <small class="as-of">{ fill(words.scene.as_of, &[since]) }</small>
                }
            </div>
        </div>
    }
}

fn container_row(words: &super::words::Words, container: &ContainerView) -> Html {
    let class = if container.running { "running" } else { "waiting" };
    html! {
        <li key={&*container.name} class={class} data-container={container.name.clone()}>
            <b>{ &*container.name }</b>
            if container.is_init {
                <small>{ "init" }</small>
            }
            <span class="container-state">{ &*container.state }</span>
            if container.restarts > 0 {
                <span class="pod-restarts">{ format!("↻{}", container.restarts) }</span>
            }
            <code>{ &*container.image }</code>
            if let Some(until) = container.restarts_at {
                <span class="countdown">{ words.details.next_start_in }{ " " }<b data-until={until.0.to_string()}></b>{ " s" }</span>
            }
        </li>
    }
}

fn node_body(page: &super::page::Page, node: &NodeView) -> Html {
    let words = page.words();
    let rows = vec![
        (words.details.f_status, html! { <b>{ &*node.status }</b> }),
        (words.details.f_roles, html! { node.roles_text() }),
        (
            "kubelet",
            Html::from(if node.kubelet_running { words.scene.part_running } else { words.scene.stopped }),
        ),
        ("staticPodPath", html! { <code>{ &*node.static_pod_path }</code> }),
        (words.details.f_internal_ip, html! { <code>{ &*node.internal_ip }</code> }),
        ("CPU", html! { &*node.cpu }),
        (words.details.f_memory, html! { &*node.memory }),
    ];
    let labels = node.labels.iter().map(|(key, value)| {
        html! { <li><code>{ if value.is_empty() { key.to_string() } else { format!("{key}={value}") } }</code></li> }
    });
    html! {
        <>
            { facts(rows) }
            if node.restart_needed {
                <p class="why"><b>{ words.scene.restart_needed }</b>{ " " }{ words.scene.restart_needed_long }</p>
            }
            { for why::unfit(node).map(|why| html! {
                <p class="why"><b>{ fill(words.scene.no_pod_of, &[&why.daemonset]) }</b>
                    { for why.causes.iter().map(|cause| cause_row(page, cause, &why.daemonset, &node.name)) }</p>
            }) }
            <h3>{ words.details.f_taints }</h3>
            <ul class="tags">
                { for node.taints.iter().map(|taint| html! { <li><code>{ taint.to_string() }</code></li> }) }
                if node.taints.is_empty() { <li>{ "<none>" }</li> }
            </ul>
            <h3>{ words.details.f_labels }</h3>
            <ul class="tags">{ for labels }</ul>
        </>
    }
}

fn daemonset_body(
    page: &super::page::Page,
    ds: &DaemonSetView,
    nodes: &[NodeRow],
    without: &[Without],
) -> Html {
    let words = page.words();
    let number = |value: u32| html! { value };
    let rows = vec![
        (words.details.f_desired, number(ds.desired)),
        (words.details.f_current, number(ds.current)),
        (words.details.f_ready, number(ds.ready)),
        (words.details.f_up_to_date, number(ds.up_to_date)),
        (words.details.f_available, number(ds.available)),
        (words.details.f_misscheduled, number(ds.misscheduled)),
        (words.details.f_node_selector, html! { <code>{ &*ds.node_selector }</code> }),
    ];
    html! {
        <>
            { facts(rows) }
            if let Some(trouble) = &ds.trouble {
                <p class="why"><b>{ words.details.why }</b><q>{ &*trouble.text }</q>
                    if let Some(mend) = mend_trouble(trouble) {
                        <MendButton {mend} />
                    }
                </p>
            }
            if !without.is_empty() {
                <h3>{ words.details.nodes_without }</h3>
                <ul class="why-list">{ for without.iter().map(|group| without_row(page, group, &ds.id)) }</ul>
            } else if nodes.len() > 1 {
                <h3>{ words.fit.on_the_nodes }</h3>
                <ul class="why-list" data-region="on-nodes">{ for nodes.iter().map(|on_node| on_node_row(page, on_node)) }</ul>
            }
        </>
    }
}

/// One cause, with the button that mends it.
fn cause_row(page: &super::page::Page, cause: &Cause, daemonset: &Rc<str>, node: &Rc<str>) -> Html {
    html! {
        <>
            <q data-cause={cause.kind()}>{ cause_text(page.lang, cause) }</q>
            if let Some(mend) = view::why::mend(cause, daemonset, node) {
                <MendButton {mend} />
            }
        </>
    }
}

/// How it stands with the DaemonSet on one node.
fn on_node_row(page: &super::page::Page, (node, pod, line): &NodeRow) -> Html {
    let words = page.words();
    let fit = line.as_ref().map_or(Fit::Waits, |line| line.fit);
    let (state, glyph) = fit_state(fit);
    let show = page.on(Action::Show(Selection::Node(node.clone())));
    let said =
        line.as_ref().map(|line| line.text.clone()).or_else(|| pod.as_ref().map(|pod| pod.status.clone()));
    html! {
        <li key={&**node} class="on-node" data-fit={fit.text()} data-state={state} data-on-node={node.clone()}>
            <Icon name={glyph} class="state" />
            <button type="button" class="link" onclick={show}>{ &**node }</button>
            <small>{ fit_word(words, fit) }</small>
            if let Some(mend) = line.as_ref().and_then(|line| line.mend.clone()) {
                <MendButton {mend} />
            }
            <q>{ said.as_deref().unwrap_or_default() }</q>
        </li>
    }
}

fn without_row(page: &super::page::Page, group: &Without, daemonset: &Rc<str>) -> Html {
    let words = page.words();
    let more = group.count as usize - group.examples.len().min(group.count as usize);
    html! {
        <li data-without={group.count.to_string()}>
            { for group.examples.iter().map(|name| html! {
                <><button type="button" class="link" onclick={page.on(Action::Show(Selection::Node(name.clone())))}>{ &**name }</button>{ " " }</>
            }) }
            if more > 0 {
                <span class="muted">{ fill(words.fleet.and_more, &[&more.to_string()]) }</span>
            }
            { for group.causes.iter().map(|cause| match (group.examples.first(), group.count) {
                // What mends one node of many is no mend of the group, but what is changed in the template is.
                (Some(node), count) if count == 1 || matches!(cause, Cause::Taint { .. }) => {
                    cause_row(page, cause, daemonset, node)
                }
                _ => html! { <q data-cause={cause.kind()}>{ cause_text(page.lang, cause) }</q> },
            }) }
        </li>
    }
}

fn part_body(
    page: &super::page::Page,
    name: &str,
    pod: Option<&PodView>,
    started: Time,
    silent: Option<&str>,
) -> Html {
    let words = page.words();
    html! {
        <>
            <p class="plain">{ super::words::part_sentence(page.lang, name) }</p>
            <p class="plain">{ words.details.part_is_static }</p>
            if let Some(pod) = pod {
                { pod_body(page, pod, started, silent) }
            }
        </>
    }
}

/// What stands there while nothing is selected.
#[component]
fn Welcome() -> Html {
    let words = use_page().words();
    let latest = |world: &World| world.events.iter().take(LATEST_EVENTS).cloned().collect::<Vec<_>>();
    let (events, started) = use_world(move |world| (latest(world), world.started));
    let events = Same(Rc::new(events));
    html! {
        <div class="welcome">
            <p>{ words.details.welcome }</p>
            <div class="key" role="group" aria-label={words.scene.legend}>
                { for [Origin::DaemonSet, Origin::Static, Origin::Api].map(|origin| html! {
                    <span class="with-origin" data-origin={origin.text()}>{ origin_icon(origin) }{ origin_word(words, origin) }</span>
                }) }
            </div>
            if !events.is_empty() {
                <h3>{ words.details.latest }</h3>
                <EventList {events} {started} show={Columns::Narrow} />
            }
            <p class="muted">{ words.help.privacy }</p>
        </div>
    }
}

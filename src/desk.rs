//! The desk: the files a person edits. What is sound takes effect; what is not is marked, and goes nowhere.

pub mod model;
mod tree;

use std::rc::Rc;

use stage::JobView;
use view::{Board, FileView};
use yaml::{Diagnostic, Severity};
use yew::prelude::*;

use super::editor::TextEditor;
use super::glyph::Icon;
use super::page::{Page, use_page};
use super::same::Same;
use super::state::{Action, DeskTab};
use super::words::fill;
use model::{Desk, DocId, has_errors};
use tree::Tree;

/// What can be done at the desk.
#[derive(Clone, Debug, PartialEq)]
pub enum DeskAction {
    Typed(DocId, Rc<str>),
    Submit(DocId, Option<Rc<str>>),
    Live(bool),
    OpenOwn(Rc<str>),
    NewOwn,
    DropOwn(Rc<str>),
    PickNode(Rc<str>),
    NewNodeFile {
        node: Rc<str>,
        path: Rc<str>,
    },
    /// Throws a draft away.
    Discard(DocId),
    Reveal(u32, u32),
}

pub fn act(action: DeskAction) -> Action {
    Action::Desk(action)
}

#[derive(PartialEq, Properties)]
pub struct DeskProps {
    pub tab: DeskTab,
    pub board: Same<Board>,
    pub desk: Same<Desk>,
    /// Too many nodes to choose from a list.
    pub far: bool,
    /// The files of the node that is picked.
    pub files: Rc<Vec<FileView>>,
    /// The job that the open document caused last.
    pub job: Option<JobView>,
}

#[component]
pub fn DeskPanel(props: &DeskProps) -> Html {
    let page = use_page();
    let words = page.words();
    let tabs = [
        (DeskTab::DaemonSet, "daemonset", words.desk_daemonset),
        (DeskTab::Files, "node-files", words.desk_files),
    ];
    let live = page.act.reform({
        let live = props.desk.live;
        move |_: Event| act(DeskAction::Live(!live))
    });
    html! {
        <section class="desk" aria-label={words.desk} data-region="desk">
            <div class="tabs" role="tablist" aria-label={words.desk}>
                { for tabs.map(|(tab, id, word)| html! {
                    <button
                        key={id}
                        type="button"
                        role="tab"
                        id={format!("tab-{id}")}
                        data-tab={id}
                        aria-selected={(props.tab == tab).to_string()}
                        aria-controls="desk-body"
                        onclick={page.on(Action::DeskTab(tab))}
                    >{ word }</button>
                }) }
                <span class="gap"></span>
                <label class="live" title={words.live_long}>
                    <input type="checkbox" role="switch" data-control="live" checked={props.desk.live} onchange={live} />
                    { words.live }
                </label>
                <button type="button" class="quiet square" data-control="close-desk" aria-label={words.hide_desk} title={words.hide_desk} onclick={page.on(Action::ToggleDesk)}>
                    <Icon name="i-left" />
                </button>
            </div>
            <div class="desk-body" id="desk-body" role="tabpanel">
                if props.tab == DeskTab::DaemonSet {
                    { own_files(&page, props) }
                } else {
                    { node_files(&page, props) }
                }
            </div>
        </section>
    }
}

fn own_files(page: &Page, props: &DeskProps) -> Html {
    let words = page.words();
    let Some(file) = props.desk.open_own() else { return Html::default() };
    let id = DocId::Own(file.name.clone());
    let tab = |of: &model::OwnFile| {
        let dirty = of.applied.as_ref() != Some(&of.text);
        let open = of.name == file.name;
        html! {
            <span key={&*of.name} class={classes!("own-file", open.then_some("open"))}>
                <button type="button" data-own-file={of.name.clone()} aria-current={open.then_some("true")} onclick={page.on(act(DeskAction::OpenOwn(of.name.clone())))}>
                    { &*of.name }
                    if dirty { <small title={words.not_applied}>{ " ●" }</small> }
                </button>
                if open && props.desk.own.len() > 1 {
                    <button type="button" class="drop" aria-label={fill(words.drop_own, &[&of.name])} title={fill(words.drop_own, &[&of.name])} onclick={page.on(act(DeskAction::DropOwn(of.name.clone())))}>
                        <Icon name="i-close" />
                    </button>
                }
            </span>
        }
    };
    html! {
        <>
            <div class="own-files">
                { for props.desk.own.iter().map(tab) }
                <button type="button" class="quiet square small" data-control="new-own-file" aria-label={words.new_file} title={words.new_file} onclick={page.on(act(DeskAction::NewOwn))}>
                    <Icon name="i-plus" />
                </button>
            </div>
            { document(page, props, &id, file.text.clone(), "daemonset", fill(words.editor_label, &[&file.name])) }
        </>
    }
}

fn node_files(page: &Page, props: &DeskProps) -> Html {
    let words = page.words();
    let desk = &props.desk;
    let node =
        props.board.nodes.iter().find(|node| node.name == desk.node).or_else(|| props.board.nodes.first());
    let Some(node) = node else { return html! { <p class="muted pad">{ words.none }</p> } };
    let names: Vec<Rc<str>> = match props.far {
        true => Vec::new(),
        false => props.board.nodes.iter().map(|node| node.name.clone()).collect(),
    };
    let open = desk.node_file.clone();
    let editor = open.as_ref().and_then(|path| {
        let id = DocId::Node { node: node.name.clone(), path: path.clone() };
        let on_disk = || props.files.iter().find(|file| file.path == *path)?.text.clone();
        let text = desk.text(&id).or_else(on_disk)?;
        let label = fill(words.node_editor_label, &[path, &node.name]);
        Some(document(page, props, &id, text, "node-file", label))
    });
    html! {
        <>
            <Tree {names} node={Same::from(node)} files={props.files.clone()} {open} unsaved={desk.unsaved.keys().cloned().collect::<Vec<_>>()} />
            if let Some(editor) = editor {
                { editor }
            } else {
                <p class="muted pad">{ words.pick_file }</p>
            }
        </>
    }
}

/// An editor with what is wrong with its text, and what became of it.
fn document(
    page: &Page,
    props: &DeskProps,
    id: &DocId,
    text: Rc<str>,
    name: &'static str,
    label: String,
) -> Html {
    let found = props.desk.found(id);
    let typed = page.act.reform(|(key, text): (String, Rc<str>)| match DocId::parse(&key) {
        Some(id) => act(DeskAction::Typed(id, text)),
        None => Action::CloseMenu,
    });
    let submitted = page.act.reform(|(key, text): (String, Rc<str>)| match DocId::parse(&key) {
        Some(id) => act(DeskAction::Submit(id, Some(text))),
        None => Action::CloseMenu,
    });
    html! {
        <>
            <TextEditor
                {name}
                {label}
                document={id.key()}
                {text}
                diagnostics={found.clone()}
                go_to={props.desk.go_to}
                on_change={typed}
                on_submit={submitted}
            />
            <Outcome id={id.clone()} {found} dirty={props.desk.is_dirty(id)} live={props.desk.live} job={props.job.clone()} />
        </>
    }
}

#[derive(PartialEq, Properties)]
struct OutcomeProps {
    id: DocId,
    found: Rc<Vec<Diagnostic>>,
    dirty: bool,
    live: bool,
    job: Option<JobView>,
}

/// More are counted only.
const LISTED: usize = 50;

/// Below the editor: mistakes with their places, or what the command answered.
#[component]
fn Outcome(props: &OutcomeProps) -> Html {
    let page = use_page();
    let words = page.words();
    let refused = has_errors(&props.found);
    let own = matches!(props.id, DocId::Own(_));
    let state = match (&props.job, refused, props.dirty) {
        (_, true, _) => "refused",
        (_, false, true) => "dirty",
        (Some(job), ..) if job.exit_code.is_none() => "running",
        (Some(job), ..) if job.exit_code != Some(0) => "failed",
        _ => "applied",
    };
    let summary = match state {
        "refused" if own => words.refused_own.to_owned(),
        "refused" => words.refused_node.to_owned(),
        "dirty" if own => words.not_applied.to_owned(),
        "dirty" => words.not_saved.to_owned(),
        "running" => words.applying.to_owned(),
        "failed" => words.failed.to_owned(),
        _ if own => words.applied.to_owned(),
        _ => words.saved.to_owned(),
    };
    let answer = props.job.as_ref().filter(|_| matches!(state, "failed" | "applied" | "running"));
    let answer = answer.map(|job| job.text.clone()).filter(|text| !text.is_empty());
    let submit = act(DeskAction::Submit(props.id.clone(), None));
    html! {
        <div class="outcome" data-outcome={state} role="group" aria-label={words.outcome}>
            <div class="outcome-line">
                <span class="outcome-word">{ summary }</span>
                <span class="gap"></span>
                <button
                    type="button"
                    class={classes!("plain-button", "small", (props.dirty && !refused && !props.live).then_some("primary"))}
                    data-control={if own { "apply" } else { "save" }}
                    title="Ctrl+Enter"
                    disabled={!props.dirty && !own}
                    onclick={page.on(submit)}
                >{ if own { words.apply } else { words.save } }</button>
            </div>
            if !props.found.is_empty() {
                <ul class="diagnostics" aria-label={words.problems}>
                    { for props.found.iter().take(LISTED).map(|diagnostic| problem(&page, diagnostic)) }
                </ul>
            }
            if let Some(answer) = answer {
                <pre class="answer">{ &*answer }</pre>
            }
        </div>
    }
}

fn problem(page: &Page, diagnostic: &Diagnostic) -> Html {
    let at = diagnostic.span.start;
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    html! {
        <li>
            <button
                type="button"
                data-diagnostic={severity}
                data-line={at.line.to_string()}
                data-column={at.column.to_string()}
                data-path={diagnostic.path.clone()}
                onclick={page.on(act(DeskAction::Reveal(at.line, at.column)))}
            >
                <Icon name={if severity == "error" { "s-error" } else { "s-not-ready" }} class="state" />
                <span><b>{ format!("{}:{}", at.line, at.column) }</b>{ " " }<span class="problem-text">{ diagnostic.message.clone() }</span>
                    if let Some(help) = &diagnostic.help {
                        <small>{ help.clone() }</small>
                    }
                </span>
            </button>
        </li>
    }
}

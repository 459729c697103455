//! The desk: the files a person edits. What is sound takes effect; what is not is marked, and goes nowhere.

pub mod model;
mod tree;

use std::rc::Rc;

use stage::Options;
use yaml::{Diagnostic, Severity};
use yew::prelude::*;

use super::editor::TextEditor;
use super::glyph::Icon;
use super::page::{Page, use_desk, use_layout, use_page, use_world};
use super::renders;
use super::state::{Action, DeskTab, LayoutAction};
use super::words::fill;
use model::{DocId, has_errors};
use tree::Tree;

/// What changes the files that a person works on.
#[derive(Clone, Debug, PartialEq)]
pub enum DeskAction {
    Typed(DocId, Rc<str>),
    Checked(DocId, Vec<Diagnostic>),
    /// It was applied or saved, by this job.
    Submitted(DocId, u32),
    Live(bool),
    OpenOwn(Rc<str>),
    NewOwn,
    DropOwn(Rc<str>),
    OpenNode {
        node: Rc<str>,
        path: Option<Rc<str>>,
    },
    /// Where the open file of a node is now, if anywhere.
    FileMoved(Option<Rc<str>>),
    /// Throws a draft away.
    Discard(DocId),
    /// Line and column to show in a document.
    Reveal(DocId, u32, u32),
    /// The editor has shown it.
    Revealed,
    /// Another cluster.
    BeginAnew(Box<Options>),
}

#[component]
pub fn DeskPanel() -> Html {
    renders::note("DeskPanel", "");
    let page = use_page();
    let words = page.words();
    let tab = use_layout(|layout| layout.desk_tab);
    let tabs = [
        (DeskTab::DaemonSet, "daemonset", words.desk_daemonset),
        (DeskTab::Files, "node-files", words.desk_files),
    ];
    html! {
        <section class="desk" aria-label={words.desk} data-region="desk">
            <div class="tabs" role="tablist" aria-label={words.desk}>
                { for tabs.map(|(of, id, word)| html! {
                    <button
                        key={id}
                        type="button"
                        role="tab"
                        id={format!("tab-{id}")}
                        data-tab={id}
                        aria-selected={(tab == of).to_string()}
                        aria-controls="desk-body"
                        onclick={page.on(LayoutAction::DeskTab(of))}
                    >{ word }</button>
                }) }
                <span class="gap"></span>
                <Live />
                <button type="button" class="quiet square" data-control="close-desk" aria-label={words.hide_desk} title={words.hide_desk} onclick={page.on(LayoutAction::ToggleDesk)}>
                    <Icon name="i-left" />
                </button>
            </div>
            <div class="desk-body" id="desk-body" role="tabpanel">
                if tab == DeskTab::DaemonSet {
                    <OwnFiles />
                } else {
                    <NodeFiles />
                }
            </div>
        </section>
    }
}

#[component]
fn Live() -> Html {
    let page = use_page();
    let words = page.words();
    let live = use_desk(|desk| desk.live);
    html! {
        <label class="live" title={words.live_long}>
            <input type="checkbox" role="switch" data-control="live" checked={live} onchange={page.on::<Event>(DeskAction::Live(!live))} />
            { words.live }
        </label>
    }
}

/// One of the person's own files, as its tab shows it.
#[derive(Clone, PartialEq)]
struct OwnTab {
    name: Rc<str>,
    open: bool,
    dirty: bool,
}

fn own_tabs(desk: &model::Desk) -> Vec<OwnTab> {
    let open = desk.open_own().map(|file| file.name.clone());
    let tab = |file: &model::OwnFile| OwnTab {
        name: file.name.clone(),
        open: open.as_ref() == Some(&file.name),
        dirty: file.applied.as_ref() != Some(&file.text),
    };
    desk.own.iter().map(tab).collect()
}

#[component]
fn OwnFiles() -> Html {
    let open = use_desk(|desk| desk.open_own().map(|file| file.name.clone()));
    let Some(open) = open else { return Html::default() };
    html! {
        <>
            <OwnTabs />
            <Document id={DocId::Own(open)} />
        </>
    }
}

#[component]
fn OwnTabs() -> Html {
    renders::note("OwnTabs", "");
    let page = use_page();
    let words = page.words();
    let tabs = use_desk(own_tabs);
    let several = tabs.len() > 1;
    let tab = |of: &OwnTab| {
        html! {
            <span key={&*of.name} class={classes!("own-file", of.open.then_some("open"))}>
                <button type="button" data-own-file={of.name.clone()} aria-current={of.open.then_some("true")} onclick={page.on(DeskAction::OpenOwn(of.name.clone()))}>
                    { &*of.name }
                    if of.dirty { <small title={words.not_applied}>{ " ●" }</small> }
                </button>
                if of.open && several {
                    <button type="button" class="drop" aria-label={fill(words.drop_own, &[&of.name])} title={fill(words.drop_own, &[&of.name])} onclick={page.on(DeskAction::DropOwn(of.name.clone()))}>
                        <Icon name="i-close" />
                    </button>
                }
            </span>
        }
    };
    html! {
        <div class="own-files">
            { for tabs.iter().map(tab) }
            <button type="button" class="quiet square small" data-control="new-own-file" aria-label={words.new_file} title={words.new_file} onclick={page.on(DeskAction::NewOwn)}>
                <Icon name="i-plus" />
            </button>
        </div>
    }
}

#[component]
fn NodeFiles() -> Html {
    let page = use_page();
    let words = page.words();
    let id = use_desk(|desk| {
        let path = desk.node_file.clone()?;
        Some(DocId::Node { node: desk.node.clone(), path })
    });
    let draft = use_desk({
        let id = id.clone();
        move |desk| id.as_ref().is_some_and(|id| desk.text(id).is_some())
    });
    let on_disk = use_world(|world| world.open_file.is_some());
    html! {
        <>
            <Tree />
            if let Some(id) = id.filter(|_| draft || on_disk) {
                <Document {id} />
            } else {
                <p class="muted pad">{ words.pick_file }</p>
            }
        </>
    }
}

#[derive(PartialEq, Properties)]
struct DocumentProps {
    id: DocId,
}

/// An editor with what is wrong with its text, and what became of it.
#[component]
fn Document(props: &DocumentProps) -> Html {
    let page = use_page();
    let words = page.words();
    let (name, label) = match &props.id {
        DocId::Own(name) => ("daemonset", fill(words.editor_label, &[name])),
        DocId::Node { node, path } => ("node-file", fill(words.node_editor_label, &[path, node])),
    };
    html! {
        <>
            <TextEditor {name} {label} id={props.id.clone()} />
            <Outcome id={props.id.clone()} />
        </>
    }
}

/// More are counted only.
const LISTED: usize = 50;

/// Below the editor: mistakes with their places, or what the command answered.
#[component]
fn Outcome(props: &DocumentProps) -> Html {
    renders::note("Outcome", "");
    let page = use_page();
    let words = page.words();
    let (found, dirty, live, job) = use_desk({
        let id = props.id.clone();
        move |desk| (desk.found(&id), desk.is_dirty(&id), desk.live, desk.job(&id))
    });
    let job =
        use_world(move |world| job.and_then(|id| world.console.iter().find(|job| job.id == id).cloned()));
    let found: &[Diagnostic] = found.as_ref().map_or(&[], |found| found);
    let refused = has_errors(found);
    let own = matches!(props.id, DocId::Own(_));
    let state = match (&job, refused, dirty) {
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
    let answer = job.as_ref().filter(|_| matches!(state, "failed" | "applied" | "running"));
    let answer = answer.map(|job| job.text.clone()).filter(|text| !text.is_empty());
    let submit = Action::Submit(props.id.clone(), None);
    html! {
        <div class="outcome" data-outcome={state} role="group" aria-label={words.outcome}>
            <div class="outcome-line">
                <span class="outcome-word">{ summary }</span>
                <span class="gap"></span>
                <button
                    type="button"
                    class={classes!("plain-button", "small", (dirty && !refused && !live).then_some("primary"))}
                    data-control={if own { "apply" } else { "save" }}
                    title="Ctrl+Enter"
                    disabled={!dirty && !own}
                    onclick={page.on(submit)}
                >{ if own { words.apply } else { words.save } }</button>
            </div>
            if !found.is_empty() {
                <ul class="diagnostics" aria-label={words.problems}>
                    { for found.iter().take(LISTED).map(|diagnostic| problem(&page, &props.id, diagnostic)) }
                </ul>
            }
            if let Some(answer) = answer {
                <pre class="answer">{ &*answer }</pre>
            }
        </div>
    }
}

fn problem(page: &Page, id: &DocId, diagnostic: &Diagnostic) -> Html {
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
                onclick={page.on(DeskAction::Reveal(id.clone(), at.line, at.column))}
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

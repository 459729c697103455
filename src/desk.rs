//! The desk: the files a person edits. What is sound takes effect; what is not is marked, and goes nowhere.

mod download;
mod file_menu;
mod foreseen;
pub mod hints;
pub mod model;
mod rename;
pub mod templates;
mod tree;
mod undo;

use std::rc::Rc;

use serde_json::Value;
use stage::{Command, Difference, Drift, Drifted, Lag, LagCause, Options};
use yaml::{Diagnostic, Severity};
use yew::prelude::*;

use super::assist::title;
use super::editor::TextEditor;
use super::glyph::Icon;
use super::page::{Page, use_desk, use_layout, use_page, use_world};
use super::pod::menu_for;
use super::renders;
use super::splitter::{Edge, Splitter};
use super::state::{Action, DeskTab, LayoutAction, MenuTarget, World};
use super::tabs::{Tab, Tabs};
use super::words::{Words, fill};
pub use download::download;
pub use file_menu::items as menu_items;
use foreseen::ForeseenSum;
use model::{DocId, OwnFile, Undo, has_errors};
use rename::RenameField;
use tree::Tree;
use undo::UndoBar;

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
    /// Opens a file of this name, a new one if there is none.
    TakeOwn(Rc<str>),
    DropOwn(Rc<str>),
    /// A command has written this file in the home directory, or removed it.
    FromHome(Rc<str>, Option<Rc<str>>),
    OpenNode {
        node: Rc<str>,
        path: Option<Rc<str>>,
    },
    /// Where the open file of a node is now, if anywhere.
    FileMoved(Option<Rc<str>>),
    /// The new name of a file is being typed, or not any more.
    Renaming(Option<DocId>),
    /// A file has another name, or path, now.
    Renamed(DocId, Rc<str>),
    /// There is a copy of one of the person's own files under this name.
    Copied(Rc<str>, Rc<str>),
    /// One of the person's own files is back, at this place of their order.
    Restored(usize, OwnFile),
    /// What was done to a file last; `None` when it cannot be taken back any more.
    Did(Option<Rc<Undo>>),
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
        (DeskTab::DaemonSet, "daemonset", words.desk.desk_daemonset),
        (DeskTab::Files, "node-files", words.desk.desk_files),
    ];
    html! {
        <section class="desk" aria-label={words.desk.desk} data-region="desk">
            <div class="tabs">
                <Tabs label={words.desk.desk} panel="desk-body" tabs={tabs.map(|(of, id, word)| Tab {
                    id,
                    word,
                    selected: tab == of,
                    action: LayoutAction::DeskTab(of),
                }).to_vec()} />
                <span class="gap"></span>
                <Live />
                <button type="button" class="quiet square" data-control="desk-menu" aria-haspopup="menu" aria-label={words.files.desk_actions} title={words.files.desk_actions} onclick={menu_for(&page, MenuTarget::Desk)}>
                    <Icon name="i-more" />
                </button>
                <button type="button" class="quiet square" data-control="close-desk" aria-label={words.desk.hide_desk} title={words.desk.hide_desk} onclick={page.on(LayoutAction::ToggleDesk)}>
                    <Icon name="i-left" />
                </button>
            </div>
            <div class="desk-body" id="desk-body" role="tabpanel" aria-label={words.desk.desk}>
                if tab == DeskTab::DaemonSet {
                    <OwnFiles />
                } else {
                    <NodeFiles />
                }
            </div>
            <UndoBar />
            <Splitter edge={Edge::Desk} />
        </section>
    }
}

#[component]
fn Live() -> Html {
    let page = use_page();
    let words = page.words();
    let live = use_desk(|desk| desk.live);
    html! {
        <label class="live" title={words.desk.live_long}>
            <input type="checkbox" role="switch" data-control="live" checked={live} onchange={page.on::<Event>(DeskAction::Live(!live))} />
            { words.desk.live }
        </label>
    }
}

/// One of the person's own files, as its tab shows it.
#[derive(Clone, PartialEq)]
struct OwnTab {
    name: Rc<str>,
    open: bool,
    dirty: bool,
    renaming: bool,
}

fn own_tabs(desk: &model::Desk) -> Vec<OwnTab> {
    let open = desk.open_own().map(|file| file.name.clone());
    let tab = |file: &model::OwnFile| OwnTab {
        name: file.name.clone(),
        open: open.as_ref() == Some(&file.name),
        dirty: file.applied.as_ref() != Some(&file.text),
        renaming: matches!(&desk.renaming, Some(DocId::Own(name)) if *name == file.name),
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
        let id = DocId::Own(of.name.clone());
        if of.renaming {
            return html! { <RenameField key={&*of.name} {id} /> };
        }
        let more = fill(words.files.file_actions, &[&of.name]);
        html! {
            <span key={&*of.name} class={classes!("own-file", of.open.then_some("open"))}>
                <button type="button" draggable="true" data-own-file={of.name.clone()} aria-current={of.open.then_some("true")} onclick={page.on(DeskAction::OpenOwn(of.name.clone()))}>
                    { &*of.name }
                    if of.dirty { <small title={words.desk.not_applied}>{ " ●" }</small> }
                </button>
                if of.open {
                    <button type="button" class="drop" data-control="file-menu" aria-haspopup="menu" aria-label={more.clone()} title={more} onclick={menu_for(&page, MenuTarget::File(id.clone()))}>
                        <Icon name="i-more" />
                    </button>
                }
                if of.open && several {
                    <button type="button" class="drop" data-control="drop-own" aria-label={fill(words.files.drop_own, &[&of.name])} title={fill(words.files.drop_own, &[&of.name])} onclick={page.on(Action::DeleteFile(id))}>
                        <Icon name="i-close" />
                    </button>
                }
            </span>
        }
    };
    html! {
        <div class="own-files">
            { for tabs.iter().map(tab) }
            <button type="button" class="quiet square small" data-control="new-own-file" aria-label={words.files.new_file} title={words.files.new_file} onclick={page.on(DeskAction::NewOwn)}>
                <Icon name="i-plus" />
            </button>
            { templates::button(&page, None) }
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
                <p class="muted pad">{ words.files.pick_file }</p>
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
        DocId::Own(name) => ("daemonset", fill(words.desk.editor_label, &[name])),
        DocId::Node { node, path } => ("node-file", fill(words.desk.node_editor_label, &[path, node])),
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
    // It was checked with the text that is there.
    let text = page.stores.desk.now().text(&props.id).unwrap_or_default();
    let own = matches!(props.id, DocId::Own(_));
    let (drifted, file_error, lag) = use_world({
        let id = props.id.clone();
        move |world| (world.drifted.clone(), file_error(&id, world), world.lag.clone())
    });
    let lag = (*lag).as_ref().filter(|_| !own);
    // A first visit sees its file applied in a moment.
    let awaited = use_world(|world| world.options.watched && world.console.is_empty());
    let state = match &job {
        _ if refused && (own || dirty) => "refused",
        _ if own && dirty && awaited => "awaited",
        _ if dirty => "dirty",
        Some(job) if job.exit_code.is_none() => "running",
        Some(job) if job.exit_code != Some(0) => "failed",
        _ if own && !drifted.is_empty() => "drifted",
        _ if lag.is_some() => "lagging",
        _ if file_error => "saved-refused",
        _ => "applied",
    };
    let waits = live && job.as_ref().is_some_and(|job| job.was_refused);
    let summary = match state {
        "refused" if own => words.desk.refused_own.to_owned(),
        "refused" => words.desk.refused_node.to_owned(),
        "dirty" if own && live => words.desk.not_applied_live.to_owned(),
        "dirty" if own => words.desk.not_applied.to_owned(),
        "dirty" => words.desk.not_saved.to_owned(),
        "running" | "awaited" => words.desk.applying.to_owned(),
        "failed" if waits => words.desk.failed_refused.to_owned(),
        "failed" => words.desk.failed.to_owned(),
        "drifted" => fill(words.desk.drifted, &[&drift_text(words, &drifted)]),
        "lagging" => lag_text(words, lag).to_owned(),
        "saved-refused" => words.desk.saved_refused.to_owned(),
        _ if own => words.desk.applied.to_owned(),
        _ => words.desk.saved.to_owned(),
    };
    let answer = job.as_ref().filter(|_| matches!(state, "failed" | "applied" | "running"));
    let answer = answer.map(|job| job.text.clone()).filter(|text| !text.is_empty());
    let submit = Action::Submit(props.id.clone(), None);
    let button = match (own, refused) {
        (true, _) => words.desk.apply,
        (false, true) => words.desk.save_anyway,
        (false, false) => words.desk.save,
    };
    // A disk takes any text.
    let can = dirty || own;
    html! {
        <div class="outcome" data-outcome={state} role="group" aria-label={words.desk.outcome}>
            <div class="outcome-line">
                <span class="outcome-word">{ summary }</span>
                <span class="gap"></span>
                <button
                    type="button"
                    class={classes!("plain-button", "small", (dirty && !refused && state != "awaited").then_some("primary"))}
                    data-control={if own { "apply" } else { "save" }}
                    title="Ctrl+Enter"
                    disabled={!can}
                    onclick={page.on(submit)}
                >{ button }</button>
            </div>
            if state == "dirty" {
                <ForeseenSum />
            }
            if !found.is_empty() {
                <ul class="diagnostics" aria-label={words.desk.problems}>
                    { for found.iter().take(LISTED).map(|diagnostic| problem(&page, &props.id, &text, diagnostic)) }
                </ul>
            }
            if state == "drifted" {
                { beside(&page, &props.id, &text, &drifted) }
            }
            if let (DocId::Node { node, .. }, Some(lag)) = (&props.id, lag.filter(|_| state == "lagging")) {
                { lagging(&page, node, lag) }
            }
            if let Some(answer) = answer {
                <pre class="answer">{ &*answer }</pre>
            }
        </div>
    }
}

/// Whether the kubelet could not take the file when it last read it.
fn file_error(id: &DocId, world: &World) -> bool {
    let DocId::Node { node, path } = id else { return false };
    let node = world.board.nodes.iter().find(|found| found.name == *node);
    let file = node.and_then(|node| node.files.iter().find(|file| file.path == *path));
    file.is_some_and(|file| file.error.is_some())
}

/// `daemonset/agent`, and those that are gone.
fn drift_text(words: &Words, drifted: &[Drifted]) -> String {
    let one = |drifted: &Drifted| match &drifted.drift {
        Drift::Gone => fill(words.desk.drift_gone, &[&drifted.object()]),
        Drift::Changed(_) => drifted.object(),
    };
    let all: Vec<String> = drifted.iter().map(one).collect();
    all.join(", ")
}

fn lag_text(words: &'static Words, lag: Option<&Lag>) -> &'static str {
    match lag.map(|lag| lag.cause) {
        Some(LagCause::KubeletStopped) => words.desk.lag_stopped,
        Some(LagCause::Unreadable) => words.desk.lag_unreadable,
        Some(LagCause::NotYet) | None => words.desk.lag_not_yet,
    }
}

/// What the kubelet still runs instead of what its file says.
fn lagging(page: &Page, node: &str, lag: &Lag) -> Html {
    let words = page.words();
    let start = Command::StartKubelet { node: node.to_owned() };
    let line = start.shell_line();
    html! {
        <div class="beside" data-beside="kubelet">
            <p class="muted">{ fill(words.desk.lag_pod, &[&lag.pod]) }</p>
            <ul>{ for lag.differences.iter().map(|found| difference_row(words, found, words.desk.runs)) }</ul>
            if lag.cause == LagCause::KubeletStopped {
                <span class="fixes">
                    <button type="button" class="plain-button small" data-control="start-kubelet" title={line} onclick={page.on(start)}>{ words.menu.start_kubelet }</button>
                </span>
            }
        </div>
    }
}

/// A field with the file's value and the other one.
fn difference_row(words: &Words, found: &Difference, theirs: &'static str) -> Html {
    let shown = |value: &Value| match value {
        Value::Null => words.editor.nothing_there.to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    html! {
        <li data-path={found.path.clone()}>
            <code>{ &found.path }</code>
            <span class="mine"><small>{ words.editor.in_file }</small>{ " " }<del>{ shown(&found.file) }</del></span>
            <span class="theirs"><small>{ theirs }</small>{ " " }<ins>{ shown(&found.cluster) }</ins></span>
        </li>
    }
}

/// What the cluster has instead of what the file says, and how to make them one again.
fn beside(page: &Page, id: &DocId, text: &str, drifted: &[Drifted]) -> Html {
    let words = page.words();
    let changed = drifted.iter().flat_map(|drifted| match &drifted.drift {
        Drift::Changed(found) => found.as_slice(),
        Drift::Gone => &[],
    });
    let row = |found: &Difference| difference_row(words, found, words.editor.in_cluster);
    let theirs = stage::with_cluster_values(text, drifted);
    html! {
        <div class="beside" data-beside="cluster">
            <ul>{ for changed.map(row) }</ul>
            <span class="fixes">
                if let Some(theirs) = theirs {
                    <button type="button" class="plain-button small" data-control="take-theirs" onclick={page.on(Action::Submit(id.clone(), Some(theirs.into())))}>{ words.editor.take_theirs }</button>
                }
                <button type="button" class="plain-button small" data-control="apply-mine" onclick={page.on(Action::Submit(id.clone(), None))}>{ words.editor.apply_mine }</button>
            </span>
        </div>
    }
}

fn problem(page: &Page, id: &DocId, text: &str, diagnostic: &Diagnostic) -> Html {
    let words = page.words();
    let button = |fix: assist::Fix| {
        let mended = Action::Type(id.clone(), fix.applied(text).into());
        html! {
            <button type="button" class="plain-button small" data-fix={diagnostic.path.clone().unwrap_or_default()} title={words.editor.fix_keys} onclick={page.on(mended)}>
                { title(&fix, words) }
            </button>
        }
    };
    let fixes = assist::fixes(text, diagnostic);
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
                    if let Some(help) = hints::hint(page.lang, diagnostic) {
                        <small>{ help }</small>
                    }
                </span>
            </button>
            if !fixes.is_empty() {
                <span class="fixes">{ for fixes.into_iter().map(button) }</span>
            }
        </li>
    }
}

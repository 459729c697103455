//! A node's files: its manifest directory, its kubelet's config, and what was moved away.

use std::rc::Rc;

use stage::Command;
use view::FileEntry;
use web_sys::{HtmlInputElement, HtmlSelectElement, KeyboardEvent};
use yew::prelude::*;

use super::DeskAction;
use super::model::{DocId, KUBELET_CONFIG};
use super::rename::RenameField;
use super::templates;
use crate::glyph::Icon;
use crate::page::{Page, use_desk, use_page, use_world};
use crate::pod::menu_for;
use crate::renders;
use crate::same::Same;
use crate::state::{Action, MenuTarget};
use crate::words::fill;

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[component]
pub fn Tree() -> Html {
    renders::note("Tree", "");
    let page = use_page();
    let words = page.words();
    let (picked, open, unsaved, renaming) = use_desk(|desk| {
        let unsaved: Vec<String> = desk.unsaved.keys().cloned().collect();
        (desk.node.clone(), desk.node_file.clone(), unsaved, desk.renaming.clone())
    });
    // Where there are too many nodes to choose from, a name is typed.
    let names: Vec<Rc<str>> = use_world(|world| match world.is_far {
        true => Vec::new(),
        false => world.board.nodes.iter().map(|node| node.name.clone()).collect(),
    });
    let node =
        use_world(move |world| world.board.nodes.iter().find(|node| node.name == picked).map(Same::from));
    let Some(node) = node else { return html! { <p class="muted pad">{ words.scene.none }</p> } };
    let context = TreeContext { node: &node.name, directory: &node.static_pod_path, open, unsaved, renaming };
    let choose = page.act.reform(|event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        Action::OpenNodeFiles(select.value().into())
    });
    let typed = page.act.reform(|event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        Action::OpenNodeFiles(input.value().trim().into())
    });
    let files = node.files.iter();
    let own = &*node.static_pod_path;
    let (inside, outside): (Vec<_>, Vec<_>) = files.partition(|file| file.is_manifest);
    let (config, elsewhere): (Vec<_>, Vec<_>) =
        outside.into_iter().partition(|file| &*file.path == KUBELET_CONFIG);
    let drafts: Vec<Rc<str>> = context.drafts(&node.files);
    let row = |file: &FileEntry| html! { <FileRow key={&*file.path} row={context.row(file)} /> };
    html! {
        <div class="tree">
            <div class="tree-head">
                <label class="ds-pick">
                    <Icon name="i-node" />
                    if names.is_empty() {
                        <input type="text" data-control="node-name" aria-label={words.files.node} value={node.name.clone()} onchange={typed} autocomplete="off" spellcheck="false" />
                    } else {
                        <select data-control="node" aria-label={words.files.node} onchange={choose}>
                            { for names.iter().map(|name| html! {
                                <option key={&**name} value={name.clone()} selected={*name == node.name}>{ &**name }</option>
                            }) }
                        </select>
                    }
                </label>
                <span class="gap"></span>
                <button
                    type="button"
                    class={classes!("plain-button", "small", node.restart_needed.then_some("primary"))}
                    data-control="restart-kubelet"
                    onclick={page.on(Command::RestartKubelet { node: node.name.to_string() })}
                ><Icon name="i-reset" />{ words.menu.restart_kubelet }</button>
            </div>
            if node.restart_needed {
                <p class="why" data-hint="restart-needed">{ words.scene.restart_needed_long }</p>
            }
            <p class="tree-dir"><Icon name="i-folder" /><code>{ if own.is_empty() { words.scene.no_static_path } else { own } }</code><small>{ if node.kubelet_running { words.files.watched } else { words.files.read_at_start } }</small></p>
            <ul class="tree-files" data-directory={own.to_owned()}>
                { for inside.into_iter().map(row) }
                { for drafts.iter().map(|path| context.draft_row(&page, path)) }
                <li><NewFile node={node.name.clone()} directory={AttrValue::from(own.to_owned())} /></li>
            </ul>
            <p class="tree-dir"><Icon name="i-folder" /><code>{ "/var/lib/kubelet" }</code><small>{ words.files.kubelet_config }</small></p>
            <ul class="tree-files">{ for config.into_iter().map(row) }</ul>
            if !elsewhere.is_empty() {
                <p class="tree-dir"><Icon name="i-folder" /><code>{ "/" }</code><small>{ words.files.elsewhere }</small></p>
                <ul class="tree-files" data-directory="elsewhere">{ for elsewhere.into_iter().map(row) }</ul>
            }
        </div>
    }
}

/// What all rows of the tree share.
struct TreeContext<'a> {
    node: &'a Rc<str>,
    /// The kubelet's staticPodPath.
    directory: &'a Rc<str>,
    open: Option<Rc<str>>,
    /// Keys of the documents that are not saved.
    unsaved: Vec<String>,
    renaming: Option<DocId>,
}

impl TreeContext<'_> {
    /// Files of this node that exist only as drafts so far.
    fn drafts(&self, files: &[FileEntry]) -> Vec<Rc<str>> {
        let of_node = self.unsaved.iter().filter_map(|key| match DocId::parse(key)? {
            DocId::Node { node, path } if node == *self.node => Some(path),
            _ => None,
        });
        of_node.filter(|path| !files.iter().any(|file| file.path == *path)).collect()
    }

    fn draft_row(&self, page: &Page, path: &Rc<str>) -> Html {
        let words = page.words();
        let id = DocId::Node { node: self.node.clone(), path: path.clone() };
        let open = Action::OpenFile { node: self.node.clone(), path: path.clone() };
        if self.renaming.as_ref() == Some(&id) {
            return html! { <li key={&**path} class="tree-file open"><RenameField {id} /></li> };
        }
        let more = fill(words.files.file_actions, &[base(path)]);
        html! {
            <li key={&**path} class={classes!("tree-file", "draft", (self.open.as_ref() == Some(path)).then_some("open"))}>
                <button type="button" class="tree-name" data-file={path.clone()} data-draft="true" onclick={page.on(open)}>
                    <Icon name="i-file" />{ base(path) }<small>{ words.desk.not_saved }</small>
                </button>
                <button type="button" class="quiet square" data-control="file-menu" data-file={path.clone()} aria-haspopup="menu" aria-label={more.clone()} title={more} onclick={menu_for(page, MenuTarget::File(id.clone()))}>
                    <Icon name="i-more" />
                </button>
                <button type="button" class="quiet square" aria-label={fill(words.files.discard, &[base(path)])} title={fill(words.files.discard, &[base(path)])} onclick={page.on(DeskAction::Discard(id))}>
                    <Icon name="i-close" />
                </button>
            </li>
        }
    }

    fn row(&self, file: &FileEntry) -> Row {
        let id = DocId::Node { node: self.node.clone(), path: file.path.clone() };
        Row {
            node: self.node.clone(),
            directory: self.directory.clone(),
            path: file.path.clone(),
            is_manifest: file.is_manifest,
            error: file.error.clone(),
            open: self.open.as_ref() == Some(&file.path),
            unsaved: self.unsaved.contains(&id.key()),
            renaming: self.renaming.as_ref() == Some(&id),
        }
    }
}

#[derive(Clone, PartialEq)]
struct Row {
    node: Rc<str>,
    directory: Rc<str>,
    path: Rc<str>,
    is_manifest: bool,
    error: Option<Rc<str>>,
    open: bool,
    unsaved: bool,
    renaming: bool,
}

#[derive(PartialEq, Properties)]
struct RowProps {
    row: Row,
}

#[component]
fn FileRow(props: &RowProps) -> Html {
    let page = use_page();
    let words = page.words();
    let row = &props.row;
    let name = base(&row.path);
    let node = row.node.to_string();
    let open = Action::OpenFile { node: row.node.clone(), path: row.path.clone() };
    let to = if row.is_manifest { format!("/tmp/{name}") } else { format!("{}/{name}", row.directory) };
    let (move_id, move_word, move_icon) = match row.is_manifest {
        true => ("move-away", words.files.move_away_named, "i-out"),
        false => ("move-back", words.files.move_back_named, "i-in"),
    };
    let can_move = &*row.path != KUBELET_CONFIG && !row.directory.is_empty();
    let moved = Command::MoveFile { node, from: row.path.to_string(), to };
    let id = DocId::Node { node: row.node.clone(), path: row.path.clone() };
    let more = fill(words.files.file_actions, &[name]);
    if row.renaming {
        return html! { <li class="tree-file open"><RenameField {id} /></li> };
    }
    let shown = if row.is_manifest || &*row.path == KUBELET_CONFIG { name } else { &row.path };
    html! {
        <li class={classes!("tree-file", row.open.then_some("open"))}>
            <button
                type="button"
                class="tree-name"
                draggable="true"
                data-file={row.path.clone()}
                data-node={row.node.clone()}
                aria-current={row.open.then_some("true")}
                title={row.path.clone()}
                onclick={page.on(open)}
            >
                <Icon name="i-file" />
                <span>{ shown }</span>
                if row.unsaved {
                    <small title={words.desk.not_saved}>{ "●" }</small>
                }
                if let Some(error) = &row.error {
                    <small class="bad" title={error.clone()}>{ words.desk.refused }</small>
                }
            </button>
            <button type="button" class="quiet square" data-control="file-menu" data-file={row.path.clone()} aria-haspopup="menu" aria-label={more.clone()} title={more} onclick={menu_for(&page, MenuTarget::File(id.clone()))}>
                <Icon name="i-more" />
            </button>
            if can_move {
                <button type="button" class="quiet square" data-control={move_id} data-file={row.path.clone()} aria-label={fill(move_word, &[name])} title={fill(move_word, &[name])} onclick={page.on(moved)}>
                    <Icon name={move_icon} />
                </button>
                <button type="button" class="quiet square" data-control="delete-file" data-file={row.path.clone()} aria-label={fill(words.files.delete_named, &[name])} title={fill(words.files.delete_named, &[name])} onclick={page.on(Action::DeleteFile(id))}>
                    <Icon name="i-trash" />
                </button>
            }
        </li>
    }
}

#[derive(PartialEq, Properties)]
struct NewProps {
    node: Rc<str>,
    directory: AttrValue,
}

/// A line to name a new file in.
#[component]
fn NewFile(props: &NewProps) -> Html {
    let page = use_page();
    let words = page.words();
    let field = use_node_ref();
    // The button was pressed before there was a name.
    let hint = use_state_eq(|| false);
    let create = {
        let hint = hint.clone();
        let (field, page, node, directory) =
            (field.clone(), page.clone(), props.node.clone(), props.directory.clone());
        Callback::from(move |()| {
            let Some(input) = field.cast::<HtmlInputElement>() else { return };
            let name = input.value();
            let name = name.trim();
            if name.is_empty() {
                hint.set(true);
                let _ = input.focus();
                return;
            }
            hint.set(false);
            if directory.is_empty() {
                return;
            }
            let path = if name.starts_with('/') { name.to_owned() } else { format!("{directory}/{name}") };
            input.set_value("");
            page.act(Action::NewNodeFile { node: node.clone(), path: path.into() });
        })
    };
    let on_key = {
        let create = create.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Enter" {
                event.prevent_default();
                create.emit(());
            }
        })
    };
    html! {
        <span class="new-file">
            <input
                ref={field}
                type="text"
                data-control="new-file-name"
                aria-label={words.files.new_file_name}
                placeholder={words.files.new_file_name}
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                aria-invalid={hint.then_some("true")}
                onkeydown={on_key}
            />
            if *hint {
                <small class="bad" role="alert" data-hint="name-first">{ words.files.name_first }</small>
            }
            <button type="button" class="quiet square" data-control="new-file" aria-label={words.files.new_file} title={words.files.new_file} onclick={create.reform(|_: MouseEvent| ())}>
                <Icon name="i-plus" />
            </button>
            { templates::button(&page, Some(props.node.clone())) }
        </span>
    }
}

//! The menus of the desk: what can be done with a file, which templates a new one may begin with, and what concerns
//! all files.

use std::rc::Rc;

use stage::{Command, quoted};
use view::Board;

use super::DeskAction;
use super::model::{Desk, DocId, KUBELET_CONFIG, free_name};
use super::templates;
use crate::menu::{Item, find_node};
use crate::page::Page;
use crate::state::{Action, LayoutAction, MenuTarget};
use crate::words::Words;

/// What can be done, in the order of the menu.
pub fn items(page: &Page, board: &Board, target: &MenuTarget) -> Vec<Item> {
    let words = page.words();
    match target {
        MenuTarget::Object(_) => Vec::new(),
        MenuTarget::File(DocId::Own(name)) => own_file(words, &page.stores.desk.now(), name),
        MenuTarget::File(DocId::Node { node, path }) => node_file(words, board, node, path),
        MenuTarget::NewFile(node) => new_file(page, board, node.as_ref()),
        MenuTarget::Desk => whole_desk(page),
    }
}

fn whole_desk(page: &Page) -> Vec<Item> {
    let (words, vim) = (page.words(), page.stores.layout.now().vim);
    let all = Item::new("download-all", words.files.download_all, Action::Download(None));
    let keys = Item::new("vim", words.editor.vim, LayoutAction::Vim(!vim));
    vec![
        Item { about: Some(words.files.download_all_long.into()), ..all },
        Item { about: Some(words.editor.vim_long.into()), checked: Some(vim), ..keys },
    ]
}

fn download(words: &Words, id: &DocId) -> Item {
    Item::new("download-file", words.files.download, Action::Download(Some(id.clone())))
}

fn rename(words: &Words, id: &DocId) -> Item {
    Item::new("rename-file", words.files.rename, DeskAction::Renaming(Some(id.clone())))
}

fn own_file(words: &Words, desk: &Desk, name: &Rc<str>) -> Vec<Item> {
    let id = DocId::Own(name.clone());
    let mut items = vec![rename(words, &id)];
    if let Some(to) = free_name(name, "-copy", |name| desk.own(name).is_some()) {
        let line = format!("cp {} {}", quoted(name), quoted(&to));
        items.push(
            Item::new("duplicate-file", words.files.duplicate, Action::Duplicate(id.clone(), to))
                .with_line(line),
        );
    }
    items.push(download(words, &id));
    let line = format!("rm {}", quoted(name));
    items.push(
        Item::new("delete-file", words.files.delete_file, Action::DeleteFile(id)).with_line(line).dangerous(),
    );
    items
}

fn node_file(words: &Words, board: &Board, node: &Rc<str>, path: &Rc<str>) -> Vec<Item> {
    let id = DocId::Node { node: node.clone(), path: path.clone() };
    let Some(view) = find_node(board, node) else { return Vec::new() };
    let has = |path: &str| view.files.iter().any(|file| *file.path == *path);
    if !has(path) {
        return vec![
            rename(words, &id),
            Item::new("discard", words.files.delete_file, DeskAction::Discard(id)),
        ];
    }
    let mut items = Vec::new();
    if **path != *KUBELET_CONFIG {
        items.push(rename(words, &id));
    }
    if let Some(to) = free_name(path, "-copy", has) {
        let copy = Command::CopyFile { node: node.to_string(), from: path.to_string(), to: to.to_string() };
        let item = Item::new("duplicate-file", words.files.duplicate, Action::Duplicate(id.clone(), to));
        items.push(item.with_line(copy.shell_line()));
    }
    items.push(download(words, &id));
    if **path != *KUBELET_CONFIG {
        let remove = Command::RemoveFile { node: node.to_string(), path: path.to_string() };
        let item = Item::new("delete-file", words.files.delete_file, Action::DeleteFile(id));
        items.push(item.with_line(remove.shell_line()).dangerous());
    }
    items
}

/// The templates that fit.
fn new_file(page: &Page, board: &Board, node: Option<&Rc<str>>) -> Vec<Item> {
    let is_control_plane =
        node.and_then(|node| find_node(board, node)).is_some_and(|node| node.is_control_plane());
    let fits = |place: &str| match place {
        "api" => node.is_none(),
        "node" => node.is_some(),
        _ => node.is_some() && is_control_plane,
    };
    let fitting = templates::loaded().into_iter().filter(|template| fits(&template.place));
    let item = |template: Rc<templates::Template>| Item {
        about: Some(template.about.of(page.lang).clone()),
        ..Item::new(
            &format!("template-{}", template.id),
            &**template.title.of(page.lang),
            Action::NewFromTemplate(node.cloned(), template.clone()),
        )
    };
    fitting.map(item).collect()
}

//! The menu on a pod, a node or a part: what can be done, and the line that does the same in a shell.

use std::rc::Rc;

use stage::Command;
use view::{ApiServerState, Board, NodeView, PodView};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};
use yew::prelude::*;

use super::desk;
use super::page::{use_page, use_world};
use super::renders;
use super::state::{Action, FrontAction, MenuTarget, OpenMenu, Selection};
use super::words::{Words, fill};

/// What a killed container ends with: SIGKILL.
const KILLED: i32 = 137;

#[derive(Clone, PartialEq)]
pub struct Item {
    /// The value of `data-control`.
    pub id: String,
    pub word: String,
    /// The shell line that does the same.
    pub line: Option<String>,
    /// What it is, in a sentence.
    pub about: Option<Rc<str>>,
    /// Whether it is on, of what can be on and off.
    pub checked: Option<bool>,
    pub danger: bool,
    pub action: Action,
}

impl Item {
    pub fn new(id: &str, word: impl Into<String>, action: impl Into<Action>) -> Item {
        let (id, word, action) = (id.to_owned(), word.into(), action.into());
        Item { id, word, line: None, about: None, checked: None, danger: false, action }
    }

    pub fn action(id: &str, word: impl Into<String>, command: Command) -> Item {
        let line = command.shell_line();
        Item::new(id, word, command).with_line(line)
    }

    pub fn with_line(self, line: String) -> Item {
        Item { line: Some(line), ..self }
    }

    pub fn dangerous(self) -> Item {
        Item { danger: true, ..self }
    }
}

pub fn exec(line: String) -> Command {
    Command::Exec { line, files: Default::default() }
}

pub fn namespace_flag(namespace: &str) -> String {
    if namespace == "default" { String::new() } else { format!(" -n {namespace}") }
}

pub fn find_pod<'a>(board: &'a Board, id: &str) -> Option<&'a Rc<PodView>> {
    let placed = board.nodes.iter().flat_map(|node| &node.pods);
    placed.chain(&board.pending).find(|pod| &*pod.id == id)
}

pub fn find_node<'a>(board: &'a Board, name: &str) -> Option<&'a Rc<NodeView>> {
    board.nodes.iter().find(|node| &*node.name == name)
}

/// `kubectl delete pod …`, as a person would type it.
pub fn delete_line(pod: &PodView, force: bool) -> String {
    let force = if force { " --grace-period=0 --force" } else { "" };
    format!("kubectl delete pod {}{}{force}", pod.name, namespace_flag(&pod.namespace))
}

pub fn crash(pod: &PodView, container: &str) -> Option<Command> {
    Some(Command::CrashContainer {
        node: pod.node.as_deref()?.to_owned(),
        namespace: pod.namespace.to_string(),
        pod: pod.name.to_string(),
        container: container.to_owned(),
        exit_code: KILLED,
    })
}

fn pod_items(words: &Words, pod: &PodView) -> Vec<Item> {
    let mut items = vec![Item::new("show", words.menu.show, Action::Show(Selection::Pod(pod.id.clone())))];
    for container in pod.containers.iter().filter(|container| container.running) {
        let Some(command) = crash(pod, &container.name) else { continue };
        let word = fill(words.menu.crash_container, &[&container.name]);
        items.push(Item::action("crash", word, command));
    }
    if pod.api_status.is_some() {
        items.push(Item::action("delete", words.menu.delete, exec(delete_line(pod, false))).dangerous());
        items.push(
            Item::action("force-delete", words.menu.force_delete, exec(delete_line(pod, true))).dangerous(),
        );
    }
    if let (Some(file), Some(node)) = (&pod.file, &pod.node) {
        let open = Action::OpenFile { node: node.clone(), path: file.clone() };
        items.push(Item::new("open-file", words.menu.open_file, open));
        let name = file.rsplit('/').next().unwrap_or_default();
        let away =
            Command::MoveFile { node: node.to_string(), from: file.to_string(), to: format!("/tmp/{name}") };
        items.push(Item::action("move-away", words.menu.move_away, away).dangerous());
    }
    items
}

fn node_items(words: &Words, node: &NodeView) -> Vec<Item> {
    let mut items = vec![
        Item::new("show", words.menu.show, Action::Show(Selection::Node(node.name.clone()))),
        Item::new("open-node-files", words.scene.open_directory, Action::OpenNodeFiles(node.name.clone())),
    ];
    if node.registered {
        items.extend(node_object_items(words, node));
    }
    items.extend(machine_items(words, node));
    items
}

/// What is done to the Node object, through the API server.
fn node_object_items(words: &Words, node: &NodeView) -> Vec<Item> {
    let name = &node.name;
    let cordon = match node.cordoned {
        true => Item::action("uncordon", words.menu.uncordon, exec(format!("kubectl uncordon {name}"))),
        false => Item::action("cordon", words.menu.cordon, exec(format!("kubectl cordon {name}"))),
    };
    let drain = format!("kubectl drain {name} --ignore-daemonsets --delete-emptydir-data --force");
    vec![
        cordon,
        Item::action("drain", words.menu.drain, exec(drain)),
        Item::action("delete-node", words.menu.delete_node, exec(format!("kubectl delete node {name}")))
            .dangerous(),
    ]
}

/// What is done to the computer and its kubelet.
fn machine_items(words: &Words, node: &NodeView) -> Vec<Item> {
    let name = || node.name.to_string();
    if !node.powered {
        return vec![Item::action("power-on", words.menu.switch_on, Command::PowerOn { node: name() })];
    }
    let mut items = Vec::new();
    if node.kubelet_running {
        let restart = Command::RestartKubelet { node: name() };
        items.push(Item::action("restart-kubelet", words.menu.restart_kubelet, restart));
        let stop = Command::StopKubelet { node: name() };
        items.push(Item::action("stop-kubelet", words.menu.stop_kubelet, stop).dangerous());
    } else {
        items.push(Item::action(
            "start-kubelet",
            words.menu.start_kubelet,
            Command::StartKubelet { node: name() },
        ));
    }
    items.push(match node.linked {
        true => Item::action("cut-network", words.menu.cut_network, Command::CutNetwork { node: name() })
            .dangerous(),
        false => Item::action(
            "restore-network",
            words.menu.restore_network,
            Command::RestoreNetwork { node: name() },
        ),
    });
    items.push(
        Item::action("power-off", words.menu.switch_off, Command::PowerOff { node: name() }).dangerous(),
    );
    items
}

fn part_items(words: &Words, board: &Board, name: &str) -> Vec<Item> {
    let target = Selection::Part(name.into());
    let mut items = vec![Item::new("show", words.menu.show, Action::Show(target))];
    let Some(part) = board.parts.iter().find(|part| &*part.name == name) else { return items };
    let Some(pod) = find_pod(board, &part.pod) else { return stopped_part(words, board, items, name) };
    for container in pod.containers.iter().filter(|container| container.running) {
        let Some(command) = crash(pod, &container.name) else { continue };
        items.push(Item::action("crash", fill(words.menu.crash_container, &[&container.name]), command));
    }
    if name == "kube-apiserver" {
        return stopped_part(words, board, items, name);
    }
    if let (Some(file), Some(node)) = (&pod.file, &pod.node) {
        let base = file.rsplit('/').next().unwrap_or_default();
        let away =
            Command::MoveFile { node: node.to_string(), from: file.to_string(), to: format!("/tmp/{base}") };
        items.push(Item::action("stop", fill(words.menu.stop_part, &[name]), away).dangerous());
        items.push(Item::new(
            "open-file",
            words.menu.open_file,
            Action::OpenFile { node: node.clone(), path: file.clone() },
        ));
    }
    items
}

/// A part's way back, or out: its file into the directory of manifests, or out of it.
fn stopped_part(words: &Words, board: &Board, mut items: Vec<Item>, name: &str) -> Vec<Item> {
    if name == "kube-apiserver" {
        let up = matches!(board.api_server, ApiServerState::Up | ApiServerState::Starting);
        let command = Command::SetApiServer { up: !up };
        let (id, word) = if up { ("stop", words.menu.stop_part) } else { ("start", words.menu.start_part) };
        let item = Item::action(id, fill(word, &[name]), command);
        items.push(if up { item.dangerous() } else { item });
        return items;
    }
    let file = format!("/tmp/{name}.yaml");
    let moved = board.nodes.first().filter(|node| node.files.iter().any(|has| *has.path == *file));
    if let Some(node) = moved {
        let to = format!("{}/{name}.yaml", node.static_pod_path);
        let back = Command::MoveFile { node: node.name.to_string(), from: file, to };
        items.push(Item::action("start", fill(words.menu.start_part, &[name]), back));
    }
    items
}

fn daemonset_items(words: &Words, id: &str) -> Vec<Item> {
    let (namespace, name) = id.split_once('/').unwrap_or(("default", id));
    let flag = namespace_flag(namespace);
    vec![
        Item::new("show", words.menu.show, Action::Show(Selection::DaemonSet(id.into()))),
        Item::action("describe", words.menu.describe, exec(format!("kubectl describe ds {name}{flag}"))),
        Item::action(
            "rollout-restart",
            words.menu.rollout_restart,
            exec(format!("kubectl rollout restart ds/{name}{flag}")),
        ),
        Item::action("delete", words.menu.delete_daemonset, exec(format!("kubectl delete ds {name}{flag}")))
            .dangerous(),
    ]
}

/// What can be done with something, in the order of the menu.
pub fn items(words: &Words, board: &Board, target: &Selection) -> Vec<Item> {
    match target {
        Selection::Nothing => Vec::new(),
        Selection::Pod(id) => find_pod(board, id).map_or_else(Vec::new, |pod| pod_items(words, pod)),
        Selection::Node(name) => find_node(board, name).map_or_else(Vec::new, |node| node_items(words, node)),
        Selection::Part(name) => part_items(words, board, name),
        Selection::DaemonSet(id) if board.daemonsets.iter().any(|ds| ds.id == *id) => {
            daemonset_items(words, id)
        }
        Selection::DaemonSet(_) => Vec::new(),
    }
}

fn title(words: &Words, target: &MenuTarget) -> String {
    match target {
        MenuTarget::Object(object) => object.name().to_owned(),
        MenuTarget::File(id) => id.shown().to_string(),
        MenuTarget::NewFile(_) => words.files.new_from_template.to_owned(),
        MenuTarget::Desk => words.desk.desk.to_owned(),
    }
}

#[derive(PartialEq, Properties)]
pub struct MenuProps {
    pub menu: OpenMenu,
}

fn focusable(menu: &HtmlElement) -> Vec<HtmlElement> {
    focusable_in(menu, "[role^=menuitem]")
}

pub fn focusable_in(within: &HtmlElement, selector: &str) -> Vec<HtmlElement> {
    let Ok(found) = within.query_selector_all(selector) else { return Vec::new() };
    (0..found.length()).filter_map(|at| found.get(at)?.dyn_into().ok()).collect()
}

/// Moves the focus within the menu as its role promises.
fn on_key(event: &KeyboardEvent, menu: &HtmlElement) -> bool {
    let all = focusable(menu);
    let active = gloo::utils::document().active_element();
    let at = all.iter().position(|item| Some(item.as_ref()) == active.as_ref());
    let last = all.len().saturating_sub(1);
    let next = match event.key().as_str() {
        "ArrowDown" => at.map_or(0, |at| if at == last { 0 } else { at + 1 }),
        "ArrowUp" => at.map_or(last, |at| at.checked_sub(1).unwrap_or(last)),
        "Home" => 0,
        "End" => last,
        _ => return false,
    };
    event.prevent_default();
    if let Some(item) = all.get(next) {
        let _ = item.focus();
    }
    true
}

/// Puts a box below a place, or above it if there is no room, and within the window.
pub fn place_at(menu: &HtmlElement, x: i32, below: i32, above: i32) {
    let window = gloo::utils::window();
    let size =
        |value: Result<wasm_bindgen::JsValue, _>| value.ok().and_then(|v| v.as_f64()).unwrap_or(800.0) as i32;
    let (width, height) = (size(window.inner_width()), size(window.inner_height()));
    let x = x.min(width - menu.offset_width() - 8).max(8);
    let fits = below + menu.offset_height() + 8 <= height;
    let y = if fits { below } else { above - menu.offset_height() };
    let y = y.clamp(8, (height - menu.offset_height() - 8).max(8));
    let style = menu.style();
    let _ = style.set_property("left", &format!("{x}px"));
    let _ = style.set_property("top", &format!("{y}px"));
}

#[component]
pub fn Menu(props: &MenuProps) -> Html {
    renders::note("Menu", "");
    let page = use_page();
    let words = page.words();
    let all = use_world({
        let (page, target) = (page.clone(), props.menu.target.clone());
        move |world| match &target {
            MenuTarget::Object(object) => items(words, &world.board, object),
            other => desk::menu_items(&page, &world.board, other),
        }
    });
    let title = title(words, &props.menu.target);
    let list = use_node_ref();
    {
        let list = list.clone();
        use_effect_with(props.menu.clone(), move |menu| {
            let before = gloo::utils::document().active_element();
            if let Some(element) = list.cast::<HtmlElement>() {
                place_at(&element, menu.x, menu.y, menu.above);
                if let Some(first) = focusable(&element).first() {
                    let _ = first.focus();
                }
            }
            move || {
                let still = before.and_then(|element| element.dyn_into::<HtmlElement>().ok());
                let _ = still.filter(|element| element.is_connected()).map(|element| element.focus());
            }
        });
    }
    let keys = {
        let (list, page) = (list.clone(), page.clone());
        Callback::from(move |event: KeyboardEvent| {
            let Some(element) = list.cast::<HtmlElement>() else { return };
            event.stop_propagation();
            if matches!(event.key().as_str(), "Escape" | "Tab") {
                event.prevent_default();
                page.act(FrontAction::CloseMenu);
            } else {
                on_key(&event, &element);
            }
        })
    };
    html! {
        <section class="front" aria-label={words.menu.actions}>
            <div class="menu-shade" aria-hidden="true" data-control="close-menu" onclick={page.on(FrontAction::CloseMenu)} oncontextmenu={page.act.reform(|event: MouseEvent| { event.prevent_default(); Action::from(FrontAction::CloseMenu) })}></div>
            <div class="menu" role="menu" ref={list} aria-label={title.clone()} data-menu="object" onkeydown={keys}>
                <p class="menu-title">{ title }</p>
                { for all.into_iter().map(|item| html! {
                    <button
                        type="button"
                        role={if item.checked.is_some() { "menuitemcheckbox" } else { "menuitem" }}
                        aria-checked={item.checked.map(|on| on.to_string())}
                        class={item.danger.then_some("danger")}
                        data-control={item.id}
                        onclick={page.on(item.action)}
                    >
                        <span>{ item.word }</span>
                        if let Some(about) = item.about {
                            <small>{ &*about }</small>
                        }
                        if let Some(line) = item.line {
                            <code>{ line }</code>
                        }
                    </button>
                }) }
            </div>
        </section>
    }
}
